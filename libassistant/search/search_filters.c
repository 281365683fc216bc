/*
 * search_filters.c - explicit filters of a request: checked against the conference's data, so that a wrong one is said and
 * not silently empty.
 */
#include "search/search.h"

#include <string.h>
#include "base/json.h"
#include "base/utf8.h"
#include "search/gazetteer.h"
#include "base/tz_rule.h"
#include "search/words.h"

struct applying {
	const struct catalog *c;
	struct arena *arena;
	struct understood *u;
	int64_t now_unix_s;
	struct fail *f;
};

typedef int apply_fn(struct applying *a, const char *name, const char *value);

static const char *const *one(struct arena *arena, const char *value)
{
	const char **list = arena_array(arena, const char *, 2);

	if (list)
		list[0] = value;
	return list;
}

static char *fold(struct arena *arena, const char *text)
{
	_cleanup_free_ char *folded = utf8_fold(text, strlen(text));

	return folded ? arena_strdup(arena, folded) : NULL;
}

/* --- values of the data ------------------------------------------------------ */

/* One field of sessions and, for places and tracks, of exhibitors. */
static const char *field_of(const struct record *r, enum lexical_field which, const char *name)
{
	if (which == FIELD_PLACE)
		return r->type == ENTITY_SESSION ? r->location : r->booth;
	if (strcmp(name, "track") == 0)
		return r->type == ENTITY_SESSION ? r->track : r->category;
	if (r->type != ENTITY_SESSION)
		return NULL;
	return strcmp(name, "type") == 0    ? r->session_type
	       : strcmp(name, "level") == 0 ? r->level
					    : r->language;
}

struct nearest {
	const char *exact, *value;
	float score;
};

/* How alike: 1 for equal, shares of words, small edits; only to suggest. */
static float likeness(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), longer = la > lb ? la : lb;
	unsigned d;

	if (strcmp(a, b) == 0)
		return 1;
	if (la >= 3 && strstr(b, a))
		return 0.8f;
	d = word_distance(a, la, b, lb, (unsigned)(longer / 2));
	return longer ? 0.7f * (1 - (float)d / (float)longer) : 0;
}

static struct nearest find_value(const struct applying *a, const char *name,
				 enum lexical_field which, const char *folded)
{
	const struct snapshot *s = catalog_snapshot(a->c);
	struct nearest best = { .score = 0 };
	const char *seen = NULL;

	for (unsigned e = ENTITY_SESSION; e <= ENTITY_EXHIBITOR; e++) {
		for (size_t i = 0; i < s->n[e]; i++) {
			const char *value = field_of(&s->records[e][i], which, name);
			_cleanup_free_ char *other = NULL;
			float score;

			if (!value || (seen && strcmp(seen, value) == 0))
				continue;
			seen = value;
			other = utf8_fold(value, strlen(value));
			score = other ? likeness(folded, other) : 0;
			if (score > best.score)
				best = (struct nearest){ score >= 1 ? value : NULL, value, score };
		}
	}
	return best;
}

static int no_such(const struct applying *a, const char *name, const char *value,
		   const struct nearest *n)
{
	if (n->value && n->score >= 0.35f)
		return FAIL(a->f, ASSISTANT_EINVAL,
			    "%s: this conference has no \"%.60s\"; the nearest is \"%.80s\"", name,
			    value, n->value);
	return FAIL(a->f, ASSISTANT_EINVAL,
		    "%s: this conference has no \"%.60s\"; a %s of its programme is accepted", name,
		    value, name);
}

static int apply_place(struct applying *a, const char *name, const char *value)
{
	char *folded = fold(a->arena, value);
	struct name_match *matches;
	struct nearest near;
	size_t n;

	if (!folded)
		return FAIL(a->f, ASSISTANT_EINVAL, "%s: not readable text", name);
	near = find_value(a, name, FIELD_PLACE, folded);
	if (near.exact) {
		a->u->filter.places = one(a->arena, near.exact);
		return 0;
	}
	n = catalog_match(a->c, folded, a->arena, &matches); /* codes, aliases, buildings */
	for (size_t i = 0; i < n; i++) {
		if (matches[i].kind != NAME_PLACE || matches[i].similarity < 0.95f ||
		    matches[i].from > 0 || matches[i].to < strlen(folded))
			continue;
		a->u->filter.places = gazetteer_places(catalog_gazetteer(a->c), matches[i].value);
		return 0;
	}
	return no_such(a, name, value, &near);
}

static int apply_value(struct applying *a, const char *name, const char *value,
		       const char *const **list)
{
	char *folded = fold(a->arena, value);
	struct nearest near;

	if (!folded)
		return FAIL(a->f, ASSISTANT_EINVAL, "%s: not readable text", name);
	near = find_value(a, name, FIELD_TOPIC, folded);
	if (!near.exact)
		return no_such(a, name, value, &near);
	*list = one(a->arena, near.exact);
	return 0;
}

static int apply_track(struct applying *a, const char *name, const char *value)
{
	return apply_value(a, name, value, &a->u->filter.tracks);
}

static int apply_type(struct applying *a, const char *name, const char *value)
{
	return apply_value(a, name, value, &a->u->filter.types);
}

static int apply_level(struct applying *a, const char *name, const char *value)
{
	return apply_value(a, name, value, &a->u->filter.levels);
}

static int apply_language(struct applying *a, const char *name, const char *value)
{
	return apply_value(a, name, value, &a->u->filter.languages);
}

/* By id or by name, as visitors write it. */
static int apply_speaker(struct applying *a, const char *name, const char *value)
{
	const struct record *r = snapshot_find(catalog_snapshot(a->c), ENTITY_SPEAKER, value);
	char *folded = r ? NULL : fold(a->arena, value);
	struct name_match *matches;
	size_t n = folded ? catalog_match(a->c, folded, a->arena, &matches) : 0;
	float best = 0.55f;

	for (size_t i = 0; i < n; i++) {
		const struct name_match *m = &matches[i];

		if (m->kind == NAME_RECORD && m->record->type == ENTITY_SPEAKER &&
		    m->similarity > best) {
			best = m->similarity;
			r = m->record;
		}
	}
	if (!r)
		return FAIL(a->f, ASSISTANT_EINVAL,
			    "%s: nobody called \"%.60s\" speaks here; a speaker's name or id is "
			    "accepted",
			    name, value);
	a->u->filter.speaker_ids = one(a->arena, r->id);
	return 0;
}

/* --- time ------------------------------------------------------------------------ */

static void set_window(struct applying *a, int64_t from, int64_t to, bool day)
{
	struct when *w = &a->u->when;

	*w = (struct when){ .kind = WHEN_WINDOW, .from = from, .to = to, .explicit_day = day };
	a->u->filter.has_window = true;
	a->u->filter.from = from;
	a->u->filter.to = to;
	a->u->filter.overlap = false;
	a->u->filter.n_windows = 0;
}

static bool whole_days(const struct applying *a, const struct when *w)
{
	const struct zone *z = catalog_zone(a->c);

	return w->from != TIME_UNKNOWN && w->to != TIME_UNKNOWN &&
	       zone_day_start(z, w->from, 0) == w->from && zone_day_start(z, w->to, 0) == w->to;
}

static int64_t day_at(const struct applying *a, int64_t unix_s)
{
	struct civil c;

	zone_civil(catalog_zone(a->c), unix_s, &c);
	return days_from_civil(c.year, c.month, c.day);
}

static bool read_date(const char *text, int64_t *day)
{
	int y, m, d;

	if (!text || sscanf(text, "%4d-%2d-%2d", &y, &m, &d) != 3)
		return false;
	*day = days_from_civil(y, m, d);
	return true;
}

/* The conference's days since 1970: declared, else those of its sessions; false: it has none. */
static bool conference_days(const struct applying *a, int64_t *first, int64_t *last)
{
	const struct snapshot *s = catalog_snapshot(a->c);
	bool any = false;

	if (read_date(s->conference.start_date, first) && read_date(s->conference.end_date, last))
		return true;
	for (size_t i = 0; i < s->n[ENTITY_SESSION]; i++) {
		const struct record *r = &s->records[ENTITY_SESSION][i];
		int64_t day;

		if (r->start == TIME_UNKNOWN)
			continue;
		day = day_at(a, r->start);
		*first = !any || day < *first ? day : *first;
		*last = !any || day > *last ? day : *last;
		any = true;
	}
	return any;
}

static const char *date_text(const struct applying *a, int64_t day)
{
	int64_t y;
	int m, d;

	civil_from_days(day, &y, &m, &d);
	return arena_printf(a->arena, "%04d-%02d-%02d", (int)y, m, d);
}

static int not_then(const struct applying *a, const char *name, const char *value, int64_t first,
		    int64_t last)
{
	const char *from = date_text(a, first), *to = date_text(a, last);
	const char *days = first == last ? arena_printf(a->arena, "is on %s", from)
			   : last == first + 1
				   ? arena_printf(a->arena, "is on %s and %s", from, to)
				   : arena_printf(a->arena, "lasts from %s to %s", from, to);

	return FAIL(a->f, ASSISTANT_EINVAL, "%s: \"%.40s\" lies outside the conference; %.100s %s",
		    name, value, catalog_snapshot(a->c)->conference.name, days ? days : "");
}

/* "2026-01-31", a day's name, "day 2", "tomorrow": what when.c takes for one whole day. */
static int apply_day(struct applying *a, const char *name, const char *value)
{
	char *folded = fold(a->arena, value);
	int64_t first = 0, last = 0;
	bool has_days = conference_days(a, &first, &last);
	struct when w = { .kind = WHEN_NONE };

	if (folded)
		when_parse(a->c, folded, a->now_unix_s, a->arena, &w);
	if (w.kind != WHEN_WINDOW || w.n_windows || !w.explicit_day || !whole_days(a, &w) ||
	    w.unclear || w.from_byte != 0 || w.to_byte != strlen(folded))
		return FAIL(a->f, ASSISTANT_EINVAL,
			    "%s: \"%.40s\" is no day; a date like 2026-01-31, a weekday or \"day "
			    "2\" is "
			    "accepted",
			    name, value);
	if (has_days && (day_at(a, w.from) > last || day_at(a, w.to - 1) < first))
		return not_then(a, name, value, first, last);
	set_window(a, w.from, w.to, true);
	a->u->when.meant = w.meant;
	a->u->when.said = arena_strdup(a->arena, value);
	return 0;
}

/* "14:00" of the day given, else a date and time, in venue time unless it has an offset. */
static int read_moment(struct applying *a, const char *name, const char *value, int64_t *out)
{
	const struct zone *z = catalog_zone(a->c);
	int y, mo, d, h, mi, s = 0, n = 0;
	char sign;
	int oh, om;

	if (sscanf(value, "%2d:%2d%n", &h, &mi, &n) == 2 && !value[n] && h >= 0 && h <= 24 &&
	    mi >= 0 && mi < 60) {
		struct civil c;

		if (!a->u->filter.has_window || a->u->filter.from == TIME_UNKNOWN)
			return FAIL(a->f, ASSISTANT_EINVAL,
				    "%s: \"%s\" needs a day; give \"day\", too, or a date and time",
				    name, value);
		zone_civil(z, a->u->filter.from, &c);
		*out = zone_unix(z, c.year, c.month, c.day, h, mi, 0);
		return 0;
	}
	if (sscanf(value, "%4d-%2d-%2d%*1[T ]%2d:%2d%n", &y, &mo, &d, &h, &mi, &n) == 5 &&
	    mo >= 1 && mo <= 12 && d >= 1 && d <= 31 && h >= 0 && h <= 24 && mi >= 0 && mi < 60) {
		const char *rest = value + n;

		if (sscanf(rest, ":%2d%n", &s, &n) == 1)
			rest += n;
		if (!*rest) {
			*out = zone_unix(z, y, mo, d, h, mi, s);
			return 0;
		}
		if (strcmp(rest, "Z") == 0 || strcmp(rest, "z") == 0) {
			*out = days_from_civil(y, mo, d) * 86400 + h * 3600 + mi * 60 + s;
			return 0;
		}
		if (sscanf(rest, "%c%2d:%2d%n", &sign, &oh, &om, &n) == 3 && !rest[n] &&
		    (sign == '+' || sign == '-')) {
			*out = days_from_civil(y, mo, d) * 86400 + h * 3600 + mi * 60 + s -
			       (sign == '-' ? -1 : 1) * (oh * 3600 + om * 60);
			return 0;
		}
	}
	return FAIL(a->f, ASSISTANT_EINVAL,
		    "%s: \"%.40s\" is no time; 14:00 or 2026-01-31T14:00 is accepted", name, value);
}

static int apply_bound(struct applying *a, const char *name, const char *value)
{
	bool is_from = strcmp(name, "from") == 0, had = a->u->filter.has_window;
	int64_t at = 0, from = had ? a->u->filter.from : TIME_UNKNOWN,
		to = had ? a->u->filter.to : TIME_UNKNOWN;
	int64_t first, last;
	int r = read_moment(a, name, value, &at);

	if (r < 0)
		return r;
	if (conference_days(a, &first, &last) &&
	    (is_from ? day_at(a, at) > last + 1 : day_at(a, at) < first))
		return not_then(a, name, value, first, last);
	set_window(a, is_from ? at : from, is_from ? to : at, a->u->when.explicit_day);
	if (a->u->filter.from != TIME_UNKNOWN && a->u->filter.to != TIME_UNKNOWN &&
	    a->u->filter.to <= a->u->filter.from)
		return FAIL(a->f, ASSISTANT_EINVAL,
			    "%s: \"%.40s\" leaves no time; \"to\" must be after \"from\"", name,
			    value);
	return 0;
}

/* In this order: a time of day is one of the day given. */
static const struct {
	const char *name;
	apply_fn *apply;
} filters[] = {
	{ "day", apply_day },	  { "to", apply_bound },    { "from", apply_bound },
	{ "place", apply_place }, { "track", apply_track }, { "speaker", apply_speaker },
	{ "type", apply_type },	  { "level", apply_level }, { "language", apply_language },
};

int search_apply_filters(const struct catalog *c, struct json_object *json, int64_t now_unix_s,
			 struct arena *arena, struct understood *u, struct fail *f)
{
	struct applying a = { c, arena, u, now_unix_s, f };

	if (!json)
		return 0;
	json_object_object_foreach(json, key, ignored)
	{
		bool known = false;

		(void)ignored;
		for (size_t i = 0; i < ARRAY_SIZE(filters); i++)
			known |= strcmp(filters[i].name, key) == 0;
		if (!known)
			return FAIL(f, ASSISTANT_EINVAL,
				    "\"%.40s\" is no filter; day, from, to, place, track, speaker, "
				    "type, level and "
				    "language are",
				    key);
	}
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		struct json_object *value = json_get(json, filters[i].name);
		const char *text = json_get_string(json, filters[i].name);
		int r;

		if (!value)
			continue;
		if (!text || !text[0] || strlen(text) > 500)
			return FAIL(f, ASSISTANT_EINVAL, "%s: a text of 1 to 500 bytes is expected",
				    filters[i].name);
		r = filters[i].apply(&a, filters[i].name, text);
		if (r < 0)
			return r;
	}
	return 0;
}
