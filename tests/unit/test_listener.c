#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/listener.h"

enum { PATH_BYTES = sizeof(((struct sockaddr_un *)0)->sun_path) };

static struct {
	uv_loop_t loop;
	struct listener listener;
	struct fault fault;
	char folder[32];
	char path[PATH_BYTES]; /* folder/run/events.sock */
	unsigned waited;       /* calls of on_waiting() */
} bench;

static void on_waiting(struct listener *listener)
{
	assert_ptr_equal(listener->context, &bench);
	bench.waited++;
}

/* In the test's folder; valid until two calls later. */
static const char *in_folder(const char *name)
{
	static char paths[2][PATH_BYTES];
	static unsigned turn;
	char *path = paths[turn++ % 2];

	snprintf(path, PATH_BYTES, "%s/%s", bench.folder, name);
	return path;
}

static int set_up(void **state)
{
	(void)state;
	memset(&bench, 0, sizeof(bench));
	strcpy(bench.folder, "/tmp/toll-listen-XXXXXX");
	if (mkdtemp(bench.folder) == NULL)
		return -1;
	snprintf(bench.path, sizeof(bench.path), "%s/run/events.sock", bench.folder);
	bench.listener = (struct listener){ .on_waiting = on_waiting, .context = &bench };
	return mkdir(in_folder("run"), 0750) == 0 ? uv_loop_init(&bench.loop) : -1;
}

static void close_listener(void)
{
	listener_close(&bench.listener);
	uv_run(&bench.loop, UV_RUN_NOWAIT);
}

/* Whatever happened: closing is due, and then nothing of it is left in the loop. */
static int tear_down(void **state)
{
	(void)state;
	close_listener();
	return rmdir(in_folder("run")) | rmdir(bench.folder) | uv_loop_close(&bench.loop);
}

static int start(const char *path, int handed_fd)
{
	bench.fault = (struct fault){ .code = FAULT_NONE };
	return listener_start(&bench.listener, &bench.loop, path, handed_fd, &bench.fault);
}

static void expect_start(const char *path, int handed_fd)
{
	if (start(path, handed_fd) != 0)
		fail_msg("%s: %s", path, bench.fault.text);
}

static void expect_refused(const char *label, const char *path, enum fault_code code,
                           const char *words)
{
	int r = start(path, -1);

	if (r != -(int)code || bench.fault.code != code || strstr(bench.fault.text, words) == NULL)
		fail_msg("%s: %d %s", label, r, bench.fault.text);
	close_listener();
}

/* Of another program: with `does` bound to the path, or connected to it.  -1: it cannot. */
typedef int socket_fn(int fd, const struct sockaddr *address, socklen_t len);

static int socket_at(socket_fn *does, int type, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0 && strlen(path) < sizeof(address.sun_path));
	strcpy(address.sun_path, path);
	if (does(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

static int bound(int type, const char *path)
{
	int fd = socket_at(bind, type, path);

	assert_true(fd >= 0);
	return fd;
}

static int connected(const char *path)
{
	return socket_at(connect, SOCK_STREAM, path);
}

/* connect() has returned: the loop has somebody to tell of, and nothing to wait for. */
static void accept_one(unsigned waited)
{
	uv_pipe_t client;

	uv_run(&bench.loop, UV_RUN_NOWAIT);
	assert_int_equal(bench.waited, waited);
	uv_pipe_init(&bench.loop, &client, 0);
	assert_int_equal(uv_accept((uv_stream_t *)&bench.listener.pipe, (uv_stream_t *)&client), 0);
	uv_close((uv_handle_t *)&client, NULL);
	uv_run(&bench.loop, UV_RUN_NOWAIT);
}

static void expect_served(const char *path)
{
	unsigned before = bench.waited;
	int fd = connected(path);

	assert_true(fd >= 0);
	accept_one(before + 1);
	close(fd);
}

static mode_t mode_of(const char *path)
{
	struct stat status;

	assert_int_equal(lstat(path, &status), 0);
	return status.st_mode;
}

static void test_owner_and_group_may_connect_whatever_the_umask(void **state)
{
	static const mode_t masks[] = { 0, 022, 077, 0777 };

	(void)state;
	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		mode_t before = umask(masks[i]);

		expect_start(bench.path, -1);
		/* It is as it was for the files that are made later. */
		assert_int_equal(umask(before), masks[i]);
		assert_int_equal(mode_of(bench.path), S_IFSOCK | 0660);
		expect_served(bench.path);
		close_listener();
	}
}

static void test_the_folder_is_made_where_it_is_missing(void **state)
{
	static const mode_t masks[] = { 0, 0077 };
	const char *run = in_folder("run");

	(void)state;
	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		mode_t before = umask(masks[i]);

		assert_int_equal(rmdir(run), 0);
		expect_start(bench.path, -1);
		umask(before);
		assert_int_equal(mode_of(run), S_IFDIR | 0750);
		close_listener();
	}
	/* One that is there stays as somebody has made it. */
	assert_int_equal(chmod(run, 0711), 0);
	expect_start(bench.path, -1);
	assert_int_equal(mode_of(run), S_IFDIR | 0711);
}

static void test_a_stale_socket_is_replaced(void **state)
{
	(void)state;
	close(bound(SOCK_STREAM, bench.path));
	assert_int_equal(mode_of(bench.path) & S_IFMT, S_IFSOCK);
	expect_start(bench.path, -1);
	expect_served(bench.path);
}

static void test_a_socket_on_which_somebody_answers_is_left_alone(void **state)
{
	static const struct {
		const char *label, *words;
		int type;
		bool full;
	} rows[] = {
		{ "answers", "another program answers there", SOCK_STREAM, false },
		{ "is too busy to answer", "another program answers there", SOCK_STREAM, true },
		{ "of another protocol", "events.sock: ", SOCK_DGRAM, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd = bound(rows[i].type, bench.path), first = -1, second = -1;

		if (rows[i].type == SOCK_STREAM)
			assert_int_equal(listen(fd, rows[i].full ? 0 : 8), 0);
		if (rows[i].full)
			first = connected(bench.path);
		expect_refused(rows[i].label, bench.path, FAULT_BUSY, rows[i].words);
		/* It is the other's still. */
		second = connected(bench.path);
		assert_int_equal(second >= 0, rows[i].type == SOCK_STREAM && !rows[i].full);
		assert_int_equal(mode_of(bench.path) & S_IFMT, S_IFSOCK);
		close(first);
		close(second);
		close(fd);
		assert_int_equal(unlink(bench.path), 0);
	}
}

static void test_what_is_no_socket_is_left_alone(void **state)
{
	static const mode_t kinds[] = { S_IFREG, S_IFDIR, S_IFIFO, S_IFLNK };
	static const char *const labels[] = { "file", "folder", "pipe", "link" };
	const char *target = in_folder("run/stale");

	(void)state;
	/* A link to a stale socket is no socket. */
	close(bound(SOCK_STREAM, target));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		mode_t kind = kinds[i];

		if (kind == S_IFLNK)
			assert_int_equal(symlink(target, bench.path), 0);
		else if (kind == S_IFDIR)
			assert_int_equal(mkdir(bench.path, 0700), 0);
		else
			assert_int_equal(mknod(bench.path, kind | 0600, 0), 0);
		expect_refused(labels[i], bench.path, FAULT_INVALID, "is no socket");
		assert_int_equal(mode_of(bench.path) & S_IFMT, kind);
		assert_int_equal(remove(bench.path), 0);
	}
	assert_int_equal(unlink(target), 0);
}

static void test_a_path_has_as_many_bytes_as_an_address(void **state)
{
	char path[PATH_BYTES + 1];

	(void)state;
	memset(path, 'x', sizeof(path));
	memcpy(path, bench.folder, strlen(bench.folder));
	path[strlen(bench.folder)] = '/';
	path[PATH_BYTES] = '\0';
	expect_refused("one more", path, FAULT_INVALID, "at most 107 bytes");
	path[PATH_BYTES - 1] = '\0';
	expect_start(path, -1);
	expect_served(path);
	close_listener();
}

static void test_a_folder_that_cannot_be_had_is_named(void **state)
{
	static const struct {
		const char *path, *words;
	} rows[] = {
		{ "missing/run/events.sock", "missing/run: cannot make the folder: No such file" },
		{ "file/events.sock", "file/events.sock: Not a directory" },
	};

	(void)state;
	assert_int_equal(mknod(in_folder("file"), S_IFREG | 0600, 0), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_refused(rows[i].path, in_folder(rows[i].path), FAULT_IO, rows[i].words);
	assert_int_equal(unlink(in_folder("file")), 0);
}

static void test_a_handed_socket_is_served_and_its_file_is_not_ours(void **state)
{
	int fd = bound(SOCK_STREAM, bench.path);

	(void)state;
	assert_int_equal(chmod(bench.path, 0600), 0);
	expect_start(bench.path, fd);
	expect_served(bench.path);
	assert_int_equal(mode_of(bench.path), S_IFSOCK | 0600);
	close_listener();
	assert_int_equal(mode_of(bench.path), S_IFSOCK | 0600);
	/* It was taken over. */
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(unlink(bench.path), 0);
}

static void test_a_handed_descriptor_that_is_no_socket_is_refused(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(start(bench.path, ends[0]), -FAULT_IO);
	assert_non_null(strstr(bench.fault.text, bench.path));
	close_listener();
	close(ends[1]);
	assert_int_equal(fcntl(ends[0], F_GETFD), -1);
}

static void test_the_close_removes_its_own_file_and_no_other(void **state)
{
	const char *aside = in_folder("run/aside");
	int fd;

	(void)state;
	expect_start(bench.path, -1);
	listener_close(&bench.listener);
	assert_int_equal(access(bench.path, F_OK), -1);
	/* Closed again it does nothing. */
	listener_close(&bench.listener);
	close_listener();
	/* Another program has taken the place. */
	expect_start(bench.path, -1);
	assert_int_equal(rename(bench.path, aside), 0);
	fd = bound(SOCK_STREAM, bench.path);
	close_listener();
	assert_int_equal(mode_of(bench.path) & S_IFMT, S_IFSOCK);
	close(fd);
	assert_int_equal(unlink(bench.path), 0);
	assert_int_equal(unlink(aside), 0);
	/* Somebody has removed it already. */
	expect_start(bench.path, -1);
	assert_int_equal(unlink(bench.path), 0);
}

static void test_whoever_has_connected_is_seen_before_the_loop_runs(void **state)
{
	int fd;

	(void)state;
	assert_false(listener_has_waiting(&bench.listener));
	expect_start(bench.path, -1);
	assert_false(listener_has_waiting(&bench.listener));
	fd = connected(bench.path);
	assert_true(listener_has_waiting(&bench.listener));
	assert_int_equal(bench.waited, 0);
	accept_one(1);
	assert_false(listener_has_waiting(&bench.listener));
	close(fd);
	fd = connected(bench.path);
	listener_close(&bench.listener);
	assert_false(listener_has_waiting(&bench.listener));
	close(fd);
}

static void test_no_other_comes_before_the_one_that_waits(void **state)
{
	int first, second;

	(void)state;
	expect_start(bench.path, -1);
	first = connected(bench.path);
	second = connected(bench.path);
	for (int i = 0; i < 5; i++)
		uv_run(&bench.loop, UV_RUN_NOWAIT);
	assert_int_equal(bench.waited, 1);
	assert_true(listener_has_waiting(&bench.listener));
	accept_one(1);
	accept_one(2);
	close(first);
	close(second);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_owner_and_group_may_connect_whatever_the_umask),
		T(test_the_folder_is_made_where_it_is_missing),
		T(test_a_stale_socket_is_replaced),
		T(test_a_socket_on_which_somebody_answers_is_left_alone),
		T(test_what_is_no_socket_is_left_alone),
		T(test_a_path_has_as_many_bytes_as_an_address),
		T(test_a_folder_that_cannot_be_had_is_named),
		T(test_a_handed_socket_is_served_and_its_file_is_not_ours),
		T(test_a_handed_descriptor_that_is_no_socket_is_refused),
		T(test_the_close_removes_its_own_file_and_no_other),
		T(test_whoever_has_connected_is_seen_before_the_loop_runs),
		T(test_no_other_comes_before_the_one_that_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
