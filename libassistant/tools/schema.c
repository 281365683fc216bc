/*
 * schema.c - the part of JSON Schema that arguments of tools use.
 */
#include "tools/tool.h"

#include <string.h>
#include "base/utf8.h"

#define MAX_PATH 96

struct at {
	const char *path; /* "filters.place" */
	struct fail *f;
};

static int check(struct json_object *schema, struct json_object *value, const struct at *at);

static const char *type_of(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		return "null";
	case json_type_boolean:
		return "boolean";
	case json_type_double:
		return "number";
	case json_type_int:
		return "integer";
	case json_type_object:
		return "object";
	case json_type_array:
		return "array";
	case json_type_string:
		return "string";
	}
	return "unknown";
}

static bool type_fits(const char *wanted, struct json_object *value)
{
	const char *is = type_of(value);

	return strcmp(wanted, is) == 0 ||
	       (strcmp(wanted, "number") == 0 && strcmp(is, "integer") == 0);
}

static int check_type(struct json_object *schema, struct json_object *value, const struct at *at)
{
	struct json_object *type = json_get(schema, "type");

	if (!type)
		return 0;
	if (json_object_is_type(type, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(type); i++)
			if (type_fits(json_object_get_string(json_object_array_get_idx(type, i)),
				      value))
				return 0;
	} else if (type_fits(json_object_get_string(type), value)) {
		return 0;
	}
	return FAIL(at->f, ASSISTANT_EINVAL, "%s must be of type %s, not %s.", at->path,
		    json_object_get_string(type), type_of(value));
}

static int check_enum(struct json_object *schema, struct json_object *value, const struct at *at)
{
	struct json_object *allowed = json_get_array(schema, "enum");

	if (!allowed)
		return 0;
	for (size_t i = 0; i < json_object_array_length(allowed); i++)
		if (json_object_equal(json_object_array_get_idx(allowed, i), value))
			return 0;
	return FAIL(at->f, ASSISTANT_EINVAL, "%s must be one of %s.", at->path,
		    json_object_to_json_string_ext(allowed, JSON_C_TO_STRING_NOSLASHESCAPE));
}

static int check_number(struct json_object *schema, struct json_object *value, const struct at *at)
{
	double v = json_object_get_double(value);

	if (!json_object_is_type(value, json_type_int) &&
	    !json_object_is_type(value, json_type_double))
		return 0;
	if (json_get(schema, "minimum") && v < json_get_double(schema, "minimum", 0))
		return FAIL(at->f, ASSISTANT_EINVAL, "%s must be at least %s.", at->path,
			    json_object_get_string(json_get(schema, "minimum")));
	if (json_get(schema, "maximum") && v > json_get_double(schema, "maximum", 0))
		return FAIL(at->f, ASSISTANT_EINVAL, "%s must be at most %s.", at->path,
			    json_object_get_string(json_get(schema, "maximum")));
	return 0;
}

static int check_string(struct json_object *schema, struct json_object *value, const struct at *at)
{
	int64_t max = json_get_int(schema, "maxLength", -1);

	if (max < 0 || !json_object_is_type(value, json_type_string))
		return 0;
	if (utf8_count(json_object_get_string(value)) > (size_t)max)
		return FAIL(at->f, ASSISTANT_EINVAL, "%s must be at most %lld characters long.",
			    at->path, (long long)max);
	return 0;
}

static int check_array(struct json_object *schema, struct json_object *value, const struct at *at)
{
	struct json_object *items = json_get_object(schema, "items");
	int64_t max = json_get_int(schema, "maxItems", -1);
	size_t n;

	if (!json_object_is_type(value, json_type_array))
		return 0;
	n = json_object_array_length(value);
	if (max >= 0 && n > (size_t)max)
		return FAIL(at->f, ASSISTANT_EINVAL, "%s must have at most %lld items.", at->path,
			    (long long)max);
	for (size_t i = 0; items && i < n; i++) {
		char path[MAX_PATH];
		struct at below = { .path = path, .f = at->f };
		int r;

		snprintf(path, sizeof(path), "%s[%zu]", at->path, i);
		r = check(items, json_object_array_get_idx(value, i), &below);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_required(struct json_object *schema, struct json_object *value,
			  const struct at *at)
{
	struct json_object *required = json_get_array(schema, "required");

	for (size_t i = 0; required && i < json_object_array_length(required); i++) {
		const char *key = json_object_get_string(json_object_array_get_idx(required, i));

		if (!json_object_object_get_ex(value, key, NULL))
			return FAIL(at->f, ASSISTANT_EINVAL, "%s lacks %s.", at->path, key);
	}
	return 0;
}

static int check_object(struct json_object *schema, struct json_object *value, const struct at *at)
{
	struct json_object *properties = json_get_object(schema, "properties");
	bool more = json_get_bool(schema, "additionalProperties", true);
	int r;

	if (!json_object_is_type(value, json_type_object))
		return 0;
	r = check_required(schema, value, at);
	if (r < 0)
		return r;
	json_object_object_foreach(value, key, member)
	{
		struct json_object *below_schema = json_get(properties, key);
		char path[MAX_PATH];
		struct at below = { .path = path, .f = at->f };

		if (!below_schema && !more)
			return FAIL(at->f, ASSISTANT_EINVAL, "%s has no property %.40s.", at->path,
				    key);
		snprintf(path, sizeof(path), "%s.%.40s", at->path, key);
		r = below_schema ? check(below_schema, member, &below) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

static int check(struct json_object *schema, struct json_object *value, const struct at *at)
{
	static int (*const checks[])(struct json_object *, struct json_object *,
				     const struct at *) = {
		check_type, check_enum, check_number, check_string, check_array, check_object
	};

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		int r = checks[i](schema, value, at);

		if (r < 0)
			return r;
	}
	return 0;
}

int schema_check(struct json_object *schema, struct json_object *value, struct fail *f)
{
	const struct at top = { .path = "arguments", .f = f };

	return check(schema, value, &top);
}
