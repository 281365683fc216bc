/*
 * cmd_settings.c - every setting with the value in force, or the defaults as a .env file.
 *
 * Opens nothing: it also tells what is set when the assistant cannot start.  Secrets are never shown.
 */
#include <json-c/json.h>
#include <string.h>
#include "commands.h"
#include "text.h"

#define NAME_COLUMNS 36

static const char *shown_value(const struct cli *cli, const assistant_setting *s)
{
	const char *value = "";

	assistant_config_get(cli->config, s->name, &value);
	return !strcmp(s->type, "secret") && *value ? "(set)" : value;
}

static void show_row(const struct cli *cli, const assistant_setting *s)
{
	const char *value = shown_value(cli, s);
	bool differs = strcmp(value, s->fallback) != 0;

	fputs(differs ? terminal_style(&cli->terminal, STYLE_BOLD) : "", stdout);
	printf("%c ", differs ? '*' : ' ');
	text_pad(stdout, s->name, NAME_COLUMNS);
	fputs(" ", stdout);
	text_put(stdout, *value ? value : "-", -1);
	fputs(differs ? terminal_style(&cli->terminal, STYLE_PLAIN) : "", stdout);
	printf("\n    %s", terminal_style(&cli->terminal, STYLE_DIM));
	text_put(stdout, s->sentence, -1);
	printf(" (%s)%s\n", s->type, terminal_style(&cli->terminal, STYLE_PLAIN));
}

static void show_table(const struct cli *cli)
{
	const char *section = "";
	assistant_setting s;

	for (int i = 0; assistant_config_iterate(i, &s) == ASSISTANT_OK; i++) {
		if (strcmp(section, s.section) != 0)
			printf("%s--- %s ---\n", i ? "\n" : "", s.section);
		section = s.section;
		show_row(cli, &s);
	}
	puts("\n* differs from the default");
}

/* The same lines as .env.example. */
static void show_defaults(void)
{
	const char *section = "";
	assistant_setting s;

	puts("# Every setting with its default.  Copy to .env and uncomment what should differ.");
	for (int i = 0; assistant_config_iterate(i, &s) == ASSISTANT_OK; i++) {
		if (strcmp(section, s.section) != 0)
			printf("\n# --- %s ---\n", s.section);
		section = s.section;
		printf("\n# %s (%s)\n#%s=%s\n", s.sentence, s.type, s.name, s.fallback);
	}
}

static void show_json(const struct cli *cli)
{
	struct json_object *o = json_object_new_object();
	assistant_setting s;

	for (int i = 0; assistant_config_iterate(i, &s) == ASSISTANT_OK; i++) {
		struct json_object *row = json_object_new_object();

		json_object_object_add(row, "value", json_object_new_string(shown_value(cli, &s)));
		json_object_object_add(row, "default", json_object_new_string(s.fallback));
		json_object_object_add(row, "type", json_object_new_string(s.type));
		json_object_object_add(o, s.name, row);
	}
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

int cmd_settings(struct cli *cli)
{
	assistant_error err = ASSISTANT_ERROR_INIT;

	if (options_has(&cli->options, OPTION_DEFAULTS)) {
		show_defaults();
		return STATUS_OK;
	}
	if (assistant_config_new(&cli->config) < 0)
		return cli_say(STATUS_FAILED, "Out of memory.");
	if (assistant_config_load_env(cli->config, &err) < 0)
		return cli_complain(&err);
	if (options_has(&cli->options, OPTION_JSON))
		show_json(cli);
	else
		show_table(cli);
	return STATUS_OK;
}
