/*
 * directus_op.c - a request, its answer, and what its errors mean.
 */
#include "store/directus.h"

#include <string.h>
#include "aio/upstream.h"
#include "base/check.h"
#include "observe/metrics.h"

#define REQUEST_TIMEOUT_MS 15000
#define OWN_MAX_BYTES	   (512UL << 20)
#define ANSWER_MAX_BYTES   (64UL << 20)

struct op *op_of(struct flow *f)
{
	return container_of(f, struct op, flow);
}

static void op_deliver(struct wait *w)
{
	struct op *op = container_of(w, struct op, wait);

	if (op->fill)
		op->fill(op);
}

static void op_release(struct wait *w)
{
	struct op *op = container_of(w, struct op, wait);

	if (op->finish)
		op->finish(op);
	json_object_put(op->body);
	arena_destroy(op->own);
	free(op);
}

static void op_cancel(struct wait *w)
{
	flow_cancel(&container_of(w, struct op, wait)->flow);
}

static void op_ended(struct flow *f)
{
	struct op *op = op_of(f);

	list_remove(&op->link);
	metrics_observe(op->d->metrics, METRIC_STORE_SECONDS, op->name,
			(double)(loop_now_ms(op->d->loop) - op->began_ms) / 1000.0);
	wait_finish(&op->wait, f->status, &f->fail);
}

struct op *op_begin(struct store *s, const char *name, flow_step *first, const char *first_name,
		    struct flow *f)
{
	struct directus *d = container_of(s, struct directus, store);
	struct op *op = calloc(1, sizeof(*op));

	if (!op)
		IMPOSSIBLE("out of memory for a request");
	op->own = arena_create(OWN_MAX_BYTES);
	if (!op->own)
		IMPOSSIBLE("out of memory for a request");
	op->d = d;
	op->name = name;
	op->began_ms = loop_now_ms(d->loop);
	list_append(&d->ops, &op->link);
	wait_begin(&op->wait, f);
	op->wait.deliver = op_deliver;
	op->wait.release = op_release;
	op->wait.cancel = op_cancel;
	flow_begin(&op->flow, d->loop, NULL, name, first, first_name, op_ended);
	return op;
}

const char *op_escape(struct op *op, const char *value)
{
	static const char digits[] = "0123456789ABCDEF";
	char *out = arena_alloc(op->own, strlen(value) * 3 + 1), *to = out;

	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    strchr("-_.~", c)) {
			*to++ = (char)c;
			continue;
		}
		*to++ = '%';
		*to++ = digits[c >> 4];
		*to++ = digits[c & 15];
	}
	return out;
}

const char *op_items(struct op *op, enum mapped what)
{
	return arena_printf(op->own, "/items/%s", mapping_collection(op->d->mapping, what));
}

const char *op_field(struct op *op, enum mapped what, const char *field)
{
	return mapping_field(op->d->mapping, what, field);
}

struct json_object *op_rows(struct op *op, enum mapped what)
{
	struct json_object *data = op_data(op), *rows = json_object_new_array();
	size_t n = json_object_is_type(data, json_type_array) ? json_object_array_length(data) : 0;

	for (size_t i = 0; i < n; i++)
		json_object_array_add(rows, mapping_from(op->d->mapping, what,
							 json_object_array_get_idx(data, i)));
	return rows;
}

void op_send(struct op *op, const char *method, const char *path, struct json_object *body,
	     struct flow *f)
{
	struct directus *d = op->d;
	const struct http_header headers[] = {
		{ "Accept", "application/json" },
		{ "Content-Type", "application/json" },
		{ "Authorization", d->authorization },
	};
	_cleanup_free_ char *text = body ? json_dump(body) : NULL;
	const struct http_request rq = {
		.method = method,
		.url = arena_printf(op->own, "%s%s", d->url, path),
		.headers = headers,
		.n_headers = d->authorization ? 3 : 2,
		.body = text,
		.body_len = text ? strlen(text) : 0,
		.timeout_ms = REQUEST_TIMEOUT_MS,
		.max_body_bytes = ANSWER_MAX_BYTES,
	};

	http_send(d->http, &rq, &op->response, op->own, f);
}

/* --- What an error means -------------------------------------------------------------- */

/* extensions.code of the first error; "" when there is none. */
static const char *code_of(struct json_object *body)
{
	struct json_object *errors = json_get_array(body, "errors");
	struct json_object *first = errors && json_object_array_length(errors)
					    ? json_object_array_get_idx(errors, 0)
					    : NULL;

	return json_text(json_get_object(first, "extensions"), "code");
}

/* Codes we do not know are told by their status. */
static int meaning(const char *code, int status)
{
	if (!strcmp(code, "RECORD_NOT_UNIQUE"))
		return ASSISTANT_ECONFLICT;
	if (!strcmp(code, "INVALID_FOREIGN_KEY"))
		return ASSISTANT_ENOTFOUND;
	if (!strcmp(code, "CONTENT_TOO_LARGE") || status == 413)
		return ASSISTANT_ETOOLARGE;
	if (!strcmp(code, "FORBIDDEN") || status == 401 || status == 403)
		return ASSISTANT_EDENIED;
	if (status == 429 || status == 408 || status >= 500)
		return ASSISTANT_EUNAVAILABLE;
	return ASSISTANT_EPROTOCOL;
}

int op_check(struct op *op)
{
	struct http_response *rs = &op->response;
	struct fail *f = &op->flow.fail;
	struct fail said = FAIL_INIT;
	const char *code;
	int r = 0;

	json_object_put(TAKE_PTR(op->body));
	if (rs->body_len)
		r = json_parse(rs->body, rs->body_len, &op->body, NULL);
	if (rs->status >= 200 && rs->status < 300) {
		if (r < 0 || (rs->status != 204 && !json_get(op->body, "data")))
			return FAIL(f, ASSISTANT_EPROTOCOL,
				    "Directus answered %s with something that is not its JSON.",
				    op->name);
		return 0;
	}
	code = code_of(op->body);
	r = FAIL(f, meaning(code, rs->status), "Directus refused %s with %d%s%.40s.", op->name,
		 rs->status, *code ? " " : "", code);
	upstream_check(rs, "Directus", NULL, 0, &said);
	f->cause = r == ASSISTANT_ECONFLICT || r == ASSISTANT_ENOTFOUND ? CAUSE_NONE : said.cause;
	f->retry_after_ms = said.retry_after_ms;
	return r;
}

struct json_object *op_data(struct op *op)
{
	return json_get(op->body, "data");
}

void op_done(struct flow *f)
{
	int r = op_check(op_of(f));

	if (r < 0)
		flow_fail(f, r);
	else
		flow_done(f);
}
