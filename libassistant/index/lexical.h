/*
 * lexical.h - the lexical half that engines share: how a question's words are read against a conference's vocabulary, and
 * the numbers of BM25F.
 *
 *	text --tokens--> words --(vocabulary | stem | nearest spelling)--> words with weights
 *
 * BM25F (Robertson, Zaragoza): a word's occurrences are first weighed and normalised per field, summed, and
 * only then saturated, so that a word in title and text does not count like two words.
 */
#ifndef INDEX_LEXICAL_H
#define INDEX_LEXICAL_H

#include "base/text.h"
#include "index/flat_file.h"
#include "index/tokens.h"

struct sb_stemmer;

#define LEXICAL_MAX_WORDS 64	/* of a question; more are passed over */
#define LEXICAL_EXACT	  0.15f /* the very word, beside its stem */

struct lexical_word {
	char text[TOKEN_MAX_BYTES + 1];
	enum token_kind kind;
	bool stop, counts;  /* counts: one of n_query_words */
	int64_t word, stem; /* numbers; -1: the conference has none like it */
	float weight;
};

struct lexical_question {
	struct lexical_word words[LEXICAL_MAX_WORDS];
	size_t n;
	struct text corrected; /* "langauge->language, ..." */
	unsigned n_corrected;
};

/* q is zeroed; of x only words, stems, trigrams and their strings are read.  finish also after a failure.  ENOMEM. */
int lexical_question_read(struct lexical_question *q, const struct flat_file *x,
			  struct sb_stemmer *stemmer, const char *text, bool typos, struct fail *f);
void lexical_question_finish(struct lexical_question *q);

/* Those given, or the index's own when they are all 0. */
const float *lexical_weights(const float weights[static FIELD_COUNT]);
/* Of what n_records of x have; x->n_records counts all. */
float lexical_idf(const struct flat_file *x, size_t n_records);
/* What an occurrence is worth when a record's sum over the fields is that. */
float lexical_saturated(float sum);
/* The sum of which that saturated score was made. */
float lexical_sum_of(float saturated);
/* What one word gives one record, field by field, and in all (0: nothing): to be multiplied by the word's rarity. */
float lexical_parts(const float average[static FIELD_COUNT],
		    const uint32_t lengths[static FIELD_COUNT],
		    const uint8_t tf[static FIELD_COUNT], const float weights[static FIELD_COUNT],
		    float parts[static FIELD_COUNT]);

#endif
