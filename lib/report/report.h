/*
 * Reports: sums of a range, grouped.  Whole hours come from the rollups, the edges
 * of a range that is not on the hour from the events: the result is exact for any
 * range.  Counts are added in checked 64 bits, amounts in 128.
 *
 * An amount is that of the events and of the adjustments that are booked in the range
 * (ledger/adjust.h): one counts in it by the first millisecond of its booked hour.  So do the
 * corrections (ledger/correct.h), in all columns: in a range that is not on the hour a count can
 * fall below zero, where the correction is in it and its event is not.
 */
#ifndef TOLL_REPORT_REPORT_H
#define TOLL_REPORT_REPORT_H

#include "base/fault.h"
#include "base/table.h"
#include "base/text.h"
#include "ledger/read.h"
#include "money/money.h"

enum report_by {
#define G(NAME, key, title) REPORT_BY_##NAME,
#include "report/group.def"
#undef G
	REPORT_BY_COUNT
};

enum report_by report_by_find(struct text key); /* REPORT_BY_COUNT when there is none */
const char *report_by_key(enum report_by by);

struct report_query {
	enum report_by by;
	int64_t from_ms, to_ms; /* [from, to); LEDGER_FROM_MIN, LEDGER_TO_MAX: all */
	struct text account, model, source, key, provider; /* absent: any */
};

enum { REPORT_CURRENCY_BYTES = 8 };

/* What stands beside a report: never silent about what is not in its amount. */
struct report_notes {
	char currency[REPORT_CURRENCY_BYTES];  /* of the ledger's books; "" when it has none */
	int64_t events, errors, suspense;      /* of the rows, so behind the filters */
	int64_t partial, estimated, uncounted; /* of the events: not wholly what was reported */
	int64_t adjustments;                   /* rows of them in the amounts */
	int64_t corrections;                   /* rows of them in all columns */
	/*
	 * The ledger has, or had, a cost book: cost and margin are columns.  Of the events without
	 * a cost: those that it had no rate for, and those that came when there was none.
	 */
	bool costs;
	int64_t cost_unrated, cost_without_book;
	struct ledger_gaps gaps; /* of the range, whatever the filters */
};

/*
 * One row a group, in the order of the group's text (absent first); columns: the group,
 * events (requests: their turns only add counts and amounts), errors, suspense, partial,
 * estimated and uncounted (by provenance; hidden from the terminal, where a note tells them),
 * every component by its key, amount; and a total row.  Only where there is an adjustment in the
 * range: adjusted, what of the amount is adjusted; only where there is a correction: corrected,
 * what of the amount is of corrections.  Only where the ledger has or had a cost book:
 * cost, margin (amount - cost), margin_percent (of the amount, to its hundredth, half away from
 * zero; absent where the amount is not above 0) and uncosted, the events without a cost (hidden
 * from the terminal, where a note tells them): of these the cost and so the margin know nothing.
 * Where no event of a row has a cost its cost and margin are absent, and its margin where no event
 * of it has a price.
 * The component `requests` (what a per-request fee is due for) is hidden from the
 * terminal where it is events - errors everywhere.  -FAULT_RANGE where a sum does not
 * fit; -FAULT_INVALID where the range is empty.  Released by table_release().
 */
int report_run(struct ledger *ledger, const struct report_query *query, struct table *table_out,
               struct report_notes *notes_out, struct fault *fault);

/* 100 * part / whole to its hundredth, half away from zero, as hundredths; -FAULT_RANGE. */
int report_basis_points(wide part, wide whole, int64_t *out);
/* "37.25", "-0.05" */
enum { REPORT_PERCENT_BYTES = 32 };
void report_percent(int64_t points, char out[REPORT_PERCENT_BYTES]);

#endif
