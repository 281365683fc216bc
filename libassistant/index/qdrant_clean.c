/*
 * qdrant_clean.c - see qdrant_clean.h.
 *
 *	builds of the conference --> neither of the two newest epochs': superseded now; since a minute: gone
 *	generation without builds and without vectors that wait --> its collections go
 *
 * Two epochs stay, and what is superseded stays a minute: a process that has not looked yet still asks it.
 */
#include "index/qdrant_clean.h"
#include <string.h>
#include <time.h>
#include "observe/log.h"

#define SUPERSEDED_S 60
#define BEGUN_S	     86400 /* a build that takes longer was killed */
#define MAX_SEEN     1000

static flow_step clean_list, clean_read, clean_remove, clean_removed, clean_counted, clean_waiting,
	clean_drop;

static struct qdrant_clean *clean_of(struct flow *f)
{
	return container_of(f, struct qdrant_clean, flow);
}

char *qdrant_of_conference(const char *conference_id)
{
	struct text t;

	text_init(&t, 4096);
	text_append(&t, "{\"filter\":{\"must\":[{\"key\":\"conference_id\",\"match\":{\"value\":");
	qdrant_text_string(&t, conference_id);
	text_append(&t, "}}]}}");
	return text_take(&t);
}

static void clean_list(struct flow *f)
{
	struct qdrant_clean *c = clean_of(f);
	char builds[QDRANT_NAME];
	struct text t;

	qdrant_builds_name(c->q, builds);
	text_init(&t, 4096);
	text_append(&t, "{\"filter\":{\"must\":[{\"key\":\"conference_id\",\"match\":{\"value\":");
	qdrant_text_string(&t, c->conference_id);
	text_printf(
		&t,
		"}},{\"key\":\"kind\",\"match\":{\"any\":[\"build\",\"epoch\"]}}]},\"limit\":%d,"
		"\"with_payload\":[\"kind\",\"build\",\"epoch\",\"generation\",\"at\","
		"\"superseded\"]}",
		MAX_SEEN);
	qdrant_send(&c->call, c->q, f, "POST", text_take(&t), "/collections/%s/points/scroll",
		    builds);
	flow_join(THEN(f, clean_read));
}

/* --- What goes ---------------------------------------------------------------------------- */

static struct json_object *payload_at(struct json_object *points, size_t i)
{
	return json_get_object(json_object_array_get_idx(points, i), "payload");
}

static uint64_t epoch_of(struct json_object *payload)
{
	return strtoull(json_text(payload, "epoch"), NULL, 10);
}

static bool is_pointer(struct json_object *payload)
{
	return !strcmp(json_text(payload, "kind"), "epoch");
}

/* Of digests the times of their builds tell. */
static bool is_newer(struct json_object *a, struct json_object *b)
{
	if (!((epoch_of(a) | epoch_of(b)) & EPOCH_DIGEST))
		return epoch_of(a) > epoch_of(b);
	return json_get_int(a, "at", 0) > json_get_int(b, "at", 0);
}

/* How many epochs are newer. */
static size_t newer(struct json_object *points, size_t n, struct json_object *pointer)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += is_pointer(payload_at(points, i)) &&
			 is_newer(payload_at(points, i), pointer);
	return count;
}

/* By the pointer of its epoch, which is one of the two newest. */
static struct json_object *pointer_to(struct json_object *points, size_t n, const char *build)
{
	for (size_t i = 0; i < n; i++) {
		struct json_object *p = payload_at(points, i);

		if (is_pointer(p) && !strcmp(json_text(p, "build"), build))
			return p;
	}
	return NULL;
}

/* Another build was made the epoch's since, or a newer epoch is there: else it may be under way. */
static bool is_over(struct json_object *points, size_t n, struct json_object *payload, int64_t now)
{
	int64_t at = json_get_int(payload, "at", 0);
	struct json_object *pointer = pointer_to(points, n, json_text(payload, "build"));

	if (pointer)
		return newer(points, n, pointer) >= 2;
	if (at + BEGUN_S < now)
		return true;
	for (size_t i = 0; i < n; i++) {
		struct json_object *p = payload_at(points, i);

		if (is_pointer(p) && epoch_of(p) == epoch_of(payload) &&
		    json_get_int(p, "at", 0) > at)
			return true;
	}
	return false;
}

static void consider(struct qdrant_clean *c, struct json_object *points, size_t n, size_t i,
		     int64_t now)
{
	struct json_object *payload = payload_at(points, i);
	int64_t since = json_get_int(payload, "superseded", 0);
	const char *build = json_text(payload, "build");
	struct qdrant_removal *gone;

	if (is_pointer(payload) || !uuid_valid(build) || !is_over(points, n, payload, now))
		return;
	if (!since) {
		text_printf(&c->superseded, "%s\"%s\"", c->superseded.len ? "," : "", build);
		return;
	}
	if (since + SUPERSEDED_S > now || c->n == QDRANT_MAX_REMOVALS)
		return;
	gone = &c->removals[c->n++];
	snprintf(gone->build, sizeof(gone->build), "%s", build);
	snprintf(gone->generation, sizeof(gone->generation), "%s",
		 json_text(payload, "generation"));
}

static void clean_read(struct flow *f)
{
	struct qdrant_clean *c = clean_of(f);
	struct json_object *points = json_get_array(c->call.result, "points");
	size_t n = points ? json_object_array_length(points) : 0;
	char builds[QDRANT_NAME];
	struct text t;

	for (size_t i = 0; i < n; i++)
		consider(c, points, n, i, (int64_t)time(NULL));
	if (!c->superseded.len) {
		clean_remove(f);
		return;
	}
	qdrant_builds_name(c->q, builds);
	text_init(&t, 1 << 20);
	text_printf(&t, "{\"payload\":{\"superseded\":%lld},\"points\":[%s]}",
		    (long long)time(NULL), c->superseded.data);
	qdrant_send(&c->call, c->q, f, "POST", text_take(&t),
		    "/collections/%s/points/payload?wait=true", builds);
	flow_join(THEN(f, clean_remove));
}

/* --- And goes -------------------------------------------------------------------------------- */

/* Set by set, then what says that it was there: a removal that is cut short is begun again. */
static void clean_remove(struct flow *f)
{
	struct qdrant_clean *c = clean_of(f);
	const struct qdrant_removal *gone = &c->removals[c->at];
	char name[QDRANT_NAME];
	struct text t;

	if (c->at == c->n) {
		flow_done(f);
		return;
	}
	if (c->set == SET_STAGED)
		qdrant_builds_name(c->q, name);
	else
		qdrant_set_name(c->q, (enum qdrant_set)c->set, gone->generation, name);
	text_init(&t, 4096);
	text_append(&t, "{\"filter\":{\"must\":[{\"key\":\"conference_id\",\"match\":{\"value\":");
	qdrant_text_string(&t, c->conference_id);
	text_printf(&t, "}},{\"key\":\"build\",\"match\":{\"value\":\"%s\"}}]}}", gone->build);
	c->call.missing = true;
	qdrant_send(&c->call, c->q, f, "POST", text_take(&t),
		    "/collections/%s/points/delete?wait=true", name);
	flow_join(THEN(f, clean_removed));
}

static void clean_removed(struct flow *f)
{
	struct qdrant_clean *c = clean_of(f);
	char builds[QDRANT_NAME];
	struct text t;
	int r = qdrant_failed(f, &c->call, 1);

	if (r < 0) {
		flow_fail(f, r);
		return;
	}
	if (c->set++ < SET_STAGED) {
		clean_remove(f);
		return;
	}
	qdrant_builds_name(c->q, builds);
	text_init(&t, 1024);
	text_printf(
		&t,
		"{\"filter\":{\"must\":[{\"key\":\"generation\",\"match\":{\"value\":\"%s\"}}]}}",
		c->removals[c->at].generation);
	qdrant_send(&c->call, c->q, f, "POST", text_take(&t), "/collections/%s/points/count",
		    builds);
	flow_join(THEN(f, clean_counted));
}

static void clean_counted(struct flow *f)
{
	struct qdrant_clean *c = clean_of(f);
	char name[QDRANT_NAME];

	if (c->call.code < 0 || json_get_int(c->call.result, "count", 1) > 0) {
		c->set = 0;
		c->at++;
		clean_remove(f);
		return;
	}
	qdrant_set_name(c->q, SET_STAGED, c->removals[c->at].generation, name);
	c->call.missing = true;
	qdrant_send(&c->call, c->q, f, "POST", strdup("{}"), "/collections/%s/points/count", name);
	flow_join(THEN(f, clean_waiting));
}

static void clean_waiting(struct flow *f)
{
	struct qdrant_clean *c = clean_of(f);
	bool waiting = c->call.code < 0 || json_get_int(c->call.result, "count", 0) > 0;

	c->set = waiting ? SET_COUNT : 0;
	clean_drop(f);
}

static void clean_drop(struct flow *f)
{
	struct qdrant_clean *c = clean_of(f);
	const char *generation = c->removals[c->at].generation;
	char name[QDRANT_NAME];

	if (c->set == SET_COUNT) {
		free(map_remove(c->q->prepared, generation));
		c->set = 0;
		c->at++;
		clean_remove(f);
		return;
	}
	qdrant_set_name(c->q, (enum qdrant_set)c->set++, generation, name);
	c->call.missing = true;
	qdrant_send(&c->call, c->q, f, "DELETE", NULL, "/collections/%s", name);
	flow_join(THEN(f, clean_drop));
}

static void clean_ended(struct flow *f)
{
	struct qdrant_clean *c = clean_of(f);

	if (f->status < 0 && f->status != ASSISTANT_ECANCELED)
		log_fail(c->q->log, LOG_DEBUG, "index.not_cleared", &f->fail);
	text_finish(&c->superseded);
	qdrant_call_finish(&c->call);
}

void qdrant_clean_begin(struct qdrant_clean *c, struct qdrant *q, const char *conference_id,
			struct flow *parent)
{
	*c = (struct qdrant_clean){ .q = q, .conference_id = conference_id };
	text_init(&c->superseded, 1 << 20);
	flow_begin(&c->flow, q->loop, parent, "clean", FIRST(clean_list), clean_ended);
}
