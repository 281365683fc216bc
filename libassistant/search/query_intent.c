/*
 * query_intent.c - cues of a question, and what they add up to.
 *
 * Order of decision: politeness alone, nothing of the conference, a record by name, a practical matter, else a search for
 * what the cues name.  Cautious where it refuses: "out of scope" needs both a pattern and nothing in the data.
 */
#include "search/query_read.h"

#include <string.h>

static const char *const organisations =
	"|company|companies|vendor|vendors|supplier|suppliers|sponsor|sponsors|startup|startups|"
	"firm|firms|"
	"manufacturer|manufacturers|organisations|organizations|firma|firmen|anbieter|hersteller|"
	"entreprise|"
	"entreprises|fournisseur|fournisseurs|empresa|empresas|proveedor|proveedores|";

/* "Wifi pasword": nothing but a practical matter. */
#define TERSE_WORDS 3
/* A sentence of so many words, of which so many say something, may tell of a need. */
#define NEED_WORDS   6
#define NEED_CONTENT 3

struct cue_list {
	unsigned cue;
	const char *words; /* single words, between '|' */
	bool used;	   /* not searched for */
};

static const struct cue_list cue_words[] = {
	{ CUE_SESSION,
	  "|session|sessions|talk|talks|presentation|presentations|lecture|lectures|programme|"
	  "program|"
	  "schedule|agenda|slot|slots|track|tracks|devroom|devrooms|vortrag|vortrage|vortragen|"
	  "programm|"
	  "veranstaltung|veranstaltungen|zeitplan|ablauf|beitrage|conferences|exposes|expose|"
	  "seance|seances|"
	  "charla|charlas|ponencia|ponencias|sesion|sesiones|programa|",
	  true },
	/* Kinds of sessions: searched for where the data knows no such type. */
	{ CUE_SESSION,
	  "|keynote|keynotes|workshop|workshops|panel|panels|tutorial|tutorials|demo|demos|atelier|"
	  "ateliers|"
	  "taller|talleres|",
	  false },
	{ CUE_EXHIBITOR,
	  "|stand|stands|booth|booths|exhibitor|exhibitors|exhibit|exhibits|stall|stalls|"
	  "aussteller|stande|"
	  "messestand|messestande|exposant|exposants|expositor|expositores|puesto|puestos|",
	  true },
	{ CUE_SPEAKER,
	  "|speaker|speakers|presenter|presenters|panelist|panelists|panellist|panellists|expert|"
	  "experts|"
	  "lecturer|lecturers|referent|referenten|referentin|sprecher|sprecherin|redner|rednerin|"
	  "vortragende|vortragenden|experte|experten|expertin|intervenant|intervenants|"
	  "intervenante|"
	  "orateur|orateurs|conferencier|conferenciers|ponente|ponentes|orador|oradores|experto|"
	  "expertos|",
	  true },
	{ CUE_SPEAKS,
	  "|speak|speaks|speaking|spoke|talking|present|presents|presenting|give|gives|giving|"
	  "spricht|"
	  "sprechen|halt|halten|parle|parlent|presente|presentent|habla|hablan|presenta|presentan|"
	  "discuss|"
	  "discusses|discussing|hosts|hosting|",
	  true },
	{ CUE_WHO, "|who|whom|whose|wer|wen|wem|qui|quien|quienes|", true },
	{ CUE_SOMEBODY, "|somebody|someone|anybody|anyone|jemand|quelqu|alguien|", true },
	{ CUE_WHEN, "|when|wann|quand|cuando|", true },
	{ CUE_WHERE, "|where|wo|ou|donde|room|rooms|raum|salle|sala|location|", true },
	{ CUE_WHAT,
	  "|what|which|was|welche|welcher|welches|quoi|quel|quelle|quels|quelles|que|cual|cuales|",
	  true },
	{ CUE_RECOMMEND,
	  "|recommend|recommendation|recommendations|suggest|suggestion|suggestions|worth|"
	  "empfehlen|"
	  "empfiehlst|empfehlung|recommander|conseiller|recommandez|recomiendas|recomendar|"
	  "recomiendan|"
	  "interested|",
	  true },
	{ CUE_ABOUT, "|about|uber|sur|sobre|regarding|covering|", true },
};

struct cue_phrase {
	unsigned cue;
	const char *phrases;
};

static const struct cue_phrase cue_phrases[] = {
	{ CUE_COUNT, "how many|wie viele|combien de|cuantas|cuantos" },
	{ CUE_WHEN,
	  "what time|at what time|which day|what day|um wie viel uhr|um wieviel uhr|a quelle heure|"
	  "a que hora|since when|until when|till when|how late|how early|bis wann|jusqu a quand|"
	  "hasta cuando" },
	{ CUE_WHERE, "which room|what room|which floor|what floor|which building|which hall|which "
		     "stage|in welchem raum|dans quelle salle|en que sala|how do i find" },
	{ CUE_FROM_COMPANY,
	  "anybody from|anyone from|somebody from|someone from|who from|"
	  "who comes from|who is coming from|who is here from|who came from|"
	  "who represents|wer kommt von|wer kommt aus|qui vient de|quien viene de|"
	  "people "
	  "from|speakers from|who is from|works at|"
	  "works for|work at|work for|working at|working for|employed "
	  "by|employees of|comes from|jemand von|"
	  "quelqu un de|alguien de|arbeitet bei|who here works|who here "
	  "has|speakers work|speakers at" },
	{ CUE_VISIT,
	  "who should i visit|whom should i visit|who should we visit|whom should we visit|who "
	  "sells|who sell|"
	  "who offers|who offer|who makes|who builds|who provides|where can i buy|where can we "
	  "buy|show floor|"
	  "who is exhibiting|visit at|looking for a supplier|looking for suppliers|who has a stand|"
	  "who finances|who could finance|who lends|people behind|wer verkauft|wer "
	  "bietet|wer liefert|"
	  "qui vend|quien vende|is hiring|are hiring|want to buy|need to buy|who can supply|who "
	  "could supply|"
	  "complain to|who could check|who could protect|need someone to|need somebody to|want to "
	  "sell|"
	  "need a company|need a supplier|whom do i visit|who do i visit|whom do we visit|who do "
	  "we visit|"
	  "whom can i visit|who can i visit|whom shall i visit|who shall i visit|whom to visit|who "
	  "to visit|"
	  "where do i go for|wen soll ich besuchen|qui visiter|a quien visito" },
	{ CUE_HELP,
	  "here for that|here for this|here for it|has a solution|have a solution|has a remedy|"
	  "has an answer|has something for|has anything for|have anything for|has something "
	  "against|"
	  "who can show|who could show|who shows|who can help|who could help|who helps|who can "
	  "tell|"
	  "who could tell|who can explain|somebody who can|someone who can|anybody who can|anyone "
	  "who can|"
	  "somebody who could|someone who could|anybody who could|anyone who could|who would take|"
	  "wer hilft|wer kann|qui peut|quien puede" },
	{ CUE_SPEAKER,
	  "like to meet somebody who|like to meet someone who|among the speakers|who is the|"
	  "who could talk with us|who knows about|who could advise|should i ask|should we ask|"
	  "should i talk to|should we talk to|talk to people who|talk to somebody who|talk to "
	  "someone who|"
	  "meet people who|speak to people who|speak to somebody|who founded|who has been|who "
	  "wrote|"
	  "who here|who worked" },
	{ CUE_FACILITY, "where is the|where are the|where is there|where can i|where can we|is "
			"there a|is there an|are there any|"
			"can i|can we|may i|am i allowed|do i need|do i have to|do you have|i "
			"lost|wo ist der|wo ist die|"
			"wo ist das|gibt es einen|gibt es eine|ou est|hay un|hay una|y a t il" },
	{ CUE_PRACTICAL,
	  "can i|can we|may i|may we|am i allowed|are we allowed|do i need|do i have to|do we need|"
	  "do we have to|must i|should i bring|is it possible to|is it allowed|where can i|where "
	  "can we|"
	  "where do i|where do we|where could i|how do i|how do we|how can i|how to get|how "
	  "much|what does|"
	  "is there a|is there an|is there any|is there something|are there any|do you have|who do "
	  "i|"
	  "who can i|i lost|i ve lost|i have lost|i need|is it free|kann ich|konnen wir|darf "
	  "ich|muss ich|"
	  "wo finde ich|gibt es|wie komme ich|wie viel|was kostet|puis je|est ce que je peux|ou "
	  "puis je|"
	  "y a t il|comment aller|combien coute|puedo|hay|como llego|cuanto cuesta|does the|where "
	  "is|"
	  "where are|wo ist|wo kann|ou est|ou se trouve|donde esta|how high|how big|is there|are "
	  "there|"
	  "will the|can my|is my|does it|are the|is the|do the|will there be|are they|do they|"
	  "whom do|whom should|allowed|permitted|erlaubt|verboten|autorise|interdit|permitido" },
};

bool reading_has(const struct reading *r, const char *phrases)
{
	while (*phrases) {
		size_t len = strcspn(phrases, "|");
		char phrase[96];

		if (len && len < sizeof phrase - 2) {
			phrase[0] = ' ';
			memcpy(phrase + 1, phrases, len);
			phrase[len + 1] = ' ';
			phrase[len + 2] = '\0';
			if (strstr(r->spaced, phrase))
				return true;
		}
		phrases += len + (phrases[len] == '|');
	}
	return false;
}

/* "Which gold sponsors are there?" */
static bool plural_asked(const struct reading *r, size_t i)
{
	size_t len = strlen(r->words[i].text);

	return i == 2 && r->words[i].text[len - 1] == 's' &&
	       word_listed("|which|what|list|show|any|", r->words[0].text);
}

/* "Which companies ...?" asks for exhibitors; "a closed vendor blob" does not. */
static void read_organisations(struct reading *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const char *before = i ? r->words[i - 1].text : "";

		if (!word_listed(organisations, r->words[i].text))
			continue;
		if (i && !plural_asked(r, i) &&
		    !word_listed("|which|what|any|are|list|show|all|the|other|welche|welcher|gibt|"
				 "quelles|quels|"
				 "les|que|las|los|hay|is|of|find|",
				 before))
			continue;
		if (!(r->cues & (CUE_SESSION | CUE_SPEAKS))) {
			r->cues |= CUE_EXHIBITOR;
			r->used[i] = true;
		}
	}
}

/* "Where are the map folks?"; "the old folks in our street" are nobody to visit. */
static bool asks_for_folks(const struct reading *r)
{
	return r->n && reading_has(r, "folks") &&
	       word_listed("|where|who|which|what|find|are|is|the|any|", r->words[0].text) &&
	       !reading_has(r, "our|old|my");
}

/* "What do the speakers earn?": of speakers, but for none of them. */
static bool asks_about_kinds(const struct reading *r)
{
	return reading_has(
		r, "do the speakers|do speakers|do the exhibitors|do exhibitors|are the "
		   "speakers paid|are speakers paid|does a speaker|does a stand|does a booth|"
		   "verdienen die|gagnent les|ganan los");
}

void read_cues(struct reading *r)
{
	memcpy(r->filtered, r->used, WORDS_MAX * sizeof *r->filtered);
	for (size_t i = 0; i < r->n; i++) {
		if (reading_in_name(r, i))
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(cue_words); k++) {
			if (!word_listed(cue_words[k].words, r->words[i].text))
				continue;
			r->cues |= cue_words[k].cue;
			r->used[i] |= cue_words[k].used;
		}
	}
	for (size_t k = 0; k < ARRAY_SIZE(cue_phrases); k++) {
		if (reading_has(r, cue_phrases[k].phrases))
			r->cues |= cue_phrases[k].cue;
	}
	for (size_t i = 1; i < r->n; i++) /* "how late is the party?" */
		r->used[i] |= word_listed("|late|early|", r->words[i].text) &&
			      strcmp(r->words[i - 1].text, "how") == 0;
	r->cues |= asks_for_folks(r) ? CUE_VISIT : 0;
	read_organisations(r);
}

/* --- politeness, other worlds --------------------------------------------- */

static const char *const small_words =
	"|hi|hello|hey|hallo|moin|servus|bonjour|salut|hola|thanks|thank|you|danke|merci|gracias|"
	"good|"
	"morning|afternoon|evening|day|guten|tag|morgen|abend|buenos|buenas|dias|tardes|noches|bye|"
	"goodbye|tschuss|ciao|adios|revoir|au|great|cool|nice|ok|okay|perfect|super|much|very|so|a|"
	"lot|"
	"bot|assistant|there|all|everyone|erleah|beaucoup|muchas|vielen|dank|schon|schones|welcome|"
	"how|are|is|it|going|wie|geht|s|dir|es|ca|va|que|tal|como|estas|";

static bool is_smalltalk(const struct reading *r)
{
	if (!r->n)
		return false;
	if (reading_has(r, "who are you|what are you|are you a bot|are you human|are you an "
			   "ai|what can you do|how can you help|what can i ask|"
			   "was kannst du|wer bist du|que peux tu faire|qui es tu|que puedes "
			   "hacer|quien eres") &&
	    r->n <= 8)
		return true;
	if (reading_has(r, "how much"))
		return false; /* a price */
	for (size_t i = 0; i < r->n; i++) {
		if (!word_listed(small_words, r->words[i].text))
			return false;
	}
	return r->n <= 8 &&
	       !(r->n == 1 && word_listed("|there|all|is|it|a|so|day|", r->words[0].text));
}

static bool is_sum(const struct reading *r)
{
	const char *s = r->folded;
	size_t digits = 0, signs = 0, letters = 0;

	for (; *s; s++) {
		digits += *s >= '0' && *s <= '9';
		signs += strchr("+*/=x^", *s) != NULL;
		letters += *s >= 'a' && *s <= 'z' && *s != 'x';
	}
	if (reading_has(r, "times|plus|minus|divided by|mal|geteilt durch|fois|por|entre")) {
		signs++;
		letters -= letters < 10 ? letters : 10;
	}
	return digits >= 2 && signs && letters <= 10 &&
	       reading_has(r, "what is|what s|calculate|solve|wie viel ist|combien font|cuanto es");
}

static bool is_elsewhere(const struct reading *r)
{
	return is_sum(r) ||
	       reading_has(r, "capital of|hauptstadt von|capitale de la|who won|wer hat "
			      "gewonnen|football match|world cup|the weather|weather be|"
			      "weather like|weather today|weather tomorrow|weather forecast|is it "
			      "raining|wetter|quel temps|meteo|el tiempo hara|"
			      "write me|write a poem|a poem|a haiku|tell me a joke|a joke|sing "
			      "me|schreib mir|schreibe ein|un poeme|ecris moi|"
			      "escribe un|un chiste|translate|ubersetze|traduis|traduce|your "
			      "instructions|previous instructions|"
			      "system prompt|your prompt|ignore all|how tall is|how old is "
			      "the|president of|prime minister|stock price|"
			      "share price|bitcoin price|a recipe|recipe for|square root|my "
			      "homework|who is the king|horoscope|"
			      "lottery|meaning of life|jailbreak|how heavy is|boiling "
			      "point|population of|how far is the moon|"
			      "election results");
}

/* "Who is the president of ...?" names nobody and asks for no speaker. */
static bool asks_who_is(const struct reading *r)
{
	return !r->out->n_names && r->cues & CUE_WHO &&
	       !(r->cues & (CUE_SESSION | CUE_EXHIBITOR | CUE_SPEAKS));
}

/* "What is pi?": a word explained, and no name or topic that this conference has. */
static bool is_definition(const struct reading *r)
{
	static const char *const starts = "what is|what s|whats|define|what does|what are|was "
					  "ist|qu est ce que|que es|c est quoi";
	char head[48];
	size_t len = strlen(r->spaced);

	len = len < sizeof head - 1 ? len : sizeof head - 1;
	memcpy(head, r->spaced, len);
	head[len] = '\0';
	struct reading start = *r;

	start.spaced = head;
	return reading_has(&start, starts) && r->out->when.kind == WHEN_NONE &&
	       !r->out->filter.places && reading_content(r) <= 2 &&
	       !(r->cues & (CUE_SESSION | CUE_EXHIBITOR | CUE_SPEAKER | CUE_ABOUT));
}

/* Is the explained word nothing but a scrap of other names? */
static bool unknown_term(const struct reading *r)
{
	for (size_t i = 0; i < r->n_matches; i++) {
		if (r->matches[i].similarity >= 0.9f)
			return false;
	}
	for (size_t i = 0; i < r->n; i++) {
		const struct vocabulary_word *w;

		if (r->used[i] || r->words[i].stop)
			continue;
		w = vocabulary_find(gazetteer_vocabulary(catalog_gazetteer(r->c)),
				    r->words[i].text);
		if (w && strlen(r->words[i].text) > 3)
			return false;
	}
	return true;
}

/* --- follow-ups ------------------------------------------------------------ */

static bool is_follow_up(const struct reading *r)
{
	static const char *const pronouns = "|it|that|this|there|they|them|he|she|him|his|her|"
					    "their|these|those|one|ones|er|sie|dort|"
					    "dieser|diese|dieses|ihn|ihm|celui|celle|il|elle|ils|"
					    "elles|alli|ella|ellos|eso|ese|";
	bool starts =
		r->n && word_listed("|and|und|et|y|or|also|auch|aussi|tambien|", r->words[0].text);
	bool pronoun = false;

	if (r->out->n_names && r->out->names[0].similarity >= 0.85f)
		return starts && r->n <= 4;
	for (size_t i = 0; i < r->n; i++) {
		const char *word = r->words[i].text, *before = i ? r->words[i - 1].text : "";
		bool there_is = strcmp(word, "there") == 0 &&
				word_listed("|is|are|was|were|will|be|", before);
		bool dummy =
			word_listed("|it|that|one|il|er|sie|", word) && i + 2 < r->n &&
			word_listed("|is|was|will|if|does|would|can|do|since|because|when|so|think|"
				    "know|like|"
				    "ist|hat|but|for|",
				    before);

		pronoun |= word_listed(pronouns, word) && !there_is && !dummy;
	}
	if (reading_has(r, "what about|how about|was ist mit|et pour|que tal|anything "
			   "earlier|anything later|anything else|something else|tell me more|"
			   "more details|the first one|the second one|the third one|the last "
			   "one|the other one"))
		return reading_content(r) <= 3;
	return (starts && reading_content(r) <= 2) ||
	       (pronoun && reading_content(r) <= 1 && r->n <= 8);
}

/* --- the decision ----------------------------------------------------------- */

static enum asked what_is_asked(const struct reading *r)
{
	if (r->cues & CUE_COUNT)
		return ASKED_COUNT_OF;
	if (r->cues & CUE_WHEN)
		return ASKED_WHEN;
	if (r->cues & CUE_WHERE)
		return ASKED_WHERE;
	if (r->cues & CUE_WHO)
		return ASKED_WHO;
	return r->cues & CUE_WHAT ? ASKED_WHAT : ASKED_ANY;
}

static unsigned which_entities(const struct reading *r)
{
	const struct understood *u = r->out;
	unsigned e = 0;

	if (r->cues & CUE_EXHIBITOR || r->cues & CUE_VISIT)
		e |= ENTITY_BIT(ENTITY_EXHIBITOR);
	if (r->cues & (CUE_SPEAKER | CUE_FROM_COMPANY) ||
	    (r->cues & CUE_WHO && r->cues & CUE_SPEAKS))
		e |= ENTITY_BIT(ENTITY_SPEAKER);
	if (r->cues & CUE_SESSION && !(e & ENTITY_BIT(ENTITY_SPEAKER)))
		e |= ENTITY_BIT(ENTITY_SESSION);
	if (r->cues & CUE_SPEAKS && !e)
		e |= ENTITY_BIT(ENTITY_SESSION);
	if (!e && (u->when.kind != WHEN_NONE || u->filter.types || u->filter.tracks ||
		   u->filter.levels || u->filter.languages))
		e |= ENTITY_BIT(ENTITY_SESSION);
	return e;
}

/* "Press desk", where no page has one: a matter of the site and nothing else, that no record is about either. */
static bool is_missing_matter(const struct reading *r)
{
	const struct info_found *f = &r->info;

	return r->n <= TERSE_WORDS && f->matter && !f->concept && !f->others &&
	       !(r->cues & (CUE_SESSION | CUE_EXHIBITOR | CUE_SPEAKER | CUE_SPEAKS | CUE_ABOUT |
			    CUE_VISIT | CUE_WHO));
}

/* Records are named or asked for, so that a page is hardly what is wanted. */
static bool asks_for_records(const struct reading *r)
{
	const struct understood *u = r->out;
	const struct name_match *first = u->n_names ? &u->names[0] : NULL;

	if (first &&
	    (first->similarity >= 0.85f || (first->similarity >= 0.6f && first->n_words >= 2)))
		return !(r->info.in_title && r->info.cover >= 0.8f && first->n_words < 2);
	return u->filter.types || r->cues & (CUE_SPEAKS | CUE_RECOMMEND | CUE_SPEAKER | CUE_VISIT |
					     CUE_FROM_COMPANY | CUE_EXHIBITOR);
}

/* "What can I hear after lunch today?": a time or a place, and no word of anything practical. */
static bool asks_for_programme(const struct reading *r)
{
	const struct understood *u = r->out;

	return (u->when.kind != WHEN_NONE || u->filter.places) && reading_content(r) == 0 &&
	       !(r->cues & (CUE_WHEN | CUE_WHERE)) &&
	       !reading_has(
		       r, "for lunch|is lunch|for dinner|is dinner|for breakfast|is breakfast|are "
			  "you|do you|you open|is it|it open|everything open|anything open");
}

/* "How do I become a speaker?": of the organisers, though it says who and what the programme has. */
static bool asks_to_take_part(const struct reading *r)
{
	return reading_has(
		r, "become a speaker|be a speaker|apply as a speaker|submit a talk|submit a "
		   "proposal|submit a paper|propose a talk|become an exhibitor|become a "
		   "sponsor|get a stand|get a booth|book a stand|book a booth|rent a "
		   "stand|rent a booth|apply for a stand|referent werden|vortrag "
		   "einreichen|aussteller werden|devenir conferencier|devenir "
		   "exposant|ser ponente|ser expositor");
}

/* A page answers, rather than records. */
static bool is_info(const struct reading *r)
{
	const struct info_found *f = &r->info;
	bool practical = r->cues & (CUE_PRACTICAL | CUE_FACILITY | CUE_WHEN | CUE_WHERE);

	if (!f->n || asks_for_records(r) || asks_for_programme(r))
		return false;
	if (f->in_title && r->n <= TERSE_WORDS && !f->others)
		return true;
	if (r->cues & CUE_SESSION)
	return f->concept && practical && !(r->cues & CUE_ABOUT) &&
	       f->cover >= (f->in_title ? 0.5f : 0.75f);
	if (r->cues & CUE_ABOUT && !practical)
		return false;
	if (f->in_title && f->cover >= 0.34f)
		return practical || f->cover >= 0.6f;
	if (f->concept && f->cover >= (f->words <= 2 ? 0.3f : 0.45f))
		return practical || f->cover >= 0.6f;
	return practical && f->words >= 2 && f->cover >= 0.7f && f->scores[0] >= 0.3f;
}

/* "Our nurses get no rest because of the beeping": who says so looks for what is about it. */
static bool tells_a_need(const struct reading *r)
{
	static const char *const asking = "|what|which|who|whom|whose|when|where|why|how|is|are|"
					  "was|were|do|does|did|can|could|will|"
					  "would|may|must|should|has|have|any|tell|show|give|write|"
					  "explain|translate|find|list|wer|"
					  "was|wann|wo|wie|warum|welche|gibt|qui|que|quand|ou|"
					  "comment|quel|quelle|quien|cuando|donde|"
					  "como|hay|";

	return r->n >= NEED_WORDS && !word_listed(asking, r->words[0].text) &&
	       reading_content(r) >= NEED_CONTENT &&
	       reading_has(
		       r,
		       "i|my|we|our|us|nobody|everybody|everyone|they|their|ich|wir|unser|unsere|"
		       "meine|mein|je|nous|notre|nos|nuestra|nuestro");
}

/* "My ear is bleeding": what visitors tell of themselves, unless it is what they are interested in. */
static bool tells_of_oneself(const struct reading *r)
{
	return r->n >= 3 &&
	       word_listed("|i|my|ich|mein|meine|je|mon|ma|mes|yo|mi|mis|", r->words[0].text) &&
	       !reading_has(r, "learn|learning|interested|hear|understand|know|study|studying|work|"
			       "working|build|building|develop|lernen|interessiere|apprendre|"
			       "interesse|aprender|interesa");
}

static enum intent intent_of(const struct reading *r, unsigned entities)
{
	if (r->cues & CUE_RECOMMEND && !(r->cues & (CUE_EXHIBITOR | CUE_SPEAKER)))
		return INTENT_RECOMMENDATION;
	if (entities & ENTITY_BIT(ENTITY_SPEAKER))
		return INTENT_SPEAKER_SEARCH;
	if (entities & ENTITY_BIT(ENTITY_EXHIBITOR))
		return entities & ENTITY_BIT(ENTITY_SESSION) ? INTENT_RECOMMENDATION
							     : INTENT_EXHIBITOR_SEARCH;
	return INTENT_SESSION_SEARCH;
}

/* Nearly all of the question's content is this one name. */
static const struct record *the_named(const struct reading *r)
{
	const struct understood *u = r->out;
	size_t inside = 0, all = 0;

	if (!u->n_names || u->names[0].similarity < 0.75f)
		return NULL;
	if (u->n_names > 1 && u->names[1].similarity >= u->names[0].similarity &&
	    u->names[1].record->type == u->names[0].record->type)
		return NULL;
	for (size_t i = 0; i < r->n; i++) {
		bool in = u->names[0].from <= r->words[i].from && u->names[0].to >= r->words[i].to;

		if (r->used[i] && !in)
			continue;
		all += in || (!r->words[i].stop && !reading_is_empty(r->words[i].text));
		inside += in;
	}
	/* "about eBPF and Python" is not about the stand "Python & Django" */
	if (r->cues & CUE_ABOUT && inside < all && u->names[0].similarity < 0.97f)
		return NULL;
	return inside * 2 >= all ? u->names[0].record : NULL;
}

static void ask_back(struct understood *u, const char *question)
{
	u->intent = INTENT_CLARIFICATION;
	u->clarify = question;
}

static bool nothing_to_go_on(const struct reading *r)
{
	const struct understood *u = r->out;

	return !u->terms[0] && !u->n_names && u->when.kind == WHEN_NONE && !u->filter.places &&
	       !u->filter.tracks && !u->filter.types && !u->filter.levels && !u->filter.languages &&
	       !u->info_keys[0] &&
	       !(r->cues & (CUE_SESSION | CUE_EXHIBITOR | CUE_SPEAKER | CUE_RECOMMEND | CUE_VISIT));
}

/* "How much does the swimming pool at the venue cost?" */
static bool of_the_venue(const struct reading *r)
{
	return r->cues & (CUE_FACILITY | CUE_PRACTICAL | CUE_WHERE) &&
	       !(r->cues & (CUE_SPEAKS | CUE_VISIT)) &&
	       reading_has(
		       r,
		       "at the venue|of the venue|in the venue|at the conference|on site|on campus|"
		       "on the campus|at the event|in the building|vor ort|sur place|en el "
		       "recinto");
}

/* "How do I get from K to the H building?": the place one comes from is no topic. */
static bool goes_from(const struct reading *r)
{
	return reading_has(r, "how do i get from|how do we get from|how can i get from|how to get "
			      "from|do i walk from|to walk from|the way from|wie komme ich "
			      "von|der weg von|comment aller de|como llego de|como ir de");
}

/* "Where is H.1302?", "How do I get to building K?": the way, not the programme there. */
static bool asks_the_way(const struct reading *r)
{
	const struct understood *u = r->out;

	if (u->filter.places && u->when.kind == WHEN_NONE && !u->n_names && goes_from(r))
		return true;
	return u->filter.places && !u->terms[0] && !u->n_names && u->when.kind == WHEN_NONE &&
	       !(r->cues & (CUE_SESSION | CUE_EXHIBITOR | CUE_SPEAKER | CUE_SPEAKS | CUE_WHO |
			    CUE_SOMEBODY | CUE_VISIT)) &&
	       (reading_has(r, "where is|where s|wheres|where are|how do i|how can i|how to|way "
			       "to|wo ist|wie komme|ou est|"
			       "comment aller|donde esta|como llego") ||
		r->n <= 2);
}

/* "When does the conference end?", "Where is BruxCon?": the conference itself. */
static bool asks_the_conference(const struct reading *r)
{
	bool named = reading_has(r, "the conference|this conference|the event|die konferenz|la "
				    "conference|la conferencia|el congreso|"
				    "el evento");

	for (size_t i = 0; i < r->n; i++) {
		if (r->words[i].stop || r->used[i] ||
		    word_listed(
			    "|conference|event|end|ends|begin|begins|start|starts|finish|finishes|"
			    "held|happen|happening|"
			    "date|dates|place|long|located|konferenz|beginnt|endet|conferencia|"
			    "congreso|evento|",
			    r->words[i].text))
			continue;
		return false;
	}
	return named && r->cues & (CUE_WHEN | CUE_WHERE) &&
	       !(r->cues & (CUE_SESSION | CUE_EXHIBITOR | CUE_SPEAKER));
}

static void keep_pages(struct reading *r)
{
	const char **keys = arena_array(r->arena, const char *, INFO_MAX_PAGES + 1);
	size_t n = 0;

	for (size_t i = 0; keys && i < r->info.n; i++) {
		if (i && r->info.scores[i] < 0.5f * r->info.scores[0])
			break;
		keys[n++] = r->info.pages[i]->key;
	}
	if (keys)
		r->out->info_keys = keys;
}

/* A floor plan; for "how do I get to ...?" also the way to the venue.  The programme of a room tells where it is, too. */
static bool tell_the_way(struct reading *r)
{
	bool where = reading_has(r, "where is|where s|wheres|where are|wo ist|ou est|donde esta");
	const char *about =
		where ? "floor plan venue map" : "floor plan venue map directions transport";
	bool none[WORDS_MAX] = { false };
	size_t n;
	struct word *words = words_split(about, r->arena, WORDS_MAX, &n);

	if (words)
		info_find(catalog_info(r->c), gazetteer_vocabulary(catalog_gazetteer(r->c)), about,
			  words, n, none, r->arena, &r->info);
	keep_pages(r);
	return where ? r->info.in_title : r->info.concept;
}

/* Pages with those keys, in that order. */
static void pages_called(struct reading *r, const char *keys)
{
	const struct conference *c = &catalog_snapshot(r->c)->conference;

	r->info.n = 0;
	while (*keys) {
		size_t len = strcspn(keys, " ");

		for (size_t i = 0; i < c->n_info && r->info.n < INFO_MAX_PAGES; i++) {
			if (strlen(c->info[i].key) != len ||
			    strncmp(c->info[i].key, keys, len) != 0)
				continue;
			r->info.scores[r->info.n] = 1;
			r->info.pages[r->info.n++] = &c->info[i];
		}
		keys += len + (keys[len] == ' ');
	}
	keep_pages(r);
}

void read_intent(struct reading *r)
{
	static const char *const no_keys[] = { NULL };
	struct understood *u = r->out;
	const struct record *event;
	bool nothing_known;

	u->asked = what_is_asked(r);
	u->practical = r->cues & CUE_FACILITY;
	u->how_to = r->cues & (CUE_PRACTICAL | CUE_FACILITY) && !(r->cues & CUE_ABOUT);
	u->kind_said = r->cues & (CUE_SESSION | CUE_EXHIBITOR | CUE_SPEAKER | CUE_VISIT |
				  CUE_FROM_COMPANY | CUE_SPEAKS | CUE_SOMEBODY);
	u->follow_up = is_follow_up(r);
	u->terms = reading_spelt(r, reading_terms(r));
	u->meaning = reading_spelt(r, reading_meaning(r));
	u->entities = which_entities(r);
	u->named = the_named(r);
	/* "anyone from Red Hat?": the people, not its stand */
	if (r->cues & CUE_FROM_COMPANY && u->named && u->named->type == ENTITY_EXHIBITOR)
		u->named = NULL;
	u->affiliation = (r->cues & CUE_FROM_COMPANY) && !u->named;
	u->origin = u->affiliation ? reading_origin(r) : NULL;
	u->visit = r->cues & CUE_HELP;
	u->of_kinds = asks_about_kinds(r);
	u->need = tells_a_need(r);
	u->personal = tells_of_oneself(r);
	u->otherwise = intent_of(r, u->entities);
	u->definition = is_definition(r);
	info_find(catalog_info(r->c), gazetteer_vocabulary(catalog_gazetteer(r->c)), r->folded,
		  r->words, r->n, r->used, r->arena, &r->info);
	u->info_shares = r->info.shares;
	u->info_matter = r->info.matter;
	u->info_strange = r->info.strange && strcmp(u->language, "en") == 0;
	keep_pages(r);
	u->info_titled = r->info.n && r->info.in_title;
	u->info_cover = r->info.n ? r->info.cover : 0;
	event = u->named ? NULL : reading_event(r);
	nothing_known = !u->n_names && !(r->cues & (CUE_SESSION | CUE_EXHIBITOR | CUE_SPEAKER));
	u->specificity = u->named					      ? SPECIFIC
			 : u->n_names || u->filter.places || u->filter.tracks ? BOTH
									      : VAGUE;
	if (is_smalltalk(r)) {
		u->intent = INTENT_SMALLTALK;
	} else if ((nothing_known || asks_who_is(r)) && is_elsewhere(r)) {
		u->intent = INTENT_OUT_OF_SCOPE;
	} else if (u->when.unclear) {
		ask_back(u, "Which day or time do you mean?");
	} else if (asks_the_conference(r)) {
		u->intent = INTENT_GENERAL_INFO;
		pages_called(r, r->cues & CUE_WHEN
					? "opening_hours dates schedule about"
					: "venue venue_map location address transport about");
	} else if (event) {
		reading_take_event(r, event);
	} else if (!u->named && is_info(r)) {
		u->intent = INTENT_GENERAL_INFO;
		if (r->n <= TERSE_WORDS && !r->info.others)
			u->otherwise = INTENT_GENERAL_INFO;
	} else if (!u->named && asks_to_take_part(r)) {
		u->intent = INTENT_GENERAL_INFO;
		u->otherwise = INTENT_GENERAL_INFO;
		if (!r->info.concept)
			u->info_keys = no_keys;
	} else if (asks_the_way(r)) {
		u->intent = tell_the_way(r) ? INTENT_GENERAL_INFO : INTENT_SESSION_SEARCH;
	} else if (nothing_known && (of_the_venue(r) || is_missing_matter(r))) {
		/* nothing about it in any page, and no talk is what is asked for */
		u->intent = INTENT_GENERAL_INFO;
		u->info_keys = no_keys;
	} else if (nothing_known && u->definition && unknown_term(r)) {
		u->intent = INTENT_OUT_OF_SCOPE;
	} else if (u->follow_up && !u->terms[0] && u->when.kind == WHEN_NONE && !u->filter.places) {
		ask_back(u, "Which session, speaker or exhibitor do you mean?");
	} else if (nothing_to_go_on(r)) {
		ask_back(u, "What would you like to know about the conference: a session, a "
			    "speaker, an exhibitor?");
	} else {
		u->intent = intent_of(r, u->entities);
	}
	if (u->intent != INTENT_GENERAL_INFO)
		u->otherwise = u->intent;
	if (u->named && !u->entities)
		u->entities = ENTITY_BIT(u->named->type);
	if (!u->entities)
		u->entities = ENTITY_ALL;
}
