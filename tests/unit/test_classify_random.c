/*
 * What always holds, of pairs that nobody would think of: the parts add up to theirs - ours, each
 * has a cause and says why, a side that does not count is 0, and the same pair gives the same
 * parts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bill/suggest.h"
#include "rate/policy.h"
#include "rate/rating.h"
#include "tests/support/pairkit.h"

enum { PAIRS = 100000 };

static const char book_text[] =
	"{'pricebook':1,'currency':'USD','as':{'reasoning':'output'},'models':["
	"{'model':'chat','versions':["
	"{'effective_from':'2026-01-01','rates':["
	"{'component':'input','per_million':'5'},{'component':'output','per_million':'17'}]},"
	"{'effective_from':'2026-06-01','discount_percent':'12.5','rates':["
	"{'component':'input','per_million':'3'},{'component':'cache_read','per_million':'0.30'},"
	"{'component':'cache_write_5m','per_million':'3.75'},"
	"{'component':'output','per_million':'15'},{'component':'requests','each':'0.002'},"
	"{'component':'searches','each':'0.01'},"
	"{'component':'input','per_million':'6','when':{'context':{'gt':2000}}},"
	"{'component':'output','per_million':'22','when':{'context':{'gte':5000}}},"
	"{'component':'output','per_million':'30','when':{'tier':'priority'}},"
	"{'component':'images_out','each':'0.04'},"
	"{'component':'images_out','each':'0.08','when':{'quality':'hd'}}],"
	"'multipliers':[{'multiply':'0.5','when':{'tier':'flex'}}],"
	"'minimums':[{'charge':'0.001'}]}]},"
	"{'model':'free','versions':[{'effective_from':'2026-01-01','rates':["
	"{'component':'input','each':'0'}]}]}],"
	"'accounts':[{'account':'acorn','effective_from':'2026-01-01','discount_percent':'10'},"
	"{'account':'birch','effective_from':'2026-01-01','rates':["
	"{'component':'output','per_million':'11'}]}]}";

struct dice {
	uint64_t state;
};

/* splitmix64 */
static uint64_t roll(struct dice *dice, uint64_t sides)
{
	uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % sides;
}

static bool chance(struct dice *dice, uint64_t one_of)
{
	return roll(dice, one_of) == 0;
}

static int64_t roll_count(struct dice *dice)
{
	static const uint64_t most[] = { 1, 3, 100, 3000, 9000, 1000000, 1000000000000 };

	return (int64_t)roll(dice, most[roll(dice, 7)]);
}

static struct text one_of(struct dice *dice, const char *const *words, size_t count)
{
	return text_of(words[roll(dice, count)]);
}

static void roll_ours(struct dice *dice, struct pairkit *kit)
{
	static const char *const models[] = { "chat", "free", "other" };
	static const char *const tiers[] = { NULL, "flex", "priority", "batch", "standard" };
	static const char *const accounts[] = { NULL, "acorn", "birch" };
	struct bill_ours *ours = &kit->ours;
	struct rating_request request;
	struct charges charges;

	*ours = (struct bill_ours){
		.requests = 1,
		.model = one_of(dice, models, 3),
		.service_tier = one_of(dice, tiers, 5),
		.account = one_of(dice, accounts, 3),
		.status = EVENT_ABSENT,
		.settlement = (enum settlement)roll(dice, SETTLEMENT_COUNT),
		.policy = chance(dice, 8) ? (unsigned)roll(dice, POLICIES_ALL + 1) : 0,
		.sum = chance(dice, 4),
		.suspense = chance(dice, 20),
		.time_ms = INT64_C(1780000000000) + (int64_t)roll(dice, INT64_C(86400000) * 30)
	};
	for (int c = 0; c < COMPONENT_COUNT; c++)
		ours->usage.count[c] = chance(dice, 4) ? roll_count(dice) : 0;
	if (ours->usage.count[COMPONENT_IMAGES_OUT] > 0 && chance(dice, 2))
		ours->usage.kinds[ours->usage.kind_count++] = (struct usage_kind){
			.component = COMPONENT_IMAGES_OUT,
			.n = 1 +
			     (int64_t)roll(dice, (uint64_t)ours->usage.count[COMPONENT_IMAGES_OUT]),
			.quality = "hd",
		};
	request = (struct rating_request){ .model = ours->model,
		                           .at_ms = ours->time_ms,
		                           .account = ours->account,
		                           .tier = ours->service_tier,
		                           .usage = &ours->usage };
	rating_request(kit->book, &request, &charges);
	ours->version = chance(dice, 8) ? NULL : charges.found.version;
	ours->amount = charges.total;
	if (chance(dice, 4))
		ours->amount.attos = (wide)roll(dice, UINT64_C(1) << 62) - (INT64_C(1) << 61);
}

static wide roll_amount(struct dice *dice, wide near)
{
	switch (roll(dice, 6)) {
	case 0:
		return 0;
	case 1:
		return near / 2;
	case 2:
		return near + (wide)roll(dice, 1000) * 1000000000;
	case 3:
		return (wide)roll(dice, UINT64_C(1) << 62) - (INT64_C(1) << 61);
	case 4:
		return near * (wide)roll(dice, 4);
	default:
		return near;
	}
}

static void roll_theirs(struct dice *dice, struct pairkit *kit)
{
	static const char *const models[] = { NULL, "chat", "other", "\xff\xfe" };
	static const char *const tiers[] = { NULL, "flex", "a\nb", "\xc3", "Priority" };
	struct statement_row *row = &kit->theirs;

	statement_row_init(row);
	row->record = 1;
	row->request = !chance(dice, 3);
	row->from_ms = kit->ours.time_ms;
	row->model = one_of(dice, models, 4);
	row->service_tier = one_of(dice, tiers, 5);
	row->charge = chance(dice, 9) ? (enum statement_charge)roll(dice, STATEMENT_CHARGE_COUNT)
	                              : STATEMENT_USAGE;
	row->flags = chance(dice, 3) ? (unsigned)roll(dice, 32) : 0;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (!chance(dice, 3))
			continue;
		row->told |= 1u << c;
		row->count[c] = chance(dice, 3) ? roll_count(dice) : kit->ours.usage.count[c];
		if (chance(dice, 200))
			row->count[c] = -row->count[c];
	}
	if (chance(dice, 3))
		row->prompt_total = roll_count(dice);
	if (chance(dice, 3))
		row->answer_total = roll_count(dice);
	for (int m = 0; m < STATEMENT_MONEY_COUNT; m++) {
		if (!chance(dice, m == STATEMENT_MONEY_AMOUNT ? 1 : 4))
			continue;
		row->has_money |= 1u << m;
		row->money[m].attos = roll_amount(dice, kit->ours.amount.attos);
	}
	if (chance(dice, 6))
		row->has_money &= ~(1u << STATEMENT_MONEY_AMOUNT);
	if (chance(dice, 10))
		snprintf(row->currency, sizeof(row->currency), "EUR");
	kit->pair.their_rows = (int64_t)roll(dice, 5);
}

static void roll_pair(struct dice *dice, struct pairkit *kit)
{
	roll_ours(dice, kit);
	roll_theirs(dice, kit);
	kit->pair.ours = chance(dice, 10) ? NULL : &kit->ours;
	kit->pair.theirs = kit->pair.ours != NULL && chance(dice, 10) ? NULL : &kit->theirs;
	kit->pair.known = chance(dice, 10) ? (enum bill_cause)roll(dice, CAUSE_CURRENCY)
	                                   : CAUSE_COUNT;
	kit->pair.ours_counts = !chance(dice, 8);
	kit->pair.theirs_counts = !chance(dice, 8);
	kit->pair.of_record = (int64_t)roll(dice, 3);
	kit->terms.decimals = (unsigned)roll(dice, MONEY_DECIMALS_MAX + 1);
	kit->terms.book = chance(dice, 5) ? NULL : kit->book;
}

/* The same request on both sides, at three times the price. */
static void make_dear(struct dice *dice, struct pairkit *kit)
{
	do {
		roll_ours(dice, kit);
	} while (kit->ours.amount.attos <= 0 || kit->ours.policy != 0 || kit->ours.suspense);
	statement_row_init(&kit->theirs);
	kit->theirs.record = 1;
	kit->theirs.request = true;
	kit->theirs.from_ms = kit->ours.time_ms;
	kit->theirs.has_money = 1u << STATEMENT_MONEY_AMOUNT;
	kit->theirs.money[STATEMENT_MONEY_AMOUNT].attos = 3 * kit->ours.amount.attos;
	kit->pair = (struct bill_pair){ .ours = &kit->ours,
		                        .theirs = &kit->theirs,
		                        .known = CAUSE_COUNT,
		                        .ours_counts = true,
		                        .theirs_counts = true };
}

static void check_parts(const struct pairkit *kit, uint64_t seed)
{
	const struct bill_parts *parts = &kit->parts;
	wide sum = 0;

	if (parts->count > BILL_PARTS_MAX)
		fail_msg("pair %llu: %zu parts", (unsigned long long)seed, parts->count);
	for (size_t i = 0; i < parts->count; i++) {
		const struct bill_part *part = &parts->parts[i];
		struct text why = text_of(part->why);

		sum += part->amount.attos;
		if ((unsigned)part->cause >= CAUSE_COUNT || why.len == 0 || !text_utf8(why) ||
		    !text_plain(why))
			fail_msg("pair %llu: part %zu says: %s", (unsigned long long)seed, i,
			         part->why);
	}
	if (sum != parts->theirs.attos - parts->ours.attos ||
	    (!kit->pair.ours_counts && parts->ours.attos != 0) ||
	    (!kit->pair.theirs_counts && parts->theirs.attos != 0) ||
	    (kit->pair.ours == NULL && parts->ours.attos != 0) ||
	    (kit->pair.theirs == NULL && parts->theirs.attos != 0))
		fail_msg("pair %llu: the parts do not add up", (unsigned long long)seed);
}

static int check_suggestion(void *context, const struct bill_suggestion *suggestion)
{
	struct text text = text_of(suggestion->text);

	assert_true(text.len > 0 && text_utf8(text) && text_plain(text));
	assert_true(text_utf8(text_of(suggestion->line)));
	++*(size_t *)context;
	return 0;
}

static void test_suggestions_of_whatever_pairs_are_texts(void **state)
{
	static struct pairkit kit;
	struct bill_terms terms;
	struct fault fault = { .code = FAULT_NONE };
	size_t suggested = 0;

	(void)state;
	pairkit_open(&kit, book_text);
	terms = kit.terms;
	/* Few pairs each time, so that not all of them contradict each other. */
	for (uint64_t seed = 1; seed < PAIRS / 20; seed++) {
		struct bill_suggestions *suggestions = NULL;
		struct dice dice = { seed * 1000003 };

		terms.decimals = (unsigned)roll(&dice, MONEY_DECIMALS_MAX + 1);
		assert_int_equal(bill_suggestions_start(&suggestions, &terms, &fault), 0);
		for (uint64_t i = roll(&dice, 4) + 1; i > 0; i--) {
			if (seed % 4 == 0)
				make_dear(&dice, &kit);
			else
				roll_pair(&dice, &kit);
			kit.terms = terms;
			if (bill_classify(&kit.terms, &kit.pair, &kit.parts, &fault) == 0)
				assert_int_equal(bill_suggestions_note(suggestions, &kit.pair,
				                                       &kit.parts, &fault),
				                 0);
		}
		assert_int_equal(
			bill_each_suggestion(suggestions, check_suggestion, &suggested, &fault), 0);
		bill_suggestions_free(suggestions);
	}
	assert_true(suggested > 0);
	pairkit_close(&kit);
}

static void test_parts_add_up_whatever_the_pair(void **state)
{
	static struct pairkit kit;
	size_t of_cause[CAUSE_COUNT] = { 0 }, most = 0;
	uint64_t first = getenv("SEED") != NULL ? strtoull(getenv("SEED"), NULL, 10) : 1;

	(void)state;
	pairkit_open(&kit, book_text);
	for (uint64_t seed = first; seed < first + PAIRS; seed++) {
		struct dice dice = { seed * 1000003 };
		struct bill_parts again;
		struct fault fault = { .code = FAULT_NONE };

		roll_pair(&dice, &kit);
		memset(&kit.parts, 0x5a, sizeof(kit.parts));
		memset(&again, 0xa5, sizeof(again));
		if (bill_classify(&kit.terms, &kit.pair, &kit.parts, &fault) < 0) {
			/* Only what is no amount. */
			assert_int_equal(fault.code, FAULT_RANGE);
			continue;
		}
		check_parts(&kit, seed);
		assert_int_equal(bill_classify(&kit.terms, &kit.pair, &again, &fault), 0);
		assert_int_equal(again.count, kit.parts.count);
		for (size_t i = 0; i < kit.parts.count; i++) {
			of_cause[kit.parts.parts[i].cause]++;
			assert_string_equal(kit.parts.parts[i].why, again.parts[i].why);
		}
		most = kit.parts.count > most ? kit.parts.count : most;
	}
	/* They are not all of one cause. */
	for (int c = 0; c < CAUSE_COUNT; c++) {
		if (of_cause[c] == 0)
			fail_msg("no pair of %d from SEED=%llu on is of %s", PAIRS,
			         (unsigned long long)first, bill_cause_name((enum bill_cause)c));
	}
	assert_true(most > 5);
	pairkit_close(&kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts_add_up_whatever_the_pair),
		cmocka_unit_test(test_suggestions_of_whatever_pairs_are_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
