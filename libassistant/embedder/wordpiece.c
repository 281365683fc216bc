/*
 * wordpiece.c - characters are cleaned one at a time and gathered into words; each word is cut into pieces, longest first.
 *
 *	text --> special token? --> clean, decompose, strip accents, lower-case --> word --> pieces
 *				     white space, punctuation, CJK end a word
 */
#include "embedder/wordpiece.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>
#include "base/check.h"
#include "base/clean.h"
#include "base/hash.h"
#include "base/utf8.h"

#define MAX_WORD_CHARS 100 /* longer ones are [UNK] */
#define MAX_PIECE      255
#define SLOTS	       131072 /* a power of two, twice the largest vocabulary */

struct piece {
	uint32_t at; /* in text */
	uint8_t len;
	bool inner; /* continues a word: written with ## in front, which is not counted here */
};

enum special { PAD, UNK, CLS, SEP, MASK, SPECIAL_COUNT };
static const char *const specials[SPECIAL_COUNT] = { "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]" };

struct wordpieces {
	char *text;
	struct piece *pieces;
	size_t n;
	size_t longest;			/* bytes */
	int32_t special[SPECIAL_COUNT]; /* -1: this vocabulary has none */
	uint16_t slots[SLOTS];		/* id + 1; 0: free */
};

/* --- The vocabulary -------------------------------------------------------------- */

/* FNV-1a, one byte at a time, so that the hashes of all prefixes of a word cost one pass. */
#define HASH_BEGIN 0x811C9DC5U

static uint32_t hash_byte(uint32_t h, char c)
{
	return (h ^ (uint8_t)c) * 0x01000193U;
}

static size_t slot_of(uint32_t h, bool inner)
{
	h ^= inner ? 0x9E3779B9U : 0;
	h ^= h >> 15;
	h *= 0x2C1B3C6DU;
	return (h ^ (h >> 13)) & (SLOTS - 1);
}

/* -1: none. */
static int32_t find(const struct wordpieces *v, const char *s, size_t len, uint32_t h, bool inner)
{
	for (size_t at = slot_of(h, inner); v->slots[at]; at = (at + 1) & (SLOTS - 1)) {
		const struct piece *p = &v->pieces[v->slots[at] - 1];

		if (p->len == len && p->inner == inner && !memcmp(v->text + p->at, s, len))
			return v->slots[at] - 1;
	}
	return -1;
}

/* An id's first line counts, should a piece stand there twice. */
static void insert(struct wordpieces *v, size_t id)
{
	const struct piece *p = &v->pieces[id];
	uint32_t h = HASH_BEGIN;
	size_t at;

	for (size_t i = 0; i < p->len; i++)
		h = hash_byte(h, v->text[p->at + i]);
	if (p->len == 0 || find(v, v->text + p->at, p->len, h, p->inner) >= 0)
		return;
	for (at = slot_of(h, p->inner); v->slots[at]; at = (at + 1) & (SLOTS - 1))
		continue;
	v->slots[at] = (uint16_t)(id + 1);
	if (p->len > v->longest)
		v->longest = p->len;
}

static int32_t find_special(const struct wordpieces *v, const char *name)
{
	uint32_t h = HASH_BEGIN;

	for (const char *s = name; *s; s++)
		h = hash_byte(h, *s);
	return find(v, name, strlen(name), h, false);
}

static int read_lines(struct wordpieces *v, size_t len, struct fail *f)
{
	size_t at = 0;

	while (at < len) {
		const char *end = memchr(v->text + at, '\n', len - at);
		size_t next = end ? (size_t)(end - v->text) + 1 : len;
		size_t stop = end ? next - 1 : len;
		struct piece *p = &v->pieces[v->n];

		if (stop > at && v->text[stop - 1] == '\r')
			stop--;
		p->inner = stop - at > 2 && v->text[at] == '#' && v->text[at + 1] == '#';
		at += p->inner ? 2 : 0;
		if (stop - at > MAX_PIECE)
			return FAIL(f, ASSISTANT_EPROTOCOL,
				    "line %zu of the vocabulary is longer than %d bytes", v->n + 1,
				    MAX_PIECE);
		p->at = (uint32_t)at;
		p->len = (uint8_t)(stop - at);
		insert(v, v->n++);
		at = next;
	}
	return 0;
}

static size_t count_lines(const char *text, size_t len)
{
	size_t n = 1;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n;
}

static int fill(struct wordpieces *v, const char *text, size_t len, struct fail *f)
{
	size_t lines = count_lines(text, len);
	int r;

	if (lines > UINT16_MAX)
		return FAIL(f, ASSISTANT_EPROTOCOL, "the vocabulary has more than %d lines",
			    UINT16_MAX - 1);
	v->text = malloc(len + 1);
	v->pieces = calloc(lines, sizeof(*v->pieces));
	if (!v->text || !v->pieces)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for the vocabulary");
	memcpy(v->text, text, len);
	r = read_lines(v, len, f);
	if (r < 0)
		return r;
	for (int i = 0; i < SPECIAL_COUNT; i++)
		v->special[i] = find_special(v, specials[i]);
	if (v->special[UNK] < 0 || v->special[CLS] < 0 || v->special[SEP] < 0)
		return FAIL(f, ASSISTANT_EPROTOCOL,
			    "the vocabulary lacks one of [UNK], [CLS] and [SEP]");
	return 0;
}

int wordpieces_read(const char *text, size_t len, struct wordpieces **out, struct fail *f)
{
	struct wordpieces *v;
	int r;

	if (len > 16 << 20)
		return FAIL(f, ASSISTANT_EPROTOCOL, "the vocabulary is larger than 16 MB");
	v = calloc(1, sizeof(*v));
	if (!v)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for the vocabulary");
	r = fill(v, text, len, f);
	if (r < 0) {
		wordpieces_destroy(v);
		return r;
	}
	*out = v;
	return 0;
}

void wordpieces_destroy(struct wordpieces *v)
{
	if (!v)
		return;
	free(v->pieces);
	free(v->text);
	free(v);
}

size_t wordpieces_count(const struct wordpieces *v)
{
	return v->n;
}

/* --- Characters ------------------------------------------------------------------ */

static bool is_space(int32_t c)
{
	switch (c) {
	case '\t':
	case '\n':
	case '\r':
	case ' ':
	case 0xA0:
	case 0x1680:
	case 0x2028:
	case 0x2029:
	case 0x202F:
	case 0x205F:
	case 0x3000:
		return true;
	default:
		return c >= 0x2000 && c <= 0x200A;
	}
}

/* Control and format characters and private use; what Unicode has not assigned stays, as an unknown letter. */
static bool is_dropped(int32_t c)
{
	if (c == 0xFFFD)
		return true;
	switch (utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_CO:
	case UTF8PROC_CATEGORY_CS:
		return true;
	default:
		return false;
	}
}

static bool is_cjk(int32_t c)
{
	static const int32_t ranges[][2] = {
		{ 0x4E00, 0x9FFF },   { 0x3400, 0x4DBF },   { 0x20000, 0x2A6DF },
		{ 0x2A700, 0x2B73F }, { 0x2B740, 0x2B81F }, { 0x2B920, 0x2CEAF },
		{ 0xF900, 0xFAFF },   { 0x2F800, 0x2FA1F },
	};

	for (size_t i = 0; c >= 0x3400 && i < ARRAY_SIZE(ranges); i++) {
		if (c >= ranges[i][0] && c <= ranges[i][1])
			return true;
	}
	return false;
}

static bool is_punctuation(int32_t c)
{
	if (c < 0x80)
		return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
		       (c >= '{' && c <= '~');
	switch (utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_PC:
	case UTF8PROC_CATEGORY_PD:
	case UTF8PROC_CATEGORY_PE:
	case UTF8PROC_CATEGORY_PF:
	case UTF8PROC_CATEGORY_PI:
	case UTF8PROC_CATEGORY_PO:
	case UTF8PROC_CATEGORY_PS:
		return true;
	default:
		return false;
	}
}

/* --- Words ----------------------------------------------------------------------- */

struct reader {
	const struct wordpieces *v;
	uint16_t *ids;
	size_t n, max; /* max leaves room for [SEP] */
	char word[MAX_WORD_CHARS * 4];
	size_t len, chars; /* chars beyond MAX_WORD_CHARS are counted, not kept */
};

static void put_id(struct reader *r, int32_t id)
{
	if (r->n < r->max)
		r->ids[r->n++] = (uint16_t)id;
}

/* The longest piece of the vocabulary that the word goes on with; -1: none.  *len: its bytes. */
static int32_t longest_piece(const struct reader *r, size_t at, size_t *len)
{
	size_t most = r->len - at < r->v->longest ? r->len - at : r->v->longest;
	uint32_t hashes[MAX_PIECE + 1];

	hashes[0] = HASH_BEGIN;
	for (size_t i = 0; i < most; i++)
		hashes[i + 1] = hash_byte(hashes[i], r->word[at + i]);
	for (size_t n = most; n > 0; n--) {
		int32_t id;

		if (at + n < r->len && (r->word[at + n] & 0xC0) == 0x80)
			continue;
		id = find(r->v, r->word + at, n, hashes[n], at > 0);
		if (id >= 0) {
			*len = n;
			return id;
		}
	}
	return -1;
}

/* A word that cannot be cut up completely is one [UNK]. */
static void end_word(struct reader *r)
{
	size_t before = r->n, at = 0, len = 0;

	if (r->chars == 0)
		return;
	while (r->chars <= MAX_WORD_CHARS && at < r->len) {
		int32_t id = longest_piece(r, at, &len);

		if (id < 0)
			break;
		put_id(r, id);
		at += len;
	}
	if (r->chars > MAX_WORD_CHARS || at < r->len) {
		r->n = before;
		put_id(r, r->v->special[UNK]);
	}
	r->len = r->chars = 0;
}

static void add_char(struct reader *r, int32_t c)
{
	if (is_punctuation(c))
		end_word(r);
	if (++r->chars <= MAX_WORD_CHARS)
		r->len += (size_t)utf8proc_encode_char(c, (utf8proc_uint8_t *)r->word + r->len);
	if (is_punctuation(c))
		end_word(r);
}

/* The canonical decomposition without its accents, in lower case. */
static void add_plain(struct reader *r, int32_t c)
{
	utf8proc_int32_t parts[8];
	utf8proc_ssize_t n;
	int boundary = 0;

	if (c < 0x80) {
		add_char(r, c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
		return;
	}
	n = utf8proc_decompose_char(c, parts, ARRAY_SIZE(parts), UTF8PROC_DECOMPOSE, &boundary);
	for (utf8proc_ssize_t i = 0; i < n && i < (utf8proc_ssize_t)ARRAY_SIZE(parts); i++) {
		if (utf8proc_category(parts[i]) != UTF8PROC_CATEGORY_MN)
			add_char(r, utf8proc_tolower(parts[i]));
	}
}

static void read_char(struct reader *r, int32_t c)
{
	if (is_space(c)) {
		end_word(r);
	} else if (c < 0x80 ? (c < ' ' || c == 0x7F) : is_dropped(c)) {
		return;
	} else if (is_cjk(c)) {
		end_word(r);
		add_plain(r, c);
		end_word(r);
	} else {
		add_plain(r, c);
	}
}

/* A special token that the text spells out; NULL: none here. */
static const char *special_at(const struct wordpieces *v, const char *s, size_t len, int32_t *id)
{
	for (int i = 0; *s == '[' && i < SPECIAL_COUNT; i++) {
		size_t n = strlen(specials[i]);

		if (v->special[i] >= 0 && len >= n && !memcmp(s, specials[i], n)) {
			*id = v->special[i];
			return specials[i];
		}
	}
	return NULL;
}

size_t wordpiece(const struct wordpieces *v, const char *text, size_t len, uint16_t *ids,
		 size_t max)
{
	struct reader r = { .v = v, .ids = ids, .max = max - 1 };
	size_t i = 0;

	PRE(max >= 2);
	put_id(&r, v->special[CLS]);
	while (i < len && r.n < r.max) {
		int32_t id = 0, c;
		const char *special = special_at(v, text + i, len - i, &id);

		if (special) {
			end_word(&r);
			put_id(&r, id);
			i += strlen(special);
			continue;
		}
		c = utf8_next(text, len, &i);
		if (c >= 0)
			read_char(&r, c);
		else
			i++;
	}
	end_word(&r);
	ids[r.n++] = (uint16_t)v->special[SEP];
	return r.n;
}
