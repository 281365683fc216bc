/*
 * attribute.h - what is asked of one record beside when, where and who: how long, in which language,
 * at which price (llm/attributes.def).
 */
#ifndef AGENT_ATTRIBUTE_H
#define AGENT_ATTRIBUTE_H

#include "agent/turn.h"

/* Of a folded question; NULL: none. */
const struct attribute *attribute_asked(const char *folded);
const struct attribute *attribute_find(const char *name);
const char *attribute_name(const struct attribute *a);
/* Words that find the page that answers for all records; "" when there is none. */
const char *attribute_page(const struct attribute *a);
bool attribute_fits(const struct attribute *a, enum entity type);
/* Is the folded word part of how one asks for it? */
bool attribute_has_word(const struct attribute *a, const char *folded_word);
/* {"name","value"|"minutes"|"sentence"}: what the record says of it; only the name when it says
 * nothing.  Text is cleaned.  Owned. */
struct json_object *attribute_of_record(const struct attribute *a, const struct record *r,
					struct arena *arena);

#endif
