/*
 * Rating a range again: what the events of whole hours come to under a sell book, less what is
 * stored and what was adjusted before, becomes one run of adjustments (ledger/adjust.h).
 *
 * In steps: the events are walked, with others passing by between two steps, and the differences
 * are kept in memory; the last step writes them all.  Where a sum of the range was touched
 * meanwhile it begins anew, a few times.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "ingest/change_internal.h"
#include "ingest/differences.h"
#include "ingest/rerate.h"

enum {
	RERATE_CHUNK = 10000, /* events of one step */
	RERATE_TRIES = 3,     /* to find the range as it was, from the first step to the last */
	MODELS_NAMED = 3,     /* of those without a rate */
};

struct rerating {
	/* What is asked for. */
	int64_t from_ms, to_ms;
	struct text reason, book_hash; /* of the request; book_hash absent: the one in force */
	bool expected, dry_run;
	struct money expect;
	struct applied_book book;
	bool lent; /* it is not ours to free */
	/* How far it is. */
	int64_t at_ms;
	unsigned tries;
	struct differences differences;
	struct arena arena; /* names of what stands in the way */
	/* Of the step: */
	int64_t last_ms;
	size_t in_step;
	struct fault *fault;
	/* What it found. */
	int64_t events, moved, waiting, unsettled;
	int64_t refused[RERATE_PRICED];   /* by verdict */
	struct text models[MODELS_NAMED]; /* that have no rate */
	struct text first[RERATE_PRICED]; /* "source gw-1 id 7", of each verdict */
};

void rerating_free(struct rerating *rerating)
{
	if (rerating == NULL)
		return;
	if (!rerating->lent)
		book_free(rerating->book.book);
	differences_release(&rerating->differences);
	arena_release(&rerating->arena);
	free(rerating);
}

static bool read_moment(const struct json *doc, const char *key, int64_t *out)
{
	struct text text = json_string(doc, json_member(doc, 0, key));

	return text.at != NULL && moment_parse_date(text, out) && *out % MS_PER_HOUR == 0;
}

/* What is wrong with the request; NULL: nothing. */
static const char *read_request(struct change_job *job, struct rerating *rerating)
{
	const struct json *doc = &job->request;
	uint32_t book = json_member(doc, 0, "book"), expect = json_member(doc, 0, "expect");
	uint32_t dry_run = json_member(doc, 0, "dry_run");

	if (!read_moment(doc, "from", &rerating->from_ms) ||
	    !read_moment(doc, "to", &rerating->to_ms))
		return "rerate: \"from\" and \"to\" are moments on the hour, as "
		       "2026-11-22T08:00:00Z or 2026-11";
	if (rerating->from_ms >= rerating->to_ms)
		return "rerate: the range is empty: its end is not after its start";
	rerating->reason = json_string(doc, json_member(doc, 0, "reason"));
	if (rerating->reason.at == NULL || rerating->reason.len == 0)
		return "rerate: \"reason\" is missing: say why";
	rerating->book_hash = json_string(doc, book);
	if (book != JSON_NONE && json_type_of(doc, book) != JSON_NULL &&
	    rerating->book_hash.at == NULL)
		return "rerate: \"book\" is the hash of an applied book, or absent";
	rerating->dry_run = json_type_of(doc, dry_run) == JSON_TRUE;
	if (dry_run != JSON_NONE && !rerating->dry_run && json_type_of(doc, dry_run) != JSON_FALSE)
		return "rerate: \"dry_run\" is true or false";
	rerating->expected = expect != JSON_NONE && json_type_of(doc, expect) != JSON_NULL;
	if (rerating->expected &&
	    (json_type_of(doc, expect) != JSON_STRING ||
	     money_parse(json_string(doc, expect), &rerating->expect, NULL) < 0))
		return "rerate: \"expect\" is an amount in a string, as \"-1.23\"";
	return NULL;
}

/* Ends it: the reply says why. */
static int refuse(struct change_job *job, int code, const char *text)
{
	change_refuse(job->reply, code, text);
	job->kind = NULL;
	return 0;
}

struct sold_by {
	struct text hash;
	bool found;
};

static int find_sold_by(void *context, const struct book_log_row *row)
{
	struct sold_by *sold_by = context;

	sold_by->found = sold_by->found ||
	                 (row->side == BOOK_SELL && text_equal(row->hash, sold_by->hash));
	return 0;
}

/* A book of what we pay is no price of what is sold, unless it was applied as that too. */
static int check_side(struct change_job *job, const struct book *book)
{
	struct sold_by sold_by = { text_of(book_hash(book)), false };
	int r = ledger_each_book(job->ledger, find_sold_by, &sold_by, &job->fault);

	if (r < 0 || sold_by.found)
		return r;
	return refuse(job, -FAULT_INVALID, "rerate: this book was only applied as a cost book");
}

/* The one in force is lent, where somebody has it already. */
static int find_book(struct change_job *job, struct rerating *rerating)
{
	if (rerating->book_hash.at != NULL)
		return ledger_book_named(job->ledger, rerating->book_hash, &rerating->book,
		                         &job->fault);
	rerating->lent = job->lent != NULL;
	if (!rerating->lent)
		return ledger_book_current(job->ledger, BOOK_SELL, &rerating->book, &job->fault);
	rerating->book = job->lent->book;
	return 0;
}

static int load_book(struct change_job *job, struct rerating *rerating)
{
	int r = find_book(job, rerating);

	if (r == -FAULT_NOT_FOUND || r == -FAULT_INVALID) {
		char why[FAULT_TEXT_BYTES];

		text_copy(why, sizeof(why), text_of(job->fault.text));
		job->fault = (struct fault){ .code = FAULT_NONE };
		return refuse(job, r, why);
	}
	if (r == 0 && rerating->book.book == NULL)
		return refuse(job, -FAULT_NOT_FOUND, "rerate: no price book was ever applied");
	return r < 0 ? r : check_side(job, rerating->book.book);
}

static int begin(struct change_job *job)
{
	struct rerating *rerating = calloc(1, sizeof(*rerating));
	const char *wrong;

	job->rerating = rerating;
	if (rerating == NULL)
		return fault_set(&job->fault, FAULT_NOMEM, "rerate: out of memory");
	wrong = read_request(job, rerating);
	return wrong != NULL ? refuse(job, -FAULT_INVALID, wrong) : load_book(job, rerating);
}

static void start_anew(struct rerating *rerating, struct ledger *ledger)
{
	rerating->at_ms = rerating->from_ms;
	rerating->events = rerating->moved = rerating->waiting = rerating->unsettled = 0;
	memset(rerating->refused, 0, sizeof(rerating->refused));
	memset(rerating->models, 0, sizeof(rerating->models));
	memset(rerating->first, 0, sizeof(rerating->first));
	differences_clear(&rerating->differences);
	arena_reset(&rerating->arena);
	ledger_watch(ledger, rerating->from_ms, rerating->to_ms);
	rerating->tries++;
}

/* One that cannot be rated again: counted, and the first ones named. */
static int stand_in_the_way(struct rerating *rerating, const struct rerated *rerated)
{
	const struct event *event = &rerated->row->event;
	struct text *first = &rerating->first[rerated->verdict];
	char where[EVENT_DETAIL_BYTES];
	size_t i = 0;

	rerating->refused[rerated->verdict]++;
	if (first->at == NULL) {
		snprintf(where, sizeof(where), "source %.*s id %.*s", TEXT_ARGS(event->source),
		         TEXT_ARGS(event->id));
		*first = arena_copy(&rerating->arena, text_of(where));
		if (first->at == NULL)
			return fault_set(rerating->fault, FAULT_NOMEM, "rerate: out of memory");
	}
	if (rerated->verdict != RERATE_UNPRICED)
		return 0;
	while (i < MODELS_NAMED && rerating->models[i].at != NULL &&
	       !text_equal(rerating->models[i], event->model))
		i++;
	if (i < MODELS_NAMED && rerating->models[i].at == NULL) {
		rerating->models[i] = arena_copy(&rerating->arena, event->model);
		if (rerating->models[i].at == NULL)
			return fault_set(rerating->fault, FAULT_NOMEM, "rerate: out of memory");
	}
	return 0;
}

static int take(void *context, const struct rerated *rerated)
{
	struct rerating *rerating = context;
	const struct event *event = &rerated->row->event;
	struct adjustment add = { .events = 1 };

	/* A step ends between two milliseconds, so that the next begins behind it. */
	if (rerating->in_step >= RERATE_CHUNK && event->time_ms != rerating->last_ms)
		return 1;
	rerating->in_step++;
	rerating->last_ms = event->time_ms;
	if (rerated->waits) {
		rerating->waiting++;
		return 0;
	}
	if (rerated->unsettled) {
		rerating->unsettled++;
		return 0;
	}
	rerating->events++;
	if (rerated->verdict != RERATE_PRICED)
		return stand_in_the_way(rerating, rerated);
	if (money_compare(rerated->amount, rerated->row->amount) == 0)
		return 0;
	rerating->moved++;
	add.hour_ms = moment_floor(event->time_ms, MOMENT_HOUR);
	add.account = event->account;
	add.key = event->key;
	add.model = event->model;
	add.source = event->source;
	add.provider = event->provider;
	add.service_tier = event->service_tier;
	if (money_sub(rerated->amount, rerated->row->amount, &add.amount) < 0)
		return fault_set(rerating->fault, FAULT_RANGE,
		                 "event %.*s: its difference is no amount", TEXT_ARGS(event->id));
	return differences_add(&rerating->differences, &add, rerating->fault);
}

/* What was put right before is no difference any more. */
static int take_adjusted(void *context, const struct adjustment *adjustment)
{
	struct rerating *rerating = context;
	struct adjustment less = *adjustment;

	less.events = 0;
	less.amount.attos = -less.amount.attos;
	return differences_add(&rerating->differences, &less, rerating->fault);
}

/* Whether all of it can be rated again; else the reply says what cannot. */
static bool all_rated(struct change_job *job)
{
	const struct rerating *rerating = job->rerating;
	struct buf why = { .at = NULL };

	if (rerating->refused[RERATE_RANGE] > 0) {
		buf_addf(&why, "%.*s: under this book its charge is larger than an amount can be",
		         TEXT_ARGS(rerating->first[RERATE_RANGE]));
	} else if (rerating->refused[RERATE_PARTED] > 0) {
		buf_addf(&why,
		         "%.*s: it adds up several requests, and under this book a price differs "
		         "between them and their sum: it cannot be rated again (%lld such events)",
		         TEXT_ARGS(rerating->first[RERATE_PARTED]),
		         (long long)rerating->refused[RERATE_PARTED]);
	} else if (rerating->refused[RERATE_UNPRICED] > 0) {
		buf_addf(&why, "%lld event%s of this range %s no rate under this book (",
		         (long long)rerating->refused[RERATE_UNPRICED],
		         rerating->refused[RERATE_UNPRICED] == 1 ? "" : "s",
		         rerating->refused[RERATE_UNPRICED] == 1 ? "has" : "have");
		for (size_t i = 0; i < MODELS_NAMED && rerating->models[i].at != NULL; i++)
			buf_addf(&why, "%s%.*s", i > 0 ? ", " : "model ",
			         TEXT_ARGS(rerating->models[i]));
		buf_addf(&why, "; %.*s): add one, or take another range",
		         TEXT_ARGS(rerating->first[RERATE_UNPRICED]));
	} else {
		return true;
	}
	refuse(job, rerating->refused[RERATE_RANGE] > 0 ? -FAULT_RANGE : -FAULT_INVALID,
	       why.error == 0 ? why.at : "out of memory");
	buf_release(&why);
	return false;
}

/* The sum of all rows; false: it is no amount, or not the one that was expected. */
static bool as_expected(struct change_job *job, struct money *total_out)
{
	const struct rerating *rerating = job->rerating;
	char is[MONEY_TEXT_BYTES], due[MONEY_TEXT_BYTES], why[256];

	for (size_t i = 0; i < rerating->differences.count; i++) {
		if (money_add(*total_out, rerating->differences.rows[i].amount, total_out) < 0) {
			refuse(job, -FAULT_RANGE,
			       "rerate: the sum of the differences is no amount");
			return false;
		}
	}
	if (!rerating->expected || money_compare(*total_out, rerating->expect) == 0)
		return true;
	money_text(*total_out, is);
	money_text(rerating->expect, due);
	snprintf(why, sizeof(why), "rerate: the difference is %s, not %s: nothing was booked", is,
	         due);
	refuse(job, -FAULT_INVALID, why);
	return false;
}

/* Behind "{"ok":true," or "{". */
static void put_members(const struct rerating *rerating, int64_t run, struct money total,
                        struct buf *out)
{
	char moment[MOMENT_TEXT_BYTES], amount[MONEY_TEXT_BYTES];

	if (run > 0)
		buf_addf(out, "\"run\":%lld", (long long)run);
	else
		buf_add_cstr(out, "\"run\":null");
	moment_text(rerating->from_ms, moment);
	buf_add_member(out, "from", text_of(moment));
	moment_text(rerating->to_ms, moment);
	buf_add_member(out, "to", text_of(moment));
	buf_add_member(out, "reason", rerating->reason);
	buf_add_member(out, "book", text_of(book_hash(rerating->book.book)));
	buf_addf(out,
	         ",\"events\":%lld,\"moved\":%lld,\"waiting\":%lld,\"unsettled\":%lld,"
	         "\"rows\":%zu",
	         (long long)rerating->events, (long long)rerating->moved,
	         (long long)rerating->waiting, (long long)rerating->unsettled,
	         rerating->differences.count);
	money_text(total, amount);
	buf_add_member(out, "amount", text_of(amount));
	buf_add_cstr(out, "}");
}

/* The run, its rows and who made it, or nothing. */
static int book_run(struct change_job *job, struct money total, int64_t *run_out)
{
	const struct rerating *rerating = job->rerating;
	const struct adjustment_run run = {
		.at_ms = job->change.now_ms,
		.who = job->change.who,
		.reason = rerating->reason,
		.book = text_of(book_hash(rerating->book.book)),
		.from_ms = rerating->from_ms,
		.to_ms = rerating->to_ms,
	};
	struct buf detail = { .at = NULL };
	int r = ledger_begin(job->ledger, &job->fault);

	if (r == 0)
		r = ledger_adjust(job->ledger, &run, rerating->differences.rows,
		                  rerating->differences.count, run_out, &job->fault);
	buf_add_cstr(&detail, "{");
	put_members(rerating, *run_out, total, &detail);
	if (r == 0 && detail.error != 0)
		r = fault_set(&job->fault, FAULT_NOMEM, "rerate: out of memory");
	if (r == 0)
		r = ledger_change_note(job->ledger, run.at_ms, run.who, job->kind->name,
		                       buf_text(&detail), &job->fault);
	if (r == 0)
		r = ledger_commit(job->ledger, &job->fault);
	if (r < 0)
		ledger_rollback(job->ledger);
	buf_release(&detail);
	return r;
}

/* All events were walked, and nothing of them has changed since. */
static int finish(struct change_job *job)
{
	struct rerating *rerating = job->rerating;
	struct money total = { 0 };
	int64_t run = 0;
	int r;

	if (!all_rated(job))
		return 0;
	r = ledger_each_adjustment(job->ledger, ADJUSTMENT_TRAFFIC, rerating->from_ms,
	                           rerating->to_ms, take_adjusted, rerating, &job->fault);
	if (r < 0)
		return r;
	differences_drop_zeros(&rerating->differences);
	if (!as_expected(job, &total))
		return 0;
	if (rerating->differences.count > 0 && !rerating->dry_run)
		r = book_run(job, total, &run);
	if (r < 0)
		return r;
	buf_add_cstr(job->reply, "{\"ok\":true,");
	put_members(rerating, run, total, job->reply);
	return 0;
}

/* What a person can do something about is told by the reply; the rest is the ledger's. */
static int refuse_range(struct change_job *job, int r)
{
	char why[FAULT_TEXT_BYTES];

	if (r != -FAULT_RANGE)
		return r;
	text_copy(why, sizeof(why), text_of(job->fault.text));
	job->fault = (struct fault){ .code = FAULT_NONE };
	return refuse(job, r, why);
}

static int step(struct change_job *job, bool *more_out)
{
	struct rerating *rerating = job->rerating;
	int r;

	if (rerating->tries == 0)
		start_anew(rerating, job->ledger);
	if (ledger_touched(job->ledger)) {
		if (rerating->tries == RERATE_TRIES)
			return refuse(job, -FAULT_BUSY,
			              "rerate: events of this range keep coming: ask again, or "
			              "take an earlier end");
		start_anew(rerating, job->ledger);
	}
	rerating->in_step = 0;
	rerating->fault = &job->fault;
	r = rerate_each(job->ledger, rerating->book.book, rerating->at_ms, rerating->to_ms, take,
	                rerating, &job->fault);
	if (r < 0)
		return refuse_range(job, r);
	if (r > 0) {
		rerating->at_ms = rerating->last_ms + 1;
		*more_out = true;
		return 0;
	}
	r = finish(job);
	return r < 0 ? refuse_range(job, r) : 0;
}

const struct change_kind change_rerate = { .name = "rerate", .begin = begin, .step = step };
