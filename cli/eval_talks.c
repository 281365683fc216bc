/*
 * eval_talks.c - conversations turn by turn, each answer held against what the file expects of it; see eval.h.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "answer_check.h"
#include "eval.h"
#include "eval_talk.h"
#include "fold.h"
#include "json.h"
#include "venue_clock.h"

#define ANSWER_TIMEOUT_MS 120000

/* --- What one answer must be ------------------------------------------------------------ */

static void problem(struct json_object *list, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void problem(struct json_object *list, const char *format, ...)
{
	char sentence[500];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	json_object_array_add(list, json_object_new_string(sentence));
}

static bool refers_to(struct json_object *reply, const char *id)
{
	for (size_t i = 0; i < json_count(reply, "references"); i++)
		if (!strcmp(json_text(json_at(reply, "references", i), "id"), id))
			return true;
	return false;
}

static bool refers_to_page(struct json_object *reply)
{
	for (size_t i = 0; i < json_count(reply, "references"); i++)
		if (!strcmp(json_text(json_at(reply, "references", i), "type"), "info"))
			return true;
	return false;
}

static bool refers_to_record(struct json_object *reply)
{
	for (size_t i = 0; i < json_count(reply, "references"); i++)
		if (strcmp(json_text(json_at(reply, "references", i), "type"), "info") != 0)
			return true;
	return false;
}

static void check_kind(struct json_object *expect, struct json_object *reply,
		       struct json_object *out)
{
	const char *kind = json_text(expect, "kind");

	if (!strcmp(kind, "entities") && !refers_to_record(reply))
		problem(out, "refers to no session, speaker or exhibitor");
	else if (!strcmp(kind, "info") && !refers_to_page(reply))
		problem(out, "refers to no information page");
	else if ((!strcmp(kind, "none") || !strcmp(kind, "smalltalk")) &&
		 json_count(reply, "references"))
		problem(out, "refers to something, and should to nothing");
	else if (!strcmp(kind, "clarify") && !strchr(json_text(reply, "text"), '?'))
		problem(out, "does not ask back");
}

/* "Title (id)", or the id alone. */
static void refers_problem(struct json_object *out, const char *how, const char *id,
			   const struct records *records)
{
	const struct record *r = records ? records_find_id(records, id) : NULL;

	if (r)
		problem(out, "%s \"%.200s\" (%.100s)", how, r->name, id);
	else
		problem(out, "%s %.100s", how, id);
}

static void check_references(struct json_object *expect, struct json_object *reply,
			     const struct records *records, struct json_object *out)
{
	size_t any = 0;

	for (size_t i = 0; i < json_count(expect, "references_all"); i++) {
		const char *id = json_object_get_string(json_at(expect, "references_all", i));

		if (!refers_to(reply, id))
			refers_problem(out, "does not refer to", id, records);
	}
	for (size_t i = 0; i < json_count(expect, "references_none"); i++) {
		const char *id = json_object_get_string(json_at(expect, "references_none", i));

		if (refers_to(reply, id))
			refers_problem(out, "refers to", id, records);
	}
	for (size_t i = 0; i < json_count(expect, "references_any"); i++)
		any += refers_to(reply,
				 json_object_get_string(json_at(expect, "references_any", i)));
	for (size_t i = 0; i < json_count(expect, "references_any") && !any; i++)
		refers_problem(out, i ? "nor to" : "does not refer to",
			       json_object_get_string(json_at(expect, "references_any", i)),
			       records);
}

static void check_words(struct json_object *expect, const char *key, bool wanted, const char *text,
			struct json_object *out)
{
	for (size_t i = 0; i < json_count(expect, key); i++) {
		const char *words = json_object_get_string(json_at(expect, key, i));
		char *folded = fold_plain(words, true);

		if (folded && (fold_find(text, folded) != NULL) != wanted)
			problem(out, wanted ? "does not say \"%.100s\"" : "says \"%.100s\"", words);
		free(folded);
	}
}

/* A mistake in the file must not pass for an answer that is right. */
static void check_keys(struct json_object *expect, struct json_object *out)
{
	static const char *const known[] = { "kind",	       "references_all",
					     "references_any", "references_none",
					     "words_all",      "words_none",
					     "language" };
	static const char *const kinds[] = {
		"", "entities", "info", "none", "smalltalk", "clarify"
	};
	bool kind = false;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		kind |= !strcmp(json_text(expect, "kind"), kinds[i]);
	if (!kind)
		problem(out, "the file expects the kind \"%.40s\", which there is not",
			json_text(expect, "kind"));
	if (!expect)
		return;
	json_object_object_foreach(expect, key, value)
	{
		bool found = value == NULL;

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			found |= !strcmp(known[i], key);
		if (!found)
			problem(out, "the file expects \"%.40s\", which there is not", key);
	}
}

struct json_object *turn_check(struct json_object *expect, struct json_object *reply,
			       const char *language, const struct records *records)
{
	struct json_object *out = json_object_new_array();
	const char *wanted = json_text(expect, "language");
	char *text = fold_plain(json_text(reply, "text"), true);

	if (strcmp(json_text(reply, "outcome"), "ok") != 0)
		problem(out, "the outcome is %.20s", json_text(reply, "outcome"));
	check_keys(expect, out);
	check_kind(expect, reply, out);
	check_references(expect, reply, records, out);
	check_words(expect, "words_all", true, text ? text : "", out);
	check_words(expect, "words_none", false, text ? text : "", out);
	if (*wanted && strcmp(wanted, language) != 0)
		problem(out, "is in \"%.10s\", and should be in \"%.10s\"", language, wanted);
	free(text);
	return out;
}

/* --- Conversations ------------------------------------------------------------------------ */

struct talks {
	struct cli *cli;
	struct json_object *file, *report, *list;
	struct records records; /* of the conference last spoken about */
	struct answer_check *check;
	char conference[200];
	bool claims;
};

/* The file may give conferences names of its own: {"conferences":{"example":"<id>"}}. */
static const char *conference_of(const struct talks *t, struct json_object *conversation)
{
	const char *name = json_text(conversation, "conference");
	const char *id = json_text(json_member(t->file, "conferences"), name);

	if (*id)
		return id;
	if (*name)
		return name;
	return t->cli->options.values[OPTION_CONFERENCE];
}

/* 0; ENOTFOUND: that conference is not loaded. */
static int prepare(struct talks *t, const char *conference, assistant_error *err)
{
	int r;

	if (*t->conference && conference && !strcmp(t->conference, conference))
		return 0;
	answer_check_destroy(t->check);
	records_finish(&t->records);
	t->check = NULL;
	t->conference[0] = '\0';
	r = records_load(&t->records, t->cli->client, conference, err);
	if (r < 0)
		return r;
	if (t->records.conference)
		venue_clock_use(json_text(t->records.conference, "timezone"));
	if (t->claims && t->records.conference)
		t->check = answer_check_create(&t->records);
	if (conference)
		snprintf(t->conference, sizeof(t->conference), "%s", conference);
	return 0;
}

static void language_of(struct talk *talk, char *out, size_t size)
{
	struct json_object *debug = NULL;

	*out = '\0';
	if (talk->ops->debug(talk, &debug, NULL) < 0)
		return;
	snprintf(out, size, "%s", json_text(json_member(debug, "understood"), "language"));
	json_object_put(debug);
}

/* said: all questions so far, this one last. */
static int one_turn(struct talks *t, struct talk *talk, const char *id, struct json_object *turn,
		    const char *said, const char *now)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	const char *question = json_text(turn, "question");
	struct json_object *reply = NULL, *item, *checked = NULL;
	char language[16];

	if (talk_ask(talk, question, ANSWER_TIMEOUT_MS, &reply, &err) < 0)
		return cli_complain(&err);
	language_of(talk, language, sizeof(language));
	item = report_item(id, question, reply);
	json_object_object_add(
		item, "problems",
		turn_check(json_member(turn, "expect"), reply, language, &t->records));
	if (t->check)
		checked = answer_check_run(t->check, said, now, reply);
	report_add(t->report, item, checked);
	json_object_put(checked);
	json_object_put(reply);
	return STATUS_OK;
}

static int all_turns(struct talks *t, struct talk *talk, struct json_object *conversation,
		     const char *now)
{
	char id[140], *said = strdup("");
	int status = said ? STATUS_OK : STATUS_FAILED;

	for (size_t i = 0; i < json_count(conversation, "turns") && !status; i++) {
		struct json_object *turn = json_at(conversation, "turns", i);
		char *longer = NULL;

		if (asprintf(&longer, "%s%s%s", said, i ? "\n" : "", json_text(turn, "question")) <
		    0)
			break;
		free(said);
		said = longer;
		snprintf(id, sizeof(id), "%.100s/%zu", json_text(conversation, "id"), i + 1);
		status = one_turn(t, talk, id, turn, said, now);
	}
	free(said);
	return status;
}

static bool any_wrong(struct json_object *report, size_t from)
{
	for (size_t i = from; i < json_count(report, "items"); i++) {
		struct json_object *item = json_at(report, "items", i);

		if (json_count(item, "problems") || json_count(item, "findings"))
			return true;
	}
	return false;
}

static int one_talk(struct talks *t, struct json_object *conversation)
{
	size_t before = json_count(t->report, "items");
	struct json_object *o;
	struct talk *talk = NULL;
	char now[64];
	int status;

	eval_now(&t->records, conversation, now, sizeof(now));
	status = cli_talk(t->cli, records_conference(&t->records), *now ? now : NULL, &talk);
	if (!status)
		status = all_turns(t, talk, conversation, now);
	talk_destroy(talk);
	o = json_object_new_object();
	json_object_object_add(o, "id", json_object_new_string(json_text(conversation, "id")));
	json_object_object_add(o, "turns",
			       json_object_new_int64((int64_t)json_count(conversation, "turns")));
	json_object_object_add(o, "ok", json_object_new_boolean(!any_wrong(t->report, before)));
	json_object_array_add(t->list, o);
	return status;
}

static int all_talks(struct talks *t)
{
	size_t skipped = 0, n = json_count(t->file, "conversations");
	char sentence[120];
	int status = STATUS_OK;

	for (size_t i = 0; i < n && !status; i++) {
		struct json_object *conversation = json_at(t->file, "conversations", i);
		assistant_error err = ASSISTANT_ERROR_INIT;
		int r = prepare(t, conference_of(t, conversation), &err);

		if (r == ASSISTANT_ENOTFOUND)
			skipped++;
		else
			status = r < 0 ? cli_complain(&err) : one_talk(t, conversation);
	}
	if (skipped && !status) {
		snprintf(sentence, sizeof(sentence),
			 "%zu of %zu conversations are about conferences that are not loaded",
			 skipped, n);
		status = cli_say(skipped == n ? STATUS_FAILED : STATUS_OK, sentence);
	}
	return status;
}

int eval_talks(struct cli *cli, struct json_object *file, bool claims, struct json_object **report)
{
	struct talks t = { .cli = cli, .file = file, .claims = claims };
	int status;

	t.report = report_new();
	t.list = json_object_new_array();
	json_object_object_add(t.report, "conversations", t.list);
	status = all_talks(&t);
	answer_check_destroy(t.check);
	records_finish(&t.records);
	if (status)
		json_object_put(t.report);
	else
		*report = t.report;
	return status;
}
