/*
 * guard_store.c - see guard_services.h.
 */
#include <string.h>
#include "guard/guard_services.h"
#include "observe/metrics.h"

#define CALL_MAX_BYTES (256UL << 20)

struct guarded {
	struct store base;
	struct store_ops ops;
	struct store *inner;
	struct guard *guard;
};

/* What a call points at lives as long as it does: callers' texts need not. */
struct storing {
	struct guard_call call;
	struct store *inner;
	struct arena *own;
	const char *id;
	int max;
	const struct conversation *conversation;
	const struct message *message;
	const struct message_patch *patches;
	const char **ids;
	size_t n;
	bool *missing;
	struct arena *arena; /* the caller's */
	void *out;
};

static struct storing *storing_of(struct guard_call *call)
{
	return container_of(call, struct storing, call);
}

static void release(struct guard_call *call)
{
	arena_destroy(storing_of(call)->own); /* it lies there */
}

static struct storing *storing_new(struct store *s, const char *what,
				   void (*attempt)(struct guard_call *c, struct flow *f),
				   struct flow *f)
{
	struct arena *own = arena_create(CALL_MAX_BYTES);
	struct storing *a = own ? arena_new(own, struct storing) : NULL;

	if (!a) {
		arena_destroy(own);
		flow_refuse(f, ASSISTANT_ENOMEM, NULL);
		return NULL;
	}
	a->own = own;
	a->inner = container_of(s, struct guarded, base)->inner;
	a->call.what = what;
	a->call.attempt = attempt;
	a->call.release = release;
	return a;
}

/* There is no memory for what it points at. */
static void refuse(struct storing *a, struct flow *f)
{
	if (!a)
		return;
	arena_destroy(a->own);
	flow_refuse(f, ASSISTANT_ENOMEM, NULL);
}

static void begin(struct store *s, struct storing *a, struct flow *f)
{
	guard_call(container_of(s, struct guarded, base)->guard, &a->call, f);
}

/* --- Reading: tried again ----------------------------------------------------------------- */

static void ask(struct store *s, const char *what,
		void (*attempt)(struct guard_call *c, struct flow *f), const char *id, int max,
		struct arena *arena, void *out, struct flow *f)
{
	struct storing *a = storing_new(s, what, attempt, f);

	if (!a)
		return;
	a->id = arena_strdup(a->own, id);
	a->max = max;
	a->arena = arena;
	a->out = out;
	begin(s, a, f);
}

static void try_conversation(struct guard_call *call, struct flow *f)
{
	struct storing *a = storing_of(call);

	a->inner->ops->conversation(a->inner, a->id, a->arena, a->out, f);
}

static void conversation(struct store *s, const char *id, struct arena *arena,
			 struct conversation *out, struct flow *f)
{
	ask(s, "conversation", try_conversation, id, 0, arena, out, f);
}

static void try_message(struct guard_call *call, struct flow *f)
{
	struct storing *a = storing_of(call);

	a->inner->ops->message(a->inner, a->id, a->arena, a->out, f);
}

static void message(struct store *s, const char *id, struct arena *arena, struct message *out,
		    struct flow *f)
{
	ask(s, "message", try_message, id, 0, arena, out, f);
}

static void try_history(struct guard_call *call, struct flow *f)
{
	struct storing *a = storing_of(call);

	a->inner->ops->history(a->inner, a->id, a->max, a->arena, a->out, f);
}

static void history(struct store *s, const char *conversation_id, int max, struct arena *arena,
		    struct messages *out, struct flow *f)
{
	ask(s, "history", try_history, conversation_id, max, arena, out, f);
}

static void try_streaming(struct guard_call *call, struct flow *f)
{
	struct storing *a = storing_of(call);

	a->inner->ops->messages_streaming(a->inner, a->max, a->arena, a->out, f);
}

static void messages_streaming(struct store *s, int max, struct arena *arena, struct messages *out,
			       struct flow *f)
{
	ask(s, "streaming", try_streaming, NULL, max, arena, out, f);
}

static void try_conferences(struct guard_call *call, struct flow *f)
{
	struct storing *a = storing_of(call);

	a->inner->ops->conferences(a->inner, a->arena, a->out, f);
}

static void conferences(struct store *s, struct arena *arena, struct conference_list *out,
			struct flow *f)
{
	ask(s, "conferences", try_conferences, NULL, 0, arena, out, f);
}

static void try_snapshot(struct guard_call *call, struct flow *f)
{
	struct storing *a = storing_of(call);

	a->inner->ops->snapshot(a->inner, a->id, a->out, f);
}

static void snapshot(struct store *s, const char *conference_id, struct snapshot **out,
		     struct flow *f)
{
	ask(s, "snapshot", try_snapshot, conference_id, 0, NULL, out, f);
}

/* --- Creating: tried again where that cannot make two ------------------------------------- */

/* The request was never looked at. */
static bool was_not_taken(struct guard_call *call, const struct fail *fail)
{
	enum cause cause = fail_cause(fail);

	return cause == CAUSE_UNREACHABLE || cause == CAUSE_RATE_LIMITED ||
	       cause == CAUSE_OVERLOADED;
}

/* A message that was created although the answer was lost is ECONFLICT now, and its lease says whose it is. */
static bool can_be_told(struct guard_call *call, const struct fail *fail)
{
	return !storing_of(call)->inner->no_metadata || was_not_taken(call, fail);
}

static void try_conversation_create(struct guard_call *call, struct flow *f)
{
	struct storing *a = storing_of(call);

	a->inner->ops->conversation_create(a->inner, a->conversation, f);
}

static void conversation_create(struct store *s, const struct conversation *row, struct flow *f)
{
	struct storing *a = storing_new(s, "conversation_create", try_conversation_create, f);
	struct conversation *copy = a ? arena_new(a->own, struct conversation) : NULL;

	if (!copy) {
		refuse(a, f);
		return;
	}
	*copy = (struct conversation){
		.id = arena_strdup(a->own, row->id),
		.conference_id = arena_strdup(a->own, row->conference_id),
		.status = arena_strdup(a->own, row->status),
		.source = arena_strdup(a->own, row->source),
		.user_created = arena_strdup(a->own, row->user_created),
		.date_created_ms = row->date_created_ms,
	};
	a->conversation = copy;
	a->call.again = was_not_taken;
	begin(s, a, f);
}

static void try_message_create(struct guard_call *call, struct flow *f)
{
	struct storing *a = storing_of(call);

	a->inner->ops->message_create(a->inner, a->message, f);
}

static void message_create(struct store *s, const struct message *row, struct flow *f)
{
	struct storing *a = storing_new(s, "message_create", try_message_create, f);
	struct message *copy = a ? arena_new(a->own, struct message) : NULL;

	if (!copy) {
		refuse(a, f);
		return;
	}
	*copy = (struct message){
		.id = arena_strdup(a->own, row->id),
		.conversation_id = arena_strdup(a->own, row->conversation_id),
		.role = arena_strdup(a->own, row->role),
		.text = arena_strdup(a->own, row->text),
		.status = arena_strdup(a->own, row->status),
		.user_created = arena_strdup(a->own, row->user_created),
		.metadata = arena_strdup(a->own, row->metadata),
		.date_created_ms = row->date_created_ms,
	};
	a->message = copy;
	a->call.again = can_be_told;
	begin(s, a, f);
}

/* --- Writing: once, for the writer has a pace of its own ------------------------------------ */

static bool never_again(struct guard_call *call, const struct fail *fail)
{
	return false;
}

static void try_write(struct guard_call *call, struct flow *f)
{
	struct storing *a = storing_of(call);

	a->inner->ops->messages_write(a->inner, a->patches, a->n, a->missing, f);
}

static void messages_write(struct store *s, const struct message_patch *rows, size_t n,
			   bool *missing, struct flow *f)
{
	struct storing *a = storing_new(s, "write", try_write, f);
	struct message_patch *copies = a ? arena_array(a->own, struct message_patch, n + 1) : NULL;

	if (!copies) {
		refuse(a, f);
		return;
	}
	for (size_t i = 0; i < n; i++)
		copies[i] = (struct message_patch){
			.id = arena_strdup(a->own, rows[i].id),
			.text = arena_strdup(a->own, rows[i].text),
			.metadata = arena_strdup(a->own, rows[i].metadata),
			.status = arena_strdup(a->own, rows[i].status),
		};
	a->patches = copies;
	a->n = n;
	a->missing = missing;
	a->call.again = never_again;
	begin(s, a, f);
}

static void try_complete(struct guard_call *call, struct flow *f)
{
	struct storing *a = storing_of(call);

	a->inner->ops->messages_complete(a->inner, a->ids, a->n, f);
}

static void messages_complete(struct store *s, const char *const *ids, size_t n, struct flow *f)
{
	struct storing *a = storing_new(s, "complete", try_complete, f);

	if (a)
		a->ids = arena_array(a->own, const char *, n + 1);
	if (!a || !a->ids) {
		refuse(a, f);
		return;
	}
	for (size_t i = 0; i < n; i++)
		a->ids[i] = arena_strdup(a->own, ids[i]);
	a->n = n;
	a->call.again = never_again;
	begin(s, a, f);
}

/* --- What goes by ------------------------------------------------------------------------------ */

static void ping(struct store *s, struct flow *f)
{
	struct guarded *g = container_of(s, struct guarded, base);
	struct fail fail = FAIL_INIT;

	if (guard_check(g->guard, &fail) < 0)
		flow_refuse(f, fail.code, &fail);
	else
		g->inner->ops->ping(g->inner, f);
}

static void check(struct store *s, struct arena *arena, struct findings *out, struct flow *f)
{
	struct store *inner = container_of(s, struct guarded, base)->inner;

	inner->ops->check(inner, arena, out, f);
}

static void look_again(struct store *s, bool thoroughly)
{
	struct store *inner = container_of(s, struct guarded, base)->inner;

	inner->ops->look_again(inner, thoroughly);
}

static void destroy(struct store *s)
{
	struct guarded *g = container_of(s, struct guarded, base);

	store_destroy(g->inner);
	guard_destroy(g->guard);
	free(g);
}

int guard_store_open(struct loop *loop, struct store *inner, const char *name,
		     const struct guard_policy *policy, struct metrics *metrics, struct log *log,
		     struct store **out, struct fail *f)
{
	struct guarded *g = calloc(1, sizeof(*g));
	struct guard *guard = guard_create(loop, name, policy, METRIC_STORE_FAILURES, metrics, log);

	if (!g || !guard) {
		store_destroy(inner);
		guard_destroy(guard);
		free(g);
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	}
	*g = (struct guarded){ .base = *inner,
			       .inner = inner,
			       .guard = guard,
			       .ops = { .name = inner->ops->name,
					.destroy = destroy,
					.ping = ping,
					.conversation = conversation,
					.message = message,
					.history = history,
					.conversation_create = conversation_create,
					.message_create = message_create,
					.messages_write = messages_write,
					.messages_complete = messages_complete,
					.messages_streaming = messages_streaming,
					.conferences = conferences,
					.snapshot = snapshot,
					.look_again = inner->ops->look_again ? look_again : NULL,
					.check = inner->ops->check ? check : NULL } };
	g->base.ops = &g->ops;
	*out = &g->base;
	return 0;
}
