/*
 * main.c - erleah-server: settings, library, port; then it waits for a signal to end.
 *
 * Exit codes: 0 ended as asked, 1 could not serve, 2 a setting or an option is wrong.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "clean.h"
#include "health.h"
#include "json.h"
#include "options.h"
#include "server.h"

static void config_cleanup(assistant_config **c)
{
	assistant_config_free(*c);
}

/* Every thread of the program leaves these to the one that waits for them. */
static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Waits a moment; true: the second signal came, which means now. */
static bool is_hurried(void *data)
{
	const struct timespec moment = { .tv_nsec = 20 * 1000 * 1000 };

	return sigtimedwait(data, NULL, &moment) > 0;
}

static void say_ready(const struct settings *s)
{
	const char *host = s->host;

	if (!strcmp(host, "0.0.0.0") || !strcmp(host, "::") || !strcmp(host, "127.0.0.1"))
		host = "localhost";
	printf(strchr(host, ':') ? "Erleah is ready: http://[%s]:%d/\n"
				 : "Erleah is ready: http://%s:%d/\n",
	       host, s->port);
	fflush(stdout);
}

/* Ends what is open and then the library: answers under way are completed with the text there is. */
static void end(struct server *s, int number, sigset_t *signals)
{
	char fields[80];

	snprintf(fields, sizeof(fields), "{\"signal\":\"%s\",\"grace_ms\":%d}",
		 number == SIGINT ? "SIGINT" : "SIGTERM", s->settings.drain_grace_ms);
	assistant_log(s->assistant, 2, "server.drain", fields);
	server_drain(s, s->settings.drain_grace_ms, is_hurried, signals);
	server_stop(s);
	assistant_log(s->assistant, 2, "server.end", NULL);
	assistant_close(s->assistant, 0);
}

static int serve(assistant_config *config, const struct settings *settings)
{
	struct server server = { .settings = *settings, .ending_fd = -1 };
	assistant_error err = ASSISTANT_ERROR_INIT;
	sigset_t signals;
	int number;

	block_signals(&signals);
	assistant_config_set_serving(config, 1);
	if (assistant_open(&server.assistant, config, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return err.code == ASSISTANT_ECONFIG ? 2 : 1;
	}
	if (server_start(&server, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		server_stop(&server);
		assistant_close(server.assistant, 0);
		return 1;
	}
	say_ready(settings);
	while (sigwait(&signals, &number) == EINTR)
		;
	end(&server, number, &signals);
	return 0;
}

/* Prints what the doctor found; how many of it are errors. */
static int print_findings(const char *report)
{
	_cleanup_json_ struct json j = { 0 };
	const struct json_node *each;
	int n_errors = 0;

	if (json_read(&j, report, strlen(report), NULL) < 0)
		return 1;
	each = json_first(&j, json_member(&j, json_root(&j), "findings"));
	if (!each)
		printf("Everything is as it should be.\n");
	for (; each; each = json_after(&j, each)) {
		char level[16] = "", what[512] = "", todo[512] = "";

		json_copy(&j, json_member(&j, each, "level"), level, sizeof(level));
		json_copy(&j, json_member(&j, each, "what"), what, sizeof(what));
		json_copy(&j, json_member(&j, each, "do"), todo, sizeof(todo));
		printf("%s: %s %s\n", level, what, todo);
		n_errors += !strcmp(level, "error");
	}
	return n_errors;
}

/* Opens what serving would open and says what is not as it should be. */
static int check(const assistant_config *config)
{
	_cleanup_answer_ char *report = NULL;
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant *a;
	bool good;

	if (assistant_open(&a, config, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return err.code == ASSISTANT_ECONFIG ? 2 : 1;
	}
	good = assistant_report(a, ASSISTANT_REPORT_DOCTOR, 5000, &report, &err) == 0;
	if (!good)
		fprintf(stderr, "%s\n", err.message);
	else
		good = print_findings(report) == 0;
	assistant_close(a, 0);
	return good ? 0 : 1;
}

int main(int argc, char **argv)
{
	_cleanup_(config_cleanup) assistant_config *config = NULL;
	assistant_error err = ASSISTANT_ERROR_INIT;
	struct settings settings;
	const char *health_url = NULL;
	enum options_action action;

	if (assistant_config_new(&config) < 0) {
		fprintf(stderr, "There is no memory to start.\n");
		return 1;
	}
	if (assistant_config_load_env(config, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return 2;
	}
	action = options_read(argc, argv, config, &health_url, stdout, stderr);
	if (action == OPTIONS_DONE || action == OPTIONS_WRONG)
		return action == OPTIONS_DONE ? 0 : 2;
	if (settings_read(config, &settings, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return 2;
	}
	if (action == OPTIONS_HEALTH)
		return health_probe(health_url, &settings);
	if (action == OPTIONS_CHECK)
		return check(config);
	/* Rows that a process left behind when it died are this program's to finish. */
	assistant_config_set_serving(config, 1);
	return serve(config, &settings);
}
