/*
 * flat_points.c - see flat_points.h.
 */
#include "index/flat_points.h"
#include "index/flat_file.h"
#include <math.h>
#include <string.h>

#define LENGTH_TOLERANCE 0.02 /* of the square: quantised models round */

int flat_space_check(const struct vector_space *space, struct fail *f)
{
	if (!space->model || !*space->model || strlen(space->model) >= FLAT_MODEL)
		return FAIL(f, ASSISTANT_EINVAL,
			    "the model's name is \"%.100s\"; 1 to %d bytes are accepted",
			    space->model ? space->model : "", FLAT_MODEL - 1);
	if (space->dims < 1 || space->dims > FLAT_MAX_DIMS)
		return FAIL(f, ASSISTANT_EINVAL,
			    "vectors of %u dimensions; 1 to %d dimensions are accepted",
			    space->dims, FLAT_MAX_DIMS);
	return 0;
}

int flat_space_conflict(const struct vector_space *held, const struct vector_space *asked,
			struct fail *f)
{
	return FAIL(f, ASSISTANT_ECONFLICT,
		    "the index holds vectors of %.60s (%u dimensions) and the question's is of "
		    "%.60s (%u); ingest the conference again: erleah-ingest all FILE",
		    held->model, held->dims, asked->model, asked->dims);
}

int flat_vector_check(const float *vector, unsigned dims, const char *what, struct fail *f)
{
	double square = 0;

	for (unsigned i = 0; i < dims; i++)
		square += (double)vector[i] * (double)vector[i];
	if (fabs(square - 1) <= LENGTH_TOLERANCE) /* false for what is no number */
		return 0;
	return FAIL(f, ASSISTANT_EINVAL,
		    "the vector of %.120s has length %g; vectors of length 1 are accepted", what,
		    sqrt(square));
}

/* --- Copying --------------------------------------------------------------------- */

static bool copy_points(struct flat_points *p, const struct index_points *from, bool vectors)
{
	size_t bytes = from->space.dims * sizeof(float);
	struct index_point *copy = arena_array(p->arena, struct index_point, from->n + 1);

	if (!copy)
		return false;
	for (size_t i = 0; i < from->n; i++) {
		float *vector = NULL;

		copy[i] = from->points[i];
		copy[i].id = arena_strdup(p->arena, from->points[i].id);
		copy[i].vector = NULL;
		if (!copy[i].id)
			return false;
		if (!vectors || !from->points[i].vector)
			continue;
		vector = arena_alloc(p->arena, bytes);
		if (!vector)
			return false;
		memcpy(vector, from->points[i].vector, bytes);
		copy[i].vector = vector;
	}
	p->given.points = copy;
	p->given.n = from->n;
	return true;
}

int flat_points_init(struct flat_points *p, const struct index_points *from, bool vectors,
		     struct fail *f)
{
	int r = flat_space_check(&from->space, f);

	*p = (struct flat_points){ 0 };
	if (r < 0)
		return r;
	p->arena = arena_create(FLAT_MAX_BYTES);
	if (p->arena)
		p->given.space.model = arena_strdup(p->arena, from->space.model);
	p->given.space.dims = from->space.dims;
	if (p->given.space.model && copy_points(p, from, vectors))
		return 0;
	return FAIL(f, ASSISTANT_ENOMEM, "no memory for %zu points of an index", from->n);
}

void flat_points_finish(struct flat_points *p)
{
	arena_destroy(p->arena);
	p->arena = NULL;
}

/* --- Placing ----------------------------------------------------------------------- */

static const char *point_kind(enum entity type)
{
	return type == POINT_PAGE ? "page" : entity_name(type);
}

static int point_refused(const struct index_point *point, const char *why, struct fail *f)
{
	return FAIL(f, ASSISTANT_EINVAL, "a point of %s %.80s (%s) %s", point_kind(point->type),
		    point->id, facet_key(point->facet), why);
}

static int place_page(const struct index_point *point, const struct conference *c,
		      struct flat_point *out, struct fail *f)
{
	for (size_t i = 0; i < c->n_info; i++) {
		if (strcmp(c->info[i].key, point->id) != 0)
			continue;
		out->facet = FLAT_PAGES;
		out->record = (uint32_t)i;
		out->part = point->part;
		return 0;
	}
	return point_refused(point, "is of a page that the conference does not have", f);
}

/* Records are numbered as flat_build does: entity by entity, each in the snapshot's order. */
static int place_one(const struct index_point *point, const struct snapshot *s,
		     struct flat_point *out, struct fail *f)
{
	const struct record *r;
	size_t base = 0;

	if (point->type == POINT_PAGE)
		return place_page(point, &s->conference, out, f);
	if (point->type > POINT_PAGE || point->facet >= FACET_COUNT)
		return FAIL(f, ASSISTANT_EINVAL, "a point is of an unknown entity or facet");
	if (!(facets_of(point->type) & FACET_BIT(point->facet)))
		return point_refused(point, "is of a facet that another entity has", f);
	r = snapshot_find(s, point->type, point->id);
	if (!r)
		return point_refused(point, "is of a record that the conference does not have", f);
	for (unsigned e = 0; e < point->type; e++)
		base += s->n[e];
	out->facet = point->facet;
	out->record = (uint32_t)(base + (size_t)(r - s->records[point->type]));
	return 0;
}

static int take_vector(struct flat_points *p, const struct index_point *point, uint32_t row,
		       struct fail *f)
{
	char what[128];

	if (!point->vector || p->vectors[row])
		return 0;
	snprintf(what, sizeof(what), "%s %.80s (%s)", point_kind(point->type), point->id,
		 facet_key(point->facet));
	p->vectors[row] = point->vector;
	return flat_vector_check(point->vector, p->given.space.dims, what, f);
}

int flat_points_place(struct flat_points *p, const struct snapshot *s, struct fail *f)
{
	size_t n = p->given.n;
	int r = 0;

	p->points = arena_array(p->arena, struct flat_point, n + 1);
	p->vectors = arena_array(p->arena, const float *, n + 1);
	if (!p->points || !p->vectors || !flat_rows_init(&p->rows, p->arena, n))
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for %zu points of an index", n);
	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct index_point *point = &p->given.points[i];

		r = place_one(point, s, &p->points[i], f);
		if (r < 0)
			return r;
		p->points[i].vector = flat_rows_add(&p->rows, point->hash);
		r = take_vector(p, point, p->points[i].vector, f);
	}
	if (r < 0)
		return r;
	p->n = n;
	qsort(p->points, n, sizeof(*p->points), flat_point_compare);
	for (size_t i = 1; i < n; i++) {
		unsigned facet = p->points[i].facet;

		if (flat_point_compare(&p->points[i - 1], &p->points[i]) == 0)
			return FAIL(f, ASSISTANT_EINVAL, "a record has two points of %s",
				    facet == FLAT_PAGES ? "one passage"
							: facet_key((enum facet)facet));
	}
	for (size_t row = 0; row < p->rows.n; row++)
		p->n_wanted += !p->vectors[row];
	return 0;
}

bool flat_points_give(void *points, const uint8_t hash[static POINT_HASH_SIZE], const float *vector)
{
	struct flat_points *p = points;
	size_t bytes = p->given.space.dims * sizeof(float);
	int64_t row = p->n_wanted ? flat_rows_find(&p->rows, hash) : -1;
	float *copy = NULL;

	if (row >= 0 && !p->vectors[row] &&
	    flat_vector_check(vector, p->given.space.dims, "a file", NULL) == 0)
		copy = arena_alloc(p->arena, bytes);
	if (copy) {
		memcpy(copy, vector, bytes);
		p->vectors[row] = copy;
		p->n_wanted--;
	}
	return p->n_wanted == 0;
}

size_t flat_points_close(struct flat_points *p)
{
	size_t kept = 0, all = p->n;
	struct flat_rows used;
	const float **vectors = arena_array(p->arena, const float *, all + 1);

	/* Without memory for the new numbers nothing is kept: a caller that counts sees it. */
	if (!vectors || !flat_rows_init(&used, p->arena, all)) {
		p->n = 0;
		return all;
	}
	for (size_t i = 0; i < all; i++) {
		struct flat_point point = p->points[i];
		uint32_t row = point.vector;

		if (!p->vectors[row])
			continue;
		point.vector = flat_rows_add(&used, p->rows.hashes[row]);
		vectors[point.vector] = p->vectors[row];
		p->points[kept++] = point;
	}
	p->n = kept;
	p->rows = used;
	p->vectors = vectors;
	return all - kept;
}
