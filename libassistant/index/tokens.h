/*
 * tokens.h - from text to words, the same way when indexing and when asking.
 *
 * Text is folded first (utf8_fold).  A compound ("node.js", "open-source") yields its parts and, as one word, the
 * whole without its connectors ("nodejs"); "c++", "c#", ".net" and "1.0" stay what they are; CJK text yields single
 * characters and pairs.
 */
#ifndef INDEX_TOKENS_H
#define INDEX_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

#define TOKEN_MAX_BYTES 64

enum token_kind {
	TOKEN_WORD,  /* stands alone */
	TOKEN_WHOLE, /* a compound as one word; its parts follow */
	TOKEN_PART,  /* of the compound before it */
	TOKEN_HINT,  /* what a word contains: "python" of "python3", "open" of "OpenPrinting" */
};

/* word: NUL-terminated, folded, at most TOKEN_MAX_BYTES; borrowed for the call. */
typedef void token_fn(void *ctx, const char *word, enum token_kind kind);

/* folded: from utf8_fold. */
void tokens_of(const char *folded, token_fn *fn, void *ctx);
/* Hints of CamelCase words in text as written; parts shorter than three letters are none. */
void tokens_of_camel_case(const char *text, token_fn *fn, void *ctx);

/* Words that say nothing about what is looked for, in English, German, French and Spanish. */
bool token_is_stop_word(const char *word);
/* Words that name kinds of records and days rather than what they are about ("talk", "stand"): they count less. */
bool token_is_weak(const char *word);

#endif
