/*
 * answer_check_lines.c - an answer's lines, the records they mention, and which of them each part is about.
 *
 *	"- 10:45-11:30, Hall A: **Title** (A and B); **Other title** (on Friday 21 May)"
 *	     \------------ segment: Title ----------/  \------ segment: Other title --/
 *
 * A part that mentions nobody is about what was mentioned last.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "answer_check_impl.h"
#include "fold.h"

#define MAX_CANDIDATES 512

/* --- Mentions ----------------------------------------------------------------------- */

static bool is_marked(const char *line, size_t begin, size_t end)
{
	return (begin >= 2 && !memcmp(line + begin - 2, "**", 2) &&
		!strncmp(line + end, "**", 2)) ||
	       (begin && strchr("\"'", line[begin - 1]) && line[end] && strchr("\"'", line[end]));
}

/* One plain word of some other record's name is a word like any other, unless it is set apart. */
static bool is_mention(const struct known *k, const char *line, size_t begin, size_t end)
{
	if (k->referenced)
		return true;
	if (!k->session && !k->speaker && !k->exhibitor)
		return false;
	return strchr(k->name, ' ') || is_marked(line, begin, end);
}

static int by_weight(const void *a, const void *b)
{
	const struct mention *x = a, *y = b;
	size_t x_len = x->end - x->begin, y_len = y->end - y->begin;

	if (x_len != y_len)
		return x_len > y_len ? -1 : 1;
	return (int)y->known->referenced - (int)x->known->referenced;
}

static int by_place(const void *a, const void *b)
{
	const struct mention *x = a, *y = b;

	return x->begin < y->begin ? -1 : x->begin > y->begin;
}

static size_t find_candidates(const struct answer_check *c, const char *line,
			      struct mention out[static MAX_CANDIDATES])
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct known *k = &c->all[i];
		const char *at = fold_find(line, k->name);

		for (; at && n < MAX_CANDIDATES; at = fold_find_from(line, at + 1, k->name)) {
			size_t begin = (size_t)(at - line), end = begin + strlen(k->name);

			if (is_mention(k, line, begin, end))
				out[n++] = (struct mention){ begin, end, k };
		}
	}
	return n;
}

/* The longest ones that do not overlap, from left to right. */
static size_t find_mentions(const struct answer_check *c, const char *line,
			    struct mention out[static MAX_MENTIONS])
{
	struct mention candidates[MAX_CANDIDATES];
	size_t n = find_candidates(c, line, candidates), kept = 0;

	qsort(candidates, n, sizeof(*candidates), by_weight);
	for (size_t i = 0; i < n && kept < MAX_MENTIONS; i++) {
		bool free_place = true;

		for (size_t k = 0; k < kept; k++)
			free_place &= candidates[i].end <= out[k].begin ||
				      candidates[i].begin >= out[k].end;
		if (free_place)
			out[kept++] = candidates[i];
	}
	qsort(out, kept, sizeof(*out), by_place);
	return kept;
}

/* --- Names that nothing stands behind --------------------------------------------------- */

/* The name occurs in what a referenced record says, or belongs to it. */
static bool is_covered(struct reading *r, const struct known *k)
{
	char *lower = fold_plain(k->record->name, true);
	bool covered = k->referenced || !lower || fold_find(r->question, lower);

	for (size_t i = 0; i < r->check->n && !covered; i++) {
		struct known *other = &r->check->all[i];

		covered = other->referenced &&
			  (known_linked(other, k) || fold_find(known_text(other), lower));
	}
	free(lower);
	return covered;
}

static void check_mentions(struct reading *r, const struct segment *s)
{
	for (size_t i = 0; i < s->n_mentions; i++) {
		const struct mention *m = &s->mentions[i];

		r->claims++;
		if (!is_covered(r, m->known))
			check_find(r, "name", s->line + m->begin, m->end - m->begin,
				   "a name that is a reference", s);
	}
}

/* --- Segments ----------------------------------------------------------------------------- */

static size_t segment_end(const struct segment *s, size_t from, size_t len)
{
	for (size_t i = from; i < len; i++) {
		size_t mention = segment_mention_end(s, i);
		const char *p = s->line + i;

		if (mention)
			i = mention - 1;
		else if (p[0] == ';' && p[1] == ' ')
			return i + 1;
		else if (strchr(".!?", p[0]) && p[1] == ' ' && !islower((unsigned char)p[2]))
			return i + 1;
	}
	return len;
}

/* What the segment mentions takes the place of what the one before was about. */
static void choose_subjects(struct segment *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_mentions && n < MAX_SUBJECTS; i++) {
		const struct mention *m = &s->mentions[i];

		if (m->begin >= s->begin && m->begin < s->end &&
		    (m->known->session || m->known->speaker || m->known->exhibitor))
			s->subjects[n++] = m->known;
	}
	if (n)
		s->n_subjects = n;
}

static void check_segments(struct reading *r, struct segment *s, size_t len)
{
	for (size_t from = 0; from < len; from = s->end) {
		from += strspn(s->line + from, " ");
		s->begin = from;
		s->end = segment_end(s, from, len);
		if (s->end <= s->begin)
			break;
		choose_subjects(s);
		check_facts(r, s);
	}
}

/* --- Lines -------------------------------------------------------------------------------- */

/* Behind the marker of a list's item; *item tells whether there was one. */
static const char *behind_marker(const char *line, bool *item)
{
	const char *p = line + strspn(line, " #");
	size_t digits = strspn(p, "0123456789");

	*item = true;
	if ((p[0] == '-' || p[0] == '*') && p[1] == ' ')
		return p + 2;
	if (digits && digits < 3 && p[digits] == '.' && p[digits + 1] == ' ')
		return p + digits + 2;
	*item = false;
	return p;
}

/* "There are 3 sessions on Friday:" or a day alone. */
static bool is_heading(const struct reading *r, const struct segment *s, size_t len)
{
	struct day days[MAX_FACTS];
	const char *at[MAX_FACTS];
	size_t lengths[MAX_FACTS], last = len;

	while (last && strchr("* ", s->line[last - 1]))
		last--;
	if (last && s->line[last - 1] == ':')
		return true;
	return words_days(s, days, at, lengths, &r->now) == 1 && lengths[0] + 4 >= len &&
	       !s->n_mentions;
}

static void check_line(struct reading *r, struct segment *s, const char *text)
{
	struct mention mentions[MAX_MENTIONS];
	size_t len;

	s->line = behind_marker(text, &s->item);
	s->mentions = mentions;
	s->n_mentions = find_mentions(r->check, s->line, mentions);
	len = strlen(s->line);
	s->begin = 0;
	s->end = len;
	check_mentions(r, s);
	check_quotations(r, s->line);
	if (!s->item && is_heading(r, s, len)) {
		s->n_subjects = 0;
		choose_subjects(s);
		check_heading(r, s);
	} else {
		if (!s->item && len)
			r->heading = (struct heading){ .from = -1, .to = -1 };
		check_segments(r, s, len);
	}
	s->mentions = NULL;
	s->n_mentions = 0;
}

void check_lines(struct reading *r, const char *text)
{
	struct segment s = { 0 };

	r->heading = (struct heading){ .from = -1, .to = -1 };
	while (*text) {
		size_t len = strcspn(text, "\n");
		char *line = strndup(text, len), *folded = line ? fold(line, false) : NULL;

		if (folded)
			check_line(r, &s, folded);
		free(folded);
		free(line);
		text += len + (text[len] == '\n');
	}
}
