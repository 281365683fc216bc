/*
 * shift_text.h - weekdays and dates within texts, moved by whole days: "Thursday 20 May, 12:25" two days later is "Saturday
 * 22 May, 12:25".
 */
#ifndef INGEST_SHIFT_TEXT_H
#define INGEST_SHIFT_TEXT_H

#include <time.h>

/*
 * The text moved, malloc()ed; NULL: nothing in it moves (or no memory: *failed is set).  What moves: names of weekdays and
 * dates with a month's name, in English, German, French and Spanish, and dates like 2027-05-20.  "on Thursdays" and "in
 * March" are no day of the conference and stay, as do dates more than 300 days from its start.
 */
char *shift_text(const char *text, long days, time_t start, int *failed);

#endif
