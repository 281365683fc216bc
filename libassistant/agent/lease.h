/*
 * lease.h - whose a live row is, and whether that process still lives.
 *
 * metadata.lease_owner is "host/pid namespace/pid/random": a process that shares our host and pid namespace and is
 * gone has lost its leases at once; every other one when metadata.lease_until has passed.
 */
#ifndef AGENT_LEASE_H
#define AGENT_LEASE_H

#include <stdbool.h>
#include <stdint.h>
#include "store/store.h"

#define LEASE_OWNER_SIZE 160
void lease_owner_make(char out[static LEASE_OWNER_SIZE]);
/* Of a row with status "streaming".  Without a lease in it: after silence_ms since its creation. */
bool lease_expired(const struct message *row, const char *self, int64_t now_ms, int64_t silence_ms);
bool lease_is_ours(const struct message *row, const char *self);

#endif
