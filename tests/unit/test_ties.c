/* What one ledger says in several ways: each tie holds, and each is seen to be broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "bill/ties.h"
#include "tests/support/damagekit.h"

struct told {
	struct buf text; /* what is not equal, a line each */
	int64_t rows[TIE_COUNT], equal[TIE_COUNT];
	int stop;
	bool differs;
};

static int on_tie(void *context, const struct tie *tie)
{
	struct told *told = context;
	char one[MONEY_TEXT_BYTES], other[MONEY_TEXT_BYTES];

	told->rows[tie->kind]++;
	told->equal[tie->kind] += tie->state == TIE_EQUAL;
	if (tie->is_amount) {
		money_text((struct money){ tie->one }, one);
		money_text((struct money){ tie->other }, other);
	} else {
		snprintf(one, sizeof(one), "%lld", (long long)tie->one);
		snprintf(other, sizeof(other), "%lld", (long long)tie->other);
	}
	if (tie->words != NULL)
		buf_addf(&told->text, "%s %s: %s\n", tie_name(tie->kind),
		         tie_state_name(tie->state), tie->words);
	else if (tie->state != TIE_EQUAL)
		buf_addf(&told->text, "%s %s %s|%s\n", tie_name(tie->kind), tie->what, one, other);
	return told->stop;
}

static int check_range(struct ledger *reader, const char *from, const char *to, struct told *told,
                       struct fault *fault)
{
	struct ties_query query = { .from_ms = LEDGER_FROM_MIN, .to_ms = LEDGER_TO_MAX };

	*told = (struct told){ .stop = told->stop };
	buf_add_cstr(&told->text, "");
	if (from != NULL)
		assert_true(moment_parse_date(text_of(from), &query.from_ms));
	if (to != NULL)
		assert_true(moment_parse_date(text_of(to), &query.to_ms));
	return ties_check(reader, &query, on_tie, told, &told->differs, fault);
}

static void check(struct damagekit *damage, struct told *told)
{
	struct ledger *reader = damage_reader(damage);
	struct fault fault = { .code = FAULT_NONE };

	told->stop = 0;
	if (check_range(reader, NULL, NULL, told, &fault) < 0)
		fail_msg("%s", fault.text);
	ledger_close(reader);
}

static struct damagekit damage;

static int setup(void **state)
{
	(void)state;
	damage_open(&damage);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	damage_close(&damage);
	return 0;
}

static void test_a_whole_ledger_ties_and_what_is_not_there_is_said(void **state)
{
	struct told told = { .stop = 0 };

	(void)state;
	check(&damage, &told);
	print_message("%s", told.text.at);
	/* The source told one hour that it did not send all of. */
	assert_true(told.differs);
	assert_string_equal(told.text.at,
	                    "invoices nothing: no invoices yet\nsources totals 1|0\n");
	assert_non_null(strstr(told.text.at, "invoices nothing: no invoices yet\n"));
	for (int k = TIE_ROLLUPS; k <= TIE_CSV; k++) {
		assert_int_equal(COMPONENT_COUNT + 4, told.rows[k]);
		assert_int_equal(told.rows[k], told.equal[k]);
	}
	buf_release(&told.text);
}

/* As before its check words were made: no reading asks for one. */
#define WORDLESS(sql) sql "; INSERT INTO hour_word (kind, hour, word) VALUES (4, 0, 0)"
#define EVENT(sql)    WORDLESS("UPDATE event SET " sql ", check_word = NULL WHERE id = 'b'")

static void test_each_tie_is_seen_to_be_broken(void **state)
{
	static const struct {
		const char *label, *sql, *says[4];
	} rows[] = {
		{ "a count of a sum",
		  WORDLESS("UPDATE rollup SET input = input + 3"),
		  { "rollups input 102|123\n", "report input 92|113\n" } },
		{ "an amount of an event",
		  EVENT("nanos = nanos + 1"),
		  { "rollups amount 1705.000000001|1705.00\n",
		    "report amount 1595.000000001|1595.00\n" } },
		{ "how an event ended",
		  EVENT("status = 500"),
		  { "rollups errors 2|1\n", "report errors 2|1\n" } },
		{ "an event that ended, and counts",
		  EVENT("turn = 2"),
		  { "rollups events 14|15\n", "export-ndjson output 605|705\n",
		    "export-csv amount 1285.00|1495.00\n", "export-csv cost 321.25|373.75\n" } },
		{ "a line that cannot be written",
		  EVENT("extra = '{'"),
		  { "export-ndjson REFUSED: event b: what is kept beside it is no JSON\n",
		    "export-csv REFUSED" } },
		{ "a line that cannot be read again",
		  EVENT("latency_ms = -5"),
		  { "export-ndjson REFUSED: the line of event b: latency_ms" } },
		{ "a bit of a sum",
		  "UPDATE rollup SET input = input + 3",
		  { "rollups REFUSED", "report REFUSED", "sources REFUSED" } },
		{ "a bit of an event",
		  "UPDATE event SET input = input + 3 WHERE id = 'b'",
		  { "rollups REFUSED", "report REFUSED", "export-ndjson REFUSED",
		    "export-csv REFUSED" } },
		{ "what was booked in a closed period",
		  "INSERT INTO change (at_ms, who, what, detail) VALUES (1, 'w', 'period.close', "
		  "'{\"closed\":true,\"until\":\"2026-09\"}')",
		  { "closed booked after the closing 2|0" } },
		{ "a closing that cannot be read",
		  "INSERT INTO change (at_ms, who, what, detail) VALUES (1, 'w', 'period.close', "
		  "'{')",
		  { "closed REFUSED: the change that closed a period is no JSON\n" } },
		{ "an hour that was sealed",
		  "UPDATE hour SET digest = zeroblob(32)",
		  { "closed hours not as sealed " } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct told told = { .stop = 0 };

		if (!damage_do(&damage, rows[i].sql))
			fail_msg("%s: changed nothing", rows[i].label);
		check(&damage, &told);
		assert_true(told.differs);
		for (size_t s = 0; s < 4 && rows[i].says[s] != NULL; s++) {
			if (strstr(told.text.at, rows[i].says[s]) == NULL)
				fail_msg("%s: \"%s\" is not told:\n%s", rows[i].label,
				         rows[i].says[s], told.text.at);
		}
		buf_release(&told.text);
	}
}

static void test_a_range_is_of_whole_hours(void **state)
{
	struct fault fault = { .code = FAULT_NONE };
	struct told told = { .stop = 0 };
	struct ledger *reader;

	(void)state;
	assert_false(damage_do(&damage, "UPDATE event SET id = id WHERE 0"));
	reader = damage_reader(&damage);
	assert_int_equal(-FAULT_INVALID,
	                 check_range(reader, "2026-08-01T09:30:00Z", NULL, &told, &fault));
	buf_release(&told.text);
	assert_int_equal(-FAULT_INVALID,
	                 check_range(reader, NULL, "2026-08-01T09:30:00Z", &told, &fault));
	assert_non_null(strstr(fault.text, "on the hour"));
	buf_release(&told.text);
	/* Nothing is in it: equal, and what is not there is said. */
	assert_int_equal(0, check_range(reader, "2016", "2017", &told, &fault));
	assert_false(told.differs);
	assert_string_equal(told.text.at, "invoices nothing: no invoices yet\n"
	                                  "sources nothing: no source told a total\n");
	buf_release(&told.text);
	/* Behind all that is closed. */
	assert_int_equal(0, check_range(reader, "2027", NULL, &told, &fault));
	assert_non_null(strstr(told.text.at, "closed nothing: nothing of it is closed yet\n"));
	buf_release(&told.text);
	ledger_close(reader);
}

static void test_who_asks_may_stop(void **state)
{
	struct told told = { .stop = 7 };
	struct ledger *reader;

	(void)state;
	assert_false(damage_do(&damage, "UPDATE event SET id = id WHERE 0"));
	reader = damage_reader(&damage);
	assert_int_equal(7, check_range(reader, NULL, NULL, &told, NULL));
	assert_int_equal(1, told.rows[TIE_ROLLUPS]);
	buf_release(&told.text);
	ledger_close(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_whole_ledger_ties_and_what_is_not_there_is_said),
		cmocka_unit_test(test_each_tie_is_seen_to_be_broken),
		cmocka_unit_test(test_a_range_is_of_whole_hours),
		cmocka_unit_test(test_who_asks_may_stop),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
