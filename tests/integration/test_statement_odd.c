/*
 * Statements by a mapping, and odd ones, through `toll reconcile`: a clear error, or every
 * difference named, and never a wrong total.
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

#include "tests/support/bothkit.h"
#include "tests/support/ledgerkit.h"

#define ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Of model m/a: input 1 USD, output 2 USD per million: 1.20 each. */
#define EVENT(id, day)                                                                             \
	"{'id':'" id "','source':'gw-1','time':'2026-10-" day "T08:00:00Z','account':'acme',"      \
	"'key':'k1','model':'m/a','api':'toll','usage':{'input':1000000,'output':100000}}\n"
#define HEAD                 "id,time,model,input_tokens,output_tokens,cost_usd\n"
#define ROW(id, day, amount) id ",2026-10-" day "T08:00:00Z,m/a,1000000,100000," amount "\n"
#define ALL                  ROW("a", "01", "1.20") ROW("b", "02", "1.20") ROW("c", "03", "1.20")

struct scene {
	struct bothkit *both;
	char statement[DAEMONKIT_PATH_BYTES + 32], mapping[DAEMONKIT_PATH_BYTES + 32];
};

static void write_bytes(const char *path, const char *bytes, size_t len)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fwrite(bytes, 1, len, file) == len);
	assert_int_equal(fclose(file), 0);
}

static void begin(struct scene *scene, void **state)
{
	struct bothkit *both = *state;

	scene->both = both;
	snprintf(scene->statement, sizeof(scene->statement), "%s/bill", both->kit.folder);
	snprintf(scene->mapping, sizeof(scene->mapping), "%s/mapping.json", both->kit.folder);
	TOLLRUN(&both->run, "price", "apply", both->kit.prices, "--note", "n");
	TOLLRUN_EXPECT(&both->run, 0);
	daemonkit_write(both->file, kit_quotes(EVENT("a", "01") EVENT("b", "02") EVENT("c", "03")));
	TOLLRUN(&both->run, "import", both->file);
	TOLLRUN_EXPECT(&both->run, 0);
}

static void end(struct scene *scene)
{
	unlink(scene->statement);
	unlink(scene->mapping);
}

/* What is proposed for a statement goes into the file of the mapping. */
static void suggest(struct scene *scene, const char *statement)
{
	struct tollrun *run = &scene->both->run;

	write_bytes(scene->statement, statement, strlen(statement));
	TOLLRUN(run, "statement", "suggest-mapping", scene->statement);
	TOLLRUN_EXPECT(run, 0);
	write_bytes(scene->mapping, run->out.at, run->out.len);
}

static void test_a_mapping_that_is_proposed_makes_both_sides_agree(void **state)
{
	static const struct {
		const char *label, *statement;
	} rows[] = {
		{ "plain", HEAD ALL },
		{ "German", "Anfrage;Datum;Modell;Eingabe (Tsd.);Ausgabe;Betrag (USD)\n"
		            "a;01.10.2026 08:00:00;m/a;1.000;100.000;1,20\n"
		            "b;02.10.2026 08:00:00;m/a;1.000;100.000;1,20\n"
		            "c;03.10.2026 08:00:00;m/a;1.000;100.000;1,20\n" },
		{ "NDJSON, in cents",
		  "{\"id\":\"a\",\"created\":1790841600,\"model\":\"m/"
		  "a\",\"usage\":{\"prompt_tokens\":"
		  "1000000,\"completion_tokens\":100000,\"cost_cents\":120}}\n"
		  "{\"id\":\"b\",\"created\":1790928000,\"model\":\"m/"
		  "a\",\"usage\":{\"prompt_tokens\":"
		  "1000000,\"completion_tokens\":100000,\"cost_cents\":120.0}}\n"
		  "{\"id\":\"c\",\"created\":1791014400,\"model\":\"m/"
		  "a\",\"usage\":{\"prompt_tokens\":"
		  "1000000,\"completion_tokens\":100000,\"cost_cents\":1.2e2}}\n" },
		{ "sums of days, the month first",
		  "Date\tModel\tRequests\tSpend ($)\n10/01/2026\tm/a\t1\t$1.20\n"
		  "10/02/2026\tm/a\t1\t$1.20\n10/13/2026\tm/a\t0\t$0.00\n"
		  "10/03/2026\tm/a\t1\t$1.20\n" },
	};
	struct scene scene;
	struct tollrun *run;

	begin(&scene, state);
	run = &scene.both->run;
	for (size_t i = 0; i < ROWS(rows); i++) {
		suggest(&scene, rows[i].statement);
		TOLLRUN(run, "statement", "check-mapping", scene.mapping);
		TOLLRUN_EXPECT(run, 0);
		TOLLRUN_SAYS(run, "mapping.json: can be used: ");
		TOLLRUN(run, "statement", "show", "--mapping", scene.mapping, scene.statement);
		TOLLRUN_EXPECT(run, 0);
		TOLLRUN_SAYS(run, "3.60");
		TOLLRUN(run, "reconcile", "--no-store", "--statement", scene.statement, "--mapping",
		        scene.mapping);
		if (run->code != 0)
			fail_msg("%s: %s%s", rows[i].label, run->out.at, run->err.at);
		TOLLRUN_SAYS(run, "No difference, to the last digit.\n");
	}
	/* The option of reconcile gives the same. */
	TOLLRUN(run, "reconcile", "--suggest-mapping", scene.statement);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "\"clock\":\"month-first\"");
	tollrun_release(run);
	tollrun_start(run, (const char *const[]){ "statement", "suggest-mapping", "-", NULL },
	              HEAD ALL, NULL);
	tollrun_wait(run);
	TOLLRUN_EXPECT(run, 0);
	TOLLRUN_SAYS(run, "\"cost_usd\": {\"field\":\"amount\",\"unit\":\"dollars\"}");
	end(&scene);
}

static void test_what_a_person_must_decide_is_said_beside_it(void **state)
{
	struct scene scene;
	struct tollrun *run;

	begin(&scene, state);
	run = &scene.both->run;
	suggest(&scene, "id,time,cost\na,02/03/2026,5\n");
	if (strstr(run->err.at, "bill: 2 of the notes are left for a person to decide") == NULL)
		fail_msg("%s", run->err.at);
	/* Undecided, it is not read: neither on the second of March, nor the third of February. */
	TOLLRUN(run, "statement", "show", "--mapping", scene.mapping, scene.statement);
	TOLLRUN_EXPECT(run, 3);
	assert_non_null(strstr(run->err.at, "\"clock\": day-first, month-first"));
	TOLLRUN(run, "statement", "suggest-mapping");
	TOLLRUN_EXPECT(run, 2);
	TOLLRUN(run, "statement", "check-mapping", "a", "b");
	TOLLRUN_EXPECT(run, 2);
	TOLLRUN(run, "statement", "suggest-mapping", "build/no-such-file");
	TOLLRUN_EXPECT(run, 3);
	assert_non_null(strstr(run->err.at, "build/no-such-file"));
	write_bytes(scene.mapping, "{\n\"colums\":{}}", 14);
	TOLLRUN(run, "statement", "check-mapping", scene.mapping);
	TOLLRUN_EXPECT(run, 3);
	assert_non_null(strstr(run->err.at, "mapping.json: line 2: colums: no such key here; did "
	                                    "you mean \"columns\"?"));
	end(&scene);
}

/* Runs of blanks as one: a table is as wide as what is in it. */
static void squeeze(struct buf *text)
{
	size_t to = 0;

	for (size_t i = 0; i < text->len; i++) {
		if (to == 0 || text->at[i] != ' ' || text->at[to - 1] != ' ')
			text->at[to++] = text->at[i];
	}
	if (text->at != NULL)
		text->at[to] = '\0';
	text->len = to;
}

struct odd {
	const char *label, *text;
	size_t len;
	int code;
	const char *said; /* on standard error where it failed, else on standard output */
};

#define BYTES(text) text, sizeof(text) - 1

static void test_odd_statements_are_told_or_named(void **state)
{
	static const struct odd rows[] = {
		{ "as it should be", BYTES(HEAD ALL), 0, "No difference, to the last digit." },
		{ "nothing", BYTES(""), 3, "is empty" },
		{ "a header alone", BYTES(HEAD), 3, "is empty: it has no row" },
		{ "two header rows", BYTES(HEAD HEAD ALL), 0, "No difference" },
		{ "itself twice", BYTES(HEAD ALL HEAD ALL), 1, "duplicate 3 +3.60" },
		{ "its rows twice", BYTES(HEAD ALL ALL), 1, "duplicate 3 +3.60" },
		{ "UTF-16", BYTES("\xff\xfei\0d\0"), 3, "iconv -f UTF-16 -t UTF-8" },
		{ "gzip", BYTES("\x1f\x8b\x08"), 3, "zcat FILE" },
		{ "cut in a number", BYTES(HEAD ROW("a", "01", "1.20") "b,2026-10-02,m/a,1,1,1.2"),
		  3, "record 2 (line 3): the file ends in \"1.2\"" },
		{ "cut behind a comma", BYTES(HEAD ALL "d,2026-10-02,m/a,1,"), 3,
		  "record 4 (line 5)" },
		{ "cut in a quote", BYTES(HEAD ALL "\"d,2026"), 3, "line 5: a quote is opened" },
		{ "cut at the end of a line", BYTES(HEAD ROW("a", "01", "1.20")), 0,
		  "Theirs, the statement 1" },
		{ "a column vanished", BYTES("id,time,model,input_tokens,output_tokens\n"), 3,
		  "there is no column cost_usd" },
		{ "a column is new",
		  BYTES("id,time,model,input_tokens,output_tokens,cost_usd,fee\n"), 3,
		  "\"fee\" is not in the mapping" },
		{ "newlines in quotes", BYTES(HEAD ALL ROW("\"d\ne\"", "03", "1")), 1,
		  "missing-here 1 +1.00" },
		{ "1e-7",
		  BYTES(HEAD ROW("a", "01", "12e-1") ROW("b", "02", "1.2000001")
		                ROW("c", "03", "1.20")),
		  1, "Difference +0.0000001" },
		{ "thousands", BYTES(HEAD ALL ROW("d", "03", "\"1,000.00\"")), 3,
		  "record 4 (line 5): column cost_usd: \"1,000.00\" is no amount" },
		{ "below zero", BYTES(HEAD ALL ROW("d", "03", "-1")), 3, "record 4 (line 5)" },
		{ "day or month", BYTES(HEAD "a,02/03/2026,m/a,1,1,1\n"), 3, "record 1 (line 2)" },
		{ "the wrong month", BYTES(HEAD "x,2026-08-01T08:00:00Z,m/a,1000000,100000,1.20\n"),
		  3, "look whether it is the right statement" },
	};
	struct scene scene;
	struct tollrun *run;

	begin(&scene, state);
	run = &scene.both->run;
	suggest(&scene, HEAD ALL);
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct odd *odd = &rows[i];

		write_bytes(scene.statement, odd->text, odd->len);
		TOLLRUN(run, "reconcile", "--no-store", "--statement", scene.statement, "--mapping",
		        scene.mapping);
		squeeze(&run->out);
		if (run->code != odd->code ||
		    strstr(odd->code == 3 ? run->err.at : run->out.at, odd->said) == NULL ||
		    (odd->code == 3 && run->out.len > 0))
			fail_msg("%s: %d\n%s%s", odd->label, run->code,
			         run->out.at != NULL ? run->out.at : "", run->err.at);
	}
	/* The wrong currency. */
	write_bytes(scene.statement, BYTES("id,time,cost_eur\na,2026-10-01T08:00:00Z,1.20\n"));
	suggest(&scene, "id,time,cost_eur\na,2026-10-01T08:00:00Z,1.20\n");
	TOLLRUN(run, "reconcile", "--no-store", "--statement", scene.statement, "--mapping",
	        scene.mapping);
	TOLLRUN_EXPECT(run, 3);
	assert_non_null(strstr(run->err.at, "EUR"));
	end(&scene);
}

/* Each comes once, and what is noted of it is the hash of what came. */
static void test_a_mapping_and_names_come_through_a_pipe(void **state)
{
	static const char names[] = "{\"model\":{\"theirs\":\"m/a\"}}";
	static const struct {
		const char *option, *value, *other, *input;
	} rows[] = {
		{ "--mapping", "-", "--no-store", NULL },
		{ "--mapping", "/dev/stdin", "--no-store", NULL },
		{ "--names", "-", "--mapping", names },
	};
	char mapping[4096];
	struct scene scene;
	struct tollrun *run;

	begin(&scene, state);
	run = &scene.both->run;
	suggest(&scene, HEAD ALL);
	snprintf(mapping, sizeof(mapping), "%s", run->out.at);
	for (size_t i = 0; i < ROWS(rows); i++) {
		const char *const words[] = { "reconcile",
			                      "--statement",
			                      scene.statement,
			                      rows[i].option,
			                      rows[i].value,
			                      rows[i].other,
			                      rows[i].input == NULL ? NULL : scene.mapping,
			                      NULL };

		tollrun_release(run);
		tollrun_start(run, words, rows[i].input == NULL ? mapping : rows[i].input, NULL);
		tollrun_wait(run);
		TOLLRUN_EXPECT(run, 0);
		TOLLRUN_SAYS(run, "No difference, to the last digit.\n");
	}
	TOLLRUN(run, "reconcile", "--statement", scene.statement, "--mapping", "-", "--names", "-");
	TOLLRUN_EXPECT(run, 2);
	assert_non_null(strstr(run->err.at, "there is one standard input"));
	end(&scene);
}

/* In a process of its own: what stands behind the header in memory is then the same each time. */
static void test_a_header_with_a_cell_more_is_a_row(void **state)
{
	static const char head[] = "AAAAAAAA\x01,BilledCost,BillingCurrency,ChargePeriodStart,"
				   "ChargePeriodEnd,ChargeCategory";
	char text[2 * sizeof(head) + 8];
	struct scene scene;
	struct tollrun *run;

	begin(&scene, state);
	run = &scene.both->run;
	snprintf(text, sizeof(text), "%s\n%s,x\n", head, head);
	write_bytes(scene.statement, text, strlen(text));
	TOLLRUN(run, "statement", "show", "--format", "focus", scene.statement);
	TOLLRUN_EXPECT(run, 3);
	assert_non_null(strstr(run->err.at, "7 cells, and the header has 6"));
	end(&scene);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, bothkit_begin, bothkit_end)
	const struct CMUnitTest tests[] = {
		T(test_a_mapping_that_is_proposed_makes_both_sides_agree),
		T(test_what_a_person_must_decide_is_said_beside_it),
		T(test_odd_statements_are_told_or_named),
		T(test_a_mapping_and_names_come_through_a_pipe),
		T(test_a_header_with_a_cell_more_is_a_row),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
