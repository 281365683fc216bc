/*
 * followup_words.c - see followup_words.h.
 *
 * Lists of words are folded and separated by blanks, lists of phrases by '|'.
 */
#include "agent/followup_words.h"

#include <ctype.h>
#include <string.h>
#include "agent/followup.h"
#include "base/text.h"
#include "base/utf8.h"
#include "search/words.h"

static const char pronouns[] =
	"it its that this there they them their he him his she her one these those das "
	"dort da dorthin er sie es ihn ihm ihr ihre dies dieser diese dieses davon darum "
	"dessen deren dazu ca cela celui celle y il elle ils elles lui leur son sa ce "
	"cette eso esa ese esto alli ahi ella ellos su sus lo";

static const char persons[] = "he she they er sie il elle el ella him her";

static const char he_she[] = "he she him her";

static const char advice[] =
	"should recommend recommendation suggest suggestion soll sollte empfehlen "
	"empfehlung conseillez conseilles recommandez recomiendas recomienda";

static const char possessives[] = "his her its their sein seine ihr ihre son leur leurs su sus";

static const char question_words[] =
	"what when where who which how whom whose why wann wo wer was wie welche welcher "
	"quand qui quel quelle quelles quels combien comment cuando donde quien que cual "
	"cuantos cuantas";

/* Around a time or a place they make a fragment, not a question: "in the afternoon?" */
static const char small_words[] =
	"and or in on at the und oder am im um der die den dem et ou le la les a au y o "
	"el los las en por de";

/* What one asks of a record, and what one calls it: words that name none. */
static const char about[] =
	"speak speaks speaking speaker speakers talk talks talking session sessions "
	"presentation workshop room rooms hall place location booth stand time start "
	"starts begin begins end ends happen happening take long last lasts tell more "
	"detail details info information describe explain presents presenting gives "
	"giving exactly again works work company anything something else okay ok thanks "
	"see hear go get level language track person exhibitor exhibitors event meet say "
	"says bio sell sells offer offers make makes show shows provide many spricht "
	"sprechen sprecher sprecherin vortrag vortrage raum saal halle ort uhrzeit "
	"beginnt beginn anfang endet ende mehr erzahl erzahle erzahlen sag sagen findet "
	"statt dauert lange genau nochmal halt geht worum vortragende referent referentin "
	"aussteller zeit uhr sonst etwas arbeitet firma verkaufen verkauft bieten bietet "
	"zeigen zeigt macht machen viele parle parlent intervenant intervenants "
	"intervient salle lieu heure commence finit dure plus dis dites parlez raconte "
	"trouve presente conference personne exposant autre chose vend vendent propose "
	"proposent fait font combien habla hablan ponente ponentes sala lugar hora "
	"empieza comienza termina dura mas detalles dime cuentame charla persona presenta "
	"expositor algo otra cosa later earlier sooner spater fruher danach nachher tard "
	"tot ensuite tarde temprano despues vende venden ofrece ofrecen hace hacen "
	"cuantos cuantas noch else sonst encore halt halten run runs lead leads host hosts follow "
	"follows "
	"part repeat exact take last lasts longer longest shortest earliest latest soonest only "
	"just nur "
	"seulement solo solamente similar ahnlich ahnliche ahnliches ahnlichen semblable "
	"semblables "
	"similaire similaires parecido parecida parecidos parecidas similares kind sits sit chairs "
	"chair "
	"moderates moderate leitet leiten moderiert moderieren anime building floor gebaude etage "
	"batiment edificio day tag jour dia";

static const char similar_words[] = "similar ahnlich ahnliche ahnliches ahnlichen semblable "
				    "semblables similaire similaires parecido "
				    "parecida parecidos parecidas similares";

static const char like_phrases[] =
	"|like this|like that|like these|like those|like it|comme ca|comme "
	"celui la|como este|como esta|como eso|so etwas|";

static const char they_words[] = "they them their those these all ils elles leur ellos ellas sus";

static const char whole_words[] =
	"conference day event programme whole konferenz tages tag tagung journee jour dia "
	"conferencia";

static const char of_these[] = "|of these|of them|of those|of the ones|davon|von denen|von "
			       "diesen|von ihnen|d'entre eux|d'entre "
			       "elles|d entre eux|d entre elles|parmi eux|parmi elles|de ces|de "
			       "estos|de estas|de ellos|de "
			       "ellas|";

static const struct {
	enum extreme which;
	const char *words;
} extremes[] = {
	{ EXTREME_LONGEST, "longest langste langsten longue largo larga" },
	{ EXTREME_SHORTEST, "shortest kurzeste kurzesten courte courts corto corta" },
	{ EXTREME_EARLIEST, "earliest earlier soonest sooner fruheste fruhesten fruher" },
	{ EXTREME_LATEST, "latest later spateste spatesten spater" },
};

static const char more_words[] = "more mehr plus mas weitere weiteres others autres otros otras";

static const char number_words[] = "number nummer numero nr no";

static const char there[] = "there dort da la y alli ahi room raum saal salle sala";

static const char talks[] =
	"talk session presentation workshop vortrag expose conference presentacion "
	"charla sesion";

static const char nouns[] =
	"talk talks session sessions workshop workshops speaker speakers exhibitor "
	"exhibitors stand stands booth booths companies vortrag vortrage aussteller "
	"sprecher vortragende exposant exposants intervenant intervenants sesion "
	"sesiones charla charlas expositor expositores ponente ponentes conferences";

static const char ones[] = "one ones derjenige diejenige dasjenige celui celle";

static const char other_words[] = "other andere anderen anderer anderes autre otro otra";

static const char else_words[] = "else another sonst ausserdem d'autre encore mas aparte";

static const char speak_words[] = "speak speaks speaking talk talks talking give gives giving "
				  "present presents do does spricht "
				  "sprechen halt halten macht parle parlent presente presentent "
				  "fait habla hablan presenta hace";

static const char any_words[] =
	"any anything something some etwas irgendwas was welche quelque quelques algo algun alguna "
	"which list all";

static const char determiners[] =
	"that this the dem den der die das diesem diesen dieser dieses ce cet cette le la el ese "
	"esa esta este";

static const struct {
	enum entity type;
	const char *words;
} kinds[] = {
	{ ENTITY_SESSION, "talk session workshop presentation panel demo keynote lecture tutorial "
			  "vortrag expose conference atelier charla sesion taller ponencia" },
	{ ENTITY_EXHIBITOR, "stand booth exhibitor stall messestand aussteller exposant expositor "
			    "puesto" },
	{ ENTITY_SPEAKER, "speaker presenter lecturer referent referentin sprecher sprecherin "
			  "vortragende intervenant intervenante ponente" },
};

static const struct {
	int step;
	const char *phrases;
} steps[] = {
	{ -1, "|one before|one before that|previous one|the previous|den davor|der davor|die davor|"
	      "das davor|vorige|vorherige|celui d avant|celle d avant|celui d'avant|precedent|"
	      "precedente|el anterior|la anterior|" },
	{ 1, "|one after|one after that|the next one|following one|der nachste|den danach|der "
	     "danach|die danach|celui d apres|celui d'apres|le suivant|la suivante|el siguiente|la "
	     "siguiente|" },
};

static const char existences[] = "|are there|is there|there are|there is|gibt es|gibts|y a t il|"
				 "y a-t-il|il y a|";

static const char joins[] = "|and|und|et|also|what about|how about|was ist mit|wie ist es mit|"
			    "wie sieht es mit|et pour|y|e|que tal|y que|or|oder|auch|";

static const char later_words[] = "|later|spater|plus tard|mas tarde|";

static const char earlier_words[] = "|earlier|fruher|plus tot|mas temprano|sooner|";

static const char after_words[] =
	"|after that|afterwards|after this|danach|nachher|apres ca|apres cela|"
	"ensuite|despues de eso|despues|after it|after this one|after that one|comes after|come "
	"after|";

static const char before_words[] =
	"|before that|before it|before this|davor|vorher|avant ca|avant cela|antes de eso|comes "
	"before|";

static const char same_place[] =
	"|same room|the room|the hall|same place|same hall|same stage|that room|this room|that "
	"hall|gleichen raum|"
	"selben raum|diesem raum|gleichen saal|meme salle|cette salle|misma sala|esa sala|in "
	"there|";

static const char companies[] =
	"|her company|his company|their company|her employer|his employer|her firm|his firm|ihre "
	"firma|seine firma|ihr unternehmen|sein unternehmen|son entreprise|sa societe|su empresa|";

static const struct {
	int n; /* -1: the last */
	const char *words;
} ordinals[] = {
	{ 1, "first 1st erste ersten erster premier premiere primero primera" },
	{ 2, "second 2nd zweite zweiten zweiter deuxieme seconde segundo segunda" },
	{ 3, "third 3rd dritte dritten troisieme tercero tercera" },
	{ 4, "fourth 4th vierte vierten quatrieme cuarto cuarta" },
	{ 5, "fifth 5th funfte funften cinquieme quinto" },
	{ 6, "sixth 6th" },
	{ 7, "seventh" },
	{ 8, "eighth" },
	{ -1, "last letzte letzten dernier derniere ultimo ultima" },
};

static bool has_word(const struct question *q, const char *list)
{
	for (size_t i = 0; i < q->n; i++)
		if (word_in(q->tokens[i], list))
			return true;
	return false;
}

/* At p of a folded text, between word boundaries? */
static bool phrase_at(const char *text, const char *p, const char *phrase, size_t n)
{
	return strncmp(p, phrase, n) == 0 && (p == text || strchr(" ,", p[-1])) &&
	       strchr(" ,.?!", p[n]); /* or the end */
}

static bool has_phrase(const char *text, const char *list, bool at_start)
{
	for (const char *phrase = list + 1; *phrase; phrase += strcspn(phrase, "|") + 1) {
		size_t n = strcspn(phrase, "|");

		for (const char *p = text; *p && (p == text || !at_start); p++)
			if (phrase_at(text, p, phrase, n))
				return true;
	}
	return false;
}

bool question_exists(const struct question *q)
{
	return has_phrase(q->folded, existences, false);
}

bool question_has(const struct question *q, enum word_kind kind)
{
	switch (kind) {
	case WORDS_PRONOUN:
		return !question_exists(q) && has_word(q, pronouns);
	case WORDS_PERSON:
		return has_word(q, persons);
	case WORDS_HE_SHE:
		return has_word(q, he_she);
	case WORDS_ADVICE:
		return has_word(q, advice);
	case WORDS_POSSESSIVE:
		return has_word(q, possessives);
	case WORDS_QUESTION:
		return has_word(q, question_words);
	case WORDS_THERE:
		return has_word(q, there);
	case WORDS_TALK:
		return has_word(q, talks);
	case WORDS_NOUN:
		return has_word(q, nouns);
	case WORDS_MORE:
		return has_word(q, more_words);
	case WORDS_ONE:
		return has_word(q, ones);
	case WORDS_OTHER:
		return has_word(q, other_words);
	case WORDS_ELSE:
		return has_word(q, else_words);
	case WORDS_SPEAKS:
		return has_word(q, speak_words);
	case WORDS_ANY:
		return question_exists(q) || has_word(q, any_words);
	case WORDS_SIMILAR:
		return has_word(q, similar_words) || has_phrase(q->folded, like_phrases, false);
	case WORDS_ABOUT:
		return has_word(q, "about on uber zu zum zur sur sobre");
	case WORDS_THEY:
		return has_word(q, they_words);
	case WORDS_WHOLE:
		return has_word(q, whole_words);
	case PHRASES_OF_THESE:
		return has_phrase(q->folded, of_these, false);
	case PHRASES_LATER:
		return has_phrase(q->folded, later_words, false);
	case PHRASES_EARLIER:
		return has_phrase(q->folded, earlier_words, false);
	case PHRASES_AFTER:
		return has_phrase(q->folded, after_words, false);
	case PHRASES_BEFORE:
		return has_phrase(q->folded, before_words, false);
	case PHRASES_PLACE:
		return has_phrase(q->folded, same_place, false);
	case PHRASES_COMPANY:
		return has_phrase(q->folded, companies, false);
	}
	return false;
}

bool question_begins(const struct question *q, enum beginning how)
{
	static const char only[] = "only just nur bloss seulement juste solo solamente";
	static const char which[] = "which welche welcher welches quel quelle quels quelles "
				    "lesquels lesquelles cual cuales";
	static const char is[] = "is was ist est es are will";
	static const char be[] = "is are was were ist sind est sont es son";
	static const char it[] = "it that this das es ce ca eso";

	switch (how) {
	case BEGINS_ONLY:
		return q->n > 1 && word_in(q->tokens[0], only);
	case BEGINS_WHICH:
		return q->n > 1 && word_in(q->tokens[0], which);
	case BEGINS_WHICH_IS:
		return q->n > 2 && word_in(q->tokens[0], which) && word_in(q->tokens[1], be);
	case BEGINS_ARE_THEY:
		return q->n > 2 && word_in(q->tokens[0], be) && word_in(q->tokens[1], they_words);
	case BEGINS_IS_IT:
		return q->n > 2 && word_in(q->tokens[0], is) && word_in(q->tokens[1], it);
	}
	return false;
}

/* "earlier" and "later" compare only behind "which": "anything earlier?" asks for others. */
enum extreme question_extreme(const struct question *q)
{
	for (size_t i = 0; i < q->n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(extremes); k++) {
			const char *w = q->tokens[i];
			size_t len = strlen(w);
			bool compares = len < 3 || strcmp(w + len - 2, "er") == 0;

			if (word_in(w, extremes[k].words) &&
			    (!compares || question_begins(q, BEGINS_WHICH)))
				return extremes[k].which;
		}
	return EXTREME_NONE;
}

int question_edge(const struct question *q)
{
	static const char starts[] =
		"start starts begin begins open opens beginnt startet commence debute "
		"empieza comienza";
	static const char ends[] =
		"end ends finish finishes close closes over endet finit termine termina acaba";

	return has_word(q, starts) ? 1 : has_word(q, ends) ? -1 : 0;
}

bool question_points_at(const struct question *q, enum entity *out)
{
	for (size_t i = 1; i < q->n; i++) {
		if (!word_in(q->tokens[i - 1], determiners))
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
			if (word_in(q->tokens[i], kinds[k].words)) {
				*out = kinds[k].type;
				return true;
			}
		}
	}
	return false;
}

int question_step(const struct question *q)
{
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		if (has_phrase(q->folded, steps[i].phrases, false))
			return steps[i].step;
	return 0;
}

bool question_is_joined(const struct question *q)
{
	return has_phrase(q->folded, joins, true);
}

void question_cut(struct question *q, struct arena *arena)
{
	size_t len = strlen(q->folded), i = 0, from, to;

	while (q->n < FOLLOWUP_MAX_WORDS && word_next(q->folded, len, &i, &from, &to)) {
		q->at[q->n] = from;
		q->tokens[q->n] = arena_strndup(arena, q->folded + from, to - from);
		q->n += q->tokens[q->n] != NULL;
	}
}

bool question_word_is_small(const char *w)
{
	return word_is_stop(w) || word_in(w, pronouns) || word_in(w, about) ||
	       word_in(w, more_words) || word_in(w, ones) || word_in(w, other_words) ||
	       word_in(w, determiners) || has_phrase(w, joins, true);
}

bool question_is_bare(const struct question *q, const struct attribute *a, struct arena *arena)
{
	char *terms _cleanup_free_ = utf8_fold(q->u->terms, strlen(q->u->terms));
	struct question rest = { .folded = terms };

	if (!terms || (q->u->n_names && q->u->names[0].similarity > 0.9f))
		return false;
	question_cut(&rest, arena);
	for (size_t i = 0; i < rest.n; i++)
		if (!question_word_is_small(rest.tokens[i]) &&
		    !(a && attribute_has_word(a, rest.tokens[i])))
			return false;
	return true;
}

bool question_is_time(const struct question *q)
{
	const struct when *w = &q->u->when;

	if (w->kind == WHEN_NONE || w->kind == WHEN_NOW || w->kind == WHEN_NEXT || !w->n_spans)
		return false;
	for (size_t i = 0; i < q->n; i++) {
		bool inside = word_in(q->tokens[i], small_words);

		for (size_t k = 0; k < w->n_spans; k++)
			inside |= q->at[i] >= w->spans[k].from && q->at[i] < w->spans[k].to;
		if (!inside)
			return false;
	}
	return true;
}

static int ordinal_of(const char *word)
{
	for (size_t k = 0; k < ARRAY_SIZE(ordinals); k++)
		if (word_in(word, ordinals[k].words))
			return ordinals[k].n;
	return 0;
}

int question_ordinal(const struct question *q)
{
	for (size_t i = 0; i < q->n; i++) {
		const char *w = q->tokens[i];

		if (ordinal_of(w))
			return ordinal_of(w);
		if (i > 0 && word_in(q->tokens[i - 1], number_words) && w[0] >= '1' &&
		    w[0] <= '9' && !w[1])
			return w[0] - '0';
	}
	return 0;
}

bool question_ends_in_ordinal(const struct question *q)
{
	return q->n > 1 && ordinal_of(q->tokens[q->n - 1]) > 0;
}

const char *question_without_ordinals(const struct question *q, struct arena *arena)
{
	struct text out _cleanup_text_ = { 0 };

	text_init(&out, 8192);
	for (size_t i = 0; i < q->n; i++)
		if (!ordinal_of(q->tokens[i]) && !word_in(q->tokens[i], number_words))
			text_printf(&out, "%s ", q->tokens[i]);
	return arena_strdup(arena, out.data);
}

const char *question_without_times(const struct question *q, struct arena *arena)
{
	const struct when *w = &q->u->when;
	struct text out _cleanup_text_ = { 0 };

	text_init(&out, 8192);
	for (size_t i = 0; i < q->n; i++) {
		bool inside = false;

		for (size_t k = 0; k < w->n_spans; k++)
			inside |= q->at[i] >= w->spans[k].from && q->at[i] < w->spans[k].to;
		if (!inside)
			text_printf(&out, "%s ", q->tokens[i]);
	}
	return arena_strdup(arena, out.data);
}

/* --- What only links a question to the talk ------------------------------------------- */

/* Folded; a trailing ',' asks for a mark behind it, '!' says that the last question was wrong. */
static const char *const links[] = {
	"i meant!",
	"i mean!",
	"ich meinte!",
	"ich meine!",
	"je voulais dire!",
	"quise decir!",
	"no sorry,!",
	"sorry,!",
	"no,!",
	"nein,!",
	"non,!",
	"actually!",
	"ok so",
	"ok then,",
	"ok",
	"okay",
	"so",
	"well",
	"hmm",
	"hm",
	"fine,",
	"great,",
	"thanks,",
	"thank you,",
	"alright,",
	"right,",
	"cool,",
	"nice,",
	"good,",
	"gut,",
	"danke,",
	"merci,",
	"gracias,",
	"too bad,",
	"a pity,",
	"schade,",
	"dommage,",
	"please,",
	"bitte,",
	"c'est",
	"c’est",
	"back to the",
	"back to",
	"coming back to",
	"zuruck zu",
	"perfect,",
	"perfekt,",
	"parfait,",
	"hi,",
	"hello,",
	"hallo,",
	"bonjour,",
	"hey,",
	"hola,",
	"excuse me,",
	"interesting,",
	"wow,",
};

/* How much of s a link is; 0: none.  Compared without regard to case, ASCII only. */
static size_t link_len(const char *s, bool *corrects)
{
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		size_t n = strcspn(links[i], ",!"), marks;
		const char *needs = links[i] + n;

		if (strncasecmp(s, links[i], n) != 0 || isalnum((unsigned char)s[n]) ||
		    (s[n] & 0x80) || strchr("'-", s[n]))
			continue;
		marks = strspn(s + n, " ,.!:;-");
		if (!s[n + marks] || strchr("?", s[n + marks]))
			continue;
		if (strchr(needs, ',') && !strchr(",.!:;-", s[n + strspn(s + n, " ")]))
			continue;
		*corrects |= strchr(needs, '!') != NULL;
		return n + marks;
	}
	return 0;
}

/* "thanks, that helps!" is whole as it is. */
bool followup_thanks(const char *question)
{
	static const char *const thanks[] = { "thank", "thx", "danke", "merci", "gracias" };
	const char *s = question + strspn(question, " ");
	size_t words = 1;

	for (const char *p = s; *p; p++)
		words += *p == ' ' && p[1] && p[1] != ' ';
	for (size_t i = 0; i < ARRAY_SIZE(thanks); i++)
		if (strncasecmp(s, thanks[i], strlen(thanks[i])) == 0)
			return words <= 7 && !strchr(s, '?');
	return false;
}

/* How long the question is without "btw" or "please" at its end. */
static size_t without_tail(const char *s)
{
	static const char *const tails[] = { "btw",	  "by the way", "please", "bitte",
					     "anyway",	  "though",	"then",	  "por favor",
					     "svp",	  "ubrigens",	"thanks", "danke",
					     "thank you", "übrigens",	"merci" };
	size_t len = strlen(s), end = len;

	while (end && strchr(" ?.!,", s[end - 1]))
		end--;
	for (size_t i = 0; i < ARRAY_SIZE(tails); i++) {
		size_t n = strlen(tails[i]);

		if (end > n + 3 && strncasecmp(s + end - n, tails[i], n) == 0 &&
		    strchr(" ,", s[end - n - 1]))
			return end - n;
	}
	return len;
}

const char *followup_core(const char *question, struct arena *arena, bool *corrects)
{
	const char *s = question + strspn(question, " \t\n");
	size_t n;

	*corrects = false;
	if (followup_thanks(question))
		return question;
	while ((n = link_len(s, corrects)) > 0)
		s += n;
	n = without_tail(s);
	return s == question && !s[n] ? question : arena_strndup(arena, s, n);
}

#define MOST_WORDS 25

/* --- Two questions -------------------------------------------------------------------- */

static const char *const second_questions[] = {
	" and when ",	 " and where ",	   " and who ",	      " and what ", " and how ",
	" and which ",	 " and is there ", " and are there ", " and do i ", " and can i ",
	" und wann ",	 " und wo ",	   " und wer ",	      " und was ",  " und wie ",
	" und gibt es ", " et quand ",	   " et ou ",	      " et où ",    " et qui ",
	" et comment ",	 " y cuando ",	   " y cuándo ",      " y donde ",  " y dónde ",
	" y quien ",	 " y quién ",
};

static size_t count_words(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += s[i] != ' ' && (i == 0 || s[i - 1] == ' ');
	return n;
}

/* Where the second question begins; NULL: there is one. */
static const char *second_begins(const char *s, size_t *first_len)
{
	const char *mark = strchr(s, '?');

	if (mark && mark[1] == ' ' && count_words(mark + 1, strlen(mark + 1)) >= 3) {
		*first_len = (size_t)(mark - s) + 1;
		return mark + 2;
	}
	for (size_t i = 0; i < ARRAY_SIZE(second_questions); i++) {
		const char *at = strcasestr(s, second_questions[i]);

		if (!at || count_words(s, (size_t)(at - s)) < 3)
			continue;
		*first_len = (size_t)(at - s);
		return strchr(at + 1, ' ') + 1;
	}
	return NULL;
}

/* A question from its first word on, and not a long tale. */
static bool asks_at_once(const char *question)
{
	static const char openers[] = "what when where who which how is are do does can could will "
				      "may whats wheres wann wo "
				      "wer was wie welche ist gibt kann quand ou qui quel quelle "
				      "quelles comment combien est y "
				      "cuando donde quien que cual como cuanto hay";
	char *folded _cleanup_free_ = utf8_fold(question, strlen(question));
	size_t len = folded ? strlen(folded) : 0, i = 0, from, to;
	char first[32];

	if (!folded || !word_next(folded, len, &i, &from, &to) ||
	    count_words(question, strlen(question)) > MOST_WORDS)
		return false;
	snprintf(first, sizeof(first), "%.*s", (int)(to - from), folded + from);
	return word_in(first, openers);
}

const char *followup_split(const char *question, struct arena *arena, const char **rest)
{
	size_t len = 0;
	const char *second = second_begins(question, &len);
	char *folded _cleanup_free_ = second ? utf8_fold(second, strlen(second)) : NULL;
	struct question q = { .folded = folded };

	*rest = NULL;
	if (!folded || !asks_at_once(question))
		return question;
	question_cut(&q, arena);
	if (q.n < 3 || (has_word(&q, pronouns) && !question_exists(&q)))
		return question;
	*rest = arena_strdup(arena, second);
	return *rest ? arena_strndup(arena, question, len) : question;
}
