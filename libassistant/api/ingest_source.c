/*
 * ingest_source.c - a conference that is read from a Directus and not given record by record.
 *
 *	conferences --> which one --> read whole --+--> the store is that Directus: its index is to be made
 *	                                           +--> another store: checked and added like a file's records
 *
 * What was ingested is remembered in ERLEAH_DATA/ingested.<digest of the id>: a hash of each record, to say what changed, and
 * to stop where a whole kind of records is gone.
 */
#include "api/ingest_private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "api/ingest_warnings.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "base/zone.h"

#define TELL_MS	   200
#define MEMORY_MAX (64 << 20)
#define PAGES_BIT  ENTITY_BIT(ENTITY_COUNT) /* the conference's own data */
#define EVERYTHING (ENTITY_ALL | PAGES_BIT)

struct ingest_source {
	struct store *store;
	char *conference; /* id or name; NULL: the default */
	unsigned kinds;	  /* ENTITY_BIT()s, PAGES_BIT */
	bool may_be_empty, read;
	uint64_t epoch;		    /* of what was read */
	struct json_object *before; /* what was ingested last; NULL: nothing is remembered */
};

static struct store *directus_of(const assistant *a)
{
	if (a->source)
		return a->source;
	return strcmp(a->env.store->ops->name, "directus") == 0 ? a->env.store : NULL;
}

static int kinds_of(const char *kind, unsigned *out)
{
	enum entity type;

	*out = EVERYTHING;
	if (!kind)
		return 0;
	*out = PAGES_BIT;
	if (!strcmp(kind, "conference"))
		return 0;
	if (entity_from(kind, &type) < 0)
		return ASSISTANT_EINVAL;
	*out = ENTITY_BIT(type);
	return 0;
}

static int no_directus(struct fail *f)
{
	return FAIL(f, ASSISTANT_ECONFIG,
		    "There is no Directus to ingest from: DIRECTUS_URL is not set.");
}

int assistant_ingest_begin_directus(assistant *a, const char *conference, const char *kind,
				    unsigned flags, assistant_ingest **out, assistant_error *err)
{
	_inside_ assistant *inside = NULL;
	struct fail f = FAIL_INIT;
	struct assistant_ingest *i = NULL;
	unsigned kinds = 0;

	if (a && api_enter(a, &inside, err) < 0)
		return ASSISTANT_EUNAVAILABLE;
	if (!a || kinds_of(kind, &kinds) < 0)
		FAIL(&f, ASSISTANT_EINVAL,
		     "kind is \"%.40s\"; conference, session, exhibitor and speaker are accepted.",
		     kind ? kind : "");
	else if (!directus_of(a))
		no_directus(&f);
	if (f.code)
		return fail_export(&f, err);
	i = calloc(1, sizeof(*i));
	if (i)
		i->from = calloc(1, sizeof(*i->from));
	if (i && i->from) {
		i->a = assistant_ref(a);
		i->warnings = json_object_new_array();
		i->snapshot = snapshot_create(INGEST_MAX_BYTES);
		i->from->conference = conference ? strdup(conference) : NULL;
		i->from->store = directus_of(a);
		i->from->kinds = kinds;
		i->from->may_be_empty = flags & ASSISTANT_INGEST_ALLOW_EMPTY;
		i->index_only = i->from->store == a->env.store;
		i->embed = kinds == EVERYTHING ? 0 : kinds;
	}
	if (!i || !i->from || !i->snapshot || (conference && !i->from->conference)) {
		assistant_ingest_free(i);
		FAIL(&f, ASSISTANT_ENOMEM, "Out of memory.");
		return fail_export(&f, err);
	}
	*out = i;
	return 0;
}

void ingest_source_free(struct ingest_source *from)
{
	if (!from)
		return;
	json_object_put(from->before);
	free(from->conference);
	free(from);
}

/* --- Which conference -------------------------------------------------------------------- */

const struct conference_brief *ingest_choose(const assistant *a, const struct conference_list *list,
					     const char *wanted, struct fail *f)
{
	if (!wanted)
		wanted = a->env.default_conference;
	for (size_t i = 0; wanted && i < list->n; i++)
		if (!strcmp(list->rows[i].id, wanted) || !strcasecmp(list->rows[i].name, wanted))
			return &list->rows[i];
	if (!wanted && list->n == 1)
		return &list->rows[0];
	if (wanted)
		FAIL(f, ASSISTANT_ENOTFOUND, "Directus has no conference \"%.60s\".", wanted);
	else if (list->n)
		FAIL(f, ASSISTANT_ENOTFOUND,
		     "Directus has %zu conferences: DEFAULT_CONFERENCE_ID says which one is meant.",
		     list->n);
	else
		FAIL(f, ASSISTANT_ENOTFOUND, "Directus has no conference that its token may read.");
	return NULL;
}

struct moved {
	struct api_call call;
	struct store *store;
	const char *conference;
	struct conference_list list;
	const struct conference_brief *found;
};

static flow_step moved_begin, moved_listed;

static void moved_begin(struct flow *f)
{
	struct moved *m = container_of(f, struct moved, call.flow);
	struct store *s = m->store;

	s->ops->look_again(s, false);
	s->ops->conferences(s, m->call.arena, &m->list, THEN(f, moved_listed));
}

static void moved_listed(struct flow *f)
{
	struct moved *m = container_of(f, struct moved, call.flow);

	m->found = ingest_choose(m->call.a, &m->list, m->conference, &f->fail);
	if (m->found)
		flow_done(f);
	else
		flow_fail(f, f->fail.code);
}

int assistant_ingest_moved(assistant *a, const char *conference, int timeout_ms,
			   char mark[ASSISTANT_MARK_SIZE], assistant_error *err)
{
	_inside_ assistant *inside = NULL;
	struct moved m = { .conference = conference };
	struct fail f = FAIL_INIT;
	int r = api_enter(a, &inside, err);

	if (r < 0)
		return r;
	m.store = directus_of(a);
	if (!m.store) {
		no_directus(&f);
		return fail_export(&f, err);
	}
	r = API_CALL(a, &m.call, timeout_ms, moved_begin, err);
	if (!r) {
		bool same =
			!strcmp(m.found->id, a->ingested_id) && m.found->epoch == a->ingested_epoch;

		mark[0] = '\0';
		if (!same)
			snprintf(mark, ASSISTANT_MARK_SIZE, "%llx",
				 (unsigned long long)m.found->epoch);
	}
	api_call_finish(&m.call);
	return r;
}

/* --- Reading --------------------------------------------------------------------------------- */

struct reading {
	struct api_call call;
	struct assistant_ingest *ingest;
	struct conference_list list;
	struct snapshot *read;

	assistant_progress_fn *fn;
	void *user;
};

static flow_step reading_begin, reading_listed, reading_end;

static struct reading *reading_of(struct flow *f)
{
	return container_of(f, struct reading, call.flow);
}

/* The caller's thread: who wants to stop has an occasion to say so, whatever Directus does. */
static void reading_told(struct api_call *call)
{
	struct reading *r = container_of(call, struct reading, call);

	if (r->fn)
		r->fn(r->user, "read", 0, 1);
}

static void reading_begin(struct flow *f)
{
	struct reading *r = reading_of(f);
	struct store *s = r->ingest->from->store;

	if (!ingest_under_way(r->ingest, f)) {
		flow_fail(f, ASSISTANT_ECANCELED);
		return;
	}

	s->ops->look_again(s, false);
	s->ops->conferences(s, r->call.arena, &r->list, THEN(f, reading_listed));
}

static void reading_listed(struct flow *f)
{
	struct reading *r = reading_of(f);
	struct ingest_source *from = r->ingest->from;
	const struct conference_brief *found =
		ingest_choose(r->call.a, &r->list, from->conference, &f->fail);

	if (found)
		from->store->ops->snapshot(from->store, found->id, &r->read, THEN(f, reading_end));
	else
		flow_fail(f, f->fail.code);
}

static void reading_end(struct flow *f)
{
	flow_done(f);
}

/* --- What was read ---------------------------------------------------------------------------- */

static void warn_left_out(struct assistant_ingest *i, const struct snapshot *s)
{
	char more[80];

	for (size_t k = 0; k < s->n_left_out && k < SNAPSHOT_MAX_LEFT_OUT; k++)
		json_object_array_add(i->warnings, json_object_new_string(s->left_out[k]));
	if (s->n_left_out <= SNAPSHOT_MAX_LEFT_OUT)
		return;
	snprintf(more, sizeof(more), "%zu rows in all were left out.", s->n_left_out);
	json_object_array_add(i->warnings, json_object_new_string(more));
}

/* The index of the store's own records: they are what they are. */
static int adopt(struct assistant_ingest *i, struct snapshot *read, struct fail *f)
{
	const char *name = read->conference.timezone;

	if (!name || zone_open(name, &i->zone, NULL) < 0)
		return FAIL(f, ASSISTANT_EINVAL,
			    "timezone is \"%.60s\"; an IANA name such as Europe/Brussels is "
			    "accepted.",
			    name ? name : "");
	snapshot_unref(i->snapshot);
	i->snapshot = snapshot_ref(read);
	return 0;
}

static int keep_or_add(struct assistant_ingest *i, const struct snapshot *read, enum entity type,
		       struct fail *f)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	int r = 0;

	if (!(i->from->kinds & ENTITY_BIT(type))) {
		r = assistant_ingest_keep(i, entity_name(type), &err);
		return r < 0 ? FAIL(f, r, "%s", err.message) : 0;
	}
	for (size_t k = 0; k < read->n[type] && !r; k++)
		r = ingest_add(i, type, read->records[type][k].json,
			       read->records[type][k].json_len, f);
	return r;
}

static int copy(struct assistant_ingest *i, const struct snapshot *read, struct fail *f)
{
	_cleanup_json_ struct json_object *o = ingest_conference_json(&read->conference);
	_cleanup_free_ char *text = o ? json_dump(o) : NULL;
	assistant_error err = ASSISTANT_ERROR_INIT;
	int r = text ? ingest_conference(i, text, f) : FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");

	if (!r && !(i->from->kinds & PAGES_BIT)) {
		r = assistant_ingest_keep(i, "conference", &err);
		if (r < 0)
			FAIL(f, r, "%s", err.message);
	}
	for (int e = 0; e < ENTITY_COUNT && !r; e++)
		r = keep_or_add(i, read, (enum entity)e, f);
	return r;
}

/* --- What was ingested before ------------------------------------------------------------------ */

static void memory_path(const struct assistant_ingest *i, char *out, size_t size)
{
	const char *id = i->snapshot->conference.id;
	char hex[SHA256_HEX_SIZE];

	sha256_hex(id, strlen(id), hex);
	snprintf(out, size, "%s/ingested.%.16s", i->a->data_directory, hex);
}

static void hash_text(const char *text, size_t len, char out[static 17])
{
	snprintf(out, 17, "%016llx", (unsigned long long)hash_stable(text, len));
}

/* {"conference": hash, "sessions": {id: hash}, ...}; owned. */
static struct json_object *memory_of(const struct snapshot *s)
{
	struct json_object *o = json_object_new_object();
	_cleanup_json_ struct json_object *own = ingest_conference_json(&s->conference);
	_cleanup_free_ char *text = json_dump(own);
	char hash[17];

	hash_text(text ? text : "", text ? strlen(text) : 0, hash);
	json_set_string(o, "conference", hash);
	for (int e = 0; e < ENTITY_COUNT; e++) {
		struct json_object *of = json_object_new_object();

		for (size_t k = 0; k < s->n[e]; k++) {
			hash_text(s->records[e][k].json, s->records[e][k].json_len, hash);
			json_set_string(of, s->records[e][k].id, hash);
		}
		json_set(o, entity_plural((enum entity)e), of);
	}
	return o;
}

/* NULL: nothing that can be read is there. */
static struct json_object *memory_read(const struct assistant_ingest *i)
{
	struct json_object *o = NULL;
	struct text t;
	char path[4200], buf[8192];
	size_t n;
	FILE *file;

	memory_path(i, path, sizeof(path));
	file = fopen(path, "re");
	if (!file)
		return NULL;
	text_init(&t, MEMORY_MAX);
	while ((n = fread(buf, 1, sizeof(buf), file)) > 0)
		text_append_n(&t, buf, n);
	fclose(file);
	if (t.failed || json_parse(t.data, t.len, &o, NULL) < 0)
		o = NULL;
	text_finish(&t);
	return o;
}

void ingest_remember(struct assistant_ingest *i)
{
	_cleanup_json_ struct json_object *o = NULL;
	_cleanup_free_ char *text = NULL;
	char path[4200], beside[4210];
	FILE *file;
	bool good;

	if (!i->from)
		return;
	snprintf(i->a->ingested_id, sizeof(i->a->ingested_id), "%s", i->snapshot->conference.id);
	i->a->ingested_epoch = i->from->epoch;
	if (!i->index_only)
		return; /* the store remembers */
	o = memory_of(i->snapshot);
	text = json_dump(o);
	memory_path(i, path, sizeof(path));
	snprintf(beside, sizeof(beside), "%s.tmp", path);
	file = fopen(beside, "we");
	if (!file)
		return; /* the next run knows less of what changed */
	good = text && fputs(text, file) >= 0;
	good = fclose(file) == 0 && good;
	if (!good || rename(beside, path) < 0)
		unlink(beside);
}

/* Whether anything changed. */
static bool count_kind(struct json_object *before, struct json_object *now, struct json_object *of)
{
	int64_t there = 0, changed = 0, was_there = before ? json_object_object_length(before) : 0;

	json_object_object_foreach(now, id, hash)
	{
		struct json_object *was = json_get(before, id);

		there += was != NULL;
		changed += was &&
			   strcmp(json_object_get_string(was), json_object_get_string(hash)) != 0;
	}
	json_set_int(of, "added", json_object_object_length(now) - there);
	json_set_int(of, "changed", changed);
	json_set_int(of, "removed", was_there - there);
	return changed || there != was_there || there != json_object_object_length(now);
}

struct json_object *ingest_source_changes(const struct assistant_ingest *i, bool *is_new,
					  bool *unchanged)
{
	struct json_object *before = i->from->before, *o = json_object_new_object();
	_cleanup_json_ struct json_object *now = memory_of(i->snapshot);

	bool same = !strcmp(json_text(before, "conference"), json_text(now, "conference"));

	json_set_bool(o, "conference", !same);
	for (int e = 0; e < ENTITY_COUNT; e++) {
		const char *plural = entity_plural((enum entity)e);
		struct json_object *of = json_object_new_object();

		same = !count_kind(json_get_object(before, plural), json_get_object(now, plural),
				   of) &&
		       same;
		json_set(o, plural, of);
	}
	*is_new = !before;
	*unchanged = *unchanged && (!before || same);
	return o;
}

int ingest_check_emptied(const struct assistant_ingest *i, const size_t was[static ENTITY_COUNT],
			 struct fail *f)
{
	const struct snapshot *s = i->snapshot;

	for (int e = 0; e < ENTITY_COUNT && !i->from->may_be_empty; e++)
		if (was[e] && !s->n[e])
			return FAIL(f, ASSISTANT_ECONFLICT,
				    "Directus has no %s any more, where %zu were: if that is "
				    "meant, say --allow-empty; if not, look at the rights of its "
				    "token.",
				    entity_plural((enum entity)e), was[e]);
	return 0;
}

static int check_memory(struct assistant_ingest *i, struct fail *f)
{
	size_t was[ENTITY_COUNT] = { 0 };

	i->from->before = memory_read(i);
	for (int e = 0; e < ENTITY_COUNT; e++) {
		struct json_object *of =
			json_get_object(i->from->before, entity_plural((enum entity)e));

		was[e] = of ? (size_t)json_object_object_length(of) : 0;
	}
	return ingest_check_emptied(i, was, f);
}

static int take(struct assistant_ingest *i, struct snapshot *read, struct fail *f)
{
	int r;

	i->from->epoch = read->epoch;
	i->from->read = true;
	warn_left_out(i, read);
	if (!i->index_only)
		return copy(i, read, f);
	r = adopt(i, read, f);
	return r < 0 ? r : check_memory(i, f);
}

int ingest_read(struct assistant_ingest *i, assistant_progress_fn *fn, void *user,
		assistant_error *err)
{
	struct reading r = { .ingest = i, .fn = fn, .user = user };
	struct fail f = FAIL_INIT;
	int code;

	if (!i->from || i->from->read)
		return 0;
	r.call.tell = reading_told;
	r.call.tell_every_ms = TELL_MS;
	code = API_CALL(i->a, &r.call, INGEST_STALL_MS, reading_begin, err);
	ingest_flow_over(i);
	if (code >= 0 && take(i, r.read, &f) < 0)
		code = fail_export(&f, err);
	snapshot_unref(r.read);
	api_call_finish(&r.call);
	return code;
}
