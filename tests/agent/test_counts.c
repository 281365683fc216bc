/*
 * test_counts.c - how many there are, of records, rooms and tracks; records that lack something; places that do not exist.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "programme.h"
#include "stage.h"
#include "word_embedder.h"

#define NOW "2027-05-20T13:30"

/* A page is near in meaning to any of these, and none is an answer. */
static void counts(void **state)
{
	static const char *const cases[][2] = {
		{ "How many speakers are there?", "There are **87** speakers." },
		{ "How many exhibitors are there?", "There are **59** exhibitors." },
		{ "How many sessions are there?", "There are **122** sessions." },
		{ "Wie viele Vortragende gibt es?", "Es gibt **87** Vortragende." },
		{ "How many sessions are there in the track Money and Law?",
		  "There are **10** sessions in the track “Money and Law”." },
		{ "How many sessions are there in the Money and Law track?",
		  "There are **10** sessions in the track “Money and Law”." },
		{ "How many rooms are there?", "Rooms in the programme: 11.\n\nB1.03 Alster; " },
		{ "Wie viele Räume gibt es?", "Räume im Programm: 11.\n\nB1.03 Alster; " },
		{ "Which tracks are there?",
		  "Tracks in the programme: 8.\n\nCoasts and Harbours; " },
		{ "How many tracks are there?",
		  "Tracks in the programme: 8.\n\nCoasts and Harbours; " },
		/* of people who come a page tells */
		{ "How many people attend?", "Tidewater is a conference" },
	};
	struct word_embedder *e;
	struct stage s;

	stage_open(&s, programme_read(CONFERENCE), NOW);
	for (size_t with_meanings = 0; with_meanings < 2; with_meanings++) {
		e = with_meanings ? word_embedder_create(s.loop, 384) : NULL;
		s.env.embedder = e ? &e->base : NULL;
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
			stage_answers(&s, cases[i][0], cases[i][1]);
	}
	s.env.embedder = NULL;
	embedder_destroy(&e->base);
	stage_close(&s);
}

/* Two have no room; all that is not asked for is left out. */
static void lacking(void **state)
{
	struct answer a = { 0 };
	struct stage s;

	stage_open(&s, programme_read(CONFERENCE), NOW);
	stage_ask(&s, "Which sessions have no room?", &a);
	answer_check(&s, &a);
	assert_int_equal(strncmp(a.text.data, "There are 2 sessions without a room:",
				 strlen("There are 2 sessions without a room:")),
			 0);
	assert_non_null(strstr(a.text.data, "Night shift at the pumping station"));
	assert_non_null(strstr(a.text.data, "Five minutes, one number"));
	assert_null(strstr(a.text.data, "Registration"));
	answer_finish(&a);
	stage_answers(&s, "How many talks are without a room?",
		      "There are **2** sessions without a room.");
	stage_answers(&s, "Welche Vorträge haben keinen Raum?", "Es gibt 2 Sessions ohne Raum:");
	stage_close(&s);
}

#define ONE_SESSION                                                                                \
	"{\"conference\":{\"id\":\"c\",\"name\":\"Harbour "                                        \
	"Days\",\"timezone\":\"Europe/Brussels\","                                                 \
	"\"start_date\":\"2027-05-20\",\"end_date\":\"2027-05-21\"},\"sessions\":["                \
	"{\"id\":\"s1\",\"title\":\"Opening\",\"start_time\":\"2027-05-20T14:00\","                \
	"\"end_time\":\"2027-05-20T14:30\",\"location\":\"K.2.14\"}]}"

/* And one that does is told as itself. */
static void nothing_lacks(void **state)
{
	struct stage s;

	stage_open(&s, programme_parse(ONE_SESSION), NOW);
	stage_answers(&s, "Which sessions have no room?",
		      "The programme has no session without a room.");
	stage_answers(&s, "Which sessions have no speaker?", "**Opening** is on");
	stage_answers(&s, "How many tracks are there?", "The programme has no tracks.");
	stage_close(&s);
}

/* Pages speak of halls, and one of a way between two; neither is an answer. */
static void no_such_place(void **state)
{
	struct stage s;

	stage_open(&s, programme_read(CONFERENCE), NOW);
	stage_answers(
		&s, "What is on in Hall Q?",
		"The programme of Tidewater 2027 has no place called “Hall Q”. Similar names in "
		"it: Große Halle "
		"(Hall A); Hall D (Exhibition); Harbour Stage (Hall D).");
	stage_answers(&s, "What is on in room Z9.99?",
		      "The programme of Tidewater 2027 has no place called “room Z9.99”.");
	stage_answers(
		&s, "Where is room B1.04?",
		"The programme of Tidewater 2027 has no place called “room B1.04”. Similar names "
		"in it: B1.03 Alster.");
	stage_answers(&s, "Where is building X?",
		      "The programme of Tidewater 2027 has no place called “building X”.");
	/* those are there, or none is meant */
	stage_answers(&s, "What is on in Hall A?", "My suggestions in Hall A:");
	stage_answers(&s, "Where is building A?", "Building A on the left");
	stage_answers(&s, "building AI tools", "I found");
	stage_close(&s);
}

/* All of it is over: that is said, and no page is quoted. */
static void nothing_more_in_room(void **state)
{
	struct word_embedder *e;
	struct stage s;

	stage_open(&s, programme_read(CONFERENCE), "2027-05-22T23:00");
	e = word_embedder_create(s.loop, 384);
	s.env.embedder = &e->base;
	stage_answers(&s, "What comes next in Pier 3?",
		      "It is 23:00 (Europe/Berlin). Nothing more follows in Pier 3.");
	stage_answers(&s, "What comes next in Hall A?",
		      "It is 23:00 (Europe/Berlin). Nothing more follows in Große Halle (Hall A).");
	s.env.embedder = NULL;
	embedder_destroy(&e->base);
	stage_close(&s);
}

#define TITLED                                                                                     \
	"{\"conference\":{\"id\":\"c\",\"name\":\"Harbour "                                        \
	"Days\",\"timezone\":\"Europe/Brussels\","                                                 \
	"\"start_date\":\"2027-05-20\",\"end_date\":\"2027-05-21\"},\"sessions\":["                \
	"{\"id\":\"s1\",\"title\":\"From Vibrant to Silent: Has the Harbour Lost Its Voice?\","    \
	"\"start_time\":\"2027-05-20T14:00\",\"end_time\":\"2027-05-20T14:30\",\"location\":"      \
	"\"Dock 2\"},"                                                                             \
	"{\"id\":\"s2\",\"title\":\"Cranes\",\"start_time\":\"2027-05-20T16:00\","                 \
	"\"end_time\":\"2027-05-20T16:30\",\"location\":\"Dock 3\"}]}"

/* "From ..." begins the name, and no time; elsewhere it does. */
static void title_that_sounds_like_a_time(void **state)
{
	struct stage s;

	stage_open(&s, programme_parse(TITLED), "2027-06-20T13:30");
	stage_answers(
		&s, "When and where is From Vibrant to Silent: Has the Harbour Lost Its Voice?",
		"Harbour Days is over: it took place from 20 May to 21 May 2027.\n\n**From Vibrant "
		"to Silent: Has "
		"the Harbour Lost Its Voice?** is on Thursday 20 May, 14:00–14:30, in Dock 2.");
	stage_set_now(&s, "2027-05-20T13:30");
	stage_answers(
		&s, "What is on from 15:30 on Thursday?",
		"There is one session on Thursday 20 May from 15:30:\n\n- 16:00–16:30, Dock 3: "
		"**Cranes**");
	stage_close(&s);
}

/* One sentence after the other, with a blank in between. */
static void after_the_end(void **state)
{
	struct stage s;

	stage_open(&s, programme_read(CONFERENCE), "2027-06-20T13:30");
	stage_answers(
		&s, "Is there a swimming pool?",
		"Tidewater 2027 is over: it took place from 20 May to 22 May 2027. The data does "
		"not "
		"say whether "
		"Tidewater 2027 has “swimming pool”.");
	stage_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		cmocka_unit_test(lacking),
		cmocka_unit_test(nothing_lacks),
		cmocka_unit_test(no_such_place),
		cmocka_unit_test(nothing_more_in_room),
		cmocka_unit_test(title_that_sounds_like_a_time),
		cmocka_unit_test(after_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
