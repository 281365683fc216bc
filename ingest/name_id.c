/*
 * name_id.c - UUIDv5.
 */
#include "name_id.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The namespace of ids made here; it never changes. */
static const unsigned char namespace[16] = { 0x6d, 0x1e, 0x57, 0x0c, 0x92, 0x4b, 0x4f, 0x3a,
					     0xb5, 0x20, 0x8e, 0x4c, 0x61, 0xd3, 0x7a, 0x15 };

/* Behind a line end: the words, lower case as far as ASCII goes, blanks at both ends cut off. */
static size_t add_words(unsigned char *to, const char *words)
{
	size_t n, len;

	words += strspn(words, " \t\r\n");
	len = strlen(words);
	while (len && strchr(" \t\r\n", words[len - 1]))
		len--;
	*to++ = '\n';
	for (n = 0; n < len; n++)
		to[n] = (unsigned char)tolower((unsigned char)words[n]);
	return n + 1;
}

void name_id(const char *kind, const char *words, const char *detail, char out[static NAME_ID_SIZE])
{
	unsigned char *bytes, d[EVP_MAX_MD_SIZE] = { 0 };
	size_t n = sizeof(namespace), len = 0;

	bytes = malloc(n + strlen(kind) + strlen(words) + (detail ? strlen(detail) : 0) + 4);
	if (!bytes)
		abort();
	memcpy(bytes, namespace, n);
	n += add_words(bytes + n, kind);
	n += add_words(bytes + n, words);
	if (detail)
		n += add_words(bytes + n, detail);
	if (!EVP_Q_digest(NULL, "SHA1", NULL, bytes, n, d, &len))
		abort();
	free(bytes);
	d[6] = (unsigned char)((d[6] & 0x0F) | 0x50);
	d[8] = (unsigned char)((d[8] & 0x3F) | 0x80);
	snprintf(out, NAME_ID_SIZE,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", d[0], d[1],
		 d[2], d[3], d[4], d[5], d[6], d[7], d[8], d[9], d[10], d[11], d[12], d[13], d[14],
		 d[15]);
}
