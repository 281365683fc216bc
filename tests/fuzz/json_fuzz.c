/*
 * json_fuzz.c - what is taken can be written and read again; what is refused is explained.
 */
#include "fuzz.h"
#include <string.h>
#include "base/check.h"
#include "base/json.h"
#include "base/utf8.h"

static void check_taken(struct json_object *o)
{
	_cleanup_json_ struct json_object *again = NULL;
	_cleanup_free_ char *once = json_dump(o);
	_cleanup_free_ char *twice = NULL;
	struct fail f = FAIL_INIT;

	POST(once && utf8_valid(once, strlen(once)) && !strchr(once, '\n'));
	if (json_parse(once, strlen(once), &again, &f) < 0)
		IMPOSSIBLE("what was written cannot be read");
	twice = json_dump(again);
	POST(twice && !strcmp(once, twice));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_json_ struct json_object *o = NULL;
	const char *text = (const char *)data;
	struct fail f = FAIL_INIT;
	int checked = json_check(text, size, NULL);
	int r = json_parse(text, size, &o, &f);

	if (r == 0) {
		POST(checked == 0);
		check_taken(o);
		return 0;
	}
	POST(r == ASSISTANT_EINVAL || r == ASSISTANT_ETOOLARGE);
	POST(f.code == r && f.text[0] && f.text[strlen(f.text) - 1] == '.');
	POST(utf8_valid(f.text, strlen(f.text)));
	POST(checked == r || strstr(f.text, "too large"));
	return 0;
}
