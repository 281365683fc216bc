/*
 * Texts to token ids, with a small vocabulary; and any bytes as a vocabulary.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "embedder/wordpiece.h"
#include "fuzz.h"

static const char lines[] =
	"[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##a\nab\n##b\ncafe\n!\n\xe6\x9d\xb1\n##\xcc\x81\n";

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void try_text(const struct wordpieces *v, const char *text, size_t size, size_t max)
{
	uint16_t ids[256];
	size_t n = wordpiece(v, text, size, ids, max);

	require(n >= 2 && n <= max);
	for (size_t i = 0; i < n; i++)
		require(ids[i] < wordpieces_count(v));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wordpieces *v = NULL;
	const char *text = (const char *)data;

	require(wordpieces_read(lines, sizeof(lines) - 1, &v, NULL) == 0);
	try_text(v, text, size, 256);
	try_text(v, text, size, size ? 2 + data[0] % 20 : 2);
	wordpieces_destroy(v);
	if (wordpieces_read(text, size, &v, NULL) == 0) {
		try_text(v, text, size, 256);
		wordpieces_destroy(v);
	}
	return 0;
}
