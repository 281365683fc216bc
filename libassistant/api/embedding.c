/*
 * embedding.c - see embedding.h.
 */
#include "api/embedding.h"
#include "api/services.h"
#include <string.h>
#include <unistd.h>
#include "embedder/embedder.h"
#include "guard/guard_services.h"
#include "observe/log.h"

#define THREADS_MAX	 64
#define THREADS_DEFAULT	 4
#define CHECK_TIMEOUT_MS 10000
#define OPENAI_URL	 "https://api.openai.com/v1"

static unsigned threads_of(const assistant_config *c)
{
	int64_t set = config_int(c, "EMBEDDING_THREADS");
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (set > 0)
		return (unsigned)(set < THREADS_MAX ? set : THREADS_MAX);
	return (unsigned)(cores < 1 ? 1 : cores < THREADS_DEFAULT ? cores : THREADS_DEFAULT);
}

static void because(assistant *a, const char *why)
{
	snprintf(a->embedder_because, sizeof(a->embedder_because), "%s", why);
}

static int wrap(assistant *a, struct fail *f)
{
	int64_t entries = config_int(a->config, "EMBEDDING_CACHE_ENTRIES");

	if (entries > 0)
		return embed_cache_open(a->env.loop, a->embedder, (size_t)entries, a->env.metrics,
					&a->env.embedder, f);
	a->env.embedder = a->embedder;
	return 0;
}

static bool wants_openai(const assistant_config *c)
{
	if (config_is(c, "ERLEAH_EMBEDDER", "auto"))
		return *config_text(c, "OPENAI_BASE_URL") || *config_text(c, "OPENAI_API_KEY");
	return config_is(c, "ERLEAH_EMBEDDER", "openai");
}

static int open_openai(assistant *a, struct fail *f)
{
	const assistant_config *c = a->config;
	const char *url = config_text(c, "OPENAI_BASE_URL");
	const struct openai_options options = {
		.url = *url ? url : OPENAI_URL,
		.key = config_text(c, "OPENAI_API_KEY"),
		.model = config_text(c, "EMBEDDING_MODEL"),
		.dims = (unsigned)config_int(c, "EMBEDDING_DIMENSIONS"),
		.query_prefix = config_text(c, "EMBEDDING_QUERY_PREFIX"),
		.passage_prefix = config_text(c, "EMBEDDING_PASSAGE_PREFIX"),
		.timeout_ms = (int)config_int(c, "EMBEDDING_TIMEOUT_MS"),
	};
	struct embedder *inner;
	int r;

	if (!*url && !*options.key)
		return FAIL(f, ASSISTANT_ECONFIG,
			    "ERLEAH_EMBEDDER is \"openai\", but neither OPENAI_API_KEY nor "
			    "OPENAI_BASE_URL is set.");
	because(a, !config_is(c, "ERLEAH_EMBEDDER", "auto") ? "ERLEAH_EMBEDDER"
		   : *url				    ? "OPENAI_BASE_URL is set"
							    : "OPENAI_API_KEY is set");
	r = services_http(a, f);
	if (r < 0)
		return r;
	r = openai_embedder_open(a->env.loop, a->http, &options, a->wall, a->env.metrics, &inner,
				 f);
	if (r < 0)
		return r;
	r = guard_embedder_open(a->env.loop, inner, "embeddings", &guard_policy_default,
				a->env.metrics, a->env.log, &a->embedder, f);
	if (r < 0 || !a->redis)
		return r;
	return embed_shared_open(a->env.loop, a->embedder, a->env.cache, &a->embedder, f);
}

int embedding_open(assistant *a, struct fail *f)
{
	const assistant_config *c = a->config;
	const char *setting = config_text(c, "ERLEAH_WEIGHTS");
	bool by_name = config_is(c, "ERLEAH_EMBEDDER", "minilm") || *setting;
	struct fail why = FAIL_INIT;
	char path[4096];
	int r;

	if (config_is(c, "ERLEAH_EMBEDDER", "none")) {
		because(a, "ERLEAH_EMBEDDER");
		return 0;
	}
	if (wants_openai(c)) {
		r = open_openai(a, f);
		return r < 0 ? r : wrap(a, f);
	}
	r = minilm_find_weights(setting, path, sizeof(path), &why);
	if (r == 0)
		r = minilm_open(a->env.loop, path, threads_of(c), a->env.metrics, a->env.log,
				&a->minilm, &why);
	if (r == 0) {
		a->embedder = a->minilm;
		a->minilm->by_default = !by_name;
		because(a, by_name ? (*setting ? "ERLEAH_WEIGHTS" : "ERLEAH_EMBEDDER")
				   : "its weights are there");
		return wrap(a, f);
	}
	if (r == ASSISTANT_ENOTFOUND && !by_name) {
		because(a, why.text);
		return 0;
	}
	return FAIL(f, r == ASSISTANT_ENOTFOUND ? ASSISTANT_ECONFIG : r, "%s", why.text);
}

void embedding_close(assistant *a)
{
	embedder_destroy(a->env.embedder ? a->env.embedder : a->embedder);
}

/* --- Whose vectors are there -------------------------------------------------------------- */

struct check {
	struct api_call call;
	struct conference_list list;
	size_t at;
	struct vector_space space;
	size_t n_points;
};

static flow_step check_begin, check_next, check_used, check_compare;

static struct check *check_of(struct flow *f)
{
	return container_of(f, struct check, call.flow);
}

static void check_begin(struct flow *f)
{
	struct check *c = check_of(f);
	struct store *s = c->call.a->env.store;

	s->ops->conferences(s, c->call.arena, &c->list, THEN(f, check_next));
}

static void check_next(struct flow *f)
{
	struct check *c = check_of(f);
	struct index *x = c->call.a->env.index;
	const struct conference_brief *row;

	if (c->at == c->list.n) {
		flow_done(f);
		return;
	}
	row = &c->list.rows[c->at];
	x->ops->use(x, row->id, row->epoch, THEN_ANYWAY(f, check_used));
}

/* One that is missing or damaged is another matter: whoever asks that conference will hear of it. */
static void check_used(struct flow *f)
{
	struct check *c = check_of(f);
	struct index *x = c->call.a->env.index;

	if (f->status < 0) {
		c->at++;
		check_next(f);
		return;
	}
	x->ops->space(x, c->list.rows[c->at].id, c->call.arena, &c->space, &c->n_points,
		      THEN(f, check_compare));
}

static void check_compare(struct flow *f)
{
	struct check *c = check_of(f);
	const struct embedder *e = c->call.a->env.embedder;

	if (c->n_points > 0 && (strcmp(c->space.model, e->model) || c->space.dims != e->dims)) {
		flow_fail(
			f,
			FAIL(&f->fail, ASSISTANT_ECONFIG,
			     "The index of \"%.60s\" holds vectors of %.40s (%u dimensions), "
			     "but the embedder is %.40s (%u): load it again with erleah-ingest all "
			     "FILE.",
			     c->list.rows[c->at].name, c->space.model, c->space.dims, e->model,
			     e->dims));
		return;
	}
	c->at++;
	check_next(f);
}

int embedding_check(assistant *a, struct fail *f)
{
	struct check c = { 0 };
	int r;

	/* a remote store's conferences are indexed by the servers themselves, again when need be */
	if (!a->env.embedder || !a->env.store->ops->ingest)
		return 0;
	r = API_CALL(a, &c.call, CHECK_TIMEOUT_MS, check_begin, NULL);
	if (r == ASSISTANT_ECONFIG)
		*f = c.call.flow.fail;
	api_call_finish(&c.call);
	return r == ASSISTANT_ECONFIG ? r : 0;
}
