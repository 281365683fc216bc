/*
 * cmd_doctor.c - the library's findings about this set-up, worst first.
 */
#include <stdbool.h>
#include <string.h>
#include "commands.h"
#include "json.h"
#include "text.h"

static const struct level {
	const char *name;
	enum style style;
} levels[] = {
	{ "error", STYLE_RED },
	{ "warning", STYLE_YELLOW },
	{ "ok", STYLE_GREEN },
};

static void show_finding(const struct cli *cli, const struct level *l, struct json_object *finding)
{
	const char *todo = json_text(finding, "do");

	printf("%s%-8s%s ", terminal_style(&cli->terminal, l->style), l->name,
	       terminal_style(&cli->terminal, STYLE_PLAIN));
	text_put(stdout, json_text(finding, "what"), -1);
	if (*todo) {
		printf("\n%9s", "");
		text_put(stdout, todo, -1);
	}
	putchar('\n');
}

/* Whether there was an error among them. */
static bool show(const struct cli *cli, struct json_object *report)
{
	size_t n = json_count(report, "findings"), errors = 0;

	for (size_t l = 0; l < sizeof(levels) / sizeof(levels[0]); l++) {
		for (size_t i = 0; i < n; i++) {
			struct json_object *finding = json_at(report, "findings", i);

			if (strcmp(json_text(finding, "level"), levels[l].name) != 0)
				continue;
			errors += l == 0;
			if (!options_has(&cli->options, OPTION_JSON))
				show_finding(cli, &levels[l], finding);
		}
	}
	return errors > 0;
}

/* {"status","checks"} of a server as findings. */
static struct json_object *findings_of(struct json_object *ready)
{
	struct json_object *report = json_object_new_object(), *list = json_object_new_array();
	struct json_object *checks = json_member(ready, "checks");

	json_object_object_add(report, "findings", list);
	json_object_object_add(report, "status",
			       json_object_new_string(json_text(ready, "status")));
	if (!checks)
		return report;
	json_object_object_foreach(checks, name, state)
	{
		const char *text = json_object_get_string(state);
		bool good = !strcmp(text, "ok"), weak = !strcmp(text, "degraded");
		struct json_object *o = json_object_new_object();
		char what[120];

		snprintf(what, sizeof(what), "The server's %.60s is %.40s.", name, text);
		json_object_object_add(o, "level",
				       json_object_new_string(good   ? "ok"
							      : weak ? "warning"
								     : "error"));
		json_object_object_add(o, "what", json_object_new_string(what));
		json_object_object_add(
			o, "do",
			json_object_new_string(
				good ? "" : "erleah-cli doctor on its machine says more."));
		json_object_array_add(list, o);
	}
	return report;
}

static int ask_server(struct cli *cli)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct json_object *ready = NULL, *report;
	bool bad;

	if (cli->client->ops->ready(cli->client, &ready, &err) < 0)
		return cli_complain(&err);
	report = findings_of(ready);
	bad = strcmp(json_text(ready, "status"), "ready") != 0;
	if (options_has(&cli->options, OPTION_JSON))
		puts(json_line(report));
	bad |= show(cli, report);
	json_object_put(report);
	json_object_put(ready);
	return bad ? STATUS_FAILED : STATUS_OK;
}

int cmd_doctor(struct cli *cli)
{
	struct json_object *report;
	char *text = NULL;
	int status = cli_open(cli);

	if (!status && !cli->a)
		return ask_server(cli);
	if (!status)
		status = cli_report(cli, ASSISTANT_REPORT_DOCTOR, &text);
	if (status)
		return status;
	report = json_tokener_parse(text);
	if (options_has(&cli->options, OPTION_JSON))
		puts(text);
	if (show(cli, report))
		status = STATUS_FAILED;
	json_object_put(report);
	assistant_free(text);
	return status;
}
