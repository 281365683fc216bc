/*
 * hash.h - digests (OpenSSL), short hashes, UUIDs.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UUID_SIZE	37 /* text with NUL */
#define SHA256_HEX_SIZE 65

#define SHA256_SIZE 32

void sha256(const void *data, size_t len, uint8_t out[static SHA256_SIZE]);
void sha256_hex(const void *data, size_t len, char out[static SHA256_HEX_SIZE]);
/* Of a whole file, read from its beginning wherever fd stands.  0, or ASSISTANT_EUNAVAILABLE (it cannot be read) or ENOMEM. */
int sha256_file_hex(int fd, char out[static SHA256_HEX_SIZE]);
/* HMAC-SHA-256, hex. */
void hmac_sha256_hex(const char *key, const void *data, size_t len,
		     char out[static SHA256_HEX_SIZE]);
/* FNV-1a 64: stable across processes; for files and shards, not against an adversary. */
uint64_t hash_stable(const void *data, size_t len);

/* Canonical 8-4-4-4-12 hexadecimal text, any case, any version. */
bool uuid_valid(const char *s);
/* Lower-cases a valid UUID into out. */
void uuid_normalise(const char *s, char out[static UUID_SIZE]);
void uuid_random(char out[static UUID_SIZE]); /* version 4 */
/* RFC 9562 version 5: SHA-1 of namespace and name.  ns: a valid UUID. */
void uuid_v5(const char *ns, const char *name, char out[static UUID_SIZE]);
/* The namespace of every id this product derives; the reply's id is uuid_v5(UUID_NS_ERLEAH,
 * message_id). */
#define UUID_NS_ERLEAH "6ed9bd1c-5d0b-5b2c-9d07-6a3a60b0d5a1"

void random_bytes(void *out, size_t len);
void random_hex(char *out, size_t n_bytes); /* writes 2 * n_bytes digits and a NUL */
/* Constant time; false when lengths differ. */
bool secret_equal(const char *a, const char *b);

/* Standard alphabet with padding.  *out malloc()ed. */
char *base64_encode(const void *data, size_t len);
/* Strict.  0 or ASSISTANT_EINVAL; *out malloc()ed. */
int base64_decode(const char *text, size_t len, void **out, size_t *out_len);

#endif
