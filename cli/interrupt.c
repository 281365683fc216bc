/*
 * interrupt.c - see interrupt.h.
 */
#include "interrupt.h"

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void fill(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
}

void interrupt_shield(sigset_t *before)
{
	sigset_t set;

	fill(&set);
	pthread_sigmask(SIG_BLOCK, &set, before);
}

void interrupt_unshield(const sigset_t *before)
{
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

void interrupt_begin(struct interrupt *i)
{
	sigset_t set;

	fill(&set);
	interrupt_shield(&i->before);
	i->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int interrupt_taken(struct interrupt *i)
{
	struct signalfd_siginfo info;

	if (i->fd < 0 || read(i->fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return 0;
	return (int)info.ssi_signo;
}

void interrupt_end(struct interrupt *i)
{
	if (i->fd >= 0)
		close(i->fd);
	interrupt_unshield(&i->before);
}
