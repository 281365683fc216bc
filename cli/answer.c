/*
 * answer.c - see answer.h.
 *
 *	send --> events: status* (delta reference suggestion)* done|error --> lists --> row written
 *	                   ^ Ctrl-C: stop, then on to done
 */
#include "answer.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include "interrupt.h"
#include "json.h"
#include "render.h"
#include "text.h"

#define SEND_TIMEOUT_MS	   15000
#define WRITTEN_TIMEOUT_MS 10000

struct answer {
	struct cli *cli;
	assistant_chat *chat;
	const struct answer_style *style;
	struct render render;
	struct json_object *references, *suggestions;
	bool status_shown, ended, failed, basic;
	int stops; /* how often Ctrl-C was pressed */
	bool leave;
	char outcome[16];
};

static const struct terminal *terminal_of(const struct answer *a)
{
	return &a->cli->terminal;
}

/* --- What is under way ------------------------------------------------------------ */

static void hide_status(struct answer *a)
{
	if (a->status_shown)
		fputs("\r\033[K", terminal_of(a)->out);
	a->status_shown = false;
}

static void show_status(struct answer *a, const char *text)
{
	const struct terminal *t = terminal_of(a);

	if (!t->styled || a->style->quiet || a->style->json || a->render.printed)
		return;
	hide_status(a);
	fputs(terminal_style(t, STYLE_DIM), t->out);
	text_put(t->out, text, t->columns - 1);
	fputs(terminal_style(t, STYLE_PLAIN), t->out);
	fflush(t->out);
	a->status_shown = true;
}

/* --- Events --------------------------------------------------------------------------- */

static void take_text(struct answer *a, const assistant_event *e)
{
	size_t len;
	const char *text = assistant_event_text(e, &len);

	if (a->style->json)
		return;
	hide_status(a);
	render_text(&a->render, text, len);
}

static void take_end(struct answer *a, const assistant_event *e)
{
	struct json_object *o = json_tokener_parse(assistant_event_json(e));

	snprintf(a->outcome, sizeof(a->outcome), "%s", json_text(o, "outcome"));
	a->basic = !strcmp(json_text(o, "mode"), "basic");
	a->failed =
		assistant_event_type(e) == ASSISTANT_EVENT_ERROR || !strcmp(a->outcome, "failed");
	json_object_put(o);
}

static void take_event(struct answer *a, const assistant_event *e)
{
	switch (assistant_event_type(e)) {
	case ASSISTANT_EVENT_STATUS:
		show_status(a, assistant_event_text(e, NULL));
		break;
	case ASSISTANT_EVENT_DELTA:
		take_text(a, e);
		break;
	case ASSISTANT_EVENT_REFERENCE:
		json_object_array_add(a->references, json_tokener_parse(assistant_event_json(e)));
		break;
	case ASSISTANT_EVENT_SUGGESTION:
		json_object_array_add(a->suggestions, json_tokener_parse(assistant_event_json(e)));
		break;
	case ASSISTANT_EVENT_DONE:
	case ASSISTANT_EVENT_ERROR:
		take_end(a, e);
		break;
	default: /* a newer library knows more */
		break;
	}
}

/* Everything that is there; a->ended when that was all. */
static void take_events(struct answer *a)
{
	const assistant_event *e;
	int r;

	while ((r = assistant_chat_next(a->chat, 0, &e)) == 0)
		take_event(a, e);
	a->ended = r == ASSISTANT_ENOTFOUND;
}

static void take_signal(struct answer *a, int signal)
{
	if (!signal)
		return;
	a->stops++;
	if (signal != SIGINT || a->stops > 1)
		a->leave = true;
	assistant_chat_cancel(a->chat);
}

static void follow(struct answer *a)
{
	struct interrupt interrupt;
	struct pollfd fds[2];

	interrupt_begin(&interrupt);
	fds[0] = (struct pollfd){ .fd = assistant_chat_fd(a->chat), .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = interrupt.fd, .events = POLLIN };
	for (take_events(a); !a->ended && !a->leave; take_events(a)) {
		poll(fds, 2, -1);
		take_signal(a, interrupt_taken(&interrupt));
	}
	interrupt_end(&interrupt);
}

/* --- Below the text ------------------------------------------------------------------- */

static void show_references(struct answer *a)
{
	const struct terminal *t = terminal_of(a);
	size_t n = json_object_array_length(a->references);
	int digits = n > 9 ? 2 : 1;

	if (!n)
		return;
	fprintf(t->out, "\n%sReferences%s\n", terminal_style(t, STYLE_DIM),
		terminal_style(t, STYLE_PLAIN));
	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_array_get_idx(a->references, i);

		fprintf(t->out, " %*zu  %s", digits, i + 1, terminal_style(t, STYLE_DIM));
		text_pad(t->out, json_text(o, "type"), 9);
		fprintf(t->out, "%s  ", terminal_style(t, STYLE_PLAIN));
		text_put(t->out, json_text(o, "name"), t->columns ? t->columns - digits - 14 : -1);
		fputc('\n', t->out);
	}
}

static void show_suggestions(struct answer *a)
{
	const struct terminal *t = terminal_of(a);
	size_t n = json_object_array_length(a->suggestions);

	if (!n)
		return;
	fprintf(t->out, "\n%sYou could ask:%s\n", terminal_style(t, STYLE_DIM),
		terminal_style(t, STYLE_PLAIN));
	for (size_t i = 0; i < n; i++) {
		fputs("    ", t->out);
		text_put(t->out, json_text(json_object_array_get_idx(a->suggestions, i), "text"),
			 t->columns ? t->columns - 4 : -1);
		fputc('\n', t->out);
	}
}

static void show_remark(struct answer *a, const char *sentence)
{
	const struct terminal *t = terminal_of(a);

	fprintf(t->out, "%s(%s)%s\n", terminal_style(t, STYLE_DIM), sentence,
		terminal_style(t, STYLE_PLAIN));
}

static void show_rest(struct answer *a)
{
	hide_status(a);
	render_end(&a->render);
	if (a->style->quiet)
		return;
	if (!strcmp(a->outcome, "stopped") || a->stops)
		show_remark(a, "stopped");
	else if (a->basic)
		show_remark(a, "A service failed; this answer was made without it.");
	show_references(a);
	show_suggestions(a);
}

static void show_json(struct answer *a)
{
	assistant_reply *reply = assistant_chat_reply(a->chat);
	char *text = NULL;

	if (reply && assistant_reply_json(reply, &text) == 0)
		fprintf(terminal_of(a)->out, "%s\n", text);
	assistant_free(text);
}

/* Whether the turn looked for something and came back with nothing to point at. */
static bool found_nothing(struct answer *a)
{
	assistant_reply *reply = assistant_chat_reply(a->chat);
	struct json_object *o = NULL, *count;
	char *text = NULL;
	bool nothing;

	if (json_object_array_length(a->references) || !reply ||
	    assistant_reply_debug(reply, &text) < 0)
		return false;
	o = json_tokener_parse(text);
	count = json_member(o, "search_results_count");
	nothing = count && json_object_get_int(count) == 0 && json_count(o, "tools_used");
	json_object_put(o);
	assistant_free(text);
	return nothing;
}

/* --- All ------------------------------------------------------------------------------ */

static int status_of(struct answer *a)
{
	if (a->stops)
		return STATUS_STOPPED;
	if (a->failed)
		return STATUS_FAILED;
	return found_nothing(a) ? STATUS_NONE : STATUS_OK;
}

static int show(struct answer *a)
{
	struct terminal *t = &a->cli->terminal;
	int status;

	terminal_measure(t);
	render_begin(&a->render, t->out, t->columns, t->styled);
	follow(a);
	if (!a->leave)
		assistant_reply_wait(assistant_chat_reply(a->chat), WRITTEN_TIMEOUT_MS);
	status = status_of(a);
	if (a->style->json)
		show_json(a);
	else
		show_rest(a);
	fflush(t->out);
	return status;
}

int answer_run(struct cli *cli, assistant_chat *chat, const char *question,
	       const struct answer_style *style, bool *leave)
{
	struct answer a = { .cli = cli, .chat = chat, .style = style };
	assistant_error err = ASSISTANT_ERROR_INIT;
	int status;

	if (assistant_chat_send(chat, question, SEND_TIMEOUT_MS, &err) < 0)
		return cli_complain(&err);
	a.references = json_object_new_array();
	a.suggestions = json_object_new_array();
	status = show(&a);
	*leave = a.leave;
	json_object_put(a.references);
	json_object_put(a.suggestions);
	return status;
}
