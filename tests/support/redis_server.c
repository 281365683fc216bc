/*
 * redis_server.c - see redis_server.h.
 */
#include "redis_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "redis-server: %s: %s\n", what, strerror(errno));
	abort();
}

static int connect_to(const struct redis_server *s)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/redis.sock", s->dir);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

const char *redis_server_say(struct redis_server *s, const char *command)
{
	static _Thread_local char answer[512];
	int fd = connect_to(s);
	ssize_t n;

	if (fd < 0)
		die("cannot be reached");
	dprintf(fd, "%s\r\n", command);
	n = read(fd, answer, sizeof(answer) - 1);
	close(fd);
	if (n <= 0)
		die("no answer");
	answer[n] = '\0';
	answer[strcspn(answer, "\r\n")] = '\0';
	return answer;
}

static void run(const struct redis_server *s)
{
	char socket_path[128];
	int null = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that dies leaves nothing behind */
	snprintf(socket_path, sizeof(socket_path), "%s/redis.sock", s->dir);
	dup2(null, 0);
	dup2(null, 1);
	execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", socket_path, "--save",
	       "", "--appendonly", "no", "--dir", s->dir, "--loglevel", "warning", (char *)NULL);
	_exit(127);
}

static void pause_ms(long ms)
{
	const struct timespec t = { .tv_nsec = ms * 1000000 };

	nanosleep(&t, NULL);
}

void redis_server_start(struct redis_server *s)
{
	int fd = -1;

	s->pid = fork();
	if (s->pid < 0)
		die("cannot be started");
	if (s->pid == 0)
		run(s);
	for (int i = 0; i < 1000 && fd < 0; i++) {
		if (waitpid(s->pid, NULL, WNOHANG) == s->pid)
			die("ended at once (is the package redis-server installed?)");
		fd = connect_to(s);
		if (fd < 0)
			pause_ms(10);
	}
	if (fd < 0)
		die("does not listen");
	close(fd);
}

void redis_server_init(struct redis_server *s)
{
	*s = (struct redis_server){ 0 };
	snprintf(s->dir, sizeof(s->dir), "/tmp/erleah-redis-XXXXXX");
	if (!mkdtemp(s->dir))
		die("no folder");
	snprintf(s->url, sizeof(s->url), "unix://%s/redis.sock", s->dir);
	redis_server_start(s);
}

void redis_server_kill(struct redis_server *s)
{
	char path[128];

	if (!s->pid)
		return;
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	s->pid = 0;
	snprintf(path, sizeof(path), "%s/redis.sock", s->dir);
	unlink(path);
}

static int free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		die("no free port");
	close(fd);
	return ntohs(a.sin_port);
}

int redis_server_tls(struct redis_server *s)
{
	static const char *const settings[] = { "tls-cert-file", "tls-key-file",
						"tls-ca-cert-file" };
	static const char *const files[] = { "cert.pem", "key.pem", "cert.pem" };
	char line[512];
	int port = free_port();

	snprintf(line, sizeof(line),
		 "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
		 "-subj "
		 "/CN=localhost -addext subjectAltName=DNS:localhost -keyout %s/key.pem -out "
		 "%s/cert.pem 2>/dev/null",
		 s->dir, s->dir);
	if (system(line) != 0)
		die("openssl makes no certificate");
	snprintf(line, sizeof(line),
		 "CONFIG SET %s %s/%s %s %s/%s %s %s/%s tls-auth-clients no tls-port %d",
		 settings[0], s->dir, files[0], settings[1], s->dir, files[1], settings[2], s->dir,
		 files[2], port);
	if (strcmp(redis_server_say(s, line), "+OK") != 0)
		die("it takes no TLS");
	return port;
}

void redis_server_freeze(struct redis_server *s)
{
	kill(s->pid, SIGSTOP);
}

void redis_server_thaw(struct redis_server *s)
{
	kill(s->pid, SIGCONT);
}

void redis_server_finish(struct redis_server *s)
{
	static const char *const files[] = { "cert.pem", "key.pem" };
	char path[128];

	redis_server_kill(s);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", s->dir, files[i]);
		unlink(path);
	}
	rmdir(s->dir);
}
