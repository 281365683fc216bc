/*
 * get_conference_info.c - practical matters: the pages that may answer, and of each the passages
 * that do.
 *
 * The pages' texts leave as extra {"passages":{"wifi":["..."]}}; results are the pages, best first.
 */
#include "tools/builtin.h"

#include <math.h>
#include <string.h>
#include "base/text.h"
#include "base/utf8.h"
#include "search/info.h"
#include "search/page_texts.h"

#define MAX_PAGES     3
#define PASSAGE_CHARS 600
#define TITLE_SHARE   0.3f
#define WORTH_SHOWING 0.3f
#define ALSO_OF_FIRST 0.95f
#define WORTH_QUOTING 0.45f /* of a page that is not called after what is asked */

struct candidate {
	const struct info_page *page;
	float score;
	int passage; /* nearest in meaning; -1: the question's words decide */
};

struct question {
	const char *const *words;
	float idf[64];
	size_t n;
};

static char *page_name(const struct info_page *page)
{
	struct text name _cleanup_text_ = { 0 };

	text_init(&name, 4096);
	text_printf(&name, "%s %s", page->key, page->title ? page->title : "");
	for (char *p = name.data; *p; p++)
		if (*p == '_')
			*p = ' ';
	return utf8_fold(name.data, name.len);
}

static void weigh_words(const struct conference *c, struct question *q)
{
	while (q->words[q->n] && q->n < ARRAY_SIZE(q->idf))
		q->n++;
	for (size_t i = 0; i < c->n_info; i++) {
		char *folded _cleanup_free_ = utf8_fold(c->info[i].text, strlen(c->info[i].text));

		for (size_t k = 0; folded && k < q->n; k++)
			q->idf[k] += words_has(q->words[k], folded);
	}
	for (size_t k = 0; k < q->n; k++)
		q->idf[k] = logf(1 + (float)c->n_info / (1 + q->idf[k]));
}

/* The share of the question's words that the page has; its title counts more than its text. */
static float page_score(const struct info_page *page, const struct question *q)
{
	char *name _cleanup_free_ = page_name(page);
	char *text _cleanup_free_ = utf8_fold(page->text, strlen(page->text));
	float score = 0, all = 0;

	for (size_t k = 0; k < q->n; k++) {
		float in_name = name ? words_weight(q->words[k], name) : 0;
		float in_text = text ? words_weight(q->words[k], text) : 0;

		score += q->idf[k] * (in_name > 0 ? in_name : 0.7f * in_text);
		all += q->idf[k];
	}
	return all > 0 ? score / all : 0;
}

static void insert(struct candidate *best, size_t *n, const struct info_page *page, float score,
		   int passage)
{
	size_t at;

	for (size_t i = 0; i < *n; i++)
		if (best[i].page == page)
			return;
	for (at = *n; at > 0 && best[at - 1].score < score;)
		at--;
	if (at == MAX_PAGES)
		return;
	*n += *n < MAX_PAGES;
	memmove(best + at + 1, best + at, (*n - at - 1) * sizeof(*best));
	best[at] = (struct candidate){ page, score, passage };
}

/* Pages that were named (the first of them without doubt); else those whose words fit. */
static size_t choose(struct tool_call *call, const struct conference *c, const struct question *q,
		     struct candidate *best)
{
	struct json_object *keys = json_get_array(call->arguments, "keys");
	struct json_object *passages = json_get_array(call->arguments, "passages");
	size_t n = 0, named = keys ? json_object_array_length(keys) : 0;
	float first = 0;

	for (size_t i = 0; i < named && i < MAX_PAGES; i++) {
		const struct info_page *page = conference_page(
			c, json_object_get_string(json_object_array_get_idx(keys, i)));
		float score = page ? page_score(page, q) : 0;
		struct json_object *at = passages ? json_object_array_get_idx(passages, i) : NULL;

		if (page && (n == 0 || score >= ALSO_OF_FIRST * first))
			insert(best, &n, page, 1.0f - 0.1f * (float)i,
			       at ? json_object_get_int(at) : -1);
		if (n == 1)
			first = score;
	}
	if (n)
		return n;
	for (size_t i = 0; i < c->n_info; i++) {
		float score = page_score(&c->info[i], q);

		if (score >= WORTH_SHOWING)
			insert(best, &n, &c->info[i], score, -1);
	}
	while (n > 1 && best[n - 1].score < ALSO_OF_FIRST * best[0].score)
		n--;
	return n;
}

/* "How much does it cost?": which page was meant is known by the matter, and no word can bear it out. */
static bool is_all_generic(const struct question *q)
{
	for (size_t k = 0; k < q->n; k++)
		if (!info_is_generic(q->words[k]))
			return false;
	return true;
}

/* The page is called after what is asked. */
static bool is_titled(const struct info_page *page, const struct question *q)
{
	char *name _cleanup_free_ = page_name(page);
	float named = 0, all = 0;

	for (size_t k = 0; name && k < q->n; k++) {
		if (info_is_generic(q->words[k]))
			continue;
		named += q->idf[k] * words_weight(q->words[k], name);
		all += q->idf[k];
	}
	return all > 0 && named >= TITLE_SHARE * all;
}

/* What is nearest in meaning is what is quoted; else what has the question's words.  false: neither
 * is there, so that the page is no answer. */
static bool add_passages(struct tool_call *call, const struct candidate *c,
			 const struct question *q, struct json_object *all)
{
	struct json_object *texts = json_object_new_array();
	struct arena *arena = call->context->arena;
	const struct info_page *page = c->page;
	const char *nearest = c->passage < 0 || strlen(page->text) <= SHORT_PAGE
				      ? NULL
				      : page_quote(page, (size_t)c->passage, arena);
	struct passages found = { .texts = NULL };

	if (nearest)
		json_object_array_add(texts, json_object_new_string(nearest));
	else
		passages_select(page, q->words, PASSAGE_CHARS, arena, &found);
	if (!nearest && found.score < WORTH_QUOTING && c->passage < 0 && !is_all_generic(q) &&
	    !is_titled(page, q)) {
		json_object_put(texts);
		return false;
	}
	for (size_t i = 0; !nearest && found.texts && found.texts[i]; i++)
		json_object_array_add(texts, json_object_new_string(found.texts[i]));
	json_set(all, page->key, texts);
	return true;
}

static void get_conference_info(struct flow *f)
{
	struct tool_call *call = container_of(f, struct tool_call, flow);
	const struct conference *c = &catalog_snapshot(call->context->catalog)->conference;
	struct candidate best[MAX_PAGES + 1];
	struct question q = {
		.words = words_of(json_text(call->arguments, "query"), call->context->arena),
	};
	struct json_object *passages;
	size_t n;

	if (!q.words) {
		flow_fail(f, FAIL(&f->fail, ASSISTANT_ENOMEM, "This turn has no memory left."));
		return;
	}
	weigh_words(c, &q);
	n = choose(call, c, &q, best);
	call->results = arena_array(call->context->arena, struct result, n + 1);
	call->extra = json_object_new_object();
	passages = json_object_new_object();
	json_set(call->extra, "passages", passages);
	for (size_t i = 0; call->results && i < n; i++) {
		if (add_passages(call, &best[i], &q, passages))
			call->results[call->n_results++] =
				(struct result){ .info = best[i].page, .score = best[i].score };
	}
	call->total = call->n_results;
	flow_done(f);
}

const struct tool_definition tool_get_conference_info = {
	.name = "get_conference_info",
	.description =
		"Answers practical questions (tickets, transport, food, Wi-Fi, accessibility...) "
		"from the conference's information pages.",
	.schema =
		"{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"query\"],"
		"\"properties\":{\"query\":{\"type\":\"string\",\"maxLength\":2000},"
		"\"keys\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"maxLength\":200},"
		"\"maxItems\":20,\"description\":\"These pages, best first.\"},"
		"\"passages\":{\"type\":\"array\",\"items\":{\"type\":\"integer\",\"minimum\":-1},"
		"\"maxItems\":20,\"description\":\"Of each of these pages, the passage that "
		"answers, from 0; "
		"-1: unknown.\"}}}",
	.run = get_conference_info,
};
