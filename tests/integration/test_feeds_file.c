/* Logs that are followed: every line counts once, whatever rotates them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/feedkit.h"
#include "tests/support/tollrun.h"

enum { TICK_US = 20000 }; /* of the clock of files, with room */

static struct daemonkit kit;
static char feeds[512], name[256];
static char log_path[DAEMONKIT_PATH_BYTES], log_1[DAEMONKIT_PATH_BYTES],
	log_2[DAEMONKIT_PATH_BYTES];

static int setup(void **state)
{
	(void)state;
	daemonkit_begin(&kit);
	feedkit_path(&kit, "usage.ndjson", log_path);
	feedkit_path(&kit, "usage.ndjson.1", log_1);
	feedkit_path(&kit, "usage.ndjson.2", log_2);
	snprintf(feeds, sizeof(feeds), "[{\"file\":\"%s\",\"source\":\"gw\"}]", log_path);
	snprintf(name, sizeof(name), "file:%s", log_path);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	daemonkit_end(&kit);
	return 0;
}

/* All events, each once, at the right price, and the position counts just their lines. */
static void check_all(int64_t events)
{
	struct buf place = { .at = NULL };
	struct money amount;

	feedkit_wait_events(&kit, events);
	feedkit_stop_without_duplicates(&kit);
	assert_int_equal(feedkit_position(&kit, name, &place), events);
	amount = daemonkit_verified_amount(&kit);
	assert_true(amount.attos == (__int128)events * KIT_EVENT_NANOS * 1000000000);
	buf_release(&place);
}

static void test_a_line_is_an_event_when_its_newline_is_there(void **state)
{
	struct buf line = { .at = NULL };
	char half[64];

	(void)state;
	feedkit_append(log_path, "a", 1);
	daemonkit_event(&line, "half");
	snprintf(half, sizeof(half), "%s", line.at);
	feedkit_append_text(log_path, half);
	feedkit_start(&kit, feeds, NULL);
	feedkit_wait_events(&kit, 1);
	feedkit_wait_status(&kit, "\"lines\":1,\"lag_bytes\":63,");
	feedkit_append_text(log_path, line.at + strlen(half));
	feedkit_wait_events(&kit, 2);
	feedkit_wait_status(&kit, "\"state\":\"reading\",\"lines\":2,\"lag_bytes\":0,");
	assert_int_equal(daemonkit_status(&kit).quarantined, 0);
	check_all(2);
	buf_release(&line);
}

static void test_a_file_that_is_not_there_is_waited_for(void **state)
{
	(void)state;
	feedkit_start(&kit, feeds, NULL);
	feedkit_wait_status(&kit, "\"state\":\"waiting\"");
	feedkit_append(log_path, "a", 3);
	check_all(3);
}

/* Who has the old file open writes on a while; all of it comes before the new file. */
static void test_rename_and_create_loses_nothing(void **state)
{
	int fd;
	struct buf line = { .at = NULL };

	(void)state;
	feedkit_append(log_path, "a", 5);
	feedkit_start(&kit, feeds, NULL);
	feedkit_wait_events(&kit, 5);
	fd = open(log_path, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(rename(log_path, log_1), 0);
	daemonkit_event(&line, "late-1");
	assert_int_equal(write(fd, line.at, line.len), line.len);
	feedkit_wait_events(&kit, 6);
	feedkit_append(log_path, "b", 4);
	/* Behind the next tick of the file system's clock the old file is the one written later. */
	usleep(TICK_US);
	buf_clear(&line);
	daemonkit_event(&line, "late-2");
	assert_int_equal(write(fd, line.at, line.len), line.len);
	close(fd);
	feedkit_wait_events(&kit, 11);
	/* And once more. */
	assert_int_equal(rename(log_1, log_2), 0);
	assert_int_equal(rename(log_path, log_1), 0);
	feedkit_append(log_path, "c", 2);
	check_all(13);
	buf_release(&line);
}

static void test_unlink_and_create_loses_nothing_that_was_there(void **state)
{
	(void)state;
	feedkit_append(log_path, "a", 5);
	feedkit_start(&kit, feeds, NULL);
	feedkit_wait_events(&kit, 5);
	assert_int_equal(unlink(log_path), 0);
	feedkit_append(log_path, "b", 4);
	check_all(9);
}

static void test_copytruncate_is_noticed_by_the_length(void **state)
{
	(void)state;
	feedkit_append(log_path, "a", 5);
	feedkit_start(&kit, feeds, NULL);
	feedkit_wait_events(&kit, 5);
	feedkit_copy(log_path, log_1);
	assert_int_equal(truncate(log_path, 0), 0);
	feedkit_append(log_path, "b", 2);
	feedkit_wait_events(&kit, 7);
	feedkit_append(log_path, "c", 2);
	check_all(9);
	assert_true(daemonkit_logged(&kit, "file truncated"));
}

/* Refilled beyond where we stood before we looked again: only the first bytes tell. */
static void test_copytruncate_and_refill_is_noticed_by_the_fingerprint(void **state)
{
	struct buf more = { .at = NULL };
	int fd;

	(void)state;
	feedkit_append(log_path, "a", 5);
	feedkit_start(&kit, feeds, NULL);
	feedkit_wait_events(&kit, 5);
	/* Over the old bytes, in one write: there is no moment at which it is short. */
	daemonkit_events(&more, "bbbb", 20);
	fd = open(log_path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, more.at, more.len), more.len);
	close(fd);
	check_all(25);
	buf_release(&more);
}

/* What was written while nobody read is in the copy. */
static void test_what_a_copytruncate_took_away_unread_is_read_from_the_copy(void **state)
{
	(void)state;
	feedkit_append(log_path, "a", 5);
	feedkit_start(&kit, feeds, NULL);
	feedkit_wait_events(&kit, 5);
	feedkit_stop_without_duplicates(&kit);
	feedkit_append(log_path, "unread", 3);
	feedkit_copy(log_path, log_1);
	assert_int_equal(truncate(log_path, 0), 0);
	feedkit_append(log_path, "b", 1);
	feedkit_start(&kit, feeds, NULL);
	check_all(9);
}

/* The same between two looks of a daemon that runs; it goes on behind the copy's end. */
static void test_what_a_copytruncate_took_away_between_two_looks_is_read(void **state)
{
	(void)state;
	feedkit_append(log_path, "a", 5);
	feedkit_start(&kit, feeds, NULL);
	feedkit_wait_events(&kit, 5);
	assert_int_equal(kill(kit.pid, SIGSTOP), 0);
	feedkit_append(log_path, "unread", 3);
	feedkit_copy(log_path, log_1);
	assert_int_equal(truncate(log_path, 0), 0);
	feedkit_append(log_path, "b", 1);
	assert_int_equal(kill(kit.pid, SIGCONT), 0);
	feedkit_wait_events(&kit, 9);
	feedkit_append(log_path, "c", 1);
	check_all(10);
}

static void test_a_link_may_point_to_another_file(void **state)
{
	char one[DAEMONKIT_PATH_BYTES], two[DAEMONKIT_PATH_BYTES], new[DAEMONKIT_PATH_BYTES];

	(void)state;
	feedkit_path(&kit, "day-1", one);
	feedkit_path(&kit, "day-2", two);
	feedkit_path(&kit, "new-link", new);
	feedkit_append(one, "a", 3);
	assert_int_equal(symlink(one, log_path), 0);
	feedkit_start(&kit, feeds, NULL);
	feedkit_wait_events(&kit, 3);
	feedkit_append(two, "b", 2);
	assert_int_equal(symlink(two, new), 0);
	assert_int_equal(rename(new, log_path), 0);
	feedkit_append(one, "late", 1);
	feedkit_wait_events(&kit, 6);
	feedkit_stop_without_duplicates(&kit);
	/* While nobody reads: the old target is found by its inode. */
	feedkit_append(two, "later", 1);
	unlink(log_path);
	feedkit_path(&kit, "day-3", one);
	feedkit_append(one, "c", 2);
	assert_int_equal(symlink(one, log_path), 0);
	feedkit_start(&kit, feeds, NULL);
	check_all(9);
}

static void test_a_restart_goes_on_where_it_was(void **state)
{
	(void)state;
	feedkit_append(log_path, "a", 100);
	feedkit_start(&kit, feeds, NULL);
	feedkit_wait_events(&kit, 100);
	daemonkit_kill(&kit);
	feedkit_append(log_path, "b", 10);
	feedkit_start(&kit, feeds, NULL);
	feedkit_wait_events(&kit, 110);
	feedkit_stop_without_duplicates(&kit);
	feedkit_start(&kit, feeds, NULL);
	feedkit_append(log_path, "c", 1);
	check_all(111);
}

/* Also those that were never looked at. */
static void test_rotations_while_the_daemon_is_down_are_all_read(void **state)
{
	(void)state;
	feedkit_append(log_path, "a", 5);
	feedkit_start(&kit, feeds, NULL);
	feedkit_wait_events(&kit, 5);
	feedkit_stop_without_duplicates(&kit);
	feedkit_append(log_path, "end", 2);
	assert_int_equal(rename(log_path, log_2), 0);
	feedkit_append(log_path, "b", 3);
	assert_int_equal(rename(log_path, log_1), 0);
	feedkit_append(log_path, "c", 4);
	feedkit_start(&kit, feeds, NULL);
	check_all(14);
	assert_false(daemonkit_logged(&kit, "is gone"));
}

static void test_a_file_that_went_away_is_told_and_counted(void **state)
{
	char other[DAEMONKIT_PATH_BYTES];

	(void)state;
	feedkit_append(log_path, "a", 5);
	feedkit_start(&kit, feeds, NULL);
	feedkit_wait_events(&kit, 5);
	feedkit_stop_without_duplicates(&kit);
	feedkit_append(log_path, "lost", 3);
	/* The other file is there first, so that it has another inode. */
	feedkit_path(&kit, "other", other);
	feedkit_append(other, "b", 2);
	assert_int_equal(rename(other, log_path), 0);
	feedkit_start(&kit, feeds, NULL);
	feedkit_wait_events(&kit, 7);
	feedkit_wait_status(&kit, "\"lost_files\":1,\"error\":\"a file went away");
	assert_true(daemonkit_logged(&kit, "the file that was followed is gone"));
	feedkit_stop_without_duplicates(&kit);
	/* It stays counted. */
	feedkit_start(&kit, feeds, NULL);
	feedkit_append(log_path, "c", 1);
	feedkit_wait_events(&kit, 8);
	feedkit_wait_status(&kit, "\"lost_files\":1");
	check_all(8);
}

/* As a reused inode: the same number, other bytes. */
static void test_other_bytes_under_the_same_inode_are_another_file(void **state)
{
	(void)state;
	feedkit_append(log_path, "a", 5);
	feedkit_start(&kit, feeds, NULL);
	feedkit_wait_events(&kit, 5);
	feedkit_stop_without_duplicates(&kit);
	assert_int_equal(truncate(log_path, 0), 0);
	feedkit_append(log_path, "another", 50);
	feedkit_start(&kit, feeds, NULL);
	check_all(55);
	assert_true(daemonkit_logged(&kit, "file truncated while it was not followed"));
}

static void test_a_line_too_long_is_quarantined(void **state)
{
	char *line = malloc(5000);

	(void)state;
	assert_non_null(line);
	memset(line, 'x', 4998);
	memcpy(line + 4998, "\n", 2);
	feedkit_append(log_path, "a", 1);
	feedkit_append_text(log_path, line);
	feedkit_append(log_path, "b", 1);
	feedkit_start(&kit, feeds, (const char *const[]){ "--line-bytes-max", "4096", NULL });
	feedkit_wait_events(&kit, 2);
	feedkit_wait_quarantined(&kit, 1);
	assert_true(daemonkit_logged(&kit, "reason=too-long"));
	feedkit_stop_without_duplicates(&kit);
	free(line);
}

/* Its end will never come: what is whole counts, what is not is kept. */
static void test_the_last_line_of_a_rotated_file_needs_no_newline(void **state)
{
	struct buf line = { .at = NULL };

	(void)state;
	feedkit_append(log_path, "a", 1);
	daemonkit_event(&line, "whole");
	line.at[line.len - 1] = '\0';
	feedkit_append_text(log_path, line.at);
	feedkit_start(&kit, feeds, NULL);
	feedkit_wait_events(&kit, 1);
	assert_int_equal(rename(log_path, log_1), 0);
	feedkit_append(log_path, "b", 1);
	feedkit_wait_events(&kit, 3);
	feedkit_append_text(log_path, "{\"id\":\"torn");
	assert_int_equal(unlink(log_path), 0);
	feedkit_append(log_path, "c", 1);
	feedkit_wait_events(&kit, 4);
	feedkit_wait_quarantined(&kit, 1);
	assert_true(daemonkit_logged(&kit, "reason=cut-off"));
	feedkit_stop_without_duplicates(&kit);
	buf_release(&line);
}

/* A commit an event and room for two: it waits all the time, and nothing is left out. */
static void test_without_room_it_waits_and_goes_on(void **state)
{
	(void)state;
	feedkit_append(log_path, "a", 700);
	feedkit_start(&kit, feeds, daemonkit_narrow);
	check_all(700);
}

static void test_what_cannot_be_read_is_said_in_the_status(void **state)
{
	(void)state;
	assert_int_equal(mkdir(log_path, 0700), 0);
	feedkit_start(&kit, feeds, NULL);
	feedkit_wait_status(&kit, "\"state\":\"waiting\"");
	feedkit_wait_status(&kit, "\"error\":\"it is not a regular file\"");
	assert_int_equal(rmdir(log_path), 0);
	feedkit_append(log_path, "a", 2);
	check_all(2);
}

/* With a daemon as it tells, without one as the ledger knows. */
static void test_toll_status_shows_the_feeds(void **state)
{
	struct tollrun run = { .pid = 0 };
	char words[256];

	(void)state;
	feedkit_append(log_path, "a", 2);
	feedkit_start(&kit, feeds, NULL);
	feedkit_wait_events(&kit, 2);
	feedkit_wait_status(&kit, "\"state\":\"reading\",\"lines\":2,");
	TOLLRUN(&run, "status", "--ledger", kit.ledger);
	TOLLRUN_EXPECT(&run, 0);
	snprintf(words, sizeof(words), "file %s of gw: reading, 2 lines, 0 bytes behind", log_path);
	TOLLRUN_SAYS(&run, words);
	TOLLRUN(&run, "status", "--json", "--ledger", kit.ledger);
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS(&run, "\"source\":\"gw\",\"state\":\"reading\",\"lines\":2,\"lag_bytes\":0,"
	                   "\"lost_files\":0,\"error\":\"\"}]}");
	feedkit_stop_without_duplicates(&kit);
	TOLLRUN(&run, "status", "--ledger", kit.ledger);
	TOLLRUN_EXPECT(&run, 0);
	snprintf(words, sizeof(words), "file %s: stopped, 2 lines", log_path);
	TOLLRUN_SAYS(&run, words);
	TOLLRUN(&run, "status", "--json", "--ledger", kit.ledger);
	TOLLRUN_EXPECT(&run, 0);
	TOLLRUN_SAYS(&run, "\"state\":\"stopped\",\"lines\":2,\"lag_bytes\":null,");
	tollrun_release(&run);
}

/* What else is asked of it is refused, and it lives. */
static void test_a_question_that_nobody_knows_is_refused(void **state)
{
	struct buf reply = { .at = NULL };
	int fd;

	(void)state;
	feedkit_start(&kit, feeds, NULL);
	fd = daemonkit_connect(kit.control);
	assert_true(fd >= 0);
	daemonkit_send_text(fd, "{\"ask\":\"weather\"}\n");
	assert_true(daemonkit_line(fd, &reply));
	assert_non_null(strstr(reply.at, "\"ok\":false"));
	assert_non_null(strstr(reply.at, "nobody knows that"));
	close(fd);
	feedkit_append(log_path, "a", 1);
	check_all(1);
	buf_release(&reply);
}

/* Killed anywhere, with the log rotated under it: lines of the position and events agree. */
static void test_killed_anywhere_no_line_is_lost_or_read_twice(void **state)
{
	enum { KILLS = 25, LINES = 400 };
	struct buf place = { .at = NULL };
	int64_t all = 0;

	(void)state;
	for (int i = 0; i < KILLS; i++) {
		char prefix[16];

		snprintf(prefix, sizeof(prefix), "k%d", i);
		feedkit_append(log_path, prefix, LINES);
		all += LINES;
		feedkit_start(&kit, feeds,
		              (const char *const[]){ "--batch-events-max", "7", NULL });
		/* Somewhere in the middle: as soon as anything new is there. */
		while (daemonkit_status(&kit).events <= all - LINES + i * 11 % LINES)
			;
		daemonkit_kill(&kit);
		assert_int_equal(feedkit_position(&kit, name, &place),
		                 daemonkit_status(&kit).events);
		if (i % 8 == 7) {
			rename(log_1, log_2);
			assert_int_equal(rename(log_path, log_1), 0);
		}
	}
	feedkit_append(log_path, "last", 1);
	feedkit_start(&kit, feeds, NULL);
	check_all(all + 1);
	buf_release(&place);
}

#define FEED_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FEED_TEST(test_a_line_is_an_event_when_its_newline_is_there),
		FEED_TEST(test_a_file_that_is_not_there_is_waited_for),
		FEED_TEST(test_rename_and_create_loses_nothing),
		FEED_TEST(test_unlink_and_create_loses_nothing_that_was_there),
		FEED_TEST(test_copytruncate_is_noticed_by_the_length),
		FEED_TEST(test_copytruncate_and_refill_is_noticed_by_the_fingerprint),
		FEED_TEST(test_what_a_copytruncate_took_away_unread_is_read_from_the_copy),
		FEED_TEST(test_what_a_copytruncate_took_away_between_two_looks_is_read),
		FEED_TEST(test_a_link_may_point_to_another_file),
		FEED_TEST(test_a_restart_goes_on_where_it_was),
		FEED_TEST(test_rotations_while_the_daemon_is_down_are_all_read),
		FEED_TEST(test_a_file_that_went_away_is_told_and_counted),
		FEED_TEST(test_other_bytes_under_the_same_inode_are_another_file),
		FEED_TEST(test_a_line_too_long_is_quarantined),
		FEED_TEST(test_the_last_line_of_a_rotated_file_needs_no_newline),
		FEED_TEST(test_without_room_it_waits_and_goes_on),
		FEED_TEST(test_what_cannot_be_read_is_said_in_the_status),
		FEED_TEST(test_toll_status_shows_the_feeds),
		FEED_TEST(test_a_question_that_nobody_knows_is_refused),
		FEED_TEST(test_killed_anywhere_no_line_is_lost_or_read_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
