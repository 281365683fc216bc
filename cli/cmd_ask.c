/*
 * cmd_ask.c - one question, one answer.
 */
#include <stdlib.h>
#include "answer.h"
#include "commands.h"

int cmd_ask(struct cli *cli)
{
	const struct options *o = &cli->options;
	const struct answer_style style = {
		.json = options_has(o, OPTION_JSON),
		.quiet = options_has(o, OPTION_QUIET),
	};
	char *question = options_join(o);
	struct talk *talk = NULL;
	bool leave = false;
	int status = cli_open(cli);

	if (!status)
		status = cli_need_conference(cli);
	if (!status)
		status = cli_talk(cli, o->values[OPTION_CONFERENCE], o->values[OPTION_NOW], &talk);
	if (!status)
		status = answer_run(cli, talk, question, &style, &leave);
	talk_destroy(talk);
	free(question);
	return status;
}
