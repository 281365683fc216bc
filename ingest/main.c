/*
 * main.c - erleah-ingest: loads a conference, proves that it is there.
 */
#include <assistant.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include "directus.h"
#include "options.h"
#include "source.h"

#define VERIFY_TIMEOUT_MS 60000

static int complain(const assistant_error *err)
{
	fprintf(stderr, "erleah-ingest: %s\n", err->message);
	return err->code == ASSISTANT_ECONFIG ? 2 : 1;
}

static int verify(assistant *a, const struct options *o)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct json_object *report, *ok = NULL, *findings = NULL;
	char *text;
	int good;

	if (assistant_ingest_verify(a, o->conference, VERIFY_TIMEOUT_MS, &text, &err) < 0)
		return complain(&err);
	report = json_tokener_parse(text);
	json_object_object_get_ex(report, "ok", &ok);
	json_object_object_get_ex(report, "findings", &findings);
	good = json_object_get_boolean(ok);
	for (size_t i = 0; findings && i < json_object_array_length(findings); i++)
		fprintf(stderr, "%s\n",
			json_object_get_string(json_object_array_get_idx(findings, i)));
	puts(good ? "The index holds exactly the store's records."
		  : "The index differs from the store: load the conference again.");
	json_object_put(report);
	assistant_free(text);
	if (good && o->from_directus)
		return directus_verify(o, a);
	return good ? 0 : 1;
}

/* Without a level of their own, log lines would stand between progress and messages. */
static void quiet_log(void *user, int level, const char *line)
{
	if (level == 0)
		fprintf(stderr, "%s\n", line);
}

static int check_ms(const assistant_config *c)
{
	const char *set = NULL;
	long ms = 0;

	if (assistant_config_get(c, "DIRECTUS_CHECK_MS", &set) == 0 && set)
		ms = strtol(set, NULL, 10);
	return ms > 0 ? (int)ms : 1000;
}

static int run(const struct options *o, struct source *source)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_config *c = NULL;
	assistant *a = NULL;
	int status;

	if (assistant_config_new(&c) < 0)
		return 1;
	assistant_config_set_log(c, quiet_log, NULL);
	assistant_config_set(c, "LOG_FORMAT", "console", NULL);
	assistant_config_set_loading(c, o->command == COMMAND_LOAD || o->from_directus);
	if (assistant_config_load_env(c, &err) < 0 || assistant_open(&a, c, &err) < 0)
		status = complain(&err);
	else if (o->command == COMMAND_VERIFY)
		status = verify(a, o);
	else if (o->watch)
		status = directus_watch(o, a, check_ms(c));
	else if (o->from_directus)
		status = directus_ingest(o, a);
	else
		status = source_ingest(source, a);
	assistant_close(a, 0);
	assistant_config_free(c);
	return status;
}

int main(int argc, char **argv)
{
	struct source *source = NULL;
	struct options o;
	int status = options_parse(&o, argc, argv);

	if (status)
		return status - 1;
	if (o.watch)
		directus_watch_signals();
	if (o.command == COMMAND_LOAD && !o.from_directus) {
		source = source_open(&o);
		if (!source)
			return 1;
	}
	status = run(&o, source);
	source_close(source);
	return status;
}
