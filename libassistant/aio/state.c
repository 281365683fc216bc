/*
 * state.c - moves along a table; an illegal one is a bug.
 */
#include "aio/state.h"
#include <stdio.h>
#include "base/check.h"

static bool known(const struct state_table *table, unsigned at)
{
	for (unsigned i = 0; table->states[i]; i++) {
		if (i == at)
			return true;
	}
	return false;
}

void state_init(struct state *s, const struct state_table *table, unsigned first)
{
	PRE(known(table, first));
	*s = (struct state){ .table = table, .at = first };
}

bool state_may(const struct state *s, unsigned to)
{
	return known(s->table, to) && s->table->may[s->at] >> to & 1;
}

void state_move(struct state *s, unsigned to)
{
	unsigned from = s->at;

	if (!state_may(s, to)) {
		fprintf(stderr, "%s: no move from %s to %s\n", s->table->name, state_name(s),
			known(s->table, to) ? s->table->states[to] : "an unknown state");
		IMPOSSIBLE("an illegal move");
	}
	s->at = to;
	if (s->on_move)
		s->on_move(s, from);
}

const char *state_name(const struct state *s)
{
	return s->table->states[s->at];
}
