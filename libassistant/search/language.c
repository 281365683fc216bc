/*
 * language.c - small words of seven languages; letters of the other scripts.
 */
#include "search/language.h"

#include <stddef.h>
#include <string.h>
#include "base/clean.h"
#include "base/utf8.h"

struct language {
	const char *code;
	const char *words; /* folded, each between blanks; what several share counts for each */
};

static const struct language languages[] = {
	{ "en",
	  " the is are what when where who which how does do can i my me we there any at on of to "
	  "and "
	  "for with about this that it will have you they from in an tell show find give need want "
	  "would like please not be talk talks session sessions speaker hello hi thanks today "
	  "tomorrow "
	  "now next was has or a " },
	{ "de", " der die das ist sind was wann wo wer wie welche welcher welches gibt es ich mir "
		"wir zu zum "
		"zur im um am auf fur mit uber und oder nicht ein eine einen einem kann man den "
		"dem des von "
		"vom bei aus nach vor heute morgen jetzt bitte hallo danke vortrag vortrage wo's "
		"haben noch "
		"sich spricht steht findet kommt wird mein meine in an als " },
	{ "fr",
	  " le la les est sont que qui quoi quand ou comment quel quelle quels quelles y il des du "
	  "de un "
	  "une et dans pour avec sur au aux je j nous vous a t l d c qu ce cette mon ma mes peut "
	  "on "
	  "bonjour merci aujourd demain maintenant parle trouve conferences salle pas ne en se " },
	{ "es",
	  " el la los las es son que quien quienes cuando donde como cual cuales hay en un una y "
	  "de del "
	  "para con sobre por a al me mi nos puedo se hoy manana ahora hola gracias charla charlas "
	  "habla esta estan tiene quiero lo su " },
	{ "it", " il lo gli le e sono che chi quando dove come quale quali c un una di del della "
		"per con su "
		"sulla posso si oggi domani adesso ciao grazie nel alla dei " },
	{ "nl", " de het een is zijn wat wanneer waar wie hoe welke er ik mijn we te op voor met "
		"over en of "
		"niet kan van bij vandaag morgen nu hallo dank bedankt naar om " },
	{ "pt", " o os as e sao que quem quando onde como qual quais ha em um uma do da dos para "
		"com sobre "
		"por ao meu eu nos posso hoje amanha agora ola obrigado obrigada no na se " },
};

static unsigned count_words(const char *folded, const struct language *l)
{
	unsigned n = 0;
	size_t len = strlen(folded), i = 0;

	while (i < len) {
		char word[24] = " ";
		size_t start = i, size;

		while (i < len && folded[i] != ' ' && !strchr("?!.,;:'()\"/-", folded[i]))
			i++;
		size = i - start;
		if (size && size < sizeof word - 2) {
			memcpy(word + 1, folded + start, size);
			word[size + 1] = ' ';
			word[size + 2] = '\0';
			n += strstr(l->words, word) != NULL;
		}
		i += i < len;
	}
	return n;
}

static const char *script_of(int32_t c)
{
	static const struct {
		int32_t from, to;
		const char *code;
	} scripts[] = {
		{ 0x370, 0x3FF, "el" },	  { 0x400, 0x52F, "ru" },   { 0x590, 0x5FF, "he" },
		{ 0x600, 0x6FF, "ar" },	  { 0x900, 0x97F, "hi" },   { 0xE00, 0xE7F, "th" },
		{ 0x3040, 0x30FF, "ja" }, { 0x4E00, 0x9FFF, "zh" }, { 0xAC00, 0xD7A3, "ko" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		if (c >= scripts[i].from && c <= scripts[i].to)
			return scripts[i].code;
	}
	return NULL;
}

/* The script of most letters; NULL: Latin, or none.  A single kana makes Han characters Japanese. */
static const char *language_by_script(const char *folded)
{
	size_t len = strlen(folded), i = 0, latin = 0, other = 0;
	const char *code = NULL;

	while (i < len) {
		int32_t c = utf8_next(folded, len, &i);
		const char *found;

		if (c < 0)
			break;
		found = script_of(c);
		if (found) {
			other++;
			if (!code || strcmp(found, "ja") == 0)
				code = found;
		} else if (utf8_is_word(c) && !(c >= '0' && c <= '9')) {
			latin++;
		}
	}
	return other * 2 > latin ? code : NULL;
}

const char *language_of(const char *folded)
{
	const char *best = language_by_script(folded);
	unsigned most;

	if (best)
		return best;
	best = "en";
	most = count_words(folded, &languages[0]);
	for (size_t i = 1; i < ARRAY_SIZE(languages); i++) {
		unsigned n = count_words(folded, &languages[i]);

		if (n > most) {
			most = n;
			best = languages[i].code;
		}
	}
	return best;
}

bool language_is_likely(const char *folded, const char *code)
{
	unsigned english = count_words(folded, &languages[0]);

	for (size_t i = 1; i < ARRAY_SIZE(languages); i++) {
		if (strcmp(languages[i].code, code) == 0)
			return count_words(folded, &languages[i]) > english;
	}
	return false;
}
