/*
 * replies.h - replies over the fake store: rows, submits, and what is read of them.
 */
#ifndef API_REPLIES_H
#define API_REPLIES_H

#include "fixture.h"

struct asked {
	char conversation[37], message[37];
};

int setup(void **state); /* fixture_empty, on a fake store that holds the example conference */
/* A UUID of our own counting; kind tells the sorts of rows apart. */
void make_id(struct fixture *fx, int kind, char out[static 37]);
void put_conversation(struct fixture *fx, const char *id, const char *conference);
void put_message(struct fixture *fx, const char *id, const char *conversation, const char *text);
struct asked ask_rows(struct fixture *fx, const char *text);
int submit(assistant *a, const struct asked *q, assistant_reply **out, int *attached,
	   assistant_error *err);
struct json_object *row_of(struct fixture *fx, const char *id);
const char *text_of(struct json_object *o, const char *key);
const char *meta_of(struct json_object *row, const char *key);
/* The pieces of an answer from event number `after` on, joined; malloc()ed. */
char *read_all(assistant_reply *r, unsigned long after, int *last_type);
void wait_ms(long ms);
/* An ISO time `s` seconds from now. */
void time_text(char out[static 32], long s);
void put_live_row(struct fixture *fx, const char *id, const struct asked *q, long age_s,
		  long lease_s, const char *owner);
/* Waits until the row is completed; false: it stayed as it was for `ms`. */
int completes_within(struct fixture *fx, const char *id, int ms);

#endif
