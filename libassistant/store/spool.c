/*
 * spool.c - final texts on disk.
 */
#include "store/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include "base/json.h"
#include "base/map.h"
#include "base/text.h"
#include "observe/log.h"

#define SPOOL_MAX_FILE (1 << 20)
#define SPOOL_MAX      100000

struct spool {
	char *directory;
	struct map *claimed;
	struct log *log;
};

struct spool *spool_open(const char *directory, struct log *log)
{
	struct spool *s;

	if (mkdir(directory, 0700) < 0 && errno != EEXIST)
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->log = log;
	s->directory = strdup(directory);
	s->claimed = map_create(SPOOL_MAX);
	if (!s->directory || !s->claimed) {
		spool_close(s);
		return NULL;
	}
	return s;
}

void spool_close(struct spool *s)
{
	if (!s)
		return;
	map_destroy(s->claimed, NULL);
	free(s->directory);
	free(s);
}

/* Ids come from stores; only what is safe in a file name gets one. */
static int path_of(const struct spool *s, const char *id, const char *suffix, struct text *out)
{
	for (const char *c = id; *c; c++)
		if (!((*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
		      (*c >= 'A' && *c <= 'Z') || *c == '-'))
			return ASSISTANT_EINVAL;
	text_init(out, 4096);
	text_printf(out, "%s/%s%s", s->directory, id, suffix);
	return out->failed || !*id ? ASSISTANT_EINVAL : 0;
}

static int write_synced(const char *path, const char *data, size_t len)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return ASSISTANT_EUNAVAILABLE;
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ASSISTANT_EUNAVAILABLE;
		data += n;
		len -= (size_t)n;
	}
	return fsync(fd) < 0 ? ASSISTANT_EUNAVAILABLE : 0;
}

int spool_put(struct spool *s, const char *id, const char *text, const char *metadata)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	_cleanup_text_ struct text path = { 0 }, temporary = { 0 };
	_cleanup_free_ char *line = NULL;
	int r;

	json_set_string(o, "id", id);
	json_set_string(o, "text", text);
	json_set_string(o, "metadata", metadata);
	line = json_dump(o);
	r = path_of(s, id, ".json", &path);
	if (!r)
		r = path_of(s, id, ".tmp", &temporary);
	if (!r)
		r = line ? write_synced(temporary.data, line, strlen(line)) : ASSISTANT_ENOMEM;
	if (!r && rename(temporary.data, path.data) < 0)
		r = ASSISTANT_EUNAVAILABLE;
	if (r)
		log_write(s->log, LOG_ERROR, "spool.failed", "s", "message", id, "s", "cause",
			  strerror(errno), NULL);
	else
		log_write(s->log, LOG_WARN, "spool.kept", "s", "message", id, NULL);
	return r;
}

static struct json_object *read_file(const char *path)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	_cleanup_free_ char *data = malloc(SPOOL_MAX_FILE);
	struct json_object *o = NULL;
	size_t n;

	if (!f || !data)
		return NULL;
	n = fread(data, 1, SPOOL_MAX_FILE, f);
	return json_parse(data, n, &o, NULL) < 0 ? NULL : o;
}

/* Kept for a person to look at; no more in the way of settling its row. */
static void set_aside(struct spool *s, const char *path)
{
	_cleanup_text_ struct text aside = { 0 };

	text_init(&aside, 4200);
	text_printf(&aside, "%s.unreadable", path);
	if (aside.failed || rename(path, aside.data) < 0)
		errno = 0; /* looked at again in a minute */
	log_write(s->log, LOG_ERROR, "spool.unreadable", "s", "file", path, NULL);
}

void spool_each(struct spool *s,
		void (*fn)(void *ctx, const char *id, const char *text, const char *metadata),
		void *ctx)
{
	DIR *d = opendir(s->directory);
	struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d))) {
		_cleanup_text_ struct text path = { 0 };
		_cleanup_json_ struct json_object *o = NULL;
		size_t n = strlen(e->d_name);
		const char *id;

		if (n < 6 || strcmp(e->d_name + n - 5, ".json") != 0)
			continue;
		text_init(&path, 4096);
		text_printf(&path, "%s/%s", s->directory, e->d_name);
		o = read_file(path.data);
		id = json_get_string(o, "id");
		if (!id || !json_get_string(o, "text") || !json_get_string(o, "metadata")) {
			set_aside(s, path.data);
			continue;
		}
		if (map_get(s->claimed, id) || map_put(s->claimed, id, s, NULL) < 0)
			continue;
		fn(ctx, id, json_get_string(o, "text"), json_get_string(o, "metadata"));
	}
	closedir(d);
}

bool spool_has(const struct spool *s, const char *id)
{
	_cleanup_text_ struct text path = { 0 };

	return !path_of(s, id, ".json", &path) && access(path.data, F_OK) == 0;
}

void spool_remove(struct spool *s, const char *id)
{
	_cleanup_text_ struct text path = { 0 };

	if (!path_of(s, id, ".json", &path))
		unlink(path.data);
}

void spool_release(struct spool *s, const char *id)
{
	map_remove(s->claimed, id);
}

size_t spool_count(struct spool *s)
{
	DIR *d = opendir(s->directory);
	struct dirent *e;
	size_t n = 0;

	if (!d)
		return 0;
	while ((e = readdir(d))) {
		size_t len = strlen(e->d_name);

		n += len > 5 && !strcmp(e->d_name + len - 5, ".json");
	}
	closedir(d);
	return n;
}
