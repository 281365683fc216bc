/*
 * What the server reads of a request beyond HTTP itself: JSON, Directus' query strings, paths, proxies'
 * lists, header values.  Whatever arrives, what is taken can be walked, copied and written again.
 */
#include <stdlib.h>
#include <string.h>
#include "address.h"
#include "cors.h"
#include "fuzz.h"
#include "parse.h"
#include "query.h"
#include "routes.h"

static void need(bool good)
{
	if (!good)
		abort();
}

/* Every node lies in the text, and children in their parents. */
static void walk(const struct json *j, const struct json_node *node, size_t len, int depth)
{
	char copy[64];
	size_t n;

	need(depth <= JSON_MAX_DEPTH + 1 && node->start < node->end && node->end <= len);
	json_raw(j, node, &n);
	need(n == node->end - node->start);
	if (node->type == JSON_STRING)
		need(json_copy(j, node, copy, sizeof(copy)) < (int)sizeof(copy));
	for (const struct json_node *each = json_first(j, node); each; each = json_after(j, each)) {
		if (node->type == JSON_OBJECT) {
			need(each->type == JSON_STRING);
			each = json_value(j, each);
		}
		need(each->start > node->start && each->end < node->end);
		walk(j, each, len, depth + 1);
	}
}

static void fuzz_json(const char *text, size_t len)
{
	struct row_fields fields = { .names = { "id", "data" }, .n = 2 };
	struct query_problem problem;
	struct row_filter filter = { 0 };
	struct json j, again;
	struct buf b;

	if (json_read(&j, text, len, NULL) < 0)
		return;
	walk(&j, json_root(&j), len, 1);
	filter_read(&j, json_root(&j), &filter, &problem);
	filter_matches(&filter, &j, json_root(&j));
	fields_read_json(&j, json_root(&j), &fields, &problem);
	buf_init(&b, 1 << 20);
	fields_project(&fields, &j, json_root(&j), &b);
	need(!b.failed && json_read(&again, b.data, b.len, NULL) == 0);
	json_finish(&again);
	buf_finish(&b);
	json_finish(&j);
}

static void fuzz_query(const char *text)
{
	struct query_problem problem;
	struct row_query q;
	struct json j;
	struct buf b;

	if (query_read(text, &q, &problem) < 0)
		return;
	buf_init(&b, 1 << 20);
	query_write(&q, &b);
	need(!b.failed && json_read(&j, b.data, b.len, NULL) == 0);
	json_finish(&j);
	buf_finish(&b);
}

static void fuzz_path(const char *text)
{
	static const struct route table[] = {
		{ "GET", "/", NULL, 0 },
		{ "GET", "/api/chat/{reply}/events", NULL, 0 },
		{ "GET", "/items/{collection}/{id}", NULL, 0 },
	};
	char params[2][ROUTE_PARAM], allow[64];

	if (route_find(table, ARRAY_SIZE(table), "GET", text, params, allow) &&
	    strncmp(text, "/items/", 7) == 0)
		need(!strpbrk(params[1], "/\\<>\"") && strcmp(params[1], "..") != 0);
}

static void fuzz_headers(const char *text)
{
	struct networks networks;
	struct address peer, client;
	char out[ADDRESS_TEXT];

	if (networks_parse(text, &networks) && address_parse("10.0.0.1", 8, &peer))
		networks_contain(&networks, &peer);
	need(networks_parse("0.0.0.0/0,::/0", &networks));
	need(address_parse("10.0.0.1", 8, &peer));
	address_of_client(&peer, text, &networks, &client);
	address_print(&client, out);
	prefer_wait(text);
	accepts(text, "text/event-stream");
	has_word(text, "upgrade");
	origin_is_own(text, text);
	need(!origin_is_listed("https://a.example", text) || strlen(text) == 17);
	if (is_request_id(text))
		need(strlen(text) <= REQUEST_ID_MAX && !strpbrk(text, "\r\n\" "));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size < 1)
		return 0;
	text = malloc(size);
	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	switch (data[0] % 4) {
	case 0:
		fuzz_json(text, size - 1);
		break;
	case 1:
		fuzz_query(text);
		break;
	case 2:
		fuzz_path(text);
		break;
	default:
		fuzz_headers(text);
	}
	free(text);
	return 0;
}
