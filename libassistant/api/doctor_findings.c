/*
 * doctor_findings.c - of each thing that was found out: how bad it is, what it is and what to do about it.
 */
#include "api/doctor.h"

#include <stdarg.h>
#include <string.h>
#include <sys/vfs.h>
#include "aio/redis.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "embedder/embedder.h"
#include "llm/models.h"

#define TMPFS_MAGIC_NUMBER   0x01021994
#define OVERLAY_MAGIC_NUMBER 0x794c7630

/* what: printf'ed. */
static void find(struct json_object *findings, const char *level, const char *todo,
		 const char *what, ...) _printf_(4, 5);
static void find(struct json_object *findings, const char *level, const char *todo,
		 const char *what, ...)
{
	struct json_object *o = json_object_new_object();
	_cleanup_free_ char *text = NULL;
	va_list ap;

	va_start(ap, what);
	if (vasprintf(&text, what, ap) < 0)
		text = NULL;
	va_end(ap);
	json_set_string(o, "level", level);
	json_set_string(o, "what", text ? text : what);
	json_set_string(o, "do", todo);
	json_object_array_add(findings, o);
}

static void find_all(struct json_object *findings, const struct findings *list)
{
	for (size_t i = 0; i < list->n; i++)
		find(findings, list->rows[i].fatal ? "error" : "warning", list->rows[i].todo, "%s",
		     list->rows[i].what);
}

static bool is_directus(const struct doctor *d)
{
	return !strcmp(d->call.a->env.store->ops->name, "directus");
}

/* --- The store ---------------------------------------------------------------------- */

static const char *what_to_do_about_store(const struct doctor *d)
{
	if (!is_directus(d))
		return "Check ERLEAH_DATA.";
	switch (d->store.status) {
	case ASSISTANT_EDENIED:
		return "Check DIRECTUS_API_KEY: a static token of a user whose policy may read it "
		       "(docs/directus.md, Permissions).";
	case ASSISTANT_EPROTOCOL:
	case ASSISTANT_ENOTFOUND:
		return "Check DIRECTUS_URL: it is where /server/ping of a Directus answers, "
		       "without a path behind it unless a proxy has one.";
	case ASSISTANT_ECONFIG:
		return "Check DIRECTUS_MAPPING (docs/directus.md, Another schema).";
	default:
		return "Check DIRECTUS_URL, and that Directus runs and can be reached from here.";
	}
}

/* "id (name), id (name)"; false: the wanted one is among them. */
static bool list_others(const struct doctor *d, const char *wanted, struct text *others)
{
	for (size_t i = 0; i < d->conferences.n; i++) {
		const struct conference_brief *row = &d->conferences.rows[i];

		if (!strcmp(row->id, wanted) || !strcasecmp(row->name, wanted))
			return false;
		text_printf(others, "%s%s (%s)", i ? ", " : "", row->id, row->name);
	}
	return true;
}

static void look_at_default(const struct doctor *d, struct json_object *findings)
{
	const char *wanted = d->call.a->env.default_conference;
	struct text others _cleanup_text_ = { 0 };

	text_init(&others, 2000);
	if (!wanted && d->conferences.n > 1)
		find(findings, "warning", "Set it, or name the conference with every question.",
		     "There are several conferences and DEFAULT_CONFERENCE_ID is not set.");
	else if (wanted && list_others(d, wanted, &others))
		find(findings, "error",
		     "Set it to one of these, or leave it out where there is only one.",
		     "DEFAULT_CONFERENCE_ID is \"%.60s\", and there is no such conference; there "
		     "is "
		     "%s.",
		     wanted, others.data);
}

static void look_at_store(const struct doctor *d, struct json_object *findings)
{
	const char *name = d->call.a->env.store->ops->name;

	if (d->store.status < 0) {
		find(findings, "error", what_to_do_about_store(d), "The store (%s) %s: %s", name,
		     d->store.status == ASSISTANT_EDENIED ? "refuses us" : "does not answer",
		     d->store.fail.text);
		return;
	}
	find(findings, d->conferences.n ? "ok" : "error",
	     d->conferences.n ? ""
	     : is_directus(d) ? "Make a conference there, with its time zone and days."
			      : "Load one: erleah-ingest all FILE.",
	     "The store (%s) answers and holds %zu conference%s.", name, d->conferences.n,
	     d->conferences.n == 1 ? "" : "s");
	if (d->conferences.n)
		look_at_default(d, findings);
}

/* What its fields, rights and settings are, where they are not what they should be. */
static void look_at_layout(const struct doctor *d, struct json_object *findings)
{
	find_all(findings, &d->layout_found);
	if (d->layout.status < 0 && d->store.status >= 0)
		find(findings, "warning", "Look again in a moment.",
		     "How the store is laid out could not be looked at: %s", d->layout.fail.text);
}

/* --- Conferences -------------------------------------------------------------------------- */

static void look_at_records(const struct doctor *d, const struct doctor_conference *c,
			    struct json_object *findings)
{
	if (c->loaded.status == ASSISTANT_EUNAVAILABLE || c->loaded.status == ASSISTANT_ETIMEOUT)
		return; /* the store's trouble, which is told */
	if (c->loaded.status < 0)
		find(findings, "error",
		     "Mend it there: until then nothing is known of this conference, or what was "
		     "known before.",
		     "The records of \"%.100s\" cannot be used: %s", c->name, c->loaded.fail.text);
	else if (!c->n_records)
		find(findings, "warning",
		     is_directus(d) ? "Fill them, or let DIRECTUS_API_KEY see them: a rule of its "
				      "policy may hide every row."
				    : "Load them: erleah-ingest all FILE.",
		     "\"%.100s\" has no sessions, no speakers and no exhibitors.", c->name);
	if (c->left_out)
		find(findings, "warning", "Mend it there: until then nobody hears of it.",
		     "%zu record%s of \"%.100s\" cannot be used and %s left out: %s", c->n_left_out,
		     c->n_left_out == 1 ? "" : "s", c->name, c->n_left_out == 1 ? "is" : "are",
		     c->left_out);
	if (c->loaded.status >= 0 && !c->timezone)
		find(findings, "warning",
		     "Give the conference an IANA name such as Europe/Brussels.",
		     "\"%.100s\" says no time zone: its days and hours are taken for UTC.",
		     c->name);
	else if (c->loaded.status >= 0 && c->zone.status < 0)
		find(findings, "error",
		     "Correct it to an IANA name such as Europe/Brussels, or install tzdata where "
		     "it is right: until then no question about this conference is answered.",
		     "The time zone of \"%.100s\" cannot be used: %s", c->name, c->zone.fail.text);
}

static const char *again(const struct doctor *d)
{
	return is_directus(d)
		       ? "Start a server, or restart it: it makes the index from the records."
		       : "Load it again: erleah-ingest all FILE. A server makes it from the "
			 "records when it is first asked.";
}

static void look_at_vectors(const struct doctor *d, const struct doctor_conference *c,
			    struct json_object *findings)
{
	const struct embedder *e = d->call.a->env.embedder;

	if (!e || c->used.status < 0 || d->completing.total > 0)
		return;
	if (!c->n_points)
		find(findings, "warning", again(d),
		     "The index of \"%.100s\" has no vectors: it is searched by words alone.",
		     c->name);
	else if (strcmp(c->space.model, e->model) || c->space.dims != e->dims)
		find(findings, "warning",
		     is_directus(d)
			     ? "Start a server: it embeds the texts anew. Or set "
			       "EMBEDDING_MODEL and EMBEDDING_DIMENSIONS as they were."
			     : "Load it again: erleah-ingest all FILE. Or set EMBEDDING_MODEL "
			       "and EMBEDDING_DIMENSIONS as they were.",
		     "The index of \"%.100s\" holds vectors of %.60s (%u dimensions), but the "
		     "embedder is %.60s (%u): until they are made anew it is searched by words "
		     "alone.",
		     c->name, c->space.model, c->space.dims, e->model, e->dims);
}

static void look_at_conference(const struct doctor *d, const struct doctor_conference *c,
			       struct json_object *findings)
{
	const char *index = d->call.a->env.index->ops->name;

	look_at_records(d, c, findings);
	if (d->index.status < 0)
		return;
	if (c->used.status == ASSISTANT_ENOTFOUND)
		find(findings, "warning", again(d), "The index (%s) does not have \"%.100s\": %s.",
		     index, c->name, c->used.fail.text);
	else if (c->used.status < 0)
		find(findings, "warning", again(d),
		     "The index (%s) of \"%.100s\" cannot be used: %s", index, c->name,
		     c->used.fail.text);
	look_at_vectors(d, c, findings);
}

/* --- The other services --------------------------------------------------------------------- */

static const char *what_to_do_about_index(const struct doctor *d)
{
	if (strcmp(d->call.a->env.index->ops->name, "qdrant") != 0)
		return "Make ERLEAH_DATA a directory this user may write.";
	switch (d->index.status) {
	case ASSISTANT_EDENIED:
		return "Check QDRANT_API_KEY; until then the records themselves are searched, by "
		       "words.";
	case ASSISTANT_ECONFIG:
		return "Update Qdrant, or leave QDRANT_URL out: then the index is embedded.";
	case ASSISTANT_EPROTOCOL:
	case ASSISTANT_ENOTFOUND:
		return "Check QDRANT_URL: it is the REST port, 6333 unless told otherwise; until "
		       "then the records themselves are searched, by words.";
	default:
		return "Check QDRANT_URL, and that Qdrant runs and can be reached from here; until "
		       "then the records themselves are searched, by words.";
	}
}

static void look_at_index(const struct doctor *d, struct json_object *findings)
{
	const char *name = d->call.a->env.index->ops->name;

	if (d->index.status < 0)
		find(findings, "error", what_to_do_about_index(d), "The index (%s) %s: %s", name,
		     d->index.status == ASSISTANT_EDENIED ? "refuses us" : "does not answer",
		     d->index.fail.text);
	else
		find(findings, "ok", "", "The index (%s) answers.", name);
}

static const char *what_to_do_about_embedder(const struct doctor *d)
{
	if (d->call.a->minilm)
		return "Check ERLEAH_WEIGHTS; until then search goes by words alone.";
	switch (d->embedder.status) {
	case ASSISTANT_EDENIED:
		return "Check OPENAI_API_KEY, its rights and its limits; until then search goes by "
		       "words alone.";
	case ASSISTANT_ENOTFOUND:
	case ASSISTANT_EPROTOCOL:
		return "Check EMBEDDING_MODEL and EMBEDDING_DIMENSIONS, and that OPENAI_BASE_URL "
		       "ends as the server wants it (often in /v1); until then search goes by "
		       "words alone.";
	default:
		return "Check OPENAI_BASE_URL and the network; until then search goes by words "
		       "alone.";
	}
}

static void look_at_embedder(const struct doctor *d, struct json_object *findings)
{
	const assistant *a = d->call.a;
	const struct embedder *e = a->env.embedder;

	if (!e)
		find(findings, config_is(a->config, "ERLEAH_EMBEDDER", "none") ? "ok" : "warning",
		     "For search by meaning, get the weights (script/bootstrap does) or set "
		     "ERLEAH_WEIGHTS, then load the conference again: erleah-ingest all FILE.",
		     "Search goes by words alone: %s", a->embedder_because);
	else if (d->embedder.status < 0)
		find(findings, "error", what_to_do_about_embedder(d),
		     "The embedder (%s, %s) does not answer: %s", e->ops->name, e->model,
		     d->embedder.fail.text);
	else
		find(findings, "ok", "", "The embedder (%s, %s) answers.", e->ops->name, e->model);
	if (d->completing.total > 0)
		find(findings, "warning", "Nothing: it goes on by itself.",
		     "Embedding %zu of %zu texts; until then search goes by words and by those "
		     "that are done.",
		     d->completing.done, d->completing.total);
}

static const char *what_to_do_about_llm(int code)
{
	switch (code) {
	case ASSISTANT_EDENIED:
		return "Check ANTHROPIC_API_KEY, its rights and its limits; until then answers are "
		       "basic.";
	case ASSISTANT_ENOTFOUND:
		return "Choose a model that is there: ANTHROPIC_MODEL, ANTHROPIC_FALLBACK_MODELS, "
		       "ANTHROPIC_FAST_MODEL.";
	default:
		return "Check ANTHROPIC_BASE_URL and the network; until then answers are basic.";
	}
}

/* Names are separated by commas or blanks.  Another server of the protocol may still have such a model. */
static void look_for_retired(const struct doctor *d, const char *setting,
			     struct json_object *findings)
{
	const assistant_config *c = d->call.a->config;
	bool own_server = *config_text(c, "ANTHROPIC_BASE_URL") != '\0';

	for (const char *at = config_text(c, setting); *at;) {
		char model[128];
		size_t n;

		at += strspn(at, ", ");
		n = strcspn(at, ", ");
		snprintf(model, sizeof(model), "%.*s", (int)n, at);
		at += n;
		if (n && model_retired(model))
			find(findings, own_server ? "warning" : "error",
			     "Choose one that Anthropic serves; its page \"Model deprecations\" "
			     "names each one's successor.",
			     "%s has %.100s, which Anthropic retired on %s.", setting, model,
			     model_retired(model));
	}
}

static void look_at_llm(const struct doctor *d, struct json_object *findings)
{
	const assistant *a = d->call.a;

	if (a->env.llm == a->env.composer) {
		find(findings, "ok", "For answers in a model's words, set ANTHROPIC_API_KEY.",
		     "Answers are composed without a language model.");
		return;
	}
	if (d->llm.status < 0)
		find(findings, "error", what_to_do_about_llm(d->llm.status),
		     "The language model does not answer: %s", d->llm.fail.text);
	else
		find(findings, "ok", "", "The language models (%s, %s) are there.",
		     config_text(a->config, "ANTHROPIC_MODEL"),
		     config_text(a->config, "ANTHROPIC_FAST_MODEL"));
	look_for_retired(d, "ANTHROPIC_MODEL", findings);
	look_for_retired(d, "ANTHROPIC_FALLBACK_MODELS", findings);
	look_for_retired(d, "ANTHROPIC_FAST_MODEL", findings);
}

static void look_at_cache(const struct doctor *d, struct json_object *findings)
{
	const assistant *a = d->call.a;

	if (!a->redis)
		return;
	if (d->cache.status < 0 && d->cache.fail.cause == CAUSE_DENIED)
		find(findings, "warning",
		     "Put the right user and password into REDIS_URL. Until then limits hold for "
		     "each server alone.",
		     "%s", d->cache.fail.text);
	else if (d->cache.status < 0)
		find(findings, "warning",
		     "Check REDIS_URL. Until it answers, limits hold for each server alone, and an "
		     "answer can be stopped only on the server that writes it.",
		     "%s", d->cache.fail.text);
	else
		find(findings, "ok", "", "Redis at %s answers.", redis_name(a->redis));
	find_all(findings, &d->shared_found);
}

/* --- The machine ------------------------------------------------------------------------------ */

static void look_at_data(const struct doctor *d, struct json_object *findings)
{
	const char *directory = d->call.a->data_directory;
	struct statfs fs;

	if (access(directory, W_OK) < 0 || statfs(directory, &fs) < 0)
		find(findings, "error", "Make ERLEAH_DATA a directory this user may write.",
		     "%s cannot be written.", directory);
	else if (fs.f_type == TMPFS_MAGIC_NUMBER || fs.f_type == OVERLAY_MAGIC_NUMBER)
		find(findings, "warning",
		     "Mount a volume at ERLEAH_DATA: answers that the store did not take wait "
		     "there.",
		     "%s does not outlive this machine or container.", directory);
	else
		find(findings, "ok", "", "%s can be written.", directory);
}

static void look_at_clock(const struct doctor *d, struct json_object *findings)
{
	int64_t pinned = config_time_ms(d->call.a->config, "ERLEAH_NOW");
	char text[TIME_TEXT_SIZE];

	if (pinned < 0)
		return;
	time_format_utc(pinned, text);
	find(findings, "warning", "Leave ERLEAH_NOW out where visitors ask: it is for trying.",
	     "ERLEAH_NOW pins the clock to %s: what is on now is answered as of then, for ever.",
	     text);
}

void doctor_judge(const struct doctor *d, struct json_object *findings)
{
	look_at_store(d, findings);
	look_at_layout(d, findings);
	look_at_index(d, findings);
	look_at_embedder(d, findings);
	for (size_t i = 0; i < d->n; i++)
		look_at_conference(d, &d->each[i], findings);
	look_at_llm(d, findings);
	look_at_cache(d, findings);
	look_at_data(d, findings);
	look_at_clock(d, findings);
}
