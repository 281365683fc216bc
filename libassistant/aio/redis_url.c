/*
 * redis_url.c - see redis_url.h.
 */
#include "aio/redis_url.h"

#include <errno.h>
#include <string.h>

#define DEFAULT_PORT 6379
#define MAX_DATABASE 1000000

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The part of len bytes with %xx resolved, malloc()ed; NULL: not well formed, or no memory. */
static char *decoded(const char *s, size_t len)
{
	char *out = malloc(len + 1);
	size_t n = 0;

	for (size_t i = 0; out && i < len; i++) {
		char c = s[i];

		if (c == '%') {
			int high = i + 2 < len ? hex(s[i + 1]) : -1;
			int low = i + 2 < len ? hex(s[i + 2]) : -1;

			c = (char)(high < 0 || low < 0 ? 0 : high << 4 | low);
			i += 2;
		}
		if (!c) {
			free(out);
			return NULL;
		}
		out[n++] = c;
	}
	if (out)
		out[n] = '\0';
	return out;
}

static bool number(const char *s, size_t len, long max, int *out)
{
	long n = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		n = n * 10 + (s[i] - '0');
		if (n > max)
			return false;
	}
	*out = (int)n;
	return len > 0;
}

/* "user:password", either may be empty. */
static bool read_login(const char *s, size_t len, struct redis_url *u)
{
	const char *colon = memchr(s, ':', len);
	size_t user = colon ? (size_t)(colon - s) : len;

	if (user && !(u->user = decoded(s, user)))
		return false;
	if (colon && !(u->password = decoded(colon + 1, len - user - 1)))
		return false;
	return true;
}

/* "host", "host:port", "[::1]:port" */
static bool read_host(const char *s, size_t len, struct redis_url *u)
{
	const char *end = s + len, *after;

	u->port = DEFAULT_PORT;
	if (len && *s == '[') {
		after = memchr(s, ']', len);
		if (!after)
			return false;
		u->host = decoded(s + 1, (size_t)(after - s) - 1);
		after++;
	} else {
		after = memchr(s, ':', len);
		after = after ? after : end;
		u->host = decoded(s, (size_t)(after - s));
	}
	if (!u->host || !*u->host)
		return false;
	if (after == end)
		return true;
	return *after == ':' && number(after + 1, (size_t)(end - after) - 1, 65535, &u->port) &&
	       u->port > 0;
}

static bool read_network(const char *s, struct redis_url *u)
{
	size_t len = strcspn(s, "/?#");
	const char *at = memrchr(s, '@', len), *database = s + len;

	if (at && !read_login(s, (size_t)(at - s), u))
		return false;
	if (!read_host(at ? at + 1 : s, (size_t)(database - (at ? at + 1 : s)), u))
		return false;
	snprintf(u->name, sizeof(u->name), strchr(u->host, ':') ? "[%.140s]:%d" : "%.140s:%d",
		 u->host, u->port);
	if (!*database || !strcmp(database, "/"))
		return true;
	return *database == '/' &&
	       number(database + 1, strlen(database + 1), MAX_DATABASE, &u->database);
}

/* One "key=value" behind the path of a socket. */
static bool read_option(const char *s, size_t len, struct redis_url *u)
{
	const char *equal = memchr(s, '=', len);
	const char *value = equal ? equal + 1 : NULL;
	size_t key = equal ? (size_t)(equal - s) : 0, n = equal ? len - key - 1 : 0;

	if (!equal)
		return false;
	if (key == 2 && !memcmp(s, "db", 2))
		return number(value, n, MAX_DATABASE, &u->database);
	if (key == 4 && !memcmp(s, "user", 4) && !u->user)
		return (u->user = decoded(value, n)) != NULL;
	if (key == 8 && !memcmp(s, "password", 8) && !u->password)
		return (u->password = decoded(value, n)) != NULL;
	return false;
}

static bool read_socket(const char *s, struct redis_url *u)
{
	size_t len = strcspn(s, "?#");

	if (*s != '/' || !(u->path = decoded(s, len)))
		return false;
	snprintf(u->name, sizeof(u->name), "%.150s", u->path);
	s += len;
	while (*s == '?' || *s == '&') {
		len = strcspn(++s, "&");
		if (!read_option(s, len, u))
			return false;
		s += len;
	}
	return !*s;
}

static bool starts(const char **s, const char *scheme)
{
	size_t n = strlen(scheme);

	if (strncmp(*s, scheme, n) != 0)
		return false;
	*s += n;
	return true;
}

int redis_url_parse(const char *url, struct redis_url *out, struct fail *f)
{
	struct redis_url u = { 0 };
	bool ok = false;

	if (starts(&url, "redis://")) {
		ok = read_network(url, &u);
	} else if (starts(&url, "rediss://")) {
		u.tls = true;
		ok = read_network(url, &u);
	} else if (starts(&url, "unix://")) {
		ok = read_socket(url, &u);
	}
	if (!ok) {
		redis_url_finish(&u);
		return FAIL(f, ASSISTANT_EINVAL, "This is no URL of a Redis; " REDIS_URLS);
	}
	*out = u;
	return 0;
}

void redis_url_finish(struct redis_url *u)
{
	free(u->host);
	free(u->path);
	free(u->user);
	free(u->password);
	*u = (struct redis_url){ 0 };
}
