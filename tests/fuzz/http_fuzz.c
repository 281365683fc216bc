/*
 * Any bytes on a connection of the HTTP library, requests and WebSocket frames alike: it answers or
 * hangs up, and the next connection is served.  Run on a civetweb built with sanitizers, so that a
 * read or write out of bounds ends the run (script/test builds it so).
 */
#include <arpa/inet.h>
#include <civetweb.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct mg_context *context;
static int port;

#define CONNECT_TRIES	50
#define CONNECT_WAIT_US 100000 /* all of them take less than libFuzzer's -timeout */

static int on_request(struct mg_connection *conn)
{
	const struct mg_request_info *ri = mg_get_request_info(conn);
	char body[512];
	char value[64];

	if (strcmp(ri->local_uri, "/websocket") == 0)
		return 0;
	while (mg_read(conn, body, sizeof(body)) > 0)
		;
	if (ri->query_string)
		mg_get_var(ri->query_string, strlen(ri->query_string), "q", value, sizeof(value));
	mg_printf(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	return 200;
}

static int on_frame(struct mg_connection *conn, int bits, char *frame, size_t len, void *user)
{
	unsigned sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += (unsigned char)frame[i];
	return sum != 7;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *options[] = { "listening_ports",
				  "0.0.0.0:0",
				  "num_threads",
				  "2",
				  "request_timeout_ms",
				  "200",
				  "enable_keep_alive",
				  "yes",
				  "websocket_timeout_ms",
				  "200",
				  NULL };
	struct mg_callbacks callbacks = { .begin_request = on_request };
	struct mg_server_port bound;

	mg_init_library(0);
	context = mg_start(&callbacks, NULL, options);
	if (!context || mg_get_server_ports(context, 1, &bound) != 1)
		abort();
	port = bound.port;
	mg_set_websocket_handler(context, "/websocket", NULL, NULL, on_frame, NULL, NULL);
	return 0;
}

/* A connected socket, or the negative errno. */
static int connect_to(uint32_t address)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int err;

	to.sin_addr.s_addr = htonl(address);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

/*
 * Thousands of connections a second leave as many ports waiting, and some machines never take such a
 * port again before its minute is over: each connection goes to the next address of 127.0.0.0/16,
 * which multiplies the pairs.  What fails there is tried again at 127.0.0.1.
 */
static int connect_server(void)
{
	static uint32_t turn;
	int fd = connect_to(INADDR_LOOPBACK + turn++ % 0xfff0);

	for (int i = 0; fd < 0 && i < CONNECT_TRIES; i++) {
		usleep(CONNECT_WAIT_US);
		fd = connect_to(INADDR_LOOPBACK);
	}
	if (fd >= 0)
		return fd;
	fprintf(stderr, "The server under test cannot be reached: %s\n", strerror(-fd));
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct timeval limit = { .tv_sec = 5 };
	struct linger reset = { .l_onoff = 1 };
	char answer[1024];
	int fd = connect_server();

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (size > 0)
		send(fd, data, size, MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	while (recv(fd, answer, sizeof(answer), 0) > 0)
		;
	close(fd);
	return 0;
}
