/*
 * flat_typos.c - trigrams for candidates, Damerau-Levenshtein (restricted) to confirm them.
 */
#include "index/flat_typos.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/utf8.h"

#define EDGE 1 /* stands before the first and behind the last letter */

static size_t letters_of(const char *word, int32_t letters[static TYPO_MAX_LETTERS + 1])
{
	size_t len = strlen(word), n = 0;

	for (size_t i = 0; i < len && n <= TYPO_MAX_LETTERS;) {
		int32_t ch = utf8_next(word, len, &i);

		if (ch < 0)
			return 0;
		letters[n++] = ch;
	}
	return n <= TYPO_MAX_LETTERS ? n : 0;
}

static uint64_t pack(int32_t a, int32_t b, int32_t c)
{
	return (uint64_t)a << 42 | (uint64_t)b << 21 | (uint64_t)c;
}

size_t typo_trigrams(const char *word, uint64_t keys[static TYPO_MAX_TRIGRAMS])
{
	int32_t letters[TYPO_MAX_LETTERS + 1];
	size_t n_letters = letters_of(word, letters), n = 0;

	if (n_letters < TYPO_MIN_LETTERS || strspn(word, "0123456789.") == strlen(word))
		return 0;
	for (size_t i = 0; i <= n_letters; i++) {
		int32_t before = i > 1 ? letters[i - 2] : EDGE;
		int32_t at = i > 0 ? letters[i - 1] : EDGE;
		int32_t after = i < n_letters ? letters[i] : EDGE;
		uint64_t key = pack(before, at, after);
		size_t k = 0;

		while (k < n && keys[k] != key)
			k++;
		if (k == n)
			keys[n++] = key;
	}
	return n;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned typo_edits(const int32_t *a, size_t n_a, const int32_t *b, size_t n_b, unsigned max)
{
	unsigned rows[3][TYPO_MAX_LETTERS + 2];
	unsigned *two = rows[0], *one = rows[1], *now = rows[2];

	if ((n_a > n_b ? n_a - n_b : n_b - n_a) > max)
		return max + 1;
	for (size_t j = 0; j <= n_b; j++)
		one[j] = (unsigned)j;
	for (size_t i = 1; i <= n_a; i++) {
		unsigned *spare = two, best = now[0] = (unsigned)i;

		for (size_t j = 1; j <= n_b; j++) {
			unsigned d = one[j - 1] + (a[i - 1] != b[j - 1]);

			d = least(d, least(one[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d = least(d, two[j - 2] + 1);
			now[j] = d;
			best = least(best, d);
		}
		if (best > max)
			return max + 1;
		two = one;
		one = now;
		now = spare;
	}
	return one[n_b] <= max ? one[n_b] : max + 1;
}

struct wanted {
	int32_t letters[TYPO_MAX_LETTERS + 1];
	size_t n;
	unsigned max;
	/* the best so far */
	int64_t word;
	unsigned edits, n_records;
	bool same_start;
};

static void consider(const struct flat_file *x, struct wanted *w, uint32_t number)
{
	const struct flat_word *word = &x->words[number];
	const char *text = flat_string(x, word->text);
	int32_t letters[TYPO_MAX_LETTERS + 1];
	size_t n = letters_of(text, letters);
	unsigned edits;
	bool same_start, better;

	if (!n)
		return;
	edits = typo_edits(w->letters, w->n, letters, n, w->max);
	if (edits > w->max)
		return;
	same_start = letters[0] == w->letters[0];
	if (edits > 1 && !same_start)
		return; /* "unsupported" is no misspelt "supported" */
	if (w->word < 0 || edits != w->edits)
		better = w->word < 0 || edits < w->edits;
	else if (same_start != w->same_start)
		better = same_start;
	else
		better = word->n_records > w->n_records; /* words come in alphabetical order */
	if (!better)
		return;
	w->word = number;
	w->edits = edits;
	w->n_records = word->n_records;
	w->same_start = same_start;
}

static void count_shared(const struct flat_file *x, uint64_t key, uint8_t *shared)
{
	size_t low = 0, high = x->n_trigrams;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (x->trigrams[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == x->n_trigrams || x->trigrams[low].key != key)
		return;
	for (uint32_t i = 0; i < x->trigrams[low].n_words; i++)
		shared[x->tri_words[x->trigrams[low].words + i]]++;
}

int64_t typo_find(const struct flat_file *x, const char *word, unsigned *edits)
{
	uint64_t keys[TYPO_MAX_TRIGRAMS];
	size_t n_keys = typo_trigrams(word, keys);
	struct wanted w = { .word = -1 };
	uint8_t *shared;
	int needed;

	if (!n_keys)
		return -1;
	w.n = letters_of(word, w.letters);
	w.max = w.n <= 6 ? 1 : 2;
	shared = calloc(x->n_words + 1, 1);
	if (!shared)
		return -1;
	for (size_t i = 0; i < n_keys; i++)
		count_shared(x, keys[i], shared);
	/* One edit touches at most three trigrams, a swap four. */
	needed = (int)n_keys - 4 * (int)w.max;
	if (needed < 1)
		needed = 1;
	for (uint32_t i = 0; i < x->n_words; i++) {
		if (shared[i] >= needed)
			consider(x, &w, i);
	}
	free(shared);
	if (w.word >= 0)
		*edits = w.edits;
	return w.word;
}

/* --- When indexing ------------------------------------------------------------------ */

static int by_key(const void *pa, const void *pb)
{
	const struct typo_occurrence *a = pa, *b = pb;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->word < b->word ? -1 : a->word > b->word;
}

struct typo_occurrence *typo_occurrences(const char *(*word)(const void *ctx, size_t i),
					 const void *ctx, size_t n, size_t *n_out)
{
	struct typo_occurrence *all = malloc(sizeof(*all));
	uint64_t keys[TYPO_MAX_TRIGRAMS];
	size_t cap = 1, found = 0;

	*n_out = 0;
	for (size_t i = 0; all && i < n; i++) {
		size_t n_keys = typo_trigrams(word(ctx, i), keys);

		if (found + n_keys > cap) {
			struct typo_occurrence *grown;

			cap = 2 * (found + n_keys) + 1024;
			grown = reallocarray(all, cap, sizeof(*all));
			if (!grown)
				free(all);
			all = grown;
		}
		for (size_t k = 0; all && k < n_keys; k++)
			all[found++] = (struct typo_occurrence){ keys[k], (uint32_t)i };
	}
	if (all && found)
		qsort(all, found, sizeof(*all), by_key);
	*n_out = all ? found : 0;
	return all;
}
