/*
 * understand.c - the node: what is asked, about what, when and where.
 *
 *	read (catalog and history side by side) --> understand --> (done)
 *
 * Without a catalog there is nothing to answer from; without history the question stands alone.
 */
#include "agent/understand.h"

#include <ctype.h>
#include <string.h>
#include "agent/followup.h"
#include "agent/history.h"
#include "agent/nodes.h"
#include "agent/topic.h"
#include "base/utf8.h"
#include "search/pages.h"
#include "search/language.h"
#include "search/words.h"
#include "tools/builtin.h"

struct reading {
	struct flow catalog, history;
	struct model_reading model;
	struct turn *turn;
};

#define MAX_PARTS 3 /* questions in one message */

static flow_step understand_meaning, understand_question;

/* --- Reading ------------------------------------------------------------------------ */

static void read_ended(struct flow *f)
{
}

static void read_done(struct flow *f)
{
	flow_done(f);
}

static void read_catalog(struct flow *f)
{
	struct reading *r = container_of(f, struct reading, catalog);

	catalogs_get(r->turn->env->catalogs, r->turn->rq.conference_id, &r->turn->catalog,
		     THEN(f, read_done));
}

static void read_history(struct flow *f)
{
	struct reading *r = container_of(f, struct reading, history);
	struct turn *t = r->turn;

	if (!t->rq.conversation_id) {
		flow_done(f);
		return;
	}
	/* The question itself and the answer's own row may be among them. */
	t->env->store->ops->history(t->env->store, t->rq.conversation_id,
				    t->env->limits.history_messages + 2, t->arena, &t->history,
				    THEN(f, read_done));
}

void node_understand(struct flow *f)
{
	struct turn *t = node_turn(f);
	struct reading *r = arena_new(t->arena, struct reading);

	if (!r) {
		flow_fail(f, FAIL(&f->fail, ASSISTANT_ENOMEM, "This turn has no memory left."));
		return;
	}
	r->turn = t;
	t->reading = r;
	flow_begin(&r->catalog, f->loop, f, "read_catalog", FIRST(read_catalog), read_ended);
	flow_set_deadline(&r->catalog, 3 * (int64_t)t->env->limits.tool_ms);
	flow_begin(&r->history, f->loop, f, "read_history", FIRST(read_history), read_ended);
	flow_set_deadline(&r->history, t->env->limits.tool_ms);
	flow_join(THEN(f, understand_meaning));
}

/* Side by side: what a model makes of it, and its vector.  Pages are compared with the question as it stands; a search
 * looks for what is left of it. */
static void understand_meaning(struct flow *f)
{
	struct turn *t = node_turn(f);
	const struct snapshot *s;

	if (t->reading->catalog.status < 0) {
		understand_question(f);
		return;
	}
	s = catalog_snapshot(t->catalog);
	understand_by_model(t, f, &t->reading->model);
	if (t->env->embedder)
		meaning_begin(&t->meaning, t->env->embedder, t->env->index, s->conference.id,
			      s->epoch, t->rq.question, true, t->arena, f);
	flow_join(THEN(f, understand_question));
}

/* --- Understanding -------------------------------------------------------------------- */

/* "en" is also what is said of words that could be anything: a name, a number. */
static bool is_english(const char *folded)
{
	static const char *const small[] = { "the", "is",    "are",  "what",  "when", "where",
					     "who", "which", "how",  "and",   "does", "do",
					     "can", "there", "of",   "in",    "on",   "at",
					     "to",  "for",   "tell", "about", "with", "today",
					     "i",   "it",    "any" };

	for (size_t i = 0; i < ARRAY_SIZE(small); i++)
		if (word_in(small[i], folded))
			return true;
	return false;
}

/* Marks and letters that only one of our languages writes; they are gone when a question is folded.
 * */
static const char *language_by_marks(const char *question)
{
	static const struct {
		const char *mark, *language;
	} marks[] = { { "¿", "es" }, { "¡", "es" }, { "ñ", "es" },
		      { "ß", "de" }, { "œ", "fr" }, { "ç", "fr" } };

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (strstr(question, marks[i].mark))
			return marks[i].language;
	return NULL;
}

/* A few words that fit the language of the turn before are in that language. */
static bool stays_in(const struct turn *t, const char *folded, const char *before)
{
	if (strcmp(t->understood.language, before) == 0 || strlen(before) >= 8)
		return false;
	if (language_is_likely(folded, before))
		return true;
	return strcmp(t->understood.language, "en") == 0 && !is_english(folded);
}

/* Decided once a turn. */
static void decide_language(struct turn *t)
{
	char *folded _cleanup_free_ = utf8_fold(t->rq.question, strlen(t->rq.question));
	const char *before = t->previous ? t->previous->language : NULL;
	const char *marked = language_by_marks(t->rq.question);

	if (marked && strcmp(t->understood.language, "en") == 0 && !(folded && is_english(folded)))
		before = marked;
	if (folded && before && stays_in(t, folded, before))
		snprintf(t->understood.language, sizeof(t->understood.language), "%s", before);
	t->language = language_from(t->understood.language, NULL);
}

static enum intent intent_of_entities(unsigned entities)
{
	return entities == ENTITY_BIT(ENTITY_EXHIBITOR) ? INTENT_EXHIBITOR_SEARCH
	       : entities == ENTITY_BIT(ENTITY_SPEAKER) ? INTENT_SPEAKER_SEARCH
							: INTENT_SESSION_SEARCH;
}

/* About exactly that record, whatever else the words would find. */
static void set_focus(struct turn *t, const struct record *record, const struct understood *asked)
{
	struct understood *u = &t->understood;
	const char **ids = arena_array(t->arena, const char *, 2);
	struct name_match *name = arena_new(t->arena, struct name_match);

	if (!ids || !name)
		return;
	ids[0] = record->id;
	*name = (struct name_match){ .kind = NAME_RECORD, .record = record, .similarity = 1 };
	t->focus = record;
	*u = (struct understood){
		.intent = intent_of_entities(ENTITY_BIT(record->type)),
		.specificity = SPECIFIC,
		.asked = asked->asked,
		.entities = ENTITY_BIT(record->type),
		.question = asked->question,
		.terms = record->name,
		.names = name,
		.n_names = 1,
		.filter = { .entities = ENTITY_BIT(record->type), .ids = ids },
	};
	snprintf(u->language, sizeof(u->language), "%s", asked->language);
}

static void clarify_record(struct turn *t, const struct followup *fu)
{
	t->clarify.about = "record";
	for (size_t i = 0; i < 3; i++)
		t->clarify.choices[i] = fu->choices[i];
}

/* What was asked of the last records, when nothing else is asked. */
static void take_asked(struct turn *t, const struct followup *fu, struct understood *asked)
{
	if (!fu->keeps_asked || asked->asked != ASKED_ANY || t->attribute)
		return;
	asked->asked = fu->asked;
	t->attribute = fu->attribute;
}

static void take_question(struct turn *t, const struct followup *fu)
{
	struct understood asked = t->understood;

	if (fu->kind == FOLLOWUP_MERGED)
		t->understood = fu->understood;
	else
		query_understand(t->catalog, fu->question, t->now_unix_s, t->arena, &t->understood);
	snprintf(t->understood.language, sizeof(t->understood.language), "%s", asked.language);
	if (fu->kind == FOLLOWUP_QUESTION && asked.asked != ASKED_ANY)
		t->understood.asked = asked.asked;
	else if (fu->keeps_asked && fu->asked == ASKED_COUNT_OF)
		t->understood.asked = fu->asked;
	t->fixed_time = fu->kind == FOLLOWUP_MERGED && fu->understood.when.kind != WHEN_NONE;
	t->beside = fu->relation == RELATION_AFTER    ? AFTER_IT
		    : fu->relation == RELATION_BEFORE ? BEFORE_IT
						      : NOT_BESIDE;
}

static void take_followup(struct turn *t, const struct followup *fu)
{
	struct understood asked = t->understood;

	t->followed = fu->kind != FOLLOWUP_NONE;
	t->more = fu->more;
	t->besides = fu->kind == FOLLOWUP_RECORD && fu->besides;
	t->leans = fu->kind == FOLLOWUP_RECORD;
	t->talks_of = fu->kind == FOLLOWUP_MERGED ? fu->talks_of : NULL;
	t->leave_out = fu->leave_out || (fu->more && fu->kind == FOLLOWUP_MORE);
	switch (fu->kind) {
	case FOLLOWUP_NONE:
		return;
	case FOLLOWUP_RECORD:
		take_asked(t, fu, &asked);
		set_focus(t, fu->record, &asked);
		return;
	case FOLLOWUP_QUESTION:
	case FOLLOWUP_MERGED:
	case FOLLOWUP_MORE:
		take_question(t, fu);
		return;
	case FOLLOWUP_WHICH:
		clarify_record(t, fu);
		return;
	case FOLLOWUP_BEYOND:
		t->clarify.about = "ordinal";
		return;
	case FOLLOWUP_UNKNOWN:
		t->clarify.about = "topic";
		return;
	}
}

/* "Which exhibitors are there?" sounds like a follow-up, but can be answered. */
static bool says_something(const struct understood *u)
{
	char *folded _cleanup_free_ = utf8_fold(u->question, strlen(u->question));
	const struct question q = { .folded = folded, .u = u };

	return (folded && u->entities != ENTITY_ALL && question_exists(&q)) || u->filter.types ||
	       u->filter.tracks || u->filter.levels || u->filter.languages ||
	       (u->asked == ASKED_COUNT_OF && u->entities != ENTITY_ALL);
}

/* A question the understanding itself wants to ask back. */
static void clarify_by_query(struct turn *t)
{
	const struct understood *u = &t->understood;

	if (t->clarify.about)
		return;
	if (u->when.unclear)
		t->clarify.about = "time";
	else if (u->intent == INTENT_CLARIFICATION && says_something(u))
		t->understood.intent = intent_of_entities(u->entities);
	else if (u->intent == INTENT_CLARIFICATION)
		t->clarify.about = "topic";
}

/* The one record that the question names, as itself. */
static const struct record *named_record(const struct understood *u)
{
	const struct name_match *first = u->n_names ? &u->names[0] : NULL;

	if (u->named)
		return u->named;
	if (!first || !first->record || first->similarity < 0.97f)
		return NULL;
	if (u->n_names > 1 && u->names[1].similarity >= first->similarity &&
	    u->names[1].n_words >= first->n_words)
		return NULL;
	return first->record;
}

/* "are the talks recorded?": of all of them, a page says it. */
static bool is_general(const struct turn *t)
{
	const struct understood *u = &t->understood;
	const char *const *words = words_of(u->terms, t->arena);

	for (size_t i = 0; words && words[i]; i++)
		if (!attribute_has_word(t->attribute, words[i]))
			return false;
	return !u->n_names && u->when.kind == WHEN_NONE && attribute_page(t->attribute)[0];
}

/* "how long is the pump workshop?": whichever one is found. */
static bool asks_of_one(const struct understood *u)
{
	static const char openers[] =
		"how what which is does do can wie was welche ist hat kann combien quel quelle est "
		"cuanto que es";
	static const char articles[] = "the der die das dem den le la l el";
	char *folded _cleanup_free_ = utf8_fold(u->question, strlen(u->question));
	size_t len = folded ? strlen(folded) : 0, i = 0, from, to, n = 0;
	bool opens = false, article = false;

	while (folded && word_next(folded, len, &i, &from, &to)) {
		char word[48];

		snprintf(word, sizeof(word), "%.*s", (int)(to - from), folded + from);
		opens |= n++ == 0 && word_in(word, openers);
		article |= word_in(word, articles);
	}
	return opens && article && u->terms[0] && u->when.kind == WHEN_NONE &&
	       u->intent != INTENT_GENERAL_INFO && !topic_is_of_many(u->question);
}

static const char *terms_without(struct turn *t, const struct attribute *a)
{
	const char *const *words = words_of(t->understood.terms, t->arena);
	const char *left = "";

	for (size_t i = 0; words && words[i]; i++)
		if (!attribute_has_word(a, words[i]))
			left = arena_printf(t->arena, "%s%s%s", left, left[0] ? " " : "", words[i]);
	return left[0] ? left : t->understood.terms;
}

/* "how long is KDE at 30?", "are the talks recorded?"; what is asked of nothing is forgotten. */
static void place_attribute(struct turn *t)
{
	static const char *const no_keys[] = { NULL };
	struct understood asked = t->understood;
	const struct record *named = t->focus ? t->focus : named_record(&t->understood);

	if (!t->attribute || t->clarify.about)
		return;
	if (named && attribute_fits(t->attribute, named->type)) {
		bool described =
			strcmp(attribute_name(t->attribute), "offer") == 0 && named->description;

		if (!t->focus)
			set_focus(t, named, &asked);
		if (!described)
			return;
		t->understood.asked = ASKED_WHAT; /* the whole description says it best */
	}
	if (!t->focus &&
	    (is_general(t) || (t->understood.intent == INTENT_GENERAL_INFO &&
			       strcmp(attribute_name(t->attribute), "recorded") == 0))) {
		t->understood.intent = INTENT_GENERAL_INFO;
		if (!t->understood.info_parts)
			t->understood.info_keys = no_keys;
		return;
	}
	if (t->focus || !asks_of_one(&t->understood))
		t->attribute = NULL;
	else
		t->understood.terms = terms_without(t, t->attribute);
}

/* "on my phone": what is the visitor's own asks nothing of a record. */
static void drop_own(char *folded)
{
	static const char owners[] =
		"my our mein meine meinem meinen meiner unser unsere mon ma mes "
		"notre mi mis nuestro nuestra";
	size_t len = strlen(folded), i = 0, from, to;
	bool own = false;

	while (word_next(folded, len, &i, &from, &to)) {
		char word[48];

		snprintf(word, sizeof(word), "%.*s", (int)(to - from), folded + from);
		if (own)
			memset(folded + from, ' ', to - from);
		own = word_in(word, owners);
	}
}

static const struct attribute *asked_attribute(const char *question)
{
	char *folded _cleanup_free_ = utf8_fold(question, strlen(question));

	if (folded)
		drop_own(folded);
	return folded ? attribute_asked(folded) : NULL;
}

static void understand(struct turn *t, const char *said)
{
	struct followup fu;
	bool corrects;
	const char *question = followup_core(said, t->arena, &corrects);

	t->rest = NULL;
	if (t->env->llm == t->env->composer && t->n_parts < MAX_PARTS)
		question = followup_split(question, t->arena, &t->rest);
	t->clarify = (struct clarify){ .about = NULL };
	t->focus = NULL;
	t->talks_of = NULL;
	t->more = t->leave_out = t->was_now = t->besides = t->fixed_time = t->leans = false;
	t->beside = NOT_BESIDE;
	query_understand(t->catalog, question, t->now_unix_s, t->arena, &t->understood);
	if (!t->rest && !t->n_parts)
		pages_by_meaning(&t->meaning, t->arena, &t->understood);
	if (followup_thanks(question))
		t->understood.intent = INTENT_SMALLTALK;
	t->attribute = asked_attribute(question);
	decide_language(t);
	followup_resolve(t->catalog, question, &t->understood, t->attribute, corrects, t->previous,
			 t->now_unix_s, t->arena, &fu);
	take_followup(t, &fu);
	place_attribute(t);
	understand_adjust(t);
	if (!t->about_conference)
		clarify_by_query(t);
	t->language = language_from(t->understood.language, NULL);
	t->original = t->understood;
	t->tools.understood = &t->understood;
}

void understand_focus(struct turn *t, const struct record *record)
{
	const struct understood asked = t->understood;

	set_focus(t, record, &asked);
}

bool turn_has_rest(const struct turn *t)
{
	return t->taking_rest;
}

void understand_rest(struct turn *t)
{
	const char *rest = t->rest;

	t->taking_rest = rest != NULL;
	if (!rest)
		return;
	t->n_parts++;
	understand_anew(t, rest);
}

void understand_anew(struct turn *t, const char *question)
{
	t->previous = NULL;
	t->round = 0;
	t->n_relaxed = 0;
	t->enough = false;
	understand(t, question);
	for (size_t i = 0; i < t->n_calls; i++)
		tool_call_finish(t->calls[i]);
	t->n_calls = t->n_run = t->n_found = 0;
}

/* Our own reading counts where it can: it knows the conference.  A model's is taken where ours cannot know: other languages, and
 * what leans on the talk in ways that no rule of ours sees. */
static bool model_knows_better(const struct turn *t, const struct model_reading *m)
{
	bool known;

	if (!m->question[0])
		return false;
	language_from(m->language, &known);
	return !known || t->clarify.about || (m->follow_up && !t->followed && t->previous);
}

static bool says_little(const struct understood *u)
{
	return !u->n_names && !u->filter.places && !u->filter.tracks && !u->filter.speaker_ids &&
	       u->when.kind == WHEN_NONE;
}

static void take_model_reading(struct turn *t, const struct model_reading *m)
{
	if (m->failed)
		turn_note(t, "understand");
	if (!m->language[0])
		return;
	if (model_knows_better(t, m)) {
		t->previous = NULL;
		understand(t, m->question);
	}
	if ((m->intent == INTENT_SMALLTALK || m->intent == INTENT_OUT_OF_SCOPE) &&
	    says_little(&t->understood) && !t->followed)
		t->understood.intent = t->original.intent = m->intent;
	snprintf(t->understood.language, sizeof(t->understood.language), "%s", m->language);
	t->original = t->understood;
	t->language = language_from(t->understood.language, NULL);
}

static void understand_question(struct flow *f)
{
	struct turn *t = node_turn(f);
	const struct reading *r = t->reading;

	if (r->catalog.status < 0) {
		f->fail = r->catalog.fail;
		flow_fail(f, r->catalog.status);
		return;
	}
	if (r->history.status < 0) {
		t->history = (struct messages){ .n = 0 };
		turn_note(t, "history");
	}
	t->previous = history_previous(&t->history, t->rq.message_id, catalog_snapshot(t->catalog),
				       t->arena);
	t->tools = (struct tool_context){ .loop = f->loop,
					  .index = t->env->index,
					  .embedder = t->env->embedder,
					  .meaning = &t->meaning,
					  .catalog = t->catalog,
					  .now_unix_s = t->now_unix_s,
					  .arena = t->arena,
					  .lane = t->env->tool_lane };
	understand(t, t->rq.question);
	take_model_reading(t, &t->reading->model);
	flow_done(f);
}

bool turn_nothing_to_look_up(const struct turn *t)
{
	return t->clarify.about || t->about_conference || t->absent || t->building || t->counted ||
	       t->understood.intent == INTENT_SMALLTALK ||
	       t->understood.intent == INTENT_OUT_OF_SCOPE;
}

struct json_object *understand_describe(const struct turn *t)
{
	struct json_object *o = query_describe(t->catalog, &t->understood);
	struct json_object *when = json_get_object(o, "when");

	json_set_string(o, "question", t->understood.question);
	json_set_string(o, "language", t->understood.language);
	if (t->leans)
		json_set_bool(o, "leans", true);
	if (t->understood.filter.ids && !t->focus)
		json_set_bool(o, "among", true);
	json_set_string(o, "attribute", t->attribute ? attribute_name(t->attribute) : NULL);
	if (when && t->understood.when.explicit_day)
		json_set_bool(when, "explicit_day", true);
	if (when && t->understood.when.overlap)
		json_set_bool(when, "overlap", true);
	if (t->clarify.about)
		json_set_bool(o, "asked_back", true);
	if (t->answered) {
		struct json_object *focus = json_object_new_object();

		json_set_string(focus, "type", entity_name(t->answered->type));
		json_set_string(focus, "id", t->answered->id);
		json_set(o, "focus", focus);
	}
	return o;
}
