/*
 * A disk that fails while a copy of a ledger is made, read or moved: in each use of
 * tests/support/copykit.h one operation after the other fails, of the ledger, of its WAL, of the
 * copy and of the archive's files, once or from there on (tests/support/powervfs.h).  No space is
 * -FAULT_FULL; another error names the file that failed; there is no file more, what was there is
 * as it was; and what failed is done when the disk is well again.  And it may write a wrong bit
 * and say nothing: then there is a fault or a finding, or the copy is a good one all the same.
 *
 * SEED comes from the environment: it says which operations fail, of uses that have many.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/copykit.h"
#include "tests/support/powervfs.h"

enum {
	ASK_EVERY = 4, /* of the runs, which takes longer */
	VERIFY_EVERY = 16,
	RUNS_OF_EACH = 4, /* faults of a use and kind, about */
	RUNS_OF_EACH_SANITIZED = 1,
	FLIPS_TIMES = 4, /* as many of them, of which many are of no account */
	PATH_BYTES = 512,
};

static struct copykit kit;
static uint64_t random_state;
static uint64_t runs_of_each = RUNS_OF_EACH;

struct run {
	const struct copy_use *use;
	enum power_fault fault;
	uint64_t k;
	bool sticky;
	enum copy_depth depth;
};

static int setup(void **state)
{
	const char *mode = getenv("TOLL_MODE"), *text = getenv("SEED");

	(void)state;
	random_state = text != NULL ? strtoull(text, NULL, 10) : 1;
	if (mode != NULL && (strcmp(mode, "asan") == 0 || strcmp(mode, "tsan") == 0))
		runs_of_each = RUNS_OF_EACH_SANITIZED;
	power_install();
	power_seed(random_state);
	copy_setup(&kit);
	power_watch(kit.kit.folder);

	return 0;
}

static int teardown(void **state)
{
	(void)state;
	power_stop();
	copy_teardown(&kit);
	return 0;
}

static const char *describe(const struct run *run)
{
	static char text[160];

	snprintf(text, sizeof(text), "%s, %s, the %lluth%s", run->use->label,
	         power_fault_name(run->fault), (unsigned long long)run->k,
	         run->sticky ? " and all after it" : "");
	return text;
}

/* --- what may come of it -------------------------------------------------- */

/* The file that SQLite has this part of: without "-wal", and the name that it was to get. */
static void file_of(const char *path, char out[PATH_BYTES])
{
	char *end;
	size_t len;

	snprintf(out, PATH_BYTES, "%s", path);
	end = strrchr(out, '-');
	if (end != NULL && (strcmp(end, "-wal") == 0 || strcmp(end, "-journal") == 0))
		*end = '\0';
	len = strlen(out);
	if (len > 7 && out[len - 7] == '.' && strchr(out + len - 6, '/') == NULL)
		out[len - 7] = '\0';
}

static bool is_of_space(enum power_fault fault)
{
	return fault == FAULTY_WRITE_ENOSPC || fault == FAULTY_WRITE_EDQUOT ||
	       fault == FAULTY_WRITE_SHORT;
}

static void expect_fault(const struct run *run, int r, const struct fault *fault)
{
	char path[PATH_BYTES];
	bool good = r == (is_of_space(run->fault) ? -FAULT_FULL : -FAULT_IO);

	/* SQLite takes what cannot be read for damaged, and so it is when a bit is wrong. */
	if ((run->fault == FAULTY_READ_EIO || run->fault == FAULTY_WRITE_FLIP) &&
	    r == -FAULT_CORRUPT)
		good = true;
	/* SQLite has no word for a quota, and of a migration's journal forgets it. */
	if (run->fault == FAULTY_WRITE_EDQUOT && r == -FAULT_IO &&
	    strstr(run->use->label, "older") != NULL)
		good = true;
	if (run->fault == FAULTY_WRITE_HALF || power_failed() == 0)
		good = false;
	if (!good || fault->code != (enum fault_code)(-r))
		fail_msg("%s: %s: %s", describe(run), fault_name(r), fault->text);
	file_of(power_failed_path(), path);
	/* Of what is damaged it may be the backup that is to be restored. */
	if (r == -FAULT_CORRUPT)
		snprintf(path, sizeof(path), "%s/", kit.kit.folder);
	if (strstr(fault->text, path) == NULL)
		fail_msg("%s: it was %s: %s", describe(run), path, fault->text);
}

/* What a use comes to when nothing fails, by depth. */
struct expected {
	struct buf told;
	char *before[COPY_VERIFIED + 1], *after[COPY_VERIFIED + 1];
};

static void expect_found(const struct run *run, char *const expected[])
{
	const char *found = copy_found(&kit, run->depth);

	if (strcmp(found, expected[run->depth]) != 0)
		fail_msg("%s: there is\n%s\nnot\n%s", describe(run), found, expected[run->depth]);
}

static void expect_whole(const struct run *run, const struct expected *expected,
                         const struct buf *told)
{
	if (!text_equal(buf_text(told), buf_text(&expected->told)))
		fail_msg("%s: %.*s\nnot %.*s", describe(run), TEXT_ARGS(buf_text(told)),
		         TEXT_ARGS(buf_text(&expected->told)));
	expect_found(run, expected->after);
}

/* The copy was not good, and verify says so: it has no name, or is in no place. */
static bool is_told_of(const struct buf *told)
{
	return told->at != NULL && strstr(told->at, " findings") != NULL &&
	       strncmp(told->at, "0 findings", 10) != 0;
}

/* Without what was kept for somebody to look at. */
static void expect_untouched(const struct run *run, const struct expected *expected)
{
	const char *found = copy_found(&kit, COPY_NAMES), *line = found;
	char rest[8192] = "";

	while (*line != '\0') {
		int len = (int)strcspn(line, "\n");
		const char *mode = memchr(line, ' ', (size_t)len);

		if (mode - line < 10 || strncmp(mode - 10, ".db.", 4) != 0 ||
		    strncmp(mode - 7, ".secret", 7) == 0)
			snprintf(rest + strlen(rest), sizeof(rest) - strlen(rest), "%.*s\n", len,
			         line);
		line += len + 1;
	}
	if (strcmp(rest, expected->before[COPY_NAMES]) != 0)
		fail_msg("%s: there is\n%s\nnot\n%s", describe(run), found,
		         expected->before[COPY_NAMES]);
}

static void run_again(const struct run *run, const struct expected *expected)
{
	struct fault fault = { .code = FAULT_NONE };
	struct buf told = { .at = NULL };

	/* What a sync failed of may be there all the same, and is not done twice. */
	if (run->use->run(&kit, &told, &fault) < 0 &&
	    strstr(fault.text, "is closed already") == NULL)
		fail_msg("behind %s: %s", describe(run), fault.text);
	expect_whole(run, expected, &told);
	buf_release(&told);
}

struct counts {
	uint64_t runs, faults, found, whole;
};

/* false: there are not so many operations. */
static bool run_faulty(const struct run *run, const struct expected *expected,
                       struct counts *counts)
{
	struct fault fault = { .code = FAULT_NONE };
	struct buf told = { .at = NULL };
	size_t len = strlen(kit.kit.path);
	uint64_t failed;
	int r;

	copy_lay_out(&kit, run->use);
	power_fail(run->fault, run->k, run->sticky);
	r = run->use->run(&kit, &told, &fault);
	power_mend();
	failed = power_failed();
	counts->runs += failed > 0;
	if (run->fault == FAULTY_WRITE_FLIP &&
	    strncmp(power_failed_path(), kit.kit.path, len) == 0 &&
	    strchr("-", power_failed_path()[len]) != NULL) {
		/* Not the copy's. */
	} else if (r < 0) {
		counts->faults++;
		expect_fault(run, r, &fault);
		/* Who has seen its ledger fail opens it anew. */
		if (run->use->moves)
			copy_found(&kit, COPY_NAMES);
		else
			expect_found(run, expected->before);
		copy_open(&kit, run->use);
		run_again(run, expected);
	} else if (is_told_of(&told)) {
		counts->found++;
		if (run->fault != FAULTY_WRITE_FLIP && run->fault != FAULTY_READ_EIO)
			fail_msg("%s: %.*s", describe(run), TEXT_ARGS(buf_text(&told)));
		expect_untouched(run, expected);
	} else {
		counts->whole++;
		expect_whole(run, expected, &told);
	}
	buf_release(&told);
	return failed > 0;
}

/* --- all of them ----------------------------------------------------------- */

static uint64_t expect_all(const struct copy_use *use, enum power_fault fault,
                           struct expected *expected)
{
	struct fault why = { .code = FAULT_NONE };
	uint64_t operations = 0;

	*expected = (struct expected){ .told = { .at = NULL } };
	for (int depth = COPY_NAMES; depth <= COPY_VERIFIED; depth++) {
		copy_lay_out(&kit, use);
		expected->before[depth] = strdup(copy_found(&kit, (enum copy_depth)depth));
		copy_open(&kit, use);
		buf_clear(&expected->told);
		operations = power_operations(fault);
		if (use->run(&kit, &expected->told, &why) < 0)
			fail_msg("%s: %s", use->label, why.text);
		operations = power_operations(fault) - operations;
		expected->after[depth] = strdup(copy_found(&kit, (enum copy_depth)depth));
	}
	return operations;
}

static void release(struct expected *expected)
{
	buf_release(&expected->told);
	for (int depth = COPY_NAMES; depth <= COPY_VERIFIED; depth++) {
		free(expected->before[depth]);
		free(expected->after[depth]);
	}
}

static void run_all(const struct copy_use *use, enum power_fault fault, struct counts *counts)
{
	struct expected expected;
	uint64_t operations = expect_all(use, fault, &expected);
	uint64_t more = fault == FAULTY_WRITE_FLIP ? FLIPS_TIMES : 1;
	uint64_t stride = 1 + operations / (runs_of_each * more);

	for (int sticky = 0; sticky < (fault == FAULTY_WRITE_FLIP ? 1 : 2); sticky++) {
		struct run run = { .use = use, .fault = fault, .sticky = sticky == 1 };

		for (run.k = power_random(&random_state) % stride; run.k < operations;
		     run.k += 1 + power_random(&random_state) % (2 * stride - 1)) {
			run.depth = counts->runs % ASK_EVERY == 0 ? COPY_ANSWERS : COPY_NAMES;
			if (counts->runs % VERIFY_EVERY == 0 || fault == FAULTY_WRITE_FLIP)
				run.depth = COPY_VERIFIED;
			run_faulty(&run, &expected, counts);
		}
	}
	release(&expected);
}

static void test_a_copy_of_a_disk_that_fails_is_good_or_was_not_made(void **state)
{
	(void)state;
	print_message("SEED=%llu%s\n", (unsigned long long)random_state,
	              runs_of_each < RUNS_OF_EACH ? " (fewer, because of the sanitizer)" : "");
	for (int f = 0; f <= FAULTY_WRITE_FLIP; f++) {
		enum power_fault fault = (enum power_fault)f;
		struct counts counts = { .runs = 0 };

		for (size_t i = 0; i < copy_use_count; i++)
			run_all(&copy_uses[i], fault, &counts);
		print_message("%-26s %llu runs: %llu faults, %llu with findings, %llu whole\n",
		              power_fault_name(fault), (unsigned long long)counts.runs,
		              (unsigned long long)counts.faults, (unsigned long long)counts.found,
		              (unsigned long long)counts.whole);
		/* Each had its effect. */
		assert_true(counts.runs > 0);
		assert_true(fault == FAULTY_WRITE_HALF ? counts.faults == 0 : counts.faults > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_copy_of_a_disk_that_fails_is_good_or_was_not_made),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
