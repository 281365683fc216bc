/*
 * when_words.c - the vocabulary table.  Words are folded: lower case, no accents.
 */
#include "search/when_words.h"

#include <string.h>
#include "base/utf8.h"

#define MORNING	  .part = PART_MORNING
#define NOON	  .part = PART_NOON
#define AFTERNOON .part = PART_AFTERNOON
#define EVENING	  .part = PART_EVENING

static const struct when_word vocabulary[] = {
	/* days of the week */
	{ "sunday", W_DAY_NAME, 0 },
	{ "monday", W_DAY_NAME, 1 },
	{ "tuesday", W_DAY_NAME, 2 },
	{ "wednesday", W_DAY_NAME, 3 },
	{ "thursday", W_DAY_NAME, 4 },
	{ "friday", W_DAY_NAME, 5 },
	{ "saturday", W_DAY_NAME, 6 },
	{ "sundays", W_DAY_NAME, 0 },
	{ "saturdays", W_DAY_NAME, 6 },
	{ "sun", W_DAY_NAME | W_SHORT, 0 },
	{ "mon", W_DAY_NAME | W_SHORT, 1 },
	{ "tue", W_DAY_NAME | W_SHORT, 2 },
	{ "tues", W_DAY_NAME | W_SHORT, 2 },
	{ "wed", W_DAY_NAME | W_SHORT, 3 },
	{ "thu", W_DAY_NAME | W_SHORT, 4 },
	{ "thur", W_DAY_NAME | W_SHORT, 4 },
	{ "thurs", W_DAY_NAME | W_SHORT, 4 },
	{ "fri", W_DAY_NAME | W_SHORT, 5 },
	{ "sat", W_DAY_NAME | W_SHORT, 6 },
	{ "sonntag", W_DAY_NAME, 0 },
	{ "montag", W_DAY_NAME, 1 },
	{ "dienstag", W_DAY_NAME, 2 },
	{ "mittwoch", W_DAY_NAME, 3 },
	{ "donnerstag", W_DAY_NAME, 4 },
	{ "freitag", W_DAY_NAME, 5 },
	{ "samstag", W_DAY_NAME, 6 },
	{ "sonnabend", W_DAY_NAME, 6 },
	{ "sonntags", W_DAY_NAME, 0 },
	{ "samstags", W_DAY_NAME, 6 },
	{ "freitags", W_DAY_NAME, 5 },
	{ "dimanche", W_DAY_NAME, 0 },
	{ "lundi", W_DAY_NAME, 1 },
	{ "mardi", W_DAY_NAME, 2 },
	{ "mercredi", W_DAY_NAME, 3 },
	{ "jeudi", W_DAY_NAME, 4 },
	{ "vendredi", W_DAY_NAME, 5 },
	{ "samedi", W_DAY_NAME, 6 },
	{ "domingo", W_DAY_NAME, 0 },
	{ "lunes", W_DAY_NAME, 1 },
	{ "martes", W_DAY_NAME, 2 },
	{ "miercoles", W_DAY_NAME, 3 },
	{ "jueves", W_DAY_NAME, 4 },
	{ "viernes", W_DAY_NAME, 5 },
	{ "sabado", W_DAY_NAME, 6 },

	/* months */
	{ "january", W_MONTH, 1 },
	{ "february", W_MONTH, 2 },
	{ "march", W_MONTH, 3 },
	{ "april", W_MONTH, 4 },
	{ "may", W_MONTH, 5 },
	{ "june", W_MONTH, 6 },
	{ "july", W_MONTH, 7 },
	{ "august", W_MONTH, 8 },
	{ "september", W_MONTH, 9 },
	{ "october", W_MONTH, 10 },
	{ "november", W_MONTH, 11 },
	{ "december", W_MONTH, 12 },
	{ "jan", W_MONTH, 1 },
	{ "feb", W_MONTH, 2 },
	{ "mar", W_MONTH, 3 },
	{ "apr", W_MONTH, 4 },
	{ "jun", W_MONTH, 6 },
	{ "jul", W_MONTH, 7 },
	{ "aug", W_MONTH, 8 },
	{ "sep", W_MONTH, 9 },
	{ "sept", W_MONTH, 9 },
	{ "oct", W_MONTH, 10 },
	{ "nov", W_MONTH, 11 },
	{ "dec", W_MONTH, 12 },
	{ "januar", W_MONTH, 1 },
	{ "februar", W_MONTH, 2 },
	{ "marz", W_MONTH, 3 },
	{ "mai", W_MONTH, 5 },
	{ "juni", W_MONTH, 6 },
	{ "juli", W_MONTH, 7 },
	{ "oktober", W_MONTH, 10 },
	{ "dezember", W_MONTH, 12 },
	{ "janvier", W_MONTH, 1 },
	{ "fevrier", W_MONTH, 2 },
	{ "mars", W_MONTH, 3 },
	{ "avril", W_MONTH, 4 },
	{ "juin", W_MONTH, 6 },
	{ "juillet", W_MONTH, 7 },
	{ "aout", W_MONTH, 8 },
	{ "septembre", W_MONTH, 9 },
	{ "octobre", W_MONTH, 10 },
	{ "novembre", W_MONTH, 11 },
	{ "decembre", W_MONTH, 12 },
	{ "enero", W_MONTH, 1 },
	{ "febrero", W_MONTH, 2 },
	{ "marzo", W_MONTH, 3 },
	{ "abril", W_MONTH, 4 },
	{ "mayo", W_MONTH, 5 },
	{ "junio", W_MONTH, 6 },
	{ "julio", W_MONTH, 7 },
	{ "agosto", W_MONTH, 8 },
	{ "septiembre", W_MONTH, 9 },
	{ "octubre", W_MONTH, 10 },
	{ "noviembre", W_MONTH, 11 },
	{ "diciembre", W_MONTH, 12 },

	/* days seen from today; "morgen" and "manana" are mornings, too; French "hier": when.c */
	{ "today", W_RELATIVE | W_FOLLOWS, 0 },
	{ "tomorrow", W_RELATIVE | W_FOLLOWS, 1 },
	{ "tomorow", W_RELATIVE, 1 },
	{ "tommorow", W_RELATIVE, 1 },
	{ "tommorrow", W_RELATIVE, 1 },
	{ "yesterday", W_RELATIVE, -1 },
	{ "tonight", W_RELATIVE | W_PART | W_FOLLOWS, 0, EVENING },
	{ "tonite", W_RELATIVE | W_PART, 0, EVENING },
	{ "heute", W_RELATIVE | W_FOLLOWS, 0 },
	{ "morgen", W_RELATIVE | W_PART | W_FOLLOWS, 1, MORNING },
	{ "ubermorgen", W_RELATIVE, 2 },
	{ "uebermorgen", W_RELATIVE, 2 },
	{ "gestern", W_RELATIVE, -1 },
	{ "vorgestern", W_RELATIVE, -2 },
	{ "aujourd", W_RELATIVE | W_FOLLOWS, 0 },
	{ "demain", W_RELATIVE | W_FOLLOWS, 1 },
	{ "hier", W_RELATIVE, -1 },
	{ "hoy", W_RELATIVE | W_FOLLOWS, 0 },
	{ "manana", W_RELATIVE | W_PART | W_FOLLOWS, 1, MORNING },
	{ "ayer", W_RELATIVE, -1 },

	/* parts of the day */
	{ "morning", W_PART, 0, MORNING },

	{ "forenoon", W_PART, 0, MORNING },
	{ "afternoon", W_PART, 0, AFTERNOON },

	{ "evening", W_PART, 0, EVENING },

	{ "night", W_PART, 0, EVENING },
	{ "lunchtime", W_PART, 0, NOON },
	{ "morgens", W_PART, 0, MORNING },
	{ "fruh", W_PART, 0, MORNING },
	{ "vormittag", W_PART, 0, MORNING },
	{ "vormittags", W_PART, 0, MORNING },
	{ "mittags", W_PART, 0, NOON },
	{ "nachmittag", W_PART, 0, AFTERNOON },
	{ "nachmittags", W_PART, 0, AFTERNOON },
	{ "abend", W_PART, 0, EVENING },
	{ "abends", W_PART, 0, EVENING },
	{ "nacht", W_PART, 0, EVENING },
	{ "nachts", W_PART, 0, EVENING },
	{ "matin", W_PART, 0, MORNING },
	{ "matinee", W_PART, 0, MORNING },
	{ "soir", W_PART, 0, EVENING },
	{ "soiree", W_PART, 0, EVENING },
	{ "nuit", W_PART, 0, EVENING },
	{ "tarde", W_PART, 0, AFTERNOON },
	{ "tardes", W_PART, 0, AFTERNOON },
	{ "noche", W_PART, 0, EVENING },
	{ "noches", W_PART, 0, EVENING },

	{ "noon", W_CLOCK, 12 },
	{ "midday", W_CLOCK, 12 },
	{ "midnight", W_CLOCK, 24 },
	{ "mittag", W_CLOCK | W_PART, 12, NOON },
	{ "mitternacht", W_CLOCK, 24 },
	{ "midi", W_CLOCK, 12 },
	{ "minuit", W_CLOCK, 24 },
	{ "mediodia", W_CLOCK, 12 },
	{ "medianoche", W_CLOCK, 24 },

	/* numbers */
	{ "one", W_NUMBER, 1 },
	{ "two", W_NUMBER, 2 },
	{ "three", W_NUMBER, 3 },
	{ "four", W_NUMBER, 4 },
	{ "five", W_NUMBER, 5 },
	{ "six", W_NUMBER, 6 },
	{ "seven", W_NUMBER, 7 },
	{ "eight", W_NUMBER, 8 },
	{ "nine", W_NUMBER, 9 },
	{ "ten", W_NUMBER, 10 },
	{ "eleven", W_NUMBER, 11 },
	{ "twelve", W_NUMBER, 12 },
	{ "fifteen", W_NUMBER, 15 },
	{ "twenty", W_NUMBER, 20 },
	{ "thirty", W_NUMBER, 30 },
	{ "forty", W_NUMBER, 40 },
	{ "sixty", W_NUMBER, 60 },
	{ "ninety", W_NUMBER, 90 },
	{ "eins", W_NUMBER, 1 },
	{ "eine", W_NUMBER | W_ARTICLE, 1 },
	{ "einer", W_NUMBER, 1 },
	{ "zwei", W_NUMBER, 2 },
	{ "drei", W_NUMBER, 3 },
	{ "vier", W_NUMBER, 4 },
	{ "funf", W_NUMBER, 5 },
	{ "sechs", W_NUMBER, 6 },
	{ "sieben", W_NUMBER, 7 },
	{ "acht", W_NUMBER, 8 },
	{ "neun", W_NUMBER, 9 },
	{ "zehn", W_NUMBER, 10 },
	{ "elf", W_NUMBER, 11 },
	{ "zwolf", W_NUMBER, 12 },
	{ "zwanzig", W_NUMBER, 20 },
	{ "dreissig", W_NUMBER, 30 },
	{ "une", W_NUMBER | W_ARTICLE, 1 },
	{ "deux", W_NUMBER, 2 },
	{ "trois", W_NUMBER, 3 },
	{ "quatre", W_NUMBER, 4 },
	{ "cinq", W_NUMBER, 5 },
	{ "huit", W_NUMBER, 8 },
	{ "neuf", W_NUMBER, 9 },
	{ "dix", W_NUMBER, 10 },
	{ "onze", W_NUMBER, 11 },
	{ "quinze", W_NUMBER, 15 },
	{ "vingt", W_NUMBER, 20 },
	{ "trente", W_NUMBER, 30 },
	{ "una", W_NUMBER | W_ARTICLE, 1 },
	{ "dos", W_NUMBER, 2 },
	{ "tres", W_NUMBER, 3 },
	{ "cuatro", W_NUMBER, 4 },
	{ "cinco", W_NUMBER, 5 },
	{ "seis", W_NUMBER, 6 },
	{ "siete", W_NUMBER, 7 },
	{ "ocho", W_NUMBER, 8 },
	{ "nueve", W_NUMBER, 9 },
	{ "diez", W_NUMBER, 10 },
	{ "doce", W_NUMBER, 12 },
	{ "quince", W_NUMBER, 15 },
	{ "veinte", W_NUMBER, 20 },
	{ "treinta", W_NUMBER, 30 },

	{ "first", W_ORDINAL, 1 },
	{ "second", W_ORDINAL, 2 },
	{ "third", W_ORDINAL, 3 },
	{ "fourth", W_ORDINAL, 4 },
	{ "fifth", W_ORDINAL, 5 },
	{ "sixth", W_ORDINAL, 6 },
	{ "seventh", W_ORDINAL, 7 },
	{ "last", W_ORDINAL, -1 },
	{ "final", W_ORDINAL, -1 },
	{ "erste", W_ORDINAL, 1 },
	{ "ersten", W_ORDINAL, 1 },
	{ "erster", W_ORDINAL, 1 },
	{ "erstes", W_ORDINAL, 1 },
	{ "zweite", W_ORDINAL, 2 },
	{ "zweiten", W_ORDINAL, 2 },
	{ "zweiter", W_ORDINAL, 2 },
	{ "dritte", W_ORDINAL, 3 },
	{ "dritten", W_ORDINAL, 3 },
	{ "letzte", W_ORDINAL, -1 },
	{ "letzten", W_ORDINAL, -1 },
	{ "letzter", W_ORDINAL, -1 },
	{ "letztes", W_ORDINAL, -1 },
	{ "premier", W_ORDINAL, 1 },
	{ "premiere", W_ORDINAL, 1 },
	{ "deuxieme", W_ORDINAL, 2 },
	{ "troisieme", W_ORDINAL, 3 },
	{ "dernier", W_ORDINAL, -1 },
	{ "derniere", W_ORDINAL, -1 },
	{ "primer", W_ORDINAL, 1 },
	{ "primera", W_ORDINAL, 1 },
	{ "primero", W_ORDINAL, 1 },
	{ "segundo", W_ORDINAL, 2 },
	{ "segunda", W_ORDINAL, 2 },
	{ "tercer", W_ORDINAL, 3 },
	{ "tercero", W_ORDINAL, 3 },
	{ "ultimo", W_ORDINAL, -1 },
	{ "ultima", W_ORDINAL, -1 },

	/* units */
	{ "minute", W_MINUTES, 1 },
	{ "minutes", W_MINUTES, 1 },
	{ "min", W_MINUTES, 1 },
	{ "mins", W_MINUTES, 1 },
	{ "minuten", W_MINUTES, 1 },
	{ "minuto", W_MINUTES, 1 },
	{ "minutos", W_MINUTES, 1 },
	{ "hour", W_MINUTES, 60 },
	{ "hours", W_MINUTES, 60 },
	{ "hr", W_MINUTES, 60 },
	{ "hrs", W_MINUTES, 60 },
	{ "stunde", W_MINUTES, 60 },
	{ "stunden", W_MINUTES, 60 },
	{ "heure", W_MINUTES, 60 },
	{ "heures", W_MINUTES, 60 },
	{ "hora", W_MINUTES, 60 },
	{ "horas", W_MINUTES, 60 },
	{ "day", W_DAY },
	{ "tag", W_DAY },
	{ "tage", W_DAY },
	{ "tages", W_DAY },
	{ "jour", W_DAY },
	{ "journee", W_DAY },
	{ "dia", W_DAY },

	/* what a programme has besides talks */
	{ "lunch", W_EVENT, EVENT_LUNCH },
	{ "mittagessen", W_EVENT, EVENT_LUNCH },
	{ "mittagspause", W_EVENT, EVENT_LUNCH },
	{ "dejeuner", W_EVENT, EVENT_LUNCH },
	{ "almuerzo", W_EVENT, EVENT_LUNCH },
	{ "comida", W_EVENT, EVENT_LUNCH },
	{ "break", W_EVENT, EVENT_BREAK },
	{ "coffee", W_EVENT, EVENT_BREAK },
	{ "pause", W_EVENT, EVENT_BREAK },
	{ "kaffeepause", W_EVENT, EVENT_BREAK },
	{ "cafe", W_EVENT, EVENT_BREAK },
	{ "pausa", W_EVENT, EVENT_BREAK },
	{ "descanso", W_EVENT, EVENT_BREAK },
	{ "keynote", W_EVENT | W_SESSION, EVENT_KEYNOTE },
	{ "keynotes", W_EVENT | W_SESSION, EVENT_KEYNOTE },
	{ "plenary", W_EVENT | W_SESSION, EVENT_KEYNOTE },
	{ "opening", W_EVENT, EVENT_OPENING },
	{ "welcome", W_EVENT, EVENT_OPENING },
	{ "eroffnung", W_EVENT, EVENT_OPENING },
	{ "ouverture", W_EVENT, EVENT_OPENING },
	{ "apertura", W_EVENT, EVENT_OPENING },
	{ "inauguracion", W_EVENT, EVENT_OPENING },
	{ "closing", W_EVENT, EVENT_CLOSING },
	{ "cloture", W_EVENT, EVENT_CLOSING },
	{ "clausura", W_EVENT, EVENT_CLOSING },
	{ "dinner", W_EVENT, EVENT_DINNER },
	{ "reception", W_EVENT, EVENT_DINNER },
	{ "party", W_EVENT, EVENT_DINNER },
	{ "abendessen", W_EVENT, EVENT_DINNER },
	{ "diner", W_EVENT, EVENT_DINNER },
	{ "cena", W_EVENT, EVENT_DINNER },

	{ "session", W_SESSION },
	{ "sessions", W_SESSION },
	{ "talk", W_SESSION },
	{ "talks", W_SESSION },
	{ "thing", W_SESSION },
	{ "event", W_SESSION },
	{ "events", W_SESSION },
	{ "slot", W_SESSION },
	{ "presentation", W_SESSION },
	{ "presentations", W_SESSION },
	{ "lecture", W_SESSION },
	{ "lectures", W_SESSION },
	{ "workshop", W_SESSION },
	{ "workshops", W_SESSION },
	{ "panel", W_SESSION },
	{ "panels", W_SESSION },
	{ "speaker", W_SESSION },
	{ "tutorial", W_SESSION },
	{ "item", W_SESSION },
	{ "programme", W_SESSION },
	{ "demo", W_SESSION },
	{ "demos", W_SESSION },
	{ "speech", W_SESSION },
	{ "vortrag", W_SESSION },
	{ "vortrage", W_SESSION },
	{ "veranstaltung", W_SESSION },
	{ "programmpunkt", W_SESSION },
	{ "beitrag", W_SESSION },
	{ "sitzung", W_SESSION },
	{ "conference", W_SESSION },
	{ "conferences", W_SESSION },
	{ "presentacion", W_SESSION },
	{ "expose", W_SESSION },
	{ "atelier", W_SESSION },
	{ "ateliers", W_SESSION },
	{ "charla", W_SESSION },
	{ "charlas", W_SESSION },
	{ "ponencia", W_SESSION },
	{ "ponencias", W_SESSION },
	{ "sesion", W_SESSION },
	{ "sesiones", W_SESSION },
	{ "taller", W_SESSION },

	/* now, next */
	{ "now", W_NOW | W_FOLLOWS },
	{ "currently", W_NOW },
	{ "presently", W_NOW },
	{ "ongoing", W_NOW },
	{ "jetzt", W_NOW | W_FOLLOWS },
	{ "gerade", W_NOW },
	{ "momentan", W_NOW },
	{ "derzeit", W_NOW },
	{ "aktuell", W_NOW },
	{ "maintenant", W_NOW | W_FOLLOWS },
	{ "actuellement", W_NOW },
	{ "ahora", W_NOW | W_FOLLOWS },
	{ "actualmente", W_NOW },
	{ "next", W_NEXT },
	{ "nachste", W_NEXT },
	{ "nachsten", W_NEXT },
	{ "nachster", W_NEXT },
	{ "nachstes", W_NEXT },
	{ "prochain", W_NEXT },
	{ "prochaine", W_NEXT },
	{ "prochains", W_NEXT },
	{ "prochaines", W_NEXT },
	{ "proximo", W_NEXT },
	{ "proxima", W_NEXT },
	{ "proximos", W_NEXT },
	{ "proximas", W_NEXT },
	{ "siguiente", W_NEXT },
	{ "siguientes", W_NEXT },
	{ "coming", W_NEXT },
	{ "following", W_NEXT },

	/* relations */
	{ "before", W_BEFORE | W_FOLLOWS },
	{ "prior", W_BEFORE },
	{ "vor", W_BEFORE },
	{ "avant", W_BEFORE },
	{ "antes", W_BEFORE },
	{ "after", W_AFTER | W_FOLLOWS },
	{ "nach", W_AFTER },
	{ "apres", W_AFTER },
	{ "despues", W_AFTER },
	{ "from", W_FROM | W_FOLLOWS },
	{ "since", W_FROM },
	{ "ab", W_FROM },
	{ "von", W_FROM },
	{ "des", W_FROM },
	{ "de", W_FROM | W_FOLLOWS },
	{ "desde", W_FROM },
	{ "depuis", W_FROM },
	{ "until", W_UNTIL | W_FOLLOWS },
	{ "till", W_UNTIL | W_FOLLOWS },
	{ "til", W_UNTIL },
	{ "by", W_UNTIL | W_FOLLOWS },
	{ "bis", W_UNTIL | W_FOLLOWS },
	{ "jusqu", W_UNTIL },
	{ "hasta", W_UNTIL },
	{ "to", W_UNTIL | W_FOLLOWS },
	{ "through", W_UNTIL },
	{ "around", W_AROUND },
	{ "about", W_AROUND | W_FOLLOWS },
	{ "circa", W_AROUND },
	{ "ca", W_AROUND },
	{ "approximately", W_AROUND },
	{ "roughly", W_AROUND },
	{ "gegen", W_AROUND },
	{ "ungefahr", W_AROUND },
	{ "vers", W_AROUND },
	{ "hacia", W_AROUND },
	{ "sobre", W_AROUND },
	{ "at", W_AT | W_FOLLOWS },
	{ "um", W_AT },
	{ "a", W_AT | W_ARTICLE | W_FOLLOWS },
	{ "between", W_BETWEEN },
	{ "zwischen", W_BETWEEN },
	{ "entre", W_BETWEEN },
	{ "and", W_AND | W_FOLLOWS },
	{ "und", W_AND | W_FOLLOWS },
	{ "et", W_AND | W_FOLLOWS },
	{ "y", W_AND | W_FOLLOWS },
	{ "or", W_AND | W_FOLLOWS },
	{ "oder", W_AND },
	{ "ou", W_AND },
	{ "o", W_AND },
	{ "on", W_ON | W_FOLLOWS },
	{ "am", W_ON },
	{ "vom", W_ON | W_FROM },
	{ "zum", W_UNTIL },
	{ "in", W_FOLLOWS },
	{ "en", W_FOLLOWS },
	{ "im", W_FOLLOWS },
	{ "for", W_FOLLOWS },
	{ "with", W_FOLLOWS },
	{ "please", W_FOLLOWS },
	{ "bitte", W_FOLLOWS },
	{ "that", W_FOLLOWS },
	{ "is", W_BE | W_FOLLOWS },
	{ "are", W_BE | W_FOLLOWS },
	{ "s", W_BE },
	{ "ist", W_BE },
	{ "sind", W_BE },
	{ "est", W_BE },
	{ "sont", W_BE },
	{ "but", W_FOLLOWS },
	{ "then", W_FOLLOWS },
	{ "pour", W_FOLLOWS },
	{ "dans", W_FOLLOWS },
	{ "sur", W_FOLLOWS },
	{ "para", W_FOLLOWS },
	{ "the", W_ARTICLE },
	{ "an", W_ARTICLE | W_ON },
	{ "le", W_ARTICLE },
	{ "la", W_ARTICLE },
	{ "les", W_ARTICLE },
	{ "l", W_ARTICLE },
	{ "el", W_ARTICLE },
	{ "las", W_ARTICLE },
	{ "los", W_ARTICLE },
	{ "der", W_ARTICLE },
	{ "die", W_ARTICLE },
	{ "das", W_ARTICLE },
	{ "dem", W_ARTICLE },
	{ "den", W_ARTICLE | W_ON },
	{ "del", W_ARTICLE | W_FROM },
	{ "du", W_ARTICLE | W_FROM },
	{ "this", W_THIS },
	{ "diese", W_THIS },
	{ "dieser", W_THIS },
	{ "diesen", W_THIS },
	{ "ce", W_THIS },
	{ "cet", W_THIS },
	{ "cette", W_THIS },
	{ "esta", W_THIS },
	{ "este", W_THIS },
	{ "still", W_STILL },
	{ "noch", W_STILL },
	{ "encore", W_STILL },
	{ "todavia", W_STILL },
	{ "catch", W_CATCH },
	{ "see", W_CATCH },
	{ "attend", W_CATCH },
	{ "visit", W_CATCH },
	{ "hear", W_CATCH },
	{ "watch", W_CATCH },
	{ "make", W_CATCH },
	{ "come", W_CATCH },
	{ "go", W_CATCH },
	{ "coming", W_CATCH },
	{ "left", W_CATCH },
	{ "remaining", W_CATCH },
	{ "sehen", W_CATCH },
	{ "horen", W_CATCH },
	{ "besuchen", W_CATCH },
	{ "voir", W_CATCH },
	{ "ver", W_CATCH },
	{ "half", W_HALF },
	{ "halbe", W_HALF },
	{ "halben", W_HALF },
	{ "halb", W_HALF },
	{ "demi", W_HALF },
	{ "demie", W_HALF },
	{ "media", W_HALF },
	{ "quarter", W_QUARTER },
	{ "viertel", W_QUARTER },
	{ "viertelstunde", W_QUARTER },
	{ "quart", W_QUARTER },
	{ "cuarto", W_QUARTER },
};

/* Every row of a word counts: "coming" is both what is next and what one can still see. */
static void classify(struct token *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(vocabulary); i++) {
		const struct when_word *w = &vocabulary[i];

		if (w->word[0] != t->text[0] || strcmp(w->word, t->text) != 0)
			continue;
		if (!t->is) {
			t->value = w->value;
			t->part = w->part;
		}
		t->is |= w->is;
	}
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Moves *i over a run of letters; false: no letter there. */
static bool letters_end(const char *s, size_t len, size_t *i)
{
	size_t start = *i;

	while (*i < len && !is_digit(s[*i])) {
		size_t next = *i;
		int32_t c = utf8_next(s, len, &next);

		if (c < 0 || !utf8_is_word(c))
			break;
		*i = next;
	}
	return *i > start;
}

static size_t token_read(struct token *t, const char *s, size_t len, size_t i)
{
	size_t start = i;

	if (is_digit(s[i])) {
		t->kind = TOKEN_NUMBER;
		for (; i < len && is_digit(s[i]); i++) {
			if (t->value < 100000)
				t->value = t->value * 10 + (s[i] - '0');
		}
		t->digits = (int)(i - start);
	} else if (letters_end(s, len, &i)) {
		t->kind = TOKEN_WORD;
	} else {
		t->kind = TOKEN_PUNCTUATION;
		if (utf8_next(s, len, &i) < 0)
			i++;
	}
	t->from = start;
	t->to = i;
	return i;
}

/* "freitagabend" is two words that are written as one; bytes of the first, 0: it is none. */
static size_t compound_head(const char *text)
{
	static const char *const days[] = { "montag",  "dienstag", "mittwoch",	"donnerstag",
					    "freitag", "samstag",  "sonnabend", "sonntag" };

	for (size_t i = 0; i < ARRAY_SIZE(days); i++) {
		struct token rest = { .text = text + strlen(days[i]) };

		if (strncmp(text, days[i], strlen(days[i])) != 0 || !rest.text[0])
			continue;
		classify(&rest);
		if (rest.is & W_PART)
			return strlen(days[i]);
	}
	return 0;
}

static size_t compound_head_at(const char *word, size_t len)
{
	char text[32];

	if (len < 8 || len >= sizeof text)
		return 0;
	memcpy(text, word, len);
	text[len] = '\0';
	return compound_head(text);
}

struct token *when_tokens(const char *folded, struct arena *arena, size_t *n)
{
	struct token *tokens = arena_array(arena, struct token, WHEN_MAX_TOKENS);
	size_t len = strlen(folded), i = 0, end = 0;

	*n = 0;
	if (!tokens)
		return NULL;
	while (i < len && *n < WHEN_MAX_TOKENS) {
		struct token *t = &tokens[*n];

		if (folded[i] == ' ') {
			i++;
			continue;
		}
		i = token_read(t, folded, len, i);
		if (t->kind == TOKEN_WORD) {
			size_t head = compound_head_at(folded + t->from, t->to - t->from);

			t->to = head ? t->from + head : t->to;
			i = t->to;
		}
		t->glued = *n && t->from == end;
		end = t->to;
		t->text = arena_strndup(arena, folded + t->from, t->to - t->from);
		if (!t->text)
			return NULL;
		if (t->kind == TOKEN_WORD)
			classify(t);
		(*n)++;
	}
	return tokens;
}

const char *const *day_event_words(enum day_event e)
{
	static const char *const words[EVENT_COUNT][8] = {
		[EVENT_LUNCH] = { "lunch", "mittagessen", "mittagspause", "dejeuner", "almuerzo" },
		[EVENT_BREAK] = { "break", "coffee", "pause", "kaffeepause", "pausa", "descanso",
				  "cafe" },
		[EVENT_KEYNOTE] = { "keynote", "plenary", "keynotes" },
		[EVENT_OPENING] = { "opening", "welcome", "eroffnung", "ouverture", "apertura",
				    "inauguracion" },
		[EVENT_CLOSING] = { "closing", "farewell", "abschluss", "cloture", "clausura" },
		[EVENT_DINNER] = { "dinner", "reception", "party", "abendessen", "diner", "cena" },
	};

	return words[e];
}
