/*
 * clock.h - the time of day, injectable.
 *
 * Everything that asks what time it is asks a struct clock.  The real one reads
 * CLOCK_REALTIME, shifted when ERLEAH_NOW pins the start; the virtual one stands still until told.
 * Durations and deadlines do not come from here but from the loop (monotonic).  Thread-safe.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include "fail.h"

struct clock;

/* pinned_ms: unix time in ms that "now" has at creation, running on from there; -1: the real
 * time. */
struct clock *clock_create(int64_t pinned_ms);
struct clock *clock_create_virtual(int64_t now_ms);
/* Asks fn (any thread) for the time, in unix ms. */
struct clock *clock_create_calling(long long (*fn)(void *user), void *user);
void clock_destroy(struct clock *c);
int64_t clock_now_ms(const struct clock *c);	    /* unix time */
void clock_advance_ms(struct clock *c, int64_t ms); /* virtual only */

struct timespec;
/* CLOCK_MONOTONIC, so many ms from now: for pthread_cond_timedwait on such a condition. */
void clock_deadline(int timeout_ms, struct timespec *out);

/* "2026-11-23T14:32:10.123Z"; buf of 32. */
#define TIME_TEXT_SIZE 32
void time_format_utc(int64_t unix_ms, char out[static TIME_TEXT_SIZE]);
/*
 * ISO 8601 date-times as RFC 3339 and Directus write them: "T" or blank, optional seconds and
 * fraction, "Z" or +hh:mm or nothing.  *has_offset tells whether an offset was there; without one
 * *unix_ms reads the fields as UTC.  A bare date is midnight without offset.  EINVAL otherwise.
 */
int time_parse(const char *s, int64_t *unix_ms, bool *has_offset);

#endif
