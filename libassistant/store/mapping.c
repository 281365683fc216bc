/*
 * mapping.c - reads and checks a mapping file; what it does not name is called as in the contract.
 *
 * Every sentence names the member, what it holds and what is accepted.
 */
#include <errno.h>
#include <string.h>
#include "base/text.h"
#include "store/mapping_private.h"

#define FILE_MAX_BYTES	(1UL << 20)
#define ARENA_MAX_BYTES (8UL << 20)
#define NAME_MAX_BYTES	64
#define PATH_MAX_PARTS	4

/* --- The contract ------------------------------------------------------------------------------- */

static const struct known_field conversations[] = {
	{ "id", FIELD_NEEDED },
	{ "user_created", 0 },
	{ "date_created", FIELD_SET },
	{ "conference_id", 0 },
	{ "source", 0 },
	{ "status", 0 },
	{ NULL, 0 },
};
static const struct known_field messages[] = {
	{ "id", FIELD_NEEDED },
	{ "conversation_id", FIELD_NEEDED },
	{ "user_created", 0 },
	{ "date_created", FIELD_NEEDED | FIELD_SET },
	{ "role", FIELD_NEEDED | FIELD_VALUES },
	{ "messageText", FIELD_NEEDED },
	{ "status", FIELD_VALUES },
	{ "metadata", 0 },
	{ NULL, 0 },
};
static const struct known_field conferences[] = {
	{ "id", FIELD_NEEDED }, { "name", FIELD_NEEDED }, { "description", 0 },
	{ "start_date", 0 },	{ "end_date", 0 },	  { "venue", 0 },
	{ "city", 0 },		{ "timezone", 0 },	  { "website", 0 },
	{ "info", 0 },		{ "rooms", FIELD_LIST },  { NULL, 0 },
};
static const struct known_field info[] = {
	{ "id", 0 }, { "key", 0 }, { "title", 0 }, { "text", FIELD_NEEDED }, { NULL, 0 },
};
static const struct known_field rooms[] = {
	{ "id", 0 }, { "name", FIELD_NEEDED }, { "code", 0 }, { "aliases", FIELD_LIST },
	{ NULL, 0 },
};
static const struct known_field sessions[] = {
	{ "id", FIELD_NEEDED },
	{ "conference_id", 0 },
	{ "title", FIELD_NEEDED },
	{ "subtitle", 0 },
	{ "description", 0 },
	{ "track", 0 },
	{ "session_type", 0 },
	{ "start_time", 0 },
	{ "end_time", 0 },
	{ "location", 0 },
	{ "speaker_ids", FIELD_LIST },
	{ "speaker_names", FIELD_LIST },
	{ "level", 0 },
	{ "language", 0 },
	{ "tags", FIELD_LIST },
	{ "url", 0 },
	{ NULL, 0 },
};
static const struct known_field exhibitors[] = {
	{ "id", FIELD_NEEDED },
	{ "conference_id", 0 },
	{ "name", FIELD_NEEDED },
	{ "booth_number", 0 },
	{ "category", 0 },
	{ "description", 0 },
	{ "products", 0 },
	{ "website", 0 },
	{ "url", 0 },
	{ "tier", 0 },
	{ "availability", 0 },
	{ "tags", FIELD_LIST },
	{ NULL, 0 },
};
static const struct known_field speakers[] = {
	{ "id", FIELD_NEEDED },
	{ "conference_id", 0 },
	{ "name", FIELD_NEEDED },
	{ "title", 0 },
	{ "company", 0 },
	{ "bio", 0 },
	{ "url", 0 },
	{ "session_ids", FIELD_LIST },
	{ "tags", FIELD_LIST },
	{ NULL, 0 },
};

static const struct {
	const char *name;
	const struct known_field *fields;
	bool needed,
		built_in; /* info and rooms are members of the conference unless a file says otherwise */
} known[MAPPED_COUNT] = {
	[MAPPED_CONVERSATIONS] = { "conversations", conversations, true, true },
	[MAPPED_MESSAGES] = { "messages", messages, true, true },
	[MAPPED_CONFERENCES] = { "conferences", conferences, false, true },
	[MAPPED_INFO] = { "info", info, false, false },
	[MAPPED_ROOMS] = { "rooms", rooms, false, false },
	[MAPPED_SESSIONS] = { "sessions", sessions, false, true },
	[MAPPED_EXHIBITORS] = { "exhibitors", exhibitors, false, true },
	[MAPPED_SPEAKERS] = { "speakers", speakers, false, true },
};

const char *mapping_name(enum mapped what)
{
	return known[what].name;
}

/* --- Looking up ----------------------------------------------------------------------------------- */

struct mapped_field *mapping_find(const struct mapping *m, enum mapped what, const char *ours)
{
	const struct mapped_collection *c = &m->collections[what];

	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->fields[i].ours, ours))
			return &c->fields[i];
	return NULL;
}

const char *mapping_collection(const struct mapping *m, enum mapped what)
{
	return m->collections[what].theirs;
}

const char *mapping_field(const struct mapping *m, enum mapped what, const char *field)
{
	const struct mapped_field *found = mapping_find(m, what, field);

	return found ? found->theirs : NULL;
}

bool mapping_each(const struct mapping *m, enum mapped what, size_t i, const char **ours,
		  const char **theirs, bool *written)
{
	const struct mapped_collection *c = &m->collections[what];

	if (i >= c->n)
		return false;
	*ours = c->fields[i].ours;
	*theirs = c->fields[i].theirs;
	*written = mapped_is_ours(what) && !(c->fields[i].flags & FIELD_SET);
	return true;
}

const char *mapping_fields(const struct mapping *m, enum mapped what)
{
	return m->collections[what].read;
}

struct json_object *mapping_conference(const struct mapping *m)
{
	return m->conference;
}

/* --- The file ------------------------------------------------------------------------------------- */

struct reading {
	struct mapping *m;
	struct fail *f;
	enum mapped what;
};

static int out_of_memory(struct fail *f)
{
	return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
}

/* "messages.fields.role is 7; accepted is ..." */
static int refuse(struct reading *r, const char *member, const char *key, struct json_object *value,
		  const char *accepted)
{
	const char *shown =
		value ? json_object_to_json_string_ext(value, JSON_C_TO_STRING_NOSLASHESCAPE)
		      : "null";

	return FAIL(r->f, ASSISTANT_ECONFIG, "%s%s%s%s%.40s is %.40s; accepted is %s.",
		    known[r->what].name, *member ? "." : "", member, *key ? "." : "", key, shown,
		    accepted);
}

static int refuse_unknown(struct reading *r, const char *where, const char *key)
{
	struct text list _cleanup_text_ = { 0 };

	text_init(&list, 1000);
	for (const struct known_field *k = known[r->what].fields; k->name; k++)
		text_printf(&list, "%s%s", list.len ? ", " : "", k->name);
	return FAIL(r->f, ASSISTANT_ECONFIG, "%s.%s.%.40s is no field; accepted are %s%s.",
		    known[r->what].name, where, key, list.data,
		    r->what >= MAPPED_SESSIONS ? ", and those of facets" : "");
}

/* Names travel in URLs as they are. */
static bool name_good(const char *name)
{
	size_t n = strlen(name);

	return n && n <= NAME_MAX_BYTES &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
		       n;
}

static bool path_good(const char *path)
{
	char part[NAME_MAX_BYTES + 1];
	int parts = 0;

	for (;; path++) {
		size_t n = strcspn(path, ".");

		if (n > NAME_MAX_BYTES || ++parts > PATH_MAX_PARTS)
			return false;
		memcpy(part, path, n);
		part[n] = '\0';
		if (!name_good(part))
			return false;
		path += n;
		if (!*path)
			return true;
	}
}

static int set_theirs(struct reading *r, struct mapped_field *field, struct json_object *value)
{
	bool plain = mapped_is_ours(r->what) || !strcmp(field->ours, "conference_id") ||
		     !strcmp(field->ours, "id");
	const char *name =
		json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";

	if (!(plain ? name_good(name) : path_good(name)))
		return refuse(r, "fields", field->ours, value,
			      plain ? "the name of a field"
				    : "the name of a field, a path such as speakers.speaker_id.id, "
				      "or null");
	field->theirs = arena_strdup(r->m->arena, name);
	return field->theirs ? 0 : out_of_memory(r->f);
}

static bool is_scalar(struct json_object *value)
{
	return json_object_is_type(value, json_type_string) ||
	       json_object_is_type(value, json_type_boolean) ||
	       json_object_is_type(value, json_type_int);
}

static bool scalars(struct json_object *value)
{
	size_t n;

	if (!json_object_is_type(value, json_type_array))
		return is_scalar(value);
	n = json_object_array_length(value);
	for (size_t i = 0; i < n; i++)
		if (!is_scalar(json_object_array_get_idx(value, i)))
			return false;
	return n > 0;
}

static int set_values(struct reading *r, struct mapped_field *field, struct json_object *values)
{
	static const char *const roles[] = { "user", "assistant", NULL };
	static const char *const states[] = { "streaming", "completed", "pending", NULL };
	bool role = !strcmp(field->ours, "role");
	const char *const *accepted = role ? roles : states;

	if (!(field->flags & FIELD_VALUES))
		return refuse(r, "fields", field->ours, values,
			      "the name of a field alone: only role and status have values");
	if (!json_object_is_type(values, json_type_object) || !json_get(values, accepted[0]) ||
	    !json_get(values, accepted[1]))
		return refuse(r, "fields", field->ours, values,
			      role ? "values with members user and assistant"
				   : "values with members streaming and completed");
	json_object_object_foreach(values, ours, theirs)
	{
		size_t i = 0;

		while (accepted[i] && strcmp(accepted[i], ours))
			i++;
		if (!accepted[i] || !scalars(theirs))
			return refuse(r, "fields", field->ours, values,
				      role ? "a text, number or bool, or a list of them, for each "
					     "of user and assistant"
					   : "a text, number or bool, or a list of them, for each "
					     "of streaming, completed and pending");
	}
	field->values = values;
	return 0;
}

/* "agent", null, or {"field": "agent", "values": {...}} */
static int read_mapped_field(struct reading *r, struct mapped_field *field,
			     struct json_object *value)
{
	int code;

	field->theirs = NULL;
	if (!value)
		return field->flags & FIELD_NEEDED ? refuse(r, "fields", field->ours, NULL,
							    "a name: it cannot be absent")
						   : 0;
	if (!json_object_is_type(value, json_type_object))
		return set_theirs(r, field, value);
	json_object_object_foreach(value, key, member)
	{
		(void)member;
		if (strcmp(key, "field") && strcmp(key, "values"))
			return refuse(r, "fields", field->ours, value,
				      "an object with \"field\" and \"values\"");
	}
	code = set_theirs(r, field, json_get(value, "field"));
	if (!code && json_object_object_get_ex(value, "values", NULL))
		code = set_values(r, field, json_get(value, "values"));
	return code;
}

/* A facet's field may be called otherwise too; it is added when it is. */
static struct mapped_field *add_facet(struct reading *r, const char *ours)
{
	struct mapped_collection *c = &r->m->collections[r->what];
	const char *const *facets;

	if (r->what < MAPPED_SESSIONS)
		return NULL;
	facets = record_facet_fields((enum entity)(r->what - MAPPED_SESSIONS));
	for (size_t i = 0; facets[i]; i++)
		if (!strcmp(facets[i], ours)) {
			c->fields[c->n].ours = facets[i];
			return &c->fields[c->n++];
		}
	return NULL;
}

static int read_fields(struct reading *r, struct json_object *fields)
{
	if (!json_object_is_type(fields, json_type_object))
		return refuse(r, "fields", "", fields, "an object of names");
	json_object_object_foreach(fields, ours, value)
	{
		struct mapped_field *field = mapping_find(r->m, r->what, ours);
		int code;

		if (!field)
			field = add_facet(r, ours);
		if (!field)
			return refuse_unknown(r, "fields", ours);
		code = read_mapped_field(r, field, value);
		if (code < 0)
			return code;
	}
	return 0;
}

static int read_ignored(struct reading *r, struct json_object *list)
{
	bool good = json_object_is_type(list, json_type_array) && !mapped_is_ours(r->what);

	for (size_t i = 0; good && i < json_object_array_length(list); i++)
		good = json_object_is_type(json_object_array_get_idx(list, i), json_type_string);
	if (!good)
		return refuse(r, "ignore", "", list,
			      mapped_is_ours(r->what) ? "nothing: only known fields are read here"
						      : "a list of names of fields");
	r->m->collections[r->what].ignored = list;
	return 0;
}

static int read_collection(struct reading *r, struct json_object *value)
{
	struct mapped_collection *c = &r->m->collections[r->what];
	const char *name = json_text(value, "collection");
	int code = 0;

	if (!value && !known[r->what].needed) {
		c->theirs = NULL;
		return 0;
	}
	if (!json_object_is_type(value, json_type_object))
		return refuse(r, "", "", value,
			      known[r->what].needed
				      ? "an object with \"collection\" and \"fields\""
				      : "an object with \"collection\" and \"fields\", or null");
	if (!name_good(name))
		return refuse(r, "collection", "", json_get(value, "collection"),
			      "the name of a collection");
	c->theirs = name;
	json_object_object_foreach(value, key, member)
	{
		if (code)
			return code;
		if (!strcmp(key, "fields"))
			code = read_fields(r, member);
		else if (!strcmp(key, "ignore"))
			code = read_ignored(r, member);
		else if (strcmp(key, "collection"))
			return FAIL(r->f, ASSISTANT_ECONFIG,
				    "%s.%.40s is no part of a mapping; accepted are collection, "
				    "fields and ignore.",
				    known[r->what].name, key);
	}
	return code;
}

/* Two of our fields in one of theirs would overwrite each other. */
static int check_distinct(struct reading *r)
{
	const struct mapped_collection *c = &r->m->collections[r->what];

	for (size_t i = 0; i < c->n && mapped_is_ours(r->what); i++)
		for (size_t k = 0; k < i; k++)
			if (c->fields[i].theirs && c->fields[k].theirs &&
			    !strcmp(c->fields[i].theirs, c->fields[k].theirs))
				return FAIL(r->f, ASSISTANT_ECONFIG,
					    "%s.fields.%s and %s are both \"%s\"; accepted is a "
					    "field of its own for each.",
					    known[r->what].name, c->fields[k].ours,
					    c->fields[i].ours, c->fields[i].theirs);
	return 0;
}

/* --- The one conference --------------------------------------------------------------------------- */

static void forget_conference_ids(struct mapping *m)
{
	for (int what = 0; what < MAPPED_COUNT; what++) {
		struct mapped_field *field = mapping_find(m, (enum mapped)what, "conference_id");

		if (field)
			field->theirs = NULL;
	}
}

static int read_conference(struct mapping *m, struct json_object *root, struct fail *f)
{
	struct json_object *value = json_get(root, "conference");
	struct arena *scratch _cleanup_arena_ = NULL;
	struct conference parsed = { 0 };
	struct fail why = FAIL_INIT;

	if (!value)
		return 0;
	if (json_get(root, "conferences"))
		return FAIL(f, ASSISTANT_ECONFIG,
			    "There are both \"conference\" and \"conferences\"; accepted is "
			    "either the one conference or the collection of them.");
	scratch = arena_create(ARENA_MAX_BYTES);
	if (!scratch)
		return out_of_memory(f);
	if (!json_object_is_type(value, json_type_object))
		return FAIL(
			f, ASSISTANT_ECONFIG,
			"conference is %.40s; accepted is an object with id, name and timezone.",
			json_object_to_json_string_ext(value, JSON_C_TO_STRING_NOSLASHESCAPE));
	if (conference_parse(value, scratch, &parsed, &why) < 0)
		return FAIL(f, ASSISTANT_ECONFIG, "%s.", why.text);
	json_set_string(value, "id", parsed.id); /* as it is written everywhere else */
	m->conference = value;
	m->collections[MAPPED_CONFERENCES].theirs = NULL;
	forget_conference_ids(m);
	return 0;
}

/* --- Making one --------------------------------------------------------------------------------------- */

static bool set_contract(struct mapping *m, enum mapped what)
{
	struct mapped_collection *c = &m->collections[what];
	size_t n = 0, facets = 0;

	while (known[what].fields[n].name)
		n++;
	if (what >= MAPPED_SESSIONS)
		while (record_facet_fields((enum entity)(what - MAPPED_SESSIONS))[facets])
			facets++;
	c->theirs = known[what].built_in ? known[what].name : NULL;
	c->fields = arena_array(m->arena, struct mapped_field, n + facets);
	if (!c->fields)
		return false;
	for (c->n = 0; c->n < n; c->n++) {
		const struct known_field *k = &known[what].fields[c->n];

		c->fields[c->n] = (struct mapped_field){ k->name, k->name, k->flags, NULL };
	}
	return true;
}

/* Of rows that are ours, what is known; of records, all, and what only a path reaches. */
static bool set_read(struct mapping *m, enum mapped what)
{
	struct mapped_collection *c = &m->collections[what];
	struct text list _cleanup_text_ = { 0 };

	text_init(&list, 1 << 16);
	text_append(&list, mapped_is_ours(what) ? "" : "*");
	for (size_t i = 0; i < c->n; i++) {
		const char *theirs = c->fields[i].theirs;

		if (theirs && (mapped_is_ours(what) || strchr(theirs, '.')))
			text_printf(&list, "%s%s", list.len ? "," : "", theirs);
	}
	c->read = arena_strdup(m->arena, list.data);
	return !list.failed && c->read;
}

static int create(struct mapping **out, struct fail *f)
{
	struct mapping *m = calloc(1, sizeof(*m));

	if (m)
		m->arena = arena_create(ARENA_MAX_BYTES);
	for (int what = 0; m && m->arena && what < MAPPED_COUNT; what++)
		if (!set_contract(m, (enum mapped)what))
			break;
	if (!m || !m->arena || !m->collections[MAPPED_COUNT - 1].fields) {
		mapping_destroy(m);
		return out_of_memory(f);
	}
	*out = m;
	return 0;
}

static int check_root(struct json_object *root, struct fail *f)
{
	if (!json_object_is_type(root, json_type_object))
		return FAIL(f, ASSISTANT_ECONFIG, "A mapping is a JSON object.");
	json_object_object_foreach(root, key, value)
	{
		bool is_known = !strcmp(key, "conference") || !strcmp(key, "about");

		(void)value;
		for (int what = 0; what < MAPPED_COUNT; what++)
			is_known = is_known || !strcmp(known[what].name, key);
		if (!is_known)
			return FAIL(
				f, ASSISTANT_ECONFIG,
				"\"%.40s\" is no part of a mapping; accepted are conversations, "
				"messages, conference or conferences, info, rooms, sessions, "
				"exhibitors, speakers and about.",
				key);
	}
	return 0;
}

static int read_root(struct mapping *m, struct json_object *root, struct fail *f)
{
	int code = check_root(root, f);

	if (!code)
		code = read_conference(m, root, f);
	for (int what = 0; what < MAPPED_COUNT && !code; what++) {
		struct reading r = { .m = m, .f = f, .what = (enum mapped)what };
		struct json_object *value;

		if (!json_object_object_get_ex(root, known[what].name, &value))
			continue;
		code = read_collection(&r, value);
		if (!code)
			code = check_distinct(&r);
	}
	if (!code && !m->conference && !m->collections[MAPPED_CONFERENCES].theirs)
		code = FAIL(f, ASSISTANT_ECONFIG,
			    "conferences is null, and there is no \"conference\"; accepted is one "
			    "of them.");
	return code;
}

static int finish_mapping(struct mapping *m, struct fail *f)
{
	for (int what = 0; what < MAPPED_COUNT; what++)
		if (!set_read(m, (enum mapped)what))
			return out_of_memory(f);
	return 0;
}

/* root NULL: the contract. */
static int make(struct json_object *root, struct mapping **out, struct fail *f)
{
	struct mapping *m = NULL;
	int code = create(&m, f);

	if (!code && root) {
		m->root = json_object_get(root);
		code = read_root(m, root, f);
	}
	if (!code)
		code = finish_mapping(m, f);
	if (code < 0) {
		mapping_destroy(m);
		return code;
	}
	*out = m;
	return 0;
}

int mapping_parse(const char *text, size_t len, struct mapping **out, struct fail *f)
{
	_cleanup_json_ struct json_object *root = NULL;
	struct fail why = FAIL_INIT;

	if (json_parse(text, len, &root, &why) < 0)
		return FAIL(f, ASSISTANT_ECONFIG, "%s", why.text);
	return make(root, out, f);
}

static int read_file(const char *path, struct text *out, struct fail *f)
{
	FILE *file = fopen(path, "re");
	char part[4096];
	size_t n;
	bool bad;

	while (file && (n = fread(part, 1, sizeof(part), file)) > 0)
		text_append_n(out, part, n);
	bad = !file || ferror(file);
	if (bad)
		FAIL(f, ASSISTANT_ECONFIG,
		     "DIRECTUS_MAPPING is \"%.100s\", which cannot be read: %s.", path,
		     strerror(errno));
	else if (out->failed)
		FAIL(f, ASSISTANT_ECONFIG,
		     "DIRECTUS_MAPPING is \"%.100s\", which is larger than a mapping may be (1 "
		     "MiB).",
		     path);
	if (file)
		fclose(file);
	return bad || out->failed ? ASSISTANT_ECONFIG : 0;
}

int mapping_load(const char *path, struct mapping **out, struct fail *f)
{
	struct text text _cleanup_text_ = { 0 };
	struct fail why = FAIL_INIT;
	int code;

	if (!path || !*path)
		return make(NULL, out, f);
	text_init(&text, FILE_MAX_BYTES);
	code = read_file(path, &text, f);
	if (code < 0)
		return code;
	code = mapping_parse(text.data, text.len, out, &why);
	if (code < 0)
		return FAIL(f, code, "DIRECTUS_MAPPING is \"%.90s\": %s", path, why.text);
	return 0;
}

void mapping_destroy(struct mapping *m)
{
	if (!m)
		return;
	json_object_put(m->root);
	arena_destroy(m->arena);
	free(m);
}
