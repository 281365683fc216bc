/*
 * mapping_rows.c - rows of theirs in our names, and back.
 */
#include <string.h>
#include "store/mapping_private.h"

/* --- Values --------------------------------------------------------------------------------- */

static bool same_value(struct json_object *a, struct json_object *b)
{
	return !strcmp(json_object_get_string(a), json_object_get_string(b));
}

static bool is_among(struct json_object *theirs, struct json_object *value)
{
	if (!json_object_is_type(theirs, json_type_array))
		return same_value(theirs, value);
	for (size_t i = 0; i < json_object_array_length(theirs); i++)
		if (same_value(json_object_array_get_idx(theirs, i), value))
			return true;
	return false;
}

/* A value that the mapping does not name stays what it is. */
static struct json_object *our_value(const struct mapped_field *field, struct json_object *value)
{
	if (field->values) {
		json_object_object_foreach(field->values, ours, theirs)
		{
			if (is_among(theirs, value))
				return json_object_new_string(ours);
		}
	}
	return json_object_get(value);
}

struct json_object *mapping_value(const struct mapping *m, enum mapped what, const char *field,
				  const char *ours)
{
	const struct mapped_field *mapped = mapping_find(m, what, field);
	struct json_object *theirs;

	if (!mapped || !mapped->theirs)
		return NULL;
	if (!mapped->values)
		return json_object_new_string(ours);
	theirs = json_get(mapped->values, ours);
	if (json_object_is_type(theirs, json_type_array))
		theirs = json_object_array_get_idx(theirs, 0);
	return json_object_get(theirs);
}

/* --- Theirs ----------------------------------------------------------------------------------- */

/* All values at the end of a path, over lists of related rows. */
static void gather(struct json_object *at, const char *path, struct json_object *out)
{
	size_t n = path ? strcspn(path, ".") : 0;
	char name[128];

	if (json_object_is_type(at, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(at); i++)
			gather(json_object_array_get_idx(at, i), path, out);
		return;
	}
	if (!at)
		return;
	if (!path) {
		/* a related row that came whole is meant by its key */
		struct json_object *id = json_get(at, "id");

		json_object_array_add(out, json_object_get(id ? id : at));
		return;
	}
	if (n >= sizeof(name))
		return;
	memcpy(name, path, n);
	name[n] = '\0';
	gather(json_get(at, name), path[n] ? path + n + 1 : NULL, out);
}

static struct json_object *one_or_all(struct json_object *list, bool as_list)
{
	size_t n = json_object_array_length(list);

	if (!n || (n == 1 && !as_list)) {
		struct json_object *one =
			n ? json_object_get(json_object_array_get_idx(list, 0)) : NULL;

		json_object_put(list);
		return one;
	}
	return list;
}

/* Owned; NULL: absent. */
static struct json_object *read_field(const struct mapped_field *field, struct json_object *row)
{
	bool path = field->theirs && strchr(field->theirs, '.');
	struct json_object *value, *list;

	if (!field->theirs)
		return NULL;
	value = path ? NULL : json_get(row, field->theirs);
	if (!path && !value)
		return NULL;
	if (!path && (!(field->flags & FIELD_LIST) || json_object_is_type(value, json_type_array)))
		return our_value(field, value);
	list = json_object_new_array();
	gather(path ? row : value, path ? field->theirs : NULL, list);
	return one_or_all(list, field->flags & FIELD_LIST);
}

/* What Directus keeps of every row for itself: who wrote it when is no part of a record, and no change of it. */
static bool is_bookkeeping(const char *key)
{
	static const char *const names[] = { "date_created", "date_updated", "user_created",
					     "user_updated", "sort" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], key))
			return true;
	return false;
}

/* Their member is one of the mapping's, or would be mistaken for one of ours. */
static bool is_spoken_for(const struct mapped_collection *c, const char *key)
{
	size_t n = strlen(key);

	for (size_t i = 0; i < c->n; i++) {
		const struct mapped_field *field = &c->fields[i];

		if (!strcmp(field->ours, key))
			return true;
		if (field->theirs && !strncmp(field->theirs, key, n) &&
		    (!field->theirs[n] || field->theirs[n] == '.'))
			return true;
	}
	for (size_t i = 0; c->ignored && i < json_object_array_length(c->ignored); i++)
		if (!strcmp(json_object_get_string(json_object_array_get_idx(c->ignored, i)), key))
			return true;
	return false;
}

/* Without a status a row of the assistant that has no words yet is the only one known to be under way. */
static void guess_status(struct json_object *message)
{
	bool empty = !*json_text(message, "messageText");
	bool answers = !strcmp(json_text(message, "role"), "assistant");

	json_set_string(message, "status", answers && empty ? "streaming" : "completed");
}

struct json_object *mapping_from(const struct mapping *m, enum mapped what, struct json_object *row)
{
	const struct mapped_collection *c = &m->collections[what];
	struct json_object *out = json_object_new_object();

	if (!mapped_is_ours(what)) {
		json_object_object_foreach(row, key, value)
		{
			if (value && !is_bookkeeping(key) && !is_spoken_for(c, key))
				json_set(out, key, json_object_get(value));
		}
	}
	for (size_t i = 0; i < c->n; i++) {
		struct json_object *value = read_field(&c->fields[i], row);

		if (value)
			json_set(out, c->fields[i].ours, value);
	}
	if (what == MAPPED_MESSAGES && !mapping_field(m, what, "status"))
		guess_status(out);
	return out;
}

/* --- Ours ------------------------------------------------------------------------------------- */

struct json_object *mapping_to(const struct mapping *m, enum mapped what, struct json_object *row)
{
	struct json_object *out = json_object_new_object();

	json_object_object_foreach(row, key, value)
	{
		const struct mapped_field *field = mapping_find(m, what, key);
		struct json_object *theirs;

		if (!field || !field->theirs)
			continue;
		if (!field->values) {
			json_object_object_add(out, field->theirs, json_object_get(value));
			continue;
		}
		theirs = mapping_value(m, what, key, json_object_get_string(value));
		if (theirs)
			json_set(out, field->theirs, theirs);
	}
	return out;
}
