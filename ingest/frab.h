/*
 * frab.h - events as pentabarf, frab and pretalx name their fields, made into sessions and speakers.  The XML and the
 * JSON of a schedule both come through here.
 */
#ifndef INGEST_FRAB_H
#define INGEST_FRAB_H

#include "document.h"
#include "times.h"

struct frab {
	struct document *d;
	int day_change;	    /* minutes: what begins earlier is of the night before; 0: nothing is */
	char day[DAY_SIZE]; /* of the events that follow; "": unknown */
	const char *room;   /* of the events that follow; NULL: they say it */
};

/* Members of <conference>: title, acronym, start, end, time_zone_name, day_change, city, venue, url... */
void frab_conference(struct frab *f, struct json_object *conference);
/* What a day begins with, a time ("2027-05-20T09:00:00+02:00"): moves day_change there.  NULL: as the conference says. */
void frab_day(struct frab *f, const char *date);
/* An event with "persons": [{"id","name"...}]; borrowed. */
void frab_event(struct frab *f, struct json_object *event, int line);
/* A person as a speaker, once; the id into out.  false: without a name. */
bool frab_person(struct document *d, struct json_object *person, int line, char id[static 129]);

#endif
