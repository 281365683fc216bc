/*
 * test_whereabouts.c - where buildings and rooms are: what a page with a plan says, else what the records tell and that nothing
 * more is known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "programme.h"
#include "stage.h"

#define ROOMS                                                                                      \
	"\"sessions\":["                                                                           \
	"{\"id\":\"s1\",\"title\":\"Opening\",\"start_time\":\"2027-05-20T14:00\","                \
	"\"end_time\":\"2027-05-20T14:30\",\"location\":\"K.2.14\"},"                              \
	"{\"id\":\"s2\",\"title\":\"Cranes\",\"start_time\":\"2027-05-20T15:00\","                 \
	"\"end_time\":\"2027-05-20T15:30\",\"location\":\"K.1.105 (Fontaine)\"},"                  \
	"{\"id\":\"s3\",\"title\":\"Dikes\",\"start_time\":\"2027-05-20T15:00\","                  \
	"\"end_time\":\"2027-05-20T15:30\",\"location\":\"R2.1\"},"                                \
	"{\"id\":\"s4\",\"title\":\"Tides\",\"start_time\":\"2027-05-20T16:00\","                  \
	"\"end_time\":\"2027-05-20T16:30\",\"location\":\"Great Hall\"}],"                         \
	"\"exhibitors\":[{\"id\":\"e1\",\"name\":\"Pumps\",\"booth_number\":\"K building, stand "  \
	"1\"}]"
#define CONFERENCE_WITH(more)                                                                      \
	"{\"conference\":{\"id\":\"c\",\"name\":\"Harbour "                                        \
	"Days\",\"timezone\":\"Europe/Brussels\","                                                 \
	"\"venue\":\"Old Customs House\",\"city\":\"Antwerp\","                                    \
	"\"start_date\":\"2027-05-20\",\"end_date\":\"2027-05-21\"" more "}," ROOMS "}"
#define TRANSPORT                                                                                  \
	",\"info\":{\"transport\":\"Directions: take tram 8. Parking is between the Great Hall "   \
	"and "                                                                                     \
	"the K building.\"}"
#define PLAN ",\"info\":{\"venue_map\":\"The K building is behind the Great Hall, on the left.\"}"
#define DECLARED                                                                                   \
	",\"rooms\":[{\"name\":\"Great Hall\",\"building\":\"North Wing\",\"floor\":\"2\"}]"

static void buildings(void **state)
{
	static const char rooms[] =
		"K building is at Old Customs House, Antwerp. The programme has "
		"these rooms there: K.1.105 (Fontaine), K.2.14. Stands there: 1.";
	char expected[512];
	struct stage s;

	stage_open(&s, programme_parse(CONFERENCE_WITH(TRANSPORT)), "2027-05-20T13:30");
	snprintf(expected, sizeof expected, "%s\n\nThe data does not say how to find K building.",
		 rooms);
	stage_answers(&s, "where is the K building?", expected);
	stage_answers(&s, "how do I get to the K building", expected);
	stage_answers(&s, "which rooms are in the K building?", rooms);
	stage_answers(
		&s, "Wo ist Gebäude K?",
		"Gebäude K: Old Customs House, Antwerp. Diese Räume hat das Programm dort: K.1.105 "
		"(Fontaine), K.2.14. Stände dort: 1.\n\nWie man Gebäude K findet, sagen die Daten "
		"nicht.");
	/* what is on there is another question */
	stage_answers(&s, "what is on in building K?", "My suggestions in building K:");
	stage_close(&s);
}

static void rooms(void **state)
{
	struct stage s;

	stage_open(&s, programme_parse(CONFERENCE_WITH(TRANSPORT)), "2027-05-20T13:30");
	stage_answers(&s, "how do I find K.2.14?",
		      "K.2.14 is in building K. The data does not say how to find K.2.14.");
	/* no text speaks of a building R */
	stage_answers(&s, "how do I find R2.1?", "The data does not say how to find R2.1.");
	/* a page that says where cars are is no way to the hall */
	stage_answers(&s, "where is the Great Hall?",
		      "The data does not say how to find Great Hall.");
	stage_close(&s);
	stage_open(&s, programme_parse(CONFERENCE_WITH(DECLARED)), "2027-05-20T13:30");
	stage_answers(
		&s, "where is the Great Hall?",
		"Great Hall is in building North Wing, floor 2. The data does not say how to find "
		"Great Hall.");
	stage_close(&s);
}

static void plan(void **state)
{
	static const char says[] = "The K building is behind the Great Hall, on the left.";
	struct stage s;

	stage_open(&s, programme_parse(CONFERENCE_WITH(PLAN)), "2027-05-20T13:30");
	stage_answers(&s, "where is the K building?", says);
	stage_answers(&s, "how do I get to the Great Hall?", says);
	stage_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buildings),
		cmocka_unit_test(rooms),
		cmocka_unit_test(plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
