/*
 * watch.c - changes of watched rows, handed from the loop to a reader's thread.
 *
 * A watch keeps the newest unread state of each row: its memory is bounded by what it watches.
 */
#include "api/assistant_private.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include "base/clock.h"
#include "base/map.h"
#include "base/text.h"

#define WATCH_MAX 20000

struct change {
	struct list link;
	char *key, *collection, *row;
	const char *change; /* static */
};

struct assistant_watch {
	struct list link; /* in a->watches */
	assistant *a;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct map *subjects; /* "collection\nfield\nvalue" -> count as pointer */
	struct list queue;
	struct map *queued; /* row key -> struct change */
	struct change *current;
	int fd;
	bool over; /* there will be no changes any more */
};

static void change_free(void *p)
{
	struct change *c = p;

	if (!c)
		return;
	free(c->key);
	free(c->collection);
	free(c->row);
	free(c);
}

int assistant_watch_new(assistant *a, assistant_watch **out)
{
	_inside_ assistant *inside = NULL;
	int code = api_enter(a, &inside, NULL);
	assistant_watch *w = code < 0 ? NULL : calloc(1, sizeof(*w));
	pthread_condattr_t attributes;

	if (code < 0)
		return code;
	if (!w)
		return ASSISTANT_ENOMEM;
	w->a = assistant_ref(a);
	w->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	w->subjects = map_create(WATCH_MAX);
	w->queued = map_create(WATCH_MAX);
	list_init(&w->queue);
	pthread_mutex_init(&w->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&w->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_lock(&a->mutex);
	list_append(&a->watches, &w->link);
	pthread_mutex_unlock(&a->mutex);
	*out = w;
	return 0;
}

static char *join(const char *a, const char *b, const char *c)
{
	struct text t;

	text_init(&t, 4096);
	text_printf(&t, "%s\n%s\n%s", a, b, c);
	return text_take(&t);
}

/* --- The store is told on the loop ------------------------------------------------ */

struct told {
	struct loop_post post;
	assistant *a;
	char *collection, *field, *value;
	bool on;
};

static void told_posted(struct loop_post *p)
{
	struct told *t = container_of(p, struct told, post);
	struct store *s = t->a->env.store;

	if (s->ops->watch)
		s->ops->watch(s, t->collection, t->field, t->value, t->on);
	free(t->collection);
	free(t->field);
	free(t->value);
	free(t);
}

static void tell(assistant *a, const char *collection, const char *field, const char *value,
		 bool on)
{
	struct told *t = calloc(1, sizeof(*t));

	if (!t)
		return;
	*t = (struct told){ .a = a,
			    .collection = strdup(collection),
			    .field = strdup(field),
			    .value = strdup(value),
			    .on = on };
	loop_post(a->env.loop, &t->post, told_posted);
}

int assistant_watch_add(assistant_watch *w, const char *collection, const char *field,
			const char *value)
{
	_inside_ assistant *inside = NULL;
	_cleanup_free_ char *key = NULL;
	int r = 0;

	if (strcmp(field, "id") != 0 && strcmp(field, "conversation_id") != 0)
		return ASSISTANT_EINVAL;
	if (api_enter(w->a, &inside, NULL) < 0)
		return ASSISTANT_EUNAVAILABLE;
	if (!w->a->env.store->ops->watch)
		return ASSISTANT_EDENIED;
	key = join(collection, field, value);
	if (!key)
		return ASSISTANT_ETOOLARGE;
	pthread_mutex_lock(&w->mutex);
	if (!map_get(w->subjects, key)) {
		r = map_put(w->subjects, key, w, NULL);
		if (!r)
			tell(w->a, collection, field, value, true);
	}
	pthread_mutex_unlock(&w->mutex);
	return r;
}

void assistant_watch_remove(assistant_watch *w, const char *collection, const char *field,
			    const char *value)
{
	_inside_ assistant *inside = NULL;
	_cleanup_free_ char *key = join(collection, field, value);

	if (api_enter(w->a, &inside, NULL) < 0)
		return;
	pthread_mutex_lock(&w->mutex);
	if (key && map_remove(w->subjects, key))
		tell(w->a, collection, field, value, false);
	pthread_mutex_unlock(&w->mutex);
}

/* --- Changes come on the loop ------------------------------------------------------- */

static bool wants(assistant_watch *w, const char *collection, const char *id,
		  const char *conversation_id)
{
	_cleanup_free_ char *by_id = join(collection, "id", id);
	_cleanup_free_ char *by_conversation =
		conversation_id ? join(collection, "conversation_id", conversation_id) : NULL;

	return (by_id && map_get(w->subjects, by_id)) ||
	       (by_conversation && map_get(w->subjects, by_conversation));
}

/* Mutex held. */
static void enqueue(assistant_watch *w, const char *collection, const char *change, const char *id,
		    const char *row_json)
{
	char *key = join(collection, "", id);
	struct change *c = key ? map_get(w->queued, key) : NULL;
	uint64_t one = 1;

	if (c) {
		free(c->row);
		c->row = strdup(row_json);
		free(key);
		return;
	}
	c = calloc(1, sizeof(*c));
	if (!c || !key) {
		free(c);
		free(key);
		return;
	}
	*c = (struct change){ .key = key,
			      .collection = strdup(collection),
			      .row = strdup(row_json),
			      .change = strcmp(change, "create") ? "update" : "create" };
	if (map_put(w->queued, key, c, NULL) < 0) {
		change_free(c);
		return;
	}
	list_append(&w->queue, &c->link);
	if (write(w->fd, &one, sizeof(one)) < 0)
		errno = 0; /* the counter is full: it is readable already */
	pthread_cond_broadcast(&w->changed);
}

void watches_changed(void *ctx, const char *collection, const char *change, const char *id,
		     const char *conversation_id, const char *row_json)
{
	assistant *a = ctx;

	pthread_mutex_lock(&a->mutex);
	list_for_each (l, &a->watches) {
		assistant_watch *w = list_entry(l, assistant_watch, link);

		pthread_mutex_lock(&w->mutex);
		if (wants(w, collection, id, conversation_id))
			enqueue(w, collection, change, id, row_json);
		pthread_mutex_unlock(&w->mutex);
	}
	pthread_mutex_unlock(&a->mutex);
}

void watches_end(assistant *a)
{
	uint64_t one = 1;

	pthread_mutex_lock(&a->mutex);
	list_for_each (l, &a->watches) {
		assistant_watch *w = list_entry(l, assistant_watch, link);

		pthread_mutex_lock(&w->mutex);
		w->over = true;
		if (write(w->fd, &one, sizeof(one)) < 0)
			errno = 0; /* it is readable already */
		pthread_cond_broadcast(&w->changed);
		pthread_mutex_unlock(&w->mutex);
	}
	pthread_mutex_unlock(&a->mutex);
}

/* --- Reading ------------------------------------------------------------------------ */

/* Mutex held. */
static void wait_for_change(assistant_watch *w, int timeout_ms)
{
	struct timespec deadline;

	clock_deadline(timeout_ms > 0 ? timeout_ms : 0, &deadline);
	while (list_empty(&w->queue) && !w->over && timeout_ms != 0) {
		if (timeout_ms < 0)
			pthread_cond_wait(&w->changed, &w->mutex);
		else if (pthread_cond_timedwait(&w->changed, &w->mutex, &deadline) == ETIMEDOUT)
			return;
	}
}

int assistant_watch_next(assistant_watch *w, int timeout_ms, const char **collection,
			 const char **change, const char **row_json)
{
	uint64_t n;
	bool over;

	pthread_mutex_lock(&w->mutex);
	change_free(w->current);
	w->current = NULL;
	wait_for_change(w, timeout_ms);
	if (!list_empty(&w->queue)) {
		w->current = list_entry(w->queue.next, struct change, link);
		list_remove(&w->current->link);
		map_remove(w->queued, w->current->key);
	}
	over = w->over;
	if (list_empty(&w->queue) && !over && read(w->fd, &n, sizeof(n)) < 0)
		errno = 0; /* it was not readable */
	pthread_mutex_unlock(&w->mutex);
	if (!w->current)
		return over ? ASSISTANT_EUNAVAILABLE : ASSISTANT_ETIMEOUT;
	*collection = w->current->collection;
	*change = w->current->change;
	*row_json = w->current->row;
	return 0;
}

int assistant_watch_fd(assistant_watch *w)
{
	return w->fd;
}

static void forget_subject(assistant_watch *w, const char *key)
{
	_cleanup_free_ char *copy = strdup(key);
	char *rest = copy;
	const char *collection = strsep(&rest, "\n");
	const char *field = rest ? strsep(&rest, "\n") : NULL;

	if (field && rest)
		tell(w->a, collection, field, rest, false);
}

void assistant_watch_free(assistant_watch *w)
{
	_inside_ assistant *inside = NULL;
	size_t cursor = 0;
	const char *key;
	void *value;
	bool open;

	if (!w)
		return;
	open = api_enter(w->a, &inside, NULL) == 0;
	pthread_mutex_lock(&w->a->mutex);
	list_remove(&w->link);
	pthread_mutex_unlock(&w->a->mutex);
	while (open && map_next(w->subjects, &cursor, &key, &value))
		forget_subject(w, key);
	map_destroy(w->subjects, NULL);
	map_destroy(w->queued, change_free);
	change_free(w->current);
	close(w->fd);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->mutex);
	assistant_unref(w->a);
	free(w);
}
