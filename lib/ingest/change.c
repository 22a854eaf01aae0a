#include "ingest/change.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "ingest/ingest.h"
#include "ledger/read.h"
#include "rate/rating.h"

/* Of one step, which is one transaction: what it holds in memory, how long others wait. */
enum { RETRY_CHUNK = 2000, RETRY_LINES = 500, RETRY_BYTES = 4 * 1024 * 1024 };

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

void change_refuse(struct buf *reply_out, int code, const char *text)
{
	reply_failure(reply_out, code, text, text_of(""));
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

struct retried {
	int64_t tried, priced;
	struct money amount;
};

/* Lines of quarantine, by their numbers. */
struct ids {
	int64_t *ids;
	size_t count, cap;
};

/* One quarantined line, copied out of the walk. */
struct held {
	struct text raw, source;
	int64_t id, length;
	struct arena arena;
};

enum change_kind { CHANGE_NONE, CHANGE_PRICE_APPLY, CHANGE_SUSPENSE, CHANGE_QUARANTINE };

struct change_job {
	struct ledger *ledger;
	struct change change;
	struct buf *reply;
	struct json request;
	enum change_kind kind;
	bool book_changed;
	struct fault fault; /* of the step that failed */
	/* Of the retries: the book in force when they began. */
	struct applied_book book;
	/* CHANGE_SUSPENSE: */
	struct chunk chunk;
	struct retried retried;
	int64_t from_ms;
	/* CHANGE_QUARANTINE: */
	struct ids ids;
	size_t next; /* of ids */
	struct held held;
	struct json line;
	int64_t counts[INGEST_VERDICT_COUNT];
};

static int apply_prices(struct change_job *job)
{
	const struct json *doc = &job->request;
	struct text json = json_string(doc, json_member(doc, 0, "book"));
	struct text note = json_string(doc, json_member(doc, 0, "note"));
	struct buf errors = { .at = NULL };
	struct fault fault = { .code = FAULT_NONE };
	struct book *book = NULL;
	int64_t first_price;
	bool changed = false;
	int r;

	if (json.at == NULL) {
		change_refuse(job->reply, -FAULT_INVALID, "price.apply: \"book\" is missing");
		return 0;
	}
	r = book_load(&book, json, &errors, &fault);
	if (r == 0)
		r = ledger_book_apply(job->ledger, book, job->change.now_ms, job->change.who, note,
		                      &first_price, &changed, &fault);
	if (r == -FAULT_SYNTAX || r == -FAULT_INVALID || r == -FAULT_RANGE) {
		reply_failure(job->reply, r, fault.text, buf_text(&errors));
		r = 0;
	} else if (r == 0) {
		job->book_changed = changed;
		buf_addf(job->reply,
		         "{\"ok\":true,\"hash\":\"%s\",\"versions\":%zu,\"changed\":%s}",
		         book_hash(book), book_version_count(book), changed ? "true" : "false");
	} else {
		job->fault = fault;
	}
	book_free(book);
	buf_release(&errors);
	return r;
}

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

static int price_chunk(struct change_job *job)
{
	const struct retried before = job->retried;
	struct retried *retried = &job->retried;
	int r = ledger_begin(job->ledger, &job->fault);

	for (size_t i = 0; r == 0 && i < job->chunk.count; i++) {
		struct waiting *row = &job->chunk.rows[i];
		struct charges charges;
		enum rating_verdict verdict = rating_request(job->book.book, row->event.model,
		                                             row->event.time_ms, &row->event.usage,
		                                             &charges);

		retried->tried++;
		if (verdict != RATING_PRICED && verdict != RATING_NOTHING)
			continue;
		if (verdict == RATING_PRICED)
			row->price_id = job->book.first_price +
			                (int64_t)charges.found.version->ordinal;
		else
			row->price_id = LEDGER_PRICE_NONE;
		r = ledger_suspense_price(job->ledger, &row->event, row->price_id, charges.total,
		                          &job->fault);
		if (r == -FAULT_RANGE) {
			r = 0; /* the sum of its hour has no room: it stays in suspense */
			job->fault = (struct fault){ .code = FAULT_NONE };
			continue;
		}
		retried->priced++;
		if (r == 0 && money_total_add(retried->amount, charges.total, &retried->amount) < 0)
			r = fault_set(&job->fault, FAULT_RANGE,
			              "the sum of what was priced does not fit");
	}
	if (r == 0)
		r = ledger_commit(job->ledger, &job->fault);
	if (r < 0) {
		ledger_rollback(job->ledger);
		*retried = before;
	}
	return r;
}

static int note_change(struct change_job *job, const char *what, const struct buf *detail,
                       struct fault *fault)
{
	int r = ledger_begin(job->ledger, fault);

	if (r == 0)
		r = ledger_change_note(job->ledger, job->change.now_ms, job->change.who, what,
		                       buf_text(detail), fault);
	if (r == 0)
		r = ledger_commit(job->ledger, fault);
	if (r < 0)
		ledger_rollback(job->ledger);
	return r;
}

static void put_retried(struct buf *out, bool ok, const struct retried *retried)
{
	char amount[MONEY_TEXT_BYTES];

	money_text(retried->amount, amount);
	buf_addf(out, "{\"ok\":%s,\"tried\":%lld,\"priced\":%lld,\"left\":%lld,\"amount\":\"%s\"}",
	         ok ? "true" : "false", (long long)retried->tried, (long long)retried->priced,
	         (long long)(retried->tried - retried->priced), amount);
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

/* What the retry did so far; false where it changed nothing. */
static bool put_done(const struct change_job *job, struct buf *out, bool ok)
{
	int64_t released = 0;

	if (job->kind == CHANGE_SUSPENSE) {
		put_retried(out, ok, &job->retried);
		return job->retried.priced > 0;
	}
	for (int v = 0; v < INGEST_VERDICT_COUNT; v++)
		released += v != INGEST_QUARANTINED ? job->counts[v] : 0;
	put_released(out, ok, job->counts);
	return released > 0;
}

static const char *change_name(const struct change_job *job)
{
	return job->kind == CHANGE_SUSPENSE ? "suspense.retry" : "quarantine.retry";
}

/* All of it is done: the reply, and its row in `change`. */
static int finish_retry(struct change_job *job)
{
	if (!put_done(job, job->reply, true))
		return 0;
	return note_change(job, change_name(job), job->reply, &job->fault);
}

/* What was committed before it ended early; why it did is what the caller is told. */
static void note_unfinished(struct change_job *job)
{
	struct buf done = { .at = NULL };
	struct fault ignored;

	if (put_done(job, &done, false) && done.error == 0)
		note_change(job, change_name(job), &done, &ignored);
	buf_release(&done);
}

static int step_suspense(struct change_job *job, bool *more_out)
{
	int r;

	job->chunk.count = 0;
	arena_reset(&job->chunk.arena);
	r = ledger_each_suspense(job->ledger, job->from_ms, LEDGER_TO_MAX, chunk_add, &job->chunk,
	                         &job->fault);
	if (r < 0)
		return r;
	if (job->chunk.count == 0)
		return finish_retry(job);
	r = price_chunk(job);
	job->from_ms = job->chunk.last_ms + 1;
	*more_out = r == 0;
	return r;
}

static int copy_held(void *context, const struct quarantine_row *row)
{
	struct held *held = context;

	held->id = row->id;
	held->length = row->length;
	held->raw = arena_copy(&held->arena, row->raw);
	held->source = row->source.at != NULL ? arena_copy(&held->arena, row->source)
	                                      : text_of(NULL);
	if (held->raw.at == NULL || (row->source.at != NULL && held->source.at == NULL))
		return -FAULT_NOMEM;
	return row->released_ms != 0 ? 2 : 1;
}

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
static int retry_held(struct change_job *job, enum ingest_verdict *verdict_out)
{
	struct held *held = &job->held;
	const struct event_defaults defaults = { held->source, job->change.now_ms };
	struct ingest_item item;
	int r;

	*verdict_out = INGEST_QUARANTINED;
	if (held->length > (int64_t)held->raw.len)
		return 0; /* cut when it was kept: the rest of it is gone */
	r = ingest_prepare(&item, held->raw, INGEST_LINE_WHOLE, held->length, &defaults, &job->book,
	                   &job->line, &held->arena);
	if (r < 0)
		return fault_set(&job->fault, FAULT_NOMEM, "quarantine.retry: out of memory");
	/* A line that stays is held already, and was not sent once more. */
	r = ingest_try(job->ledger, &item, &job->fault);
	if (r < 0)
		return r;
	*verdict_out = item.verdict;
	if (item.verdict == INGEST_QUARANTINED)
		return 0;
	return ledger_quarantine_release(job->ledger, held->id, job->change.now_ms, &job->fault);
}

/* The line of the next number.  1: it must not be tried; the reply says why. */
static int read_held(struct change_job *job)
{
	struct fault fault = { .code = FAULT_NONE };
	int r = ledger_quarantine_get(job->ledger, job->ids.ids[job->next], copy_held, &job->held,
	                              &fault);

	if (r == -FAULT_NOT_FOUND || r == 2) {
		change_refuse(job->reply, -FAULT_NOT_FOUND,
		              r == 2 ? "this line was released already" : fault.text);
		return 1;
	}
	if (r < 0)
		job->fault = fault;
	return r < 0 ? r : 0;
}

static int step_quarantine(struct change_job *job, bool *more_out)
{
	int64_t before[INGEST_VERDICT_COUNT];
	size_t last = job->next + RETRY_LINES;
	int r;

	if (job->next == job->ids.count)
		return finish_retry(job);
	memcpy(before, job->counts, sizeof(before));
	arena_reset(&job->held.arena);
	r = ledger_begin(job->ledger, &job->fault);
	for (; r == 0 && job->next < job->ids.count && job->next < last &&
	       job->held.arena.used_bytes < RETRY_BYTES;
	     job->next++) {
		enum ingest_verdict verdict = INGEST_QUARANTINED;

		r = read_held(job);
		if (r == 0)
			r = retry_held(job, &verdict);
		if (r == 0)
			job->counts[verdict]++;
	}
	if (r == 0)
		r = ledger_commit(job->ledger, &job->fault);
	*more_out = r == 0;
	if (r == 0)
		return 0;
	ledger_rollback(job->ledger);
	memcpy(job->counts, before, sizeof(before));
	return r > 0 ? 0 : r;
}

static int begin_retry(struct change_job *job)
{
	uint32_t id_node = json_member(&job->request, 0, "id");
	struct quarantine_row only = { .id = 0 };
	int r = ledger_book_current(job->ledger, &job->book, &job->fault);

	job->from_ms = LEDGER_FROM_MIN;
	if (r < 0 || job->kind != CHANGE_QUARANTINE)
		return r;
	if (id_node == JSON_NONE)
		return ledger_each_quarantine(job->ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, false,
		                              add_id, &job->ids, &job->fault);
	if (json_integer(&job->request, id_node, &only.id))
		return add_id(&job->ids, &only);
	change_refuse(job->reply, -FAULT_INVALID, "quarantine.retry: \"id\" is no number");
	job->kind = CHANGE_NONE;
	return 0;
}

/* What is asked for; CHANGE_NONE: nothing, and the reply says why. */
static int read_request(struct change_job *job)
{
	static const struct {
		const char *name;
		enum change_kind kind;
	} kinds[] = {
		{ "price.apply", CHANGE_PRICE_APPLY },
		{ "suspense.retry", CHANGE_SUSPENSE },
		{ "quarantine.retry", CHANGE_QUARANTINE },
	};
	int r = json_parse(&job->request, job->change.request, &job->fault);
	struct text what;

	if (r == -FAULT_SYNTAX)
		change_refuse(job->reply, r, job->fault.text);
	if (r < 0)
		return r == -FAULT_SYNTAX ? 0 : r;
	what = json_string(&job->request, json_member(&job->request, 0, "change"));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (text_is(what, kinds[i].name))
			job->kind = kinds[i].kind;
	}
	if (job->kind == CHANGE_NONE)
		change_refuse(job->reply, -FAULT_INVALID,
		              "\"change\" is one of price.apply, suspense.retry, quarantine.retry");
	return 0;
}

/* Ends it with a failure: the reply, and what was done until then. */
static int fail(struct change_job *job, int r, struct fault *fault)
{
	if (job->fault.code == FAULT_NONE)
		fault_set(&job->fault, (enum fault_code) - r, "out of memory");
	if (job->kind == CHANGE_SUSPENSE || job->kind == CHANGE_QUARANTINE)
		note_unfinished(job);
	change_refuse(job->reply, r, job->fault.text);
	if (fault != NULL)
		*fault = job->fault;
	return r;
}

int change_begin(struct change_job **job_out, struct ledger *ledger, const struct change *change,
                 struct buf *reply_out, struct fault *fault)
{
	struct change_job *job = calloc(1, sizeof(*job));
	int r;

	buf_clear(reply_out);
	if (job == NULL) {
		change_refuse(reply_out, -FAULT_NOMEM, "out of memory");
		return fault_set(fault, FAULT_NOMEM, "a change: out of memory");
	}
	job->ledger = ledger;
	job->change = *change;
	job->reply = reply_out;
	r = read_request(job);
	if (r == 0 && (job->kind == CHANGE_SUSPENSE || job->kind == CHANGE_QUARANTINE))
		r = begin_retry(job);
	if (r < 0) {
		r = fail(job, r, fault);
		change_end(job);
		return r;
	}
	*job_out = job;
	return 0;
}

int change_step(struct change_job *job, bool *more_out, struct fault *fault)
{
	int r = 0;

	*more_out = false;
	switch (job->kind) {
	case CHANGE_NONE:
		break;
	case CHANGE_PRICE_APPLY:
		r = apply_prices(job);
		break;
	case CHANGE_SUSPENSE:
		r = step_suspense(job, more_out);
		break;
	case CHANGE_QUARANTINE:
		r = step_quarantine(job, more_out);
		break;
	}
	if (r == 0 && job->reply->error != 0)
		r = fault_set(&job->fault, FAULT_NOMEM, "the reply: out of memory");
	return r < 0 ? fail(job, r, fault) : 0;
}

bool change_moved_book(const struct change_job *job)
{
	return job->book_changed;
}

void change_stop(struct change_job *job)
{
	note_unfinished(job);
	change_refuse(job->reply, -FAULT_CLOSED,
	              "the daemon stopped half way: what was done is kept, ask again for the rest");
}

void change_end(struct change_job *job)
{
	if (job == NULL)
		return;
	json_release(&job->request);
	json_release(&job->line);
	book_free(job->book.book);
	free(job->chunk.rows);
	arena_release(&job->chunk.arena);
	free(job->ids.ids);
	arena_release(&job->held.arena);
	free(job);
}

int change_run(struct ledger *ledger, const struct change *change, struct buf *reply_out,
               bool *book_changed_out, struct fault *fault)
{
	struct change_job *job = NULL;
	bool more = true;
	int r;

	*book_changed_out = false;
	r = change_begin(&job, ledger, change, reply_out, fault);
	while (r == 0 && more)
		r = change_step(job, &more, fault);
	if (r == 0)
		*book_changed_out = change_moved_book(job);
	change_end(job);
	return r;
}
