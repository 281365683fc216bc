/*
 * golden_embeddings.c - one JSON object a line; the first says where the others come from.
 */
#include "golden_embeddings.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clean.h"
#include "base/hash.h"
#include "base/json.h"

#define MAX_TEXTS 1000

static void require(bool holds, size_t line)
{
	if (holds)
		return;
	fprintf(stderr, "tests/golden/embeddings.jsonl:%zu: unreadable\n", line);
	exit(1);
}

static float from_half(uint16_t h)
{
	int exponent = h >> 10 & 31, fraction = h & 1023;
	float size = exponent ? ldexpf((float)(fraction + 1024), exponent - 25)
			      : ldexpf((float)fraction, -24);

	return h & 0x8000 ? -size : size;
}

static void read_line(struct golden *g, const char *line, size_t len, size_t number)
{
	_cleanup_json_ struct json_object *json = NULL;
	_cleanup_free_ void *bytes = NULL;
	struct json_object *ids;
	const char *vector;
	size_t size = 0;

	require(json_parse(line, len, &json, NULL) == 0, number);
	ids = json_get_array(json, "ids");
	vector = json_text(json, "vector");
	require(ids && json_object_array_length(ids) <= 256, number);
	require(base64_decode(vector, strlen(vector), &bytes, &size) == 0, number);
	require(size == GOLDEN_DIMS * 2, number);
	g->text = strdup(json_text(json, "text"));
	g->n_ids = json_object_array_length(ids);
	for (size_t i = 0; i < g->n_ids; i++)
		g->ids[i] = (uint16_t)json_object_get_int(json_object_array_get_idx(ids, i));
	for (size_t i = 0; i < GOLDEN_DIMS; i++) {
		const uint8_t *p = (const uint8_t *)bytes + 2 * i;

		g->vector[i] = from_half((uint16_t)(p[0] | p[1] << 8));
	}
}

struct golden *golden_read(size_t *n)
{
	_cleanup_fclose_ FILE *file = fopen(TESTS_DIR "/golden/embeddings.jsonl", "r");
	_cleanup_free_ char *line = NULL;
	struct golden *all = calloc(MAX_TEXTS, sizeof(*all));
	size_t cap = 0, number = 0;
	ssize_t len;

	require(file && all, 0);
	*n = 0;
	while ((len = getline(&line, &cap, file)) > 0) {
		require(*n < MAX_TEXTS, number);
		if (number++ > 0)
			read_line(&all[(*n)++], line, (size_t)len - (line[len - 1] == '\n'),
				  number);
	}
	require(*n > 200, number);
	return all;
}

void golden_free(struct golden *g, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(g[i].text);
	free(g);
}
