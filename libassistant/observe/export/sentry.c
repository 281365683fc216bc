/*
 * sentry.c - the queue, and the one request at a time.
 */
#include "observe/export/sentry.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "observe/metrics.h"

#define MAX_WAITING   64
#define MAX_KNOWN     64
#define REPEATED_MS   60000
#define MAX_PER_HOUR  500
#define HOUR_MS	      3600000
#define TIMEOUT_MS    10000
#define MAX_ANSWER    65536
#define ARENA_BYTES   262144
#define TELL_AGAIN_MS 600000

/* An event that was sent lately. */
struct known {
	uint64_t fingerprint;
	int64_t sent_ms;
	unsigned repeated; /* left out since */
};

struct sentry {
	struct sentry_options options;
	char *environment, *release;
	struct sentry_dsn dsn;

	pthread_mutex_t lock; /* guards what follows */
	char *waiting[MAX_WAITING];
	size_t first, n_waiting;
	struct loop *loop; /* NULL: not started, or stopped */
	bool posted;
	struct loop_post post;

	/* loop thread */
	struct http *http;
	struct log *log;
	struct flow flow;
	struct arena *arena;
	char *envelope;
	struct http_response answer;
	bool sending;
	int64_t silent_until_ms, hour_ms, told_ms;
	unsigned sent_this_hour;
	struct known known[MAX_KNOWN];
};

static void count(struct sentry *s, const char *result)
{
	metrics_add(s->options.metrics, METRIC_SENTRY_EVENTS, result, 1);
}

int sentry_create(struct sentry **out, const struct sentry_options *options, struct fail *f)
{
	struct sentry_dsn dsn;
	struct sentry *s;
	int r = sentry_dsn_parse(options->dsn, &dsn, f);

	if (r < 0)
		return r;
	s = calloc(1, sizeof(*s));
	if (!s)
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	pthread_mutex_init(&s->lock, NULL);
	s->dsn = dsn;
	s->options = *options;
	s->options.dsn = NULL;
	s->options.environment = s->environment = strdup(options->environment);
	s->options.release = s->release = strdup(options->release);
	if (!s->environment || !s->release) {
		sentry_destroy(s);
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	}
	*out = s;
	return 0;
}

void sentry_destroy(struct sentry *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_waiting; i++)
		free(s->waiting[(s->first + i) % MAX_WAITING]);
	pthread_mutex_destroy(&s->lock);
	free(s->environment);
	free(s->release);
	free(s);
}

/* --- In ---------------------------------------------------------------------------- */

static void next_event(struct sentry *s);

static void wake(struct loop_post *p)
{
	struct sentry *s = container_of(p, struct sentry, post);
	bool running;

	pthread_mutex_lock(&s->lock);
	s->posted = false;
	running = s->loop;
	pthread_mutex_unlock(&s->lock);
	if (running)
		next_event(s);
}

/* Under the lock. */
static void post(struct sentry *s)
{
	if (!s->loop || s->posted || !s->n_waiting)
		return;
	s->posted = true;
	loop_post(s->loop, &s->post, wake);
}

void sentry_take(void *user, int level, const char *line_json)
{
	struct sentry *s = user;
	char *line = strdup(line_json);
	bool taken = false;

	(void)level;
	pthread_mutex_lock(&s->lock);
	if (line && s->n_waiting < MAX_WAITING) {
		s->waiting[(s->first + s->n_waiting++) % MAX_WAITING] = line;
		taken = true;
		post(s);
	}
	pthread_mutex_unlock(&s->lock);
	if (taken)
		return;
	free(line);
	count(s, "dropped");
}

static char *take_first(struct sentry *s)
{
	char *line = NULL;

	pthread_mutex_lock(&s->lock);
	if (s->n_waiting) {
		line = s->waiting[s->first];
		s->first = (s->first + 1) % MAX_WAITING;
		s->n_waiting--;
	}
	pthread_mutex_unlock(&s->lock);
	return line;
}

/* --- Out --------------------------------------------------------------------------- */

/* The slot of this event, else the one that was told longest ago. */
static struct known *slot_of(struct sentry *s, uint64_t fingerprint)
{
	struct known *oldest = &s->known[0];

	for (size_t i = 0; i < MAX_KNOWN; i++) {
		if (s->known[i].fingerprint == fingerprint)
			return &s->known[i];
		if (s->known[i].sent_ms < oldest->sent_ms)
			oldest = &s->known[i];
	}
	*oldest = (struct known){ 0 };
	return oldest;
}

/* NULL: may be sent; else the result to count it under. */
static const char *held_back(struct sentry *s, uint64_t fingerprint, struct known **slot)
{
	int64_t now = loop_now_ms(s->loop);

	*slot = slot_of(s, fingerprint);
	if (now - s->hour_ms >= HOUR_MS) {
		s->hour_ms = now;
		s->sent_this_hour = 0;
	}
	if ((*slot)->fingerprint && now - (*slot)->sent_ms < REPEATED_MS) {
		(*slot)->repeated++;
		return "repeated";
	}
	if (now < s->silent_until_ms || s->sent_this_hour >= MAX_PER_HOUR)
		return "limited";
	return NULL;
}

static void send_ended(struct flow *f)
{
	struct sentry *s = container_of(f, struct sentry, flow);

	if (f->status < 0 && f->status != ASSISTANT_ECANCELED) {
		count(s, "failed");
		/* Told as information: a line of this log that were an event would be the next to fail. */
		if (!s->told_ms || loop_now_ms(f->loop) - s->told_ms >= TELL_AGAIN_MS)
			log_fail(s->log, LOG_INFO, "sentry.failed", &f->fail);
		s->told_ms = loop_now_ms(f->loop);
	}
	free(s->envelope);
	s->envelope = NULL;
	arena_destroy(s->arena);
	s->arena = NULL;
	s->sending = false;
	if (f->status != ASSISTANT_ECANCELED)
		next_event(s);
}

static void send_answered(struct flow *f)
{
	struct sentry *s = container_of(f, struct sentry, flow);
	int64_t limited_ms = sentry_limited_ms(&s->answer);
	int status = s->answer.status;

	if (limited_ms)
		s->silent_until_ms = loop_now_ms(f->loop) + limited_ms;
	if (status == 429) {
		count(s, "limited");
	} else if (status < 200 || status > 299) {
		flow_fail(f, FAIL(&f->fail, ASSISTANT_EPROTOCOL,
				  "Sentry answered %d: check SENTRY_DSN.", status));
		return;
	} else {
		count(s, "sent");
	}
	flow_done(f);
}

static void send_begin(struct flow *f)
{
	struct sentry *s = container_of(f, struct sentry, flow);
	const struct http_header headers[] = {
		{ "Content-Type", "application/x-sentry-envelope" },
		{ "X-Sentry-Auth", s->dsn.auth },
	};
	const struct http_request rq = {
		.method = "POST",
		.url = s->dsn.url,
		.headers = headers,
		.n_headers = ARRAY_SIZE(headers),
		.body = s->envelope,
		.body_len = strlen(s->envelope),
		.timeout_ms = TIMEOUT_MS,
		.max_body_bytes = MAX_ANSWER,
	};

	http_send(s->http, &rq, &s->answer, s->arena, THEN(f, send_answered));
}

/* Whether a request is under way with it. */
static bool send(struct sentry *s, const char *line)
{
	uint64_t fingerprint = sentry_fingerprint(line);
	struct known *slot = NULL;
	const char *why = fingerprint ? held_back(s, fingerprint, &slot) : "dropped";

	if (why) {
		count(s, why);
		return false;
	}
	s->arena = arena_create(ARENA_BYTES);
	s->envelope = s->arena ? sentry_envelope(&s->options, &s->dsn, line, slot->repeated) : NULL;
	if (!s->envelope) {
		arena_destroy(s->arena);
		s->arena = NULL;
		count(s, "dropped");
		return false;
	}
	*slot = (struct known){ .fingerprint = fingerprint, .sent_ms = loop_now_ms(s->loop) };
	s->sent_this_hour++;
	s->sending = true;
	flow_begin(&s->flow, s->loop, NULL, "sentry", FIRST(send_begin), send_ended);
	return true;
}

static void next_event(struct sentry *s)
{
	char *line;

	while (!s->sending && (line = take_first(s))) {
		bool under_way = send(s, line);

		free(line);
		if (under_way)
			return;
	}
}

/* --- Start and stop ------------------------------------------------------------------ */

void sentry_start(struct sentry *s, struct loop *loop, struct http *http, struct log *log)
{
	s->http = http;
	s->log = log;
	s->hour_ms = loop_now_ms(loop);
	pthread_mutex_lock(&s->lock);
	s->loop = loop;
	post(s);
	pthread_mutex_unlock(&s->lock);
}

bool sentry_idle(struct sentry *s)
{
	bool waits;

	if (!s)
		return true;
	pthread_mutex_lock(&s->lock);
	waits = s->n_waiting > 0;
	pthread_mutex_unlock(&s->lock);
	return !waits && !s->sending;
}

void sentry_stop(struct sentry *s)
{
	if (!s || !s->loop)
		return;
	if (s->sending)
		flow_cancel(&s->flow);
	pthread_mutex_lock(&s->lock);
	s->loop = NULL;
	pthread_mutex_unlock(&s->lock);
}
