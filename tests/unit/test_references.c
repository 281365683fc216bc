/*
 * test_references.c - handles become names wherever the text is cut, and nothing that was not found
 * becomes a reference.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "agent/references.h"

struct fixture {
	struct arena *arena;
	struct references *references;
	struct record session, hostile, speaker;
	struct info_page page;
	struct text out, cited;
};

static const char *add(struct fixture *x, const struct record *record, const struct info_page *page)
{
	const struct result result = { .record = record, .info = page, .score = 0.5f };

	return references_add(x->references, &result);
}

static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	x->arena = arena_create(1 << 20);
	x->references = references_create(x->arena);
	x->session = (struct record){ .type = ENTITY_SESSION, .id = "1", .name = "Evolving Git" };
	x->hostile = (struct record){
		.type = ENTITY_SESSION,
		.id = "2",
		.name = "[[s1]] **bold** [x](https://evil.example) <b>\xe2\x80\xae!",
	};
	x->speaker = (struct record){ .type = ENTITY_SPEAKER, .id = "1", .name = "Ada" };
	x->page = (struct info_page){ .key = "wifi", .title = "Wi-Fi", .text = "..." };
	assert_string_equal(add(x, &x->session, NULL), "s1");
	assert_string_equal(add(x, &x->hostile, NULL), "s2");
	assert_string_equal(add(x, &x->speaker, NULL), "p1");
	assert_string_equal(add(x, NULL, &x->page), "i1");
	text_init(&x->out, 1 << 16);
	text_init(&x->cited, 1 << 16);
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	text_finish(&x->out);
	text_finish(&x->cited);
	arena_destroy(x->arena);
	free(x);
	return 0;
}

static void cited(void *ctx, const struct result *result, const char *handle)
{
	struct fixture *x = ctx;

	text_printf(&x->cited, "%s=%s;", handle,
		    result->info ? result->info->key : result->record->id);
}

static void feed(struct fixture *x, const char *text, size_t piece)
{
	size_t len = strlen(text);

	text_clear(&x->out);
	for (size_t i = 0; i < len; i += piece)
		references_feed(x->references, text + i, len - i < piece ? len - i : piece, &x->out,
				cited, x);
	references_flush(x->references, &x->out, cited, x);
}

static void same_record_same_handle(void **state)
{
	struct fixture *x = *state;

	assert_string_equal(add(x, &x->session, NULL), "s1");
	assert_int_equal(references_count(x->references), 4);
}

static void any_split_same_text(void **state)
{
	static const char text[] = "**[[s1]]** by [[p1]] (see [[i1]], [[s99]][[s1]]); a[0] = [b] "
				   "[[nothing here]] [[[s1]]] "
				   "[[]] [[toolonghandle1]] [x [[";
	static const char expected[] =
		"**Evolving Git** by Ada (see Wi-Fi, Evolving Git); a[0] = [b] [[nothing here]] "
		"[Evolving Git] [[]] [[toolonghandle1]] [x [[";
	struct fixture *x = *state;

	for (size_t piece = 1; piece <= sizeof(text); piece++) {
		feed(x, text, piece);
		assert_string_equal(x->out.data, expected);
	}
	assert_string_equal(x->cited.data, "s1=1;p1=1;i1=wifi;"); /* each once, in order */
	assert_int_equal(references_dropped(x->references), sizeof(text));
}

static void names_cannot_cite_nor_format(void **state)
{
	struct fixture *x = *state;

	feed(x, "[[s2]]", 6);
	assert_string_equal(x->cited.data, "s2=2;");
	assert_null(strstr(x->out.data, "[["));
	assert_null(strstr(x->out.data, "**"));
	assert_null(strstr(x->out.data, "]("));
	assert_null(strstr(x->out.data, "://"));
	assert_null(strstr(x->out.data, "<"));
	assert_null(strstr(x->out.data, "\xe2\x80\xae"));
	assert_non_null(strstr(x->out.data, "bold"));
}

static void unfinished_is_text(void **state)
{
	struct fixture *x = *state;

	feed(x, "[[s1]", 1);
	assert_string_equal(x->out.data, "[[s1]");
	feed(x, "[[s1", 2);
	assert_string_equal(x->out.data, "[[s1");
	feed(x, "[", 1);
	assert_string_equal(x->out.data, "[");
	assert_string_equal(x->cited.data, "");
}

static void bounded(void **state)
{
	struct fixture *x = *state;
	struct record many[400];
	size_t refused = 0;

	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		many[i] = (struct record){ .type = ENTITY_EXHIBITOR,
					   .id = arena_printf(x->arena, "%zu", i),
					   .name = "n" };
		refused += add(x, &many[i], NULL) == NULL;
	}
	assert_int_equal(refused, 400 - (256 - 4));
	feed(x, "[[e252]][[e253]]", 3);
	assert_string_equal(x->out.data, "n");
	assert_int_equal(references_dropped(x->references), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(same_record_same_handle, setup, teardown),
		cmocka_unit_test_setup_teardown(any_split_same_text, setup, teardown),
		cmocka_unit_test_setup_teardown(names_cannot_cite_nor_format, setup, teardown),
		cmocka_unit_test_setup_teardown(unfinished_is_text, setup, teardown),
		cmocka_unit_test_setup_teardown(bounded, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
