/* A result for programs and for a page: results that are made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/moment.h"
#include "bill/result.h"
#include "bill/tally.h"
#include "export/export.h"

#define UNIT ((wide)ATTOS_PER_UNIT)

/* All that may be hostile, in one name. */
#define HOSTILE "<script>alert(1)</script>\"'>]]>&\xe2\x80\xae\xff"
#define HARMLESS                                                                                   \
	"&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&gt;]]&gt;&amp;[U+202E]\xef\xbf\xbd"

struct made {
	struct bill_result result;
	struct statement_summary summary;
	struct bill_statement_name name;
	struct buf out;
	struct fault fault;
};

static void add_cause(struct made *made, enum bill_cause cause, wide attos, int64_t differences)
{
	struct bill_cause_sum *sum = &made->result.causes[cause];

	sum->differences += differences;
	sum->amount.attos += attos;
	sum->absolute.attos += attos < 0 ? -attos : attos;
	made->result.theirs.amount.attos += attos;
	made->result.left.attos += attos < 0 ? -attos : attos;
	made->result.differences += differences;
	made->result.left_count += differences;
}

static struct bill_difference *add_difference(struct made *made, enum bill_cause cause, wide attos)
{
	struct bill_result *result = &made->result;
	struct bill_difference *difference = &result->worst[result->worst_count++];

	add_cause(made, cause, attos, 1);
	*difference = (struct bill_difference){
		.ordinal = result->differences,
		.cause = cause,
		.component = COMPONENT_COUNT,
		.amount = { attos },
		.whole = true,
		.ours = { 2 * UNIT },
		.theirs = { 2 * UNIT + attos },
		.ours_count = BILL_COUNT_UNTOLD,
		.theirs_count = BILL_COUNT_UNTOLD,
		.ours_ms = result->from_ms,
		.theirs_ms = EVENT_ABSENT,
		.record = 7,
		.id = text_of("our-1"),
		.their_id = text_of("gen-1"),
		.model = text_of("acme/llama"),
		.why = text_of("1000 x 0.50 per million, not 1.00"),
	};
	return difference;
}

static void begin(struct made *made, wide ours)
{
	*made = (struct made){ .result = { .match = MATCH_DAY } };
	moment_parse_date(text_of("2026-10"), &made->result.from_ms);
	moment_parse_date(text_of("2026-11"), &made->result.to_ms);
	strcpy(made->result.currency, "USD");
	made->result.ours.amount.attos = made->result.theirs.amount.attos = ours;
	made->result.ours_events.attos = ours;
	made->result.ours.requests = made->result.ours.rows = 900;
	made->result.theirs.requests = STATEMENT_UNTOLD;
	made->result.theirs.rows = 31;
	memset(made->summary.sha256, 'a', SHA256_HEX_BYTES - 1);
	made->summary.rows = 31;
	made->summary.first_ms = made->result.from_ms;
	made->summary.last_ms = made->result.to_ms;
	made->name = (struct bill_statement_name){ "october.csv", &made->summary };
	buf_add_cstr(&made->out, "");
}

static void end(struct made *made)
{
	bill_result_release(&made->result);
	statement_summary_release(&made->summary);
	buf_release(&made->out);
}

static void make_json(struct made *made)
{
	made->name.summary = &made->summary;
	buf_clear(&made->out);
	assert_int_equal(0,
	                 bill_result_json(&made->result, &made->name, 1, &made->out, &made->fault));
}

static void make_html(struct made *made)
{
	made->name.summary = &made->summary;
	buf_clear(&made->out);
	assert_int_equal(0,
	                 bill_result_html(&made->result, &made->name, 1, &made->out, &made->fault));
}

static void says(const struct made *made, const char *words)
{
	if (strstr(made->out.at, words) == NULL)
		fail_msg("does not say \"%s\":\n%s", words, made->out.at);
}

static void says_not(const struct made *made, const char *words)
{
	if (strstr(made->out.at, words) != NULL)
		fail_msg("says \"%s\":\n%s", words, made->out.at);
}

static void test_the_json_holds_both_sides_and_every_cause(void **state)
{
	static const char *const parts[] = {
		"{\"reconciliation\":1,\"match\":\"day\",\"from\":\"2026-10-01T00:00:00.000Z\",",
		"\"sha256\":\"aaaa",
		"\"name\":\"october.csv\",\"format\":\"mapping\",\"grain\":\"request\"",
		"\"totals\":[{\"currency\":null,\"rows\":31,\"amount\":\"101.25\"}]",
		"\"ours\":{\"amount\":\"100.00\",\"requests\":900,\"rows\":900,\"events\":\"99."
		"00\","
		"\"adjustments\":\"0.50\",\"corrections\":\"0.50\",\"suspense\":3}",
		"\"theirs\":{\"amount\":\"101.25\",\"requests\":null,\"rows\":31,",
		"\"difference\":\"1.25\"",
		"{\"cause\":\"price\",\"differences\":1,\"amount\":\"1.50\",",
		"{\"cause\":\"fee\",\"differences\":1,\"amount\":\"-0.25\",\"absolute\":\"0.25\",",
		"\"left\":\"1.75\",\"left_differences\":2,\"equal_within\":false",
		"{\"difference\":1,\"cause\":\"price\",\"effect\":null,\"component\":null,"
		"\"amount\":\"1.50\",\"tolerated\":0,\"ours\":\"2.00\",\"theirs\":\"3.50\"",
		"\"theirs_time\":null",
		"\"notes\":[\"by day: no ids\"]}\n",
	};
	struct json doc = { .nodes = NULL };
	struct buf first = { .at = NULL };
	struct made made;

	(void)state;
	begin(&made, 100 * UNIT);
	add_difference(&made, CAUSE_PRICE, 3 * UNIT / 2);
	add_difference(&made, CAUSE_FEE, -UNIT / 4);
	made.result.worst[1].ours_ms = EVENT_ABSENT;
	made.result.ours_events.attos = 99 * UNIT;
	made.result.ours_adjustments.attos = made.result.ours_corrections.attos = UNIT / 2;
	made.result.ours_suspense = 3;
	made.summary.total_count = 1;
	made.summary.totals[0].rows = 31;
	made.summary.totals[0].amount = made.result.theirs.amount;
	buf_add_cstr(&made.result.notes, "by day: no ids\n");
	make_json(&made);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		says(&made, parts[i]);
	assert_int_equal(0, json_parse(&doc, buf_text(&made.out), &made.fault));
	assert_int_equal(2, doc.nodes[json_member(&doc, 0, "causes")].count);
	buf_add_text(&first, buf_text(&made.out));
	make_json(&made);
	assert_true(text_equal(buf_text(&first), buf_text(&made.out)));
	json_release(&doc);
	buf_release(&first);
	end(&made);
}

static void test_what_is_not_told_is_not_a_number(void **state)
{
	struct made made;

	(void)state;
	begin(&made, 0);
	/* One that is taken back is a number, and its -1 not what theirs does not tell. */
	made.result.ours.requests = made.result.theirs.requests = -1;
	/* Rows that are known by their ids alone. */
	made.summary.first_ms = made.summary.last_ms = 0;
	make_json(&made);
	says(&made, "\"ours\":{\"amount\":\"0.00\",\"requests\":-1,");
	says(&made, "\"theirs\":{\"amount\":\"0.00\",\"requests\":null,");
	says(&made, "\"rows\":31,\"totals\":[");
	end(&made);
}

static void test_hostile_texts_are_texts_in_both(void **state)
{
	struct json doc = { .nodes = NULL };
	struct bill_difference *difference;
	struct made made;

	(void)state;
	begin(&made, UNIT);
	difference = add_difference(&made, CAUSE_UNEXPLAINED, UNIT);
	difference->id = difference->their_id = difference->source = text_of(HOSTILE);
	difference->model = difference->account = difference->key = text_of(HOSTILE);
	difference->why = text_of(HOSTILE);
	difference->ours_made = difference->theirs_made = text_of(HOSTILE);
	made.name.name = HOSTILE;
	buf_add_cstr(&made.summary.notes, HOSTILE "\n");
	buf_add_cstr(&made.result.notes, HOSTILE "\n");
	strcpy(made.summary.totals[0].currency, "<b>");
	made.summary.total_count = 1;
	strcpy(made.result.currency, "<u>");
	make_html(&made);
	says(&made, "<small>account " HARMLESS);
	says(&made, "<small>key " HARMLESS);
	says(&made, "no. 1: " HARMLESS);
	says(&made, "<b>ours</b> " HARMLESS);
	says(&made, "<b>theirs</b> " HARMLESS);
	says(&made, "<title>Reconciliation: " HARMLESS "</title>");
	says(&made, "<li>" HARMLESS ": " HARMLESS "</li>");
	says_not(&made, "<script");
	says_not(&made, "\xe2\x80\xae");
	says_not(&made, "<u>");
	says_not(&made, " <b>,");
	make_json(&made);
	assert_int_equal(0, json_parse(&doc, buf_text(&made.out), &made.fault));
	json_release(&doc);
	end(&made);
}

static void test_the_page_has_its_totals_first_and_needs_nothing(void **state)
{
	static const char *const order[] = {
		"Ours: the ledger",   "Theirs: the statement", "Difference: theirs less ours",
		"To know first",      "<svg class=\"fall\"",   "Causes</h2>",
		"<td data-l=\"of\">", "What was read"
	};
	static const char *const never[] = { "<script", "<img",  "<link",  "src=",    "href=",
		                             "url(",    "http:", "https:", "@import", "onload" };
	struct made made;
	const char *at;

	(void)state;
	begin(&made, 100 * UNIT);
	add_difference(&made, CAUSE_PRICE, UNIT);
	made.result.ours_suspense = 1;
	make_html(&made);
	at = made.out.at;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		at = strstr(at, order[i]);
		if (at == NULL)
			fail_msg("\"%s\" is not there, or not behind the one before", order[i]);
	}
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		says_not(&made, never[i]);
	says(&made, "<b>100.00</b><p>900 requests</p>");
	says(&made, "<b>101.00</b><p>31 rows</p>");
	says(&made, "<b>+1.00</b><p>1 difference</p>");
	says(&made, "1 event of ours without a price: a hole in our total");
	end(&made);
}

static void test_the_verdict_is_told_in_words(void **state)
{
	struct made made;

	(void)state;
	begin(&made, 100 * UNIT);
	made.result.equal_within = true;
	make_html(&made);
	says(&made, "Both sides agree, to the last digit.");
	says_not(&made, "Causes</h2>");
	add_difference(&made, CAUSE_ROUNDING, 1);
	make_html(&made);
	says(&made, "agree within the tolerances: what these leave is 0.000000000000000001.");
	made.result.equal_within = false;
	make_html(&made);
	says(&made, "The sides differ: 1 difference, 0.000000000000000001 in all");
	end(&made);
}

static void test_counts_that_agree_are_no_amounts(void **state)
{
	struct made made;

	(void)state;
	begin(&made, 100 * UNIT);
	made.result.equal_within = made.result.priced_here = true;
	make_html(&made);
	says(&made, "Both sides' counts agree; the statement has no amounts");
	says_not(&made, "to the last digit");
	end(&made);
}

static void set_total(struct statement_summary *summary, const char *currency, int64_t rows,
                      wide attos)
{
	size_t t = summary->total_count++;

	strcpy(summary->totals[t].currency, currency);
	summary->totals[t].rows = rows;
	summary->totals[t].amount.attos = attos;
}

static void test_what_no_total_has_stands_beside_it(void **state)
{
	struct statement_summary one = { .rows = 1 }, two = { .rows = 1 };
	const struct bill_statement_name names[] = { { "one", &one }, { "two", &two } };
	struct buf said = { .at = NULL };
	struct made made;

	(void)state;
	begin(&made, 100 * UNIT);
	make_html(&made);
	says_not(&made, "not in the total");
	set_total(&one, "", 5, UNIT);
	set_total(&one, "EUR", 2, 12 * UNIT);
	set_total(&one, made.result.currency, 9, UNIT);
	bill_result_other_currencies(&made.result, names, 2, &said);
	assert_string_equal(said.at, "12.00 EUR in 2 rows");
	set_total(&two, "EUR", 1, UNIT / 2);
	set_total(&two, "GBP", 1, -UNIT);
	buf_clear(&said);
	bill_result_other_currencies(&made.result, names, 2, &said);
	assert_string_equal(said.at, "12.50 EUR in 3 rows, -1.00 GBP in 1 row");
	set_total(&made.summary, "EUR", 3, 12 * UNIT);
	made.name.summary = &made.summary;
	make_html(&made);
	says(&made, "<p>and 12.00 EUR in 3 rows, which is not in the total</p></div>");
	/* A sum that does not fit is not a wrong one. */
	two.totals[0].amount.attos = one.totals[1].amount.attos = (wide)1 << 126;
	buf_clear(&said);
	bill_result_other_currencies(&made.result, names, 2, &said);
	assert_non_null(strstr(said.at, "more than can be told EUR"));
	buf_release(&said);
	end(&made);
}

/* x and width of the bars are hundredths of a percent of the axis. */
static void test_the_axis_is_cut_where_differences_are_small(void **state)
{
	static const struct {
		const char *label;
		wide ours, price, fee;
		const char *says[6], *cut;
	} rows[] = {
		{ "much is missing",
		  100 * UNIT,
		  300 * UNIT,
		  0,
		  { "<rect class=\"total\" y=\"23\" height=\"14\" x=\"0.00%\" width=\"25.00%\"/>",
		    "<rect class=\"more\" y=\"71\" height=\"14\" x=\"25.00%\" width=\"75.00%\"/>",
		    "<rect class=\"total\" y=\"119\" height=\"14\" x=\"0.00%\" width=\"100.00%\"/>",
		    ">0.00</text>", ">400.00</text>" },
		  NULL },
		{ "a little",
		  1000 * UNIT,
		  4 * UNIT,
		  -2 * UNIT,
		  { ">999.00</text>", ">1004.00</text>", "x=\"20.00%\" width=\"80.00%\"",
		    "<rect class=\"less\" y=\"119\" height=\"14\" x=\"60.00%\" width=\"40.00%\"/>",
		    "<rect class=\"total\" y=\"23\" height=\"14\" x=\"0.00%\" width=\"20.00%\"/>",
		    "class=\"gap\"" },
		  "The axis is cut" },
		{ "less than can be drawn",
		  1000 * UNIT,
		  4 * UNIT,
		  1,
		  { "y=\"119\" height=\"14\" x=\"98.03%\" width=\"0.01%\"/>" },
		  "The axis is cut" },
		{ "theirs less, below 0",
		  -1000 * UNIT,
		  -4 * UNIT,
		  0,
		  { ">-1004.00</text>", ">-999.00</text>",
		    "<rect class=\"less\" y=\"71\" height=\"14\" x=\"0.00%\" width=\"80.00%\"/>",
		    "<rect class=\"total\" y=\"23\" height=\"14\" x=\"80.00%\" width=\"20.00%\"/>",
		    "x=\"96%\"" },
		  "The axis is cut" },
		{ "nothing at all", 0, 0, 0, { "<svg class=\"fall\"" }, NULL },
		{ "the largest totals",
		  ((wide)1 << 124),
		  0,
		  0,
		  { "Ours 21267647932558653966.460912964485513216; Theirs" },
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct made made;

		begin(&made, rows[i].ours);
		if (rows[i].price != 0)
			add_difference(&made, CAUSE_PRICE, rows[i].price);
		if (rows[i].fee != 0)
			add_difference(&made, CAUSE_FEE, rows[i].fee);
		make_html(&made);
		print_message("%s\n", rows[i].label);
		for (size_t s = 0; s < 6 && rows[i].says[s] != NULL; s++)
			says(&made, rows[i].says[s]);
		if (rows[i].cut != NULL)
			says(&made, rows[i].cut);
		else
			says_not(&made, "The axis is cut");
		end(&made);
	}
}

static void test_the_picture_is_told_in_words_too(void **state)
{
	struct made made;

	(void)state;
	begin(&made, 100 * UNIT);
	add_cause(&made, CAUSE_COUNTS, -UNIT, 5);
	make_html(&made);
	says(&made, "role=\"img\" aria-labelledby=\"fall-title fall-desc\"");
	says(&made, "<desc id=\"fall-desc\">Ours 100.00; counts -1.00; Theirs 99.00. The axis does "
	            "not begin at 0.</desc>");
	end(&made);
}

static void test_causes_that_do_not_add_up_are_shown_nowhere(void **state)
{
	struct made made;

	(void)state;
	begin(&made, 100 * UNIT);
	add_difference(&made, CAUSE_PRICE, UNIT);
	made.result.theirs.amount.attos++;
	assert_int_equal(-FAULT_INTERNAL,
	                 bill_result_json(&made.result, &made.name, 1, &made.out, &made.fault));
	assert_int_equal(-FAULT_INTERNAL,
	                 bill_result_html(&made.result, &made.name, 1, &made.out, &made.fault));
	assert_int_equal(0, made.out.len);
	assert_non_null(strstr(made.fault.text, "do not add up"));
	end(&made);
}

static void test_pairs_that_do_not_add_up_are_a_fault(void **state)
{
	struct fault fault = { .code = FAULT_NONE };
	struct bill_tally tally = { .theirs = { 5 }, .parts = { 2 }, .fault = &fault };

	(void)state;
	assert_int_equal(0, bill_tally_adds_up(&tally, (struct money){ 3 }, tally.theirs));
	assert_int_equal(-FAULT_INTERNAL,
	                 bill_tally_adds_up(&tally, (struct money){ 2 }, tally.theirs));
	assert_non_null(
		strstr(fault.text, "the parts of the pairs do not add up to the difference"));
	assert_int_equal(-FAULT_INTERNAL,
	                 bill_tally_adds_up(&tally, (struct money){ 4 }, (struct money){ 6 }));
	assert_string_equal(fault.text,
	                    "the pairs do not add up to the total of the statement, which is a "
	                    "fault of toll: nothing is shown; report it");
}

static void test_a_result_that_finds_no_room_is_none(void **state)
{
	struct made made;

	(void)state;
	begin(&made, 100 * UNIT);
	add_difference(&made, CAUSE_PRICE, UNIT);
	made.out.max_bytes = 1000;
	assert_int_equal(-FAULT_NOMEM,
	                 bill_result_json(&made.result, &made.name, 1, &made.out, &made.fault));
	buf_clear(&made.out);
	assert_int_equal(-FAULT_NOMEM,
	                 bill_result_html(&made.result, &made.name, 1, &made.out, &made.fault));
	end(&made);
}

static void test_a_row_of_csv_is_a_difference(void **state)
{
	struct table table = { .rows = NULL };
	struct bill_difference *difference;
	struct buf csv = { .at = NULL };
	struct made made;

	(void)state;
	begin(&made, 100 * UNIT);
	difference = add_difference(&made, CAUSE_COUNTS, UNIT);
	difference->effect = EFFECT_TOKENS;
	difference->component = COMPONENT_OUTPUT;
	difference->ours_count = 10;
	difference->theirs_count = 0;
	difference->account = text_of("=1+1");
	difference = add_difference(&made, CAUSE_DUPLICATE, UNIT);
	difference->whole = false;
	difference->of_record = 3;
	difference->ours_ms = EVENT_ABSENT;
	difference->tolerated = true;
	bill_difference_columns(&table);
	bill_difference_row(&table, &made.result.worst[0]);
	bill_difference_row(&table, &made.result.worst[1]);
	export_csv(&csv, &table);
	assert_string_equal(
		csv.at,
		"difference,cause,effect,component,amount,tolerated,ours,theirs,ours_count,"
		"theirs_count,ours_time,theirs_time,source,id,their_id,account,key,model,record,"
		"of_record,why\n"
		"1,counts,tokens,output,1.00,0,2.00,3.00,10,0,2026-10-01T00:00:00.000Z,,,our-1,"
		"gen-1,'=1+1,,acme/llama,7,,\"1000 x 0.50 per million, not 1.00\"\n"
		"2,duplicate,,,1.00,1,,,,,,,,our-1,gen-1,,,acme/llama,7,3,\"1000 x 0.50 per "
		"million, "
		"not 1.00\"\n");
	table_release(&table);
	buf_release(&csv);
	end(&made);
}

static void test_a_count_below_zero_is_a_count(void **state)
{
	struct bill_difference *difference;
	struct made made;

	(void)state;
	begin(&made, 100 * UNIT);
	difference = add_difference(&made, CAUSE_COUNTS, UNIT);
	difference->component = COMPONENT_OUTPUT;
	difference->ours_count = -1;
	difference->theirs_count = -1;
	assert_int_equal(0, bill_result_json(&made.result, &made.name, 1, &made.out, &made.fault));
	says(&made, "\"ours_count\":-1,\"theirs_count\":-1,");
	buf_clear(&made.out);
	assert_int_equal(0, bill_result_html(&made.result, &made.name, 1, &made.out, &made.fault));
	says(&made, "<small>count -1</small>");
	end(&made);
}

static void test_what_must_not_be_overlooked_is_told(void **state)
{
	struct made made;

	(void)state;
	begin(&made, UNIT);
	bill_result_warnings(&made.result, &made.name, 1, &made.out);
	assert_int_equal(0, made.out.len);
	made.name.summary = &made.summary;
	made.result.ours_suspense = 2;
	made.result.priced_here = true;
	made.result.outside = 1;
	buf_add_cstr(&made.summary.notes, "a total line passed over\n");
	buf_add_cstr(&made.result.notes, "by day\nand so on\n");
	bill_result_warnings(&made.result, &made.name, 1, &made.out);
	assert_string_equal(
		made.out.at,
		"2 events of ours without a price: a hole in our total: toll suspense list\n"
		"the statement has no amounts: theirs is its counts at our prices\n"
		"1 row of the statement outside the period, and not in its total here\n"
		"october.csv: a total line passed over\nby day\nand so on\n");
	end(&made);
}

static void test_the_names_of_causes_are_found_again(void **state)
{
	(void)state;
	for (int c = 0; c < CAUSE_COUNT; c++)
		assert_int_equal(c, bill_cause_find(text_of(bill_cause_name((enum bill_cause)c))));
	assert_int_equal(CAUSE_COUNT, bill_cause_find(text_of("weather")));
	assert_int_equal(CAUSE_COUNT, bill_cause_find(text_of(NULL)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_json_holds_both_sides_and_every_cause),
		cmocka_unit_test(test_what_is_not_told_is_not_a_number),
		cmocka_unit_test(test_hostile_texts_are_texts_in_both),
		cmocka_unit_test(test_the_page_has_its_totals_first_and_needs_nothing),
		cmocka_unit_test(test_the_verdict_is_told_in_words),
		cmocka_unit_test(test_counts_that_agree_are_no_amounts),
		cmocka_unit_test(test_what_no_total_has_stands_beside_it),
		cmocka_unit_test(test_the_axis_is_cut_where_differences_are_small),
		cmocka_unit_test(test_the_picture_is_told_in_words_too),
		cmocka_unit_test(test_causes_that_do_not_add_up_are_shown_nowhere),
		cmocka_unit_test(test_pairs_that_do_not_add_up_are_a_fault),
		cmocka_unit_test(test_a_result_that_finds_no_room_is_none),
		cmocka_unit_test(test_a_row_of_csv_is_a_difference),
		cmocka_unit_test(test_a_count_below_zero_is_a_count),
		cmocka_unit_test(test_what_must_not_be_overlooked_is_told),
		cmocka_unit_test(test_the_names_of_causes_are_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
