/*
 * directus_check.c - is this Directus laid out as the mapping says, and may we read and write it?
 *
 *	each collection: GET /fields --> 200: which of ours are not there
 *	                             \-> 403: a sample row tells, where there is one
 *	                 GET /items with all our fields, paths included
 *	then GET /permissions/me: what we write, and directus_advice.c
 */
#include "store/directus.h"

#include <string.h>

#define SHOWN_FIELDS 10

struct look {
	enum mapped what;
	struct store_findings *found; /* in the caller's arena */
	struct json_object *fields;   /* of the collection: name -> type, or null; NULL: not told */
};

static flow_step check_begin, check_fields, check_items, check_sample, check_rights;

static void fill_findings(struct op *op)
{
	*(struct store_findings *)op->out = *((struct look *)op->state)->found;
}

static void look_finish(struct op *op)
{
	json_object_put(((struct look *)op->state)->fields);
}

void directus_check(struct store *s, struct arena *arena, struct store_findings *out,
		    struct flow *f)
{
	struct op *op = op_begin(s, "check", FIRST(check_begin), f);
	struct look *l = arena_new(op->own, struct look);

	l->found = arena_new(op->own, struct store_findings);
	op->arena = arena;
	op->out = out;
	op->fill = fill_findings;
	op->state = l;
	op->finish = look_finish;
}

/* --- Findings --------------------------------------------------------------------------------- */

void directus_find(struct op *op, const struct store_finding *finding)
{
	struct store_findings *found = ((struct look *)op->state)->found;

	if (found->n < STORE_MAX_FINDINGS)
		found->rows[found->n++] = *finding;
}

static void find(struct op *op, bool fatal, const char *what, const char *todo)
{
	directus_find(op,
		      &(const struct store_finding){ .what = what, .todo = todo, .fatal = fatal });
}

static const char *theirs_of(struct op *op)
{
	const struct look *l = op->state;

	return mapping_collection(op->d->mapping, l->what);
}

/* "a, b, c and 4 more": what is there, without what Directus makes by itself. */
static const char *shown_fields(struct op *op)
{
	const struct look *l = op->state;
	struct text list _cleanup_text_ = { 0 };
	int n = 0;

	text_init(&list, 4096);
	json_object_object_foreach(l->fields, name, type)
	{
		(void)type;
		if (n++ < SHOWN_FIELDS)
			text_printf(&list, "%s%s", n > 1 ? ", " : "", name);
	}
	if (n > SHOWN_FIELDS)
		text_printf(&list, " and %d more", n - SHOWN_FIELDS);
	return arena_strdup(op->arena, list.data);
}

static bool has_field(struct json_object *fields, const char *path)
{
	char name[128];
	size_t n = strcspn(path, ".");

	if (n >= sizeof(name))
		return false;
	memcpy(name, path, n);
	name[n] = '\0';
	return json_object_object_get_ex(fields, name, NULL);
}

#define MAP_IT                                                                                     \
	"Make the field, or say in DIRECTUS_MAPPING what it is called or that it is absent "       \
	"(null)."

static bool find_missing(struct op *op)
{
	const struct look *l = op->state;
	const char *ours, *theirs;
	bool written, any = false;

	for (size_t i = 0; mapping_each(op->d->mapping, l->what, i, &ours, &theirs, &written);
	     i++) {
		/* of records we read what there is; what the mapping names and what they cannot be without must be there */
		bool needed = written || strcmp(ours, theirs ? theirs : "") != 0 ||
			      !strcmp(ours, "id") || !strcmp(ours, "conference_id");

		if (!theirs || !needed || has_field(l->fields, theirs))
			continue;
		any = true;
		find(op, true,
		     arena_printf(
			     op->arena, "%s.%s is \"%s\", but %s has no such field; it has %s.",
			     mapping_name(l->what), ours, theirs, theirs_of(op), shown_fields(op)),
		     MAP_IT);
	}
	return any;
}

/* --- What is there ------------------------------------------------------------------------------ */

static void next_collection(struct flow *f)
{
	struct look *l = op_of(f)->state;

	json_object_put(TAKE_PTR(l->fields));
	l->what++;
	check_begin(f);
}

static void check_begin(struct flow *f)
{
	struct op *op = op_of(f);
	struct look *l = op->state;

	while (l->what < MAPPED_COUNT && !theirs_of(op))
		l->what++;
	if (l->what == MAPPED_COUNT)
		op_send(op, "GET", "/permissions/me", NULL, THEN(f, check_rights));
	else
		op_send(op, "GET", arena_printf(op->own, "/fields/%s", theirs_of(op)), NULL,
			THEN(f, check_fields));
}

/* No answer, or one that says nothing about the layout. */
static bool gave_up(struct flow *f, int r)
{
	int status = op_of(f)->response.status;

	if (r >= 0 || status == 400 || status == 403 || status == 404)
		return false;
	flow_fail(f, r);
	return true;
}

static struct json_object *types_of(struct json_object *list)
{
	struct json_object *types = json_object_new_object();

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *one = json_object_array_get_idx(list, i);

		if (json_get_string(one, "field"))
			json_object_object_add(types, json_text(one, "field"),
					       json_object_get(json_get(one, "type")));
	}
	return types;
}

static void find_wrong_types(struct op *op)
{
	const struct look *l = op->state;
	const char *id = op_field(op, l->what, "id");
	const char *type = json_text(l->fields, id ? id : "");

	if (l->what == MAPPED_MESSAGES && *type && strcmp(type, "uuid") != 0 &&
	    strcmp(type, "string") != 0)
		find(op, true,
		     arena_printf(op->arena,
				  "messages.id is \"%s\", which is of type %s in %s; accepted is "
				  "uuid, or a string that holds one.",
				  id, type, theirs_of(op)),
		     "Give the collection a key of type uuid: an answer's id is made from its "
		     "question's.");
}

static void ask_items(struct flow *f)
{
	struct op *op = op_of(f);
	const struct look *l = op->state;

	op_send(op, "GET",
		arena_printf(op->own, "/items/%s?limit=1&fields=%s", theirs_of(op),
			     mapping_fields(op->d->mapping, l->what)),
		NULL, THEN(f, check_items));
}

static void check_fields(struct flow *f)
{
	struct op *op = op_of(f);
	struct look *l = op->state;
	int r = op_check(op);

	if (gave_up(f, r))
		return;
	if (r >= 0 && json_object_is_type(op_data(op), json_type_array)) {
		l->fields = types_of(op_data(op));
		find_wrong_types(op);
		if (find_missing(op)) {
			next_collection(f);
			return;
		}
	}
	ask_items(f);
}

static void check_items(struct flow *f)
{
	struct op *op = op_of(f);
	struct look *l = op->state;
	struct json_object *row = json_object_is_type(op_data(op), json_type_array)
					  ? json_object_array_get_idx(op_data(op), 0)
					  : NULL;
	int r = op_check(op);

	if (gave_up(f, r))
		return;
	if (r < 0 && l->fields) {
		find(op, true,
		     arena_printf(op->arena,
				  "DIRECTUS_API_KEY may not read these fields of %s: %s.",
				  theirs_of(op), mapping_fields(op->d->mapping, l->what)),
		     "Give its policy read permission for them, and for what their paths lead to "
		     "(docs/directus.md, Permissions).");
	} else if (r < 0) {
		op_send(op, "GET",
			arena_printf(op->own, "/items/%s?limit=1&fields=*", theirs_of(op)), NULL,
			THEN(f, check_sample));
		return;
	} else if (!l->fields && row && json_object_is_type(row, json_type_object) &&
		   !strncmp(mapping_fields(op->d->mapping, l->what), "*", 1)) {
		l->fields = json_object_get(row);
		find_missing(op);
	}
	next_collection(f);
}

/* /fields is denied, and not all our fields can be read: does a whole row tell which? */
static void check_sample(struct flow *f)
{
	struct op *op = op_of(f);
	struct look *l = op->state;
	int r = op_check(op);
	struct json_object *row = r >= 0 && json_object_is_type(op_data(op), json_type_array)
					  ? json_object_array_get_idx(op_data(op), 0)
					  : NULL;

	if (gave_up(f, r))
		return;
	if (json_object_is_type(row, json_type_object))
		l->fields = json_object_get(row);
	if (r < 0)
		find(op, true,
		     arena_printf(op->arena,
				  "%s is \"%s\", but there is no such collection, or "
				  "DIRECTUS_API_KEY may not read it.",
				  mapping_name(l->what), theirs_of(op)),
		     "Check DIRECTUS_MAPPING and the permissions (docs/directus.md).");
	else if (!l->fields || !find_missing(op))
		find(op, true,
		     arena_printf(op->arena,
				  "One of these fields of %s is not there or may not be read: %s.",
				  theirs_of(op), mapping_fields(op->d->mapping, l->what)),
		     "Let DIRECTUS_API_KEY read directus_fields, directus_collections and "
		     "directus_relations: then this says which.");
	next_collection(f);
}

/* --- What we may do ------------------------------------------------------------------------------ */

static bool may_write(struct json_object *right, const char *field)
{
	struct json_object *fields = json_get_array(right, "fields");

	for (size_t i = 0; fields && i < json_object_array_length(fields); i++) {
		const char *one = json_object_get_string(json_object_array_get_idx(fields, i));

		if (one && (!strcmp(one, "*") || !strcmp(one, field)))
			return true;
	}
	return false;
}

static bool is_changed(const char *ours)
{
	static const char *const changed[] = { "messageText", "status", "metadata" };

	for (size_t i = 0; i < ARRAY_SIZE(changed); i++)
		if (!strcmp(changed[i], ours))
			return true;
	return false;
}

static void find_rights(struct op *op, enum mapped what, const char *action)
{
	const char *collection = mapping_collection(op->d->mapping, what), *ours, *theirs;
	struct json_object *right =
		json_get_object(json_get_object(op_data(op), collection), action);
	bool fatal = what == MAPPED_MESSAGES, update = !strcmp(action, "update"), written;

	if (!right || !strcmp(json_text(right, "access"), "none")) {
		find(op, fatal,
		     arena_printf(op->arena, "DIRECTUS_API_KEY may not %s %s.", action, collection),
		     "Give its policy the permission (docs/directus.md, Permissions).");
		return;
	}
	for (size_t i = 0; mapping_each(op->d->mapping, what, i, &ours, &theirs, &written); i++) {
		if (!theirs || !written || (update && !is_changed(ours)) ||
		    may_write(right, theirs))
			continue;
		find(op, fatal,
		     arena_printf(op->arena, "DIRECTUS_API_KEY may not %s %s.%s.", action,
				  collection, theirs),
		     "Add the field to the permission (docs/directus.md, Permissions).");
	}
}

/* An admin's answer names no collections: everything is allowed. */
static void check_rights(struct flow *f)
{
	struct op *op = op_of(f);
	int r = op_check(op);

	if (gave_up(f, r))
		return;
	if (r >= 0 && json_object_is_type(op_data(op), json_type_object) &&
	    json_get(op_data(op), mapping_collection(op->d->mapping, MAPPED_MESSAGES))) {
		find_rights(op, MAPPED_MESSAGES, "create");
		find_rights(op, MAPPED_MESSAGES, "update");
		find_rights(op, MAPPED_CONVERSATIONS, "create");
	}
	directus_advise(f);
}
