/*
 * when_world.c - random programmes around the clock changes of random zones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/text.h"
#include "support/programme.h"
#include "when_world.h"

static const char *const zones[] = {
	"Europe/Brussels",   "America/New_York",
	"Asia/Kolkata",	     "Australia/Lord_Howe",
	"America/Santiago",  "America/Havana",
	"Asia/Beirut",	     "Pacific/Auckland",
	"Africa/Cairo",	     "UTC",
	"America/St_Johns",  "Europe/Lisbon",
	"Africa/Casablanca", "Asia/Kathmandu",
	"Pacific/Chatham",   "America/Asuncion",
};
uint32_t below(struct world *w, uint32_t n)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (uint32_t)((w->random >> 20) % n);
}

bool chance(struct world *w, uint32_t percent)
{
	return below(w, 100) < percent;
}

static void session(struct world *w, const char *title, int day, int wall, int minutes, bool timed)
{
	struct oracle_session *s = &w->o.sessions[w->o.n];

	if (w->o.n == ORACLE_SESSIONS)
		return;
	snprintf(s->title, sizeof s->title, "%s", title);
	s->timed = timed;
	s->from = oracle_at(&w->o, day, wall);
	s->to = s->from + minutes;
	w->o.n++;
}

/* Two words that no other title and no language has. */
static void invent_title(struct world *w, char out[48])
{
	static const char *const heads[] = { "Zrb", "Quv", "Xol",  "Vyk",
					     "Jub", "Wup", "Gnoz", "Pfim" };
	static const char *const tails[] = {
		"anthor", "oplix", "eddun", "umqua", "istrop", "ackwib"
	};

	snprintf(out, 48, "%s%s%c%c %s%s%c", heads[below(w, 8)], tails[below(w, 6)],
		 (char)('a' + w->o.n % 26), (char)('a' + w->o.n / 26), heads[below(w, 8)],
		 tails[below(w, 6)], (char)('a' + below(w, 26)));
}

static void make_day(struct world *w, int day)
{
	int n = 3 + (int)below(w, 8), lunch = 690 + (int)below(w, 12) * 5;
	bool night = chance(w, 40);
	char title[48];

	if (chance(w, 75))
		session(w, "Lunch", day, lunch, 45 + (int)below(w, 8) * 5, true);
	if (chance(w, 50))
		session(w, "Coffee break", day, 600 + (int)below(w, 10) * 5,
			20 + (int)below(w, 3) * 5, true);
	for (int i = 0; i < n; i++) {
		int wall = night && chance(w, 40) ? 1080 + (int)below(w, 90) * 5
						  : 480 + (int)below(w, 130) * 5;

		invent_title(w, title);
		session(w, title, day, wall, 15 + (int)below(w, 22) * 5, !chance(w, 5));
	}
}

static void write_utc(struct text *out, const struct oracle *o, int minute)
{
	time_t at = (time_t)(o->begin + (int64_t)minute * 60);
	struct tm tm;

	gmtime_r(&at, &tm);
	text_printf(out, "\"%04d-%02d-%02dT%02d:%02d:00Z\"", tm.tm_year + 1900, tm.tm_mon + 1,
		    tm.tm_mday, tm.tm_hour, tm.tm_min);
}

static void write_date(struct text *out, const struct oracle *o, int day)
{
	text_printf(out, "\"%04d-%02d-%02d\"", o->date[day][0], o->date[day][1], o->date[day][2]);
}

static struct catalog *publish(const struct oracle *o, const char *zone)
{
	_cleanup_text_ struct text json = { 0 };

	text_init(&json, 1 << 20);
	text_printf(
		&json,
		"{\"conference\":{\"id\":\"w\",\"name\":\"W\",\"timezone\":\"%s\",\"start_date\":",
		zone);
	write_date(&json, o, o->first);
	text_append(&json, ",\"end_date\":");
	write_date(&json, o, o->last);
	text_append(&json, "},\"speakers\":[],\"exhibitors\":[],\"sessions\":[");
	for (int i = 0; i < o->n; i++) {
		text_printf(&json, "%s{\"id\":\"s%d\",\"title\":\"%s\"", i ? "," : "", i,
			    o->sessions[i].title);
		if (o->sessions[i].timed) {
			text_append(&json, ",\"start_time\":");
			write_utc(&json, o, o->sessions[i].from);
			text_append(&json, ",\"end_time\":");
			write_utc(&json, o, o->sessions[i].to);
		}
		text_append(&json, "}");
	}
	text_append(&json, "]}");
	assert_false(json.failed);
	return programme_catalog(programme_parse(json.data));
}

/* A time within two days of a change of that zone's clocks; any time when it has none. */
static int64_t near_change(struct world *w)
{
	int64_t t = 1704067200 + (int64_t)below(w, 5 * 365) * 86400;
	struct tm tm;
	time_t at = (time_t)t;
	long offset;

	localtime_r(&at, &tm);
	offset = tm.tm_gmtoff;
	for (int day = 0; day < 250; day++) {
		at = (time_t)(t + day * 86400);
		localtime_r(&at, &tm);
		if (tm.tm_gmtoff != offset)
			return at - (int64_t)below(w, 4) * 86400;
	}
	return t;
}

void make_world(struct world *w)
{
	const char *zone = zones[below(w, ARRAY_SIZE(zones))];
	int64_t t;
	int days = chance(w, 15) ? 9 : 1 + (int)below(w, 4);

	setenv("TZ", zone, 1);
	tzset();
	t = chance(w, 70) ? near_change(w) : 1704067200 + (int64_t)below(w, 1800) * 86400;
	oracle_fill(&w->o, t - 5 * 86400);
	w->o.first = 4 + (int)below(w, 2);
	w->o.last = w->o.first + days - 1;
	w->o.n = 0;
	w->o.now = 0;
	session(w, "Opening", w->o.first, 540, 30, true);
	for (int d = w->o.first; d <= w->o.last; d++)
		make_day(w, d);
	session(w, "Closing", w->o.last, 1020, 30, true);
	catalog_unref(w->catalog);
	w->catalog = publish(&w->o, zone);
}

void turn_clock(struct world *w)
{
	const struct oracle *o = &w->o;
	int from = oracle_from(o, chance(w, 80) ? o->first : o->first - 2, 0);
	int to = oracle_from(o, chance(w, 80) ? o->last + 1 : o->last + 3, 0);

	w->o.now = from + (int)below(w, (uint32_t)(to - from));
	w->o.today = o->day[w->o.now];
}
