/*
 * test_backend_store.c - the store suite on a program's own store, which is the fake one: so both the bridge and
 * the fake do what every store must do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <assistant/testing.h>
#include <string.h>
#include "base/text.h"
#include "call.h"
#include "store/backend_store.h"
#include "store_suite.h"

static int target_open(struct suite_target *t, struct loop *loop, struct store **out)
{
	assistant_fake_store **rows = t->ctx;
	assistant_backend backend;
	void *ctx;

	assert_int_equal(assistant_fake_store_new(rows), 0);
	assistant_fake_store_backend(*rows, &backend, &ctx);
	return backend_store_open(loop, &backend, ctx, NULL, out, NULL);
}

static void target_close(struct suite_target *t, struct loop *loop, struct store *store)
{
	assistant_fake_store **rows = t->ctx;

	store_destroy(store);
	call_drain(loop);
	assistant_fake_store_free(*rows);
	*rows = NULL;
}

static void append_info(struct text *json, const struct conference *c)
{
	for (size_t i = 0; i < c->n_info; i++) {
		text_append(json, i ? ",\"" : "\"");
		text_append_json(json, c->info[i].key, strlen(c->info[i].key));
		text_append(json, "\":{\"title\":\"");
		text_append_json(json, c->info[i].title, strlen(c->info[i].title));
		text_append(json, "\",\"text\":\"");
		text_append_json(json, c->info[i].text, strlen(c->info[i].text));
		text_append(json, "\"}");
	}
}

static int target_seed(struct suite_target *t, struct loop *loop, struct store *store,
		       struct snapshot *s)
{
	assistant_fake_store **rows = t->ctx;
	_cleanup_text_ struct text json = { 0 };

	text_init(&json, 8 << 20);
	text_append(&json, "{\"conference\":");
	text_append_n(&json, s->conference.json, s->conference.json_len - 1); /* open at its end */
	text_append(&json, ",\"info\":{");
	append_info(&json, &s->conference);
	text_append(&json, "}}");
	for (int e = 0; e < ENTITY_COUNT; e++) {
		text_printf(&json, ",\"%s\":[", entity_plural((enum entity)e));
		for (size_t i = 0; i < s->n[e]; i++) {
			text_append(&json, i ? "," : "");
			text_append_n(&json, s->records[e][i].json, s->records[e][i].json_len);
		}
		text_append(&json, "]");
	}
	text_append(&json, "}");
	assert_false(json.failed);
	return assistant_fake_store_conference(*rows, json.data, NULL);
}

static void target_break_down(struct suite_target *t, bool down)
{
	assistant_fake_store **rows = t->ctx;

	if (down)
		assistant_fake_store_fail(*rows, NULL, 1000, ASSISTANT_EUNAVAILABLE, "It is down.");
	else
		assistant_fake_store_heal(*rows);
}

int main(void)
{
	assistant_fake_store *rows = NULL;
	struct suite_target target = {
		.name = "backend",
		.open = target_open,
		.close = target_close,
		.seed = target_seed,
		.break_down = target_break_down,
		.ctx = &rows,
	};

	return store_suite_run(&target);
}
