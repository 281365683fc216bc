/*
 * sse.c - see sse.h.
 */
#include "sse.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Appends to a text that stays within SSE_MAX_EVENT_BYTES. */
static void append(struct sse *s, char **text, size_t *len, size_t *size, const char *bytes,
		   size_t n)
{
	if (s->failed)
		return;
	if (*len + n >= SSE_MAX_EVENT_BYTES) {
		s->failed = true;
		return;
	}
	if (*len + n + 1 > *size) {
		size_t wanted = (*len + n + 1) * 2;
		char *more = realloc(*text, wanted);

		s->failed = more == NULL;
		if (!more)
			return;
		*text = more;
		*size = wanted;
	}
	memcpy(*text + *len, bytes, n);
	*len += n;
	(*text)[*len] = '\0';
}

/* The end of an event: without data there is none. */
static void dispatch(struct sse *s)
{
	struct sse_event *e = s->has_data && !s->failed ? calloc(1, sizeof(*e)) : NULL;

	if (e) {
		e->id = s->id;
		snprintf(e->name, sizeof(e->name), "%s", *s->name ? s->name : "message");
		e->data = s->data;
		if (s->last)
			s->last->next = e;
		else
			s->first = e;
		s->last = e;
		s->data = NULL;
		s->data_size = 0;
	}
	s->data_len = 0;
	s->has_data = false;
	s->name[0] = '\0';
}

static bool take_field(const char *line, const char *name, const char **value)
{
	size_t n = strlen(name);

	if (strncmp(line, name, n) != 0 || (line[n] && line[n] != ':'))
		return false;
	*value = line + n + (line[n] == ':');
	*value += **value == ' ';
	return true;
}

static void take_line(struct sse *s)
{
	const char *line = s->line_len ? s->line : "", *value;

	if (!*line) {
		dispatch(s);
	} else if (take_field(line, "data", &value)) {
		if (s->has_data)
			append(s, &s->data, &s->data_len, &s->data_size, "\n", 1);
		append(s, &s->data, &s->data_len, &s->data_size, value, strlen(value));
		s->has_data = true;
	} else if (take_field(line, "event", &value)) {
		snprintf(s->name, sizeof(s->name), "%s", value);
	} else if (take_field(line, "id", &value) && isdigit((unsigned char)*value)) {
		s->id = strtoul(value, NULL, 10);
	}
	s->line_len = 0;
	if (s->line)
		s->line[0] = '\0';
}

void sse_feed(struct sse *s, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n && !s->failed;) {
		size_t plain = 0;

		if (bytes[i] == '\n' && s->cr) { /* of "\r\n" */
			s->cr = false;
			i++;
			continue;
		}
		s->cr = bytes[i] == '\r';
		if (bytes[i] == '\r' || bytes[i] == '\n') {
			take_line(s);
			i++;
			continue;
		}
		while (i + plain < n && bytes[i + plain] != '\n' && bytes[i + plain] != '\r')
			plain++;
		append(s, &s->line, &s->line_len, &s->line_size, bytes + i, plain);
		i += plain;
	}
}

struct sse_event *sse_take(struct sse *s)
{
	struct sse_event *e = s->first;

	if (e) {
		s->first = e->next;
		s->last = s->first ? s->last : NULL;
		e->next = NULL;
	}
	return e;
}

void sse_event_free(struct sse_event *e)
{
	if (e)
		free(e->data);
	free(e);
}

void sse_finish(struct sse *s)
{
	struct sse_event *e;

	while ((e = sse_take(s)))
		sse_event_free(e);
	free(s->line);
	free(s->data);
	*s = (struct sse){ 0 };
}
