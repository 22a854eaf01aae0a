#include "bill/ours.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "ledger/store.h"
#include "usage/kinds.h"

enum { PROGRESS_EVENTS = 65536, TURN_MAX = 255 };

/* A request that may have turns still to come, as it is now. */
struct bill_held {
	struct text id, source, account, key, model, provider, upstream_id; /* in `room` */
	int64_t time_ms, price_id;
	struct money amount; /* with its turns */
	bool counts, suspense;
	bool request;                   /* it is there itself, and not only its turns */
	uint8_t turns[EVENT_PARTS_MAX]; /* "ID~2" is 2 */
	size_t turn_count;
	struct buf room;
	/* Where the walk is of whole events: */
	struct text service_tier, region, finish_reason; /* in `more_room` */
	int64_t status;
	enum settlement settlement;
	unsigned policy;
	struct usage usage; /* with its turns */
	struct buf more_room;
};

bool bill_wanted(const struct bill_options *options, struct text account, struct text key,
                 struct text model, struct text source, struct text provider)
{
	const struct {
		struct text filter, value;
	} all[] = {
		{ options->account, account },   { options->key, key },
		{ options->model, model },       { options->source, source },
		{ options->provider, provider },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i].filter.at != NULL &&
		    (all[i].value.at == NULL || !text_equal(all[i].filter, all[i].value)))
			return false;
	}
	return true;
}

struct money bill_side_amount(const struct bill_options *options, struct money amount,
                              struct money cost)
{
	return options->side == BOOK_COST ? cost : amount;
}

static int no_memory(struct bill_walk *walk)
{
	return fault_set(walk->fault, FAULT_NOMEM, "our side: out of memory");
}

static int no_amount(struct bill_walk *walk)
{
	return fault_set(walk->fault, FAULT_RANGE, "a sum of our side is no amount");
}

static bool in_period(const struct bill_walk *walk, int64_t ms)
{
	return ms >= walk->from_ms && ms < walk->to_ms;
}

/* ---- corrections of single events ---- */

static int note_corrected(void *context, const struct correction *correction)
{
	struct bill_walk *walk = context;

	if (walk->corrected_count == walk->corrected_cap) {
		size_t cap = walk->corrected_cap > 0 ? 2 * walk->corrected_cap : 64;
		int64_t *grown = realloc(walk->corrected, cap * sizeof(*grown));

		if (grown == NULL)
			return no_memory(walk);
		walk->corrected = grown;
		walk->corrected_cap = cap;
	}
	walk->corrected[walk->corrected_count++] = correction->time_ms;
	return 0;
}

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static bool may_be_corrected(const struct bill_walk *walk, int64_t time_ms)
{
	return walk->corrected_count > 0 &&
	       bsearch(&time_ms, walk->corrected, walk->corrected_count, sizeof(time_ms),
	               by_time) != NULL;
}

/* What is to be added to an event of that time. */
struct addition {
	struct bill_walk *walk;
	int64_t time_ms;
	bool voided;
	struct money amount;
	int64_t count[COMPONENT_COUNT];
};

/* What it was: all that this row takes away. */
static void note_void(struct bill_walk *walk, const struct correction *correction)
{
	struct bill_void *was = &walk->voided;
	const struct rollup_row *adds = &correction->adds;
	size_t len = correction->reason.len;

	if (len >= sizeof(was->reason))
		len = sizeof(was->reason) - 1;
	/* Not within a character. */
	while (len < correction->reason.len && len > 0 &&
	       ((unsigned char)correction->reason.at[len] & 0xc0) == 0x80)
		len--;
	text_copy(was->reason, sizeof(was->reason), (struct text){ correction->reason.at, len });
	was->at_ms = correction->at_ms;
	was->twin = correction->kind == CORRECTION_TWIN;
	was->amount = bill_side_amount(walk->options, adds->amount, adds->cost);
	was->amount.attos = -was->amount.attos;
	for (int c = 0; c < COMPONENT_COUNT; c++)
		was->count[c] = adds->count[c] == INT64_MIN ? 0 : -adds->count[c];
}

/* Of the period what is booked in it; of the margin all. */
static int add_correction(void *context, const struct correction *correction)
{
	struct addition *sum = context;
	struct bill_walk *walk = sum->walk;
	const struct rollup_row *adds = &correction->adds;

	if (in_period(walk, sum->time_ms) && !in_period(walk, correction->booked_ms))
		return 0;
	if (correction->kind == CORRECTION_VOID || correction->kind == CORRECTION_TWIN) {
		sum->voided = true;
		note_void(walk, correction);
	}
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (__builtin_add_overflow(sum->count[c], adds->count[c], &sum->count[c]))
			return no_amount(walk);
	}
	if (money_add(sum->amount, bill_side_amount(walk->options, adds->amount, adds->cost),
	              &sum->amount) < 0)
		return no_amount(walk);
	return 0;
}

static int find_corrections(struct bill_walk *walk, int64_t time_ms, struct text source,
                            struct text id, struct addition *sum_out)
{
	*sum_out = (struct addition){ .walk = walk, .time_ms = time_ms };
	if (!may_be_corrected(walk, time_ms))
		return 0;
	return ledger_corrections_of(walk->ledger, source, id, time_ms, add_correction, sum_out,
	                             walk->fault);
}

/* ---- what is held back ---- */

/* The member "upstream_id" of the extra; absent: it has none. */
static int find_upstream(struct bill_walk *walk, struct text extra, struct text *out)
{
	static const char member[] = "\"upstream_id\":", tags[] = "\"tags\":{";
	const char *at, *end, *from = extra.at;
	size_t len = sizeof(member) - 1;
	uint32_t node;

	*out = text_of(NULL);
	at = from == NULL ? NULL : memmem(from, extra.len, member, len);
	if (at == NULL)
		return 0;
	/* As it is written by us: before the tags, of which one may be called so. */
	if (memmem(from, (size_t)(at - from), tags, sizeof(tags) - 1) == NULL && at[len] == '"') {
		at += len + 1;
		end = memchr(at, '"', extra.len - (size_t)(at - from));
		if (end != NULL && memchr(at, '\\', (size_t)(end - at)) == NULL) {
			*out = (struct text){ at, (size_t)(end - at) };
			return 0;
		}
	}
	if (json_parse(&walk->doc, extra, NULL) < 0)
		return walk->doc.error == JSON_NO_MEMORY ? no_memory(walk) : 0;
	node = json_member(&walk->doc, 0, "upstream_id");
	if (node != JSON_NONE)
		*out = json_string(&walk->doc, node);
	return 0;
}

static struct text keep(struct buf *room, struct text text)
{
	const char *at = room->at + room->len;

	if (text.at == NULL)
		return text;
	buf_add(room, text.at, text.len);
	return (struct text){ at, text.len };
}

/* The copies lie in the one room, which does not move: it is made large enough before. */
static int keep_texts(struct bill_walk *walk, struct bill_held *held,
                      const struct brief_event *event, struct text id, struct text upstream_id)
{
	struct buf *room = &held->room;

	buf_clear(room);
	if (buf_room(room, id.len + event->source.len + event->account.len + event->key.len +
	                           event->model.len + event->provider.len + upstream_id.len + 1) ==
	    NULL)
		return no_memory(walk);
	room->len = 0;
	held->id = keep(room, id);
	held->source = keep(room, event->source);
	held->account = keep(room, event->account);
	held->key = keep(room, event->key);
	held->model = keep(room, event->model);
	held->provider = keep(room, event->provider);
	held->upstream_id = keep(room, upstream_id);
	return 0;
}

static int hold(struct bill_walk *walk, const struct brief_event *event, struct text id,
                struct bill_held **held_out)
{
	struct bill_held *held;
	struct text upstream_id;
	int r;

	if (walk->held_count == walk->held_cap) {
		size_t cap = walk->held_cap + 4;

		held = realloc(walk->held, cap * sizeof(*held));
		if (held == NULL)
			return no_memory(walk);
		memset(held + walk->held_cap, 0, (cap - walk->held_cap) * sizeof(*held));
		walk->held = held;
		walk->held_cap = cap;
	}
	held = &walk->held[walk->held_count];
	r = find_upstream(walk, event->extra, &upstream_id);
	if (r == 0)
		r = keep_texts(walk, held, event, id, upstream_id);
	if (r < 0)
		return r;
	held->time_ms = event->time_ms;
	held->counts = in_period(walk, event->time_ms);
	held->amount = (struct money){ 0 };
	held->price_id = BILL_PRICE_MIXED;
	held->suspense = held->request = false;
	held->turn_count = 0;
	held->service_tier = held->region = held->finish_reason = text_of(NULL);
	held->status = EVENT_ABSENT;
	held->settlement = SETTLEMENT_FINAL;
	held->policy = 0;
	if (walk->whole)
		held->usage = (struct usage){ .kind_count = 0 };
	walk->held_count++;
	*held_out = held;
	return 0;
}

static int give(struct bill_walk *walk)
{
	struct bill_held *held = &walk->held[--walk->held_count];
	struct bill_met *met = &walk->met;
	struct bill_ours *ours = &met->ours;

	met->walk = walk;
	met->held = held;
	met->counts = held->counts;
	met->price_id = held->price_id;
	if (walk->whole)
		ours->usage = held->usage;
	else if (met->filled)
		ours->usage = (struct usage){ .kind_count = 0 };
	met->filled = false;
	ours->requests = held->request;
	ours->time_ms = held->time_ms;
	ours->source = held->source;
	ours->id = held->id;
	ours->upstream_id = held->upstream_id;
	ours->account = held->account;
	ours->key = held->key;
	ours->model = held->model;
	ours->provider = held->provider;
	ours->service_tier = held->service_tier;
	ours->region = held->region;
	ours->finish_reason = held->finish_reason;
	ours->status = held->status;
	ours->settlement = held->settlement;
	ours->sum = held->turn_count > 0;
	ours->suspense = held->suspense;
	ours->amount = held->amount;
	ours->policy = held->policy;
	ours->version = NULL;
	return walk->each(walk->context, met);
}

/* Whatever of those that are held cannot have a turn behind it any more. */
static int give_until(struct bill_walk *walk, const struct brief_event *event)
{
	int r = 0;

	while (r == 0 && walk->held_count > 0) {
		const struct bill_held *held = &walk->held[walk->held_count - 1];

		if (event != NULL && held->time_ms == event->time_ms &&
		    held->id.len <= event->id.len &&
		    memcmp(held->id.at, event->id.at, held->id.len) == 0 &&
		    text_equal(held->source, event->source))
			break;
		r = give(walk);
	}
	return r;
}

/* "ID~2" is 2 of ID; false: it is not written so, to the letter: "ID~02" is a name of its own. */
static bool split_turn(struct text id, struct text *request_out, uint8_t *number_out)
{
	const char *tilde = id.at == NULL ? NULL : memrchr(id.at, '~', id.len);
	int64_t number;

	if (tilde == NULL || tilde == id.at || tilde + 1 == id.at + id.len || tilde[1] == '0')
		return false;
	if (!text_int((struct text){ tilde + 1, (size_t)(id.at + id.len - tilde) - 1 }, &number) ||
	    number < 2 || number > TURN_MAX)
		return false;
	*request_out = (struct text){ id.at, (size_t)(tilde - id.at) };
	*number_out = (uint8_t)number;
	return true;
}

static int find_request(struct bill_walk *walk, const struct brief_event *event,
                        struct bill_held **held_out, bool *turn_out)
{
	struct text request = event->id;
	struct bill_held *held = NULL;
	uint8_t number = 0;
	bool turn = event->turn == TURN_OF && split_turn(event->id, &request, &number);
	int r = 0;

	for (size_t i = walk->held_count; turn && held == NULL && i > 0; i--) {
		if (text_equal(walk->held[i - 1].id, request) &&
		    walk->held[i - 1].turn_count < EVENT_PARTS_MAX)
			held = &walk->held[i - 1];
	}
	if (held == NULL)
		r = hold(walk, event, request, &held);
	if (r < 0)
		return r;
	if (turn)
		held->turns[held->turn_count++] = number;
	*held_out = held;
	*turn_out = turn;
	return 0;
}

/* It counts nothing, and a row of theirs may be left for it. */
static int pass_void(struct bill_walk *walk, const struct brief_event *event)
{
	struct bill_void *was = &walk->voided;
	struct text request = text_of(NULL);
	uint8_t number;
	int r = find_upstream(walk, event->extra, &was->upstream_id);

	if (r < 0)
		return r;
	was->source = event->source;
	was->id = event->id;
	was->key = event->key;
	was->model = event->model;
	was->time_ms = event->time_ms;
	if (event->turn == TURN_OF)
		split_turn(event->id, &request, &number);
	return bill_voids_add(&walk->voids, was, request, walk->fault);
}

/* *held_out: the request that it is of or is; NULL: it counts nothing. */
static int take_event(struct bill_walk *walk, const struct brief_event *event,
                      struct bill_held **held_out, struct addition *more)
{
	int64_t price = event->price_id;
	struct money amount = event->amount;
	struct bill_held *held = NULL;
	bool turn = false;
	int r;

	*held_out = NULL;
	if (++walk->seen % PROGRESS_EVENTS == 0 && walk->options->on_progress != NULL)
		walk->options->on_progress(walk->options->progress, "events", walk->seen, 0);
	if (event->turn == TURN_ENDED || !bill_wanted(walk->options, event->account, event->key,
	                                              event->model, event->source, event->provider))
		return 0;
	r = give_until(walk, event);
	if (r == 0)
		r = find_corrections(walk, event->time_ms, event->source, event->id, more);
	if (r == 0 && money_add(amount, more->amount, &amount) < 0)
		r = no_amount(walk);
	if (r != 0)
		return r;
	if (more->voided && amount.attos == 0)
		return pass_void(walk, event);
	r = find_request(walk, event, &held, &turn);
	if (r < 0)
		return r;
	held->request = held->request || (!turn && event->turn == TURN_NONE && !more->voided);
	held->suspense = held->suspense || price < LEDGER_PRICE_NONE;
	/* A turn for which nothing was due changes nothing of how the rest was rated. */
	if (!turn || (held->turn_count == 1 && !held->request))
		held->price_id = price;
	else if (price != held->price_id && price != LEDGER_PRICE_NONE)
		held->price_id = BILL_PRICE_MIXED;
	*held_out = held;
	return money_add(held->amount, amount, &held->amount) < 0 ? no_amount(walk) : 0;
}

static int take_brief(void *context, const struct brief_event *event)
{
	struct bill_held *held;
	struct addition more;

	return take_event(context, event, &held, &more);
}

/* A turn of it: its counts; kinds for which there is no room are counted all the same. */
static int add_counts(struct bill_walk *walk, struct usage *usage, const struct usage *more)
{
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (__builtin_add_overflow(usage->count[c], more->count[c], &usage->count[c]))
			return no_amount(walk);
	}
	for (unsigned k = 0; k < more->kind_count; k++)
		usage_add_kind(usage, &more->kinds[k]);
	return 0;
}

static int correct_counts(struct bill_walk *walk, struct usage *usage, const struct addition *more)
{
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (__builtin_add_overflow(usage->count[c], more->count[c], &usage->count[c]))
			return no_amount(walk);
	}
	return 0;
}

static int keep_more(struct bill_walk *walk, struct bill_held *held, const struct event *event)
{
	struct buf *room = &held->more_room;

	buf_clear(room);
	if (buf_room(room, event->service_tier.len + event->region.len + event->finish_reason.len +
	                           1) == NULL)
		return no_memory(walk);
	room->len = 0;
	held->service_tier = keep(room, event->service_tier);
	held->region = keep(room, event->region);
	held->finish_reason = keep(room, event->finish_reason);
	return 0;
}

static int take_whole(void *context, const struct stored_event *row)
{
	struct bill_walk *walk = context;
	const struct event *event = &row->event;
	bool cost = walk->options->side == BOOK_COST;
	const struct brief_event brief = {
		.time_ms = event->time_ms,
		.id = event->id,
		.source = event->source,
		.account = event->account,
		.key = event->key,
		.model = event->model,
		.provider = event->provider,
		.turn = event->turn,
		.price_id = cost ? row->cost_id : row->price_id,
		.amount = cost ? row->cost : row->amount,
		.extra = event->extra,
	};
	struct bill_held *held;
	struct addition more;
	int r = take_event(walk, &brief, &held, &more);

	if (r != 0 || held == NULL)
		return r;
	if (event->turn == TURN_NONE || held->turn_count == 0) {
		held->usage = event->usage;
		held->status = event->status;
		held->settlement = event->settlement;
		held->policy = cost ? 0 : row->policy;
		r = keep_more(walk, held, event);
	} else {
		r = add_counts(walk, &held->usage, &event->usage);
	}
	return r < 0 ? r : correct_counts(walk, &held->usage, &more);
}

int bill_each_ours(struct bill_walk *walk, bill_met_fn *each, void *context)
{
	int64_t margin = walk->options->margin_ms, from = walk->from_ms, to = walk->to_ms;
	int r;

	from = from - LEDGER_FROM_MIN > margin ? from - margin : LEDGER_FROM_MIN;
	to = LEDGER_TO_MAX - to > margin ? to + margin : LEDGER_TO_MAX;
	walk->each = each;
	walk->context = context;
	walk->held_count = 0;
	walk->corrected_count = 0;
	bill_voids_clear(&walk->voids);
	r = ledger_each_correction(walk->ledger, CORRECTION_TRAFFIC,
	                           moment_floor(from, MOMENT_HOUR), to, note_corrected, walk,
	                           walk->fault);
	if (r < 0)
		return r;
	if (walk->corrected_count > 0)
		qsort(walk->corrected, walk->corrected_count, sizeof(*walk->corrected), by_time);
	r = walk->whole ? ledger_each_event(walk->ledger, from, to, take_whole, walk, walk->fault)
	                : ledger_each_brief(walk->ledger, walk->options->side, from, to, take_brief,
	                                    walk, walk->fault);
	return r == 0 ? give_until(walk, NULL) : r;
}

/* ---- the rest of a request ---- */

static int copy_text(struct bill_walk *walk, struct text from, struct text *to)
{
	*to = from.at == NULL ? from : arena_copy(&walk->arena, from);
	return from.at != NULL && to->at == NULL ? no_memory(walk) : 0;
}

static int take_request(void *context, const struct stored_event *row)
{
	struct bill_met *met = context;
	struct bill_ours *ours = &met->ours;
	int r = copy_text(met->walk, row->event.service_tier, &ours->service_tier);

	ours->usage = row->event.usage;
	ours->status = row->event.status;
	ours->settlement = row->event.settlement;
	ours->policy = met->walk->options->side == BOOK_SELL ? row->policy : 0;
	if (r == 0)
		r = copy_text(met->walk, row->event.region, &ours->region);
	if (r == 0)
		r = copy_text(met->walk, row->event.finish_reason, &ours->finish_reason);
	return r;
}

static int add_turn(void *context, const struct stored_event *row)
{
	struct bill_met *met = context;

	return add_counts(met->walk, &met->ours.usage, &row->event.usage);
}

static int add_event(struct bill_met *met, struct text id, ledger_event_fn *take)
{
	struct bill_walk *walk = met->walk;
	int64_t time_ms = met->held->time_ms;
	struct addition more;
	int r = ledger_get_event(walk->ledger, time_ms, met->held->source, id, take, met,
	                         walk->fault);

	if (r == 0)
		r = find_corrections(walk, time_ms, met->held->source, id, &more);
	return r < 0 ? r : correct_counts(walk, &met->ours.usage, &more);
}

static int fill_facts(struct bill_met *met)
{
	const struct bill_held *held = met->held;
	char id[EVENT_NAME_BYTES_MAX + 8];
	int r = 0;

	arena_reset(&met->walk->arena);
	met->ours.usage = (struct usage){ .kind_count = 0 };
	if (held->request || held->turn_count == 0)
		r = add_event(met, held->id, take_request);
	for (size_t i = 0; r == 0 && i < held->turn_count; i++) {
		int len = snprintf(id, sizeof(id), "%.*s~%u", TEXT_ARGS(held->id), held->turns[i]);

		r = add_event(met, (struct text){ id, (size_t)len }, add_turn);
	}
	return r;
}

int bill_ours_fill(struct bill_met *met)
{
	struct bill_walk *walk = met->walk;
	int r = 0;

	if (met->filled)
		return 0;
	if (!walk->whole)
		r = fill_facts(met);
	if (r == 0 && met->price_id > LEDGER_PRICE_NONE)
		r = ledger_price_version(walk->ledger, met->price_id, &met->ours.version, NULL,
		                         walk->fault);
	met->filled = r == 0;
	return r;
}

void bill_walk_release(struct bill_walk *walk)
{
	for (size_t i = 0; i < walk->held_cap; i++) {
		buf_release(&walk->held[i].room);
		buf_release(&walk->held[i].more_room);
	}
	free(walk->held);
	free(walk->corrected);
	bill_voids_release(&walk->voids);
	arena_release(&walk->arena);
	json_release(&walk->doc);
	*walk = (struct bill_walk){ .held = NULL };
}
