/*
 * references.c - see references.h.
 *
 *	plain --[--> one --[--> inside --]--> closing --]--> resolved
 *	  ^           |           |             |
 *	  +-----------+-----------+-------------+   anything else: what was held is text
 */
#include "agent/references.h"

#include <string.h>
#include "llm/quote.h"

#define MAX_RECORDS 256
#define MAX_HANDLE  8
#define NAME_CHARS  200

struct entry {
	struct result result;
	char handle[MAX_HANDLE];
	bool cited;
};

enum at { PLAIN, ONE, INSIDE, CLOSING };

struct references {
	struct arena *arena;
	struct entry *entries;
	size_t n, cap, dropped;
	unsigned counts[4]; /* handles given, by kind() */
	enum at at;
	char held[MAX_HANDLE + 4];
	size_t n_held;
};

struct references *references_create(struct arena *arena)
{
	struct references *r = arena_new(arena, struct references);

	if (r)
		r->arena = arena;
	return r;
}

static unsigned kind(const struct result *result)
{
	return result->info ? 3 : (unsigned)result->record->type;
}

static bool same(const struct result *a, const struct result *b)
{
	if (kind(a) != kind(b))
		return false;
	if (a->info)
		return strcmp(a->info->key, b->info->key) == 0;
	return strcmp(a->record->id, b->record->id) == 0;
}

const char *references_add(struct references *r, const struct result *result)
{
	static const char letters[] = "sepi";
	struct entry *e;
	void *grown;

	for (size_t i = 0; i < r->n; i++)
		if (same(&r->entries[i].result, result))
			return r->entries[i].handle;
	if (r->n == MAX_RECORDS)
		return NULL;
	grown = arena_grow(r->arena, r->entries, r->n, &r->cap, sizeof(*r->entries));
	if (!grown)
		return NULL;
	r->entries = grown;
	e = &r->entries[r->n++];
	*e = (struct entry){ .result = *result };
	e->result.why = NULL;
	snprintf(e->handle, sizeof(e->handle), "%c%u", letters[kind(result)],
		 ++r->counts[kind(result)]);
	/* Not e->handle: the array may move. */
	return arena_strdup(r->arena, e->handle);
}

size_t references_count(const struct references *r)
{
	return r->n;
}

size_t references_dropped(const struct references *r)
{
	return r->dropped;
}

static bool is_handle(const char *s, size_t n)
{
	if (n < 2 || s[0] < 'a' || s[0] > 'z')
		return false;
	for (size_t i = 1; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return true;
}

/* held is "[[...": a handle becomes its record's name, an unknown one nothing, anything else is
 * text. */
static void resolve(struct references *r, struct text *out, references_cited_fn *cited, void *ctx)
{
	const char *handle = r->held + 2;
	size_t n = r->n_held - 2;

	for (size_t i = 0; i < r->n; i++) {
		struct entry *e = &r->entries[i];

		if (strlen(e->handle) != n || memcmp(e->handle, handle, n) != 0)
			continue;
		quote_markdown(out, e->result.info ? e->result.info->title : e->result.record->name,
			       NAME_CHARS);
		if (!e->cited) {
			e->cited = true;
			cited(ctx, &e->result, e->handle);
		}
		return;
	}
	if (is_handle(handle, n)) {
		r->dropped++;
	} else {
		text_append_n(out, r->held, r->n_held);
		text_append(out, "]]");
	}
}

static void let_go(struct references *r, struct text *out)
{
	text_append_n(out, r->held, r->n_held);
	if (r->at == CLOSING)
		text_append_char(out, ']');
	r->n_held = 0;
	r->at = PLAIN;
}

static void hold(struct references *r, char c, enum at at)
{
	r->held[r->n_held++] = c;
	r->at = at;
}

static void feed(struct references *r, char c, struct text *out, references_cited_fn *cited,
		 void *ctx)
{
	switch (r->at) {
	case PLAIN:
		if (c == '[')
			hold(r, c, ONE);
		else
			text_append_char(out, c);
		return;
	case ONE:
		if (c == '[') {
			hold(r, c, INSIDE);
			return;
		}
		break;
	case INSIDE:
		if (c == ']' && r->n_held > 2) {
			r->at = CLOSING;
			return;
		}
		if (c == '[' && r->n_held == 2) { /* "[[[": the last two count */
			text_append_char(out, '[');
			return;
		}
		if (((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) &&
		    r->n_held < 2 + MAX_HANDLE - 1) {
			hold(r, c, INSIDE);
			return;
		}
		break;
	case CLOSING:
		if (c == ']') {
			resolve(r, out, cited, ctx);
			r->n_held = 0;
			r->at = PLAIN;
			return;
		}
		break;
	}
	let_go(r, out);
	feed(r, c, out, cited, ctx); /* plain now: at most one level deep */
}

void references_feed(struct references *r, const char *text, size_t len, struct text *out,
		     references_cited_fn *cited, void *ctx)
{
	for (size_t i = 0; i < len; i++)
		feed(r, text[i], out, cited, ctx);
}

void references_flush(struct references *r, struct text *out, references_cited_fn *cited, void *ctx)
{
	let_go(r, out);
}
