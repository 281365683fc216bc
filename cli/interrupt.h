/*
 * interrupt.h - Ctrl-C as something to wait for, while an answer is on its way.
 *
 *	interrupt_shield (before the library starts its threads)
 *	interrupt_begin -> poll interrupt.fd -> interrupt_taken ... -> interrupt_end
 *
 * The library's threads never see the signal; this thread sees it as a readable descriptor between begin
 * and end, and dies of it at any other time, as programs do.
 */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

struct interrupt {
	int fd; /* readable when Ctrl-C was pressed; -1 when there is none */
	sigset_t before;
};

/* Threads that start until interrupt_unshield do not take SIGINT, SIGTERM and SIGHUP. */
void interrupt_shield(sigset_t *before);
void interrupt_unshield(const sigset_t *before);

void interrupt_begin(struct interrupt *i);
/* The signal that came, or 0; does not wait. */
int interrupt_taken(struct interrupt *i);
void interrupt_end(struct interrupt *i);

#endif
