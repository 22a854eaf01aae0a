#include "bill/groups.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "ledger/store.h"

enum { CHUNK = 256, SLOTS_MIN = 1024 };

struct bill_group *bill_group_at(const struct bill_groups *groups, size_t index)
{
	return &groups->chunks[index / CHUNK][index % CHUNK];
}

static bool same_text(struct text a, struct text b)
{
	return (a.at == NULL) == (b.at == NULL) && text_equal(a, b);
}

static uint64_t key_hash(int64_t span_ms, const struct text name[BILL_NAMES])
{
	uint64_t hash = hash64(&span_ms, sizeof(span_ms), 0);

	for (int n = 0; n < BILL_NAMES; n++)
		hash = hash64(name[n].at, name[n].len, hash + (name[n].at != NULL));
	return hash;
}

static size_t find_slot(const struct bill_groups *groups, int64_t span_ms,
                        const struct text name[BILL_NAMES])
{
	size_t slot = key_hash(span_ms, name) & (groups->slot_count - 1);

	for (; groups->slots[slot] != 0; slot = (slot + 1) & (groups->slot_count - 1)) {
		const struct bill_group *group = bill_group_at(groups, groups->slots[slot] - 1);
		bool same = group->span_ms == span_ms;

		for (int n = 0; same && n < BILL_NAMES; n++)
			same = same_text(group->name[n], name[n]);
		if (same)
			break;
	}
	return slot;
}

static int no_memory(struct fault *fault)
{
	return fault_set(fault, FAULT_NOMEM, "sums of the reconciliation: out of memory");
}

static int grow_slots(struct bill_groups *groups)
{
	size_t count = groups->slot_count > 0 ? 2 * groups->slot_count : SLOTS_MIN;
	uint32_t *slots = calloc(count, sizeof(*slots));

	if (slots == NULL)
		return -FAULT_NOMEM;
	free(groups->slots);
	groups->slots = slots;
	groups->slot_count = count;
	for (size_t i = 0; i < groups->count; i++) {
		const struct bill_group *group = bill_group_at(groups, i);

		slots[find_slot(groups, group->span_ms, group->name)] = (uint32_t)i + 1;
	}
	return 0;
}

static int grow_chunks(struct bill_groups *groups)
{
	struct bill_group **chunks = realloc(groups->chunks, (groups->chunk_count + 1) *
	                                                             sizeof(struct bill_group *));

	if (chunks == NULL)
		return -FAULT_NOMEM;
	groups->chunks = chunks;
	chunks[groups->chunk_count] = calloc(CHUNK, sizeof(struct bill_group));
	if (chunks[groups->chunk_count] == NULL)
		return -FAULT_NOMEM;
	groups->chunk_count++;
	return 0;
}

static int add_group(struct bill_groups *groups, int64_t span_ms,
                     const struct text name[BILL_NAMES], struct fault *fault)
{
	struct bill_group *group;

	if (groups->count == BILL_GROUPS_MAX)
		return fault_set(fault, FAULT_RANGE,
		                 "more than %d sums of a span, an account, a key and a model: "
		                 "compare by a coarser grain (--match month or whole), or a part "
		                 "(--account, --model)",
		                 BILL_GROUPS_MAX);
	if (groups->count == groups->chunk_count * CHUNK && grow_chunks(groups) < 0)
		return no_memory(fault);
	group = bill_group_at(groups, groups->count);
	*group = (struct bill_group){ .span_ms = span_ms };
	for (int n = 0; n < BILL_NAMES; n++) {
		if (name[n].at == NULL)
			continue;
		group->name[n] = arena_copy(&groups->arena, name[n]);
		if (group->name[n].at == NULL)
			return no_memory(fault);
	}
	groups->count++;
	return 0;
}

int bill_group_find(struct bill_groups *groups, int64_t span_ms, const struct text name[BILL_NAMES],
                    struct bill_group **group_out, struct fault *fault)
{
	size_t slot;
	int r;

	if (2 * (groups->count + 1) > groups->slot_count && grow_slots(groups) < 0)
		return no_memory(fault);
	slot = find_slot(groups, span_ms, name);
	if (groups->slots[slot] == 0) {
		r = add_group(groups, span_ms, name, fault);
		if (r < 0)
			return r;
		groups->slots[slot] = (uint32_t)groups->count;
	}
	*group_out = bill_group_at(groups, groups->slots[slot] - 1);
	return 0;
}

struct bill_group *bill_group_look(const struct bill_groups *groups, int64_t span_ms,
                                   const struct text name[BILL_NAMES])
{
	size_t slot;

	if (groups->slot_count == 0)
		return NULL;
	slot = find_slot(groups, span_ms, name);
	return groups->slots[slot] == 0 ? NULL : bill_group_at(groups, groups->slots[slot] - 1);
}

void bill_groups_release(struct bill_groups *groups)
{
	for (size_t i = 0; i < groups->chunk_count; i++)
		free(groups->chunks[i]);
	free(groups->chunks);
	free(groups->slots);
	arena_release(&groups->arena);
	*groups = (struct bill_groups){ .chunks = NULL };
}

/* ---- what is added ---- */

static int start_row(struct bill_groups *groups, struct bill_group *group,
                     const struct statement_row *row)
{
	struct statement_row *to = &group->theirs;

	*to = *row;
	bill_row_start(to);
	to->request = false;
	/* Of all of them these are told, and no more. */
	to->id = to->upstream_id = to->request_id = to->description = text_of(NULL);
	to->account = group->name[BILL_ACCOUNT];
	to->key = group->name[BILL_KEY];
	to->model = group->name[BILL_MODEL];
	to->provider = text_of(NULL);
	if (to->service_tier.at == NULL)
		return 0;
	to->service_tier = arena_copy(&groups->arena, row->service_tier);
	return to->service_tier.at == NULL ? -FAULT_NOMEM : 0;
}

/* Of their amounts there is no sum. */
static int add_foreign(struct bill_groups *groups, struct bill_group *group,
                       const struct statement_row *row, struct fault *fault)
{
	struct statement_row counts = *row;

	counts.has_money = 0;
	if (group->foreign++ > 0)
		return bill_row_add(group->foreign_sum, &counts, false, fault);
	group->foreign_record = row->record;
	group->foreign_amount = statement_amount(row);
	memcpy(group->foreign_currency, row->currency, sizeof(row->currency));
	group->foreign_sum = arena_take(&groups->arena, sizeof(*group->foreign_sum));
	if (group->foreign_sum == NULL)
		return no_memory(fault);
	*group->foreign_sum = counts;
	bill_row_start(group->foreign_sum);
	return 0;
}

int bill_group_add_row(struct bill_groups *groups, struct bill_group *group,
                       const struct statement_row *row, bool current, struct fault *fault)
{
	struct statement_row *to = &group->theirs;

	if (!current)
		return add_foreign(groups, group, row, fault);
	if (group->rows++ == 0)
		return start_row(groups, group, row) < 0 ? no_memory(fault) : 0;
	if (!same_text(to->service_tier, row->service_tier))
		to->service_tier = text_of(NULL);
	return bill_row_add(to, row, false, fault);
}

int bill_group_add_ours(struct bill_groups *groups, struct bill_group *group,
                        const struct bill_addend *more, struct fault *fault)
{
	bool lost = false, first = !group->has_ours;

	for (int c = 0; more->count != NULL && c < COMPONENT_COUNT; c++)
		lost |= __builtin_add_overflow(group->count[c], more->count[c], &group->count[c]);
	if (lost || money_total_add(group->amount, more->amount, &group->amount) < 0 ||
	    (more->adjusts && money_total_add(group->adjusted, more->amount, &group->adjusted) < 0))
		return fault_set(fault, FAULT_RANGE, "a sum of our side is no count or no amount");
	group->has_ours = true;
	group->requests += more->requests;
	group->events += more->events;
	group->suspense += more->suspense;
	if (!more->rated)
		return 0;
	if (group->price_id == LEDGER_PRICE_NONE)
		group->price_id = more->price_id;
	else if (more->price_id != LEDGER_PRICE_NONE && group->price_id != more->price_id)
		group->price_id = BILL_PRICE_MIXED;
	if (first && more->tier.at != NULL) {
		group->tier = arena_copy(&groups->arena, more->tier);
		if (group->tier.at == NULL)
			return no_memory(fault);
	} else if (!first && !group->tiers && !same_text(group->tier, more->tier)) {
		group->tier = text_of(NULL);
		group->tiers = true;
	}
	return 0;
}

/* ---- other currencies ---- */

/* `from` less what ours has of that role; false: it is no count. */
static bool take_role(const struct bill_group *group, enum component_role role, int64_t from,
                      int64_t *out)
{
	*out = from;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (component_info[c].role == role &&
		    __builtin_sub_overflow(*out, group->count[c], out))
			return false;
	}
	return true;
}

static bool explains(int64_t theirs, int64_t foreign, int64_t ours, bool *any)
{
	int64_t sum;

	if (theirs == STATEMENT_UNTOLD || foreign == STATEMENT_UNTOLD)
		return theirs == foreign;
	*any = *any || foreign != 0;
	return !__builtin_add_overflow(theirs, foreign, &sum) && sum == ours;
}

/* The whole of a role, as told by both; ours of it is in its components. */
static bool explains_role(const struct bill_group *group, enum component_role role, int64_t theirs,
                          int64_t foreign, bool *any)
{
	int64_t left = 0;

	return take_role(group, role, 0, &left) && left != INT64_MIN &&
	       explains(theirs, foreign, -left, any);
}

bool bill_group_foreign_explains(const struct bill_group *group)
{
	const struct statement_row *theirs = &group->theirs, *foreign = group->foreign_sum;
	bool any = false;

	if (group->rows == 0 || foreign == NULL || theirs->told != foreign->told)
		return false;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (statement_tells(theirs, (enum component)c) &&
		    !explains(theirs->count[c], foreign->count[c], group->count[c], &any))
			return false;
	}
	return explains_role(group, ROLE_PROMPT, theirs->prompt_total, foreign->prompt_total,
	                     &any) &&
	       explains_role(group, ROLE_ANSWER, theirs->answer_total, foreign->answer_total,
	                     &any) &&
	       any;
}

static bool tells_counts(const struct statement_row *row)
{
	return row->told != 0 || row->prompt_total != STATEMENT_UNTOLD ||
	       row->answer_total != STATEMENT_UNTOLD;
}

bool bill_group_foreign_rest(const struct bill_group *group)
{
	return group->rows > 0 && group->foreign > 0 && !tells_counts(&group->theirs) &&
	       money_compare(statement_amount(&group->theirs), group->amount) < 0;
}

/* ---- neighbours ---- */

static bool cancels(int64_t a, int64_t b, bool *any)
{
	int64_t sum;

	*any = *any || a != 0;
	return !__builtin_add_overflow(a, b, &sum) && sum == 0;
}

/* What theirs count more; false: that is no count. */
static bool count_off(const struct bill_group *group, int c, int64_t *out)
{
	int64_t theirs = group->rows > 0 ? group->theirs.count[c] : 0;

	return !__builtin_sub_overflow(theirs, group->count[c], out);
}

static bool cancels_total(const struct bill_group *a, const struct bill_group *b,
                          enum component_role role, bool *any)
{
	const struct bill_group *both[] = { a, b };
	int64_t off[2] = { 0, 0 };

	for (int i = 0; i < 2; i++) {
		const struct statement_row *theirs = &both[i]->theirs;
		int64_t total = role == ROLE_PROMPT ? theirs->prompt_total : theirs->answer_total;

		if (both[i]->rows > 0 && total == STATEMENT_UNTOLD)
			return true;
		if (!take_role(both[i], role, both[i]->rows > 0 ? total : 0, &off[i]))
			return false;
	}
	return cancels(off[0], off[1], any);
}

bool bill_groups_cancel(const struct bill_group *a, const struct bill_group *b, wide unit)
{
	uint32_t told = (a->rows > 0 ? a->theirs.told : 0) | (b->rows > 0 ? b->theirs.told : 0);
	wide off_a = 0, off_b = 0, rows = a->rows > b->rows ? a->rows : b->rows;
	bool any = false;

	if (a->rows + b->rows == 0)
		return false;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		int64_t more_a, more_b;

		if ((told >> c & 1) != 0 &&
		    (!count_off(a, c, &more_a) || !count_off(b, c, &more_b) ||
		     !cancels(more_a, more_b, &any)))
			return false;
	}
	if (!cancels_total(a, b, ROLE_PROMPT, &any) || !cancels_total(a, b, ROLE_ANSWER, &any))
		return false;
	/* A side without a row has charged nothing; rows without an amount say nothing of it. */
	if ((a->rows > 0 && !statement_has(&a->theirs, STATEMENT_MONEY_AMOUNT)) ||
	    (b->rows > 0 && !statement_has(&b->theirs, STATEMENT_MONEY_AMOUNT)))
		return any;
	off_a = (a->rows > 0 ? statement_amount(&a->theirs).attos : 0) - a->amount.attos;
	off_b = (b->rows > 0 ? statement_amount(&b->theirs).attos : 0) - b->amount.attos;
	if (off_a == 0 || off_a != -off_b)
		return false;
	return any || off_a / unit >= rows || off_a / unit <= -rows;
}
