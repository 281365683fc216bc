/*
 * metrics.c - see metrics.h.
 */
#include "metrics.h"

#include <math.h>
#include <stdlib.h>

#define MAX_GRADE 10

static double gain(int grade)
{
	return grade > 0 ? pow(2, grade < MAX_GRADE ? grade : MAX_GRADE) - 1 : 0;
}

static double discount(size_t rank)
{
	return log2((double)rank + 2);
}

static size_t at_most(size_t n)
{
	return n < METRICS_DEPTH ? n : METRICS_DEPTH;
}

/* The gain of the best order: how many there are of each grade, from the best grade on. */
static double ideal_gain(const int *judged, size_t n)
{
	size_t of_grade[MAX_GRADE + 1] = { 0 }, rank = 0;
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		of_grade[judged[i] < 0 ? 0 : judged[i] < MAX_GRADE ? judged[i] : MAX_GRADE]++;
	for (int grade = MAX_GRADE; grade > 0; grade--)
		for (; of_grade[grade] && rank < METRICS_DEPTH; of_grade[grade]--)
			sum += gain(grade) / discount(rank++);
	return sum;
}

void metrics_compute(const int *ranking, size_t n, const int *judged, size_t n_judged,
		     struct metrics *out)
{
	double ideal = ideal_gain(judged, n_judged), sum = 0;
	size_t found = 0, relevant = 0;

	*out = (struct metrics){ 0 };
	for (size_t i = 0; i < n_judged; i++)
		relevant += judged[i] > 0;
	for (size_t i = 0; i < at_most(n); i++) {
		if (ranking[i] <= 0)
			continue;
		sum += gain(ranking[i]) / discount(i);
		if (!found++)
			out->rr = 1 / (double)(i + 1);
	}
	if (ideal > 0)
		out->ndcg = sum / ideal;
	if (relevant)
		out->recall = (double)found / (double)at_most(relevant);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double metrics_percentile(double *values, size_t n, double p)
{
	size_t rank = (size_t)ceil(p * (double)n);

	if (!n)
		return 0;
	qsort(values, n, sizeof(*values), compare);
	return values[rank ? rank - 1 : 0];
}
