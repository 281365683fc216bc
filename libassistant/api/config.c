/*
 * config.c - settings: names and strings, checked when they are set.
 */
#include "api/config.h"

#include <errno.h>
#include <string.h>
#include "api/setting_types.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"

extern char **environ;

static const assistant_setting settings[] = {
#define SETTING(name, type, fallback, section, sentence)                                           \
	{ name, type, fallback, sentence, section },
#include "api/settings.def"
#undef SETTING
};
#define N_SETTINGS ARRAY_SIZE(settings)

static int find(const char *name)
{
	for (size_t i = 0; i < N_SETTINGS; i++)
		if (!strcmp(settings[i].name, name))
			return (int)i;
	return -1;
}

int assistant_config_iterate(int index, assistant_setting *out)
{
	if (index < 0 || (size_t)index >= N_SETTINGS)
		return ASSISTANT_ENOTFOUND;
	*out = settings[index];
	return 0;
}

int assistant_config_new(assistant_config **out)
{
	assistant_config *c = calloc(1, sizeof(*c));

	if (!c)
		return ASSISTANT_ENOMEM;
	c->values = calloc(N_SETTINGS, sizeof(char *));
	if (!c->values) {
		free(c);
		return ASSISTANT_ENOMEM;
	}
	*out = c;
	return 0;
}

void assistant_config_free(assistant_config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < N_SETTINGS; i++)
		free(c->values[i]);
	for (size_t i = 0; i < c->n_tools; i++) {
		free(c->tools[i].name);
		free(c->tools[i].description);
		free(c->tools[i].schema);
	}
	for (size_t i = 0; i < c->n_nodes; i++) {
		free(c->nodes[i].name);
		free(c->nodes[i].after);
	}
	free(c->values);
	free(c);
}

static int set(assistant_config *c, const char *name, const char *value, struct fail *f)
{
	int i = find(name), r;

	if (i < 0)
		return FAIL(
			f, ASSISTANT_ECONFIG,
			"There is no setting \"%.60s\"; docs/settings.md lists those there are.",
			name);
	r = setting_check(name, settings[i].type, value, f);
	if (r < 0)
		return r;
	free(c->values[i]);
	c->values[i] = *value ? strdup(value) : NULL;
	return 0;
}

int assistant_config_set(assistant_config *c, const char *name, const char *value,
			 assistant_error *err)
{
	struct fail f = FAIL_INIT;

	if (!c || !name || !value)
		FAIL(&f, ASSISTANT_EINVAL, "A setting needs a name and a value.");
	else
		set(c, name, value, &f);
	return fail_export(&f, err);
}

/* A secret in a file: its first line, without the newline. */
static int set_from_file(assistant_config *c, const char *name, const char *path, struct fail *f)
{
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	char line[4096] = "";

	if (!file || (!fgets(line, sizeof(line), file) && ferror(file)))
		return FAIL(f, ASSISTANT_ECONFIG, "%s_FILE names \"%s\", which cannot be read: %s.",
			    name, path, strerror(errno));
	line[strcspn(line, "\r\n")] = '\0';
	return set(c, name, line, f);
}

/* Edits between two names, counted up to 3. */
static int distance(const char *a, const char *b, int budget)
{
	int best;

	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (!*a && !*b)
		return 0;
	if (!budget)
		return 1;
	best = *a && *b ? distance(a + 1, b + 1, budget - 1) : budget;
	if (*a) {
		int d = distance(a + 1, b, budget - 1);

		best = d < best ? d : best;
	}
	if (*b) {
		int d = distance(a, b + 1, budget - 1);

		best = d < best ? d : best;
	}
	return best + 1;
}

/* A name with our prefix that is nearly a setting is one misspelt; any other may be somebody else's. */
static int check_unknown(struct fail *f)
{
	for (char **e = environ; *e; e++) {
		size_t n = strcspn(*e, "=");
		char name[80];

		if (strncmp(*e, "ERLEAH_", 7) != 0 || n >= sizeof(name))
			continue;
		memcpy(name, *e, n);
		name[n] = '\0';
		for (size_t i = 0; find(name) < 0 && i < N_SETTINGS; i++)
			if (distance(name, settings[i].name, 2) <= 2)
				return FAIL(f, ASSISTANT_ECONFIG,
					    "The environment sets %s, which is no setting; %s is.",
					    name, settings[i].name);
	}
	return 0;
}

static int load_env(assistant_config *c, struct fail *f)
{
	int r = check_unknown(f);

	for (size_t i = 0; i < N_SETTINGS && !r; i++) {
		const char *name = settings[i].name, *value = getenv(name), *path;
		char file[96];

		if (value && *value)
			r = set(c, name, value, f);
		if (r || strcmp(settings[i].type, "secret") != 0)
			continue;
		snprintf(file, sizeof(file), "%s_FILE", name);
		path = getenv(file);
		if (path && *path)
			r = set_from_file(c, name, path, f);
	}
	return r;
}

int assistant_config_load_env(assistant_config *c, assistant_error *err)
{
	struct fail f = FAIL_INIT;

	if (!c)
		FAIL(&f, ASSISTANT_EINVAL, "No configuration was given.");
	else
		load_env(c, &f);
	return fail_export(&f, err);
}

static char *trim(char *s)
{
	char *end;

	s += strspn(s, " \t");
	end = s + strlen(s);
	while (end > s && strchr(" \t\r\n", end[-1]))
		*--end = '\0';
	return s;
}

/* NAME=value; the value may stand in quotes. */
static int load_line(assistant_config *c, char *line, struct fail *f)
{
	char *name = trim(line), *value = strchr(name, '=');
	size_t n;

	if (!*name || *name == '#')
		return 0;
	if (!value)
		return FAIL(f, ASSISTANT_ECONFIG, "\"%.60s\" is no NAME=value.", name);
	*value++ = '\0';
	name = trim(name);
	value = trim(value);
	n = strlen(value);
	if (n >= 2 && (*value == '"' || *value == '\'') && value[n - 1] == *value) {
		value[n - 1] = '\0';
		value++;
	}
	return set(c, name, value, f);
}

int assistant_config_load_file(assistant_config *c, const char *path, assistant_error *err)
{
	struct fail f = FAIL_INIT, cause = FAIL_INIT;
	_cleanup_fclose_ FILE *file = c && path ? fopen(path, "re") : NULL;
	char line[8192];

	if (!file)
		FAIL(&f, ASSISTANT_ECONFIG, "The settings file %s cannot be read: %s.",
		     path ? path : "(none)", strerror(errno));
	for (int n = 1; file && !f.code && fgets(line, sizeof(line), file); n++)
		if (load_line(c, line, &cause) < 0)
			FAIL(&f, ASSISTANT_ECONFIG, "%.80s, line %d: %.140s", path, n, cause.text);
	return fail_export(&f, err);
}

int assistant_config_get(const assistant_config *c, const char *name, const char **value)
{
	int i = name ? find(name) : -1;

	if (i < 0)
		return ASSISTANT_ENOTFOUND;
	*value = c->values[i] ? c->values[i] : settings[i].fallback;
	return 0;
}

int assistant_config_set_log(assistant_config *c, assistant_log_fn *fn, void *user)
{
	c->log_fn = fn;
	c->log_user = user;
	return 0;
}

int assistant_config_add_tool(assistant_config *c, const char *name, const char *description,
			      const char *schema_json, assistant_tool_fn *fn, void *user,
			      assistant_error *err)
{
	struct fail f = FAIL_INIT;

	if (!c || !name || !description || !schema_json || !fn)
		FAIL(&f, ASSISTANT_EINVAL,
		     "A tool needs a name, a description, a schema and a function.");
	else if (c->n_tools == CONFIG_TOOLS)
		FAIL(&f, ASSISTANT_ELIMIT, "At most %d tools can be added.", CONFIG_TOOLS);
	else
		c->tools[c->n_tools++] = (struct custom_tool){ strdup(name), strdup(description),
							       strdup(schema_json), fn, user };
	return fail_export(&f, err);
}

int assistant_config_add_node(assistant_config *c, const char *name, const char *after,
			      assistant_node_fn *fn, void *user, assistant_error *err)
{
	struct fail f = FAIL_INIT;

	if (!c || !name || !after || !fn)
		FAIL(&f, ASSISTANT_EINVAL, "A node needs a name, a place and a function.");
	else if (c->n_nodes == CONFIG_TOOLS)
		FAIL(&f, ASSISTANT_ELIMIT, "At most %d nodes can be added.", CONFIG_TOOLS);
	else
		c->nodes[c->n_nodes++] =
			(struct custom_node){ strdup(name), strdup(after), fn, user };
	return fail_export(&f, err);
}

int assistant_config_use(assistant_config *c, const char *kind, const assistant_backend *backend,
			 void *ctx, assistant_error *err)
{
	struct fail f = FAIL_INIT;

	if (!c || !kind || !backend || !backend->call || !backend->name)
		FAIL(&f, ASSISTANT_EINVAL, "A backend needs a kind, a name and a call function.");
	else if (strcmp(kind, "store") != 0)
		FAIL(&f, ASSISTANT_EINVAL, "\"%.40s\" is no kind of backend; accepted is store.",
		     kind);
	else if (backend->version != ASSISTANT_BACKEND_VERSION)
		FAIL(&f, ASSISTANT_EINVAL, "The backend %.40s has version %u; accepted is %u.",
		     backend->name, backend->version, ASSISTANT_BACKEND_VERSION);
	else {
		c->store.backend = *backend;
		c->store.ctx = ctx;
	}
	return fail_export(&f, err);
}

int assistant_config_use_clock(assistant_config *c, assistant_clock_fn *fn, void *user)
{
	c->clock_fn = fn;
	c->clock_user = user;
	return 0;
}

int assistant_config_set_serving(assistant_config *c, int serving)
{
	c->sweeps = serving != 0;
	return 0;
}

int assistant_config_set_loading(assistant_config *c, int loading)
{
	c->loads = loading != 0;
	return 0;
}

/* --- Inside ----------------------------------------------------------------- */

int config_copy(const assistant_config *c, assistant_config **out)
{
	assistant_config *n;
	int r = assistant_config_new(&n);

	if (r < 0)
		return r;
	for (size_t i = 0; i < N_SETTINGS; i++)
		n->values[i] = c->values[i] ? strdup(c->values[i]) : NULL;
	n->log_fn = c->log_fn;
	n->log_user = c->log_user;
	n->store = c->store;
	n->clock_fn = c->clock_fn;
	n->clock_user = c->clock_user;
	n->sweeps = c->sweeps;
	n->loads = c->loads;
	for (size_t i = 0; i < c->n_tools; i++)
		assistant_config_add_tool(n, c->tools[i].name, c->tools[i].description,
					  c->tools[i].schema, c->tools[i].fn, c->tools[i].user,
					  NULL);
	for (size_t i = 0; i < c->n_nodes; i++)
		assistant_config_add_node(n, c->nodes[i].name, c->nodes[i].after, c->nodes[i].fn,
					  c->nodes[i].user, NULL);
	*out = n;
	return 0;
}

const char *config_text(const assistant_config *c, const char *name)
{
	int i = find(name);

	PRE(i >= 0);
	return c->values[i] ? c->values[i] : settings[i].fallback;
}

int64_t config_int(const assistant_config *c, const char *name)
{
	return setting_number(settings[find(name)].type, config_text(c, name));
}

int64_t config_time_ms(const assistant_config *c, const char *name)
{
	int64_t ms;
	bool has_offset;

	return time_parse(config_text(c, name), &ms, &has_offset) < 0 ? -1 : ms;
}

bool config_is(const assistant_config *c, const char *name, const char *value)
{
	return !strcmp(config_text(c, name), value);
}

void config_each_secret(const assistant_config *c, void (*fn)(void *ctx, const char *value),
			void *ctx)
{
	for (size_t i = 0; i < N_SETTINGS; i++)
		if (!strcmp(settings[i].type, "secret") && c->values[i])
			fn(ctx, c->values[i]);
}

char *config_report(const assistant_config *c)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();

	for (size_t i = 0; i < N_SETTINGS; i++) {
		struct json_object *row = json_object_new_object();
		bool secret = !strcmp(settings[i].type, "secret");

		json_set_string(row, "value",
				!secret	       ? config_text(c, settings[i].name)
				: c->values[i] ? "(set)"
					       : "");
		json_set_string(row, "default", settings[i].fallback);
		json_set_bool(row, "set", c->values[i] != NULL);
		json_set(o, settings[i].name, row);
	}
	return json_dump(o);
}
