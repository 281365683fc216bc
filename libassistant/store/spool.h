/*
 * spool.h - final texts that the store did not take, one file each, until it does.
 *
 * DIR/<id>.json holds {"id","text","metadata"}, written to a temporary name, synced and renamed.
 * Loop thread only; files are small and rare, so the blocking is accepted.
 */
#ifndef STORE_SPOOL_H
#define STORE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>

struct spool;
struct log;

struct spool *spool_open(const char *directory, struct log *log); /* makes it; NULL: cannot */
void spool_close(struct spool *s);
/* 0 or a negative code. */
int spool_put(struct spool *s, const char *id, const char *text, const char *metadata);
/* Calls fn for every text that is not already claimed, and claims it until spool_release.  A file that cannot be read
 * is set aside as <name>.unreadable. */
void spool_each(struct spool *s,
		void (*fn)(void *ctx, const char *id, const char *text, const char *metadata),
		void *ctx);
bool spool_has(const struct spool *s, const char *id);
void spool_remove(struct spool *s, const char *id);
void spool_release(struct spool *s, const char *id);
size_t spool_count(struct spool *s);

#endif
