#include "bill/rows.h"

#include <string.h>

#include "base/hash.h"

enum { SECOND_SEED = 7 };

bool bill_row_plain(const struct statement_row *row)
{
	return row->charge == STATEMENT_USAGE && row->of == COMPONENT_COUNT;
}

bool bill_row_named(const struct statement_row *row)
{
	return row->id.at != NULL || row->upstream_id.at != NULL || row->request_id.at != NULL;
}

bool bill_row_may_repeat(const struct statement_row *row)
{
	return !row->request || bill_row_named(row);
}

/* Only what is told: what is not has no value, and whether it is told is in it. */
uint64_t bill_row_hash(const struct statement_row *row, uint64_t seed)
{
	const uint64_t fixed[] = {
		(uint64_t)row->from_ms,
		(uint64_t)row->to_ms,
		(uint64_t)row->requests,
		(uint64_t)row->prompt_total,
		(uint64_t)row->answer_total,
		(uint64_t)row->told << 32 | row->has_money,
		(uint64_t)row->flags << 32 | (uint64_t)row->charge << 16 | (uint64_t)row->of << 8 |
			row->request,
	};
	uint64_t words[sizeof(fixed) / sizeof(fixed[0]) + 2 + COMPONENT_COUNT +
	               2 * STATEMENT_MONEY_COUNT];
	size_t n = sizeof(fixed) / sizeof(fixed[0]);
	uint64_t texts = 0, currency = 0, hash;

	memcpy(words, fixed, sizeof(fixed));
	for (int i = 0; i < STATEMENT_TEXT_COUNT; i++)
		texts |= (uint64_t)(row->texts[i].at != NULL) << i;
	memcpy(&currency, row->currency, sizeof(row->currency));
	words[n++] = texts;
	words[n++] = currency;
	for (uint32_t left = row->told; left != 0; left &= left - 1)
		words[n++] = (uint64_t)row->count[__builtin_ctz(left)];
	for (uint32_t left = row->has_money; left != 0; left &= left - 1) {
		wide attos = row->money[__builtin_ctz(left)].attos;

		words[n++] = (uint64_t)attos;
		words[n++] = (uint64_t)(attos >> 64);
	}
	hash = hash64(words, n * sizeof(words[0]), seed);
	for (int i = 0; i < STATEMENT_TEXT_COUNT; i++) {
		if (row->texts[i].at != NULL)
			hash = hash64(row->texts[i].at, row->texts[i].len, hash);
	}
	return hash;
}

int bill_row_copy(struct statement_row *out, const struct statement_row *row, struct arena *arena)
{
	*out = *row;
	for (int i = 0; i < STATEMENT_TEXT_COUNT; i++) {
		if (row->texts[i].at == NULL)
			continue;
		out->texts[i] = arena_copy(arena, row->texts[i]);
		if (out->texts[i].at == NULL)
			return -FAULT_NOMEM;
	}
	return 0;
}

static void put_money(struct statement_row *row, enum statement_money which, struct money amount)
{
	row->has_money |= 1U << which;
	row->money[which] = amount;
}

void bill_row_start(struct statement_row *row)
{
	struct money amount = statement_amount(row), none = { 0 };
	bool priced = statement_has(row, STATEMENT_MONEY_AMOUNT);
	enum component_role role;

	switch (row->charge) {
	case STATEMENT_FEE:
	case STATEMENT_PURCHASE:
	case STATEMENT_TAX:
		if (priced)
			put_money(row, STATEMENT_MONEY_FEE, amount);
		break;
	case STATEMENT_CREDIT:
		if (priced)
			put_money(row, STATEMENT_MONEY_DISCOUNT, (struct money){ -amount.attos });
		break;
	default:
		break;
	}
	if (row->of == COMPONENT_COUNT)
		return;
	role = component_info[row->of].role;
	if (priced && row->charge == STATEMENT_USAGE) {
		put_money(row, STATEMENT_MONEY_INPUT, role == ROLE_PROMPT ? amount : none);
		put_money(row, STATEMENT_MONEY_OUTPUT, role == ROLE_ANSWER ? amount : none);
	}
	row->of = COMPONENT_COUNT;
}

/* Amounts that a sum has where any of its rows has them. */
static bool of_any(enum statement_money which)
{
	return which == STATEMENT_MONEY_AMOUNT || which == STATEMENT_MONEY_FEE ||
	       which == STATEMENT_MONEY_DISCOUNT;
}

/* Of a sum of which own keys paid some: nothing of the others' upstream amounts is of those. */
static void part_byok(struct statement_row *to, struct statement_row *row)
{
	struct statement_row *const both[] = { to, row };
	const unsigned own = STATEMENT_BYOK | STATEMENT_BYOK_PART;

	if (((to->flags | row->flags) & own) == 0 ||
	    (to->flags & row->flags & own) == STATEMENT_BYOK)
		return;
	for (size_t i = 0; i < 2; i++) {
		if ((both[i]->flags & own) == 0)
			put_money(both[i], STATEMENT_MONEY_UPSTREAM, (struct money){ 0 });
		both[i]->flags |= STATEMENT_BYOK_PART;
	}
}

static int add_amounts(struct statement_row *to, const struct statement_row *row, bool usage)
{
	for (int m = 0; m < STATEMENT_MONEY_COUNT; m++) {
		enum statement_money which = (enum statement_money)m;

		if (!of_any(which) && !usage)
			continue;
		if (!of_any(which) && (!statement_has(to, which) || !statement_has(row, which))) {
			to->has_money &= ~(1U << m);
			to->money[m] = (struct money){ 0 };
			continue;
		}
		if (!statement_has(row, which))
			continue;
		to->has_money |= 1U << m;
		if (money_total_add(to->money[m], row->money[m], &to->money[m]) < 0)
			return -FAULT_RANGE;
	}
	return 0;
}

static int add_told(int64_t *to, int64_t more)
{
	if (*to == STATEMENT_UNTOLD || more == STATEMENT_UNTOLD)
		*to = STATEMENT_UNTOLD;
	else if (__builtin_add_overflow(*to, more, to))
		return -FAULT_RANGE;
	return 0;
}

/* A whole, the component that is what its other parts leave of it, and its role. */
static const struct whole {
	enum component_role role;
	enum component rest;
} prompt = { ROLE_PROMPT, COMPONENT_INPUT }, answer = { ROLE_ANSWER, COMPONENT_OUTPUT };

/* All of it, told as such or by its parts; STATEMENT_UNTOLD. */
static int64_t whole_of(const struct statement_row *row, const struct whole *whole)
{
	int64_t sum = whole->role == ROLE_PROMPT ? row->prompt_total : row->answer_total;

	if (sum != STATEMENT_UNTOLD || !statement_tells(row, whole->rest))
		return sum;
	sum = 0;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (component_info[c].role == whole->role &&
		    __builtin_add_overflow(sum, row->count[c], &sum))
			return STATEMENT_UNTOLD;
	}
	return sum;
}

/*
 * Where one of two rows leaves the rest of its whole open, the sum of their parts is not one: the
 * parts that both tell stand, beside the whole.
 */
static int add_whole(struct statement_row *to, const struct statement_row *row,
                     const struct whole *whole, uint32_t *told)
{
	int64_t *total = whole->role == ROLE_PROMPT ? &to->prompt_total : &to->answer_total;
	int64_t more = whole->role == ROLE_PROMPT ? row->prompt_total : row->answer_total;
	int64_t of_both = whole_of(to, whole);

	if (statement_tells(to, whole->rest) && statement_tells(row, whole->rest) &&
	    *total == STATEMENT_UNTOLD && more == STATEMENT_UNTOLD)
		return 0;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		uint32_t bit = UINT32_C(1) << c;

		if (component_info[c].role != whole->role ||
		    ((to->told & row->told & bit) != 0 && c != (int)whole->rest))
			continue;
		to->told &= ~bit;
		to->count[c] = 0;
		*told &= ~bit;
	}
	*total = of_both;
	return add_told(total, whole_of(row, whole));
}

/* A line of one component: it says nothing of the other one's whole. */
static int add_line_whole(int64_t *to, int64_t more)
{
	if (more == STATEMENT_UNTOLD)
		return 0;
	if (*to == STATEMENT_UNTOLD)
		*to = 0;
	return add_told(to, more);
}

static int add_counts(struct statement_row *to, const struct statement_row *row, bool one_request,
                      bool plain, bool usage)
{
	uint32_t told = row->told;
	int r = 0;

	if (plain)
		r = add_whole(to, row, &prompt, &told);
	if (r == 0 && plain)
		r = add_whole(to, row, &answer, &told);
	if (r == 0 && usage && !plain)
		r = add_line_whole(&to->prompt_total, row->prompt_total);
	if (r == 0 && usage && !plain)
		r = add_line_whole(&to->answer_total, row->answer_total);
	for (int c = 0; c < COMPONENT_COUNT && r == 0; c++) {
		if ((told >> c & 1) == 0)
			continue;
		to->told |= UINT32_C(1) << c;
		if (__builtin_add_overflow(to->count[c], row->count[c], &to->count[c]))
			r = -FAULT_RANGE;
	}
	if (r == 0 && usage && !one_request)
		r = add_told(&to->requests, plain ? row->requests : STATEMENT_UNTOLD);
	return r;
}

int bill_row_add(struct statement_row *to, const struct statement_row *row, bool one_request,
                 struct fault *fault)
{
	const unsigned of_all = STATEMENT_CANCELLED | STATEMENT_BYOK | STATEMENT_BLANK;
	bool usage = row->charge == STATEMENT_USAGE, plain = bill_row_plain(row);
	bool first_usage = usage && to->charge != STATEMENT_USAGE;
	struct statement_row more = *row;

	bill_row_start(&more);
	/* The first that charges for usage says what the ones before it could not. */
	if (first_usage) {
		to->charge = STATEMENT_USAGE;
		to->flags = more.flags | (to->flags & ~of_all);
		to->requests = more.requests;
		to->prompt_total = more.prompt_total;
		to->answer_total = more.answer_total;
		to->has_money |= more.has_money;
		for (int m = 0; m < STATEMENT_MONEY_COUNT; m++) {
			if (!of_any((enum statement_money)m))
				to->money[m] = more.money[m];
		}
		more.flags = to->flags;
	}
	if (usage && !first_usage)
		part_byok(to, &more);
	if (add_amounts(to, &more, usage && !first_usage) < 0 ||
	    add_counts(to, &more, one_request, plain && !first_usage, usage && !first_usage) < 0)
		return fault_set(fault, FAULT_RANGE,
		                 "record %lld of the statement: a sum with it is no count or no "
		                 "amount",
		                 (long long)row->record);
	if (usage)
		to->flags &= more.flags | ~of_all;
	to->flags |= more.flags & ~of_all;
	if (row->decimals > to->decimals)
		to->decimals = row->decimals;
	if (statement_timed(row) && (!statement_timed(to) || row->from_ms < to->from_ms))
		to->from_ms = row->from_ms;
	if (statement_timed(row) && row->to_ms > to->to_ms)
		to->to_ms = row->to_ms;
	return 0;
}

static bool tells_counts(const struct statement_row *row)
{
	return row->told != 0 || row->prompt_total != STATEMENT_UNTOLD ||
	       row->answer_total != STATEMENT_UNTOLD;
}

static bool tells_amount(const struct statement_row *row)
{
	return statement_has(row, STATEMENT_MONEY_AMOUNT);
}

bool bill_row_join(struct statement_row *to, const struct statement_row *row)
{
	if (tells_counts(to) == tells_counts(row) || tells_amount(to) == tells_amount(row) ||
	    tells_counts(to) == tells_amount(to))
		return false;
	to->flags |= row->flags;
	if (tells_counts(row)) {
		to->told = row->told;
		memcpy(to->count, row->count, sizeof(to->count));
		to->prompt_total = row->prompt_total;
		to->answer_total = row->answer_total;
		return true;
	}
	to->has_money |= row->has_money;
	for (int m = 0; m < STATEMENT_MONEY_COUNT; m++) {
		if (statement_has(row, (enum statement_money)m))
			to->money[m] = row->money[m];
	}
	to->decimals = row->decimals;
	memcpy(to->currency, row->currency, sizeof(to->currency));
	return true;
}

/* ---- rows that are there twice ---- */

struct finding {
	struct bill_repeats *repeats;
	bool (*wanted)(const struct statement_row *row);
	struct fault *fault;
};

int bill_repeats_add(struct bill_repeats *repeats, const struct statement_row *row, int64_t place,
                     struct fault *fault)
{
	return bill_index_add(&repeats->index, bill_row_hash(row, 0), place, fault);
}

int bill_repeats_end(struct bill_repeats *repeats, struct statement_spool *spool,
                     struct fault *fault)
{
	repeats->spool = spool;
	return bill_index_sort_repeated(&repeats->index, fault);
}

static int index_row(void *context, const struct statement_row *row, int64_t place)
{
	const struct finding *finding = context;

	if (!finding->wanted(row))
		return 0;
	return bill_repeats_add(finding->repeats, row, place, finding->fault);
}

int bill_repeats_find(struct bill_repeats *repeats, struct statement_spool *spool,
                      bool (*wanted)(const struct statement_row *row), struct fault *fault)
{
	struct finding finding = { repeats, wanted, fault };
	int r = statement_spool_each(spool, index_row, &finding, fault);

	return r < 0 ? r : bill_repeats_end(repeats, spool, fault);
}

int bill_repeats_of(const struct bill_repeats *repeats, const struct statement_row *row,
                    int64_t place, int64_t *record_out, struct fault *fault)
{
	const struct bill_entry *run;
	struct statement_row first;
	size_t count;
	int r;

	if (repeats->index.count == 0)
		return 0;
	run = bill_index_find(&repeats->index, bill_row_hash(row, 0), &count);
	if (run == NULL || (uint64_t)place <= run->place)
		return 0;
	r = statement_spool_get(repeats->spool, (int64_t)run->place, &first, fault);
	if (r < 0)
		return r;
	*record_out = first.record;
	return bill_row_hash(&first, SECOND_SEED) == bill_row_hash(row, SECOND_SEED);
}

void bill_repeats_release(struct bill_repeats *repeats)
{
	bill_index_release(&repeats->index);
	repeats->spool = NULL;
}
