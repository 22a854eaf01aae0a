#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "statement/format.h"
#include "statement/number.h"

/* ---- numbers ---- */

static const struct {
	const char *number;
	int decimals; /* of the unit */
	int result;
	const char *amount;
	unsigned written; /* decimals */
	unsigned flags;
} numbers[] = {
	/* $1.23 in each unit. */
	{ "1.23", 0, 0, "1.23", 2, 0 },
	{ "123", 2, 0, "1.23", 2, 0 },
	{ "123.00", 2, 0, "1.23", 2, 0 },
	{ "12300000000", 10, 0, "1.23", 2, 0 },
	{ "1230000", 6, 0, "1.23", 2, 0 },
	{ "0.00123", -3, 0, "1.23", 2, 0 },
	{ "12.50", 2, 0, "0.125", 3, 0 },
	{ "0", 0, 0, "0.00", 0, 0 },
	{ "-0", 0, 0, "0.00", 0, 0 },
	{ "0e99999999999999999999", 0, 0, "0.00", 0, STATEMENT_REAL },
	{ "-1.5", 0, 0, "-1.50", 1, 0 },
	{ "007", 0, 0, "7.00", 0, 0 },
	{ ".5", 0, 0, "0.50", 1, 0 },
	{ "-.5", 0, 0, "-0.50", 1, 0 },
	{ "1e-7", 0, 0, "0.0000001", 7, STATEMENT_REAL },
	{ "1e-07", 0, 0, "0.0000001", 7, STATEMENT_REAL },
	{ "35.2E-7", 0, 0, "0.00000352", 8, STATEMENT_REAL },
	{ "1.5e+3", 0, 0, "1500.00", 0, STATEMENT_REAL },
	{ "120", 0, 0, "120.00", 0, 0 },
	/* 15 digits that count and more are a binary float; zeros around them do not count. */
	{ "0.12345678901234", 0, 0, "0.12345678901234", 14, 0 },
	{ "0.123456789012345", 0, 0, "0.123456789012345", 15, STATEMENT_REAL },
	{ "0.0000016059900000000", 0, 0, "0.00000160599", 11, 0 },
	{ "0.30000000000000004", 0, 0, "0.30000000000000004", 17, STATEMENT_REAL },
	/* The last place, and what is beyond it. */
	{ "0.000000000000000001", 0, 0, "0.000000000000000001", 18, 0 },
	{ "0.0000000000000000019", 0, 0, "0.000000000000000001", 18, STATEMENT_CUT },
	{ "-0.0000000000000000019", 0, 0, "-0.000000000000000001", 18, STATEMENT_CUT },
	{ "1.0000000000000000010", 0, 0, "1.000000000000000001", 18, STATEMENT_REAL },
	{ "1e-19", 0, 0, "0.00", 18, STATEMENT_CUT | STATEMENT_REAL },
	{ "1e-99999999999999999999", 0, 0, "0.00", 18, STATEMENT_CUT | STATEMENT_REAL },
	{ "0.00000000000000000100", 2, 0, "0.00", 18, STATEMENT_CUT },
	/* The bounds of an amount. */
	{ "9223372036", 0, 0, "9223372036.00", 0, 0 },
	{ "-9223372036", 0, 0, "-9223372036.00", 0, 0 },
	{ "9223372037", 0, -FAULT_RANGE, NULL, 0, 0 },
	{ "1e18", 0, -FAULT_RANGE, NULL, 0, 0 },
	{ "1e19", 0, -FAULT_RANGE, NULL, 0, 0 },
	{ "1e400", 0, -FAULT_RANGE, NULL, 0, 0 },
	{ "99999999999999999999999999999999999999999", 0, -FAULT_RANGE, NULL, 0, 0 },
	/* What could be read in two ways, or in none. */
	{ "1,234.56", 0, -FAULT_SYNTAX, NULL, 0, 0 },
	{ "1,5", 0, -FAULT_SYNTAX, NULL, 0, 0 },
	{ "1.234.567", 0, -FAULT_SYNTAX, NULL, 0, 0 },
	{ "$1.23", 0, -FAULT_SYNTAX, NULL, 0, 0 },
	{ "(1.23)", 0, -FAULT_SYNTAX, NULL, 0, 0 },
	{ " 1.23", 0, -FAULT_SYNTAX, NULL, 0, 0 },
	{ "1.23 ", 0, -FAULT_SYNTAX, NULL, 0, 0 },
	{ "+1", 0, -FAULT_SYNTAX, NULL, 0, 0 },
	{ "--1", 0, -FAULT_SYNTAX, NULL, 0, 0 },
	{ "5.", 0, -FAULT_SYNTAX, NULL, 0, 0 },
	{ ".", 0, -FAULT_SYNTAX, NULL, 0, 0 },
	{ "-", 0, -FAULT_SYNTAX, NULL, 0, 0 },
	{ "", 0, -FAULT_SYNTAX, NULL, 0, 0 },
	{ "e5", 0, -FAULT_SYNTAX, NULL, 0, 0 },
	{ "1e", 0, -FAULT_SYNTAX, NULL, 0, 0 },
	{ "1e-", 0, -FAULT_SYNTAX, NULL, 0, 0 },
	{ "1e5.0", 0, -FAULT_SYNTAX, NULL, 0, 0 },
	{ "1e5 ", 0, -FAULT_SYNTAX, NULL, 0, 0 },
	{ "NaN", 0, -FAULT_SYNTAX, NULL, 0, 0 },
	{ "0x10", 0, -FAULT_SYNTAX, NULL, 0, 0 },
};

static void test_an_amount_is_read_exactly_in_its_unit(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct statement_row row;
		char text[MONEY_TEXT_BYTES];
		int r;

		statement_row_init(&row);
		r = statement_set_money(&row, STATEMENT_MONEY_AMOUNT, text_of(numbers[i].number),
		                        numbers[i].decimals);
		if (r != numbers[i].result)
			fail_msg("%s: %s", numbers[i].number, fault_name(r));
		assert_int_equal(statement_has(&row, STATEMENT_MONEY_AMOUNT), r == 0);
		if (r < 0)
			continue;
		money_text(statement_amount(&row), text);
		if (strcmp(text, numbers[i].amount) != 0)
			fail_msg("%s: %s", numbers[i].number, text);
		if (row.decimals != numbers[i].written || row.flags != numbers[i].flags)
			fail_msg("%s: %u decimals, flags %u", numbers[i].number, row.decimals,
			         row.flags);
	}
}

static void test_decimals_are_those_of_the_amount_alone(void **state)
{
	struct statement_row row;

	(void)state;
	statement_row_init(&row);
	assert_int_equal(
		statement_set_money(&row, STATEMENT_MONEY_FEE, text_of("0.123456789012345"), 0), 0);
	assert_int_equal(row.decimals, 0);
	assert_int_equal(row.flags, 0);
	assert_int_equal(statement_amount(&row).attos == 0, 1);
	assert_true(statement_has(&row, STATEMENT_MONEY_FEE));
	assert_false(statement_has(&row, STATEMENT_MONEY_AMOUNT));
	/* That it was cut is so of all. */
	assert_int_equal(statement_set_money(&row, STATEMENT_MONEY_LIST, text_of("1e-30"), 0), 0);
	assert_int_equal(row.flags, STATEMENT_CUT);
}

static const struct {
	const char *number;
	int64_t units;
	int result;
	int64_t count;
} counts[] = {
	{ "1500", 1, 0, 1500 },
	{ "1500", 0, 0, 1500 },
	{ "1500.0", 1, 0, 1500 },
	{ "1.5", 1000, 0, 1500 },
	{ "0.0015", 1000000, 0, 1500 },
	{ "0.000001", 1000000, 0, 1 },
	{ "1.5e3", 1, 0, 1500 },
	{ "0", 1000, 0, 0 },
	{ "-12", 1, 0, -12 },
	{ "9223372036854775807", 1, 0, INT64_MAX },
	{ "9223372036854775808", 1, -FAULT_RANGE, 0 },
	{ "-9223372036854775808", 1, -FAULT_RANGE, 0 },
	{ "9223372036854775807", 1000, -FAULT_RANGE, 0 },
	{ "10000000000000000000", 1000000, -FAULT_RANGE, 0 },
	{ "1.5", 1, -FAULT_SYNTAX, 0 },
	{ "0.0001", 1000, -FAULT_SYNTAX, 0 },
	{ "1.00000000000000000001", 1, -FAULT_SYNTAX, 0 },
	{ "1,500", 1, -FAULT_SYNTAX, 0 },
	{ "", 1, -FAULT_SYNTAX, 0 },
};

static void test_a_count_is_whole_in_its_unit(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct statement_row row;
		int r;

		statement_row_init(&row);
		r = statement_set_count(&row, COMPONENT_INPUT, text_of(counts[i].number),
		                        counts[i].units);
		if (r != counts[i].result || row.count[COMPONENT_INPUT] != counts[i].count)
			fail_msg("%s x %lld: %s", counts[i].number, (long long)counts[i].units,
			         fault_name(r));
		assert_int_equal(statement_tells(&row, COMPONENT_INPUT), r == 0);
	}
}

static void test_a_count_told_twice_is_added(void **state)
{
	struct statement_row row;

	(void)state;
	statement_row_init(&row);
	assert_int_equal(statement_set_count(&row, COMPONENT_OUTPUT, text_of("5"), 1), 0);
	assert_int_equal(statement_set_count(&row, COMPONENT_OUTPUT, text_of("7"), 1), 0);
	assert_int_equal(row.count[COMPONENT_OUTPUT], 12);
	assert_int_equal(
		statement_set_count(&row, COMPONENT_OUTPUT, text_of("9223372036854775807"), 1),
		-FAULT_RANGE);
	assert_int_equal(row.count[COMPONENT_OUTPUT], 12);
}

/* ---- what is left of a whole ---- */

enum { UNTOLD = -1 };

static const struct {
	const char *label;
	int64_t whole, input, cache_read, cache_write;
	int result;
	int64_t whole_then, input_then;
} wholes[] = {
	{ "a whole alone stays one", 100, UNTOLD, UNTOLD, UNTOLD, 0, 100, UNTOLD },
	{ "what is left is input", 100, UNTOLD, 30, 20, 0, UNTOLD, 50 },
	{ "nothing is left", 50, UNTOLD, 30, 20, 0, UNTOLD, 0 },
	{ "a part of zero is a part", 100, UNTOLD, 0, UNTOLD, 0, UNTOLD, 100 },
	{ "all parts are told", 100, 70, 30, UNTOLD, 0, UNTOLD, 70 },
	{ "some part is not told", 100, 60, 30, UNTOLD, 0, 100, 60 },
	{ "no whole", UNTOLD, UNTOLD, 30, UNTOLD, 0, UNTOLD, UNTOLD },
	{ "a part is larger", 20, UNTOLD, 30, UNTOLD, -FAULT_INVALID, 20, UNTOLD },
	{ "the parts are larger", 50, UNTOLD, 30, 21, -FAULT_INVALID, 50, UNTOLD },
	{ "a correction", -100, UNTOLD, -30, UNTOLD, 0, UNTOLD, -70 },
	{ "a correction with a larger part", -20, UNTOLD, -30, UNTOLD, -FAULT_INVALID, -20,
	  UNTOLD },
};

static void tell(struct statement_row *row, enum component component, int64_t count)
{
	if (count == UNTOLD)
		return;
	row->count[component] = count;
	row->told |= UINT32_C(1) << component;
}

static void test_input_is_what_is_left_of_the_prompt(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wholes) / sizeof(wholes[0]); i++) {
		struct statement_row row;
		int r;

		statement_row_init(&row);
		row.prompt_total = wholes[i].whole;
		tell(&row, COMPONENT_INPUT, wholes[i].input);
		tell(&row, COMPONENT_CACHE_READ, wholes[i].cache_read);
		tell(&row, COMPONENT_CACHE_WRITE_5M, wholes[i].cache_write);
		r = statement_settle_counts(&row);
		if (r != wholes[i].result || row.prompt_total != wholes[i].whole_then)
			fail_msg("%s: %s, whole %lld", wholes[i].label, fault_name(r),
			         (long long)row.prompt_total);
		if (statement_tells(&row, COMPONENT_INPUT) != (wholes[i].input_then != UNTOLD) ||
		    (wholes[i].input_then != UNTOLD &&
		     row.count[COMPONENT_INPUT] != wholes[i].input_then))
			fail_msg("%s: input %lld", wholes[i].label,
			         (long long)row.count[COMPONENT_INPUT]);
	}
}

static void test_output_is_what_is_left_of_the_answer(void **state)
{
	struct statement_row row;

	(void)state;
	statement_row_init(&row);
	row.answer_total = 50;
	tell(&row, COMPONENT_REASONING, 20);
	assert_int_equal(statement_settle_counts(&row), 0);
	assert_int_equal(row.count[COMPONENT_OUTPUT], 30);
	assert_int_equal(row.answer_total, STATEMENT_UNTOLD);
	row.answer_total = 10;
	assert_int_equal(statement_settle_counts(&row), -FAULT_INVALID);
}

/* ---- words ---- */

static const struct {
	const char *word;
	enum component component;
} components[] = {
	{ "input", COMPONENT_INPUT },
	{ "cache_write_1h", COMPONENT_CACHE_WRITE_1H },
	{ "uncached_input_tokens", COMPONENT_INPUT },
	{ "InputTokenCount", COMPONENT_INPUT },
	{ "CacheReadInputTokenCount", COMPONENT_CACHE_READ },
	{ "cache-read-input-token-count", COMPONENT_CACHE_READ },
	{ "CacheWrite1hInputTokenCount", COMPONENT_CACHE_WRITE_1H },
	{ "cache_creation.ephemeral_5m_input_tokens", COMPONENT_CACHE_WRITE_5M },
	{ "Output Tokens", COMPONENT_OUTPUT },
	{ "internal_reasoning", COMPONENT_REASONING },
	{ "web_search_requests", COMPONENT_SEARCHES },
	{ "bananas", COMPONENT_COUNT },
	{ "", COMPONENT_COUNT },
	{ "___", COMPONENT_COUNT },
	{ "inputinputinputinputinputinputinputinputinputinputinputinputinputinputinput",
	  COMPONENT_COUNT },
};

static void test_words_of_others_are_components(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(components) / sizeof(components[0]); i++) {
		if (statement_component(text_of(components[i].word)) != components[i].component)
			fail_msg("%s", components[i].word);
	}
	for (int c = 0; c < COMPONENT_COUNT; c++)
		assert_int_equal(statement_component(text_of(component_info[c].key)), c);
}

static void test_a_word_is_folded_already_and_there_once(void **state)
{
	static const char *const words[] = {
#define W(word, NAME) word,
#include "statement/word.def"
#undef W
	};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strspn(words[i], "abcdefghijklmnopqrstuvwxyz0123456789") != strlen(words[i]))
			fail_msg("%s: cannot be found", words[i]);
		for (size_t k = 0; k < i; k++) {
			if (strcmp(words[i], words[k]) == 0)
				fail_msg("%s: twice", words[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_amount_is_read_exactly_in_its_unit),
		cmocka_unit_test(test_decimals_are_those_of_the_amount_alone),
		cmocka_unit_test(test_a_count_is_whole_in_its_unit),
		cmocka_unit_test(test_a_count_told_twice_is_added),
		cmocka_unit_test(test_input_is_what_is_left_of_the_prompt),
		cmocka_unit_test(test_output_is_what_is_left_of_the_answer),
		cmocka_unit_test(test_words_of_others_are_components),
		cmocka_unit_test(test_a_word_is_folded_already_and_there_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
