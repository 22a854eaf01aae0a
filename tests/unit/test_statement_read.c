/*
 * Reading a statement, whatever it is of: what is told of it as a whole, and what is refused.  In
 * the texts ' stands for ".  A row is a line as tests/support/jsonrows.h writes it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "statement/mapping.h"
#include "statement/read.h"
#include "tests/support/jsonrows.h"

#define T0 "2024-11-01T05:00:00Z"

/* ---- the whole of it ---- */

struct kept {
	struct statement_summary summary;
	int64_t rows, stop_at;
	int r;
	struct fault fault;
};

static int count_row(void *context, const struct statement_row *row, struct fault *fault)
{
	struct kept *kept = context;

	(void)row;
	(void)fault;
	return ++kept->rows == kept->stop_at ? 5 : 0;
}

static void write_file(char path[64], const void *bytes, size_t len)
{
	int fd;

	strcpy(path, "/tmp/toll-statement-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	assert_int_equal(close(fd), 0);
}

static void read_bytes(struct kept *kept, const struct statement_options *options,
                       const void *bytes, size_t len)
{
	char path[64];

	write_file(path, bytes, len);
	kept->rows = 0;
	kept->summary = (struct statement_summary){ .format = NULL };
	kept->r = statement_read(path, options, count_row, kept, &kept->summary, &kept->fault);
	assert_int_equal(unlink(path), 0);
}

static void read_text(struct kept *kept, const char *text)
{
	const char *quoted = jsonrows_quotes(text);

	read_bytes(kept, NULL, quoted, strlen(quoted));
	if (kept->r < 0)
		fail_msg("%s", kept->fault.text);
}

static void test_the_summary_tells_the_whole(void **state)
{
	static const char text[] =
		"from,to,model,account,requests_made,input,amount,currency,charge\n"
		"2024-11-02,2024-11-03,m,,3,5,1.25,USD,usage\n"
		"2024-11-01,2024-11-02,,a,,,1.500,EUR,\n"
		"2024-11-01,2024-12-01,,,,,0.30000000000000004,USD,tax\n"
		"2024-11-01,2024-11-02,m,,,,,,usage\n";
	struct kept kept = { .r = 0 };
	struct statement_summary *sum = &kept.summary;
	char sha256[SHA256_HEX_BYTES];

	(void)state;
	read_text(&kept, text);
	sha256_hex(text, sizeof(text) - 1, sha256);
	assert_string_equal(sum->sha256, sha256);
	assert_int_equal(sum->bytes, sizeof(text) - 1);
	assert_string_equal(sum->format->name, "toll");
	assert_int_equal(sum->records, 4);
	assert_int_equal(sum->rows, 4);
	assert_int_equal(kept.rows, 4);
	assert_int_equal(sum->first_ms, 1730419200000);
	assert_int_equal(sum->last_ms, 1733011200000);
	/* That of the rows for usage. */
	assert_int_equal(sum->grain, STATEMENT_GRAIN_DAY);
	assert_int_equal(sum->with_id, 0);
	assert_int_equal(sum->with_model, 2);
	assert_int_equal(sum->with_account, 1);
	assert_int_equal(sum->with_requests, 1);
	assert_int_equal(sum->with_counts, 1);
	assert_int_equal(sum->with_amount, 2);
	assert_int_equal(sum->decimals, 17);
	assert_true(sum->reals);
	assert_int_equal(sum->cut, 0);
	assert_false(sum->states_total);
	assert_int_equal(sum->total_count, 3);
	assert_string_equal(sum->totals[0].currency, "");
	assert_int_equal(sum->totals[0].rows, 1);
	assert_string_equal(sum->totals[1].currency, "EUR");
	assert_true(sum->totals[1].amount.attos == 3 * (ATTOS_PER_UNIT / 2));
	assert_string_equal(sum->totals[2].currency, "USD");
	assert_int_equal(sum->totals[2].rows, 2);
	assert_true(sum->totals[2].amount.attos == INT64_C(1550000000000000040));
	statement_summary_release(sum);
}

static const struct {
	const char *label, *rows;
	enum statement_grain grain;
} grains[] = {
	{ "requests", "time,amount\n" T0 ",1\n", STATEMENT_GRAIN_REQUEST },
	{ "an hour", "from,to,amount\n" T0 ",2024-11-01T06:00:00Z,1\n", STATEMENT_GRAIN_HOUR },
	{ "a minute", "from,to,amount\n" T0 ",2024-11-01T05:01:00Z,1\n", STATEMENT_GRAIN_HOUR },
	{ "a day", "date,amount\n2024-11-01,1\n", STATEMENT_GRAIN_DAY },
	{ "a day of 25 hours", "from,to,amount\n2024-11-03T04:00:00Z,2024-11-04T05:00:00Z,1\n",
	  STATEMENT_GRAIN_DAY },
	{ "more than that", "from,to,amount\n2024-11-03T04:00:00Z,2024-11-04T05:00:01Z,1\n",
	  STATEMENT_GRAIN_MONTH },
	{ "a month", "date,amount\n2024-11,1\n", STATEMENT_GRAIN_MONTH },
	{ "a quarter", "from,to,amount\n2024-10,2025-01,1\n", STATEMENT_GRAIN_WHOLE },
	{ "the coarsest counts",
	  "from,to,amount\n2024-11-01,2024-11-02,1\n2024-11,2024-12,1\n" T0
	  ",2024-11-01T06:00:00Z,1\n",
	  STATEMENT_GRAIN_MONTH },
	{ "a tax by the month does not",
	  "from,to,charge,amount\n2024-11,2024-12,tax,1\n" T0 ",2024-11-01T06:00:00Z,,1\n",
	  STATEMENT_GRAIN_HOUR },
};

static void test_the_grain_is_that_of_the_coarsest_usage(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(grains) / sizeof(grains[0]); i++) {
		struct kept kept = { .r = 0 };

		read_text(&kept, grains[i].rows);
		if (kept.summary.grain != grains[i].grain)
			fail_msg("%s: %d", grains[i].label, (int)kept.summary.grain);
		statement_summary_release(&kept.summary);
	}
}

static void test_who_takes_rows_can_end_it(void **state)
{
	static const char text[] = "time,amount\n" T0 ",1\n" T0 ",2\n" T0 ",3\n";
	struct kept kept = { .stop_at = 2 };

	(void)state;
	read_bytes(&kept, NULL, text, sizeof(text) - 1);
	assert_int_equal(kept.r, 5);
	assert_int_equal(kept.rows, 2);
}

static void test_a_statement_without_a_row_is_one(void **state)
{
	struct kept kept = { .r = 0 };

	(void)state;
	read_text(&kept, "time,amount\n");
	assert_int_equal(kept.summary.rows, 0);
	assert_string_equal(kept.summary.format->name, "toll");
	assert_int_equal(kept.summary.first_ms, 0);
	assert_non_null(strstr(kept.summary.notes.at, "there is no row in it"));
	statement_summary_release(&kept.summary);
	read_text(&kept, "{'data':[],'has_more':false}");
	assert_int_equal(kept.summary.rows, 0);
	assert_null(kept.summary.format);
	statement_summary_release(&kept.summary);
}

/* ---- what it is not ---- */

static const struct {
	const char *bytes;
	size_t len;
	const char *says;
} others[] = {
	{ "", 0, "is empty" },
	{ "\n\r\n", 3, "is empty" },
	{ "\xef\xbb\xbf", 3, "is empty" },
	{ "\x1f\x8b\x08\x00", 4, "zcat FILE" },
	{ "BZh91AY", 7, "bzcat" },
	{ "\xfd\x37\x7a\x58\x5a\x00", 6, "xzcat" },
	{ "\x28\xb5\x2f\xfd", 4, "zstdcat" },
	{ "PK\x03\x04xxxx", 8, "unzip -p" },
	{ "\xd0\xcf\x11\xe0\xa1", 5, "save it as CSV" },
	{ "PAR1\x15", 5, "Parquet" },
	{ "Obj\x01xx", 6, "Avro" },
	{ "ORC\x08", 4, "ORC" },
	{ "%PDF-1.7", 8, "a PDF" },
	{ "<!DOCTYPE html>", 15, "log in" },
	{ " \r\n <html>", 10, "log in" },
	{ "\xff\xfe"
	  "t\0i\0m\0e\0",
	  10, "iconv -f UTF-16 " },
	{ "\xfe\xff"
	  "\0t\0i\0m\0e",
	  10, "iconv -f UTF-16 " },
	{ "\xff\xfe\0\0t\0\0\0", 8, "UTF-32" },
	{ "t\0i\0m\0e\0,\0a\0", 12, "iconv -f UTF-16LE" },
	{ "hello, world\n1,2\n", 17, "its header is of no format" },
	{ "{\"hello\":1}", 11, "its first element is of no format" },
	{ "[1]", 3, "an element is no object" },
};

static void test_what_is_no_statement_is_told_with_the_way_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct kept kept = { .r = 0 };

		read_bytes(&kept, NULL, others[i].bytes, others[i].len);
		if (kept.r != -FAULT_INVALID && kept.r != -FAULT_SYNTAX)
			fail_msg("%zu: %s", i, fault_name(kept.r));
		if (strstr(kept.fault.text, others[i].says) == NULL)
			fail_msg("%zu: %s", i, kept.fault.text);
		assert_int_equal(kept.rows, 0);
	}
}

static void test_a_file_that_is_not_there_is_told(void **state)
{
	struct statement_summary summary;
	struct fault fault;

	(void)state;
	assert_int_equal(statement_read("/nowhere/s.csv", NULL, count_row, NULL, &summary, &fault),
	                 -FAULT_NOT_FOUND);
	assert_non_null(strstr(fault.text, "/nowhere/s.csv"));
	assert_int_equal(statement_read("/tmp", NULL, count_row, NULL, &summary, &fault),
	                 -FAULT_IO);
	assert_non_null(strstr(fault.text, "a folder"));
}

static void test_a_byte_order_mark_is_passed_over(void **state)
{
	static const char text[] = "\xef\xbb\xbftime,amount\n" T0 ",1\n";
	struct kept kept = { .r = 0 };
	char sha256[SHA256_HEX_BYTES];

	(void)state;
	read_bytes(&kept, NULL, text, sizeof(text) - 1);
	assert_int_equal(kept.r, 0);
	assert_int_equal(kept.summary.rows, 1);
	sha256_hex(text, sizeof(text) - 1, sha256);
	assert_string_equal(kept.summary.sha256, sha256);
	statement_summary_release(&kept.summary);
}

/* ---- records ---- */

static const struct {
	const char *label, *format, *text;
	enum fault_code code;
	const char *says;
} refused[] = {
	{ "a record that is cut", "toll", "time,amount\n" T0 ",1\n" T0, FAULT_SYNTAX,
	  "record 2 (line 3): 1 cells, and the header has 2" },
	{ "a quote that is cut", "toll", "time,amount\n'" T0 "',1\n'2024", FAULT_SYNTAX, "line 3" },
	{ "more cells than the header", "toll", "time,amount\n" T0 ",1,2\n", FAULT_SYNTAX,
	  "3 cells, and the header has 2" },
	{ "separators of thousands", "toll", "time,amount\n" T0 ",'1,234.56'\n", FAULT_SYNTAX,
	  "column amount: \"1,234.56\" is no amount: separators" },
	{ "the sign of a currency", "toll", "time,amount\n" T0 ",$1.23\n", FAULT_SYNTAX,
	  "mapping" },
	{ "brackets", "toll", "time,amount\n" T0 ",(1.23)\n", FAULT_SYNTAX, "brackets" },
	{ "an amount that is none", "toll", "time,amount\n" T0 ",1e30\n", FAULT_RANGE,
	  "is too large for amount" },
	{ "a part of a token", "toll", "time,input\n" T0 ",1.5\n", FAULT_SYNTAX,
	  "is no count in whole units" },
	{ "a count that no sum holds", "toll", "time,input\n" T0 ",1000000000000001\n", FAULT_RANGE,
	  "record 1 (line 2): input is 1000000000000001, and 1000000000000000 is the most" },
	{ "a whole that no sum holds", "toll", "time,prompt_total\n" T0 ",9223372036854775807\n",
	  FAULT_RANGE, "record 1 (line 2): prompt_total is 9223372036854775807" },
	{ "requests that no sum holds", "toll", "time,requests_made\n" T0 ",9223372036854775807\n",
	  FAULT_RANGE, "record 1 (line 2): requests_made is 9223372036854775807" },
	{ "an answer that no sum holds", "toll", "time,answer_total\n" T0 ",9223372036854775807\n",
	  FAULT_RANGE, "record 1 (line 2): answer_total is 9223372036854775807" },
	{ "a count that takes back more than a sum holds", "toll",
	  "time,input,charge\n" T0 ",-1000000000000001,adjustment\n", FAULT_RANGE,
	  "record 1 (line 2): input is -1000000000000001" },
	{ "a count below zero", "toll", "time,input\n" T0 ",-1\n", FAULT_INVALID, "input is -1" },
	{ "an amount below zero", "toll", "time,amount\n" T0 ",-1\n", FAULT_INVALID,
	  "amount of usage is -1.00" },
	{ "a whole below zero", "toll", "time,prompt_total\n" T0 ",-1\n", FAULT_INVALID,
	  "is below zero" },
	{ "a part that is more than its whole", "toll",
	  "time,prompt_total,cache_read\n" T0 ",5,6\n", FAULT_INVALID,
	  "a part of the tokens is more" },
	{ "a time that is none", "toll", "time,amount\nyesterday,1\n", FAULT_SYNTAX, "is no time" },
	{ "no time at all", "toll", "time,id,amount\n,a,1\n", FAULT_INVALID, "time" },
	{ "a span that ends before it begins", "toll", "from,to,amount\n2024-11-02,2024-11-01,1\n",
	  FAULT_INVALID, "does not end behind its beginning" },
	{ "half an hour as a date", "toll", "date,amount\n2024-11-01T05:30:00Z,1\n", FAULT_INVALID,
	  "neither an hour nor a day" },
	{ "days and hours written alike", "toll", "date,amount\n2024-11-01T00:00:00Z,1\n" T0 ",1\n",
	  FAULT_INVALID, "could be days or hours" },
	{ "a currency that is none", "toll", "time,amount,currency\n" T0 ",1,Dollar\n",
	  FAULT_INVALID, "is no currency" },
	{ "a charge that is none", "toll", "time,amount,charge\n" T0 ",1,gift\n", FAULT_INVALID,
	  "no kind of charge" },
	{ "a flag that is none", "toll", "time,amount,byok\n" T0 ",1,maybe\n", FAULT_SYNTAX,
	  "neither true nor false" },
	{ "a component that is none", "toll", "time,amount,component\n" T0 ",1,bananas\n",
	  FAULT_INVALID, "\"bananas\" is no component" },
	{ "a column that is there twice", "toll", "time,amount,amount\n" T0 ",1,2\n", FAULT_INVALID,
	  "the column amount is there twice" },
	{ "Latin-1", "toll", "time,model,amount\n" T0 ",caf\xe9,1\n", FAULT_SYNTAX, "iconv -f" },
	{ "CSV that is said to be JSON", "openai-costs", "time,amount\n" T0 ",1\n", FAULT_INVALID,
	  "is CSV, and openai-costs is JSON" },
	{ "JSON that is said to be CSV", "focus", "{'a':1}", FAULT_INVALID,
	  "is JSON, and focus is CSV" },
	{ "JSON that is cut", "toll", "[{'time':'" T0 "','amount':1},{'time':'", FAULT_SYNTAX,
	  "cut at its end" },
	{ "JSON that is none", "toll", "{'time':'" T0 "','amount':01}", FAULT_SYNTAX, "record 1" },
	{ "an amount that is an object", "toll", "{'time':'" T0 "','amount':{'value':1}}",
	  FAULT_INVALID, "member amount is a list or an object" },
	{ "more pages than are there", "toll",
	  "{'data':[{'time':'" T0 "','amount':1}],'has_more':true}", FAULT_INVALID, "has_more" },
	{ "truncated", "toll",
	  "{'data':{'data':[{'time':'" T0 "','amount':1}],'metadata':{'truncated':true}}}",
	  FAULT_INVALID, "truncated" },
	{ "a total that is another, in JSON", "toll",
	  "{'data':[{'time':'" T0 "','amount':1}],'total_cost':1.5}", FAULT_INVALID,
	  "states a total of 1.50, and its rows come to 1.00" },
	{ "a total that is another", "toll", "time,amount\n" T0 ",1\nTotal,2\n", FAULT_INVALID,
	  "states a total of 2.00, and its rows come to 1.00" },
};

static void test_what_is_not_understood_ends_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		jsonrows_refused(refused[i].label, refused[i].format, refused[i].text,
		                 refused[i].code, refused[i].says);
}

static void test_a_text_that_is_too_long_is_refused(void **state)
{
	struct buf text = { .at = NULL };
	struct kept kept = { .r = 0 };

	(void)state;
	for (size_t extra = 0; extra < 2; extra++) {
		buf_clear(&text);
		buf_add_cstr(&text, "time,model,amount\n" T0 ",");
		for (size_t i = 0; i < STATEMENT_NAME_BYTES_MAX + extra; i++)
			buf_add(&text, "m", 1);
		buf_add_cstr(&text, ",1\n");
		read_bytes(&kept, NULL, text.at, text.len);
		assert_int_equal(kept.r, extra == 0 ? 0 : -FAULT_RANGE);
		if (kept.r == 0)
			statement_summary_release(&kept.summary);
	}
	buf_release(&text);
}

static void test_sums_and_currencies_have_limits(void **state)
{
	static const char *const codes[] = { "AUD", "BRL", "CAD", "CHF", "CNY",
		                             "EUR", "GBP", "JPY", "USD" };
	struct buf text = { .at = NULL };
	struct kept kept = { .r = 0 };

	(void)state;
	buf_add_cstr(&text, "time,amount,currency\n");
	for (size_t i = 0; i < STATEMENT_CURRENCIES_MAX; i++)
		buf_addf(&text, T0 ",1,%s\n", codes[i]);
	read_bytes(&kept, NULL, text.at, text.len);
	assert_int_equal(kept.r, 0);
	assert_int_equal(kept.summary.total_count, STATEMENT_CURRENCIES_MAX);
	statement_summary_release(&kept.summary);
	buf_addf(&text, T0 ",1,%s\n", codes[STATEMENT_CURRENCIES_MAX]);
	read_bytes(&kept, NULL, text.at, text.len);
	assert_int_equal(kept.r, -FAULT_RANGE);
	assert_non_null(strstr(kept.fault.text, "more than 8 currencies"));
	buf_release(&text);
	jsonrows_refused("a sum that is no amount", "toll",
	                 "time,amount\n" T0 ",9000000000\n" T0 ",9000000000\n", FAULT_RANGE,
	                 "record 2 (line 3): the sum");
}

struct sample {
	const char *label, *text;
	const char *lines[8];
	const char *note;
};

static const struct sample samples[] = {
	{ "times",
	  "time,amount,currency\n2024-11-01T05:00:00.25Z,1,USD\n2024-11-01 05:00:00,1,USD\n"
	  "2024-11-01 05:00,1,USD\n2024-11-01 05:00:00.1234567,1,USD\n"
	  "2024-11-01 05:00:00 UTC,1,USD\n2024-11-01 05:00:00+0230,1,USD\n2024-11-01,1,USD\n",
	  { "2024-11-01T05:00:00.250Z +10ms request amount=1.00 decimals=0",
	    "2024-11-01T05:00:00.000Z +1s request amount=1.00 decimals=0",
	    "2024-11-01T05:00:00.000Z +1min request amount=1.00 decimals=0",
	    "2024-11-01T05:00:00.123Z +1ms request amount=1.00 decimals=0",
	    "2024-11-01T05:00:00.000Z +1s request amount=1.00 decimals=0",
	    "2024-11-01T02:30:00.000Z +1s request amount=1.00 decimals=0",
	    "2024-11-01T00:00:00.000Z +1d request amount=1.00 decimals=0" },
	  "times say no zone: taken as UTC (--time-zone says another) (3 times)\n" },
	{ "dates",
	  "date,amount,currency\n2024-11-01T05:00:00Z,1,USD\n2024-11-01,1,USD\n2024-11,1,USD\n",
	  { "2024-11-01T05:00:00.000Z +1h amount=1.00 decimals=0",
	    "2024-11-01T00:00:00.000Z +1d amount=1.00 decimals=0",
	    "2024-11-01T00:00:00.000Z +30d amount=1.00 decimals=0" },
	  NULL },
	{ "one component a row",
	  "from,to,component,quantity,amount,currency\n" T0
	  ",2024-11-01T06:00:00Z,CacheReadInputTokenCount,5,1,USD\n",
	  { "2024-11-01T05:00:00.000Z +1h cache_read=5 of=cache_read amount=1.00 decimals=0" },
	  NULL },
	{ "flags and words",
	  "time,amount,currency,cancelled,byok,finish_reason,charge\n" T0 ",1,usd,Yes,0,,Fee\n" T0
	  ",1,USD,f,TRUE,Error,\n" T0 ",1,USD,,,stop,NULL\n",
	  { "2024-11-01T05:00:00.000Z +1s request fee cancelled blank amount=1.00 decimals=0",
	    "2024-11-01T05:00:00.000Z +1s request byok blank amount=1.00 decimals=0",
	    "2024-11-01T05:00:00.000Z +1s request amount=1.00 decimals=0" },
	  NULL },
	{ "what is left of a whole",
	  "time,prompt_total,cache_read,answer_total,amount,currency\n" T0 ",100,30,20,1,USD\n",
	  { "2024-11-01T05:00:00.000Z +1s request input=70 cache_read=30 answer=20 amount=1.00 "
	    "decimals=0" },
	  NULL },
	{ "below zero is an adjustment or a credit",
	  "time,input,amount,currency,charge\n" T0 ",-5,-1,USD,adjustment\n" T0 ",,-1,USD,credit\n",
	  { "2024-11-01T05:00:00.000Z +1s request adjustment input=-5 amount=-1.00 decimals=0",
	    "2024-11-01T05:00:00.000Z +1s request credit amount=-1.00 decimals=0" },
	  NULL },
	{ "more decimals than there are",
	  "time,amount,currency\n" T0 ",0.1234567890123456789,USD\n",
	  { "2024-11-01T05:00:00.000Z +1s request cut real amount=0.123456789012345678 "
	    "decimals=18" },
	  "an amount has more than 18 decimals, cut there, in 1 row" },
	{ "a header that stands again",
	  "time,amount,currency\n" T0 ",1,USD\ntime,amount,currency\n" T0 ",2,USD\n"
	  "time,amount,currency\n",
	  { "2024-11-01T05:00:00.000Z +1s request amount=1.00 decimals=0",
	    "2024-11-01T05:00:00.000Z +1s request amount=2.00 decimals=0" },
	  "the header stands again among the rows: passed over (2 times)" },
	{ "a quoted newline, a doubled quote, other delimiters",
	  "time;description;amount;currency\r\n" T0 ";'a\n''b'';c';1;USD\r\n",
	  { "2024-11-01T05:00:00.000Z +1s request description=a\n\"b\";c amount=1.00 decimals=0" },
	  NULL },
	{ "a total that is the sum",
	  "time,amount,currency\n" T0 ",1.25,USD\n" T0 ",2.5,USD\nGrand total:,3.75,\n",
	  { "2024-11-01T05:00:00.000Z +1s request amount=1.25 decimals=2",
	    "2024-11-01T05:00:00.000Z +1s request amount=2.50 decimals=1" },
	  NULL },
	{ "a total to the cent",
	  "time,amount,currency\n" T0 ",1.254,USD\nTotal,1.25,\n",
	  { "2024-11-01T05:00:00.000Z +1s request amount=1.254 decimals=3" },
	  "states a total of 1.25: the sum of its rows, 1.254, to its own precision" },
	{ "a total to the cent, with an exponent",
	  "{'data':[{'time':'" T0 "','amount':12.504,'currency':'USD'}],'total_cost':1.250E+1}",
	  { "2024-11-01T05:00:00.000Z +1s request amount=12.504 decimals=3" },
	  "states a total of 12.50: the sum of its rows, 12.504, to its own precision" },
	{ "pages with a total",
	  "{'data':[{'time':'" T0 "','amount':1,'currency':'USD'}],'has_more':true}\n"
	  "{'data':[{'time':'" T0 "','amount':2,'currency':'USD'}],'has_more':false,"
	  "'metadata':{'total_cost':'3.00'}}",
	  { "2024-11-01T05:00:00.000Z +1s request amount=1.00 decimals=0",
	    "2024-11-01T05:00:00.000Z +1s request amount=2.00 decimals=0" },
	  NULL },
};

static void test_rows_are_what_the_columns_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct jsonrows rows;

		/* These ' are quotes of CSV, too. */
		jsonrows_are(samples[i].label, "toll", samples[i].text, samples[i].lines);
		jsonrows_read(&rows, NULL, jsonrows_quotes(samples[i].text));
		if (rows.r < 0)
			fail_msg("%s: %s", samples[i].label, rows.fault.text);
		if (samples[i].note != NULL
		            ? rows.notes == NULL || strstr(rows.notes, samples[i].note) == NULL
		            : rows.notes != NULL && rows.notes[0] != '\0')
			fail_msg("%s: %s", samples[i].label, rows.notes);
		jsonrows_release(&rows);
	}
}

/* ---- pieces, zones, ledgers ---- */

/* More than a piece of a file: what lies on the edge of two is read as all others. */
static void test_rows_on_the_edge_of_two_pieces(void **state)
{
	enum { LINES = 3000 };
	struct buf csv = { .at = NULL }, json = { .at = NULL };
	struct kept kept = { .r = 0 };

	(void)state;
	buf_add_cstr(&csv, "time,description,amount\n");
	buf_add_cstr(&json, "[");
	for (int i = 0; i < LINES; i++) {
		buf_addf(&csv, T0 ",\"%.*s\"\"\n\",0.001\n", i % 61,
		         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
		buf_addf(&json,
		         "%s{\"time\":\"" T0 "\",\"description\":\"%.*s\\\"\",\"amount\":0.001}",
		         i > 0 ? ",\n" : "", i % 61,
		         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	}
	buf_add_cstr(&json, "]");
	for (int pass = 0; pass < 2; pass++) {
		const struct buf *text = pass == 0 ? &csv : &json;

		assert_true(text->len > 2 * 64 * 1024);
		read_bytes(&kept, NULL, text->at, text->len);
		if (kept.r < 0)
			fail_msg("%s", kept.fault.text);
		assert_int_equal(kept.summary.rows, LINES);
		assert_true(kept.summary.totals[0].amount.attos == 3 * ATTOS_PER_UNIT);
		statement_summary_release(&kept.summary);
	}
	buf_release(&csv);
	buf_release(&json);
}

static void test_times_without_a_zone_are_of_the_one_that_is_given(void **state)
{
	static const char text[] = "date,amount\n2024-11-01,1\n";
	struct statement_options options = { .format = NULL };
	struct zone *zone = NULL;
	struct kept kept = { .r = 0 };

	(void)state;
	assert_int_equal(zone_open(&zone, text_of("+02:00"), NULL), 0);
	options.zone = zone;
	read_bytes(&kept, &options, text, sizeof(text) - 1);
	assert_int_equal(kept.r, 0);
	assert_int_equal(kept.summary.first_ms, 1730419200000 - 2 * MS_PER_HOUR);
	assert_int_equal(kept.summary.last_ms, 1730419200000 + 22 * MS_PER_HOUR);
	statement_summary_release(&kept.summary);
	zone_close(zone);
}

static void test_times_of_json_that_a_zone_has_not_once(void **state)
{
	static const char text[] =
		"[{\"request_id\":\"a\",\"startTime\":\"2026-03-29 02:30:00\",\"spend\":1},"
		"{\"request_id\":\"b\",\"startTime\":\"2026-10-25 02:30:00.123\",\"spend\":1}]";
	struct statement_options options = { .format = NULL };
	struct zone *zone = NULL;
	struct kept kept = { .r = 0 };

	(void)state;
	options.format = statement_format_find(text_of("litellm-spend"));
	assert_int_equal(zone_open(&zone, text_of("Europe/Berlin"), NULL), 0);
	options.zone = zone;
	read_bytes(&kept, &options, text, sizeof(text) - 1);
	assert_int_equal(kept.r, 0);
	/* 2026-03-29T01:30:00Z and 2026-10-25T00:30:00.123Z */
	assert_int_equal(kept.summary.first_ms, 1774747800000);
	assert_int_equal(kept.summary.last_ms, 1792888200124);
	assert_non_null(strstr(kept.summary.notes.at, "never were in Europe/Berlin"));
	assert_non_null(strstr(kept.summary.notes.at, "were twice in Europe/Berlin"));
	statement_summary_release(&kept.summary);
	zone_close(zone);
}

static void test_a_mapping_says_what_columns_mean(void **state)
{
	static const char text[] = "Day;Cost;Note\n01.11.2024;1.234,50;x\n";
	struct statement_options options = { .format = NULL };
	struct statement_mapping mapping = { .lines = NULL };
	struct kept kept = { .r = 0 };
	struct fault fault;

	(void)state;
	if (statement_mapping_parse(&mapping,
	                            text_of("{\"container\":\"csv\",\"currency\":\"EUR\","
	                                    "\"decimal\":\",\",\"thousands\":\".\","
	                                    "\"columns\":{\"Day\":{\"field\":\"date\","
	                                    "\"clock\":\"day-first\"},\"Cost\":{\"field\":"
	                                    "\"amount\",\"unit\":\"cents\"},"
	                                    "\"Note\":{\"ignore\":true}}}"),
	                            &fault) < 0)
		fail_msg("%s", fault.text);
	options.mapping = &mapping;
	read_bytes(&kept, &options, text, sizeof(text) - 1);
	if (kept.r < 0)
		fail_msg("%s", kept.fault.text);
	assert_null(kept.summary.format);
	assert_int_equal(kept.summary.first_ms, 1730419200000);
	assert_int_equal(kept.summary.grain, STATEMENT_GRAIN_DAY);
	assert_string_equal(kept.summary.totals[0].currency, "EUR");
	assert_true(kept.summary.totals[0].amount.attos == (wide)12345 * (ATTOS_PER_UNIT / 1000));
	statement_summary_release(&kept.summary);
	/* A column that nobody mapped is how a fee gets lost. */
	read_bytes(&kept, &options, "Day;Cost;Note;Fee\n", 18);
	assert_int_equal(kept.r, -FAULT_INVALID);
	assert_non_null(strstr(kept.fault.text, "\"Fee\" is not in the mapping"));
	read_bytes(&kept, &options, "{\"Day\":1}", 9);
	assert_int_equal(kept.r, -FAULT_INVALID);
	assert_non_null(strstr(kept.fault.text, "is JSON, and the mapping is for CSV"));
	statement_mapping_release(&mapping);
}

/* Names of one letter, a name with a dot in it, and a member that is not there. */
static void test_a_mapping_leads_into_objects(void **state)
{
	static const char text[] = "{\"t\":\"2024-11-01\",\"c\":{\"x\":{\"y\":1.25}},\"a.b\":"
				   "\"model\"}\n{\"t\":\"2024-11-01\",\"c\":{\"x\":null}}\n";
	struct statement_options options = { .format = NULL };
	struct statement_mapping mapping = { .lines = NULL };
	struct kept kept = { .r = 0 };
	struct fault fault;

	(void)state;
	if (statement_mapping_parse(
		    &mapping,
		    text_of("{\"container\":\"json\",\"currency\":\"USD\",\"columns\":{\"t\":{"
	                    "\"field\":\"date\"},\"c.x.y\":{\"field\":\"amount\",\"unit\":"
	                    "\"dollars\",\"required\":false},\"a.b\":{\"field\":\"model\","
	                    "\"required\":false}}}"),
		    &fault) < 0)
		fail_msg("%s", fault.text);
	options.mapping = &mapping;
	read_bytes(&kept, &options, text, sizeof(text) - 1);
	if (kept.r < 0)
		fail_msg("%s", kept.fault.text);
	assert_int_equal(kept.summary.rows, 2);
	assert_int_equal(kept.summary.with_model, 1);
	assert_int_equal(kept.summary.with_amount, 1);
	assert_true(kept.summary.totals[0].amount.attos == 5 * (ATTOS_PER_UNIT / 4));
	statement_summary_release(&kept.summary);
	statement_mapping_release(&mapping);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_summary_tells_the_whole),
		cmocka_unit_test(test_the_grain_is_that_of_the_coarsest_usage),
		cmocka_unit_test(test_who_takes_rows_can_end_it),
		cmocka_unit_test(test_a_statement_without_a_row_is_one),
		cmocka_unit_test(test_what_is_no_statement_is_told_with_the_way_out),
		cmocka_unit_test(test_a_file_that_is_not_there_is_told),
		cmocka_unit_test(test_a_byte_order_mark_is_passed_over),
		cmocka_unit_test(test_what_is_not_understood_ends_it),
		cmocka_unit_test(test_a_text_that_is_too_long_is_refused),
		cmocka_unit_test(test_sums_and_currencies_have_limits),
		cmocka_unit_test(test_rows_are_what_the_columns_say),
		cmocka_unit_test(test_rows_on_the_edge_of_two_pieces),
		cmocka_unit_test(test_times_without_a_zone_are_of_the_one_that_is_given),
		cmocka_unit_test(test_times_of_json_that_a_zone_has_not_once),
		cmocka_unit_test(test_a_mapping_says_what_columns_mean),
		cmocka_unit_test(test_a_mapping_leads_into_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
