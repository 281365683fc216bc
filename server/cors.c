/*
 * cors.c - which other pages may use the API.
 */
#include "cors.h"

#include <string.h>
#include <strings.h>

bool origin_is_listed(const char *list, const char *origin)
{
	size_t n = strlen(origin);

	for (;;) {
		size_t len;

		list += strspn(list, ", ");
		len = strcspn(list, ", ");
		if (!len)
			return false;
		if (len == 1 && *list == '*')
			return true;
		/* A slash at the end is what people copy from an address bar. */
		if (len > 1 && list[len - 1] == '/')
			len--;
		if (len == n && !strncasecmp(list, origin, n))
			return true;
		list += strcspn(list, ", ");
	}
}

/* The length of a host without the port that its scheme implies. */
static size_t host_length(const char *host, bool https)
{
	const char *port = https ? ":443" : ":80";
	size_t n = strlen(host), m = strlen(port);

	return n > m && !strcmp(host + n - m, port) ? n - m : n;
}

bool origin_is_own(const char *origin, const char *host)
{
	bool https = !strncasecmp(origin, "https://", 8);
	size_t n;

	if (!https && strncasecmp(origin, "http://", 7) != 0)
		return false;
	origin += https ? 8 : 7;
	n = host_length(origin, https);
	return host && n > 0 && n == host_length(host, https) && !strncasecmp(origin, host, n);
}
