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
#include "base/tz_rule.h"
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

/* --- names -------------------------------------------------------------------- */

static bool is_quote(const struct token *t)
{
	return t->kind == TOKEN_PUNCTUATION && !strchr(".,;:?!-()/&+", t->text[0]);
}

static bool relates(const struct token *t)
{
	static const char *const during[] = { "during", "wahrend", "pendant", "durante" };

	if (strcmp(t->text, "to") == 0 || strcmp(t->text, "by") == 0 ||
	    strcmp(t->text, "past") == 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(during); i++) {
		if (strcmp(t->text, during[i]) == 0)
			return true;
	}
	return t->is & (W_BEFORE | W_AFTER | W_UNTIL | W_BETWEEN) || strcmp(t->text, "since") == 0;
}

/* "after Cranes", "before the talk "Cranes"", "between Cranes and Silt" */
static bool after_relation(const struct token *t, size_t i, bool *announced)
{
	bool and = false;

	*announced = i > 0 && is_quote(&t[i - 1]);
	for (size_t steps = 0; i-- > 0 && steps < 12; steps++) {
		if (relates(&t[i]))
			return !and || t[i].is & W_BETWEEN;
		and |= t[i].is & W_AND;
		*announced |= !and&&t[i].is & W_SESSION;
		if (!and&&!is_quote(&t[i]) && !(t[i].is & (W_ARTICLE | W_THIS | W_SESSION)) &&
		    strcmp(t[i].text, "by") != 0 && strcmp(t[i].text, "of") != 0)
			return false;
	}
	return false;
}

static bool only_events(const struct token *t, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (!(t[i].is & (W_EVENT | W_ARTICLE | W_PART)))
			return false;
	}
	return true;
}

/* A long name is no time: "Evolving Git for the next decade"; a short one is a name where a word before it asks for one. */
static bool is_name(const struct name_match *m, const struct token *t, size_t from, size_t to)
{
	bool announced, named = m->kind == NAME_RECORD && m->record->type != ENTITY_EXHIBITOR &&
				!only_events(t, from, to) && after_relation(t, from, &announced);

	if (m->kind == NAME_PLACE)
		return m->similarity >= 0.9f;
	if (m->kind != NAME_RECORD)
		return false;
	return (m->n_words >= 3 && m->similarity >= 0.88f) ||
	       (named && m->similarity >= 0.9f && (m->n_words >= 2 || announced));
}

/* The tokens of a name become one, which is no word. */
static size_t name_fold(struct token *t, size_t n, const struct name_match *m)
{
	size_t from = 0, to;

	while (from < n && t[from].from < m->from)
		from++;
	for (to = from; to < n && t[to].to <= m->to;)
		to++;
	if (from == to || !is_name(m, t, from, to))
		return n;
	t[from] = (struct token){ .kind = TOKEN_NAME,
				  .from = t[from].from,
				  .to = t[to - 1].to,
				  .text = "",
				  .record = m->kind == NAME_RECORD &&
							    m->record->type != ENTITY_EXHIBITOR
						    ? m->record
						    : NULL };
	memmove(t + from + 1, t + to, (n - to) * sizeof *t);
	return n - (to - from) + 1;
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

/* Names that became part of a time. */
static void mark_names(const struct token *t, size_t n, struct arena *arena, struct when *out)
{
	struct when_span *names = arena_array(arena, struct when_span, n + 1);
	size_t k = 0;

	for (size_t i = 0; names && i < n; i++) {
		if (t[i].used && t[i].kind == TOKEN_NAME)
			names[k++] = (struct when_span){ t[i].from, t[i].to };
	}
	out->names = names;
	out->n_names = k;
}

void when_parse_named(const struct catalog *c, const char *folded_question,
		      const struct name_match *names, size_t n_names, int64_t now_unix_s,
		      struct arena *arena, struct when *out)
{
	struct said *said = arena_new(arena, struct said);
	struct civil now;
	struct token *tokens;
	size_t n;

	*out = (struct when){ .kind = WHEN_NONE, .from = TIME_UNKNOWN, .to = TIME_UNKNOWN };
	tokens = when_tokens(folded_question, arena, &n);
	if (!tokens || !said)
		return;
	*said = (struct said){ .french = language_is_likely(folded_question, "fr") };
	for (size_t i = 0; i < n_names; i++) /* the longest come first */
		n = name_fold(tokens, n, &names[i]);
	zone_civil(catalog_zone(c), now_unix_s, &now);
	said->today = days_from_civil(now.year, now.month, now.day);
	said->now_minute = now.hour * 60 + now.minute;
	read_days(c, said);
	when_read(tokens, n, said);
	when_place(c, said, now_unix_s, arena, out);
	if (out->kind == WHEN_NONE && !out->unclear)
		return;
	mark_spans(tokens, n, folded_question, arena, out);
	mark_names(tokens, n, arena, out);
	when_say(c, said, now_unix_s, arena, out);
}

void when_parse(const struct catalog *c, const char *folded_question, int64_t now_unix_s,
		struct arena *arena, struct when *out)
{
	struct name_match *names;
	size_t n = catalog_match(c, folded_question, arena, &names);

	when_parse_named(c, folded_question, names, n, now_unix_s, arena, out);
}
