/*
 * terminal.h - what the program's output goes to: how wide, with or without styles.
 *
 * Anything that is not a terminal gets plain text without line breaks of ours.
 */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_RED, STYLE_YELLOW, STYLE_GREEN };

struct terminal {
	FILE *out;
	int columns;	  /* 0: lines are not broken */
	bool styled;	  /* escape sequences may be used: a terminal, no NO_COLOR, TERM not dumb */
	bool interactive; /* a person types and reads */
};

void terminal_init(struct terminal *t);
/* Asks again: windows are resized. */
void terminal_measure(struct terminal *t);
/* The sequence that begins a style (STYLE_PLAIN ends it), or "". */
const char *terminal_style(const struct terminal *t, enum style style);

#endif
