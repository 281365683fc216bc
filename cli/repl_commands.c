/*
 * repl_commands.c - what begins with a slash: one table.
 */
#include <stdlib.h>
#include <string.h>
#include "cmd_graph.h"
#include "cmd_search.h"
#include "commands.h"
#include "json.h"
#include "repl.h"
#include "text.h"
#include "trace.h"

struct slash {
	const char *name, *words, *sentence;
	void (*run)(struct repl *r, const char *words);
};

static const struct slash *slashes(size_t *n);

static FILE *out_of(struct repl *r)
{
	return r->cli->terminal.out;
}

static void replace(char **to, const char *value)
{
	free(*to);
	*to = value ? strdup(value) : NULL;
}

/* --- The commands ------------------------------------------------------------------- */

static void run_help(struct repl *r, const char *words)
{
	size_t n;
	const struct slash *s = slashes(&n);

	fputs("Ask in your own words, one question per line.  Commands:\n", out_of(r));
	for (size_t i = 0; i < n; i++) {
		char left[40];

		snprintf(left, sizeof(left), "/%s%s%s", s[i].name, *s[i].words ? " " : "",
			 s[i].words);
		fprintf(out_of(r), "  %-22s %s\n", left, s[i].sentence);
	}
	fputs("Ctrl-C stops an answer, Ctrl-D leaves.\n", out_of(r));
}

static void run_quit(struct repl *r, const char *words)
{
	r->leave = true;
}

static void run_new(struct repl *r, const char *words)
{
	if (repl_new_talk(r) == STATUS_OK && !r->style.json)
		fputs("A new conversation.\n", out_of(r));
}

static void list_conferences(struct repl *r)
{
	long chosen = r->conference ? conferences_find(&r->conferences, r->conference) : -1;

	if (r->style.json) {
		fprintf(out_of(r), "%s\n",
			r->conferences.rows ? json_line(r->conferences.rows) : "[]");
		return;
	}
	if (!r->conferences.rows)
		fprintf(out_of(r), "The store does not list them; chosen: %s.\n",
			r->conference ? r->conference : "the default");
	for (size_t i = 0; i < r->conferences.n; i++) {
		fprintf(out_of(r), "%c ", (long)i == chosen ? '*' : ' ');
		text_put(out_of(r), conferences_name(&r->conferences, i), -1);
		fprintf(out_of(r), "  %s\n", conferences_id(&r->conferences, i));
	}
}

static void run_conference(struct repl *r, const char *words)
{
	char *before = r->conference;

	if (!*words) {
		list_conferences(r);
		return;
	}
	if (r->conferences.rows && conferences_find(&r->conferences, words) < 0) {
		cli_say(STATUS_FAILED, "there is no conference of that id or name; /conference "
				       "lists those there are");
		return;
	}
	r->conference = strdup(words);
	if (repl_new_talk(r) == STATUS_OK) {
		free(before);
		if (r->style.json)
			return;
		fputs("A new conversation about ", out_of(r));
		text_put(out_of(r), words, -1);
		fputs(".\n", out_of(r));
	} else {
		free(r->conference);
		r->conference = before;
	}
}

static void show_now(struct repl *r)
{
	if (!r->style.json)
		fprintf(out_of(r), "%s\n", r->now ? r->now : "The time is the clock's.");
	else if (r->now)
		fprintf(out_of(r), "{\"now\":\"%s\"}\n", r->now);
	else
		fputs("{\"now\":null}\n", out_of(r));
}

static void run_now(struct repl *r, const char *words)
{
	bool off = !strcmp(words, "off");
	assistant_error err = ASSISTANT_ERROR_INIT;

	if (!*words) {
		show_now(r);
	} else if (r->talk->ops->set(r->talk, "now", off ? "" : words, &err) < 0) {
		cli_complain(&err);
	} else {
		replace(&r->now, off ? NULL : words);
		if (r->style.json)
			return;
		fprintf(out_of(r), "Answers are as of %s.\n", off ? "the clock's time" : words);
	}
}

#define MAX_WORDS 64

/* Words at blanks, "..." being one word, as a command line of the command search; text is cut up. */
static int command_line(char *text, char *argv[static MAX_WORDS + 1])
{
	int n = 0;

	argv[n++] = (char *)"erleah-cli";
	argv[n++] = (char *)"search";
	while (n < MAX_WORDS) {
		bool quoted;

		text += strspn(text, " \t");
		if (!*text)
			break;
		quoted = *text == '"';
		text += quoted;
		argv[n++] = text;
		text += strcspn(text, quoted ? "\"" : " \t");
		if (*text)
			*text++ = '\0';
	}
	argv[n] = NULL;
	return n;
}

/* The last question as it was understood: "and on Sunday?" with what it leans on, "when is it?" as the record's name.  Where
 * nobody tells, as it was typed.  malloc()ed; NULL: there was none, or no memory. */
static char *last_question(struct repl *r)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct json_object *debug = NULL, *understood;
	const char *question;
	char *copy;

	if (!r->asked)
		return NULL;
	if (r->talk->ops->debug(r->talk, &debug, &err) < 0)
		debug = NULL;
	understood = json_member(debug, "understood");
	question = json_text(understood, "question");
	if (json_object_get_boolean(json_member(understood, "leans")))
		question = json_text(json_at(understood, "names", 0), "name");
	copy = strdup(*question ? question : r->asked);
	json_object_put(debug);
	return copy;
}

/* words: with the options of the command search, such as --limit 3; "": the last question. */
static void search(struct repl *r, const char *words, bool why)
{
	char *copy = *words || !r->asked ? strdup(words) : last_question(r);
	char *argv[MAX_WORDS + 1] = { (char *)"erleah-cli", (char *)"search", (char *)"--", copy };
	char error[200] = "";
	struct json_object *query;
	struct options o;
	int argc = 4; /* a question is one word, whatever it holds */

	if (!copy)
		return;
	if (*words || !r->asked)
		argc = command_line(copy, argv);
	if (options_parse(&o, argc, argv) < 0) {
		cli_say(STATUS_USAGE, o.error);
	} else if (options_has(&o, OPTION_URL)) {
		cli_say(STATUS_USAGE, "/search takes no option --url: a conversation stays where "
				      "it began");
	} else if (command_check(command_find("search"), &o, error, sizeof(error)) < 0) {
		cli_say(STATUS_USAGE, error);
	} else if (search_query(&o, r->conference, r->now, &query) == STATUS_OK) {
		search_run(r->cli, query, r->style.json || options_has(&o, OPTION_JSON),
			   why || options_has(&o, OPTION_WHY));
		json_object_put(query);
	}
	options_finish(&o);
	free(copy);
}

static void run_search(struct repl *r, const char *words)
{
	search(r, words, false);
}

static void run_why(struct repl *r, const char *words)
{
	search(r, words, true);
}

static void run_json(struct repl *r, const char *words)
{
	if (strcmp(words, "on") != 0 && strcmp(words, "off") != 0)
		cli_say(STATUS_USAGE, "/json takes on or off");
	else
		r->style.json = !strcmp(words, "on");
}

static void run_graph(struct repl *r, const char *words)
{
	graph_show(r->cli, r->style.json);
}

static void run_trace(struct repl *r, const char *words)
{
	trace_show(r->cli, r->talk, r->style.json);
}

static void run_facets(struct repl *r, const char *words)
{
	char *last = *words ? NULL : last_question(r);

	words = last ? last : words;
	if (*words)
		facets_show(r->cli, words, r->conference, r->now, r->style.json);
	else
		cli_say(STATUS_USAGE, "/facets needs words, or a question asked before: WORDS or "
				      "WORDS | part of a name");
	free(last);
}

/* --- The table ----------------------------------------------------------------------- */

static const struct slash *slashes(size_t *n)
{
	static const struct slash table[] = {
		{ "conference", "ID|NAME", "asks about that conference; without words, lists them",
		  run_conference },
		{ "facets", "[WORDS [| NAME]]",
		  "how near words, or the last question, are to each facet of what they find, or "
		  "of one record",
		  run_facets },
		{ "graph", "", "the steps an answer goes through", run_graph },
		{ "help", "", "this list", run_help },
		{ "json", "on|off", "answers and results as JSON", run_json },
		{ "new", "", "forgets what was said: a new conversation", run_new },
		{ "now", "TIME|off", "answers as of that time, such as 2027-05-20T10:00:00+02:00",
		  run_now },
		{ "quit", "", "leaves", run_quit },
		{ "search", "[WORDS]",
		  "the search itself for words or the last question; takes its options, too",
		  run_search },
		{ "trace", "",
		  "how the last answer was made: its steps, their times, what each found",
		  run_trace },
		{ "why", "[WORDS]", "the same, with what each rank comes from", run_why },
	};

	*n = sizeof(table) / sizeof(table[0]);
	return table;
}

void repl_command(struct repl *r, const char *line)
{
	size_t len = strcspn(line + 1, " \t"), n;
	const char *words = line + 1 + len;
	const struct slash *s = slashes(&n);

	words += strspn(words, " \t");
	for (size_t i = 0; i < n; i++) {
		if (strlen(s[i].name) == len && !memcmp(s[i].name, line + 1, len)) {
			s[i].run(r, words);
			fflush(out_of(r));
			return;
		}
	}
	cli_say(STATUS_USAGE, "there is no such command; /help lists those there are");
}

/* --- Tab ------------------------------------------------------------------------------ */

static size_t complete_conference(struct repl *r, const char *line, const char **choices,
				  size_t max)
{
	static const char lead[] = "/conference ";
	size_t n = 0;

	for (size_t i = 0; i < r->conferences.n && n < max; i++) {
		char *choice = NULL;

		if (asprintf(&choice, "%s%s", lead, conferences_name(&r->conferences, i)) < 0)
			break;
		if (strncasecmp(choice, line, strlen(line)) == 0) {
			free(r->choices[n]);
			r->choices[n] = choice;
			choices[n++] = choice;
		} else {
			free(choice);
		}
	}
	return n;
}

/* The option that is being typed behind /search or /why. */
static size_t complete_option(struct repl *r, const char *line, const char **choices, size_t max)
{
	const char *word = strrchr(line, ' ') + 1;
	const struct command *search = command_find("search");
	size_t n = 0;

	if (strncmp(word, "--", 2) != 0)
		return 0;
	for (int i = 0; i < N_OPTIONS && n < max; i++) {
		char *choice = NULL;

		if (!(search->options & OPTION_BIT(i)) || i == OPTION_URL ||
		    strncmp(option_specs[i].name, word + 2, strlen(word + 2)) != 0)
			continue;
		if (asprintf(&choice, "%.*s--%s ", (int)(word - line), line, option_specs[i].name) <
		    0)
			break;
		free(r->choices[n]);
		r->choices[n] = choice;
		choices[n++] = choice;
	}
	return n;
}

size_t repl_complete(void *ctx, const char *line, const char **choices, size_t max)
{
	struct repl *r = ctx;
	size_t n, found = 0;
	const struct slash *s = slashes(&n);

	max = max < REPL_CHOICES ? max : REPL_CHOICES;
	if (line[0] != '/')
		return 0;
	if (!strncmp(line, "/conference ", 12))
		return complete_conference(r, line, choices, max);
	if (!strncmp(line, "/search ", 8) || !strncmp(line, "/why ", 5))
		return complete_option(r, line, choices, max);
	for (size_t i = 0; i < n && found < max; i++) {
		char *choice = NULL;

		if (strncmp(s[i].name, line + 1, strlen(line + 1)) != 0)
			continue;
		if (asprintf(&choice, "/%s%s", s[i].name, *s[i].words ? " " : "") < 0)
			break;
		free(r->choices[found]);
		r->choices[found] = choice;
		choices[found++] = choice;
	}
	return found;
}
