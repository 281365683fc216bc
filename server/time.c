/*
 * time.c - the one clock of the server: how long things take, never what time it is.
 */
#include <time.h>
#include "server.h"

int64_t monotonic_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}
