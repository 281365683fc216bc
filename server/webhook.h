/*
 * webhook.h - POST /api/ingest/webhook: somebody tells that the conference changed at its source.
 */
#ifndef SERVER_WEBHOOK_H
#define SERVER_WEBHOOK_H

#include "request.h"

void webhook_post(struct request *r);

#endif
