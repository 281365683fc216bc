/*
 * trace.c - see trace.h.
 */
#include "trace.h"

#include <stdlib.h>
#include <string.h>
#include "fold.h"
#include "json.h"
#include "text.h"

#define FACET_RESULTS	   5
#define FACET_DEEP_RESULTS 100
#define BAR_COLUMNS	   30

/* --- Steps ------------------------------------------------------------------------------ */

static void add(FILE *out, const char *name, const char *value)
{
	if (*value)
		fprintf(out, "%s%s %s", ftell(out) > 0 ? ", " : "", name, value);
}

static void understood(FILE *out, struct json_object *debug)
{
	struct json_object *u = json_member(debug, "understood");

	add(out, "intent", json_text(u, "intent"));
	add(out, "language", json_text(u, "language"));
	add(out, "words", json_text(u, "terms"));
	if (json_member(u, "filters") && json_object_object_length(json_member(u, "filters")))
		add(out, "filters", json_line(json_member(u, "filters")));
}

static void planned(FILE *out, struct json_object *debug)
{
	for (size_t i = 0; i < json_count(debug, "tools_used"); i++)
		fprintf(out, "%s%s", i ? ", " : "tools ",
			json_object_get_string(json_at(debug, "tools_used", i)));
}

static void executed(FILE *out, struct json_object *debug)
{
	struct json_object *n = json_member(debug, "search_results_count");
	char text[40];

	if (!n)
		return;
	snprintf(text, sizeof(text), "%d %s", json_object_get_int(n),
		 json_object_get_int(n) == 1 ? "record" : "records");
	add(out, "found", text);
}

static void reflected(FILE *out, struct json_object *debug)
{
	struct json_object *rounds = json_member(debug, "rounds");

	if (rounds)
		add(out, "rounds", json_object_get_string(rounds));
	if (json_member(debug, "degraded"))
		add(out, "without", json_line(json_member(debug, "degraded")));
}

static void responded(FILE *out, struct json_object *reply, struct json_object *debug)
{
	char text[40];

	snprintf(text, sizeof(text), "%zu", json_count(reply, "references"));
	add(out, "references", text);
	add(out, "model", json_text(debug, "model"));
	add(out, "model", json_text(json_member(debug, "usage"), "model"));
}

/* What the step named so brought, in words; malloc()ed. */
static char *brought(const char *step, struct json_object *reply, struct json_object *debug)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (!strcmp(step, "understand"))
		understood(out, debug);
	else if (!strcmp(step, "plan"))
		planned(out, debug);
	else if (!strcmp(step, "execute"))
		executed(out, debug);
	else if (!strcmp(step, "reflect"))
		reflected(out, debug);
	else if (!strcmp(step, "respond"))
		responded(out, reply, debug);
	fclose(out);
	return text;
}

static void show_step(const struct terminal *t, const char *key, long ms, struct json_object *reply,
		      struct json_object *debug)
{
	char step[40], *text;

	snprintf(step, sizeof(step), "%.*s", (int)(strlen(key) - 3), key);
	for (char *c = step; *c; c++)
		*c = *c == '_' ? ' ' : *c;
	text = brought(step, reply, debug);
	text_pad(t->out, step, 12);
	fprintf(t->out, " %6ld ms%s", ms, text && *text ? "  " : "");
	if (text)
		text_put(t->out, text, t->columns ? t->columns - 24 : -1);
	fputc('\n', t->out);
	free(text);
}

static void show_steps(const struct terminal *t, struct json_object *reply,
		       struct json_object *debug)
{
	struct json_object *timings = json_member(reply, "timings");

	if (!json_object_is_type(timings, json_type_object))
		return;
	json_object_object_foreach(timings, key, value)
	{
		size_t len = strlen(key);

		if (len > 3 && !strcmp(key + len - 3, "_ms"))
			show_step(t, key, (long)json_object_get_int64(value), reply, debug);
	}
}

int trace_show(struct cli *cli, struct talk *talk, bool json)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct json_object *reply = NULL, *debug = NULL, *both;

	if (talk->ops->reply(talk, &reply, NULL) < 0)
		return cli_say(STATUS_USAGE, "nothing was answered yet in this conversation");
	if (talk->ops->debug(talk, &debug, &err) < 0)
		debug = json_object_new_object();
	terminal_measure(&cli->terminal);
	if (json) {
		both = json_object_new_object();
		json_object_object_add(both, "timings",
				       json_object_get(json_member(reply, "timings")));
		json_object_object_add(both, "debug", json_object_get(debug));
		fprintf(cli->terminal.out, "%s\n", json_line(both));
		json_object_put(both);
	} else {
		show_steps(&cli->terminal, reply, debug);
	}
	json_object_put(debug);
	json_object_put(reply);
	return STATUS_OK;
}

/* --- Facets ------------------------------------------------------------------------------- */

static double number(struct json_object *o, const char *key)
{
	return json_object_get_double(json_member(o, key));
}

static void show_bar(const struct terminal *t, const char *name, double value)
{
	int full = value > 0 ? (int)(value * BAR_COLUMNS + 0.5) : 0;
	bool room = !t->columns || t->columns >= 34 + BAR_COLUMNS;

	fputs("    ", t->out);
	text_pad(t->out, name, 22);
	fprintf(t->out, " %5.2f", value);
	if (room && full)
		fprintf(t->out, "  %s", terminal_style(t, STYLE_DIM));
	for (int i = 0; room && i < full && i < BAR_COLUMNS; i++)
		fputc('=', t->out);
	if (room && full)
		fputs(terminal_style(t, STYLE_PLAIN), t->out);
	fputc('\n', t->out);
}

/* Whether the record has facets. */
static bool show_record(const struct terminal *t, struct json_object *o)
{
	struct json_object *why = json_member(o, "why"), *cosines = json_member(why, "cosines");

	fputs(terminal_style(t, STYLE_BOLD), t->out);
	text_put(t->out, json_text(o, "name"), t->columns ? t->columns - 20 : -1);
	fprintf(t->out, "%s  %s%s %.2f", terminal_style(t, STYLE_PLAIN),
		terminal_style(t, STYLE_DIM), json_text(o, "type"), number(o, "score"));
	fprintf(t->out, "%s\n", terminal_style(t, STYLE_PLAIN));
	if (json_member(why, "lexical"))
		show_bar(t, "words", number(why, "lexical"));
	if (json_member(why, "meaning"))
		show_bar(t, "meaning", number(why, "meaning"));
	if (!json_object_is_type(cosines, json_type_object))
		return false;
	json_object_object_foreach(cosines, name, value)
	{
		show_bar(t, name, json_object_get_double(value));
	}
	return true;
}

/* The results whose name has the part; all of them when it is "". */
static struct json_object *chosen(struct json_object *result, const char *part)
{
	struct json_object *list = json_object_new_array();
	char *wanted = fold_plain(part, true);

	for (size_t i = 0; wanted && i < json_count(result, "results"); i++) {
		struct json_object *o = json_at(result, "results", i);
		char *name = fold_plain(json_text(o, "name"), true);

		if (name && strstr(name, wanted))
			json_object_array_add(list, json_object_get(o));
		free(name);
	}
	free(wanted);
	return list;
}

static int show_records(struct cli *cli, struct json_object *list, bool json)
{
	const struct terminal *t = &cli->terminal;
	size_t n = json_object_array_length(list);
	bool facets = false;

	if (json) {
		fprintf(t->out, "%s\n", json_line(list));
		return n ? STATUS_OK : STATUS_NONE;
	}
	for (size_t i = 0; i < n; i++)
		facets |= show_record(t, json_object_array_get_idx(list, i));
	if (!n)
		fputs("These words find no such record.\n", t->out);
	else if (!facets)
		fputs("None of these was found by its meaning: without vectors, or by words and "
		      "names "
		      "alone.\n",
		      t->out);
	return n ? STATUS_OK : STATUS_NONE;
}

int facets_show(struct cli *cli, const char *words, const char *conference, const char *now,
		bool json)
{
	const char *bar = strstr(words, " | ");
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct json_object *query = json_object_new_object(), *result = NULL, *list;
	int limit = bar ? FACET_DEEP_RESULTS : FACET_RESULTS, status;

	if (!cli->a && limit > 50)
		limit = 50; /* a server gives no more */
	json_object_object_add(
		query, "q",
		json_object_new_string_len(words, bar ? (int)(bar - words) : (int)strlen(words)));
	if (conference)
		json_object_object_add(query, "conference_id", json_object_new_string(conference));
	if (now)
		json_object_object_add(query, "now", json_object_new_string(now));
	json_object_object_add(query, "why", json_object_new_boolean(1));
	json_object_object_add(query, "limit", json_object_new_int(limit));
	terminal_measure(&cli->terminal);
	if (cli->client->ops->search(cli->client, json_line(query), &result, &err) < 0) {
		json_object_put(query);
		return cli_complain(&err);
	}
	list = chosen(result, bar ? bar + 3 : "");
	status = show_records(cli, list, json);
	json_object_put(list);
	json_object_put(result);
	json_object_put(query);
	return status;
}
