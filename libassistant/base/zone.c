/*
 * zone.c - TZif files (versions 1 to 4) read once into sorted transitions and a closing rule.
 *
 *	file = v1 block [ v2+ block footer ]	a block: header, times, type indices, types, names,
 *						leap seconds, flags; v2+ has 64-bit times
 *
 * Nothing in a file is trusted: every count is checked against the bytes there are.
 */
#include "base/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/clean.h"
#include "base/tz_rule.h"

#define DAY_S	       86400
#define MAX_FILE_BYTES (256 * 1024)
#define MAX_NAME_BYTES 64
/* Years -9999 to 9999: beyond, times are clamped, so that no arithmetic here can overflow. */
#define MIN_UNIX_S    (-377705116800)
#define MAX_UNIX_S    (253402300799)
#define SYSTEM_FOLDER "/usr/share/zoneinfo"

struct zone {
	char name[MAX_NAME_BYTES];
	int64_t *times; /* n, ascending */
	unsigned char *types;
	struct tz_kind *kinds; /* n_kinds >= 1; the first is in force before the first transition */
	size_t n, n_kinds;
	bool has_rule;
	struct tz_rule rule;
};

struct header {
	char version;
	uint32_t n_isut, n_isstd, n_leap, n_times, n_kinds, n_chars;
};

#define HEADER_BYTES 44

static uint32_t read_u32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t read_time(const unsigned char *p, size_t width)
{
	if (width == 4)
		return (int32_t)read_u32(p);
	return (int64_t)((uint64_t)read_u32(p) << 32 | read_u32(p + 4));
}

static bool header_read(const unsigned char *p, size_t len, struct header *h)
{
	if (len < HEADER_BYTES || memcmp(p, "TZif", 4) != 0)
		return false;
	h->version = (char)p[4];
	h->n_isut = read_u32(p + 20);
	h->n_isstd = read_u32(p + 24);
	h->n_leap = read_u32(p + 28);
	h->n_times = read_u32(p + 32);
	h->n_kinds = read_u32(p + 36);
	h->n_chars = read_u32(p + 40);
	/* Each count is bounded before sizes are added up: no product below can overflow. */
	return h->n_times <= MAX_FILE_BYTES && h->n_kinds >= 1 && h->n_kinds <= 256 &&
	       h->n_chars <= 4096 && h->n_leap <= 4096 && h->n_isut <= 256 && h->n_isstd <= 256;
}

static size_t block_bytes(const struct header *h, size_t width)
{
	return HEADER_BYTES + h->n_times * (width + 1) + h->n_kinds * 6 + h->n_chars +
	       h->n_leap * (width + 4) + h->n_isstd + h->n_isut;
}

static bool kind_read(struct tz_kind *k, const unsigned char *p, const unsigned char *chars,
		      size_t n_chars)
{
	size_t at = p[5], n = 0;

	k->offset_s = (int32_t)read_u32(p);
	if (k->offset_s < -26 * 3600 || k->offset_s > 26 * 3600 || at >= n_chars)
		return false;
	while (at + n < n_chars && chars[at + n] && n < sizeof k->abbreviation - 1) {
		k->abbreviation[n] = (char)chars[at + n];
		n++;
	}
	k->abbreviation[n] = '\0';
	return true;
}

/* 0, ASSISTANT_EINVAL for a malformed block, ASSISTANT_ENOMEM. */
static int block_read(struct zone *z, const unsigned char *p, const struct header *h, size_t width)
{
	const unsigned char *times = p + HEADER_BYTES, *types = times + h->n_times * width;
	const unsigned char *kinds = types + h->n_times, *chars = kinds + h->n_kinds * 6;

	z->times = calloc(h->n_times + 1, sizeof *z->times);
	z->types = calloc(h->n_times + 1, 1);
	z->kinds = calloc(h->n_kinds, sizeof *z->kinds);
	if (!z->times || !z->types || !z->kinds)
		return ASSISTANT_ENOMEM;
	for (size_t i = 0; i < h->n_kinds; i++) {
		if (!kind_read(&z->kinds[i], kinds + i * 6, chars, h->n_chars))
			return ASSISTANT_EINVAL;
	}
	for (size_t i = 0; i < h->n_times; i++) {
		z->times[i] = read_time(times + i * width, width);
		z->types[i] = types[i];
		if (types[i] >= h->n_kinds || (i && z->times[i] <= z->times[i - 1]))
			return ASSISTANT_EINVAL;
	}
	z->n = h->n_times;
	z->n_kinds = h->n_kinds;
	return 0;
}

/* "\n" rule "\n"; an empty rule is allowed. */
static int footer_read(struct zone *z, const unsigned char *p, size_t len)
{
	const unsigned char *end;

	if (len < 2 || p[0] != '\n')
		return ASSISTANT_EINVAL;
	end = memchr(p + 1, '\n', len - 1);
	if (!end)
		return ASSISTANT_EINVAL;
	if (end == p + 1)
		return 0;
	z->has_rule = true;
	return tz_rule_parse((const char *)p + 1, (size_t)(end - p - 1), &z->rule);
}

static int zone_parse(struct zone *z, const unsigned char *p, size_t len)
{
	struct header h;
	size_t width = 4, skip;
	int r;

	if (!header_read(p, len, &h) || block_bytes(&h, 4) > len)
		return ASSISTANT_EINVAL;
	if (h.version >= '2') {
		skip = block_bytes(&h, 4);
		p += skip;
		len -= skip;
		width = 8;
		if (!header_read(p, len, &h) || block_bytes(&h, 8) > len)
			return ASSISTANT_EINVAL;
	}
	r = block_read(z, p, &h, width);
	if (r < 0 || width == 4)
		return r;
	skip = block_bytes(&h, 8);
	return footer_read(z, p + skip, len - skip);
}

/* A name stays inside the folder: letters, digits, "+-_" and single slashes between. */
static bool name_valid(const char *name)
{
	size_t len = strlen(name);

	if (!len || len >= MAX_NAME_BYTES || name[0] == '/' || name[len - 1] == '/')
		return false;
	return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-_/") ==
		       len &&
	       !strstr(name, "//");
}

/* The file's bytes, malloc()ed; NULL: not there, or not a file of a sane size. */
static unsigned char *file_read(const char *folder, const char *name, size_t *len)
{
	char path[4096];
	_cleanup_close_ int fd = -1;
	_cleanup_free_ unsigned char *data = NULL;
	struct stat st;
	size_t n = 0;

	if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
		return NULL;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < HEADER_BYTES ||
	    st.st_size > MAX_FILE_BYTES)
		return NULL;
	data = malloc((size_t)st.st_size);
	if (!data)
		return NULL;
	while (n < (size_t)st.st_size) {
		ssize_t got = read(fd, data + n, (size_t)st.st_size - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return NULL;
		n += (size_t)got;
	}
	*len = n;
	return TAKE_PTR(data);
}

static void zone_cleanup(struct zone **z)
{
	zone_close(*z);
}

static int zone_load(struct zone *z, struct fail *f)
{
	const char *folders[2] = { getenv("TZDIR"), SYSTEM_FOLDER };
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		_cleanup_free_ unsigned char *data = NULL;
		size_t len;

		data = folders[i] ? file_read(folders[i], z->name, &len) : NULL;
		if (!data)
			continue;
		r = zone_parse(z, data, len);
		if (r == ASSISTANT_ENOMEM)
			return FAIL(f, r, "out of memory");
		if (r < 0)
			return FAIL(f, ASSISTANT_ECONFIG,
				    "the time zone file %s/%s is damaged; reinstall the system's "
				    "tzdata",
				    folders[i], z->name);
		return 0;
	}
	return FAIL(
		f, ASSISTANT_ECONFIG,
		"no time zone \"%s\" in %s%s%s; an IANA name like \"Europe/Brussels\" is expected",
		z->name, folders[0] ? folders[0] : "", folders[0] ? " or " : "", SYSTEM_FOLDER);
}

int zone_open(const char *name, struct zone **out, struct fail *f)
{
	_cleanup_(zone_cleanup) struct zone *z = NULL;
	int r;

	if (!name_valid(name))
		return FAIL(f, ASSISTANT_ECONFIG,
			    "\"%.64s\" is no time zone; an IANA name like \"Europe/Brussels\" is "
			    "expected",
			    name);
	z = calloc(1, sizeof *z);
	if (!z)
		return FAIL(f, ASSISTANT_ENOMEM, "out of memory");
	memcpy(z->name, name, strlen(name) + 1);
	if (strcmp(name, "UTC") == 0) {
		z->has_rule = true;
		r = tz_rule_parse("UTC0", 4, &z->rule);
	} else {
		r = zone_load(z, f);
	}
	if (r < 0)
		return r;
	*out = TAKE_PTR(z);
	return 0;
}

void zone_close(struct zone *z)
{
	if (!z)
		return;
	free(z->times);
	free(z->types);
	free(z->kinds);
	free(z);
}

const char *zone_name(const struct zone *z)
{
	return z->name;
}

static const struct tz_kind *kind_at(const struct zone *z, int64_t unix_s)
{
	size_t low = 0, high = z->n;

	if (z->has_rule && (!z->n || unix_s >= z->times[z->n - 1]))
		return tz_rule_at(&z->rule, unix_s);
	while (low < high) { /* low: transitions at or before unix_s */
		size_t mid = low + (high - low) / 2;

		if (z->times[mid] <= unix_s)
			low = mid + 1;
		else
			high = mid;
	}
	return &z->kinds[low ? z->types[low - 1] : 0];
}

static int64_t clamp_unix(int64_t s)
{
	return s < MIN_UNIX_S ? MIN_UNIX_S : s > MAX_UNIX_S ? MAX_UNIX_S : s;
}

static int64_t floor_days(int64_t s)
{
	return s >= 0 ? s / DAY_S : -((-s + DAY_S - 1) / DAY_S);
}

void zone_civil(const struct zone *z, int64_t unix_s, struct civil *out)
{
	int64_t at = clamp_unix(unix_s), year;
	const struct tz_kind *k = kind_at(z, at);
	int64_t local = at + k->offset_s, days = floor_days(local);
	int second = (int)(local - days * DAY_S);

	civil_from_days(days, &year, &out->month, &out->day);
	out->year = (int)year;
	out->hour = second / 3600;
	out->minute = second / 60 % 60;
	out->second = second % 60;
	out->weekday = (int)(((days + 4) % 7 + 7) % 7);
	out->offset_s = k->offset_s;
	memcpy(out->abbreviation, k->abbreviation, sizeof out->abbreviation);
}

/*
 * The offsets around the wanted local time give the candidates; one that maps back is right, the
 * earlier first.  None does in a gap: the offset before it then lands after it, by the gap's length.
 */
static int64_t local_to_unix(const struct zone *z, int64_t local)
{
	int before = kind_at(z, local - DAY_S)->offset_s;
	int offsets[3] = { before, kind_at(z, local)->offset_s,
			   kind_at(z, local + DAY_S)->offset_s };
	int64_t best = INT64_MAX;

	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		int64_t at = local - offsets[i];

		if (kind_at(z, at)->offset_s == offsets[i] && at < best)
			best = at;
	}
	return best == INT64_MAX ? local - before : best;
}

int64_t zone_unix(const struct zone *z, int year, int month, int day, int hour, int minute,
		  int second)
{
	return zone_unix_of(z, days_from_civil(year, month, day) * DAY_S + (int64_t)hour * 3600 +
				       (int64_t)minute * 60 + second);
}

int64_t zone_unix_of(const struct zone *z, int64_t local_s)
{
	return local_to_unix(z, clamp_unix(local_s));
}

/* The instant the clock jumps over a local time that does not exist; else INT64_MAX. */
static int64_t gap_at(const struct zone *z, int64_t local)
{
	int64_t at = local_to_unix(z, local), low = at - DAY_S, high = at;

	if (at + kind_at(z, at)->offset_s == local)
		return INT64_MAX;
	while (high - low > 1) { /* the first instant whose clock shows more than `local` */
		int64_t mid = low + (high - low) / 2;

		if (mid + kind_at(z, mid)->offset_s > local)
			high = mid;
		else
			low = mid;
	}
	return high;
}

int64_t zone_unix_from(const struct zone *z, int year, int month, int day, int hour, int minute)
{
	int64_t local = clamp_unix(days_from_civil(year, month, day) * DAY_S +
				   (int64_t)hour * 3600 + (int64_t)minute * 60);
	int64_t gap = gap_at(z, local);

	return gap == INT64_MAX ? local_to_unix(z, local) : gap;
}

int64_t zone_unix_until(const struct zone *z, int year, int month, int day, int hour, int minute)
{
	int64_t local = clamp_unix(days_from_civil(year, month, day) * DAY_S +
				   (int64_t)hour * 3600 + (int64_t)minute * 60);
	int64_t gap = gap_at(z, local), at;

	if (gap != INT64_MAX)
		return gap;
	at = local_to_unix(z, local);
	if (!hour && !minute) /* where a day ends the next begins */
		return at;
	for (int64_t later = at + 900; later <= at + 3 * 3600; later += 900) {
		/* not where the clock is set back to it: what is before shows more already */
		if (later + kind_at(z, later)->offset_s == local &&
		    later - 1 + kind_at(z, later - 1)->offset_s < local)
			return later;
	}
	return at;
}

int64_t zone_day_start(const struct zone *z, int64_t unix_s, int days_later)
{
	struct civil c;
	int64_t day;

	zone_civil(z, unix_s, &c);
	day = days_from_civil(c.year, c.month, (int64_t)c.day + days_later);
	return local_to_unix(z, clamp_unix(day * DAY_S));
}
