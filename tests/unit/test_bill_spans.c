/* By sums of spans, and by facts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/matchkit.h"

#define DAY(day, in, out, amount)                                                                  \
	"from=2026-07-0" day " model=m input=" in " output=" out " amount=" amount " to=2026-07-0"

static void july(struct matchkit *kit)
{
	match_event(kit, "e1", "2026-07-01T00:00:00Z", 5, 1, "");
	match_event(kit, "e2", "2026-07-01T23:59:59.999Z", 1, 1, "");
	match_event(kit, "e3", "2026-07-02T12:00:00Z", 2, 0, "");
	match_event(kit, "e4", "2026-07-02T13:00:00Z", 1, 0, ",'model':'n'");
}

static void test_days_are_summed_by_model(void **state)
{
	struct matchkit *kit = *state;

	july(kit);
	match_row(kit, DAY("1", "6", "2", "10") "2");
	match_row(kit, DAY("2", "1", "0", "1") "3");
	match_row(kit, DAY("2", "1", "0", "1") "3 description=more");
	match_row(kit, "from=2026-07-02 to=2026-07-03 model=n input=1 output=0 amount=3");
	match_finds(kit, "ours 15.00 theirs 15.00\n");
	assert_int_equal(kit->result.match, MATCH_DAY);
	assert_int_equal(kit->result.pairs, 3);
	/* Coarser: the same in one sum. */
	for (enum bill_match match = MATCH_DAY; match < MATCH_COUNT; match++) {
		kit->options.match = match;
		match_finds(kit, "ours 15.00 theirs 15.00\n");
	}
	assert_int_equal(kit->result.pairs, 2);
}

static void test_aliases_are_one_model(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", "2026-07-01T00:00:00Z", 5, 1, ",'model':'vendor/m'");
	match_event(kit, "e2", "2026-07-01T00:00:00Z", 1, 1, "");
	match_row(kit, DAY("1", "5", "1", "7") "2");
	match_row(kit, "from=2026-07-01 to=2026-07-02 model=vendor/m input=1 output=1 amount=3");
	match_finds(kit, "ours 10.00 theirs 10.00\n");
	assert_int_equal(kit->result.pairs, 1);
}

static void test_one_side_alone_is_missing_on_the_other(void **state)
{
	struct matchkit *kit = *state;

	july(kit);
	match_row(kit, "from=2026-07-03 to=2026-07-04 model=m input=9 output=0 amount=9");
	match_row(kit, DAY("1", "6", "2", "10") "2");
	match_row(kit, "from=2026-07-02 to=2026-07-03 model=x input=1 output=0 amount=3");
	match_finds(kit, "missing-there -2.00 - -\n"
	                 "missing-there -3.00 - -\n"
	                 "missing-here 9.00 - 1\n"
	                 "missing-here 3.00 - 3\n"
	                 "ours 15.00 theirs 22.00\n");
}

static void test_a_statement_twice_counts_once(void **state)
{
	struct matchkit *kit = *state;

	july(kit);
	for (int i = 0; i < 2; i++) {
		match_row(kit, DAY("1", "6", "2", "10") "2");
		match_row(kit, DAY("2", "2", "0", "2") "3");
		match_row(kit, "from=2026-07-02 to=2026-07-03 model=n input=1 output=0 amount=3");
	}
	match_finds(kit, "duplicate 10.00 - 4 of 1\n"
	                 "duplicate 2.00 - 5 of 2\n"
	                 "duplicate 3.00 - 6 of 3\n"
	                 "ours 15.00 theirs 30.00\n");
}

static void test_what_a_boundary_moved_cancels(void **state)
{
	struct matchkit *kit = *state;

	july(kit);
	match_event(kit, "e5", "2026-07-03T00:00:00Z", 7, 0, "");
	/* e2 a day later, by their clock. */
	match_row(kit, DAY("1", "5", "1", "7") "2");
	match_row(kit, DAY("2", "3", "1", "5") "3");
	match_row(kit, DAY("3", "7", "0", "7") "4");
	match_row(kit, "from=2026-07-02 to=2026-07-03 model=n input=1 output=0 amount=3");
	match_finds(kit, "other-period -3.00 - 1\n"
	                 "other-period 3.00 - 2\n"
	                 "ours 22.00 theirs 22.00\n");
	assert_true(text_is(kit->result.worst[0].why,
	                    "what the span from 2026-07-01T00:00:00.000Z is off by, that from "
	                    "2026-07-02T00:00:00.000Z is the other way"));
	assert_true(text_is(kit->result.worst[1].why,
	                    "what the span from 2026-07-02T00:00:00.000Z is off by, that from "
	                    "2026-07-01T00:00:00.000Z is the other way"));
}

static void test_rounding_that_cancels_was_not_moved(void **state)
{
	struct matchkit *kit = *state;

	kit->summary.decimals = 2;
	july(kit);
	match_row(kit, DAY("1", "6", "2", "10.004") "2");
	match_row(kit, DAY("2", "2", "0", "1.996") "3");
	match_row(kit, "from=2026-07-02 to=2026-07-03 model=n input=1 output=0 amount=3");
	match_finds(kit, "rounding 0.004 - 1\n"
	                 "rounding -0.004 - 2\n"
	                 "ours 15.00 theirs 15.00\n");
}

static void test_an_amount_that_cancels_was_moved(void **state)
{
	struct matchkit *kit = *state;

	kit->summary.decimals = 2;
	july(kit);
	match_row(kit, DAY("1", "6", "2", "10.01") "2");
	match_row(kit, DAY("2", "2", "0", "1.99") "3");
	match_row(kit, "from=2026-07-02 to=2026-07-03 model=n input=1 output=0 amount=3");
	match_finds(kit, "other-period 0.01 - 1\n"
	                 "other-period -0.01 - 2\n"
	                 "ours 15.00 theirs 15.00\n");
}

static void test_fees_and_credits_of_no_model_stand_alone(void **state)
{
	struct matchkit *kit = *state;

	july(kit);
	match_row(kit, DAY("1", "6", "2", "10") "2");
	match_row(kit, "from=2026-07-01 to=2026-07-02 charge=fee amount=4");
	match_row(kit, DAY("2", "2", "0", "2") "3");
	match_row(kit, "from=2026-07-02 to=2026-07-03 charge=credit amount=-1.5");
	match_row(kit, "from=2026-07-02 to=2026-07-03 charge=purchase amount=100");
	match_row(kit, "from=2026-07-02 to=2026-07-03 model=n input=1 output=0 amount=3");
	match_finds(kit, "fee 4.00 - 2\n"
	                 "discount -1.50 - 4\n"
	                 "fee 100.00 - 5\n"
	                 "ours 15.00 theirs 117.50\n");
}

static void test_a_fee_of_a_component_is_of_the_model_that_used_it(void **state)
{
	struct matchkit *kit = *state;

	july(kit);
	/* Of ours the output of 2026-07-01 is of one model: 6 x 1, and 2 x 2 charged apart. */
	match_row(kit, DAY("1", "6", "2", "6") "2");
	match_row(kit, "from=2026-07-01 to=2026-07-02 charge=fee of=output amount=4");
	match_row(kit, DAY("2", "2", "0", "2") "3");
	match_row(kit, "from=2026-07-02 to=2026-07-03 model=n input=1 output=0 amount=3");
	match_finds(kit, "ours 15.00 theirs 15.00\n");
	/* Of 2026-07-02 two used input, and none output; the third is of no component. */
	match_no_rows(kit);
	match_row(kit, DAY("1", "6", "2", "10") "2");
	match_row(kit, DAY("2", "2", "0", "2") "3");
	match_row(kit, "from=2026-07-02 to=2026-07-03 model=n input=1 output=0 amount=3");
	match_row(kit, "from=2026-07-02 to=2026-07-03 charge=fee of=input amount=1");
	match_row(kit, "from=2026-07-02 to=2026-07-03 charge=fee of=output amount=5");
	match_row(kit, "from=2026-07-01 to=2026-07-02 charge=fee amount=7");
	match_finds(kit, "fee 1.00 - 4\n"
	                 "fee 5.00 - 5\n"
	                 "fee 7.00 - 6\n"
	                 "ours 15.00 theirs 28.00\n");
}

static void test_names_of_two_worlds_are_not_compared(void **state)
{
	struct matchkit *kit = *state;

	july(kit);
	match_row(kit, DAY("1", "6", "2", "10") "2 account=org-7 key=k");
	match_row(kit, DAY("2", "2", "0", "2") "3 account=org-7 key=k");
	match_row(kit, "from=2026-07-02 to=2026-07-03 model=n input=1 output=0 amount=3 "
	               "account=org-8 key=k");
	match_finds(kit, "ours 15.00 theirs 15.00\n");
	assert_non_null(strstr(kit->result.notes.at, "no account of the statement is one of the "
	                                             "ledger's: it is not compared by account"));
	assert_null(strstr(kit->result.notes.at, "by key"));
}

static void test_a_zone_of_half_hours_is_exact(void **state)
{
	struct matchkit *kit = *state;
	struct zone *zone = NULL;

	assert_int_equal(zone_open(&zone, text_of("+05:30"), NULL), 0);
	match_event(kit, "e0", "2026-06-30T18:29:59.999Z", 100, 0, "");
	match_event(kit, "e1", "2026-06-30T18:30:00Z", 5, 1, "");
	match_event(kit, "e2", "2026-07-01T10:00:00Z", 1, 0, "");
	match_event(kit, "e3", "2026-07-01T18:29:59.999Z", 1, 1, "");
	match_event(kit, "e4", "2026-07-01T18:30:00Z", 2, 0, "");
	match_row(kit, "from=2026-06-30T18:30:00Z to=2026-07-01T18:30:00Z model=m input=7 output=2 "
	               "amount=11");
	match_row(kit, "from=2026-07-01T18:30:00Z to=2026-07-02T18:30:00Z model=m input=2 output=0 "
	               "amount=2");
	kit->options.zone = zone;
	match_finds(kit, "ours 13.00 theirs 13.00\n");
	assert_int_equal(kit->result.pairs, 2);
	zone_close(zone);
}

static void test_hours_of_half_hours_are_exact(void **state)
{
	struct matchkit *kit = *state;
	struct zone *zone = NULL;

	assert_int_equal(zone_open(&zone, text_of("+05:30"), NULL), 0);
	match_event(kit, "e1", "2026-07-01T10:29:59.999Z", 5, 1, "");
	match_event(kit, "e2", "2026-07-01T10:30:00Z", 1, 0, "");
	match_row(kit, "from=2026-07-01T09:30:00Z to=2026-07-01T10:30:00Z model=m input=5 output=1 "
	               "amount=7");
	match_row(kit, "from=2026-07-01T10:30:00Z to=2026-07-01T11:30:00Z model=m input=1 output=0 "
	               "amount=1");
	kit->options.zone = zone;
	match_finds(kit, "ours 8.00 theirs 8.00\n");
	assert_int_equal(kit->result.match, MATCH_HOUR);
	assert_int_equal(kit->result.pairs, 2);
	zone_close(zone);
}

static void test_sums_in_another_currency_are_told(void **state)
{
	struct matchkit *kit = *state;

	july(kit);
	match_row(kit, DAY("1", "6", "2", "10") "2 currency=EUR");
	match_row(kit, DAY("2", "2", "0", "2") "3");
	match_row(kit, DAY("2", "2", "0", "2") "3 currency=EUR");
	match_row(kit, "from=2026-07-02 to=2026-07-03 model=n input=1 output=0 amount=3");
	match_finds(kit, "currency -10.00 - 1\n"
	                 "currency 0.00 - 3\n"
	                 "ours 15.00 theirs 5.00\n");
}

/* Of one day and model in two currencies: ours of both is one sum. */
static void test_a_sum_in_two_currencies_is_short_of_the_other(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", "2026-07-01T00:00:00Z", 5, 1, "");
	match_event(kit, "e2", "2026-07-01T10:00:00Z", 2, 1, "");
	match_row(kit, DAY("1", "5", "1", "7") "2");
	match_row(kit, DAY("1", "1", "1", "2") "2 currency=EUR");
	match_row(kit, DAY("1", "1", "0", "1") "2 currency=EUR");
	match_finds(kit, "currency 0.00 - 2\n"
	                 "currency -2.00 - 1\n"
	                 "currency -2.00 - 1\n"
	                 "ours 11.00 theirs 7.00\n");
	assert_true(text_is(kit->result.worst[0].why,
	                    "what theirs are short of here is in EUR, the ledger in USD"));
	/* Not all of it. */
	match_no_rows(kit);
	match_row(kit, DAY("1", "5", "1", "7") "2");
	match_row(kit, DAY("1", "1", "1", "2") "2 currency=EUR");
	match_finds(kit, "currency 0.00 - 2\n"
	                 "counts -2.00 - 1\n"
	                 "counts -2.00 - 1\n"
	                 "ours 11.00 theirs 7.00\n");
	/* Wholes, and other prices beside them. */
	match_no_rows(kit);
	match_row(kit, "from=2026-07-01 to=2026-07-02 model=m prompt_total=5 output=1 "
	               "amount=8");
	match_row(kit, "from=2026-07-01 to=2026-07-02 model=m prompt_total=2 output=1 "
	               "amount=3 currency=EUR");
	assert_non_null(strstr(match_run(kit), "currency -2.00 - 1\n"));
	assert_null(strstr(match_run(kit), "counts"));
	/* Amounts alone. */
	match_no_rows(kit);
	match_row(kit, "from=2026-07-01 to=2026-07-02 model=m amount=7");
	match_row(kit, "from=2026-07-01 to=2026-07-02 model=m amount=3 currency=EUR");
	match_finds(kit, "currency 0.00 - 2\ncurrency -4.00 - 1\nours 11.00 theirs 7.00\n");
	match_no_rows(kit);
	match_row(kit, "from=2026-07-01 to=2026-07-02 model=m amount=11");
	match_row(kit, "from=2026-07-01 to=2026-07-02 model=m amount=3 currency=EUR");
	match_finds(kit, "currency 0.00 - 2\nours 11.00 theirs 11.00\n");
}

static void test_lines_of_components_make_one_sum(void **state)
{
	struct matchkit *kit = *state;

	july(kit);
	match_row(kit, "from=2026-07-01 to=2026-07-02 model=m of=input input=6 amount=6");
	match_row(kit, "from=2026-07-01 to=2026-07-02 model=m of=output output=2 amount=4");
	match_row(kit, "from=2026-07-02 to=2026-07-03 model=m of=input input=2 amount=2");
	match_row(kit, "from=2026-07-02 to=2026-07-03 model=n of=input input=1 amount=3");
	match_finds(kit, "ours 15.00 theirs 15.00\n");
	assert_int_equal(kit->result.theirs.requests, STATEMENT_UNTOLD);
}

/* ---- facts ---- */

#define FACT(time, in, out, amount)                                                                \
	"time=2026-07-01T" time "Z model=m input=" in " output=" out " amount=" amount

static void test_facts_are_matched_within_the_slack(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", "2026-07-01T01:00:00Z", 5, 1, "");
	match_event(kit, "e2", "2026-07-01T02:00:00Z", 5, 1, "");
	match_event(kit, "e3", "2026-07-01T03:00:00Z", 1, 1, "");
	match_row(kit, FACT("01:00:01.999", "5", "1", "7"));
	match_row(kit, FACT("02:00:02.001", "5", "1", "7"));
	match_row(kit, FACT("03:00:00", "1", "2", "5"));
	match_finds(kit, "missing-there -7.00 e2 -\n"
	                 "missing-there -3.00 e3 -\n"
	                 "missing-here 7.00 - 2\n"
	                 "missing-here 5.00 - 3\n"
	                 "ours 17.00 theirs 19.00\n");
	assert_int_equal(kit->result.match, MATCH_FACTS);
}

static void test_the_nearest_facts_come_first(void **state)
{
	struct matchkit *kit = *state;

	/* The first event would take the row that the second one is nearer to. */
	match_event(kit, "e1", "2026-07-01T01:00:00Z", 5, 1, "");
	match_event(kit, "e2", "2026-07-01T01:00:01.500Z", 5, 1, "");
	match_event(kit, "e3", "2026-07-01T02:00:00Z", 5, 1, "");
	match_event(kit, "e4", "2026-07-01T02:00:01Z", 5, 1, "");
	match_row(kit, FACT("01:00:01.600", "5", "1", "7.1"));
	match_row(kit, FACT("02:00:01", "5", "1", "7.3"));
	match_row(kit, FACT("02:00:01.100", "5", "1", "7.2"));
	match_run(kit);
	assert_non_null(strstr(kit->found.at, "missing-there -7.00 e1 -\n"));
	assert_non_null(strstr(kit->found.at, " e2 1\n"));
	assert_non_null(strstr(kit->found.at, " e3 3\n"));
	assert_non_null(strstr(kit->found.at, " e4 2\n"));
}

/* All rows are late by the same, and may be nearer to another event than to their own. */
static void test_no_pair_is_lost_for_a_nearer_one(void **state)
{
	static const int late_ms[] = { 400, 600, 900, 1500 };
	enum { ALIKE = 40 };
	struct matchkit *kit = *state;
	char text[200];

	kit_begin(&kit->ledger);
	for (int i = 0; i < ALIKE; i++) {
		snprintf(text, sizeof(text), "e%d", i);
		snprintf(text + 20, sizeof(text) - 20, "2026-07-01T10:00:%02dZ", i);
		match_event(kit, text, text + 20, 1, 0, "");
	}
	kit_commit(&kit->ledger);
	kit->options.match = MATCH_FACTS;
	for (size_t k = 0; k < sizeof(late_ms) / sizeof(late_ms[0]); k++) {
		match_no_rows(kit);
		/* The last of them first. */
		for (int i = ALIKE - 1; i >= 0; i--) {
			int ms = 1000 * i + late_ms[k];

			snprintf(text, sizeof(text),
			         "time=2026-07-01T10:00:%02d.%03dZ model=m input=1 amount=1",
			         ms / 1000, ms % 1000);
			match_row(kit, text);
		}
		match_finds(kit, "ours 40.00 theirs 40.00\n");
		assert_int_equal(kit->result.pairs, ALIKE);
	}
}

/* More that are alike than are looked at for a nearer one: each is found all the same, once. */
static void test_many_of_the_same_facts_are_one_to_one(void **state)
{
	enum { ALIKE = 600 };
	struct matchkit *kit = *state;
	char text[200];

	kit_begin(&kit->ledger);
	for (int i = 0; i < ALIKE; i++) {
		snprintf(text, sizeof(text), "e%d", i);
		match_event(kit, text, "2026-07-01T10:00:00Z", 1, 0, "");
		snprintf(text, sizeof(text), "time=2026-07-01T10:00:%02dZ model=m input=1 amount=1",
		         i % 3);
		match_row(kit, text);
	}
	kit_commit(&kit->ledger);
	snprintf(text, sizeof(text), "time=2026-07-01T10:00:09Z model=m input=1 amount=1");
	match_row(kit, text);
	kit->options.match = MATCH_FACTS;
	match_finds(kit, "missing-here 1.00 - 601\nours 600.00 theirs 601.00\n");
}

/* More that wait for a nearer row than there is room for: the first ones go early, to their own. */
static void test_more_events_than_can_wait_find_their_rows(void **state)
{
	enum { WAITING = 4200 };
	struct matchkit *kit = *state;
	char text[200];

	kit_begin(&kit->ledger);
	for (int i = 0; i < WAITING; i++) {
		snprintf(text, sizeof(text), "e%d", i);
		match_event(kit, text, "2026-07-01T10:00:00Z", i + 1, 0, "");
		snprintf(text, sizeof(text), "time=2026-07-01T10:00:01Z model=m input=%d amount=%d",
		         i + 1, i + 1);
		match_row(kit, text);
	}
	kit_commit(&kit->ledger);
	match_event(kit, "last", "2026-07-01T10:00:00Z", WAITING + 1, 0, "");
	kit->options.match = MATCH_FACTS;
	match_finds(kit, "missing-there -4201.00 last -\nours 8826301.00 theirs 8822100.00\n");
	assert_int_equal(kit->result.equal, WAITING);
}

static void test_the_same_facts_twice_are_a_duplicate(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", "2026-07-01T01:00:00Z", 5, 1, "");
	match_event(kit, "e2", "2026-07-01T02:00:00Z", 2, 1, "");
	match_event(kit, "e2", "2026-07-01T02:00:00Z", 2, 1, ",'source':'gw-2'");
	match_row(kit, FACT("01:00:00", "5", "1", "7"));
	match_row(kit, FACT("01:00:00", "5", "1", "7"));
	match_row(kit, FACT("02:00:00", "2", "1", "4"));
	match_finds(kit, "duplicate -4.00 e2 - of 3\n"
	                 "duplicate 7.00 - 2 of 1\n"
	                 "ours 15.00 theirs 18.00\n");
}

static void test_ids_that_nobody_knows_leave_the_facts(void **state)
{
	struct matchkit *kit = *state;

	match_event(kit, "e1", "2026-07-01T01:00:00Z", 5, 1, "");
	match_row(kit, FACT("01:00:00", "5", "1", "7") " id=gen-1");
	match_finds(kit, "ours 7.00 theirs 7.00\n");
	assert_int_equal(kit->result.match, MATCH_FACTS);
	assert_non_null(strstr(kit->result.notes.at,
	                       "matched by facts: no id of the statement is in the ledger"));
	assert_int_equal(kit->result.theirs.rows, 1);
	assert_int_equal(kit->result.theirs.requests, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, match_setup, match_teardown)
		TEST(test_days_are_summed_by_model),
		TEST(test_aliases_are_one_model),
		TEST(test_one_side_alone_is_missing_on_the_other),
		TEST(test_a_statement_twice_counts_once),
		TEST(test_what_a_boundary_moved_cancels),
		TEST(test_rounding_that_cancels_was_not_moved),
		TEST(test_an_amount_that_cancels_was_moved),
		TEST(test_fees_and_credits_of_no_model_stand_alone),
		TEST(test_a_fee_of_a_component_is_of_the_model_that_used_it),
		TEST(test_names_of_two_worlds_are_not_compared),
		TEST(test_a_zone_of_half_hours_is_exact),
		TEST(test_hours_of_half_hours_are_exact),
		TEST(test_sums_in_another_currency_are_told),
		TEST(test_a_sum_in_two_currencies_is_short_of_the_other),
		TEST(test_lines_of_components_make_one_sum),
		TEST(test_facts_are_matched_within_the_slack),
		TEST(test_the_nearest_facts_come_first),
		TEST(test_no_pair_is_lost_for_a_nearer_one),
		TEST(test_many_of_the_same_facts_are_one_to_one),
		TEST(test_more_events_than_can_wait_find_their_rows),
		TEST(test_the_same_facts_twice_are_a_duplicate),
		TEST(test_ids_that_nobody_knows_leave_the_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
