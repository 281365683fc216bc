/*
 * Any JSON as a conference or a record: taken with every promise of store/record.h kept, or refused
 * with a sentence.  The first byte chooses which of the four it is read as.
 */
#include <stdlib.h>
#include <string.h>
#include "store/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int venue_time(void *ctx, int64_t local_s, int64_t *unix_s)
{
	(void)ctx;
	*unix_s = local_s - 3600;
	return 0;
}

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_record(enum entity type, struct json_object *json, struct arena *arena)
{
	struct fail fail = FAIL_INIT;
	struct record r;

	if (record_parse(type, json, arena, venue_time, NULL, &r, &fail) != 0) {
		require(fail.text[0] != '\0');
		return;
	}
	require(r.type == type && r.id && r.id[0] && r.name && r.name[0]);
	require(r.json && strlen(r.json) == r.json_len && !strchr(r.json, '\n'));
	require(r.speaker_ids && r.speaker_names && r.session_ids && r.tags);
}

static void check_conference(struct json_object *json, struct arena *arena)
{
	struct fail fail = FAIL_INIT;
	struct conference c;

	if (conference_parse(json, arena, &c, &fail) != 0) {
		require(fail.text[0] != '\0');
		return;
	}
	require(c.id && c.id[0] && c.json && strlen(c.json) == c.json_len);
	for (size_t i = 0; i < c.n_info; i++)
		require(c.info[i].key && c.info[i].title && c.info[i].text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_json_ struct json_object *json = NULL;
	_cleanup_arena_ struct arena *arena = arena_create(4 << 20);
	struct fail fail = FAIL_INIT;

	if (size < 2 || !arena || json_parse((const char *)data + 1, size - 1, &json, &fail) != 0)
		return 0;
	if (data[0] % 4 < ENTITY_COUNT)
		check_record((enum entity)(data[0] % 4), json, arena);
	else
		check_conference(json, arena);
	return 0;
}
