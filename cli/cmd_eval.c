/*
 * cmd_eval.c - measures search and answers on a file of judged questions.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "eval.h"
#include "json.h"
#include "venue_clock.h"

#define MAX_HELD_OUT 1000

static const char *const known[EVAL_MAX_SCORINGS] = { "full", "lexical", "reference" };

/* "full,reference" or "all" into names; their number, or 0. */
static size_t read_scorings(const char *text, const char *out[static EVAL_MAX_SCORINGS])
{
	size_t n = 0;

	if (!text || !strcmp(text, "all")) {
		n = text ? EVAL_MAX_SCORINGS : 1;
		memcpy(out, known, sizeof(known));
		return n;
	}
	while (n < EVAL_MAX_SCORINGS) {
		size_t len = strcspn(text, ","), i = 0;

		while (i < EVAL_MAX_SCORINGS &&
		       (strlen(known[i]) != len || memcmp(known[i], text, len) != 0))
			i++;
		if (i == EVAL_MAX_SCORINGS)
			return 0;
		out[n++] = known[i];
		if (!text[len])
			return n;
		text += len + 1;
	}
	return 0;
}

static int save(const char *path, struct json_object *run)
{
	char sentence[400];

	if (json_object_to_file_ext(path, run,
				    JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE) == 0)
		return STATUS_OK;
	snprintf(sentence, sizeof(sentence), "the run cannot be written to %.300s: %s", path,
		 strerror(errno));
	return cli_say(STATUS_FAILED, sentence);
}

static int compare_with(struct cli *cli, const char *path, struct json_object *run)
{
	struct json_object *before = NULL, *comparison;
	enum eval_kind kind;
	int status = eval_file_read(path, &kind, &before);

	if (!status && kind != EVAL_RUN)
		status = cli_say(STATUS_USAGE, "--compare takes a run that --save made");
	if (!status) {
		comparison = eval_compare(before, run);
		if (options_has(&cli->options, OPTION_JSON))
			printf("%s\n", json_line(comparison));
		else
			eval_show_comparison(&cli->terminal, comparison);
		json_object_put(comparison);
	}
	json_object_put(before);
	return status;
}

static int show_run(struct cli *cli, struct json_object *run)
{
	const struct options *o = &cli->options;
	int status = STATUS_OK;

	if (o->values[OPTION_SAVE])
		status = save(o->values[OPTION_SAVE], run);
	if (status)
		return status;
	if (o->values[OPTION_COMPARE])
		return compare_with(cli, o->values[OPTION_COMPARE], run);
	if (options_has(o, OPTION_JSON)) {
		printf("%s\n", json_line(run));
		return STATUS_OK;
	}
	if (options_has(o, OPTION_MISSES))
		eval_show_misses(&cli->terminal, run);
	eval_show(&cli->terminal, run);
	return STATUS_OK;
}

/* The conference that the file is about, its clock the process's own. */
static int load(struct cli *cli, struct records *records)
{
	const char *conference = cli->options.values[OPTION_CONFERENCE];
	assistant_error err = ASSISTANT_ERROR_INIT;

	if (!conference && cli->config &&
	    assistant_config_get(cli->config, "DEFAULT_CONFERENCE_ID", &conference) == 0 &&
	    !*conference)
		conference = NULL;
	if (records_load(records, cli->client, conference, &err) < 0)
		return cli_complain(&err);
	if (records->conference)
		venue_clock_use(json_text(records->conference, "timezone"));
	else
		cli_say(STATUS_OK, "the store does not give its rows: questions without a time are "
				   "asked as of the clock, and names are missing");
	return STATUS_OK;
}

static int measure(struct cli *cli, struct json_object *file, unsigned held_out)
{
	const char *scorings[EVAL_MAX_SCORINGS];
	size_t n = read_scorings(cli->options.values[OPTION_SCORING], scorings);
	struct records records = { 0 };
	struct json_object *run = NULL;
	int status;

	if (!n)
		return cli_say(STATUS_USAGE, "--scoring takes full, lexical and reference, with "
					     "commas between them, or all");
	status = cli_open(cli);
	if (!status)
		status = cli_need_conference(cli);
	if (!status)
		status = load(cli, &records);
	if (!status)
		status = eval_run(cli, &records, file, scorings, n, held_out, &run);
	if (!status) {
		eval_summarise(run);
		status = show_run(cli, run);
	}
	json_object_put(run);
	records_finish(&records);
	return status;
}

static int show_answers(struct cli *cli, struct json_object *report)
{
	int status = STATUS_OK;

	if (options_has(&cli->options, OPTION_JSON)) {
		printf("%s\n", json_line(report));
		status = eval_answers_status(report);
	} else {
		status = eval_show_answers(&cli->terminal, report);
	}
	json_object_put(report);
	return status;
}

static int answer(struct cli *cli, struct json_object *file)
{
	struct records records = { 0 };
	struct json_object *report = NULL;
	int status = cli_open(cli);

	if (!status)
		status = cli_need_conference(cli);
	if (!status)
		status = load(cli, &records);
	if (!status && !records.conference)
		status = cli_say(STATUS_FAILED, "answers cannot be checked: the store does not "
						"give its rows");
	if (!status)
		status = eval_answers(cli, &records, file, &report);
	if (!status)
		status = show_answers(cli, report);
	records_finish(&records);
	return status;
}

static int converse(struct cli *cli, struct json_object *file)
{
	struct json_object *report = NULL;
	int status = cli_open(cli);

	if (!status)
		status = cli_need_conference(cli);
	if (!status)
		status = eval_talks(cli, file, options_has(&cli->options, OPTION_ANSWERS), &report);
	return status ? status : show_answers(cli, report);
}

int cmd_eval(struct cli *cli)
{
	const struct options *o = &cli->options;
	const char *held_out = o->values[OPTION_HELD_OUT];
	struct json_object *file = NULL;
	enum eval_kind kind;
	char *end = NULL;
	long n = held_out ? strtol(held_out, &end, 10) : 0;
	int status;

	if (held_out && (*end || n < 2 || n > MAX_HELD_OUT))
		return cli_say(STATUS_USAGE, "--held-out takes a number from 2 to 1000: one of so "
					     "many questions is held out");
	status = eval_file_read(o->words[0], &kind, &file);
	if (!status && o->n_words > 1)
		status = cli_say(STATUS_USAGE, "eval takes one file");
	if (!status && kind == EVAL_QUESTIONS)
		status = options_has(o, OPTION_ANSWERS) ? answer(cli, file)
							: measure(cli, file, (unsigned)n);
	else if (!status && kind == EVAL_CONVERSATIONS)
		status = converse(cli, file);
	else if (!status && kind == EVAL_RUN)
		status = show_run(cli, file);
	json_object_put(file);
	return status;
}
