/*
 * webhook.c - see webhook.h.  What the body says is not believed, only that somebody who knows the secret sent it: all is read
 * again, by the library, in its own time.
 */
#include "webhook.h"

#include "reply.h"

void webhook_post(struct request *r)
{
	_cleanup_json_ struct json j = { 0 };
	assistant_error err = ASSISTANT_ERROR_INIT;
	assistant_notice notice = {
		.authorization = request_header(r, "Authorization"),
		.timestamp = request_header(r, "X-Erleah-Timestamp"),
		.signature = request_header(r, "X-Erleah-Signature"),
	};
	int code;

	if (!request_read_json(r, &j))
		return;
	notice.body = r->body.data;
	notice.body_len = r->body.len;
	code = assistant_ingest_notify(r->server->assistant, &notice, &err);
	if (code == ASSISTANT_OK)
		reply_json(r, 202, "{\"success\":true}");
	else if (code == ASSISTANT_EDENIED)
		reply_error(r, 401, 0, "%s", err.message);
	else
		reply_failure(r, code, &err);
}
