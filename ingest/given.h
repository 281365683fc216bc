/*
 * given.h - what the command line says of a source: its format, and of the conference what the source does not hold.
 */
#ifndef INGEST_GIVEN_H
#define INGEST_GIVEN_H

#include <json-c/json.h>

enum {
	GIVEN_ID,
	GIVEN_NAME,
	GIVEN_TIMEZONE,
	GIVEN_START_DATE,
	GIVEN_END_DATE,
	GIVEN_DESCRIPTION,
	GIVEN_VENUE,
	GIVEN_CITY,
	GIVEN_WEBSITE,
	GIVEN_COUNT
};

struct given {
	const char *format;		/* a name of the table in format.h; NULL: by the content */
	const char *info_path;		/* --conference-info */
	const char *facts[GIVEN_COUNT]; /* NULL: not given */
};

/* A fact's member of the conference ("start_date") and its option without dashes ("start-date"). */
const char *given_member(int fact);
const char *given_option(int fact);

/* Reads JSON (an object, or one with a member "conference"), lines "name = value", or CSV (a line of names, a line of
 * values) into members of the conference.  0, or -1 after a message. */
int given_read_info(const char *path, struct json_object *conference);

#endif
