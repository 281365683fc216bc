/*
 * log.h - structured log lines.  Library code returns failures; it logs only what nobody above it
 * could return: a turn's life, an upstream's state, a background job.
 *
 * One line: time, level, event, then fields in the order given.  JSON or console form.  Secrets
 * never come here: settings of type "secret" register their values and every line is searched for
 * them as a last net.  Thread-safe; a log function may be called by several threads at once.
 */
#ifndef OBSERVE_LOG_H
#define OBSERVE_LOG_H

#include <assistant.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/clean.h"
#include "base/clock.h"
#include "base/fail.h"

struct log;
enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* fn NULL: stderr.  clock is borrowed. */
struct log *log_create(enum log_level max, bool json, const struct clock *clock,
		       assistant_log_fn *fn, void *user);
void log_destroy(struct log *l);
bool log_wants(const struct log *l, enum log_level level);
void log_hide(struct log *l, const char *secret); /* 4 bytes or longer; NULL and shorter: ignored */
/* Counts the lines in METRIC_LOG_LINES of m, which must outlive l.  Before l is shared. */
struct metrics;
void log_count_in(struct log *l, struct metrics *m);

/* Lines that `other` wants go to it too, with what is hidden here; it has a form of its own, outlives l, and counts nothing.  Before l is shared. */
void log_tee(struct log *l, struct log *other);

/*
 * fields: pairs of name and value with a one-letter kind, ended by NULL:
 *	log_write(l, LOG_INFO, "turn.done", "s", "outcome", "ok", "i", "ms", (int64_t)12, NULL)
 * kinds: "s" const char * (NULL: field left out; cut after 4,096 bytes), "i" int64_t, "f" double
 * (not finite: left out), "b" int, "j" const char * of JSON (invalid: logged as a string).
 * l may be NULL: nothing happens.
 */
void log_write(struct log *l, enum log_level level, const char *event, ...);
/* As above with code, sentence and origin of f. */
void log_fail(struct log *l, enum log_level level, const char *event, const struct fail *f);
/* fields_json: a JSON object's text or NULL. */
void log_write_json(struct log *l, enum log_level level, const char *event,
		    const char *fields_json);

#endif
