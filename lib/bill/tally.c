#include "bill/tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bill/arithmetic.h"

enum { TEXTS = 10 }; /* of a difference, and a NULL behind them */

struct bill_kept {
	struct bill_difference difference; /* its texts are in `room` */
	struct buf room;
};

static int no_amount(const struct bill_tally *tally)
{
	return fault_set(tally->fault, FAULT_RANGE, "a sum of differences is no amount");
}

static struct money absolute(struct money amount)
{
	return (struct money){ amount.attos < 0 ? -amount.attos : amount.attos };
}

static void list_texts(struct bill_difference *difference, struct text *texts[TEXTS])
{
	struct text *const all[TEXTS] = {
		&difference->source,  &difference->id,        &difference->their_id,
		&difference->account, &difference->key,       &difference->model,
		&difference->why,     &difference->ours_made, &difference->theirs_made,
	};

	memcpy(texts, all, sizeof(all));
}

/* ---- the largest ---- */

/* a is to go before b is. */
static bool lesser(const struct bill_difference *a, const struct bill_difference *b)
{
	int compared = money_compare(absolute(a->amount), absolute(b->amount));

	return compared != 0 ? compared < 0 : a->ordinal > b->ordinal;
}

static void swap(struct bill_kept *a, struct bill_kept *b)
{
	struct bill_kept other = *a;

	*a = *b;
	*b = other;
}

static void sift_down(struct bill_kept *kept, size_t count, size_t at)
{
	for (;;) {
		size_t least = at;

		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++) {
			if (lesser(&kept[child].difference, &kept[least].difference))
				least = child;
		}
		if (least == at)
			return;
		swap(&kept[at], &kept[least]);
		at = least;
	}
}

static void sift_up(struct bill_kept *kept, size_t at)
{
	while (at > 0 && lesser(&kept[at].difference, &kept[(at - 1) / 2].difference)) {
		swap(&kept[at], &kept[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
}

bool bill_tally_keeps(const struct bill_tally *tally, struct money amount)
{
	return tally->kept_count < BILL_WORST_MAX ||
	       money_compare(absolute(amount), absolute(tally->kept[0].difference.amount)) > 0;
}

static int copy(struct bill_kept *kept, const struct bill_difference *difference)
{
	struct text *texts[TEXTS] = { NULL };
	size_t len = 1;

	kept->difference = *difference;
	list_texts(&kept->difference, texts);
	for (size_t i = 0; texts[i] != NULL; i++)
		len += texts[i]->len;
	buf_clear(&kept->room);
	if (buf_room(&kept->room, len) == NULL)
		return -FAULT_NOMEM;
	kept->room.len = 0;
	for (size_t i = 0; texts[i] != NULL; i++) {
		const char *at = kept->room.at + kept->room.len;

		if (texts[i]->at == NULL)
			continue;
		buf_add(&kept->room, texts[i]->at, texts[i]->len);
		texts[i]->at = at;
	}
	return 0;
}

static int keep(struct bill_tally *tally, const struct bill_difference *difference)
{
	struct bill_kept *kept;
	bool more = tally->kept_count < BILL_WORST_MAX;

	if (tally->kept == NULL)
		tally->kept = calloc(BILL_WORST_MAX, sizeof(*tally->kept));
	kept = tally->kept == NULL ? NULL : &tally->kept[more ? tally->kept_count : 0];
	if (kept == NULL || copy(kept, difference) < 0)
		return fault_set(tally->fault, FAULT_NOMEM, "differences: out of memory");
	if (more)
		sift_up(tally->kept, tally->kept_count++);
	else
		sift_down(tally->kept, tally->kept_count, 0);
	return 0;
}

/* ---- a pair ---- */

static struct text first_told(struct text a, struct text b)
{
	return a.at != NULL ? a : b;
}

static void describe(struct bill_difference *difference, const struct bill_pair *pair)
{
	const struct bill_ours *ours = pair->ours;
	const struct statement_row *theirs = pair->theirs;

	difference->of_record = pair->of_record;
	difference->ours_ms = difference->theirs_ms = EVENT_ABSENT;
	if (ours != NULL) {
		difference->ours_ms = ours->time_ms;
		difference->source = ours->source;
		difference->id = ours->id;
		difference->account = ours->account;
		difference->key = ours->key;
		difference->model = ours->model;
	}
	if (theirs == NULL)
		return;
	difference->record = theirs->record;
	difference->theirs_ms = statement_timed(theirs) ? theirs->from_ms : EVENT_ABSENT;
	difference->their_id = first_told(theirs->id,
	                                  first_told(theirs->upstream_id, theirs->request_id));
	difference->account = first_told(difference->account, theirs->account);
	difference->key = first_told(difference->key, theirs->key);
	difference->model = first_told(difference->model, theirs->model);
}

static int add_cause(struct bill_tally *tally, const struct bill_difference *difference)
{
	struct bill_cause_sum *sum = &tally->result->causes[difference->cause];
	struct money size = absolute(difference->amount);
	struct money *left = &tally->left[difference->cause];

	sum->differences++;
	if (money_total_add(sum->amount, difference->amount, &sum->amount) < 0 ||
	    money_total_add(sum->absolute, size, &sum->absolute) < 0 ||
	    money_total_add(tally->parts, difference->amount, &tally->parts) < 0)
		return no_amount(tally);
	if (difference->tolerated) {
		sum->within++;
		return money_total_add(sum->within_amount, difference->amount,
		                       &sum->within_amount) < 0
		               ? no_amount(tally)
		               : 0;
	}
	tally->left_count[difference->cause]++;
	return money_total_add(*left, size, left) < 0 ? no_amount(tally) : 0;
}

/* The arithmetic of a pair is worked out once, for the first of its parts that is kept. */
static int keep_made(struct bill_tally *tally, const struct bill_pair *pair,
                     const struct bill_difference *difference)
{
	struct bill_difference made = *difference;

	if (tally->ours_made.len == 0 && tally->theirs_made.len == 0) {
		bill_arithmetic_ours(tally->terms, pair, &tally->ours_made);
		bill_arithmetic_theirs(pair, &tally->theirs_made);
	}
	if (tally->ours_made.error != 0 || tally->theirs_made.error != 0)
		return fault_set(tally->fault, FAULT_NOMEM, "differences: out of memory");
	if (pair->ours != NULL)
		made.ours_made = buf_text(&tally->ours_made);
	if (pair->theirs != NULL)
		made.theirs_made = buf_text(&tally->theirs_made);
	return keep(tally, &made);
}

static int tell(struct bill_tally *tally, const struct bill_pair *pair,
                const struct bill_difference *difference)
{
	int r = add_cause(tally, difference);

	if (r == 0 &&
	    (tally->kept_count < BILL_WORST_MAX || lesser(&tally->kept[0].difference, difference)))
		r = keep_made(tally, pair, difference);
	if (r == 0 && tally->each != NULL)
		r = tally->each(tally->context, difference, tally->fault);
	return r;
}

static int tell_parts(struct bill_tally *tally, const struct bill_pair *pair)
{
	const struct bill_parts *parts = &tally->room;
	const struct bill_tolerances *tolerances = tally->tolerances;
	struct bill_difference difference = { .ours = parts->ours, .theirs = parts->theirs };
	int r = 0;

	describe(&difference, pair);
	buf_clear(&tally->ours_made);
	buf_clear(&tally->theirs_made);
	for (size_t i = 0; r == 0 && i < parts->count; i++) {
		const struct bill_part *part = &parts->parts[i];

		difference.ordinal = ++tally->result->differences;
		difference.cause = part->cause;
		difference.effect = part->effect;
		difference.component = part->component;
		difference.amount = part->amount;
		difference.ours_count = part->ours_count;
		difference.theirs_count = part->theirs_count;
		difference.whole = i == 0;
		difference.why = text_of(part->why);
		difference.tolerated = tolerances->has_row &&
		                       money_compare(absolute(part->amount), tolerances->row) <= 0;
		r = tell(tally, pair, &difference);
	}
	return r;
}

/* What other rows of theirs have, in their own currency, is not missing. */
static void name_currency(struct bill_tally *tally, const struct bill_pair *pair)
{
	for (size_t i = 0; pair->foreign != NULL && i < tally->room.count; i++) {
		struct bill_part *part = &tally->room.parts[i];

		if (part->cause != CAUSE_COUNTS)
			continue;
		part->cause = CAUSE_CURRENCY;
		part->effect = EFFECT_NONE;
		snprintf(part->why, sizeof(part->why),
		         "what theirs are short of here is in %s, the ledger in %s", pair->foreign,
		         tally->terms->currency);
	}
}

/* What is no amount is found by its row. */
static int name_record(const struct bill_tally *tally, const struct bill_pair *pair, int r)
{
	char text[FAULT_TEXT_BYTES];

	if (tally->fault == NULL || pair->theirs == NULL)
		return r;
	text_copy(text, sizeof(text), text_of(tally->fault->text));
	return fault_set(tally->fault, (enum fault_code) - r,
	                 "record %lld of the statement: %.400s", (long long)pair->theirs->record,
	                 text);
}

int bill_tally_pair(struct bill_tally *tally, const struct bill_pair *pair)
{
	struct bill_parts *parts = &tally->room;
	int r = bill_classify(tally->terms, pair, parts, tally->fault);

	if (r < 0)
		return name_record(tally, pair, r);
	name_currency(tally, pair);
	tally->result->pairs++;
	tally->result->equal += parts->count == 0;
	if (money_total_add(tally->ours, parts->ours, &tally->ours) < 0 ||
	    money_total_add(tally->theirs, parts->theirs, &tally->theirs) < 0 ||
	    (parts->priced_here &&
	     money_total_add(tally->theirs_priced, parts->theirs, &tally->theirs_priced) < 0))
		return no_amount(tally);
	tally->result->priced_here = tally->result->priced_here || parts->priced_here;
	bill_offs_note(&tally->offs, tally->terms, pair, parts);
	r = bill_suggestions_note(tally->result->suggestions, pair, parts, tally->fault);
	return r < 0 ? r : tell_parts(tally, pair);
}

/* ---- the end ---- */

static int apply_tolerances(struct bill_tally *tally)
{
	const struct bill_tolerances *tolerances = tally->tolerances;
	struct bill_result *result = tally->result;

	for (int c = 0; c < CAUSE_COUNT; c++) {
		struct bill_cause_sum *sum = &result->causes[c];

		sum->tolerated = tally->left_count[c] == 0 ||
		                 (tolerances->has_cause[c] &&
		                  money_compare(tally->left[c], tolerances->cause[c]) <= 0);
		if (sum->tolerated)
			continue;
		result->left_count += tally->left_count[c];
		if (money_total_add(result->left, tally->left[c], &result->left) < 0)
			return no_amount(tally);
	}
	/* Nothing was tolerated of a total: then counts alone are a difference, too. */
	result->equal_within = result->left_count == 0 ||
	                       (tolerances->total.attos > 0 &&
	                        money_compare(result->left, tolerances->total) <= 0);
	return 0;
}

int bill_tally_adds_up(const struct bill_tally *tally, struct money ours, struct money theirs)
{
	const struct money difference = { theirs.attos - ours.attos };

	if (money_compare(tally->theirs, theirs) != 0)
		return bill_at_fault("the pairs do not add up to the total of the statement",
		                     tally->fault);
	if (money_compare(tally->parts, difference) != 0)
		return bill_at_fault("the parts of the pairs do not add up to the difference of "
		                     "the totals",
		                     tally->fault);
	return 0;
}

int bill_tally_end(struct bill_tally *tally)
{
	struct bill_result *result = tally->result;
	size_t count = tally->kept_count;

	/* Heap sort: the least goes behind. */
	for (size_t left = count; left > 1; left--) {
		swap(&tally->kept[0], &tally->kept[left - 1]);
		sift_down(tally->kept, left - 1, 0);
	}
	for (size_t i = 0; i < count; i++) {
		struct text *texts[TEXTS] = { NULL };

		result->worst[i] = tally->kept[i].difference;
		list_texts(&result->worst[i], texts);
		for (size_t t = 0; texts[t] != NULL; t++) {
			if (texts[t]->at == NULL)
				continue;
			*texts[t] = arena_copy(&result->arena, *texts[t]);
			if (texts[t]->at == NULL)
				return fault_set(tally->fault, FAULT_NOMEM,
				                 "differences: out of memory");
		}
	}
	result->worst_count = count;
	return apply_tolerances(tally);
}

void bill_tally_release(struct bill_tally *tally)
{
	for (size_t i = 0; tally->kept != NULL && i < BILL_WORST_MAX; i++)
		buf_release(&tally->kept[i].room);
	free(tally->kept);
	tally->kept = NULL;
	buf_release(&tally->ours_made);
	buf_release(&tally->theirs_made);
}
