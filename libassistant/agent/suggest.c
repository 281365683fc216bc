/*
 * suggest.c - up to three questions worth asking next, in the answer's language.
 *
 * Only what the data can answer: each is made from records of the conference and checked against
 * them.
 */
#include <ctype.h>
#include <string.h>
#include "agent/history.h"
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
	enum phrase kinds[MAX_SUGGESTIONS];
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

static bool is_same_question(const char *a, const char *b)
{
	char *x _cleanup_free_ = utf8_fold(a, strlen(a));
	char *y _cleanup_free_ = utf8_fold(b, strlen(b));

	return x && y && strcmp(x, y) == 0;
}

/* In this conversation. */
static bool was_asked(const struct suggesting *g, const char *question)
{
	if (is_same_question(g->t->rq.question, question))
		return true;
	for (const struct previous *p = g->t->previous; p; p = p->before)
		if (p->question && is_same_question(p->question, question))
			return true;
	return false;
}

/* One of each kind: the second "What is X about?" opens nothing new. */
static bool has_kind(const struct suggesting *g, enum phrase p)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->kinds[i] == p)
			return true;
	return false;
}

static void offer(struct suggesting *g, enum phrase p, const char *key, const char *value)
{
	struct text *out = &g->said[g->n];

	if (g->n == MAX_SUGGESTIONS || !value || !value[0] || has_kind(g, p))
		return;
	text_clear(out);
	phrases_say(out, g->l, p, key, value, NULL);
	if (was_asked(g, out->data))
		return;
	for (size_t i = 0; i < g->n; i++)
		if (strcmp(g->said[i].data, out->data) == 0)
			return;
	g->kinds[g->n++] = p;
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

/* Somebody of whom the programme says more than a name. */
static void offer_person(struct suggesting *g, const struct record *session)
{
	for (size_t i = 0; session->speaker_ids && session->speaker_ids[i]; i++) {
		const struct record *p =
			snapshot_find(g->s, ENTITY_SPEAKER, session->speaker_ids[i]);

		if (p && (p->description || p->title || p->company))
			offer(g, PHRASE_ASK_PERSON, "name", name_text(g, p->name));
	}
}

/* What the question would be understood as: some names mean something else in it. */
static void read_question(struct suggesting *g, enum phrase p, const char *key, const char *value,
			  struct understood *out)
{
	struct text question _cleanup_text_ = { 0 };

	text_init(&question, 8192);
	phrases_say(&question, g->l, p, key, name_text(g, value), NULL);
	query_understand(g->t->catalog, arena_strdup(g->t->arena, question.data), g->t->now_unix_s,
			 g->t->arena, out);
}

/* Some tracks are called like a format ("Plenary"). */
static bool is_read_as_track(struct suggesting *g, const char *track)
{
	struct understood u;

	read_question(g, PHRASE_ASK_TRACK, "track", track, &u);
	return u.filter.tracks && same(u.filter.tracks[0], track) && !u.filter.types;
}

static bool is_read_as_next(struct suggesting *g, const char *place)
{
	struct understood u;

	read_question(g, PHRASE_ASK_NEXT_IN, "place", place, &u);
	return u.filter.places && u.when.kind == WHEN_NEXT;
}

static void offer_track(struct suggesting *g, const struct record *session)
{
	if (g->n < MAX_SUGGESTIONS && session->track &&
	    find_session(g, session, NULL, session->track, 0, INT64_MAX) &&
	    is_read_as_track(g, session->track))
		offer(g, PHRASE_ASK_TRACK, "track", name_text(g, session->track));
}

static void offer_room(struct suggesting *g, const struct record *session)
{
	int64_t now = g->t->now_unix_s;

	if (g->n < MAX_SUGGESTIONS && session->location &&
	    find_session(g, session, session->location, NULL, now, day_end(g, now)) &&
	    is_read_as_next(g, session->location))
		offer(g, PHRASE_ASK_NEXT_IN, "place", name_text(g, session->location));
}

static void after_session(struct suggesting *g, const struct record *r)
{
	bool short_answer = asked(g, "when") || asked(g, "where");

	if (r->description && (short_answer || asked(g, "who")))
		offer(g, PHRASE_ASK_ABOUT, "name", name_text(g, r->name));
	if (r->speaker_names[0] && short_answer)
		offer(g, PHRASE_ASK_WHO, "name", name_text(g, r->name));
	else
		offer_person(g, r);
	offer_track(g, r);
	offer_room(g, r);
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
			offer_track(g, r);
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

/* Of a list over several days: only the last of them. */
static void narrow_to_day(struct suggesting *g, struct json_object *results)
{
	const struct zone *z = catalog_zone(g->t->catalog);
	int64_t first = INT64_MAX, last = 0;

	if (g->t->understood.when.kind != WHEN_NONE)
		return;
	for (size_t i = 0; i < json_object_array_length(results); i++) {
		struct civil_time start;

		if (!civil_time_parse(
			    json_get_string(json_object_array_get_idx(results, i), "start"),
			    &start))
			continue;
		first = start.unix_s < first ? start.unix_s : first;
		last = start.unix_s > last ? start.unix_s : last;
	}
	if (first < last && zone_day_start(z, first, 1) <= last)
		offer(g, PHRASE_ASK_OTHER_DAY, "weekday", weekday(g, last));
}

/* The best of that kind. */
static const struct record *best_result(const struct suggesting *g, struct json_object *results,
					enum entity wanted)
{
	const struct record *best = NULL;
	double most = -1;

	for (size_t i = 0; i < json_object_array_length(results); i++) {
		struct json_object *o = json_object_array_get_idx(results, i), *score = NULL;
		enum entity type;

		json_object_object_get_ex(o, "score", &score);
		if (entity_from(json_text(o, "type"), &type) < 0 || type != wanted ||
		    json_object_get_double(score) <= most)
			continue;
		best = snapshot_find(g->s, type, json_text(o, "id"));
		most = json_object_get_double(score);
	}
	return best;
}

/* One of the sessions in the track that most of them are in: what they have in common. */
static const struct record *most_in_track(const struct suggesting *g, struct json_object *results)
{
	const struct record *found = NULL;
	size_t most = 1;

	for (size_t i = 0; i < json_object_array_length(results); i++) {
		struct json_object *o = json_object_array_get_idx(results, i);
		const char *track = json_get_string(o, "track");
		size_t n = 0;

		for (size_t k = 0; track && k < json_object_array_length(results); k++)
			n += same(track,
				  json_get_string(json_object_array_get_idx(results, k), "track"));
		if (n <= most || strcmp(json_text(o, "type"), "session") != 0)
			continue;
		most = n;
		found = snapshot_find(g->s, ENTITY_SESSION, json_text(o, "id"));
	}
	return found;
}

static void after_list(struct suggesting *g)
{
	struct json_object *results = json_get_array(g->t->facts, "results");
	const struct record *session = best_result(g, results, ENTITY_SESSION);
	const struct record *stand = best_result(g, results, ENTITY_EXHIBITOR);
	const struct record *person = best_result(g, results, ENTITY_SPEAKER), *common;

	another_day(g);
	if (strcmp(json_text(g->t->facts, "beginners"), "found") == 0)
		offer(g, PHRASE_ASK_SESSIONS_ON, "name",
		      name_text(g, json_text(g->t->facts, "topic")));
	if (session && session->description)
		offer(g, PHRASE_ASK_ABOUT, "name", name_text(g, session->name));
	if (person)
		offer(g, PHRASE_ASK_PERSON, "name", name_text(g, person->name));
	if (stand && (stand->description || stand->products))
		offer(g, PHRASE_ASK_OFFER, "name", name_text(g, stand->name));
	if (stand && is_in_programme(g, stand->name))
		offer(g, PHRASE_ASK_SESSIONS_ON, "name", name_text(g, stand->name));
	narrow_to_day(g, results);
	if (session && g->t->understood.when.kind != WHEN_NONE)
		offer_room(g, session);
	common = most_in_track(g, results);
	if (session && !g->t->understood.filter.tracks)
		offer_track(g, common ? common : session);
	if (session)
		offer_person(g, session);
}

/* The page of information that the answer quoted; "": none. */
static const char *shown_page(const struct suggesting *g)
{
	struct json_object *info = json_get_array(g->t->facts, "info");

	if (!info || !json_object_array_length(info))
		return "";
	return json_text(json_object_array_get_idx(info, 0), "key");
}

/* What visitors ask of practical matters, first what most want to know, and what pages about it are called. */
static const struct matter {
	enum phrase question;
	const char *titles;
} matters[] = {
	{ PHRASE_ASK_FOOD,
	  "food eat eating drink drinks lunch dinner catering essen verpflegung repas comida" },
	{ PHRASE_ASK_WIFI, "wifi wi internet wlan network" },
	{ PHRASE_ASK_WAY, "transport travel arrival directions anreise acces transporte" },
	{ PHRASE_ASK_LUGGAGE, "cloakroom luggage garderobe vestiaire bagages guardarropa" },
	{ PHRASE_ASK_RECORDED, "recordings recording streaming video videos aufzeichnungen" },
	{ PHRASE_ASK_ACCESS,
	  "accessibility accessible barrierefreiheit accessibilite accesibilidad" },
	{ PHRASE_ASK_PARKING, "parking parken parkplatze aparcamiento" },
	{ PHRASE_ASK_CHILDREN, "childcare kinderbetreuung guarderia" },
	{ PHRASE_ASK_FIRST_AID, "aid emergency notfall secours emergencias" },
};

static bool has_title_word(const struct info_page *page, const char *list)
{
	char *title _cleanup_free_ = utf8_fold(page->title, strlen(page->title));
	size_t len = title ? strlen(title) : 0, i = 0, from, to;

	while (word_next(title, len, &i, &from, &to)) {
		char word[48];

		snprintf(word, sizeof(word), "%.*s", (int)(to - from), title + from);
		if (word_in(word, list))
			return true;
	}
	return false;
}

/* The page that answers is the one that was thought of: another conference may say it elsewhere, or not at all. */
static bool is_answered_by(struct suggesting *g, enum phrase question, const struct info_page *page)
{
	struct understood u;

	read_question(g, question, "n", "-", &u);
	return u.intent == INTENT_GENERAL_INFO && u.info_keys && u.info_keys[0] &&
	       strcmp(u.info_keys[0], page->key) == 0;
}

/* Other practical matters that the pages tell, but not the one that was just told. */
static void offer_matters(struct suggesting *g)
{
	const struct conference *c = &g->s->conference;
	const char *shown = shown_page(g);

	for (size_t m = 0; m < ARRAY_SIZE(matters); m++)
		for (size_t i = 0; i < c->n_info && g->n < MAX_SUGGESTIONS; i++) {
			const struct info_page *page = &c->info[i];

			if (strcmp(page->key, shown) != 0 && strlen(page->text) >= LEAST_PAGE &&
			    has_title_word(page, matters[m].titles) &&
			    is_answered_by(g, matters[m].question, page))
				offer(g, matters[m].question, "n", "-");
		}
}

/* Where a visitor may begin. */
static void at_start(struct suggesting *g, bool practical)
{
	int64_t now = g->t->now_unix_s;
	const struct record *first;

	for (size_t i = 0; i < g->s->n[ENTITY_SESSION]; i++) {
		const struct record *r = &g->s->records[ENTITY_SESSION][i];

		if (r->start != TIME_UNKNOWN && r->end != TIME_UNKNOWN && r->start <= now &&
		    r->end > now)
			offer(g, PHRASE_ASK_NOW, "n", "-");
	}
	if (practical)
		offer_matters(g);
	/* Of the day to come; of the last one, what is left of it. */
	first = find_session(g, NULL, NULL, NULL, day_end(g, now), INT64_MAX);
	if (first)
		offer(g, PHRASE_ASK_FIRST, "weekday", weekday(g, first->start));
	if (g->s->n[ENTITY_EXHIBITOR])
		offer(g, PHRASE_ASK_EXHIBITORS, "n", "-");
	offer_matters(g);
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
		at_start(&g, strcmp(kind, "info") == 0);
	for (size_t i = 0; i < MAX_SUGGESTIONS; i++) {
		if (i < g.n && !t->stopping)
			t->rq.sink->suggestion(t->rq.ctx, g.said[i].data);
		text_finish(&g.said[i]);
	}
}
