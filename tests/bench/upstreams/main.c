/*
 * main.c - connections, HTTP and time.
 *
 *	upstreams ROWS QDRANT_PORT	prints "listening on PORT"; ROWS: a JSON object of lists, one for each collection of a Directus;
 *					QDRANT_PORT: of the double that answers what was not asked before
 *	POST /control/run		runs chats (chats.c)
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "upstreams.h"

#define MAX_BYTES   (256UL << 20)
#define READ_BYTES  65536
#define WHEEL_SLOTS 4096
#define EVENTS	    512

static struct {
	int epoll, listener;
	uint64_t tick; /* the last millisecond whose timers ran */
	struct timer *wheel[WHEEL_SLOTS], *spare;
} here;

uint64_t requests_seen[SERVICES], bytes_seen[SERVICES];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* --- Time ------------------------------------------------------------------------------- */

double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

void after(int64_t ms, void (*fn)(struct chat *c), struct chat *c)
{
	struct timer *t = here.spare, **slot;
	uint64_t due = (uint64_t)now_ms() + (uint64_t)(ms < 1 ? 1 : ms);

	if (due <= here.tick)
		due = here.tick + 1;
	if (t)
		here.spare = t->next;
	else if (!(t = malloc(sizeof(*t))))
		die("malloc");
	slot = &here.wheel[due % WHEEL_SLOTS];
	*t = (struct timer){ .next = *slot, .fn = fn, .chat = c };
	*slot = t;
}

static void run_timers(void)
{
	uint64_t now = (uint64_t)now_ms();

	while (here.tick < now) {
		struct timer *t = here.wheel[++here.tick % WHEEL_SLOTS];

		here.wheel[here.tick % WHEEL_SLOTS] = NULL;
		while (t) {
			struct timer *next = t->next;

			t->fn(t->chat);
			t->next = here.spare;
			here.spare = t;
			t = next;
		}
	}
}

/* --- Connections ------------------------------------------------------------------------ */

static struct peer *peer_new(int fd)
{
	struct peer *p = calloc(1, sizeof(*p));
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = p };
	int on = 1;

	if (!p)
		die("calloc");
	p->fd = fd;
	text_init(&p->in, MAX_BYTES);
	text_init(&p->out, MAX_BYTES);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (epoll_ctl(here.epoll, EPOLL_CTL_ADD, fd, &e) < 0)
		die("epoll_ctl");
	return p;
}

void peer_close(struct peer *p)
{
	if (p->chat && p->chat->ask == p)
		p->chat->ask = NULL;
	if (p->chat && p->chat->stream == p)
		p->chat->stream = NULL;
	close(p->fd);
	text_finish(&p->in);
	text_finish(&p->out);
	p->fd = -1; /* events of this round may still name it */
}

struct peer *peer_connect(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		close(fd);
		return NULL;
	}
	return peer_new(fd);
}

static void want_write(struct peer *p, bool wanted)
{
	struct epoll_event e = { .events = wanted ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = p };

	if (p->waits_to_write == wanted)
		return;
	p->waits_to_write = wanted;
	epoll_ctl(here.epoll, EPOLL_CTL_MOD, p->fd, &e);
}

void peer_send(struct peer *p, const char *bytes, size_t n)
{
	ssize_t sent = 0;

	if (!p->out.len) {
		sent = send(p->fd, bytes, n, MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN)
			return; /* reading will say so, too */
		sent = sent < 0 ? 0 : sent;
	}
	if ((size_t)sent == n)
		return;
	text_append_n(&p->out, bytes + sent, n - (size_t)sent);
	want_write(p, true);
}

static void write_more(struct peer *p)
{
	ssize_t sent = send(p->fd, p->out.data, p->out.len, MSG_NOSIGNAL);

	if (sent <= 0)
		return;
	memmove(p->out.data, p->out.data + sent, p->out.len - (size_t)sent);
	text_cut(&p->out, p->out.len - (size_t)sent);
	want_write(p, p->out.len > 0);
}

void peer_answer(struct peer *p, const char *status, const char *body, size_t n)
{
	_cleanup_text_ struct text t = { 0 };

	text_init(&t, MAX_BYTES);
	text_printf(&t,
		    "HTTP/1.1 %s\r\ncontent-type: application/json\r\nrequest-id: req_bench\r\n"
		    "content-length: %zu\r\n\r\n",
		    status, n);
	text_append_n(&t, body, n);
	peer_send(p, t.data, t.len);
}

/* --- HTTP ------------------------------------------------------------------------------- */

static bool begins(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

/* Which of the services a path is of. */
static unsigned service_of(const char *path)
{
	static const char *const directus[] = { "/items/", "/fields", "/permissions", "/server",
						"/collections/messages" };

	for (size_t i = 0; i < ARRAY_SIZE(directus); i++)
		if (begins(path, directus[i]))
			return 0;
	return begins(path, "/v1/embeddings") ? 1 : begins(path, "/v1/") ? 2 : 3;
}

static void serve(struct peer *p, const struct request *rq)
{
	_cleanup_json_ struct json_object *plan = NULL;

	requests_seen[service_of(rq->path)]++;
	bytes_seen[service_of(rq->path)] += rq->body_len;
	if (service_of(rq->path) == 0)
		rows_serve(p, rq);
	else if (begins(rq->path, "/v1/embeddings"))
		embeddings_serve(p, rq);
	else if (begins(rq->path, "/v1/"))
		model_serve(p, rq);
	else if (strcmp(rq->path, "/control/run") != 0)
		index_serve(p, rq);
	else if (json_parse(rq->body, rq->body_len, &plan, NULL) == 0)
		chats_run(p, plan);
	else
		peer_answer(p, "400 Bad Request", "{}", 2);
}

/* Case-insensitively, as headers are. */
static size_t length_said(const char *head, const char *end)
{
	for (const char *line = head; line && line < end; line = strchr(line + 1, '\n'))
		if (!strncasecmp(line + 1, "content-length:", 15))
			return strtoul(line + 16, NULL, 10);
	return 0;
}

/* One message of p's input, when it is whole; its length, else 0. */
static size_t take_message(struct peer *p)
{
	char *head = p->in.data, *end = p->in.len ? strstr(head, "\r\n\r\n") : NULL, *space;
	struct request rq = { 0 };
	size_t n;

	if (!end)
		return 0;
	rq.body = end + 4;
	rq.body_len = length_said(head, end);
	n = (size_t)(rq.body - head) + rq.body_len;
	if (p->in.len < n)
		return 0;
	space = strchr(head, ' ');
	if (p->is_visitor) {
		chat_posted(p, space ? (int)strtol(space + 1, NULL, 10) : 0, rq.body);
		return n;
	}
	if (!space || space - head >= (ptrdiff_t)sizeof(rq.method))
		return n;
	memcpy(rq.method, head, (size_t)(space - head));
	rq.path = space + 1;
	*strchr(space + 1, ' ') = '\0';
	serve(p, &rq);
	return n;
}

static void read_more(struct peer *p)
{
	static char bytes[READ_BYTES];
	ssize_t n = recv(p->fd, bytes, sizeof(bytes), 0);
	size_t taken;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		if (p->is_visitor)
			chat_posted(p, 0, "");
		else
			peer_close(p);
		return;
	}
	text_append_n(&p->in, bytes, (size_t)n);
	while (p->fd >= 0 && (taken = take_message(p))) {
		if (taken < p->in.len)
			memmove(p->in.data, p->in.data + taken, p->in.len - taken);
		text_cut(&p->in, p->in.len - taken);
	}
}

/* --- Running ---------------------------------------------------------------------------- */

static void accept_all(void)
{
	int fd;

	while ((fd = accept4(here.listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		peer_new(fd);
}

static int listen_here(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	struct epoll_event e = { .events = EPOLLIN };

	here.epoll = epoll_create1(EPOLL_CLOEXEC);
	here.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (here.epoll < 0 || here.listener < 0 ||
	    bind(here.listener, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    listen(here.listener, SOMAXCONN) < 0 ||
	    epoll_ctl(here.epoll, EPOLL_CTL_ADD, here.listener, &e) < 0 ||
	    getsockname(here.listener, (struct sockaddr *)&a, &n) < 0)
		die("listen");
	return ntohs(a.sin_port);
}

int main(int argc, char **argv)
{
	struct epoll_event events[EVENTS];

	if (argc != 3) {
		fputs("usage: upstreams ROWS QDRANT_PORT\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	rows_load(argv[1]);
	index_behind((int)strtol(argv[2], NULL, 10));
	here.tick = (uint64_t)now_ms();
	printf("listening on %d\n", listen_here());
	fflush(stdout);
	for (;;) {
		int n = epoll_wait(here.epoll, events, EVENTS, 1);

		for (int i = 0; i < n; i++) {
			struct peer *p = events[i].data.ptr;

			if (!p) {
				accept_all();
				continue;
			}
			if (p->fd >= 0 && events[i].events & EPOLLOUT)
				write_more(p);
			if (p->fd >= 0 && events[i].events & ~(unsigned)EPOLLOUT)
				read_more(p);
		}
		run_timers();
	}
}
