/*
 * test_names.c - people, companies and rooms as visitors write them.  For every speaker of the example conference, and of the
 * file that NAMES_CONFERENCE names, each way of writing must find the right person for at least 95 of 100; the numbers are printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/utf8.h"
#include "search/query.h"
#include "search/info.h"
#include "support/programme.h"

#define NAME_MAX_BYTES 120

/* Each writes another form of a folded name; false: this name has none. */
typedef bool write_form(const char *name, const char *original, char out[NAME_MAX_BYTES]);

struct form {
	const char *what;
	write_form *write;
	unsigned tried, right;
};

static bool as_folded(const char *name, const char *original, char out[NAME_MAX_BYTES])
{
	(void)original;
	snprintf(out, NAME_MAX_BYTES, "%s", name);
	return true;
}

/* "Müller" as "Mueller", "Þórdís Ægisdóttir" as "Thordis Aegisdottir". */
static bool spelt_out(const char *name, const char *original, char out[NAME_MAX_BYTES])
{
	static const char *const pairs[][2] = {
		{ "ü", "ue" }, { "ö", "oe" }, { "ä", "ae" }, { "Ü", "Ue" },
		{ "Ö", "Oe" }, { "Ä", "Ae" }, { "ß", "ss" }, { "ø", "oe" },
		{ "Ø", "Oe" }, { "å", "aa" }, { "Å", "Aa" },
	};
	size_t n = 0;
	bool any = false;

	(void)name;
	while (*original && n + 4 < NAME_MAX_BYTES) {
		bool found = false;

		for (size_t i = 0; i < ARRAY_SIZE(pairs) && !found; i++) {
			size_t len = strlen(pairs[i][0]);

			if (strncmp(original, pairs[i][0], len) == 0) {
				n += (size_t)snprintf(out + n, 4, "%s", pairs[i][1]);
				original += len;
				found = any = true;
			}
		}
		if (!found)
			out[n++] = *original++;
	}
	out[n] = '\0';
	return any;
}

/* The longest word of plain letters; its start and length. */
static bool longest_word(const char *name, size_t *from, size_t *len)
{
	*len = 0;
	for (size_t i = 0; name[i];) {
		size_t n = 0;

		while (islower((unsigned char)name[i + n]))
			n++;
		if (n > *len) {
			*from = i;
			*len = n;
		}
		i += n ? n : 1;
	}
	return *len >= 5;
}

static bool letter_missing(const char *name, const char *original, char out[NAME_MAX_BYTES])
{
	size_t from, len, at;

	(void)original;
	if (!longest_word(name, &from, &len))
		return false;
	at = from + len / 2;
	snprintf(out, NAME_MAX_BYTES, "%.*s%s", (int)at, name, name + at + 1);
	return true;
}

static bool letter_twice(const char *name, const char *original, char out[NAME_MAX_BYTES])
{
	size_t from, len, at;

	(void)original;
	if (!longest_word(name, &from, &len))
		return false;
	at = from + len / 2;
	snprintf(out, NAME_MAX_BYTES, "%.*s%s", (int)at + 1, name, name + at);
	return true;
}

static bool letter_wrong(const char *name, const char *original, char out[NAME_MAX_BYTES])
{
	size_t from, len;

	(void)original;
	if (!longest_word(name, &from, &len))
		return false;
	snprintf(out, NAME_MAX_BYTES, "%s", name);
	out[from + len - 2] = out[from + len - 2] == 'e' ? 'a' : 'e';
	return true;
}

static bool letters_swapped(const char *name, const char *original, char out[NAME_MAX_BYTES])
{
	size_t from, len, at;

	(void)original;
	if (!longest_word(name, &from, &len))
		return false;
	at = from + len / 2;
	if (name[at] == name[at - 1])
		return false;
	snprintf(out, NAME_MAX_BYTES, "%s", name);
	out[at] = name[at - 1];
	out[at - 1] = name[at];
	return true;
}

static bool family_name_first(const char *name, const char *original, char out[NAME_MAX_BYTES])
{
	const char *last = strrchr(name, ' ');

	(void)original;
	if (!last)
		return false;
	snprintf(out, NAME_MAX_BYTES, "%s %.*s", last + 1, (int)(last - name), name);
	return true;
}

static bool comma_between(const char *name, const char *original, char out[NAME_MAX_BYTES])
{
	const char *last = strrchr(name, ' ');

	(void)original;
	if (!last)
		return false;
	snprintf(out, NAME_MAX_BYTES, "%s, %.*s", last + 1, (int)(last - name), name);
	return true;
}

static bool middle_dropped(const char *name, const char *original, char out[NAME_MAX_BYTES])
{
	const char *first = strchr(name, ' '), *last = strrchr(name, ' ');

	(void)original;
	if (!first || first == last)
		return false;
	snprintf(out, NAME_MAX_BYTES, "%.*s%s", (int)(first - name), name, last);
	return true;
}

/* "J. Doe"; only of a long family name: two may share the short ones. */
static bool initial(const char *name, const char *original, char out[NAME_MAX_BYTES])
{
	const char *last = strrchr(name, ' ');

	(void)original;
	if (!last || strlen(last + 1) < 6)
		return false;
	snprintf(out, NAME_MAX_BYTES, "%c. %s", name[0], last + 1);
	return true;
}

static bool hyphen_as_blank(const char *name, const char *original, char out[NAME_MAX_BYTES])
{
	(void)original;
	if (!strchr(name, '-'))
		return false;
	snprintf(out, NAME_MAX_BYTES, "%s", name);
	for (char *c = out; *c; c++)
		*c = *c == '-' ? ' ' : *c;
	return true;
}

static bool hyphen_left_out(const char *name, const char *original, char out[NAME_MAX_BYTES])
{
	size_t n = 0;

	(void)original;
	if (!strchr(name, '-'))
		return false;
	for (; *name && n + 1 < NAME_MAX_BYTES; name++)
		if (*name != '-')
			out[n++] = *name;
	out[n] = '\0';
	return true;
}

/* --- trying ------------------------------------------------------------------------ */

static bool is_named(const struct catalog *c, const char *question, const struct record *r)
{
	_cleanup_arena_ struct arena *arena = arena_create(16 << 20);
	struct understood u;

	query_understand(c, question, 1769850000, arena, &u);
	return u.n_names && u.names[0].record == r;
}

/* Latin letters only; a name that another record of that kind bears, or is a part of, is no test. */
static bool is_tested(const struct snapshot *s, const struct record *r, const char *folded)
{
	size_t letters = 0;

	for (const char *c = folded; *c; c++) {
		if ((unsigned char)*c >= 0x80 || *c == '(')
			return false;
		letters += isalpha((unsigned char)*c) != 0;
	}
	for (size_t i = 0; i < s->n[r->type]; i++) {
		const struct record *other = &s->records[r->type][i];
		_cleanup_free_ char *name = utf8_fold(other->name, strlen(other->name));

		if (other != r && (strstr(name, folded) || strstr(folded, name)))
			return false;
	}
	return letters >= 8 && strlen(folded) < NAME_MAX_BYTES - 2;
}

/* A family name that only one speaker has; what an initial belongs to cannot be known otherwise. */
static bool own_family_name(const struct snapshot *s, const struct record *r, const char *folded)
{
	const char *last = strrchr(folded, ' ');

	for (size_t i = 0; last && i < s->n[ENTITY_SPEAKER]; i++) {
		const struct record *other = &s->records[ENTITY_SPEAKER][i];
		_cleanup_free_ char *name = utf8_fold(other->name, strlen(other->name));

		if (other != r && strstr(name, last + 1))
			return false;
	}
	return last != NULL;
}

static void try_form(const struct catalog *c, const struct record *r, struct form *form,
		     const char *written)
{
	static const char *const carriers[] = { "Who is %s?", "When does %s speak?", "%s" };
	static const char *const stands[] = { "Where is the stand of %s?", "What does %s do?",
					      "%s" };
	char question[NAME_MAX_BYTES + 40];
	size_t n = form->tried % 3;

	snprintf(question, sizeof question, r->type == ENTITY_SPEAKER ? carriers[n] : stands[n],
		 written);
	form->tried++;
	if (is_named(c, question, r))
		form->right++;
	else if (getenv("NAMES_MISSES"))
		print_message("  %s: %s (%s)\n", form->what, question, r->name);
}

static void try_all(const char *path, enum entity type, struct form *forms, size_t n)
{
	struct catalog *c = programme_catalog(programme_read(path));
	const struct snapshot *s = catalog_snapshot(c);

	for (size_t i = 0; i < s->n[type]; i++) {
		const struct record *r = &s->records[type][i];
		_cleanup_free_ char *folded = utf8_fold(r->name, strlen(r->name));

		if (!is_tested(s, r, folded))
			continue;
		for (size_t k = 0; k < n; k++) {
			char written[NAME_MAX_BYTES];

			if (forms[k].write == initial && !own_family_name(s, r, folded))
				continue;
			if (forms[k].write(folded, r->name, written))
				try_form(c, r, &forms[k], written);
		}
	}
	catalog_unref(c);
}

static void demand(const char *path, struct form *forms, size_t n)
{
	unsigned worst = 1000;

	for (size_t k = 0; k < n; k++) {
		unsigned share = forms[k].tried ? forms[k].right * 1000 / forms[k].tried : 1000;

		print_message("%-18s %5u of %5u, %.1f %%\n", forms[k].what, forms[k].right,
			      forms[k].tried, share / 10.0);
		worst = share < worst ? share : worst;
	}
	if (worst < 950)
		fail_msg("%s: a form finds less than 95 of 100", path);
}

static void people_of(const char *path)
{
	struct form forms[] = {
		{ "without accents", as_folded, 0, 0 },
		{ "spelt out", spelt_out, 0, 0 },
		{ "letter missing", letter_missing, 0, 0 },
		{ "letter twice", letter_twice, 0, 0 },
		{ "letter wrong", letter_wrong, 0, 0 },
		{ "letters swapped", letters_swapped, 0, 0 },
		{ "order swapped", family_name_first, 0, 0 },
		{ "comma between", comma_between, 0, 0 },
		{ "middle dropped", middle_dropped, 0, 0 },
		{ "initial", initial, 0, 0 },
		{ "hyphen as blank", hyphen_as_blank, 0, 0 },
		{ "hyphen left out", hyphen_left_out, 0, 0 },
	};

	try_all(path, ENTITY_SPEAKER, forms, ARRAY_SIZE(forms));
	assert_true(forms[0].tried >= 50);
	demand(path, forms, ARRAY_SIZE(forms));
}

static void companies_of(const char *path)
{
	struct form forms[] = {
		{ "without accents", as_folded, 0, 0 },
		{ "spelt out", spelt_out, 0, 0 },
		{ "letter missing", letter_missing, 0, 0 },
		{ "letter twice", letter_twice, 0, 0 },
		{ "letters swapped", letters_swapped, 0, 0 },
	};

	try_all(path, ENTITY_EXHIBITOR, forms, ARRAY_SIZE(forms));
	assert_true(forms[0].tried >= 20);
	demand(path, forms, ARRAY_SIZE(forms));
}

static void people_are_found_however_written(void **state)
{
	people_of(EXAMPLE);
	if (getenv("NAMES_CONFERENCE"))
		people_of(getenv("NAMES_CONFERENCE"));
}

static void companies_are_found_however_written(void **state)
{
	companies_of(EXAMPLE);
	if (getenv("NAMES_CONFERENCE"))
		companies_of(getenv("NAMES_CONFERENCE"));
}

/* --- what must not be taken for a name ------------------------------------------------ */

static void no_names_in(const char *path)
{
	static const char *const questions[] = {
		"What is on now?",
		"Is there something about open source hardware?",
		"which talks are good for beginners",
		"where can I get coffee",
		"is there a quiet room",
		"how do I get from the station to the venue",
		"I am hungry, where is lunch",
		"how many talks are there on the second day",
		"who talks about security",
		"what can I still see today",
		"something for children please",
		"can I park my bike",
		"workshops on friday morning",
		"what do I need to bring",
		"do you have a map of the building",
		"when does it end",
		"anything on testing in the cloud",
		"I want to learn about heat pumps",
		"are the talks recorded",
		"what is the best talk for a developer",
		"is there wifi and what is the password",
		"where is the toilet near the big hall",
		"tell me more about energy",
		"any talks on storage or networks this afternoon",
		"may I take a photo of the stage",
	};
	struct catalog *c = programme_catalog(programme_read(path));
	unsigned wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		_cleanup_arena_ struct arena *arena = arena_create(16 << 20);
		struct understood u;

		query_understand(c, questions[i], 1769850000, arena, &u);
		for (size_t k = 0; k < u.n_names; k++) {
			if (u.names[k].record->type != ENTITY_SPEAKER ||
			    u.names[k].similarity < 0.8f)
				continue;
			print_error("\"%s\": %s\n", questions[i], u.names[k].record->name);
			wrong++;
		}
	}
	catalog_unref(c);
	assert_int_equal(wrong, 0);
}

static void plain_words_are_nobody(void **state)
{
	no_names_in(EXAMPLE);
	no_names_in(TESTS_DIR "/golden/conferences/brussels.json");
	if (getenv("NAMES_CONFERENCE"))
		no_names_in(getenv("NAMES_CONFERENCE"));
}

/* They are looked up as they are: corrected, "coat" would be the stand of Colt. */
static void practical_words_are_not_taken_for_misspelt_names(void **state)
{
	static const char *const practical[] = { "coat", "parking", "garderobe", "wifi" };

	for (size_t i = 0; i < ARRAY_SIZE(practical); i++)
		assert_true(info_is_practical(practical[i]));
	assert_false(info_is_practical("colt"));
	assert_false(info_is_practical("carbopur"));
	assert_false(info_is_practical(""));
}

/* --- rooms ------------------------------------------------------------------------------ */

static void room_is(const struct catalog *c, const char *question, const char *room)
{
	_cleanup_arena_ struct arena *arena = arena_create(16 << 20);
	struct understood u;

	query_understand(c, question, 1769850000, arena, &u);
	for (size_t i = 0; u.filter.places && u.filter.places[i]; i++) {
		if (strcmp(u.filter.places[i], room) == 0)
			return;
	}
	fail_msg("\"%s\" is not in %s but in %s", question, room,
		 u.filter.places ? u.filter.places[0] : "no room");
}

static void rooms_are_found_however_written(void **state)
{
	static const char *const rooms[][2] = {
		{ "What is on in Janson?", "Janson" },
		{ "next talk in janson", "Janson" },
		{ "what is in K1105 now", "K.1.105 (La Fontaine)" },
		{ "what is on in K.1.105", "K.1.105 (La Fontaine)" },
		{ "room K 1 105 on Sunday", "K.1.105 (La Fontaine)" },
		{ "talks in k1.105", "K.1.105 (La Fontaine)" },
		{ "what is on in La Fontaine", "K.1.105 (La Fontaine)" },
		{ "talks in UB2.252A", "UB2.252A (Lameere)" },
		{ "talks in ub2 252a", "UB2.252A (Lameere)" },
		{ "talks in UB2252A", "UB2.252A (Lameere)" },
		{ "what happens in the Lameere room", "UB2.252A (Lameere)" },
		{ "talks in lameere", "UB2.252A (Lameere)" },
		{ "UA2.114 on Saturday", "UA2.114 (Baudoux)" },
		{ "in the Baudoux room", "UA2.114 (Baudoux)" },
		{ "what is on in the K building on Sunday", "K.3.201" },
		{ "talks in building K", "K.3.201" },
	};
	struct catalog *c =
		programme_catalog(programme_read(TESTS_DIR "/golden/conferences/brussels.json"));

	for (size_t i = 0; i < ARRAY_SIZE(rooms); i++)
		room_is(c, rooms[i][0], rooms[i][1]);
	catalog_unref(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(people_are_found_however_written),
		cmocka_unit_test(companies_are_found_however_written),
		cmocka_unit_test(plain_words_are_nobody),
		cmocka_unit_test(practical_words_are_not_taken_for_misspelt_names),
		cmocka_unit_test(rooms_are_found_however_written),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
