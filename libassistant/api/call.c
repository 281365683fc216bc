/*
 * call.c - from a caller's thread to the loop and back; who is inside, and who may come in.
 */
#include "api/assistant_private.h"

#include <errno.h>
#include <time.h>
#include "base/check.h"

static const char closed_text[] = "The assistant is being closed.";

assistant *assistant_ref(assistant *a)
{
	pthread_mutex_lock(&a->mutex);
	a->refs++;
	pthread_mutex_unlock(&a->mutex);
	return a;
}

int api_enter(assistant *a, assistant **inside, assistant_error *err)
{
	struct fail f = FAIL_INIT;

	pthread_mutex_lock(&a->mutex);
	if (a->closed)
		FAIL(&f, ASSISTANT_EUNAVAILABLE, "%s", closed_text);
	else
		a->inside++;
	pthread_mutex_unlock(&a->mutex);
	if (f.code)
		return fail_export(&f, err);
	*inside = a;
	return 0;
}

void api_leave(assistant *a)
{
	pthread_mutex_lock(&a->mutex);
	a->inside--;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->mutex);
}

/* --- Calls ------------------------------------------------------------------ */

static void call_ended(struct flow *f)
{
	struct api_call *c = container_of(f, struct api_call, flow);
	assistant *a = c->a;

	list_remove(&c->link);
	if (f->status == ASSISTANT_ECANCELED && a->stopped_all)
		FAIL(&f->fail, f->status, "%s", closed_text);
	pthread_mutex_lock(&a->mutex);
	c->done = true;
	pthread_cond_signal(
		&c->changed); /* its own: waking everybody who waits costs more than a turn */
	pthread_mutex_unlock(&a->mutex);
}

static void call_posted(struct loop_post *p)
{
	struct api_call *c = container_of(p, struct api_call, post);

	list_append(&c->a->calls, &c->link);
	flow_begin(&c->flow, c->a->env.loop, NULL, "call", c->first, c->first_name, call_ended);
	if (c->timeout_ms >= 0)
		flow_set_deadline(&c->flow, c->timeout_ms);
	if (c->a->stopped_all)
		flow_cancel(&c->flow);
}

void api_calls_cancel(assistant *a)
{
	while (!list_empty(&a->calls))
		flow_cancel(&list_entry(a->calls.next, struct api_call, link)->flow);
}

/* a->mutex is held.  True: the caller is told, though there is nothing new. */
static bool wait_a_while(assistant *a, struct api_call *c)
{
	struct timespec until;

	if (!c->tell_every_ms) {
		pthread_cond_wait(&c->changed, &a->mutex);
		return false;
	}
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += (long)c->tell_every_ms * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	return pthread_cond_timedwait(&c->changed, &a->mutex, &until) == ETIMEDOUT;
}

int api_call_run(assistant *a, struct api_call *c, int timeout_ms, flow_step *first,
		 const char *first_name, assistant_error *err)
{
	PRE(!loop_is_current(a->env.loop));
	c->a = a;
	c->first = first;
	c->first_name = first_name;
	c->timeout_ms = timeout_ms;
	if (!c->arena)
		c->arena = arena_create(1 << 24);
	if (!c->arena)
		IMPOSSIBLE("out of memory for a call");
	pthread_cond_init(&c->changed, NULL);
	loop_post(a->env.loop, &c->post, call_posted);
	pthread_mutex_lock(&a->mutex);
	while (!c->done) {
		if (!c->told && !wait_a_while(a, c))
			continue;
		c->told = false;
		pthread_mutex_unlock(&a->mutex);
		c->tell(c);
		pthread_mutex_lock(&a->mutex);
	}
	pthread_mutex_unlock(&a->mutex);
	pthread_cond_destroy(&c->changed);
	if (c->flow.status < 0) {
		if (!c->flow.fail.code)
			FAIL(&c->flow.fail, c->flow.status, "%s.",
			     assistant_strerror(c->flow.status));
		fail_export(&c->flow.fail, err);
	}
	return c->flow.status < 0 ? c->flow.status : 0;
}

void api_call_tell(struct api_call *c)
{
	pthread_mutex_lock(&c->a->mutex);
	c->told = c->tell != NULL;
	pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->a->mutex);
}

void api_call_finish(struct api_call *c)
{
	arena_destroy(c->arena);
}

void api_call_done(struct flow *f)
{
	flow_done(f);
}

/* --- Conferences by id or name ---------------------------------------------- */

struct resolve {
	struct api_call call;
	const char *conference;
	struct catalog *catalog;
};

static void resolve_begin(struct flow *f)
{
	struct resolve *r = container_of(f, struct resolve, call.flow);
	struct env *env = &r->call.a->env;

	catalogs_resolve(env->catalogs, r->conference, env->default_conference, &r->catalog,
			 THEN(f, api_call_done));
}

int api_resolve(assistant *a, const char *conference, int timeout_ms, char id[static 128],
		assistant_error *err)
{
	struct resolve r = { .conference = conference };
	int code = API_CALL(a, &r.call, timeout_ms, resolve_begin, err);

	if (!code)
		snprintf(id, 128, "%s", catalog_snapshot(r.catalog)->conference.id);
	catalog_unref(r.catalog);
	api_call_finish(&r.call);
	return code;
}
