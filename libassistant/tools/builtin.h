/*
 * builtin.h - the four tools that are always there, and what their files share.
 */
#ifndef TOOLS_BUILTIN_H
#define TOOLS_BUILTIN_H

#include "tools/tool.h"

/* What a tool's file declares; the registry parses the schema. */
struct tool_definition {
	const char *name, *description, *schema;
	flow_step *run;
};
extern const struct tool_definition tool_search_sessions, tool_search_exhibitors,
	tool_search_speakers, tool_get_conference_info;

/* The properties every search tool takes. */
#define SEARCH_PROPERTIES                                                                          \
	"\"query\":{\"type\":\"string\",\"maxLength\":2000,\"description\":"                       \
	"\"Words to look for; empty: everything that passes the filters.\"},"                      \
	"\"limit\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":50},"                           \
	"\"ids\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"maxLength\":200},"           \
	"\"maxItems\":20,\"description\":\"Exactly these records.\"}"

#define SEARCH_SCHEMA(filters)                                                                     \
	"{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{" SEARCH_PROPERTIES   \
	",\"filters\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":"         \
	"{" filters "}}}}"

#define TEXT_FILTER(name) "\"" name "\":{\"type\":\"string\",\"maxLength\":200}"

/* A step: the search of one entity, for the call that embeds f. */
void search_tool_run(struct flow *f, enum entity entity);

/* --- scan.c: when the index is down -------------------------------------- */

/* A search over the snapshot's records by words, in slices so that the loop stays free. */
struct scan {
	struct flow flow;
	const struct snapshot *snapshot; /* borrowed */
	struct index_filter filter;
	struct arena *arena;
	size_t limit;
	const char *const *words; /* folded, NULL-terminated */
	/* where it stands */
	enum entity entity;
	size_t next;
	/* result: best first */
	struct result *results;
	size_t n_results, cap, total;
	unsigned most_words;
};
bool scan_passes(const struct index_filter *f, const struct record *r);
void scan_begin(struct scan *s, const struct snapshot *snapshot, const struct index_filter *filter,
		const char *query, int limit, struct arena *arena, struct loop *loop,
		struct flow *parent, flow_step *on_end);

/* --- words.c: the words of a question ---------------------------------------- */

/* Folded words worth searching for (no function words of English, German, French, Spanish),
 * NULL-terminated. */
const char *const *words_of(const char *text, struct arena *arena);
/* How many of the words occur in folded text, at the start of a word; long ones by their stem. */
unsigned words_in(const char *const *words, const char *folded);
bool words_has(const char *word, const char *folded);
/* 1: the word occurs; less: another name of the same practical matter does (wifi, WLAN); 0. */
float words_weight(const char *word, const char *folded);

/* --- passages.c ------------------------------------------------------------- */

#define SHORT_PAGE 320 /* bytes: a page that is quoted whole */

struct passages {
	const char **texts; /* best first, as written, NULL-terminated */
	float score;	    /* 0..1: how much of the question occurs */
};
/* Those stretches of a page that answer best: whole paragraphs or list lines, at most max_chars
 * together. */
void passages_select(const struct info_page *page, const char *const *words, size_t max_chars,
		     struct arena *arena, struct passages *out);

#endif
