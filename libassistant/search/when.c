/*
 * when.c - time expressions, in four steps:
 *
 *	question --when_tokens--> tokens --when_read--> said --when_place--> window --when_say--> words
 */
#include "search/when.h"

#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "search/language.h"
#include "search/tz_rule.h"
#include "search/when_parse.h"

static bool parse_date(const char *text, int64_t *day)
{
	int y, m, d;

	if (!text || sscanf(text, "%4d-%2d-%2d", &y, &m, &d) != 3)
		return false;
	*day = days_from_civil(y, m, d);
	return true;
}

static int64_t day_at(const struct zone *z, int64_t unix_s)
{
	struct civil c;

	zone_civil(z, unix_s, &c);
	return days_from_civil(c.year, c.month, c.day);
}

/* The conference's days: as declared, else those of its sessions, else today. */
static void read_days(const struct catalog *c, struct said *said)
{
	const struct snapshot *s = catalog_snapshot(c);
	const struct record *sessions = s->records[ENTITY_SESSION];
	int64_t first = INT64_MAX, last = INT64_MIN;

	for (size_t i = 0; i < s->n[ENTITY_SESSION]; i++) {
		int64_t day;

		if (sessions[i].start == TIME_UNKNOWN)
			continue;
		day = day_at(catalog_zone(c), sessions[i].start);
		first = day < first ? day : first;
		last = day > last ? day : last;
	}
	if (!parse_date(s->conference.start_date, &said->first_day))
		said->first_day = first == INT64_MAX ? said->today : first;
	if (!parse_date(s->conference.end_date, &said->last_day))
		said->last_day = last == INT64_MIN ? said->first_day : last;
	if (said->last_day < said->first_day)
		said->last_day = said->first_day;
}

static bool is_glue(const struct token *t)
{
	return t->kind == TOKEN_PUNCTUATION && strchr(",-", t->text[0]);
}

/* Spans of used tokens, and their words as `said`. */
static void mark_spans(const struct token *t, size_t n, const char *folded, struct arena *arena,
		       struct when *out)
{
	struct when_span *spans = arena_array(arena, struct when_span, n + 1);
	_cleanup_text_ struct text said = { 0 };
	size_t k = 0;

	if (!spans)
		return;
	text_init(&said, 512);
	for (size_t i = 0; i < n; i++) {
		if (!t[i].used)
			continue;
		spans[k].from = t[i].from;
		while (i + 1 < n &&
		       (t[i + 1].used || (is_glue(&t[i + 1]) && i + 2 < n && t[i + 2].used)))
			i++;
		spans[k].to = t[i].to;
		if (k)
			text_append_char(&said, ' ');
		text_append_n(&said, folded + spans[k].from, spans[k].to - spans[k].from);
		k++;
	}
	out->spans = spans;
	out->n_spans = k;
	if (!k)
		return;
	out->said = arena_strdup(arena, said.data);
	out->from_byte = spans[0].from;
	out->to_byte = spans[k - 1].to;
}

void when_parse(const struct catalog *c, const char *folded_question, int64_t now_unix_s,
		struct arena *arena, struct when *out)
{
	struct said said = { .french = language_is_likely(folded_question, "fr") };
	struct civil now;
	struct token *tokens;
	size_t n;

	*out = (struct when){ .kind = WHEN_NONE, .from = TIME_UNKNOWN, .to = TIME_UNKNOWN };
	tokens = when_tokens(folded_question, arena, &n);
	if (!tokens)
		return;
	zone_civil(catalog_zone(c), now_unix_s, &now);
	said.today = days_from_civil(now.year, now.month, now.day);
	said.now_minute = now.hour * 60 + now.minute;
	read_days(c, &said);
	when_read(tokens, n, &said);
	when_place(c, &said, now_unix_s, out);
	if (out->kind == WHEN_NONE && !out->unclear)
		return;
	mark_spans(tokens, n, folded_question, arena, out);
	when_say(c, &said, now_unix_s, arena, out);
}
