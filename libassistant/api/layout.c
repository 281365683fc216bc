/*
 * layout.c - see layout.h.
 *
 *	start --> checked --> good, or not started at all
 *	      \-> away --> looked at every few seconds --> good | wrong: not ready, until it was mended
 */
#include "api/layout.h"

#include "api/assistant_private.h"
#include "observe/log.h"

#define CHECK_TIMEOUT_MS 15000
#define AWAY_MS		 3000
#define WRONG_MS	 30000

struct layout {
	struct api_call call;
	struct findings found;
};

static void layout_begin(struct flow *f)
{
	struct layout *l = container_of(f, struct layout, call.flow);
	struct store *s = l->call.a->env.store;

	s->ops->check(s, l->call.arena, &l->found, THEN(f, api_call_done));
}

static int say(assistant *a, const struct findings *found, struct fail *f)
{
	int r = 0;

	for (size_t i = 0; i < found->n; i++) {
		const struct finding *one = &found->rows[i];

		log_write(a->env.log,
			  one->fatal	? LOG_ERROR
			  : one->advice ? LOG_INFO
					: LOG_WARN,
			  "store.layout", "s", "what", one->what, "s", "do", one->todo, NULL);
		if (one->fatal && !r)
			r = FAIL(f, ASSISTANT_ECONFIG, "%s", one->what);
	}
	return r;
}

/* --- Later ---------------------------------------------------------------------------- */

struct layout_later {
	assistant *a;
	struct loop_post post;
	struct loop_timer timer;
	struct flow flow;
	struct arena *arena; /* of the look under way; NULL: there is none */
	struct findings found;
	bool wrong;
};

static flow_step later_begin, later_checked;

static void later_begin(struct flow *f)
{
	struct layout_later *l = container_of(f, struct layout_later, flow);
	struct store *s = l->a->env.store;

	s->ops->check(s, l->arena, &l->found, THEN(f, later_checked));
}

static void later_checked(struct flow *f)
{
	flow_done(f);
}

static void later_fired(struct loop_timer *t);

static void later_ended(struct flow *f)
{
	struct layout_later *l = container_of(f, struct layout_later, flow);
	bool was_wrong = l->wrong;

	if (f->status >= 0) {
		l->wrong = say(l->a, &l->found, NULL) < 0;
		if (!l->wrong)
			log_write(l->a->env.log, LOG_INFO, "store.checked", NULL);
	}
	if (f->status != ASSISTANT_ECANCELED && (f->status < 0 || l->wrong))
		loop_timer_start(l->a->env.loop, &l->timer,
				 f->status < 0 && !was_wrong ? AWAY_MS : WRONG_MS, later_fired);
	arena_destroy(TAKE_PTR(l->arena));
}

static void later_fired(struct loop_timer *t)
{
	struct layout_later *l = container_of(t, struct layout_later, timer);

	l->arena = arena_create(1 << 24);
	if (!l->arena) {
		loop_timer_start(l->a->env.loop, &l->timer, WRONG_MS, later_fired);
		return;
	}
	flow_begin(&l->flow, l->a->env.loop, NULL, "layout", FIRST(later_begin), later_ended);
	flow_set_deadline(&l->flow, CHECK_TIMEOUT_MS);
}

static void later_posted(struct loop_post *p)
{
	struct layout_later *l = container_of(p, struct layout_later, post);

	l->a->layout = l;
	loop_timer_start(l->a->env.loop, &l->timer, AWAY_MS, later_fired);
}

static void look_later(assistant *a)
{
	struct layout_later *l = calloc(1, sizeof(*l));

	if (!l)
		return;
	l->a = a;
	loop_post(a->env.loop, &l->post, later_posted);
}

void layout_stop(assistant *a)
{
	struct layout_later *l = TAKE_PTR(a->layout);

	if (!l)
		return;
	if (l->arena)
		flow_cancel(&l->flow);
	loop_timer_stop(&l->timer);
	free(l);
}

int layout_status(const assistant *a)
{
	return a->layout && a->layout->wrong ? ASSISTANT_ECONFIG : 0;
}

int layout_check(assistant *a, struct fail *f)
{
	struct layout l = { 0 };
	int r;

	if (!a->env.store->ops->check)
		return 0;
	r = API_CALL(a, &l.call, CHECK_TIMEOUT_MS, layout_begin, NULL);
	if (r < 0) {
		log_fail(a->env.log, LOG_WARN, "store.unchecked", &l.call.flow.fail);
		look_later(a);
	}
	r = r < 0 ? 0 : say(a, &l.found, f);
	api_call_finish(&l.call);
	return r;
}
