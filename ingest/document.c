/*
 * document.c - records with their places, completed and printed.
 */
#include "document.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "document_private.h"
#include "value.h"

#define ERRORS_SHOWN 50

static const struct {
	const char *one, *many, *title;
} kinds[KIND_COUNT] = {
	[KIND_SESSION] = { "session", "sessions", "title" },
	[KIND_EXHIBITOR] = { "exhibitor", "exhibitors", "name" },
	[KIND_SPEAKER] = { "speaker", "speakers", "name" },
};

const char *kind_name(enum kind k)
{
	return kinds[k].one;
}

const char *kind_plural(enum kind k)
{
	return kinds[k].many;
}

const char *kind_title(enum kind k)
{
	return kinds[k].title;
}

struct document *document_create(bool quiet)
{
	struct document *d = calloc(1, sizeof(*d));

	if (!d)
		abort();
	d->quiet = quiet;
	d->conference = json_object_new_object();
	for (int k = 0; k < KIND_COUNT; k++)
		d->kinds[k].by_id = json_object_new_object();
	return d;
}

void document_destroy(struct document *d)
{
	if (!d)
		return;
	json_object_put(d->conference);
	for (int k = 0; k < KIND_COUNT; k++) {
		for (size_t i = 0; i < d->kinds[k].n; i++)
			json_object_put(d->kinds[k].items[i].o);
		free(d->kinds[k].items);
		json_object_put(d->kinds[k].by_id);
	}
	for (size_t i = 0; i < d->n_files; i++)
		free(d->files[i]);
	free(d);
}

void document_mute(struct document *d)
{
	d->quiet = d->mute = true;
}

void document_file(struct document *d, const char *name)
{
	if (d->n_files < MAX_FILES)
		d->files[d->n_files++] = strdup(name);
}

const char *document_file_name(const struct document *d)
{
	return d->n_files && d->files[d->n_files - 1] ? d->files[d->n_files - 1] : "";
}

struct json_object *document_conference(struct document *d)
{
	return d->conference;
}

void entries_index(struct entries *e, size_t i)
{
	struct json_object *id = value_get(e->items[i].o, "id");

	if (id && !value_get(e->by_id, json_object_get_string(id)))
		json_object_object_add(e->by_id, json_object_get_string(id),
				       json_object_new_int64((int64_t)i));
}

void document_add(struct document *d, enum kind kind, struct json_object *record, int line)
{
	struct entries *e = &d->kinds[kind];

	if (e->n == e->cap) {
		size_t cap = e->cap ? 2 * e->cap : 64;
		struct entry *more = reallocarray(e->items, cap, sizeof(*more));

		if (!more)
			abort();
		e->items = more;
		e->cap = cap;
	}
	e->items[e->n] = (struct entry){ record, { document_file_name(d), line } };
	entries_index(e, e->n++);
}

size_t document_count(const struct document *d, enum kind kind)
{
	return d->kinds[kind].n;
}

struct json_object *document_record(const struct document *d, enum kind kind, size_t i)
{
	return i < d->kinds[kind].n ? d->kinds[kind].items[i].o : NULL;
}

struct json_object *document_find(const struct document *d, enum kind kind, const char *id)
{
	struct json_object *at = value_get(d->kinds[kind].by_id, id);

	return at ? d->kinds[kind].items[json_object_get_int64(at)].o : NULL;
}

void document_error(struct document *d, int line, const char *format, ...)
{
	va_list args;

	if (++d->errors > ERRORS_SHOWN || d->mute)
		return;
	fprintf(stderr, "%s:%d: ", document_file_name(d), line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

size_t document_errors(const struct document *d)
{
	return d->errors;
}

void document_warn(struct document *d, int line, const char *one, const char *many)
{
	size_t i = 0;

	while (i < d->n_warnings && strcmp(d->warnings[i].one, one) != 0)
		i++;
	if (i == MAX_WARNINGS)
		return;
	if (i == d->n_warnings)
		d->warnings[d->n_warnings++] =
			(struct warning){ one, many, 0, { document_file_name(d), line } };
	d->warnings[i].n++;
}

void document_warn_column(struct document *d, int line, const char *name)
{
	if (!d->quiet)
		fprintf(stderr, "%s:%d: warning: column \"%.60s\" is not known and not read.\n",
			document_file_name(d), line, name);
}

void document_show_warnings(const struct document *d)
{
	for (size_t i = 0; i < d->n_warnings && !d->quiet; i++) {
		const struct warning *w = &d->warnings[i];

		if (w->n == 1)
			fprintf(stderr, "%s:%d: warning: 1 %s.\n", w->first.file, w->first.line,
				w->one);
		else
			fprintf(stderr, "%s:%d: warning: %zu %s; this is the first.\n",
				w->first.file, w->first.line, w->n, w->many);
	}
}

/* --- Printing ---------------------------------------------------------------------- */

static void print_line(FILE *f, struct print *p, const struct origin *origin, const char *before,
		       struct json_object *o, const char *after)
{
	fprintf(f, "%s%s%s\n", before,
		o ? json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE) : "", after);
	p->origins[p->lines++] = *origin;
}

int document_print(const struct document *d, bool whole, struct print *out)
{
	struct origin top = { d->n_files ? d->files[0] : "", 1 };
	struct print p = { 0 };
	size_t lines = 8;
	FILE *f;

	for (int k = 0; k < KIND_COUNT; k++)
		lines += d->kinds[k].n;
	p.origins = calloc(lines, sizeof(*p.origins));
	f = open_memstream(&p.text, &p.len);
	if (!f || !p.origins)
		abort();
	print_line(f, &p, &top, whole ? "{\"conference\":" : "{", whole ? d->conference : NULL, "");
	for (int k = 0, n = whole; k < KIND_COUNT; k++) {
		const struct entries *e = &d->kinds[k];

		if (!e->n)
			continue;
		fprintf(f, "%s\"%s\":[", n++ ? "," : "", kinds[k].many);
		for (size_t i = 0; i < e->n; i++)
			print_line(f, &p, &e->items[i].origin, "", e->items[i].o,
				   i + 1 < e->n ? "," : "]");
	}
	print_line(f, &p, &top, "}", NULL, "");
	if (fclose(f) != 0)
		abort();
	*out = p;
	return 0;
}

void print_finish(struct print *p)
{
	free(p->text);
	free(p->origins);
	*p = (struct print){ 0 };
}
