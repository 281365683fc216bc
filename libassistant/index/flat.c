/*
 * flat.c - the embedded index: one mapped file per conference and epoch.
 *
 *	loop                    lane "index"                    lane "ingest"
 *	lexical, list --------> score, copy out
 *	build ----------------------------------------------->  texts to file, fsync, rename
 *	use ------------------> map, check
 *	   <-- the file in use changes; the one before answers who still holds its records, until the next change
 *
 * A file may be made anew at its epoch (it gains vectors), by this process or another: a query looks at its name, at most
 * once a second, and goes over to what stands there.
 */
#include "index/flat.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libstemmer.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "base/check.h"
#include "base/hash.h"
#include "base/map.h"
#include "index/engine.h"
#include "index/flat_build.h"
#include "index/flat_journal.h"
#include "index/flat_lexical.h"
#include "index/flat_vectors.h"
#include "index/kernels.h"
#include "observe/log.h"
#include "observe/metrics.h"

#define MAX_QUEUED	1000
#define MAX_CONFERENCES 10000
#define OP_MAX_BYTES	((size_t)256 << 20)
#define SUPERSEDED_S	60
#define LOOK_EVERY_NS	1000000000LL

/* --- Files in use ------------------------------------------------------------- */

static void file_unref(struct flat_file *file)
{
	if (!file || --file->refs > 0)
		return;
	file_unref(file->before);
	flat_file_finish(file);
	free(file);
}

static void drop_file(void *value)
{
	file_unref(value);
}

static void drop_journal(void *value)
{
	flat_journal_close(value);
}

static void index_unref(struct flat_index *x)
{
	if (--x->refs > 0)
		return;
	map_destroy(x->files, drop_file);
	map_destroy(x->journals, drop_journal);
	sb_stemmer_delete(x->stemmer);
	free(x->directory);
	free(x);
}

static int path_of(const struct flat_index *x, const char *id, uint64_t epoch, const char *suffix,
		   char path[static FLAT_PATH])
{
	int n = snprintf(path, FLAT_PATH, "%s/index.%s.%" PRIu64 "%s", x->directory, id, epoch,
			 suffix);

	return n > 0 && n < FLAT_PATH ? 0 : ASSISTANT_EINVAL;
}

/* --- Operations ------------------------------------------------------------------- */

static int64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

void *flat_op_new(struct index *index, size_t size, const char *name,
		  int (*body)(struct flat_op *op, struct fail *f), struct flow *f)
{
	struct arena *arena = arena_create(OP_MAX_BYTES);
	struct flat_op *op = arena ? arena_alloc(arena, size) : NULL;

	if (!op) {
		arena_destroy(arena);
		flow_refuse(f, ASSISTANT_ENOMEM, NULL);
		return NULL;
	}
	op->index = container_of(index, struct flat_index, base);
	op->arena = arena;
	op->name = name;
	op->body = body;
	return op;
}

/* Maps what stands under the conference's and epoch's name; it has one reference. */
static int open_file(const struct flat_index *x, const char *id, uint64_t epoch,
		     struct flat_file **out, struct fail *f)
{
	struct flat_file *file = calloc(1, sizeof(*file));
	char path[FLAT_PATH];
	int r;

	if (!file)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory to open an index");
	r = path_of(x, id, epoch, "", path);
	if (r < 0)
		FAIL(f, r, "the index's path is too long");
	else
		r = flat_file_map(file, path, f);
	if (r == 0 && (strcmp(file->header->conference_id, id) || file->header->epoch != epoch)) {
		flat_file_finish(file);
		r = FAIL(f, ASSISTANT_EPROTOCOL, "%.120s holds another conference or epoch", path);
	}
	if (r < 0) {
		free(file);
		return r;
	}
	file->refs = 1;
	file->looked_ns = monotonic_ns();
	*out = file;
	return 0;
}

/* Queries lane.  What is damaged or gone is no reason to leave what answers. */
static void look_again(struct flat_op *op)
{
	struct flat_file *file = op->file, *fresh;
	const char *id = file->header->conference_id;
	uint64_t epoch = file->header->epoch;
	struct flat_stamp stamp;
	struct fail fail = FAIL_INIT;
	char path[FLAT_PATH];
	int64_t now_ns = monotonic_ns();

	if (now_ns - file->looked_ns < LOOK_EVERY_NS)
		return;
	file->looked_ns = now_ns;
	if (path_of(op->index, id, epoch, "", path) < 0 || !flat_stamp_of(path, &stamp) ||
	    memcmp(&stamp, &file->stamp, sizeof(stamp)) == 0)
		return;
	if (open_file(op->index, id, epoch, &fresh, &fail) < 0) {
		log_fail(op->index->log, LOG_WARN, "index.not_used", &fail);
		return;
	}
	op->was = file;
	op->file = fresh;
}

static int run(struct work *w, struct fail *f)
{
	struct flat_op *op = container_of(w, struct flat_op, work);

	if (op->looks)
		look_again(op);
	return op->body(op, f);
}

/* Loop thread: what a query found takes the place of what it was found by, unless something else has. */
static void go_over(struct flat_index *x, struct flat_file *was, struct flat_file *fresh)
{
	const char *id = fresh->header->conference_id;
	struct flat_file *used = map_get(x->files, id);

	if (used == was) {
		if (map_put(x->files, id, fresh, NULL) < 0)
			return;
		fresh->refs++;
		fresh->before = TAKE_PTR(was->before);
		file_unref(was);
	} else if (used && used->before == was) {
		fresh->refs++;
		used->before = fresh;
		file_unref(was);
	}
}

static void leave_files(struct flat_op *op)
{
	if (op->was)
		go_over(op->index, op->was, op->file);
	file_unref(op->was);
	file_unref(op->file);
}

static void release(struct wait *w)
{
	struct flat_op *op = container_of(w, struct flat_op, work.wait);
	struct flat_index *x = op->index;

	metrics_observe(x->metrics, METRIC_INDEX_SECONDS, op->name,
			(double)(monotonic_ns() - op->began_ns) / 1e9);
	if (op->finish)
		op->finish(op);
	leave_files(op);
	arena_destroy(op->arena); /* op lies in it */
	index_unref(x);
}

void flat_give_up(struct flat_op *op, int code, const struct fail *fail, struct flow *f)
{
	if (op->finish)
		op->finish(op);
	file_unref(op->file);
	arena_destroy(op->arena);
	flow_refuse(f, code, fail);
}

void flat_submit(struct flat_op *op, struct lane *lane, void (*deliver)(struct wait *w),
		 struct flow *f)
{
	op->index->refs++;
	op->looks = op->file && lane == op->index->queries;
	op->began_ns = monotonic_ns();
	lane_run(lane, &op->work, run, deliver, release, f);
}

bool flat_op_file(struct flat_op *op, const char *conference_id, uint64_t epoch, struct flow *f)
{
	struct flat_file *file = map_get(op->index->files, conference_id);
	struct fail fail = FAIL_INIT;

	if (file) {
		if (file->before && file->before->header->epoch == epoch)
			file = file->before;
		op->file = file;
		file->refs++;
		return true;
	}
	FAIL(&fail, ASSISTANT_ENOTFOUND, "no index of conference %.80s is in use", conference_id);
	flat_give_up(op, ASSISTANT_ENOTFOUND, &fail, f);
	return false;
}

void flat_op_file_if_any(struct flat_op *op, const char *conference_id)
{
	op->file = map_get(op->index->files, conference_id);
	if (op->file)
		op->file->refs++;
}

bool flat_op_id(struct flat_op *op, const char *conference_id, const char **out, struct flow *f)
{
	struct fail fail = FAIL_INIT;
	int r = index_id_copy(conference_id, FLAT_CONFERENCE, op->arena, out, &fail);

	if (r < 0)
		flat_give_up(op, r, &fail, f);
	return r == 0;
}

/* --- Asking ------------------------------------------------------------------------------ */

struct query_op {
	struct flat_op op;
	struct lexical_query query;
	int offset;
	struct index_hits hits, *out;
	struct arena *arena;
};

static int lexical_body(struct flat_op *op, struct fail *f)
{
	struct query_op *o = container_of(op, struct query_op, op);

	return flat_lexical(op->file, op->index->stemmer, &o->query, op->arena, &o->hits, f);
}

static int list_body(struct flat_op *op, struct fail *f)
{
	struct query_op *o = container_of(op, struct query_op, op);

	return flat_list(op->file, &o->query.filter, o->query.limit, o->offset, op->arena, &o->hits,
			 f);
}

static void query_deliver(struct wait *w)
{
	struct query_op *o = container_of(w, struct query_op, op.work.wait);

	w->status = index_hits_copy(&o->hits, o->arena, o->out, &w->fail);
}

static struct query_op *query_op(struct index *index, const char *name,
				 int (*body)(struct flat_op *op, struct fail *f),
				 const char *conference_id, const struct index_filter *filter,
				 struct arena *arena, struct index_hits *out, struct flow *f)
{
	struct query_op *o = flat_op_new(index, sizeof(*o), name, body, f);

	if (!o || !flat_op_file(&o->op, conference_id, filter->epoch, f))
		return NULL;
	o->arena = arena;
	o->out = out;
	if (index_filter_copy(filter, o->op.arena, &o->query.filter))
		return o;
	flat_give_up(&o->op, ASSISTANT_ENOMEM, NULL, f);
	return NULL;
}

static void lexical(struct index *index, const char *conference_id, const struct lexical_query *q,
		    struct arena *arena, struct index_hits *out, struct flow *f)
{
	struct query_op *o =
		query_op(index, "lexical", lexical_body, conference_id, &q->filter, arena, out, f);

	if (!o)
		return;
	o->query.text = arena_strdup(o->op.arena, q->text ? q->text : "");
	memcpy(o->query.weights, q->weights, sizeof(q->weights));
	o->query.typos = q->typos;
	o->query.limit = q->limit;
	if (o->query.text)
		flat_submit(&o->op, o->op.index->queries, query_deliver, f);
	else
		flat_give_up(&o->op, ASSISTANT_ENOMEM, NULL, f);
}

static void list(struct index *index, const char *conference_id, const struct index_filter *filter,
		 int limit, int offset, struct arena *arena, struct index_hits *out, struct flow *f)
{
	struct query_op *o =
		query_op(index, "list", list_body, conference_id, filter, arena, out, f);

	if (!o)
		return;
	o->query.limit = limit;
	o->offset = offset;
	flat_submit(&o->op, o->op.index->queries, query_deliver, f);
}

/* --- Building --------------------------------------------------------------------------------- */

struct build_op {
	struct flat_op op;
	struct snapshot *snapshot;
	const char *id;
	bool with_points;
	struct flat_points points;
	size_t n_missing, *n_out; /* may be NULL */
};

static bool build_cancelled(void *ctx)
{
	return work_cancelled(ctx);
}

static int write_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			bytes += n;
			size -= (size_t)n;
		}
	}
	return fsync(fd);
}

/* The name must outlive a power cut too. */
static int sync_directory(const char *directory)
{
	_cleanup_close_ int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -1 : fsync(fd);
}

/* Wholly there under its name, or not at all. */
static int write_file(const struct flat_index *x, const char *id, uint64_t epoch, const void *bytes,
		      size_t size, struct fail *f)
{
	char path[FLAT_PATH], temporary[FLAT_PATH], suffix[32], own[9];
	int fd, failed, error;

	random_hex(own, 4);
	snprintf(suffix, sizeof(suffix), ".tmp-%s", own);
	if (path_of(x, id, epoch, "", path) < 0 || path_of(x, id, epoch, suffix, temporary) < 0)
		return FAIL(f, ASSISTANT_EINVAL, "the index's path is too long");
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	failed = fd < 0 || write_all(fd, bytes, size) < 0;
	error = errno;
	if (fd >= 0)
		close(fd);
	if (!failed && (rename(temporary, path) < 0 || sync_directory(x->directory) < 0)) {
		failed = true;
		error = errno;
	}
	if (!failed)
		return 0;
	unlink(temporary);
	return FAIL(f, ASSISTANT_EUNAVAILABLE, "%.150s cannot be written: %s", path,
		    strerror(error));
}

/* Vectors come with their points, or from where they were kept. */
static int gather(struct build_op *o, struct fail *f)
{
	struct flat_points *p = &o->points;
	int r = flat_points_place(p, o->snapshot, f);

	if (r == 0 && p->n_wanted)
		r = flat_each_vector(&o->op, o->id, &p->given.space, flat_points_give, p, f);
	if (r == 0)
		o->n_missing = flat_points_close(p);
	return r;
}

static int build_body(struct flat_op *op, struct fail *f)
{
	struct build_op *o = container_of(op, struct build_op, op);
	_cleanup_free_ void *bytes = NULL;
	size_t size;
	int r = o->with_points ? gather(o, f) : 0;

	if (r == 0)
		r = flat_build(o->snapshot, o->with_points ? &o->points : NULL, build_cancelled,
			       &op->work, &bytes, &size, f);
	if (r == 0)
		r = write_file(op->index, o->id, o->snapshot->epoch, bytes, size, f);
	if (r == 0 && o->with_points && o->n_missing == 0)
		flat_staged_done(op->index, o->id);
	return r;
}

static void build_deliver(struct wait *w)
{
	struct build_op *o = container_of(w, struct build_op, op.work.wait);

	if (o->n_out)
		*o->n_out = o->n_missing;
}

static void build_finish(struct flat_op *op)
{
	struct build_op *o = container_of(op, struct build_op, op);

	snapshot_unref(o->snapshot);
	flat_points_finish(&o->points);
}

static void build(struct index *index, struct snapshot *snapshot, const struct index_points *points,
		  size_t *n_missing, struct flow *f)
{
	struct build_op *o = flat_op_new(index, sizeof(*o), "build", build_body, f);
	struct fail fail = FAIL_INIT;
	int r = 0;

	if (!o)
		return;
	o->snapshot = snapshot_ref(snapshot);
	o->op.finish = build_finish;
	o->n_out = n_missing;
	if (!flat_op_id(&o->op, snapshot->conference.id, &o->id, f))
		return;
	o->with_points = points != NULL;
	if (points) {
		flat_op_file_if_any(&o->op, o->id);
		r = flat_points_init(&o->points, points, true, &fail);
	}
	if (r < 0)
		flat_give_up(&o->op, r, &fail, f);
	else
		flat_submit(&o->op, o->op.index->builds, build_deliver, f);
}

/* --- Using ----------------------------------------------------------------------------------------- */

struct use_op {
	struct flat_op op;
	const char *id;
	uint64_t epoch;
};

/* Of digests the files' times tell, and one that was built just now may be what another process is about to use. */
static bool is_older(const char *path, uint64_t found, uint64_t epoch, time_t used)
{
	struct stat st;

	if (!((found | epoch) & EPOCH_DIGEST))
		return found < epoch;
	return found != epoch && stat(path, &st) == 0 && st.st_mtime + SUPERSEDED_S <= used;
}

static time_t written_at(const struct flat_index *x, const char *id, uint64_t epoch)
{
	char path[FLAT_PATH];
	struct stat st;

	return path_of(x, id, epoch, "", path) == 0 && stat(path, &st) == 0 ? st.st_mtime : 0;
}

/* Other epochs' files: older ones, and what a killed build left of them.  Whoever maps one keeps it. */
static void remove_older(const struct flat_index *x, const char *id, uint64_t epoch)
{
	DIR *directory = opendir(x->directory);
	char prefix[FLAT_CONFERENCE + 16], path[FLAT_PATH];
	struct dirent *entry;
	size_t n = (size_t)snprintf(prefix, sizeof(prefix), "index.%s.", id);
	time_t used = written_at(x, id, epoch);

	while (directory && (entry = readdir(directory))) {
		char *end;
		uint64_t found;

		if (strncmp(entry->d_name, prefix, n) || entry->d_name[n] < '0' ||
		    entry->d_name[n] > '9')
			continue;
		found = strtoull(entry->d_name + n, &end, 10);
		if ((*end && strncmp(end, ".tmp-", 5)) ||
		    snprintf(path, sizeof(path), "%s/%s", x->directory, entry->d_name) >=
			    FLAT_PATH ||
		    !is_older(path, found, epoch, used))
			continue;
		unlink(path);
	}
	if (directory)
		closedir(directory);
}

static int use_body(struct flat_op *op, struct fail *f)
{
	struct use_op *o = container_of(op, struct use_op, op);
	int r = open_file(op->index, o->id, o->epoch, &op->file, f);

	if (r == 0)
		remove_older(op->index, o->id, o->epoch);
	return r;
}

/* One file before is kept, not a chain of them. */
static void keep_before(struct flat_file *file, struct flat_file *old)
{
	struct flat_file *older = old ? old->before : NULL;

	if (old)
		old->before = NULL;
	if (old && old->header->epoch == file->header->epoch) {
		file->before = older;
		file_unref(old);
	} else {
		file->before = old;
		file_unref(older);
	}
}

static void use_deliver(struct wait *w)
{
	struct use_op *o = container_of(w, struct use_op, op.work.wait);
	void *old = NULL;
	int r = map_put(o->op.index->files, o->id, o->op.file, &old);

	if (r < 0) {
		w->status =
			FAIL(&w->fail, r, "more than %d conferences are in use", MAX_CONFERENCES);
		return;
	}
	log_write(o->op.index->log, LOG_INFO, "index.used", "s", "conference_id", o->id, "i",
		  "epoch", (int64_t)o->epoch, "i", "records", (int64_t)o->op.file->n_records, NULL);
	keep_before(TAKE_PTR(o->op.file), old); /* the file is the map's now */
}

static void use(struct index *index, const char *conference_id, uint64_t epoch, struct flow *f)
{
	struct use_op *o = flat_op_new(index, sizeof(*o), "use", use_body, f);

	if (!o)
		return;
	o->epoch = epoch;
	if (flat_op_id(&o->op, conference_id, &o->id, f))
		flat_submit(&o->op, o->op.index->queries, use_deliver, f);
}

/* --- The rest ------------------------------------------------------------------------------------------ */

static int ping_body(struct flat_op *op, struct fail *f)
{
	if (access(op->index->directory, R_OK | W_OK | X_OK) == 0)
		return 0;
	return FAIL(f, ASSISTANT_EUNAVAILABLE, "%.150s: %s", op->index->directory, strerror(errno));
}

static void ping(struct index *index, struct flow *f)
{
	struct flat_op *op = flat_op_new(index, sizeof(*op), "ping", ping_body, f);

	if (op)
		flat_submit(op, op->index->queries, NULL, f);
}

static void destroy(struct index *index)
{
	struct flat_index *x = container_of(index, struct flat_index, base);

	lane_destroy(x->queries);
	lane_destroy(x->builds);
	index_unref(x);
}

static const struct index_ops ops = {
	.name = "flat",
	.destroy = destroy,
	.ping = ping,
	.lexical = lexical,
	.list = list,
	.dense = flat_dense_start,
	.known = flat_known,
	.stage = flat_stage,
	.space = flat_space,
	.build = build,
	.use = use,
	.verify = flat_verify,
};

int flat_index_open(struct loop *loop, const char *directory, struct metrics *metrics,
		    struct log *log, struct index **out, struct fail *f)
{
	struct flat_index *x = calloc(1, sizeof(*x));
	struct stat st;

	if (stat(directory, &st) < 0 || !S_ISDIR(st.st_mode)) {
		free(x);
		return FAIL(f, ASSISTANT_ECONFIG, "%.150s is not a directory", directory);
	}
	if (!x)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for an index");
	x->base.ops = &ops;
	x->refs = 1;
	x->metrics = metrics;
	x->log = log;
	x->directory = strdup(directory);
	x->kernels = vector_kernels_best();
	x->files = map_create(MAX_CONFERENCES);
	x->journals = map_create(MAX_CONFERENCES);
	x->stemmer = sb_stemmer_new("english", "UTF_8");
	x->queries = lane_create(loop, "index", MAX_QUEUED);
	x->builds = lane_create(loop, "index.build", MAX_QUEUED);
	if (x->directory && x->files && x->journals && x->stemmer && x->queries && x->builds) {
		*out = &x->base;
		return 0;
	}
	destroy(&x->base);
	return FAIL(f, ASSISTANT_ENOMEM, "no memory for an index");
}
