/*
 * test_zone.c - civil times against Python's zoneinfo (tests/golden/zones.tsv), rules, and files that lie.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "base/clean.h"
#include "base/tz_rule.h"
#include "base/zone.h"

static void zone_cleanup(struct zone **z)
{
	zone_close(*z);
}
#define _cleanup_zone_ _cleanup_(zone_cleanup)

static struct zone *open_zone(const char *name)
{
	struct fail f = FAIL_INIT;
	struct zone *z = NULL;

	assert_int_equal(zone_open(name, &z, &f), 0);
	return z;
}

static void check_civil(const struct zone *z, char *fields[static 7])
{
	struct civil c;
	char text[64];
	int64_t at = strtoll(fields[2], NULL, 10);

	zone_civil(z, at, &c);
	snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d", c.year, c.month, c.day, c.hour,
		 c.minute, c.second);
	assert_string_equal(text, fields[3]);
	assert_int_equal(c.weekday, strtol(fields[4], NULL, 10));
	assert_int_equal(c.offset_s, strtol(fields[5], NULL, 10));
	assert_string_equal(c.abbreviation, fields[6]);
}

static void check_unix(const struct zone *z, char *fields[static 7])
{
	int y, mo, d, h, mi, s;

	assert_int_equal(sscanf(fields[2], "%d-%d-%dT%d:%d:%d", &y, &mo, &d, &h, &mi, &s), 6);
	if (zone_unix(z, y, mo, d, h, mi, s) != strtoll(fields[3], NULL, 10))
		fail_msg("%s %s: expected %s, got %lld", fields[1], fields[2], fields[3],
			 (long long)zone_unix(z, y, mo, d, h, mi, s));
	assert_int_equal(zone_unix_of(z, timegm(&(struct tm){ .tm_year = y - 1900,
							      .tm_mon = mo - 1,
							      .tm_mday = d,
							      .tm_hour = h,
							      .tm_min = mi,
							      .tm_sec = s })),
			 zone_unix(z, y, mo, d, h, mi, s));
}

static void agrees_with_python(void **state)
{
	_cleanup_fclose_ FILE *in = fopen(TESTS_DIR "/golden/zones.tsv", "re");
	_cleanup_zone_ struct zone *z = NULL;
	char line[256];
	unsigned n = 0;

	assert_non_null(in);
	while (fgets(line, sizeof line, in)) {
		char *fields[7] = { NULL }, *rest = line;

		line[strcspn(line, "\n")] = '\0';
		for (size_t i = 0; i < ARRAY_SIZE(fields) && rest; i++)
			fields[i] = strsep(&rest, "\t");
		if (!z || strcmp(zone_name(z), fields[1]) != 0) {
			zone_close(z);
			z = open_zone(fields[1]);
		}
		if (strcmp(fields[0], "civil") == 0)
			check_civil(z, fields);
		else
			check_unix(z, fields);
		n++;
	}
	assert_true(n > 1000);
}

static void gap_moves_forward_and_overlap_is_the_first(void **state)
{
	_cleanup_zone_ struct zone *z = open_zone("Europe/Brussels");
	struct civil c;

	zone_civil(z, zone_unix(z, 2026, 3, 29, 2, 30, 0), &c);
	assert_int_equal(c.hour, 3);
	assert_int_equal(c.minute, 30);
	assert_string_equal(c.abbreviation, "CEST");
	zone_civil(z, zone_unix(z, 2026, 10, 25, 2, 30, 0), &c);
	assert_int_equal(c.hour, 2);
	assert_string_equal(c.abbreviation, "CEST");
}

/* From and until, of a stretch that ends or begins where the clock is changed. */
static void stretches_follow_the_wall(void **state)
{
	struct zone *z = NULL;
	const int64_t spring = 1774746000; /* 2026-03-29 02:00 CET, shown as 03:00 */
	const int64_t autumn = 1792890000; /* 2026-10-25 03:00 CEST, shown as 02:00 */

	assert_int_equal(zone_open("Europe/Brussels", &z, NULL), 0);
	assert_int_equal(zone_unix_from(z, 2026, 3, 29, 2, 30), spring);
	assert_int_equal(zone_unix_until(z, 2026, 3, 29, 2, 30), spring);
	assert_int_equal(zone_unix_from(z, 2026, 3, 29, 3, 0), spring);
	assert_int_equal(zone_unix_until(z, 2026, 3, 29, 1, 59), spring - 60);
	assert_int_equal(zone_unix_from(z, 2026, 10, 25, 2, 30), autumn - 1800);
	assert_int_equal(zone_unix_until(z, 2026, 10, 25, 2, 30), autumn + 1800);
	assert_int_equal(zone_unix_until(z, 2026, 10, 25, 2, 0), autumn - 3600);
	assert_int_equal(zone_unix_until(z, 2026, 10, 25, 3, 0), autumn + 3600);
	assert_int_equal(zone_unix_until(z, 2026, 7, 1, 12, 0), zone_unix(z, 2026, 7, 1, 12, 0, 0));
	zone_close(z);
}

static void days_are_23_to_25_hours(void **state)
{
	_cleanup_zone_ struct zone *z = open_zone("Europe/Brussels");
	int64_t spring = zone_unix(z, 2026, 3, 29, 15, 0, 0);
	int64_t autumn = zone_unix(z, 2026, 10, 25, 0, 0, 0);

	assert_int_equal(zone_day_start(z, spring, 1) - zone_day_start(z, spring, 0), 23 * 3600);
	assert_int_equal(zone_day_start(z, autumn, 1) - zone_day_start(z, autumn, 0), 25 * 3600);
	assert_int_equal(zone_day_start(z, spring, -1), zone_unix(z, 2026, 3, 28, 0, 0, 0));
	assert_int_equal(zone_day_start(z, spring, 3), zone_unix(z, 2026, 4, 1, 0, 0, 0));
}

static void fields_out_of_range_carry(void **state)
{
	_cleanup_zone_ struct zone *z = open_zone("UTC");

	assert_int_equal(zone_unix(z, 2026, 1, 32, 0, 0, 0), zone_unix(z, 2026, 2, 1, 0, 0, 0));
	assert_int_equal(zone_unix(z, 2026, 13, 1, 0, 0, 0), zone_unix(z, 2027, 1, 1, 0, 0, 0));
	assert_int_equal(zone_unix(z, 2026, 0, 1, 0, 0, 0), zone_unix(z, 2025, 12, 1, 0, 0, 0));
	assert_int_equal(zone_unix(z, 2026, 3, 0, 24, 60, 60), zone_unix(z, 2026, 3, 1, 1, 1, 0));
	assert_int_equal(zone_unix(z, 1970, 1, 1, 0, 0, -1), -1);
}

static void extreme_times_are_clamped(void **state)
{
	_cleanup_zone_ struct zone *z = open_zone("America/New_York");
	struct civil c;

	zone_civil(z, INT64_MIN, &c);
	assert_true(c.year == -10000 || c.year == -9999); /* local time */
	zone_civil(z, INT64_MAX, &c);
	assert_true(c.year == 9999 || c.year == 10000);
	assert_true(zone_unix(z, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, 0, 0) > 0);
	assert_true(zone_unix(z, INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN, 0, 0) < 0);
}

static void rules_in_every_form(void **state)
{
	static const struct {
		const char *text;
		int64_t at;
		const char *abbreviation;
		int offset_s;
	} cases[] = {
		{ "UTC0", 0, "UTC", 0 },
		{ "<-0330>3:30", 0, "-0330", -12600 },
		{ "IST-5:30", 0, "IST", 19800 },
		/* the whole year in summer time (RFC 9636, 3.3.1) */
		{ "XXX3EDT4,0/0,J365/23", 1767236400, "EDT", -14400 },
		{ "XXX3EDT4,0/0,J365/23", 1782950400, "EDT", -14400 },
		/* day 59 counts 29 February, J60 is always 1 March */
		{ "AAA0BBB,J60/0,J61/0", 1709251200, "BBB", 3600 },
		{ "AAA0BBB,59/0,60/0", 1709164800, "BBB", 3600 },
		/* hours before and far beyond the day */
		{ "EET-2EEST,M3.4.4/50,M10.4.4/50", 1774655999, "EET", 7200 },
		{ "EET-2EEST,M3.4.4/50,M10.4.4/50", 1774656000, "EEST", 10800 },
		{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 1774745999, "-02", -7200 },
		{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 1774746000, "-01", -3600 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tz_rule rule;
		const struct tz_kind *k;

		assert_int_equal(tz_rule_parse(cases[i].text, strlen(cases[i].text), &rule), 0);
		k = tz_rule_at(&rule, cases[i].at);
		assert_string_equal(k->abbreviation, cases[i].abbreviation);
		assert_int_equal(k->offset_s, cases[i].offset_s);
	}
}

static void bad_rules_are_refused(void **state)
{
	static const char *const bad[] = { "",
					   "C",
					   "CE1",
					   "CET",
					   "CET-",
					   "CET-25",
					   "CET-1CEST",
					   "CET-1CEST,M3.5.0",
					   "CET-1CEST,M13.1.0,M10.5.0",
					   "CET-1CEST,M3.6.0,M10.5.0",
					   "CET-1CEST,M3.5.7,M10.5.0",
					   "CET-1CEST,J0,J1",
					   "CET-1CEST,366,1",
					   "CET-1CEST,M3.5.0/168,M10.5.0",
					   "CET-1CEST,M3.5.0,M10.5.0x",
					   "<CET-1",
					   "ABCDEFGHI0",
					   "CET99999999999999999999" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct tz_rule rule;

		assert_int_equal(tz_rule_parse(bad[i], strlen(bad[i]), &rule), ASSISTANT_EINVAL);
	}
}

static void unknown_and_unsafe_names_are_refused(void **state)
{
	static const char *const bad[] = { "",
					   "Europe/Bruxelles",
					   "../../etc/passwd",
					   "/etc/passwd",
					   "Europe/../UTC",
					   "Europe//Brussels",
					   "Europe/",
					   "Europe",
					   "tzdata.zi" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct fail f = FAIL_INIT;
		struct zone *z = NULL;

		assert_int_equal(zone_open(bad[i], &z, &f), ASSISTANT_ECONFIG);
		assert_null(z);
		assert_true(strlen(f.text) > 0);
	}
	struct fail f = FAIL_INIT;
	struct zone *z = NULL;

	zone_open("Mars/Olympus", &z, &f);
	assert_non_null(strstr(f.text, "Mars/Olympus"));
	assert_non_null(strstr(f.text, "/usr/share/zoneinfo"));
}

/* --- files that lie: in a folder of our own, named by TZDIR ------------- */

struct lab {
	char folder[64], path[80];
	unsigned char good[16384];
	size_t len;
};

static void lab_write(const struct lab *lab, const unsigned char *data, size_t len)
{
	_cleanup_fclose_ FILE *out = fopen(lab->path, "we");

	assert_non_null(out);
	assert_int_equal(fwrite(data, 1, len, out), len);
}

static int lab_setup(void **state)
{
	struct lab *lab = calloc(1, sizeof *lab);
	_cleanup_fclose_ FILE *in = fopen("/usr/share/zoneinfo/Europe/Brussels", "re");

	if (!lab || !in)
		return -1;
	lab->len = fread(lab->good, 1, sizeof lab->good, in);
	snprintf(lab->folder, sizeof lab->folder, "%s", "/tmp/erleah-zone-XXXXXX");
	if (!mkdtemp(lab->folder))
		return -1;
	snprintf(lab->path, sizeof lab->path, "%s/Lab", lab->folder);
	setenv("TZDIR", lab->folder, 1);
	*state = lab;
	return 0;
}

static int lab_teardown(void **state)
{
	struct lab *lab = *state;

	unsetenv("TZDIR");
	unlink(lab->path);
	rmdir(lab->folder);
	free(lab);
	return 0;
}

static int lab_open(const struct lab *lab, const unsigned char *data, size_t len)
{
	_cleanup_zone_ struct zone *z = NULL;
	struct civil c;
	int r;

	lab_write(lab, data, len);
	r = zone_open("Lab", &z, NULL);
	if (r == 0) { /* whatever it says, asking must be safe */
		zone_civil(z, 1769850000, &c);
		zone_unix(z, 2026, 3, 29, 2, 30, 0);
		zone_civil(z, INT64_MIN, &c);
	}
	return r;
}

static void tzdir_is_looked_at_first(void **state)
{
	struct lab *lab = *state;
	_cleanup_zone_ struct zone *z = NULL;
	struct civil c;

	assert_int_equal(lab_open(lab, lab->good, lab->len), 0);
	z = open_zone("Lab");
	zone_civil(z, 1769850000, &c);
	assert_string_equal(c.abbreviation, "CET");
}

static void every_truncation_is_refused(void **state)
{
	struct lab *lab = *state;

	for (size_t len = 0; len < lab->len; len++)
		assert_int_equal(lab_open(lab, lab->good, len), ASSISTANT_ECONFIG);
}

static void damaged_bytes_never_hurt(void **state)
{
	struct lab *lab = *state;
	unsigned char bad[sizeof lab->good];
	unsigned refused = 0;

	for (size_t i = 0; i < lab->len; i++) {
		memcpy(bad, lab->good, lab->len);
		bad[i] ^= 0xFF;
		refused += lab_open(lab, bad, lab->len) < 0;
	}
	/* magic, counts, types, order of times and the rule are all checked */
	assert_true(refused > lab->len / 10);
}

static void version_1_files_are_read(void **state)
{
	struct lab *lab = *state;
	_cleanup_zone_ struct zone *z = NULL;
	struct civil c;
	static const unsigned char v1[] = {
		'T', 'Z', 'i', 'f', 0,	 0,   0,   0, 0,    0,	  0,	0, 0, 0, 0, 0, 0,
		0,   0,	  0,   0,   0,	 0,   0,   0, 0,    0,	  0,	0, 0, 0, 0, 0, 0,
		0,   1,	  0,   0,   0,	 2,   0,   0, 0,    8,	  0x69, 0, 0, 0, /* one transition, October 2025 */
		1,							   /* to the second type */
		0,   0,	  0,   0,   0,	 0,   0,   0, 0x1c, 0x20, 1,	4, /* UTC+0 AAA; UTC+2 BBB */
		'A', 'A', 'A', 0,   'B', 'B', 'B', 0,
	};

	lab_write(lab, v1, sizeof v1);
	z = open_zone("Lab");
	zone_civil(z, 0x69000000 - 1, &c);
	assert_string_equal(c.abbreviation, "AAA");
	zone_civil(z, 0x69000000, &c);
	assert_string_equal(c.abbreviation, "BBB");
	assert_int_equal(c.offset_s, 7200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_python),
		cmocka_unit_test(gap_moves_forward_and_overlap_is_the_first),
		cmocka_unit_test(stretches_follow_the_wall),
		cmocka_unit_test(days_are_23_to_25_hours),
		cmocka_unit_test(fields_out_of_range_carry),
		cmocka_unit_test(extreme_times_are_clamped),
		cmocka_unit_test(rules_in_every_form),
		cmocka_unit_test(bad_rules_are_refused),
		cmocka_unit_test(unknown_and_unsafe_names_are_refused),
		cmocka_unit_test_setup_teardown(tzdir_is_looked_at_first, lab_setup, lab_teardown),
		cmocka_unit_test_setup_teardown(every_truncation_is_refused, lab_setup,
						lab_teardown),
		cmocka_unit_test_setup_teardown(damaged_bytes_never_hurt, lab_setup, lab_teardown),
		cmocka_unit_test_setup_teardown(version_1_files_are_read, lab_setup, lab_teardown),
	};

	return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
