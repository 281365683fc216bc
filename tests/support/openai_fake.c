/*
 * openai_fake.c - see openai_fake.h.
 */
#include "openai_fake.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "openai/fake.mjs: %s: %s\n", what, strerror(errno));
	abort();
}

void openai_fake_start(struct openai_fake *f)
{
	char line[64] = "";
	int ends[2];
	FILE *out;

	if (pipe(ends) < 0 || (f->pid = fork()) < 0)
		die("cannot be started");
	if (f->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], 1);
		close(ends[0]);
		execlp("node", "node", TESTS_DIR "/support/openai/fake.mjs", (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	out = fdopen(ends[0], "r");
	if (!out || !fgets(line, sizeof(line), out) ||
	    sscanf(line, "listening on %d", &f->port) != 1)
		die("did not start (is Node.js installed?)");
	fclose(out);
	snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%d/v1", f->port);
}

void openai_fake_stop(struct openai_fake *f)
{
	kill(f->pid, SIGKILL);
	waitpid(f->pid, NULL, 0);
}

/* The answer's body; malloc()ed. */
static char *say(const struct openai_fake *f, const char *method, const char *path,
		 const char *body)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)f->port) };
	size_t size = 64 << 20, n = 0;
	char *buf = malloc(size), *at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ssize_t got;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (!buf || fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("cannot be reached");
	dprintf(fd, "%s %s HTTP/1.0\r\nContent-Length: %zu\r\n\r\n%s", method, path, strlen(body),
		body);
	while (n < size - 1 && (got = read(fd, buf + n, size - 1 - n)) > 0)
		n += (size_t)got;
	close(fd);
	buf[n] = '\0';
	at = strstr(buf, "\r\n\r\n");
	if (strncmp(buf + 8, " 200", 4) != 0 || !at)
		die("refused");
	memmove(buf, at + 4, strlen(at + 4) + 1);
	return buf;
}

void openai_fake_plan(struct openai_fake *f, const char *behaviours)
{
	free(say(f, "POST", "/control/plan", behaviours));
}

char *openai_fake_requests(struct openai_fake *f)
{
	char *requests = say(f, "GET", "/control/requests", "");

	free(say(f, "DELETE", "/control/requests", ""));
	return requests;
}
