/*
 * wordpiece.h - text to the token ids of an uncased BERT model, the same as the reference tokenizer's.
 *
 * A vocabulary is immutable once read: any thread may use it.
 */
#ifndef EMBEDDER_WORDPIECE_H
#define EMBEDDER_WORDPIECE_H

#include <stddef.h>
#include <stdint.h>
#include "base/fail.h"

struct wordpieces;

/*
 * text: one word piece per line, its id the number of the line (from 0); [UNK], [CLS] and [SEP] must be among them.  Takes
 * at most 65,535 lines of at most 255 bytes.  EPROTOCOL: no vocabulary; ENOMEM.  text is copied.
 */
int wordpieces_read(const char *text, size_t len, struct wordpieces **out, struct fail *f);
void wordpieces_destroy(struct wordpieces *v);
size_t wordpieces_count(const struct wordpieces *v);

/*
 * [CLS], the text's word pieces as far as they fit, [SEP]: at most max (2 or more) ids, and how many they are.  Any bytes
 * will do: malformed UTF-8 is left out, like control characters.
 */
size_t wordpiece(const struct wordpieces *v, const char *text, size_t len, uint16_t *ids,
		 size_t max);

#endif
