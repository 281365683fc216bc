/*
 * commands.h - what erleah-cli can do: one table, one file per command.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include <stdio.h>
#include "cli.h"

struct command {
	const char *name;
	const char *words;    /* what its words are; "" when it takes none */
	const char *sentence; /* what it does */
	unsigned options;     /* OPTION_BIT()s it takes */
	int min_words;
	int (*run)(struct cli *cli); /* an enum status */
};

/* In the order of --help; ends with a NULL name.  The first one runs when none is named. */
extern const struct command commands[];

const struct command *command_find(const char *name);
/* One sentence in error when the command line does not fit the command. */
int command_check(const struct command *c, const struct options *o, char *error, size_t size);
void commands_help(FILE *out);
void command_help(const struct command *c, FILE *out);

int cmd_ask(struct cli *cli);
int cmd_chat(struct cli *cli);
int cmd_doctor(struct cli *cli);
int cmd_eval(struct cli *cli);
int cmd_graph(struct cli *cli);
int cmd_health(struct cli *cli);
int cmd_search(struct cli *cli);
int cmd_settings(struct cli *cli);
int cmd_tools(struct cli *cli);

#endif
