/*
 * ingest_warnings.h - what real programmes have wrong and an ingest reports without stopping.
 */
#ifndef API_INGEST_WARNINGS_H
#define API_INGEST_WARNINGS_H

#include "base/json.h"
#include "base/zone.h"
#include "store/record.h"

/* Appends one sentence for each finding, at most 200 in all, to the array. */
void ingest_warnings(const struct snapshot *s, const struct zone *zone,
		     struct json_object *warnings);
/* Of a time that was given without an offset: does it not exist, or occur twice, on that day? */
void ingest_warn_clock(const struct zone *zone, int64_t local_s, int64_t unix_s,
		       struct json_object *warnings);

#endif
