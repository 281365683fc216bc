/*
 * breaker.c - see breaker.h.
 */
#include "guard/breaker.h"

#include <stddef.h>
#include "base/check.h"

static const char *const names[] = { "closed", "open", "half open", NULL };
static const uint32_t may[] = {
	[BREAKER_CLOSED] = 1u << BREAKER_OPEN,
	[BREAKER_OPEN] = 1u << BREAKER_HALF_OPEN,
	[BREAKER_HALF_OPEN] = 1u << BREAKER_CLOSED | 1u << BREAKER_OPEN,
};
static const struct state_table table = { .name = "breaker", .states = names, .may = may };

void breaker_init(struct breaker *b, const struct breaker_policy *policy)
{
	PRE(policy->window >= 1 && policy->window <= 32 && policy->failures >= 1);
	*b = (struct breaker){ .policy = policy, .ticket = 1 };
	state_init(&b->state, &table, BREAKER_CLOSED);
}

static void move(struct breaker *b, unsigned to)
{
	b->probing = false;
	if (++b->ticket == 0)
		b->ticket = 1;
	state_move(&b->state, to);
}

unsigned breaker_enter(struct breaker *b, int64_t now_ms, int *wait_ms)
{
	if (b->state.at == BREAKER_CLOSED)
		return b->ticket;
	if (b->state.at == BREAKER_OPEN && now_ms >= b->until_ms)
		move(b, BREAKER_HALF_OPEN);
	if (b->state.at == BREAKER_HALF_OPEN && !b->probing) {
		b->probing = true;
		return b->ticket;
	}
	if (wait_ms)
		*wait_ms = b->until_ms > now_ms ? (int)(b->until_ms - now_ms) : b->policy->open_ms;
	return 0;
}

static void open(struct breaker *b, int64_t now_ms, int retry_after_ms)
{
	int64_t ms = b->policy->open_ms;

	for (unsigned i = 0; i < b->n_openings && ms < b->policy->open_max_ms; i++)
		ms *= 2;
	if (ms > b->policy->open_max_ms)
		ms = b->policy->open_max_ms;
	if (ms < retry_after_ms)
		ms = retry_after_ms;
	b->n_openings++;
	b->until_ms = now_ms + ms;
	move(b, BREAKER_OPEN);
}

static void note(struct breaker *b, bool failed)
{
	b->outcomes = b->outcomes << 1 | failed;
	if (b->n_outcomes < b->policy->window)
		b->n_outcomes++;
}

static unsigned count_failures(const struct breaker *b)
{
	uint32_t mask = b->policy->window == 32 ? ~0u : (1u << b->policy->window) - 1;

	return (unsigned)__builtin_popcount(b->outcomes & mask);
}

void breaker_worked(struct breaker *b, unsigned ticket)
{
	if (ticket != b->ticket)
		return;
	if (b->state.at == BREAKER_CLOSED) {
		note(b, false);
		return;
	}
	b->n_openings = 0;
	b->outcomes = 0;
	b->n_outcomes = 0;
	move(b, BREAKER_CLOSED);
}

void breaker_failed(struct breaker *b, unsigned ticket, int64_t now_ms, int retry_after_ms)
{
	unsigned failures;

	if (ticket != b->ticket)
		return;
	if (b->state.at == BREAKER_HALF_OPEN) {
		open(b, now_ms, retry_after_ms);
		return;
	}
	note(b, true);
	failures = count_failures(b);
	if (failures >= b->policy->failures && 2 * failures >= b->n_outcomes)
		open(b, now_ms, retry_after_ms);
}

void breaker_forget(struct breaker *b, unsigned ticket)
{
	if (ticket == b->ticket)
		b->probing = false;
}
