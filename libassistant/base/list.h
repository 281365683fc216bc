/*
 * list.h - an intrusive, circular, doubly linked list; the head is a node too.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include "clean.h"

struct list {
	struct list *prev, *next;
};

static inline void list_init(struct list *l)
{
	l->prev = l->next = l;
}
static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}
static inline bool list_linked(const struct list *l)
{
	return l->next && l->next != l;
}
static inline void list_append(struct list *head, struct list *l)
{
	l->prev = head->prev;
	l->next = head;
	head->prev->next = l;
	head->prev = l;
}
static inline void list_prepend(struct list *head, struct list *l)
{
	list_append(head->next, l);
}
/* Safe to call again: the node points at itself afterwards. */
static inline void list_remove(struct list *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	list_init(l);
}

#define list_entry(p, T, m)    container_of(p, T, m)
#define list_for_each(p, head) for (struct list *p = (head)->next; p != (head); p = p->next)
#define list_for_each_safe(p, head)                                                                \
	for (struct list *p = (head)->next, *p##_next = p->next; p != (head);                      \
	     p = p##_next, p##_next = p->next)

#endif
