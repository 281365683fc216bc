/*
 * composer_records.c - one record in full: what was asked comes first, what the data does not say
 * is said.
 */
#include "llm/composer.h"

#include <string.h>
#include "llm/quote.h"

#define NAME_CHARS    160
#define PLACE_CHARS   120
#define EXCERPT_CHARS 320
#define MORE_CHARS    1200
#define SOON_S	      (3 * 3600)

void composer_name(struct text *out, struct json_object *record)
{
	text_printf(out, "**[[%s]]**", json_text(record, "handle"));
}

bool composer_hours(struct composing *c, struct text *out, struct json_object *session)
{
	struct text from _cleanup_text_ = { 0 }, to _cleanup_text_ = { 0 };
	struct civil_time start, end;

	if (!civil_time_parse(json_get_string(session, "start"), &start))
		return false;
	text_init(&from, 16);
	text_init(&to, 16);
	phrases_clock(&from, &start);
	if (civil_time_parse(json_get_string(session, "end"), &end) && end.unix_s > start.unix_s &&
	    end.unix_s - start.unix_s < 24 * 3600) {
		phrases_clock(&to, &end);
		phrases_say(out, c->l, PHRASE_TIME_SPAN, "from", from.data, "to", to.data, NULL);
	} else {
		phrases_say(out, c->l, PHRASE_TIME_AT, "from", from.data, NULL);
	}
	return true;
}

bool composer_when(struct composing *c, struct text *out, struct json_object *session)
{
	struct text day _cleanup_text_ = { 0 };
	struct civil_time start;

	if (!civil_time_parse(json_get_string(session, "start"), &start))
		return false;
	text_init(&day, 64);
	phrases_day(&day, c->l, &start);
	phrases_say(out, c->l, PHRASE_ON_DAY, "day", day.data, NULL);
	text_append(out, ", ");
	return composer_hours(c, out, session);
}

/* The i-th person of a session: as a reference when we looked the record up, else the name as
 * written. */
static bool person_at(struct json_object *session, size_t i, struct text *out)
{
	struct json_object *people = json_get_array(session, "people");
	struct json_object *names = json_get_array(session, "speakers");

	if (people && i < json_object_array_length(people)) {
		text_printf(out, "[[%s]]",
			    json_text(json_object_array_get_idx(people, i), "handle"));
		return true;
	}
	if (people || !names || i >= json_object_array_length(names))
		return false;
	quote_markdown(out, json_object_get_string(json_object_array_get_idx(names, i)),
		       NAME_CHARS);
	return true;
}

bool composer_people(struct composing *c, struct text *out, struct json_object *session, size_t max)
{
	struct json_object *people = json_get_array(session, "people");
	struct json_object *names = people ? people : json_get_array(session, "speakers");
	struct text list _cleanup_text_ = { 0 }, last _cleanup_text_ = { 0 };
	size_t n = names ? json_object_array_length(names) : 0;
	size_t shown = n > max ? max : n > 1 ? n - 1 : n;
	char more[24];

	text_init(&list, 4096);
	text_init(&last, 1024);
	for (size_t i = 0; i < shown; i++) {
		text_append(&list, i ? ", " : "");
		person_at(session, i, &list);
	}
	if (n > max) {
		snprintf(more, sizeof(more), "%zu", n - max);
		phrases_say(out, c->l, PHRASE_PEOPLE_MORE, "list", list.data, "n", more, NULL);
	} else if (n > 1) {
		person_at(session, n - 1, &last);
		phrases_say(out, c->l, PHRASE_PEOPLE_AND, "list", list.data, "last", last.data,
			    NULL);
	} else {
		text_append(out, list.data);
	}
	return n > 0;
}

/* --- sessions ------------------------------------------------------------ */

/* "It starts in 25 minutes." */
static void say_relative(struct composing *c, struct json_object *session)
{
	struct text words _cleanup_text_ = { 0 };
	struct civil_time start, end, now;
	bool ends;

	if (!composer_phase(c, "during") || !composer_now(c, &now) ||
	    !civil_time_parse(json_get_string(session, "start"), &start))
		return;
	ends = civil_time_parse(json_get_string(session, "end"), &end);
	text_init(&words, 64);
	if (now.unix_s < start.unix_s && start.unix_s - now.unix_s <= SOON_S) {
		phrases_span(&words, c->l, start.unix_s - now.unix_s);
		composer_space(c);
		phrases_say(c->out, c->l, PHRASE_STARTS_IN, "span", words.data, NULL);
	} else if (ends && now.unix_s >= start.unix_s && now.unix_s < end.unix_s) {
		phrases_clock(&words, &end);
		composer_space(c);
		phrases_say(c->out, c->l, PHRASE_RUNS_UNTIL, "time", words.data, NULL);
	} else if (ends && now.unix_s >= end.unix_s) {
		composer_space(c);
		phrases_say(c->out, c->l, PHRASE_IS_OVER, NULL);
	}
}

static void say_zone(struct composing *c)
{
	const char *zone = json_get_string(json_get_object(c->facts, "conference"), "timezone");

	if (!zone || c->zone_said)
		return;
	c->zone_said = true;
	composer_space(c);
	phrases_say(c->out, c->l, PHRASE_ZONE, "zone", zone, NULL);
}

/* The sentences of a time and a place: with the name; the place first; of what was just named. */
enum form { BY_NAME, PLACE_FIRST, AS_IT };

static const enum phrase both_words[] = { PHRASE_SESSION_IS, PHRASE_SESSION_WHERE, PHRASE_IT_IS };
static const enum phrase time_words[] = { PHRASE_SESSION_WHEN, PHRASE_SESSION_WHEN,
					  PHRASE_IT_WHEN };
static const enum phrase place_words[] = { PHRASE_SESSION_WHERE_ONLY, PHRASE_SESSION_WHERE_ONLY,
					   PHRASE_IT_WHERE };

static void say_session_when_where(struct composing *c, struct json_object *s, enum form form)
{
	struct text name _cleanup_text_ = { 0 }, when _cleanup_text_ = { 0 };
	struct text place _cleanup_text_ = { 0 };
	bool timed, placed;

	text_init(&name, 64);
	text_init(&when, 256);
	text_init(&place, 1024);
	composer_name(&name, s);
	timed = composer_when(c, &when, s);
	quote_markdown(&place, json_text(s, "location"), PLACE_CHARS);
	placed = place.len > 0;
	if (timed || placed)
		phrases_say(c->out, c->l,
			    timed && placed ? both_words[form]
			    : timed	    ? time_words[form]
					    : place_words[form],
			    "name", name.data, "when", when.data, "place", place.data, NULL);
	if (!timed || (!placed && form == PLACE_FIRST)) {
		enum phrase p = timed	 ? PHRASE_SESSION_NO_PLACE
				: placed ? PHRASE_SESSION_NO_TIME
					 : PHRASE_SESSION_NOTHING;

		composer_space(c);
		phrases_say(c->out, c->l, p, "name", name.data, NULL);
	}
	say_relative(c, s);
}

static void say_session_people(struct composing *c, struct json_object *s, bool asked)
{
	struct text people _cleanup_text_ = { 0 }, name _cleanup_text_ = { 0 };

	text_init(&people, 4096);
	text_init(&name, 64);
	composer_name(&name, s);
	if (composer_people(c, &people, s, 6)) {
		composer_space(c);
		phrases_say(c->out, c->l, asked ? PHRASE_SESSION_WHO : PHRASE_SESSION_BY, "name",
			    name.data, "people", people.data, NULL);
	} else if (asked) {
		composer_space(c);
		phrases_say(c->out, c->l, PHRASE_SESSION_NO_PEOPLE, "name", name.data, NULL);
	}
}

/* "Track: Rust - Level: beginner": in one line. */
static void say_labels(struct composing *c, struct json_object *record, const enum phrase *labels,
		       const char *const *keys, size_t n)
{
	bool first = true;

	for (size_t i = 0; i < n; i++) {
		struct text value _cleanup_text_ = { 0 };

		text_init(&value, 2048);
		if (labels[i] == PHRASE_LABEL_LANGUAGE)
			composer_language(c, &value, json_text(record, keys[i]));
		else
			quote_markdown(&value, json_text(record, keys[i]), EXCERPT_CHARS / 2);
		if (!value.len)
			continue;
		if (first)
			composer_paragraph(c);
		else
			text_append(c->out, " · ");
		phrases_say(c->out, c->l, labels[i], "value", value.data, NULL);
		first = false;
	}
}

/* As a paragraph, or behind what was said; false: there is no description. */
static bool say_excerpt(struct composing *c, struct json_object *record, bool paragraph)
{
	struct text excerpt _cleanup_text_ = { 0 };

	text_init(&excerpt, 64 * 1024);
	quote_sentences(&excerpt, json_text(record, "description"),
			json_get_bool(c->facts, "more", false) ? MORE_CHARS : EXCERPT_CHARS);
	if (!excerpt.len)
		return false;
	if (paragraph)
		composer_paragraph(c);
	text_append_n(c->out, excerpt.data, excerpt.len);
	return true;
}

/* "**X**: what it is about"; false: nobody wrote that. */
static bool say_what(struct composing *c, struct json_object *record)
{
	if (!json_get_string(record, "description"))
		return false;
	composer_name(c->out, record);
	text_append(c->out, ": ");
	say_excerpt(c, record, false);
	composer_paragraph(c);
	return true;
}

static void say_no_description(struct composing *c, struct json_object *record)
{
	struct text name _cleanup_text_ = { 0 };

	text_init(&name, 64);
	composer_name(&name, record);
	composer_space(c);
	phrases_say(c->out, c->l, PHRASE_NO_DESCRIPTION, "name", name.data, NULL);
}

static void say_session(struct composing *c, struct json_object *s, const char *asked)
{
	static const enum phrase labels[] = { PHRASE_LABEL_TRACK, PHRASE_LABEL_TYPE,
					      PHRASE_LABEL_LEVEL, PHRASE_LABEL_LANGUAGE };
	static const char *const keys[] = { "track", "session_type", "level", "language" };
	bool what = strcmp(asked, "what") == 0, told = false;

	if (strcmp(asked, "who") == 0) {
		say_session_people(c, s, true);
		composer_space(c);
		say_session_when_where(c, s, AS_IT);
		return;
	}
	if (what)
		told = say_what(c, s);
	say_session_when_where(c, s,
			       told			     ? AS_IT
			       : strcmp(asked, "where") == 0 ? PLACE_FIRST
							     : BY_NAME);
	if (strcmp(asked, "when") == 0 && json_get_string(s, "start"))
		say_zone(c);
	if (strcmp(asked, "when") == 0 || strcmp(asked, "where") == 0)
		return;
	say_session_people(c, s, false);
	if (!told && !say_excerpt(c, s, true) && (what || json_get_bool(c->facts, "more", false)))
		say_no_description(c, s);
	say_labels(c, s, labels, keys, ARRAY_SIZE(keys));
}

/* --- exhibitors ---------------------------------------------------------- */

static void say_stand(struct composing *c, struct json_object *e)
{
	struct text name _cleanup_text_ = { 0 }, booth _cleanup_text_ = { 0 };

	text_init(&name, 64);
	text_init(&booth, 1024);
	composer_name(&name, e);
	quote_markdown(&booth, json_text(e, "booth"), PLACE_CHARS);
	if (!booth.len)
		phrases_say(c->out, c->l, PHRASE_STAND_UNKNOWN, "name", name.data, NULL);
	else
		phrases_say(c->out, c->l,
			    strchr(booth.data, ' ') ? PHRASE_STAND_PLACE : PHRASE_STAND_BOOTH,
			    "name", name.data, "booth", booth.data, NULL);
}

static void say_exhibitor(struct composing *c, struct json_object *e, const char *asked)
{
	static const enum phrase labels[] = { PHRASE_LABEL_CATEGORY, PHRASE_LABEL_PRODUCTS,
					      PHRASE_LABEL_AVAILABLE };
	static const char *const keys[] = { "category", "products", "availability" };
	struct text name _cleanup_text_ = { 0 };
	bool told;

	text_init(&name, 64);
	composer_name(&name, e);
	if (strcmp(asked, "when") == 0 && !json_get_string(e, "availability")) {
		phrases_say(c->out, c->l, PHRASE_STAND_NO_TIMES, "name", name.data, NULL);
		composer_space(c);
	}
	told = strcmp(asked, "what") == 0 && say_what(c, e);
	say_stand(c, e);
	if (strcmp(asked, "where") == 0 || strcmp(asked, "when") == 0) {
		say_labels(c, e, labels + 2, keys + 2, 1);
		return;
	}
	if (!told && !say_excerpt(c, e, true) && json_get_bool(c->facts, "more", false))
		say_no_description(c, e);
	say_labels(c, e, labels, keys, ARRAY_SIZE(keys));
}

/* --- speakers ------------------------------------------------------------ */

static bool say_role(struct composing *c, struct json_object *p)
{
	struct text role _cleanup_text_ = { 0 };
	const char *title = json_get_string(p, "title"), *company = json_get_string(p, "company");

	if (!title && !company)
		return false;
	text_init(&role, 4096);
	if (title)
		quote_markdown(&role, title, NAME_CHARS);
	text_append(&role, title && company ? ", " : "");
	if (company)
		quote_markdown(&role, company, NAME_CHARS);
	composer_name(c->out, p);
	text_printf(c->out, ": %s%s", role.data,
		    role.len && strchr(".!?", role.data[role.len - 1]) ? "" : ".");
	return true;
}

/* One sentence for one session; false: its time is not known. */
static bool say_person_session(struct composing *c, const char *name, struct json_object *s)
{
	struct text when _cleanup_text_ = { 0 }, place _cleanup_text_ = { 0 };
	struct text session _cleanup_text_ = { 0 };

	text_init(&when, 256);
	text_init(&place, 1024);
	text_init(&session, 64);
	if (!composer_when(c, &when, s))
		return false;
	quote_markdown(&place, json_text(s, "location"), PLACE_CHARS);
	composer_name(&session, s);
	phrases_say(c->out, c->l, place.len ? PHRASE_PERSON_AT : PHRASE_PERSON_WHEN, "name", name,
		    "when", when.data, "place", place.data, "session", session.data, NULL);
	say_relative(c, s);
	return true;
}

static void say_person_sessions(struct composing *c, struct json_object *p)
{
	struct json_object *sessions = json_get_array(p, "sessions");
	size_t n = sessions ? json_object_array_length(sessions) : 0;
	struct text name _cleanup_text_ = { 0 };
	char number[24];

	text_init(&name, 64);
	composer_name(&name, p);
	snprintf(number, sizeof(number), "%zu", n);
	composer_paragraph(c);
	if (n == 1 && say_person_session(c, name.data, json_object_array_get_idx(sessions, 0)))
		return;
	phrases_say(c->out, c->l,
		    n == 0 && json_get_bool(c->facts, "besides", false) ? PHRASE_PERSON_NOT_ELSE
		    : n == 0						? PHRASE_PERSON_NO_SESSION
		    : n == 1						? PHRASE_PERSON_SESSION
									: PHRASE_PERSON_SESSIONS,
		    "name", name.data, "n", number, NULL);
	if (n) {
		text_append(c->out, "\n");
		composer_items(c, sessions, "session", 6, true);
	}
}

static void say_speaker(struct composing *c, struct json_object *p, const char *asked)
{
	bool role, bio;

	if (strcmp(asked, "when") == 0 || strcmp(asked, "where") == 0 ||
	    json_get_bool(c->facts, "besides", false)) {
		say_person_sessions(c, p);
		return;
	}
	role = say_role(c, p);
	bio = role ? say_excerpt(c, p, true) : say_what(c, p);
	say_person_sessions(c, p);
	if (!role && !bio) {
		struct text name _cleanup_text_ = { 0 };

		text_init(&name, 64);
		composer_name(&name, p);
		composer_paragraph(c);
		phrases_say(c->out, c->l, PHRASE_PERSON_NOTHING, "name", name.data, NULL);
	}
}

/* Where one can ask further. */
static void say_after_attribute(struct composing *c, struct json_object *record)
{
	const char *type = json_text(record, "type");

	composer_space(c);
	if (strcmp(type, "session") == 0)
		say_session_when_where(c, record, AS_IT);
	else if (strcmp(type, "exhibitor") == 0)
		say_stand(c, record);
}

void composer_record(struct composing *c, struct json_object *record)
{
	const char *type = json_text(record, "type"), *asked = json_text(c->facts, "asked");

	composer_paragraph(c);
	if (composer_attribute(c, record)) {
		if (!json_get_array(c->facts, "info"))
			say_after_attribute(c, record);
		return;
	}
	if (strcmp(type, "session") == 0)
		say_session(c, record, asked);
	else if (strcmp(type, "exhibitor") == 0)
		say_exhibitor(c, record, asked);
	else
		say_speaker(c, record, asked);
}
