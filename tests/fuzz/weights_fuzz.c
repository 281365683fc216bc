/*
 * Headers of safetensors files: refused with a sentence, or every tensor lies within its file and is as large as its shape.
 */
#include <stdlib.h>
#include <string.h>
#include "embedder/weights.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint64_t data_size = 4096;
	struct tensor *tensors = NULL;
	struct fail f = FAIL_INIT;
	size_t n = 0;

	if (safetensors_parse((const char *)data, size, data_size, &tensors, &n, &f) < 0) {
		if (!f.text[0])
			abort();
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		const struct tensor *t = &tensors[i];
		uint64_t bytes = 4;

		if (t->begin > t->end || t->end > data_size || t->n_dims > 4 ||
		    strlen(t->name) > 95)
			abort();
		for (size_t d = 0; d < t->n_dims; d++)
			bytes *= (uint64_t)t->dims[d];
		if (!strcmp(t->dtype, "F32") && bytes != t->end - t->begin)
			abort();
	}
	free(tensors);
	return 0;
}
