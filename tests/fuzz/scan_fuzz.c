/*
 * scan_fuzz.c - the scanner of erleah-ingest: parts lie inside the text, in order; lines only grow; what
 * is malformed is explained.
 */
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>
#include "scan.h"

static void check(int holds)
{
	if (!holds)
		abort();
}

static void scan_list(const struct part *list)
{
	const char *before = list->text;
	struct scan s;
	struct part value;
	int r = -1, line = list->line;

	scan_begin(&s, list->text, list->len);
	s.line = list->line;
	s.line_start = list->line_start;
	if (scan_enter(&s, '[') < 0)
		return;
	while ((r = scan_element(&s, &value)) > 0) {
		check(value.text > before && value.len > 0);
		check(value.text + value.len <= list->text + list->len);
		check(value.line >= line);
		before = value.text + value.len - 1;
		line = value.line;
	}
	check(r == 0 || (s.error && s.error_line >= list->line));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scan s;
	struct part value;
	char key[64];
	int r;

	scan_begin(&s, (const char *)data, size);
	r = scan_enter(&s, '{');
	while (r >= 0 && (r = scan_member(&s, key, &value)) > 0) {
		check(strlen(key) < sizeof(key));
		check(value.text > (const char *)data && value.len > 0);
		check(value.text + value.len <= (const char *)data + size);
		scan_list(&value);
	}
	if (r == 0)
		r = scan_finish(&s);
	check(r == 0 || (s.error && s.error_line >= 1 && s.error_column >= 1));
	return 0;
}
