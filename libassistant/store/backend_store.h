/*
 * backend_store.h - a store that a program brought: the operations of assistant/backend.h behind store.h.
 */
#ifndef STORE_BACKEND_STORE_H
#define STORE_BACKEND_STORE_H

#include <assistant/backend.h>
#include "store/store.h"

/* The backend is copied; its destroy is called when the store is destroyed. */
int backend_store_open(struct loop *loop, const assistant_backend *backend, void *ctx,
		       struct log *log, struct store **out, struct fail *f);

#endif
