#include "bill/agree.h"

#include <stdio.h>

int64_t bill_row_away(const struct statement_row *row, int64_t ms)
{
	if (!statement_timed(row))
		return 0;
	if (ms < row->from_ms)
		return row->from_ms - ms;
	return ms < row->to_ms ? 0 : ms - row->to_ms + 1;
}

struct bill_apart bill_apart_of(const struct bill_ours *ours, const struct statement_row *row)
{
	struct bill_apart apart = { .away_ms = bill_row_away(row, ours->time_ms) };

	if (statement_has(row, STATEMENT_MONEY_AMOUNT)) {
		struct money more;

		if (money_sub(statement_amount(row), ours->amount, &more) < 0)
			more = ours->amount;
		apart.amount.attos = more.attos < 0 ? -more.attos : more.attos;
		apart.differences += more.attos != 0;
	}
	for (int c = 0; c < COMPONENT_COUNT; c++)
		apart.differences += statement_tells(row, (enum component)c) &&
		                     row->count[c] != ours->usage.count[c];
	apart.differences += row->prompt_total != STATEMENT_UNTOLD &&
	                     row->prompt_total != usage_prompt_total(&ours->usage);
	apart.differences += row->answer_total != STATEMENT_UNTOLD &&
	                     row->answer_total != usage_answer_total(&ours->usage);
	return apart;
}

bool bill_apart_less(const struct bill_apart *a, const struct bill_apart *b)
{
	if (a->differences != b->differences)
		return a->differences < b->differences;
	if (a->away_ms != b->away_ms)
		return a->away_ms < b->away_ms;
	return a->amount.attos < b->amount.attos;
}

/* Both tell something that the other one does not: these are two things, and not one twice. */
static bool is_beside(const struct statement_row *a, const struct statement_row *b)
{
	return (a->told & ~b->told) != 0 && (b->told & ~a->told) != 0;
}

static bool other_total(int64_t a, int64_t b)
{
	return a != STATEMENT_UNTOLD && b != STATEMENT_UNTOLD && a != b;
}

unsigned bill_row_other(const struct statement_row *a, const struct statement_row *b,
                        int64_t slack_ms)
{
	bool counts = is_beside(a, b) || other_total(a->prompt_total, b->prompt_total) ||
	              other_total(a->answer_total, b->answer_total);
	unsigned other = 0;

	for (uint32_t both = a->told & b->told; both != 0; both &= both - 1) {
		int c = __builtin_ctz(both);

		counts = counts || a->count[c] != b->count[c];
	}
	if (counts)
		other |= BILL_OTHER_COUNTS;
	if (statement_timed(a) && statement_timed(b) &&
	    (a->from_ms - b->from_ms > slack_ms || b->from_ms - a->from_ms > slack_ms))
		other |= BILL_OTHER_TIME;
	if (statement_has(a, STATEMENT_MONEY_AMOUNT) && statement_has(b, STATEMENT_MONEY_AMOUNT) &&
	    money_compare(statement_amount(a), statement_amount(b)) != 0)
		other |= BILL_OTHER_AMOUNT;
	return other;
}

void bill_other_why(unsigned other, int64_t record, char why[BILL_WHY_BYTES])
{
	static const struct {
		unsigned bit;
		const char *words;
	} all[] = {
		{ BILL_OTHER_TIME, "another time" },
		{ BILL_OTHER_COUNTS, "other counts" },
		{ BILL_OTHER_AMOUNT, "another amount" },
	};
	int len = snprintf(why, BILL_WHY_BYTES, "a second row of this id: ");

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		unsigned later = other >> (i + 1) << (i + 1);

		if ((other & all[i].bit) != 0)
			len += snprintf(why + len, BILL_WHY_BYTES - (size_t)len, "%s%s",
			                all[i].words,
			                later == 0                   ? ""
			                : (later & (later - 1)) == 0 ? " and "
			                                             : ", ");
	}
	if (record == 0)
		snprintf(why + len, BILL_WHY_BYTES - (size_t)len, " than those that count");
	else
		snprintf(why + len, BILL_WHY_BYTES - (size_t)len, " than record %lld",
		         (long long)record);
}
