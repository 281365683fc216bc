/*
 * shift.c - the example conference begins today, whenever today is.
 */
#include "shift.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_S 86400

static int parse_date(const char *text, time_t *out)
{
	struct tm tm = { 0 };
	const char *end = text ? strptime(text, "%Y-%m-%d", &tm) : NULL;

	if (!end || (*end && *end != 'T' && *end != ' '))
		return -1;
	*out = timegm(&tm);
	return 0;
}

static void format_date(time_t t, char out[static 11])
{
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, 11, "%Y-%m-%d", &tm);
}

static const char *text_of(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	return json_object_object_get_ex(o, key, &v) && json_object_is_type(v, json_type_string)
		       ? json_object_get_string(v)
		       : NULL;
}

/* This program has one thread when it asks, so TZ may be set for the moment. */
static time_t today_in(const char *zone)
{
	time_t now = time(NULL), today;
	char date[11];
	struct tm tm;

	if (zone)
		setenv("TZ", zone, 1);
	tzset();
	localtime_r(&now, &tm);
	unsetenv("TZ");
	tzset();
	strftime(date, sizeof(date), "%Y-%m-%d", &tm);
	return parse_date(date, &today) < 0 ? now : today;
}

int shift_days(struct json_object *conference, const char *start_on, long *days, const char **error)
{
	time_t from, to;

	if (parse_date(text_of(conference, "start_date"), &from) < 0) {
		*error = "start_date is needed to move the conference";
		return -1;
	}
	if (!strcmp(start_on, "today")) {
		to = today_in(text_of(conference, "timezone"));
	} else if (parse_date(start_on, &to) < 0 || strlen(start_on) != 10) {
		*error = "--start-on takes today or a date such as 2027-05-20";
		return -1;
	}
	*days = (long)((to - from) / DAY_S);
	return 0;
}

static void shift_field(struct json_object *o, const char *key, long days)
{
	const char *text = text_of(o, key);
	char shifted[32], date[11];
	time_t day;

	if (parse_date(text, &day) < 0)
		return;
	format_date(day + days * DAY_S, date);
	/* The clock part without fraction and offset: "T10:30" or "T10:30:00". */
	snprintf(shifted, sizeof(shifted), "%s%.*s", date,
		 (int)(strlen(text) > 10 ? strspn(text + 10, "T 0123456789:") : 0), text + 10);
	if (strlen(shifted) > 19)
		shifted[19] = '\0';
	json_object_object_add(o, key, json_object_new_string(shifted));
}

void shift_conference(struct json_object *conference, long days)
{
	shift_field(conference, "start_date", days);
	shift_field(conference, "end_date", days);
}

void shift_session(struct json_object *session, long days)
{
	shift_field(session, "start_time", days);
	shift_field(session, "end_time", days);
}
