/*
 * check.h - bugs, as opposed to weather.  A failed check prints where and aborts in every build:
 * going on with a broken invariant is how answers get lost.
 */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

_Noreturn void check_failed(const char *kind, const char *what, const char *file, int line);

#define PRE(x)		((x) ? (void)0 : check_failed("precondition", #x, __FILE__, __LINE__))
#define POST(x)		((x) ? (void)0 : check_failed("postcondition", #x, __FILE__, __LINE__))
#define IMPOSSIBLE(why) check_failed("impossible", why, __FILE__, __LINE__)

#endif
