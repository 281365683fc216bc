/*
 * composer_attribute.c - what was asked of one record: the record's own word, else a page's, else that
 * the data does not say.
 */
#include "llm/composer.h"

#include <string.h>
#include "llm/quote.h"

#define VALUE_CHARS 400
#define PLACE_CHARS 120

static const struct attribute_words {
	const char *name;
	enum phrase has, lacks;
} attributes[] = {
#define ATTRIBUTE(id, name, types, asked, fields, telling, page)                                   \
	{ name, PHRASE_HAS_##id, PHRASE_LACKS_##id },
#include "llm/attributes.def"
#undef ATTRIBUTE
};

static const struct attribute_words *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++)
		if (strcmp(attributes[i].name, name) == 0)
			return &attributes[i];
	return NULL;
}

/* As the answer says it; "" when the record does not. */
static void value_words(struct composing *c, struct json_object *a, struct text *out)
{
	int64_t minutes = json_get_int(a, "minutes", 0);

	if (minutes > 0)
		phrases_span(out, c->l, minutes * 60);
	else if (strcmp(json_text(a, "name"), "language") == 0 && json_get_string(a, "value"))
		composer_language(c, out, json_text(a, "value"));
	else if (json_get_string(a, "value"))
		quote_markdown(out, json_text(a, "value"), VALUE_CHARS);
}

static bool has_page(struct composing *c)
{
	struct json_object *info = json_get_array(c->facts, "info");

	return info && json_object_array_length(info) > 0;
}

/* Not the record, but a page: what holds for all of them. */
static void say_page(struct composing *c, struct json_object *record, const char *name)
{
	struct text place _cleanup_text_ = { 0 };

	text_init(&place, 1024);
	if (json_get_string(record, "location")) {
		text_append(&place, " (");
		quote_markdown(&place, json_text(record, "location"), PLACE_CHARS);
		text_append(&place, ")");
	}
	phrases_say(c->out, c->l, PHRASE_PAGE_SAYS, "name", name, "place", place.data, NULL);
	composer_paragraph(c);
	composer_info(c);
}

bool composer_attribute(struct composing *c, struct json_object *record)
{
	struct json_object *a = json_get_object(record, "attribute");
	const struct attribute_words *words = a ? find(json_text(a, "name")) : NULL;
	struct text name _cleanup_text_ = { 0 }, value _cleanup_text_ = { 0 };

	if (!words)
		return false;
	text_init(&name, 64);
	text_init(&value, 8192);
	composer_name(&name, record);
	value_words(c, a, &value);
	if (value.len) {
		phrases_say(c->out, c->l, words->has, "name", name.data, "value", value.data, NULL);
		return true;
	}
	quote_sentences(&value, json_text(a, "sentence"), VALUE_CHARS);
	if (value.len)
		phrases_say(c->out, c->l, PHRASE_RECORD_SAYS, "name", name.data, "value",
			    value.data, NULL);
	else if (has_page(c))
		say_page(c, record, name.data);
	else
		phrases_say(c->out, c->l, words->lacks, "name", name.data, NULL);
	return true;
}
