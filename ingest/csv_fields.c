/*
 * csv_fields.c - which columns of a table stand for which fields.
 *
 * The fields are those of docs/data-format.md; the synonyms are what spreadsheets and exports call them.
 */
#include "csv_fields.h"

#include <string.h>

#define WORDS(name)                                                                                \
	{                                                                                          \
		name, FORM_WORDS, NULL                                                             \
	}

static const struct csv_field sessions[] = {
	{ "id", FORM_ID, "session_id code guid uuid talk_id event_id proposal_id" },
	{ "title", FORM_LINE, "name session session_title session_name talk talk_title event" },
	{ "subtitle", FORM_LINE, NULL },
	{ "description", FORM_TEXT, "abstract summary details session_description" },
	{ "day", FORM_DAY, "date session_date start_date" },
	{ "start_time", FORM_START, "start starts starts_at begin begins from time scheduled_at" },
	{ "end_time", FORM_END, "end ends ends_at until to finish" },
	{ "duration", FORM_DURATION, "length minutes duration_minutes duration_min" },
	{ "location", FORM_LINE, "room hall stage place room_name venue where" },
	{ "track", FORM_LINE, "stream" },
	{ "session_type", FORM_LINE, "type kind session_format" },
	{ "#names", FORM_LIST,
	  "speaker speakers speaker_names speaker_name presenter presenters names owner" },
	{ "speaker_ids", FORM_LIST, "speaker_id" },
	{ "level", FORM_LINE, "difficulty" },
	{ "language", FORM_LINE, "lang locale" },
	{ "tags", FORM_LIST, "tag keywords keyword" },
	{ "url", FORM_LINE, "link web website page" },
	WORDS("topic"),
	WORDS("themes"),
	WORDS("category"),
	WORDS("learning_outcomes"),
	WORDS("takeaways"),
	WORDS("skills_gained"),
	WORDS("target_audience"),
	WORDS("experience_level"),
	WORDS("ideal_attendee"),
	WORDS("industries"),
	WORDS("case_study_industries"),
	WORDS("practical_skills"),
	WORDS("examples"),
	WORDS("format"),
	WORDS("speaker_expertise"),
	WORDS("speaker_background"),
	WORDS("prerequisites"),
	{ "capacity", FORM_LINE, NULL },
	{ NULL, FORM_LINE, NULL },
};

static const struct csv_field exhibitors[] = {
	{ "id", FORM_ID, "exhibitor_id code guid uuid" },
	{ "name", FORM_LINE, "exhibitor company organisation organization exhibitor_name title" },
	{ "booth_number", FORM_LINE, "booth stand stand_number booth_no stand_no stall place" },
	{ "category", FORM_LINE, "type" },
	{ "tier", FORM_LINE, "level sponsorship sponsor_level package" },
	{ "description", FORM_TEXT, "about summary profile" },
	{ "products", FORM_WORDS, "product" },
	{ "availability", FORM_LINE, "available days" },
	{ "tags", FORM_LIST, "tag keywords keyword" },
	{ "website", FORM_LINE, "url link web homepage" },
	WORDS("services"),
	WORDS("value_proposition"),
	WORDS("target_audience"),
	WORDS("ideal_customer"),
	WORDS("use_cases"),
	WORDS("technologies"),
	WORDS("specializations"),
	WORDS("experience_areas"),
	WORDS("industries"),
	WORDS("verticals"),
	WORDS("demos"),
	WORDS("topics"),
	WORDS("booth_activities"),
	{ NULL, FORM_LINE, NULL },
};

static const struct csv_field speakers[] = {
	{ "id", FORM_ID, "speaker_id code guid uuid" },
	{ "name", FORM_LINE, "speaker full_name fullname speaker_name public_name" },
	{ "first_name", FORM_LINE, "firstname given_name forename" },
	{ "last_name", FORM_LINE, "lastname surname family_name" },
	{ "title", FORM_LINE, "job_title role position tagline tag_line" },
	{ "company", FORM_LINE, "organisation organization affiliation employer institution" },
	{ "bio", FORM_TEXT, "biography about description profile" },
	{ "session_ids", FORM_LIST, "session_id" },
	{ "tags", FORM_LIST, "tag keywords keyword" },
	{ "url", FORM_LINE, "link web website homepage blog" },
	WORDS("expertise"),
	WORDS("specializations"),
	WORDS("background"),
	WORDS("previous_roles"),
	WORDS("topics"),
	WORDS("audience_value"),
	WORDS("takeaways"),
	WORDS("interests"),
	WORDS("discussion_topics"),
	WORDS("open_to"),
	{ NULL, FORM_LINE, NULL },
};

static bool is_synonym(const char *synonyms, const char *column)
{
	size_t n = strlen(column);

	for (const char *s = synonyms; s && *s;) {
		size_t len = strcspn(s, " ");

		if (len == n && !strncmp(s, column, n))
			return true;
		s += len + (s[len] != '\0');
	}
	return false;
}

const struct csv_field *csv_field_of(enum kind kind, const char *column)
{
	static const struct csv_field *const tables[KIND_COUNT] = {
		[KIND_SESSION] = sessions,
		[KIND_EXHIBITOR] = exhibitors,
		[KIND_SPEAKER] = speakers,
	};

	for (const struct csv_field *f = tables[kind]; f->name; f++)
		if (!strcmp(f->name, column) || is_synonym(f->synonyms, column))
			return f;
	return NULL;
}
