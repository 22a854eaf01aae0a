#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/verify.h"
#include "tests/support/ledgerkit.h"

/* One event with a price, and one in suspense. */
static void fill(struct ledgerkit *kit)
{
	kit_price(kit, kit_small_book);
	kit_send_usage(kit, "a", "2026-08-01T09:00:00Z", "acme/llama-4-70b", "{\"input\":7}");
	kit_send_usage(kit, "d", "2026-08-01T10:10:00Z", "m", "{\"input\":7}");
}

static int keep_on(void *context, const struct verify_finding *finding)
{
	(void)context;
	(void)finding;
	return 0;
}

static int keep_file_finding(void *context, const struct verify_finding *finding)
{
	if (finding->kind == VERIFY_FILE)
		text_copy(context, 128, finding->stored);
	return 0;
}

/*
 * SQLite's own check: what no statement of this program can have written.  Only the
 * writer sees it: a read-only connection of SQLite does not keep the CHECKs.
 */
static void test_a_row_against_its_constraint_is_named_to_the_writer(void **state)
{
	struct ledgerkit *kit = *state;
	struct verify_summary summary;
	char found[128] = "";

	fill(kit);
	kit_shut(kit);
	kit_sql(kit,
	        "PRAGMA ignore_check_constraints = ON;"
	        "INSERT INTO quarantine (source, reason, detail, first_ms, last_ms, times, length, "
	        "raw, digest) VALUES (0, 'x', '', 1, 1, 0, 9, x'00', "
	        "x'6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d')");
	kit_reopen(kit);
	assert_int_equal(ledger_verify(kit->ledger, keep_file_finding, NULL, found, &summary, NULL),
	                 0);
	assert_int_equal(summary.findings, 1);
	assert_string_equal(found, "CHECK constraint failed in quarantine");
}

/* An index that lost an entry is how a page that was not written shows. */
static void test_a_damaged_file_is_told(void **state)
{
	struct ledgerkit *kit = *state;
	struct verify_summary summary;
	struct ledger *reader = NULL;
	int64_t page_bytes, page;
	FILE *file;
	int r;

	fill(kit);
	kit_shut(kit);
	page_bytes = kit_sql_int(kit, "PRAGMA page_size");
	page = kit_sql_int(kit, "SELECT rootpage FROM sqlite_schema WHERE name = 'event_suspense'");
	file = fopen(kit->path, "r+");
	assert_non_null(file);
	assert_int_equal(fseek(file, (long)((page - 1) * page_bytes), SEEK_SET), 0);
	for (int i = 0; i < 64; i++)
		assert_int_equal(fputc(0xff, file), 0xff);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(ledger_open_reader(&reader, kit->path, NULL), 0);
	r = ledger_verify(reader, keep_on, NULL, NULL, &summary, NULL);
	/* A finding, or where SQLite reads no further a fault: but never silence. */
	assert_true(r == -FAULT_CORRUPT || (r == 0 && summary.findings > 0));
	ledger_close(reader);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_row_against_its_constraint_is_named_to_the_writer),
		T(test_a_damaged_file_is_told),
	};

	return cmocka_run_group_tests_name("verify_file", tests, NULL, NULL);
}
