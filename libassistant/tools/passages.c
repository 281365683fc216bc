/*
 * passages.c - of a page of information, the lines that answer a question.
 *
 * A page is cut into units (a line, or a sentence of a long line), each under the heading it stands
 * below.  The best run of neighbouring units of one section is a passage.
 */
#include "tools/builtin.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include "base/text.h"
#include "base/utf8.h"
#include "search/info.h"
#include "search/page_texts.h"
#include "search/words.h"

#define MAX_UNITS	400
#define MAX_WORDS	32
#define MAX_RUN		6
#define MAX_PASSAGES	2
#define HEADING_CHARS	60
#define QUESTION_CHARS	120
#define LONG_SENTENCE	200 /* bytes */
#define ANNOUNCED_LINES 6
#define GENERIC		0.25f
#define OF_ANOTHER	0.2f /* what the answer to another question is worth */

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

/* What a web page leaves behind ("- (-)", "- -:") is no line. */
static bool says_anything(const char *s, size_t len)
{
	size_t letters = 0;

	for (size_t i = 0; i < len && letters < 3; i++)
		letters += (s[i] & 0x80) || isalnum((unsigned char)s[i]);
	return letters >= 3;
}

static void add_unit(struct page *p, const char *text, size_t len, bool heading, size_t section)
{
	struct unit *u;

	while (len && strchr(" \t\r\n", text[len - 1]))
		len--;
	if (!len || p->n == MAX_UNITS || !says_anything(text, len))
		return;
	u = &p->units[p->n++];
	*u = (struct unit){ .text = text,
			    .len = len,
			    .section = section,
			    .heading = heading,
			    .item = strchr("-*", text[0]) && len > 1 && text[1] == ' ' };
}

/* "Av. Roosevelt", "e.g. this": a word of one or two letters, or a small letter next, and the dot
 * ends nothing. */
static bool ends_sentence(const char *s, size_t len, size_t at)
{
	size_t word = at, next = at + 1;

	if (!strchr(".!?", s[at]) || !strchr(" \n", s[next]))
		return false;
	while (word > 0 && isalpha((unsigned char)s[word - 1]))
		word--;
	if (s[at] == '.' && at > word && at - word < 3)
		return false;
	while (next < len && strchr(" \n", s[next]))
		next++;
	return next == len || !islower((unsigned char)s[next]);
}

/* Behind the mark that ends the first sentence of s; one without end is cut at a semicolon. */
static size_t sentence_len(const char *s, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++)
		if (ends_sentence(s, len, i) || (i >= LONG_SENTENCE && s[i] == ';'))
			return i + 1;
	return len;
}

/* Where a paragraph ends: at a blank line. */
static size_t paragraph_len(const char *s)
{
	const char *end = strstr(s, "\n\n");

	return end ? (size_t)(end - s) : strlen(s);
}

static bool is_item(const char *s)
{
	return strchr("-*", s[0]) && s[0] && s[1] == ' ';
}

/* Short, without an end mark, a paragraph of its own, and something follows; or a question of a page
 * of questions. */
static bool is_heading(const char *paragraph, size_t len, const char *rest)
{
	bool question = page_line_asks(paragraph, len);

	return len > 1 && len <= (question ? QUESTION_CHARS : HEADING_CHARS) &&
	       !memchr(paragraph, '\n', len) &&
	       !strchr(question ? ",;:-*" : ".!?,;:-*", paragraph[len - 1]) &&
	       !is_item(paragraph) && rest[0];
}

static bool is_same(const struct unit *item, const struct unit *heading)
{
	size_t mark = is_item(item->text) ? 2 : 0;

	return item->len - mark == heading->len &&
	       memcmp(item->text + mark, heading->text, heading->len) == 0;
}

#define CONTENTS_LINES 2 /* of a list that are headings of the page make it a table of contents */

static bool is_listed(const struct page *p, const struct unit *item)
{
	for (size_t i = 0; item->item && i < p->n; i++)
		if (p->units[i].heading && is_same(item, &p->units[i]))
			return true;
	return false;
}

/* A table of contents says nothing: its lines are headings of the page, or nearly so. */
static void drop_contents(struct page *p)
{
	size_t kept = 0, from = 0;

	while (from < p->n) {
		size_t to = from, listed = 0;

		for (; to < p->n && p->units[to].section == p->units[from].section; to++)
			listed += is_listed(p, &p->units[to]);
		for (size_t i = from; i < to; i++)
			if (!is_listed(p, &p->units[i]) &&
			    !(listed >= CONTENTS_LINES && p->units[i].item))
				p->units[kept++] = p->units[i];
		from = to;
	}
	p->n = kept;
}

/* Lines of a list are units; other lines belong to the sentences that run through them. */
static void cut_paragraph(struct page *p, const char *s, size_t len, size_t section)
{
	for (size_t at = 0; at < len;) {
		const char *next_item =
			at + 1 < len ? memmem(s + at + 1, len - at - 1, "\n- ", 3) : NULL;
		size_t end = next_item ? (size_t)(next_item - s) : len, n;

		n = is_item(s + at) ? end - at : sentence_len(s + at, end - at);
		add_unit(p, s + at, n, false, section);
		for (at += n; at < len && strchr(" \n", s[at]);)
			at++;
	}
}

static bool announces_more(const struct unit *u)
{
	return !u->item && u->text[u->len - 1] == ':';
}

static bool announces(const struct page *p)
{
	const struct unit *last = p->n ? &p->units[p->n - 1] : NULL;

	return last && !last->heading && announces_more(last);
}

/* Behind what announces something, lines that look like headings are what it announces. */
static void cut_units(struct page *p, const char *text)
{
	size_t section = 0, lines = 0;

	for (const char *s = text; *s;) {
		size_t line = strcspn(s, "\n");
		size_t len = page_line_credits(s, line) ? line : paragraph_len(s);
		const char *rest = s + len + strspn(s + len, "\n");

		if (page_line_credits(s, line)) {
			s = rest;
			continue;
		}
		if (!is_heading(s, len, rest)) {
			cut_paragraph(p, s, len, section);
			lines = announces(p) ? ANNOUNCED_LINES : 0;
		} else if (lines > 0 && !page_line_asks(s, len)) {
			add_unit(p, s, len, false, section);
			p->units[p->n - 1].item = true;
			lines--;
		} else {
			add_unit(p, s, len, true, ++section);
			lines = 0;
		}
		s = rest;
	}
}

/* Of a page of questions and answers, an answer is one to its own question: one that has none of the
 * asked words is another. */
static bool answers_it(const struct unit *heading, const char *folded, const char *const *words)
{
	if (!page_line_asks(heading->text, heading->len))
		return true;
	for (size_t k = 0; folded && words[k]; k++)
		if (!info_is_generic(words[k]) && words_weight(words[k], folded) > 0)
			return true;
	return false;
}

static void match_units(struct page *p, const char *const *words)
{
	float heading[MAX_WORDS] = { 0 }, said[MAX_WORDS] = { 0 }, answers = 1;

	while (words[p->n_words] && p->n_words < MAX_WORDS)
		p->n_words++;
	for (size_t i = 0; i < p->n; i++) {
		struct unit *u = &p->units[i];
		char *folded _cleanup_free_ = utf8_fold(u->text, u->len);

		if (u->heading)
			answers = answers_it(u, folded, words) ? 1 : OF_ANOTHER;
		for (size_t k = 0; k < p->n_words; k++) {
			float here = folded ? words_weight(words[k], folded) : 0;

			p->idf[k] += here > 0;
			said[k] += here >= 1;
			if (u->heading)
				heading[k] = here;
			u->match[k] =
				answers * (here > 0.7f * heading[k] ? here : 0.7f * heading[k]);
		}
	}
	for (size_t k = 0; k < p->n_words; k++)
		p->idf[k] = logf(1 + (float)p->n / (1 + (said[k] > 0 ? said[k] : p->idf[k]))) *
			    (info_is_generic(words[k]) ? GENERIC : 1);
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

/* 0..1: how much of what is asked that is. */
static float share_of(const struct page *p, float score)
{
	float all = 0;

	for (size_t k = 0; k < p->n_words; k++)
		all += p->idf[k];
	return all > 0 ? score / all : 0;
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
			if (run_len(p, i, end) > max_len) /* a sentence without end */
				score /= 2;
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

/* A sentence that speaks of "they" needs the one before it. */
static bool points_back(const struct unit *u)
{
	static const char *const words[] = { "they", "it",    "them", "these", "those", "this",
					     "sie",  "diese", "ils",  "elles", "ellos", "estos" };
	char *folded _cleanup_free_ = utf8_fold(u->text, u->len);

	for (size_t i = 0; folded && i < ARRAY_SIZE(words); i++)
		if (word_in(words[i], folded))
			return true;
	return false;
}

/* "By train:" is nothing without the list behind it. */
static void take_list(const struct page *p, struct run *run, size_t max_len)
{
	const struct unit *last = &p->units[run->to - 1];

	if (!announces_more(last))
		return;
	do
		run->to++;
	while (joins(p, run->to - 1, run->to) && p->units[run->to].item &&
	       run_len(p, run->from, run->to + 1) <= max_len);
	if (run->to > p->n || !joins(p, run->from, run->to - 1))
		run->to = (size_t)(last - p->units) + 1;
}

/* A sentence seldom stands alone: those beside it come along while there is room. */
static void widen(const struct page *p, struct run *run, size_t max_len)
{
	if (run->from > 0 && points_back(&p->units[run->from]) &&
	    joins(p, run->from - 1, run->from) && run_len(p, run->from - 1, run->to) <= max_len)
		run->from--;
	take_list(p, run, max_len);
	while (run->to - run->from < 3 && joins(p, run->from, run->to) &&
	       run_len(p, run->from, run->to + 1) <= max_len / 2) {
		run->to++;
		take_list(p, run, max_len);
	}
	if (run->to - run->from > 1 && announces_more(&p->units[run->to - 1]))
		run->to--;
}

/* Breaks inside a unit are where the page was wrapped. */
static void append_line(struct text *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		text_append_char(out, s[i] == '\n' ? ' ' : s[i]);
}

/* with_heading: the first time something of its section is quoted. */
static const char *run_text(const struct page *p, const struct run *run, bool with_heading)
{
	struct text out _cleanup_text_ = { 0 };
	const struct unit *heading = NULL;

	text_init(&out, 16 * 1024);
	for (size_t i = 0; with_heading && i < run->from; i++)
		if (p->units[i].heading && p->units[i].section == p->units[run->from].section)
			heading = &p->units[i];
	if (heading) {
		size_t mark = page_line_mark(heading->text, heading->len);

		text_append_n(&out, heading->text + mark, heading->len - mark);
		text_append(&out, strchr(".!?", heading->text[heading->len - 1]) ? "\n"
				  : p->units[run->from].item			 ? ":\n"
										 : ": ");
	}
	for (size_t i = run->from; i < run->to; i++) {
		const struct unit *u = &p->units[i];

		if (i > run->from)
			text_append(&out, u->item || p->units[i - 1].item ? "\n" : " ");
		if (u->item && !is_item(u->text))
			text_append(&out, "- ");
		append_line(&out, u->text, u->len);
	}
	return arena_strdup(p->arena, out.data);
}

/* A short page as it is, but for the marks of its questions. */
static const char *without_marks(const char *text, struct arena *arena)
{
	struct text out _cleanup_text_ = { 0 };

	text_init(&out, 16 * 1024);
	for (const char *s = text; *s; s += *s == '\n') {
		size_t len = strcspn(s, "\n"), mark = page_line_mark(s, len);

		text_append_n(&out, s + mark, len - mark);
		s += len;
		if (*s)
			text_append_char(&out, '\n');
	}
	return out.failed ? text : arena_strdup(arena, out.data);
}

void passages_select(const struct info_page *page, const char *const *words, size_t max_chars,
		     struct arena *arena, struct passages *out)
{
	struct page p = { .arena = arena };
	struct run first, second = { .score = 0 };
	_cleanup_free_ struct unit *units = NULL;
	size_t n = 0;

	*out = (struct passages){ .texts = arena_array(arena, const char *, MAX_PASSAGES + 1) };
	units = calloc(
		MAX_UNITS,
		sizeof(*units)); /* not the turn's, which lives as long as the model speaks */
	p.units = units;
	if (!out->texts || !p.units || !page->text)
		return;
	cut_units(&p, page->text);
	drop_contents(&p);
	match_units(&p, words);
	if (strlen(page->text) <= SHORT_PAGE) {
		out->texts[0] = without_marks(page->text, arena);
		out->score = p.n ? share_of(&p, run_score(&p, 0, p.n)) : 0;
		return;
	}
	first = best_run(&p, max_chars, NULL);
	out->score = share_of(&p, first.score);
	if (first.score <= 0) {
		while (first.from < p.n && p.units[first.from].heading)
			first.from++;
		if (first.from == p.n)
			return;
		first.to = first.from + 1;
	}
	widen(&p, &first, max_chars);
	out->texts[n++] = run_text(&p, &first, true);
	if (first.score > 0 && run_len(&p, first.from, first.to) < max_chars)
		second = best_run(&p, max_chars - run_len(&p, first.from, first.to), &first);
	if (second.score > 0.6f * first.score)
		out->texts[n++] = run_text(
			&p, &second, p.units[second.from].section != p.units[first.from].section);
}
