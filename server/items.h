/*
 * items.h - the part of Directus' REST that the widget uses, over the embedded store.
 */
#ifndef SERVER_ITEMS_H
#define SERVER_ITEMS_H

#include "query.h"
#include "request.h"

void items_list(struct request *r);
void items_read(struct request *r);
void items_create(struct request *r);
void items_patch(struct request *r);
void items_ping(struct request *r);

/* Its rows are visitors': each seen by those who know an id, never listed, watched by item. */
bool collection_is_private(const char *collection);
bool collection_is_known(const char *collection);
/* May a visitor see the rows that this filter leaves? */
bool filter_is_allowed(const char *collection, const struct row_filter *filter);

#endif
