/*
 * line_editor.c - see line_editor.h.
 */
#include "line_editor.h"

#include <histedit.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "history_file.h"

#define MAX_CHOICES    32
#define MAX_LINE_BYTES 16384

struct line_editor {
	EditLine *el;
	History *history;
	struct history_file file;
	const char *prompt;
	line_completer *complete;
	void *ctx;
	char line[MAX_LINE_BYTES];
};

static struct line_editor *editor_of(EditLine *el)
{
	void *editor = NULL;

	el_get(el, EL_CLIENTDATA, &editor);
	return editor;
}

static char *prompt(EditLine *el)
{
	return (char *)editor_of(el)->prompt;
}

/* --- Keys ------------------------------------------------------------------------ */

static size_t common_length(const char **choices, size_t n)
{
	size_t len = strlen(choices[0]);

	for (size_t i = 1; i < n; i++) {
		size_t same = 0;

		while (same < len && choices[i][same] == choices[0][same])
			same++;
		len = same;
	}
	/* Never half a character. */
	while (len && (choices[0][len] & 0xc0) == 0x80)
		len--;
	return len;
}

static void show_choices(const char **choices, size_t n)
{
	putchar('\n');
	for (size_t i = 0; i < n; i++)
		printf("%s\n", choices[i]);
}

static unsigned char key_complete(EditLine *el, int key)
{
	struct line_editor *e = editor_of(el);
	const LineInfo *info = el_line(el);
	size_t len = (size_t)(info->cursor - info->buffer), n, common;
	const char *choices[MAX_CHOICES];
	char *missing;

	if (len >= sizeof(e->line))
		return CC_ERROR;
	memcpy(e->line, info->buffer, len);
	e->line[len] = '\0';
	n = e->complete ? e->complete(e->ctx, e->line, choices, MAX_CHOICES) : 0;
	if (!n)
		return CC_REFRESH_BEEP;
	common = common_length(choices, n);
	if (common <= len && n > 1) {
		show_choices(choices, n);
		return CC_REDISPLAY;
	}
	missing = strndup(choices[0] + len, common > len ? common - len : 0);
	if (missing && *missing)
		el_insertstr(el, missing);
	free(missing);
	return CC_REFRESH;
}

/* Drops the line; on an empty one, says how to leave. */
static unsigned char key_drop(EditLine *el, int key)
{
	const LineInfoW *info = el_wline(el);
	int length = (int)(info->lastchar - info->buffer);

	if (!length) {
		fputs("\r\n(Ctrl-D leaves)\r\n", stdout);
		return CC_REDISPLAY;
	}
	el_cursor(el, (int)(info->lastchar - info->cursor));
	el_deletestr(el, length);
	return CC_REFRESH;
}

/* EL_SIGNAL makes libedit give the terminal back before the program stops, and take it again after. */
static unsigned char key_suspend(EditLine *el, int key)
{
	raise(SIGTSTP);
	return CC_REDISPLAY;
}

/* --- History ------------------------------------------------------------------------ */

static void enter(void *ctx, const char *line)
{
	struct line_editor *e = ctx;
	HistEvent ev;

	history(e->history, &ev, H_ENTER, line);
}

void line_editor_remember(struct line_editor *e, const char *line)
{
	enter(e, line);
	history_file_append(&e->file, line);
}

/* --- Life ---------------------------------------------------------------------------- */

struct line_editor *line_editor_create(const char *text, line_completer *complete, void *ctx)
{
	struct line_editor *e = calloc(1, sizeof(*e));
	HistEvent ev;

	if (!e)
		return NULL;
	e->prompt = text;
	e->complete = complete;
	e->ctx = ctx;
	e->history = history_init();
	e->el = el_init("erleah-cli", stdin, stdout, stderr);
	if (!e->history || !e->el) {
		line_editor_destroy(e);
		return NULL;
	}
	history(e->history, &ev, H_SETSIZE, HISTORY_LINES);
	history(e->history, &ev, H_SETUNIQUE, 1);
	history_file_open(&e->file);
	history_file_load(&e->file, enter, e);
	el_set(e->el, EL_CLIENTDATA, e);
	el_set(e->el, EL_PROMPT, prompt);
	el_set(e->el, EL_HIST, history, e->history);
	el_set(e->el, EL_EDITOR, "emacs");
	el_set(e->el, EL_SIGNAL, 1);
	/* el_set() would leak copies of these. */
	el_wset(e->el, EL_ADDFN, L"erleah-complete", L"Complete a command", key_complete);
	el_wset(e->el, EL_ADDFN, L"erleah-drop", L"Drop the line", key_drop);
	el_wset(e->el, EL_ADDFN, L"erleah-suspend", L"Back to the shell", key_suspend);
	el_set(e->el, EL_BIND, "^I", "erleah-complete", NULL);
	/* While a line is edited, Ctrl-C and Ctrl-Z are keys like any other. */
	el_set(e->el, EL_SETTY, "-d", "-isig", NULL);
	el_set(e->el, EL_BIND, "^C", "erleah-drop", NULL);
	el_set(e->el, EL_BIND, "^Z", "erleah-suspend", NULL);
	el_source(e->el, NULL);
	return e;
}

const char *line_editor_read(struct line_editor *e)
{
	int n = 0;
	const char *line = el_gets(e->el, &n);

	if (!line || n <= 0) {
		putchar('\n');
		return NULL;
	}
	snprintf(e->line, sizeof(e->line), "%s", line);
	e->line[strcspn(e->line, "\r\n")] = '\0';
	return e->line;
}

void line_editor_destroy(struct line_editor *e)
{
	if (!e)
		return;
	if (e->el)
		el_end(e->el);
	if (e->history)
		history_end(e->history);
	history_file_close(&e->file);
	free(e);
}
