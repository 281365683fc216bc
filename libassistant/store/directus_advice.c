/*
 * directus_advice.c - settings of Directus that answers live with but an operator should know of: version, limits, WebSocket,
 * revisions.  docs/directus.md gives the reasons.
 */
#include "store/directus.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "aio/upstream.h"

#define CLOCKS_APART_S 30
#define HISTORY_NEEDS  100 /* rows of a list that is read in one go */

static flow_step advise_info, advise_collection;

static void advise(struct op *op, const char *what, const char *todo)
{
	directus_find(op, &(const struct finding){ .what = what, .todo = todo, .advice = true });
}

void directus_advise(struct flow *f)
{
	op_send(op_of(f), "GET", "/server/info", NULL, THEN(f, advise_info));
}

/* "11.3.5" as a number that compares; 0: not told. */
static long version_number(const char *text)
{
	long parts[3] = { 0 };

	for (int i = 0; i < 3 && *text; i++) {
		char *end;

		parts[i] = strtol(text, &end, 10);
		text = *end == '.' ? end + 1 : "";
	}
	return parts[0] * 1000000 + parts[1] * 1000 + parts[2];
}

static void look_at_version(struct op *op, const char *version)
{
	long number = version_number(version);

	if (number && number < 11003005)
		advise(op, arena_printf(op->arena, "Directus is %.20s.", version),
		       "Use 11.3.5 or later: nothing earlier was tried.");
	else if (number && number < 12004001)
		advise(op,
		       arena_printf(op->arena,
				    "Directus is %.20s, whose WebSocket does not restrict visitors "
				    "whose sign-in fails.",
				    version),
		       "Keep visitors off /websocket, or use 12.4.1 or later.");
}

static void look_at_limits(struct op *op, struct json_object *info)
{
	struct json_object *limit = json_get_object(info, "rateLimit");
	int64_t max = json_get_int(json_get_object(info, "queryLimit"), "max", -1);

	if (limit)
		advise(op,
		       arena_printf(op->arena,
				    "Directus lets an address ask %lld times in %lld s, and all "
				    "answers are written from one.",
				    (long long)json_get_int(limit, "points", 0),
				    (long long)json_get_int(limit, "duration", 0)),
		       "Set RATE_LIMITER_ENABLED=false there, or RATE_LIMITER_POINTS=500 and "
		       "more.");
	if (max >= 0 && max < HISTORY_NEEDS)
		directus_find(op, &(const struct finding){
					  .what = arena_printf(op->arena,
							       "Directus gives %lld rows at most, "
							       "and up to %d are asked for.",
							       (long long)max, HISTORY_NEEDS),
					  .todo = "Set QUERY_LIMIT_MAX there to 100 or more.",
					  .fatal = true });
	else if (max >= 0 && max < DIRECTUS_PAGE)
		advise(op,
		       arena_printf(op->arena,
				    "Directus gives %lld rows at most: records are read in smaller "
				    "pages, which takes longer.",
				    (long long)max),
		       "Set QUERY_LIMIT_MAX there to 500 or more, or leave it out.");
}

static void look_at_websocket(struct op *op, struct json_object *info)
{
	struct json_object *rest = json_get_object(json_get_object(info, "websocket"), "rest");

	if (!rest)
		advise(op, "Directus has no WebSocket: its subscribers see no answer grow.",
		       "Set WEBSOCKETS_ENABLED=true there, or let pages read the assistant's own "
		       "event stream.");
	else if (!strcmp(json_text(rest, "authentication"), "public"))
		advise(op, "Directus' WebSocket lets in whoever comes (public).",
		       "Set WEBSOCKETS_REST_AUTH=handshake there.");
}

/* Whose it is nobody can tell from here. */
static void look_at_clock(struct op *op)
{
	int64_t theirs = upstream_date_s(&op->response), apart = theirs - (int64_t)time(NULL);

	if (theirs && (apart > CLOCKS_APART_S || apart < -CLOCKS_APART_S))
		directus_find(op, &(const struct finding){
					  .what = arena_printf(op->arena,
							       "The clocks of this machine and of "
							       "Directus are %lld s apart.",
							       (long long)llabs(apart)),
					  .todo = "Set both by NTP: what is on now, and whose an "
						  "unfinished answer is, goes by the clock." });
}

static void advise_info(struct flow *f)
{
	struct op *op = op_of(f);
	struct json_object *info;

	look_at_clock(op);

	if (op_check(op) >= 0 && (info = op_data(op))) {
		look_at_version(op, json_text(info, "version"));
		if (*json_text(info, "version"))
			look_at_websocket(op, info);
		look_at_limits(op, info);
	}
	op_send(op, "GET",
		arena_printf(op->own, "/collections/%s",
			     mapping_collection(op->d->mapping, MAPPED_MESSAGES)),
		NULL, THEN(f, advise_collection));
}

static void advise_collection(struct flow *f)
{
	struct op *op = op_of(f);
	const char *accountability;

	if (op_check(op) >= 0) {
		accountability = json_text(json_get_object(op_data(op), "meta"), "accountability");
		if (!strcmp(accountability, "all"))
			advise(op,
			       arena_printf(
				       op->arena,
				       "Every update of %s is kept as a revision, with the whole "
				       "row, for ever.",
				       mapping_collection(op->d->mapping, MAPPED_MESSAGES)),
			       "Switch its accountability off in the data model's settings.");
	}
	flow_done(f);
}
