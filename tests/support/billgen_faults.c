/* What is injected: how an event has to be for it, and what it does to its row. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "tests/support/billgen.h"
#include "tests/support/billgen_internal.h"

enum {
	MS_EDGE = 1500,
	SEARCH_FEE_MICROS = 10000,
	FEE_PERCENT = 5,
	OFF_PERCENT = 10,
	PERCENT = 100
};
#define ATTOS_PER_MICRO INT64_C(1000000000000)

/* Prices of the book, otherwise formed: the counts are the same on both sides. */
static const struct {
	enum billgen_model model; /* which has what is priced; GEN_PLAIN: or GEN_THINK */
	struct billgen_how how;
} priced[GEN_FAULT_COUNT] = {
	[GEN_PRICE_VERSION] = { GEN_PLAIN, { .old_version = true } },
	[GEN_TIER_TOLD] = { GEN_TIERS, { .other_tier = true, .tier = GEN_PRIORITY } },
	[GEN_TIER_SILENT] = { GEN_TIERS, { .other_tier = true, .tier = GEN_FLEX } },
	[GEN_CACHE_PRICED] = { GEN_CACHES, { .cache_as_input = true } },
	[GEN_REASONING_SILENT] = { GEN_PLAIN, { .reasoning = GEN_TWICE } },
	[GEN_REASONING_NONE] = { GEN_THINK, { .reasoning = GEN_NOT_AT_ALL } },
	[GEN_CONTEXT_TEST] = { GEN_LONG, { .context = GEN_OTHER_TEST } },
	[GEN_CONTEXT_IGNORED] = { GEN_LONG, { .context = GEN_NO_RULE } },
	[GEN_CONTEXT_MARGINAL] = { GEN_LONGER, { .context = GEN_MARGINAL } },
	[GEN_IMAGE_RULE] = { GEN_PAINT, { .other_image = true } },
	[GEN_COUNTS_SEARCHES] = { GEN_SEARCH, { .no_policy = false } },
	[GEN_COUNTS_IMAGES] = { GEN_PAINT, { .no_policy = false } },
	[GEN_FEE_UNBILLED] = { GEN_SEARCH, { .no_fee = true } },
	[GEN_CANCELLED_FULL] = { GEN_PLAIN, { .no_policy = true } },
	[GEN_ZERO_BILLED] = { GEN_PLAIN, { .no_policy = true } },
};

/* Tokens only, with a cache and reasoning: each of them is something. */
static void all_tokens(struct billgen_dice *dice, struct billgen_event *event,
                       enum billgen_model model)
{
	memset(event->count, 0, sizeof(event->count));
	event->model = (uint8_t)model;
	event->tier = GEN_STANDARD;
	event->end = GEN_STOP;
	event->count[COMPONENT_INPUT] = (int32_t)(3000 + billgen_roll(dice, 9000));
	event->count[COMPONENT_CACHE_READ] = (int32_t)(2000 + billgen_roll(dice, 9000));
	event->count[COMPONENT_OUTPUT] = (int32_t)(500 + billgen_roll(dice, 5000));
	event->count[COMPONENT_REASONING] = (int32_t)(500 + billgen_roll(dice, 5000));
	event->count[COMPONENT_REQUESTS] = 1;
}

/* No policy lessens what it costs. */
static void no_policy(struct billgen_event *event)
{
	if (event->account == 0)
		event->account = 1;
}

static void prepare_ended(enum billgen_fault fault, struct billgen_event *event)
{
	bool ours_less = fault == GEN_CANCELLED_FULL || fault == GEN_ZERO_BILLED;

	event->end = fault == GEN_ZERO_FREE || fault == GEN_ZERO_BILLED ? GEN_BLANK : GEN_CANCELLED;
	event->served = event->count[COMPONENT_REASONING] / 2;
	if (event->end == GEN_BLANK)
		event->count[COMPONENT_OUTPUT] = event->count[COMPONENT_REASONING] = 0;
	if (ours_less)
		event->account = 0;
	else
		no_policy(event);
}

static void prepare_context(const struct billgen *gen, enum billgen_fault fault,
                            struct billgen_event *event)
{
	/* No cache: what of a prompt lies beyond the threshold is then not in doubt. */
	event->count[COMPONENT_CACHE_READ] = 0;
	event->count[COMPONENT_INPUT] = fault == GEN_CONTEXT_TEST
	                                        ? (int32_t)gen->book.threshold
	                                        : event->count[COMPONENT_INPUT] +
	                                                  (int32_t)gen->book.threshold;
}

void billgen_prepare(const struct billgen *gen, enum billgen_fault fault, struct billgen_dice *dice,
                     struct billgen_event *event)
{
	enum billgen_model model = priced[fault].model;

	if (model == GEN_PLAIN)
		model = (enum billgen_model)billgen_roll(dice, GEN_LONG);
	all_tokens(dice, event, model);
	no_policy(event);
	switch (fault) {
	case GEN_MOVED_IN:
		event->time_ms = BILLGEN_FROM_MS - 1 - billgen_roll(dice, MS_EDGE / 2);
		event->there_ms = BILLGEN_FROM_MS + billgen_roll(dice, MS_EDGE / 2);
		break;
	case GEN_MOVED_OUT:
		event->time_ms = BILLGEN_TO_MS - 1 - billgen_roll(dice, MS_EDGE / 2);
		event->there_ms = BILLGEN_TO_MS + billgen_roll(dice, MS_EDGE / 2);
		break;
	case GEN_PRICE_VERSION:
		event->time_ms = gen->book.second_ms + billgen_roll(dice, MS_PER_DAY);
		event->there_ms = event->time_ms;
		break;
	case GEN_CONTEXT_TEST:
	case GEN_CONTEXT_IGNORED:
	case GEN_CONTEXT_MARGINAL:
		prepare_context(gen, fault, event);
		break;
	case GEN_COUNTS_IMAGES:
	case GEN_IMAGE_RULE:
		event->count[COMPONENT_REASONING] = 0;
		event->count[COMPONENT_IMAGES_OUT] = (int32_t)(1 + billgen_roll(dice, 3));
		break;
	case GEN_COUNTS_SEARCHES:
		event->count[COMPONENT_SEARCHES] = (int32_t)(1 + billgen_roll(dice, 3));
		break;
	case GEN_CANCELLED_FREE:
	case GEN_CANCELLED_FULL:
	case GEN_ZERO_FREE:
	case GEN_ZERO_BILLED:
		prepare_ended(fault, event);
		break;
	case GEN_EVENT_DROPPED:
		event->no_line = true;
		break;
	case GEN_ROW_DROPPED:
		event->no_row = true;
		break;
	default:
		break;
	}
}

/* The row's own counts, and what the book asks for them. */
static void recount(const struct billgen *gen, const struct billgen_event *event,
                    struct statement_row *row, const int32_t count[COMPONENT_COUNT])
{
	struct billgen_event theirs = *event;

	memcpy(theirs.count, count, sizeof(theirs.count));
	for (int i = 0; i < BILLGEN_COMPONENTS; i++)
		row->count[billgen_components[i]] = count[billgen_components[i]];
	row->money[STATEMENT_MONEY_AMOUNT] = billgen_price(gen, &theirs,
	                                                   &(struct billgen_how){ 0 });
}

/* Other counts; false: the fault is none of these. */
static bool miscount(const struct billgen *gen, const struct billgen_event *event,
                     struct billgen_dice *dice, struct statement_row *row)
{
	int32_t count[COMPONENT_COUNT];
	int32_t more = (int32_t)(1 + billgen_roll(dice, 400));

	memcpy(count, event->count, sizeof(count));
	switch (event->fault) {
	case GEN_COUNTS_INPUT:
		count[COMPONENT_INPUT] += billgen_roll(dice, 2) == 0 ? more : -more;
		break;
	case GEN_COUNTS_OUTPUT:
		count[COMPONENT_OUTPUT] += billgen_roll(dice, 2) == 0 ? more : -more;
		break;
	case GEN_COUNTS_CACHE:
		count[COMPONENT_CACHE_READ] += billgen_roll(dice, 2) == 0 ? more : -more;
		break;
	case GEN_COUNTS_SEARCHES:
		count[COMPONENT_SEARCHES] += 1 + more % 2;
		break;
	case GEN_COUNTS_IMAGES:
		count[COMPONENT_IMAGES_OUT] += 1 + more % 2;
		break;
	case GEN_CACHE_MOVED:
		count[COMPONENT_INPUT] += count[COMPONENT_CACHE_READ];
		count[COMPONENT_CACHE_READ] = 0;
		break;
	case GEN_REASONING_TWICE:
		count[COMPONENT_OUTPUT] += count[COMPONENT_REASONING];
		break;
	case GEN_REASONING_LOST:
		count[COMPONENT_REASONING] = 0;
		break;
	default:
		return false;
	}
	recount(gen, event, row, count);
	return true;
}

/* The counts at our rates, and beside them another rate: two causes. */
static void miscount_and_misprice(const struct billgen *gen, const struct billgen_event *event,
                                  struct statement_row *row, struct billgen_expected *expected)
{
	struct billgen_event theirs = *event;
	const struct billgen_how dearer = { .per_mille[COMPONENT_OUTPUT] = 1200 };
	struct money counted;

	theirs.count[COMPONENT_INPUT] += 77;
	recount(gen, event, row, theirs.count);
	counted = row->money[STATEMENT_MONEY_AMOUNT];
	row->money[STATEMENT_MONEY_AMOUNT] = billgen_price(gen, &theirs, &dearer);
	expected->other_cause = CAUSE_PRICE;
	expected->other.attos = row->money[STATEMENT_MONEY_AMOUNT].attos - counted.attos;
}

/* Another rate or factor; false: the fault is none of these. */
static bool misprice(const struct billgen *gen, const struct billgen_event *event,
                     struct billgen_dice *dice, struct statement_row *row)
{
	/* The last two are no plain ones: once it is rounded they could be others. */
	static const unsigned factors[] = { 500, 900, 1100, 1300, 2000, 927, 1083 };
	static const unsigned rates[] = { 500, 800, 1200, 2000, 10000 };
	static const enum component components[] = { COMPONENT_INPUT, COMPONENT_OUTPUT,
		                                     COMPONENT_CACHE_READ };
	struct billgen_how how = priced[event->fault].how;

	if (event->fault == GEN_PRICE_ALL)
		how.all_per_mille = factors[billgen_roll(
			dice, gen->options.decimals < MONEY_DECIMALS_MAX ? 5 : 7)];
	else if (event->fault == GEN_PRICE_ONE && gen->options.decimals < MONEY_DECIMALS_MAX)
		/* What moves next to nothing could be any rate, once it is rounded. */
		how.per_mille[COMPONENT_OUTPUT] = rates[3 * billgen_roll(dice, 2)];
	else if (event->fault == GEN_PRICE_ONE)
		how.per_mille[components[billgen_roll(dice, 3)]] = rates[billgen_roll(dice, 5)];
	else if (memcmp(&how, &(struct billgen_how){ 0 }, sizeof(how)) == 0)
		return false;
	if (event->fault == GEN_TIER_TOLD)
		row->service_tier = text_of(billgen_tiers[how.tier]);
	row->money[STATEMENT_MONEY_AMOUNT] = billgen_price(gen, event, &how);
	return true;
}

static void set_money(struct statement_row *row, enum statement_money which, wide attos)
{
	row->has_money |= 1U << which;
	row->money[which] = (struct money){ attos };
}

/* A millionth of a dollar, or as many times that as fees are. */
static wide fee_micro(const struct billgen *gen)
{
	return (gen->options.dear_fees > 0 ? gen->options.dear_fees : 1) * (wide)ATTOS_PER_MICRO;
}

/* What the row says of itself, or a sum that nothing says. */
static void misstate(const struct billgen *gen, const struct billgen_event *event,
                     struct billgen_dice *dice, struct statement_row *row)
{
	wide ours = row->money[STATEMENT_MONEY_AMOUNT].attos;
	wide micro = fee_micro(gen), fee = SEARCH_FEE_MICROS * micro;

	switch (event->fault) {
	case GEN_CANCELLED_FREE:
	case GEN_ZERO_FREE:
		set_money(row, STATEMENT_MONEY_AMOUNT, 0);
		break;
	case GEN_FEE_STATED:
		set_money(row, STATEMENT_MONEY_FEE, fee);
		set_money(row, STATEMENT_MONEY_AMOUNT, ours + fee);
		break;
	case GEN_BYOK_FREE:
	case GEN_BYOK_FEE:
		row->flags |= STATEMENT_BYOK;
		set_money(row, STATEMENT_MONEY_UPSTREAM, ours);
		set_money(row, STATEMENT_MONEY_AMOUNT,
		          event->fault == GEN_BYOK_FEE ? ours / PERCENT * FEE_PERCENT : 0);
		break;
	case GEN_DISCOUNT_STATED:
		set_money(row, STATEMENT_MONEY_LIST, ours);
		set_money(row, STATEMENT_MONEY_DISCOUNT, ours / PERCENT * OFF_PERCENT);
		set_money(row, STATEMENT_MONEY_AMOUNT, ours - ours / PERCENT * OFF_PERCENT);
		break;
	case GEN_OTHER_CURRENCY:
		snprintf(row->currency, sizeof(row->currency), "EUR");
		break;
	case GEN_UNEXPLAINED_SUM:
		/* So many digits that no rate or factor of few of them comes near it. */
		if (gen->options.decimals == MONEY_DECIMALS_MAX)
			ours += (wide)(billgen_roll(dice, INT64_C(90000)) + 10007) *
			                ATTOS_PER_MICRO +
			        1 + 2 * billgen_roll(dice, ATTOS_PER_MICRO / 2);
		else
			ours += (wide)(billgen_roll(dice, INT64_C(90000000)) + 10000007) *
			        ATTOS_PER_MICRO;
		set_money(row, STATEMENT_MONEY_AMOUNT, ours);
		break;
	default:
		break;
	}
}

struct money billgen_adjustment(const struct billgen *gen, int64_t index)
{
	struct billgen_dice dice = billgen_dice(gen->options.seed, (uint64_t)index, 5);
	int64_t micros = 1 + billgen_roll(&dice, 50000);

	/* No two of a month are the same: it is known again by its amount. */
	return (struct money){ (index % 2 == 0 ? micros : -micros) * (wide)ATTOS_PER_MICRO +
		               index };
}

struct money billgen_rounded(struct money amount, unsigned decimals)
{
	wide unit = 1;

	for (unsigned d = decimals; d < MONEY_DECIMALS_MAX; d++)
		unit *= 10;
	return (struct money){ (amount.attos + (amount.attos < 0 ? -unit : unit) / 2) / unit *
		               unit };
}

static void make_row(const struct billgen *gen, const struct billgen_event *event, int64_t index,
                     struct billgen_rows *rows)
{
	struct statement_row *row = &rows->row[0];
	char id[BILLGEN_NAME_BYTES], key[BILLGEN_NAME_BYTES];

	statement_row_init(row);
	billgen_id(gen, index, id);
	billgen_key(event, key);
	snprintf(rows->room, sizeof(rows->room), "%s%s", id, key);
	row->from_ms = event->there_ms;
	row->to_ms = event->there_ms + 1;
	row->request = true;
	row->requests = 1;
	row->id = (struct text){ rows->room, strlen(id) };
	row->key = text_of(rows->room + strlen(id));
	row->account = text_of(billgen_account(event->account));
	row->model = text_of(billgen_model_name(event->model));
	if (event->model == GEN_TIERS)
		row->service_tier = text_of(billgen_tiers[event->tier]);
	row->flags = event->end == GEN_CANCELLED ? STATEMENT_CANCELLED
	             : event->end == GEN_BLANK   ? STATEMENT_BLANK
	                                         : 0;
	for (int i = 0; i < BILLGEN_COMPONENTS; i++) {
		enum component c = billgen_components[i];

		row->told |= 1U << c;
		row->count[c] = event->count[c];
	}
	set_money(row, STATEMENT_MONEY_AMOUNT,
	          billgen_price(gen, event, &(struct billgen_how){ 0 }).attos);
	snprintf(row->currency, sizeof(row->currency), "USD");
}

static bool in_month(int64_t time_ms)
{
	return time_ms >= BILLGEN_FROM_MS && time_ms < BILLGEN_TO_MS;
}

/* A row of its own, of no request, behind that of the event. */
static void add_row(const struct billgen *gen, const struct billgen_event *event,
                    struct billgen_dice *dice, struct billgen_rows *rows)
{
	static const enum statement_charge charges[GEN_FAULT_COUNT] = {
		[GEN_FEE_ROW] = STATEMENT_FEE,
		[GEN_TAX_ROW] = STATEMENT_TAX,
		[GEN_CREDIT_ROW] = STATEMENT_CREDIT,
	};
	struct statement_row *row = &rows->row[1];
	wide attos = (1 + billgen_roll(dice, 90000)) * fee_micro(gen);

	if (event->fault == GEN_ROW_TWICE)
		rows->row[rows->count++] = rows->row[0];
	if (charges[event->fault] == 0)
		return;
	*row = rows->row[0];
	row->charge = charges[event->fault];
	row->id = text_of(NULL);
	row->told = 0;
	memset(row->count, 0, sizeof(row->count));
	set_money(row, STATEMENT_MONEY_AMOUNT, event->fault == GEN_CREDIT_ROW ? -attos : attos);
	rows->count++;
}

static void find_ours(const struct billgen_event *event, struct billgen_rows *rows)
{
	wide amount = rows->row[0].money[STATEMENT_MONEY_AMOUNT].attos;

	rows->ours = (struct money){ 0 };
	if (!event->no_line && in_month(event->time_ms) && event->fault != GEN_EVENT_VOIDED)
		rows->ours.attos = event->fault == GEN_EVENT_TWICE ? 2 * amount : amount;
}

/* Whoever rounds, rounds whatever there is. */
static void round_row(struct statement_row *row, unsigned decimals)
{
	for (int m = 0; m < STATEMENT_MONEY_COUNT; m++) {
		if (statement_has(row, (enum statement_money)m))
			row->money[m] = billgen_rounded(row->money[m], decimals);
	}
}

/* Returns what they came to before they were rounded. */
static wide find_theirs(const struct billgen *gen, const struct billgen_event *event,
                        struct billgen_rows *rows)
{
	wide exact = 0;

	rows->theirs = (struct money){ 0 };
	for (size_t i = 0; i < rows->count; i++) {
		struct statement_row *row = &rows->row[i];

		rows->exact[i] = row->money[STATEMENT_MONEY_AMOUNT];
		round_row(row, gen->options.decimals);
		if (!in_month(event->there_ms) || strcmp(row->currency, "USD") != 0)
			continue;
		exact += rows->exact[i].attos;
		rows->theirs.attos += row->money[STATEMENT_MONEY_AMOUNT].attos;
	}
	return exact;
}

int64_t billgen_adjusted(struct money amount)
{
	int64_t rest = (int64_t)(amount.attos % ATTOS_PER_MICRO);

	return rest < 0 ? rest + ATTOS_PER_MICRO : rest;
}

void billgen_rows(const struct billgen *gen, int64_t index, struct billgen_rows *rows)
{
	struct billgen_event event = gen->events[index];
	struct billgen_dice dice = billgen_dice(gen->options.seed, (uint64_t)index, 4);
	struct billgen_expected *expected = &rows->expected;
	struct statement_row *row = &rows->row[0];

	if ((gen->options.without >> event.fault & 1) != 0)
		event.fault = GEN_NO_FAULT;
	rows->count = event.no_row ? 0 : 1;
	make_row(gen, &event, index, rows);
	find_ours(&event, rows);
	*expected = (struct billgen_expected){
		.fault = (enum billgen_fault)event.fault,
		.cause = billgen_fault_cause((enum billgen_fault)event.fault),
		.event = index,
		.other_cause = CAUSE_COUNT,
	};
	rows->has_expected = expected->cause != CAUSE_COUNT;
	if (event.fault == GEN_COUNTS_AND_PRICE)
		miscount_and_misprice(gen, &event, row, expected);
	else if (!miscount(gen, &event, &dice, row) && !misprice(gen, &event, &dice, row))
		misstate(gen, &event, &dice, row);
	add_row(gen, &event, &dice, rows);
	expected->exact.attos = find_theirs(gen, &event, rows) - rows->ours.attos;
	expected->amount.attos = rows->theirs.attos - rows->ours.attos;
	if (event.fault == GEN_ADJUSTMENT) {
		expected->exact.attos -= billgen_adjustment(gen, index).attos;
		expected->amount.attos -= billgen_adjustment(gen, index).attos;
	}
	if (event.fault == GEN_BYOK_FEE) {
		/* What is billed beside what the key paid is a fee by itself. */
		expected->other_cause = CAUSE_FEE;
		expected->other = rows->theirs;
	}
}
