/*
 * direct.c - asking and searching without a conversation.
 */
#include "api/assistant_private.h"

#include <string.h>
#include "api/checks.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"
#include "search/pages.h"
#include "search/search.h"

/* --- Ask ------------------------------------------------------------------------ */

struct ask {
	struct api_call call;
	const char *conference_id, *question;
	int64_t now_unix_ms;
	struct reply *reply;
};

static void ask_begin(struct flow *f)
{
	struct ask *s = container_of(f, struct ask, call.flow);
	int r = replies_ask(s->call.a->replies, s->conference_id, s->question, s->now_unix_ms,
			    &s->reply, &f->fail);

	if (r < 0)
		flow_fail(f, r);
	else
		flow_done(f);
}

int assistant_ask(assistant *a, const char *conference, const char *question, const char *now,
		  int timeout_ms, char **answer_json, assistant_error *err)
{
	_inside_ assistant *inside = NULL;
	struct ask s = { .question = question };
	struct fail f = FAIL_INIT;
	char id[128];
	int code;

	code = api_enter(a, &inside, err);
	if (code < 0)
		return code;
	if (check_question(a, "question", question, &f) < 0 ||
	    check_now(now, &s.now_unix_ms, &f) < 0)
		return fail_export(&f, err);
	code = api_resolve(a, conference, timeout_ms, id, err);
	if (code < 0)
		return code;
	s.conference_id = id;
	code = API_CALL(a, &s.call, timeout_ms, ask_begin, err);
	if (!code && reply_wait(s.reply, timeout_ms) < 0) {
		reply_stop(s.reply);
		FAIL(&f, ASSISTANT_ETIMEOUT, "No answer within %d ms.", timeout_ms);
		code = fail_export(&f, err);
	}
	if (!code)
		*answer_json = reply_json(s.reply);
	reply_unref(s.reply);
	api_call_finish(&s.call);
	return code;
}

/* --- Search --------------------------------------------------------------------- */

struct direct_search {
	struct api_call call;
	struct json_object *query;
	const char *conference_id;
	int64_t now_unix_s;
	unsigned entities;
	enum scoring scoring;
	struct catalog *catalog;
	struct understood understood;
	struct meaning meaning; /* of the whole question */
	struct search search;
	bool begun;
	char *result;
};

static flow_step search_call_catalog, search_call_meaning, search_call_begin, search_call_end;

static struct direct_search *search_of(struct flow *f)
{
	return container_of(f, struct direct_search, call.flow);
}

static void search_call_catalog(struct flow *f)
{
	struct direct_search *s = search_of(f);

	catalogs_get(s->call.a->env.catalogs, s->conference_id, &s->catalog,
		     THEN(f, search_call_meaning));
}

static void search_call_meaning(struct flow *f)
{
	struct direct_search *s = search_of(f);
	struct env *env = &s->call.a->env;
	const struct snapshot *records = catalog_snapshot(s->catalog);

	if (!env->embedder || s->scoring != SCORING_FULL || s->entities) {
		search_call_begin(f);
		return;
	}
	meaning_begin(&s->meaning, env->embedder, env->index, records->conference.id,
		      records->epoch, json_text(s->query, "q"),
		      !json_get_bool(s->query, "raw", false), s->call.arena, f);
	flow_join(THEN(f, search_call_begin));
}

static void search_ended(struct flow *f)
{
	/* The join of the call's flow goes on by itself. */
	(void)f;
}

static void search_call_begin(struct flow *f)
{
	struct direct_search *s = search_of(f);
	struct env *env = &s->call.a->env;
	struct search_request rq = {
		.catalog = s->catalog,
		.understood = &s->understood,
		.embedder = env->embedder,
		.meaning = &s->meaning,
		.scoring = s->scoring,
		.entities = s->entities,
		.limit = (int)json_get_int(s->query, "limit", 10),
		.why = json_get_bool(s->query, "why", false),
		.raw = json_get_bool(s->query, "raw", false),
	};
	int r;

	rq.now_unix_s = s->now_unix_s >= 0 ? s->now_unix_s : clock_now_ms(env->clock) / 1000;
	query_understand(s->catalog, json_text(s->query, "q"), rq.now_unix_s, s->call.arena,
			 &s->understood);
	if (!rq.raw)
		pages_by_meaning(&s->meaning, s->call.arena, &s->understood);
	r = search_apply_filters(s->catalog, json_get_object(s->query, "filters"), rq.now_unix_s,
				 s->call.arena, &s->understood, &f->fail);
	if (r < 0) {
		flow_fail(f, r);
		return;
	}
	s->begun = true;
	search_begin(&s->search, &rq, env->index, s->call.arena, env->loop, f, search_ended);
	flow_join(THEN(f, search_call_end));
}

static void search_call_end(struct flow *f)
{
	struct direct_search *s = search_of(f);
	_cleanup_json_ struct json_object *o = NULL;

	if (s->search.flow.status < 0) {
		f->fail = s->search.flow.fail;
		flow_fail(f, s->search.flow.status);
		return;
	}
	o = search_json(&s->search);
	s->result = json_dump(o);
	flow_done(f);
}

static int search_check(struct direct_search *s, struct fail *f)
{
	const char *entity = json_get_string(s->query, "entity");
	const char *scoring = json_get_string(s->query, "scoring");
	int64_t limit = json_get_int(s->query, "limit", 10), ms;
	enum entity type;
	int r = check_now(json_get_string(s->query, "now"), &ms, f);

	if (r < 0)
		return r;
	s->now_unix_s = ms < 0 ? -1 : ms / 1000;
	if (json_get(s->query, "filters") && !json_get_object(s->query, "filters"))
		return FAIL(f, ASSISTANT_EINVAL, "filters is no object.");
	if (limit < 1 || limit > 100)
		return FAIL(f, ASSISTANT_EINVAL, "limit is %lld; 1 to 100 is accepted.",
			    (long long)limit);
	if (json_get(s->query, "scoring") && (!scoring || scoring_from(scoring, &s->scoring) < 0))
		return FAIL(f, ASSISTANT_EINVAL,
			    "scoring is \"%.40s\"; full, lexical and reference are accepted.",
			    scoring ? scoring : "no text");
	if (!entity || !strcmp(entity, "all"))
		return 0;
	if (entity_from(entity, &type) < 0)
		return FAIL(f, ASSISTANT_EINVAL,
			    "entity is \"%.40s\"; sessions, exhibitors, speakers and all are "
			    "accepted.",
			    entity);
	s->entities = ENTITY_BIT(type);
	return 0;
}

int assistant_search(assistant *a, const char *query_json, int timeout_ms, char **result_json,
		     assistant_error *err)
{
	_inside_ assistant *inside = NULL;
	struct direct_search s = { 0 };
	struct fail f = FAIL_INIT;
	char id[128];
	int code = api_enter(a, &inside, err);

	if (code < 0)
		return code;
	code = query_json ? json_parse(query_json, strlen(query_json), &s.query, &f)
			  : FAIL(&f, ASSISTANT_EINVAL, "A query is needed.");
	if (!code)
		code = check_question(a, "question", json_get_string(s.query, "q"), &f);
	if (!code)
		code = search_check(&s, &f);
	if (code < 0) {
		json_object_put(s.query);
		return fail_export(&f, err);
	}
	code = api_resolve(a, json_get_string(s.query, "conference_id"), timeout_ms, id, err);
	if (!code) {
		s.conference_id = id;
		code = API_CALL(a, &s.call, timeout_ms, search_call_catalog, err);
		if (!code)
			*result_json = TAKE_PTR(s.result);
		if (s.begun)
			search_finish(&s.search);
		catalog_unref(s.catalog);
		api_call_finish(&s.call);
	}
	json_object_put(s.query);
	return code;
}
