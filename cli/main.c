/*
 * main.c - erleah-cli: the assistant in a terminal.
 */
#include <stdio.h>
#include "cli.h"
#include "commands.h"
#include "text.h"

static int wrong(const char *sentence)
{
	fprintf(stderr, "erleah-cli: %s (erleah-cli --help tells more)\n", sentence);
	return STATUS_USAGE;
}

static int run(struct cli *cli)
{
	const struct options *o = &cli->options;
	const struct command *c = o->command ? command_find(o->command) : commands;
	char error[200];

	if (options_has(o, OPTION_VERSION)) {
		printf("erleah-cli %s\n", assistant_version());
		return STATUS_OK;
	}
	if (!c) {
		snprintf(error, sizeof(error),
			 "there is no command \"%.60s\"; to ask something: erleah-cli ask \"...\"",
			 o->command);
		return wrong(error);
	}
	if (options_has(o, OPTION_HELP)) {
		if (o->command)
			command_help(c, stdout);
		else
			commands_help(stdout);
		return STATUS_OK;
	}
	if (command_check(c, o, error, sizeof(error)) < 0)
		return wrong(error);
	terminal_init(&cli->terminal);
	return c->run(cli);
}

int main(int argc, char **argv)
{
	struct cli cli = { 0 };
	int status;

	text_begin();
	if (options_parse(&cli.options, argc, argv) < 0)
		status = wrong(cli.options.error);
	else
		status = run(&cli);
	cli_close(&cli);
	options_finish(&cli.options);
	/* A full disk or a closed pipe is a failure, too. */
	if (fflush(stdout) != 0 && !status)
		status = STATUS_FAILED;
	return status;
}
