/*
 * test_facets.c - what master and facets say, and that they say nothing that the data does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/map.h"
#include "base/text.h"
#include "base/utf8.h"
#include "index/tokens.h"
#include "search/facet_cues.h"
#include "search/facets.h"
#include "support/programme.h"

static const char conference[] =
	"{\"conference\":{\"id\":\"c1\",\"name\":\"Canal Day\",\"timezone\":\"Europe/Amsterdam\","
	"\"start_date\":\"2027-09-04\",\"end_date\":\"2027-09-04\"},"
	"\"sessions\":["
	"{\"id\":\"bare\",\"title\":\"Lightning Talks\"},"
	"{\"id\":\"rich\",\"title\":\"Locks\",\"track\":\"Water\",\"level\":\"beginner\",\"tags\":["
	"\"lock gates\"],"
	"\"speaker_ids\":[\"joke\",\"ray\"],"
	"\"target_audience\":[\"lock keepers\",\"children\"],\"takeaways\":\"Open a gate by hand\","
	"\"industries\":[\"shipping\"],\"format\":\"walk\",\"description\":\"Locks lift boats.\"},"
	"{\"id\":\"prose\",\"title\":\"Pumps of **Linphone** city\",\"speaker_names\":[\"Nobody "
	"Known\"],\"description\":"
	"\"Pumps are old. ![x](y.png) See https://example.org/pumps for more.\\n\\n"
	"You will learn:\\n- how to start a pump\\n- how to stop it\\n\\n"
	"This talk is for anyone who owns a cellar. A live demo shows a pump in a municipal "
	"basement.\\n\\n"
	"Linphone is a pump maker of the north.\"}],"
	"\"speakers\":["
	"{\"id\":\"joke\",\"name\":\"Joke de Wit\",\"title\":\"Keeper\",\"company\":\"Canal Co\","
	"\"bio\":\"She maintains nine locks. Before that she studied law in Leiden. In her spare "
	"time she sails.\"},"
	"{\"id\":\"ray\",\"name\":\"Ray\"}],"
	"\"exhibitors\":["
	"{\"id\":\"lin\",\"name\":\"The Linphone "
	"Project\",\"category\":\"Pumps\",\"booth_number\":\"A1\"},"
	"{\"id\":\"oar\",\"name\":\"Oar & "
	"Rope\",\"products\":[\"oars\",\"rope\"],\"booth_number\":\"B2\","
	"\"value_proposition\":\"Never drift again\",\"demos\":[\"splice a rope\"],"
	"\"description\":\"We specialise in hemp. Customers are rowing clubs.\"}]}";

struct texts {
	const char *of[FACET_COUNT];
	size_t n;
};

static struct texts texts_of(const struct snapshot *s, enum entity type, const char *id,
			     struct arena *arena)
{
	struct facet_text out[FACETS_PER_ENTITY];
	const struct record *r = snapshot_find(s, type, id);
	struct texts t = { .n = 0 };

	assert_non_null(r);
	t.n = facet_texts(s, r, arena, out);
	assert_true(t.n >= 1 && t.n <= FACETS_PER_ENTITY);
	assert_int_equal(out[0].facet, FACET_MASTER);
	for (size_t i = 0; i < t.n; i++) {
		assert_true(facets_of(type) & FACET_BIT(out[i].facet));
		assert_null(t.of[out[i].facet]); /* each once */
		t.of[out[i].facet] = out[i].text;
	}
	return t;
}

static void a_session_with_fields(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
	struct snapshot *s = programme_parse(conference);
	struct texts t = texts_of(s, ENTITY_SESSION, "rich", arena);

	assert_string_equal(t.of[FACET_MASTER],
			    "Locks. Water. lock gates. Joke de Wit, Ray. Locks lift boats.");
	assert_string_equal(t.of[FACET_SESSION_TOPIC],
			    "Locks. Water. lock gates. Locks lift boats.");
	assert_string_equal(t.of[FACET_LEARNING_OUTCOMES], "Open a gate by hand");
	assert_string_equal(t.of[FACET_TARGET_AUDIENCE], "lock keepers, children. beginner");
	assert_string_equal(t.of[FACET_INDUSTRY_FOCUS], "shipping");
	assert_string_equal(t.of[FACET_PRACTICAL_APPLICATIONS], "walk");
	/* a speaker of whom only the name is known says nothing about expertise */
	assert_string_equal(t.of[FACET_SESSION_SPEAKERS],
			    "Joke de Wit. Keeper. Canal Co. She maintains nine locks. "
			    "Before that she studied law in Leiden.");
	snapshot_unref(s);
}

static void a_session_of_prose(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
	struct snapshot *s = programme_parse(conference);
	struct texts t = texts_of(s, ENTITY_SESSION, "prose", arena);

	assert_string_equal(t.of[FACET_LEARNING_OUTCOMES], "how to start a pump. how to stop it");
	assert_string_equal(t.of[FACET_TARGET_AUDIENCE],
			    "This talk is for anyone who owns a cellar.");
	assert_string_equal(t.of[FACET_PRACTICAL_APPLICATIONS],
			    "A live demo shows a pump in a municipal basement.");
	assert_string_equal(t.of[FACET_INDUSTRY_FOCUS],
			    "A live demo shows a pump in a municipal basement.");
	assert_null(t.of[FACET_SESSION_SPEAKERS]);
	assert_null(strstr(t.of[FACET_MASTER], "http"));
	assert_null(strstr(t.of[FACET_MASTER], "png"));
	assert_int_equal(t.n, 6);
	snapshot_unref(s);
}

static void a_bare_session_has_no_facet_but_its_topic(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
	struct snapshot *s = programme_parse(conference);
	struct texts t = texts_of(s, ENTITY_SESSION, "bare", arena);

	assert_string_equal(t.of[FACET_MASTER], "Lightning Talks");
	assert_string_equal(t.of[FACET_SESSION_TOPIC], "Lightning Talks");
	assert_int_equal(t.n, 2);
	snapshot_unref(s);
}

static void speakers(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
	struct snapshot *s = programme_parse(conference);
	struct texts t = texts_of(s, ENTITY_SPEAKER, "joke", arena);

	assert_string_equal(t.of[FACET_SPEAKER_EXPERTISE], "She maintains nine locks.");
	assert_string_equal(t.of[FACET_SPEAKER_BACKGROUND],
			    "Keeper. Canal Co. Before that she studied law in Leiden.");
	assert_string_equal(t.of[FACET_SPEAKING_TOPICS], "Locks. Water");
	assert_string_equal(t.of[FACET_CONNECT_WITH_ME], "In her spare time she sails.");
	assert_null(t.of[FACET_AUDIENCE_VALUE]);
	t = texts_of(s, ENTITY_SPEAKER, "ray", arena);
	assert_string_equal(t.of[FACET_MASTER], "Ray. Locks. Water");
	assert_string_equal(t.of[FACET_SPEAKING_TOPICS], "Locks. Water");
	assert_int_equal(t.n, 2);
	snapshot_unref(s);
}

static const char employed[] =
	"{\"conference\":{\"id\":\"c1\",\"name\":\"Canal Day\",\"timezone\":\"Europe/Amsterdam\","
	"\"start_date\":\"2027-09-04\",\"end_date\":\"2027-09-04\"},\"sessions\":["
	"{\"id\":\"a\",\"title\":\"Deep storage at CERN\",\"speaker_ids\":[\"mute\",\"title\"],"
	"\"description\":\"We grow at scale, and scale again.\"},"
	"{\"id\":\"b\",\"title\":\"Growing at Scale\",\"speaker_ids\":[\"plain\"],"
	"\"description\":\"Made at CERN (the particle physics laboratory), at scale.\"}],"
	"\"speakers\":["
	"{\"id\":\"mute\",\"name\":\"Mute\"},"
	"{\"id\":\"plain\",\"name\":\"Plain\",\"bio\":\"She spoke at Canal Day.\"},"
	"{\"id\":\"title\",\"name\":\"Title\",\"title\":\"Keeper\",\"company\":\"Canal Co\"},"
	"{\"id\":\"max\",\"name\":\"Max\",\"bio\":\"He works for the Deutsche Bahn, Europe\u2019s "
	"largest "
	"railway operator. Canal Co is a maker of canals. Before, he was at University of Applied "
	"Arts and at Canal Co's yard, with a degree from Mozilla, the University of Delft.\"}]}";

/* Where somebody comes from, and what others say that is; a word at the end of a title is no employer. */
static void employers(void **state)
{
	static const struct {
		const char *id, *background;
	} cases[] = {
		{ "mute", "CERN, the particle physics laboratory" },
		{ "plain", NULL },
		{ "title", "Keeper. Canal Co, a maker of canals. CERN, the particle physics "
			   "laboratory" },
		{ "max", "Deutsche Bahn, Europe’s largest railway operator. University of "
			 "Applied Arts. Canal Co, a maker of canals. Mozilla" },
	};
	_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
	struct snapshot *s = programme_parse(employed);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct texts t = texts_of(s, ENTITY_SPEAKER, cases[i].id, arena);
		const char *got = t.of[FACET_SPEAKER_BACKGROUND];

		if (cases[i].background) {
			assert_non_null(got);
			assert_string_equal(got, cases[i].background);
		} else {
			assert_null(got);
		}
	}
	snapshot_unref(s);
}

static void exhibitors(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
	struct snapshot *s = programme_parse(conference);
	struct texts t = texts_of(s, ENTITY_EXHIBITOR, "oar", arena);

	assert_string_equal(t.of[FACET_WHAT_WE_SELL], "oars, rope");
	assert_string_equal(t.of[FACET_PROBLEMS_WE_SOLVE], "Never drift again");
	assert_string_equal(t.of[FACET_WHO_WE_HELP], "Customers are rowing clubs.");
	assert_string_equal(t.of[FACET_OUR_EXPERTISE], "We specialise in hemp.");
	assert_string_equal(t.of[FACET_WHY_VISIT_US], "splice a rope. B2");
	/* a name and a place: what talks say of it, and a place alone is no reason to come */
	t = texts_of(s, ENTITY_EXHIBITOR, "lin", arena);
	assert_string_equal(t.of[FACET_MASTER],
			    "The Linphone Project. Pumps. Linphone is a pump maker of the north. "
			    "Pumps of **Linphone** city");
	assert_string_equal(t.of[FACET_WHAT_WE_SELL],
			    "The Linphone Project. Linphone is a pump maker of the north. Pumps");
	assert_string_equal(t.of[FACET_OUR_EXPERTISE], "Pumps of **Linphone** city");
	assert_null(t.of[FACET_WHY_VISIT_US]);
	snapshot_unref(s);
}

static void cues(void **state)
{
	static const struct {
		const char *text;
		unsigned facets;
	} cases[] = {
		{ "in this talk you will learn to knit", FACET_BIT(FACET_LEARNING_OUTCOMES) },
		{ "die zielgruppe sind schlosser", FACET_BIT(FACET_TARGET_AUDIENCE) },
		{ "vous apprendrez a nager", FACET_BIT(FACET_LEARNING_OUTCOMES) },
		{ "demographics of demolition", 0 },
		{ "a demo",
		  FACET_BIT(FACET_PRACTICAL_APPLICATIONS) | FACET_BIT(FACET_WHY_VISIT_US) },
		{ "in the automotive field",
		  FACET_BIT(FACET_INDUSTRY_FOCUS) | FACET_BIT(FACET_INDUSTRIES_WE_SERVE) },
		{ "", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(facet_cues(cases[i].text), cases[i].facets);
}

/* --- properties, on a whole conference --------------------------------------------- */

struct words {
	struct map *seen;
	bool check;
	const char *missing;
};

static void word(void *ctx, const char *text, enum token_kind kind)
{
	struct words *w = ctx;

	if (kind != TOKEN_WORD && kind != TOKEN_PART)
		return;
	if (!w->check)
		map_put(w->seen, text, w, NULL);
	else if (!map_get(w->seen, text) && !w->missing)
		w->missing = strdup(text);
}

static void read_words(struct words *w, const char *text)
{
	_cleanup_free_ char *folded = utf8_fold(text, strlen(text));

	assert_non_null(folded);
	tokens_of(folded, word, w);
}

static void read_json(struct words *w, struct json_object *value)
{
	if (json_object_is_type(value, json_type_string))
		read_words(w, json_object_get_string(value));
	for (size_t i = 0;
	     json_object_is_type(value, json_type_array) && i < json_object_array_length(value);
	     i++)
		read_json(w, json_object_array_get_idx(value, i));
	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, key, member)
		{
			assert_non_null(key);
			read_json(w, member);
		}
	}
}

static void read_record(struct words *w, const struct record *r)
{
	_cleanup_json_ struct json_object *json = NULL;

	if (!r)
		return;
	assert_int_equal(json_parse(r->json, r->json_len, &json, NULL), 0);
	read_json(w, json);
	for (size_t i = 0; r->speaker_names[i]; i++)
		read_words(w, r->speaker_names[i]);
}

/* Every word of a text is in the record or its neighbours; a text is within what a model reads. */
static void nothing_is_made_up(void **state)
{
	struct snapshot *s = programme_read(TESTS_DIR "/../examples/conference/conference.json");
	size_t points = 0;

	assert_non_null(s);
	for (int e = 0; e < ENTITY_COUNT; e++) {
		for (size_t i = 0; i < s->n[e]; i++) {
			const struct record *r = &s->records[e][i];
			_cleanup_arena_ struct arena *arena = arena_create(1 << 20);
			struct facet_text out[FACETS_PER_ENTITY], again[FACETS_PER_ENTITY];
			struct words w = { .seen = map_create(100000) };
			size_t n = facet_texts(s, r, arena, out);

			assert_true(n >= 1);
			read_record(&w, r);
			for (size_t k = 0; r->speaker_ids[k]; k++)
				read_record(&w,
					    snapshot_find(s, ENTITY_SPEAKER, r->speaker_ids[k]));
			for (size_t k = 0; r->session_ids[k]; k++)
				read_record(&w,
					    snapshot_find(s, ENTITY_SESSION, r->session_ids[k]));
			for (size_t k = 0; e != ENTITY_SESSION && k < s->n[ENTITY_SESSION]; k++)
				read_record(&w, &s->records[ENTITY_SESSION][k]);
			w.check = true;
			for (size_t k = 0; k < n; k++) {
				read_words(&w, out[k].text);
				if (w.missing)
					fail_msg("%s \"%s\": %s says \"%s\", which nobody wrote",
						 entity_name(r->type), r->name,
						 facet_key(out[k].facet), w.missing);
				assert_true(strlen(out[k].text) <= 1100);
				assert_true(utf8_valid(out[k].text, strlen(out[k].text)));
			}
			/* pure */
			assert_int_equal(facet_texts(s, r, arena, again), n);
			for (size_t k = 0; k < n; k++)
				assert_string_equal(out[k].text, again[k].text);
			points += n;
			map_destroy(w.seen, NULL);
		}
	}
	/* 268 records: neither masters alone nor everything everywhere */
	assert_in_range(points, 800, 1500);
	snapshot_unref(s);
}

static void no_memory_is_no_texts(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_create(20);
	struct snapshot *s = programme_parse(conference);
	struct facet_text out[FACETS_PER_ENTITY];

	assert_int_equal(facet_texts(s, snapshot_find(s, ENTITY_SESSION, "rich"), arena, out), 0);
	snapshot_unref(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_with_fields),
		cmocka_unit_test(a_session_of_prose),
		cmocka_unit_test(a_bare_session_has_no_facet_but_its_topic),
		cmocka_unit_test(speakers),
		cmocka_unit_test(employers),
		cmocka_unit_test(exhibitors),
		cmocka_unit_test(cues),
		cmocka_unit_test(nothing_is_made_up),
		cmocka_unit_test(no_memory_is_no_texts),
	};

	return cmocka_run_group_tests_name("facets", tests, NULL, NULL);
}
