/*
 * clean.h - scope-bound release and the few macros every file of the server wants.
 */
#ifndef SERVER_CLEAN_H
#define SERVER_CLEAN_H

#include <assistant.h>
#include <stddef.h>
#include <stdlib.h>

#define _cleanup_(fn)	 __attribute__((cleanup(fn)))
#define _printf_(f, a)	 __attribute__((format(printf, f, a)))
#define ARRAY_SIZE(a)	 (sizeof(a) / sizeof((a)[0]))
#define _cleanup_free_	 _cleanup_(free_cleanup)
#define _cleanup_reply_	 _cleanup_(reply_handle_cleanup)
#define _cleanup_answer_ _cleanup_(answer_cleanup)

static inline void free_cleanup(void *p)
{
	free(*(void **)p);
}

/* Text that the library made. */
static inline void answer_cleanup(char **text)
{
	assistant_free(*text);
}

static inline void reply_handle_cleanup(assistant_reply **r)
{
	assistant_reply_free(*r);
}

#endif
