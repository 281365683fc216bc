/*
 * cli.h - what every command works with.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <assistant.h>
#include "client.h"
#include "options.h"
#include "terminal.h"

enum status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2, /* or a setting that is not accepted */
	STATUS_NONE = 3,  /* the conference's data has nothing on it */
	STATUS_STOPPED = 130
};

struct cli {
	struct options options;
	struct terminal terminal;
	assistant_config *config;
	assistant *a; /* NULL: a server answers */
	struct client *client;
};

/* Settings from the environment; messages go to standard error.  An enum status. */
int cli_configure(struct cli *cli);
/* cli_configure and the assistant; closed by cli_close. */
int cli_open(struct cli *cli);
void cli_close(struct cli *cli);
/* A status: whether there is anything to ask about, else one sentence that says where it was looked for. */
int cli_need_conference(struct cli *cli);
/* One sentence on standard error, and the status that belongs to the code. */
int cli_complain(const assistant_error *err);
int cli_say(int status, const char *sentence);
/* A new conversation about the conference, as of that time (both may be NULL); talk_destroy() it.  A status. */
int cli_talk(struct cli *cli, const char *conference, const char *now, struct talk **talk);
/* A report's text, the caller's to free with assistant_free; a status. */
int cli_report(struct cli *cli, int what, char **text);

#endif
