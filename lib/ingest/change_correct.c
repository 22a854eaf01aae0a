/* Corrections of one event: it is void, or has other counts (ledger/correct.h). */
#include <stdlib.h>

#include "base/moment.h"
#include "ingest/change_internal.h"
#include "ledger/correct.h"

/* Ends it: the reply says why. */
static int refuse(struct change_job *job, int code, const char *text)
{
	change_refuse(job->reply, code, text);
	job->kind = NULL;
	return 0;
}

/* {"output":90,"input":1000} */
static const char *read_set(const struct json *doc, struct correction_wish *wish)
{
	uint32_t set = json_member(doc, 0, "set");

	if (json_type_of(doc, set) != JSON_OBJECT || json_first(doc, set) == JSON_NONE)
		return "correct: \"set\" is an object of components and counts";
	for (uint32_t k = json_first(doc, set); k != JSON_NONE; k = json_next(doc, set, k)) {
		enum component c = component_find(doc->nodes[k].text);

		if (c == COMPONENT_COUNT)
			return "correct: a key of \"set\" is no component";
		if (!json_integer(doc, k + 1, &wish->set[c]) || wish->set[c] < 0)
			return "correct: a count of \"set\" is no whole number from 0 on";
	}
	return NULL;
}

/* What is wrong with the request; NULL: nothing. */
static const char *read_request(const struct change_job *job, struct correction_wish *wish,
                                bool *dry_run)
{
	const struct json *doc = &job->request;
	uint32_t dry = json_member(doc, 0, "dry_run");
	struct text time = json_string(doc, json_member(doc, 0, "time"));

	for (int c = 0; c < COMPONENT_COUNT; c++)
		wish->set[c] = EVENT_ABSENT;
	wish->at_ms = job->change.now_ms;
	wish->who = job->change.who;
	wish->source = json_string(doc, json_member(doc, 0, "source"));
	wish->id = json_string(doc, json_member(doc, 0, "id"));
	wish->reason = json_string(doc, json_member(doc, 0, "reason"));
	if (wish->source.len == 0 || wish->source.len > EVENT_NAME_BYTES_MAX || wish->id.len == 0 ||
	    wish->id.len > EVENT_NAME_BYTES_MAX)
		return "\"source\" and \"id\" say which event";
	if (time.at == NULL || !moment_parse(time, &wish->time_ms))
		return "\"time\" is the moment of the event, to the millisecond";
	if (wish->reason.len == 0)
		return "\"reason\" is missing: say why";
	*dry_run = json_type_of(doc, dry) == JSON_TRUE;
	if (dry != JSON_NONE && !*dry_run && json_type_of(doc, dry) != JSON_FALSE)
		return "\"dry_run\" is true or false";
	return wish->kind == CORRECTION_CORRECT ? read_set(doc, wish) : NULL;
}

/* Behind "{"ok":true," or "{". */
static void put_members(const struct correction_wish *wish, const struct correction_done *done,
                        bool dry_run, struct buf *out)
{
	char moment[MOMENT_TEXT_BYTES], amount[MONEY_TEXT_BYTES];
	const char *comma = "";

	if (dry_run)
		buf_add_cstr(out, "\"correction\":null");
	else
		buf_addf(out, "\"correction\":%lld", (long long)done->seq);
	buf_addf(out, ",\"rows\":%lld", (long long)done->rows);
	buf_add_member(out, "source", wish->source);
	buf_add_member(out, "id", wish->id);
	moment_text(wish->time_ms, moment);
	buf_add_member(out, "time", text_of(moment));
	buf_add_member(out, "reason", wish->reason);
	if (wish->kind == CORRECTION_CORRECT) {
		buf_add_cstr(out, ",\"set\":{");
		for (int c = 0; c < COMPONENT_COUNT; c++) {
			if (wish->set[c] == EVENT_ABSENT)
				continue;
			buf_addf(out, "%s\"%s\":%lld", comma, component_info[c].key,
			         (long long)wish->set[c]);
			comma = ",";
		}
		buf_add_cstr(out, "}");
	}
	money_text(done->amount, amount);
	buf_add_member(out, "amount", text_of(amount));
	money_text(done->amount_now, amount);
	buf_add_member(out, "amount_now", text_of(amount));
	money_text(done->cost, amount);
	buf_add_member(out, "cost", text_of(amount));
	money_text(done->cost_now, amount);
	buf_add_member(out, "cost_now", text_of(amount));
	buf_addf(out, ",\"waits\":%s}", done->waits ? "true" : "false");
}

/* The rows, and who made them. */
static int store(struct change_job *job, const struct correction_wish *wish, bool dry_run,
                 struct correction_done *done)
{
	struct buf detail = { .at = NULL };
	int r = ledger_begin(job->ledger, &job->fault);

	if (r < 0)
		return r;
	r = ledger_correct(job->ledger, wish, done, &job->fault);
	if (r == 0 && !dry_run) {
		buf_add_cstr(&detail, "{");
		put_members(wish, done, false, &detail);
		if (detail.error != 0)
			r = fault_set(&job->fault, FAULT_NOMEM, "a correction: out of memory");
		if (r == 0)
			r = ledger_change_note(job->ledger, wish->at_ms, wish->who, job->kind->name,
			                       buf_text(&detail), &job->fault);
		if (r == 0)
			r = ledger_commit(job->ledger, &job->fault);
	}
	if (r < 0 || dry_run)
		ledger_rollback(job->ledger);
	buf_release(&detail);
	return r;
}

static int correct(struct change_job *job, enum correction_kind kind)
{
	struct correction_wish wish = { .kind = kind };
	struct correction_done done;
	bool dry_run = false;
	const char *wrong = read_request(job, &wish, &dry_run);
	int r;

	if (wrong != NULL)
		return refuse(job, -FAULT_INVALID, wrong);
	r = store(job, &wish, dry_run, &done);
	/* What a person can do something about is told by the reply; the rest is the ledger's. */
	if (r == -FAULT_NOT_FOUND || r == -FAULT_INVALID || r == -FAULT_RANGE) {
		char why[FAULT_TEXT_BYTES];

		text_copy(why, sizeof(why), text_of(job->fault.text));
		job->fault = (struct fault){ .code = FAULT_NONE };
		return refuse(job, r, why);
	}
	if (r < 0)
		return r;
	buf_add_cstr(job->reply, "{\"ok\":true,");
	put_members(&wish, &done, dry_run, job->reply);
	return 0;
}

static int step_void(struct change_job *job, bool *more_out)
{
	(void)more_out;
	return correct(job, CORRECTION_VOID);
}

static int step_correct(struct change_job *job, bool *more_out)
{
	(void)more_out;
	return correct(job, CORRECTION_CORRECT);
}

const struct change_kind change_void = { .name = "void", .step = step_void };
const struct change_kind change_correct = { .name = "correct", .step = step_correct };
