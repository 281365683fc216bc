/*
 * json.c - checks the grammar itself, then lets json-c build.
 *
 *	text ---> scan (RFC 8259, UTF-8, depth, integers' ranges) ---> json-c ---> object
 *
 * json-c, even when strict, takes NaN, raw control characters, lone surrogates and NUL escapes, and
 * rounds integers to the nearest that it can hold; what exactly depends on its version.
 */
#include "base/json.h"
#include <limits.h>
#include <math.h>
#include <string.h>
#include "base/check.h"
#include "base/text.h"
#include "base/utf8.h"

struct scan {
	const char *s;
	size_t at, len;
	unsigned depth;
	uint64_t in_object; /* bit d: the container at depth d is an object */
	const char *why;    /* what is wrong at `at` */
	int code;
	bool check_doubles; /* one of them may be too large for a double */
};

_Static_assert(JSON_MAX_DEPTH <= 64, "in_object has a bit for every depth");

static bool wrong(struct scan *c, const char *why)
{
	c->why = why;
	c->code = ASSISTANT_EINVAL;
	return false;
}

static int peek(const struct scan *c)
{
	return c->at < c->len ? (unsigned char)c->s[c->at] : -1;
}

static void skip_blanks(struct scan *c)
{
	while (c->at < c->len && strchr(" \t\r\n", c->s[c->at]) && c->s[c->at])
		c->at++;
}

static bool is_digit(int ch)
{
	return ch >= '0' && ch <= '9';
}

static bool skip_digits(struct scan *c)
{
	if (!is_digit(peek(c)))
		return wrong(c, "a digit is missing");
	while (is_digit(peek(c)))
		c->at++;
	return true;
}

/* Whether an int64 or uint64 holds it; json-c would quietly take the nearest one that does. */
static bool fits_integer(const char *digits, size_t n, bool negative)
{
	const uint64_t most = negative ? (uint64_t)INT64_MAX + 1 : UINT64_MAX;
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t digit = (uint64_t)(digits[i] - '0');

		if (v > (most - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	return true;
}

static bool scan_fraction(struct scan *c)
{
	if (peek(c) == '.') {
		c->at++;
		if (!skip_digits(c))
			return false;
	}
	if (peek(c) != 'e' && peek(c) != 'E')
		return true;
	c->at++;
	c->check_doubles = true;
	if (peek(c) == '+' || peek(c) == '-')
		c->at++;
	return skip_digits(c);
}

static bool scan_number(struct scan *c)
{
	bool negative = peek(c) == '-';
	size_t start, n;

	c->at += negative;
	start = c->at;
	if (!skip_digits(c))
		return false;
	n = c->at - start;
	if (n > 1 && c->s[start] == '0') {
		c->at = start + 1;
		return wrong(c, "a number has a leading zero");
	}
	if (peek(c) == '.' || peek(c) == 'e' || peek(c) == 'E') {
		c->check_doubles = c->check_doubles || n > 300;
		return scan_fraction(c);
	}
	if (fits_integer(c->s + start, n, negative))
		return true;
	c->at = start;
	return wrong(c, "a number is too large");
}

/* Four hexadecimal digits at `at`; -1: not there. */
static int hex4(struct scan *c)
{
	int v = 0;

	for (int i = 0; i < 4; i++, c->at++) {
		int ch = peek(c);

		if (is_digit(ch))
			v = v << 4 | (ch - '0');
		else if ((ch >= 'a' && ch <= 'f') || (ch >= 'A' && ch <= 'F'))
			v = v << 4 | ((ch | 0x20) - 'a' + 10);
		else
			return -1;
	}
	return v;
}

static bool scan_unicode_escape(struct scan *c)
{
	int v = hex4(c);

	if (v < 0)
		return wrong(c, "\\u needs four hexadecimal digits");
	if (v == 0)
		return wrong(c, "a string holds a NUL");
	if (v >= 0xDC00 && v <= 0xDFFF)
		return wrong(c, "a string holds half a surrogate pair");
	if (v < 0xD800 || v > 0xDBFF)
		return true;
	if (c->len - c->at < 6 || c->s[c->at] != '\\' || c->s[c->at + 1] != 'u')
		return wrong(c, "a string holds half a surrogate pair");
	c->at += 2;
	v = hex4(c);
	if (v < 0xDC00 || v > 0xDFFF)
		return wrong(c, "a string holds half a surrogate pair");
	return true;
}

static bool scan_escape(struct scan *c)
{
	int ch;

	c->at++;
	ch = peek(c);
	if (ch == 'u') {
		c->at++;
		return scan_unicode_escape(c);
	}
	if (ch <= 0 || !strchr("\"\\/bfnrt", ch))
		return wrong(c, "a string holds an unknown escape");
	c->at++;
	return true;
}

static bool scan_string(struct scan *c)
{
	c->at++;
	for (;;) {
		int ch = peek(c);

		if (ch < 0)
			return wrong(c, "a string is not closed");
		if (ch == '"') {
			c->at++;
			return true;
		}
		if (ch == 0)
			return wrong(c, "it holds a NUL byte");
		if (ch < 0x20)
			return wrong(c, "a string holds an unescaped control character");
		if (ch == '\\') {
			if (!scan_escape(c))
				return false;
		} else if (ch < 0x80) {
			c->at++;
		} else if (utf8_next(c->s, c->len, &c->at) < 0) {
			return wrong(c, "it is not valid UTF-8");
		}
	}
}

static bool scan_literal(struct scan *c)
{
	static const char *const literals[] = { "true", "false", "null" };

	for (size_t i = 0; i < ARRAY_SIZE(literals); i++) {
		size_t n = strlen(literals[i]);

		if (c->len - c->at >= n && !memcmp(c->s + c->at, literals[i], n)) {
			c->at += n;
			return true;
		}
	}
	if (peek(c) == 0)
		return wrong(c, "it holds a NUL byte");
	return wrong(c, peek(c) < 0 ? "it ends too early" : "a value is expected");
}

static bool scan_key(struct scan *c)
{
	skip_blanks(c);
	if (peek(c) != '"')
		return wrong(c, peek(c) < 0 ? "it ends too early"
					    : "a key in double quotes is expected");
	if (!scan_string(c))
		return false;
	skip_blanks(c);
	if (peek(c) != ':')
		return wrong(c, peek(c) < 0 ? "it ends too early" : "a colon is expected");
	c->at++;
	return true;
}

static bool top_is_object(const struct scan *c)
{
	return c->depth && c->in_object >> (c->depth - 1) & 1;
}

/* Enters a container; *empty when it closes at once (it is then left again). */
static bool scan_open(struct scan *c, bool *empty)
{
	bool object = peek(c) == '{';

	if (c->depth >= JSON_MAX_DEPTH) {
		wrong(c, "it is nested too deeply");
		c->code = ASSISTANT_ETOOLARGE;
		return false;
	}
	c->at++;
	c->in_object &= ~(UINT64_C(1) << c->depth);
	c->in_object |= (uint64_t)object << c->depth;
	c->depth++;
	skip_blanks(c);
	*empty = peek(c) == (object ? '}' : ']');
	if (*empty) {
		c->at++;
		c->depth--;
		return true;
	}
	return !object || scan_key(c);
}

/* Behind a value: closes what closes here, stands before the next value or at depth 0. */
static bool scan_after(struct scan *c)
{
	while (c->depth) {
		bool object = top_is_object(c);

		skip_blanks(c);
		if (peek(c) == ',') {
			c->at++;
			return !object || scan_key(c);
		}
		if (peek(c) != (object ? '}' : ']'))
			return wrong(c, peek(c) < 0 ? "it ends too early"
						    : "a comma or the closing bracket is expected");
		c->at++;
		c->depth--;
	}
	return true;
}

static bool scan_text(struct scan *c)
{
	do {
		bool complete = true;
		int ch;

		skip_blanks(c);
		ch = peek(c);
		if (ch == '{' || ch == '[') {
			if (!scan_open(c, &complete))
				return false;
		} else if (ch == '"') {
			if (!scan_string(c))
				return false;
		} else if (ch == '-' || is_digit(ch)) {
			if (!scan_number(c))
				return false;
		} else if (!scan_literal(c)) {
			return false;
		}
		if (complete && !scan_after(c))
			return false;
		if (complete && !c->depth)
			break;
	} while (true);
	skip_blanks(c);
	return c->at == c->len || wrong(c, "something follows the end");
}

static int explain(const struct scan *c, struct fail *f)
{
	unsigned line = 1, column = 1;

	for (size_t i = 0; i < c->at && i < c->len; i++) {
		if (c->s[i] == '\n') {
			line++;
			column = 1;
		} else {
			column += (c->s[i] & 0xC0) != 0x80;
		}
	}
	return FAIL(f, c->code, "This is not valid JSON: %s (line %u, column %u).", c->why, line,
		    column);
}

int json_check(const char *text, size_t len, struct fail *f)
{
	struct scan c = { .s = text, .len = len };

	return scan_text(&c) ? 0 : explain(&c, f);
}

/* Depth is bounded by the scan before. */
static bool all_finite(struct json_object *o)
{
	switch (json_object_get_type(o)) {
	case json_type_double:
		return isfinite(json_object_get_double(o));
	case json_type_array:
		for (size_t i = 0; i < json_object_array_length(o); i++) {
			if (!all_finite(json_object_array_get_idx(o, i)))
				return false;
		}
		return true;
	case json_type_object: {
		json_object_object_foreach(o, key, value)
		{
			(void)key;
			if (!all_finite(value))
				return false;
		}
		return true;
	}
	default:
		return true;
	}
}

static struct json_object *build(const char *text, size_t len, enum json_tokener_error *error)
{
	struct json_tokener *tok = json_tokener_new_ex(JSON_MAX_DEPTH + 2);
	struct json_object *o;

	*error = json_tokener_error_parse_unexpected;
	if (!tok)
		return NULL;
	/* No flags: the scan above has been stricter than any of them, and json-c 0.18 takes the bytes of
	 * UTF-8 for control characters when it is told to be strict. */
	o = json_tokener_parse_ex(tok, text, (int)len);
	/* A number at the very end may go on: tell json-c that it does not. */
	if (!o && json_tokener_get_error(tok) == json_tokener_continue)
		o = json_tokener_parse_ex(tok, "", 1);
	*error = json_tokener_get_error(tok);
	json_tokener_free(tok);
	return o;
}

int json_parse(const char *text, size_t len, struct json_object **out, struct fail *f)
{
	struct scan c = { .s = text, .len = len };
	enum json_tokener_error error;
	struct json_object *o;

	if (len >= INT_MAX)
		return FAIL(f, ASSISTANT_ETOOLARGE, "The JSON is larger than 2 GB.");
	if (!scan_text(&c))
		return explain(&c, f);
	o = build(text, len, &error);
	if (error != json_tokener_success)
		return FAIL(f, ASSISTANT_ENOMEM, "The JSON could not be read: %s.",
			    json_tokener_error_desc(error));
	if (c.check_doubles && !all_finite(o)) {
		json_object_put(o);
		return FAIL(f, ASSISTANT_EINVAL, "This is not valid JSON: a number is too large.");
	}
	*out = o;
	return 0;
}

struct json_object *json_get(struct json_object *obj, const char *key)
{
	struct json_object *value = NULL;

	if (json_object_is_type(obj, json_type_object))
		json_object_object_get_ex(obj, key, &value);
	return value;
}

static struct json_object *get_typed(struct json_object *obj, const char *key, enum json_type type)
{
	struct json_object *value = json_get(obj, key);

	return value && json_object_is_type(value, type) ? value : NULL;
}

const char *json_get_string(struct json_object *obj, const char *key)
{
	struct json_object *value = get_typed(obj, key, json_type_string);

	return value ? json_object_get_string(value) : NULL;
}

const char *json_text(struct json_object *obj, const char *key)
{
	const char *s = json_get_string(obj, key);

	return s ? s : "";
}

int64_t json_get_int(struct json_object *obj, const char *key, int64_t fallback)
{
	struct json_object *value = json_get(obj, key);
	double d;

	if (json_object_is_type(value, json_type_int))
		return json_object_get_int64(value);
	if (!json_object_is_type(value, json_type_double))
		return fallback;
	/* 3.0 is an integer too; 2^53 is where doubles stop telling integers apart. */
	d = json_object_get_double(value);
	return d == floor(d) && fabs(d) <= 9007199254740992.0 ? (int64_t)d : fallback;
}

double json_get_double(struct json_object *obj, const char *key, double fallback)
{
	struct json_object *value = json_get(obj, key);

	if (!json_object_is_type(value, json_type_int) &&
	    !json_object_is_type(value, json_type_double))
		return fallback;
	return json_object_get_double(value);
}

bool json_get_bool(struct json_object *obj, const char *key, bool fallback)
{
	struct json_object *value = get_typed(obj, key, json_type_boolean);

	return value ? json_object_get_boolean(value) : fallback;
}

struct json_object *json_get_array(struct json_object *obj, const char *key)
{
	return get_typed(obj, key, json_type_array);
}

struct json_object *json_get_object(struct json_object *obj, const char *key)
{
	return get_typed(obj, key, json_type_object);
}

void json_set_string(struct json_object *obj, const char *key, const char *value)
{
	if (value)
		json_object_object_add(obj, key, json_object_new_string(value));
}

void json_set_int(struct json_object *obj, const char *key, int64_t value)
{
	json_object_object_add(obj, key, json_object_new_int64(value));
}

void json_set_score(struct json_object *obj, const char *key, float value)
{
	json_set_double(obj, key, round((double)value * 1e4) / 1e4);
}

void json_set_double(struct json_object *obj, const char *key, double value)
{
	_cleanup_text_ struct text t = { 0 };

	if (!isfinite(value))
		return;
	text_init(&t, 64);
	text_append_double(&t, value);
	json_object_object_add(obj, key, json_object_new_double_s(value, t.data));
}

void json_set_bool(struct json_object *obj, const char *key, bool value)
{
	json_object_object_add(obj, key, json_object_new_boolean(value));
}

void json_set(struct json_object *obj, const char *key, struct json_object *value)
{
	json_object_object_add(obj, key, value);
}

char *json_dump(struct json_object *obj)
{
	const char *s = json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN |
								    JSON_C_TO_STRING_NOSLASHESCAPE);

	return s ? strdup(s) : NULL;
}
