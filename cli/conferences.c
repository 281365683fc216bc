/*
 * conferences.c - see conferences.h.
 */
#include "conferences.h"

#include <strings.h>
#include "json.h"

int conferences_load(struct conferences *c, struct client *client, assistant_error *err)
{
	int r;

	*c = (struct conferences){ 0 };
	r = client->ops->rows(client, "conferences", NULL, 0, &c->rows, err);
	/* A remote store has a face of its own and refuses: then names are taken as they are typed. */
	if (r < 0)
		return r == ASSISTANT_EDENIED ? 0 : r;
	if (json_object_is_type(c->rows, json_type_array))
		c->n = json_object_array_length(c->rows);
	return 0;
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
