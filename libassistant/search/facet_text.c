/*
 * facet_text.c - see facet_text.h.
 */
#include "search/facet_text.h"
#include <ctype.h>
#include <string.h>
#include "base/hash.h"
#include "base/utf8.h"
#include "index/tokens.h"

#define WORD_STEM 6 /* bytes that "measure", "measured" and "measuring" share */

int told_read(struct told *t, const char *text, struct arena *arena)
{
	struct told made = { .bits = NULL };
	int code = prose_read(text, arena, &made.prose);

	if (code < 0)
		return code;
	made.bits = facet_cues_of(&made.prose, arena);
	if (!made.bits)
		return ASSISTANT_ENOMEM;
	*t = made;
	return 0;
}

/* --- parts ---------------------------------------------------------------------- */

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

static bool says(const struct text *t, const char *part, size_t n)
{
	const char *p = t->data;

	if (t->len < n)
		return false;
	while ((p = memmem(p, t->len - (size_t)(p - t->data), part, n)) != NULL) {
		if ((p == t->data || !is_word(p[-1])) && !is_word(p[n]))
			return true;
		p++;
	}
	return false;
}

/* Bytes of s up to the last word that ends within max. */
static size_t cut_at_word(const char *s, size_t len, size_t max)
{
	size_t n = utf8_prefix(s, len, max);

	while (n > 0 && n < len && s[n] != ' ')
		n--;
	return n;
}

/* True: it is in the text now, or was before. */
static bool add(struct facet_parts *p, const char *part, size_t n)
{
	struct text *t = &p->text;
	size_t gap = t->len > 0 ? 2 : 0, room = p->max > t->len + gap ? p->max - t->len - gap : 0;

	if (n == 0 || says(t, part, n))
		return true;
	if (n > room) {
		if (room < p->max / 3 || (n = cut_at_word(part, n, room)) == 0)
			return false;
	}
	if (gap)
		text_append(t, strchr(".!?:;", t->data[t->len - 1]) ? " " : ". ");
	text_append_n(t, part, n);
	return true;
}

void parts_add(struct facet_parts *p, const char *part)
{
	if (part)
		add(p, part, strlen(part));
}

void parts_add_list(struct facet_parts *p, const char *const *list)
{
	_cleanup_text_ struct text joined;

	text_init(&joined, FACET_TEXT_MAX);
	for (size_t i = 0; list[i] && joined.len + strlen(list[i]) + 3 < FACET_TEXT_MAX; i++) {
		if (joined.len > 0)
			text_append(&joined, ", ");
		text_append(&joined, list[i]);
	}
	if (joined.failed)
		p->text.failed = true;
	add(p, joined.data, joined.len);
}

static int add_clean(struct facet_parts *p, const char *text, struct arena *arena)
{
	struct prose prose;
	int code = prose_read(text, arena, &prose);

	for (size_t i = 0; code == 0 && i < prose.n; i++)
		add(p, prose.sentences[i].text, prose.sentences[i].len);
	return code;
}

int parts_add_field(struct facet_parts *p, struct json_object *json, const char *key,
		    struct arena *arena)
{
	struct json_object *list = json_get_array(json, key);
	size_t n = list ? json_object_array_length(list) : 0, used = 0;
	const char **items;

	if (!list)
		return add_clean(p, json_get_string(json, key), arena);
	items = arena_array(arena, const char *, n + 1);
	for (size_t i = 0; items && i < n; i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		if (json_object_is_type(item, json_type_string))
			items[used++] = json_object_get_string(item);
	}
	if (!items)
		return ASSISTANT_ENOMEM;
	parts_add_list(p, items);
	return 0;
}

/* "We will look at:" and then nothing. */
static bool dangles(const struct prose *p, size_t i)
{
	const struct sentence *s = &p->sentences[i];

	return s->text[s->len - 1] == ':' && (i + 1 == p->n || p->sentences[i + 1].lead != (int)i);
}

/* --- sentences -------------------------------------------------------------------- */

void parts_add_cued(struct facet_parts *p, const struct told *t, enum facet facet,
		    unsigned max_sentences)
{
	int lead = -1; /* of the list being read */

	for (size_t i = 0; i < t->prose.n && max_sentences > 0; i++) {
		const struct sentence *s = &t->prose.sentences[i];

		if (s->heading || !(t->bits[i] & FACET_BIT(facet)) || dangles(&t->prose, i))
			continue;
		if (!add(p, s->text, s->len))
			return;
		/* a list counts once, with the sentence that opens it */
		if (!s->item || s->lead < 0 || s->lead != lead)
			max_sentences--;
		lead = s->item ? s->lead : (int)i;
	}
}

void parts_add_start(struct facet_parts *p, const struct told *t)
{
	for (size_t i = 0; i < t->prose.n; i++) {
		const struct sentence *s = &t->prose.sentences[i];

		if (!s->heading && !add(p, s->text, s->len))
			return;
	}
}

/* --- telling sentences -------------------------------------------------------------- */

struct words {
	struct arena *arena;
	uint64_t *stems;
	size_t n, cap;
	bool failed;
};

static void note_word(void *ctx, const char *word, enum token_kind kind)
{
	struct words *w = ctx;
	size_t n = strlen(word);
	uint64_t *grown;

	if (kind == TOKEN_HINT || kind == TOKEN_PART || n < 3 || token_is_stop_word(word) ||
	    token_is_weak(word))
		return;
	grown = arena_grow(w->arena, w->stems, w->n, &w->cap, sizeof(*grown));
	if (!grown) {
		w->failed = true;
		return;
	}
	w->stems = grown;
	w->stems[w->n++] = hash_stable(word, n < WORD_STEM ? n : WORD_STEM);
}

static void read_words(struct words *w, const char *text, size_t len)
{
	_cleanup_free_ char *folded = utf8_fold(text, len);

	if (folded)
		tokens_of(folded, note_word, w);
	else
		w->failed = true;
}

static size_t count_word(const struct words *w, uint64_t stem)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++)
		n += w->stems[i] == stem;
	return n;
}

/* Higher: tells more.  Negative: not to be quoted. */
static double weigh(const struct sentence *s, size_t at, const struct words *own,
		    const struct words *title, const struct words *all)
{
	double near = 0, common = 0, weight;

	if (s->heading || own->n < 3)
		return -1;
	for (size_t i = 0; i < own->n; i++) {
		size_t n = count_word(all, own->stems[i]);

		near += count_word(title, own->stems[i]) > 0;
		common += n > 1 ? (n < 4 ? n - 1 : 3) / 3.0 : 0;
	}
	near = title->n > 0 ? near / (double)title->n : 0;
	common /= (double)own->n;
	weight = 2 * (near < 1 ? near : 1) + 1.5 * common + (at == 0 ? 1 : at == 1 ? 0.5 : 0);
	if (s->item)
		weight -= 0.5;
	if (strchr("?:", s->text[s->len - 1]))
		weight -= 0.3;
	return own->n > 40 ? weight - 0.5 : weight;
}

/* Marks the best sentences that fit; what is marked is then said in the order of the text. */
static void choose(const struct told *t, double *weights, size_t room, unsigned max_sentences)
{
	for (; max_sentences > 0; max_sentences--) {
		size_t best = t->prose.n;

		for (size_t i = 0; i < t->prose.n; i++) {
			if (weights[i] >= 0 && (best == t->prose.n || weights[i] > weights[best]))
				best = i;
		}
		if (best == t->prose.n)
			return;
		weights[best] = -1;
		if (t->prose.sentences[best].len + 2 > room)
			continue;
		weights[best] = -2; /* chosen */
		room -= t->prose.sentences[best].len + 2;
	}
}

int parts_add_telling(struct facet_parts *p, const struct told *t, const char *title,
		      unsigned max_sentences, struct arena *arena)
{
	struct words all = { .arena = arena }, head = { .arena = arena };
	size_t room = p->max > p->text.len ? p->max - p->text.len : 0, n = t->prose.n, before;
	double *weights = arena_array(arena, double, n + 1);
	size_t *ends = arena_array(arena, size_t, n + 1);

	if (!weights || !ends)
		return ASSISTANT_ENOMEM;
	read_words(&head, title, strlen(title));
	for (size_t i = 0; i < n; i++) {
		if (!t->prose.sentences[i].heading)
			read_words(&all, t->prose.sentences[i].text, t->prose.sentences[i].len);
		ends[i] = all.n;
	}
	if (all.failed || head.failed)
		return ASSISTANT_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		size_t from = i > 0 ? ends[i - 1] : 0;
		struct words own = { .stems = all.stems + from, .n = ends[i] - from };

		weights[i] = weigh(&t->prose.sentences[i], i, &own, &head, &all);
	}
	choose(t, weights, room, max_sentences);
	before = p->text.len;
	for (size_t i = 0; i < n; i++) {
		if (weights[i] < -1.5)
			add(p, t->prose.sentences[i].text, t->prose.sentences[i].len);
	}
	/* one long sentence, or a few words: better than nothing */
	if (p->text.len == before)
		parts_add_start(p, t);
	return 0;
}
