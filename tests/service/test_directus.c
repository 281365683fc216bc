/*
 * test_directus.c - a conference from a Directus that pages, cuts, denies, changes meanwhile, breaks off, and holds rows that
 * are no records: all of it, or none.
 *
 * The other end is scripted here; tests/e2e/directus does the same with the real one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "aio/http.h"
#include "base/text.h"
#include "call.h"
#include "observe/metrics.h"
#include "peer.h"
#include "store/store.h"

#define CONFERENCE "55697319-bc72-566a-ad7a-bf2e4c60bc4e"
#define HEAD_MAX   8192

/* What Directus holds, and how it behaves. */
struct theirs {
	int sessions, exhibitors, speakers;
	int nameless;  /* sessions without a title, the first so many */
	int limit_max; /* QUERY_LIMIT_MAX; 0: none */
	int cut;       /* rows it answers at most, whatever was asked; 0: all */
	bool silent;   /* it says no filter_count */
	int restless;  /* so many times a session comes between the first page and the second */
	bool no_dates; /* the collections have none */
	const char *denied;   /* a collection */
	const char *breaks;   /* a collection: the answer ends half-way */
	const char *not_json; /* a collection */
	const char *newest;   /* date_updated */
};

struct fixture {
	struct loop *loop;
	struct http *http;
	struct metrics *metrics;
	struct store *store;
	struct arena *arena;
	struct peer *peer;
	pthread_mutex_t mutex; /* guards theirs and n_refused_dates */
	struct theirs theirs;
	int n_refused_dates;
};

/* --- The other end -------------------------------------------------------------------------- */

static int number_in(const char *request, const char *name, int otherwise)
{
	const char *at = strstr(request, name);

	return at ? (int)strtol(at + strlen(name), NULL, 10) : otherwise;
}

static void add_row(struct text *t, const char *collection, int i, const struct theirs *d)
{
	if (strcmp(collection, "sessions") != 0)
		text_printf(t, "{\"id\":\"%c%04d\",\"name\":\"Name %d\"}", *collection, i, i);
	else if (i < d->nameless)
		text_printf(t, "{\"id\":\"s%04d\"}", i);
	else
		text_printf(t,
			    "{\"id\":\"s%04d\",\"title\":\"Title %d\",\"date_updated\":\"%s\","
			    "\"start_time\":\"2027-05-20T09:00:00Z\"}",
			    i, i, d->newest ? d->newest : "2027-01-01T00:00:00Z");
}

static void refuse(struct text *t, const char *code)
{
	text_printf(t, "{\"errors\":[{\"message\":\"no\",\"extensions\":{\"code\":\"%s\"}}]}",
		    code);
}

static int answer_count(struct fixture *fx, const char *request, int rows, struct text *t)
{
	if (strstr(request, "aggregate[max]") && fx->theirs.no_dates) {
		fx->n_refused_dates++;
		refuse(t, "FORBIDDEN");
		return 403;
	}
	text_printf(t, "{\"data\":[{\"count\":%d,\"max\":{\"date_updated\":\"%s\"}}]}", rows,
		    fx->theirs.newest ? fx->theirs.newest : "");
	return 200;
}

static int answer_rows(struct fixture *fx, const char *request, const char *collection, int rows,
		       struct text *t)
{
	struct theirs *d = &fx->theirs;
	int limit = number_in(request, "limit=", 100), offset = number_in(request, "offset=", 0);
	int until;

	if (d->limit_max && limit > d->limit_max) {
		refuse(t, "INVALID_QUERY");
		return 400;
	}
	if (d->cut && limit > d->cut)
		limit = d->cut;
	until = offset + limit < rows ? offset + limit : rows;
	text_append(t, "{\"data\":[");
	for (int i = offset; i < until; i++) {
		text_append(t, i > offset ? "," : "");
		add_row(t, collection, i, d);
	}
	text_append(t, "]");
	if (!d->silent)
		text_printf(t, ",\"meta\":{\"filter_count\":%d}", rows);
	text_append(t, "}");
	if (!strcmp(collection, "sessions") && !offset && d->restless > 0) {
		d->restless--;
		d->sessions++;
	}
	return 200;
}

static int answer(struct fixture *fx, const char *request, struct text *t, bool *half)
{
	const struct theirs *d = &fx->theirs;
	char collection[40] = "";
	int rows;

	sscanf(request, "GET /items/%39[a-z]", collection);
	rows = !strcmp(collection, "sessions")	   ? d->sessions
	       : !strcmp(collection, "exhibitors") ? d->exhibitors
						   : d->speakers;
	if (d->denied && !strcmp(collection, d->denied)) {
		refuse(t, "FORBIDDEN");
		return 403;
	}
	*half = d->breaks && !strcmp(collection, d->breaks);
	if (d->not_json && !strcmp(collection, d->not_json)) {
		text_append(t, "<html>Bad gateway</html>");
		return 200;
	}
	if (!strcmp(collection, "conferences")) {
		text_append(t, "{\"data\":[{\"id\":\"" CONFERENCE
			       "\",\"name\":\"Canal Day\",\"timezone\":\"Europe/Amsterdam\"}],"
			       "\"meta\":{\"filter_count\":1}}");
		return 200;
	}
	return strstr(request, "aggregate") ? answer_count(fx, request, rows, t)
					    : answer_rows(fx, request, collection, rows, t);
}

static void directus(struct peer *p, int fd, int n, void *ctx)
{
	struct fixture *fx = ctx;
	char request[HEAD_MAX], head[200];

	(void)n;
	while (!peer_stopping(p) && peer_read(fd, request, sizeof(request))) {
		struct text t;
		bool half = false;
		int status;

		text_init(&t, 1 << 22);
		pthread_mutex_lock(&fx->mutex);
		status = answer(fx, request, &t, &half);
		pthread_mutex_unlock(&fx->mutex);
		snprintf(head, sizeof(head),
			 "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: "
			 "%zu\r\n\r\n",
			 status, t.len);
		if (!peer_say(fd, head) || !peer_write(fd, t.data, half ? t.len / 2 : t.len))
			half = true;
		text_finish(&t);
		if (half)
			return;
	}
}

/* --- This end -------------------------------------------------------------------------------- */

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));
	char url[64];
	struct fail f = FAIL_INIT;
	struct directus_options options = { .url = url, .compare_ms = 600000 };

	pthread_mutex_init(&fx->mutex, NULL);
	fx->theirs = (struct theirs){ .sessions = 10, .exhibitors = 3, .speakers = 4 };
	fx->loop = loop_create_virtual();
	fx->http = http_create(fx->loop, 8);
	fx->metrics = metrics_create();
	fx->arena = arena_create(16 << 20);
	fx->peer = peer_start(directus, fx);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", peer_port(fx->peer));
	if (directus_store_open(fx->loop, fx->http, &options, fx->metrics, NULL, &fx->store, &f) <
	    0)
		fail_msg("%s", f.text);
	*state = fx;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	store_destroy(fx->store);
	call_drain(fx->loop);
	http_destroy(fx->http);
	call_drain(fx->loop);
	loop_destroy(fx->loop);
	peer_stop(fx->peer);
	arena_destroy(fx->arena);
	metrics_destroy(fx->metrics);
	pthread_mutex_destroy(&fx->mutex);
	free(fx);
	return 0;
}

/* What they hold changes. */
#define THEIRS(fx, assignment)                                                                     \
	do {                                                                                       \
		pthread_mutex_lock(&(fx)->mutex);                                                  \
		(fx)->theirs.assignment;                                                           \
		pthread_mutex_unlock(&(fx)->mutex);                                                \
	} while (0)

static int refused_dates(struct fixture *fx)
{
	int n;

	pthread_mutex_lock(&fx->mutex);
	n = fx->n_refused_dates;
	pthread_mutex_unlock(&fx->mutex);
	return n;
}

static int read_it(struct fixture *fx, struct snapshot **out)
{
	*out = NULL;
	return AWAIT(fx->loop, f, fx->store->ops->snapshot(fx->store, CONFERENCE, out, f));
}

/* Reads well: so many sessions.  The epoch. */
static uint64_t reads(struct fixture *fx, size_t sessions)
{
	struct snapshot *s;
	uint64_t epoch;

	if (read_it(fx, &s) < 0)
		fail_msg("%s", call_fail()->text);
	assert_int_equal(s->n[ENTITY_SESSION], sessions);
	assert_int_equal(s->n[ENTITY_EXHIBITOR], fx->theirs.exhibitors);
	assert_int_equal(s->n[ENTITY_SPEAKER], fx->theirs.speakers);
	epoch = s->epoch;
	snapshot_unref(s);
	assert_true(epoch & EPOCH_DIGEST);
	return epoch;
}

static void fails(struct fixture *fx, int code, const char *sentence)
{
	struct snapshot *s;

	assert_int_equal(read_it(fx, &s), code);
	assert_null(s);
	if (!strstr(call_fail()->text, sentence))
		fail_msg("\"%s\" does not say \"%s\"", call_fail()->text, sentence);
}

/* The epoch that a look tells. */
static uint64_t looks(struct fixture *fx, bool thoroughly)
{
	struct conference_list list = { 0 };

	fx->store->ops->look_again(fx->store, thoroughly);
	if (AWAIT(fx->loop, f, fx->store->ops->conferences(fx->store, fx->arena, &list, f)) < 0)
		fail_msg("%s", call_fail()->text);
	assert_int_equal(list.n, 1);
	return list.rows[0].epoch;
}

/* --- All of it -------------------------------------------------------------------------------- */

static void pages_are_read_to_the_end(void **state)
{
	struct fixture *fx = *state;

	THEIRS(fx, sessions = 1250);
	reads(fx, 1250);
	THEIRS(fx, sessions = 1000); /* the last page is full */
	reads(fx, 1000);
}

static void a_smaller_limit_is_kept_to(void **state)
{
	struct fixture *fx = *state;

	THEIRS(fx, sessions = 1250);
	THEIRS(fx, limit_max = 100);
	reads(fx, 1250);
}

static void pages_that_are_cut_are_not_the_last(void **state)
{
	struct fixture *fx = *state;

	THEIRS(fx, sessions = 430);
	THEIRS(fx, cut = 100);
	reads(fx, 430);
	THEIRS(fx, silent = true);
	reads(fx, 430);
}

static void what_changes_meanwhile_is_read_anew(void **state)
{
	struct fixture *fx = *state;

	THEIRS(fx, sessions = 700);
	THEIRS(fx, restless = 2);
	reads(fx, 702);
	THEIRS(fx, restless = 100);
	fails(fx, ASSISTANT_EUNAVAILABLE, "changed each time");
}

/* --- Or none ---------------------------------------------------------------------------------- */

static void what_is_denied_is_no_empty_list(void **state)
{
	struct fixture *fx = *state;

	THEIRS(fx, denied = "exhibitors");
	fails(fx, ASSISTANT_EDENIED, "403 FORBIDDEN");
	THEIRS(fx, denied = "conferences");
	fails(fx, ASSISTANT_EDENIED, "403 FORBIDDEN");
}

static void what_breaks_off_is_nothing(void **state)
{
	struct fixture *fx = *state;
	struct snapshot *s;

	THEIRS(fx, breaks = "speakers");
	assert_true(read_it(fx, &s) < 0);
	assert_null(s);
	THEIRS(fx, breaks = NULL);
	THEIRS(fx, not_json = "sessions");
	fails(fx, ASSISTANT_EPROTOCOL, "not its JSON");
}

static void a_directus_that_is_gone_is_no_empty_one(void **state)
{
	struct fixture *fx = *state;
	struct conference_list list = { 0 };
	struct snapshot *s;

	looks(fx, false);
	reads(fx, 10);
	peer_stop(fx->peer);
	fx->peer = peer_start(directus, fx); /* at another port */
	assert_true(read_it(fx, &s) < 0);
	assert_null(s);
	fx->store->ops->look_again(fx->store, false);
	assert_true(AWAIT(fx->loop, f,
			  fx->store->ops->conferences(fx->store, fx->arena, &list, f)) < 0);
	assert_int_equal(list.n, 0);
}

static void a_kind_that_is_gone_is_not_believed_at_once(void **state)
{
	struct fixture *fx = *state;

	reads(fx, 10);
	THEIRS(fx, exhibitors = 0);
	fails(fx, ASSISTANT_EUNAVAILABLE, "no exhibitors any more, where 3 were");
	fails(fx, ASSISTANT_EUNAVAILABLE, "no exhibitors any more");
	THEIRS(fx, exhibitors = 1);
	reads(fx, 10);
	THEIRS(fx, exhibitors = 0);
	fails(fx, ASSISTANT_EUNAVAILABLE, "where 1 were");
	call_pass_ms(fx->loop, 59000);
	fails(fx, ASSISTANT_EUNAVAILABLE, "where 1 were");
	call_pass_ms(fx->loop, 2000);
	reads(fx, 10);
}

static void rows_that_are_no_records_are_left_out(void **state)
{
	struct fixture *fx = *state;
	struct snapshot *s;

	THEIRS(fx, nameless = 2);
	assert_int_equal(read_it(fx, &s), 0);
	assert_int_equal(s->n[ENTITY_SESSION], 8);
	assert_int_equal(s->n_left_out, 2);
	assert_non_null(strstr(s->left_out[0], "title"));
	snapshot_unref(s);
	THEIRS(fx, sessions = 100);
	THEIRS(fx, nameless = 50);
	assert_int_equal(read_it(fx, &s), 0);
	assert_int_equal(s->n_left_out, 50); /* not all are named */
	assert_non_null(s->left_out[SNAPSHOT_MAX_LEFT_OUT - 1]);
	snapshot_unref(s);
}

static void rows_that_are_mostly_no_records_are_a_wrong_mapping(void **state)
{
	struct fixture *fx = *state;

	THEIRS(fx, nameless = 6);
	fails(fx, ASSISTANT_EPROTOCOL, "6 of 10 sessions");
}

/* --- Has it moved? ------------------------------------------------------------------------------ */

static void equal_content_has_an_equal_epoch(void **state)
{
	struct fixture *fx = *state;
	uint64_t epoch = reads(fx, 10);

	THEIRS(fx, newest = "2027-02-02T00:00:00Z"); /* somebody saved it without a change */
	assert_int_equal(reads(fx, 10), epoch);
	THEIRS(fx, sessions = 11);
	assert_true(reads(fx, 11) != epoch);
	THEIRS(fx, sessions = 10);
	assert_int_equal(reads(fx, 10), epoch);
}

static void a_look_tells_what_moved(void **state)
{
	struct fixture *fx = *state;
	uint64_t epoch;

	assert_false(looks(fx, false) & EPOCH_DIGEST); /* never read */
	epoch = reads(fx, 10);
	assert_int_equal(looks(fx, false), epoch);
	THEIRS(fx, newest = "2027-02-02T00:00:00Z");
	assert_true(looks(fx, false) != epoch);
	assert_true(looks(fx, false) != epoch);
	assert_int_equal(reads(fx, 10), epoch);
	assert_int_equal(looks(fx, false), epoch);
	THEIRS(fx, speakers = 3);
	assert_true(looks(fx, false) != epoch);
	THEIRS(fx, speakers = 4);
	assert_int_equal(looks(fx, false), epoch);
}

static void after_a_while_everything_is_compared(void **state)
{
	struct fixture *fx = *state;
	uint64_t epoch;

	looks(fx, false);
	epoch = reads(fx, 10);
	call_pass_ms(fx->loop, 599000);
	assert_int_equal(looks(fx, false), epoch);
	call_pass_ms(fx->loop, 2000);
	assert_true(looks(fx, false) != epoch);
	assert_int_equal(reads(fx, 10), epoch);
	assert_int_equal(looks(fx, false), epoch);
}

static void whoever_knows_that_it_moved_is_believed(void **state)
{
	struct fixture *fx = *state;
	uint64_t epoch;

	looks(fx, false);
	epoch = reads(fx, 10);
	assert_true(looks(fx, true) != epoch);
	assert_true(looks(fx, false) != epoch); /* until it is read */
	THEIRS(fx, denied = "speakers");
	fails(fx, ASSISTANT_EDENIED, "403");
	THEIRS(fx, denied = NULL);
	assert_true(looks(fx, false) != epoch);
	assert_int_equal(reads(fx, 10), epoch);
	assert_int_equal(looks(fx, false), epoch);
}

static void collections_without_dates_are_asked_for_them_once(void **state)
{
	struct fixture *fx = *state;
	uint64_t epoch;

	THEIRS(fx, no_dates = true);
	looks(fx, false);
	assert_int_equal(refused_dates(fx), 3 * 3);
	epoch = reads(fx, 10);
	assert_int_equal(looks(fx, false), epoch);
	assert_int_equal(refused_dates(fx), 3 * 3);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(pages_are_read_to_the_end),
		CASE(a_smaller_limit_is_kept_to),
		CASE(pages_that_are_cut_are_not_the_last),
		CASE(what_changes_meanwhile_is_read_anew),
		CASE(what_is_denied_is_no_empty_list),
		CASE(what_breaks_off_is_nothing),
		CASE(a_directus_that_is_gone_is_no_empty_one),
		CASE(a_kind_that_is_gone_is_not_believed_at_once),
		CASE(rows_that_are_no_records_are_left_out),
		CASE(rows_that_are_mostly_no_records_are_a_wrong_mapping),
		CASE(equal_content_has_an_equal_epoch),
		CASE(a_look_tells_what_moved),
		CASE(after_a_while_everything_is_compared),
		CASE(whoever_knows_that_it_moved_is_believed),
		CASE(collections_without_dates_are_asked_for_them_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
