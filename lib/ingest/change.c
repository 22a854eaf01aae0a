#include "ingest/change.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "ingest/ingest.h"
#include "ledger/read.h"
#include "rate/rating.h"

enum { RETRY_CHUNK = 2000 }; /* rows held in memory and written in one transaction */

static void reply_failure(struct buf *reply, int code, const char *text, struct text errors)
{
	struct text line;

	buf_clear(reply);
	buf_addf(reply, "{\"ok\":false,\"fault\":\"%s\",\"error\":", fault_name(code));
	buf_add_json(reply, text_of(text));
	if (errors.len > 0) {
		const char *comma = "";

		buf_add_cstr(reply, ",\"errors\":[");
		while (text_cut(&errors, '\n', &line)) {
			if (line.len == 0)
				continue;
			buf_add_cstr(reply, comma);
			buf_add_json(reply, line);
			comma = ",";
		}
		buf_add_cstr(reply, "]");
	}
	buf_add_cstr(reply, "}");
}

struct run {
	struct ledger *ledger;
	const struct change *change;
	struct buf *reply;
	bool *book_changed;
	struct fault *fault;
};

static int run_price_apply(const struct run *run, const struct json *doc)
{
	struct text json = json_string(doc, json_member(doc, 0, "book"));
	struct text note = json_string(doc, json_member(doc, 0, "note"));
	struct buf errors = { .at = NULL };
	struct fault fault = { .code = FAULT_NONE };
	struct book *book = NULL;
	int64_t first_price;
	bool changed = false;
	int r;

	if (json.at == NULL) {
		reply_failure(run->reply, -FAULT_INVALID, "price.apply: \"book\" is missing",
		              text_of(""));
		return 0;
	}
	r = book_load(&book, json, &errors, &fault);
	if (r == 0)
		r = ledger_book_apply(run->ledger, book, run->change->now_ms, run->change->who,
		                      note, &first_price, &changed, &fault);
	if (r == -FAULT_SYNTAX || r == -FAULT_INVALID || r == -FAULT_RANGE) {
		reply_failure(run->reply, r, fault.text, buf_text(&errors));
		r = 0;
	} else if (r == 0) {
		*run->book_changed = changed;
		buf_addf(run->reply,
		         "{\"ok\":true,\"hash\":\"%s\",\"versions\":%zu,\"changed\":%s}",
		         book_hash(book), book_version_count(book), changed ? "true" : "false");
	} else if (run->fault != NULL) {
		*run->fault = fault;
	}
	book_free(book);
	buf_release(&errors);
	return r;
}

/* An event in suspense, copied out of the walk that found it. */
struct waiting {
	struct event event;
	int64_t price_id; /* found for it; LEDGER_PRICE_SUSPENSE: still none */
	struct money amount;
};

struct chunk {
	struct waiting *rows;
	size_t count, cap;
	struct arena arena;
	int64_t last_ms;
};

static int chunk_add(void *context, const struct stored_event *row)
{
	struct chunk *chunk = context;
	struct event *event;
	struct waiting *grown;

	/* A chunk ends between two milliseconds, so that the next begins behind it. */
	if (chunk->count >= RETRY_CHUNK && row->event.time_ms != chunk->last_ms)
		return 1;
	if (chunk->count == chunk->cap) {
		size_t cap = chunk->cap > 0 ? chunk->cap * 2 : 256;

		grown = realloc(chunk->rows, cap * sizeof(*grown));
		if (grown == NULL)
			return -FAULT_NOMEM;
		chunk->rows = grown;
		chunk->cap = cap;
	}
	chunk->rows[chunk->count] = (struct waiting){ row->event, LEDGER_PRICE_SUSPENSE, { 0 } };
	event = &chunk->rows[chunk->count++].event;
	chunk->last_ms = event->time_ms;
	struct text *const texts[] = { &event->id,           &event->source,
		                       &event->account,      &event->key,
		                       &event->model,        &event->provider,
		                       &event->service_tier, &event->finish_reason,
		                       &event->api };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i]->at == NULL)
			continue;
		*texts[i] = arena_copy(&chunk->arena, *texts[i]);
		if (texts[i]->at == NULL)
			return -FAULT_NOMEM;
	}
	event->extra = text_of(NULL); /* stays as it is in the row */
	return 0;
}

struct retried {
	int64_t tried, priced;
	struct money amount;
};

static int price_chunk(const struct run *run, struct chunk *chunk, const struct applied_book *book,
                       struct retried *retried)
{
	const struct retried before = *retried;
	int r = ledger_begin(run->ledger, run->fault);

	for (size_t i = 0; r == 0 && i < chunk->count; i++) {
		struct waiting *row = &chunk->rows[i];
		struct charges charges;
		enum rating_verdict verdict = rating_request(book->book, row->event.model,
		                                             row->event.time_ms, &row->event.usage,
		                                             &charges);

		retried->tried++;
		if (verdict != RATING_PRICED && verdict != RATING_NOTHING)
			continue;
		if (verdict == RATING_PRICED)
			row->price_id = book->first_price + (int64_t)charges.found.version->ordinal;
		else
			row->price_id = LEDGER_PRICE_NONE;
		r = ledger_suspense_price(run->ledger, &row->event, row->price_id, charges.total,
		                          run->fault);
		if (r == -FAULT_RANGE) {
			r = 0; /* the sum of its hour has no room: it stays in suspense */
			continue;
		}
		retried->priced++;
		if (r == 0 && money_total_add(retried->amount, charges.total, &retried->amount) < 0)
			r = fault_set(run->fault, FAULT_RANGE,
			              "the sum of what was priced does not fit");
	}
	if (r == 0)
		r = ledger_commit(run->ledger, run->fault);
	if (r < 0) {
		ledger_rollback(run->ledger);
		*retried = before;
	}
	return r;
}

static int note_change(const struct run *run, const char *what, const struct buf *detail)
{
	int r = ledger_begin(run->ledger, run->fault);

	if (r == 0)
		r = ledger_change_note(run->ledger, run->change->now_ms, run->change->who, what,
		                       buf_text(detail), run->fault);
	if (r == 0)
		r = ledger_commit(run->ledger, run->fault);
	if (r < 0)
		ledger_rollback(run->ledger);
	return r;
}

/* What was committed before a failure; the failure itself is what the caller is told. */
static void note_unfinished(const struct run *run, const char *what, const struct buf *done)
{
	struct fault ignored;
	struct run quiet = *run;

	quiet.fault = &ignored;
	if (done->error == 0)
		note_change(&quiet, what, done);
}

static void put_retried(struct buf *out, bool ok, const struct retried *retried)
{
	char amount[MONEY_TEXT_BYTES];

	money_text(retried->amount, amount);
	buf_addf(out, "{\"ok\":%s,\"tried\":%lld,\"priced\":%lld,\"left\":%lld,\"amount\":\"%s\"}",
	         ok ? "true" : "false", (long long)retried->tried, (long long)retried->priced,
	         (long long)(retried->tried - retried->priced), amount);
}

static int run_suspense_retry(const struct run *run)
{
	struct applied_book book = { NULL, 0 };
	struct chunk chunk = { .rows = NULL };
	struct retried retried = { 0, 0, { 0 } };
	struct buf done = { .at = NULL };
	int64_t from_ms = LEDGER_FROM_MIN;
	int r = ledger_book_current(run->ledger, &book, run->fault);

	while (r == 0) {
		chunk.count = 0;
		arena_reset(&chunk.arena);
		r = ledger_each_suspense(run->ledger, from_ms, LEDGER_TO_MAX, chunk_add, &chunk,
		                         run->fault);
		if (r < 0 || chunk.count == 0)
			break;
		r = price_chunk(run, &chunk, &book, &retried);
		from_ms = chunk.last_ms + 1;
	}
	if (r == 0) {
		put_retried(run->reply, true, &retried);
		r = retried.priced > 0 ? note_change(run, "suspense.retry", run->reply) : 0;
	} else if (retried.priced > 0) {
		put_retried(&done, false, &retried);
		note_unfinished(run, "suspense.retry", &done);
	}
	buf_release(&done);
	free(chunk.rows);
	arena_release(&chunk.arena);
	book_free(book.book);
	return r;
}

/* One quarantined line, copied out of the walk. */
struct held {
	struct text raw, source;
	int64_t id, length;
	struct arena arena;
};

static int copy_held(void *context, const struct quarantine_row *row)
{
	struct held *held = context;

	held->id = row->id;
	held->length = row->length;
	arena_reset(&held->arena);
	held->raw = arena_copy(&held->arena, row->raw);
	held->source = row->source.at != NULL ? arena_copy(&held->arena, row->source)
	                                      : text_of(NULL);
	if (held->raw.at == NULL || (row->source.at != NULL && held->source.at == NULL))
		return -FAULT_NOMEM;
	return row->released_ms != 0 ? 2 : 1;
}

struct ids {
	int64_t *ids;
	size_t count, cap;
};

static int add_id(void *context, const struct quarantine_row *row)
{
	struct ids *list = context;

	if (list->count == list->cap) {
		size_t cap = list->cap > 0 ? list->cap * 2 : 256;
		int64_t *grown = realloc(list->ids, cap * sizeof(*grown));

		if (grown == NULL)
			return -FAULT_NOMEM;
		list->ids = grown;
		list->cap = cap;
	}
	list->ids[list->count++] = row->id;
	return 0;
}

/* Stores the line if it is understood now; *verdict_out INGEST_QUARANTINED if it is not. */
static int retry_held(const struct run *run, struct held *held, const struct applied_book *book,
                      struct json *doc, enum ingest_verdict *verdict_out)
{
	const struct event_defaults defaults = { held->source, run->change->now_ms };
	struct ingest_item item;
	int r;

	*verdict_out = INGEST_QUARANTINED;
	if (held->length > (int64_t)held->raw.len)
		return 0; /* cut when it was kept: the rest of it is gone */
	r = ingest_prepare(&item, held->raw, INGEST_LINE_WHOLE, held->length, &defaults, book, doc,
	                   &held->arena);
	if (r < 0)
		return fault_set(run->fault, FAULT_NOMEM, "quarantine.retry: out of memory");
	if (item.refused)
		return 0;
	r = ledger_begin(run->ledger, run->fault);
	if (r == 0)
		r = ingest_store(run->ledger, &item, run->fault);
	/* The hour has no room: the line is held already, and was not sent once more. */
	if (r == 0 && item.verdict == INGEST_QUARANTINED) {
		ledger_rollback(run->ledger);
		return 0;
	}
	if (r == 0)
		r = ledger_quarantine_release(run->ledger, held->id, run->change->now_ms,
		                              run->fault);
	if (r == 0)
		r = ledger_commit(run->ledger, run->fault);
	if (r < 0)
		ledger_rollback(run->ledger);
	else
		*verdict_out = item.verdict;
	return r;
}

static void put_released(struct buf *out, bool ok, const int64_t counts[INGEST_VERDICT_COUNT])
{
	int64_t tried = 0;

	for (int v = 0; v < INGEST_VERDICT_COUNT; v++)
		tried += counts[v];
	buf_addf(out,
	         "{\"ok\":%s,\"tried\":%lld,\"accepted\":%lld,\"unpriced\":%lld,\"duplicate\":%lld,"
	         "\"conflict\":%lld,\"left\":%lld}",
	         ok ? "true" : "false", (long long)tried,
	         (long long)(counts[INGEST_ACCEPTED] + counts[INGEST_CHECKPOINT]),
	         (long long)counts[INGEST_UNPRICED], (long long)counts[INGEST_DUPLICATE],
	         (long long)counts[INGEST_CONFLICT], (long long)counts[INGEST_QUARANTINED]);
}

static int run_quarantine_retry(const struct run *run, const struct json *doc)
{
	uint32_t id_node = json_member(doc, 0, "id");
	struct applied_book book = { NULL, 0 };
	struct json line_doc = { .nodes = NULL };
	struct held held = { .id = 0 };
	struct ids list = { .ids = NULL };
	struct buf done = { .at = NULL };
	int64_t counts[INGEST_VERDICT_COUNT] = { 0 }, released = 0, only = 0;
	int r = ledger_book_current(run->ledger, &book, run->fault);

	if (r < 0)
		return r;
	if (id_node != JSON_NONE && !json_integer(doc, id_node, &only)) {
		reply_failure(run->reply, -FAULT_INVALID, "quarantine.retry: \"id\" is no number",
		              text_of(""));
		goto out;
	}
	if (id_node != JSON_NONE)
		r = add_id(&list, &(const struct quarantine_row){ .id = only });
	else
		r = ledger_each_quarantine(run->ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, false,
		                           add_id, &list, run->fault);
	for (size_t i = 0; r == 0 && i < list.count; i++) {
		enum ingest_verdict verdict;
		struct fault fault = { .code = FAULT_NONE };

		r = ledger_quarantine_get(run->ledger, list.ids[i], copy_held, &held, &fault);
		if (r == -FAULT_NOT_FOUND || r == 2) {
			reply_failure(run->reply, -FAULT_NOT_FOUND,
			              r == 2 ? "this line was released already" : fault.text,
			              text_of(""));
			r = 0;
			goto out;
		}
		if (r < 0) {
			*run->fault = fault;
			break;
		}
		r = retry_held(run, &held, &book, &line_doc, &verdict);
		if (r < 0)
			break;
		counts[verdict]++;
		released += verdict != INGEST_QUARANTINED;
	}
	if (r == 0) {
		put_released(run->reply, true, counts);
		r = released > 0 ? note_change(run, "quarantine.retry", run->reply) : 0;
	} else if (released > 0) {
		put_released(&done, false, counts);
		note_unfinished(run, "quarantine.retry", &done);
	}
out:
	buf_release(&done);
	free(list.ids);
	arena_release(&held.arena);
	json_release(&line_doc);
	book_free(book.book);
	return r;
}

int change_run(struct ledger *ledger, const struct change *change, struct buf *reply_out,
               bool *book_changed_out, struct fault *fault)
{
	struct fault inner = { .code = FAULT_NONE };
	struct run run = { ledger, change, reply_out, book_changed_out, &inner };
	struct json doc = { .nodes = NULL };
	struct text what;
	int r;

	*book_changed_out = false;
	buf_clear(reply_out);
	r = json_parse(&doc, change->request, &inner);
	what = r == 0 ? json_string(&doc, json_member(&doc, 0, "change")) : text_of(NULL);
	if (r == -FAULT_SYNTAX) {
		reply_failure(reply_out, r, inner.text, text_of(""));
		r = 0;
	} else if (r == 0 && text_is(what, "price.apply")) {
		r = run_price_apply(&run, &doc);
	} else if (r == 0 && text_is(what, "suspense.retry")) {
		r = run_suspense_retry(&run);
	} else if (r == 0 && text_is(what, "quarantine.retry")) {
		r = run_quarantine_retry(&run, &doc);
	} else if (r == 0) {
		reply_failure(reply_out, -FAULT_INVALID,
		              "\"change\" is one of price.apply, suspense.retry, quarantine.retry",
		              text_of(""));
	}
	if (r == 0 && reply_out->error != 0)
		r = fault_set(&inner, FAULT_NOMEM, "the reply: out of memory");
	if (r < 0) {
		if (inner.code == FAULT_NONE)
			fault_set(&inner, (enum fault_code) - r, "out of memory");
		reply_failure(reply_out, r, inner.text, text_of(""));
		if (fault != NULL)
			*fault = inner;
	}
	json_release(&doc);
	return r;
}
