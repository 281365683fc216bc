/*
 * index_suite_data.c - the conferences that the suite asks about, and what its tests stand on.
 */
#include "index_suite_parts.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>
#include "base/json.h"

static struct suite_target *target;

void suite_target_set(struct suite_target *t)
{
	target = t;
}

/* --- A conference ----------------------------------------------------------------- */

static const char *const sessions[] = {
	"{\"id\":\"s1\",\"title\":\"Running Kubernetes at the edge\",\"description\":\"Small "
	"clusters, "
	"node.js functions and a gentle "
	"introduction.\",\"track\":\"Cloud\",\"session_type\":\"Talk\","
	"\"level\":\"Beginner\",\"language\":\"en\",\"location\":\"Janson\","
	"\"start_time\":\"2026-01-31T10:00:00+01:00\",\"end_time\":\"2026-01-31T11:00:00+01:00\","
	"\"speaker_ids\":[\"p1\"],\"speaker_names\":[\"Ildikó Vánčsa\"]}",
	"{\"id\":\"s2\",\"title\":\"Modern C++ for embedded devices\",\"description\":\"Templates "
	"without "
	"tears; runs on Kubernetes too.\",\"track\":\"Embedded\",\"session_type\":\"Talk\","
	"\"level\":\"Advanced\",\"language\":\"en\",\"location\":\"K.1.105 (La Fontaine)\","
	"\"start_time\":\"2026-01-31T11:00:00+01:00\",\"end_time\":\"2026-01-31T11:30:00+01:00\","
	"\"speaker_ids\":[\"p2\"],\"speaker_names\":[\"Bo Li\"],\"takeaways\":[\"allocation "
	"discipline\"]}",
	"{\"id\":\"s3\",\"title\":\"Lightning "
	"Talks\",\"track\":\"Main\",\"session_type\":\"Lightning\","
	"\"location\":\"Janson\",\"start_time\":\"2026-01-31T12:00:00+01:00\"}",
	"{\"id\":\"s4\",\"title\":\"Lightning "
	"Talks\",\"track\":\"Main\",\"session_type\":\"Lightning\","
	"\"location\":\"Janson\",\"start_time\":\"2026-02-01T12:00:00+01:00\","
	"\"end_time\":\"2026-02-01T13:00:00+01:00\"}",
	"{\"id\":\"s5\",\"title\":\"機械学習の入門\",\"description\":\"日本語のワークショップ\","
	"\"track\":\"AI\"}",
	"{\"id\":\"s6\",\"title\":\"To be or not to be\",\"description\":\"llama.cpp and 5G in "
	"PyPSA v1.0\","
	"\"track\":\"AI\",\"speaker_ids\":[\"p1\",\"p2\"],\"start_time\":\"2026-02-01T10:00:00+01:"
	"00\","
	"\"end_time\":\"2026-02-01T10:30:00+01:00\"}",
};
static const char *const exhibitors[] = {
	"{\"id\":\"e1\",\"name\":\"OpenPrinting\",\"booth_number\":\"A12\",\"category\":"
	"\"Desktop\","
	"\"products\":[\"printer drivers\",\"CUPS\"]}",
	"{\"id\":\"e2\",\"name\":\"Wireshark "
	"Foundation\",\"booth_number\":\"B3\",\"category\":\"Network\","
	"\"description\":\"Look into packets.\"}",
};
static const char *const speakers[] = {
	"{\"id\":\"p1\",\"name\":\"Ildikó Vánčsa\",\"bio\":\"Leads "
	"communities.\",\"company\":\"Open Infra\","
	"\"session_ids\":[\"s1\",\"s6\"]}",
	"{\"id\":\"p2\",\"name\":\"Bo Li\",\"session_ids\":[\"s2\"]}",
};

void suite_fill(struct snapshot *s, enum entity type, const char *const *lines, size_t n)
{
	struct record *records = arena_array(s->arena, struct record, n + 1);
	struct fail f = FAIL_INIT;

	for (size_t i = 0; i < n; i++) {
		_cleanup_json_ struct json_object *json = NULL;

		if (json_parse(lines[i], strlen(lines[i]), &json, &f) < 0 ||
		    record_parse(type, json, s->arena, NULL, NULL, &records[i], &f) < 0)
			fail_msg("%s: %s", lines[i], f.text);
	}
	s->records[type] = records;
	s->n[type] = n;
}

struct snapshot *suite_begin(const char *id, uint64_t epoch)
{
	struct snapshot *s = snapshot_create(16 << 20);

	s->conference.id = arena_strdup(s->arena, id);
	s->conference.name = "Suite";
	s->epoch = epoch;
	return s;
}

struct snapshot *suite_seal(struct snapshot *s)
{
	struct fail f = FAIL_INIT;

	if (snapshot_seal(s, &f) < 0)
		fail_msg("%s", f.text);
	return s;
}

struct snapshot *suite_conference(const char *id, uint64_t epoch)
{
	struct snapshot *s = suite_begin(id, epoch);

	suite_fill(s, ENTITY_SESSION, sessions, ARRAY_SIZE(sessions));
	suite_fill(s, ENTITY_EXHIBITOR, exhibitors, ARRAY_SIZE(exhibitors));
	suite_fill(s, ENTITY_SPEAKER, speakers, ARRAY_SIZE(speakers));
	return suite_seal(s);
}

/* One record only, of another conference. */
struct snapshot *suite_other_conference(uint64_t epoch)
{
	static const char *const line[] = {
		"{\"id\":\"x1\",\"title\":\"Secret Kubernetes meeting\",\"track\":\"Cloud\"}",
	};
	struct snapshot *s = suite_begin(OTHER, epoch);

	suite_fill(s, ENTITY_SESSION, line, 1);
	return suite_seal(s);
}

/* --- Fixture ------------------------------------------------------------------------- */

void suite_put(struct suite_fixture *fx, struct snapshot *s)
{
	if (CALL(fx, build, s, NULL, NULL) < 0 || CALL(fx, use, s->conference.id, s->epoch) < 0)
		fail_msg("%s", call_fail()->text);
	snapshot_unref(s);
}

int suite_setup_empty(void **state)
{
	struct suite_fixture *fx = calloc(1, sizeof(*fx));

	fx->loop = loop_create();
	fx->arena = arena_create(16 << 20);
	*state = fx;
	return target->open(target, fx->loop, &fx->index);
}

int suite_setup(void **state)
{
	if (suite_setup_empty(state) < 0)
		return -1;
	suite_put(*state, suite_conference(ONE, 1));
	return 0;
}

int suite_teardown(void **state)
{
	struct suite_fixture *fx = *state;

	target->close(target, fx->loop, fx->index);
	loop_destroy(fx->loop);
	arena_destroy(fx->arena);
	free(fx);
	return 0;
}
