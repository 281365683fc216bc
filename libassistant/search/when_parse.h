/*
 * when_parse.h - a time expression as it was said, before it is placed on the calendar.
 *
 *	tokens --when_read--> struct said --when_place--> struct when
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

enum event_relation { EVENT_NONE, EVENT_BEFORE, EVENT_AFTER, EVENT_DURING };

struct said {
	/* what the words are resolved with */
	int64_t today;		     /* days since 1970, in the venue's zone */
	int64_t first_day, last_day; /* of the conference */
	int now_minute;
	bool french;

	bool has_day;
	int64_t day, day_to;		   /* inclusive */
	bool day_open_start, day_open_end; /* "until Sunday", "from Sunday on" */
	bool has_part;
	enum day_part part;
	struct clock_time at, from, to;
	bool around;
	enum event_relation relation;
	enum day_event event;
	bool now, next, first, last, ending;
	bool rest, rest_of_day; /* what is left: of the conference, of the day */
	bool this_part;		/* "this morning": today, even when it is over */
	bool has_span;		/* in seconds from now */
	int64_t span_from, span_to;
	bool span_point; /* "in two hours": what runs then */
	bool unclear;
	/* when_place's: the day a time without one was put on, and the event that was found */
	const struct record *event_record;
};

/* Reads all expressions; marks the tokens used. */
void when_read(struct token *tokens, size_t n, struct said *said);
/* out->said, spans and bytes are the caller's. */
void when_place(const struct catalog *c, struct said *said, int64_t now_unix_s, struct when *out);
/* out->meant, from everything else. */
void when_say(const struct catalog *c, const struct said *said, int64_t now_unix_s,
	      struct arena *arena, struct when *out);

#endif
