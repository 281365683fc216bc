/*
 * chat.c - a conversation of a program of one's own: rows are made, then it is a reply like any.
 */
#include "api/assistant_private.h"

#include <string.h>
#include "api/checks.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/utf8.h"

struct assistant_chat {
	assistant *a;
	char *conference, *now, *user;
	char conference_id[128], conversation_id[UUID_SIZE];
	bool given; /* the conversation existed before */
	assistant_reply *reply;
	pthread_mutex_t mutex; /* guards reply against cancel from another thread */
};

int assistant_chat_new(assistant *a, assistant_chat **out)
{
	assistant_chat *c = calloc(1, sizeof(*c));

	if (!c)
		return ASSISTANT_ENOMEM;
	c->a = assistant_ref(a);
	pthread_mutex_init(&c->mutex, NULL);
	*out = c;
	return 0;
}

static void replace(char **to, const char *value)
{
	free(*to);
	*to = *value ? strdup(value) : NULL;
}

static int set_conversation(assistant_chat *c, const char *value, struct fail *f)
{
	if (!uuid_valid(value))
		return FAIL(f, ASSISTANT_EINVAL, "conversation is \"%.60s\"; a UUID is accepted.",
			    value);
	uuid_normalise(value, c->conversation_id);
	c->given = true;
	return 0;
}

int assistant_chat_set(assistant_chat *c, const char *name, const char *value, assistant_error *err)
{
	struct fail f = FAIL_INIT;
	int64_t ms;

	if (!strcmp(name, "conference")) {
		replace(&c->conference, value);
		c->conference_id[0] = '\0';
		c->conversation_id[0] = '\0';
	} else if (!strcmp(name, "conversation")) {
		set_conversation(c, value, &f);
	} else if (!strcmp(name, "user")) {
		replace(&c->user, value);
	} else if (strcmp(name, "now") != 0) {
		FAIL(&f, ASSISTANT_EINVAL,
		     "A chat has no setting \"%.40s\"; conference, conversation, now and user are "
		     "accepted.",
		     name);
	} else if (!*value || check_now(value, &ms, &f) == 0) {
		replace(&c->now, value);
	}
	return fail_export(&f, err);
}

/* --- The rows of a question -------------------------------------------------------- */

struct rows {
	struct api_call call;
	struct conversation conversation;
	struct message message;
	bool exists;
};

static flow_step rows_begin, rows_message;

static void rows_begin(struct flow *f)
{
	struct rows *r = container_of(f, struct rows, call.flow);
	struct store *s = r->call.a->env.store;

	if (r->exists)
		rows_message(f);
	else
		s->ops->conversation_create(s, &r->conversation, THEN(f, rows_message));
}

static void rows_message(struct flow *f)
{
	struct rows *r = container_of(f, struct rows, call.flow);
	struct store *s = r->call.a->env.store;

	s->ops->message_create(s, &r->message, THEN(f, api_call_done));
}

static int create_rows(assistant_chat *c, const char *text, char message_id[static UUID_SIZE],
		       int timeout_ms, assistant_error *err)
{
	struct rows r = { .exists = c->given || *c->conversation_id };
	char conversation_id[UUID_SIZE];
	int code;

	if (r.exists)
		memcpy(conversation_id, c->conversation_id, UUID_SIZE);
	else
		uuid_random(conversation_id);
	uuid_random(message_id);
	r.conversation = (struct conversation){
		.id = conversation_id,
		.conference_id = c->conference_id,
		.status = "active",
		.source = "mini",
		.user_created = c->user ? c->user : "public-user",
		.date_created_ms = clock_now_ms(c->a->wall),
	};
	r.message = (struct message){
		.id = message_id,
		.conversation_id = conversation_id,
		.role = "user",
		.text = text,
		.status = "completed",
		.user_created = r.conversation.user_created,
		.date_created_ms = r.conversation.date_created_ms,
	};
	code = API_CALL(c->a, &r.call, timeout_ms, rows_begin, err);
	if (!code)
		memcpy(c->conversation_id, conversation_id, UUID_SIZE);
	api_call_finish(&r.call);
	return code;
}

static bool is_answering(assistant_chat *c)
{
	return c->reply && assistant_reply_wait(c->reply, 0) == ASSISTANT_ETIMEOUT;
}

static void set_reply(assistant_chat *c, assistant_reply *reply)
{
	assistant_reply *old;

	pthread_mutex_lock(&c->mutex);
	old = c->reply;
	c->reply = reply;
	pthread_mutex_unlock(&c->mutex);
	assistant_reply_free(old);
}

int assistant_chat_send(assistant_chat *c, const char *message, int timeout_ms,
			assistant_error *err)
{
	_inside_ assistant *inside = NULL;
	struct fail f = FAIL_INIT;
	char message_id[UUID_SIZE];
	assistant_reply_params params = { 0 };
	assistant_reply *reply;
	int code = api_enter(c->a, &inside, err);

	if (code < 0)
		return code;
	if (is_answering(c))
		FAIL(&f, ASSISTANT_EBUSY, "This chat is still answering.");
	else
		check_question(c->a, "message", message, &f);
	if (f.code)
		return fail_export(&f, err);
	if (!*c->conference_id) {
		code = api_resolve(c->a, c->conference, timeout_ms, c->conference_id, err);
		if (code < 0)
			return code;
	}
	code = create_rows(c, message, message_id, timeout_ms, err);
	if (code < 0)
		return code;
	params.conversation_id = c->conversation_id;
	params.message_id = message_id;
	params.conference_id = c->conference_id;
	params.now = c->now;
	params.timeout_ms = timeout_ms;
	code = assistant_reply_start(c->a, &params, &reply, NULL, err);
	if (!code)
		set_reply(c, reply);
	return code;
}

int assistant_chat_next(assistant_chat *c, int timeout_ms, const assistant_event **event)
{
	return c->reply ? assistant_reply_next(c->reply, timeout_ms, event) : ASSISTANT_ENOTFOUND;
}

int assistant_chat_fd(assistant_chat *c)
{
	return c->reply ? assistant_reply_fd(c->reply) : -1;
}

assistant_reply *assistant_chat_reply(assistant_chat *c)
{
	return c->reply;
}

const char *assistant_chat_conversation(assistant_chat *c)
{
	return c->conversation_id;
}

void assistant_chat_cancel(assistant_chat *c)
{
	pthread_mutex_lock(&c->mutex);
	if (c->reply)
		assistant_reply_stop(c->reply);
	pthread_mutex_unlock(&c->mutex);
}

void assistant_chat_free(assistant_chat *c)
{
	if (!c)
		return;
	set_reply(c, NULL);
	free(c->conference);
	free(c->now);
	free(c->user);
	pthread_mutex_destroy(&c->mutex);
	assistant_unref(c->a);
	free(c);
}
