/*
 * eval_show.c - a run as tables, and what a question below 1.0 got instead; see eval.h.
 */
#include "eval.h"

#include <string.h>
#include "json.h"
#include "text.h"

#define TYPE_COLUMNS	12
#define SCORING_COLUMNS 11
#define MISS_RESULTS	10

static double number(struct json_object *o, const char *key)
{
	return json_object_get_double(json_member(o, key));
}

static void show_measure(FILE *out, struct json_object *row, const char *key, int width)
{
	if (json_member(row, key))
		fprintf(out, " %*.3f", width, number(row, key));
	else
		fprintf(out, " %*s", width, "-");
}

static void show_head(const struct terminal *t, const char *part, bool scorings)
{
	fputs(terminal_style(t, STYLE_DIM), t->out);
	text_pad(t->out, *part ? part : "type", TYPE_COLUMNS);
	if (scorings)
		text_pad(t->out, " scoring", SCORING_COLUMNS);
	fprintf(t->out, " %5s %8s %10s %6s %6s%s\n", "n", "nDCG@10", "recall@10", "MRR", "kind",
		terminal_style(t, STYLE_PLAIN));
}

static void show_row(const struct terminal *t, struct json_object *row, bool scorings, bool first)
{
	bool all = !strcmp(json_text(row, "type"), "all");

	fputs(terminal_style(t, all ? STYLE_BOLD : STYLE_PLAIN), t->out);
	text_pad(t->out, first ? json_text(row, "type") : "", TYPE_COLUMNS);
	if (scorings) {
		fputc(' ', t->out);
		text_pad(t->out, json_text(row, "scoring"), SCORING_COLUMNS - 1);
	}
	fprintf(t->out, " %5d", json_object_get_int(json_member(row, "n")));
	show_measure(t->out, row, "ndcg", 8);
	show_measure(t->out, row, "recall", 10);
	show_measure(t->out, row, "mrr", 6);
	fprintf(t->out, " %6.2f%s\n", number(row, "kind"), terminal_style(t, STYLE_PLAIN));
}

static void show_timing(const struct terminal *t, struct json_object *run)
{
	for (size_t i = 0; i < json_count(run, "timing"); i++) {
		struct json_object *o = json_at(run, "timing", i);

		fprintf(t->out, "%s%s: %.2f ms (median), %.2f ms (99 of 100) for a question%s\n",
			terminal_style(t, STYLE_DIM), json_text(o, "scoring"), number(o, "p50_ms"),
			number(o, "p99_ms"), terminal_style(t, STYLE_PLAIN));
	}
}

void eval_show(const struct terminal *t, struct json_object *run)
{
	const char *part = NULL, *type = "";
	bool scorings = json_count(run, "scorings") > 1;

	for (size_t i = 0; i < json_count(run, "summary"); i++) {
		struct json_object *row = json_at(run, "summary", i);

		if (!part || strcmp(part, json_text(row, "part")) != 0) {
			if (part)
				fputc('\n', t->out);
			part = json_text(row, "part");
			type = "";
			show_head(t, part, scorings);
		}
		show_row(t, row, scorings, strcmp(type, json_text(row, "type")) != 0);
		type = json_text(row, "type");
	}
	show_timing(t, run);
}

/* --- Misses --------------------------------------------------------------------- */

static struct json_object *ranked(struct json_object *scores, const char *id)
{
	for (size_t i = 0; i < json_count(scores, "ranking"); i++)
		if (!strcmp(json_text(json_at(scores, "ranking", i), "id"), id))
			return json_at(scores, "ranking", i);
	return NULL;
}

static void show_result(const struct terminal *t, struct json_object *o)
{
	bool hit = json_object_get_int(json_member(o, "grade")) > 0;

	fprintf(t->out, "  %s%c%3d%s  ", terminal_style(t, hit ? STYLE_GREEN : STYLE_PLAIN),
		hit			 ? '+'
		: json_member(o, "also") ? '~'
					 : ' ',
		json_object_get_int(json_member(o, "rank")), terminal_style(t, STYLE_PLAIN));
	text_pad(t->out, json_text(o, "type"), 9);
	fprintf(t->out, "  %.2f  ", number(o, "score"));
	text_put(t->out, json_text(o, "name"), t->columns ? t->columns - 25 : -1);
	fputc('\n', t->out);
}

/* A relevant record that is not among the first ten. */
static void show_missing(const struct terminal *t, struct json_object *o,
			 struct json_object *scores)
{
	struct json_object *there = ranked(scores, json_text(o, "id"));
	int rank = json_object_get_int(json_member(there, "rank"));

	if (there && rank <= MISS_RESULTS)
		return;
	fprintf(t->out, "  %s-%s    ", terminal_style(t, STYLE_RED),
		terminal_style(t, STYLE_PLAIN));
	text_put(t->out, *json_text(o, "name") ? json_text(o, "name") : json_text(o, "id"),
		 t->columns ? t->columns - 32 : -1);
	fprintf(t->out, ", grade %d, ", json_object_get_int(json_member(o, "grade")));
	if (there)
		fprintf(t->out, "rank %d\n", rank);
	else
		fputs("not found\n", t->out);
}

static bool is_miss(struct json_object *scores)
{
	struct json_object *page = json_member(scores, "page_ok");

	return !json_object_get_boolean(json_member(scores, "kind_ok")) ||
	       (page && !json_object_get_boolean(page)) ||
	       (json_member(scores, "ndcg") && number(scores, "ndcg") < 1 - 1e-6);
}

static void show_miss(const struct terminal *t, struct json_object *q, struct json_object *scores)
{
	fprintf(t->out, "\n%s", terminal_style(t, STYLE_BOLD));
	text_put(t->out, json_text(q, "question"), -1);
	fprintf(t->out, "%s\n  %s%s, %s", terminal_style(t, STYLE_PLAIN),
		terminal_style(t, STYLE_DIM), json_text(q, "id"), json_text(q, "type"));
	if (json_member(scores, "ndcg"))
		fprintf(t->out, ", nDCG@10 %.3f", number(scores, "ndcg"));
	if (!json_object_get_boolean(json_member(scores, "kind_ok")))
		fprintf(t->out, ", is %s and should be %s", json_text(scores, "kind"),
			json_text(q, "expect"));
	else if (json_member(scores, "page_ok") &&
		 !json_object_get_boolean(json_member(scores, "page_ok")))
		fputs(", another page should come first", t->out);
	fprintf(t->out, "%s\n", terminal_style(t, STYLE_PLAIN));
	for (size_t i = 0; i < json_count(scores, "ranking") && i < MISS_RESULTS; i++)
		show_result(t, json_at(scores, "ranking", i));
	for (size_t i = 0; i < json_count(q, "relevant"); i++)
		show_missing(t, json_at(q, "relevant", i), scores);
}

void eval_show_misses(const struct terminal *t, struct json_object *run)
{
	const char *scoring = json_object_get_string(json_at(run, "scorings", 0));
	size_t misses = 0;

	for (size_t i = 0; i < json_count(run, "questions"); i++) {
		struct json_object *q = json_at(run, "questions", i);
		struct json_object *scores = json_member(json_member(q, "runs"), scoring);

		if (!scores || !is_miss(scores))
			continue;
		misses++;
		show_miss(t, q, scores);
	}
	fprintf(t->out, "%s%zu of %zu questions are below 1.0 (%s).\n\n", misses ? "\n" : "",
		misses, json_count(run, "questions"), scoring);
}
