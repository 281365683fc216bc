/*
 * page_texts.c - see page_texts.h.
 */
#include "search/page_texts.h"

#include <string.h>
#include "base/text.h"
#include "search/prose.h"

#define PASSAGE_SENTENCES 3
#define PASSAGE_BYTES	  600 /* a sentence that goes beyond begins another passage */
#define TEXT_MAX_BYTES	  (RECORD_MAX_TEXT + 2 * RECORD_MAX_LINE)

static void append_lead(struct text *t, const struct prose *p, size_t i)
{
	const struct sentence *s = &p->sentences[i];

	if (s->lead < 0)
		return;
	text_append(t, p->sentences[s->lead].text);
	text_append(t, " ");
}

/* From sentence i on; *next: where the following passage begins: its last sentence is there, too, so that what belongs together
 * stands together somewhere. */
static const char *passage(const struct info_page *page, const struct prose *p, size_t i,
			   size_t *next, struct arena *arena)
{
	struct text t;
	const char *made;
	size_t n = 0;

	text_init(&t, TEXT_MAX_BYTES);
	text_append(&t, page->title);
	text_append(&t, ": ");
	append_lead(&t, p, i);
	while (i + n < p->n && n < PASSAGE_SENTENCES) {
		const struct sentence *s = &p->sentences[i + n];

		if (n > 0 && t.len + s->len > PASSAGE_BYTES)
			break;
		if (n > 0)
			text_append(&t, " ");
		text_append(&t, s->text);
		n++;
	}
	*next = i + n >= p->n ? p->n : i + (n > 1 ? n - 1 : 1);
	made = t.failed ? NULL : arena_strdup(arena, t.data);
	text_finish(&t);
	return made;
}

size_t page_passages(const struct info_page *page, struct arena *arena, const char **out)
{
	struct prose prose;
	size_t n = 0, i = 0;

	if (prose_read(page->text, arena, &prose) < 0)
		return 0;
	while (i < prose.n && n < PAGE_MAX_PASSAGES) {
		out[n] = passage(page, &prose, i, &i, arena);
		if (!out[n])
			return 0;
		n++;
	}
	return n;
}
