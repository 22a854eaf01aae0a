/* A statement of a generated month is reconciled, and the result is collected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/moment.h"
#include "tests/support/billkit_internal.h"

static int collect(void *context, const struct bill_difference *difference, struct fault *fault)
{
	struct billkit_list *list = context;
	const struct billkit *kit = list->kit;
	struct billkit_found *found;
	int64_t index;

	(void)fault;
	found = billkit_found_add(list);
	found->cause = difference->cause;
	found->amount = difference->amount.attos;
	text_copy(found->why, sizeof(found->why), difference->why);
	index = billgen_index(difference->id);
	if (index < 0)
		index = billgen_index(difference->their_id);
	if (index < 0 && difference->record > 0 && difference->record <= kit->rows)
		index = kit->event_of[difference->record - 1];
	found->event = index;
	found->group = billkit_group_of(difference->ours_ms != EVENT_ABSENT ? difference->ours_ms
	                                                                    : difference->theirs_ms,
	                                difference->account, difference->key, difference->model);
	return 0;
}

static int add_to_spool(void *context, const struct statement_row *row, struct fault *fault)
{
	return statement_spool_add(context, row, NULL, fault);
}

static void check_totals(const struct billkit *kit, const struct bill_result *result)
{
	wide sum = 0, ours = kit->ours.attos + kit->adjusted.attos;

	for (int c = 0; c < CAUSE_COUNT; c++)
		sum += result->causes[c].amount.attos;
	if (result->ours.amount.attos != ours || result->theirs.amount.attos != kit->theirs.attos)
		billkit_fail(kit, "totals: ours %s is told as %s, theirs %s as %s",
		             billkit_amount(ours), billkit_amount(result->ours.amount.attos),
		             billkit_amount(kit->theirs.attos),
		             billkit_amount(result->theirs.amount.attos));
	if (sum != kit->theirs.attos - ours)
		billkit_fail(kit, "the causes come to %s, and the difference is %s",
		             billkit_amount(sum), billkit_amount(kit->theirs.attos - ours));
}

/* What is found does not depend on whether somebody is told each difference. */
static void check_untold(const struct billkit *kit, struct statement_spool *spool,
                         const struct statement_summary *summary,
                         const struct bill_options *options, const struct bill_result *told)
{
	struct bill_result untold = { .differences = 0 };
	struct fault fault = { .code = FAULT_NONE };

	if (bill_reconcile(kit->ledger.ledger, spool, summary, 1, options, NULL, NULL, &untold,
	                   &fault) < 0)
		billkit_fail(kit, "%s", fault.text);
	for (int c = 0; c < CAUSE_COUNT; c++) {
		if (untold.causes[c].differences != told->causes[c].differences ||
		    untold.causes[c].amount.attos != told->causes[c].amount.attos)
			billkit_fail(kit, "%s is %s where each is told, and else %s",
			             bill_cause_name((enum bill_cause)c),
			             billkit_amount(told->causes[c].amount.attos),
			             billkit_amount(untold.causes[c].amount.attos));
	}
	bill_result_release(&untold);
}

int64_t billkit_check(struct billkit *kit, const char *path, enum billgen_format format,
                      enum billkit_statement what)
{
	static const enum bill_match matches[] = { MATCH_ID, MATCH_FACTS, MATCH_DAY };
	struct statement_summary summary = { .records = 0 };
	struct statement_spool *spool = NULL;
	const struct bill_options options = { .match = matches[what],
		                              .from_ms = BILLGEN_FROM_MS,
		                              .to_ms = BILLGEN_TO_MS,
		                              .margin_ms = BILL_MARGIN_HOURS * MS_PER_HOUR,
		                              .time_slack_ms = BILL_TIME_SLACK_MS };
	struct billkit_list list = { .kit = kit, .what = what };
	struct bill_result result = { .differences = 0 };
	struct fault fault = { .code = FAULT_NONE };

	if (statement_spool_open(&spool, kit->ledger.folder, &fault) < 0)
		billkit_fail(kit, "%s", fault.text);
	billkit_read(kit, path, format, add_to_spool, spool, &summary);
	if (statement_spool_end(spool, &fault) < 0 ||
	    bill_reconcile(kit->ledger.ledger, spool, &summary, 1, &options, collect, &list,
	                   &result, &fault) < 0)
		billkit_fail(kit, "%s: %s", path, fault.text);
	assert_int_equal(result.match, matches[what]);
	assert_int_equal(result.differences, list.count);
	check_totals(kit, &result);
	billkit_check_list(&list);
	if (what == BILLKIT_DAYS && billkit_slack(kit) > 0)
		check_untold(kit, spool, &summary, &options, &result);
	bill_result_release(&result);
	statement_summary_release(&summary);
	statement_spool_close(spool);
	free(list.found);
	return list.count;
}
