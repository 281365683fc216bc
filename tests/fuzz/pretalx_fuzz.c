/*
 * pretalx_fuzz.c - pretalx's JSON of any bytes: its schedule and its lists.
 */
#include "fuzz.h"
#include "source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	source_fuzz(pretalx_read, -1, data, size);
	return 0;
}
