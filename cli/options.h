/*
 * options.h - the command line: one table of options, and words.
 *
 * Options may stand anywhere, as --name VALUE or --name=VALUE; after -- everything is a word.  The first
 * word is the command; which options it takes is commands.c's to say.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>

enum option_id {
	OPTION_ANSWERS,
	OPTION_COMPARE,
	OPTION_CONFERENCE,
	OPTION_DAY,
	OPTION_DEFAULTS,
	OPTION_ENTITY,
	OPTION_FROM,
	OPTION_HELD_OUT,
	OPTION_HELP,
	OPTION_JSON,
	OPTION_LANGUAGE,
	OPTION_LEVEL,
	OPTION_LIMIT,
	OPTION_MISSES,
	OPTION_NOW,
	OPTION_PLACE,
	OPTION_QUIET,
	OPTION_RAW,
	OPTION_SAVE,
	OPTION_SCORING,
	OPTION_SPEAKER,
	OPTION_TO,
	OPTION_TRACK,
	OPTION_TYPE,
	OPTION_URL,
	OPTION_VERBOSE,
	OPTION_VERSION,
	OPTION_WHY,
	N_OPTIONS
};

#define OPTION_BIT(id) (1u << (id))

struct option_spec {
	const char *name;
	const char *value; /* what it takes, in words; NULL: nothing */
	const char *sentence;
};

extern const struct option_spec option_specs[N_OPTIONS];

struct options {
	const char *values[N_OPTIONS]; /* NULL: not given; "" for options without a value */
	const char **words;	       /* without the command's name */
	int n_words;
	const char *command; /* NULL: none was named */
	char error[200];     /* one sentence, after a failure */
};

/* 0, or -1 with o->error.  Strings are borrowed from argv. */
int options_parse(struct options *o, int argc, char **argv);
/* The options that were given, as OPTION_BIT()s. */
unsigned options_given(const struct options *o);
bool options_has(const struct options *o, enum option_id id);
/* The words with blanks between them; malloc()ed. */
char *options_join(const struct options *o);
void options_finish(struct options *o);

#endif
