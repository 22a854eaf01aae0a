#include "ledger/verify_adjust.h"

#include <stdio.h>
#include <string.h>

#include "base/moment.h"

enum { WHERE_BYTES = 96, NUMBER_BYTES = 32 };

/* ADJUSTMENT_COLUMNS, counted from 0 */
enum {
	COLUMN_RUN,
	COLUMN_HOUR,
	COLUMN_BOOKED,
	COLUMN_NAMES,
	COLUMN_EVENTS = COLUMN_NAMES + 6,
	COLUMN_NANOS,
	COLUMN_ATTOS
};

struct checked {
	struct ledger *ledger;
	struct verify_summary *summary;
	int64_t next_seq, until_ms; /* due; of the closing before */
};

static int report(struct verify *verify, const char *where, const char *what, const char *stored,
                  const char *derived)
{
	return verify_report_at(verify, VERIFY_ADJUSTMENT, text_of(where), what, text_of(stored),
	                        text_of(derived));
}

static int report_numbers(struct verify *verify, const char *where, const char *what,
                          int64_t stored, int64_t derived)
{
	char a[NUMBER_BYTES], b[NUMBER_BYTES];

	if (stored == derived)
		return 0;
	snprintf(a, sizeof(a), "%lld", (long long)stored);
	snprintf(b, sizeof(b), "%lld", (long long)derived);
	return report(verify, where, what, a, b);
}

int verify_total(struct money *total, struct money amount, const char *of, struct fault *fault)
{
	return money_total_add(*total, amount, total) < 0
	               ? fault_set(fault, FAULT_RANGE, "verify: the sum of the %s does not fit", of)
	               : 0;
}

/* Every line of a table that only grows has the number behind the one before. */
static int check_sequence(struct verify *verify, const char *where, int64_t seq, int64_t *next)
{
	char due[NUMBER_BYTES];
	bool gap = seq != *next;

	snprintf(due, sizeof(due), "%lld", (long long)*next);
	*next = seq + 1;
	return gap ? report(verify, where, "the line before it", "missing", due) : 0;
}

static void put_where(const struct query *query, char out[WHERE_BYTES])
{
	char hour[MOMENT_TEXT_BYTES];

	moment_text_unit(column_int(query, COLUMN_HOUR), MOMENT_HOUR, hour);
	snprintf(out, WHERE_BYTES, "run %lld hour %s", (long long)column_int(query, COLUMN_RUN),
	         hour);
}

static int check_names(struct verify *verify, struct ledger *ledger, const struct query *query,
                       const char *where, struct fault *fault)
{
	static const char *const whats[] = {
		"account", "key", "model", "source", "provider", "tier"
	};
	int r = 0;

	for (int i = 0; r == 0 && i < (int)(sizeof(whats) / sizeof(whats[0])); i++) {
		int64_t id = column_int(query, COLUMN_NAMES + i);
		struct fault inner = { .code = FAULT_NONE };
		char number[NUMBER_BYTES];
		struct text name;

		r = names_text(ledger, id, &name, &inner);
		if (r == 0)
			continue;
		if (r != -FAULT_CORRUPT)
			return fault_set(fault, inner.code, "%s", inner.text);
		snprintf(number, sizeof(number), "name %lld", (long long)id);
		r = report(verify, where, whats[i], number, "a name that is there");
	}
	return r;
}

/* In its own hour, or behind a closing that its own hour is before. */
static int check_booked(struct verify *verify, struct ledger *ledger, const struct query *query,
                        const char *where, struct fault *fault)
{
	int64_t hour = column_int(query, COLUMN_HOUR), booked = column_int(query, COLUMN_BOOKED);
	char stored[MOMENT_TEXT_BYTES], due[MOMENT_TEXT_BYTES];
	struct query closings;
	int64_t fitting = 0;
	int r;

	if (booked == hour)
		return 0;
	closings = query_start(ledger, STATEMENT_CLOSINGS_BETWEEN);
	query_int(&closings, hour);
	query_int(&closings, booked);
	r = query_single(&closings, &fitting, fault);
	if (r < 0 || fitting > 0)
		return r;
	moment_text_unit(booked, MOMENT_HOUR, stored);
	moment_text_unit(hour, MOMENT_HOUR, due);
	return report(verify, where, "booked hour", stored, due);
}

/* The rows of one run: how many, and their sum. */
static int walk_rows(struct verify *verify, struct ledger *ledger, int64_t run, int64_t *rows_out,
                     struct money *total_out, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_ADJUSTMENT_RUN);
	char where[WHERE_BYTES];
	int r;

	query_int(&query, run);
	while ((r = query_row(&query, fault)) > 0) {
		struct money amount;

		++*rows_out;
		put_where(&query, where);
		/* The CHECKs of the columns keep them an amount. */
		r = money_join(column_int(&query, COLUMN_NANOS), column_int(&query, COLUMN_ATTOS),
		               &amount);
		if (r < 0 || money_total_add(*total_out, amount, total_out) < 0)
			r = report(verify, where, "amount", "no amount", "one that can be summed");
		if (r == 0)
			r = check_names(verify, ledger, &query, where, fault);
		if (r == 0)
			r = check_booked(verify, ledger, &query, where, fault);
		if (r != 0) {
			query_end(&query);
			return r;
		}
	}
	return r;
}

/* Which names a row has, and all that no sum tells: as it was when the run was made. */
static int check_digest(struct verify *verify, struct ledger *ledger, int64_t seq,
                        const char *where, struct fault *fault)
{
	unsigned char derived[SHA256_BYTES], sealed[SHA256_BYTES] = { 0 };
	int r = adjust_digest(ledger, seq, derived, sealed, fault);

	if (r < 0 || memcmp(derived, sealed, sizeof(sealed)) == 0)
		return r;
	return report(verify, where, "content", "another digest", "as it was made");
}

/* RUN_ALL */
static int check_run(struct verify *verify, const struct query *query, void *context,
                     struct fault *fault)
{
	enum { RUN_SEQ, RUN_BOOK = 4, RUN_ROWS = 7, RUN_NANOS, RUN_ATTOS };
	char where[WHERE_BYTES], stored[MONEY_TEXT_BYTES], derived[MONEY_TEXT_BYTES];
	struct checked *checked = context;
	int64_t seq = column_int(query, RUN_SEQ), rows = 0, findings = checked->summary->findings;
	struct money total = { 0 }, told;
	int r;

	snprintf(where, sizeof(where), "run %lld", (long long)seq);
	checked->summary->runs++;
	r = check_sequence(verify, where, seq, &checked->next_seq);
	if (r == 0 && column_text(query, RUN_BOOK).at == NULL)
		r = report(verify, where, "book", "gone", "a book that is there");
	if (r == 0)
		r = walk_rows(verify, checked->ledger, seq, &rows, &total, fault);
	if (r == 0)
		r = report_numbers(verify, where, "rows", column_int(query, RUN_ROWS), rows);
	if (r != 0)
		return r;
	r = verify_total(&checked->summary->adjusted_amount, total, "adjustments", fault);
	if (r < 0)
		return r;
	snprintf(stored, sizeof(stored), "no amount");
	if (money_join(column_int(query, RUN_NANOS), column_int(query, RUN_ATTOS), &told) == 0)
		money_text(told, stored);
	money_text(total, derived);
	if (strcmp(stored, derived) == 0)
		/* Of a run of which something was told already nothing is new. */
		return checked->summary->findings > findings
		               ? 0
		               : check_digest(verify, checked->ledger, seq, where, fault);
	return report(verify, where, "total", stored, derived);
}

static int check_orphan(struct verify *verify, const struct query *query, void *context,
                        struct fault *fault)
{
	char where[WHERE_BYTES];

	(void)context;
	(void)fault;
	put_where(query, where);
	return report(verify, where, "run", "gone", "a run that is there");
}

/* CLOSING_ALL */
static int check_closing(struct verify *verify, const struct query *query, void *context,
                         struct fault *fault)
{
	struct checked *checked = context;
	int64_t seq = column_int(query, 0), until = column_int(query, 1);
	char where[WHERE_BYTES], stored[MOMENT_TEXT_BYTES], before[MOMENT_TEXT_BYTES];
	int r;

	(void)fault;
	snprintf(where, sizeof(where), "closing %lld", (long long)seq);
	r = check_sequence(verify, where, seq, &checked->next_seq);
	if (r == 0 && until <= checked->until_ms) {
		char later[MOMENT_TEXT_BYTES + 16];

		moment_text(until, stored);
		moment_text(checked->until_ms, before);
		snprintf(later, sizeof(later), "later than %s", before);
		r = report(verify, where, "until", stored, later);
	}
	checked->until_ms = until;
	return r;
}

int verify_adjustments(struct verify *verify, struct ledger *ledger, struct verify_summary *summary,
                       struct fault *fault)
{
	struct checked checked = { ledger, summary, 1, 0 };
	int r = verify_each(verify, STATEMENT_RUN_ALL, check_run, &checked, fault);

	if (r == 0)
		r = verify_each(verify, STATEMENT_ADJUSTMENT_ORPHANS, check_orphan, NULL, fault);
	checked.next_seq = 1;
	if (r == 0)
		r = verify_each(verify, STATEMENT_CLOSING_ALL, check_closing, &checked, fault);
	return r;
}
