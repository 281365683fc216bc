/*
 * options.c - the command line.
 */
#include "options.h"

#include <assistant.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include "document.h"
#include "format.h"
#include "shift.h"

static const char usage[] =
	"usage: erleah-ingest all [options] FILE|FOLDER\n"
	"       erleah-ingest sessions|exhibitors|speakers|conference [options] FILE\n"
	"       erleah-ingest COMMAND --from directus [options] [CONFERENCE]\n"
	"       erleah-ingest verify [CONFERENCE]\n"
	"\n"
	"all         loads a conference into ERLEAH_DATA; servers that run on the same data go\n"
	"            over to it at once.  A file is normalised JSON, schedule XML, or JSON of\n"
	"            pretalx or Sessionize; a folder holds CSV or JSON files by kind.\n"
	"            docs/data-format.md describes them\n"
	"sessions    replaces the sessions of a conference that was loaded before; the rest stays\n"
	"exhibitors  likewise the exhibitors\n"
	"speakers    likewise the speakers\n"
	"conference  likewise its own data and its information pages\n"
	"verify      proves that the index holds exactly the store's records\n"
	"\n"
	"What was embedded before is not embedded again, nor is what a stopped run embedded.\n"
	"\n"
	"--from directus         reads DIRECTUS_URL instead of a file: docs/ingest.md.  When that "
	"is the\n"
	"                        store too, only the index is made\n"
	"--watch                 and goes on following it, until a signal ends it\n"
	"--allow-empty           believes it that a whole kind of records is gone\n"
	"--start-on today|DATE   moves the conference so that its first day is that one\n"
	"--dry-run               checks everything, says what would change, writes nothing\n"
	"--quiet                 no progress, no summary\n"
	"--format NAME           json, csv, schedule-xml, pretalx or sessionize, whatever the\n"
	"                        file looks like\n"
	"--conference-info FILE  what the source does not say of the conference: lines such as\n"
	"                        timezone = Europe/Amsterdam, or JSON or CSV; or as options:\n"
	"--name --timezone --start-date --end-date --id --description --venue --city --website\n"
	"\n"
	"Settings come from the environment: docs/settings.md.\n";

static const struct {
	const char *name;
	unsigned kinds;
	int keep_conference;
} commands[] = {
	{ "all", (1u << KIND_COUNT) - 1, 0 },
	{ "sessions", 1u << KIND_SESSION, 1 },
	{ "exhibitors", 1u << KIND_EXHIBITOR, 1 },
	{ "speakers", 1u << KIND_SPEAKER, 1 },
	{ "conference", 0, 0 },
};
#define COMMANDS "all, sessions, exhibitors, speakers, conference and verify"

enum {
	OPT_START_ON = 1,
	OPT_FROM,
	OPT_WATCH,
	OPT_ALLOW_EMPTY,
	OPT_DRY_RUN,
	OPT_QUIET,
	OPT_FORMAT,
	OPT_INFO,
	OPT_HELP,
	OPT_VERSION,
	OPT_FACT
};

static const struct option long_options[] = {
	{ "start-on", required_argument, NULL, OPT_START_ON },
	{ "from", required_argument, NULL, OPT_FROM },
	{ "watch", no_argument, NULL, OPT_WATCH },
	{ "allow-empty", no_argument, NULL, OPT_ALLOW_EMPTY },
	{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "conference-info", required_argument, NULL, OPT_INFO },
	{ "id", required_argument, NULL, OPT_FACT + GIVEN_ID },
	{ "name", required_argument, NULL, OPT_FACT + GIVEN_NAME },
	{ "timezone", required_argument, NULL, OPT_FACT + GIVEN_TIMEZONE },
	{ "start-date", required_argument, NULL, OPT_FACT + GIVEN_START_DATE },
	{ "end-date", required_argument, NULL, OPT_FACT + GIVEN_END_DATE },
	{ "description", required_argument, NULL, OPT_FACT + GIVEN_DESCRIPTION },
	{ "venue", required_argument, NULL, OPT_FACT + GIVEN_VENUE },
	{ "city", required_argument, NULL, OPT_FACT + GIVEN_CITY },
	{ "website", required_argument, NULL, OPT_FACT + GIVEN_WEBSITE },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

static int wrong(const char *sentence, const char *what)
{
	fprintf(stderr, "erleah-ingest: %s%s\n%s", sentence, what, usage);
	return 3;
}

static int take_option(struct options *o, int option)
{
	if (option >= OPT_FACT && option < OPT_FACT + GIVEN_COUNT) {
		o->given.facts[option - OPT_FACT] = optarg;
		return 0;
	}
	switch (option) {
	case OPT_START_ON:
		o->start_on = optarg;
		return 0;
	case OPT_FROM:
		if (strcmp(optarg, "directus") != 0)
			return wrong("--from takes directus, not ", optarg);
		o->from_directus = 1;
		return 0;
	case OPT_WATCH:
		o->watch = 1;
		return 0;
	case OPT_ALLOW_EMPTY:
		o->allow_empty = 1;
		return 0;
	case OPT_DRY_RUN:
		o->dry_run = 1;
		return 0;
	case OPT_QUIET:
		o->quiet = 1;
		return 0;
	case OPT_FORMAT:
		o->given.format = optarg;
		return 0;
	case OPT_INFO:
		o->given.info_path = optarg;
		return 0;
	case OPT_HELP:
		fputs(usage, stdout);
		return 1;
	case OPT_VERSION:
		printf("erleah-ingest %s\n", assistant_version());
		return 1;
	default:
		fputs(usage, stderr);
		return 3;
	}
}

static int take_command(struct options *o, int n, char **words)
{
	if (!strcmp(words[0], "verify")) {
		o->command = COMMAND_VERIFY;
		o->conference = n > 1 ? words[1] : NULL;
		return n > 2 ? wrong("verify takes one conference", "") : 0;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(words[0], commands[i].name) != 0)
			continue;
		o->command = COMMAND_LOAD;
		o->kinds = commands[i].kinds;
		o->keep_conference = commands[i].keep_conference;
		if (o->from_directus) {
			o->conference = n > 1 ? words[1] : NULL;
			return n > 2 ? wrong(words[0], " --from directus takes one conference") : 0;
		}
		o->path = words[1];
		return n == 2 ? 0 : wrong(words[0], " takes one file");
	}
	return wrong("accepted commands are " COMMANDS ", not ", words[0]);
}

static int given_any(const struct given *g)
{
	for (int i = 0; i < GIVEN_COUNT; i++)
		if (g->facts[i])
			return 1;
	return g->format || g->info_path;
}

/* What goes together. */
static int check_source(const struct options *o)
{
	if (o->from_directus && (o->start_on || given_any(&o->given)))
		return wrong("--from directus takes no --start-on, --format or facts of a "
			     "conference: those are in Directus",
			     "");
	if ((o->watch || o->allow_empty) && !o->from_directus)
		return wrong(o->watch ? "--watch" : "--allow-empty", " goes with --from directus");
	if (o->watch && o->dry_run)
		return wrong("--watch writes: it does not go with --dry-run", "");
	return 0;
}

int options_parse(struct options *o, int argc, char **argv)
{
	int option, done;

	*o = (struct options){ 0 };
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		done = take_option(o, option);
		if (done)
			return done;
	}
	done = check_source(o);
	if (done)
		return done;
	if (o->start_on && !shift_accepts(o->start_on))
		return wrong("--start-on takes today or a date such as 2027-05-20, not ",
			     o->start_on);
	if (o->given.format && !format_named(o->given.format))
		return wrong("--format takes json, csv, schedule-xml, pretalx or sessionize, not ",
			     o->given.format);
	if (optind == argc)
		return wrong("a command is needed: " COMMANDS, "");
	return take_command(o, argc - optind, argv + optind);
}
