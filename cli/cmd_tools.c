/*
 * cmd_tools.c - the tools that a turn may use, and what they take.
 */
#include <string.h>
#include "commands.h"
#include "json.h"
#include "text.h"

#define NAME_COLUMNS 14

static void show_parameter(const struct cli *cli, const char *name, struct json_object *schema)
{
	const char *type = json_text(schema, "type"), *sentence = json_text(schema, "description");

	fputs("  ", stdout);
	text_pad(stdout, name, NAME_COLUMNS);
	printf(" %s%-8s%s ", terminal_style(&cli->terminal, STYLE_DIM), type,
	       terminal_style(&cli->terminal, STYLE_PLAIN));
	text_put(stdout, sentence, -1);
	putchar('\n');
}

static void show_tool(const struct cli *cli, struct json_object *tool)
{
	struct json_object *schema = json_member(tool, "schema"), *properties;

	if (!schema)
		schema = json_member(tool, "input_schema");
	properties = json_member(schema, "properties");
	fputs(terminal_style(&cli->terminal, STYLE_BOLD), stdout);
	text_put(stdout, json_text(tool, "name"), -1);
	printf("%s\n  ", terminal_style(&cli->terminal, STYLE_PLAIN));
	text_put(stdout, json_text(tool, "description"), -1);
	putchar('\n');
	if (!json_object_is_type(properties, json_type_object))
		return;
	json_object_object_foreach(properties, key, value)
	{
		show_parameter(cli, key, value);
	}
}

static void show(const struct cli *cli, const char *text)
{
	struct json_object *tools = json_tokener_parse(text);

	for (size_t i = 0; i < json_object_array_length(tools); i++) {
		if (i)
			putchar('\n');
		show_tool(cli, json_object_array_get_idx(tools, i));
	}
	json_object_put(tools);
}

int cmd_tools(struct cli *cli)
{
	char *text = NULL;
	int status = cli_open(cli);

	if (!status)
		status = cli_report(cli, ASSISTANT_REPORT_TOOLS, &text);
	if (!status && options_has(&cli->options, OPTION_JSON))
		puts(text);
	else if (!status)
		show(cli, text);
	assistant_free(text);
	return status;
}
