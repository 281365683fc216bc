/*
 * frab.c - an event's fields: time, place, texts, people.
 */
#include "frab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "html.h"
#include "name_id.h"
#include "value.h"

/* A programme's day may begin at 09:00, but who comes at 07:30 comes on that morning. */
#define LATEST_NIGHT (6 * 60)

static void set_day(struct json_object *to, const char *key, const char *text)
{
	char day[DAY_SIZE];
	const char *end;

	if (text && day_read(text, day, &end))
		value_set_line(to, key, day);
}

void frab_conference(struct frab *f, struct json_object *c)
{
	struct json_object *to = document_conference(f->d);
	const char *change = value_string(c, "day_change");
	int minutes = change ? clock_minutes(change) : -1;

	value_set_line(to, "name", value_name(value_get(c, "title")));
	value_set_line(to, "acronym", value_string(c, "acronym"));
	value_set_line(to, "timezone", value_string(c, "time_zone_name"));
	value_set_line(to, "venue", value_string(c, "venue"));
	value_set_line(to, "city", value_string(c, "city"));
	value_set_line(to, "website", value_string(c, "url"));
	set_day(to, "start_date", value_string(c, "start"));
	set_day(to, "end_date", value_string(c, "end"));
	f->day_change = minutes < 0 ? 0 : minutes > LATEST_NIGHT ? LATEST_NIGHT : minutes;
}

void frab_day(struct frab *f, const char *date)
{
	const char *end;

	if (!date || !day_read(date, f->day, &end))
		f->day[0] = '\0';
}

/* "date" is the whole time; older schedules have a day and a clock. */
static bool start_of(const struct frab *f, struct json_object *event, char start[static TIME_SIZE])
{
	const char *date = value_string(event, "date"), *clock = value_string(event, "start"), *end;
	char day[DAY_SIZE];
	int minutes;

	if (date && time_read(date, start))
		return true;
	if (clock && time_read(clock, start))
		return true;
	minutes = clock ? clock_minutes(clock) : -1;
	if (minutes < 0)
		return false;
	if (date && day_read(date, day, &end))
		return time_of_day(day, minutes, start); /* the event's own day */
	if (!*f->day)
		return false;
	return time_of_day(f->day, minutes < f->day_change ? minutes + 24 * 60 : minutes, start);
}

static void set_times(struct frab *f, struct json_object *event, struct json_object *session,
		      int line)
{
	const char *duration = value_string(event, "duration"), *end = value_string(event, "end");
	char start[TIME_SIZE], until[TIME_SIZE];
	long minutes;

	if (!start_of(f, event, start)) {
		document_warn(f->d, line, "event has no time that can be read",
			      "events have no time that can be read");
		return;
	}
	value_set_line(session, "start_time", start);
	minutes = duration ? duration_minutes(duration) : -1;
	if (minutes > 0 && time_add(start, minutes, until))
		value_set_line(session, "end_time", until);
	else if (end && time_read(end, until))
		value_set_line(session, "end_time", until);
	else
		document_warn(f->d, line, "event has no duration", "events have no duration");
}

/* The abstract, then what the description adds to it. */
static void set_description(struct json_object *event, struct json_object *session)
{
	const char *texts[] = { value_string(event, "abstract"),
				value_string(event, "description") };
	char *abstract = texts[0] ? html_text(texts[0]) : NULL;
	char *description = texts[1] ? html_text(texts[1]) : NULL, *both;

	if (abstract && description && *abstract && *description &&
	    strncmp(description, abstract, strlen(abstract)) != 0 &&
	    asprintf(&both, "%s\n\n%s", abstract, description) > 0) {
		json_object_object_add(session, "description", json_object_new_string(both));
		free(both);
	} else if (description && *description) {
		json_object_object_add(session, "description", json_object_new_string(description));
	} else if (abstract && *abstract) {
		json_object_object_add(session, "description", json_object_new_string(abstract));
	}
	free(abstract);
	free(description);
}

static bool person_id(struct json_object *person, const char *name, char id[static 129])
{
	char made[NAME_ID_SIZE];

	if (value_id(person, "id", id) || value_id(person, "code", id) ||
	    value_id(person, "guid", id))
		return true;
	name_id("speaker", name, NULL, made);
	memcpy(id, made, sizeof(made));
	return true;
}

bool frab_person(struct document *d, struct json_object *person, int line, char id[static 129])
{
	const char *name = value_name(value_get(person, "public_name"));
	struct json_object *speaker;

	if (!name)
		name = value_name(value_get(person, "name"));
	if (!name || !person_id(person, name, id))
		return false;
	speaker = document_find(d, KIND_SPEAKER, id);
	if (!speaker) {
		speaker = json_object_new_object();
		json_object_object_add(speaker, "id", json_object_new_string(id));
		value_set_line(speaker, "name", name);
		document_add(d, KIND_SPEAKER, speaker, line);
	}
	if (!value_get(speaker, "bio"))
		value_set_text(speaker, "bio",
			       value_string(person, "biography")
				       ? value_string(person, "biography")
				       : value_string(person, "abstract"));
	if (!value_get(speaker, "url"))
		value_set_line(speaker, "url", value_string(person, "url"));
	return true;
}

static void set_speakers(struct frab *f, struct json_object *event, struct json_object *session,
			 int line)
{
	struct json_object *persons = value_get(event, "persons"), *ids = json_object_new_array();
	char id[129];

	for (size_t i = 0; i < value_length(persons); i++) {
		struct json_object *person = json_object_array_get_idx(persons, i);

		/* A text is the code of somebody whose record is elsewhere. */
		if (json_object_is_type(person, json_type_string))
			json_object_array_add(ids, json_object_get(person));
		else if (frab_person(f->d, person, line, id))
			json_object_array_add(ids, json_object_new_string(id));
	}
	if (!value_length(ids))
		document_warn(f->d, line, "event has no speaker", "events have no speaker");
	json_object_object_add(session, "speaker_ids", ids);
}

/* Some schedules link an event's page by one name, some by another. */
static const char *url_of(struct json_object *event)
{
	const char *url = value_string(event, "url");

	return url ? url : value_string(event, "origin_url");
}

void frab_event(struct frab *f, struct json_object *event, int line)
{
	struct json_object *session = json_object_new_object();
	const char *room = value_name(value_get(event, "room"));
	char id[129];

	if (value_id(event, "guid", id) || value_id(event, "id", id) || value_id(event, "code", id))
		json_object_object_add(session, "id", json_object_new_string(id));
	value_set_line(session, "title", value_name(value_get(event, "title")));
	value_set_line(session, "subtitle", value_string(event, "subtitle"));
	set_description(event, session);
	set_times(f, event, session, line);
	value_set_line(session, "location", room ? room : f->room);
	value_set_line(session, "track", value_name(value_get(event, "track")));
	value_set_line(session, "session_type", value_name(value_get(event, "type")));
	value_set_line(session, "language", value_string(event, "language"));
	value_set_line(session, "url", url_of(event));
	set_speakers(f, event, session, line);
	document_add(f->d, KIND_SESSION, session, line);
}
