#include "tests/support/ledgerkit.h"

#include <dirent.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/identity.h"
#include "ledger/read.h"
#include "ledger/twins.h"

const char kit_small_book[] = "{\"pricebook\":1,\"name\":\"small\",\"currency\":\"USD\",\"as\":{"
			      "\"reasoning\":\"output\"},"
			      "\"models\":[{\"model\":\"acme/llama-4-70b\",\"versions\":["
			      "{\"effective_from\":\"2026-01-01\",\"rates\":["
			      "{\"component\":\"input\",\"per_million\":\"0.80\"},"
			      "{\"component\":\"cache_read\",\"per_million\":\"0.20\"},"
			      "{\"component\":\"output\",\"per_million\":\"2.40\"}]}]}]}";

const char *kit_quotes(const char *text)
{
	static char kept[KIT_QUOTES_KEPT][KIT_QUOTES_BYTES];
	static unsigned turn;
	char *out = kept[turn++ % KIT_QUOTES_KEPT];
	size_t len = strlen(text);

	assert_true(len < KIT_QUOTES_BYTES);
	for (size_t i = 0; i <= len; i++)
		out[i] = text[i] == '\'' ? '"' : text[i];
	return out;
}

void kit_reopen(struct ledgerkit *kit)
{
	struct fault fault = { .code = FAULT_NONE };

	assert_null(kit->ledger);
	if (ledger_open_writer(&kit->ledger, kit->path, NULL, &fault) < 0)
		fail_msg("open: %s", fault.text);
}

void kit_reopen_small(struct ledgerkit *kit)
{
	const struct ledger_options options = { .identity_bytes = IDENTITY_BYTES_MIN };

	assert_int_equal(ledger_open_writer(&kit->ledger, kit->path, &options, NULL), 0);
}

void kit_forget(struct ledgerkit *kit)
{
	char id[16];

	for (int i = 0; i < KIT_FORGET_EVENTS; i++) {
		snprintf(id, sizeof(id), "e-%d", i);
		kit_send_usage(kit, id, "2026-08-01T09:30:00Z", "m", "{\"pages\":1}");
	}
}

void kit_write(const struct ledgerkit *kit, char path[KIT_PATH_BYTES], const char *name,
               const char *text)
{
	FILE *file;

	snprintf(path, KIT_PATH_BYTES, "%s/%s", kit->folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(kit_quotes(text), file);
	assert_int_equal(fclose(file), 0);
}

void kit_open(struct ledgerkit *kit)
{
	const char *base = getenv("TMPDIR");

	*kit = (struct ledgerkit){ .ledger = NULL };
	snprintf(kit->folder, sizeof(kit->folder), "%s/toll-test-XXXXXX",
	         base != NULL ? base : "/tmp");
	assert_non_null(mkdtemp(kit->folder));
	snprintf(kit->path, sizeof(kit->path), "%s/ledger.db", kit->folder);
	kit_reopen(kit);
}

void kit_shut(struct ledgerkit *kit)
{
	ledger_close(kit->ledger);
	kit->ledger = NULL;
}

void kit_close(struct ledgerkit *kit)
{
	DIR *folder;
	struct dirent *entry;

	kit_shut(kit);
	rules_free(kit->rules);
	book_free(kit->book.book);
	book_free(kit->cost.book);
	json_release(&kit->doc);
	arena_release(&kit->arena);
	folder = opendir(kit->folder);
	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] != '.')
			assert_int_equal(unlinkat(dirfd(folder), entry->d_name, 0), 0);
	}
	closedir(folder);
	assert_int_equal(rmdir(kit->folder), 0);
}

int kit_setup(void **state)
{
	struct ledgerkit *kit = calloc(1, sizeof(*kit));

	assert_non_null(kit);
	kit_open(kit);
	*state = kit;
	return 0;
}

int kit_teardown(void **state)
{
	kit_close(*state);
	free(*state);
	return 0;
}

static void apply(struct ledgerkit *kit, const char *json, enum book_side side,
                  struct applied_book *applied)
{
	struct fault fault = { .code = FAULT_NONE };
	struct book *book = NULL;
	int64_t first_price = 0;
	bool changed = false;

	if (book_load(&book, text_of(json), NULL, &fault) < 0 ||
	    ledger_book_apply(kit->ledger, book, side, KIT_NOW_MS, text_of("test"), text_of(""),
	                      &first_price, &changed, &fault) < 0)
		fail_msg("price: %s", fault.text);
	book_free(applied->book);
	*applied = (struct applied_book){ book, first_price };
}

void kit_price(struct ledgerkit *kit, const char *json)
{
	apply(kit, json, BOOK_SELL, &kit->book);
}

void kit_cost(struct ledgerkit *kit, const char *json)
{
	apply(kit, json, BOOK_COST, &kit->cost);
}

void kit_rules(struct ledgerkit *kit)
{
	struct fault fault = { .code = FAULT_NONE };

	rules_free(kit->rules);
	kit->rules = NULL;
	if (ledger_rules_load(kit->ledger, &kit->rules, &fault) < 0)
		fail_msg("rules: %s", fault.text);
}

void kit_policies(struct ledgerkit *kit, const char *account, unsigned bits)
{
	const struct rule_note note = { KIT_NOW_MS, text_of("t"), text_of("") };

	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	assert_int_equal(
		ledger_policy_set(kit->ledger, text_of(account), text_of(NULL), bits, &note, NULL),
		0);
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
	kit_rules(kit);
}

const struct terms *kit_terms(struct ledgerkit *kit)
{
	kit->terms = (struct terms){ .book = kit->book, .cost = kit->cost, .rules = kit->rules };
	return &kit->terms;
}

void kit_prepare(struct ledgerkit *kit, const char *line, struct ingest_item *item_out)
{
	const struct event_defaults defaults = { text_of("gw-1"), KIT_NOW_MS };

	arena_reset(&kit->arena);
	assert_int_equal(ingest_prepare(item_out, text_of(line), INGEST_LINE_WHOLE,
	                                (int64_t)strlen(line), &defaults, kit_terms(kit), &kit->doc,
	                                &kit->arena),
	                 0);
}

void kit_begin(struct ledgerkit *kit)
{
	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	kit->batch = true;
}

void kit_commit(struct ledgerkit *kit)
{
	assert_int_equal(ledger_commit(kit->ledger, NULL), 0);
	kit->batch = false;
}

enum ingest_verdict kit_send(struct ledgerkit *kit, const char *line)
{
	struct fault fault = { .code = FAULT_NONE };
	struct ingest_item item;

	kit_prepare(kit, line, &item);
	if ((!kit->batch && ledger_begin(kit->ledger, &fault) < 0) ||
	    ingest_store(kit->ledger, &item, &fault) < 0 ||
	    (!kit->batch && ledger_commit(kit->ledger, &fault) < 0))
		fail_msg("send: %s", fault.text);
	return item.verdict;
}

enum ingest_verdict kit_send_usage(struct ledgerkit *kit, const char *id, const char *time,
                                   const char *model, const char *usage)
{
	struct buf line = { .at = NULL };
	enum ingest_verdict verdict;

	buf_addf(&line,
	         "{\"id\":\"%s\",\"time\":\"%s\",\"account\":\"acct\",\"model\":\"%s\","
	         "\"api\":\"toll\",\"usage\":%s}",
	         id, time, model, usage);
	verdict = kit_send(kit, line.at);
	buf_release(&line);
	return verdict;
}

static int no_twin(void *context, const struct twin *twin)
{
	(void)context;
	fail_msg("%.*s is a twin", TEXT_ARGS(twin->id));
	return 0;
}

int kit_close_until(struct ledgerkit *kit, int64_t until_ms, struct fault *fault)
{
	const struct twin_search search = { .until_ms = until_ms };
	struct period_check check;
	bool closed = false;
	int r;

	assert_int_equal(ledger_check_period(kit->ledger, &search, no_twin, NULL, &check, NULL), 0);
	assert_int_equal(ledger_begin(kit->ledger, NULL), 0);
	r = ledger_close_period(kit->ledger, &check, KIT_NOW_MS, text_of("uid 7"), text_of("July"),
	                        &closed, fault);
	if (r == 0) {
		assert_true(closed);
		r = ledger_commit(kit->ledger, fault);
	} else {
		ledger_rollback(kit->ledger);
	}
	return r;
}

static sqlite3 *open_raw(const struct ledgerkit *kit)
{
	sqlite3 *db = NULL;

	/* Two connections of one process, one of which checkpoints, is what the ledger forbids. */
	assert_null(kit->ledger);
	assert_int_equal(sqlite3_open_v2(kit->path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	return db;
}

void kit_sql(const struct ledgerkit *kit, const char *sql)
{
	sqlite3 *db = open_raw(kit);
	char *error = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", sql, error);
	sqlite3_close(db);
}

const char *kit_sql_text(const struct ledgerkit *kit, const char *sql)
{
	static char text[65536];
	sqlite3 *db = open_raw(kit);
	sqlite3_stmt *stmt = NULL;
	const char *got = "(none)";

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	if (sqlite3_step(stmt) == SQLITE_ROW)
		got = (const char *)sqlite3_column_text(stmt, 0);
	snprintf(text, sizeof(text), "%s", got != NULL ? got : "(null)");
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return text;
}

int64_t kit_sql_int(const struct ledgerkit *kit, const char *sql)
{
	const char *text = kit_sql_text(kit, sql);
	int64_t value = 0;

	if (!text_int(text_of(text), &value))
		fail_msg("%s: %s is no number", sql, text);
	return value;
}

const char *kit_ask(struct ledgerkit *kit, const char *sql)
{
	const char *text;

	kit_shut(kit);
	text = kit_sql_text(kit, sql);
	kit_reopen(kit);
	return text;
}

static int add_event_text(void *context, const struct stored_event *row)
{
	struct buf *out = context;
	char amount[MONEY_TEXT_BYTES];

	money_text(row->amount, amount);
	buf_addf(out, "%s%.*s=%lld:%s", out->len > 0 ? " " : "", TEXT_ARGS(row->event.id),
	         (long long)row->price_id, amount);
	return 0;
}

const char *kit_events(struct ledgerkit *kit)
{
	static char text[65536];
	struct buf out = { .at = NULL };
	struct fault fault = { .code = FAULT_NONE };

	if (ledger_each_event(kit->ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, add_event_text, &out,
	                      &fault) < 0)
		fail_msg("events: %s", fault.text);
	snprintf(text, sizeof(text), "%.*s", TEXT_ARGS(buf_text(&out)));
	buf_release(&out);
	return text;
}

static int add_finding(void *context, const struct verify_finding *finding)
{
	struct buf *out = context;

	buf_addf(out, "%s %.*s [%.*s] %.*s|%.*s\n", verify_kind_name(finding->kind),
	         TEXT_ARGS(finding->what), TEXT_ARGS(finding->where), TEXT_ARGS(finding->stored),
	         TEXT_ARGS(finding->derived));
	return 0;
}

static struct verify_summary run_verify(struct ledgerkit *kit, struct buf *findings)
{
	struct fault fault = { .code = FAULT_NONE };
	struct verify_summary summary = { .events = 0 };
	struct ledger *reader = NULL;

	buf_clear(findings);
	if (ledger_open_reader(&reader, kit->path, &fault) < 0 ||
	    ledger_verify(reader, add_finding, NULL, findings, &summary, &fault) < 0)
		fail_msg("verify: %s", fault.text);
	ledger_close(reader);
	return summary;
}

int64_t kit_verify(struct ledgerkit *kit, struct buf *findings_out)
{
	return run_verify(kit, findings_out).findings;
}

struct money kit_verify_clean(struct ledgerkit *kit)
{
	struct buf findings = { .at = NULL };
	struct verify_summary summary = run_verify(kit, &findings);

	if (summary.findings != 0)
		fail_msg("verify finds:\n%.*s", TEXT_ARGS(buf_text(&findings)));
	buf_release(&findings);
	return summary.events_amount;
}
