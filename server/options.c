/*
 * options.c - command line first, then the environment, then the defaults of the settings table.
 */
#include "options.h"

#include <stdlib.h>
#include <string.h>
#include "clean.h"

static const char usage[] =
	"Usage: erleah-server [--set NAME=value]...\n"
	"       erleah-server --check | --health [URL] | --help | --version\n"
	"\n"
	"Answers the questions of a conference's visitors over HTTP.\n"
	"\n"
	"  --set NAME=value   a setting, over what the environment says\n"
	"  --check            check the settings and the data, then end\n"
	"  --health [URL]     ask a running server whether it is well: 0 yes, 1 no\n"
	"  --help             this text\n"
	"  --version          the version\n"
	"\n"
	"Settings come from the environment:\n";

static void print_help(FILE *out)
{
	assistant_setting s;
	const char *section = "";

	fputs(usage, out);
	for (int i = 0; assistant_config_iterate(i, &s) == 0; i++) {
		if (strcmp(section, s.section) != 0)
			fprintf(out, "\n%s\n", s.section);
		section = s.section;
		fprintf(out, "  %s (%s%s%s)\n      %s\n", s.name, s.type,
			*s.fallback ? ", default " : "", s.fallback, s.sentence);
	}
}

static bool set_option(assistant_config *c, const char *text, FILE *err)
{
	const char *equals = text ? strchr(text, '=') : NULL;
	assistant_error why = ASSISTANT_ERROR_INIT;
	char name[80];

	if (!equals || equals == text || (size_t)(equals - text) >= sizeof(name)) {
		fprintf(err, "--set needs NAME=value.\n");
		return false;
	}
	memcpy(name, text, (size_t)(equals - text));
	name[equals - text] = '\0';
	if (assistant_config_set(c, name, equals + 1, &why) < 0) {
		fprintf(err, "%s\n", why.message);
		return false;
	}
	return true;
}

enum options_action options_read(int argc, char **argv, assistant_config *c,
				 const char **health_url, FILE *out, FILE *err)
{
	enum options_action action = OPTIONS_SERVE;

	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];

		if (!strcmp(word, "--help") || !strcmp(word, "-h")) {
			print_help(out);
			return OPTIONS_DONE;
		}
		if (!strcmp(word, "--version")) {
			fprintf(out, "erleah-server %s\n", assistant_version());
			return OPTIONS_DONE;
		}
		if (!strcmp(word, "--check")) {
			action = OPTIONS_CHECK;
		} else if (!strcmp(word, "--health")) {
			action = OPTIONS_HEALTH;
			*health_url = i + 1 < argc && argv[i + 1][0] != '-' ? argv[++i] : NULL;
		} else if (!strcmp(word, "--set")) {
			if (!set_option(c, i + 1 < argc ? argv[++i] : NULL, err))
				return OPTIONS_WRONG;
		} else {
			fprintf(err,
				"erleah-server does not know \"%s\"; --help lists what it does.\n",
				word);
			return OPTIONS_WRONG;
		}
	}
	return action;
}

/* "" when there is no such setting. */
static const char *setting_text(const assistant_config *c, const char *name)
{
	const char *value = NULL;

	return assistant_config_get(c, name, &value) == 0 && value ? value : "";
}

/* Its text was checked when it was set; K and M are those of a size. */
static int setting_number(const assistant_config *c, const char *name)
{
	char *end = NULL;
	long value = strtol(setting_text(c, name), &end, 10);

	if (*end == 'K')
		value *= 1024;
	else if (*end == 'M')
		value *= 1024 * 1024;
	return (int)value;
}

static bool setting_is_true(const assistant_config *c, const char *name)
{
	static const char *const words[] = { "true", "1", "yes", "on" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(setting_text(c, name), words[i]))
			return true;
	return false;
}

static int wrong(assistant_error *why, const char *name, const char *value, const char *accepted)
{
	why->code = ASSISTANT_ECONFIG;
	snprintf(why->message, sizeof(why->message), "%s is \"%.60s\"; accepted is %s.", name,
		 value, accepted);
	return -1;
}

/* An origin is a scheme and a host, without path: "https://www.example.org:8443". */
static bool is_origin(const char *text, size_t len)
{
	size_t scheme = !strncmp(text, "https://", 8) ? 8 : !strncmp(text, "http://", 7) ? 7 : 0;

	return scheme && len > scheme && !memchr(text + scheme, '/', len - scheme);
}

static int check_origins(const struct settings *s, assistant_error *why)
{
	const char *at = s->cors_origins;

	for (;;) {
		size_t len;

		at += strspn(at, ", ");
		len = strcspn(at, ", ");
		if (!len)
			return 0;
		if (len == 1 && *at == '*') {
			if (!s->development)
				return wrong(why, "CORS_ORIGINS", "*",
					     "a list of origins; * only with "
					     "ENVIRONMENT=development");
		} else if (!is_origin(at, len)) {
			return wrong(why, "CORS_ORIGINS", at,
				     "origins without a path, such as https://www.example.org");
		}
		at += len;
	}
}

static int check(const struct settings *s, assistant_error *why)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", s->port);
	if (s->port < 1 || s->port > 65535)
		return wrong(why, "PORT", text, "1 to 65535");
	snprintf(text, sizeof(text), "%d", s->threads);
	if (s->threads < THREADS_RESERVED + 8 || s->threads > 4096)
		return wrong(why, "API_THREADS", text, "24 to 4096");
	snprintf(text, sizeof(text), "%d", s->max_body_bytes);
	if (s->max_body_bytes < 1024 || s->max_body_bytes > 8 * 1024 * 1024)
		return wrong(why, "MAX_BODY_BYTES", text, "1K to 8M");
	snprintf(text, sizeof(text), "%d", s->heartbeat_ms);
	if (s->heartbeat_ms < 100 || s->heartbeat_ms > 60000)
		return wrong(why, "SSE_HEARTBEAT_MS", text, "100 to 60000");
	return check_origins(s, why);
}

int settings_read(const assistant_config *c, struct settings *out, assistant_error *why)
{
	const char *store = setting_text(c, "ERLEAH_STORE");
	const char *port = setting_text(c, "PORT");
	int per_hour = setting_number(c, "RATE_LIMIT_ADDRESS_PER_HOUR");
	struct settings s = {
		.host = setting_text(c, "API_HOST"),
		.port = setting_number(c, *port ? "PORT" : "API_PORT"),
		.threads = setting_number(c, "API_THREADS"),
		.debug = setting_is_true(c, "API_DEBUG"),
		.development = !strcmp(setting_text(c, "ENVIRONMENT"), "development"),
		.cors_origins = setting_text(c, "CORS_ORIGINS"),
		.max_body_bytes = setting_number(c, "MAX_BODY_BYTES"),
		.heartbeat_ms = setting_number(c, "SSE_HEARTBEAT_MS"),
		.drain_grace_ms = setting_number(c, "DRAIN_GRACE_MS"),
		.turn_timeout_ms = setting_number(c, "TURN_TIMEOUT_MS"),
		/* A question needs two rows at most; one more for a new conversation now and then. */
		.creations_per_hour = per_hour < 1000000 ? per_hour * 3 : 0,
		.conference = setting_text(c, "DEFAULT_CONFERENCE_ID"),
		.directus_url = "",
	};

	if (strcmp(store, "sqlite") != 0 && *setting_text(c, "DIRECTUS_URL")) {
		s.directus_url = setting_text(c, "DIRECTUS_PUBLIC_URL");
		if (!*s.directus_url)
			s.directus_url = setting_text(c, "DIRECTUS_URL");
	}
	if (!networks_parse(setting_text(c, "TRUSTED_PROXIES"), &s.trusted))
		return wrong(why, "TRUSTED_PROXIES", setting_text(c, "TRUSTED_PROXIES"),
			     "at most 64 addresses and networks such as 10.0.0.0/8");
	if (!networks_parse(setting_text(c, "RATE_LIMIT_EXEMPT"), &s.exempt))
		return wrong(why, "RATE_LIMIT_EXEMPT", setting_text(c, "RATE_LIMIT_EXEMPT"),
			     "at most 64 addresses and networks such as 10.0.0.0/8");
	if (check(&s, why) < 0)
		return -1;
	*out = s;
	return 0;
}
