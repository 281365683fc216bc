/*
 * window.c - leaky buckets in a table of fixed size.
 */
#include "window.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define N_SLOTS	 4096
#define N_PROBES 8
#define HOUR_MS	 3600000

struct bucket {
	struct address who;
	int64_t full_until_ms; /* when everything taken so far has leaked away; 0: free slot */
};

struct window {
	pthread_mutex_t lock;
	int per_hour;
	struct bucket slots[N_SLOTS];
};

struct window *window_create(int per_hour)
{
	struct window *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->per_hour = per_hour;
	pthread_mutex_init(&w->lock, NULL);
	return w;
}

void window_destroy(struct window *w)
{
	if (!w)
		return;
	pthread_mutex_destroy(&w->lock);
	free(w);
}

static struct bucket *find(struct window *w, const struct address *who)
{
	struct bucket *oldest = NULL;
	uint64_t hash = 14695981039346656037ULL;

	for (size_t i = 0; i < sizeof(who->bytes); i++)
		hash = (hash ^ who->bytes[i]) * 1099511628211ULL;
	for (uint64_t i = 0; i < N_PROBES; i++) {
		struct bucket *b = &w->slots[(hash + i) % N_SLOTS];

		if (b->full_until_ms && !memcmp(&b->who, who, sizeof(*who)))
			return b;
		if (!oldest || b->full_until_ms < oldest->full_until_ms)
			oldest = b;
	}
	*oldest = (struct bucket){ .who = *who };
	return oldest;
}

int window_take(struct window *w, const struct address *a, int64_t now_ms)
{
	static const uint8_t ipv4_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	struct address who = *a;
	struct bucket *b;
	int64_t one_ms, wait_ms;

	if (!w->per_hour)
		return 0;
	if (memcmp(who.bytes, ipv4_prefix, sizeof(ipv4_prefix)) != 0)
		memset(who.bytes + 8, 0, 8);
	one_ms = HOUR_MS / w->per_hour ? HOUR_MS / w->per_hour : 1;
	pthread_mutex_lock(&w->lock);
	b = find(w, &who);
	if (b->full_until_ms < now_ms)
		b->full_until_ms = now_ms;
	wait_ms = b->full_until_ms + one_ms - now_ms - one_ms * w->per_hour;
	if (wait_ms <= 0)
		b->full_until_ms += one_ms;
	pthread_mutex_unlock(&w->lock);
	return wait_ms > 0 ? (int)wait_ms : 0;
}
