/*
 * understand.h - from a question (and what was said before) to turn->understood.
 */
#ifndef AGENT_UNDERSTAND_H
#define AGENT_UNDERSTAND_H

#include "agent/turn.h"

/* Forgets what was understood and found, and understands that question; it stands alone, nothing is
 * resolved. */
void understand_anew(struct turn *t, const char *question);
/* About exactly that record, whatever else the words would find. */
void understand_focus(struct turn *t, const struct record *record);
/* What the words alone do not say (adjust.c). */
void understand_adjust(struct turn *t);
/* The next question of the same message, when there is one: turn_has_rest says so then. */
void understand_rest(struct turn *t);
/* --- understand_model.c ------------------------------------------------------------------- */

/* What a model read in the question; language and question "": nothing. */
struct model_reading {
	char language[8];
	const char *question; /* in English, standing alone */
	bool follow_up;
	enum intent intent;
	bool failed; /* a model was asked, and gave nothing of use */

	struct flow flow;
	struct turn *turn;
	struct json_object *answer, *schema;
	struct llm_result result;
};
/* Asks the fast model as a child of parent, when there is one; out is filled when that has been joined. */
void understand_by_model(struct turn *t, struct flow *parent, struct model_reading *out);

/* query_describe and what follow-ups of the next turn need: "question" "language" "asked_back"
 * "focus".  Owned. */
struct json_object *understand_describe(const struct turn *t);

#endif
