/*
 * render.h - an answer's Markdown on a terminal, as its words arrive.
 *
 *	pieces --> characters --> start of a line: list item, heading? --> **bold** *italic* `code`
 *	       --> words --> lines no wider than the terminal
 *
 * Pieces may be split anywhere.  A word is printed when the blank behind it has come, so that it never
 * moves to the next line under the reader's eyes.  Links and HTML stay the characters they are.
 */
#ifndef CLI_RENDER_H
#define CLI_RENDER_H

#include <stdbool.h>
#include <stdio.h>
#include <wchar.h>

#define RENDER_WORD_BYTES 1024

struct render {
	FILE *out;
	int columns; /* 0: lines are not broken */
	bool styled;
	mbstate_t decoding;
	bool decoding_began;

	bool at_start; /* of a line: its marker is not decided */
	wchar_t marker[8];
	int n_marker, blanks;

	bool heading, bold, italic, code;
	int stars; /* a run of * whose meaning the next character decides */
	wchar_t last;

	char word[RENDER_WORD_BYTES];
	size_t word_bytes;
	int word_columns;
	bool separate; /* a blank is owed before the word */

	bool printed; /* anything at all */
	int ends;     /* line ends owed before the next word */
	int column, indent;
};

/* columns: 0 when lines must not be broken. */
void render_begin(struct render *r, FILE *out, int columns, bool styled);
void render_text(struct render *r, const char *text, size_t len);
/* The last word; the line ends when anything was printed. */
void render_end(struct render *r);

#endif
