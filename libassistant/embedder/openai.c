/*
 * openai.c - vectors from any server that speaks OpenAI's POST /embeddings.
 *
 * One call is one request and one attempt; whoever wants more stands in front (guard/).  A batch of the largest texts stays
 * below the limits of a request (2,048 texts, 300,000 tokens in all, 8,192 in each), because a token is a byte at least.
 */
#include <endian.h>
#include <math.h>
#include <string.h>
#include "aio/flow_op.h"
#include "aio/upstream.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/utf8.h"
#include "embedder/embedder.h"
#include "observe/metrics.h"

#define TEXT_MAX_BYTES	 8192
#define BATCH_TEXTS	 32 /* what small servers take by default */
#define BATCHES		 4
#define PASSAGES_MS	 60000
#define BODY_MAX_BYTES	 (2UL << 20) /* BATCH_TEXTS * TEXT_MAX_BYTES, each byte escaped */
#define ANSWER_MAX_BYTES (64UL << 20)
/* A server that has answered lately is not asked whether it does; one that has failed not at once again. */
#define PING_WORKED_MS 60000
#define PING_FAILED_MS 5000

struct openai {
	struct embedder base;
	struct loop *loop;
	struct http *http;
	const struct clock *clock;
	struct metrics *metrics;
	char *url, *model, *name, *authorization, *prefix[2];
	unsigned send_dims; /* 0: the model's own */
	int query_timeout_ms;
	bool floats; /* this server takes no encoding_format */
	struct list ops;
	int64_t looked_ms; /* the last answer or failure; -1: none yet */
	int status;
	struct fail fail;
};

struct op {
	struct flow_op base;
	struct openai *o;
	enum embed_kind kind;
	const char **texts;
	size_t n;
	bool floats; /* asked for floats */
	int64_t began_ms;
	struct http_response answer;
	float *vectors, *out; /* out NULL: a ping */
};

static flow_step op_send, op_answered;

static struct op *op_of(struct flow *f)
{
	return container_of(flow_op_of(f), struct op, base);
}

/* --- The request -------------------------------------------------------------------- */

static void append_string(struct text *t, const char *s, size_t n)
{
	text_append_char(t, '"');
	text_append_json(t, s, n);
	text_append_char(t, '"');
}

/* An empty string is refused. */
static bool is_blank(const char *s)
{
	return !s[strspn(s, " \t\r\n")];
}

static void append_input(struct text *t, const struct op *op, size_t i)
{
	const char *prefix = op->o->prefix[op->kind], *text = op->texts[i];
	size_t room = TEXT_MAX_BYTES - strlen(prefix);

	if (!*prefix && is_blank(text))
		text = ".";
	text_append_char(t, '"');
	text_append_json(t, prefix, strlen(prefix));
	text_append_json(t, text, utf8_prefix(text, strlen(text), room));
	text_append_char(t, '"');
}

static void append_body(struct text *t, const struct op *op)
{
	text_append(t, "{\"model\":");
	append_string(t, op->o->model, strlen(op->o->model));
	text_append(t, ",\"input\":[");
	for (size_t i = 0; i < op->n; i++) {
		if (i)
			text_append_char(t, ',');
		append_input(t, op, i);
	}
	text_append_char(t, ']');
	if (!op->floats)
		text_append(t, ",\"encoding_format\":\"base64\"");
	if (op->o->send_dims)
		text_printf(t, ",\"dimensions\":%u", op->o->send_dims);
	text_append_char(t, '}');
}

static void op_send(struct flow *f)
{
	struct op *op = op_of(f);
	struct openai *o = op->o;
	_cleanup_text_ struct text body = { 0 };
	const struct http_header headers[] = {
		{ "content-type", "application/json" },
		{ "accept", "application/json" },
		{ "authorization", o->authorization },
	};

	op->floats = o->floats;
	text_init(&body, BODY_MAX_BYTES);
	append_body(&body, op);
	if (body.failed) {
		flow_fail(f, ASSISTANT_ENOMEM);
		return;
	}
	http_send(o->http,
		  &(struct http_request){
			  .method = "POST",
			  .url = o->url,
			  .headers = headers,
			  .n_headers = o->authorization ? 3 : 2,
			  .body = body.data,
			  .body_len = body.len,
			  .timeout_ms = op->kind == EMBED_QUERY ? o->query_timeout_ms : PASSAGES_MS,
			  .max_body_bytes = ANSWER_MAX_BYTES / 2,
		  },
		  &op->answer, op->base.own, THEN(f, op_answered));
}

/* --- The answer ----------------------------------------------------------------------- */

/* False: it is no vector, or the null vector. */
static bool make_unit(float *v, unsigned dims)
{
	double sum = 0;
	float scale;

	for (unsigned i = 0; i < dims; i++)
		sum += (double)v[i] * v[i];
	if (!isfinite(sum) || sum <= 0)
		return false;
	scale = (float)(1 / sqrt(sum));
	for (unsigned i = 0; i < dims; i++)
		v[i] *= scale;
	return true;
}

/* 32-bit floats, least significant byte first. */
static bool read_base64(const char *text, unsigned dims, float *out)
{
	_cleanup_free_ void *bytes = NULL;
	size_t len;

	if (base64_decode(text, strlen(text), &bytes, &len) < 0 || len != dims * sizeof(float))
		return false;
	for (unsigned i = 0; i < dims; i++) {
		uint32_t word;

		memcpy(&word, (char *)bytes + i * sizeof(word), sizeof(word));
		word = le32toh(word);
		memcpy(&out[i], &word, sizeof(word));
	}
	return true;
}

static bool read_floats(struct json_object *a, unsigned dims, float *out)
{
	if (json_object_array_length(a) != dims)
		return false;
	for (unsigned i = 0; i < dims; i++) {
		struct json_object *x = json_object_array_get_idx(a, i);

		if (!json_object_is_type(x, json_type_double) &&
		    !json_object_is_type(x, json_type_int))
			return false;
		out[i] = (float)json_object_get_double(x);
	}
	return true;
}

static bool read_vector(struct json_object *item, unsigned dims, float *out)
{
	struct json_object *e = json_get(item, "embedding");
	const char *text = json_get_string(item, "embedding");

	if (text ? !read_base64(text, dims, out)
		 : !json_object_is_type(e, json_type_array) || !read_floats(e, dims, out))
		return false;
	return make_unit(out, dims);
}

static int senseless(struct fail *f, const char *what)
{
	return FAIL(f, ASSISTANT_EPROTOCOL, "The embedding server's answer %s.", what);
}

/* Every text has its vector, whatever order they come in. */
static int read_vectors(struct op *op, struct json_object *answer, struct fail *fail)
{
	struct json_object *data = json_get_array(answer, "data");
	unsigned dims = op->o->base.dims;
	bool *there = arena_array(op->base.own, bool, op->n);

	op->vectors = arena_array(op->base.own, float, op->n *dims);
	if (!there || !op->vectors)
		return FAIL(fail, ASSISTANT_ENOMEM, "Out of memory.");
	if (!data || json_object_array_length(data) != op->n)
		return senseless(fail, "does not have one vector for each text");
	for (size_t i = 0; i < op->n; i++) {
		struct json_object *item = json_object_array_get_idx(data, i);
		int64_t index = json_get_int(item, "index", -1);

		if (index < 0 || index >= (int64_t)op->n || there[index])
			return senseless(fail, "does not number its vectors");
		there[index] = true;
		if (!read_vector(item, dims, op->vectors + (size_t)index * dims))
			return FAIL(
				fail, ASSISTANT_EPROTOCOL,
				"The embedding server's answer has a vector that is not one of "
				"%u dimensions: check EMBEDDING_MODEL and EMBEDDING_DIMENSIONS.",
				dims);
	}
	return 0;
}

/* {"error":{"message","type","param","code"}}; others say {"error":"..."} or {"detail":"..."}. */
static const char *error_text(struct json_object *o)
{
	struct json_object *e = json_get_object(o, "error");

	if (e)
		return json_text(e, "message");
	return json_get_string(o, "error")     ? json_text(o, "error")
	       : json_get_string(o, "message") ? json_text(o, "message")
					       : json_text(o, "detail");
}

static int read_error(struct op *op, struct fail *fail)
{
	const struct http_response *rs = &op->answer;
	_cleanup_json_ struct json_object *o = NULL;
	const char *request = http_header_get(rs, "x-request-id"), *detail;
	int code;

	json_parse(rs->body, rs->body_len, &o, NULL);
	detail = arena_printf(op->base.own, request ? "%.80s (%.60s)" : "%.110s", error_text(o),
			      request);
	code = upstream_check(rs, "The embedding server", detail, clock_now_ms(op->o->clock), fail);
	if (!strcmp(json_text(json_get_object(o, "error"), "code"), "insufficient_quota")) {
		fail->cause = CAUSE_SPENT;
		fail->final = true;
	}
	return code;
}

static bool refuses_base64(const struct op *op)
{
	int status = op->answer.status;

	return (status == 400 || status == 422) && !op->floats &&
	       strstr(op->answer.body, "encoding_format");
}

static void count_tokens(struct op *op, struct json_object *answer)
{
	struct json_object *usage = json_get_object(answer, "usage");
	int64_t tokens = json_get_int(usage, "total_tokens", 0);

	if (tokens > 0)
		metrics_add(op->o->metrics, METRIC_EMBED_TOKENS, NULL, (double)tokens);
}

static void op_answered(struct flow *f)
{
	struct op *op = op_of(f);
	_cleanup_json_ struct json_object *answer = NULL;
	int r;

	if (refuses_base64(op)) {
		op->o->floats = true;
		op_send(f);
		return;
	}
	r = read_error(op, &f->fail);
	if (!r && json_parse(op->answer.body, op->answer.body_len, &answer, NULL) < 0)
		r = senseless(&f->fail, "is not JSON");
	if (!r)
		r = read_vectors(op, answer, &f->fail);
	if (r < 0) {
		flow_fail(f, r);
		return;
	}
	count_tokens(op, answer);
	flow_done(f);
}

/* --- One call ---------------------------------------------------------------------------- */

static void op_deliver(struct flow_op *base)
{
	struct op *op = container_of(base, struct op, base);

	if (op->out)
		memcpy(op->out, op->vectors, op->n * op->o->base.dims * sizeof(float));
}

static void op_ended(struct flow_op *base)
{
	struct op *op = container_of(base, struct op, base);
	const struct flow *f = &base->flow;
	struct openai *o = op->o;
	const char *kind = op->kind == EMBED_QUERY ? "query" : "passage";

	if (f->status != ASSISTANT_ECANCELED) {
		o->looked_ms = loop_now_ms(o->loop);
		o->status = f->status;
		o->fail = f->fail;
	}
	if (f->status == 0 && op->out) {
		metrics_add(o->metrics, METRIC_EMBEDDED, kind, (double)op->n);
		metrics_observe(o->metrics, METRIC_EMBED_SECONDS, kind,
				(double)(loop_now_ms(o->loop) - op->began_ms) / 1000.0);
	}
}

static bool copy_texts(struct op *op, const char *const *texts, size_t n)
{
	op->texts = arena_array(op->base.own, const char *, n);
	for (size_t i = 0; op->texts && i < n; i++)
		if (!(op->texts[i] = arena_strndup(op->base.own, texts[i],
						   strnlen(texts[i], TEXT_MAX_BYTES + 4))))
			return false;
	op->n = n;
	return op->texts != NULL;
}

static void embed(struct embedder *base, enum embed_kind kind, const char *const *texts, size_t n,
		  float *out, struct flow *f)
{
	struct openai *o = container_of(base, struct openai, base);
	struct op *op = flow_op_new(sizeof(*op), ANSWER_MAX_BYTES, f);

	PRE(n >= 1 && n <= base->max_batch);
	if (!op)
		return;
	if (!copy_texts(op, texts, n)) {
		flow_op_refuse(&op->base, ASSISTANT_ENOMEM, NULL, f);
		return;
	}
	op->o = o;
	op->kind = kind;
	op->out = out;
	op->began_ms = loop_now_ms(o->loop);
	op->base.ended = op_ended;
	op->base.deliver = op_deliver;
	flow_op_begin(&op->base, &o->ops, o->loop, "embed", FIRST(op_send), f);
}

/* Readiness is asked every few seconds, and each request costs its sender something. */
static void ping(struct embedder *base, struct flow *f)
{
	struct openai *o = container_of(base, struct openai, base);
	const char *text = ".";
	int64_t ago = loop_now_ms(o->loop) - o->looked_ms;

	if (o->looked_ms < 0 || ago > (o->status < 0 ? PING_FAILED_MS : PING_WORKED_MS))
		embed(base, EMBED_QUERY, &text, 1, NULL, f);
	else if (o->status < 0)
		flow_refuse(f, o->status, &o->fail);
	else
		flow_sleep(f, 0);
}

static void destroy(struct embedder *base)
{
	struct openai *o = container_of(base, struct openai, base);

	flow_ops_cancel(&o->ops);
	free(o->url);
	free(o->model);
	free(o->name);
	free(o->authorization);
	free(o->prefix[EMBED_QUERY]);
	free(o->prefix[EMBED_PASSAGE]);
	free(o);
}

static const struct embedder_ops ops = {
	.name = "openai",
	.destroy = destroy,
	.ping = ping,
	.embed = embed,
};

/* --- Opening -------------------------------------------------------------------------------- */

static const struct {
	const char *model;
	unsigned dims;
	bool shortens; /* takes "dimensions" */
} known[] = {
	{ "text-embedding-3-small", 1536, true },
	{ "text-embedding-3-large", 3072, true },
	{ "text-embedding-ada-002", 1536, false },
};

static int choose_dims(struct openai *o, unsigned wanted, struct fail *f)
{
	o->base.dims = wanted;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(o->model, known[i].model) != 0)
			continue;
		o->base.dims = wanted ? wanted : known[i].dims;
		if (o->base.dims > known[i].dims ||
		    (!known[i].shortens && o->base.dims < known[i].dims))
			return FAIL(f, ASSISTANT_ECONFIG,
				    "EMBEDDING_DIMENSIONS is %u; %s has %u%s.", wanted, o->model,
				    known[i].dims, known[i].shortens ? " or fewer" : "");
		if (o->base.dims != known[i].dims)
			o->send_dims = o->base.dims;
		return 0;
	}
	if (!wanted)
		return FAIL(f, ASSISTANT_ECONFIG,
			    "EMBEDDING_DIMENSIONS is not set, and how many \"%.80s\" has is not "
			    "known here: set it (e.g. 384 for multilingual-e5-small).",
			    o->model);
	return 0;
}

/* Vectors of texts with other prefixes are not comparable: the prefixes are part of the name. */
static char *name_of(const struct openai *o)
{
	char digest[SHA256_HEX_SIZE], *both = NULL, *name = NULL;
	int n;

	if (!*o->prefix[EMBED_QUERY] && !*o->prefix[EMBED_PASSAGE])
		return strdup(o->model);
	n = asprintf(&both, "%s\n%s", o->prefix[EMBED_QUERY], o->prefix[EMBED_PASSAGE]);
	if (n < 0)
		return NULL;
	sha256_hex(both, (size_t)n, digest);
	free(both);
	return asprintf(&name, "%s prefixes:%.8s", o->model, digest) < 0 ? NULL : name;
}

static int fill(struct openai *o, const struct openai_options *options, struct fail *f)
{
	size_t n = strlen(options->url);

	while (n && options->url[n - 1] == '/')
		n--;
	o->model = strdup(options->model);
	o->prefix[EMBED_QUERY] = strdup(options->query_prefix);
	o->prefix[EMBED_PASSAGE] = strdup(options->passage_prefix);
	if (asprintf(&o->url, "%.*s/embeddings", (int)n, options->url) < 0)
		o->url = NULL;
	if (*options->key && asprintf(&o->authorization, "Bearer %s", options->key) < 0)
		o->url = NULL;
	if (!o->model || !o->prefix[EMBED_QUERY] || !o->prefix[EMBED_PASSAGE] || !o->url ||
	    !(o->name = name_of(o)))
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	if (strlen(options->query_prefix) > 1000 || strlen(options->passage_prefix) > 1000)
		return FAIL(f, ASSISTANT_ECONFIG, "%s",
			    "EMBEDDING_QUERY_PREFIX and EMBEDDING_PASSAGE_PREFIX may have at most "
			    "1,000 bytes.");
	return choose_dims(o, options->dims, f);
}

int openai_embedder_open(struct loop *loop, struct http *http, const struct openai_options *options,
			 const struct clock *clock, struct metrics *metrics, struct embedder **out,
			 struct fail *f)
{
	struct openai *o = calloc(1, sizeof(*o));
	int r;

	if (!o)
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	list_init(&o->ops);
	r = fill(o, options, f);
	if (r < 0) {
		destroy(&o->base);
		return r;
	}
	o->loop = loop;
	o->http = http;
	o->clock = clock;
	o->metrics = metrics;
	o->query_timeout_ms = options->timeout_ms;
	o->looked_ms = -1;
	o->base.ops = &ops;
	o->base.model = o->name;
	o->base.max_batch = BATCH_TEXTS;
	o->base.batches = BATCHES;
	*out = &o->base;
	return 0;
}
