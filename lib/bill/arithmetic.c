#include "bill/arithmetic.h"

#include "bill/classify_internal.h"
#include "rate/policy.h"

static const char *const money_names[STATEMENT_MONEY_COUNT] = {
#define M(NAME, name, text) [STATEMENT_MONEY_##NAME] = name,
#include "statement/money.def"
#undef M
};

/* That a request is one goes without saying. */
static bool is_plain_request(int c, int64_t count)
{
	return c == COMPONENT_REQUESTS && count == 1;
}

static void add_count(struct buf *out, const char **comma, int64_t count, const char *what)
{
	char text[BILL_NUMBER_BYTES];

	buf_addf(out, "%s%s %s", *comma, what, bill_count_text(count, text));
	*comma = ", ";
}

/* ---- ours ---- */

/* A line is its count times something: what one unit is charged divides without a rest. */
static void add_line(struct buf *out, const char *before, const struct charge *line)
{
	char count[BILL_NUMBER_BYTES], rate[BILL_NUMBER_BYTES], amount[BILL_NUMBER_BYTES];

	buf_addf(out, "%s%s %s x %s = %s", before, bill_count_text(line->count, count),
	         component_info[line->component].key,
	         bill_rate_text(line->component, line->amount.attos / line->count, rate),
	         bill_money_text(line->amount, amount));
}

/* What was charged by the prices; false: they do not give the amount, or there are none. */
static bool add_lines(struct bill_case *of, struct buf *out)
{
	char text[BILL_NUMBER_BYTES];
	struct charges rated;
	const char *before = "";

	bill_rating_find(of);
	if (!bill_rate(&of->rating, &of->usage[0], &rated) ||
	    money_compare(rated.total, of->ours->amount) != 0)
		return false;
	for (size_t i = 0; i < rated.count; i++) {
		if (rated.lines[i].count <= 0 || rated.lines[i].rate == NULL)
			continue;
		add_line(out, before, &rated.lines[i]);
		before = " + ";
	}
	if (rated.raised.attos != 0) {
		buf_addf(out, "%sraised to the least charge by %s", before,
		         bill_money_text(rated.raised, text));
		before = " + ";
	}
	if (before[0] == '\0')
		buf_add_cstr(out, "nothing is due");
	return true;
}

static void add_usage(struct buf *out, const struct usage *usage)
{
	const char *comma = "";

	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (usage->count[c] != 0 && !is_plain_request(c, usage->count[c]))
			add_count(out, &comma, usage->count[c], component_info[c].key);
	}
	if (comma[0] == '\0')
		buf_add_cstr(out, "nothing was used");
}

void bill_arithmetic_ours(const struct bill_terms *terms, const struct bill_pair *pair,
                          struct buf *out)
{
	struct bill_case of = { .terms = terms, .pair = pair, .ours = pair->ours };
	const struct bill_ours *ours = pair->ours;
	char text[BILL_NUMBER_BYTES];

	if (ours == NULL)
		return;
	of.usage[0] = ours->usage;
	if (ours->suspense) {
		add_usage(out, &ours->usage);
		buf_addf(out, ": no price, in suspense, %s", bill_money_text(ours->amount, text));
		return;
	}
	if (pair->known == CAUSE_ADJUSTED) {
		buf_addf(out, "booked: %s", bill_money_text(ours->amount, text));
		return;
	}
	if (add_lines(&of, out))
		return;
	add_usage(out, &ours->usage);
	buf_addf(out, ": %s", bill_money_text(ours->amount, text));
	if (ours->policy != 0) {
		buf_add_cstr(out, " by the policy ");
		policy_list(ours->policy, out);
	}
}

/* ---- theirs ---- */

void bill_arithmetic_theirs(const struct bill_pair *pair, struct buf *out)
{
	const struct statement_row *theirs = pair->theirs;
	char text[BILL_NUMBER_BYTES];
	const char *comma = "";

	if (theirs == NULL)
		return;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (statement_tells(theirs, (enum component)c) && theirs->count[c] != 0 &&
		    !is_plain_request(c, theirs->count[c]))
			add_count(out, &comma, theirs->count[c], component_info[c].key);
	}
	if (theirs->prompt_total != STATEMENT_UNTOLD)
		add_count(out, &comma, theirs->prompt_total, "the whole prompt");
	if (theirs->answer_total != STATEMENT_UNTOLD)
		add_count(out, &comma, theirs->answer_total, "the whole answer");
	if (comma[0] == '\0')
		buf_add_cstr(out, "no counts are told");
	for (int m = 0; m < STATEMENT_MONEY_COUNT; m++) {
		if (m != STATEMENT_MONEY_AMOUNT && statement_has(theirs, (enum statement_money)m))
			buf_addf(out, "; %s %s", money_names[m],
			         bill_money_text(theirs->money[m], text));
	}
	if (statement_has(theirs, STATEMENT_MONEY_AMOUNT))
		buf_addf(out, ": %s%s%s", bill_money_text(statement_amount(theirs), text),
		         theirs->currency[0] != '\0' ? " " : "", theirs->currency);
	else
		buf_add_cstr(out, ": no amount");
}
