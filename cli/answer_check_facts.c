/*
 * answer_check_facts.c - what a segment says of its subject: times, days, rooms, speakers, booths.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "answer_check_impl.h"
#include "fold.h"
#include "venue_clock.h"

#define MIN_QUOTED 20 /* bytes; less may be anybody's words */
#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))

static int minutes_of(const struct tm *tm)
{
	return tm->tm_hour * 60 + tm->tm_min;
}

/* --- Subjects: a session is itself, a speaker all sessions of theirs --------------------- */

/* The next session at or behind *i that the segment is about; NULL: no more. */
static const struct known *next_session(const struct reading *r, const struct segment *s, size_t *i)
{
	for (; *i < r->check->n; (*i)++) {
		const struct known *k = &r->check->all[*i];

		for (size_t n = 0; k->session && n < s->n_subjects; n++)
			if (known_same_name(s->subjects[n], k) || known_linked(s->subjects[n], k)) {
				(*i)++;
				return k;
			}
	}
	return NULL;
}

/* With sessions among the subjects only these count: a speaker beside them is whose sessions they are. */
static struct segment narrowed(const struct segment *s)
{
	struct segment n = *s;
	bool sessions = false;

	for (size_t i = 0; i < s->n_subjects; i++)
		sessions |= s->subjects[i]->session;
	n.n_subjects = 0;
	for (size_t i = 0; i < s->n_subjects; i++)
		if (!sessions || s->subjects[i]->session)
			n.subjects[n.n_subjects++] = s->subjects[i];
	return n;
}

/* "Fri 21 May 09:30-10:15" of the first session, for findings. */
static void say_times(const struct known *k, char *out, size_t size)
{
	char end[8] = "";

	if (!k || !k->has_start) {
		snprintf(out, size, "no time");
		return;
	}
	strftime(out, size, "%a %e %b %H:%M", &k->start);
	if (k->has_end)
		strftime(end, sizeof(end), "-%H:%M", &k->end);
	snprintf(out + strlen(out), size - strlen(out), "%s", end);
}

/* --- Times -------------------------------------------------------------------------------- */

static bool is_clock(const struct clock *c, const struct tm *tm)
{
	return c->hour == tm->tm_hour && c->minute == tm->tm_min;
}

/* c, and with it next when the two are from and to. */
static bool clock_fits(const struct known *k, const struct clock *c, const struct clock *next)
{
	if (c->begins && next)
		return k->has_start && is_clock(c, &k->start) && k->has_end &&
		       is_clock(next, &k->end);
	return (k->has_start && is_clock(c, &k->start)) || (k->has_end && is_clock(c, &k->end));
}

static bool any_text_has(struct reading *r, const char *at, size_t len)
{
	char needle[64];

	snprintf(needle, sizeof(needle), "%.*s", (int)len, at);
	for (size_t i = 0; i < r->check->n; i++)
		if (r->check->all[i].referenced && fold_find(known_text(&r->check->all[i]), needle))
			return true;
	return false;
}

/* "It is 13:30 (Europe/Berlin)": the clock itself. */
static bool is_now(const struct reading *r, const struct segment *s, const struct clock *c,
		   size_t len)
{
	const char *zone = json_object_get_string(
		json_object_object_get(r->check->records->conference, "timezone"));
	const char *behind = c->at + len + (strncmp(c->at + len, " Uhr", 4) ? 0 : 4);

	return zone && !strncmp(behind, " (", 2) && !strncmp(behind + 2, zone, strlen(zone));
}

static void check_clocks(struct reading *r, const struct segment *s)
{
	struct clock clocks[MAX_FACTS];
	size_t n = words_clocks(s, clocks);

	for (size_t c = 0; c < n; c++) {
		bool pair = clocks[c].begins && c + 1 < n, fits = false;
		size_t len = strspn(clocks[c].at, "0123456789:h"), i = 0;
		const struct known *first = NULL, *k;
		char should[64];

		r->claims++;
		while ((k = next_session(r, s, &i)) && !fits) {
			first = first ? first : k;
			fits = clock_fits(k, &clocks[c], pair ? &clocks[c + 1] : NULL);
		}
		if (pair)
			len = (size_t)(clocks[c + 1].at - clocks[c].at) + 5;
		if (is_now(r, s, &clocks[c], len))
			fits = is_clock(&clocks[c], &r->now);
		else if (!first)
			fits = !s->n_subjects || any_text_has(r, clocks[c].at, len);
		say_times(first, should, sizeof(should));
		if (!fits)
			check_find(r, "time", clocks[c].at, len, should, s);
		c += pair;
	}
}

/* "in 15 minutes": from now to the beginning. */
static void check_span(struct reading *r, const struct segment *s)
{
	static const char *const leads[] = { "in ", "dans ", "dentro de " };
	static const char *const units[] = { " minutes", " Minuten", " minutos", " min" };
	time_t now = mktime(&(struct tm){ 0 });

	now = mktime(&(struct tm){ .tm_year = r->now.tm_year,
				   .tm_mon = r->now.tm_mon,
				   .tm_mday = r->now.tm_mday,
				   .tm_hour = r->now.tm_hour,
				   .tm_min = r->now.tm_min,
				   .tm_isdst = r->now.tm_isdst });
	for (size_t at = s->begin; at < s->end; at++) {
		size_t lead = 0, i = 0, len = 0;
		const struct known *k;
		bool unit = false, fits = false, any = false;
		char *end;
		long minutes;

		if (segment_mention_end(s, at) || (at && fold_is_word(s->line[at - 1])))
			continue;
		for (size_t l = 0; l < COUNT(leads) && !lead; l++)
			if (!strncmp(s->line + at, leads[l], strlen(leads[l])))
				lead = strlen(leads[l]);
		if (!lead || !isdigit((unsigned char)s->line[at + lead]))
			continue;
		minutes = strtol(s->line + at + lead, &end, 10);
		for (size_t u = 0; u < COUNT(units) && !unit; u++)
			unit = !strncmp(end, units[u], strlen(units[u]));
		if (!unit)
			continue;
		len = (size_t)(end - (s->line + at)) + 8;
		while ((k = next_session(r, s, &i)) && !fits) {
			struct tm start = k->start;
			double left = k->has_start ? difftime(mktime(&start), now) / 60 : -1e9;

			any = true;
			fits = left > (double)minutes - 2 && left < (double)minutes + 2;
		}
		r->claims += any;
		if (any && !fits)
			check_find(r, "time", s->line + at, len, "another span", s);
	}
}

/* --- Days --------------------------------------------------------------------------------- */

static bool is_day(const struct day *d, const struct tm *tm)
{
	return (d->wday < 0 || d->wday == tm->tm_wday) && (!d->mday || d->mday == tm->tm_mday) &&
	       (!d->month || d->month == tm->tm_mon + 1) &&
	       (!d->year || d->year == tm->tm_year + 1900);
}

static bool day_fits(const struct known *k, const struct day *d)
{
	return k->has_start && (is_day(d, &k->start) || (k->has_end && is_day(d, &k->end)));
}

static void check_days(struct reading *r, const struct segment *s)
{
	struct day days[MAX_FACTS];
	const char *at[MAX_FACTS];
	size_t len[MAX_FACTS], n = words_days(s, days, at, len, &r->now);

	for (size_t d = 0; d < n; d++) {
		const struct known *first = NULL, *k;
		bool fits = false;
		size_t i = 0;
		char should[64];

		while ((k = next_session(r, s, &i)) && !fits) {
			first = first ? first : k;
			fits = day_fits(k, &days[d]);
		}
		if (!first) /* "sundays only", of a stand: in its own words */
			fits = !s->n_subjects || days[d].wday >= 0;
		r->claims += first != NULL;
		say_times(first, should, sizeof(should));
		if (!fits)
			check_find(r, "day", at[d], len[d], should, s);
	}
}

/* The sessions of a list are on the day, in the hours and in the room that the line above it names, but where the item
 * names a day itself. */
static void check_below_heading(struct reading *r, const struct segment *s)
{
	const struct heading *h = &r->heading;
	struct day own[MAX_FACTS];
	const char *at[MAX_FACTS];
	size_t len[MAX_FACTS];

	if (words_days(s, own, at, len, &r->now))
		return;
	for (size_t i = 0; i < s->n_subjects; i++) {
		const struct known *k = s->subjects[i];
		bool fits = h->n_days == 0 || h->span, there = false;
		char should[64];

		if (!k->session || !k->has_start)
			continue;
		for (size_t d = 0; d < h->n_days; d++)
			fits |= day_fits(k, &h->days[d]);
		say_times(k, should, sizeof(should));
		r->claims += h->n_days > 0;
		if (!fits)
			check_find(r, "day", "the line above", 14, should, s);
		if (h->from >= 0 && h->to > h->from && k->has_end &&
		    minutes_of(&k->end) > minutes_of(&k->start) &&
		    (minutes_of(&k->end) < h->from || minutes_of(&k->start) > h->to))
			check_find(r, "time", "the line above", 14, should, s);
		for (size_t p = 0; p < h->n_places; p++)
			there |= !strcmp(k->place, h->places[p]);
		if (h->n_places && *k->place && !there)
			check_find(r, "place", h->places[0], strlen(h->places[0]), k->place, s);
	}
}

/* --- Rooms -------------------------------------------------------------------------------- */

/* The longest name of a room that stands at p; its number, or -1. */
static long place_at(const struct answer_check *c, const char *p, size_t *len)
{
	long found = -1;

	*len = 0;
	for (size_t i = 0; i < c->n_places; i++) {
		size_t n = strlen(c->places[i]);

		if (n > *len && !strncmp(p, c->places[i], n) && !fold_is_word(p[n])) {
			*len = n;
			found = (long)i;
		}
	}
	return found;
}

/* Another name of the room; names that several rooms share are all of them. */
static bool is_place(const struct answer_check *c, const char *p, size_t len, const char *place)
{
	for (size_t i = 0; i < c->n_places; i++)
		if (strlen(c->places[i]) == len && !strncmp(c->places[i], p, len) &&
		    !strcmp(c->place_of[i], place))
			return true;
	return false;
}

static bool place_fits(const struct reading *r, const struct segment *s, const char *p, size_t len,
		       const char **should)
{
	const struct known *k;
	size_t i = 0;

	*should = NULL;
	while ((k = next_session(r, s, &i))) {
		if (is_place(r->check, p, len, k->place))
			return true;
		*should = *should ? *should : *k->place ? k->place : "no room";
	}
	return *should == NULL;
}

static void check_places(struct reading *r, const struct segment *s)
{
	for (size_t i = s->begin; i < s->end; i++) {
		size_t len, mention = segment_mention_end(s, i);
		const char *should;

		if (mention) {
			i = mention - 1;
			continue;
		}
		if ((i && fold_is_word(s->line[i - 1])) ||
		    place_at(r->check, s->line + i, &len) < 0)
			continue;
		r->claims++;
		if (!place_fits(r, s, s->line + i, len, &should))
			check_find(r, "place", s->line + i, len, should, s);
		i += len - 1;
	}
}

/* "10:45-12:25, Werkstatt 1: Title": what stands between the time and the colon is a room. */
static void check_item_place(struct reading *r, const struct segment *s)
{
	struct clock clocks[MAX_FACTS];
	size_t n = words_clocks(s, clocks);
	const char *from = n ? strstr(clocks[n - 1].at, ", ") : NULL, *to, *should;

	for (size_t i = 0; i < s->n_mentions; i++) {
		to = s->line + s->mentions[i].begin;
		while (to > s->line && (to[-1] == '*' || to[-1] == '"'))
			to--;
		if (!from || from + 2 >= to || to - s->line < 2 || strncmp(to - 2, ": ", 2) != 0)
			continue;
		to -= to - s->line > 2 && to[-3] == ' ' ? 3 : 2;
		from += 2;
		from += !strncmp(from, "in ", 3) || !strncmp(from, "en ", 3) ? 3 : 0;
		r->claims++;
		if (from < to && !place_fits(r, s, from, (size_t)(to - from), &should))
			check_find(r, "place", from, (size_t)(to - from), should, s);
		return;
	}
}

/* ", in Hall Q.": a capital letter behind "in" is a room, too. */
static void check_in_place(struct reading *r, const struct segment *s)
{
	static const char *const leads[] = { ", in ", ", en " };

	for (size_t l = 0; l < COUNT(leads); l++) {
		const char *p = strstr(s->line + s->begin, leads[l]), *should;
		size_t len, known;

		if (!p || (size_t)(p - s->line) >= s->end)
			continue;
		p += strlen(leads[l]);
		len = strcspn(p, ".,;:(");
		if (!(isupper((unsigned char)*p) || (unsigned char)*p >= 0xc0) ||
		    place_at(r->check, p, &known) >= 0)
			continue;
		r->claims++;
		if (!place_fits(r, s, p, len, &should))
			check_find(r, "place", p, len, should, s);
	}
}

/* --- Speakers ----------------------------------------------------------------------------- */

/* Whether somebody of that name speaks at one of the segment's sessions. */
static bool speaks(const struct reading *r, const struct segment *s, const char *name, size_t len)
{
	const struct known *k;
	size_t i = 0;
	char needle[200];

	snprintf(needle, sizeof(needle), "%.*s", (int)len, name);
	while ((k = next_session(r, s, &i))) {
		struct json_object *names = json_object_object_get(k->record->row, "speaker_names");

		for (size_t p = 0; p < r->check->n; p++)
			if (r->check->all[p].speaker && !strcmp(r->check->all[p].name, needle) &&
			    known_linked(k, &r->check->all[p]))
				return true;
		for (size_t n = 0; json_object_is_type(names, json_type_array) &&
				   n < json_object_array_length(names);
		     n++) {
			char *folded = fold_plain(
				json_object_get_string(json_object_array_get_idx(names, n)), false);
			bool same = folded && !strcmp(folded, needle);

			free(folded);
			if (same)
				return true;
		}
	}
	return false;
}

/* The end of the first name of a list such as "A, B and C"; *next: where the second one begins. */
static size_t one_name(const char *p, size_t len, size_t *next)
{
	static const char *const joints[] = { ", ", " and ", " und ", " et ", " y ", " & " };
	size_t end = len;

	*next = len;
	for (size_t j = 0; j < COUNT(joints); j++) {
		const char *at = memmem(p, len, joints[j], strlen(joints[j]));

		if (at && (size_t)(at - p) < end) {
			end = (size_t)(at - p);
			*next = end + strlen(joints[j]);
		}
	}
	return end;
}

static void check_names(struct reading *r, const struct segment *s, const char *p, size_t len)
{
	while (len) {
		size_t next, n;

		/* A name may hold what joins names: the whole first. */
		if (speaks(r, s, p, len)) {
			r->claims++;
			return;
		}
		n = one_name(p, len, &next);
		if (n && !isdigit((unsigned char)*p)) { /* "and 2 more" */
			r->claims++;
			if (!speaks(r, s, p, n))
				check_find(r, "speaker", p, n, "a speaker of the session", s);
		}
		p += next;
		len -= next;
	}
}

static bool all_names(const char *p, size_t len)
{
	/* Not a time, a day, a room with a number or a remark in lower case. */
	return len && !memchr(p, ':', len) && !islower((unsigned char)*p) &&
	       !isdigit((unsigned char)*p) && !memchr(p, '(', len);
}

/* "Title (A and B)", "Given by A and B." */
static void check_speakers(struct reading *r, const struct segment *s)
{
	static const char *const leads[] = { "Given by ",     "given by ",     "presented by ",
					     "gehalten von ", "présenté par ", "lo presenta ",
					     "Mit ",	      "Avec ",	       "Con " };
	struct day day[MAX_FACTS];
	const char *at[MAX_FACTS];
	size_t i = 0, len[MAX_FACTS];

	if (!next_session(r, s, &i))
		return;
	for (i = 0; i < s->n_mentions; i++) {
		const char *p = s->line + s->mentions[i].end, *end;
		struct segment inside = *s;

		if (!s->mentions[i].known->session || s->mentions[i].begin < s->begin ||
		    s->mentions[i].begin >= s->end)
			continue;
		p += strspn(p, "*\"");
		end = strncmp(p, " (", 2) ? NULL : strchr(p, ')');
		if (!end || !all_names(p + 2, (size_t)(end - p - 2)))
			continue;
		inside.begin = (size_t)(p + 2 - s->line);
		inside.end = (size_t)(end - s->line);
		if (!words_days(&inside, day, at, len, &r->now))
			check_names(r, s, p + 2, (size_t)(end - p - 2));
	}
	for (i = 0; i < COUNT(leads); i++) {
		const char *p = strstr(s->line + s->begin, leads[i]);
		bool sentence = isupper((unsigned char)leads[i][0]);
		size_t n;

		if (!p || (size_t)(p - s->line) >= s->end || (sentence && p != s->line + s->begin))
			continue;
		p += strlen(leads[i]);
		n = s->end - (size_t)(p - s->line);
		while (n && strchr(".* ", p[n - 1]))
			n--;
		check_names(r, s, p, n);
		return;
	}
}

/* A speaker named in one breath with a session speaks there. */
static void check_pairs(struct reading *r, const struct segment *s)
{
	for (size_t i = 0; i < s->n_mentions; i++) {
		const struct mention *m = &s->mentions[i];
		bool linked = false, sessions = false;

		if (!m->known->speaker || m->begin < s->begin || m->begin >= s->end)
			continue;
		for (size_t k = 0; k < s->n_subjects; k++) {
			sessions |= s->subjects[k]->session;
			linked |= s->subjects[k]->session &&
				  speaks(r,
					 &(struct segment){ .subjects = { s->subjects[k] },
							    .n_subjects = 1 },
					 m->known->name, strlen(m->known->name));
		}
		r->claims += sessions;
		if (sessions && !linked)
			check_find(r, "speaker", s->line + m->begin, m->end - m->begin,
				   "a speaker of the session", s);
	}
}

/* --- Booths ------------------------------------------------------------------------------- */

/* "A24", or the last of "UD building, level 2, group A, stand 2", which stands in full then. */
static bool is_booth(const struct segment *s, const char *p, size_t len, const char *place)
{
	const char *whole = strstr(s->line + s->begin, place);

	if (whole && whole < p && whole + strlen(place) >= p + len)
		return true;
	return strlen(place) == len && !strncmp(place, p, len);
}

static void check_booths(struct reading *r, const struct segment *s)
{
	static const char *const leads[] = { "booth ", "Booth ", "stand ", "Stand " };

	for (size_t l = 0; l < COUNT(leads); l++) {
		const char *p = strstr(s->line + s->begin, leads[l]), *should = NULL;
		bool fits = false;
		size_t len;

		if (!p || (size_t)(p - s->line) >= s->end)
			continue;
		p += strlen(leads[l]);
		len = strcspn(p, " .,;)*");
		if (!len || !strpbrk(p, "0123456789") ||
		    (size_t)(strpbrk(p, "0123456789") - p) >= len)
			continue;
		for (size_t i = 0; i < r->check->n; i++) {
			const struct known *k = &r->check->all[i];

			for (size_t n = 0; k->exhibitor && n < s->n_subjects; n++) {
				if (!known_same_name(s->subjects[n], k))
					continue;
				fits |= *k->place && is_booth(s, p, len, k->place);
				should = should ? should : *k->place ? k->place : "no booth";
			}
		}
		r->claims += should != NULL;
		if (should && !fits)
			check_find(r, "booth", p, len, should, s);
	}
}

/* "Name (A24)": what stands in brackets behind an exhibitor is its booth. */
static void check_bracketed_booths(struct reading *r, const struct segment *s)
{
	for (size_t m = 0; m < s->n_mentions; m++) {
		const struct mention *mention = &s->mentions[m];
		const char *p = s->line + mention->end, *end, *should = NULL;
		bool fits = false;

		p += strspn(p, "*\"");
		end = strncmp(p, " (", 2) ? NULL : strchr(p, ')');
		if (!mention->known->exhibitor || mention->begin < s->begin ||
		    mention->begin >= s->end || !end)
			continue;
		p += 2;
		for (size_t i = 0; i < r->check->n; i++) {
			const struct known *k = &r->check->all[i];

			if (!known_same_name(k, mention->known))
				continue;
			fits |= *k->place && !strncmp(p, k->place, strlen(k->place));
			should = should ? should : *k->place ? k->place : "no booth";
		}
		r->claims++;
		if (!fits)
			check_find(r, "booth", p, (size_t)(end - p), should, s);
	}
}

/* --- Sentences about nobody -------------------------------------------------------------- */

/* A day on which the conference begins or ends. */
static bool is_edge(const struct reading *r, const struct day *d)
{
	static const char *const keys[] = { "start_date", "end_date" };
	struct tm tm;

	for (size_t i = 0; i < COUNT(keys); i++) {
		const char *text = json_object_get_string(
			json_object_object_get(r->check->records->conference, keys[i]));
		char noon[40];

		snprintf(noon, sizeof(noon), "%.10sT12:00:00Z", text ? text : "");
		if (venue_clock_read(noon, &tm) && is_day(d, &tm))
			return true;
	}
	return false;
}

/* Whether there is a time or a day in it that needs a source. */
static bool has_moment(const struct reading *r, const struct segment *s)
{
	struct clock clocks[MAX_FACTS];
	struct day days[MAX_FACTS];
	const char *at[MAX_FACTS];
	size_t len[MAX_FACTS], n = words_clocks(s, clocks);

	for (size_t i = 0; i < n; i++)
		if (!is_now(r, s, &clocks[i], strspn(clocks[i].at, "0123456789:h")))
			return true;
	n = words_days(s, days, at, len, &r->now);
	for (size_t i = 0; i < n; i++)
		if (!is_edge(r, &days[i]))
			return true;
	return false;
}

/* The very words of a record or a page that is referred to: true of it, whatever was spoken of before. */
static bool is_quoted(struct reading *r, const struct segment *s)
{
	char *text = strndup(s->line + s->begin, s->end - s->begin), *lower;
	bool said = false;

	lower = text ? fold_plain(text, true) : NULL;
	free(text);
	if (lower)
		cut_end(lower);
	if (lower && strlen(lower) >= MIN_QUOTED)
		for (size_t i = 0; i < r->check->n && !said; i++)
			said = r->check->all[i].referenced &&
			       strstr(known_text(&r->check->all[i]), lower + strspn(lower, "\""));
	free(lower);
	return said;
}

/* In an answer from a page, a sentence with a time in it is the page's. */
static void check_page_sentence(struct reading *r, const struct segment *s)
{
	bool pages = false;

	for (size_t i = 0; i < r->check->n; i++)
		pages |= r->check->all[i].page && r->check->all[i].referenced;
	if (!pages || !has_moment(r, s))
		return;
	r->claims++;
	check_find(r, "quotation", s->line + s->begin, s->end - s->begin, "words of the page",
		   NULL);
}

/* --- All ------------------------------------------------------------------------------------ */

void check_facts(struct reading *r, const struct segment *given)
{
	struct segment s = narrowed(given);

	if (is_quoted(r, &s)) {
		r->claims++;
		return;
	}
	check_clocks(r, &s);
	check_span(r, &s);
	check_days(r, &s);
	check_speakers(r, &s);
	check_pairs(r, &s);
	check_booths(r, &s);
	check_bracketed_booths(r, &s);
	check_item_place(r, &s);
	if (s.n_subjects) {
		check_places(r, &s);
		check_in_place(r, &s);
	}
	if (!s.n_subjects)
		check_page_sentence(r, &s);
	if (s.item)
		check_below_heading(r, &s);
}

void check_heading(struct reading *r, const struct segment *s)
{
	struct heading *h = &r->heading;
	struct clock clocks[MAX_FACTS];
	const char *at[MAX_FACTS];
	size_t len[MAX_FACTS], n = words_clocks(s, clocks);

	*h = (struct heading){ .from = -1, .to = -1 };
	h->n_days = words_days(s, h->days, at, len, &r->now);
	h->span = h->n_days == 2;
	if (n == 2 && clocks[0].begins) {
		h->from = clocks[0].hour * 60 + clocks[0].minute;
		h->to = clocks[1].hour * 60 + clocks[1].minute;
	}
	for (size_t c = 0; c < n; c++)
		if (is_now(r, s, &clocks[c], 5) && ++r->claims && !is_clock(&clocks[c], &r->now))
			check_find(r, "time", clocks[c].at, 5, "the time of the question", s);
	for (size_t i = s->begin; i < s->end && h->n_places < COUNT(h->places); i++) {
		size_t place_len;
		long p = i && fold_is_word(s->line[i - 1])
				 ? -1
				 : place_at(r->check, s->line + i, &place_len);

		if (p >= 0) {
			h->places[h->n_places++] = r->check->place_of[p];
			i += place_len - 1;
		}
	}
}
