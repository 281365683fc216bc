/*
 * services.h - which implementation of each service, by the settings.
 */
#ifndef API_SERVICES_H
#define API_SERVICES_H

#include "api/assistant_private.h"

/* Loop thread.  Fills a->env's services; on failure what was made stays there for taking down. */
int services_choose(assistant *a, struct fail *f);
/* Loop thread.  a->http is there: 0 or ENOMEM. */
int services_http(assistant *a, struct fail *f);
/* The one line at start: the services and why each. */
void services_log(assistant *a);
/* JSON {"status","checks"}; malloc()ed. */
int services_ready(assistant *a, int timeout_ms, char **out, assistant_error *err);
/* JSON {"findings":[{"level","what","do"}]}: level "error", "warning" or "ok"; malloc()ed. */
int services_doctor(assistant *a, int timeout_ms, char **out, assistant_error *err);

#endif
