/*
 * upstream.c - see upstream.h.
 */
#include "aio/upstream.h"

#include <curl/curl.h>
#include <math.h>

#define DETAIL_BYTES 120

static const struct {
	int status, code;
	enum cause cause;
} meanings[] = {
	{ 401, ASSISTANT_EDENIED, CAUSE_DENIED },
	{ 402, ASSISTANT_EDENIED, CAUSE_SPENT },
	{ 403, ASSISTANT_EDENIED, CAUSE_DENIED },
	{ 404, ASSISTANT_ENOTFOUND, CAUSE_REJECTED },
	{ 408, ASSISTANT_EUNAVAILABLE, CAUSE_TIMEOUT },
	{ 409, ASSISTANT_ECONFLICT, CAUSE_NONE },
	{ 413, ASSISTANT_ETOOLARGE, CAUSE_REJECTED },
	{ 429, ASSISTANT_ELIMIT, CAUSE_RATE_LIMITED },
	{ 503, ASSISTANT_EUNAVAILABLE, CAUSE_OVERLOADED },
	{ 504, ASSISTANT_EUNAVAILABLE, CAUSE_TIMEOUT },
	{ 529, ASSISTANT_EUNAVAILABLE, CAUSE_OVERLOADED },
};

static int meaning(int status, enum cause *cause)
{
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++) {
		if (meanings[i].status != status)
			continue;
		*cause = meanings[i].cause;
		return meanings[i].code;
	}
	*cause = status >= 500 ? CAUSE_SERVER_ERROR : CAUSE_REJECTED;
	return status >= 500 ? ASSISTANT_EUNAVAILABLE : ASSISTANT_EPROTOCOL;
}

/* A plain decimal number and nothing else; false: it is not one. */
static bool number(const char *s, double *out)
{
	char *end;

	if (!s || *s < '0' || *s > '9')
		return false;
	*out = strtod(s, &end);
	return *end == '\0' && isfinite(*out);
}

static int believed(double ms)
{
	return ms > 0 && ms <= RETRY_AFTER_MAX_MS ? (int)ceil(ms) : 0;
}

int upstream_retry_after_ms(const struct http_response *rs, int64_t now_unix_ms)
{
	const char *after = http_header_get(rs, "retry-after");
	double n;
	time_t at;

	if (number(http_header_get(rs, "retry-after-ms"), &n) && believed(n))
		return believed(n);
	if (!after)
		return 0;
	if (number(after, &n))
		return believed(n * 1000);
	at = curl_getdate(after, NULL);
	return at == -1 ? 0 : believed((double)at * 1000 - (double)now_unix_ms);
}

int upstream_check(const struct http_response *rs, const char *who, const char *detail,
		   int64_t now_unix_ms, struct fail *f)
{
	enum cause cause;
	int code;

	if (rs->status >= 200 && rs->status < 300)
		return 0;
	code = meaning(rs->status, &cause);
	if (detail && *detail)
		FAIL(f, code, "%s answered %d: %.*s", who, rs->status, DETAIL_BYTES, detail);
	else
		FAIL(f, code, "%s answered %d.", who, rs->status);
	if (f) {
		f->cause = (unsigned char)cause;
		f->retry_after_ms = upstream_retry_after_ms(rs, now_unix_ms);
	}
	return code;
}

int64_t upstream_date_s(const struct http_response *rs)
{
	const char *date = http_header_get(rs, "date");
	time_t at = date ? curl_getdate(date, NULL) : -1;

	return at == -1 ? 0 : (int64_t)at;
}
