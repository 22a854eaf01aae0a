/* The readings of tests/support/lifekit.h. */
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
#include "base/moment.h"
#include "bill/ties.h"
#include "ingest/change.h"
#include "ingest/impact.h"
#include "ledger/adjust.h"
#include "ledger/archive.h"
#include "ledger/books.h"
#include "ledger/checkpoints.h"
#include "ledger/correct.h"
#include "ledger/positions.h"
#include "ledger/read.h"
#include "ledger/rules.h"
#include "ledger/seal.h"
#include "ledger/twins.h"
#include "ledger/verify.h"
#include "report/report.h"
#include "tests/support/lifekit.h"

#define LENGTH(table) (sizeof(table) / sizeof((table)[0]))

#define JULY_MS     INT64_C(1782864000000)
#define AUGUST_2_MS INT64_C(1785628800000)

static int tell(struct life_told *told, int64_t number, struct text text)
{
	if (told->pause != NULL)
		told->pause(true);
	buf_addf(&told->text, "%lld %.*s\n", (long long)number, TEXT_ARGS(text));
	told->rows++;
	if (told->pause != NULL)
		told->pause(false);
	return told->stop ? LIFEKIT_STOP : 0;
}

/* A callback of `type` that tells a number and a text of its row. */
#define TELLS(name, type, number, text)                                                            \
	static int name(void *context, const struct type *row)                                     \
	{                                                                                          \
		return tell(context, number, text);                                                \
	}
TELLS(on_event, stored_event, row->price_id, row->event.id)
TELLS(on_phase, phase, row->time_ms, row->stored)
TELLS(on_rollup, rollup_row, row->hour_ms, row->model)
TELLS(on_quarantine, quarantine_row, row->id, row->raw)
TELLS(on_conflict, conflict_row, row->times, row->stored)
TELLS(on_unknown, unknown_row, row->events, row->path)
TELLS(on_change, change_row, row->at_ms, row->detail)
TELLS(on_run, adjustment_run, row->rows, row->reason)
TELLS(on_adjustment, adjustment, row->hour_ms, row->model)
TELLS(on_correction, correction, row->seq, row->reason)
TELLS(on_checkpoint, checkpoint_row, row->seq, row->json)
TELLS(on_source, source_row, row->requests, row->source)
TELLS(on_position, position, row->lines, row->place)
TELLS(on_book, book_log_row, row->seq, row->hash)
TELLS(on_reading_rule, reading_rule, row->at_ms, row->reading)
TELLS(on_setting, ledger_setting, (int64_t)row->of, row->value)
TELLS(on_twin, twin, row->keep_ms, row->id)
TELLS(on_finding, verify_finding, (int64_t)row->kind, row->stored)
TELLS(on_month, archive_month, row->events, text_of("month"))
TELLS(on_file, archive_file, row->events, text_of(row->file))

#define ALL        LEDGER_FROM_MIN, LEDGER_TO_MAX
#define JUNE_EVENT INT64_C(1780480800000)

#define READS(name, call)                                                                          \
	static int name(struct ledger *ledger, struct life_told *told, struct fault *fault)        \
	{                                                                                          \
		return call;                                                                       \
	}
READS(read_events, ledger_each_event(ledger, ALL, on_event, told, fault))
READS(read_found,
      ledger_find_events(ledger, text_of("june"), text_of(NULL), ALL, on_event, told, fault))
READS(read_request,
      ledger_find_request(ledger, text_of("t"), text_of("gw-1"), on_event, told, fault))
READS(read_phases,
      ledger_each_phase(ledger, text_of("gw-1"), text_of("settled"), on_phase, told, fault))
READS(read_suspense, ledger_each_suspense(ledger, ALL, on_event, told, fault))
READS(read_uncosted, ledger_each_uncosted(ledger, ALL, on_event, told, fault))
READS(read_rollups, ledger_each_rollup(ledger, ALL, on_rollup, told, fault))
READS(read_quarantine, ledger_each_quarantine(ledger, ALL, true, on_quarantine, told, fault))
READS(read_held, ledger_quarantine_get(ledger, 1, on_quarantine, told, fault))
READS(read_conflicts, ledger_each_conflict(ledger, ALL, on_conflict, told, fault))
READS(read_unknown, ledger_each_unknown(ledger, on_unknown, told, fault))
READS(read_changes, ledger_each_change(ledger, "rerate", on_change, told, fault))
READS(read_runs, ledger_each_run(ledger, on_run, told, fault))
READS(read_adjustments,
      ledger_each_adjustment(ledger, ADJUSTMENT_TRAFFIC, ALL, on_adjustment, told, fault))
READS(read_booked,
      ledger_each_adjustment(ledger, ADJUSTMENT_BOOKED, ALL, on_adjustment, told, fault))
READS(read_corrections,
      ledger_each_correction(ledger, CORRECTION_TRAFFIC, ALL, on_correction, told, fault))
READS(read_corrections_of,
      ledger_corrections_of(ledger, text_of("gw-1"), text_of("c"), INT64_C(1785576660000),
                            on_correction, told, fault))
READS(read_events_now, ledger_each_event_now(ledger, ALL, on_event, told, fault))
READS(read_checkpoints, ledger_each_checkpoint(ledger, on_checkpoint, told, fault))
READS(read_last_checkpoints, ledger_each_last_checkpoint(ledger, on_checkpoint, told, fault))
READS(read_sources, ledger_each_source(ledger, on_source, told, fault))
READS(read_positions, ledger_each_position(ledger, on_position, told, fault))
READS(read_books, ledger_each_book(ledger, on_book, told, fault))
READS(read_reading_rules, ledger_each_reading_rule(ledger, on_reading_rule, told, fault))
READS(read_settings, ledger_each_setting(ledger, on_setting, told, fault))
READS(read_months, archive_months(ledger, LEDGER_TO_MAX, on_month, told, fault))
READS(read_files, archive_each(ledger, on_file, told, fault))

static int read_archive(struct ledger *ledger, struct life_told *told, struct fault *fault)
{
	int r = archive_check(ledger, fault);

	return r < 0 ? r : tell(told, 0, text_of("good"));
}

static int read_verify(struct ledger *ledger, struct life_told *told, struct fault *fault)
{
	struct verify_summary summary;
	int r = ledger_verify(ledger, on_finding, NULL, told, &summary, fault);

	return r < 0 ? r : tell(told, summary.findings, text_of(summary.seal.chain));
}

static int on_tie(void *context, const struct tie *tie)
{
	struct life_told *told = context;
	char sides[2 * MONEY_TEXT_BYTES + 16], one[MONEY_TEXT_BYTES], other[MONEY_TEXT_BYTES];

	money_text((struct money){ tie->one }, one);
	money_text((struct money){ tie->other }, other);
	snprintf(sides, sizeof(sides), "%s %s|%s", tie_state_name(tie->state), one, other);
	return tell(told, tie->kind, text_of(sides));
}

static int read_ties(struct ledger *ledger, struct life_told *told, struct fault *fault)
{
	const struct ties_query query = { .from_ms = LEDGER_FROM_MIN, .to_ms = LEDGER_TO_MAX };
	bool differs;

	return ties_check(ledger, &query, on_tie, told, &differs, fault);
}

static int read_twins(struct ledger *ledger, struct life_told *told, struct fault *fault)
{
	const struct twin_search search = { .until_ms = LEDGER_TO_MAX };
	struct period_check check;
	struct period_waits waits;
	int r = ledger_check_period(ledger, &search, on_twin, told, &check, fault);

	if (r == 0)
		r = ledger_period_waits(ledger, LEDGER_TO_MAX, &waits, fault);
	return r < 0 ? r : tell(told, waits.open, text_of("open"));
}

static int read_status(struct ledger *ledger, struct life_told *told, struct fault *fault)
{
	struct ledger_status status;
	struct ledger_gaps gaps;
	int64_t until_ms = 0, requests = 0, lines = 0;
	bool stands = false, unfinished = false;
	struct buf place = { .at = NULL };
	int r = ledger_status(ledger, &status, fault);

	if (r == 0)
		r = ledger_gaps(ledger, ALL, &gaps, fault);
	if (r == 0)
		r = ledger_closed_until(ledger, &until_ms, fault);
	if (r == 0)
		r = ledger_requests(ledger, text_of("gw-1"), INT64_C(1785574800000), &requests,
		                    fault);
	if (r == 0)
		r = ledger_stands(ledger, text_of("gw-1"), text_of("june"), JUNE_EVENT, &stands,
		                  fault);
	if (r == 0)
		r = archive_unfinished(ledger, 1, &unfinished, fault);
	if (r == 0)
		r = ledger_position_get(ledger, text_of("file:/var/log/gw"), &place, &lines, fault);
	if (r == 0)
		r = tell(told, status.events + gaps.conflicts + until_ms + requests + lines,
		         text_of(stands && !unfinished ? "june stands" : "june does not"));
	buf_release(&place);
	return r;
}

static int read_seals(struct ledger *ledger, struct life_told *told, struct fault *fault)
{
	struct seal_link head, found;
	int r = ledger_seal_head(ledger, &head, fault);

	if (r == 0)
		r = ledger_seal_find(ledger, text_of(head.chain), &found, fault);
	return r < 0 ? r : tell(told, found.seq, text_of(found.chain));
}

static int read_prices(struct ledger *ledger, struct life_told *told, struct fault *fault)
{
	struct applied_book current = { .book = NULL };
	const struct book_version *version = NULL;
	const struct book *book = NULL;
	struct buf json = { .at = NULL };
	struct rules *rules = NULL;
	int r = ledger_price_version(ledger, 1, &version, &book, fault);

	if (r == 0)
		r = ledger_book_current(ledger, BOOK_COST, &current, fault);
	if (r == 0)
		r = ledger_book_json(ledger, text_of(book_hash(book)), &json, fault);
	if (r == 0)
		r = ledger_rules_load(ledger, &rules, fault);
	if (r == 0)
		r = tell(told, current.first_price, buf_text(&json));
	rules_free(rules);
	buf_release(&json);
	book_free(current.book);
	return r;
}

static int read_report(struct ledger *ledger, struct life_told *told, struct fault *fault)
{
	const struct report_query query = { .from_ms = LEDGER_FROM_MIN, .to_ms = LEDGER_TO_MAX };
	struct report_notes notes;
	struct table table;
	int r = report_run(ledger, &query, &table, &notes, fault);

	if (r < 0)
		return r;
	r = tell(told, notes.events, text_of(notes.currency));
	table_release(&table);
	return r;
}

/* Of the book by which it costs, by account; of both, by model. */
static int read_impact(struct ledger *ledger, struct life_told *told, struct fault *fault)
{
	const struct impact_range stored = { .from_ms = JULY_MS,
		                             .to_ms = AUGUST_2_MS,
		                             .by_account = true };
	const struct impact_range all = { .from_ms = LEDGER_FROM_MIN, .to_ms = LEDGER_TO_MAX };
	struct impact impacts[2] = { { .rows = NULL }, { .rows = NULL } };
	struct applied_book sell = { .book = NULL }, cost = { .book = NULL };
	int r = ledger_book_current(ledger, BOOK_SELL, &sell, fault);

	if (r == 0)
		r = ledger_book_current(ledger, BOOK_COST, &cost, fault);
	if (r == 0)
		r = impact_of_stored(ledger, cost.book, &stored, &impacts[0], fault);
	if (r == 0)
		r = impact_of_books(ledger, sell.book, cost.book, &all, &impacts[1], fault);
	for (size_t i = 0; r == 0 && i < 2; i++) {
		char before[MONEY_TEXT_BYTES];

		money_text(impacts[i].total.before[IMPACT_RATED], before);
		r = tell(told, (int64_t)impacts[i].count, text_of(before));
	}
	impact_release(&impacts[0]);
	impact_release(&impacts[1]);
	book_free(sell.book);
	book_free(cost.book);
	return r;
}

const struct life_reading life_readings[] = {
	{ "events", read_events, true, false, false },
	{ "events of an id", read_found, true, false, false },
	{ "a request and its turns", read_request, true, false, false },
	{ "phases", read_phases, true, false, false },
	{ "suspense", read_suspense, true, false, false },
	{ "uncosted", read_uncosted, true, false, false },
	{ "hourly sums", read_rollups, true, false, false },
	{ "quarantine", read_quarantine, true, false, false },
	{ "a held line", read_held, true, false, false },
	{ "conflicts", read_conflicts, true, false, false },
	{ "unknown numbers", read_unknown, true, false, false },
	{ "changes", read_changes, true, false, false },
	{ "runs", read_runs, true, false, false },
	{ "adjustments by their traffic", read_adjustments, true, false, false },
	{ "adjustments as booked", read_booked, true, false, false },
	{ "corrections", read_corrections, true, false, false },
	{ "corrections of an event", read_corrections_of, true, false, false },
	{ "events as they are now", read_events_now, true, false, false },
	{ "checkpoints", read_checkpoints, true, false, false },
	{ "last checkpoints", read_last_checkpoints, true, false, false },
	{ "sources", read_sources, true, false, false },
	{ "positions", read_positions, true, false, false },
	{ "books", read_books, true, false, false },
	{ "standing readings", read_reading_rules, true, false, true },
	{ "settings", read_settings, true, false, false },
	{ "months to archive", read_months, true, false, false },
	{ "files of the archive", read_files, true, false, false },
	{ "check of the archive", read_archive, false, true, false },
	{ "verify", read_verify, false, true, false },
	{ "ties", read_ties, true, true, false },
	{ "twins", read_twins, false, false, false },
	{ "status", read_status, false, false, false },
	{ "seals", read_seals, false, false, false },
	{ "prices and rules", read_prices, false, false, false },
	{ "report", read_report, false, false, false },
	{ "impact of a book", read_impact, false, false, false },
};
const size_t life_reading_count = LENGTH(life_readings);
