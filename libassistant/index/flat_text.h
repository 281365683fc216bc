/*
 * flat_text.h - which texts of a record make which field.
 */
#ifndef INDEX_FLAT_TEXT_H
#define INDEX_FLAT_TEXT_H

#include "index/index.h"

/* Text as written; borrowed for the call. */
typedef void flat_text_fn(void *ctx, enum lexical_field field, const char *text);

/* Every text of the record, field by field.  The snapshot gives the sessions of speakers. */
int flat_texts(const struct snapshot *s, const struct record *record, flat_text_fn *fn, void *ctx,
	       struct fail *f);

#endif
