/*
 * when_words.c - a question's tokens, each with what when_words.def knows of it.
 */
#include "search/when_words.h"

#include <string.h>
#include "base/utf8.h"

#define MORNING	  .part = PART_MORNING
#define NOON	  .part = PART_NOON
#define AFTERNOON .part = PART_AFTERNOON
#define EVENING	  .part = PART_EVENING

static const struct when_word vocabulary[] = {
#include "search/when_words.def"
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

/* Any of the dashes U+2010 to U+2014. */
static bool is_dash(const struct token *t, const char *folded)
{
	const unsigned char *s = (const unsigned char *)folded + t->from;

	return t->to - t->from == 3 && s[0] == 0xe2 && s[1] == 0x80 && s[2] >= 0x90 && s[2] <= 0x94;
}

struct token *when_tokens(const char *folded, struct arena *arena, size_t *n)
{
	size_t len = strlen(folded), i = 0, end = 0;
	size_t max = len < WHEN_MAX_TOKENS ? len : WHEN_MAX_TOKENS;
	struct token *tokens = arena_array(arena, struct token, max + 1);

	*n = 0;
	if (!tokens)
		return NULL;
	while (i < len && *n < max) {
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
		t->text = is_dash(t, folded)
				  ? "-"
				  : arena_strndup(arena, folded + t->from, t->to - t->from);
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
		[EVENT_BREAKFAST] = { "breakfast", "fruhstuck", "desayuno" },
		[EVENT_KEYNOTE] = { "keynote", "plenary", "keynotes" },
		[EVENT_OPENING] = { "opening", "welcome", "eroffnung", "ouverture", "apertura",
				    "inauguracion" },
		[EVENT_CLOSING] = { "closing", "farewell", "abschluss", "cloture", "clausura" },
		[EVENT_DINNER] = { "dinner", "reception", "party", "abendessen", "diner", "cena" },
	};

	return words[e];
}
