/*
 * pretalx.c - the JSON of pretalx: its schedule export (frab's form, which others write, too) and the lists of its REST
 * API, talks or speakers, one page or all records in one list.
 *
 *	{"schedule": {"conference": {"days": [{"rooms": {"Hall": [event, ...]}}]}}}
 *	{"count": 2, "next": null, "results": [{"code": "A1B2C3", ...}]}
 */
#include "format.h"

#include <stdio.h>
#include <string.h>
#include "frab.h"
#include "json_walk.h"
#include "value.h"

/* --- The schedule ------------------------------------------------------------------ */

static void schedule_event(void *user, struct json_object *event, int line)
{
	frab_event(user, event, line);
}

/* A room's name as JSON writes it between its quotes, decoded. */
static struct json_object *room_name(const char *key)
{
	char quoted[80];
	struct part p = { .text = quoted };

	p.len = (size_t)snprintf(quoted, sizeof(quoted), "\"%s\"", key);
	return value_parse(&p);
}

static void read_rooms(struct frab *f, const struct part *rooms)
{
	struct part list;
	struct scan s;
	char key[64];

	if (walk_enter(&s, rooms, '{') < 0) {
		document_error(f->d, rooms->line, "rooms is no object of lists.");
		return;
	}
	while (scan_member(&s, key, &list) > 0) {
		struct json_object *name = room_name(key);

		f->room = value_name(name);
		walk_list(&list, f->d, "a room's events", schedule_event, f);
		f->room = NULL;
		json_object_put(name);
	}
}

static void read_days(struct frab *f, const struct part *days)
{
	struct part day, rooms;
	struct scan s;

	if (walk_enter(&s, days, '[') < 0) {
		document_error(f->d, days->line, "days is no list.");
		return;
	}
	while (scan_element(&s, &day) > 0) {
		struct json_object *date = walk_parse(&day, "date");

		frab_day(f, json_object_is_type(date, json_type_string)
				    ? json_object_get_string(date)
				    : NULL);
		json_object_put(date);
		if (walk_member(&day, "rooms", &rooms))
			read_rooms(f, &rooms);
	}
}

/* The rooms a schedule lists, with what it says of their size. */
static void set_rooms(struct document *d, struct json_object *rooms)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < value_length(rooms); i++) {
		struct json_object *from = json_object_array_get_idx(rooms, i);
		struct json_object *room = json_object_new_object();
		struct json_object *capacity = value_get(from, "capacity");

		value_set_line(room, "name", value_name(value_get(from, "name")));
		if (json_object_is_type(capacity, json_type_int))
			json_object_object_add(room, "capacity", json_object_get(capacity));
		if (value_get(room, "name"))
			json_object_array_add(list, room);
		else
			json_object_put(room);
	}
	if (value_length(list))
		json_object_object_add(document_conference(d), "rooms", list);
	else
		json_object_put(list);
}

static int read_schedule(const struct part *schedule, struct document *d)
{
	static const char *const members[] = { "title",	     "acronym", "start", "end",
					       "venue",	     "city",	"url",	 "time_zone_name",
					       "day_change", NULL };
	struct json_object *facts, *rooms;
	struct part conference, days;
	struct frab f = { .d = d };

	if (!walk_member(schedule, "conference", &conference) ||
	    !walk_member(&conference, "days", &days)) {
		document_error(d, schedule->line,
			       "this schedule has no conference with days; accepted is the "
			       "schedule.json that pretalx and frab export.");
		return -1;
	}
	facts = json_object_new_object();
	for (int i = 0; members[i]; i++) {
		struct json_object *v = walk_parse(&conference, members[i]);

		if (v)
			json_object_object_add(facts, members[i], v);
	}
	frab_conference(&f, facts);
	json_object_put(facts);
	rooms = walk_parse(&conference, "rooms");
	set_rooms(d, rooms);
	json_object_put(rooms);
	read_days(&f, &days);
	return document_errors(d) ? -1 : 0;
}

/* --- The REST API's lists ------------------------------------------------------------ */

struct list {
	struct frab frab;
	int kind;
};

static void copy(struct json_object *to, const char *name, struct json_object *from,
		 const char *source)
{
	struct json_object *v = value_get(from, source);

	if (v)
		json_object_object_add(to, name, json_object_get(v));
}

/* Where and when, from the slot of older versions or the expanded slots of newer ones. */
static void copy_slot(struct json_object *event, struct json_object *talk)
{
	struct json_object *slot = value_get(talk, "slot"), *slots = value_get(talk, "slots");

	if (!slot && value_length(slots))
		slot = json_object_array_get_idx(slots, 0);
	copy(event, "date", slot, "start");
	copy(event, "end", slot, "end");
	copy(event, "room", slot, "room");
}

static bool is_accepted(struct json_object *talk)
{
	const char *state = value_name(value_get(talk, "state"));

	return !state || !strcmp(state, "confirmed") || !strcmp(state, "accepted");
}

static void add_talk(struct list *l, struct json_object *talk, int line)
{
	struct json_object *event, *duration = value_get(talk, "duration");

	if (!is_accepted(talk)) {
		document_warn(l->frab.d, line, "talk is not accepted and left out",
			      "talks are not accepted and left out");
		return;
	}
	event = json_object_new_object();
	copy(event, "id", talk, "code");
	copy(event, "title", talk, "title");
	copy(event, "abstract", talk, "abstract");
	copy(event, "description", talk, "description");
	copy(event, "type", talk, "submission_type");
	copy(event, "track", talk, "track");
	copy(event, "language", talk, "content_locale");
	copy(event, "persons", talk, "speakers");
	copy_slot(event, talk);
	if (json_object_is_type(duration, json_type_int))
		json_object_object_add(event, "duration",
				       json_object_new_string(json_object_get_string(duration)));
	frab_event(&l->frab, event, line);
	json_object_put(event);
}

static void add_record(void *user, struct json_object *o, int line)
{
	struct list *l = user;
	char id[129];

	if (l->kind < 0)
		l->kind = value_get(o, "title") ? KIND_SESSION : KIND_SPEAKER;
	if (l->kind == KIND_SESSION)
		add_talk(l, o, line);
	else if (!frab_person(l->frab.d, o, line, id))
		document_warn(l->frab.d, line, "speaker has no name and is left out",
			      "speakers have no name and are left out");
}

static int read_results(const struct part *results, int kind, struct document *d)
{
	struct list l = { .frab = { .d = d }, .kind = kind };

	if (kind == KIND_EXHIBITOR) {
		document_error(
			d, results->line,
			"pretalx has no exhibitors: this is a list of its talks or speakers.");
		return -1;
	}
	walk_list(results, d, "results", add_record, &l);
	return document_errors(d) ? -1 : 0;
}

int pretalx_read(const struct input *in, int kind, struct document *d)
{
	struct json_object *next;
	struct part whole, part;

	if (walk_file(in, d, &whole) < 0)
		return -1;
	if (walk_is(&whole, '['))
		return read_results(&whole, kind, d);
	if (walk_member(&whole, "schedule", &part))
		return read_schedule(&part, d);
	if (!walk_member(&whole, "results", &part)) {
		document_error(
			d, 1,
			"this is not of pretalx: accepted are its schedule.json and the lists "
			"of talks and speakers of its REST API.");
		return -1;
	}
	next = walk_parse(&whole, "next");
	if (next)
		document_warn(d, 1, "list is one page of several: join the results of all pages",
			      "lists are one page of several: join the results of all pages");
	json_object_put(next);
	return read_results(&part, kind, d);
}

bool pretalx_detect(const char *text, size_t len, const char *name)
{
	static const char *const members[] = { "schedule", "results", NULL };
	static const char *const record[] = { "code", NULL };
	struct part first;
	struct scan s;

	if (walk_top_members(text, len, members))
		return true;
	scan_begin(&s, text, len);
	return scan_enter(&s, '[') == 0 && scan_element(&s, &first) > 0 &&
	       walk_top_members(first.text, first.len, record);
}
