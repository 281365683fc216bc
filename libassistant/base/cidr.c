/*
 * cidr.c - networks as 128-bit prefixes.
 */
#include "base/cidr.h"

#include <arpa/inet.h>
#include <string.h>

#define CIDR_MAX 256

struct network {
	unsigned char address[16];
	int bits;
};

struct cidr_list {
	size_t n;
	struct network networks[];
};

/* IPv4 becomes ::ffff:a.b.c.d.  Returns the number of bits before the address proper, or -1. */
static int parse_address(const char *text, unsigned char out[16])
{
	memset(out, 0, 16);
	if (inet_pton(AF_INET, text, out + 12) == 1) {
		out[10] = out[11] = 0xff;
		return 96;
	}
	return inet_pton(AF_INET6, text, out) == 1 ? 0 : -1;
}

static int parse_network(char *entry, struct network *out, struct fail *f)
{
	char *slash = strchr(entry, '/'), *end = NULL;
	int before;
	long bits;

	if (slash)
		*slash++ = '\0';
	before = parse_address(entry, out->address);
	bits = slash ? strtol(slash, &end, 10) : 128 - (before < 0 ? 0 : before);
	if (before < 0 || bits < 0 || bits > 128 - before || (slash && (!*slash || *end)))
		return FAIL(f, ASSISTANT_EINVAL,
			    "\"%s\" is not a network; accepted are addresses and networks such as "
			    "10.0.0.0/8 or 2001:db8::/32.",
			    entry);
	out->bits = before + (int)bits;
	return 0;
}

int cidr_list_parse(const char *text, struct cidr_list **out, struct fail *f)
{
	_cleanup_free_ char *copy = strdup(text);
	struct cidr_list *l = calloc(1, sizeof(*l) + CIDR_MAX * sizeof(struct network));
	char *rest = copy, *entry;

	if (!copy || !l) {
		free(l);
		return FAIL(f, ASSISTANT_ENOMEM, "Out of memory.");
	}
	while ((entry = strsep(&rest, ", \t"))) {
		int r = 0;

		if (!*entry)
			continue;
		if (l->n == CIDR_MAX)
			r = FAIL(f, ASSISTANT_ETOOLARGE, "At most %d networks are accepted.",
				 CIDR_MAX);
		if (!r)
			r = parse_network(entry, &l->networks[l->n], f);
		if (r < 0) {
			free(l);
			return r;
		}
		l->n++;
	}
	*out = l;
	return 0;
}

void cidr_list_free(struct cidr_list *l)
{
	free(l);
}

static bool matches(const struct network *n, const unsigned char address[16])
{
	int whole = n->bits / 8, rest = n->bits % 8;
	unsigned char mask = (unsigned char)(0xff << (8 - rest));

	if (memcmp(n->address, address, (size_t)whole) != 0)
		return false;
	return !rest || ((n->address[whole] ^ address[whole]) & mask) == 0;
}

bool cidr_list_has(const struct cidr_list *l, const char *address)
{
	unsigned char parsed[16];

	if (!l || parse_address(address, parsed) < 0)
		return false;
	for (size_t i = 0; i < l->n; i++)
		if (matches(&l->networks[i], parsed))
			return true;
	return false;
}
