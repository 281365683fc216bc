/*
 * cmd_graph.c - the steps an answer goes through, as the library runs them.
 */
#include "cmd_graph.h"

#include "commands.h"
#include "json.h"

int graph_show(struct cli *cli, bool json)
{
	struct json_object *o;
	char *text = NULL;
	int status = cli_report(cli, ASSISTANT_REPORT_GRAPH, &text);

	if (status)
		return status;
	if (json) {
		o = json_object_new_object();
		json_object_object_add(o, "graph", json_object_new_string(text));
		printf("%s\n", json_line(o));
		json_object_put(o);
	} else {
		fputs(text, stdout);
	}
	assistant_free(text);
	return STATUS_OK;
}

int cmd_graph(struct cli *cli)
{
	int status = cli_open(cli);

	return status ? status : graph_show(cli, options_has(&cli->options, OPTION_JSON));
}
