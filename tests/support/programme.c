/*
 * programme.c - reads normalised JSON the way ingest does, without a store.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "support/programme.h"

#include <stdio.h>
#include <string.h>
#include "base/text.h"

static int to_unix(void *ctx, int64_t local_s, int64_t *unix_s)
{
	struct civil c;
	static const char *const utc = "UTC";
	struct zone *z = NULL;

	if (zone_open(utc, &z, NULL) < 0)
		return -1;
	zone_civil(z, local_s, &c); /* the fields as written */
	zone_close(z);
	*unix_s = zone_unix(ctx, c.year, c.month, c.day, c.hour, c.minute, c.second);
	return 0;
}

static void read_records(struct snapshot *s, enum entity type, struct json_object *list,
			 struct zone *z)
{
	size_t n = list ? json_object_array_length(list) : 0;
	struct record *records = arena_array(s->arena, struct record, n + 1);

	assert_non_null(records);
	for (size_t i = 0; i < n; i++) {
		struct fail f = FAIL_INIT;

		if (record_parse(type, json_object_array_get_idx(list, i), s->arena, to_unix, z,
				 &records[i], &f) < 0)
			fail_msg("%s %zu: %s", entity_name(type), i, f.text);
	}
	s->records[type] = records;
	s->n[type] = n;
}

struct snapshot *programme_parse(const char *text)
{
	_cleanup_json_ struct json_object *json = NULL;
	struct snapshot *s = snapshot_create(256u << 20);
	struct fail f = FAIL_INIT;
	struct zone *z = NULL;

	assert_non_null(s);
	if (json_parse(text, strlen(text), &json, &f) < 0 ||
	    conference_parse(json_get_object(json, "conference"), s->arena, &s->conference, &f) <
		    0 ||
	    zone_open(s->conference.timezone, &z, &f) < 0)
		fail_msg("%s", f.text);
	read_records(s, ENTITY_SESSION, json_get_array(json, "sessions"), z);
	read_records(s, ENTITY_EXHIBITOR, json_get_array(json, "exhibitors"), z);
	read_records(s, ENTITY_SPEAKER, json_get_array(json, "speakers"), z);
	zone_close(z);
	s->epoch = 1;
	if (snapshot_seal(s, &f) < 0)
		fail_msg("%s", f.text);
	return s;
}

struct snapshot *programme_read(const char *path)
{
	_cleanup_fclose_ FILE *in = fopen(path, "re");
	_cleanup_text_ struct text text = { 0 };
	char block[65536];
	size_t n;

	if (!in)
		return NULL;
	text_init(&text, 64u << 20);
	while ((n = fread(block, 1, sizeof block, in)) > 0)
		text_append_n(&text, block, n);
	assert_false(text.failed);
	return programme_parse(text.data);
}

struct catalog *programme_catalog(struct snapshot *taken)
{
	struct fail f = FAIL_INIT;
	struct catalog *c = NULL;

	if (catalog_create(taken, &c, &f) < 0)
		fail_msg("%s", f.text);
	snapshot_unref(taken);
	return c;
}

int64_t programme_time(const struct zone *z, const char *text)
{
	int y, mo, d, h = 0, mi = 0;

	if (text[0] == '@')
		return strtoll(text + 1, NULL, 10);
	assert_true(sscanf(text, "%d-%d-%dT%d:%d", &y, &mo, &d, &h, &mi) >= 3);
	return zone_unix(z, y, mo, d, h, mi, 0);
}
