#include "ledger/adjust.h"

#include <string.h>

#include "base/moment.h"
#include "ledger/internal.h"
#include "ledger/words.h"

void ledger_watch(struct ledger *ledger, int64_t from_ms, int64_t to_ms)
{
	ledger->watch_from_ms = from_ms;
	ledger->watch_to_ms = to_ms;
	ledger->touched = false;
}

bool ledger_touched(const struct ledger *ledger)
{
	return ledger->touched;
}

int ledger_closed_until(struct ledger *ledger, int64_t *until_out, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_CLOSED_UNTIL);

	return query_single(&query, until_out, fault);
}

int64_t adjust_booked_hour(int64_t hour_ms, int64_t closed_until_ms, int64_t now_ms)
{
	int64_t now = moment_floor(now_ms, MOMENT_HOUR);

	/* Never in what is closed. */
	if (hour_ms >= closed_until_ms)
		return hour_ms;
	/* A clock that was set back must not open anything. */
	return now > closed_until_ms ? now : closed_until_ms;
}

static int total_of(const struct adjustment *rows, size_t count, struct money *total_out,
                    struct fault *fault)
{
	struct money total = { 0 };

	for (size_t i = 0; i < count; i++) {
		if (money_add(total, rows[i].amount, &total) < 0)
			return fault_set(fault, FAULT_RANGE,
			                 "the sum of the adjustments is no amount");
	}
	*total_out = total;
	return 0;
}

static int add_run(struct ledger *ledger, const struct adjustment_run *run, size_t count,
                   struct money total, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_BOOK_BY_HASH);
	int64_t book = 0, nanos, attos;
	int r;

	query_text(&query, run->book);
	r = query_single(&query, &book, fault);
	if (r == 0 && book == 0)
		r = fault_set(fault, FAULT_NOT_FOUND, "%.*s: no applied book has this hash",
		              TEXT_ARGS(run->book));
	if (r < 0)
		return r;
	/* Each addition to it was checked. */
	r = money_split(total, &nanos, &attos);
	assert(r == 0);
	query = query_start(ledger, STATEMENT_RUN_ADD);
	query_int(&query, run->at_ms);
	query_text(&query, run->who);
	query_text(&query, run->reason);
	query_int(&query, book);
	query_int(&query, run->from_ms);
	query_int(&query, run->to_ms);
	query_int(&query, (int64_t)count);
	query_int(&query, nanos);
	query_int(&query, attos);
	return query_done(&query, fault);
}

static int add_row(struct ledger *ledger, int64_t seq, const struct adjustment *row,
                   int64_t booked_ms, struct fault *fault)
{
	const struct text names[] = { row->account, row->key,      row->model,
		                      row->source,  row->provider, row->service_tier };
	enum { NAMES = sizeof(names) / sizeof(names[0]) };
	int64_t ids[NAMES], nanos, attos;
	struct query query;

	names_trim(&ledger->names);
	for (size_t i = 0; i < NAMES; i++) {
		int r = names_id(ledger, names[i], &ids[i], fault);

		if (r < 0)
			return r;
	}
	if (money_split(row->amount, &nanos, &attos) < 0)
		return fault_set(fault, FAULT_RANGE, "an adjustment is no amount");
	query = query_start(ledger, STATEMENT_ADJUSTMENT_ADD);
	query_int(&query, seq);
	query_int(&query, row->hour_ms);
	query_int(&query, booked_ms);
	for (size_t i = 0; i < NAMES; i++)
		query_int(&query, ids[i]);
	query_int(&query, row->events);
	query_int(&query, nanos);
	query_int(&query, attos);
	return query_done(&query, fault);
}

/* The run itself, behind it later its rows; *sealed_out: the digest that it was given. */
static int put_run(struct ledger *ledger, int64_t seq, struct buf *out,
                   unsigned char sealed_out[SHA256_BYTES], struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_RUN_GET);
	struct text sealed;
	int r;

	query_int(&query, seq);
	r = query_due(&query, fault);
	if (r < 0)
		return r;
	buf_addf(out, "%lld %lld %lld %lld %lld ", (long long)seq, (long long)column_int(&query, 0),
	         (long long)column_int(&query, 3), (long long)column_int(&query, 4),
	         (long long)column_int(&query, 5));
	buf_add_json(out, column_text(&query, 1));
	buf_add_json(out, column_text(&query, 2));
	/* The CHECK of the column keeps its length; of another one it is the digest of nothing. */
	sealed = column_blob(&query, 6);
	memset(sealed_out, 0, SHA256_BYTES);
	if (sealed.len == SHA256_BYTES)
		memcpy(sealed_out, sealed.at, SHA256_BYTES);
	query_end(&query);
	return 0;
}

/* A chain, so that a run of many rows takes no more memory than one of few. */
static void digest_add(struct buf *bytes, unsigned char digest[SHA256_BYTES])
{
	sha256(bytes->at, bytes->len, digest);
	buf_clear(bytes);
	buf_add(bytes, (const char *)digest, SHA256_BYTES);
}

int adjust_digest(struct ledger *ledger, int64_t seq, unsigned char digest_out[SHA256_BYTES],
                  unsigned char sealed_out[SHA256_BYTES], struct fault *fault)
{
	enum { COLUMNS = 12 }; /* of ADJUSTMENT_COLUMNS */
	struct buf bytes = { .at = NULL };
	struct query query;
	int r = put_run(ledger, seq, &bytes, sealed_out, fault);

	if (r == 0) {
		query = query_start(ledger, STATEMENT_ADJUSTMENT_RUN);
		query_int(&query, seq);
		while ((r = query_row(&query, fault)) > 0) {
			if (bytes.error == 0)
				digest_add(&bytes, digest_out);
			for (int i = 0; i < COLUMNS; i++)
				buf_addf(&bytes, "%lld ", (long long)column_int(&query, i));
		}
	}
	if (r == 0 && bytes.error != 0)
		r = fault_set(fault, FAULT_NOMEM, "adjustments: out of memory");
	if (r == 0)
		sha256(bytes.at, bytes.len, digest_out);
	buf_release(&bytes);
	return r;
}

/* Its rows, as they are stored, into the words of their hours. */
static int note_words(struct ledger *ledger, int64_t seq, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_ADJUSTMENT_RUN);

	query_int(&query, seq);
	return words_adjustments(ledger, &query, fault);
}

/* As it is now it stays: verify compares. */
static int seal(struct ledger *ledger, int64_t seq, struct fault *fault)
{
	unsigned char digest[SHA256_BYTES], sealed[SHA256_BYTES];
	struct query query;
	int r = adjust_digest(ledger, seq, digest, sealed, fault);

	if (r < 0)
		return r;
	query = query_start(ledger, STATEMENT_RUN_SEAL);
	query_blob(&query, (struct text){ (const char *)digest, sizeof(digest) });
	query_int(&query, seq);
	return query_done(&query, fault);
}

int ledger_adjust(struct ledger *ledger, const struct adjustment_run *run,
                  const struct adjustment *rows, size_t count, int64_t *seq_out,
                  struct fault *fault)
{
	struct money total = { 0 };
	int64_t closed = 0, seq;
	int r;

	assert(ledger->in_transaction && count > 0);
	r = ledger_closed_until(ledger, &closed, fault);
	if (r == 0)
		r = total_of(rows, count, &total, fault);
	if (r == 0)
		r = add_run(ledger, run, count, total, fault);
	if (r < 0)
		return r;
	seq = sqlite3_last_insert_rowid(ledger->db);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = add_row(ledger, seq, &rows[i],
		            adjust_booked_hour(rows[i].hour_ms, closed, run->at_ms), fault);
	if (r == 0)
		r = note_words(ledger, seq, fault);
	if (r == 0)
		r = seal(ledger, seq, fault);
	if (r == 0)
		*seq_out = seq;
	return r;
}

int ledger_each_run(struct ledger *ledger, ledger_run_fn *each, void *context, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_RUN_ALL);
	int r;

	while ((r = query_row(&query, fault)) > 0) {
		struct adjustment_run run = {
			.seq = column_int(&query, 0),
			.at_ms = column_int(&query, 1),
			.who = column_text(&query, 2),
			.reason = column_text(&query, 3),
			.book = column_text(&query, 4),
			.from_ms = column_int(&query, 5),
			.to_ms = column_int(&query, 6),
			.rows = column_int(&query, 7),
		};

		r = money_join(column_int(&query, 8), column_int(&query, 9), &run.total);
		if (r < 0)
			r = fault_set(fault, FAULT_CORRUPT, "%s: the total of a run is none",
			              ledger->path);
		else
			r = each(context, &run);
		if (r != 0) {
			query_end(&query);
			return r;
		}
	}
	return r;
}

/* ADJUSTMENT_COLUMNS, with its names. */
static int read_row(struct ledger *ledger, const struct query *query, struct adjustment *out,
                    struct fault *fault)
{
	enum { COLUMN_NAMES = 3, COLUMN_EVENTS = 9, COLUMN_NANOS, COLUMN_ATTOS };
	struct adjustment row = {
		.run = column_int(query, 0),
		.hour_ms = column_int(query, 1),
		.booked_ms = column_int(query, 2),
		.events = column_int(query, COLUMN_EVENTS),
	};
	struct text *const names[] = { &row.account, &row.key,      &row.model,
		                       &row.source,  &row.provider, &row.service_tier };

	names_trim(&ledger->names);
	for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++) {
		int r = names_text(ledger, column_int(query, COLUMN_NAMES + i), names[i], fault);

		if (r < 0)
			return r;
	}
	if (money_join(column_int(query, COLUMN_NANOS), column_int(query, COLUMN_ATTOS),
	               &row.amount) < 0)
		return fault_set(fault, FAULT_CORRUPT, "%s: an adjustment is no amount",
		                 ledger->path);
	*out = row;
	return 0;
}

int ledger_each_adjustment(struct ledger *ledger, enum adjustment_hour hour, int64_t from_ms,
                           int64_t to_ms, ledger_adjustment_fn *each, void *context,
                           struct fault *fault)
{
	struct query query = query_start(ledger, hour == ADJUSTMENT_BOOKED
	                                                 ? STATEMENT_ADJUSTMENT_BOOKED
	                                                 : STATEMENT_ADJUSTMENT_TRAFFIC);
	struct word_walk walk;
	int r = word_walk_start(&walk, ledger,
	                        hour == ADJUSTMENT_BOOKED ? WORD_BOOKED : WORD_TRAFFIC, from_ms,
	                        to_ms, fault);

	if (r < 0)
		return r;
	query_int(&query, from_ms);
	query_int(&query, to_ms);
	while ((r = query_row(&query, fault)) > 0) {
		struct adjustment row;

		r = read_row(ledger, &query, &row, fault);
		if (r == 0)
			r = word_walk_row(&walk,
			                  hour == ADJUSTMENT_BOOKED ? row.booked_ms : row.hour_ms,
			                  word_of_adjustment(&query), fault);
		if (r == 0)
			r = each(context, &row);
		if (r != 0) {
			query_end(&query);
			break;
		}
	}
	if (r == 0)
		return word_walk_end(&walk, fault);
	word_walk_stop(&walk);
	return r;
}
