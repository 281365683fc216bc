/*
 * cmd_graph.c - the steps an answer goes through, as the library runs them.
 */
#include "commands.h"

int cmd_graph(struct cli *cli)
{
	char *text = NULL;
	int status = cli_open(cli);

	if (!status)
		status = cli_report(cli, ASSISTANT_REPORT_GRAPH, &text);
	if (!status)
		fputs(text, stdout);
	assistant_free(text);
	return status;
}
