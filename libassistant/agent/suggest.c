/*
 * suggest.c - up to three questions worth asking next, in the answer's language.
 *
 * Only what the data can answer: each is made from records of the conference and checked against
 * them.
 */
#include <ctype.h>
#include <string.h>
#include "agent/nodes.h"
#include "base/utf8.h"
#include "llm/quote.h"
#include "search/words.h"

#define MAX_SUGGESTIONS 3
#define NAME_CHARS	90
#define MIN_NAME	4
#define LEAST_PAGE	40 /* bytes: less is no page */

struct suggesting {
	struct turn *t;
	const struct snapshot *s;
	enum language l;
	const char *asked;
	size_t n;
	struct text said[MAX_SUGGESTIONS];
};

/* As a visitor would write it; "" when it is too long to write. */
static const char *name_text(struct suggesting *g, const char *name)
{
	struct text clean _cleanup_text_ = { 0 };

	text_init(&clean, 8192);
	quote_clean(&clean, name ? name : "", NAME_CHARS, false);
	if (clean.len > 3 && strcmp(clean.data + clean.len - 3, "…") == 0)
		return "";
	return arena_strdup(g->t->arena, clean.data);
}

static void offer(struct suggesting *g, enum phrase p, const char *key, const char *value)
{
	struct text *out = &g->said[g->n];

	if (g->n == MAX_SUGGESTIONS || !value || !value[0])
		return;
	text_clear(out);
	phrases_say(out, g->l, p, key, value, NULL);
	for (size_t i = 0; i < g->n; i++)
		if (strcmp(g->said[i].data, out->data) == 0)
			return;
	g->n++;
}

static bool asked(const struct suggesting *g, const char *what)
{
	return strcmp(g->asked, what) == 0;
}

static const char *weekday(struct suggesting *g, int64_t unix_s)
{
	struct text out _cleanup_text_ = { 0 };
	struct civil_time t;

	text_init(&out, 64);
	if (!civil_time_parse(facts_time(g->t, unix_s), &t))
		return "";
	phrases_weekday(&out, g->l, &t);
	return arena_strdup(g->t->arena, out.data);
}

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* Another session for which fn holds, later than `after`. */
static const struct record *find_session(const struct suggesting *g, const struct record * not,
					 const char *location, const char *track, int64_t after,
					 int64_t before)
{
	for (size_t i = 0; i < g->s->n[ENTITY_SESSION]; i++) {
		const struct record *r = &g->s->records[ENTITY_SESSION][i];

		if (r == not || r->start == TIME_UNKNOWN || r->start < after || r->start >= before)
			continue;
		if ((!location || same(r->location, location)) && (!track || same(r->track, track)))
			return r;
	}
	return NULL;
}

static int64_t day_end(const struct suggesting *g, int64_t unix_s)
{
	return zone_day_start(catalog_zone(g->t->catalog), unix_s, 1);
}

static void after_session(struct suggesting *g, const struct record *r)
{
	int64_t now = g->t->now_unix_s;

	if (r->speaker_names[0] && (asked(g, "when") || asked(g, "where")))
		offer(g, PHRASE_ASK_WHO, "name", name_text(g, r->name));
	if (r->description && (asked(g, "when") || asked(g, "where") || asked(g, "who")))
		offer(g, PHRASE_ASK_ABOUT, "name", name_text(g, r->name));
	if (r->location && find_session(g, r, r->location, NULL, now, day_end(g, now)))
		offer(g, PHRASE_ASK_NEXT_IN, "place", name_text(g, r->location));
	if (r->track && find_session(g, r, NULL, r->track, 0, INT64_MAX))
		offer(g, PHRASE_ASK_TRACK, "track", name_text(g, r->track));
	for (size_t i = 0; r->speaker_ids[i]; i++) {
		const struct record *p = snapshot_find(g->s, ENTITY_SPEAKER, r->speaker_ids[i]);

		if (p && (p->description || p->title || p->company))
			offer(g, PHRASE_ASK_PERSON, "name", name_text(g, p->name));
	}
}

static void after_speaker(struct suggesting *g, const struct record *p)
{
	for (size_t i = 0; i < g->s->n[ENTITY_SESSION]; i++) {
		const struct record *r = &g->s->records[ENTITY_SESSION][i];

		for (size_t k = 0; r->speaker_ids[k]; k++) {
			if (strcmp(r->speaker_ids[k], p->id) != 0)
				continue;
			if (r->description)
				offer(g, PHRASE_ASK_ABOUT, "name", name_text(g, r->name));
		}
	}
}

/* As whole words. */
static bool has_words(const char *text, const char *words)
{
	size_t n = strlen(words);

	for (const char *p = strstr(text, words); p; p = strstr(p + 1, words))
		if ((p == text || !isalnum((unsigned char)p[-1])) && !isalnum((unsigned char)p[n]))
			return true;
	return false;
}

/* Does a session's title have that name? */
static bool is_in_programme(const struct suggesting *g, const char *name)
{
	char *folded _cleanup_free_ = utf8_fold(name, strlen(name));

	if (!folded || strlen(folded) < MIN_NAME)
		return false;
	for (size_t i = 0; i < g->s->n[ENTITY_SESSION]; i++) {
		const char *title = g->s->records[ENTITY_SESSION][i].name;
		char *other _cleanup_free_ = utf8_fold(title, strlen(title));

		if (other && has_words(other, folded))
			return true;
	}
	return false;
}

static void after_exhibitor(struct suggesting *g, const struct record *e)
{
	if ((e->description || e->products) && (asked(g, "where") || asked(g, "when")))
		offer(g, PHRASE_ASK_OFFER, "name", name_text(g, e->name));
	if (is_in_programme(g, e->name))
		offer(g, PHRASE_ASK_SESSIONS_ON, "name", name_text(g, e->name));
	for (size_t i = 0; i < g->s->n[ENTITY_EXHIBITOR]; i++) {
		const struct record *other = &g->s->records[ENTITY_EXHIBITOR][i];

		if (other == e || !same(other->category, e->category) || !other->booth)
			continue;
		offer(g, PHRASE_ASK_WHERE, "name", name_text(g, other->name));
		return; /* one neighbour is enough */
	}
}

static void after_one(struct suggesting *g, const struct record *r)
{
	if (r->type == ENTITY_SESSION)
		after_session(g, r);
	else if (r->type == ENTITY_SPEAKER)
		after_speaker(g, r);
	else
		after_exhibitor(g, r);
}

/* Another day of the conference that has sessions. */
static void another_day(struct suggesting *g)
{
	const struct when *w = &g->t->understood.when;
	const struct zone *z = catalog_zone(g->t->catalog);
	int64_t day, next;

	if (w->kind != WHEN_WINDOW || w->from == TIME_UNKNOWN || !w->explicit_day)
		return;
	day = zone_day_start(z, w->from, 0);
	next = zone_day_start(z, w->from, 1);
	if (find_session(g, NULL, NULL, NULL, next, zone_day_start(z, w->from, 2)))
		offer(g, PHRASE_ASK_OTHER_DAY, "weekday", weekday(g, next));
	else if (find_session(g, NULL, NULL, NULL, zone_day_start(z, w->from, -1), day))
		offer(g, PHRASE_ASK_OTHER_DAY, "weekday",
		      weekday(g, zone_day_start(z, w->from, -1)));
}

static void after_list(struct suggesting *g)
{
	struct json_object *results = json_get_array(g->t->facts, "results");

	another_day(g);
	for (size_t i = 0; i < json_object_array_length(results) && i < 2; i++) {
		struct json_object *o = json_object_array_get_idx(results, i);
		const struct record *r = NULL;
		enum entity type;

		if (entity_from(json_text(o, "type"), &type) == 0)
			r = snapshot_find(g->s, type, json_text(o, "id"));
		if (!r)
			continue;
		if (type == ENTITY_SESSION && r->description)
			offer(g, PHRASE_ASK_ABOUT, "name", name_text(g, r->name));
		else if (type == ENTITY_SPEAKER)
			offer(g, PHRASE_ASK_PERSON, "name", name_text(g, r->name));
		else if (type == ENTITY_EXHIBITOR && r->booth)
			offer(g, PHRASE_ASK_WHERE, "name", name_text(g, r->name));
	}
}

/* The page of information that the answer quoted; "": none. */
static const char *shown_page(const struct suggesting *g)
{
	struct json_object *info = json_get_array(g->t->facts, "info");

	if (!info || !json_object_array_length(info))
		return "";
	return json_text(json_object_array_get_idx(info, 0), "key");
}

/* A page of one practical matter: "About", "FAQ" and "Services" say nothing of what is in them. */
static bool is_worth_asking(const struct info_page *page)
{
	static const char vague[] =
		"about faq info information infos services service misc other others general "
		"practical contact imprint legal privacy press sponsors sponsoring donate "
		"volunteer "
		"social terms history team organisers organizers";
	char *title _cleanup_free_ = utf8_fold(page->title, strlen(page->title));

	return title && !word_in(page->key, vague) && !word_in(title, vague) &&
	       strlen(page->text) >= LEAST_PAGE;
}

/* Where a visitor may begin. */
static void at_start(struct suggesting *g)
{
	const struct conference *c = &g->s->conference;
	int64_t now = g->t->now_unix_s;
	const struct record *first;
	const char *shown = shown_page(g);

	for (size_t i = 0; i < g->s->n[ENTITY_SESSION]; i++) {
		const struct record *r = &g->s->records[ENTITY_SESSION][i];

		if (r->start != TIME_UNKNOWN && r->end != TIME_UNKNOWN && r->start <= now &&
		    r->end > now)
			offer(g, PHRASE_ASK_NOW, "n", "-");
	}
	/* Of the day to come; of the last one, what is left of it. */
	first = find_session(g, NULL, NULL, NULL, day_end(g, now), INT64_MAX);
	if (first)
		offer(g, PHRASE_ASK_FIRST, "weekday", weekday(g, first->start));
	if (g->s->n[ENTITY_EXHIBITOR])
		offer(g, PHRASE_ASK_EXHIBITORS, "n", "-");
	for (size_t i = 0; i < c->n_info; i++)
		if (strcmp(c->info[i].key, shown) != 0 && is_worth_asking(&c->info[i]))
			offer(g, PHRASE_ASK_INFO, "name", name_text(g, c->info[i].title));
}

void suggest(struct turn *t)
{
	struct suggesting g = { .t = t,
				.s = catalog_snapshot(t->catalog),
				.l = t->language,
				.asked = json_text(t->facts, "asked") };
	const char *kind = json_text(t->facts, "kind");

	for (size_t i = 0; i < MAX_SUGGESTIONS; i++)
		text_init(&g.said[i], 8192);
	if (t->answered)
		after_one(&g, t->answered);
	else if (strcmp(kind, "entities") == 0)
		after_list(&g);
	else if (strcmp(kind, "clarify") != 0)
		at_start(&g);
	for (size_t i = 0; i < MAX_SUGGESTIONS; i++) {
		if (i < g.n && !t->stopping)
			t->rq.sink->suggestion(t->rq.ctx, g.said[i].data);
		text_finish(&g.said[i]);
	}
}
