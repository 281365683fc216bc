/*
 * gazetteer_mentions.c - talks that name an exhibitor.  Many exhibitors are a name and nothing else: what a talk says of them is
 * all there is to find them by.
 */
#include "search/gazetteer_build.h"

#include <string.h>
#include "base/map.h"
#include "base/utf8.h"
#include "search/words.h"

#define MAX_RUN	     4
#define MAX_MENTIONS 12 /* of one session; one that names more is a list of names */
#define MAX_COMPACT  64

struct mentioned {
	const struct record *records[MAX_MENTIONS + 1];
	size_t n;
};

static void mention(struct mentioned *m, const struct record *exhibitor)
{
	for (size_t i = 0; i < m->n; i++) {
		if (m->records[i] == exhibitor)
			return;
	}
	if (m->n < MAX_MENTIONS)
		m->records[m->n++] = exhibitor;
}

/* Exhibitors called exactly so; a single plain word ("element") names nobody in a text. */
static void look_up(const struct gazetteer *g, const char *run, struct mentioned *m)
{
	uintptr_t at = (uintptr_t)map_get(g->compact, run);

	for (; at; at = g->phrases[at - 1].next) {
		const struct phrase *p = &g->phrases[at - 1];

		if (p->kind != NAME_RECORD || p->record->type != ENTITY_EXHIBITOR ||
		    (p->n_words == 1 &&
		     (vocabulary_is_plain(p->words[0]) || strlen(p->words[0]->text) <= 2)))
			continue;
		mention(m, p->record);
	}
}

static int read_text(const struct gazetteer *g, const char *text, struct mentioned *m)
{
	_cleanup_free_ char *folded = utf8_fold(text, strlen(text));
	size_t len = folded ? strlen(folded) : 0, i = 0, from, to;
	char run[MAX_COMPACT * MAX_RUN + 1];
	char words[MAX_RUN][MAX_COMPACT + 1] = { "" };
	size_t n = 0;

	if (!folded)
		return ASSISTANT_ENOMEM;
	while (word_next(folded, len, &i, &from, &to)) {
		size_t size = to - from > MAX_COMPACT ? MAX_COMPACT : to - from, at = 0;

		memcpy(words[n % MAX_RUN], folded + from, size);
		words[n % MAX_RUN][size] = '\0';
		n++;
		/* Runs that end here: the longest first, written from their first word. */
		for (size_t k = n < MAX_RUN ? n : MAX_RUN; k > 0; k--) {
			at = 0;
			for (size_t w = n - k; w < n; w++) {
				size_t word_len = strlen(words[w % MAX_RUN]);

				memcpy(run + at, words[w % MAX_RUN], word_len + 1);
				at += word_len;
			}
			look_up(g, run, m);
		}
	}
	return 0;
}

int gazetteer_add_mentions(struct gazetteer *g)
{
	const struct snapshot *s = g->snapshot;
	size_t n = s->n[ENTITY_SESSION];

	g->mentions = arena_array(g->arena, const struct record *const *, n + 1);
	if (!g->mentions)
		return ASSISTANT_ENOMEM;
	for (size_t i = 0; i < n && s->n[ENTITY_EXHIBITOR]; i++) {
		const struct record *session = &s->records[ENTITY_SESSION][i];
		struct mentioned m = { .n = 0 };
		const struct record **list;
		int r = read_text(g, session->name, &m);

		if (r == 0 && session->description)
			r = read_text(g, session->description, &m);
		if (r < 0)
			return r;
		if (!m.n || m.n == MAX_MENTIONS)
			continue;
		list = arena_array(g->arena, const struct record *, m.n + 1);
		if (!list)
			return ASSISTANT_ENOMEM;
		memcpy(list, m.records, m.n * sizeof *list);
		g->mentions[i] = list;
	}
	return 0;
}

const struct record *const *gazetteer_mentions(const struct gazetteer *g,
					       const struct record *session)
{
	static const struct record *const none[] = { NULL };
	const struct record *first = g->snapshot->records[ENTITY_SESSION];
	size_t i = (size_t)(session - first);

	return i < g->snapshot->n[ENTITY_SESSION] && g->mentions[i] ? g->mentions[i] : none;
}
