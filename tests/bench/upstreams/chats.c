/*
 * chats.c - the visitors: so many chats at a time, each begun when another ended, and what is seen of them.
 *
 *	warm up --> measured window (CPU and memory of the server at both ends) --> the last chats end --> report
 *
 * A chat's answer is its own, so that its row tells how far it came: each piece's time from leaving the model to standing in the row.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "upstreams.h"

#define MAX_CHATS    1000000
#define MAX_BYTES    (1UL << 20)
#define MAX_VISITORS 200  /* connections to the server */
#define STAGGER_MS   3200 /* the first chats begin over so long */
#define DRAIN_MS     20000
#define CONVERSATION "c0a70000-0000-4000-8000-%012x"
#define MESSAGE	     "e5a90000-0000-4000-8000-%012x"

struct sample {
	double ms, server_cpu_ms, own_cpu_ms, rss_kib, behind_ms;
	uint64_t requests[SERVICES], bytes[SERVICES];
};

struct numbers {
	float *at;
	size_t n, cap;
};

static struct {
	struct chat *all[MAX_CHATS];
	unsigned n, n_live, wanted_live, next_question;
	struct map *by_reply;
	struct json_object *plan;
	struct peer *asker; /* of the run */
	struct peer *idle;  /* visitors' connections */
	unsigned n_visitors;
	struct chat **queue; /* chats without a connection */
	size_t q_from, q_to;
	bool paced, measuring, draining;
	struct sample before, begin, end;
	double rss_max_kib;
	unsigned n_done, n_wrong, n_refused, n_not_verbatim, n_lost;
	struct numbers post_ms, done_ms, landed_ms;
} here;

static void look_around(struct chat *c);

/* --- Numbers ------------------------------------------------------------------------------- */

static void note(struct numbers *to, double value)
{
	if (to->n == to->cap) {
		to->cap = to->cap ? to->cap * 2 : 4096;
		to->at = realloc(to->at, to->cap * sizeof(*to->at));
		if (!to->at)
			abort();
	}
	to->at[to->n++] = (float)value;
}

static int by_size(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static void report_numbers(struct json_object *to, const char *name, struct numbers *seen)
{
	struct json_object *o = json_object_new_object();

	qsort(seen->at, seen->n, sizeof(*seen->at), by_size);
	json_set_int(o, "n", (int64_t)seen->n);
	if (seen->n) {
		json_set_double(o, "p50", (double)seen->at[seen->n / 2]);
		json_set_double(o, "p99", (double)seen->at[seen->n * 99 / 100]);
		json_set_double(o, "max", (double)seen->at[seen->n - 1]);
	}
	json_set(to, name, o);
	seen->n = 0;
}

/* Of the server, from /proc; of this process. */
static void sample(struct sample *s)
{
	int pid = (int)json_get_int(here.plan, "pid", 0);
	unsigned long user = 0, sys = 0;
	long pages = 0;
	struct rusage own;
	char path[64];
	FILE *f;

	getrusage(RUSAGE_SELF, &own);
	s->ms = now_ms();
	s->behind_ms = behind_ms;
	memcpy(s->requests, requests_seen, sizeof(s->requests));
	memcpy(s->bytes, bytes_seen, sizeof(s->bytes));
	s->own_cpu_ms = (double)(own.ru_utime.tv_sec + own.ru_stime.tv_sec) * 1e3 +
			(double)(own.ru_utime.tv_usec + own.ru_stime.tv_usec) / 1e3;
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return;
	if (fscanf(f,
		   "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d "
		   "%*d "
		   "%*d %*d %*u %*u %ld",
		   &user, &sys, &pages) == 3) {
		s->server_cpu_ms = (double)(user + sys) * 1e3 / (double)sysconf(_SC_CLK_TCK);
		s->rss_kib = (double)pages * (double)sysconf(_SC_PAGESIZE) / 1024;
	}
	fclose(f);
}

/* --- A chat --------------------------------------------------------------------------------- */

void chat_ids(unsigned n, char conversation[static UUID_SIZE], char message[static UUID_SIZE])
{
	snprintf(conversation, UUID_SIZE, CONVERSATION, n);
	snprintf(message, UUID_SIZE, MESSAGE, n);
}

struct chat *chat_at(unsigned n)
{
	return n < here.n ? here.all[n] : NULL;
}

struct chat *chat_in(const char *text)
{
	const char *at = strstr(text, "[visit");

	return at ? chat_at((unsigned)strtoul(at + 6, NULL, 10)) : NULL;
}

/* Two blanks, quotes and letters beyond ASCII: it must come through as it is. */
void chat_question(const struct chat *c, struct text *to)
{
	struct json_object *list = json_get_array(here.plan, "questions");
	size_t n = json_object_array_length(list);
	struct json_object *q = json_object_array_get_idx(list, c->n % n);

	text_printf(to, "%s  \xe2\x80\x93 \"[visit%08u]\"", json_object_get_string(q), c->n);
}

static void make_answer(struct chat *c)
{
	static const char *const said[] = {
		"Saturday",
		" has",
		" three",
		" talks",
		" for",
		" you",
		":\n\n",
		"- **",
		"\xc3\x9c"
		"bung macht",
		"** at 10:30",
		" in",
		" \"K.1.105\"",
		",\n",
		"- \xe2\x80\x9ctwo\xe2\x80\x9d",
		" o\xe2\x80\x99 clock",
		" \\ and",
		" then",
		" caf\xc3\xa9",
		" \xf0\x9f\x99\x82",
		".\n\n",
	};

	text_init(&c->answer, MAX_BYTES);
	for (unsigned i = 0; i < PIECES; i++) {
		if (i % 20 == 17)
			text_printf(&c->answer, " (%u of %u)", i, c->n);
		else if (i == PIECES - 1)
			text_append(&c->answer, ".");
		else
			text_append(&c->answer, said[i % 20]);
		c->end[i] = c->answer.len;
	}
}

void chat_reply_created(struct chat *c, const char *id)
{
	if (*c->reply_id)
		return;
	snprintf(c->reply_id, sizeof(c->reply_id), "%s", id);
	if (map_put(here.by_reply, c->reply_id, c, NULL) < 0)
		abort();
}

struct chat *chat_of_reply(const char *id)
{
	return here.by_reply ? map_get(here.by_reply, id)
			     : NULL; /* what an earlier server had spooled */
}

void chat_text_written(struct chat *c, const char *text, size_t n)
{
	double now = now_ms();

	c->is_wrong = n > c->answer.len || n < c->landed || memcmp(text, c->answer.data, n) != 0;
	c->landed = n;
	for (; c->n_landed < c->n_sent && c->end[c->n_landed] <= n; c->n_landed++)
		if (c->measured)
			note(&here.landed_ms, now - c->sent_ms[c->n_landed]);
}

/* --- Visitors ------------------------------------------------------------------------------ */

static void post(struct chat *c, struct peer *p)
{
	char conversation[UUID_SIZE], message[UUID_SIZE], conference[UUID_SIZE];
	_cleanup_text_ struct text body = { 0 }, all = { 0 };

	text_init(&body, MAX_BYTES);
	text_init(&all, MAX_BYTES);
	chat_ids(c->n, conversation, message);
	rows_conference(conference);
	text_printf(&body,
		    "{\"conversation_id\":\"%s\",\"message_id\":\"%s\",\"conference_id\":\"%s\"}",
		    conversation, message, conference);
	text_printf(
		&all,
		"POST /api/chat HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
		"content-length: %zu\r\n\r\n%s",
		body.len, body.data);
	p->chat = c;
	peer_send(p, all.data, all.len);
}

static void visit(struct chat *c)
{
	struct peer *p = here.idle;

	if (p) {
		here.idle = p->next;
	} else if (here.n_visitors < MAX_VISITORS) {
		p = peer_connect((int)json_get_int(here.plan, "port", 0));
		if (!p) {
			here.n_lost++;
			return;
		}
		p->is_visitor = true;
		here.n_visitors++;
	}
	if (p)
		post(c, p);
	else
		here.queue[here.q_to++ % MAX_CHATS] = c;
}

static void chat_begin(struct chat *unused)
{
	struct chat *c = here.draining || here.n == MAX_CHATS ? NULL : calloc(1, sizeof(*c));

	(void)unused;
	if (!c)
		return;
	c->n = here.n;
	here.all[here.n++] = c;
	c->paced = here.paced;
	c->measured = here.measuring;
	c->began_ms = now_ms();
	make_answer(c);
	here.n_live++;
	visit(c);
}

static void refused(struct chat *c, int status, const char *body)
{
	if (!here.n_refused++)
		fprintf(stderr, "the first refusal: %d %s\n", status, body);
	c->is_complete = true;
	here.n_live--;
	after(100, chat_begin, NULL);
}

/* The server ends connections that nothing was asked on; a question that met that is put again, as browsers do. */
static void visitor_gone(struct peer *p)
{
	struct peer **at = &here.idle;
	struct chat *c = p->chat;

	while (*at && *at != p)
		at = &(*at)->next;
	if (*at)
		*at = p->next;
	p->chat = NULL;
	here.n_visitors--;
	peer_close(p);
	if (c && c->n_tries++ < 3)
		visit(c);
	else if (c)
		refused(c, 0, "no answer");
}

void chat_posted(struct peer *p, int status, const char *body)
{
	struct chat *c = p->chat;

	if (!status) {
		visitor_gone(p);
		return;
	}
	p->chat = NULL;
	if (c && c->measured && status == 200)
		note(&here.post_ms, now_ms() - c->began_ms);
	if (c && status != 200)
		refused(c, status, body);
	if (here.q_from < here.q_to) {
		post(here.queue[here.q_from++ % MAX_CHATS], p);
		return;
	}
	p->next = here.idle;
	here.idle = p;
}

void chat_completed(struct chat *c)
{
	if (c->is_complete)
		return;
	c->is_complete = true;
	here.n_live--;
	if (c->landed != c->answer.len)
		c->is_wrong = true;
	if (c->is_wrong && !here.n_wrong)
		fprintf(stderr, "the first wrong answer: %zu of %zu bytes stand in the row\n",
			c->landed, c->answer.len);
	here.n_wrong += c->is_wrong;
	here.n_not_verbatim += !c->read_verbatim;
	if (here.measuring) {
		here.n_done++;
		note(&here.done_ms, now_ms() - c->began_ms);
	}
	text_finish(&c->answer);
	c->landed = 0;
	chat_begin(NULL);
}

/* --- A run ---------------------------------------------------------------------------------- */

/* What the services were asked in the window. */
static void report_services(struct json_object *to)
{
	static const char *const names[SERVICES] = { "directus", "embeddings", "model", "qdrant" };

	for (unsigned i = 0; i < SERVICES; i++) {
		struct json_object *o = json_object_new_object();

		json_set_int(o, "requests",
			     (int64_t)(here.end.requests[i] - here.begin.requests[i]));
		json_set_int(o, "bytes", (int64_t)(here.end.bytes[i] - here.begin.bytes[i]));
		json_set(to, names[i], o);
	}
}

static void report(void)
{
	_cleanup_json_ struct json_object *o = json_object_new_object();
	double seconds = (here.end.ms - here.begin.ms) / 1e3;
	_cleanup_free_ char *text = NULL;

	json_set_double(o, "seconds", seconds);
	json_set_int(o, "chats", here.n_done);
	json_set_int(o, "unfinished", here.n_live);
	json_set_int(o, "wrong", here.n_wrong);
	json_set_int(o, "not_verbatim", here.n_not_verbatim);
	json_set_int(o, "refused", here.n_refused);
	json_set_int(o, "lost", here.n_lost);
	json_set_double(o, "server_cpu_ms", here.end.server_cpu_ms - here.begin.server_cpu_ms);
	json_set_double(o, "upstreams_cpu_ms", here.end.own_cpu_ms - here.begin.own_cpu_ms);
	json_set_double(o, "rss_before_kib", here.before.rss_kib);
	json_set_double(o, "rss_max_kib", here.rss_max_kib);
	json_set_double(o, "waited_for_double_ms", here.end.behind_ms - here.begin.behind_ms);
	report_services(o);
	report_numbers(o, "post_ms", &here.post_ms);
	report_numbers(o, "done_ms", &here.done_ms);
	report_numbers(o, "token_to_row_ms", &here.landed_ms);
	text = json_dump(o);
	peer_answer(here.asker, "200 OK", text, strlen(text));
	here.asker = NULL;
	json_object_put(TAKE_PTR(here.plan));
}

static void ended(struct chat *unused)
{
	(void)unused;
	if (here.n_live && now_ms() < here.end.ms + DRAIN_MS)
		after(50, ended, NULL);
	else
		report();
}

static void look_around(struct chat *unused)
{
	double run_ms = now_ms() - here.before.ms;
	double warm_ms = json_get_double(here.plan, "warm_s", 1) * 1e3;
	double whole_ms = warm_ms + json_get_double(here.plan, "seconds", 5) * 1e3;
	struct sample s = { 0 };

	(void)unused;
	sample(&s);
	here.rss_max_kib = s.rss_kib > here.rss_max_kib ? s.rss_kib : here.rss_max_kib;
	if (!here.measuring && run_ms >= warm_ms) {
		here.measuring = true;
		here.begin = s;
	}
	if (run_ms < whole_ms) {
		after(50, look_around, NULL);
		return;
	}
	here.end = s;
	here.measuring = false;
	here.draining = true;
	ended(NULL);
}

void chats_run(struct peer *p, struct json_object *plan)
{
	int64_t live = json_get_int(plan, "live", 1);

	if (here.asker || !json_get_array(plan, "questions")) {
		peer_answer(p, "409 Conflict", "{}", 2);
		return;
	}
	here.plan = json_object_get(plan);
	here.asker = p;
	here.paced = json_get_bool(plan, "paced", false);
	if (!here.by_reply) {
		here.by_reply = map_create(MAX_CHATS);
		here.queue = calloc(MAX_CHATS, sizeof(struct chat *));
	}
	here.n_done = here.n_wrong = here.n_refused = here.n_not_verbatim = here.n_lost = 0;
	here.n_live = 0;
	here.draining = here.measuring = false;
	here.rss_max_kib = 0;
	sample(&here.before);
	for (int64_t i = 0; i < live; i++)
		after(1 + (here.paced ? STAGGER_MS : 50) * i / live, chat_begin, NULL);
	look_around(NULL);
}
