/*
 * conferences.c - see conferences.h.
 */
#include "conferences.h"

#include <strings.h>
#include "json.h"

void conferences_load(struct conferences *c, struct client *client)
{
	*c = (struct conferences){ 0 };
	/* A remote store has a face of its own and refuses: then names are taken as they are typed. */
	if (client->ops->rows(client, "conferences", NULL, 0, &c->rows, NULL) < 0)
		return;
	if (json_object_is_type(c->rows, json_type_array))
		c->n = json_object_array_length(c->rows);
}

const char *conferences_name(const struct conferences *c, size_t i)
{
	return json_text(json_object_array_get_idx(c->rows, i), "name");
}

const char *conferences_id(const struct conferences *c, size_t i)
{
	return json_text(json_object_array_get_idx(c->rows, i), "id");
}

long conferences_find(const struct conferences *c, const char *text)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcasecmp(conferences_name(c, i), text) ||
		    !strcasecmp(conferences_id(c, i), text))
			return (long)i;
	return -1;
}

void conferences_finish(struct conferences *c)
{
	json_object_put(c->rows);
	*c = (struct conferences){ 0 };
}
