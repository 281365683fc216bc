/*
 * eval_compare.c - two runs side by side: what got better and what worse; see eval.h.
 */
#include "eval.h"

#include <math.h>
#include <string.h>
#include "json.h"
#include "text.h"

#define SAME 1e-4 /* what a kept run's digits tell apart */

static double number(struct json_object *o, const char *key)
{
	return json_object_get_double(json_member(o, key));
}

static void put_number(struct json_object *o, const char *key, double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.4f", value);
	json_object_object_add(o, key, json_object_new_double_s(value, text));
}

static void copy_text(struct json_object *to, struct json_object *from, const char *key)
{
	if (json_member(from, key))
		json_object_object_add(to, key, json_object_new_string(json_text(from, key)));
}

/* --- Rows of the summary --------------------------------------------------------- */

static struct json_object *same_row(struct json_object *run, struct json_object *row)
{
	for (size_t i = 0; i < json_count(run, "summary"); i++) {
		struct json_object *o = json_at(run, "summary", i);

		if (!strcmp(json_text(o, "type"), json_text(row, "type")) &&
		    !strcmp(json_text(o, "scoring"), json_text(row, "scoring")) &&
		    !strcmp(json_text(o, "part"), json_text(row, "part")))
			return o;
	}
	return NULL;
}

static struct json_object *row_difference(struct json_object *before, struct json_object *after)
{
	static const char *const measures[] = { "ndcg", "recall", "mrr", "kind" };
	struct json_object *o = json_object_new_object();
	char key[24];

	copy_text(o, after, "type");
	copy_text(o, after, "scoring");
	copy_text(o, after, "part");
	for (size_t i = 0; i < sizeof(measures) / sizeof(measures[0]); i++) {
		if (!json_member(before, measures[i]) || !json_member(after, measures[i]))
			continue;
		put_number(o, measures[i], number(after, measures[i]));
		snprintf(key, sizeof(key), "%s_change", measures[i]);
		put_number(o, key, number(after, measures[i]) - number(before, measures[i]));
	}
	return o;
}

/* --- Questions ------------------------------------------------------------------- */

static struct json_object *same_question(struct json_object *run, struct json_object *q)
{
	for (size_t i = 0; i < json_count(run, "questions"); i++)
		if (!strcmp(json_text(json_at(run, "questions", i), "id"), json_text(q, "id")))
			return json_at(run, "questions", i);
	return NULL;
}

/* A wrong kind weighs more than any order. */
static double worth(struct json_object *scores)
{
	return number(scores, "ndcg") + 2 * json_object_get_boolean(json_member(scores, "kind_ok"));
}

static void compare_question(struct json_object *q, const char *scoring, struct json_object *before,
			     struct json_object *after, struct json_object *out)
{
	double change = worth(after) - worth(before);
	struct json_object *o;

	if (fabs(change) < SAME)
		return;
	o = json_object_new_object();
	copy_text(o, q, "id");
	copy_text(o, q, "type");
	copy_text(o, q, "question");
	json_object_object_add(o, "scoring", json_object_new_string(scoring));
	if (json_member(after, "ndcg")) {
		put_number(o, "ndcg_before", number(before, "ndcg"));
		put_number(o, "ndcg", number(after, "ndcg"));
	}
	json_object_object_add(o, "kind_before", json_object_new_string(json_text(before, "kind")));
	copy_text(o, after, "kind");
	json_object_array_add(json_member(out, change > 0 ? "better" : "worse"), o);
}

static void compare_questions(struct json_object *before, struct json_object *after,
			      struct json_object *out)
{
	for (size_t i = 0; i < json_count(after, "questions"); i++) {
		struct json_object *q = json_at(after, "questions", i);
		struct json_object *old = same_question(before, q);

		if (!old) {
			json_object_array_add(json_member(out, "only"),
					      json_object_new_string(json_text(q, "id")));
			continue;
		}
		for (size_t s = 0; s < json_count(after, "scorings"); s++) {
			const char *scoring = json_object_get_string(json_at(after, "scorings", s));
			struct json_object *was = json_member(json_member(old, "runs"), scoring);

			if (was)
				compare_question(q, scoring, was,
						 json_member(json_member(q, "runs"), scoring), out);
		}
	}
}

/* The older run in the parts of the newer one. */
static void divide_alike(struct json_object *before, struct json_object *after)
{
	for (size_t i = 0; i < json_count(before, "questions"); i++) {
		struct json_object *q = json_at(before, "questions", i);
		bool held =
			json_object_get_boolean(json_member(same_question(after, q), "held_out"));

		json_object_object_add(q, "held_out", json_object_new_boolean(held));
	}
	json_object_object_add(before, "held_out", json_object_get(json_member(after, "held_out")));
	eval_summarise(before);
}

struct json_object *eval_compare(struct json_object *before, struct json_object *after)
{
	static const char *const lists[] = { "types", "better", "worse", "only" };
	struct json_object *out = json_object_new_object();

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		json_object_object_add(out, lists[i], json_object_new_array());
	divide_alike(before, after);
	for (size_t i = 0; i < json_count(after, "summary"); i++) {
		struct json_object *row = json_at(after, "summary", i);
		struct json_object *old = same_row(before, row);

		if (old)
			json_object_array_add(json_member(out, "types"), row_difference(old, row));
	}
	compare_questions(before, after, out);
	return out;
}

/* --- On a terminal ---------------------------------------------------------------- */

static void show_change(const struct terminal *t, struct json_object *row, const char *measure)
{
	char key[24];
	double change;

	snprintf(key, sizeof(key), "%s_change", measure);
	if (!json_member(row, measure)) {
		fprintf(t->out, " %15s", "-");
		return;
	}
	change = number(row, key);
	fprintf(t->out, "  %6.3f %s%+.3f%s", number(row, measure),
		terminal_style(t, change > SAME	   ? STYLE_GREEN
				  : change < -SAME ? STYLE_RED
						   : STYLE_DIM),
		fabs(change) < SAME ? 0.0 : change, terminal_style(t, STYLE_PLAIN));
}

static void show_types(const struct terminal *t, struct json_object *comparison)
{
	fprintf(t->out, "%s%-12s %-10s %-9s  %-14s %-14s %-14s %s%s\n",
		terminal_style(t, STYLE_DIM), "type", "scoring", "", "nDCG@10", "recall@10", "MRR",
		"kind", terminal_style(t, STYLE_PLAIN));
	for (size_t i = 0; i < json_count(comparison, "types"); i++) {
		struct json_object *row = json_at(comparison, "types", i);

		text_pad(t->out, json_text(row, "type"), 12);
		fprintf(t->out, " %-10s %-8s", json_text(row, "scoring"), json_text(row, "part"));
		show_change(t, row, "ndcg");
		show_change(t, row, "recall");
		show_change(t, row, "mrr");
		show_change(t, row, "kind");
		fputc('\n', t->out);
	}
}

static void show_questions(const struct terminal *t, struct json_object *comparison,
			   const char *list)
{
	size_t n = json_count(comparison, list);

	fprintf(t->out, "\n%zu %s\n", n, list);
	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_at(comparison, list, i);

		fprintf(t->out, "  %-14s %-11s %-9s ", json_text(o, "id"), json_text(o, "type"),
			json_text(o, "scoring"));
		if (json_member(o, "ndcg"))
			fprintf(t->out, " %.3f -> %.3f ", number(o, "ndcg_before"),
				number(o, "ndcg"));
		if (strcmp(json_text(o, "kind"), json_text(o, "kind_before")) != 0)
			fprintf(t->out, " %s -> %s ", json_text(o, "kind_before"),
				json_text(o, "kind"));
		fputc(' ', t->out);
		text_put(t->out, json_text(o, "question"), -1);
		fputc('\n', t->out);
	}
}

void eval_show_comparison(const struct terminal *t, struct json_object *comparison)
{
	show_types(t, comparison);
	show_questions(t, comparison, "better");
	show_questions(t, comparison, "worse");
	if (json_count(comparison, "only"))
		fprintf(t->out, "\n%zu questions are in this run alone.\n",
			json_count(comparison, "only"));
}
