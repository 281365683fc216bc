/*
 * test_joint.c - one text out of several attempts, broken at every byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/utf8.h"
#include "guard/joint.h"

static const char *const texts[] = {
	"One. Two words, three words and that is all.",
	"This is what the programme has:\n\n- **[[s1]]**: 10:00–10:45, Hall A\n- **[[s2]]**: "
	"11:00, "
	"Große Halle\n\nTimes are local.",
	"\n\nAn answer that begins with blank lines,  has  double  blanks\tand ends with one. ",
	"会議は二十日に始まります。場所は [[i1]] です。質問があればどうぞ。",
	"See "
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	"aaaaaaaaaaaaaaaaaaaaaaaaaaab for it.",
	"the the the same same word word again again again",
	"A",
};

struct feeding {
	struct joint joint;
	struct text out;
};

static void begin(struct feeding *f)
{
	joint_init(&f->joint, 1 << 16);
	text_init(&f->out, 1 << 16);
}

static void end(struct feeding *f)
{
	joint_finish(&f->joint);
	text_finish(&f->out);
}

/* In pieces of about n bytes, never inside a code point. */
static void feed(struct feeding *f, const char *text, size_t len, size_t n)
{
	for (size_t i = 0; i < len;) {
		size_t take = len - i;

		if (take > n)
			take = utf8_prefix(text + i, len - i, n < 4 ? 4 : n);
		joint_feed(&f->joint, text + i, take, &f->out);
		assert_true(utf8_valid(f->out.data, f->out.len));
		i += take;
	}
}

static void whole_text_leaves_as_it_came(void **state)
{
	for (size_t t = 0; t < ARRAY_SIZE(texts); t++)
		for (size_t n = 1; n < 60; n++) {
			struct feeding f;

			begin(&f);
			feed(&f, texts[t], strlen(texts[t]), n);
			joint_end(&f.joint, &f.out);
			assert_string_equal(f.out.data, texts[t]);
			end(&f);
		}
}

static void words_leave_when_they_are_whole(void **state)
{
	struct feeding f;

	begin(&f);
	feed(&f, "Two wor", 7, 60);
	assert_string_equal(f.out.data, "Two");
	feed(&f, "ds ", 3, 60);
	assert_string_equal(f.out.data, "Two words");
	feed(&f, "[[s1", 4, 60);
	assert_string_equal(f.out.data, "Two words");
	feed(&f, "]] 会議", 9, 60);
	assert_string_equal(f.out.data, "Two words [[s1]] 会議");
	end(&f);
	/* What has no blanks is not held for ever. */
	begin(&f);
	for (int i = 0; i < 100; i++)
		feed(&f, "x", 1, 4);
	assert_true(f.out.len > 0);
	end(&f);
}

static void blanks_are_no_text(void **state)
{
	struct feeding f;

	begin(&f);
	feed(&f, " \n\t \n", 5, 1);
	joint_end(&f.joint, &f.out);
	assert_int_equal(f.out.len, 0);
	end(&f);
}

enum way { GOES_ON, REPEATS, BEGINS_ANEW, WITHOUT_BLANK };

/* How a model goes on behind what left. */
static const char *continuation(const char *whole, const struct joint *j, enum way way)
{
	size_t from = j->said.len;

	assert_memory_equal(whole, j->said.data, from);
	if (way == BEGINS_ANEW)
		return whole;
	if (way == WITHOUT_BLANK && from)
		while (whole[from] && strchr(" \n\t", whole[from]))
			from++;
	for (int words = 0; way == REPEATS && from > 0; from--)
		if (strchr(" \n\t", whole[from - 1]) && from < j->said.len && ++words == 4)
			break;
	return whole + from;
}

/* Of what was not seen, nobody can know that it stood there. */
static bool is_unknowable(const char *whole, size_t at, enum way way)
{
	return way == WITHOUT_BLANK && (at == 0 || strchr(" \n\t", whole[at - 1]) ||
					((whole[at - 1] & 0x80) && strchr(" \n\t", whole[at])));
}

static void break_at(const char *whole, size_t at, enum way way, size_t n)
{
	struct feeding f;
	const char *rest;

	begin(&f);
	feed(&f, whole, at, n);
	joint_break(&f.joint);
	rest = continuation(whole, &f.joint, way);
	feed(&f, rest, strlen(rest), n);
	joint_end(&f.joint, &f.out);
	if (strcmp(f.out.data, whole) != 0 && !is_unknowable(whole, at, way))
		fail_msg("broken at %zu, way %d, pieces of %zu:\n%s", at, way, n, f.out.data);
	end(&f);
}

static void breaks_at_every_byte(void **state)
{
	for (size_t t = 0; t < 5; t++)
		for (size_t at = 0; at < strlen(texts[t]); at++)
			for (enum way way = GOES_ON; way <= WITHOUT_BLANK; way++)
				for (size_t n = 1; n < 30; n += 7)
					if (((unsigned char)texts[t][at] & 0xC0) != 0x80)
						break_at(texts[t], at, way, n);
}

static void breaks_again_before_it_was_joined(void **state)
{
	struct feeding f;

	begin(&f);
	feed(&f, "It is in Hall A at ten o'cl", 27, 60);
	joint_break(&f.joint);
	feed(&f, "It is in", 8, 60); /* begins anew, and breaks */
	assert_string_equal(f.out.data, "It is in Hall A at ten");
	joint_break(&f.joint);
	feed(&f, "o'clock sharp.", 14, 60);
	joint_end(&f.joint, &f.out);
	assert_string_equal(f.out.data, "It is in Hall A at ten o'clock sharp.");
	end(&f);
}

static void another_text_is_parted_by_a_blank(void **state)
{
	struct feeding f;

	begin(&f);
	feed(&f, "It is in Hall A and", 19, 60);
	joint_break(&f.joint);
	feed(&f, "begins at ten.", 14, 3);
	joint_end(&f.joint, &f.out);
	assert_string_equal(f.out.data, "It is in Hall A begins at ten.");
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_text_leaves_as_it_came),
		cmocka_unit_test(words_leave_when_they_are_whole),
		cmocka_unit_test(blanks_are_no_text),
		cmocka_unit_test(breaks_at_every_byte),
		cmocka_unit_test(breaks_again_before_it_was_joined),
		cmocka_unit_test(another_text_is_parted_by_a_blank),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
