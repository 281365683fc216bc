/*
 * assistant/testing.h - fakes for programs that use the library, and for the library itself.
 *
 * A second, small library (libassistant-testing).  Stable within a minor version only.  All functions may be called
 * from any thread.  A fake must outlive the assistant that uses it.
 */
#ifndef ASSISTANT_TESTING_H
#define ASSISTANT_TESTING_H

#include <assistant.h>
#include <assistant/backend.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- A clock that stands still until told ------------------------------------ */

typedef struct assistant_fake_clock assistant_fake_clock;

/* unix_ms: what it shows first. */
ASSISTANT_API int assistant_fake_clock_new(long long unix_ms, assistant_fake_clock **out);
ASSISTANT_API void assistant_fake_clock_advance(assistant_fake_clock *c, long long ms);
ASSISTANT_API int assistant_fake_clock_use(assistant_fake_clock *c, assistant_config *config);
ASSISTANT_API void assistant_fake_clock_free(assistant_fake_clock *c);

/* --- A store in memory, with faults on demand --------------------------------- */

typedef struct assistant_fake_store assistant_fake_store;

ASSISTANT_API int assistant_fake_store_new(assistant_fake_store **out);
ASSISTANT_API int assistant_fake_store_use(assistant_fake_store *s, assistant_config *config,
					   assistant_error *err);
/* What _use registers, for those who register it themselves. */
ASSISTANT_API int assistant_fake_store_backend(assistant_fake_store *s, assistant_backend *backend,
					       void **ctx);
/* The normalised form of docs/data-format.md as one object; its epoch grows with each call. */
ASSISTANT_API int assistant_fake_store_conference(assistant_fake_store *s, const char *json,
						  assistant_error *err);
/* A row of "conversations" or "messages" as JSON: the caller's to free with assistant_free.  NULL: none. */
ASSISTANT_API char *assistant_fake_store_row(assistant_fake_store *s, const char *collection,
					     const char *id);
/* Puts or replaces a row, as another process would. */
ASSISTANT_API int assistant_fake_store_put(assistant_fake_store *s, const char *collection,
					   const char *row_json);
/* The next `times` calls of the operation (NULL: of any) fail with code and sentence. */
ASSISTANT_API void assistant_fake_store_fail(assistant_fake_store *s, const char *operation,
					     int times, int code, const char *sentence);
/* Call number n from now (1: the next one) of any operation fails: for walking through all of them. */
ASSISTANT_API void assistant_fake_store_fail_nth(assistant_fake_store *s, int n, int code);
/* Every answer of the operation (NULL: of any) takes so long. */
ASSISTANT_API void assistant_fake_store_delay(assistant_fake_store *s, const char *operation,
					      int ms);
/* No more faults and delays. */
ASSISTANT_API void assistant_fake_store_heal(assistant_fake_store *s);
/* Calls of the operation so far (NULL: of any). */
ASSISTANT_API int assistant_fake_store_count(assistant_fake_store *s, const char *operation);
/* Texts that a row was given by messages_write, in order, joined by '\n'; to free with assistant_free. */
ASSISTANT_API char *assistant_fake_store_writes(assistant_fake_store *s, const char *id);
ASSISTANT_API void assistant_fake_store_free(assistant_fake_store *s);

#ifdef __cplusplus
}
#endif
#endif
