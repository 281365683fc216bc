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
#define ANSWER_FITS  8000 /* characters of nearly every answer */

struct look {
	enum mapped what;
	struct findings *found;	     /* in the caller's arena */
	struct json_object *fields;  /* of the collection: name -> type, or null; NULL: not told */
	struct json_object *lengths; /* name -> characters at most, where that is told */
};

static flow_step check_begin, check_fields, check_items, check_sample, check_rights;

static void fill_findings(struct op *op)
{
	*(struct findings *)op->out = *((struct look *)op->state)->found;
}

static void look_finish(struct op *op)
{
	struct look *l = op->state;

	json_object_put(l->fields);
	json_object_put(l->lengths);
}

void directus_check(struct store *s, struct arena *arena, struct findings *out, struct flow *f)
{
	struct op *op = op_begin(s, "check", FIRST(check_begin), f);
	struct look *l = arena_new(op->own, struct look);

	l->found = arena_new(op->own, struct findings);
	op->arena = arena;
	op->out = out;
	op->fill = fill_findings;
	op->state = l;
	op->finish = look_finish;
}

/* --- Findings --------------------------------------------------------------------------------- */

void directus_find(struct op *op, const struct finding *finding)
{
	findings_add(((struct look *)op->state)->found, finding);
}

static void find(struct op *op, bool fatal, const char *what, const char *todo)
{
	directus_find(op, &(const struct finding){ .what = what, .todo = todo, .fatal = fatal });
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
	json_object_put(TAKE_PTR(l->lengths));
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

/* No answer, or one that says nothing about the layout: no Directus answers 404 to these. */
static bool gave_up(struct flow *f, int r)
{
	int status = op_of(f)->response.status;

	if (r >= 0 || status == 400 || status == 403)
		return false;
	flow_fail(f, r);
	return true;
}

/* What /fields tells of each: its type, and how long a text may be. */
static void read_fields(struct look *l, struct json_object *list)
{
	l->fields = json_object_new_object();
	l->lengths = json_object_new_object();
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *one = json_object_array_get_idx(list, i);
		const char *name = json_text(one, "field");
		int64_t most = json_get_int(json_get_object(one, "schema"), "max_length", 0);

		if (!*name)
			continue;
		json_object_object_add(l->fields, name, json_object_get(json_get(one, "type")));
		if (most > 0)
			json_set_int(l->lengths, name, most);
	}
}

/* Types that a field of ours can have, and what becomes of it where it has another one. */
static const struct typed {
	enum mapped what;
	const char *field, *types, *todo;
	bool fatal;
} typed[] = {
	{ MAPPED_MESSAGES, "id", "uuid string",
	  "Give the collection a key of type uuid: an answer's id is made from its question's.",
	  true },
	{ MAPPED_MESSAGES, "messageText", "text string",
	  "Make it a text: answers are written there.", true },
	{ MAPPED_MESSAGES, "metadata", "json",
	  "Make it a JSON field, or say null in DIRECTUS_MAPPING: then references and outcomes are "
	  "in the event stream alone.",
	  true },
	{ MAPPED_MESSAGES, "date_created", "timestamp dateTime",
	  "Make it a timestamp that is set on create: conversations are read in its order.", true },
	{ MAPPED_SESSIONS, "start_time", "timestamp dateTime string text",
	  "Make it a timestamp: no session has a time of day.", false },
	{ MAPPED_SESSIONS, "end_time", "timestamp dateTime string text",
	  "Make it a timestamp: no session has a time of day.", false },
};

static bool is_among(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = strstr(words, word); at; at = strstr(at + 1, word))
		if ((at == words || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
			return true;
	return false;
}

static void find_wrong_type(struct op *op, const struct typed *t)
{
	const struct look *l = op->state;
	const char *theirs = op_field(op, t->what, t->field);
	const char *type = json_text(l->fields, theirs ? theirs : "");

	if (*type && !is_among(t->types, type))
		find(op, t->fatal,
		     arena_printf(op->arena,
				  "%s.%s is \"%s\", which is of type %s in %s; accepted is %s.",
				  mapping_name(t->what), t->field, theirs, type, theirs_of(op),
				  t->types),
		     t->todo);
	else if (t->what == MAPPED_SESSIONS && !strcmp(type, "dateTime"))
		directus_find(op,
			      &(const struct finding){
				      .what = arena_printf(op->arena,
							   "%s.%s is a dateTime, which says no "
							   "offset: it is taken for the time on "
							   "the wall of the conference.",
							   theirs_of(op), theirs),
				      .todo = "Nothing where it was entered so; else make it a "
					      "timestamp.",
				      .advice = true });
}

/* An answer has up to ANSWER_MAX_BYTES. */
static void find_too_short(struct op *op)
{
	const struct look *l = op->state;
	const char *theirs = op_field(op, MAPPED_MESSAGES, "messageText");
	int64_t most = json_get_int(l->lengths, theirs, 0);

	if (most > 0 && most < ANSWER_FITS)
		find(op, true,
		     arena_printf(op->arena, "%s.%s holds %lld characters, and answers are longer.",
				  theirs_of(op), theirs, (long long)most),
		     "Make it a text.");
}

static void find_wrong_types(struct op *op)
{
	const struct look *l = op->state;

	for (size_t i = 0; i < ARRAY_SIZE(typed); i++)
		if (typed[i].what == l->what)
			find_wrong_type(op, &typed[i]);
	if (l->what == MAPPED_MESSAGES)
		find_too_short(op);
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
		read_fields(l, op_data(op));
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
	if (r < 0 && !op->d->authorization)
		find(op, false, "DIRECTUS_API_KEY is not set: only what everybody may is done.",
		     "Give it a user's static token (docs/directus.md, Permissions).");
	if (r >= 0 && json_object_is_type(op_data(op), json_type_object) &&
	    json_get(op_data(op), mapping_collection(op->d->mapping, MAPPED_MESSAGES))) {
		find_rights(op, MAPPED_MESSAGES, "create");
		find_rights(op, MAPPED_MESSAGES, "update");
		find_rights(op, MAPPED_CONVERSATIONS, "create");
	}
	directus_advise(f);
}
