/*
 * match.c - finds a path in a table of routes.
 */
#include <stdio.h>
#include <string.h>
#include "routes.h"

static bool is_segment(const char *text, size_t len)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_-";

	return len > 0 && len <= 64 && strspn(text, allowed) >= len;
}

/* Nothing is decoded and nothing cleaned up: a path with %, .. or // is in no table. */
static bool path_matches(const char *pattern, const char *path, char params[2][65])
{
	int n = 0;

	while (*pattern) {
		if (pattern[0] == '{' && pattern[1] == '}') {
			size_t len = strcspn(path, "/");

			if (!is_segment(path, len))
				return false;
			memcpy(params[n], path, len);
			params[n++][len] = '\0';
			pattern += 2;
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
			       const char *path, char params[2][65], char allow[64])
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
