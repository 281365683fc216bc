/*
 * language.h - which language a question is in, from its small words; from its script when it has none.
 */
#ifndef SEARCH_LANGUAGE_H
#define SEARCH_LANGUAGE_H

#include <stdbool.h>

/* "en" "de" "fr" "es" "it" "nl" "pt" by function words; by script "ru" "el" "zh" "ja" "ko" "ar" "he" "hi" "th"; "en" when unsure. */
const char *language_of(const char *folded);
/* More small words of that language ("en" "de" "fr" "es" "it" "nl" "pt") than of English. */
bool language_is_likely(const char *folded, const char *code);

#endif
