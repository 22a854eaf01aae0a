/* What a person sees of a reconciliation: one screen, in which the causes add up. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "cli/reconcile.h"

#define UNIT ((wide)ATTOS_PER_UNIT)

enum { LINES_MAX = 23 };

struct seen {
	struct context context;
	struct reconciled *reconciled;
};

/* So many causes, the n-th of an amount of n, and of notes. */
static void begin(struct seen *seen, size_t width, int causes, int notes)
{
	struct bill_result *result;

	*seen = (struct seen){ .reconciled = calloc(1, sizeof(*seen->reconciled)) };
	assert_non_null(seen->reconciled);
	seen->context.printer = (struct printer){ &seen->context.out, width, false };
	seen->reconciled->statements[0] = (struct bill_statement_name){
		"a-statement-with-quite-a-name-for-october-2026.csv",
		&seen->reconciled->summaries[0],
	};
	seen->reconciled->count = 1;
	result = &seen->reconciled->result;
	result->match = MATCH_ID;
	moment_parse_date(text_of("2026-10"), &result->from_ms);
	moment_parse_date(text_of("2026-11"), &result->to_ms);
	strcpy(result->currency, "USD");
	result->ours.amount.attos = result->theirs.amount.attos = 123456 * UNIT + 1;
	result->ours_events.attos = result->ours.amount.attos - 1;
	result->ours_corrections.attos = 1;
	for (int c = 0; c < causes; c++) {
		wide amount = c % 2 == 0 ? (c + 1) * UNIT : -(c + 1) * UNIT;

		result->causes[c] = (struct bill_cause_sum){
			.differences = c + 1,
			.amount = { amount },
			.absolute = { amount < 0 ? -amount : amount },
		};
		result->theirs.amount.attos += amount;
		result->differences += c + 1;
	}
	result->left_count = result->differences;
	result->left.attos = 5 * UNIT;
	result->equal_within = causes == 0;
	for (int n = 0; n < notes; n++)
		buf_addf(&result->notes,
		         "note %d is told in a line, however many words there are in it, and it "
		         "is cut where that ends\n",
		         n);
	reconcile_summary(&seen->context, seen->reconciled, true);
	assert_int_equal(0, seen->context.out.error);
}

static void end(struct seen *seen)
{
	buf_release(&seen->context.out);
	bill_result_release(&seen->reconciled->result);
	free(seen->reconciled);
}

static void says(const struct seen *seen, const char *words, bool wanted)
{
	if ((strstr(seen->context.out.at, words) != NULL) != wanted)
		fail_msg("%s \"%s\":\n%s", wanted ? "does not say" : "says", words,
		         seen->context.out.at);
}

/* By columns: a note that is cut ends in an ellipsis, of three bytes. */
static void fits(struct text text)
{
	struct text line;

	while (text_cut(&text, '\n', &line)) {
		if (printer_width(line) > PRINTER_WIDTH)
			fail_msg("longer than a line: %.*s", TEXT_ARGS(line));
	}
}

static int lines_of(const struct seen *seen)
{
	int lines = 0;

	for (size_t i = 0; i < seen->context.out.len; i++)
		lines += seen->context.out.at[i] == '\n';
	return lines;
}

static void test_it_fits_a_screen_whatever_there_is(void **state)
{
	static const int notes[] = { 0, 1, 2, 9 };

	(void)state;
	for (int causes = 0; causes <= CAUSE_COUNT; causes++) {
		for (size_t n = 0; n < sizeof(notes) / sizeof(notes[0]); n++) {
			struct seen seen;

			begin(&seen, PRINTER_WIDTH, causes, notes[n]);
			fits(buf_text(&seen.context.out));
			/* And one that says that it is stored. */
			if (lines_of(&seen) + 1 > LINES_MAX)
				fail_msg("%d causes, %d notes: %d lines\n%s", causes, notes[n],
				         lines_of(&seen), seen.context.out.at);
			end(&seen);
		}
	}
}

static void test_causes_that_find_no_room_are_one_row_of_others(void **state)
{
	struct seen seen;

	(void)state;
	begin(&seen, PRINTER_WIDTH, CAUSE_COUNT, 0);
	says(&seen, "Ours: events 123456.00, adjustments 0.00, corrections 0.00000", true);
	/* The largest is shown, the smallest is not; together they are the difference. */
	says(&seen, "\nunexplained           20  -20.00\n", true);
	says(&seen, "missing-here", false);
	says(&seen, "\n15 others            120   +8.00\n", true);
	says(&seen, "\nall                  210  -10.00\n", true);
	end(&seen);
	/* Where nobody looks at a screen all are told, with what they mean, and every note. */
	begin(&seen, PRINTER_ANY_WIDTH, CAUSE_COUNT, 9);
	says(&seen, "missing-here               1   +1.00  on the statement", true);
	says(&seen, " others ", false);
	says(&seen, "Note: note 8 is told", true);
	end(&seen);
}

static void test_what_is_equal_says_so(void **state)
{
	struct seen seen;

	(void)state;
	begin(&seen, PRINTER_WIDTH, 0, 3);
	says(&seen, "No difference, to the last digit.\n", true);
	says(&seen, "Cause", false);
	says(&seen, "1 more note: --json\n", true);
	end(&seen);
}

static void show_again(struct seen *seen)
{
	buf_clear(&seen->context.out);
	reconcile_summary(&seen->context, seen->reconciled, true);
}

static void test_a_verdict_of_amounts_that_were_cut_says_so(void **state)
{
	struct seen seen;

	(void)state;
	begin(&seen, PRINTER_WIDTH, 0, 0);
	says(&seen, "No difference, to the last digit.", true);
	seen.reconciled->result.cut = 20;
	show_again(&seen);
	says(&seen, "to the last digit", false);
	says(&seen, "No difference to the 18th decimal: 20 amounts of the statement have more",
	     true);
	fits(buf_text(&seen.context.out));
	end(&seen);
}

static void test_a_verdict_of_counts_alone_says_so(void **state)
{
	struct seen seen;

	(void)state;
	begin(&seen, PRINTER_WIDTH, 0, 0);
	seen.reconciled->result.priced_here = true;
	show_again(&seen);
	says(&seen, "No difference in the counts; the statement has no amounts.\n", true);
	says(&seen, "to the last digit", false);
	end(&seen);
	begin(&seen, PRINTER_ANY_WIDTH, 2, 0);
	says(&seen, "the statement has no amounts", false);
	seen.reconciled->result.priced_here = true;
	show_again(&seen);
	says(&seen, "without its sign. Of counts: the statement has no amounts.\n", true);
	seen.reconciled->result.equal_within = true;
	show_again(&seen);
	says(&seen, "in 3 differences. Of counts: the statement has no amounts.\n", true);
	end(&seen);
}

static void test_rows_of_another_currency_are_told(void **state)
{
	struct seen seen;

	(void)state;
	begin(&seen, PRINTER_WIDTH, 0, 0);
	says(&seen, "not in the total", false);
	strcpy(seen.reconciled->summaries[0].totals[0].currency, "EUR");
	seen.reconciled->summaries[0].totals[0].rows = 3;
	seen.reconciled->summaries[0].totals[0].amount.attos = 12 * UNIT + UNIT / 4;
	seen.reconciled->summaries[0].total_count = 1;
	show_again(&seen);
	says(&seen, "\nTheirs: and 12.25 EUR in 3 rows, which is not in the total\n", true);
	end(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_fits_a_screen_whatever_there_is),
		cmocka_unit_test(test_causes_that_find_no_room_are_one_row_of_others),
		cmocka_unit_test(test_what_is_equal_says_so),
		cmocka_unit_test(test_a_verdict_of_amounts_that_were_cut_says_so),
		cmocka_unit_test(test_a_verdict_of_counts_alone_says_so),
		cmocka_unit_test(test_rows_of_another_currency_are_told),
	};

	/* As the program has it. */
	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
