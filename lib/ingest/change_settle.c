#include <stdio.h>

#include "ingest/change_internal.h"

static int add_contradicting(void *context, const struct quarantine_row *row)
{
	struct change_job *job = context;

	if (row->reason != REASON_READINGS || !text_equal(row->source, job->settle.source))
		return 0;
	return held_add(&job->ids, row->id);
}

static bool is_name(struct text t)
{
	return t.at != NULL && t.len > 0 && t.len <= EVENT_NAME_BYTES_MAX && text_plain(t);
}

/* What is wrong with the request; NULL: nothing. */
static const char *read_settle(struct change_job *job)
{
	const struct json *doc = &job->request;
	struct settle *settle = &job->settle;
	uint32_t id = json_member(doc, 0, "id"), api = json_member(doc, 0, "api");

	settle->source = json_string(doc, json_member(doc, 0, "source"));
	settle->reading = json_string(doc, json_member(doc, 0, "reading"));
	settle->reason = json_string(doc, json_member(doc, 0, "reason"));
	settle->api = json_string(doc, api);
	if (!is_name(settle->source))
		return "reading.settle: \"source\" is missing";
	if (settle->reading.at == NULL || (settle->reading.len > 0 && !is_name(settle->reading)))
		return "reading.settle: \"reading\" is missing";
	if (settle->reason.at == NULL || settle->reason.len == 0)
		return "reading.settle: \"reason\" is missing: say why";
	if (api != JSON_NONE && json_type_of(doc, api) != JSON_NULL && !is_name(settle->api))
		return "reading.settle: \"api\" is no name";
	if (id != JSON_NONE && (!json_integer(doc, id, &settle->id) || settle->id <= 0))
		return "reading.settle: \"id\" is no number";
	if (settle->id != 0 && settle->reading.len == 0)
		return "reading.settle: \"reading\" is empty";
	/* Of a line in the quarantine its own readings are told; a rule would wait for ever. */
	if (settle->id == 0 && settle->reading.len > 0 &&
	    !event_reading_known(settle->api, settle->reading))
		return settle->api.at != NULL
		               ? "reading.settle: this api has no such reading: toll formats API "
		                 "names those it has"
		               : "reading.settle: no api has such a reading: toll suspense show "
		                 "names those of a held line";
	return NULL;
}

static int begin(struct change_job *job)
{
	const char *wrong = read_settle(job);

	if (wrong != NULL) {
		change_refuse(job->reply, -FAULT_INVALID, wrong);
		job->kind = NULL;
		return 0;
	}
	if (job->settle.id != 0)
		return change_terms(job);
	if (job->settle.reading.len == 0)
		return 0; /* no rule any more: nothing to try */
	return ledger_each_quarantine(job->ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, false,
	                              add_contradicting, job, &job->fault);
}

/* What was decided, and why: behind "{" or behind further members. */
static void put_decision(const struct settle *settle, struct buf *out)
{
	buf_add_cstr(out, "\"source\":");
	buf_add_json(out, settle->source);
	if (settle->api.at != NULL) {
		buf_add_cstr(out, ",\"api\":");
		buf_add_json(out, settle->api);
	}
	buf_add_cstr(out, ",\"reading\":");
	buf_add_json(out, settle->reading);
	if (settle->id != 0)
		buf_addf(out, ",\"id\":%lld", (long long)settle->id);
	buf_add_cstr(out, ",\"reason\":");
	buf_add_json(out, settle->reason);
	buf_add_cstr(out, "}");
}

/* Within the transaction of what it tells. */
static int note_decision(struct change_job *job)
{
	struct buf detail = { .at = NULL };
	int r;

	buf_add_cstr(&detail, "{");
	put_decision(&job->settle, &detail);
	r = detail.error != 0 ? fault_set(&job->fault, FAULT_NOMEM, "reading.settle: out of memory")
	                      : ledger_change_note(job->ledger, job->change.now_ms, job->change.who,
	                                           job->kind->name, buf_text(&detail), &job->fault);
	buf_release(&detail);
	return r;
}

/* The rule first: what is held is then tried under it, as what comes will be. */
static int make_rule(struct change_job *job)
{
	const struct settle *settle = &job->settle;
	const struct rule_note note = { job->change.now_ms, job->change.who, settle->reason };
	int r = ledger_begin(job->ledger, &job->fault);

	if (r == 0)
		r = ledger_reading_set(job->ledger, settle->source, settle->api, settle->reading,
		                       &note, &job->fault);
	if (r == 0)
		r = note_decision(job);
	if (r == 0)
		r = ledger_commit(job->ledger, &job->fault);
	if (r < 0) {
		ledger_rollback(job->ledger);
		return r;
	}
	job->settle.ruled = job->rules_changed = true;
	return change_terms(job);
}

/* Whether the held line may be stored under this reading; else the reply says why not. */
static bool may_settle(struct change_job *job, const struct ingest_item *item, bool whole)
{
	struct text names = text_of(whole ? item->refusal->detail : NULL);
	char why[EVENT_DETAIL_BYTES + 128];

	if (whole && !item->refused &&
	    (item->event.reading_count < 2 || text_equal(item->event.reading, job->settle.reading)))
		return true;
	if (!whole)
		snprintf(why, sizeof(why), "this line was cut when it was kept");
	else if (!item->refused)
		snprintf(why, sizeof(why), "this line has no such reading; it would be %.*s",
		         TEXT_ARGS(item->event.reading.at != NULL ? item->event.reading
		                                                  : item->event.unknown_path));
	else
		snprintf(why, sizeof(why), "this line %s: %.*s",
		         item->refusal->reason == REASON_READINGS ? "has no such reading"
		                                                  : "cannot be read",
		         TEXT_ARGS(names));
	change_refuse(job->reply, -FAULT_INVALID, why);
	return false;
}

/* Reads the line, and stores it under the reading.  1: not stored, the reply says why. */
static int settle_held(struct change_job *job)
{
	struct ingest_item item;
	bool whole;
	int r = held_read(job, job->settle.id);

	if (r != 0)
		return r;
	if (job->held.reason != REASON_READINGS ||
	    !text_equal(job->held.source, job->settle.source)) {
		change_refuse(job->reply, -FAULT_INVALID,
		              job->held.reason != REASON_READINGS
		                      ? "this line is not held for its readings: "
		                        "toll quarantine show"
		                      : "this line is of another source");
		return 1;
	}
	job->terms.reading = job->settle.reading;
	r = held_prepare(job, &item, &whole);
	if (r < 0)
		return r;
	if (!may_settle(job, &item, whole))
		return 1;
	r = held_store(job, &item);
	if (r == 0 && item.verdict == INGEST_QUARANTINED) {
		change_refuse(job->reply, -FAULT_RANGE, item.refusal->detail);
		return 1;
	}
	if (r == 0)
		job->counts[item.verdict]++;
	return r;
}

static bool put_done(const struct change_job *job, struct buf *out, bool ok)
{
	bool any = held_put_done(job, out, ok);

	buf_addf(out, ",\"rule\":%s,", job->settle.ruled ? "true" : "false");
	put_decision(&job->settle, out);
	return any;
}

static int settle_one(struct change_job *job)
{
	int r = ledger_begin(job->ledger, &job->fault);

	if (r == 0)
		r = settle_held(job);
	if (r == 0)
		r = note_decision(job);
	if (r == 0)
		r = ledger_commit(job->ledger, &job->fault);
	if (r == 0) {
		put_done(job, job->reply, true);
		return 0;
	}
	ledger_rollback(job->ledger);
	job->counts[INGEST_ACCEPTED] = job->counts[INGEST_UNPRICED] = 0;
	job->counts[INGEST_DUPLICATE] = job->counts[INGEST_CONFLICT] = 0;
	return r < 0 ? r : 0;
}

static int step(struct change_job *job, bool *more_out)
{
	if (job->settle.id != 0)
		return settle_one(job);
	if (job->settle.ruled)
		return held_step(job, more_out);
	*more_out = true;
	return make_rule(job);
}

const struct change_kind change_reading_settle = {
	.name = "reading.settle",
	.begin = begin,
	.step = step,
	.put_done = put_done,
};
