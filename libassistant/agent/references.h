/*
 * references.h - handles in, names and checked references out, on the fly.
 *
 * Text of an answer comes in pieces split anywhere; [[s1]] becomes the record's name and is
 * reported once. An unknown handle is dropped and counted: nothing that was not retrieved in this
 * turn leaves the server as a reference.
 */
#ifndef AGENT_REFERENCES_H
#define AGENT_REFERENCES_H

#include "base/arena.h"
#include "base/text.h"
#include "search/search.h"

struct references;

struct references *references_create(struct arena *arena);
/* Gives a result its handle ("s1", "e1", "p1", "i1"); the same record keeps the one it has. */
const char *references_add(struct references *r, const struct result *result);
size_t references_count(const struct references *r);
/* For every piece: what may leave now is appended to out.  `cited` is called for each record at its
 * first mention. */
typedef void references_cited_fn(void *ctx, const struct result *result, const char *handle);
void references_feed(struct references *r, const char *text, size_t len, struct text *out,
		     references_cited_fn *cited, void *ctx);
/* The end: what was held back (an unfinished "[[") is resolved as text. */
void references_flush(struct references *r, struct text *out, references_cited_fn *cited,
		      void *ctx);
size_t references_dropped(const struct references *r);

#endif
