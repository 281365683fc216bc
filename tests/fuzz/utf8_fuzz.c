/*
 * Any bytes into the Unicode helpers: reading by code point agrees with the check, prefixes stay
 * well-formed, folding is idempotent.
 */
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>
#include "base/utf8.h"

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_folding(const char *s, size_t size)
{
	char *once = utf8_fold(s, size);
	char *twice;

	require(once && utf8_valid(once, strlen(once)) && !strstr(once, "  "));
	for (const char *p = once; *p; p++)
		require(!(*p >= 'A' && *p <= 'Z') && !(*p >= '\t' && *p <= '\r') && *p != '"');
	twice = utf8_fold(once, strlen(once));
	require(twice && strcmp(once, twice) == 0);
	free(once);
	free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data;
	bool valid = utf8_valid(s, size);
	size_t at = 0, n = 0;
	char *text;

	while (utf8_next(s, size, &at) >= 0) {
		require(at <= size);
		n++;
	}
	if (!valid) {
		require(!utf8_fold(s, size));
		return 0;
	}
	require(at == size);
	text = calloc(1, size + 1);
	require(text);
	memcpy(text, s, size);
	require(utf8_count(text) == n);
	for (size_t max = 0; max <= size && max < 64; max++) {
		size_t prefix = utf8_prefix(s, size, max);

		require(prefix <= max && utf8_valid(s, prefix));
	}
	check_folding(s, size);
	free(text);
	return 0;
}
