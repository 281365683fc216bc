/*
 * facet_links.c - see facet_links.h.
 */
#include "search/facet_links.h"
#include <ctype.h>
#include <string.h>
#include "base/fail.h"
#include "search/prose.h"

#define NAMES_MAX 8
#define IN_TITLE  1000 /* more than any abstract says a name */

/* The names an exhibitor's name holds: "Qubes OS + Genode OS", "ISRG (Let's Encrypt, Prossimo)". */
struct names {
	char *at[NAMES_MAX];
	size_t n;
};

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* Words after which a name's owner is meant by the rest ("Xen Project", "The Matrix.org Foundation"). */
static void strip(char **from, char *end)
{
	static const char *const last[] = { " Project", " Foundation", " Community",
					    " Group",	" Server",     " e.V.",
					    " booth",	" Stand",      " stand" };
	static const char *const first[] = { "The ", "the " };

	for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
		if (!strncmp(*from, first[i], strlen(first[i])))
			*from += strlen(first[i]);
	}
	while (end > *from && isspace((unsigned char)end[-1]))
		*--end = '\0';
	while (isspace((unsigned char)**from))
		(*from)++;
	for (size_t i = 0; i < ARRAY_SIZE(last); i++) {
		size_t n = strlen(last[i]);

		if ((size_t)(end - *from) > n + 2 && !strcmp(end - n, last[i])) {
			end -= n;
			*end = '\0';
			i = (size_t)-1; /* "Ubuntu Community booth" */
		}
	}
}

static size_t separator(const char *s)
{
	static const char *const signs[] = { " + ", " & ", " and ", " / ", ", ", " (", ")" };

	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		if (!strncmp(s, signs[i], strlen(signs[i])))
			return strlen(signs[i]);
	}
	return 0;
}

/* A name is worth looking for when it cannot be taken for a common word. */
static void add_name(struct names *out, char *from, char *end)
{
	*end = '\0';
	strip(&from, end);
	if (out->n < NAMES_MAX && strlen(from) >= 3 && !islower((unsigned char)from[0]))
		out->at[out->n++] = from;
	else if (out->n < NAMES_MAX && strlen(from) >= 5 &&
		 strpbrk(from, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
		out->at[out->n++] = from; /* "openSUSE" */
}

static void read_names(char *copy, struct names *out)
{
	char *from = copy;

	for (char *p = copy; *p;) {
		size_t n = separator(p);

		if (n > 0) {
			add_name(out, from, p);
			from = p + n;
		}
		p += n > 0 ? n : 1;
	}
	add_name(out, from, from + strlen(from));
}

/* As a name is written: whole and in its own case, since "Element" and "Arm" are words, too. */
static const char *find_name(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = text; p && (p = strstr(p, name)) != NULL; p++) {
		if ((p == text || !is_word(p[-1])) && !is_word(p[n]))
			return p;
	}
	return NULL;
}

static unsigned count_names(const struct names *names, const char *text)
{
	unsigned n = 0;

	for (size_t i = 0; text && i < names->n; i++) {
		for (const char *p = text; (p = find_name(p, names->at[i])) != NULL; p++)
			n++;
	}
	return n;
}

/* The most telling ones, in order; of equals, the earlier. */
static void add_session(struct exhibitor_links *links, const struct record *session, unsigned times)
{
	size_t at = links->n;

	while (at > 0 && links->times[at - 1] < times)
		at--;
	if (at == LINKS_MAX_TITLES)
		return;
	links->n += links->n < LINKS_MAX_TITLES;
	for (size_t i = links->n - 1; i > at; i--) {
		links->sessions[i] = links->sessions[i - 1];
		links->times[i] = links->times[i - 1];
	}
	links->sessions[at] = session;
	links->times[at] = times;
}

static bool is_named(const struct names *names, const char *text)
{
	for (size_t i = 0; i < names->n; i++) {
		if (find_name(text, names->at[i]))
			return true;
	}
	return false;
}

/* "Linphone is a ...": the name, then what it is. */
static bool defines(const char *sentence, const char *name)
{
	static const char *const verbs[] = { " is a ",	 " is an ", " is the ",
					     " ist ein", " est un", " es un" };
	const char *p = find_name(sentence, name);

	if (p != sentence)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!strncmp(p + strlen(name), verbs[i], strlen(verbs[i])))
			return true;
	}
	return false;
}

static int find_definition(const struct names *names, const struct record *session,
			   struct arena *arena, const char **out)
{
	struct prose prose;
	int code;

	if (!is_named(names, session->description))
		return 0;
	code = prose_read(session->description, arena, &prose);
	for (size_t i = 0; code == 0 && i < prose.n; i++) {
		for (size_t k = 0; k < names->n && !*out; k++) {
			if (defines(prose.sentences[i].text, names->at[k]))
				*out = prose.sentences[i].text;
		}
	}
	return code;
}

int exhibitor_links(const struct snapshot *s, const struct record *exhibitor, struct arena *arena,
		    struct exhibitor_links *out)
{
	struct exhibitor_links made = { .n = 0 };
	struct names names = { .n = 0 };
	char *copy = arena_strdup(arena, exhibitor->name);

	if (!copy)
		return ASSISTANT_ENOMEM;
	read_names(copy, &names);
	for (size_t i = 0; i < s->n[ENTITY_SESSION]; i++) {
		const struct record *session = &s->records[ENTITY_SESSION][i];

		unsigned times = is_named(&names, session->name) ? IN_TITLE : 0;

		times += count_names(&names, session->description);
		if (times)
			add_session(&made, session, times);
		if (!made.is && session->description) {
			int code = find_definition(&names, session, arena, &made.is);

			if (code < 0)
				return code;
		}
	}
	*out = made;
	return 0;
}
