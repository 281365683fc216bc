/*
 * setting_types.c - one checker per type of settings.def.
 */
#include "api/setting_types.h"

#include <errno.h>
#include <string.h>
#include "base/cidr.h"
#include "base/clock.h"
#include "base/utf8.h"

static int64_t parse_number(const char *value, const char *suffixes, bool *ok)
{
	static const int64_t scale[] = { 1, 1024, 1024 * 1024 };
	char *end;
	const char *at;
	int64_t n;

	errno = 0;
	n = strtoll(value, &end, 10);
	at = *end ? strchr(suffixes, *end) : NULL;
	*ok = end != value && !errno && (!*end || (at && !end[1]));
	if (!*ok || !at)
		return n;
	n *= scale[at - suffixes + 1];
	return n;
}

static bool number_fits(const char *value, const char *suffixes)
{
	bool ok;
	int64_t n = parse_number(value, suffixes, &ok);

	return ok && n >= 0 && n <= INT32_MAX;
}

static const char *const true_words[] = { "true", "1", "yes", "on" };
static const char *const false_words[] = { "false", "0", "no", "off" };

static bool one_of(const char *value, const char *const *words)
{
	for (int i = 0; i < 4; i++)
		if (!strcmp(value, words[i]))
			return true;
	return false;
}

/* type: "choice(a|b|c)" */
static bool is_choice(const char *type, const char *value)
{
	const char *at = strchr(type, '(') + 1;
	size_t n = strlen(value);

	while (*at && *at != ')') {
		size_t len = strcspn(at, "|)");

		if (len == n && !memcmp(at, value, n))
			return true;
		at += len + (at[len] == '|');
	}
	return false;
}

static bool is_url(const char *value)
{
	size_t scheme = !strncmp(value, "https://", 8) ? 8 : !strncmp(value, "http://", 7) ? 7 : 0;

	return scheme && value[scheme] && !strpbrk(value, " \t\"<>\\");
}

static bool is_time(const char *value)
{
	int64_t ms;
	bool has_offset;

	return time_parse(value, &ms, &has_offset) == 0 && has_offset;
}

static const char *accepted(const char *type)
{
	if (!strcmp(type, "int"))
		return "a whole number from 0 to 2147483647";
	if (!strcmp(type, "duration_ms"))
		return "a number of milliseconds from 0 to 2147483647";
	if (!strcmp(type, "size"))
		return "a number of bytes below 2 GiB, with K or M if you like";
	if (!strcmp(type, "bool"))
		return "true or false";
	if (!strcmp(type, "url"))
		return "an http:// or https:// URL";
	if (!strcmp(type, "time"))
		return "an ISO 8601 time with its offset from UTC, such as "
		       "2026-01-31T09:00:00+01:00";
	if (!strcmp(type, "networks"))
		return "addresses and networks such as 10.0.0.0/8, separated by commas";
	return strncmp(type, "choice(", 7) ? "UTF-8 text without control characters" : type + 6;
}

static bool is_plain(const char *value)
{
	if (!utf8_valid(value, strlen(value)))
		return false;
	for (; *value; value++)
		if ((unsigned char)*value < 0x20)
			return false;
	return true;
}

static bool fits(const char *type, const char *value)
{
	if (!is_plain(value))
		return false;
	if (!strcmp(type, "int") || !strcmp(type, "duration_ms"))
		return number_fits(value, "");
	if (!strcmp(type, "size"))
		return number_fits(value, "KM");
	if (!strcmp(type, "bool"))
		return one_of(value, true_words) || one_of(value, false_words);
	if (!strcmp(type, "url"))
		return is_url(value);
	if (!strcmp(type, "time"))
		return is_time(value);
	if (!strcmp(type, "networks")) {
		struct cidr_list *l = NULL;
		bool ok = cidr_list_parse(value, &l, NULL) == 0;

		cidr_list_free(l);
		return ok;
	}
	return strncmp(type, "choice(", 7) ? true : is_choice(type, value);
}

int setting_check(const char *name, const char *type, const char *value, struct fail *f)
{
	if (!*value || fits(type, value))
		return 0;
	if (!strcmp(type, "secret"))
		return FAIL(f, ASSISTANT_ECONFIG, "%s holds what no secret may: accepted is %s.",
			    name, accepted(type));
	return FAIL(f, ASSISTANT_ECONFIG, "%s is \"%.60s\"; accepted is %s.", name, value,
		    accepted(type));
}

int64_t setting_number(const char *type, const char *value)
{
	bool ok;

	if (!strcmp(type, "bool"))
		return one_of(value, true_words);
	return *value ? parse_number(value, "KM", &ok) : 0;
}
