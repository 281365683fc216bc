/*
 * redis_link.c - looks the host up on a lane, connects, greets, and begins anew whenever that fails or ends.
 *
 * hiredis frees its context by itself when a connection ends, after telling us; `context` is NULL from then on.
 */
#include "aio/redis_link.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>
#include "aio/work.h"
#include "base/check.h"
#include "base/hash.h"
#ifdef HAVE_HIREDIS_SSL
#include <hiredis/hiredis_ssl.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#endif

#define PAUSE_FIRST_MS 100
#define PAUSE_MAX_MS   5000

static void dial(struct loop_timer *t);

/* --- hiredis on our loop -------------------------------------------------------- */

static void watched(struct loop_watch *w, int events)
{
	struct redis_link *l = container_of(w, struct redis_link, watch);
	redisAsyncContext *ac = l->context;

	if (events & (LOOP_READ | LOOP_ERROR))
		redisAsyncHandleRead(ac);
	if ((events & LOOP_WRITE) && l->context == ac) /* it still is, and no other one */
		redisAsyncHandleWrite(ac);
}

static void watch_for(struct redis_link *l, int events)
{
	if (events == l->events)
		return;
	l->events = events;
	if (l->watch.impl)
		loop_watch_change(&l->watch, events);
}

static void add_read(void *ctx)
{
	struct redis_link *l = ctx;

	watch_for(l, l->events | LOOP_READ);
}

static void delete_read(void *ctx)
{
	struct redis_link *l = ctx;

	watch_for(l, l->events & ~LOOP_READ);
}

static void add_write(void *ctx)
{
	struct redis_link *l = ctx;

	watch_for(l, l->events | LOOP_WRITE);
}

static void delete_write(void *ctx)
{
	struct redis_link *l = ctx;

	watch_for(l, l->events & ~LOOP_WRITE);
}

/* From here on the context tells us nothing; it is freed by us or by hiredis, perhaps when another one is in its place. */
static redisAsyncContext *let_go(struct redis_link *l)
{
	redisAsyncContext *ac = TAKE_PTR(l->context);

	loop_watch_stop(&l->watch);
	l->events = 0;
	if (ac) {
		memset(&ac->ev, 0, sizeof(ac->ev));
		ac->data = NULL;
	}
	return ac;
}

/* --- Failing, and again ------------------------------------------------------------ */

/* Full jitter, so that servers that lost one Redis at once do not come back at once. */
static int64_t pause_ms(unsigned failures)
{
	unsigned shift = failures < 8 ? failures : 8;
	int64_t most = (int64_t)PAUSE_FIRST_MS << shift;
	uint32_t r;

	random_bytes(&r, sizeof(r));
	return (int64_t)(r % (uint64_t)(most < PAUSE_MAX_MS ? most : PAUSE_MAX_MS));
}

static void close_context(struct redis_link *l)
{
	redisAsyncContext *ac = let_go(l);

	if (ac)
		redisAsyncFree(ac);
}

static void connect_next(struct redis_link *l);

static void failed(struct redis_link *l, const struct fail *why)
{
	close_context(l);
	loop_timer_stop(&l->timer);
	if (!l->up && ++l->at < l->n_addresses) {
		connect_next(l);
		return;
	}
	l->up = false;
	loop_timer_start(l->loop, &l->timer, pause_ms(l->failures++), dial);
	l->changed(l, false, why);
}

void redis_link_break(struct redis_link *l, const struct fail *why)
{
	failed(l, why);
}

static void timed_out(struct loop_timer *t)
{
	struct redis_link *l = container_of(t, struct redis_link, timer);
	struct fail why = FAIL_INIT;

	FAIL(&why, ASSISTANT_ETIMEOUT, "Redis at %s did not answer within %d ms.", l->url->name,
	     l->connect_timeout_ms);
	failed(l, &why);
}

/* --- Greeting: AUTH, SELECT, PING ------------------------------------------------------ */

/* A password that is missing or wrong, or a user who may not even ask. */
static bool is_denial(const char *error)
{
	return !strncmp(error, "NOAUTH", 6) || !strncmp(error, "WRONGPASS", 9) ||
	       !strncmp(error, "NOPERM", 6) || strstr(error, "password");
}

static void greeted(struct redisAsyncContext *ac, void *answer, void *last)
{
	struct redis_link *l = ac->data;
	const struct redisReply *reply = answer;
	struct fail why = FAIL_INIT;

	if (!l || !reply)
		return; /* the connection has ended, and who ends it tells */
	if (reply->type == REDIS_REPLY_ERROR) {
		FAIL(&why, ASSISTANT_EUNAVAILABLE, "Redis at %s refused us: %.120s", l->url->name,
		     reply->str);
		why.cause = is_denial(reply->str) ? CAUSE_DENIED : CAUSE_NONE;
		failed(l, &why);
		return;
	}
	if (!last)
		return;
	loop_timer_stop(&l->timer);
	l->up = true;
	l->failures = 0;
	l->changed(l, true, NULL);
}

static void greet(struct redis_link *l)
{
	const struct redis_url *u = l->url;

	if (u->user && u->password)
		redisAsyncCommand(l->context, greeted, NULL, "AUTH %s %s", u->user, u->password);
	else if (u->password)
		redisAsyncCommand(l->context, greeted, NULL, "AUTH %s", u->password);
	if (u->database)
		redisAsyncCommand(l->context, greeted, NULL, "SELECT %d", u->database);
	redisAsyncCommand(l->context, greeted, l, "PING");
}

static void connected(const struct redisAsyncContext *ac, int status)
{
	struct redis_link *l = ac->data;
	struct fail why = FAIL_INIT;

	if (!l || status == REDIS_OK)
		return;
	FAIL(&why, ASSISTANT_EUNAVAILABLE, "Redis at %s cannot be reached: %.100s.", l->url->name,
	     ac->errstr ? ac->errstr : "no connection");
	let_go(l); /* hiredis frees it after this */
	failed(l, &why);
}

static void disconnected(const struct redisAsyncContext *ac, int status)
{
	struct redis_link *l = ac->data;
	struct fail why = FAIL_INIT;

	if (!l)
		return;
	FAIL(&why, ASSISTANT_EUNAVAILABLE, "The connection to Redis at %s ended: %.100s.",
	     l->url->name, status != REDIS_OK && ac->errstr ? ac->errstr : "closed");
	let_go(l);
	failed(l, &why);
}

/* --- TLS --------------------------------------------------------------------------------- */

#ifdef HAVE_HIREDIS_SSL
struct ssl_ctx_st *redis_tls_create(const char *ca_file, struct fail *f)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

	if (!tls) {
		FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
		return NULL;
	}
	SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	if (ca_file && *ca_file ? SSL_CTX_load_verify_file(tls, ca_file) != 1
				: SSL_CTX_set_default_verify_paths(tls) != 1) {
		FAIL(f, ASSISTANT_ECONFIG, "REDIS_CA_FILE is \"%.120s\", which cannot be read.",
		     ca_file ? ca_file : "");
		SSL_CTX_free(tls);
		return NULL;
	}
	return tls;
}

void redis_tls_destroy(struct ssl_ctx_st *tls)
{
	SSL_CTX_free(tls);
}

/* hiredis itself would not compare the certificate's name with the host's. */
static bool begin_tls(struct redis_link *l)
{
	SSL *ssl = SSL_new(l->tls);
	struct in6_addr address;
	bool is_address = ssl && (inet_pton(AF_INET, l->url->host, &address) == 1 ||
				  inet_pton(AF_INET6, l->url->host, &address) == 1);

	if (!ssl)
		return false;
	if (is_address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), l->url->host) != 1
		       : SSL_set1_host(ssl, l->url->host) != 1 ||
				 SSL_set_tlsext_host_name(ssl, l->url->host) != 1) {
		SSL_free(ssl);
		return false;
	}
	return redisInitiateSSL(&l->context->c, ssl) == REDIS_OK;
}
#else
struct ssl_ctx_st *redis_tls_create(const char *ca_file, struct fail *f)
{
	FAIL(f, ASSISTANT_ECONFIG,
	     "REDIS_URL begins with rediss://, but this build has no TLS for Redis: it needs "
	     "hiredis "
	     "1.0 or newer with hiredis_ssl, and found %d.%d. Use redis:// to a Redis or a tunnel "
	     "on this machine.",
	     HIREDIS_MAJOR, HIREDIS_MINOR);
	return NULL;
}

void redis_tls_destroy(struct ssl_ctx_st *tls)
{
	PRE(!tls);
}

static bool begin_tls(struct redis_link *l)
{
	return false;
}
#endif

/* --- Connecting ------------------------------------------------------------------------------ */

static bool attach(struct redis_link *l)
{
	redisAsyncContext *ac = l->context;

	ac->data = l;
	ac->ev.addRead = add_read;
	ac->ev.delRead = delete_read;
	ac->ev.addWrite = add_write;
	ac->ev.delWrite = delete_write;
	ac->ev.data = l;
	l->events = LOOP_WRITE;
	if (loop_watch_start(l->loop, &l->watch, ac->c.fd, LOOP_WRITE, watched) < 0)
		return false;
	if (l->tls && !begin_tls(l))
		return false;
	redisAsyncSetConnectCallback(ac, connected);
	redisAsyncSetDisconnectCallback(ac, disconnected);
	return true;
}

static void connect_next(struct redis_link *l)
{
	struct fail why = FAIL_INIT;

	l->context = l->url->path ? redisAsyncConnectUnix(l->url->path)
				  : redisAsyncConnect(l->addresses[l->at], l->url->port);
	if (!l->context || l->context->err || !attach(l)) {
		FAIL(&why, ASSISTANT_EUNAVAILABLE, "Redis at %s cannot be reached: %.100s.",
		     l->url->name,
		     l->context && l->context->errstr && *l->context->errstr
			     ? l->context->errstr
			     : "no connection could be made");
		failed(l, &why);
		return;
	}
	if (l->url->host)
		redisEnableKeepAlive(&l->context->c);
	loop_timer_start(l->loop, &l->timer, l->connect_timeout_ms, timed_out);
	greet(l);
}

/* --- Looking the host up ----------------------------------------------------------------------- */

struct lookup {
	struct work work; /* first */
	struct redis_link *link;
	char host[256];
	char addresses[REDIS_LINK_ADDRESSES][REDIS_ADDRESS_SIZE];
	unsigned n;
};

static int look_up(struct work *w, struct fail *f)
{
	struct lookup *look = container_of(w, struct lookup, work);
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	struct addrinfo *found;
	int r = getaddrinfo(look->host, NULL, &hints, &found);

	if (r != 0)
		return FAIL(f, ASSISTANT_EUNAVAILABLE, "The name of Redis' host, %.100s, %s: %s.",
			    look->host, "cannot be looked up", gai_strerror(r));
	for (struct addrinfo *a = found; a && look->n < REDIS_LINK_ADDRESSES; a = a->ai_next)
		if (getnameinfo(a->ai_addr, a->ai_addrlen, look->addresses[look->n],
				REDIS_ADDRESS_SIZE, NULL, 0, NI_NUMERICHOST) == 0)
			look->n++;
	freeaddrinfo(found);
	return 0;
}

static void lookup_deliver(struct wait *w)
{
	struct lookup *look = container_of(w, struct lookup, work.wait);

	memcpy(look->link->addresses, look->addresses, sizeof(look->addresses));
	look->link->n_addresses = look->n;
}

static void lookup_release(struct wait *w)
{
	free(container_of(w, struct lookup, work.wait));
}

static flow_step lookup_begin, lookup_found, lookup_ended;

static void lookup_begin(struct flow *f)
{
	struct redis_link *l = container_of(f, struct redis_link, lookup);
	struct lookup *look = calloc(1, sizeof(*look));

	if (!look) {
		flow_fail(f, ASSISTANT_ENOMEM);
		return;
	}
	look->link = l;
	snprintf(look->host, sizeof(look->host), "%s", l->url->host);
	lane_run(l->lane, &look->work, look_up, lookup_deliver, lookup_release,
		 THEN(f, lookup_found));
}

static void lookup_found(struct flow *f)
{
	flow_done(f);
}

static void lookup_ended(struct flow *f)
{
	struct redis_link *l = container_of(f, struct redis_link, lookup);

	l->looking_up = false;
	if (f->status == ASSISTANT_ECANCELED)
		return;
	if (f->status < 0)
		failed(l, &f->fail);
	else
		connect_next(l);
}

static void dial(struct loop_timer *t)
{
	struct redis_link *l = container_of(t, struct redis_link, timer);
	char address[sizeof(struct in6_addr)];

	l->at = 0;
	l->n_addresses = 1;
	if (l->url->path || inet_pton(AF_INET, l->url->host, address) == 1 ||
	    inet_pton(AF_INET6, l->url->host, address) == 1) {
		if (l->url->host)
			snprintf(l->addresses[0], REDIS_ADDRESS_SIZE, "%s", l->url->host);
		connect_next(l);
		return;
	}
	l->n_addresses = 0;
	l->looking_up = true;
	flow_begin(&l->lookup, l->loop, NULL, "redis", FIRST(lookup_begin), lookup_ended);
}

void redis_link_start(struct redis_link *l)
{
	loop_timer_start(l->loop, &l->timer, 0, dial);
}

void redis_link_stop(struct redis_link *l)
{
	loop_timer_stop(&l->timer);
	if (l->looking_up)
		flow_cancel(&l->lookup);
	l->up = false;
	close_context(l);
}
