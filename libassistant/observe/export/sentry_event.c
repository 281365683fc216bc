/*
 * sentry_event.c - the words of the protocol: where to send, what an event is, and for how long to be silent.
 */
#include "observe/export/sentry.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"

#define MAX_ENVELOPE_BYTES 65536
#define LIMITED_MS	   60000 /* when a 429 does not say for how long */
#define LONGEST_MS	   (24 * 3600 * 1000LL)
#define MAX_FRAMES	   8

/* Fields whose values are names of ours: they may be told, and searched by. */
static const char *const tags[] = {
	"code", "cause", "upstream", "model", "purpose", "part",       "outcome",  "state",
	"was",	"way",	 "store",    "index", "llm",	 "embedder",   "redis",	   "what",
	"node", "tool",	 "status",   "do",    "because", "request_id", "trace_id", "conference_id",
};

/* --- The DSN ---------------------------------------------------------------------- */

static int bad_dsn(struct fail *f)
{
	return FAIL(f, ASSISTANT_ECONFIG,
		    "SENTRY_DSN is no data source name; it has the form "
		    "https://KEY@HOST/PROJECT, as Sentry's project settings show it.");
}

/* Letters and digits only: it goes into a header. */
static bool plain(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]))
			return false;
	return n > 0;
}

int sentry_dsn_parse(const char *dsn, struct sentry_dsn *out, struct fail *f)
{
	const char *scheme_end = strstr(dsn, "://"), *key, *at, *project;
	size_t key_len, scheme_len = scheme_end ? (size_t)(scheme_end - dsn) : 0;
	struct sentry_dsn made;
	int n[3];

	if (!scheme_end || !((scheme_len == 5 && !strncmp(dsn, "https", 5)) ||
			     (scheme_len == 4 && !strncmp(dsn, "http", 4))))
		return bad_dsn(f);
	key = scheme_end + 3;
	at = strchr(key, '@');
	project = strrchr(key, '/');
	if (!at || !project || project < at + 2 || strpbrk(at, "?# \"\\\r\n"))
		return bad_dsn(f);
	key_len = strcspn(key, ":@"); /* an old DSN has a second, secret part */
	if (!plain(key, key_len) || !plain(project + 1, strlen(project + 1)))
		return bad_dsn(f);
	n[0] = snprintf(made.url, sizeof(made.url), "%.*s://%.*s/api/%s/envelope/", (int)scheme_len,
			dsn, (int)(project - at - 1), at + 1, project + 1);
	n[1] = snprintf(made.auth, sizeof(made.auth),
			"Sentry sentry_version=7, sentry_client=erleah/%s, sentry_key=%.*s",
			assistant_version(), (int)key_len, key);
	n[2] = snprintf(made.shown, sizeof(made.shown), "%.*s://%.*s%s", (int)scheme_len, dsn,
			(int)key_len, key, at);
	if (n[0] >= (int)sizeof(made.url) || n[1] >= (int)sizeof(made.auth) ||
	    n[2] >= (int)sizeof(made.shown))
		return bad_dsn(f);
	*out = made;
	return 0;
}

/* --- An event ---------------------------------------------------------------------- */

/* "base/json.c:41 json_parse < config_load": frames are told from the outermost on. */
static void add_frames(struct json_object *exception, const char *origin)
{
	struct json_object *frames, *trace;
	char copy[256], *names[MAX_FRAMES], *at = copy, *file, *line;
	size_t n = 0;

	snprintf(copy, sizeof(copy), "%s", origin);
	file = copy;
	at = strchr(copy, ' ');
	if (!at)
		return;
	*at++ = '\0';
	while (at && n < MAX_FRAMES) {
		char *next = strstr(at, " < ");

		if (next)
			*next = '\0';
		names[n++] = at;
		at = next ? next + 3 : NULL;
	}
	line = strrchr(file, ':');
	if (line)
		*line++ = '\0';
	frames = json_object_new_array();
	for (size_t i = n; i-- > 0;) {
		struct json_object *frame = json_object_new_object();

		json_set_string(frame, "function", names[i]);
		json_set_bool(frame, "in_app", true);
		if (i == 0) {
			json_set_string(frame, "filename", file);
			if (line)
				json_set_int(frame, "lineno", strtol(line, NULL, 10));
		}
		json_object_array_add(frames, frame);
	}
	trace = json_object_new_object();
	json_set(trace, "frames", frames);
	json_set(exception, "stacktrace", trace);
}

static void add_exception(struct json_object *event, struct json_object *line)
{
	const char *name = json_text(line, "event"), *origin = json_get_string(line, "origin");
	const char *said = json_get_string(line, "error");
	struct json_object *one = json_object_new_object(), *values = json_object_new_array();
	struct json_object *exception = json_object_new_object(), *how = json_object_new_object();

	json_set_string(one, "type", name);
	json_set_string(one, "value", said ? said : json_text(line, "cause"));
	json_set_string(how, "type", "log");
	json_set_bool(how, "handled", true);
	json_set(one, "mechanism", how);
	if (origin)
		add_frames(one, origin);
	json_object_array_add(values, one);
	json_set(exception, "values", values);
	json_set(event, "exception", exception);
}

static bool is_tag(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(tags); i++)
		if (!strcmp(name, tags[i]))
			return true;
	return false;
}

/* Named strings as tags, numbers as extra: all else stays here. */
static void add_fields(struct json_object *event, struct json_object *line, unsigned repeated)
{
	struct json_object *tagged = json_object_new_object(), *extra = json_object_new_object();

	json_object_object_foreach(line, name, value)
	{
		enum json_type type = json_object_get_type(value);

		if (type == json_type_string && is_tag(name))
			json_set_string(tagged, name, json_object_get_string(value));
		else if (type == json_type_int || type == json_type_double ||
			 type == json_type_boolean)
			json_set(extra, name, json_object_get(value));
	}
	if (repeated)
		json_set_int(extra, "left_out_before", repeated);
	json_set(event, "tags", tagged);
	json_set(event, "extra", extra);
}

static struct json_object *event_of(const struct sentry_options *options, struct json_object *line,
				    const char *id, unsigned repeated)
{
	struct json_object *event = json_object_new_object(), *sdk = json_object_new_object();
	bool error = !strcmp(json_text(line, "level"), "error");

	json_set_string(event, "event_id", id);
	json_set_string(event, "timestamp", json_text(line, "time"));
	json_set_string(event, "platform", "native");
	json_set_string(event, "level", error ? "error" : "warning");
	json_set_string(event, "logger", "erleah");
	json_set_string(event, "release", options->release);
	json_set_string(event, "environment", options->environment);
	json_set_string(sdk, "name", "erleah");
	json_set_string(sdk, "version", assistant_version());
	json_set(event, "sdk", sdk);
	add_exception(event, line);
	add_fields(event, line, repeated);
	return event;
}

static struct json_object *line_of(const char *line_json)
{
	struct json_object *line = NULL;

	if (json_parse(line_json, strlen(line_json), &line, NULL) < 0)
		return NULL;
	if (json_get_string(line, "event") && json_get_string(line, "time"))
		return line;
	json_object_put(line);
	return NULL;
}

char *sentry_envelope(const struct sentry_options *options, const struct sentry_dsn *dsn,
		      const char *line_json, unsigned repeated)
{
	_cleanup_json_ struct json_object *line = line_of(line_json), *event = NULL;
	_cleanup_free_ char *payload = NULL;
	_cleanup_text_ struct text envelope = { 0 };
	char id[33], now[TIME_TEXT_SIZE];

	if (!line)
		return NULL;
	random_hex(id, 16);
	time_format_utc(clock_now_ms(options->clock), now);
	event = event_of(options, line, id, repeated);
	payload = json_dump(event);
	if (!payload)
		return NULL;
	text_init(&envelope, MAX_ENVELOPE_BYTES * 2);
	text_printf(&envelope, "{\"event_id\":\"%s\",\"dsn\":\"%s\",\"sent_at\":\"%s\"}\n", id,
		    dsn->shown, now);
	text_printf(&envelope, "{\"type\":\"event\",\"length\":%zu}\n", strlen(payload));
	text_append(&envelope, payload);
	text_append_char(&envelope, '\n');
	return text_take(&envelope);
}

uint64_t sentry_fingerprint(const char *line_json)
{
	_cleanup_json_ struct json_object *line = line_of(line_json);
	char key[512];
	int n;

	if (!line)
		return 0;
	n = snprintf(key, sizeof(key), "%s|%s|%s|%s|%s", json_text(line, "event"),
		     json_text(line, "code"), json_text(line, "cause"), json_text(line, "upstream"),
		     json_text(line, "origin"));
	return hash_stable(key, n < (int)sizeof(key) ? (size_t)n : sizeof(key) - 1) | 1;
}

/* --- Limits ----------------------------------------------------------------------- */

static int64_t seconds_ms(const char *s)
{
	char *end;
	double seconds = strtod(s, &end);

	if (end == s || !(seconds >= 0))
		return -1;
	return seconds * 1000 > (double)LONGEST_MS ? LONGEST_MS : (int64_t)(seconds * 1000);
}

/* One of "60:error;default:organization:reason": whether errors are among its categories; none named means all. */
static bool of_errors(const char *limit, size_t len)
{
	const char *from = memchr(limit, ':', len), *end = limit + len, *to;

	if (!from)
		return true;
	from++;
	to = memchr(from, ':', (size_t)(end - from));
	to = to ? to : end;
	if (from == to)
		return true;
	while (from < to) {
		const char *next = memchr(from, ';', (size_t)(to - from));
		size_t n = (size_t)((next ? next : to) - from);

		if (n == 5 && !strncmp(from, "error", 5))
			return true;
		from += n + 1;
	}
	return false;
}

int64_t sentry_limited_ms(const struct http_response *rs)
{
	const char *limits = http_header_get(rs, "x-sentry-rate-limits"), *after;
	int64_t longest = 0, ms;

	if (limits) {
		while (*limits) {
			size_t n;

			limits += strspn(limits, ", ");
			n = strcspn(limits, ",");
			ms = seconds_ms(limits);
			if (ms > longest && of_errors(limits, n))
				longest = ms;
			limits += n;
		}
		return longest;
	}
	if (rs->status != 429)
		return 0;
	after = http_header_get(rs, "retry-after");
	ms = after ? seconds_ms(after) : -1;
	return ms >= 0 ? ms : LIMITED_MS;
}
