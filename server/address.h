/*
 * address.h - who is asking: addresses, networks, and X-Forwarded-For where a proxy is trusted.
 */
#ifndef SERVER_ADDRESS_H
#define SERVER_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADDRESS_TEXT 46 /* INET6_ADDRSTRLEN */

/* IPv6, or IPv4 as ::ffff:a.b.c.d */
struct address {
	uint8_t bytes[16];
};

struct network {
	struct address address;
	int bits; /* of the 128 */
};

#define MAX_NETWORKS 64
struct networks {
	struct network list[MAX_NETWORKS];
	int n;
};

/* "192.0.2.1", "2001:db8::1"; also with a port: "192.0.2.1:80", "[2001:db8::1]:80". */
bool address_parse(const char *text, size_t len, struct address *out);
void address_print(const struct address *a, char out[ADDRESS_TEXT]);
/* For logs: the last 8 bits of an IPv4, the last 80 of an IPv6 address are zero. */
void address_print_short(const struct address *a, char out[ADDRESS_TEXT]);
/* Addresses and networks in CIDR form, separated by commas or spaces.  false: one of them is none. */
bool networks_parse(const char *text, struct networks *out);
bool networks_contain(const struct networks *n, const struct address *a);

/*
 * The visitor's address.  forwarded (NULL: none) holds the values of X-Forwarded-For in order: from the right,
 * entries are believed as long as the one who added them is in `trusted`.
 */
void address_of_client(const struct address *peer, const char *forwarded,
		       const struct networks *trusted, struct address *out);

#endif
