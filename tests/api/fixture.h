/*
 * fixture.h - an assistant on a folder of its own, through the public header alone.
 */
#ifndef API_FIXTURE_H
#define API_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <assistant/testing.h>
#include <json-c/json.h>

#define TIDEWATER "55697319-bc72-566a-ad7a-bf2e4c60bc4e"
#define NOW	  "2027-05-20T09:00:00+02:00" /* what the assistant's clock says */
#define WAIT_MS	  20000

struct fixture {
	assistant_config *config;
	assistant *a;
	assistant_fake_store *rows; /* of replies.h, or NULL */
	char directory[64];
	int n; /* ids made */
};

/* cmocka setup: a folder and a configuration; with the example conference in an open assistant. */
int fixture_empty(void **state);
int fixture_loaded(void **state);
int fixture_teardown(void **state);

void fixture_set(struct fixture *fx, const char *name, const char *value);
void fixture_open(struct fixture *fx);
/* Fails the test with the sentence when r is not 0. */
void fixture_ok(int r, const assistant_error *err);
/* The value at "key.key" as text, "" when absent; lasts as long as o. */
const char *fixture_text(struct json_object *o, const char *path);
struct json_object *fixture_at(struct json_object *o, const char *path);
/* Parses what the library answered and gives it back to it. */
struct json_object *fixture_take(char *text);
char *fixture_read_file(const char *path);

#endif
