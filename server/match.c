/*
 * match.c - finds a path in a table of routes.
 */
#include <stdio.h>
#include <string.h>
#include "parse.h"
#include "routes.h"

/* One plain segment: nothing in it needs decoding. */
static bool take_name(const char *text, size_t len, char out[ROUTE_PARAM])
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_-";

	if (len == 0 || len > 64 || strspn(text, allowed) < len)
		return false;
	memcpy(out, text, len);
	out[len] = '\0';
	return true;
}

/* A record's id, decoded: any characters but those that no id has (docs/data-format.md). */
static bool take_id(const char *text, size_t len, char out[ROUTE_PARAM])
{
	int n;

	if (memchr(text, '+', len))
		return false;
	n = query_decode(text, len, out, ROUTE_PARAM);
	if (n <= 0 || strpbrk(out, "\"<>&/\\ ") || !strcmp(out, ".") || !strcmp(out, ".."))
		return false;
	for (int i = 0; i < n; i++)
		if ((unsigned char)out[i] < 0x20 || out[i] == 0x7f)
			return false;
	return true;
}

/* Outside of ids nothing is decoded and nothing cleaned up: a path with %, .. or // is in no table. */
static bool path_matches(const char *pattern, const char *path, char params[2][ROUTE_PARAM])
{
	int n = 0;

	while (*pattern) {
		if (*pattern == '{') {
			size_t len = strcspn(path, "/");
			bool id = pattern[1] == 'i';

			if (!(id ? take_id : take_name)(path, len, params[n++]))
				return false;
			pattern += strcspn(pattern, "}") + 1;
			path += len;
		} else if (*pattern++ != *path++) {
			return false;
		}
	}
	return *path == '\0';
}

static void add_method(char allow[64], const char *method)
{
	size_t len = strlen(allow);

	snprintf(allow + len, 64 - len, "%s%s", len ? ", " : "", method);
	if (!strcmp(method, "GET"))
		add_method(allow, "HEAD");
}

const struct route *route_find(const struct route *table, size_t n, const char *method,
			       const char *path, char params[2][ROUTE_PARAM], char allow[64])
{
	const struct route *found = NULL;
	const char *wanted = strcmp(method, "HEAD") ? method : "GET";

	allow[0] = params[0][0] = params[1][0] = '\0';
	for (size_t i = 0; i < n && !found; i++) {
		if (!path_matches(table[i].path, path, params))
			continue;
		if (!strcmp(table[i].method, wanted))
			found = &table[i];
		else
			add_method(allow, table[i].method);
	}
	if (!found && allow[0])
		add_method(allow, "OPTIONS");
	return found;
}
