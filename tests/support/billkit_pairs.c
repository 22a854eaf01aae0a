/* Each event and its row as a pair, without a matcher: what the classification alone says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bill/classify.h"
#include "ledger/read.h"
#include "tests/support/billkit_internal.h"

struct pairs {
	struct billkit_list list;
	struct bill_terms terms;
	struct ledger *reader; /* a reading runs in the other one */
};

/* What a matcher has to find is none of a pair. */
bool billkit_is_matchers(enum billgen_fault fault)
{
	switch (fault) {
	case GEN_ROW_DROPPED:
	case GEN_EVENT_VOIDED:
	case GEN_EVENT_CORRECTED:
	case GEN_FEE_ROW:
	case GEN_TAX_ROW:
	case GEN_CREDIT_ROW:
	case GEN_EVENT_DROPPED:
	case GEN_ROW_TWICE:
	case GEN_EVENT_TWICE:
	case GEN_MOVED_IN:
	case GEN_MOVED_OUT:
	case GEN_ADJUSTMENT:
		return true;
	default:
		return false;
	}
}

static void fill_ours(const struct pairs *pairs, const struct stored_event *row,
                      struct bill_ours *ours)
{
	const struct event *event = &row->event;
	struct fault fault = { .code = FAULT_NONE };

	*ours = (struct bill_ours){
		.requests = 1,
		.time_ms = event->time_ms,
		.source = event->source,
		.id = event->id,
		.account = event->account,
		.key = event->key,
		.model = event->model,
		.service_tier = event->service_tier,
		.finish_reason = event->finish_reason,
		.status = event->status,
		.settlement = event->settlement,
		.usage = event->usage,
		.amount = row->amount,
		.policy = row->policy,
	};
	if (row->price_id > 0 &&
	    ledger_price_version(pairs->reader, row->price_id, &ours->version, NULL, &fault) < 0)
		billkit_fail(pairs->list.kit, "price: %s", fault.text);
}

static void add_parts(struct pairs *pairs, int64_t index, const struct bill_parts *parts)
{
	struct billkit_list *list = &pairs->list;

	for (size_t i = 0; i < parts->count; i++) {
		struct billkit_found *found = billkit_found_add(list);

		found->event = index;
		found->cause = parts->parts[i].cause;
		found->amount = parts->parts[i].amount.attos;
		text_copy(found->why, sizeof(found->why), text_of(parts->parts[i].why));
	}
}

static int classify(void *context, const struct stored_event *row)
{
	struct pairs *pairs = context;
	int64_t index = billgen_index(row->event.id);
	struct billgen_rows rows;
	struct bill_ours ours;
	struct bill_parts parts;
	struct fault fault = { .code = FAULT_NONE };
	const struct bill_pair pair = { .ours = &ours,
		                        .theirs = &rows.row[0],
		                        .known = CAUSE_COUNT,
		                        .ours_counts = true,
		                        .theirs_counts = true };

	billgen_rows(&pairs->list.kit->gen, index, &rows);
	if (rows.count != 1 || billkit_is_matchers((enum billgen_fault)rows.expected.fault))
		return 0;
	fill_ours(pairs, row, &ours);
	if (bill_classify(&pairs->terms, &pair, &parts, &fault) < 0)
		billkit_fail(pairs->list.kit, "classify: %s", fault.text);
	add_parts(pairs, index, &parts);
	return 0;
}

void billkit_check_pairs(struct billkit *kit)
{
	struct pairs pairs = { .list = { .kit = kit, .what = BILLKIT_IDS, .pairs = true },
		               .terms = { .currency = "USD",
		                          .book = kit->ledger.book.book,
		                          .decimals = kit->gen.options.decimals } };
	struct fault fault = { .code = FAULT_NONE };

	if (ledger_open_reader(&pairs.reader, kit->ledger.path, &fault) < 0 ||
	    ledger_each_event(kit->ledger.ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, classify, &pairs,
	                      &fault) < 0)
		billkit_fail(kit, "pairs: %s", fault.text);
	billkit_check_requests(&pairs.list);
	ledger_close(pairs.reader);
	free(pairs.list.found);
}
