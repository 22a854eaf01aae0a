/* What must be in a ledger of powerscene.h. */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "ledger/adjust.h"
#include "ledger/internal.h"
#include "ledger/read.h"
#include "ledger/verify.h"
#include "tests/support/powerscene_internal.h"

static const char *const wrongs[] = {
	[SCENE_DAMAGED] = "damaged",
	[SCENE_LOST] = "an acknowledged event is lost",
	[SCENE_DOUBLE] = "an event stands twice",
	[SCENE_HALF] = "half a batch",
	[SCENE_AMOUNT] = "an amount",
	[SCENE_STRANGE] = "what nobody sent",
	[SCENE_SUMS] = "sums",
	[SCENE_CHANGE] = "a change",
	[SCENE_FINE] = "nothing",
};

const char *scene_wrong_text(enum scene_wrong wrong)
{
	return wrongs[wrong];
}

struct found {
	const struct scene *scene;
	int times[SCENE_EVENTS_MAX], old_times;
	bool waits[SCENE_EVENTS_MAX];
	int requests[SCENE_BATCHES_MAX];
	bool ended[SCENE_BATCHES_MAX]; /* it stands in its final phase */
	enum scene_wrong wrong;
	struct buf *why;
	int64_t events, rollup_events;
	struct money amount, rollup_amount;
	int64_t runs, books[SCENE_BOOKS];
};

static void say(struct found *found, enum scene_wrong wrong, const char *what, int64_t number)
{
	if (wrong < found->wrong)
		found->wrong = wrong;
	if (found->why != NULL && found->why->len < 2000)
		buf_addf(found->why, "%s: %s %lld; ", wrongs[wrong], what, (long long)number);
}

/* --- what there is ------------------------------------------------------- */

static void take_request(struct found *found, const struct stored_event *row)
{
	int64_t batch = -1;
	bool final = row->event.settlement == SETTLEMENT_FINAL;
	struct text id = row->event.id;

	if (!text_int((struct text){ id.at + 2, id.len - 2 }, &batch) || batch < 0 ||
	    batch >= found->scene->batch_count) {
		say(found, SCENE_STRANGE, "a request", batch);
		return;
	}
	found->requests[batch]++;
	found->ended[batch] = final;
	if (money_compare(row->amount, scene_request_amount((int)batch, final)) != 0)
		say(found, SCENE_AMOUNT, "request", batch);
}

static int take_event(void *context, const struct stored_event *row)
{
	struct found *found = context;
	struct text id = row->event.id;
	bool waits = row->price_id == LEDGER_PRICE_SUSPENSE, is_old = false;
	struct money due;
	int64_t n = -1;

	found->events++;
	if (money_add(found->amount, row->amount, &found->amount) < 0)
		say(found, SCENE_AMOUNT, "the sum is none", 0);
	if (id.len > 2 && memcmp(id.at, "p-", 2) == 0) {
		take_request(found, row);
		return 0;
	}
	if (id.len > 4 && memcmp(id.at, "old-", 4) == 0) {
		is_old = true;
		found->old_times++;
		due = scene_old_amount();
	} else if (id.len > 2 && text_int((struct text){ id.at + 2, id.len - 2 }, &n) && n >= 0 &&
	           n < found->scene->batch_first[found->scene->batch_count]) {
		found->times[n]++;
		found->waits[n] = waits;
		due = scene_event_amount((int)n);
	} else {
		say(found, SCENE_STRANGE, "an event", n);
		return 0;
	}
	if (waits ? row->amount.attos != 0 || !(is_old || scene_event_waits((int)n))
	          : money_compare(row->amount, due) != 0)
		say(found, SCENE_AMOUNT, "event", n);
	return 0;
}

static int take_rollup(void *context, const struct rollup_row *row)
{
	struct found *found = context;

	found->rollup_events += row->events;
	if (money_add(found->rollup_amount, row->amount, &found->rollup_amount) < 0)
		say(found, SCENE_SUMS, "the sum is none", 0);
	return 0;
}

static int take_run(void *context, const struct adjustment_run *run)
{
	struct found *found = context;

	found->runs++;
	if (run->seq != found->runs || run->rows == 0)
		say(found, SCENE_CHANGE, "run", run->seq);
	return 0;
}

static int take_book(void *context, const struct book_log_row *row)
{
	struct found *found = context;

	if (row->name.len != 2 || row->name.at[1] < '0' || row->name.at[1] >= '0' + SCENE_BOOKS)
		say(found, SCENE_STRANGE, "a book", row->seq);
	else
		found->books[row->name.at[1] - '0']++;
	return 0;
}

static int take_finding(void *context, const struct verify_finding *finding)
{
	struct found *found = context;
	bool of_sums = finding->kind == VERIFY_ROLLUP || finding->kind == VERIFY_WATERMARK;

	say(found, of_sums ? SCENE_SUMS : SCENE_DAMAGED, verify_kind_name(finding->kind), 0);
	if (found->why != NULL)
		buf_addf(found->why, "%.*s %.*s: %.*s, not %.*s; ", TEXT_ARGS(finding->where),
		         TEXT_ARGS(finding->what), TEXT_ARGS(finding->stored),
		         TEXT_ARGS(finding->derived));
	return 0;
}

static void check_integrity(struct found *found, sqlite3 *db)
{
	sqlite3_stmt *stmt = NULL;
	const char *text = NULL;

	if (sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		text = (const char *)sqlite3_column_text(stmt, 0);
	if (text == NULL || strcmp(text, "ok") != 0)
		say(found, SCENE_DAMAGED, text != NULL ? text : "no integrity_check", 0);
	sqlite3_finalize(stmt);
}

static void read_all(struct found *found, bool verified)
{
	struct ledger *ledger = found->scene->ledger;
	struct fault fault = { .code = FAULT_NONE };
	struct verify_summary summary;

	check_integrity(found, ledger->db);
	if (ledger_each_event(ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, take_event, found, &fault) <
	            0 ||
	    ledger_each_rollup(ledger, 0, SCENE_NOW_MS, take_rollup, found, &fault) < 0 ||
	    ledger_each_run(ledger, take_run, found, &fault) < 0 ||
	    ledger_each_book(ledger, take_book, found, &fault) < 0 ||
	    (verified && ledger_verify(ledger, take_finding, NULL, found, &summary, &fault) < 0))
		say(found, SCENE_DAMAGED, fault.text, 0);
}

/* --- what must be -------------------------------------------------------- */

static void check_batch(struct found *found, const struct scene_promise *promise, size_t step,
                        bool priced_at_once, bool retried)
{
	int batch = found->scene->steps[step].argument, there = 0;
	int first = found->scene->batch_first[batch], end = found->scene->batch_first[batch + 1];
	int due = end - first + 1;

	/* The request that it tells of, and the end of the one before. */
	there += found->requests[batch] > 0;
	if (found->requests[batch] > 1)
		say(found, SCENE_DOUBLE, "request", batch);
	if (batch > 0) {
		due++;
		there += found->ended[batch - 1];
	}
	for (int n = first; n < end; n++) {
		there += found->times[n] > 0;
		if (found->times[n] > 1)
			say(found, SCENE_DOUBLE, "event", n);
		if (found->times[n] == 0 && promise->done[step])
			say(found, SCENE_LOST, "event", n);
		if (found->waits[n] && promise->done[step] && (priced_at_once || retried))
			say(found, SCENE_CHANGE, "it waits still: event", n);
	}
	if (there > 0 && !promise->begun[step])
		say(found, SCENE_STRANGE, "batch", batch);
	if (there < due && promise->done[step])
		say(found, SCENE_LOST, "of batch", batch);
	if (there > 0 && there < due)
		say(found, SCENE_HALF, "batch", batch);
}

static void check_period(struct found *found, const struct scene_promise *promise, size_t step)
{
	struct fault fault;
	int64_t until = -1;

	if (ledger_closed_until(found->scene->ledger, &until, &fault) < 0)
		say(found, SCENE_DAMAGED, fault.text, 0);
	else if (until != 0 && (until != SCENE_CLOSED_MS || !promise->begun[step]))
		say(found, SCENE_STRANGE, "closed until", until);
	else if (until == 0 && promise->done[step])
		say(found, SCENE_CHANGE, "not closed until", SCENE_CLOSED_MS);
}

static void check_count(struct found *found, const struct scene_promise *promise, size_t step,
                        const char *what, int64_t count)
{
	if (count < promise->done[step] || count > promise->begun[step])
		say(found, SCENE_CHANGE, what, count);
}

static void check_steps(struct found *found, const struct scene_promise *promise)
{
	const struct scene *scene = found->scene;
	bool all_priced = false, retried = false;
	size_t retry = scene->step_count;

	for (size_t i = 0; i < scene->step_count; i++) {
		if (scene->steps[i].kind == SCENE_RETRY)
			retry = i;
	}
	for (size_t i = 0; i < scene->step_count; i++) {
		const struct scene_step *step = &scene->steps[i];

		if (step->kind == SCENE_BOOK) {
			all_priced = step->argument >= 2;
			check_count(found, promise, i, "book", found->books[step->argument]);
		}
		retried = retry < scene->step_count && i < retry && promise->done[retry];
		if (step->kind == SCENE_BATCH)
			check_batch(found, promise, i, all_priced, retried);
		if (step->kind == SCENE_RERATE)
			check_count(found, promise, i, "run", found->runs);
		if (step->kind == SCENE_PERIOD)
			check_period(found, promise, i);
	}
}

enum scene_wrong scene_check(struct scene *scene, const struct scene_promise *promise,
                             bool verified, struct buf *why)
{
	struct found found = { .scene = scene, .wrong = SCENE_FINE, .why = why };

	read_all(&found, verified);
	scene->amount = found.amount;
	if (found.wrong == SCENE_DAMAGED)
		return found.wrong;
	check_steps(&found, promise);
	if (scene->name == SCENE_OLD && found.old_times != SCENE_OLD_EVENTS)
		say(&found, found.old_times < SCENE_OLD_EVENTS ? SCENE_LOST : SCENE_DOUBLE,
		    "old events", found.old_times);
	if (found.events != found.rollup_events ||
	    money_compare(found.amount, found.rollup_amount) != 0)
		say(&found, SCENE_SUMS, "events less those of rollups",
		    found.events - found.rollup_events);
	return found.wrong;
}
