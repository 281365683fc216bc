/*
 * eval_sum.c - from the scores of single questions to those of a run; see eval.h.
 *
 *	summary: one row per part (all, or tuned and held out) x type (and "all") x scoring
 *	timing:  one row per scoring
 */
#include "eval.h"

#include <stdlib.h>
#include <string.h>
#include "json.h"
#include "metrics.h"

struct sums {
	size_t n, judged, kinds;
	double ndcg, recall, rr;
};

static bool has(struct json_object *o, const char *key)
{
	return json_object_get_boolean(json_member(o, key));
}

static double number(struct json_object *o, const char *key)
{
	return json_object_get_double(json_member(o, key));
}

/* type: NULL for all of them; part: -1 for all, 0 tuned, 1 held out. */
static struct sums sum_up(struct json_object *run, const char *scoring, const char *type, int part)
{
	struct sums s = { 0 };

	for (size_t i = 0; i < json_count(run, "questions"); i++) {
		struct json_object *q = json_at(run, "questions", i);
		struct json_object *scores = json_member(json_member(q, "runs"), scoring);

		if (!scores || (type && strcmp(json_text(q, "type"), type) != 0) ||
		    (part >= 0 && has(q, "held_out") != (part == 1)))
			continue;
		s.n++;
		s.kinds += has(scores, "kind_ok");
		if (!json_member(scores, "ndcg"))
			continue;
		s.judged++;
		s.ndcg += number(scores, "ndcg");
		s.recall += number(scores, "recall");
		s.rr += number(scores, "rr");
	}
	return s;
}

static void put_number(struct json_object *o, const char *key, double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.4f", value);
	json_object_object_add(o, key, json_object_new_double_s(value, text));
}

static void add_row(struct json_object *summary, struct json_object *run, const char *scoring,
		    const char *type, int part)
{
	struct sums s = sum_up(run, scoring, type, part);
	struct json_object *o;

	if (!s.n)
		return;
	o = json_object_new_object();
	json_object_object_add(o, "type", json_object_new_string(type ? type : "all"));
	json_object_object_add(o, "scoring", json_object_new_string(scoring));
	if (part >= 0)
		json_object_object_add(o, "part",
				       json_object_new_string(part ? "held out" : "tuned"));
	json_object_object_add(o, "n", json_object_new_int64((int64_t)s.n));
	json_object_object_add(o, "judged", json_object_new_int64((int64_t)s.judged));
	if (s.judged) {
		put_number(o, "ndcg", s.ndcg / (double)s.judged);
		put_number(o, "recall", s.recall / (double)s.judged);
		put_number(o, "mrr", s.rr / (double)s.judged);
	}
	put_number(o, "kind", (double)s.kinds / (double)s.n);
	json_object_array_add(summary, o);
}

/* Every scoring of a type, so that they stand one below the other. */
static void add_rows(struct json_object *summary, struct json_object *run, const char *type,
		     int part)
{
	for (size_t s = 0; s < json_count(run, "scorings"); s++)
		add_row(summary, run, json_object_get_string(json_at(run, "scorings", s)), type,
			part);
}

/* Whether a question before number i has its type. */
static bool seen(struct json_object *run, size_t i)
{
	const char *type = json_text(json_at(run, "questions", i), "type");

	for (size_t k = 0; k < i; k++)
		if (!strcmp(json_text(json_at(run, "questions", k), "type"), type))
			return true;
	return false;
}

static void add_part(struct json_object *summary, struct json_object *run, int part)
{
	for (size_t i = 0; i < json_count(run, "questions"); i++)
		if (!seen(run, i))
			add_rows(summary, run, json_text(json_at(run, "questions", i), "type"),
				 part);
	add_rows(summary, run, NULL, part);
}

static void add_timing(struct json_object *timing, struct json_object *run, const char *scoring)
{
	size_t n = json_count(run, "questions"), used = 0;
	double *ms = calloc(n + 1, sizeof(*ms));
	struct json_object *o = json_object_new_object();

	for (size_t i = 0; i < n && ms; i++) {
		struct json_object *q = json_at(run, "questions", i);
		struct json_object *scores = json_member(json_member(q, "runs"), scoring);

		if (scores)
			ms[used++] = number(scores, "ms");
	}
	json_object_object_add(o, "scoring", json_object_new_string(scoring));
	put_number(o, "p50_ms", metrics_percentile(ms, used, 0.5));
	put_number(o, "p99_ms", metrics_percentile(ms, used, 0.99));
	json_object_array_add(timing, o);
	free(ms);
}

void eval_summarise(struct json_object *run)
{
	struct json_object *summary = json_object_new_array(), *timing = json_object_new_array();

	if (json_object_get_int(json_member(run, "held_out"))) {
		add_part(summary, run, 0);
		add_part(summary, run, 1);
	} else {
		add_part(summary, run, -1);
	}
	for (size_t s = 0; s < json_count(run, "scorings"); s++)
		add_timing(timing, run, json_object_get_string(json_at(run, "scorings", s)));
	json_object_object_add(run, "summary", summary);
	json_object_object_add(run, "timing", timing);
}
