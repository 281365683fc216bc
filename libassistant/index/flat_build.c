/*
 * flat_build.c - from a snapshot's texts to the sections of an index file.
 *
 *	texts --tokens--> words and stems with postings --sort, number--> sections --> bytes
 *	points, placed and with their vectors (flat_points.c) ----------------^
 */
#include "index/flat_build.h"
#include <libstemmer.h>
#include <string.h>
#include "base/arena.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/utf8.h"
#include "index/flat_file.h"
#include "index/flat_text.h"
#include "index/flat_typos.h"
#include "index/kernels.h"
#include "index/tokens.h"

#define MAX_WORDS	4000000
#define ARENA_MAX_BYTES ((size_t)1 << 30)

/* A word or a stem while its postings grow. */
struct term {
	const char *text;
	struct flat_posting *postings;
	size_t n, cap;
	uint32_t number; /* once sorted */
	/* of words */
	struct term *stem;
	/* of stems */
	unsigned n_words;
};

struct terms {
	struct map *map;
	struct term **sorted;
	size_t n;
};

/* A section as it grows. */
struct buffer {
	void *data;
	size_t size, cap;
};

struct build {
	const struct snapshot *snapshot;
	const struct flat_points *points; /* NULL: none */
	struct arena *arena;
	struct sb_stemmer *stemmer;
	struct map *strings; /* text -> offset + 1 */
	struct terms words, stems;
	struct buffer sections[SECTION_COUNT];
	uint32_t n_values;
	/* where we are */
	uint32_t record;
	enum lexical_field field;
	struct flat_record *row;
	uint64_t lengths[ENTITY_COUNT][FIELD_COUNT], n_with[ENTITY_COUNT][FIELD_COUNT];
	bool failed; /* no memory, or over a maximum */
};

/* --- Growing -------------------------------------------------------------- */

/* Appends; the offset, or SIZE_MAX. */
static size_t buffer_add(struct build *b, enum flat_section section, const void *data, size_t size)
{
	struct buffer *buffer = &b->sections[section];
	size_t at = buffer->size;

	if (b->failed || size > FLAT_MAX_BYTES || at > FLAT_MAX_BYTES - size) {
		b->failed = true;
		return SIZE_MAX;
	}
	if (at + size > buffer->cap) {
		size_t cap = 2 * (at + size) + 4096;
		void *grown = realloc(buffer->data, cap);

		if (!grown) {
			b->failed = true;
			return SIZE_MAX;
		}
		buffer->data = grown;
		buffer->cap = cap;
	}
	if (size)
		memcpy((char *)buffer->data + at, data, size);
	buffer->size = at + size;
	return at;
}

/* Each text once; 0 for NULL and "". */
static uint32_t string_add(struct build *b, const char *text)
{
	uintptr_t known;
	size_t at;

	if (!text || !*text)
		return 0;
	known = (uintptr_t)map_get(b->strings, text);
	if (known)
		return (uint32_t)(known - 1);
	at = buffer_add(b, SECTION_STRINGS, text, strlen(text) + 1);
	if (at == SIZE_MAX || map_put(b->strings, text, (void *)(uintptr_t)(at + 1), NULL) < 0) {
		b->failed = true;
		return 0;
	}
	return (uint32_t)at;
}

static struct term *term_get(struct build *b, struct terms *terms, const char *text)
{
	struct term *t = map_get(terms->map, text);

	if (t)
		return t;
	t = arena_new(b->arena, struct term);
	if (t)
		t->text = arena_strdup(b->arena, text);
	if (!t || !t->text || map_put(terms->map, text, t, NULL) < 0) {
		b->failed = true;
		return NULL;
	}
	return t;
}

static void post(struct build *b, struct term *t, unsigned units)
{
	struct flat_posting *p;
	unsigned tf;

	if (t->n == 0 || t->postings[t->n - 1].record != b->record) {
		if (t->n == t->cap) {
			size_t cap = t->cap ? 2 * t->cap : 2;

			p = reallocarray(t->postings, cap, sizeof(*p));
			if (!p) {
				b->failed = true;
				return;
			}
			t->postings = p;
			t->cap = cap;
		}
		t->postings[t->n++] = (struct flat_posting){ .record = b->record };
	}
	p = &t->postings[t->n - 1];
	tf = p->tf[b->field] + units;
	p->tf[b->field] = (uint8_t)(tf < 255 ? tf : 255);
}

/* --- Texts to postings ------------------------------------------------------- */

static void add_word(void *ctx, const char *text, enum token_kind kind)
{
	struct build *b = ctx;
	unsigned units = kind == TOKEN_HINT ? 1 : FLAT_TF_UNIT;
	const sb_symbol *stem;
	struct term *word;

	if (b->failed)
		return;
	word = term_get(b, &b->words, text);
	if (!word)
		return;
	if (!word->stem) {
		stem = sb_stemmer_stem(b->stemmer, (const sb_symbol *)text, (int)strlen(text));
		word->stem = stem ? term_get(b, &b->stems, (const char *)stem) : NULL;
		if (!word->stem) {
			b->failed = true;
			return;
		}
		word->stem->n_words++;
	}
	post(b, word, units);
	post(b, word->stem, units);
	/* A compound is as long as its parts; hints are no words of the text. */
	if (kind == TOKEN_WORD || kind == TOKEN_PART)
		b->row->lengths[b->field]++;
}

static void add_text(void *ctx, enum lexical_field field, const char *text)
{
	struct build *b = ctx;
	_cleanup_free_ char *folded = utf8_fold(text, strlen(text));

	if (!folded) {
		b->failed = true;
		return;
	}
	b->field = field;
	tokens_of(folded, add_word, b);
	if (field == FIELD_NAME)
		tokens_of_camel_case(text, add_word, b);
}

/* --- Records -------------------------------------------------------------------- */

static uint32_t folded_string(struct build *b, const char *text)
{
	_cleanup_free_ char *folded = text ? utf8_fold(text, strlen(text)) : NULL;

	if (text && !folded)
		b->failed = true;
	return string_add(b, folded);
}

static void add_speakers(struct build *b, const struct record *r, struct flat_record *row)
{
	row->speakers = (uint32_t)(b->sections[SECTION_SPEAKERS].size / sizeof(uint32_t));
	for (size_t i = 0; r->speaker_ids[i]; i++) {
		uint32_t id = folded_string(b, r->speaker_ids[i]);

		buffer_add(b, SECTION_SPEAKERS, &id, sizeof(id));
		row->n_speakers++;
	}
}

static void add_columns(struct build *b, const struct record *r, struct flat_record *row)
{
	bool session = r->type == ENTITY_SESSION, exhibitor = r->type == ENTITY_EXHIBITOR;

	row->id = string_add(b, r->id);
	row->name = folded_string(b, r->name);
	row->columns[COLUMN_ID] = folded_string(b, r->id);
	row->columns[COLUMN_PLACE] = folded_string(b, exhibitor ? r->booth : r->location);
	row->columns[COLUMN_TRACK] = folded_string(b, exhibitor ? r->category : r->track);
	if (!session)
		return;
	row->columns[COLUMN_TYPE] = folded_string(b, r->session_type);
	row->columns[COLUMN_LEVEL] = folded_string(b, r->level);
	row->columns[COLUMN_LANGUAGE] = folded_string(b, r->language);
	add_speakers(b, r, row);
}

static int add_record(struct build *b, const struct record *r, struct fail *f)
{
	struct flat_record row = {
		.start = r->start,
		.end = r->end,
		.content = hash_stable(r->json, r->json_len),
		.type = r->type,
	};
	int code;

	b->row = &row;
	add_columns(b, r, &row);
	code = flat_texts(b->snapshot, r, add_text, b, f);
	if (code < 0)
		return code;
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		b->lengths[r->type][i] += row.lengths[i];
		b->n_with[r->type][i] += row.lengths[i] > 0;
	}
	buffer_add(b, SECTION_RECORDS, &row, sizeof(row));
	b->record++;
	return 0;
}

static int add_records(struct build *b, bool (*cancelled)(void *ctx), void *ctx, struct fail *f)
{
	for (unsigned e = 0; e < ENTITY_COUNT; e++) {
		for (size_t i = 0; i < b->snapshot->n[e]; i++) {
			int r = add_record(b, &b->snapshot->records[e][i], f);

			if (r < 0)
				return r;
			if (b->failed)
				return FAIL(f, ASSISTANT_ENOMEM, "no memory to build the index");
			if (cancelled && i % 32 == 0 && cancelled(ctx))
				return FAIL(f, ASSISTANT_ECANCELED,
					    "building the index was cancelled");
		}
	}
	return 0;
}

/* --- Sorting and numbering --------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
	return strcmp((*(struct term *const *)a)->text, (*(struct term *const *)b)->text);
}

static void sort_terms(struct build *b, struct terms *terms)
{
	size_t cursor = 0;
	const char *key;
	void *value;

	terms->sorted = calloc(map_count(terms->map) + 1, sizeof(struct term *));
	if (!terms->sorted) {
		b->failed = true;
		return;
	}
	while (map_next(terms->map, &cursor, &key, &value))
		terms->sorted[terms->n++] = value;
	qsort(terms->sorted, terms->n, sizeof(struct term *), by_text);
	for (size_t i = 0; i < terms->n; i++)
		terms->sorted[i]->number = (uint32_t)i;
}

static uint32_t add_postings(struct build *b, const struct term *t)
{
	size_t at = buffer_add(b, SECTION_POSTINGS, t->postings, t->n * sizeof(*t->postings));

	return (uint32_t)(at / sizeof(struct flat_posting));
}

static void add_stems(struct build *b)
{
	for (size_t i = 0; i < b->stems.n && !b->failed; i++) {
		const struct term *t = b->stems.sorted[i];
		struct flat_stem stem = { .text = string_add(b, t->text),
					  .n_postings = (uint32_t)t->n };

		stem.postings = add_postings(b, t);
		buffer_add(b, SECTION_STEMS, &stem, sizeof(stem));
	}
}

static void add_words(struct build *b)
{
	for (size_t i = 0; i < b->words.n && !b->failed; i++) {
		const struct term *t = b->words.sorted[i];
		struct flat_word word = { .text = string_add(b, t->text),
					  .stem = t->stem->number,
					  .n_records = (uint32_t)t->n };

		if (t->stem->n_words > 1) {
			word.n_postings = (uint32_t)t->n;
			word.postings = add_postings(b, t);
		}
		buffer_add(b, SECTION_WORDS, &word, sizeof(word));
	}
}

/* --- What filters compare, and what misspelt words are looked for by ---------------------- */

static int by_string(const void *pa, const void *pb, void *strings)
{
	return strcmp((const char *)strings + *(const uint32_t *)pa,
		      (const char *)strings + *(const uint32_t *)pb);
}

static void add_values(struct build *b)
{
	const struct flat_record *rows = b->sections[SECTION_RECORDS].data;
	const uint32_t *speakers = b->sections[SECTION_SPEAKERS].data;
	size_t n_speakers = b->sections[SECTION_SPEAKERS].size / sizeof(uint32_t), n = 0;
	uint32_t *values =
		calloc((size_t)b->record * COLUMN_COUNT + n_speakers + 1, sizeof(*values));

	if (!values || b->failed) {
		free(values);
		b->failed = true;
		return;
	}
	for (uint32_t i = 0; i < b->record; i++) {
		for (unsigned c = 0; c < COLUMN_COUNT; c++) {
			if (rows[i].columns[c])
				values[n++] = rows[i].columns[c];
		}
	}
	for (size_t i = 0; i < n_speakers; i++)
		values[n++] = speakers[i];
	qsort_r(values, n, sizeof(*values), by_string, b->sections[SECTION_STRINGS].data);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || values[i] != values[i - 1])
			buffer_add(b, SECTION_VALUES, &values[i], sizeof(values[i]));
	}
	free(values);
}

static const char *sorted_text(const void *ctx, size_t i)
{
	return ((const struct build *)ctx)->words.sorted[i]->text;
}

static void add_trigrams(struct build *b)
{
	size_t n, end;
	struct typo_occurrence *all = typo_occurrences(sorted_text, b, b->words.n, &n);

	b->failed |= !all;
	for (size_t i = 0; i < n && !b->failed; i = end) {
		struct flat_trigram t = { .key = all[i].key };

		t.words = (uint32_t)(b->sections[SECTION_TRI_WORDS].size / sizeof(uint32_t));
		for (end = i; end < n && all[end].key == t.key; end++)
			buffer_add(b, SECTION_TRI_WORDS, &all[end].word, sizeof(uint32_t));
		t.n_words = (uint32_t)(end - i);
		buffer_add(b, SECTION_TRIGRAMS, &t, sizeof(t));
	}
	free(all);
}

/* --- The file ------------------------------------------------------------------------------- */

static size_t aligned(size_t n)
{
	return (n + FLAT_ALIGN - 1) / FLAT_ALIGN * FLAT_ALIGN;
}

static void add_points(struct build *b)
{
	const struct flat_points *p = b->points;

	if (!p || !p->n)
		return;
	for (size_t i = 0; i < b->snapshot->conference.n_info; i++) {
		uint32_t key = string_add(b, b->snapshot->conference.info[i].key);

		buffer_add(b, SECTION_PAGES, &key, sizeof(key));
	}
	buffer_add(b, SECTION_POINTS, p->points, p->n * sizeof(*p->points));
	buffer_add(b, SECTION_HASHES, p->rows.hashes, p->rows.n * sizeof(*p->rows.hashes));
}

static size_t stride_of(const struct build *b)
{
	return b->points && b->points->n ? kernel_stride(b->points->given.space.dims) : 0;
}

/* Vectors are the bulk of a file: they are copied once, from where they lie. */
static size_t section_size(const struct build *b, uint32_t id)
{
	if (id != SECTION_VECTORS)
		return b->sections[id].size;
	return stride_of(b) ? b->points->rows.n * stride_of(b) * sizeof(float) : 0;
}

static void copy_section(const struct build *b, uint32_t id, char *to)
{
	const struct buffer *section = &b->sections[id];

	if (section->size)
		memcpy(to, section->data, section->size);
	for (size_t i = 0; id == SECTION_VECTORS && stride_of(b) && i < b->points->rows.n; i++)
		memcpy(to + i * stride_of(b) * sizeof(float), b->points->vectors[i],
		       b->points->given.space.dims * sizeof(float));
}

static void make_header(const struct build *b, struct flat_header *h, size_t size)
{
	size_t at = aligned(sizeof(*h));

	memcpy(h->magic, FLAT_MAGIC, sizeof(h->magic));
	h->version = FLAT_VERSION;
	h->byte_order = FLAT_BYTE_ORDER;
	h->file_size = size;
	h->epoch = b->snapshot->epoch;
	snprintf(h->conference_id, sizeof(h->conference_id), "%s", b->snapshot->conference.id);
	h->stride = (uint32_t)stride_of(b);
	if (h->stride) {
		h->dims = b->points->given.space.dims;
		snprintf(h->model, sizeof(h->model), "%s", b->points->given.space.model);
	}
	for (uint32_t id = 1; id < SECTION_COUNT; id++) {
		h->sections[h->n_sections++] =
			(struct flat_extent){ .id = id, .offset = at, .size = section_size(b, id) };
		at += aligned(section_size(b, id));
	}
	for (unsigned e = 0; e < ENTITY_COUNT; e++) {
		for (unsigned i = 0; i < FIELD_COUNT; i++)
			h->average[e][i] = b->n_with[e][i] ? (float)((double)b->lengths[e][i] /
								     (double)b->n_with[e][i])
							   : 0;
	}
}

static int assemble(const struct build *b, void **out, size_t *out_size, struct fail *f)
{
	struct flat_header *h;
	size_t size = aligned(sizeof(*h));
	char *bytes;

	for (uint32_t id = 1; id < SECTION_COUNT; id++)
		size += aligned(section_size(b, id));
	bytes = size <= FLAT_MAX_BYTES ? calloc(1, size) : NULL;
	if (!bytes)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for an index of %zu bytes", size);
	h = (struct flat_header *)(void *)bytes;
	make_header(b, h, size);
	for (uint32_t i = 0; i < h->n_sections; i++)
		copy_section(b, h->sections[i].id, bytes + h->sections[i].offset);
	h->checksum = flat_file_checksum(h, size);
	*out = bytes;
	*out_size = size;
	return 0;
}

static int build_all(struct build *b, bool (*cancelled)(void *ctx), void *ctx, struct fail *f)
{
	int r;

	buffer_add(b, SECTION_STRINGS, "", 1);
	r = add_records(b, cancelled, ctx, f);
	if (r < 0)
		return r;
	sort_terms(b, &b->words);
	sort_terms(b, &b->stems);
	if (!b->failed) {
		add_stems(b);
		add_words(b);
		add_values(b);
		add_trigrams(b);
		add_points(b);
	}
	if (b->failed)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory to build the index");
	return 0;
}

static void terms_finish(struct terms *terms)
{
	size_t cursor = 0;
	const char *key;
	void *value;

	while (terms->map && map_next(terms->map, &cursor, &key, &value))
		free(((struct term *)value)->postings);
	map_destroy(terms->map, NULL);
	free(terms->sorted);
}

int flat_build(const struct snapshot *s, const struct flat_points *points,
	       bool (*cancelled)(void *ctx), void *ctx, void **out, size_t *size, struct fail *f)
{
	struct build b = {
		.snapshot = s,
		.points = points,
		.arena = arena_create(ARENA_MAX_BYTES),
		.stemmer = sb_stemmer_new("english", "UTF_8"),
		.strings = map_create(2 * MAX_WORDS),
		.words.map = map_create(MAX_WORDS),
		.stems.map = map_create(MAX_WORDS),
	};
	int r;

	if (strlen(s->conference.id) >= FLAT_CONFERENCE)
		r = FAIL(f, ASSISTANT_EINVAL, "the conference's id is too long for an index");
	else if (!b.arena || !b.stemmer || !b.strings || !b.words.map || !b.stems.map)
		r = FAIL(f, ASSISTANT_ENOMEM, "no memory to build the index");
	else
		r = build_all(&b, cancelled, ctx, f);
	if (r == 0)
		r = assemble(&b, out, size, f);
	terms_finish(&b.words);
	terms_finish(&b.stems);
	for (unsigned i = 0; i < SECTION_COUNT; i++)
		free(b.sections[i].data);
	map_destroy(b.strings, NULL);
	sb_stemmer_delete(b.stemmer);
	arena_destroy(b.arena);
	return r;
}
