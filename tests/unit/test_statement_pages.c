/*
 * cli/statement_pages.h: what is there, in which order it comes there, and that nothing is left
 * where any of it fails.
 */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/statement_pages.h"

enum { PATH_BYTES = 128, CALLS_MAX = 64, BIG = 65536 };

static char folder[PATH_BYTES], file[2 * PATH_BYTES];

/* --- calls that are counted, and one of them fails ------------------------------- */

static int calls, fail_at; /* fail_at 0: none */
static bool other_comes;   /* FILE is there when the folder has its name */
static bool other_is_last; /* FILE is there when it is about to have its own */
static bool no_flags;      /* the file system has no RENAME_NOREPLACE */
static struct buf done;    /* what was done: "sync FOLDER", "name FILE" */

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags);
int __wrap_renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags);

static bool fails(void)
{
	if (++calls != fail_at)
		return false;
	errno = EIO;
	return true;
}

int __wrap_fsync(int fd)
{
	struct stat found;

	if (fails())
		return -1;
	if (fstat(fd, &found) == 0 && S_ISDIR(found.st_mode))
		buf_add_cstr(&done, "sync folder\n");
	return __real_fsync(fd);
}

static void put_another(void)
{
	FILE *other = fopen(file, "we");

	assert_non_null(other);
	fputs("another's", other);
	assert_int_equal(fclose(other), 0);
}

static bool before_a_name(const char *to)
{
	const char *name = strrchr(to, '/') + 1;

	if (fails())
		return false;
	buf_addf(&done, "name %s\n", name);
	if (other_comes && strcmp(name, "s.json.pages") == 0)
		put_another();
	return true;
}

int __wrap_rename(const char *from, const char *to)
{
	return before_a_name(to) ? __real_rename(from, to) : -1;
}

int __wrap_renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags)
{
	if (no_flags) {
		errno = EINVAL;
		return -1;
	}
	assert_int_equal(flags, RENAME_NOREPLACE);
	if (!before_a_name(to))
		return -1;
	if (other_is_last && strcmp(to, file) == 0)
		put_another();
	return __real_renameat2(from_at, from, to_at, to, flags);
}

/* --- a folder for each test -------------------------------------------------------- */

static int begin(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "build/pages-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/s.json", folder);
	fail_at = 0;
	return 0;
}

static int remove_one(const char *path, const struct stat *found, int type, struct FTW *ftw)
{
	(void)found;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int end(void **state)
{
	(void)state;
	buf_release(&done);
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static int count_in(const char *path)
{
	DIR *dir = opendir(path);
	int count = -2;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

static void expect_file(const char *name, const char *expected)
{
	char path[3 * PATH_BYTES];
	struct buf bytes = { .at = NULL };
	struct fault fault;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (buf_read_file(&bytes, path, BIG, &fault) < 0)
		fail_msg("%s", fault.text);
	buf_add(&bytes, "", 1);
	assert_string_equal(bytes.at, expected);
	buf_release(&bytes);
}

/* Two pages, the second with rows of its own. */
static int put_two(bool good, const char *where, struct fault *fault)
{
	const struct fetch_page one = { .number = 1,
		                        .url = "https://a/b?c=\"d\"",
		                        .status = 200,
		                        .when_ms = 1,
		                        .body = { "{}", 2 },
		                        .rows = { "{}", 2 } };
	const struct fetch_page two = { .number = 2,
		                        .url = "https://a/e",
		                        .json = "{\"f\":1}",
		                        .status = 200,
		                        .when_ms = 2,
		                        .body = { "[1, 2]\n", 7 },
		                        .rows = { "1\n2\n", 4 } };
	struct statement_pages pages;
	int ended, r;

	calls = 0;
	buf_clear(&done);
	r = statement_pages_start(&pages, file, where, fault);
	if (r == 0)
		r = statement_pages_add(&pages, &one, fault);
	if (r == 0)
		r = statement_pages_add(&pages, &two, fault);
	ended = statement_pages_end(&pages, r == 0 && good, fault);
	if (r == 0 && ended == 0 && good) {
		assert_int_equal(pages.bytes, 7);
		assert_int_equal(strlen(pages.sha256), SHA256_HEX_BYTES - 1);
	}
	return r < 0 ? r : ended;
}

static void test_pages_are_kept_as_they_came(void **state)
{
	struct fault fault;

	(void)state;
	assert_int_equal(put_two(true, NULL, &fault), 0);
	expect_file("s.json", "{}\n1\n2\n");
	expect_file("s.json.pages/0001.json", "{}");
	expect_file("s.json.pages/0002.json", "[1, 2]\n");
	/* sha256sum of what stands there. */
	expect_file(
		"s.json.pages/index.json",
		"{\"statement\":\"s.json\",\"sha256\":"
		"\"5edcb793f2e2ea8004e8e8a254b681e14aa9e61163415e9a6466230facea8c81\","
		"\"pages\":[\n"
		"{\"file\":\"0001.json\",\"method\":\"GET\",\"url\":\"https://a/b?c=\\\"d\\\"\","
		"\"status\":200,\"sha256\":"
		"\"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\","
		"\"bytes\":2,\"when\":\"1970-01-01T00:00:00.001Z\"},\n"
		"{\"file\":\"0002.json\",\"method\":\"POST\",\"url\":\"https://a/e\","
		"\"body\":{\"f\":1},\"status\":200,\"sha256\":"
		"\"1fb3ffcf3df89e31f56932d4a64a23eede8a2f6707898bf14d1fc42a78286868\",\"bytes\":7,"
		"\"when\":\"1970-01-01T00:00:00.002Z\"}\n]}\n");
	assert_int_equal(count_in(folder), 2);
}

/* The folder, then FILE, and each name is on disk before the next. */
static void test_the_statement_takes_its_name_last(void **state)
{
	struct fault fault;
	const char *at;

	(void)state;
	assert_int_equal(put_two(true, NULL, &fault), 0);
	buf_add(&done, "", 1);
	at = strstr(done.at, "name index.json\n");
	assert_non_null(at);
	assert_string_equal(at, "name index.json\nsync folder\n"
	                        "name s.json.pages\nsync folder\n"
	                        "name s.json\nsync folder\n");
}

static void test_not_all_of_it_is_nothing(void **state)
{
	struct fault fault;

	(void)state;
	assert_int_equal(put_two(false, NULL, &fault), 0);
	assert_int_equal(count_in(folder), 0);
}

/* Each sync and each renaming in turn. */
static void test_whatever_fails_leaves_nothing(void **state)
{
	struct fault fault;
	int failed = 0;

	(void)state;
	for (fail_at = 1; fail_at < CALLS_MAX; fail_at++) {
		int r = put_two(true, NULL, &fault);

		if (r == 0)
			break;
		failed++;
		assert_int_equal(r, -FAULT_IO);
		if (count_in(folder) != 0)
			fail_msg("call %d failed, and something is left", fail_at);
	}
	/* A file: sync, name, sync; three of them, the folder, and the statement. */
	assert_int_equal(failed, 3 * 3 + 2 + 3);
	assert_int_equal(count_in(folder), 2);
}

/* FILE has its name last: before that it is somebody else's. */
static void test_what_came_meanwhile_stays(void **state)
{
	enum { SYNC_OF_THE_FOLDER = 3 * 3 + 2 };
	struct fault fault;

	(void)state;
	other_comes = true;
	fail_at = SYNC_OF_THE_FOLDER;
	assert_int_equal(put_two(true, NULL, &fault), -FAULT_IO);
	fail_at = 0;
	expect_file("s.json", "another's");
	assert_int_equal(count_in(folder), 1);
	assert_int_equal(unlink(file), 0);
	/* It is not replaced either. */
	assert_int_equal(put_two(true, NULL, &fault), -FAULT_INVALID);
	other_comes = false;
	assert_non_null(strstr(fault.text, "s.json: "));
	expect_file("s.json", "another's");
	assert_int_equal(count_in(folder), 1);
	/* Nor where it comes as late as can be. */
	assert_int_equal(unlink(file), 0);
	other_is_last = true;
	assert_int_equal(put_two(true, NULL, &fault), -FAULT_INVALID);
	other_is_last = false;
	assert_non_null(strstr(fault.text, "s.json: is there already"));
	expect_file("s.json", "another's");
	assert_int_equal(count_in(folder), 1);
}

/* There a look before has to do. */
static void test_a_file_system_that_knows_no_flags(void **state)
{
	struct fault fault;

	(void)state;
	no_flags = true;
	other_comes = true;
	assert_int_equal(put_two(true, NULL, &fault), -FAULT_INVALID);
	other_comes = false;
	expect_file("s.json", "another's");
	assert_int_equal(count_in(folder), 1);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(put_two(true, NULL, &fault), 0);
	no_flags = false;
	expect_file("s.json", "{}\n1\n2\n");
	assert_int_equal(count_in(folder), 2);
}

static void test_what_was_fetched_is_not_replaced(void **state)
{
	char other[3 * PATH_BYTES];
	struct fault fault;

	(void)state;
	assert_int_equal(put_two(true, NULL, &fault), 0);
	snprintf(other, sizeof(other), "%s/other", folder);
	assert_int_equal(put_two(true, other, &fault), -FAULT_INVALID);
	assert_non_null(strstr(fault.text, "s.json: is there already"));
	assert_int_equal(unlink(file), 0);
	assert_int_equal(put_two(true, NULL, &fault), -FAULT_INVALID);
	assert_non_null(strstr(fault.text, "s.json.pages: is there already"));
	/* Not even a link that leads nowhere. */
	assert_int_equal(symlink("nowhere", file), 0);
	assert_int_equal(put_two(true, other, &fault), -FAULT_INVALID);
	assert_int_equal(count_in(folder), 2);
}

static void test_a_path_has_a_length(void **state)
{
	static char path[PATH_MAX + 64];
	struct statement_pages pages;
	struct fault fault;

	(void)state;
	memset(path, 'x', PATH_MAX - 8);
	assert_int_equal(statement_pages_start(&pages, path, NULL, &fault), -FAULT_RANGE);
	assert_int_equal(statement_pages_end(&pages, false, NULL), 0);
	memset(path, 'x', PATH_MAX + 32);
	assert_int_equal(statement_pages_start(&pages, file, path, &fault), -FAULT_RANGE);
	assert_int_equal(statement_pages_end(&pages, false, NULL), 0);
	assert_int_equal(count_in(folder), 0);
}

int main(void)
{
#define OF_ITS_OWN(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		OF_ITS_OWN(test_pages_are_kept_as_they_came),
		OF_ITS_OWN(test_the_statement_takes_its_name_last),
		OF_ITS_OWN(test_not_all_of_it_is_nothing),
		OF_ITS_OWN(test_whatever_fails_leaves_nothing),
		OF_ITS_OWN(test_what_came_meanwhile_stays),
		OF_ITS_OWN(test_a_file_system_that_knows_no_flags),
		OF_ITS_OWN(test_what_was_fetched_is_not_replaced),
		OF_ITS_OWN(test_a_path_has_a_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
