/*
 * embedder.h - text to vectors of unit length, so that nearness of meaning is a dot product.
 *
 * Implemented by minilm.c (all-MiniLM-L6-v2 in this process) and openai.c (any server with OpenAI's /embeddings).  Loop thread,
 * f from THEN().
 * Every implementation passes tests/service/embedder_suite.c.
 */
#ifndef EMBEDDER_EMBEDDER_H
#define EMBEDDER_EMBEDDER_H

#include "aio/flow.h"

struct embedder;
struct metrics;
struct log;

/* Models that were trained with prefixes need to know which side a text is on. */
enum embed_kind { EMBED_QUERY, EMBED_PASSAGE };

struct embedder_ops {
	const char *name; /* "minilm" */
	void (*destroy)(struct embedder *e);
	void (*ping)(struct embedder *e, struct flow *f);
	/*
	 * n texts (1..max_batch; UTF-8 of any length, the model reads as much as it can; "" is as good as any) into out[n][dims],
	 * which the caller keeps until delivery and which is written at delivery only.
	 * EUNAVAILABLE, ETIMEOUT, EPROTOCOL, ELIMIT, EDENIED, ENOTFOUND, ETOOLARGE (remote ones).  Texts are copied before the call returns.
	 */
	void (*embed)(struct embedder *e, enum embed_kind kind, const char *const *texts, size_t n,
		      float *out, struct flow *f);
	/* Its model is not there yet and on its way: whoever had no time to wait met no failure.  May be NULL. */
	bool (*loading)(const struct embedder *e);
};

struct embedder {
	const struct embedder_ops *ops;
	/* Vectors of different models never mix: the index stores this name and compares. */
	const char *model; /* "all-MiniLM-L6-v2" */
	unsigned dims;	   /* 384 */
	size_t max_batch;
	unsigned batches; /* that may usefully be under way at once */
	bool by_default; /* nobody asked for it: without it the product is whole, and goes by words */
};

static inline void embedder_destroy(struct embedder *e)
{
	if (e)
		e->ops->destroy(e);
}

/*
 * Where the weights are: the setting when there is one, else below $ERLEAH_CACHE_DIR, $XDG_CACHE_HOME/erleah, ~/.cache/erleah
 * or /usr/share/erleah, whichever is first to have weights/all-MiniLM-L6-v2/{model.safetensors,vocab.txt}.  ENOTFOUND.
 */
int minilm_find_weights(const char *setting, char *path, size_t size, struct fail *f);
/*
 * weights: path of model.safetensors (vocab.txt beside it); NULL or "": where minilm_find_weights finds them.  Says at once
 * whether the files are there (ENOTFOUND); checks and loads them on a lane, at first use or by minilm_warm_up().  Files that
 * are not the model's: every call ends with EPROTOCOL and one sentence.  threads: for passages, 1 or more.
 */
int minilm_open(struct loop *loop, const char *weights, unsigned threads, struct metrics *metrics,
		struct log *log, struct embedder **out, struct fail *f);
/* Loads the model now, in the background.  e from minilm_open; loop thread.  What fails is logged, and told to the next call. */
void minilm_warm_up(struct embedder *e);
struct http;
struct clock;
struct openai_options {
	const char *url; /* with the version: "https://api.openai.com/v1" */
	const char *key; /* "": none */
	const char *model;
	unsigned dims;				   /* 0: the model's own, when that is known */
	const char *query_prefix, *passage_prefix; /* "": none */
	int timeout_ms;				   /* of a question */
};
/* One request per call, no retries (guard/ has them).  http and clock are borrowed.  ECONFIG: dimensions that the model does not
 * have, or that are not known. */
int openai_embedder_open(struct loop *loop, struct http *http, const struct openai_options *options,
			 const struct clock *clock, struct metrics *metrics, struct embedder **out,
			 struct fail *f);
/* The same embedder, whose vectors are kept for a week in a cache that other processes share (borrowed).  Owns inner. */
struct cache;
int embed_shared_open(struct loop *loop, struct embedder *inner, struct cache *cache,
		      struct embedder **out, struct fail *f);
/*
 * The same embedder, with the vectors of the last max_entries questions at hand: a widget's suggestions and a conversation's
 * repetitions cost nothing.  Owns inner.  Only EMBED_QUERY is kept.
 */
int embed_cache_open(struct loop *loop, struct embedder *inner, size_t max_entries,
		     struct metrics *metrics, struct embedder **out, struct fail *f);

#endif
