/*
 * flat_text.c - from a record to the texts of its fields.
 */
#include "index/flat_text.h"
#include <string.h>
#include "base/json.h"

struct texts {
	flat_text_fn *fn;
	void *ctx;
};

static void say(const struct texts *t, enum lexical_field field, const char *text)
{
	if (text)
		t->fn(t->ctx, field, text);
}

static void say_list(const struct texts *t, enum lexical_field field, const char *const *list)
{
	for (size_t i = 0; list[i]; i++)
		say(t, field, list[i]);
}

static void say_json(const struct texts *t, enum lexical_field field, struct json_object *value)
{
	if (json_object_is_type(value, json_type_string))
		say(t, field, json_object_get_string(value));
	for (size_t i = 0;
	     json_object_is_type(value, json_type_array) && i < json_object_array_length(value);
	     i++)
		say_json(t, field, json_object_array_get_idx(value, i));
}

static void session_texts(const struct texts *t, const struct record *r)
{
	say(t, FIELD_NAME, r->subtitle);
	say_list(t, FIELD_PEOPLE, r->speaker_names);
	say(t, FIELD_PLACE, r->location);
	say(t, FIELD_TOPIC, r->track);
	say(t, FIELD_TOPIC, r->session_type);
}

static void exhibitor_texts(const struct texts *t, const struct record *r)
{
	say(t, FIELD_PLACE, r->booth);
	say(t, FIELD_TOPIC, r->category);
	say(t, FIELD_TOPIC, r->products);
}

/* What somebody speaks about is what one looks for a speaker by. */
static void speaker_texts(const struct texts *t, const struct snapshot *s, const struct record *r)
{
	say(t, FIELD_PEOPLE, r->title);
	say(t, FIELD_PEOPLE, r->company);
	for (size_t i = 0; r->session_ids[i]; i++) {
		const struct record *session = snapshot_find(s, ENTITY_SESSION, r->session_ids[i]);

		if (session)
			say(t, FIELD_TOPIC, session->name);
	}
}

int flat_texts(const struct snapshot *s, const struct record *r, flat_text_fn *fn, void *ctx,
	       struct fail *f)
{
	struct texts t = { fn, ctx };
	const char *const *facets = record_facet_fields(r->type);
	_cleanup_json_ struct json_object *json = NULL;
	int code = json_parse(r->json, r->json_len, &json, f);

	if (code < 0)
		return code;
	say(&t, FIELD_NAME, r->name);
	if (r->type == ENTITY_SESSION)
		session_texts(&t, r);
	else if (r->type == ENTITY_EXHIBITOR)
		exhibitor_texts(&t, r);
	else
		speaker_texts(&t, s, r);
	say_list(&t, FIELD_TOPIC, r->tags);
	say(&t, FIELD_TEXT, r->description);
	for (size_t i = 0; facets[i]; i++) {
		/* category is a facet of sessions and a column of exhibitors */
		if (r->type != ENTITY_EXHIBITOR || strcmp(facets[i], "category"))
			say_json(&t, FIELD_TEXT, json_get(json, facets[i]));
	}
	return 0;
}
