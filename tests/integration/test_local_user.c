/* Another user of the machine, and what he may plant: nothing is read, nothing is followed. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/daemonkit.h"

enum { NOBODY = 65534, FAILS = 64 };

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

static void need_root(void)
{
	if (geteuid() != 0) {
		print_message("skipped: takes root to become another user\n");
		skip();
	}
}

/* Runs in a child that is nobody; what it gives is its exit code. */
static int as_nobody(int (*function)(void))
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		if (setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
			_exit(FAILS + 1);
		_exit(function());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static const char *const suffixes[] = { "", "-wal", "-shm", ".lock", ".secret" };
enum { SUFFIXES = sizeof(suffixes) / sizeof(suffixes[0]) };

static void path_of(char out[2 * DAEMONKIT_PATH_BYTES], const char *suffix)
{
	snprintf(out, 2 * DAEMONKIT_PATH_BYTES, "%s%s", kit.ledger, suffix);
}

/* The number of what he could open, from 1 on; 0: nothing. */
static int opens_something(void)
{
	char path[2 * DAEMONKIT_PATH_BYTES];

	for (int i = 0; i < SUFFIXES; i++) {
		static const int ways[] = { O_RDONLY, O_WRONLY };

		path_of(path, suffixes[i]);
		for (int w = 0; w < 2; w++) {
			if (open(path, ways[w] | O_CLOEXEC) >= 0 || errno != EACCES)
				return 1 + i;
		}
	}
	if (daemonkit_connect(kit.socket) >= 0 || errno != EACCES)
		return 1 + SUFFIXES;
	if (daemonkit_connect(kit.control) >= 0 || errno != EACCES)
		return 2 + SUFFIXES;
	/* It is for their modes, not for the folder. */
	return open(kit.prices, O_RDONLY | O_CLOEXEC) >= 0 ? 0 : FAILS;
}

/* Those of the ledger and of the sockets. */
static void open_folders(void)
{
	char run[DAEMONKIT_PATH_BYTES];

	text_copy(run, sizeof(run), text_of(kit.socket));
	*strrchr(run, '/') = '\0';
	assert_int_equal(chmod(kit.folder, 0777), 0);
	assert_int_equal(chmod(run, 0777), 0);
}

/* The folders are open to all: each file and socket says no by itself. */
static void test_another_user_reads_nothing_and_connects_nowhere(void **state)
{
	struct wire_ack ack;
	int what;

	(void)state;
	need_root();
	daemonkit_start(&kit, NULL);
	daemonkit_send_one(&kit, "e1", &ack);
	open_folders();
	assert_int_equal(chmod(kit.prices, 0644), 0);
	what = as_nobody(opens_something);
	if (what != 0)
		fail_msg("nobody can use %s", what <= SUFFIXES       ? suffixes[what - 1]
		                              : what == 1 + SUFFIXES ? "the socket"
		                              : what == 2 + SUFFIXES ? "the control socket"
		                                                     : "not even the prices");
	daemonkit_stop(&kit);
}

/* Asks for a change although the socket lets everybody in. */
static int changes_something(void)
{
	struct buf line = { .at = NULL };
	int fd = daemonkit_connect(kit.control), changed = 0;

	if (fd < 0)
		return errno;
	daemonkit_send_text(fd, "{\"change\":\"quarantine.retry\"}\n");
	if (daemonkit_line(fd, &line))
		changed = strstr(line.at, "\"ok\":false") == NULL;
	buf_release(&line);
	close(fd);
	return changed;
}

static void test_the_control_socket_knows_who_asks(void **state)
{
	(void)state;
	need_root();
	daemonkit_start(&kit, NULL);
	open_folders();
	assert_int_equal(chmod(kit.control, 0666), 0);
	assert_int_equal(as_nobody(changes_something), 0);
	assert_int_equal(changes_something(), 1);
	daemonkit_stop(&kit);
}

/* To a file of somebody else's: it is neither written nor made, and the daemon says why. */
static void test_links_in_the_place_of_its_files_are_not_followed(void **state)
{
	static const char kept[] = "somebody else's\n";
	const char *const arguments[] = { "--ledger", kit.ledger, "--socket", kit.socket, NULL };
	char path[2 * DAEMONKIT_PATH_BYTES], target[2 * DAEMONKIT_PATH_BYTES];

	(void)state;
	snprintf(target, sizeof(target), "%s/target", kit.folder);
	for (int i = 0; i < SUFFIXES; i++) {
		struct buf bytes = { .at = NULL };

		daemonkit_write(target, kept);
		path_of(path, suffixes[i]);
		assert_int_equal(symlink(target, path), 0);
		daemonkit_spawn(&kit, arguments);
		if (daemonkit_wait_exit(&kit) == 0)
			fail_msg("%s: it started", path);
		assert_int_equal(buf_read_file(&bytes, target, sizeof(kept), NULL), 0);
		if (!text_is(buf_text(&bytes), kept))
			fail_msg("%s: the file behind the link was changed", path);
		buf_release(&bytes);
		for (int s = 0; s < SUFFIXES; s++) {
			path_of(path, suffixes[s]);
			unlink(path);
		}
		unlink(kit.log);
	}
}

/* The secret and the last lines of every gateway are in its memory. */
static void test_no_core_is_dumped(void **state)
{
	struct rlimit limit = { 1, 1 };

	(void)state;
	daemonkit_start(&kit, NULL);
	assert_int_equal(prlimit(kit.pid, RLIMIT_CORE, NULL, &limit), 0);
	assert_int_equal(limit.rlim_cur, 0);
	assert_int_equal(limit.rlim_max, 0);
	daemonkit_stop(&kit);
}

/*
 * The files of a process that may not be dumped are root's in /proc: so other processes of its
 * user can neither read its memory nor attach to it.
 */
static void test_its_memory_is_closed_to_its_own_user(void **state)
{
	char program[DAEMONKIT_PATH_BYTES], proc[64];
	struct stat file;
	int fd, status, waits = 0;

	(void)state;
	need_root();
	if (strcmp(getenv("TOLL_MODE") != NULL ? getenv("TOLL_MODE") : "", "asan") == 0) {
		print_message("skipped: the search for leaks attaches to the process\n");
		skip();
	}
	daemonkit_program(program, "tolld");
	fd = open(program, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(chown(kit.folder, NOBODY, NOBODY), 0);
	assert_int_equal(chmod(kit.prices, 0644), 0);
	kit.pid = fork();
	assert_true(kit.pid >= 0);
	if (kit.pid == 0) {
		char *const argv[] = { program,    (char *)"--ledger",
			               kit.ledger, (char *)"--socket",
			               kit.socket, NULL };

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
			_exit(FAILS);
		fexecve(fd, argv, environ);
		_exit(FAILS + 1);
	}
	close(fd);
	while (access(kit.control, F_OK) < 0 && waits++ < DAEMONKIT_WAIT_MS / 10)
		usleep(10000);
	snprintf(proc, sizeof(proc), "/proc/%d/environ", (int)kit.pid);
	assert_int_equal(stat(proc, &file), 0);
	assert_int_equal(file.st_uid, 0);
	kill(kit.pid, SIGTERM);
	assert_int_equal(waitpid(kit.pid, &status, 0), kit.pid);
	kit.pid = 0;
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_another_user_reads_nothing_and_connects_nowhere, begin, end),
		cmocka_unit_test_setup_teardown(test_the_control_socket_knows_who_asks, begin, end),
		cmocka_unit_test_setup_teardown(
			test_links_in_the_place_of_its_files_are_not_followed, begin, end),
		cmocka_unit_test_setup_teardown(test_no_core_is_dumped, begin, end),
		cmocka_unit_test_setup_teardown(test_its_memory_is_closed_to_its_own_user, begin,
		                                end),
	};

	return cmocka_run_group_tests_name("local_user", tests, NULL, NULL);
}
