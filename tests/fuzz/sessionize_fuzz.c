/*
 * sessionize_fuzz.c - Sessionize's JSON of any bytes.
 */
#include "fuzz.h"
#include "source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	source_fuzz(sessionize_read, -1, data, size);
	return 0;
}
