/*
 * ingest.c - one conference, checked record by record; ingest_commit.c switches it in.
 *
 *	begin --> keep... (of what is stored) --> add... --> check or commit
 */
#include "api/ingest_private.h"

#include <string.h>
#include "api/ingest_warnings.h"
#include "base/json.h"
#include "base/zone.h"

static int local_time(void *ctx, int64_t local_s, int64_t *unix_s)
{
	struct assistant_ingest *i = ctx;

	*unix_s = zone_unix_of(i->zone, local_s);
	ingest_warn_clock(i->zone, local_s, *unix_s, i->warnings);
	return 0;
}

int ingest_conference(struct assistant_ingest *i, const char *conference_json, struct fail *f)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct conference *c = &i->snapshot->conference;
	int r = json_parse(conference_json, strlen(conference_json), &o, f);

	if (!r)
		r = conference_parse(o, i->snapshot->arena, c, f);
	if (!r && !c->timezone)
		r = FAIL(f, ASSISTANT_EINVAL,
			 "timezone is missing; an IANA name such as Europe/Brussels is accepted.");
	if (!r && (!c->start_date || !c->end_date))
		r = FAIL(f, ASSISTANT_EINVAL,
			 "%s is missing; a date such as 2026-01-31 is accepted.",
			 c->start_date ? "end_date" : "start_date");
	if (!r && zone_open(c->timezone, &i->zone, NULL) < 0)
		r = FAIL(f, ASSISTANT_EINVAL,
			 "timezone is \"%.60s\"; an IANA name such as Europe/Brussels is accepted.",
			 c->timezone);
	return r;
}

int assistant_ingest_begin(assistant *a, const char *conference_json, assistant_ingest **out,
			   assistant_error *err)
{
	_inside_ assistant *inside = NULL;
	struct fail f = FAIL_INIT;
	struct assistant_ingest *i = NULL;

	if (a && api_enter(a, &inside, err) < 0)
		return ASSISTANT_EUNAVAILABLE;
	if (a && conference_json)
		i = calloc(1, sizeof(*i));
	if (!i) {
		FAIL(&f, ASSISTANT_EINVAL, "An assistant and a conference are needed.");
		return fail_export(&f, err);
	}
	i->a = assistant_ref(a);
	i->warnings = json_object_new_array();
	i->snapshot = snapshot_create(INGEST_MAX_BYTES);
	if (!i->snapshot)
		FAIL(&f, ASSISTANT_ENOMEM, "Out of memory.");
	else if (!a->env.store->ops->ingest)
		FAIL(&f, ASSISTANT_EDENIED,
		     "Conferences are loaded from files into the embedded store only; this one is "
		     "%s.",
		     a->env.store->ops->name);
	else
		ingest_conference(i, conference_json, &f);
	if (f.code) {
		assistant_ingest_free(i);
		return fail_export(&f, err);
	}
	*out = i;
	return 0;
}

int ingest_add(struct assistant_ingest *i, enum entity type, const char *record_json, size_t len,
	       struct fail *f)
{
	_cleanup_json_ struct json_object *o = NULL;
	struct arena *arena = i->snapshot->arena;
	size_t *n = &i->snapshot->n[type];
	int r = json_parse(record_json, len, &o, f);

	if (r < 0)
		return r;
	if (*n == INGEST_MAX_RECORDS)
		return FAIL(f, ASSISTANT_ETOOLARGE, "At most %d %s are accepted.",
			    INGEST_MAX_RECORDS, entity_plural(type));
	i->records[type] =
		arena_grow(arena, i->records[type], *n, &i->cap[type], sizeof(struct record));
	if (!i->records[type])
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	r = record_parse(type, o, arena, local_time, i, &i->records[type][*n], f);
	if (r < 0)
		return r;
	(*n)++;
	return 0;
}

int assistant_ingest_add(assistant_ingest *i, const char *kind, const char *record_json,
			 assistant_error *err)
{
	struct fail f = FAIL_INIT;
	enum entity type;

	if (!i || !kind || !record_json || i->sealed || i->from)
		FAIL(&f, ASSISTANT_EINVAL, "An open ingest, a kind and a record are needed.");
	else if (entity_from(kind, &type) < 0)
		FAIL(&f, ASSISTANT_EINVAL,
		     "kind is \"%.40s\"; session, exhibitor and speaker are accepted.", kind);
	else if (i->kept & ENTITY_BIT(type))
		FAIL(&f, ASSISTANT_EINVAL, "The %s are kept as they are stored.",
		     entity_plural(type));
	else
		ingest_add(i, type, record_json, strlen(record_json), &f);
	return fail_export(&f, err);
}

/* --- Keeping what is stored ---------------------------------------------------------- */

struct keep {
	struct api_call call;
	struct assistant_ingest *ingest;
	struct snapshot *stored;
};

static void keep_begin(struct flow *f)
{
	struct keep *k = container_of(f, struct keep, call.flow);
	struct store *s = k->call.a->env.store;

	s->ops->snapshot(s, k->ingest->snapshot->conference.id, &k->stored, THEN(f, api_call_done));
}

static int load_stored(struct assistant_ingest *i, struct fail *f)
{
	struct keep k = { .ingest = i };
	int r;

	if (i->stored)
		return 0;
	r = API_CALL(i->a, &k.call, INGEST_STALL_MS, keep_begin, NULL);
	i->stored = k.stored;
	if (r == ASSISTANT_ENOTFOUND)
		FAIL(f, r, "This conference is not there yet: load all of it first.");
	else if (r < 0)
		*f = k.call.flow.fail;
	api_call_finish(&k.call);
	return r;
}

struct json_object *ingest_conference_json(const struct conference *c)
{
	struct json_object *o = NULL, *info = json_object_new_object();

	if (json_parse(c->json, c->json_len, &o, NULL) < 0) {
		json_object_put(info);
		return NULL;
	}
	for (size_t i = 0; i < c->n_info; i++) {
		struct json_object *page = json_object_new_object();

		json_set_string(page, "title", c->info[i].title);
		json_set_string(page, "text", c->info[i].text);
		json_set(info, c->info[i].key, page);
	}
	json_set(o, "info", info);
	return o;
}

static int keep_conference(struct assistant_ingest *i, struct fail *f)
{
	_cleanup_json_ struct json_object *o = ingest_conference_json(&i->stored->conference);
	struct zone *zone = NULL;
	int r;

	if (i->snapshot->n[ENTITY_SESSION])
		return FAIL(f, ASSISTANT_EINVAL,
			    "The conference is kept before sessions are added: their times are in "
			    "its zone.");
	r = o ? conference_parse(o, i->snapshot->arena, &i->snapshot->conference, f)
	      : FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	if (r == 0)
		r = zone_open(i->snapshot->conference.timezone, &zone, f);
	if (r < 0)
		return r;
	zone_close(i->zone);
	i->zone = zone;
	i->conference_kept = true;
	return 0;
}

static int keep_records(struct assistant_ingest *i, enum entity type, struct fail *f)
{
	const struct snapshot *s = i->stored;

	if (i->snapshot->n[type])
		return FAIL(f, ASSISTANT_EINVAL, "Some %s were added already.",
			    entity_plural(type));
	for (size_t k = 0; k < s->n[type]; k++) {
		const struct record *record = &s->records[type][k];
		int r = ingest_add(i, type, record->json, record->json_len, f);

		if (r < 0)
			return r;
	}
	i->kept |= ENTITY_BIT(type);
	return 0;
}

int assistant_ingest_keep(assistant_ingest *i, const char *kind, assistant_error *err)
{
	_inside_ assistant *inside = NULL;
	struct fail f = FAIL_INIT;
	enum entity type;
	bool conference = kind && !strcmp(kind, "conference");

	if (i && api_enter(i->a, &inside, err) < 0)
		return ASSISTANT_EUNAVAILABLE;
	if (!i || !kind || i->sealed)
		FAIL(&f, ASSISTANT_EINVAL, "An open ingest and a kind are needed.");
	else if (!conference && entity_from(kind, &type) < 0)
		FAIL(&f, ASSISTANT_EINVAL,
		     "kind is \"%.40s\"; conference, session, exhibitor and speaker are accepted.",
		     kind);
	else if (load_stored(i, &f) == 0 && conference)
		keep_conference(i, &f);
	else if (!f.code && !(i->kept & ENTITY_BIT(type)))
		keep_records(i, type, &f);
	return fail_export(&f, err);
}

void assistant_ingest_free(assistant_ingest *i)
{
	if (!i)
		return;
	snapshot_unref(i->snapshot);
	snapshot_unref(i->stored);
	zone_close(i->zone);
	json_object_put(i->warnings);
	ingest_source_free(i->from);
	if (i->a)
		assistant_unref(i->a);
	free(i);
}
