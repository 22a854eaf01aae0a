/* A book that was in force is put in force again: the change "price.rollback". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/change.h"
#include "tests/support/ledgerkit.h"

#define BOOK(name, currency, price)                                                                \
	"{\"pricebook\":1,\"name\":\"" name "\",\"currency\":\"" currency                          \
	"\",\"models\":[{\"model\":\"m\","                                                         \
	"\"versions\":[{\"effective_from\":\"2026\",\"rates\":[{\"component\":\"input\","          \
	"\"each\":\"" price "\"}]}]}]}"
#define BOOK_INPUT BOOK("in", "USD", "0.5")
#define BOOK_BOTH  BOOK("both", "USD", "0.25")
#define BOOK_EURO  BOOK("euro", "EUR", "1")

/* Runs a request; the reply is valid until the next one. */
static const char *run(struct ledgerkit *kit, const char *request, bool *changed_out)
{
	static char text[8192];
	struct fault fault = { .code = FAULT_NONE };
	struct change change = { text_of(request), text_of("uid 7"), KIT_NOW_MS };
	struct buf reply = { .at = NULL };

	*changed_out = false;
	if (change_run(kit->ledger, &change, &reply, changed_out, &fault) < 0)
		fail_msg("%s: %s", request, fault.text);
	snprintf(text, sizeof(text), "%.*s", TEXT_ARGS(buf_text(&reply)));
	buf_release(&reply);
	return text;
}

/* To the book of these bytes, with further members. */
static const char *roll_back(struct ledgerkit *kit, const char *book, const char *more,
                             bool *changed_out)
{
	char hex[SHA256_HEX_BYTES], request[512];

	sha256_hex(book, strlen(book), hex);
	snprintf(request, sizeof(request), "{\"change\":\"price.rollback\",\"hash\":\"%s\"%s}", hex,
	         kit_quotes(more));
	return run(kit, request, changed_out);
}

static void test_a_book_that_was_in_force_is_put_in_force_again(void **state)
{
	struct ledgerkit *kit = *state;
	char more[128], hex[SHA256_HEX_BYTES];
	bool changed = true;

	kit_price(kit, BOOK_INPUT);
	kit_price(kit, BOOK_BOTH);
	/* One that was not in force on that side, or never. */
	assert_non_null(strstr(roll_back(kit, BOOK_INPUT, ",'side':'cost'", &changed),
	                       "was never applied as the cost book"));
	assert_false(changed);
	assert_non_null(
		strstr(roll_back(kit, BOOK_EURO, "", &changed), "no applied book has this hash"));
	/* It was read from the log before another one came. */
	sha256_hex(BOOK_INPUT, strlen(BOOK_INPUT), hex);
	snprintf(more, sizeof(more), ",'current':'%s'", hex);
	assert_non_null(strstr(roll_back(kit, BOOK_INPUT, more, &changed),
	                       "another book came in force meanwhile"));
	assert_false(changed);
	assert_string_equal(kit_ask(kit, "SELECT count(*) FROM book_log"), "2");
	sha256_hex(BOOK_BOTH, strlen(BOOK_BOTH), hex);
	snprintf(more, sizeof(more), ",'note':'back','current':'%s'", hex);
	assert_non_null(strstr(roll_back(kit, BOOK_INPUT, more, &changed), "\"changed\":true}"));
	assert_true(changed);
	assert_string_equal(kit_ask(kit,
	                            "SELECT group_concat(b.name || ' ' || l.note) FROM book_log "
	                            "l JOIN book b ON b.id = l.book"),
	                    "in ,both ,in back");
	assert_non_null(strstr(roll_back(kit, BOOK_INPUT, "", &changed), "\"changed\":false}"));
	assert_false(changed);
	assert_string_equal(kit_ask(kit, "SELECT count(*) FROM book_log"), "3");
}

static void test_a_rollback_to_nothing_is_refused(void **state)
{
	static const struct {
		const char *request, *error;
	} rows[] = {
		{ "{'change':'price.rollback'}", "price.rollback: \\'hash\\' is missing" },
		{ "{'change':'price.rollback','hash':7}", "price.rollback: \\'hash\\' is missing" },
		{ "{'change':'price.rollback','hash':'01234567','side':'buy'}",
		  "price.rollback: \\'side\\' is sell or cost" },
		{ "{'change':'price.rollback','hash':'0123456'}", "8 to 64 digits of a book" },
		{ "{'change':'price.rollback','hash':'01234567'}",
		  "01234567: no applied book has this hash" },
	};
	struct ledgerkit *kit = *state;
	bool changed;

	kit_price(kit, BOOK_INPUT);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *reply = run(kit, kit_quotes(rows[i].request), &changed);

		if (strstr(reply, "{\"ok\":false,") == NULL ||
		    strstr(reply, kit_quotes(rows[i].error)) == NULL)
			fail_msg("%s: %s", rows[i].request, reply);
		assert_false(changed);
	}
	assert_string_equal(kit_ask(kit, "SELECT count(*) FROM book_log"), "1");
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_book_that_was_in_force_is_put_in_force_again),
		T(test_a_rollback_to_nothing_is_refused),
	};

	return cmocka_run_group_tests_name("rollback", tests, NULL, NULL);
}
