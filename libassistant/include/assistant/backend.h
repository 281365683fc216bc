/*
 * assistant/backend.h - bring your own service, clock or cache of rows.
 *
 * Stable within a minor version only.
 *
 * A backend answers operations: a name and a JSON request in, a JSON result out.  call() runs on one of the library's
 * worker threads, one at a time for each backend; it may answer inside call() or later, from any
 * thread, exactly once, with assistant_pending_done.
 *
 * The operations of a "store" (request -> result); rows are as in docs/api.md:
 *	"ping"                {}                                         -> {}
 *	"conversation"        {"id"}                                     -> {row}
 *	"message"             {"id"}                                     -> {row}
 *	"history"             {"conversation_id","limit"}                -> {"rows":[newest first]}
 *	"conversation_create" {row}                                      -> {}
 *	"message_create"      {row}                                      -> {}      (ECONFLICT: that id exists)
 *	"messages_write"      {"rows":[{"id","messageText"?,"metadata"?}]} -> {"missing":[id]}
 *	"messages_complete"   {"ids":[...]}                              -> {}
 *	"messages_streaming"  {"limit"}                                  -> {"rows":[oldest first]}
 *	"conferences"         {}                                         -> {"rows":[{"id","name","epoch"}]}
 *	"conference"          {"id"}  -> {"conference":{...},"sessions":[...],"exhibitors":[...],"speakers":[...],"epoch"}
 * A row that does not exist is ASSISTANT_ENOTFOUND.  What a create leaves out is the store's to fill: date_created (now),
 * user_created ("public-user"), and of conversations source ("mini") and status ("active").
 */
#ifndef ASSISTANT_BACKEND_H
#define ASSISTANT_BACKEND_H

#include <assistant.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ASSISTANT_BACKEND_VERSION 1

typedef struct assistant_pending assistant_pending;

typedef struct assistant_backend {
	unsigned version; /* ASSISTANT_BACKEND_VERSION */
	const char *name; /* "redis-store": for logs and reports */
	/* request_json lasts until p is done. */
	void (*call)(void *ctx, const char *operation, const char *request_json,
		     assistant_pending *p);
	void (*destroy)(
		void *ctx); /* when the assistant closes: answers what is open first; may be NULL */
} assistant_backend;

/* kind: "store".  The struct is copied, ctx is yours and must live until destroy. */
ASSISTANT_API int assistant_config_use(assistant_config *c, const char *kind,
				       const assistant_backend *backend, void *ctx,
				       assistant_error *err);
/* code 0 with result_json, or a negative code with one plain sentence; strings are copied.  p is gone afterwards. */
ASSISTANT_API void assistant_pending_done(assistant_pending *p, int code, const char *result_json,
					  const char *sentence);

/* Unix time in ms, from any thread: replaces the clock of the machine. */
typedef long long assistant_clock_fn(void *user);
ASSISTANT_API int assistant_config_use_clock(assistant_config *c, assistant_clock_fn *fn,
					     void *user);

#ifdef __cplusplus
}
#endif
#endif
