/*
 * open.c - settings, the assistant, and what the library says on its way.
 *
 * The library's log is for servers: here a person reads, so only warnings and errors appear, unless
 * --verbose asks for all of it.
 */
#include "cli.h"

#include <stdio.h>
#include <string.h>
#include "conferences.h"
#include "interrupt.h"

#define REPORT_TIMEOUT_MS 15000
#define CLOSE_GRACE_MS	  2000
#define LEVEL_WARNING	  1

int cli_say(int status, const char *sentence)
{
	fprintf(stderr, "erleah-cli: %s\n", sentence);
	return status;
}

int cli_complain(const assistant_error *err)
{
	const char *sentence = *err->message ? err->message : assistant_strerror(err->code);
	bool usage = err->code == ASSISTANT_ECONFIG || err->code == ASSISTANT_EINVAL;

	return cli_say(usage ? STATUS_USAGE : STATUS_FAILED, sentence);
}

static void log_line(void *user, int level, const char *line)
{
	const struct cli *cli = user;

	if (level <= LEVEL_WARNING || options_has(&cli->options, OPTION_VERBOSE))
		fprintf(stderr, "%s\n", line);
}

int cli_configure(struct cli *cli)
{
	assistant_error err = ASSISTANT_ERROR_INIT;

	if (assistant_config_new(&cli->config) < 0)
		return cli_say(STATUS_FAILED, "Out of memory.");
	assistant_config_set_log(cli->config, log_line, cli);
	/* What the environment does not say: people read the log, and one person asks. */
	assistant_config_set(cli->config, "LOG_FORMAT", "console", NULL);
	assistant_config_set(cli->config, "RATE_LIMIT_CONVERSATION_PER_MINUTE", "0", NULL);
	if (assistant_config_load_env(cli->config, &err) < 0)
		return cli_complain(&err);
	return STATUS_OK;
}

int cli_open(struct cli *cli)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	const char *url = cli->options.values[OPTION_URL];
	int status = url ? STATUS_OK : cli_configure(cli), r;
	sigset_t before;

	if (status)
		return status;
	if (url) {
		r = client_remote_create(url, &cli->client, &err);
		return r < 0 ? cli_complain(&err) : STATUS_OK;
	}
	interrupt_shield(&before);
	r = assistant_open(&cli->a, cli->config, &err);
	interrupt_unshield(&before);
	if (r == 0)
		r = client_local_create(cli->a, &cli->client, &err);
	return r < 0 ? cli_complain(&err) : STATUS_OK;
}

int cli_need_conference(struct cli *cli)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct conferences c;
	const char *data = "";
	char sentence[400];
	bool none;

	if (conferences_load(&c, cli->client, &err) < 0)
		return cli_complain(&err);
	none = c.rows && !c.n;
	conferences_finish(&c);
	if (!none)
		return STATUS_OK;
	if (!cli->a)
		return cli_say(STATUS_FAILED, "the server has no conference loaded");
	assistant_config_get(cli->config, "ERLEAH_DATA", &data);
	snprintf(sentence, sizeof(sentence),
		 "no conference is loaded in %.250s (the setting ERLEAH_DATA); erleah-ingest all "
		 "FILE loads one",
		 data);
	return cli_say(STATUS_FAILED, sentence);
}

int cli_talk(struct cli *cli, const char *conference, const char *now, struct talk **talk)
{
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct talk *t = NULL;
	int r = cli->client->ops->talk(cli->client, &t, &err);

	if (r == 0 && conference)
		r = t->ops->set(t, "conference", conference, &err);
	if (r == 0 && now)
		r = t->ops->set(t, "now", now, &err);
	if (r < 0) {
		talk_destroy(t);
		return cli_complain(&err);
	}
	*talk = t;
	return STATUS_OK;
}

void cli_close(struct cli *cli)
{
	client_destroy(cli->client);
	assistant_close(cli->a, CLOSE_GRACE_MS);
	assistant_config_free(cli->config);
	cli->client = NULL;
	cli->a = NULL;
	cli->config = NULL;
}

int cli_report(struct cli *cli, int what, char **text)
{
	assistant_error err = ASSISTANT_ERROR_INIT;

	if (!cli->a)
		return cli_say(STATUS_FAILED,
			       "a server does not tell that; without --url it is told "
			       "of this machine's settings");
	if (assistant_report(cli->a, what, REPORT_TIMEOUT_MS, text, &err) < 0)
		return cli_complain(&err);
	return STATUS_OK;
}
