/*
 * tool.h - what the agent can do to find out: one face for the built-in tools and a program's own.
 *
 *	plan --{tool, arguments}--> registry: schema check --> tool_begin --> tool_output
 *
 * A model chooses tools by description and schema.  Without one (agent/plan.c) the built-in tools
 * follow what was understood, and a program's own tool is called when the question has a word of
 * its name or description and every argument it requires can be filled: question, query, q or text
 * (the question), language, now, conference_id.
 *
 * The facts.  Outputs are merged (agent/facts.c) into one JSON object for the llm, the only place
 * where records' text appears; it is cleaned, bounded, and cannot contain a handle (llm/quote.h).
 * Absent is unknown.
 *	{"kind":"entities|info|conference|building|counted|none|clarify|smalltalk|out_of_scope|unavailable",
 *	 "intent","asked":"any|when|where|who|what|count","entities":["session"],"topic","more":true,"besides":true,"talks_of":true,
 *	 "now":"2027-05-20T13:30:00+02:00","phase":"before|during|after",
 *	 "when":{"kind":"now|next|window|first|last","from","to","last_day","said",
 *		 "outside":true,"from_now":true,"runs_within":true,"was_now":true,"beside":"after|before"},
 *	 "filters":{"places","tracks","types","levels","languages","speakers"},
 *	 "relaxed":[{"what":"day","value":"on sunday"}],
 *	 "results":[{"handle":"s1","type":"session","id","name","score","focus":true,
 *		     "start","end","day","location","track","session_type","level","language","speakers":["..."],"description",
 *		     "telling" (the sentence that says why it is listed),
 *		     "attribute":{"name":"level","value"|"minutes"|"sentence"},
 *		     "people":[{"handle":"p1","name","title","company"}],
 *		     "booth","category","products","availability","title","company",
 *		     "sessions":[{"handle":"s2","name","start","end","location"}]}],
 *	 "total":12,"totals":{"session":12},"at_least":{"session":true},
 *	 "info":[{"handle":"i1","key","title","passages":["..."]}],
 *	 "clarify":{"about":"record|ordinal|time|topic|interest","choices":["s1"]},
 *	 "words_only":true (meanings could not be searched), "angry":true, "place_unknown":true,
 *	 "facility":true (a thing on site was asked for; the results only speak of it),
 *	 "time_unknown":true (when was asked, and the pages give no time),
 *	 "building":{"name","rooms":["..."],"more":3,"stands":12} (kind "building": where it is, or what is in it, was asked),
 *	 "counted":{"what":"rooms|tracks","n":31,"names":["..."]} (kind "counted": those of the programme; the first names),
 *	 "no_place":{"name","near":["..."]} (kind "none": a room that is not there, and names like it),
 *	 "lacking":"room|time|speaker" (the sessions without one were asked for: the results, or kind "none"),
 *	 "room":{"building","floor"} (with place_unknown: what is known of where that room is),
 *	 "nearly":true (the pages do not say it, but come near),
 *	 "closest":{"handle":"i1",...} (nothing was found; the page that comes nearest), "help" (the page that says whom to ask),
 *	 "tool_text":["..."],"notes":["..."],
 *	 "conference":{"name","venue","city","description","timezone","start_date","end_date","website",
 *		       "sessions":122,"exhibitors":59,"speakers":87,"info":24}}
 */
#ifndef TOOLS_TOOL_H
#define TOOLS_TOOL_H

#include "aio/flow.h"
#include "base/arena.h"
#include "base/json.h"
#include "search/search.h"

struct registry;
struct tool_call;

struct tool {
	const char *name; /* "search_sessions" */
	const char *description;
	/* JSON Schema of the arguments: type object, additionalProperties false */
	struct json_object *schema;
	/* Starts call->flow's work; ends with flow_done/flow_fail.  First step of call->flow. */
	flow_step *run;
	void *user;
};

/* What tools may use; lives as long as the turn. */
struct tool_context {
	struct loop *loop;
	struct index *index;
	struct embedder *embedder;     /* NULL: search goes by words alone */
	const struct meaning *meaning; /* of the question as a whole; NULL */
	struct catalog *catalog;
	const struct understood *understood;
	int64_t now_unix_s;
	struct arena *arena;
	struct lane *lane; /* for programs' own tools */
};

/* One call in a turn.  Owned by the turn; `arguments` are owned references. */
struct tool_call {
	struct flow flow;
	const struct tool *tool;
	const struct tool_context *context;
	struct json_object *arguments;
	/* the output */
	struct result *results; /* arena */
	size_t n_results, total;
	const char *text;	   /* a program's own tool: words for the answer; NULL */
	struct json_object *extra; /* its results that are no records of ours; owned; NULL */
	void (*release)(struct tool_call *call); /* the tool's; NULL */
	void *state;
	int64_t took_ms;
	bool degraded;	 /* answered without the index it should have used */
	bool words_only; /* answered without the embedder it should have used */
	void (*on_end)(struct tool_call *call);
};

struct registry *registry_create(void); /* with the four built-in tools */
void registry_destroy(struct registry *r);
int registry_add(struct registry *r, const char *name, const char *description,
		 const char *schema_json, assistant_tool_fn *fn, void *user, struct fail *f);
const struct tool *registry_find(const struct registry *r, const char *name);
const struct tool *registry_at(const struct registry *r, size_t i); /* NULL: behind the last */
/* A program's? */
static inline bool tool_is_own(const struct tool *t)
{
	return t->user != NULL;
}
/* [{"name","description","input_schema"}]: owned. */
struct json_object *registry_describe(const struct registry *r);
/* Checks arguments against a schema (the subset tools use: type, properties, required, enum, items,
 * additionalProperties, minimum, maximum, maxLength, maxItems).  EINVAL names the path. */
int schema_check(struct json_object *schema, struct json_object *value, struct fail *f);

/* Checks the arguments, then starts.  A failed check ends the call's flow with EINVAL (later, as
 * flows do). */
void tool_call_begin(struct tool_call *call, const struct tool *tool,
		     const struct tool_context *context, struct json_object *arguments,
		     struct flow *parent, int deadline_ms, void (*on_end)(struct tool_call *call));
void tool_call_finish(struct tool_call *call); /* after its end: drops what it holds */

#endif
