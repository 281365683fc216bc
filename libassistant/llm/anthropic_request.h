/*
 * anthropic_request.h - bodies of requests to Anthropic's Messages API.  Pure.
 *
 *	tools | system | history          the same for every question of a conversation: kept by cache_control
 *	user: the question, verbatim
 *	assistant: tool_use               the look-up that our own search has made
 *	user: tool_result, reminder       what it found, as data; the clock comes last
 */
#ifndef LLM_ANTHROPIC_REQUEST_H
#define LLM_ANTHROPIC_REQUEST_H

#include "llm/llm.h"
#include "llm/models.h"

/* A streamed answer; malloc()ed JSON, NULL: no memory. */
char *anthropic_request_stream(const char *model, const struct model_traits *traits,
			       const struct llm_request *rq);
/* An answer in JSON, not streamed. */
char *anthropic_request_ask(const char *model, const struct model_traits *traits,
			    const struct llm_ask *rq);

#endif
