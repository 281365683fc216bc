/*
 * weights.h - the model's files: finding them, making sure they are the right ones, reading tensors.
 *
 * Tensors are read, not mapped: a file that is cut short while a process uses it then is an error and not a crash, and the
 * word embeddings (half of the file, of which a question needs a dozen rows) take no memory of this process.
 */
#ifndef EMBEDDER_WEIGHTS_H
#define EMBEDDER_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>
#include "base/fail.h"

struct weights;

struct tensor {
	char name[96];
	char dtype[8];	 /* "F32" */
	int64_t dims[4]; /* n_dims of them */
	size_t n_dims;
	uint64_t begin, end; /* bytes, from the end of the header */
};

/*
 * The JSON header of a safetensors file whose tensors take data_size bytes.  *out malloc()ed.  EPROTOCOL: damaged (the
 * sentence says how); ENOMEM.
 */
int safetensors_parse(const char *header, size_t len, uint64_t data_size, struct tensor **out,
		      size_t *n, struct fail *f);

/* Opens model.safetensors and reads its header.  ENOTFOUND, EPROTOCOL, ENOMEM. */
int weights_open(const char *path, struct weights **out, struct fail *f);
void weights_close(struct weights *w);
/* The whole file against the SHA-256 of all-MiniLM-L6-v2.  EPROTOCOL: another file. */
int weights_verify(const struct weights *w, struct fail *f);
/* A float32 tensor of exactly this shape (cols 0: one dimension).  EPROTOCOL: absent, or of another shape. */
int weights_find(const struct weights *w, const char *name, size_t rows, size_t cols,
		 const struct tensor **out, struct fail *f);
/* n floats from the index `first` of t on.  Any thread.  EPROTOCOL: the file was cut short. */
int weights_read(const struct weights *w, const struct tensor *t, size_t first, size_t n,
		 float *out, struct fail *f);
/*
 * vocab.txt beside the weights, checked against its SHA-256.  *text malloc()ed.
 */
int weights_vocabulary(const char *path, char **text, size_t *len, struct fail *f);

/* Where vocab.txt is when the weights are at path.  malloc()ed; NULL: no memory. */
char *weights_vocabulary_path(const char *path);

#endif
