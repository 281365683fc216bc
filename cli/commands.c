/*
 * commands.c - see commands.h.
 */
#include "commands.h"

#include <string.h>

#define EVERYWHERE (OPTION_BIT(OPTION_HELP) | OPTION_BIT(OPTION_VERBOSE))
#define TURN                                                                                       \
	(OPTION_BIT(OPTION_CONFERENCE) | OPTION_BIT(OPTION_NOW) | OPTION_BIT(OPTION_JSON) |        \
	 OPTION_BIT(OPTION_QUIET) | OPTION_BIT(OPTION_URL))
#define SEARCH                                                                                     \
	(OPTION_BIT(OPTION_CONFERENCE) | OPTION_BIT(OPTION_NOW) | OPTION_BIT(OPTION_JSON) |        \
	 OPTION_BIT(OPTION_ENTITY) | OPTION_BIT(OPTION_LIMIT) | OPTION_BIT(OPTION_WHY) |           \
	 OPTION_BIT(OPTION_RAW) | OPTION_BIT(OPTION_DAY) | OPTION_BIT(OPTION_FROM) |               \
	 OPTION_BIT(OPTION_TO) | OPTION_BIT(OPTION_PLACE) | OPTION_BIT(OPTION_TRACK) |             \
	 OPTION_BIT(OPTION_SPEAKER) | OPTION_BIT(OPTION_TYPE) | OPTION_BIT(OPTION_LEVEL) |         \
	 OPTION_BIT(OPTION_LANGUAGE) | OPTION_BIT(OPTION_URL))

#define EVAL                                                                                       \
	(OPTION_BIT(OPTION_CONFERENCE) | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_MISSES) |     \
	 OPTION_BIT(OPTION_SCORING) | OPTION_BIT(OPTION_HELD_OUT) | OPTION_BIT(OPTION_SAVE) |      \
	 OPTION_BIT(OPTION_COMPARE) | OPTION_BIT(OPTION_ANSWERS) | OPTION_BIT(OPTION_URL))

const struct command commands[] = {
	{ "chat", "", "a conversation: questions and answers, one after the other", TURN, 0,
	  cmd_chat },
	{ "ask", "QUESTION", "answers one question", TURN, 1, cmd_ask },
	{ "search", "WORDS", "what the conference has on these words, best first", SEARCH, 1,
	  cmd_search },
	{ "eval", "FILE", "how good searches and answers are, on judged questions", EVAL, 1,
	  cmd_eval },
	{ "graph", "", "the steps an answer goes through", OPTION_BIT(OPTION_JSON), 0, cmd_graph },
	{ "tools", "", "the tools those steps may use", OPTION_BIT(OPTION_JSON), 0, cmd_tools },
	{ "settings", "", "every setting and the value in force",
	  OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_DEFAULTS), 0, cmd_settings },
	{ "doctor", "", "what is wrong with this set-up, and what to do about it",
	  OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_URL), 0, cmd_doctor },
	{ "health", "", "whether a server answers",
	  OPTION_BIT(OPTION_URL) | OPTION_BIT(OPTION_JSON), 0, cmd_health },
	{ NULL, NULL, NULL, 0, 0, NULL },
};

const struct command *command_find(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

int command_check(const struct command *c, const struct options *o, char *error, size_t size)
{
	unsigned wrong = options_given(o) & ~(c->options | EVERYWHERE);

	for (int i = 0; i < N_OPTIONS; i++) {
		if (!(wrong & OPTION_BIT(i)))
			continue;
		snprintf(error, size, "%s takes no option --%s", c->name, option_specs[i].name);
		return -1;
	}
	if (o->n_words < c->min_words) {
		snprintf(error, size, "%s needs words: %s", c->name, c->words);
		return -1;
	}
	if (o->n_words && !*c->words) {
		snprintf(error, size, "%s takes no words, and there is \"%.60s\"", c->name,
			 o->words[0]);
		return -1;
	}
	return 0;
}

static void options_help(FILE *out, unsigned options)
{
	for (int i = 0; i < N_OPTIONS; i++) {
		char left[40];

		if (!(options & OPTION_BIT(i)))
			continue;
		snprintf(left, sizeof(left), "--%s%s%s", option_specs[i].name,
			 option_specs[i].value ? " " : "",
			 option_specs[i].value ? option_specs[i].value : "");
		fprintf(out, "  %-22s %s\n", left, option_specs[i].sentence);
	}
}

void command_help(const struct command *c, FILE *out)
{
	fprintf(out, "usage: erleah-cli %s [options]%s%s\n\n%s: %s\n\n", c->name,
		*c->words ? " " : "", c->words, c->name, c->sentence);
	options_help(out, c->options | EVERYWHERE);
}

void commands_help(FILE *out)
{
	fputs("usage: erleah-cli [command] [options] [words]\n\n", out);
	for (const struct command *c = commands; c->name; c++) {
		char left[40];

		snprintf(left, sizeof(left), "%s%s%s", c->name, *c->words ? " " : "", c->words);
		fprintf(out, "  %-22s %s%s\n", left, c->sentence,
			c == commands ? " (without a command)" : "");
	}
	fputs("\nerleah-cli COMMAND --help lists a command's options.  Settings come from the "
	      "environment:\nERLEAH_DATA is the folder that erleah-ingest filled; erleah-cli "
	      "settings lists all of them.\n\nExit status: 0 done, 1 failed, 2 wrong usage or "
	      "settings, 3 nothing found, 130 stopped.\n",
	      out);
}
