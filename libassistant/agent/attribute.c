/*
 * attribute.c - see attribute.h.
 */
#include "agent/attribute.h"

#include <ctype.h>
#include <string.h>
#include "agent/facts.h"
#include "agent/telling.h"
#include "base/utf8.h"
#include "search/words.h"

#define VALUE_CHARS	400
#define LONGEST_MINUTES (24 * 60)

struct attribute {
	const char *name, *types, *asked, *fields, *telling, *page;
};

static const struct attribute attributes[] = {
#define ATTRIBUTE(id, name, types, asked, fields, telling, page)                                   \
	{ name, types, asked, fields, telling, page },
#include "llm/attributes.def"
#undef ATTRIBUTE
};

static bool is_letter(char c)
{
	return (c & 0x80) || isalnum((unsigned char)c);
}

/* As whole words. */
static bool has_phrase(const char *folded, const char *phrase, size_t n)
{
	for (const char *p = folded; (p = memmem(p, strlen(p), phrase, n)); p++)
		if ((p == folded || !is_letter(p[-1])) && !is_letter(p[n]))
			return true;
	return false;
}

/* The longest phrase decides: "how much time" is no price. */
const struct attribute *attribute_asked(const char *folded)
{
	const struct attribute *best = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
		for (const char *p = attributes[i].asked + 1; *p; p += strcspn(p, "|") + 1) {
			size_t n = strcspn(p, "|");

			if (n <= longest || !has_phrase(folded, p, n))
				continue;
			longest = n;
			best = &attributes[i];
		}
	}
	return best;
}

const struct attribute *attribute_find(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_SIZE(attributes); i++)
		if (strcmp(attributes[i].name, name) == 0)
			return &attributes[i];
	return NULL;
}

const char *attribute_name(const struct attribute *a)
{
	return a->name;
}

const char *attribute_page(const struct attribute *a)
{
	return a->page;
}

bool attribute_fits(const struct attribute *a, enum entity type)
{
	return strchr(a->types, "sep"[type]) != NULL;
}

bool attribute_has_word(const struct attribute *a, const char *folded_word)
{
	return has_phrase(a->asked, folded_word, strlen(folded_word));
}

/* --- What a record says ------------------------------------------------------------------ */

static const char *value_text(struct json_object *value, struct arena *arena)
{
	struct text out _cleanup_text_ = { 0 };

	if (!json_object_is_type(value, json_type_array))
		return arena_strdup(arena, json_object_get_string(value));
	text_init(&out, 64 << 10);
	for (size_t i = 0; i < json_object_array_length(value); i++)
		text_printf(&out, "%s%s", i ? ", " : "",
			    json_object_get_string(json_object_array_get_idx(value, i)));
	return arena_strdup(arena, out.data);
}

/* The first of the fields that the record has. */
static const char *field_value(const char *fields, struct json_object *record, struct arena *arena)
{
	for (const char *p = fields; *p;) {
		size_t n = strcspn(p, " ");
		char key[64];
		struct json_object *value;

		snprintf(key, sizeof(key), "%.*s", (int)n, p);
		value = json_get(record, key);
		if (value && !json_object_is_type(value, json_type_object) &&
		    json_object_get_string(value)[0])
			return value_text(value, arena);
		p += n + strspn(p + n, " ");
	}
	return NULL;
}

struct json_object *attribute_of_record(const struct attribute *a, const struct record *r,
					struct arena *arena)
{
	struct json_object *record _cleanup_json_ = NULL, *o = json_object_new_object();
	const char *value;

	json_set_string(o, "name", a->name);
	if (strcmp(a->name, "duration") == 0) {
		int64_t minutes = r->start == TIME_UNKNOWN || r->end == TIME_UNKNOWN
					  ? 0
					  : (r->end - r->start) / 60;

		if (minutes > 0 && minutes < LONGEST_MINUTES)
			json_set_int(o, "minutes", minutes);
		return o;
	}
	if (r->json && json_parse(r->json, r->json_len, &record, NULL) < 0)
		return o;
	value = record ? field_value(a->fields, record, arena) : NULL;
	if (value)
		facts_set_text(o, "value", value, VALUE_CHARS);
	else if (r->description && a->telling[1])
		facts_set_text(o, "sentence",
			       telling_by_beginnings(r->description, a->telling, arena),
			       VALUE_CHARS);
	return o;
}
