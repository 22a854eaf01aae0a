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
#include "tests/support/killpoints.h"
#include "tests/support/ledgerkit.h"

enum { PATH_BYTES = 4 * KIT_PATH_BYTES };

#define MODEL     "acme/llama-4-70b"
/* 2026-08-01: July and what is before it is over. */
#define BEFORE_MS INT64_C(1785542400000)

static void send(struct ledgerkit *kit, const char *id, const char *time, const char *usage)
{
	kit_send_usage(kit, id, time, MODEL, usage);
}

/* Two hours of June, one of July, one of August; a detail in each. */
static void fill(struct ledgerkit *kit)
{
	kit_price(kit, kit_small_book);
	send(kit, "june-1", "2026-06-03T10:00:00Z", "{\"input\":1000}");
	send(kit, "june-2", "2026-06-03T10:30:00Z", "{\"input\":2000}");
	send(kit, "june-3", "2026-06-03T11:30:00Z", "{\"output\":3000}");
	send(kit, "july-1", "2026-07-03T11:30:00Z", "{\"output\":4000}");
	send(kit, "august", "2026-08-01T09:30:00Z", "{\"output\":5000}");
}

static int note_month(void *context, const struct archive_month *month)
{
	struct archive_month *months = context;

	for (int i = 0; i < 4; i++) {
		if (months[i].hours + months[i].waiting == 0) {
			months[i] = *month;
			return 0;
		}
	}
	return -1;
}

static int make(struct ledgerkit *kit, const struct archive_month *month, struct archive_file *file,
                struct fault *fault)
{
	struct ledger *reader = NULL;
	int r = ledger_open_reader(&reader, kit->path, fault);

	if (r == 0)
		r = archive_make(reader, month, NULL, NULL, file, fault);
	ledger_close(reader);
	return r;
}

static void find_months(struct ledgerkit *kit, struct archive_month months[4])
{
	struct ledger *reader = NULL;

	memset(months, 0, 4 * sizeof(*months));
	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	assert_int_equal(archive_months(reader, BEFORE_MS, note_month, months, NULL), 0);
	ledger_close(reader);
}

/* The change, as the daemon or toll runs it: its reply. */
static const char *ask(struct ledgerkit *kit, const struct archive_file *file)
{
	static char text[1024];
	struct buf request = { .at = NULL }, reply = { .at = NULL };
	struct change change = { .who = text_of("test"), .now_ms = KIT_NOW_MS };
	bool moved;

	buf_addf(&request,
	         "{\"change\":\"archive.month\",\"month\":\"%s\",\"file\":\"%s\",\"sha256\":\"%s\","
	         "\"events\":%lld,\"bytes\":%lld}",
	         file->month, file->file, file->sha256, (long long)file->events,
	         (long long)file->bytes);
	change.request = buf_text(&request);
	/* A file that cannot be taken is no fault of the ledger: the reply tells of it. */
	assert_int_equal(change_run(kit->ledger, &change, &reply, &moved, NULL), 0);
	snprintf(text, sizeof(text), "%s", reply.at);
	buf_release(&request);
	buf_release(&reply);
	return text;
}

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

static void expect_says(const char *text, const char *words)
{
	if (strstr(text, words) == NULL)
		fail_msg("%s: %s", words, text);
}

/* All that can move. */
static void archive_all(struct ledgerkit *kit)
{
	struct archive_month months[4];

	find_months(kit, months);
	for (int i = 0; i < 4 && months[i].hours > 0; i++) {
		struct fault fault = { .code = FAULT_NONE };
		struct archive_file file;

		if (make(kit, &months[i], &file, &fault) < 0)
			fail_msg("make: %s", fault.text);
		if (file.events > 0)
			expect_says(ask(kit, &file), "\"ok\":true");
	}
}

static void end(struct ledgerkit *kit)
{
	char command[KIT_PATH_BYTES + 32];

	snprintf(command, sizeof(command), "rm -rf %s/*.archive", kit->folder);
	assert_int_equal(system(command), 0);
}

static int teardown(void **state)
{
	end(*state);
	return kit_teardown(state);
}

static int64_t rows_here(struct ledgerkit *kit)
{
	int64_t rows;

	kit_shut(kit);
	rows = kit_sql_int(kit, "SELECT count(*) FROM event");
	kit_reopen(kit);
	return rows;
}

static void month_path(const struct ledgerkit *kit, const char *file, char out[PATH_BYTES])
{
	snprintf(out, PATH_BYTES, "%s.archive/%s", kit->path, file);
}

static void test_what_moved_is_read_as_before(void **state)
{
	struct ledgerkit *kit = *state;
	struct ledger_status before, after;
	char path[PATH_BYTES], *events;
	struct archive_month months[4];
	struct stat status;

	fill(kit);
	events = strdup(kit_events(kit));
	assert_int_equal(ledger_status(kit->ledger, &before, NULL), 0);
	find_months(kit, months);
	assert_int_equal(months[0].hours, 2);
	assert_int_equal(months[0].events, 3);
	assert_int_equal(months[1].events, 1);
	assert_int_equal(months[2].hours, 0);
	archive_all(kit);
	assert_int_equal(rows_here(kit), 1);
	assert_string_equal(kit_events(kit), events);
	assert_int_equal(ledger_status(kit->ledger, &after, NULL), 0);
	assert_int_equal(after.events, before.events);
	assert_int_equal(after.first_ms, before.first_ms);
	assert_int_equal(after.last_ms, before.last_ms);
	kit_verify_clean(kit);
	month_path(kit, "2026-06.db", path);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, ARCHIVE_MODE);
	/* Nothing is left to move. */
	find_months(kit, months);
	assert_int_equal(months[0].hours + months[0].waiting, 0);
	free(events);
}

static void test_a_resend_of_what_moved_is_found(void **state)
{
	struct ledgerkit *kit = *state;

	fill(kit);
	archive_all(kit);
	kit_shut(kit);
	kit_reopen(kit); /* its memory of identities is of what is here */
	assert_int_equal(
		kit_send_usage(kit, "june-2", "2026-06-03T10:30:00Z", MODEL, "{\"input\":2000}"),
		INGEST_DUPLICATE);
	assert_int_equal(
		kit_send_usage(kit, "june-2", "2026-06-03T10:30:00Z", MODEL, "{\"input\":2001}"),
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

	fill(kit);
	archive_all(kit);
	send(kit, "june-1b", "2026-06-03T10:15:00Z", "{\"input\":7}");
	send(kit, "june-0", "2026-06-03T10:00:00Z", "{\"input\":7}");
	assert_int_equal(rows_here(kit), 3);
	kit_verify_clean(kit);
	expect_says(kit_events(kit),
	            "june-0=1:0.0000056 june-1=1:0.0008 june-1b=1:0.0000056 june-2=");
	/* The hour has its file already: what came late is not moved to another one. */
	find_months(kit, months);
	assert_int_equal(months[0].hours, 0);
}

static void test_an_hour_to_which_an_event_came_meanwhile_stays(void **state)
{
	struct ledgerkit *kit = *state;
	struct archive_month months[4];
	struct archive_file file, second;

	fill(kit);
	find_months(kit, months);
	assert_int_equal(make(kit, &months[0], &file, NULL), 0);
	send(kit, "meanwhile", "2026-06-03T11:00:00Z", "{\"input\":7}");
	expect_says(ask(kit, &file), "\"hours\":1,\"events\":2,\"left\":1");
	kit_verify_clean(kit);
	find_months(kit, months);
	assert_int_equal(months[0].events, 2);
	assert_int_equal(make(kit, &months[0], &second, NULL), 0);
	assert_string_equal(second.file, "2026-06.2.db");
	expect_says(ask(kit, &second), "\"hours\":1,\"events\":2,\"left\":0");
	assert_int_equal(rows_here(kit), 2);
	kit_verify_clean(kit);
}

static void test_what_waits_does_not_move(void **state)
{
	struct ledgerkit *kit = *state;
	struct archive_month months[4];

	fill(kit);
	kit_send_usage(kit, "dear", "2026-06-03T10:45:00Z", "unknown", "{\"input\":7}");
	kit_send(kit, kit_quotes("{'id':'open','time':'2026-07-03T11:45:00Z','account':'acct',"
	                         "'model':'" MODEL "','api':'toll','settlement':'open'}"));
	find_months(kit, months);
	assert_int_equal(months[0].hours, 1);
	assert_int_equal(months[0].waiting, 1);
	assert_int_equal(months[1].hours, 0);
	assert_int_equal(months[1].waiting, 1);
	archive_all(kit);
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

	fill(kit);
	find_months(kit, months);
	assert_int_equal(make(kit, &months[0], &file, NULL), 0);
	snprintf(expected, sizeof(expected),
	         "{\"ok\":true,\"month\":\"2026-06\",\"file\":\"2026-06.db\",\"sha256\":\"%s\","
	         "\"hours\":2,\"events\":3,\"left\":0}",
	         file.sha256);
	assert_string_equal(ask(kit, &file), expected);
	assert_string_equal(kit_ask(kit, "SELECT detail FROM change WHERE what = 'archive.month'"),
	                    expected);
	assert_string_equal(kit_ask(kit, "SELECT who || ' ' || at_ms FROM change WHERE what = "
	                                 "'archive.month'"),
	                    "test 1785585600000");
}

static void expect_fault(struct ledgerkit *kit, const char *words)
{
	struct fault fault = { .code = FAULT_NONE };
	struct verify_summary summary;
	struct ledger *reader = NULL;
	int r;

	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	r = ledger_verify(reader, (verify_finding_fn *)NULL, NULL, NULL, &summary, &fault);
	ledger_close(reader);
	if (r != -FAULT_CORRUPT)
		fail_msg("%s: %d %s", words, r, fault.text);
	expect_says(fault.text, words);
	expect_says(fault.text, "put it back from a backup");
}

static void put_byte(const char *path, off_t at)
{
	int fd = open(path, O_RDWR);
	char byte;

	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static void test_a_file_that_is_gone_cut_or_altered_is_named(void **state)
{
	struct ledgerkit *kit = *state;
	char path[PATH_BYTES], away[PATH_BYTES + 8];
	struct stat status;

	fill(kit);
	archive_all(kit);
	month_path(kit, "2026-06.db", path);
	snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	expect_fault(kit, "2026-06.db: this file of the archive is missing");
	assert_int_equal(rename(away, path), 0);
	assert_int_equal(chmod(path, 0600), 0);
	put_byte(path, 5000);
	expect_fault(kit, "2026-06.db: this file of the archive was altered");
	put_byte(path, 5000);
	kit_verify_clean(kit);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(truncate(path, status.st_size - 4096), 0);
	expect_fault(kit, "2026-06.db: this file of the archive has ");
}

static void expect_held(struct ledgerkit *kit, const char *expected)
{
	assert_string_equal(kit_ask(kit, "SELECT group_concat(event_id || ' ' || reason || ' ' || "
	                                 "(detail LIKE '%2026-06.db: this file%'), '; ') FROM "
	                                 "quarantine"),
	                    expected);
}

/* Whether it stands already nobody can tell, and nobody guesses; what is elsewhere goes on. */
static void test_what_is_of_a_file_that_is_away_is_held(void **state)
{
	struct ledgerkit *kit = *state;
	char path[PATH_BYTES], away[PATH_BYTES + 8];

	fill(kit);
	archive_all(kit);
	month_path(kit, "2026-06.db", path);
	snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	kit_shut(kit);
	kit_reopen(kit);
	for (int i = 0; i < 2; i++) {
		static const char *const ids[] = { "june-2", "june-new" };

		assert_int_equal(kit_send_usage(kit, ids[i], "2026-06-03T10:30:00Z", MODEL,
		                                "{\"input\":2000}"),
		                 INGEST_QUARANTINED);
	}
	assert_int_equal(
		kit_send_usage(kit, "june-2", "2026-06-03T10:30:00Z", MODEL, "{\"input\":-1}"),
		INGEST_QUARANTINED);
	send(kit, "here", "2026-06-04T10:30:00Z", "{\"input\":1}");
	send(kit, "july-2", "2026-07-03T11:30:00Z", "{\"input\":1}");
	assert_int_equal(
		kit_send_usage(kit, "july-1", "2026-07-03T11:30:00Z", MODEL, "{\"output\":4000}"),
		INGEST_DUPLICATE);
	expect_held(kit, "june-2 archive 1; june-new archive 1; june-2 count 0");
	/* Altered, and put right again. */
	assert_int_equal(rename(away, path), 0);
	assert_int_equal(chmod(path, 0600), 0);
	put_byte(path, 5000);
	for (int i = 0; i < 2; i++)
		assert_int_equal(kit_send_usage(kit, "june-3", "2026-06-03T11:30:00Z", MODEL,
		                                "{\"output\":3000}"),
		                 INGEST_QUARANTINED);
	expect_held(kit, "june-2 archive 1; june-new archive 1; june-2 count 0; june-3 archive 1");
	usleep(20000); /* so that it has another time */
	put_byte(path, 5000);
	assert_int_equal(
		kit_send_usage(kit, "june-2", "2026-06-03T10:30:00Z", MODEL, "{\"input\":2000}"),
		INGEST_DUPLICATE);
	kit_verify_clean(kit);
}

/* Nobody can tell of the turn whether it stands there: then the request is not stored either. */
static void test_a_request_waits_with_its_turns(void **state)
{
	static const char line[] =
		"{'id':'x','time':'2026-08-01T09:30:00Z','account':'acct','model':'" MODEL
		"','api':'anthropic.messages','usage':{'input_tokens':10,'output_tokens':0,"
		"'iterations':[{'type':'message','input_tokens':10,'output_tokens':0},"
		"{'type':'compaction','input_tokens':7,'output_tokens':0}]}}";
	struct ledgerkit *kit = *state;
	struct ledger_status before, after;
	char path[PATH_BYTES], away[PATH_BYTES + 8];

	fill(kit);
	send(kit, "x~2", "2026-06-03T10:20:00Z", "{\"input\":3}");
	archive_all(kit);
	/* Then as many others that June is open no more. */
	send(kit, "march", "2026-03-03T10:00:00Z", "{\"input\":1}");
	send(kit, "april", "2026-04-03T10:00:00Z", "{\"input\":1}");
	send(kit, "may", "2026-05-03T10:00:00Z", "{\"input\":1}");
	archive_all(kit);
	month_path(kit, "2026-06.db", path);
	snprintf(away, sizeof(away), "%s.away", path);
	assert_int_equal(rename(path, away), 0);
	assert_int_equal(ledger_status(kit->ledger, &before, NULL), 0);
	assert_int_equal(kit_send(kit, kit_quotes(line)), INGEST_QUARANTINED);
	assert_int_equal(ledger_status(kit->ledger, &after, NULL), 0);
	assert_int_equal(after.events, before.events);
	assert_int_equal(rename(away, path), 0);
	/* What stands under the name of the turn is the client's own. */
	assert_int_equal(kit_send(kit, kit_quotes(line)), INGEST_CONFLICT);
	expect_held(kit, "x archive 1");
	assert_string_equal(kit_ask(kit, "SELECT input FROM event WHERE id = 'x'"), "10");
	assert_string_equal(kit_ask(kit, "SELECT group_concat(id) FROM conflict"), "x~2");
	kit_verify_clean(kit);
}

static void test_a_file_that_is_another_is_not_registered(void **state)
{
	struct ledgerkit *kit = *state;
	struct archive_month months[4];
	struct archive_file file, wrong;
	char path[PATH_BYTES];

	fill(kit);
	find_months(kit, months);
	assert_int_equal(make(kit, &months[0], &file, NULL), 0);
	wrong = file;
	snprintf(wrong.file, sizeof(wrong.file), "../06.db");
	expect_says(ask(kit, &wrong), "\"ok\":false");
	wrong = file;
	snprintf(wrong.file, sizeof(wrong.file), "2026-05.db");
	expect_says(ask(kit, &wrong), "is missing");
	month_path(kit, file.file, path);
	assert_int_equal(chmod(path, 0600), 0);
	put_byte(path, 6000);
	expect_says(ask(kit, &file), "was altered");
	put_byte(path, 6000);
	assert_int_equal(rows_here(kit), 5);
	expect_says(ask(kit, &file), "\"hours\":2");
	/* Once more changes nothing. */
	expect_says(ask(kit, &file), "\"hours\":0,\"events\":0,\"left\":2");
	wrong = file;
	wrong.sha256[0] = wrong.sha256[0] == 'a' ? 'b' : 'a';
	expect_says(ask(kit, &wrong), "another file is registered under this name");
	kit_verify_clean(kit);
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
	char path[PATH_BYTES];
	sqlite3 *db = NULL;

	fill(kit);
	find_months(kit, months);
	assert_int_equal(make(kit, &months[0], &file, NULL), 0);
	month_path(kit, file.file, path);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 999", NULL, NULL, NULL),
	                 SQLITE_OK);
	sqlite3_close(db);
	describe(path, &file);
	expect_says(ask(kit, &file), "written by a newer toll (schema 999");
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
		send(kit, id, time, usage);
	}
	/* Pages have no price yet, and what waits for one does not move. */
	find_months(kit, months);
	assert_int_equal(months[0].waiting, 5);
	kit_price(kit,
	          kit_quotes("{'pricebook':1,'name':'pages','currency':'USD','models':[{'model':"
	                     "'" MODEL "','versions':[{'effective_from':'2026-01-01','rates':["
	                     "{'component':'pages','each':'0.01'}]}]}]}"));
	ask_retry(kit);
	/* One hour of the middle stays, because something comes to it meanwhile. */
	find_months(kit, months);
	assert_int_equal(months[0].hours, 5);
	assert_int_equal(make(kit, &months[0], &file, NULL), 0);
	send(kit, "late", "2026-06-03T11:10:00Z", "{\"pages\":70}");
	add_ranges(kit, &before);
	expect_says(ask(kit, &file), "\"hours\":4,\"events\":7,\"left\":1");
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

	fill(kit);
	kit_shut(kit);
	kit_sql(kit, "UPDATE event SET latency_ms = 5 WHERE id = 'june-2'");
	kit_reopen(kit);
	find_months(kit, months);
	assert_int_equal(make(kit, &months[0], &file, &fault), -FAULT_CORRUPT);
	expect_says(fault.text, "the hour 2026-06-03T10:00Z are not what its digest says");
	assert_int_equal(rows_here(kit), 5);
}

/* It may be another ledger's, that was restored over. */
static void test_a_file_that_is_there_is_never_replaced(void **state)
{
	struct ledgerkit *kit = *state;
	struct archive_month months[4];
	struct archive_file first, second;
	char path[PATH_BYTES];

	fill(kit);
	find_months(kit, months);
	assert_int_equal(make(kit, &months[0], &first, NULL), 0);
	assert_int_equal(make(kit, &months[0], &second, NULL), 0);
	assert_string_equal(first.file, "2026-06.db");
	assert_string_equal(second.file, "2026-06.2.db");
	month_path(kit, first.file, path);
	assert_int_equal(access(path, F_OK), 0);
	expect_says(ask(kit, &second), "\"hours\":2");
	kit_verify_clean(kit);
}

static void test_a_backup_takes_the_archive_along(void **state)
{
	struct ledgerkit *kit = *state;
	const struct backup_watch watch = { .copied = NULL };
	struct backup_result result;
	struct ledger *reader = NULL;
	char copy[KIT_PATH_BYTES], path[PATH_BYTES], *events;

	fill(kit);
	archive_all(kit);
	events = strdup(kit_events(kit));
	snprintf(copy, sizeof(copy), "%s/copy.db", kit->folder);
	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	assert_int_equal(ledger_backup(reader, copy, false, &watch, &result, NULL), 0);
	assert_int_equal(ledger_backup(reader, copy, true, &watch, &result, NULL), 0);
	ledger_close(reader);
	assert_int_equal(result.archived, 2);
	assert_int_equal(result.verify.events, 5);
	kit_shut(kit);
	end(kit);
	assert_int_equal(unlink(kit->path), 0);
	/* Its own archive is gone with it: nothing to restore from. */
	assert_int_equal(ledger_restore(copy, kit->path, NULL, &watch, &result, NULL),
	                 -FAULT_CORRUPT);
	assert_int_not_equal(access(kit->path, F_OK), 0);
	kit_reopen(kit);
	fill(kit);
	archive_all(kit);
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
	archive_all(kit);
	kit_shut(kit);
	return 0;
}

static void test_killed_at_any_point_every_event_is_in_one_place(void **state)
{
	struct ledgerkit *kit = *state;
	char *events;
	int point = 0, partly = 0;
	bool killed = true;

	fill(kit);
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
			end(kit);
			for (const char *const *suffix =
			             (const char *const[]){ "", "-wal", "-shm", NULL };
			     *suffix != NULL; suffix++) {
				char path[KIT_PATH_BYTES + 8];

				snprintf(path, sizeof(path), "%s%s", kit->path, *suffix);
				unlink(path);
			}
			kit_reopen(kit);
			fill(kit);
		}
	}
	assert_true(point > 20 && point < 200 && partly > 0);
	archive_all(kit);
	assert_string_equal(kit_events(kit), events);
	free(events);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_what_moved_is_read_as_before),
		T(test_a_resend_of_what_moved_is_found),
		T(test_an_event_that_comes_late_stays_here_and_is_in_its_place),
		T(test_an_hour_to_which_an_event_came_meanwhile_stays),
		T(test_what_waits_does_not_move),
		T(test_what_was_archived_is_told_in_full),
		T(test_a_file_that_is_gone_cut_or_altered_is_named),
		T(test_what_is_of_a_file_that_is_away_is_held),
		T(test_a_request_waits_with_its_turns),
		T(test_a_file_that_is_another_is_not_registered),
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
