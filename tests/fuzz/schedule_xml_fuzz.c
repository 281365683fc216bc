/*
 * schedule_xml_fuzz.c - schedule XML of any bytes.
 */
#include "fuzz.h"
#include "source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	source_fuzz(schedule_xml_read, -1, data, size);
	return 0;
}
