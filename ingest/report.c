/*
 * report.c - see report.h.
 */
#include "report.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

static struct json_object *at(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	json_object_object_get_ex(o, key, &v);
	return v;
}

static long count(struct json_object *o, const char *key)
{
	return (long)json_object_get_int64(at(o, key));
}

static void show_warnings(const char *file, struct json_object *report)
{
	struct json_object *list = at(report, "warnings");

	for (size_t i = 0; list && i < json_object_array_length(list); i++)
		fprintf(stderr, "%s: warning: %s\n", file,
			json_object_get_string(json_object_array_get_idx(list, i)));
}

/* "sessions: 2 added, 1 changed; speakers: 1 removed" */
static void show_changes(struct json_object *report)
{
	static const char *const kinds[] = { "sessions", "exhibitors", "speakers" };
	static const char *const verbs[] = { "added", "changed", "removed" };
	struct json_object *changes = at(report, "changes");
	const char *between = "";

	for (size_t i = 0; i < 3; i++) {
		struct json_object *of = at(changes, kinds[i]);
		bool named = false;

		for (size_t k = 0; k < 3; k++) {
			long n = count(of, verbs[k]);

			if (!n)
				continue;
			if (named)
				printf(", %ld %s", n, verbs[k]);
			else
				printf("%s%s: %ld %s", between, kinds[i], n, verbs[k]);
			named = true;
			between = "; ";
		}
	}
	if (json_object_get_boolean(at(changes, "conference"))) {
		printf("%sthe conference's own data", between);
		between = "; ";
	}
	if (*between)
		puts(".");
}

static void show_texts(struct json_object *report, int dry_run)
{
	const char *model = json_object_get_string(at(report, "model"));
	long embedded = count(report, "embedded");
	double seconds = json_object_get_double(at(report, "embedding_seconds"));

	if (!model) {
		puts("No embedder: search goes by words alone. erleah-cli doctor says why.");
		return;
	}
	printf("%ld texts: %ld %s", count(report, "texts"), embedded,
	       dry_run ? "to embed" : "embedded");
	if (embedded && !dry_run)
		printf(" in %.1f s (%.0f a second)", seconds,
		       seconds > 0 ? (double)embedded / seconds : (double)embedded);
	printf(", %ld reused; %s.\n", count(report, "reused"), model);
}

void report_show(const char *file, const char *report_json, int dry_run)
{
	struct json_object *o = json_tokener_parse(report_json);
	const char *name = json_object_get_string(at(o, "name"));
	bool unchanged = json_object_get_boolean(at(o, "unchanged"));

	show_warnings(file, o);
	printf("%s%s%s: %ld sessions, %ld exhibitors, %ld speakers, %ld information pages.\n",
	       dry_run && !unchanged ? "Nothing written; it would be " : "", name ? name : "",
	       unchanged ? " is as it was, nothing written" : "", count(o, "sessions"),
	       count(o, "exhibitors"), count(o, "speakers"), count(o, "info"));
	if (!unchanged && !json_object_get_boolean(at(o, "new")))
		show_changes(o);
	if (!unchanged)
		show_texts(o, dry_run);
	json_object_put(o);
}
