/*
 * checks.c - one sentence for each thing that cannot be asked.
 */
#include "api/checks.h"

#include <string.h>
#include "api/assistant_private.h"
#include "base/clock.h"
#include "base/utf8.h"

int check_question(const assistant *a, const char *what, const char *question, struct fail *f)
{
	size_t max = (size_t)a->env.limits.question_max;

	if (!question || !question[strspn(question, " \t\r\n")])
		return FAIL(f, ASSISTANT_EUNPROCESSABLE, "The %s is empty.", what);
	if (!utf8_valid(question, strlen(question)))
		return FAIL(f, ASSISTANT_EINVAL, "The %s is not valid UTF-8.", what);
	if (utf8_count(question) > max)
		return FAIL(f, ASSISTANT_EUNPROCESSABLE,
			    "The %s has %zu characters; at most %zu are accepted.", what,
			    utf8_count(question), max);
	return 0;
}

int check_now(const char *now, int64_t *unix_ms, struct fail *f)
{
	bool has_offset;

	*unix_ms = -1;
	/* Without an offset it could be the venue's time or UTC: guessing would answer about another hour. */
	if (now && (time_parse(now, unix_ms, &has_offset) < 0 || !has_offset))
		return FAIL(f, ASSISTANT_EINVAL,
			    "now is \"%.40s\"; an ISO 8601 time with its offset from UTC, such as "
			    "2026-01-31T09:00:00+01:00, is accepted.",
			    now);
	return 0;
}
