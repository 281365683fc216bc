/*
 * normalised.c - the normalised JSON of docs/data-format.md: parts found, checked one by one, then
 * committed together.
 *
 *	source_open:   file --> parts with lines
 *	source_ingest: conference --> what is kept --> records (all of them, errors counted) --> commit
 */
#include "source.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "commit.h"
#include "convert.h"
#include "progress.h"
#include "scan.h"
#include "shift.h"
#include "value.h"

#define ERRORS_SHOWN  50
#define STORE_WAIT_MS 60000

struct source {
	const struct options *options;
	struct convert from;
	const char *name; /* of the file, without its folder */
	const char *text; /* the normalised form, from's */
	size_t len;
	struct part conference, lists[KIND_COUNT];
	assistant *a;
	assistant_ingest *ingest;
	struct shift shift;
	struct progress bar;
	size_t errors, warnings, records;
};

static const char *const kinds[] = { "session", "exhibitor", "speaker" };
static const char *const members[] = { "sessions", "exhibitors", "speakers" };

static void complain(struct source *s, int line, const char *sentence)
{
	struct origin at = convert_origin(&s->from, line);

	if (++s->errors <= ERRORS_SHOWN)
		fprintf(stderr, "%s:%d: %s\n", at.file, at.line, sentence);
}

/* The library counts lines from where the part begins; readers count them from the top of the file. */
static void complain_about(struct source *s, const struct part *p, const char *sentence)
{
	const char *place = strrchr(sentence, '(');
	int line, column;
	char moved[256];

	if (!place || sscanf(place, "(line %d, column %d)", &line, &column) != 2) {
		complain(s, p->line, sentence);
		return;
	}
	if (line == 1)
		column += (int)(p->text - p->line_start);
	snprintf(moved, sizeof(moved), "column %d: %.*s", column,
		 (int)(place > sentence ? place - sentence - 1 : 0), sentence);
	complain(s, p->line + line - 1, moved);
}

static void warn(struct source *s, int line, const char *sentence, const char *what)
{
	s->warnings++;
	if (!s->options->quiet)
		fprintf(stderr, "%s:%d: warning: %s%s\n", s->name, line, sentence, what);
}

static struct part *place_of(struct source *s, const char *key)
{
	if (!strcmp(key, "conference"))
		return &s->conference;
	for (int i = 0; i < KIND_COUNT; i++)
		if (!strcmp(key, members[i]))
			return &s->lists[i];
	return NULL;
}

static int malformed(struct source *s, const struct scan *scan)
{
	fprintf(stderr, "%s:%d: column %d: not JSON: expected %s.\n", s->name, scan->error_line,
		scan->error_column, scan->error);
	return -1;
}

static int find_parts(struct source *s)
{
	struct scan scan;
	struct part value;
	char key[64];
	int r;

	scan_begin(&scan, s->text, s->len);
	if (scan_enter(&scan, '{') < 0)
		return malformed(s, &scan);
	while ((r = scan_member(&scan, key, &value)) > 0) {
		struct part *place = place_of(s, key);

		if (!place)
			warn(s, value.line, "unknown member is not read: ", key);
		else if (place->text)
			complain(s, value.line, "this member occurs twice on the top level");
		else
			*place = value;
	}
	if (r < 0 || scan_finish(&scan) < 0)
		return malformed(s, &scan);
	if (s->conference.text || s->options->keep_conference)
		return 0;
	fprintf(stderr,
		"%s:1: conference is absent; accepted is an object with id, name, timezone "
		"and dates.\n",
		s->name);
	return -1;
}

/* The text handed to the library; malloc()ed. */
static char *part_text(struct source *s, const struct part *p, int kind)
{
	struct json_object *o;
	char *text;

	if (!s->options->start_on)
		return strndup(p->text, p->len);
	o = value_parse(p);
	if (!json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		return strndup(p->text, p->len);
	}
	if (kind < 0)
		shift_conference(o, &s->shift);
	else
		shift_record(o, &s->shift);
	text = strdup(json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
	return text;
}

static int find_shift(struct source *s)
{
	struct json_object *o;
	const char *error = NULL;
	int r;

	if (!s->options->start_on)
		return 0;
	if (!s->conference.text) {
		fprintf(stderr, "%s:1: --start-on moves a file that holds its conference.\n",
			s->name);
		return -1;
	}
	o = value_parse(&s->conference);
	r = shift_find(o, s->options->start_on, &s->shift, &error);
	json_object_put(o);
	if (r < 0)
		fprintf(stderr, "%s:%d: %s.\n", s->name, s->conference.line, error);
	return r;
}

/* --- The conference ---------------------------------------------------------------- */

static int complain_of_stored(struct source *s, const char *sentence)
{
	fprintf(stderr, "%s: %s\n", s->name, sentence);
	return -1;
}

/* {"filter":{"id":...}}: of the conference that the file or the command names; otherwise of all. */
static char *stored_query(struct source *s)
{
	struct json_object *query = json_object_new_object(), *conference = NULL, *id = NULL;
	char *text;

	if (s->conference.text)
		conference = value_parse(&s->conference);
	json_object_object_get_ex(conference, "id", &id);
	if (id)
		json_object_get(id);
	else if (s->options->given.facts[GIVEN_ID])
		id = json_object_new_string(s->options->given.facts[GIVEN_ID]);
	if (id) {
		struct json_object *filter = json_object_new_object();

		json_object_object_add(filter, "id", id);
		json_object_object_add(query, "filter", filter);
	}
	text = strdup(json_object_to_json_string(query));
	json_object_put(conference);
	json_object_put(query);
	return text;
}

/* The conference that records go into; malloc()ed, or NULL after a message. */
static char *stored_conference(struct source *s)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct json_object *rows;
	char *query = stored_query(s), *text = NULL;
	int r = query ? assistant_row_list(s->a, "conferences", query, STORE_WAIT_MS, &text, &err)
		      : ASSISTANT_ENOMEM;

	free(query);
	if (r < 0) {
		complain_of_stored(s, err.message);
		return NULL;
	}
	rows = json_tokener_parse(text);
	assistant_free(text);
	text = NULL;
	if (json_object_array_length(rows) == 1)
		text = strdup(json_object_to_json_string(json_object_array_get_idx(rows, 0)));
	else if (json_object_array_length(rows) == 0)
		complain_of_stored(s, "This conference is not there yet: load all of it first.");
	else
		complain_of_stored(s,
				   "There are several conferences: --id says which one is meant.");
	json_object_put(rows);
	return text;
}

static int keep(struct source *s, const char *kind)
{
	assistant_error err = ASSISTANT_ERROR_INIT;

	if (assistant_ingest_keep(s->ingest, kind, &err) == ASSISTANT_OK)
		return 0;
	return complain_of_stored(s, err.message);
}

/* What the command does not name stays as it is stored. */
static int keep_others(struct source *s)
{
	int r = s->options->keep_conference ? keep(s, "conference") : 0;

	for (int kind = 0; kind < KIND_COUNT && !r; kind++)
		if (!(s->options->kinds & 1u << kind))
			r = keep(s, kinds[kind]);
	return r;
}

static int begin(struct source *s)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	char *text = s->options->keep_conference ? stored_conference(s)
						 : part_text(s, &s->conference, -1);
	int r = text ? assistant_ingest_begin(s->a, text, &s->ingest, &err) : -1;

	free(text);
	if (r < 0 && text)
		complain_about(s, &s->conference, err.message);
	return r < 0 ? -1 : keep_others(s);
}

/* --- Its records ------------------------------------------------------------------------ */

static void add_one(struct source *s, int kind, const struct part *p)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	char *text = part_text(s, p, kind);

	if (!text || assistant_ingest_add(s->ingest, kinds[kind], text, &err) < 0)
		complain_about(s, p, text ? err.message : "out of memory");
	free(text);
	s->records++;
}

/* 0, or -1 when the list is no JSON. */
static int add_list(struct source *s, int kind)
{
	const struct part *list = &s->lists[kind];
	struct scan scan;
	struct part value;
	int r;

	if (!list->text)
		return 0;
	scan_begin(&scan, list->text, list->len);
	scan.line = list->line;
	scan.line_start = list->line_start;
	if (scan_enter(&scan, '[') < 0) {
		char sentence[80];

		snprintf(sentence, sizeof(sentence), "%s is no list", members[kind]);
		complain(s, list->line, sentence);
		return 0;
	}
	while ((r = scan_element(&scan, &value)) > 0) {
		add_one(s, kind, &value);
		progress_show(&s->bar, "reading", (size_t)(value.text - s->text), s->len);
	}
	progress_end(&s->bar);
	return r < 0 ? malformed(s, &scan) : 0;
}

static int add_all(struct source *s)
{
	int r = begin(s) < 0 ? -1 : 0;

	/* Without its conference no record can be checked. */
	for (int kind = 0; kind < KIND_COUNT && !r; kind++)
		if (s->options->kinds & 1u << kind)
			r = add_list(s, kind);
	progress_end(&s->bar);
	if (s->errors > ERRORS_SHOWN)
		fprintf(stderr, "%s: %zu errors in all.\n", s->name, s->errors);
	if (r < 0 || s->errors)
		fprintf(stderr, "Nothing was written.\n");
	return r < 0 || s->errors ? -1 : 0;
}

/* --- The commit --------------------------------------------------------------------------- */

static int commit(struct source *s)
{
	const struct commit c = {
		.ingest = s->ingest,
		.name = s->name,
		.bar = &s->bar,
		.dry_run = s->options->dry_run,
		.quiet = s->options->quiet,
	};

	return commit_run(&c);
}

/* The only one the command names, for a file that does not say; or -1. */
static int one_kind(const struct options *o)
{
	for (int kind = 0; kind < KIND_COUNT; kind++)
		if (o->kinds == 1u << kind)
			return kind;
	return -1;
}

struct source *source_open(const struct options *o)
{
	struct source *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->options = o;
	if (convert_open(&s->from, o->path, one_kind(o), !o->keep_conference, &o->given,
			 o->quiet) == 0) {
		s->name = s->from.name;
		s->text = s->from.text;
		s->len = s->from.len;
		if (find_parts(s) == 0 && find_shift(s) == 0)
			return s;
	}
	source_close(s);
	return NULL;
}

int source_ingest(struct source *s, assistant *a)
{
	int status;

	s->a = a;
	progress_begin(&s->bar, s->options->quiet);
	status = add_all(s) < 0 ? 1 : commit(s);
	progress_end(&s->bar);
	assistant_ingest_free(s->ingest);
	s->ingest = NULL;
	return status;
}

void source_close(struct source *s)
{
	if (s)
		convert_close(&s->from);
	free(s);
}
