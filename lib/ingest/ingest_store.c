/* The second half of ingest: what was prepared, into the ledger. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "ingest/ingest.h"
#include "ledger/archive.h"
#include "ledger/checkpoints.h"

/* An event that was understood. */
static void refuse_event(struct ingest_item *item, enum reason reason, const char *why)
{
	item->refusal->source = item->event.source;
	item->refusal->id = item->event.id;
	item->refusal->time_ms = item->event.time_ms;
	item->refused = true;
	refusal_set(item->refusal, reason, "%s", why);
}

/* What a checkpoint line tells, but for its source, which the hello may have told. */
static uint64_t totals_hash(const struct json *doc)
{
	uint32_t object = json_member(doc, 0, "checkpoint");
	uint64_t hash = 0;

	for (uint32_t k = json_first(doc, object); k != JSON_NONE; k = json_next(doc, object, k)) {
		struct text key = doc->nodes[k].text;

		if (!text_is(key, "source") && json_type_of(doc, k + 1) != JSON_NULL)
			hash += hash64(key.at, key.len, json_hash(doc, k + 1));
	}
	return hash;
}

/* The same totals, however they are written.  *same_out is false where one is no JSON. */
static int same_totals(struct text a, struct text b, bool *same_out, struct fault *fault)
{
	struct json docs[2] = { { .nodes = NULL }, { .nodes = NULL } };
	const struct text texts[2] = { a, b };
	int r = 0;

	*same_out = text_equal(a, b);
	for (int i = 0; r == 0 && i < 2 && !*same_out; i++)
		r = json_parse(&docs[i], texts[i], fault);
	if (r == 0 && !*same_out)
		*same_out = totals_hash(&docs[0]) == totals_hash(&docs[1]);
	json_release(&docs[0]);
	json_release(&docs[1]);
	return r == -FAULT_NOMEM ? r : 0;
}

static int try_checkpoint(struct ledger *ledger, struct ingest_item *item, struct fault *fault)
{
	struct text source = item->event.source;
	struct buf stored = { .at = NULL };
	bool same = false;
	int r = ledger_checkpoint_get(ledger, source, item->checkpoint_epoch, item->checkpoint_seq,
	                              &stored, fault);

	if (r == 0 && stored.len == 0) {
		item->own_verdict = INGEST_CHECKPOINT;
		r = ledger_checkpoint_add(ledger, source, item->checkpoint_epoch,
		                          item->checkpoint_seq, item->checkpoint_json,
		                          item->received_ms, fault);
	} else if (r == 0) {
		r = same_totals(buf_text(&stored), item->checkpoint_json, &same, fault);
		if (same)
			item->own_verdict = INGEST_DUPLICATE;
	}
	buf_release(&stored);
	if (r == 0 && item->own_verdict == INGEST_QUARANTINED) {
		item->refusal->source = source;
		refusal_set(
			item->refusal, REASON_CHECKPOINT,
			"checkpoint.seq %lld came before, with other totals: one that begins anew "
			"tells a higher epoch",
			(long long)item->checkpoint_seq);
	}
	return r;
}

/*
 * Whether it stands in the archive cannot be told while the file of its hour is away: it waits in
 * quarantine until it is put back.  So does a request of which a turn would have to.
 */
static int try_reach(struct ledger *ledger, struct ingest_item *item, bool *reached_out,
                     struct fault *fault)
{
	struct fault away = { .code = FAULT_NONE };
	const struct ingest_item *each = item;
	int r;

	do {
		r = archive_within_reach(ledger, each->event.source, each->event.id,
		                         each->event.time_ms, reached_out, &away);
		each = each->more;
	} while (r == 0 && *reached_out && each != NULL && each->part);
	if (r < 0)
		return fault_set(fault, away.code, "%s", away.text);
	if (!*reached_out)
		refuse_event(item, REASON_ARCHIVE, away.text);
	return 0;
}

/* Not understood today, or too much; but sent again it may be what is stored already. */
static int try_refused(struct ledger *ledger, struct ingest_item *item, struct fault *fault)
{
	const struct event_refusal *refusal = item->refusal;
	bool reached, holds;
	int r;

	/* A line that is no JSON only names an event: it has no content to compare. */
	if (refusal->source.at == NULL || refusal->id.at == NULL ||
	    refusal->time_ms == EVENT_ABSENT || item->event.id.at == NULL)
		return 0;
	r = archive_within_reach(ledger, refusal->source, refusal->id, refusal->time_ms, &reached,
	                         fault);
	if (r < 0 || !reached)
		return r;
	r = ledger_holds(ledger, refusal->source, refusal->id, refusal->time_ms,
	                 item->event.content_hash, &holds, fault);
	if (r == 0 && holds)
		item->own_verdict = INGEST_DUPLICATE;
	return r;
}

/* Totals: each turn of a request fits its own sums, all of them need no sum to fit. */
static struct money less(struct money total, struct money amount)
{
	return (struct money){ total.attos - amount.attos };
}

/* What it changed in the sums, and so what `toll tail` shows. */
static void note_added(struct ingest_item *item, const struct ledger_added *added)
{
	switch (added->outcome) {
	case LEDGER_OVERFLOW:
	case LEDGER_CONFLICT:
	case LEDGER_DUPLICATE:
		break;
	case LEDGER_LATE:
		item->phase = INGEST_PHASE_LATE;
		break;
	case LEDGER_REPLACED:
		item->phase = INGEST_PHASE_LATER;
		item->added = less(item->rated.amount, added->taken);
		break;
	case LEDGER_ADDED:
		item->added = item->rated.amount;
		break;
	}
}

/* *added_out is only filled where the event reached the ledger. */
static int try_one(struct ledger *ledger, struct ingest_item *item, struct ledger_added *added_out,
                   struct fault *fault)
{
	struct ledger_added added;
	bool reached = true;
	int r = 0;

	item->own_verdict = INGEST_QUARANTINED;
	item->phase = INGEST_PHASE_FIRST;
	item->added = (struct money){ 0 };
	if (item->refused)
		return try_refused(ledger, item, fault);
	if (item->checkpoint)
		return try_checkpoint(ledger, item, fault);
	if (!item->part)
		r = try_reach(ledger, item, &reached, fault);
	if (r < 0 || !reached)
		return r;
	r = ledger_add(ledger, &item->event, &item->rated, item->line, item->received_ms, &added,
	               fault);
	if (r < 0)
		return r;
	note_added(item, &added);
	*added_out = added;
	switch (added.outcome) {
	case LEDGER_OVERFLOW:
		refuse_event(item, REASON_AMOUNT,
		             "the sum of its hour would be larger than it can be");
		break;
	case LEDGER_CONFLICT:
		item->own_verdict = INGEST_CONFLICT;
		break;
	case LEDGER_DUPLICATE:
		item->own_verdict = INGEST_DUPLICATE;
		break;
	case LEDGER_LATE: /* nothing of it is due: that it had no rate does not matter */
		item->own_verdict = INGEST_ACCEPTED;
		break;
	case LEDGER_REPLACED:
	case LEDGER_ADDED:
		item->own_verdict = item->rated.price_id == LEDGER_PRICE_SUSPENSE ? INGEST_UNPRICED
		                                                                  : INGEST_ACCEPTED;
		break;
	}
	return 0;
}

static int keep(struct ledger *ledger, const struct ingest_item *item, struct fault *fault)
{
	return ledger_quarantine(ledger, item->refusal, item->line, item->length, item->received_ms,
	                         fault);
}

/*
 * A later phase may have fewer turns than the one that it replaced: those that are left end.  What
 * a client sent under such an id is no turn, and stays.
 */
static int end_turns(struct ledger *ledger, struct ingest_item *whole,
                     const struct ledger_turns *before, size_t count, struct fault *fault)
{
	const struct rated nothing = { .price_id = LEDGER_PRICE_NONE,
		                       .policy = whole->rated.policy,
		                       .cost_id = whole->rated.cost_id == LEDGER_COST_NO_BOOK
		                                          ? LEDGER_COST_NO_BOOK
		                                          : LEDGER_PRICE_NONE };
	struct event ended = whole->event;
	int r = 0;

	ended.turn = TURN_ENDED;
	ended.usage = (struct usage){ .kind_count = 0 };
	ended.extra = ended.unknown_path = text_of(NULL);
	for (size_t i = 0; r == 0 && i < before->count; i++) {
		char id[EVENT_NAME_BYTES_MAX + 32];
		unsigned number = before->number[i];
		struct ledger_added added;

		if (number < count + 2)
			continue;
		snprintf(id, sizeof(id), "%.*s~%u", TEXT_ARGS(whole->event.id), number);
		ended.id = text_of(id);
		ended.content_hash = hash64_mix(whole->event.content_hash, number);
		r = ledger_add(ledger, &ended, &nothing, whole->line, whole->received_ms, &added,
		               fault);
		if (r == 0)
			whole->added = less(whole->added, added.taken);
	}
	return r;
}

static void worst(enum ingest_verdict *verdict, enum ingest_verdict other)
{
	if (other < *verdict)
		*verdict = other;
}

/*
 * The turns behind a request that was stored just now, and their verdicts into *verdict; *next_out:
 * what is no turn of it.
 */
static int store_parts(struct ledger *ledger, struct ingest_item *whole,
                       const struct ledger_added *added, enum ingest_verdict *verdict,
                       struct ingest_item **next_out, struct fault *fault)
{
	bool stands = added->outcome == LEDGER_ADDED || added->outcome == LEDGER_REPLACED;
	struct ingest_item *item = whole->more;
	struct ledger_turns before = { .count = 0 };
	size_t count = 0;
	int r = 0;

	if (added->outcome == LEDGER_REPLACED)
		r = ledger_turns(ledger, whole->event.source, whole->event.id, added->from_ms,
		                 &before, fault);
	for (; r == 0 && item != NULL && item->part; item = item->more) {
		struct ledger_added ignored;

		count++;
		if (!stands)
			continue;
		r = try_one(ledger, item, &ignored, fault);
		if (r == 0 && item->own_verdict == INGEST_QUARANTINED)
			r = keep(ledger, item, fault);
		worst(verdict, item->own_verdict);
	}
	if (r == 0)
		r = end_turns(ledger, whole, &before, count, fault);
	*next_out = item;
	return r;
}

/*
 * All items of a line; the verdict of the first one is that of the line.  Not to keep what is
 * refused means a line that is held already: then its verdict is that of what was stored, if
 * anything was, and what is still refused of it is held by itself.
 */
static int store_line(struct ledger *ledger, struct ingest_item *line, bool held,
                      struct fault *fault)
{
	enum ingest_verdict all = INGEST_VERDICT_COUNT, stored = INGEST_VERDICT_COUNT;
	struct ingest_item *next;
	int r = 0;

	for (struct ingest_item *item = line; r == 0 && item != NULL; item = next) {
		struct ledger_added added = { .outcome = LEDGER_CONFLICT };
		enum ingest_verdict verdict;

		r = try_one(ledger, item, &added, fault);
		next = item->more;
		verdict = item->own_verdict;
		if (r == 0)
			r = store_parts(ledger, item, &added, &verdict, &next, fault);
		worst(&all, verdict);
		if (item->own_verdict != INGEST_QUARANTINED)
			worst(&stored, verdict);
	}
	for (struct ingest_item *item = line; r == 0 && item != NULL; item = item->more) {
		if (!item->part && item->own_verdict == INGEST_QUARANTINED &&
		    (!held || stored != INGEST_VERDICT_COUNT))
			r = keep(ledger, item, fault);
	}
	line->verdict = held && stored != INGEST_VERDICT_COUNT ? stored : all;
	return r;
}

int ingest_try(struct ledger *ledger, struct ingest_item *item, struct fault *fault)
{
	return store_line(ledger, item, true, fault);
}

int ingest_store(struct ledger *ledger, struct ingest_item *item, struct fault *fault)
{
	return store_line(ledger, item, false, fault);
}
