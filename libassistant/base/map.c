/*
 * map.c - linear probing over a power of two, SipHash-2-4 with a random key, tombstones.
 */
#include "base/map.h"
#include <assistant.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/check.h"
#include "base/hash.h"

struct slot {
	char *key; /* NULL: never used, or a tombstone when value is set */
	void *value;
	uint64_t hash;
};

struct map {
	struct slot *slots;
	size_t cap, n, n_tombs, max_entries;
	uint64_t seed[2];
};

static const char tomb_mark = 0;
#define TOMB ((void *)(uintptr_t)&tomb_mark) /* only the address is used */

static uint64_t rotl(uint64_t x, int b)
{
	return x << b | x >> (64 - b);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[0] = rotl(v[0], 32);
	v[2] += v[3];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t m)
{
	v[3] ^= m;
	sip_round(v);
	sip_round(v);
	v[0] ^= m;
}

static uint64_t siphash(const uint64_t seed[2], const char *s, size_t len)
{
	uint64_t v[4] = { seed[0] ^ 0x736f6d6570736575u, seed[1] ^ 0x646f72616e646f6du,
			  seed[0] ^ 0x6c7967656e657261u, seed[1] ^ 0x7465646279746573u };
	uint64_t last = (uint64_t)len << 56;
	uint64_t m;
	size_t i;

	for (i = 0; i + 8 <= len; i += 8) {
		memcpy(&m, s + i, 8);
		sip_word(v, m);
	}
	for (size_t k = 0; i + k < len; k++)
		last |= (uint64_t)(unsigned char)s[i + k] << 8 * k;
	sip_word(v, last);
	v[2] ^= 0xff;
	for (int k = 0; k < 4; k++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct map *map_create(size_t max_entries)
{
	struct map *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->max_entries = max_entries;
	random_bytes(m->seed, sizeof(m->seed));
	return m;
}

void map_destroy(struct map *m, void (*drop)(void *value))
{
	if (!m)
		return;
	for (size_t i = 0; i < m->cap; i++) {
		if (m->slots[i].key && drop)
			drop(m->slots[i].value);
		free(m->slots[i].key);
	}
	free(m->slots);
	free(m);
}

static struct slot *find(const struct map *m, const char *key, uint64_t hash)
{
	if (!m->cap)
		return NULL;
	for (size_t i = hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
		struct slot *s = &m->slots[i];

		if (!s->key && !s->value)
			return NULL;
		if (s->key && s->hash == hash && !strcmp(s->key, key))
			return s;
	}
}

/* The first slot a new key may take; there is always a free one. */
static struct slot *vacancy(struct slot *slots, size_t cap, uint64_t hash)
{
	size_t i = hash & (cap - 1);

	while (slots[i].key)
		i = (i + 1) & (cap - 1);
	return &slots[i];
}

static bool make_room(struct map *m)
{
	size_t cap = m->cap ? m->cap : 16;
	struct slot *slots;

	if ((m->n + m->n_tombs + 1) * 4 <= m->cap * 3)
		return true;
	while ((m->n + 1) * 2 > cap)
		cap *= 2;
	slots = calloc(cap, sizeof(*slots));
	if (!slots)
		return false;
	for (size_t i = 0; i < m->cap; i++) {
		if (m->slots[i].key)
			*vacancy(slots, cap, m->slots[i].hash) = m->slots[i];
	}
	free(m->slots);
	m->slots = slots;
	m->cap = cap;
	m->n_tombs = 0;
	return true;
}

void *map_get(const struct map *m, const char *key)
{
	struct slot *s = find(m, key, siphash(m->seed, key, strlen(key)));

	return s ? s->value : NULL;
}

int map_put(struct map *m, const char *key, void *value, void **old)
{
	uint64_t hash = siphash(m->seed, key, strlen(key));
	struct slot *s = find(m, key, hash);
	char *copy;

	PRE(value);
	if (s) {
		if (old)
			*old = s->value;
		s->value = value;
		return 0;
	}
	if (m->n >= m->max_entries)
		return ASSISTANT_ELIMIT;
	copy = strdup(key);
	if (!copy)
		return ASSISTANT_ENOMEM;
	if (!make_room(m)) {
		free(copy);
		return ASSISTANT_ENOMEM;
	}
	s = vacancy(m->slots, m->cap, hash);
	m->n_tombs -= s->value == TOMB;
	*s = (struct slot){ .key = copy, .value = value, .hash = hash };
	m->n++;
	if (old)
		*old = NULL;
	return 0;
}

void *map_remove(struct map *m, const char *key)
{
	struct slot *s = find(m, key, siphash(m->seed, key, strlen(key)));
	void *value;

	if (!s)
		return NULL;
	value = s->value;
	free(s->key);
	*s = (struct slot){ .value = TOMB };
	m->n--;
	m->n_tombs++;
	return value;
}

size_t map_count(const struct map *m)
{
	return m->n;
}

bool map_next(const struct map *m, size_t *cursor, const char **key, void **value)
{
	while (*cursor < m->cap) {
		const struct slot *s = &m->slots[(*cursor)++];

		if (!s->key)
			continue;
		if (key)
			*key = s->key;
		if (value)
			*value = s->value;
		return true;
	}
	return false;
}
