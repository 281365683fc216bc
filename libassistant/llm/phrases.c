/*
 * phrases.c - see phrases.h.
 */
#include "llm/phrases.h"

#include <stdarg.h>
#include <string.h>
#include "base/check.h"
#include "base/clock.h"

static const char *const words[PHRASE_COUNT][LANGUAGE_COUNT] = {
#define PHRASE(id, en, de, fr, es) { en, de, fr, es },
#include "llm/phrases.def"
#undef PHRASE
};

static const char *const codes[LANGUAGE_COUNT] = { "en", "de", "fr", "es" };

static const char *const weekdays[LANGUAGE_COUNT][7] = {
	{ "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" },
	{ "Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag" },
	{ "dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi" },
	{ "domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado" },
};

static const char *const months[LANGUAGE_COUNT][12] = {
	{ "January", "February", "March", "April", "May", "June", "July", "August", "September",
	  "October", "November", "December" },
	{ "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September",
	  "Oktober", "November", "Dezember" },
	{ "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
	  "octobre", "novembre", "décembre" },
	{ "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
	  "octubre", "noviembre", "diciembre" },
};

enum language language_from(const char *code, bool *known)
{
	size_t n = code ? strcspn(code, "-_") : 0;

	for (int l = 0; l < LANGUAGE_COUNT; l++) {
		if (n == 2 && strncasecmp(code, codes[l], 2) == 0) {
			if (known)
				*known = true;
			return (enum language)l;
		}
	}
	if (known)
		*known = n == 0;
	return LANGUAGE_EN;
}

const char *language_code(enum language l)
{
	return codes[l];
}

#define MAX_VALUES 8

struct values {
	const char *names[MAX_VALUES], *texts[MAX_VALUES];
	size_t n;
};

static const char *values_find(const struct values *v, const char *name, size_t len)
{
	for (size_t i = 0; i < v->n; i++)
		if (strlen(v->names[i]) == len && memcmp(v->names[i], name, len) == 0)
			return v->texts[i];
	return NULL;
}

static void expand(struct text *out, const char *template, const struct values *v)
{
	for (const char *p = template; *p;) {
		size_t plain = strcspn(p, "{");
		const char *end, *value;

		text_append_n(out, p, plain);
		p += plain;
		if (!*p)
			return;
		end = strchr(p, '}');
		PRE(end);
		value = values_find(v, p + 1, (size_t)(end - p - 1));
		PRE(value);
		text_append(out, value);
		p = end + 1;
	}
}

void phrases_say(struct text *out, enum language l, enum phrase p, ...)
{
	struct values v = { .n = 0 };
	const char *name;
	va_list ap;

	va_start(ap, p);
	while ((name = va_arg(ap, const char *))) {
		PRE(v.n < MAX_VALUES);
		v.names[v.n] = name;
		v.texts[v.n++] = va_arg(ap, const char *);
	}
	va_end(ap);
	expand(out, words[p][l][0] ? words[p][l] : words[p][LANGUAGE_EN], &v);
}

/* Sakamoto's method. */
static int weekday_of(int y, int m, int d)
{
	static const int shift[] = { 0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4 };

	if (m < 3)
		y--;
	return (y + y / 4 - y / 100 + y / 400 + shift[m - 1] + d) % 7;
}

bool civil_time_parse(const char *iso, struct civil_time *out)
{
	struct civil_time t = { .year = 0 };
	bool has_offset;
	int64_t unix_ms;
	int n;

	if (!iso || time_parse(iso, &unix_ms, &has_offset) < 0)
		return false;
	n = sscanf(iso, "%4d-%2d-%2d%*1[T ]%2d:%2d", &t.year, &t.month, &t.day, &t.hour, &t.minute);
	if (n < 3 || t.month < 1 || t.month > 12)
		return false;
	t.weekday = weekday_of(t.year, t.month, t.day);
	t.unix_s = unix_ms / 1000;
	*out = t;
	return true;
}

void phrases_weekday(struct text *out, enum language l, const struct civil_time *t)
{
	text_append(out, weekdays[l][t->weekday]);
}

void phrases_language(struct text *out, enum language l, const char *code)
{
	static const struct {
		const char *code;
		enum phrase name;
	} names[] = { { "en", PHRASE_LANGUAGE_EN }, { "de", PHRASE_LANGUAGE_DE },
		      { "fr", PHRASE_LANGUAGE_FR }, { "es", PHRASE_LANGUAGE_ES },
		      { "pt", PHRASE_LANGUAGE_PT }, { "it", PHRASE_LANGUAGE_IT },
		      { "nl", PHRASE_LANGUAGE_NL }, { "pl", PHRASE_LANGUAGE_PL },
		      { "sv", PHRASE_LANGUAGE_SV }, { "da", PHRASE_LANGUAGE_DA },
		      { "zh", PHRASE_LANGUAGE_ZH }, { "ja", PHRASE_LANGUAGE_JA } };
	bool is_code = strcspn(code, "-_") == 2;

	for (size_t i = 0; is_code && i < ARRAY_SIZE(names); i++) {
		if (strncasecmp(code, names[i].code, 2) == 0) {
			phrases_say(out, l, names[i].name, NULL);
			return;
		}
	}
	text_append(out, code);
}

void phrases_date(struct text *out, enum language l, const struct civil_time *t, bool year)
{
	const char *month = months[l][t->month - 1];

	switch (l) {
	case LANGUAGE_DE:
		text_printf(out, "%d. %s", t->day, month);
		break;
	case LANGUAGE_FR:
		text_printf(out, "%d%s %s", t->day, t->day == 1 ? "er" : "", month);
		break;
	case LANGUAGE_ES:
		text_printf(out, "%d de %s", t->day, month);
		break;
	default:
		text_printf(out, "%d %s", t->day, month);
	}
	if (year)
		text_printf(out, l == LANGUAGE_ES ? " de %d" : " %d", t->year);
}

void phrases_day(struct text *out, enum language l, const struct civil_time *t)
{
	phrases_weekday(out, l, t);
	text_append(out, l == LANGUAGE_DE ? ", " : " ");
	phrases_date(out, l, t, false);
}

void phrases_clock(struct text *out, const struct civil_time *t)
{
	text_printf(out, "%02d:%02d", t->hour, t->minute);
}

void phrases_span(struct text *out, enum language l, int64_t seconds)
{
	int64_t minutes = (seconds + 59) / 60;
	char h[24], m[24];

	snprintf(h, sizeof(h), "%lld", (long long)(minutes / 60));
	snprintf(m, sizeof(m), "%lld", (long long)(minutes < 60 ? minutes : minutes % 60));
	if (minutes == 1)
		phrases_say(out, l, PHRASE_SPAN_MINUTE, NULL);
	else if (minutes < 60)
		phrases_say(out, l, PHRASE_SPAN_MINUTES, "n", m, NULL);
	else if (minutes % 60)
		phrases_say(out, l, PHRASE_SPAN_HOURS, "h", h, "m", m, NULL);
	else
		phrases_say(out, l, PHRASE_SPAN_FULL_HOURS, "h", h, NULL);
}
