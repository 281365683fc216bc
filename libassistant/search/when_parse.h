/*
 * when_parse.h - time expressions as they were said, before they are placed on the calendar.
 *
 *	tokens --when_read--> struct said --when_place--> struct when
 *
 * A question is one clause or several: "Saturday morning" or "Sunday at 2 and at 4".  A clause's windows are each of its
 * times on each of its days.
 */
#ifndef SEARCH_WHEN_PARSE_H
#define SEARCH_WHEN_PARSE_H

#include "search/when.h"
#include "search/when_words.h"

/* A time of day.  twelve_hour: "at 2", which may be 14:00. */
struct clock_time {
	bool set, twelve_hour;
	int minute; /* of the day; up to 28 * 60 */
};

enum edge_kind { EDGE_NONE, EDGE_CLOCK, EDGE_EVENT, EDGE_NAMED };

/* Where a stretch of time begins or ends. */
struct edge {
	enum edge_kind kind;
	struct clock_time clock;
	enum day_event event;
	const struct record *named; /* a session, or a speaker: hers */
	bool at_end;		    /* of the event: "after lunch"; else its start */
	bool has_part;		    /* "the afternoon coffee" */
	enum day_part part;
};

struct time_said {
	bool has_part;
	enum day_part part;
	bool around;
	struct clock_time at;
	struct edge from, to, during;
};

struct days_said {
	int64_t from, to; /* inclusive */
	bool crossing;	  /* "from Friday 14:00 to Saturday 12:00": one stretch over the days */
	bool open;	  /* "from Friday 14:00 on": to the end of the last day */
	bool implied;	  /* "this morning": today, though no day was named */
	bool name;	  /* a weekday: a date beside it is surer */
};

#define CLAUSE_MAX  6
#define CLAUSES_MAX 6

struct clause {
	struct days_said days[CLAUSE_MAX];
	size_t n_days;
	struct time_said times[CLAUSE_MAX];
	size_t n_times;
	bool day_last; /* what was said last of both */
};

struct said {
	/* what the words are resolved with */
	int64_t today;		     /* days since 1970, in the venue's zone */
	int64_t first_day, last_day; /* of the conference */
	int now_minute;
	bool french;

	struct clause clauses[CLAUSES_MAX]; /* n_clauses >= 1; the last one is being read */
	size_t n_clauses;
	bool now, next, first, last, ending;
	unsigned count;		/* "the last two" */
	bool of_the_day;	/* first or last of today, when nothing else was said */
	bool rest, rest_of_day; /* what is left: of the conference, of the day */
	bool until_now;		/* "so far today", "since noon" */
	bool has_span;		/* in seconds from now */
	int64_t span_from, span_to;
	bool span_point; /* "in two hours": what runs then */
	bool unclear;
	/* when_place's: what the edges of the one window were found to be */
	const struct record *after, *before, *during;
};

struct part_minutes {
	int from, to;
};

#define DAY_MINUTES (24 * 60)
#define NIGHT_END   (28 * 60) /* an evening lasts until 4 o'clock */

/* Minutes of the day; the end may be on the next. */
struct part_minutes day_part_minutes(enum day_part part);

/* Reads all expressions; marks the tokens used. */
void when_read(struct token *tokens, size_t n, struct said *said);
/* out->said, spans and bytes are the caller's. */
void when_place(const struct catalog *c, struct said *said, int64_t now_unix_s, struct arena *arena,
		struct when *out);
/* out->meant, from everything else. */
void when_say(const struct catalog *c, const struct said *said, int64_t now_unix_s,
	      struct arena *arena, struct when *out);

#endif
