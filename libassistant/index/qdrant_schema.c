/*
 * qdrant_schema.c - which collections there are, what they are indexed by, and how everything in them is named.
 *
 *	sessions_master ----alias---> sessions_master_1a2b3c4d     a generation per space of vectors: a new model's vectors are
 *	sessions_facets ----alias---> sessions_facets_1a2b3c4d     written beside the old ones, then the names lead there
 *	...                           index_builds                 which build is whose epoch, vocabularies
 */
#include <string.h>
#include "index/qdrant.h"
#include "index/qdrant_words.h"

static const char *const set_names[SET_COUNT] = {
	[SET_MASTERS + ENTITY_SESSION] = "sessions_master",
	[SET_MASTERS + ENTITY_EXHIBITOR] = "exhibitors_master",
	[SET_MASTERS + ENTITY_SPEAKER] = "speakers_master",
	[SET_FACETS + ENTITY_SESSION] = "sessions_facets",
	[SET_FACETS + ENTITY_EXHIBITOR] = "exhibitors_facets",
	[SET_FACETS + ENTITY_SPEAKER] = "speakers_facets",
	[SET_PASSAGES] = "info_passages",
	[SET_STAGED] = "staged_vectors",
};

bool qdrant_set_is_master(enum qdrant_set set)
{
	return set < SET_FACETS;
}

static bool is_facets(enum qdrant_set set)
{
	return set >= SET_FACETS && set < SET_PASSAGES;
}

void qdrant_generation(const struct vector_space *space, char out[static QDRANT_GENERATION])
{
	char what[256];
	uint64_t hash;

	snprintf(what, sizeof(what), "%d %.160s %u", QDRANT_FORMAT,
		 space->model ? space->model : "", space->dims);
	hash = hash_stable(what, strlen(what));
	snprintf(out, QDRANT_GENERATION, "%08x", (unsigned)(hash ^ hash >> 32));
}

void qdrant_set_name(const struct qdrant *q, enum qdrant_set set, const char *generation,
		     char out[static QDRANT_NAME])
{
	snprintf(out, QDRANT_NAME, "%s%s%s%s", q->prefix, set_names[set], generation ? "_" : "",
		 generation ? generation : "");
}

void qdrant_builds_name(const struct qdrant *q, char out[static QDRANT_NAME])
{
	snprintf(out, QDRANT_NAME, "%sindex_builds", q->prefix);
}

/* --- Ids ---------------------------------------------------------------------------- */

void qdrant_point_id(const char *build, unsigned type, unsigned facet, const char *id,
		     unsigned part, char out[static UUID_SIZE])
{
	char name[1024];

	snprintf(name, sizeof(name), "%u/%u/%u/%.900s", type, facet, part, id);
	uuid_v5(build, name, out);
}

void qdrant_pointer_id(const char *conference_id, uint64_t epoch, char out[static UUID_SIZE])
{
	char name[256];

	snprintf(name, sizeof(name), "index/%.160s/%llu", conference_id, (unsigned long long)epoch);
	uuid_v5(UUID_NS_ERLEAH, name, out);
}

void qdrant_staged_id(const char *conference_id, const char *generation,
		      const uint8_t hash[static POINT_HASH_SIZE], char out[static UUID_SIZE])
{
	char name[300], text[2 * POINT_HASH_SIZE + 1];

	qdrant_hash_text(hash, text);
	snprintf(name, sizeof(name), "staged/%.160s/%s/%s", conference_id, generation, text);
	uuid_v5(UUID_NS_ERLEAH, name, out);
}

/* --- What a collection is indexed by --------------------------------------------------- */

#define KEYWORD "\"keyword\""
#define NUMBER	"{\"type\":\"integer\",\"lookup\":false,\"range\":true}"

/* of: bits of what kinds of collections have it. */
enum { MASTER = 1, FACET = 2, PASSAGE = 4, WAITING = 8, BUILDS = 16 };

static const struct payload_index {
	const char *field, *schema;
	unsigned of;
} indexes[] = {
	{ "conference_id", "{\"type\":\"keyword\",\"is_tenant\":true}",
	  MASTER | FACET | PASSAGE | WAITING | BUILDS },
	{ "build", KEYWORD, MASTER | FACET | PASSAGE | BUILDS },
	{ "start_time", "\"datetime\"", MASTER | FACET },
	{ "end_time", "\"datetime\"", MASTER | FACET },
	{ "match.id", KEYWORD, MASTER | FACET },
	{ "match.place", KEYWORD, MASTER | FACET },
	{ "match.track", KEYWORD, MASTER | FACET },
	{ "match.type", KEYWORD, MASTER | FACET },
	{ "match.level", KEYWORD, MASTER | FACET },
	{ "match.language", KEYWORD, MASTER | FACET },
	{ "match.speakers", KEYWORD, MASTER | FACET },
	{ "entity_id", KEYWORD, MASTER | FACET | PASSAGE },
	{ "hash", KEYWORD, MASTER | FACET | PASSAGE },
	{ "facet_key", KEYWORD, FACET },
	{ "facets", KEYWORD, MASTER },
	{ "rank", NUMBER, MASTER },
	{ "draw", NUMBER, MASTER | FACET },
	{ "part", NUMBER, PASSAGE },
	{ "kind", KEYWORD, BUILDS },
	{ "generation", KEYWORD, BUILDS },
};

static unsigned kind_of(unsigned set)
{
	return set == SET_COUNT			 ? BUILDS
	       : set == SET_STAGED		 ? WAITING
	       : set == SET_PASSAGES		 ? PASSAGE
	       : is_facets((enum qdrant_set)set) ? FACET
						 : MASTER;
}

/* Graphs by tenant: no query is ever of all conferences. */
static char *collection_body(unsigned set, const struct vector_space *space)
{
	bool dense = set < SET_COUNT && *space->model;
	struct text t;

	text_init(&t, 1024);
	text_append(&t, "{\"vectors\":{");
	if (dense)
		text_printf(&t, "\"text\":{\"size\":%u,\"distance\":\"Cosine\"}", space->dims);
	text_append(&t, "}");
	if (set < SET_FACETS)
		text_append(&t, ",\"sparse_vectors\":{\"words\":{}}");
	if (dense)
		text_append(&t, ",\"hnsw_config\":{\"m\":0,\"payload_m\":16}");
	text_append(&t, "}");
	return text_take(&t);
}

/* --- The server's version ------------------------------------------------------------------ */

int qdrant_version(struct qdrant *q, const struct qdrant_call *call, struct fail *f)
{
	const char *text = json_text(call->answer, "version");
	unsigned major = 0, minor = 0;

	if (sscanf(text, "%u.%u", &major, &minor) != 2)
		return FAIL(f, ASSISTANT_EPROTOCOL,
			    "QDRANT_URL leads to something that is not a "
			    "Qdrant: it tells no version.");
	if (major < 1 || (major == 1 && minor < QDRANT_LEAST))
		return FAIL(f, ASSISTANT_ECONFIG,
			    "Qdrant %.20s is too old: 1.%d or newer is needed.", text,
			    QDRANT_LEAST);
	q->minor = major > 1 ? 1000 : (int)minor;
	return 0;
}

/* --- Making them --------------------------------------------------------------------------- */

static flow_step prepare_version, prepare_told, prepare_set, prepare_seen, prepare_made,
	prepare_index, prepare_indexed;

static struct qdrant_prepare *prepare_of(struct flow *f)
{
	return container_of(f, struct qdrant_prepare, flow);
}

static void name_of(const struct qdrant_prepare *p, char out[static QDRANT_NAME])
{
	if (p->at == SET_COUNT)
		qdrant_builds_name(p->q, out);
	else
		qdrant_set_name(p->q, (enum qdrant_set)p->at, p->generation, out);
}

/* Of words alone there are masters only. */
static bool is_wanted(const struct qdrant_prepare *p)
{
	return *p->space.model || p->at < SET_FACETS || p->at == SET_COUNT;
}

static void prepare_version(struct flow *f)
{
	struct qdrant_prepare *p = prepare_of(f);

	qdrant_send(&p->call, p->q, f, "GET", NULL, "/");
	flow_join(THEN(f, prepare_told));
}

static void prepare_told(struct flow *f)
{
	struct qdrant_prepare *p = prepare_of(f);
	int r = qdrant_failed(f, &p->call, 1);

	if (r == 0)
		r = qdrant_version(p->q, &p->call, &f->fail);
	if (r < 0)
		flow_fail(f, r);
	else
		prepare_set(f);
}

static void prepare_set(struct flow *f)
{
	struct qdrant_prepare *p = prepare_of(f);
	char name[QDRANT_NAME];

	while (p->at <= SET_COUNT && !is_wanted(p))
		p->at++;
	if (p->at > SET_COUNT) {
		flow_done(f);
		return;
	}
	name_of(p, name);
	p->index = 0;
	p->call.writes = false;
	p->call.missing = true;
	qdrant_send(&p->call, p->q, f, "GET", NULL, "/collections/%s", name);
	flow_join(THEN(f, prepare_seen));
}

static void prepare_seen(struct flow *f)
{
	struct qdrant_prepare *p = prepare_of(f);
	char name[QDRANT_NAME];
	int r = qdrant_failed(f, &p->call, 1);

	if (r < 0) {
		flow_fail(f, r);
		return;
	}
	p->call.missing = false;
	p->fresh = !p->call.result;
	if (!p->fresh) {
		prepare_index(f);
		return;
	}
	name_of(p, name);
	p->call.writes = true;
	qdrant_send(&p->call, p->q, f, "PUT", collection_body(p->at, &p->space), "/collections/%s",
		    name);
	flow_join(THEN(f, prepare_made));
}

/* Somebody else may have been faster: then its indexes may be being made, too, and making one twice does no harm. */
static void prepare_made(struct flow *f)
{
	struct qdrant_prepare *p = prepare_of(f);

	if (p->call.code < 0 && p->call.code != ASSISTANT_ECONFLICT)
		flow_fail(f, qdrant_failed(f, &p->call, 1));
	else
		prepare_index(f);
}

static bool has_index(const struct qdrant_prepare *p, const char *field)
{
	struct json_object *schema =
		p->fresh ? NULL : json_get_object(p->call.result, "payload_schema");

	return json_get(schema, field);
}

static void prepare_index(struct flow *f)
{
	struct qdrant_prepare *p = prepare_of(f);
	const struct payload_index *x;
	char name[QDRANT_NAME];
	struct text body;

	while (p->index < ARRAY_SIZE(indexes) &&
	       (!(indexes[p->index].of & kind_of(p->at)) || has_index(p, indexes[p->index].field)))
		p->index++;
	if (p->index == ARRAY_SIZE(indexes)) {
		p->at++;
		prepare_set(f);
		return;
	}
	x = &indexes[p->index++];
	name_of(p, name);
	text_init(&body, 1024);
	text_printf(&body, "{\"field_name\":\"%s\",\"field_schema\":%s}", x->field, x->schema);
	p->fresh = true; /* what was seen is gone with the next call: all that follow are made */
	p->call.writes = true;
	qdrant_send(&p->call, p->q, f, "PUT", text_take(&body), "/collections/%s/index?wait=true",
		    name);
	flow_join(THEN(f, prepare_indexed));
}

static void prepare_indexed(struct flow *f)
{
	struct qdrant_prepare *p = prepare_of(f);
	int r = qdrant_failed(f, &p->call, 1);

	if (r < 0)
		flow_fail(f, r);
	else
		prepare_index(f);
}

static void prepare_ended(struct flow *f)
{
	struct qdrant_prepare *p = prepare_of(f);
	char *name = f->status < 0 ? NULL : strdup(p->generation);

	p->code = f->status;
	p->fail = f->fail;
	qdrant_call_finish(&p->call);
	if (name && map_put(p->q->prepared, name, name, NULL) < 0)
		free(name); /* it will be looked at again */
}

void qdrant_prepare_begin(struct qdrant_prepare *p, struct qdrant *q,
			  const struct vector_space *space, struct flow *parent)
{
	*p = (struct qdrant_prepare){ .q = q, .space = *space };
	qdrant_generation(space, p->generation);
	if (!map_get(q->prepared, p->generation))
		flow_begin(&p->flow, q->loop, parent, "prepare", FIRST(prepare_version),
			   prepare_ended);
}

/* --- The plain names -------------------------------------------------------------------------- */

static const char *target_of(struct json_object *aliases, const char *alias)
{
	for (size_t i = 0; aliases && i < json_object_array_length(aliases); i++) {
		struct json_object *one = json_object_array_get_idx(aliases, i);

		if (!strcmp(json_text(one, "alias_name"), alias))
			return json_text(one, "collection_name");
	}
	return NULL;
}

char *qdrant_alias_body(const struct qdrant *q, const struct qdrant_build *b,
			struct json_object *aliases)
{
	struct text t;
	bool any = false;

	text_init(&t, 16384);
	text_append(&t, "{\"actions\":[");
	for (unsigned set = 0; set < SET_STAGED; set++) {
		char alias[QDRANT_NAME], name[QDRANT_NAME];
		const char *target;

		if (set >= SET_FACETS && !*b->space.model)
			break;
		qdrant_set_name(q, (enum qdrant_set)set, NULL, alias);
		qdrant_set_name(q, (enum qdrant_set)set, b->generation, name);
		target = target_of(aliases, alias);
		if (target && !strcmp(target, name))
			continue;
		if (target)
			text_printf(&t, "%s{\"delete_alias\":{\"alias_name\":\"%s\"}}",
				    any ? "," : "", alias);
		text_printf(
			&t,
			"%s{\"create_alias\":{\"alias_name\":\"%s\",\"collection_name\":\"%s\"}}",
			any || target ? "," : "", alias, name);
		any = true;
	}
	text_append(&t, "]}");
	if (any)
		return text_take(&t);
	text_finish(&t);
	return NULL;
}
