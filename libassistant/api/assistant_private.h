/*
 * assistant_private.h - the handle from inside, and how a caller's thread asks the loop.
 */
#ifndef API_ASSISTANT_PRIVATE_H
#define API_ASSISTANT_PRIVATE_H

#include <assistant.h>
#include <pthread.h>
#include "agent/env.h"
#include "agent/lease.h"
#include "agent/reply.h"
#include "aio/flow.h"
#include "api/config.h"

/* refresh.c */
struct refresh {
	struct loop_post begin, wish;
	bool follows; /* the store is one that is followed by looking; written before the assistant is handed out */
	bool posted; /* a wish is on its way to the loop: under the assistant's mutex */
	/* loop thread */
	struct loop_timer every, quiet;
	int64_t every_ms, first_ms; /* the first wish that was not acted on; 0: none */
	struct flow telling;	    /* the other processes */
	bool is_telling;
};

struct assistant {
	assistant_config *config;
	struct env env; /* written by the loop thread before it reports that it is up */
	struct clock *wall;
	struct http *http;
	struct http *llm_http; /* NULL: no model */
	struct store *source;  /* a Directus to ingest from, when the store is another; else NULL */
	/* Of what was ingested from there last: moved or not?  The caller's thread. */
	char ingested_id[128];
	uint64_t ingested_epoch;
	char llm_because[120];
	struct sentry *sentry;	   /* NULL: none */
	struct log *sentry_log;	   /* its side of env.log */
	struct redis *redis;	   /* NULL: none */
	struct embedder *embedder; /* inside of env.embedder; NULL: none */
	struct embedder *minilm;   /* the same, when it is the model in this process */
	char embedder_because[300];
	struct replies *replies;
	struct cidr_list *exempt;
	struct lane *lane;
	char owner[LEASE_OWNER_SIZE];
	char *data_directory;
	pthread_t thread;
	struct loop_post warm; /* warm_up.c */
	struct refresh refresh;

	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t changed;
	bool up, failed;
	size_t refs;   /* the owner's and each handle's: the struct stays, whatever is taken down */
	size_t inside; /* callers' threads in a function of ours: nothing is taken down under them */
	bool closed;   /* nobody comes in any more */
	struct fail open_fail;
	struct list watches; /* watch.c */

	/* loop thread */
	struct loop_timer closing;
	struct loop_timer warming;
	int64_t closing_since_ms;
	int grace_ms;
	bool stopped_all;
	struct list calls;	     /* struct api_call under way */
	struct list uses;	     /* index switches under way: follow.c */
	struct layout_later *layout; /* layout.c */
	struct list completions;     /* conferences whose texts are being embedded: complete.c */
};

/*
 * One question from a caller's thread to the loop: its flow runs `first` there, under a deadline, and
 * the caller sleeps until the flow has ended.  Embedded in a struct on the caller's stack.
 */
struct api_call {
	struct flow flow;
	struct list link; /* in a->calls */
	assistant *a;
	flow_step *first;
	const char *first_name;
	int timeout_ms;
	struct loop_post post;
	pthread_cond_t changed; /* done or told, which are under a->mutex */
	bool done, told;
	/* The caller's thread, after api_call_tell; may be NULL. */
	void (*tell)(struct api_call *call);
	int tell_every_ms;   /* also when nothing was told; 0: no */
	struct arena *arena; /* for results; freed by api_call_finish */
};

/*
 * Every public function that reaches what closing takes down begins with API_ENTER(): until it returns, all of it is there.
 * EUNAVAILABLE: the assistant is being closed.
 */
int api_enter(assistant *a, assistant **inside, assistant_error *err);
void api_leave(assistant *a);
static inline void api_leave_cleanup(assistant **a)
{
	if (*a)
		api_leave(*a);
}
#define _inside_ _cleanup_(api_leave_cleanup)

/* Of handles.  The last one frees the struct; nothing else is left by then. */
assistant *assistant_ref(assistant *a);
void assistant_unref(assistant *a);

/* 0 or the flow's code; the sentence is exported to err.  Must not be called on the loop thread, and only by who is inside. */
int api_call_run(assistant *a, struct api_call *call, int timeout_ms, flow_step *first,
		 const char *first_name, assistant_error *err);
void api_call_finish(struct api_call *call);
#define API_CALL(a, call, timeout_ms, step, err)                                                   \
	api_call_run((a), (call), (timeout_ms), (step), #step, (err))
/* Loop thread: calls under way end with ECANCELED, and so do those to come. */
void api_calls_cancel(assistant *a);
/* A step that ends the call. */
void api_call_done(struct flow *f);
/* Loop thread: the caller's thread wakes up for tell(), once for all that was told meanwhile. */
void api_call_tell(struct api_call *call);

/* reply_api.c */
struct assistant_reply {
	assistant *a;
	struct reply_reader reader;
};
int reply_handle(assistant *a, struct reply *r, assistant_reply **out); /* takes r */

/* watch.c: told by the store, on the loop thread */
void watches_changed(void *ctx, const char *collection, const char *change, const char *id,
		     const char *conversation_id, const char *row_json);

/* Loop thread, last: whoever waits for a change hears that there will be none. */
void watches_end(assistant *a);

/* Loads the catalog of a conference by id or name (NULL: the default). */
int api_resolve(assistant *a, const char *conference, int timeout_ms, char id[static 128],
		assistant_error *err);

#endif
