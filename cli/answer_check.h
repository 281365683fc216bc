/*
 * answer_check.h - holds a whole answer against the conference's records.
 *
 *	references: each is a record of this conference, by its name
 *	text --> lines --> mentions of records --> segments of one subject each
 *	              --> times, days, rooms, speakers, booths of a segment are the subject's
 *	              --> quotations stand in the data; other records' names, handles and markup do not appear
 *
 * It knows how people write such facts, not how they are made: it shares no code with the library that answers.
 * What it cannot tie to a record it leaves alone.
 */
#ifndef CLI_ANSWER_CHECK_H
#define CLI_ANSWER_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>
#include "records.h"

struct answer_check;

/* The venue's zone is the process's own (venue_clock_use).  records: borrowed.  NULL: no memory. */
struct answer_check *answer_check_create(const struct records *records);
/*
 * question: what was asked, in a conversation all of it so far; now: "" for the clock's; reply: as of
 * assistant_reply_json().  The caller's:
 *	{"claims":N,"references":N,"findings":[{"what","value","should","sentence"}]}
 * what: "reference" "name" "time" "day" "place" "speaker" "booth" "quotation" "markup" "language".
 */
struct json_object *answer_check_run(struct answer_check *c, const char *question, const char *now,
				     struct json_object *reply);
void answer_check_destroy(struct answer_check *c);

#endif
