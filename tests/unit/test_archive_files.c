/* The archive's files: what is none of it, what does not move, more than are open at once. */
#include <fcntl.h>
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

#include "ingest/change.h"
#include "ledger/archive.h"
#include "ledger/backup.h"
#include "ledger/read.h"
#include "tests/support/ledgerkit.h"

enum { PATH_BYTES = 2 * KIT_PATH_BYTES, MONTHS = 7 };

#define MODEL     "acme/llama-4-70b"
/* 2026-08-01 */
#define BEFORE_MS INT64_C(1785542400000)
#define ALL       LEDGER_FROM_MIN, LEDGER_TO_MAX

/* An event a month, of January and behind it, in two hours. */
static void fill(struct ledgerkit *kit, int months)
{
	kit_price(kit, kit_small_book);
	for (int i = 0; i < months; i++) {
		char id[16], time[32];

		snprintf(id, sizeof(id), "e-%d", i + 1);
		snprintf(time, sizeof(time), "2026-%02d-03T10:00:00Z", i + 1);
		kit_send_usage(kit, id, time, MODEL, "{\"input\":1000}");
		snprintf(id, sizeof(id), "f-%d", i + 1);
		snprintf(time, sizeof(time), "2026-%02d-04T10:00:00Z", i + 1);
		kit_send_usage(kit, id, time, MODEL, "{\"output\":1000}");
	}
}

struct making {
	struct ledger *reader;
	struct archive_file file;
	struct fault fault;
	int64_t done, total;
	int calls;
};

static void on_progress(void *context, int64_t done, int64_t total)
{
	struct making *making = context;

	assert_true(done > making->done);
	making->done = done;
	making->total = total;
	making->calls++;
}

static int make_first(void *context, const struct archive_month *month)
{
	struct making *making = context;
	int r = archive_make(making->reader, month, on_progress, making, &making->file,
	                     &making->fault);

	return r < 0 ? r : 1;
}

/* The file of the first month that has something to move. */
static int make(struct ledgerkit *kit, struct making *making)
{
	int r;

	*making = (struct making){ .reader = NULL };
	assert_int_equal(ledger_open_reader(&making->reader, kit->path, NULL), 0);
	r = archive_months(making->reader, BEFORE_MS, make_first, making, &making->fault);
	ledger_close(making->reader);
	return r;
}

/* The change's reply; 0 or what it failed with. */
static int move(struct ledgerkit *kit, const struct archive_file *file, char reply_out[1024])
{
	struct buf request = { .at = NULL }, reply = { .at = NULL };
	struct change change = { .who = text_of("test"), .now_ms = KIT_NOW_MS };
	bool moved;
	int r;

	buf_addf(&request,
	         "{\"change\":\"archive.month\",\"month\":\"%s\",\"file\":\"%s\",\"sha256\":\"%s\","
	         "\"events\":%lld,\"bytes\":%lld}",
	         file->month, file->file, file->sha256, (long long)file->events,
	         (long long)file->bytes);
	change.request = buf_text(&request);
	r = change_run(kit->ledger, &change, &reply, &moved, NULL);
	snprintf(reply_out, 1024, "%s", reply.at);
	buf_release(&request);
	buf_release(&reply);
	return r;
}

static void expect_says(const char *text, const char *words)
{
	if (strstr(text, words) == NULL)
		fail_msg("%s: %s", words, text);
}

static void archive_first(struct ledgerkit *kit)
{
	struct making making;
	char reply[1024];

	if (make(kit, &making) != 1)
		fail_msg("%s", making.fault.text);
	assert_int_equal(move(kit, &making.file, reply), 0);
	expect_says(reply, "\"ok\":true");
}

static int teardown(void **state)
{
	struct ledgerkit *kit = *state;
	char command[KIT_PATH_BYTES + 32];

	snprintf(command, sizeof(command), "rm -rf %s/*.archive", kit->folder);
	assert_int_equal(system(command), 0);
	return kit_teardown(state);
}

static void file_path(const struct ledgerkit *kit, const char *file, char out[PATH_BYTES])
{
	snprintf(out, PATH_BYTES, "%s.archive/%s", kit->path, file);
}

static void put_file(const struct ledgerkit *kit, const char *name)
{
	char path[PATH_BYTES];
	FILE *file;

	file_path(kit, name, path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
}

/* --- names ---------------------------------------------------------------- */

static void test_a_name_is_a_month_and_perhaps_a_number(void **state)
{
	static const struct {
		const char *name;
		bool good;
	} rows[] = {
		{ "2026-06.db", true },
		{ "2026-06.2.db", true },
		{ "2026-06.12.db", true },
		{ "", false },
		{ "2026-06", false },
		{ "2026-6.db", false },
		{ "2026_06.db", false },
		{ "2026-0x.db", false },
		{ "x026-06.db", false },
		{ "2026-06.xdb", false },
		{ "2026-06.dbx", false },
		{ "2026-06xdb.", false },
		{ "2026-06.2db", false },
		{ "2026-06.2.dbx", false },
		{ "2026-06.2", false },
		{ "2026-06.22", false },
		{ "2026-06.2.3.db", false },
		{ "2026-06.-2.db", false },
		{ "../06.db/x", false },
		{ "2026-06/.db", false },
		{ "2026-06.1111111111111111111111111111111111111111111111111111111111.db", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (archive_name_good(text_of(rows[i].name)) != rows[i].good)
			fail_msg("%s", rows[i].name);
	}
}

static void test_a_file_is_registered_under_a_name_of_one(void **state)
{
	struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };
	struct making making;
	int64_t seq = 0;

	fill(kit, 1);
	assert_int_equal(make(kit, &making), 1);
	snprintf(making.file.file, sizeof(making.file.file), "../ledger.db");
	assert_int_equal(
		archive_register(kit->ledger, &making.file, KIT_NOW_MS, text_of("t"), &seq, &fault),
		-FAULT_INVALID);
	expect_says(fault.text, "../ledger.db: no name of a file of the archive");
}

static int count_event(void *context, const struct stored_event *row)
{
	(void)row;
	++*(int *)context;
	return 0;
}

static int count_file(void *context, const struct archive_file *file)
{
	(void)file;
	++*(int *)context;
	return 0;
}

/* A row that another hand made: nothing of that name is opened. */
static void test_a_row_that_names_no_file_of_the_archive_is_told(void **state)
{
	static const char *const changes[] = {
		"file = '../x.db'",
		"file = replace(hex(zeroblob(30)), '0', '1') || '.db1'",
		"file = '2026-01.db', month = '2026-0' || char(233)",
		"month = '2026-01', sha256 = substr(sha256, 2) || char(233)",
	};
	static const char words[] = "ledger.db: file 1 of the archive is registered under no name "
				    "of one";
	struct ledgerkit *kit = *state;
	struct ledger *reader = NULL;

	fill(kit, 1);
	archive_first(kit);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct fault fault = { .code = FAULT_NONE };
		char sql[256];
		int files = 0;

		kit_shut(kit);
		snprintf(sql, sizeof(sql), "UPDATE archive SET %s", changes[i]);
		kit_sql(kit, sql);
		assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
		assert_int_equal(archive_each(reader, count_file, &files, &fault), -FAULT_CORRUPT);
		expect_says(fault.text, words);
		/* Nor is it read. */
		if (i < 2) {
			fault.text[0] = '\0';
			assert_int_equal(
				ledger_each_event(reader, ALL, count_event, &files, &fault),
				-FAULT_CORRUPT);
			expect_says(fault.text, words);
		}
		assert_int_equal(files, 0);
		ledger_close(reader);
	}
}

/* --- how a file is made --------------------------------------------------- */

static void test_what_a_broken_run_left_goes_and_nothing_else(void **state)
{
	static const struct {
		const char *name;
		bool stays;
	} files[] = {
		{ "2026-01.db.a1B2c3", false }, { "2026-03.2.db.a1B2c3", false },
		{ "notes.txt", true },          { "2026-02.db", true },
		{ "2026-01.db.copied", false }, { "2026-01.db-a1B2c3", true },
		{ "2026-01.db.a1B2c3d", true }, { "my-2026-01.db.a1B2c3", true },
	};
	struct ledgerkit *kit = *state;
	struct making making;
	char path[PATH_BYTES];

	fill(kit, 1);
	snprintf(path, sizeof(path), "%s.archive", kit->path);
	assert_int_equal(mkdir(path, 0700), 0);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		put_file(kit, files[i].name);
	assert_int_equal(make(kit, &making), 1);
	assert_string_equal(making.file.file, "2026-01.db");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		file_path(kit, files[i].name, path);
		if ((access(path, F_OK) == 0) != files[i].stays)
			fail_msg("%s", files[i].name);
	}
}

static void test_how_far_it_is_is_told_by_the_hour(void **state)
{
	struct ledgerkit *kit = *state;
	struct making making;

	fill(kit, 1);
	assert_int_equal(make(kit, &making), 1);
	assert_int_equal(making.calls, 2);
	assert_int_equal(making.done, 2);
	assert_int_equal(making.total, 2);
}

/* --- how its hours move --------------------------------------------------- */

/* With another digest than in the file, though there are as many events. */
static void test_an_hour_that_is_another_stays(void **state)
{
	struct ledgerkit *kit = *state;
	struct making making;
	char reply[1024];

	fill(kit, 1);
	assert_int_equal(make(kit, &making), 1);
	kit_shut(kit);
	kit_sql(kit, "UPDATE hour SET digest = zeroblob(32) WHERE hour = (SELECT min(hour) FROM "
	             "hour)");
	kit_reopen(kit);
	assert_int_equal(move(kit, &making.file, reply), 0);
	expect_says(reply, "\"hours\":1,\"events\":1,\"left\":1");
	assert_string_equal(kit_ask(kit, "SELECT group_concat(id) FROM event"), "e-1");
}

/* Neither moves, nor is half of it gone; and the log says how far it came. */
static void test_an_hour_with_other_events_than_its_digest_says_does_not_move(void **state)
{
	struct ledgerkit *kit = *state;
	struct making making;
	char reply[1024];

	fill(kit, 1);
	assert_int_equal(make(kit, &making), 1);
	kit_shut(kit);
	kit_sql(kit, "INSERT INTO event SELECT * FROM event WHERE false; "
	             "DELETE FROM event WHERE id = 'f-1'");
	kit_reopen(kit);
	assert_int_equal(move(kit, &making.file, reply), -FAULT_CORRUPT);
	expect_says(reply, "ledger.db: an hour has other events than its digest says; toll verify "
	                   "tells more");
	assert_string_equal(kit_ask(kit, "SELECT group_concat(archive) FROM (SELECT archive FROM "
	                                 "hour ORDER BY hour)"),
	                    "1,0");
	expect_says(kit_ask(kit, "SELECT detail FROM change WHERE what = 'archive.month'"),
	            "{\"ok\":false,\"month\":\"2026-01\",\"file\":\"2026-01.db\"");
	expect_says(kit_ask(kit, "SELECT detail FROM change WHERE what = 'archive.month'"),
	            "\"hours\":1,\"events\":1,\"left\":0}");
}

/* --- how they are read ---------------------------------------------------- */

struct nested {
	struct ledger *reader;
	struct buf told;
	int inner;
};

/* Within a walk another one, over all the other files. */
static int walk_all(void *context, const struct stored_event *row)
{
	struct nested *nested = context;

	buf_addf(&nested->told, "%.*s ", TEXT_ARGS(row->event.id));
	return ledger_find_request(nested->reader, text_of("e-7"), text_of(NULL), count_event,
	                           &nested->inner, NULL);
}

static void test_more_files_than_are_open_at_once_are_read_as_one(void **state)
{
	struct ledgerkit *kit = *state;
	struct nested nested = { .inner = 0 };
	struct fault fault = { .code = FAULT_NONE };

	fill(kit, MONTHS);
	for (int i = 0; i < MONTHS; i++)
		archive_first(kit);
	assert_string_equal(kit_ask(kit, "SELECT (SELECT count(*) FROM archive) || ' ' || (SELECT "
	                                 "count(*) FROM event)"),
	                    "7 0");
	assert_int_equal(ledger_open_reader(&nested.reader, kit->path, NULL), 0);
	if (ledger_each_event(nested.reader, ALL, walk_all, &nested, &fault) < 0)
		fail_msg("%s", fault.text);
	assert_string_equal(nested.told.at, "e-1 f-1 e-2 f-2 e-3 f-3 e-4 f-4 e-5 f-5 e-6 f-6 e-7 "
	                                    "f-7 ");
	assert_int_equal(nested.inner, 2 * MONTHS);
	buf_release(&nested.told);
	ledger_close(nested.reader);
	kit_verify_clean(kit);
}

static void test_hours_in_a_file_that_is_not_registered_are_told(void **state)
{
	struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };
	struct ledger *reader = NULL;
	int events = 0;

	fill(kit, 1);
	archive_first(kit);
	kit_shut(kit);
	kit_sql(kit, "DELETE FROM archive");
	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	assert_int_equal(ledger_each_event(reader, ALL, count_event, &events, &fault),
	                 -FAULT_CORRUPT);
	expect_says(fault.text, "ledger.db: hours are in file 1 of the archive, which is not "
	                        "registered");
	assert_int_equal(events, 0);
	ledger_close(reader);
}

/* --- how they go with a backup -------------------------------------------- */

static void test_a_file_of_the_same_name_that_is_another_is_left_to_its_owner(void **state)
{
	const struct backup_watch silent = { .copied = NULL };
	struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };
	struct backup_result result;
	struct ledger *reader = NULL;
	char copy[PATH_BYTES], folder[PATH_BYTES + 16], other[PATH_BYTES + 32];
	struct stat status;
	FILE *file;

	fill(kit, 1);
	archive_first(kit);
	snprintf(copy, sizeof(copy), "%s/copy.db", kit->folder);
	snprintf(folder, sizeof(folder), "%s.archive", copy);
	snprintf(other, sizeof(other), "%s/2026-01.db", folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	file = fopen(other, "w");
	assert_non_null(file);
	fputs("mine", file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	assert_int_equal(ledger_backup(reader, copy, false, &silent, &result, &fault),
	                 -FAULT_INVALID);
	expect_says(fault.text, other);
	expect_says(fault.text, "another file than the one that the ledger has registered");
	assert_int_equal(stat(other, &status), 0);
	assert_int_equal(status.st_size, 4);
	assert_int_not_equal(access(copy, F_OK), 0);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(ledger_backup(reader, copy, false, &silent, &result, NULL), 0);
	assert_int_equal(result.archived, 1);
	ledger_close(reader);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_name_is_a_month_and_perhaps_a_number),
		T(test_a_file_is_registered_under_a_name_of_one),
		T(test_a_row_that_names_no_file_of_the_archive_is_told),
		T(test_what_a_broken_run_left_goes_and_nothing_else),
		T(test_how_far_it_is_is_told_by_the_hour),
		T(test_an_hour_that_is_another_stays),
		T(test_an_hour_with_other_events_than_its_digest_says_does_not_move),
		T(test_more_files_than_are_open_at_once_are_read_as_one),
		T(test_hours_in_a_file_that_is_not_registered_are_told),
		T(test_a_file_of_the_same_name_that_is_another_is_left_to_its_owner),
	};
#undef T

	return cmocka_run_group_tests_name("archive files", tests, NULL, NULL);
}
