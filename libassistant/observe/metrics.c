/*
 * metrics.c - recorders and the two text forms.
 *
 *	metrics -> family (one row of metrics.def, or a program's own) -> series (one label value)
 *
 * Series are only ever added, under the lock, and published with a release store: recording finds
 * them without it.
 */
#include "observe/metrics.h"
#include <assistant.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "base/clean.h"
#include "base/utf8.h"

#define MAX_LABEL_VALUES 64
#define MAX_SERIES	 (MAX_LABEL_VALUES + 1) /* and "other" */
#define MAX_OWN		 64
#define MAX_BUCKETS	 32
#define MAX_LABEL_BYTES	 128

struct series {
	char *label;		     /* the value; NULL: the metric has none */
	_Atomic(uint64_t) value;     /* a double's bits; of histograms: the sum */
	_Atomic(uint64_t) buckets[]; /* n_bounds + 1, not cumulative */
};

struct family {
	int kind;
	const char *name, *help, *label;
	const double *bounds;
	size_t n_bounds;
	_Atomic(struct series *) series[MAX_SERIES];
	atomic_size_t n_series;
	char *own; /* what a program's metric keeps of its strings and bounds */
};

struct metrics {
	pthread_mutex_t lock; /* guards adding */
	atomic_int n_families;
	struct family families[METRIC_COUNT + MAX_OWN];
};

enum { COUNTER = ASSISTANT_COUNTER, GAUGE = ASSISTANT_GAUGE, HISTOGRAM = ASSISTANT_HISTOGRAM };
enum bucket_set { NONE, SECONDS, BYTES };

static const double seconds[] = { .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30 };
static const double bytes[] = { 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304 };

static const struct {
	int kind;
	const char *name, *help, *label;
	enum bucket_set buckets;
} table[] = {
#define METRIC(id, kind, name, help, label, buckets) { kind, name, help, label, buckets },
#include "observe/metrics.def"
#undef METRIC
};

/* --- Series --------------------------------------------------------------------- */

static double load_double(_Atomic(uint64_t) *cell)
{
	uint64_t bits = atomic_load_explicit(cell, memory_order_relaxed);
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

static void store_double(_Atomic(uint64_t) *cell, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	atomic_store_explicit(cell, bits, memory_order_relaxed);
}

static void add_double(_Atomic(uint64_t) *cell, double by)
{
	uint64_t before = atomic_load_explicit(cell, memory_order_relaxed);
	uint64_t after;
	double v;

	do {
		memcpy(&v, &before, sizeof(v));
		v += by;
		memcpy(&after, &v, sizeof(after));
	} while (!atomic_compare_exchange_weak_explicit(cell, &before, after, memory_order_relaxed,
							memory_order_relaxed));
}

static struct series *find_series(struct family *f, const char *label, size_t from)
{
	size_t n = atomic_load_explicit(&f->n_series, memory_order_acquire);

	for (size_t i = from; i < n; i++) {
		struct series *s = atomic_load_explicit(&f->series[i], memory_order_relaxed);

		if (!s->label || !strcmp(s->label, label))
			return s;
	}
	return NULL;
}

/* Under the lock. */
static struct series *add_series(struct family *f, const char *label)
{
	size_t n = atomic_load_explicit(&f->n_series, memory_order_relaxed);
	struct series *s = calloc(1, sizeof(*s) + (f->n_bounds + 1) * sizeof(s->buckets[0]));

	if (!s)
		return NULL;
	if (label) {
		s->label = strndup(label, MAX_LABEL_BYTES);
		if (!s->label) {
			free(s);
			return NULL;
		}
	}
	atomic_store_explicit(&f->series[n], s, memory_order_relaxed);
	atomic_store_explicit(&f->n_series, n + 1, memory_order_release);
	return s;
}

static struct series *get_series(struct metrics *m, struct family *f, const char *label, bool make)
{
	char cut[MAX_LABEL_BYTES + 1];
	struct series *s;

	strncpy(cut, f->label && label ? label : "", MAX_LABEL_BYTES);
	cut[MAX_LABEL_BYTES] = '\0';
	s = find_series(f, cut, 0);
	if (s || !make)
		return s;
	pthread_mutex_lock(&m->lock);
	s = find_series(f, cut, 0);
	if (!s && atomic_load(&f->n_series) < MAX_LABEL_VALUES)
		s = add_series(f, cut);
	if (!s)
		s = find_series(f, "other", 0);
	if (!s && atomic_load(&f->n_series) < MAX_SERIES)
		s = add_series(f, "other");
	pthread_mutex_unlock(&m->lock);
	return s;
}

/* --- Families --------------------------------------------------------------------- */

struct metrics *metrics_create(void)
{
	struct metrics *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	pthread_mutex_init(&m->lock, NULL);
	for (int i = 0; i < METRIC_COUNT; i++) {
		struct family *f = &m->families[i];

		f->kind = table[i].kind;
		f->name = table[i].name;
		f->help = table[i].help;
		f->label = table[i].label;
		f->bounds = table[i].buckets == SECONDS ? seconds : bytes;
		f->n_bounds = table[i].buckets == SECONDS ? ARRAY_SIZE(seconds)
			      : table[i].buckets == BYTES ? ARRAY_SIZE(bytes)
							  : 0;
		if (!f->label && !add_series(f, NULL)) {
			metrics_destroy(m);
			return NULL;
		}
		atomic_store(&m->n_families, i + 1);
	}
	return m;
}

void metrics_destroy(struct metrics *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(m->families); i++) {
		struct family *f = &m->families[i];

		for (size_t k = 0; k < atomic_load(&f->n_series); k++) {
			struct series *s = atomic_load(&f->series[k]);

			free(s->label);
			free(s);
		}
		free(f->own);
	}
	pthread_mutex_destroy(&m->lock);
	free(m);
}

static bool is_letter(char c, bool colon)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colon && c == ':');
}

static bool valid_name(const char *s, bool colon)
{
	if (!s || !is_letter(*s, colon))
		return false;
	for (; *s; s++) {
		if (!is_letter(*s, colon) && !(*s >= '0' && *s <= '9'))
			return false;
	}
	return true;
}

static bool valid_metric(int kind, const char *name, const char *label, const double *buckets,
			 size_t n_buckets)
{
	if (kind < ASSISTANT_COUNTER || kind > ASSISTANT_HISTOGRAM || !valid_name(name, true))
		return false;
	if (label && (!valid_name(label, false) || !strncmp(label, "__", 2) ||
		      (kind == HISTOGRAM && !strcmp(label, "le"))))
		return false;
	if (kind != HISTOGRAM)
		return n_buckets == 0;
	if (n_buckets == 0 || n_buckets > MAX_BUCKETS || !buckets)
		return false;
	for (size_t i = 0; i < n_buckets; i++) {
		if (!isfinite(buckets[i]) || (i && buckets[i] <= buckets[i - 1]))
			return false;
	}
	return true;
}

/* One block: bounds, name, help, label. */
static bool own_strings(struct family *f, const char *name, const char *help, const char *label,
			const double *buckets, size_t n_buckets)
{
	size_t n_name = strlen(name) + 1, n_help = strlen(help) + 1;
	size_t n_label = label ? strlen(label) + 1 : 0, n_bounds = n_buckets * sizeof(double);
	char *p = malloc(n_bounds + n_name + n_help + n_label);

	if (!p)
		return false;
	f->own = p;
	f->bounds = (double *)(void *)p;
	f->n_bounds = n_buckets;
	if (n_bounds)
		memcpy(p, buckets, n_bounds);
	p += n_bounds;
	f->name = memcpy(p, name, n_name);
	p += n_name;
	f->help = memcpy(p, help, n_help);
	p += n_help;
	f->label = label ? memcpy(p, label, n_label) : NULL;
	return true;
}

/* Under the lock. */
static int add_family(struct metrics *m, int kind, const char *name, const char *help,
		      const char *label, const double *buckets, size_t n_buckets)
{
	int id = atomic_load(&m->n_families);
	struct family *f = &m->families[id];

	for (int i = 0; i < id; i++) {
		if (!strcmp(m->families[i].name, name))
			return ASSISTANT_ECONFLICT;
	}
	if (id == (int)ARRAY_SIZE(m->families))
		return ASSISTANT_ELIMIT;
	if (!own_strings(f, name, help ? help : "", label, buckets, n_buckets))
		return ASSISTANT_ENOMEM;
	f->kind = kind;
	if (!label && !add_series(f, NULL)) {
		free(TAKE_PTR(f->own));
		return ASSISTANT_ENOMEM;
	}
	atomic_store_explicit(&m->n_families, id + 1, memory_order_release);
	return id;
}

int metrics_register(struct metrics *m, int kind, const char *name, const char *help,
		     const char *label, const double *buckets, size_t n_buckets)
{
	int id;

	if (!valid_metric(kind, name, label, buckets, n_buckets))
		return ASSISTANT_EINVAL;
	pthread_mutex_lock(&m->lock);
	id = add_family(m, kind, name, help, label, buckets, n_buckets);
	pthread_mutex_unlock(&m->lock);
	return id;
}

/* --- Recording ---------------------------------------------------------------------- */

static struct family *get_family(struct metrics *m, int id)
{
	if (!m || id < 0 || id >= atomic_load_explicit(&m->n_families, memory_order_acquire))
		return NULL;
	return &m->families[id];
}

static void record(struct metrics *m, int id, int kind, const char *label, double v, bool set)
{
	struct family *f = get_family(m, id);
	struct series *s;
	size_t i = 0;

	if (!f || f->kind != kind || isnan(v) || (kind == COUNTER && v < 0))
		return;
	s = get_series(m, f, label, true);
	if (!s)
		return; /* no memory: the number is lost, the program goes on */
	if (set)
		store_double(&s->value, v);
	else
		add_double(&s->value, v);
	if (kind != HISTOGRAM)
		return;
	while (i < f->n_bounds && v > f->bounds[i])
		i++;
	atomic_fetch_add_explicit(&s->buckets[i], 1, memory_order_relaxed);
}

void metrics_add(struct metrics *m, int id, const char *label, double n)
{
	record(m, id, COUNTER, label, n, false);
}

void metrics_set(struct metrics *m, int id, const char *label, double value)
{
	record(m, id, GAUGE, label, value, true);
}

void metrics_change(struct metrics *m, int id, const char *label, double by)
{
	record(m, id, GAUGE, label, by, false);
}

void metrics_observe(struct metrics *m, int id, const char *label, double v)
{
	record(m, id, HISTOGRAM, label, v, false);
}

void metrics_record(struct metrics *m, int id, const char *label, double value)
{
	struct family *f = get_family(m, id);

	if (f)
		record(m, id, f->kind, label, value, f->kind == GAUGE);
}

static uint64_t load_bucket(struct series *s, size_t i)
{
	return atomic_load_explicit(&s->buckets[i], memory_order_relaxed);
}

double metrics_get(struct metrics *m, int id, const char *label)
{
	struct family *f = get_family(m, id);
	struct series *s = f ? get_series(m, f, label, false) : NULL;
	uint64_t n = 0;

	if (!s)
		return 0;
	if (f->kind != HISTOGRAM)
		return load_double(&s->value);
	for (size_t i = 0; i <= f->n_bounds; i++)
		n += load_bucket(s, i);
	return (double)n;
}

/* --- Text -------------------------------------------------------------------------- */

static void put_number(struct text *out, double v)
{
	if (isfinite(v))
		text_append_double(out, v);
	else
		text_append(out, isnan(v) ? "NaN" : v > 0 ? "+Inf" : "-Inf");
}

/* OpenMetrics wants a bucket's bound to look like a float. */
static void put_bound(struct text *out, double v, bool openmetrics)
{
	size_t before = out->len;

	text_append_double(out, v);
	if (openmetrics && !out->failed && !strpbrk(out->data + before, ".e"))
		text_append(out, ".0");
}

/* Backslash, line break and (in label values) quote are escaped; broken UTF-8 is mended. */
static void put_escaped(struct text *out, const char *s, bool quote)
{
	size_t n = strlen(s), i = 0;

	while (i < n) {
		size_t at = i;

		if (utf8_next(s, n, &i) < 0) {
			text_append(out, "\xEF\xBF\xBD");
			i = at + 1;
		} else if (s[at] == '\\') {
			text_append(out, "\\\\");
		} else if (s[at] == '\n') {
			text_append(out, "\\n");
		} else if (s[at] == '"' && quote) {
			text_append(out, "\\\"");
		} else {
			text_append_n(out, s + at, i - at);
		}
	}
}

/* name_suffix{label="value",le="bound"} */
static void put_sample(struct text *out, const struct family *f, size_t name_len,
		       const char *suffix, const struct series *s, const char *le)
{
	text_append_n(out, f->name, name_len);
	text_append(out, suffix);
	if (s->label || le)
		text_append_char(out, '{');
	if (s->label) {
		text_append(out, f->label);
		text_append(out, "=\"");
		put_escaped(out, s->label, true);
		text_append(out, le ? "\"," : "\"");
	}
	if (le)
		text_printf(out, "le=\"%s\"", le);
	if (s->label || le)
		text_append_char(out, '}');
	text_append_char(out, ' ');
}

static void put_histogram(struct text *out, const struct family *f, struct series *s,
			  bool openmetrics)
{
	size_t len = strlen(f->name);
	uint64_t n = 0;

	for (size_t i = 0; i <= f->n_bounds; i++) {
		_cleanup_text_ struct text le = { 0 };

		text_init(&le, 64);
		if (i < f->n_bounds)
			put_bound(&le, f->bounds[i], openmetrics);
		else
			text_append(&le, "+Inf");
		n += load_bucket(s, i);
		put_sample(out, f, len, "_bucket", s, le.data);
		text_printf(out, "%llu\n", (unsigned long long)n);
	}
	put_sample(out, f, len, "_sum", s, NULL);
	put_number(out, load_double(&s->value));
	text_append_char(out, '\n');
	put_sample(out, f, len, "_count", s, NULL);
	text_printf(out, "%llu\n", (unsigned long long)n);
}

static void put_family(struct text *out, struct family *f, bool openmetrics)
{
	static const char *const kinds[] = {
		[COUNTER] = "counter", [GAUGE] = "gauge", [HISTOGRAM] = "histogram"
	};
	size_t n = atomic_load_explicit(&f->n_series, memory_order_acquire);
	size_t len = strlen(f->name), suffix = strlen("_total");
	bool split = openmetrics && f->kind == COUNTER;

	/* OpenMetrics names a counter without _total and its sample with it. */
	if (split && len > suffix && !strcmp(f->name + len - suffix, "_total"))
		len -= suffix;
	text_printf(out, "# HELP %.*s ", (int)len, f->name);
	put_escaped(out, f->help, openmetrics);
	text_printf(out, "\n# TYPE %.*s %s\n", (int)len, f->name, kinds[f->kind]);
	for (size_t i = 0; i < n; i++) {
		struct series *s = atomic_load_explicit(&f->series[i], memory_order_relaxed);

		if (f->kind == HISTOGRAM) {
			put_histogram(out, f, s, openmetrics);
			continue;
		}
		put_sample(out, f, len, split ? "_total" : "", s, NULL);
		put_number(out, load_double(&s->value));
		text_append_char(out, '\n');
	}
}

void metrics_render(struct metrics *m, bool openmetrics, struct text *out)
{
	int n = atomic_load_explicit(&m->n_families, memory_order_acquire);

	for (int i = 0; i < n; i++)
		put_family(out, &m->families[i], openmetrics);
	if (openmetrics)
		text_append(out, "# EOF\n");
}
