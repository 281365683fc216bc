/*
 * normalised.c - the normalised JSON of docs/data-format.md: parts found, checked one by one, then
 * committed together.
 *
 *	source_open:   file --> parts with lines
 *	source_ingest: conference --> records (all of them, errors counted) --> commit
 */
#include "source.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "convert.h"
#include "progress.h"
#include "scan.h"
#include "shift.h"
#include "value.h"

#define ERRORS_SHOWN 50

struct source {
	const struct options *options;
	struct convert from;
	const char *name; /* of the file, without its folder */
	const char *text; /* the normalised form, from's */
	size_t len;
	struct part conference, lists[3];
	assistant *a;
	assistant_ingest *ingest;
	struct shift shift;
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
	for (int i = 0; i < 3; i++)
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
	if (s->conference.text)
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
	o = value_parse(&s->conference);
	r = shift_find(o, s->options->start_on, &s->shift, &error);
	json_object_put(o);
	if (r < 0)
		fprintf(stderr, "%s:%d: %s.\n", s->name, s->conference.line, error);
	return r;
}

static int begin(struct source *s)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	char *text = part_text(s, &s->conference, -1);
	int r = text ? assistant_ingest_begin(s->a, text, &s->ingest, &err) : ASSISTANT_ENOMEM;

	if (r < 0)
		complain_about(s, &s->conference, text ? err.message : "out of memory");
	free(text);
	return r;
}

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
static int add_list(struct source *s, int kind, struct progress *bar)
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
		progress_show(bar, "reading", (size_t)(value.text - s->text), s->len);
	}
	progress_end(bar);
	return r < 0 ? malformed(s, &scan) : 0;
}

static void show_progress(void *user, const char *phase, size_t done, size_t total)
{
	progress_show(user, phase, done, total);
}

static long count_of(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	return json_object_object_get_ex(o, key, &v) ? (long)json_object_get_int64(v) : 0;
}

static void show_warnings(struct source *s, struct json_object *report)
{
	struct json_object *list = NULL;

	if (!json_object_object_get_ex(report, "warnings", &list))
		return;
	for (size_t i = 0; i < json_object_array_length(list); i++)
		fprintf(stderr, "%s: warning: %s\n", s->name,
			json_object_get_string(json_object_array_get_idx(list, i)));
}

static void show_summary(struct source *s, const char *report_json)
{
	struct json_object *o = json_tokener_parse(report_json), *name = NULL;

	json_object_object_get_ex(o, "name", &name);
	show_warnings(s, o);
	printf("%s%s: %ld sessions, %ld exhibitors, %ld speakers, %ld information pages.\n",
	       s->options->dry_run ? "Nothing written; it would be " : "",
	       name ? json_object_get_string(name) : "", count_of(o, "sessions"),
	       count_of(o, "exhibitors"), count_of(o, "speakers"), count_of(o, "info"));
	json_object_put(o);
}

static int commit(struct source *s, struct progress *bar)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	char *report = NULL;
	int r;

	if (s->options->dry_run)
		r = assistant_ingest_check(s->ingest, &report, &err);
	else
		r = assistant_ingest_commit(s->ingest, show_progress, bar, &report, &err);
	progress_end(bar);
	if (r < 0)
		fprintf(stderr, "%s: %s\n", s->name, err.message);
	else if (!s->options->quiet)
		show_summary(s, report);
	assistant_free(report);
	return r < 0 ? 1 : 0;
}

static int add_all(struct source *s, struct progress *bar)
{
	int r = begin(s) < 0 ? -1 : 0;

	/* Without its conference no record can be checked. */
	for (int kind = 0; kind < 3 && !r; kind++)
		r = add_list(s, kind, bar);
	progress_end(bar);
	if (s->errors > ERRORS_SHOWN)
		fprintf(stderr, "%s: %zu errors in all.\n", s->name, s->errors);
	if (r < 0 || s->errors)
		fprintf(stderr, "Nothing was written.\n");
	return r < 0 || s->errors ? -1 : 0;
}

struct source *source_open(const struct options *o)
{
	struct source *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->options = o;
	if (convert_open(&s->from, o->path, -1, true, &o->given, o->quiet) == 0) {
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
	struct progress bar;
	int status;

	s->a = a;
	progress_begin(&bar, s->options->quiet);
	status = add_all(s, &bar) < 0 ? 1 : commit(s, &bar);
	progress_end(&bar);
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
