/*
 * utf8.h - what the product needs of Unicode, over utf8proc.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Well-formed UTF-8 without NUL, surrogates or overlong forms. */
bool utf8_valid(const char *s, size_t len);
/* Code points in s (well-formed). */
size_t utf8_count(const char *s);
/* Longest prefix of at most max bytes that ends between code points (well-formed input). */
size_t utf8_prefix(const char *s, size_t len, size_t max_bytes);
/* Decodes one code point at s[*i] and moves *i behind it; -1 at the end or on malformed
 * input, where *i stays. */
int32_t utf8_next(const char *s, size_t len, size_t *i);
/*
 * For comparing words: compatibility-composed, case-folded, accents and other marks stripped
 * ("Ildikó" -> "ildiko"), dashes and no-break hyphens to '-', quotes to '\'', white space runs to one
 * blank, default-ignorables dropped; also ß->ss, ø->o, ł->l, đ->d, æ->ae, œ->oe, þ->th, ð->d.  malloc()ed; NULL:
 * no memory or malformed.
 */
char *utf8_fold(const char *s, size_t len);
/* Letters, digits and marks make words (what the tokenizer splits at the complement of). */
bool utf8_is_word(int32_t codepoint);

#endif
