/*
 * qdrant_words.c - see qdrant_words.h.
 */
#include "index/qdrant_words.h"
#include <string.h>
#include "base/hash.h"
#include "base/text.h"
#include "index/flat_typos.h"
#include "index/lexical.h"
#include "index/qdrant.h"

#define WORDS_MAX	10000000
#define WORDS_MAX_BYTES ((size_t)512 << 20)

/* --- Sparse vectors ------------------------------------------------------------------- */

struct spread {
	const struct flat_file *x;
	struct qdrant_sparse *out;
	size_t *at; /* by record; NULL: only counting */
};

static void put(struct spread *s, uint32_t record, uint32_t dim, float value)
{
	if (!s->at) {
		s->out->begin[record + 1]++;
		return;
	}
	s->out->dims[s->at[record]] = dim;
	s->out->values[s->at[record]++] = value;
}

static void spread_term(struct spread *s, uint32_t term, uint32_t from, uint32_t n, bool has)
{
	const float *weights = lexical_weights((const float[FIELD_COUNT]){ 0 });

	for (uint32_t i = from; i < from + n; i++) {
		const struct flat_posting *p = &s->x->postings[i];
		const struct flat_record *r = &s->x->records[p->record];
		float parts[FIELD_COUNT];

		if (lexical_parts(s->x->header->average[r->type], r->lengths, p->tf, weights,
				  parts) <= 0)
			continue;
		for (unsigned field = 0; field < FIELD_COUNT; field++) {
			if (parts[field] > 0)
				put(s, p->record, qdrant_dim(term, field), parts[field]);
		}
		if (has)
			put(s, p->record, qdrant_dim(term, QDRANT_TERM_HAS), 1);
	}
}

static void spread_all(struct spread *s)
{
	const struct flat_file *x = s->x;

	for (uint32_t i = 0; i < x->n_stems; i++)
		spread_term(s, i, x->stems[i].postings, x->stems[i].n_postings, true);
	for (uint32_t i = 0; i < x->n_words; i++)
		spread_term(s, (uint32_t)x->n_stems + i, x->words[i].postings,
			    x->words[i].n_postings, false);
}

int qdrant_sparse_make(const struct flat_file *x, struct arena *arena, struct qdrant_sparse *out,
		       struct fail *f)
{
	struct spread s = { x, out, NULL };
	size_t n;

	out->begin = arena_array(arena, size_t, x->n_records + 2);
	if (!out->begin)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for sparse vectors");
	spread_all(&s);
	for (size_t i = 0; i < x->n_records; i++)
		out->begin[i + 1] += out->begin[i];
	n = out->begin[x->n_records];
	s.at = arena_array(arena, size_t, x->n_records + 1);
	out->dims = arena_array(arena, uint32_t, n + 1);
	out->values = arena_array(arena, float, n + 1);
	if (!s.at || !out->dims || !out->values)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for sparse vectors");
	memcpy(s.at, out->begin, (x->n_records + 1) * sizeof(*s.at));
	spread_all(&s);
	return 0;
}

/* --- The vocabulary, written ---------------------------------------------------------------- */

static size_t chunks_of(size_t n)
{
	return (n + QDRANT_WORDS_CHUNK - 1) / QDRANT_WORDS_CHUNK;
}

size_t qdrant_words_chunks(const struct flat_file *x)
{
	size_t n = chunks_of(x->n_words > x->n_stems ? x->n_words : x->n_stems);

	return n ? n : 1;
}

void qdrant_words_id(const char *build, size_t chunk, char out[static UUID_SIZE])
{
	char name[64];

	snprintf(name, sizeof(name), "words/%zu", chunk);
	uuid_v5(build, name, out);
}

char *qdrant_words_request(const char *build, size_t n_chunks)
{
	struct text t;

	text_init(&t, 1 << 20);
	text_append(&t, "{\"ids\":[");
	for (size_t i = 0; i < n_chunks; i++) {
		char id[UUID_SIZE];

		qdrant_words_id(build, i, id);
		text_printf(&t, "%s\"%s\"", i ? "," : "", id);
	}
	text_append(&t, "],\"with_payload\":true}");
	return text_take(&t);
}

static size_t end_of(size_t n, size_t chunk)
{
	size_t end = (chunk + 1) * QDRANT_WORDS_CHUNK;

	return end < n ? end : n;
}

/* Words have no blanks in them. */
void qdrant_words_chunk(const struct flat_file *x, size_t chunk, struct text *t)
{
	size_t from = chunk * QDRANT_WORDS_CHUNK;
	size_t stems = end_of(x->n_stems, chunk), words = end_of(x->n_words, chunk);

	text_append(t, "\"stems\":\"");
	for (size_t i = from; i < stems; i++) {
		const char *s = flat_string(x, x->stems[i].text);

		text_append(t, i > from ? " " : "");
		text_append_json(t, s, strlen(s));
	}
	text_append(t, "\",\"stem_records\":[");
	for (size_t i = from; i < stems; i++)
		text_printf(t, "%s%u", i > from ? "," : "", x->stems[i].n_postings);
	text_append(t, "],\"words\":\"");
	for (size_t i = from; i < words; i++) {
		const char *s = flat_string(x, x->words[i].text);

		text_append(t, i > from ? " " : "");
		text_append_json(t, s, strlen(s));
	}
	text_append(t, "\",\"word_records\":[");
	for (size_t i = from; i < words; i++)
		text_printf(t, "%s%u", i > from ? "," : "", x->words[i].n_records);
	text_append(t, "],\"word_stems\":[");
	for (size_t i = from; i < words; i++)
		text_printf(t, "%s%u", i > from ? "," : "", x->words[i].stem);
	text_append(t, "]");
}

/* --- And read --------------------------------------------------------------------------------- */

struct reading {
	struct work work;
	struct json_object *answer;
	size_t n_chunks;
	struct arena *arena, **arena_out;
	struct flat_file file, *out;
	char *strings;
	struct flat_stem *stems;
	struct flat_word *words;
	unsigned *n_of; /* words of each stem */
};

static int nonsense(struct fail *f)
{
	return FAIL(f, ASSISTANT_EPROTOCOL, "the vocabulary in Qdrant is not whole");
}

/* Chunks come in any order. */
static struct json_object *chunk_of(const struct reading *r, size_t chunk)
{
	struct json_object *points = json_get(r->answer, "result");

	for (size_t i = 0;
	     json_object_is_type(points, json_type_array) && i < json_object_array_length(points);
	     i++) {
		struct json_object *payload =
			json_get_object(json_object_array_get_idx(points, i), "payload");

		if (json_get_int(payload, "chunk", -1) == (int64_t)chunk)
			return payload;
	}
	return NULL;
}

static size_t length_of(struct json_object *payload, const char *key)
{
	struct json_object *array = json_get_array(payload, key);

	return array ? json_object_array_length(array) : 0;
}

static int measure(struct reading *r, struct fail *f)
{
	size_t bytes = 1;

	for (size_t i = 0; i < r->n_chunks; i++) {
		struct json_object *chunk = chunk_of(r, i);

		if (!chunk)
			return nonsense(f);
		bytes += strlen(json_text(chunk, "stems")) + strlen(json_text(chunk, "words")) + 2;
		r->file.n_stems += length_of(chunk, "stem_records");
		r->file.n_words += length_of(chunk, "word_records");
	}
	if (r->file.n_stems > WORDS_MAX || r->file.n_words > WORDS_MAX || bytes > UINT32_MAX)
		return nonsense(f);
	r->file.strings_size = bytes;
	r->strings = arena_alloc(r->arena, bytes);
	r->stems = arena_array(r->arena, struct flat_stem, r->file.n_stems + 1);
	r->words = arena_array(r->arena, struct flat_word, r->file.n_words + 1);
	r->n_of = arena_array(r->arena, unsigned, r->file.n_stems + 1);
	if (!r->strings || !r->stems || !r->words || !r->n_of)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for a vocabulary");
	return 0;
}

/* The next word of a chunk's text into the strings; 0: there is none. */
static uint32_t take_string(struct reading *r, const char **at, size_t *used)
{
	size_t n = strcspn(*at, " ");
	uint32_t offset = (uint32_t)*used;

	if (!n)
		return 0;
	memcpy(r->strings + *used, *at, n);
	*used += n + 1;
	*at += n + (*at + n)[0] / ' '; /* past the blank, unless it is the end */
	return offset;
}

static uint32_t number_at(struct json_object *chunk, const char *key, size_t i)
{
	return (uint32_t)json_object_get_int64(
		json_object_array_get_idx(json_get_array(chunk, key), i));
}

static bool read_chunk(struct reading *r, struct json_object *chunk, size_t *n_stems,
		       size_t *n_words, size_t *used)
{
	const char *stems = json_text(chunk, "stems"), *words = json_text(chunk, "words");
	size_t n = length_of(chunk, "stem_records"), m = length_of(chunk, "word_records");

	if (length_of(chunk, "word_stems") != m)
		return false;
	for (size_t i = 0; i < n; i++) {
		struct flat_stem *stem = &r->stems[(*n_stems)++];

		stem->text = take_string(r, &stems, used);
		stem->n_postings = number_at(chunk, "stem_records", i);
		if (!stem->text)
			return false;
	}
	for (size_t i = 0; i < m; i++) {
		struct flat_word *word = &r->words[(*n_words)++];

		word->text = take_string(r, &words, used);
		word->stem = number_at(chunk, "word_stems", i);
		word->n_records = number_at(chunk, "word_records", i);
		if (!word->text || word->stem >= r->file.n_stems)
			return false;
		r->n_of[word->stem]++;
	}
	return !*stems && !*words;
}

static const char *word_text(const void *ctx, size_t i)
{
	const struct reading *r = ctx;

	return r->strings + r->words[i].text;
}

static int read_trigrams(struct reading *r, struct fail *f)
{
	struct flat_trigram *trigrams;
	uint32_t *words;
	size_t n, k = 0;
	struct typo_occurrence *all = typo_occurrences(word_text, r, r->file.n_words, &n);

	trigrams = arena_array(r->arena, struct flat_trigram, n + 1);
	words = arena_array(r->arena, uint32_t, n + 1);
	if (!all || !trigrams || !words) {
		free(all);
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for a vocabulary");
	}
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || all[i].key != all[i - 1].key)
			trigrams[k++] =
				(struct flat_trigram){ .key = all[i].key, .words = (uint32_t)i };
		trigrams[k - 1].n_words++;
		words[i] = all[i].word;
	}
	free(all);
	r->file.trigrams = trigrams;
	r->file.n_trigrams = k;
	r->file.tri_words = words;
	r->file.n_tri_words = n;
	return 0;
}

static int run(struct work *w, struct fail *f)
{
	struct reading *r = container_of(w, struct reading, work);
	size_t n_stems = 0, n_words = 0, used = 1;
	int code = measure(r, f);

	if (code < 0)
		return code;
	for (size_t i = 0; i < r->n_chunks; i++) {
		if (!read_chunk(r, chunk_of(r, i), &n_stems, &n_words, &used))
			return nonsense(f);
	}
	for (size_t i = 0; i < n_words; i++) { /* the only one of its stem is as the stem */
		struct flat_word *word = &r->words[i];

		word->n_postings = r->n_of[word->stem] > 1 ? word->n_records : 0;
	}
	r->file.strings = r->strings;
	r->file.stems = r->stems;
	r->file.words = r->words;
	return read_trigrams(r, f);
}

static void deliver(struct wait *w)
{
	struct reading *r = container_of(w, struct reading, work.wait);
	size_t n_records = r->out->n_records;

	*r->out = r->file;
	r->out->n_records = n_records;
	*r->arena_out = TAKE_PTR(r->arena);
}

static void release(struct wait *w)
{
	struct reading *r = container_of(w, struct reading, work.wait);

	json_object_put(r->answer);
	arena_destroy(r->arena);
	free(r);
}

void qdrant_words_read(struct lane *lane, struct json_object *answer, size_t n_chunks,
		       struct flat_file *out, struct arena **arena, struct flow *f)
{
	struct reading *r = calloc(1, sizeof(*r));

	if (r)
		r->arena = arena_create(WORDS_MAX_BYTES);
	if (!r || !r->arena) {
		free(r);
		json_object_put(answer);
		flow_refuse(f, ASSISTANT_ENOMEM, NULL);
		return;
	}
	r->answer = answer;
	r->n_chunks = n_chunks;
	r->out = out;
	r->arena_out = arena;
	lane_run(lane, &r->work, run, deliver, release, f);
}
