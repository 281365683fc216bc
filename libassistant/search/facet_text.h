/*
 * facet_text.h - composing one text from parts, up to a limit: what facets.c is written with.
 */
#ifndef SEARCH_FACET_TEXT_H
#define SEARCH_FACET_TEXT_H

#include "base/json.h"
#include "base/text.h"
#include "search/facet_cues.h"

/* A record's running text, read once. */
struct told {
	struct prose prose;
	const unsigned *bits; /* facet_cues_of */
};
int told_read(struct told *t, const char *text, struct arena *arena);

#define FACET_TEXT_MAX 2048

struct facet_parts {
	struct text text;
	size_t max; /* bytes: parts that do not fit are left out, a first one is cut at a word */
};
/* Each part becomes a sentence of its own; what the text says already is not said again.  part may be NULL. */
void parts_add(struct facet_parts *p, const char *part);
void parts_add_list(struct facet_parts *p, const char *const *list); /* joined by ", " */
/* A field of a record: a text or a list of them, without markup. */
int parts_add_field(struct facet_parts *p, struct json_object *json, const char *key,
		    struct arena *arena);
/* Sentences that speak to that facet, in order, at most max_sentences, not counting items of one list. */
void parts_add_cued(struct facet_parts *p, const struct told *t, enum facet facet,
		    unsigned max_sentences);
/* From the start, as much as fits. */
void parts_add_start(struct facet_parts *p, const struct told *t);
/* The sentences that tell most of what the text is about: those near to the title and to the text's own frequent words. */
int parts_add_telling(struct facet_parts *p, const struct told *t, const char *title,
		      unsigned max_sentences, struct arena *arena);

#endif
