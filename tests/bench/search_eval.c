/*
 * search_eval.c - answer quality of the search by itself, on judged questions, with each scoring side by side: nDCG@10, recall@10,
 * MRR and accuracy of the answer's kind, per type of question.
 *
 *	search_eval CONFERENCE.json QUESTIONS.json [--weights FILE] [--folder DIR] [--held-out N] [--misses] [--scoring NAME]
 *
 * A question is asked with its `now`, else at 09:00 of the first day; gain is 2^grade - 1; also_relevant records are taken out of
 * a ranking before it is scored.  --weights (or ERLEAH_WEIGHTS): the embedder's; without, words only.  --folder: keeps the
 * index, so that a next run embeds nothing.  --held-out N: the questions whose id's hash leaves 0 by N are reported apart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include <time.h>
#include "base/clock.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/utf8.h"
#include "search/indexing.h"
#include "search/search.h"
#include "support/call.h"
#include "support/folder.h"
#include "support/programme.h"

#define TYPES 8

struct tally {
	const char *type;
	unsigned n, kinds;
	double ndcg, recall, mrr;
};

#define SCORINGS 3
static const char *const scoring_names[SCORINGS] = { "full", "lexical", "reference" };

struct bench {
	struct loop *loop;
	struct index *index;
	struct embedder *embedder;
	struct catalog *catalog;
	bool misses;
	unsigned held_out;
	enum scoring scoring;			  /* of the run under way */
	struct tally tallies[SCORINGS][2][TYPES]; /* tuned, held out */
	double ms[SCORINGS][4096];
	unsigned n[SCORINGS];
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

/* Of the first that is relevant. */
static double reciprocal_rank(const struct search *s, struct json_object *q)
{
	for (size_t i = 0, rank = 1; i < s->n_results; i++) {
		const char *id = s->results[i].record ? s->results[i].record->id : "";

		if (gain_of(json_get_array(q, "also_relevant"), id) > 0)
			continue;
		if (gain_of(json_get_array(q, "relevant"), id) > 0)
			return 1.0 / (double)rank;
		rank++;
	}
	return 0;
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
	struct tally *t = b->tallies[b->scoring][held];

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
					       .embedder = b->embedder,
					       .scoring = b->scoring,
					       .now_unix_s = now_of(b, q),
					       .limit = 20 },
		     b->index, arena, b->loop, NULL, search_ended);
	while (!op.ended)
		loop_turn(b->loop, true);
	clock_gettime(CLOCK_MONOTONIC, &to);
	ms = (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
	if (b->n[b->scoring] < ARRAY_SIZE(b->ms[0]))
		b->ms[b->scoring][b->n[b->scoring]++] = ms;
	score = ndcg(&op.search, q, &recall);
	kind = strcmp(result_kind_name(op.search.kind), expected_kind(q)) == 0;
	t->n++;
	t->kinds += kind;
	t->ndcg += score;
	t->recall += recall;
	t->mrr += reciprocal_rank(&op.search, q);
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
	unsigned n = 0, kinds[SCORINGS] = { 0 };

	printf("\n%-12s %4s", title, "");
	for (unsigned k = 0; k < SCORINGS; k++)
		printf(" | %-27s", scoring_names[k]);
	printf("\n%-12s %4s", "", "n");
	for (unsigned k = 0; k < SCORINGS; k++)
		printf(" | %6s %6s %6s %6s", "nDCG", "recall", "MRR", "kind");
	printf("\n");
	for (size_t i = 0; i < TYPES && b->tallies[0][held][i].type; i++) {
		printf("%-12s %4u", b->tallies[0][held][i].type, b->tallies[0][held][i].n);
		n += b->tallies[0][held][i].n;
		for (unsigned k = 0; k < SCORINGS; k++) {
			const struct tally *t = &b->tallies[k][held][i];

			printf(" | %6.3f %6.3f %6.3f %6.2f", t->ndcg / t->n, t->recall / t->n,
			       t->mrr / t->n, (double)t->kinds / t->n);
			kinds[k] += t->kinds;
		}
		printf("\n");
	}
	printf("%-12s %4u", "all", n);
	for (unsigned k = 0; k < SCORINGS; k++)
		printf(" | %20s %6.2f", "", n ? (double)kinds[k] / n : 0.0);
	printf("\n");
}

static void print_times(struct bench *b)
{
	for (unsigned k = 0; k < SCORINGS; k++) {
		if (!b->n[k])
			continue;
		qsort(b->ms[k], b->n[k], sizeof b->ms[k][0], compare_ms);
		printf("%-10s %u questions: p50 %.2f ms, p99 %.2f ms, slowest %.2f ms\n",
		       scoring_names[k], b->n[k], b->ms[k][b->n[k] / 2],
		       b->ms[k][b->n[k] * 99 / 100], b->ms[k][b->n[k] - 1]);
	}
}

/* The first question ever waits for the weights; no other does. */
static bool load_model(struct bench *b)
{
	_cleanup_free_ float *vector = calloc(b->embedder->dims, sizeof(float));
	const char *text = "first";

	return vector &&
	       AWAIT(b->loop, fl,
		     b->embedder->ops->embed(b->embedder, EMBED_QUERY, &text, 1, vector, fl)) == 0;
}

/* As ingest does it. */
static bool make_index(struct bench *b, struct snapshot *s)
{
	struct indexing_request rq = { .snapshot = s, .index = b->index, .embedder = b->embedder };
	struct indexing_counts counts = { 0 };
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	if (AWAIT(b->loop, fl, indexing_run(&rq, b->loop, &counts, fl)) < 0 ||
	    AWAIT(b->loop, fl, b->index->ops->use(b->index, s->conference.id, s->epoch, fl)) < 0)
		return false;
	clock_gettime(CLOCK_MONOTONIC, &to);
	if (b->embedder && !load_model(b))
		return false;
	printf("indexed in %.1f s: %zu points, %zu embedded\n",
	       (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9,
	       counts.points, counts.embedded);
	return true;
}

struct options {
	const char *conference, *questions, *weights, *folder;
	unsigned scorings; /* bits */
};

static bool read_options(struct bench *b, struct options *o, int argc, char **argv)
{
	*o = (struct options){ .weights = getenv("ERLEAH_WEIGHTS"), .scorings = 7 };
	if (argc < 3)
		return false;
	o->conference = argv[1];
	o->questions = argv[2];
	for (int i = 3; i < argc; i++) {
		enum scoring scoring;

		if (strcmp(argv[i], "--misses") == 0)
			b->misses = true;
		else if (i + 1 == argc)
			return false;
		else if (strcmp(argv[i], "--held-out") == 0)
			b->held_out = (unsigned)strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--weights") == 0)
			o->weights = argv[++i];
		else if (strcmp(argv[i], "--folder") == 0)
			o->folder = argv[++i];
		else if (strcmp(argv[i], "--scoring") == 0 &&
			 scoring_from(argv[++i], &scoring) == 0)
			o->scorings = 1u << scoring;
		else
			return false;
	}
	return true;
}

static struct json_object *read_questions(const char *path)
{
	_cleanup_text_ struct text text = { 0 };
	struct json_object *questions = NULL;
	struct fail f = FAIL_INIT;
	char block[65536];
	FILE *in = fopen(path, "re");
	size_t n;

	text_init(&text, 64 << 20);
	while (in && (n = fread(block, 1, sizeof block, in)) > 0)
		text_append_n(&text, block, n);
	if (in)
		fclose(in);
	if (!in || json_parse(text.data, text.len, &questions, &f) < 0) {
		fprintf(stderr, "%s: %s\n", path, in ? f.text : "cannot be read");
		return NULL;
	}
	return questions;
}

static void evaluate(struct bench *b, struct json_object *questions, unsigned scorings)
{
	for (unsigned k = 0; k < SCORINGS; k++) {
		b->scoring = (enum scoring)k;
		for (size_t i = 0; i < json_object_array_length(questions); i++) {
			if (scorings & 1u << k)
				ask(b, json_object_array_get_idx(questions, i));
		}
	}
	print_table(b, 0, b->held_out ? "tuned" : "questions");
	if (b->held_out)
		print_table(b, 1, "held out");
	printf("\n");
	time_longest(b);
	print_times(b);
}

int main(int argc, char **argv)
{
	static struct bench b;
	struct options o;
	struct fail f = FAIL_INIT;
	char folder[] = "/tmp/erleah-eval-XXXXXX";
	_cleanup_json_ struct json_object *questions = NULL;
	struct snapshot *snapshot;
	int failed = 2;

	if (!read_options(&b, &o, argc, argv)) {
		fprintf(stderr, "search_eval CONFERENCE.json QUESTIONS.json [--weights FILE] "
				"[--folder DIR] [--held-out N] [--misses] [--scoring NAME]\n");
		return 2;
	}
	b.loop = loop_create();
	snapshot = programme_read(o.conference);
	questions = read_questions(o.questions);
	if (!b.loop || !snapshot || !questions || (!o.folder && !mkdtemp(folder)))
		return 2;
	if (flat_index_open(b.loop, o.folder ? o.folder : folder, NULL, NULL, &b.index, &f) < 0 ||
	    (o.weights && minilm_open(b.loop, o.weights, 2, NULL, NULL, &b.embedder, &f) < 0)) {
		fprintf(stderr, "%s\n", f.text);
	} else if (make_index(&b, snapshot)) {
		b.catalog = programme_catalog(snapshot);
		evaluate(&b, questions, o.scorings);
		catalog_unref(b.catalog);
		failed = 0;
	}
	embedder_destroy(b.embedder);
	index_destroy(b.index);
	call_drain(b.loop);
	loop_destroy(b.loop);
	if (!o.folder)
		folder_remove(folder);
	return failed;
}
