/*
 * options.c - see options.h.
 */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct option_spec option_specs[N_OPTIONS] = {
	[OPTION_ANSWERS] = { "answers", NULL,
			     "whole answers, each claim checked against the data" },
	[OPTION_COMPARE] = { "compare", "RUN", "differences from a run that --save kept" },
	[OPTION_CONFERENCE] = { "conference", "ID|NAME", "the conference to ask about" },
	[OPTION_DAY] = { "day", "DATE", "only sessions of that day, such as 2027-05-21" },
	[OPTION_DEFAULTS] = { "defaults", NULL, "the defaults, in the form of a .env file" },
	[OPTION_ENTITY] = { "entity", "KIND", "sessions, exhibitors, speakers or all" },
	[OPTION_FROM] = { "from", "TIME", "only sessions from then on" },
	[OPTION_HELD_OUT] = { "held-out", "N", "one of N questions apart, chosen by its id" },
	[OPTION_HELP] = { "help", NULL, "this text" },
	[OPTION_JSON] = { "json", NULL, "JSON instead of text" },
	[OPTION_LANGUAGE] = { "language", "TAG", "only sessions in that language, such as de" },
	[OPTION_LEVEL] = { "level", "LEVEL", "only sessions of that level" },
	[OPTION_LIMIT] = { "limit", "N", "at most so many results, 1 to 100" },
	[OPTION_MISSES] = { "misses", NULL, "questions below 1.0, with what came instead" },
	[OPTION_NOW] = { "now", "TIME", "as of that time, such as 2027-05-20T10:00:00+02:00" },
	[OPTION_PLACE] = { "place", "ROOM", "only in that room or at that booth" },
	[OPTION_QUIET] = { "quiet", NULL, "the answer's text and nothing else" },
	[OPTION_RAW] = { "raw", NULL, "take the words literally, as no question" },
	[OPTION_SAVE] = { "save", "RUN", "keeps the run in that file" },
	[OPTION_SCORING] = { "scoring", "NAMES", "full, lexical, reference, or all of them" },
	[OPTION_SPEAKER] = { "speaker", "NAME", "only sessions of that speaker" },
	[OPTION_TO] = { "to", "TIME", "only sessions up to then" },
	[OPTION_TRACK] = { "track", "TRACK", "only sessions of that track" },
	[OPTION_TYPE] = { "type", "TYPE", "only sessions of that type, such as workshop" },
	[OPTION_URL] = { "url", "URL", "the server, such as http://127.0.0.1:8000" },
	[OPTION_VERBOSE] = { "verbose", NULL, "the library's log on standard error" },
	[OPTION_VERSION] = { "version", NULL, "the version" },
	[OPTION_WHY] = { "why", NULL, "what the rank of each result comes from" },
};

static int find(const char *name, size_t len)
{
	for (int i = 0; i < N_OPTIONS; i++)
		if (strlen(option_specs[i].name) == len && !memcmp(option_specs[i].name, name, len))
			return i;
	return -1;
}

/* argv[*i] is an option; *i moves to its value when that stands apart. */
static int take_option(struct options *o, char **argv, int *i)
{
	const char *name = argv[*i] + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	int id = strcmp(argv[*i], "-h") ? find(name, len) : OPTION_HELP;
	const char *value = equals ? equals + 1 : NULL;

	if (argv[*i][1] != '-' && id != OPTION_HELP)
		id = -1;
	if (id < 0) {
		snprintf(o->error, sizeof(o->error), "there is no option %.60s", argv[*i]);
		return -1;
	}
	if (!option_specs[id].value) {
		if (value)
			snprintf(o->error, sizeof(o->error), "--%s takes no value",
				 option_specs[id].name);
		o->values[id] = "";
		return value ? -1 : 0;
	}
	if (!value)
		value = argv[++*i];
	if (!value || !*value) {
		snprintf(o->error, sizeof(o->error), "--%s needs a value: %s",
			 option_specs[id].name, option_specs[id].value);
		return -1;
	}
	o->values[id] = value;
	return 0;
}

int options_parse(struct options *o, int argc, char **argv)
{
	bool words_only = false;

	*o = (struct options){ 0 };
	o->words = calloc((size_t)argc + 1, sizeof(*o->words));
	if (!o->words) {
		snprintf(o->error, sizeof(o->error), "out of memory");
		return -1;
	}
	for (int i = 1; i < argc; i++) {
		if (!words_only && !strcmp(argv[i], "--"))
			words_only = true;
		else if (!words_only && argv[i][0] == '-' && argv[i][1]) {
			if (take_option(o, argv, &i) < 0)
				return -1;
		} else if (!o->command)
			o->command = argv[i];
		else
			o->words[o->n_words++] = argv[i];
	}
	return 0;
}

unsigned options_given(const struct options *o)
{
	unsigned bits = 0;

	for (int i = 0; i < N_OPTIONS; i++)
		if (o->values[i])
			bits |= OPTION_BIT(i);
	return bits;
}

bool options_has(const struct options *o, enum option_id id)
{
	return o->values[id] != NULL;
}

char *options_join(const struct options *o)
{
	size_t size = 1;
	char *text, *at;

	for (int i = 0; i < o->n_words; i++)
		size += strlen(o->words[i]) + 1;
	text = at = calloc(1, size);
	for (int i = 0; text && i < o->n_words; i++)
		at += snprintf(at, size - (size_t)(at - text), "%s%s", i ? " " : "", o->words[i]);
	return text;
}

void options_finish(struct options *o)
{
	free(o->words);
	*o = (struct options){ 0 };
}
