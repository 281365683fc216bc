/*
 * hash.c - digests over OpenSSL's EVP, ids and random bytes, Base64.
 */
#include "base/hash.h"
#include <assistant.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "base/check.h"
#include "base/clean.h"

static void to_hex(const unsigned char *bytes, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * n] = '\0';
}

void sha256(const void *data, size_t len, uint8_t out[static SHA256_SIZE])
{
	if (!EVP_Digest(data, len, out, NULL, EVP_sha256(), NULL))
		IMPOSSIBLE("SHA-256 is not available");
}

void sha256_hex(const void *data, size_t len, char out[static SHA256_HEX_SIZE])
{
	unsigned char digest[SHA256_SIZE];

	sha256(data, len, digest);
	to_hex(digest, sizeof(digest), out);
}

static int digest_file(EVP_MD_CTX *ctx, int fd, void *buffer, size_t size)
{
	off_t at = 0;

	for (;;) {
		ssize_t n = pread(fd, buffer, size, at);

		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || !EVP_DigestUpdate(ctx, buffer, (size_t)n))
			return ASSISTANT_EUNAVAILABLE;
		at += n;
	}
}

int sha256_file_hex(int fd, char out[static SHA256_HEX_SIZE])
{
	const size_t size = 256 << 10;
	_cleanup_free_ void *buffer = malloc(size);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char digest[32];
	int r = ASSISTANT_ENOMEM;

	if (buffer && ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL))
		r = digest_file(ctx, fd, buffer, size);
	if (r == 0 && !EVP_DigestFinal_ex(ctx, digest, NULL))
		IMPOSSIBLE("SHA-256 is not available");
	EVP_MD_CTX_free(ctx);
	if (r == 0)
		to_hex(digest, sizeof(digest), out);
	return r;
}

void hmac_sha256_hex(const char *key, const void *data, size_t len,
		     char out[static SHA256_HEX_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (!HMAC(EVP_sha256(), key, (int)strlen(key), data, len, digest, &n) || n != 32)
		IMPOSSIBLE("HMAC-SHA-256 is not available");
	to_hex(digest, n, out);
}

uint64_t hash_stable(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool uuid_valid(const char *s)
{
	if (!s)
		return false;
	for (int i = 0; i < UUID_SIZE - 1; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' : hex_value(s[i]) < 0)
			return false;
	}
	return !s[UUID_SIZE - 1];
}

void uuid_normalise(const char *s, char out[static UUID_SIZE])
{
	PRE(uuid_valid(s));
	for (int i = 0; i < UUID_SIZE; i++)
		out[i] = s[i] >= 'A' && s[i] <= 'F' ? (char)(s[i] - 'A' + 'a') : s[i];
}

/* Stamps version and variant, writes the text. */
static void uuid_text(unsigned char b[16], unsigned version, char out[static UUID_SIZE])
{
	char hex[33];
	size_t at = 0;

	b[6] = (unsigned char)((b[6] & 0x0f) | version << 4);
	b[8] = (b[8] & 0x3f) | 0x80;
	to_hex(b, 16, hex);
	for (size_t i = 0; i < 32; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			out[at++] = '-';
		out[at++] = hex[i];
	}
	out[at] = '\0';
}

void uuid_random(char out[static UUID_SIZE])
{
	unsigned char b[16];

	random_bytes(b, sizeof(b));
	uuid_text(b, 4, out);
}

void uuid_v5(const char *ns, const char *name, char out[static UUID_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE], space[16];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = 0;

	PRE(uuid_valid(ns));
	for (const char *p = ns; *p; p++) {
		if (*p == '-')
			continue;
		space[n++] = (unsigned char)(hex_value(p[0]) << 4 | hex_value(p[1]));
		p++;
	}
	if (!ctx || !EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) ||
	    !EVP_DigestUpdate(ctx, space, sizeof(space)) ||
	    !EVP_DigestUpdate(ctx, name, strlen(name)) || !EVP_DigestFinal_ex(ctx, digest, NULL))
		IMPOSSIBLE("SHA-1 is not available");
	EVP_MD_CTX_free(ctx);
	uuid_text(digest, 5, out);
}

void random_bytes(void *out, size_t len)
{
	unsigned char *p = out;

	while (len) {
		ssize_t n = getrandom(p, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			IMPOSSIBLE("the kernel has no random bytes");
		p += n;
		len -= (size_t)n;
	}
}

void random_hex(char *out, size_t n_bytes)
{
	unsigned char chunk[32];

	for (size_t done = 0; done < n_bytes;) {
		size_t n = n_bytes - done < sizeof(chunk) ? n_bytes - done : sizeof(chunk);

		random_bytes(chunk, n);
		to_hex(chunk, n, out + 2 * done);
		done += n;
	}
	out[2 * n_bytes] = '\0';
}

bool secret_equal(const char *a, const char *b)
{
	size_t n = strlen(a);

	return n == strlen(b) && CRYPTO_memcmp(a, b, n) == 0;
}

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const void *data, size_t len)
{
	const unsigned char *p = data;
	char *out, *o;

	if (len > SIZE_MAX / 2)
		return NULL;
	o = out = malloc((len + 2) / 3 * 4 + 1);
	if (!out)
		return NULL;
	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i;
		unsigned bits = (unsigned)p[i] << 16 | (n > 1 ? (unsigned)p[i + 1] << 8 : 0) |
				(n > 2 ? p[i + 2] : 0);

		*o++ = base64_digits[bits >> 18];
		*o++ = base64_digits[bits >> 12 & 63];
		*o++ = n > 1 ? base64_digits[bits >> 6 & 63] : '=';
		*o++ = n > 2 ? base64_digits[bits & 63] : '=';
	}
	*o = '\0';
	return out;
}

static int base64_value(char c)
{
	const char *at = c ? strchr(base64_digits, c) : NULL;

	return at ? (int)(at - base64_digits) : -1;
}

/* Four digits to up to three bytes; the number of bytes or -1.  Only the last group may be padded,
 * and the bits that padding hides must be zero: one text per value. */
static int base64_group(const char *s, bool last, unsigned char out[3])
{
	int pad = last ? (s[3] == '=') + (s[3] == '=' && s[2] == '=') : 0;
	unsigned bits = 0;

	for (int i = 0; i < 4; i++) {
		int v = i < 4 - pad ? base64_value(s[i]) : 0;

		if (v < 0)
			return -1;
		bits = bits << 6 | (unsigned)v;
	}
	if ((pad == 1 && bits & 0xff) || (pad == 2 && bits & 0xffff))
		return -1;
	out[0] = (unsigned char)(bits >> 16);
	out[1] = (unsigned char)(bits >> 8);
	out[2] = (unsigned char)bits;
	return 3 - pad;
}

int base64_decode(const char *text, size_t len, void **out, size_t *out_len)
{
	unsigned char *bytes;
	size_t n = 0;

	if (len % 4)
		return ASSISTANT_EINVAL;
	bytes = malloc(len / 4 * 3 + 1);
	if (!bytes)
		return ASSISTANT_ENOMEM;
	for (size_t i = 0; i < len; i += 4) {
		unsigned char three[3];
		int got = base64_group(text + i, i + 4 == len, three);

		if (got < 0) {
			free(bytes);
			return ASSISTANT_EINVAL;
		}
		memcpy(bytes + n, three, (size_t)got);
		n += (size_t)got;
	}
	bytes[n] = '\0'; /* a convenience for text; not counted */
	*out = bytes;
	*out_len = n;
	return 0;
}
