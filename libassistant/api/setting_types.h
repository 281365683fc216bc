/*
 * setting_types.h - what a setting's text may be.
 */
#ifndef API_SETTING_TYPES_H
#define API_SETTING_TYPES_H

#include <stdint.h>
#include "base/fail.h"

/* ECONFIG names the setting, the value and what is accepted.  An empty value is always "not set". */
int setting_check(const char *name, const char *type, const char *value, struct fail *f);
/* The number of a checked int, duration_ms, size or bool; 0 for "". */
int64_t setting_number(const char *type, const char *value);

#endif
