/*
 * log.c - one structured line per event, in one write.
 */
#include "observe/log.h"
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"
#include "observe/metrics.h"

#define MAX_LINE_BYTES	 65536
#define MAX_STRING_BYTES 4096
#define MIN_SECRET_BYTES 4
#define MAX_SECRETS	 128

struct secret {
	char *raw, *escaped; /* as it is, and as it stands inside a JSON string */
};

struct log {
	enum log_level max;
	bool json;
	const struct clock *clock;
	assistant_log_fn *fn;
	void *user;
	struct metrics *metrics;
	struct log *other;    /* NULL: none */
	pthread_mutex_t lock; /* guards the secrets and keeps lines on stderr apart */
	struct secret secrets[MAX_SECRETS];
	size_t n_secrets;
};

static const char *const level_names[] = { "error", "warn", "info", "debug" };

struct log *log_create(enum log_level max, bool json, const struct clock *clock,
		       assistant_log_fn *fn, void *user)
{
	struct log *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->max = max;
	l->json = json;
	l->clock = clock;
	l->fn = fn;
	l->user = user;
	pthread_mutex_init(&l->lock, NULL);
	return l;
}

void log_destroy(struct log *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n_secrets; i++) {
		free(l->secrets[i].raw);
		free(l->secrets[i].escaped);
	}
	pthread_mutex_destroy(&l->lock);
	free(l);
}

bool log_wants(const struct log *l, enum log_level level)
{
	return l && (level <= l->max || log_wants(l->other, level));
}

void log_tee(struct log *l, struct log *other)
{
	l->other = other;
}

void log_count_in(struct log *l, struct metrics *m)
{
	l->metrics = m;
}

/* --- Secrets ---------------------------------------------------------------- */

void log_hide(struct log *l, const char *secret)
{
	_cleanup_text_ struct text escaped = { 0 };
	struct secret made = { 0 };
	size_t at;

	if (!l || !secret || strlen(secret) < MIN_SECRET_BYTES)
		return;
	log_hide(l->other, secret);
	text_init(&escaped, strlen(secret) * 6);
	text_append_json(&escaped, secret, strlen(secret));
	made.raw = strdup(secret);
	made.escaped = text_take(&escaped);
	pthread_mutex_lock(&l->lock);
	if (!made.raw || !made.escaped || l->n_secrets == MAX_SECRETS) {
		free(made.raw);
		free(made.escaped);
	} else {
		/* Longest first: one secret may be a part of another. */
		for (at = l->n_secrets++; at > 0; at--) {
			if (strlen(l->secrets[at - 1].raw) >= strlen(made.raw))
				break;
			l->secrets[at] = l->secrets[at - 1];
		}
		l->secrets[at] = made;
	}
	pthread_mutex_unlock(&l->lock);
}

/* Replaces every occurrence in place: the mark is never longer than what it hides. */
static void hide_one(struct text *line, const char *secret)
{
	static const char mark[] = "***";
	const size_t n = strlen(secret), m = sizeof(mark) - 1;
	char *from = line->data, *to = line->data, *end = line->data + line->len, *hit;

	while ((hit = memmem(from, (size_t)(end - from), secret, n))) {
		memmove(to, from, (size_t)(hit - from));
		to += hit - from;
		memcpy(to, mark, m);
		to += m;
		from = hit + n;
	}
	if (from == line->data)
		return;
	memmove(to, from, (size_t)(end - from));
	line->len = (size_t)(to - line->data) + (size_t)(end - from);
	line->data[line->len] = '\0';
}

static void hide_all(const struct log *l, struct text *line)
{
	for (size_t i = 0; i < l->n_secrets; i++) {
		hide_one(line, l->secrets[i].escaped);
		hide_one(line, l->secrets[i].raw);
	}
}

/* --- Lines ------------------------------------------------------------------- */

/* Whether it can stand in a console line without quotes. */
static bool reads_well(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++) {
		if ((unsigned char)*s <= ' ' || *s == '"' || *s == '=' || *s == '\\' || *s == 0x7f)
			return false;
	}
	return true;
}

static void put_quoted(struct text *line, const char *s, size_t len, bool quote, bool more)
{
	if (quote)
		text_append_char(line, '"');
	text_append_json(line, s, len);
	if (more)
		text_append(line, "...");
	if (quote)
		text_append_char(line, '"');
}

static void put_string(const struct log *l, struct text *line, const char *s)
{
	size_t len = strlen(s);
	size_t cut = len > MAX_STRING_BYTES ? utf8_prefix(s, len, MAX_STRING_BYTES) : len;

	put_quoted(line, s, cut, l->json || !reads_well(s), cut < len);
}

/* false: no memory, and so no line. */
static bool begin_line(const struct log *l, struct text *line, enum log_level level,
		       const char *event)
{
	char now[TIME_TEXT_SIZE];

	text_init(line, MAX_LINE_BYTES);
	time_format_utc(clock_now_ms(l->clock), now);
	if (l->json) {
		text_printf(line, "{\"time\":\"%s\",\"level\":\"%s\",\"event\":", now,
			    level_names[level]);
	} else {
		text_printf(line, "%s %-5s ", now, level_names[level]);
	}
	put_string(l, line, event);
	return !line->failed;
}

static void write_stderr(const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(STDERR_FILENO, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* there is nobody left to tell */
		data += n;
		len -= (size_t)n;
	}
}

static void end_line(struct log *l, struct text *line, enum log_level level)
{
	if (l->json)
		text_append_char(line, '}');
	pthread_mutex_lock(&l->lock);
	hide_all(l, line);
	if (!l->fn) {
		text_append_char(line, '\n');
		if (!line->failed)
			write_stderr(line->data, line->len);
	}
	pthread_mutex_unlock(&l->lock);
	if (l->fn && !line->failed)
		l->fn(l->user, (int)level, line->data);
	metrics_add(l->metrics, METRIC_LOG_LINES, level_names[level], 1);
}

static void put_name(const struct log *l, struct text *line, const char *name)
{
	text_append_char(line, l->json ? ',' : ' ');
	put_string(l, line, name);
	text_append_char(line, l->json ? ':' : '=');
}

static void put_json(const struct log *l, struct text *line, const char *value)
{
	if (json_check(value, strlen(value), NULL) < 0) {
		put_string(l, line, value);
		return;
	}
	/* Valid JSON has line breaks between tokens only. */
	for (; *value; value++)
		text_append_char(line, *value == '\n' || *value == '\r' ? ' ' : *value);
}

/* A field that does not fit is left out, and "cut" says so. */
static bool keep(struct text *line, size_t before)
{
	/* Room for the mark, the bracket and the line break. */
	if (!line->failed && line->len + 16 <= MAX_LINE_BYTES)
		return true;
	text_cut(line, before);
	return false;
}

static void put_fields(const struct log *l, struct text *line, va_list ap)
{
	const char *kind, *name, *s;
	bool all = true;
	double d;

	while ((kind = va_arg(ap, const char *))) {
		size_t before = line->len;

		name = va_arg(ap, const char *);
		switch (*kind) {
		case 's':
		case 'j':
			s = va_arg(ap, const char *);
			if (!s)
				break;
			put_name(l, line, name);
			if (*kind == 's')
				put_string(l, line, s);
			else
				put_json(l, line, s);
			break;
		case 'f':
			d = va_arg(ap, double);
			if (!isfinite(d))
				break;
			put_name(l, line, name);
			text_append_double(line, d);
			break;
		case 'b':
			put_name(l, line, name);
			text_append(line, va_arg(ap, int) ? "true" : "false");
			break;
		default:
			put_name(l, line, name);
			text_printf(line, "%lld", (long long)va_arg(ap, int64_t));
		}
		all = keep(line, before) && all;
	}
	if (!all)
		text_append(line, l->json ? ",\"cut\":true" : " cut=true");
}

static void write_line(struct log *l, enum log_level level, const char *event, va_list ap)
{
	_cleanup_text_ struct text line = { 0 };

	if (level > l->max || !begin_line(l, &line, level, event))
		return;
	put_fields(l, &line, ap);
	end_line(l, &line, level);
}

void log_write(struct log *l, enum log_level level, const char *event, ...)
{
	va_list ap;

	for (; log_wants(l, level); l = l->other) {
		va_start(ap, event);
		write_line(l, level, event, ap);
		va_end(ap);
	}
}

void log_fail(struct log *l, enum log_level level, const char *event, const struct fail *f)
{
	char origin[256];
	const char *text = f->text[0] ? f->text : fail_sentence(f->code);

	if (!log_wants(l, level))
		return;
	log_write(l, level, event, "s", "code", fail_name(f->code), "s", "error", text, "s",
		  "origin", f->file ? fail_origin(f, origin, sizeof(origin)) : NULL, NULL);
}

static bool reserved(const char *name)
{
	return !strcmp(name, "time") || !strcmp(name, "level") || !strcmp(name, "event");
}

static void write_object(struct log *l, enum log_level level, const char *event,
			 struct json_object *fields)
{
	_cleanup_text_ struct text line = { 0 };
	bool all = true;

	if (level > l->max || !begin_line(l, &line, level, event))
		return;
	if (fields) {
		json_object_object_foreach(fields, name, value)
		{
			size_t before = line.len;
			_cleanup_free_ char *dumped = json_dump(value);

			if (reserved(name))
				continue;
			put_name(l, &line, name);
			text_append(&line, dumped ? dumped : "null");
			all = keep(&line, before) && all;
		}
	}
	if (!all)
		text_append(&line, l->json ? ",\"cut\":true" : " cut=true");
	end_line(l, &line, level);
}

void log_write_json(struct log *l, enum log_level level, const char *event, const char *fields_json)
{
	_cleanup_json_ struct json_object *fields = NULL;

	if (!log_wants(l, level))
		return;
	if (fields_json)
		json_parse(fields_json, strlen(fields_json), &fields, NULL);
	if (fields_json && !json_object_is_type(fields, json_type_object)) {
		log_write(l, level, event, "s", "fields", fields_json, NULL);
		return;
	}
	for (; log_wants(l, level); l = l->other)
		write_object(l, level, event, fields);
}
