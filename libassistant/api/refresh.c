/*
 * refresh.c - see refresh.h.
 */
#include "api/refresh.h"

#include <string.h>
#include <time.h>
#include "base/hash.h"
#include "base/text.h"
#include "cache/relay.h"
#include "observe/log.h"

#define QUIET_MS      1000  /* an editor who saves ten rows is one change */
#define QUIET_MAX_MS  10000 /* who never ends is not waited for */
#define TELL_MS	      2000
#define SIGNED_S      300 /* so old may a signature be, or so far ahead */
#define SIGNED_PREFIX "sha256="

static struct refresh *refresh_of(struct loop_timer *t, size_t offset)
{
	return (struct refresh *)((char *)t - offset);
}

static assistant *owner_of(struct refresh *r)
{
	return container_of(r, assistant, refresh);
}

/* --- Looking ---------------------------------------------------------------------------- */

static void look(struct refresh *r, bool thoroughly)
{
	assistant *a = owner_of(r);

	a->env.store->ops->look_again(a->env.store, thoroughly);
	catalogs_look(a->env.catalogs);
}

static void every(struct loop_timer *t)
{
	struct refresh *r = refresh_of(t, offsetof(struct refresh, every));

	look(r, false);
	loop_timer_start(owner_of(r)->env.loop, t, r->every_ms, every);
}

static void quiet_enough(struct loop_timer *t)
{
	struct refresh *r = refresh_of(t, offsetof(struct refresh, quiet));

	r->first_ms = 0;
	log_write(owner_of(r)->env.log, LOG_INFO, "ingest.told", "s", "what",
		  "Directus is said to have changed; it is read again.", NULL);
	look(r, true);
}

/* Loop thread: somebody says that Directus changed. */
static void wish(struct refresh *r)
{
	struct loop *loop = owner_of(r)->env.loop;
	int64_t now = loop_now_ms(loop), left;

	if (!r->first_ms)
		r->first_ms = now ? now : 1;
	left = r->first_ms + QUIET_MAX_MS - now;
	loop_timer_start(loop, &r->quiet, left < QUIET_MS ? (left > 0 ? left : 0) : QUIET_MS,
			 quiet_enough);
}

/* --- The others ---------------------------------------------------------------------------- */

static flow_step tell_others, told_others;

static void tell_others(struct flow *f)
{
	struct refresh *r = container_of(f, struct refresh, telling);

	relay_tell_changed(owner_of(r)->env.relay, THEN(f, told_others));
}

static void told_others(struct flow *f)
{
	flow_done(f);
}

/* Whoever was not told looks by itself. */
static void tell_ended(struct flow *f)
{
	container_of(f, struct refresh, telling)->is_telling = false;
}

static void heard(void *ctx)
{
	wish(ctx);
}

static void wished(struct loop_post *p)
{
	struct refresh *r = container_of(p, struct refresh, wish);
	assistant *a = owner_of(r);

	pthread_mutex_lock(&a->mutex);
	r->posted = false;
	pthread_mutex_unlock(&a->mutex);
	wish(r);
	if (!a->env.relay || r->is_telling)
		return;
	r->is_telling = true;
	flow_begin(&r->telling, a->env.loop, NULL, "refresh", FIRST(tell_others), tell_ended);
	flow_set_deadline(&r->telling, TELL_MS);
}

/* --- Life ------------------------------------------------------------------------------------- */

static void started(struct loop_post *p)
{
	struct refresh *r = container_of(p, struct refresh, begin);
	assistant *a = owner_of(r);

	if (a->env.relay)
		relay_on_changed(a->env.relay, heard, r);
	loop_timer_start(a->env.loop, &r->every, r->every_ms, every);
}

void refresh_start(assistant *a)
{
	int64_t ms = config_int(a->config, "DIRECTUS_CHECK_MS");

	if (!a->env.store->ops->look_again)
		return;
	a->refresh.every_ms = ms > 0 ? ms : 1000;
	a->refresh.follows = true;
	loop_post(a->env.loop, &a->refresh.begin, started);
}

void refresh_stop(assistant *a)
{
	struct refresh *r = &a->refresh;

	loop_timer_stop(&r->every);
	loop_timer_stop(&r->quiet);
	if (r->is_telling)
		flow_cancel(&r->telling);
	if (a->env.relay)
		relay_on_changed(a->env.relay, NULL, NULL);
}

/* --- Who may tell ------------------------------------------------------------------------------ */

/* "Bearer <secret>": digests are compared, so that neither time nor length says anything of it. */
static bool is_bearer(const char *authorization, const char *secret)
{
	char given[SHA256_HEX_SIZE], wanted[SHA256_HEX_SIZE];

	if (!authorization || strncasecmp(authorization, "Bearer ", 7) != 0)
		return false;
	sha256_hex(authorization + 7, strlen(authorization + 7), given);
	sha256_hex(secret, strlen(secret), wanted);
	return secret_equal(given, wanted);
}

static bool is_now(const assistant *a, const char *timestamp)
{
	char *end;
	long long at = strtoll(timestamp, &end, 10), now = clock_now_ms(a->wall) / 1000;

	return end != timestamp && !*end && at >= now - SIGNED_S && at <= now + SIGNED_S;
}

/* "sha256=<hex>": HMAC of "<timestamp>.<body>"; a call that was overheard is worth nothing five minutes later. */
static bool is_signed(const assistant *a, const assistant_notice *n, const char *secret)
{
	char hex[SHA256_HEX_SIZE];
	struct text t;
	bool good;

	if (!n->signature || !n->timestamp || !is_now(a, n->timestamp) ||
	    strncmp(n->signature, SIGNED_PREFIX, strlen(SIGNED_PREFIX)) != 0)
		return false;
	text_init(&t, n->body_len + 64);
	text_printf(&t, "%s.", n->timestamp);
	text_append_n(&t, n->body ? n->body : "", n->body ? n->body_len : 0);
	hmac_sha256_hex(secret, t.data, t.len, hex);
	good = !t.failed && secret_equal(n->signature + strlen(SIGNED_PREFIX), hex);
	text_finish(&t);
	return good;
}

int assistant_ingest_notify(assistant *a, const assistant_notice *notice, assistant_error *err)
{
	const char *secret = a ? config_text(a->config, "INGEST_WEBHOOK_SECRET") : "";
	struct fail f = FAIL_INIT;
	bool first;

	if (!a || !notice)
		FAIL(&f, ASSISTANT_EINVAL, "An assistant and a notice are needed.");
	else if (!*secret || !a->refresh.follows)
		FAIL(&f, ASSISTANT_ENOTFOUND, "Not found");
	else if (!is_bearer(notice->authorization, secret) && !is_signed(a, notice, secret))
		FAIL(&f, ASSISTANT_EDENIED, "The secret or the signature is missing or wrong.");
	if (f.code)
		return fail_export(&f, err);
	pthread_mutex_lock(&a->mutex);
	first = !a->refresh.posted;
	a->refresh.posted = true;
	pthread_mutex_unlock(&a->mutex);
	if (first)
		loop_post(a->env.loop, &a->refresh.wish, wished);
	return 0;
}
