/*
 * test_http_tls.c - a server nobody vouches for is not talked to.
 */
#include "http_world.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>

/* A certificate for 127.0.0.1 that is signed by itself. */
static SSL_CTX *make_server(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);

	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"127.0.0.1", -1,
				   -1, 0);
	X509_set_issuer_name(cert, name);
	X509_sign(cert, key, EVP_sha256());
	SSL_CTX_use_certificate(ctx, cert);
	SSL_CTX_use_PrivateKey(ctx, key);
	X509_free(cert);
	EVP_PKEY_free(key);
	return ctx;
}

struct tls {
	SSL_CTX *ctx;
	atomic_int shaken, heard;
};

static void serve_tls(struct peer *p, int fd, int n, void *arg)
{
	struct tls *tls = arg;
	SSL *ssl = SSL_new(tls->ctx);
	char byte;

	(void)p;
	(void)n;
	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1) {
		atomic_fetch_add(&tls->shaken, 1);
		if (SSL_read(ssl, &byte, 1) == 1)
			atomic_fetch_add(&tls->heard, 1);
	}
	SSL_free(ssl);
	ERR_clear_error();
}

static void test_an_unknown_certificate(void **state)
{
	static const struct http_header secret[] = { { "Authorization", "Bearer hidden" } };
	struct tls tls = { .ctx = make_server() };
	struct peer *p = peer_start(serve_tls, &tls);
	struct call c;

	call_init(&c, *state, peer_port(p), "/");
	snprintf(c.url, sizeof(c.url), "https://127.0.0.1:%d/?key=hidden", peer_port(p));
	c.rq.headers = secret;
	c.rq.n_headers = 1;
	call_run(&c);
	assert_int_equal(c.flow.status, ASSISTANT_EUNAVAILABLE);
	assert_says(&c, "127.0.0.1:");
	assert_says(&c, "certificate");
	assert_null(strstr(c.flow.fail.text, "hidden"));
	peer_stop(p);
	assert_int_equal(atomic_load(&tls.heard), 0);
	SSL_CTX_free(tls.ctx);
}

static void test_no_tls_at_all(void **state)
{
	struct peer *p = peer_start(echo, NULL);
	struct call c;

	call_init(&c, *state, peer_port(p), "/");
	snprintf(c.url, sizeof(c.url), "https://127.0.0.1:%d/", peer_port(p));
	c.rq.timeout_ms = 500; /* the peer waits for the end of a request's head */
	call_run(&c);
	assert_true(c.flow.status == ASSISTANT_EUNAVAILABLE || c.flow.status == ASSISTANT_ETIMEOUT);
	peer_stop(p);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_an_unknown_certificate),
		T(test_no_tls_at_all),
	};

	signal(SIGPIPE, SIG_IGN); /* for the peer's side */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
