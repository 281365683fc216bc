/*
 * sqlite_watch.c - changes of watched rows that other processes make.
 *
 *	watch() --> commands --(every operation, first)--> watched: rows and what they last looked like
 *	                                                       ^
 *	while something is watched: every 250 ms: data_version moved? re-read, list what differs
 *
 * The lane owns `watched`; the loop owns `wanted`; the lock guards the commands between them.
 */
#include "store/sqlite.h"
#include <string.h>
#include "base/check.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/map.h"
#include "observe/log.h"

#define MAX_WATCHES	 100000
#define MAX_ROWS_WATCHED 1000 /* of one conversation; also in the statement */
#define MAX_ROW_JSON	 (1 << 20)

struct watches {
	struct store *store;
	/* loop */
	struct map *wanted; /* key -> struct want */
	struct flow poll;
	bool polling, failing;
	/* lane */
	struct map *watched; /* key -> struct watched */
	int64_t data_version;
	/* both */
	pthread_mutex_t lock;
	struct list commands;
};

struct want {
	unsigned refs;
};

struct command {
	struct list link;
	bool on;
	char key[];
};

struct watched {
	enum statement statement;
	const char *value;
	struct map *rows; /* id -> struct looks */
	char key[];
};

struct looks {
	uint64_t hash;
};

static const struct kind {
	const char *collection, *field;
	enum statement statement;
} kinds[] = {
	{ "conversations", "id", STMT_CONVERSATION },
	{ "messages", "id", STMT_MESSAGE },
	{ "messages", "conversation_id", STMT_WATCHED_MESSAGES },
};

static const struct kind *kind_of(const char *collection, const char *field)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!strcmp(kinds[i].collection, collection) && !strcmp(kinds[i].field, field))
			return &kinds[i];
	}
	return NULL;
}

/* "0 <value>": the kind's place in the table, and the value in lower case when a UUID. */
#define KEY_SIZE 160
static bool make_key(const struct kind *kind, const char *value, char key[static KEY_SIZE])
{
	char normal[UUID_SIZE];

	if (uuid_valid(value)) {
		uuid_normalise(value, normal);
		value = normal;
	}
	return snprintf(key, KEY_SIZE, "%d %s", (int)(kind - kinds), value) < KEY_SIZE;
}

/* --- Lane: what is watched ---------------------------------------------------- */

static void watched_drop(void *value)
{
	struct watched *w = value;

	map_destroy(w->rows, free);
	free(w);
}

static void note_looks(struct watched *w, const char *id, uint64_t hash)
{
	struct looks *looks = map_get(w->rows, id);

	if (!looks) {
		looks = malloc(sizeof(*looks));
		if (looks && map_put(w->rows, id, looks, NULL) < 0)
			free(TAKE_PTR(looks));
	}
	if (looks)
		looks->hash = hash;
}

static const char *collection_of(const struct watched *w)
{
	return kinds[w->key[0] - '0'].collection;
}

static void seen_by(struct watches *all, size_t kind, const struct sqlite_change *c,
		    const char *value)
{
	char key[KEY_SIZE];
	struct watched *w;

	if (!make_key(&kinds[kind], value, key))
		return;
	w = map_get(all->watched, key);
	if (w)
		note_looks(w, c->id, hash_stable(c->row_json, strlen(c->row_json)));
}

void sqlite_watches_seen(struct sqlite_store *s, const struct sqlite_change *c)
{
	if (!strcmp(c->collection, "conversations")) {
		seen_by(s->watches, 0, c, c->id);
	} else {
		seen_by(s->watches, 1, c, c->id);
		seen_by(s->watches, 2, c, c->conversation_id);
	}
}

static struct sqlite_change *change_of(struct sqlite_op *op, const char *collection,
				       const char *change, sqlite3_stmt *row)
{
	struct sqlite_change *c = arena_new(op->arena, struct sqlite_change);
	_cleanup_text_ struct text json;
	bool message = !strcmp(collection, "messages");

	text_init(&json, MAX_ROW_JSON);
	if (message)
		sqlite_message_json(row, &json);
	else
		sqlite_conversation_json(row, &json);
	if (!c || json.failed)
		return NULL;
	c->collection = collection;
	c->change = change;
	c->id = sqlite_text(row, 0, op->arena);
	c->conversation_id = message ? sqlite_text(row, 1, op->arena) : c->id;
	c->row_json = arena_strndup(op->arena, json.data, json.len);
	return c->id && c->conversation_id && c->row_json ? c : NULL;
}

static void list_change(struct sqlite_op *op, struct sqlite_change *c)
{
	*op->last_change = c;
	op->last_change = &c->next;
}

int sqlite_note_change(struct sqlite_op *op, const char *collection, const char *change,
		       const char *id, struct fail *f)
{
	bool message = !strcmp(collection, "messages");
	struct sqlite_change *c;
	sqlite3_stmt *q;
	int r;

	if (!op->reports)
		return 0;
	q = sqlite_statement(op->store, message ? STMT_MESSAGE : STMT_CONVERSATION, f);
	if (!q)
		return f->code;
	sqlite_bind(q, 1, id);
	r = sqlite_step(op->store, q, "reading a changed row", f);
	if (r <= 0)
		return r;
	c = change_of(op, collection, change, q);
	sqlite3_reset(q);
	if (!c)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory to tell of a changed row");
	list_change(op, c);
	return 0;
}

/* Reads the rows of a watch; lists those that look otherwise than when last seen, unless it is new. */
static void look_at(struct sqlite_op *op, struct watched *w, bool fresh)
{
	struct sqlite_store *s = op->store;
	sqlite3_stmt *q = sqlite_statement(s, w->statement, NULL);

	if (!q)
		return;
	sqlite_bind(q, 1, w->value);
	while (sqlite_step(s, q, "reading watched rows", NULL) > 0) {
		struct sqlite_change *c = change_of(op, collection_of(w), "update", q);
		struct looks *looks = c ? map_get(w->rows, c->id) : NULL;

		if (!c) {
			sqlite3_reset(q);
			return;
		}
		if (!looks)
			c->change = "create";
		if (!fresh && looks && looks->hash == hash_stable(c->row_json, strlen(c->row_json)))
			continue;
		if (!fresh)
			list_change(op, c);
		sqlite_watches_seen(s, c);
	}
}

static void watch_begin(struct sqlite_op *op, const char *key)
{
	struct watches *all = op->store->watches;
	size_t size = strlen(key) + 1;
	struct watched *w = calloc(1, sizeof(*w) + size);

	if (!w)
		return;
	memcpy(w->key, key, size);
	w->value = w->key + 2;
	w->statement = kinds[key[0] - '0'].statement;
	w->rows = map_create(2 * MAX_ROWS_WATCHED);
	if (!w->rows || map_put(all->watched, key, w, NULL) < 0) {
		watched_drop(w);
		return;
	}
	look_at(op, w, true);
}

void sqlite_watches_update(struct sqlite_op *op)
{
	struct watches *all = op->store->watches;

	for (;;) {
		struct command *c = NULL;
		struct watched *gone;

		pthread_mutex_lock(&all->lock);
		if (!list_empty(&all->commands)) {
			c = list_entry(all->commands.next, struct command, link);
			list_remove(&c->link);
		}
		pthread_mutex_unlock(&all->lock);
		if (!c)
			return;
		gone = map_remove(all->watched, c->key);
		if (gone)
			watched_drop(gone);
		if (c->on)
			watch_begin(op, c->key);
		free(c);
	}
}

static int poll_body(struct sqlite_op *op, struct fail *f)
{
	struct sqlite_store *s = op->store;
	struct watches *all = s->watches;
	sqlite3_stmt *q = sqlite_statement(s, STMT_DATA_VERSION, f);
	const char *key;
	void *watched;
	size_t cursor = 0;
	int64_t version;
	int r;

	if (!q)
		return f->code;
	r = sqlite_step(s, q, "looking for changes", f);
	if (r < 0)
		return r;
	version = sqlite3_column_int64(q, 0);
	sqlite3_reset(q);
	if (version == all->data_version)
		return 0;
	all->data_version = version;
	while (map_next(all->watched, &cursor, &key, &watched))
		look_at(op, watched, false);
	return 0;
}

/* --- Loop: what is wanted -------------------------------------------------------- */

static void poll_again(struct flow *f);

static void poll_now(struct flow *f)
{
	struct watches *all = container_of(f, struct watches, poll);
	struct sqlite_op *op = sqlite_op_new(all->store, sizeof(*op), "watch", poll_body, f);

	if (op)
		sqlite_submit(op, NULL, THEN_ANYWAY(f, poll_again));
}

static void poll_again(struct flow *f)
{
	struct watches *all = container_of(f, struct watches, poll);
	struct sqlite_store *s = container_of(all->store, struct sqlite_store, base);

	if (f->status < 0 && !all->failing)
		log_fail(s->log, LOG_WARN, "store.watch", &f->fail);
	all->failing = f->status < 0;
	if (map_count(all->wanted) == 0)
		flow_done(f);
	else
		flow_sleep(THEN(f, poll_now), SQLITE_WATCH_MS);
}

static void poll_ended(struct flow *f)
{
	container_of(f, struct watches, poll)->polling = false;
}

static void send_command(struct watches *all, const char *key, bool on)
{
	size_t size = strlen(key) + 1;
	struct command *c = malloc(sizeof(*c) + size);

	if (!c)
		return;
	c->on = on;
	memcpy(c->key, key, size);
	pthread_mutex_lock(&all->lock);
	list_append(&all->commands, &c->link);
	pthread_mutex_unlock(&all->lock);
}

static void watch_on(struct sqlite_store *s, const char *key)
{
	struct watches *all = s->watches;
	struct want *want = map_get(all->wanted, key);

	if (want) {
		want->refs++;
		return;
	}
	want = malloc(sizeof(*want));
	if (!want || map_put(all->wanted, key, want, NULL) < 0) {
		free(want);
		return;
	}
	want->refs = 1;
	send_command(all, key, true);
	if (!all->polling) {
		all->polling = true;
		flow_begin(&all->poll, s->loop, NULL, "store.watch", FIRST(poll_now), poll_ended);
	}
}

void sqlite_watch(struct store *store, const char *collection, const char *field, const char *value,
		  bool on)
{
	struct sqlite_store *s = container_of(store, struct sqlite_store, base);
	const struct kind *kind = kind_of(collection, field);
	struct want *want;
	char key[KEY_SIZE];

	if (!kind || !make_key(kind, value, key))
		return;
	if (on) {
		watch_on(s, key);
		return;
	}
	want = map_get(s->watches->wanted, key);
	if (!want || --want->refs > 0)
		return;
	free(map_remove(s->watches->wanted, key));
	send_command(s->watches, key, false);
}

int sqlite_watches_create(struct sqlite_store *s, struct fail *f)
{
	struct watches *all = calloc(1, sizeof(*all));

	if (!all)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for a store");
	all->store = &s->base;
	all->data_version = -1;
	pthread_mutex_init(&all->lock, NULL);
	list_init(&all->commands);
	all->wanted = map_create(MAX_WATCHES);
	all->watched = map_create(MAX_WATCHES);
	s->watches = all;
	if (!all->wanted || !all->watched)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for a store");
	return 0;
}

void sqlite_watches_stop(struct sqlite_store *s)
{
	if (s->watches->polling)
		flow_cancel(&s->watches->poll);
}

void sqlite_watches_destroy(struct sqlite_store *s)
{
	struct watches *all = s->watches;

	if (!all)
		return;
	list_for_each_safe (l, &all->commands)
		free(list_entry(l, struct command, link));
	map_destroy(all->wanted, free);
	map_destroy(all->watched, watched_drop);
	pthread_mutex_destroy(&all->lock);
	free(all);
}
