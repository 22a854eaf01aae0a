/*
 * A month of traffic in a ledger, a statement of it with faults of every cause, and a
 * reconciliation that has to find each of them with its amount, and nothing else: by ids, by facts
 * and by days, from three kinds of files, of which some are rounded.
 *
 * SEED and RUNS come from the environment: so many seeds from that one on.  RUNS=1 tells what was
 * injected.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/billkit.h"

enum {
	RUNS_DEFAULT = 200,
	SANITIZED_SHARE = 20, /* under a sanitizer every twentieth */
	EVENTS_LEAST = 300,
	EVENTS_MORE = 500,
	FAULTS_MORE = 3,
	ROUNDED_EVERY = 3, /* seeds: a statement that has no more than cents of cents of cents */
	ROUNDED_DECIMALS = 6,
	DEAR_EVERY =
		5, /* seeds: requests of hundreds of dollars, rounded ones in hundredths of cents */
	DEAR = 10000,
	DEAR_DECIMALS = 4,
};

#define FAULT_BIT(fault) (UINT64_C(1) << (fault))

static int64_t number_from(const char *name, int64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL && *text != '\0' ? strtoll(text, NULL, 10) : otherwise;
}

static bool is_sanitized(void)
{
	const char *mode = getenv("TOLL_MODE");

	return mode != NULL && (strcmp(mode, "asan") == 0 || strcmp(mode, "tsan") == 0);
}

static struct billgen_options options_of(uint64_t seed, enum billgen_format format)
{
	struct billgen_dice dice = billgen_dice(seed, 0, 0);
	struct billgen_options options = { .seed = seed };

	options.events = EVENTS_LEAST + billgen_roll(&dice, EVENTS_MORE);
	options.faults = 1 + billgen_roll(&dice, FAULTS_MORE);
	options.decimals = seed % ROUNDED_EVERY == 0 ? (unsigned)ROUNDED_DECIMALS
	                                             : MONEY_DECIMALS_MAX;
	if (seed % DEAR_EVERY == 1) {
		options.dear = DEAR;
		if (seed % ROUNDED_EVERY == 0)
			options.decimals = DEAR_DECIMALS;
	}
	/* It is in dollars throughout, and has no word for these. */
	if (format == GEN_OPENROUTER_CSV)
		options.without = FAULT_BIT(GEN_DISCOUNT_STATED) | FAULT_BIT(GEN_OTHER_CURRENCY) |
		                  FAULT_BIT(GEN_COUNTS_SEARCHES) | FAULT_BIT(GEN_COUNTS_IMAGES) |
		                  FAULT_BIT(GEN_FEE_ROW) | FAULT_BIT(GEN_TAX_ROW) |
		                  FAULT_BIT(GEN_CREDIT_ROW);
	return options;
}

static void run_seed(uint64_t seed, bool tell, int64_t injected[GEN_FAULT_COUNT])
{
	enum billgen_format format = (enum billgen_format)(seed / 2 % GEN_FORMAT_COUNT);
	enum billgen_format plain = format == GEN_OPENROUTER_CSV ? GEN_TOLL_CSV : format;
	const struct billgen_options options = options_of(seed, format);
	char path[KIT_PATH_BYTES];
	struct billkit kit;

	billkit_open(&kit, &options);
	if (tell) {
		struct buf out = { .at = NULL };

		billgen_put_faults(&kit.gen, &out);
		printf("%.*s", TEXT_ARGS(buf_text(&out)));
		buf_release(&out);
	}
	billkit_write(&kit, format, BILLKIT_IDS, path);
	billkit_check(&kit, path, format, BILLKIT_IDS);
	/* What is known by its facts alone has none to spare. */
	billkit_write(&kit, plain, BILLKIT_FACTS, path);
	billkit_check(&kit, path, plain, BILLKIT_FACTS);
	billkit_write(&kit, GEN_TOLL_CSV, BILLKIT_DAYS, path);
	billkit_check(&kit, path, GEN_TOLL_CSV, BILLKIT_DAYS);
	for (int f = 0; f < GEN_FAULT_COUNT; f++)
		injected[f] += kit.gen.injected[f];
	billkit_close(&kit);
}

static void test_each_injected_fault_is_found_and_nothing_else(void **state)
{
	int64_t runs = number_from("RUNS", RUNS_DEFAULT), injected[GEN_FAULT_COUNT] = { 0 };
	uint64_t seed = (uint64_t)number_from("SEED", 1);

	(void)state;
	if (is_sanitized() && runs > SANITIZED_SHARE) {
		runs /= SANITIZED_SHARE;
		printf("note: reconcile: %lld seeds, of %d: a sanitizer is slow\n", (long long)runs,
		       SANITIZED_SHARE * (int)runs);
	}
	printf("reconcile: SEED=%llu, %lld seeds\n", (unsigned long long)seed, (long long)runs);
	for (int64_t i = 0; i < runs; i++)
		run_seed(seed + (uint64_t)i, runs == 1, injected);
	for (int f = GEN_NO_FAULT + 1; f < GEN_FAULT_COUNT; f++) {
		printf("%s%s %lld",
		       f > 1 ? ", " : "reconcile: ", billgen_fault_name((enum billgen_fault)f),
		       (long long)injected[f]);
		/* Six seeds have every format and both ways to write amounts. */
		if (runs >= 6)
			assert_true(injected[f] > 0);
	}
	printf("\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_injected_fault_is_found_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
