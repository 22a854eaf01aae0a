/*
 * A disk that fails in the middle of a change: in each change of a ledger (tests/support/lifekit.h)
 * one read, write or sync after the other fails.  Then the change is not acknowledged, the reply
 * says why, nothing of it is half there, and when the disk works again the rest can be asked for.
 *
 * SEED comes from the environment: of the reads, which are many, it says which fail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/lifekit.h"
#include "tests/support/powervfs.h"

enum {
	OPERATIONS_MAX = 10000, /* of one change: more is a loop without an end */
	READS_STRIDE = 9,
	SANITIZED_STRIDE = 40,
	VERIFY_EVERY = 8,
};

static const struct fault_row {
	enum power_fault fault;
	bool sticky;
	int code;
} rows[] = {
	/* SQLite's own word for it: a file system that cannot read is a damaged one. */
	{ FAULTY_READ_EIO, false, -FAULT_CORRUPT },
	{ FAULTY_WRITE_ENOSPC, true, -FAULT_FULL },
	{ FAULTY_SYNC_EIO, true, -FAULT_IO },
};

static struct ledgerkit kit;
static uint64_t seed, verified;
static unsigned reads_stride = READS_STRIDE, others_stride = 1;

static int setup(void **state)
{
	const char *mode = getenv("TOLL_MODE"), *text = getenv("SEED");

	(void)state;
	seed = text != NULL ? strtoull(text, NULL, 10) : 1;
	if (mode != NULL && (strcmp(mode, "asan") == 0 || strcmp(mode, "tsan") == 0)) {
		reads_stride = SANITIZED_STRIDE;
		others_stride = READS_STRIDE;
	}
	power_install();
	kit_open(&kit);
	life_fill(&kit);
	kit_verify_clean(&kit);
	life_keep(&kit);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	life_close(&kit);
	return 0;
}

static void run_whole(const struct life_change *change, const char *label)
{
	struct fault fault = { .code = FAULT_NONE };
	struct buf reply = { .at = NULL };
	bool done = false;

	if (life_run(&kit, change, &done, &reply, &fault) < 0 || !done)
		fail_msg("%s: then %s %.*s", label, fault.text, TEXT_ARGS(buf_text(&reply)));
	buf_release(&reply);
}

/*
 * It says what failed and where, to whoever asked and to whoever runs it.  What cannot be read
 * where a file of the archive is registered is told to the first alone: the file may be at fault.
 */
static void expect_told(const struct life_change *change, const struct fault_row *row, int r,
                        const struct buf *reply, const struct fault *fault, const char *label)
{
	bool registers = strstr(change->label, "archive.month") != NULL && r == 0;
	char refused[64];

	if (registers)
		r = row->code;
	else if (r != row->code || (int)fault->code != -r ||
	         strstr(fault->text, kit.folder) == NULL)
		fail_msg("%s: %s: %s", label, fault_name(r), fault->text);
	snprintf(refused, sizeof(refused), "{\"ok\":false,\"fault\":\"%s\",\"error\":\"",
	         fault_name(r));
	if (change->kind == LIFE_REQUEST && (strncmp(reply->at, refused, strlen(refused)) != 0 ||
	                                     strstr(reply->at, kit.folder) == NULL))
		fail_msg("%s: %s", label, reply->at);
}

static bool change_failing(const struct life_change *change, const struct fault_row *row,
                           const char *before, const char *after, uint64_t k)
{
	bool done = false, failed;
	struct fault fault = { .code = FAULT_NONE };
	struct buf reply = { .at = NULL };
	struct power_trace trace;
	char label[128];
	const char *now;
	int r;

	snprintf(label, sizeof(label), "%s, %s %llu", change->label, power_fault_name(row->fault),
	         (unsigned long long)k);
	power_record(&trace, kit.path);
	life_lay_out(&kit, change);
	power_fail(row->fault, k, row->sticky);
	r = life_run(&kit, change, &done, &reply, &fault);
	failed = power_failed() > 0;
	power_mend();
	if (!done)
		expect_told(change, row, r, &reply, &fault, label);
	assert_true(failed || done);
	buf_release(&reply);
	kit_shut(&kit);
	power_stop();
	power_trace_release(&trace);
	kit_reopen(&kit);
	now = life_sums(&kit);
	if (done && strcmp(now, after) != 0)
		fail_msg("%s: done, but %s\nnot %s", label, now, after);
	if (!done && strcmp(now, after) != 0) {
		if (!change->steps && strcmp(now, before) != 0)
			fail_msg("%s: half done: %s", label, now);
		run_whole(change, label);
		now = life_sums(&kit);
		if (strcmp(now, after) != 0)
			fail_msg("%s: then %s\nnot %s", label, now, after);
	}
	if (++verified % VERIFY_EVERY == 0)
		kit_verify_clean(&kit);
	return failed;
}

static void fail_each(const struct life_change *change)
{
	char *before, *after;

	life_lay_out(&kit, change);
	before = strdup(life_sums(&kit));
	run_whole(change, change->label);
	kit_verify_clean(&kit);
	after = strdup(life_sums(&kit));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool reads = rows[i].fault == FAULTY_READ_EIO;
		unsigned stride = reads ? reads_stride : others_stride;
		uint64_t k = power_random(&seed) % stride;

		while (change_failing(change, &rows[i], before, after, k)) {
			k += stride;
			assert_true(k < OPERATIONS_MAX);
		}
	}
	free(before);
	free(after);
}

static void test_a_change_on_a_failing_disk_is_whole_or_was_not(void **state)
{
	(void)state;
	print_message("SEED=%llu\n", (unsigned long long)seed);
	for (size_t i = 0; i < life_change_count; i++)
		fail_each(&life_changes[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_change_on_a_failing_disk_is_whole_or_was_not),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
