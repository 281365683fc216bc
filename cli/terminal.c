/*
 * terminal.c - see terminal.h.
 */
#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEFAULT_COLUMNS 80
#define MIN_COLUMNS	20

void terminal_measure(struct terminal *t)
{
	struct winsize size = { 0 };

	t->columns = 0;
	if (!isatty(fileno(t->out)))
		return;
	t->columns = DEFAULT_COLUMNS;
	if (ioctl(fileno(t->out), TIOCGWINSZ, &size) == 0 && size.ws_col)
		t->columns = size.ws_col < MIN_COLUMNS ? MIN_COLUMNS : size.ws_col;
}

static bool is_set(const char *name)
{
	const char *value = getenv(name);

	return value && *value;
}

void terminal_init(struct terminal *t)
{
	const char *term = getenv("TERM");

	*t = (struct terminal){ .out = stdout };
	terminal_measure(t);
	t->styled = isatty(STDOUT_FILENO) && !is_set("NO_COLOR") && term && *term &&
		    strcmp(term, "dumb") != 0;
	t->interactive = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

const char *terminal_style(const struct terminal *t, enum style style)
{
	static const char *const sequences[] = {
		[STYLE_PLAIN] = "\033[0m", [STYLE_BOLD] = "\033[1m",	[STYLE_DIM] = "\033[2m",
		[STYLE_RED] = "\033[31m",  [STYLE_YELLOW] = "\033[33m", [STYLE_GREEN] = "\033[32m",
	};

	return t->styled ? sequences[style] : "";
}
