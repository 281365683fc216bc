/*
 * when_read.c - the grammar of time expressions: one pass over the tokens; at each, the first form that fits
 * takes its tokens and writes what it says into struct said.  Nothing is placed on the calendar here but days.
 */
#include "search/when_reader.h"

bool word_of(const struct reader *r, size_t i, const char *list)
{
	const char *text = peek(r, i)->text;
	size_t len = strlen(text);

	for (const char *at = list; len && (at = strstr(at, text)) != NULL; at++) {
		if (at > list && at[-1] == '|' && at[len] == '|')
			return true;
	}
	return false;
}

/* --- clauses ------------------------------------------------------------------ */

static void take(struct reader *r, size_t from, size_t to)
{
	for (size_t i = from; i < to && i < r->n; i++)
		r->t[i].used = true;
	r->last_end = to;
}

bool joined(const struct reader *r, size_t i)
{
	for (size_t k = r->last_end; k < i; k++) {
		if (is(r, k, W_AND) || word_of(r, k, "|/|&|+|sowie|"))
			return true;
	}
	return false;
}

/* "or", not "and": "before 10 or after 5" are two times, "after 10 and before 12" is one. */
static bool joined_by_or(const struct reader *r, size_t i)
{
	for (size_t k = r->last_end; k < i; k++) {
		if (word_of(r, k, "|or|oder|ou|o|/|"))
			return true;
	}
	return false;
}

static struct clause *clause_add(struct reader *r)
{
	if (r->said->n_clauses < CLAUSES_MAX)
		r->said->n_clauses++;
	return clause_now(r);
}

static bool slot_taken(const struct time_said *t, enum slot slot)
{
	bool from = t->from.kind != EDGE_NONE, to = t->to.kind != EDGE_NONE;
	bool during = t->during.kind != EDGE_NONE;

	switch (slot) {
	case SLOT_PART:
		return t->has_part || during;
	case SLOT_FROM:
		return from || t->at.set || during;
	case SLOT_TO:
		return to || t->at.set || during;
	case SLOT_DURING:
		return from || to || t->at.set || during;
	default:
		return from || to || t->at.set || during;
	}
}

/* One end of a stretch whose other end was said. */
static bool completes(const struct time_said *t, enum slot slot)
{
	return (slot == SLOT_TO && t->from.kind && !t->to.kind) ||
	       (slot == SLOT_FROM && t->to.kind && !t->from.kind);
}

struct time_said *time_for(struct reader *r, size_t i, enum slot slot)
{
	struct clause *c = clause_now(r);
	struct time_said *t = time_now(r);
	bool refines =
		t && completes(t, slot) && !joined_by_or(r, i) && !(c->n_days && c->day_last);
	bool other = t && joined(r, i) && !refines;

	/* "at 10 on Saturday and at 4 on Sunday" */
	if (t && c->n_days && c->day_last && other) {
		c = clause_add(r);
		t = time_now(r);
	} else if (t && (other || slot_taken(t, slot))) {
		t = NULL;
	}
	c->day_last = false;
	if (t)
		return t;
	if (c->n_times == CLAUSE_MAX) /* more than anybody asks: the last one is replaced */
		c->n_times--;
	c->times[c->n_times] = (struct time_said){ .has_part = false };
	return &c->times[c->n_times++];
}

/* "Saturday 31 January": twice the same, or the date wins. */
static bool same_days(struct reader *r, size_t i, const struct days_said *d)
{
	struct clause *c = clause_now(r);
	struct days_said *last = &c->days[c->n_days - 1];

	/* "today at 10 or today in the evening" */
	if (joined(r, i) && c->n_times && !c->day_last)
		return false;
	for (size_t k = 0; k < c->n_days; k++) {
		if (c->days[k].from == d->from && c->days[k].to == d->to) {
			c->days[k].implied &= d->implied;
			return true;
		}
	}
	if (joined(r, i) || i > r->last_end + 1 || last->name == d->name || last->implied)
		return false;
	if (last->name)
		*last = *d;
	return true;
}

void say_days(struct reader *r, size_t i, struct days_said days)
{
	struct clause *c = clause_now(r);

	if (c->n_days && same_days(r, i, &days)) {
		c->day_last = true;
		return;
	}
	if (c->n_days && c->n_times && !c->day_last)
		c = clause_add(r);
	if (c->n_days == CLAUSE_MAX)
		c->n_days--;
	c->days[c->n_days++] = days;
	c->day_last = true;
}

/* A clause without a day is of the day of the one before, else of the one behind it. */
static void share_days(struct said *s)
{
	for (size_t i = 1; i < s->n_clauses; i++) {
		struct clause *c = &s->clauses[i], *before = c - 1;

		if (!c->n_days && before->n_days) {
			memcpy(c->days, before->days, sizeof c->days);
			c->n_days = before->n_days;
		}
	}
}

/* --- now, next, first, last, what is left --------------------------------- */

static size_t match_now(struct reader *r, size_t i)
{
	struct said *s = r->said;

	if (word(r, i, "from") && word(r, i + 1, "now")) {
		s->rest = true;
		return 2 + word(r, i + 2, "on");
	}
	if (word(r, i, "right") && word(r, i + 1, "now"))
		return s->now = true, 2;
	if (word_of(r, i, "|until|till|til|bis|") && is(r, i + 1, W_NOW))
		return s->until_now = true, 2;
	if (word(r, i, "up") && word(r, i + 1, "to") && is(r, i + 2, W_NOW))
		return s->until_now = true, 3;
	if (is(r, i, W_NOW))
		return s->now = true, 1;
	if (word(r, i, "at") && word(r, i + 1, "present"))
		return s->now = true, 2;
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

/* "so far today", "earlier this morning", "what did I miss" */
static size_t match_until_now(struct reader *r, size_t i)
{
	size_t n = 0;

	if (word(r, i, "so") && word(r, i + 1, "far"))
		n = 2;
	else if (word(r, i, "bisher"))
		n = 1;
	else if (word(r, i, "earlier") && (is(r, i + 1, W_RELATIVE) || is(r, i + 1, W_THIS)))
		n = 1;
	else if (word_of(r, i, "|did|have|") && word(r, i + 1, "i") &&
		 word_of(r, i + 2, "|miss|missed|"))
		n = 3;
	r->said->until_now |= n > 0;
	return n;
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

/* "two" in "the last two talks", "the next 3 in Janson": tokens, 0 none. */
static size_t read_count(const struct reader *r, size_t i, unsigned *count)
{
	bool alone = ends_here(r, i + 1) || word_of(r, i + 1, "|in|on|at|of|today|tomorrow|");

	if ((!is(r, i, W_NUMBER) && !free_number(r, i)) || peek(r, i)->value < 1 ||
	    peek(r, i)->value > 50 || (!alone && !session_ahead(r, i + 1)))
		return 0;
	*count = (unsigned)peek(r, i)->value;
	return 1;
}

static size_t match_next(struct reader *r, size_t i)
{
	size_t at = i + 1, n;

	if (!is(r, i, W_NEXT) || word(r, i, "following"))
		return 0;
	n = read_count(r, at, &r->said->count);
	if (n || session_ahead(r, at)) {
		r->said->next = true;
		return 1 + n;
	}
	if (word(r, i, "coming"))
		return 0;
	if (ends_here(r, at) || is(r, at, W_AT) || word_of(r, at, "|in|on|im|") ||
	    (i && word_of(r, i - 1, "|s|up|comes|als|"))) {
		r->said->next = true;
		return 1;
	}
	return 0;
}

/* "What opens the Saturday?", "Who closes the conference?": the first and the last of it. */
static size_t match_opens(struct reader *r, size_t i)
{
	bool opens = word_of(r, i, "|opens|kicks|eroffnet|ouvre|abre|");
	size_t n = 1 + word(r, i + 1, "off"), of = skip(r, i + n, W_ARTICLE);

	if (!i || (!opens && !word_of(r, i, "|closes|beschliesst|cloture|clausura|")) ||
	    !word_of(r, i - 1, "|what|who|which|that|talk|session|keynote|was|wer|qui|que|quien|"))
		return 0;
	if (!is(r, of, W_DAY_NAME | W_RELATIVE | W_DAY) &&
	    !word_of(r, of, "|conference|event|programme|konferenz|programm|conferencia|congreso|"))
		return 0;
	if (opens)
		r->said->first = true;
	else
		r->said->last = true;
	return n;
}

static size_t match_first_last(struct reader *r, size_t i)
{
	int which = peek(r, i)->value;
	size_t n, counted;

	/* "the opening keynote", "the closing plenary": the first and the last of them */
	if (is(r, i, W_EVENT) && is(r, i + 1, W_EVENT) && peek(r, i + 1)->value == EVENT_KEYNOTE &&
	    (which == EVENT_OPENING || which == EVENT_CLOSING)) {
		r->said->first = which == EVENT_OPENING;
		r->said->last = !r->said->first;
		return 1;
	}
	if (!is(r, i, W_ORDINAL) || (which != 1 && which != -1))
		return 0;
	counted = read_count(r, i + 1, &r->said->count);
	n = counted ? 1 : session_ahead(r, i + 1);
	if (!n && word(r, i + 1, "up"))
		n = 1;
	if (!n)
		return 0;
	if (which == 1)
		r->said->first = true;
	else
		r->said->last = true;
	return 1 + counted + (!counted && (word(r, i + 1, "thing") || word(r, i + 1, "up")));
}

/* "the first talk of the day" */
static size_t match_of_the_day(struct reader *r, size_t i)
{
	size_t at = skip(r, i + 1, W_ARTICLE);

	if (!(r->said->first || r->said->last || r->said->next) ||
	    !word_of(r, i, "|of|des|du|del|de|") || !is(r, at, W_DAY))
		return 0;
	r->said->of_the_day = true;
	return at + 1 - i;
}

void when_read(struct token *tokens, size_t n, struct said *said)
{
	static size_t (*const forms[])(struct reader *, size_t) = {
		match_soon,
		match_span,
		match_crossing,
		match_day_range,
		match_range,
		match_event,
		match_clock_relation,
		match_day_relation,
		match_rest,
		match_until_now,
		match_now,
		match_of_the_day,
		match_day,
		match_part,
		match_clock,
		match_next,
		match_opens,
		match_first_last,
	};
	struct reader r = { .t = tokens, .n = n, .said = said };

	said->n_clauses = 1;
	for (size_t i = 0; i < n;) {
		size_t taken = 0;

		for (size_t k = 0; k < ARRAY_SIZE(forms) && !taken; k++)
			taken = forms[k](&r, i);
		if (taken)
			take(&r, i, i + taken);
		i += taken ? taken : 1;
	}
	share_days(said);
}
