/*
 * test_answer_check.c - answers that are true pass; each way of being false is found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "answer_check.h"
#include "json.h"
#include "text.h"
#include "venue_clock.h"

/* --- A conference behind a client ------------------------------------------------------ */

static const char conference[] =
	"[{\"id\":\"c1\",\"name\":\"Canal Day\",\"timezone\":\"Europe/Amsterdam\","
	"\"start_date\":\"2027-09-03\",\"end_date\":\"2027-09-04\",\"rooms\":[{\"name\":\"Great "
	"Hall\",\"code\":\"H1\",\"aliases\":[\"Hall A\"]},\"Boathouse\"]}]";
static const char sessions[] =
	"[{\"id\":\"s1\",\"title\":\"Locks and how to love them\",\"location\":\"Boathouse\","
	"\"start_time\":\"2027-09-04T08:00:00Z\",\"end_time\":\"2027-09-04T08:45:00Z\","
	"\"speaker_ids\":[\"p1\",\"p2\"],\"description\":\"Gates, sluices and patience. Bring "
	"boots.\"},"
	"{\"id\":\"s2\",\"title\":\"Night boats\",\"location\":\"Great Hall\","
	"\"start_time\":\"2027-09-03T23:30:00+02:00\",\"end_time\":\"2027-09-04T00:30:00+02:00\","
	"\"speaker_ids\":[\"p3\"]},"
	"{\"id\":\"s3\",\"title\":\"Is it over? Yes. No!\",\"location\":\"Great Hall\","
	"\"start_time\":\"2027-09-04T14:00:00+02:00\",\"end_time\":\"2027-09-04T15:00:00+02:00\"},"
	"{\"id\":\"s4\",\"title\":\"Water\",\"location\":\"Boathouse\"}]";
static const char speakers[] =
	"[{\"id\":\"p1\",\"name\":\"Joke de Wit\",\"title\":\"Lock keeper\",\"company\":\"City of "
	"Delft\"},{\"id\":\"p2\",\"name\":\"Søren Ågård\"},{\"id\":\"p3\",\"name\":\"Many\"}]";
static const char exhibitors[] =
	"[{\"id\":\"x1\",\"name\":\"Oar & Rope\",\"booth_number\":\"A1\",\"description\":\"Ropes "
	"of "
	"hemp.\"},"
	"{\"id\":\"x2\",\"name\":\"Sail Loft\",\"booth_number\":\"K building, stand 6\"}]";
static const char pages[] =
	"[{\"id\":\"wifi\",\"title\":\"Wi-Fi\",\"text\":\"The network is called \\\"Canal\\\". "
	"The desk opens at 08:15.\"}]";

static int rows(struct client *c, const char *collection, const char *conference_id, int offset,
		struct json_object **out, assistant_error *err)
{
	static const struct {
		const char *collection, *rows;
	} all[] = { { "conferences", conference },
		    { "sessions", sessions },
		    { "speakers", speakers },
		    { "exhibitors", exhibitors },
		    { "info_pages", pages } };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!strcmp(all[i].collection, collection))
			*out = json_tokener_parse(all[i].rows);
	return 0;
}

struct fixture {
	struct records records;
	struct answer_check *check;
};

static int begin(void **state)
{
	static const struct client_ops ops = { .rows = rows };
	static struct fixture fx;
	struct client client = { .ops = &ops };

	text_begin();
	assert_int_equal(records_load(&fx.records, &client, NULL, NULL), 0);
	venue_clock_use("Europe/Amsterdam");
	fx.check = answer_check_create(&fx.records);
	assert_non_null(fx.check);
	*state = &fx;
	return 0;
}

static int end(void **state)
{
	struct fixture *fx = *state;

	answer_check_destroy(fx->check);
	records_finish(&fx->records);
	return 0;
}

/* --- Answers --------------------------------------------------------------------------- */

#define LOCKS	       "session s1"
#define BOATS	       "session s2"
#define OVER	       "session s3"
#define WATER	       "session s4"
#define JOKE	       "speaker p1"
#define OAR	       "exhibitor x1"
#define SAIL	       "exhibitor x2"
#define WIFI	       "info wifi"
#define NOBODY	       "session s9"
#define AT	       "2027-09-04T09:45:00+02:00"
#define MAX_REFERENCES 4

static struct json_object *reply_of(struct fixture *fx, const char *text,
				    const char *const references[MAX_REFERENCES])
{
	struct json_object *reply = json_object_new_object(), *list = json_object_new_array();

	json_object_object_add(reply, "text", json_object_new_string(text));
	json_object_object_add(reply, "references", list);
	for (size_t i = 0; i < MAX_REFERENCES && references[i]; i++) {
		struct json_object *o = json_object_new_object();
		const char *id = strchr(references[i], ' ') + 1;
		const struct record *r = records_find_id(&fx->records, id);

		json_object_object_add(
			o, "type",
			json_object_new_string_len(references[i], (int)(id - references[i] - 1)));
		json_object_object_add(o, "id", json_object_new_string(id));
		json_object_object_add(o, "name", json_object_new_string(r ? r->name : "Gone"));
		json_object_array_add(list, o);
	}
	return reply;
}

struct answer {
	const char *question, *text;
	const char *references[MAX_REFERENCES];
	const char *what, *value; /* of the one finding; NULL: there is none */
};

static void check(struct fixture *fx, const struct answer *a)
{
	struct json_object *reply = reply_of(fx, a->text, a->references);
	struct json_object *report = answer_check_run(
		fx->check, a->question ? a->question : "what is there?", AT, reply);
	struct json_object *first = json_at(report, "findings", 0);
	size_t n = json_count(report, "findings");

	if (n != (a->what != NULL) ||
	    (a->what && (strcmp(json_text(first, "what"), a->what) != 0 ||
			 strcmp(json_text(first, "value"), a->value) != 0)))
		fail_msg("\"%s\" should have %s %s, and has %s", a->text,
			 a->what ? a->what : "no finding", a->what ? a->value : "",
			 json_line(json_member(report, "findings")));
	json_object_put(report);
	json_object_put(reply);
}

static void check_all(void **state, const struct answer *answers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(*state, &answers[i]);
}

#define CHECK_ALL(answers) check_all(state, answers, sizeof(answers) / sizeof((answers)[0]))

static void what_is_true_passes(void **state)
{
	static const struct answer answers[] = {
		{ NULL,
		  "**Locks and how to love them** is on Saturday 4 September, 10:00–10:45, in "
		  "Boathouse. It starts in 15 minutes. Given by Joke de Wit and Søren Ågård.",
		  { LOCKS } },
		{ NULL,
		  "There are 2 sessions on Saturday 4 September in Great Hall or Boathouse:\n\n"
		  "- 10:00–10:45, Boathouse: **Locks and how to love them** (Joke de Wit and "
		  "Søren Ågård)\n- 14:00–15:00, Great Hall: **Is it over? Yes. No!**",
		  { LOCKS, OVER } },
		/* Past midnight it is the day of its beginning, and the next one. */
		{ NULL,
		  "**Night boats** is on Friday 3 September, 23:30–00:30, in Hall A (H1).",
		  { BOATS } },
		{ NULL,
		  "**Joke de Wit**: Lock keeper, City of Delft.\n\nShe speaks on Saturday at "
		  "10:00: **Locks and how to love them**.",
		  { JOKE, LOCKS } },
		{ NULL,
		  "**Locks and how to love them**: Gates, sluices and patience. Bring boots.",
		  { LOCKS } },
		{ NULL,
		  "It is 09:45 (Europe/Amsterdam). Next:\n\n- 10:00–10:45 (in 15 minutes), "
		  "Boathouse: **Locks and how to love them**",
		  { LOCKS } },
		{ NULL,
		  "**Oar & Rope** is at booth A1. You find **Sail Loft** here: K building, stand "
		  "6.",
		  { OAR, SAIL } },
		{ NULL,
		  "The network is called “Canal”. The desk opens at 08:15.\n\nMore under "
		  "**Wi-Fi**.",
		  { WIFI } },
		/* A page's words stay true behind a session that they are not about. */
		{ NULL,
		  "**Locks and how to love them** is on Saturday.\n\nThe desk opens at "
		  "08:15.\n\nMore under "
		  "**Wi-Fi**.",
		  { LOCKS, WIFI } },
		{ "is there a sauna?",
		  "I found nothing about “sauna” in what I know of Canal Day.",
		  { NULL } },
		{ "Wann sind die Schleusen dran?",
		  "**Locks and how to love them** ist am Samstag, 4. "
		  "September, 10:00–10:45 Uhr, in Boathouse. Beginn in 15 Minuten. Mit Joke de Wit "
		  "und "
		  "Søren Ågård.",
		  { LOCKS } },
		{ "Quand ont lieu les écluses ?",
		  "**Locks and how to love them** a lieu le samedi 4 "
		  "septembre, 10:00–10:45 (Boathouse). Avec Joke de Wit et Søren Ågård.",
		  { LOCKS } },
		{ "¿Cuándo es la charla?",
		  "**Locks and how to love them** es el sábado 4 de septiembre, "
		  "10:00–10:45, en Boathouse.",
		  { LOCKS } },
		/* A plain word that is somebody's name elsewhere. */
		{ NULL,
		  "There are many talks. **Locks and how to love them** is today.",
		  { LOCKS } },
	};

	CHECK_ALL(answers);
}

static void wrong_times_are_found(void **state)
{
	static const struct answer answers[] = {
		/* One hour off, as when a zone is forgotten. */
		{ NULL, "**Locks and how to love them** is at 08:00.", { LOCKS }, "time", "08:00" },
		{ NULL,
		  "- 11:00–11:45, Boathouse: **Locks and how to love them**",
		  { LOCKS },
		  "time",
		  "11:00-11:45" },
		{ NULL,
		  "- 10:00–11:45, Boathouse: **Locks and how to love them**",
		  { LOCKS },
		  "time",
		  "10:00-11:45" },
		/* The time of another session. */
		{ NULL,
		  "**Locks and how to love them** is at 14:00; **Is it over? Yes. No!** is at "
		  "14:00.",
		  { LOCKS, OVER },
		  "time",
		  "14:00" },
		/* In a sentence of its own. */
		{ NULL,
		  "**Locks and how to love them** is about gates.\n\nIt begins at 10:30.",
		  { LOCKS },
		  "time",
		  "10:30" },
		{ NULL,
		  "**Locks and how to love them** begins at 9:00 pm.",
		  { LOCKS },
		  "time",
		  "9:00" },
		{ NULL, "**Water** is at 10:00.", { WATER }, "time", "10:00" },
		{ NULL,
		  "It starts in 15 minutes: **Locks and how to love them**. It starts in 40 "
		  "minutes.",
		  { LOCKS },
		  "time",
		  "in 40 minutes" },
		{ NULL,
		  "It is 10:45 (Europe/Amsterdam). Nothing is running right now.",
		  { NULL },
		  "time",
		  "10:45" },
		{ NULL,
		  "The desk opens at 08:45.\n\nMore under **Wi-Fi**.",
		  { WIFI },
		  "quotation",
		  "The desk opens at 08:45." },
		{ NULL,
		  "**Locks and how to love them** is on Saturday.\n\nThe desk opens at "
		  "08:30.\n\nMore under **Wi-Fi**.",
		  { LOCKS, WIFI },
		  "time",
		  "08:30" },
		{ NULL, "**Oar & Rope** is there from 08:45.", { OAR }, "time", "08:45" },
	};

	CHECK_ALL(answers);
}

static void wrong_days_are_found(void **state)
{
	static const struct answer answers[] = {
		{ NULL,
		  "**Locks and how to love them** is on Friday.",
		  { LOCKS },
		  "day",
		  "Friday" },
		/* A weekday that is not the date's. */
		{ NULL,
		  "**Locks and how to love them** is on Friday 4 September at 10:00.",
		  { LOCKS },
		  "day",
		  "Friday 4 September" },
		{ NULL,
		  "**Locks and how to love them** is on September 5.",
		  { LOCKS },
		  "day",
		  "September 5" },
		{ NULL,
		  "**Locks and how to love them** is on 2027-09-03.",
		  { LOCKS },
		  "day",
		  "2027-09-03" },
		{ NULL,
		  "**Locks and how to love them** is tomorrow.",
		  { LOCKS },
		  "day",
		  "tomorrow" },
		{ NULL,
		  "**Friday 3 September**\n\n- 10:00–10:45, Boathouse: **Locks and how to love "
		  "them**",
		  { LOCKS },
		  "day",
		  "the line above" },
		{ NULL,
		  "There is one session on Saturday, 18:00–20:00:\n\n- 10:00–10:45, Boathouse: "
		  "**Locks "
		  "and how to love them**",
		  { LOCKS },
		  "time",
		  "the line above" },
		{ "Wann?",
		  "**Locks and how to love them** ist am Freitag.",
		  { LOCKS },
		  "day",
		  "Freitag" },
		{ NULL,
		  "**Locks and how to love them** a lieu le 3 septembre.",
		  { LOCKS },
		  "day",
		  "3 septembre" },
	};

	CHECK_ALL(answers);
}

static void wrong_places_are_found(void **state)
{
	static const struct answer answers[] = {
		{ NULL,
		  "**Locks and how to love them** is in Great Hall.",
		  { LOCKS },
		  "place",
		  "Great Hall" },
		{ NULL,
		  "**Locks and how to love them** is in Hall A.",
		  { LOCKS },
		  "place",
		  "Hall A" },
		/* A room that there is not. */
		{ NULL,
		  "**Locks and how to love them** is on Saturday, 10:00–10:45, in Harbour Room.",
		  { LOCKS },
		  "place",
		  "Harbour Room" },
		{ NULL,
		  "- 10:00–10:45, Deck 7: **Locks and how to love them**",
		  { LOCKS },
		  "place",
		  "Deck 7" },
		{ NULL,
		  "There is one session in Great Hall:\n\n- 10:00–10:45: **Locks and how to love "
		  "them**",
		  { LOCKS },
		  "place",
		  "Great Hall" },
		{ NULL, "**Oar & Rope** is at booth A2.", { OAR }, "booth", "A2" },
		{ NULL,
		  "- **Oar & Rope** (A2): ropes\n- **Sail Loft** (K building, stand 6): sails",
		  { OAR, SAIL },
		  "booth",
		  "A2" },
		{ NULL, "**Sail Loft** is at stand 7.", { SAIL }, "booth", "7" },
	};

	CHECK_ALL(answers);
}

static void wrong_people_are_found(void **state)
{
	static const struct answer answers[] = {
		/* Invented, in the ways that answers name people. */
		{ NULL,
		  "- 10:00–10:45, Boathouse: **Locks and how to love them** (Jan Jansen)",
		  { LOCKS },
		  "speaker",
		  "Jan Jansen" },
		{ NULL,
		  "**Locks and how to love them** is given by Joke de Wit and Jan Jansen.",
		  { LOCKS },
		  "speaker",
		  "Jan Jansen" },
		{ NULL,
		  "**Locks and how to love them** is at 10:00.\n\nGiven by Jan Jansen.",
		  { LOCKS },
		  "speaker",
		  "Jan Jansen" },
		/* Of another session. */
		{ NULL,
		  "**Is it over? Yes. No!** with Joke de Wit.",
		  { OVER, JOKE },
		  "speaker",
		  "Joke de Wit" },
		{ NULL,
		  "**Joke de Wit** speaks at 23:30: **Night boats**.",
		  { BOATS, JOKE },
		  "speaker",
		  "Joke de Wit" },
	};

	CHECK_ALL(answers);
}

static void references_and_names(void **state)
{
	static const struct answer answers[] = {
		{ NULL, "Nothing.", { NOBODY }, "reference", "s9" },
		{ NULL, "Nothing.", { "speaker s1" }, "reference", "s1" },
		{ NULL, "**Night boats** is on Friday.", { LOCKS }, "name", "Night boats" },
		{ NULL,
		  "There are many talks. **Sail Loft** has some.",
		  { LOCKS },
		  "name",
		  "Sail Loft" },
		{ NULL, "See Oar & Rope.", { LOCKS }, "name", "Oar & Rope" },
		{ NULL, "Ask “Many”.", { LOCKS }, "name", "Many" },
		/* What the visitor named may be named. */
		{ "who is Many?", "The programme says nothing about **Many**.", { NULL } },
		/* A speaker of what is referred to. */
		{ NULL, "**Locks and how to love them** (Joke de Wit)", { LOCKS } },
	};

	CHECK_ALL(answers);
}

static void a_reference_has_its_name(void **state)
{
	struct fixture *fx = *state;
	struct json_object *reply =
		json_tokener_parse("{\"text\":\"Here.\",\"references\":[{\"type\":\"session\","
				   "\"id\":\"s1\",\"name\":\"Locks\"}]}");
	struct json_object *report = answer_check_run(fx->check, "what?", AT, reply);

	assert_int_equal(json_count(report, "findings"), 1);
	assert_string_equal(json_text(json_at(report, "findings", 0), "what"), "reference");
	assert_string_equal(json_text(json_at(report, "findings", 0), "should"),
			    "Locks and how to love them");
	json_object_put(report);
	json_object_put(reply);
}

static void quotations_markup_and_language(void **state)
{
	static const struct answer answers[] = {
		{ NULL,
		  "**Locks and how to love them**: Gates, sluices and despair.",
		  { LOCKS },
		  "quotation",
		  "Gates, sluices and despair." },
		{ NULL,
		  "**Joke de Wit**: Lock keeper, City of Gouda.",
		  { JOKE },
		  "quotation",
		  "Lock keeper, City of Gouda." },
		{ NULL,
		  "It says “bring a life jacket”.",
		  { LOCKS },
		  "quotation",
		  "bring a life jacket" },
		{ NULL, "It says “bring boots”.", { LOCKS } },
		{ NULL, "It says “Gates, sluices and…” and more.", { LOCKS } },
		{ NULL,
		  "It says “Gates, doors and…” and more.",
		  { LOCKS },
		  "quotation",
		  "Gates, doors and…" },
		{ NULL, "See [[s1]].", { LOCKS }, "markup", "[[s1]]." },
		{ NULL, "**Locks and how to love them is at 10:00.", { LOCKS }, "markup", "**" },
		{ "Wo ist die Halle und wann ist der Vortrag?",
		  "The talk is at the end of the day, and you can see what is there.",
		  { NULL },
		  "language",
		  "English" },
	};

	CHECK_ALL(answers);
}

static void claims_are_counted(void **state)
{
	struct fixture *fx = *state;
	const char *const references[MAX_REFERENCES] = { LOCKS };
	struct json_object *reply = reply_of(
		fx, "**Locks and how to love them** is on Saturday at 10:00, in Boathouse.",
		references);
	struct json_object *report = answer_check_run(fx->check, "when?", AT, reply);

	/* The name, the day, the time, the room. */
	assert_int_equal(json_object_get_int(json_member(report, "claims")), 4);
	assert_int_equal(json_object_get_int(json_member(report, "references")), 1);
	json_object_put(report);
	json_object_put(reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_true_passes),
		cmocka_unit_test(wrong_times_are_found),
		cmocka_unit_test(wrong_days_are_found),
		cmocka_unit_test(wrong_places_are_found),
		cmocka_unit_test(wrong_people_are_found),
		cmocka_unit_test(references_and_names),
		cmocka_unit_test(a_reference_has_its_name),
		cmocka_unit_test(quotations_markup_and_language),
		cmocka_unit_test(claims_are_counted),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
