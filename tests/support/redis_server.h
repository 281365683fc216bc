/*
 * redis_server.h - a real redis-server on a socket in a folder of its own, for tests.
 */
#ifndef SUPPORT_REDIS_SERVER_H
#define SUPPORT_REDIS_SERVER_H

#include <sys/types.h>

struct redis_server {
	pid_t pid; /* 0: not running */
	char dir[64];
	char url[128]; /* unix:///.../redis.sock */
};

/* Makes the folder and starts the server, which answers when this returns.  Aborts the program when it cannot. */
void redis_server_init(struct redis_server *s);
/* Kills it (if it runs) and removes the folder. */
void redis_server_finish(struct redis_server *s);
void redis_server_start(struct redis_server *s); /* again, empty */
/* A certificate for `localhost` in DIR/cert.pem; the server then listens with TLS on the port that is returned, too. */
int redis_server_tls(struct redis_server *s);
void redis_server_kill(struct redis_server *s); /* at once, as by kill -9 */
void redis_server_freeze(struct redis_server *s);
void redis_server_thaw(struct redis_server *s);
/* One command, words separated by blanks, over a connection of its own; its answer's first line. */
const char *redis_server_say(struct redis_server *s, const char *command);

#endif
