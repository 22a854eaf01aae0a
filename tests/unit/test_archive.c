/* Months that move into files of their own: read as before, never twice, never lost. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/moment.h"
#include "ingest/change.h"
#include "ledger/archive.h"
#include "ledger/backup.h"
#include "ledger/read.h"
#include "tests/support/archivekit.h"
#include "tests/support/killpoints.h"

static void ask_retry(struct ledgerkit *kit)
{
	struct buf reply = { .at = NULL };
	const struct change change = { .request = text_of("{\"change\":\"suspense.retry\"}"),
		                       .who = text_of("test"),
		                       .now_ms = KIT_NOW_MS };
	bool moved;

	assert_int_equal(change_run(kit->ledger, &change, &reply, &moved, NULL), 0);
	buf_release(&reply);
}

static int64_t rows_here(struct ledgerkit *kit)
{
	int64_t rows;

	kit_shut(kit);
	rows = kit_sql_int(kit, "SELECT count(*) FROM event");
	kit_reopen(kit);
	return rows;
}

static void test_what_moved_is_read_as_before(void **state)
{
	struct ledgerkit *kit = *state;
	struct ledger_status before, after;
	char path[ARCHIVEKIT_PATH_BYTES], *events;
	struct archive_month months[4];
	struct stat status;

	archivekit_fill(kit);
	events = strdup(kit_events(kit));
	assert_int_equal(ledger_status(kit->ledger, &before, NULL), 0);
	archivekit_find(kit, months);
	assert_int_equal(months[0].hours, 2);
	assert_int_equal(months[0].events, 3);
	assert_int_equal(months[1].events, 1);
	assert_int_equal(months[2].hours, 0);
	archivekit_move(kit);
	assert_int_equal(rows_here(kit), 1);
	assert_string_equal(kit_events(kit), events);
	assert_int_equal(ledger_status(kit->ledger, &after, NULL), 0);
	assert_int_equal(after.events, before.events);
	assert_int_equal(after.first_ms, before.first_ms);
	assert_int_equal(after.last_ms, before.last_ms);
	kit_verify_clean(kit);
	archivekit_path(kit, "2026-06.db", path);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, ARCHIVE_MODE);
	/* Nothing is left to move. */
	archivekit_find(kit, months);
	assert_int_equal(months[0].hours + months[0].waiting, 0);
	free(events);
}

static void test_a_resend_of_what_moved_is_found(void **state)
{
	struct ledgerkit *kit = *state;

	archivekit_fill(kit);
	archivekit_move(kit);
	kit_shut(kit);
	kit_reopen(kit); /* its memory of identities is of what is here */
	assert_int_equal(kit_send_usage(kit, "june-2", "2026-06-03T10:30:00Z", ARCHIVEKIT_MODEL,
	                                "{\"input\":2000}"),
	                 INGEST_DUPLICATE);
	assert_int_equal(kit_send_usage(kit, "june-2", "2026-06-03T10:30:00Z", ARCHIVEKIT_MODEL,
	                                "{\"input\":2001}"),
	                 INGEST_CONFLICT);
	assert_int_equal(kit_send(kit, kit_quotes("{'id':'june-1','time':'2026-06-03T10:00:00Z',"
	                                          "'account':'acct','model':'m','api':'toll',"
	                                          "'settlement':'partial','usage':{'input':1}}")),
	                 INGEST_CONFLICT);
	kit_verify_clean(kit);
	assert_string_equal(kit_ask(kit, "SELECT json_extract(stored, '$.counts.input') FROM "
	                                 "conflict WHERE id = 'june-2'"),
	                    "2000");
}

static void test_an_event_that_comes_late_stays_here_and_is_in_its_place(void **state)
{
	struct ledgerkit *kit = *state;
	struct archive_month months[4];

	archivekit_fill(kit);
	archivekit_move(kit);
	archivekit_send(kit, "june-1b", "2026-06-03T10:15:00Z", "{\"input\":7}");
	archivekit_send(kit, "june-0", "2026-06-03T10:00:00Z", "{\"input\":7}");
	assert_int_equal(rows_here(kit), 3);
	kit_verify_clean(kit);
	archivekit_says(kit_events(kit),
	                "june-0=1:0.0000056 june-1=1:0.0008 june-1b=1:0.0000056 june-2=");
	/* The hour has its file already: what came late is not moved to another one. */
	archivekit_find(kit, months);
	assert_int_equal(months[0].hours, 0);
}

static void test_an_hour_to_which_an_event_came_meanwhile_stays(void **state)
{
	struct ledgerkit *kit = *state;
	struct archive_month months[4];
	struct archive_file file, second;

	archivekit_fill(kit);
	archivekit_find(kit, months);
	assert_int_equal(archivekit_make(kit, &months[0], &file, NULL), 0);
	archivekit_send(kit, "meanwhile", "2026-06-03T11:00:00Z", "{\"input\":7}");
	archivekit_says(archivekit_ask(kit, &file), "\"hours\":1,\"events\":2,\"left\":1");
	kit_verify_clean(kit);
	archivekit_find(kit, months);
	assert_int_equal(months[0].events, 2);
	assert_int_equal(archivekit_make(kit, &months[0], &second, NULL), 0);
	assert_string_equal(second.file, "2026-06.2.db");
	archivekit_says(archivekit_ask(kit, &second), "\"hours\":1,\"events\":2,\"left\":0");
	assert_int_equal(rows_here(kit), 2);
	kit_verify_clean(kit);
}

static void test_what_waits_does_not_move(void **state)
{
	struct ledgerkit *kit = *state;
	struct archive_month months[4];

	archivekit_fill(kit);
	kit_send_usage(kit, "dear", "2026-06-03T10:45:00Z", "unknown", "{\"input\":7}");
	kit_send(kit,
	         kit_quotes("{'id':'open','time':'2026-07-03T11:45:00Z','account':'acct',"
	                    "'model':'" ARCHIVEKIT_MODEL "','api':'toll','settlement':'open'}"));
	archivekit_find(kit, months);
	assert_int_equal(months[0].hours, 1);
	assert_int_equal(months[0].waiting, 1);
	assert_int_equal(months[1].hours, 0);
	assert_int_equal(months[1].waiting, 1);
	archivekit_move(kit);
	assert_int_equal(rows_here(kit), 6);
	kit_verify_clean(kit);
}

/* To whoever asked, and in the list of changes. */
static void test_what_was_archived_is_told_in_full(void **state)
{
	struct ledgerkit *kit = *state;
	struct archive_month months[4];
	struct archive_file file;
	char expected[512];

	archivekit_fill(kit);
	archivekit_find(kit, months);
	assert_int_equal(archivekit_make(kit, &months[0], &file, NULL), 0);
	snprintf(expected, sizeof(expected),
	         "{\"ok\":true,\"month\":\"2026-06\",\"file\":\"2026-06.db\",\"sha256\":\"%s\","
	         "\"hours\":2,\"events\":3,\"left\":0}",
	         file.sha256);
	assert_string_equal(archivekit_ask(kit, &file), expected);
	assert_string_equal(kit_ask(kit, "SELECT detail FROM change WHERE what = 'archive.month'"),
	                    expected);
	assert_string_equal(kit_ask(kit, "SELECT who || ' ' || at_ms FROM change WHERE what = "
	                                 "'archive.month'"),
	                    "test 1785585600000");
}

static void test_a_file_that_is_another_is_not_registered(void **state)
{
	struct ledgerkit *kit = *state;
	struct archive_month months[4];
	struct archive_file file, wrong;
	char path[ARCHIVEKIT_PATH_BYTES];

	archivekit_fill(kit);
	archivekit_find(kit, months);
	assert_int_equal(archivekit_make(kit, &months[0], &file, NULL), 0);
	wrong = file;
	snprintf(wrong.file, sizeof(wrong.file), "../06.db");
	archivekit_says(archivekit_ask(kit, &wrong), "\"ok\":false");
	wrong = file;
	snprintf(wrong.file, sizeof(wrong.file), "2026-05.db");
	archivekit_says(archivekit_ask(kit, &wrong), "is missing");
	archivekit_path(kit, file.file, path);
	assert_int_equal(chmod(path, 0600), 0);
	archivekit_flip(path, 6000);
	archivekit_says(archivekit_ask(kit, &file), "was altered");
	archivekit_flip(path, 6000);
	assert_int_equal(rows_here(kit), 5);
	archivekit_says(archivekit_ask(kit, &file), "\"hours\":2");
	/* Once more changes nothing. */
	archivekit_says(archivekit_ask(kit, &file), "\"hours\":0,\"events\":0,\"left\":2");
	wrong = file;
	wrong.sha256[0] = wrong.sha256[0] == 'a' ? 'b' : 'a';
	archivekit_says(archivekit_ask(kit, &wrong), "another file is registered under this name");
	kit_verify_clean(kit);
}

static void test_the_names_of_its_files(void **state)
{
	static const struct {
		const char *name;
		bool good;
	} rows[] = {
		{ "2026-06.db", true },      { "2026-06.2.db", true },
		{ "2026-06.17.db", true },   { "", false },
		{ "2026-06", false },        { "2026-06.d", false },
		{ "2026_06.db", false },     { "x026-06.db", false },
		{ "2026-0x.db", false },     { "../../06.db", false },
		{ "2026-06.sqlite", false }, { "2026-06.2db", false },
		{ "2026-06.db.2", false },   { "2026-06..db", false },
		{ "2026-06.2.bd", false },   { "2026-06.2222222222", false },
	};
	struct ledgerkit *kit = *state;
	struct archive_file file = { .month = "2026-06", .events = 1, .bytes = 1 };
	struct fault fault = { .code = FAULT_NONE };
	int64_t seq;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (archive_name_good(text_of(rows[i].name)) != rows[i].good)
			fail_msg("%s", rows[i].name);
		snprintf(file.file, sizeof(file.file), "%s", rows[i].name);
		if (rows[i].good)
			continue;
		assert_int_equal(archive_register(kit->ledger, &file, KIT_NOW_MS, text_of("test"),
		                                  &seq, &fault),
		                 -FAULT_INVALID);
		assert_non_null(strstr(fault.text, "no name of a file of the archive"));
	}
	assert_false(archive_name_good(text_of("2026-06.11111111111111111111111111111111111111111"
	                                       "111111111111111111.db")));
}

static int ignore_file(void *context, const struct archive_file *file)
{
	(void)context;
	(void)file;
	return 0;
}

/* As a hand may have put it into the ledger: nobody follows it out of the folder. */
static void test_a_file_that_is_registered_under_no_name_is_told(void **state)
{
	static const char *const changes[] = {
		"UPDATE archive SET file = '../../../etc/passwd.db'",
		"UPDATE archive SET file = '2026-06.' || printf('%.53c', '1') || '.db'",
		"PRAGMA ignore_check_constraints=1; UPDATE archive SET month = '2026-06-01'",
		"PRAGMA ignore_check_constraints=1; UPDATE archive SET sha256 = sha256 || sha256",
	};
	struct ledgerkit *kit = *state;

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct fault fault = { .code = FAULT_NONE };
		struct ledger *reader = NULL;

		kit_shut(kit);
		kit_sql(kit, "DELETE FROM archive");
		kit_sql(kit, "INSERT INTO archive (seq, month, file, sha256, events, bytes, at_ms, "
		             "who) VALUES (3, '2026-06', '2026-06.db', printf('%.64c', 'a'), 1, 1, "
		             "1, 'test')");
		kit_sql(kit, changes[i]);
		assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
		assert_int_equal(archive_each(reader, ignore_file, NULL, &fault), -FAULT_CORRUPT);
		assert_non_null(strstr(fault.text, "ledger.db: file 3 of the archive"));
		ledger_close(reader);
		kit_sql(kit, "DELETE FROM archive");
		kit_reopen(kit);
	}
}

/* What a copy's archive has under a name of ours, and is another file, is not replaced. */
static void test_a_backup_does_not_mix_two_archives(void **state)
{
	struct ledgerkit *kit = *state;
	const struct backup_watch watch = { .copied = NULL };
	struct fault fault = { .code = FAULT_NONE };
	struct backup_result result;
	struct ledger *reader = NULL;
	char copy[KIT_PATH_BYTES], other[ARCHIVEKIT_PATH_BYTES], path[KIT_PATH_BYTES];

	archivekit_fill(kit);
	archivekit_move(kit);
	snprintf(copy, sizeof(copy), "%s/copy.db", kit->folder);
	snprintf(other, sizeof(other), "%s.archive", copy);
	assert_int_equal(mkdir(other, 0700), 0);
	kit_write(kit, path, "copy.db.archive/2026-07.db", "another");
	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	assert_int_equal(ledger_backup(reader, copy, false, &watch, &result, &fault),
	                 -FAULT_INVALID);
	assert_non_null(strstr(fault.text, "copy.db.archive/2026-07.db: this is another file"));
	assert_int_not_equal(access(copy, F_OK), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(ledger_backup(reader, copy, false, &watch, &result, &fault), 0);
	assert_int_equal(result.archived, 2);
	ledger_close(reader);
}

/* The file as another program might have made it, with its own digest. */
static void describe(const char *path, struct archive_file *file)
{
	struct buf bytes = { .at = NULL };

	assert_int_equal(buf_read_file(&bytes, path, BUF_BYTES_MAX, NULL), 0);
	sha256_hex(bytes.at, bytes.len, file->sha256);
	file->bytes = (int64_t)bytes.len;
	buf_release(&bytes);
}

static void test_a_file_of_a_newer_toll_is_refused(void **state)
{
	struct ledgerkit *kit = *state;
	struct archive_month months[4];
	struct archive_file file;
	char path[ARCHIVEKIT_PATH_BYTES];
	sqlite3 *db = NULL;

	archivekit_fill(kit);
	archivekit_find(kit, months);
	assert_int_equal(archivekit_make(kit, &months[0], &file, NULL), 0);
	archivekit_path(kit, file.file, path);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 999", NULL, NULL, NULL),
	                 SQLITE_OK);
	sqlite3_close(db);
	describe(path, &file);
	archivekit_says(archivekit_ask(kit, &file), "written by a newer toll (schema 999");
	assert_int_equal(rows_here(kit), 5);
	kit_verify_clean(kit);
}

static int note_id(void *context, const struct stored_event *stored)
{
	struct buf *out = context;

	buf_addf(out, "%.*s %lld ", TEXT_ARGS(stored->event.id),
	         (long long)stored->event.usage.count[COMPONENT_PAGES]);
	return 0;
}

static void add_range(struct ledgerkit *kit, int64_t from_ms, int64_t to_ms, struct buf *out)
{
	buf_addf(out, "\n%lld-%lld: ", (long long)from_ms, (long long)to_ms);
	assert_int_equal(ledger_each_event(kit->ledger, from_ms, to_ms, note_id, out, NULL), 0);
	assert_int_equal(ledger_find_events(kit->ledger, text_of("e-3"), text_of("gw-1"), from_ms,
	                                    to_ms, note_id, out, NULL),
	                 0);
}

/* Every range that begins or ends at an event, beside one, or on an hour. */
static void add_ranges(struct ledgerkit *kit, struct buf *out)
{
	static const int64_t at[] = { 0,       1,       1799999, 1800000, 1800001,  3599999,
		                      3600000, 5400000, 7200000, 9000001, 10800000, 14400000 };
	const int64_t june = INT64_C(1780480800000); /* 2026-06-03T10:00 */

	buf_clear(out);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		for (size_t j = i + 1; j < sizeof(at) / sizeof(at[0]); j++)
			add_range(kit, june + at[i], june + at[j], out);
	}
	add_range(kit, LEDGER_FROM_MIN, LEDGER_TO_MAX, out);
	assert_int_equal(
		ledger_find_request(kit->ledger, text_of("e-5"), text_of(NULL), note_id, out, NULL),
		0);
	assert_int_equal(out->error, 0);
}

static void test_every_range_is_read_as_before(void **state)
{
	struct ledgerkit *kit = *state;
	struct buf before = { .at = NULL }, after = { .at = NULL };
	struct archive_month months[4];
	struct archive_file file;

	kit_price(kit, kit_small_book);
	for (int i = 0; i < 9; i++) {
		char id[16], time[32], usage[32];

		snprintf(id, sizeof(id), "e-%d", i);
		snprintf(time, sizeof(time), "2026-06-03T%d:%02d:00Z", 10 + i / 2, i % 2 * 30);
		snprintf(usage, sizeof(usage), "{\"pages\":%d}", i + 1);
		archivekit_send(kit, id, time, usage);
	}
	/* Pages have no price yet, and what waits for one does not move. */
	archivekit_find(kit, months);
	assert_int_equal(months[0].waiting, 5);
	kit_price(kit,
	          kit_quotes("{'pricebook':1,'name':'pages','currency':'USD','models':[{'model':"
	                     "'" ARCHIVEKIT_MODEL
	                     "','versions':[{'effective_from':'2026-01-01','rates':["
	                     "{'component':'pages','each':'0.01'}]}]}]}"));
	ask_retry(kit);
	/* One hour of the middle stays, because something comes to it meanwhile. */
	archivekit_find(kit, months);
	assert_int_equal(months[0].hours, 5);
	assert_int_equal(archivekit_make(kit, &months[0], &file, NULL), 0);
	archivekit_send(kit, "late", "2026-06-03T11:10:00Z", "{\"pages\":70}");
	add_ranges(kit, &before);
	archivekit_says(archivekit_ask(kit, &file), "\"hours\":4,\"events\":7,\"left\":1");
	add_ranges(kit, &after);
	assert_string_equal(before.at, after.at);
	kit_verify_clean(kit);
	buf_release(&before);
	buf_release(&after);
}

static void test_a_ledger_that_was_altered_is_not_archived(void **state)
{
	struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };
	struct archive_month months[4];
	struct archive_file file;

	archivekit_fill(kit);
	kit_shut(kit);
	kit_sql(kit, "UPDATE event SET latency_ms = 5 WHERE id = 'june-2'");
	kit_reopen(kit);
	archivekit_find(kit, months);
	assert_int_equal(archivekit_make(kit, &months[0], &file, &fault), -FAULT_CORRUPT);
	archivekit_says(fault.text, "the hour 2026-06-03T10:00Z are not what its digest says");
	assert_int_equal(rows_here(kit), 5);
}

/* It may be another ledger's, that was restored over. */
static void test_a_file_that_is_there_is_never_replaced(void **state)
{
	struct ledgerkit *kit = *state;
	struct archive_month months[4];
	struct archive_file first, second;
	char path[ARCHIVEKIT_PATH_BYTES];

	archivekit_fill(kit);
	archivekit_find(kit, months);
	assert_int_equal(archivekit_make(kit, &months[0], &first, NULL), 0);
	assert_int_equal(archivekit_make(kit, &months[0], &second, NULL), 0);
	assert_string_equal(first.file, "2026-06.db");
	assert_string_equal(second.file, "2026-06.2.db");
	archivekit_path(kit, first.file, path);
	assert_int_equal(access(path, F_OK), 0);
	archivekit_says(archivekit_ask(kit, &second), "\"hours\":2");
	kit_verify_clean(kit);
}

static void test_a_backup_takes_the_archive_along(void **state)
{
	struct ledgerkit *kit = *state;
	const struct backup_watch watch = { .copied = NULL };
	struct backup_result result;
	struct ledger *reader = NULL;
	char copy[KIT_PATH_BYTES], path[ARCHIVEKIT_PATH_BYTES], *events;

	archivekit_fill(kit);
	archivekit_move(kit);
	events = strdup(kit_events(kit));
	snprintf(copy, sizeof(copy), "%s/copy.db", kit->folder);
	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	assert_int_equal(ledger_backup(reader, copy, false, &watch, &result, NULL), 0);
	assert_int_equal(ledger_backup(reader, copy, true, &watch, &result, NULL), 0);
	ledger_close(reader);
	assert_int_equal(result.archived, 2);
	assert_int_equal(result.verify.events, 5);
	kit_shut(kit);
	archivekit_end(kit);
	assert_int_equal(unlink(kit->path), 0);
	/* Its own archive is gone with it: nothing to restore from. */
	assert_int_equal(ledger_restore(copy, kit->path, NULL, &watch, &result, NULL),
	                 -FAULT_CORRUPT);
	assert_int_not_equal(access(kit->path, F_OK), 0);
	kit_reopen(kit);
	archivekit_fill(kit);
	archivekit_move(kit);
	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	assert_int_equal(ledger_backup(reader, copy, true, &watch, &result, NULL), 0);
	ledger_close(reader);
	kit_shut(kit);
	snprintf(path, sizeof(path), "rm -rf %s.archive %s", kit->path, kit->path);
	assert_int_equal(system(path), 0);
	assert_int_equal(ledger_restore(copy, kit->path, NULL, &watch, &result, NULL), 0);
	kit_reopen(kit);
	assert_string_equal(kit_events(kit), events);
	kit_verify_clean(kit);
	free(events);
}

/* As toll archive does it, in a process that may be killed. */
static int run_archive(void *context)
{
	struct ledgerkit *kit = context;

	kit_reopen(kit);
	archivekit_move(kit);
	kit_shut(kit);
	return 0;
}

static void test_killed_at_any_point_every_event_is_in_one_place(void **state)
{
	struct ledgerkit *kit = *state;
	char *events;
	int point = 0, partly = 0;
	bool killed = true;

	archivekit_fill(kit);
	events = strdup(kit_events(kit));
	while (killed && point < 200) {
		int64_t rows;

		kit_shut(kit);
		killed = killpoints_run(run_archive, kit, ++point);
		kit_reopen(kit);
		kit_verify_clean(kit);
		if (strcmp(kit_events(kit), events) != 0)
			fail_msg("point %d: %s", point, kit_events(kit));
		rows = rows_here(kit);
		partly += rows > 1 && rows < 5;
		/* The next one begins anew, or goes on from here: every second time. */
		if (killed && point % 2 == 0) {
			kit_shut(kit);
			archivekit_end(kit);
			for (const char *const *suffix =
			             (const char *const[]){ "", "-wal", "-shm", NULL };
			     *suffix != NULL; suffix++) {
				char path[KIT_PATH_BYTES + 8];

				snprintf(path, sizeof(path), "%s%s", kit->path, *suffix);
				unlink(path);
			}
			kit_reopen(kit);
			archivekit_fill(kit);
		}
	}
	assert_true(point > 20 && point < 200 && partly > 0);
	archivekit_move(kit);
	assert_string_equal(kit_events(kit), events);
	free(events);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, archivekit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_what_moved_is_read_as_before),
		T(test_a_resend_of_what_moved_is_found),
		T(test_an_event_that_comes_late_stays_here_and_is_in_its_place),
		T(test_an_hour_to_which_an_event_came_meanwhile_stays),
		T(test_what_waits_does_not_move),
		T(test_what_was_archived_is_told_in_full),
		T(test_a_file_that_is_another_is_not_registered),
		T(test_the_names_of_its_files),
		T(test_a_file_that_is_registered_under_no_name_is_told),
		T(test_a_backup_does_not_mix_two_archives),
		T(test_a_file_of_a_newer_toll_is_refused),
		T(test_every_range_is_read_as_before),
		T(test_a_ledger_that_was_altered_is_not_archived),
		T(test_a_file_that_is_there_is_never_replaced),
		T(test_a_backup_takes_the_archive_along),
		T(test_killed_at_any_point_every_event_is_in_one_place),
	};
#undef T

	return cmocka_run_group_tests_name("archive", tests, NULL, NULL);
}
