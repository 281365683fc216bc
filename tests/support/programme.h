/*
 * programme.h - a conference for a test: from normalised JSON, as text or file, to a snapshot or catalog.
 */
#ifndef SUPPORT_PROGRAMME_H
#define SUPPORT_PROGRAMME_H

#include "search/catalog.h"
#include "store/record.h"

/* Fail the running test (cmocka) when the data is not in order. */
struct snapshot *programme_parse(const char *json);
struct snapshot *programme_read(const char *path); /* NULL: no such file */
struct catalog *programme_catalog(struct snapshot *taken);

/* "2026-01-31T14:00" in that zone, or "@1769850000". */
int64_t programme_time(const struct zone *z, const char *text);

#endif
