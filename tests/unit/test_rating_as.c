/* What is priced "as" another component, with multipliers and with what an account agreed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rate/rating.h"
#include "tests/support/ledgerkit.h"

#define BOOK(version, accounts)                                                                    \
	"{'pricebook':1,'currency':'USD','as':{'reasoning':'output'},'models':["                   \
	"{'model':'chat','versions':[{'effective_from':'2026'," version "}]}]" accounts "}"
#define OUTPUT "{'component':'output','per_million':'10'}"

static int load(struct book **book_out, const char *json, struct buf *errors)
{
	char *text = strdup(kit_quotes(json));
	int r;

	assert_non_null(text);
	r = book_load(book_out, text_of(text), errors, NULL);
	free(text);
	return r;
}

/* 1 000 000 tokens of output and as many of reasoning, of an account in a tier. */
static const char *amount_of(const char *json, const char *account, const char *tier)
{
	static char amount[MONEY_TEXT_BYTES];
	struct buf errors = { .at = NULL };
	struct book *book = NULL;
	struct usage usage = {
		.count = { [COMPONENT_OUTPUT] = 1000000, [COMPONENT_REASONING] = 1000000 }
	};
	const struct rating_request request = { .model = text_of("chat"),
		                                .at_ms = KIT_NOW_MS,
		                                .account = text_of(account),
		                                .tier = text_of(tier),
		                                .usage = &usage };
	struct charges charges;

	if (load(&book, json, &errors) < 0)
		fail_msg("%.*s", TEXT_ARGS(buf_text(&errors)));
	strcpy(amount, "unpriced");
	if (rating_request(book, &request, &charges) == RATING_PRICED)
		money_text(charges.total, amount);
	buf_release(&errors);
	book_free(book);
	return amount;
}

static void test_a_multiplier_is_for_a_component_and_for_what_is_priced_as_it(void **state)
{
	static const struct {
		const char *label, *json, *amount;
	} rows[] = {
		{ "of both", BOOK("'rates':[" OUTPUT "],'multipliers':[{'multiply':'0.5'}]", ""),
		  "10.00" },
		{ "of what prices it",
		  BOOK("'rates':[" OUTPUT "],'multipliers':[{'multiply':'0.5',"
		       "'components':['output']}]",
		       ""),
		  "10.00" },
		{ "of itself",
		  BOOK("'rates':[" OUTPUT "],'multipliers':[{'multiply':'0.5',"
		       "'components':['reasoning']}]",
		       ""),
		  "15.00" },
		{ "of both by name, once",
		  BOOK("'rates':[" OUTPUT "],'multipliers':[{'multiply':'0.5',"
		       "'components':['reasoning','output']}]",
		       ""),
		  "10.00" },
		{ "of another",
		  BOOK("'rates':[" OUTPUT "],'multipliers':[{'multiply':'0.5',"
		       "'components':['input']}]",
		       ""),
		  "20.00" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *got = amount_of(rows[i].json, NULL, NULL);

		if (strcmp(got, rows[i].amount) != 0)
			fail_msg("%s: %s", rows[i].label, got);
	}
}

/* A price of one unit with 18 decimals has no room for the multiplier of what is priced so. */
static void test_a_price_has_room_for_the_multipliers_of_what_is_priced_as_it(void **state)
{
	static const struct {
		const char *label, *json;
		bool good;
	} rows[] = {
		{ "none",
		  BOOK("'rates':[{'component':'output','each':'0.000000000000000001'}]", ""),
		  true },
		{ "of what is priced as it",
		  BOOK("'rates':[{'component':'output','each':'0.000000000000000001'}],"
		       "'multipliers':[{'multiply':'0.5','components':['reasoning']}]",
		       ""),
		  false },
		{ "of what has a price of its own",
		  BOOK("'rates':[{'component':'output','each':'0.000000000000000001'},"
		       "{'component':'reasoning','each':'1'}],"
		       "'multipliers':[{'multiply':'0.5','components':['reasoning']}]",
		       ""),
		  true },
		{ "both of one",
		  BOOK("'rates':[{'component':'output','each':'0.00000000000000001'}],"
		       "'multipliers':[{'multiply':'0.5','components':['reasoning']},"
		       "{'multiply':'0.5','components':['output']}]",
		       ""),
		  false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf errors = { .at = NULL };
		struct book *book = NULL;
		int r = load(&book, rows[i].json, &errors);

		if ((r == 0) != rows[i].good)
			fail_msg("%s: %.*s", rows[i].label, TEXT_ARGS(buf_text(&errors)));
		if (!rows[i].good)
			assert_non_null(strstr(errors.at, "a charge could not be exact"));
		buf_release(&errors);
		book_free(book);
	}
}

static void test_what_an_account_agreed_for_some_takes_no_price_from_others(void **state)
{
	static const char json[] = BOOK(
		"'rates':[" OUTPUT "]",
		",'accounts':[{'account':'a','effective_from':'2026','rates':["
		"{'component':'reasoning','per_million':'1','when':{'tier':'batch'}},"
		"{'component':'output','per_million':'8','when':{'tier':'flex'}}]}]");
	static const char own[] = BOOK(
		"'rates':[" OUTPUT ",{'component':'reasoning','per_million':'3',"
		"'when':{'tier':'batch'}}]",
		",'accounts':[{'account':'a','effective_from':'2026','rates':["
		"{'component':'reasoning','per_million':'1','when':{'tier':'flex'}}]}]");

	(void)state;
	assert_string_equal(amount_of(json, "a", "batch"), "11.00");
	assert_string_equal(amount_of(json, "a", NULL), "20.00");
	assert_string_equal(amount_of(json, "a", "flex"), "16.00"); /* as its output */
	assert_string_equal(amount_of(json, "b", "batch"), "20.00");
	/* Where the version has an entry of its own, nothing stands in for it. */
	assert_string_equal(amount_of(own, "a", "batch"), "13.00");
	assert_string_equal(amount_of(own, "a", "flex"), "11.00");
	assert_string_equal(amount_of(own, "a", NULL), "unpriced");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_multiplier_is_for_a_component_and_for_what_is_priced_as_it),
		cmocka_unit_test(test_a_price_has_room_for_the_multipliers_of_what_is_priced_as_it),
		cmocka_unit_test(test_what_an_account_agreed_for_some_takes_no_price_from_others),
	};

	return cmocka_run_group_tests_name("rating as", tests, NULL, NULL);
}
