/*
 * The generator of statements, before anything is reconciled with it: what it says an event costs
 * is what the ledger says, each of them by arithmetic of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ledger/read.h"
#include "tests/support/billgen.h"
#include "tests/support/billkit.h"
#include "tests/support/ledgerkit.h"

enum { SEEDS = 12, EVENTS = 600, FAULTS = 3 };

struct looked {
	const struct billgen *gen;
	int64_t seen, priced;
};

static int look(void *context, const struct stored_event *row)
{
	struct looked *looked = context;
	int64_t index = billgen_index(row->event.id);
	const struct billgen_event *event = &looked->gen->events[index];
	struct money own = billgen_price(looked->gen, event, &(struct billgen_how){ 0 });
	char theirs[MONEY_TEXT_BYTES], ours[MONEY_TEXT_BYTES];

	/* Its line has other counts, and a correction behind it. */
	if (event->fault == GEN_EVENT_CORRECTED) {
		looked->seen++;
		return 0;
	}
	for (int c = 0; c < COMPONENT_COUNT; c++)
		assert_int_equal(row->event.usage.count[c], event->count[c]);
	assert_int_equal(row->event.time_ms, event->time_ms);
	money_text(row->amount, ours);
	money_text(own, theirs);
	if (money_compare(own, row->amount) != 0)
		fail_msg("seed %llu, ev-%06lld of %s: the ledger has %s, its own arithmetic %s",
		         (unsigned long long)looked->gen->options.seed, (long long)index,
		         billgen_model_name(event->model), ours, theirs);
	looked->seen++;
	looked->priced += own.attos != 0;
	return 0;
}

static void test_the_ledger_prices_as_a_second_arithmetic_does(void **state)
{
	int64_t priced = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		const struct billgen_options options = { .seed = seed,
			                                 .events = EVENTS,
			                                 .faults = FAULTS,
			                                 .decimals = MONEY_DECIMALS_MAX };
		struct billkit kit;
		struct looked looked = { .gen = &kit.gen };

		billkit_open(&kit, &options);
		assert_int_equal(ledger_each_event(kit.ledger.ledger, LEDGER_FROM_MIN,
		                                   LEDGER_TO_MAX, look, &looked, NULL),
		                 0);
		assert_int_equal(looked.seen, kit.lines);
		priced += looked.priced;
		billkit_close(&kit);
	}
	/* All but those that failed or are free. */
	assert_true(priced > SEEDS * EVENTS * 9 / 10);
}

static void test_each_fault_is_injected_and_has_its_amount(void **state)
{
	int64_t injected[GEN_FAULT_COUNT] = { 0 };

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		const struct billgen_options options = { .seed = seed,
			                                 .events = EVENTS,
			                                 .faults = FAULTS,
			                                 .decimals = MONEY_DECIMALS_MAX };
		struct billgen gen;

		billgen_start(&gen, &options);
		for (int64_t i = 0; i < EVENTS; i++) {
			struct billgen_rows rows;

			billgen_rows(&gen, i, &rows);
			injected[rows.expected.fault]++;
			if (!rows.has_expected) {
				assert_true(money_compare(rows.ours, rows.theirs) == 0);
				continue;
			}
			if (rows.expected.amount.attos == 0)
				fail_msg("seed %llu: %s of ev-%06lld moves nothing",
				         (unsigned long long)seed,
				         billgen_fault_name(rows.expected.fault), (long long)i);
		}
		billgen_release(&gen);
	}
	for (int f = GEN_NO_FAULT + 1; f < GEN_FAULT_COUNT; f++)
		assert_int_equal(injected[f], SEEDS * FAULTS);
}

static void test_the_same_seed_gives_the_same_bytes(void **state)
{
	const struct billgen_options options = {
		.seed = 7, .events = EVENTS, .faults = FAULTS, .decimals = MONEY_DECIMALS_MAX
	};
	struct billgen first, again;
	struct buf one = { .at = NULL }, two = { .at = NULL };

	(void)state;
	billgen_start(&first, &options);
	billgen_start(&again, &options);
	for (int64_t i = 0; i < EVENTS; i++) {
		billgen_lines(&first, i, &one);
		billgen_lines(&again, i, &two);
	}
	assert_true(text_equal(buf_text(&one), buf_text(&two)));
	assert_true(one.len > (size_t)EVENTS * 100);
	buf_release(&one);
	buf_release(&two);
	billgen_release(&first);
	billgen_release(&again);
}

/* The rows of a statement as they are read, beside those that were written. */
struct rows_read {
	struct billkit *kit;
	enum billgen_format format;
	struct billgen_rows due;
	int64_t row, event;
	size_t at; /* of due */
};

static void compare_flags(const struct rows_read *rows, const struct statement_row *row,
                          const struct statement_row *due)
{
	/* A program that writes finish reasons says so of each: a row of its own has none. */
	unsigned flags = STATEMENT_CANCELLED | STATEMENT_BYOK | STATEMENT_BLANK;

	if ((row->flags & flags) != (due->flags & flags))
		fail_msg("record %lld: flags %x, not %x", (long long)rows->row, row->flags & flags,
		         due->flags & flags);
}

static int compare_row(void *context, const struct statement_row *row, struct fault *fault)
{
	struct rows_read *rows = context;
	const struct statement_row *due;

	(void)fault;
	assert_true(rows->row < rows->kit->rows);
	if (rows->row == 0 || rows->kit->event_of[rows->row] != rows->event) {
		rows->event = rows->kit->event_of[rows->row];
		rows->at = 0;
		billgen_rows(&rows->kit->gen, rows->event, &rows->due);
	}
	due = &rows->due.row[rows->at++];
	rows->row++;
	assert_int_equal(row->record, rows->row);
	assert_true(text_equal(row->id, due->id));
	assert_true(text_equal(row->account, due->account));
	assert_true(text_equal(row->key, due->key));
	assert_true(text_equal(row->model, due->model));
	assert_int_equal(row->from_ms, due->from_ms);
	assert_int_equal(row->charge, due->charge);
	assert_true(money_compare(statement_amount(row), statement_amount(due)) == 0);
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (statement_tells(row, (enum component)c))
			assert_int_equal(row->count[c], due->count[c]);
		else
			assert_true(!statement_tells(due, (enum component)c));
	}
	compare_flags(rows, row, due);
	return 0;
}

static void test_a_statement_is_read_as_it_was_meant(void **state)
{
	static const enum billgen_format formats[] = { GEN_TOLL_CSV, GEN_MAPPED_NDJSON };
	const struct billgen_options options = {
		.seed = 5, .events = EVENTS, .faults = FAULTS, .decimals = MONEY_DECIMALS_MAX
	};
	char path[KIT_PATH_BYTES];
	struct billkit kit;

	(void)state;
	billkit_open(&kit, &options);
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct rows_read rows = { .kit = &kit, .format = formats[i] };
		struct statement_summary summary;

		billkit_write(&kit, formats[i], BILLKIT_IDS, path);
		billkit_read(&kit, path, formats[i], compare_row, &rows, &summary);
		statement_summary_release(&summary);
		assert_int_equal(rows.row, kit.rows);
	}
	billkit_close(&kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_ledger_prices_as_a_second_arithmetic_does),
		cmocka_unit_test(test_each_fault_is_injected_and_has_its_amount),
		cmocka_unit_test(test_the_same_seed_gives_the_same_bytes),
		cmocka_unit_test(test_a_statement_is_read_as_it_was_meant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
