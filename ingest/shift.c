/*
 * shift.c - the example conference begins today, whenever today is.
 */
#include "shift.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "shift_text.h"

#define DAY_S 86400

static const char *text_of(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	return json_object_object_get_ex(o, key, &v) && json_object_is_type(v, json_type_string)
		       ? json_object_get_string(v)
		       : NULL;
}

/* Reads "2027-05-20"; what follows, or NULL. */
static const char *read_date(const char *text, struct tm *tm)
{
	*tm = (struct tm){ 0 };
	return text && strspn(text, "0123456789") == 4 ? strptime(text, "%Y-%m-%d", tm) : NULL;
}

/* A day that exists: timegm() would make the 2nd of March of the 30th of February. */
static bool is_date(const char *text, time_t *out)
{
	struct tm tm;
	const char *end = read_date(text, &tm);
	int day = tm.tm_mday;

	if (!end || *end)
		return false;
	*out = timegm(&tm);
	return tm.tm_mday == day;
}

bool shift_accepts(const char *start_on)
{
	time_t day;

	return !strcmp(start_on, "today") || is_date(start_on, &day);
}

/* --- How many days ------------------------------------------------------------------ */

static void enter_zone(const char *zone)
{
	setenv("TZ", zone ? zone : "UTC", 1);
	tzset();
}

static time_t today(void)
{
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	return timegm(&tm);
}

int shift_find(struct json_object *conference, const char *start_on, struct shift *out,
	       const char **error)
{
	time_t from, to;

	enter_zone(text_of(conference, "timezone"));
	if (!is_date(text_of(conference, "start_date"), &from)) {
		*error = "a conference without a start_date cannot be moved";
		return -1;
	}
	if (!is_date(start_on, &to))
		to = today();
	out->days = (long)((to - from) / DAY_S);
	out->start = from;
	return 0;
}

/* --- Moving ------------------------------------------------------------------------- */

/* "+02:00", "+0200", "+02" or "Z" as seconds. */
static bool read_offset(const char *text, long *seconds)
{
	int hours, minutes = 0, n = 0;

	*seconds = 0;
	if (!strcmp(text, "Z"))
		return true;
	if (strchr("+-", *text) == NULL || strspn(text + 1, "0123456789:") != strlen(text + 1))
		return false;
	if (sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &n) < 2 &&
	    sscanf(text + 1, "%2d%2d%n", &hours, &minutes, &n) < 1)
		return false;
	if (n && text[1 + n])
		return false;
	*seconds = (hours * 60L + minutes) * 60 * (*text == '-' ? -1 : 1);
	return true;
}

/* The clock on the venue's wall at that time. */
static bool read_time(const char *text, struct tm *tm)
{
	const char *end = read_date(text, tm), *rest;
	long offset;
	time_t instant;

	if (!end || (*end != 'T' && *end != ' '))
		return false;
	rest = strptime(end + 1, "%H:%M:%S", tm);
	if (!rest)
		rest = strptime(end + 1, "%H:%M", tm);
	if (!rest)
		return false;
	if (*rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	if (!*rest)
		return true;
	if (!read_offset(rest, &offset))
		return false;
	instant = timegm(tm) - offset;
	return localtime_r(&instant, tm) != NULL;
}

static void shift_field(struct json_object *o, const char *key, long days)
{
	const char *text = text_of(o, key);
	char shifted[40];
	bool has_time;
	struct tm tm;
	time_t t;

	if (!text)
		return;
	has_time = !is_date(text, &t);
	if (has_time && !read_time(text, &tm))
		return;
	if (has_time)
		t = timegm(&tm);
	t += days * DAY_S;
	gmtime_r(&t, &tm);
	strftime(shifted, sizeof(shifted), has_time ? "%Y-%m-%dT%H:%M:%S" : "%Y-%m-%d", &tm);
	json_object_object_add(o, key, json_object_new_string(shifted));
}

/* --- Texts ---------------------------------------------------------------------------- */

/* Names that records are found by, and addresses, are no sentences. */
static bool is_prose(const char *key)
{
	static const char *const others[] = { "id",	    "timezone",	  "website",
					      "url",	    "start_date", "end_date",
					      "start_time", "end_time",	  "email",
					      "location",   "name",	  "speaker_names",
					      "company",    "language",	  "languages" };
	size_t len = strlen(key);

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		if (!strcmp(key, others[i]))
			return false;
	}
	return len < 4 || (strcmp(key + len - 3, "_id") && strcmp(key + len - 4, "_ids"));
}

static struct json_object *moved_value(struct json_object *value, const struct shift *by);

static void shift_members(struct json_object *o, const struct shift *by)
{
	json_object_object_foreach(o, key, value)
	{
		struct json_object *moved = is_prose(key) ? moved_value(value, by) : NULL;

		if (moved) /* an existing key: the iteration holds */
			json_object_object_add(o, key, moved);
	}
}

/* A new value, or NULL: moved in place, or nothing to move. */
static struct json_object *moved_value(struct json_object *value, const struct shift *by)
{
	struct json_object *moved = NULL;
	char *text;
	int failed = 0;

	if (json_object_is_type(value, json_type_object)) {
		shift_members(value, by);
	} else if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++) {
			moved = moved_value(json_object_array_get_idx(value, i), by);
			if (moved)
				json_object_array_put_idx(value, i, moved);
		}
		moved = NULL;
	} else if (json_object_is_type(value, json_type_string)) {
		text = shift_text(json_object_get_string(value), by->days, by->start, &failed);
		moved = text ? json_object_new_string(text) : NULL;
		free(text);
	}
	return moved;
}

void shift_conference(struct json_object *conference, const struct shift *by)
{
	shift_field(conference, "start_date", by->days);
	shift_field(conference, "end_date", by->days);
	shift_members(conference, by);
}

void shift_record(struct json_object *record, const struct shift *by)
{
	shift_field(record, "start_time", by->days);
	shift_field(record, "end_time", by->days);
	shift_members(record, by);
}
