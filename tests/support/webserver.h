/*
 * The web server of http_server.py on ports of its own, with a certificate of its own, made for
 * the run: localhost, which nobody trusts.  Failures of the running itself fail the test.
 */
#ifndef TESTS_SUPPORT_WEBSERVER_H
#define TESTS_SUPPORT_WEBSERVER_H

#include <sys/types.h>

enum { WEBSERVER_PATH_BYTES = 64, WEBSERVER_URL_BYTES = 256 };

struct webserver {
	pid_t pid;
	int input_fd; /* it ends when this is closed */
	int http, https;
	char folder[WEBSERVER_PATH_BYTES], certificate[2 * WEBSERVER_PATH_BYTES],
		key[2 * WEBSERVER_PATH_BYTES];
};

void webserver_start(struct webserver *web);
void webserver_stop(struct webserver *web); /* takes one that was not started */
/* http://127.0.0.1:PORT/PATH, https://localhost:PORT/PATH; valid until the next call. */
const char *webserver_http(const struct webserver *web, const char *path);
const char *webserver_https(const struct webserver *web, const char *path);

#endif
