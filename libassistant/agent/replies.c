/*
 * replies.c - the table of live and lately finished replies.
 */
#include "agent/reply_private.h"

#include <string.h>
#include "base/check.h"
#include "base/cidr.h"
#include "base/hash.h"
#include "observe/log.h"
#include "observe/metrics.h"

#define TABLE_MAX 200000

struct replies *replies_create(struct env *env, const struct clock *wall,
			       const struct replies_options *options)
{
	struct replies *rs = calloc(1, sizeof(*rs));

	if (!rs)
		return NULL;
	rs->env = env;
	rs->wall = wall;
	rs->options = *options;
	rs->table = map_create(TABLE_MAX);
	rs->starting = map_create(TABLE_MAX);
	list_init(&rs->follows);
	list_init(&rs->submits);
	list_init(&rs->finds);
	if (!rs->table || !rs->starting) {
		replies_destroy(rs);
		return NULL;
	}
	relaying_start(rs);
	if (options->sweep)
		sweep_start(rs);
	return rs;
}

static void drop(void *value)
{
	struct reply *r = value;

	r->in_table = false;
	loop_timer_stop(&r->keep_timer);
	loop_timer_stop(&r->done_timer);
	relaying_forget(r);
	reply_unref(r);
}

void replies_destroy(struct replies *rs)
{
	if (!rs)
		return;
	PRE(rs->live == 0);
	submits_cancel(rs);
	sweep_stop(rs);
	while (!list_empty(&rs->follows))
		follow_stop_first(rs);
	relaying_stop(rs);
	map_destroy(rs->table, drop);
	map_destroy(rs->starting, NULL);
	free(rs);
}

int replies_insert(struct replies *rs, struct reply *r)
{
	int code = map_put(rs->table, r->id, r, NULL);

	if (code < 0)
		return code;
	r->in_table = true;
	reply_ref(r);
	return 0;
}

void replies_forget(struct replies *rs, struct reply *r)
{
	if (!r->in_table)
		return;
	if (r->completed && rs->kept)
		rs->kept--;
	if (map_get(rs->table, r->id) == r)
		map_remove(rs->table, r->id);
	drop(r);
}

bool replies_exempt(const struct replies *rs, const char *address)
{
	return rs->options.rate_exempt && cidr_list_has(rs->options.rate_exempt, address);
}

void replies_drain(struct replies *rs)
{
	rs->draining = true;
	sweep_stop(rs);
}

bool replies_draining(const struct replies *rs)
{
	return rs->draining;
}

size_t replies_live(const struct replies *rs)
{
	return rs->live;
}

void replies_stop_all(struct replies *rs)
{
	size_t cursor = 0;
	void *value;

	while (map_next(rs->table, &cursor, NULL, &value)) {
		struct reply *r = value;

		if (r->turn)
			turn_stop(r->turn);
	}
}

bool replies_idle(const struct replies *rs)
{
	return rs->live == 0 && map_count(rs->starting) == 0 &&
	       writer_pending(rs->env->writer) == 0 && relaying_idle(rs);
}

/* --- A turn without rows ---------------------------------------------------- */

int replies_ask(struct replies *rs, const char *conference_id, const char *question,
		int64_t now_unix_ms, struct reply **out, struct fail *f)
{
	char id[UUID_SIZE];
	struct reply *r;
	int code;

	if (rs->draining)
		return FAIL(f, ASSISTANT_EUNAVAILABLE, "This server is shutting down.");
	uuid_random(id);
	r = reply_create(rs, id, EVENT_BASE_ORIGINAL);
	if (!r)
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	r->conference_id = strdup(conference_id);
	r->question = strdup(question);
	r->now_unix_ms = now_unix_ms;
	reply_announce(r);
	code = replies_insert(rs, r);
	if (!code)
		code = reply_run(r, f);
	if (code < 0) {
		replies_forget(rs, r);
		reply_unref(r);
		return code;
	}
	*out = r;
	return 0;
}
