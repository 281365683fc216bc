/*
 * minilm_tables.h - the tables of x86-64, each in a file that is compiled for its instruction set.
 */
#ifndef EMBEDDER_MINILM_TABLES_H
#define EMBEDDER_MINILM_TABLES_H

#include "embedder/minilm_ops.h"

extern const struct minilm_ops minilm_avx2;
extern const struct minilm_ops minilm_avx512;
extern const struct minilm_ops minilm_vnni;

#endif
