/*
 * turn.h - one question on its way through the graph.
 *
 * A turn knows nothing of rows, HTTP or event logs: it reports through `sink`, and whoever began it
 * (agent/reply.c, assistant_ask) does the rest.  Loop thread.  All its memory is one arena, freed
 * with it.
 */
#ifndef AGENT_TURN_H
#define AGENT_TURN_H

#include "agent/env.h"
#include "agent/graph.h"
#include "base/arena.h"
#include "llm/llm.h"
#include "llm/phrases.h"
#include "store/store.h"
#include "tools/tool.h"

enum outcome { OUTCOME_OK, OUTCOME_PARTIAL, OUTCOME_STOPPED, OUTCOME_FAILED };
const char *outcome_name(enum outcome o); /* "ok" */

/* Called on the loop thread; strings are borrowed for the call. */
struct turn_sink {
	void (*status)(void *ctx, const char *node, const char *words);
	void (*delta)(void *ctx, const char *text, size_t len);
	/* Only references checked against this turn's records get here; each once. */
	void (*reference)(void *ctx, const char *type, const char *id, const char *name,
			  double score);
	void (*suggestion)(void *ctx, const char *text);
	/* Last; the owner may destroy the turn inside.  error NULL unless the outcome is failed. */
	void (*end)(void *ctx, enum outcome outcome, const char *error);
};

struct turn_request {
	const char *conference_id;
	const char *conversation_id; /* NULL: no history is read */
	const char *message_id;	     /* the question's, left out of the history; NULL */
	const char *question;
	int64_t now_unix_ms; /* -1: the clock's */
	const char *request_id;
	const struct turn_sink *sink;
	void *ctx;
};

#define TURN_MAX_CALLS	  8
#define TURN_MAX_RELAXED  8
#define TURN_MAX_DEGRADED 8

struct previous;  /* agent/history.h */
struct attribute; /* agent/attribute.h */
struct reading;	  /* agent/understand.c */

/* What was given up so that something is found. */
struct relaxed {
	const char *what;  /* "time" "day" "place" "track" "type" "level" "language" "speaker" */
	const char *value; /* as it was said or as the data has it; NULL */
};

/* To ask back instead of searching. */
struct clarify {
	const char *about; /* "record" "ordinal" "time" "topic" "interest"; NULL: nothing to ask */
	const struct record *choices[4]; /* NULL-terminated */
};

struct turn {
	struct flow flow;      /* the turn as a whole; deadline limits.turn_ms */
	struct flow node_flow; /* the node that runs */
	const struct env *env;
	struct arena *arena;
	struct turn_request rq; /* strings copied to the arena */
	const struct node *node;

	struct catalog *catalog; /* a reference */
	int64_t now_unix_s;
	struct messages history; /* newest first */
	struct previous *previous;
	enum language language;			/* of status words, failures, suggestions */
	struct understood understood, original; /* original: before anything was given up */
	struct clarify clarify;
	struct reading *reading;       /* understand's */
	const struct record *focus;    /* the one record a follow-up is about; NULL */
	const struct record *answered; /* the one record the answer is about; NULL */
	bool more;		       /* more about it, or more of the list, is wanted */
	bool leave_out;		       /* what the last answer named is known already */
	bool about_conference;	       /* the conference itself is asked about: when, where, what */
	const struct attribute *attribute;		 /* what of that record; NULL */
	enum { NOT_BESIDE, AFTER_IT, BEFORE_IT } beside; /* of what was named before */
	bool fixed_time;    /* "and on Sunday?": that is the question */
	bool place_unknown; /* where a room is was asked, and no page says it */
	bool way;	    /* the way to a place is asked for, which a plan of the site may show */
	const char *
		building; /* where that is, or what is in it, is asked for, and no page says it; NULL */
	const char *counted;  /* "rooms" "tracks": how many, or which, is asked; NULL */
	const char *no_place; /* "Hall Q": it is asked for, and not there; NULL */
	const char *lacking;  /* "room" "time" "speaker": the sessions that have none; NULL */
	bool for_beginners;   /* of what is found, that which is for them */
	const char *area;     /* of the stands that are asked for: "building k"; NULL */
	const char *talks_of; /* the stand or stands whose sessions are asked for; NULL */
	bool doubtful;	      /* a page must cover the question to answer it */
	struct when only;     /* the sessions of a person that are asked for; kind WHEN_NONE: all */
	bool absent;	      /* it asks for somebody who is not there */
	bool no_stand;	      /* it asks for the stand of somebody who has none */
	const struct record *person; /* whose sessions alone are searched; NULL */
	bool angry;		     /* nothing but anger was said */
	bool taking_rest;	     /* another question of the same message is next */
	int n_parts;		     /* answered of it */
	const char *rest;	     /* what is still to be answered of it; NULL */
	bool followed;		     /* it leans on what was said before, in any way */
	bool leans;		     /* about a record that the last answers named */
	bool besides;		     /* of a person: what else than what was spoken of */
	bool was_now;	   /* asked for now, nothing runs: what comes next is looked for */
	const char *notes; /* a program's node's */
	struct tool_context tools;
	struct tool_call *calls[TURN_MAX_CALLS]; /* planned, then run */
	size_t n_calls, n_run;
	int round;	 /* of reflect */
	bool enough;	 /* reflect's verdict */
	bool all_failed; /* every call: nothing can be said about what there is */
	struct relaxed relaxed[TURN_MAX_RELAXED];
	size_t n_relaxed;
	struct json_object *facts; /* owned */
	struct references *references;
	bool basic;		/* a configured llm failed */
	struct meaning meaning; /* of the question as a whole; not ready without an embedder */
	bool words_only;	/* a configured embedder failed */
	bool text_began, stopping, over, too_long;
	enum outcome outcome;
	struct flow
		answer_flow; /* respond's: the llm's stream, with a deadline that leaves time for another */
	struct text piece; /* what may leave of the text just received */
	size_t answer_bytes;
	struct loop_task end_task;
	char *patch; /* of a program's node; owned */
	int failure; /* code of the node that ended the turn; 0 */

	/* measured */
	int64_t began_ms, first_text_ms, node_ms[GRAPH_MAX_NODES];
	bool node_ran[GRAPH_MAX_NODES];
	const char *tools_used[TURN_MAX_CALLS];
	size_t n_tools_used, n_found;
	const char *degraded[TURN_MAX_DEGRADED];
	size_t n_degraded;
	struct llm_result llm;
};

/* Strings of rq are copied.  Ends always with sink->end, never inside this call. */
int turn_begin(const struct env *env, const struct turn_request *rq, struct turn **out,
	       struct fail *f);
/* The text so far stays; sink->end follows (later in this loop turn) with OUTCOME_STOPPED.  Any
 * time. */
void turn_stop(struct turn *t);
/* After sink->end. */
void turn_destroy(struct turn *t);
/* {"understand_ms":..,"total_ms":..,"first_text_ms":..}; owned. */
struct json_object *turn_timings(const struct turn *t);
/* {"intent","tools_used","processing_time_ms","search_results_count","kind" (of the facts),"understood",...}; owned. */
struct json_object *turn_debug(const struct turn *t);

#endif
