/*
 * Rows that something else than this program changed: whoever comes upon one is told so, with
 * the ledger's name, and of a change that needs it nothing is done.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "tests/support/lifekit.h"

#define WHICH(id, time)   "'source':'gw-1','id':'" id "','time':'" time "Z','reason':'r'"
#define CORRECT(id, time) "{'change':'correct'," WHICH(id, time) ",'set':{'input':5}}"
#define CORRECT_B         CORRECT("b", "2026-08-01T09:30:00")
#define CORRECT_C         CORRECT("c", "2026-08-01T09:31:00")
#define RERATE                                                                                     \
	"{'change':'rerate','from':'2026-07-01T00:00:00Z','to':'2026-08-01T11:00:00Z',"            \
	"'reason':'r','book':'$HASH'}"
#define FINAL                                                                                      \
	"{'id':'open','time':'2026-08-01T09:40:00Z','account':'acct','model':'m','api':'toll',"    \
	"'settlement':'final','usage':{'input':1}}"

/* What a transaction would leave. */
static const char rows_of_all[] =
	"SELECT group_concat(n) FROM (SELECT count(*) n FROM event UNION ALL SELECT count(*) FROM "
	"event_detail UNION ALL SELECT count(*) FROM phase UNION ALL SELECT count(*) FROM conflict "
	"UNION ALL SELECT count(*) FROM correction UNION ALL SELECT count(*) FROM adjustment_run "
	"UNION ALL SELECT count(*) FROM adjustment UNION ALL SELECT count(*) FROM change UNION ALL "
	"SELECT count(*) FROM seal UNION ALL SELECT count(*) FROM seal_hour UNION ALL SELECT "
	"count(*) FROM rollup UNION ALL SELECT count(*) FROM book_log UNION ALL SELECT sum(events) "
	"FROM watermark)";

static struct ledgerkit kit;

static int setup(void **state)
{
	(void)state;
	kit_open(&kit);
	life_fill(&kit);
	life_keep(&kit);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	life_close(&kit);
	return 0;
}

static void damage(const char *sql)
{
	char text[1024];

	life_lay_out(&kit, NULL);
	kit_shut(&kit);
	snprintf(text, sizeof(text), "PRAGMA ignore_check_constraints=1;%s", sql);
	kit_sql(&kit, text);
}

static int read_named(const char *label, struct life_told *told, struct fault *fault)
{
	for (size_t i = 0; i < life_reading_count; i++) {
		if (strcmp(life_readings[i].label, label) == 0)
			return life_readings[i].read(kit.ledger, told, fault);
	}
	fail_msg("no reading \"%s\"", label);
	return 0;
}

static void expect_corrupt(const char *label, int r, const struct fault *fault, const char *text)
{
	if (r != -FAULT_CORRUPT || strstr(fault->text, text) == NULL ||
	    strstr(fault->text, kit.path) == NULL)
		fail_msg("%s: %s: %s", label, fault_name(r), r < 0 ? fault->text : "");
}

static const struct {
	const char *label, *sql;
	enum life_kind kind;
	const char *change; /* $HASH: of the first book; NULL: none needs it */
	const char *reading;
	const char *text;
} rows[] = {
	{ "the amount of a correction", "UPDATE correction SET attos = 1000000000 WHERE id = 'c'",
	  LIFE_REQUEST, CORRECT_C, "corrections", "correction 1 is no amount" },
	{ "the cost of a correction",
	  "UPDATE correction SET cost_attos = 1000000000 WHERE id = 'c'", LIFE_REQUEST, CORRECT_C,
	  "corrections of an event", "correction 1 is no amount" },
	{ "the counts of a correction, which overflow",
	  "UPDATE correction SET counts = '{\"input\":9223372036854775807}' WHERE id = 'c'",
	  LIFE_REQUEST, CORRECT_C, "events as they are now",
	  "correction 1 is not as it was made (its digest)" },
	{ "the counts of a correction, which are none",
	  "UPDATE correction SET counts = '{\"input\":\"x\"}' WHERE id = 'c'", LIFE_REQUEST,
	  CORRECT_C, "corrections", "the counts of correction 1 are none" },
	{ "the total of a run", "UPDATE adjustment_run SET attos = 1000000000", LIFE_REQUEST, NULL,
	  "runs", "the total of a run is none" },
	{ "the amount of an adjustment", "UPDATE adjustment SET attos = 1000000000", LIFE_REQUEST,
	  NULL, "adjustments by their traffic", "an adjustment is no amount" },
	{ "a sum that is gone", "DELETE FROM rollup", LIFE_EVENT, FINAL, NULL,
	  "event open: the rollup of its hour lacks it" },
	{ "the chain of a seal", "UPDATE seal SET chain = x'00'", LIFE_SEAL, "", "seals",
	  "seal 1 has no chain" },
	{ "the digest of an hour", "UPDATE hour SET digest = x'00', unsealed = 1", LIFE_SEAL, "",
	  NULL, "an hour has no digest" },
	{ "another book",
	  "UPDATE book SET json = replace(json, '\"name\":\"b\"', '\"name\":\"c\"')", LIFE_REQUEST,
	  RERATE, "prices and rules", "a stored price book is not the one that was applied" },
	{ "a book that is none", "UPDATE book SET json = '{'", LIFE_REQUEST, CORRECT_B,
	  "prices and rules", "a stored price book cannot be read" },
	{ "a book of which the end is gone", "UPDATE book SET json = ''", LIFE_REQUEST, CORRECT_B,
	  "prices and rules", "a stored price book cannot be read" },
	{ "a book that is to be in force again", "UPDATE book SET json = '{'", LIFE_REQUEST,
	  "{'change':'price.rollback','hash':'$HASH','note':'n'}", NULL,
	  "a stored price book cannot be read" },
	{ "a book that is gone", "PRAGMA foreign_keys = 0; DELETE FROM book WHERE id = 1",
	  LIFE_REQUEST, CORRECT_B, "prices and rules", "no book holds price 1" },
};

static void test_what_needs_a_damaged_row_is_refused_and_says_so(void **state)
{
	char hash[SHA256_HEX_BYTES], text[1024], before[256];

	(void)state;
	kit_shut(&kit);
	snprintf(hash, sizeof(hash), "%s",
	         kit_sql_text(&kit, "SELECT hash FROM book WHERE id = 1"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct life_change change = { rows[i].label, text, rows[i].kind, false, NULL, 0 };
		struct life_told told = { .rows = 0 };
		struct fault fault = { .code = FAULT_NONE };
		struct buf reply = { .at = NULL };
		bool done = false;
		char *place;
		int r;

		damage(rows[i].sql);
		snprintf(before, sizeof(before), "%s", kit_sql_text(&kit, rows_of_all));
		kit_reopen(&kit);
		if (rows[i].reading != NULL) {
			r = read_named(rows[i].reading, &told, &fault);
			expect_corrupt(rows[i].label, r, &fault, rows[i].text);
		}
		if (rows[i].change != NULL) {
			snprintf(text, sizeof(text), "%s", rows[i].change);
			place = strstr(text, "$HASH");
			if (place != NULL) {
				size_t at = (size_t)(place - text);

				snprintf(place, sizeof(text) - at, "%s%s", hash,
				         rows[i].change + at + strlen("$HASH"));
			}
			fault = (struct fault){ .code = FAULT_NONE };
			r = life_run(&kit, &change, &done, &reply, &fault);
			expect_corrupt(rows[i].label, r, &fault, rows[i].text);
		}
		kit_shut(&kit);
		if (strcmp(kit_sql_text(&kit, rows_of_all), before) != 0)
			fail_msg("%s: half done: %s", rows[i].label, before);
		buf_release(&told.text);
		buf_release(&reply);
	}
}

/* A digest that is none is not that of anything. */
static void test_a_run_without_its_digest_is_told_by_verify(void **state)
{
	struct buf findings = { .at = NULL };

	(void)state;
	damage("UPDATE adjustment_run SET digest = x'00'");
	kit_reopen(&kit);
	assert_true(kit_verify(&kit, &findings) > 0);
	if (strstr(findings.at, "[run 1] another digest|as it was made") == NULL)
		fail_msg("%s", findings.at);
	buf_release(&findings);
}

/* A total that shows it is refused; what is asked of other events goes on. */
static void test_a_damaged_correction_stops_no_change_of_other_events(void **state)
{
	static const struct life_change void_a = {
		"void",
		"{'change':'void','source':'gw-1','id':'a','time':'2026-08-01T09:00:00Z',"
		"'reason':'r'}",
		LIFE_REQUEST,
		false,
		NULL,
		0
	};
	struct fault fault = { .code = FAULT_NONE };
	struct buf reply = { .at = NULL };
	struct life_told told = { .rows = 0 };
	struct ledger *reader = NULL;
	bool done = false;

	(void)state;
	damage("UPDATE correction SET nanos = nanos + 1 WHERE id = 'c'");
	kit_reopen(&kit);
	if (life_run(&kit, &void_a, &done, &reply, &fault) < 0 || !done)
		fail_msg("%s %.*s", fault.text, TEXT_ARGS(buf_text(&reply)));
	assert_int_equal(ledger_open_reader(&reader, kit.path, NULL), 0);
	kit_shut(&kit);
	kit.ledger = reader;
	expect_corrupt("report", read_named("report", &told, &fault), &fault,
	               "correction 1 is not as it was made (its digest)");
	buf_release(&told.text);
	buf_release(&reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_needs_a_damaged_row_is_refused_and_says_so),
		cmocka_unit_test(test_a_run_without_its_digest_is_told_by_verify),
		cmocka_unit_test(test_a_damaged_correction_stops_no_change_of_other_events),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
