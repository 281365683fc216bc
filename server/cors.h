/*
 * cors.h - which other pages may use the API.  Pure.
 */
#ifndef SERVER_CORS_H
#define SERVER_CORS_H

#include <stdbool.h>

/* Does the list (separated by commas or spaces, or "*") allow it?  Hosts are compared without regard to case. */
bool origin_is_listed(const char *list, const char *origin);
/* Is it the page's own origin?  Judged by host and port: the scheme is the proxy's. */
bool origin_is_own(const char *origin, const char *host);

#endif
