/*
 * record_check.c - the members of a record, one kind of value per function.
 */
#include "store/record_check.h"
#include <string.h>
#include "base/clock.h"
#include "base/text.h"
#include "base/utf8.h"
#include "store/record.h"

#define SHOWN_BYTES 60 /* of a refused value */
#define MAX_URL	    2000

int check_out_of_memory(struct check *c)
{
	return FAIL(c->f, ASSISTANT_ETOOLARGE, "%s is larger than what may be loaded at once",
		    c->what);
}

int check_refuse(struct check *c, const char *key, struct json_object *value, const char *accepted)
{
	_cleanup_text_ struct text shown = { 0 };
	const char *s =
		value ? json_object_to_json_string_ext(value, JSON_C_TO_STRING_NOSLASHESCAPE)
		      : "absent";
	const char *name = c->name ? c->name : "";
	size_t len = strlen(s), n = utf8_prefix(s, len, SHOWN_BYTES);
	int name_len = (int)utf8_prefix(name, strlen(name), SHOWN_BYTES);

	text_init(&shown, 4 * SHOWN_BYTES);
	text_append_n(&shown, s, n);
	if (n < len)
		text_append(&shown, "...");
	if (name_len)
		return FAIL(c->f, ASSISTANT_EINVAL, "%s \"%.*s\": %s is %s; accepted is %s",
			    c->what, name_len, name, key, shown.data, accepted);
	return FAIL(c->f, ASSISTANT_EINVAL, "%s: %s is %s; accepted is %s", c->what, key,
		    shown.data, accepted);
}

static bool is_control(int32_t ch, bool lines)
{
	if (lines && (ch == '\n' || ch == '\t' || ch == '\r'))
		return false;
	return ch < 0x20 || (ch >= 0x7f && ch < 0xa0);
}

/* Walks a string that json_parse found to be well-formed; it may still hold an escaped NUL. */
static bool has_control(const char *s, size_t len, bool lines)
{
	for (size_t i = 0; i < len;) {
		int32_t ch = utf8_next(s, len, &i);

		if (ch < 0 || is_control(ch, lines))
			return true;
	}
	return false;
}

/* The part of s without blanks around it. */
static const char *trimmed(const char *s, size_t *len)
{
	while (*len && strchr(" \t\r\n", s[*len - 1]))
		--*len;
	while (*len && strchr(" \t\r\n", *s)) {
		s++;
		--*len;
	}
	return s;
}

static int take(struct check *c, const char *s, size_t len, const char **out)
{
	char *copy = NULL;

	if (len) {
		copy = arena_strndup(c->arena, s, len);
		if (!copy)
			return check_out_of_memory(c);
	}
	*out = copy;
	return 0;
}

static int check_string(struct check *c, const char *key, struct json_object *value, bool lines,
			const char *accepted, const char **out)
{
	size_t len;
	const char *s;

	if (!value) {
		*out = NULL;
		return 0;
	}
	if (!json_object_is_type(value, json_type_string))
		return check_refuse(c, key, value, accepted);
	s = json_object_get_string(value);
	len = (size_t)json_object_get_string_len(value);
	if (has_control(s, len, lines))
		return check_refuse(c, key, value, accepted);
	s = trimmed(s, &len);
	if (lines ? len > RECORD_MAX_TEXT : len > 4 * RECORD_MAX_LINE)
		return check_refuse(c, key, value, accepted);
	if (take(c, s, len, out) < 0)
		return ASSISTANT_ETOOLARGE;
	if (!lines && *out && utf8_count(*out) > RECORD_MAX_LINE)
		return check_refuse(c, key, value, accepted);
	return 0;
}

#define A_LINE "text of one line, up to 500 characters, without control characters"
#define A_TEXT "text of up to 65,536 bytes without control characters"

int check_line(struct check *c, const char *key, const char **out)
{
	return check_string(c, key, json_get(c->json, key), false, A_LINE, out);
}

int check_text(struct check *c, const char *key, const char **out)
{
	return check_string(c, key, json_get(c->json, key), true, A_TEXT, out);
}

static int check_id_value(struct check *c, const char *key, struct json_object *value,
			  const char **out)
{
	static const char accepted[] = "text without blanks of up to 128 characters, or a number";
	const char *id;
	int r;

	if (value && json_object_is_type(value, json_type_int)) {
		id = json_object_get_string(value);
		return take(c, id, strlen(id), out);
	}
	r = check_string(c, key, value, false, accepted, &id);
	if (r < 0)
		return r;
	if (id && (strlen(id) > RECORD_MAX_ID || strpbrk(id, " \t\"<>&/\\")))
		return check_refuse(c, key, value, accepted);
	*out = id;
	return 0;
}

int check_id(struct check *c, const char *key, const char **out)
{
	return check_id_value(c, key, json_get(c->json, key), out);
}

int check_url(struct check *c, const char *key, const char **out)
{
	static const char accepted[] = "a web address such as https://example.org/";
	struct json_object *value = json_get(c->json, key);
	const char *url;
	int r = check_string(c, key, value, true, accepted, &url);

	if (r < 0)
		return r;
	if (url && (strlen(url) > MAX_URL || strpbrk(url, " \t\r\n\"<>\\")))
		return check_refuse(c, key, value, accepted);
	if (url && strncasecmp(url, "https://", 8) && strncasecmp(url, "http://", 7)) {
		if (strchr(url, ':') || !strchr(url, '.'))
			return check_refuse(c, key, value, accepted);
		url = arena_printf(c->arena, "https://%s", url);
		if (!url)
			return check_out_of_memory(c);
	}
	*out = url;
	return 0;
}

int check_date(struct check *c, const char *key, const char **out)
{
	static const char accepted[] = "a day such as 2026-01-31";
	struct json_object *value = json_get(c->json, key);
	const char *day;
	int64_t ms;
	bool has_offset;
	int r = check_string(c, key, value, false, accepted, &day);

	if (r < 0)
		return r;
	if (day && (strlen(day) != 10 || time_parse(day, &ms, &has_offset) < 0))
		return check_refuse(c, key, value, accepted);
	*out = day;
	return 0;
}

int check_list(struct check *c, const char *key, bool ids, const char *const **out)
{
	static const char *const none[] = { NULL };
	struct json_object *value = json_get(c->json, key);
	const char **items;
	size_t n, kept = 0;

	if (!value) {
		*out = none;
		return 0;
	}
	if (!json_object_is_type(value, json_type_array) ||
	    json_object_array_length(value) > RECORD_MAX_LIST)
		return check_refuse(c, key, value, "a list of up to 200 texts");
	n = json_object_array_length(value);
	items = arena_array(c->arena, const char *, n + 1);
	if (!items)
		return check_out_of_memory(c);
	for (size_t i = 0; i < n; i++) {
		struct json_object *item = json_object_array_get_idx(value, i);
		int r = ids ? check_id_value(c, key, item, &items[kept])
			    : check_string(c, key, item, false, "a list of " A_LINE, &items[kept]);

		if (r < 0)
			return r;
		kept += items[kept] != NULL;
	}
	items[kept] = NULL;
	*out = items;
	return 0;
}

int check_text_or_list(struct check *c, const char *key, const char **out)
{
	_cleanup_text_ struct text joined = { 0 };
	struct json_object *value = json_get(c->json, key);
	const char *const *items;
	int r;

	if (!value || !json_object_is_type(value, json_type_array))
		return check_string(c, key, value, true, "text, or a list of texts", out);
	r = check_list(c, key, false, &items);
	if (r < 0)
		return r;
	text_init(&joined, RECORD_MAX_TEXT);
	for (size_t i = 0; items[i]; i++) {
		text_append(&joined, i ? ", " : "");
		text_append(&joined, items[i]);
	}
	if (joined.failed)
		return check_refuse(c, key, value, A_TEXT);
	return take(c, joined.data, joined.len, out);
}

/* The depth is bounded by json_parse. */
static bool strings_good(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_string:
		return !has_control(json_object_get_string(value),
				    (size_t)json_object_get_string_len(value), true);
	case json_type_array:
		for (size_t i = 0; i < json_object_array_length(value); i++) {
			if (!strings_good(json_object_array_get_idx(value, i)))
				return false;
		}
		return true;
	case json_type_object: {
		json_object_object_foreach(value, key, member)
		{
			if (has_control(key, strlen(key), false) || !strings_good(member))
				return false;
		}
		return true;
	}
	default:
		return true;
	}
}

int check_all_strings(struct check *c)
{
	json_object_object_foreach(c->json, key, value)
	{
		if (has_control(key, strlen(key), false))
			return FAIL(c->f, ASSISTANT_EINVAL,
				    "%s: the name of a field holds a control character", c->what);
		if (!strings_good(value))
			return check_refuse(c, key, value, "text without control characters");
	}
	return 0;
}
