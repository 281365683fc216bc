/*
 * stage_vectors.c - takes the vectors of an index file to a Qdrant, where an ingest finds them: to measure there without
 * embedding everything again.
 *
 *	stage_vectors index.<conference>.<epoch> http://127.0.0.1:6333
 */
#include <stdio.h>
#include <string.h>
#include "aio/http.h"
#include "call.h"
#include "index/flat_file.h"

#define BATCH 200

static int stage(struct loop *loop, struct index *index, const struct flat_file *x)
{
	struct index_point points[BATCH];
	struct index_points all = { { x->header->model, x->header->dims }, points, 0 };

	for (size_t from = 0; from < x->n_hashes; from += all.n) {
		int r;

		all.n = x->n_hashes - from < BATCH ? x->n_hashes - from : BATCH;
		for (size_t i = 0; i < all.n; i++) {
			points[i] = (struct index_point){ .id = "vector" };
			memcpy(points[i].hash, x->hashes[from + i], POINT_HASH_SIZE);
			points[i].vector = x->vectors + (from + i) * x->header->stride;
		}
		r = AWAIT(loop, f, index->ops->stage(index, x->header->conference_id, &all, f));
		if (r < 0)
			return r;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct loop *loop = loop_create();
	struct http *http = http_create(loop, 4);
	struct flat_file x = { 0 };
	struct index *index = NULL;
	struct fail f = FAIL_INIT;
	int r;

	if (argc != 3) {
		fprintf(stderr, "usage: stage_vectors INDEX-FILE QDRANT-URL\n");
		return 2;
	}
	r = flat_file_map(&x, argv[1], &f);
	if (r == 0)
		r = qdrant_index_open(loop, http, argv[2], "", "", NULL, NULL, &index, &f);
	if (r == 0 && stage(loop, index, &x) < 0)
		f = *call_fail();
	if (f.code)
		fprintf(stderr, "%s\n", f.text);
	else
		printf("%zu vectors of %s\n", x.n_hashes, x.header->model);
	index_destroy(index);
	flat_file_finish(&x);
	http_destroy(http);
	call_drain(loop);
	loop_destroy(loop);
	return f.code < 0;
}
