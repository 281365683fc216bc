/*
 * composer_text.c - which kind of answer this is, and the ones that are not about records.
 */
#include "llm/composer.h"

#include <ctype.h>
#include <string.h>
#include "base/utf8.h"
#include "llm/quote.h"

#define NAME_CHARS    120
#define TOPIC_CHARS   80
#define PASSAGE_CHARS 700
#define TOOL_CHARS    2000
#define NOTE_CHARS    500
#define MAX_FOCUS     3
#define MAX_SEE_ALSO  2

void composer_paragraph(struct composing *c)
{
	struct text *t = c->out;

	while (t->len && t->data[t->len - 1] == '\n')
		t->data[--t->len] = '\0';
	if (t->len)
		text_append(t, "\n\n");
}

void composer_space(struct composing *c)
{
	struct text *t = c->out;

	if (t->len && !strchr(" \n", t->data[t->len - 1]))
		text_append_char(t, ' ');
}

const char *composer_conference(struct composing *c)
{
	return json_text(json_get_object(c->facts, "conference"), "name");
}

bool composer_now(struct composing *c, struct civil_time *now)
{
	return civil_time_parse(json_get_string(c->facts, "now"), now);
}

bool composer_phase(struct composing *c, const char *phase)
{
	return strcmp(json_text(c->facts, "phase"), phase) == 0;
}

bool composer_dates(struct composing *c, struct text *out)
{
	struct json_object *conference = json_get_object(c->facts, "conference");
	struct text first _cleanup_text_ = { 0 }, last _cleanup_text_ = { 0 };
	struct civil_time a, b;
	bool same_year, same_day;

	if (!civil_time_parse(json_get_string(conference, "start_date"), &a))
		return false;
	if (!civil_time_parse(json_get_string(conference, "end_date"), &b))
		b = a;
	text_init(&first, 64);
	text_init(&last, 64);
	same_year = a.year == b.year;
	same_day = same_year && a.month == b.month && a.day == b.day;
	phrases_date(&first, c->l, &a, same_day || !same_year);
	phrases_date(&last, c->l, &b, true);
	if (same_day)
		phrases_say(out, c->l, PHRASE_DATES_ONE, "day", first.data, NULL);
	else
		phrases_say(out, c->l, PHRASE_DATES_SPAN, "first", first.data, "last", last.data,
			    NULL);
	return true;
}

static bool kind_is(struct composing *c, const char *kind)
{
	return strcmp(json_text(c->facts, "kind"), kind) == 0;
}

/* Did an answer of this conversation say that? */
static bool was_said(struct composing *c, const char *sentence)
{
	for (size_t i = 0; i < c->rq->n_history; i++)
		if (strcmp(c->rq->history[i].role, "assistant") == 0 && c->rq->history[i].text &&
		    strstr(c->rq->history[i].text, sentence))
			return true;
	return false;
}

static void say_conference(struct composing *c, enum phrase p)
{
	struct text dates _cleanup_text_ = { 0 }, name _cleanup_text_ = { 0 };
	struct text said _cleanup_text_ = { 0 };

	text_init(&dates, 256);
	text_init(&name, 4096);
	if (!composer_dates(c, &dates))
		return;
	quote_markdown(&name, composer_conference(c), NAME_CHARS);
	text_init(&said, 8192);
	phrases_say(&said, c->l, p, "conference", name.data, "dates", dates.data, NULL);
	/* Once in a conversation, unless it is the whole answer. */
	if (p != PHRASE_CONF_OVER || !kind_is(c, "entities") || !was_said(c, said.data))
		text_append(c->out, said.data);
}

/* A phrase whose only variable is the conference's name. */
static void say_named(struct composing *c, enum phrase p)
{
	struct text name _cleanup_text_ = { 0 };

	text_init(&name, 4096);
	quote_markdown(&name, composer_conference(c), NAME_CHARS);
	phrases_say(c->out, c->l, p, "conference", name.data, NULL);
}

/* What a web page leaves behind ("(-)", "-:") is no line. */
static bool says_anything(const char *line)
{
	size_t letters = 0;

	for (; *line && letters < 2; line++)
		letters += (*line & 0x80) || isalnum((unsigned char)*line);
	return letters >= 2;
}

/* Text of several lines, quoted line by line; lists stay lists. */
static void say_block(struct composing *c, const char *s, size_t max_chars)
{
	struct text clean _cleanup_text_ = { 0 };
	bool in_list = false;
	char *next, *line;

	text_init(&clean, 256 * 1024);
	quote_clean(&clean, s, max_chars, true);
	if (!clean.len)
		return;
	composer_paragraph(c);
	for (line = clean.data; line; line = next) {
		size_t marks = strspn(line, "#-+=>*_~| ");
		bool item;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		item = marks && strchr("-*+", line[0]) && line[marks - 1] == ' ';
		if (!says_anything(line + marks))
			continue;
		if (item != in_list)
			composer_paragraph(c);
		text_append(c->out, item ? "- " : "");
		quote_markdown(c->out, line + marks, max_chars);
		text_append(c->out, item ? "\n" : "\n\n");
		in_list = item;
	}
}

static void say_strings(struct composing *c, const char *key, size_t max_chars)
{
	struct json_object *texts = json_get_array(c->facts, key);

	for (size_t i = 0; texts && i < json_object_array_length(texts); i++)
		say_block(c, json_object_get_string(json_object_array_get_idx(texts, i)),
			  max_chars);
}

/* "You can ask me about sessions and their times, speakers and practical matters." */
static void say_can_do(struct composing *c)
{
	static const struct {
		const char *count;
		enum phrase words;
	} kinds[] = { { "sessions", PHRASE_CAN_SESSIONS },
		      { "speakers", PHRASE_CAN_SPEAKERS },
		      { "exhibitors", PHRASE_CAN_EXHIBITORS },
		      { "info", PHRASE_CAN_INFO } };
	struct json_object *conference = json_get_object(c->facts, "conference");
	struct text list _cleanup_text_ = { 0 }, last _cleanup_text_ = { 0 };
	struct text all _cleanup_text_ = { 0 };

	text_init(&list, 1024);
	text_init(&last, 256);
	text_init(&all, 2048);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (json_get_int(conference, kinds[i].count, 0) <= 0)
			continue;
		if (last.len) {
			text_append(&list, list.len ? ", " : "");
			text_append(&list, last.data);
		}
		text_clear(&last);
		phrases_say(&last, c->l, kinds[i].words, NULL);
	}
	if (!last.len)
		return;
	if (list.len)
		phrases_say(&all, c->l, PHRASE_PEOPLE_AND, "list", list.data, "last", last.data,
			    NULL);
	else
		text_append(&all, last.data);
	composer_space(c);
	phrases_say(c->out, c->l, PHRASE_CAN_DO, "what", all.data, NULL);
}

/* --- small talk ------------------------------------------------------------- */

static bool has_any(const char *folded, const char *const *words)
{
	for (size_t i = 0; words[i]; i++) {
		size_t n = strlen(words[i]);

		for (const char *p = strstr(folded, words[i]); p; p = strstr(p + 1, words[i]))
			if ((p == folded || !isalnum((unsigned char)p[-1])) &&
			    !isalnum((unsigned char)p[n]))
				return true;
	}
	return false;
}

static void say_smalltalk(struct composing *c)
{
	static const char *const thanks[] = { "thank", "thanks",  "thx", "danke",
					      "merci", "gracias", NULL };
	static const char *const bye[] = { "bye",	  "goodbye",   "tschuss",
					   "wiedersehen", "au revoir", "adios",
					   "hasta luego", "ciao",      NULL };
	const char *question = c->rq->question ? c->rq->question : "";
	char *folded _cleanup_free_ = utf8_fold(question, strlen(question));

	if (json_get_bool(c->facts, "angry", false)) {
		phrases_say(c->out, c->l, PHRASE_ANGRY, NULL);
		say_can_do(c);
	} else if (folded && has_any(folded, bye)) {
		say_named(c, PHRASE_BYE);
	} else if (folded && has_any(folded, thanks)) {
		say_named(c, PHRASE_THANKS);
	} else {
		say_named(c, PHRASE_HELLO);
		say_can_do(c);
	}
}

/* --- asking back ------------------------------------------------------------ */

static void say_clarify(struct composing *c)
{
	struct json_object *clarify = json_get_object(c->facts, "clarify");
	struct json_object *choices = json_get_array(clarify, "choices");
	const char *about = json_text(clarify, "about"), *text = json_get_string(clarify, "text");
	struct text list _cleanup_text_ = { 0 };

	if (choices && json_object_array_length(choices)) {
		text_init(&list, 1024);
		for (size_t i = 0; i < json_object_array_length(choices); i++)
			text_printf(&list, "%s**[[%s]]**", i ? ", " : "",
				    json_object_get_string(json_object_array_get_idx(choices, i)));
		phrases_say(c->out, c->l, PHRASE_CLARIFY_WHICH, "choices", list.data, NULL);
	} else if (text) {
		quote_sentences(c->out, text, NOTE_CHARS);
	} else {
		phrases_say(c->out, c->l,
			    strcmp(about, "interest") == 0  ? PHRASE_CLARIFY_INTEREST
			    : strcmp(about, "time") == 0    ? PHRASE_CLARIFY_TIME
			    : strcmp(about, "ordinal") == 0 ? PHRASE_CLARIFY_ORDINAL
							    : PHRASE_CLARIFY_WHAT,
			    NULL);
	}
}

/* --- information pages ------------------------------------------------------- */

void composer_info(struct composing *c)
{
	struct json_object *info = json_get_array(c->facts, "info");
	size_t n = info ? json_object_array_length(info) : 0;

	if (json_get_bool(c->facts, "time_unknown", false))
		phrases_say(c->out, c->l, PHRASE_INFO_NO_TIME, NULL);
	else if (json_get_bool(c->facts, "nearly", false))
		phrases_say(c->out, c->l, PHRASE_INFO_NEARLY, NULL);
	for (size_t i = 0; i < n && i < 1 + MAX_SEE_ALSO; i++) {
		struct json_object *page = json_object_array_get_idx(info, i);
		struct json_object *passages = json_get_array(page, "passages");
		struct text name _cleanup_text_ = { 0 };

		for (size_t k = 0; i == 0 && passages && k < json_object_array_length(passages);
		     k++)
			say_block(c, json_object_get_string(json_object_array_get_idx(passages, k)),
				  PASSAGE_CHARS);
		text_init(&name, 64);
		composer_name(&name, page);
		if (i < 2)
			composer_paragraph(c);
		else
			composer_space(c);
		phrases_say(c->out, c->l, i ? PHRASE_INFO_ALSO : PHRASE_INFO_MORE, "name",
			    name.data, NULL);
	}
}

void composer_language(struct composing *c, struct text *out, const char *code)
{
	struct text words _cleanup_text_ = { 0 };

	text_init(&words, 2048);
	phrases_language(&words, c->l, code);
	quote_markdown(out, words.data, NAME_CHARS);
}

/* "Lotsenspeicher, Hamburg" */
static void say_venue(struct composing *c, struct text *out)
{
	struct json_object *conference = json_get_object(c->facts, "conference");
	const char *venue = json_get_string(conference, "venue");
	const char *city = json_get_string(conference, "city");

	quote_markdown(out, venue ? venue : "", NAME_CHARS);
	text_append(out, venue && city ? ", " : "");
	quote_markdown(out, city ? city : "", NAME_CHARS);
}

/* The conference itself: when, where, what. */
static void say_about_conference(struct composing *c)
{
	struct json_object *conference = json_get_object(c->facts, "conference");
	struct text name _cleanup_text_ = { 0 }, place _cleanup_text_ = { 0 };
	struct text dates _cleanup_text_ = { 0 };

	text_init(&name, 4096);
	text_init(&place, 4096);
	text_init(&dates, 256);
	quote_markdown(&name, composer_conference(c), NAME_CHARS);
	say_venue(c, &place);
	if (composer_dates(c, &dates))
		phrases_say(c->out, c->l, place.len ? PHRASE_CONF_WHEN_WHERE : PHRASE_CONF_WHEN,
			    "conference", name.data, "dates", dates.data, "venue", place.data,
			    NULL);
	if (strcmp(json_text(c->facts, "asked"), "when") != 0 &&
	    strcmp(json_text(c->facts, "asked"), "where") != 0) {
		composer_paragraph(c);
		quote_sentences(c->out, json_text(conference, "description"), PASSAGE_CHARS);
	}
}

/* A page that is named. */
static void say_page(struct composing *c, const char *which, enum phrase p)
{
	struct json_object *page = json_get_object(c->facts, which);
	struct text name _cleanup_text_ = { 0 };

	if (!page)
		return;
	text_init(&name, 64);
	composer_name(&name, page);
	composer_space(c);
	phrases_say(c->out, c->l, p, "name", name.data, NULL);
}

/* --- a building ------------------------------------------------------------------ */

static void say_rooms(struct composing *c, struct json_object *building)
{
	struct json_object *rooms = json_get_array(building, "rooms");
	size_t n = rooms ? json_object_array_length(rooms) : 0;
	struct text list _cleanup_text_ = { 0 };
	char count[24];

	text_init(&list, 64 * 1024);
	for (size_t i = 0; i < n; i++) {
		text_append(&list, i ? ", " : "");
		quote_markdown(&list, json_object_get_string(json_object_array_get_idx(rooms, i)),
			       NAME_CHARS);
	}
	snprintf(count, sizeof(count), "%lld", (long long)json_get_int(building, "more", 0));
	if (n == 0)
		return;
	composer_space(c);
	phrases_say(c->out, c->l,
		    json_get_int(building, "more", 0) ? PHRASE_PLACE_ROOMS_MORE
						      : PHRASE_PLACE_ROOMS,
		    "rooms", list.data, "count", count, NULL);
}

/* Where that is as far as anything says it, and what is in it. */
static void say_building(struct composing *c)
{
	struct json_object *building = json_get_object(c->facts, "building");
	struct text name _cleanup_text_ = { 0 }, venue _cleanup_text_ = { 0 };
	char count[24];

	text_init(&name, 4096);
	text_init(&venue, 8192);
	quote_markdown(&name, json_text(building, "name"), NAME_CHARS);
	if (name.len && name.data[0] >= 'a' && name.data[0] <= 'z')
		name.data[0] = (char)(name.data[0] - 'a' + 'A');
	say_venue(c, &venue);
	if (venue.len)
		phrases_say(c->out, c->l, PHRASE_PLACE_AT, "name", name.data, "venue", venue.data,
			    NULL);
	say_rooms(c, building);
	snprintf(count, sizeof(count), "%lld", (long long)json_get_int(building, "stands", 0));
	if (json_get_int(building, "stands", 0)) {
		composer_space(c);
		phrases_say(c->out, c->l, PHRASE_PLACE_STANDS, "count", count, NULL);
	}
	if (strcmp(json_text(c->facts, "asked"), "where") != 0)
		return;
	composer_paragraph(c);
	phrases_say(c->out, c->l, PHRASE_PLACE_UNKNOWN, "value", name.data, NULL);
	say_page(c, "closest", PHRASE_NONE_CLOSEST);
}

/* "Rooms in the programme: 12.", and their names, which may have commas. */
static void say_counted(struct composing *c)
{
	struct json_object *counted = json_get_object(c->facts, "counted");
	struct json_object *names = json_get_array(counted, "names");
	size_t n = names ? json_object_array_length(names) : 0;
	int64_t all = json_get_int(counted, "n", 0);
	bool rooms = strcmp(json_text(counted, "what"), "rooms") == 0;
	struct text list _cleanup_text_ = { 0 };
	char count[24], more[24];

	text_init(&list, 64 * 1024);
	for (size_t i = 0; i < n; i++) {
		text_append(&list, i ? "; " : "");
		quote_markdown(&list, json_object_get_string(json_object_array_get_idx(names, i)),
			       NAME_CHARS);
	}
	snprintf(count, sizeof(count), "%lld", (long long)all);
	snprintf(more, sizeof(more), "%lld", (long long)(all - (int64_t)n));
	if (!all)
		phrases_say(c->out, c->l, rooms ? PHRASE_COUNT_NO_ROOM : PHRASE_COUNT_NO_TRACK,
			    NULL);
	else
		phrases_say(c->out, c->l, rooms ? PHRASE_COUNT_ROOMS : PHRASE_COUNT_TRACKS, "n",
			    count, NULL);
	if (!n)
		return;
	composer_paragraph(c);
	if (all > (int64_t)n)
		phrases_say(c->out, c->l, PHRASE_PEOPLE_MORE, "list", list.data, "n", more, NULL);
	else
		text_append(c->out, list.data);
}

/* --- nothing found ------------------------------------------------------------ */

/* "It is 19:10 (Europe/Brussels). Nothing is running right now." */
static bool say_no_time(struct composing *c, const char *kind, const char *limits)
{
	const char *zone = json_text(json_get_object(c->facts, "conference"), "timezone");
	struct text time _cleanup_text_ = { 0 };
	struct civil_time now;

	if ((strcmp(kind, "now") != 0 && strcmp(kind, "next") != 0) || !composer_now(c, &now))
		return false;
	text_init(&time, 16);
	phrases_clock(&time, &now);
	phrases_say(c->out, c->l,
		    *kind == 'n' && kind[1] == 'o' ? PHRASE_NOW_NONE : PHRASE_NEXT_NONE, "time",
		    time.data, "zone", zone, "limits", limits, NULL);
	return true;
}

/* "There is no Hall Q at Harbour Days. Names like it: Hall A; Hall B." */
static void say_no_place(struct composing *c, const char *conference)
{
	struct json_object *place = json_get_object(c->facts, "no_place");
	struct json_object *near = json_get_array(place, "near");
	size_t n = near ? json_object_array_length(near) : 0;
	struct text name _cleanup_text_ = { 0 }, list _cleanup_text_ = { 0 };

	text_init(&name, 4096);
	text_init(&list, 16 * 1024);
	quote_markdown(&name, json_text(place, "name"), NAME_CHARS);
	for (size_t i = 0; i < n; i++) {
		text_append(&list, i ? "; " : "");
		quote_markdown(&list, json_object_get_string(json_object_array_get_idx(near, i)),
			       NAME_CHARS);
	}
	phrases_say(c->out, c->l, PHRASE_NO_PLACE, "name", name.data, "conference", conference,
		    NULL);
	if (!n)
		return;
	composer_space(c);
	phrases_say(c->out, c->l, PHRASE_NO_PLACE_NEAR, "rooms", list.data, NULL);
}

static void say_none(struct composing *c)
{
	struct json_object *when = json_get_object(c->facts, "when");
	const char *kind = json_text(when, "kind");
	bool at_now = strcmp(kind, "now") == 0 || strcmp(kind, "next") == 0;
	bool outside = json_get_bool(when, "outside", false);
	struct text topic _cleanup_text_ = { 0 }, limits _cleanup_text_ = { 0 };
	struct text name _cleanup_text_ = { 0 };

	text_init(&topic, 2048);
	text_init(&limits, 8192);
	text_init(&name, 4096);
	quote_markdown(&topic, json_text(c->facts, "topic"), TOPIC_CHARS);
	quote_markdown(&name, composer_conference(c), NAME_CHARS);
	if (json_get_object(c->facts, "no_place")) {
		say_no_place(c, name.data);
		return;
	}
	if (json_get_string(c->facts, "lacking")) {
		composer_limits(c, &limits);
		phrases_say(c->out, c->l, PHRASE_NONE_LACKING, "limits", limits.data, NULL);
		return;
	}
	/* "is over" and "has not begun" were said already. */
	if ((at_now && !composer_phase(c, "during")) || (outside && composer_phase(c, "after")))
		return;
	if (outside) {
		say_conference(c, PHRASE_CONF_OUTSIDE);
		return;
	}
	composer_limits(c, &limits);
	if (topic.len && at_now)
		phrases_say(&limits, c->l, PHRASE_LIMIT_TOPIC, "topic", topic.data, NULL);
	if (say_no_time(c, kind, limits.data))
		return;
	phrases_say(c->out, c->l,
		    !topic.len					 ? PHRASE_NONE_PLAIN
		    : json_get_bool(c->facts, "no_stand", false) ? PHRASE_NO_STAND
		    : json_get_bool(c->facts, "talks_of", false) ? PHRASE_NONE_TALKS
		    : json_get_bool(c->facts, "loose", false)	 ? PHRASE_NONE_LOOSE
								 : PHRASE_NONE_TOPIC,
		    "topic", topic.data, "limits", limits.data, "conference", name.data, NULL);
	say_page(c, "closest", PHRASE_NONE_CLOSEST);
	say_page(c, "help", PHRASE_NONE_HELP); /* that says whom to ask */
	say_can_do(c);
}

/* --- records -------------------------------------------------------------------- */

static void say_relaxed(struct composing *c)
{
	static const struct {
		const char *what;
		enum phrase words;
	} table[] = { { "time", PHRASE_RELAX_TIME },	     { "day", PHRASE_RELAX_DAY },
		      { "place", PHRASE_RELAX_PLACE },	     { "track", PHRASE_RELAX_TRACK },
		      { "type", PHRASE_RELAX_TYPE },	     { "level", PHRASE_RELAX_LEVEL },
		      { "language", PHRASE_RELAX_LANGUAGE }, { "speaker", PHRASE_RELAX_SPEAKER },
		      { "kind", PHRASE_RELAX_KIND } };
	struct json_object *relaxed = json_get_array(c->facts, "relaxed");
	struct text all _cleanup_text_ = { 0 };

	text_init(&all, 1024);
	for (size_t i = 0; relaxed && i < json_object_array_length(relaxed); i++) {
		struct json_object *r = json_object_array_get_idx(relaxed, i);

		for (size_t k = 0; k < ARRAY_SIZE(table); k++) {
			struct text value _cleanup_text_ = { 0 };

			if (strcmp(json_text(r, "what"), table[k].what) != 0)
				continue;
			text_append(&all, all.len ? ", " : "");
			phrases_say(&all, c->l, table[k].words, NULL);
			text_init(&value, 2048);
			quote_markdown(&value, json_text(r, "value"), TOPIC_CHARS);
			if (value.len)
				text_printf(&all, " (%s)", value.data);
		}
	}
	if (all.len) {
		composer_paragraph(c);
		phrases_say(c->out, c->l, PHRASE_RELAXED, "what", all.data, NULL);
	}
}

/* Nothing in the room, or in the hours, is about what was asked for: they are listed instead. */
static void say_listed_instead(struct composing *c)
{
	struct json_object *relaxed = json_get_array(c->facts, "relaxed");
	struct json_object *only = relaxed && json_object_array_length(relaxed) == 1
					   ? json_object_array_get_idx(relaxed, 0)
					   : NULL;
	const char *topic = json_text(c->facts, "topic");
	struct text quoted _cleanup_text_ = { 0 };

	if (!only || strcmp(json_text(only, "what"), "words") != 0)
		return;
	text_init(&quoted, 2048);
	quote_markdown(&quoted, topic[0] ? topic : json_text(only, "value"), TOPIC_CHARS);
	composer_paragraph(c);
	phrases_say(c->out, c->l, PHRASE_RELAXED_WORDS, "topic", quoted.data, NULL);
}

/* "Where is B1.03?": the building, where that is known; in any case that no page tells the way. */
static void say_place_unknown(struct composing *c)
{
	struct json_object *places = json_get_array(json_get_object(c->facts, "filters"), "places");
	struct json_object *room = json_get_object(c->facts, "room");
	struct text name _cleanup_text_ = { 0 }, building _cleanup_text_ = { 0 };
	struct text floor _cleanup_text_ = { 0 };

	if (!json_get_bool(c->facts, "place_unknown", false) || !places ||
	    !json_object_array_length(places))
		return;
	text_init(&name, 2048);
	text_init(&building, 2048);
	text_init(&floor, 2048);
	composer_space(c);
	quote_markdown(&name, json_object_get_string(json_object_array_get_idx(places, 0)),
		       NAME_CHARS);
	quote_markdown(&building, json_text(room, "building"), NAME_CHARS);
	quote_markdown(&floor, json_text(room, "floor"), NAME_CHARS);
	if (building.len) {
		phrases_say(c->out, c->l, floor.len ? PHRASE_PLACE_IN_ON : PHRASE_PLACE_IN, "value",
			    name.data, "building", building.data, "floor", floor.data, NULL);
		composer_space(c);
	}
	phrases_say(c->out, c->l, PHRASE_PLACE_UNKNOWN, "value", name.data, NULL);
}

/* "Is there a swimming pool?", of which there is only talk. */
static void say_facility(struct composing *c)
{
	struct text topic _cleanup_text_ = { 0 }, name _cleanup_text_ = { 0 };

	text_init(&topic, 2048);
	text_init(&name, 4096);
	quote_markdown(&topic, json_text(c->facts, "topic"), TOPIC_CHARS);
	quote_markdown(&name, composer_conference(c), NAME_CHARS);
	if (!json_get_bool(c->facts, "facility", false) || !topic.len)
		return;
	composer_space(c);
	phrases_say(c->out, c->l,
		    json_get_bool(c->facts, "loose", false) ? PHRASE_FACILITY_LOOSE
							    : PHRASE_FACILITY_UNKNOWN,
		    "topic", topic.data, "conference", name.data, NULL);
}

/* "Does N speak on Sunday?" - not then; what follows says when. */
static void say_not_then(struct composing *c)
{
	struct json_object *results = json_get_array(c->facts, "results");
	const char *kind = json_text(json_get_object(c->facts, "when"), "kind");
	struct text name _cleanup_text_ = { 0 }, limits _cleanup_text_ = { 0 };

	if (!json_get_bool(c->facts, "not_then", false) || !results ||
	    !json_object_array_length(results))
		return;
	text_init(&name, 4096);
	text_init(&limits, 8192);
	composer_name(&name, json_object_array_get_idx(results, 0));
	composer_limits(c, &limits);
	composer_paragraph(c);
	phrases_say(c->out, c->l,
		    strcmp(kind, "now") == 0 ? PHRASE_PERSON_NOT_NOW : PHRASE_PERSON_NOT_THEN,
		    "name", name.data, "limits", limits.data, NULL);
}

/* The stand of somebody who has none; what follows only mentions the name. */
static void say_no_stand(struct composing *c)
{
	struct text topic _cleanup_text_ = { 0 }, name _cleanup_text_ = { 0 };

	if (!json_get_bool(c->facts, "no_stand", false))
		return;
	text_init(&topic, 2048);
	text_init(&name, 4096);
	quote_markdown(&topic, json_text(c->facts, "topic"), TOPIC_CHARS);
	quote_markdown(&name, composer_conference(c), NAME_CHARS);
	composer_paragraph(c);
	phrases_say(c->out, c->l, PHRASE_NO_STAND_BUT, "topic", topic.data, "conference", name.data,
		    NULL);
}

static void say_entities(struct composing *c)
{
	struct json_object *results = json_get_array(c->facts, "results");
	size_t n = results ? json_object_array_length(results) : 0, focus = 0;

	say_place_unknown(c);
	say_no_stand(c);
	say_not_then(c);
	say_facility(c);
	say_relaxed(c);
	say_listed_instead(c);
	if (strcmp(json_text(c->facts, "beginners"), "unknown") == 0) {
		composer_space(c);
		phrases_say(c->out, c->l, PHRASE_BEGINNERS_UNKNOWN, NULL);
	}
	for (size_t i = 0; i < n && focus < MAX_FOCUS; i++) {
		struct json_object *r = json_object_array_get_idx(results, i);

		if (!json_get_bool(r, "focus", false))
			continue;
		composer_record(c, r);
		focus++;
	}
	if (!focus) {
		composer_lists(c);
	} else if (n > focus) {
		composer_paragraph(c);
		phrases_say(c->out, c->l, PHRASE_ALSO, NULL);
		text_append(c->out, "\n");
		for (size_t i = 0; i < 3; i++) {
			static const char *const types[] = { "session", "exhibitor", "speaker" };
			size_t before = c->out->len;

			composer_items(c, results, types[i], 3, false);
			if (c->out->len == before + 1) /* only its blank line */
				c->out->data[--c->out->len] = '\0';
		}
	}
}

/* Questions about now, and about a conference that is over, begin with that. */
static void say_phase(struct composing *c)
{
	const char *when = json_text(json_get_object(c->facts, "when"), "kind");
	bool at_now = strcmp(when, "now") == 0 || strcmp(when, "next") == 0 ||
		      json_get_bool(json_get_object(c->facts, "when"), "from_now", false);

	if (composer_phase(c, "after"))
		say_conference(c, PHRASE_CONF_OVER);
	else if (composer_phase(c, "before") && at_now)
		say_conference(c, PHRASE_CONF_BEFORE);
}

static void say_kind(struct composing *c)
{
	bool tools = json_get_array(c->facts, "tool_text") != NULL;

	if (kind_is(c, "clarify"))
		say_clarify(c);
	else if (kind_is(c, "smalltalk"))
		say_smalltalk(c);
	else if (kind_is(c, "out_of_scope")) {
		say_named(c, PHRASE_OUT_OF_SCOPE);
		say_can_do(c);
	} else if (kind_is(c, "info"))
		composer_info(c);
	else if (kind_is(c, "conference"))
		say_about_conference(c);
	else if (kind_is(c, "building"))
		say_building(c);
	else if (kind_is(c, "counted"))
		say_counted(c);
	else if (kind_is(c, "unavailable") && !tools)
		phrases_say(c->out, c->l, PHRASE_SEARCH_DOWN, NULL);
	else if (kind_is(c, "entities")) {
		if (tools)
			composer_paragraph(c);
		say_phase(c);
		say_entities(c);
	} else if (!tools) {
		say_phase(c);
		composer_space(c);
		say_none(c);
	}
}

void composer_write(const struct llm_request *rq, struct text *out)
{
	struct composing c = { .rq = rq, .facts = rq->facts, .out = out };
	bool known;

	c.l = language_from(rq->language, &known);
	if (!known) {
		phrases_say(out, c.l, PHRASE_OTHER_LANGUAGE, NULL);
		composer_paragraph(&c);
	}
	say_strings(&c, "tool_text", TOOL_CHARS);
	say_kind(&c);
	say_strings(&c, "notes", NOTE_CHARS);
	if (json_get_bool(rq->facts, "words_only", false) && !rq->basic) {
		composer_paragraph(&c);
		phrases_say(out, c.l, PHRASE_BASIC_SEARCH, NULL);
	}
	if (rq->basic) {
		composer_paragraph(&c);
		phrases_say(out, c.l, PHRASE_BASIC_MODE, NULL);
	}
	while (out->len && strchr("\n ", out->data[out->len - 1]))
		out->data[--out->len] = '\0';
}
