/*
 * time_fuzz.c - what is taken is a time that can be written and read again.
 */
#include "fuzz.h"
#include <string.h>
#include "base/check.h"
#include "base/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[64], formatted[TIME_TEXT_SIZE];
	int64_t ms = -7, again = 0;
	bool offset = false;
	int r;

	if (size >= sizeof(text))
		size = sizeof(text) - 1;
	memcpy(text, data, size);
	text[size] = '\0';
	r = time_parse(text, &ms, &offset);
	if (r < 0) {
		POST(r == ASSISTANT_EINVAL && ms == -7);
		return 0;
	}
	POST(strlen(text) >= 10 && text[4] == '-' && text[7] == '-');
	time_format_utc(ms, formatted);
	POST(strlen(formatted) == 24);
	/* An offset may lead out of the four-digit years. */
	if (ms < INT64_C(-62135596800000) || ms > INT64_C(253402300799999))
		return 0;
	POST(time_parse(formatted, &again, &offset) == 0 && again == ms && offset);
	return 0;
}
