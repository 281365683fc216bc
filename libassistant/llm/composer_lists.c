/*
 * composer_lists.c - several records: a lead that says what they have in common, then short items.
 */
#include "llm/composer.h"

#include <string.h>
#include "llm/quote.h"

#define MAX_ITEMS	6
#define MAX_ITEMS_MIXED 4
#define TOPIC_CHARS	80
#define VALUE_CHARS	100
#define HINT_CHARS	110
#define TELLING_CHARS	180
#define NIGHT_S		(18 * 3600)

/* --- the limits of the search, in words ------------------------------------- */

static bool is_midnight(const struct civil_time *t)
{
	return t->hour == 0 && t->minute == 0;
}

/* The last moment before t, for its day. */
static bool last_day_of(struct json_object *when, struct civil_time *out)
{
	return civil_time_parse(json_get_string(when, "last_day"), out);
}

/* "in the morning"; false: no part of the day was named. */
static bool say_part(struct composing *c, struct text *out, struct json_object *when)
{
	static const struct {
		const char *part;
		enum phrase words;
	} parts[] = { { "morning", PHRASE_PART_MORNING },
		      { "noon", PHRASE_PART_NOON },
		      { "afternoon", PHRASE_PART_AFTERNOON },
		      { "evening", PHRASE_PART_EVENING },
		      { "night", PHRASE_PART_NIGHT },
		      { "early_morning", PHRASE_PART_EARLY_MORNING },
		      { "late_morning", PHRASE_PART_LATE_MORNING },
		      { "early_afternoon", PHRASE_PART_EARLY_AFTERNOON },
		      { "late_afternoon", PHRASE_PART_LATE_AFTERNOON },
		      { "early_evening", PHRASE_PART_EARLY_EVENING },
		      { "late_evening", PHRASE_PART_LATE_EVENING } };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (strcmp(json_text(when, "part"), parts[i].part) != 0)
			continue;
		phrases_say(out, c->l, parts[i].words, NULL);
		return true;
	}
	return false;
}

static void limit_window(struct composing *c, struct text *out, struct json_object *when)
{
	struct text day _cleanup_text_ = { 0 }, last _cleanup_text_ = { 0 };
	struct text from _cleanup_text_ = { 0 }, to _cleanup_text_ = { 0 };
	struct text part _cleanup_text_ = { 0 };
	struct civil_time a, b, end = { 0 };
	bool has_from = civil_time_parse(json_get_string(when, "from"), &a);
	bool has_to = civil_time_parse(json_get_string(when, "to"), &b);

	text_init(&day, 64);
	text_init(&last, 64);
	text_init(&from, 16);
	text_init(&to, 16);
	text_init(&part, 64);
	if (has_from) {
		phrases_day(&day, c->l, &a);
		phrases_clock(&from, &a);
	}
	if (has_to) {
		phrases_clock(&to, &b);
		if (!last_day_of(when, &end))
			end = b;
		phrases_day(&last, c->l, &end);
	}
	if (has_from && say_part(c, &part, when))
		phrases_say(out, c->l, PHRASE_LIMIT_DAY_PART, "day", day.data, "part", part.data,
			    NULL);
	else if (has_from && !has_to)
		phrases_say(out, c->l, PHRASE_LIMIT_FROM, "day", day.data, "from", from.data, NULL);
	else if (has_to && !has_from)
		phrases_say(out, c->l, PHRASE_LIMIT_UNTIL, "day", last.data, "to", to.data, NULL);
	else if (!has_from)
		return;
	else if (strcmp(day.data, last.data) != 0 && b.hour < 6 && b.unix_s - a.unix_s < NIGHT_S)
		/* "tonight" ends after midnight: still that day's. */
		phrases_say(out, c->l, PHRASE_LIMIT_DAY_FROM, "day", day.data, "from", from.data,
			    NULL);
	else if (strcmp(day.data, last.data) != 0)
		phrases_say(out, c->l, PHRASE_LIMIT_DAYS, "first", day.data, "last", last.data,
			    NULL);
	else if (is_midnight(&a) && is_midnight(&b))
		phrases_say(out, c->l, PHRASE_LIMIT_DAY, "day", day.data, NULL);
	else if (b.unix_s - a.unix_s <= 60)
		phrases_say(out, c->l, PHRASE_LIMIT_DAY_AT, "day", day.data, "from", from.data,
			    NULL);
	else if (is_midnight(&b))
		phrases_say(out, c->l, PHRASE_LIMIT_DAY_FROM, "day", day.data, "from", from.data,
			    NULL);
	else
		phrases_say(out, c->l, PHRASE_LIMIT_DAY_SPAN, "day", day.data, "from", from.data,
			    "to", to.data, NULL);
}

#define LIMIT_VALUES                                                                               \
	3 /* that are named; the others are told of, since the list is of all of them */

static void limit_values(struct composing *c, struct text *out, const char *key, enum phrase p)
{
	struct json_object *values = json_get_array(json_get_object(c->facts, "filters"), key);
	size_t n = values ? json_object_array_length(values) : 0;
	struct text all _cleanup_text_ = { 0 };

	if (n == 0)
		return;
	text_init(&all, 8192);
	for (size_t i = 0; i < n && i < LIMIT_VALUES; i++) {
		struct text one _cleanup_text_ = { 0 };

		text_init(&one, 2048);
		if (p == PHRASE_LIMIT_LANGUAGE)
			composer_language(
				c, &one,
				json_object_get_string(json_object_array_get_idx(values, i)));
		else
			quote_markdown(&one,
				       json_object_get_string(json_object_array_get_idx(values, i)),
				       VALUE_CHARS);
		if (i == 0) {
			text_append(&all, one.data);
		} else {
			struct text before _cleanup_text_ = { 0 };

			text_init(&before, 8192);
			text_append(&before, all.data);
			text_clear(&all);
			phrases_say(&all, c->l, PHRASE_LIMIT_OR, "a", before.data, "b", one.data,
				    NULL);
		}
	}
	if (n > LIMIT_VALUES) {
		struct text named _cleanup_text_ = { 0 };

		text_init(&named, 8192);
		text_append(&named, all.data);
		text_clear(&all);
		phrases_say(&all, c->l, PHRASE_LIMIT_OR_OTHERS, "a", named.data, NULL);
	}
	phrases_say(out, c->l, p, "value", all.data, NULL);
}

/* " without a room" */
static void limit_lacking(struct composing *c, struct text *out)
{
	const char *lacking = json_text(c->facts, "lacking");

	if (lacking[0])
		phrases_say(out, c->l,
			    strcmp(lacking, "room") == 0   ? PHRASE_LIMIT_NO_ROOM
			    : strcmp(lacking, "time") == 0 ? PHRASE_LIMIT_NO_TIME
							   : PHRASE_LIMIT_NO_SPEAKER,
			    NULL);
}

void composer_limits(struct composing *c, struct text *out)
{
	struct json_object *when = json_get_object(c->facts, "when");
	const char *kind = json_text(when, "kind");
	struct json_object *among = json_get_array(c->facts, "entities");
	bool exhibitors = among && json_object_array_length(among) == 1 &&
			  strcmp(json_object_get_string(json_object_array_get_idx(among, 0)),
				 "exhibitor") == 0;

	/* Stands were not chosen by time: their days stand beside them. */
	if (!exhibitors && (strcmp(kind, "window") == 0 || strcmp(kind, "first") == 0 ||
			    strcmp(kind, "last") == 0))
		limit_window(c, out, when);
	if (strcmp(json_text(c->facts, "beginners"), "found") == 0 || c->for_beginners)
		phrases_say(out, c->l, PHRASE_LIMIT_BEGINNERS, NULL);
	limit_lacking(c, out);
	limit_values(c, out, "places", PHRASE_LIMIT_PLACE);
	limit_values(c, out, "tracks", exhibitors ? PHRASE_LIMIT_CATEGORY : PHRASE_LIMIT_TRACK);
	limit_values(c, out, "types", PHRASE_LIMIT_TYPE);
	limit_values(c, out, "levels", PHRASE_LIMIT_LEVEL);
	limit_values(c, out, "languages", PHRASE_LIMIT_LANGUAGE);
	limit_values(c, out, "speakers", PHRASE_LIMIT_SPEAKER);
}

/* --- items ----------------------------------------------------------------- */

/* What stands before the place of a running or coming session: "until 16:50", "15:00, in 25
 * minutes". */
static bool item_hours(struct composing *c, struct json_object *s)
{
	const char *kind = json_text(json_get_object(c->facts, "when"), "kind");
	struct text words _cleanup_text_ = { 0 };
	struct civil_time start, end, now;

	text_init(&words, 128);
	if (strcmp(kind, "now") == 0 && composer_now(c, &now) &&
	    civil_time_parse(json_get_string(s, "end"), &end) && end.unix_s > now.unix_s &&
	    civil_time_parse(json_get_string(s, "start"), &start) && start.unix_s <= now.unix_s) {
		phrases_clock(&words, &end);
		phrases_say(c->out, c->l, PHRASE_UNTIL, "time", words.data, NULL);
		return true;
	}
	if (!composer_hours(c, c->out, s))
		return false;
	if (strcmp(kind, "now") != 0 && composer_phase(c, "during") && composer_now(c, &now) &&
	    civil_time_parse(json_get_string(s, "end"), &end) && end.unix_s <= now.unix_s) {
		text_append(c->out, " (");
		phrases_say(c->out, c->l, PHRASE_OVER_SHORT, NULL);
		text_append(c->out, ")");
	}
	if ((strcmp(kind, "next") == 0 || strcmp(kind, "now") == 0) && composer_now(c, &now) &&
	    civil_time_parse(json_get_string(s, "start"), &start) && start.unix_s > now.unix_s &&
	    start.unix_s - now.unix_s < 6 * 3600) {
		phrases_span(&words, c->l, start.unix_s - now.unix_s);
		text_append(c->out, " (");
		phrases_say(c->out, c->l, PHRASE_IN_SPAN, "span", words.data, NULL);
		text_append(c->out, ")");
	}
	return true;
}

/* In the record's own words, and as such: “...”. */
static void say_telling(struct composing *c, struct json_object *record)
{
	struct text words _cleanup_text_ = { 0 };

	text_init(&words, 8192);
	quote_sentences(&words, json_text(record, "telling"), TELLING_CHARS);
	if (words.len)
		phrases_say(c->out, c->l, PHRASE_TELLING, "value", words.data, NULL);
}

static void session_item(struct composing *c, struct json_object *s)
{
	struct text place _cleanup_text_ = { 0 }, people _cleanup_text_ = { 0 };
	bool timed;

	text_init(&place, 2048);
	text_init(&people, 4096);
	text_append(c->out, "- ");
	timed = item_hours(c, s);
	quote_markdown(&place, json_text(s, "location"), VALUE_CHARS);
	if (place.len)
		text_printf(c->out, "%s%s", timed ? ", " : "", place.data);
	text_append(c->out, timed || place.len ? ": " : "");
	composer_name(c->out, s);
	if (!timed) {
		text_append(c->out, ", ");
		phrases_say(c->out, c->l, PHRASE_NO_TIME_SHORT, NULL);
	}
	if (composer_people(c, &people, s, 2))
		text_printf(c->out, " (%s)", people.data);
	say_telling(c, s);
	text_append(c->out, "\n");
}

static void exhibitor_item(struct composing *c, struct json_object *e)
{
	struct text booth _cleanup_text_ = { 0 }, hint _cleanup_text_ = { 0 };
	struct text days _cleanup_text_ = { 0 };

	text_init(&days, 2048);
	text_init(&booth, 2048);
	text_init(&hint, 8192);
	quote_markdown(&booth, json_text(e, "booth"), VALUE_CHARS);
	quote_sentences(&hint, json_text(e, "description"), HINT_CHARS);
	if (!hint.len)
		quote_markdown(&hint, json_text(e, "category"), HINT_CHARS);
	text_append(c->out, "- ");
	composer_name(c->out, e);
	quote_markdown(&days, json_text(e, "availability"), VALUE_CHARS);
	if (booth.len || days.len)
		text_printf(c->out, " (%s%s%s)", booth.data, booth.len && days.len ? "; " : "",
			    days.data);
	if (hint.len)
		text_printf(c->out, ": %s", hint.data);
	text_append(c->out, "\n");
}

static void speaker_item(struct composing *c, struct json_object *p)
{
	struct json_object *sessions = json_get_array(p, "sessions");
	struct text role _cleanup_text_ = { 0 };
	size_t n = sessions ? json_object_array_length(sessions) : 0;
	const char *title = json_get_string(p, "title"), *company = json_get_string(p, "company");

	text_init(&role, 4096);
	quote_markdown(&role, title ? title : "", VALUE_CHARS);
	text_append(&role, title && company ? ", " : "");
	quote_markdown(&role, company ? company : "", VALUE_CHARS);
	text_append(c->out, "- ");
	composer_name(c->out, p);
	if (role.len)
		text_printf(c->out, ", %s", role.data);
	for (size_t i = 0; i < n && i < 2; i++) {
		struct json_object *s = json_object_array_get_idx(sessions, i);
		struct text when _cleanup_text_ = { 0 };

		text_init(&when, 256);
		text_printf(c->out, "%s[[%s]]", i ? "; " : ": ", json_text(s, "handle"));
		if (composer_when(c, &when, s))
			text_printf(c->out, " (%s)", when.data);
	}
	say_telling(c, p);
	text_append(c->out, "\n");
}

/* A bold line for a new day. */
static void day_heading(struct composing *c, struct json_object *s, char *last, size_t size)
{
	struct text day _cleanup_text_ = { 0 };
	struct civil_time start;

	text_init(&day, 64);
	if (civil_time_parse(json_get_string(s, "start"), &start))
		phrases_day(&day, c->l, &start);
	if (strcmp(day.data, last) == 0)
		return;
	snprintf(last, size, "%s", day.data);
	if (day.len)
		text_printf(c->out, "\n**%s**\n\n", day.data);
	else
		text_append(c->out, "\n");
}

size_t composer_items(struct composing *c, struct json_object *records, const char *type,
		      size_t max, bool by_day)
{
	size_t n = json_object_array_length(records), written = 0;
	char day[64] = "?";

	if (!by_day)
		text_append(c->out, "\n");
	for (size_t i = 0; i < n && written < max; i++) {
		struct json_object *r = json_object_array_get_idx(records, i);

		if (strcmp(json_text(r, "type"), type) != 0 || json_get_bool(r, "focus", false))
			continue;
		if (strcmp(type, "session") == 0) {
			if (by_day)
				day_heading(c, r, day, sizeof(day));
			session_item(c, r);
		} else if (strcmp(type, "exhibitor") == 0) {
			exhibitor_item(c, r);
		} else {
			speaker_item(c, r);
		}
		written++;
	}
	return written;
}

/* --- leads ----------------------------------------------------------------- */

static const struct kind {
	const char *type;
	enum phrase topic_one, topic_many, help_one, help_many, plain_one, plain_many, count_one,
		count_many, heading;
} kinds[] = {
	{ "session", PHRASE_TOPIC_SESSION, PHRASE_TOPIC_SESSIONS, PHRASE_HELP_SESSION,
	  PHRASE_HELP_SESSIONS, PHRASE_PLAIN_SESSION, PHRASE_PLAIN_SESSIONS, PHRASE_COUNT_SESSION,
	  PHRASE_COUNT_SESSIONS, PHRASE_HEAD_SESSIONS },
	{ "exhibitor", PHRASE_TOPIC_EXHIBITOR, PHRASE_TOPIC_EXHIBITORS, PHRASE_HELP_EXHIBITOR,
	  PHRASE_HELP_EXHIBITORS, PHRASE_PLAIN_EXHIBITOR, PHRASE_PLAIN_EXHIBITORS,
	  PHRASE_COUNT_EXHIBITOR, PHRASE_COUNT_EXHIBITORS, PHRASE_HEAD_EXHIBITORS },
	{ "speaker", PHRASE_TOPIC_SPEAKER, PHRASE_TOPIC_SPEAKERS, PHRASE_HELP_SPEAKER,
	  PHRASE_HELP_SPEAKERS, PHRASE_PLAIN_SPEAKER, PHRASE_PLAIN_SPEAKERS, PHRASE_COUNT_SPEAKER,
	  PHRASE_COUNT_SPEAKERS, PHRASE_HEAD_SPEAKERS },
};

static size_t count_of(struct json_object *results, const char *type)
{
	size_t n = 0;

	for (size_t i = 0; i < json_object_array_length(results); i++) {
		struct json_object *r = json_object_array_get_idx(results, i);

		n += strcmp(json_text(r, "type"), type) == 0 && !json_get_bool(r, "focus", false);
	}
	return n;
}

static bool one_day(struct json_object *results)
{
	const char *day = NULL;

	for (size_t i = 0; i < json_object_array_length(results); i++) {
		const char *d = json_text(json_object_array_get_idx(results, i), "day");

		if (day && strcmp(d, day) != 0)
			return false;
		day = d;
	}
	return true;
}

/* "It is 14:05 (Europe/Brussels). Running now in Janson:" */
static void say_clock(struct composing *c, enum phrase p, const char *limits)
{
	const char *zone = json_text(json_get_object(c->facts, "conference"), "timezone");
	struct text time _cleanup_text_ = { 0 };
	struct civil_time now = { 0 };

	text_init(&time, 16);
	composer_now(c, &now);
	phrases_clock(&time, &now);
	phrases_say(c->out, c->l, p, "time", time.data, "zone", zone, "limits", limits, NULL);
}

static bool relaxed_now(struct composing *c)
{
	return json_get_bool(json_get_object(c->facts, "when"), "was_now", false);
}

/* The topic is only some words of a sentence: it is no name for what is asked. */
static bool is_loose(struct composing *c)
{
	return json_get_bool(c->facts, "loose", false);
}

/* " on “storage” on Friday": what is asked for and its limits. */
static void topic_and_limits(struct composing *c, struct text *out)
{
	struct text topic _cleanup_text_ = { 0 };

	text_init(&topic, 2048);
	text_init(out, 8192);
	quote_markdown(&topic, json_text(c->facts, "topic"), TOPIC_CHARS);
	if (topic.len)
		phrases_say(out, c->l, PHRASE_LIMIT_TOPIC, "topic", topic.data, NULL);
	composer_limits(c, out);
}

/* The first of all, or of those on a topic: it is said which. */
static void lead_of_one(struct composing *c, bool first)
{
	struct text limits _cleanup_text_ = { 0 };

	topic_and_limits(c, &limits);
	phrases_say(c->out, c->l, first ? PHRASE_FIRST_LEAD : PHRASE_LAST_LEAD, "limits",
		    limits.data, NULL);
}

static void lead(struct composing *c, const struct kind *k, size_t n, int64_t total)
{
	const char *when = json_text(json_get_object(c->facts, "when"), "kind");
	struct text topic _cleanup_text_ = { 0 }, limits _cleanup_text_ = { 0 };
	bool one = total == 1;
	char number[24];

	text_init(&topic, 2048);
	text_init(&limits, 8192);
	quote_markdown(&topic, json_text(c->facts, "topic"), TOPIC_CHARS);
	composer_limits(c, &limits);
	snprintf(number, sizeof(number), "%lld", (long long)total);
	if ((strcmp(when, "now") == 0 || strcmp(when, "next") == 0) && topic.len)
		phrases_say(&limits, c->l, PHRASE_LIMIT_TOPIC, "topic", topic.data, NULL);
	if (strcmp(when, "now") == 0) {
		say_clock(c, PHRASE_NOW_LEAD, limits.data);
	} else if (strcmp(when, "next") == 0 && relaxed_now(c)) {
		say_clock(c, PHRASE_NOW_NONE, limits.data);
		composer_space(c);
		phrases_say(c->out, c->l, PHRASE_NEXT_AFTER_NONE, NULL);
	} else if (strcmp(when, "next") == 0) {
		say_clock(c, PHRASE_NEXT_LEAD, limits.data);
	} else if (json_get_string(json_get_object(c->facts, "when"), "beside")) {
		phrases_say(
			c->out, c->l,
			strcmp(json_text(json_get_object(c->facts, "when"), "beside"), "after") == 0
				? PHRASE_AFTER_LEAD
				: PHRASE_BEFORE_LEAD,
			"limits", limits.data, NULL);
	} else if (strcmp(when, "first") == 0 || strcmp(when, "last") == 0) {
		lead_of_one(c, *when == 'f');
	} else if (topic.len && is_loose(c)) {
		phrases_say(c->out, c->l, n == 1 ? k->help_one : k->help_many, "limits",
			    limits.data, NULL);
	} else if (topic.len) {
		phrases_say(c->out, c->l, n == 1 ? k->topic_one : k->topic_many, "topic",
			    topic.data, "limits", limits.data, NULL);
	} else {
		phrases_say(c->out, c->l, one ? k->plain_one : k->plain_many, "n", number, "limits",
			    limits.data, NULL);
	}
}

static void say_count(struct composing *c, const struct kind *k, int64_t total)
{
	struct text limits _cleanup_text_ = { 0 };
	char number[32];

	topic_and_limits(c, &limits);
	snprintf(number, sizeof(number), "**%lld**", (long long)total);
	phrases_say(c->out, c->l, total == 1 ? k->count_one : k->count_many, "n", number, "limits",
		    limits.data, NULL);
}

static void say_more(struct composing *c, const struct kind *k, int64_t total, size_t shown)
{
	bool at_least = json_get_bool(json_get_object(c->facts, "at_least"), k->type, false);
	char number[24];

	if (total <= (int64_t)shown)
		return;
	snprintf(number, sizeof(number), "%lld", (long long)(total - (int64_t)shown));
	text_append(c->out, "\n");
	phrases_say(c->out, c->l, at_least ? PHRASE_AND_OTHERS : PHRASE_AND_MORE, "n", number,
		    NULL);
	text_append(c->out, "\n");
}

/* The lead said which day it is, or it is today. */
static bool day_is_clear(struct composing *c, struct json_object *results)
{
	const char *when = json_text(json_get_object(c->facts, "when"), "kind");
	const char *today = json_text(c->facts, "now");

	if (strcmp(when, "now") == 0)
		return true;
	if (!one_day(results))
		return false;
	return strcmp(when, "window") == 0 ||
	       ((strcmp(when, "first") == 0 || strcmp(when, "last") == 0) &&
		json_get_string(json_get_object(c->facts, "when"), "from")) ||
	       (strcmp(when, "next") == 0 &&
		strncmp(json_text(json_object_array_get_idx(results, 0), "day"), today, 10) == 0);
}

/* Those of one kind that say they are for beginners, or the others.  Owned. */
static struct json_object *beginners_of(struct json_object *results, const struct kind *k, bool are)
{
	struct json_object *out = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(results); i++) {
		struct json_object *r = json_object_array_get_idx(results, i);

		if (strcmp(json_text(r, "type"), k->type) == 0 &&
		    json_get_bool(r, "for_beginners", false) == are)
			json_object_array_add(out, json_object_get(r));
	}
	return out;
}

/* A few are for beginners: they, and then what else there is on it, said to be that. */
static void say_beginners(struct composing *c, struct json_object *results, const struct kind *k,
			  int64_t total)
{
	struct json_object *few = beginners_of(results, k, true);
	struct json_object *others = beginners_of(results, k, false);
	size_t n = json_object_array_length(few), shown;
	bool by_day = strcmp(k->type, "session") == 0 && !day_is_clear(c, results);
	struct text topic _cleanup_text_ = { 0 };

	text_init(&topic, 2048);
	quote_markdown(&topic, json_text(c->facts, "topic"), TOPIC_CHARS);
	c->for_beginners = true;
	lead(c, k, n, (int64_t)n);
	c->for_beginners = false;
	text_append(c->out, "\n");
	shown = composer_items(c, few, k->type, MAX_ITEMS, by_day);
	text_append(c->out, "\n");
	phrases_say(c->out, c->l, PHRASE_BEGINNERS_REST, "topic", topic.data, NULL);
	text_append(c->out, "\n");
	shown += composer_items(c, others, k->type, MAX_ITEMS - n, by_day);
	say_more(c, k, total, shown);
	json_object_put(few);
	json_object_put(others);
}

static bool some_are_for_beginners(struct composing *c, struct json_object *results,
				   const struct kind *k)
{
	struct json_object *few = beginners_of(results, k, true);
	size_t n = json_object_array_length(few);

	json_object_put(few);
	return n && n < MAX_ITEMS && strcmp(json_text(c->facts, "beginners"), "some") == 0;
}

/* Of a window: does the session run since before it? */
static bool runs_since_earlier(struct composing *c, struct json_object *session)
{
	struct json_object *when = json_get_object(c->facts, "when");
	struct civil_time from, start;

	return json_get_bool(when, "runs_within", false) &&
	       strcmp(json_text(session, "type"), "session") == 0 &&
	       civil_time_parse(json_get_string(when, "from"), &from) &&
	       civil_time_parse(json_get_string(session, "start"), &start) &&
	       start.unix_s < from.unix_s;
}

/* What begins in the window, then what runs in it since earlier: in that order they come.  How many were written. */
static size_t say_items(struct composing *c, struct json_object *results, const struct kind *k,
			bool by_day)
{
	struct json_object *begin = json_object_new_array(), *run = json_object_new_array();
	size_t written;

	for (size_t i = 0; i < json_object_array_length(results); i++) {
		struct json_object *r = json_object_array_get_idx(results, i);

		json_object_array_add(runs_since_earlier(c, r) ? run : begin, json_object_get(r));
	}
	written = composer_items(c, begin, k->type, MAX_ITEMS, by_day);
	if (json_object_array_length(run)) {
		if (written) {
			text_append(c->out, "\n");
			phrases_say(c->out, c->l, PHRASE_RUNNING_SINCE, NULL);
			text_append(c->out, "\n");
		}
		written += composer_items(c, run, k->type, written ? MAX_ITEMS_MIXED : MAX_ITEMS,
					  by_day);
	}
	json_object_put(begin);
	json_object_put(run);
	return written;
}

static void say_one_kind(struct composing *c, struct json_object *results, const struct kind *k)
{
	int64_t total = json_get_int(json_get_object(c->facts, "totals"), k->type, 0);
	size_t n = count_of(results, k->type), shown;

	composer_paragraph(c);
	if (strcmp(json_text(c->facts, "asked"), "count") == 0) {
		say_count(c, k, total);
		return;
	}
	if (some_are_for_beginners(c, results, k)) {
		say_beginners(c, results, k, total);
		return;
	}
	/* "The programme has this on it:" was said. */
	if (!json_get_bool(c->facts, "facility", false))
		lead(c, k, n, total);
	text_append(c->out, "\n");
	shown = say_items(c, results, k,
			  strcmp(k->type, "session") == 0 && !day_is_clear(c, results));
	say_more(c, k, total, shown);
}

static void say_mixed(struct composing *c, struct json_object *results)
{
	struct text topic _cleanup_text_ = { 0 }, limits _cleanup_text_ = { 0 };

	text_init(&topic, 2048);
	text_init(&limits, 8192);
	quote_markdown(&topic, json_text(c->facts, "topic"), TOPIC_CHARS);
	composer_limits(c, &limits);
	composer_paragraph(c);
	phrases_say(c->out, c->l,
		    !topic.len	  ? PHRASE_MIXED_PLAIN
		    : is_loose(c) ? PHRASE_HELP_MIXED
				  : PHRASE_MIXED_TOPIC,
		    "topic", topic.data, "limits", limits.data, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!count_of(results, kinds[i].type))
			continue;
		composer_paragraph(c);
		text_append(c->out, "**");
		phrases_say(c->out, c->l, kinds[i].heading, NULL);
		text_append(c->out, "**\n");
		composer_items(c, results, kinds[i].type, MAX_ITEMS_MIXED,
			       strcmp(kinds[i].type, "session") == 0 && !day_is_clear(c, results));
	}
}

void composer_lists(struct composing *c)
{
	struct json_object *results = json_get_array(c->facts, "results");
	const struct kind *only = NULL;
	size_t n_kinds = 0;

	if (!results)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (count_of(results, kinds[i].type)) {
			only = &kinds[i];
			n_kinds++;
		}
	}
	if (n_kinds == 1)
		say_one_kind(c, results, only);
	else if (n_kinds > 1)
		say_mixed(c, results);
}
