/*
 * cmd_health.c - whether a server answers: what a container's HEALTHCHECK asks every few seconds.
 *
 * Opens neither the store nor the library's threads.
 */
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "http.h"
#include "json.h"

#define TIMEOUT_MS 2500

static const char *setting(const struct cli *cli, const char *name)
{
	const char *value = "";

	assistant_config_get(cli->config, name, &value);
	return value;
}

/* The server that these settings would start, from this machine. */
static void own_server(const struct cli *cli, char *url, size_t size)
{
	const char *host = setting(cli, "API_HOST"), *port = setting(cli, "PORT");
	bool any = !strcmp(host, "0.0.0.0") || !strcmp(host, "::") || !*host;

	snprintf(url, size, strchr(host, ':') && !any ? "http://[%s]:%s" : "http://%s:%s",
		 any ? "127.0.0.1" : host, *port ? port : setting(cli, "API_PORT"));
}

static int judge(long http_status, const char *body, bool json)
{
	struct json_object *o = json_tokener_parse(body);
	bool ours = !strcmp(json_text(o, "service"), "erleah-mini-assistant");
	bool healthy = ours && !strcmp(json_text(o, "status"), "healthy");
	char sentence[120];

	if (http_status == 200 && healthy) {
		if (json)
			printf("%s\n", json_line(o));
		else
			printf("healthy, version %s\n", json_text(o, "version"));
		json_object_put(o);
		return STATUS_OK;
	}
	if (http_status == 200)
		snprintf(sentence, sizeof(sentence),
			 ours ? "The server says that it is not healthy."
			      : "Something else than Erleah answers there.");
	else
		snprintf(sentence, sizeof(sentence), "The server answers with HTTP status %ld.",
			 http_status);
	json_object_put(o);
	return cli_say(STATUS_FAILED, sentence);
}

int cmd_health(struct cli *cli)
{
	const char *given = cli->options.values[OPTION_URL];
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct http_answer answer;
	struct http *http = NULL;
	char address[400];
	int status = given ? STATUS_OK : cli_configure(cli), r;

	if (status)
		return status;
	if (!given)
		own_server(cli, address, sizeof(address));
	r = http_create(given ? given : address, &http, &err);
	if (r == 0)
		r = http_call(http, NULL, "/health", NULL, TIMEOUT_MS, &answer, &err);
	http_destroy(http);
	if (r < 0)
		return cli_complain(&err);
	status = judge(answer.status, answer.body, options_has(&cli->options, OPTION_JSON));
	free(answer.body);
	return status;
}
