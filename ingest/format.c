/*
 * format.c - the table of formats, and the normalised form read like the others.
 */
#include "format.h"

#include <string.h>
#include "json_walk.h"
#include "value.h"

const struct format formats[] = {
	{ "schedule-xml", schedule_xml_detect, schedule_xml_read },
	{ "pretalx", pretalx_detect, pretalx_read },
	{ "sessionize", sessionize_detect, sessionize_read },
	{ "json", normalised_detect, normalised_read },
	{ "csv", csv_detect, csv_read },
	{ NULL, NULL, NULL },
};

const struct format *format_named(const char *name)
{
	for (const struct format *f = formats; f->name; f++)
		if (!strcmp(f->name, name))
			return f;
	return NULL;
}

const struct format *format_of(const struct input *in)
{
	size_t len;
	const char *text = input_begin(in, &len);

	for (const struct format *f = formats; f->name; f++)
		if (f->detect(text, len, in->name))
			return f;
	return NULL;
}

bool normalised_detect(const char *text, size_t len, const char *name)
{
	size_t at = 0;

	while (at < len && memchr(" \t\r\n", text[at], 4))
		at++;
	return at < len && (text[at] == '{' || text[at] == '[');
}

struct list {
	struct document *d;
	enum kind kind;
};

static void add_record(void *user, struct json_object *o, int line)
{
	struct list *l = user;

	document_add(l->d, l->kind, json_object_get(o), line);
}

static void read_conference(const struct part *whole, struct document *d)
{
	struct json_object *c = walk_parse(whole, "conference");

	if (json_object_is_type(c, json_type_object)) {
		json_object_object_foreach(c, key, value)
		{
			json_object_object_add(document_conference(d), key, json_object_get(value));
		}
	}
	json_object_put(c);
}

int normalised_read(const struct input *in, int kind, struct document *d)
{
	struct part whole, part;

	if (walk_file(in, d, &whole) < 0)
		return -1;
	read_conference(&whole, d);
	for (int k = 0; k < KIND_COUNT; k++) {
		struct list l = { d, (enum kind)k };

		if (walk_is(&whole, '[') ? k == kind
					 : walk_member(&whole, kind_plural(l.kind), &part))
			walk_list(walk_is(&whole, '[') ? &whole : &part, d, kind_plural(l.kind),
				  add_record, &l);
	}
	return document_errors(d) ? -1 : 0;
}
