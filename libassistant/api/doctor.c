/*
 * doctor.c - looks at a set-up as an operator would, and says what to do about each finding.
 */
#include "api/services.h"

#include <string.h>
#include <sys/vfs.h>
#include "base/json.h"

#define TMPFS_MAGIC_NUMBER   0x01021994
#define OVERLAY_MAGIC_NUMBER 0x794c7630

struct doctor {
	struct api_call call;
	struct conference_list conferences;
	int store;
	struct fail store_fail;
};

static flow_step doctor_begin, doctor_conferences;

static void doctor_begin(struct flow *f)
{
	struct doctor *d = container_of(f, struct doctor, call.flow);
	struct store *s = d->call.a->env.store;

	s->ops->conferences(s, d->call.arena, &d->conferences, THEN_ANYWAY(f, doctor_conferences));
}

static void doctor_conferences(struct flow *f)
{
	struct doctor *d = container_of(f, struct doctor, call.flow);

	d->store = f->status;
	d->store_fail = f->fail;
	flow_done(f);
}

static void find(struct json_object *findings, const char *level, const char *what,
		 const char *todo)
{
	struct json_object *o = json_object_new_object();

	json_set_string(o, "level", level);
	json_set_string(o, "what", what);
	json_set_string(o, "do", todo);
	json_object_array_add(findings, o);
}

static void look_at_store(assistant *a, const struct doctor *d, struct json_object *findings)
{
	char what[400];

	if (d->store < 0) {
		snprintf(what, sizeof(what), "The store (%s) does not answer: %s",
			 a->env.store->ops->name, d->store_fail.text);
		find(findings, "error", what,
		     "Check DIRECTUS_URL and DIRECTUS_API_KEY, or ERLEAH_DATA.");
		return;
	}
	snprintf(what, sizeof(what), "The store (%s) answers and holds %zu conference%s.",
		 a->env.store->ops->name, d->conferences.n, d->conferences.n == 1 ? "" : "s");
	if (d->conferences.n)
		find(findings, "ok", what, "");
	else
		find(findings, "error", what, "Load one: erleah-ingest all FILE.");
	if (d->conferences.n > 1 && !a->env.default_conference)
		find(findings, "warning",
		     "There are several conferences and DEFAULT_CONFERENCE_ID is not set.",
		     "Set it, or name the conference with every question.");
}

static void look_at_data(assistant *a, struct json_object *findings)
{
	struct statfs fs;
	char what[4300];

	if (access(a->data_directory, W_OK) < 0 || statfs(a->data_directory, &fs) < 0) {
		snprintf(what, sizeof(what), "%s cannot be written.", a->data_directory);
		find(findings, "error", what, "Make ERLEAH_DATA a directory this user may write.");
		return;
	}
	if (fs.f_type == TMPFS_MAGIC_NUMBER || fs.f_type == OVERLAY_MAGIC_NUMBER) {
		snprintf(what, sizeof(what), "%s does not outlive this machine or container.",
			 a->data_directory);
		find(findings, "warning", what,
		     "Mount a volume at ERLEAH_DATA: answers that the store did not take wait "
		     "there.");
		return;
	}
	snprintf(what, sizeof(what), "%s can be written.", a->data_directory);
	find(findings, "ok", what, "");
}

int services_doctor(assistant *a, int timeout_ms, char **out, assistant_error *err)
{
	struct doctor d = { 0 };
	_cleanup_json_ struct json_object *o = json_object_new_object();
	struct json_object *findings = json_object_new_array();
	int r;

	json_set(o, "findings", findings);
	r = API_CALL(a, &d.call, timeout_ms, doctor_begin, err);
	if (r < 0 && d.store == 0)
		d.store = r;
	look_at_store(a, &d, findings);
	look_at_data(a, findings);
	api_call_finish(&d.call);
	*out = json_dump(o);
	return *out ? 0 : ASSISTANT_ENOMEM;
}
