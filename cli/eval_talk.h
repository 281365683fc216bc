/*
 * eval_talk.h - what an answer in a conversation must be, and reports of answers.
 */
#ifndef CLI_EVAL_TALK_H
#define CLI_EVAL_TALK_H

#include <json-c/json.h>
#include "records.h"

struct json_object *report_new(void);
/* item becomes the report's; checked (may be NULL) is what answer_check_run() gave. */
void report_add(struct json_object *report, struct json_object *item, struct json_object *checked);
struct json_object *report_item(const char *id, const char *question, struct json_object *reply);

/*
 * Sentences that say in what the reply is not as expect wants it; an empty array: in nothing.  language: the answer's,
 * "" when it is not known; records: for names instead of ids, may be NULL.  docs/cli.md says what expect may hold.
 */
struct json_object *turn_check(struct json_object *expect, struct json_object *reply,
			       const char *language, const struct records *records);

#endif
