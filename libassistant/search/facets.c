/*
 * facets.c - see facets.h.  Which parts make which text stands in the functions make_*(), one per kind of record, and in the
 * table of recipes; facet_cues.def says which sentences of a running text belong to which facet.
 *
 * A model reads about 256 word pieces, some 1,100 bytes: what matters most comes first.
 */
#include "search/facets.h"
#include <string.h>
#include "search/facet_employers.h"
#include "search/facet_links.h"
#include "search/facet_text.h"

#define SCRATCH_MAX   (8u << 20)
#define MASTER_MAX    1100 /* bytes, as below */
#define TOPIC_MAX     700
#define SPEAKERS_MAX  800
#define SPEAKERS_TOLD 6
#define TITLES_MAX    450
#define SENTENCES     3

struct maker {
	const struct snapshot *s;
	const struct record *r;
	struct json_object *json;
	struct told told; /* description or bio */
	struct exhibitor_links links;
	struct arena *arena;   /* where the texts go */
	struct arena *scratch; /* until the record's are made */
	struct facet_parts parts;
	struct facet_text *out;
	size_t n;
};

/* --- one text ------------------------------------------------------------------ */

static struct facet_parts *begin(struct maker *m, size_t max)
{
	text_clear(&m->parts.text);
	m->parts.max = max;
	return &m->parts;
}

/* Nothing to say: no facet. */
static int end(struct maker *m, enum facet facet)
{
	const struct text *t = &m->parts.text;
	const char *copy;

	if (t->failed)
		return ASSISTANT_ENOMEM;
	if (t->len == 0)
		return 0;
	copy = arena_strndup(m->arena, t->data, t->len);
	if (!copy)
		return ASSISTANT_ENOMEM;
	m->out[m->n++] = (struct facet_text){ facet, copy };
	return 0;
}

/* keys: separated by blanks. */
static int add_fields(struct maker *m, struct json_object *json, const char *keys)
{
	char key[40];

	while (*keys) {
		size_t n = strcspn(keys, " ");
		int code;

		snprintf(key, sizeof(key), "%.*s", (int)n, keys);
		code = parts_add_field(&m->parts, json, key, m->scratch);
		if (code < 0)
			return code;
		keys += n + strspn(keys + n, " ");
	}
	return 0;
}

/* Facets that are fields and the sentences their cues find. */
static const struct recipe {
	enum facet facet;
	size_t max;
	const char *fields;
	const char *more; /* added only to what there is: alone they would say nothing */
} recipes[] = {
	{ FACET_LEARNING_OUTCOMES, 500, "learning_outcomes takeaways skills_gained", "" },
	{ FACET_TARGET_AUDIENCE, 400, "target_audience ideal_attendee experience_level level", "" },
	{ FACET_INDUSTRY_FOCUS, 350, "industries case_study_industries", "" },
	{ FACET_PRACTICAL_APPLICATIONS, 500, "practical_skills examples format", "" },
	{ FACET_PROBLEMS_WE_SOLVE, 500, "value_proposition", "" },
	{ FACET_WHO_WE_HELP, 400, "target_audience ideal_customer use_cases", "" },
	{ FACET_INDUSTRIES_WE_SERVE, 350, "industries verticals", "" },
	{ FACET_WHY_VISIT_US, 500, "demos booth_activities topics", "booth_number availability" },
	{ FACET_AUDIENCE_VALUE, 400, "audience_value takeaways", "" },
	{ FACET_CONNECT_WITH_ME, 400, "interests discussion_topics open_to", "" },
};

static int make_recipes(struct maker *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(recipes); i++) {
		const struct recipe *recipe = &recipes[i];
		struct facet_parts *p = begin(m, recipe->max);
		int code;

		if (facet_entity(recipe->facet) != m->r->type)
			continue;
		code = add_fields(m, m->json, recipe->fields);
		if (code < 0)
			return code;
		parts_add_cued(p, &m->told, recipe->facet, SENTENCES);
		if (p->text.len > 0)
			code = add_fields(m, m->json, recipe->more);
		if (code == 0)
			code = end(m, recipe->facet);
		if (code < 0)
			return code;
	}
	return 0;
}

/* --- sessions -------------------------------------------------------------------- */

static int make_session_master(struct maker *m)
{
	const struct record *r = m->r;
	struct facet_parts *p = begin(m, MASTER_MAX);

	parts_add(p, r->name);
	parts_add(p, r->subtitle);
	parts_add(p, r->track);
	parts_add_list(p, r->tags);
	parts_add_list(p, r->speaker_names);
	parts_add_start(p, &m->told);
	return end(m, FACET_MASTER);
}

static int make_session_topic(struct maker *m)
{
	const struct record *r = m->r;
	struct facet_parts *p = begin(m, TOPIC_MAX);
	int code;

	parts_add(p, r->name);
	parts_add(p, r->subtitle);
	parts_add(p, r->track);
	code = add_fields(m, m->json, "topic themes category");
	if (code < 0)
		return code;
	parts_add_list(p, r->tags);
	code = parts_add_telling(p, &m->told, r->name, 5, m->scratch);
	return code < 0 ? code : end(m, FACET_SESSION_TOPIC);
}

/* Name and what is known: a name alone tells nobody why. */
static int add_speaker(struct maker *m, const struct record *speaker, size_t max)
{
	struct facet_parts all = m->parts;
	_cleanup_json_ struct json_object *json = NULL;
	struct told told;
	int code = json_parse(speaker->json, speaker->json_len, &json, NULL);

	if (code == 0)
		code = told_read(&told, speaker->description, m->scratch);
	if (code < 0)
		return code;
	text_init(&m->parts.text, FACET_TEXT_MAX);
	m->parts.max = max;
	parts_add(&m->parts, speaker->title);
	parts_add(&m->parts, speaker->company);
	code = add_fields(m, json, "expertise specializations background");
	parts_add_cued(&m->parts, &told, FACET_SPEAKER_EXPERTISE, SENTENCES);
	parts_add_cued(&m->parts, &told, FACET_SPEAKER_BACKGROUND, SENTENCES);
	if (m->parts.text.len == 0)
		parts_add_start(&m->parts, &told);
	if (m->parts.text.len > 0) {
		parts_add(&all, speaker->name);
		parts_add(&all, m->parts.text.data);
	}
	all.text.failed = all.text.failed || m->parts.text.failed;
	text_finish(&m->parts.text);
	m->parts = all;
	return code;
}

static int make_session_speakers(struct maker *m)
{
	const struct record *r = m->r, *speakers[SPEAKERS_TOLD];
	size_t n = 0;
	int code;

	begin(m, SPEAKERS_MAX);
	for (size_t i = 0; r->speaker_ids[i] && n < SPEAKERS_TOLD; i++) {
		speakers[n] = snapshot_find(m->s, ENTITY_SPEAKER, r->speaker_ids[i]);
		n += speakers[n] != NULL;
	}
	code = add_fields(m, m->json, "speaker_expertise speaker_background");
	for (size_t i = 0; code == 0 && i < n; i++)
		code = add_speaker(m, speakers[i], SPEAKERS_MAX / n);
	return code < 0 ? code : end(m, FACET_SESSION_SPEAKERS);
}

static int make_session(struct maker *m)
{
	int code = make_session_master(m);

	if (code == 0)
		code = make_session_topic(m);
	if (code == 0)
		code = make_recipes(m);
	return code < 0 ? code : make_session_speakers(m);
}

/* --- exhibitors ------------------------------------------------------------------- */

static void add_links(struct maker *m)
{
	for (size_t i = 0; i < m->links.n; i++)
		parts_add(&m->parts, m->links.sessions[i]->name);
}

static int make_exhibitor_master(struct maker *m)
{
	const struct record *r = m->r;
	struct facet_parts *p = begin(m, MASTER_MAX);
	int code;

	parts_add(p, r->name);
	parts_add(p, r->category);
	parts_add_list(p, r->tags);
	code = add_fields(m, m->json, "products services");
	if (code < 0)
		return code;
	parts_add_start(p, &m->told);
	parts_add(p, m->links.is);
	code = add_fields(m, m->json, "value_proposition technologies");
	add_links(m); /* not the booth: the lexical side knows it, and its letters mean nothing */
	return code < 0 ? code : end(m, FACET_MASTER);
}

static int make_exhibitor(struct maker *m)
{
	const struct record *r = m->r;
	struct facet_parts *p;
	int code = exhibitor_links(m->s, r, m->scratch, &m->links);

	if (code == 0)
		code = make_exhibitor_master(m);
	if (code < 0)
		return code;
	p = begin(m, TOPIC_MAX);
	code = add_fields(m, m->json, "products services");
	if (code < 0)
		return code;
	parts_add_cued(p, &m->told, FACET_WHAT_WE_SELL, SENTENCES);
	if (p->text.len == 0)
		parts_add_start(p, &m->told);
	/* of many, their name and their category are all one knows */
	if (p->text.len == 0 && (r->category || m->links.is)) {
		parts_add(p, r->name);
		parts_add(p, m->links.is);
	}
	parts_add(p, r->category);
	code = end(m, FACET_WHAT_WE_SELL);
	if (code < 0)
		return code;
	p = begin(m, TOPIC_MAX);
	code = add_fields(m, m->json, "technologies specializations experience_areas");
	if (code < 0)
		return code;
	parts_add_cued(p, &m->told, FACET_OUR_EXPERTISE, SENTENCES);
	add_links(m);
	code = end(m, FACET_OUR_EXPERTISE);
	return code < 0 ? code : make_recipes(m);
}

/* --- speakers ---------------------------------------------------------------------- */

/* Titles, then tracks: what somebody speaks about here. */
static void add_talks(struct maker *m)
{
	for (int tracks = 0; tracks < 2; tracks++) {
		for (size_t i = 0; m->r->session_ids[i]; i++) {
			const struct record *session =
				snapshot_find(m->s, ENTITY_SESSION, m->r->session_ids[i]);

			if (session)
				parts_add(&m->parts, tracks ? session->track : session->name);
		}
	}
}

static int make_speaker_master(struct maker *m)
{
	const struct record *r = m->r;
	struct facet_parts *p = begin(m, TITLES_MAX);
	int code;

	parts_add(p, r->name);
	parts_add(p, r->title);
	parts_add(p, r->company);
	parts_add_list(p, r->tags);
	code = add_fields(m, m->json, "expertise topics");
	if (code < 0)
		return code;
	add_talks(m);
	p->max = MASTER_MAX;
	parts_add_start(p, &m->told);
	return end(m, FACET_MASTER);
}

/* "CERN, the world-leading particle physics laboratory" */
static int add_employer(struct maker *m, const char *name, const char *is)
{
	size_t size = strlen(name) + (is ? strlen(is) : 0) + 3;
	char *said = arena_alloc(m->scratch, size);

	if (!said)
		return ASSISTANT_ENOMEM;
	snprintf(said, size, is ? "%s, %s" : "%s", name, is);
	parts_add(&m->parts, said);
	return 0;
}

/* *n: how many beside the company. */
static int add_employers(struct maker *m, size_t *n)
{
	struct employer employers[EMPLOYERS_MAX];
	const char *company = m->r->company, *is = NULL;
	int code = speaker_employers(m->s, m->r, m->scratch, employers, n);

	if (code == 0 && company)
		code = employer_is(m->s, company, m->scratch, &is);
	if (code == 0 && company)
		code = add_employer(m, company, is);
	for (size_t i = 0; code == 0 && i < *n; i++)
		code = add_employer(m, employers[i].name, employers[i].is);
	return code;
}

/* Where organisations are named, no sentences: what these are would drown in the career around it, which the master tells. */
static int make_speaker_background(struct maker *m)
{
	struct facet_parts *p = begin(m, TOPIC_MAX);
	size_t n = 0;
	int code;

	parts_add(p, m->r->title);
	code = add_employers(m, &n);
	if (code == 0)
		code = add_fields(m, m->json, "background previous_roles");
	if (n == 0)
		parts_add_cued(p, &m->told, FACET_SPEAKER_BACKGROUND, SENTENCES);
	return code < 0 ? code : end(m, FACET_SPEAKER_BACKGROUND);
}

static int make_speaker(struct maker *m)
{
	struct facet_parts *p;
	int code = make_speaker_master(m);

	if (code < 0)
		return code;
	p = begin(m, TOPIC_MAX);
	code = add_fields(m, m->json, "expertise specializations");
	if (code < 0)
		return code;
	parts_add_cued(p, &m->told, FACET_SPEAKER_EXPERTISE, SENTENCES);
	if (p->text.len == 0)
		parts_add_start(p, &m->told);
	code = end(m, FACET_SPEAKER_EXPERTISE);
	if (code < 0)
		return code;
	code = make_speaker_background(m);
	if (code < 0)
		return code;
	begin(m, TITLES_MAX);
	code = add_fields(m, m->json, "topics");
	add_talks(m);
	if (code == 0)
		code = end(m, FACET_SPEAKING_TOPICS);
	return code < 0 ? code : make_recipes(m);
}

/* ------------------------------------------------------------------------------------ */

static int make(struct maker *m)
{
	static int (*const makers[ENTITY_COUNT])(struct maker *) = {
		[ENTITY_SESSION] = make_session,
		[ENTITY_EXHIBITOR] = make_exhibitor,
		[ENTITY_SPEAKER] = make_speaker,
	};
	int code = json_parse(m->r->json, m->r->json_len, &m->json, NULL);

	if (code == 0)
		code = told_read(&m->told, m->r->description, m->scratch);
	return code < 0 ? code : makers[m->r->type](m);
}

size_t facet_texts(const struct snapshot *s, const struct record *r, struct arena *arena,
		   struct facet_text *out)
{
	_cleanup_arena_ struct arena *scratch = arena_create(SCRATCH_MAX);
	struct maker m = { .s = s, .r = r, .arena = arena, .scratch = scratch, .out = out };
	int code;

	if (!scratch)
		return 0;
	text_init(&m.parts.text, FACET_TEXT_MAX);
	code = make(&m);
	text_finish(&m.parts.text);
	json_object_put(m.json);
	return code < 0 ? 0 : m.n;
}
