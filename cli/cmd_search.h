/*
 * cmd_search.h - searching, for the command and for /search in a conversation.
 */
#ifndef CLI_CMD_SEARCH_H
#define CLI_CMD_SEARCH_H

#include <json-c/json.h>
#include "cli.h"

/* A query for assistant_search from words and options; conference and now (may be NULL) are those of the
 * conversation, which options replace.  A status; *out is the caller's. */
int search_query(const struct options *o, const char *conference, const char *now,
		 struct json_object **out);
/* Searches and shows.  A status: STATUS_NONE when nothing was found. */
int search_run(struct cli *cli, struct json_object *query, bool json, bool why);

#endif
