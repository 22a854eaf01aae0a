/*
 * A month of traffic in a ledger, statements of it with faults of every cause, and reconciliations
 * that have to find each of them with its amount, and nothing else: by ids, by facts and by days,
 * from three kinds of files, as exact as prices are and rounded as invoices do.
 *
 * SEED and RUNS come from the environment: so many seeds from that one on, of EVENTS at the most.
 * RUNS=1 tells what was injected.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/billkit.h"
#include "tests/support/campaign.h"

enum {
	RUNS_DEFAULT = 200,
	SANITIZED_SHARE = 20, /* under a sanitizer every twentieth */
	EVENTS_DEFAULT = 2500,
	FAULTS_MORE = 3,
	/* So many seeds have every format, and every way to round it. */
	SEEDS_TO_SEE_ALL = 12,
	CHANCES = 10,      /* of so many prices that no sum can tell, one fits a rate */
	ROW_CHANCES = 100, /* of so many amounts of a request that were made up, fewer than one */
};

/* What is rounded has to be dear enough to be seen. */
static const struct {
	unsigned decimals;
	int64_t dear, dear_fees;
} scales[] = {
	{ 6, 1, 1 },
	{ 4, 10000, 1 },
	{ 3, 10000, 10000 },   /* tenths of cents */
	{ 2, 100000, 100000 }, /* cents */
};

static struct billgen_options options_of(uint64_t seed)
{
	struct billgen_dice dice = billgen_dice(seed, 0, 0);
	int64_t most = campaign_number("EVENTS", EVENTS_DEFAULT);
	size_t scale = seed % (sizeof(scales) / sizeof(scales[0]));

	return (struct billgen_options){
		.seed = seed,
		.events = most - billgen_roll(&dice, most / 5),
		.faults = 1 + billgen_roll(&dice, FAULTS_MORE),
		.decimals = MONEY_DECIMALS_MAX,
		.dear = scales[scale].dear,
		.dear_fees = scales[scale].dear_fees,
		/* As gateways send them, or all mixed up. */
		.in_order = seed % 3 == 0,
	};
}

static void check(struct billkit *kit, enum billgen_format format, enum billkit_statement what)
{
	char path[KIT_PATH_BYTES];

	billkit_write(kit, format, what, path);
	billkit_check(kit, path, format, what);
}

static void tell_faults(const struct billkit *kit)
{
	struct buf out = { .at = NULL };

	billgen_put_faults(&kit->gen, &out);
	printf("%.*s", TEXT_ARGS(buf_text(&out)));
	buf_release(&out);
}

static void run_seed(uint64_t seed, bool tell, struct billkit_tally *tally)
{
	const struct billgen_options options = options_of(seed);
	const unsigned decimals[] = {
		MONEY_DECIMALS_MAX, scales[seed % (sizeof(scales) / sizeof(scales[0]))].decimals
	};
	struct billkit kit;

	billkit_open(&kit, &options);
	kit.tally = *tally;
	if (tell)
		tell_faults(&kit);
	for (size_t i = 0; i < sizeof(decimals) / sizeof(decimals[0]); i++) {
		enum billgen_format format = (enum billgen_format)((seed / 2 + i) %
		                                                   GEN_FORMAT_COUNT);

		billkit_round(&kit, decimals[i]);
		check(&kit, format, BILLKIT_IDS);
		/* What is known by its facts alone has none to spare. */
		if (seed / 4 % 2 == i)
			check(&kit, format == GEN_OPENROUTER_CSV ? GEN_TOLL_CSV : format,
			      BILLKIT_FACTS);
		check(&kit, GEN_TOLL_CSV, BILLKIT_DAYS);
	}
	*tally = kit.tally;
	billkit_close(&kit);
}

static void tell_tally(const struct billkit_tally *tally)
{
	printf("reconcile: %-16s %-15s %8s %8s %8s %8s\n", "injected", "cause", "requests", "told",
	       "in a sum", "told");
	for (int f = GEN_NO_FAULT + 1; f < GEN_FAULT_COUNT; f++) {
		enum bill_cause cause = billgen_fault_cause((enum billgen_fault)f);

		printf("reconcile: %-16s %-15s %8lld %8lld %8lld %8lld\n",
		       billgen_fault_name((enum billgen_fault)f),
		       cause == CAUSE_COUNT ? "none" : bill_cause_name(cause),
		       (long long)tally->requests[f].due, (long long)tally->requests[f].told,
		       (long long)tally->sums[f].due, (long long)tally->sums[f].told);
	}
	for (int c = 0; c < CAUSE_COUNT; c++)
		printf("%s%s %lld",
		       c > 0 ? ", " : "reconcile: ", bill_cause_name((enum bill_cause)c),
		       (long long)tally->causes[c]);
	printf("\nreconcile: of sums %lld are unexplained, and %lld a rate by chance\n",
	       (long long)tally->unexplained - tally->by_chance, (long long)tally->by_chance);
}

/*
 * Each kind of fault was there and was told as its cause, by request and where a sum can tell; and
 * each cause there is has one.  Rounding is none: it comes of itself, where rows are rounded.
 */
static void check_tally(const struct billkit_tally *tally)
{
	const struct billkit_count *made_up = &tally->requests[GEN_UNEXPLAINED_SUM];
	bool injected[CAUSE_COUNT] = { [CAUSE_ROUNDING] = true };

	for (int f = GEN_NO_FAULT + 1; f < GEN_FAULT_COUNT; f++) {
		enum billgen_fault fault = (enum billgen_fault)f;
		enum bill_cause cause = billgen_fault_cause(fault);

		assert_true(tally->requests[f].due > 0);
		assert_true(tally->requests[f].told > 0);
		if (cause == CAUSE_COUNT)
			continue;
		injected[cause] = true;
		assert_true(tally->sums[f].due > 0);
		if (billgen_fault_sum(fault, true) == cause)
			assert_true(tally->sums[f].told > 0);
	}
	for (int c = 0; c < CAUSE_COUNT; c++) {
		assert_true(injected[c]);
		assert_true(tally->causes[c] > 0);
	}
	assert_true(tally->by_chance * CHANCES < tally->unexplained);
	assert_true((made_up->due - made_up->told) * ROW_CHANCES < made_up->due);
}

static void test_each_injected_fault_is_found_and_nothing_else(void **state)
{
	int64_t runs = campaign_number("RUNS", RUNS_DEFAULT);
	uint64_t seed = (uint64_t)campaign_number("SEED", 1);
	struct billkit_tally tally = { .unexplained = 0 };

	(void)state;
	if (campaign_sanitized() && runs > SANITIZED_SHARE) {
		runs /= SANITIZED_SHARE;
		printf("note: reconcile: %lld seeds, of %d: a sanitizer is slow\n", (long long)runs,
		       SANITIZED_SHARE * (int)runs);
	}
	printf("reconcile: SEED=%llu, %lld seeds\n", (unsigned long long)seed, (long long)runs);
	for (int64_t i = 0; i < runs; i++)
		run_seed(seed + (uint64_t)i, runs == 1, &tally);
	tell_tally(&tally);
	if (runs >= SEEDS_TO_SEE_ALL)
		check_tally(&tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_injected_fault_is_found_and_nothing_else),
	};

	/* Ledgers are small and many, and none is kept: no disk is waited for. */
	if (access("/dev/shm", W_OK | X_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
