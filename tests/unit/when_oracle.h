/*
 * when_oracle.h - what a time expression means, worked out slowly: a table of every minute around a conference with what
 * the clock on the venue's wall shows then (libc's localtime, nothing of ours), and sets of such minutes.
 */
#ifndef WHEN_ORACLE_H
#define WHEN_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORACLE_DAYS	20
#define ORACLE_MINUTES	(ORACLE_DAYS * 1440)
#define ORACLE_SESSIONS 120

struct oracle_session {
	char title[48];
	bool timed;
	int from, to; /* minutes of the table */
};

struct oracle {
	int64_t begin;		      /* unix seconds of minute 0 */
	int day[ORACLE_MINUTES];      /* of the table, counted on the wall: 0 .. */
	int wall[ORACLE_MINUTES];     /* minutes since that day's midnight on the wall */
	int weekday[ORACLE_DAYS + 2]; /* 0 Sunday */
	int date[ORACLE_DAYS + 2][3]; /* year, month, day of the month */
	int first, last;	      /* days of the conference */
	int now, today;		      /* minute of the table; its day */
	struct oracle_session sessions[ORACLE_SESSIONS];
	int n;
};

/* Sessions that start in a minute of `starts`, or that run in one of `runs`. */
struct oracle_set {
	bool starts[ORACLE_MINUTES], runs[ORACLE_MINUTES];
};

/* TZ is set to the zone.  begin: any time of the table's first day. */
void oracle_fill(struct oracle *o, int64_t noon_of_first_day);
/* The first minute at or after that time of the wall, the one behind the last minute before it, and the minute of it. */
int oracle_from(const struct oracle *o, int day, int wall);
int oracle_until(const struct oracle *o, int day, int wall);
int oracle_at(const struct oracle *o, int day, int wall);
void oracle_mark(bool *minutes, int from, int to);
/* Whether a session is in the set. */
bool oracle_has(const struct oracle_set *set, const struct oracle_session *s);
/* The conference's day of that name: from today on, else the one before. */
int oracle_named(const struct oracle *o, int weekday);
/* "at 2": 2 or 14, as that day's programme has it. */
int oracle_hour(const struct oracle *o, int day, int minute);
/* The day a time without one is meant for; from and to on the wall; point: a moment. */
int oracle_day(const struct oracle *o, int from, int to, bool point);
/* The session of that title on that day, or -1. */
int oracle_find(const struct oracle *o, int day, const char *title);

#endif
