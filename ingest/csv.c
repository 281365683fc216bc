/*
 * csv.c - rows of a CSV file.
 */
#include "csv.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Outside of quotes, up to the first line's end. */
static char find_separator(const char *text, size_t len)
{
	static const char separators[] = ",;\t";
	size_t counts[3] = { 0 }, best = 0;
	int quoted = 0;

	for (size_t i = 0; i < len && (quoted || (text[i] != '\n' && text[i] != '\r')); i++) {
		const char *s = memchr(separators, text[i], 3);

		quoted ^= text[i] == '"';
		if (s && !quoted)
			counts[s - separators]++;
	}
	for (size_t i = 1; i < 3; i++)
		if (counts[i] > counts[best])
			best = i;
	return separators[best];
}

void csv_begin(struct csv *c, const char *text, size_t len)
{
	*c = (struct csv){ .at = text, .end = text + len, .line = 1 };
	c->separator = find_separator(text, len);
}

void csv_finish(struct csv *c)
{
	free(c->bytes);
	c->bytes = NULL;
}

static int fail(struct csv *c, const char *error, int line)
{
	c->error = error;
	c->error_line = line;
	return -1;
}

static void add(struct csv *c, char byte)
{
	if (c->len == c->cap) {
		size_t cap = c->cap ? 2 * c->cap : 4096;
		char *more = realloc(c->bytes, cap);

		if (!more)
			abort();
		c->bytes = more;
		c->cap = cap;
	}
	c->bytes[c->len++] = byte;
}

/* Over one line end of any kind; 0: there is none. */
static int skip_line_end(struct csv *c)
{
	if (c->at == c->end || (*c->at != '\n' && *c->at != '\r'))
		return 0;
	if (*c->at == '\r' && c->at + 1 < c->end && c->at[1] == '\n')
		c->at++;
	c->at++;
	c->line++;
	return 1;
}

static int read_quoted(struct csv *c, size_t start)
{
	int line = c->line;

	for (c->at++; c->at < c->end;) {
		if (c->len - start > CSV_MAX_CELL_BYTES)
			return fail(c, "a cell holds more than 1 MiB", line);
		if (*c->at == '"') {
			c->at++;
			if (c->at == c->end || *c->at != '"')
				return 0;
			add(c, *c->at++);
		} else if (skip_line_end(c)) {
			add(c, '\n');
		} else {
			add(c, *c->at++);
		}
	}
	return fail(c, "a quote is opened here and never closed", line);
}

static int read_plain(struct csv *c, size_t start)
{
	while (c->at < c->end && *c->at != c->separator && *c->at != '\n' && *c->at != '\r') {
		if (c->len - start > CSV_MAX_CELL_BYTES)
			return fail(c, "a cell holds more than 1 MiB", c->line);
		add(c, *c->at++);
	}
	return 0;
}

/* Up to a separator or the line's end, which stay. */
static int read_cell(struct csv *c)
{
	size_t start = c->len;

	if (c->at == c->end || *c->at != '"')
		return read_plain(c, start);
	if (read_quoted(c, start) < 0)
		return -1;
	while (c->at < c->end && *c->at == ' ' && c->separator != ' ')
		c->at++;
	if (c->at < c->end && *c->at != c->separator && *c->at != '\n' && *c->at != '\r')
		return fail(
			c,
			"text follows a cell's closing quote; a quote inside of a quoted cell is "
			"written twice",
			c->line);
	return 0;
}

static int read_row(struct csv *c, struct csv_row *row)
{
	c->len = 0;
	row->n = 0;
	row->line = c->line;
	do {
		if (row->n == CSV_MAX_COLUMNS)
			return fail(c, "a row has more than 256 cells", c->line);
		c->at += row->n > 0; /* the separator */
		c->starts[row->n++] = c->len;
		if (read_cell(c) < 0)
			return -1;
		if (memchr(c->bytes ? c->bytes + c->starts[row->n - 1] : "", '\0',
			   c->len - c->starts[row->n - 1]))
			return fail(c, "a cell holds a NUL", row->line);
		add(c, '\0');
	} while (c->at < c->end && *c->at == c->separator);
	skip_line_end(c);
	for (size_t i = 0; i < row->n; i++)
		row->cells[i] = c->bytes + c->starts[i];
	return 1;
}

static int is_empty(const struct csv_row *row)
{
	for (size_t i = 0; i < row->n; i++)
		if (row->cells[i][strspn(row->cells[i], " \t\n")])
			return 0;
	return 1;
}

int csv_next(struct csv *c, struct csv_row *row)
{
	int r;

	do {
		if (c->at == c->end)
			return 0;
		r = read_row(c, row);
	} while (r > 0 && is_empty(row));
	return r;
}

void csv_field_name(const char *header, char out[static 64])
{
	size_t n = 0, len = strlen(header);

	for (size_t i = 0; i < len && n < 62; i++) {
		unsigned char c = (unsigned char)header[i];

		if (!strncmp(header + i, "(s)", 3))
			i += 2;
		else if (isalnum(c) || c >= 0x80)
			out[n++] = (char)tolower(c);
		else if (n && out[n - 1] != '_')
			out[n++] = '_';
	}
	while (n && out[n - 1] == '_')
		n--;
	out[n] = '\0';
}
