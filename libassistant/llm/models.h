/*
 * models.h - what a model accepts: the table models.def, and what a setting says otherwise.
 */
#ifndef LLM_MODELS_H
#define LLM_MODELS_H

#include <stdbool.h>
#include "base/fail.h"

struct model_traits {
	bool prefill, structured;
	char effort[16], thinking_off[24]; /* "": not sent */
	int cache_min;
};

/*
 * overrides (NULL or "": none): "model: trait trait; model: ...", a model being the beginning of ids as in the table, a trait one
 * of prefill, no-prefill, structured, no-structured, effort=low, effort=none, thinking=disabled, thinking=none,
 * cache-min=1024.  All that fit are applied in order.  EINVAL names the part that is not like that.
 */
int model_traits_find(const char *model, const char *overrides, struct model_traits *out,
		      struct fail *f);

/* The day on which Anthropic retired it, "2026-06-15"; NULL: it did not, or nobody knows. */
const char *model_retired(const char *model);

#endif
