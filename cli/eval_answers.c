/*
 * eval_answers.c - asks for whole answers and holds them against the records; see eval.h.
 *
 * A report is {"answers","claims","references","unsupported","invalid_references","wrong","items":[...]}; an item
 * is one answer: {"id","question","text","findings":[...],"problems":[...]}.
 */
#include "eval.h"

#include <string.h>
#include "answer_check.h"
#include "eval_talk.h"
#include "json.h"
#include "text.h"

#define ANSWER_TIMEOUT_MS 120000

static void count(struct json_object *report, const char *key, int64_t more)
{
	int64_t n = json_object_get_int64(json_member(report, key));

	json_object_object_add(report, key, json_object_new_int64(n + more));
}

struct json_object *report_new(void)
{
	static const char *const sums[] = {
		"answers", "claims", "references", "unsupported", "invalid_references", "wrong"
	};
	struct json_object *o = json_object_new_object();

	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		json_object_object_add(o, sums[i], json_object_new_int(0));
	json_object_object_add(o, "items", json_object_new_array());
	return o;
}

void report_add(struct json_object *report, struct json_object *item, struct json_object *checked)
{
	struct json_object *findings = json_member(checked, "findings");

	count(report, "answers", 1);
	count(report, "claims", json_object_get_int64(json_member(checked, "claims")));
	count(report, "references", json_object_get_int64(json_member(checked, "references")));
	for (size_t i = 0; i < json_count(checked, "findings"); i++)
		count(report,
		      strcmp(json_text(json_at(checked, "findings", i), "what"), "reference") != 0
			      ? "unsupported"
			      : "invalid_references",
		      1);
	count(report, "wrong", json_count(item, "problems") > 0);
	if (findings)
		json_object_object_add(item, "findings", json_object_get(findings));
	json_object_array_add(json_member(report, "items"), item);
}

struct json_object *report_item(const char *id, const char *question, struct json_object *reply)
{
	struct json_object *item = json_object_new_object();

	json_object_object_add(item, "id", json_object_new_string(id));
	json_object_object_add(item, "question", json_object_new_string(question));
	json_object_object_add(item, "text", json_object_new_string(json_text(reply, "text")));
	json_object_object_add(item, "references",
			       json_object_get(json_member(reply, "references")));
	return item;
}

/* One question in a conversation of its own. */
static int ask(struct cli *cli, const struct records *records, struct json_object *q,
	       struct json_object **reply)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct talk *talk = NULL;
	char now[64];
	int status;

	eval_now(records, q, now, sizeof(now));
	status = cli_talk(cli, records_conference(records), *now ? now : NULL, &talk);
	if (!status && talk_ask(talk, json_text(q, "question"), ANSWER_TIMEOUT_MS, reply, &err) < 0)
		status = cli_complain(&err);
	talk_destroy(talk);
	return status;
}

int eval_answers(struct cli *cli, const struct records *records, struct json_object *questions,
		 struct json_object **report)
{
	struct answer_check *check = answer_check_create(records);
	struct json_object *out = report_new();
	int status = check ? STATUS_OK : cli_say(STATUS_FAILED, "Out of memory.");

	for (size_t i = 0; i < json_object_array_length(questions) && !status; i++) {
		struct json_object *q = json_object_array_get_idx(questions, i), *reply = NULL;
		struct json_object *checked;
		char now[64];

		status = ask(cli, records, q, &reply);
		if (status)
			break;
		eval_now(records, q, now, sizeof(now));
		checked = answer_check_run(check, json_text(q, "question"), now, reply);
		report_add(out, report_item(json_text(q, "id"), json_text(q, "question"), reply),
			   checked);
		json_object_put(checked);
		json_object_put(reply);
	}
	answer_check_destroy(check);
	if (status)
		json_object_put(out);
	else
		*report = out;
	return status;
}

/* --- On a terminal ---------------------------------------------------------------------- */

static void show_finding(const struct terminal *t, struct json_object *f)
{
	fprintf(t->out, "  %s%s%s ", terminal_style(t, STYLE_RED), json_text(f, "what"),
		terminal_style(t, STYLE_PLAIN));
	text_put(t->out, json_text(f, "value"), -1);
	if (*json_text(f, "should")) {
		fputs("; should be ", t->out);
		text_put(t->out, json_text(f, "should"), -1);
	}
	fputc('\n', t->out);
	if (strcmp(json_text(f, "sentence"), json_text(f, "value")) != 0) {
		fputs("    in: ", t->out);
		text_put(t->out, json_text(f, "sentence"), -1);
		fputc('\n', t->out);
	}
}

static void show_item(const struct terminal *t, struct json_object *item)
{
	size_t problems = json_count(item, "problems"), findings = json_count(item, "findings");

	if (!problems && !findings)
		return;
	fprintf(t->out, "%s", terminal_style(t, STYLE_BOLD));
	text_put(t->out, json_text(item, "id"), -1);
	fprintf(t->out, "%s  ", terminal_style(t, STYLE_PLAIN));
	text_put(t->out, json_text(item, "question"), -1);
	fputc('\n', t->out);
	for (size_t i = 0; i < problems; i++) {
		fputs("  ", t->out);
		text_put(t->out, json_object_get_string(json_at(item, "problems", i)), -1);
		fputc('\n', t->out);
	}
	for (size_t i = 0; i < findings; i++)
		show_finding(t, json_at(item, "findings", i));
}

static long sum(struct json_object *report, const char *key)
{
	return (long)json_object_get_int64(json_member(report, key));
}

int eval_answers_status(struct json_object *report)
{
	bool bad = sum(report, "unsupported") || sum(report, "invalid_references") ||
		   sum(report, "wrong");

	return bad ? STATUS_FAILED : STATUS_OK;
}

int eval_show_answers(const struct terminal *t, struct json_object *report)
{
	for (size_t i = 0; i < json_count(report, "conversations"); i++) {
		struct json_object *c = json_at(report, "conversations", i);
		bool ok = json_object_get_boolean(json_member(c, "ok"));

		fprintf(t->out, "%s%s%s  ", terminal_style(t, ok ? STYLE_GREEN : STYLE_RED),
			ok ? "ok   " : "wrong", terminal_style(t, STYLE_PLAIN));
		text_put(t->out, json_text(c, "id"), -1);
		fprintf(t->out, ", %ld turns\n", sum(c, "turns"));
	}
	for (size_t i = 0; i < json_count(report, "items"); i++)
		show_item(t, json_at(report, "items", i));
	if (json_member(report, "conversations"))
		fprintf(t->out, "%zu conversations, %ld turns, %ld of them wrong\n",
			json_count(report, "conversations"), sum(report, "answers"),
			sum(report, "wrong"));
	if (sum(report, "claims") || !json_member(report, "conversations"))
		fprintf(t->out,
			"%ld answers, %ld claims checked, %ld unsupported; %ld references, %ld "
			"invalid\n",
			sum(report, "answers"), sum(report, "claims"), sum(report, "unsupported"),
			sum(report, "references"), sum(report, "invalid_references"));
	return eval_answers_status(report);
}
