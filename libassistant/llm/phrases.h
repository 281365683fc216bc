/*
 * phrases.h - the product's own words in four languages (phrases.def), and dates and times in them.
 *
 * Used by the composer and by the agent for status lines, failures and suggestions.  Pure,
 * thread-safe.
 */
#ifndef LLM_PHRASES_H
#define LLM_PHRASES_H

#include <stdbool.h>
#include <stdint.h>
#include "base/text.h"

enum language { LANGUAGE_EN, LANGUAGE_DE, LANGUAGE_FR, LANGUAGE_ES, LANGUAGE_COUNT };

enum phrase {
#define PHRASE(id, en, de, fr, es) PHRASE_##id,
#include "llm/phrases.def"
#undef PHRASE
	PHRASE_COUNT
};

/* From a BCP 47 code ("de-CH"); *known (may be NULL) is false when there are no words for it: then
 * English. */
enum language language_from(const char *code, bool *known);
const char *language_code(enum language l); /* "en" */

/* What a session's language is called ("German" for "de" or "de-CH"); what is no code we know stays as
 * it is. */
void phrases_language(struct text *out, enum language l, const char *code);

/* Appends the phrase; the rest are pairs of a placeholder's name and its value, ended by NULL. */
void phrases_say(struct text *out, enum language l, enum phrase p, ...) __attribute__((sentinel));

/* A civil time as it stands in an ISO 8601 text with offset: the venue's own clock. */
struct civil_time {
	int year, month, day, hour, minute;
	int weekday; /* 0 = Sunday */
	int64_t unix_s;
};
/* "2026-01-31T16:00:00+01:00" or "2026-01-31" (midnight, unix_s as of UTC).  false: not such a
 * text. */
bool civil_time_parse(const char *iso, struct civil_time *out);

void phrases_day(struct text *out, enum language l,
		 const struct civil_time *t); /* "Saturday 31 January" */
void phrases_weekday(struct text *out, enum language l,
		     const struct civil_time *t); /* "Saturday" */
/* "31 January 2026"; without year: "31 January". */
void phrases_date(struct text *out, enum language l, const struct civil_time *t, bool year);
void phrases_clock(struct text *out, const struct civil_time *t);      /* "16:00" */
void phrases_span(struct text *out, enum language l, int64_t seconds); /* "25 minutes" */

#endif
