/*
 * config.h - settings from inside: typed access to validated values.
 */
#ifndef API_CONFIG_H
#define API_CONFIG_H

#include <assistant.h>
#include <assistant/backend.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/fail.h"

#define CONFIG_TOOLS 16

struct custom_tool {
	char *name, *description, *schema;
	assistant_tool_fn *fn;
	void *user;
};
struct custom_node {
	char *name, *after;
	assistant_node_fn *fn;
	void *user;
};

struct assistant_config {
	char **values; /* by position in settings.def; NULL: the default */
	assistant_log_fn *log_fn;
	void *log_user;
	struct custom_tool tools[CONFIG_TOOLS];
	size_t n_tools;
	struct custom_node nodes[CONFIG_TOOLS];
	size_t n_nodes;
	struct {
		assistant_backend backend; /* call NULL: none */
		void *ctx;
	} store;
	assistant_clock_fn *clock_fn;
	void *clock_user;
	bool sweeps; /* settles left-over rows, embeds behind the scenes: assistant_config_set_serving */
	bool loads; /* is about to replace indexes: assistant_config_set_loading */
};

int config_copy(const assistant_config *c, assistant_config **out);
/* name must be in the table: anything else is a bug. */
const char *config_text(const assistant_config *c, const char *name); /* never NULL */
int64_t config_int(const assistant_config *c, const char *name); /* also durations, sizes, bools */
int64_t config_time_ms(const assistant_config *c, const char *name); /* -1: not set */
bool config_is(const assistant_config *c, const char *name, const char *value);
/* Calls fn for the value of every secret that is set. */
void config_each_secret(const assistant_config *c, void (*fn)(void *ctx, const char *value),
			void *ctx);
/* {"NAME":{"value","default","source"}}, secrets as "(set)"; malloc()ed. */
char *config_report(const assistant_config *c);

#endif
