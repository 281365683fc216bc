/*
 * cmd_graph.h - the graph, for the command and for /graph in a conversation.
 */
#ifndef CLI_CMD_GRAPH_H
#define CLI_CMD_GRAPH_H

#include "cli.h"

/* A status. */
int graph_show(struct cli *cli, bool json);

#endif
