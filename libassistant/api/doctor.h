/*
 * doctor.h - what the doctor has found out (doctor.c) and what it says of it (doctor_findings.c).
 */
#ifndef API_DOCTOR_H
#define API_DOCTOR_H

#include "api/follow.h"
#include "api/services.h"
#include "index/index.h"

#define DOCTOR_CONFERENCES 8 /* that are looked at one by one */

/* One call's end: what it has not come to is ETIMEOUT. */
struct doctor_outcome {
	int status;
	struct fail fail;
};

/* Of one conference. */
struct doctor_conference {
	const char *id, *name;
	struct doctor_outcome used, loaded; /* its index, its records */
	struct vector_space space;
	size_t n_points, n_records, n_left_out;
	const char *left_out; /* the first row that is no record, and why; NULL: all are */
	const char *timezone; /* NULL: it says none */
	struct doctor_outcome zone;
};

struct doctor {
	struct api_call call;
	struct doctor_outcome store, layout, embedder, llm, cache, shared, index;
	struct conference_list conferences;
	struct findings layout_found, shared_found;
	struct completing completing;
	int cache_looks;
	struct doctor_conference each[DOCTOR_CONFERENCES];
	size_t n, at; /* of each */
	struct snapshot *snapshot;
};

/* Adds {"level","what","do"} for everything that was found out. */
struct json_object;
void doctor_judge(const struct doctor *d, struct json_object *findings);

#endif
