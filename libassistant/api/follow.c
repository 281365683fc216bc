/*
 * follow.c - see follow.h.
 *
 *	use --> good? --no--> built with the vectors there are --> used
 *	 ^       yes --------------------------------------------------+--> complete.c
 *	 +--- a while later, when the index could not be reached: its conference is served meanwhile, from the records
 */
#include "api/follow.h"
#include <string.h>
#include "observe/log.h"
#include "search/indexing.h"

#define AGAIN_MS     1000 /* doubled up to the maximum */
#define AGAIN_MAX_MS 15000

struct use {
	struct wait wait; /* of the catalog that is being loaded; later nobody waits */
	bool alone;
	int64_t pause_ms;
	struct flow flow;
	struct list link;
	assistant *a;
	struct catalog *catalog;
	struct indexing_counts counts;
};

static flow_step use_pause, use_begin, use_tried, use_built;
static void use_again(const struct use *u);

static struct use *use_of(struct flow *f)
{
	return container_of(f, struct use, flow);
}

static const char *use_id(const struct use *u)
{
	return catalog_snapshot(u->catalog)->conference.id;
}

static void use_pause(struct flow *f)
{
	flow_sleep(THEN(f, use_begin), use_of(f)->pause_ms);
}

static void use_begin(struct flow *f)
{
	struct use *u = use_of(f);
	struct index *x = u->a->env.index;

	x->ops->use(x, use_id(u), catalog_snapshot(u->catalog)->epoch, THEN_ANYWAY(f, use_tried));
}

/* An index is made of the store's records, so none is missed for long: a store of another kind brings conferences that were never
 * ingested here, a file may be of another version's format, or damaged.  It answers by words until its texts are embedded. */
static void say_why(const struct use *u, const struct fail *why)
{
	log_write(u->a->env.log, LOG_WARN, "index.made_anew", "s", "conference_id", use_id(u), "s",
		  "because", why->text[0] ? why->text : fail_sentence(why->code), NULL);
}

static void use_tried(struct flow *f)
{
	struct use *u = use_of(f);
	const struct indexing_request rq = {
		.snapshot = (struct snapshot *)catalog_snapshot(u->catalog),
		.index = u->a->env.index,
		.embedder = u->a->env.embedder,
		.known_only = true,
	};

	if (f->status == ASSISTANT_EPROTOCOL)
		say_why(u, &f->fail);
	if (f->status == ASSISTANT_ENOTFOUND || f->status == ASSISTANT_EPROTOCOL)
		indexing_run(&rq, f->loop, &u->counts, THEN(f, use_built));
	else if (f->status < 0)
		flow_fail(f, f->status);
	else
		flow_done(f);
}

static void use_built(struct flow *f)
{
	struct use *u = use_of(f);
	struct index *x = u->a->env.index;

	x->ops->use(x, use_id(u), catalog_snapshot(u->catalog)->epoch, THEN(f, api_call_done));
}

static void use_free(struct use *u)
{
	catalog_unref(u->catalog);
	free(u);
}

static void use_ended(struct flow *f)
{
	struct use *u = use_of(f);

	list_remove(&u->link);
	if (f->status >= 0)
		complete_start(u->a, u->catalog);
	else if (f->status != ASSISTANT_ECANCELED)
		use_again(u);
	if (u->alone)
		use_free(u);
	else
		wait_finish(&u->wait, f->status, &f->fail);
}

static void use_release(struct wait *w)
{
	use_free(container_of(w, struct use, wait));
}

static struct use *use_create(assistant *a, struct catalog *catalog)
{
	struct use *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->a = a;
	u->catalog = catalog_ref(catalog);
	list_append(&a->uses, &u->link);
	return u;
}

/* Behind everybody's back, until it succeeds or a newer epoch is there. */
static void use_again(const struct use *u)
{
	struct use *again = use_create(u->a, u->catalog);

	if (!again)
		return;
	again->alone = true;
	again->pause_ms = !u->pause_ms			   ? AGAIN_MS
			  : 2 * u->pause_ms < AGAIN_MAX_MS ? 2 * u->pause_ms
							   : AGAIN_MAX_MS;
	flow_begin(&again->flow, u->a->env.loop, NULL, "use", FIRST(use_pause), use_ended);
}

static void stop_alone(assistant *a, const char *conference_id)
{
	list_for_each_safe (l, &a->uses) {
		struct use *u = list_entry(l, struct use, link);

		if (u->alone && !strcmp(use_id(u), conference_id))
			flow_cancel(&u->flow);
	}
}

void follow_epoch(void *ctx, struct catalog *fresh, struct flow *f)
{
	assistant *a = ctx;
	struct use *u;

	stop_alone(a, catalog_snapshot(fresh)->conference.id);
	u = use_create(a, fresh);
	if (!u) {
		flow_refuse(f, ASSISTANT_ENOMEM, NULL);
		return;
	}
	wait_begin(&u->wait, f);
	u->wait.release = use_release;
	flow_begin(&u->flow, a->env.loop, NULL, "use", FIRST(use_begin), use_ended);
}

void follow_stop(assistant *a)
{
	list_for_each_safe (l, &a->uses)
		flow_cancel(&list_entry(l, struct use, link)->flow);
}
