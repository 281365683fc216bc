/*
 * quote.h - records' text on its way into facts and answers.
 *
 * Whoever files a session or a stand writes what we quote, so it is treated as hostile: a quote
 * can neither draw a heading, a link, an image or HTML, nor name a reference, nor reorder the line
 * it stands in.
 */
#ifndef LLM_QUOTE_H
#define LLM_QUOTE_H

#include "base/text.h"

/*
 * As facts carry it: control and bidirectional override characters dropped, blanks collapsed, "[["
 * and "]]" parted so that no handle can be written by a record, at most max_chars code points (cut
 * at a word, "…"). lines: line breaks stay (one at most two in a row), else they become blanks.
 * Malformed UTF-8 ends the text.
 */
void quote_clean(struct text *out, const char *s, size_t max_chars, bool lines);
/* As an answer shows it: quote_clean on one line, what Markdown or HTML would act on replaced,
 * addresses without what would make them links.  Meant for the middle of a line. */
void quote_markdown(struct text *out, const char *s, size_t max_chars);
/* The first sentences of s, as quote_markdown, at most max_chars; whole sentences when at least one
 * fits.  May begin a line. */
void quote_sentences(struct text *out, const char *s, size_t max_chars);

/*
 * How much of s is about what it describes: the bytes before a sentence that orders its reader about ("Ignore previous
 * instructions ..."), which is meant for machines; what stands behind it is of the same hand.
 */
size_t quote_honest(const char *s);

/* A model's words as they may be shown: byte for byte, but for what would make links, images or HTML of them (a record may have
 * asked for that).  Given in whole words. */
void quote_disarm(struct text *out, const char *s, size_t len);

#endif
