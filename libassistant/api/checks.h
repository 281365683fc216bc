/*
 * checks.h - what callers may say, the same for every way of asking.
 */
#ifndef API_CHECKS_H
#define API_CHECKS_H

#include <assistant.h>
#include <stdint.h>
#include "base/fail.h"

/* A question: not empty (EUNPROCESSABLE), UTF-8 (EINVAL), at most 2,000 characters (EUNPROCESSABLE). */
int check_question(const assistant *a, const char *what, const char *question, struct fail *f);
/* An ISO 8601 time with an offset; NULL is -1. */
int check_now(const char *now, int64_t *unix_ms, struct fail *f);

#endif
