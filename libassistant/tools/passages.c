/*
 * passages.c - of a page of information, the lines that answer a question.
 *
 * A page is cut into units (a line, or a sentence of a long line), each under the heading it stands
 * below.  The best run of neighbouring units of one section is a passage.
 */
#include "tools/builtin.h"

#include <math.h>
#include <string.h>
#include "base/text.h"
#include "base/utf8.h"

#define MAX_UNITS     400
#define MAX_WORDS     32
#define MAX_RUN	      6
#define MAX_PASSAGES  2
#define HEADING_CHARS 60

struct unit {
	const char *text;
	size_t len, section;
	bool heading, item;
	float match[MAX_WORDS];
};

struct page {
	struct unit *units;
	size_t n;
	float idf[MAX_WORDS];
	size_t n_words;
	struct arena *arena;
};

static void add_unit(struct page *p, const char *text, size_t len, bool heading, size_t section)
{
	struct unit *u;

	while (len && strchr(" \t\r", text[len - 1]))
		len--;
	if (!len || p->n == MAX_UNITS)
		return;
	u = &p->units[p->n++];
	*u = (struct unit){ .text = text,
			    .len = len,
			    .section = section,
			    .heading = heading,
			    .item = strchr("-*", text[0]) && len > 1 && text[1] == ' ' };
}

/* Behind the mark that ends the first sentence of s. */
static size_t sentence_len(const char *s, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++)
		if (strchr(".!?", s[i]) && s[i + 1] == ' ' && i > 2 && s[i - 1] != ' ' &&
		    s[i - 2] != ' ' && s[i - 2] != '.')
			return i + 1;
	return len;
}

/* Short, without an end mark, alone in its paragraph, and something follows. */
static bool is_heading(const char *line, size_t len, const char *rest)
{
	return len <= HEADING_CHARS && len > 1 && !strchr(".!?,;:-*", line[len - 1]) &&
	       !(strchr("-*", line[0]) && line[1] == ' ') && rest[0] == '\n' && rest[1] == '\n' &&
	       rest[2];
}

static void cut_units(struct page *p, const char *text)
{
	size_t section = 0;

	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		if (len && is_heading(line, len, line + len)) {
			add_unit(p, line, len, true, ++section);
		} else {
			for (size_t at = 0; at < len;) {
				size_t n = sentence_len(line + at, len - at);

				add_unit(p, line + at, n, false, section);
				for (at += n; at < len && line[at] == ' ';)
					at++;
			}
		}
		line += len + (line[len] == '\n');
	}
}

static void match_units(struct page *p, const char *const *words)
{
	float heading[MAX_WORDS] = { 0 };

	while (words[p->n_words] && p->n_words < MAX_WORDS)
		p->n_words++;
	for (size_t i = 0; i < p->n; i++) {
		struct unit *u = &p->units[i];
		char *folded _cleanup_free_ = utf8_fold(u->text, u->len);

		for (size_t k = 0; k < p->n_words; k++) {
			float here = folded ? words_weight(words[k], folded) : 0;

			p->idf[k] += here > 0;
			if (u->heading)
				heading[k] = here;
			u->match[k] = here > 0.7f * heading[k] ? here : 0.7f * heading[k];
		}
	}
	for (size_t k = 0; k < p->n_words; k++)
		p->idf[k] = logf(1 + (float)p->n / (1 + p->idf[k]));
}

/* What a run of units is worth: each word once, short runs preferred. */
static float run_score(const struct page *p, size_t from, size_t to)
{
	float score = 0;

	for (size_t k = 0; k < p->n_words; k++) {
		float best = 0;

		for (size_t i = from; i < to; i++)
			if (p->units[i].match[k] > best)
				best = p->units[i].match[k];
		score += best * p->idf[k];
	}
	return score / (1 + 0.06f * (float)(to - from - 1));
}

static size_t run_len(const struct page *p, size_t from, size_t to)
{
	return (size_t)(p->units[to - 1].text + p->units[to - 1].len - p->units[from].text);
}

struct run {
	size_t from, to;
	float score;
};

static struct run best_run(const struct page *p, size_t max_len, const struct run *taken)
{
	struct run best = { .score = 0 };

	for (size_t i = 0; i < p->n; i++) {
		if (p->units[i].heading)
			continue;
		for (size_t end = i + 1; end <= p->n && end - i <= MAX_RUN; end++) {
			float score;

			if (p->units[end - 1].section != p->units[i].section ||
			    p->units[end - 1].heading)
				break;
			if (end > i + 1 && run_len(p, i, end) > max_len)
				break;
			if (taken && i < taken->to && end > taken->from)
				continue;
			score = run_score(p, i, end);
			if (score > best.score * 1.001f)
				best = (struct run){ i, end, score };
		}
	}
	return best;
}

static bool joins(const struct page *p, size_t a, size_t b)
{
	return a < p->n && b < p->n && !p->units[a].heading && !p->units[b].heading &&
	       p->units[a].section == p->units[b].section;
}

/* A sentence seldom stands alone: those beside it come along while there is room. */
static void widen(const struct page *p, struct run *run, size_t max_len)
{
	if (run->from > 0 && run->to - run->from < 2 && joins(p, run->from - 1, run->from) &&
	    run_len(p, run->from - 1, run->to) <= max_len)
		run->from--;
	while (run->to - run->from < 3 && joins(p, run->from, run->to) &&
	       run_len(p, run->from, run->to + 1) <= max_len / 2)
		run->to++;
}

static const char *run_text(const struct page *p, const struct run *run)
{
	struct text out _cleanup_text_ = { 0 };
	const struct unit *heading = NULL;

	text_init(&out, 16 * 1024);
	for (size_t i = 0; i < run->from; i++)
		if (p->units[i].heading && p->units[i].section == p->units[run->from].section)
			heading = &p->units[i];
	if (heading) {
		text_append_n(&out, heading->text, heading->len);
		text_append(&out, p->units[run->from].item ? ":\n" : ": ");
	}
	for (size_t i = run->from; i < run->to; i++) {
		const struct unit *u = &p->units[i];

		if (i > run->from)
			text_append(&out, u->item || p->units[i - 1].item ? "\n" : " ");
		text_append_n(&out, u->text, u->len);
	}
	return arena_strdup(p->arena, out.data);
}

void passages_select(const struct info_page *page, const char *const *words, size_t max_chars,
		     struct arena *arena, struct passages *out)
{
	struct page p = { .arena = arena };
	struct run first, second = { .score = 0 };
	size_t n = 0;

	*out = (struct passages){ .texts = arena_array(arena, const char *, MAX_PASSAGES + 1) };
	p.units = arena_array(arena, struct unit, MAX_UNITS);
	if (!out->texts || !p.units || !page->text)
		return;
	cut_units(&p, page->text);
	match_units(&p, words);
	first = best_run(&p, max_chars, NULL);
	out->score = first.score;
	if (first.score <= 0) {
		while (first.from < p.n && p.units[first.from].heading)
			first.from++;
		if (first.from == p.n)
			return;
		first.to = first.from + 1;
	}
	widen(&p, &first, max_chars);
	out->texts[n++] = run_text(&p, &first);
	if (first.score > 0 && run_len(&p, first.from, first.to) < max_chars)
		second = best_run(&p, max_chars - run_len(&p, first.from, first.to), &first);
	if (second.score > 0.6f * first.score)
		out->texts[n++] = run_text(&p, &second);
}
