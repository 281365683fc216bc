/*
 * cmd_search.c - the search itself, without an answer around it.
 */
#include "cmd_search.h"

#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "json.h"
#include "results.h"

static const enum option_id filters[] = {
	OPTION_DAY,	OPTION_FROM, OPTION_TO,	   OPTION_PLACE,    OPTION_TRACK,
	OPTION_SPEAKER, OPTION_TYPE, OPTION_LEVEL, OPTION_LANGUAGE,
};

static void put_text(struct json_object *o, const char *key, const char *value)
{
	if (value)
		json_object_object_add(o, key, json_object_new_string(value));
}

int search_run(struct cli *cli, struct json_object *query, bool json, bool why)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct json_object *result;
	size_t n;

	if (why)
		json_object_object_add(query, "why", json_object_new_boolean(1));
	if (cli->client->ops->search(cli->client, json_line(query), &result, &err) < 0)
		return cli_complain(&err);
	n = json_count(result, "results");
	terminal_measure(&cli->terminal);
	if (json)
		puts(json_line(result));
	else
		results_show(&cli->terminal, result, why);
	fflush(stdout);
	json_object_put(result);
	return n ? STATUS_OK : STATUS_NONE;
}

/* A number from 1 to 100, or -1. */
static long read_limit(const char *text)
{
	char *end;
	long limit = strtol(text, &end, 10);

	return *end || limit < 1 || limit > 100 ? -1 : limit;
}

static const char *given(const struct options *o, enum option_id id, const char *otherwise)
{
	return o->values[id] ? o->values[id] : otherwise;
}

int search_query(const struct options *o, const char *conference, const char *now,
		 struct json_object **out)
{
	struct json_object *query, *wanted;
	const char *limit = o->values[OPTION_LIMIT];
	char *words;

	if (limit && read_limit(limit) < 0)
		return cli_say(STATUS_USAGE, "--limit takes a number from 1 to 100");
	query = json_object_new_object();
	wanted = json_object_new_object();
	words = options_join(o);
	put_text(query, "q", words);
	put_text(query, "conference_id", given(o, OPTION_CONFERENCE, conference));
	put_text(query, "now", given(o, OPTION_NOW, now));
	put_text(query, "entity", o->values[OPTION_ENTITY]);
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		put_text(wanted, option_specs[filters[i]].name, o->values[filters[i]]);
	json_object_object_add(query, "filters", wanted);
	json_object_object_add(query, "raw", json_object_new_boolean(options_has(o, OPTION_RAW)));
	if (limit)
		json_object_object_add(query, "limit", json_object_new_int64(read_limit(limit)));
	free(words);
	*out = query;
	return STATUS_OK;
}

int cmd_search(struct cli *cli)
{
	const struct options *o = &cli->options;
	struct json_object *query = NULL;
	int status = search_query(o, NULL, NULL, &query);

	if (!status)
		status = cli_open(cli);
	if (!status)
		status = cli_need_conference(cli);
	if (!status)
		status = search_run(cli, query, options_has(o, OPTION_JSON),
				    options_has(o, OPTION_WHY));
	json_object_put(query);
	return status;
}
