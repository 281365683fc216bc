/*
 * source.h - one source format, read from any bytes: what comes out is always the normalised form.
 */
#ifndef TESTS_FUZZ_SOURCE_H
#define TESTS_FUZZ_SOURCE_H

#include <stdint.h>
#include "format.h"

typedef int source_read_fn(const struct input *in, int kind, struct document *d);

/* Reads, completes and prints; aborts when that is no JSON, or holds what a record may not. */
void source_fuzz(source_read_fn *read, int kind, const uint8_t *data, size_t size);

#endif
