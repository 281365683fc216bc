/*
 * test_followup.c - conversations: what leans on the turn before is understood, or asked back.
 *
 * Each line is a question and what its answer must (or, with '!', must not) contain; blocks are
 * conversations.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "programme.h"
#include "stage.h"

static struct stage stage;

static int setup(void **state)
{
	stage_open(&stage, programme_read(CONFERENCE), "2027-05-20T13:30");
	return 0;
}

static int teardown(void **state)
{
	stage_close(&stage);
	return 0;
}

struct line {
	const char *question;
	const char *expected[4];
};

static void converse(const struct line *lines, size_t n)
{
	stage_forget(&stage);
	for (size_t i = 0; i < n; i++) {
		struct answer a = { 0 };

		stage_ask(&stage, lines[i].question, &a);
		for (size_t k = 0; k < 4 && lines[i].expected[k]; k++) {
			const char *e = lines[i].expected[k];
			bool unwanted = e[0] == '!';

			if ((strstr(a.text.data, e + unwanted) != NULL) == unwanted)
				fail_msg("\"%s\" should %scontain \"%s\":\n%s", lines[i].question,
					 unwanted ? "not " : "", e + unwanted, a.text.data);
		}
		answer_check(&stage, &a);
		answer_finish(&a);
	}
}

#define CONVERSATION(...)                                                                          \
	do {                                                                                       \
		static const struct line lines_[] = { __VA_ARGS__ };                               \
		converse(lines_, ARRAY_SIZE(lines_));                                              \
	} while (0)

#define SPONGE	 "Sponge streets after ten years: what the meters say"
#define WHICH	 "Which one do you mean"
#define PORT	 "**A port without smoke**"
#define MAINTAIN "**Maintenance is a form of care**"

static void of_one_session(void **state)
{
	CONVERSATION({ "When is Sponge streets after ten years?", { SPONGE, "10:45–11:30" } },
		     { "who speaks there?", { "**" SPONGE "** is given by Søren" } },
		     { "and who is he?", { "Søren Højgaard-Krogh**", "Stormwater engineer" } },
		     { "tell me more", { "Søren", "newsletter" } });
	CONVERSATION({ "When is Sponge streets after ten years?", { SPONGE } },
		     { "where is that?", { "** is in Tidensaal (A1.02)" } },
		     { "what is it about?", { "Ten years ago the district" } },
		     { "Tell me more", { "cost curve" } });
	CONVERSATION({ "When is Sponge streets after ten years?", { SPONGE } },
		     { "what is on after that?",
		       { "Thursday 20 May", "in Tidensaal (A1.02)", "!" SPONGE } });
}

static void of_a_list(void **state)
{
	CONVERSATION({ "What are the keynotes on Saturday?", { PORT, MAINTAIN } },
		     { "the second one", { MAINTAIN, "15:30–16:15", "!" PORT } },
		     { "when is it?", { MAINTAIN, "15:30–16:15" } });
	CONVERSATION({ "What are the keynotes on Saturday?", { PORT, MAINTAIN } },
		     { "who speaks there?", { WHICH, PORT, MAINTAIN } },
		     { "the first", { PORT, "is given by Jean-Baptiste N'Diaye" } });
	CONVERSATION({ "What are the keynotes on Saturday?", { PORT } },
		     { "the last one", { MAINTAIN, "!" PORT } });
	CONVERSATION({ "What are the keynotes on Saturday?", { PORT } },
		     { "the seventh one", { "My last answer did not name that many." } });
	CONVERSATION({ "What are the keynotes on Saturday?", { PORT, MAINTAIN } },
		     { "how many are there?", { "**2** sessions" } });
	CONVERSATION({ "What are the keynotes on Saturday?", { PORT, MAINTAIN } },
		     { "and on Friday?",
		       { "Friday 21 May", "The street that became a canal", "!" PORT } });
}

static void of_times_and_places(void **state)
{
	CONVERSATION(
		{ "What is on in B2.14 on Friday at 2 pm?", { "Le fleuve a-t-il des droits ?" } },
		{ "and on Saturday?",
		  { "Saturday 22 May", "B2.14 Elbe", "Old songs about high water" } },
		{ "and in the morning?",
		  { "Old songs about high water", "!Swimming in the harbour again" } },
		{ "in the afternoon?", { "Swimming in the harbour again", "!Old songs" } });
	CONVERSATION(
		{ "What is on in B2.14 on Saturday morning?", { "Old songs about high water" } },
		{ "anything later?",
		  { "Saturday 22 May", "Swimming in the harbour again", "!Old songs" } },
		{ "anything earlier?", { "Saturday 22 May", "Old songs", "!Swimming" } });
	CONVERSATION({ "what is on now?", { "It is 13:30 (Europe/Berlin)", "Lunch" } },
		     { "and later?", { "from 13:45", "!Lunch" } });
	CONVERSATION({ "Which sessions are about floods on Friday?", { "Friday 21 May" } },
		     { "show me more", { "floods", "Friday 21 May" } });
}

static void of_exhibitors(void **state)
{
	CONVERSATION({ "Where is Carbopur?", { "**Carbopur** is at booth A24." } },
		     { "tell me more", { "Activated carbon" } },
		     { "and Flytvall?", { "**Flytvall**", "A14", "!Carbopur" } },
		     { "what do they sell?", { "**Flytvall**: Self-closing flood barriers" } });
}

static void of_people(void **state)
{
	CONVERSATION(
		{ "Tell me about Suryani", { "**Suryani**: Engineer" } },
		{ "when does she speak?", { "**Suryani** speaks on Friday 21 May, 09:30–10:15" } },
		{ "what is her talk about?",
		  { "**The street that became a canal**: Suryani grew up" } });
}

/* "And" joins, but what stands alone is not read with what came before. */
static void joined_but_complete(void **state)
{
	CONVERSATION({ "Who speaks about heat pumps?", { "Katharina Brandt" } },
		     { "And where is lunch?", { "Hall D", "**Food**", "!speakers fit" } },
		     { "and where can I park?", { "Lotsengarage", "!Hall D" } },
		     { "and is there wifi?", { "no password", "!Lotsengarage" } });
}

static void of_two_of_one_name(void **state)
{
	CONVERSATION({ "When is Ask a Hydrologist?",
		       { "Friday 21 May, 13:10", "Saturday 22 May, 12:40" } },
		     { "and where?", { "is in Harbour Stage (Hall D), on Friday", "on Saturday" } },
		     { "on Friday?", { "Friday 21 May, 13:10", "!Saturday" } });
}

static void in_other_languages(void **state)
{
	CONVERSATION({ "Was sind die Keynotes am Samstag?", { PORT, "Samstag, 22. Mai" } },
		     { "und am Freitag?", { "Freitag, 21. Mai" } },
		     { "die zweite", { "Freitag, 21. Mai", "Mit " } },
		     { "wer spricht da?", { "wird gehalten von" } });
	CONVERSATION({ "Quelles sont les keynotes samedi ?", { PORT, "samedi 22 mai" } },
		     { "et vendredi ?", { "vendredi 21 mai" } },
		     { "le premier", { "vendredi 21 mai", "Avec " } });
	CONVERSATION({ "¿Qué keynotes hay el sábado?", { PORT, "sábado 22 de mayo" } },
		     { "la segunda", { MAINTAIN, "sábado 22 de mayo" } },
		     { "¿quién habla?", { "lo presenta Ruth Mbeki-Hollander" } });
	/* A full question in another language is answered in that one. */
	CONVERSATION({ "Was sind die Keynotes am Samstag?", { "Samstag" } },
		     { "Where is the Carbopur stand?", { "is at booth A24" } });
}

static void picked_from_a_list(void **state)
{
	CONVERSATION(
		{ "Which workshops are about flooding?", { "Thursday 20 May", "Friday 21 May" } },
		{ "which of these is today?",
		  { "Thursday 20 May", "workshop", "Map your flood memory", "!Friday" } });
	CONVERSATION(
		{ "What is on on Saturday morning?", { "There are 14 sessions" } },
		{ "only workshops",
		  { "There are 2 sessions", "Draw a street in section", "!A port without smoke" } },
		{ "who runs the first?", { "Hanneke Wiersma and Ingrid Solbakken" } });
	CONVERSATION({ "Which tours are there?", { "Harbour tour", "Walk: a quarter on stilts" } },
		     { "which of them is on Saturday?",
		       { "inside a storm surge gate", "Walk: a quarter", "!Harbour tour" } });
	CONVERSATION({ "Who is Leila Haddad?", { "gives 3 sessions" } },
		     { "which one is on Friday?",
		       { "Water tariffs that let people wash", "!Who pays for the next flood?" } });
	CONVERSATION({ "Which talks are about groundwater?", { "Salt in the well" } },
		     { "are these on Friday?", { "“groundwater” on Friday 21 May" } });
	CONVERSATION({ "What starts at 13:45?", { "There are 6 sessions" } },
		     { "which are in English?", { "13:45", "in English", "!There are 105" } });
	CONVERSATION({ "What is on in Werkstatt 1 today?", { "Map your flood memory" } },
		     { "what do I need to bring to the first?",
		       { "**From rain gauge to wet basement", "ruler", "!Which one" } });
	CONVERSATION({ "Which demos are on Thursday?", { "A flood gate that closes itself" } },
		     { "which is the earliest?",
		       { "12:40", "crawling robot", "!A flood gate that closes itself**" } });
}

static void of_the_other_kind(void **state)
{
	CONVERSATION(
		{ "Where is the Stillwerk stand?", { "B03" } },
		{ "is there a talk by them?", { "A heat pump for courtyards", "!There are" } });
	CONVERSATION({ "Where is the Tariff Lab stand?", { "D01" } },
		     { "what talks do they give?",
		       { "on “Tariff Lab”", "Water tariffs that let people wash" } },
		     { "when is the first one?", { "Who pays for the next flood?", "17:45" } });
	CONVERSATION({ "Where is the Carbopur stand?", { "A24" } },
		     { "what talks do they give?",
		       { "I found no session by or about “Carbopur”", "!**Carbopur**" } });
	CONVERSATION({ "Which exhibitors do flood protection?", { "Flytvall" } },
		     { "and who speaks about floods?", { "these speakers", "!exhibitors for" } });
	CONVERSATION(
		{ "Which exhibitors have pumps?", { "Stillwerk" } },
		{ "who of them gives a talk?", { "A heat pump for courtyards", "!Which one" } },
		{ "which of these are on Friday?", { "Take a pump apart", "!courtyards" } });
	CONVERSATION({ "When is Water tariffs that let people wash?", { "15:55" } },
		     { "do they have a stand?", { "**Tariff Lab** is at booth D01" } });
}

static void more_like_it(void **state)
{
	CONVERSATION({ "Which talks are about groundwater?", { "Salt in the well" } },
		     { "anything similar on Friday?",
		       { "“groundwater” on Friday 21 May", "Groundwater is a neighbour" } });
	CONVERSATION({ "When is Salt in the well?", { "16:50" } },
		     { "similar sessions?",
		       { "!“similar”", "!**Salt in the well: saline intrusion in" } });
}

static void times_of_what_was_spoken_of(void **state)
{
	CONVERSATION({ "When is Film: The Pumping Station?", { "Friday 21 May" } },
		     { "is it today or tomorrow?",
		       { "**Film: The Pumping Station** is on Friday 21 May", "!There are" } });
	CONVERSATION(
		{ "Who is Leila Haddad?", { "gives 3 sessions" } },
		{ "when does she speak next?", { "Next with Leila Haddad", "17:45", "!Opening" } },
		{ "what's before that in the room?", { "Große Halle", "!Leila Haddad" } });
	CONVERSATION({ "What is in the track Money and Law?", { "Thursday 20 May" } },
		     { "when does it start tomorrow?",
		       { "The first session on Friday 21 May in the track “Money and Law”" } });
	CONVERSATION({ "Which talks are about dikes?", { "A drone that smells wet dikes" } },
		     { "what's before it?", { WHICH } });
	CONVERSATION({ "is there a party?", { "Newcomers' supper" } },
		     { "how much is it?", { "!Hello!" } });
}

/* Which first it is, is said: of all, of those on a topic, of those that were listed. */
static void the_first_of_which(void **state)
{
	CONVERSATION({ "What is the first session about storage?",
		       { "The first session on “storage”", "rain gauge" } },
		     { "What is the first session on Friday?",
		       { "The first session on Friday 21 May:", "!storage" } });
	CONVERSATION({ "Which sessions are about flood maps?", { "water level sensor" } },
		     { "Who gives the first one?",
		       { "The first session on “flood maps”", "Tendai Moyo" } });
	CONVERSATION({ "Which talks are about groundwater?", { "Salt in the well" } },
		     { "which of these are on Friday?", { "Groundwater is a neighbour" } },
		     { "which one is the last?",
		       { "Groundwater is a neighbour", "15:55", "!The last session" } });
}

static void without_anything_before(void **state)
{
	static const char *const asks = "What would you like to know about?";

	CONVERSATION({ "who speaks there?", { asks } });
	CONVERSATION({ "tell me more", { asks } });
	CONVERSATION({ "Which exhibitors are there?", { "There are 59 exhibitors:" } },
		     { "How many speakers are there?", { "**87** speakers" } });
	CONVERSATION({ "Where is Carbopur?", { "A24" } },
		     { "Which exhibitors are there?", { "There are 59 exhibitors:" } });
	CONVERSATION({ "When does Tidewater start?", { "from 20 May to 22 May 2027" } },
		     { "and where is it?", { "Kongresshaus Lotsenspeicher, Hamburg" } });
	CONVERSATION({ "Where is Carbopur?", { "A24" } },
		     { "what should I see?", { "!Carbopur" } });
	/* Stands alone, whatever was before. */
	CONVERSATION({ "Where is Carbopur?", { "A24" } },
		     { "Who is Thordis Aegisdottir?", { "Þórdís Ægisdóttir", "!Carbopur" } },
		     { "what is on now?", { "Lunch", "!Þórdís" } });
}

/* Metadata that is broken, old, or of another conference: the question stands alone. */
static void odd_history(void **state)
{
	static const char *const metadata[] = {
		"nonsense",
		"[]",
		"{\"understood\":7,\"references\":{}}",
		"{\"understood\":{\"question\":\"x\"},\"references\":[1,{\"type\":\"session\","
		"\"id\":\"gone\"}]}",
		"{\"understood\":{\"question\":\"When is it?\",\"focus\":{\"type\":\"session\"}}}",
		NULL,
	};

	for (size_t i = 0; i < ARRAY_SIZE(metadata); i++) {
		struct answer a = { 0 };

		stage_forget(&stage);
		stage_ask(&stage, "Where is Carbopur?", &a);
		answer_finish(&a);
		free((char *)stage.rows[1].metadata);
		stage.rows[1].metadata = metadata[i] ? strdup(metadata[i]) : NULL;
		stage_ask(&stage, "who speaks there?", &a);
		assert_int_equal(a.outcome, OUTCOME_OK);
		answer_check(&stage, &a);
		answer_finish(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_one_session),
		cmocka_unit_test(the_first_of_which),
		cmocka_unit_test(of_a_list),
		cmocka_unit_test(of_times_and_places),
		cmocka_unit_test(of_exhibitors),
		cmocka_unit_test(of_people),
		cmocka_unit_test(joined_but_complete),
		cmocka_unit_test(of_two_of_one_name),
		cmocka_unit_test(in_other_languages),
		cmocka_unit_test(picked_from_a_list),
		cmocka_unit_test(of_the_other_kind),
		cmocka_unit_test(more_like_it),
		cmocka_unit_test(times_of_what_was_spoken_of),
		cmocka_unit_test(without_anything_before),
		cmocka_unit_test(odd_history),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
