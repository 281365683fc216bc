/*
 * facet_employers.c - see facet_employers.h.
 *
 *	"... is an engineer at the | CERN | 's IT department"	a cue, an article, a name written with capitals
 *	"at CERN (the world-leading particle physics laboratory)"	what it is: in brackets, behind a comma, or by "is a"
 */
#include "search/facet_employers.h"
#include <ctype.h>
#include <string.h>
#include "base/fail.h"

#define NAME_MAX_BYTES 80
#define IS_MIN	       8
#define IS_MAX	       100

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* ASCII, or one of Latin-1's capitals in UTF-8. */
static bool is_capital(const char *p)
{
	return (*p >= 'A' && *p <= 'Z') ||
	       ((unsigned char)p[0] == 0xc3 && (unsigned char)p[1] >= 0x80 &&
		(unsigned char)p[1] <= 0x9e);
}

/* The end of the word at p; marks inside a word belong to it ("Les-Tilleuls.coop"), an 's at its end does not. */
static const char *word_end(const char *p)
{
	while (is_word(*p) || (*p && strchr("-.&+'", *p) && is_word(p[1]) && is_word(p[-1]))) {
		if (*p == '\'' && p[1] == 's' && !is_word(p[2]))
			break;
		if (!strncmp(p, "\xe2\x80\x99s", 4)) /* the same, as typesetters write it */
			break;
		p++;
	}
	return p;
}

/* "University of Applied Sciences": a small word between two capitals. */
static const char *joined(const char *p)
{
	static const char *const small[] = { " of ",  " of the ", " for ", " for the ",
					     " de ",  " du ",	  " des ", " der ",
					     " fur ", " für ",	  " " };

	for (size_t i = 0; i < ARRAY_SIZE(small); i++) {
		size_t n = strlen(small[i]);

		if (!strncmp(p, small[i], n) && is_capital(p + n))
			return p + n;
	}
	return NULL;
}

/* Bytes of the name that begins at p; 0: none does. */
static size_t name_at(const char *p)
{
	const char *end = p, *next = is_capital(p) ? p : NULL;

	while (next && next - p < NAME_MAX_BYTES) {
		end = word_end(next);
		next = joined(end);
	}
	return (size_t)(end - p) < NAME_MAX_BYTES ? (size_t)(end - p) : 0;
}

/* Behind the words at p by which somebody's organisation is said, an article, too; NULL: p has no such words. */
static const char *behind_cue(const char *p, bool title)
{
	static const char *const cues[] = { "at ",	   "works for ",    "working for ",
					    "worked for ", "work for ",	    "employed by ",
					    "joined ",	   "employee of ",  "engineer for ",
					    "from ",	   "arbeitet bei ", "travaille chez " };
	static const char *const articles[] = { "the ", "der ", "la ", "le " };
	const char *at = NULL;

	for (size_t i = 0; !at && i < (title ? 1 : ARRAY_SIZE(cues)); i++) {
		if (!strncmp(p, cues[i], strlen(cues[i])))
			at = p + strlen(cues[i]);
	}
	if (!at && *p == '@')
		at = p + 1 + (p[1] == ' ');
	for (size_t i = 0; at && i < ARRAY_SIZE(articles); i++) {
		if (!strncmp(at, articles[i], strlen(articles[i])))
			return at + strlen(articles[i]);
	}
	return at;
}

/* --- the conference's texts -------------------------------------------------------- */

static const char *find_whole(const char *text, const char *name, size_t n)
{
	for (const char *p = text; p && (p = strstr(p, name)) != NULL; p++) {
		if ((p == text || !is_word(p[-1])) && !is_word(p[n]))
			return p;
	}
	return NULL;
}

/* Abstracts and bios, one after the other. */
static const char *text_of(const struct snapshot *s, size_t i)
{
	size_t n = s->n[ENTITY_SESSION];

	return i < n ? s->records[ENTITY_SESSION][i].description
		     : s->records[ENTITY_SPEAKER][i - n].description;
}

static size_t count_texts(const struct snapshot *s, const char *word, size_t n)
{
	size_t texts = s->n[ENTITY_SESSION] + s->n[ENTITY_SPEAKER], found = 0;

	for (size_t i = 0; i < texts; i++)
		found += find_whole(text_of(s, i), word, n) != NULL;
	return found;
}

/* "at Scale": a word that these texts mostly write small is no organisation. */
static bool is_plain(const struct snapshot *s, const char *name)
{
	char small[NAME_MAX_BYTES];
	size_t n = strlen(name);

	if (strpbrk(name, " .-&") || n >= sizeof small)
		return false;
	for (size_t i = 0; i <= n; i++)
		small[i] = (char)tolower((unsigned char)name[i]);
	return strcmp(small, name) != 0 && count_texts(s, small, n) > count_texts(s, name, n);
}

/* --- what it is ------------------------------------------------------------------------ */

static bool starts_with_article(const char *p)
{
	static const char *const articles[] = { "the ", "a ", "an ", "one of the " };

	for (size_t i = 0; i < ARRAY_SIZE(articles); i++) {
		size_t n = strlen(articles[i]);

		if (!strncmp(p, articles[i], n))
			return !is_capital(p + n); /* "Mozilla, the University of ...": a list */
	}
	return false;
}

/* "Europe's largest railway operator" */
static bool starts_with_owner(const char *p)
{
	const char *end = is_capital(p) ? word_end(p) : p;

	if (end == p)
		return false;
	end += !strncmp(end, "\xe2\x80\x99s ", 5) ? 5 : !strncmp(end, "'s ", 3) ? 3 : 0;
	return end[-1] == ' ' && islower((unsigned char)*end);
}

/* "DG Connect (European Commission)": several words with capitals, and no list. */
static bool is_long_form(const char *p, size_t n)
{
	return is_capital(p) && memchr(p, ' ', n) && !memchr(p, ',', n);
}

/* Bytes of the text behind a name that say what it is, and where they begin; 0: they do not. */
static size_t said_behind(const char *p, const char **from)
{
	static const char *const is[] = { " is ", " – ", " - " };
	bool brackets = !strncmp(p, " (", 2);
	size_t n;

	*from = brackets || !strncmp(p, ", ", 2) ? p + 2 : NULL;
	for (size_t i = 0; !*from && i < ARRAY_SIZE(is); i++)
		*from = !strncmp(p, is[i], strlen(is[i])) ? p + strlen(is[i]) : NULL;
	if (!*from)
		return 0;
	n = strcspn(*from, brackets ? ")\n" : ".,;:()\n");
	if (n < IS_MIN || n > IS_MAX)
		return 0;
	if (starts_with_article(*from) || (*p == ',' && starts_with_owner(*from)))
		return n;
	return brackets && is_long_form(*from, n) ? n : 0;
}

int employer_is(const struct snapshot *s, const char *name, struct arena *arena, const char **out)
{
	size_t texts = s->n[ENTITY_SESSION] + s->n[ENTITY_SPEAKER], n = strlen(name);
	const char *from;

	*out = NULL;
	for (size_t i = 0; i < texts; i++) {
		const char *p = text_of(s, i);

		for (; p && (p = find_whole(p, name, n)) != NULL; p += n) {
			size_t len = said_behind(p + n, &from);

			if (!len)
				continue;
			*out = arena_strndup(arena, from, len);
			return *out ? 0 : ASSISTANT_ENOMEM;
		}
	}
	return 0;
}

/* --- a speaker's ------------------------------------------------------------------------ */

struct employers {
	const struct snapshot *s;
	struct arena *arena;
	struct employer *at;
	size_t n;
};

static bool has_employer(const struct employers *e, const char *name)
{
	for (size_t i = 0; i < e->n; i++) {
		if (strcmp(e->at[i].name, name) == 0)
			return true;
	}
	return false;
}

static int add_employer(struct employers *e, const char *from, size_t n)
{
	const char *conference = e->s->conference.name, *is = NULL;
	char *name = arena_strndup(e->arena, from, n);
	int code;

	if (!name)
		return ASSISTANT_ENOMEM;
	if (n < 2 || has_employer(e, name) || (conference && strstr(conference, name)) ||
	    is_plain(e->s, name))
		return 0;
	code = employer_is(e->s, name, e->arena, &is);
	if (code == 0)
		e->at[e->n++] = (struct employer){ name, is };
	return code;
}

static int read_text(struct employers *e, const char *text, bool title)
{
	for (const char *p = text; p && *p && e->n < EMPLOYERS_MAX; p++) {
		const char *name = p == text || !is_word(p[-1]) ? behind_cue(p, title) : NULL;
		size_t n = name ? name_at(name) : 0;
		int code = n ? add_employer(e, name, n) : 0;

		if (code < 0)
			return code;
	}
	return 0;
}

int speaker_employers(const struct snapshot *s, const struct record *speaker, struct arena *arena,
		      struct employer out[EMPLOYERS_MAX], size_t *n)
{
	struct employers e = { .s = s, .arena = arena, .at = out };
	int code = read_text(&e, speaker->description, false);

	for (size_t i = 0; code == 0 && speaker->session_ids && speaker->session_ids[i]; i++) {
		const struct record *session =
			snapshot_find(s, ENTITY_SESSION, speaker->session_ids[i]);

		if (session)
			code = read_text(&e, session->name, true);
	}
	if (code == 0)
		*n = e.n;
	return code;
}
