#include <stdlib.h>
#include <string.h>

#include "ingest/change_internal.h"

/* What may be absent; false: no memory. */
static bool copy_name(struct arena *arena, struct text name, struct text *out)
{
	*out = name.at != NULL ? arena_copy(arena, name) : text_of(NULL);
	return name.at == NULL || out->at != NULL;
}

static int copy_held(void *context, const struct quarantine_row *row)
{
	struct held *held = context;

	held->id = row->id;
	held->length = row->length;
	held->reason = row->reason;
	held->raw = arena_copy(&held->arena, row->raw);
	if (held->raw.at == NULL || !copy_name(&held->arena, row->source, &held->source) ||
	    !copy_name(&held->arena, row->event_id, &held->event_id))
		return -FAULT_NOMEM;
	return row->released_ms != 0 ? 2 : 1;
}

int held_add(struct ids *list, int64_t id)
{
	if (list->count == list->cap) {
		size_t cap = list->cap > 0 ? list->cap * 2 : 256;
		int64_t *grown = realloc(list->ids, cap * sizeof(*grown));

		if (grown == NULL)
			return -FAULT_NOMEM;
		list->ids = grown;
		list->cap = cap;
	}
	list->ids[list->count++] = id;
	return 0;
}

int held_read(struct change_job *job, int64_t id)
{
	struct fault fault = { .code = FAULT_NONE };
	int r = ledger_quarantine_get(job->ledger, id, copy_held, &job->held, &fault);

	if (r == -FAULT_NOT_FOUND || r == 2) {
		change_refuse(job->reply, -FAULT_NOT_FOUND,
		              r == 2 ? "this line was released already" : fault.text);
		return 1;
	}
	if (r < 0)
		job->fault = fault;
	return r < 0 ? r : 0;
}

int held_prepare(struct change_job *job, struct ingest_item *item, bool *whole_out)
{
	struct held *held = &job->held;
	const struct event_defaults defaults = { held->source, job->change.now_ms };

	*whole_out = held->length <= (int64_t)held->raw.len;
	if (!*whole_out)
		return 0; /* cut when it was kept: the rest of it is gone */
	if (ingest_prepare(item, held->raw, INGEST_LINE_WHOLE, held->length, &defaults, &job->terms,
	                   &job->line, &held->arena) < 0)
		return fault_set(&job->fault, FAULT_NOMEM, "%s: out of memory", job->kind->name);
	return 0;
}

/* "ID~2" of "ID". */
static bool is_turn_of(struct text id, struct text request)
{
	return id.len > request.len && id.at[request.len] == '~' &&
	       memcmp(id.at, request.at, request.len) == 0;
}

int held_store(struct change_job *job, struct ingest_item *item)
{
	/* A line that stays is held already, and was not sent once more. */
	int r = ingest_try(job->ledger, item, &job->fault);

	/* The request stands, but not the turn of it for which the line is held. */
	if (r == 0 && item->verdict == INGEST_DUPLICATE &&
	    is_turn_of(job->held.event_id, item->event.id))
		item->verdict = INGEST_QUARANTINED;
	if (r < 0 || item->verdict == INGEST_QUARANTINED)
		return r;
	return ledger_quarantine_release(job->ledger, job->held.id, job->change.now_ms,
	                                 &job->fault);
}

/* Tries the line that was read, and counts what came of it. */
static int try_held(struct change_job *job)
{
	const struct text *api = &job->settle.api;
	struct ingest_item item;
	bool whole;
	int r = held_prepare(job, &item, &whole);

	if (r == 0 && !whole) {
		job->counts[INGEST_QUARANTINED]++;
		return 0;
	}
	/* Not what the rule is for. */
	if (r == 0 && api->at != NULL && !text_equal(item.event.api, *api))
		return 0;
	if (r == 0)
		r = held_store(job, &item);
	if (r == 0)
		job->counts[item.verdict]++;
	return r;
}

int held_step(struct change_job *job, bool *more_out)
{
	int64_t before[INGEST_VERDICT_COUNT];
	size_t last = job->next + RETRY_LINES;
	int r;

	if (job->next == job->ids.count)
		return change_finish(job);
	memcpy(before, job->counts, sizeof(before));
	arena_reset(&job->held.arena);
	r = ledger_begin(job->ledger, &job->fault);
	for (; r == 0 && job->next < job->ids.count && job->next < last &&
	       job->held.arena.used_bytes < RETRY_BYTES;
	     job->next++) {
		r = held_read(job, job->ids.ids[job->next]);
		if (r == 0)
			r = try_held(job);
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

bool held_put_done(const struct change_job *job, struct buf *out, bool ok)
{
	const int64_t *counts = job->counts;
	int64_t tried = 0;

	for (int v = 0; v < INGEST_VERDICT_COUNT; v++)
		tried += counts[v];
	buf_addf(out,
	         "{\"ok\":%s,\"tried\":%lld,\"accepted\":%lld,\"unpriced\":%lld,\"duplicate\":%lld,"
	         "\"conflict\":%lld,\"left\":%lld",
	         ok ? "true" : "false", (long long)tried,
	         (long long)(counts[INGEST_ACCEPTED] + counts[INGEST_CHECKPOINT]),
	         (long long)counts[INGEST_UNPRICED], (long long)counts[INGEST_DUPLICATE],
	         (long long)counts[INGEST_CONFLICT], (long long)counts[INGEST_QUARANTINED]);
	return tried > counts[INGEST_QUARANTINED];
}

static bool put_done(const struct change_job *job, struct buf *out, bool ok)
{
	bool any = held_put_done(job, out, ok);

	buf_add_cstr(out, "}");
	return any;
}

static int add_id(void *context, const struct quarantine_row *row)
{
	return held_add(context, row->id);
}

static int begin(struct change_job *job)
{
	uint32_t id_node = json_member(&job->request, 0, "id");
	int64_t id;
	int r = change_terms(job);

	if (r < 0)
		return r;
	if (id_node == JSON_NONE)
		return ledger_each_quarantine(job->ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, false,
		                              add_id, &job->ids, &job->fault);
	if (json_integer(&job->request, id_node, &id))
		return held_add(&job->ids, id);
	change_refuse(job->reply, -FAULT_INVALID, "quarantine.retry: \"id\" is no number");
	job->kind = NULL;
	return 0;
}

const struct change_kind change_quarantine_retry = {
	.name = "quarantine.retry",
	.begin = begin,
	.step = held_step,
	.put_done = put_done,
};
