/*
 * event_log.h - the numbered events of one reply.
 *
 * A log that is not the original one (rebuilt from the row, of a turn that ran again, followed from another process)
 * numbers its events from a base of its own.  A reader that asks to continue behind a number this
 * log never gave starts from the beginning, with ACCEPTED: what it had is void.
 *
 * The loop appends; readers on any thread look, each with a cursor.  Events live as long as the log.
 */
#ifndef AGENT_EVENT_LOG_H
#define AGENT_EVENT_LOG_H

#include <assistant.h>
#include <pthread.h>
#include <stdbool.h>
#include "base/json.h"
#include "base/list.h"

struct assistant_event {
	int type;
	unsigned long number;
	char *json;	  /* one line */
	const char *text; /* the human text, "" when there is none */
	size_t text_len;
	char *text_owned;
};

struct event_log {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct assistant_event **events;
	size_t n, cap;
	unsigned long base; /* events are numbered base + 1, base + 2... */
	bool closed;	    /* nothing follows */
	bool behind; /* a copy that another log is ahead of: whoever was there may wait for what it read there */
	struct list readers;
	void (*grown)(
		struct event_log
			*l); /* after each append, on the loop, outside the mutex; may be NULL */
};

enum { EVENT_BASE_ORIGINAL = 0, EVENT_BASE_REBUILT = 1000000 };
/* For a log whose pieces no other log has in this form: above the two, hardly ever the same twice,
 * and its events' numbers fit 31 bits. */
unsigned long event_base_fresh(void);

void event_log_init(struct event_log *l, unsigned long base);
void event_log_finish(struct event_log *l);
/* Takes json; text (may be NULL) is copied.  Dropped silently once closed. */
void event_log_append(struct event_log *l, int type, struct json_object *json, const char *text,
		      size_t len);
void event_log_close(struct event_log *l);
/* What is appended from here on is numbered base + 1...; readers inside go on, and who comes with an older number begins
 * anew. */
void event_log_rebase(struct event_log *l, unsigned long base);

/* Any thread: waits until *flag, which is written under the mutex.  0 or ETIMEOUT. */
int event_log_wait_for(struct event_log *l, const bool *flag, int timeout_ms);
/* Sets *flag under the mutex and wakes who waits. */
void event_log_raise(struct event_log *l, bool *flag);

const char *event_type_name(int type);

#endif
