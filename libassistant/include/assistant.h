/*
 * assistant.h - a conference assistant you can embed.
 *
 * What a program does with it
 *	assistant_config_new -> assistant_config_set... -> assistant_open
 *	assistant_chat_new   -> assistant_chat_send -> assistant_chat_next... -> assistant_chat_free
 *	assistant_close
 *
 * A server that answers messages which already stand in the store uses assistant_reply_start
 * instead of a chat; the row then receives the text and is marked completed by the library.
 *
 * Threads.   assistant_open starts the library's own threads; nothing of yours runs on them
 *	except a log function, a metrics function, tool and node functions.  An assistant handle may be used from
 *	any thread.  A chat, reply, watch or ingest handle may be used by one thread at a time, except
 *	assistant_chat_cancel and assistant_reply_stop, which any thread may call.
 * Blocking.  Functions with a timeout_ms parameter wait for the outside world for at most that
 *	long; assistant_close waits for its grace.  No other function blocks on I/O.
 * Errors.    int functions return 0, or a negative ASSISTANT_E code.  Where the last parameter is
 *	an assistant_error, it then also gets one plain sentence.  Out parameters are written on
 *	success only.
 * Ownership. What a function returns through T **out is yours: free it with that type's _free
 *	(plain text: assistant_free).  const T * results belong to the object you asked and say how
 *	long they last.  Strings you pass in are copied before the call returns.  Every _free
 *	accepts NULL.
 * Units.     Text is UTF-8, NUL-terminated.  Durations are milliseconds; -1 means no limit.
 *	Scores are 0..1.  Times are ISO 8601 with an offset.
 * Stability. This header is stable within a major version; assistant/backend.h and
 *	assistant/testing.h within a minor one.
 */
#ifndef ASSISTANT_H
#define ASSISTANT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ASSISTANT_API __attribute__((visibility("default")))
#else
#define ASSISTANT_API
#endif

#define ASSISTANT_VERSION_MAJOR 0
#define ASSISTANT_VERSION_MINOR 1
#define ASSISTANT_VERSION_PATCH 0

typedef struct assistant assistant;
typedef struct assistant_config assistant_config;
typedef struct assistant_chat assistant_chat;
typedef struct assistant_reply assistant_reply;
typedef struct assistant_event assistant_event;
typedef struct assistant_watch assistant_watch;
typedef struct assistant_ingest assistant_ingest;

enum {
	ASSISTANT_OK = 0,
	ASSISTANT_EINVAL = -1, /* an argument that no call may carry; the sentence names it */
	ASSISTANT_ENOMEM = -2,
	ASSISTANT_ECONFIG = -3,	     /* unknown setting, or a value it rejects */
	ASSISTANT_EUNAVAILABLE = -4, /* a service is down, draining or overloaded: retry_after_ms */
	ASSISTANT_ETIMEOUT = -5,
	ASSISTANT_ELIMIT = -6, /* rate limit reached: retry_after_ms */
	ASSISTANT_ECANCELED = -7,
	ASSISTANT_EBUSY = -8, /* this chat is already answering */
	ASSISTANT_ENOTFOUND = -9,
	ASSISTANT_EPROTOCOL = -10,     /* a service answered nonsense */
	ASSISTANT_EINTERNAL = -11,     /* a bug in this library: please report */
	ASSISTANT_ECONFLICT = -12,     /* the same id was used before with other content */
	ASSISTANT_ETOOLARGE = -13,     /* over a documented size */
	ASSISTANT_EDENIED = -14,       /* the service or the caller's rights do not allow it */
	ASSISTANT_EUNPROCESSABLE = -15 /* well-formed, but of no use: an empty question */
};

/* The only public struct a caller allocates: its size is fixed for good. */
typedef struct assistant_error {
	int code;
	int retry_after_ms; /* when asking again makes sense; 0: unknown */
	char message[248];
} assistant_error;
/* clang-format off */
#define ASSISTANT_ERROR_INIT { 0, 0, "" }
/* clang-format on */

ASSISTANT_API const char *assistant_version(void);
ASSISTANT_API const char *assistant_strerror(int code); /* static, never NULL */
ASSISTANT_API void assistant_free(void *text);

/* --- Settings ---------------------------------------------------------- */

/* level: 0 error, 1 warning, 2 info, 3 debug.  The line has no newline; it is yours until return. */
typedef void assistant_log_fn(void *user, int level, const char *line);

ASSISTANT_API int assistant_config_new(assistant_config **out);
/* Names and values are listed in docs/settings.md, e.g. "ERLEAH_DATA" or "LOG_LEVEL". */
ASSISTANT_API int assistant_config_set(assistant_config *c, const char *name, const char *value,
				       assistant_error *err);
/* Reads every setting that the environment names; *_FILE variants hold a path to a secret. */
ASSISTANT_API int assistant_config_load_env(assistant_config *c, assistant_error *err);
/* Reads NAME=value lines; # starts a comment. */
ASSISTANT_API int assistant_config_load_file(assistant_config *c, const char *path,
					     assistant_error *err);
/* The value in force; *value lasts until the next set, load or free.  ENOTFOUND: no such name. */
ASSISTANT_API int assistant_config_get(const assistant_config *c, const char *name,
				       const char **value);
/* Walks the settings table: index 0, 1, ... until ASSISTANT_ENOTFOUND.  All strings are static.
 * type: "string" "int" "bool" "duration_ms" "size" "url" "path" "list" "secret" or "choice(a|b)". */
typedef struct assistant_setting {
	const char *name, *type, *fallback, *sentence, *section;
} assistant_setting;
ASSISTANT_API int assistant_config_iterate(int index, assistant_setting *out);
ASSISTANT_API int assistant_config_set_log(assistant_config *c, assistant_log_fn *fn, void *user);
/* serving: 1 for programs that stay up and answer for others.  Only those settle rows that a dead process left
 * streaming; everything else (a REPL, ingest) leaves other processes' rows alone.  Default 0. */
ASSISTANT_API int assistant_config_set_serving(assistant_config *c, int serving);
/* loading: 1 for programs that are there to load conferences.  Others refuse to start (ECONFIG) when an index holds
 * vectors of another model than the one chosen now; loading is the way out of that.  Default 0. */
ASSISTANT_API int assistant_config_set_loading(assistant_config *c, int loading);
ASSISTANT_API void assistant_config_free(assistant_config *c);

/* A tool of yours.  Called on a worker thread, never two at once for one tool.  args_json has passed schema_json.
 * Return 0 and malloc()ed JSON in *result_json, or a negative ASSISTANT_E code.  The result is
 * {"results":[{"type","id","name",...}],"text":"..."}: both keys optional. */
typedef int assistant_tool_fn(void *user, const char *args_json, char **result_json);
ASSISTANT_API int assistant_config_add_tool(assistant_config *c, const char *name,
					    const char *description, const char *schema_json,
					    assistant_tool_fn *fn, void *user,
					    assistant_error *err);
/* A node of yours, run after the node named `after` ("understand", "plan", "execute", "reflect").  It sees the turn's
 * state as JSON and may return a malloc()ed JSON object whose keys replace those of the state
 * ("question", "language", "notes"), or leave *patch_json NULL. */
typedef int assistant_node_fn(void *user, const char *state_json, char **patch_json);
ASSISTANT_API int assistant_config_add_node(assistant_config *c, const char *name,
					    const char *after, assistant_node_fn *fn, void *user,
					    assistant_error *err);

/* --- The assistant ------------------------------------------------------ */

/* Copies c.  Does not wait for remote services: assistant_report says how they are. */
ASSISTANT_API int assistant_open(assistant **out, const assistant_config *c, assistant_error *err);
/* Refuses new turns from now on (ASSISTANT_EUNAVAILABLE) and reports "not ready". */
ASSISTANT_API void assistant_drain(assistant *a);
/* Drains, lets turns and calls finish for up to grace_ms, then ends the rest: turns with what text there is, their rows
 * completed; calls of other threads with ASSISTANT_ECANCELED, or ASSISTANT_EUNAVAILABLE when they come too late.  Returns when
 * no thread is in a call any more; a may not be used then.  Handles made from a stay yours to free: what they ask ends with
 * EUNAVAILABLE.  Not from a function that the library calls. */
ASSISTANT_API void assistant_close(assistant *a, int grace_ms);

enum {
	ASSISTANT_REPORT_READY = 1,   /* JSON {"status","checks":{...}} */
	ASSISTANT_REPORT_GRAPH = 2,   /* text: nodes, edges, conditions */
	ASSISTANT_REPORT_DOCTOR = 3,  /* JSON {"findings":[{"level","what","do"}]} */
	ASSISTANT_REPORT_METRICS = 4, /* Prometheus text 0.0.4 */
	ASSISTANT_REPORT_OPENMETRICS = 5,
	ASSISTANT_REPORT_SETTINGS = 6, /* JSON, secrets redacted */
	ASSISTANT_REPORT_TOOLS = 7     /* JSON: name, description, schema */
};
ASSISTANT_API int assistant_report(assistant *a, int what, int timeout_ms, char **out,
				   assistant_error *err);

/* --- Observing: a program adds its own to the library's ------------------ */

enum { ASSISTANT_COUNTER = 1, ASSISTANT_GAUGE = 2, ASSISTANT_HISTOGRAM = 3 };
/* buckets: ascending upper bounds, seconds or bytes; for histograms only.  label: one label's name or NULL.
 * The metric lives as long as a.  Returns an id >= 0, or a negative code. */
ASSISTANT_API int assistant_metric_new(assistant *a, int kind, const char *name, const char *help,
				       const char *label, const double *buckets, size_t n_buckets);
/* Adds to a counter, sets a gauge, observes in a histogram.  At most 64 label values are kept. */
ASSISTANT_API void assistant_metric_record(assistant *a, int metric, const char *label_value,
					   double value);
/* A log line in the library's form.  fields_json: a JSON object or NULL. */
ASSISTANT_API void assistant_log(assistant *a, int level, const char *event,
				 const char *fields_json);

/* --- Replies: answering messages that stand in the store ----------------- */

typedef struct assistant_reply_params {
	const char *conversation_id;
	const char *message_id; /* the visitor's message: the idempotency key */
	const char *conference_id;
	const char *client_address; /* for the rate limit; NULL: not limited by address */
	const char *request_id;	    /* NULL: one is made */
	const char *traceparent;    /* W3C; NULL or invalid: a new trace */
	const char *now;	    /* asks as of that time; NULL: the clock */
	int timeout_ms;		    /* how long starting may take */
} assistant_reply_params;

/*
 * Starts the turn for a stored message, or attaches to the reply it already has.  On return the
 * assistant's row exists (status "streaming").  *attached (may be NULL) is 1 when no new turn
 * began.  The turn goes on whether or not anyone listens.
 * ENOTFOUND ("Conversation not found", "Message not found", "Conference not found"), ECONFLICT,
 * EUNPROCESSABLE (text empty or longer than 2,000 characters), ELIMIT, EUNAVAILABLE, EINVAL.
 */
ASSISTANT_API int assistant_reply_start(assistant *a, const assistant_reply_params *params,
					assistant_reply **out, int *attached, assistant_error *err);
/* A reply by its id (the assistant message's id), running or finished, also from the store. */
ASSISTANT_API int assistant_reply_open(assistant *a, const char *assistant_message_id,
				       int timeout_ms, assistant_reply **out, assistant_error *err);
ASSISTANT_API const char *assistant_reply_id(const assistant_reply *r);
/* The next event after the last one read.  *event lasts until the next call on r.  ASSISTANT_ETIMEOUT:
 * none yet; ASSISTANT_ENOTFOUND: the end was read. */
ASSISTANT_API int assistant_reply_next(assistant_reply *r, int timeout_ms,
				       const assistant_event **event);
/* Continues behind event number `after` (0: from the start). */
ASSISTANT_API int assistant_reply_seek(assistant_reply *r, unsigned long after);
/* Readable while assistant_reply_next(r, 0, ..) has something.  Do not read it. */
ASSISTANT_API int assistant_reply_fd(assistant_reply *r);
/* Waits until the reply has ended and its row is written.  ETIMEOUT otherwise. */
ASSISTANT_API int assistant_reply_wait(assistant_reply *r, int timeout_ms);
/* Any thread.  Ends the turn; the text so far is kept, outcome "stopped".  ENOTFOUND: it had ended.
 * EUNAVAILABLE: another process writes it, and only that one can stop it. */
ASSISTANT_API int assistant_reply_stop(assistant_reply *r);
/* {"id","state","outcome","mode","text","references":[...],"suggestions":[...],"timings":{...}} */
ASSISTANT_API int assistant_reply_json(assistant_reply *r, char **out);
/* {"intent","tools_used":[...],"processing_time_ms","search_results_count",...}: for debugging. */
ASSISTANT_API int assistant_reply_debug(assistant_reply *r, char **out);
/* rating: "up" or "down"; comment: up to 1,000 characters or NULL. */
ASSISTANT_API int assistant_reply_feedback(assistant_reply *r, const char *rating,
					   const char *comment, int timeout_ms,
					   assistant_error *err);
/* Detaches this reader; the turn goes on. */
ASSISTANT_API void assistant_reply_free(assistant_reply *r);

/* New types may be added: skip what you do not know. */
enum {
	ASSISTANT_EVENT_ACCEPTED = 1,	/* json {"assistant_message_id"}; always number 1 */
	ASSISTANT_EVENT_STATUS = 2,	/* json {"node","text"}: a node started, in words */
	ASSISTANT_EVENT_DELTA = 3,	/* json {"text"}: a piece of the answer */
	ASSISTANT_EVENT_REFERENCE = 4,	/* json {"type","id","name","score"} */
	ASSISTANT_EVENT_SUGGESTION = 5, /* json {"text"}: a question worth asking next */
	ASSISTANT_EVENT_DONE = 6, /* json {"outcome","mode","usage","timings"}: the last one */
	ASSISTANT_EVENT_ERROR = 7 /* json {"error","outcome"}: the last one */
};
ASSISTANT_API int assistant_event_type(const assistant_event *e);
ASSISTANT_API const char *assistant_event_name(const assistant_event *e);     /* "delta", for SSE */
ASSISTANT_API unsigned long assistant_event_number(const assistant_event *e); /* 1, 2, 3... */
/* The human text of status, delta, reference (its name), suggestion and error; "" otherwise. */
ASSISTANT_API const char *assistant_event_text(const assistant_event *e, size_t *len);
ASSISTANT_API const char *assistant_event_json(const assistant_event *e); /* one line */

/* --- Conversations of a program of your own ------------------------------ */

/* Settings: "conference" (id or name; default DEFAULT_CONFERENCE_ID or the only one),
 * "conversation" (continue that one), "now" (ask as of that time), "user". */
ASSISTANT_API int assistant_chat_new(assistant *a, assistant_chat **out);
ASSISTANT_API int assistant_chat_set(assistant_chat *c, const char *name, const char *value,
				     assistant_error *err);
/* Stores the question, starts a turn and returns; one turn at a time (EBUSY). */
ASSISTANT_API int assistant_chat_send(assistant_chat *c, const char *message, int timeout_ms,
				      assistant_error *err);
/* As assistant_reply_next, of the turn last sent. */
ASSISTANT_API int assistant_chat_next(assistant_chat *c, int timeout_ms,
				      const assistant_event **event);
ASSISTANT_API int assistant_chat_fd(assistant_chat *c);
/* The reply of the turn last sent: borrowed until the next send or free.  NULL: none yet. */
ASSISTANT_API assistant_reply *assistant_chat_reply(assistant_chat *c);
/* The conversation's id, once something was sent; "" before. */
ASSISTANT_API const char *assistant_chat_conversation(assistant_chat *c);
/* Any thread.  The turn ends with DONE, outcome "stopped". */
ASSISTANT_API void assistant_chat_cancel(assistant_chat *c);
ASSISTANT_API void assistant_chat_free(assistant_chat *c);

/* --- Without a conversation --------------------------------------------- */

/* conference: id or name, NULL for the default.  *answer_json is a reply's JSON. */
ASSISTANT_API int assistant_ask(assistant *a, const char *conference, const char *question,
				const char *now, int timeout_ms, char **answer_json,
				assistant_error *err);
/*
 * query_json: {"conference_id","q","entity":"sessions|exhibitors|speakers|all","limit":10,
 * "raw":false,"why":false,"scoring":"full|lexical|reference","now":"...","filters":{"day","from","to","place","track","speaker",
 * "type","level","language"}}: all but q optional.  Result: {"kind":"entities|info|none|clarify",
 * "results":[{"type","id","name","score","why"?}],"understood":{...},"relaxed":[...]}.
 */
ASSISTANT_API int assistant_search(assistant *a, const char *query_json, int timeout_ms,
				   char **result_json, assistant_error *err);

/* --- Rows of the embedded store, for a Directus-compatible face ----------- */

/*
 * collection: "conversations" "messages" "conferences" "sessions" "exhibitors" "speakers"; lists also "info_pages"
 * ("id", which is the page's key, "title", "text", "conference_id").
 * Results are Directus' "data" as JSON.  On a remote store these return ASSISTANT_EDENIED: the
 * remote store has a face of its own.
 */
ASSISTANT_API int assistant_row_read(assistant *a, const char *collection, const char *id,
				     int timeout_ms, char **row_json, assistant_error *err);
/* query_json: {"filter":{field:value,...},"sort":["-date_created"],"limit":100,"offset":0}.
 * Fields are compared for equality.  *rows_json is an array. */
ASSISTANT_API int assistant_row_list(assistant *a, const char *collection, const char *query_json,
				     int timeout_ms, char **rows_json, assistant_error *err);
/* conversations and messages only.  ECONFLICT: that id exists. */
ASSISTANT_API int assistant_row_create(assistant *a, const char *collection, const char *row_json,
				       int timeout_ms, char **created_json, assistant_error *err);
ASSISTANT_API int assistant_row_patch(assistant *a, const char *collection, const char *id,
				      const char *patch_json, int timeout_ms, char **row_json,
				      assistant_error *err);
/*
 * A watch reports changes of the rows it was told to look at, made by this process or (within a
 * second) by another one on the same store.  Newer states of one row replace unread older ones, so
 * its memory is bounded by the rows watched.
 */
ASSISTANT_API int assistant_watch_new(assistant *a, assistant_watch **out);
/* field "id": that one row; "conversation_id" (messages): all rows of it. */
ASSISTANT_API int assistant_watch_add(assistant_watch *w, const char *collection, const char *field,
				      const char *value);
ASSISTANT_API void assistant_watch_remove(assistant_watch *w, const char *collection,
					  const char *field, const char *value);
/* The next change; strings last until the next call on w.  change: "create" or "update".  ETIMEOUT: none yet; EUNAVAILABLE: none
 * any more, the assistant was closed. */
ASSISTANT_API int assistant_watch_next(assistant_watch *w, int timeout_ms, const char **collection,
				       const char **change, const char **row_json);
ASSISTANT_API int assistant_watch_fd(assistant_watch *w);
ASSISTANT_API void assistant_watch_free(assistant_watch *w);

/* --- Ingest ---------------------------------------------------------------- */

/* Nothing is visible before commit; then everything is, at once, also to running servers. */
ASSISTANT_API int assistant_ingest_begin(assistant *a, const char *conference_json,
					 assistant_ingest **out, assistant_error *err);
/* kind: "session" "exhibitor" "speaker".  EINVAL names the field; the ingest stays usable. */
ASSISTANT_API int assistant_ingest_add(assistant_ingest *i, const char *kind,
				       const char *record_json, assistant_error *err);
/*
 * What is stored of this conference stays: kind "session" "exhibitor" "speaker": its records, of which none may be added then;
 * "conference": its data and pages, in place of those begun with, before any session is added.  ENOTFOUND: not there yet.
 */
ASSISTANT_API int assistant_ingest_keep(assistant_ingest *i, const char *kind,
					assistant_error *err);
/* phase: "read" (from a Directus), "check", "index", "embed" (done and total are texts), "write".  Called on the thread that commits. */
typedef void assistant_progress_fn(void *user, const char *phase, size_t done, size_t total);
/*
 * Only texts that were never embedded are embedded now, also when a commit was interrupted; a conference that is as it was is not
 * written ("unchanged").  *report_json (may be NULL): {"conference_id","name","sessions","exhibitors","speakers","info","epoch",
 * "new","unchanged","changes":{"conference":bool,"sessions":{"added","changed","removed"},...},"texts","embedded","reused",
 * "embedding_seconds","model" (null: words only),"warnings":[...]}.
 * EUNAVAILABLE: the embedder failed, what it made is kept; ECONFLICT: another commit came between; ECANCELED.
 */
ASSISTANT_API int assistant_ingest_commit(assistant_ingest *i, assistant_progress_fn *fn,
					  void *user, char **report_json, assistant_error *err);
/* As commit, without writing: 0 when a commit could go ahead; "embedded" is what it would embed. */
ASSISTANT_API int assistant_ingest_check(assistant_ingest *i, char **report_json,
					 assistant_error *err);
/* Any thread, also from the progress function: a commit under way ends with ECANCELED and nothing of it is visible; what it
 * embedded is kept for the next one. */
ASSISTANT_API void assistant_ingest_cancel(assistant_ingest *i);
/*
 * From a Directus (DIRECTUS_URL, DIRECTUS_API_KEY, DIRECTUS_MAPPING) instead of records given one by one: nothing is added or
 * kept, check and commit read it, all or nothing.  conference: its id or name; NULL: DEFAULT_CONFERENCE_ID or the only one.
 * kind: "session" "exhibitor" "speaker" "conference": that alone is loaded; NULL: all.  When that Directus is the store too,
 * the commit makes the index, of the whole conference, with new vectors for that kind alone.  The progress function is called
 * with phase "read" at least five times a second meanwhile.
 * Commits fail with ECONFLICT when all of a kind are gone that were there when this was ingested last, unless flags has
 * ASSISTANT_INGEST_ALLOW_EMPTY.  ECONFIG: there is no Directus.
 */
#define ASSISTANT_INGEST_ALLOW_EMPTY 1u
ASSISTANT_API int assistant_ingest_begin_directus(assistant *a, const char *conference,
						  const char *kind, unsigned flags,
						  assistant_ingest **out, assistant_error *err);
/*
 * Asks Directus, by counts and newest dates, whether it moved since this process committed an ingest from it: mark is "" when
 * not, else a text that changes with what is seen.  Every DIRECTUS_COMPARE_MS it counts as moved.
 */
#define ASSISTANT_MARK_SIZE 24
ASSISTANT_API int assistant_ingest_moved(assistant *a, const char *conference, int timeout_ms,
					 char mark[ASSISTANT_MARK_SIZE], assistant_error *err);
/*
 * To a serving assistant on a Directus: somebody says that its records changed.  Either authorization is "Bearer " and
 * INGEST_WEBHOOK_SECRET, or signature is "sha256=" and, in hex, HMAC-SHA-256 with that secret of timestamp (unix seconds, at
 * most five minutes off), a dot, and body.  Then all of it is read again, a second after the last such notice, and ingested
 * where it differs, here and, with Redis, in all servers.  ENOTFOUND: there is no secret, or no Directus; EDENIED.
 */
typedef struct assistant_notice {
	const char *authorization, *timestamp, *signature; /* as the headers say them, or NULL */
	const char *body;
	unsigned long body_len;
} assistant_notice;
ASSISTANT_API int assistant_ingest_notify(assistant *a, const assistant_notice *notice,
					  assistant_error *err);
/* Aborts when not committed. */
ASSISTANT_API void assistant_ingest_free(assistant_ingest *i);
/* {"ok":bool,"findings":[...]}: index equals store, with a vector of every text when there is an embedder. */
ASSISTANT_API int assistant_ingest_verify(assistant *a, const char *conference, int timeout_ms,
					  char **report_json, assistant_error *err);

#ifdef __cplusplus
}
#endif
#endif
