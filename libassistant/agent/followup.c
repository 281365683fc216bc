/*
 * followup.c - see followup.h.
 */
#include "agent/followup.h"

#include <string.h>
#include "agent/topic.h"
#include "base/text.h"
#include "base/utf8.h"
#include "search/words.h"

#define MAX_TOKENS 40

/* --- Words -------------------------------------------------------------------------- */

/* Folded; each list ends with NULL. */
static const char *const pronouns[] = {
	/* en */ "it",	"its",	  "that",  "this",    "there",	"they",	 "them",   "their",
	"he",		"him",	  "his",   "she",     "her",	"one",	 "these",  "those",
	/* de */ "das", "dort",	  "da",	   "dorthin", "er",	"sie",	 "es",	   "ihn",
	"ihm",		"ihr",	  "ihre",  "dies",    "dieser", "diese", "dieses", "davon",
	"darum",	"dessen", "deren", "dazu",
	/* fr */ "ca",	"cela",	  "celui", "celle",   "y",	"il",	 "elle",   "ils",
	"elles",	"lui",	  "leur",  "son",     "sa",	"ce",	 "cette",
	/* es */ "eso", "esa",	  "ese",   "esto",    "alli",	"ahi",	 "ella",   "ellos",
	"su",		"sus",	  "lo",	   NULL
};

/* What one asks of a record, and what one calls it: words that name none. */
static const char *const about[] = {
	/* en */ "speak",
	"speaks",
	"speaking",
	"speaker",
	"speakers",
	"talk",
	"talks",
	"talking",
	"session",
	"sessions",
	"presentation",
	"workshop",
	"room",
	"rooms",
	"hall",
	"place",
	"location",
	"booth",
	"stand",
	"time",
	"start",
	"starts",
	"begin",
	"begins",
	"end",
	"ends",
	"happen",
	"happening",
	"take",
	"long",
	"last",
	"lasts",
	"tell",
	"more",
	"detail",
	"details",
	"info",
	"information",
	"describe",
	"explain",
	"presents",
	"presenting",
	"gives",
	"giving",
	"exactly",
	"again",
	"works",
	"work",
	"company",
	"anything",
	"something",
	"else",
	"okay",
	"ok",
	"thanks",
	"see",
	"hear",
	"go",
	"get",
	"level",
	"language",
	"track",
	"person",
	"exhibitor",
	"exhibitors",
	"event",
	"meet",
	"say",
	"says",
	"bio",
	"sell",
	"sells",
	"offer",
	"offers",
	"make",
	"makes",
	"show",
	"shows",
	"provide",
	"many",
	/* de */ "spricht",
	"sprechen",
	"sprecher",
	"sprecherin",
	"vortrag",
	"vortrage",
	"raum",
	"saal",
	"halle",
	"ort",
	"stand",
	"uhrzeit",
	"beginnt",
	"beginn",
	"anfang",
	"endet",
	"ende",
	"mehr",
	"erzahl",
	"erzahle",
	"erzahlen",
	"sag",
	"sagen",
	"findet",
	"statt",
	"dauert",
	"lange",
	"genau",
	"nochmal",
	"halt",
	"geht",
	"worum",
	"person",
	"vortragende",
	"referent",
	"referentin",
	"aussteller",
	"zeit",
	"uhr",
	"sonst",
	"etwas",
	"arbeitet",
	"firma",
	"verkaufen",
	"verkauft",
	"bieten",
	"bietet",
	"zeigen",
	"zeigt",
	"macht",
	"machen",
	"viele",
	/* fr */ "parle",
	"parlent",
	"intervenant",
	"intervenants",
	"intervient",
	"salle",
	"lieu",
	"heure",
	"commence",
	"finit",
	"dure",
	"plus",
	"details",
	"dis",
	"dites",
	"parlez",
	"raconte",
	"trouve",
	"presente",
	"conference",
	"personne",
	"exposant",
	"autre",
	"chose",
	"vend",
	"vendent",
	"propose",
	"proposent",
	"fait",
	"font",
	"combien",
	/* es */ "habla",
	"hablan",
	"ponente",
	"ponentes",
	"sala",
	"lugar",
	"hora",
	"empieza",
	"comienza",
	"termina",
	"dura",
	"mas",
	"detalles",
	"dime",
	"cuentame",
	"charla",
	"persona",
	"presenta",
	"expositor",
	"algo",
	"otra",
	"cosa",
	"later",
	"earlier",
	"sooner",
	"spater",
	"fruher",
	"danach",
	"nachher",
	"tard",
	"tot",
	"ensuite",
	"tarde",
	"temprano",
	"despues",
	"vende",
	"venden",
	"ofrece",
	"ofrecen",
	"hace",
	"hacen",
	"cuantos",
	"cuantas",
	NULL
};

static const char *const persons[] = { "he",   "she", "they", "er",  "sie", "il",
				       "elle", "el",  "ella", "him", "her", NULL };

static const char *const question_words[] = {
	"what",	  "when",  "where", "who",    "which",	 "how",	    "whom",    "whose",
	"why",	  "wann",  "wo",    "wer",    "was",	 "wie",	    "welche",  "welcher",
	"quand",  "qui",   "quel",  "quelle", "quelles", "quels",   "combien", "comment",
	"cuando", "donde", "quien", "que",    "cual",	 "cuantos", "cuantas", NULL
};

static const char *const possessives[] = { "his",  "her", "its",  "their", "sein", "seine", "ihr",
					   "ihre", "son", "leur", "leurs", "su",   "sus",   NULL };

/* Around a time or a place they make a fragment, not a question: "in the afternoon?" */
static const char *const small_words[] = { "and", "or",	 "in",	"on",  "at",  "the", "und", "oder",
					   "am",  "im",	 "um",	"der", "die", "den", "dem", "et",
					   "ou",  "le",	 "la",	"les", "a",   "au",  "y",   "o",
					   "el",  "los", "las", "en",  "por", "de",  NULL };

static const char *const joins[] = { "and",
				     "und",
				     "et",
				     "also",
				     "what about",
				     "how about",
				     "was ist mit",
				     "wie ist es mit",
				     "wie sieht es mit",
				     "et pour",
				     "y",
				     "e",
				     "que tal",
				     "y que",
				     "or",
				     "oder",
				     "auch",
				     NULL };

static const char *const more_words[] = { "more",    "mehr",	 "plus",   "mas",
					  "weitere", "weiteres", "others", "autres",
					  "otros",   "otras",	 NULL };
static const char *const later_words[] = { "later", "spater", "plus tard", "mas tarde", NULL };
static const char *const earlier_words[] = { "earlier",	     "fruher", "plus tot",
					     "mas temprano", "sooner", NULL };
static const char *const after_words[] = { "after that",     "afterwards", "after this", "danach",
					   "nachher",	     "apres ca",   "apres cela", "ensuite",
					   "despues de eso", "despues",	   NULL };

static const struct {
	const char *word;
	int n; /* -1: the last */
} ordinals[] = {
	{ "first", 1 },	   { "1st", 1 },       { "second", 2 },	   { "2nd", 2 },
	{ "third", 3 },	   { "3rd", 3 },       { "fourth", 4 },	   { "4th", 4 },
	{ "fifth", 5 },	   { "5th", 5 },       { "sixth", 6 },	   { "6th", 6 },
	{ "seventh", 7 },  { "eighth", 8 },    { "last", -1 },	   { "erste", 1 },
	{ "ersten", 1 },   { "erster", 1 },    { "zweite", 2 },	   { "zweiten", 2 },
	{ "zweiter", 2 },  { "dritte", 3 },    { "dritten", 3 },   { "vierte", 4 },
	{ "vierten", 4 },  { "funfte", 5 },    { "funften", 5 },   { "letzte", -1 },
	{ "letzten", -1 }, { "premier", 1 },   { "premiere", 1 },  { "deuxieme", 2 },
	{ "seconde", 2 },  { "troisieme", 3 }, { "quatrieme", 4 }, { "cinquieme", 5 },
	{ "dernier", -1 }, { "derniere", -1 }, { "primero", 1 },   { "primera", 1 },
	{ "segundo", 2 },  { "segunda", 2 },   { "tercero", 3 },   { "tercera", 3 },
	{ "cuarto", 4 },   { "cuarta", 4 },    { "quinto", 5 },	   { "ultimo", -1 },
	{ "ultima", -1 },
};
static const char *const number_words[] = { "number", "nummer", "numero", "nr", "no", NULL };

struct question {
	const char *folded;
	char *tokens[MAX_TOKENS];
	size_t at[MAX_TOKENS]; /* byte of the folded question */
	size_t n;
	const struct understood *u;
};

static bool listed(const char *const *list, const char *word)
{
	for (size_t i = 0; list[i]; i++)
		if (strcmp(list[i], word) == 0)
			return true;
	return false;
}

static bool has_token(const struct question *q, const char *const *list)
{
	for (size_t i = 0; i < q->n; i++)
		if (listed(list, q->tokens[i]))
			return true;
	return false;
}

/* A phrase of several words, or one, between word boundaries. */
static bool has_phrase(const struct question *q, const char *const *list)
{
	for (size_t i = 0; list[i]; i++) {
		size_t n = strlen(list[i]);

		for (const char *p = strstr(q->folded, list[i]); p; p = strstr(p + 1, list[i]))
			if ((p == q->folded || strchr(" ,", p[-1])) && strchr(" ,.?!", p[n]))
				return true;
	}
	return false;
}

static bool joined(const struct question *q)
{
	for (size_t i = 0; joins[i]; i++) {
		size_t n = strlen(joins[i]);

		if (strncmp(q->folded, joins[i], n) == 0 && (q->folded[n] == ' ' || !q->folded[n]))
			return true;
	}
	return false;
}

static void cut(struct question *q, struct arena *arena)
{
	size_t len = strlen(q->folded), from = 0, i = 0;

	while (i <= len && q->n < MAX_TOKENS) {
		size_t at = i;
		int32_t c = i < len ? utf8_next(q->folded, len, &i) : -1;

		if (c < 0)
			i = len + 1;
		if (c >= 0 && utf8_is_word(c))
			continue;
		if (at > from) {
			q->at[q->n] = from;
			q->tokens[q->n] = arena_strndup(arena, q->folded + from, at - from);
			q->n += q->tokens[q->n] != NULL;
		}
		from = i;
	}
}

/* Names no record and no topic: only asks, points, or says a time or a place. */
static bool is_bare(const struct question *q, struct arena *arena)
{
	char *terms _cleanup_free_ = utf8_fold(q->u->terms, strlen(q->u->terms));
	struct question rest = { .folded = terms };

	if (q->u->n_names && q->u->names[0].similarity > 0.9f)
		return false;
	if (!terms)
		return false;
	cut(&rest, arena);
	for (size_t i = 0; i < rest.n; i++) {
		const char *w = rest.tokens[i];

		if (!listed(pronouns, w) && !listed(about, w) && !listed(more_words, w) &&
		    !word_is_stop(w) && !has_phrase(&(struct question){ .folded = w }, joins))
			return false;
	}
	return true;
}

/* Only a time: "in the afternoon?", "Sunday?" */
static bool is_time_fragment(const struct question *q)
{
	const struct when *w = &q->u->when;

	if (w->kind == WHEN_NONE || !w->n_spans)
		return false;
	for (size_t i = 0; i < q->n; i++) {
		bool inside = listed(small_words, q->tokens[i]);

		for (size_t k = 0; k < w->n_spans; k++)
			inside |= q->at[i] >= w->spans[k].from && q->at[i] < w->spans[k].to;
		if (!inside)
			return false;
	}
	return w->kind != WHEN_NOW && w->kind != WHEN_NEXT;
}

/* --- Rewriting ---------------------------------------------------------------------- */

static const char *const day_names[] = { "sunday",   "monday", "tuesday", "wednesday",
					 "thursday", "friday", "saturday" };

static const char *noun(unsigned entities)
{
	switch (entities) {
	case ENTITY_BIT(ENTITY_SESSION):
		return "sessions";
	case ENTITY_BIT(ENTITY_EXHIBITOR):
		return "exhibitors";
	case ENTITY_BIT(ENTITY_SPEAKER):
		return "speakers";
	default:
		return "";
	}
}

static void add_list(struct text *out, const char *before, const char *const *values)
{
	for (size_t i = 0; values && values[i]; i++)
		text_printf(out, " %s %s", i ? "or" : before, values[i]);
}

/* Of two understandings the newer one's parts, else the older one's, as one question. */
static const char *merge(const struct catalog *c, const struct understood *old,
			 const struct understood *new, bool new_topic, bool new_noun,
			 struct arena *arena)
{
	struct text out _cleanup_text_ = { 0 };
	const struct when *w = new->when.kind != WHEN_NONE ? &new->when : &old->when;
	unsigned entities = new_noun ? new->entities : old->entities;
	const struct index_filter *a = &new->filter, *b = &old->filter;

	text_init(&out, 8192);
	text_append(&out, noun(entities));
	text_printf(&out, " %s",
		    new_topic ? topic_words(new->question, new->terms, arena)
			      : topic_words(old->question, old->terms, arena));
	if (w->said && w->kind != WHEN_NONE)
		text_printf(&out, " %s", w->said);
	/* "and in the afternoon?": of the day we were at */
	if (w == &new->when && w->kind == WHEN_WINDOW && !w->explicit_day &&
	    old->when.explicit_day && old->when.from != TIME_UNKNOWN) {
		struct civil day;

		zone_civil(catalog_zone(c), old->when.from, &day);
		text_printf(&out, " on %s", day_names[day.weekday]);
	}
	add_list(&out, "in", a->places ? a->places : b->places);
	add_list(&out, "in track", a->tracks ? a->tracks : b->tracks);
	add_list(&out, "", a->types ? a->types : b->types);
	add_list(&out, "level", a->levels ? a->levels : b->levels);
	return arena_strndup(arena, out.data + strspn(out.data, " "),
			     out.len - strspn(out.data, " "));
}

/* "sessions rust on saturday after 16:50" */
static const char *at_other_time(const struct catalog *c, const struct understood *old,
				 const char *relation, int64_t unix_s, struct arena *arena)
{
	struct text out _cleanup_text_ = { 0 };
	struct civil t;

	text_init(&out, 8192);
	zone_civil(catalog_zone(c), unix_s, &t);
	text_printf(&out, "sessions %s on %s %s %02d:%02d",
		    old->n_names ? "" : topic_words(old->question, old->terms, arena),
		    day_names[t.weekday], relation, t.hour, t.minute);
	if (!old->n_names) {
		add_list(&out, "in", old->filter.places);
		add_list(&out, "in track", old->filter.tracks);
	}
	return arena_strdup(arena, out.data);
}

/* --- What is meant ------------------------------------------------------------------- */

static const struct record *focus_of(const struct previous *p)
{
	if (p->focus)
		return p->focus;
	return p->n_references == 1 ? p->references[0] : NULL;
}

/* "who is she?": the one person the answer named, if it named one. */
static const struct record *person_of(const struct question *q, const struct previous *p)
{
	const struct record *person = NULL;
	size_t n = 0;

	if (q->u->asked != ASKED_WHO || !has_token(q, persons))
		return NULL;
	for (size_t i = 0; i < p->n_references; i++) {
		if (p->references[i]->type != ENTITY_SPEAKER)
			continue;
		person = p->references[i];
		n++;
	}
	return n == 1 ? person : NULL;
}

/* A number among the last answer's references; 0: none. */
static int ordinal_in(const struct question *q)
{
	for (size_t i = 0; i < q->n; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(ordinals); k++)
			if (strcmp(q->tokens[i], ordinals[k].word) == 0)
				return ordinals[k].n;
		if (i > 0 && listed(number_words, q->tokens[i - 1]) && q->tokens[i][0] >= '1' &&
		    q->tokens[i][0] <= '9' && !q->tokens[i][1])
			return q->tokens[i][0] - '0';
	}
	return 0;
}

static const char *without_ordinals(const struct question *q, struct arena *arena)
{
	struct text out _cleanup_text_ = { 0 };

	text_init(&out, 8192);
	for (size_t i = 0; i < q->n; i++) {
		bool skip = listed(number_words, q->tokens[i]);

		for (size_t k = 0; k < ARRAY_SIZE(ordinals); k++)
			skip |= strcmp(q->tokens[i], ordinals[k].word) == 0;
		if (!skip)
			text_printf(&out, "%s ", q->tokens[i]);
	}
	return arena_strdup(arena, out.data);
}

/* "the last one", not "what is the last talk?" */
static bool means_ordinal(const struct question *q, const struct previous *p, struct arena *arena)
{
	struct understood rest = *q->u;
	struct question bare = { .folded = q->folded, .u = &rest };

	if (!ordinal_in(q) || !p->n_references || q->n > 8)
		return false;
	if (q->u->when.kind != WHEN_NONE && !has_token(q, pronouns) && q->n > 3)
		return false;
	rest.terms = without_ordinals(q, arena);
	return rest.terms && is_bare(&bare, arena);
}

static void choose_ordinal(const struct question *q, const struct previous *p, struct followup *out)
{
	int n = ordinal_in(q);

	if (n < 0)
		n = (int)p->n_references;
	if ((size_t)n > p->n_references) {
		out->kind = FOLLOWUP_BEYOND;
		return;
	}
	out->kind = FOLLOWUP_RECORD;
	out->record = p->references[n - 1];
	out->keeps_asked = p->asked_back;
}

static int64_t edge_of(const struct previous *p, const struct understood *old, bool later,
		       int64_t now)
{
	const struct record *focus = focus_of(p);
	int64_t edge = TIME_UNKNOWN;

	if (focus && focus->type == ENTITY_SESSION && focus->start != TIME_UNKNOWN)
		return later && focus->end != TIME_UNKNOWN ? focus->end : focus->start;
	if (old->when.kind == WHEN_WINDOW && !old->n_names) {
		int64_t t = later ? old->when.to : old->when.from;

		if (t != TIME_UNKNOWN && old->when.to - old->when.from < 20 * 3600)
			return t;
	}
	for (size_t i = 0; i < p->n_references; i++) {
		const struct record *r = p->references[i];

		if (r->type != ENTITY_SESSION || r->start == TIME_UNKNOWN)
			continue;
		if (edge == TIME_UNKNOWN || (later ? r->start > edge : r->start < edge))
			edge = r->start;
	}
	return edge == TIME_UNKNOWN ? now : edge;
}

static bool resolve_time(const struct catalog *c, const struct question *q,
			 const struct previous *p, const struct understood *old, int64_t now,
			 struct arena *arena, struct followup *out)
{
	const struct record *focus = focus_of(p);
	bool after = has_phrase(q, after_words), later = has_phrase(q, later_words);
	bool earlier = has_phrase(q, earlier_words);

	if (!after && !later && !earlier)
		return false;
	/* "after that": in the room we spoke of */
	if (after && focus && focus->type == ENTITY_SESSION && focus->end != TIME_UNKNOWN) {
		const char *text =
			at_other_time(c, &(struct understood){ .question = "", .terms = "" },
				      "after", focus->end, arena);

		out->question = focus->location
					? arena_printf(arena, "%s in %s", text, focus->location)
					: text;
	} else {
		out->question = at_other_time(c, old, earlier ? "before" : "after",
					      edge_of(p, old, !earlier, now), arena);
		out->leave_out = true;
	}
	out->kind = FOLLOWUP_QUESTION;
	return true;
}

/* "what is on next there?": the place of what we spoke of */
static bool resolve_there(const struct question *q, const struct previous *p, struct arena *arena,
			  struct followup *out)
{
	static const char *const there[] = { "there", "dort", "da",   "la",   "y",
					     "alli",  "ahi",  "room", "raum", "saal",
					     "salle", "sala", NULL };
	const struct record *focus = focus_of(p);

	if (!focus || focus->type != ENTITY_SESSION || !focus->location ||
	    q->u->when.kind == WHEN_NONE || !has_token(q, there))
		return false;
	out->kind = FOLLOWUP_QUESTION;
	out->question = arena_printf(arena, "sessions %s in %s", q->u->when.said, focus->location);
	return true;
}

static bool same_entities(unsigned entities)
{
	return noun(entities)[0] != '\0';
}

static bool has_filter(const struct index_filter *f)
{
	return f->places || f->tracks || f->types || f->levels || f->languages;
}

static bool names_noun(const struct question *q)
{
	static const char *const nouns[] = {
		"talk",	       "talks",	      "session",     "sessions",
		"workshop",    "workshops",   "speaker",     "speakers",
		"exhibitor",   "exhibitors",  "stand",	     "stands",
		"booth",       "booths",      "companies",   "vortrag",
		"vortrage",    "aussteller",  "sprecher",    "vortragende",
		"exposant",    "exposants",   "intervenant", "intervenants",
		"sesion",      "sesiones",    "charla",	     "charlas",
		"expositor",   "expositores", "ponente",     "ponentes",
		"conferences", NULL
	};

	return has_token(q, nouns) && same_entities(q->u->entities);
}

/* "what is her talk about?": the one session of that person; NULL: none, or several. */
static const struct record *talk_of(const struct catalog *c, const struct question *q,
				    const struct record *person)
{
	static const char *const talks[] = {
		"talk",	      "session",      "presentation", "workshop", "vortrag", "expose",
		"conference", "presentacion", "charla",	      "sesion",	  NULL
	};
	const struct snapshot *s = catalog_snapshot(c);
	const struct record *talk = NULL;
	size_t n = 0;

	if (!person || person->type != ENTITY_SPEAKER || !has_token(q, talks))
		return NULL;
	for (size_t i = 0; i < s->n[ENTITY_SESSION]; i++) {
		const struct record *r = &s->records[ENTITY_SESSION][i];

		for (size_t k = 0; r->speaker_ids[k]; k++) {
			if (strcmp(r->speaker_ids[k], person->id) == 0) {
				talk = r;
				n++;
			}
		}
	}
	return n == 1 ? talk : NULL;
}

/* About one record of the last answer, or about several of which one must be chosen. */
static void resolve_record(const struct catalog *c, const struct question *q,
			   const struct previous *p, const struct understood *old,
			   struct followup *out)
{
	const struct record *person = person_of(q, p), *talk;

	out->record = person ? person : focus_of(p);
	talk = talk_of(c, q, out->record);
	if (talk)
		out->record = talk;
	if (!out->record && old->n_names) {
		out->kind = FOLLOWUP_QUESTION; /* all that were named, once more */
		out->question = p->question;
		return;
	}
	out->kind = out->record		  ? FOLLOWUP_RECORD
		    : p->n_references > 1 ? FOLLOWUP_WHICH
					  : FOLLOWUP_NONE;
}

/* "and tomorrow?", "what about exhibitors?", "Sunday", when that was asked back */
static void resolve_addition(const struct catalog *c, const struct question *q,
			     const struct previous *p, const struct understood *old,
			     struct arena *arena, struct followup *out)
{
	bool bare = is_bare(q, arena), noun = names_noun(q);
	bool limited = q->u->when.kind != WHEN_NONE || has_filter(&q->u->filter);

	if (bare && !limited && !noun) {
		if (focus_of(p) || old->n_names) /* "and where?" */
			resolve_record(c, q, p, old, out);
		return;
	}
	if (!bare && !p->asked_back && q->u->n_names && q->u->names[0].similarity > 0.9f)
		return; /* "and who is Ada Lovelace?" stands alone */
	out->kind = FOLLOWUP_QUESTION;
	out->keeps_asked = true;
	out->question = merge(c, old, q->u, !bare, noun, arena);
}

static void resolve(const struct catalog *c, const struct question *q, const struct previous *p,
		    int64_t now, struct arena *arena, struct followup *out)
{
	bool bare = is_bare(q, arena),
	     limited = q->u->when.kind != WHEN_NONE || has_filter(&q->u->filter);
	struct understood old;

	query_understand(c, p->question, now, arena, &old);
	out->asked = old.asked;
	if (means_ordinal(q, p, arena)) {
		choose_ordinal(q, p, out);
	} else if (bare && resolve_time(c, q, p, &old, now, arena, out)) {
		return;
	} else if (bare && resolve_there(q, p, arena, out)) {
		return;
	} else if (bare && has_token(q, more_words)) {
		out->record = focus_of(p);
		out->kind = out->record ? FOLLOWUP_RECORD : FOLLOWUP_MORE;
		out->more = true;
		out->question = p->question;
	} else if (bare && !limited && !names_noun(q) && q->u->asked == ASKED_COUNT_OF) {
		out->kind = FOLLOWUP_QUESTION; /* "how many are there?" */
		out->question = p->question;
	} else if (joined(q) || is_time_fragment(q) ||
		   (p->asked_back && q->n <= 6 && !has_token(q, question_words))) {
		resolve_addition(c, q, p, &old, arena, out);
	} else if (has_token(q, possessives) && q->n <= 6 && !q->u->n_names && focus_of(p)) {
		resolve_record(c, q, p, &old, out); /* "what is her background?" */
	} else if (bare && !limited &&
		   (has_token(q, pronouns) || q->u->follow_up || q->u->asked != ASKED_ANY)) {
		resolve_record(c, q, p, &old, out);
	}
}

void followup_resolve(const struct catalog *c, const char *question, const struct understood *u,
		      const struct previous *previous, int64_t now_unix_s, struct arena *arena,
		      struct followup *out)
{
	char *folded _cleanup_free_ = utf8_fold(question, strlen(question));
	struct question q = { .folded = folded, .u = u };

	*out = (struct followup){ .kind = FOLLOWUP_NONE };
	if (!folded || u->intent == INTENT_SMALLTALK)
		return;
	cut(&q, arena);
	if (previous)
		resolve(c, &q, previous, now_unix_s, arena, out);
	else if (u->follow_up && u->when.kind == WHEN_NONE && !has_filter(&u->filter) &&
		 !u->n_names && !names_noun(&q))
		out->kind = FOLLOWUP_UNKNOWN;
	if (out->kind != FOLLOWUP_NONE && !out->question)
		out->question = arena_strdup(arena, question);
}
