/*
 * fake_store.c - rows in memory behind assistant/backend.h, with faults on demand.
 *
 * Rows are kept as json-c objects in one list per collection, in the order they came.
 */
#include <assistant/testing.h>
#include <json-c/json.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_FAULTS 16
#define MAX_COUNTS 32

struct fault {
	char operation[32]; /* "": any */
	int times, code, delay_ms;
	char sentence[200];
};

struct assistant_fake_store {
	pthread_mutex_t mutex;
	struct json_object *conversations, *messages, *conferences, *writes;
	struct fault faults[MAX_FAULTS], delays[MAX_FAULTS];
	size_t n_faults, n_delays;
	int nth, nth_code;
	struct {
		char operation[32];
		int n;
	} counts[MAX_COUNTS];
	int total;
	long epoch;
};

int assistant_fake_store_new(assistant_fake_store **out)
{
	assistant_fake_store *s = calloc(1, sizeof(*s));

	if (!s)
		return ASSISTANT_ENOMEM;
	pthread_mutex_init(&s->mutex, NULL);
	s->conversations = json_object_new_array();
	s->messages = json_object_new_array();
	s->conferences = json_object_new_array();
	s->writes = json_object_new_object();
	*out = s;
	return 0;
}

void assistant_fake_store_free(assistant_fake_store *s)
{
	if (!s)
		return;
	json_object_put(s->conversations);
	json_object_put(s->messages);
	json_object_put(s->conferences);
	json_object_put(s->writes);
	pthread_mutex_destroy(&s->mutex);
	free(s);
}

static const char *text_of(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	return json_object_object_get_ex(o, key, &v) && v ? json_object_get_string(v) : "";
}

static struct json_object *find(struct json_object *rows, const char *id)
{
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		if (!strcmp(text_of(row, "id"), id))
			return row;
	}
	return NULL;
}

static struct json_object *copy_of(struct json_object *o)
{
	struct json_object *copy = NULL;

	json_object_deep_copy(o, &copy, NULL);
	return copy;
}

/* --- Faults --------------------------------------------------------------------- */

void assistant_fake_store_fail(assistant_fake_store *s, const char *operation, int times, int code,
			       const char *sentence)
{
	struct fault *f;

	pthread_mutex_lock(&s->mutex);
	f = &s->faults[s->n_faults < MAX_FAULTS ? s->n_faults++ : MAX_FAULTS - 1];
	*f = (struct fault){ .times = times, .code = code };
	snprintf(f->operation, sizeof(f->operation), "%s", operation ? operation : "");
	snprintf(f->sentence, sizeof(f->sentence), "%s", sentence ? sentence : "It was told to.");
	pthread_mutex_unlock(&s->mutex);
}

void assistant_fake_store_fail_nth(assistant_fake_store *s, int n, int code)
{
	pthread_mutex_lock(&s->mutex);
	s->nth = n;
	s->nth_code = code;
	pthread_mutex_unlock(&s->mutex);
}

void assistant_fake_store_heal(assistant_fake_store *s)
{
	pthread_mutex_lock(&s->mutex);
	s->n_faults = s->n_delays = 0;
	s->nth = 0;
	pthread_mutex_unlock(&s->mutex);
}

void assistant_fake_store_delay(assistant_fake_store *s, const char *operation, int ms)
{
	struct fault *f;

	pthread_mutex_lock(&s->mutex);
	f = &s->delays[s->n_delays < MAX_FAULTS ? s->n_delays++ : MAX_FAULTS - 1];
	*f = (struct fault){ .delay_ms = ms };
	snprintf(f->operation, sizeof(f->operation), "%s", operation ? operation : "");
	pthread_mutex_unlock(&s->mutex);
}

static bool names(const struct fault *f, const char *operation)
{
	return !*f->operation || !strcmp(f->operation, operation);
}

/* Mutex held.  The code to fail with, or 0. */
static int next_fault(assistant_fake_store *s, const char *operation, const char **sentence)
{
	*sentence = "It was told to.";
	if (s->nth > 0 && --s->nth == 0)
		return s->nth_code;
	for (size_t i = 0; i < s->n_faults; i++) {
		struct fault *f = &s->faults[i];

		if (f->times <= 0 || !names(f, operation))
			continue;
		f->times--;
		*sentence = f->sentence;
		return f->code;
	}
	return 0;
}

static int delay_of(assistant_fake_store *s, const char *operation)
{
	int ms = 0;

	for (size_t i = 0; i < s->n_delays; i++)
		if (names(&s->delays[i], operation))
			ms = s->delays[i].delay_ms;
	return ms;
}

static void count(assistant_fake_store *s, const char *operation)
{
	s->total++;
	for (size_t i = 0; i < MAX_COUNTS; i++) {
		if (!s->counts[i].operation[0])
			snprintf(s->counts[i].operation, sizeof(s->counts[i].operation), "%s",
				 operation);
		if (strcmp(s->counts[i].operation, operation) != 0)
			continue;
		s->counts[i].n++;
		return;
	}
}

int assistant_fake_store_count(assistant_fake_store *s, const char *operation)
{
	int n = 0;

	pthread_mutex_lock(&s->mutex);
	if (!operation)
		n = s->total;
	for (size_t i = 0; operation && i < MAX_COUNTS; i++)
		if (!strcmp(s->counts[i].operation, operation))
			n = s->counts[i].n;
	pthread_mutex_unlock(&s->mutex);
	return n;
}

/* --- Operations: mutex held; 0 with *result owned, or a code ------------------------- */

static int by_id(struct json_object *rows, struct json_object *request, struct json_object **result)
{
	struct json_object *row = find(rows, text_of(request, "id"));

	if (!row)
		return ASSISTANT_ENOTFOUND;
	*result = copy_of(row);
	return 0;
}

static void set_default(struct json_object *row, const char *key, const char *value)
{
	if (!*text_of(row, key))
		json_object_object_add(row, key, json_object_new_string(value));
}

static int create(assistant_fake_store *s, struct json_object *rows, struct json_object *request)
{
	struct json_object *row;
	time_t now = time(NULL);
	char created[32];
	struct tm tm;

	if (find(rows, text_of(request, "id")))
		return ASSISTANT_ECONFLICT;
	row = copy_of(request);
	gmtime_r(&now, &tm);
	strftime(created, sizeof(created), "%Y-%m-%dT%H:%M:%S.000Z", &tm);
	set_default(row, "date_created", created);
	set_default(row, "user_created", "public-user");
	if (rows == s->conversations) {
		set_default(row, "source", "mini");
		set_default(row, "status", "active");
	}
	json_object_array_add(rows, row);
	return 0;
}

static int limit_of(struct json_object *request)
{
	struct json_object *v = NULL;

	return json_object_object_get_ex(request, "limit", &v) ? json_object_get_int(v) : 100;
}

static struct json_object *rows_result(struct json_object *list)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "rows", list);
	return o;
}

static int history(assistant_fake_store *s, struct json_object *request,
		   struct json_object **result)
{
	struct json_object *list = json_object_new_array();
	int left = limit_of(request);

	for (size_t i = json_object_array_length(s->messages); i-- > 0 && left > 0;) {
		struct json_object *row = json_object_array_get_idx(s->messages, i);

		if (strcmp(text_of(row, "conversation_id"), text_of(request, "conversation_id")))
			continue;
		json_object_array_add(list, copy_of(row));
		left--;
	}
	*result = rows_result(list);
	return 0;
}

static int streaming(assistant_fake_store *s, struct json_object *request,
		     struct json_object **result)
{
	struct json_object *list = json_object_new_array();
	int left = limit_of(request);

	for (size_t i = 0; i < json_object_array_length(s->messages) && left > 0; i++) {
		struct json_object *row = json_object_array_get_idx(s->messages, i);

		if (strcmp(text_of(row, "status"), "streaming") != 0 ||
		    strcmp(text_of(row, "role"), "assistant") != 0)
			continue;
		json_object_array_add(list, copy_of(row));
		left--;
	}
	*result = rows_result(list);
	return 0;
}

static void note_write(assistant_fake_store *s, const char *id, const char *text)
{
	struct json_object *list = NULL;

	if (!json_object_object_get_ex(s->writes, id, &list)) {
		list = json_object_new_array();
		json_object_object_add(s->writes, id, list);
	}
	json_object_array_add(list, json_object_new_string(text));
}

static int write_rows(assistant_fake_store *s, struct json_object *request,
		      struct json_object **result)
{
	struct json_object *rows = NULL, *missing = json_object_new_array();

	json_object_object_get_ex(request, "rows", &rows);
	for (size_t i = 0; rows && i < json_object_array_length(rows); i++) {
		struct json_object *patch = json_object_array_get_idx(rows, i);
		struct json_object *row = find(s->messages, text_of(patch, "id")), *text = NULL;

		if (!row) {
			json_object_array_add(missing,
					      json_object_new_string(text_of(patch, "id")));
			continue;
		}
		json_object_object_foreach(patch, key, value)
		{
			json_object_object_add(row, key, copy_of(value));
		}
		if (json_object_object_get_ex(patch, "messageText", &text))
			note_write(s, text_of(patch, "id"), json_object_get_string(text));
	}
	*result = json_object_new_object();
	json_object_object_add(*result, "missing", missing);
	return 0;
}

static int complete_rows(assistant_fake_store *s, struct json_object *request)
{
	struct json_object *ids = NULL;

	json_object_object_get_ex(request, "ids", &ids);
	for (size_t i = 0; ids && i < json_object_array_length(ids); i++) {
		struct json_object *row = find(
			s->messages, json_object_get_string(json_object_array_get_idx(ids, i)));

		if (row)
			json_object_object_add(row, "status", json_object_new_string("completed"));
	}
	return 0;
}

static int conferences(assistant_fake_store *s, struct json_object **result)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(s->conferences); i++) {
		struct json_object *o = json_object_array_get_idx(s->conferences, i), *c = NULL;
		struct json_object *row = json_object_new_object(), *epoch = NULL;

		json_object_object_get_ex(o, "conference", &c);
		json_object_object_get_ex(o, "epoch", &epoch);
		json_object_object_add(row, "id", json_object_new_string(text_of(c, "id")));
		json_object_object_add(row, "name", json_object_new_string(text_of(c, "name")));
		json_object_object_add(row, "epoch", json_object_get(epoch));
		json_object_array_add(list, row);
	}
	*result = rows_result(list);
	return 0;
}

static int conference(assistant_fake_store *s, struct json_object *request,
		      struct json_object **result)
{
	struct json_object *o = find(s->conferences, text_of(request, "id"));

	if (!o)
		return ASSISTANT_ENOTFOUND;
	*result = copy_of(o);
	return 0;
}

static int perform(assistant_fake_store *s, const char *operation, struct json_object *request,
		   struct json_object **result)
{
	if (!strcmp(operation, "ping"))
		return 0;
	if (!strcmp(operation, "conversation"))
		return by_id(s->conversations, request, result);
	if (!strcmp(operation, "message"))
		return by_id(s->messages, request, result);
	if (!strcmp(operation, "history"))
		return history(s, request, result);
	if (!strcmp(operation, "conversation_create"))
		return create(s, s->conversations, request);
	if (!strcmp(operation, "message_create"))
		return create(s, s->messages, request);
	if (!strcmp(operation, "messages_write"))
		return write_rows(s, request, result);
	if (!strcmp(operation, "messages_complete"))
		return complete_rows(s, request);
	if (!strcmp(operation, "messages_streaming"))
		return streaming(s, request, result);
	if (!strcmp(operation, "conferences"))
		return conferences(s, result);
	if (!strcmp(operation, "conference"))
		return conference(s, request, result);
	return ASSISTANT_EINVAL;
}

static void pause_ms(int ms)
{
	struct timespec t = { ms / 1000, (ms % 1000) * 1000000L };

	if (ms > 0)
		nanosleep(&t, NULL);
}

static void call(void *ctx, const char *operation, const char *request_json, assistant_pending *p)
{
	assistant_fake_store *s = ctx;
	struct json_object *request = json_tokener_parse(request_json), *result = NULL;
	const char *sentence;
	char *text;
	int code, delay;

	pthread_mutex_lock(&s->mutex);
	count(s, operation);
	delay = delay_of(s, operation);
	code = next_fault(s, operation, &sentence);
	if (!code)
		code = perform(s, operation, request, &result);
	text = strdup(result ? json_object_to_json_string(result) : "{}");
	sentence = code == ASSISTANT_ENOTFOUND	 ? "There is no such row."
		   : code == ASSISTANT_ECONFLICT ? "That id exists."
						 : sentence;
	pthread_mutex_unlock(&s->mutex);
	pause_ms(delay);
	assistant_pending_done(p, code, text, sentence);
	free(text);
	json_object_put(result);
	json_object_put(request);
}

/* --- Looking and preparing ------------------------------------------------------------ */

int assistant_fake_store_backend(assistant_fake_store *s, assistant_backend *backend, void **ctx)
{
	*backend = (assistant_backend){ ASSISTANT_BACKEND_VERSION, "fake", call, NULL };
	*ctx = s;
	return 0;
}

int assistant_fake_store_use(assistant_fake_store *s, assistant_config *config,
			     assistant_error *err)
{
	assistant_backend backend;
	void *ctx;

	assistant_fake_store_backend(s, &backend, &ctx);
	return assistant_config_use(config, "store", &backend, ctx, err);
}

static struct json_object *collection_of(assistant_fake_store *s, const char *collection)
{
	return !strcmp(collection, "messages") ? s->messages : s->conversations;
}

char *assistant_fake_store_row(assistant_fake_store *s, const char *collection, const char *id)
{
	struct json_object *row;
	char *text;

	pthread_mutex_lock(&s->mutex);
	row = find(collection_of(s, collection), id);
	text = row ? strdup(json_object_to_json_string_ext(row, JSON_C_TO_STRING_NOSLASHESCAPE))
		   : NULL;
	pthread_mutex_unlock(&s->mutex);
	return text;
}

int assistant_fake_store_put(assistant_fake_store *s, const char *collection, const char *row_json)
{
	struct json_object *row = json_tokener_parse(row_json), *old, *rows;

	if (!row)
		return ASSISTANT_EINVAL;
	pthread_mutex_lock(&s->mutex);
	rows = collection_of(s, collection);
	old = find(rows, text_of(row, "id"));
	if (old) {
		json_object_object_foreach(row, key, value)
		{
			json_object_object_add(old, key, copy_of(value));
		}
	} else {
		json_object_array_add(rows, json_object_get(row));
	}
	pthread_mutex_unlock(&s->mutex);
	json_object_put(row);
	return 0;
}

int assistant_fake_store_conference(assistant_fake_store *s, const char *json, assistant_error *err)
{
	struct json_object *o = json_tokener_parse(json), *c = NULL, *old;

	if (!o || !json_object_object_get_ex(o, "conference", &c)) {
		json_object_put(o);
		if (err)
			*err = (assistant_error){ ASSISTANT_EINVAL, 0,
						  "A JSON object with \"conference\" is needed." };
		return ASSISTANT_EINVAL;
	}
	pthread_mutex_lock(&s->mutex);
	json_object_object_add(o, "id", json_object_new_string(text_of(c, "id")));
	json_object_object_add(o, "epoch", json_object_new_int64(++s->epoch));
	old = find(s->conferences, text_of(c, "id"));
	if (old) {
		json_object_object_foreach(o, key, value)
		{
			json_object_object_add(old, key, copy_of(value));
		}
		json_object_put(o);
	} else {
		json_object_array_add(s->conferences, o);
	}
	pthread_mutex_unlock(&s->mutex);
	return 0;
}

char *assistant_fake_store_writes(assistant_fake_store *s, const char *id)
{
	struct json_object *list = NULL;
	size_t size = 1;
	char *text;

	pthread_mutex_lock(&s->mutex);
	json_object_object_get_ex(s->writes, id, &list);
	for (size_t i = 0; list && i < json_object_array_length(list); i++)
		size += (size_t)json_object_get_string_len(json_object_array_get_idx(list, i)) + 1;
	text = calloc(1, size);
	for (size_t i = 0; text && list && i < json_object_array_length(list); i++) {
		if (i)
			strncat(text, "\n", size - strlen(text) - 1);
		strncat(text, json_object_get_string(json_object_array_get_idx(list, i)),
			size - strlen(text) - 1);
	}
	pthread_mutex_unlock(&s->mutex);
	return text;
}
