/*
 * query_terms.c - what of a question is searched for: its words, and the sentence around them.
 */
#include "search/query_read.h"

#include <string.h>

bool word_listed(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; len && (at = strstr(at, word)) != NULL; at += len) {
		if (at[-1] == '|' && at[len] == '|')
			return true;
	}
	return false;
}

bool reading_in_name(const struct reading *r, size_t i)
{
	for (size_t k = 0; k < r->out->n_names; k++) {
		const struct name_match *m = &r->out->names[k];

		if (m->similarity >= 0.9f && m->from <= r->words[i].from && m->to >= r->words[i].to)
			return true;
	}
	return false;
}

static const char *const empty_words =
	"|conference|event|events|thing|things|topic|topics|subject|"
	"subjects|people|folks|anyone|anybody|person|"
	"please|really|actually|today|konferenz|kongress|thema|"
	"evento|congreso|sujet|very|main|place|begin|"
	"begins|start|starts|starting|beginning|happens|else|whats|"
	"im|id|works|work|working|attendee|visitor|"
	"particular|specific|currently|possible|plan|come|comes|"
	"coming|came|catch|run|runs|running|hold|held|"
	"take|takes|taking|use|uses|using|used|become|becomes|"
	"becoming|include|includes|including|among|several|"
	"deal|deals|dealing|cover|covers|treat|treats|explain|"
	"explains|scheduled|planned|exactly|spot|"
	"worked|write|writes|minute|minutes|hour|hours|min|lot|s|t|d|l|m|";

bool reading_is_empty(const char *word)
{
	return word_listed(empty_words, word);
}

/* Said of any programme: "what is shown on the Elm stage?", "what opens the Sunday?", "is anything still going on?" */
static const char *const generic_words =
	"|show|shows|shown|showing|open|opens|opened|close|closes|closed|hear|heard|watch|watching|"
	"see|seeing|"
	"seen|join|joining|offer|offers|offered|kick|kicks|off|occur|occurs|occurring|goes|go|gone|"
	"play|plays|playing|stage|floor|hall|room|still|enjoy|experience|miss|worth|listed|"
	"announced|do|doing|bring|brings|await|awaits|expect|expects|expected|fill|fills|left|"
	"lauft|zeigt|gezeigt|offnet|horen|passe|passer|hora|hay|";

bool reading_is_generic(const char *word)
{
	return word_listed(generic_words, word);
}

/* A time, a place or a type is the subject then, and what happens there is not. */
static bool filter_says_it(const struct reading *r)
{
	const struct understood *u = r->out;

	return u->filter.places || u->filter.types || u->filter.tracks || u->when.kind != WHEN_NONE;
}

static bool says_nothing(const struct reading *r, const struct word *w)
{
	return w->stop || reading_is_empty(w->text) ||
	       (reading_is_generic(w->text) && filter_says_it(r));
}

size_t reading_content(const struct reading *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += !r->used[i] && !says_nothing(r, &r->words[i]);
	return n;
}

/* Words to search for, in their order; of a name also the small ones. */
const char *reading_terms(struct reading *r)
{
	size_t len = strlen(r->folded) + 2, at = 0;
	char *out = arena_alloc(r->arena, len);

	if (!out)
		return "";
	for (size_t i = 0; i < r->n; i++) {
		size_t from = r->words[i].from, to = r->words[i].to;
		bool name = reading_in_name(r, i);

		if (r->negated[i] || (!name && (r->used[i] || says_nothing(r, &r->words[i]))))
			continue;
		if (r->cues & CUE_WHEN && !name &&
		    word_listed("|time|day|date|uhr|hora|heure|", r->words[i].text))
			continue;
		if (r->out->when.kind != WHEN_NONE && !name && to - from <= 2 &&
		    r->folded[from] >= '0' && r->folded[from] <= '9')
			continue; /* "I have 30 minutes" */
		/* "c++", "node.js", ".net": marks that stick to a word stay */
		while (r->folded[to] && strchr("+#", r->folded[to]))
			to++;
		if (at && from && strchr(".-/", r->folded[from - 1]) && i &&
		    r->words[i - 1].to + 1 == from && !(r->used[i - 1] || r->words[i - 1].stop))
			out[at - 1] = r->folded[from - 1];
		memcpy(out + at, r->folded + from, to - from);
		at += to - from;
		out[at++] = ' ';
	}
	out[at ? at - 1 : 0] = '\0';
	return out;
}

/* A word that is searched for. */
static bool is_term(const struct reading *r, size_t i)
{
	if (r->negated[i])
		return false;
	return reading_in_name(r, i) || !(r->used[i] || says_nothing(r, &r->words[i]));
}

/* Words that open what somebody comes from, and such as end it. */
#define OPENS_ORIGIN "|from|at|for|by|von|aus|bei|de|"
#define ENDS_ORIGIN                                                                                \
	"|who|talk|talks|talking|speak|speaks|speaking|present|presents|presenting|give|gives|"    \
	"giving|about|on|spricht|uber|parle|sur|habla|sobre|"

const char *reading_origin(const struct reading *r)
{
	char *out = arena_alloc(r->arena, strlen(r->folded) + r->n + 1);
	size_t first = 0, i, at = 0, inside = 0, all = 0;

	while (first < r->n && !word_listed(OPENS_ORIGIN, r->words[first].text))
		first++;
	for (i = first + 1; out && i < r->n && !word_listed(ENDS_ORIGIN, r->words[i].text); i++) {
		if (!is_term(r, i))
			continue;
		if (inside++)
			out[at++] = ' ';
		memcpy(out + at, r->folded + r->words[i].from, r->words[i].to - r->words[i].from);
		at += r->words[i].to - r->words[i].from;
	}
	if (out)
		out[at] = '\0';
	for (i = 0; i < r->n; i++)
		all += is_term(r, i);
	return inside && inside < all ? out : NULL;
}

/*
 * For the embedder: the question as it was asked, since a sentence means more than its words, but without what became a
 * filter; all of it is the question itself, whose meaning may be known.  Where a kind of record is asked for ("where are the ... folks?"), the frame around the subject goes, too.
 */
const char *reading_meaning(const struct reading *r)
{
	const unsigned kinds = CUE_SPEAKER | CUE_EXHIBITOR | CUE_VISIT | CUE_FROM_COMPANY;
	size_t size = strlen(r->folded) + r->n + 2, at = 0, first = 0, end = r->n;
	char *out = arena_alloc(r->arena, size);
	bool whole;

	if (!out)
		return "";
	if (r->cues & kinds) {
		while (first < end && !is_term(r, first))
			first++;
		while (end > first && !is_term(r, end - 1))
			end--;
	}
	whole = r->n && first == 0 && end == r->n && r->words[0].from == 0;
	for (size_t i = first; i < end; i++) {
		size_t from = r->words[i].from;
		size_t to = i + 1 < r->n ? r->words[i + 1].from : strlen(r->folded);

		if (r->filtered[i] && !reading_in_name(r, i)) {
			whole = false;
			continue;
		}
		memcpy(out + at, r->folded + from, to - from);
		at += to - from;
		if (out[at - 1] != ' ' && !strchr("-/.'", out[at - 1]))
			out[at++] = ' ';
	}
	while (at && out[at - 1] == ' ')
		at--;
	out[at] = '\0';
	return whole ? r->question : out;
}
