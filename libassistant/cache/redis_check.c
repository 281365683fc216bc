/*
 * redis_check.c - see redis_check.h.
 *
 *	INFO: version, memory --> SET --> EVAL (a list, a stream) --> XREAD --> PUBLISH
 *
 * The first that is refused says why; what comes after would be refused for the same reason.
 */
#include "cache/redis_check.h"

#include <string.h>
#include "aio/flow_op.h"

#define OLDEST_MAJOR 5 /* streams */
#define OWN_BYTES    (1 << 20)
#define EXPIRES_MS   "1000"

struct redis_checking {
	struct flow_op base;
	struct redis *redis;
	struct arena *arena; /* the caller's */
	const char *key;
	struct findings found, *out;
	struct redis_value answer;
	size_t at;
	bool told; /* something that is refused */
};

static const char list_script[] = "redis.call('RPUSH', KEYS[1], redis.call('TIME')[1])\n"
				  "redis.call('LPOP', KEYS[1])\n"
				  "return redis.call('LLEN', KEYS[1])\n";
static const char stream_script[] = "redis.call('XADD', KEYS[1], '*', 'd', '1')\n"
				    "redis.call('XTRIM', KEYS[1], 'MAXLEN', 1)\n"
				    "redis.call('PEXPIRE', KEYS[1], ARGV[1])\n"
				    "return redis.call('EXISTS', KEYS[1])\n";

/* "K" and "S" stand for keys of the check's own, "C" for a channel. */
static const struct {
	const char *words[8];
} probes[] = {
	{ { "SET", "K", "1", "PX", EXPIRES_MS } },
	{ { "GET", "K" } },
	{ { "EVAL", list_script, "1", "S:list" } },
	{ { "EVAL", stream_script, "1", "S", EXPIRES_MS } },
	{ { "XREAD", "COUNT", "1", "STREAMS", "S", "0" } },
	{ { "PUBLISH", "C", "check" } },
	{ { "DEL", "K", "S", "S:list" } },
};

static flow_step check_info, check_told, check_probe, check_probed;

static struct redis_checking *checking_of(struct flow *f)
{
	return container_of(flow_op_of(f), struct redis_checking, base);
}

/* --- What it tells of itself -------------------------------------------------------- */

/* "redis_version:7.0.15" of INFO; "" where it is not told. */
static const char *told(struct redis_checking *c, const char *name)
{
	size_t n = strlen(name);
	const char *at = c->answer.kind == REDIS_TEXT ? c->answer.text : "";

	for (; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (!strncmp(at, name, n) && at[n] == ':')
			return arena_strndup(c->base.own, at + n + 1, strcspn(at + n + 1, "\r\n"));
	}
	return "";
}

static void find(struct redis_checking *c, const char *what, const char *todo)
{
	findings_add(&c->found, &(const struct finding){ .what = what, .todo = todo });
}

static void look_at_version(struct redis_checking *c)
{
	const char *version = told(c, "redis_version");
	long major = strtol(version, NULL, 10);

	if (*version && major < OLDEST_MAJOR) {
		find(c,
		     arena_printf(c->arena,
				  "Redis at %s is %.20s; %d or newer is needed, since live answers "
				  "are streams there.",
				  redis_name(c->redis), version, OLDEST_MAJOR),
		     "Update it, or set ERLEAH_CACHE=memory where one server is enough.");
		c->told = true;
	}
}

static void look_at_memory(struct redis_checking *c)
{
	const char *most = told(c, "maxmemory");

	if (*most && strcmp(most, "0") != 0 && !strcmp(told(c, "maxmemory_policy"), "noeviction"))
		find(c,
		     arena_printf(c->arena,
				  "Redis at %s may hold %.20s and evicts nothing (noeviction): "
				  "once it is full it refuses to write.",
				  redis_name(c->redis), told(c, "maxmemory_human")),
		     "Set maxmemory-policy there to allkeys-lru: nothing of ours needs to be "
		     "kept.");
}

static void check_info(struct flow *f)
{
	struct redis_checking *c = checking_of(f);
	const struct redis_word words[] = { REDIS_WORD("INFO") };

	redis_ask(c->redis, words, ARRAY_SIZE(words), c->base.own, &c->answer,
		  THEN_ANYWAY(f, check_told));
}

/* An ACL may keep INFO from us: then it tells nothing, and we try. */
static void check_told(struct flow *f)
{
	struct redis_checking *c = checking_of(f);

	if (f->status < 0 && f->status != ASSISTANT_EPROTOCOL) {
		flow_fail(f, f->status);
		return;
	}
	if (f->status >= 0) {
		look_at_version(c);
		look_at_memory(c);
	}
	check_probe(f);
}

/* --- What it does ------------------------------------------------------------------------ */

static const char *word_of(struct redis_checking *c, const char *word)
{
	if (!strcmp(word, "K") || !strcmp(word, "C"))
		return c->key;
	if (word[0] == 'S' && (!word[1] || word[1] == ':'))
		return arena_printf(c->base.own, "%s:stream%s", c->key, word + 1);
	return word;
}

static void check_probe(struct flow *f)
{
	struct redis_checking *c = checking_of(f);
	struct redis_word words[ARRAY_SIZE(probes[0].words)];
	size_t n = 0;

	if (c->told || c->at == ARRAY_SIZE(probes)) {
		flow_done(f);
		return;
	}
	while (n < ARRAY_SIZE(words) && probes[c->at].words[n]) {
		words[n] = REDIS_WORD(word_of(c, probes[c->at].words[n]));
		n++;
	}
	c->at++;
	redis_ask(c->redis, words, n, c->base.own, &c->answer, THEN_ANYWAY(f, check_probed));
}

static const char *what_to_do(const char *refusal)
{
	static const struct {
		const char *word, *todo;
	} known[] = {
		{ "READONLY", "REDIS_URL leads to a replica: give it the primary's address." },
		{ "NOPERM", "Allow its user what docs/redis.md lists." },
		{ "OOM", "Give it more memory, or set maxmemory-policy there to allkeys-lru." },
		{ "MISCONF", "Its disk cannot be written: see its log." },
		{ "NOSCRIPT", "Scripts (EVAL) are needed: allow them there." },
		{ "unknown command", "It needs what Redis 5 can do, scripts and streams." },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strstr(refusal, known[i].word))
			return known[i].todo;
	return "docs/redis.md lists what is asked of it.";
}

static void check_probed(struct flow *f)
{
	struct redis_checking *c = checking_of(f);

	if (f->status < 0 && !redis_is_up(c->redis)) {
		flow_fail(f, f->status);
		return;
	}
	if (f->status < 0) {
		find(c,
		     arena_printf(c->arena, "Redis refuses %s: %s", probes[c->at - 1].words[0],
				  f->fail.text),
		     what_to_do(f->fail.text));
		c->told = true;
	}
	check_probe(f);
}

/* --- The call ---------------------------------------------------------------------------- */

static void check_deliver(struct flow_op *op)
{
	struct redis_checking *c = container_of(op, struct redis_checking, base);

	*c->out = c->found;
}

void redis_check(struct redis *redis, struct loop *loop, struct list *all, const char *prefix,
		 struct arena *arena, struct findings *out, struct flow *f)
{
	struct redis_checking *c = flow_op_new(sizeof(*c), OWN_BYTES, f);

	if (!c)
		return;
	c->redis = redis;
	c->arena = arena;
	c->out = out;
	c->key = arena_printf(c->base.own, "%sdoctor", prefix);
	c->base.deliver = check_deliver;
	flow_op_begin(&c->base, all, loop, "redis_check", FIRST(check_info), f);
}
