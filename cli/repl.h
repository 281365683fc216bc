/*
 * repl.h - a conversation at the terminal, or one question per line from a pipe.
 */
#ifndef CLI_REPL_H
#define CLI_REPL_H

#include "answer.h"
#include "cli.h"
#include "conferences.h"

#define REPL_CHOICES 32

struct repl {
	struct cli *cli;
	struct talk *talk;
	struct conferences conferences;
	char *conference; /* as chosen; NULL: the default */
	char *now;	  /* NULL: the clock */
	char *asked;	  /* the last question of this conversation, or NULL */
	struct answer_style style;
	bool leave;
	int status;		     /* of the program: the worst so far */
	char *choices[REPL_CHOICES]; /* of the last Tab */
};

/* A question or a /command. */
void repl_line(struct repl *r, const char *line);
/* A line that begins with a slash. */
void repl_command(struct repl *r, const char *line);
/* For Tab: a line_completer whose ctx is the repl. */
size_t repl_complete(void *ctx, const char *line, const char **choices, size_t max);
/* Begins a new conversation with the conference and time chosen.  A status. */
int repl_new_talk(struct repl *r);

#endif
