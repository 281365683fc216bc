/*
 * sse.c - bytes to lines to events.
 */
#include "aio/sse.h"
#include <assistant.h>
#include <limits.h>
#include <string.h>

void sse_init(struct sse *p, size_t max_event_bytes)
{
	*p = (struct sse){ .max_event_bytes = max_event_bytes, .retry_ms = -1 };
	text_init(&p->line, max_event_bytes);
	text_init(&p->data, max_event_bytes + 1); /* the last line break goes */
	text_init(&p->event, max_event_bytes);
	text_init(&p->id, max_event_bytes);
}

void sse_finish(struct sse *p)
{
	if (!p)
		return;
	text_finish(&p->line);
	text_finish(&p->data);
	text_finish(&p->event);
	text_finish(&p->id);
}

static int set_text(struct text *t, const char *value, size_t n)
{
	text_clear(t);
	text_append_n(t, value, n);
	return t->failed ? ASSISTANT_ENOMEM : 0;
}

static void set_retry(struct sse *p, const char *value, size_t n)
{
	int ms = 0;

	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		if (value[i] < '0' || value[i] > '9')
			return;
		ms = ms > (INT_MAX - 9) / 10 ? INT_MAX - 9 : ms * 10 + (value[i] - '0');
	}
	p->retry_ms = ms;
}

static int add_data(struct sse *p, const char *value, size_t n)
{
	if (p->data.len + n > p->max_event_bytes)
		return ASSISTANT_ETOOLARGE;
	text_append_n(&p->data, value, n);
	text_append_char(&p->data, '\n');
	p->has_data = true;
	return p->data.failed ? ASSISTANT_ENOMEM : 0;
}

static bool is_field(const char *line, size_t n, const char *name)
{
	return n == strlen(name) && !memcmp(line, name, n);
}

static int take_field(struct sse *p, const char *line, size_t n)
{
	const char *colon = memchr(line, ':', n);
	size_t name_len = colon ? (size_t)(colon - line) : n;
	const char *value = colon ? colon + 1 : line + n;
	size_t value_len = n - (size_t)(value - line);

	if (value_len && *value == ' ') {
		value++;
		value_len--;
	}
	if (is_field(line, name_len, "data"))
		return add_data(p, value, value_len);
	if (is_field(line, name_len, "event"))
		return set_text(&p->event, value, value_len);
	if (is_field(line, name_len, "id"))
		return memchr(value, '\0', value_len) ? 0 : set_text(&p->id, value, value_len);
	if (is_field(line, name_len, "retry"))
		set_retry(p, value, value_len);
	return 0; /* a comment (no name), or a field nobody knows */
}

static int dispatch(struct sse *p, int (*fn)(void *ctx, const struct sse_event *e), void *ctx)
{
	struct sse_event e = { .id = p->id.data, .retry_ms = p->retry_ms };
	int r = 0;

	if (p->has_data) {
		p->data.data[--p->data.len] = '\0';
		e.event = p->event.len ? p->event.data : "message";
		e.data = p->data.data;
		e.data_len = p->data.len;
		r = fn(ctx, &e);
	}
	text_clear(&p->data);
	text_clear(&p->event);
	p->has_data = false;
	return r;
}

static int end_line(struct sse *p, const char *line, size_t n,
		    int (*fn)(void *ctx, const struct sse_event *e), void *ctx)
{
	int r;

	if (!p->started && n >= 3 && !memcmp(line, "\xEF\xBB\xBF", 3)) {
		line += 3;
		n -= 3;
	}
	p->started = true;
	r = n ? take_field(p, line, n) : dispatch(p, fn, ctx);
	text_clear(&p->line);
	return r;
}

int sse_feed(struct sse *p, const char *bytes, size_t n,
	     int (*fn)(void *ctx, const struct sse_event *e), void *ctx)
{
	size_t i = 0;

	while (i < n) {
		size_t start = i;
		int r;

		if (p->after_cr && bytes[i] == '\n') {
			p->after_cr = false;
			i++;
			continue;
		}
		p->after_cr = false;
		while (i < n && bytes[i] != '\n' && bytes[i] != '\r')
			i++;
		if (p->line.len + (i - start) > p->max_event_bytes)
			return ASSISTANT_ETOOLARGE;
		if (!p->line.len && i < n) { /* a whole line, where it lies */
			p->after_cr = bytes[i] == '\r';
			r = end_line(p, bytes + start, i++ - start, fn, ctx);
			if (r)
				return r;
			continue;
		}
		text_append_n(&p->line, bytes + start, i - start);
		if (p->line.failed)
			return ASSISTANT_ENOMEM;
		if (i == n)
			break;
		p->after_cr = bytes[i++] == '\r';
		r = end_line(p, p->line.data, p->line.len, fn, ctx);
		if (r)
			return r;
	}
	return 0;
}
