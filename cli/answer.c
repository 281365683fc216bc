/*
 * answer.c - see answer.h.
 *
 *	send --> events: status* (delta reference suggestion)* done|error --> lists --> row written
 *	                   ^ Ctrl-C: stop, then on to done
 */
#include "answer.h"

#include <stdlib.h>
#include <string.h>
#include "interrupt.h"
#include "json.h"
#include "render.h"
#include "text.h"

#define WRITTEN_TIMEOUT_MS 10000

struct answer {
	struct cli *cli;
	struct talk *talk;
	const struct answer_style *style;
	struct render render;
	struct json_object *references, *suggestions;
	bool status_shown, accepted, ended, failed, basic;
	bool lost; /* no end came; err says why */
	assistant_error err;
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

static void show_remark(struct answer *a, const char *sentence)
{
	const struct terminal *t = terminal_of(a);

	fprintf(t->out, "%s(%s)%s\n", terminal_style(t, STYLE_DIM), sentence,
		terminal_style(t, STYLE_PLAIN));
}

/* --- Events --------------------------------------------------------------------------- */

static void take_text(struct answer *a, const struct talk_event *e)
{
	if (a->style->json)
		return;
	hide_status(a);
	render_text(&a->render, e->text, e->len);
}

/* The answer begins; a second time when a server had to begin it anew. */
static void take_begin(struct answer *a)
{
	const struct terminal *t = terminal_of(a);

	if (a->accepted && a->render.printed) {
		render_end(&a->render);
		show_remark(a, "The connection was lost; the answer begins anew.");
		render_begin(&a->render, t->out, t->columns, t->styled);
	}
	a->accepted = true;
	json_object_put(a->references);
	json_object_put(a->suggestions);
	a->references = json_object_new_array();
	a->suggestions = json_object_new_array();
}

static void take_end(struct answer *a, const struct talk_event *e)
{
	struct json_object *o = json_tokener_parse(e->json);

	snprintf(a->outcome, sizeof(a->outcome), "%s", json_text(o, "outcome"));
	a->basic = !strcmp(json_text(o, "mode"), "basic");
	a->failed = e->type == ASSISTANT_EVENT_ERROR || !strcmp(a->outcome, "failed");
	json_object_put(o);
}

static void take_event(struct answer *a, const struct talk_event *e)
{
	switch (e->type) {
	case ASSISTANT_EVENT_ACCEPTED:
		take_begin(a);
		break;
	case ASSISTANT_EVENT_STATUS:
		show_status(a, e->text);
		break;
	case ASSISTANT_EVENT_DELTA:
		take_text(a, e);
		break;
	case ASSISTANT_EVENT_REFERENCE:
		json_object_array_add(a->references, json_tokener_parse(e->json));
		break;
	case ASSISTANT_EVENT_SUGGESTION:
		json_object_array_add(a->suggestions, json_tokener_parse(e->json));
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
	struct talk_event e;
	int r;

	while ((r = a->talk->ops->next(a->talk, &e, &a->err)) == 0)
		take_event(a, &e);
	a->ended = r != ASSISTANT_ETIMEOUT;
	a->lost = a->ended && r != ASSISTANT_ENOTFOUND;
}

static void take_signal(struct answer *a, int signal)
{
	if (!signal)
		return;
	a->stops++;
	if (signal != SIGINT || a->stops > 1)
		a->leave = true;
	a->talk->ops->stop(a->talk);
}

static void follow(struct answer *a)
{
	struct interrupt interrupt;

	interrupt_begin(&interrupt);
	for (take_events(a); !a->ended && !a->leave; take_events(a)) {
		a->talk->ops->wait(a->talk, interrupt.fd, -1);
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
	struct json_object *reply = NULL;

	if (a->talk->ops->reply(a->talk, &reply, NULL) == 0)
		fprintf(terminal_of(a)->out, "%s\n", json_line(reply));
	json_object_put(reply);
}

/* A page is named as the one that says whom to ask, or as the closest: it is nothing that was found. */
static bool refers_to_records(const struct answer *a)
{
	for (size_t i = 0; i < json_object_array_length(a->references); i++) {
		struct json_object *r = json_object_array_get_idx(a->references, i);

		if (strcmp(json_text(r, "type"), "info") != 0)
			return true;
	}
	return false;
}

/* Whether the turn looked for something and came back with nothing to point at. */
static bool found_nothing(struct answer *a)
{
	struct json_object *o = NULL;
	bool nothing;

	if (refers_to_records(a) || a->talk->ops->debug(a->talk, &o, NULL) < 0)
		return false;
	nothing = !strcmp(json_text(o, "kind"), "none");
	json_object_put(o);
	return nothing;
}

/* --- All ------------------------------------------------------------------------------ */

static int status_of(struct answer *a)
{
	if (a->lost)
		return cli_complain(&a->err);
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
	if (!a->leave && !a->lost)
		a->talk->ops->settle(a->talk, WRITTEN_TIMEOUT_MS);
	if (a->style->json && !a->lost)
		show_json(a);
	else if (!a->style->json)
		show_rest(a);
	status = status_of(a);
	fflush(t->out);
	return status;
}

int answer_run(struct cli *cli, struct talk *talk, const char *question,
	       const struct answer_style *style, bool *leave)
{
	struct answer a = { .cli = cli, .talk = talk, .style = style };
	int status;

	if (talk->ops->send(talk, question, &a.err) < 0)
		return cli_complain(&a.err);
	a.references = json_object_new_array();
	a.suggestions = json_object_new_array();
	status = show(&a);
	*leave = a.leave;
	json_object_put(a.references);
	json_object_put(a.suggestions);
	return status;
}
