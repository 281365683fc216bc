/*
 * address.c - addresses as 16 bytes, so that one comparison serves both families.
 */
#include "address.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t ipv4_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static bool is_ipv4(const struct address *a)
{
	return !memcmp(a->bytes, ipv4_prefix, sizeof(ipv4_prefix));
}

static bool parse_plain(const char *text, struct address *out)
{
	uint8_t four[4];

	if (inet_pton(AF_INET, text, four) == 1) {
		memcpy(out->bytes, ipv4_prefix, sizeof(ipv4_prefix));
		memcpy(out->bytes + sizeof(ipv4_prefix), four, sizeof(four));
		return true;
	}
	return inet_pton(AF_INET6, text, out->bytes) == 1;
}

bool address_parse(const char *text, size_t len, struct address *out)
{
	char copy[ADDRESS_TEXT + 10], *end;

	if (len >= sizeof(copy) || memchr(text, '\0', len))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (copy[0] == '[') {
		end = strchr(copy, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		*end = '\0';
		return inet_pton(AF_INET6, copy + 1, out->bytes) == 1;
	}
	end = strchr(copy, ':');
	if (end && !strchr(end + 1, ':'))
		*end = '\0';
	return parse_plain(copy, out);
}

void address_print(const struct address *a, char out[ADDRESS_TEXT])
{
	if (is_ipv4(a))
		inet_ntop(AF_INET, a->bytes + 12, out, ADDRESS_TEXT);
	else
		inet_ntop(AF_INET6, a->bytes, out, ADDRESS_TEXT);
}

void address_print_short(const struct address *a, char out[ADDRESS_TEXT])
{
	struct address cut = *a;

	if (is_ipv4(a))
		cut.bytes[15] = 0;
	else
		memset(cut.bytes + 6, 0, 10);
	address_print(&cut, out);
}

/* The number of bits behind a slash, or -1. */
static int parse_bits(const char *text, size_t len, int max)
{
	int bits = 0;

	if (len < 1 || len > 3)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		bits = bits * 10 + (text[i] - '0');
	}
	return bits <= max ? bits : -1;
}

static bool network_parse(const char *text, size_t len, struct network *out)
{
	const char *slash = memchr(text, '/', len);
	size_t n = slash ? (size_t)(slash - text) : len;
	bool four = memchr(text, '.', n) != NULL;
	int bits;

	if (!address_parse(text, n, &out->address))
		return false;
	out->bits = 128;
	if (!slash)
		return true;
	bits = parse_bits(slash + 1, len - n - 1, four ? 32 : 128);
	out->bits = four ? bits + 96 : bits;
	return bits >= 0;
}

bool networks_parse(const char *text, struct networks *out)
{
	out->n = 0;
	for (;;) {
		size_t len;

		text += strspn(text, ", \t");
		len = strcspn(text, ", \t");
		if (!len)
			return true;
		if (out->n == MAX_NETWORKS || !network_parse(text, len, &out->list[out->n]))
			return false;
		out->n++;
		text += len;
	}
}

static bool network_contains(const struct network *n, const struct address *a)
{
	int whole = n->bits / 8, rest = n->bits % 8;

	if (memcmp(n->address.bytes, a->bytes, (size_t)whole) != 0)
		return false;
	return !rest || !((n->address.bytes[whole] ^ a->bytes[whole]) >> (8 - rest));
}

bool networks_contain(const struct networks *n, const struct address *a)
{
	for (int i = 0; i < n->n; i++)
		if (network_contains(&n->list[i], a))
			return true;
	return false;
}

void address_of_client(const struct address *peer, const char *forwarded,
		       const struct networks *trusted, struct address *out)
{
	size_t end = forwarded ? strlen(forwarded) : 0;

	*out = *peer;
	while (end > 0 && networks_contain(trusted, out)) {
		size_t start, from, to;

		for (start = end; start > 0 && forwarded[start - 1] != ',';)
			start--;
		for (from = start; from < end && strchr(" \t", forwarded[from]);)
			from++;
		for (to = end; to > from && strchr(" \t", forwarded[to - 1]);)
			to--;
		if (!address_parse(forwarded + from, to - from, out)) {
			/* What stands there is no address: the last one believed asked. */
			return;
		}
		end = start > 0 ? start - 1 : 0;
	}
}
