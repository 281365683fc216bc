/*
 * commit.c - see commit.h.
 */
#include "commit.h"

#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include "report.h"

static volatile sig_atomic_t stopped_by;

static void stop(int signal_number)
{
	stopped_by = signal_number;
}

/* A second signal ends the program at once, which loses nothing either. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = stop, .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static int caught(void)
{
	return (int)stopped_by;
}

struct running {
	const struct commit *c;
	int (*stopped)(void);
	int signal;
};

static void show_progress(void *user, const char *phase, size_t done, size_t total)
{
	struct running *r = user;

	progress_show(r->c->bar, phase, done, total);
	if (!r->signal)
		r->signal = r->stopped();
	if (r->signal)
		assistant_ingest_cancel(r->c->ingest);
}

static bool is_unchanged(const char *report)
{
	struct json_object *o = json_tokener_parse(report), *v = NULL;
	bool unchanged;

	json_object_object_get_ex(o, "unchanged", &v);
	unchanged = json_object_get_boolean(v);
	json_object_put(o);
	return unchanged;
}

int commit_run(const struct commit *c)
{
	struct running r = { .c = c, .stopped = c->stopped ? c->stopped : caught };
	assistant_error err = ASSISTANT_ERROR_INIT;
	char *report = NULL;
	int code;

	if (!c->stopped)
		catch_signals();
	if (c->dry_run)
		code = assistant_ingest_check(c->ingest, &report, &err);
	else
		code = assistant_ingest_commit(c->ingest, show_progress, &r, &report, &err);
	progress_end(c->bar);
	if (code == ASSISTANT_ECANCELED) {
		if (!c->stopped)
			fprintf(stderr,
				"Stopped; nothing was written. What was embedded is kept: the same "
				"command goes on from there.\n");
		return 128 + r.signal;
	}
	if (code < 0 && c->problem)
		snprintf(c->problem, c->problem_size, "%s", err.message);
	else if (code < 0)
		fprintf(stderr, "%s: %s\n", c->name, err.message);
	else if (!c->quiet && !(c->only_changes && is_unchanged(report)))
		report_show(c->name, report, c->dry_run);
	assistant_free(report);
	return code < 0 ? 1 : 0;
}
