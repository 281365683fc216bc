/*
 * text.h - text of a conference on its way to a terminal: what may be printed, and how wide it is.
 *
 * Records and answers are other people's words.  Characters that move the cursor, recolour the screen or
 * reorder a line never reach it; line ends and tabs become blanks.  Needs a UTF-8 locale: text_begin.
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdbool.h>
#include <stdio.h>
#include <wchar.h>

/* Chooses the user's locale for characters, or C.UTF-8 when that one is not UTF-8. */
void text_begin(void);
/* False: a control character, a bidirectional override or another one that hides text. */
bool text_allowed(wchar_t c);
/* Columns a character takes: 0 for marks that join the one before, 2 for wide ones. */
int text_char_width(wchar_t c);
/* The character at *s, which moves behind it; 0 at the end; U+FFFD for bytes that are no UTF-8. */
wchar_t text_next(const char **s);
/* Columns the printable part of s takes. */
int text_width(const char *s);
/* Prints s in at most `columns` columns (-1: all of it), cut with "…".  Returns the columns used. */
int text_put(FILE *out, const char *s, int columns);
/* Prints s in lines of at most `columns` columns (0: one line), broken at blanks, each behind `indent` blanks. */
void text_wrap(FILE *out, const char *s, int columns, int indent);
/* As text_put, then blanks up to `columns`. */
void text_pad(FILE *out, const char *s, int columns);

#endif
