/*
 * folder.c - a conference as a folder of files:
 *
 *	conference.json, .ini or .csv	its name, days, time zone (or options say them)
 *	sessions.*, exhibitors.*, speakers.*	in any format that format.h knows
 *	info.csv	information pages: key, title, text
 */
#include "format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "csv.h"
#include "given.h"
#include "value.h"

#define MAX_PATH 4096

/* The first of base.csv, base.json...; false: there is none. */
static bool find(const char *folder, const char *base, char path[static MAX_PATH])
{
	static const char *const endings[] = { "csv", "tsv", "json", "xml", "ini" };

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (snprintf(path, MAX_PATH, "%s/%s.%s", folder, base, endings[i]) >= MAX_PATH)
			return false;
		if (access(path, R_OK) == 0)
			return true;
	}
	return false;
}

/* What a row says of a page; NULL: nothing. */
static const char *cell_of(const struct csv_row *row, const int *column)
{
	const char *cell = *column >= 0 && (size_t)*column < row->n ? row->cells[*column] : "";

	return cell[strspn(cell, " \t\n")] ? cell : NULL;
}

static int column_of(const struct csv_row *header, const char *names)
{
	char name[64], word[68];

	for (size_t i = 0; i < header->n; i++) {
		csv_field_name(header->cells[i], name);
		snprintf(word, sizeof(word), " %s ", name);
		if (*name && strstr(names, word))
			return (int)i;
	}
	return -1;
}

static void add_page(struct json_object *pages, const char *key, const char *title,
		     const char *text)
{
	struct json_object *page = json_object_new_object();
	char name[64];

	csv_field_name(key, name);
	value_set_line(page, "title", title);
	value_set_text(page, "text", text);
	if (title)
		json_object_object_add(pages, name, json_object_get(page));
	else
		json_object_object_add(pages, name, json_object_get(value_get(page, "text")));
	json_object_put(page);
}

static int read_pages(struct csv *c, struct document *d, struct json_object *pages)
{
	struct csv_row row;
	int key, title, text, r = csv_next(c, &row);

	if (r > 0) {
		key = column_of(&row, " key topic subject id ");
		title = column_of(&row, " title name heading ");
		text = column_of(&row, " text content answer description information ");
	}
	if (r == 0 || (r > 0 && ((key < 0 && title < 0) || text < 0))) {
		document_error(d, 1, "the first row names the columns key, title and text.");
		return -1;
	}
	while (r > 0 && (r = csv_next(c, &row)) > 0) {
		const char *name = cell_of(&row, &key), *heading = cell_of(&row, &title);
		const char *body = cell_of(&row, &text);

		if (body && (name || heading))
			add_page(pages, name ? name : heading, heading, body);
		else
			document_error(d, row.line, "a page has a key or a title, and a text.");
	}
	if (r < 0)
		document_error(d, c->error_line, "%s.", c->error);
	return document_errors(d) ? -1 : 0;
}

static int read_info(const char *folder, struct document *d)
{
	struct json_object *pages = value_get(document_conference(d), "info");
	char path[MAX_PATH];
	struct input in;
	struct csv c;
	size_t len, bad;
	const char *text;
	int r = -1;

	if (snprintf(path, sizeof(path), "%s/info.csv", folder) >= MAX_PATH ||
	    access(path, R_OK) != 0)
		return 0;
	if (input_open(&in, path) < 0)
		return -1;
	document_file(d, in.name);
	text = input_begin(&in, &len);
	bad = value_not_utf8(text, len);
	if (!json_object_is_type(pages, json_type_object)) {
		pages = json_object_new_object();
		json_object_object_add(document_conference(d), "info", pages);
	}
	csv_begin(&c, text, len);
	if (bad < len)
		document_error(d, input_line(&in, bad), "this is not UTF-8.");
	else
		r = read_pages(&c, d, pages);
	csv_finish(&c);
	input_close(&in);
	return r;
}

/* 1: it was there, 0: it is not, -1. */
static int read_records(const char *folder, enum kind kind, struct document *d)
{
	const struct format *format;
	char path[MAX_PATH];
	struct input in;
	int r;

	if (!find(folder, kind_plural(kind), path))
		return 0;
	if (input_open(&in, path) < 0)
		return -1;
	document_file(d, in.name);
	format = format_of(&in);
	if (format) {
		r = format->read(&in, (int)kind, d) < 0 ? -1 : 1;
	} else {
		document_error(d, 1, "this is none of the formats of docs/data-format.md.");
		r = -1;
	}
	input_close(&in);
	return r;
}

int folder_read(const char *path, struct document *d)
{
	char facts[MAX_PATH];
	int r, found = 0;

	if (find(path, "conference", facts) && given_read_info(facts, document_conference(d)) < 0)
		return -1;
	/* Speakers first: sessions that name them find them. */
	for (int k = KIND_COUNT - 1; k >= 0; k--) {
		r = read_records(path, (enum kind)k, d);
		if (r < 0)
			return -1;
		found += r;
	}
	if (!found) {
		fprintf(stderr,
			"erleah-ingest: %s holds none of sessions.csv, exhibitors.csv and "
			"speakers.csv (or .json, .xml).\n",
			path);
		return -1;
	}
	return read_info(path, d);
}
