/*
 * lease.c - reading leases.
 */
#include "agent/lease.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"

static void pid_namespace(char *out, size_t size)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) < 0)
		st.st_ino = 0;
	snprintf(out, size, "%llu", (unsigned long long)st.st_ino);
}

void lease_owner_make(char out[static LEASE_OWNER_SIZE])
{
	char host[65] = "", ns[24], nonce[17];

	gethostname(host, sizeof(host) - 1);
	for (char *c = host; *c; c++)
		if (*c == '/')
			*c = '-';
	pid_namespace(ns, sizeof(ns));
	random_hex(nonce, 8);
	snprintf(out, LEASE_OWNER_SIZE, "%s/%s/%ld/%s", host, ns, (long)getpid(), nonce);
}

/* Splits at the last two slashes: machine "host/ns", pid. */
static bool split(const char *owner, size_t *machine_len, long *pid)
{
	const char *nonce = strrchr(owner, '/'), *p;

	if (!nonce)
		return false;
	p = memrchr(owner, '/', (size_t)(nonce - owner));
	if (!p)
		return false;
	*machine_len = (size_t)(p - owner);
	*pid = strtol(p + 1, NULL, 10);
	return *pid > 0;
}

static bool owner_is_gone(const char *owner, const char *self)
{
	size_t theirs, ours;
	long their_pid, our_pid;

	if (!strcmp(owner, self) || !split(owner, &theirs, &their_pid) ||
	    !split(self, &ours, &our_pid))
		return false;
	if (theirs != ours || memcmp(owner, self, ours) != 0)
		return false;
	if (their_pid == our_pid)
		return strrchr(owner, '/') && strcmp(strrchr(owner, '/'), strrchr(self, '/')) != 0;
	return kill((pid_t)their_pid, 0) < 0 && errno == ESRCH;
}

bool lease_expired(const struct message *row, const char *self, int64_t now_ms, int64_t silence_ms)
{
	_cleanup_json_ struct json_object *o = NULL;
	const char *until, *owner;
	int64_t until_ms;
	bool has_offset;

	if (row->metadata)
		json_parse(row->metadata, strlen(row->metadata), &o, NULL);
	until = json_get_string(o, "lease_until");
	owner = json_get_string(o, "lease_owner");
	if (!until || time_parse(until, &until_ms, &has_offset) < 0)
		return now_ms - row->date_created_ms > silence_ms;
	return now_ms > until_ms || (owner && owner_is_gone(owner, self));
}

bool lease_is_ours(const struct message *row, const char *self)
{
	_cleanup_json_ struct json_object *o = NULL;

	if (row->metadata)
		json_parse(row->metadata, strlen(row->metadata), &o, NULL);
	return !strcmp(json_text(o, "lease_owner"), self);
}
