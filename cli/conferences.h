/*
 * conferences.h - which conferences there are, by name and id.
 */
#ifndef CLI_CONFERENCES_H
#define CLI_CONFERENCES_H

#include "client.h"
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

struct conferences {
	struct json_object *rows; /* NULL: the store does not list them */
	size_t n;
};

/* 0 also when the store does not list them. */
int conferences_load(struct conferences *c, struct client *client, assistant_error *err);
const char *conferences_name(const struct conferences *c, size_t i);
const char *conferences_id(const struct conferences *c, size_t i);
/* By id or name, upper and lower case alike; -1: none. */
long conferences_find(const struct conferences *c, const char *text);
void conferences_finish(struct conferences *c);

#endif
