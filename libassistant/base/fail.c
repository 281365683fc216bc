/*
 * fail.c - the failure record: a code, one sentence, where it began and where it passed.
 */
#include "base/fail.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "base/utf8.h"

static const struct {
	const char *name, *sentence;
} codes[] = {
	[-ASSISTANT_OK] = { "ok", "Success." },
	[-ASSISTANT_EINVAL] = { "invalid", "An argument is not valid." },
	[-ASSISTANT_ENOMEM] = { "no_memory", "Out of memory." },
	[-ASSISTANT_ECONFIG] = { "config", "A setting is unknown or has a value it rejects." },
	[-ASSISTANT_EUNAVAILABLE] = { "unavailable", "A service is not available right now." },
	[-ASSISTANT_ETIMEOUT] = { "timeout", "It took too long." },
	[-ASSISTANT_ELIMIT] = { "limit", "A limit was reached." },
	[-ASSISTANT_ECANCELED] = { "canceled", "It was canceled." },
	[-ASSISTANT_EBUSY] = { "busy", "It is busy with something else." },
	[-ASSISTANT_ENOTFOUND] = { "not_found", "It was not found." },
	[-ASSISTANT_EPROTOCOL] = { "protocol", "A service gave an answer that makes no sense." },
	[-ASSISTANT_EINTERNAL] = { "internal", "An internal error; please report it." },
	[-ASSISTANT_ECONFLICT] = { "conflict", "It exists already with other content." },
	[-ASSISTANT_ETOOLARGE] = { "too_large", "It is over the documented size." },
	[-ASSISTANT_EDENIED] = { "denied", "It is not allowed." },
	[-ASSISTANT_EUNPROCESSABLE] = { "unprocessable", "It is well-formed but cannot be used." },
};

static size_t code_index(int code)
{
	if (code > 0)
		return 0;
	if (code < -(int)ARRAY_SIZE(codes) + 1)
		return -ASSISTANT_EINTERNAL;
	return (size_t)-code;
}

const char *fail_name(int code)
{
	return codes[code_index(code)].name;
}

const char *fail_sentence(int code)
{
	return codes[code_index(code)].sentence;
}

static const unsigned char cause_of_code[] = {
	[-ASSISTANT_EUNAVAILABLE] = CAUSE_UNREACHABLE, [-ASSISTANT_ETIMEOUT] = CAUSE_TIMEOUT,
	[-ASSISTANT_ELIMIT] = CAUSE_RATE_LIMITED,      [-ASSISTANT_ECANCELED] = CAUSE_CANCELED,
	[-ASSISTANT_EPROTOCOL] = CAUSE_PROTOCOL,       [-ASSISTANT_EDENIED] = CAUSE_DENIED,
	[-ASSISTANT_EINVAL] = CAUSE_REJECTED,	       [-ASSISTANT_ETOOLARGE] = CAUSE_REJECTED,
	[-ASSISTANT_EUNPROCESSABLE] = CAUSE_REJECTED,  [-ASSISTANT_ECONFIG] = CAUSE_REJECTED,
	[-ASSISTANT_EBUSY] = CAUSE_OVERLOADED,	       [-ASSISTANT_ENOMEM] = CAUSE_INTERNAL,
	[-ASSISTANT_EINTERNAL] = CAUSE_INTERNAL,       [-ASSISTANT_ENOTFOUND] = CAUSE_NONE,
	[-ASSISTANT_ECONFLICT] = CAUSE_NONE,
};

enum cause fail_cause(const struct fail *f)
{
	return f->cause ? (enum cause)f->cause : (enum cause)cause_of_code[code_index(f->code)];
}

const char *cause_name(enum cause c)
{
	static const char *const names[CAUSE_COUNT] = {
		[CAUSE_NONE] = "none",
		[CAUSE_TIMEOUT] = "timeout",
		[CAUSE_UNREACHABLE] = "unreachable",
		[CAUSE_CUT_OFF] = "cut_off",
		[CAUSE_RATE_LIMITED] = "rate_limited",
		[CAUSE_OVERLOADED] = "overloaded",
		[CAUSE_SERVER_ERROR] = "server_error",
		[CAUSE_DENIED] = "denied",
		[CAUSE_SPENT] = "spent",
		[CAUSE_REJECTED] = "rejected",
		[CAUSE_PROTOCOL] = "protocol",
		[CAUSE_BROKEN] = "broken",
		[CAUSE_CANCELED] = "canceled",
		[CAUSE_INTERNAL] = "internal",
	};

	return c < CAUSE_COUNT ? names[c] : "internal";
}

/* Cuts what snprintf may have cut inside a code point. */
static void cut_cleanly(char *text)
{
	size_t len = strlen(text);
	size_t i = 0;

	while (i < len && utf8_next(text, len, &i) >= 0)
		;
	if (len - i < 4)
		text[i] = '\0';
}

int fail_at(struct fail *f, int code, const char *file, int line, const char *func, const char *fmt,
	    ...)
{
	struct fail made = { .code = code, .file = file, .line = line, .func = func };
	va_list ap;
	int n;

	if (!f)
		return code;
	va_start(ap, fmt);
	n = vsnprintf(made.text, sizeof(made.text), fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof(made.text))
		cut_cleanly(made.text);
	*f = made;
	return code;
}

int fail_pass(struct fail *f, int code, const char *func)
{
	if (f && f->code == code && f->n_passed < (int)ARRAY_SIZE(f->passed))
		f->passed[f->n_passed++] = func;
	return code;
}

int fail_export(const struct fail *f, assistant_error *err)
{
	const char *text = f->text[0] ? f->text : fail_sentence(f->code);

	if (!err)
		return f->code;
	err->code = f->code;
	err->retry_after_ms = f->retry_after_ms;
	snprintf(err->message, sizeof(err->message), "%s", text);
	return f->code;
}

const char *fail_origin(const struct fail *f, char *buf, size_t size)
{
	const char *file = f && f->file ? f->file : "";
	const char *dir = strstr(file, "libassistant/");
	size_t at;
	int n;

	if (!f || !f->file) {
		snprintf(buf, size, "unknown");
		return buf;
	}
	if (dir)
		file = dir + strlen("libassistant/");
	while (!strncmp(file, "../", 3))
		file += 3;
	n = snprintf(buf, size, "%s:%d %s", file, f->line, f->func);
	at = n < 0 ? 0 : (size_t)n;
	for (int i = 0; i < f->n_passed && at < size; i++) {
		n = snprintf(buf + at, size - at, " < %s", f->passed[i]);
		at += n < 0 ? 0 : (size_t)n;
	}
	return buf;
}
