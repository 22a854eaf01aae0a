#include "ingest/ingest.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "rate/policy.h"
#include "usage/checkpoint.h"
#include "usage/envelope.h"
#include "usage/kinds.h"

static const char *const verdict_names[INGEST_VERDICT_COUNT] = {
	[INGEST_QUARANTINED] = "quarantined", [INGEST_CONFLICT] = "conflict",
	[INGEST_DUPLICATE] = "duplicate",     [INGEST_UNPRICED] = "unpriced",
	[INGEST_ACCEPTED] = "accepted",       [INGEST_CHECKPOINT] = "checkpoint",
};

const char *ingest_verdict_name(enum ingest_verdict verdict)
{
	return verdict_names[verdict];
}

/* The form of the protocol: an object whose first member is "checkpoint". */
static bool begins_like_checkpoint(struct text line)
{
	static const char key[] = "\"checkpoint\"";
	size_t i = 0;

	while (i < line.len && (line.at[i] == ' ' || line.at[i] == '\t'))
		i++;
	if (i == line.len || line.at[i++] != '{')
		return false;
	while (i < line.len && (line.at[i] == ' ' || line.at[i] == '\t'))
		i++;
	return line.len - i >= sizeof(key) - 1 && memcmp(line.at + i, key, sizeof(key) - 1) == 0;
}

/* NOT_A_CHECKPOINT: it has further members; whatever it is, it must not pass as totals. */
enum { NOT_A_CHECKPOINT = 1 };

static int prepare_checkpoint(struct ingest_item *item, const struct event_defaults *defaults,
                              struct json *doc, struct arena *arena)
{
	struct checkpoint checkpoint;
	struct fault fault;
	struct text source;
	int r = json_parse(doc, item->line, &fault);

	if (r == -FAULT_NOMEM)
		return r;
	if (r < 0)
		return event_refuse_json(item->line, defaults, doc, &fault, arena, item->refusal);
	if (json_next(doc, 0, json_first(doc, 0)) != JSON_NONE)
		return NOT_A_CHECKPOINT;
	if (!checkpoint_read(doc, defaults->now_ms, &checkpoint, item->refusal))
		return 0;
	source = checkpoint.source.at != NULL ? checkpoint.source : defaults->source;
	if (source.at == NULL || source.len == 0) {
		refusal_set(item->refusal, REASON_MISSING, "checkpoint.source is missing");
	} else if (source.len > EVENT_NAME_BYTES_MAX || !text_plain(source)) {
		refusal_set(item->refusal, REASON_NAME,
		            "checkpoint.source: 1 to %d bytes without control characters",
		            EVENT_NAME_BYTES_MAX);
	} else {
		item->checkpoint = true;
		item->checkpoint_epoch = checkpoint.epoch;
		item->checkpoint_seq = checkpoint.seq;
		item->checkpoint_json = item->line;
		/* It may point into the parser's memory, which the next line reuses. */
		item->event.source = arena_copy(arena, source);
		r = item->event.source.at != NULL ? 0 : -FAULT_NOMEM;
	}
	return r;
}

static int rate(struct ingest_item *item, const struct terms *terms, struct arena *arena)
{
	item->rated = (struct rated){ .price_id = LEDGER_PRICE_SUSPENSE,
		                      .cost_id = LEDGER_COST_NO_BOOK };
	return terms_rate(terms, &item->event, arena, &item->rated, item->refusal);
}

static void prepare_refusal(struct ingest_item *item, const struct event_defaults *defaults)
{
	struct event_refusal *refusal = item->refusal;

	if (refusal->source.at == NULL)
		refusal->source = defaults->source;
	/* A name that is itself the trouble must not become a name of the ledger. */
	if (refusal->source.len > EVENT_NAME_BYTES_MAX || !text_plain(refusal->source) ||
	    !text_utf8(refusal->source))
		refusal->source = text_of(NULL);
	if (refusal->id.len > EVENT_NAME_BYTES_MAX || !text_utf8(refusal->id))
		refusal->id = text_of(NULL);
}

/* What is kept of it may still name whose it is. */
static int prepare_too_long(struct ingest_item *item, const struct event_defaults *defaults,
                            struct json *doc, struct arena *arena)
{
	struct fault fault = { .code = FAULT_NONE };
	int r = json_parse(doc, item->line, &fault);

	if (r != -FAULT_NOMEM)
		r = event_refuse_json(item->line, defaults, doc, &fault, arena, item->refusal);
	refusal_set(item->refusal, REASON_TOO_LONG, "%lld bytes; the limit is %zu",
	            (long long)item->length, item->line.len);
	item->refused = true;
	prepare_refusal(item, defaults);
	return r;
}

/* The turns that its usage is the sum of become parts, behind those it has; the first stays. */
static int take_apart(struct event *event, struct arena *arena)
{
	const struct event_sum sum = event->sum;
	size_t count = event->part_count;
	struct event_part *parts = arena_take(arena, (count + sum.count) * sizeof(*parts));

	if (parts == NULL)
		return -FAULT_NOMEM;
	if (count > 0)
		memcpy(parts, event->parts, count * sizeof(*parts));
	for (size_t i = 1; i < sum.count; i++) {
		parts[count] = sum.turns[i];
		usage_take_part(&event->usage, &parts[count++].usage);
	}
	event->parts = parts;
	event->part_count = count;
	event->sum = (struct event_sum){ .of = 0 };
	return 0;
}

/* Whether any of the turns has an answer is asked of the request, not of each. */
static void look_for_answer(struct event *event)
{
	struct event turn = *event;
	bool answered = !policy_no_completion(event);

	for (size_t i = 0; i < event->part_count; i++) {
		turn.usage = event->parts[i].usage;
		answered = answered || !policy_no_completion(&turn);
	}
	if (answered && event->part_count > 0)
		event->no_answer_due = true;
}

/*
 * As one, where a price is the same for the sum and for each turn, on both sides.  What has no
 * price yet is taken apart too: nobody knows which it will have.
 */
static int rate_whole(struct ingest_item *item, const struct terms *terms, struct arena *arena)
{
	struct event *event = &item->event;
	const struct text extra = event->extra;
	bool apart = event->sum.count > 0 &&
	             (terms_sum_moves_price(terms, event) || terms_sum_moves_cost(terms, event));
	int r = apart ? take_apart(event, arena) : 0;

	look_for_answer(event);
	if (r == 0)
		r = rate(item, terms, arena);
	if (r < 0 || event->sum.count == 0 || item->refusal->reason != REASON_NONE ||
	    (item->rated.price_id != LEDGER_PRICE_SUSPENSE &&
	     item->rated.cost_id != LEDGER_PRICE_SUSPENSE))
		return r;
	event->extra = extra;
	r = take_apart(event, arena);
	look_for_answer(event);
	return r < 0 ? r : rate(item, terms, arena);
}

/* A further item behind `last`, of the same line; NULL: no memory. */
static struct ingest_item *add_item(struct ingest_item *last, const struct ingest_item *like,
                                    struct arena *arena)
{
	struct ingest_item *item = arena_take(arena, sizeof(*item));
	struct event_refusal *refusal = arena_take(arena, sizeof(*refusal));

	if (item == NULL || refusal == NULL)
		return NULL;
	*refusal = (struct event_refusal){ .time_ms = EVENT_ABSENT };
	*item = *like;
	item->refusal = refusal;
	item->refused = false;
	item->more = NULL;
	last->more = item;
	return item;
}

/* "ID~2" and so on; false: no memory, or the refusal says that it is too long. */
static bool part_id(const struct ingest_item *whole, size_t number, struct arena *arena,
                    struct text *out)
{
	char id[EVENT_NAME_BYTES_MAX + 32];
	struct text name = whole->event.id;
	int len = snprintf(id, sizeof(id), "%.*s~%zu", TEXT_ARGS(name), number);

	if (len > EVENT_NAME_BYTES_MAX) {
		refusal_set(whole->refusal, REASON_NAME,
		            "id: with the number of a turn it is longer than %d bytes",
		            EVENT_NAME_BYTES_MAX);
		return false;
	}
	*out = arena_copy(arena, text_of(id));
	return out->at != NULL;
}

/* Of the tokens that were served: those that an event leaves for the turns behind it. */
static int64_t served_after(const struct event *event)
{
	int64_t answer = policy_answer(&event->usage);

	if (event->served == EVENT_ABSENT)
		return EVENT_ABSENT;
	return event->served > answer ? event->served - answer : 0;
}

/* The turns of a request as items behind it: each has its own model, and so its own price. */
static int prepare_parts(struct ingest_item *whole, const struct terms *terms, struct arena *arena)
{
	struct ingest_item *last = whole;
	int r = 0;

	for (size_t i = 0; r == 0 && !whole->refused && i < whole->event.part_count; i++) {
		const struct event_part *part = &whole->event.parts[i];
		uint64_t number = i + 2;
		struct ingest_item *item = add_item(last, whole, arena);
		struct event *event = item != NULL ? &item->event : NULL;

		if (item == NULL)
			return -FAULT_NOMEM;
		item->part = true;
		event->turn = TURN_OF;
		event->parts = NULL;
		event->part_count = 0;
		event->sum = (struct event_sum){ .of = 0 };
		event->served = served_after(&last->event);
		event->model = part->model;
		event->usage = part->usage;
		event->extra = event->unknown_path = text_of(NULL);
		event->latency_ms = event->ttft_ms = EVENT_ABSENT;
		event->content_hash = hash64_mix(whole->event.content_hash, number);
		if (part_id(whole, (size_t)number, arena, &event->id))
			r = rate(item, terms, arena);
		else if (whole->refusal->reason == REASON_NONE)
			return -FAULT_NOMEM;
		if (item->refusal->reason != REASON_NONE)
			refusal_set(whole->refusal, item->refusal->reason, "%s",
			            item->refusal->detail);
		whole->refused = whole->refusal->reason != REASON_NONE;
		last = item;
	}
	/* All of the line, or nothing. */
	if (whole->refused)
		whole->more = NULL;
	return r;
}

/* What was decoded: its price, and its turns. */
static int prepare_event(struct ingest_item *item, const struct terms *terms, struct arena *arena)
{
	int r = item->refusal->reason == REASON_NONE ? rate_whole(item, terms, arena) : 0;

	item->refused = item->refusal->reason != REASON_NONE;
	return r < 0 ? r : prepare_parts(item, terms, arena);
}

/*
 * One of the events that an envelope holds.  Of several each is kept by itself where it must be
 * kept; one alone as the record that it came in.
 */
static int prepare_enclosed(struct ingest_item *item, const struct envelope_event *enclosed,
                            bool alone, const struct event_defaults *defaults,
                            const struct terms *terms, struct json *doc, struct arena *arena)
{
	int r = 0;

	if (enclosed->refusal != NULL) {
		*item->refusal = *enclosed->refusal;
		item->refused = true;
	} else {
		if (!alone) {
			item->line = enclosed->line;
			item->length = (int64_t)enclosed->line.len;
		}
		r = event_decode(enclosed->line, defaults, doc, arena, &item->event, item->refusal);
		if (r == 0)
			r = prepare_event(item, terms, arena);
	}
	if (r == 0 && item->refused)
		prepare_refusal(item, defaults);
	return r;
}

static struct ingest_item *last_of(struct ingest_item *item)
{
	while (item->more != NULL)
		item = item->more;
	return item;
}

static int prepare_all_enclosed(struct ingest_item *item, const struct envelope_event *events,
                                size_t count, const struct event_defaults *defaults,
                                const struct terms *terms, struct json *doc, struct arena *arena)
{
	const struct ingest_item like = *item;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct ingest_item *next = i == 0 ? item : add_item(last_of(item), &like, arena);

		if (next == NULL)
			return -FAULT_NOMEM;
		next->event = (struct event){ .time_ms = 0 };
		next->refused = false;
		r = prepare_enclosed(next, &events[i], count == 1, defaults, terms, doc, arena);
	}
	return r;
}

/* An event, or the envelope of some. */
static int prepare_line(struct ingest_item *item, const struct event_defaults *defaults,
                        const struct terms *terms, struct json *doc, struct arena *arena)
{
	struct envelope_event *events;
	size_t count;
	int r = ingest_decode(item->line, defaults, doc, arena, &item->event, item->refusal,
	                      &events, &count);

	if (r == 0 && count > 0)
		return prepare_all_enclosed(item, events, count, defaults, terms, doc, arena);
	return r < 0 ? r : prepare_event(item, terms, arena);
}

int ingest_prepare(struct ingest_item *item, struct text line, enum ingest_line how, int64_t length,
                   const struct event_defaults *defaults, const struct terms *terms,
                   struct json *doc, struct arena *arena)
{
	struct event_refusal *refusal = arena_take(arena, sizeof(*refusal));
	int r = NOT_A_CHECKPOINT;

	if (refusal == NULL)
		return -FAULT_NOMEM;
	*refusal = (struct event_refusal){ .time_ms = EVENT_ABSENT };
	*item = (struct ingest_item){
		.line = line,
		.length = length,
		.received_ms = defaults->now_ms,
		.refusal = refusal,
		.own_verdict = INGEST_VERDICT_COUNT,
	};
	if (how == INGEST_LINE_TOO_LONG)
		return prepare_too_long(item, defaults, doc, arena);
	/* From both: a length beyond what is kept says that a line was cut. */
	if (line.len > 0 && line.at[line.len - 1] == '\r') {
		item->line.len--;
		item->length--;
	}
	if (begins_like_checkpoint(item->line))
		r = prepare_checkpoint(item, defaults, doc, arena);
	if (r == NOT_A_CHECKPOINT)
		r = prepare_line(item, defaults, terms, doc, arena);
	item->refused = item->refusal->reason != REASON_NONE;
	if (r == 0 && item->refused) {
		if (how == INGEST_LINE_CUT_OFF && item->refusal->reason == REASON_SYNTAX)
			refusal_set(item->refusal, REASON_CUT_OFF,
			            "no newline after %lld bytes, and no whole object",
			            (long long)length);
		prepare_refusal(item, defaults);
	}
	return r;
}
