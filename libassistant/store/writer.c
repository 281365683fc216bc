/*
 * writer.c - batches of changed rows, paced by what the store answers.
 *
 *	FIRST --\
 *	DIRTY ---+--> batch --> messages_write --+--> IDLE (or DIRTY again)
 *	FINAL --/                                +--> COMPLETING --> messages_complete --> written
 *
 * Completion is a request of its own: on PostgreSQL Directus tells subscribers of an array PATCH
 * from inside its transaction, so a status that changed in one would be read back as the old one.
 */
#include "store/writer.h"

#include <errno.h>
#include <string.h>
#include "base/check.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "store/spool.h"

#define BACKOFF_FIRST_MS 250
#define BACKOFF_MAX_MS	 4000
#define RECOVER_EVERY_MS 60000
#define REST_SHARE                                                                                 \
	2 /* of the time that texts took, the store is then left to others for one in so many */
#define REST_SHARE_LATE 8 /* the same while rows wait for longer than: */
#define LATE_MS		2000

struct writer {
	struct loop *loop;
	struct store *store;
	const struct clock *clock;
	struct writer_options options;
	struct metrics *metrics;
	struct log *log;
	struct list queues[WRITER_QUEUES];
	struct list requests;
	struct spool *spool;
	struct loop_timer timer, recover_timer;
	int in_flight;
	int backoff_ms;
	int64_t paused_until_ms;
	int64_t latency_ms; /* smoothed, of writes */
	bool growing;	   /* a request with texts that only grow is under way: one at a time ... */
	int64_t rested_ms; /* ... and no other one before this */
	bool pumping;
};

/* One request under way. */
struct request {
	struct flow flow;
	struct list link;
	struct writer *w;
	bool completes, grows;
	size_t n;
	int64_t began_ms;
	struct writer_row **rows; /* NULL where the row was closed meanwhile */
	bool *final, *missing;
	struct message_patch *patches;
	const char **ids;
	struct arena *arena;
};

static void pump(struct writer *w);
static flow_step request_send, request_answered;

static void enqueue(struct writer *w, struct writer_row *row, enum writer_queue queue)
{
	if (row->link.next)
		list_remove(&row->link);
	row->queue = queue;
	list_append(&w->queues[queue], &row->link);
}

static void timer_fired(struct loop_timer *t)
{
	pump(container_of(t, struct writer, timer));
}

static void wake_in(struct writer *w, int64_t ms)
{
	loop_timer_start(w->loop, &w->timer, ms < 0 ? 0 : ms, timer_fired);
}

static void recover_fired(struct loop_timer *t)
{
	writer_recover(container_of(t, struct writer, recover_timer));
}

struct writer *writer_create(struct loop *loop, struct store *store, const struct clock *clock,
			     const struct writer_options *options, struct metrics *metrics,
			     struct log *log)
{
	struct writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	*w = (struct writer){ .loop = loop,
			      .store = store,
			      .clock = clock,
			      .options = *options,
			      .metrics = metrics,
			      .log = log };
	for (int q = 0; q < WRITER_QUEUES; q++)
		list_init(&w->queues[q]);
	list_init(&w->requests);
	if (options->spool_directory) {
		w->spool = spool_open(options->spool_directory, log);
		if (!w->spool) {
			free(w);
			return NULL;
		}
		loop_timer_start(loop, &w->recover_timer, 0, recover_fired);
	}
	return w;
}

void writer_destroy(struct writer *w)
{
	if (!w)
		return;
	while (!list_empty(&w->requests)) {
		struct request *rq = list_entry(w->requests.next, struct request, link);

		flow_cancel(&rq->flow);
	}
	for (int q = 0; q < WRITER_QUEUES; q++)
		list_for_each_safe (l, &w->queues[q])
			writer_close(w, list_entry(l, struct writer_row, link));
	loop_timer_stop(&w->timer);
	loop_timer_stop(&w->recover_timer);
	spool_close(w->spool);
	free(w);
}

char *writer_live_metadata(struct writer *w, const char *live_fields)
{
	_cleanup_json_ struct json_object *o = NULL;
	char until[TIME_TEXT_SIZE];

	if (!live_fields || json_parse(live_fields, strlen(live_fields), &o, NULL) < 0)
		o = json_object_new_object();
	time_format_utc(clock_now_ms(w->clock) + w->options.lease_ms, until);
	json_set_string(o, "lease_until", until);
	json_set_string(o, "lease_owner", w->options.owner);
	return json_dump(o);
}

void writer_open(struct writer *w, struct writer_row *row)
{
	PRE(!row->open && row->id && row->text && row->written);
	row->open = true;
	row->last_write_ms = row->leased_ms = loop_now_ms(w->loop);
	row->in_flight = row->touched = row->wrote_once = row->gone = row->alone = false;
	row->final_metadata = NULL;
	row->ended_ms = 0;
	row->link = (struct list){ NULL, NULL };
	enqueue(w, row, WRITER_IDLE);
	wake_in(w, 0);
}

void writer_touch(struct writer *w, struct writer_row *row)
{
	PRE(row->open && !row->final_metadata);
	if (row->gone)
		return;
	if (!row->touched)
		row->dirty_since_ms = loop_now_ms(w->loop);
	row->touched = true;
	if (row->in_flight || row->queue != WRITER_IDLE)
		return;
	enqueue(w, row, row->wrote_once ? WRITER_DIRTY : WRITER_FIRST);
	wake_in(w, 0);
}

void writer_end(struct writer *w, struct writer_row *row, const char *metadata_json)
{
	PRE(row->open && !row->final_metadata);
	row->final_metadata = strdup(metadata_json);
	row->ended_ms = loop_now_ms(w->loop);
	if (!row->touched)
		row->dirty_since_ms = row->ended_ms;
	row->touched = true;
	if (!row->in_flight)
		enqueue(w, row, WRITER_FINAL);
	wake_in(w, 0);
}

void writer_close(struct writer *w, struct writer_row *row)
{
	if (!row->open)
		return;
	row->open = false;
	list_remove(&row->link);
	free(row->final_metadata);
	row->final_metadata = NULL;
	if (!row->in_flight)
		return;
	list_for_each (l, &w->requests) {
		struct request *rq = list_entry(l, struct request, link);

		for (size_t i = 0; i < rq->n; i++)
			if (rq->rows[i] == row)
				rq->rows[i] = NULL;
	}
}

/* The row is done: its owner hears of it last, and may free it. */
static void row_written(struct writer *w, struct writer_row *row, int status)
{
	metrics_observe(w->metrics, METRIC_WRITER_LAG_SECONDS, NULL,
			(double)(loop_now_ms(w->loop) - row->ended_ms) / 1000.0);
	writer_close(w, row);
	row->written(row, status);
}

/* --- Requests --------------------------------------------------------------- */

static struct request *request_create(struct writer *w, size_t max)
{
	struct arena *arena = arena_create(1 << 20);
	struct request *rq = arena ? arena_new(arena, struct request) : NULL;

	if (!rq) {
		arena_destroy(arena);
		return NULL;
	}
	rq->arena = arena;
	rq->w = w;
	rq->rows = arena_array(arena, struct writer_row *, max);
	rq->final = arena_array(arena, bool, max);
	rq->missing = arena_array(arena, bool, max);
	rq->patches = arena_array(arena, struct message_patch, max);
	rq->ids = arena_array(arena, const char *, max);
	return rq;
}

/* The patch of one row as it stands now.  Texts are borrowed: the store copies them when it is called. */
static void request_add(struct request *rq, struct writer_row *row)
{
	struct writer *w = rq->w;
	size_t i = rq->n++, len;
	int64_t now = loop_now_ms(w->loop);
	struct message_patch *p = &rq->patches[i];

	rq->rows[i] = row;
	rq->ids[i] = p->id = row->id;
	rq->final[i] = row->final_metadata != NULL;
	row->in_flight = true;
	list_remove(&row->link);
	if (rq->completes)
		return;
	p->text = row->text(row, &len);
	if (rq->final[i]) {
		p->metadata = row->final_metadata;
	} else if (now - row->leased_ms >= w->options.lease_ms / 3) {
		char *live = writer_live_metadata(w, row->live_fields);

		p->metadata = arena_strdup(rq->arena, live);
		row->leased_ms = now;
		free(live);
	}
	row->touched = false;
}

static void request_ended(struct flow *f)
{
	struct request *rq = container_of(f, struct request, flow);
	struct writer *w = rq->w;

	list_remove(&rq->link);
	w->in_flight--;
	if (rq->grows)
		w->growing = false;
	arena_destroy(rq->arena);
}

static void request_begin(struct request *rq)
{
	struct writer *w = rq->w;

	w->in_flight++;
	w->growing = w->growing || rq->grows;
	rq->began_ms = loop_now_ms(w->loop);
	list_append(&w->requests, &rq->link);
	flow_begin(&rq->flow, w->loop, NULL, "writer", FIRST(request_send), request_ended);
	flow_set_deadline(&rq->flow, 60000);
}

/* Rows closed since the batch was made leave it; the others are asked for their newest text. */
static void request_send(struct flow *f)
{
	struct request *rq = container_of(f, struct request, flow);
	struct store *s = rq->w->store;
	size_t n = 0;

	for (size_t i = 0; i < rq->n; i++) {
		struct writer_row *row = rq->rows[i];
		size_t len;

		if (!row)
			continue;
		rq->patches[n] = rq->patches[i];
		rq->final[n] = row->final_metadata != NULL;
		rq->rows[n] = row;
		rq->ids[n] = row->id;
		if (!rq->completes) {
			rq->patches[n].text = row->text(row, &len);
			if (rq->final[n])
				rq->patches[n].metadata = row->final_metadata;
			row->touched = false;
		}
		n++;
	}
	rq->n = n;
	if (!n) {
		flow_done(f);
		return;
	}
	metrics_add(rq->w->metrics, METRIC_WRITER_ROWS, rq->completes ? "complete" : "text",
		    (double)n);
	if (rq->completes)
		s->ops->messages_complete(s, rq->ids, n, THEN_ANYWAY(f, request_answered));
	else
		s->ops->messages_write(s, rq->patches, n, rq->missing,
				       THEN_ANYWAY(f, request_answered));
}

/* A row whose text stands in the store now. */
static void row_landed(struct request *rq, size_t i)
{
	struct writer *w = rq->w;
	struct writer_row *row = rq->rows[i];

	row->in_flight = false;
	row->last_write_ms = loop_now_ms(w->loop);
	row->alone = false;
	if (rq->missing[i] && !rq->completes) {
		row->gone = true;
		if (row->final_metadata)
			row_written(w, row, ASSISTANT_ENOTFOUND);
		else
			enqueue(w, row, WRITER_IDLE);
		return;
	}
	if (!row->wrote_once && !rq->final[i])
		metrics_observe(w->metrics, METRIC_WRITER_LAG_SECONDS, NULL,
				(double)(row->last_write_ms - row->dirty_since_ms) / 1000.0);
	row->wrote_once = true;
	if (rq->completes)
		row_written(w, row, 0);
	else if (rq->final[i])
		enqueue(w, row, WRITER_COMPLETING);
	else if (row->final_metadata)
		enqueue(w, row, WRITER_FINAL);
	else
		enqueue(w, row, row->touched ? WRITER_DIRTY : WRITER_IDLE);
}

/* Weather passes; anything else may be one row's fault, so such rows go alone next time. */
static bool is_weather(int status)
{
	return status == ASSISTANT_EUNAVAILABLE || status == ASSISTANT_ETIMEOUT ||
	       status == ASSISTANT_ELIMIT;
}

static void row_failed(struct request *rq, size_t i)
{
	struct writer *w = rq->w;
	struct writer_row *row = rq->rows[i];
	bool expired = row->final_metadata &&
		       loop_now_ms(w->loop) - row->ended_ms >= w->options.spool_after_ms;

	row->in_flight = false;
	row->touched = true;
	row->alone = row->alone || !is_weather(rq->flow.status);
	if (rq->completes)
		enqueue(w, row, WRITER_COMPLETING);
	else
		enqueue(w, row,
			row->final_metadata ? WRITER_FINAL
			: row->wrote_once   ? WRITER_DIRTY
					    : WRITER_FIRST);
	if (expired && w->spool) {
		size_t len;
		const char *text = row->text(row, &len);

		if (!spool_put(w->spool, row->id, text, row->final_metadata))
			row_written(w, row, ASSISTANT_EUNAVAILABLE);
	}
}

/* The one that waits longest stands first. */
static bool is_late(const struct writer *w)
{
	const struct list *dirty = &w->queues[WRITER_DIRTY];

	return !list_empty(dirty) &&
	       loop_now_ms(w->loop) -
			       list_entry(dirty->next, struct writer_row, link)->last_write_ms >
		       LATE_MS;
}

static void request_answered(struct flow *f)
{
	struct request *rq = container_of(f, struct request, flow);
	struct writer *w = rq->w;
	bool ok = f->status >= 0;
	int64_t took = loop_now_ms(w->loop) - rq->began_ms;

	metrics_add(w->metrics, METRIC_WRITER_REQUESTS, ok ? "ok" : "failed", 1);
	if (rq->grows)
		w->rested_ms =
			loop_now_ms(w->loop) + took / (is_late(w) ? REST_SHARE_LATE : REST_SHARE);
	if (ok) {
		w->backoff_ms = 0;
		w->latency_ms = (w->latency_ms * 7 + took) / 8;
	} else {
		int wait = w->backoff_ms ? w->backoff_ms : BACKOFF_FIRST_MS;
		uint16_t r;

		log_fail(w->log, LOG_WARN, "writer.failed", &f->fail);
		w->backoff_ms = wait * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : wait * 2;
		random_bytes(&r, sizeof(r));
		wait = wait / 2 + r % (wait / 2 + 1);
		if (f->fail.retry_after_ms > wait)
			wait = f->fail.retry_after_ms;
		w->paused_until_ms = loop_now_ms(w->loop) + wait;
	}
	for (size_t i = 0; i < rq->n; i++) {
		if (!rq->rows[i])
			continue;
		if (ok)
			row_landed(rq, i);
		else
			row_failed(rq, i);
	}
	wake_in(w, 0);
	flow_done(f);
}

/* --- Pace ------------------------------------------------------------------- */

/* A slow store is asked less often: one row's text at most every fourth of our time with it. */
static int64_t row_interval(const struct writer *w)
{
	int64_t stretched = w->latency_ms * 4;

	return stretched > w->options.interval_ms ? stretched : w->options.interval_ms;
}

/* Moves rows of a queue into the request.  A row that must go alone gets a request of its own. */
static void take(struct request *rq, enum writer_queue queue, int64_t not_before_ms)
{
	struct writer *w = rq->w;

	list_for_each_safe (l, &w->queues[queue]) {
		struct writer_row *row = list_entry(l, struct writer_row, link);

		if (rq->n >= (size_t)w->options.max_batch || (rq->n && rq->rows[0]->alone))
			return;
		if ((row->alone && rq->n) || (not_before_ms && row->last_write_ms > not_before_ms))
			continue;
		request_add(rq, row);
	}
}

/*
 * Texts that only grow share what the store can do with everybody who asks it something: with hundreds of rows and their
 * subscribers each row costs it some milliseconds, and whoever waits behind them waits long.
 */
static void take_grown(struct request *rq, int64_t now)
{
	struct writer *w = rq->w;
	size_t before = rq->n;

	if (w->growing || now < w->rested_ms)
		return;
	take(rq, WRITER_DIRTY, now - row_interval(w));
	rq->grows = rq->n > before;
}

/* Live rows whose lease runs low are written even when their text did not grow. */
static void take_leases(struct request *rq, int64_t now)
{
	struct writer *w = rq->w;

	list_for_each_safe (l, &w->queues[WRITER_IDLE]) {
		struct writer_row *row = list_entry(l, struct writer_row, link);

		if (rq->n >= (size_t)w->options.max_batch || (rq->n && rq->rows[0]->alone))
			return;
		if (!row->gone && now - row->leased_ms >= w->options.lease_ms / 3)
			request_add(rq, row);
	}
}

/* Starts one request; false: nothing is due. */
static bool send_one(struct writer *w, int64_t now)
{
	struct request *rq = request_create(w, (size_t)w->options.max_batch);

	if (!rq)
		return false;
	rq->completes = !list_empty(&w->queues[WRITER_COMPLETING]);
	if (rq->completes) {
		take(rq, WRITER_COMPLETING, 0);
	} else {
		take(rq, WRITER_FINAL, 0);
		take(rq, WRITER_FIRST, 0);
		take_grown(rq, now);
		take_leases(rq, now);
	}
	if (!rq->n) {
		arena_destroy(rq->arena);
		return false;
	}
	request_begin(rq);
	return true;
}

/* When something will be due although nothing new happens. */
static int64_t next_due_ms(const struct writer *w, int64_t now)
{
	int64_t due = -1, rest = w->rested_ms - now;

	list_for_each (l, &w->queues[WRITER_DIRTY]) {
		const struct writer_row *row = list_entry(l, struct writer_row, link);
		int64_t at = row->last_write_ms + row_interval(w) - now;

		if (w->growing) /* its end wakes us */
			break;
		at = at < rest ? rest : at;
		if (due < 0 || at < due)
			due = at < 1 ? 1 : at;
	}
	list_for_each (l, &w->queues[WRITER_IDLE]) {
		const struct writer_row *row = list_entry(l, struct writer_row, link);
		int64_t at = row->leased_ms + w->options.lease_ms / 3 - now;

		if (!row->gone && (due < 0 || at < due))
			due = at < 1 ? 1 : at;
	}
	return due;
}

static void pump(struct writer *w)
{
	int64_t now = loop_now_ms(w->loop), due;

	metrics_set(w->metrics, METRIC_WRITER_PENDING, NULL, (double)writer_pending(w));
	if (now < w->paused_until_ms) {
		wake_in(w, w->paused_until_ms - now);
		return;
	}
	while (w->in_flight < w->options.max_in_flight)
		if (!send_one(w, now))
			break;
	due = next_due_ms(w, now);
	if (due >= 0 && w->in_flight < w->options.max_in_flight)
		wake_in(w, due);
}

size_t writer_pending(const struct writer *w)
{
	size_t n = 0;

	for (int q = WRITER_DIRTY; q < WRITER_QUEUES; q++)
		list_for_each (l, &w->queues[q])
			n++;
	list_for_each (l, &w->requests)
		n += list_entry(l, struct request, link)->n;
	return n;
}

/* --- Spool ------------------------------------------------------------------ */

static void spool_row(struct writer *w, struct writer_row *row)
{
	size_t len;
	const char *text = row->text(row, &len);

	if (!w->spool || spool_put(w->spool, row->id, text, row->final_metadata) < 0)
		log_write(w->log, LOG_ERROR, "writer.lost", "s", "message", row->id, NULL);
	row_written(w, row, ASSISTANT_EUNAVAILABLE);
}

void writer_spool_all(struct writer *w)
{
	list_for_each_safe (l, &w->requests) {
		struct request *rq = list_entry(l, struct request, link);

		for (size_t i = 0; i < rq->n; i++)
			if (rq->rows[i] && rq->rows[i]->final_metadata)
				spool_row(w, rq->rows[i]);
	}
	for (int q = WRITER_FINAL; q <= WRITER_COMPLETING; q++)
		while (!list_empty(&w->queues[q]))
			spool_row(w, list_entry(w->queues[q].next, struct writer_row, link));
}

/* A final text from an earlier life. */
struct spooled {
	struct writer_row row;
	struct writer *w;
	char *id, *text;
};

static const char *spooled_text(struct writer_row *row, size_t *len)
{
	struct spooled *s = container_of(row, struct spooled, row);

	*len = strlen(s->text);
	return s->text;
}

static void spooled_written(struct writer_row *row, int status)
{
	struct spooled *s = container_of(row, struct spooled, row);

	if (status == 0 || status == ASSISTANT_ENOTFOUND)
		spool_remove(s->w->spool, s->id);
	spool_release(s->w->spool, s->id);
	metrics_set(s->w->metrics, METRIC_WRITER_SPOOLED, NULL, (double)spool_count(s->w->spool));
	free(s->id);
	free(s->text);
	free(s);
}

static void recover_one(void *ctx, const char *id, const char *text, const char *metadata)
{
	struct writer *w = ctx;
	struct spooled *s = calloc(1, sizeof(*s));

	if (!s)
		return;
	s->w = w;
	s->id = strdup(id);
	s->text = strdup(text);
	s->row = (struct writer_row){ .id = s->id,
				      .text = spooled_text,
				      .written = spooled_written };
	writer_open(w, &s->row);
	writer_end(w, &s->row, metadata);
}

bool writer_holds(const struct writer *w, const char *id)
{
	return w->spool && spool_has(w->spool, id);
}

void writer_recover(struct writer *w)
{
	if (!w->spool)
		return;
	spool_each(w->spool, recover_one, w);
	metrics_set(w->metrics, METRIC_WRITER_SPOOLED, NULL, (double)spool_count(w->spool));
	loop_timer_start(w->loop, &w->recover_timer, RECOVER_EVERY_MS, recover_fired);
}
