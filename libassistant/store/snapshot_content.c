/*
 * snapshot_content.c - a digest of what a snapshot holds: equal for equal content, whoever read it.
 */
#include <string.h>
#include "base/hash.h"
#include "base/text.h"
#include "store/record.h"

#define CONTENT_MAX_BYTES (1UL << 30)

/* Digest of digests: no text can pass for two. */
static void add(struct text *t, const char *s)
{
	char hex[SHA256_HEX_SIZE];

	sha256_hex(s ? s : "", s ? strlen(s) : 0, hex);
	text_append(t, hex);
}

void snapshot_content_hash(const struct snapshot *s, char out[static 65])
{
	const struct conference *c = &s->conference;
	_cleanup_text_ struct text t;

	text_init(&t, CONTENT_MAX_BYTES);
	text_append(&t, "2\n"); /* of this way to hash */
	add(&t, c->json);
	for (size_t i = 0; i < c->n_info; i++) {
		add(&t, c->info[i].key);
		add(&t, c->info[i].title);
		add(&t, c->info[i].text);
	}
	for (int e = 0; e < ENTITY_COUNT; e++) {
		add(&t, entity_name((enum entity)e));
		for (size_t i = 0; i < s->n[e]; i++)
			add(&t, s->records[e][i].json);
	}
	sha256_hex(t.data, t.len, out);
	if (t.failed)
		out[0] = '\0'; /* equal to no other */
}
