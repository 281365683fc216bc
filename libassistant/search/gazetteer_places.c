/*
 * gazetteer_places.c - rooms by name, code, alias and building; stands by number.
 *
 *	"UB2.252A (Lameere)" is "UB2.252A", "Lameere", and one of "building UB"
 *	"B2.14 Elbe" is "B2.14", "Elbe"; a declared room adds its code, aliases and building
 *	"the main hall" is the room of openings and keynotes, unless a room declares that name
 */
#include "search/gazetteer_build.h"

#include <string.h>
#include "base/json.h"
#include "base/map.h"
#include "base/utf8.h"
#include "search/words.h"

#define MAX_GROUPS 20000

static char *fold(struct gazetteer *g, const char *text)
{
	_cleanup_free_ char *folded = utf8_fold(text, strlen(text));

	return folded ? arena_strdup(g->arena, folded) : NULL;
}

static struct place_group *group_of(struct gazetteer *g, const char *value)
{
	struct place_group *grown;

	for (size_t i = 0; i < g->n_groups; i++) {
		if (strcmp(g->groups[i].value, value) == 0)
			return &g->groups[i];
	}
	if (g->n_groups == MAX_GROUPS)
		return NULL;
	grown = arena_grow(g->arena, g->groups, g->n_groups, &g->cap_groups, sizeof *grown);
	if (!grown)
		return NULL;
	g->groups = grown;
	g->groups[g->n_groups] = (struct place_group){ .value = arena_strdup(g->arena, value) };
	return &g->groups[g->n_groups++];
}

static int group_add(struct gazetteer *g, const char *group, const char *member)
{
	struct place_group *p = group_of(g, group);
	const char **grown;

	if (!p)
		return ASSISTANT_ENOMEM;
	for (size_t i = 0; i < p->n; i++) {
		if (strcmp(p->members[i], member) == 0)
			return 0;
	}
	grown = arena_grow(g->arena, p->members, p->n ? p->n + 1 : 0, &p->cap, sizeof *grown);
	if (!grown)
		return ASSISTANT_ENOMEM;
	p->members = grown;
	p->members[p->n++] = member;
	p->members[p->n] = NULL;
	return 0;
}

static int add_alias(struct gazetteer *g, const char *value, const char *folded, float quality)
{
	struct phrase p = { .kind = NAME_PLACE, .value = value, .quality = quality };

	return gazetteer_add(g, p, folded);
}

/* "building k", "k building" and so on; members are added by the caller. */
static int add_building(struct gazetteer *g, const char *name, const char *member)
{
	static const char *const forms[] = { "building %s", "%s building", "gebaude %s",
					     "haus %s",	    "batiment %s", "edificio %s" };
	const char *value = arena_printf(g->arena, "building %s", name);
	struct place_group *group;
	int r;

	if (!value)
		return ASSISTANT_ENOMEM;
	r = group_add(g, value, member);
	if (r < 0)
		return r;
	group = group_of(g, value);
	for (size_t i = 0; group->n == 1 && r == 0 && i < ARRAY_SIZE(forms); i++) {
		const char *text = arena_printf(g->arena, forms[i], name);

		if (forms[i][0] == '%' && word_is_stop(name)) /* "a building" */
			continue;
		r = text ? add_alias(g, group->value, text, QUALITY_WHOLE) : ASSISTANT_ENOMEM;
	}
	return r;
}

static bool is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A room code: 1 to 3 letters, then a digit or ".digit"; its letters are the building. */
static size_t code_letters(const char *folded)
{
	size_t n = 0;

	while (is_letter(folded[n]))
		n++;
	return n >= 1 && n <= 3 &&
			       (is_digit(folded[n]) ||
				(folded[n] == '.' && is_digit(folded[n + 1])))
		       ? n
		       : 0;
}

/* Buildings that a code tells: "ub2.252a" is in UB, and UB belongs to U. */
static int add_code_buildings(struct gazetteer *g, const char *folded, const char *value)
{
	size_t n = code_letters(folded);
	int r = 0;

	for (size_t k = n; k && r == 0; k = k > 1 ? 1 : 0) {
		const char *name = arena_strndup(g->arena, folded, k);

		r = name ? add_building(g, name, value) : ASSISTANT_ENOMEM;
	}
	return r;
}

/* "aw building, level 1, ...": the first of such a list. */
static int add_listed_building(struct gazetteer *g, const char *folded, const char *value)
{
	const char *end = strstr(folded, " building");
	size_t len = end ? (size_t)(end - folded) : 0;

	if (len && len <= 12 && !memchr(folded, ',', len) && !memchr(folded, ' ', len))
		return add_building(g, arena_strndup(g->arena, folded, len), value);
	return 0;
}

/* Code and rest of "b2.14 elbe"; parts around parentheses. */
static int add_parts(struct gazetteer *g, const char *folded, const char *value)
{
	char *text = arena_strdup(g->arena, folded), *space;
	int r = 0;

	if (!text)
		return ASSISTANT_ENOMEM;
	for (char *rest = text, *part; r == 0 && (part = strsep(&rest, "()|")) != NULL;) {
		while (*part == ' ')
			part++;
		if (strlen(part) < 2)
			continue;
		r = add_alias(g, value, part, QUALITY_WHOLE);
		if (r == 0)
			r = add_code_buildings(g, part, value);
		space = code_letters(part) ? strchr(part, ' ') : NULL;
		if (r == 0 && space && strlen(space) > 3) {
			r = add_alias(g, value, space, QUALITY_WHOLE);
			*space = '\0';
			if (r == 0)
				r = add_alias(g, value, part, QUALITY_WHOLE);
		}
	}
	return r;
}

static int add_place(struct gazetteer *g, struct map *seen, const char *value)
{
	char *folded;
	int r;

	if (!value || map_get(seen, value))
		return 0;
	r = map_put(seen, value, (void *)(uintptr_t)value, NULL);
	folded = r == 0 ? fold(g, value) : NULL;
	if (!folded)
		return ASSISTANT_ENOMEM;
	r = group_add(g, value, value);
	if (r == 0)
		r = add_alias(g, value, folded, QUALITY_WHOLE);
	if (r == 0)
		r = add_listed_building(g, folded, value);
	return r < 0 ? r : add_parts(g, folded, value);
}

static bool same_place(const char *a, const char *b)
{
	_cleanup_free_ char *x = utf8_fold(a, strlen(a)), *y = utf8_fold(b, strlen(b));

	return x && y && strcmp(x, y) == 0;
}

/* The location that records use for a declared room; the room's name when none does. */
static const char *location_of(const struct gazetteer *g, const struct room *room)
{
	const struct snapshot *s = g->snapshot;

	for (size_t i = 0; i < s->n[ENTITY_SESSION]; i++) {
		const char *l = s->records[ENTITY_SESSION][i].location;

		if (l && (same_place(l, room->name) || (room->code && same_place(l, room->code))))
			return l;
	}
	return room->name;
}

static int add_room(struct gazetteer *g, struct map *seen, const struct room *room)
{
	const char *value = location_of(g, room);
	char *text = fold(g, room->name);
	int r = add_place(g, seen, value);

	if (r == 0)
		r = text ? add_alias(g, value, text, QUALITY_WHOLE) : ASSISTANT_ENOMEM;
	if (r == 0 && room->code) {
		text = fold(g, room->code);
		r = text ? add_alias(g, value, text, QUALITY_WHOLE) : ASSISTANT_ENOMEM;
		if (r == 0)
			r = add_code_buildings(g, text, value);
	}
	for (size_t i = 0; r == 0 && room->aliases && room->aliases[i]; i++) {
		text = fold(g, room->aliases[i]);
		r = text ? add_alias(g, value, text, QUALITY_WHOLE) : ASSISTANT_ENOMEM;
	}
	return r;
}

/* "building" of declared rooms: not a field of struct room, so read from the conference's own JSON. */
static int add_declared_buildings(struct gazetteer *g)
{
	const struct conference *c = &g->snapshot->conference;
	_cleanup_json_ struct json_object *json = NULL;
	struct json_object *rooms;
	int r = 0;

	if (!c->json || json_parse(c->json, c->json_len, &json, NULL) < 0)
		return 0;
	rooms = json_get_array(json, "rooms");
	for (size_t i = 0; rooms && r == 0 && i < json_object_array_length(rooms); i++) {
		struct json_object *room = json_object_array_get_idx(rooms, i);
		const char *building = json_get_string(room, "building");
		const char *name = json_get_string(room, "name");
		char *folded = building && name ? fold(g, building) : NULL;

		for (size_t k = 0; folded && r == 0 && k < c->n_rooms; k++) {
			if (strcmp(c->rooms[k].name, name) == 0)
				r = add_building(g, folded, location_of(g, &c->rooms[k]));
		}
	}
	return r;
}

static bool begins_with(const char *text, const char *const *words)
{
	_cleanup_free_ char *folded = text ? utf8_fold(text, strlen(text)) : NULL;

	for (size_t i = 0; folded && words[i]; i++) {
		if (strncmp(folded, words[i], strlen(words[i])) == 0)
			return true;
	}
	return false;
}

/* How much a session belongs on the biggest stage: keynotes, plenaries; less so openings, which every track may have. */
static unsigned plenary_weight(const struct record *s)
{
	static const char *const types[] = { "keynote", "plenary", "main", NULL };
	static const char *const titles[] = { "keynote", "opening", "closing", "welcome", NULL };

	if (begins_with(s->session_type, types) || begins_with(s->track, types))
		return 3;
	return begins_with(s->name, titles);
}

struct stage {
	const char *place;
	unsigned weight;
};

/* The place with most of them. */
static const char *plenary_place(struct gazetteer *g)
{
	const struct snapshot *s = g->snapshot;
	struct stage stages[256], *best = NULL;
	size_t n = 0;

	for (size_t i = 0; i < s->n[ENTITY_SESSION]; i++) {
		const struct record *session = &s->records[ENTITY_SESSION][i];
		unsigned weight = session->location ? plenary_weight(session) : 0;
		size_t k = 0;

		if (!weight)
			continue;
		while (k < n && strcmp(stages[k].place, session->location) != 0)
			k++;
		if (k == ARRAY_SIZE(stages))
			continue;
		if (k == n)
			stages[n++] = (struct stage){ session->location, 0 };
		stages[k].weight += weight;
	}
	for (size_t k = 0; k < n; k++) {
		if (!best || stages[k].weight > best->weight)
			best = &stages[k];
	}
	return best ? best->place : NULL;
}

static int add_main_hall(struct gazetteer *g)
{
	static const char *const sizes[] = { "main", "plenary", "keynote",
					     "big",  "biggest", "largest" };
	static const char *const halls[] = { "auditorium", "hall",    "stage",
					     "room",	   "theatre", "theater" };
	const char *best = plenary_place(g);
	int r = 0;

	for (size_t i = 0; best && i < ARRAY_SIZE(sizes); i++) {
		for (size_t k = 0; r == 0 && k < ARRAY_SIZE(halls); k++) {
			char text[48], compact[48];

			snprintf(text, sizeof text, "%s %s", sizes[i], halls[k]);
			snprintf(compact, sizeof compact, "%s%s", sizes[i], halls[k]);
			if (!map_get(g->compact, compact))
				r = add_alias(g, best, text, QUALITY_PART);
		}
	}
	return r;
}

int gazetteer_add_places(struct gazetteer *g)
{
	const struct snapshot *s = g->snapshot;
	struct map *seen = map_create(100000);
	int r = seen ? 0 : ASSISTANT_ENOMEM;

	for (size_t i = 0; r == 0 && i < s->n[ENTITY_SESSION]; i++)
		r = add_place(g, seen, s->records[ENTITY_SESSION][i].location);
	for (size_t i = 0; r == 0 && i < s->n[ENTITY_EXHIBITOR]; i++)
		r = add_place(g, seen, s->records[ENTITY_EXHIBITOR][i].booth);
	for (size_t i = 0; r == 0 && i < s->conference.n_rooms; i++)
		r = add_room(g, seen, &s->conference.rooms[i]);
	if (r == 0)
		r = add_declared_buildings(g);
	map_destroy(seen, NULL);
	return r < 0 ? r : add_main_hall(g);
}
