#include "tests/support/webserver.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static pid_t start_program(const char *const argv[], int in, int out)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid != 0)
		return pid;
	/* A test that died leaves nothing running. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(126);
	execvp(argv[0], (char *const *)argv);
	_exit(127);
}

static void make_certificate(const struct webserver *web)
{
	const char *const words[] = { "openssl",
		                      "req",
		                      "-x509",
		                      "-newkey",
		                      "ec",
		                      "-pkeyopt",
		                      "ec_paramgen_curve:prime256v1",
		                      "-nodes",
		                      "-days",
		                      "2",
		                      "-subj",
		                      "/CN=localhost",
		                      "-addext",
		                      "subjectAltName=DNS:localhost",
		                      "-keyout",
		                      web->key,
		                      "-out",
		                      web->certificate,
		                      NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), status = 0;
	pid_t pid = start_program(words, null, null);

	close(null);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

void webserver_start(struct webserver *web)
{
	const char *const words[] = { "python3", "tests/support/http_server.py", web->certificate,
		                      web->key, NULL };
	int in[2], out[2];
	FILE *told;

	snprintf(web->folder, sizeof(web->folder), "build/web-XXXXXX");
	assert_non_null(mkdtemp(web->folder));
	snprintf(web->certificate, sizeof(web->certificate), "%s/certificate", web->folder);
	snprintf(web->key, sizeof(web->key), "%s/key", web->folder);
	make_certificate(web);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	web->pid = start_program(words, in[0], out[1]);
	web->input_fd = in[1];
	close(in[0]);
	close(out[1]);
	told = fdopen(out[0], "r");
	assert_non_null(told);
	assert_int_equal(fscanf(told, "%d %d", &web->http, &web->https), 2);
	fclose(told);
}

void webserver_stop(struct webserver *web)
{
	if (web->pid == 0)
		return;
	close(web->input_fd);
	kill(web->pid, SIGTERM);
	waitpid(web->pid, NULL, 0);
	unlink(web->certificate);
	unlink(web->key);
	rmdir(web->folder);
	*web = (struct webserver){ .pid = 0 };
}

const char *webserver_http(const struct webserver *web, const char *path)
{
	static char url[WEBSERVER_URL_BYTES];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/%s", web->http, path);
	return url;
}

const char *webserver_https(const struct webserver *web, const char *path)
{
	static char url[WEBSERVER_URL_BYTES];

	snprintf(url, sizeof(url), "https://localhost:%d/%s", web->https, path);
	return url;
}
