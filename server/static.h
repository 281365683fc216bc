/*
 * static.h - the page, the widget and the contract, inside the program.
 */
#ifndef SERVER_STATIC_H
#define SERVER_STATIC_H

#include "request.h"

struct static_file {
	const char *path, *type, *etag;
	const unsigned char *data; /* a NUL is behind its end */
	size_t size;
};

extern const struct static_file static_files[]; /* ended by a path of NULL; made by embed.py */

void static_get(struct request *r);

/*
 * The page with what its script must know filled into its empty attributes (data-directus="" and so
 * on), and the policy it runs under.  Pure.
 */
void static_fill_page(const char *page, const struct settings *s, struct buf *out);
void static_page_policy(const struct settings *s, struct buf *out);

#endif
