/*
 * chat.h - questions and their replies: /api/chat.
 */
#ifndef SERVER_CHAT_H
#define SERVER_CHAT_H

#include "request.h"

void chat_post(struct request *r);
void chat_get(struct request *r);
void chat_events(struct request *r);
void chat_stop(struct request *r);
void chat_feedback(struct request *r);

#endif
