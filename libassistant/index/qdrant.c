/*
 * qdrant.c - the index in a Qdrant: what is open, operations, and which build a conference uses.
 *
 *	use --> pointer of conference and epoch --> build and its vocabulary --> in use; the one before answers who still
 *	                                                                         holds its records
 *
 * A build is immutable and written beside the others; writing its pointer is what makes it the epoch's.  A query looks at the
 * pointer at most once a second, behind its own back, and goes over to what it names.
 */
#include "index/qdrant.h"
#include <libstemmer.h>
#include <string.h>
#include "aio/work.h"
#include "base/check.h"
#include "index/engine.h"
#include "index/qdrant_sample.h"
#include "index/qdrant_words.h"
#include "observe/log.h"
#include "observe/metrics.h"

#define OP_MAX_BYTES	((size_t)2 << 30)
#define BUILD_MAX_BYTES ((size_t)512 << 20)
#define MAX_CONFERENCES 10000
#define MAX_QUEUED	1000
#define ID_MAX		128
#define LOOK_EVERY_MS	1000

static flow_step use_version, use_point, use_pointed, use_words, use_read, use_collections,
	use_listed, use_sample, use_sampled, use_install, use_aliases, use_change, use_end;

/* --- Builds in use ------------------------------------------------------------------- */

struct qdrant_build *qdrant_build_ref(struct qdrant_build *b)
{
	b->refs++;
	return b;
}

void qdrant_build_unref(struct qdrant_build *b)
{
	if (!b || --b->refs > 0)
		return;
	qdrant_build_unref(b->before);
	qdrant_sample_free(b->sample);
	arena_destroy(b->words_arena);
	arena_destroy(b->arena);
}

static void drop_build(void *value)
{
	qdrant_build_unref(value);
}

static void index_unref(struct qdrant *q)
{
	if (--q->refs > 0)
		return;
	map_destroy(q->used, drop_build);
	map_destroy(q->prepared, free);
	map_destroy(q->staging, free);
	map_destroy(q->built, free);
	sb_stemmer_delete(q->stemmer);
	free(q->url);
	free(q->key);
	free(q->prefix);
	free(q);
}

/* --- Operations -------------------------------------------------------------------------- */

struct qdrant_op *qdrant_op_of(struct flow *f)
{
	return container_of(f, struct qdrant_op, flow);
}

void *qdrant_op_new(struct index *index, size_t size, const char *name, struct flow *f)
{
	struct arena *own = arena_create(OP_MAX_BYTES);
	struct qdrant_op *op = own ? arena_alloc(own, size) : NULL;

	if (!op) {
		arena_destroy(own);
		flow_refuse(f, ASSISTANT_ENOMEM, NULL);
		return NULL;
	}
	op->q = container_of(index, struct qdrant, base);
	op->own = own;
	op->name = name;
	return op;
}

static void op_free(struct qdrant_op *op)
{
	if (op->finish)
		op->finish(op);
	qdrant_build_unref(op->build);
	arena_destroy(op->own); /* op lies in it */
}

void qdrant_op_refuse(struct qdrant_op *op, int code, const struct fail *fail, struct flow *f)
{
	op_free(op);
	flow_refuse(f, code, fail);
}

static void op_deliver(struct wait *w)
{
	struct qdrant_op *op = container_of(w, struct qdrant_op, wait);

	if (op->deliver)
		op->deliver(op, w);
}

static void op_cancel(struct wait *w)
{
	flow_cancel(&container_of(w, struct qdrant_op, wait)->flow);
}

static void op_release(struct wait *w)
{
	struct qdrant_op *op = container_of(w, struct qdrant_op, wait);
	struct qdrant *q = op->q;

	op_free(op);
	index_unref(q);
}

static void op_ended(struct flow *f)
{
	struct qdrant_op *op = qdrant_op_of(f);

	list_remove(&op->link);
	metrics_observe(op->q->metrics, METRIC_INDEX_SECONDS, op->name,
			(double)(loop_now_ms(f->loop) - op->began_ms) / 1000);
	wait_finish(&op->wait, f->status, &f->fail);
}

void qdrant_op_start(struct qdrant_op *op, flow_step *first, const char *first_name, struct flow *f)
{
	struct qdrant *q = op->q;

	q->refs++;
	op->began_ms = loop_now_ms(q->loop);
	list_append(&q->ops, &op->link);
	wait_begin(&op->wait, f);
	op->wait.deliver = op_deliver;
	op->wait.cancel = op_cancel;
	op->wait.release = op_release;
	flow_begin(&op->flow, q->loop, NULL, op->name, first, first_name, op_ended);
}

bool qdrant_op_id(struct qdrant_op *op, const char *conference_id, const char **out, struct flow *f)
{
	struct fail fail = FAIL_INIT;
	int r = index_id_copy(conference_id, ID_MAX, op->own, out, &fail);

	if (r < 0)
		qdrant_op_refuse(op, r, &fail, f);
	return r == 0;
}

/* --- Looking again ------------------------------------------------------------------------- */

/* Finding out what an epoch's build is, and installing it: for a caller, or behind a query's back. */
struct use {
	struct qdrant_op op;
	bool looks; /* nobody waits */
	const char *id;
	uint64_t epoch;
	struct qdrant_call call;
	struct qdrant_build *fresh; /* until it is installed */
	struct qdrant_sampling sampling;
	size_t n_chunks;
};

static struct use *use_of(struct flow *f)
{
	return container_of(qdrant_op_of(f), struct use, op);
}

static void use_finish(struct qdrant_op *op)
{
	struct use *u = container_of(op, struct use, op);

	qdrant_call_finish(&u->call);
	qdrant_build_unref(u->fresh);
}

static void look_ended(struct flow *f)
{
	struct qdrant_op *op = qdrant_op_of(f);
	struct qdrant *q = op->q;

	if (f->status < 0 && f->status != ASSISTANT_ECANCELED)
		log_fail(q->log, LOG_DEBUG, "index.not_looked", &f->fail);
	list_remove(&op->link);
	op_free(op);
	index_unref(q);
}

static void look(struct qdrant *q, struct qdrant_build *b)
{
	struct arena *own = arena_create(OP_MAX_BYTES);
	struct use *u = own ? arena_new(own, struct use) : NULL;

	b->looked_ms = loop_now_ms(q->loop);
	if (!u) {
		arena_destroy(own);
		return;
	}
	q->refs++;
	u->op.q = q;
	u->op.own = own;
	u->op.name = "look";
	u->op.finish = use_finish;
	u->op.build = qdrant_build_ref(b); /* whose id we borrow */
	u->looks = true;
	u->id = b->conference_id;
	u->epoch = b->epoch;
	list_append(&q->looks, &u->op.link);
	flow_begin(&u->op.flow, q->loop, NULL, "look", FIRST(use_version), look_ended);
}

bool qdrant_op_build(struct qdrant_op *op, const char *conference_id, uint64_t epoch,
		     struct flow *f)
{
	struct qdrant_build *b = map_get(op->q->used, conference_id);
	struct fail fail = FAIL_INIT;

	if (!b) {
		FAIL(&fail, ASSISTANT_ENOTFOUND, "no index of conference %.80s is in use",
		     conference_id);
		qdrant_op_refuse(op, ASSISTANT_ENOTFOUND, &fail, f);
		return false;
	}
	if (loop_now_ms(op->q->loop) - b->looked_ms >= LOOK_EVERY_MS)
		look(op->q, b);
	if (b->before && b->before->epoch == epoch)
		b = b->before;
	op->build = qdrant_build_ref(b);
	return true;
}

/* --- Using ---------------------------------------------------------------------------------- */

/* The server's version, once; then the pointer. */
static void use_version(struct flow *f)
{
	struct use *u = use_of(f);

	if (u->op.q->minor) {
		use_point(f);
		return;
	}
	qdrant_send(&u->call, u->op.q, f, "GET", NULL, "/");
	flow_join(THEN(f, use_point));
}

static void use_point(struct flow *f)
{
	struct use *u = use_of(f);
	struct qdrant *q = u->op.q;
	char id[UUID_SIZE], builds[QDRANT_NAME];
	struct text body;
	int r = qdrant_failed(f, &u->call, 1);

	if (r == 0 && !q->minor)
		r = qdrant_version(q, &u->call, &f->fail);
	if (r < 0) {
		flow_fail(f, r);
		return;
	}
	qdrant_pointer_id(u->id, u->epoch, id);
	qdrant_builds_name(q, builds);
	text_init(&body, 1024);
	text_printf(&body, "{\"ids\":[\"%s\"],\"with_payload\":true}", id);
	u->call.missing = true;
	qdrant_send(&u->call, q, f, "POST", text_take(&body), "/collections/%s/points", builds);
	flow_join(THEN(f, use_pointed));
}

static size_t number_at(struct json_object *array, size_t i)
{
	if (!json_object_is_type(array, json_type_array) || i >= json_object_array_length(array))
		return 0;
	return (size_t)json_object_get_int64(json_object_array_get_idx(array, i));
}

static int make_fresh(struct use *u, struct json_object *payload, struct fail *f)
{
	struct arena *arena = arena_create(BUILD_MAX_BYTES);
	struct qdrant_build *b = arena ? arena_new(arena, struct qdrant_build) : NULL;
	struct json_object *sets = json_get_array(payload, "points_in");
	struct json_object *records = json_get_array(payload, "records_of");
	const char *uuid = json_text(payload, "build");

	if (!b) {
		arena_destroy(arena);
		return FAIL(f, ASSISTANT_ENOMEM, "no memory to use an index");
	}
	b->refs = 1;
	b->arena = arena;
	u->fresh = b;
	if (!uuid_valid(uuid) || !sets || !records ||
	    json_get_int(payload, "format", 0) != QDRANT_FORMAT)
		return FAIL(f, ASSISTANT_EPROTOCOL,
			    "the index of conference %.80s was made by another version", u->id);
	snprintf(b->uuid, sizeof(b->uuid), "%s", uuid);
	snprintf(b->generation, sizeof(b->generation), "%s", json_text(payload, "generation"));
	b->epoch = u->epoch;
	b->conference_id = arena_strdup(arena, u->id);
	b->space.model = arena_strdup(arena, json_text(payload, "model"));
	b->space.dims = (unsigned)json_get_int(payload, "dimensions", 0);
	for (size_t i = 0; i < SET_COUNT; i++)
		b->n_in[i] = number_at(sets, i);
	for (size_t e = 0; e < ENTITY_COUNT; e++) {
		struct json_object *of = json_object_array_get_idx(records, e);

		b->n_of[e] = number_at(of, 0);
		b->n_near[e] = number_at(of, 1);
	}
	b->n_points = (size_t)json_get_int(payload, "vectors", 0);
	b->words.n_records = (size_t)json_get_int(payload, "records", 0);
	u->n_chunks = (size_t)json_get_int(payload, "word_chunks", 0);
	return b->conference_id && b->space.model
		       ? 0
		       : FAIL(f, ASSISTANT_ENOMEM, "no memory to use an index");
}

static const struct qdrant_build *held(const struct use *u)
{
	const struct qdrant_build *b = map_get(u->op.q->used, u->id);

	return b && b->epoch == u->epoch && !strcmp(b->uuid, u->fresh->uuid) ? b : NULL;
}

static void use_pointed(struct flow *f)
{
	struct use *u = use_of(f);
	struct json_object *first;
	int r = qdrant_failed(f, &u->call, 1);

	first = r == 0 && json_object_is_type(u->call.result, json_type_array) &&
				json_object_array_length(u->call.result)
			? json_object_array_get_idx(u->call.result, 0)
			: NULL;
	if (r == 0 && !first)
		r = FAIL(&f->fail, ASSISTANT_ENOTFOUND,
			 "Qdrant holds no index of conference %.80s at this epoch", u->id);
	if (r == 0)
		r = make_fresh(u, json_get_object(first, "payload"), &f->fail);
	if (r < 0)
		flow_fail(f, r);
	else if (held(u))
		use_end(f);
	else
		use_words(f);
}

static void use_words(struct flow *f)
{
	struct use *u = use_of(f);
	char builds[QDRANT_NAME];

	qdrant_builds_name(u->op.q, builds);
	qdrant_send(&u->call, u->op.q, f, "POST", qdrant_words_request(u->fresh->uuid, u->n_chunks),
		    "/collections/%s/points", builds);
	flow_join(THEN(f, use_read));
}

static void use_read(struct flow *f)
{
	struct use *u = use_of(f);
	int r = qdrant_failed(f, &u->call, 1);

	if (r < 0) {
		flow_fail(f, r);
		return;
	}
	qdrant_words_read(u->op.q->lane, TAKE_PTR(u->call.answer), u->n_chunks, &u->fresh->words,
			  &u->fresh->words_arena, THEN(f, use_collections));
}

/* A collection that somebody deleted makes the build one that is not there. */
static void use_collections(struct flow *f)
{
	struct use *u = use_of(f);

	qdrant_send(&u->call, u->op.q, f, "GET", NULL, "/collections");
	flow_join(THEN(f, use_listed));
}

static bool is_listed(struct json_object *collections, const char *name)
{
	size_t n = collections ? json_object_array_length(collections) : 0;

	for (size_t i = 0; i < n; i++)
		if (!strcmp(json_text(json_object_array_get_idx(collections, i), "name"), name))
			return true;
	return false;
}

/* A key may be for some collections alone: then they are not listed, and taken to be there. */
static void use_listed(struct flow *f)
{
	struct use *u = use_of(f);
	const struct qdrant_build *b = u->fresh;
	struct json_object *all =
		u->call.code == 0 ? json_get_array(u->call.result, "collections") : NULL;

	for (unsigned set = 0; all && set < SET_STAGED; set++) {
		char name[QDRANT_NAME];

		qdrant_set_name(u->op.q, (enum qdrant_set)set, b->generation, name);
		if (!(set < ENTITY_COUNT ? b->n_of[set] : b->n_in[set]) || is_listed(all, name))
			continue;
		free(map_remove(u->op.q->prepared, b->generation));
		flow_fail(f, FAIL(&f->fail, ASSISTANT_ENOTFOUND,
				  "Qdrant's collection %.100s is gone", name));
		return;
	}
	use_sample(f);
}

/* Without one, averages are asked for. */
static void use_sample(struct flow *f)
{
	struct use *u = use_of(f);

	qdrant_sampling_begin(&u->sampling, u->op.q, u->fresh, f);
	flow_join(THEN(f, use_sampled));
}

static void use_sampled(struct flow *f)
{
	const struct use *u = use_of(f);

	if (u->sampling.code < 0)
		log_fail(u->op.q->log, LOG_WARN, "index.no_sample", &u->sampling.flow.fail);
	use_install(f);
}

/* One build before is kept, not a chain of them. */
static void keep_before(struct qdrant_build *fresh, struct qdrant_build *old)
{
	struct qdrant_build *older = old ? old->before : NULL;

	if (old)
		old->before = NULL;
	if (old && old->epoch == fresh->epoch) {
		fresh->before = older;
		qdrant_build_unref(old);
	} else {
		fresh->before = old;
		qdrant_build_unref(older);
	}
}

static void use_install(struct flow *f)
{
	struct use *u = use_of(f);
	struct qdrant *q = u->op.q;
	struct qdrant_build *now = map_get(q->used, u->id);
	void *old = NULL;
	int r;

	if (u->looks && now != u->op.build) { /* somebody else was faster */
		flow_done(f);
		return;
	}
	u->fresh->looked_ms = loop_now_ms(f->loop);
	r = map_put(q->used, u->id, u->fresh, &old);
	if (r < 0) {
		flow_fail(f, FAIL(&f->fail, r, "more than %d conferences are in use",
				  MAX_CONFERENCES));
		return;
	}
	log_write(q->log, LOG_INFO, "index.used", "s", "conference_id", u->id, "i", "epoch",
		  (int64_t)u->epoch, "i", "records", (int64_t)u->fresh->words.n_records, NULL);
	keep_before(u->fresh, old);
	qdrant_build_ref(u->fresh); /* the map's */
	if (map_get(q->built, u->fresh->uuid))
		use_aliases(f);
	else
		use_end(f);
}

/* What this process has built, the collections' plain names lead to. */
static void use_aliases(struct flow *f)
{
	struct use *u = use_of(f);

	qdrant_send(&u->call, u->op.q, f, "GET", NULL, "/aliases");
	flow_join(THEN(f, use_change));
}

static void use_change(struct flow *f)
{
	struct use *u = use_of(f);
	int r = qdrant_failed(f, &u->call, 1);
	char *body;

	if (r < 0) {
		flow_fail(f, r);
		return;
	}
	body = qdrant_alias_body(u->op.q, u->fresh, json_get_array(u->call.result, "aliases"));
	if (!body) {
		use_end(f);
		return;
	}
	qdrant_send(&u->call, u->op.q, f, "POST", body, "/collections/aliases");
	flow_join(THEN(f, use_end));
}

/* The aliases serve people and other programs; ours asks the collections themselves. */
static void use_end(struct flow *f)
{
	struct use *u = use_of(f);

	if (u->call.code == ASSISTANT_ECONFLICT)
		log_write(u->op.q->log, LOG_WARN, "index.names_taken", "s", "because",
			  u->call.fail.text, NULL);
	flow_done(f);
}

void qdrant_use(struct index *index, const char *conference_id, uint64_t epoch, struct flow *f)
{
	struct use *u = qdrant_op_new(index, sizeof(*u), "use", f);

	if (!u || !qdrant_op_id(&u->op, conference_id, &u->id, f))
		return;
	u->epoch = epoch;
	u->op.finish = use_finish;
	qdrant_op_start(&u->op, FIRST(use_version), f);
}

/* --- The rest ------------------------------------------------------------------------------------ */

struct ping {
	struct qdrant_op op;
	struct qdrant_call call;
};

static flow_step ping_send, ping_key, ping_answered;

static struct ping *ping_of(struct flow *f)
{
	return container_of(qdrant_op_of(f), struct ping, op);
}

static void ping_send(struct flow *f)
{
	struct ping *p = ping_of(f);

	qdrant_send(&p->call, p->op.q, f, "GET", NULL, "/");
	flow_join(THEN(f, ping_key));
}

static void ping_key(struct flow *f)
{
	struct ping *p = ping_of(f);
	char builds[QDRANT_NAME];
	int r = qdrant_failed(f, &p->call, 1);

	if (r == 0)
		r = qdrant_version(p->op.q, &p->call, &f->fail);
	if (r < 0) {
		flow_fail(f, r);
		return;
	}
	qdrant_builds_name(p->op.q, builds);
	qdrant_send(&p->call, p->op.q, f, "GET", NULL, "/collections/%s/exists", builds);
	flow_join(THEN(f, ping_answered));
}

static void ping_answered(struct flow *f)
{
	int r = qdrant_failed(f, &ping_of(f)->call, 1);

	if (r < 0)
		flow_fail(f, r);
	else
		flow_done(f);
}

static void ping_finish(struct qdrant_op *op)
{
	qdrant_call_finish(&container_of(op, struct ping, op)->call);
}

static void ping(struct index *index, struct flow *f)
{
	struct ping *p = qdrant_op_new(index, sizeof(*p), "ping", f);

	if (!p)
		return;
	p->op.finish = ping_finish;
	qdrant_op_start(&p->op, FIRST(ping_send), f);
}

struct space_op {
	struct qdrant_op op;
	struct arena *arena;
	struct vector_space *space;
	size_t *n;
};

static void space_done(struct flow *f)
{
	flow_done(f);
}

static void space_deliver(struct qdrant_op *op, struct wait *w)
{
	struct space_op *o = container_of(op, struct space_op, op);
	const char *model =
		arena_strdup(o->arena, op->build->n_points ? op->build->space.model : "");

	if (!model) {
		w->status = FAIL(&w->fail, ASSISTANT_ENOMEM, "no memory for a model's name");
		return;
	}
	*o->space = (struct vector_space){ model, op->build->n_points ? op->build->space.dims : 0 };
	*o->n = op->build->n_points;
}

void qdrant_space(struct index *index, const char *conference_id, struct arena *arena,
		  struct vector_space *space, size_t *n_points, struct flow *f)
{
	struct space_op *o = qdrant_op_new(index, sizeof(*o), "space", f);

	if (!o || !qdrant_op_build(&o->op, conference_id, 0, f))
		return;
	o->arena = arena;
	o->space = space;
	o->n = n_points;
	o->op.deliver = space_deliver;
	qdrant_op_start(&o->op, FIRST(space_done), f);
}

static void destroy(struct index *index)
{
	struct qdrant *q = container_of(index, struct qdrant, base);

	list_for_each_safe (l, &q->looks)
		flow_cancel(&list_entry(l, struct qdrant_op, link)->flow);
	list_for_each_safe (l, &q->ops)
		flow_cancel(&list_entry(l, struct qdrant_op, link)->flow);
	lane_destroy(TAKE_PTR(q->lane));
	index_unref(q);
}

static const struct index_ops ops = {
	.name = "qdrant",
	.destroy = destroy,
	.ping = ping,
	.lexical = qdrant_lexical,
	.list = qdrant_list,
	.dense = qdrant_dense,
	.known = qdrant_known,
	.stage = qdrant_stage,
	.space = qdrant_space,
	.build = qdrant_build_epoch,
	.use = qdrant_use,
	.verify = qdrant_verify,
};

/* Letters, digits, _ and -: what a collection's name and a path take as they are. */
static bool prefix_good(const char *prefix)
{
	for (const char *p = prefix; *p; p++) {
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		      (*p >= '0' && *p <= '9') || *p == '_' || *p == '-'))
			return false;
	}
	return strlen(prefix) <= 64;
}

static char *without_slash(const char *url)
{
	size_t n = strlen(url);

	while (n && url[n - 1] == '/')
		n--;
	return strndup(url, n);
}

int qdrant_index_open(struct loop *loop, struct http *http, const char *url, const char *key,
		      const char *prefix, struct metrics *metrics, struct log *log,
		      struct index **out, struct fail *f)
{
	struct qdrant *q;

	if (!prefix_good(prefix))
		return FAIL(f, ASSISTANT_ECONFIG,
			    "QDRANT_PREFIX is \"%.80s\"; up to 64 letters, digits, _ and - are "
			    "accepted.",
			    prefix);
	q = calloc(1, sizeof(*q));
	if (!q)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for an index");
	q->base.ops = &ops;
	q->refs = 1;
	q->loop = loop;
	q->http = http;
	q->metrics = metrics;
	q->log = log;
	list_init(&q->ops);
	list_init(&q->looks);
	q->url = without_slash(url);
	q->key = strdup(key);
	q->prefix = strdup(prefix);
	q->used = map_create(MAX_CONFERENCES);
	q->prepared = map_create(1000);
	q->staging = map_create(MAX_CONFERENCES);
	q->built = map_create(100000);
	q->stemmer = sb_stemmer_new("english", "UTF_8");
	q->lane = lane_create(loop, "index", MAX_QUEUED);
	if (q->url && q->key && q->prefix && q->used && q->prepared && q->staging && q->built &&
	    q->stemmer && q->lane) {
		*out = &q->base;
		return 0;
	}
	destroy(&q->base);
	return FAIL(f, ASSISTANT_ENOMEM, "no memory for an index");
}
