/*
 * metrics.h - how good a ranking is, as one number each.
 *
 * Grades are 0 (not relevant) to 3; a grade's gain is 2^grade - 1.  All look at the first METRICS_DEPTH results.
 */
#ifndef CLI_METRICS_H
#define CLI_METRICS_H

#include <stddef.h>

#define METRICS_DEPTH 10

struct metrics {
	double ndcg; /* discounted gain, of what the best order would have; 0..1 */
	double recall; /* relevant ones found, of those there are, or of METRICS_DEPTH when there are more */
	double rr; /* 1 / rank of the first relevant one; 0: none.  Its mean is the MRR */
};

/* ranking: the grade of each result, best first.  judged: the grade of each relevant record, in any order. */
void metrics_compute(const int *ranking, size_t n, const int *judged, size_t n_judged,
		     struct metrics *out);
/* The value that a share p (0..1) of the values does not exceed: nearest rank.  Sorts them; 0 without any. */
double metrics_percentile(double *values, size_t n, double p);

#endif
