/*
 * page_texts.c - see page_texts.h.
 */
#include "search/page_texts.h"

#include <string.h>
#include "base/text.h"
#include "search/prose.h"

#define PASSAGE_SENTENCES 3
#define ANNOUNCED_LINES	  6
#define LIST_LINES	  6
#define PASSAGE_BYTES	  600 /* a sentence that goes beyond begins another passage */
#define TEXT_MAX_BYTES	  (RECORD_MAX_TEXT + 2 * RECORD_MAX_LINE)

/* Sentences from..to of one section; next: where the following passage begins. */
struct passage {
	size_t from, to, next;
	int lead; /* the sentence it stands under; -1: none */
};

bool page_line_asks(const char *line, size_t len)
{
	return len > 3 && strncmp(line, "Q:", 2) == 0;
}

size_t page_line_mark(const char *line, size_t len)
{
	size_t n = page_line_asks(line, len) ? 2 : 0;

	while (n > 0 && n < len && line[n] == ' ')
		n++;
	return n;
}

bool page_line_credits(const char *line, size_t len)
{
	return len >= 2 && strncmp(line, "\xc2\xa9", 2) == 0;
}

static bool is_head(const struct sentence *s)
{
	return (s->heading && !page_line_credits(s->text, s->len)) ||
	       page_line_asks(s->text, s->len);
}

/* A line of a table of contents is a heading of the page. */
static bool is_contents(const struct prose *p, const struct sentence *s)
{
	for (size_t i = 0; s->item && i < p->n; i++) {
		const struct sentence *other = &p->sentences[i];

		if (other != s && is_head(other) && other->len == s->len &&
		    memcmp(other->text, s->text, s->len) == 0)
			return true;
	}
	return false;
}

static bool is_left_out(const struct prose *p, const struct sentence *s)
{
	return page_line_credits(s->text, s->len) || is_contents(p, s);
}

/* From sentence i on, of which head is the latest heading before it.  The last sentence of a passage begins the next one of its
 * section, so that what belongs together stands together somewhere. */
static struct passage passage_at(const struct prose *p, size_t i, int head)
{
	struct passage out = { .from = i, .to = i, .lead = head };
	int under = p->sentences[i].lead;
	size_t bytes = 0;

	if (under > head && !page_line_credits(p->sentences[under].text, p->sentences[under].len))
		out.lead = under;
	while (out.to < p->n && out.to < i + PASSAGE_SENTENCES) {
		const struct sentence *s = &p->sentences[out.to];

		bytes += s->len + 1;
		if (out.to > i && (bytes > PASSAGE_BYTES || is_head(s) || is_left_out(p, s)))
			break;
		out.to++;
	}
	out.next = out.to;
	if (out.to - i > 1 && out.to < p->n && !is_head(&p->sentences[out.to]))
		out.next--;
	return out;
}

/* How many; those of a page that has nothing but headings are the headings. */
static size_t cut(const struct prose *p, struct passage out[static PAGE_MAX_PASSAGES])
{
	size_t n = 0;
	int head = -1;

	for (size_t i = 0; i < p->n && n < PAGE_MAX_PASSAGES;) {
		if (is_head(&p->sentences[i])) {
			head = (int)i++;
		} else if (is_left_out(p, &p->sentences[i])) {
			i++;
		} else {
			out[n] = passage_at(p, i, head);
			i = out[n++].next;
		}
	}
	for (size_t i = 0; n == 0 && i < p->n; i++)
		out[n++] = (struct passage){ i, i + 1, i + 1, -1 };
	return n;
}

static const char *finished(struct text *t, struct arena *arena)
{
	const char *made = t->failed ? NULL : arena_strdup(arena, t->data);

	text_finish(t);
	return made;
}

static const char *said(const struct info_page *page, const struct prose *p,
			const struct passage *passage, struct arena *arena)
{
	struct text t;

	text_init(&t, TEXT_MAX_BYTES);
	text_append(&t, page->title);
	text_append(&t, ":");
	if (passage->lead >= 0)
		text_printf(&t, " %s", p->sentences[passage->lead].text);
	for (size_t i = passage->from; i < passage->to; i++)
		text_printf(&t, " %s", p->sentences[i].text);
	return finished(&t, arena);
}

size_t page_passages(const struct info_page *page, struct arena *arena, const char **out)
{
	struct passage passages[PAGE_MAX_PASSAGES];
	struct prose prose;
	size_t n;

	if (prose_read(page->text, arena, &prose) < 0)
		return 0;
	n = cut(&prose, passages);
	for (size_t i = 0; i < n; i++) {
		out[i] = said(page, &prose, &passages[i], arena);
		if (!out[i])
			return 0;
	}
	return n;
}

size_t page_heads(const struct info_page *page, struct arena *arena, const char **out)
{
	struct passage passages[PAGE_MAX_PASSAGES];
	struct prose prose;
	size_t n;

	if (prose_read(page->text, arena, &prose) < 0)
		return 0;
	n = cut(&prose, passages);
	for (size_t i = 0; i < n; i++)
		out[i] = passages[i].lead < 0 ? "" : prose.sentences[passages[i].lead].text;
	return n;
}

#define CONTENTS_LINES 2 /* of a list that are headings of the page make it a table of contents */

/* A line that stands in a table of contents, though it may be no heading word for word. */
static bool in_contents(const struct prose *p, size_t i)
{
	size_t from = i, listed = 0;

	if (!p->sentences[i].item)
		return false;
	while (from > 0 && p->sentences[from - 1].item)
		from--;
	for (; from < p->n && p->sentences[from].item; from++)
		listed += is_contents(p, &p->sentences[from]);
	return listed >= CONTENTS_LINES;
}

static bool announces(const struct sentence *s)
{
	return s->text[s->len - 1] == ':';
}

/* A line without end mark: of an address, or of a list without signs. */
static bool is_announced(const struct sentence *s)
{
	return s->item ||
	       (!page_line_asks(s->text, s->len) && !strchr(".!?:", s->text[s->len - 1]));
}

static bool is_one_list(const struct sentence *a, const struct sentence *b)
{
	return a->item && b->item && a->lead == b->lead;
}

/* A short list is quoted to its end ... */
static size_t end_of_list(const struct prose *p, const struct passage *asked)
{
	size_t to = asked->to;

	while (to < p->n && to < asked->from + LIST_LINES &&
	       is_one_list(&p->sentences[to], &p->sentences[to - 1]))
		to++;
	return to;
}

/* ... and from its beginning. */
static size_t start_of_quote(const struct prose *p, const struct passage *asked)
{
	size_t from = asked->from;

	while (from > 0 && from + LIST_LINES > asked->to &&
	       is_one_list(&p->sentences[from - 1], &p->sentences[from]))
		from--;
	return from;
}

/* "The address is:" takes along what it announces, and is left out where nothing follows. */
static size_t end_of_quote(const struct prose *p, const struct passage *asked)
{
	size_t to = asked->to;

	if (p->sentences[to - 1].item && p->sentences[asked->from].item)
		return end_of_list(p, asked);
	if (!announces(&p->sentences[to - 1]))
		return to;
	while (to < p->n && to < asked->to + ANNOUNCED_LINES && is_announced(&p->sentences[to]))
		to++;
	return to > asked->to ? to : to - 1;
}

static void append_lead(struct text *t, const struct sentence *lead, bool list)
{
	char last = lead->text[lead->len - 1];

	text_append(t, lead->text + page_line_mark(lead->text, lead->len));
	text_append(t, strchr(".!?", last) ? "\n" : last == ':' ? "" : ":");
	if (!strchr(".!?", last))
		text_append_char(t, list ? '\n' : ' ');
}

const char *page_quote(const struct info_page *page, size_t part, struct arena *arena)
{
	struct passage passages[PAGE_MAX_PASSAGES];
	const struct passage *asked;
	struct prose p;
	struct text t;
	size_t from, to;

	if (part >= PAGE_MAX_PASSAGES || prose_read(page->text, arena, &p) < 0 ||
	    part >= cut(&p, passages))
		return NULL;
	asked = &passages[part];
	to = end_of_quote(&p, asked);
	if (to == asked->from || in_contents(&p, asked->from))
		return NULL;
	from = start_of_quote(&p, asked);
	text_init(&t, TEXT_MAX_BYTES);
	if (asked->lead >= 0)
		append_lead(&t, &p.sentences[asked->lead], p.sentences[from].item);
	for (size_t i = from; i < to; i++) {
		const struct sentence *s = &p.sentences[i];
		bool line = s->item || i >= asked->to;

		if (i > from)
			text_append(&t, line || s[-1].item ? "\n" : " ");
		text_printf(&t, "%s%s", line ? "- " : "", s->text);
	}
	return finished(&t, arena);
}

const char *page_headings(const struct info_page *page, struct arena *arena)
{
	struct prose p;
	struct text t;

	if (prose_read(page->text, arena, &p) < 0)
		return NULL;
	text_init(&t, TEXT_MAX_BYTES);
	for (size_t i = 0; i < p.n; i++) {
		if (is_head(&p.sentences[i]))
			text_printf(&t, "%s\n", p.sentences[i].text);
	}
	return finished(&t, arena);
}
