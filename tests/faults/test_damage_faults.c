/*
 * Verify of a ledger that is whole and of one that is damaged in many ways, when memory cannot be
 * had and when the disk does not give what is asked for: at one allocation, and one read, after
 * the other.  That is a fault that says so, or nothing anybody sees: never fewer findings, or
 * others.  The same handle then finds the same.
 *
 * SEED comes from the environment: of the many allocations, beyond the first, it says which fail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/damagekit.h"
#include "tests/support/failmem.h"
#include "tests/support/powervfs.h"

enum { EACH_OF_FIRST = 8, EACH_OF_FIRST_SANITIZED = 2, SANITIZED_SHARE = 8 };

static struct damagekit damage;
static uint64_t seed;
static int each_of_first = EACH_OF_FIRST;
static uint64_t stride = 1; /* one read in so many */

/* Something of every part of verify, without what makes it say nothing more. */
static const struct {
	const char *label, *sql;
	bool whole;
} ledgers[] = {
	{ "whole", "UPDATE name SET text = text", true },
	{ "events and sums",
	  "UPDATE event SET attos = 1 WHERE id = 'a'; UPDATE event SET account = 99 WHERE id = 'b';"
	  "UPDATE event SET attos = -1 WHERE id = 'july'; UPDATE event SET price = 99 WHERE id = "
	  "'c';"
	  "UPDATE event SET cost_price = 1 WHERE id = 'settled'; DELETE FROM event WHERE id = 'u';"
	  "UPDATE event SET flags = 4 WHERE id = 't'; UPDATE rollup SET errors = errors + 1;"
	  "INSERT INTO hour (hour, events, digest, unsealed) SELECT 3600000, 1, digest, 1 FROM "
	  "hour "
	  "LIMIT 1; UPDATE watermark SET events = 7, first_ts = 1, last_ts = 2;"
	  "INSERT INTO watermark (source) VALUES (98);"
	  "UPDATE event_detail SET id = 'none' WHERE component = 'pages'",
	  false },
	{ "what was kept",
	  "UPDATE adjustment SET account = 99, booked_hour = booked_hour + 3600000;"
	  "UPDATE adjustment_run SET nanos = 1, rows = 2; UPDATE correction SET reason = 'other';"
	  "UPDATE closing SET seq = 3; UPDATE phase SET kept_ms = 1, event_ts = event_ts + 1;"
	  "UPDATE conflict SET source = 99; UPDATE unknown_usage SET events = 9;"
	  "UPDATE quarantine SET digest = x'00'; UPDATE policy_rule SET account = 99;"
	  "UPDATE position SET place = '['; UPDATE book SET name = 'x' WHERE id = 1;"
	  "UPDATE book SET json = 'x' WHERE id = 2; UPDATE book_log SET side = 5 WHERE seq = 1;"
	  "UPDATE checkpoint SET source = 99; CREATE TABLE more (x)",
	  false },
	{ "seals and words",
	  "UPDATE seal_hour SET digest = x''; UPDATE hour SET unsealed = 0, events = events + 1 "
	  "WHERE hour = 1785574800000; UPDATE seal_log SET digest = x'00' WHERE seal = 1;"
	  "INSERT INTO seal_log SELECT 9, 'toll', 1, digest FROM seal_log LIMIT 1;"
	  "UPDATE seal SET seq = 5 WHERE seq = 2; UPDATE name SET check_word = 7 WHERE id > 2",
	  false },
	{ "one word", "UPDATE hour_word SET word = word + 1 WHERE kind = 0", false },
};
#define LEDGERS (sizeof(ledgers) / sizeof(ledgers[0]))

static int setup(void **state)
{
	const char *mode = getenv("TOLL_MODE"), *text = getenv("SEED");

	(void)state;
	seed = text != NULL ? strtoull(text, NULL, 10) : 1;
	if (mode != NULL && (strcmp(mode, "asan") == 0 || strcmp(mode, "tsan") == 0)) {
		each_of_first = EACH_OF_FIRST_SANITIZED;
		stride = SANITIZED_SHARE;
	}
	failmem_install();
	power_install();
	damage_open(&damage);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	damage_close(&damage);
	return 0;
}

static int add_finding(void *context, const struct verify_finding *finding)
{
	failmem_pause(true);
	buf_addf(context, "%s %.*s [%.*s] %.*s|%.*s\n", verify_kind_name(finding->kind),
	         TEXT_ARGS(finding->what), TEXT_ARGS(finding->where), TEXT_ARGS(finding->stored),
	         TEXT_ARGS(finding->derived));
	failmem_pause(false);
	return 0;
}

static int verify(struct ledger *reader, struct buf *findings, struct fault *fault)
{
	struct verify_summary summary;

	buf_clear(findings);
	*fault = (struct fault){ .code = FAULT_NONE };
	return ledger_verify(reader, add_finding, NULL, findings, &summary, fault);
}

/* The ledger of that row is laid out; what there is to be found. */
static void lay_out(size_t row, struct buf *expected)
{
	struct fault fault;
	struct ledger *reader;

	assert_true(damage_do(&damage, ledgers[row].sql));
	reader = damage_reader(&damage);
	if (verify(reader, expected, &fault) != 0)
		fail_msg("%s: %s", ledgers[row].label, fault.text);
	ledger_close(reader);
	if (ledgers[row].whole != (expected->len == 0))
		fail_msg("%s: %.*s", ledgers[row].label, TEXT_ARGS(buf_text(expected)));
}

static void expect_same(size_t row, const char *what, uint64_t k, const struct buf *is,
                        const struct buf *expected)
{
	if (!text_equal(buf_text(is), buf_text(expected)))
		fail_msg("%s, %s %llu:\n%.*snot\n%.*s", ledgers[row].label, what,
		         (unsigned long long)k, TEXT_ARGS(buf_text(is)),
		         TEXT_ARGS(buf_text(expected)));
}

/* --- memory -------------------------------------------------------------- */

static bool verify_without(size_t row, int k, const struct buf *expected)
{
	struct ledger *reader = damage_reader(&damage);
	struct buf findings = { .at = NULL };
	struct fault fault;
	bool failed;
	int r;

	failmem_after(k);
	r = verify(reader, &findings, &fault);
	failed = failmem_stop();
	if (r < 0 && (r != -FAULT_NOMEM || !failed))
		fail_msg("%s, allocation %d: %s: %s", ledgers[row].label, k, fault_name(r),
		         fault.text);
	if (r == 0)
		expect_same(row, "allocation", (uint64_t)k, &findings, expected);
	if (verify(reader, &findings, &fault) != 0)
		fail_msg("%s, after allocation %d: %s", ledgers[row].label, k, fault.text);
	expect_same(row, "after allocation", (uint64_t)k, &findings, expected);
	buf_release(&findings);
	ledger_close(reader);
	return failed;
}

/* The allocation after the k-th that is to fail. */
static int next(int k)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return k + 1 + (int)((seed >> 33) % (uint64_t)(1 + k / each_of_first));
}

static void test_without_memory_it_finds_all_or_says_so(void **state)
{
	unsigned failures = 0;

	(void)state;
	print_message("SEED=%llu\n", (unsigned long long)seed);
	for (size_t i = 0; i < LEDGERS; i++) {
		struct buf expected = { .at = NULL };
		int k = 0;

		lay_out(i, &expected);
		for (; verify_without(i, k, &expected); failures++)
			k = next(k);
		buf_release(&expected);
	}
	print_message("%u allocations failed\n", failures);
	assert_true(failures > 0);
}

/* --- reads --------------------------------------------------------------- */

/* How many reads failed; 0: there are no so many. */
static uint64_t verify_unread(size_t row, uint64_t k, bool sticky, const struct buf *expected)
{
	struct power_trace trace = { .count = 0 };
	struct buf findings = { .at = NULL };
	struct ledger *reader;
	struct fault fault;
	uint64_t failed;
	int r;

	power_record(&trace, damage.kit.path);
	reader = damage_reader(&damage);
	power_fail(FAULTY_READ_EIO, k, sticky);
	r = verify(reader, &findings, &fault);
	failed = power_failed();
	power_mend();
	if (r == 0)
		expect_same(row, "read", k, &findings, expected);
	/* SQLite takes some of what cannot be read for damaged. */
	else if ((r != -FAULT_IO && r != -FAULT_CORRUPT) || failed == 0 ||
	         strstr(fault.text, damage.kit.path) == NULL)
		fail_msg("%s, read %llu: %s: %s", ledgers[row].label, (unsigned long long)k,
		         fault_name(r), fault.text);
	if (verify(reader, &findings, &fault) != 0)
		fail_msg("%s, after read %llu: %s", ledgers[row].label, (unsigned long long)k,
		         fault.text);
	expect_same(row, "after read", k, &findings, expected);
	ledger_close(reader);
	power_stop();
	power_trace_release(&trace);
	buf_release(&findings);
	return failed;
}

static void test_what_cannot_be_read_is_a_fault_with_its_path(void **state)
{
	uint64_t failures = 0;

	(void)state;
	for (size_t i = 0; i < LEDGERS; i++) {
		struct buf expected = { .at = NULL };
		uint64_t k = 0;

		lay_out(i, &expected);
		while (verify_unread(i, k, k % 2 == 1, &expected) > 0) {
			failures++;
			k += stride;
		}
		buf_release(&expected);
	}
	print_message("%llu reads failed\n", (unsigned long long)failures);
	assert_true(failures > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_cannot_be_read_is_a_fault_with_its_path),
		cmocka_unit_test(test_without_memory_it_finds_all_or_says_so),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
