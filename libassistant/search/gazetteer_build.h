/*
 * gazetteer_build.h - what gazetteer_names.c fills and gazetteer.c matches.
 */
#ifndef SEARCH_GAZETTEER_BUILD_H
#define SEARCH_GAZETTEER_BUILD_H

#include "search/gazetteer.h"

/* How sure a literal match of an alias is. */
#define QUALITY_WHOLE	1.0f
#define QUALITY_PART	0.95f
#define QUALITY_SURNAME 0.8f
#define QUALITY_SHARED	0.6f /* a surname of several, a first name */

struct phrase {
	enum name_kind kind;
	const struct record *record;
	const char *value;
	const struct vocabulary_word **words;
	unsigned n_words;
	float weight; /* of its words, the rarer the heavier */
	float quality;
	bool whole;    /* takes part in level two */
	unsigned next; /* of the same compact form, + 1; 0: none */
};

struct place_group {
	const char *value;
	const char **members; /* NULL-terminated */
	size_t n;
	size_t cap;
};

struct gazetteer {
	struct arena *arena;
	const struct snapshot *snapshot;
	struct vocabulary *vocabulary;
	struct map *compact; /* words written together -> first phrase + 1 */
	struct phrase *phrases;
	size_t n, cap;
	/* per session: exhibitors its text names, NULL-terminated; NULL: none */
	const struct record *const **mentions;
	struct place_group *groups;
	size_t n_groups, cap_groups;
};

/* One way to say a name; text is folded.  Words of one letter are left out of people's names. */
int gazetteer_add(struct gazetteer *g, struct phrase model, const char *text);
/* All names of the snapshot. */
int gazetteer_add_names(struct gazetteer *g);
int gazetteer_add_places(struct gazetteer *g);
/* After the names: which talks speak of which exhibitors. */
int gazetteer_add_mentions(struct gazetteer *g);

#endif
