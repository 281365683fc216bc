/*
 * cmd_search.h - searching, for the command and for /search in a conversation.
 */
#ifndef CLI_CMD_SEARCH_H
#define CLI_CMD_SEARCH_H

#include <json-c/json.h>
#include "cli.h"

/* A query for assistant_search: words, and conference and time when not NULL.  Owned by the caller. */
struct json_object *search_query(const char *words, const char *conference, const char *now);
/* Searches and shows.  A status: STATUS_NONE when nothing was found. */
int search_run(struct cli *cli, struct json_object *query, bool json, bool why);

#endif
