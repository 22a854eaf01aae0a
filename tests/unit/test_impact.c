/* What a change of prices does to the sums by account and model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "ingest/change.h"
#include "ingest/impact.h"
#include "ledger/store.h"
#include "tests/support/ledgerkit.h"

#define MODEL(name, rates)                                                                         \
	"{'model':'" name "','versions':[{'effective_from':'2026','rates':[" rates "]}]}"
#define BOOK(models)           "{'pricebook':1,'currency':'USD','models':[" models "]}"
#define EACH(component, price) "{'component':'" component "','each':'" price "'}"
#define AT(time)               "2026-08-01T" time "Z"

#define OLD BOOK(MODEL("m", EACH("input", "1")) "," MODEL("gone", EACH("input", "3")))
#define NEW BOOK(MODEL("m", EACH("input", "1.5")) "," MODEL("new", EACH("input", "5")))

static struct book *load(const char *json)
{
	struct fault fault = { .code = FAULT_NONE };
	struct book *book = NULL;

	if (book_load(&book, text_of(kit_quotes(json)), NULL, &fault) < 0)
		fail_msg("%s", fault.text);
	return book;
}

static void send(struct ledgerkit *kit, const char *id, const char *account, const char *time,
                 const char *model, int input)
{
	char line[512];

	snprintf(line, sizeof(line),
	         "{'id':'%s','time':'%s','account':'%s','model':'%s','api':'toll',"
	         "'usage':{'input':%d}}",
	         id, time, account, model, input);
	kit_send(kit, kit_quotes(line));
}

/* "a m: rated 2 3.00 4.50, lost ...; " */
static const char *tell(const struct impact *impact)
{
	static const char *const words[IMPACT_KINDS] = { "rated",  "lost",  "gained",   "waiting",
		                                         "parted", "range", "unsettled" };
	static char text[2048];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i <= impact->count; i++) {
		const struct impact_sums *sums = i < impact->count ? &impact->rows[i].sums
		                                                   : &impact->total;

		if (i < impact->count)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
			                        "%.*s %.*s:", TEXT_ARGS(impact->rows[i].account),
			                        TEXT_ARGS(impact->rows[i].model));
		else
			len += (size_t)snprintf(text + len, sizeof(text) - len, "total:");
		for (int kind = 0; kind < IMPACT_KINDS; kind++) {
			char before[MONEY_TEXT_BYTES], after[MONEY_TEXT_BYTES];

			if (sums->events[kind] == 0 && sums->before[kind].attos == 0)
				continue;
			money_text(sums->before[kind], before);
			money_text(sums->after[kind], after);
			len += (size_t)snprintf(text + len, sizeof(text) - len, " %s %lld %s %s",
			                        words[kind], (long long)sums->events[kind], before,
			                        after);
		}
		len += (size_t)snprintf(text + len, sizeof(text) - len, "; ");
	}
	return text;
}

static void send_all(struct ledgerkit *kit)
{
	kit_price(kit, kit_quotes(OLD));
	send(kit, "before", "a", AT("08:59:59.999"), "m", 1000);
	send(kit, "1", "b", AT("09:00:00"), "m", 2);
	send(kit, "2", "a", AT("09:30:00"), "m", 4);
	send(kit, "3", "a", AT("10:00:00"), "m", 4);
	send(kit, "4", "a", AT("10:00:00"), "gone", 2);
	send(kit, "5", "a", AT("10:00:00"), "new", 2);
	send(kit, "6", "a", AT("10:59:59.999"), "never", 2);
	send(kit, "behind", "a", AT("11:00:00"), "m", 1000);
}

static void count_ticks(void *context, int64_t events, int64_t at_ms)
{
	assert_true(at_ms > 0);
	*(int64_t *)context = events;
}

static struct impact_range range_of(const char *from, const char *to, bool by_account)
{
	struct impact_range range = { .by_account = by_account };

	assert_true(moment_parse(text_of(from), &range.from_ms));
	assert_true(moment_parse(text_of(to), &range.to_ms));
	return range;
}

static void test_what_is_stored_stands_beside_what_it_would_come_to(void **state)
{
	struct ledgerkit *kit = *state;
	struct impact_range range = range_of(AT("09:00:00"), AT("11:00:00"), true);
	struct impact impact = { .rows = NULL };
	struct book *book = load(NEW);
	int64_t ticks = 0;

	send_all(kit);
	range.tick = count_ticks;
	range.context = &ticks;
	assert_int_equal(impact_of_stored(kit->ledger, book, &range, &impact, NULL), 0);
	kit_shut(kit); /* what it tells is its own */
	assert_string_equal(tell(&impact), "a gone: lost 1 6.00 0.00; a m: rated 2 8.00 12.00; "
	                                   "a never: waiting 1 0.00 0.00; "
	                                   "a new: gained 1 0.00 10.00; b m: rated 1 2.00 3.00; "
	                                   "total: rated 3 10.00 15.00 lost 1 6.00 0.00 "
	                                   "gained 1 0.00 10.00 waiting 1 0.00 0.00; ");
	assert_int_equal(ticks, 6);
	impact_release(&impact);
	book_free(book);
}

/* And the difference of all is what the change books. */
static void test_adjustments_are_in_what_is_stored(void **state)
{
	static const char expect[] = "{'change':'rerate','from':'" AT("09:00:00") "','to':'" AT(
		"10:00:00") "','reason':'why','expect':'3.00'}";
	struct ledgerkit *kit = *state;
	struct change change = { text_of(""), text_of("uid 7"), KIT_NOW_MS };
	struct impact_range range = range_of(AT("09:00:00"), AT("10:00:00"), true);
	struct impact impact = { .rows = NULL };
	struct buf reply = { .at = NULL };
	struct book *book = load(NEW);
	bool changed;

	send_all(kit);
	assert_int_equal(impact_of_stored(kit->ledger, book, &range, &impact, NULL), 0);
	assert_string_equal(tell(&impact), "a m: rated 1 4.00 6.00; b m: rated 1 2.00 3.00; "
	                                   "total: rated 2 6.00 9.00; ");
	impact_release(&impact);
	kit_price(kit, kit_quotes(NEW));
	change.request = text_of(kit_quotes(expect));
	assert_int_equal(change_run(kit->ledger, &change, &reply, &changed, NULL), 0);
	assert_non_null(strstr(reply.at, "\"ok\":true"));
	buf_release(&reply);
	assert_int_equal(impact_of_stored(kit->ledger, book, &range, &impact, NULL), 0);
	assert_string_equal(tell(&impact), "a m: rated 1 6.00 6.00; b m: rated 1 3.00 3.00; "
	                                   "total: rated 2 9.00 9.00; ");
	impact_release(&impact);
	book_free(book);
}

static void test_two_books_are_told_apart_by_model(void **state)
{
	struct ledgerkit *kit = *state;
	struct impact_range range = range_of(AT("09:00:00"), AT("11:00:00"), false);
	struct impact impact = { .rows = NULL };
	struct book *old = load(OLD), *new = load(NEW), *dear;

	send_all(kit);
	assert_int_equal(impact_of_books(kit->ledger, new, old, &range, &impact, NULL), 0);
	assert_string_equal(tell(&impact), " gone: gained 1 0.00 6.00;  m: rated 3 15.00 10.00; "
	                                   " never: waiting 1 0.00 0.00;  new: lost 1 10.00 0.00; "
	                                   "total: rated 3 15.00 10.00 lost 1 10.00 0.00 "
	                                   "gained 1 0.00 6.00 waiting 1 0.00 0.00; ");
	impact_release(&impact);
	dear = load(BOOK(MODEL("m", EACH("input", "4000000000"))));
	range = range_of(AT("09:00:00"), AT("09:45:00"), false);
	assert_int_equal(impact_of_books(kit->ledger, old, dear, &range, &impact, NULL), 0);
	assert_string_equal(tell(&impact), " m: rated 1 2.00 8000000000.00 range 1 4.00 0.00; "
	                                   "total: rated 1 2.00 8000000000.00 range 1 4.00 0.00; ");
	impact_release(&impact);
	book_free(dear);
	book_free(old);
	book_free(new);
}

static void test_a_range_with_adjustments_is_of_whole_hours(void **state)
{
	struct ledgerkit *kit = *state;
	struct impact_range range = range_of(AT("09:00:00"), AT("11:00:00.001"), false);
	struct impact impact = { .rows = NULL };
	struct book *book = load(NEW);
	struct fault fault;

	assert_int_equal(impact_of_stored(kit->ledger, book, &range, &impact, &fault),
	                 -FAULT_INVALID);
	assert_non_null(strstr(fault.text, "on the hour"));
	range = range_of(AT("09:00:00.001"), AT("11:00:00"), false);
	assert_int_equal(impact_of_stored(kit->ledger, book, &range, &impact, &fault),
	                 -FAULT_INVALID);
	assert_null(impact.rows);
	book_free(book);
}

/* More of them than the first slots have room for. */
static void test_many_sums_are_kept_apart(void **state)
{
	enum { ACCOUNTS = 400 };
	struct ledgerkit *kit = *state;
	struct impact_range range = range_of(AT("09:00:00"), AT("11:00:00"), true);
	struct impact impact = { .rows = NULL };
	struct book *book = load(NEW);

	kit_price(kit, kit_quotes(OLD));
	for (int i = 0; i < 2 * ACCOUNTS; i++) {
		char id[16], account[16];

		snprintf(id, sizeof(id), "%d", i);
		snprintf(account, sizeof(account), "a%03d", i % ACCOUNTS);
		send(kit, id, account, AT("09:00:00"), "m", 1);
	}
	assert_int_equal(impact_of_stored(kit->ledger, book, &range, &impact, NULL), 0);
	assert_int_equal(impact.count, ACCOUNTS);
	for (int i = 0; i < ACCOUNTS; i++) {
		assert_int_equal(impact.rows[i].sums.events[IMPACT_RATED], 2);
		assert_true(impact.rows[i].sums.before[IMPACT_RATED].attos == 2 * ATTOS_PER_UNIT);
		assert_true(impact.rows[i].sums.after[IMPACT_RATED].attos == 3 * ATTOS_PER_UNIT);
	}
	impact_release(&impact);
	book_free(book);
}

/* Largest first, whichever way; of equal ones by their names. */
static void test_rows_are_sorted_by_what_the_change_is(void **state)
{
	struct ledgerkit *kit = *state;
	struct impact_range range = range_of(AT("09:00:00"), AT("11:00:00"), true);
	struct impact impact = { .rows = NULL };
	struct book *book = load(
		BOOK(MODEL("m", EACH("input", "0.5")) "," MODEL("n", EACH("input", "3"))));

	/* Nothing to sort. */
	impact_sort(&impact);
	assert_int_equal(impact_of_stored(kit->ledger, book, &range, &impact, NULL), 0);
	assert_string_equal(tell(&impact), "total:; ");
	impact_sort(&impact);
	impact_release(&impact);
	kit_price(kit, kit_quotes(BOOK(
			       MODEL("m", EACH("input", "1")) "," MODEL("n", EACH("input", "1")))));
	send(kit, "1", "a", AT("09:00:00"), "m", 2);
	send(kit, "2", "b", AT("09:00:00"), "m", 6);
	send(kit, "3", "c", AT("09:00:00"), "m", 2);
	send(kit, "4", "a", AT("09:00:00"), "n", 4);
	assert_int_equal(impact_of_stored(kit->ledger, book, &range, &impact, NULL), 0);
	impact_sort(&impact);
	assert_string_equal(tell(&impact), "a n: rated 1 4.00 12.00; b m: rated 1 6.00 3.00; "
	                                   "a m: rated 1 2.00 1.00; c m: rated 1 2.00 1.00; "
	                                   "total: rated 4 14.00 17.00; ");
	impact_release(&impact);
	book_free(book);
}

/* What a rerate refuses or leaves as it is has a place of its own. */
static void test_what_no_rerate_would_book_is_told_apart(void **state)
{
	static const char steps[] = BOOK(
		MODEL("m", EACH("input", "1") ",{'component':'input','each':'2','when':"
	                                      "{'context':{'gt':20}}}"));
	struct ledgerkit *kit = *state;
	struct impact_range range = range_of(AT("09:00:00"), AT("11:00:00"), false);
	struct impact impact = { .rows = NULL };
	struct book *book = load(steps), *old = load(OLD);

	kit_price(kit, kit_quotes(OLD));
	kit_send(
		kit,
		kit_quotes("{'id':'sum','time':'" AT(
			"09:00:00") "','account':'a','model':'m',"
	                            "'api':'openai.batch','response':[{'response':{'body':{'usage':"
	                            "{'prompt_tokens':15}}}},{'response':{'body':{'usage':"
	                            "{'prompt_tokens':15}}}}]}"));
	kit_send(kit, kit_quotes("{'id':'open','time':'" AT(
			      "09:00:00") "','account':'a','model':"
	                                  "'m','api':'toll','settlement':'partial','usage':{'input'"
	                                  ":3}}"));
	assert_int_equal(impact_of_stored(kit->ledger, book, &range, &impact, NULL), 0);
	assert_string_equal(tell(&impact), " m: parted 1 30.00 0.00 unsettled 1 3.00 3.00; "
	                                   "total: parted 1 30.00 0.00 unsettled 1 3.00 3.00; ");
	impact_release(&impact);
	/* Of two books it is either one that parts it. */
	assert_int_equal(impact_of_books(kit->ledger, book, old, &range, &impact, NULL), 0);
	assert_string_equal(tell(&impact), " m: rated 1 3.00 3.00 parted 1 0.00 30.00; "
	                                   "total: rated 1 3.00 3.00 parted 1 0.00 30.00; ");
	impact_release(&impact);
	assert_int_equal(impact_of_books(kit->ledger, old, book, &range, &impact, NULL), 0);
	assert_string_equal(tell(&impact), " m: rated 1 3.00 3.00 parted 1 30.00 0.00; "
	                                   "total: rated 1 3.00 3.00 parted 1 30.00 0.00; ");
	impact_release(&impact);
	book_free(book);
	book_free(old);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		T(test_what_is_stored_stands_beside_what_it_would_come_to),
		T(test_adjustments_are_in_what_is_stored),
		T(test_two_books_are_told_apart_by_model),
		T(test_a_range_with_adjustments_is_of_whole_hours),
		T(test_many_sums_are_kept_apart),
		T(test_rows_are_sorted_by_what_the_change_is),
		T(test_what_no_rerate_would_book_is_told_apart),
	};

	return cmocka_run_group_tests_name("impact", tests, NULL, NULL);
}
