/*
 * csv_fuzz.c - tables of any bytes, as each kind of record.
 */
#include "fuzz.h"
#include "source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int kind = 0; kind < KIND_COUNT; kind++)
		source_fuzz(csv_read, kind, data, size);
	return 0;
}
