/*
 * test_sentry.c - what leaves for Sentry, what does not, and for how long it is silent.
 */
#include "http_world.h"

#include <pthread.h>
#include "base/json.h"
#include "observe/export/sentry.h"
#include "observe/log.h"
#include "observe/metrics.h"

#define DSN "https://0123456789abcdef0123456789abcdef@o1.ingest.example.org:8443/sentry/42"

/* --- DSN ------------------------------------------------------------------------------ */

static void test_dsn(void **state)
{
	struct sentry_dsn d;

	(void)state;
	assert_int_equal(sentry_dsn_parse(DSN, &d, NULL), 0);
	assert_string_equal(d.url, "https://o1.ingest.example.org:8443/sentry/api/42/envelope/");
	assert_non_null(strstr(d.auth, "sentry_version=7"));
	assert_non_null(strstr(d.auth, "sentry_key=0123456789abcdef0123456789abcdef"));
	assert_string_equal(d.shown, DSN);
	assert_int_equal(sentry_dsn_parse("http://key:secret@localhost:9000/1", &d, NULL), 0);
	assert_string_equal(d.url, "http://localhost:9000/api/1/envelope/");
	assert_string_equal(d.shown, "http://key@localhost:9000/1");
	assert_null(strstr(d.auth, "secret"));
}

static void test_bad_dsns(void **state)
{
	static const char *const bad[] = {
		"x",
		"https://",
		"https://host/1",
		"https://@host/1",
		"https://key@/1",
		"https://key@host",
		"https://key@host/",
		"ftp://key@host/1",
		"https://k\"ey@host/1",
		"https://key@host/1?x",
		"https://key@host/1\r\nX: y",
		"https://key@ho st/1",
		"httpsx://key@host/1",
	};
	struct fail f = FAIL_INIT;
	struct sentry_dsn d;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(sentry_dsn_parse(bad[i], &d, &f), ASSISTANT_ECONFIG);
		assert_non_null(strstr(f.text, "SENTRY_DSN"));
		assert_null(strstr(f.text, "key")); /* it is a secret */
	}
}

/* --- Rate limits ------------------------------------------------------------------------ */

static int64_t limited(int status, const char *name, const char *value)
{
	struct http_header header = { name, value };
	struct http_response rs = { .status = status,
				    .headers = &header,
				    .n_headers = name != NULL };

	return sentry_limited_ms(&rs);
}

static void test_limits(void **state)
{
	const char *many = "60:transaction:key, 2700:default;error;security:organization:quota";

	(void)state;
	assert_int_equal(limited(200, NULL, NULL), 0);
	assert_int_equal(limited(200, "retry-after", "30"), 0);
	assert_int_equal(limited(429, NULL, NULL), 60000);
	assert_int_equal(limited(429, "retry-after", "30"), 30000);
	assert_int_equal(limited(429, "retry-after", "soon"), 60000);
	assert_int_equal(limited(200, "x-sentry-rate-limits", "60::organization"), 60000);
	assert_int_equal(limited(200, "x-sentry-rate-limits", "60"), 60000);
	assert_int_equal(limited(200, "x-sentry-rate-limits", many), 2700000);
	assert_int_equal(limited(429, "x-sentry-rate-limits", "60:transaction;session:key"), 0);
	assert_int_equal(limited(200, "x-sentry-rate-limits", "60:errors:key"), 0);
	assert_int_equal(limited(200, "x-sentry-rate-limits", "1.5:error:key"), 1500);
	assert_int_equal(limited(200, "x-sentry-rate-limits", "99999999:error:key"),
			 24 * 3600 * 1000);
	assert_int_equal(limited(200, "x-sentry-rate-limits", ",,;:nonsense"), 0);
}

/* --- Envelopes ---------------------------------------------------------------------------- */

static const char line_of_a_fail[] =
	"{\"time\":\"2026-11-23T14:32:10.123Z\",\"level\":\"error\",\"event\":\"turn.failed\","
	"\"code\":\"unavailable\",\"error\":\"Directus answered 503.\","
	"\"origin\":\"store/directus.c:41 directus_send < store_read < turn_run\","
	"\"attempts\":3,\"question\":\"Where does Jane Doe speak?\",\"conversation\":\"abc\","
	"\"upstream\":\"directus\"}";

static struct json_object *third_line(const char *envelope)
{
	const char *at = strchr(strchr(envelope, '\n') + 1, '\n') + 1;
	struct json_object *o = NULL;

	assert_int_equal(json_parse(at, strlen(at), &o, NULL), 0);
	return o;
}

static void test_envelope(void **state)
{
	struct sentry_options options = { .environment = "production", .release = "erleah@1" };
	struct json_object *event, *exception, *frames, *tags, *header = NULL;
	struct sentry_dsn dsn;
	char *envelope, *second;

	(void)state;
	options.clock = clock_create_virtual(INT64_C(1795444330123));
	assert_int_equal(sentry_dsn_parse(DSN, &dsn, NULL), 0);
	envelope = sentry_envelope(&options, &dsn, line_of_a_fail, 4);
	assert_non_null(envelope);
	assert_int_equal(json_parse(envelope, strcspn(envelope, "\n"), &header, NULL), 0);
	assert_string_equal(json_text(header, "dsn"), DSN);
	assert_string_equal(json_text(header, "sent_at"), "2026-11-23T14:32:10.123Z");
	event = third_line(envelope);
	assert_string_equal(json_text(event, "event_id"), json_text(header, "event_id"));
	assert_int_equal(strlen(json_text(event, "event_id")), 32);
	assert_string_equal(json_text(event, "level"), "error");
	assert_string_equal(json_text(event, "environment"), "production");
	assert_string_equal(json_text(event, "release"), "erleah@1");
	exception = json_object_array_get_idx(
		json_get_array(json_get_object(event, "exception"), "values"), 0);
	assert_string_equal(json_text(exception, "type"), "turn.failed");
	assert_string_equal(json_text(exception, "value"), "Directus answered 503.");
	frames = json_get_array(json_get_object(exception, "stacktrace"), "frames");
	assert_int_equal(json_object_array_length(frames), 3);
	assert_string_equal(json_text(json_object_array_get_idx(frames, 0), "function"),
			    "turn_run");
	assert_string_equal(json_text(json_object_array_get_idx(frames, 2), "function"),
			    "directus_send");
	assert_string_equal(json_text(json_object_array_get_idx(frames, 2), "filename"),
			    "store/directus.c");
	assert_int_equal(json_get_int(json_object_array_get_idx(frames, 2), "lineno", 0), 41);
	tags = json_get_object(event, "tags");
	assert_string_equal(json_text(tags, "upstream"), "directus");
	assert_string_equal(json_text(tags, "code"), "unavailable");
	assert_int_equal(json_get_int(json_get_object(event, "extra"), "attempts", 0), 3);
	assert_int_equal(json_get_int(json_get_object(event, "extra"), "left_out_before", 0), 4);
	/* What visitors wrote, and which conversation it was, stays here. */
	assert_null(strstr(envelope, "Jane"));
	assert_null(strstr(envelope, "conversation"));
	/* The item's length is that of its line. */
	second = strchr(envelope, '\n') + 1;
	assert_int_equal(strtol(strstr(second, "\"length\":") + 9, NULL, 10),
			 strlen(strchr(second, '\n') + 1) - 1);
	json_object_put(header);
	json_object_put(event);
	free(envelope);
	clock_destroy((struct clock *)options.clock);
}

static void test_other_lines(void **state)
{
	struct sentry_options options = { .environment = "production", .release = "r" };
	struct sentry_dsn dsn;

	(void)state;
	assert_int_equal(sentry_dsn_parse(DSN, &dsn, NULL), 0);
	assert_null(sentry_envelope(&options, &dsn, "no line", 0));
	assert_null(sentry_envelope(&options, &dsn, "{\"event\":\"x\"}", 0));
	assert_int_equal(sentry_fingerprint("no line"), 0);
	assert_true(sentry_fingerprint(line_of_a_fail) != 0);
}

static void test_fingerprint(void **state)
{
	static const char head[] = "{\"time\":\"t\",\"event\":\"upstream.failed\",";
	char a[256], b[256], c[256];

	(void)state;
	snprintf(a, sizeof(a), "%s\"upstream\":\"redis\",\"request_id\":\"1\"}", head);
	snprintf(b, sizeof(b), "%s\"upstream\":\"redis\",\"request_id\":\"2\"}", head);
	snprintf(c, sizeof(c), "%s\"upstream\":\"qdrant\",\"request_id\":\"1\"}", head);
	assert_true(sentry_fingerprint(a) == sentry_fingerprint(b));
	assert_true(sentry_fingerprint(a) != sentry_fingerprint(c));
}

/* --- On the wire ---------------------------------------------------------------------------- */

struct place {
	pthread_mutex_t lock;
	const char *answer;
	int n;
	char last[8192];
};

static void serve(struct peer *p, int fd, int n, void *ctx)
{
	struct place *place = ctx;
	char buf[8192];

	(void)p;
	(void)n;
	while (peer_read(fd, buf, sizeof(buf))) {
		pthread_mutex_lock(&place->lock);
		place->n++;
		memcpy(place->last, buf, sizeof(buf));
		pthread_mutex_unlock(&place->lock);
		peer_say(fd, place->answer);
	}
}

static int received(struct place *place)
{
	int n;

	pthread_mutex_lock(&place->lock);
	n = place->n;
	pthread_mutex_unlock(&place->lock);
	return n;
}

struct sending {
	struct world *w;
	struct peer *peer;
	struct place place;
	struct metrics *metrics;
	struct clock *clock;
	struct log *side;
	struct sentry *sentry;
};

static void sending_begin(struct sending *s, void **state, const char *answer)
{
	struct sentry_options options = { .environment = "test", .release = "erleah@1" };
	char dsn[128];

	memset(s, 0, sizeof(*s));
	s->w = *state;
	pthread_mutex_init(&s->place.lock, NULL);
	s->place.answer = answer;
	s->peer = peer_start(serve, &s->place);
	s->metrics = metrics_create();
	s->clock = clock_create(-1);
	snprintf(dsn, sizeof(dsn), "http://key@127.0.0.1:%d/7", peer_port(s->peer));
	options.dsn = dsn;
	options.clock = s->clock;
	options.metrics = s->metrics;
	assert_int_equal(sentry_create(&s->sentry, &options, NULL), 0);
	s->side = log_create(LOG_WARN, true, s->clock, sentry_take, s->sentry);
	assert_non_null(s->side);
}

static void drain(struct sending *s)
{
	do
		loop_turn(s->w->loop, true);
	while (!sentry_idle(s->sentry));
}

static double counted(struct sending *s, const char *result)
{
	return metrics_get(s->metrics, METRIC_SENTRY_EVENTS, result);
}

static void sending_end(struct sending *s)
{
	sentry_stop(s->sentry);
	loop_turn(s->w->loop, false);
	log_destroy(s->side);
	sentry_destroy(s->sentry);
	peer_stop(s->peer);
	metrics_destroy(s->metrics);
	clock_destroy(s->clock);
	pthread_mutex_destroy(&s->place.lock);
}

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

static void test_sent_once_a_minute(void **state)
{
	struct sending s;

	sending_begin(&s, state, OK_ANSWER);
	/* Before the start too. */
	log_write(s.side, LOG_WARN, "upstream.failed", "s", "upstream", "qdrant", NULL);
	sentry_start(s.sentry, s.w->loop, s.w->http, NULL);
	drain(&s);
	assert_int_equal(received(&s.place), 1);
	assert_non_null(strstr(s.place.last, "POST /api/7/envelope/ "));
	assert_non_null(strstr(s.place.last, "Content-Type: application/x-sentry-envelope"));
	assert_non_null(strstr(s.place.last, "X-Sentry-Auth: Sentry sentry_version=7"));
	assert_non_null(strstr(s.place.last, "\"level\":\"warning\""));
	for (int i = 0; i < 5; i++)
		log_write(s.side, LOG_WARN, "upstream.failed", "s", "upstream", "qdrant", NULL);
	log_write(s.side, LOG_ERROR, "writer.lost", NULL);
	log_write(s.side, LOG_INFO, "turn.done", NULL);
	drain(&s);
	assert_int_equal(received(&s.place), 2);
	assert_non_null(strstr(s.place.last, "writer.lost"));
	assert_true(counted(&s, "sent") == 2 && counted(&s, "repeated") == 5);
	sending_end(&s);
}

static void test_silent_when_limited(void **state)
{
	struct sending s;

	sending_begin(&s, state,
		      "HTTP/1.1 200 OK\r\nX-Sentry-Rate-Limits: 60:error:key\r\nContent-Length: "
		      "0\r\n\r\n");
	sentry_start(s.sentry, s.w->loop, s.w->http, NULL);
	log_write(s.side, LOG_ERROR, "one", NULL);
	drain(&s);
	log_write(s.side, LOG_ERROR, "two", NULL);
	log_write(s.side, LOG_ERROR, "three", NULL);
	drain(&s);
	assert_int_equal(received(&s.place), 1);
	assert_true(counted(&s, "sent") == 1 && counted(&s, "limited") == 2);
	sending_end(&s);
}

static void test_refused_and_away(void **state)
{
	struct sending s;

	sending_begin(&s, state, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
	sentry_start(s.sentry, s.w->loop, s.w->http, s.side);
	log_write(s.side, LOG_ERROR, "one", NULL);
	drain(&s);
	assert_true(counted(&s, "failed") == 1);
	peer_stop(s.peer);
	log_write(s.side, LOG_ERROR, "two", NULL);
	drain(&s);
	/* Its own failures are no events. */
	assert_true(counted(&s, "failed") == 2 && counted(&s, "sent") == 0);
	assert_int_equal(received(&s.place), 1);
	s.peer = peer_start(serve, &s.place);
	sending_end(&s);
}

static void test_a_flood_is_dropped(void **state)
{
	struct sending s;

	sending_begin(&s, state, OK_ANSWER);
	for (int i = 0; i < 100; i++)
		log_write(s.side, LOG_ERROR, "flood", NULL);
	assert_true(counted(&s, "dropped") == 36);
	sentry_start(s.sentry, s.w->loop, s.w->http, NULL);
	drain(&s);
	assert_true(counted(&s, "sent") == 1 && counted(&s, "repeated") == 63);
	sending_end(&s);
}

static void test_stopped_in_between(void **state)
{
	struct sending s;

	sending_begin(&s, state, OK_ANSWER);
	sentry_start(s.sentry, s.w->loop, s.w->http, NULL);
	log_write(s.side, LOG_ERROR, "one", NULL);
	log_write(s.side, LOG_ERROR, "two", NULL);
	loop_turn(s.w->loop, false);
	assert_false(sentry_idle(s.sentry));
	sentry_stop(s.sentry);
	log_write(s.side, LOG_ERROR, "three", NULL);
	sending_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dsn),
		cmocka_unit_test(test_bad_dsns),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_envelope),
		cmocka_unit_test(test_other_lines),
		cmocka_unit_test(test_fingerprint),
		cmocka_unit_test_setup_teardown(test_sent_once_a_minute, setup, teardown),
		cmocka_unit_test_setup_teardown(test_silent_when_limited, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused_and_away, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_flood_is_dropped, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stopped_in_between, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
