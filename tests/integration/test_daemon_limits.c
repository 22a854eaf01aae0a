/*
 * What one connection and one user may have of the real daemon: beyond it they wait, are told,
 * or cost nothing, and the others are served.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/connection.h"
#include "tests/support/daemonkit.h"

enum { OTHER_UID = 65534 };

static struct daemonkit kit;

static int begin(void **state)
{
	(void)state;
	daemonkit_begin(&kit);
	return 0;
}

static int end(void **state)
{
	(void)state;
	daemonkit_end(&kit);
	return 0;
}

static void send_events(int fd, const char *prefix, int count)
{
	struct buf lines = { .at = NULL };

	daemonkit_events(&lines, prefix, count);
	daemonkit_send(fd, lines.at, lines.len);
	buf_release(&lines);
}

static void check_amount(int64_t events)
{
	assert_true(daemonkit_verified_amount(&kit).attos ==
	            (wide)events * KIT_EVENT_NANOS * ATTOS_PER_NANO);
}

static int count_files(void)
{
	char path[64];
	int count = 0;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)kit.pid);
	folder = opendir(path);
	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

static void wait_files(int count)
{
	int64_t until = daemonkit_now_ms() + DAEMONKIT_WAIT_MS;

	while (count_files() != count) {
		if (daemonkit_now_ms() > until)
			fail_msg("%d open files, not %d", count_files(), count);
		usleep(2000);
	}
}

static void wait_events(int64_t events)
{
	int64_t until = daemonkit_now_ms() + DAEMONKIT_WAIT_MS;

	while (daemonkit_status(&kit).events < events) {
		assert_true(daemonkit_now_ms() < until);
		usleep(2000);
	}
}

/* --- connections of one user ---------------------------------------------- */

/* Another user: in a child, an event of its own until that is acknowledged. */
static void send_as_another_user(const char *id)
{
	struct wire_ack ack;
	int status;
	pid_t pid;

	assert_int_equal(chmod(kit.folder, 0755), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (setuid(OTHER_UID) < 0)
			_exit(2);
		daemonkit_send_one(&kit, id, &ack);
		_exit(ack.accepted == 1 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* The socket's folder and file are open to all: what counts here is who comes. */
static void open_socket_to_all(void)
{
	char folder[DAEMONKIT_PATH_BYTES];

	snprintf(folder, sizeof(folder), "%s/run", kit.folder);
	assert_int_equal(chmod(kit.folder, 0755), 0);
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(chmod(kit.socket, 0777), 0);
}

static void test_a_connection_too_many_of_one_user_waits_and_others_are_served(void **state)
{
	static const char *const arguments[] = { "--uid-connections-max", "2", NULL };
	struct wire_ack ack;
	char words[64];
	int fds[4];

	(void)state;
	daemonkit_start(&kit, arguments);
	for (int i = 0; i < 4; i++) {
		char prefix[16];

		fds[i] = daemonkit_hello(&kit, "gw", true);
		snprintf(prefix, sizeof(prefix), "u%d", i);
		send_events(fds[i], prefix, 1);
		if (i < 2)
			daemonkit_wait_ack(fds[i], 1, &ack);
	}
	daemonkit_wait_log(&kit, "too many gateways of one user");
	snprintf(words, sizeof(words), "uid=%u uid_connections_max=2", (unsigned)geteuid());
	assert_true(daemonkit_logged(&kit, words));
	assert_true(daemonkit_silent(fds[2], 100));
	if (geteuid() == 0) {
		open_socket_to_all();
		send_as_another_user("other");
	} else {
		print_message("note: not root: another user was not tried\n");
	}
	/* In the order in which they came. */
	close(fds[1]);
	daemonkit_wait_ack(fds[2], 1, &ack);
	assert_true(daemonkit_silent(fds[3], 100));
	close(fds[0]);
	daemonkit_wait_ack(fds[3], 1, &ack);
	close(fds[2]);
	close(fds[3]);
	assert_int_equal(daemonkit_stop(&kit), 0);
	check_amount(geteuid() == 0 ? 5 : 4);
}

static void test_when_too_many_wait_one_is_told_and_closed(void **state)
{
	static const char *const arguments[] = { "--uid-connections-max", "1", NULL };
	int fds[PEERS_WAITING_MAX], first, fd;
	struct buf line = { .at = NULL };
	struct wire_ack ack;
	int files;

	(void)state;
	daemonkit_start(&kit, arguments);
	first = daemonkit_hello(&kit, "gw", true);
	send_events(first, "first", 1);
	daemonkit_wait_ack(first, 1, &ack);
	files = count_files();
	for (int i = 0; i < PEERS_WAITING_MAX; i++)
		fds[i] = daemonkit_connect(kit.socket);
	for (int i = 0; i < 200; i++) {
		fd = daemonkit_connect(kit.socket);
		assert_true(fd >= 0);
		assert_true(daemonkit_line(fd, &line));
		buf_add_cstr(&line, "");
		assert_non_null(strstr(line.at, "has 1 connections, the most one user may have "
		                                "(uid_connections_max)"));
		assert_false(daemonkit_line(fd, &line));
		close(fd);
	}
	wait_files(files + PEERS_WAITING_MAX);
	for (int i = 0; i < PEERS_WAITING_MAX; i++)
		close(fds[i]);
	/* Who waits and is gone makes room as soon as it has its turn. */
	close(first);
	wait_files(files - 1);
	daemonkit_send_one(&kit, "last", &ack);
	buf_release(&line);
	assert_int_equal(daemonkit_stop(&kit), 0);
	check_amount(2);
}

/* They had sent all they had: at the end there is no later. */
static void test_the_end_reads_who_waited_for_one_of_its_user(void **state)
{
	static const char *const arguments[] = { "--uid-connections-max", "1", NULL };
	enum { WAITING = 40, EACH = 5 };
	struct wire_ack ack;
	int first;

	(void)state;
	daemonkit_start(&kit, arguments);
	first = daemonkit_hello(&kit, "gw", true);
	send_events(first, "first", 1);
	daemonkit_wait_ack(first, 1, &ack);
	for (int i = 0; i < WAITING; i++) {
		int fd = daemonkit_connect(kit.socket);
		char prefix[16];

		assert_true(fd >= 0);
		snprintf(prefix, sizeof(prefix), "gone%d", i);
		send_events(fd, prefix, EACH);
		close(fd);
	}
	assert_int_equal(daemonkit_status(&kit).events, 1);
	assert_int_equal(daemonkit_stop(&kit), 0);
	close(first);
	check_amount(1 + WAITING * EACH);
}

/* --- lines a second --------------------------------------------------------- */

static void test_lines_a_second_of_one_user_hold_and_nothing_is_lost(void **state)
{
	static const char *const arguments[] = { "--uid-lines-per-s-max", "200", NULL };
	enum { LIMIT = 200, FDS = 4, EACH = 100, BURST = LIMIT * PEERS_BURST_MS / 1000 };
	struct wire_ack ack;
	int64_t before;
	int fds[FDS];

	(void)state;
	daemonkit_start(&kit, arguments);
	before = daemonkit_now_ms();
	for (int i = 0; i < FDS; i++) {
		char prefix[16];

		fds[i] = daemonkit_hello(&kit, "gw", true);
		snprintf(prefix, sizeof(prefix), "r%d", i);
		send_events(fds[i], prefix, EACH);
	}
	for (int i = 0; i < FDS; i++) {
		daemonkit_wait_ack(fds[i], EACH, &ack);
		assert_int_equal(ack.accepted, EACH);
		close(fds[i]);
	}
	/* Not how fast it is, but that it is no faster. */
	assert_true(daemonkit_now_ms() - before >= (FDS * EACH - BURST) * 1000 / LIMIT);
	assert_int_equal(daemonkit_stop(&kit), 0);
	check_amount(FDS * EACH);
}

/* The connections of one user take turns: one that floods is no wall before the others. */
static void test_connections_of_a_limited_user_take_turns(void **state)
{
	static const char *const arguments[] = { "--uid-lines-per-s-max", "100", NULL };
	enum { FLOOD = 400 };
	struct wire_ack ack;
	int flood, small;

	(void)state;
	daemonkit_start(&kit, arguments);
	flood = daemonkit_hello(&kit, "gw", true);
	send_events(flood, "flood", FLOOD);
	wait_events(1);
	small = daemonkit_hello(&kit, "gw", true);
	send_events(small, "small", 1);
	daemonkit_wait_ack(small, 1, &ack);
	assert_true(daemonkit_status(&kit).events < FLOOD / 2);
	/* And at the end what was sent before is read without it. */
	assert_int_equal(daemonkit_stop(&kit), 0);
	close(small);
	close(flood);
	check_amount(FLOOD + 1);
}

/* --- one connection --------------------------------------------------------- */

/* While the batch lingers nothing is durable: it is read so far and no further. */
static void test_bytes_in_flight_of_one_connection_are_limited(void **state)
{
	static const char *const arguments[] = { "--inflight-bytes-max", "8192", "--linger-ms",
		                                 "3000", NULL };
	enum { LIMIT = 8192, COUNT = 10000 };
	struct buf one = { .at = NULL };
	struct wire_ack ack;
	int64_t sent, most;
	int fd, other;

	(void)state;
	daemonkit_start(&kit, arguments);
	fd = daemonkit_hello(&kit, "gw", true);
	sent = daemonkit_fill_events(fd, "fast", COUNT);
	other = daemonkit_hello(&kit, "gw", true);
	send_events(other, "other", 1);
	daemonkit_wait_ack(other, 1, &ack);
	daemonkit_event(&one, "fast-0");
	/* Lines are taken while there are fewer bytes than the limit: one may go beyond. */
	most = LIMIT / (int64_t)(one.len - 1) + 1;
	/* One commit, the other's line in it: the sender had so many in it and no more. */
	daemonkit_wait_ack(fd, most, &ack);
	assert_true(sent > most);
	/* At the end no linger: all of it is read. */
	assert_int_equal(daemonkit_stop(&kit), 0);
	close(fd);
	close(other);
	buf_release(&one);
	assert_true(daemonkit_status(&kit).events > most);
}

/* Passed descriptors are not ours: none stays open, and the lines that carry them count. */
static void send_with_files(int fd, const struct buf *line, const int files[], size_t count)
{
	char control[CMSG_SPACE(8 * sizeof(int))] = { 0 };
	struct iovec bytes = { line->at, line->len };
	struct msghdr message = { .msg_iov = &bytes,
		                  .msg_iovlen = 1,
		                  .msg_control = control,
		                  .msg_controllen = CMSG_SPACE(count * sizeof(int)) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(header), files, count * sizeof(int));
	assert_int_equal(sendmsg(fd, &message, MSG_NOSIGNAL), line->len);
}

static void test_passed_descriptors_do_not_stay(void **state)
{
	enum { LINES = 50, FILES = 8 };
	int fd, ends[2], held[FILES], files;
	struct buf line = { .at = NULL };
	struct wire_ack ack;
	struct pollfd gone;

	(void)state;
	daemonkit_start(&kit, NULL);
	fd = daemonkit_hello(&kit, "gw", true);
	send_events(fd, "before", 1);
	daemonkit_wait_ack(fd, 1, &ack);
	files = count_files();
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	for (int i = 0; i < FILES; i++)
		held[i] = ends[1];
	for (int i = 0; i < LINES; i++) {
		char id[16];

		buf_clear(&line);
		snprintf(id, sizeof(id), "scm-%d", i);
		daemonkit_event(&line, id);
		send_with_files(fd, &line, held, FILES);
	}
	daemonkit_wait_ack(fd, 1 + LINES, &ack);
	assert_int_equal(ack.accepted, 1 + LINES);
	assert_int_equal(count_files(), files);
	/* Nobody has the end that was passed: the pipe is hung up. */
	close(ends[1]);
	gone = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	assert_int_equal(poll(&gone, 1, DAEMONKIT_WAIT_MS), 1);
	assert_true(gone.revents & POLLHUP);
	close(ends[0]);
	close(fd);
	buf_release(&line);
	assert_int_equal(daemonkit_stop(&kit), 0);
	check_amount(1 + LINES);
}

/* Open files without any gateway: with one that is known to be there, less that one. */
static int settled_files(void)
{
	int fd = daemonkit_hello(&kit, "gw", true), files, least = -1;
	struct wire_ack ack;

	daemonkit_send_text(fd, "{\"checkpoint\":{\"source\":\"gw\",\"seq\":1,\"events\":1}}\n");
	daemonkit_wait_ack(fd, 1, &ack);
	/* Those who are gone were closed before it was answered, or are in a moment. */
	for (int i = 0; i < 100; i++) {
		files = count_files() - 1;
		least = least < 0 || files < least ? files : least;
		usleep(1000);
	}
	close(fd);
	return least;
}

static void connect_and_close(int times)
{
	for (int i = 0; i < times; i++) {
		int fd = daemonkit_connect(kit.socket);

		assert_true(fd >= 0);
		if (i % 3 == 1)
			daemonkit_send_text(fd, "{\"toll\":1,\"ack\":true}\n");
		if (i % 3 == 2)
			daemonkit_send_text(fd, "{\"toll\":");
		close(fd);
	}
}

/* Memory and files after a warm-up are those after ten thousand more. */
static void test_connecting_and_leaving_leaks_nothing(void **state)
{
	static const char *const arguments[] = { "--connections-max", "64", NULL };
	enum { WARM = 2000, TIMES = 10000, TIMES_SLOW = 2000, GROWTH_KIB_MAX = 1024 };
	const char *mode = getenv("TOLL_MODE");
	bool release = mode == NULL || strcmp(mode, "release") == 0;
	struct wire_ack ack;
	int64_t resident;
	int files;

	(void)state;
	daemonkit_start(&kit, arguments);
	daemonkit_send_one(&kit, "zero", &ack);
	connect_and_close(WARM);
	daemonkit_send_one(&kit, "one", &ack);
	files = settled_files();
	resident = daemonkit_resident_kib(&kit);
	connect_and_close(release ? TIMES : TIMES_SLOW);
	daemonkit_send_one(&kit, "two", &ack);
	wait_files(files);
	/* The sanitizers keep what was freed; at the end they say what was not. */
	if (release && daemonkit_resident_kib(&kit) > resident + GROWTH_KIB_MAX)
		fail_msg("%lld KiB before, %lld after", (long long)resident,
		         (long long)daemonkit_resident_kib(&kit));
	assert_int_equal(daemonkit_stop(&kit), 0);
	assert_int_equal(daemonkit_status(&kit).events, 3);
}

/* Wrong hellos again and again: each is told, and the log has a limit. */
static void test_refused_hellos_do_not_fill_the_log(void **state)
{
	enum { TIMES = 3 * CONNECTIONS_LOG_LINES_MAX };
	struct buf log = { .at = NULL }, line = { .at = NULL };
	int lines = 0;

	(void)state;
	daemonkit_start(&kit, NULL);
	for (int i = 0; i < TIMES; i++) {
		int fd = daemonkit_connect(kit.socket);

		daemonkit_send_text(fd, "{\"toll\":999}\n");
		assert_true(daemonkit_line(fd, &line));
		assert_true(line.len > 10 && memcmp(line.at, "{\"error\":", 9) == 0);
		close(fd);
	}
	assert_int_equal(daemonkit_stop(&kit), 0);
	assert_int_equal(buf_read_file(&log, kit.log, BUF_BYTES_MAX, NULL), 0);
	buf_add_cstr(&log, "");
	for (const char *at = log.at; (at = strstr(at, "hello refused")) != NULL; at++)
		lines++;
	assert_int_equal(lines, CONNECTIONS_LOG_LINES_MAX);
	buf_release(&log);
	buf_release(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define EACH(test) cmocka_unit_test_setup_teardown(test, begin, end)
		EACH(test_a_connection_too_many_of_one_user_waits_and_others_are_served),
		EACH(test_when_too_many_wait_one_is_told_and_closed),
		EACH(test_the_end_reads_who_waited_for_one_of_its_user),
		EACH(test_lines_a_second_of_one_user_hold_and_nothing_is_lost),
		EACH(test_connections_of_a_limited_user_take_turns),
		EACH(test_bytes_in_flight_of_one_connection_are_limited),
		EACH(test_passed_descriptors_do_not_stay),
		EACH(test_connecting_and_leaving_leaks_nothing),
		EACH(test_refused_hellos_do_not_fill_the_log),
#undef EACH
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
