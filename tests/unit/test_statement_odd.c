/*
 * Odd and hostile statements: each comes to a clear fault, with its place and what to do, or to
 * exactly the right total.  Never to a wrong one.
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

#include "base/buf.h"
#include "statement/mapping.h"
#include "statement/read.h"

#define ROWS(rows)  (sizeof(rows) / sizeof((rows)[0]))
#define BYTES(text) text, sizeof(text) - 1

static char path[] = "build/odd-XXXXXX";

/* A mapping with members beside these, and one column changed. */
#define MAPPING(more, time, cost)                                                                  \
	"{\"container\":\"csv\",\"currency\":\"USD\"" more ",\"columns\":{\"id\":{\"field\":"      \
	"\"id\"},\"time\":{\"field\":\"time\"" time "},\"in\":{\"field\":\"input\"},"              \
	"\"cost\":{\"field\":\"amount\",\"unit\":\"dollars\"" cost "}}}"
#define PLAIN  MAPPING("", "", "")
#define TURNED MAPPING("", "", ",\"sign\":\"-\"")
#define COMMA  MAPPING(",\"delimiter\":\",\",\"decimal\":\",\",\"thousands\":\".\"", "", "")
#define JSON                                                                                       \
	"{\"container\":\"json\",\"currency\":\"USD\",\"columns\":{\"id\":{\"field\":\"id\"},"     \
	"\"t\":{\"field\":\"time\"},\"u.in\":{\"field\":\"input\",\"required\":false},"            \
	"\"cost\":{\"field\":\"amount\",\"unit\":\"dollars\"}}}"
#define DAYS                                                                                       \
	"{\"container\":\"csv\",\"columns\":{\"d\":{\"field\":\"date\"},\"cost\":{\"field\":"      \
	"\"amount\",\"unit\":\"cents\"}}}"
#define SPANS                                                                                      \
	"{\"container\":\"csv\",\"columns\":{\"f\":{\"field\":\"from\"},\"t\":{\"field\":\"to\"}," \
	"\"cost\":{\"field\":\"amount\",\"unit\":\"cents\"}}}"

#define HEAD        "id,time,in,cost\n"
#define ROW(id)     id ",2026-11-22T08:00:00Z,1,1.25\n"
#define COST(cost)  BYTES(HEAD "a,2026-11-22T08:00:00Z,1," cost "\n")
#define DAY_NOTE    "days say no zone"
#define TIMED(time) BYTES(HEAD "a," time ",1,1.25\n")
#define COUNT(in)   BYTES(HEAD "a,2026-11-22T08:00:00Z," in ",1.25\n")
#define OBJECT(id)                                                                                 \
	"{\"id\":\"" id "\",\"t\":\"2026-11-22T08:00:00Z\",\"u\":{\"in\":1},\"cost\":1.25}"
#define JCOST(cost) BYTES("{\"id\":\"a\",\"t\":\"2026-11-22T08:00:00Z\",\"cost\":" cost "}\n")

struct odd {
	const char *label, *mapping, *text;
	size_t len;
	const char *zone;
	enum fault_code code;
	/* Of a fault its place and what to do; else rows and total, and the note or NULL. */
	const char *first, *second;
};

static void write_file(const char *text, size_t len)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fwrite(text, 1, len, file) == len);
	assert_int_equal(fclose(file), 0);
}

static int take(void *context, const struct statement_row *row, struct fault *fault)
{
	(void)fault;
	*(int64_t *)context = row->from_ms;
	return 0;
}

/* "2 USD2.50 2026-11-22T08:00:00.000Z": rows, amounts, and when the last row ran. */
static void describe(const struct statement_summary *summary, int64_t last_ms, struct buf *out)
{
	char text[MOMENT_TEXT_BYTES], amount[MONEY_TEXT_BYTES];

	buf_clear(out);
	buf_addf(out, "%lld", (long long)summary->rows);
	for (size_t i = 0; i < summary->total_count; i++) {
		money_text(summary->totals[i].amount, amount);
		buf_addf(out, " %s%s", summary->totals[i].currency, amount);
	}
	if (last_ms >= 0) {
		moment_text(last_ms, text);
		buf_addf(out, " %s", text);
	}
}

static void check(const struct odd *odd)
{
	struct statement_mapping mapping = { 0 };
	struct statement_options options = { .mapping = &mapping };
	struct statement_summary summary = { 0 };
	struct zone *zone = NULL;
	struct fault fault = { 0 };
	struct buf said = { .at = NULL };
	int64_t last_ms = -1;
	int r;

	if (statement_mapping_parse(&mapping, text_of(odd->mapping), &fault) < 0)
		fail_msg("%s: %s", odd->label, fault.text);
	if (odd->zone != NULL)
		assert_int_equal(zone_open(&zone, text_of(odd->zone), NULL), 0);
	options.zone = zone;
	write_file(odd->text, odd->len);
	r = statement_read(path, &options, take, &last_ms, &summary, &fault);
	if (r != -(int)odd->code)
		fail_msg("%s: %d, %s", odd->label, r, r < 0 ? fault.text : "was read");
	if (r < 0) {
		if (strstr(fault.text, path) == NULL || strstr(fault.text, odd->first) == NULL ||
		    strstr(fault.text, odd->second) == NULL)
			fail_msg("%s: %s", odd->label, fault.text);
	} else {
		describe(&summary, last_ms, &said);
		if (strncmp(said.at, odd->first, strlen(odd->first)) != 0)
			fail_msg("%s: %s", odd->label, said.at);
		if (odd->second != NULL &&
		    (summary.notes.at == NULL || strstr(summary.notes.at, odd->second) == NULL))
			fail_msg("%s: %s", odd->label,
			         summary.notes.at != NULL ? summary.notes.at : "no notes");
		/* A plain date is nothing odd: what is said of it a row of its own has. */
		if (odd->second == NULL && summary.notes.len > 0 &&
		    strncmp(summary.notes.at, DAY_NOTE, strlen(DAY_NOTE)) != 0)
			fail_msg("%s: %s", odd->label, summary.notes.at);
	}
	buf_release(&said);
	statement_summary_release(&summary);
	statement_mapping_release(&mapping);
	zone_close(zone);
}

static void test_bytes_and_lines(void **state)
{
	static const struct odd rows[] = {
		{ "as it should be", PLAIN, BYTES(HEAD ROW("a")), NULL, FAULT_NONE,
		  "1 USD1.25 2026-11-22T08:00:00.000Z", NULL },
		{ "nothing", PLAIN, BYTES(""), NULL, FAULT_INVALID, "is empty",
		  "not even a header" },
		{ "blank lines", PLAIN, BYTES("\n \r\n\n"), NULL, FAULT_INVALID, "no column id",
		  "" },
		{ "empty lines", PLAIN, BYTES("\n\r\n\n"), NULL, FAULT_INVALID, "is empty", "" },
		{ "JSON of blanks", JSON, BYTES(" \n\n"), NULL, FAULT_INVALID, "", "" },
		{ "a header alone", PLAIN, BYTES(HEAD), NULL, FAULT_NONE, "0", "no row in it" },
		{ "a header without its end", PLAIN, BYTES("id,time,in,cost"), NULL, FAULT_NONE,
		  "0", "no row in it" },
		{ "two header rows", PLAIN, BYTES(HEAD HEAD ROW("a")), NULL, FAULT_NONE,
		  "1 USD1.25", "the header stands again" },
		{ "twice the statement: the matcher's to say", PLAIN,
		  BYTES(HEAD ROW("a") HEAD ROW("a")), NULL, FAULT_NONE, "2 USD2.50",
		  "the header stands again" },
		{ "twice the rows", PLAIN, BYTES(HEAD ROW("a") ROW("a")), NULL, FAULT_NONE,
		  "2 USD2.50", NULL },
		{ "a title above the header", PLAIN, BYTES("Usage report\n" HEAD ROW("a")), NULL,
		  FAULT_INVALID, "there is no column id", "the header has Usage report" },
		{ "UTF-16 LE with a mark", PLAIN, BYTES("\xff\xfei\0d\0,\0"), NULL, FAULT_INVALID,
		  "UTF-16", "iconv -f UTF-16 -t UTF-8" },
		{ "UTF-16 BE with a mark", PLAIN, BYTES("\xfe\xff\0i\0d\0,"), NULL, FAULT_INVALID,
		  "UTF-16", "iconv -f UTF-16 -t UTF-8" },
		{ "UTF-16 LE", PLAIN, BYTES("i\0d\0,\0"), NULL, FAULT_INVALID, "bytes of 0",
		  "iconv -f UTF-16LE" },
		{ "UTF-16 BE", PLAIN, BYTES("\0i\0d\0,"), NULL, FAULT_INVALID, "bytes of 0",
		  "iconv -f UTF-16BE" },
		{ "UTF-8 with a mark", PLAIN, BYTES("\xef\xbb\xbf" HEAD ROW("a")), NULL, FAULT_NONE,
		  "1 USD1.25", NULL },
		{ "gzip", PLAIN, BYTES("\x1f\x8b\x08\0\0"), NULL, FAULT_INVALID, "gzip", "zcat" },
		{ "HTML", PLAIN, BYTES("<html>"), NULL, FAULT_INVALID, "HTML", "log in" },
		{ "CRLF", PLAIN, BYTES("id,time,in,cost\r\na,2026-11-22T08:00:00Z,1,1.25\r\n"),
		  NULL, FAULT_NONE, "1 USD1.25", NULL },
		{ "CR alone", PLAIN, BYTES("id,time,in,cost\ra,2026-11-22T08:00:00Z,1,1.25\r"),
		  NULL, FAULT_SYNTAX, "line 1", "tr '\\r' '\\n'" },
		{ "another delimiter", PLAIN, BYTES("id;time;in;cost\na;2026-11-22;1;1.25\n"), NULL,
		  FAULT_NONE, "1 USD1.25", NULL },
		{ "Latin-1 in a cell", PLAIN, BYTES(HEAD ROW("\xe4")), NULL, FAULT_SYNTAX,
		  "record 1 (line 2): id is not UTF-8", "iconv -f WINDOWS-1252" },
		{ "Latin-1 in the header", PLAIN, BYTES("id,time,in,cost,k\xf6\n"), NULL,
		  FAULT_SYNTAX, "the header is not UTF-8", "iconv -f WINDOWS-1252" },
		{ "a byte of 0", PLAIN, BYTES(HEAD ROW("a\0")), NULL, FAULT_INVALID, "bytes of 0",
		  "iconv" },
		{ "a newline in quotes", PLAIN, BYTES(HEAD ROW("\"a\nb\"") ROW("c")), NULL,
		  FAULT_NONE, "2 USD2.50", NULL },
		{ "a delimiter and quotes in quotes", PLAIN, BYTES(HEAD ROW("\"a,\"\"b\"\"\"")),
		  NULL, FAULT_NONE, "1 USD1.25", NULL },
		{ "a quote in a cell", PLAIN, BYTES(HEAD ROW("a\"b")), NULL, FAULT_SYNTAX, "line 2",
		  "a quote within a cell" },
		{ "text behind a quote", PLAIN, BYTES(HEAD ROW("\"a\"b")), NULL, FAULT_SYNTAX,
		  "line 2", "behind a cell that is quoted" },
		{ "JSON for a mapping of CSV", PLAIN, BYTES(OBJECT("a")), NULL, FAULT_INVALID,
		  "is JSON, and the mapping is for CSV", "" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		check(&rows[i]);
}

static void test_cut_at_its_end(void **state)
{
	static const struct odd rows[] = {
		{ "in a quote", PLAIN, BYTES(HEAD ROW("a") "b,\"2026-11"), NULL, FAULT_SYNTAX,
		  "line 3", "cut at its end" },
		{ "in a number", PLAIN, BYTES(HEAD ROW("a") "b,2026-11-22T08:00:00Z,1,1.2"), NULL,
		  FAULT_SYNTAX, "record 2 (line 3): the file ends in \"1.2\" of the column cost",
		  "(cat FILE; echo) | toll" },
		{ "behind a point", PLAIN, BYTES(HEAD ROW("a") "b,2026-11-22T08:00:00Z,1,1."), NULL,
		  FAULT_SYNTAX, "record 2 (line 3)", "fetch it again" },
		{ "behind a comma", PLAIN, BYTES(HEAD ROW("a") "b,2026-11-22T08:00:00Z,1,"), NULL,
		  FAULT_SYNTAX, "record 2 (line 3): the file ends in \"\"", "fetch it again" },
		{ "behind another comma", PLAIN, BYTES(HEAD ROW("a") "b,2026-11-22T08:00:00Z,"),
		  NULL, FAULT_SYNTAX, "record 2 (line 3): 3 cells, and the header has 4",
		  "cut at its end" },
		{ "a quoted number that is whole", PLAIN,
		  BYTES(HEAD ROW("a") "b,2026-11-22T08:00:00Z,1,\"1.2\""), NULL, FAULT_NONE,
		  "2 USD2.45", NULL },
		{ "a text: nothing of it is summed up", PLAIN,
		  BYTES("time,in,cost,id\n2026-11-22T08:00:00Z,1,1.25,abc"), NULL, FAULT_NONE,
		  "1 USD1.25", "the last line does not end" },
		{ "in a time", PLAIN, BYTES("id,in,cost,time\na,1,1.25,2026-11-2"), NULL,
		  FAULT_SYNTAX, "record 1 (line 2)", "of the column time" },
		{ "JSON in a value", JSON, BYTES(OBJECT("a") "\n{\"id\":\"b\",\"cost\":1.2"), NULL,
		  FAULT_SYNTAX, "line 2", "cut at its end" },
		{ "JSON in a name", JSON, BYTES(OBJECT("a") "\n{\"i"), NULL, FAULT_SYNTAX, "line 2",
		  "cut at its end" },
		{ "JSON, the last line whole", JSON, BYTES(OBJECT("a") "\n" OBJECT("b")), NULL,
		  FAULT_NONE, "2 USD2.50", NULL },
		{ "a list without its end", JSON, BYTES("[" OBJECT("a") ",\n" OBJECT("b")), NULL,
		  FAULT_SYNTAX, "line", "cut at its end" },
		{ "a list behind a comma", JSON, BYTES("[" OBJECT("a") ","), NULL, FAULT_SYNTAX,
		  "line 1", "cut at its end" },
		{ "a page without its end", JSON, BYTES("{\"data\":[" OBJECT("a") "]"), NULL,
		  FAULT_SYNTAX, "line 1", "cut at its end" },
		{ "a page that is not the last", JSON,
		  BYTES("{\"data\":[" OBJECT("a") "],\"has_more\":true}"), NULL, FAULT_INVALID,
		  "has_more", "fetch them all" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		check(&rows[i]);
}

static void test_columns(void **state)
{
	static const struct odd rows[] = {
		{ "one vanished", PLAIN, BYTES("id,time,in\na,2026-11-22T08:00:00Z,1\n"), NULL,
		  FAULT_INVALID, "there is no column cost", "the header has id, time, in" },
		{ "one was renamed", PLAIN, BYTES("id,time,in,costs\na,2026-11-22,1,5\n"), NULL,
		  FAULT_INVALID, "there is no column cost", "in, costs" },
		{ "one is new", PLAIN, BYTES("id,time,in,cost,fee\na,2026-11-22,1,5,1\n"), NULL,
		  FAULT_INVALID, "\"fee\" is not in the mapping", "\"others\":\"ignore\"" },
		{ "one is new, and does not matter", MAPPING(",\"others\":\"ignore\"", "", ""),
		  BYTES("id,time,in,cost,x\na,2026-11-22,1,5,1\n"), NULL, FAULT_NONE, "1 USD5.00",
		  NULL },
		{ "one is there twice", PLAIN, BYTES("id,time,in,cost,cost\na,2026-11-22,1,5,6\n"),
		  NULL, FAULT_INVALID, "the column cost is there twice", "which one" },
		{ "another order", PLAIN, BYTES("cost,in,time,id\n1.25,1,2026-11-22,a\n"), NULL,
		  FAULT_NONE, "1 USD1.25", NULL },
		{ "blanks around the names", PLAIN,
		  BYTES(" id ,time, in,cost \na,2026-11-22,1,1.25\n"), NULL, FAULT_NONE,
		  "1 USD1.25", NULL },
		{ "a cell too many", PLAIN, BYTES(HEAD "a,2026-11-22,1,1,250.00\n"), NULL,
		  FAULT_SYNTAX, "record 1 (line 2): 5 cells, and the header has 4",
		  "is not quoted" },
		{ "a cell too few", PLAIN, BYTES(HEAD "a,2026-11-22,1\n" ROW("b")), NULL,
		  FAULT_SYNTAX, "record 1 (line 2): 3 cells", "of another table" },
		{ "a row of totals that is right", PLAIN, BYTES(HEAD ROW("a") "Total,,,1.25\n"),
		  NULL, FAULT_NONE, "1 USD1.25", NULL },
		{ "a row of totals that is wrong", PLAIN, BYTES(HEAD ROW("a") "Total,,,1.26\n"),
		  NULL, FAULT_INVALID, "record 2 (line 3): it states a total of 1.26",
		  "come to 1.25" },
		{ "a row of totals as a mapping writes numbers", COMMA,
		  BYTES("id,time,in,cost\na,2026-11-22,1,\"1.250,25\"\nSumme:,,,\"1.250,25\"\n"),
		  NULL, FAULT_NONE, "1 USD1250.25", NULL },
		{ "the same, and wrong", COMMA,
		  BYTES("id,time,in,cost\na,2026-11-22,1,\"1.250,25\"\nGesamt,,,\"1.250,26\"\n"),
		  NULL, FAULT_INVALID, "record 2 (line 3): it states a total of 1250.26",
		  "1250.25" },
		{ "the same, as no number", COMMA,
		  BYTES("id,time,in,cost\na,2026-11-22,1,\"1,25\"\nTotal,,,1.25\n"), NULL,
		  FAULT_SYNTAX, "record 2 (line 3): column cost: \"1.25\" is no amount", "" },
		{ "a row of totals of the other sign", TURNED,
		  BYTES(HEAD "a,2026-11-22,1,-1.25\nTotal,,,-1.25\n"), NULL, FAULT_NONE,
		  "1 USD1.25", NULL },
		{ "the same, of the sign of the rows", TURNED,
		  BYTES(HEAD "a,2026-11-22,1,-1.25\nTotal,,,1.25\n"), NULL, FAULT_INVALID,
		  "record 2 (line 3): it states a total of -1.25", "come to 1.25" },
		{ "a member vanished", JSON, BYTES("{\"id\":\"a\",\"t\":\"2026-11-22\"}\n"), NULL,
		  FAULT_INVALID, "record 1 (line 1): there is no member cost", "" },
		{ "a member is new", JSON,
		  BYTES("{\"id\":\"a\",\"t\":\"2026-11-22\",\"cost\":1,\"x\":{\"fee\":1}}\n"), NULL,
		  FAULT_INVALID, "\"x.fee\" is not in the mapping", "\"others\":\"ignore\"" },
		{ "a member is there twice", JSON,
		  BYTES("{\"id\":\"a\",\"t\":\"2026-11-22\",\"cost\":1,\"cost\":2}\n"), NULL,
		  FAULT_SYNTAX, "record 1", "has this key already: cost" },
		{ "a list for a value", JSON, JCOST("[1]"), NULL, FAULT_INVALID,
		  "record 1 (line 1)", "member cost is a list or an object" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		check(&rows[i]);
}

#define LIST(more, cost)                                                                           \
	"{\"container\":\"json\",\"currency\":\"USD\"" more ",\"columns\":{\"t\":{\"field\":"      \
	"\"time\"},\"cost\":{\"field\":\"amount\"" cost "}}}"
#define CENTS        LIST("", ",\"unit\":\"cents\"")
#define CENTS_TURNED LIST("", ",\"unit\":\"cents\",\"sign\":\"-\"")
#define CENTS_COMMA  LIST(",\"decimal\":\",\",\"thousands\":\".\"", ",\"unit\":\"cents\"")
#define LISTED(cost, total)                                                                        \
	BYTES("{\"data\":[{\"t\":\"2026-11-22T08:00:00Z\",\"cost\":" cost "}],\"meta\":{"          \
	      "\"total_cost\":" total "}}\n")

static const struct odd beside[] = {
	{ "in cents", CENTS, LISTED("12345", "12345"), NULL, FAULT_NONE, "1 USD123.45", NULL },
	{ "in cents, and wrong", CENTS, LISTED("12345", "123.45"), NULL, FAULT_INVALID,
	  "it states a total of 1.2345", "come to 123.45" },
	{ "of the other sign", CENTS_TURNED, LISTED("-12345", "-12345"), NULL, FAULT_NONE,
	  "1 USD123.45", NULL },
	{ "of the sign of the rows", CENTS_TURNED, LISTED("-12345", "12345"), NULL, FAULT_INVALID,
	  "it states a total of -123.45", "come to 123.45" },
	{ "with a comma", CENTS_COMMA, LISTED("\"12.345,5\"", "\"12.345,5\""), NULL, FAULT_NONE,
	  "1 USD123.455", NULL },
	{ "a number of JSON beside commas", CENTS_COMMA, LISTED("\"12.345,5\"", "12345.5"), NULL,
	  FAULT_NONE, "1 USD123.455", NULL },
};

static void test_a_total_beside_a_list_is_written_as_its_amounts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(beside); i++)
		check(&beside[i]);
}

#define GROUPS MAPPING(",\"thousands\":\",\"", "", "")
#define BLANKS MAPPING(",\"thousands\":\" \"", "", "")
#define QUOTES MAPPING(",\"thousands\":\"'\"", "", "")
#define SYMBOL MAPPING(",\"symbol\":\"$\",\"thousands\":\",\"", "", "")

static const char no_amount[] = "is no amount: separators of thousands";
static const struct odd odd_numbers[] = {
	{ "1e-7", PLAIN, COST("1e-7"), NULL, FAULT_NONE, "1 USD0.0000001", NULL },
	{ "1E+2", PLAIN, COST("1E+2"), NULL, FAULT_NONE, "1 USD100.00", NULL },
	{ ".5", PLAIN, COST(".5"), NULL, FAULT_NONE, "1 USD0.50", NULL },
	{ "thousands, not said", PLAIN, COST("\"1,250.00\""), NULL, FAULT_SYNTAX,
	  "record 1 (line 2): column cost: \"1,250.00\"", no_amount },
	{ "thousands, said", GROUPS, COST("\"1,250.00\""), NULL, FAULT_NONE, "1 USD1250.00", NULL },
	{ "thousands of two digits", GROUPS, COST("\"1,25\""), NULL, FAULT_SYNTAX,
	  "record 1 (line 2)", no_amount },
	{ "thousands, German, not said", PLAIN, COST("\"1.250,00\""), NULL, FAULT_SYNTAX,
	  "record 1 (line 2)", no_amount },
	{ "thousands, German, said", COMMA, COST("\"1.250,00\""), NULL, FAULT_NONE, "1 USD1250.00",
	  NULL },
	{ "a point where commas are decimal", COMMA, COST("1.25"), NULL, FAULT_SYNTAX,
	  "record 1 (line 2)", no_amount },
	{ "three digits behind it are thousands", COMMA, COST("1.250"), NULL, FAULT_NONE,
	  "1 USD1250.00", NULL },
	{ "a decimal comma, not said", PLAIN, COST("\"1,25\""), NULL, FAULT_SYNTAX,
	  "record 1 (line 2)", no_amount },
	{ "blanks, not said", PLAIN, COST("1 250"), NULL, FAULT_SYNTAX, "line 2", no_amount },
	{ "blanks, said", BLANKS, COST("1 250"), NULL, FAULT_NONE, "1 USD1250.00", NULL },
	{ "blanks that do not break", BLANKS,
	  COST("1\xc2\xa0"
	       "250"),
	  NULL, FAULT_NONE, "1 USD1250.00", NULL },
	{ "apostrophes", QUOTES, COST("1'250.5"), NULL, FAULT_NONE, "1 USD1250.50", NULL },
	{ "a sign, not said", PLAIN, COST("$1.25"), NULL, FAULT_SYNTAX, "line 2", no_amount },
	{ "a sign, said", SYMBOL, COST("\"$1,250\""), NULL, FAULT_NONE, "1 USD1250.00", NULL },
	{ "brackets", PLAIN, COST("(1.25)"), NULL, FAULT_SYNTAX, "line 2", no_amount },
	{ "a plus", PLAIN, COST("+1.25"), NULL, FAULT_SYNTAX, "line 2", no_amount },
	{ "a blank behind it", PLAIN, COST("1.25 "), NULL, FAULT_SYNTAX, "line 2", no_amount },
	{ "hexadecimal", PLAIN, COST("0x10"), NULL, FAULT_SYNTAX, "line 2", no_amount },
	{ "NaN", PLAIN, COST("NaN"), NULL, FAULT_SYNTAX, "line 2", no_amount },
	{ "infinite", PLAIN, COST("inf"), NULL, FAULT_SYNTAX, "line 2", no_amount },
	{ "digits of another script", PLAIN, COST("\xef\xbc\x91"), NULL, FAULT_SYNTAX, "line 2",
	  no_amount },
	{ "beyond 128 bits", PLAIN, COST("170141183460469231731687303715884105728"), NULL,
	  FAULT_RANGE, "record 1 (line 2): column cost", "is too large" },
	{ "far beyond", PLAIN, COST("1e400"), NULL, FAULT_RANGE, "record 1 (line 2)",
	  "is too large" },
	{ "an exponent that wraps", PLAIN, COST("1e18446744073709551616"), NULL, FAULT_RANGE,
	  "record 1 (line 2)", "is too large" },
	{ "far below", PLAIN, COST("1e-400"), NULL, FAULT_NONE, "1 USD0.00",
	  "more than 18 decimals, cut there" },
	{ "19 decimals", PLAIN, COST("0.1234567890123456789"), NULL, FAULT_NONE,
	  "1 USD0.123456789012345678", "more than 18 decimals, cut there" },
	{ "an empty amount", PLAIN, COST(""), NULL, FAULT_NONE, "1 USD0.00", NULL },
	{ "below zero", PLAIN, COST("-1.25"), NULL, FAULT_INVALID,
	  "record 1 (line 2): amount of usage is -1.25", "\"below_zero\"" },
	{ "below zero, which is a credit", MAPPING(",\"below_zero\":\"credit\"", "", ""),
	  BYTES(HEAD ROW("a") "b,2026-11-22,1,-0.25\n"), NULL, FAULT_NONE, "2 USD1.00", NULL },
	{ "all turned round", MAPPING("", "", ",\"sign\":\"-\""), COST("-1.25"), NULL, FAULT_NONE,
	  "1 USD1.25", NULL },
	{ "a count below zero", PLAIN, COUNT("-1"), NULL, FAULT_INVALID,
	  "record 1 (line 2): input is -1", "adjustment" },
	{ "half a token", PLAIN, COUNT("1.5"), NULL, FAULT_SYNTAX,
	  "record 1 (line 2): column in: \"1.5\" is no count in whole units", "" },
	{ "a count as a float", PLAIN, COUNT("1500.0"), NULL, FAULT_NONE, "1 USD1.25", NULL },
	{ "a count of 64 bits and more", PLAIN, COUNT("9223372036854775808"), NULL, FAULT_RANGE,
	  "record 1 (line 2)", "is too large" },
	{ "JSON: a text", JSON, JCOST("\"1.25\""), NULL, FAULT_NONE, "1 USD1.25", NULL },
	{ "JSON: 1e-7", JSON, JCOST("1e-7"), NULL, FAULT_NONE, "1 USD0.0000001", NULL },
	{ "JSON: true", JSON, JCOST("true"), NULL, FAULT_SYNTAX, "record 1 (line 1)", no_amount },
	{ "JSON: NaN", JSON, JCOST("NaN"), NULL, FAULT_SYNTAX, "record 1 (line 1)", "" },
	{ "JSON: a comma in a text", JSON, JCOST("\"1,25\""), NULL, FAULT_SYNTAX,
	  "record 1 (line 1)", no_amount },
	{ "JSON: null", JSON, JCOST("null"), NULL, FAULT_NONE, "1 USD0.00", NULL },
	/* Its own numbers have a point, whatever its texts have. */
	{ "JSON: a number beside decimal commas",
	  "{\"container\":\"json\",\"decimal\":\",\",\"columns\":{\"id\":{\"field\":\"id\"}"
	  ","
	  "\"a\":{\"field\":\"amount\",\"unit\":\"cents\"},\"f\":{\"field\":\"fee\","
	  "\"unit\":\"cents\"}}}",
	  BYTES("{\"id\":\"x\",\"a\":125.5,\"f\":\"0,5\"}\n"), NULL, FAULT_NONE, "1 1.255", NULL },
};

static void test_numbers(void **state)
{

	(void)state;
	for (size_t i = 0; i < ROWS(odd_numbers); i++)
		check(&odd_numbers[i]);
}

static void test_times(void **state)
{
	static const char no[] = "is no time: 2026-11-22T08:00:00Z";
	static const char berlin[] = "Europe/Berlin";
	static const struct odd rows[] = {
		{ "day or month", PLAIN, TIMED("02/03/2026"), NULL, FAULT_SYNTAX,
		  "record 1 (line 2): column time: \"02/03/2026\" is no time",
		  "(\"clock\": day-first, month-first" },
		{ "the day", MAPPING("", ",\"clock\":\"day-first\"", ""), TIMED("02/03/2026"), NULL,
		  FAULT_NONE, "1 USD1.25 2026-03-02T00:00:00.000Z", NULL },
		{ "a day of no zone", PLAIN, TIMED("2026-11-22"), NULL, FAULT_NONE,
		  "1 USD1.25 2026-11-22T00:00:00.000Z",
		  DAY_NOTE ": taken as UTC (--time-zone says another)\n" },
		{ "a day of a zone", PLAIN, TIMED("2026-11-22"), berlin, FAULT_NONE,
		  "1 USD1.25 2026-11-21T23:00:00.000Z", NULL },
		{ "the month", MAPPING("", ",\"clock\":\"month-first\"", ""), TIMED("02/03/2026"),
		  NULL, FAULT_NONE, "1 USD1.25 2026-02-03T00:00:00.000Z", NULL },
		{ "the other one in it", MAPPING("", ",\"clock\":\"month-first\"", ""),
		  TIMED("13/03/2026"), NULL, FAULT_SYNTAX, "record 1 (line 2)",
		  "no time of the form that this column has" },
		{ "a day that is none", PLAIN, TIMED("2026-02-30"), NULL, FAULT_SYNTAX, "line 2",
		  no },
		{ "the same, day first", MAPPING("", ",\"clock\":\"day-first\"", ""),
		  TIMED("30.02.2026"), NULL, FAULT_SYNTAX, "line 2", "no time of the form" },
		{ "a spreadsheet's day", PLAIN, TIMED("46348.5"), NULL, FAULT_SYNTAX, "line 2",
		  "excel)" },
		{ "a spreadsheet's day, said", MAPPING("", ",\"clock\":\"excel\"", ""),
		  TIMED("46348.5"), NULL, FAULT_NONE, "1 USD1.25 2026-11-22T12:00:00.000Z",
		  "times say no zone" },
		{ "seconds", PLAIN, TIMED("1795334400"), NULL, FAULT_SYNTAX, "line 2",
		  "seconds, ms" },
		{ "seconds, said", MAPPING("", ",\"clock\":\"seconds\"", ""), TIMED("1795334400"),
		  NULL, FAULT_NONE, "1 USD1.25 2026-11-22T08:00:00.000Z", NULL },
		{ "24 o'clock", PLAIN, TIMED("2026-11-22T24:00:00Z"), NULL, FAULT_SYNTAX, "line 2",
		  no },
		{ "words", PLAIN, TIMED("Nov 22 2026"), NULL, FAULT_SYNTAX, "line 2", no },
		{ "none", PLAIN, TIMED(""), NULL, FAULT_INVALID, "record 1 (line 2)",
		  "does not tell a time" },
		{ "without a zone", PLAIN, TIMED("2026-11-22 08:00:00"), NULL, FAULT_NONE,
		  "1 USD1.25 2026-11-22T08:00:00.000Z",
		  "times say no zone: taken as UTC (--time-zone says another)\n" },
		{ "of the zone that is asked for", PLAIN, TIMED("2026-11-22 08:00:00"), berlin,
		  FAULT_NONE, "1 USD1.25 2026-11-22T07:00:00.000Z", NULL },
		{ "of the mapping's", MAPPING(",\"zone\":\"+05:30\"", "", ""),
		  TIMED("2026-11-22 08:00:00"), NULL, FAULT_NONE,
		  "1 USD1.25 2026-11-22T02:30:00.000Z", NULL },
		{ "of its own, whatever is asked for", PLAIN, TIMED("2026-11-22T08:00:00Z"), berlin,
		  FAULT_NONE, "1 USD1.25 2026-11-22T08:00:00.000Z", NULL },
		{ "one that never was", PLAIN, TIMED("2026-03-29 02:30:00"), berlin, FAULT_NONE,
		  "1 USD1.25 2026-03-29T01:30:00.000Z",
		  "local times that never were in Europe/Berlin" },
		{ "the same, day first", MAPPING("", ",\"clock\":\"day-first\"", ""),
		  TIMED("29.03.2026 02:30"), berlin, FAULT_NONE,
		  "1 USD1.25 2026-03-29T01:30:00.000Z",
		  "local times that never were in Europe/Berlin" },
		{ "one that was twice", PLAIN, TIMED("2026-10-25 02:30:00"), berlin, FAULT_NONE,
		  "1 USD1.25 2026-10-25T00:30:00.000Z", "were twice in Europe/Berlin" },
		{ "just before, and just behind", PLAIN,
		  BYTES(HEAD "a,2026-10-25 01:59:59,1,1\nb,2026-10-25 03:00:00,1,1\n"
		             "c,2026-03-29 01:59:59,1,1\nd,2026-03-29 03:00:00,1,1\n"),
		  berlin, FAULT_NONE, "4 USD4.00 2026-03-29T01:00:00.000Z", NULL },
		{ "a day of 23 hours", DAYS, BYTES("d,cost\n2026-03-29,100\n"), berlin, FAULT_NONE,
		  "1 1.00 2026-03-28T23:00:00.000Z", NULL },
		{ "a minute that is summed up", DAYS, BYTES("d,cost\n2026-03-29T02:31,100\n"), NULL,
		  FAULT_INVALID, "record 1 (line 2)", "map it as \"from\", and the end as \"to\"" },
		{ "hours and midnights", DAYS,
		  BYTES("d,cost\n2026-03-29T00:00,100\n2026-03-29T01:00,100\n"), NULL,
		  FAULT_INVALID, "record 2 (line 3)", "days or hours" },
		{ "a span that runs backwards", SPANS, BYTES("f,t,cost\n2026-03-29,2026-03-28,1\n"),
		  NULL, FAULT_INVALID, "record 1 (line 2)", "does not end behind its beginning" },
		{ "a span without an end", SPANS, BYTES("f,t,cost\n2026-03-29,,1\n"), NULL,
		  FAULT_INVALID, "record 1 (line 2)", "does not end behind" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		check(&rows[i]);
}

/*
 * Whatever is left of a statement that was cut is refused, or is all of its first rows: never a
 * part of a row, nor an amount that lost digits.
 */
static void test_cut_anywhere(void **state)
{
	static const struct {
		const char *label, *mapping, *text;
	} rows[] = {
		{ "the amount last", PLAIN, HEAD ROW("a") ROW("b") ROW("\"c\nd\"") },
		{ "the amount last, quoted", PLAIN,
		  HEAD "a,2026-11-22T08:00:00Z,1,\"1.25\"\nb,2026-11-22T08:00:00Z,1,\"1.25\"\n" },
		{ "a text last", PLAIN,
		  "time,in,cost,id\n2026-11-22T08:00:00Z,1,1.25,abc\n2026-11-22T08:00:00Z,1,1.25,"
		  "\"d,e\"\n" },
		{ "a count last", PLAIN,
		  "id,time,cost,in\r\na,2026-11-22T08:00:00Z,1.25,150\r\nb,2026-11-22T08:00:00Z,"
		  "1.25,150\r\n" },
		{ "a time last", PLAIN,
		  "id,cost,in,time\na,1.25,1,2026-11-22T08:00:00Z\nb,1.25,1,2026-11-22T08:00:"
		  "00Z\n" },
		{ "what is ignored last", MAPPING(",\"others\":\"ignore\"", "", ""),
		  "id,time,in,cost,x\na,2026-11-22T08:00:00Z,1,1.25,77\nb,2026-11-22T08:00:00Z,1,1."
		  "25,"
		  "78\n" },
		{ "NDJSON", JSON, OBJECT("a") "\n" OBJECT("b") "\n" },
		{ "a list", JSON, "[" OBJECT("a") "," OBJECT("b") "]\n" },
		{ "pages", JSON,
		  "{\"data\":[" OBJECT("a") "],\"has_more\":true}\n{\"data\":[" OBJECT(
			  "b") "],\"has_more\":false}\n" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct statement_mapping mapping = { 0 };
		struct statement_options options = { .mapping = &mapping };
		size_t refused = 0, whole = strlen(rows[i].text);

		assert_int_equal(statement_mapping_parse(&mapping, text_of(rows[i].mapping), NULL),
		                 0);
		for (size_t len = 0; len <= whole; len++) {
			struct statement_summary summary = { 0 };
			struct fault fault;
			int64_t last_ms;
			int r;

			write_file(rows[i].text, len);
			r = statement_read(path, &options, take, &last_ms, &summary, &fault);
			refused += r < 0;
			if (r == 0 && summary.rows > 0 &&
			    (summary.total_count != 1 ||
			     summary.totals[0].amount.attos !=
			             summary.rows * (ATTOS_PER_UNIT + ATTOS_PER_UNIT / 4)))
				fail_msg("%s, cut at %zu: a wrong total", rows[i].label, len);
			if (r < 0 && (fault.text[0] == '\0' || strstr(fault.text, path) == NULL))
				fail_msg("%s, cut at %zu: %s", rows[i].label, len, fault.text);
			if (len == whole && r < 0)
				fail_msg("%s: %s", rows[i].label, fault.text);
			statement_summary_release(&summary);
		}
		assert_true(refused > whole / 4);
		statement_mapping_release(&mapping);
	}
}

static void check_large(const char *label, const char *mapping, const struct buf *text,
                        enum fault_code code, const char *first, const char *second)
{
	struct odd odd = { label, mapping, text->at, text->len, NULL, code, first, second };

	assert_int_equal(text->error, 0);
	check(&odd);
}

static void add_times(struct buf *out, const char *text, size_t times)
{
	for (size_t i = 0; i < times; i++)
		buf_add_cstr(out, text);
}

enum { LONG_BYTES = 20 * 1000 * 1000, ROWS_BEFORE = 5000, CREDITS = 200 };

static void test_long_lines_and_many_columns(void **state)
{
	struct buf text = { .at = NULL };

	(void)state;
	buf_add_cstr(&text, HEAD);
	memset(buf_room(&text, LONG_BYTES), 'a', LONG_BYTES);
	text.len += LONG_BYTES;
	buf_add_cstr(&text, ",2026-11-22,1,1.25\n");
	check_large("a line of 20 MB", PLAIN, &text, FAULT_RANGE, "line 2: a record of more than",
	            "is a quote not closed?");
	text.at[sizeof(HEAD) - 1] = '"';
	check_large("the same behind a quote", PLAIN, &text, FAULT_SYNTAX, "line 2",
	            "a quote is opened and not closed");

	buf_clear(&text);
	buf_add_cstr(&text, "{\"id\":\"");
	memset(buf_room(&text, LONG_BYTES), 'a', LONG_BYTES);
	text.len += LONG_BYTES;
	buf_add_cstr(&text, "\",\"cost\":1}\n");
	check_large("an element of 20 MB", JSON, &text, FAULT_RANGE, "line 1: an element of more",
	            "16 MiB");

	buf_clear(&text);
	add_times(&text, "c,", 9999);
	buf_add_cstr(&text, "c\n");
	check_large("10000 columns", PLAIN, &text, FAULT_RANGE, "line 1: more than 8192 cells",
	            "is it CSV?");

	buf_clear(&text);
	buf_add_cstr(&text, "{\"id\":");
	add_times(&text, "[", 100000);
	add_times(&text, "]", 100000);
	buf_add_cstr(&text, "}\n");
	check_large("100000 levels", JSON, &text, FAULT_SYNTAX, "record 1", "nested too deep");
	buf_release(&text);
}

static void test_behind_many_good_rows(void **state)
{
	struct buf text = { .at = NULL };
	size_t len;

	(void)state;
	buf_add_cstr(&text, HEAD);
	add_times(&text, ROW("a"), ROWS_BEFORE);
	len = text.len;
	check_large("all good", PLAIN, &text, FAULT_NONE, "5000 USD6250.00", NULL);
	buf_add(&text, BYTES(ROW("\"a\0\"")));
	check_large("a byte of 0 in quotes", PLAIN, &text, FAULT_SYNTAX, "line 5002",
	            "a byte of 0");
	text.len = len;
	buf_add(&text, BYTES(ROW("a\0")));
	check_large("a byte of 0", PLAIN, &text, FAULT_SYNTAX, "line 5002", "a byte of 0");
	text.len = len;
	buf_add_cstr(&text, "a,02/03/2026,1,1\n");
	check_large("a time at the end", PLAIN, &text, FAULT_SYNTAX, "record 5001 (line 5002)",
	            "is no time");
	buf_release(&text);
}

/* What each row can be, all of them together need not be. */
static void test_a_sum_that_is_no_amount(void **state)
{
	struct buf text = { .at = NULL };

	(void)state;
	buf_add_cstr(&text, HEAD);
	add_times(&text, "a,2026-11-22,1,9e17\n", CREDITS);
	check_large("too much together", PLAIN, &text, FAULT_RANGE, "record ", "line ");
	buf_release(&text);
}

static int begin(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 || close(fd) < 0;
}

static int end(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes_and_lines),
		cmocka_unit_test(test_cut_at_its_end),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_a_total_beside_a_list_is_written_as_its_amounts),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_long_lines_and_many_columns),
		cmocka_unit_test(test_behind_many_good_rows),
		cmocka_unit_test(test_a_sum_that_is_no_amount),
	};

	return cmocka_run_group_tests_name("statement odd", tests, begin, end);
}
