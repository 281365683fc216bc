/*
 * options.h - the command line.
 */
#ifndef INGEST_OPTIONS_H
#define INGEST_OPTIONS_H

#include "given.h"

enum command { COMMAND_LOAD, COMMAND_VERIFY };

struct options {
	enum command command;
	unsigned kinds; /* to load: 1 << KIND_SESSION ...; the others are kept as they are stored */
	int keep_conference;	/* likewise */
	const char *path;	/* to load: the file; verify: NULL */
	const char *conference; /* verify, from a Directus: id or name; NULL: the only one */
	int from_directus, watch, allow_empty;
	const char *start_on; /* "today", a date, or NULL */
	struct given given;   /* what a source does not hold */
	int dry_run, quiet;
};

/* 0; or an exit status + 1 when the program is done (help, a wrong option). */
int options_parse(struct options *o, int argc, char **argv);

#endif
