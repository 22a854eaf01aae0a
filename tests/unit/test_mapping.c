#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "statement/mapped.h"
#include "tests/support/failmem.h"

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

static const char whole[] =
	"{\"container\":\"csv\",\"zone\":\"Europe/Berlin\",\"currency\":\"EUR\","
	"\"delimiter\":\";\",\"decimal\":\",\",\"thousands\":\".\",\"symbol\":\"$\","
	"\"notes\":[\"x\"],\"below_zero\":\"adjustment\",\n"
	"\"columns\":{\n"
	"\"Generation\":{\"field\":\"id\",\"note\":\"n\"},\n"
	"\"Created\":{\"field\":\"time\",\"clock\":\"day-first\"},\n"
	"\"Cost (cents)\":{\"field\":\"amount\",\"unit\":\"cents\",\"currency\":\"USD\"},\n"
	"\"Refund\":{\"field\":\"discount\",\"unit\":\"ticks\",\"sign\":\"-\"},\n"
	"\"Tokens in (k)\":{\"field\":\"input\",\"units\":1000,\"required\":false},\n"
	"\"Comment\":{\"ignore\":true,\"note\":\"n\"},\n"
	"\"More\":{\"ignore\":true}}}";

static void test_a_whole_mapping_is_read(void **state)
{
	struct statement_mapping mapping = { 0 };
	struct fault fault = { 0 };
	const struct statement_line *line;

	(void)state;
	if (statement_mapping_parse(&mapping, text_of(whole), &fault) < 0)
		fail_msg("%s", fault.text);
	assert_int_equal(mapping.container, STATEMENT_CSV);
	assert_string_equal(zone_name(mapping.zone), "Europe/Berlin");
	assert_string_equal(mapping.currency, "EUR");
	assert_string_equal(mapping.symbol, "$");
	assert_int_equal(mapping.delimiter, ';');
	assert_int_equal(mapping.decimal_point, ',');
	assert_int_equal(mapping.thousands, '.');
	assert_int_equal(mapping.below_zero, STATEMENT_ADJUSTMENT);
	assert_false(mapping.others_ignored);
	line = mapping.lines;
	assert_string_equal(line[0].column, "Generation");
	assert_int_equal(line[0].field, FIELD_ID);
	assert_true(line[0].required);
	assert_int_equal(line[1].field, FIELD_TIME);
	assert_int_equal(line[1].clock, CLOCK_DAY_FIRST);
	assert_int_equal(line[2].field, FIELD_MONEY + STATEMENT_MONEY_AMOUNT);
	assert_int_equal(line[2].decimals, 2);
	assert_string_equal(line[2].currency, "USD");
	assert_false(line[2].negative);
	assert_int_equal(line[3].field, FIELD_MONEY + STATEMENT_MONEY_DISCOUNT);
	assert_int_equal(line[3].decimals, 10);
	assert_true(line[3].negative);
	assert_null(line[3].currency);
	assert_int_equal(line[4].field, FIELD_COMPONENTS + COMPONENT_INPUT);
	assert_int_equal(line[4].units, 1000);
	assert_false(line[4].required);
	assert_null(line[5].column);
	assert_string_equal(mapping.ignored[0], "Comment");
	assert_string_equal(mapping.ignored[1], "More");
	assert_null(mapping.ignored[2]);
	assert_ptr_equal(statement_mapping_line(&mapping, text_of("Refund")), &line[3]);
	assert_null(statement_mapping_line(&mapping, text_of("Comment")));
	assert_true(statement_mapping_covers(&mapping, text_of("Refund")));
	assert_true(statement_mapping_covers(&mapping, text_of("More")));
	assert_false(statement_mapping_covers(&mapping, text_of("Fee")));
	statement_mapping_release(&mapping);
	statement_mapping_release(&mapping);
}

static void test_what_is_not_said_is_the_plainest(void **state)
{
	struct statement_mapping mapping = { 0 };

	(void)state;
	assert_int_equal(
		statement_mapping_parse(
			&mapping,
			text_of("{\"container\":\"json\",\"others\":\"ignore\",\"columns\":"
	                        "{\"a\":{\"field\":\"id\"},\"b\":{\"field\":\"input\"}}}"),
			NULL),
		0);
	assert_int_equal(mapping.container, STATEMENT_JSON);
	assert_null(mapping.zone);
	assert_string_equal(mapping.currency, "");
	assert_int_equal(mapping.delimiter, 0);
	assert_int_equal(mapping.decimal_point, '.');
	assert_int_equal(mapping.thousands, 0);
	assert_int_equal(mapping.lines[1].units, 1);
	assert_int_equal(mapping.lines[1].clock, CLOCK_TEXT);
	assert_int_equal(mapping.below_zero, STATEMENT_USAGE);
	assert_true(mapping.others_ignored);
	assert_true(statement_mapping_covers(&mapping, text_of("Fee")));
	statement_mapping_release(&mapping);
}

/* Around one column, or two. */
#define COLUMNS(columns) "{\"container\":\"csv\",\n\"columns\":{\n" columns "}}"
#define WITH(members)    "{\"container\":\"csv\"," members ",\"columns\":{" GOOD "}}"
#define GOOD             TIME ",\"c\":{\"field\":\"amount\",\"unit\":\"dollars\"}"
#define TIME             "\"t\":{\"field\":\"time\"}"

static const struct {
	const char *json;
	enum fault_code code;
	const char *said;
} wrong[] = {
	{ "", FAULT_SYNTAX, "line 1" },
	{ "[]", FAULT_INVALID, "a mapping is one JSON object" },
	{ "{\"container\":\"csv\",\"container\":\"csv\"}", FAULT_SYNTAX, "" },
	{ "{}", FAULT_INVALID, "line 1: container: say \"csv\", or \"json\"" },
	{ "{\"container\":\"xml\"}", FAULT_INVALID, "container: \"xml\" is none of csv or json" },
	{ "{\"container\":\"cvs\"}", FAULT_INVALID, "csv or json" },
	{ "{\"container\":1}", FAULT_INVALID, "container: must be a text" },
	{ "{\"container\":\"csv\"}", FAULT_INVALID, "columns: must be an object" },
	{ "{\"container\":\"csv\",\"columns\":[]}", FAULT_INVALID, "columns: must be an object" },
	{ "{\"container\":\"csv\",\n\"colums\":{}}", FAULT_INVALID,
	  "line 2: colums: no such key here; did you mean \"columns\"?" },
	{ "{\"fee\":1}", FAULT_INVALID,
	  "fee: no such key here; they are container, zone, currency" },
	{ WITH("\"zone\":\"Europe/Berln\""), FAULT_NOT_FOUND,
	  "zone: there is no time zone Europe/Berln" },
	{ WITH("\"zone\":\"../x\""), FAULT_SYNTAX, "zone: \"../x\" is no time zone" },
	{ WITH("\"zone\":2"), FAULT_INVALID, "zone: must be a text" },
	{ WITH("\"currency\":\"usd\""), FAULT_INVALID, "currency: must be three capital letters" },
	{ WITH("\"currency\":\"USDT\""), FAULT_INVALID, "currency: must be three capital" },
	{ WITH("\"currency\":\"\""), FAULT_INVALID, "currency: must be three capital" },
	{ WITH("\"currency\":null"), FAULT_INVALID, "currency: must be a text" },
	{ WITH("\"delimiter\":\":\""), FAULT_INVALID, "delimiter: must be \",\", \";\"" },
	{ WITH("\"delimiter\":\"\""), FAULT_INVALID, "delimiter: must be" },
	{ WITH("\"delimiter\":\",,\""), FAULT_INVALID, "delimiter: must be" },
	{ WITH("\"decimal\":\";\""), FAULT_INVALID, "decimal: must be \".\" or \",\"" },
	{ WITH("\"thousands\":\"x\""), FAULT_INVALID, "thousands: must be" },
	{ WITH("\"thousands\":\".\""), FAULT_INVALID, "thousands: cannot be what stands before" },
	{ WITH("\"thousands\":\",\",\"decimal\":\",\""), FAULT_INVALID, "thousands: cannot be" },
	{ WITH("\"symbol\":\"\""), FAULT_INVALID, "symbol: must be a sign" },
	{ WITH("\"symbol\":\"-\""), FAULT_INVALID, "symbol: must be a sign" },
	{ WITH("\"symbol\":\"1\""), FAULT_INVALID, "symbol: must be a sign" },
	{ WITH("\"symbol\":\"e\""), FAULT_INVALID, "symbol: must be a sign" },
	{ WITH("\"symbol\":\"dollars!\""), FAULT_INVALID, "symbol: must be a sign" },
	{ WITH("\"below_zero\":\"fee\""), FAULT_INVALID,
	  "below_zero: \"fee\" is none of error, credit or adjustment" },
	{ WITH("\"others\":\"keep\""), FAULT_INVALID, "others: \"keep\" is none of ignore" },
	{ WITH("\"others\":true"), FAULT_INVALID, "others: must be a text" },
	{ "{\"container\":\"json\",\"delimiter\":\",\",\"columns\":{" GOOD "}}", FAULT_INVALID,
	  "delimiter: only CSV has one" },
	{ COLUMNS("\"\":{\"ignore\":true}"), FAULT_INVALID, "a column without a name" },
	{ COLUMNS("\"Cost\":\"amount\""), FAULT_INVALID,
	  "line 3: columns.Cost: must be an object" },
	{ COLUMNS("\"Cost\":{}"), FAULT_INVALID,
	  "columns.Cost.field: say which field it is, or \"ignore\":true" },
	{ COLUMNS("\"Cost\":{\"ignore\":false}"), FAULT_INVALID, "columns.Cost.field: say which" },
	{ COLUMNS("\"Cost\":{\"ignore\":1}"), FAULT_INVALID,
	  "columns.Cost.ignore: must be true or false" },
	{ COLUMNS("\"Cost\":{\"ignore\":true,\"field\":\"amount\"}"), FAULT_INVALID,
	  "columns.Cost.field: it is ignored: say nothing else" },
	{ COLUMNS("\"Cost\":{\"feild\":\"amount\"}"), FAULT_INVALID,
	  "line 3: columns.Cost.feild: no such key here; did you mean \"field\"?" },
	{ COLUMNS("\"Cost\":{\"field\":7}"), FAULT_INVALID, "columns.Cost.field: must be a text" },
	{ COLUMNS("\"Cost\":{\"field\":\"amonut\"}"), FAULT_INVALID,
	  "columns.Cost.field: \"amonut\" is no field; did you mean \"amount\"?" },
	{ COLUMNS("\"Cost\":{\"field\":\"price\"}"), FAULT_INVALID,
	  "\"price\" is no field; toll-statement(5) lists them" },
	{ COLUMNS("\"Cost\":{\"field\":\"amount\"}"), FAULT_INVALID,
	  "columns.Cost.unit: an amount has to say its unit: dollars, whole, cents, mills" },
	{ COLUMNS("\"Cost\":{\"field\":\"amount\",\"unit\":\"cent\"}"), FAULT_INVALID,
	  "columns.Cost.unit: \"cent\" is none of" },
	{ COLUMNS("\"Cost\":{\"field\":\"amount\",\"unit\":\"cent\"}"), FAULT_INVALID,
	  "did you mean \"cents\"?" },
	{ COLUMNS("\"Cost\":{\"field\":\"amount\",\"unit\":\"cents\",\"sign\":\"minus\"}"),
	  FAULT_INVALID, "columns.Cost.sign: \"minus\" is none of + or -" },
	{ COLUMNS("\"Cost\":{\"field\":\"amount\",\"unit\":\"cents\",\"currency\":\"$\"}"),
	  FAULT_INVALID, "columns.Cost.currency: must be three" },
	{ COLUMNS("\"Cost\":{\"field\":\"amount\",\"unit\":\"cents\",\"units\":1000}"),
	  FAULT_INVALID, "columns.Cost.units: only counts have them" },
	{ COLUMNS("\"Cost\":{\"field\":\"amount\",\"unit\":\"cents\",\"clock\":\"ms\"}"),
	  FAULT_INVALID, "columns.Cost.clock: only times have one" },
	{ COLUMNS("\"Cost\":{\"field\":\"amount\",\"unit\":\"cents\",\"required\":\"no\"}"),
	  FAULT_INVALID, "columns.Cost.required: must be true or false" },
	{ COLUMNS("\"In\":{\"field\":\"input\",\"units\":100}"), FAULT_INVALID,
	  "columns.In.units: must be 1, 1000 or 1000000" },
	{ COLUMNS("\"In\":{\"field\":\"input\",\"units\":\"1000\"}"), FAULT_INVALID,
	  "columns.In.units: must be 1, 1000 or 1000000" },
	{ COLUMNS("\"In\":{\"field\":\"input\",\"unit\":\"cents\"}"), FAULT_INVALID,
	  "columns.In.unit: only amounts have one" },
	{ COLUMNS("\"In\":{\"field\":\"input\",\"sign\":\"-\"}"), FAULT_INVALID,
	  "columns.In.sign: only amounts have one" },
	{ COLUMNS("\"In\":{\"field\":\"input\",\"currency\":\"USD\"}"), FAULT_INVALID,
	  "columns.In.currency: only amounts have one" },
	{ COLUMNS("\"At\":{\"field\":\"time\",\"clock\":\"iso\"}"), FAULT_INVALID,
	  "columns.At.clock: \"iso\" is none of rfc3339, seconds, ms, day-first" },
	{ COLUMNS(TIME ",\"u\":{\"field\":\"time\"}"), FAULT_INVALID,
	  "columns: \"t\" and \"u\" are both \"time\"" },
	{ COLUMNS(GOOD ",\"d\":{\"field\":\"amount\",\"unit\":\"cents\"}"), FAULT_INVALID,
	  "\"c\" and \"d\" are both \"amount\"" },
	{ COLUMNS("\"c\":{\"field\":\"amount\",\"unit\":\"cents\"}"), FAULT_INVALID,
	  "columns: none is the \"time\" of a request, nor the \"date\"" },
	{ COLUMNS(TIME), FAULT_INVALID, "none is an amount or a count" },
	{ COLUMNS(GOOD ",\"d\":{\"field\":\"date\"}"), FAULT_INVALID, "a row has one of \"time\"" },
	{ COLUMNS(GOOD ",\"d\":{\"field\":\"from\"}"), FAULT_INVALID, "a row has one of \"time\"" },
	{ COLUMNS("\"d\":{\"field\":\"from\"},\"e\":{\"field\":\"input\"}"), FAULT_INVALID,
	  "\"from\" and \"to\" go together" },
	{ COLUMNS("\"d\":{\"field\":\"to\"},\"e\":{\"field\":\"input\"}"), FAULT_INVALID,
	  "\"from\" and \"to\" go together" },
	{ COLUMNS(GOOD ",\"q\":{\"field\":\"quantity\"}"), FAULT_INVALID,
	  "a \"quantity\" needs the \"component\"" },
};

static void test_what_is_wrong_is_told_with_its_path(void **state)
{
	struct fault fault;

	(void)state;
	for (size_t i = 0; i < ROWS(wrong); i++) {
		struct statement_mapping mapping = { 0 };
		int r = statement_mapping_parse(&mapping, text_of(wrong[i].json), &fault);

		if (r != -(int)wrong[i].code || mapping.lines != NULL ||
		    strstr(fault.text, wrong[i].said) == NULL)
			fail_msg("%s: %d, %s", wrong[i].json, r, fault.text);
	}
}

static void test_spans_and_quantities_that_go_together(void **state)
{
	static const char *const rows[] = {
		COLUMNS("\"d\":{\"field\":\"from\"},\"e\":{\"field\":\"to\"},"
		        "\"f\":{\"field\":\"input\"}"),
		COLUMNS("\"d\":{\"field\":\"date\"},\"f\":{\"field\":\"requests_made\"}"),
		COLUMNS(TIME ",\"q\":{\"field\":\"quantity\"},\"w\":{\"field\":\"component\"}"),
		COLUMNS("\"i\":{\"field\":\"request_id\"},\"f\":{\"field\":\"prompt_total\"}"),
		COLUMNS("\"i\":{\"field\":\"upstream_id\"},\"f\":{\"field\":\"prompt_total\"}"),
		COLUMNS(GOOD),
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct statement_mapping mapping = { 0 };
		struct fault fault;

		if (statement_mapping_parse(&mapping, text_of(rows[i]), &fault) < 0)
			fail_msg("%s: %s", rows[i], fault.text);
		statement_mapping_release(&mapping);
	}
}

static void test_too_many_columns_are_refused(void **state)
{
	struct statement_mapping mapping = { 0 };
	struct buf json = { .at = NULL };
	struct fault fault;

	(void)state;
	for (int extra = 0; extra < 2; extra++) {
		buf_clear(&json);
		buf_add_cstr(&json, "{\"container\":\"csv\",\"columns\":{" GOOD);
		for (int i = 2; i < STATEMENT_MAPPING_LINES_MAX + extra; i++)
			buf_addf(&json, ",\"x%d\":{\"ignore\":true}", i);
		buf_add_cstr(&json, "}}");
		assert_int_equal(statement_mapping_parse(&mapping, buf_text(&json), &fault),
		                 extra == 0 ? 0 : -FAULT_RANGE);
		if (extra == 0)
			statement_mapping_release(&mapping);
	}
	assert_non_null(strstr(fault.text, "columns: more than 256; \"others\":\"ignore\""));
	buf_release(&json);
}

static void test_a_file_is_named_in_its_faults(void **state)
{
	char path[] = "build/mapping-XXXXXX";
	struct statement_mapping mapping = { 0 };
	struct fault fault;
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(statement_mapping_load(&mapping, "build/no-such-mapping", &fault),
	                 -FAULT_NOT_FOUND);
	assert_non_null(strstr(fault.text, "build/no-such-mapping: "));
	assert_true(write(fd, "{\n\"x\":1}", 8) == 8);
	assert_int_equal(statement_mapping_load(&mapping, path, &fault), -FAULT_INVALID);
	assert_true(strncmp(fault.text, path, strlen(path)) == 0);
	assert_non_null(strstr(fault.text, ": line 2: x: no such key here"));
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_true(pwrite(fd, whole, sizeof(whole) - 1, 0) == sizeof(whole) - 1);
	assert_int_equal(statement_mapping_load(&mapping, path, NULL), 0);
	statement_mapping_release(&mapping);
	assert_int_equal(ftruncate(fd, STATEMENT_MAPPING_BYTES_MAX + 1), 0);
	assert_int_equal(statement_mapping_load(&mapping, path, &fault), -FAULT_RANGE);
	close(fd);
	unlink(path);
}

static void test_no_memory_is_said(void **state)
{
	bool failed = true;
	int count = 0;

	(void)state;
	for (; failed; count++) {
		struct statement_mapping mapping = { 0 };
		struct fault fault;
		int r;

		failmem_after(count);
		r = statement_mapping_parse(&mapping, text_of(whole), &fault);
		failed = failmem_stop();
		if (r != (failed ? -FAULT_NOMEM : 0))
			fail_msg("after %d: %d, %s", count, r, fault.text);
		statement_mapping_release(&mapping);
	}
	assert_true(count > 4);
}

static const struct {
	char point, thousands;
	const char *symbol, *cell, *number; /* NULL: refused */
} written_numbers[] = {
	{ '.', 0, "", "1.5", "1.5" },
	{ '.', 0, "", "-1.5", "-1.5" },
	{ '.', 0, "", "1e-7", "1e-7" },
	{ '.', 0, "", "1.5E+2", "1.5E+2" },
	{ '.', 0, "", "1,5", NULL },
	{ '.', 0, "", "1,500", NULL },
	{ '.', 0, "", "1 500", NULL },
	{ '.', 0, "", "$1.5", NULL },
	{ '.', 0, "", "1.5.5", NULL },
	{ '.', ',', "", "1,500.25", "1500.25" },
	{ '.', ',', "", "-1,500,000", "-1500000" },
	{ '.', ',', "", "1500000.5", "1500000.5" },
	{ '.', ',', "", "1,50", NULL },
	{ '.', ',', "", "1,5000", NULL },
	{ '.', ',', "", "1500,000", NULL },
	{ '.', ',', "", ",500", NULL },
	{ '.', ',', "", "1,,500", NULL },
	{ '.', ',', "", "1,500,", NULL },
	{ '.', ',', "", "12,34,567", NULL },
	{ '.', ',', "", "1.500,5", NULL },
	{ '.', ',', "", "0.123,456", NULL },
	{ ',', 0, "", "1,5", "1.5" },
	{ ',', 0, "", "1,5e-7", "1.5e-7" },
	/* What a point means then is a guess. */
	{ ',', 0, "", "1.5", NULL },
	{ ',', 0, "", "1.500", NULL },
	{ ',', '.', "", "1.500", "1500" },
	{ ',', '.', "", "1.500,25", "1500.25" },
	{ ',', '.', "", "1.5", NULL },
	{ ',', '.', "", "1,500.25", NULL },
	{ '.', ' ', "", "1 500 000.5", "1500000.5" },
	{ ',', ' ', "",
	  "1\xc2\xa0"
	  "500,5",
	  "1500.5" },
	{ ',', ' ', "",
	  "1\xe2\x80\xaf"
	  "500,5",
	  "1500.5" },
	{ ',', ' ', "", "1 500 ", NULL },
	{ '.', '\'', "", "1'500.5", "1500.5" },
	{ '.', '\'', "",
	  "1\xe2\x80\x99"
	  "500.5",
	  "1500.5" },
	{ '.', '_', "", "1_500", "1500" },
	{ '.', ',', "$", "$1,500.25", "1500.25" },
	{ '.', ',', "$", "-$1.25", "-1.25" },
	{ '.', ',', "$", "$-1.25", "-1.25" },
	{ '.', ',', "$", "-$-1.25", NULL },
	{ '.', ',', "$", "$ 1.25", "1.25" },
	{ '.', ',', "$", "1.25$", "1.25" },
	{ '.', ',', "$", "1.25", "1.25" },
	{ '.', ',', "$", "$$1.25", NULL },
	{ ',', '.', "\xe2\x82\xac", "1.234,50 \xe2\x82\xac", "1234.50" },
	{ ',', '.', "\xe2\x82\xac", "1.234,50\xc2\xa0\xe2\x82\xac", "1234.50" },
	{ '.', 0, "USD", "USD 0.25", "0.25" },
	{ '.', 0, "USD", "0.25 USD", "0.25" },
	{ '.', 0, "USD", "0.25 EUR", NULL },
	{ '.', 0, "", "+1", NULL },
	{ '.', 0, "", "(1.25)", NULL },
};

static void test_numbers_as_a_mapping_writes_them(void **state)
{

	(void)state;
	for (size_t i = 0; i < ROWS(written_numbers); i++) {
		struct statement_mapping mapping = { .decimal_point = written_numbers[i].point,
			                             .thousands = written_numbers[i].thousands };
		char scratch[STATEMENT_NUMBER_BYTES_MAX];
		struct statement_row row = { 0 };
		struct text out = text_of("");
		bool good;

		text_copy(mapping.symbol, sizeof(mapping.symbol),
		          text_of(written_numbers[i].symbol));
		good = statement_mapped_number(&mapping, text_of(written_numbers[i].cell), scratch,
		                               &out);
		/* What is left, "0.25 EUR" say, is refused by who reads the number. */
		good = good && statement_set_money(&row, STATEMENT_MONEY_AMOUNT, out, 0) == 0;
		if (good != (written_numbers[i].number != NULL) ||
		    (good && !text_is(out, written_numbers[i].number)))
			fail_msg("'%c' '%c' %s: \"%.*s\"", written_numbers[i].point,
			         written_numbers[i].thousands, written_numbers[i].cell,
			         TEXT_ARGS(out));
	}
}

static void test_a_number_that_is_too_long_is_refused(void **state)
{
	struct statement_mapping mapping = { .decimal_point = '.' };
	char scratch[STATEMENT_NUMBER_BYTES_MAX], cell[STATEMENT_NUMBER_BYTES_MAX + 1];
	struct text out;

	(void)state;
	memset(cell, '1', sizeof(cell));
	assert_true(statement_mapped_number(&mapping, (struct text){ cell, sizeof(scratch) - 1 },
	                                    scratch, &out));
	assert_int_equal(out.len, sizeof(scratch) - 1);
	assert_false(statement_mapped_number(&mapping, (struct text){ cell, sizeof(scratch) },
	                                     scratch, &out));
	assert_false(statement_mapped_number(&mapping, text_of(NULL), scratch, &out));
}

static void test_clocks(void **state)
{
	static const struct {
		enum statement_clock clock;
		const char *cell, *local; /* NULL: refused */
		int64_t exact_ms;
	} rows[] = {
		{ CLOCK_DAY_FIRST, "22/11/2026", "2026-11-22T00:00:00.000Z", MS_PER_DAY },
		{ CLOCK_DAY_FIRST, "22.11.2026", "2026-11-22T00:00:00.000Z", MS_PER_DAY },
		{ CLOCK_DAY_FIRST, "2-3-2026", "2026-03-02T00:00:00.000Z", MS_PER_DAY },
		{ CLOCK_DAY_FIRST, "02/03/2026", "2026-03-02T00:00:00.000Z", MS_PER_DAY },
		{ CLOCK_MONTH_FIRST, "02/03/2026", "2026-02-03T00:00:00.000Z", MS_PER_DAY },
		{ CLOCK_DAY_FIRST, "31.12.2026 8:05", "2026-12-31T08:05:00.000Z", 60000 },
		{ CLOCK_DAY_FIRST, "31.12.2026, 08:05:09", "2026-12-31T08:05:09.000Z", 1000 },
		{ CLOCK_DAY_FIRST, "31.12.2026T08:05:09.25", "2026-12-31T08:05:09.250Z", 1 },
		{ CLOCK_DAY_FIRST, "31.12.2026 08:05:09.25678", "2026-12-31T08:05:09.256Z", 1 },
		{ CLOCK_MONTH_FIRST, "1/2/2026 12:00:00 AM", "2026-01-02T00:00:00.000Z", 1000 },
		{ CLOCK_MONTH_FIRST, "1/2/2026 12:00 PM", "2026-01-02T12:00:00.000Z", 60000 },
		{ CLOCK_MONTH_FIRST, "1/2/2026 1:30pm", "2026-01-02T13:30:00.000Z", 60000 },
		{ CLOCK_MONTH_FIRST, "2/29/2028", "2028-02-29T00:00:00.000Z", MS_PER_DAY },
		{ CLOCK_MONTH_FIRST, "2/29/2026", NULL, 0 },
		{ CLOCK_DAY_FIRST, "30/02/2026", NULL, 0 },
		{ CLOCK_DAY_FIRST, "02/13/2026", NULL, 0 },
		{ CLOCK_MONTH_FIRST, "13/02/2026", NULL, 0 },
		{ CLOCK_DAY_FIRST, "00/02/2026", NULL, 0 },
		{ CLOCK_DAY_FIRST, "01/00/2026", NULL, 0 },
		{ CLOCK_DAY_FIRST, "01/02/26", NULL, 0 },
		{ CLOCK_DAY_FIRST, "01/02/1969", NULL, 0 },
		{ CLOCK_DAY_FIRST, "01/02.2026", NULL, 0 },
		{ CLOCK_DAY_FIRST, "01022026", NULL, 0 },
		{ CLOCK_DAY_FIRST, "2026-11-22", NULL, 0 },
		{ CLOCK_DAY_FIRST, "22/11/2026 ", NULL, 0 },
		{ CLOCK_DAY_FIRST, "22/11/2026 24:00", NULL, 0 },
		{ CLOCK_DAY_FIRST, "22/11/2026 08:60", NULL, 0 },
		{ CLOCK_DAY_FIRST, "22/11/2026 08:00:60", NULL, 0 },
		{ CLOCK_DAY_FIRST, "22/11/2026 08:00:00.", NULL, 0 },
		{ CLOCK_DAY_FIRST, "22/11/2026 0800", NULL, 0 },
		{ CLOCK_DAY_FIRST, "22/11/2026 13:00 PM", NULL, 0 },
		{ CLOCK_DAY_FIRST, "22/11/2026 0:00 PM", NULL, 0 },
		{ CLOCK_DAY_FIRST, "22/11/2026 08:00 CET", NULL, 0 },
		{ CLOCK_DAY_FIRST, "", NULL, 0 },
		/* LibreOffice: =DATEVALUE("2026-11-22") is 46348. */
		{ CLOCK_EXCEL, "46348", "2026-11-22T00:00:00.000Z", MS_PER_DAY },
		{ CLOCK_EXCEL, "46348.5", "2026-11-22T12:00:00.000Z", 1000 },
		{ CLOCK_EXCEL, "46348.5854166667", "2026-11-22T14:03:00.000Z", 1000 },
		{ CLOCK_EXCEL, "46348.9999999999", "2026-11-23T00:00:00.000Z", 1000 },
		{ CLOCK_EXCEL, "25569", "1970-01-01T00:00:00.000Z", MS_PER_DAY },
		{ CLOCK_EXCEL, "25568.9", NULL, 0 },
		{ CLOCK_EXCEL, "2958466", NULL, 0 },
		{ CLOCK_EXCEL, "2026-11-22", NULL, 0 },
		{ CLOCK_EXCEL, "", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		int64_t local_ms = 0, exact_ms = 0;
		bool good = statement_clock_read(text_of(rows[i].cell), rows[i].clock, &local_ms,
		                                 &exact_ms);
		char text[MOMENT_TEXT_BYTES];

		moment_text(local_ms, text);
		if (good != (rows[i].local != NULL) ||
		    (good && (strcmp(text, rows[i].local) != 0 || exact_ms != rows[i].exact_ms)))
			fail_msg("%s: %s, %lld", rows[i].cell, text, (long long)exact_ms);
	}
	assert_false(statement_clock_read(text_of(NULL), CLOCK_DAY_FIRST, &(int64_t){ 0 },
	                                  &(int64_t){ 0 }));
}

static void test_members_by_their_path(void **state)
{
	static const char json[] = "{\"a\":1,\"b\":{\"c\":2,\"d.e\":3,\"f\":{\"g\":4}},"
				   "\"b.f\":{\"h\":5},\"x.y.z\":6,\"l\":[7],\"n\":null}";
	static const struct {
		const char *path;
		int64_t value; /* -1: none */
	} rows[] = {
		{ "a", 1 },     { "b.c", 2 },  { "b.d.e", 3 }, { "b.f.g", 4 }, { "b.f.h", 5 },
		{ "x.y.z", 6 }, { "b.x", -1 }, { "a.b", -1 },  { "", -1 },     { ".", -1 },
		{ "b.", -1 },   { "l.0", -1 }, { "x", -1 },
	};
	struct json doc = { 0 };

	(void)state;
	assert_int_equal(json_parse(&doc, text_of(json), NULL), 0);
	for (size_t i = 0; i < ROWS(rows); i++) {
		int64_t value = -1;

		json_integer(&doc, statement_member(&doc, 0, text_of(rows[i].path)), &value);
		if (value != rows[i].value)
			fail_msg("%s: %lld", rows[i].path, (long long)value);
	}
	json_release(&doc);
}

static void test_members_that_nobody_mapped(void **state)
{
	static const struct {
		const char *json, *path; /* NULL: all are covered */
	} rows[] = {
		{ "{}", NULL },
		{ "{\"i\":\"x\",\"u\":{\"p\":1},\"meta\":{\"x\":{\"y\":1}}}", NULL },
		{ "{\"i\":\"x\",\"fee\":0.5}", "fee" },
		{ "{\"i\":\"x\",\"fee\":null}", NULL },
		{ "{\"i\":\"x\",\"fees\":{}}", NULL },
		{ "{\"i\":\"x\",\"fees\":{\"a\":null,\"b\":{\"c\":0}}}", "fees.b.c" },
		{ "{\"i\":\"x\",\"fees\":[]}", "fees" },
		{ "{\"u\":{\"p\":1,\"q\":2}}", "u.q" },
		{ "{\"u.p\":1}", NULL },
		{ "{\"metadata\":1}", "metadata" },
	};
	struct statement_mapping mapping = { 0 };
	struct json doc = { 0 };
	struct buf path = { .at = NULL };

	(void)state;
	assert_int_equal(
		statement_mapping_parse(
			&mapping,
			text_of("{\"container\":\"json\",\"columns\":{\"i\":{\"field\":\"id\"},"
	                        "\"u.p\":{\"field\":\"input\"},\"meta\":{\"ignore\":true}}}"),
			NULL),
		0);
	for (size_t i = 0; i < ROWS(rows); i++) {
		bool found;

		assert_int_equal(json_parse(&doc, text_of(rows[i].json), NULL), 0);
		buf_clear(&path);
		found = statement_mapping_uncovered(&mapping, &doc, 0, &path);
		if (found != (rows[i].path != NULL) ||
		    (found && !text_is(buf_text(&path), rows[i].path)))
			fail_msg("%s: %.*s", rows[i].json, TEXT_ARGS(buf_text(&path)));
	}
	mapping.others_ignored = true;
	assert_false(statement_mapping_uncovered(&mapping, &doc, 0, &path));
	buf_release(&path);
	json_release(&doc);
	statement_mapping_release(&mapping);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_whole_mapping_is_read),
		cmocka_unit_test(test_what_is_not_said_is_the_plainest),
		cmocka_unit_test(test_what_is_wrong_is_told_with_its_path),
		cmocka_unit_test(test_spans_and_quantities_that_go_together),
		cmocka_unit_test(test_too_many_columns_are_refused),
		cmocka_unit_test(test_a_file_is_named_in_its_faults),
		cmocka_unit_test(test_no_memory_is_said),
		cmocka_unit_test(test_numbers_as_a_mapping_writes_them),
		cmocka_unit_test(test_a_number_that_is_too_long_is_refused),
		cmocka_unit_test(test_clocks),
		cmocka_unit_test(test_members_by_their_path),
		cmocka_unit_test(test_members_that_nobody_mapped),
	};

	return cmocka_run_group_tests_name("mapping", tests, NULL, NULL);
}
