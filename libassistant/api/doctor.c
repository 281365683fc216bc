/*
 * doctor.c - looks at a set-up as an operator would, and says what to do about each finding.
 */
#include "api/services.h"

#include <string.h>
#include <sys/vfs.h>
#include "aio/redis.h"
#include "api/follow.h"
#include "base/json.h"
#include "cache/cache.h"
#include "embedder/embedder.h"

#define TMPFS_MAGIC_NUMBER   0x01021994
#define OVERLAY_MAGIC_NUMBER 0x794c7630
#define CACHE_LOOKS	     10
#define CACHE_LOOK_MS	     100

struct doctor {
	struct api_call call;
	struct conference_list conferences;
	struct store_findings layout;
	int store, embedder, llm, cache, index;
	struct fail store_fail, embedder_fail, llm_fail, cache_fail, index_fail;
	struct completing completing;
	int cache_looks;
	size_t at; /* of conferences */
	struct vector_space space;
	size_t n_points;
	const char *bare;    /* a conference without vectors, though there is an embedder */
	const char *missing; /* one that the index does not have */
};

static flow_step doctor_begin, doctor_index, doctor_llm, doctor_look, doctor_cache,
	doctor_conferences, doctor_layout, doctor_embedder, doctor_each, doctor_use, doctor_space,
	doctor_counted;

static void doctor_begin(struct flow *f)
{
	struct index *x = container_of(f, struct doctor, call.flow)->call.a->env.index;

	x->ops->ping(x, THEN_ANYWAY(f, doctor_index));
}

static void doctor_index(struct flow *f)
{
	struct doctor *d = container_of(f, struct doctor, call.flow);
	struct llm *l = d->call.a->env.llm;

	d->index = f->status;
	d->index_fail = f->fail;
	l->ops->ping(l, THEN_ANYWAY(f, doctor_llm));
}

static void doctor_llm(struct flow *f)
{
	struct doctor *d = container_of(f, struct doctor, call.flow);

	d->llm = f->status;
	d->llm_fail = f->fail;
	doctor_look(f);
}

/* A Redis that was chosen a moment ago may still be connecting. */
static void doctor_look(struct flow *f)
{
	struct doctor *d = container_of(f, struct doctor, call.flow);
	struct cache *c = d->call.a->env.cache;

	c->ops->ping(c, THEN_ANYWAY(f, doctor_cache));
}

static void doctor_cache(struct flow *f)
{
	struct doctor *d = container_of(f, struct doctor, call.flow);
	struct store *s = d->call.a->env.store;

	d->cache = f->status;
	d->cache_fail = f->fail;
	if (f->status < 0 && d->cache_looks++ < CACHE_LOOKS) {
		flow_sleep(THEN(f, doctor_look), CACHE_LOOK_MS);
		return;
	}
	s->ops->conferences(s, d->call.arena, &d->conferences, THEN_ANYWAY(f, doctor_conferences));
}

static void doctor_conferences(struct flow *f)
{
	struct doctor *d = container_of(f, struct doctor, call.flow);
	struct store *s = d->call.a->env.store;

	d->store = f->status;
	d->store_fail = f->fail;
	if (s->ops->check) /* also when it refuses: this says why */
		s->ops->check(s, d->call.arena, &d->layout, THEN_ANYWAY(f, doctor_layout));
	else
		doctor_layout(f);
}

static void doctor_layout(struct flow *f)
{
	struct doctor *d = container_of(f, struct doctor, call.flow);
	struct embedder *e = d->call.a->env.embedder;

	complete_progress(d->call.a, &d->completing);
	if (e)
		e->ops->ping(e, THEN_ANYWAY(f, doctor_embedder));
	else
		doctor_each(f);
}

static void doctor_embedder(struct flow *f)
{
	struct doctor *d = container_of(f, struct doctor, call.flow);

	d->embedder = f->status;
	d->embedder_fail = f->fail;
	doctor_each(f);
}

/* What the index has of each. */
static void doctor_each(struct flow *f)
{
	struct doctor *d = container_of(f, struct doctor, call.flow);

	if (d->store < 0 || d->index < 0)
		flow_done(f);
	else
		doctor_use(f);
}

static void doctor_use(struct flow *f)
{
	struct doctor *d = container_of(f, struct doctor, call.flow);
	struct index *x = d->call.a->env.index;
	const struct conference_brief *row = &d->conferences.rows[d->at];

	if (d->at == d->conferences.n)
		flow_done(f);
	else
		x->ops->use(x, row->id, row->epoch, THEN_ANYWAY(f, doctor_space));
}

static void doctor_space(struct flow *f)
{
	struct doctor *d = container_of(f, struct doctor, call.flow);
	struct index *x = d->call.a->env.index;
	const struct conference_brief *row = &d->conferences.rows[d->at];

	if (f->status == ASSISTANT_ENOTFOUND)
		d->missing = row->name;
	x->ops->space(x, row->id, d->call.arena, &d->space, &d->n_points,
		      THEN_ANYWAY(f, doctor_counted));
}

static void doctor_counted(struct flow *f)
{
	struct doctor *d = container_of(f, struct doctor, call.flow);

	if (f->status >= 0 && d->n_points == 0)
		d->bare = d->conferences.rows[d->at].name;
	d->at++;
	doctor_use(f);
}

static void find(struct json_object *findings, const char *level, const char *what,
		 const char *todo)
{
	struct json_object *o = json_object_new_object();

	json_set_string(o, "level", level);
	json_set_string(o, "what", what);
	json_set_string(o, "do", todo);
	json_object_array_add(findings, o);
}

static void look_at_store(assistant *a, const struct doctor *d, struct json_object *findings)
{
	char what[400];

	if (d->store < 0) {
		snprintf(what, sizeof(what), "The store (%s) does not answer: %s",
			 a->env.store->ops->name, d->store_fail.text);
		find(findings, "error", what,
		     "Check DIRECTUS_URL and DIRECTUS_API_KEY, or ERLEAH_DATA.");
		return;
	}
	snprintf(what, sizeof(what), "The store (%s) answers and holds %zu conference%s.",
		 a->env.store->ops->name, d->conferences.n, d->conferences.n == 1 ? "" : "s");
	if (d->conferences.n)
		find(findings, "ok", what, "");
	else
		find(findings, "error", what, "Load one: erleah-ingest all FILE.");
	if (d->conferences.n > 1 && !a->env.default_conference)
		find(findings, "warning",
		     "There are several conferences and DEFAULT_CONFERENCE_ID is not set.",
		     "Set it, or name the conference with every question.");
}

/* What its fields, rights and settings are, where they are not what they should be. */
static void look_at_layout(const struct doctor *d, struct json_object *findings)
{
	for (size_t i = 0; i < d->layout.n; i++)
		find(findings, d->layout.rows[i].fatal ? "error" : "warning",
		     d->layout.rows[i].what, d->layout.rows[i].todo);
}

static void look_at_index(assistant *a, const struct doctor *d, struct json_object *findings)
{
	const char *name = a->env.index->ops->name;
	char what[500];

	if (d->index < 0) {
		snprintf(what, sizeof(what), "The index (%s) does not answer: %s", name,
			 d->index_fail.text);
		find(findings, "error", what,
		     !strcmp(name, "qdrant")
			     ? "Check QDRANT_URL and QDRANT_API_KEY; until then the records "
			       "themselves are searched, by words."
			     : "Make ERLEAH_DATA a directory this user may write.");
		return;
	}
	snprintf(what, sizeof(what), "The index (%s) answers.", name);
	find(findings, "ok", what, "");
	if (!d->missing)
		return;
	snprintf(what, sizeof(what), "The index (%s) does not have \"%.200s\".", name, d->missing);
	find(findings, "warning", what,
	     "Load it again: erleah-ingest all FILE. A server makes it from the records when it "
	     "is first asked.");
}

static void look_at_embedder(assistant *a, const struct doctor *d, struct json_object *findings)
{
	const struct embedder *e = a->env.embedder;
	char what[500];

	if (!e) {
		snprintf(what, sizeof(what), "Search goes by words alone: %s", a->embedder_because);
		find(findings, config_is(a->config, "ERLEAH_EMBEDDER", "none") ? "ok" : "warning",
		     what,
		     "For search by meaning, get the weights (script/bootstrap does) or set "
		     "ERLEAH_WEIGHTS, then load the conference again: erleah-ingest all FILE.");
	} else if (d->embedder < 0) {
		snprintf(what, sizeof(what), "The embedder (%s, %s) does not answer: %s",
			 e->ops->name, e->model, d->embedder_fail.text);
		find(findings, "error", what,
		     a->minilm ? "Check ERLEAH_WEIGHTS; until then search goes by words alone."
			       : "Check OPENAI_BASE_URL, OPENAI_API_KEY and EMBEDDING_MODEL; until "
				 "then "
				 "search goes by words alone.");
	} else {
		snprintf(what, sizeof(what), "The embedder (%s, %s) answers.", e->ops->name,
			 e->model);
		find(findings, "ok", what, "");
	}
	if (d->completing.total > 0) {
		snprintf(what, sizeof(what),
			 "Embedding %zu of %zu texts; until then search goes by "
			 "words and by those that are done.",
			 d->completing.done, d->completing.total);
		find(findings, "warning", what, "Nothing: it goes on by itself.");
	} else if (e && d->bare) {
		snprintf(what, sizeof(what),
			 "The index of \"%.200s\" has no vectors: it is searched "
			 "by words alone.",
			 d->bare);
		find(findings, "warning", what, "Load it again: erleah-ingest all FILE.");
	}
}

static const char *what_to_do_about_llm(int code)
{
	switch (code) {
	case ASSISTANT_EDENIED:
		return "Check ANTHROPIC_API_KEY, its rights and its limits; until then answers are "
		       "basic.";
	case ASSISTANT_ENOTFOUND:
		return "Choose a model that is there: ANTHROPIC_MODEL, ANTHROPIC_FALLBACK_MODELS, "
		       "ANTHROPIC_FAST_MODEL.";
	default:
		return "Check ANTHROPIC_BASE_URL and the network; until then answers are basic.";
	}
}

static void look_at_llm(assistant *a, const struct doctor *d, struct json_object *findings)
{
	char what[500];

	if (a->env.llm == a->env.composer) {
		find(findings, "ok", "Answers are composed without a language model.",
		     "For answers in a model's words, set ANTHROPIC_API_KEY.");
	} else if (d->llm < 0) {
		snprintf(what, sizeof(what), "The language model does not answer: %s",
			 d->llm_fail.text);
		find(findings, "error", what, what_to_do_about_llm(d->llm));
	} else {
		snprintf(what, sizeof(what), "The language models (%s, %s) are there.",
			 config_text(a->config, "ANTHROPIC_MODEL"),
			 config_text(a->config, "ANTHROPIC_FAST_MODEL"));
		find(findings, "ok", what, "");
	}
}

static void look_at_cache(assistant *a, const struct doctor *d, struct json_object *findings)
{
	char what[400];

	if (!a->redis)
		return;
	if (d->cache < 0) {
		find(findings, "warning", d->cache_fail.text,
		     "Check REDIS_URL. Until it answers, limits hold for each server alone, and an "
		     "answer can be stopped only on the server that writes it.");
		return;
	}
	snprintf(what, sizeof(what), "Redis at %s answers.", redis_name(a->redis));
	find(findings, "ok", what, "");
}

static void look_at_data(assistant *a, struct json_object *findings)
{
	struct statfs fs;
	char what[4300];

	if (access(a->data_directory, W_OK) < 0 || statfs(a->data_directory, &fs) < 0) {
		snprintf(what, sizeof(what), "%s cannot be written.", a->data_directory);
		find(findings, "error", what, "Make ERLEAH_DATA a directory this user may write.");
		return;
	}
	if (fs.f_type == TMPFS_MAGIC_NUMBER || fs.f_type == OVERLAY_MAGIC_NUMBER) {
		snprintf(what, sizeof(what), "%s does not outlive this machine or container.",
			 a->data_directory);
		find(findings, "warning", what,
		     "Mount a volume at ERLEAH_DATA: answers that the store did not take wait "
		     "there.");
		return;
	}
	snprintf(what, sizeof(what), "%s can be written.", a->data_directory);
	find(findings, "ok", what, "");
}

int services_doctor(assistant *a, int timeout_ms, char **out, assistant_error *err)
{
	struct doctor d = { 0 };
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct json_object *findings = json_object_new_array();
	int r;

	json_set(o, "findings", findings);
	r = API_CALL(a, &d.call, timeout_ms, doctor_begin, err);
	if (r < 0 && d.store == 0)
		d.store = r;
	look_at_store(a, &d, findings);
	look_at_layout(&d, findings);
	look_at_index(a, &d, findings);
	look_at_embedder(a, &d, findings);
	look_at_llm(a, &d, findings);
	look_at_cache(a, &d, findings);
	look_at_data(a, findings);
	api_call_finish(&d.call);
	*out = json_dump(o);
	return *out ? 0 : ASSISTANT_ENOMEM;
}
