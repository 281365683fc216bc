/*
 * search_json.c - results as the API shows them.
 */
#include "search/search.h"

#include <string.h>
#include "base/json.h"

static void set_moment(struct json_object *out, const char *key, const struct zone *z, int64_t at)
{
	struct civil c;
	char text[40];
	int offset;

	if (at == TIME_UNKNOWN)
		return;
	zone_civil(z, at, &c);
	offset = c.offset_s < 0 ? -c.offset_s : c.offset_s;
	snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", c.year, c.month,
		 c.day, c.hour, c.minute, c.second, c.offset_s < 0 ? '-' : '+', offset / 3600,
		 offset / 60 % 60);
	json_set_string(out, key, text);
}

struct json_object *result_json(const struct result *r, const struct zone *z)
{
	struct json_object *out = json_object_new_object();

	if (r->info) {
		json_set_string(out, "type", "info");
		json_set_string(out, "id", r->info->key);
		json_set_string(out, "name", r->info->title ? r->info->title : r->info->key);
	} else {
		json_set_string(out, "type", entity_name(r->record->type));
		json_set_string(out, "id", r->record->id);
		json_set_string(out, "name", r->record->name);
	}
	json_set_score(out, "score", r->score);
	if (r->record && r->record->type == ENTITY_SESSION) {
		set_moment(out, "start", z, r->record->start);
		set_moment(out, "end", z, r->record->end);
		json_set_string(out, "location", r->record->location);
		json_set_string(out, "track", r->record->track);
	} else if (r->record && r->record->type == ENTITY_EXHIBITOR) {
		json_set_string(out, "booth", r->record->booth);
		json_set_string(out, "category", r->record->category);
	} else if (r->record) {
		json_set_string(out, "title", r->record->title);
		json_set_string(out, "company", r->record->company);
	}
	if (r->why)
		json_set(out, "why", json_object_get(r->why));
	return out;
}

struct json_object *search_json(const struct search *s)
{
	struct json_object *out = json_object_new_object(), *results = json_object_new_array(),
			   *relaxed = json_object_new_array();

	json_set_string(out, "kind", result_kind_name(s->kind));
	for (size_t i = 0; i < s->n_results; i++)
		json_object_array_add(results,
				      result_json(&s->results[i], catalog_zone(s->rq.catalog)));
	json_set(out, "results", results);
	json_set_int(out, "total", (int64_t)s->total);
	if (s->described)
		json_set(out, "understood", json_object_get(s->described));
	for (size_t i = 0; s->relaxed && s->relaxed[i]; i++)
		json_object_array_add(relaxed, json_object_new_string(s->relaxed[i]));
	json_set(out, "relaxed", relaxed);
	if (s->kind == RESULT_CLARIFY)
		json_set_string(out, "clarify", s->rq.understood->clarify);
	return out;
}
