/*
 * when_fuzz.c - time expressions: whatever the question, its time is well formed, and said the same twice.  The first two bytes turn the
 * clock by hours around the conference, the rest is the question.
 */
#include "fuzz.h"
#include <string.h>
#include "base/check.h"
#include "base/json.h"
#include "base/utf8.h"
#include "search/when.h"

#define CONFERENCE_START 1774652400 /* 2026-03-28 in Brussels; clocks change in its second night */

static void add(struct snapshot *s, enum entity type, const char *line)
{
	struct record *list = arena_array(s->arena, struct record, s->n[type] + 1);
	struct json_object *json = NULL;

	POST(list && json_parse(line, strlen(line), &json, NULL) == 0);
	if (s->n[type])
		memcpy(list, s->records[type], s->n[type] * sizeof *list);
	POST(record_parse(type, json, s->arena, NULL, NULL, &list[s->n[type]], NULL) == 0);
	json_object_put(json);
	s->records[type] = list;
	s->n[type]++;
}

static const struct catalog *programme(void)
{
	static struct catalog *c;
	static const char *const sessions[] = {
		"{\"id\":\"s1\",\"title\":\"Opening\",\"start_time\":\"2026-03-28T08:00:00Z\","
		"\"end_time\":\"2026-03-28T08:30:00Z\"}",
		"{\"id\":\"s2\",\"title\":\"Lunch\",\"session_type\":\"break\",\"start_time\":"
		"\"2026-03-28T11:30:00Z\",\"end_time\":\"2026-03-28T12:30:00Z\"}",
		"{\"id\":\"s3\",\"title\":\"Maps in your "
		"pocket\",\"start_time\":\"2026-03-28T13:00:00Z\",\"end_time\":\"2026-03-28T14:00:"
		"00Z\",\"speaker_ids\":[\"p\"]}",
		"{\"id\":\"s4\",\"title\":\"The missing "
		"hour\",\"start_time\":\"2026-03-29T00:30:00Z\",\"end_time\":\"2026-03-29T01:30:"
		"00Z\"}",
		"{\"id\":\"s5\",\"title\":\"Heat from the "
		"river\",\"session_type\":\"keynote\",\"start_time\":\"2026-03-29T15:00:00Z\"}",
		"{\"id\":\"s6\",\"title\":\"Open hour\"}",
	};
	struct snapshot *s = c ? NULL : snapshot_create(16 << 20);

	if (c)
		return c;
	s->conference.id = "fuzz";
	s->conference.name = "Fuzz";
	s->conference.timezone = "Europe/Brussels";
	s->conference.start_date = "2026-03-28";
	s->conference.end_date = "2026-03-29";
	for (size_t i = 0; i < ARRAY_SIZE(sessions); i++)
		add(s, ENTITY_SESSION, sessions[i]);
	add(s, ENTITY_SPEAKER, "{\"id\":\"p\",\"name\":\"Ada Brandt\",\"session_ids\":[\"s3\"]}");
	s->epoch = 1;
	POST(snapshot_seal(s, NULL) == 0);
	POST(catalog_create(s, &c, NULL) == 0);
	snapshot_unref(s);
	return c;
}

static void check_spans(const struct when_span *spans, size_t n, size_t len)
{
	for (size_t i = 0; i < n; i++) {
		POST(spans[i].from < spans[i].to && spans[i].to <= len);
		POST(!i || spans[i].from >= spans[i - 1].to);
	}
}

static void check_windows(const struct when *w)
{
	int64_t last = INT64_MIN;

	POST(w->n_windows != 1 && w->n_windows <= WHEN_MAX_WINDOWS);
	for (size_t i = 0; i < w->n_windows; i++) {
		POST(w->windows[i].from <= w->windows[i].to);
		POST(!i || w->windows[i].from >= w->windows[i - 1].from);
		last = w->windows[i].to > last ? w->windows[i].to : last;
	}
	POST(!w->n_windows || w->from <= w->windows[0].from);
	POST(!w->n_windows || w->to == last);
}

static void check(const struct when *w, const char *folded)
{
	check_spans(w->spans, w->n_spans, strlen(folded));
	check_spans(w->names, w->n_names, strlen(folded));
	check_windows(w);
	POST(w->count <= 50);
	if (w->kind == WHEN_NONE) {
		POST(!w->n_windows && !w->explicit_day && !w->outside);
		return;
	}
	POST(!w->unclear || w->kind != WHEN_NOW);
	POST(w->n_spans && w->said && w->meant);
	POST(w->from == TIME_UNKNOWN || w->to == TIME_UNKNOWN || w->from <= w->to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena *arena = arena_create(16 << 20);
	_cleanup_free_ char *folded = NULL;
	struct when first, again;
	int64_t now;

	if (size < 2 || size > 4000)
		return 0;
	now = CONFERENCE_START + ((int)data[0] - 100) * 3600 + data[1] * 60;
	folded = utf8_fold((const char *)data + 2, size - 2);
	if (!folded)
		return 0;
	when_parse(programme(), folded, now, arena, &first);
	check(&first, folded);
	when_parse(programme(), folded, now, arena, &again);
	POST(first.kind == again.kind && first.from == again.from && first.to == again.to &&
	     first.n_windows == again.n_windows && first.unclear == again.unclear);
	return 0;
}
