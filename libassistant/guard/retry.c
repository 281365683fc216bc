/*
 * retry.c - see retry.h.
 */
#include "guard/retry.h"

#define JITTER_SHARE                                                                               \
	0.1 /* on top of what the upstream asks for, so that not all come back at once */

static const struct {
	bool again, upstream;
} causes[CAUSE_COUNT] = {
	[CAUSE_TIMEOUT] = { true, true },    [CAUSE_UNREACHABLE] = { true, true },
	[CAUSE_CUT_OFF] = { true, true },    [CAUSE_RATE_LIMITED] = { true, true },
	[CAUSE_OVERLOADED] = { true, true }, [CAUSE_SERVER_ERROR] = { true, true },
	[CAUSE_DENIED] = { false, true },    [CAUSE_SPENT] = { false, true },
	[CAUSE_PROTOCOL] = { false, true },  [CAUSE_REJECTED] = { false, false },
	[CAUSE_BROKEN] = { false, false },   [CAUSE_CANCELED] = { false, false },
	[CAUSE_INTERNAL] = { false, false },
};

void retry_budget_init(struct retry_budget *b)
{
	b->tokens = RETRY_BUDGET_MAX;
}

void retry_budget_pay(struct retry_budget *b)
{
	b->tokens += RETRY_BUDGET_SHARE;
	if (b->tokens > RETRY_BUDGET_MAX)
		b->tokens = RETRY_BUDGET_MAX;
}

bool retry_budget_take(struct retry_budget *b)
{
	if (b->tokens < 1)
		return false;
	b->tokens -= 1;
	return true;
}

bool retry_may_help(enum cause c)
{
	return c < CAUSE_COUNT && causes[c].again;
}

bool retry_is_upstreams_fault(enum cause c)
{
	return c < CAUSE_COUNT && causes[c].upstream;
}

static int64_t ceiling(const struct retry_policy *p, int attempt)
{
	int64_t ms = p->base_ms;

	for (int i = 1; i < attempt && ms < p->cap_ms; i++)
		ms *= 2;
	return ms < p->cap_ms ? ms : p->cap_ms;
}

int64_t retry_after(const struct retry_policy *p, int attempt, const struct fail *f,
		    int64_t left_ms, double random)
{
	int64_t ms;

	if (attempt >= p->attempts || f->final || !retry_may_help(fail_cause(f)))
		return -1;
	if (f->retry_after_ms > 0)
		ms = f->retry_after_ms +
		     (int64_t)(random * JITTER_SHARE * (double)f->retry_after_ms);
	else
		ms = (int64_t)(random * (double)ceiling(p, attempt));
	return left_ms >= 0 && ms >= left_ms ? -1 : ms;
}
