/*
 * query.c - the part of Directus' query language that the embedded face knows.
 */
#include "query.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "parse.h"

static int refuse(struct query_problem *problem, const char *fmt, ...) _printf_(2, 3);

static int refuse(struct query_problem *problem, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(problem->text, sizeof(problem->text), fmt, ap);
	va_end(ap);
	return -1;
}

static bool is_name(const char *text, size_t len)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_";

	return len > 0 && len <= 64 && strspn(text, allowed) >= len;
}

/* --- Filters ------------------------------------------------------------------ */

static int add_condition(struct row_filter *filter, const char *field, size_t len,
			 const char *value, struct query_problem *problem)
{
	struct condition *c = &filter->list[filter->n];

	if (filter->n == (int)ARRAY_SIZE(filter->list))
		return refuse(problem, "A filter has at most %zu conditions.",
			      ARRAY_SIZE(filter->list));
	if (!is_name(field, len))
		return refuse(problem, "A filter names a field that cannot be one.");
	if (strlen(value) >= sizeof(c->value))
		return refuse(problem, "A filter's value has at most %zu bytes.",
			      sizeof(c->value) - 1);
	memcpy(c->field, field, len);
	c->field[len] = '\0';
	memcpy(c->value, value, strlen(value) + 1);
	filter->n++;
	return 0;
}

static int read_condition(const struct json *j, const char *field, const struct json_node *node,
			  struct row_filter *out, struct query_problem *problem)
{
	char value[sizeof(out->list[0].value)];
	const struct json_node *key = json_first(j, node);

	if (node->type == JSON_OBJECT) {
		if (!key || !json_is(j, key, "_eq") || json_after(j, json_value(j, key)))
			return refuse(problem, "A filter compares with _eq; nothing else is known "
					       "here.");
		node = json_value(j, key);
	}
	if (json_copy(j, node, value, sizeof(value)) < 0)
		return refuse(problem, "A filter compares with text of at most %zu bytes.",
			      sizeof(value) - 1);
	return add_condition(out, field, strlen(field), value, problem);
}

static int read_filters(const struct json *j, const struct json_node *node, int depth,
			struct row_filter *out, struct query_problem *problem)
{
	if (node->type != JSON_OBJECT || depth > 4)
		return refuse(problem, "A filter must be an object of fields.");
	for (const struct json_node *key = json_first(j, node); key;) {
		const struct json_node *value = json_value(j, key);
		char field[65];
		int r = 0;

		if (json_is(j, key, "_and")) {
			if (value->type != JSON_ARRAY)
				return refuse(problem, "_and takes a list of filters.");
			for (const struct json_node *each = json_first(j, value); each && !r;
			     each = json_after(j, each))
				r = read_filters(j, each, depth + 1, out, problem);
		} else if (json_copy(j, key, field, sizeof(field)) < 0) {
			r = refuse(problem, "A filter names a field that cannot be one.");
		} else {
			r = read_condition(j, field, value, out, problem);
		}
		if (r < 0)
			return r;
		key = json_after(j, value);
	}
	return 0;
}

int filter_read(const struct json *j, const struct json_node *node, struct row_filter *out,
		struct query_problem *problem)
{
	return read_filters(j, node, 0, out, problem);
}

static int read_filter_text(const char *text, struct row_filter *out, struct query_problem *problem)
{
	_cleanup_json_ struct json j = { 0 };

	if (json_read(&j, text, strlen(text), NULL) < 0)
		return refuse(problem, "filter is not JSON.");
	return filter_read(&j, json_root(&j), out, problem);
}

/* "filter[conversation_id][_eq]" */
static int read_filter_key(const char *key, const char *value, struct row_filter *out,
			   struct query_problem *problem)
{
	const char *field = key + strlen("filter[");
	size_t len = strcspn(field, "]");

	if (!is_name(field, len) ||
	    (strcmp(field + len, "]") != 0 && strcmp(field + len, "][_eq]") != 0))
		return refuse(problem, "A filter compares with _eq; nothing else is known here.");
	return add_condition(out, field, len, value, problem);
}

const char *filter_value(const struct row_filter *filter, const char *field)
{
	for (int i = 0; i < filter->n; i++)
		if (!strcmp(filter->list[i].field, field))
			return filter->list[i].value;
	return NULL;
}

bool filter_matches(const struct row_filter *filter, const struct json *j,
		    const struct json_node *row)
{
	for (int i = 0; i < filter->n; i++)
		if (!json_is(j, json_member(j, row, filter->list[i].field), filter->list[i].value))
			return false;
	return true;
}

/* --- Fields ------------------------------------------------------------------- */

static int add_fields(const char *text, struct row_fields *out, bool *all,
		      struct query_problem *problem)
{
	for (;;) {
		size_t len;

		text += strspn(text, ", ");
		len = strcspn(text, ", ");
		if (!len)
			return 0;
		if (len == 1 && *text == '*') {
			*all = true;
		} else if (!is_name(text, len)) {
			return refuse(problem, "fields must be names of fields, or *.");
		} else if (out->n == (int)ARRAY_SIZE(out->names)) {
			return refuse(problem, "fields names at most %zu fields.",
				      ARRAY_SIZE(out->names));
		} else {
			memcpy(out->names[out->n], text, len);
			out->names[out->n++][len] = '\0';
		}
		text += len;
	}
}

int fields_read_json(const struct json *j, const struct json_node *node, struct row_fields *out,
		     struct query_problem *problem)
{
	bool list = node->type == JSON_ARRAY, all = false;
	const struct json_node *each = list ? json_first(j, node) : node;
	char text[512];

	for (; each; each = list ? json_after(j, each) : NULL) {
		if (json_copy(j, each, text, sizeof(text)) < 0)
			return refuse(problem, "fields must be names of fields, or *.");
		if (add_fields(text, out, &all, problem) < 0)
			return -1;
	}
	if (all)
		out->n = 0;
	return 0;
}

static bool is_wanted(const struct row_fields *fields, const struct json *j,
		      const struct json_node *key)
{
	for (int i = 0; i < fields->n; i++)
		if (json_is(j, key, fields->names[i]))
			return true;
	return false;
}

static void project_row(const struct row_fields *fields, const struct json *j,
			const struct json_node *row, struct buf *out)
{
	bool first = true;
	size_t len;

	buf_add(out, "{");
	for (const struct json_node *key = json_first(j, row); key;) {
		const struct json_node *value = json_value(j, key);

		if (is_wanted(fields, j, key)) {
			const char *raw = json_raw(j, key, &len);

			buf_add(out, first ? "" : ",");
			buf_add_n(out, raw, len);
			buf_add(out, ":");
			raw = json_raw(j, value, &len);
			buf_add_n(out, raw, len);
			first = false;
		}
		key = json_after(j, value);
	}
	buf_add(out, "}");
}

void fields_project(const struct row_fields *fields, const struct json *j,
		    const struct json_node *node, struct buf *out)
{
	size_t len;
	const char *raw = json_raw(j, node, &len);

	if (!fields->n) {
		buf_add_n(out, raw, len);
	} else if (node->type == JSON_ARRAY) {
		const char *comma = "";

		buf_add(out, "[");
		for (const struct json_node *row = json_first(j, node); row;
		     row = json_after(j, row)) {
			buf_add(out, comma);
			project_row(fields, j, row, out);
			comma = ",";
		}
		buf_add(out, "]");
	} else if (node->type == JSON_OBJECT) {
		project_row(fields, j, node, out);
	} else {
		buf_add_n(out, raw, len);
	}
}

/* --- The query string --------------------------------------------------------- */

static int add_sort(const char *text, struct row_query *q, struct query_problem *problem)
{
	for (;;) {
		size_t len;
		bool down;

		text += strspn(text, ", ");
		len = strcspn(text, ", ");
		if (!len)
			return 0;
		down = *text == '-';
		if (!is_name(text + down, len - down))
			return refuse(problem, "sort must be names of fields, with - in front for "
					       "descending.");
		if (q->n_sort == (int)ARRAY_SIZE(q->sort))
			return refuse(problem, "sort names at most %zu fields.",
				      ARRAY_SIZE(q->sort));
		memcpy(q->sort[q->n_sort], text, len);
		q->sort[q->n_sort++][len] = '\0';
		text += len;
	}
}

static int read_number(const char *name, const char *value, long max, long *out,
		       struct query_problem *problem)
{
	long n = parse_number(value, max);

	if (n < 0)
		return refuse(problem, "%s must be a number from 0 to %ld.", name, max);
	*out = n;
	return 0;
}

struct reading {
	struct row_query *q;
	bool all_fields;
	long page, offset;
	struct query_problem *problem;
};

static int read_pair(struct reading *in, const char *key, const char *value)
{
	static const char *const unknown[] = { "search", "aggregate", "groupBy", "deep",
					       "alias",	 "export",    "meta" };
	struct row_query *q = in->q;
	size_t stem = strcspn(key, "[");
	long limit = 0;

	if (!strcmp(key, "filter"))
		return read_filter_text(value, &q->filter, in->problem);
	if (!strncmp(key, "filter[", 7))
		return read_filter_key(key, value, &q->filter, in->problem);
	if (stem == 6 && !strncmp(key, "fields", 6))
		return add_fields(value, &q->fields, &in->all_fields, in->problem);
	if (stem == 4 && !strncmp(key, "sort", 4))
		return add_sort(value, q, in->problem);
	if (!strcmp(key, "offset"))
		return read_number(key, value, 1000000, &in->offset, in->problem);
	if (!strcmp(key, "page"))
		return read_number(key, value, 1000000, &in->page, in->problem);
	if (!strcmp(key, "limit")) {
		if (!strcmp(value, "-1")) {
			q->limit = QUERY_MAX_LIMIT;
			return 0;
		}
		if (read_number(key, value, 1000000, &limit, in->problem) < 0)
			return -1;
		q->limit = limit < QUERY_MAX_LIMIT ? (int)limit : QUERY_MAX_LIMIT;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		if (strlen(unknown[i]) == stem && !strncmp(key, unknown[i], stem))
			return refuse(in->problem, "%s is not known here.", unknown[i]);
	return 0;
}

int query_read(const char *query_string, struct row_query *out, struct query_problem *problem)
{
	struct reading in = { .q = out, .page = 1, .problem = problem };
	const char *at = NULL, *name, *text;
	size_t name_len, text_len;

	*out = (struct row_query){ .limit = 100 };
	while (query_next(query_string, &at, &name, &name_len, &text, &text_len)) {
		char key[160], value[2048];

		if (query_decode(name, name_len, key, sizeof(key)) < 0 ||
		    query_decode(text, text_len, value, sizeof(value)) < 0)
			return refuse(problem,
				      "The query string has a part that is too long or not "
				      "UTF-8.");
		if (read_pair(&in, key, value) < 0)
			return -1;
	}
	if (in.all_fields)
		out->fields.n = 0;
	if (in.page > 1)
		in.offset += (in.page - 1) * out->limit;
	out->offset = in.offset < 1000000 ? (int)in.offset : 1000000;
	return 0;
}

void query_write(const struct row_query *q, struct buf *out)
{
	buf_add(out, "{\"filter\":{");
	for (int i = 0; i < q->filter.n; i++) {
		buf_add(out, i ? "," : "");
		buf_add_json(out, q->filter.list[i].field);
		buf_add(out, ":");
		buf_add_json(out, q->filter.list[i].value);
	}
	buf_add(out, "},\"sort\":[");
	for (int i = 0; i < q->n_sort; i++) {
		buf_add(out, i ? "," : "");
		buf_add_json(out, q->sort[i]);
	}
	buf_addf(out, "],\"limit\":%d,\"offset\":%d}", q->limit, q->offset);
}
