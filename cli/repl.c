/*
 * repl.c - see repl.h.
 */
#include "repl.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "line_editor.h"
#include "text.h"

#define PROMPT "> "

int repl_new_talk(struct repl *r)
{
	struct talk *talk;
	int status = cli_talk(r->cli, r->conference, r->now, &talk);

	if (status)
		return status;
	talk_destroy(r->talk);
	r->talk = talk;
	free(r->asked);
	r->asked = NULL;
	return STATUS_OK;
}

void repl_line(struct repl *r, const char *line)
{
	bool leave = false;
	int status;

	line += strspn(line, " \t");
	if (!*line)
		return;
	if (*line == '/') {
		repl_command(r, line);
		return;
	}
	free(r->asked);
	r->asked = strdup(line);
	status = answer_run(r->cli, r->talk, line, &r->style, &leave);
	if (status == STATUS_FAILED || status == STATUS_USAGE)
		r->status = STATUS_FAILED;
	/* Without a person there is nobody to go on with. */
	if (leave || (status == STATUS_STOPPED && !r->cli->terminal.interactive)) {
		r->status = status;
		r->leave = true;
	}
	if (!r->style.json)
		fputc('\n', r->cli->terminal.out);
	fflush(r->cli->terminal.out);
}

/* --- A person ------------------------------------------------------------------------ */

static void greet(struct repl *r)
{
	FILE *out = r->cli->terminal.out;
	long i = r->conference ? conferences_find(&r->conferences, r->conference) : 0;

	if (r->conferences.n == 1 || (r->conference && r->conferences.rows && i >= 0)) {
		fputs(terminal_style(&r->cli->terminal, STYLE_BOLD), out);
		text_put(out, conferences_name(&r->conferences, (size_t)i), -1);
		fprintf(out, "%s.  ", terminal_style(&r->cli->terminal, STYLE_PLAIN));
	} else if (r->conferences.n > 1) {
		fprintf(out, "%zu conferences; /conference lists them and chooses one.\n",
			r->conferences.n);
	}
	fputs("Ask in your own words; /help lists commands, Ctrl-D leaves.\n\n", out);
}

static int talk(struct repl *r)
{
	struct line_editor *e = line_editor_create(PROMPT, repl_complete, r);
	const char *line;

	if (!e)
		return cli_say(STATUS_FAILED, "This terminal cannot be used for editing lines.");
	/* Between answers a Ctrl-C that comes a moment too late must not end the conversation. */
	signal(SIGINT, SIG_IGN);
	greet(r);
	while (!r->leave && (line = line_editor_read(e))) {
		char *copy = strdup(line); /* the editor needs its own for Tab */

		if (copy && copy[strspn(copy, " \t")])
			line_editor_remember(e, copy);
		if (copy)
			repl_line(r, copy);
		free(copy);
	}
	line_editor_destroy(e);
	/* One answer that failed does not make a conversation fail. */
	return r->leave && r->status == STATUS_STOPPED ? STATUS_STOPPED : STATUS_OK;
}

/* --- A pipe ---------------------------------------------------------------------------- */

static int read_questions(struct repl *r)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	while (!r->leave && (len = getline(&line, &size, stdin)) >= 0) {
		while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
			line[--len] = '\0';
		if (strlen(line) == (size_t)len)
			repl_line(r, line);
		else
			r->status = cli_say(STATUS_FAILED, "a line holds a NUL byte");
	}
	free(line);
	return r->status;
}

int cmd_chat(struct cli *cli)
{
	const struct options *o = &cli->options;
	struct repl r = { .cli = cli };
	int status = cli_open(cli);

	if (!status)
		status = cli_need_conference(cli);
	if (status)
		return status;
	r.style.json = options_has(o, OPTION_JSON);
	r.style.quiet = options_has(o, OPTION_QUIET);
	if (o->values[OPTION_CONFERENCE])
		r.conference = strdup(o->values[OPTION_CONFERENCE]);
	if (o->values[OPTION_NOW])
		r.now = strdup(o->values[OPTION_NOW]);
	conferences_load(&r.conferences, cli->client, NULL);
	status = repl_new_talk(&r);
	if (!status)
		status = cli->terminal.interactive ? talk(&r) : read_questions(&r);
	talk_destroy(r.talk);
	conferences_finish(&r.conferences);
	for (size_t i = 0; i < REPL_CHOICES; i++)
		free(r.choices[i]);
	free(r.conference);
	free(r.now);
	free(r.asked);
	return status;
}
