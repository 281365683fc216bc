/*
 * source.c - what holds of every format's reader.
 */
#include "source.h"

#include <stdlib.h>
#include <string.h>
#include "given.h"
#include "value.h"

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* Texts are UTF-8; those of one line have no line end. */
static void check_record(struct json_object *o, const char *title)
{
	const char *line = value_string(o, title), *id = value_string(o, "id");

	json_object_object_foreach(o, key, v)
	{
		if (json_object_is_type(v, json_type_string)) {
			const char *s = json_object_get_string(v);
			size_t len = (size_t)json_object_get_string_len(v);

			check(*key && value_not_utf8(s, len) == len);
		}
	}
	check(!line || !strpbrk(line, "\n\t"));
	check(!id || strlen(id) <= 128);
}

static void check_print(const struct document *d)
{
	struct print p;
	struct part whole = { 0 };
	struct json_object *o, *list;
	size_t newlines = 0;

	check(document_print(d, true, &p) == 0);
	whole.text = p.text;
	whole.len = p.len;
	o = value_parse(&whole);
	check(json_object_is_type(o, json_type_object));
	for (int k = 0; k < KIND_COUNT; k++) {
		list = value_get(o, kind_plural((enum kind)k));
		check(value_length(list) == document_count(d, (enum kind)k));
		for (size_t i = 0; i < value_length(list); i++)
			check_record(json_object_array_get_idx(list, i), kind_title((enum kind)k));
	}
	for (size_t i = 0; i < p.len; i++)
		newlines += p.text[i] == '\n';
	check(newlines == p.lines);
	for (size_t i = 0; i < p.lines; i++)
		check(p.origins[i].file && p.origins[i].line >= 1);
	json_object_put(o);
	print_finish(&p);
}

void source_fuzz(source_read_fn *read, int kind, const uint8_t *data, size_t size)
{
	struct input in = { .path = "f", .name = "f", .text = (const char *)data, .len = size };
	struct given given = { .facts = { [GIVEN_NAME] = "N",
					  [GIVEN_TIMEZONE] = "Europe/Berlin",
					  [GIVEN_START_DATE] = "2027-01-01",
					  [GIVEN_END_DATE] = "2027-01-01" } };
	struct document *d = document_create(true);
	int r;

	document_mute(d);
	document_file(d, "f");
	format_of(&in);
	r = read(&in, kind, d);
	check(r == 0 || document_errors(d));
	if (!document_errors(d)) {
		check(document_complete(d, &given, true) == 0);
		check_print(d);
	}
	document_destroy(d);
}
