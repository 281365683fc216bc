/*
 * record.c - from JSON to struct record and struct conference.
 */
#include "store/record.h"
#include <string.h>
#include "base/clock.h"
#include "store/record_check.h"

static const struct {
	const char *one, *many;
} names[ENTITY_COUNT] = {
	[ENTITY_SESSION] = { "session", "sessions" },
	[ENTITY_EXHIBITOR] = { "exhibitor", "exhibitors" },
	[ENTITY_SPEAKER] = { "speaker", "speakers" },
};

const char *entity_name(enum entity e)
{
	return names[e].one;
}

const char *entity_plural(enum entity e)
{
	return names[e].many;
}

int entity_from(const char *s, enum entity *out)
{
	for (unsigned e = 0; e < ENTITY_COUNT; e++) {
		if (!strcmp(s, names[e].one) || !strcmp(s, names[e].many)) {
			*out = (enum entity)e;
			return 0;
		}
	}
	return ASSISTANT_EINVAL;
}

static const char *const session_facets[] = {
	"topic",
	"themes",
	"category",
	"learning_outcomes",
	"takeaways",
	"skills_gained",
	"target_audience",
	"experience_level",
	"ideal_attendee",
	"industries",
	"case_study_industries",
	"practical_skills",
	"examples",
	"format",
	"speaker_expertise",
	"speaker_background",
	NULL,
};
static const char *const exhibitor_facets[] = {
	"services",
	"value_proposition",
	"target_audience",
	"ideal_customer",
	"use_cases",
	"technologies",
	"specializations",
	"experience_areas",
	"industries",
	"verticals",
	"demos",
	"topics",
	"booth_activities",
	NULL,
};
static const char *const speaker_facets[] = {
	"expertise",
	"specializations",
	"background",
	"previous_roles",
	"topics",
	"audience_value",
	"takeaways",
	"interests",
	"discussion_topics",
	"open_to",
	NULL,
};

const char *const *record_facet_fields(enum entity type)
{
	static const char *const *const fields[ENTITY_COUNT] = {
		[ENTITY_SESSION] = session_facets,
		[ENTITY_EXHIBITOR] = exhibitor_facets,
		[ENTITY_SPEAKER] = speaker_facets,
	};

	return fields[type];
}

struct reader {
	struct check check;
	record_local_time *local;
	void *ctx;
	struct json_object *rewritten; /* a copy of the JSON with offsets, once one was needed */
};

#define A_TIME "a time such as 2026-01-31T10:30:00+01:00"

/* Writes the offset that the venue's time has into the copy that will be stored. */
static int write_offset(struct reader *rd, const char *key, int64_t local_s, int64_t unix_s)
{
	char text[TIME_TEXT_SIZE];
	char with_offset[TIME_TEXT_SIZE + 8];
	int64_t minutes = (local_s - unix_s) / 60;
	int64_t size = minutes < 0 ? -minutes : minutes;

	if (size > 24 * 60)
		return check_refuse(&rd->check, key, json_get(rd->check.json, key), A_TIME);
	if (!rd->rewritten && json_object_deep_copy(rd->check.json, &rd->rewritten, NULL) < 0)
		return check_out_of_memory(&rd->check);
	time_format_utc(local_s * 1000, text);
	snprintf(with_offset, sizeof(with_offset), "%.19s%c%02d:%02d", text,
		 minutes < 0 ? '-' : '+', (int)(size / 60), (int)(size % 60));
	json_set_string(rd->rewritten, key, with_offset);
	return 0;
}

static int read_time(struct reader *rd, const char *key, int64_t *out)
{
	struct json_object *value = json_get(rd->check.json, key);
	const char *s;
	int64_t ms, unix_s;
	bool has_offset;
	int r = check_line(&rd->check, key, &s);

	if (r < 0)
		return r;
	*out = TIME_UNKNOWN;
	if (!s)
		return 0;
	/* A bare day is no time of day: "T" or a blank must stand behind it. */
	if (strlen(s) <= 10 || time_parse(s, &ms, &has_offset) < 0)
		return check_refuse(&rd->check, key, value, A_TIME);
	unix_s = ms / 1000 - (ms % 1000 < 0);
	if (!has_offset) {
		int64_t local_s = unix_s;

		if (!rd->local)
			return check_refuse(&rd->check, key, value, A_TIME ", with its offset");
		r = rd->local(rd->ctx, local_s, &unix_s);
		if (r < 0)
			return check_refuse(&rd->check, key, value, A_TIME);
		r = write_offset(rd, key, local_s, unix_s);
		if (r < 0)
			return r;
	}
	*out = unix_s;
	return 0;
}

static int read_session(struct reader *rd, struct record *out)
{
	struct check *c = &rd->check;
	int r;

	if ((r = check_text(c, "description", &out->description)) < 0 ||
	    (r = check_url(c, "url", &out->url)) < 0 ||
	    (r = read_time(rd, "start_time", &out->start)) < 0 ||
	    (r = read_time(rd, "end_time", &out->end)) < 0 ||
	    (r = check_line(c, "location", &out->location)) < 0 ||
	    (r = check_line(c, "track", &out->track)) < 0 ||
	    (r = check_line(c, "session_type", &out->session_type)) < 0 ||
	    (r = check_line(c, "level", &out->level)) < 0 ||
	    (r = check_line(c, "language", &out->language)) < 0 ||
	    (r = check_line(c, "subtitle", &out->subtitle)) < 0 ||
	    (r = check_list(c, "speaker_ids", true, &out->speaker_ids)) < 0 ||
	    (r = check_list(c, "speaker_names", false, &out->speaker_names)) < 0)
		return r;
	if (out->end != TIME_UNKNOWN && out->start == TIME_UNKNOWN)
		return check_refuse(c, "end_time", json_get(c->json, "end_time"),
				    "an end only together with a start_time");
	if (out->end != TIME_UNKNOWN && out->end < out->start)
		return check_refuse(c, "end_time", json_get(c->json, "end_time"),
				    "a time that is not before start_time");
	return 0;
}

static int read_exhibitor(struct reader *rd, struct record *out)
{
	struct check *c = &rd->check;
	int r;

	if ((r = check_text(c, "description", &out->description)) < 0 ||
	    (r = check_url(c, "website", &out->url)) < 0 ||
	    (r = check_line(c, "booth_number", &out->booth)) < 0 ||
	    (r = check_line(c, "category", &out->category)) < 0 ||
	    (r = check_line(c, "tier", &out->tier)) < 0 ||
	    (r = check_line(c, "availability", &out->availability)) < 0 ||
	    (r = check_text_or_list(c, "products", &out->products)) < 0)
		return r;
	return out->url ? 0 : check_url(c, "url", &out->url);
}

static int read_speaker(struct reader *rd, struct record *out)
{
	struct check *c = &rd->check;
	int r;

	if ((r = check_text(c, "bio", &out->description)) < 0 ||
	    (r = check_url(c, "url", &out->url)) < 0 ||
	    (r = check_line(c, "title", &out->title)) < 0 ||
	    (r = check_line(c, "company", &out->company)) < 0 ||
	    (r = check_list(c, "session_ids", true, &out->session_ids)) < 0)
		return r;
	return 0;
}

/* What every record has, and that facet fields are texts. */
static int read_common(struct check *c, enum entity type, struct record *out)
{
	const char *key = type == ENTITY_SESSION ? "title" : "name";
	const char *const *facets = record_facet_fields(type);
	int r = check_id(c, "id", &out->id);

	if (r < 0)
		return r;
	if (!out->id)
		return check_refuse(c, "id", NULL, "text without blanks of up to 128 characters");
	c->name = out->id;
	r = check_line(c, key, &out->name);
	if (r < 0)
		return r;
	if (!out->name)
		return check_refuse(c, key, NULL, "text of one line, up to 500 characters");
	c->name = out->name;
	for (size_t i = 0; facets[i]; i++) {
		const char *ignored;

		r = check_text_or_list(c, facets[i], &ignored);
		if (r < 0)
			return r;
	}
	r = check_list(c, "tags", false, &out->tags);
	if (r < 0)
		return r;
	return check_all_strings(c);
}

static int keep_json(struct check *c, struct json_object *json, const char **out, size_t *out_len)
{
	_cleanup_free_ char *line = json_dump(json);

	if (!line)
		return FAIL(c->f, ASSISTANT_ENOMEM, "no memory for a %s", c->what);
	*out_len = strlen(line);
	if (*out_len > RECORD_MAX_JSON)
		return FAIL(c->f, ASSISTANT_EINVAL,
			    "%s \"%.60s\" takes %zu bytes; accepted are up to %d", c->what, c->name,
			    *out_len, RECORD_MAX_JSON);
	*out = arena_strndup(c->arena, line, *out_len);
	return *out ? 0 : check_out_of_memory(c);
}

int record_parse(enum entity type, struct json_object *json, struct arena *arena,
		 record_local_time *local, void *ctx, struct record *out, struct fail *f)
{
	static const char *const none[] = { NULL };
	static int (*const read[ENTITY_COUNT])(struct reader *, struct record *) = {
		[ENTITY_SESSION] = read_session,
		[ENTITY_EXHIBITOR] = read_exhibitor,
		[ENTITY_SPEAKER] = read_speaker,
	};
	struct reader rd = {
		.check = { .what = entity_name(type), .json = json, .arena = arena, .f = f },
		.local = local,
		.ctx = ctx,
	};
	struct record made = {
		.type = type,
		.start = TIME_UNKNOWN,
		.end = TIME_UNKNOWN,
		.speaker_ids = none,
		.speaker_names = none,
		.session_ids = none,
	};
	int r;

	if (!json_object_is_type(json, json_type_object))
		return FAIL(f, ASSISTANT_EINVAL, "%s: a record is a JSON object",
			    entity_name(type));
	r = read_common(&rd.check, type, &made);
	if (r == 0)
		r = read[type](&rd, &made);
	if (r == 0)
		r = keep_json(&rd.check, rd.rewritten ? rd.rewritten : json, &made.json,
			      &made.json_len);
	json_object_put(rd.rewritten);
	if (r < 0)
		return r;
	*out = made;
	return 0;
}

const struct info_page *conference_page(const struct conference *c, const char *key)
{
	for (size_t i = 0; i < c->n_info; i++)
		if (strcmp(c->info[i].key, key) == 0)
			return &c->info[i];
	return NULL;
}
