/*
 * By facts: a request and a row of the same model, key and counts, whose times lie within
 * time_slack_ms; one to one: an exact moment first, then as many pairs as there can be, and of
 * these the nearest first.
 *
 * The events come in the order of their time, and each waits in a queue until no event that could
 * be nearer to its row can come any more.  One whose time a row tells exactly takes that at once;
 * of the others those with the same facts are dealt with together, the nearest pair first, of
 * FACTS_TOGETHER_MAX of them, and of FACTS_NEARER_MAX rows behind the first that fits.  A queue
 * longer than FACTS_QUEUE_MAX gives up its first early.
 *
 * Whoever has the same facts is interchangeable: where each takes the first row in its reach, in
 * the order of time, no other way makes more pairs.  The nearest is taken where that costs none.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "bill/agree.h"
#include "bill/run.h"
#include "ledger/store.h"

enum {
	FACTS_QUEUE_MAX = 4096,
	FACTS_TOGETHER_MAX = 32,
	FACTS_NEARER_MAX = 256, /* rows of a span that are looked at for a nearer one */
	FACTS_HINTS = 256,      /* spans whose first rows are known to be taken */
	FACTS_RECENT = 1024,    /* matched events that a second one is told by */
	TEXTS = 10,
};

#define NO_PLACE INT64_C(-1)

/* An event of ours, with texts of its own. */
struct queued {
	struct bill_met met;
	struct buf room;
	uint64_t facts;
	int64_t place; /* of its row; NO_PLACE: none yet */
};

struct recent {
	uint64_t id;
	int64_t time_ms, record;
};

/* Of the rows of this slot so many at the beginning are taken: of 10^5 that are alike each event
 * would look at all of them. */
struct hint {
	uint64_t slot;
	size_t taken;
	int64_t none_ms; /* no free one tells exactly this moment */
};

struct by_facts {
	struct bill_run *run;
	struct bill_index index; /* by facts and a span of time */
	struct bill_repeats repeats;
	int64_t bucket_ms;
	struct queued *queue; /* a ring of FACTS_QUEUE_MAX */
	size_t first, count;
	struct recent *recent;
	size_t next_recent;
	struct hint hints[FACTS_HINTS];
};

static struct queued *queued_at(const struct by_facts *by, size_t i)
{
	return &by->queue[(by->first + i) % FACTS_QUEUE_MAX];
}

/* ---- facts ---- */

static uint64_t text_hash(struct text text, uint64_t seed)
{
	return hash64(text.at, text.len, seed);
}

/* Of the names and counts that all rows tell. */
static uint64_t facts_of(const struct bill_run *run, struct text model, struct text key,
                         const int64_t *count, int64_t prompt, int64_t answer)
{
	const int64_t totals[] = { run->prompts ? prompt : 0, run->answers ? answer : 0 };
	uint64_t hash = hash64(totals, sizeof(totals), 1);

	if (run->by[BILL_MODEL])
		hash = text_hash(model, hash);
	if (run->by[BILL_KEY])
		hash = text_hash(key, hash);
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if ((run->told >> c & 1) != 0)
			hash = hash64(&count[c], sizeof(count[c]), hash);
	}
	return hash;
}

static int row_facts(struct bill_run *run, const struct statement_row *row, uint64_t *out)
{
	struct text model = row->model;
	int r = run->by[BILL_MODEL] ? bill_model(run, row->model, &model) : 0;

	*out = facts_of(run, model, row->key, row->count, row->prompt_total, row->answer_total);
	return r;
}

static int ours_facts(struct bill_run *run, const struct bill_ours *ours, uint64_t *out)
{
	struct text model = ours->model;
	int r = run->by[BILL_MODEL] ? bill_model(run, ours->model, &model) : 0;

	*out = facts_of(run, model, ours->key, ours->usage.count, usage_prompt_total(&ours->usage),
	                usage_answer_total(&ours->usage));
	return r;
}

static uint64_t slot_hash(uint64_t facts, int64_t bucket)
{
	return hash64(&bucket, sizeof(bucket), facts);
}

static bool is_request(const struct statement_row *row)
{
	return row->request && bill_row_plain(row);
}

static int index_row(void *context, const struct statement_row *row, int64_t place)
{
	struct by_facts *by = context;
	uint64_t facts;
	int r = 0;

	if (is_request(row)) {
		r = row_facts(by->run, row, &facts);
		if (r == 0)
			r = bill_index_add(&by->index,
			                   slot_hash(facts, row->from_ms / by->bucket_ms), place,
			                   by->run->fault);
	}
	return r < 0 ? r : bill_count_row(by->run, row);
}

/* ---- the nearest row ---- */

struct nearest {
	struct bill_entry *entry; /* NULL: there is none */
	int64_t distance;
	bool earliest; /* looked for is the first by time instead: `distance` is its moment */
};

/* Rows that other events of those dealt with together take. */
struct promised {
	uint64_t place[FACTS_TOGETHER_MAX];
	size_t count;
};

static bool is_promised(const struct promised *promised, uint64_t place)
{
	for (size_t i = 0; promised != NULL && i < promised->count; i++) {
		if (promised->place[i] == place)
			return true;
	}
	return false;
}

static struct hint *hint_of(struct by_facts *by, uint64_t slot, const struct bill_entry *entries,
                            size_t count)
{
	struct hint *hint = &by->hints[slot % FACTS_HINTS];

	if (hint->slot != slot)
		*hint = (struct hint){ .slot = slot, .none_ms = EVENT_ABSENT };
	while (hint->taken < count && (entries[hint->taken].place & BILL_TAKEN) != 0)
		hint->taken++;
	return hint;
}

/* Of one span of time the nearest free row with these facts; the first of several. */
static int find_in_bucket(struct by_facts *by, const struct queued *event, int64_t bucket,
                          int64_t most, const struct promised *promised, struct nearest *nearest)
{
	struct bill_run *run = by->run;
	size_t count;
	uint64_t slot = slot_hash(event->facts, bucket);
	struct bill_entry *entries = bill_index_find(&by->index, slot, &count);
	struct hint *hint = hint_of(by, slot, entries, count);
	int looked = 0;

	if (most == 0 && hint->none_ms == event->met.ours.time_ms)
		return 0;
	for (size_t i = hint->taken;
	     i < count && (nearest->entry == NULL || nearest->earliest || nearest->distance > 0);
	     i++) {
		struct statement_row row;
		uint64_t facts = 0;
		int64_t away;
		int r;

		if ((entries[i].place & BILL_TAKEN) != 0 || is_promised(promised, entries[i].place))
			continue;
		if (nearest->entry != NULL && looked++ >= FACTS_NEARER_MAX)
			break;
		r = statement_spool_get(run->spool, (int64_t)(entries[i].place & BILL_PLACE), &row,
		                        run->fault);
		if (r == 0)
			r = row_facts(run, &row, &facts);
		if (r < 0)
			return r;
		away = bill_row_away(&row, event->met.ours.time_ms);
		if (facts != event->facts || away > most)
			continue;
		if (nearest->earliest)
			away = row.from_ms;
		if (nearest->entry != NULL && nearest->distance <= away)
			continue;
		nearest->entry = &entries[i];
		nearest->distance = away;
	}
	if (most == 0 && nearest->entry == NULL)
		hint->none_ms = event->met.ours.time_ms;
	return 0;
}

static int find_row(struct by_facts *by, const struct queued *event, int64_t most,
                    const struct promised *promised, struct nearest *nearest)
{
	int64_t ms = event->met.ours.time_ms, from = ms - most - by->run->width_ms;
	int r = 0;

	for (int64_t b = (from > 0 ? from : 0) / by->bucket_ms;
	     r == 0 && b <= (ms + most) / by->bucket_ms &&
	     (nearest->entry == NULL || !nearest->earliest);
	     b++)
		r = find_in_bucket(by, event, b, most, promised, nearest);
	return r;
}

static int find_nearest(struct by_facts *by, const struct queued *event, int64_t most,
                        const struct promised *promised, struct nearest *nearest_out)
{
	*nearest_out = (struct nearest){ .entry = NULL };
	return find_row(by, event, most, promised, nearest_out);
}

/* How many of these have a row, each the earliest that is free; that of the first. */
static int count_in_order(struct by_facts *by, struct queued *const *together, size_t count,
                          struct promised promised, size_t *pairs_out,
                          struct bill_entry **first_out)
{
	size_t before = promised.count;

	for (size_t i = 0; i < count; i++) {
		struct nearest row = { .earliest = true };
		int r = find_row(by, together[i], by->run->options->time_slack_ms, &promised, &row);

		if (r < 0)
			return r;
		if (row.entry != NULL)
			promised.place[promised.count++] = row.entry->place;
		if (i == 0)
			*first_out = row.entry;
	}
	*pairs_out = promised.count - before;
	return 0;
}

/* The row of the first by what is nearest, or that by time, where the former costs a pair. */
static int keep_most(struct by_facts *by, struct queued *const *together, size_t count,
                     struct bill_entry **entry)
{
	struct promised promised = { .count = 0 };
	struct bill_entry *first = NULL, *second = NULL;
	size_t most, others = 0;
	int r;

	/* Of one moment all have the same rows. */
	if (together[0]->met.ours.time_ms == together[count - 1]->met.ours.time_ms)
		return 0;
	r = count_in_order(by, together, count, promised, &most, &first);
	if (r < 0 || first == *entry)
		return r;
	if (*entry != NULL)
		promised.place[promised.count++] = (*entry)->place;
	r = count_in_order(by, together + 1, count - 1, promised, &others, &second);
	if (r == 0 && others + promised.count < most)
		*entry = first;
	return r;
}

/* The row of the first of these, where the nearest of all pairs goes first; NULL: none is left. */
static int find_first(struct by_facts *by, struct queued *const *together, size_t count,
                      struct bill_entry **entry_out)
{
	struct promised promised = { .count = 0 };
	bool done[FACTS_TOGETHER_MAX] = { false };

	for (;;) {
		struct nearest best = { .entry = NULL };
		const struct queued *last = NULL;
		size_t of = 0;

		for (size_t i = 0; i < count; i++) {
			struct nearest nearest;
			int r;

			/* Of one moment the first is as near as the others, and goes first. */
			if (done[i] || (last != NULL &&
			                last->met.ours.time_ms == together[i]->met.ours.time_ms))
				continue;
			last = together[i];
			r = find_nearest(by, together[i], by->run->options->time_slack_ms,
			                 &promised, &nearest);
			if (r < 0)
				return r;
			if (nearest.entry == NULL ||
			    (best.entry != NULL && best.distance <= nearest.distance))
				continue;
			best = nearest;
			of = i;
		}
		*entry_out = best.entry;
		if (best.entry == NULL || of == 0)
			return 0;
		promised.place[promised.count++] = best.entry->place;
		done[of] = true;
	}
}

/* The first of the queue with those that wait and have its facts: which row is its own. */
static int settle(struct by_facts *by)
{
	struct queued *together[FACTS_TOGETHER_MAX], *first = queued_at(by, 0);
	struct bill_entry *entry = NULL;
	size_t count = 0;
	int r;

	for (size_t i = 0; i < by->count && count < FACTS_TOGETHER_MAX; i++) {
		struct queued *other = queued_at(by, i);

		if (other->place == NO_PLACE && other->facts == first->facts)
			together[count++] = other;
	}
	r = find_first(by, together, count, &entry);
	if (r == 0)
		r = keep_most(by, together, count, &entry);
	if (r == 0 && entry != NULL) {
		first->place = (int64_t)(entry->place & BILL_PLACE);
		entry->place |= BILL_TAKEN;
	}
	return r;
}

/* ---- events ---- */

static void note_recent(struct by_facts *by, const struct bill_ours *ours, int64_t record)
{
	by->recent[by->next_recent++ % FACTS_RECENT] = (struct recent){ text_hash(ours->id, 0),
		                                                        ours->time_ms, record };
}

/* The row of the event that this one is again, from another source; 0: it is none. */
static int64_t find_recent(const struct by_facts *by, const struct bill_ours *ours)
{
	uint64_t id = text_hash(ours->id, 0);

	for (size_t i = 0; i < FACTS_RECENT; i++) {
		const struct recent *recent = &by->recent[i];

		if (recent->record > 0 && recent->id == id &&
		    ours->time_ms - recent->time_ms <= by->run->options->time_slack_ms)
			return recent->record;
	}
	return 0;
}

static int give_first(struct by_facts *by)
{
	struct bill_run *run = by->run;
	struct queued *first = queued_at(by, 0);
	struct bill_met *met = &first->met;
	struct statement_row row;
	int64_t record;
	int r = 0;

	if (first->place == NO_PLACE)
		r = settle(by);
	if (r == 0 && met->price_id > LEDGER_PRICE_NONE)
		r = ledger_price_version(run->ledger, met->price_id, &met->ours.version, NULL,
		                         run->fault);
	by->first = (by->first + 1) % FACTS_QUEUE_MAX;
	by->count--;
	if (r < 0)
		return r;
	if (first->place == NO_PLACE) {
		record = find_recent(by, &met->ours);
		return record > 0 ? bill_pair_again(run, met, record) : bill_pair_lonely(run, met);
	}
	r = statement_spool_get(run->spool, first->place, &row, run->fault);
	if (r < 0)
		return r;
	note_recent(by, &met->ours, row.record);
	return bill_pair_both(run, met, &row, 1);
}

static int copy_event(struct by_facts *by, const struct bill_met *met, struct queued *event)
{
	struct bill_ours *ours = &event->met.ours;
	struct text *const texts[TEXTS] = {
		&ours->source,        &ours->id,           &ours->upstream_id,
		&ours->account,       &ours->key,          &ours->model,
		&ours->provider,      &ours->service_tier, &ours->region,
		&ours->finish_reason,
	};
	size_t len = 1;

	event->met = *met;
	for (size_t i = 0; i < TEXTS; i++)
		len += texts[i]->len;
	buf_clear(&event->room);
	if (buf_room(&event->room, len) == NULL)
		return bill_no_memory(by->run);
	event->room.len = 0;
	for (size_t i = 0; i < TEXTS; i++) {
		const char *at = event->room.at + event->room.len;

		if (texts[i]->at == NULL)
			continue;
		buf_add(&event->room, texts[i]->at, texts[i]->len);
		texts[i]->at = at;
	}
	return 0;
}

static int match_event(void *context, struct bill_met *met)
{
	struct by_facts *by = context;
	int64_t wait = 2 * by->run->options->time_slack_ms + by->run->width_ms;
	struct nearest nearest;
	struct queued *event;
	int r = bill_ours_fill(met);

	while (r == 0 && by->count > 0 &&
	       (by->count == FACTS_QUEUE_MAX || queued_at(by, 0)->place != NO_PLACE ||
	        queued_at(by, 0)->met.ours.time_ms + wait < met->ours.time_ms))
		r = give_first(by);
	if (r < 0)
		return r;
	event = queued_at(by, by->count);
	r = copy_event(by, met, event);
	if (r == 0)
		r = ours_facts(by->run, &event->met.ours, &event->facts);
	event->place = NO_PLACE;
	if (r == 0)
		r = find_nearest(by, event, 0, NULL, &nearest);
	if (r < 0)
		return r;
	by->count++;
	if (nearest.entry != NULL) {
		event->place = (int64_t)(nearest.entry->place & BILL_PLACE);
		nearest.entry->place |= BILL_TAKEN;
	}
	return 0;
}

/* The one of our voids that the row is of, by the same facts and the nearest time. */
static int find_void(struct by_facts *by, const struct statement_row *row, uint64_t facts,
                     const struct bill_void **void_out)
{
	const struct bill_voids *voids = &by->run->walk.voids;
	int64_t most = by->run->options->time_slack_ms, nearest = most + 1;
	int r = 0;

	*void_out = NULL;
	for (size_t i = bill_voids_from(voids, row->from_ms - most); r == 0 && i < voids->count;
	     i++) {
		const struct bill_void *was = &voids->at[i];
		struct bill_ours ours = { .model = was->model, .key = was->key };
		uint64_t own;

		if (was->time_ms >= row->to_ms + most)
			break;
		memcpy(ours.usage.count, was->count, sizeof(was->count));
		r = ours_facts(by->run, &ours, &own);
		if (r < 0 || own != facts || bill_row_away(row, was->time_ms) >= nearest)
			continue;
		nearest = bill_row_away(row, was->time_ms);
		*void_out = was;
	}
	return r;
}

static int match_left(void *context, const struct statement_row *row, int64_t place)
{
	struct by_facts *by = context;
	const struct bill_void *was = NULL;
	int64_t record = 0;
	uint64_t facts = 0;
	int r = 0;

	if (is_request(row)) {
		struct bill_entry *entry;

		r = row_facts(by->run, row, &facts);
		if (r < 0)
			return r;
		entry = bill_index_at(&by->index, slot_hash(facts, row->from_ms / by->bucket_ms),
		                      place);
		if ((entry->place & BILL_TAKEN) != 0)
			return 0;
	}
	r = bill_repeats_of(&by->repeats, row, place, &record, by->run->fault);
	if (r == 1)
		return bill_pair_theirs(by->run, row, CAUSE_DUPLICATE, record);
	if (r == 0 && is_request(row))
		r = find_void(by, row, facts, &was);
	return r < 0 ? r : bill_pair_void(by->run, row, was);
}

static bool every(const struct statement_row *row)
{
	(void)row;
	return true;
}

static int start(struct by_facts *by, struct bill_run *run)
{
	int r = bill_repeats_find(&by->repeats, run->spool, every, run->fault);

	by->bucket_ms = run->options->time_slack_ms + run->width_ms + 1;
	by->queue = calloc(FACTS_QUEUE_MAX, sizeof(*by->queue));
	by->recent = calloc(FACTS_RECENT, sizeof(*by->recent));
	if (by->queue == NULL || by->recent == NULL)
		return bill_no_memory(run);
	if (r == 0)
		r = bill_each_row(run, index_row, by);
	return r < 0 ? r : bill_index_sort(&by->index, run->fault);
}

int bill_match_facts(struct bill_run *run)
{
	struct by_facts by = { .run = run };
	int r = start(&by, run);

	if (r == 0)
		r = bill_counted(run);
	run->walk.whole = true;
	if (r == 0)
		r = bill_each_ours(&run->walk, match_event, &by);
	while (r == 0 && by.count > 0)
		r = give_first(&by);
	if (r == 0)
		r = bill_pair_rest(run);
	if (r == 0)
		r = bill_each_row(run, match_left, &by);
	for (size_t i = 0; by.queue != NULL && i < FACTS_QUEUE_MAX; i++)
		buf_release(&by.queue[i].room);
	free(by.queue);
	free(by.recent);
	bill_index_release(&by.index);
	bill_repeats_release(&by.repeats);
	return r;
}
