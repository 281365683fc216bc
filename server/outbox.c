/*
 * outbox.c - a list of whole frames; only the first may be half sent.
 */
#include "outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "socket.h"

struct frame {
	struct frame *next;
	const void *about;
	char row[65];
	size_t len, sent;
	unsigned char bytes[];
};

void outbox_finish(struct outbox *o)
{
	while (o->first) {
		struct frame *next = o->first->next;

		free(o->first);
		o->first = next;
	}
	*o = (struct outbox){ 0 };
}

/* RFC 6455, 5.2: a server's frame is not masked. */
static struct frame *frame_make(enum websocket_opcode opcode, const char *data, size_t len)
{
	size_t head = len < 126 ? 2 : len < 65536 ? 4 : 10;
	struct frame *f = calloc(1, sizeof(*f) + head + len);

	if (!f)
		return NULL;
	f->len = head + len;
	f->bytes[0] = (unsigned char)(0x80 | opcode);
	f->bytes[1] = (unsigned char)(head == 2 ? len : head == 4 ? 126 : 127);
	for (size_t i = 2; i < head; i++)
		f->bytes[i] = (unsigned char)((uint64_t)len >> (8 * (head - 1 - i)));
	memcpy(f->bytes + head, data, len);
	return f;
}

/* The frame before the one to replace, in *before (NULL: it is the first). */
static struct frame *find(struct outbox *o, const void *about, const char *row,
			  struct frame **before)
{
	*before = NULL;
	for (struct frame *f = o->first; f; *before = f, f = f->next)
		if (f->about == about && f->sent == 0 && !strcmp(f->row, row))
			return f;
	return NULL;
}

static void append(struct outbox *o, struct frame *f)
{
	if (o->last)
		o->last->next = f;
	else
		o->first = f;
	o->last = f;
}

static void replace(struct outbox *o, struct frame *old, struct frame *before, struct frame *f)
{
	f->next = old->next;
	if (before)
		before->next = f;
	else
		o->first = f;
	if (o->last == old)
		o->last = f;
	o->bytes -= old->len;
	free(old);
}

bool outbox_put(struct outbox *o, enum websocket_opcode opcode, const char *data, size_t len,
		const void *about, const char *row)
{
	struct frame *f = frame_make(opcode, data, len), *before, *old = NULL;

	if (!f)
		return false;
	if (about && row) {
		f->about = about;
		snprintf(f->row, sizeof(f->row), "%s", row);
		old = find(o, about, f->row, &before);
	}
	if (o->bytes - (old ? old->len : 0) + f->len > OUTBOX_MAX_BYTES) {
		free(f);
		return false;
	}
	o->bytes += f->len;
	if (old)
		replace(o, old, before, f);
	else
		append(o, f);
	return true;
}

void outbox_forget(struct outbox *o, const void *about)
{
	for (struct frame *f = o->first; f; f = f->next)
		if (f->about == about)
			f->about = NULL;
}

bool outbox_flush(struct outbox *o, int fd, int64_t now_ms)
{
	while (o->first) {
		struct frame *f = o->first;
		ssize_t n =
			socket_send_some(fd, (const char *)f->bytes + f->sent, f->len - f->sent);

		if (n < 0)
			return false;
		if (n == 0) {
			if (!o->waiting_since_ms)
				o->waiting_since_ms = now_ms;
			return true;
		}
		o->waiting_since_ms = 0;
		f->sent += (size_t)n;
		if (f->sent < f->len)
			continue;
		o->first = f->next;
		if (!o->first)
			o->last = NULL;
		o->bytes -= f->len;
		free(f);
	}
	o->waiting_since_ms = 0;
	return true;
}
