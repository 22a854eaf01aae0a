#include "tests/support/tollrun.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { PROGRAM_BYTES = 512, READ_BYTES = 4096 };

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int input_of(const char *bytes)
{
	int fds[2];

	if (bytes == NULL)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	/* Small inputs only: they fit the pipe before anybody reads. */
	assert_int_equal(write(fds[1], bytes, strlen(bytes)), strlen(bytes));
	close(fds[1]);
	return fds[0];
}

void tollrun_start(struct tollrun *run, const char *const words[], const char *input,
                   const char *output)
{
	const char *build = getenv("TOLL_BUILD");
	char program[PROGRAM_BYTES];
	const char *argv[TOLLRUN_WORDS_MAX + 2] = { "toll" };
	int out[2], err[2], in = input_of(input);

	snprintf(program, sizeof(program), "%s/toll", build != NULL ? build : "build/release");
	for (size_t i = 0; words[i] != NULL; i++) {
		assert_true(i < TOLLRUN_WORDS_MAX);
		argv[i + 1] = words[i];
	}
	assert_true(in >= 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	fflush(NULL);
	run->pid = fork();
	assert_true(run->pid >= 0);
	if (run->pid == 0) {
		int to = output != NULL ? open(output, O_WRONLY | O_CLOEXEC) : out[1];

		if (to < 0 || dup2(in, 0) < 0 || dup2(to, 1) < 0 || dup2(err[1], 2) < 0)
			_exit(126);
		execv(program, (char *const *)argv);
		_exit(127);
	}
	close(in);
	close(out[1]);
	close(err[1]);
	run->out_fd = out[0];
	run->err_fd = err[0];
}

/* False at the end of it. */
static bool take_output(int *fd, struct buf *into)
{
	char *room = buf_room(into, READ_BYTES);
	ssize_t got;

	assert_non_null(room);
	got = read(*fd, room, READ_BYTES);
	if (got < 0 && errno == EINTR)
		return true;
	into->len += got > 0 ? (size_t)got : 0;
	into->at[into->len] = '\0';
	if (got > 0)
		return true;
	close(*fd);
	*fd = -1;
	return false;
}

void tollrun_wait(struct tollrun *run)
{
	int64_t end = now_ms() + TOLLRUN_WAIT_MS;
	int status;

	while (run->out_fd >= 0 || run->err_fd >= 0) {
		struct pollfd fds[] = { { run->out_fd, POLLIN, 0 }, { run->err_fd, POLLIN, 0 } };

		if (now_ms() > end) {
			kill(run->pid, SIGKILL);
			waitpid(run->pid, NULL, 0);
			fail_msg("toll did not end; it said: %s", run->err.at);
		}
		poll(fds, 2, 100);
		if (fds[0].revents != 0)
			take_output(&run->out_fd, &run->out);
		if (fds[1].revents != 0)
			take_output(&run->err_fd, &run->err);
	}
	assert_int_equal(waitpid(run->pid, &status, 0), run->pid);
	run->pid = 0;
	run->code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void tollrun_release(struct tollrun *run)
{
	buf_release(&run->out);
	buf_release(&run->err);
	*run = (struct tollrun){ .out_fd = -1, .err_fd = -1 };
}

void tollrun_expect(const struct tollrun *run, int code, const char *file, int line)
{
	if (run->code == code)
		return;
	print_error("exit code %d, expected %d\nstdout: %s\nstderr: %s\n", run->code, code,
	            run->out.at != NULL ? run->out.at : "", run->err.at != NULL ? run->err.at : "");
	_fail(file, line);
}

void tollrun_says(const struct tollrun *run, const char *words, bool wanted, const char *file,
                  int line)
{
	const char *out = run->out.at != NULL ? run->out.at : "";
	const char *err = run->err.at != NULL ? run->err.at : "";

	if ((strstr(out, words) != NULL || strstr(err, words) != NULL) == wanted)
		return;
	print_error("%s \"%s\"\nstdout: %s\nstderr: %s\n", wanted ? "does not say" : "says", words,
	            out, err);
	_fail(file, line);
}
