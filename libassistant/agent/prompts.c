/*
 * prompts.c - see prompts.h.
 */
#include "agent/prompts.h"

#include <string.h>
#include "base/text.h"
#include "llm/phrases.h"
#include "llm/quote.h"

#define MAX_BYTES  (32 * 1024)
#define NAME_CHARS 200

static const struct {
	const char *name;
	int version;
	const char *text;
} prompts[] = {
#define PROMPT(name, version, text) { #name, version, text },
#include "prompts.inc"
#undef PROMPT
};

int prompt_version(enum prompt p)
{
	return prompts[p].version;
}

/* "2026-01-31": "Saturday 31 January 2026". */
static bool add_day(struct text *out, const char *date)
{
	char noon[40];
	struct civil_time t;

	snprintf(noon, sizeof(noon), "%.10sT12:00:00+00:00", date ? date : "");
	if (!civil_time_parse(noon, &t))
		return false;
	phrases_weekday(out, LANGUAGE_EN, &t);
	text_append(out, " ");
	phrases_date(out, LANGUAGE_EN, &t, true);
	return true;
}

static void add_dates(struct text *out, const struct conference *c)
{
	size_t before = out->len;

	text_append(out, "It takes place from ");
	if (!add_day(out, c->start_date)) {
		text_cut(out, before);
		return;
	}
	text_append(out, " to ");
	if (!add_day(out, c->end_date))
		text_cut(out, out->len - 4);
	text_append(out, ". ");
}

static void add_place(struct text *out, const struct conference *c)
{
	if (!c->venue && !c->city)
		return;
	text_append(out, "The place is ");
	if (c->venue)
		quote_clean(out, c->venue, NAME_CHARS, false);
	if (c->city) {
		text_append(out, c->venue ? ", " : "");
		quote_clean(out, c->city, NAME_CHARS, false);
	}
	text_append(out, ". ");
}

/* at: behind a brace.  How many bytes it takes with the closing one; 0: no such place. */
static size_t fill(struct text *out, const char *at, const struct conference *c, const char *zone)
{
	size_t n = strcspn(at, "}");

	if (n == 4 && strncmp(at, "name", n) == 0)
		quote_clean(out, c->name, NAME_CHARS, false);
	else if (n == 5 && strncmp(at, "dates", n) == 0)
		add_dates(out, c);
	else if (n == 5 && strncmp(at, "place", n) == 0)
		add_place(out, c);
	else if (n == 4 && strncmp(at, "zone", n) == 0)
		text_append(out, zone);
	else
		return 0;
	return n + 1;
}

const char *prompt_write(enum prompt p, const struct conference *c, const char *zone,
			 struct arena *arena)
{
	struct text out _cleanup_text_ = { 0 };

	text_init(&out, MAX_BYTES);
	for (const char *at = prompts[p].text; *at;) {
		size_t n = *at == '{' ? fill(&out, at + 1, c, zone) : 0;

		if (!n)
			text_append_char(&out, *at);
		at += n + 1;
	}
	return out.failed ? NULL : arena_strdup(arena, out.data);
}
