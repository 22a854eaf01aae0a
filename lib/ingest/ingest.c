#include "ingest/ingest.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"

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

/* What else it tells are counts. */
static bool check_totals(const struct json *doc, uint32_t object, struct event_refusal *refusal)
{
	for (uint32_t k = json_first(doc, object); k != JSON_NONE; k = json_next(doc, object, k)) {
		struct text key = doc->nodes[k].text;
		int64_t count;

		if (text_is(key, "source") || json_type_of(doc, k + 1) == JSON_NULL ||
		    (json_integer(doc, k + 1, &count) && count >= 0))
			continue;
		refusal_set(refusal, REASON_QUANTITY,
		            "checkpoint.%.*s: a whole number from 0 is due",
		            key.len > 64 ? 64 : (int)key.len, key.at);
		return false;
	}
	return true;
}

static int prepare_checkpoint(struct ingest_item *item, const struct event_defaults *defaults,
                              struct json *doc, struct arena *arena)
{
	struct fault fault;
	uint32_t object;
	struct text source;
	int r = json_parse(doc, item->line, &fault);

	if (r == -FAULT_NOMEM)
		return r;
	if (r < 0)
		return event_refuse_json(item->line, defaults, doc, &fault, arena, item->refusal);
	if (json_next(doc, 0, json_first(doc, 0)) != JSON_NONE)
		return NOT_A_CHECKPOINT;
	object = json_member(doc, 0, "checkpoint");
	source = json_string(doc, json_member(doc, object, "source"));
	if (source.at == NULL)
		source = defaults->source;
	if (json_type_of(doc, object) != JSON_OBJECT) {
		refusal_set(item->refusal, REASON_TYPE, "checkpoint: an object is due");
	} else if (source.at == NULL || source.len == 0) {
		refusal_set(item->refusal, REASON_MISSING, "checkpoint.source is missing");
	} else if (source.len > EVENT_NAME_BYTES_MAX || !text_plain(source)) {
		refusal_set(item->refusal, REASON_NAME,
		            "checkpoint.source: 1 to %d bytes without control characters",
		            EVENT_NAME_BYTES_MAX);
	} else if (!json_integer(doc, json_member(doc, object, "seq"), &item->checkpoint_seq) ||
	           item->checkpoint_seq < 0) {
		refusal_set(item->refusal, REASON_QUANTITY,
		            "checkpoint.seq: a whole number from 0 is due");
	} else if (check_totals(doc, object, item->refusal)) {
		item->checkpoint = true;
		item->checkpoint_json = item->line;
		/* It may point into the parser's memory, which the next line reuses. */
		item->event.source = arena_copy(arena, source);
		r = item->event.source.at != NULL ? 0 : -FAULT_NOMEM;
	}
	return r;
}

static int rate(struct ingest_item *item, const struct terms *terms, struct arena *arena)
{
	struct rated rated = { .price_id = LEDGER_PRICE_SUSPENSE };
	int r = terms_rate(terms, &item->event, arena, &rated, item->refusal);

	item->price_id = rated.price_id;
	item->amount = rated.amount;
	item->policy = rated.policy;
	return r;
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
	if (r == NOT_A_CHECKPOINT) {
		r = event_decode(item->line, defaults, doc, arena, &item->event, refusal);
		if (r == 0 && refusal->reason == REASON_NONE)
			r = rate(item, terms, arena);
	}
	item->refused = refusal->reason != REASON_NONE;
	if (r == 0 && item->refused) {
		if (how == INGEST_LINE_CUT_OFF && refusal->reason == REASON_SYNTAX)
			refusal_set(item->refusal, REASON_CUT_OFF,
			            "no newline after %lld bytes, and no whole object",
			            (long long)length);
		prepare_refusal(item, defaults);
	}
	return r;
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
	int r = ledger_checkpoint_get(ledger, source, item->checkpoint_seq, &stored, fault);

	if (r == 0 && stored.len == 0) {
		item->verdict = INGEST_CHECKPOINT;
		r = ledger_checkpoint_add(ledger, source, item->checkpoint_seq,
		                          item->checkpoint_json, item->received_ms, fault);
	} else if (r == 0) {
		r = same_totals(buf_text(&stored), item->checkpoint_json, &same, fault);
		if (same)
			item->verdict = INGEST_DUPLICATE;
	}
	buf_release(&stored);
	if (r == 0 && item->verdict == INGEST_QUARANTINED) {
		item->refusal->source = source;
		refusal_set(item->refusal, REASON_CHECKPOINT,
		            "checkpoint.seq %lld came before, with other totals",
		            (long long)item->checkpoint_seq);
	}
	return r;
}

/* Not understood today, or too much; but sent again it may be what is stored already. */
static int try_refused(struct ledger *ledger, struct ingest_item *item, struct fault *fault)
{
	const struct event_refusal *refusal = item->refusal;
	bool holds;
	int r;

	/* A line that is no JSON only names an event: it has no content to compare. */
	if (refusal->source.at == NULL || refusal->id.at == NULL ||
	    refusal->time_ms == EVENT_ABSENT || item->event.id.at == NULL)
		return 0;
	r = ledger_holds(ledger, refusal->source, refusal->id, refusal->time_ms,
	                 item->event.content_hash, &holds, fault);
	if (r == 0 && holds)
		item->verdict = INGEST_DUPLICATE;
	return r;
}

int ingest_try(struct ledger *ledger, struct ingest_item *item, struct fault *fault)
{
	enum ledger_outcome outcome;
	int r;

	item->verdict = INGEST_QUARANTINED;
	if (item->refused)
		return try_refused(ledger, item, fault);
	if (item->checkpoint)
		return try_checkpoint(ledger, item, fault);
	r = ledger_add(ledger, &item->event, item->price_id, item->amount, item->policy, item->line,
	               item->received_ms, &outcome, fault);
	if (r < 0)
		return r;
	switch (outcome) {
	case LEDGER_OVERFLOW:
		item->refusal->source = item->event.source;
		item->refusal->id = item->event.id;
		item->refusal->time_ms = item->event.time_ms;
		item->refused = true;
		refusal_set(item->refusal, REASON_AMOUNT,
		            "the sum of its hour would be larger than it can be");
		break;
	case LEDGER_CONFLICT:
		item->verdict = INGEST_CONFLICT;
		break;
	case LEDGER_DUPLICATE:
		item->verdict = INGEST_DUPLICATE;
		break;
	case LEDGER_LATE: /* nothing of it is due: that it had no rate does not matter */
		item->verdict = INGEST_ACCEPTED;
		break;
	case LEDGER_REPLACED:
	case LEDGER_ADDED:
		item->verdict = item->price_id == LEDGER_PRICE_SUSPENSE ? INGEST_UNPRICED
		                                                        : INGEST_ACCEPTED;
		break;
	}
	return 0;
}

int ingest_store(struct ledger *ledger, struct ingest_item *item, struct fault *fault)
{
	int r = ingest_try(ledger, item, fault);

	if (r < 0 || item->verdict != INGEST_QUARANTINED)
		return r;
	return ledger_quarantine(ledger, item->refusal, item->line, item->length, item->received_ms,
	                         fault);
}
