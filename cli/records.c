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
	{ "info_pages", "info", "title" },
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

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

static int collect(struct records *r, assistant_error *err)
{
	size_t max = 0;

	for (size_t k = 0; k < N_KINDS; k++)
		max += json_object_array_length(r->rows[k]);
	r->all = calloc(max + 1, sizeof(*r->all));
	if (!r->all)
		return client_fail(err, ASSISTANT_ENOMEM, "Out of memory.");
	for (size_t k = 0; k < N_KINDS; k++) {
		for (size_t i = 0; i < json_object_array_length(r->rows[k]); i++) {
			struct json_object *row = json_object_array_get_idx(r->rows[k], i);

			r->all[r->n++] = (struct record){ kinds[k].type, json_text(row, "id"),
							  json_text(row, kinds[k].name), row };
		}
	}
	qsort(r->all, r->n, sizeof(*r->all), compare);
	return 0;
}

static int choose(struct records *r, struct client *client, const char *conference,
		  assistant_error *err)
{
	struct conferences list;
	long i = 0;
	int code = conferences_load(&list, client, err);

	if (code < 0)
		return code;
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
	for (size_t k = 0; k < N_KINDS && !code; k++) {
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
	for (size_t k = 0; k < N_KINDS; k++)
		json_object_put(r->rows[k]);
	free(r->all);
	*r = (struct records){ 0 };
}
