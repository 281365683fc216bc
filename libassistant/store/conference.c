/*
 * conference.c - from JSON to struct conference: the conference itself, its information pages and
 * its rooms.
 */
#include "store/record.h"
#include <ctype.h>
#include <string.h>
#include "base/hash.h"
#include "store/record_check.h"

/* Conference ids name files and travel in URLs. */
static bool id_good(const char *id)
{
	size_t n = strlen(id);

	return n <= 64 && strspn(id, "0123456789abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-") == n;
}

static bool key_good(const char *key)
{
	size_t n = strlen(key);

	return n > 0 && n <= 64 && !isspace((unsigned char)key[0]);
}

/* "code_of_conduct" -> "Code of conduct" */
static char *title_of(struct arena *arena, const char *key)
{
	static const char *const known[][2] = {
		{ "wifi", "Wi-Fi" },	   { "faq", "FAQ" }, { "covid", "COVID" },
		{ "covid19", "COVID-19" }, { "bof", "BoF" }, { "atm", "ATM" },
	};
	char *title;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (!strcmp(key, known[i][0]))
			return arena_strdup(arena, known[i][1]);
	}
	title = arena_strdup(arena, key);
	for (char *p = title; p && *p; p++) {
		if (*p == '_' || *p == '-')
			*p = ' ';
	}
	if (title)
		title[0] = (char)toupper((unsigned char)title[0]);
	return title;
}

/* "wifi": "text", or "wifi": {"title", "text"} */
static int read_page(struct check *conference, struct json_object *info, const char *key,
		     struct json_object *value, struct info_page *out)
{
	struct check c = *conference;
	bool object = json_object_is_type(value, json_type_object);
	int r;

	c.what = "information page";
	c.name = NULL;
	c.json = info;
	if (!key_good(key))
		return FAIL(c.f, ASSISTANT_EINVAL,
			    "information page \"%.60s\": accepted is a key of 1 to 64 bytes", key);
	if (object) {
		c.name = key;
		c.json = value;
	}
	r = check_text(&c, object ? "text" : key, &out->text);
	if (r < 0)
		return r;
	if (object) {
		r = check_line(&c, "title", &out->title);
		if (r < 0)
			return r;
	}
	out->key = arena_strdup(c.arena, key);
	if (!out->title)
		out->title = title_of(c.arena, key);
	return out->key && out->title ? 0 : check_out_of_memory(&c);
}

static int read_info(struct check *c, struct conference *out)
{
	struct json_object *info = json_get(c->json, "info");
	struct info_page *pages;
	size_t n = 0;

	if (!info)
		return 0;
	if (!json_object_is_type(info, json_type_object) ||
	    json_object_object_length(info) > RECORD_MAX_PAGES)
		return check_refuse(c, "info", info,
				    "an object of up to 1000 pages, {\"key\": \"text\"}");
	pages = arena_array(c->arena, struct info_page,
			    (size_t)json_object_object_length(info) + 1);
	if (!pages)
		return check_out_of_memory(c);
	json_object_object_foreach(info, key, value)
	{
		int r = read_page(c, info, key, value, &pages[n]);

		if (r < 0)
			return r;
		n += pages[n].text != NULL;
	}
	out->info = pages;
	out->n_info = n;
	return 0;
}

/* "Janson", or {"name", "code", "aliases"} */
static int read_room(struct check *conference, struct json_object *value, struct room *out)
{
	static const char *const none[] = { NULL };
	struct check c = *conference;
	_cleanup_json_ struct json_object *wrapped = NULL;
	int r;

	c.what = "room";
	c.name = NULL;
	c.json = value;
	if (json_object_is_type(value, json_type_string)) {
		wrapped = json_object_new_object();
		json_set(wrapped, "name", json_object_get(value));
		c.json = wrapped;
	} else if (!json_object_is_type(value, json_type_object)) {
		return check_refuse(conference, "rooms", value,
				    "a list of names or of {\"name\", \"code\", \"aliases\"}");
	}
	out->aliases = none;
	r = check_line(&c, "name", &out->name);
	if (r < 0)
		return r;
	if (!out->name)
		return check_refuse(&c, "name", NULL, "text of one line, up to 500 characters");
	c.name = out->name;
	r = check_line(&c, "code", &out->code);
	if (r < 0)
		return r;
	return check_list(&c, "aliases", false, &out->aliases);
}

static int read_rooms(struct check *c, struct conference *out)
{
	struct json_object *list = json_get(c->json, "rooms");
	struct room *rooms;
	size_t n;

	if (!list)
		return 0;
	if (!json_object_is_type(list, json_type_array) ||
	    json_object_array_length(list) > RECORD_MAX_PAGES)
		return check_refuse(c, "rooms", list, "a list of up to 1000 rooms");
	n = json_object_array_length(list);
	rooms = arena_array(c->arena, struct room, n + 1);
	if (!rooms)
		return check_out_of_memory(c);
	for (size_t i = 0; i < n; i++) {
		int r = read_room(c, json_object_array_get_idx(list, i), &rooms[i]);

		if (r < 0)
			return r;
	}
	out->rooms = rooms;
	out->n_rooms = n;
	return 0;
}

static int read_fields(struct check *c, struct conference *out)
{
	int r = check_id(c, "id", &out->id);

	if (r < 0)
		return r;
	if (!out->id || !id_good(out->id))
		return check_refuse(c, "id", json_get(c->json, "id"),
				    "a UUID, or up to 64 letters, digits, - and _");
	if (uuid_valid(out->id)) {
		char normal[UUID_SIZE];

		uuid_normalise(out->id, normal);
		out->id = arena_strdup(c->arena, normal);
		if (!out->id)
			return check_out_of_memory(c);
	}
	if ((r = check_line(c, "name", &out->name)) < 0)
		return r;
	if (!out->name)
		return check_refuse(c, "name", NULL, "text of one line, up to 500 characters");
	c->name = out->name;
	if ((r = check_text(c, "description", &out->description)) < 0 ||
	    (r = check_line(c, "venue", &out->venue)) < 0 ||
	    (r = check_line(c, "city", &out->city)) < 0 ||
	    (r = check_line(c, "timezone", &out->timezone)) < 0 ||
	    (r = check_url(c, "website", &out->website)) < 0 ||
	    (r = check_date(c, "start_date", &out->start_date)) < 0 ||
	    (r = check_date(c, "end_date", &out->end_date)) < 0)
		return r;
	if (out->start_date && out->end_date && strcmp(out->end_date, out->start_date) < 0)
		return check_refuse(c, "end_date", json_get(c->json, "end_date"),
				    "a day that is not before start_date");
	return 0;
}

/* The members without info, which the pages hold. */
static int keep_json(struct check *c, struct conference *out)
{
	_cleanup_json_ struct json_object *rest = json_object_new_object();
	_cleanup_free_ char *line = NULL;

	json_object_object_foreach(c->json, key, value)
	{
		if (strcmp(key, "info"))
			json_object_object_add(rest, key, json_object_get(value));
	}
	json_set_string(rest, "id", out->id);
	line = json_dump(rest);
	if (!line)
		return FAIL(c->f, ASSISTANT_ENOMEM, "no memory for a conference");
	out->json_len = strlen(line);
	if (out->json_len > RECORD_MAX_JSON)
		return FAIL(c->f, ASSISTANT_EINVAL,
			    "conference without info takes %zu bytes; accepted are up to %d",
			    out->json_len, RECORD_MAX_JSON);
	out->json = arena_strndup(c->arena, line, out->json_len);
	return out->json ? 0 : check_out_of_memory(c);
}

int conference_parse(struct json_object *json, struct arena *arena, struct conference *out,
		     struct fail *f)
{
	struct check c = { .what = "conference", .json = json, .arena = arena, .f = f };
	struct conference made = { 0 };
	int r;

	if (!json_object_is_type(json, json_type_object))
		return FAIL(f, ASSISTANT_EINVAL, "conference: accepted is a JSON object");
	if ((r = read_fields(&c, &made)) < 0 || (r = read_info(&c, &made)) < 0 ||
	    (r = read_rooms(&c, &made)) < 0 || (r = check_all_strings(&c)) < 0 ||
	    (r = keep_json(&c, &made)) < 0)
		return r;
	*out = made;
	return 0;
}
