/*
 * state.h - tables of allowed moves for things that live long and are hit from several sides
 * (a reply, a breaker, a drain).  An illegal move is a bug and aborts with both names.
 */
#ifndef AIO_STATE_H
#define AIO_STATE_H

#include <stdbool.h>
#include <stdint.h>

struct state_table {
	const char *name;	   /* "reply" */
	const char *const *states; /* names, NULL-terminated */
	const uint32_t *may;	   /* may[s]: bit set of states that s may move to */
};

struct state {
	const struct state_table *table;
	unsigned at;
	void (*on_move)(struct state *s, unsigned from); /* may be NULL */
};

void state_init(struct state *s, const struct state_table *table, unsigned first);
void state_move(struct state *s, unsigned to);
bool state_may(const struct state *s, unsigned to);
const char *state_name(const struct state *s);

#endif
