/*
 * search_eval.c - answer quality of the search by itself, on judged questions: nDCG@10 and accuracy of the answer's kind, per
 * type of question.
 *
 *	search_eval CONFERENCE.json QUESTIONS.json [--misses] [--held-out N]
 *
 * A question is asked with its `now`, else at 09:00 of the first day; gain is 2^grade - 1; also_relevant records are taken out of
 * a ranking before it is scored.  --held-out N: only the questions whose id's hash leaves 0 by N, and the rest apart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <math.h>
#include <string.h>
#include <time.h>
#include "base/clock.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/utf8.h"
#include "search/search.h"
#include "support/call.h"
#include "support/programme.h"

#define TYPES 8

struct tally {
	const char *type;
	unsigned n, kinds;
	double ndcg, recall;
};

struct bench {
	struct loop *loop;
	struct index *index;
	struct catalog *catalog;
	bool misses;
	unsigned held_out;
	struct tally tallies[2][TYPES]; /* tuned, held out */
	double worst_ms, sum_ms;
	unsigned n;
};

struct search_op {
	struct search search;
	bool ended;
};

static void search_ended(struct flow *f)
{
	container_of(container_of(f, struct search, flow), struct search_op, search)->ended = true;
}

static double gain_of(struct json_object *list, const char *id)
{
	size_t n = list ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		if (strcmp(json_text(item, "id"), id) == 0)
			return pow(2, (double)json_get_int(item, "grade", 1)) - 1;
	}
	return 0;
}

static int compare_gains(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x > y ? -1 : x < y;
}

static double ndcg(const struct search *s, struct json_object *q, double *recall)
{
	struct json_object *relevant = json_get_array(q, "relevant");
	struct json_object *also = json_get_array(q, "also_relevant");
	double dcg = 0, ideal = 0, gains[256];
	size_t rank = 0, n = 0, found = 0;

	for (size_t i = 0; i < s->n_results && rank < 10; i++) {
		const char *id = s->results[i].record ? s->results[i].record->id : "";

		if (gain_of(also, id) > 0)
			continue;
		dcg += gain_of(relevant, id) / log2((double)rank + 2);
		found += gain_of(relevant, id) > 0;
		rank++;
	}
	for (size_t i = 0; relevant && i < json_object_array_length(relevant) && n < 256; i++)
		gains[n++] =
			gain_of(relevant, json_text(json_object_array_get_idx(relevant, i), "id"));
	qsort(gains, n, sizeof *gains, compare_gains);
	for (size_t i = 0; i < n && i < 10; i++)
		ideal += gains[i] / log2((double)i + 2);
	*recall = n ? (double)found / (double)(n < 10 ? n : 10) : 0;
	return ideal > 0 ? dcg / ideal : 0;
}

static const char *expected_kind(struct json_object *q)
{
	const char *expect = json_get_string(q, "expect");

	return expect ? expect : "entities";
}

static struct tally *tally_of(struct bench *b, struct json_object *q)
{
	bool held = b->held_out &&
		    hash_stable(json_text(q, "id"), strlen(json_text(q, "id"))) % b->held_out == 0;
	struct tally *t = b->tallies[held];

	for (size_t i = 0; i < TYPES; i++) {
		if (!t[i].type)
			t[i].type = json_text(q, "type");
		if (strcmp(t[i].type, json_text(q, "type")) == 0)
			return &t[i];
	}
	return &t[TYPES - 1];
}

static void print_miss(struct bench *b, const struct search *s, struct json_object *q, double score)
{
	struct json_object *relevant = json_get_array(q, "relevant");

	printf("\n%s  %s  %.2f  [%s]  %s\n", json_text(q, "id"), json_text(q, "type"), score,
	       result_kind_name(s->kind), json_text(q, "question"));
	printf("  %s\n",
	       json_object_to_json_string_ext(s->described, JSON_C_TO_STRING_NOSLASHESCAPE));
	for (size_t i = 0; i < s->n_results && i < 10; i++) {
		const struct result *r = &s->results[i];
		const char *id = r->record ? r->record->id : "";
		double gain = gain_of(relevant, id);

		printf("  %c %.2f %s  %s\n",
		       gain > 0						     ? '+'
		       : gain_of(json_get_array(q, "also_relevant"), id) > 0 ? '~'
									     : ' ',
		       (double)r->score, r->record ? entity_name(r->record->type) : "info",
		       r->record ? r->record->name : r->info->key);
	}
	for (size_t i = 0; relevant && i < json_object_array_length(relevant); i++) {
		const char *id = json_text(json_object_array_get_idx(relevant, i), "id");
		bool found = false;

		for (size_t k = 0; k < s->n_results && k < 10; k++)
			found |= s->results[k].record && strcmp(s->results[k].record->id, id) == 0;
		for (unsigned e = 0; !found && e < ENTITY_COUNT; e++) {
			const struct record *r =
				snapshot_find(catalog_snapshot(b->catalog), (enum entity)e, id);

			if (r)
				printf("  - missing %s\n", r->name);
		}
	}
}

static int64_t now_of(struct bench *b, struct json_object *q)
{
	const char *now = json_get_string(q, "now");
	int64_t ms = 0;
	bool offset;
	char text[32];

	if (now && time_parse(now, &ms, &offset) == 0)
		return ms / 1000;
	snprintf(text, sizeof text, "%sT09:00",
		 catalog_snapshot(b->catalog)->conference.start_date);
	return programme_time(catalog_zone(b->catalog), text);
}

static void ask(struct bench *b, struct json_object *q)
{
	_cleanup_arena_ struct arena *arena = arena_create(64 << 20);
	struct search_op op = { .ended = false };
	struct understood u;
	struct tally *t = tally_of(b, q);
	struct timespec from, to;
	double score, recall, ms;
	bool kind;

	clock_gettime(CLOCK_MONOTONIC, &from);
	query_understand(b->catalog, json_text(q, "question"), now_of(b, q), arena, &u);
	search_begin(&op.search,
		     &(struct search_request){ .catalog = b->catalog,
					       .understood = &u,
					       .now_unix_s = now_of(b, q),
					       .limit = 20 },
		     b->index, arena, b->loop, NULL, search_ended);
	while (!op.ended)
		loop_turn(b->loop, true);
	clock_gettime(CLOCK_MONOTONIC, &to);
	ms = (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
	b->worst_ms = ms > b->worst_ms ? ms : b->worst_ms;
	b->sum_ms += ms;
	b->n++;
	score = ndcg(&op.search, q, &recall);
	kind = strcmp(result_kind_name(op.search.kind), expected_kind(q)) == 0;
	t->n++;
	t->kinds += kind;
	t->ndcg += score;
	t->recall += recall;
	if (b->misses && (!kind || (strcmp(expected_kind(q), "entities") == 0 && score < 0.8)))
		print_miss(b, &op.search, q, score);
	if (b->misses && kind && strcmp(expected_kind(q), "info") == 0) {
		struct json_object *keys = json_get_array(q, "info_keys");
		const char *first = op.search.results[0].info->key;
		bool found = false;

		for (size_t i = 0; keys && i < json_object_array_length(keys); i++)
			found |= strcmp(json_object_get_string(json_object_array_get_idx(keys, i)),
					first) == 0;
		if (!found)
			printf("\nwrong page %s for: %s\n", first, json_text(q, "question"));
	}
	search_finish(&op.search);
}

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int compare_ms(const void *a, const void *b)
{
	return -compare_gains(a, b);
}

/* Understanding alone, of the longest question allowed: the beginning of the longest text there is. */
static void time_longest(struct bench *b)
{
	const struct snapshot *s = catalog_snapshot(b->catalog);
	const char *longest = "";
	char question[2001];
	double ms[31];

	for (size_t i = 0; i < s->n[ENTITY_SESSION]; i++) {
		const char *text = s->records[ENTITY_SESSION][i].description;

		if (text && strlen(text) > strlen(longest))
			longest = text;
	}
	snprintf(question, sizeof question, "%.*s",
		 (int)utf8_prefix(longest, strlen(longest), 2000), longest);
	for (size_t i = 0; i < ARRAY_SIZE(ms); i++) {
		_cleanup_arena_ struct arena *arena = arena_create(64 << 20);
		struct understood u;
		double from = cpu_ms();

		query_understand(b->catalog, question, 1769850000, arena, &u);
		ms[i] = cpu_ms() - from;
	}
	qsort(ms, ARRAY_SIZE(ms), sizeof *ms, compare_ms);
	printf("understanding %zu characters: %.2f ms of CPU (median), %.2f ms (slowest of %zu)\n",
	       strlen(question), ms[ARRAY_SIZE(ms) / 2], ms[ARRAY_SIZE(ms) - 1], ARRAY_SIZE(ms));
}

static void print_table(const struct bench *b, unsigned held, const char *title)
{
	unsigned n = 0, kinds = 0;

	printf("\n%-12s %5s %8s %9s %6s\n", title, "n", "nDCG@10", "recall@10", "kind");
	for (size_t i = 0; i < TYPES && b->tallies[held][i].type; i++) {
		const struct tally *t = &b->tallies[held][i];

		printf("%-12s %5u %8.3f %9.3f %6.2f\n", t->type, t->n, t->ndcg / t->n,
		       t->recall / t->n, (double)t->kinds / t->n);
		n += t->n;
		kinds += t->kinds;
	}
	printf("%-12s %5u %8s %9s %6.2f\n", "all", n, "", "", n ? (double)kinds / n : 0.0);
}

static void remove_folder(const char *path)
{
	DIR *d = opendir(path);
	char name[512];

	for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
		snprintf(name, sizeof name, "%s/%s", path, e->d_name);
		if (e->d_name[0] != '.')
			unlink(name);
	}
	if (d)
		closedir(d);
	rmdir(path);
}

int main(int argc, char **argv)
{
	struct bench b = { .loop = loop_create() };
	struct fail f = FAIL_INIT;
	char folder[] = "/tmp/erleah-eval-XXXXXX";
	_cleanup_text_ struct text text = { 0 };
	_cleanup_json_ struct json_object *questions = NULL;
	struct snapshot *snapshot;
	struct timespec from, to;
	FILE *in;
	char block[65536];
	size_t n;

	if (argc < 3 || !b.loop || !mkdtemp(folder)) {
		fprintf(stderr,
			"search_eval CONFERENCE.json QUESTIONS.json [--misses] [--held-out N]\n");
		return 2;
	}
	for (int i = 3; i < argc; i++) {
		b.misses |= strcmp(argv[i], "--misses") == 0;
		if (strcmp(argv[i], "--held-out") == 0 && i + 1 < argc)
			b.held_out = (unsigned)strtoul(argv[++i], NULL, 10);
	}
	snapshot = programme_read(argv[1]);
	in = fopen(argv[2], "re");
	if (!snapshot || !in) {
		fprintf(stderr, "cannot read %s\n", snapshot ? argv[2] : argv[1]);
		return 2;
	}
	text_init(&text, 64 << 20);
	while ((n = fread(block, 1, sizeof block, in)) > 0)
		text_append_n(&text, block, n);
	fclose(in);
	if (json_parse(text.data, text.len, &questions, &f) < 0 ||
	    flat_index_open(b.loop, folder, NULL, NULL, &b.index, &f) < 0) {
		fprintf(stderr, "%s\n", f.text);
		return 2;
	}
	AWAIT(b.loop, fl, b.index->ops->build(b.index, snapshot, NULL, NULL, fl));
	AWAIT(b.loop, fl, b.index->ops->use(b.index, snapshot->conference.id, snapshot->epoch, fl));
	clock_gettime(CLOCK_MONOTONIC, &from);
	b.catalog = programme_catalog(snapshot);
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("catalog made in %.0f ms\n",
	       (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6);
	for (size_t i = 0; i < json_object_array_length(questions); i++)
		ask(&b, json_object_array_get_idx(questions, i));
	print_table(&b, 0, b.held_out ? "tuned" : "questions");
	if (b.held_out)
		print_table(&b, 1, "held out");
	time_longest(&b);
	printf("%u questions, %.2f ms each, %.2f ms the slowest\n", b.n, b.sum_ms / b.n,
	       b.worst_ms);
	catalog_unref(b.catalog);
	index_destroy(b.index);
	call_drain(b.loop);
	loop_destroy(b.loop);
	remove_folder(folder);
	return 0;
}
