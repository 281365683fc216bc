/*
 * report.c - what an assistant says of itself, and what a program adds to it.
 */
#include "api/assistant_private.h"

#include <string.h>
#include "api/services.h"
#include "base/json.h"
#include "base/text.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "tools/tool.h"

#define REPORT_MAX_BYTES (4 << 20)

static char *metrics_text(assistant *a, bool openmetrics)
{
	struct text t;

	text_init(&t, REPORT_MAX_BYTES);
	metrics_render(a->env.metrics, openmetrics, &t);
	return text_take(&t);
}

static char *graph_text(assistant *a)
{
	struct text t;

	text_init(&t, REPORT_MAX_BYTES);
	graph_print(a->env.graph, &t);
	return text_take(&t);
}

static char *tools_text(assistant *a)
{
	_cleanup_json_ struct json_object *o = registry_describe(a->env.registry);

	return json_dump(o);
}

int assistant_report(assistant *a, int what, int timeout_ms, char **out, assistant_error *err)
{
	_inside_ assistant *inside = NULL;
	struct fail f = FAIL_INIT;
	char *text = NULL;
	int code = api_enter(a, &inside, err);

	if (code < 0)
		return code;
	switch (what) {
	case ASSISTANT_REPORT_READY:
		return services_ready(a, timeout_ms, out, err);
	case ASSISTANT_REPORT_DOCTOR:
		return services_doctor(a, timeout_ms, out, err);
	case ASSISTANT_REPORT_GRAPH:
		text = graph_text(a);
		break;
	case ASSISTANT_REPORT_METRICS:
		text = metrics_text(a, false);
		break;
	case ASSISTANT_REPORT_OPENMETRICS:
		text = metrics_text(a, true);
		break;
	case ASSISTANT_REPORT_SETTINGS:
		text = config_report(a->config);
		break;
	case ASSISTANT_REPORT_TOOLS:
		text = tools_text(a);
		break;
	default:
		FAIL(&f, ASSISTANT_EINVAL, "There is no report number %d.", what);
		return fail_export(&f, err);
	}
	if (!text) {
		FAIL(&f, ASSISTANT_ENOMEM, "Out of memory.");
		return fail_export(&f, err);
	}
	*out = text;
	return 0;
}

int assistant_metric_new(assistant *a, int kind, const char *name, const char *help,
			 const char *label, const double *buckets, size_t n_buckets)
{
	_inside_ assistant *inside = NULL;
	int code = api_enter(a, &inside, NULL);

	if (code < 0)
		return code;
	return metrics_register(a->env.metrics, kind, name, help, label, buckets, n_buckets);
}

void assistant_metric_record(assistant *a, int metric, const char *label_value, double value)
{
	_inside_ assistant *inside = NULL;

	if (metric >= 0 && api_enter(a, &inside, NULL) == 0)
		metrics_record(a->env.metrics, metric, label_value, value);
}

void assistant_log(assistant *a, int level, const char *event, const char *fields_json)
{
	_inside_ assistant *inside = NULL;

	if (api_enter(a, &inside, NULL) == 0)
		log_write_json(a->env.log, (enum log_level)level, event, fields_json);
}
