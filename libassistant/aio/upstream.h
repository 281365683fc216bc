/*
 * upstream.h - what the status of a service's HTTP answer means: the same for every service.
 *
 *	2xx            0
 *	401 403        EDENIED       denied
 *	402            EDENIED       spent
 *	404            ENOTFOUND     rejected (a path or a model that is not there)
 *	408 504        EUNAVAILABLE  timeout
 *	409            ECONFLICT     none
 *	413            ETOOLARGE     rejected
 *	429            ELIMIT        rate_limited
 *	503 529        EUNAVAILABLE  overloaded
 *	other 5xx      EUNAVAILABLE  server_error
 *	other          EPROTOCOL     rejected
 *
 * What a service's own error body says more exactly, the service sets afterwards (code, cause).
 */
#ifndef AIO_UPSTREAM_H
#define AIO_UPSTREAM_H

#include "aio/http.h"

/* Longer waits that a server asks for are not believed. */
#define RETRY_AFTER_MAX_MS 60000

/* 0, or the code; the sentence is "<who> answered <status>." with detail (may be NULL: a short text of the service's, cut after
 * 120 bytes) behind it; cause and retry_after_ms are set. */
int upstream_check(const struct http_response *rs, const char *who, const char *detail,
		   int64_t now_unix_ms, struct fail *f);
/* retry-after-ms, else retry-after in seconds (fractions taken) or as an HTTP date; 0: neither, or not within 0..RETRY_AFTER_MAX_MS. */
int upstream_retry_after_ms(const struct http_response *rs, int64_t now_unix_ms);
/* When the server says it answered, in unix seconds; 0: it does not. */
int64_t upstream_date_s(const struct http_response *rs);

#endif
