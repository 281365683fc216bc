/*
 * eval_run.c - asks judged questions and scores what comes; see eval.h.
 *
 *	question x scoring --search--> results - also_relevant --metrics--> run.questions[].runs[scoring]
 */
#include "eval.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "json.h"
#include "metrics.h"
#include "venue_clock.h"

#define SEARCH_LIMIT 50
#define KEPT_RESULTS 20
#define MAX_JUDGED   1000
#define FIRST_HOUR   9

struct eval {
	struct cli *cli;
	const struct records *records;
	const char *const *scorings;
	size_t n_scorings;
	unsigned held_out;
};

static void put_text(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, json_object_new_string(value));
}

static void put_number(struct json_object *o, const char *key, double value)
{
	char text[32];

	/* Six digits say enough, and a kept run stays readable. */
	snprintf(text, sizeof(text), "%.6g", value);
	json_object_object_add(o, key, json_object_new_double_s(value, text));
}

void eval_now(const struct records *records, struct json_object *question, char *out, size_t size)
{
	const char *now = json_text(question, "now");

	snprintf(out, size, "%s", now);
	if (!*now && records->conference)
		venue_clock_at(json_text(records->conference, "start_date"), FIRST_HOUR, out, size);
}

/* FNV-1a 64 of the id: the same questions in every run, wherever they stand in the file. */
static bool is_held_out(const char *id, unsigned n)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *id; id++)
		h = (h ^ (unsigned char)*id) * 0x100000001b3u;
	return n && h % n == 0;
}

static int grade_of(struct json_object *q, const char *list, const char *id)
{
	for (size_t i = 0; i < json_count(q, list); i++) {
		struct json_object *o = json_at(q, list, i), *grade = json_member(o, "grade");

		if (!strcmp(json_text(o, "id"), id))
			return grade ? json_object_get_int(grade) : 1;
	}
	return 0;
}

/* --- One search ----------------------------------------------------------------- */

static struct json_object *query_of(const struct eval *e, struct json_object *q,
				    const char *scoring)
{
	struct json_object *query = json_object_new_object();
	const char *conference = records_conference(e->records);
	char now[64];

	if (!conference)
		conference = e->cli->options.values[OPTION_CONFERENCE];
	eval_now(e->records, q, now, sizeof(now));
	put_text(query, "q", json_text(q, "question"));
	put_text(query, "entity", "all");
	if (conference)
		put_text(query, "conference_id", conference);
	if (*now)
		put_text(query, "now", now);
	if (strcmp(scoring, "full") != 0)
		put_text(query, "scoring", scoring);
	json_object_object_add(query, "limit", json_object_new_int(SEARCH_LIMIT));
	return query;
}

static double elapsed_ms(const struct timespec *from)
{
	struct timespec to;

	clock_gettime(CLOCK_MONOTONIC, &to);
	return (double)(to.tv_sec - from->tv_sec) * 1e3 +
	       (double)(to.tv_nsec - from->tv_nsec) / 1e6;
}

/* The ranking as it is kept, and the grades that count: also_relevant ones stand aside. */
static struct json_object *ranking_of(struct json_object *q, struct json_object *result,
				      int grades[static SEARCH_LIMIT], size_t *n_grades)
{
	struct json_object *ranking = json_object_new_array();

	for (size_t i = 0; i < json_count(result, "results") && i < SEARCH_LIMIT; i++) {
		struct json_object *o = json_at(result, "results", i), *kept;
		const char *id = json_text(o, "id");
		int grade = grade_of(q, "relevant", id);
		bool also = !grade && grade_of(q, "also_relevant", id);

		if (!also)
			grades[(*n_grades)++] = grade;
		if (i >= KEPT_RESULTS && !grade)
			continue;
		kept = json_object_new_object();
		json_object_object_add(kept, "rank", json_object_new_int64((int64_t)i + 1));
		put_text(kept, "type", json_text(o, "type"));
		put_text(kept, "id", id);
		put_text(kept, "name", json_text(o, "name"));
		put_number(kept, "score", json_object_get_double(json_member(o, "score")));
		if (grade)
			json_object_object_add(kept, "grade", json_object_new_int(grade));
		if (also)
			json_object_object_add(kept, "also", json_object_new_boolean(1));
		json_object_array_add(ranking, kept);
	}
	return ranking;
}

static const char *expected(struct json_object *q)
{
	return *json_text(q, "expect") ? json_text(q, "expect") : "entities";
}

/* Whether the first page is one of those that answer; true when none is named. */
static bool right_page(struct json_object *q, struct json_object *result)
{
	const char *first = json_text(json_at(result, "results", 0), "id");
	size_t n = json_count(q, "info_keys");

	for (size_t i = 0; i < n; i++)
		if (!strcmp(json_object_get_string(json_at(q, "info_keys", i)), first))
			return true;
	return n == 0;
}

static struct json_object *scored(struct json_object *q, struct json_object *result, double ms)
{
	struct json_object *o = json_object_new_object(), *ranking;
	int grades[SEARCH_LIMIT], judged[MAX_JUDGED];
	size_t n = 0, n_judged = 0;
	struct metrics m;

	ranking = ranking_of(q, result, grades, &n);
	for (; n_judged < json_count(q, "relevant") && n_judged < MAX_JUDGED; n_judged++)
		judged[n_judged] =
			grade_of(q, "relevant", json_text(json_at(q, "relevant", n_judged), "id"));
	metrics_compute(grades, n, judged, n_judged, &m);
	put_text(o, "kind", json_text(result, "kind"));
	json_object_object_add(
		o, "kind_ok",
		json_object_new_boolean(!strcmp(json_text(result, "kind"), expected(q))));
	if (json_count(q, "info_keys"))
		json_object_object_add(o, "page_ok",
				       json_object_new_boolean(right_page(q, result)));
	if (n_judged) {
		put_number(o, "ndcg", m.ndcg);
		put_number(o, "recall", m.recall);
		put_number(o, "rr", m.rr);
	}
	put_number(o, "ms", ms);
	json_object_object_add(o, "ranking", ranking);
	return o;
}

static int ask(const struct eval *e, struct json_object *q, const char *scoring,
	       struct json_object *runs)
{
	struct client *client = e->cli->client;
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct json_object *query = query_of(e, q, scoring), *result = NULL;
	struct timespec from;
	int r;

	clock_gettime(CLOCK_MONOTONIC, &from);
	r = client->ops->search(client, json_line(query), &result, &err);
	if (r == 0)
		json_object_object_add(runs, scoring, scored(q, result, elapsed_ms(&from)));
	json_object_put(query);
	json_object_put(result);
	return r < 0 ? cli_complain(&err) : STATUS_OK;
}

/* --- All ------------------------------------------------------------------------ */

static int warm_up(const struct eval *e, struct json_object *q)
{
	struct json_object *unused = json_object_new_object();
	int status = ask(e, q, e->scorings[0], unused);

	json_object_put(unused);
	return status;
}

/* What the judgements name and the ranking may lack. */
static struct json_object *relevant_of(const struct eval *e, struct json_object *q)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < json_count(q, "relevant"); i++) {
		const char *id = json_text(json_at(q, "relevant", i), "id");
		const struct record *r = records_find_id(e->records, id);
		struct json_object *o = json_object_new_object();

		put_text(o, "id", id);
		put_text(o, "name", r ? r->name : "");
		json_object_object_add(o, "grade",
				       json_object_new_int(grade_of(q, "relevant", id)));
		json_object_array_add(list, o);
	}
	return list;
}

static int run_question(const struct eval *e, struct json_object *q, struct json_object *questions)
{
	struct json_object *o = json_object_new_object(), *runs = json_object_new_object();
	int status = STATUS_OK;

	put_text(o, "id", json_text(q, "id"));
	put_text(o, "type", json_text(q, "type"));
	put_text(o, "question", json_text(q, "question"));
	put_text(o, "expect", expected(q));
	if (is_held_out(json_text(q, "id"), e->held_out))
		json_object_object_add(o, "held_out", json_object_new_boolean(1));
	json_object_object_add(o, "relevant", relevant_of(e, q));
	json_object_object_add(o, "runs", runs);
	json_object_array_add(questions, o);
	for (size_t s = 0; s < e->n_scorings && !status; s++)
		status = ask(e, q, e->scorings[s], runs);
	return status;
}

/* Judged records that the conference does not have: most likely it is the wrong conference. */
static int check_judgements(const struct eval *e, struct json_object *questions)
{
	size_t known = 0, all = 0;
	char sentence[300];

	for (size_t i = 0; i < json_object_array_length(questions); i++) {
		struct json_object *q = json_object_array_get_idx(questions, i);

		for (size_t k = 0; k < json_count(q, "relevant"); k++, all++)
			known += records_find_id(e->records, json_text(json_at(q, "relevant", k),
								       "id")) != NULL;
	}
	if (!e->records->conference || known == all)
		return STATUS_OK;
	snprintf(sentence, sizeof(sentence),
		 "%zu of the %zu records that the file judges are not in %.100s%s", all - known,
		 all, json_text(e->records->conference, "name"),
		 known ? "" : ": another conference is meant, which --conference names");
	return cli_say(known ? STATUS_OK : STATUS_USAGE, sentence);
}

int eval_run(struct cli *cli, const struct records *records, struct json_object *questions,
	     const char *const scorings[], size_t n_scorings, unsigned held_out,
	     struct json_object **run)
{
	const struct eval e = { cli, records, scorings, n_scorings, held_out };
	struct json_object *o, *list, *names;
	int status = check_judgements(&e, questions);

	if (status)
		return status;
	o = json_object_new_object();
	list = json_object_new_array();
	names = json_object_new_array();
	for (size_t s = 0; s < n_scorings; s++)
		json_object_array_add(names, json_object_new_string(scorings[s]));
	json_object_object_add(o, "erleah_run", json_object_new_int(1));
	/* The first search of a process makes the conference's catalog: not part of what a question takes. */
	status = warm_up(&e, json_object_array_get_idx(questions, 0));
	put_text(o, "conference",
		 records->conference ? json_text(records->conference, "name") : "");
	json_object_object_add(o, "scorings", names);
	json_object_object_add(o, "held_out", json_object_new_int64(held_out));
	json_object_object_add(o, "questions", list);
	for (size_t i = 0; i < json_object_array_length(questions) && !status; i++)
		status = run_question(&e, json_object_array_get_idx(questions, i), list);
	if (status)
		json_object_put(o);
	else
		*run = o;
	return status;
}
