/*
 * score.c - scores and the decision that nothing is relevant.
 *
 * docs/retrieval.md says how the numbers were found; tests/unit/test_score.c what must hold of them.
 */
#include "search/score.h"

#include <math.h>
#include <string.h>
#include "search/words.h"

#define LEXICAL_MAX  0.8f
#define NAME_MIN     0.8f
#define ENOUGH_WORDS 3u /* that many shared words are no accident */
#define MOSTLY_KNOWN 0.7f
#define SOME_COVER   0.15f
#define LEAST_KNOWN  0.4f
#define LEAST_COVER  0.5f
#define STRICT_KNOWN 0.75f
#define STRICT_COVER 0.75f

/* Of a fused score, what words give: half for a question of one or two, a quarter for one of six and more. */
#define FEW_WORDS      2u
#define SHARE_OF_FEW   0.5f
#define SHARE_OF_MANY  0.25f
#define SHARE_PER_WORD 0.0625f

#define OTHER_THAN_ORIGIN 0.7f /* where people are asked for by where they come from */

#define WORDS_WITNESS 0.15f /* what all of the question's words add to a record's evidence */
#define EVIDENT	      0.31f /* of a short question, among MANY records */
#define MOST_LONG     0.07f /* off it, of a long one: more words, more that lie off the subject */
#define PER_WORD      0.02f
#define SHORT_WORDS   3u
#define ALL_STRANGE   3u
#define STRANGE_MORE  0.06f
#define STRANGE_SHORT 0.1f  /* more, of a short question, for what of it nobody here ever said */
#define STRANGE_ALONE 0.16f /* of a single word: a model finds something in any row of letters */
#define MANY	      2000
#define FEW	      32
#define PER_HALF      0.014f /* the nearest of half as many is that much farther, by accident */

/* Known in this form or nearly: the index stems, the vocabulary does not. */
static bool is_known(const struct vocabulary *v, const char *word)
{
	static const char *const ends[] = {
		"s", "es", "ing", "ed", "er", "en", "e", "n", "d", "ly"
	};
	size_t len = strlen(word);
	char other[64];

	if (vocabulary_find(v, word))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t size = strlen(ends[i]);

		if (len + size >= sizeof other || len < 4)
			continue;
		memcpy(other, word, len);
		memcpy(other + len, ends[i], size + 1);
		if (vocabulary_find(v, other))
			return true;
		if (len < size + 3 || strcmp(word + len - size, ends[i]) != 0)
			continue;
		other[len - size] = '\0';
		if (vocabulary_find(v, other))
			return true;
		other[len - size] = 'e';
		other[len - size + 1] = '\0';
		if (vocabulary_find(v, other))
			return true;
	}
	return false;
}

void score_terms_read(struct score_terms *out, const struct vocabulary *v, const char *terms)
{
	size_t len = strlen(terms), i = 0, from, to;
	float all = 0, known = 0;

	*out = (struct score_terms){ .known = 1 };
	while (word_next(terms, len, &i, &from, &to)) {
		struct correction corrections[VOCABULARY_MAX_CORRECTIONS];
		char word[64];
		bool here;

		if (to - from >= sizeof word)
			continue;
		memcpy(word, terms + from, to - from);
		word[to - from] = '\0';
		here = is_known(v, word) || vocabulary_correct(v, word, corrections) > 0;
		out->n++;
		out->n_unknown += !here;
		all += here ? 1.0f : 1.5f;
		known += here ? 1.0f : 0.0f;
	}
	if (all > 0)
		out->known = known / all;
}

static float coverage(const struct index_hit *hit)
{
	return hit->n_query_words ? (float)hit->n_words / (float)hit->n_query_words : 0;
}

float score_lexical(const struct score_terms *t, const struct index_hit *hit, float best)
{
	float relative = best > 0 ? hit->score / best : 0, cover = coverage(hit);
	float score = (0.6f * relative + 0.4f * cover) * (0.5f + 0.5f * t->known);

	return LEXICAL_MAX * (score > 1 ? 1 : score);
}

/* --- meaning -------------------------------------------------------------------- */

/*
 * What a facet's nearness is worth, by record and intent.  The master, and what a record is about, count in full; what it also
 * says (for whom, how, in which sector) is nearer to many questions than it is about them, unless advice is asked for.  Who comes
 * from somewhere is told by one facet.
 */
static float facet_weight(const struct score_focus *focus, enum facet facet)
{
	bool people = focus->intent == INTENT_SPEAKER_SEARCH;
	bool advice = focus->intent == INTENT_RECOMMENDATION;

	if (focus->origin == ORIGIN_ALONE)
		return facet == FACET_SPEAKER_BACKGROUND ? 1 : OTHER_THAN_ORIGIN;
	switch (facet) {
	case FACET_LEARNING_OUTCOMES:
	case FACET_TARGET_AUDIENCE:
		return advice ? 1 : 0.8f;
	case FACET_INDUSTRY_FOCUS:
	case FACET_PRACTICAL_APPLICATIONS:
		return 0.8f;
	case FACET_SESSION_SPEAKERS: /* who speaks is not what is spoken of */
		return people ? 0.9f : 0.7f;
	case FACET_WHO_WE_HELP:
	case FACET_INDUSTRIES_WE_SERVE:
	case FACET_AUDIENCE_VALUE:
	case FACET_CONNECT_WITH_ME:
		return advice ? 1 : 0.9f;
	default:
		return 1;
	}
}

static float excess(float cosine, float mean)
{
	float over = mean < 1 ? (cosine - mean) / (1 - mean) : 0;

	return over < 0 ? 0 : over > 1 ? 1 : over;
}

float score_meaning(const struct score_focus *focus, const struct dense_hit *hit, float mean)
{
	float best = 0, origin = 0;

	for (unsigned i = 0; i < FACET_COUNT; i++) {
		float over;

		if (hit->cosine[i] <= COSINE_NONE)
			continue;
		over = excess(hit->cosine[i], mean) * facet_weight(focus, (enum facet)i);
		if (focus->origin == ORIGIN_AND_TOPIC && i == FACET_SPEAKER_BACKGROUND)
			origin = over;
		else
			best = over > best ? over : best;
	}
	return focus->origin == ORIGIN_AND_TOPIC ? (origin + best) / 2 : best;
}

static float words_share(const struct score_terms *t)
{
	float more = t->n > FEW_WORDS ? (float)(t->n - FEW_WORDS) : 0;
	float share = SHARE_OF_FEW - SHARE_PER_WORD * more;

	return share < SHARE_OF_MANY ? SHARE_OF_MANY : share;
}

float score_fused(const struct score_terms *t, float lexical, float meaning, float best_meaning)
{
	float near = best_meaning > 0 ? meaning / best_meaning : 0;

	return LEXICAL_MAX * (1 - words_share(t)) * (near > 1 ? 1 : near) +
	       score_lexical_share(t, lexical);
}

float score_lexical_share(const struct score_terms *t, float lexical)
{
	return words_share(t) * lexical;
}

float score_reference(const float *cosines, size_t n)
{
	float sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += cosines[i];
	return n ? 0.6f * sum / (float)n + 0.4f * (n < 4 ? (float)n / 4 : 1) : 0;
}

/* --- names ------------------------------------------------------------------------ */

float score_name(float similarity)
{
	return NAME_MIN + (1 - NAME_MIN) * (similarity > 1 ? 1 : similarity);
}

bool score_relevant(const struct score_terms *t, const struct index_hit *best, bool strict)
{
	float cover;

	if (!best || !best->n_words)
		return false;
	cover = coverage(best);
	if (strict)
		return t->known >= STRICT_KNOWN && cover >= STRICT_COVER;
	if (best->n_words >= ENOUGH_WORDS)
		return true;
	/* A question of words that are all at home here may be about anything; with strange ones it must share more. */
	return t->known >= MOSTLY_KNOWN ? cover >= SOME_COVER
					: t->known >= LEAST_KNOWN && cover >= LEAST_COVER;
}

float score_evidence(const struct score_terms *t, const struct index_hit *hit, float meaning)
{
	return meaning + (hit ? WORDS_WITNESS * coverage(hit) * t->known : 0);
}

bool score_evident(const struct score_terms *t, float evidence, size_t n_compared, enum doubt doubt)
{
	static const float more[] = {
		[DOUBT_LEAST] = -0.08f, [DOUBT_LITTLE] = -0.05f, [DOUBT_MUCH] = 0.03f
	};
	float long_one = t->n > SHORT_WORDS ? PER_WORD * (float)(t->n - SHORT_WORDS) : 0;
	/* Words of which not one is known here mean nothing that is. */
	float strange = t->n >= ALL_STRANGE && !(t->known > 0) ? STRANGE_MORE : 0;
	float n = (float)(n_compared < FEW ? FEW : n_compared > MANY ? MANY : n_compared);

	/* Among many records, what is here has been named; among few, a word may be missing by accident. */
	if (t->n && t->n <= SHORT_WORDS)
		strange += (t->n == 1 ? STRANGE_ALONE : STRANGE_SHORT) * (1 - t->known) *
			   log2f(n / FEW) / log2f(MANY / FEW);
	return evidence >= EVIDENT + more[doubt] + strange - fminf(long_one, MOST_LONG) -
				   PER_HALF * log2f(MANY / n);
}
