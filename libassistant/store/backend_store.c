/*
 * backend_store.c - store.h over a program's own backend: JSON out on a lane, JSON back from any thread.
 *
 *	store call --> op --> lane: backend.call --> assistant_pending_done --> parsed --> delivered
 */
#include "store/backend_store.h"

#include <string.h>
#include "aio/work.h"
#include "base/check.h"
#include "base/json.h"
#include "store/row_json.h"

#define SNAPSHOT_MAX_BYTES (1UL << 30)

struct backend_store {
	struct store store;
	struct loop *loop;
	struct lane *lane;
	assistant_backend backend;
	void *ctx;
	struct list dispatching; /* operations that the lane has not finished with */
};

/* One operation.  Three things hold it: the dispatch, the lane's work and the caller's wait. */
struct assistant_pending {
	struct wait wait;
	struct work dispatch;
	struct flow dispatch_flow;
	struct list link;
	struct backend_store *s;
	const char *operation;
	char *request;
	struct json_object *result;
	struct snapshot *snapshot; /* of "conference" */
	int holders;
	bool called; /* atomic: from now on the backend finishes it */
	void (*fill)(struct assistant_pending *p);
	struct arena *arena; /* the caller's */
	void *out;
	bool wants_snapshot;
	bool *missing;
	const char **ids; /* of messages_write */
	size_t n;
};

static void op_drop(struct assistant_pending *p)
{
	if (--p->holders)
		return;
	json_object_put(p->result);
	snapshot_unref(p->snapshot);
	for (size_t i = 0; i < p->n; i++)
		free((void *)p->ids[i]);
	free(p->ids);
	free(p->request);
	free(p);
}

static void op_deliver(struct wait *w)
{
	struct assistant_pending *p = container_of(w, struct assistant_pending, wait);

	if (p->fill)
		p->fill(p);
}

static void op_release(struct wait *w)
{
	op_drop(container_of(w, struct assistant_pending, wait));
}

static int op_call(struct work *work, struct fail *fail)
{
	struct assistant_pending *p = container_of(work, struct assistant_pending, dispatch);

	__atomic_store_n(&p->called, true, __ATOMIC_RELEASE);
	p->s->backend.call(p->s->ctx, p->operation, p->request, p);
	return 0;
}

static void op_dispatched(struct flow *f)
{
	struct assistant_pending *p = container_of(f, struct assistant_pending, dispatch_flow);

	list_remove(&p->link);
	if (f->status < 0 &&
	    !__atomic_load_n(&p->called,
			     __ATOMIC_ACQUIRE)) /* the lane was full, or the store goes */
		wait_finish(&p->wait, f->status, &f->fail);
	op_drop(p);
}

static void op_done(struct flow *f)
{
	flow_done(f);
}

static void work_release(struct wait *w)
{
	op_drop(container_of(w, struct assistant_pending, dispatch.wait));
}

static void op_dispatch(struct flow *f)
{
	struct assistant_pending *p = container_of(f, struct assistant_pending, dispatch_flow);

	p->holders++; /* the lane's work, which outlives a flow that was cancelled */
	lane_run(p->s->lane, &p->dispatch, op_call, NULL, work_release, THEN(f, op_done));
}

/* Takes request. */
static struct assistant_pending *op_begin(struct store *store, const char *operation,
					  struct json_object *request, struct flow *f)
{
	struct backend_store *s = container_of(store, struct backend_store, store);
	struct assistant_pending *p = calloc(1, sizeof(*p));

	if (!p)
		IMPOSSIBLE("out of memory for an operation");
	p->s = s;
	p->operation = operation;
	p->request = json_dump(request);
	json_object_put(request);
	p->holders = 2;
	wait_begin(&p->wait, f);
	p->wait.deliver = op_deliver;
	p->wait.release = op_release;
	list_append(&s->dispatching, &p->link);
	flow_begin(&p->dispatch_flow, s->loop, NULL, "backend", FIRST(op_dispatch), op_dispatched);
	return p;
}

static int add_records(struct snapshot *s, enum entity type, struct json_object *list,
		       struct fail *f)
{
	size_t n = list ? json_object_array_length(list) : 0;
	struct record *records = arena_array(s->arena, struct record, n + 1);

	for (size_t i = 0; i < n; i++) {
		int r = record_parse(type, json_object_array_get_idx(list, i), s->arena, NULL, NULL,
				     &records[i], f);

		if (r < 0)
			return r;
	}
	s->records[type] = records;
	s->n[type] = n;
	return 0;
}

/* A whole conference is parsed where it is answered, so that a wrong one is this call's failure. */
static int parse_snapshot(struct json_object *o, struct snapshot **out, struct fail *f)
{
	struct snapshot *s = snapshot_create(SNAPSHOT_MAX_BYTES);
	int r;

	if (!s)
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	r = conference_parse(json_get_object(o, "conference"), s->arena, &s->conference, f);
	for (int t = 0; t < ENTITY_COUNT && !r; t++)
		r = add_records(s, (enum entity)t, json_get_array(o, entity_plural((enum entity)t)),
				f);
	if (!r)
		r = snapshot_seal(s, f);
	if (r < 0) {
		snapshot_unref(s);
		return r;
	}
	s->epoch = (uint64_t)json_get_int(o, "epoch", 1);
	*out = s;
	return 0;
}

void assistant_pending_done(assistant_pending *p, int code, const char *result_json,
			    const char *sentence)
{
	struct fail f = FAIL_INIT;

	if (code < 0)
		FAIL(&f, code, "%s", sentence ? sentence : assistant_strerror(code));
	else if (result_json && json_parse(result_json, strlen(result_json), &p->result, NULL) < 0)
		FAIL(&f, ASSISTANT_EPROTOCOL, "The store %s answered %s with invalid JSON.",
		     p->s->backend.name, p->operation);
	else if (p->wants_snapshot)
		parse_snapshot(p->result, &p->snapshot, &f);
	wait_finish_from(&p->wait, f.code, &f);
}

/* --- Results ------------------------------------------------------------------------ */

static void fill_conversation(struct assistant_pending *p)
{
	row_conversation(p->arena, p->result, p->out);
}

static void fill_message(struct assistant_pending *p)
{
	row_message(p->arena, p->result, p->out);
}

static void fill_messages(struct assistant_pending *p)
{
	row_messages(p->arena, json_get_array(p->result, "rows"), p->out);
}

static void fill_missing(struct assistant_pending *p)
{
	struct json_object *missing = json_get_array(p->result, "missing");
	size_t n = missing ? json_object_array_length(missing) : 0;

	for (size_t i = 0; p->missing && i < p->n; i++) {
		p->missing[i] = false;
		for (size_t k = 0; k < n; k++) {
			const char *id =
				json_object_get_string(json_object_array_get_idx(missing, k));

			if (id && !strcmp(id, p->ids[i]))
				p->missing[i] = true;
		}
	}
}

static void fill_snapshot(struct assistant_pending *p)
{
	*(struct snapshot **)p->out = TAKE_PTR(p->snapshot);
}

static void fill_conferences(struct assistant_pending *p)
{
	struct json_object *rows = json_get_array(p->result, "rows");
	struct conference_list *out = p->out;

	out->n = rows ? json_object_array_length(rows) : 0;
	out->rows = arena_array(p->arena, struct conference_brief, out->n + 1);
	for (size_t i = 0; i < out->n; i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		out->rows[i] = (struct conference_brief){
			.id = arena_strdup(p->arena, json_get_string(row, "id")),
			.name = arena_strdup(p->arena, json_get_string(row, "name")),
			.epoch = (uint64_t)json_get_int(row, "epoch", 0),
		};
	}
}

/* --- The operations ------------------------------------------------------------------ */

static struct json_object *with_string(const char *key, const char *value)
{
	struct json_object *o = json_object_new_object();

	json_set_string(o, key, value);
	return o;
}

static void store_ping(struct store *s, struct flow *f)
{
	op_begin(s, "ping", json_object_new_object(), f);
}

static void store_conversation(struct store *s, const char *id, struct arena *arena,
			       struct conversation *out, struct flow *f)
{
	struct assistant_pending *p = op_begin(s, "conversation", with_string("id", id), f);

	p->fill = fill_conversation;
	p->arena = arena;
	p->out = out;
}

static void store_message(struct store *s, const char *id, struct arena *arena, struct message *out,
			  struct flow *f)
{
	struct assistant_pending *p = op_begin(s, "message", with_string("id", id), f);

	p->fill = fill_message;
	p->arena = arena;
	p->out = out;
}

static void list_messages(struct store *s, const char *operation, struct json_object *request,
			  int max, struct arena *arena, struct messages *out, struct flow *f)
{
	struct assistant_pending *p;

	json_set_int(request, "limit", max);
	p = op_begin(s, operation, request, f);
	p->fill = fill_messages;
	p->arena = arena;
	p->out = out;
}

static void store_history(struct store *s, const char *conversation_id, int max,
			  struct arena *arena, struct messages *out, struct flow *f)
{
	list_messages(s, "history", with_string("conversation_id", conversation_id), max, arena,
		      out, f);
}

static void store_streaming(struct store *s, int max, struct arena *arena, struct messages *out,
			    struct flow *f)
{
	list_messages(s, "messages_streaming", json_object_new_object(), max, arena, out, f);
}

static void store_conversation_create(struct store *s, const struct conversation *row,
				      struct flow *f)
{
	op_begin(s, "conversation_create", row_of_conversation(row), f);
}

static void store_message_create(struct store *s, const struct message *row, struct flow *f)
{
	op_begin(s, "message_create", row_of_message(row), f);
}

static void store_messages_write(struct store *s, const struct message_patch *rows, size_t n,
				 bool *missing, struct flow *f)
{
	struct json_object *request = json_object_new_object(), *list = json_object_new_array();
	const char **ids = calloc(n + 1, sizeof(char *));
	struct assistant_pending *p;

	if (!ids)
		IMPOSSIBLE("out of memory for an operation");
	for (size_t i = 0; i < n; i++) {
		struct json_object *o = with_string("id", rows[i].id);

		json_set_string(o, "messageText", rows[i].text);
		row_set_metadata(o, rows[i].metadata);
		json_object_array_add(list, o);
		ids[i] = strdup(rows[i].id);
	}
	json_set(request, "rows", list);
	p = op_begin(s, "messages_write", request, f);
	p->fill = fill_missing;
	p->missing = missing;
	p->ids = ids;
	p->n = n;
}

static void store_messages_complete(struct store *s, const char *const *ids, size_t n,
				    struct flow *f)
{
	struct json_object *request = json_object_new_object(), *list = json_object_new_array();

	for (size_t i = 0; i < n; i++)
		json_object_array_add(list, json_object_new_string(ids[i]));
	json_set(request, "ids", list);
	op_begin(s, "messages_complete", request, f);
}

static void store_conferences(struct store *s, struct arena *arena, struct conference_list *out,
			      struct flow *f)
{
	struct assistant_pending *p = op_begin(s, "conferences", json_object_new_object(), f);

	p->fill = fill_conferences;
	p->arena = arena;
	p->out = out;
}

static void store_snapshot(struct store *s, const char *conference_id, struct snapshot **out,
			   struct flow *f)
{
	struct assistant_pending *p =
		op_begin(s, "conference", with_string("id", conference_id), f);

	p->fill = fill_snapshot;
	p->wants_snapshot = true;
	p->out = out;
}

static void store_close(struct store *store)
{
	struct backend_store *s = container_of(store, struct backend_store, store);

	lane_destroy(s->lane); /* what was queued has been called */
	while (!list_empty(&s->dispatching))
		flow_cancel(&list_entry(s->dispatching.next, struct assistant_pending, link)
				     ->dispatch_flow);
	if (s->backend.destroy)
		s->backend.destroy(s->ctx);
	free((void *)s->backend.name);
	free((void *)s->store.ops);
	free(s);
}

int backend_store_open(struct loop *loop, const assistant_backend *backend, void *ctx,
		       struct log *log, struct store **out, struct fail *f)
{
	struct backend_store *s = calloc(1, sizeof(*s));
	struct store_ops *ops = calloc(1, sizeof(*ops));

	if (s)
		s->lane = lane_create(loop, "backend", 10000);
	if (!s || !ops || !s->lane) {
		free(s);
		free(ops);
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	}
	s->loop = loop;
	list_init(&s->dispatching);
	s->backend = *backend;
	s->backend.name = strdup(backend->name);
	s->ctx = ctx;
	*ops = (struct store_ops){
		.name = s->backend.name,
		.destroy = store_close,
		.ping = store_ping,
		.conversation = store_conversation,
		.message = store_message,
		.history = store_history,
		.conversation_create = store_conversation_create,
		.message_create = store_message_create,
		.messages_write = store_messages_write,
		.messages_complete = store_messages_complete,
		.messages_streaming = store_streaming,
		.conferences = store_conferences,
		.snapshot = store_snapshot,
	};
	s->store.ops = ops;
	*out = &s->store;
	return 0;
}
