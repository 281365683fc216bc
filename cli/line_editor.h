/*
 * line_editor.h - a line from a person at a terminal: editing, history, completion with Tab.
 *
 * libedit behind a seam; ~/.editrc is read.  At the prompt Ctrl-C drops what was typed, Ctrl-D leaves.
 */
#ifndef CLI_LINE_EDITOR_H
#define CLI_LINE_EDITOR_H

#include <stddef.h>

struct line_editor;

/* Up to max lines that begin with `line` and could be meant; they live until the next call. */
typedef size_t line_completer(void *ctx, const char *line, const char **choices, size_t max);

struct line_editor *line_editor_create(const char *prompt, line_completer *complete, void *ctx);
/* Without its line end, until the next call; NULL: the end. */
const char *line_editor_read(struct line_editor *e);
/* Keeps a line for later runs, too. */
void line_editor_remember(struct line_editor *e, const char *line);
void line_editor_destroy(struct line_editor *e);

#endif
