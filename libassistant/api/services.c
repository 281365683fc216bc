/*
 * services.c - a setting present chooses the remote engine, absent the embedded one; an explicit
 * ERLEAH_STORE and the like overrides.
 */
#include "api/services.h"

#include <string.h>
#include "aio/http.h"
#include "aio/redis.h"
#include "aio/redis_url.h"
#include "api/embedding.h"
#include "api/follow.h"
#include "api/layout.h"
#include "base/json.h"
#include "cache/cache.h"
#include "cache/relay.h"
#include "embedder/embedder.h"
#include "guard/guard_llm.h"
#include "guard/guard_services.h"
#include "observe/log.h"
#include "store/backend_store.h"

#define WEBHOOK_SECRET_MIN 16
#define ANTHROPIC_URL	   "https://api.anthropic.com"

static bool wants_directus(const assistant_config *c)
{
	if (config_is(c, "ERLEAH_STORE", "auto"))
		return *config_text(c, "DIRECTUS_URL") != '\0';
	return config_is(c, "ERLEAH_STORE", "directus");
}

static bool wants_qdrant(const assistant_config *c)
{
	if (config_is(c, "ERLEAH_INDEX", "auto"))
		return *config_text(c, "QDRANT_URL") != '\0';
	return config_is(c, "ERLEAH_INDEX", "qdrant");
}

/* One client for all upstreams: connections are pooled by host. */
int services_http(assistant *a, struct fail *f)
{
	if (!a->http)
		a->http = http_create(a->env.loop, 8);
	return a->http ? 0 : FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
}

/* Once it answers again, answers that wait to be written should not wait much longer. */
static const struct guard_policy store_policy = {
	.retry = { .attempts = 3, .base_ms = 200, .cap_ms = 1000 },
	.breaker = { .window = 20, .failures = 5, .open_ms = 500, .open_max_ms = 4000 },
};

static int open_directus(assistant *a, struct store **out, struct fail *f)
{
	const char *url = config_text(a->config, "DIRECTUS_URL");
	struct store *store;
	int r;

	if (!*url)
		return FAIL(f, ASSISTANT_ECONFIG,
			    "ERLEAH_STORE is \"directus\", but DIRECTUS_URL is not set.");
	if (services_http(a, f) < 0)
		return f->code;
	r = directus_store_open(
		a->env.loop, a->http,
		&(const struct directus_options){
			.url = url,
			.api_key = config_text(a->config, "DIRECTUS_API_KEY"),
			.mapping = config_text(a->config, "DIRECTUS_MAPPING"),
			.check_ms = (int)config_int(a->config, "DIRECTUS_CHECK_MS"),
			.compare_ms = (int)config_int(a->config, "DIRECTUS_COMPARE_MS"),
		},
		a->env.metrics, a->env.log, &store, f);
	return r ? r
		 : guard_store_open(a->env.loop, store, "directus", &store_policy, a->env.metrics,
				    a->env.log, out, f);
}

/* For those who load: another store may be filled from a Directus. */
static int open_source(assistant *a, struct fail *f)
{
	if (!a->config->loads || !*config_text(a->config, "DIRECTUS_URL") ||
	    !a->env.store->ops->ingest)
		return 0;
	return open_directus(a, &a->source, f);
}

static int check_webhook(const assistant_config *c, struct fail *f)
{
	size_t n = strlen(config_text(c, "INGEST_WEBHOOK_SECRET"));

	if (n > 0 && n < WEBHOOK_SECRET_MIN)
		return FAIL(f, ASSISTANT_ECONFIG,
			    "INGEST_WEBHOOK_SECRET has %zu characters; accepted are %d or more, or "
			    "none: then there is no webhook.",
			    n, WEBHOOK_SECRET_MIN);
	return 0;
}

static int open_store(assistant *a, struct fail *f)
{
	char path[4096];

	if (a->config->store.backend.call)
		return backend_store_open(a->env.loop, &a->config->store.backend,
					  a->config->store.ctx, a->env.log, &a->env.store, f);
	if (wants_directus(a->config))
		return open_directus(a, &a->env.store, f);
	snprintf(path, sizeof(path), "%s/erleah.db", a->data_directory);
	return sqlite_store_open(a->env.loop, path, a->wall, a->env.metrics, a->env.log,
				 &a->env.store, f);
}

static int open_index(assistant *a, struct fail *f)
{
	const assistant_config *c = a->config;
	struct env *env = &a->env;
	struct index *index;
	int r;

	if (!wants_qdrant(c))
		return flat_index_open(env->loop, a->data_directory, env->metrics, env->log,
				       &env->index, f);
	if (!*config_text(c, "QDRANT_URL"))
		return FAIL(f, ASSISTANT_ECONFIG,
			    "ERLEAH_INDEX is \"qdrant\", but QDRANT_URL is not set.");
	if (services_http(a, f) < 0)
		return f->code;
	r = qdrant_index_open(env->loop, a->http, config_text(c, "QDRANT_URL"),
			      config_text(c, "QDRANT_API_KEY"), config_text(c, "QDRANT_PREFIX"),
			      env->metrics, env->log, &index, f);
	return r ? r
		 : guard_index_open(env->loop, index, "qdrant", &guard_policy_default, env->metrics,
				    env->log, &env->index, f);
}

/* --- The model ------------------------------------------------------------------------ */

static bool wants_anthropic(const assistant_config *c)
{
	if (config_is(c, "ERLEAH_LLM", "auto"))
		return *config_text(c, "ANTHROPIC_API_KEY") ||
		       *config_text(c, "ANTHROPIC_BASE_URL");
	return config_is(c, "ERLEAH_LLM", "anthropic");
}

static int add_model(assistant *a, const char *model, struct llm_chain_options *chain,
		     struct fail *f)
{
	const assistant_config *c = a->config;
	const char *url = config_text(c, "ANTHROPIC_BASE_URL");
	const struct anthropic_options options = {
		.base_url = *url ? url : ANTHROPIC_URL,
		.api_key = config_text(c, "ANTHROPIC_API_KEY"),
		.model = model,
		.traits = config_text(c, "ANTHROPIC_MODEL_TRAITS"),
	};
	int r;

	for (size_t i = 0; i < chain->n_links; i++)
		if (strcmp(chain->links[i].name, model) == 0)
			return 0;
	if (chain->n_links == LLM_CHAIN_MAX)
		return FAIL(
			f, ASSISTANT_ECONFIG,
			"ANTHROPIC_FALLBACK_MODELS names too many models; %d are tried at most.",
			LLM_CHAIN_MAX);
	r = anthropic_open(a->env.loop, a->llm_http, &options, a->wall, a->env.metrics, a->env.log,
			   &chain->links[chain->n_links].llm, f);
	if (!r)
		chain->links[chain->n_links++].name = model;
	return r == ASSISTANT_EINVAL ? (f->code = ASSISTANT_ECONFIG) : r;
}

/* The answer's model, those to fall back to, and the fast one, which reads questions. */
static int add_models(assistant *a, struct arena *arena, struct llm_chain_options *chain,
		      struct fail *f)
{
	const assistant_config *c = a->config;
	const char *fast = config_text(c, "ANTHROPIC_FAST_MODEL");
	int r = add_model(a, config_text(c, "ANTHROPIC_MODEL"), chain, f);

	for (const char *at = config_text(c, "ANTHROPIC_FALLBACK_MODELS"); *at && !r;) {
		size_t n;

		at += strspn(at, ", ");
		n = strcspn(at, ", ");
		if (n)
			r = add_model(a, arena_strndup(arena, at, n), chain, f);
		at += n;
	}
	if (!r)
		r = add_model(a, fast, chain, f);
	for (size_t i = 0; i < chain->n_links && !r; i++)
		if (strcmp(chain->links[i].name, fast) == 0)
			chain->ask_link = i;
	return r;
}

static int open_anthropic(assistant *a, struct fail *f)
{
	struct arena *arena _cleanup_arena_ = arena_create(1 << 16);
	struct llm_chain_options chain = {
		.silence_ms = (int)config_int(a->config, "LLM_SILENCE_MS"),
		.policy = &guard_policy_default,
	};
	int64_t keep_ms = config_int(a->config, "ANSWER_CACHE_MS");
	int r;

	if (!*config_text(a->config, "ANTHROPIC_API_KEY") &&
	    !*config_text(a->config, "ANTHROPIC_BASE_URL"))
		return FAIL(f, ASSISTANT_ECONFIG,
			    "ERLEAH_LLM is \"anthropic\", but neither ANTHROPIC_API_KEY nor "
			    "ANTHROPIC_BASE_URL is set.");
	a->llm_http = http_create(a->env.loop, (int)config_int(a->config, "MAX_TURNS"));
	if (!a->llm_http || !arena)
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	r = add_models(a, arena, &chain, f);
	if (!r)
		r = guard_llm_open(a->env.loop, &chain, a->env.metrics, a->env.log, &a->env.llm, f);
	else
		for (size_t i = 0; i < chain.n_links; i++)
			llm_destroy(chain.links[i].llm);
	if (!r && a->redis && keep_ms > 0)
		r = llm_shared_open(a->env.loop, a->env.llm,
				    config_text(a->config, "ANTHROPIC_MODEL"), a->env.cache,
				    keep_ms, a->env.metrics, &a->env.llm, f);
	return r;
}

static int open_llm(assistant *a, struct fail *f)
{
	const assistant_config *c = a->config;
	const char *set = *config_text(c, "ANTHROPIC_API_KEY") ? "ANTHROPIC_API_KEY is set"
							       : "ANTHROPIC_BASE_URL is set";
	int r = composer_open(a->env.loop, (int)config_int(c, "COMPOSER_PACE_MS"), &a->env.composer,
			      f);

	a->env.llm = a->env.composer;
	snprintf(a->llm_because, sizeof(a->llm_because), "%s",
		 !config_is(c, "ERLEAH_LLM", "auto") ? "ERLEAH_LLM"
		 : wants_anthropic(c)		     ? set
						     : "ANTHROPIC_API_KEY is not set");
	return !r && wants_anthropic(c) ? open_anthropic(a, f) : r;
}

/* --- The cache ------------------------------------------------------------------------- */

static bool wants_redis(const assistant_config *c)
{
	if (config_is(c, "ERLEAH_CACHE", "auto"))
		return *config_text(c, "REDIS_URL") != '\0';
	return config_is(c, "ERLEAH_CACHE", "redis");
}

/* local becomes the shared cache's. */
static int open_redis(assistant *a, struct cache *local, struct fail *f)
{
	const assistant_config *c = a->config;
	const struct redis_options options = {
		.url = config_text(c, "REDIS_URL"),
		.ca_file = config_text(c, "REDIS_CA_FILE"),
		.connect_timeout_ms = 2000,
		.command_timeout_ms = (int)config_int(c, "REDIS_TIMEOUT_MS"),
		.metrics = a->env.metrics,
		.log = a->env.log,
	};
	int r;

	if (!*options.url)
		return FAIL(f, ASSISTANT_ECONFIG,
			    "ERLEAH_CACHE is \"redis\", but REDIS_URL is not set.");
	if (options.command_timeout_ms == 0)
		return FAIL(f, ASSISTANT_ECONFIG,
			    "REDIS_TIMEOUT_MS is 0; accepted is a number of milliseconds from 1.");
	r = redis_open(a->env.loop, &options, &a->redis, f);
	if (r == ASSISTANT_EINVAL)
		return FAIL(f, ASSISTANT_ECONFIG, "REDIS_URL is not a Redis URL; " REDIS_URLS);
	if (r < 0)
		return r;
	r = relay_open(a->env.loop, a->redis, config_text(c, "REDIS_PREFIX"), &a->env.relay, f);
	if (r < 0)
		return r;
	return redis_cache_open(a->env.loop, a->redis, config_text(c, "REDIS_PREFIX"), local,
				a->env.metrics, &a->env.cache, f);
}

static int open_cache(assistant *a, struct fail *f)
{
	struct cache *local = NULL;
	int r = memory_cache_open(a->env.loop, (size_t)config_int(a->config, "CACHE_MAX_BYTES"),
				  &local, f);

	if (r < 0)
		return r;
	if (!wants_redis(a->config)) {
		a->env.cache = local;
		return 0;
	}
	r = open_redis(a, local, f);
	if (r < 0)
		cache_destroy(local);
	return r;
}

int services_choose(assistant *a, struct fail *f)
{
	int r = check_webhook(a->config, f);

	if (!r)
		r = open_store(a, f);

	if (!r)
		r = open_source(a, f);
	if (!r)
		r = open_index(a, f);
	if (!r)
		r = open_cache(a, f);
	if (!r)
		r = embedding_open(a, f);
	if (!r)
		r = open_llm(a, f);
	return r;
}

static const char *why(const assistant_config *c, const char *setting, const char *reason)
{
	return config_is(c, setting, "auto") ? reason : setting;
}

void services_log(assistant *a)
{
	const assistant_config *c = a->config;
	const struct env *env = &a->env;

	log_write(env->log, LOG_INFO, "services", "s", "store", env->store->ops->name, "s",
		  "store_because",
		  why(c, "ERLEAH_STORE",
		      wants_directus(c) ? "DIRECTUS_URL is set" : "DIRECTUS_URL is not set"),
		  "s", "index", env->index->ops->name, "s", "index_because",
		  why(c, "ERLEAH_INDEX",
		      wants_qdrant(c) ? "QDRANT_URL is set" : "QDRANT_URL is not set"),
		  "s", "embedder", env->embedder ? env->embedder->ops->name : "none", "s",
		  "embedder_because", a->embedder_because, "s", "llm", env->llm->ops->name, "s",
		  "llm_because", a->llm_because, "s", "model",
		  env->llm == env->composer ? NULL : config_text(c, "ANTHROPIC_MODEL"), "s",
		  "fast_model",
		  env->llm == env->composer ? NULL : config_text(c, "ANTHROPIC_FAST_MODEL"), "s",
		  "cache", env->cache->ops->name, "s", "cache_because",
		  why(c, "ERLEAH_CACHE",
		      wants_redis(c) ? "REDIS_URL is set" : "REDIS_URL is not set"),
		  "s", "data", a->data_directory, NULL);
}

/* --- Readiness -------------------------------------------------------------------- */

enum { PROBE_STORE, PROBE_INDEX, PROBE_EMBEDDER, PROBE_LLM, PROBE_CACHE, PROBE_COUNT };

/* Asks one service whether it is there. */
struct probe {
	struct flow flow;
	assistant *a;
	int status; /* ETIMEOUT until it has answered */
};

struct ready {
	struct api_call call;
	struct probe probes[PROBE_COUNT];
	struct completing completing;
	bool draining;
};

static flow_step ready_begin, ready_end, probe_layout;

static struct env *probed(struct flow *f)
{
	return &container_of(f, struct probe, flow)->a->env;
}

static void probe_store(struct flow *f)
{
	struct store *s = probed(f)->store;

	s->ops->ping(s, THEN(f, probe_layout));
}

/* It answers; is what it holds as it must be? */
static void probe_layout(struct flow *f)
{
	int r = layout_status(container_of(f, struct probe, flow)->a);

	if (r < 0)
		flow_fail(f, r);
	else
		flow_done(f);
}

static void probe_index(struct flow *f)
{
	struct index *x = probed(f)->index;

	x->ops->ping(x, THEN(f, api_call_done));
}

static void probe_embedder(struct flow *f)
{
	struct embedder *e = probed(f)->embedder;

	if (e)
		e->ops->ping(e, THEN(f, api_call_done));
	else
		flow_done(f);
}

static void probe_llm(struct flow *f)
{
	struct llm *l = probed(f)->llm;

	l->ops->ping(l, THEN(f, api_call_done));
}

static void probe_cache(struct flow *f)
{
	struct cache *c = probed(f)->cache;

	c->ops->ping(c, THEN(f, api_call_done));
}

static void probe_ended(struct flow *f)
{
	container_of(f, struct probe, flow)->status = f->status;
}

/* All at once: one that hangs says nothing of the others. */
static void ready_begin(struct flow *f)
{
	static const struct {
		const char *name;
		flow_step *step;
	} steps[PROBE_COUNT] = {
		[PROBE_STORE] = { "probe_store", probe_store },
		[PROBE_INDEX] = { "probe_index", probe_index },
		[PROBE_EMBEDDER] = { "probe_embedder", probe_embedder },
		[PROBE_LLM] = { "probe_llm", probe_llm },
		[PROBE_CACHE] = { "probe_cache", probe_cache },
	};
	struct ready *r = container_of(f, struct ready, call.flow);
	assistant *a = r->call.a;

	r->draining = replies_draining(a->replies);
	complete_progress(a, &r->completing);
	for (unsigned i = 0; i < PROBE_COUNT; i++) {
		r->probes[i].a = a;
		flow_begin(&r->probes[i].flow, f->loop, f, "probe", steps[i].step, steps[i].name,
			   probe_ended);
	}
	flow_join(THEN(f, ready_end));
}

static void ready_end(struct flow *f)
{
	flow_done(f);
}

static void check(struct json_object *checks, const char *name, int status, const char *otherwise)
{
	json_set_string(checks, name, status < 0 ? otherwise : "ok");
}

int services_ready(assistant *a, int timeout_ms, char **out, assistant_error *err)
{
	struct ready r = { 0 };
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct json_object *checks = json_object_new_object();
	const struct probe *p = r.probes;

	for (unsigned i = 0; i < PROBE_COUNT; i++)
		r.probes[i].status = ASSISTANT_ETIMEOUT;
	API_CALL(a, &r.call, timeout_ms, ready_begin, err);
	api_call_finish(&r.call);
	check(checks, a->env.store->ops->name, p[PROBE_STORE].status, "failed");
	check(checks, a->env.index->ops->name, p[PROBE_INDEX].status,
	      p[PROBE_STORE].status < 0 ? "failed" : "degraded");
	if (a->env.embedder)
		check(checks, a->env.embedder->ops->name, p[PROBE_EMBEDDER].status, "degraded");
	check(checks, a->env.llm->ops->name, p[PROBE_LLM].status, "degraded");
	check(checks, a->env.cache->ops->name, p[PROBE_CACHE].status, "degraded");
	json_set_string(o, "status",
			r.draining		    ? "draining"
			: p[PROBE_STORE].status < 0 ? "unavailable"
						    : "ready");
	json_set(o, "checks", checks);
	if (r.completing.total > 0) {
		struct json_object *embedding = json_object_new_object();

		json_set_int(embedding, "done", (int64_t)r.completing.done);
		json_set_int(embedding, "total", (int64_t)r.completing.total);
		json_set(o, "embedding", embedding);
	}
	*out = json_dump(o);
	return *out ? 0 : ASSISTANT_ENOMEM;
}
