/*
 * parse.c - the small readers of a request.
 */
#include "parse.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include "utf8.h"

bool is_uuid(const char *text)
{
	for (int i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return text[36] == '\0';
}

void uuid_make(char out[37])
{
	unsigned char b[16];

	/* So few bytes are never cut short; before the pool is ready the call waits. */
	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		abort();
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	for (int i = 0, at = 0; i < 16; i++) {
		at += snprintf(out + at, (size_t)(37 - at), "%02x", b[i]);
		if (i == 3 || i == 5 || i == 7 || i == 9)
			out[at++] = '-';
	}
}

bool is_request_id(const char *text)
{
	size_t n =
		strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

	return n > 0 && n <= REQUEST_ID_MAX && text[n] == '\0';
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

int query_decode(const char *text, size_t len, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i] == '+' ? ' ' : text[i];

		if (c == '%') {
			int high = i + 2 < len ? hex_digit(text[i + 1]) : -1;
			int low = high >= 0 ? hex_digit(text[i + 2]) : -1;

			if (low < 0)
				return -2;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (n + 1 >= size)
			return -2;
		out[n++] = c;
	}
	out[n] = '\0';
	return utf8_is_valid(out, n) ? (int)n : -2;
}

bool query_next(const char *query, const char **at, const char **name, size_t *name_len,
		const char **value, size_t *value_len)
{
	const char *pair = *at ? *at : query;
	size_t len;

	if (!pair)
		return false;
	pair += strspn(pair, "&");
	len = strcspn(pair, "&");
	if (!len)
		return false;
	*name = pair;
	*name_len = strcspn(pair, "=&");
	*value = pair + *name_len + (*name_len < len);
	*value_len = len - (size_t)(*value - pair);
	*at = pair + len;
	return true;
}

int query_get(const char *query, const char *name, char *out, size_t size)
{
	const char *at = NULL, *found, *value;
	size_t found_len, value_len, len = strlen(name);

	while (query_next(query, &at, &found, &found_len, &value, &value_len))
		if (found_len == len && !memcmp(found, name, len))
			return query_decode(value, value_len, out, size);
	return -1;
}

/* The next element of a comma-separated value, without space around it; NULL: none left. */
static const char *next_element(const char **at, size_t *len)
{
	const char *start = *at + strspn(*at, ", \t");

	if (!*start)
		return NULL;
	*len = strcspn(start, ",");
	*at = start + *len;
	while (*len > 0 && strchr(" \t", start[*len - 1]))
		--*len;
	return start;
}

int prefer_wait(const char *prefer)
{
	const char *element;
	size_t len;

	if (!prefer)
		return -1;
	while ((element = next_element(&prefer, &len)) != NULL) {
		int seconds = 0;
		size_t i = 5;

		if (len < 6 || strncasecmp(element, "wait=", 5) != 0)
			continue;
		for (; i < len && isdigit((unsigned char)element[i]); i++)
			seconds = seconds < 100000 ? seconds * 10 + (element[i] - '0') : seconds;
		if (i > 5 && (i == len || element[i] == ';' || element[i] == ' '))
			return seconds;
	}
	return -1;
}

static size_t media_type_length(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && !strchr("; \t", text[n]))
		n++;
	return n;
}

static bool is_refused(const char *element, size_t len)
{
	for (size_t i = 0; i + 2 < len; i++) {
		if (element[i] != ';')
			continue;
		for (i++; i < len && strchr(" \t", element[i]);)
			i++;
		if (i + 2 < len && !strncasecmp(element + i, "q=0", 3) &&
		    strspn(element + i + 2, "0.") >= len - i - 2)
			return true;
	}
	return false;
}

bool accepts(const char *accept, const char *type)
{
	const char *element;
	size_t len;

	while (accept && (element = next_element(&accept, &len)) != NULL) {
		size_t n = media_type_length(element, len);

		if (n == strlen(type) && !strncasecmp(element, type, n))
			return !is_refused(element, len);
	}
	return false;
}

bool is_media_type(const char *value, const char *type)
{
	size_t n = value ? media_type_length(value, strlen(value)) : 0;

	return n == strlen(type) && !strncasecmp(value, type, n);
}

bool has_word(const char *value, const char *word)
{
	const char *element;
	size_t len;

	while (value && (element = next_element(&value, &len)) != NULL)
		if (len == strlen(word) && !strncasecmp(element, word, len))
			return true;
	return false;
}

long parse_number(const char *text, long max)
{
	long n = 0;

	if (!*text)
		return -1;
	for (; *text; text++) {
		if (!isdigit((unsigned char)*text) || n > max / 10)
			return -1;
		n = n * 10 + (*text - '0');
	}
	return n <= max ? n : -1;
}
