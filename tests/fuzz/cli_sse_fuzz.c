/*
 * cli_sse_fuzz.c - the command line's reader of event streams: any split of the bytes gives the same events.
 */
#include "fuzz.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sse.h"

/* All events as one text, malloc()ed. */
static char *events(const char *bytes, size_t size, size_t piece)
{
	struct sse s = { 0 };
	struct sse_event *e;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	for (size_t at = 0; out && at < size; at += piece)
		sse_feed(&s, bytes + at, piece < size - at ? piece : size - at);
	while (out && (e = sse_take(&s))) {
		fprintf(out, "%s %lu %s\n", e->name, e->id, e->data);
		sse_event_free(e);
	}
	sse_finish(&s);
	if (out)
		fclose(out);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t pieces[] = { 1, 2, 7, 50 };
	const char *bytes = (const char *)data;
	char *whole = events(bytes, size, size ? size : 1);

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		char *cut = events(bytes, size, pieces[i]);

		if (!whole || !cut || strcmp(whole, cut) != 0)
			abort();
		free(cut);
	}
	free(whole);
	return 0;
}
