/*
 * results.c - see results.h.
 */
#include "results.h"

#include <stdlib.h>
#include <string.h>
#include "json.h"
#include "text.h"
#include "when.h"

#define MAX_ROWS     100
#define GAP	     2
#define MIN_NAME     36
#define MIN_WHERE    16
#define MAX_WHERE    30
#define WHY_MAX_DEEP 4

struct row {
	char rank[8], score[8], when[48];
	const char *type, *name, *where;
};

enum column { COLUMN_RANK, COLUMN_SCORE, COLUMN_TYPE, COLUMN_NAME, COLUMN_WHEN, COLUMN_WHERE };
#define N_COLUMNS 6

static const char *const heads[N_COLUMNS] = { "", "score", "type", "name", "when", "where" };

static const char *cell(const struct row *r, int column)
{
	const char *cells[N_COLUMNS] = { r->rank, r->score, r->type, r->name, r->when, r->where };

	return cells[column];
}

static void read_row(struct json_object *o, size_t i, struct row *r)
{
	snprintf(r->rank, sizeof(r->rank), "%zu", i + 1);
	snprintf(r->score, sizeof(r->score), "%.2f",
		 json_object_get_double(json_member(o, "score")));
	when_format(json_text(o, "start"), json_text(o, "end"), r->when, sizeof(r->when));
	r->type = json_text(o, "type");
	r->name = json_text(o, "name");
	r->where = *json_text(o, "location") ? json_text(o, "location") : json_text(o, "booth");
}

/* The widest cell of each column; 0 for a column that is left out. */
static void measure(const struct row *rows, size_t n, int widths[static N_COLUMNS])
{
	for (int c = 0; c < N_COLUMNS; c++) {
		widths[c] = 0;
		for (size_t i = 0; i < n; i++) {
			int width = text_width(cell(&rows[i], c));

			widths[c] = width > widths[c] ? width : widths[c];
		}
		if (widths[c] && widths[c] < text_width(heads[c]))
			widths[c] = text_width(heads[c]);
	}
}

static int total(const int widths[static N_COLUMNS])
{
	int sum = 0;

	for (int c = 0; c < N_COLUMNS; c++)
		sum += widths[c] ? widths[c] + GAP : 0;
	return sum ? sum - GAP : 0;
}

/* Takes from places first, then from names, until the table fits; false: it does not. */
static bool shrink(int widths[static N_COLUMNS], int columns)
{
	static const struct {
		enum column column;
		int least;
	} steps[] = {
		{ COLUMN_WHERE, MAX_WHERE },
		{ COLUMN_NAME, MIN_NAME },
		{ COLUMN_WHERE, MIN_WHERE },
	};

	for (size_t i = 0; columns && i < sizeof(steps) / sizeof(steps[0]); i++) {
		int over = total(widths) - columns, *width = &widths[steps[i].column];

		if (over > 0 && *width > steps[i].least)
			*width = *width - over > steps[i].least ? *width - over : steps[i].least;
	}
	return !columns || total(widths) <= columns;
}

static int last_column(const char *const cells[static N_COLUMNS],
		       const int widths[static N_COLUMNS])
{
	int last = 0;

	for (int c = 0; c < N_COLUMNS; c++)
		if (widths[c] && *cells[c])
			last = c;
	return last;
}

static void show_row(const struct terminal *t, const char *const cells[static N_COLUMNS],
		     const int widths[static N_COLUMNS])
{
	int last = last_column(cells, widths);

	for (int c = 0; c <= last; c++) {
		if (!widths[c])
			continue;
		if (c == last) {
			text_put(t->out, cells[c], widths[c]);
			break;
		}
		text_pad(t->out, cells[c], widths[c]);
		fprintf(t->out, "%*s", GAP, "");
	}
	fputc('\n', t->out);
}

/* --- Why ------------------------------------------------------------------------ */

/* {"facets":{"topic":0.4},"lexical":0.9} as "facets.topic 0.4, lexical 0.9"; lists as "a/b". */
static void add_value(FILE *out, const char *path, struct json_object *o, int deep)
{
	char longer[120];

	if (json_object_is_type(o, json_type_object) && deep < WHY_MAX_DEEP) {
		json_object_object_foreach(o, key, value)
		{
			snprintf(longer, sizeof(longer), "%s%s%s", path, *path ? "." : "", key);
			add_value(out, longer, value, deep + 1);
		}
		return;
	}
	if (!o || (json_object_is_type(o, json_type_array) && !json_object_array_length(o)))
		return;
	fprintf(out, "%s%s ", ftell(out) > 0 ? ", " : "", path);
	if (json_object_is_type(o, json_type_double))
		fprintf(out, "%.3g", json_object_get_double(o));
	else if (!json_object_is_type(o, json_type_array))
		fputs(json_object_get_string(o), out);
	else
		for (size_t i = 0; i < json_object_array_length(o); i++)
			fprintf(out, "%s%s", i ? "/" : "",
				json_object_get_string(json_object_array_get_idx(o, i)));
}

static void show_line(const struct terminal *t, const char *lead, int indent, struct json_object *o)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = o ? open_memstream(&text, &size) : NULL;

	if (!out)
		return;
	add_value(out, "", o, 0);
	fclose(out);
	fprintf(t->out, "%s%s", terminal_style(t, STYLE_DIM), lead);
	text_wrap(t->out, text, t->columns, indent);
	fputs(terminal_style(t, STYLE_PLAIN), t->out);
	free(text);
}

/* --- All ------------------------------------------------------------------------ */

static void show_why(const struct terminal *t, struct json_object *result, size_t i, bool why)
{
	if (why)
		show_line(t, "", 4, json_member(json_at(result, "results", i), "why"));
}

static void show_table(const struct terminal *t, struct json_object *result, const struct row *rows,
		       size_t n, const int widths[static N_COLUMNS], bool why)
{
	fputs(terminal_style(t, STYLE_DIM), t->out);
	show_row(t, heads, widths);
	fputs(terminal_style(t, STYLE_PLAIN), t->out);
	for (size_t i = 0; i < n; i++) {
		const char *cells[N_COLUMNS];

		for (int c = 0; c < N_COLUMNS; c++)
			cells[c] = cell(&rows[i], c);
		show_row(t, cells, widths);
		show_why(t, result, i, why);
	}
}

/* For narrow terminals: a line for the name, one for the rest. */
static void show_cards(const struct terminal *t, struct json_object *result, const struct row *rows,
		       size_t n, bool why)
{
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows[i];
		int left = t->columns - 4;

		fprintf(t->out, "%2s  ", r->rank);
		text_put(t->out, r->name, left);
		fprintf(t->out, "\n    %s", terminal_style(t, STYLE_DIM));
		left -= text_put(t->out, r->type, left);
		left -= fprintf(t->out, "  %s", r->score);
		if (*r->when && left >= GAP + text_width(r->when))
			left -= fprintf(t->out, "  %s", r->when);
		if (*r->where && left > GAP + 1) {
			fputs("  ", t->out);
			text_put(t->out, r->where, left - GAP);
		}
		fprintf(t->out, "%s\n", terminal_style(t, STYLE_PLAIN));
		show_why(t, result, i, why);
	}
}

static void show_rows(const struct terminal *t, struct json_object *result, size_t n, bool why)
{
	struct row rows[MAX_ROWS];
	int widths[N_COLUMNS];

	for (size_t i = 0; i < n; i++)
		read_row(json_at(result, "results", i), i, &rows[i]);
	measure(rows, n, widths);
	if (shrink(widths, t->columns))
		show_table(t, result, rows, n, widths, why);
	else
		show_cards(t, result, rows, n, why);
}

static void show_zone(const struct terminal *t, struct json_object *result, size_t n)
{
	char offset[7] = "";

	for (size_t i = 0; i < n && !*offset; i++)
		when_offset(json_text(json_at(result, "results", i), "start"), offset);
	if (*offset)
		fprintf(t->out, "%sTimes are the venue's (UTC%s).%s\n",
			terminal_style(t, STYLE_DIM), offset, terminal_style(t, STYLE_PLAIN));
}

static void show_relaxed(const struct terminal *t, struct json_object *result)
{
	size_t n = json_count(result, "relaxed");

	if (!n)
		return;
	fputs("Nothing fitted exactly; given up: ", t->out);
	for (size_t i = 0; i < n; i++) {
		fputs(i ? ", " : "", t->out);
		text_put(t->out, json_object_get_string(json_at(result, "relaxed", i)), -1);
	}
	fputs(".\n", t->out);
}

size_t results_show(const struct terminal *t, struct json_object *result, bool why)
{
	size_t n = json_count(result, "results");

	n = n < MAX_ROWS ? n : MAX_ROWS;
	if (why)
		show_line(t, "understood:\n", 4, json_member(result, "understood"));
	show_relaxed(t, result);
	if (*json_text(result, "clarify")) {
		text_put(t->out, json_text(result, "clarify"), -1);
		fputc('\n', t->out);
	}
	if (n) {
		show_rows(t, result, n, why);
		show_zone(t, result, n);
	} else {
		fputs("Nothing found.\n", t->out);
	}
	fflush(t->out);
	return n;
}
