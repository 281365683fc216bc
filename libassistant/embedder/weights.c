/*
 * weights.c - safetensors: 8 bytes length of the header, the header in JSON, the tensors' bytes.
 */
#include "embedder/weights.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/clean.h"
#include "base/hash.h"
#include "base/json.h"
#include "embedder/embedder.h"

#define MODEL_SHA256	  "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
#define VOCABULARY_SHA256 "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
#define MAX_HEADER	  (1 << 20)
#define MAX_VOCABULARY	  (1 << 20)
#define MAX_TENSORS	  512
#define CHUNK		  (1 << 20)

struct weights {
	int fd;
	uint64_t data; /* where the tensors begin */
	struct tensor *tensors;
	size_t n;
};

/* --- The header ------------------------------------------------------------------ */

static int damaged(struct fail *f, const char *what, const char *name)
{
	return FAIL(f, ASSISTANT_EPROTOCOL, "the weights' file is damaged: %s%s%.90s", what,
		    name ? " of " : "", name ? name : "");
}

static bool get_uint(struct json_object *array, size_t i, uint64_t max, uint64_t *out)
{
	struct json_object *o = json_object_array_get_idx(array, i);
	int64_t n;

	if (!json_object_is_type(o, json_type_int))
		return false;
	n = json_object_get_int64(o);
	if (n < 0 || (uint64_t)n > max)
		return false;
	*out = (uint64_t)n;
	return true;
}

/* Bytes of one element; 0: unknown, whose size is not checked. */
static uint64_t dtype_size(const char *dtype)
{
	if (!strcmp(dtype, "F64") || !strcmp(dtype, "I64") || !strcmp(dtype, "U64"))
		return 8;
	if (!strcmp(dtype, "F32") || !strcmp(dtype, "I32") || !strcmp(dtype, "U32"))
		return 4;
	if (!strcmp(dtype, "F16") || !strcmp(dtype, "BF16") || !strcmp(dtype, "I16"))
		return 2;
	return 0;
}

static int parse_shape(struct json_object *shape, struct tensor *t, uint64_t *elements,
		       struct fail *f)
{
	size_t n = shape ? json_object_array_length(shape) : 0;

	if (!shape || n > ARRAY_SIZE(t->dims))
		return damaged(f, "no shape or one of over 4 dimensions", t->name);
	*elements = 1;
	for (size_t i = 0; i < n; i++) {
		uint64_t dim;

		if (!get_uint(shape, i, 1 << 24, &dim) || *elements > UINT64_MAX >> 25)
			return damaged(f, "an impossible shape", t->name);
		t->dims[i] = (int64_t)dim;
		*elements *= dim;
	}
	t->n_dims = n;
	return 0;
}

static int parse_tensor(const char *name, struct json_object *o, uint64_t data_size,
			struct tensor *t, struct fail *f)
{
	struct json_object *offsets = json_get_array(o, "data_offsets");
	const char *dtype = json_text(o, "dtype");
	uint64_t elements = 0;
	int r;

	if (strlen(name) >= sizeof(t->name))
		return damaged(f, "a tensor's name is too long", NULL);
	snprintf(t->name, sizeof(t->name), "%s", name);
	if (!dtype[0] || strlen(dtype) >= sizeof(t->dtype))
		return damaged(f, "no dtype", name);
	snprintf(t->dtype, sizeof(t->dtype), "%s", dtype);
	r = parse_shape(json_get_array(o, "shape"), t, &elements, f);
	if (r < 0)
		return r;
	if (!offsets || json_object_array_length(offsets) != 2 ||
	    !get_uint(offsets, 0, data_size, &t->begin) ||
	    !get_uint(offsets, 1, data_size, &t->end) || t->end < t->begin)
		return damaged(f, "the place lies outside the file", name);
	if (dtype_size(dtype) && t->end - t->begin != elements * dtype_size(dtype))
		return damaged(f, "size and shape do not agree", name);
	return 0;
}

int safetensors_parse(const char *header, size_t len, uint64_t data_size, struct tensor **out,
		      size_t *n, struct fail *f)
{
	_cleanup_json_ struct json_object *json = NULL;
	_cleanup_free_ struct tensor *tensors = NULL;
	size_t count = 0;
	int r = json_parse(header, len, &json, NULL);

	if (r < 0 || !json_object_is_type(json, json_type_object))
		return damaged(f, "its header is no JSON object", NULL);
	if (json_object_object_length(json) > MAX_TENSORS)
		return damaged(f, "it names more than 512 tensors", NULL);
	tensors = calloc(MAX_TENSORS, sizeof(*tensors));
	if (!tensors)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for the weights' header");
	json_object_object_foreach(json, name, value)
	{
		if (!strcmp(name, "__metadata__"))
			continue;
		r = parse_tensor(name, value, data_size, &tensors[count++], f);
		if (r < 0)
			return r;
	}
	*out = TAKE_PTR(tensors);
	*n = count;
	return 0;
}

/* --- The file -------------------------------------------------------------------- */

/* 0, or a negative code with a sentence that names the file. */
static int read_all(int fd, uint64_t at, void *out, size_t n, const char *what, struct fail *f)
{
	char *p = out;

	while (n > 0) {
		ssize_t r = pread(fd, p, n, (off_t)at);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return FAIL(f, ASSISTANT_EUNAVAILABLE, "%s cannot be read: %s", what,
				    strerror(errno));
		if (r == 0)
			return FAIL(f, ASSISTANT_EPROTOCOL, "%s ends too early", what);
		p += r;
		at += (uint64_t)r;
		n -= (size_t)r;
	}
	return 0;
}

static int open_file(const char *path, uint64_t *size, int *out, struct fail *f)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return FAIL(f, errno == ENOENT ? ASSISTANT_ENOTFOUND : ASSISTANT_EUNAVAILABLE,
			    "%s cannot be opened: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return FAIL(f, ASSISTANT_EPROTOCOL, "%s is not a file", path);
	*size = (uint64_t)st.st_size;
	*out = fd;
	fd = -1;
	return 0;
}

static int read_header(struct weights *w, uint64_t size, struct fail *f)
{
	_cleanup_free_ char *header = NULL;
	uint8_t prefix[8];
	uint64_t len = 0;
	int r = size < 8 ? damaged(f, "it is too short", NULL)
			 : read_all(w->fd, 0, prefix, 8, "the weights' file", f);

	if (r < 0)
		return r;
	for (int i = 7; i >= 0; i--)
		len = len << 8 | prefix[i];
	if (len > MAX_HEADER || len > size - 8)
		return damaged(f, "its header is longer than 1 MB or than the file", NULL);
	header = malloc(len + 1);
	if (!header)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for the weights' header");
	r = read_all(w->fd, 8, header, len, "the weights' file", f);
	if (r < 0)
		return r;
	w->data = 8 + len;
	return safetensors_parse(header, len, size - w->data, &w->tensors, &w->n, f);
}

int weights_open(const char *path, struct weights **out, struct fail *f)
{
	struct weights *w = calloc(1, sizeof(*w));
	uint64_t size = 0;
	int r;

	if (!w)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for the weights");
	w->fd = -1;
	r = open_file(path, &size, &w->fd, f);
	if (r == 0)
		r = read_header(w, size, f);
	if (r < 0) {
		weights_close(w);
		return r;
	}
	*out = w;
	return 0;
}

void weights_close(struct weights *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		close(w->fd);
	free(w->tensors);
	free(w);
}

int weights_verify(const struct weights *w, struct fail *f)
{
	char hex[SHA256_HEX_SIZE];
	int r = sha256_file_hex(w->fd, hex);

	if (r < 0)
		return FAIL(f, r, "the weights' file cannot be read");
	if (strcmp(hex, MODEL_SHA256))
		return FAIL(f, ASSISTANT_EPROTOCOL,
			    "the weights' file is not all-MiniLM-L6-v2's model.safetensors: its "
			    "SHA-256 begins %.12s and should begin %.12s",
			    hex, MODEL_SHA256);
	return 0;
}

int weights_find(const struct weights *w, const char *name, size_t rows, size_t cols,
		 const struct tensor **out, struct fail *f)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct tensor *t = &w->tensors[i];

		if (strcmp(t->name, name))
			continue;
		if (strcmp(t->dtype, "F32") || t->n_dims != (cols ? 2 : 1) ||
		    t->dims[0] != (int64_t)rows || (cols && t->dims[1] != (int64_t)cols))
			return damaged(f, "type or shape is not the model's", name);
		*out = t;
		return 0;
	}
	return damaged(f, "it lacks a tensor", name);
}

int weights_read(const struct weights *w, const struct tensor *t, size_t first, size_t n,
		 float *out, struct fail *f)
{
	uint64_t at = t->begin + first * sizeof(*out);

	if (first > SIZE_MAX / 8 || at > t->end || n > (t->end - at) / sizeof(*out))
		return damaged(f, "a row lies outside", t->name);
	return read_all(w->fd, w->data + at, out, n * sizeof(*out), "the weights' file", f);
}

char *weights_vocabulary_path(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *out = NULL;

	if (asprintf(&out, "%.*svocab.txt", slash ? (int)(slash + 1 - path) : 0, path) < 0)
		return NULL;
	return out;
}

int weights_vocabulary(const char *path, char **text, size_t *len, struct fail *f)
{
	_cleanup_free_ char *beside = weights_vocabulary_path(path), *bytes = NULL;
	_cleanup_close_ int fd = -1;
	char hex[SHA256_HEX_SIZE];
	uint64_t size = 0;
	int r;

	if (!beside)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for the vocabulary");
	r = open_file(beside, &size, &fd, f);
	if (r < 0)
		return r;
	if (size > MAX_VOCABULARY)
		return FAIL(f, ASSISTANT_EPROTOCOL, "%s is larger than 1 MB", beside);
	bytes = malloc(size + 1);
	if (!bytes)
		return FAIL(f, ASSISTANT_ENOMEM, "no memory for the vocabulary");
	r = read_all(fd, 0, bytes, size, beside, f);
	if (r < 0)
		return r;
	sha256_hex(bytes, size, hex);
	if (strcmp(hex, VOCABULARY_SHA256))
		return FAIL(f, ASSISTANT_EPROTOCOL,
			    "%s is not all-MiniLM-L6-v2's: its SHA-256 begins %.12s and should "
			    "begin %.12s",
			    beside, hex, VOCABULARY_SHA256);
	*text = TAKE_PTR(bytes);
	*len = size;
	return 0;
}

/* --- Finding them ---------------------------------------------------------------- */

static bool both_there(const char *path)
{
	_cleanup_free_ char *beside = weights_vocabulary_path(path);

	return beside && access(path, R_OK) == 0 && access(beside, R_OK) == 0;
}

#define FOLDER "weights/all-MiniLM-L6-v2/model.safetensors"

static bool found(char *path, size_t size, const char *root, const char *between)
{
	int n;

	if (!root || !root[0])
		return false;
	n = snprintf(path, size, "%s/%s" FOLDER, root, between);
	return n > 0 && (size_t)n < size && both_there(path);
}

int minilm_find_weights(const char *setting, char *path, size_t size, struct fail *f)
{
	char at[4096];
	bool ok;

	if (setting && setting[0]) {
		if (strlen(setting) >= sizeof(at) || !both_there(setting))
			return FAIL(f, ASSISTANT_ENOTFOUND,
				    "%.180s (or vocab.txt beside it) cannot be read", setting);
		snprintf(at, sizeof(at), "%s", setting);
	} else {
		ok = found(at, sizeof(at), getenv("ERLEAH_CACHE_DIR"), "") ||
		     found(at, sizeof(at), getenv("XDG_CACHE_HOME"), "erleah/") ||
		     found(at, sizeof(at), getenv("HOME"), ".cache/erleah/") ||
		     found(at, sizeof(at), "/usr/share/erleah", "");
		if (!ok)
			return FAIL(f, ASSISTANT_ENOTFOUND,
				    "the weights of all-MiniLM-L6-v2 are not on this machine; "
				    "script/fetch-weights brings them");
	}
	if ((size_t)snprintf(path, size, "%s", at) >= size)
		return FAIL(f, ASSISTANT_ELIMIT, "the path of the weights is too long");
	return 0;
}
