/*
 * fake_clock.c - a clock that stands still until told.
 */
#include <assistant/testing.h>
#include <stdatomic.h>
#include <stdlib.h>

struct assistant_fake_clock {
	_Atomic long long now_ms;
};

int assistant_fake_clock_new(long long unix_ms, assistant_fake_clock **out)
{
	assistant_fake_clock *c = calloc(1, sizeof(*c));

	if (!c)
		return ASSISTANT_ENOMEM;
	atomic_init(&c->now_ms, unix_ms);
	*out = c;
	return 0;
}

void assistant_fake_clock_advance(assistant_fake_clock *c, long long ms)
{
	atomic_fetch_add(&c->now_ms, ms);
}

static long long now(void *user)
{
	assistant_fake_clock *c = user;

	return atomic_load(&c->now_ms);
}

int assistant_fake_clock_use(assistant_fake_clock *c, assistant_config *config)
{
	return assistant_config_use_clock(config, now, c);
}

void assistant_fake_clock_free(assistant_fake_clock *c)
{
	free(c);
}
