/*
 * static.c - the page, the widget and the contract, inside the program.
 */
#include "static.h"

#include <stdio.h>
#include <string.h>
#include "reply.h"
#include "routes.h"

/* Five minutes: a conference's fix reaches every page before the next talk. */
#define CACHE "Cache-Control: public, max-age=300\r\n"

/* A value between double quotes. */
static void add_attribute(struct buf *b, const char *value)
{
	for (; *value; value++) {
		if (*value == '&')
			buf_add(b, "&amp;");
		else if (*value == '"')
			buf_add(b, "&quot;");
		else if (*value == '<')
			buf_add(b, "&lt;");
		else
			buf_add_n(b, value, 1);
	}
}

void static_fill_page(const char *page, const struct settings *s, struct buf *out)
{
	const struct {
		const char *empty, *value;
	} attributes[] = {
		{ "data-directus=\"\"", s->directus_url },
		{ "data-conference=\"\"", s->conference },
	};

	while (*page) {
		const char *next = NULL;
		size_t found = 0, len;

		for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
			const char *at = strstr(page, attributes[i].empty);

			if (at && (!next || at < next)) {
				next = at;
				found = i;
			}
		}
		if (!next) {
			buf_add(out, page);
			return;
		}
		len = strlen(attributes[found].empty) - 1;
		buf_add_n(out, page, (size_t)(next - page) + len);
		add_attribute(out, attributes[found].value);
		page = next + len;
	}
}

void static_page_policy(const struct settings *s, struct buf *out)
{
	const char *url = s->directus_url;
	size_t scheme = strcspn(url, ":"), n;

	buf_add(out, "Content-Security-Policy: default-src 'none'; script-src 'self'; "
		     "style-src 'self'; img-src data:; connect-src 'self'");
	if (*url && !strncmp(url + scheme, "://", 3)) {
		n = strcspn(url + scheme + 3, "/?# ;,");
		buf_addf(out, " %.*s %s%.*s", (int)(scheme + 3 + n), url,
			 scheme == 5 ? "wss" : "ws", (int)(n + 3), url + scheme);
	}
	buf_add(out, "; base-uri 'none'; form-action 'none'; frame-ancestors 'self'\r\n");
}

static void send_page(struct request *r, const struct static_file *file)
{
	_cleanup_buf_ struct buf page = { 0 }, headers = { 0 };

	buf_init(&page, file->size + 4096);
	buf_init(&headers, 4096);
	buf_add(&headers, "Cache-Control: no-cache\r\n");
	static_page_policy(&r->server->settings, &headers);
	static_fill_page((const char *)file->data, &r->server->settings, &page);
	if (page.failed || headers.failed)
		reply_error(r, 500, 0, "no memory for the page");
	else
		reply_bytes(r, 200, file->type, headers.data, page.data, page.len);
}

void static_get(struct request *r)
{
	const struct static_file *file = static_files;
	const char *known = request_header(r, "If-None-Match");
	char headers[256];

	while (file->path && strcmp(file->path, r->route->path) != 0)
		file++;
	if (!file->path) {
		reply_error(r, 404, 0, "Not found");
		return;
	}
	if (!strcmp(file->path, "/")) {
		send_page(r, file);
		return;
	}
	/* Scripts are for other people's pages. */
	snprintf(headers, sizeof(headers),
		 "ETag: %s\r\nCross-Origin-Resource-Policy: cross-origin\r\n" CACHE, file->etag);
	if (known && has_word(known, file->etag))
		reply_bytes(r, 304, NULL, headers, "", 0);
	else
		reply_bytes(r, 200, file->type, headers, file->data, file->size);
}
