/*
 * clean.h - scope-bound release and the few macros every file wants.
 */
#ifndef BASE_CLEAN_H
#define BASE_CLEAN_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(fn)	      __attribute__((cleanup(fn)))
#define container_of(p, T, m) ((T *)(void *)((char *)(p)-offsetof(T, m)))
#define ARRAY_SIZE(a)	      (sizeof(a) / sizeof((a)[0]))
#define _printf_(f, a)	      __attribute__((format(printf, f, a)))
#define _unused_	      __attribute__((unused))

/* Moves a pointer out of a variable, leaving NULL: what was owned here is owned there. */
#define TAKE_PTR(p)                                                                                \
	__extension__({                                                                            \
		__typeof__(p) taken_ = (p);                                                        \
		(p) = NULL;                                                                        \
		taken_;                                                                            \
	})

static inline void free_cleanup(void *p)
{
	free(*(void **)p);
}
static inline void close_cleanup(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
static inline void fclose_cleanup(FILE **f)
{
	if (*f)
		fclose(*f);
}
#define _cleanup_free_	 _cleanup_(free_cleanup)
#define _cleanup_close_	 _cleanup_(close_cleanup)
#define _cleanup_fclose_ _cleanup_(fclose_cleanup)

#endif
