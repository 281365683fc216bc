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
	assistant_chat *chat = NULL;
	bool leave = false;
	int status = cli_open(cli);

	if (!status)
		status = cli_need_conference(cli);
	if (!status)
		status = cli_chat(cli, &chat);
	if (!status)
		status = answer_run(cli, chat, question, &style, &leave);
	assistant_chat_free(chat);
	free(question);
	return status;
}
