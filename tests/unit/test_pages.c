/*
 * test_pages.c - when a page's meaning turns a search into a practical question, and which pages then answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "search/info.h"
#include "search/page_questions.h"
#include "search/page_texts.h"
#include "search/pages.h"
#include "search/vocabulary.h"
#include "tools/builtin.h"

static const char *const none[] = { NULL };

/* The cosines of up to three pages, the nearest first, and of the nearest record. */
static struct meaning meaning_of(struct arena *a, float record, const char *const *keys,
				 const float *cosines, size_t n)
{
	struct meaning m = { .ready = true, .nearest = record };

	m.pages.hits = arena_array(a, struct dense_hit, n);
	m.pages.n = n;
	for (size_t i = 0; i < n; i++)
		m.pages.hits[i] = (struct dense_hit){ .type = POINT_PAGE,
						      .id = keys[i],
						      .part = (unsigned)i + 3,
						      .best = cosines[i],
						      .cosine = { [FACET_MASTER] = cosines[i] } };
	return m;
}

static struct understood search_for(bool how_to)
{
	return (struct understood){ .intent = INTENT_SESSION_SEARCH,
				    .how_to = how_to,
				    .info_keys = none };
}

static void turns(struct arena *a, struct understood u, float record, float page, bool expected)
{
	const char *const keys[] = { "transport" };
	const struct meaning m = meaning_of(a, record, keys, &page, 1);

	pages_by_meaning(&m, a, &u);
	assert_int_equal(u.intent, expected ? INTENT_GENERAL_INFO : INTENT_SESSION_SEARCH);
	if (!expected) {
		assert_ptr_equal(u.info_keys, none);
		return;
	}
	assert_string_equal(u.info_keys[0], "transport");
	assert_null(u.info_keys[1]);
	assert_int_equal(u.info_parts[0], 3);
}

static void test_which_questions(void **state)
{
	struct arena *a = arena_create(1 << 20);
	struct understood named = search_for(true), follows = search_for(true),
			  timed = search_for(true), placed = search_for(true),
			  kind = search_for(true);
	static const char *const rooms[] = { "Janson", NULL };

	turns(a, search_for(true), 0.30f, 0.50f, true);
	turns(a, search_for(true), 0.48f, 0.50f, false);  /* a record is as near */
	turns(a, search_for(true), 0.10f, 0.30f, false);  /* nothing is near */
	turns(a, search_for(false), 0.40f, 0.50f, false); /* a topic, rather */
	turns(a, search_for(false), 0.30f, 0.50f, true);
	named.n_names = 1;
	turns(a, named, 0.30f, 0.60f, false);
	follows.follow_up = true;
	turns(a, follows, 0.30f, 0.60f, false);
	timed.when.kind = WHEN_NOW;
	turns(a, timed, 0.30f, 0.60f, false);
	placed.filter.places = rooms;
	turns(a, placed, 0.30f, 0.60f, false);
	kind.kind_said = true;
	turns(a, kind, 0.42f, 0.50f, false);
	turns(a, kind, 0.30f, 0.50f, true);
	arena_destroy(a);
}

static void test_not_ready(void **state)
{
	struct arena *a = arena_create(1 << 20);
	struct meaning m = { .ready = false };
	struct understood u = search_for(true);

	pages_by_meaning(&m, a, &u);
	assert_int_equal(u.intent, INTENT_SESSION_SEARCH);
	m.ready = true; /* an index without pages */
	pages_by_meaning(&m, a, &u);
	assert_int_equal(u.intent, INTENT_SESSION_SEARCH);
	arena_destroy(a);
}

/* What words found stays; meaning puts it in order and adds what is as near. */
static void test_order(void **state)
{
	static const char *const found[] = { "services", "transport", "faq", NULL };
	static const char *const keys[] = { "transport", "parking", "services", "wifi" };
	static const float cosines[] = { 0.70f, 0.67f, 0.40f, 0.20f };
	struct arena *a = arena_create(1 << 20);
	const struct meaning m = meaning_of(a, 0.30f, keys, cosines, 4);
	struct understood u = { .intent = INTENT_GENERAL_INFO, .info_keys = found };

	pages_by_meaning(&m, a, &u);
	assert_int_equal(u.intent, INTENT_GENERAL_INFO);
	assert_string_equal(u.info_keys[0], "transport");
	assert_string_equal(u.info_keys[1], "parking");
	assert_string_equal(u.info_keys[2], "services");
	assert_null(u.info_keys[3]);
	assert_int_equal(u.info_parts[0], 3);
	assert_int_equal(u.info_parts[1], 4);
	assert_int_equal(u.info_parts[2], 5);
	arena_destroy(a);
}

/* A page that says all of it in one passage goes before one that is somewhat nearer; of a page, that passage is quoted. */
static void test_said_together(void **state)
{
	static const char *const keys[] = { "food", "tickets" };
	static const float cosines[] = { 0.60f, 0.50f };
	static const float food[] = { 0, 0, 0, 0.3f }, tickets[] = { 0, 1, 0, 0, 0.2f };
	static const bool above[] = { false, false, false, false, false };
	const struct info_share shares[] = { { "food", food, above, 4, 3 },
					     { "tickets", tickets, above, 5, 1 },
					     { .key = NULL } };
	struct arena *a = arena_create(1 << 20);
	const struct meaning m = meaning_of(a, 0.30f, keys, cosines, 2);
	struct understood u = { .intent = INTENT_SESSION_SEARCH,
				.how_to = true,
				.info_keys = none };

	pages_by_meaning(&m, a, &u);
	assert_string_equal(u.info_keys[0], "food");
	u = (struct understood){ .intent = INTENT_SESSION_SEARCH,
				 .how_to = true,
				 .language = "en",
				 .info_keys = none,
				 .info_shares = shares };
	pages_by_meaning(&m, a, &u);
	assert_string_equal(u.info_keys[0], "tickets");
	assert_int_equal(u.info_parts[0], 1);
	assert_int_equal(u.info_fit, INFO_SAYS_IT);
	arena_destroy(a);
}

static enum info_fit fit(struct arena *a, float cosine, float said, bool headed, bool strange)
{
	static const char *const keys[] = { "conduct" }, *const found[] = { "conduct", NULL };
	const float of[] = { 0, 0, 0, said };
	const bool above[] = { false, false, false, headed };
	const struct info_share shares[] = { { "conduct", of, above, 4, 3 }, { .key = NULL } };
	const struct meaning m = meaning_of(a, 0.20f, keys, &cosine, 1);
	struct understood u = { .intent = INTENT_GENERAL_INFO,
				.language = "en",
				.info_keys = found,
				.info_shares = shares,
				.info_strange = strange };

	pages_by_meaning(&m, a, &u);
	return u.info_fit;
}

/* What is near in neither words nor meaning is no answer, though no other page is nearer. */
static void test_fit(void **state)
{
	struct arena *a = arena_create(1 << 20);

	assert_int_equal(fit(a, 0.55f, 0, false, false), INFO_SAYS_IT);
	assert_int_equal(fit(a, 0.35f, 0, true, false), INFO_SAYS_IT);
	assert_int_equal(fit(a, 0.35f, 0.6f, false, false), INFO_SAYS_IT);
	assert_int_equal(fit(a, 0.47f, 0.2f, false, false), INFO_NEAR_IT);
	assert_int_equal(fit(a, 0.35f, 0.45f, false, false), INFO_NEAR_IT);
	assert_int_equal(fit(a, 0.38f, 0.2f, false, false), INFO_FAR_FROM_IT);
	assert_int_equal(fit(a, 0.25f, 0.2f, true, false), INFO_NEAR_IT);
	/* of an airport that nobody here speaks of */
	assert_int_equal(fit(a, 0.52f, 0.3f, true, true), INFO_NEAR_IT);
	arena_destroy(a);
}

static const struct info_share *shares_of(const struct conference *c, const char *question,
					  struct arena *a, struct info_found *found)
{
	bool skip[WORDS_MAX] = { false };
	struct vocabulary *v = vocabulary_create(a);
	struct info_index *x;
	size_t n;
	struct word *words = words_split(question, a, WORDS_MAX, &n);

	words_mark_stops(words, n, "en");
	assert_int_equal(vocabulary_seal(v), 0);
	assert_int_equal(info_index_create(c, &x, NULL), 0);
	info_find(x, v, question, words, n, skip, a, found);
	info_index_destroy(x);
	vocabulary_destroy(v);
	return found->shares;
}

/* Words count where they stand together, rare ones more; a matter counts by its other names, too. */
static void test_shares(void **state)
{
	static const struct info_page pages[] = {
		{ "food", "Food", "Lunch is at noon in the hall. There is soup. It is warm." },
		{ "tickets", "Tickets",
		  "A day costs 30 euros. Ask at the desk. Students pay half.\n\nMeals\n\n"
		  "Lunch is included in your ticket." },
		{ "garderobe", "Garderobe", "Cloakroom\n\nLeave what you carry here." },
		{ "press", "Press", "Journalists are welcome." },
	};
	const struct conference c = { .info = pages, .n_info = 4 };
	struct arena *a = arena_create(1 << 20);
	struct info_found found;
	const struct info_share *s = shares_of(&c, "is lunch included in my ticket", a, &found);

	assert_string_equal(s[1].key, "tickets");
	assert_true(s[1].of[s[1].best] > 0.95f);
	assert_true(s[1].best > 0);
	assert_true(s[0].of[s[0].best] < 0.6f);
	assert_null(s[4].key);
	assert_true(found.matter);
	assert_false(found.strange);
	s = shares_of(&c, "where can i leave my suitcase", a, &found);
	assert_true(s[2].headed[s[2].best]);
	assert_true(s[2].of[s[2].best] > s[1].of[s[1].best]);
	/* no misspelt "press" */
	s = shares_of(&c, "is there a dress code", a, &found);
	assert_false(s[3].headed[s[3].best]);
	s = shares_of(&c, "where is the helipad", a, &found);
	assert_true(found.strange);
	assert_false(found.matter);
	assert_true(s[0].of[s[0].best] <= 0);
	arena_destroy(a);
}

/* "press the button" is about no journalists; a page of that name is. */
static void test_words_of_titles(void **state)
{
	assert_false(info_has_any(" press the button ", "^press journalists"));
	assert_true(info_has_any(" for journalists ", "^press journalists"));
	assert_true(info_is_called(" press ", "^press journalists"));
	assert_false(info_is_called(" pressing ", "^press journalists"));
}

static void test_heads(void **state)
{
	const struct info_page page = { "services", "Services",
					"Come and ask.\n\nCloak room\n\nStore your coat." };
	struct arena *a = arena_create(1 << 20);
	const char *heads[PAGE_MAX_PASSAGES], *texts[PAGE_MAX_PASSAGES];

	assert_int_equal(page_heads(&page, a, heads), page_passages(&page, a, texts));
	assert_string_equal(heads[0], "");
	assert_string_equal(heads[1], "Cloak room");
	arena_destroy(a);
}

/* "The swimming pool" is practical and of no page: a page that is merely the nearest does not answer. */
static void test_nobody_answers(void **state)
{
	static const char *const keys[] = { "registration" };
	static const float far[] = { 0.41f }, near[] = { 0.60f };
	struct arena *a = arena_create(1 << 20);
	struct meaning m = meaning_of(a, 0.30f, keys, far, 1);
	struct understood u = { .intent = INTENT_GENERAL_INFO, .info_keys = none };

	pages_by_meaning(&m, a, &u);
	assert_ptr_equal(u.info_keys, none);
	m = meaning_of(a, 0.30f, keys, near, 1);
	pages_by_meaning(&m, a, &u);
	assert_string_equal(u.info_keys[0], "registration");
	arena_destroy(a);
}

static void test_passages(void **state)
{
	const struct info_page page = { "transport", "Transport",
					"Take tram 8. It runs every six minutes. Get off at the "
					"lake. Parking is not possible.\n\nBicycles may stand at "
					"the north gate." };
	const struct info_page empty = { "empty", "Empty", "" };
	const char *out[PAGE_MAX_PASSAGES];
	struct arena *a = arena_create(1 << 20);
	size_t n = page_passages(&page, a, out);

	assert_in_range(n, 2, 4);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(strncmp(out[i], "Transport: ", 11), 0);
	assert_non_null(strstr(out[0], "tram 8"));
	assert_non_null(strstr(out[n - 1], "north gate"));
	assert_int_equal(page_passages(&empty, a, out), 0);
	arena_destroy(a);
}

/* Sections stay apart; tables of contents and credits are left out; a question is a heading. */
static void test_sections(void **state)
{
	const struct info_page page = {
		"faq", "FAQ",
		"Contents\n\n- Recordings\n\n- Pets\n\nRecordings\n\nQ: Are talks recorded?\n\n"
		"Yes. All of them.\n\nPets\n\n\xc2\xa9 by Jim\n\nBring:\n\n- a leash\n\n- a "
		"muzzle\n\n"
		"Tours\n\n\xc2\xa9 CC-BY by Jim Linwood\n\nCome to the meeting point."
	};
	const char *out[PAGE_MAX_PASSAGES];
	struct arena *a = arena_create(1 << 20);
	size_t n = page_passages(&page, a, out), met = 0;

	for (size_t i = 0; i < n; i++) {
		const char *quote = page_quote(&page, i, a);

		assert_null(strstr(out[i], "Jim"));
		assert_null(strstr(quote, "- Recordings"));
		if (strstr(out[i], "All of them")) {
			assert_string_equal(out[i],
					    "FAQ: Q: Are talks recorded? Yes. All of them.");
			assert_string_equal(quote, "Are talks recorded?\nYes. All of them.");
			met++;
		}
		if (strstr(out[i], "meeting point")) {
			assert_string_equal(out[i], "FAQ: Tours Come to the meeting point.");
			assert_null(strstr(quote, "Jim"));
			met++;
		}
		if (strstr(out[i], "a leash") && strstr(out[i], "a muzzle")) {
			assert_non_null(strstr(quote, "\n- a leash\n- a muzzle"));
			met++;
		}
	}
	assert_int_equal(met, 3);
	assert_null(page_quote(&page, n, a));
	assert_null(page_quote(&page, 1000, a));
	arena_destroy(a);
}

static bool is_asked(const struct page_questions *q, const char *key, const char *text)
{
	for (size_t i = 0; i < q->n; i++)
		if (strcmp(q->all[i].page->key, key) == 0 && strstr(q->all[i].text, text))
			return true;
	return false;
}

/* The page called so, else the one with such a heading, else few that speak of it. */
static void test_questions(void **state)
{
	const struct info_page pages[] = {
		{ "wifi", "Wi-Fi", "The network is called Lake." },
		{ "services", "Services",
		  "Wireless\n\nThere is some network.\n\nLost and found\n\nAsk at the desk." },
		{ "about", "About", "Those who lost their way may smoke here." },
	};
	struct arena *a = arena_create(1 << 20);
	const struct conference c = { .info = pages, .n_info = ARRAY_SIZE(pages) };
	struct page_questions q;

	assert_int_equal(page_questions(&c, a, &q), 0);
	assert_true(is_asked(&q, "wifi", "Wi-Fi"));
	assert_false(is_asked(&q, "services", "Wi-Fi"));
	assert_true(is_asked(&q, "services", "I lost"));
	assert_false(is_asked(&q, "about", "I lost"));
	assert_true(is_asked(&q, "about", "smoke"));
	assert_false(is_asked(&q, "about", "dog"));
	for (size_t i = 1; i < q.n; i++)
		assert_true(q.all[i].page != q.all[i - 1].page ||
			    q.all[i].number == q.all[i - 1].number + 1);
	arena_destroy(a);
}

/* "Is there a sauna?" is near to every "Is there a ...?": of what is asked more is wanted than of what is said. */
static void test_asked_and_said(void **state)
{
	static const char *const keys[] = { "hotels" };
	static const float half[] = { 0.50f }, near[] = { 0.70f };
	struct arena *a = arena_create(1 << 20);
	struct meaning m = meaning_of(a, 0.30f, keys, half, 1);
	struct understood u = search_for(true), personal = search_for(false);

	m.pages.hits[0].cosine[FACET_MASTER] = 0.20f;
	pages_by_meaning(&m, a, &u);
	assert_int_equal(u.intent, INTENT_SESSION_SEARCH);
	m = meaning_of(a, 0.30f, keys, near, 1);
	m.pages.hits[0].cosine[FACET_MASTER] = 0.20f;
	pages_by_meaning(&m, a, &u);
	assert_int_equal(u.intent, INTENT_GENERAL_INFO);
	m = meaning_of(a, 0.40f, keys, half, 1);
	personal.personal = true;
	pages_by_meaning(&m, a, &personal);
	assert_int_equal(personal.intent, INTENT_GENERAL_INFO);
	arena_destroy(a);
}

/* Words found a page, and records are much nearer: a topic, unless it is asked how one goes about something. */
static void test_topics(void **state)
{
	static const char *const found[] = { "donate", NULL }, *const keys[] = { "donate" };
	static const float cosine[] = { 0.40f };
	struct arena *a = arena_create(1 << 20);
	const struct meaning m = meaning_of(a, 0.60f, keys, cosine, 1);
	struct understood u = { .intent = INTENT_GENERAL_INFO,
				.otherwise = INTENT_SESSION_SEARCH,
				.language = "en",
				.info_keys = found };
	struct understood how = u;

	pages_by_meaning(&m, a, &u);
	assert_int_equal(u.intent, INTENT_SESSION_SEARCH);
	how.how_to = true;
	pages_by_meaning(&m, a, &how);
	assert_int_equal(how.intent, INTENT_GENERAL_INFO);
	assert_string_equal(how.info_keys[0], "donate");
	arena_destroy(a);
}

static bool says(const struct passages *p, const char *text)
{
	for (size_t i = 0; p->texts && p->texts[i]; i++)
		if (strstr(p->texts[i], text))
			return true;
	return false;
}

/* What is quoted by words: no table of contents, no credits; a list with what announces it. */
static void test_quoting_by_words(void **state)
{
	static const char *const recordings[] = { "recordings", NULL }, *const train[] = { "train",
											   NULL };
	const struct info_page page = {
		"faq", "FAQ",
		"Contents\n\n- Visiting and videos\n\n- Talks, recordings\n\n- Pets\n\n"
		"Visiting and videos\n\nQ: Are recordings made?\n\nYes, of every talk that there "
		"is, if "
		"those who give it agree.\n\nPets\n\n\xc2\xa9 recordings by Jim\n\nDogs may come "
		"in when "
		"they are quiet and small, and on a leash at all times of the day.\n\n"
		"By train:\n\n- to the North station\n\n- then tram 8\n\nSome more words, so that "
		"the page is "
		"long enough not to be quoted as a whole, which is what becomes of short ones."
	};
	struct arena *a = arena_create(1 << 20);
	struct passages found;

	passages_select(&page, recordings, 600, a, &found);
	assert_true(says(&found, "Are recordings made?\nYes, of every talk"));
	assert_false(says(&found, "Talks, recordings"));
	assert_false(says(&found, "Jim"));
	passages_select(&page, train, 600, a, &found);
	assert_true(says(&found, "By train:\n- to the North station\n- then tram 8"));
	arena_destroy(a);
}

/* The marks of questions are not quoted, of short pages neither. */
static void test_short_page(void **state)
{
	static const char *const cost[] = { "cost", NULL };
	const struct info_page page = {
		"tickets", "Tickets", "Q: What does it cost?\n\nNothing.\n\nQ: Who pays?\n\nWe."
	};
	struct arena *a = arena_create(1 << 20);
	struct passages found;

	passages_select(&page, cost, 600, a, &found);
	assert_string_equal(found.texts[0], "What does it cost?\n\nNothing.\n\nWho pays?\n\nWe.");
	assert_true(found.score > 0 && found.score <= 1);
	arena_destroy(a);
}

static const struct info_page *help_of(const struct info_page *pages, size_t n)
{
	const struct conference c = { .info = pages, .n_info = n };
	const struct info_page *help;
	struct info_index *x;

	assert_int_equal(info_index_create(&c, &x, NULL), 0);
	help = info_help_page(x);
	info_index_destroy(x);
	return help;
}

/* Whom to ask: a desk before an address, a title before a heading; who merely speaks of it does not say so. */
static void test_help_page(void **state)
{
	const struct info_page pages[] = {
		{ "hunt", "Treasure hunt", "Bring what you found to the infodesk." },
		{ "conduct", "Code of conduct", "Be kind.\n\nContact details\n\n- 123" },
		{ "services", "Services", "Infodesk\n\nIt is in the hall. Come and ask there." },
		{ "desk", "Information desk", "In the hall." },
	};

	assert_null(help_of(pages, 1));
	assert_ptr_equal(help_of(pages, 2), &pages[1]);
	assert_ptr_equal(help_of(pages, 3), &pages[2]);
	assert_ptr_equal(help_of(pages, 4), &pages[3]);
	assert_null(help_of(pages, 0));
}

static const char *first_of(const struct info_page *page, const char *const *words, struct arena *a,
			    float *score)
{
	struct passages found;

	passages_select(page, words, 600, a, &found);
	*score = found.score;
	return found.texts && found.texts[0] ? found.texts[0] : "";
}

/* What announces something is quoted with it; a word that any page has decides little. */
static void test_announced(void **state)
{
	static const char *const airport[] = { "venue", "airport", NULL }, *const taxi[] = { "taxi",
											     NULL };
	const struct info_page page = {
		"transport", "Transport",
		"Trams and buses stop before the door, and run every six minutes until "
		"midnight.\n\n"
		"By plane\n\nFrom Lake Airport (about 50 minutes):\n\n- Take the train\n\n- Then "
		"tram 8\n\nBy taxi\n\nA taxi may be called under 123. The address of the venue "
		"is:\n\nHouse of Lakes\n\n50, Lake Road\n\nThe place where one is picked up is "
		"marked on the map.\n\nOthers\n\nWho walks will find signs on all paths along the "
		"lake, and who comes by boat will find a pier with room for some of them."
	};
	const char *passages[PAGE_MAX_PASSAGES];
	struct arena *a = arena_create(1 << 20);
	size_t n = page_passages(&page, a, passages), met = 0;
	float score;

	assert_non_null(strstr(first_of(&page, airport, a, &score), "- Take the train\n"));
	assert_non_null(strstr(first_of(&page, taxi, a, &score),
			       "The address of the venue is:\n- House of Lakes\n- 50, Lake Road"));
	for (size_t i = 0; i < n; i++) {
		const char *quote = page_quote(&page, i, a);

		assert_true(!quote || quote[strlen(quote) - 1] != ':');
		met += quote && strstr(quote, "is:\n- House of Lakes\n- 50, Lake Road") != NULL;
	}
	assert_int_equal(met, 1);
	arena_destroy(a);
}

/* The answer to another question is none, though it has the word. */
static void test_of_another_question(void **state)
{
	static const char *const eat[] = { "eat", NULL }, *const staff[] = { "staff", NULL };
	const struct info_page page = {
		"faq", "FAQ",
		"Q: What does the staff do?\n\nThey bring cables and signs, and make sure that you "
		"have something to eat, and they stay when everybody else has left for home.\n\n"
		"Q: In what timezone are you?\n\nIn that of Brussels, which is one hour ahead of "
		"what is called universal time, and two hours in summer.\n\nQ: Who pays?\n\n"
		"Those who wish to, when they come in or when they leave."
	};
	struct arena *a = arena_create(1 << 20);
	float score;

	first_of(&page, eat, a, &score);
	assert_true(score < 0.34f);
	assert_non_null(strstr(first_of(&page, staff, a, &score), "They bring cables"));
	assert_true(score >= 0.34f);
	arena_destroy(a);
}

/* A line of a table of contents is no passage, though it is no heading word for word. */
static void test_contents(void **state)
{
	const struct info_page page = {
		"faq", "FAQ",
		"Contents\n\n- Pets\n\n- Recordings\n\n- Costs\n\nPets\n\nDogs may come.\n\n"
		"Recording the talks\n\nEvery talk is recorded.\n\nCosts\n\nIt is free."
	};
	const char *passages[PAGE_MAX_PASSAGES];
	struct arena *a = arena_create(1 << 20);
	size_t n = page_passages(&page, a, passages), quoted = 0;

	for (size_t i = 0; i < n; i++) {
		const char *quote = page_quote(&page, i, a);

		assert_true(!quote || !strstr(quote, "- Recordings"));
		quoted += quote != NULL;
	}
	assert_true(quoted >= 3);
	assert_int_equal(page_line_mark("Q: Is it free?", 14), 3);
	assert_int_equal(page_line_mark("Is it free?", 11), 0);
	assert_true(info_is_generic("venue"));
	assert_false(info_is_generic("airport"));
	arena_destroy(a);
}

/* A passage that begins within a short list is quoted with all of it. */
static void test_whole_lists(void **state)
{
	const struct info_page page = { "plane", "By plane",
					"From the airport:\n\n- Take the train\n\n- Get off at the "
					"lake\n\n- Take bus 71\n\n- Walk." };
	const char *passages[PAGE_MAX_PASSAGES];
	struct arena *a = arena_create(1 << 20);
	size_t n = page_passages(&page, a, passages), within = 0;

	for (size_t i = 0; i < n; i++) {
		if (strstr(passages[i], "Take the train"))
			continue;
		assert_string_equal(page_quote(&page, i, a),
				    "From the airport:\n- Take the train\n- Get off at the lake\n- "
				    "Take bus 71\n- Walk.");
		within++;
	}
	assert_true(within > 0);
	arena_destroy(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_which_questions),
		cmocka_unit_test(test_not_ready),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_said_together),
		cmocka_unit_test(test_fit),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_words_of_titles),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_nobody_answers),
		cmocka_unit_test(test_passages),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_asked_and_said),
		cmocka_unit_test(test_topics),
		cmocka_unit_test(test_quoting_by_words),
		cmocka_unit_test(test_announced),
		cmocka_unit_test(test_of_another_question),
		cmocka_unit_test(test_contents),
		cmocka_unit_test(test_short_page),
		cmocka_unit_test(test_help_page),
		cmocka_unit_test(test_whole_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
