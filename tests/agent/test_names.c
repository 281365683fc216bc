/*
 * test_names.c - a question that names somebody is answered with what is theirs, or with that there is none: never with what is
 * near in meaning instead.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include "programme.h"
#include "stage.h"
#include "word_embedder.h"

/* Others' words are near every question: when, where, speak, stand, day. */
static const char programme[] =
	"{'conference':{'id':'c','name':'Harbour Days','timezone':'Europe/Brussels',"
	"'start_date':'2027-05-20','end_date':'2027-05-21'},"
	"'sessions':["
	"{'id':'s1','title':'Cranes','description':'How cranes lift.','location':'Loft',"
	"'start_time':'2027-05-20T10:00','end_time':'2027-05-20T10:30',"
	"'speaker_ids':['p1'],'speaker_names':['Ada Brook']},"
	"{'id':'s2','title':'Locks','description':'How locks close.','location':'Loft',"
	"'start_time':'2027-05-20T12:00','end_time':'2027-05-20T12:30',"
	"'speaker_ids':['p1'],'speaker_names':['Ada Brook']},"
	"{'id':'s3','title':'Brook trout','description':'When a brook does speak on Friday.',"
	"'location':'Loft','start_time':'2027-05-21T10:00','end_time':'2027-05-21T10:30',"
	"'speaker_ids':['p2'],'speaker_names':['Ben Quay']},"
	"{'id':'s4','title':'Where dikes speak','location':'Loft',"
	"'description':'Where is the brook speaking on Friday?',"
	"'start_time':'2027-05-21T11:00','end_time':'2027-05-21T11:30',"
	"'speaker_ids':['p3'],'speaker_names':['Ada Pier']}],"
	"'speakers':[{'id':'p1','name':'Ada Brook'},{'id':'p2','name':'Ben Quay'},"
	"{'id':'p3','name':'Ada Pier'}],"
	"'exhibitors':[{'id':'e1','name':'Pumps','booth_number':'A1',"
	"'description':'Where is the stand: pumps for Windlass, a booth.'},"
	"{'id':'e2','name':'Firefly Rafts','booth_number':'A2',"
	"'description':'The stand of rafts.'}]}";

struct harbour {
	struct stage stage;
	struct word_embedder *meaning;
};

static int open_harbour(void **state)
{
	struct harbour *a = calloc(1, sizeof(*a));
	char json[sizeof(programme)];

	assert_non_null(a);
	memcpy(json, programme, sizeof(json));
	for (char *p = json; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	stage_open(&a->stage, programme_parse(json), "2027-05-20T09:00");
	a->meaning = word_embedder_create(a->stage.loop, 384);
	a->stage.env.embedder = &a->meaning->base;
	*state = a;
	return 0;
}

static int close_harbour(void **state)
{
	struct harbour *a = *state;

	a->stage.env.embedder = NULL;
	embedder_destroy(&a->meaning->base);
	stage_close(&a->stage);
	free(a);
	return 0;
}

static bool refers_to(const struct answer *a, const char *id)
{
	for (size_t i = 0; i < json_object_array_length(a->references); i++)
		if (strcmp(json_text(json_object_array_get_idx(a->references, i), "id"), id) == 0)
			return true;
	return false;
}

/* The answer has those words, and refers to exactly these of all records ("s1 s2"). */
static void answers(void **state, const char *question, const char *words, const char *refers)
{
	static const char *const all[] = { "s1", "s2", "s3", "s4", "e1", "e2" };
	struct stage *s = &((struct harbour *)*state)->stage;
	struct answer a = { 0 };

	stage_forget(s);
	stage_ask(s, question, &a);
	assert_int_equal(a.outcome, OUTCOME_OK);
	answer_check(s, &a);
	if (!strstr(a.text.data, words))
		fail_msg("%s\nlacks: %s\nsays:  %s", question, words, a.text.data);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (refers_to(&a, all[i]) != (strstr(refers, all[i]) != NULL))
			fail_msg("%s\nreference %s is %s\nsays: %s", question, all[i],
				 refers_to(&a, all[i]) ? "wrong" : "missing", a.text.data);
	answer_finish(&a);
}

static void not_on_that_day(void **state)
{
	static const char not [] = "does not speak on Friday 21 May";

	answers(state, "When does Ada Brook speak on Friday?", not, "s1 s2");
	answers(state, "Where is Ada Brook speaking on Friday?", not, "s1 s2");
	answers(state, "Does Ada Brook speak on Friday?", not, "s1 s2");
	answers(state, "Which talks does Ada Brook give on Friday?", not, "s1 s2");
	answers(state, "Ada Brook on Friday", not, "s1 s2");
	answers(state, "When does Ada Brook speak on Friday at 10:00?",
		"does not speak on Friday 21 May at 10:00", "s1 s2");
	answers(state, "Is Ada Brook speaking now?", "is not speaking right now", "s1 s2");
	answers(state, "Wann spricht Ada Brook am Freitag?", "spricht am Freitag, 21. Mai nicht",
		"s1 s2");
}

static void on_that_day(void **state)
{
	answers(state, "When does Ada Brook speak on Thursday?", "gives 2 sessions", "s1 s2");
	answers(state, "Where is Ada Brook speaking on Thursday at 12:00?", "12:00–12:30", "s2");
	answers(state, "When does Ben Quay speak on Friday?", "10:00–10:30", "s3");
}

static void whole_names(void **state)
{
	answers(state, "When and where does Ada Pier speak?", "Where dikes speak", "s4");
	/* one name that two bear: the sessions of both, and of nobody else */
	answers(state, "When does Ada speak?", "Ada", "s1 s2 s4");
	answers(state, "What does Ada Brook say about locks on Friday?", "Leaving out the day",
		"s2");
	answers(state, "When does Ada Lovelace speak on Friday?",
		"I found nothing about “Ada Lovelace”", "");
}

static void stands(void **state)
{
	answers(state, "Where is the stand of Siemens?", "no stand of “Siemens” at Harbour Days",
		"");
	answers(state, "Siemens booth", "no stand of “Siemens”", "");
	answers(state, "Where is the stand of Firefox?", "no stand of “Firefox”", "");
	answers(state, "Where is Ada Brook's stand?", "no stand of “Ada Brook”", "");
	answers(state, "Wo ist der Stand von Siemens?", "Von „Siemens“ kenne ich keinen Stand", "");
	answers(state, "Where is the stand of Windlass?", "is called “Windlass”", "e1");
	answers(state, "Where is the Pumps stand?", "A1", "e1");
	answers(state, "Is there a stand about rafts?", "Firefly Rafts", "e2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(not_on_that_day),
		cmocka_unit_test(on_that_day),
		cmocka_unit_test(whole_names),
		cmocka_unit_test(stands),
	};

	return cmocka_run_group_tests(tests, open_harbour, close_harbour);
}
