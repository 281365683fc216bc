/*
 * ingest_warnings.c - dangling references, sessions outside the dates, words for two rooms.
 */
#include "api/ingest_warnings.h"

#include <string.h>
#include "base/clock.h"
#include "base/map.h"
#include "base/text.h"
#include "base/utf8.h"

#define MAX_WARNINGS 200

static void warn(struct json_object *warnings, const char *fmt, ...) _printf_(2, 3);

static void warn(struct json_object *warnings, const char *fmt, ...)
{
	struct text t;
	va_list ap;

	if (json_object_array_length(warnings) >= MAX_WARNINGS)
		return;
	text_init(&t, 2000);
	va_start(ap, fmt);
	text_vprintf(&t, fmt, ap);
	va_end(ap);
	json_object_array_add(warnings, json_object_new_string(t.data));
	text_finish(&t);
}

static void look_at_references(const struct snapshot *s, const struct record *r, const char *field,
			       const char *const *ids, enum entity type,
			       struct json_object *warnings)
{
	for (; *ids; ids++)
		if (!snapshot_find(s, type, *ids))
			warn(warnings, "%s \"%.200s\": %s names \"%s\", which is not in the file.",
			     entity_name(r->type), r->name, field, *ids);
}

static void look_at_dates(const struct snapshot *s, const struct zone *zone, const struct record *r,
			  struct json_object *warnings)
{
	const struct conference *c = &s->conference;
	int64_t first, last;
	bool has_offset;
	struct civil day;
	char text[16];

	if (r->start == TIME_UNKNOWN || time_parse(c->start_date, &first, &has_offset) < 0 ||
	    time_parse(c->end_date, &last, &has_offset) < 0)
		return;
	zone_civil(zone, r->start, &day);
	snprintf(text, sizeof(text), "%04d-%02d-%02d", day.year % 10000, day.month % 100,
		 day.day % 100);
	if (strcmp(text, c->start_date) >= 0 && strcmp(text, c->end_date) <= 0)
		return;
	warn(warnings, "session \"%.200s\" begins on %s, outside the conference (%s to %s).",
	     r->name, text, c->start_date, c->end_date);
}

static void look_at_room_word(struct map *words, const char *word, const struct room *room,
			      struct json_object *warnings)
{
	_cleanup_free_ char *folded = word ? utf8_fold(word, strlen(word)) : NULL;
	const struct room *other;

	if (!folded || !*folded)
		return;
	other = map_get(words, folded);
	if (other && other != room)
		warn(warnings, "rooms: \"%.100s\" stands for \"%.100s\" and for \"%.100s\".", word,
		     other->name, room->name);
	else if (!other)
		map_put(words, folded, (void *)room, NULL);
}

static void look_at_rooms(const struct conference *c, struct json_object *warnings)
{
	struct map *words = map_create(100000);

	for (size_t i = 0; words && i < c->n_rooms; i++) {
		const struct room *room = &c->rooms[i];

		look_at_room_word(words, room->name, room, warnings);
		look_at_room_word(words, room->code, room, warnings);
		for (const char *const *alias = room->aliases; alias && *alias; alias++)
			look_at_room_word(words, *alias, room, warnings);
	}
	map_destroy(words, NULL);
}

void ingest_warnings(const struct snapshot *s, const struct zone *zone,
		     struct json_object *warnings)
{
	for (size_t i = 0; i < s->n[ENTITY_SESSION]; i++) {
		const struct record *r = &s->records[ENTITY_SESSION][i];

		look_at_references(s, r, "speaker_ids", r->speaker_ids, ENTITY_SPEAKER, warnings);
		look_at_dates(s, zone, r, warnings);
	}
	for (size_t i = 0; i < s->n[ENTITY_SPEAKER]; i++) {
		const struct record *r = &s->records[ENTITY_SPEAKER][i];

		look_at_references(s, r, "session_ids", r->session_ids, ENTITY_SESSION, warnings);
	}
	look_at_rooms(&s->conference, warnings);
}

void ingest_warn_clock(const struct zone *zone, int64_t local_s, int64_t unix_s,
		       struct json_object *warnings)
{
	struct civil here, later;
	char text[TIME_TEXT_SIZE];

	time_format_utc(local_s * 1000, text);
	text[16] = '\0'; /* 2026-10-25T02:30 */
	zone_civil(zone, unix_s, &here);
	zone_civil(zone, unix_s + 3600, &later);
	if (unix_s + here.offset_s != local_s)
		warn(warnings, "%s does not exist in %s: the clocks go forward then.", text,
		     zone_name(zone));
	else if (later.offset_s == here.offset_s - 3600)
		warn(warnings, "%s occurs twice in %s: the earlier one is taken.", text,
		     zone_name(zone));
}
