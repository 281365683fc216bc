/*
 * cmd_health.c - whether a server answers: what a container's HEALTHCHECK asks every few seconds.
 *
 * Opens neither the store nor the library's threads.
 */
#include <string.h>
#include "commands.h"
#include "http_get.h"
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

static int judge(int http_status, const char *body)
{
	struct json_object *o = json_tokener_parse(body);
	bool ours = !strcmp(json_text(o, "service"), "erleah-mini-assistant");
	bool healthy = ours && !strcmp(json_text(o, "status"), "healthy");
	char sentence[120];

	if (http_status == 200 && healthy) {
		printf("healthy, version %s\n", json_text(o, "version"));
		json_object_put(o);
		return STATUS_OK;
	}
	if (http_status == 200)
		snprintf(sentence, sizeof(sentence),
			 ours ? "The server says that it is not healthy."
			      : "Something else than Erleah answers there.");
	else
		snprintf(sentence, sizeof(sentence), "The server answers with HTTP status %d.",
			 http_status);
	json_object_put(o);
	return cli_say(STATUS_FAILED, sentence);
}

/* http://host and http://host/prefix/ both have health below them. */
static int add_health(struct http_url *url)
{
	size_t len = strlen(url->path);
	const char *slash = url->path[len - 1] == '/' ? "" : "/";
	int n = snprintf(url->path + len, sizeof(url->path) - len, "%shealth", slash);

	return (size_t)n < sizeof(url->path) - len ? 0 : -1;
}

int cmd_health(struct cli *cli)
{
	const char *given = cli->options.values[OPTION_URL];
	char address[400], body[4096], error[300];
	struct http_url url;
	int status = given ? STATUS_OK : cli_configure(cli), http_status;

	if (status)
		return status;
	if (!given)
		own_server(cli, address, sizeof(address));
	if (http_url_parse(given ? given : address, &url, error, sizeof(error)) < 0)
		return cli_say(STATUS_USAGE, error);
	if (add_health(&url) < 0)
		return cli_say(STATUS_USAGE, "the address is too long");
	http_status = http_get(&url, TIMEOUT_MS, body, sizeof(body), error, sizeof(error));
	return http_status < 0 ? cli_say(STATUS_FAILED, error) : judge(http_status, body);
}
