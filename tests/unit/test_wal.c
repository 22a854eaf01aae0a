/* The WAL before SQLite reads it: what no power cut leaves behind is refused, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/lock.h"
#include "ledger/wal.h"
#include "tests/support/ledgerkit.h"

enum { PAGE = 512, FRAME = WAL_FRAME_BYTES + PAGE, FRAMES_MAX = 64 };

/* A WAL made by hand, from the description of its format alone. */
struct made {
	unsigned char bytes[WAL_HEADER_BYTES + FRAMES_MAX * FRAME];
	size_t len;
	uint32_t a, b; /* the checksum so far */
	bool big;
};

static char path[2 * KIT_PATH_BYTES];

static void put(unsigned char *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (unsigned char)(value >> (24 - 8 * i));
}

static void sum(struct made *made, const unsigned char *at, size_t len)
{
	for (size_t i = 0; i < len; i += 8) {
		uint32_t word[2] = { 0, 0 };

		for (size_t k = 0; k < 8; k++)
			word[k / 4] |= (uint32_t)at[i + k]
			               << (made->big ? 24 - 8 * (k % 4) : 8 * (k % 4));
		made->a += word[0] + made->b;
		made->b += word[1] + made->a;
	}
}

static void put_header(struct made *made, uint32_t sequence, uint32_t salt)
{
	unsigned char *at = made->bytes;

	put(at, made->big ? 0x377f0683 : 0x377f0682);
	put(at + 4, 3007000);
	put(at + 8, PAGE);
	put(at + 12, sequence);
	put(at + 16, salt);
	put(at + 20, ~salt);
	made->a = made->b = 0;
	sum(made, at, 24);
	put(at + 24, made->a);
	put(at + 28, made->b);
	if (made->len < WAL_HEADER_BYTES)
		made->len = WAL_HEADER_BYTES;
}

/* In the place of frame n, from 0 on. */
static void put_frame(struct made *made, size_t n, uint32_t page, bool commit, uint32_t salt)
{
	unsigned char *at = made->bytes + WAL_HEADER_BYTES + n * FRAME;

	put(at, page);
	put(at + 4, commit ? 40 : 0);
	put(at + 8, salt);
	put(at + 12, ~salt);
	for (size_t i = 0; i < PAGE; i++)
		at[WAL_FRAME_BYTES + i] = (unsigned char)(n * 7 + i * 13 + salt);
	sum(made, at, 8);
	sum(made, at + WAL_FRAME_BYTES, PAGE);
	put(at + 16, made->a);
	put(at + 20, made->b);
	if (made->len < WAL_HEADER_BYTES + (n + 1) * FRAME)
		made->len = WAL_HEADER_BYTES + (n + 1) * FRAME;
}

/* Five transactions of three frames: commits are frames 2, 5, 8, 11, 14. */
enum { TRANSACTIONS = 5, EACH = 3, FRAMES = TRANSACTIONS * EACH };
static void make(struct made *made, bool big)
{
	memset(made, 0, sizeof(*made));
	made->big = big;
	put_header(made, 7, 0x1000);
	for (size_t n = 0; n < FRAMES; n++)
		put_frame(made, n, 2 + (uint32_t)n, n % EACH == EACH - 1, 0x1000);
}

static struct wal_scan scan_bytes(const unsigned char *bytes, size_t len)
{
	struct wal_scan scan;
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(wal_scan(path, &scan, NULL), 0);
	return scan;
}

static struct wal_scan scan_of(const struct made *made)
{
	return scan_bytes(made->bytes, made->len);
}

static void test_a_whole_one_is_read_to_its_end(void **state)
{
	struct wal_scan scan;
	struct made made;

	(void)state;
	for (int big = 0; big < 2; big++) {
		make(&made, big);
		scan = scan_of(&made);
		assert_true(scan.header && !scan.damaged);
		assert_int_equal(scan.frames, FRAMES);
		assert_int_equal(scan.broken, 0);
		assert_int_equal(scan.salt[0], 0x1000);
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(wal_scan(path, &scan, NULL), 0);
	assert_int_equal(scan.bytes, 0);
	assert_false(scan.header || scan.damaged);
}

/* Every bit of the file: which of them are told, exactly. */
static void test_a_flip_is_told_before_the_last_two_commits(void **state)
{
	size_t untold_from = WAL_HEADER_BYTES + (FRAMES - EACH - 1) * FRAME;
	/* The sum that the commit before the last stands on. */
	size_t sum_from = untold_from - FRAME + 16;
	struct made made;

	(void)state;
	for (int big = 0; big < 2; big++) {
		make(&made, big);
		for (size_t i = 0; i < made.len; i += i < 600 ? 1 : 3) {
			bool told = i < untold_from && (i < sum_from || i >= sum_from + 8);
			unsigned char bit = (unsigned char)(1u << (i % 8));
			struct wal_scan scan;

			/* The first of that byte is a header torn in a reset. */
			bit = i == 15 ? 2 : bit;
			made.bytes[i] ^= bit;
			scan = scan_of(&made);
			if (scan.damaged != told)
				fail_msg("byte %zu: %d", i, scan.damaged);
			made.bytes[i] ^= bit;
		}
	}
}

/* As much as ever is on disk of a last transaction, in any order: nothing that was promised. */
static void test_a_torn_tail_is_none(void **state)
{
	struct made made;

	(void)state;
	for (unsigned missing = 1; missing < 1u << EACH; missing++) {
		struct wal_scan scan;

		make(&made, false);
		for (size_t k = 0; k < EACH; k++) {
			if ((missing >> k & 1) != 0)
				memset(made.bytes + WAL_HEADER_BYTES + (FRAMES - EACH + k) * FRAME,
				       0, FRAME);
		}
		scan = scan_of(&made);
		assert_false(scan.damaged);
		assert_int_equal(scan.frames, FRAMES - EACH);
	}
	make(&made, false);
	for (size_t len = 0; len <= made.len; len += 97)
		assert_false(scan_bytes(made.bytes, len).damaged);
	/* A commit that is padded with copies of itself is one. */
	put_frame(&made, FRAMES, 77, true, 0x1000);
	put_frame(&made, FRAMES + 1, 77, true, 0x1000);
	put_frame(&made, FRAMES + 2, 77, true, 0x1000);
	made.bytes[WAL_HEADER_BYTES + FRAMES * FRAME + 40] ^= 1;
	assert_false(scan_of(&made).damaged);
}

/* Tails of transactions that were torn one after the other do not stand on each other. */
static void test_what_is_left_of_torn_tails_is_none(void **state)
{
	struct made made, before;
	struct wal_scan scan;

	(void)state;
	make(&made, false);
	/* One of ten frames, torn at its second; over it one of five, torn at its second. */
	before = made;
	for (size_t n = FRAMES; n < FRAMES + 10; n++)
		put_frame(&made, n, 90 + (uint32_t)n, n == FRAMES + 9, 0x1000);
	memset(made.bytes + WAL_HEADER_BYTES + (FRAMES + 1) * FRAME, 0, FRAME);
	made.a = before.a + 1;
	made.b = before.b;
	for (size_t n = FRAMES; n < FRAMES + 5; n++)
		put_frame(&made, n, 60 + (uint32_t)n, n == FRAMES + 4, 0x1000);
	memset(made.bytes + WAL_HEADER_BYTES + (FRAMES + 1) * FRAME, 0, FRAME);
	scan = scan_of(&made);
	assert_int_equal(scan.frames, FRAMES);
	assert_false(scan.damaged);
}

/* Begun anew over the old frames, which are in the ledger; the header may be torn, too. */
static void test_a_reset_is_none(void **state)
{
	struct made made, old;
	struct wal_scan scan;

	(void)state;
	make(&old, false);
	made = old;
	put_header(&made, 8, 0x1001);
	for (size_t cut = 0; cut <= WAL_HEADER_BYTES; cut += 4) {
		struct made torn = old;

		memcpy(torn.bytes, made.bytes, cut);
		if (scan_of(&torn).damaged)
			fail_msg("torn at %zu", cut);
	}
	put_frame(&made, 0, 2, true, 0x1001);
	scan = scan_of(&made);
	assert_int_equal(scan.frames, 1);
	assert_false(scan.damaged);
	/* All of a header was never on disk, while there are frames behind it: that cannot be. */
	for (size_t len = WAL_HEADER_BYTES; len <= 512; len += 480) {
		memset(old.bytes, 0, len);
		assert_true(scan_of(&old).damaged);
	}
}

static void test_a_mark_is_read_as_it_was_written(void **state)
{
	struct wal_mark mark = { "b-1", 0x801, 77, { 1, UINT32_MAX }, 123456 }, again;
	char text[WAL_MARK_BYTES + 1];

	(void)state;
	wal_mark_text(&mark, text);
	assert_int_equal(strlen(text), WAL_MARK_BYTES);
	assert_true(wal_mark_parse(text, &again));
	assert_string_equal(again.boot, "b-1");
	assert_true(again.device == 0x801 && again.inode == 77 && again.frames == 123456);
	assert_true(again.salt[0] == 1 && again.salt[1] == UINT32_MAX);
	text[20] = '\0';
	assert_false(wal_mark_parse(text, &again));
	assert_false(wal_mark_parse("", &again));
}

/* Against what the writer noted: each line a state of the file, and what becomes of it. */
static void test_what_its_writer_noted_is_there(void **state)
{
	struct ledgerkit *kit = *state;
	static const struct row {
		const char *label;
		size_t frames; /* of the file; 0: it is gone */
		int64_t noted;
		bool reboot, other, reset, copied;
		int expected;
	} rows[] = {
		{ "as noted", FRAMES, FRAMES, false, false, false, false, 0 },
		{ "more than noted", FRAMES, EACH, false, false, false, false, 0 },
		{ "cut", FRAMES - EACH, FRAMES, false, false, false, false, -FAULT_CORRUPT },
		{ "cut in a power cut", FRAMES - EACH, FRAMES, true, false, false, false, 0 },
		{ "cut, of another ledger", FRAMES - EACH, FRAMES, false, true, false, false, 0 },
		{ "begun anew", 1, FRAMES, false, false, true, false, 0 },
		{ "gone", 0, FRAMES, false, false, false, false, -FAULT_CORRUPT },
		{ "gone, for all is copied", 0, FRAMES, false, false, false, true, 0 },
		{ "gone, and was emptied", 0, 0, false, false, false, false, 0 },
	};
	char db[KIT_PATH_BYTES];

	snprintf(db, sizeof(db), "%s/n", kit->folder);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct fault fault = { .code = FAULT_NONE };
		struct wal_scan scan;
		struct wal_mark mark;
		struct made made;
		struct stat status;
		FILE *file = fopen(db, "w");

		assert_non_null(file);
		assert_int_equal(fputc('x', file), 'x');
		assert_int_equal(fclose(file), 0);
		assert_int_equal(stat(db, &status), 0);
		make(&made, false);
		if (row->reset)
			put_header(&made, 8, 0x1001);
		snprintf(path, sizeof(path), "%s-wal", db);
		scan_bytes(made.bytes, WAL_HEADER_BYTES + row->frames * FRAME);
		if (row->frames == 0)
			assert_int_equal(unlink(path), 0);
		wal_mark_init(&mark, status.st_dev, status.st_ino);
		assert_true(mark.boot[0] != '\0');
		mark.salt[0] = 0x1000;
		mark.salt[1] = ~UINT32_C(0x1000);
		mark.frames = row->noted;
		mark.boot[0] ^= row->reboot ? 1 : 0;
		mark.inode += row->other;
		if (wal_check(db, &mark,
		              (int64_t)status.st_mtim.tv_sec * INT64_C(1000000000) +
		                      status.st_mtim.tv_nsec + (row->copied ? 0 : 1),
		              &scan, &fault) != row->expected)
			fail_msg("%s: %s", row->label, fault.text);
		if (row->expected < 0)
			assert_non_null(strstr(fault.text, "restore a backup"));
	}
	/* A broken header, where no reset was under way. */
	unlink(path);
	unlink(db);
}

/* The real ones: as the writer leaves them when it is killed, and what it notes. */
static void test_a_writer_notes_what_it_stored(void **state)
{
	struct ledgerkit *kit = *state;
	struct fault fault = { .code = FAULT_NONE };
	struct ledger *ledger = NULL;
	struct wal_mark mark;
	struct wal_scan scan;
	struct stat status;
	int64_t at_ns;

	snprintf(path, sizeof(path), "%s-wal", kit->path);
	for (int i = 0; i < 5; i++) {
		char id[16];

		snprintf(id, sizeof(id), "e%d", i);
		kit_send_usage(kit, id, "2026-08-01T09:30:00Z", "m", "{\"input\":1}");
		assert_int_equal(lock_mark_read(kit->path, &mark, &at_ns, NULL), 0);
		assert_int_equal(wal_scan(path, &scan, NULL), 0);
		assert_int_equal(mark.frames, scan.frames);
		assert_true(scan.frames > i && scan.salt[0] == mark.salt[0]);
		assert_int_equal(stat(kit->path, &status), 0);
		assert_true(mark.inode == (uint64_t)status.st_ino);
	}
	kit_shut(kit);
	/* Emptied, and it says so; the ledger is known to have been one. */
	assert_int_equal(lock_mark_read(kit->path, &mark, &at_ns, NULL), 0);
	assert_int_equal(mark.frames, 0);
	assert_int_equal(truncate(kit->path, 0), 0);
	assert_int_equal(ledger_open_writer(&ledger, kit->path, NULL, &fault), -FAULT_CORRUPT);
	assert_non_null(strstr(fault.text, "the file is empty, and was a ledger"));
	assert_int_equal(ledger_open_reader(&ledger, kit->path, &fault), -FAULT_CORRUPT);
	/* Of one that was put there nobody knows. */
	snprintf(path, sizeof(path), "%s.lock", kit->path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(ledger_open_writer(&ledger, kit->path, NULL, &fault), -FAULT_CORRUPT);
	assert_non_null(strstr(fault.text, "no writer has left it so"));
	assert_int_equal(unlink(kit->path), 0);
	kit_reopen(kit);
}

/* What of the WAL no power cut leaves: the ledger is not opened, and why and what to do is told. */
static void test_what_is_damaged_is_refused_with_advice(void **state)
{
	static const struct {
		const char *label;
		size_t at;
		int mark; /* 0: there is none */
		const char *words;
	} rows[] = {
		{ "the header", 9, 0, "-wal: its header is damaged" },
		{ "a frame", WAL_HEADER_BYTES + 4 * FRAME + 100, 0, "-wal: frame 5 is damaged" },
		{ "a frame, noted", WAL_HEADER_BYTES + 4 * FRAME + 100, 1,
		  "-wal: frame 5 is damaged" },
		{ "the last commit", WAL_HEADER_BYTES + 14 * FRAME + 100, 1,
		  "-wal: it is whole up to frame 12" },
	};
	const struct ledgerkit *kit = *state;
	char db[KIT_PATH_BYTES];

	kit_write(kit, db, "of-the-wal.db", "x");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fault fault = { .code = FAULT_NONE };
		struct wal_mark mark;
		struct wal_scan scan;
		struct stat status;
		struct made made;

		make(&made, false);
		made.bytes[rows[i].at] ^= 1;
		snprintf(path, sizeof(path), "%s-wal", db);
		scan_of(&made);
		assert_int_equal(stat(db, &status), 0);
		wal_mark_init(&mark, status.st_dev, status.st_ino);
		mark.salt[0] = 0x1000;
		mark.salt[1] = ~UINT32_C(0x1000);
		mark.frames = FRAMES;
		if (wal_check(db, rows[i].mark ? &mark : NULL, 0, &scan, &fault) !=
		            -FAULT_CORRUPT ||
		    strstr(fault.text, rows[i].words) == NULL ||
		    strstr(fault.text, "restore a backup") == NULL)
			fail_msg("%s: %s", rows[i].label, fault.text);
	}
	/* An empty file with a WAL was a ledger; one that is gone is SQLite's to tell. */
	assert_int_equal(truncate(db, 0), 0);
	snprintf(path, sizeof(path), "%s-wal", db);
	{
		struct fault fault = { .code = FAULT_NONE };
		struct wal_scan scan;
		struct made made;

		make(&made, false);
		scan_of(&made);
		assert_int_equal(wal_check(db, NULL, 0, &scan, &fault), -FAULT_CORRUPT);
		assert_non_null(strstr(fault.text, "the file is empty, and was a ledger"));
		assert_int_equal(unlink(db), 0);
		assert_int_equal(wal_check(db, NULL, 0, &scan, &fault), 0);
	}
}

static int setup(void **state)
{
	struct ledgerkit *kit;

	kit_setup(state);
	kit = *state;
	snprintf(path, sizeof(path), "%s/made-wal", kit->folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_whole_one_is_read_to_its_end, setup,
		                                kit_teardown),
		cmocka_unit_test_setup_teardown(test_a_flip_is_told_before_the_last_two_commits,
		                                setup, kit_teardown),
		cmocka_unit_test_setup_teardown(test_a_torn_tail_is_none, setup, kit_teardown),
		cmocka_unit_test_setup_teardown(test_what_is_left_of_torn_tails_is_none, setup,
		                                kit_teardown),
		cmocka_unit_test_setup_teardown(test_a_reset_is_none, setup, kit_teardown),
		cmocka_unit_test(test_a_mark_is_read_as_it_was_written),
		cmocka_unit_test_setup_teardown(test_what_is_damaged_is_refused_with_advice, setup,
		                                kit_teardown),
		cmocka_unit_test_setup_teardown(test_what_its_writer_noted_is_there, setup,
		                                kit_teardown),
		cmocka_unit_test_setup_teardown(test_a_writer_notes_what_it_stored, setup,
		                                kit_teardown),
	};

	return cmocka_run_group_tests_name("wal", tests, NULL, NULL);
}
