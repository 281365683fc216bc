/*
 * given.c - facts of a conference from options and small files.
 */
#include "given.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "csv.h"
#include "input.h"
#include "value.h"

static const struct {
	const char *member, *option, *synonyms;
} facts[GIVEN_COUNT] = {
	[GIVEN_ID] = { "id", "id", " conference_id " },
	[GIVEN_NAME] = { "name", "name", " title conference " },
	[GIVEN_TIMEZONE] = { "timezone", "timezone", " time_zone tz time_zone_name " },
	[GIVEN_START_DATE] = { "start_date", "start-date", " start from first_day " },
	[GIVEN_END_DATE] = { "end_date", "end-date", " end until last_day " },
	[GIVEN_DESCRIPTION] = { "description", "description", " about " },
	[GIVEN_VENUE] = { "venue", "venue", " place " },
	[GIVEN_CITY] = { "city", "city", " town " },
	[GIVEN_WEBSITE] = { "website", "website", " url web " },
};

const char *given_member(int fact)
{
	return facts[fact].member;
}

const char *given_option(int fact)
{
	return facts[fact].option;
}

/* false: nobody knows a fact of that name. */
static bool set_fact(struct json_object *conference, const char *name, const char *value)
{
	char key[64], word[68];

	csv_field_name(name, key);
	snprintf(word, sizeof(word), " %s ", key);
	for (int i = 0; i < GIVEN_COUNT; i++) {
		if (strcmp(facts[i].member, key) != 0 && !strstr(facts[i].synonyms, word))
			continue;
		if (i == GIVEN_DESCRIPTION)
			value_set_text(conference, facts[i].member, value);
		else
			value_set_line(conference, facts[i].member, value);
		return true;
	}
	return false;
}

static int unknown(const struct input *in, int line, const char *name)
{
	fprintf(stderr,
		"%s:%d: \"%.60s\" is not known of a conference; accepted are id, name, timezone, "
		"start_date, end_date, description, venue, city and website.\n",
		in->name, line, name);
	return -1;
}

static int read_json(const struct input *in, struct json_object *conference)
{
	struct part p = { 0 };
	struct json_object *o, *c;

	p.text = input_begin(in, &p.len);
	o = value_parse(&p);
	c = value_get(o, "conference") ? value_get(o, "conference") : o;
	if (!json_object_is_type(c, json_type_object)) {
		fprintf(stderr, "%s:1: this is no JSON object with a conference's fields.\n",
			in->name);
		json_object_put(o);
		return -1;
	}
	json_object_object_foreach(c, key, value)
	{
		json_object_object_add(conference, key, json_object_get(value));
	}
	json_object_put(o);
	return 0;
}

/* "field,value" and pairs below, or a row of names and one of values. */
static int read_csv(const struct input *in, struct json_object *conference)
{
	char *names[CSV_MAX_COLUMNS], first[64];
	struct csv_row row;
	struct csv c;
	size_t len, n = 0;
	const char *text = input_begin(in, &len);
	int r, pairs = 0, result = 0;

	csv_begin(&c, text, len);
	r = csv_next(&c, &row);
	if (r > 0) {
		csv_field_name(row.cells[0], first);
		pairs = row.n == 2 && (!strcmp(first, "field") || !strcmp(first, "key"));
		for (; !pairs && n < row.n; n++)
			names[n] = strdup(row.cells[n]);
	}
	while (r > 0 && !result && (r = csv_next(&c, &row)) > 0) {
		if (pairs && row.n >= 2 && !set_fact(conference, row.cells[0], row.cells[1]))
			result = unknown(in, row.line, row.cells[0]);
		for (size_t i = 0; i < n && i < row.n && !result; i++)
			if (!set_fact(conference, names[i], row.cells[i]))
				result = unknown(in, 1, names[i]);
	}
	if (r < 0) {
		fprintf(stderr, "%s:%d: %s.\n", in->name, c.error_line, c.error);
		result = -1;
	}
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	csv_finish(&c);
	return result;
}

static size_t line_length(const char *at, const char *end)
{
	const char *line_end = memchr(at, '\n', (size_t)(end - at));

	return (size_t)((line_end ? line_end : end) - at);
}

/* name = value; # and ; begin comments, [...] a section. */
static int read_lines(const struct input *in, struct json_object *conference)
{
	size_t len;
	const char *at = input_begin(in, &len), *end = at + len;
	int result = 0;

	for (int line = 1; at < end && !result; line++) {
		size_t n = line_length(at, end);
		char *text = strndup(at, n), *equals = text ? strchr(text, '=') : NULL;

		if (equals && !strchr("#;[", *text)) {
			*equals = '\0';
			if (!set_fact(conference, text, equals + 1))
				result = unknown(in, line, text);
		} else if (text && !strchr("#;[", *text) && text[strspn(text, " \t\r")]) {
			fprintf(stderr,
				"%s:%d: accepted are lines such as name = Canal Day 2027.\n",
				in->name, line);
			result = -1;
		}
		free(text);
		at += n + 1;
	}
	return result;
}

static bool begins_object(const char *text, size_t len)
{
	while (len && (*text == ' ' || *text == '\t' || *text == '\r' || *text == '\n')) {
		text++;
		len--;
	}
	return len && *text == '{';
}

int given_read_info(const char *path, struct json_object *conference)
{
	const char *dot = strrchr(path, '.');
	struct input in;
	size_t len, bad;
	const char *text;
	int r;

	if (input_open(&in, path) < 0)
		return -1;
	text = input_begin(&in, &len);
	bad = value_not_utf8(text, len);
	if (bad < len) {
		fprintf(stderr, "%s:%d: this is not UTF-8.\n", in.name, input_line(&in, bad));
		r = -1;
	} else if (begins_object(text, len)) {
		r = read_json(&in, conference);
	} else if (dot && !strcasecmp(dot, ".csv")) {
		r = read_csv(&in, conference);
	} else {
		r = read_lines(&in, conference);
	}
	input_close(&in);
	return r;
}
