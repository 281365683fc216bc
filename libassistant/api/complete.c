/*
 * complete.c - embedding what an index lacks, behind the visitors' backs; see follow.h.
 *
 *	plan --> something lacks --> lock --> used again, planned again: another process may have been at it
 *	  ^                           |
 *	  |                           +--> embed, build --> used --> end
 *	  +--- after a failure, a while later
 */
#include "api/follow.h"
#include "cache/cache.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include "observe/log.h"
#include "search/indexing.h"

#define LOCKED_MS     3000  /* how often a process looks whether the one that embeds is done */
#define RETRY_MS      30000 /* after a failure, doubled up to the maximum */
#define RETRY_MAX_MS  600000
#define LOCK_PATH_MAX 4352
#define SHARED_MS     300000

struct completion {
	struct flow flow;
	struct list link;
	assistant *a;
	struct catalog *catalog;
	struct indexing_counts counts;
	struct vector_space space;
	struct arena *arena;
	size_t n_points, done, total;
	int lock;    /* a descriptor, or -1 */
	bool shared; /* the lock of those who share the index: this one */
	char shared_key[160];
	int64_t retry_ms;
	bool told; /* of a failure; it is tried again in silence */
};

static flow_step complete_plan, complete_planned, complete_compared, complete_lock, complete_shared,
	complete_look, complete_embed, complete_use, complete_end;

static struct completion *completion_of(struct flow *f)
{
	return container_of(f, struct completion, flow);
}

static const struct snapshot *snapshot_of(const struct completion *c)
{
	return catalog_snapshot(c->catalog);
}

static void show(void *ctx, size_t done, size_t total)
{
	struct completion *c = ctx;

	c->done = done;
	c->total = total;
}

static struct indexing_request request_of(struct completion *c)
{
	return (struct indexing_request){
		.snapshot = (struct snapshot *)snapshot_of(c),
		.index = c->a->env.index,
		.embedder = c->a->env.embedder,
		.progress = show,
		.ctx = c,
	};
}

/* --- What lacks ----------------------------------------------------------------------- */

static void complete_plan(struct flow *f)
{
	struct completion *c = completion_of(f);
	struct indexing_request rq = request_of(c);

	indexing_plan(&rq, f->loop, &c->counts, THEN_ANYWAY(f, complete_planned));
}

static void try_later(struct completion *c)
{
	struct flow *f = &c->flow;

	log_fail(c->a->env.log, c->told ? LOG_DEBUG : LOG_WARN, "embedding.failed", &f->fail);
	c->told = true;
	flow_sleep(THEN(f, complete_plan), c->retry_ms);
	c->retry_ms = 2 * c->retry_ms < RETRY_MAX_MS ? 2 * c->retry_ms : RETRY_MAX_MS;
}

static void complete_planned(struct flow *f)
{
	struct completion *c = completion_of(f);
	struct index *x = c->a->env.index;

	if (f->status < 0) {
		try_later(c);
		return;
	}
	c->total = c->counts.embedded;
	x->ops->space(x, snapshot_of(c)->conference.id, c->arena, &c->space, &c->n_points,
		      THEN(f, complete_compared));
}

static void complete_over(struct flow *f)
{
	flow_done(f);
}

/* What is not given back, by a process that was killed, runs out. */
static void complete_unlock(struct flow *f)
{
	struct completion *c = completion_of(f);
	struct cache *cache = c->a->env.cache;

	if (c->shared)
		cache->ops->unlock(cache, c->shared_key, c->a->owner,
				   THEN_ANYWAY(f, complete_over));
	else
		flow_done(f);
}

static void complete_compared(struct flow *f)
{
	struct completion *c = completion_of(f);

	if (c->counts.embedded == 0 && c->n_points == c->counts.points)
		complete_unlock(f);
	else if (c->lock >= 0)
		complete_embed(f);
	else
		complete_lock(f);
}

static void lock_later(struct completion *c)
{
	close(c->lock);
	c->lock = -1;
	flow_sleep(THEN(&c->flow, complete_lock), LOCKED_MS);
}

/* Servers on several machines share an index that is not in a folder, and a lock when they share a Redis. */
static bool is_shared(const assistant *a)
{
	return a->redis && strcmp(a->env.index->ops->name, "flat") != 0;
}

/* One process embeds, and the others see what it made. */
static void complete_lock(struct flow *f)
{
	struct completion *c = completion_of(f);
	struct cache *cache = c->a->env.cache;
	char path[LOCK_PATH_MAX];

	snprintf(path, sizeof(path), "%s/embedding.%s.lock", c->a->data_directory,
		 snapshot_of(c)->conference.id);
	c->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (c->lock < 0) {
		flow_fail(f, FAIL(&f->fail, ASSISTANT_EUNAVAILABLE, "%.150s cannot be made: %s.",
				  path, strerror(errno)));
	} else if (flock(c->lock, LOCK_EX | LOCK_NB) != 0) {
		lock_later(c);
	} else if (is_shared(c->a)) {
		cache->ops->lock(cache, c->shared_key, c->a->owner, SHARED_MS, &c->shared,
				 THEN_ANYWAY(f, complete_shared));
	} else {
		complete_look(f);
	}
}

/* A cache that cannot tell is no reason not to: then some texts are embedded twice. */
static void complete_shared(struct flow *f)
{
	struct completion *c = completion_of(f);

	if (f->status >= 0 && !c->shared)
		lock_later(c);
	else
		complete_look(f);
}

static void complete_look(struct flow *f)
{
	struct completion *c = completion_of(f);
	struct index *x = c->a->env.index;

	x->ops->use(x, snapshot_of(c)->conference.id, snapshot_of(c)->epoch,
		    THEN_ANYWAY(f, complete_plan));
}

/* --- Making it ---------------------------------------------------------------------------- */

static void complete_embed(struct flow *f)
{
	struct completion *c = completion_of(f);
	struct indexing_request rq = request_of(c);

	log_write(c->a->env.log, c->told ? LOG_DEBUG : LOG_INFO, "embedding.begun", "s",
		  "conference_id", snapshot_of(c)->conference.id, "i", "texts",
		  (int64_t)c->counts.embedded, NULL);
	indexing_run(&rq, f->loop, &c->counts, THEN_ANYWAY(f, complete_use));
}

static void complete_use(struct flow *f)
{
	struct completion *c = completion_of(f);
	struct index *x = c->a->env.index;

	if (f->status < 0)
		try_later(c);
	else
		x->ops->use(x, snapshot_of(c)->conference.id, snapshot_of(c)->epoch,
			    THEN_ANYWAY(f, complete_end));
}

static void complete_end(struct flow *f)
{
	struct completion *c = completion_of(f);

	if (f->status < 0) {
		try_later(c);
	} else {
		log_write(c->a->env.log, LOG_INFO, "embedding.done", "s", "conference_id",
			  snapshot_of(c)->conference.id, "i", "texts", (int64_t)c->counts.texts,
			  "i", "embedded", (int64_t)c->counts.embedded, NULL);
		complete_unlock(f);
	}
}

/* --- Life ------------------------------------------------------------------------------------- */

static void complete_ended(struct flow *f)
{
	struct completion *c = completion_of(f);

	list_remove(&c->link);
	if (f->status < 0 && f->status != ASSISTANT_ECANCELED)
		log_fail(c->a->env.log, LOG_WARN, "embedding.failed", &f->fail);
	if (c->lock >= 0)
		close(c->lock);
	catalog_unref(c->catalog);
	arena_destroy(c->arena);
	free(c);
}

static void stop(assistant *a, const char *conference_id)
{
	list_for_each_safe (l, &a->completions) {
		struct completion *c = list_entry(l, struct completion, link);

		if (!conference_id || !strcmp(snapshot_of(c)->conference.id, conference_id))
			flow_cancel(&c->flow);
	}
}

void complete_start(assistant *a, struct catalog *catalog)
{
	struct completion *c;

	if (!a->config->sweeps || !a->env.embedder)
		return;
	stop(a, catalog_snapshot(catalog)->conference.id);
	c = calloc(1, sizeof(*c));
	if (c)
		c->arena = arena_create(1 << 20);
	if (!c || !c->arena) {
		free(c);
		return; /* words answer meanwhile; the next epoch tries again */
	}
	c->a = a;
	c->catalog = catalog_ref(catalog);
	snprintf(c->shared_key, sizeof(c->shared_key), "embedding:%s",
		 catalog_snapshot(catalog)->conference.id);
	c->lock = -1;
	c->retry_ms = RETRY_MS;
	list_append(&a->completions, &c->link);
	flow_begin(&c->flow, a->env.loop, NULL, "completing", FIRST(complete_plan), complete_ended);
}

void complete_stop(assistant *a)
{
	stop(a, NULL);
}

void complete_progress(const assistant *a, struct completing *out)
{
	*out = (struct completing){ 0 };
	list_for_each (l, &a->completions) {
		const struct completion *c = list_entry(l, struct completion, link);

		out->conferences += c->total > 0;
		out->done += c->done;
		out->total += c->total;
	}
}
