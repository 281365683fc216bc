/*
 * kernels.h - dot products of one vector with many, by the best instructions this processor has.
 *
 * A table of functions chosen by what the processor says of itself, not ifunc: those crash under ThreadSanitizer.
 */
#ifndef INDEX_KERNELS_H
#define INDEX_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#define KERNEL_LANES 16 /* strides are multiples of it: 64 bytes of floats */

static inline size_t kernel_stride(size_t dims)
{
	return (dims + KERNEL_LANES - 1) / KERNEL_LANES * KERNEL_LANES;
}

struct vector_kernels {
	const char *name; /* "portable", "avx2", "avx512" */
	/* out[i]: query times row rows[i] of vectors, each stride floats; neither needs to be aligned. */
	void (*dots)(const float *query, const float *vectors, size_t stride, const uint32_t *rows,
		     size_t n, float *out);
};

/* The i-th that runs on this processor, the slowest first; NULL: there are no more. */
const struct vector_kernels *vector_kernels_at(unsigned i);
/* The last of them.  Static, any thread. */
const struct vector_kernels *vector_kernels_best(void);

#endif
