/*
 * fold.h - texts made comparable: one kind of blank, quotation mark, apostrophe and dash.
 */
#ifndef CLI_FOLD_H
#define CLI_FOLD_H

#include <stdbool.h>
#include <stddef.h>

/* lower: without regard to case, too.  malloc()ed; NULL: no memory. */
char *fold(const char *text, bool lower);
/* The same without `**`. */
char *fold_plain(const char *text, bool lower);
/* Where needle stands in text as whole words, from `text` on; NULL: nowhere, also for an empty needle. */
const char *fold_find(const char *text, const char *needle);
/* The same from `from`, a place in text, on. */
const char *fold_find_from(const char *text, const char *from, const char *needle);
/* Whether a byte belongs to a word. */
bool fold_is_word(char c);

#endif
