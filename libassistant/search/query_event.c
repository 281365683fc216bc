/*
 * query_event.c - the programme's own events asked for by kind: its opening, its closing.
 */
#include <string.h>
#include "base/utf8.h"
#include "search/query_read.h"
#include "search/when_words.h"

/* "Wann ist die Eröffnung?": the first session whose title says so, in whatever language; the last one that closes. */
static const struct record *asked_event(const struct reading *r, const char *const *words,
					bool last)
{
	const struct snapshot *s = catalog_snapshot(r->c);
	const struct record *best = NULL;

	for (size_t i = 0; i < s->n[ENTITY_SESSION]; i++) {
		const struct record *session = &s->records[ENTITY_SESSION][i];
		_cleanup_free_ char *title = utf8_fold(session->name, strlen(session->name));

		if (session->start == TIME_UNKNOWN || !title || (best && !last))
			continue;
		for (size_t k = 0; words[k]; k++)
			if (strncmp(title, words[k], strlen(words[k])) == 0)
				best = session;
	}
	return best;
}

static bool is_one_of(const char *word, const char *const *words)
{
	for (size_t k = 0; words[k]; k++)
		if (strcmp(word, words[k]) == 0)
			return true;
	return false;
}

const struct record *reading_event(const struct reading *r)
{
	static const enum day_event events[] = { EVENT_OPENING, EVENT_CLOSING };
	const char *word = NULL;

	if (!(r->cues & (CUE_WHEN | CUE_WHERE)) || r->out->n_names ||
	    r->out->when.kind != WHEN_NONE || r->out->filter.places)
		return NULL;
	for (size_t i = 0; i < r->n; i++) {
		if (r->words[i].stop || r->used[i] ||
		    word_listed("|session|ceremony|conference|feier|ceremonie|ceremonia|",
				r->words[i].text))
			continue;
		if (word)
			return NULL;
		word = r->words[i].text;
	}
	for (size_t k = 0; word && k < ARRAY_SIZE(events); k++) {
		const char *const *words = day_event_words(events[k]);

		if (is_one_of(word, words))
			return asked_event(r, words, events[k] == EVENT_CLOSING);
	}
	return NULL;
}

void reading_take_event(struct reading *r, const struct record *event)
{
	struct understood *u = r->out;
	const char **ids = arena_array(r->arena, const char *, 2);

	if (!ids)
		return;
	ids[0] = event->id;
	ids[1] = NULL;
	u->filter.ids = ids;
	u->intent = INTENT_SESSION_SEARCH;
	u->entities = ENTITY_BIT(ENTITY_SESSION);
	u->specificity = SPECIFIC;
	u->terms = event->name;
}
