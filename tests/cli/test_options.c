/*
 * test_options.c - the command line: options, words, and which command takes which.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"

/* Splits at blanks; '_' stands for a blank inside a word, "''" for an empty one. */
static int parse(struct options *o, const char *line)
{
	static char text[1000];
	static char *argv[40];
	int argc = 1;

	argv[0] = (char *)"erleah-cli";
	snprintf(text, sizeof(text), "%s", line);
	for (char *word = text, *next; word; word = next) {
		next = strchr(word, ' ');
		if (next)
			*next++ = '\0';
		if (!*word)
			continue;
		for (char *c = word; *c; c++)
			if (*c == '_')
				*c = ' ';
		argv[argc++] = strcmp(word, "''") ? word : (char *)"";
	}
	argv[argc] = NULL;
	return options_parse(o, argc, argv);
}

static void words_and_options(void **state)
{
	struct options o;
	char *joined;

	assert_int_equal(parse(&o, "search heat --limit 5 pumps --json --entity=speakers"), 0);
	assert_string_equal(o.command, "search");
	assert_int_equal(o.n_words, 2);
	assert_string_equal(o.values[OPTION_LIMIT], "5");
	assert_string_equal(o.values[OPTION_ENTITY], "speakers");
	assert_true(options_has(&o, OPTION_JSON));
	assert_false(options_has(&o, OPTION_WHY));
	assert_int_equal(options_given(&o), OPTION_BIT(OPTION_LIMIT) | OPTION_BIT(OPTION_ENTITY) |
						    OPTION_BIT(OPTION_JSON));
	joined = options_join(&o);
	assert_string_equal(joined, "heat pumps");
	free(joined);
	options_finish(&o);
}

static void nothing_given(void **state)
{
	struct options o;
	char *joined;

	assert_int_equal(parse(&o, ""), 0);
	assert_null(o.command);
	assert_int_equal(options_given(&o), 0);
	joined = options_join(&o);
	assert_string_equal(joined, "");
	free(joined);
	options_finish(&o);
}

static void a_value_may_look_like_anything(void **state)
{
	struct options o;

	assert_int_equal(parse(&o, "ask --conference --odd --now=a=b what"), 0);
	assert_string_equal(o.values[OPTION_CONFERENCE], "--odd");
	assert_string_equal(o.values[OPTION_NOW], "a=b");
	assert_string_equal(o.words[0], "what");
	options_finish(&o);
}

static void after_two_dashes_all_are_words(void **state)
{
	struct options o;

	assert_int_equal(parse(&o, "ask -- --json -x"), 0);
	assert_string_equal(o.command, "ask");
	assert_int_equal(o.n_words, 2);
	assert_string_equal(o.words[0], "--json");
	assert_false(options_has(&o, OPTION_JSON));
	options_finish(&o);
	assert_int_equal(parse(&o, "ask -"), 0);
	assert_string_equal(o.words[0], "-");
	options_finish(&o);
}

static void help_has_two_names(void **state)
{
	struct options o;

	assert_int_equal(parse(&o, "-h"), 0);
	assert_true(options_has(&o, OPTION_HELP));
	options_finish(&o);
	assert_int_equal(parse(&o, "--help"), 0);
	assert_true(options_has(&o, OPTION_HELP));
	options_finish(&o);
}

static void refused(const char *line, const char *sentence)
{
	struct options o;

	assert_int_equal(parse(&o, line), -1);
	assert_string_equal(o.error, sentence);
	options_finish(&o);
}

static void wrong_options(void **state)
{
	refused("ask --nonsense", "there is no option --nonsense");
	refused("ask --jso", "there is no option --jso");
	refused("ask -json", "there is no option -json");
	refused("ask --json=yes", "--json takes no value");
	refused("ask --now", "--now needs a value: TIME");
	refused("ask --now=", "--now needs a value: TIME");
	refused("ask --now ''", "--now needs a value: TIME");
}

static void check(const char *line, const char *sentence)
{
	const struct command *c;
	struct options o;
	char error[200] = "";

	assert_int_equal(parse(&o, line), 0);
	c = command_find(o.command);
	assert_non_null(c);
	assert_int_equal(command_check(c, &o, error, sizeof(error)), *sentence ? -1 : 0);
	assert_string_equal(error, sentence);
	options_finish(&o);
}

static void what_a_command_takes(void **state)
{
	check("ask where is lunch --json --quiet --now x --conference y", "");
	check("ask", "ask needs words: QUESTION");
	check("ask x --why", "ask takes no option --why");
	check("search x --why --raw --day a --from b --to c --place d --track e --speaker f", "");
	check("search x --type g --level h --language i --limit 3 --entity all", "");
	check("search x --url y", "");
	check("search x --quiet", "search takes no option --quiet");
	check("eval f --answers --misses --scoring all --held-out 4 --save a --compare b", "");
	check("eval", "eval needs words: FILE");
	check("graph", "");
	check("graph x", "graph takes no words, and there is \"x\"");
	check("graph --verbose", "");
	check("chat --json", "");
	check("chat hello", "chat takes no words, and there is \"hello\"");
	check("health --url x", "");
	check("settings --defaults --json", "");
	assert_null(command_find("nonsense"));
	assert_null(command_find(""));
}

/* Everything that can be given is in the help of some command. */
static void help_names_everything(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	commands_help(out);
	for (const struct command *c = commands; c->name; c++)
		command_help(c, out);
	fclose(out);
	for (int i = 0; i < N_OPTIONS; i++) {
		char line[40];

		if (i == OPTION_VERSION)
			continue;
		snprintf(line, sizeof(line), "\n  --%s", option_specs[i].name);
		if (!strstr(text, line))
			fail_msg("no help names --%s", option_specs[i].name);
	}
	for (const struct command *c = commands; c->name; c++)
		assert_non_null(strstr(text, c->sentence));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_options),
		cmocka_unit_test(nothing_given),
		cmocka_unit_test(a_value_may_look_like_anything),
		cmocka_unit_test(after_two_dashes_all_are_words),
		cmocka_unit_test(help_has_two_names),
		cmocka_unit_test(wrong_options),
		cmocka_unit_test(what_a_command_takes),
		cmocka_unit_test(help_names_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
