#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "catalogue/amount.h"

static const struct {
	const char *number;
	int shift;
	enum amount_fit fit;
	const char *amount; /* of AMOUNT_EXACT, and the nearest of AMOUNT_TOO_FINE */
} rows[] = {
	{ "0", 0, AMOUNT_EXACT, "0.00" },
	{ "0.0", 0, AMOUNT_EXACT, "0.00" },
	{ "-0.0", 0, AMOUNT_EXACT, "0.00" },
	{ "0e999999999999999999999", 0, AMOUNT_EXACT, "0.00" },
	{ "1.25e-06", 0, AMOUNT_EXACT, "0.00000125" },
	{ "1.25E-06", 0, AMOUNT_EXACT, "0.00000125" },
	{ "125e-8", 0, AMOUNT_EXACT, "0.00000125" },
	{ "0.00000125", 0, AMOUNT_EXACT, "0.00000125" },
	{ "1e+3", 0, AMOUNT_EXACT, "1000.00" },
	{ "0012.50", 0, AMOUNT_EXACT, "12.50" },
	{ "1e-18", 0, AMOUNT_EXACT, "0.000000000000000001" },
	{ "9223372036.999999999999999999", 0, AMOUNT_TOO_LARGE, NULL },
	{ "9223372036.854775807999999999", 0, AMOUNT_EXACT, "9223372036.854775807999999999" },
	/* Trailing zeros are no decimals. */
	{ "0.000001000000000000000000000000", 0, AMOUNT_EXACT, "0.000001" },
	{ "0.00000100000000000000015", 0, AMOUNT_TOO_FINE, "0.000001" },
	{ "0.00000008333333333333334", 0, AMOUNT_TOO_FINE, "0.000000083333333333" },
	{ "0.0000000000000000015", 0, AMOUNT_TOO_FINE, "0.000000000000000002" },
	{ "4e-19", 0, AMOUNT_TOO_FINE, "0.00" },
	{ "5e-19", 0, AMOUNT_TOO_FINE, "0.000000000000000001" },
	{ "9e-20", 0, AMOUNT_TOO_FINE, "0.00" },
	{ "1e-400", 0, AMOUNT_TOO_FINE, "0.00" },
	{ "1e-99999999999999999999", 0, AMOUNT_TOO_FINE, "0.00" },
	/* 30 decimals, and more digits than are kept. */
	{ "0.123456789012345678901234567890", 0, AMOUNT_TOO_FINE, "0.123456789012345679" },
	{ "0.12345678901234567890123456789012345678901234567890123456789012345678901234567890", 0,
	  AMOUNT_TOO_FINE, "0.123456789012345679" },
	{ "1e400", 0, AMOUNT_TOO_LARGE, NULL },
	{ "1e99999999999999999999", 0, AMOUNT_TOO_LARGE, NULL },
	{ "99999999999999999999999999999999999999", 0, AMOUNT_TOO_LARGE, NULL },
	{ "-1", 0, AMOUNT_NEGATIVE, NULL },
	{ "-1e-30", 0, AMOUNT_NEGATIVE, NULL },
	{ "3", -6, AMOUNT_EXACT, "0.000003" },
	{ "0.0000000000015", -6, AMOUNT_TOO_FINE, "0.000000000000000002" },
	{ "1.59263611e-07", 6, AMOUNT_EXACT, "0.159263611" },
	{ "1e-24", 6, AMOUNT_EXACT, "0.000000000000000001" },
	{ "1e-25", 6, AMOUNT_TOO_FINE, "0.00" },
	{ "", 0, AMOUNT_NO_NUMBER, NULL },
	{ "NaN", 0, AMOUNT_NO_NUMBER, NULL },
	{ "Infinity", 0, AMOUNT_NO_NUMBER, NULL },
	{ "+1", 0, AMOUNT_NO_NUMBER, NULL },
	{ "-", 0, AMOUNT_NO_NUMBER, NULL },
	{ ".5", 0, AMOUNT_NO_NUMBER, NULL },
	{ "5.", 0, AMOUNT_NO_NUMBER, NULL },
	{ "1.2.3", 0, AMOUNT_NO_NUMBER, NULL },
	{ "1,5", 0, AMOUNT_NO_NUMBER, NULL },
	{ "1e", 0, AMOUNT_NO_NUMBER, NULL },
	{ "1e-", 0, AMOUNT_NO_NUMBER, NULL },
	{ "1e5x", 0, AMOUNT_NO_NUMBER, NULL },
	{ "0x10", 0, AMOUNT_NO_NUMBER, NULL },
	{ " 1", 0, AMOUNT_NO_NUMBER, NULL },
	{ "$1", 0, AMOUNT_NO_NUMBER, NULL },
};

static void test_digits_are_read_exactly_or_not_at_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[MONEY_TEXT_BYTES];
		struct money out = { -7 };
		enum amount_fit fit = amount_read(text_of(rows[i].number), rows[i].shift, &out);

		if (fit != rows[i].fit)
			fail_msg("%s: fit %d, not %d", rows[i].number, fit, rows[i].fit);
		if (rows[i].amount == NULL)
			continue;
		money_text(out, text);
		if (strcmp(text, rows[i].amount) != 0)
			fail_msg("%s: %s, not %s", rows[i].number, text, rows[i].amount);
	}
	assert_int_equal(amount_read(text_of(NULL), 0, &(struct money){ 0 }), AMOUNT_NO_NUMBER);
}

/* What is exact here is exact by the other reader of numbers too. */
static void test_agrees_with_money_parse_number(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct money here, there;

		if (rows[i].fit != AMOUNT_EXACT || rows[i].shift > 0 ||
		    strchr(rows[i].number, '9') != NULL)
			continue;
		if (money_parse_number(text_of(rows[i].number), (unsigned)-rows[i].shift, &there) <
		    0)
			continue;
		assert_int_equal(amount_read(text_of(rows[i].number), rows[i].shift, &here),
		                 AMOUNT_EXACT);
		assert_true(here.attos == there.attos);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digits_are_read_exactly_or_not_at_all),
		cmocka_unit_test(test_agrees_with_money_parse_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
