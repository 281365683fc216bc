/*
 * directus.c - a conference from a Directus, once: see directus.h.
 */
#include "directus.h"

#include <json-c/json.h>
#include <stdio.h>
#include "commit.h"
#include "document.h"

/* What the command names alone; NULL: everything. */
static const char *kind_of(const struct options *o)
{
	if (o->kinds == (1u << KIND_COUNT) - 1)
		return NULL;
	for (int k = 0; k < KIND_COUNT; k++)
		if (o->kinds == 1u << k)
			return kind_name((enum kind)k);
	return "conference";
}

assistant_ingest *directus_begin(const struct options *o, assistant *a)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_ingest *i = NULL;

	if (assistant_ingest_begin_directus(a, o->conference, kind_of(o),
					    o->allow_empty ? ASSISTANT_INGEST_ALLOW_EMPTY : 0, &i,
					    &err) < 0)
		fprintf(stderr, "erleah-ingest: %s\n", err.message);
	return i;
}

int directus_ingest(const struct options *o, assistant *a)
{
	struct progress bar;
	struct commit c = {
		.ingest = directus_begin(o, a),
		.name = "Directus",
		.bar = &bar,
		.dry_run = o->dry_run,
		.quiet = o->quiet,
	};
	int status;

	if (!c.ingest)
		return 2;
	progress_begin(&bar, o->quiet);
	status = commit_run(&c);
	progress_end(&bar);
	assistant_ingest_free(c.ingest);
	return status;
}

int directus_verify(const struct options *o, assistant *a)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_ingest *i = directus_begin(o, a);
	struct json_object *report, *unchanged = NULL;
	char *text = NULL;
	int status = 1;

	if (!i)
		return 2;
	if (assistant_ingest_check(i, &text, &err) < 0) {
		fprintf(stderr, "Directus: %s\n", err.message);
	} else {
		report = json_tokener_parse(text);
		json_object_object_get_ex(report, "unchanged", &unchanged);
		status = json_object_get_boolean(unchanged) ? 0 : 1;
		puts(status ? "The store differs from Directus: ingest it again."
			    : "The store holds exactly what Directus holds.");
		json_object_put(report);
	}
	assistant_free(text);
	assistant_ingest_free(i);
	return status;
}
