/*
 * Any bytes into the one JSON entry: json_check and json_parse agree, and what was taken can be
 * written and taken again as the same text.
 */
#include <stdlib.h>
#include <string.h>
#include "base/check.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_json_ struct json_object *first = NULL;
	_cleanup_json_ struct json_object *second = NULL;
	struct fail fail = FAIL_INIT;
	char *once, *twice;

	if (json_parse((const char *)data, size, &first, &fail) != 0) {
		/* Only the range of numbers is left to building. */
		if (json_check((const char *)data, size, &fail) == 0 &&
		    (fail.code != ASSISTANT_EINVAL || !strstr(fail.text, "number")))
			abort();
		return 0;
	}
	if (json_check((const char *)data, size, &fail) != 0)
		abort();
	once = json_dump(first);
	if (!once || json_parse(once, strlen(once), &second, &fail) != 0)
		abort();
	twice = json_dump(second);
	if (!twice || strcmp(once, twice) != 0)
		abort();
	free(once);
	free(twice);
	return 0;
}
