/*
 * value.c - a source's JSON, read with tolerance.
 */
#include "value.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "html.h"

struct json_object *value_get(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	if (json_object_is_type(o, json_type_object))
		json_object_object_get_ex(o, key, &v);
	return v;
}

static const char *not_blank(struct json_object *v)
{
	const char *s = json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;

	return s && s[strspn(s, " \t\r\n")] ? s : NULL;
}

const char *value_string(struct json_object *o, const char *key)
{
	return not_blank(value_get(o, key));
}

size_t value_length(struct json_object *list)
{
	return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

const char *value_name(struct json_object *o)
{
	const char *s = not_blank(o);
	struct json_object *name = value_get(o, "name");

	if (s || !json_object_is_type(o, json_type_object))
		return s;
	if (name)
		return json_object_is_type(name, json_type_object) ? value_name(name)
								   : not_blank(name);
	s = value_string(o, "en");
	json_object_object_foreach(o, key, v)
	{
		if (!s && *key)
			s = not_blank(v);
	}
	return s;
}

bool value_id(struct json_object *o, const char *key, char out[static 129])
{
	struct json_object *v = value_get(o, key);
	const char *s = NULL;

	if (json_object_is_type(v, json_type_int))
		s = json_object_get_string(v);
	else if (not_blank(v))
		s = json_object_get_string(v);
	if (!s)
		return false;
	s += strspn(s, " \t\r\n");
	snprintf(out, 129, "%s", s);
	for (size_t n = strlen(out); n && strchr(" \t\r\n", out[n - 1]); n--)
		out[n - 1] = '\0';
	for (char *c = out; *c; c++)
		if (strchr(" \t\r\n\"<>&/\\", *c))
			*c = '-';
	return strlen(s) <= 128;
}

static void set(struct json_object *o, const char *key, char *text)
{
	if (text && *text)
		json_object_object_add(o, key, json_object_new_string(text));
	free(text);
}

void value_set_line(struct json_object *o, const char *key, const char *text)
{
	if (text)
		set(o, key, html_line(text));
}

void value_set_text(struct json_object *o, const char *key, const char *text)
{
	if (text)
		set(o, key, html_text(text));
}

static struct json_object *parse_whole(const char *text, size_t len, int flags)
{
	struct json_tokener *t = json_tokener_new_ex(VALUE_MAX_DEPTH);
	struct json_object *o = NULL;

	if (!t)
		return NULL;
	json_tokener_set_flags(t, flags);
	if (len <= INT_MAX)
		o = json_tokener_parse_ex(t, text, (int)len);
	if (o && json_tokener_get_parse_end(t) != len) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(t);
	return o;
}

/*
 * Strict JSON?  Asked of a copy in ASCII, since json-c 0.18 takes the bytes of UTF-8 for control
 * characters when it is strict.
 */
static bool is_strict(const struct part *p)
{
	char *ascii = memchr(p->text, 0, p->len) ? NULL : malloc(p->len + 1);
	struct json_object *o = NULL;

	if (ascii) {
		for (size_t i = 0; i < p->len; i++)
			ascii[i] = (unsigned char)p->text[i] < 0x80 ? p->text[i] : 'x';
		ascii[p->len] = 0;
		o = parse_whole(ascii, p->len, JSON_TOKENER_STRICT);
	}
	free(ascii);
	json_object_put(o);
	return o != NULL;
}

struct json_object *value_parse(const struct part *p)
{
	return is_strict(p) ? parse_whole(p->text, p->len, 0) : NULL;
}

/* The length of the well-formed character at s, 0: it is none. */
static size_t character(const unsigned char *s, size_t left)
{
	size_t n = s[0] < 0x80	  ? 1
		   : s[0] < 0xC2  ? 0
		   : s[0] < 0xE0  ? 2
		   : s[0] < 0xF0  ? 3
		   : s[0] <= 0xF4 ? 4
				  : 0;

	if (n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xC0) != 0x80)
			return 0;
	if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
	    (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F))
		return 0;
	return n;
}

size_t value_not_utf8(const char *text, size_t len)
{
	size_t at = 0, n;

	while (at < len) {
		n = character((const unsigned char *)text + at, len - at);
		if (!n)
			return at;
		at += n;
	}
	return len;
}
