#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/internal.h"
#include "tests/support/ledgerkit.h"

/* EXPLAIN QUERY PLAN of a statement, its lines joined by "; ". */
static void plan_of(struct ledger *ledger, const char *sql, struct buf *out)
{
	struct buf explain = { .at = NULL };
	sqlite3_stmt *stmt = NULL;

	buf_addf(&explain, "EXPLAIN QUERY PLAN %s", sql);
	assert_int_equal(sqlite3_prepare_v2(ledger->db, explain.at, -1, &stmt, NULL), SQLITE_OK);
	buf_clear(out);
	buf_add_cstr(out, "");
	while (sqlite3_step(stmt) == SQLITE_ROW)
		buf_addf(out, "%s; ", (const char *)sqlite3_column_text(stmt, 3));
	sqlite3_finalize(stmt);
	buf_release(&explain);
}

/* The first min() or max() is of a plain column, so that one step at an end of a key finds it. */
static bool asks_for_an_end(const char *sql)
{
	const char *at = strstr(sql, "min(");

	if (at == NULL)
		at = strstr(sql, "max(");
	return at != NULL && at[4 + strspn(at + 4, "abcdefghijklmnopqrstuvwxyz_")] == ')';
}

/*
 * A plan that reads a whole table or index.  Of a min() or max() SQLite says SEARCH,
 * with no condition behind it, whatever it reads.
 */
static bool scans(const char *plan, const char *sql)
{
	struct text rest = text_of(plan), step;

	while (text_cut(&rest, ';', &step)) {
		char one[256];

		assert_true(text_copy(one, sizeof(one), step));
		if (strstr(one, "SCAN ") != NULL)
			return true;
		if (strstr(one, "SEARCH ") != NULL && strchr(one, '(') == NULL &&
		    !asks_for_an_end(sql))
			return true;
	}
	return false;
}

static void test_a_statement_that_scans_says_so(void **state)
{
	struct ledgerkit *kit = *state;
	struct buf plan = { .at = NULL };

	for (int i = 0; i < STATEMENT_COUNT; i++) {
		const struct statement_info *info = &statement_info[i];
		bool scan;

		if (strstr(info->sql, " ") == NULL || strncmp(info->sql, "BEGIN", 5) == 0)
			continue; /* a transaction's edge has no plan */
		plan_of(kit->ledger, info->sql, &plan);
		scan = scans(plan.at, info->sql);
		if (scan && info->plan != PLAN_SCAN)
			fail_msg("%s is no SEEK: %s", info->name, plan.at);
		if (strstr(plan.at, "TEMP B-TREE") != NULL && info->plan != PLAN_SCAN)
			fail_msg("%s sorts: %s", info->name, plan.at);
		if (!scan && info->plan == PLAN_SCAN)
			fail_msg("%s is no SCAN: %s", info->name, plan.at);
	}
	buf_release(&plan);
}

static void test_the_check_of_plans_sees_a_scan(void **state)
{
	static const struct {
		const char *sql;
		bool scan;
	} rows[] = {
		{ "SELECT id FROM event WHERE account = 7", true },
		{ "SELECT id FROM event WHERE ts = 7", false },
		{ "SELECT max(latency_ms + ttft_ms) FROM event", true },
		{ "SELECT max(ts) FROM event", false },
		{ "SELECT count(*) FROM event WHERE price = -1", true },
	};
	struct ledgerkit *kit = *state;
	struct buf plan = { .at = NULL };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		plan_of(kit->ledger, rows[i].sql, &plan);
		if (scans(plan.at, rows[i].sql) != rows[i].scan)
			fail_msg("%s: %s", rows[i].sql, plan.at);
	}
	buf_release(&plan);
}

static void test_what_a_reader_runs_cannot_write(void **state)
{
	struct ledgerkit *kit = *state;

	for (int i = 0; i < STATEMENT_COUNT; i++) {
		if (statement_info[i].user == USER_ANY &&
		    !sqlite3_stmt_readonly(kit->ledger->statements[i]))
			fail_msg("%s writes", statement_info[i].name);
	}
}

/* The components of a folder of columns, in the order of component.def, joined by " ". */
static void components(bool details_too, struct buf *out)
{
	buf_clear(out);
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (details_too || component_info[c].store == STORE_COLUMN)
			buf_addf(out, "%s ", component_info[c].key);
	}
}

/* Names of the columns a statement gives, from `first` to the one before `last`. */
static void result_columns(sqlite3_stmt *stmt, const char *first, const char *last, struct buf *out)
{
	bool inside = false;

	buf_clear(out);
	for (int i = 0; i < sqlite3_column_count(stmt); i++) {
		const char *name = sqlite3_column_name(stmt, i);

		if (strcmp(name, last) == 0)
			inside = false;
		if (inside)
			buf_addf(out, "%s ", name);
		if (strcmp(name, first) == 0)
			inside = true;
	}
}

/* The same of the parameters, in the order in which they are bound. */
static void parameters(sqlite3_stmt *stmt, const char *first, const char *last, struct buf *out)
{
	bool inside = false;

	buf_clear(out);
	for (int i = 1; i <= sqlite3_bind_parameter_count(stmt); i++) {
		const char *name = sqlite3_bind_parameter_name(stmt, i);

		if (strcmp(name + 1, last) == 0)
			inside = false;
		if (inside)
			buf_addf(out, "%s ", name + 1);
		if (strcmp(name + 1, first) == 0)
			inside = true;
	}
}

static void test_components_are_read_and_bound_in_the_order_of_their_list(void **state)
{
	static const struct {
		enum statement statement;
		bool details_too, bound;
		const char *first, *last;
	} rows[] = {
		{ STATEMENT_EVENT_GET, false, false, "ttft_ms", "nanos" },
		{ STATEMENT_EVENT_RANGE, false, false, "ttft_ms", "nanos" },
		{ STATEMENT_EVENT_BY_ID, false, false, "ttft_ms", "nanos" },
		{ STATEMENT_EVENT_REQUEST, false, false, "ttft_ms", "nanos" },
		{ STATEMENT_EVENT_SUSPENSE, false, false, "ttft_ms", "nanos" },
		{ STATEMENT_EVENT_ADD, false, true, "ttft_ms", "nanos" },
		{ STATEMENT_ROLLUP_GET, true, false, "uncounted", "nanos" },
		{ STATEMENT_ROLLUP_RANGE, true, false, "uncounted", "nanos" },
		{ STATEMENT_ROLLUP_PUT, true, true, "uncounted", "nanos" },
	};
	struct ledgerkit *kit = *state;
	struct buf expected = { .at = NULL }, got = { .at = NULL };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sqlite3_stmt *stmt = kit->ledger->statements[rows[i].statement];

		components(rows[i].details_too, &expected);
		if (rows[i].bound)
			parameters(stmt, rows[i].first, rows[i].last, &got);
		else
			result_columns(stmt, rows[i].first, rows[i].last, &got);
		if (strcmp(got.at, expected.at) != 0)
			fail_msg("%s:\n%s\nnot\n%s", statement_info[rows[i].statement].name, got.at,
			         expected.at);
	}
	buf_release(&expected);
	buf_release(&got);
}

/* What is bound must be what is written: column i of the list takes parameter i. */
static void test_inserts_bind_each_column_by_its_own_name(void **state)
{
	static const enum statement inserts[] = { STATEMENT_EVENT_ADD, STATEMENT_ROLLUP_PUT,
		                                  STATEMENT_PHASE_ADD };
	struct ledgerkit *kit = *state;

	for (size_t i = 0; i < sizeof(inserts) / sizeof(inserts[0]); i++) {
		sqlite3_stmt *stmt = kit->ledger->statements[inserts[i]];
		struct text rest = text_of(strchr(statement_info[inserts[i]].sql, '(') + 1), column;
		int parameter = 1;

		rest.len = (size_t)(strchr(rest.at, ')') - rest.at);
		while (text_cut(&rest, ',', &column)) {
			const char *name = sqlite3_bind_parameter_name(stmt, parameter++);

			while (column.len > 0 && column.at[0] == ' ')
				column = (struct text){ column.at + 1, column.len - 1 };
			assert_non_null(name);
			if (!text_is(column, name + 1))
				fail_msg("%s: column %.*s takes %s",
				         statement_info[inserts[i]].name, TEXT_ARGS(column), name);
		}
		assert_int_equal(parameter - 1, sqlite3_bind_parameter_count(stmt));
	}
}

static void test_a_blob_or_text_that_is_absent_is_bound_as_said(void **state)
{
	struct ledgerkit *kit = *state;
	struct event_refusal refusal = { .reason = REASON_SYNTAX, .time_ms = EVENT_ABSENT };

	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	assert_int_equal(ledger_quarantine(kit->ledger, &refusal, (struct text){ NULL, 0 }, 0,
	                                   KIT_NOW_MS, NULL),
	                 0);
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
	kit_shut(kit);
	assert_string_equal(
		kit_sql_text(kit, "SELECT source || ' ' || coalesce(event_id, 'null') || ' ' "
	                          "|| coalesce(event_ms, 'null') || ' ' || length(raw) "
	                          "FROM quarantine"),
		"0 null null 0");
	kit_reopen(kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_statement_that_scans_says_so),
		cmocka_unit_test(test_the_check_of_plans_sees_a_scan),
		cmocka_unit_test(test_what_a_reader_runs_cannot_write),
		cmocka_unit_test(test_components_are_read_and_bound_in_the_order_of_their_list),
		cmocka_unit_test(test_inserts_bind_each_column_by_its_own_name),
		cmocka_unit_test(test_a_blob_or_text_that_is_absent_is_bound_as_said),
	};

	return cmocka_run_group_tests_name("statement", tests, kit_setup, kit_teardown);
}
