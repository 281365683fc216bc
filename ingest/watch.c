/*
 * watch.c - a conference follows its Directus until a signal ends it.
 *
 *	moved? --no--> wait ---------------------------------------+
 *	  ^  yes --> still moving? wait --> ingest --failed--> wait, longer each time
 *	  +--------------------------------------------------------+
 *
 * Whatever fails, what was ingested stays; it is tried again, and said once.
 */
#include "directus.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "commit.h"

#define LOOK_TIMEOUT_MS 10000
#define SETTLED_MS	2000 /* without a change, an editor's or a script's work is taken for done */
#define SETTLING_MAX_MS 30000
#define PAUSE_MAX_MS	300000

struct watch {
	const struct options *options;
	assistant *a;
	int every_ms, pause_ms;
	bool failing;
	char said[512]; /* of what fails */
};

static int signal_came;

static void signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
}

void directus_watch_signals(void)
{
	sigset_t set;

	signals(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* The signal that came, at the latest after ms; 0: none. */
static int wait_ms(int ms)
{
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000L };
	sigset_t set;
	int number;

	signals(&set);
	if (!signal_came) {
		number = sigtimedwait(&set, NULL, &t);
		signal_came = number > 0 ? number : 0;
	}
	return signal_came;
}

static int stopped(void)
{
	return wait_ms(0);
}

static void failed(struct watch *w, const char *sentence)
{
	if (!w->failing || strcmp(w->said, sentence) != 0)
		fprintf(stderr, "Directus: %s What was ingested stays; it is tried again.\n",
			sentence);
	snprintf(w->said, sizeof(w->said), "%s", sentence);
	w->failing = true;
	w->pause_ms = 2 * w->pause_ms < PAUSE_MAX_MS ? 2 * w->pause_ms : PAUSE_MAX_MS;
}

static void went_well(struct watch *w)
{
	if (w->failing && !w->options->quiet)
		puts("Directus: all is well again.");
	fflush(stdout);
	w->failing = false;
	w->pause_ms = w->every_ms;
}

static bool look(struct watch *w, char mark[ASSISTANT_MARK_SIZE])
{
	assistant_error err = ASSISTANT_ERROR_INIT;

	if (assistant_ingest_moved(w->a, w->options->conference, LOOK_TIMEOUT_MS, mark, &err) == 0)
		return true;
	failed(w, err.message);
	return false;
}

/* Whoever imports a programme writes for a while: one ingest is enough.  False: not now. */
static bool settled(struct watch *w, char mark[ASSISTANT_MARK_SIZE])
{
	char before[ASSISTANT_MARK_SIZE];

	for (int waited = 0; waited < SETTLING_MAX_MS; waited += SETTLED_MS) {
		snprintf(before, sizeof(before), "%s", mark);
		if (wait_ms(SETTLED_MS) || !look(w, mark))
			return false;
		if (!strcmp(before, mark))
			return true;
	}
	return true;
}

static void ingest(struct watch *w, struct progress *bar)
{
	struct commit c = {
		.ingest = directus_begin(w->options, w->a),
		.name = "Directus",
		.bar = bar,
		.quiet = w->options->quiet,
		.only_changes = true,
		.stopped = stopped,
	};
	char problem[sizeof(w->said)] = "";
	int status = 1;

	c.problem = problem;
	c.problem_size = sizeof(problem);
	if (c.ingest)
		status = commit_run(&c);
	assistant_ingest_free(c.ingest);
	if (status == 0)
		went_well(w);
	else if (!signal_came)
		failed(w, problem);
}

int directus_watch(const struct options *o, assistant *a, int every_ms)
{
	struct watch w = { .options = o, .a = a, .every_ms = every_ms, .pause_ms = every_ms };
	bool first = true;
	struct progress bar;
	char mark[ASSISTANT_MARK_SIZE];

	progress_begin(&bar, o->quiet);
	while (!stopped()) {
		if (look(&w, mark)) {
			if (!mark[0])
				went_well(&w);
			else if (first || settled(&w, mark))
				ingest(&w, &bar);
			first = false;
		}
		wait_ms(w.pause_ms);
	}
	progress_end(&bar);
	return 0;
}
