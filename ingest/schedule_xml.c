/*
 * schedule_xml.c - the schedule XML of pentabarf, frab, pretalx and others:
 *
 *	schedule > conference > title, start, end, time_zone_name...
 *	schedule > day > room > event > title, start, duration... persons > person
 *
 * A document that declares entities is refused: no schedule needs them, and they are how small files grow large.
 */
#include "format.h"

#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "frab.h"
#include "value.h"

#define MAX_DEPTH      32
#define MAX_NAME       32
#define MAX_TEXT_BYTES (1UL << 20)

struct reader {
	XML_Parser parser;
	struct frab frab;
	char path[MAX_DEPTH][MAX_NAME]; /* of the elements that are open */
	size_t depth;
	char *text; /* of the element that is open */
	size_t len, cap;
	struct json_object *conference, *event, *persons, *person; /* being read */
	char room[512];
	int event_line;
	const char *error; /* ours; expat has its own */
	bool is_schedule;
};

static void stop(struct reader *r, const char *error)
{
	if (!r->error)
		r->error = error;
	XML_StopParser(r->parser, XML_FALSE);
}

static bool is(const struct reader *r, size_t depth, const char *name)
{
	return depth < r->depth && !strcmp(r->path[depth], name);
}

static const char *attribute(const char **attributes, const char *name)
{
	for (; *attributes; attributes += 2)
		if (!strcmp(attributes[0], name))
			return attributes[1];
	return NULL;
}

static void keep_attribute(struct json_object *o, const char **attributes, const char *name)
{
	const char *value = attribute(attributes, name);

	if (value)
		json_object_object_add(o, name, json_object_new_string(value));
}

static void begin_event(struct reader *r, const char **attributes)
{
	r->event = json_object_new_object();
	r->persons = json_object_new_array();
	r->event_line = (int)XML_GetCurrentLineNumber(r->parser);
	keep_attribute(r->event, attributes, "id");
	keep_attribute(r->event, attributes, "guid");
	json_object_object_add(r->event, "persons", r->persons);
}

static void begin_person(struct reader *r, const char **attributes)
{
	r->person = json_object_new_object();
	keep_attribute(r->person, attributes, "id");
	keep_attribute(r->person, attributes, "guid");
	keep_attribute(r->person, attributes, "code");
	keep_attribute(r->person, attributes, "url");
	json_object_array_add(r->persons, r->person);
}

/* schedule/day/room/event, and "schedule/day/event" of a few that have no rooms. */
static bool at_event(const struct reader *r, size_t *depth)
{
	*depth = is(r, 2, "event") ? 2 : 3;
	return is(r, 1, "day") && is(r, *depth, "event");
}

static void begin(void *user, const char *name, const char **attributes)
{
	struct reader *r = user;
	size_t depth;

	r->len = 0;
	if (r->depth == MAX_DEPTH) {
		stop(r, "elements are nested more than 32 deep");
		return;
	}
	snprintf(r->path[r->depth++], MAX_NAME, "%s", name);
	if (r->depth == 1) {
		r->is_schedule = !strcmp(name, "schedule");
		if (!r->is_schedule)
			stop(r, "this is no schedule: its first element is not <schedule>");
	} else if (r->depth == 2 && !strcmp(name, "conference")) {
		r->conference = json_object_new_object();
	} else if (r->depth == 2 && !strcmp(name, "day")) {
		frab_day(&r->frab, attribute(attributes, "date"));
	} else if (r->depth == 3 && is(r, 1, "day") && !strcmp(name, "room")) {
		const char *room = attribute(attributes, "name");

		snprintf(r->room, sizeof(r->room), "%s", room ? room : "");
		r->frab.room = room && *room ? r->room : NULL;
	} else if (!r->event && at_event(r, &depth) && depth == r->depth - 1) {
		begin_event(r, attributes);
	} else if (r->event && !r->person && !strcmp(name, "person")) {
		begin_person(r, attributes);
	}
}

static void text(void *user, const char *bytes, int n)
{
	struct reader *r = user;
	size_t len = r->len + (size_t)n;

	if (len > MAX_TEXT_BYTES) {
		stop(r, "an element holds more than 1 MiB of text");
		return;
	}
	if (len + 1 > r->cap) {
		size_t cap = 2 * (len + 1);
		char *more = realloc(r->text, cap);

		if (!more)
			abort();
		r->text = more;
		r->cap = cap;
	}
	memcpy(r->text + r->len, bytes, (size_t)n);
	r->len = len;
	r->text[len] = '\0';
}

/* The first of two elements with one name counts. */
static void keep_text(struct reader *r, struct json_object *o, const char *name)
{
	if (r->len && !value_get(o, name))
		json_object_object_add(o, name, json_object_new_string_len(r->text, (int)r->len));
}

static void end_person(struct reader *r)
{
	keep_text(r, r->person, "name");
	r->person = NULL;
}

static void end_event(struct reader *r)
{
	frab_event(&r->frab, r->event, r->event_line);
	json_object_put(r->event);
	r->event = r->persons = r->person = NULL;
}

static void end(void *user, const char *name)
{
	struct reader *r = user;
	size_t depth;

	if (r->error)
		return;
	if (r->person && !strcmp(name, "person"))
		end_person(r);
	else if (r->person) /* <person><name>... as a few write it */
		keep_text(r, r->person, name);
	else if (r->event && at_event(r, &depth) && r->depth == depth + 1)
		end_event(r);
	else if (r->event && at_event(r, &depth) && r->depth == depth + 2)
		keep_text(r, r->event, name);
	else if (r->conference && r->depth == 3)
		keep_text(r, r->conference, name);
	else if (r->conference && r->depth == 2)
		frab_conference(&r->frab, r->conference);
	if (r->depth == 2 && r->conference) {
		json_object_put(r->conference);
		r->conference = NULL;
	}
	r->len = 0;
	r->depth--;
}

static void entity(void *user, const char *name, int parameter, const char *value, int n,
		   const char *base, const char *system, const char *public, const char *notation)
{
	stop(user, "the file declares entities, which are not read");
}

/* Where the text stands after a failure. */
static int explain(struct reader *r)
{
	enum XML_Error code = XML_GetErrorCode(r->parser);
	int line = (int)XML_GetCurrentLineNumber(r->parser);
	int column = (int)XML_GetCurrentColumnNumber(r->parser) + 1;

	if (r->error)
		document_error(r->frab.d, line, "%s.", r->error);
	else
		document_error(r->frab.d, line, "column %d: this is not XML: %s.", column,
			       XML_ErrorString(code));
	return -1;
}

int schedule_xml_read(const struct input *in, int kind, struct document *d)
{
	struct reader r = { .frab = { .d = d } };
	int result = 0;

	r.parser = XML_ParserCreate(NULL);
	if (!r.parser)
		abort();
	XML_SetUserData(r.parser, &r);
	XML_SetElementHandler(r.parser, begin, end);
	XML_SetCharacterDataHandler(r.parser, text);
	XML_SetEntityDeclHandler(r.parser, entity);
	if (XML_Parse(r.parser, in->text, (int)in->len, 1) != XML_STATUS_OK || r.error)
		result = explain(&r);
	json_object_put(r.event);
	json_object_put(r.conference);
	free(r.text);
	XML_ParserFree(r.parser);
	return result;
}

bool schedule_xml_detect(const char *s, size_t len, const char *name)
{
	size_t at = 0;

	while (at < len && memchr(" \t\r\n", s[at], 4))
		at++;
	return (at < len && s[at] == '<') ||
	       (len >= 4 && (!memcmp(s, "\xff\xfe<\0", 4) || !memcmp(s, "\xfe\xff\0<", 4)));
}
