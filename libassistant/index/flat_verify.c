/*
 * flat_verify.c - does the index in use hold exactly a snapshot's records?
 */
#include "base/hash.h"
#include "base/json.h"
#include "base/utf8.h"
#include "index/flat.h"
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define MAX_FINDINGS 100

struct verify_op {
	struct flat_op op;
	struct snapshot *snapshot;
	struct json_object *findings;
	char *json, **out;
};

static void find(struct verify_op *o, const char *fmt, ...) _printf_(2, 3);
static void find(struct verify_op *o, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	if (json_object_array_length(o->findings) >= MAX_FINDINGS)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text[utf8_prefix(text, strlen(text), sizeof(text) - 1)] = 0;
	json_object_array_add(o->findings, json_object_new_string(text));
}

/* What the index has that the snapshot has not, or has otherwise. */
static void compare_records(struct verify_op *o)
{
	const struct flat_file *x = o->op.file;
	size_t seen[ENTITY_COUNT] = { 0 };

	for (size_t i = 0; i < x->n_records; i++) {
		const struct flat_record *row = &x->records[i];
		enum entity type = (enum entity)row->type;
		const char *id = flat_string(x, row->id);
		const struct record *r = snapshot_find(o->snapshot, type, id);

		if (!r) {
			find(o, "%s %s is in the index and not in the store", entity_name(type),
			     id);
			continue;
		}
		seen[type]++;
		if (row->content != hash_stable(r->json, r->json_len))
			find(o, "%s %s differs between index and store", entity_name(type), id);
	}
	for (unsigned e = 0; e < ENTITY_COUNT; e++) {
		if (seen[e] != o->snapshot->n[e])
			find(o, "the index holds %zu of the store's %zu %s", seen[e],
			     o->snapshot->n[e], entity_plural((enum entity)e));
	}
}

static int verify_body(struct flat_op *op, struct fail *f)
{
	struct verify_op *o = container_of(op, struct verify_op, op);
	_cleanup_json_ struct json_object *report = json_object_new_object();

	o->findings = json_object_new_array();
	if (op->file->header->epoch != o->snapshot->epoch)
		find(o, "the index is of epoch %" PRIu64 " and the store of %" PRIu64,
		     op->file->header->epoch, o->snapshot->epoch);
	compare_records(o);
	json_set_bool(report, "ok", json_object_array_length(o->findings) == 0);
	json_set(report, "findings", o->findings);
	o->json = json_dump(report);
	return o->json ? 0 : FAIL(f, ASSISTANT_ENOMEM, "no memory for a report");
}

static void verify_deliver(struct wait *w)
{
	struct verify_op *o = container_of(w, struct verify_op, op.work.wait);

	*o->out = TAKE_PTR(o->json);
}

static void verify_finish(struct flat_op *op)
{
	struct verify_op *o = container_of(op, struct verify_op, op);

	snapshot_unref(o->snapshot);
	free(o->json);
}

void flat_verify(struct index *index, struct snapshot *snapshot, char **json, struct flow *f)
{
	struct verify_op *o = flat_op_new(index, sizeof(*o), "verify", verify_body, f);

	if (!o)
		return;
	o->snapshot = snapshot_ref(snapshot);
	o->out = json;
	o->op.finish = verify_finish;
	if (flat_op_file(&o->op, snapshot->conference.id, snapshot->epoch, f))
		flat_submit(&o->op, o->op.index->builds, verify_deliver, f);
}
