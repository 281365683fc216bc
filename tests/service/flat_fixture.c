/*
 * flat_fixture.c - see flat_fixture.h.
 */
#include "flat_fixture.h"
#include "support/folder.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

int flat_target_open(struct suite_target *t, struct loop *loop, struct index **out)
{
	struct fail f = FAIL_INIT;

	snprintf(t->ctx, 64, "/tmp/erleah-index-XXXXXX");
	if (!mkdtemp(t->ctx))
		return ASSISTANT_EINTERNAL;
	return flat_index_open(loop, t->ctx, NULL, NULL, out, &f);
}

void flat_target_close(struct suite_target *t, struct loop *loop, struct index *index)
{
	index_destroy(index);
	call_drain(loop);
	folder_remove(t->ctx);
}

int flat_fixture_setup(void **state)
{
	struct flat_fixture *fx = calloc(1, sizeof(*fx));
	struct suite_target t = { .ctx = fx->directory };

	fx->loop = loop_create();
	fx->arena = arena_create(16 << 20);
	*state = fx;
	return flat_target_open(&t, fx->loop, &fx->index);
}

int flat_fixture_teardown(void **state)
{
	struct flat_fixture *fx = *state;
	struct suite_target t = { .ctx = fx->directory };

	flat_target_close(&t, fx->loop, fx->index);
	loop_destroy(fx->loop);
	arena_destroy(fx->arena);
	free(fx);
	return 0;
}

int flat_fixture_build(struct flat_fixture *fx, const char *id, uint64_t epoch)
{
	struct snapshot *s = suite_conference(id, epoch);
	int r = CALL(fx, build, s, NULL, NULL);

	snapshot_unref(s);
	return r;
}
