/*
 * fixture.c - see fixture.h.
 */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *fixture_read_file(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text;
	long size;

	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	size = ftell(f);
	rewind(f);
	text = calloc(1, (size_t)size + 1);
	assert_int_equal(fread(text, 1, (size_t)size, f), (size_t)size);
	fclose(f);
	return text;
}

void fixture_ok(int r, const assistant_error *err)
{
	if (r != ASSISTANT_OK)
		fail_msg("%d: %s", r, err->message);
}

void fixture_set(struct fixture *fx, const char *name, const char *value)
{
	assistant_error err = ASSISTANT_ERROR_INIT;

	fixture_ok(assistant_config_set(fx->config, name, value, &err), &err);
}

void fixture_open(struct fixture *fx)
{
	assistant_error err = ASSISTANT_ERROR_INIT;

	fixture_ok(assistant_open(&fx->a, fx->config, &err), &err);
}

static void quiet(void *user, int level, const char *line)
{
	if (level == 0 && getenv("VERBOSE"))
		fprintf(stderr, "%s\n", line);
}

int fixture_empty(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	snprintf(fx->directory, sizeof(fx->directory), "/tmp/erleah-api-XXXXXX");
	assert_non_null(mkdtemp(fx->directory));
	assert_int_equal(assistant_config_new(&fx->config), ASSISTANT_OK);
	assistant_config_set_log(fx->config, quiet, NULL);
	fixture_set(fx, "ERLEAH_DATA", fx->directory);
	fixture_set(fx, "ERLEAH_NOW", NOW);
	fixture_set(fx, "ERLEAH_EMBEDDER", "none"); /* the same with and without weights */
	*state = fx;
	return 0;
}

static void add_all(assistant_ingest *i, struct json_object *list, const char *kind)
{
	assistant_error err = ASSISTANT_ERROR_INIT;

	for (size_t k = 0; k < json_object_array_length(list); k++) {
		const char *text = json_object_to_json_string(json_object_array_get_idx(list, k));

		fixture_ok(assistant_ingest_add(i, kind, text, &err), &err);
	}
}

int fixture_loaded(void **state)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_ingest *i = NULL;
	struct json_object *o;
	struct fixture *fx;
	char *text = fixture_read_file(EXAMPLE_CONFERENCE);

	fixture_empty(state);
	fx = *state;
	fixture_open(fx);
	o = json_tokener_parse(text);
	free(text);
	fixture_ok(assistant_ingest_begin(fx->a,
					  json_object_to_json_string(fixture_at(o, "conference")),
					  &i, &err),
		   &err);
	add_all(i, fixture_at(o, "sessions"), "session");
	add_all(i, fixture_at(o, "exhibitors"), "exhibitor");
	add_all(i, fixture_at(o, "speakers"), "speaker");
	json_object_put(o);
	fixture_ok(assistant_ingest_commit(i, NULL, NULL, NULL, &err), &err);
	assistant_ingest_free(i);
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *fx = *state;
	char command[128];

	assistant_close(fx->a, 1000);
	assistant_config_free(fx->config);
	assistant_fake_store_free(fx->rows);
	snprintf(command, sizeof(command), "rm -rf '%s'", fx->directory);
	assert_int_equal(system(command), 0);
	free(fx);
	return 0;
}

struct json_object *fixture_at(struct json_object *o, const char *path)
{
	char key[64];
	size_t n;

	for (; o && *path; path += n + (path[n] == '.')) {
		n = strcspn(path, ".");
		snprintf(key, sizeof(key), "%.*s", (int)n, path);
		if (json_object_is_type(o, json_type_array))
			o = json_object_array_get_idx(o, strtoul(key, NULL, 10));
		else if (!json_object_object_get_ex(o, key, &o))
			o = NULL;
	}
	return o;
}

const char *fixture_text(struct json_object *o, const char *path)
{
	struct json_object *v = fixture_at(o, path);

	return v ? json_object_get_string(v) : "";
}

struct json_object *fixture_take(char *text)
{
	struct json_object *o = json_tokener_parse(text);

	assert_non_null(o);
	assistant_free(text);
	return o;
}
