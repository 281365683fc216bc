/*
 * metrics.h - recorders for the metrics of metrics.def; Prometheus text out.
 *
 * metrics.def is the one table: METRIC(id, kind, name, help, label, buckets).  Recording is a few
 * atomic operations from any thread.  One label at most; label values are bounded (64 per metric,
 * then "other") and cut after 128 bytes.
 */
#ifndef OBSERVE_METRICS_H
#define OBSERVE_METRICS_H

#include <stddef.h>
#include <stdint.h>
#include "base/text.h"

struct metrics;

enum metric_id {
#define METRIC(id, kind, name, help, label, buckets) METRIC_##id,
#include "observe/metrics.def"
#undef METRIC
	METRIC_COUNT
};

struct metrics *metrics_create(void);
void metrics_destroy(struct metrics *m);
/* m may be NULL.  label NULL: the metric has none. */
void metrics_add(struct metrics *m, int id, const char *label, double n);     /* counter */
void metrics_set(struct metrics *m, int id, const char *label, double value); /* gauge */
void metrics_change(struct metrics *m, int id, const char *label, double by); /* gauge */
void metrics_observe(struct metrics *m, int id, const char *label, double v); /* histogram */
double metrics_get(struct metrics *m, int id,
		   const char *label); /* counter, gauge, or a histogram's count: for tests */
/* A program's own metric; see assistant_metric_new.  Its id, or EINVAL (name, label or buckets),
 * ECONFLICT (the name is taken), ELIMIT (64 are registered), ENOMEM. */
int metrics_register(struct metrics *m, int kind, const char *name, const char *help,
		     const char *label, const double *buckets, size_t n_buckets);
void metrics_record(struct metrics *m, int id, const char *label, double value);
/* openmetrics: with # EOF and OpenMetrics' rules for counters. */
void metrics_render(struct metrics *m, bool openmetrics, struct text *out);

#endif
