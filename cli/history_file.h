/*
 * history_file.h - what was typed, kept between runs: one line each, oldest first.
 *
 * $XDG_STATE_HOME/erleah/history, else ~/.local/state/erleah/history; readable by its owner alone.  Several
 * programs may append at once.
 */
#ifndef CLI_HISTORY_FILE_H
#define CLI_HISTORY_FILE_H

#define HISTORY_LINES 1000

struct history_file {
	char *path; /* NULL: there is no place for it; nothing is kept */
};

/* Makes the folder when it is missing. */
void history_file_open(struct history_file *h);
/* Calls fn for each of the last HISTORY_LINES lines; cuts the file to those when it has grown long. */
void history_file_load(struct history_file *h, void (*fn)(void *ctx, const char *line), void *ctx);
void history_file_append(struct history_file *h, const char *line);
void history_file_close(struct history_file *h);

#endif
