/*
 * catalogs.c - the loop's cache of catalogs: loaded on first use, followed when their epoch moves.
 *
 *	get --> known? --> due for a look? --> store: list of epochs --> moved? --> load --> index --> in place
 *	          |              |                                         |
 *	          +--- served at once while a look or a load is under way --+
 *
 * A load ends in catalog_create, which reads every text of the conference: on a lane, off the loop.
 *
 * One look and one load of a conference are under way at a time; whoever asks meanwhile joins or is served the old one.
 */
#include "search/catalog.h"

#include <string.h>
#include "aio/work.h"
#include "base/check.h"
#include "base/map.h"
#include "base/text.h"
#include "observe/log.h"
#include "observe/metrics.h"

struct entry {
	struct catalogs *owner;
	struct list link; /* most lately used first */
	char *id;
	struct catalog *catalog; /* NULL until the first load ended well */
	struct load *loading;
};

struct catalogs {
	struct loop *loop;
	struct store *store;
	struct lane *lane;
	int check_ms;
	size_t max_conferences, n;
	struct metrics *metrics;
	struct log *log;
	struct map *entries;
	struct list by_use;
	struct look *looking;
	int64_t looked_ms; /* when the last look ended well; -1: never */
	size_t warm_max;   /* to load after the next look */
	char *warm_first;
	void (*follow)(void *ctx, struct catalog *fresh, struct flow *f);
	void *follow_ctx;
};

/* Somebody who waits for a catalog. */
struct request {
	struct wait wait;
	struct list link; /* in a look or a load */
	struct catalogs *c;
	char *id, *fallback; /* id NULL: the default or the only one */
	bool by_name;
	struct catalog *catalog, **out;
};

struct look {
	struct flow flow;
	struct catalogs *c;
	struct arena *arena;
	struct conference_list list;
	struct list waiting;
};

struct load {
	struct flow flow;
	struct catalogs *c;
	struct entry *entry;
	struct snapshot *snapshot;
	struct catalog *fresh; /* until it is in place */
	struct list waiting;
};

static flow_step look_begin, look_done, load_begin, load_make, load_index, load_done;
static void load_start(struct entry *e, struct request *rq);

struct catalogs *catalogs_create(struct loop *loop, struct store *store, int check_ms,
				 size_t max_conferences, struct metrics *metrics, struct log *log)
{
	struct catalogs *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	*c = (struct catalogs){
		.loop = loop,
		.store = store,
		.check_ms = check_ms,
		.max_conferences = max_conferences,
		.metrics = metrics,
		.log = log,
		.looked_ms = -1,
	};
	list_init(&c->by_use);
	c->entries = map_create(max_conferences + 1);
	c->lane = lane_create(loop, "catalogs", 64);
	if (!c->entries || !c->lane) {
		map_destroy(c->entries, NULL);
		lane_destroy(c->lane);
		free(c);
		return NULL;
	}
	return c;
}

static void entry_drop(struct entry *e)
{
	struct catalogs *c = e->owner;

	map_remove(c->entries, e->id);
	list_remove(&e->link);
	catalog_unref(e->catalog);
	free(e->id);
	free(e);
	c->n--;
}

void catalogs_destroy(struct catalogs *c)
{
	if (!c)
		return;
	if (c->looking)
		flow_cancel(&c->looking->flow);
	list_for_each_safe (l, &c->by_use) {
		struct entry *e = list_entry(l, struct entry, link);

		if (e->loading)
			flow_cancel(&e->loading->flow);
	}
	while (!list_empty(&c->by_use))
		entry_drop(list_entry(c->by_use.next, struct entry, link));
	map_destroy(c->entries, NULL);
	lane_destroy(c->lane);
	free(c->warm_first);
	free(c);
}

void catalogs_on_epoch(struct catalogs *c,
		       void (*follow)(void *ctx, struct catalog *fresh, struct flow *f), void *ctx)
{
	c->follow = follow;
	c->follow_ctx = ctx;
}

/* The entry, made when missing; the least lately used one that is not loading goes when there are too many. */
static struct entry *entry_of(struct catalogs *c, const char *id)
{
	struct entry *e = map_get(c->entries, id);

	if (e) {
		list_remove(&e->link);
		list_prepend(&c->by_use, &e->link);
		return e;
	}
	for (struct list *l = c->by_use.prev; c->n >= c->max_conferences && l != &c->by_use;) {
		struct entry *old = list_entry(l, struct entry, link);

		l = l->prev;
		if (!old->loading)
			entry_drop(old);
	}
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->owner = c;
	e->id = strdup(id);
	if (!e->id || map_put(c->entries, id, e, NULL) < 0) {
		free(e->id);
		free(e);
		return NULL;
	}
	c->n++;
	list_prepend(&c->by_use, &e->link);
	return e;
}

/* --- Requests ---------------------------------------------------------------------------- */

static void request_deliver(struct wait *w)
{
	struct request *rq = container_of(w, struct request, wait);

	*rq->out = TAKE_PTR(rq->catalog);
}

static void request_release(struct wait *w)
{
	struct request *rq = container_of(w, struct request, wait);

	catalog_unref(rq->catalog);
	free(rq->id);
	free(rq->fallback);
	free(rq);
}

static void request_serve(struct request *rq, struct catalog *catalog)
{
	list_remove(&rq->link);
	rq->catalog = catalog_ref(catalog);
	wait_finish(&rq->wait, 0, NULL);
}

static void request_fail(struct request *rq, int code, const struct fail *f)
{
	struct fail ours = *f;

	/* What the store denies us is our failure, not that of who asked. */
	if (code == ASSISTANT_EDENIED)
		ours.code = code = ASSISTANT_EPROTOCOL;
	list_remove(&rq->link);
	wait_finish(&rq->wait, code, &ours);
}

/* --- What the store has, and at which epochs --------------------------------------------------- */

static const struct conference_brief *find_brief(const struct conference_list *list,
						 const char *id_or_name, bool by_name)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->rows[i].id, id_or_name))
			return &list->rows[i];
	for (size_t i = 0; by_name && i < list->n; i++)
		if (list->rows[i].name && !strcasecmp(list->rows[i].name, id_or_name))
			return &list->rows[i];
	return NULL;
}

/* "A (id), B (id)": for the one who must choose. */
static void name_all(const struct conference_list *list, struct text *out)
{
	for (size_t i = 0; i < list->n && i < 5; i++)
		text_printf(out, "%s%s (%s)", i ? ", " : "",
			    list->rows[i].name ? list->rows[i].name : "", list->rows[i].id);
	if (list->n > 5)
		text_append(out, ", ...");
}

static int choose(struct request *rq, const struct conference_list *list,
		  const struct conference_brief **out, struct fail *f)
{
	const char *wanted = rq->id ? rq->id : rq->fallback;
	struct text names;
	int r;

	*out = wanted	      ? find_brief(list, wanted, rq->by_name)
	       : list->n == 1 ? &list->rows[0]
			      : NULL;
	if (*out)
		return 0;
	if (!list->n)
		return FAIL(f, ASSISTANT_ENOTFOUND,
			    "There is no conference yet; load one with "
			    "erleah-ingest all FILE.");
	if (!rq->by_name)
		return FAIL(f, ASSISTANT_ENOTFOUND, "There is no such conference.");
	text_init(&names, 2000);
	name_all(list, &names);
	r = wanted ? FAIL(f, ASSISTANT_ENOTFOUND,
			  "There is no conference \"%.60s\"; there are: %s.", wanted, names.data)
		   : FAIL(f, ASSISTANT_ENOTFOUND, "Which conference? There are: %s.", names.data);
	text_finish(&names);
	return r;
}

/* A request whose conference is known now: served, or sent to load. */
static void request_place(struct request *rq, const struct conference_list *list)
{
	struct catalogs *c = rq->c;
	const struct conference_brief *brief = NULL;
	struct fail f = FAIL_INIT;
	struct entry *e;
	int r = choose(rq, list, &brief, &f);

	if (r < 0) {
		request_fail(rq, r, &f);
		return;
	}
	e = entry_of(c, brief->id);
	if (!e) {
		r = FAIL(&f, ASSISTANT_ENOMEM, "Out of memory.");
		request_fail(rq, r, &f);
	} else if (e->catalog && catalog_snapshot(e->catalog)->epoch == brief->epoch) {
		request_serve(rq, e->catalog);
	} else if (e->catalog) {
		load_start(e, NULL);
		request_serve(rq, e->catalog);
	} else {
		load_start(e, rq);
	}
}

/* Conferences that nobody asks for just now are followed too, so that the next question finds the new one. */
static void follow_epochs(struct catalogs *c, const struct conference_list *list)
{
	list_for_each_safe (l, &c->by_use) {
		struct entry *e = list_entry(l, struct entry, link);
		const struct conference_brief *brief = find_brief(list, e->id, false);

		if (!brief && e->catalog && !e->loading)
			entry_drop(e); /* the store does not have it any more */
		else if (brief && e->catalog && catalog_snapshot(e->catalog)->epoch != brief->epoch)
			load_start(e, NULL);
	}
}

static void warm(struct catalogs *c, const struct conference_brief *brief)
{
	struct entry *e = entry_of(c, brief->id);

	if (e && !e->catalog && !e->loading)
		load_start(e, NULL);
}

static void warm_those(struct catalogs *c, const struct conference_list *list)
{
	const struct conference_brief *first =
		c->warm_first ? find_brief(list, c->warm_first, true) : NULL;
	size_t left = c->warm_max;

	c->warm_max = 0;
	if (first && left) {
		warm(c, first);
		left--;
	}
	for (size_t i = 0; i < list->n && left; i++) {
		if (&list->rows[i] == first)
			continue;
		warm(c, &list->rows[i]);
		left--;
	}
}

static void look_ended(struct flow *f)
{
	struct look *k = container_of(f, struct look, flow);
	struct catalogs *c = k->c;

	c->looking = NULL;
	if (f->status >= 0) {
		c->looked_ms = loop_now_ms(c->loop);
		follow_epochs(c, &k->list);
		warm_those(c, &k->list);
	} else if (f->status != ASSISTANT_ECANCELED) {
		log_fail(c->log, LOG_WARN, "catalog.look_failed", &f->fail);
	}
	while (!list_empty(&k->waiting)) {
		struct request *rq = list_entry(k->waiting.next, struct request, link);
		struct entry *e = rq->id ? map_get(c->entries, rq->id) : NULL;

		if (f->status >= 0)
			request_place(rq, &k->list);
		else if (e && e->catalog)
			request_serve(rq, e->catalog);
		else
			request_fail(rq, f->status, &f->fail);
	}
	arena_destroy(k->arena);
	free(k);
}

static void look_begin(struct flow *f)
{
	struct look *k = container_of(f, struct look, flow);
	struct store *s = k->c->store;

	s->ops->conferences(s, k->arena, &k->list, THEN(f, look_done));
}

static void look_done(struct flow *f)
{
	flow_done(f);
}

static void look_start(struct catalogs *c, struct request *rq)
{
	struct look *k = c->looking;

	if (!k) {
		k = calloc(1, sizeof(*k));
		if (k)
			k->arena = arena_create(64 << 20);
		if (!k || !k->arena)
			IMPOSSIBLE("out of memory for a look at conferences");
		k->c = c;
		list_init(&k->waiting);
		c->looking = k;
		flow_begin(&k->flow, c->loop, NULL, "catalogs", FIRST(look_begin), look_ended);
		flow_set_deadline(&k->flow, 30000);
	}
	if (rq)
		list_append(&k->waiting, &rq->link);
}

/* --- Loading one ---------------------------------------------------------------------------- */

static void load_begin(struct flow *f)
{
	struct load *l = container_of(f, struct load, flow);
	struct store *s = l->c->store;

	s->ops->snapshot(s, l->entry->id, &l->snapshot, THEN(f, load_make));
}

struct making {
	struct work work;
	struct snapshot *snapshot;
	struct catalog *made, **out;
};

static int make_run(struct work *w, struct fail *fail)
{
	struct making *m = container_of(w, struct making, work);

	return catalog_create(m->snapshot, &m->made, fail);
}

static void make_deliver(struct wait *w)
{
	struct making *m = container_of(container_of(w, struct work, wait), struct making, work);

	*m->out = TAKE_PTR(m->made);
}

static void make_release(struct wait *w)
{
	struct making *m = container_of(container_of(w, struct work, wait), struct making, work);

	catalog_unref(m->made);
	snapshot_unref(m->snapshot);
	free(m);
}

static void load_make(struct flow *f)
{
	struct load *l = container_of(f, struct load, flow);
	const struct catalog *held = l->entry->catalog;
	struct making *m;

	/* read again, and it is what it was */
	if (held && catalog_snapshot(held)->epoch == l->snapshot->epoch) {
		flow_done(f);
		return;
	}
	m = calloc(1, sizeof(*m));
	if (!m) {
		flow_fail(f, FAIL(&f->fail, ASSISTANT_ENOMEM, "Out of memory."));
		return;
	}
	m->snapshot = snapshot_ref(l->snapshot);
	m->out = &l->fresh;
	lane_run(l->c->lane, &m->work, make_run, make_deliver, make_release, THEN(f, load_index));
}

static void load_index(struct flow *f)
{
	struct load *l = container_of(f, struct load, flow);
	struct catalogs *c = l->c;

	if (c->follow)
		c->follow(c->follow_ctx, l->fresh, THEN_ANYWAY(f, load_done));
	else
		load_done(f);
}

static void load_done(struct flow *f)
{
	struct load *l = container_of(f, struct load, flow);

	if (f->status < 0)
		log_fail(l->c->log, LOG_ERROR, "index.follow_failed", &f->fail);
	catalog_unref(l->entry->catalog);
	l->entry->catalog = TAKE_PTR(l->fresh);
	flow_done(f);
}

static void load_ended(struct flow *f)
{
	struct load *l = container_of(f, struct load, flow);
	struct catalogs *c = l->c;
	struct entry *e = l->entry;

	e->loading = NULL;
	metrics_add(c->metrics, METRIC_CATALOG_LOADS, f->status < 0 ? "failed" : "ok", 1);
	if (f->status < 0 && f->status != ASSISTANT_ECANCELED)
		log_fail(c->log, LOG_WARN, "catalog.load_failed", &f->fail);
	while (!list_empty(&l->waiting)) {
		struct request *rq = list_entry(l->waiting.next, struct request, link);

		if (e->catalog)
			request_serve(rq, e->catalog);
		else
			request_fail(rq, f->status, &f->fail);
	}
	if (!e->catalog && f->status != ASSISTANT_ECANCELED)
		entry_drop(e);
	catalog_unref(l->fresh);
	snapshot_unref(l->snapshot);
	free(l);
}

/* rq (may be NULL) waits for it. */
static void load_start(struct entry *e, struct request *rq)
{
	struct load *l = e->loading;

	if (!l) {
		l = calloc(1, sizeof(*l));
		if (!l)
			IMPOSSIBLE("out of memory for loading a conference");
		l->c = e->owner;
		l->entry = e;
		list_init(&l->waiting);
		e->loading = l;
		flow_begin(&l->flow, l->c->loop, NULL, "catalog", FIRST(load_begin), load_ended);
		flow_set_deadline(&l->flow, 120000);
	}
	if (rq) {
		list_remove(&rq->link);
		list_append(&l->waiting, &rq->link);
	}
}

/* --- Asking ----------------------------------------------------------------------------------- */

static bool look_is_due(const struct catalogs *c)
{
	return c->looked_ms < 0 || loop_now_ms(c->loop) - c->looked_ms >= c->check_ms;
}

static struct request *request_create(struct catalogs *c, const char *id, struct catalog **out,
				      struct flow *f)
{
	struct request *rq = calloc(1, sizeof(*rq));

	if (!rq)
		IMPOSSIBLE("out of memory for a catalog's request");
	rq->c = c;
	rq->id = id ? strdup(id) : NULL;
	rq->out = out;
	list_init(&rq->link);
	wait_begin(&rq->wait, f);
	rq->wait.deliver = request_deliver;
	rq->wait.release = request_release;
	return rq;
}

void catalogs_get(struct catalogs *c, const char *conference_id, struct catalog **out,
		  struct flow *f)
{
	struct request *rq = request_create(c, conference_id, out, f);
	struct entry *e = map_get(c->entries, conference_id);

	if (!e || !e->catalog) {
		look_start(c, rq);
		return;
	}
	entry_of(c, conference_id); /* used just now */
	if (look_is_due(c))
		look_start(c, NULL);
	request_serve(rq, e->catalog);
}

void catalogs_warm_up(struct catalogs *c, const char *first, size_t max)
{
	free(c->warm_first);
	c->warm_first = first ? strdup(first) : NULL;
	c->warm_max = max < c->max_conferences ? max : c->max_conferences;
	look_start(c, NULL);
}

void catalogs_look(struct catalogs *c)
{
	look_start(c, NULL);
}

void catalogs_resolve(struct catalogs *c, const char *id_or_name, const char *fallback,
		      struct catalog **out, struct flow *f)
{
	struct request *rq = request_create(c, id_or_name, out, f);
	const char *wanted = id_or_name ? id_or_name : fallback;
	struct entry *e = wanted ? map_get(c->entries, wanted) : NULL;

	rq->fallback = fallback ? strdup(fallback) : NULL;
	rq->by_name = true;
	/* a store over the network may hang: what is here answers, and is looked at behind it */
	if (e && e->catalog && (!look_is_due(c) || c->store->ops->look_again)) {
		if (look_is_due(c))
			look_start(c, NULL);
		entry_of(c, wanted); /* used just now */
		request_serve(rq, e->catalog);
	} else {
		look_start(c, rq);
	}
}
