/*
 * answer.h - one question and its answer: words as they arrive, then references and suggestions.
 */
#ifndef CLI_ANSWER_H
#define CLI_ANSWER_H

#include "cli.h"

struct answer_style {
	bool json;  /* the reply's JSON on one line instead of text */
	bool quiet; /* the text alone */
};

/*
 * Asks in the conversation and shows what comes.  Ctrl-C stops the answer: its text so far stays, the
 * status is STATUS_STOPPED.  A second one does not wait for the end; *leave becomes true when the program was told to
 * end.  On return the conversation takes the next question.
 */
int answer_run(struct cli *cli, struct talk *talk, const char *question,
	       const struct answer_style *style, bool *leave);

#endif
