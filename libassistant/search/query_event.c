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

/* "opening", "Eröffnungsfeier", "Abschlussveranstaltung" */
static bool names_event(const char *word, const char *const *words)
{
	for (size_t k = 0; words[k]; k++) {
		size_t n = strlen(words[k]);

		if (strncmp(word, words[k], n) != 0)
			continue;
		if (!word[n] ||
		    word_listed("|veranstaltung|feier|rede|vortrag|plenum|keynote|"
				"sveranstaltung|sfeier|srede|svortrag|splenum|skeynote|",
				word + n))
			return true;
	}
	return false;
}

/* What is said beside it and names nothing else. */
static bool is_beside_event(const struct reading *r, size_t i)
{
	return r->words[i].stop || r->used[i] || reading_is_empty(r->words[i].text) ||
	       word_listed("|session|ceremony|conference|feier|ceremonie|ceremonia|keynote|"
			   "keynotes|plenary|talk|speech|address|remarks|rede|discours|discurso|",
			   r->words[i].text);
}

static bool may_ask_event(const struct reading *r)
{
	const struct understood *u = r->out;
	bool anytime = u->when.kind == WHEN_NONE ||
		       ((u->when.kind == WHEN_FIRST || u->when.kind == WHEN_LAST) &&
			u->when.from == TIME_UNKNOWN && u->when.to == TIME_UNKNOWN);

	return r->cues & (CUE_WHEN | CUE_WHERE | CUE_WHO | CUE_WHAT) && !u->n_names && anytime &&
	       !u->filter.places && !u->filter.types && !u->filter.tracks;
}

const struct record *reading_event(struct reading *r)
{
	static const enum day_event events[] = { EVENT_OPENING, EVENT_CLOSING };
	const char *const *asked = NULL;
	const struct record *found;
	bool last = false;

	if (!may_ask_event(r))
		return NULL;
	for (size_t i = 0; i < r->n; i++) {
		const char *const *words = NULL;

		for (size_t k = 0; k < ARRAY_SIZE(events); k++) {
			if (!names_event(r->words[i].text, day_event_words(events[k])))
				continue;
			words = day_event_words(events[k]);
			last = events[k] == EVENT_CLOSING;
		}
		if (!words && is_beside_event(r, i))
			continue;
		if (!words || (asked && words != asked))
			return NULL;
		asked = words;
	}
	found = asked ? asked_event(r, asked, last) : NULL;
	/* The programme calls nothing so: of all of it the first or the last, whatever that is about. */
	if (asked && !found && r->out->when.kind != WHEN_NONE) {
		r->out->terms = r->out->meaning = "";
		r->out->entities = ENTITY_BIT(ENTITY_SESSION);
	}
	return found;
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
	u->when = (struct when){ .kind = WHEN_NONE, .from = TIME_UNKNOWN, .to = TIME_UNKNOWN };
	if (r->cues & CUE_WHEN && r->cues & CUE_WHO)
		u->asked = ASKED_ANY; /* when, and who: all that is known of it */
	u->intent = INTENT_SESSION_SEARCH;
	u->entities = ENTITY_BIT(ENTITY_SESSION);
	u->specificity = SPECIFIC;
	u->terms = u->meaning = event->name;
}
