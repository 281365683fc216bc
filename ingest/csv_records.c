/*
 * csv_records.c - sessions, exhibitors and speakers from tables: columns by their names, cells by what their column
 * stands for.
 *
 * A column that nothing here knows is not read: tables of organisers hold telephone numbers, too.
 */
#include "format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "csv.h"
#include "csv_fields.h"
#include "times.h"
#include "value.h"

struct table {
	struct document *d;
	enum kind kind;
	const struct csv_field *columns[CSV_MAX_COLUMNS]; /* NULL: not read */
	char *headers[CSV_MAX_COLUMNS];
	size_t n;
};

/* What people write where nothing is known. */
static bool is_absent(const char *cell)
{
	static const char *const words[] = {
		"-", "–", "—", "?", "n/a", "na", "tbd", "tba", "none"
	};
	size_t n;

	cell += strspn(cell, " \t\n");
	n = strlen(cell);
	while (n && strchr(" \t\n", cell[n - 1]))
		n--;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == n && !strncasecmp(words[i], cell, n))
			return true;
	return !n;
}

/* "a; b | c", and lines; commas part only what has none of these. */
static struct json_object *split(const char *cell, const char *separators)
{
	struct json_object *list = json_object_new_array();

	while (*cell) {
		size_t n = strcspn(cell, separators);
		char *item = strndup(cell, n);
		struct json_object *one = json_object_new_object();

		if (!item)
			abort();
		value_set_line(one, "item", item);
		if (value_get(one, "item"))
			json_object_array_add(list, json_object_get(value_get(one, "item")));
		json_object_put(one);
		free(item);
		cell += n + (cell[n] != '\0');
	}
	return list;
}

static bool has_any(const char *s, const char *bytes)
{
	return strpbrk(s, bytes) != NULL;
}

static void set_list(struct json_object *o, const char *name, const char *cell, bool commas)
{
	struct json_object *list = split(cell, !commas || has_any(cell, ";|\n") ? ";|\n" : ",");

	if (value_length(list))
		json_object_object_add(o, name, list);
	else
		json_object_put(list);
}

/* Facet texts: a list only where the cell says so. */
static void set_words(struct json_object *o, const char *name, const char *cell)
{
	if (has_any(cell, ";|"))
		set_list(o, name, cell, false);
	else
		value_set_text(o, name, cell);
}

/* --- Times ------------------------------------------------------------------------------- */

/* A row's times wait until the row is whole: a clock needs its day. */
struct moment {
	const char *cell, *header;
};

struct times {
	struct moment day, start, end, duration;
};

static void refuse(struct table *t, int line, const struct moment *m, const char *accepted)
{
	document_error(t->d, line, "column \"%.60s\": \"%.60s\" is not what is accepted: %s.",
		       m->header, m->cell, accepted);
}

static bool read_day(struct table *t, int line, const struct moment *m, char day[static DAY_SIZE])
{
	const char *end;

	if (day_read(m->cell, day, &end) && strspn(end, " T:0Zz") == strlen(end))
		return true;
	refuse(t, line, m, "a day such as 2027-05-20 or 20.05.2027");
	return false;
}

/* A whole time, or a clock on the row's day. */
static bool read_time(struct table *t, int line, const struct moment *m, const char *day,
		      char time[static TIME_SIZE])
{
	int minutes;

	if (!m->cell)
		return false;
	if (time_read(m->cell, time))
		return true;
	minutes = clock_minutes(m->cell);
	if (minutes >= 0 && *day)
		return time_of_day(day, minutes, time);
	refuse(t, line, m,
	       minutes >= 0 ? "with a time of day alone, a column \"date\" with a day in this row"
			    : "a time such as 2027-05-20 09:30, or 09:30 beside a column \"date\"");
	return false;
}

static void set_times(struct table *t, int line, const struct times *w, struct json_object *o)
{
	char day[DAY_SIZE] = "", start[TIME_SIZE], end[TIME_SIZE];
	long minutes;

	if (w->day.cell && !read_day(t, line, &w->day, day))
		return;
	if (!read_time(t, line, &w->start, day, start))
		return;
	value_set_line(o, "start_time", start);
	if (read_time(t, line, &w->end, day, end)) {
		/* 22:00 to 01:00 ends on the next day. */
		if (clock_minutes(w->end.cell) >= 0 && strncmp(end, start, 16) < 0)
			time_add(end, 24 * 60, end);
		value_set_line(o, "end_time", end);
	} else if (w->duration.cell) {
		minutes = duration_minutes(w->duration.cell);
		if (minutes > 0 && time_add(start, minutes, end))
			value_set_line(o, "end_time", end);
		else
			refuse(t, line, &w->duration, "minutes such as 45, or 0:45");
	}
}

/* --- Rows -------------------------------------------------------------------------------- */

static void set_id(struct json_object *o, const char *name, const char *cell)
{
	struct json_object *from = json_object_new_object();
	char id[129];

	json_object_object_add(from, name, json_object_new_string(cell));
	if (value_id(from, name, id))
		json_object_object_add(o, name, json_object_new_string(id));
	json_object_put(from);
}

static void take_cell(struct table *t, size_t i, const char *cell, struct times *times,
		      struct json_object *o)
{
	const struct csv_field *f = t->columns[i];
	struct moment m = { cell, t->headers[i] };

	if (value_get(o, f->name))
		return; /* of two columns for one field the first counts */
	switch (f->form) {
	case FORM_ID:
		set_id(o, f->name, cell);
		break;
	case FORM_LINE:
		value_set_line(o, f->name, cell);
		break;
	case FORM_TEXT:
		value_set_text(o, f->name, cell);
		break;
	case FORM_WORDS:
		set_words(o, f->name, cell);
		break;
	case FORM_LIST:
		set_list(o, f->name, cell, true);
		break;
	case FORM_DAY:
		times->day = m;
		break;
	case FORM_START:
		times->start = m;
		break;
	case FORM_END:
		times->end = m;
		break;
	case FORM_DURATION:
		times->duration = m;
		break;
	}
}

/* Two columns make a speaker's name, if no other does. */
static void join_name(struct json_object *o)
{
	const char *first = value_string(o, "first_name"), *last = value_string(o, "last_name");
	char name[1100];

	snprintf(name, sizeof(name), "%s %s", first ? first : "", last ? last : "");
	if (!value_get(o, "name"))
		value_set_line(o, "name", name);
	json_object_object_del(o, "first_name");
	json_object_object_del(o, "last_name");
}

static void read_record(struct table *t, const struct csv_row *row)
{
	struct json_object *o = json_object_new_object();
	struct times times = { 0 };

	for (size_t i = 0; i < row->n && i < t->n; i++)
		if (t->columns[i] && !is_absent(row->cells[i]))
			take_cell(t, i, row->cells[i], &times, o);
	for (size_t i = t->n; i < row->n; i++)
		if (!is_absent(row->cells[i])) {
			document_error(t->d, row->line,
				       "this row has %zu cells, the first row has %zu names; quote "
				       "cells that hold the separator.",
				       row->n, t->n);
			break;
		}
	if (t->kind == KIND_SESSION)
		set_times(t, row->line, &times, o);
	join_name(o);
	if (value_get(o, kind_title(t->kind))) {
		document_add(t->d, t->kind, o, row->line);
	} else {
		document_error(t->d, row->line, "%s is absent in this row.", kind_title(t->kind));
		json_object_put(o);
	}
}

/* --- The first row ------------------------------------------------------------------------- */

static void read_header(struct table *t, const struct csv_row *row)
{
	char name[64];

	t->n = row->n;
	for (size_t i = 0; i < row->n; i++) {
		csv_field_name(row->cells[i], name);
		t->columns[i] = csv_field_of(t->kind, name);
		t->headers[i] = strdup(row->cells[i]);
		if (!t->columns[i] && *name)
			document_warn_column(t->d, row->line, row->cells[i]);
	}
}

static bool has_field(const struct table *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->columns[i] && !strcmp(t->columns[i]->name, name))
			return true;
	return false;
}

static bool names_records(const struct table *t)
{
	return has_field(t, kind_title(t->kind)) ||
	       (t->kind == KIND_SPEAKER && has_field(t, "last_name"));
}

static int read_table(struct table *t, struct csv *c)
{
	struct csv_row row;
	int r = csv_next(c, &row);

	if (r > 0)
		read_header(t, &row);
	if (r == 0 || (r > 0 && !names_records(t))) {
		document_error(t->d, 1,
			       "the first row names no column \"%s\"; it holds the names of the "
			       "columns, docs/data-format.md lists them.",
			       kind_title(t->kind));
		return -1;
	}
	while (r > 0 && (r = csv_next(c, &row)) > 0)
		read_record(t, &row);
	if (r < 0)
		document_error(t->d, c->error_line, "%s.", c->error);
	return document_errors(t->d) ? -1 : 0;
}

int csv_read(const struct input *in, int kind, struct document *d)
{
	struct table t = { .d = d, .kind = (enum kind)kind };
	size_t len, bad = value_not_utf8(in->text, in->len);
	const char *text = input_begin(in, &len);
	struct csv c;
	int r;

	if (kind < 0) {
		document_error(d, 1,
			       "a CSV file holds one kind of record: load it with sessions, "
			       "exhibitors or speakers, or a folder of files with all.");
		return -1;
	}
	if (bad < in->len) {
		document_error(d, input_line(in, bad),
			       "this is not UTF-8; save the table as \"CSV UTF-8\".");
		return -1;
	}
	csv_begin(&c, text, len);
	r = read_table(&t, &c);
	csv_finish(&c);
	for (size_t i = 0; i < t.n; i++)
		free(t.headers[i]);
	return r;
}

bool csv_detect(const char *text, size_t len, const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t line = 0;

	if (dot && (!strcasecmp(dot, ".csv") || !strcasecmp(dot, ".tsv")))
		return true;
	while (line < len && text[line] != '\n' && text[line] != '\r')
		line++;
	return memchr(text, ',', line) || memchr(text, ';', line) || memchr(text, '\t', line);
}
