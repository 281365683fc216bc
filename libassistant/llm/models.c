/*
 * models.c - see models.h.
 */
#include "llm/models.h"

#include <string.h>

#define MAX_PART 128

static const struct {
	const char *id;
	struct model_traits traits;
} models[] = {
#define MODEL(id, prefill, structured, effort, thinking_off, cache_min)                            \
	{ id, { prefill, structured, effort, thinking_off, cache_min } },
#include "llm/models.def"
#undef MODEL
};

static bool begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static const struct model_traits *row_of(const char *model)
{
	size_t best = 0;

	for (size_t i = 1; i < ARRAY_SIZE(models); i++)
		if (begins(model, models[i].id) && strlen(models[i].id) >= strlen(models[best].id))
			best = i;
	return &models[best].traits;
}

static bool set_word(char *to, size_t size, const char *value)
{
	bool none = strcmp(value, "none") == 0;

	if (!*value || strlen(value) >= size ||
	    strspn(value, "abcdefghijklmnopqrstuvwxyz_") != strlen(value))
		return false;
	snprintf(to, size, "%s", none ? "" : value);
	return true;
}

static bool set_trait(struct model_traits *t, const char *trait)
{
	char *end;

	if (strcmp(trait, "prefill") == 0 || strcmp(trait, "no-prefill") == 0) {
		t->prefill = trait[0] == 'p';
		return true;
	}
	if (strcmp(trait, "structured") == 0 || strcmp(trait, "no-structured") == 0) {
		t->structured = trait[0] == 's';
		return true;
	}
	if (begins(trait, "effort="))
		return set_word(t->effort, sizeof(t->effort), trait + 7);
	if (begins(trait, "thinking="))
		return set_word(t->thinking_off, sizeof(t->thinking_off), trait + 9);
	if (begins(trait, "cache-min=") && trait[10] >= '0' && trait[10] <= '9') {
		long n = strtol(trait + 10, &end, 10);

		t->cache_min = (int)n;
		return *end == '\0' && n <= 1000000;
	}
	return false;
}

static int bad(const char *part, struct fail *f)
{
	return FAIL(
		f, ASSISTANT_EINVAL,
		"ANTHROPIC_MODEL_TRAITS has \"%s\"; it wants \"model: trait trait; model: ...\" "
		"of prefill, structured, effort=, thinking=, cache-min=.",
		part);
}

/* "model: trait trait" */
static int apply(const char *part, const char *model, struct model_traits *t, struct fail *f)
{
	struct model_traits ignored = *t;
	const char *colon = strchr(part, ':');
	char id[MAX_PART], trait[MAX_PART];
	struct model_traits *to;

	if (!colon)
		return bad(part, f);
	snprintf(id, sizeof(id), "%.*s", (int)(colon - part), part);
	to = begins(model, id) ? t : &ignored;
	for (const char *at = colon + 1; *at;) {
		size_t n;

		at += strspn(at, " ");
		n = strcspn(at, " ");
		snprintf(trait, sizeof(trait), "%.*s", (int)n, at);
		if (n && !set_trait(to, trait))
			return bad(trait, f);
		at += n;
	}
	return 0;
}

int model_traits_find(const char *model, const char *overrides, struct model_traits *out,
		      struct fail *f)
{
	struct model_traits t = *row_of(model);

	for (const char *at = overrides ? overrides : ""; *at;) {
		char part[MAX_PART];
		size_t n;
		int r;

		at += strspn(at, "; ");
		n = strcspn(at, ";");
		snprintf(part, sizeof(part), "%.*s", (int)n, at);
		r = n ? apply(part, model, &t, f) : 0;
		if (r < 0)
			return r;
		at += n;
	}
	*out = t;
	return 0;
}

const char *model_retired(const char *model)
{
	static const struct {
		const char *id, *date;
	} retired[] = {
#define MODEL(id, prefill, structured, effort, thinking_off, cache_min)
#define RETIRED(id, date) { id, date },
#include "llm/models.def"
#undef RETIRED
#undef MODEL
	};

	for (size_t i = 0; i < ARRAY_SIZE(retired); i++)
		if (begins(model, retired[i].id))
			return retired[i].date;
	return NULL;
}
