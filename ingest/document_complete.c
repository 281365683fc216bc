/*
 * document_complete.c - what a source leaves open: ids, the speakers that tables name, the conference's facts.
 */
#include "document.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "document_private.h"
#include "given.h"
#include "name_id.h"
#include "times.h"
#include "value.h"

/* Of the words, of the words and what else tells two records apart, then counted. */
static void make_id(struct entries *e, enum kind kind, struct json_object *o)
{
	const char *words = value_string(o, kind_title(kind));
	const char *details[] = { NULL, value_string(o, "start_time"), value_string(o, "company"),
				  value_string(o, "booth_number") };
	char id[NAME_ID_SIZE], count[24];

	if (!words)
		return;
	for (size_t i = 0; i < sizeof(details) / sizeof(details[0]); i++) {
		if (i && !details[i])
			continue;
		name_id(kind_name(kind), words, details[i], id);
		if (!value_get(e->by_id, id))
			break;
	}
	for (size_t n = 2; value_get(e->by_id, id); n++) {
		snprintf(count, sizeof(count), "%zu", n);
		name_id(kind_name(kind), words, count, id);
	}
	json_object_object_add(o, "id", json_object_new_string(id));
}

static void complete_ids(struct document *d)
{
	for (int k = 0; k < KIND_COUNT; k++) {
		struct entries *e = &d->kinds[k];

		for (size_t i = 0; i < e->n; i++) {
			if (!value_get(e->items[i].o, "id")) {
				make_id(e, (enum kind)k, e->items[i].o);
				entries_index(e, i);
			}
		}
	}
}

static bool same_name(const char *a, const char *b)
{
	while (*a && *b && tolower((unsigned char)*a) == tolower((unsigned char)*b)) {
		a++;
		b++;
	}
	return !*a && !*b;
}

static struct json_object *speaker_named(const struct document *d, const char *name)
{
	for (size_t i = 0; i < d->kinds[KIND_SPEAKER].n; i++) {
		struct json_object *o = d->kinds[KIND_SPEAKER].items[i].o;
		const char *own = value_string(o, "name");

		if (own && same_name(own, name))
			return o;
	}
	return NULL;
}

/* The id of the speaker of that name; of a whole conference everybody named gets a record. */
static struct json_object *speaker_id(struct document *d, const char *name,
				      const struct origin *origin, bool whole)
{
	struct json_object *o = speaker_named(d, name);
	char id[NAME_ID_SIZE];

	if (o && value_get(o, "id"))
		return json_object_get(value_get(o, "id"));
	name_id(kind_name(KIND_SPEAKER), name, NULL, id);
	if (!o && whole) {
		o = json_object_new_object();
		json_object_object_add(o, "id", json_object_new_string(id));
		value_set_line(o, "name", name);
		document_add(d, KIND_SPEAKER, o, origin->line);
		d->kinds[KIND_SPEAKER].items[d->kinds[KIND_SPEAKER].n - 1].origin = *origin;
	}
	return json_object_new_string(id);
}

/* Sessions of tables name their speakers ("#names"): ids for the names. */
static void link_names(struct document *d, bool whole)
{
	for (size_t i = 0; i < d->kinds[KIND_SESSION].n; i++) {
		struct entry *e = &d->kinds[KIND_SESSION].items[i];
		struct json_object *names = json_object_get(value_get(e->o, "#names")), *ids;

		json_object_object_del(e->o, "#names");
		if (names && !value_get(e->o, "speaker_ids")) {
			ids = json_object_new_array();
			for (size_t n = 0; n < value_length(names); n++) {
				struct json_object *name = json_object_array_get_idx(names, n);

				json_object_array_add(ids,
						      speaker_id(d, json_object_get_string(name),
								 &e->origin, whole));
			}
			json_object_object_add(e->o, "speaker_ids", ids);
		}
		if (names)
			json_object_object_add(e->o, "speaker_names", json_object_get(names));
		json_object_put(names);
	}
}

/* The speakers' records stay behind when sessions alone are loaded: their names go along. */
static void keep_names(struct document *d)
{
	for (size_t i = 0; i < d->kinds[KIND_SESSION].n; i++) {
		struct json_object *o = d->kinds[KIND_SESSION].items[i].o;
		struct json_object *ids = value_get(o, "speaker_ids");
		struct json_object *names = json_object_new_array();

		for (size_t n = 0; n < value_length(ids); n++) {
			const char *id = json_object_get_string(json_object_array_get_idx(ids, n));
			struct json_object *speaker =
				id ? document_find(d, KIND_SPEAKER, id) : NULL;

			if (value_string(speaker, "name"))
				json_object_array_add(names,
						      json_object_get(value_get(speaker, "name")));
		}
		/* In the ids' order, so all or none. */
		if (value_length(names) && value_length(names) == value_length(ids) &&
		    !value_get(o, "speaker_names"))
			json_object_object_add(o, "speaker_names", names);
		else
			json_object_put(names);
	}
}

/* First and last day of the sessions, where the source has none. */
static void complete_days(struct document *d)
{
	const char *zone = value_string(d->conference, "timezone");
	char first[DAY_SIZE] = "", last[DAY_SIZE] = "", day[DAY_SIZE];

	for (size_t i = 0; i < d->kinds[KIND_SESSION].n; i++) {
		const char *t = value_string(d->kinds[KIND_SESSION].items[i].o, "start_time");

		if (!t || !time_venue_day(t, zone, day))
			continue;
		if (!*first || strcmp(day, first) < 0)
			memcpy(first, day, sizeof(day));
		if (strcmp(day, last) > 0)
			memcpy(last, day, sizeof(day));
	}
	if (*first && !value_get(d->conference, "start_date"))
		value_set_line(d->conference, "start_date", first);
	if (*last && !value_get(d->conference, "end_date"))
		value_set_line(d->conference, "end_date", last);
}

static void complete_conference_id(struct document *d)
{
	const char *words = value_string(d->conference, "acronym");
	char id[NAME_ID_SIZE];

	if (!words)
		words = value_string(d->conference, "name");
	if (words && !value_get(d->conference, "id")) {
		name_id("conference", words, NULL, id);
		json_object_object_add(d->conference, "id", json_object_new_string(id));
	}
	json_object_object_del(d->conference, "acronym");
}

/* "the conference's name, timezone" and "--name NAME --timezone ZONE" */
static int complain_missing(const struct document *d)
{
	static const struct {
		int fact;
		const char *what, *value;
	} needed[] = {
		{ GIVEN_NAME, "name", "\"Canal Day 2027\"" },
		{ GIVEN_TIMEZONE, "time zone", "Europe/Amsterdam" },
		{ GIVEN_START_DATE, "first day", "2027-09-04" },
		{ GIVEN_END_DATE, "last day", "2027-09-05" },
	};
	char what[200] = "", options[200] = "";

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		size_t n = strlen(what), m = strlen(options);

		if (value_string(d->conference, given_member(needed[i].fact)))
			continue;
		snprintf(what + n, sizeof(what) - n, "%s%s", n ? ", " : "", needed[i].what);
		snprintf(options + m, sizeof(options) - m, "%s--%s %s", m ? " " : "",
			 given_option(needed[i].fact), needed[i].value);
	}
	if (!*what)
		return 0;
	fprintf(stderr,
		"%s: the conference's %s cannot be read from this source; give it as in "
		"%s, or in a file with --conference-info FILE.\n",
		document_file_name(d), what, options);
	return -1;
}

int document_complete(struct document *d, const struct given *given, bool whole)
{
	complete_ids(d);
	link_names(d, whole);
	if (!whole) {
		keep_names(d);
		return 0;
	}
	if (given->info_path && given_read_info(given->info_path, d->conference) < 0)
		return -1;
	for (int i = 0; i < GIVEN_COUNT; i++)
		if (given->facts[i])
			json_object_object_add(d->conference, given_member(i),
					       json_object_new_string(given->facts[i]));
	complete_days(d);
	complete_conference_id(d);
	return complain_missing(d);
}
