#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "daemon/follower_files.h"

static char folder[] = "/tmp/toll-follow-XXXXXX";

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/toll-follow-XXXXXX");
	return mkdtemp(folder) == NULL;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static int teardown(void **state)
{
	(void)state;
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *in(const char *name)
{
	static char paths[8][FILE_PATH_BYTES];
	static int next;
	char *path = paths[next++ % 8];

	snprintf(path, FILE_PATH_BYTES, "%s/%s", folder, name);
	return path;
}

/* Written at second `written` of 2026, so that the order is known. */
static void put(const char *name, const char *text, int written)
{
	const struct timespec times[2] = { { 0, UTIME_OMIT }, { 1767225600 + written, 0 } };
	int fd = open(in(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
}

/* The mark of a file that was read up to `offset`. */
static struct file_mark mark_of(const char *name, uint64_t offset)
{
	struct file_mark mark = { .offset = offset, .head_bytes = (uint32_t)offset };
	int fd = open(in(name), O_RDONLY | O_CLOEXEC);
	char head[FILE_HEAD_BYTES_MAX];
	struct stat status;

	assert_true(fd >= 0 && fstat(fd, &status) == 0);
	assert_int_equal(pread(fd, head, offset, 0), offset);
	close(fd);
	mark.device = status.st_dev;
	mark.inode = status.st_ino;
	mark.head_hash = hash64(head, offset, 0);
	return mark;
}

static void expect_path(int fd, const char *path, const char *name)
{
	if (name == NULL) {
		assert_int_equal(fd, -1);
		return;
	}
	assert_true(fd >= 0);
	close(fd);
	assert_string_equal(path, in(name));
}

static void expect_found(const struct file_mark *mark, const char *name)
{
	char path[FILE_PATH_BYTES] = "";

	expect_path(file_find(in("u.log"), mark, path), path, name);
}

/* What comes after the file `name`, that was read up to `offset`? */
static void expect_after(const char *name, uint64_t offset, const char *next)
{
	const struct file_mark mark = mark_of(name, offset);
	int fd = open(in(name), O_RDONLY | O_CLOEXEC);
	char path[FILE_PATH_BYTES] = "";

	assert_true(fd >= 0);
	expect_path(file_after(in("u.log"), fd, &mark, path), path, next);
	close(fd);
}

static void test_a_mark_is_read_as_it_was_written(void **state)
{
	const struct file_mark marks[] = {
		{ 0, 0, 0, 0, 0, 0 },
		{ UINT64_MAX, UINT64_MAX, INT64_MAX, FILE_HEAD_BYTES_MAX, UINT64_MAX, INT64_MAX },
		{ 1, 2, 3, 4, 0xabcdef, 5 },
	};
	struct json doc = { .nodes = NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		char json[FILE_MARK_BYTES_MAX];
		size_t len = file_mark_put(&marks[i], json, sizeof(json));
		struct file_mark mark;

		assert_true(file_mark_parse((struct text){ json, len }, &doc, &mark));
		assert_true(mark.device == marks[i].device && mark.inode == marks[i].inode &&
		            mark.offset == marks[i].offset &&
		            mark.head_bytes == marks[i].head_bytes &&
		            mark.head_hash == marks[i].head_hash && mark.lost == marks[i].lost);
	}
	json_release(&doc);
}

static void test_what_is_no_mark_is_refused(void **state)
{
	static const char *const refused[] = {
		"",
		"{}",
		"[]",
		"{\"device\":1,\"inode\":2,\"offset\":3,\"head\":4097,"
		"\"hash\":\"0000000000000000\",\"lost\":0}",
		"{\"device\":1,\"inode\":2,\"offset\":-3,\"head\":3,"
		"\"hash\":\"0000000000000000\",\"lost\":0}",
		"{\"device\":1,\"inode\":2,\"offset\":3,\"head\":3,\"hash\":\"00\",\"lost\":0}",
		"{\"device\":1,\"inode\":2,\"offset\":3,\"head\":3,"
		"\"hash\":\"xyz0000000000000\",\"lost\":0}",
		"{\"device\":1,\"inode\":\"2\",\"offset\":3,\"head\":3,"
		"\"hash\":\"0000000000000000\",\"lost\":0}",
		"{\"device\":1,\"inode\":2,\"offset\":9223372036854775808,\"head\":3,"
		"\"hash\":\"0000000000000000\",\"lost\":0}",
	};
	struct json doc = { .nodes = NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct file_mark mark = { .offset = 77 };

		if (file_mark_parse(text_of(refused[i]), &doc, &mark) || mark.offset != 77)
			fail_msg("taken: %s", refused[i]);
	}
	json_release(&doc);
}

static const struct {
	const char *base, *name;
	bool is;
} names[] = {
	{ "u.log", "u.log.1", true },
	{ "u.log", "u.log.12", true },
	{ "u.log", "u.log-20261125", true },
	{ "u.log", "u.log-2026-11-25T10:00", true },
	{ "u.log", "u-20261125.log", true },
	{ "u.log", "u.2.log", true },
	{ "u", "u.1", true },
	{ "u.log", "u.log", false },
	{ "u.log", "u.log.1.gz", false },
	{ "u.log", "u.log-", false },
	{ "u.log", "u.log.old", false },
	{ "u.log", "uu.log.1", false },
	{ "u.log", "u-error.log", false },
	{ "u.log", "u.log1", false },
	{ "u.log", "u-.log", false },
	{ "u.log", "u-1", false },
	{ ".log", ".log.1", true },
	{ ".log", ".1.log", false },
};

static void test_names_of_rotated_files_are_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (file_is_rotated_name(names[i].base, names[i].name) != names[i].is)
			fail_msg("%s of %s", names[i].name, names[i].base);
	}
}

static void test_a_marked_file_is_found_under_any_name(void **state)
{
	struct file_mark mark;

	(void)state;
	put("u.log", "one\ntwo\n", 1);
	mark = mark_of("u.log", 4);
	assert_int_equal(rename(in("u.log"), in("elsewhere")), 0);
	expect_found(&mark, "elsewhere");
	put("u.log", "new\n", 2);
	expect_found(&mark, "elsewhere");
	/* The device's number moved, the bytes did not. */
	mark.device++;
	expect_found(&mark, "elsewhere");
	/* Nothing was read of it: then the number is all there is. */
	mark.head_bytes = 0;
	mark.head_hash = hash64("", 0, 0);
	mark.offset = 0;
	expect_found(&mark, NULL);
	mark.device--;
	expect_found(&mark, "elsewhere");
}

static void test_a_copy_is_found_by_its_bytes_under_a_rotated_name_only(void **state)
{
	struct file_mark mark;

	(void)state;
	put("u.log", "one\ntwo\n", 1);
	mark = mark_of("u.log", 4);
	put("backup", "one\ntwo\n", 1);
	put("u.log", "new\n", 2);
	expect_found(&mark, NULL);
	put("u.log.1", "other\n", 1);
	expect_found(&mark, NULL);
	put("u.log.2", "one\ntwo\n", 1);
	expect_found(&mark, "u.log.2");
	/* Shorter than what was read: it is not all of it. */
	put("u.log.2", "one", 1);
	expect_found(&mark, NULL);
}

static void test_the_next_file_is_the_oldest_of_the_later_ones(void **state)
{
	(void)state;
	put("u.log.4", "older\n", 1);
	put("u.log.3", "read\n", 2);
	put("u.log.2", "then\n", 3);
	put("u.log.1", "and then\n", 4);
	put("u.log", "now\n", 5);
	put("u.log.1.gz", "no\n", 3);
	expect_after("u.log.3", 5, "u.log.2");
	expect_after("u.log.2", 5, "u.log.1");
	expect_after("u.log.1", 9, NULL);
}

static void test_of_one_moment_the_name_tells(void **state)
{
	(void)state;
	put("u.log.10", "older\n", 1);
	put("u.log.9", "read\n", 1);
	put("u.log.8", "then\n", 1);
	put("u.log", "now\n", 1);
	expect_after("u.log.10", 6, "u.log.9");
	expect_after("u.log.9", 5, "u.log.8");
	expect_after("u.log.8", 5, NULL);
}

static void test_a_copy_of_what_was_read_does_not_come_next(void **state)
{
	(void)state;
	put("u.log.2", "read\n", 1);
	put("u.log-20260101", "read\n", 2);
	put("u.log", "now\n", 3);
	expect_after("u.log.2", 5, NULL);
}

/* Logs may begin alike for longer than the bytes that a mark keeps of a beginning. */
static void test_a_later_file_with_the_same_beginning_is_no_copy(void **state)
{
	struct file_mark mark;
	char path[FILE_PATH_BYTES];
	int fd;

	(void)state;
	put("u.log.2", "head\nread\n", 1);
	put("u.log.1", "head\nthen\n", 2);
	put("u.log", "now\n", 3);
	mark = mark_of("u.log.2", 5);
	mark.offset = 10;
	fd = open(in("u.log.2"), O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	expect_path(file_after(in("u.log"), fd, &mark, path), path, "u.log.1");
	put("u.log.1", "head\nread\nand more\n", 2);
	expect_path(file_after(in("u.log"), fd, &mark, path), path, NULL);
	close(fd);
}

#define FILES_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILES_TEST(test_a_mark_is_read_as_it_was_written),
		FILES_TEST(test_what_is_no_mark_is_refused),
		FILES_TEST(test_names_of_rotated_files_are_known),
		FILES_TEST(test_a_marked_file_is_found_under_any_name),
		FILES_TEST(test_a_copy_is_found_by_its_bytes_under_a_rotated_name_only),
		FILES_TEST(test_the_next_file_is_the_oldest_of_the_later_ones),
		FILES_TEST(test_of_one_moment_the_name_tells),
		FILES_TEST(test_a_copy_of_what_was_read_does_not_come_next),
		FILES_TEST(test_a_later_file_with_the_same_beginning_is_no_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
