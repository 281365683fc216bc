/*
 * joint.c - see joint.h.
 */
#include "guard/joint.h"

#include <string.h>
#include "base/utf8.h"

#define MAX_WORD	80  /* bytes without a blank: held no longer */
#define MAX_OVERLAP	600 /* of the end that is compared with a continuation */
#define FIRST_IDEOGRAPH 0x2E80

static bool is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static bool is_word(unsigned char c)
{
	return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

void joint_init(struct joint *j, size_t max_bytes)
{
	*j = (struct joint){ .joining = false };
	text_init(&j->said, max_bytes);
	text_init(&j->held, max_bytes);
}

void joint_finish(struct joint *j)
{
	text_finish(&j->said);
	text_finish(&j->held);
}

/* Bytes of s up to the end of its last whole word; the blanks behind it stay with what follows. */
static size_t whole_words(const char *s, size_t len, bool *inside)
{
	size_t i = 0, whole = 0, from = 0;

	while (i < len) {
		size_t at = i;
		int32_t c = utf8_next(s, len, &i);

		if (c < 0)
			break;
		if (c >= FIRST_IDEOGRAPH)
			whole = from = i;
		else if (is_blank(s[at]) && at > 0 && !is_blank(s[at - 1]))
			whole = from = at;
	}
	*inside = len - from > MAX_WORD;
	return *inside ? len : whole;
}

static void leave(struct joint *j, size_t n, struct text *out)
{
	text_append_n(out, j->held.data, n);
	text_append_n(&j->said, j->held.data, n);
	memmove(j->held.data, j->held.data + n, j->held.len - n);
	text_cut(&j->held, j->held.len - n);
}

/* --- Joining ----------------------------------------------------------------------- */

enum fit { NO_FIT, MAY_FIT, FITS };

/* Does the continuation begin with this end of what was said? */
static enum fit compare(const char *end, size_t end_len, bool inside, const char *start, size_t len,
			bool whole)
{
	size_t n = end_len < len ? end_len : len;

	if (memcmp(end, start, n) != 0)
		return NO_FIT;
	if (len > end_len)
		return !inside && is_word((unsigned char)end[end_len - 1]) &&
				       (unsigned char)end[end_len - 1] < 0x80 &&
				       is_word((unsigned char)start[end_len]) &&
				       (unsigned char)start[end_len] < 0x80
			       ? NO_FIT
			       : FITS;
	if (len == end_len && whole)
		return FITS;
	return whole ? NO_FIT : MAY_FIT;
}

static bool begins_word(const struct text *said, size_t i)
{
	unsigned char c = (unsigned char)said->data[i];

	if (i == 0)
		return true;
	if (is_blank((char)c) || (c & 0xC0) == 0x80)
		return false;
	return is_blank(said->data[i - 1]) || (unsigned char)said->data[i - 1] >= 0xE2;
}

/* *n: bytes of start that were said already.  MAY_FIT: more must come before that is known. */
static enum fit overlap(const struct joint *j, const char *start, size_t len, bool whole, size_t *n)
{
	const struct text *said = &j->said;
	size_t from = said->len > MAX_OVERLAP ? said->len - MAX_OVERLAP : 0;
	enum fit fit = len ? compare(said->data, said->len, j->inside, start, len, whole) : MAY_FIT;

	*n = fit == FITS ? said->len : 0;
	if (fit != NO_FIT)
		return fit;
	for (size_t i = from; i < said->len; i++) {
		if (!begins_word(said, i))
			continue;
		fit = compare(said->data + i, said->len - i, j->inside, start, len, whole);
		*n = fit == FITS ? said->len - i : 0;
		if (fit != NO_FIT)
			return fit; /* the longest first */
	}
	return NO_FIT;
}

static void drop_start(struct joint *j, size_t n)
{
	memmove(j->held.data, j->held.data + n, j->held.len - n);
	text_cut(&j->held, j->held.len - n);
}

/* The blank is the one that stood there, when one did and it was seen to its end; else what the continuation brings. */
static void part(struct joint *j, size_t n_blanks)
{
	struct text rest;

	if (!j->parted || (n_blanks && !j->whole_blank))
		return;
	drop_start(j, n_blanks);
	text_init(&rest, j->held.max);
	text_append(&rest, j->blank);
	text_append_n(&rest, j->held.data, j->held.len);
	text_finish(&j->held);
	j->held = rest;
}

/* false: not known yet. */
static bool join(struct joint *j, bool whole)
{
	size_t blanks = 0, n = 0;
	enum fit fit;

	while (blanks < j->held.len && is_blank(j->held.data[blanks]))
		blanks++;
	fit = overlap(j, j->held.data + blanks, j->held.len - blanks, whole, &n);
	if (fit == MAY_FIT && !whole)
		return false;
	if (fit == FITS)
		drop_start(j, blanks + n);
	else if (j->held.len > blanks)
		part(j, blanks);
	else
		text_clear(&j->held);
	j->joining = false;
	return true;
}

/* --- Face ------------------------------------------------------------------------------ */

void joint_feed(struct joint *j, const char *text, size_t len, struct text *out)
{
	bool inside;
	size_t n;

	text_append_n(&j->held, text, len);
	if (j->joining && !join(j, false))
		return;
	n = whole_words(j->held.data, j->held.len, &inside);
	if (n)
		j->inside = inside;
	leave(j, n, out);
}

/* A break inside a continuation that was not joined yet leaves what was known before it. */
void joint_break(struct joint *j)
{
	size_t n = 0;

	if (!j->joining) {
		while (n < j->held.len && n + 1 < sizeof(j->blank) && is_blank(j->held.data[n]))
			n++;
		snprintf(j->blank, sizeof(j->blank), "%.*s", (int)n, j->held.data);
		j->parted = n > 0;
		j->whole_blank = n < j->held.len;
	}
	text_clear(&j->held);
	j->joining = j->said.len > 0;
}

void joint_end(struct joint *j, struct text *out)
{
	size_t blanks = 0;

	if (j->joining)
		join(j, true);
	while (blanks < j->held.len && is_blank(j->held.data[blanks]))
		blanks++;
	if (!j->said.len && blanks == j->held.len)
		text_clear(&j->held);
	leave(j, j->held.len, out);
}
