/*
 * open.c - builds an assistant from its settings, and takes it down.
 *
 *	assistant_open: copy settings --> thread: services --> loop runs
 *	assistant_close: drain --> grace --> stop what runs --> rows written or spooled, callers gone --> services down
 */
#include "api/assistant_private.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include "aio/http.h"
#include "aio/redis.h"
#include "aio/work.h"
#include "api/embedding.h"
#include "api/follow.h"
#include "api/layout.h"
#include "api/refresh.h"
#include "api/services.h"
#include "api/warm_up.h"
#include "base/check.h"
#include "base/cidr.h"
#include "base/clock.h"
#include "cache/cache.h"
#include "cache/relay.h"
#include "observe/export/sentry.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "store/writer.h"
#include "tools/tool.h"

#define CLOSING_CHECK_MS 20
#define STOPPING_MS	 3000
#define LAST_WORDS_MS	 2000 /* for errors that Sentry has not heard of yet */

static void hide_secret(void *ctx, const char *value)
{
	log_hide(ctx, value);
}

static struct log *open_log(const assistant_config *c, const struct clock *clock)
{
	static const char *const levels[] = { "error", "warning", "info", "debug" };
	bool json = config_is(c, "LOG_FORMAT", "json") ||
		    (config_is(c, "LOG_FORMAT", "auto") && (c->log_fn || !isatty(STDERR_FILENO)));
	enum log_level level = LOG_INFO;
	struct log *log;

	for (int i = 0; i < 4; i++)
		if (config_is(c, "LOG_LEVEL", levels[i]))
			level = (enum log_level)i;
	log = log_create(level, json, clock, c->log_fn, c->log_user);
	return log;
}

/* Warnings and errors for it leave the log on a side of their own. */
static int open_sentry(assistant *a, struct fail *f)
{
	char release[64];
	const struct sentry_options options = {
		.dsn = config_text(a->config, "SENTRY_DSN"),
		.environment = config_text(a->config, "ENVIRONMENT"),
		.release = release,
		.clock = a->wall,
		.metrics = a->env.metrics,
	};
	int r;

	if (!*options.dsn)
		return 0;
	snprintf(release, sizeof(release), "erleah@%s", assistant_version());
	r = sentry_create(&a->sentry, &options, f);
	if (r < 0)
		return r;
	a->sentry_log = log_create(LOG_WARN, true, a->wall, sentry_take, a->sentry);
	if (!a->sentry_log)
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	log_tee(a->env.log, a->sentry_log);
	return 0;
}

/* Makes every directory of the path. */
static int make_directories(const char *path, struct fail *f)
{
	_cleanup_free_ char *copy = strdup(path);

	for (char *at = copy + 1; copy; at++) {
		char was = *at;

		if (was && was != '/')
			continue;
		*at = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return FAIL(f, ASSISTANT_ECONFIG,
				    "ERLEAH_DATA is \"%.120s\", which cannot be made: %s.", path,
				    strerror(errno));
		*at = was;
		if (!was)
			return 0;
	}
	return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
}

/* --- Up ------------------------------------------------------------------------- */

static void read_limits(const assistant_config *c, struct env_limits *l)
{
	*l = (struct env_limits){
		.turn_ms = (int)config_int(c, "TURN_TIMEOUT_MS"),
		.tool_ms = (int)config_int(c, "TOOL_TIMEOUT_MS"),
		.question_max = 2000,
		.answer_max_bytes = (int)config_int(c, "ANSWER_MAX_BYTES"),
		.history_messages = (int)config_int(c, "HISTORY_MESSAGES"),
		.understand_ms = (int)config_int(c, "UNDERSTAND_TIMEOUT_MS"),
		.reflect_rounds = (int)config_int(c, "REFLECT_ROUNDS"),
		.max_turns = (int)config_int(c, "MAX_TURNS"),
	};
}

static int add_customs(assistant *a, struct fail *f)
{
	const assistant_config *c = a->config;
	int r = 0;

	for (size_t i = 0; i < c->n_tools && !r; i++)
		r = registry_add(a->env.registry, c->tools[i].name, c->tools[i].description,
				 c->tools[i].schema, c->tools[i].fn, c->tools[i].user, f);
	for (size_t i = 0; i < c->n_nodes && !r; i++)
		r = graph_insert(a->env.graph, c->nodes[i].name, c->nodes[i].after, c->nodes[i].fn,
				 c->nodes[i].user, f);
	return r;
}

static struct writer *open_writer(assistant *a)
{
	char spool[4096];
	const struct writer_options options = {
		.interval_ms = (int)config_int(a->config, "WRITE_INTERVAL_MS"),
		.max_in_flight = 2,
		.max_batch = 50,
		.lease_ms = (int)config_int(a->config, "LEASE_MS"),
		.spool_after_ms = 60000,
		.owner = a->owner,
		.spool_directory = spool,
	};

	snprintf(spool, sizeof(spool), "%s/spool", a->data_directory);
	return writer_create(a->env.loop, a->env.store, a->wall, &options, a->env.metrics,
			     a->env.log);
}

static struct replies *open_replies(assistant *a)
{
	const assistant_config *c = a->config;
	const struct replies_options options = {
		.keep_finished_ms = 300000,
		.max_kept = 1000,
		.lease_ms = (int)config_int(c, "LEASE_MS"),
		.owner = a->owner,
		.rate_conversation_per_minute =
			(int)config_int(c, "RATE_LIMIT_CONVERSATION_PER_MINUTE"),
		.rate_address_per_hour = (int)config_int(c, "RATE_LIMIT_ADDRESS_PER_HOUR"),
		.rate_exempt = a->exempt,
		.sweep = c->sweeps,
		.rerun_young_ms = 120000,
	};

	return replies_create(&a->env, a->wall, &options);
}

/* Loop thread.  What is made stays in a->env: services_down takes down whatever there is. */
static int services_up(assistant *a, struct fail *f)
{
	struct env *env = &a->env;
	int r;

	lease_owner_make(a->owner);
	env->default_conference = *config_text(a->config, "DEFAULT_CONFERENCE_ID")
					  ? config_text(a->config, "DEFAULT_CONFERENCE_ID")
					  : NULL;
	r = cidr_list_parse(config_text(a->config, "RATE_LIMIT_EXEMPT"), &a->exempt, f);
	if (!r)
		r = make_directories(a->data_directory, f);
	if (!r)
		r = services_choose(a, f);
	if (r < 0)
		return r;
	if (a->sentry) {
		r = services_http(a, f);
		if (r < 0)
			return r;
		sentry_start(a->sentry, env->loop, a->http, env->log);
	}
	env->registry = registry_create();
	env->graph = graph_create();
	env->tool_lane = lane_create(env->loop, "tools", 1000);
	env->catalogs = catalogs_create(env->loop, env->store,
					(int)config_int(a->config, "CATALOG_CHECK_MS"), 64,
					env->metrics, env->log);
	if (!env->registry || !env->graph || !env->tool_lane || !env->catalogs)
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	catalogs_on_epoch(env->catalogs, follow_epoch, a);
	r = add_customs(a, f);
	if (r < 0)
		return r;
	env->writer = open_writer(a);
	if (!env->writer)
		return FAIL(f, ASSISTANT_ECONFIG, "%s/spool cannot be made or written: %s.",
			    a->data_directory, strerror(errno));
	a->replies = open_replies(a);
	if (!a->replies)
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	if (env->store->ops->on_change)
		env->store->ops->on_change(env->store, watches_changed, a);
	return 0;
}

static void services_down(assistant *a)
{
	struct env *env = &a->env;

	loop_timer_stop(&a->closing);
	watches_end(a);
	warm_up_stop(a);
	refresh_stop(a);
	layout_stop(a);
	if (env->store && env->store->ops->on_change)
		env->store->ops->on_change(env->store, NULL, NULL);
	replies_destroy(a->replies);
	if (env->writer)
		writer_spool_all(env->writer);
	writer_destroy(env->writer);
	catalogs_destroy(env->catalogs);
	follow_stop(a);
	complete_stop(a);
	graph_destroy(env->graph);
	registry_destroy(env->registry);
	lane_destroy(env->tool_lane);
	if (env->llm != env->composer)
		llm_destroy(env->llm);
	llm_destroy(env->composer);
	embedding_close(a);
	index_destroy(env->index);
	cache_destroy(env->cache);
	relay_destroy(env->relay);
	redis_destroy(a->redis);
	store_destroy(a->source);
	store_destroy(env->store);
	sentry_stop(a->sentry);
	http_destroy(a->http);
	http_destroy(a->llm_http);
	cidr_list_free(a->exempt);
}

static void report_up(assistant *a, bool ok)
{
	pthread_mutex_lock(&a->mutex);
	a->up = ok;
	a->failed = !ok;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->mutex);
}

static void *loop_thread(void *arg)
{
	assistant *a = arg;
	int r;

	a->env.loop = loop_create(); /* here: a loop belongs to the thread that made it */
	r = a->env.loop ? services_up(a, &a->open_fail)
			: FAIL(&a->open_fail, ASSISTANT_ENOMEM,
			       "Out of memory or of file descriptors.");
	if (r < 0 && !a->open_fail.code)
		FAIL(&a->open_fail, r, "%s.", assistant_strerror(r));
	report_up(a, r >= 0);
	if (r >= 0)
		loop_run(a->env.loop);
	if (a->env.loop) {
		services_down(a);
		loop_destroy(a->env.loop);
	}
	return NULL;
}

static void destroy(assistant *a)
{
	log_destroy(a->env.log);
	log_destroy(a->sentry_log);
	sentry_destroy(a->sentry);
	metrics_destroy(a->env.metrics);
	if (a->env.clock != a->wall)
		clock_destroy(a->env.clock);
	clock_destroy(a->wall);
	assistant_config_free(a->config);
	pthread_cond_destroy(&a->changed);
	pthread_mutex_destroy(&a->mutex);
	free(a->data_directory);
	free(a);
}

void assistant_unref(assistant *a)
{
	bool last;

	pthread_mutex_lock(&a->mutex);
	last = --a->refs == 0;
	pthread_mutex_unlock(&a->mutex);
	if (last)
		destroy(a);
}

static int prepare(assistant *a, const assistant_config *c, struct fail *f)
{
	int64_t pinned;
	int r;

	if (config_copy(c, &a->config) < 0)
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	pinned = config_time_ms(a->config, "ERLEAH_NOW");
	a->wall = c->clock_fn ? clock_create_calling(c->clock_fn, c->clock_user) : clock_create(-1);
	a->env.clock = c->clock_fn || pinned < 0 ? a->wall : clock_create(pinned);
	a->env.log = open_log(a->config, a->wall);
	a->env.metrics = metrics_create();
	a->data_directory = strdup(config_text(a->config, "ERLEAH_DATA"));
	read_limits(a->config, &a->env.limits);
	if (!a->wall || !a->env.clock || !a->env.log || !a->env.metrics)
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	metrics_set(a->env.metrics, METRIC_BUILD_INFO, assistant_version(), 1);
	r = open_sentry(a, f);
	config_each_secret(a->config, hide_secret, a->env.log);
	return r;
}

/* The thread has not started: what it would take down is ours. */
static int give_up(assistant *a, struct fail *f, assistant_error *err)
{
	destroy(a);
	return fail_export(f, err);
}

int assistant_open(assistant **out, const assistant_config *c, assistant_error *err)
{
	struct fail f = FAIL_INIT;
	assistant *a = calloc(1, sizeof(*a));

	if (!a || !c) {
		free(a);
		FAIL(&f, c ? ASSISTANT_ENOMEM : ASSISTANT_EINVAL,
		     c ? "Out of memory." : "No configuration was given.");
		return fail_export(&f, err);
	}
	pthread_mutex_init(&a->mutex, NULL);
	pthread_cond_init(&a->changed, NULL);
	list_init(&a->watches);
	list_init(&a->uses);
	list_init(&a->completions);
	list_init(&a->calls);
	a->refs = 1;
	if (prepare(a, c, &f) < 0)
		return give_up(a, &f, err);
	if (pthread_create(&a->thread, NULL, loop_thread, a) != 0) {
		FAIL(&f, ASSISTANT_ENOMEM, "No thread could be started.");
		return give_up(a, &f, err);
	}
	pthread_mutex_lock(&a->mutex);
	while (!a->up && !a->failed)
		pthread_cond_wait(&a->changed, &a->mutex);
	pthread_mutex_unlock(&a->mutex);
	if (a->failed) {
		pthread_join(a->thread, NULL);
		f = a->open_fail;
		destroy(a);
		return fail_export(&f, err);
	}
	if ((!c->loads && embedding_check(a, &f) < 0) || (c->sweeps && layout_check(a, &f) < 0)) {
		assistant_close(a, 0);
		return fail_export(&f, err);
	}
	services_log(a);
	if (c->sweeps) {
		warm_up(a);
		refresh_start(a);
	}
	*out = a;
	return 0;
}

/* --- Down ----------------------------------------------------------------------- */

struct posted {
	struct loop_post post;
	assistant *a;
};

static void drain_posted(struct loop_post *p)
{
	struct posted *d = container_of(p, struct posted, post);

	replies_drain(d->a->replies);
	free(d);
}

void assistant_drain(assistant *a)
{
	_inside_ assistant *inside = NULL;
	struct posted *d;

	if (api_enter(a, &inside, NULL) < 0)
		return;
	d = calloc(1, sizeof(*d));
	if (!d)
		return;
	d->a = a;
	loop_post(a->env.loop, &d->post, drain_posted);
}

/* Whether nobody is inside; from now on nobody comes in when `last`. */
static bool nobody_inside(assistant *a, bool last)
{
	bool nobody;

	pthread_mutex_lock(&a->mutex);
	a->closed = a->closed || last;
	nobody = a->inside == 0;
	pthread_mutex_unlock(&a->mutex);
	return nobody;
}

static void closing_check(struct loop_timer *t)
{
	assistant *a = container_of(t, assistant, closing);
	int64_t waited = loop_now_ms(a->env.loop) - a->closing_since_ms;
	bool idle = replies_idle(a->replies), over = a->grace_ms >= 0 && waited >= a->grace_ms;
	bool alone = nobody_inside(a, idle || over);
	bool told = sentry_idle(a->sentry) || waited >= a->grace_ms + LAST_WORDS_MS;

	if (idle && alone && told) {
		loop_stop(a->env.loop);
		return;
	}
	if (over && !a->stopped_all) {
		a->stopped_all = true;
		replies_stop_all(a->replies);
		api_calls_cancel(a);
	}
	if (a->stopped_all && waited >= a->grace_ms + STOPPING_MS && alone &&
	    !replies_live(a->replies)) {
		writer_spool_all(a->env.writer);
		loop_stop(a->env.loop);
		return;
	}
	loop_timer_start(a->env.loop, &a->closing, CLOSING_CHECK_MS, closing_check);
}

static void close_posted(struct loop_post *p)
{
	struct posted *d = container_of(p, struct posted, post);
	assistant *a = d->a;

	free(d);
	replies_drain(a->replies);
	a->closing_since_ms = loop_now_ms(a->env.loop);
	loop_timer_start(a->env.loop, &a->closing, 0, closing_check);
}

void assistant_close(assistant *a, int grace_ms)
{
	struct posted *d;

	if (!a)
		return;
	d = calloc(1, sizeof(*d));
	if (!d)
		IMPOSSIBLE("out of memory for closing");
	d->a = a;
	a->grace_ms = grace_ms;
	loop_post(a->env.loop, &d->post, close_posted);
	pthread_join(a->thread, NULL);
	assistant_unref(a);
}
