/*
 * when_spans.c - times counted from now: "in the next half hour", "within 20 minutes", "in two hours", "an hour ago",
 * "soon".
 */
#include "search/when_reader.h"

/* "30 minutes", "half an hour", "an hour", "two hours", "halben Stunde", "demi-heure", "couple of hours". */
size_t read_duration(const struct reader *r, size_t i, int *minutes)
{
	size_t at = i;
	int count = 1;

	if (is(r, at, W_HALF)) {
		at = skip(r, at + 1, W_ARTICLE);
		at += word(r, at, "-");
		*minutes = 30;
		return is(r, at, W_MINUTES) && peek(r, at)->value == 60 ? at + 1 - i : 0;
	}
	if (is(r, at, W_QUARTER) && word(r, at + 1, "of"))
		at += 1;
	if (word(r, at, "quarter") || (at > i && word(r, at, "of"))) {
		at = skip(r, at + 1, W_ARTICLE);
		*minutes = 15;
		return is(r, at, W_MINUTES) ? at + 1 - i : 0;
	}
	if (word(r, at, "viertelstunde")) {
		*minutes = 15;
		return 1;
	}
	if (word_of(r, at, "|three|3|") && word_of(r, at + 1, "|quarters|quarter|") &&
	    word(r, at + 2, "of")) {
		at = skip(r, at + 3, W_ARTICLE);
		*minutes = 45;
		return is(r, at, W_MINUTES) ? at + 1 - i : 0;
	}
	if (word(r, at, "couple") || word(r, at, "few") || word(r, at, "paar")) {
		at += 1 + word(r, at + 1, "of");
		*minutes = 2 * peek(r, at)->value;
		return is(r, at, W_MINUTES) ? at + 1 - i : 0;
	}
	if (free_number(r, at) || is(r, at, W_NUMBER)) { /* also "les 30 prochaines minutes" */
		count = peek(r, at)->value > 999 ? 999 : peek(r, at)->value;
		at += 1 + (is(r, at + 1, W_NEXT) && is(r, at + 2, W_MINUTES));
	}
	if (is(r, at, W_MINUTES) && (at > i || !word(r, at, "min"))) {
		*minutes = count * peek(r, at)->value;
		at++;
		if (is(r, at, W_AND) && is(r, skip(r, at + 1, W_ARTICLE), W_HALF)) {
			*minutes += 30;
			at = skip(r, at + 1, W_ARTICLE) + 1;
		}
		return at - i;
	}
	at = i;
	if (free_number(r, at) && word(r, at + 1, "h") && !number(r, at + 2)) {
		*minutes = peek(r, at)->value * 60;
		return 2;
	}
	return 0;
}

static void say_span(struct said *s, int64_t from_s, int64_t to_s, bool point)
{
	s->has_span = true;
	s->span_from = from_s;
	s->span_to = to_s;
	s->span_point = point;
}

/* "an hour ago", "vor 20 Minuten", "il y a une heure", "30 minutes from now" */
static size_t match_distance(struct reader *r, size_t i)
{
	size_t at = i, n;
	int minutes;
	bool before = word(r, i, "vor") || word(r, i, "hace");

	if (before)
		at++;
	else if (word(r, i, "il") && word(r, i + 1, "y") && word(r, i + 2, "a"))
		at += 3;
	before = at > i;
	if (!before)
		at = word(r, i, "a") || word(r, i, "an") ? i + 1 : i;
	n = read_duration(r, at, &minutes);
	if (!n)
		return 0;
	at += n;
	if (!before && word_of(r, at, "|ago|earlier|")) {
		before = true;
		at++;
	}
	if (before) {
		say_span(r->said, -minutes * 60, -minutes * 60 + 60, true);
		return at - i;
	}
	if (word(r, at, "from") && word(r, at + 1, "now")) {
		say_span(r->said, minutes * 60, minutes * 60 + 60, true);
		return at + 2 - i;
	}
	return 0;
}

/* "in the last hour", "the past 30 minutes", "in der letzten Stunde": what began in it */
static size_t match_past(struct reader *r, size_t i)
{
	size_t at = i, n;
	int minutes;

	at += word_of(r, at, "|in|within|during|over|en|dans|");
	at = skip(r, at, W_ARTICLE);
	if (!word_of(r, at, "|last|past|letzten|dernieres|derniere|ultimos|ultima|ultimas|"))
		return 0;
	n = read_duration(r, at + 1, &minutes);
	if (!n || word_of(r, at + 1 + n, "|of|talk|session|slot|"))
		return 0;
	say_span(r->said, -minutes * 60, 0, false);
	return at + 1 + n - i;
}

/* "in the next half hour", "within 30 minutes", "in two hours", "next hour" */
static size_t match_coming(struct reader *r, size_t i)
{
	size_t at = i, n;
	bool in = word_of(r, at, "|in|within|en|dans|innerhalb|during|for|over|");
	bool point = word_of(r, at, "|in|en|dans|");
	int minutes;

	at += in;
	if (in && word(r, at, "less") && word(r, at + 1, "than")) {
		at += 2;
		point = false;
	}
	size_t article = at;

	if (is(r, at, W_ARTICLE) && !is(r, at, W_NUMBER))
		at++;
	if (is(r, at, W_NEXT)) {
		at++;
		point = false;
	} else if (in && is(r, at + 1, W_NEXT) && is(r, at + 2, W_MINUTES)) {
		point = false;
	} else if (!in ||
		   (is(r, article, W_ARTICLE) && !word(r, article, "a") &&
		    !word(r, article, "an") && !is(r, article, W_HALF | W_NUMBER)) ||
		   word(r, i, "for") || word(r, i, "over")) {
		return 0;
	}
	n = read_duration(r, at, &minutes);
	if (!n)
		return 0;
	if (point)
		say_span(r->said, minutes * 60, minutes * 60 + 60, true);
	else
		say_span(r->said, 0, (int64_t)minutes * 60, false);
	return at + n - i;
}

size_t match_span(struct reader *r, size_t i)
{
	size_t n = match_coming(r, i);

	n = n ? n : match_past(r, i);
	return n ? n : match_distance(r, i);
}

static bool ends(const struct reader *r, size_t i)
{
	return word_of(r, i, "|ending|ends|end|finishing|finishes|finish|over|endet|enden|");
}

/* "ends soon", "ending in the next 20 minutes", "about to end" */
static size_t match_ending(struct reader *r, size_t i)
{
	size_t n;

	if (ends(r, i) && word_of(r, i + 1, "|soon|shortly|bald|"))
		return r->said->ending = true, 2;
	if (word(r, i, "about") && word(r, i + 1, "to") && word_of(r, i + 2, "|end|finish|"))
		return r->said->ending = true, 3;
	n = ends(r, i) ? match_coming(r, i + 1) : 0;
	if (!n)
		return 0;
	r->said->ending = true;
	return n + 1;
}

size_t match_soon(struct reader *r, size_t i)
{
	size_t n = match_ending(r, i);

	if (n)
		return n;
	if (word_of(r, i, "|soon|shortly|bald|bientot|pronto|") &&
	    !is(r, i + 1, W_AFTER | W_BEFORE)) {
		say_span(r->said, 0, 3600, false);
		return 1;
	}
	if (word(r, i, "about") && word(r, i + 1, "to") && word_of(r, i + 2, "|start|begin|")) {
		say_span(r->said, 0, 3600, false);
		return 3;
	}
	if (word(r, i, "just") && word_of(r, i + 1, "|started|begun|began|")) {
		say_span(r->said, -1800, 1, false);
		return 2;
	}
	return 0;
}
