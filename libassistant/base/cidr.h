/*
 * cidr.h - lists of IPv4 and IPv6 networks: "10.0.0.0/8, 2001:db8::/32, 192.0.2.7".
 * Immutable; an IPv4-mapped IPv6 address counts as IPv4.
 */
#ifndef BASE_CIDR_H
#define BASE_CIDR_H

#include <stdbool.h>
#include "base/fail.h"

struct cidr_list;

/* Separated by commas or blanks; "" is an empty list.  EINVAL names the entry. */
int cidr_list_parse(const char *text, struct cidr_list **out, struct fail *f);
void cidr_list_free(struct cidr_list *l);
bool cidr_list_has(const struct cidr_list *l, const char *address);

#endif
