/* By id: an event is looked up among the rows by its own and by its upstream's. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "bill/agree.h"
#include "bill/run.h"

enum {
	LONG_RUN = 64, /* rows of one id: from here on not each is asked whether it is free */
	SEEN_MIN = 16,
	RECENT = 1024,  /* pairs that a second one of ours is told by: they are of about one time */
	DENSE_PART = 2, /* a statement of so large a part of the events is one of most */
};

/* What rows of an id tell, as hashes: open addressing. */
struct seen {
	struct said {
		uint64_t hash;  /* 0: free */
		int64_t record; /* the first that says it */
	} * said;
	size_t slots, count;
};

/* A request of ours that a row was found for. */
struct recent {
	uint64_t id; /* that it has with the row */
	int64_t time_ms, record;
	struct money amount;
	int64_t count[COMPONENT_COUNT];
};

struct by_id {
	struct bill_run *run;
	struct recent *recent;
	size_t next_recent;
	struct bill_index index;     /* each id that a row tells */
	struct bill_repeats repeats; /* of rows without one */
	struct arena arena;          /* of the pair at hand */
	struct seen seen;
	int64_t taken; /* rows */
	bool shared;   /* an upstream id is that of no single request */
};

static uint64_t id_hash(struct text id)
{
	return hash64(id.at, id.len, 0);
}

/* Of the kinds that are looked up. */
static size_t list_ids(const struct by_id *by, const struct statement_row *row, struct text ids[3])
{
	const struct text told[BILL_IDS] = { row->id, row->upstream_id, row->request_id };
	size_t count = 0;

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		bool again = !by->run->by_id[i] || told[i].at == NULL || told[i].len == 0;

		for (size_t k = 0; k < count; k++)
			again = again || text_equal(ids[k], told[i]);
		if (!again)
			ids[count++] = told[i];
	}
	return count;
}

static bool has_id(const struct by_id *by, const struct statement_row *row, struct text id)
{
	struct text ids[3];
	size_t count = list_ids(by, row, ids);

	for (size_t i = 0; i < count; i++) {
		if (text_equal(ids[i], id))
			return true;
	}
	return false;
}

static int index_row(void *context, const struct statement_row *row, int64_t place)
{
	struct by_id *by = context;
	struct text ids[3];
	size_t count = list_ids(by, row, ids);
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = bill_index_add(&by->index, id_hash(ids[i]), place, by->run->fault);
	if (r == 0)
		r = bill_row_wanted(by->run, row);
	return r == 1 ? bill_count_row(by->run, row) : r;
}

static bool without_id(const struct statement_row *row)
{
	return !bill_row_named(row) && (!row->request || row->charge != STATEMENT_USAGE);
}

/* ---- the rows of one id ---- */

/* *record_out: the first that says it; `record` itself: it is there now. */
static int see(struct seen *seen, uint64_t hash, int64_t record, int64_t *record_out)
{
	size_t slot;

	hash |= hash == 0;
	if (2 * (seen->count + 1) > seen->slots) {
		struct seen grown = { .slots = seen->slots > 0 ? 2 * seen->slots : SEEN_MIN };

		grown.said = calloc(grown.slots, sizeof(*grown.said));
		if (grown.said == NULL)
			return -FAULT_NOMEM;
		for (size_t i = 0; i < seen->slots; i++) {
			const struct said *said = &seen->said[i];

			if (said->hash != 0)
				see(&grown, said->hash, said->record, record_out);
		}
		free(seen->said);
		*seen = grown;
	}
	slot = hash & (seen->slots - 1);
	while (seen->said[slot].hash != 0 && seen->said[slot].hash != hash)
		slot = (slot + 1) & (seen->slots - 1);
	if (seen->said[slot].hash == 0) {
		seen->said[slot] = (struct said){ hash, record };
		seen->count++;
	}
	*record_out = seen->said[slot].record;
	return 0;
}

static void see_nothing(struct seen *seen)
{
	if (seen->count > 0)
		memset(seen->said, 0, seen->slots * sizeof(*seen->said));
	seen->count = 0;
}

/* The rows that are one on their side, and the others of that id. */
struct taken {
	struct statement_row row;
	struct statement_row first; /* of all of it, where any is; without its texts */
	bool any, plain;            /* there is one; one of those that stand for all of a request */
	bool joined;                /* of usage and its costs */
	bool crowded;               /* the id has so many rows that all are taken together */
	bool whole; /* one row is what the lines of components come to: these are again */
	int64_t rows;
	size_t again; /* rows that are there once too often */
	bool others;  /* they are of other names than were asked for, and counted only now */
};

/* By the name that is theirs alone they are two: only another one of theirs is shared. */
static bool another(const struct statement_row *a, const struct statement_row *b)
{
	return a->id.at != NULL && b->id.at != NULL && !text_equal(a->id, b->id);
}

/* All entries of a row, of which one is at hand: `marks` are set, and where `off` taken away. */
static void mark(struct by_id *by, const struct statement_row *row, struct bill_entry *at_hand,
                 uint64_t marks, bool off)
{
	int64_t place = (int64_t)(at_hand->place & BILL_PLACE);
	struct text ids[3];
	size_t count = list_ids(by, row, ids);

	by->taken += !off;
	at_hand->place = off ? at_hand->place & ~marks : at_hand->place | marks;
	for (size_t i = 0; count > 1 && i < count; i++) {
		struct bill_entry *entry = bill_index_at(&by->index, id_hash(ids[i]), place);

		if (entry != NULL)
			entry->place = off ? entry->place & ~marks : entry->place | marks;
	}
}

/* It stands for all of a request: a turn adds to the row of its own. */
static bool is_whole(const struct statement_row *row)
{
	return bill_row_plain(row) && row->requests != 0;
}

static bool is_line(const struct statement_row *row)
{
	return row->charge == STATEMENT_USAGE && row->of != COMPONENT_COUNT;
}

static int take_row(struct by_id *by, struct taken *taken, const struct statement_row *row,
                    struct bill_entry *entry)
{
	bool plain = is_whole(row), copy;
	int64_t record;

	if (taken->any && another(&taken->row, row))
		return 0;
	if (taken->others && bill_row_in(by->run, row) < 0)
		return -FAULT_RANGE;
	if (taken->whole && is_line(row)) {
		taken->again++;
		mark(by, row, entry, BILL_TAKEN | BILL_REPEAT, false);
		return 0;
	}
	/* An id is its source's alone: what ran at another time may be of another one's event. */
	if (plain && taken->plain && !taken->crowded &&
	    (bill_row_other(row, &taken->first, by->run->options->time_slack_ms) &
	     BILL_OTHER_TIME) != 0)
		return 0;
	if (see(&by->seen, bill_row_hash(row, 0), row->record, &record) < 0)
		return bill_no_memory(by->run);
	copy = record != row->record;
	if (!copy && plain && taken->plain && !taken->joined && bill_row_join(&taken->row, row)) {
		taken->joined = true;
		taken->first = taken->row;
		bill_joined(by->run);
		mark(by, row, entry, BILL_TAKEN, false);
		return 0;
	}
	if (copy || (plain && taken->plain)) {
		taken->again++;
		mark(by, row, entry, BILL_TAKEN | BILL_REPEAT, false);
		return 0;
	}
	mark(by, row, entry, BILL_TAKEN, false);
	taken->rows++;
	if (!taken->any || (plain && !taken->plain))
		taken->first = *row;
	if (taken->any) {
		taken->plain = taken->plain || plain;
		return bill_row_add(&taken->row, row, true, by->run->fault);
	}
	if (bill_row_copy(&taken->row, row, &by->arena) < 0)
		return bill_no_memory(by->run);
	bill_row_start(&taken->row);
	taken->any = true;
	taken->plain = plain;
	return 0;
}

/* Which rows of an id are taken: of one source or (absent) of any. */
struct wanted {
	struct text id, source;
	bool inside, current;
	bool others; /* of other names than were asked for */
};

/* 1, 0; -FAULT_NOMEM. */
static int is_wanted(const struct by_id *by, const struct statement_row *row,
                     const struct wanted *wanted)
{
	int r;

	if (!has_id(by, row, wanted->id) || bill_inside(by->run, row) != wanted->inside ||
	    bill_current(by->run, row) != wanted->current ||
	    (wanted->source.at != NULL && !text_equal(row->source, wanted->source)))
		return 0;
	r = bill_row_wanted(by->run, row);
	return r < 0 ? r : (r == 0) == wanted->others;
}

/* A request that is billed as a whole, and by lines of its components. */
struct billed {
	struct statement_row whole; /* without its texts */
	struct money lines;
	int64_t count[COMPONENT_COUNT];
	uint32_t told; /* by a line */
	int wholes, line_count;
	bool lost; /* a sum is none */
};

static void add_billed(struct billed *billed, const struct statement_row *row)
{
	if (is_whole(row) && billed->wholes++ == 0)
		billed->whole = *row;
	if (!is_line(row))
		return;
	billed->line_count++;
	billed->told |= row->told;
	billed->lost |= money_add(billed->lines, statement_amount(row), &billed->lines) < 0;
	for (int c = 0; c < COMPONENT_COUNT; c++)
		billed->lost |= __builtin_add_overflow(billed->count[c], row->count[c],
		                                       &billed->count[c]);
}

/* One row says what the lines come to: the amount, and each count that both tell. */
static bool is_billed_twice(const struct billed *billed)
{
	const struct statement_row *whole = &billed->whole;

	if (billed->wholes != 1 || billed->line_count < 2 || billed->lost ||
	    !statement_has(whole, STATEMENT_MONEY_AMOUNT) ||
	    money_compare(statement_amount(whole), billed->lines) != 0)
		return false;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if ((billed->told & whole->told & UINT32_C(1) << c) != 0 &&
		    whole->count[c] != billed->count[c])
			return false;
	}
	return true;
}

static int find_whole(struct by_id *by, const struct bill_entry *run, size_t count,
                      const struct wanted *wanted, bool *whole_out)
{
	struct billed billed = { .wholes = 0 };
	int r = 0;

	*whole_out = false;
	if (count < 3 || count > LONG_RUN)
		return 0;
	for (size_t i = 0; r == 0 && i < count; i++) {
		struct statement_row row;

		if ((run[i].place & BILL_TAKEN) != 0)
			continue;
		r = statement_spool_get(by->run->spool, (int64_t)(run[i].place & BILL_PLACE), &row,
		                        by->run->fault);
		if (r == 0)
			r = is_wanted(by, &row, wanted);
		if (r == 1) {
			add_billed(&billed, &row);
			r = 0;
		}
	}
	*whole_out = r == 0 && is_billed_twice(&billed);
	return r;
}

/* Of several rows that stand for all of a request the one that agrees best with ours. */
static int find_best(struct by_id *by, struct bill_entry *run, size_t count,
                     const struct wanted *wanted, struct bill_met *met,
                     struct bill_entry **best_out)
{
	struct bill_apart nearest = { .differences = 0 };
	struct bill_entry *best = NULL;
	int wholes = 0;
	int r = met != NULL && count > 1 ? bill_ours_fill(met) : 0;

	for (size_t i = 0; r == 0 && met != NULL && count > 1 && i < count; i++) {
		struct statement_row row;
		struct bill_apart apart;

		if ((run[i].place & BILL_TAKEN) != 0)
			continue;
		r = statement_spool_get(by->run->spool, (int64_t)(run[i].place & BILL_PLACE), &row,
		                        by->run->fault);
		if (r == 0 && is_whole(&row))
			r = is_wanted(by, &row, wanted);
		if (r <= 0)
			continue;
		r = 0;
		apart = bill_apart_of(&met->ours, &row);
		if (wholes++ > 0 && !bill_apart_less(&apart, &nearest))
			continue;
		nearest = apart;
		best = &run[i];
	}
	*best_out = wholes > 1 ? best : NULL;
	return r;
}

static int take_entry(struct by_id *by, struct bill_entry *entry, const struct wanted *wanted,
                      struct taken *taken)
{
	struct statement_row row;
	int r;

	if ((entry->place & BILL_TAKEN) != 0)
		return 0;
	r = statement_spool_get(by->run->spool, (int64_t)(entry->place & BILL_PLACE), &row,
	                        by->run->fault);
	if (r == 0)
		r = is_wanted(by, &row, wanted);
	return r == 1 ? take_row(by, taken, &row, entry) : r;
}

/* Those inside the period, or those outside, in one: the best first. */
static int take_rows(struct by_id *by, struct bill_entry *run, size_t count,
                     const struct wanted *wanted, struct bill_met *met, struct taken *taken)
{
	struct bill_entry *best = NULL;
	int r = find_whole(by, run, count, wanted, &taken->whole);

	taken->others = wanted->others;
	taken->crowded = count > LONG_RUN;
	if (r == 0)
		r = find_best(by, run, count, wanted, met, &best);
	if (r == 0 && best != NULL)
		r = take_entry(by, best, wanted, taken);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = take_entry(by, &run[i], wanted, taken);
	return r;
}

/* By any of its ids. */
static int find_void(struct bill_run *run, const struct statement_row *row,
                     const struct bill_void **void_out)
{
	const struct text ids[] = { row->id, row->upstream_id, row->request_id };
	int r = 0;

	*void_out = NULL;
	for (size_t i = 0; r == 0 && *void_out == NULL && i < BILL_IDS; i++)
		r = bill_voids_find(&run->walk.voids, ids[i], row->source, void_out, run->fault);
	return r;
}

static int tell_left(struct bill_run *run, const struct statement_row *row)
{
	const struct bill_void *was;
	int r = find_void(run, row, &was);

	return r < 0 ? r : bill_pair_void(run, row, was);
}

/* A row that is there once too often: a copy of one before it, or the same otherwise told. */
static int tell_one(struct by_id *by, const struct statement_row *row, const struct taken *taken,
                    bool ours)
{
	struct bill_run *run = by->run;
	char why[BILL_WHY_BYTES];
	int64_t record = taken->first.record;
	unsigned other;

	if (taken->whole && is_line(row))
		return bill_pair_theirs(run, row, CAUSE_DUPLICATE, record);
	if (see(&by->seen, bill_row_hash(row, 0), row->record, &record) < 0)
		return bill_no_memory(run);
	if (record != row->record)
		return bill_pair_theirs(run, row, CAUSE_DUPLICATE, record);
	record = taken->first.record;
	other = bill_row_other(row, &taken->first, run->options->time_slack_ms);
	if (other == 0)
		return bill_pair_theirs(run, row, CAUSE_DUPLICATE, record);
	/* Of two that the ledger does not know, neither is the one that counts. */
	if (!ours)
		return tell_left(run, row);
	bill_other_why(other, taken->joined ? 0 : record, why);
	return bill_pair_second(run, row, record, why);
}

/* The copies that were marked when the pair was made. */
static int tell_again(struct by_id *by, struct bill_entry *run, size_t count,
                      const struct taken *taken, bool ours)
{
	int r = 0;

	for (size_t i = 0; r == 0 && taken->again > 0 && i < count; i++) {
		int64_t place = (int64_t)(run[i].place & BILL_PLACE);
		struct statement_row row;

		if ((run[i].place & BILL_REPEAT) == 0)
			continue;
		r = statement_spool_get(by->run->spool, place, &row, by->run->fault);
		if (r < 0)
			return r;
		mark(by, &row, &run[i], BILL_REPEAT, true);
		r = tell_one(by, &row, taken, ours);
	}
	return r;
}

static void note_recent(struct by_id *by, const struct bill_ours *ours, struct text id,
                        int64_t record)
{
	struct recent *recent = &by->recent[by->next_recent++ % RECENT];

	*recent = (struct recent){ id_hash(id), ours->time_ms, record, ours->amount, { 0 } };
	memcpy(recent->count, ours->usage.count, sizeof(recent->count));
}

/*
 * The free rows of an id, with our request or (NULL) without.  Rows of our own source first, of
 * these those of the period, and of these those in the ledger's currency: what is beside them stays
 * free.  What a filter left out is behind all of these, and has the name that it has there: it is
 * on the statement.
 */
static int pair_rows(struct by_id *by, struct bill_entry *run, size_t count, struct text id,
                     struct bill_met *met, bool *found_out)
{
	struct taken taken = { .any = false };
	int turns = by->run->result->left_out > 0 && met != NULL && met->counts ? 16 : 8;
	int r = 0;

	arena_reset(&by->arena);
	see_nothing(&by->seen);
	for (int turn = 0; r == 0 && !taken.any && turn < turns; turn++) {
		const struct wanted wanted = {
			.id = id,
			.source = turn % 8 < 4 && met != NULL ? met->ours.source : text_of(NULL),
			.inside = turn % 4 < 2,
			.current = turn % 2 == 0,
			.others = turn >= 8,
		};

		/* Whose own is not known has no first turn. */
		if (turn % 8 >= 4 || wanted.source.at != NULL)
			r = take_rows(by, run, count, &wanted, met, &taken);
	}
	*found_out = taken.any;
	if (r < 0 || !taken.any)
		return r;
	r = met != NULL ? bill_pair_both(by->run, met, &taken.row, taken.rows)
	                : tell_left(by->run, &taken.row);
	if (r == 0 && met != NULL && met->filled)
		note_recent(by, &met->ours, id, taken.first.record);
	return r < 0 ? r : tell_again(by, run, count, &taken, met != NULL);
}

/* ---- events ---- */

static bool all_taken(const struct bill_entry *run, size_t count)
{
	return count > LONG_RUN && (run[0].place & run[count - 1].place & BILL_TAKEN) != 0;
}

/* The row with that id that another event has; 0: there is none. */
static int find_taken(struct by_id *by, const struct bill_entry *run, size_t count, struct text id,
                      int64_t *record_out)
{
	int r = 0;

	*record_out = 0;
	for (size_t i = 0; r == 0 && *record_out == 0 && i < count; i++) {
		struct statement_row row;

		r = statement_spool_get(by->run->spool, (int64_t)(run[i].place & BILL_PLACE), &row,
		                        by->run->fault);
		if (r == 0 && has_id(by, &row, id))
			*record_out = row.record;
	}
	return r;
}

/* The row of the event that this one is again: of an id, a time, counts and an amount; 0: none. */
static int find_recent(struct by_id *by, struct bill_met *met, int64_t *record_out)
{
	const struct text ids[] = { met->ours.id, met->ours.upstream_id };
	int64_t slack = by->run->options->time_slack_ms;
	int r = bill_ours_fill(met);

	*record_out = 0;
	for (size_t i = 0; r == 0 && i < 2 * RECENT; i++) {
		const struct recent *recent = &by->recent[i % RECENT];
		struct text id = ids[i / RECENT];

		if (id.at != NULL && recent->record > 0 && recent->id == id_hash(id) &&
		    met->ours.time_ms - recent->time_ms <= slack &&
		    money_compare(met->ours.amount, recent->amount) == 0 &&
		    memcmp(met->ours.usage.count, recent->count, sizeof(recent->count)) == 0)
			*record_out = recent->record;
	}
	return r;
}

static int match_event(void *context, struct bill_met *met)
{
	struct by_id *by = context;
	const struct text ids[] = { met->ours.id, met->ours.upstream_id };
	int64_t record = 0;
	bool found = false;
	int r = 0;

	for (int i = 0; r == 0 && i < 2; i++) {
		struct bill_entry *run;
		size_t count;

		if (ids[i].at == NULL)
			continue;
		run = bill_index_find(&by->index, id_hash(ids[i]), &count);
		if (run == NULL)
			continue;
		/* A batch, or what a gateway writes for all: each event would look at each row. */
		if (i > 0 && count > LONG_RUN) {
			by->shared = true;
			continue;
		}
		if (!all_taken(run, count))
			r = pair_rows(by, run, count, ids[i], met, &found);
		if (r < 0 || found)
			return r;
		if (record == 0)
			r = find_taken(by, run, count, ids[i], &record);
	}
	if (r == 0 && record != 0)
		r = find_recent(by, met, &record);
	if (r < 0)
		return r;
	return record != 0 ? bill_pair_again(by->run, met, record) : bill_pair_lonely(by->run, met);
}

/* ---- rows that are left ---- */

static int match_left(void *context, const struct statement_row *row, int64_t place)
{
	struct by_id *by = context;
	struct bill_entry *entries, *entry;
	struct bill_run *run = by->run;
	struct text ids[3];
	int64_t record = 0;
	size_t count;
	bool found;
	int r;

	if (!bill_inside(run, row))
		return 0;
	if (list_ids(by, row, ids) == 0) {
		r = without_id(row) ? bill_repeats_of(&by->repeats, row, place, &record, run->fault)
		                    : 0;
		if (r < 0)
			return r;
		return r == 1 ? bill_pair_theirs(run, row, CAUSE_DUPLICATE, record)
		              : tell_left(run, row);
	}
	entries = bill_index_find(&by->index, id_hash(ids[0]), &count);
	entry = bill_run_at(entries, count, place);
	for (int tries = 0; tries < 2; tries++) {
		if ((entry->place & BILL_TAKEN) != 0)
			return 0;
		r = pair_rows(by, entries, count, ids[0], NULL, &found);
		if (r < 0)
			return r;
	}
	/* Of rows that share an id and are two: by itself. */
	mark(by, row, entry, BILL_TAKEN, false);
	return tell_left(run, row);
}

static void release(struct by_id *by)
{
	bill_index_release(&by->index);
	bill_repeats_release(&by->repeats);
	arena_release(&by->arena);
	free(by->seen.said);
	free(by->recent);
}

static int start(struct by_id *by, struct bill_run *run)
{
	int r;

	*by = (struct by_id){ .run = run, .index = run->by_ids };
	run->by_ids = (struct bill_index){ .entries = NULL };
	by->recent = calloc(RECENT, sizeof(*by->recent));
	if (by->recent == NULL)
		return bill_no_memory(run);
	if (by->index.directory != NULL)
		return 0;
	r = bill_index_reserve(&by->index, run->ids, run->fault);
	if (r == 0)
		r = statement_spool_each(run->spool, index_row, by, run->fault);
	return r < 0 ? r : bill_index_sort(&by->index, run->fault);
}

int bill_match_ids(struct bill_run *run)
{
	struct by_id by;
	int r = start(&by, run);

	if (r == 0 && run->nameless > 0)
		r = bill_repeats_find(&by.repeats, run->spool, without_id, run->fault);
	if (r == 0)
		r = bill_counted(run);
	run->walk.whole = run->rows_inside >= run->result->ours.rows / DENSE_PART;
	if (r == 0)
		r = bill_each_ours(&run->walk, match_event, &by);
	if (by.shared)
		bill_note(run,
		          "an upstream_id that more than %d rows tell is of no single request: "
		          "nothing is matched by it",
		          LONG_RUN);
	if (r == 0)
		r = bill_pair_rest(run);
	if (r == 0 && by.taken < statement_spool_rows(run->spool))
		r = bill_each_row(run, match_left, &by);
	release(&by);
	return r;
}

/* ---- whether there is one ---- */

static int find_event(void *context, struct bill_met *met)
{
	struct by_id *by = context;
	const struct text ids[] = { met->ours.id, met->ours.upstream_id };
	int64_t record = 0;
	int r = 0;

	for (int i = 0; r == 0 && record == 0 && i < 2; i++) {
		size_t count;
		struct bill_entry *run = ids[i].at == NULL
		                                 ? NULL
		                                 : bill_index_find(&by->index, id_hash(ids[i]),
		                                                   &count);

		if (run != NULL)
			r = find_taken(by, run, count, ids[i], &record);
	}
	return r < 0 ? r : record != 0;
}

int bill_match_any_id(struct bill_run *run)
{
	struct by_id by;
	int r = start(&by, run);

	if (r == 0)
		r = bill_each_ours(&run->walk, find_event, &by);
	if (r == 1) {
		run->by_ids = by.index;
		by.index = (struct bill_index){ .entries = NULL };
	} else {
		bill_count_nothing(run);
	}
	release(&by);
	return r;
}
