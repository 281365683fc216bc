/*
 * answer_check_words.c - days and clock times as people write them in English, German, French and Spanish.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "answer_check_impl.h"
#include "fold.h"

static const struct name {
	const char *text;
	int value;
} weekdays[] = {
	{ "sunday", 0 },   { "monday", 1 },	{ "tuesday", 2 },  { "wednesday", 3 },
	{ "thursday", 4 }, { "friday", 5 },	{ "saturday", 6 }, { "sonntag", 0 },
	{ "montag", 1 },   { "dienstag", 2 },	{ "mittwoch", 3 }, { "donnerstag", 4 },
	{ "freitag", 5 },  { "samstag", 6 },	{ "dimanche", 0 }, { "lundi", 1 },
	{ "mardi", 2 },	   { "mercredi", 3 },	{ "jeudi", 4 },	   { "vendredi", 5 },
	{ "samedi", 6 },   { "domingo", 0 },	{ "lunes", 1 },	   { "martes", 2 },
	{ "miércoles", 3 }, { "jueves", 4 },	{ "viernes", 5 },  { "sábado", 6 },
}, months[] = {
	{ "january", 1 },   { "february", 2 },	 { "march", 3 },     { "april", 4 },
	{ "may", 5 },	    { "june", 6 },	 { "july", 7 },	     { "august", 8 },
	{ "september", 9 }, { "october", 10 },	 { "november", 11 }, { "december", 12 },
	{ "januar", 1 },    { "februar", 2 },	 { "märz", 3 },	     { "mai", 5 },
	{ "juni", 6 },	    { "juli", 7 },	 { "oktober", 10 },  { "dezember", 12 },
	{ "janvier", 1 },   { "février", 2 },	 { "mars", 3 },	     { "avril", 4 },
	{ "juin", 6 },	    { "juillet", 7 },	 { "août", 8 },	     { "septembre", 9 },
	{ "octobre", 10 },  { "novembre", 11 },	 { "décembre", 12 }, { "enero", 1 },
	{ "febrero", 2 },   { "marzo", 3 },	 { "abril", 4 },     { "mayo", 5 },
	{ "junio", 6 },	    { "julio", 7 },	 { "agosto", 8 },    { "septiembre", 9 },
	{ "octubre", 10 },  { "noviembre", 11 }, { "diciembre", 12 },
}, relative[] = {
	{ "today", 0 }, { "tomorrow", 1 }, { "heute", 0 }, { "demain", 1 }, { "aujourd'hui", 0 },
	{ "hoy", 0 },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

size_t segment_mention_end(const struct segment *s, size_t at)
{
	for (size_t i = 0; i < s->n_mentions; i++)
		if (at >= s->mentions[i].begin && at < s->mentions[i].end)
			return s->mentions[i].end;
	return 0;
}

/* The name that stands at p as a whole word; its length, or 0. */
static size_t name_at(const char *p, const struct name *names, size_t n, int *value)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(names[i].text);

		if (!strncasecmp(p, names[i].text, len) && !fold_is_word(p[len])) {
			*value = names[i].value;
			return len;
		}
	}
	return 0;
}

static size_t number_at(const char *p, int *value)
{
	size_t n = 0;

	*value = 0;
	for (; isdigit((unsigned char)p[n]) && n < 5; n++)
		*value = *value * 10 + (p[n] - '0');
	return n;
}

/* What may stand between a day and its month: "20 May", "20. Mai", "1er mai", "20 de mayo", "20th of May". */
static size_t joint_at(const char *p)
{
	static const char *const joints[] = { "er de ", "er ",	  ". ",	    " de ",   " of ",
					      "st of ", "nd of ", "rd of ", "th of ", "st ",
					      "nd ",	"rd ",	  "th ",    " " };

	for (size_t i = 0; i < COUNT(joints); i++)
		if (!strncmp(p, joints[i], strlen(joints[i])))
			return strlen(joints[i]);
	return 0;
}

/* "20 May", "May 20" or "2027-05-20" at p; its length, or 0. */
static size_t date_at(const char *p, struct day *d)
{
	int number, month, year, n = 0;
	size_t len, joint, name;

	if (sscanf(p, "%4d-%2d-%2d%n", &year, &month, &number, &n) == 3 && n == 10) {
		*d = (struct day){ d->wday, number, month, year };
		return 10;
	}
	len = number_at(p, &number);
	if (len && len <= 2 && number >= 1 && number <= 31) {
		joint = joint_at(p + len);
		name = joint ? name_at(p + len + joint, months, COUNT(months), &month) : 0;
		if (!name)
			return 0;
		d->mday = number;
		d->month = month;
		return len + joint + name;
	}
	name = name_at(p, months, COUNT(months), &month);
	if (!name || p[name] != ' ')
		return 0;
	len = number_at(p + name + 1, &number);
	if (!len || len > 2 || number < 1 || number > 31 || p[name + 1 + len] == ':')
		return 0;
	d->mday = number;
	d->month = month;
	return name + 1 + len;
}

/* A weekday, a date, or both, at p; its length, or 0. */
static size_t day_at(const char *p, struct day *d, const struct tm *now)
{
	size_t len, gap, date;
	int days;

	*d = (struct day){ .wday = -1 };
	len = name_at(p, relative, COUNT(relative), &days);
	if (len) {
		struct tm day = *now;

		day.tm_mday += days;
		day.tm_hour = 12;
		day.tm_isdst = -1;
		mktime(&day);
		*d = (struct day){ day.tm_wday, day.tm_mday, day.tm_mon + 1, day.tm_year + 1900 };
		return len;
	}
	len = name_at(p, weekdays, COUNT(weekdays), &d->wday);
	if (!len)
		return date_at(p, d);
	gap = strspn(p + len, ", ");
	date = gap ? date_at(p + len + gap, d) : 0;
	return date ? len + gap + date : len;
}

size_t words_days(const struct segment *s, struct day out[static MAX_FACTS],
		  const char *at[static MAX_FACTS], size_t len[static MAX_FACTS],
		  const struct tm *now)
{
	size_t n = 0;

	for (size_t i = s->begin; i < s->end && n < MAX_FACTS; i++) {
		size_t mention = segment_mention_end(s, i);

		if (mention) {
			i = mention - 1;
			continue;
		}
		if (i && fold_is_word(s->line[i - 1]))
			continue;
		len[n] = day_at(s->line + i, &out[n], now);
		if (!len[n])
			continue;
		at[n] = s->line + i;
		i += len[n++] - 1;
	}
	return n;
}

/* "9:30", "09:30", "9h30", "3:45 pm"; its length, or 0. */
static size_t clock_at(const char *p, struct clock *c)
{
	size_t hours = number_at(p, &c->hour), minutes, len;
	bool pm;

	if (!hours || hours > 2 || (p[hours] != ':' && p[hours] != 'h'))
		return 0;
	minutes = number_at(p + hours + 1, &c->minute);
	len = hours + 1 + minutes;
	if (minutes != 2 || c->hour > 24 || c->minute > 59 ||
	    (p[len] == ':' && isdigit((unsigned char)p[len + 1])))
		return 0;
	pm = !strncasecmp(p + len, " pm", 3) || !strncasecmp(p + len, " p.m", 4);
	if (pm && c->hour < 12)
		c->hour += 12;
	else if (!pm && c->hour == 12 && !strncasecmp(p + len, " am", 3))
		c->hour = 0;
	c->hour %= 24;
	return len;
}

size_t words_clocks(const struct segment *s, struct clock out[static MAX_FACTS])
{
	size_t n = 0;

	for (size_t i = s->begin; i < s->end && n < MAX_FACTS; i++) {
		size_t mention = segment_mention_end(s, i), len;

		if (mention) {
			i = mention - 1;
			continue;
		}
		if (i && (fold_is_word(s->line[i - 1]) || s->line[i - 1] == '.'))
			continue;
		len = clock_at(s->line + i, &out[n]);
		if (!len)
			continue;
		out[n].at = s->line + i;
		out[n].begins =
			s->line[i + len] == '-' && isdigit((unsigned char)s->line[i + len + 1]);
		n++;
		i += len - 1;
	}
	return n;
}
