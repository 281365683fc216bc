/*
 * test_qdrant.c - the index suite on a Qdrant (its double), and what is Qdrant's own: versions, keys, failures, names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "qdrant_fixture.h"

int main(void)
{
	struct qdrant_target ctx = { .n_opened = 0 };
	struct suite_target target = { .name = "index: qdrant",
				       .open = qdrant_target_open,
				       .close = qdrant_target_close,
				       .ctx = &ctx };
	int failed;

	fake_start(&ctx.fake, NULL);
	failed = index_suite_run(&target);
	fake_stop(&ctx.fake);
	return failed;
}
