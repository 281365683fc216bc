/*
 * event_log.c - append on the loop, read anywhere.
 */
#include "agent/event_log.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include "agent/reply.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/clock.h"

#define AHEAD_MAX 10000 /* events that another process may be ahead */

const char *event_type_name(int type)
{
	static const char *const names[] = {
		"", "accepted", "status", "delta", "reference", "suggestion", "done", "error",
	};

	return type > 0 && (size_t)type < ARRAY_SIZE(names) ? names[type] : "";
}

unsigned long event_base_fresh(void)
{
	uint16_t r;

	random_bytes(&r, sizeof(r));
	return 1000000UL * (2 + r % 2000);
}

void event_log_init(struct event_log *l, unsigned long base)
{
	pthread_condattr_t attributes;

	*l = (struct event_log){ .base = base };
	pthread_mutex_init(&l->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&l->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	list_init(&l->readers);
}

void event_log_finish(struct event_log *l)
{
	PRE(list_empty(&l->readers));
	for (size_t i = 0; i < l->n; i++) {
		free(l->events[i]->json);
		free(l->events[i]->text_owned);
		free(l->events[i]);
	}
	free(l->events);
	pthread_cond_destroy(&l->changed);
	pthread_mutex_destroy(&l->mutex);
}

/* Mutex held. */
static void wake_readers(struct event_log *l)
{
	list_for_each (p, &l->readers) {
		struct reply_reader *rd = list_entry(p, struct reply_reader, link);
		uint64_t one = 1;

		if (rd->fd >= 0 && write(rd->fd, &one, sizeof(one)) < 0)
			continue; /* the counter is full: it is readable already */
	}
	pthread_cond_broadcast(&l->changed);
}

static bool grow(struct event_log *l)
{
	size_t cap = l->cap ? l->cap * 2 : 16;
	struct assistant_event **events;

	if (l->n < l->cap)
		return true;
	events = realloc(l->events, cap * sizeof(struct assistant_event *));
	if (!events)
		return false;
	l->events = events;
	l->cap = cap;
	return true;
}

void event_log_append(struct event_log *l, int type, struct json_object *json, const char *text,
		      size_t len)
{
	struct assistant_event *e = calloc(1, sizeof(*e));
	char *line = json_dump(json);
	bool added = false;

	json_object_put(json);
	if (!e || !line)
		IMPOSSIBLE("out of memory for an event");
	e->type = type;
	e->json = line;
	e->text = "";
	if (text) {
		e->text_owned = strndup(text, len);
		e->text = e->text_owned;
		e->text_len = len;
	}
	pthread_mutex_lock(&l->mutex);
	if (l->closed || !grow(l)) {
		free(e->text_owned);
		free(e->json);
		free(e);
	} else {
		l->events[l->n++] = e;
		e->number = l->base + l->n;
		added = true;
		wake_readers(l);
	}
	pthread_mutex_unlock(&l->mutex);
	if (added && l->grown)
		l->grown(l);
}

/* l->base may wrap below zero, as its events have other numbers: what counts is base + n. */
void event_log_rebase(struct event_log *l, unsigned long base)
{
	pthread_mutex_lock(&l->mutex);
	l->base = base - l->n;
	l->behind = false;
	list_for_each (p, &l->readers) {
		struct reply_reader *rd = list_entry(p, struct reply_reader, link);

		if (rd->cursor > l->n)
			rd->cursor = l->n;
	}
	pthread_mutex_unlock(&l->mutex);
}

void event_log_close(struct event_log *l)
{
	pthread_mutex_lock(&l->mutex);
	l->closed = true;
	list_for_each (p, &l->readers) {
		struct reply_reader *rd = list_entry(p, struct reply_reader, link);

		if (rd->cursor > l->n) /* it came with a number that was never given */
			rd->cursor = 0;
	}
	wake_readers(l);
	pthread_mutex_unlock(&l->mutex);
}

/* --- Readers ---------------------------------------------------------------- */

void reply_reader_init(struct reply_reader *rd, struct reply *r)
{
	struct event_log *l = reply_log(r);

	*rd = (struct reply_reader){ .reply = reply_ref(r), .fd = -1 };
	pthread_mutex_lock(&l->mutex);
	list_append(&l->readers, &rd->link);
	pthread_mutex_unlock(&l->mutex);
}

void reply_reader_finish(struct reply_reader *rd)
{
	struct event_log *l;

	if (!rd->reply)
		return;
	l = reply_log(rd->reply);
	pthread_mutex_lock(&l->mutex);
	list_remove(&rd->link);
	pthread_mutex_unlock(&l->mutex);
	if (rd->fd >= 0)
		close(rd->fd);
	reply_unref(TAKE_PTR(rd->reply));
}

/* Mutex held.  Waits for a change; false: the time is over. */
static bool event_log_wait(struct event_log *l, int timeout_ms, const struct timespec *deadline)
{
	if (timeout_ms == 0)
		return false;
	if (timeout_ms < 0)
		return pthread_cond_wait(&l->changed, &l->mutex) == 0;
	return pthread_cond_timedwait(&l->changed, &l->mutex, deadline) != ETIMEDOUT;
}

/* Mutex held.  The descriptor is readable exactly while there is something to read. */
static void settle_fd(struct reply_reader *rd, const struct event_log *l)
{
	uint64_t n;

	if (rd->fd < 0 || rd->cursor < l->n || l->closed)
		return;
	if (read(rd->fd, &n, sizeof(n)) < 0)
		return;
}

int reply_reader_next(struct reply_reader *rd, int timeout_ms, const assistant_event **out)
{
	struct event_log *l = reply_log(rd->reply);
	struct timespec deadline;
	int r = ASSISTANT_ETIMEOUT;

	clock_deadline(timeout_ms > 0 ? timeout_ms : 0, &deadline);
	pthread_mutex_lock(&l->mutex);
	while (rd->cursor >= l->n && !l->closed)
		if (!event_log_wait(l, timeout_ms, &deadline))
			break;
	if (rd->cursor < l->n) {
		*out = l->events[rd->cursor++];
		r = 0;
	} else if (l->closed) {
		r = ASSISTANT_ENOTFOUND;
	}
	settle_fd(rd, l);
	pthread_mutex_unlock(&l->mutex);
	return r;
}

int reply_reader_fd(struct reply_reader *rd)
{
	struct event_log *l = reply_log(rd->reply);

	pthread_mutex_lock(&l->mutex);
	if (rd->fd < 0)
		rd->fd =
			eventfd(rd->cursor < l->n || l->closed ? 1 : 0, EFD_NONBLOCK | EFD_CLOEXEC);
	pthread_mutex_unlock(&l->mutex);
	return rd->fd;
}

/* Mutex held.  The events to pass over. */
static size_t seek(const struct event_log *l, unsigned long after)
{
	size_t most = l->behind && !l->closed ? l->n + AHEAD_MAX : l->n;

	return after > l->base && after - l->base <= most ? after - l->base : 0;
}

void reply_reader_seek(struct reply_reader *rd, unsigned long after)
{
	struct event_log *l = reply_log(rd->reply);
	uint64_t one = 1;

	pthread_mutex_lock(&l->mutex);
	rd->cursor = seek(l, after);
	settle_fd(rd, l);
	if (rd->fd >= 0 && rd->cursor < l->n && write(rd->fd, &one, sizeof(one)) < 0)
		errno = 0; /* the counter is full: it is readable already */
	pthread_mutex_unlock(&l->mutex);
}

int event_log_wait_for(struct event_log *l, const bool *flag, int timeout_ms)
{
	struct timespec deadline;
	int r = 0;

	clock_deadline(timeout_ms > 0 ? timeout_ms : 0, &deadline);
	pthread_mutex_lock(&l->mutex);
	while (!*flag && !r)
		if (!event_log_wait(l, timeout_ms, &deadline))
			r = *flag ? 0 : ASSISTANT_ETIMEOUT;
	pthread_mutex_unlock(&l->mutex);
	return r;
}

void event_log_raise(struct event_log *l, bool *flag)
{
	pthread_mutex_lock(&l->mutex);
	*flag = true;
	wake_readers(l);
	pthread_mutex_unlock(&l->mutex);
}

/* --- Accessors -------------------------------------------------------------- */

int assistant_event_type(const assistant_event *e)
{
	return e->type;
}

const char *assistant_event_name(const assistant_event *e)
{
	return event_type_name(e->type);
}

unsigned long assistant_event_number(const assistant_event *e)
{
	return e->number;
}

const char *assistant_event_text(const assistant_event *e, size_t *len)
{
	if (len)
		*len = e->text_len;
	return e->text;
}

const char *assistant_event_json(const assistant_event *e)
{
	return e->json;
}
