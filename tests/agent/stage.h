/*
 * stage.h - a conference, real index and composer, and services that fail on demand, for turns to
 * play on.
 *
 * Time is virtual.  The store is a fake with one conversation; what a turn answers is added to it
 * as a reply would, so that the next turn has a history.
 */
#ifndef TESTS_STAGE_H
#define TESTS_STAGE_H

#include "agent/turn.h"
#include "cache/cache.h"
#include "search/catalog.h"

#define STAGE_MAX_ROWS 64

enum fault {
	WORKS,
	FAILS,	       /* EUNAVAILABLE */
	HANGS,	       /* never answers */
	FAILS_MIDWAY,  /* llm: after some text */
	HANGS_MIDWAY,  /* llm */
	SAYS_NOTHING,  /* llm: ends without text */
	REFUSES,       /* llm */
	ENDLESS,       /* llm: never stops writing */
	CITES_WRONGLY, /* llm: handles that nobody gave out */
};

struct stage_store {
	struct store base;
	struct stage *stage;
	enum fault snapshot, history;
};
struct stage_index {
	struct index base;
	struct index *real;
	enum fault fault;
};
struct stage_llm {
	struct llm base;
	enum fault fault;
	const char *text;	   /* of WORKS */
	unsigned streams;	   /* begun */
	struct json_object *facts; /* of the last one; owned */
	bool saw_history;
};

struct stage {
	struct loop *loop;
	struct clock *clock;
	struct metrics *metrics;
	struct snapshot *snapshot;
	struct zone *zone;
	char dir[40];
	struct stage_store store;
	struct stage_index index;
	struct stage_llm llm;
	struct llm *composer;
	struct env env;
	struct message rows[STAGE_MAX_ROWS]; /* oldest first; members owned */
	size_t n_rows;
};

/* What a sink was told. */
struct answer {
	struct text text, statuses; /* statuses: "understand plan ..." */
	struct text status_words;
	struct text suggestions; /* one a line */
	struct json_object *references;
	enum outcome outcome;
	char *error;
	bool basic, ended;
	struct json_object *debug, *timings;
	struct turn *turn; /* until it has ended */
	size_t n_deltas, n_calls;
	/* turn_stop from inside the sink: at call number .. (0: never) */
	size_t stop_at_call;
	struct stage *no_time; /* once it is planned, tools have no time on that stage */
};

/* now: "2027-05-20T13:30", in the conference's zone. */
void stage_open(struct stage *s, struct snapshot *taken, const char *now);
void stage_close(struct stage *s);
/* Uses the fake llm instead of the composer. */
void stage_use_llm(struct stage *s, enum fault fault, const char *text);
/* now: "2027-05-20T13:30", or with seconds and the zone's offset, which are not looked at. */
void stage_set_now(struct stage *s, const char *now);
int64_t stage_time(struct stage *s, const char *text); /* unix ms */

/* Plays a whole turn and adds it to the conversation. */
void stage_ask(struct stage *s, const char *question, struct answer *a);
/* Asked first in a conversation, it is answered well, and in words that begin so. */
void stage_answers(struct stage *s, const char *question, const char *begins);
/* Begins one; the rest is the caller's. */
void stage_begin(struct stage *s, const char *question, struct answer *a);
void stage_play(struct stage *s, struct answer *a); /* to the end */
void stage_forget(struct stage *s);		    /* an empty conversation */
void answer_finish(struct answer *a);
/* The i-th reference's name; "" beyond the last. */
const char *answer_reference(const struct answer *a, size_t i);
/* All references are records or pages of the conference, each named in the text; the text is plain.
 * */
void answer_check(struct stage *s, const struct answer *a);

#endif
