/*
 * records.c - see records.h.
 */
#include "records.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "conferences.h"
#include "json.h"

#define MAX_RECORDS 60000

static const struct kind {
	const char *collection, *type, *name;
} kinds[] = {
	{ "sessions", "session", "title" },
	{ "exhibitors", "exhibitor", "name" },
	{ "speakers", "speaker", "name" },
};

/* Page after page into one array. */
static int load_rows(struct client *client, const char *collection, const char *conference,
		     struct json_object *all, assistant_error *err)
{
	size_t n = CLIENT_PAGE;

	while (n == CLIENT_PAGE && json_object_array_length(all) < MAX_RECORDS) {
		struct json_object *page = NULL;
		int r = client->ops->rows(client, collection, conference,
					  (int)json_object_array_length(all), &page, err);

		if (r < 0)
			return r;
		n = json_object_is_type(page, json_type_array) ? json_object_array_length(page) : 0;
		for (size_t i = 0; i < n; i++)
			json_object_array_add(all,
					      json_object_get(json_object_array_get_idx(page, i)));
		json_object_put(page);
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct record *)a)->id, ((const struct record *)b)->id);
}

/* "first_aid" is called "First aid". */
static char *title_of_key(char *at, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i <= len; i++)
		at[i] = key[i] == '_' ? ' ' : key[i];
	if (at[0] >= 'a' && at[0] <= 'z')
		at[0] = (char)(at[0] - 'a' + 'A');
	return at;
}

static void add_pages(struct records *r, struct json_object *info)
{
	char *at = r->names;

	json_object_object_foreach(info, key, page)
	{
		const char *title = json_text(page, "title");

		if (!*title) {
			title = title_of_key(at, key);
			at += strlen(key) + 1;
		}
		r->all[r->n++] = (struct record){ "info", key, title, page };
	}
}

static int collect(struct records *r, assistant_error *err)
{
	struct json_object *info = json_member(r->conference, "info");
	bool pages = json_object_is_type(info, json_type_object);
	size_t max = pages ? (size_t)json_object_object_length(info) : 0, bytes = 1;

	for (size_t k = 0; k < 3; k++)
		max += json_object_array_length(r->rows[k]);
	if (pages) {
		json_object_object_foreach(info, key, page)
		{
			bytes += strlen(key) + 1 + (page == NULL);
		}
	}
	r->all = calloc(max + 1, sizeof(*r->all));
	r->names = calloc(1, bytes);
	if (!r->all || !r->names)
		return client_fail(err, ASSISTANT_ENOMEM, "Out of memory.");
	for (size_t k = 0; k < 3; k++) {
		for (size_t i = 0; i < json_object_array_length(r->rows[k]); i++) {
			struct json_object *row = json_object_array_get_idx(r->rows[k], i);

			r->all[r->n++] = (struct record){ kinds[k].type, json_text(row, "id"),
							  json_text(row, kinds[k].name), row };
		}
	}
	if (pages)
		add_pages(r, info);
	qsort(r->all, r->n, sizeof(*r->all), compare);
	return 0;
}

static int choose(struct records *r, struct client *client, const char *conference,
		  assistant_error *err)
{
	struct conferences list;
	long i = 0;
	int code = 0;

	conferences_load(&list, client);
	if (conference)
		i = conferences_find(&list, conference);
	if (list.rows && !conference && list.n > 1)
		code = client_fail(err, ASSISTANT_EINVAL,
				   "there are %zu conferences: name one with --conference", list.n);
	else if (list.rows && (i < 0 || !list.n))
		code = client_fail(err, ASSISTANT_ENOTFOUND, "Conference not found");
	else if (list.rows)
		r->conference = json_object_get(json_object_array_get_idx(list.rows, (size_t)i));
	conferences_finish(&list);
	return code;
}

int records_load(struct records *r, struct client *client, const char *conference,
		 assistant_error *err)
{
	int code;

	*r = (struct records){ 0 };
	code = choose(r, client, conference, err);
	for (size_t k = 0; k < 3 && !code; k++) {
		r->rows[k] = json_object_new_array();
		if (r->conference)
			code = load_rows(client, kinds[k].collection, records_conference(r),
					 r->rows[k], err);
	}
	if (!code)
		code = collect(r, err);
	if (code < 0)
		records_finish(r);
	return code;
}

const struct record *records_find_id(const struct records *r, const char *id)
{
	const struct record key = { .id = id };
	const struct record *found =
		r->n ? bsearch(&key, r->all, r->n, sizeof(*r->all), compare) : NULL;

	while (found && found > r->all && !strcmp(found[-1].id, id))
		found--;
	return found;
}

const struct record *records_find(const struct records *r, const char *type, const char *id)
{
	const struct record *found = records_find_id(r, id);

	for (; found && found < r->all + r->n && !strcmp(found->id, id); found++)
		if (!strcmp(found->type, type))
			return found;
	return NULL;
}

const char *records_conference(const struct records *r)
{
	return r->conference ? json_text(r->conference, "id") : NULL;
}

void records_finish(struct records *r)
{
	json_object_put(r->conference);
	for (size_t k = 0; k < 3; k++)
		json_object_put(r->rows[k]);
	free(r->all);
	free(r->names);
	*r = (struct records){ 0 };
}
