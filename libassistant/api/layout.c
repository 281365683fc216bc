/*
 * layout.c - see layout.h.
 */
#include "api/layout.h"

#include "api/assistant_private.h"
#include "observe/log.h"

#define CHECK_TIMEOUT_MS 15000

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

int layout_check(assistant *a, struct fail *f)
{
	struct layout l = { 0 };
	int r;

	if (!a->env.store->ops->check)
		return 0;
	r = API_CALL(a, &l.call, CHECK_TIMEOUT_MS, layout_begin, NULL);
	if (r < 0)
		log_fail(a->env.log, LOG_WARN, "store.unchecked", &l.call.flow.fail);
	r = r < 0 ? 0 : say(a, &l.found, f);
	api_call_finish(&l.call);
	return r;
}
