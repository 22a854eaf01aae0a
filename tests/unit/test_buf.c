#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/json.h"

static void test_pieces_add_up_and_stay_ended(void **state)
{
	struct buf buf = { .at = NULL };

	(void)state;
	assert_string_equal(buf_text(&buf).at, "");
	buf_add(&buf, "a\0b", 3);
	buf_add_text(&buf, text_of("cd"));
	buf_add_text(&buf, text_of(NULL));
	buf_add_cstr(&buf, "e");
	buf_addf(&buf, "%d-%s", 7, "x");
	assert_int_equal(buf.error, 0);
	assert_int_equal(buf.len, 9);
	assert_memory_equal(buf.at, "a\0bcde7-x", 10);
	buf_clear(&buf);
	assert_int_equal(buf.len, 0);
	assert_string_equal(buf.at, "");
	buf_release(&buf);
	buf_release(&buf);
	buf_release(NULL);
}

static void test_growing_keeps_what_is_there(void **state)
{
	struct buf buf = { .at = NULL };

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_addf(&buf, "%05d", i);
	assert_int_equal(buf.len, 500000);
	for (int i = 0; i < 100000; i += 997) {
		char due[16];

		snprintf(due, sizeof(due), "%05d", i);
		assert_memory_equal(buf.at + 5 * i, due, 5);
	}
	buf_release(&buf);
}

static void test_the_limit_holds_and_the_failure_sticks(void **state)
{
	struct buf buf = { .max_bytes = 4 };

	(void)state;
	buf_add_cstr(&buf, "abcd");
	assert_int_equal(buf.error, 0);
	buf_add_cstr(&buf, "");
	assert_int_equal(buf.error, 0);
	buf_add_cstr(&buf, "e");
	assert_int_equal(buf.error, -FAULT_RANGE);
	assert_null(buf_room(&buf, 0));
	assert_int_equal(buf.len, 4);
	buf_clear(&buf);
	assert_int_equal(buf.error, 0);
	buf_addf(&buf, "%s", "12345");
	assert_int_equal(buf.error, -FAULT_RANGE);
	assert_int_equal(buf.len, 0);
	buf_clear(&buf);
	assert_null(buf_room(&buf, SIZE_MAX));
	buf_release(&buf);
	/* The limit outlives the storage. */
	assert_int_equal(buf.max_bytes, 4);
}

static void test_json_strings_are_escaped(void **state)
{
	struct buf buf = { .at = NULL };

	(void)state;
	buf_add_json(&buf, (struct text){ "a\"b\\c\nd\te\x7f\0/\xc3\xa9", 14 });
	assert_string_equal(buf.at, "\"a\\\"b\\\\c\\nd\\u0009e\\u007f\\u0000/\xc3\xa9\"");
	/* What a terminal takes for ESC sequences is written out; other letters are as they are. */
	buf_clear(&buf);
	buf_add_json(&buf, text_of("x\xc2\x9b"
	                           "31m\xc2\xa0y\xc2\x80"));
	assert_string_equal(buf.at, "\"x\\u009b31m\xc2\xa0y\\u0080\"");
	buf_clear(&buf);
	buf_add_json(&buf, text_of(NULL));
	assert_string_equal(buf.at, "\"\"");
	buf_release(&buf);
}

/* Every byte that JSON lets stand for itself or escape comes back. */
static void test_json_strings_are_read_back(void **state)
{
	struct json doc = { .nodes = NULL };
	struct buf buf = { .at = NULL };

	(void)state;
	for (int c = 1; c < 0x80; c++) {
		char bytes[5] = { 'x', (char)c, '"', (char)c, 'y' };
		struct text t = { bytes, sizeof(bytes) };

		buf_clear(&buf);
		buf_add_json(&buf, t);
		assert_int_equal(json_parse(&doc, buf_text(&buf), NULL), 0);
		assert_true(text_equal(json_string(&doc, 0), t));
	}
	buf_release(&buf);
	json_release(&doc);
}

static void test_a_member_is_a_string_or_null(void **state)
{
	struct buf buf = { .at = NULL };
	struct json doc = { .nodes = NULL };

	(void)state;
	buf_add_cstr(&buf, "{\"n\":1");
	buf_add_member(&buf, "name", text_of("a \"b\""));
	buf_add_member(&buf, "empty", text_of(""));
	buf_add_member(&buf, "absent", text_of(NULL));
	buf_add_member(&buf, "bytes", text_of("a\xff"));
	buf_add_cstr(&buf, "}");
	assert_string_equal(buf.at, "{\"n\":1,\"name\":\"a \\\"b\\\"\",\"empty\":\"\","
	                            "\"absent\":null,\"bytes\":null}");
	assert_int_equal(json_parse(&doc, buf_text(&buf), NULL), 0);
	json_release(&doc);
	buf_release(&buf);
}

static void test_a_large_file_is_read_whole(void **state)
{
	enum { LARGE = 300 * 1000 };
	char path[] = "/tmp/toll-buf-XXXXXX";
	struct buf due = { .at = NULL }, buf = { .at = NULL };
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	for (int i = 0; i < LARGE / 10; i++)
		buf_addf(&due, "%010d", i);
	assert_int_equal(write(fd, due.at, due.len), LARGE);
	close(fd);
	assert_int_equal(buf_read_file(&buf, path, LARGE, NULL), 0);
	unlink(path);
	assert_int_equal(buf.len, LARGE);
	assert_memory_equal(buf.at, due.at, LARGE + 1);
	buf_release(&buf);
	buf_release(&due);
}

static void test_a_file_is_read_whole_or_not_at_all(void **state)
{
	char path[] = "/tmp/toll-buf-XXXXXX";
	struct buf buf = { .at = NULL };
	struct fault fault;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "one\ntwo\n", 8), 8);
	close(fd);
	assert_int_equal(buf_read_file(&buf, path, 8, &fault), 0);
	assert_string_equal(buf.at, "one\ntwo\n");
	assert_int_equal(buf.len, 8);
	assert_int_equal(buf_read_file(&buf, path, 7, &fault), -FAULT_RANGE);
	assert_non_null(strstr(fault.text, path));
	unlink(path);
	assert_int_equal(buf_read_file(&buf, path, 8, &fault), -FAULT_NOT_FOUND);
	assert_int_equal(buf_read_file(&buf, "/", 8, &fault), -FAULT_IO);
	assert_int_equal(buf_read_file(&buf, "/dev/null", 8, &fault), 0);
	assert_int_equal(buf.len, 0);
	assert_string_equal(buf.at, "");
	buf_release(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces_add_up_and_stay_ended),
		cmocka_unit_test(test_growing_keeps_what_is_there),
		cmocka_unit_test(test_the_limit_holds_and_the_failure_sticks),
		cmocka_unit_test(test_json_strings_are_escaped),
		cmocka_unit_test(test_json_strings_are_read_back),
		cmocka_unit_test(test_a_member_is_a_string_or_null),
		cmocka_unit_test(test_a_large_file_is_read_whole),
		cmocka_unit_test(test_a_file_is_read_whole_or_not_at_all),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
