/*
 * whereabouts.c - see whereabouts.h.
 */
#include "agent/whereabouts.h"

#include <ctype.h>
#include <string.h>
#include "agent/facts.h"
#include "base/utf8.h"
#include "search/words.h"
#include "tools/builtin.h"

#define MAX_ROOMS   24 /* that are named */
#define MAX_NEAR    4
#define MAX_LETTERS 3 /* of a room's number that name its building */

static const struct conference *conference_of(const struct turn *t)
{
	return &catalog_snapshot(t->catalog)->conference;
}

static const char *first_place(const struct turn *t)
{
	const char *const *places = t->understood.filter.places;

	return places ? places[0] : NULL;
}

static bool has_place(struct turn *t, const struct info_page *page)
{
	const char *place = first_place(t);
	const char *const *words = place ? words_of(place, t->arena) : NULL;
	char *text _cleanup_free_ = utf8_fold(page->text, strlen(page->text));

	return text && words && words[0] && words_has(words[0], text);
}

bool whereabouts_page_has(struct turn *t, const char *key)
{
	const struct info_page *page = conference_page(conference_of(t), key);

	return page && has_place(t, page);
}

const struct info_page *whereabouts_page(struct turn *t)
{
	static const char *const plans[] = { "map", "plan", "rooms", "venue", NULL };
	const struct conference *c = conference_of(t);

	for (size_t i = 0; first_place(t) && i < c->n_info; i++) {
		char *title _cleanup_free_ = utf8_fold(c->info[i].title, strlen(c->info[i].title));

		if (title && words_in(plans, title) && has_place(t, &c->info[i]))
			return &c->info[i];
	}
	return NULL;
}

/* --- a building ------------------------------------------------------------------------ */

static bool is_listed(const char *const *list, const char *value)
{
	for (size_t i = 0; list[i]; i++)
		if (strcmp(list[i], value) == 0)
			return true;
	return false;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What sessions have for that, sorted, each once; how many. */
static size_t values_of(struct turn *t, bool rooms, const char ***out)
{
	const struct snapshot *s = catalog_snapshot(t->catalog);
	const char **all = arena_array(t->arena, const char *, s->n[ENTITY_SESSION] + 1);
	size_t n = 0, kept = 0;

	for (size_t i = 0; all && i < s->n[ENTITY_SESSION]; i++) {
		const struct record *r = &s->records[ENTITY_SESSION][i];
		const char *value = rooms ? r->location : r->track;

		if (value && value[0])
			all[n++] = value;
	}
	if (n)
		qsort(all, n, sizeof(*all), by_name);
	for (size_t i = 0; i < n; i++)
		if (!kept || strcmp(all[kept - 1], all[i]) != 0)
			all[kept++] = all[i];
	*out = all;
	return kept;
}

static size_t count_at(const struct snapshot *s, enum entity type, const char *place)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n[type]; i++) {
		const struct record *r = &s->records[type][i];
		const char *at = type == ENTITY_EXHIBITOR ? r->booth : r->location;

		n += at && strcmp(at, place) == 0;
	}
	return n;
}

static bool is_declared(const struct conference *c, const char *place)
{
	for (size_t i = 0; i < c->n_rooms; i++)
		if (strcmp(c->rooms[i].name, place) == 0)
			return true;
	return false;
}

struct json_object *whereabouts_building(struct turn *t)
{
	const struct snapshot *s = catalog_snapshot(t->catalog);
	const char *const *places = t->understood.filter.places;
	struct json_object *o = json_object_new_object(), *names = json_object_new_array();
	size_t n = 0, stands = 0, all = 0;
	const char **rooms;

	while (places[all])
		all++;
	rooms = arena_array(t->arena, const char *, all + 1);
	for (size_t i = 0; rooms && i < all; i++) {
		stands += count_at(s, ENTITY_EXHIBITOR, places[i]);
		if ((count_at(s, ENTITY_SESSION, places[i]) ||
		     is_declared(&s->conference, places[i])) &&
		    !is_listed(rooms, places[i]))
			rooms[n++] = places[i];
	}
	qsort(rooms, n, sizeof(*rooms), by_name);
	for (size_t i = 0; i < n && i < MAX_ROOMS; i++)
		json_object_array_add(names, json_object_new_string(rooms[i]));
	facts_set_text(o, "name", t->building, 100);
	json_set(o, "rooms", names);
	if (n > MAX_ROOMS)
		json_set_int(o, "more", (int64_t)(n - MAX_ROOMS));
	json_set_int(o, "stands", (int64_t)stands);
	return o;
}

/* --- all rooms, all tracks ---------------------------------------------------------------- */

struct json_object *whereabouts_counted(struct turn *t)
{
	struct json_object *o = json_object_new_object(), *names = json_object_new_array();
	const char **all;
	size_t n = values_of(t, strcmp(t->counted, "rooms") == 0, &all);

	for (size_t i = 0; i < n && i < MAX_ROOMS; i++)
		json_object_array_add(names, json_object_new_string(all[i]));
	json_set_string(o, "what", t->counted);
	json_set_int(o, "n", (int64_t)n);
	json_set(o, "names", names);
	return o;
}

/* --- a room that is not there ---------------------------------------------------------------- */

/* One letter or figure is another ("K.4.301"), or the kind is the same ("Hall A"). */
static bool is_near(const char *room, const char *name, const char *kind)
{
	char *folded _cleanup_free_ = utf8_fold(room, strlen(room));
	size_t len = strlen(name), n;

	for (const char *p = folded; p && *p; p += n + strspn(p + n, " ()")) {
		n = strcspn(p, " ()");
		if (len > 2 ? word_distance(p, n, name, len, 1) <= 1
			    : n == strlen(kind) && strncmp(p, kind, n) == 0)
			return true;
	}
	return false;
}

struct json_object *whereabouts_near(struct turn *t)
{
	struct json_object *o = json_object_new_object(), *near = json_object_new_array();
	char *folded _cleanup_free_ = utf8_fold(t->no_place, strlen(t->no_place));
	char *name = folded ? strchr(folded, ' ') : NULL;
	const char **all;
	size_t n = values_of(t, true, &all), named = 0;

	if (name)
		*name++ = '\0';
	for (size_t i = 0; name && i < n && named < MAX_NEAR; i++) {
		if (!is_near(all[i], name, folded))
			continue;
		json_object_array_add(near, json_object_new_string(all[i]));
		named++;
	}
	facts_set_text(o, "name", t->no_place, 100);
	json_set(o, "near", near);
	return o;
}

/* --- a room ------------------------------------------------------------------------------ */

/* "UB" of "UB2.147"; "": nothing. */
static void read_letters(const char *room, char out[static MAX_LETTERS + 1])
{
	size_t n = 0;

	while (n <= MAX_LETTERS && isupper((unsigned char)room[n]))
		n++;
	if (n > MAX_LETTERS || !(isdigit((unsigned char)room[n]) ||
				 (room[n] == '.' && isdigit((unsigned char)room[n + 1]))))
		n = 0;
	memcpy(out, room, n);
	out[n] = '\0';
}

/* "the UB building" in a page, or where stands are. */
static bool speaks_of(const struct turn *t, const char *letters)
{
	const struct snapshot *s = catalog_snapshot(t->catalog);
	char before[32], after[32];

	snprintf(before, sizeof(before), "%s building", letters);
	snprintf(after, sizeof(after), "building %s", letters);
	for (size_t i = 0; i < s->conference.n_info; i++) {
		const char *text = s->conference.info[i].text;
		const char *at = strstr(text, before);

		if ((at && (at == text || !isalnum((unsigned char)at[-1]))) || strstr(text, after))
			return true;
	}
	for (size_t i = 0; i < s->n[ENTITY_EXHIBITOR]; i++) {
		const char *booth = s->records[ENTITY_EXHIBITOR][i].booth;

		if (booth && strncasecmp(booth, before, strlen(before)) == 0)
			return true;
	}
	return false;
}

/* As the conference declares it. */
static struct json_object *declared_room(const struct conference *c, const char *place)
{
	struct json_object *json _cleanup_json_ = NULL, *rooms;

	if (!c->json || json_parse(c->json, c->json_len, &json, NULL) < 0)
		return NULL;
	rooms = json_get_array(json, "rooms");
	for (size_t i = 0; rooms && i < json_object_array_length(rooms); i++) {
		struct json_object *room = json_object_array_get_idx(rooms, i);

		if (strcmp(json_text(room, "name"), place) == 0 ||
		    strcmp(json_text(room, "code"), place) == 0)
			return json_object_get(room);
	}
	return NULL;
}

struct json_object *whereabouts_room(struct turn *t)
{
	const char *place = first_place(t);
	struct json_object *o = json_object_new_object();
	struct json_object *room _cleanup_json_ =
		place ? declared_room(conference_of(t), place) : NULL;
	const char *building = room ? json_text(room, "building") : "";
	char letters[MAX_LETTERS + 1] = "";

	if (!building[0] && place) {
		read_letters(place, letters);
		building = letters[0] && speaks_of(t, letters) ? letters : "";
	}
	if (building[0])
		facts_set_text(o, "building", building, 100);
	if (room && json_text(room, "floor")[0])
		facts_set_text(o, "floor", json_text(room, "floor"), 100);
	return o;
}
