/*
 * sentry.h - warnings and errors of the log become events of a Sentry, or of anything that speaks its envelopes.
 *
 *	log line --> sentry_take --> queue --> loop: repeated? limited? --> envelope --> POST .../envelope/
 *
 * In the background, one request at a time, and never in anybody's way: the queue is short, what it cannot hold is counted
 * and dropped, and nothing is tried twice.  An event is the log line's event, its sentence, where it began
 * and a few named fields: no text of visitors or records, none of their addresses, no ids of conversations.  The same event within a minute
 * is counted and told with the next one.  Sentry's rate limits are obeyed.
 *
 * The protocol: https://develop.sentry.dev/sdk/data-model/envelopes/ and /sdk/expected-features/rate-limiting/
 */
#ifndef OBSERVE_EXPORT_SENTRY_H
#define OBSERVE_EXPORT_SENTRY_H

#include <stdbool.h>
#include <stdint.h>
#include "aio/http.h"
#include "observe/log.h"

struct sentry;

struct sentry_options {
	const char *dsn;	 /* https://KEY@HOST[:PORT][/PATH]/PROJECT */
	const char *environment; /* "production" */
	const char *release;	 /* "erleah@0.1.0" */
	const struct clock *clock;
	struct metrics *metrics; /* METRIC_SENTRY_EVENTS by result; may be NULL */
};

/* Copies what it is given, but for clock and metrics, which must outlive it.  0, ECONFIG (the DSN) or ENOMEM. */
int sentry_create(struct sentry **out, const struct sentry_options *options, struct fail *f);
void sentry_destroy(struct sentry *s);

/* An assistant_log_fn whose user is the sentry.  Any thread, before sentry_start too. */
void sentry_take(void *user, int level, const char *line_json);

/* Loop thread: events are sent from now on.  http is borrowed until sentry_stop. */
void sentry_start(struct sentry *s, struct loop *loop, struct http *http, struct log *log);
/* Loop thread.  Whether nothing waits or is under way. */
bool sentry_idle(struct sentry *s);
/* Loop thread: drops what waits; after it nothing is sent. */
void sentry_stop(struct sentry *s);

/* For tests of the parts: sentry_event.c */
struct sentry_dsn {
	char url[512]; /* of the envelopes */
	char auth[256];
	char shown[512]; /* the DSN without its secret part, for the envelope's header */
};
int sentry_dsn_parse(const char *dsn, struct sentry_dsn *out, struct fail *f);
/* A whole envelope for a log line; malloc()ed, NULL: no line of ours, or no memory.  repeated: how often the event was left out. */
char *sentry_envelope(const struct sentry_options *options, const struct sentry_dsn *dsn,
		      const char *line_json, unsigned repeated);
/* What makes two events the same: its event, code and origin.  0: no line of ours. */
uint64_t sentry_fingerprint(const char *line_json);
/* For how long no event may be sent, in ms, by an answer's status and headers; 0: none. */
int64_t sentry_limited_ms(const struct http_response *rs);

#endif
