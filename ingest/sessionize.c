/*
 * sessionize.c - the JSON of Sessionize's endpoint "All":
 *
 *	{"sessions": [...], "speakers": [...], "rooms": [...], "categories": [...], "questions": [...]}
 *
 * Times are the venue's unless they end in Z.  Answers to questions are not read: organisers ask for
 * telephone numbers as well.
 */
#include "format.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "json_walk.h"
#include "times.h"
#include "value.h"

struct reader {
	struct document *d;
	struct json_object *rooms;	/* id -> name */
	struct json_object *categories; /* item's id -> {"category": title, "name": name} */
};

static void add_room(void *user, struct json_object *room, int line)
{
	struct reader *r = user;
	char id[129];

	if (value_id(room, "id", id) && value_string(room, "name"))
		value_set_line(r->rooms, id, value_string(room, "name"));
}

static void add_category(void *user, struct json_object *category, int line)
{
	struct reader *r = user;
	struct json_object *items = value_get(category, "items");
	const char *title = value_string(category, "title");

	for (size_t i = 0; title && i < value_length(items); i++) {
		struct json_object *item = json_object_array_get_idx(items, i), *o;
		char id[129];

		if (!value_id(item, "id", id) || !value_string(item, "name"))
			continue;
		o = json_object_new_object();
		value_set_line(o, "category", title);
		value_set_line(o, "name", value_string(item, "name"));
		json_object_object_add(r->categories, id, o);
	}
}

/* --- What categories stand for --------------------------------------------------------- */

static const struct {
	const char *part, *word;
} levels[] = {
	{ "begin", "beginner" },    { "intro", "beginner" },	 { "100", "beginner" },
	{ "novice", "beginner" },   { "inter", "intermediate" }, { "200", "intermediate" },
	{ "advanced", "advanced" }, { "300", "advanced" },	 { "expert", "advanced" },
	{ "400", "advanced" },
};

static const char *const languages[][2] = {
	{ "english", "en" },	{ "german", "de" },    { "deutsch", "de" },
	{ "french", "fr" },	{ "français", "fr" },  { "spanish", "es" },
	{ "español", "es" },	{ "italian", "it" },   { "italiano", "it" },
	{ "portuguese", "pt" }, { "português", "pt" }, { "dutch", "nl" },
	{ "nederlands", "nl" }, { "polish", "pl" },    { "polski", "pl" },
	{ "czech", "cs" },	{ "danish", "da" },    { "swedish", "sv" },
	{ "norwegian", "no" },	{ "finnish", "fi" },   { "japanese", "ja" },
	{ "chinese", "zh" },	{ "korean", "ko" },    { "russian", "ru" },
	{ "ukrainian", "uk" },	{ "turkish", "tr" },   { "greek", "el" },
	{ "hungarian", "hu" },	{ "romanian", "ro" },
};

static const char *level_word(const char *name)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcasestr(name, levels[i].part))
			return levels[i].word;
	return name;
}

static const char *language_tag(const char *name)
{
	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++)
		if (!strcasecmp(name, languages[i][0]))
			return languages[i][1];
	return name;
}

static void add_once(struct json_object *session, const char *key, const char *value)
{
	if (!value_get(session, key))
		value_set_line(session, key, value);
}

/* Organisers name their categories; these names are what Sessionize proposes. */
static void use_category(struct json_object *session, struct json_object *tags,
			 struct json_object *item)
{
	const char *category = value_string(item, "category"), *name = value_string(item, "name");

	if (!category || !name)
		return;
	if (strcasestr(category, "track"))
		add_once(session, "track", name);
	else if (strcasestr(category, "level"))
		add_once(session, "level", level_word(name));
	else if (strcasestr(category, "language"))
		add_once(session, "language", language_tag(name));
	else if (strcasestr(category, "format") || strcasestr(category, "type"))
		add_once(session, "session_type", name);
	else
		json_object_array_add(tags, json_object_new_string(name));
}

static void set_categories(struct reader *r, struct json_object *session, struct json_object *ids)
{
	struct json_object *tags = json_object_new_array();

	for (size_t i = 0; i < value_length(ids); i++) {
		struct json_object *id = json_object_array_get_idx(ids, i);

		if (id)
			use_category(session, tags,
				     value_get(r->categories, json_object_get_string(id)));
	}
	if (value_length(tags))
		json_object_object_add(session, "tags", tags);
	else
		json_object_put(tags);
}

/* --- Sessions ---------------------------------------------------------------------------- */

/* Service sessions are breaks, registration and the like, but some put their opening there, too. */
static bool is_break(const char *title)
{
	static const char *const content[] = { "keynote", "opening", "closing",
					       "welcome", "award",   "ceremony",
					       "panel",	  "party",   "reception" };

	for (size_t i = 0; i < sizeof(content) / sizeof(content[0]); i++)
		if (title && strcasestr(title, content[i]))
			return false;
	return true;
}

static void set_time(struct reader *r, struct json_object *session, const char *key,
		     const char *value, int line)
{
	char time[TIME_SIZE];

	if (!value)
		return;
	if (time_read(value, time))
		value_set_line(session, key, time);
	else
		document_error(r->d, line,
			       "a session's time is \"%.60s\"; accepted is a time such as "
			       "2027-05-20T09:30:00.",
			       value);
}

static void set_people(struct json_object *session, struct json_object *speakers)
{
	struct json_object *ids = json_object_new_array();

	for (size_t i = 0; i < value_length(speakers); i++) {
		struct json_object *s = json_object_array_get_idx(speakers, i);

		/* Other endpoints have objects there. */
		if (json_object_is_type(s, json_type_object))
			s = value_get(s, "id");
		if (s)
			json_object_array_add(ids, json_object_get(s));
	}
	json_object_object_add(session, "speaker_ids", ids);
}

static void set_room(struct reader *r, struct json_object *session, struct json_object *from)
{
	char id[129];

	if (value_id(from, "roomId", id))
		value_set_line(session, "location", value_string(r->rooms, id));
	if (!value_get(session, "location"))
		value_set_line(session, "location", value_string(from, "room"));
}

static bool is_true(struct json_object *o, const char *key)
{
	return json_object_get_boolean(value_get(o, key));
}

static void set_kind_of_session(struct json_object *session, struct json_object *from)
{
	const char *title = value_string(session, "title");

	if (is_true(from, "isServiceSession") && is_break(title) &&
	    !value_length(value_get(session, "speaker_ids")))
		json_object_object_add(session, "session_type", json_object_new_string("break"));
	else if (!value_get(session, "session_type") && is_true(from, "isPlenumSession"))
		json_object_object_add(session, "session_type", json_object_new_string("plenum"));
}

static void add_session(void *user, struct json_object *from, int line)
{
	struct reader *r = user;
	const char *status = value_string(from, "status");
	struct json_object *session;
	char id[129];

	if (status && strcasecmp(status, "Accepted") != 0) {
		document_warn(r->d, line, "session is not accepted and left out",
			      "sessions are not accepted and left out");
		return;
	}
	session = json_object_new_object();
	if (value_id(from, "id", id))
		json_object_object_add(session, "id", json_object_new_string(id));
	value_set_line(session, "title", value_string(from, "title"));
	value_set_text(session, "description", value_string(from, "description"));
	set_time(r, session, "start_time", value_string(from, "startsAt"), line);
	set_time(r, session, "end_time", value_string(from, "endsAt"), line);
	set_room(r, session, from);
	set_people(session, value_get(from, "speakers"));
	set_categories(r, session, value_get(from, "categoryItems"));
	set_kind_of_session(session, from);
	if (!value_get(session, "start_time"))
		document_warn(r->d, line, "session has no time", "sessions have no time");
	if (!value_length(value_get(session, "speaker_ids")) && !is_true(from, "isServiceSession"))
		document_warn(r->d, line, "session has no speaker", "sessions have no speaker");
	document_add(r->d, KIND_SESSION, session, line);
}

/* --- Speakers ---------------------------------------------------------------------------- */

/* A page of the speaker's own before one at a network. */
static const char *url_of(struct json_object *links)
{
	static const char *const order[] = { "Blog", "Company_Website", "LinkedIn", NULL };

	for (int i = 0; order[i]; i++)
		for (size_t n = 0; n < value_length(links); n++) {
			struct json_object *link = json_object_array_get_idx(links, n);
			const char *type = value_string(link, "linkType");

			if (type && !strcmp(type, order[i]) && value_string(link, "url"))
				return value_string(link, "url");
		}
	return value_length(links) ? value_string(json_object_array_get_idx(links, 0), "url")
				   : NULL;
}

static void add_speaker(void *user, struct json_object *from, int line)
{
	struct reader *r = user;
	struct json_object *speaker = json_object_new_object();
	const char *first = value_string(from, "firstName"), *last = value_string(from, "lastName");
	const char *full = value_string(from, "fullName");
	char id[129], name[1024];

	if (value_id(from, "id", id))
		json_object_object_add(speaker, "id", json_object_new_string(id));
	snprintf(name, sizeof(name), "%s %s", first ? first : "", last ? last : "");
	value_set_line(speaker, "name", full ? full : name);
	value_set_line(speaker, "title", value_string(from, "tagLine"));
	value_set_text(speaker, "bio", value_string(from, "bio"));
	value_set_line(speaker, "url", url_of(value_get(from, "links")));
	document_add(r->d, KIND_SPEAKER, speaker, line);
}

int sessionize_read(const struct input *in, int kind, struct document *d)
{
	struct reader r = { .d = d };
	const struct {
		const char *member;
		walk_fn *fn;
	} lists[] = {
		{ "rooms", add_room },
		{ "categories", add_category },
		{ "speakers", add_speaker },
		{ "sessions", add_session },
	};
	struct part whole, list;

	if (walk_file(in, d, &whole) < 0)
		return -1;
	if (!walk_member(&whole, "sessions", &list)) {
		document_error(d, 1,
			       "this is not of Sessionize: accepted is the JSON of its API's "
			       "endpoint All, with sessions, speakers and rooms.");
		return -1;
	}
	r.rooms = json_object_new_object();
	r.categories = json_object_new_object();
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (walk_member(&whole, lists[i].member, &list))
			walk_list(&list, d, lists[i].member, lists[i].fn, &r);
	json_object_put(r.rooms);
	json_object_put(r.categories);
	return document_errors(d) ? -1 : 0;
}

bool sessionize_detect(const char *text, size_t len, const char *name)
{
	static const char *const members[] = { "sessions",  "rooms",	  "categories",
					       "questions", "conference", NULL };
	unsigned found = walk_top_members(text, len, members);

	return (found & 1) && (found & 0xE) && !(found & 0x10);
}
