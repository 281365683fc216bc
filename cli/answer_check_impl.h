/*
 * answer_check_impl.h - what the parts of the answer check share.
 *
 *	answer_check.c        what is known; references, names, quotations, markup, language
 *	answer_check_lines.c  lines, mentions, segments and their subjects
 *	answer_check_facts.c  times, days, rooms, speakers, booths
 *	answer_check_words.c  how days and clock times are written
 */
#ifndef CLI_ANSWER_CHECK_IMPL_H
#define CLI_ANSWER_CHECK_IMPL_H

#include "answer_check.h"

#define MAX_MENTIONS 64
#define MAX_SUBJECTS 16
#define MAX_FACTS    24

/* A record in the form it is looked for. */
struct known {
	const struct record *record;
	char *name;	      /* folded */
	char *text;	      /* all its texts, folded, lower case; made at first use */
	char *place;	      /* a session's room, an exhibitor's booth, folded; "" */
	struct tm start, end; /* venue time */
	bool has_start, has_end;
	bool session, speaker, exhibitor, page;
	bool referenced; /* by the answer at hand */
};

/* Parts that were said are not 0 (year, month, mday) or not -1 (wday). */
struct day {
	int wday, mday, month, year;
};

struct clock {
	int hour, minute;
	const char *at; /* where it stands */
	bool begins;	/* "10:00-10:45": the first of two */
};

struct answer_check {
	const struct records *records;
	struct known *all;
	size_t n;
	char **places; /* names, codes and aliases of rooms, folded; places[i] is room place_of[i] */
	char **place_of;
	size_t n_places;
};

struct mention {
	size_t begin, end;
	const struct known *known;
};

/* One line, folded; [begin, end) of it is the segment looked at. */
struct segment {
	const char *line;
	size_t begin, end;
	const struct mention *mentions;
	size_t n_mentions; /* of the line */
	const struct known *subjects[MAX_SUBJECTS];
	size_t n_subjects;
	bool item; /* of a list */
};

/* What a line such as "On Friday 21 May in Hall A:" says of the list below it. */
struct heading {
	struct day days[MAX_FACTS];
	size_t n_days;
	bool span;	       /* two days are the first and the last of several */
	const char *places[8]; /* one of these */
	size_t n_places;
	int from, to; /* minutes of the day; -1 */
};

struct reading {
	struct answer_check *check;
	const char *question;
	struct tm now;
	struct json_object *findings;
	size_t claims;
	struct heading heading;
};

/* One finding; value is what the answer says, should what the record says. */
void check_find(struct reading *r, const char *what, const char *value, size_t len,
		const char *should, const struct segment *s);
/* The texts of a record; never NULL. */
const char *known_text(struct known *k);
/* Speaker and session that belong together, either way round. */
bool known_linked(const struct known *a, const struct known *b);
bool known_same_name(const struct known *a, const struct known *b);

/* What stands between quotation marks in a folded line. */
void check_quotations(struct reading *r, const char *line);
/* Takes off closing marks, and the ellipsis of a text that was cut. */
void cut_end(char *text);
void check_lines(struct reading *r, const char *text);
void check_facts(struct reading *r, const struct segment *s);
/* The line above a list; no part of it is a claim of its own. */
void check_heading(struct reading *r, const struct segment *s);

/* The days of the segment outside of mentions; their number. */
size_t words_days(const struct segment *s, struct day out[static MAX_FACTS],
		  const char *at[static MAX_FACTS], size_t len[static MAX_FACTS],
		  const struct tm *now);
size_t words_clocks(const struct segment *s, struct clock out[static MAX_FACTS]);
/* The end of the mention at that place of the line; 0: there is none. */
size_t segment_mention_end(const struct segment *s, size_t at);

#endif
