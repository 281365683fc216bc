/*
 * warm_up.c - see warm_up.h.
 */
#include "api/warm_up.h"
#include "embedder/embedder.h"

#define AFTER_MS    200
#define CONFERENCES 4 /* more would cost memory that nobody may ask for */

static void warm_up_now(struct loop_timer *t)
{
	assistant *a = container_of(t, assistant, warming);

	if (a->minilm)
		minilm_warm_up(a->minilm);
	catalogs_warm_up(a->env.catalogs, a->env.default_conference, CONFERENCES);
}

static void warm_up_posted(struct loop_post *p)
{
	assistant *a = container_of(p, assistant, warm);

	loop_timer_start(a->env.loop, &a->warming, AFTER_MS, warm_up_now);
}

void warm_up(assistant *a)
{
	loop_post(a->env.loop, &a->warm, warm_up_posted);
}

void warm_up_stop(assistant *a)
{
	loop_timer_stop(&a->warming);
}
