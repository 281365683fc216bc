/*
 * errors.c - codes in words, the version, and giving memory back.
 */
#include <assistant.h>
#include <stdlib.h>
#include "base/clean.h"

#define TEXT_OF(x)	 #x
#define VERSION(x, y, z) TEXT_OF(x) "." TEXT_OF(y) "." TEXT_OF(z)

const char *assistant_version(void)
{
	return VERSION(ASSISTANT_VERSION_MAJOR, ASSISTANT_VERSION_MINOR, ASSISTANT_VERSION_PATCH);
}

const char *assistant_strerror(int code)
{
	static const char *const words[] = {
		"Success",
		"Invalid argument",
		"Out of memory",
		"Invalid setting",
		"Service unavailable",
		"Timed out",
		"Limit reached",
		"Cancelled",
		"Busy",
		"Not found",
		"A service answered nonsense",
		"Internal error",
		"Conflict",
		"Too large",
		"Not allowed",
		"Cannot be worked on",
	};

	return code <= 0 && (size_t)-code < ARRAY_SIZE(words) ? words[-code] : "Unknown error";
}

void assistant_free(void *text)
{
	free(text);
}
