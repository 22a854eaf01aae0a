#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/notify.h"

enum {
	FD_FIRST = 3, /* of those that are handed over, sd_listen_fds(3) */
	FD_ASIDE = 64,
	PATH_MOST = sizeof(((struct sockaddr_un *)0)->sun_path) - 1,
};

static char folder[64];

static const char *const variables[] = { "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
	                                 "LISTEN_PID", "LISTEN_FDS" };

static int set_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		unsetenv(variables[i]);
	strcpy(folder, "/tmp/toll-notify-XXXXXX");
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		unsetenv(variables[i]);
	return rmdir(folder);
}

static void set(const char *name, const char *value)
{
	if (value != NULL)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

/* A socket at `path`, '@' for an abstract name. */
static int bound(int type, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0 && len <= PATH_MOST);
	memcpy(address.sun_path, path, len);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (const struct sockaddr *)&address,
	                      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
	                 0);
	return fd;
}

static void remove_bound(int fd, const char *path)
{
	close(fd);
	if (path[0] == '/')
		assert_int_equal(unlink(path), 0);
}

/* A datagram to an address of this machine is there when sendto() has returned. */
static void expect_datagram(int fd, const char *words)
{
	char got[256];
	ssize_t len = recv(fd, got, sizeof(got), MSG_DONTWAIT);

	if (words == NULL) {
		assert_int_equal(len, -1);
		assert_int_equal(errno, EAGAIN);
		return;
	}
	assert_int_equal(len, strlen(words));
	assert_memory_equal(got, words, (size_t)len);
}

static void test_a_state_goes_out_as_one_datagram(void **state)
{
	static const char *const states[] = { "READY=1", "STATUS=two\nSTOPPING=1" };
	char paths[3][PATH_MOST + 1];

	(void)state;
	snprintf(paths[0], sizeof(paths[0]), "%s/notify", folder);
	snprintf(paths[1], sizeof(paths[1]), "@toll-notify-%d", (int)getpid());
	/* As long as an address can be. */
	memset(paths[2], 'x', PATH_MOST);
	paths[2][PATH_MOST] = '\0';
	memcpy(paths[2], folder, strlen(folder));
	paths[2][strlen(folder)] = '/';
	for (int i = 0; i < 3; i++) {
		int fd = bound(SOCK_DGRAM, paths[i]);

		set("NOTIFY_SOCKET", paths[i]);
		for (int n = 0; n < 2; n++)
			notify_send(states[n]);
		for (int n = 0; n < 2; n++)
			expect_datagram(fd, states[n]);
		expect_datagram(fd, NULL);
		remove_bound(fd, paths[i]);
	}
}

static void test_without_an_address_that_can_be_used_nothing_happens(void **state)
{
	static char too_long[2 * PATH_MOST];
	const char *const addresses[] = { NULL,     "",       "/",
		                          "@",      "notify", "/nonexistent/notify",
		                          too_long, "=notify" };
	char unused[64];
	int fd, before, after;

	(void)state;
	memset(too_long, 'x', sizeof(too_long) - 1);
	too_long[0] = '@';
	snprintf(unused, sizeof(unused), "@toll-notify-none-%d", (int)getpid());
	fd = bound(SOCK_DGRAM, unused);
	before = dup(fd);
	close(before);
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		set("NOTIFY_SOCKET", addresses[i]);
		notify_send("READY=1");
	}
	expect_datagram(fd, NULL);
	/* And no descriptor is left behind. */
	after = dup(fd);
	close(after);
	assert_int_equal(after, before);
	close(fd);
}

static void test_a_watchdog_is_fed_twice_as_often_as_it_asks(void **state)
{
	char self[16], other[16];
	const struct {
		const char *label, *usec, *pid;
		uint64_t ms;
	} rows[] = {
		{ "no watchdog", NULL, NULL, 0 },
		{ "of whoever it is", "30000000", NULL, 15000 },
		{ "of this process", "30000000", self, 15000 },
		{ "of another process", "30000000", other, 0 },
		{ "no watchdog, only a process", NULL, self, 0 },
		{ "the shortest", "2000", NULL, 1 },
		{ "shorter than a clock of milliseconds", "1999", NULL, 0 },
		{ "no time", "0", NULL, 0 },
		{ "a time before now", "-30000000", NULL, 0 },
		{ "no number", "30s", NULL, 0 },
		{ "an empty one", "", NULL, 0 },
		{ "more than a number holds", "99999999999999999999", NULL, 0 },
	};

	(void)state;
	snprintf(self, sizeof(self), "%d", (int)getpid());
	snprintf(other, sizeof(other), "%d", (int)getppid());
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t ms;

		set("WATCHDOG_USEC", rows[i].usec);
		set("WATCHDOG_PID", rows[i].pid);
		ms = notify_watchdog_ms();
		if (ms != rows[i].ms)
			fail_msg("%s: %llu ms", rows[i].label, (unsigned long long)ms);
	}
}

/* What may stand in a row of descriptors that are handed over. */
enum handed { NONE, FILE_FD, DATAGRAM, PACKETS, UNLISTENING, INTERNET, EVENTS, CONTROL };

static int open_handed(enum handed kind)
{
	char path[PATH_MOST + 1];
	int fd = -1;

	snprintf(path, sizeof(path), "%s/%s", folder, kind == CONTROL ? "control" : "events");
	switch (kind) {
	case NONE:
		return -1;
	case FILE_FD:
		fd = open("/dev/null", O_RDONLY);
		break;
	case DATAGRAM:
		fd = bound(SOCK_DGRAM, path);
		unlink(path);
		break;
	case INTERNET:
		fd = socket(AF_INET, SOCK_STREAM, 0);
		assert_true(fd >= 0);
		assert_int_equal(listen(fd, 1), 0);
		break;
	case PACKETS:
	case UNLISTENING:
	case EVENTS:
	case CONTROL:
		fd = bound(kind == PACKETS ? SOCK_SEQPACKET : SOCK_STREAM, path);
		if (kind != UNLISTENING)
			assert_int_equal(listen(fd, 1), 0);
		unlink(path);
		break;
	}
	assert_true(fd >= 0);
	return fd;
}

/* Puts it where systemd would; FD_CLOEXEC is off there. */
static void hand_over(enum handed kind, int at)
{
	int fd = open_handed(kind), aside = fcntl(fd, F_DUPFD, FD_ASIDE);

	close(fd);
	close(at);
	if (kind == NONE)
		return;
	assert_int_equal(dup2(aside, at), at);
	close(aside);
}

static void test_the_socket_that_was_handed_over_is_found(void **state)
{
	static const struct {
		const char *label, *count;
		enum handed handed[4];
		int fd;
	} rows[] = {
		{ "the only one", "1", { EVENTS }, 3 },
		{ "the only one, whatever its name", "1", { CONTROL }, 3 },
		{ "the second by its path", "2", { CONTROL, EVENTS }, 4 },
		{ "the first by its path", "2", { EVENTS, CONTROL }, 3 },
		{ "behind what is no such socket",
		  "4",
		  { FILE_FD, DATAGRAM, INTERNET, EVENTS },
		  6 },
		{ "behind one that does not listen", "2", { UNLISTENING, EVENTS }, 4 },
		{ "none by that path", "2", { CONTROL, CONTROL }, -1 },
		{ "one that does not listen", "1", { UNLISTENING }, -1 },
		{ "a datagram socket", "1", { DATAGRAM }, -1 },
		{ "a socket that listens for packets", "1", { PACKETS }, -1 },
		{ "a socket of the network", "1", { INTERNET }, -1 },
		{ "a file", "1", { FILE_FD }, -1 },
		{ "nothing there", "1", { NONE }, -1 },
		{ "one beyond the count", "1", { FILE_FD, EVENTS }, -1 },
		{ "no count", NULL, { EVENTS }, -1 },
		{ "none counted", "0", { EVENTS }, -1 },
		{ "below none", "-1", { EVENTS }, -1 },
		{ "no number", "one", { EVENTS }, -1 },
		{ "the most", "16", { EVENTS }, 3 },
		{ "more than the most", "17", { EVENTS }, -1 },
	};
	char self[16], path[PATH_MOST + 1];

	(void)state;
	snprintf(self, sizeof(self), "%d", (int)getpid());
	snprintf(path, sizeof(path), "%s/events", folder);
	set("LISTEN_PID", self);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd;

		for (int n = 0; n < 4; n++)
			hand_over(rows[i].handed[n], FD_FIRST + n);
		set("LISTEN_FDS", rows[i].count);
		fd = notify_listen_fd(path);
		if (fd != rows[i].fd)
			fail_msg("%s: %d", rows[i].label, fd);
		/* What we start must not inherit it. */
		if (fd >= 0)
			assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	}
	for (int n = 0; n < 4; n++)
		close(FD_FIRST + n);
}

static void test_what_was_handed_to_another_process_is_not_ours(void **state)
{
	char other[16], path[PATH_MOST + 1];
	const char *const pids[] = { NULL, "", "0", "1x", other };

	(void)state;
	snprintf(path, sizeof(path), "%s/events", folder);
	snprintf(other, sizeof(other), "%d", (int)getppid());
	hand_over(EVENTS, FD_FIRST);
	set("LISTEN_FDS", "1");
	for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++) {
		set("LISTEN_PID", pids[i]);
		assert_int_equal(notify_listen_fd(path), -1);
		/* It was not touched. */
		assert_int_equal(fcntl(FD_FIRST, F_GETFD), 0);
	}
	close(FD_FIRST);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_a_state_goes_out_as_one_datagram),
		T(test_without_an_address_that_can_be_used_nothing_happens),
		T(test_a_watchdog_is_fed_twice_as_often_as_it_asks),
		T(test_the_socket_that_was_handed_over_is_found),
		T(test_what_was_handed_to_another_process_is_not_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
