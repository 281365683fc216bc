/*
 * options.h - the command line, and the settings as numbers and lists.
 */
#ifndef SERVER_OPTIONS_H
#define SERVER_OPTIONS_H

#include <assistant.h>
#include <stdbool.h>
#include <stdio.h>
#include "address.h"

/* Threads that long-lived connections never get, so that short requests are always answered. */
#define THREADS_RESERVED 16

/* What the server itself needs of the settings.  Strings belong to the assistant_config. */
struct settings {
	const char *host;
	int port;
	int threads;
	bool debug;
	bool development;
	const char *cors_origins; /* separated by commas or spaces; "*": any */
	struct networks trusted, exempt;
	int max_body_bytes;
	int heartbeat_ms;
	int drain_grace_ms;
	int turn_timeout_ms;
	int creations_per_hour; /* rows an address may make through the Directus-compatible face */
	const char *
		directus_url; /* for browsers; "": the rows are in the embedded store, behind our own face */
	const char *conference; /* the default one, or "" */
};

enum options_action { OPTIONS_SERVE, OPTIONS_CHECK, OPTIONS_HEALTH, OPTIONS_DONE, OPTIONS_WRONG };

/*
 * Reads the command line into c, over what the environment said.  What to print goes to out; a mistake,
 * in one sentence, to err.  *health_url is set for OPTIONS_HEALTH: NULL is the configured port.
 */
enum options_action options_read(int argc, char **argv, assistant_config *c,
				 const char **health_url, FILE *out, FILE *err);

/* 0, or -1 with a sentence in *why. */
int settings_read(const assistant_config *c, struct settings *out, assistant_error *why);

#endif
