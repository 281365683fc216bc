/*
 * Index files: refused with a sentence, or fit to be asked anything.  An even first byte: the rest is the file.  An odd
 * one: the rest is a list of changes (4 bytes place, 4 bytes value) to a good file, whose checksum is then made
 * to match, so that what lies behind it is reached.
 */
#include <libstemmer.h>
#include <stdlib.h>
#include <string.h>
#include "index/flat_build.h"
#include "index/flat_dense.h"
#include "index/flat_lexical.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void add(struct snapshot *s, enum entity type, const char *line)
{
	struct record *r = arena_new(s->arena, struct record);
	struct json_object *json = NULL;

	require(json_parse(line, strlen(line), &json, NULL) == 0);
	require(record_parse(type, json, s->arena, NULL, NULL, r, NULL) == 0);
	json_object_put(json);
	s->records[type] = r;
	s->n[type] = 1;
}

/* One vector serves two points. */
static void add_points(const struct snapshot *s, struct flat_points *out)
{
	static const float vectors[2][4] = { { 1, 0, 0, 0 }, { 0, 0.6f, 0, 0.8f } };
	static const struct index_point points[] = {
		{ ENTITY_SESSION, FACET_MASTER, "s", { 1 }, vectors[0] },
		{ ENTITY_SESSION, FACET_SESSION_TOPIC, "s", { 1 }, NULL },
		{ ENTITY_SPEAKER, FACET_SPEAKING_TOPICS, "p", { 2 }, vectors[1] },
		{ POINT_PAGE, FACET_MASTER, "wifi", { 2 }, NULL, 0 },
		{ POINT_PAGE, FACET_MASTER, "wifi", { 1 }, NULL, 1 },
	};
	const struct index_points all = { { "fuzz", 4 }, points, ARRAY_SIZE(points) };

	require(flat_points_init(out, &all, true, NULL) == 0);
	require(flat_points_place(out, s, NULL) == 0);
	require(flat_points_close(out) == 0);
}

static uint64_t *good_file(size_t *size)
{
	static const struct info_page pages[] = { { "wifi", "Wi-Fi", "It is open." } };
	struct snapshot *s = snapshot_create(1 << 20);
	struct flat_points points;
	void *bytes = NULL;

	s->conference.id = "fuzz";
	s->conference.info = pages;
	s->conference.n_info = ARRAY_SIZE(pages);
	add(s, ENTITY_SESSION,
	    "{\"id\":\"s\",\"title\":\"Running clusters\",\"description\":\"cluster run c++\","
	    "\"speaker_ids\":[\"p\"],\"start_time\":\"2026-01-31T10:00:00Z\"}");
	add(s, ENTITY_EXHIBITOR, "{\"id\":\"e\",\"name\":\"Wireshark\",\"booth_number\":\"A1\"}");
	add(s, ENTITY_SPEAKER, "{\"id\":\"p\",\"name\":\"Ada\",\"session_ids\":[\"s\"]}");
	require(snapshot_seal(s, NULL) == 0);
	add_points(s, &points);
	require(flat_build(s, &points, NULL, NULL, &bytes, size, NULL) == 0);
	flat_points_finish(&points);
	snapshot_unref(s);
	return bytes;
}

/* In whatever space the file says it is of. */
static void ask_vectors(const struct flat_file *x, struct arena *arena)
{
	float *vector = arena_array(arena, float, FLAT_MAX_DIMS);
	struct dense_query q = { .vector = vector,
				 .space = { x->header->model, x->header->dims },
				 .limit = 20 };
	struct dense_hits hits = { 0 };

	vector[0] = 1;
	require(flat_dense(x, vector_kernels_best(), &q, arena, &hits, NULL) == 0);
	for (size_t i = 0; i < hits.n; i++)
		require(hits.hits[i].best >= -1 && hits.hits[i].best <= 1 &&
			(i == 0 || hits.hits[i].best <= hits.hits[i - 1].best));
	q.pages = true;
	require(flat_dense(x, vector_kernels_best(), &q, arena, &hits, NULL) == 0);
	for (size_t i = 0; i < hits.n; i++)
		require(hits.hits[i].type == POINT_PAGE && hits.hits[i].best <= 1);
	q.space.model = "another";
	require(flat_dense(x, vector_kernels_best(), &q, arena, &hits, NULL) ==
		(x->n_points ? ASSISTANT_ECONFLICT : 0));
}

static void ask(const struct flat_file *x)
{
	_cleanup_arena_ struct arena *arena = arena_create(64 << 20);
	struct sb_stemmer *stemmer = sb_stemmer_new("english", "UTF_8");
	const char *ids[] = { "p", NULL };
	struct lexical_query q = { .text = "clusters wirehsark ada c++",
				   .typos = true,
				   .limit = 20 };
	struct index_hits hits = { 0 };

	flat_lexical(x, stemmer, &q, arena, &hits, NULL);
	q.filter.speaker_ids = ids;
	q.filter.has_window = true;
	flat_list(x, &q.filter, 20, 0, arena, &hits, NULL);
	ask_vectors(x, arena);
	sb_stemmer_delete(stemmer);
}

static void try_file(const void *bytes, size_t size)
{
	struct flat_file x = { 0 };
	struct fail fail = FAIL_INIT;

	if (flat_file_read(&x, bytes, size, &fail) == 0)
		ask(&x);
	else
		require(fail.text[0] != '\0');
}

static void try_changes(const uint8_t *data, size_t size)
{
	static uint64_t *good;
	static size_t good_size;
	struct flat_header *h;
	uint32_t *copy;

	if (!good)
		good = good_file(&good_size);
	copy = malloc(good_size);
	memcpy(copy, good, good_size);
	for (size_t i = 0; i + 8 <= size; i += 8) {
		uint32_t change[2];

		memcpy(change, data + i, sizeof(change));
		copy[change[0] % (good_size / 4)] = change[1];
	}
	h = (struct flat_header *)(void *)copy;
	h->checksum = flat_file_checksum(h, good_size);
	try_file(copy, good_size);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t *aligned;

	if (size < 1)
		return 0;
	if (data[0] % 2) {
		try_changes(data + 1, size - 1);
		return 0;
	}
	aligned = malloc(size + 8);
	memcpy(aligned, data + 1, size - 1);
	try_file(aligned, size - 1);
	free(aligned);
	return 0;
}
