/*
 * json_walk.c - part by part into JSON, on top of scan.h.
 */
#include "json_walk.h"

#include <string.h>
#include "value.h"

int walk_file(const struct input *in, struct document *d, struct part *whole)
{
	size_t len, bad = value_not_utf8(in->text, in->len);
	const char *text = input_begin(in, &len);
	struct scan s;

	if (bad < in->len) {
		document_error(d, input_line(in, bad), "this is not UTF-8.");
		return -1;
	}
	scan_begin(&s, text, len);
	if (scan_value(&s, whole) == 0 && !walk_is(whole, '{') && !walk_is(whole, '[')) {
		document_error(d, whole->line, "column %d: this is not JSON: expected { or [.",
			       (int)(whole->text - whole->line_start) + 1);
		return -1;
	}
	scan_begin(&s, text, len);
	if (scan_value(&s, whole) < 0 || scan_finish(&s) < 0) {
		document_error(d, s.error_line, "column %d: this is not JSON: expected %s.",
			       s.error_column, s.error);
		return -1;
	}
	return 0;
}

bool walk_is(const struct part *p, char bracket)
{
	return p->len && *p->text == bracket;
}

int walk_enter(struct scan *s, const struct part *p, char bracket)
{
	scan_begin(s, p->text, p->len);
	s->line = p->line;
	s->line_start = p->line_start;
	return scan_enter(s, bracket);
}

bool walk_member(const struct part *p, const char *name, struct part *value)
{
	struct scan s;
	char key[64];

	if (walk_enter(&s, p, '{') < 0)
		return false;
	while (scan_member(&s, key, value) > 0)
		if (!strcmp(key, name))
			return true;
	return false;
}

struct json_object *walk_parse(const struct part *p, const char *name)
{
	struct part value;

	return walk_member(p, name, &value) ? value_parse(&value) : NULL;
}

void walk_list(const struct part *list, struct document *d, const char *what, walk_fn *fn,
	       void *user)
{
	struct scan s;
	struct part value;
	int r;

	if (walk_enter(&s, list, '[') < 0) {
		document_error(d, list->line, "%s is no list.", what);
		return;
	}
	while ((r = scan_element(&s, &value)) > 0) {
		struct json_object *o = value_parse(&value);

		if (json_object_is_type(o, json_type_object))
			fn(user, o, value.line);
		else
			document_error(d, value.line, "an entry of %s is no JSON object.", what);
		json_object_put(o);
	}
	if (r < 0)
		document_error(d, s.error_line, "column %d: this is not JSON: expected %s.",
			       s.error_column, s.error);
}

unsigned walk_top_members(const char *text, size_t len, const char *const *names)
{
	unsigned found = 0;
	struct part value;
	struct scan s;
	char key[64];

	scan_begin(&s, text, len);
	if (scan_enter(&s, '{') < 0)
		return 0;
	while (scan_member(&s, key, &value) > 0)
		for (int i = 0; names[i]; i++)
			found |= (unsigned)!strcmp(key, names[i]) << i;
	return found;
}
