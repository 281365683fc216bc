/*
 * test_writer.c - the writer over the fake store: nothing lost, doubled or out of order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <assistant/testing.h>
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "call.h"
#include "folder.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "store/backend_store.h"
#include "store/writer.h"

#define WAIT_MS 20000

struct fixture {
	struct loop *loop;
	struct clock *clock;
	struct store *store;
	struct writer *writer;
	struct metrics *metrics;
	assistant_fake_store *rows;
	assistant_config *config;
	char directory[64], spool[96];
	struct writer_options options;
};

struct answer {
	struct writer_row row;
	char id[UUID_SIZE];
	struct text text;
	int written, status;
};

static const char *answer_text(struct writer_row *row, size_t *len)
{
	struct answer *a = container_of(row, struct answer, row);

	*len = a->text.len;
	return a->text.data ? a->text.data : "";
}

static void answer_written(struct writer_row *row, int status)
{
	struct answer *a = container_of(row, struct answer, row);

	a->written++;
	a->status = status;
}

static void open_writer(struct fixture *fx)
{
	fx->writer = writer_create(fx->loop, fx->store, fx->clock, &fx->options, fx->metrics, NULL);
	assert_non_null(fx->writer);
}

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));
	assistant_backend backend;
	void *ctx;

	snprintf(fx->directory, sizeof(fx->directory), "/tmp/erleah-writer-XXXXXX");
	assert_non_null(mkdtemp(fx->directory));
	snprintf(fx->spool, sizeof(fx->spool), "%s/spool", fx->directory);
	fx->loop = loop_create();
	fx->clock = clock_create(-1);
	fx->metrics = metrics_create();
	assert_int_equal(assistant_fake_store_new(&fx->rows), 0);
	assert_int_equal(assistant_fake_store_backend(fx->rows, &backend, &ctx), 0);
	assert_int_equal(backend_store_open(fx->loop, &backend, ctx, NULL, &fx->store, NULL), 0);
	fx->options = (struct writer_options){
		.interval_ms = 20,
		.max_in_flight = 2,
		.max_batch = 50,
		.lease_ms = 30000,
		.spool_after_ms = 60000,
		.owner = "test",
		.spool_directory = fx->spool,
	};
	open_writer(fx);
	*state = fx;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	writer_destroy(fx->writer);
	store_destroy(fx->store);
	loop_destroy(fx->loop);
	clock_destroy(fx->clock);
	metrics_destroy(fx->metrics);
	assistant_fake_store_free(fx->rows);
	folder_remove(fx->spool);
	folder_remove(fx->directory);
	free(fx);
	return 0;
}

static void answer_open(struct fixture *fx, struct answer *a)
{
	char row[300];

	*a = (struct answer){ .row = { .text = answer_text, .written = answer_written } };
	uuid_random(a->id);
	a->row.id = a->id;
	text_init(&a->text, 1 << 20);
	snprintf(row, sizeof(row),
		 "{\"id\":\"%s\",\"conversation_id\":\"c\",\"role\":\"assistant\",\"messageText\":"
		 "\"\",\"status\":\"streaming\"}",
		 a->id);
	assert_int_equal(assistant_fake_store_put(fx->rows, "messages", row), 0);
	writer_open(fx->writer, &a->row);
}

static void answer_add(struct fixture *fx, struct answer *a, const char *piece)
{
	text_append(&a->text, piece);
	writer_touch(fx->writer, &a->row);
}

static void answer_end(struct fixture *fx, struct answer *a)
{
	writer_end(fx->writer, &a->row, "{\"outcome\":\"ok\"}");
}

/* Turns the loop until *flag >= n, at most WAIT_MS. */
static void run_until(struct fixture *fx, const int *flag, int n)
{
	int64_t until = loop_now_ms(fx->loop) + WAIT_MS;

	while (*flag < n && loop_now_ms(fx->loop) < until)
		loop_turn(fx->loop, true);
	assert_true(*flag >= n);
}

struct pause {
	struct loop_timer timer;
	int over;
};

static void pause_over(struct loop_timer *t)
{
	container_of(t, struct pause, timer)->over = 1;
}

static void run_for(struct fixture *fx, int ms)
{
	struct pause p = { 0 };

	loop_timer_start(fx->loop, &p.timer, ms, pause_over);
	run_until(fx, &p.over, 1);
}

static void assert_row(struct fixture *fx, const struct answer *a, const char *status)
{
	_cleanup_free_ char *text = assistant_fake_store_row(fx->rows, "messages", a->id);
	_cleanup_json_ struct json_object *row = NULL;

	assert_non_null(text);
	assert_int_equal(json_parse(text, strlen(text), &row, NULL), 0);
	assert_string_equal(json_text(row, "messageText"), a->text.data ? a->text.data : "");
	assert_string_equal(json_text(row, "status"), status);
	if (!strcmp(status, "completed"))
		assert_string_equal(json_text(json_get_object(row, "metadata"), "outcome"), "ok");
}

static void growing_text_ends_exact(void **state)
{
	struct fixture *fx = *state;
	struct answer a;
	int n;

	answer_open(fx, &a);
	for (int i = 0; i < 200; i++) {
		answer_add(fx, &a, "word ");
		run_for(fx, 1);
	}
	answer_end(fx, &a);
	run_until(fx, &a.written, 1);
	assert_int_equal(a.status, 0);
	assert_row(fx, &a, "completed");
	n = assistant_fake_store_count(fx->rows, "messages_write");
	assert_true(n >= 2 && n < 100); /* seen growing, but not one write a word */
	assert_int_equal(assistant_fake_store_count(fx->rows, "messages_complete"), 1);
	run_for(fx, 50);
	assert_int_equal(a.written, 1);
	text_finish(&a.text);
}

/* Every text written is a prefix of the next one. */
static void writes_are_in_order(void **state)
{
	struct fixture *fx = *state;
	struct answer a;
	char *writes, *rest, *line;
	size_t before = 0;

	assistant_fake_store_delay(fx->rows, "messages_write", 7);
	answer_open(fx, &a);
	for (int i = 0; i < 100; i++) {
		answer_add(fx, &a, "x");
		run_for(fx, 2);
	}
	answer_end(fx, &a);
	run_until(fx, &a.written, 1);
	rest = writes = assistant_fake_store_writes(fx->rows, a.id);
	while ((line = strsep(&rest, "\n"))) {
		assert_true(strlen(line) >= before);
		before = strlen(line);
	}
	assert_int_equal(before, 100);
	free(writes);
	text_finish(&a.text);
}

static void weather_passes(void **state)
{
	struct fixture *fx = *state;
	struct answer a;

	assistant_fake_store_fail(fx->rows, "messages_write", 3, ASSISTANT_EUNAVAILABLE, "busy");
	assistant_fake_store_fail(fx->rows, "messages_complete", 2, ASSISTANT_ETIMEOUT, "slow");
	answer_open(fx, &a);
	answer_add(fx, &a, "an answer");
	answer_end(fx, &a);
	run_until(fx, &a.written, 1);
	assert_int_equal(a.status, 0);
	assert_row(fx, &a, "completed");
	text_finish(&a.text);
}

static void deleted_row_ends(void **state)
{
	struct fixture *fx = *state;
	struct answer a, other;

	answer_open(fx, &other);
	answer_open(fx, &a);
	uuid_random(a.id); /* no such row */
	answer_add(fx, &a, "for nobody");
	answer_add(fx, &other, "for somebody");
	answer_end(fx, &a);
	answer_end(fx, &other);
	run_until(fx, &a.written, 1);
	run_until(fx, &other.written, 1);
	assert_int_equal(a.status, ASSISTANT_ENOTFOUND);
	assert_int_equal(other.status, 0);
	assert_row(fx, &other, "completed");
	text_finish(&a.text);
	text_finish(&other.text);
}

static void many_rows_share_requests(void **state)
{
	struct fixture *fx = *state;
	struct answer *a = calloc(200, sizeof(*a));

	for (int i = 0; i < 200; i++)
		answer_open(fx, &a[i]);
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 200; i++) {
			char piece[32];

			snprintf(piece, sizeof(piece), "%d:%d ", i, round);
			answer_add(fx, &a[i], piece);
		}
		run_for(fx, 5);
	}
	for (int i = 0; i < 200; i++)
		answer_end(fx, &a[i]);
	for (int i = 0; i < 200; i++) {
		run_until(fx, &a[i].written, 1);
		assert_int_equal(a[i].status, 0);
		assert_row(fx, &a[i], "completed");
		text_finish(&a[i].text);
	}
	assert_true(assistant_fake_store_count(fx->rows, NULL) < 200);
	assert_int_equal(writer_pending(fx->writer), 0);
	free(a);
}

static size_t spooled_files(const struct fixture *fx)
{
	DIR *d = opendir(fx->spool);
	struct dirent *e;
	size_t n = 0;

	while (d && (e = readdir(d)))
		n += strstr(e->d_name, ".json") != NULL;
	if (d)
		closedir(d);
	return n;
}

static void final_text_outlives_the_store(void **state)
{
	struct fixture *fx = *state;
	struct answer a;
	int tries = 0;

	writer_destroy(fx->writer);
	fx->options.spool_after_ms = 200;
	open_writer(fx);
	assistant_fake_store_fail(fx->rows, "messages_write", 1000, ASSISTANT_EUNAVAILABLE, "down");
	answer_open(fx, &a);
	answer_add(fx, &a, "kept");
	answer_end(fx, &a);
	run_until(fx, &a.written, 1);
	assert_int_equal(a.status, ASSISTANT_EUNAVAILABLE);
	assert_int_equal(spooled_files(fx), 1);

	/* The next life, with the store back. */
	writer_destroy(fx->writer);
	assistant_fake_store_heal(fx->rows);
	open_writer(fx);
	while (spooled_files(fx) && tries++ < 200)
		run_for(fx, 10);
	assert_int_equal(spooled_files(fx), 0);
	assert_row(fx, &a, "completed");
	text_finish(&a.text);
}

static void shutdown_spools_what_is_open(void **state)
{
	struct fixture *fx = *state;
	struct answer a, b;

	assistant_fake_store_fail(fx->rows, "messages_write", 1000, ASSISTANT_EUNAVAILABLE, "down");
	answer_open(fx, &a);
	answer_open(fx, &b);
	answer_add(fx, &a, "one");
	answer_add(fx, &b, "two");
	answer_end(fx, &a);
	run_for(fx, 5); /* a's write may be under way */
	answer_end(fx, &b);
	writer_spool_all(fx->writer);
	assert_int_equal(a.written, 1);
	assert_int_equal(b.written, 1);
	assert_int_equal(spooled_files(fx), 2);
	text_finish(&a.text);
	text_finish(&b.text);
}

static void closing_in_flight_is_safe(void **state)
{
	struct fixture *fx = *state;
	struct answer *a = calloc(1, sizeof(*a));

	assistant_fake_store_delay(fx->rows, "messages_write", 30);
	answer_open(fx, a);
	answer_add(fx, a, "going");
	run_for(fx, 5);
	writer_close(fx->writer, &a->row);
	text_finish(&a->text);
	free(a);
	run_for(fx, 60);
	assert_int_equal(writer_pending(fx->writer), 0);
}

static void leases_are_renewed(void **state)
{
	struct fixture *fx = *state;
	_cleanup_json_ struct json_object *row = NULL;
	_cleanup_free_ char *text = NULL;
	struct answer a;

	writer_destroy(fx->writer);
	fx->options.lease_ms = 150;
	open_writer(fx);
	answer_open(fx, &a);
	a.row.live_fields = "{\"message_id\":\"m\"}";
	run_for(fx, 300);
	text = assistant_fake_store_row(fx->rows, "messages", a.id);
	assert_int_equal(json_parse(text, strlen(text), &row, NULL), 0);
	assert_string_equal(json_text(json_get_object(row, "metadata"), "lease_owner"), "test");
	assert_string_equal(json_text(json_get_object(row, "metadata"), "message_id"), "m");
	assert_true(assistant_fake_store_count(fx->rows, "messages_write") >= 2);
	answer_end(fx, &a);
	run_until(fx, &a.written, 1);
	assert_row(fx, &a, "completed");
	text_finish(&a.text);
}

/* --- Leaving the store to others ------------------------------------------------------ */

#define SLOW_MS 400

/* Takes its time for every text; when it was asked. */
static struct {
	struct store base;
	struct loop *loop;
	int64_t grown_ms, final_ms; /* the last ones */
	int grown, too_early;
} slow;

static void slow_write(struct store *s, const struct message_patch *rows, size_t n, bool *missing,
		       struct flow *f)
{
	int64_t now = loop_now_ms(slow.loop);
	bool final = false;

	for (size_t i = 0; i < n; i++)
		final = final || rows[i].metadata;
	if (final) {
		slow.final_ms = now;
	} else {
		slow.too_early += slow.grown && now - slow.grown_ms < SLOW_MS + SLOW_MS / 8;
		slow.grown++;
		slow.grown_ms = now;
	}
	flow_sleep(f, SLOW_MS);
}

static void slow_complete(struct store *s, const char *const *ids, size_t n, struct flow *f)
{
	flow_sleep(f, 1);
}

static void others_are_served_as_well(void **state)
{
	static const struct store_ops ops = { .name = "slow",
					      .messages_write = slow_write,
					      .messages_complete = slow_complete };
	const struct writer_options options = { .interval_ms = 20,
						.max_in_flight = 2,
						.max_batch = 2,
						.lease_ms = 10000000,
						.spool_after_ms = 60000,
						.owner = "test" };
	struct loop *loop = loop_create_virtual();
	struct clock *clock = clock_create_virtual(0);
	struct writer *w;
	struct answer all[6];

	slow.base.ops = &ops;
	slow.loop = loop;
	w = writer_create(loop, &slow.base, clock, &options, NULL, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		all[i] = (struct answer){ .row = { .text = answer_text,
						   .written = answer_written } };
		uuid_random(all[i].id);
		all[i].row.id = all[i].id;
		text_init(&all[i].text, 1 << 20);
		writer_open(w, &all[i].row);
		text_append(&all[i].text, "first");
		writer_touch(w, &all[i].row);
	}
	call_pass_ms(loop, 3000); /* first words wait for nobody */
	slow.grown = slow.too_early = 0;
	for (int step = 0; step < 400; step++) {
		for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
			text_append(&all[i].text, ".");
			writer_touch(w, &all[i].row);
		}
		call_pass_ms(loop, 50);
	}
	assert_in_range(slow.grown, 20, 45);
	assert_int_equal(slow.too_early, 0);
	/* An end is written though a text is under way. */
	while (slow.grown_ms != loop_now_ms(loop))
		call_pass_ms(loop, 1);
	writer_end(w, &all[0].row, "{}");
	call_pass_ms(loop, SLOW_MS + 50);
	assert_true(slow.final_ms > 0 && slow.final_ms - slow.grown_ms <= SLOW_MS + 1);
	call_pass_ms(loop, 2 * SLOW_MS);
	assert_int_equal(all[0].written, 1);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		text_finish(&all[i].text);
	writer_destroy(w);
	call_drain(loop);
	clock_destroy(clock);
	loop_destroy(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(growing_text_ends_exact, setup, teardown),
		cmocka_unit_test_setup_teardown(writes_are_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(weather_passes, setup, teardown),
		cmocka_unit_test_setup_teardown(deleted_row_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(many_rows_share_requests, setup, teardown),
		cmocka_unit_test_setup_teardown(final_text_outlives_the_store, setup, teardown),
		cmocka_unit_test_setup_teardown(shutdown_spools_what_is_open, setup, teardown),
		cmocka_unit_test_setup_teardown(closing_in_flight_is_safe, setup, teardown),
		cmocka_unit_test_setup_teardown(leases_are_renewed, setup, teardown),
		cmocka_unit_test(others_are_served_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
