/*
 * embedding.h - which embedder, and whether the indexes there are go with it.
 */
#ifndef API_EMBEDDING_H
#define API_EMBEDDING_H

#include "api/assistant_private.h"

/* Loop thread.  Fills env.embedder, or leaves it NULL and says why in a->embedder_because.  ECONFIG: what was asked for by name
 * is not there. */
int embedding_open(assistant *a, struct fail *f);
void embedding_close(assistant *a);
/*
 * A caller's thread, once the loop runs.  ECONFIG: a conference of the embedded store is indexed by another model; the sentence
 * names both and the command that ingests again.  Such vectors cannot be compared, and would be by chance.
 */
int embedding_check(assistant *a, struct fail *f);

#endif
