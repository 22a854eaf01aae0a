#include "bill/learn.h"

#include "bill/run.h"
#include "rate/rating.h"

enum {
	ROUNDS_SURE = 10, /* rows that say so: by chance one of 2^10 statements would */
	ROUNDS_SOME = 3,  /* rows that are more, so that not all of them were cut off */
	ROUNDS_MOST = 4,  /* times as many rows as have another reason */
};

/* ---- how it rounds ---- */

static wide absolute(wide x)
{
	return x < 0 ? -x : x;
}

/* What is off is of nothing but the amount: no counts, nothing stated, one row. */
static bool is_amount_alone(const struct bill_pair *pair, const struct bill_parts *parts)
{
	const struct bill_part *part = &parts->parts[0];
	const unsigned off = STATEMENT_CUT | STATEMENT_REAL | STATEMENT_BYOK | STATEMENT_BYOK_PART;

	return pair->ours != NULL && pair->theirs != NULL && pair->known == CAUSE_COUNT &&
	       pair->ours_counts && pair->theirs_counts && pair->their_rows <= 1 &&
	       !parts->priced_here && pair->theirs->charge == STATEMENT_USAGE &&
	       (pair->theirs->flags & off) == 0 && parts->count == 1 &&
	       (part->effect == EFFECT_PRICE || part->cause == CAUSE_ROUNDING ||
	        part->cause == CAUSE_UNEXPLAINED);
}

void bill_offs_note(struct bill_offs *offs, const struct bill_terms *terms,
                    const struct bill_pair *pair, const struct bill_parts *parts)
{
	wide unit = 1, off = parts->theirs.attos - parts->ours.attos;
	bool up;

	if (!is_amount_alone(pair, parts))
		return;
	for (unsigned i = terms->decimals; i < MONEY_DECIMALS_MAX; i++)
		unit *= 10;
	if (absolute(off) >= unit) {
		offs->beyond++;
		return;
	}
	up = (off > 0) == (parts->ours.attos > 0);
	offs->up += up;
	offs->down += !up;
	offs->far_up += up && absolute(off) > unit / 2;
	offs->far_down += !up && absolute(off) > unit / 2;
}

enum bill_rounds bill_offs_say(const struct bill_offs *offs)
{
	int64_t all = offs->up + offs->down, far = offs->far_up + offs->far_down;

	if (offs->up >= ROUNDS_SOME && offs->down > 0)
		return all >= ROUNDS_MOST * far ? BILL_ROUNDS_NEAREST : BILL_ROUNDS_OPEN;
	if (far == 0 || all < ROUNDS_SURE || all < ROUNDS_MOST * offs->beyond)
		return BILL_ROUNDS_OPEN;
	if (offs->down == 0)
		return BILL_ROUNDS_UP;
	return offs->up == 0 ? BILL_ROUNDS_DOWN : BILL_ROUNDS_OPEN;
}

/* ---- what it prices by ---- */

struct learning {
	struct bill_run *run;
	struct bill_suggestions *suggestions;
	struct bill_offs *offs;
	int64_t rows;
};

/* Nothing about it is to be known but its counts. */
static bool is_plain(const struct bill_run *run, const struct statement_row *row)
{
	return row->request && row->charge == STATEMENT_USAGE && row->of == COMPONENT_COUNT &&
	       row->flags == 0 && statement_timed(row) && row->model.at != NULL &&
	       statement_has(row, STATEMENT_MONEY_AMOUNT) &&
	       statement_tells(row, COMPONENT_INPUT) && statement_tells(row, COMPONENT_OUTPUT) &&
	       bill_inside(run, row) && bill_current(run, row);
}

/* As if it were ours: what its counts cost by the book. */
static int make_ours(const struct learning *learning, const struct statement_row *row,
                     struct bill_ours *ours, bool *priced_out)
{
	const struct book *book = learning->run->book;
	struct rating_request request;
	struct charges charges;
	int r;

	*ours = (struct bill_ours){ .requests = 1,
		                    .time_ms = row->from_ms,
		                    .account = row->account,
		                    .key = row->key,
		                    .service_tier = row->service_tier,
		                    .status = EVENT_ABSENT,
		                    .settlement = SETTLEMENT_FINAL };
	r = bill_model(learning->run, row->model, &ours->model);
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (statement_tells(row, (enum component)c))
			ours->usage.count[c] = row->count[c];
	}
	ours->usage.count[COMPONENT_REQUESTS] = 1;
	request = (struct rating_request){ .model = ours->model,
		                           .at_ms = ours->time_ms,
		                           .account = ours->account,
		                           .tier = ours->service_tier,
		                           .usage = &ours->usage };
	*priced_out = r == 0 && rating_request(book, &request, &charges) == RATING_PRICED;
	if (!*priced_out)
		return r;
	ours->version = charges.found.version;
	ours->amount = charges.total;
	return 0;
}

static int learn_row(void *context, const struct statement_row *row, int64_t place)
{
	struct learning *learning = context;
	const struct bill_run *run = learning->run;
	struct bill_parts parts;
	struct bill_ours ours;
	struct bill_pair pair = { .ours = &ours,
		                  .theirs = row,
		                  .known = CAUSE_COUNT,
		                  .ours_counts = true,
		                  .theirs_counts = true };
	bool priced;
	int r;

	(void)place;
	if (learning->rows == BILL_LEARNED_ROWS_MAX)
		return 1;
	if (!is_plain(run, row))
		return 0;
	learning->rows++;
	r = make_ours(learning, row, &ours, &priced);
	if (r < 0 || !priced)
		return r;
	r = bill_classify(run->tally.terms, &pair, &parts, run->fault);
	if (r < 0)
		return r;
	bill_offs_note(learning->offs, run->tally.terms, &pair, &parts);
	return bill_suggestions_note(learning->suggestions, &pair, &parts, run->fault);
}

int bill_learn_rows(struct bill_run *run, struct bill_suggestions *suggestions,
                    struct bill_offs *offs)
{
	struct learning learning = { run, suggestions, offs, 0 };
	int r;

	if (run->book == NULL)
		return 0;
	r = bill_each_row(run, learn_row, &learning);
	return r > 0 ? 0 : r;
}
