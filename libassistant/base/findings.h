/*
 * findings.h - what is wrong between us and a service, as an operator reads it: a sentence on what, one on what to do.
 */
#ifndef BASE_FINDINGS_H
#define BASE_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

struct finding {
	const char *what, *todo;
	bool fatal;  /* answers will fail */
	bool advice; /* nothing is wrong: how it is set up could be better */
};

#define FINDINGS_MAX 50

struct findings {
	struct finding rows[FINDINGS_MAX];
	size_t n;
};

/* What is more than fits is left out.  The sentences are borrowed. */
static inline void findings_add(struct findings *list, const struct finding *one)
{
	if (list->n < FINDINGS_MAX)
		list->rows[list->n++] = *one;
}

#endif
