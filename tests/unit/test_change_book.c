/* The books of a change, on both sides: those that it is lent, and a large one in steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/change.h"
#include "ingest/terms.h"
#include "tests/support/ledgerkit.h"

#define BOOK(model, each)                                                                          \
	"{\"pricebook\":1,\"currency\":\"USD\",\"models\":[{\"model\":\"" model                    \
	"\",\"versions\":[{\"effective_from\":\"2026\",\"rates\":[{\"component\":\"input\","       \
	"\"each\":\"" each "\"}]}]}]}"

/* Runs it to its end with the books of the kit, while those of the ledger cannot be read. */
static void expect_lent(struct ledgerkit *kit, const char *request, const char *expected)
{
	struct change change = { text_of(request), text_of("uid 7"), KIT_NOW_MS };
	struct buf reply = { .at = NULL };
	struct change_job *job = NULL;
	bool more = true;

	kit_shut(kit);
	kit_sql(kit, "UPDATE book SET json = 'no book'");
	kit_reopen(kit);
	assert_int_equal(change_prepare(&job, &change, &reply, NULL), 0);
	change_lend(job, kit_terms(kit));
	assert_int_equal(change_open(job, kit->ledger, NULL), 0);
	while (more)
		assert_int_equal(change_step(job, &more, NULL), 0);
	change_end(job);
	if (strstr(reply.at, kit_quotes(expected)) == NULL)
		fail_msg("%s: %s, not %s", request, reply.at, expected);
	/* They are the lender's still. */
	assert_non_null(book_hash(kit_terms(kit)->book.book));
	assert_non_null(book_hash(kit_terms(kit)->cost.book));
	buf_release(&reply);
}

/* What the daemon has in force it does not read again, on the thread that stores events. */
static void test_a_change_rates_by_the_books_that_it_was_lent(void **state)
{
	struct ledgerkit *kit = *state;

	kit_cost(kit, BOOK("another", "1"));
	kit_send_usage(kit, "waits", "2026-08-01T10:00:00Z", "m", "{\"input\":1}");
	kit_price(kit, BOOK("m", "0.5"));
	kit_cost(kit, BOOK("m", "0.25"));
	expect_lent(kit, "{\"change\":\"suspense.retry\"}",
	            "'tried':1,'priced':1,'left':0,'amount':'0.50',"
	            "'cost':{'tried':1,'priced':1,'left':0,'amount':'0.25'}");
	expect_lent(kit, "{\"change\":\"quarantine.retry\"}", "'ok':true");
	/* By what is sold for, never by what is paid. */
	kit_price(kit, BOOK("m", "0.75"));
	expect_lent(kit,
	            "{\"change\":\"rerate\",\"from\":\"2026-08-01\",\"to\":\"2026-08-02\","
	            "\"reason\":\"r\"}",
	            "'events':1,'moved':1,'waiting':0,'unsettled':0,'rows':1,'amount':'0.25'");
}

/* None in force is what the lender says: nothing is looked for in the ledger. */
static void test_where_none_was_lent_there_is_none(void **state)
{
	static const char request[] = "{\"change\":\"rerate\",\"from\":\"2026-08-01\","
				      "\"to\":\"2026-08-02\",\"reason\":\"r\"}";
	const struct change change = { text_of(request), text_of("uid 7"), KIT_NOW_MS };
	struct ledgerkit *kit = *state;
	struct buf reply = { .at = NULL };
	const struct terms none = { .rules = NULL };
	struct change_job *job = NULL;

	kit_price(kit, BOOK("m", "1"));
	assert_int_equal(change_prepare(&job, &change, &reply, NULL), 0);
	change_lend(job, &none);
	assert_int_equal(change_open(job, kit->ledger, NULL), 0);
	assert_true(change_is_refused(job));
	assert_non_null(strstr(reply.at, "no price book was ever applied"));
	change_end(job);
	buf_release(&reply);
}

/* Of a book, the steps before the last tell nothing, and stopped there nothing has changed. */
static void test_a_large_book_goes_in_steps_and_can_be_stopped_between(void **state)
{
	struct ledgerkit *kit = *state;
	struct buf book = { .at = NULL }, request = { .at = NULL }, reply = { .at = NULL };
	struct change change = { .who = text_of("uid 7"), .now_ms = KIT_NOW_MS };
	struct change_job *job = NULL;
	bool more = false;

	for (int i = 0; i < 2 * BOOK_SIDES; i++) {
		enum book_side side = (enum book_side)(i / 2);
		bool stopped = i % 2 == 0;
		int steps = 0;

		buf_clear(&book);
		buf_clear(&request);
		buf_addf(&book, "{\"pricebook\":1,\"currency\":\"USD\",\"name\":\"%d\",\"note\":\"",
		         side);
		for (size_t j = 0; j < 2 * (size_t)BOOK_PART_BYTES; j++)
			buf_add_cstr(&book, "x");
		buf_add_cstr(&book, "\",\"models\":[{\"model\":\"m\",\"versions\":[{"
		                    "\"effective_from\":\"2026\",\"rates\":[{\"component\":"
		                    "\"input\",\"each\":\"1\"}]}]}]}");
		buf_addf(&request, "{\"change\":\"price.apply\",\"side\":\"%s\",\"book\":",
		         book_side_name(side));
		buf_add_json(&request, buf_text(&book));
		buf_add_cstr(&request, "}");
		change.request = buf_text(&request);
		assert_int_equal(change_begin(&job, kit->ledger, &change, &reply, NULL), 0);
		do {
			assert_int_equal(change_step(job, &more, NULL), 0);
			steps++;
			assert_int_equal(reply.len == 0, more);
			assert_int_equal(change_moved_book(job, side), !more);
			assert_false(
				change_moved_book(job, side == BOOK_SELL ? BOOK_COST : BOOK_SELL));
		} while (more && !(stopped && steps == 2));
		if (stopped)
			change_stop(job);
		else
			assert_true(steps >= 3);
		change_end(job);
		assert_non_null(strstr(reply.at, stopped ? "{\"ok\":false,\"fault\":\"closed\","
		                                         : "\"changed\":true}"));
		if (stopped)
			assert_non_null(strstr(reply.at, "nothing has changed"));
	}
	kit_verify_clean(kit);
	buf_release(&reply);
	buf_release(&request);
	buf_release(&book);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_change_rates_by_the_books_that_it_was_lent),
		T(test_where_none_was_lent_there_is_none),
		T(test_a_large_book_goes_in_steps_and_can_be_stopped_between),
	};

	return cmocka_run_group_tests_name("change_book", tests, NULL, NULL);
}
