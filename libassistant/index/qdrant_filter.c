/*
 * qdrant_filter.c - what an index_filter lets pass, in Qdrant's conditions; and the small parts of JSON that requests are made of.
 *
 * The first two conditions are always the conference and the build: nothing here can be asked without them.
 */
#include <math.h>
#include <string.h>
#include <time.h>
#include "base/utf8.h"
#include "index/qdrant.h"

#define MAX_VALUES 256 /* of one list; more are passed over */
#define EVER	   "0001-01-01T00:00:00Z"

void qdrant_text_string(struct text *t, const char *s)
{
	text_append_char(t, '"');
	text_append_json(t, s, strlen(s));
	text_append_char(t, '"');
}

/* As many digits as bring the float back; '.' whatever the locale. */
void qdrant_text_vector(struct text *t, const float *vector, unsigned dims)
{
	text_append_char(t, '[');
	for (unsigned i = 0; i < dims; i++) {
		char number[32];
		int n = snprintf(number, sizeof(number), "%s%.9g", i ? "," : "", (double)vector[i]);
		char *comma = strchr(number + 1, ',');

		if (comma)
			*comma = '.';
		text_append_n(t, number, (size_t)n);
	}
	text_append_char(t, ']');
}

/*
 * Seven decimals: a cosine moves by less than a float can tell.  A question's vector stands in many bodies,
 * and printf takes longer over it than Qdrant over the search.
 */
void qdrant_text_unit(struct text *t, const float *vector, unsigned dims)
{
	text_append_char(t, '[');
	for (unsigned i = 0; i < dims; i++) {
		char number[16], *at = number + sizeof(number);
		unsigned n = (unsigned)(fabsf(vector[i]) * 1e7 + 0.5);

		for (unsigned digit = 0; digit < 7; digit++, n /= 10)
			*--at = (char)('0' + n % 10);
		*--at = '.';
		*--at = (char)('0' + n);
		if (vector[i] < 0)
			*--at = '-';
		if (i)
			*--at = ',';
		text_append_n(t, at, (size_t)(number + sizeof(number) - at));
	}
	text_append_char(t, ']');
}

void qdrant_text_time(struct text *t, int64_t unix_s)
{
	time_t s = (time_t)unix_s;
	struct tm tm;
	char text[64] = EVER;

	if (gmtime_r(&s, &tm) && tm.tm_year > -1900 && tm.tm_year < 8100)
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	text_append(t, text);
}

void qdrant_hash_text(const uint8_t hash[static POINT_HASH_SIZE],
		      char out[static 2 * POINT_HASH_SIZE + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < POINT_HASH_SIZE; i++) {
		out[2 * i] = digits[hash[i] >> 4];
		out[2 * i + 1] = digits[hash[i] & 15];
	}
	out[2 * POINT_HASH_SIZE] = '\0';
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool qdrant_hash_from(const char *text, uint8_t out[static POINT_HASH_SIZE])
{
	if (strlen(text) != 2 * POINT_HASH_SIZE)
		return false;
	for (size_t i = 0; i < POINT_HASH_SIZE; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* --- Lists -------------------------------------------------------------------------------- */

/* false: the list has nothing that a record could be. */
static bool add_list(struct text *t, const char *field, const char *const *list)
{
	size_t n = 0;

	if (!list)
		return true;
	text_printf(t, ",{\"key\":\"match.%s\",\"match\":{\"any\":[", field);
	for (size_t i = 0; list[i] && i < MAX_VALUES; i++) {
		_cleanup_free_ char *folded = utf8_fold(list[i], strlen(list[i]));

		if (!folded) {
			t->failed = true;
			return false;
		}
		text_append(t, n++ ? "," : "");
		qdrant_text_string(t, folded);
	}
	text_append(t, "]}}");
	return n > 0;
}

/* --- Times ----------------------------------------------------------------------------------- */

static void add_range(struct text *t, const char *field, const char *how, int64_t unix_s)
{
	text_printf(t, "{\"key\":\"%s\",\"range\":{\"%s\":\"", field, how);
	qdrant_text_time(t, unix_s);
	text_append(t, "\"}}");
}

/* Conditions of one window; a session without a start is in none. */
static void add_window(struct text *t, const struct index_window *w)
{
	text_append(t, "{\"key\":\"start_time\",\"range\":{");
	if (w->to != TIME_UNKNOWN) {
		text_append(t, "\"lt\":\"");
		qdrant_text_time(t, w->to);
	} else {
		text_append(t, "\"gte\":\"" EVER);
	}
	text_append(t, "\"}}");
	if (w->from == TIME_UNKNOWN)
		return;
	text_append(t, ",");
	if (w->overlap)
		text_append(t, "{\"should\":[");
	add_range(t, "start_time", "gte", w->from);
	if (!w->overlap)
		return;
	text_append(t, ",");
	add_range(t, "end_time", "gt", w->from);
	text_append(t, "]}");
}

static void add_windows(struct text *t, const struct index_filter *f)
{
	const struct index_window whole = { f->from, f->to, f->overlap };

	text_append(t, ",");
	if (!f->n_windows) {
		add_window(t, &whole);
		return;
	}
	text_append(t, "{\"should\":[");
	for (size_t i = 0; i < f->n_windows; i++) {
		text_append(t, i ? ",{\"must\":[" : "{\"must\":[");
		add_window(t, &f->windows[i]);
		text_append(t, "]}");
	}
	text_append(t, "]}");
}

/* --- All of it ---------------------------------------------------------------------------------- */

bool qdrant_text_filter(struct text *t, const struct qdrant_build *b, enum entity type,
			const struct index_filter *filter)
{
	bool session = type == ENTITY_SESSION, speaker = type == ENTITY_SPEAKER;

	if (filter->entities && !(filter->entities & ENTITY_BIT(type)))
		return false;
	if (!session &&
	    (filter->types || filter->levels || filter->languages || filter->speaker_ids))
		return false;
	if (speaker && (filter->places || filter->tracks))
		return false;
	text_append(t, "{\"key\":\"conference_id\",\"match\":{\"value\":");
	qdrant_text_string(t, b->conference_id);
	text_printf(t, "}},{\"key\":\"build\",\"match\":{\"value\":\"%s\"}}", b->uuid);
	if (session && filter->has_window)
		add_windows(t, filter);
	return add_list(t, "place", filter->places) && add_list(t, "track", filter->tracks) &&
	       add_list(t, "type", filter->types) && add_list(t, "level", filter->levels) &&
	       add_list(t, "language", filter->languages) &&
	       add_list(t, "speakers", filter->speaker_ids) && add_list(t, "id", filter->ids);
}

bool qdrant_filters_nothing(enum entity type, const struct index_filter *f)
{
	return !(type == ENTITY_SESSION && f->has_window) && !f->places && !f->tracks &&
	       !f->types && !f->levels && !f->languages && !f->speaker_ids && !f->ids;
}
