/*
 * index.c - embeddings made of words, and a Qdrant that knows by heart what its double (tests/support/qdrant) has answered.
 *
 * A text's vector is the sum of its words' pseudo-random ones; words with a digit count for nothing, so that a question is near the same
 * records whatever chat it belongs to, and what is asked of Qdrant comes again.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "upstreams.h"

#define MAX_BYTES    (256UL << 20)
#define MAX_DIMS     4096
#define DEFAULT_DIMS 1536
#define MAX_KEPT     100000

/* --- Embeddings --------------------------------------------------------------------------- */

static void add_word(float *v, unsigned dims, const char *word, size_t n)
{
	uint64_t x = hash_stable(word, n) | 1;

	for (size_t i = 0; i < n; i++)
		if (isdigit((unsigned char)word[i]))
			return;
	for (unsigned i = 0; i < dims; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		v[i] += (float)(int32_t)(uint32_t)x;
	}
}

static void embed(const char *text, unsigned dims, float *v)
{
	double sum = 0;

	memset(v, 0, dims * sizeof(*v));
	while (*text) {
		char word[64];
		size_t n = 0;

		for (; *text && (isalnum((unsigned char)*text) || *text == '-'); text++)
			if (n < sizeof(word))
				word[n++] = (char)tolower((unsigned char)*text);
		if (n)
			add_word(v, dims, word, n);
		else
			text++;
	}
	for (unsigned i = 0; i < dims; i++)
		sum += (double)v[i] * v[i];
	v[0] = sum > 0 ? v[0] : 1;
	for (unsigned i = 0; i < dims; i++)
		v[i] = (float)(v[i] / (sum > 0 ? sqrt(sum) : 1));
}

void embeddings_serve(struct peer *p, const struct request *rq)
{
	_cleanup_json_ struct json_object *body = NULL;
	_cleanup_text_ struct text t = { 0 };
	struct json_object *input;
	static float v[MAX_DIMS];
	unsigned dims;

	json_parse(rq->body, rq->body_len, &body, NULL);
	input = json_get_array(body, "input");
	dims = (unsigned)json_get_int(body, "dimensions", DEFAULT_DIMS);
	if (!input || !dims || dims > MAX_DIMS) {
		peer_answer(p, "400 Bad Request", "{\"error\":{\"message\":\"no input\"}}", 32);
		return;
	}
	text_init(&t, MAX_BYTES);
	text_append(&t, "{\"object\":\"list\",\"data\":[");
	for (size_t i = 0; i < json_object_array_length(input); i++) {
		_cleanup_free_ char *code = NULL;

		embed(json_object_get_string(json_object_array_get_idx(input, i)), dims, v);
		code = base64_encode(v, dims * sizeof(*v));
		text_printf(&t, "%s{\"object\":\"embedding\",\"index\":%zu,\"embedding\":\"%s\"}",
			    i ? "," : "", i, code);
	}
	text_append(&t,
		    "],\"model\":\"bench\",\"usage\":{\"prompt_tokens\":9,\"total_tokens\":9}}");
	peer_answer(p, "200 OK", t.data, t.len);
}

/* --- Qdrant ---------------------------------------------------------------------------------- */

double behind_ms;

static int behind;
static struct map *kept; /* request -> answer with its head */

void index_behind(int port)
{
	behind = port;
	kept = map_create(MAX_KEPT);
}

/* The whole answer to a request whose connection is closed behind it; the double may take its time. */
static void ask_behind(const struct request *rq, struct text *answer)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)behind),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	_cleanup_text_ struct text t = { 0 };
	char bytes[65536];
	ssize_t n;

	text_init(&t, MAX_BYTES);
	text_printf(&t,
		    "%s %s HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
		    "connection: close\r\ncontent-length: %zu\r\n\r\n",
		    rq->method, rq->path, rq->body_len);
	text_append_n(&t, rq->body, rq->body_len);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0) {
		for (size_t at = 0; at < t.len; at += (size_t)n) {
			n = send(fd, t.data + at, t.len - at, MSG_NOSIGNAL);
			if (n <= 0)
				break;
		}
		while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
			text_append_n(answer, bytes, (size_t)n);
	}
	close(fd);
}

/* The double's answer as one with a length, on a connection that stays. */
static char *plain_answer(const struct text *raw)
{
	const char *end = raw->len ? strstr(raw->data, "\r\n\r\n") : NULL;
	struct text t;

	if (!end)
		return NULL;
	text_init(&t, MAX_BYTES);
	text_printf(&t, "%.*scontent-type: application/json\r\ncontent-length: %zu\r\n\r\n",
		    (int)(strchr(raw->data, '\n') + 1 - raw->data), raw->data,
		    raw->len - (size_t)(end + 4 - raw->data));
	text_append(&t, end + 4);
	return text_take(&t);
}

static bool is_question(const struct request *rq)
{
	return !strcmp(rq->method, "POST") &&
	       (strstr(rq->path, "/points/query") || strstr(rq->path, "/points/count"));
}

void index_serve(struct peer *p, const struct request *rq)
{
	_cleanup_text_ struct text key = { 0 }, raw = { 0 };
	const char *known;
	double began_ms;
	char *answer;

	text_init(&key, MAX_BYTES);
	text_init(&raw, MAX_BYTES);
	text_printf(&key, "%s ", rq->path);
	text_append_n(&key, rq->body, rq->body_len);
	known = is_question(rq) ? map_get(kept, key.data) : NULL;
	if (known) {
		peer_send(p, known, strlen(known));
		return;
	}
	began_ms = now_ms();
	ask_behind(rq, &raw);
	behind_ms += now_ms() - began_ms;
	answer = plain_answer(&raw);
	if (!answer) {
		peer_answer(p, "503 Service Unavailable", "{}", 2);
		return;
	}
	peer_send(p, answer, strlen(answer));
	if (!is_question(rq) || strncmp(answer, "HTTP/1.1 200", 12) != 0 ||
	    map_put(kept, key.data, answer, NULL) < 0)
		free(answer);
}
