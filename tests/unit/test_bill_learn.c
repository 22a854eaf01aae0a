/*
 * What only all pairs of a statement say together: a factor, a fee or a rate that none of them
 * proves alone, and in which direction its amounts are rounded.  And what must not be learned.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bill/learn.h"
#include "tests/support/matchkit.h"

enum { REQUESTS = 120, DAYS = 3 };

static const char book[] =
	"{'pricebook':1,'name':'c','currency':'USD','models':[{'model':'c','versions':["
	"{'effective_from':'2026','rates':[{'component':'input','per_million':'4'},"
	"{'component':'output','per_million':'12'},"
	"{'component':'input','per_million':'7','when':{'tier':'priority'}},"
	"{'component':'output','per_million':'21','when':{'tier':'priority'}}]}]}]}";

enum way { NEAREST, UP, DOWN };

/* What the statement does to an amount of ours. */
struct deed {
	int64_t per_mille;  /* 0: 1 000 */
	int64_t fee_micros; /* of each request */
	int64_t requests;   /* 0: REQUESTS */
	unsigned decimals;  /* that it rounds to */
	enum way way;
	int64_t wrong_every; /* one of so many is a unit more; 0: none */
	bool small;          /* requests of some tokens, not of thousands */
	bool alike;          /* all cost nearly the same */
	bool priority;       /* at the rates of that tier */
	bool days;           /* their sums are told, and nothing else */
};

static int64_t roll(uint64_t *state, int64_t sides)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (int64_t)((z ^ (z >> 31)) % (uint64_t)sides);
}

static wide unit_of(const struct deed *deed)
{
	wide unit = 1;

	for (unsigned d = deed->decimals; d < MONEY_DECIMALS_MAX; d++)
		unit *= 10;
	return unit;
}

static struct money rounded(const struct deed *deed, struct money amount)
{
	wide unit = unit_of(deed);

	if (deed->way == NEAREST)
		assert_int_equal(money_round(amount, deed->decimals, MONEY_HALF_EVEN, &amount), 0);
	else
		amount.attos = (amount.attos + (deed->way == UP ? unit - 1 : 0)) / unit * unit;
	return amount;
}

static struct money charged(const struct deed *deed, int64_t i, int64_t input, int64_t output)
{
	const wide micro = INT64_C(1000000000000);
	struct money amount = { (input * 4 + output * 12) * micro };

	if (deed->priority)
		amount.attos = amount.attos / 4 * 7;
	amount.attos = amount.attos / 1000 * (deed->per_mille > 0 ? deed->per_mille : 1000) +
	               deed->fee_micros * micro;
	if (!deed->days)
		amount = rounded(deed, amount);
	if (deed->wrong_every > 0 && i % deed->wrong_every == 0)
		amount.attos += unit_of(deed);
	return amount;
}

static void put_day(struct matchkit *kit, const struct deed *deed, int day, int64_t input,
                    int64_t output, struct money amount)
{
	char text[MONEY_TEXT_BYTES], row[256];

	money_text(rounded(deed, amount), text);
	snprintf(row, sizeof(row),
	         "from=2026-07-0%d to=2026-07-0%d model=c input=%lld output=%lld amount=%s", day,
	         day + 1, (long long)input, (long long)output, text);
	match_row(kit, row);
}

static void fill(struct matchkit *kit, const struct deed *deed)
{
	int64_t sums[2][DAYS] = { { 0 } };
	struct money total[DAYS] = { { 0 } };
	int64_t requests = deed->requests > 0 ? deed->requests : REQUESTS;
	uint64_t state = 7;

	kit->summary.decimals = deed->decimals;
	kit->summary.with_amount = requests;
	for (int64_t i = 0; i < requests; i++) {
		int64_t input = deed->small ? 1 + roll(&state, 6) : 2000 + roll(&state, 7000);
		int64_t output = deed->small ? 1 + roll(&state, 4) : 500 + roll(&state, 2500);
		int day = (int)(i % DAYS);

		struct money amount;
		char id[32], at[64], text[MONEY_TEXT_BYTES], row[256];

		if (deed->alike) {
			input = 8000 + roll(&state, 25);
			output = 1500;
		}
		amount = charged(deed, i, input, output);
		snprintf(id, sizeof(id), "e%lld", (long long)i);
		snprintf(at, sizeof(at), "2026-07-0%dT%02lld:00:00Z", day + 1,
		         (long long)(i / DAYS % 20));
		match_event(kit, id, at, input, output, ",'model':'c'");
		sums[0][day] += input;
		sums[1][day] += output;
		total[day].attos += amount.attos;
		money_text(amount, text);
		snprintf(row, sizeof(row), "id=%s time=%s model=c input=%lld output=%lld amount=%s",
		         id, at, (long long)input, (long long)output, text);
		if (!deed->days)
			match_row(kit, row);
	}
	for (int day = 0; deed->days && day < DAYS; day++)
		put_day(kit, deed, day + 1, sums[0][day], sums[1][day], total[day]);
}

static int first_text(void *context, const struct bill_suggestion *suggestion)
{
	char *out = context;

	if (out[0] == '\0')
		snprintf(out, SUGGEST_TEXT_BYTES, "%s", suggestion->text);
	return 0;
}

struct row {
	const char *label;
	enum bill_match match;
	struct deed deed;
	int64_t of[4]; /* differences: price, fee, rounding, unexplained; the rest is tier's */
	const char *suggestion; /* how it begins; "": there is none */
};

static void check(const struct row *row, struct matchkit *kit)
{
	static const enum bill_cause causes[] = { CAUSE_PRICE, CAUSE_FEE, CAUSE_ROUNDING,
		                                  CAUSE_UNEXPLAINED };
	char text[SUGGEST_TEXT_BYTES] = "";
	int64_t all = 0;

	kit_price(&kit->ledger, kit_quotes(book));
	fill(kit, &row->deed);
	kit->options.match = row->match;
	match_run(kit);
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		int64_t found = kit->result.causes[causes[i]].differences;

		all += found;
		if (found != row->of[i])
			fail_msg("%s: %lld of %s, not %lld\n%.400s", row->label, (long long)found,
			         bill_cause_name(causes[i]), (long long)row->of[i], kit->found.at);
	}
	assert_int_equal(all + kit->result.causes[CAUSE_TIER].differences, kit->result.differences);
	assert_int_equal(bill_each_suggestion(kit->result.suggestions, first_text, text, NULL), 0);
	if (strncmp(text, row->suggestion, strlen(row->suggestion)) != 0 ||
	    (row->suggestion[0] == '\0') != (text[0] == '\0'))
		fail_msg("%s: suggested is \"%s\", not \"%s\"", row->label, text, row->suggestion);
}

static void check_all(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		void *state = NULL;

		match_setup(&state);
		check(&rows[i], state);
		match_teardown(&state);
	}
}
#define CHECK(rows) check_all(rows, sizeof(rows) / sizeof((rows)[0]))

static void test_a_factor_that_all_have_is_the_price(void **state)
{
	static const struct row rows[] = {
		{ "in cents, by id",
		  MATCH_ID,
		  { .per_mille = 1150, .decimals = 2 },
		  { 70, 0, 50, 0 },
		  "all rates times 1.15" },
		{ "in cents, by day",
		  MATCH_DAY,
		  { .per_mille = 1150, .decimals = 2 },
		  { 3, 0, 0, 0 },
		  "all rates times 1.15" },
		{ "in cents, by hour",
		  MATCH_HOUR,
		  { .per_mille = 1150, .decimals = 2 },
		  { 60, 0, 0, 0 },
		  "all rates times 1.15" },
		/* Less than what so many rows can be rounded by, and each of them says so. */
		{ "a small one of many rows",
		  MATCH_DAY,
		  { .per_mille = 1100, .decimals = 2 },
		  { 3, 0, 0, 0 },
		  "all rates times 1.10" },
		{ "of sums that are told",
		  MATCH_DAY,
		  { .per_mille = 1230, .decimals = 2, .days = true },
		  { 3, 0, 0, 0 },
		  "all rates times 1.23" },
		{ "of some tokens",
		  MATCH_ID,
		  { .per_mille = 1030, .decimals = 6, .small = true },
		  { 112, 0, 0, 0 },
		  "all rates times 1.03" },
		/* A rate of output between ours and a plain ratio of it gives all of it, too. */
		{ "of some tokens, many",
		  MATCH_ID,
		  { .per_mille = 1030, .requests = 600, .decimals = 6, .small = true },
		  { 567, 0, 0, 0 },
		  "all rates times 1.03" },
		{ "nothing", MATCH_DAY, { .decimals = 2 }, { 0, 0, 3, 0 }, "" },
		/* One that is no number of four decimals is nothing. */
		{ "and what is none",
		  MATCH_DAY,
		  { .per_mille = 1150, .decimals = 2, .wrong_every = 3 },
		  { 0, 0, 0, 3 },
		  "" },
	};

	(void)state;
	CHECK(rows);
}

static void test_a_fee_of_each_request_is_a_fee(void **state)
{
	static const struct row rows[] = {
		{ "exact",
		  MATCH_ID,
		  { .fee_micros = 2000, .decimals = 18 },
		  { 0, 120, 0, 0 },
		  "requests: 0.002 each" },
		{ "in cents",
		  MATCH_ID,
		  { .fee_micros = 12000, .decimals = 2 },
		  { 0, 120, 0, 0 },
		  "requests: 0.012 each" },
		{ "in cents, by day",
		  MATCH_DAY,
		  { .fee_micros = 12000, .decimals = 2 },
		  { 0, 3, 0, 0 },
		  "requests: 0.012 each" },
		/* A fee, or one rate or another: no pair knows, and the plainest is suggested. */
		{ "where all cost the same",
		  MATCH_ID,
		  { .fee_micros = 10000, .decimals = 3, .alike = true },
		  { 0, 0, 0, 120 },
		  "input: 5.20 per million" },
	};

	(void)state;
	CHECK(rows);
}

static void test_all_of_it_rounded_one_way_is_rounding(void **state)
{
	static const struct row rows[] = {
		{ "up", MATCH_ID, { .decimals = 2, .way = UP }, { 0, 0, 120, 0 }, "" },
		{ "up, by day", MATCH_DAY, { .decimals = 2, .way = UP }, { 0, 0, 3, 0 }, "" },
		/* So many that a fee of half a cent would say the same of each. */
		{ "up, of many",
		  MATCH_ID,
		  { .requests = 600, .decimals = 2, .way = UP },
		  { 0, 0, 600, 0 },
		  "" },
		{ "down", MATCH_ID, { .decimals = 2, .way = DOWN }, { 0, 0, 120, 0 }, "" },
		{ "down, by day", MATCH_DAY, { .decimals = 2, .way = DOWN }, { 0, 0, 3, 0 }, "" },
		/* A whole unit is no rounding. */
		{ "up, and more",
		  MATCH_ID,
		  { .decimals = 2, .way = UP, .wrong_every = 40 },
		  { 0, 0, 117, 3 },
		  "" },
		{ "too many are off by more",
		  MATCH_ID,
		  { .decimals = 2, .way = UP, .wrong_every = 3 },
		  { 0, 0, 42, 69 },
		  "" },
	};

	(void)state;
	CHECK(rows);
}

static void test_another_tier_everywhere_is_suggested(void **state)
{
	static const struct row rows[] = {
		{ "exact",
		  MATCH_ID,
		  { .priority = true, .decimals = 18 },
		  { 0, 0, 0, 0 },
		  "all of it by the tier priority" },
		{ "one is not",
		  MATCH_ID,
		  { .priority = true, .decimals = 18, .wrong_every = 100 },
		  { 0, 0, 0, 2 },
		  "" },
	};

	(void)state;
	CHECK(rows);
}

/* ---- what rounding is said to be ---- */

static void test_rounding_is_of_most_rows_or_open(void **state)
{
	static const struct {
		struct bill_offs offs;
		enum bill_rounds rounds;
	} rows[] = {
		{ { .up = 10, .far_up = 1 }, BILL_ROUNDS_UP },
		{ { .up = 9, .far_up = 1 }, BILL_ROUNDS_OPEN },
		/* All of these are to the nearest, too. */
		{ { .up = 10 }, BILL_ROUNDS_OPEN },
		{ { .up = 10, .far_up = 5, .down = 1 }, BILL_ROUNDS_OPEN },
		{ { .up = 10, .far_up = 5, .beyond = 3 }, BILL_ROUNDS_OPEN },
		{ { .up = 12, .far_up = 5, .beyond = 3 }, BILL_ROUNDS_UP },
		{ { .down = 10, .far_down = 1 }, BILL_ROUNDS_DOWN },
		{ { .down = 10, .far_down = 1, .up = 1 }, BILL_ROUNDS_OPEN },
		{ { .up = 3, .down = 1 }, BILL_ROUNDS_NEAREST },
		{ { .up = 2, .down = 1 }, BILL_ROUNDS_OPEN },
		{ { .up = 3, .down = 5, .far_down = 2 }, BILL_ROUNDS_NEAREST },
		{ { .up = 3, .down = 5, .far_down = 3 }, BILL_ROUNDS_OPEN },
		{ { .up = 0 }, BILL_ROUNDS_OPEN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(bill_offs_say(&rows[i].offs), rows[i].rounds);
}

/* Rows go up and down: then none of them is cut off, of whatever counts. */
static void test_where_rows_go_up_none_is_cut_off(void **state)
{
	struct matchkit *kit = *state;

	kit_price(&kit->ledger, kit_quotes(book));
	kit->summary.decimals = 2;
	kit->summary.with_amount = 1;
	for (int i = 0; i < 4; i++) {
		char id[16], row[160];

		snprintf(id, sizeof(id), "e%d", i);
		match_event(kit, id, "2026-07-01T00:00:00Z", i == 3 ? 797 : 1997, 1,
		            ",'model':'c'");
		snprintf(row, sizeof(row),
		         "id=%s time=2026-07-01T00:00:00Z model=c input=%d output=1 amount=%s", id,
		         i == 3 ? 797 : 1997, i == 3 ? "0.00" : "0.01");
		match_row(kit, row);
	}
	/* 0.008 is nothing there. */
	match_event(kit, "e9", "2026-07-01T01:00:00Z", 1997, 1, ",'model':'c'");
	match_row(kit, "id=e9 time=2026-07-01T01:00:00Z model=c input=1997 output=1 amount=0.00");
	match_run(kit);
	assert_int_equal(kit->result.causes[CAUSE_ROUNDING].differences, 4);
	assert_non_null(strstr(kit->found.at, "unexplained -0.008 e9"));
}

/* Nobody to tell of differences: the same causes, found in one walk or in two. */
static void test_told_or_not_the_causes_are_the_same(void **state)
{
	static const struct deed deeds[] = { { .per_mille = 1150, .decimals = 2 },
		                             { .decimals = 2 },
		                             { .decimals = 2, .way = UP } };

	(void)state;
	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
		struct bill_result untold = { .suggestions = NULL };
		struct matchkit *kit = NULL;
		void *made = NULL;

		match_setup(&made);
		kit = made;
		kit_price(&kit->ledger, kit_quotes(book));
		fill(kit, &deeds[i]);
		match_run(kit);
		assert_int_equal(bill_reconcile(kit->ledger.ledger, kit->spool, &kit->summary, 1,
		                                &kit->options, NULL, NULL, &untold, NULL),
		                 0);
		assert_int_equal(untold.differences, kit->result.differences);
		assert_memory_equal(untold.causes, kit->result.causes, sizeof(untold.causes));
		assert_int_equal(untold.notes.len, kit->result.notes.len);
		bill_result_release(&untold);
		match_teardown(&made);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_factor_that_all_have_is_the_price),
		cmocka_unit_test(test_a_fee_of_each_request_is_a_fee),
		cmocka_unit_test(test_all_of_it_rounded_one_way_is_rounding),
		cmocka_unit_test(test_another_tier_everywhere_is_suggested),
		cmocka_unit_test(test_rounding_is_of_most_rows_or_open),
		cmocka_unit_test_setup_teardown(test_where_rows_go_up_none_is_cut_off, match_setup,
		                                match_teardown),
		cmocka_unit_test(test_told_or_not_the_causes_are_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
