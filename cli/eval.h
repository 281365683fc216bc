/*
 * eval.h - how good searches and answers are, on questions that somebody judged.
 *
 *	FILE --eval_file--> questions --eval_run--> a run --eval_show--> tables, misses
 *	                                              |---> --save, --json
 *	                                              +---> eval_compare with another run
 *
 * A run is JSON, so that it can be kept and compared: {"erleah_run":1,"file","conference","scorings":[...],
 * "held_out":N,"summary":[...],"timing":[...],"questions":[...]}; docs/cli.md has the fields.
 */
#ifndef CLI_EVAL_H
#define CLI_EVAL_H

#include "cli.h"
#include "records.h"

#define EVAL_MAX_SCORINGS 3

enum eval_kind { EVAL_QUESTIONS, EVAL_CONVERSATIONS, EVAL_RUN };

/* Reads FILE and checks it.  A status; *file is the caller's. */
int eval_file_read(const char *path, enum eval_kind *kind, struct json_object **file);
/* The run of FILE's search questions; a status. */
int eval_run(struct cli *cli, const struct records *records, struct json_object *questions,
	     const char *const scorings[], size_t n_scorings, unsigned held_out,
	     struct json_object **run);
/* Sums a run's questions up, into its "summary" and "timing". */
void eval_summarise(struct json_object *run);

void eval_show(const struct terminal *t, struct json_object *run);
/* Questions below 1.0 of the run's first scoring, with what came instead. */
void eval_show_misses(const struct terminal *t, struct json_object *run);
/* What changed from one run to the next (whose parts the older one takes over): {"types":[...],"better":[...],"worse":[...],"only":[...]}. */
struct json_object *eval_compare(struct json_object *before, struct json_object *after);
void eval_show_comparison(const struct terminal *t, struct json_object *comparison);

/* Whole answers to FILE's questions, or its conversations, each turn held against its `expect`; claims: also against the
 * records.  *report is the caller's. */
int eval_answers(struct cli *cli, const struct records *records, struct json_object *questions,
		 struct json_object **report);
int eval_talks(struct cli *cli, struct json_object *file, bool claims, struct json_object **report);
/* Both: what is wrong, then the sums.  STATUS_FAILED when anything was. */
int eval_show_answers(const struct terminal *t, struct json_object *report);
int eval_answers_status(struct json_object *report);

/* "2027-05-20T09:00:00+02:00": the question's `now`, else 09:00 of the first day; "" when that is unknown. */
void eval_now(const struct records *records, struct json_object *question, char *out, size_t size);

#endif
