#include "tests/support/damagekit.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/moment.h"
#include "export/export.h"
#include "ledger/adjust.h"
#include "ledger/correct.h"
#include "ledger/read.h"
#include "ledger/seal.h"
#include "report/report.h"
#include "tests/support/lifekit.h"

enum { LEDGER_BYTES_MAX = 4 * 1024 * 1024 };

#define ALL LEDGER_FROM_MIN, LEDGER_TO_MAX

/* --- the file ------------------------------------------------------------ */

static sqlite3 *open_raw(const struct damagekit *damage)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open_v2(damage->kit.path, &db, SQLITE_OPEN_READWRITE, NULL),
	                 SQLITE_OK);
	return db;
}

static void run(sqlite3 *db, const char *sql)
{
	char *error = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", sql, error);
}

static void lay_out(const struct damagekit *damage)
{
	char name[KIT_PATH_BYTES + 8];
	FILE *file = fopen(damage->kit.path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(damage->bytes, 1, damage->len, file), damage->len);
	assert_int_equal(fclose(file), 0);
	snprintf(name, sizeof(name), "%s-wal", damage->kit.path);
	unlink(name);
	snprintf(name, sizeof(name), "%s-shm", damage->kit.path);
	unlink(name);
}

/* What sets each table's text in the schema to what it is now. */
static char *fasten_sql(sqlite3 *db)
{
	struct buf sql = { .at = NULL };
	sqlite3_stmt *stmt = NULL;

	buf_add_cstr(&sql, "PRAGMA writable_schema = ON;");
	assert_int_equal(sqlite3_prepare_v2(db,
	                                    "SELECT format('UPDATE sqlite_schema SET sql = %Q "
	                                    "WHERE name = %Q;', sql, name) FROM sqlite_schema "
	                                    "WHERE type = 'table' AND sql IS NOT NULL "
	                                    "AND name NOT LIKE 'sqlite%'",
	                                    -1, &stmt, NULL),
	                 SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW)
		buf_add_cstr(&sql, (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	assert_int_equal(sql.error, 0);
	return sql.at;
}

static int64_t count_rows(sqlite3 *db, const char *table)
{
	sqlite3_stmt *stmt = NULL;
	char sql[128];
	int64_t rows;

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	rows = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return rows;
}

/* "ts, source, id" where that is what rows are found by. */
static void list_columns(struct damagekit *damage, sqlite3 *db)
{
	static const char sql[] =
		"SELECT m.name, c.name, c.type, CASE WHEN m.sql LIKE '%WITHOUT ROWID%' THEN "
		"(SELECT group_concat(k.name, ', ') FROM pragma_table_info(m.name) k WHERE k.pk > "
		"0) "
		"ELSE 'rowid' END FROM sqlite_schema m JOIN pragma_table_info(m.name) c "
		"WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' ORDER BY m.name, c.cid";
	sqlite3_stmt *stmt = NULL;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		struct damage_column *column = &damage->columns[damage->column_count++];

		assert_true(damage->column_count < DAMAGE_COLUMNS_MAX);
		snprintf(column->table, sizeof(column->table), "%s", sqlite3_column_text(stmt, 0));
		snprintf(column->name, sizeof(column->name), "%s", sqlite3_column_text(stmt, 1));
		snprintf(column->type, sizeof(column->type), "%s", sqlite3_column_text(stmt, 2));
		snprintf(column->key, sizeof(column->key), "%s", sqlite3_column_text(stmt, 3));
		column->rows = count_rows(db, column->table);
	}
	sqlite3_finalize(stmt);
}

/* What lifekit has not: details, names of every sort, an error; and a seal on all of it. */
static void fill_more(struct ledgerkit *kit)
{
	static const char *const lines[] = {
		"{'id':'img','time':'2026-08-01T09:50:00Z','account':'acct','key':'k','model':'m',"
		"'provider':'p','service_tier':'fast','finish_reason':'stop','region':'eu','status'"
		":200,'latency_ms':7,'ttft_ms':3,'tags':{'x':'y'},'api':'toll','usage':{'pages':3},"
		"'images':[{'n':2,'size':'big'},{'n':1}]}",
		"{'id':'err','time':'2026-08-01T09:51:00Z','account':'acct','model':'m','api':'toll"
		"','status':500}",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		kit_send(kit, kit_quotes(lines[i]));
	assert_int_equal(ledger_seal_all(kit->ledger, KIT_NOW_MS + MS_PER_DAY, NULL), 0);
}

void damage_open(struct damagekit *damage)
{
	sqlite3 *db;
	FILE *file;

	*damage = (struct damagekit){ .bytes = NULL };
	kit_open(&damage->kit);
	life_fill(&damage->kit);
	fill_more(&damage->kit);
	kit_verify_clean(&damage->kit);
	kit_shut(&damage->kit);
	db = open_raw(damage);
	list_columns(damage, db);
	damage->schema = fasten_sql(db);
	run(db, "PRAGMA writable_schema = ON;"
	        "UPDATE sqlite_schema SET sql = replace(replace(replace(sql, 'STRICT, ', ''), "
	        "' STRICT', ''), 'NOT NULL', '') WHERE type = 'table'");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	file = fopen(damage->kit.path, "rb");
	damage->bytes = malloc(LEDGER_BYTES_MAX);
	assert_true(file != NULL && damage->bytes != NULL);
	damage->len = fread(damage->bytes, 1, LEDGER_BYTES_MAX, file);
	assert_true(damage->len > 0 && damage->len < LEDGER_BYTES_MAX);
	fclose(file);
}

void damage_close(struct damagekit *damage)
{
	life_close(&damage->kit);
	free(damage->bytes);
	free(damage->schema);
}

bool damage_do(struct damagekit *damage, const char *sql)
{
	char *error = NULL;
	bool done;
	sqlite3 *db;
	int code, before;

	lay_out(damage);
	db = open_raw(damage);
	run(db, "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF;"
	        "PRAGMA synchronous = OFF");
	before = sqlite3_total_changes(db);
	code = sqlite3_exec(db, sql, NULL, NULL, &error);
	if (code != SQLITE_OK && code != SQLITE_CONSTRAINT && code != SQLITE_MISMATCH)
		fail_msg("%s: %s", sql, error);
	sqlite3_free(error);
	done = code == SQLITE_OK && sqlite3_total_changes(db) > before;
	run(db, damage->schema);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return done;
}

struct ledger *damage_reader(struct damagekit *damage)
{
	struct fault fault = { .code = FAULT_NONE };
	struct ledger *reader = NULL;

	if (ledger_open_reader(&reader, damage->kit.path, &fault) < 0)
		fail_msg("open: %s", fault.text);
	return reader;
}

static int add_finding(void *context, const struct verify_finding *finding)
{
	buf_addf(context, "%s %.*s [%.*s] %.*s|%.*s\n", verify_kind_name(finding->kind),
	         TEXT_ARGS(finding->what), TEXT_ARGS(finding->where), TEXT_ARGS(finding->stored),
	         TEXT_ARGS(finding->derived));
	return 0;
}

int damage_verify(struct ledger *reader, struct buf *findings_out,
                  struct verify_summary *summary_out, struct fault *fault)
{
	return ledger_verify(reader, add_finding, NULL, findings_out, summary_out, fault);
}

/* --- what totals are read from ------------------------------------------- */

struct tally {
	int64_t rows, events, counted;
	struct money amount, cost;
};

/* Any one of these sums may be out of range where the rows are not as they were. */
static void take(struct tally *tally, int64_t events, const int64_t *count, struct money amount,
                 struct money cost)
{
	tally->rows++;
	tally->events = (int64_t)((uint64_t)tally->events + (uint64_t)events);
	/* In any order: a row whose key is another comes elsewhere. */
	for (unsigned c = 0; count != NULL && c < COMPONENT_COUNT; c++)
		tally->counted = (int64_t)((uint64_t)tally->counted + (uint64_t)count[c] * (c + 1));
	tally->amount.attos = (wide)((unsigned __int128)tally->amount.attos +
	                             (unsigned __int128)amount.attos);
	tally->cost.attos = (wide)((unsigned __int128)tally->cost.attos +
	                           (unsigned __int128)cost.attos);
}

static int on_event(void *context, const struct stored_event *row)
{
	take(context, 1, row->event.usage.count, row->amount, row->cost);
	return 0;
}

static int on_rollup(void *context, const struct rollup_row *row)
{
	take(context, row->events, row->count, row->amount, row->cost);
	return 0;
}

static int on_adjustment(void *context, const struct adjustment *row)
{
	take(context, row->events, NULL, row->amount, (struct money){ 0 });
	return 0;
}

static int on_correction(void *context, const struct correction *row)
{
	take(context, row->adds.events, row->adds.count, row->adds.amount, row->adds.cost);
	return 0;
}

const char *const damage_total_names[DAMAGE_TOTALS] = {
	"events",
	"events as they are now",
	"hourly sums",
	"adjustments as booked",
	"adjustments by their traffic",
	"corrections as booked",
	"corrections by their traffic",
	"report by account",
	"report by hour",
};

static int total_report(struct ledger *ledger, enum report_by by, struct buf *out,
                        struct fault *fault)
{
	const struct report_query query = { .by = by,
		                            .from_ms = LEDGER_FROM_MIN,
		                            .to_ms = LEDGER_TO_MAX };
	struct report_notes notes;
	struct table table;
	int r = report_run(ledger, &query, &table, &notes, fault);

	if (r < 0)
		return r;
	export_json(out, &table);
	table_release(&table);
	return 0;
}

static int total(struct ledger *ledger, int which, struct tally *tally, struct buf *out,
                 struct fault *fault)
{
	switch (which) {
	case 0:
		return ledger_each_event(ledger, ALL, on_event, tally, fault);
	case 1:
		return ledger_each_event_now(ledger, ALL, on_event, tally, fault);
	case 2:
		return ledger_each_rollup(ledger, ALL, on_rollup, tally, fault);
	case 3:
	case 4:
		return ledger_each_adjustment(ledger,
		                              which == 3 ? ADJUSTMENT_BOOKED : ADJUSTMENT_TRAFFIC,
		                              ALL, on_adjustment, tally, fault);
	case 5:
	case 6:
		return ledger_each_correction(ledger,
		                              which == 5 ? CORRECTION_BOOKED : CORRECTION_TRAFFIC,
		                              ALL, on_correction, tally, fault);
	default:
		return total_report(ledger, which == 7 ? REPORT_BY_ACCOUNT : REPORT_BY_HOUR, out,
		                    fault);
	}
}

void damage_totals(struct ledger *reader, struct damage_totals *out)
{
	for (int i = 0; i < DAMAGE_TOTALS; i++) {
		char amount[MONEY_TEXT_BYTES], cost[MONEY_TEXT_BYTES];
		struct buf text = { .at = NULL };
		struct tally tally = { .rows = 0 };

		out->fault[i] = (struct fault){ .code = FAULT_NONE };
		out->code[i] = total(reader, i, &tally, &text, &out->fault[i]);
		money_text(tally.amount, amount);
		money_text(tally.cost, cost);
		snprintf(out->line[i], DAMAGE_TOTAL_BYTES, "%lld rows %lld events %lld %s %s %.*s",
		         (long long)tally.rows, (long long)tally.events, (long long)tally.counted,
		         amount, cost, TEXT_ARGS(buf_text(&text)));
		buf_release(&text);
	}
}
