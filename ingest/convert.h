/*
 * convert.h - whatever the source, the text of its normalised form, and where each line of it came from.
 */
#ifndef INGEST_CONVERT_H
#define INGEST_CONVERT_H

#include "document.h"
#include "given.h"
#include "input.h"

struct convert {
	const char *name; /* of the file or folder: for messages */
	const char *text;
	size_t len;
	struct input input;
	struct document *document; /* NULL: the file is the normalised form */
	struct print print;
};

/* path: a file, or a folder when whole.  kind: of a file that holds one kind only; -1 when the command does not say.
 * whole: a conference, not records for one that exists.  0, or -1 after messages on standard error.  Before any thread
 * starts: it may put the process into the venue's time zone. */
int convert_open(struct convert *c, const char *path, int kind, bool whole,
		 const struct given *given, bool quiet);
struct origin convert_origin(const struct convert *c, int line);
void convert_close(struct convert *c);

#endif
