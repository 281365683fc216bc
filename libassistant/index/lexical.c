/*
 * lexical.c - see lexical.h.
 */
#include "index/lexical.h"
#include <libstemmer.h>
#include <math.h>
#include <string.h>
#include "base/utf8.h"
#include "index/flat_typos.h"

#define MAX_CORRECTED 8

#define K1	  1.2f
#define PART	  0.5f /* a part of a compound that is known as a whole */
#define WEAK	  0.3f /* names a kind of record */
#define ONE_EDIT  0.8f
#define TWO_EDITS 0.6f

static const float own_weights[FIELD_COUNT] = {
	[FIELD_NAME] = 3.0f,  [FIELD_PEOPLE] = 2.5f, [FIELD_PLACE] = 1.0f,
	[FIELD_TOPIC] = 1.5f, [FIELD_TEXT] = 1.0f,
};
/* How much a field's length counts against it. */
static const float length_share[FIELD_COUNT] = {
	[FIELD_NAME] = 0.4f,  [FIELD_PEOPLE] = 0.3f, [FIELD_PLACE] = 0.0f,
	[FIELD_TOPIC] = 0.4f, [FIELD_TEXT] = 0.75f,
};

/* --- The question's words --------------------------------------------------------- */

static void take_word(void *ctx, const char *text, enum token_kind kind)
{
	struct lexical_question *q = ctx;
	struct lexical_word *w;

	if (kind == TOKEN_HINT || q->n == LEXICAL_MAX_WORDS)
		return;
	for (size_t i = 0; i < q->n; i++) {
		if (!strcmp(q->words[i].text, text))
			return;
	}
	w = &q->words[q->n++];
	*w = (struct lexical_word){ .kind = kind, .word = -1, .stem = -1 };
	memcpy(w->text, text, strlen(text) + 1);
	w->stop = token_is_stop_word(text);
}

static void look_up(const struct flat_file *x, struct sb_stemmer *stemmer, struct lexical_word *w)
{
	const sb_symbol *stem;

	w->word = flat_find_word(x, w->text);
	if (w->word >= 0) {
		w->stem = x->words[w->word].stem;
		return;
	}
	stem = sb_stemmer_stem(stemmer, (const sb_symbol *)w->text, (int)strlen(w->text));
	if (stem)
		w->stem = flat_find_stem(x, (const char *)stem);
}

static void correct(const struct flat_file *x, struct lexical_word *w, struct text *corrected)
{
	unsigned edits;
	int64_t word = typo_find(x, w->text, &edits);
	const char *text;

	if (word < 0)
		return;
	text = flat_string(x, x->words[word].text);
	if (token_is_stop_word(text))
		return;
	w->word = word;
	w->stem = x->words[word].stem;
	w->weight *= edits == 1 ? ONE_EDIT : TWO_EDITS;
	text_printf(corrected, "%s%s->%s", corrected->len ? ", " : "", w->text, text);
}

/* "wire shark" may be meant to be one word. */
static void join_neighbours(const struct flat_file *x, struct lexical_question *q)
{
	size_t n = q->n;

	for (size_t i = 0; i + 1 < n && q->n < LEXICAL_MAX_WORDS; i++) {
		const struct lexical_word *a = &q->words[i], *b = &q->words[i + 1];
		struct lexical_word *w = &q->words[q->n];
		int64_t word;

		if (a->stop || b->stop || a->kind != TOKEN_WORD || b->kind != TOKEN_WORD ||
		    strlen(a->text) + strlen(b->text) > TOKEN_MAX_BYTES)
			continue;
		*w = (struct lexical_word){ .kind = TOKEN_WORD, .weight = 1 };
		snprintf(w->text, sizeof(w->text), "%s%s", a->text, b->text);
		word = flat_find_word(x, w->text);
		if (word < 0)
			continue;
		w->word = word;
		w->stem = x->words[word].stem;
		q->n++;
	}
}

static bool only_stop_words(const struct lexical_question *q)
{
	for (size_t i = 0; i < q->n; i++) {
		if (!q->words[i].stop)
			return false;
	}
	return true;
}

static void weigh(const struct flat_file *x, struct sb_stemmer *stemmer, bool typos,
		  struct lexical_question *q)
{
	bool stop_words_too = only_stop_words(q), whole_known = false;

	for (size_t i = 0; i < q->n; i++) {
		struct lexical_word *w = &q->words[i];

		if (w->stop && !stop_words_too)
			continue;
		look_up(x, stemmer, w);
		if (w->kind == TOKEN_WHOLE)
			whole_known = w->stem >= 0;
		w->weight = w->kind == TOKEN_PART && whole_known ? PART : 1;
		w->weight *= token_is_weak(w->text) ? WEAK : 1;
		w->counts = w->kind == TOKEN_WORD || (w->kind == TOKEN_WHOLE) == whole_known;
		if (typos && w->stem < 0 && w->kind != TOKEN_WHOLE &&
		    q->n_corrected++ < MAX_CORRECTED)
			correct(x, w, &q->corrected);
	}
}

int lexical_question_read(struct lexical_question *q, const struct flat_file *x,
			  struct sb_stemmer *stemmer, const char *text, bool typos, struct fail *f)
{
	_cleanup_free_ char *folded = utf8_fold(text, strlen(text));

	text_init(&q->corrected, 1024);
	if (!folded)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for a search");
	tokens_of(folded, take_word, q);
	weigh(x, stemmer, typos, q);
	join_neighbours(x, q);
	return 0;
}

void lexical_question_finish(struct lexical_question *q)
{
	text_finish(&q->corrected);
}

/* --- Numbers --------------------------------------------------------------------------- */

const float *lexical_weights(const float weights[static FIELD_COUNT])
{
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		if (weights[i] > 0)
			return weights;
	}
	return own_weights;
}

float lexical_idf(const struct flat_file *x, size_t n_records)
{
	float n = (float)x->n_records, with = (float)n_records;

	return logf(1 + (n - with + 0.5f) / (with + 0.5f));
}

float lexical_saturated(float sum)
{
	return (K1 + 1) / (K1 + sum);
}

float lexical_sum_of(float saturated)
{
	return K1 * saturated / (K1 + 1 - saturated);
}

float lexical_parts(const float average[static FIELD_COUNT],
		    const uint32_t lengths[static FIELD_COUNT],
		    const uint8_t tf[static FIELD_COUNT], const float weights[static FIELD_COUNT],
		    float parts[static FIELD_COUNT])
{
	float sum = 0, factor;

	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		float share = length_share[i];
		float length = average[i] > 0 ? (float)lengths[i] / average[i] : 1;

		parts[i] = weights[i] * (float)tf[i] / FLAT_TF_UNIT / (1 - share + share * length);
		sum += parts[i];
	}
	if (sum <= 0)
		return 0;
	factor = lexical_saturated(sum);
	for (unsigned i = 0; i < FIELD_COUNT; i++)
		parts[i] *= factor;
	return sum * factor;
}
