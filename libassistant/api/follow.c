/*
 * follow.c - see follow.h.
 *
 *	use --> good? --no--> built with the vectors there are --> used
 *	         yes --------------------------------------------------+--> complete.c
 */
#include "api/follow.h"
#include "observe/log.h"
#include "search/indexing.h"

struct use {
	struct wait wait; /* of the catalog that is being loaded */
	struct flow flow;
	struct list link;
	assistant *a;
	struct catalog *catalog;
	struct indexing_counts counts;
};

static flow_step use_begin, use_tried, use_built;

static struct use *use_of(struct flow *f)
{
	return container_of(f, struct use, flow);
}

static const char *use_id(const struct use *u)
{
	return catalog_snapshot(u->catalog)->conference.id;
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

static void use_ended(struct flow *f)
{
	struct use *u = use_of(f);

	list_remove(&u->link);
	if (f->status >= 0)
		complete_start(u->a, u->catalog);
	wait_finish(&u->wait, f->status, &f->fail);
}

static void use_release(struct wait *w)
{
	struct use *u = container_of(w, struct use, wait);

	catalog_unref(u->catalog);
	free(u);
}

void follow_epoch(void *ctx, struct catalog *fresh, struct flow *f)
{
	assistant *a = ctx;
	struct use *u = calloc(1, sizeof(*u));

	if (!u) {
		flow_refuse(f, ASSISTANT_ENOMEM, NULL);
		return;
	}
	u->a = a;
	u->catalog = catalog_ref(fresh);
	wait_begin(&u->wait, f);
	u->wait.release = use_release;
	list_append(&a->uses, &u->link);
	flow_begin(&u->flow, a->env.loop, NULL, "use", FIRST(use_begin), use_ended);
}

void follow_stop(assistant *a)
{
	list_for_each_safe (l, &a->uses)
		flow_cancel(&list_entry(l, struct use, link)->flow);
}
