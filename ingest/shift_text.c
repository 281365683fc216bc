/*
 * shift_text.c - a text is cut into words, numbers and what is between; days and dates among them are written anew.
 */
#include "shift_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define LANGUAGES 5 /* English, its abbreviated months, German, French, Spanish */

static const char *const weekdays[LANGUAGES][7] = {
	{ "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" },
	{ NULL, NULL, NULL, NULL, NULL, NULL, NULL },
	{ "Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag" },
	{ "dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi" },
	{ "domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado" },
};
static const char *const months[LANGUAGES][12] = {
	{ "January", "February", "March", "April", "May", "June", "July", "August", "September",
	  "October", "November", "December" },
	{ "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" },
	{ "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September",
	  "Oktober", "November", "Dezember" },
	{ "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
	  "octobre", "novembre", "décembre" },
	{ "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
	  "octubre", "noviembre", "diciembre" },
};

enum kind { WORD, NUMBER, BETWEEN };
struct piece {
	enum kind kind;
	const char *text;
	size_t len;
	int value; /* of a number of at most four digits; else -1 */
};

struct moving {
	const struct piece *p;
	size_t n;
	long days;
	time_t start;
	FILE *out;
	bool moved;
};

/* --- pieces ------------------------------------------------------------------------- */

static enum kind kind_of(char c)
{
	if (c >= '0' && c <= '9')
		return NUMBER;
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80
		       ? WORD
		       : BETWEEN;
}

/* Dashes are letters to kind_of(), being no ASCII. */
static size_t dash_at(const char *s)
{
	return !strncmp(s, "\xe2\x80\x93", 3) || !strncmp(s, "\xe2\x80\x94", 3) ? 3 : 0;
}

static int number_at(const char *s, size_t len)
{
	int n = 0;

	for (size_t i = 0; i < len; i++)
		n = n * 10 + (s[i] - '0');
	return n;
}

static struct piece piece_at(const char *s)
{
	struct piece p = { .kind = kind_of(*s), .text = s, .len = dash_at(s), .value = -1 };

	if (p.len) {
		p.kind = BETWEEN;
		return p;
	}
	if (p.kind == BETWEEN) {
		p.len = 1;
		return p;
	}
	while (s[p.len] && kind_of(s[p.len]) == p.kind && !dash_at(s + p.len))
		p.len++;
	if (p.kind == NUMBER && p.len <= 4)
		p.value = number_at(s, p.len);
	return p;
}

static struct piece *cut(const char *text, size_t *n)
{
	struct piece *list = calloc(strlen(text) + 1, sizeof(*list));

	*n = 0;
	for (const char *s = text; list && *s; s += list[(*n)++].len)
		list[*n] = piece_at(s);
	return list;
}

static const struct piece *at(const struct moving *m, size_t i)
{
	static const struct piece none = { .kind = BETWEEN, .text = "", .value = -1 };

	return i < m->n ? &m->p[i] : &none;
}

static bool is_text(const struct moving *m, size_t i, const char *word)
{
	const struct piece *p = at(m, i);

	return p->len == strlen(word) && !strncasecmp(p->text, word, p->len);
}

/* list: words separated by blanks */
static bool is_one_of(const struct moving *m, size_t i, const char *list)
{
	const struct piece *p = at(m, i);

	for (const char *s = list; *s && p->len;) {
		size_t len = strcspn(s, " ");

		if (len == p->len && !strncasecmp(p->text, s, len))
			return true;
		s += len + (s[len] == ' ');
	}
	return false;
}

/* Behind one blank, if there is one. */
static size_t past_blank(const struct moving *m, size_t i)
{
	return i + is_text(m, i, " ");
}

static bool find_name(const char *const *names, size_t n, const struct piece *p, int *index)
{
	for (size_t i = 0; i < n; i++) {
		if (names[i] && strlen(names[i]) == p->len &&
		    !strncasecmp(p->text, names[i], p->len)) {
			*index = (int)i;
			return true;
		}
	}
	return false;
}

/* --- writing ------------------------------------------------------------------------- */

static void keep(struct moving *m, size_t from, size_t to)
{
	for (size_t i = from; i < to && i < m->n; i++)
		fwrite(m->p[i].text, 1, m->p[i].len, m->out);
}

/* As the word it replaces was written: capitals, a capital, or neither. */
static void write_like(struct moving *m, const char *name, const struct piece *like)
{
	bool lower = like->text[0] >= 'a' && like->text[0] <= 'z';
	bool upper = like->len > 1 && like->text[1] >= 'A' && like->text[1] <= 'Z';

	for (const char *c = name; *c; c++) {
		bool small = *c >= 'a' && *c <= 'z', big = *c >= 'A' && *c <= 'Z';

		if (small && !lower && (upper || c == name))
			fputc(*c - 'a' + 'A', m->out);
		else if (big && lower)
			fputc(*c - 'A' + 'a', m->out);
		else
			fputc(*c, m->out);
	}
}

static const char *ordinal_end(int day)
{
	if (day % 100 / 10 == 1)
		return "th";
	return day % 10 == 1 ? "st" : day % 10 == 2 ? "nd" : day % 10 == 3 ? "rd" : "th";
}

/* --- days and dates ------------------------------------------------------------------- */

static time_t date_time(int year, int month, int day)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month, .tm_mday = day };

	return timegm(&tm);
}

/* year 0: the one that is nearest to the conference.  false: a date of another time, "26 April 1986", which stays. */
static bool move_date(const struct moving *m, int year, int month, int day, struct tm *out)
{
	struct tm start;
	time_t t, best = 0;

	gmtime_r(&m->start, &start);
	for (int y = start.tm_year + 1899; y <= start.tm_year + 1901; y++) {
		t = date_time(year ? year : y, month, day);
		if (y == start.tm_year + 1899 ||
		    llabs((long long)t - m->start) < llabs((long long)best - m->start))
			best = t;
	}
	if (llabs((long long)best - m->start) > 300 * 86400LL)
		return false;
	t = best + m->days * 86400;
	gmtime_r(&t, out);
	return true;
}

static bool is_ordinal(const struct moving *m, size_t i)
{
	return is_one_of(m, i, "st nd rd th");
}

/* A weekday, also the first half of "Freitagabend". */
static size_t move_weekday(struct moving *m, size_t i)
{
	const struct piece *p = at(m, i);
	static const char *const parts[] = { "abend",	  "morgen",	"mittag",
					     "vormittag", "nachmittag", "nacht" };
	int day;

	if (p->kind != WORD)
		return 0;
	for (size_t l = 0; l < LANGUAGES; l++) {
		struct piece head = *p;
		const char *tail = "";

		for (size_t k = 0; l == 2 && k < sizeof(parts) / sizeof(*parts); k++) {
			size_t len = strlen(parts[k]);

			if (p->len > len && !strncasecmp(p->text + p->len - len, parts[k], len) &&
			    p->len - len >= 6) {
				head.len = p->len - len;
				if (find_name(weekdays[l], 7, &head, &day)) {
					tail = parts[k];
					break;
				}
				head.len = p->len;
			}
		}
		if (!find_name(weekdays[l], 7, &head, &day))
			continue;
		write_like(m, weekdays[l][((day + m->days) % 7 + 7) % 7], &head);
		fputs(tail, m->out);
		return 1;
	}
	return 0;
}

/* What stands between a day's number and its month: "20", "20th of", "20.", "20 de"; where the month would be. */
static size_t past_day(const struct moving *m, size_t i)
{
	if (at(m, i)->kind != NUMBER || at(m, i)->value < 1 || at(m, i)->value > 31)
		return 0;
	i++;
	i += is_ordinal(m, i) || (is_text(m, i, ".") && at(m, i + 1)->kind != NUMBER);
	i = past_blank(m, i);
	if (is_one_of(m, i, "of de"))
		i = past_blank(m, i + 1);
	return i;
}

static bool find_month(const struct moving *m, size_t i, size_t *language, int *month)
{
	if (at(m, i)->kind != WORD)
		return false;
	for (*language = 0; *language < LANGUAGES; ++*language) {
		if (find_name(months[*language], 12, at(m, i), month))
			return true;
	}
	return false;
}

/* A year behind a date: where it is, 0 none. */
static size_t year_at(const struct moving *m, size_t i)
{
	i += is_text(m, i, ",");
	i = past_blank(m, i);
	if (is_one_of(m, i, "de"))
		i = past_blank(m, i + 1);
	return at(m, i)->kind == NUMBER && at(m, i)->len == 4 && at(m, i)->value >= 1000 ? i : 0;
}

static void write_day(struct moving *m, size_t i, int day)
{
	fprintf(m->out, "%d", day);
	if (is_ordinal(m, i + 1))
		fputs(ordinal_end(day), m->out);
	else if (is_text(m, i + 1, "."))
		fputc('.', m->out);
}

static void write_year(struct moving *m, size_t from, size_t year, const struct tm *tm)
{
	keep(m, from, year);
	fprintf(m->out, "%04d", tm->tm_year + 1900);
}

/* "20 May 2027", "20. Mai", "20 de mayo" */
static size_t move_day_month(struct moving *m, size_t i)
{
	size_t month_at = past_day(m, i), language, year, mark;
	int month;
	struct tm tm;

	if (!month_at || !find_month(m, month_at, &language, &month))
		return 0;
	year = year_at(m, month_at + 1);
	if (!move_date(m, year ? at(m, year)->value : 0, month, at(m, i)->value, &tm))
		return 0;
	write_day(m, i, tm.tm_mday);
	mark = i + 1 + (is_ordinal(m, i + 1) || is_text(m, i + 1, "."));
	keep(m, mark, month_at);
	write_like(m, months[language][tm.tm_mon], at(m, month_at));
	if (year)
		write_year(m, month_at + 1, year, &tm);
	return (year ? year : month_at) + 1 - i;
}

/* "May 20th, 2027" */
static size_t move_month_day(struct moving *m, size_t i)
{
	size_t language, day = i + 2, end, year;
	int month;
	struct tm tm;

	if (!find_month(m, i, &language, &month) || language > 1 || !is_text(m, i + 1, " ") ||
	    at(m, day)->kind != NUMBER || at(m, day)->value < 1 || at(m, day)->value > 31 ||
	    (is_one_of(m, day + 1, ": .") && at(m, day + 2)->kind == NUMBER))
		return 0;
	end = day + 1 + is_ordinal(m, day + 1);
	year = year_at(m, end);
	if (!move_date(m, year ? at(m, year)->value : 0, month, at(m, day)->value, &tm))
		return 0;
	write_like(m, months[language][tm.tm_mon], at(m, i));
	fputc(' ', m->out);
	write_day(m, day, tm.tm_mday);
	if (year)
		write_year(m, end, year, &tm);
	return (year ? year + 1 : end) - i;
}

/* The first number of "20-22 May", "Thursday 20 to Saturday 22 May": it gets its own month when that is another one then. */
static size_t move_first_day(struct moving *m, size_t i)
{
	size_t k = i + 1, month_at, language, year;
	struct tm first, last;
	int month, day, y;

	if (at(m, i)->kind != NUMBER || at(m, i)->value < 1 || at(m, i)->value > 31)
		return 0;
	k += is_ordinal(m, k) || is_text(m, k, ".");
	k = past_blank(m, k);
	if (!is_one_of(m, k, "- \xe2\x80\x93 to and until bis und au et al y"))
		return 0;
	k = past_blank(m, k + 1);
	if (at(m, k)->kind == WORD && at(m, k + 1)->len == 1 && at(m, k + 2)->kind == NUMBER) {
		for (language = 0; language < LANGUAGES; language++) {
			if (find_name(weekdays[language], 7, at(m, k), &day)) {
				k = past_blank(m, k + 1);
				break;
			}
		}
	}
	month_at = past_day(m, k);
	if (!month_at || !find_month(m, month_at, &language, &month) ||
	    at(m, k)->value <= at(m, i)->value)
		return 0;
	year = year_at(m, month_at + 1);
	y = year ? at(m, year)->value : 0;
	if (!move_date(m, y, month, at(m, i)->value, &first) ||
	    !move_date(m, y, month, at(m, k)->value, &last))
		return 0;
	write_day(m, i, first.tm_mday);
	if (first.tm_mon != last.tm_mon) {
		fputc(' ', m->out);
		write_like(m, months[language][first.tm_mon], at(m, month_at));
	}
	return 1 + (is_ordinal(m, i + 1) || is_text(m, i + 1, "."));
}

/* 2027-05-20, not within an address */
static size_t move_iso(struct moving *m, size_t i)
{
	struct tm tm;

	if (at(m, i)->kind != NUMBER || at(m, i)->len != 4 || !is_text(m, i + 1, "-") ||
	    at(m, i + 2)->len != 2 || at(m, i + 2)->kind != NUMBER || !is_text(m, i + 3, "-") ||
	    at(m, i + 4)->len != 2 || at(m, i + 4)->kind != NUMBER ||
	    (i && is_one_of(m, i - 1, "/ - _ .")) || is_one_of(m, i + 5, "/ - _") ||
	    at(m, i + 2)->value < 1 || at(m, i + 2)->value > 12 || at(m, i + 4)->value > 31)
		return 0;
	if (!move_date(m, at(m, i)->value, at(m, i + 2)->value - 1, at(m, i + 4)->value, &tm))
		return 0;
	fprintf(m->out, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	return 5;
}

static void move_pieces(struct moving *m)
{
	static size_t (*const forms[])(struct moving *, size_t) = {
		move_iso, move_day_month, move_first_day, move_month_day, move_weekday,
	};

	for (size_t i = 0; i < m->n;) {
		size_t taken = 0;

		for (size_t k = 0; k < sizeof(forms) / sizeof(*forms) && !taken; k++)
			taken = forms[k](m, i);
		m->moved |= taken > 0;
		if (!taken) {
			keep(m, i, i + 1);
			taken = 1;
		}
		i += taken;
	}
}

char *shift_text(const char *text, long days, time_t start, int *failed)
{
	struct moving m = { .days = days, .start = start };
	struct piece *pieces = cut(text, &m.n);
	char *out = NULL;
	size_t len;

	m.p = pieces;
	m.out = pieces ? open_memstream(&out, &len) : NULL;
	if (m.out)
		move_pieces(&m);
	if (!m.out || fclose(m.out) != 0)
		*failed = 1;
	free(pieces);
	if (m.moved && !*failed)
		return out;
	free(out);
	return NULL;
}
