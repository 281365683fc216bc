/*
 * json.c - a strict reader of JSON that keeps offsets instead of copies.
 */
#include "json.h"

#include <stdio.h>
#include <string.h>
#include "utf8.h"

struct reader {
	struct json *j;
	const char *text;
	size_t len, at;
	const char *why; /* what was wrong at `at` */
};

static bool refuse(struct reader *r, const char *why)
{
	if (!r->why)
		r->why = why;
	return false;
}

static struct json_node *add_node(struct reader *r, enum json_type type)
{
	struct json *j = r->j;

	if (j->n == j->cap) {
		uint32_t cap = j->cap ? j->cap * 2 : 32;
		struct json_node *nodes = realloc(j->nodes, cap * sizeof(*nodes));

		if (!nodes) {
			refuse(r, "there is no memory for it");
			return NULL;
		}
		j->nodes = nodes;
		j->cap = cap;
	}
	j->nodes[j->n] = (struct json_node){ .start = (uint32_t)r->at, .type = type };
	return &j->nodes[j->n++];
}

static void skip_space(struct reader *r)
{
	while (r->at < r->len && r->text[r->at] && strchr(" \t\r\n", r->text[r->at]))
		r->at++;
}

/* Four hex digits at p, or -1. */
static int hex4(const char *p, size_t n)
{
	int value = 0;

	if (n < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;

		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

/* The code point of a \u escape whose hex digits begin at p; *used counts them and what follows; -1: none. */
static int32_t escaped_code_point(const char *p, size_t n, size_t *used)
{
	int high = hex4(p, n), low;

	*used = 4;
	if (high < 0xd800 || high > 0xdfff)
		return high;
	if (high > 0xdbff || n < 10 || p[4] != '\\' || p[5] != 'u')
		return -1;
	low = hex4(p + 6, n - 6);
	if (low < 0xdc00 || low > 0xdfff)
		return -1;
	*used = 10;
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static bool read_escape(struct reader *r)
{
	size_t used = 0;

	r->at++;
	if (r->at >= r->len || !r->text[r->at] || !strchr("\"\\/bfnrtu", r->text[r->at]))
		return refuse(r, "an escape that JSON does not have");
	if (r->text[r->at++] != 'u')
		return true;
	if (escaped_code_point(r->text + r->at, r->len - r->at, &used) <= 0)
		return refuse(r, "a \\u escape that is no character");
	r->at += used;
	return true;
}

static bool read_string(struct reader *r)
{
	struct json_node *node = add_node(r, JSON_STRING);
	uint32_t index = r->j->n - 1;

	if (!node)
		return false;
	r->at++;
	while (r->at < r->len && r->text[r->at] != '"') {
		const char *s = r->text + r->at;
		size_t n;

		if (*s == '\\') {
			if (!read_escape(r))
				return false;
			continue;
		}
		if ((unsigned char)*s < 0x20)
			return refuse(r, "a control character in a string");
		n = utf8_length(s, r->len - r->at);
		if (!n)
			return refuse(r, "bytes that are not UTF-8");
		r->at += n;
	}
	if (r->at >= r->len)
		return refuse(r, "a string without an end");
	r->at++;
	r->j->nodes[index].end = (uint32_t)r->at;
	r->j->nodes[index].next = index + 1;
	return true;
}

static size_t count_digits(struct reader *r)
{
	size_t start = r->at;

	while (r->at < r->len && r->text[r->at] >= '0' && r->text[r->at] <= '9')
		r->at++;
	return r->at - start;
}

static char peek(const struct reader *r)
{
	return r->at < r->len ? r->text[r->at] : '\0';
}

static bool read_number(struct reader *r)
{
	struct json_node *node = add_node(r, JSON_NUMBER);
	bool zero;

	if (!node)
		return false;
	if (peek(r) == '-')
		r->at++;
	zero = peek(r) == '0';
	if (zero ? (r->at++, false) : !count_digits(r))
		return refuse(r, "something that is no value");
	if (peek(r) == '.') {
		r->at++;
		if (!count_digits(r))
			return refuse(r, "a number without digits");
	}
	if (peek(r) == 'e' || peek(r) == 'E') {
		r->at++;
		if (peek(r) == '+' || peek(r) == '-')
			r->at++;
		if (!count_digits(r))
			return refuse(r, "a number without digits");
	}
	node->end = (uint32_t)r->at;
	node->next = r->j->n;
	return true;
}

static bool read_word(struct reader *r, const char *word, enum json_type type)
{
	size_t n = strlen(word);
	struct json_node *node;

	if (r->len - r->at < n || memcmp(r->text + r->at, word, n) != 0)
		return refuse(r, "something that is no value");
	node = add_node(r, type);
	if (!node)
		return false;
	r->at += n;
	node->end = (uint32_t)r->at;
	node->next = r->j->n;
	return true;
}

static bool read_scalar(struct reader *r)
{
	switch (peek(r)) {
	case '"':
		return read_string(r);
	case 't':
		return read_word(r, "true", JSON_TRUE);
	case 'f':
		return read_word(r, "false", JSON_FALSE);
	case 'n':
		return read_word(r, "null", JSON_NULL);
	case '\0':
		return refuse(r, r->at < r->len ? "a NUL" : "an end too early");
	default:
		return read_number(r);
	}
}

/* Reads the key of a member up to behind its colon. */
static bool read_key(struct reader *r)
{
	if (peek(r) != '"')
		return refuse(r, "a member without a name in quotes");
	if (!read_string(r))
		return false;
	skip_space(r);
	if (peek(r) != ':')
		return refuse(r, "a name without a colon");
	r->at++;
	skip_space(r);
	return true;
}

static bool close_container(struct reader *r, uint32_t index)
{
	struct json_node *node = &r->j->nodes[index];

	r->at++;
	node->end = (uint32_t)r->at;
	node->next = r->j->n;
	return true;
}

/*
 * One loop instead of recursion: open[] holds the containers that are not closed, last[] their newest
 * element.
 */
static bool read_value(struct reader *r)
{
	uint32_t open[JSON_MAX_DEPTH], last[JSON_MAX_DEPTH];
	int depth = 0;

	for (;;) {
		uint32_t index = r->j->n;
		char c = peek(r);

		if (c == '{' || c == '[') {
			if (depth == JSON_MAX_DEPTH)
				return refuse(r, "too many brackets inside each other");
			if (!add_node(r, c == '{' ? JSON_OBJECT : JSON_ARRAY))
				return false;
			r->at++;
			skip_space(r);
			if (peek(r) != (c == '{' ? '}' : ']')) {
				open[depth++] = index;
				if (c == '{' && !read_key(r))
					return false;
				continue;
			}
			close_container(r, index);
		} else if (!read_scalar(r)) {
			return false;
		}
		/* A value ended; so may the containers it is in. */
		for (;;) {
			bool object;

			if (depth == 0)
				return true;
			last[depth - 1] = index;
			object = r->j->nodes[open[depth - 1]].type == JSON_OBJECT;
			skip_space(r);
			c = peek(r);
			if (c == ',')
				break;
			if (c != (object ? '}' : ']'))
				return refuse(r, "a list without a comma or an end");
			index = open[--depth];
			r->j->nodes[last[depth]].last = true;
			close_container(r, index);
		}
		r->at++;
		skip_space(r);
		if (r->j->nodes[open[depth - 1]].type == JSON_OBJECT && !read_key(r))
			return false;
	}
}

static void say_where(const struct reader *r, struct json_problem *problem)
{
	unsigned line = 1, column = 1;

	for (size_t i = 0; i < r->at && i < r->len; i++) {
		if (r->text[i] == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)r->text[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	snprintf(problem->text, sizeof(problem->text), "%s at line %u, column %u", r->why, line,
		 column);
}

int json_read(struct json *j, const char *text, size_t len, struct json_problem *problem)
{
	struct reader r = { .j = j, .text = text, .len = len };
	bool good;

	*j = (struct json){ .text = text };
	skip_space(&r);
	good = len <= UINT32_MAX / 2 ? read_value(&r) : refuse(&r, "more than can be read");
	skip_space(&r);
	if (good && r.at < len)
		good = refuse(&r, "something behind the end");
	if (good)
		return 0;
	if (problem)
		say_where(&r, problem);
	json_finish(j);
	return -1;
}

void json_finish(struct json *j)
{
	free(j->nodes);
	*j = (struct json){ 0 };
}

const struct json_node *json_first(const struct json *j, const struct json_node *container)
{
	uint32_t index;

	if (!container || container->type < JSON_ARRAY)
		return NULL;
	index = (uint32_t)(container - j->nodes);
	return container->next == index + 1 ? NULL : &j->nodes[index + 1];
}

const struct json_node *json_after(const struct json *j, const struct json_node *node)
{
	return node->last || node->next >= j->n ? NULL : &j->nodes[node->next];
}

const struct json_node *json_value(const struct json *j, const struct json_node *key)
{
	return &j->nodes[key->next];
}

const struct json_node *json_member(const struct json *j, const struct json_node *object,
				    const char *name)
{
	const struct json_node *found = NULL;

	if (!object || object->type != JSON_OBJECT)
		return NULL;
	for (const struct json_node *key = json_first(j, object); key;) {
		const struct json_node *value = json_value(j, key);

		if (json_is(j, key, name))
			found = value;
		key = json_after(j, value);
	}
	return found;
}

static size_t put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* One character of a string's inside, at most 4 bytes to out; *used is what it took of s. */
static size_t decode_one(const char *s, size_t n, char *out, size_t *used)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";

	if (*s != '\\') {
		*used = utf8_length(s, n);
		memcpy(out, s, *used);
		return *used;
	}
	if (s[1] != 'u') {
		*used = 2;
		out[0] = values[strchr(names, s[1]) - names];
		return 1;
	}
	n = put_utf8(out, (uint32_t)escaped_code_point(s + 2, n - 2, used));
	*used += 2;
	return n;
}

int json_copy(const struct json *j, const struct json_node *node, char *out, size_t size)
{
	size_t len = 0;

	if (!node || node->type != JSON_STRING)
		return -1;
	for (size_t i = node->start + 1, used; i < node->end - 1; i += used) {
		char c[4];
		size_t n = decode_one(j->text + i, node->end - 1 - i, c, &used);

		if (len + n >= size)
			return -1;
		memcpy(out + len, c, n);
		len += n;
	}
	out[len] = '\0';
	return (int)len;
}

bool json_is(const struct json *j, const struct json_node *node, const char *text)
{
	size_t len = strlen(text), at = 0;

	if (!node || node->type != JSON_STRING)
		return false;
	for (size_t i = node->start + 1, used; i < node->end - 1; i += used) {
		char c[4];
		size_t n = decode_one(j->text + i, node->end - 1 - i, c, &used);

		if (at + n > len || memcmp(text + at, c, n) != 0)
			return false;
		at += n;
	}
	return at == len;
}

const char *json_raw(const struct json *j, const struct json_node *node, size_t *len)
{
	*len = node->end - node->start;
	return j->text + node->start;
}
