/*
 * convert.c - the normalised form of any source.
 */
#include "convert.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "format.h"

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool gives_facts(const struct given *g)
{
	for (int i = 0; i < GIVEN_COUNT; i++)
		if (g->facts[i])
			return true;
	return g->info_path != NULL;
}

/* The normalised form is taken as it is: its own lines and columns are what messages name. */
static bool is_normalised(const struct convert *c, const struct format *format, int kind,
			  const struct given *given)
{
	size_t len, at = 0;
	const char *text = input_begin(&c->input, &len);

	while (at < len && memchr(" \t\r\n", text[at], 4))
		at++;
	if (strcmp(format->name, "json") != 0 || gives_facts(given))
		return false;
	return kind < 0 || at == len || text[at] != '[';
}

static int read_file(struct convert *c, const char *path, int kind, const struct given *given)
{
	const struct format *format;

	if (input_open(&c->input, path) < 0)
		return -1;
	c->name = c->input.name;
	format = given->format ? format_named(given->format) : format_of(&c->input);
	if (!format) {
		fprintf(stderr,
			"%s:1: this is none of the formats that can be read: normalised JSON, CSV, "
			"schedule XML, JSON of pretalx or Sessionize; --format NAME says which it "
			"is.\n",
			c->name);
		return -1;
	}
	if (is_normalised(c, format, kind, given)) {
		document_destroy(c->document);
		c->document = NULL;
		c->text = c->input.text;
		c->len = c->input.len;
		return 0;
	}
	document_file(c->document, c->name);
	return format->read(&c->input, kind, c->document);
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

int convert_open(struct convert *c, const char *path, int kind, bool whole,
		 const struct given *given, bool quiet)
{
	int r;

	*c = (struct convert){ .name = last_part(path) };
	c->document = document_create(quiet);
	r = whole && is_folder(path) ? folder_read(path, c->document)
				     : read_file(c, path, kind, given);
	if (!r && c->document && document_errors(c->document))
		r = -1;
	if (!r && c->document)
		r = document_complete(c->document, given, whole);
	if (r < 0) {
		if (c->document && document_errors(c->document))
			fprintf(stderr, "Nothing was written.\n");
		return r;
	}
	if (c->document) {
		document_show_warnings(c->document);
		document_print(c->document, whole, &c->print);
		c->text = c->print.text;
		c->len = c->print.len;
	}
	return 0;
}

struct origin convert_origin(const struct convert *c, int line)
{
	if (line >= 1 && (size_t)line <= c->print.lines)
		return c->print.origins[line - 1];
	return (struct origin){ c->name, line };
}

void convert_close(struct convert *c)
{
	input_close(&c->input);
	document_destroy(c->document);
	print_finish(&c->print);
	*c = (struct convert){ 0 };
}
