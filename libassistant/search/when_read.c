/*
 * when_read.c - the grammar of time expressions: one pass over the tokens; at each, the first form that fits
 * takes its tokens and writes what it says into struct said.  Nothing is placed on the calendar here but days.
 */
#include "search/when_reader.h"

static void take(struct reader *r, size_t from, size_t to)
{
	for (size_t i = from; i < to && i < r->n; i++)
		r->t[i].used = true;
}

static bool is_night(const char *text)
{
	return strcmp(text, "night") == 0 || strcmp(text, "nacht") == 0 ||
	       strcmp(text, "nachts") == 0 || strcmp(text, "nuit") == 0;
}

/* "... of Saturday", "del sabado" */
static bool names_day(const struct reader *r, size_t i)
{
	if (is(r, i, W_FROM) || word(r, i, "of") || is(r, i, W_ON))
		i = skip(r, i + 1, W_ARTICLE);
	return is(r, i, W_DAY_NAME | W_RELATIVE);
}

static size_t match_part(struct reader *r, size_t i)
{
	struct said *s = r->said;
	size_t at = skip(r, i, W_ON);
	int part;

	if (word(r, at, "in") || word(r, at, "por") || word(r, at, "im") || word(r, at, "dans") ||
	    word(r, at, "at") || word(r, at, "over") || word(r, at, "during"))
		at++;
	bool this = is(r, at, W_THIS);

	at = skip(r, at, W_ARTICLE | W_THIS);
	if (word(r, at, "early") || word(r, at, "late"))
		at++;
	if (word(r, at, "lunch") && word(r, at + 1, "time")) {
		part = PART_NOON;
		at += 2;
	} else if (word(r, at, "apres") && word(r, at + 1, "-") && word(r, at + 2, "midi")) {
		part = PART_AFTERNOON;
		at += 3;
	} else if (is(r, at, W_PART) && !is(r, at, W_CLOCK)) {
		/* "at night" is when it is dark; "Saturday night" is a time */
		if (is_night(peek(r, at)->text) && !this && !s->has_day && !names_day(r, at + 1))
			return 0;
		part = peek(r, at++)->part;
	} else {
		return 0;
	}
	if (s->has_part && part == (int)s->part)
		return at - i;
	s->has_part = true;
	s->part = (enum day_part)part;
	s->this_part |= this;
	return at - i;
}

static size_t skip_event_words(const struct reader *r, size_t i)
{
	i = skip(r, i, W_ARTICLE | W_THIS);
	if (word(r, i, "my") || word(r, i, "your") || word(r, i, "our"))
		i++;
	return i;
}

/* "after lunch", "before the opening keynote", "during the coffee break". */
static size_t match_event(struct reader *r, size_t i)
{
	struct said *s = r->said;
	enum event_relation relation;
	size_t at = i + 1;

	if (is(r, i, W_BEFORE | W_UNTIL) && !word(r, i, "to") && !word(r, i, "by"))
		relation = EVENT_BEFORE;
	else if (is(r, i, W_AFTER) || word(r, i, "following"))
		relation = EVENT_AFTER;
	else if (word(r, i, "during") || word(r, i, "over") || word(r, i, "wahrend") ||
		 word(r, i, "pendant") || word(r, i, "durante"))
		relation = EVENT_DURING;
	else
		return 0;
	at = skip_event_words(r, at + (is(r, at, W_FROM) && !is(r, at, W_ARTICLE)));
	if (!is(r, at, W_EVENT))
		return 0;
	s->event = (enum day_event)peek(r, at)->value;
	for (at++; is(r, at, W_EVENT) || word(r, at, "ceremony") || word(r, at, "session"); at++) {
		if (peek(r, at)->value == EVENT_KEYNOTE && is(r, at, W_EVENT))
			s->event = EVENT_KEYNOTE;
	}
	s->relation = relation;
	return at - i;
}

/* --- spans from now ------------------------------------------------------ */

/* "30 minutes", "half an hour", "an hour", "two hours", "halben Stunde", "demi-heure", "couple of hours". */
static size_t read_duration(const struct reader *r, size_t i, int *minutes)
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

/* "in the next half hour", "within 30 minutes", "in two hours", "next hour", "an hour ago" */
static size_t match_span(struct reader *r, size_t i)
{
	size_t at = i, n;
	bool in = word(r, at, "in") || word(r, at, "within") || word(r, at, "en") ||
		  word(r, at, "dans") || word(r, at, "innerhalb") || word(r, at, "during") ||
		  word(r, at, "for") || word(r, at, "over");
	bool point = word(r, at, "in") || word(r, at, "en") || word(r, at, "dans");
	int minutes;

	at += in;
	at += in && word(r, at, "less") && word(r, at + 1, "than") ? 2 : 0;
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
		    !word(r, article, "an") && !is(r, article, W_HALF)) ||
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

/* --- now, next, first, last, what is left --------------------------------- */

static size_t match_ending(struct reader *r, size_t i)
{
	bool ends = word(r, i, "ending") || word(r, i, "ends") || word(r, i, "end") ||
		    word(r, i, "finishing") || word(r, i, "finishes") || word(r, i, "finish");

	if (ends && word(r, i + 1, "soon")) {
		r->said->ending = true;
		return 2;
	}
	if (word(r, i, "about") && word(r, i + 1, "to") && word(r, i + 2, "end")) {
		r->said->ending = true;
		return 3;
	}
	if (word(r, i, "soon") ||
	    (word(r, i, "about") && word(r, i + 1, "to") && word(r, i + 2, "start"))) {
		say_span(r->said, 0, 3600, false);
		return word(r, i, "soon") ? 1 : 3;
	}
	if (word(r, i, "just") && (word(r, i + 1, "started") || word(r, i + 1, "begun"))) {
		say_span(r->said, -1800, 1, false);
		return 2;
	}
	return 0;
}

static size_t match_now(struct reader *r, size_t i)
{
	struct said *s = r->said;

	if (word(r, i, "from") && word(r, i + 1, "now")) {
		s->rest = true;
		return 2 + word(r, i + 2, "on");
	}
	if (word(r, i, "right") && word(r, i + 1, "now"))
		return s->now = true, 2;
	if (is(r, i, W_NOW))
		return s->now = true, 1;
	if ((word(r, i, "at") || word(r, i, "en")) &&
	    (word(r, i + 1, "the") || is(r, i + 1, W_THIS)) &&
	    (word(r, i + 2, "moment") || word(r, i + 2, "momento")))
		return s->now = true, 3;
	if (word(r, i, "im") && word(r, i + 1, "moment"))
		return s->now = true, 2;
	if (word(r, i, "in") && word(r, i + 1, "progress"))
		return s->now = true, 2;
	if (is(r, i, W_STILL) && (word(r, i + 1, "running") || word(r, i + 1, "going") ||
				  word(r, i + 1, "happening") || word(r, i + 1, "ongoing")))
		return s->now = true, 2 + (word(r, i + 1, "going") && word(r, i + 2, "on"));
	if (is(r, i, W_STILL) && word(r, i + 1, "on") && peek(r, i + 2)->kind == TOKEN_PUNCTUATION)
		return s->now = true, 2;
	return 0;
}

/* "later", "the rest of the day", "still catch", "are left", "remaining talks", "still to come". */
static size_t match_rest(struct reader *r, size_t i)
{
	struct said *s = r->said;
	size_t n = 0;

	if ((word(r, i, "later") && !word(r, i + 1, "than")) || word(r, i, "spater"))
		n = 1;
	else if ((word(r, i, "plus") && word(r, i + 1, "tard")) ||
		 (word(r, i, "mas") && word(r, i + 1, "tarde")))
		n = 2;
	s->rest_of_day |= n > 0;
	if (word(r, i, "rest") && word(r, i + 1, "of")) {
		n = 2;
		if (is(r, skip(r, i + 2, W_ARTICLE), W_DAY)) {
			n = skip(r, i + 2, W_ARTICLE) + 1 - i;
			s->rest_of_day = true;
		}
	} else if (word(r, i, "remaining") || word(r, i, "upcoming"))
		n = 1;
	else if (word(r, i, "coming") && word(r, i + 1, "up"))
		n = 2;
	else if (is(r, i, W_STILL) &&
		 (is(r, i + 1, W_CATCH) || (word(r, i + 1, "to") && is(r, i + 2, W_CATCH))))
		n = word(r, i + 1, "to") ? 3 : 2;
	else if (word(r, i, "left") && prev_is(r, i, W_BE | W_SESSION) && !word(r, i + 1, "of"))
		n = 1;
	else if (word(r, i, "left") &&
		 i + 1 >= r->n - (r->n > 1 && r->t[r->n - 1].kind == TOKEN_PUNCTUATION))
		n = 1;
	if (!n)
		return 0;
	s->rest = true;
	return n;
}

/* How far behind an ordinal or "next" the talk is named ("first Rust talk"); 0: it is not. */
static size_t session_ahead(const struct reader *r, size_t i)
{
	for (size_t at = i; at < i + 3 && peek(r, at)->kind == TOKEN_WORD; at++) {
		const struct token *t = peek(r, at);
		bool english = !word(r, i - 1, "premiere") && !word(r, i - 1, "derniere") &&
			       !word(r, i - 1, "prochaine") && !word(r, i - 1, "prochaines");

		if (strncmp(t->text, "conference", 10) == 0 && english)
			return 0;
		if (t->is & W_SESSION)
			return at + 1 - i;
		if (t->is & (W_FOLLOWS | W_ON | W_AT | W_ARTICLE | W_BE | W_DAY | W_DAY_NAME) ||
		    word(r, at, "time") || word(r, at, "aid") || word(r, at, "one"))
			return 0;
	}
	return 0;
}

static bool ends_here(const struct reader *r, size_t i)
{
	return i >= r->n || (r->t[i].kind == TOKEN_PUNCTUATION && strchr("?!.,;", r->t[i].text[0]));
}

static size_t match_next(struct reader *r, size_t i)
{
	size_t at = i + 1;

	if (!is(r, i, W_NEXT) || word(r, i, "following"))
		return 0;
	if (session_ahead(r, at)) {
		r->said->next = true;
		return 1;
	}
	if (word(r, i, "coming"))
		return 0;
	if (ends_here(r, at) || is(r, at, W_AT) || word(r, at, "in") || word(r, at, "on") ||
	    word(r, at, "im") ||
	    (i && (word(r, i - 1, "s") || word(r, i - 1, "up") || word(r, i - 1, "comes") ||
		   word(r, i - 1, "als")))) {
		r->said->next = true;
		return 1;
	}
	return 0;
}

static size_t match_first_last(struct reader *r, size_t i)
{
	int which = peek(r, i)->value;
	size_t n;

	/* "the opening keynote", "the closing plenary": the first and the last of them */
	if (is(r, i, W_EVENT) && is(r, i + 1, W_EVENT) && peek(r, i + 1)->value == EVENT_KEYNOTE &&
	    (which == EVENT_OPENING || which == EVENT_CLOSING)) {
		r->said->first = which == EVENT_OPENING;
		r->said->last = !r->said->first;
		return 1;
	}
	if (!is(r, i, W_ORDINAL) || (which != 1 && which != -1))
		return 0;
	n = session_ahead(r, i + 1);
	if (!n && is(r, i, W_ORDINAL) && word(r, i + 1, "up"))
		n = 1;
	if (!n)
		return 0;
	if (which == 1)
		r->said->first = true;
	else
		r->said->last = true;
	return 1 + (word(r, i + 1, "thing") || word(r, i + 1, "up"));
}

void when_read(struct token *tokens, size_t n, struct said *said)
{
	static size_t (*const forms[])(struct reader *, size_t) = {
		match_span,  match_range, match_clock_relation, match_event, match_day_relation,
		match_rest,  match_now,	  match_ending,		match_day,   match_part,
		match_clock, match_next,  match_first_last,
	};
	struct reader r = { tokens, n, said };

	for (size_t i = 0; i < n;) {
		size_t taken = 0;

		for (size_t k = 0; k < ARRAY_SIZE(forms) && !taken; k++)
			taken = forms[k](&r, i);
		take(&r, i, i + taken);
		i += taken ? taken : 1;
	}
}
