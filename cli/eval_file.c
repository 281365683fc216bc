/*
 * eval_file.c - reads judged questions, conversations or a kept run; see eval.h and docs/cli.md.
 */
#include "eval.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "json.h"

#define MAX_FILE_BYTES (64 << 20)
#define MAX_QUESTIONS  20000
#define MAX_DEPTH      32

static int refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int refuse(const char *format, ...)
{
	char sentence[400];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	return cli_say(STATUS_USAGE, sentence);
}

/* --- Bytes ---------------------------------------------------------------------- */

static int read_bytes(const char *path, char **bytes, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t size = 65536;
	ssize_t n = 0;
	char *data = NULL;

	*len = 0;
	while (fd >= 0 && *len < MAX_FILE_BYTES) {
		char *more = realloc(data, size);

		if (!more)
			break;
		data = more;
		n = read(fd, data + *len, size - *len);
		if (n <= 0)
			break;
		*len += (size_t)n;
		size = *len == size ? size * 2 : size;
	}
	if (fd < 0 || n < 0) {
		n = -1;
		refuse("%.300s cannot be read: %s", path, strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	if (n < 0)
		free(data);
	else
		*bytes = data;
	return n < 0 ? STATUS_USAGE : STATUS_OK;
}

static bool has_more(const char *bytes, size_t len, size_t at)
{
	while (at < len && strchr(" \t\r\n", bytes[at]) && bytes[at])
		at++;
	return at < len;
}

static struct json_object *parse(const char *bytes, size_t len, size_t *end)
{
	struct json_tokener *tok = json_tokener_new_ex(MAX_DEPTH);
	struct json_object *o = NULL;

	if (!tok)
		return NULL;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(tok, bytes, (int)len);
	*end = json_tokener_get_parse_end(tok);
	if (json_tokener_get_error(tok) != json_tokener_success || has_more(bytes, len, *end)) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(tok);
	return o;
}

static int line_of(const char *bytes, size_t at)
{
	int line = 1;

	for (size_t i = 0; i < at; i++)
		line += bytes[i] == '\n';
	return line;
}

/* --- What a question must have ---------------------------------------------------- */

static bool is_text(struct json_object *o, const char *key)
{
	return *json_text(o, key) != '\0';
}

static bool are_judgements(struct json_object *q, const char *key)
{
	struct json_object *list = json_member(q, key);

	for (size_t i = 0; i < json_count(q, key); i++) {
		struct json_object *o = json_at(q, key, i), *grade = json_member(o, "grade");

		if (!is_text(o, "id") || (grade && !json_object_is_type(grade, json_type_int)))
			return false;
	}
	return !list || json_object_is_type(list, json_type_array);
}

static bool is_kind(const char *expect)
{
	return !*expect || !strcmp(expect, "entities") || !strcmp(expect, "info") ||
	       !strcmp(expect, "none");
}

static int check_question(struct json_object *q, size_t i)
{
	const char *id = json_text(q, "id");

	if (!*id || !is_text(q, "question"))
		return refuse("question %zu needs \"id\" and \"question\", both texts", i + 1);
	if (!is_text(q, "type"))
		return refuse("question %.60s has no \"type\", such as name or topic", id);
	if (!are_judgements(q, "relevant") || !are_judgements(q, "also_relevant"))
		return refuse("question %.60s: relevant and also_relevant take lists of "
			      "{\"id\",\"grade\"}",
			      id);
	if (!is_kind(json_text(q, "expect")))
		return refuse("question %.60s expects \"%.30s\"; accepted are entities, info and "
			      "none",
			      id, json_text(q, "expect"));
	if (!*json_text(q, "expect") && !json_count(q, "relevant"))
		return refuse("question %.60s has neither relevant records nor \"expect\"", id);
	return STATUS_OK;
}

static int check_questions(struct json_object *list)
{
	size_t n = json_object_array_length(list);
	struct json_object *ids = json_object_new_object();
	int status = n && n <= MAX_QUESTIONS
			     ? STATUS_OK
			     : refuse("the file has %zu questions; accepted are 1 to %d", n,
				      MAX_QUESTIONS);

	for (size_t i = 0; i < n && !status; i++) {
		struct json_object *q = json_object_array_get_idx(list, i);

		status = check_question(q, i);
		if (!status && json_member(ids, json_text(q, "id")))
			status = refuse("there are two questions %.60s", json_text(q, "id"));
		json_object_object_add(ids, json_text(q, "id"), json_object_new_boolean(1));
	}
	json_object_put(ids);
	return status;
}

static int check_conversations(struct json_object *file)
{
	size_t n = json_count(file, "conversations");
	int status = n && n <= MAX_QUESTIONS
			     ? STATUS_OK
			     : refuse("\"conversations\" takes a list of 1 to %d", MAX_QUESTIONS);

	for (size_t i = 0; i < n && !status; i++) {
		struct json_object *c = json_at(file, "conversations", i);

		if (!is_text(c, "id") || !json_count(c, "turns"))
			status = refuse("conversation %zu needs \"id\" and \"turns\"", i + 1);
		for (size_t k = 0; k < json_count(c, "turns") && !status; k++)
			if (!is_text(json_at(c, "turns", k), "question"))
				status = refuse("conversation %.60s, turn %zu has no \"question\"",
						json_text(c, "id"), k + 1);
	}
	return status;
}

static int check(const char *path, struct json_object *o, enum eval_kind *kind)
{
	if (json_object_is_type(o, json_type_array)) {
		*kind = EVAL_QUESTIONS;
		return check_questions(o);
	}
	if (json_member(o, "conversations")) {
		*kind = EVAL_CONVERSATIONS;
		return check_conversations(o);
	}
	if (json_member(o, "erleah_run") && json_count(o, "summary") &&
	    json_count(o, "questions")) {
		*kind = EVAL_RUN;
		return STATUS_OK;
	}
	return refuse("%.200s holds neither a list of questions, nor {\"conversations\":[...]}, "
		      "nor a run that --save made",
		      path);
}

int eval_file_read(const char *path, enum eval_kind *kind, struct json_object **file)
{
	struct json_object *o = NULL;
	char *bytes = NULL;
	size_t len = 0, end = 0;
	int status = read_bytes(path, &bytes, &len);

	if (status)
		return status;
	o = parse(bytes, len, &end);
	if (!o)
		status = refuse("%.300s is not JSON (line %d)", path, line_of(bytes, end));
	else
		status = check(path, o, kind);
	free(bytes);
	if (status)
		json_object_put(o);
	else
		*file = o;
	return status;
}
