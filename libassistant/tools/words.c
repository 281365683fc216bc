/*
 * words.c - the words of a question that are worth looking for, and what else practical matters are called.
 */
#include "tools/builtin.h"

#include <ctype.h>
#include <string.h>
#include "base/utf8.h"
#include "search/words.h"

#define MAX_WORDS 32

const char *const *words_of(const char *text, struct arena *arena)
{
	char *folded _cleanup_free_ = text ? utf8_fold(text, strlen(text)) : NULL;
	const char **words = arena_array(arena, const char *, MAX_WORDS + 1);
	size_t len = folded ? strlen(folded) : 0, n = 0, i = 0, from = 0;

	while (words && i <= len && n < MAX_WORDS) {
		size_t at = i;
		int32_t c = i < len ? utf8_next(folded, len, &i) : -1;
		char *word;

		if (c < 0)
			i = len + 1;
		if (c >= 0 && utf8_is_word(c))
			continue;
		word = at > from ? arena_strndup(arena, folded + from, at - from) : NULL;
		from = i;
		if (word && !word_is_stop(word))
			words[n++] = word;
	}
	return words;
}

/* Long words match by what is left without their ending. */
static size_t stem_len(const char *word)
{
	size_t n = strlen(word);

	return n >= 8 ? n - 3 : n >= 6 ? n - 2 : n == 5 ? 4 : n;
}

/* Bytes of letters beyond ASCII all have the high bit; what folding leaves of them is nearly always a letter. */
static bool is_word_byte(char c)
{
	return (c & 0x80) || isalnum((unsigned char)c);
}

bool words_has(const char *word, const char *folded)
{
	size_t n = stem_len(word);
	bool whole = n == strlen(word);

	for (const char *p = strstr(folded, word); p || !whole; p = strstr(p + 1, word)) {
		if (!p)
			break;
		if ((p == folded || !is_word_byte(p[-1])) && (n > 3 || !is_word_byte(p[n])))
			return true;
	}
	if (whole)
		return false;
	for (const char *p = folded; (p = strchr(p, word[0])); p++)
		if ((p == folded || !is_word_byte(p[-1])) && strncmp(p, word, n) == 0)
			return true;
	return false;
}

unsigned words_in(const char *const *words, const char *folded)
{
	unsigned n = 0;

	for (size_t i = 0; words[i]; i++)
		n += words_has(words[i], folded);
	return n;
}

/* What practical matters are called, folded, a row each; a question's word stands for its whole row. */
static const char *const rows[] = {
	"wifi wlan wi wireless internet network netzwerk reseau ssid eduroam",
	"food eat eating lunch dinner breakfast coffee drink drinks restaurant catering vegan "
	"vegetarian "
	"snack essen mittagessen kaffee trinken vegetarisch manger repas dejeuner cafe boire "
	"comida "
	"comer almuerzo bebida halal kosher allergies",
	"toilet toilets restroom bathroom wc toilette toiletten sanitaires bano aseos",
	"cloakroom cloak coat coats jacket luggage suitcase bag bags baggage garderobe gepack "
	"koffer "
	"vestiaire bagages consigne guardarropa equipaje",
	"parking park car cars parkplatz parken auto voiture aparcamiento coche garage",
	"bike bikes bicycle bicycles fahrrad fahrrader velo velos bicicleta",
	"train tram bus metro subway airport station shuttle ferry taxi directions anfahrt bahn "
	"zug "
	"flughafen bahnhof gare aeroport tren aeropuerto estacion anreise travel",
	"ticket tickets price prices cost costs fee fees pay buy register registration badge "
	"eintritt "
	"preis kosten karte anmeldung anmelden billet prix inscription entrada entradas precio "
	"registro free",
	"doctor medical emergency ambulance hospital aid arzt notfall hilfe medecin urgence "
	"urgencias "
	"medico auxilios",
	"child children kid kids baby childcare kinder kinderbetreuung enfants garderie ninos "
	"guarderia",
	"wheelchair accessible accessibility disabled disability rollstuhl barrierefrei "
	"barrierefreiheit "
	"fauteuil accessibilite accesible accesibilidad lift elevator",
	"dog dogs animal animals pet pets hund hunde tiere chien animaux perro animales",
	"prayer pray quiet gebet beten ruhe ruheraum priere oracion silent",
	"lost found verloren fundburo fundsachen perdu perdus perdido perdidos objetos",
	"recording recordings recorded video videos stream livestream slides aufzeichnung "
	"aufzeichnungen "
	"aufgezeichnet folien enregistrement diapositives grabacion grabaciones",
	"hotel hotels accommodation sleep stay unterkunft ubernachtung hebergement alojamiento",
	"harassment conduct verhaltenskodex belastigung harcelement conduite acoso conducta",
	"open opens opening close closes closing hours geoffnet offnet offnungszeiten ouvert "
	"ouverture "
	"horaires abierto abre horario horarios",
	"address venue adresse veranstaltungsort lieu direccion sede map plan karte mapa",
	"certificate attendance teilnahmebescheinigung bescheinigung zertifikat attestation "
	"certificado",
	"photo photos photography foto fotos press presse prensa",
	"app application anwendung aplicacion",
};

/* Is any word of the row, other than that, in folded? */
static bool row_has(const char *row, const char *folded)
{
	char word[40];

	for (const char *p = row; *p;) {
		size_t n = strcspn(p, " ");

		snprintf(word, sizeof(word), "%.*s", (int)n, p);
		if (words_has(word, folded))
			return true;
		p += n + strspn(p + n, " ");
	}
	return false;
}

float words_weight(const char *word, const char *folded)
{
	if (words_has(word, folded))
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *at = strstr(rows[i], word);
		size_t n = strlen(word);

		for (; at; at = strstr(at + 1, word))
			if ((at == rows[i] || at[-1] == ' ') && (!at[n] || at[n] == ' ') &&
			    row_has(rows[i], folded))
				return 0.6f;
	}
	return 0;
}
