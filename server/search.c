/*
 * search.c - a query string becomes the library's query; what it does not know is refused, not ignored.
 */
#include "search.h"

#include <stdio.h>
#include <string.h>
#include "reply.h"

#define SEARCH_LIMIT_MS 10000
#define MAX_VALUE	8192
#define MAX_QUERY	(64u << 10)
#define MAX_RESULTS	50

enum parameter_kind { TEXT, NUMBER, FLAG, FILTER, DEBUG_TEXT };

static const struct parameter {
	const char *name;
	enum parameter_kind kind;
} parameters[] = {
	{ "q", TEXT },		{ "conference_id", TEXT }, { "entity", TEXT },
	{ "limit", NUMBER },	{ "raw", FLAG },	   { "why", FLAG },
	{ "now", DEBUG_TEXT },	{ "day", FILTER },	   { "from", FILTER },
	{ "to", FILTER },	{ "place", FILTER },	   { "track", FILTER },
	{ "speaker", FILTER },	{ "type", FILTER },	   { "level", FILTER },
	{ "language", FILTER },
};

static const struct parameter *find(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++)
		if (strlen(parameters[i].name) == len && !memcmp(parameters[i].name, name, len))
			return &parameters[i];
	return NULL;
}

static bool add(const struct parameter *p, const char *value, struct buf *out, char problem[160])
{
	long number;

	buf_addf(out, "%s\"%s\":", out->len && out->data[out->len - 1] != '{' ? "," : "", p->name);
	switch (p->kind) {
	case NUMBER:
		number = parse_number(value, MAX_RESULTS);
		buf_addf(out, "%ld", number);
		if (number > 0)
			return true;
		snprintf(problem, 160, "%s must be a number from 1 to %d.", p->name, MAX_RESULTS);
		return false;
	case FLAG:
		buf_add(out, !*value || !strcmp(value, "true") || !strcmp(value, "1") ? "true"
										      : "false");
		return true;
	default:
		buf_add_json(out, value);
		return true;
	}
}

bool search_build_query(const char *query, bool debug, struct buf *out, char problem[160])
{
	_cleanup_buf_ struct buf filters = { 0 };
	const char *at = NULL, *name, *text;
	size_t name_len, text_len;
	char value[MAX_VALUE];
	bool good = true;

	buf_init(&filters, MAX_QUERY);
	buf_add(&filters, "{");
	buf_add(out, "{");
	while (good && query_next(query, &at, &name, &name_len, &text, &text_len)) {
		const struct parameter *p = find(name, name_len);

		if (!p || (p->kind == DEBUG_TEXT && !debug)) {
			snprintf(problem, 160, "There is no parameter \"%.*s\".",
				 (int)(name_len < 40 ? name_len : 40), name);
			good = false;
		} else if (query_decode(text, text_len, value, sizeof(value)) < 0) {
			snprintf(problem, 160, "%s must be UTF-8 of at most 8,191 bytes.", p->name);
			good = false;
		} else {
			good = add(p, value, p->kind == FILTER ? &filters : out, problem);
		}
	}
	buf_addf(out, "%s\"filters\":%s}}", out->len > 1 ? "," : "", filters.data);
	buf_finish(&filters);
	if (good && out->failed) {
		snprintf(problem, 160, "The query is too long.");
		good = false;
	}
	return good;
}

void search_get(struct request *r)
{
	_cleanup_buf_ struct buf query = { 0 };
	_cleanup_answer_ char *result = NULL;
	assistant_error err = ASSISTANT_ERROR_INIT;
	char problem[160];
	int code;

	buf_init(&query, MAX_QUERY);
	if (!search_build_query(r->info->query_string, r->server->settings.debug, &query,
				problem)) {
		reply_error(r, 400, 0, "%s", problem);
		return;
	}
	code = assistant_search(r->server->assistant, query.data, SEARCH_LIMIT_MS, &result, &err);
	if (code < 0)
		reply_failure(r, code, &err);
	else
		reply_json(r, 200, result);
}
