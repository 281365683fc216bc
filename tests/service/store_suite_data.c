/*
 * store_suite_data.c - the small conference that the suite puts into a store.
 */
#include "store_suite.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static struct snapshot *new_snapshot(const char *conference_id, uint64_t epoch)
{
	struct snapshot *s = snapshot_create(64 << 20);
	_cleanup_json_ struct json_object *json = json_object_new_object();
	struct json_object *info = json_object_new_object();
	struct fail f = FAIL_INIT;

	json_set_string(json, "id", conference_id);
	json_set_string(json, "name", "Suite Conference");
	json_set_string(json, "timezone", "Europe/Brussels");
	json_set_string(json, "start_date", "2026-01-31");
	json_set_string(info, "wifi", "Use \"suite\", no password.");
	json_set(json, "info", info);
	assert_int_equal(conference_parse(json, s->arena, &s->conference, &f), 0);
	s->epoch = epoch;
	return s;
}

static void fill(struct snapshot *s, enum entity type, const char *const *lines, size_t n)
{
	struct record *records = arena_array(s->arena, struct record, n + 1);
	struct fail f = FAIL_INIT;

	for (size_t i = 0; i < n; i++) {
		_cleanup_json_ struct json_object *json = NULL;

		assert_int_equal(json_parse(lines[i], strlen(lines[i]), &json, &f), 0);
		if (record_parse(type, json, s->arena, NULL, NULL, &records[i], &f) < 0)
			fail_msg("%s", f.text);
	}
	s->records[type] = records;
	s->n[type] = n;
}

struct snapshot *suite_snapshot(const char *conference_id, uint64_t epoch, int n_sessions)
{
	struct snapshot *s = new_snapshot(conference_id, epoch);
	static const char *const speakers[] = {
		"{\"id\":\"p1\",\"name\":\"Ada "
		"Lovelace\",\"bio\":\"Counts.\",\"company\":\"Engines\"}",
	};
	static const char *const exhibitors[] = {
		"{\"id\":\"e1\",\"name\":\"Acme\",\"booth_number\":\"A12\",\"colour\":\"red\"}",
		"{\"id\":\"" SUITE_UPPER "\",\"name\":\"Shouting\"}",
	};
	const char **sessions = calloc((size_t)n_sessions + 1, sizeof(*sessions));
	struct fail f = FAIL_INIT;

	for (int i = 0; i < n_sessions; i++)
		sessions[i] = arena_printf(
			s->arena,
			"{\"id\":\"s%d\",\"title\":\"Session %d\",\"track\":\"%s\","
			"\"start_time\":\"2026-01-31T%02d:00:00+01:00\",\"speaker_ids\":[\"p1\"]}",
			i, i, i % 2 ? "Rust" : "Go", 20 - i % 12);
	fill(s, ENTITY_SESSION, sessions, (size_t)n_sessions);
	fill(s, ENTITY_SPEAKER, speakers, 1);
	fill(s, ENTITY_EXHIBITOR, exhibitors, 2);
	free(sessions);
	assert_int_equal(snapshot_seal(s, &f), 0);
	return s;
}
