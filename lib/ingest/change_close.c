/*
 * Closing a period, by whoever looked for twins in it (ledger/twins.h): what was found becomes
 * void, a few a step; the last step closes, where no hour of it is another since.
 */
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "ingest/change_internal.h"
#include "ledger/twins.h"

enum { CLOSE_CHUNK = 500 }; /* twins of one step */

struct closing {
	struct text reason;
	bool looked; /* there is a check: all twins were told */
	struct period_check check;
	uint32_t twins, next; /* of the request: the list, its next element */
	int64_t told, voided;
	bool closed;
};

void closing_free(struct closing *closing)
{
	free(closing);
}

static int refuse(struct change_job *job, int code, const char *text)
{
	change_refuse(job->reply, code, text);
	job->kind = NULL;
	return 0;
}

static int refuse_fault(struct change_job *job, int code)
{
	char why[FAULT_TEXT_BYTES];

	text_copy(why, sizeof(why), text_of(job->fault.text));
	job->fault = (struct fault){ .code = FAULT_NONE };
	return refuse(job, code, why);
}

/* Two digits a byte, in lower case. */
static bool read_digest(struct text hex, unsigned char out[SHA256_BYTES])
{
	static const char digits[] = "0123456789abcdef";

	if (hex.len != 2 * (size_t)SHA256_BYTES)
		return false;
	for (size_t i = 0; i < hex.len; i++) {
		const char *digit = memchr(digits, hex.at[i], sizeof(digits) - 1);

		if (digit == NULL)
			return false;
		out[i / 2] = (unsigned char)(out[i / 2] << 4 | (digit - digits));
	}
	return true;
}

static bool read_twin(const struct json *doc, uint32_t node, struct twin *twin)
{
	struct text keep = json_string(doc, json_member(doc, node, "keep"));
	struct text later = json_string(doc, json_member(doc, node, "void"));

	twin->source = json_string(doc, json_member(doc, node, "source"));
	twin->id = json_string(doc, json_member(doc, node, "id"));
	return twin->source.len > 0 && twin->id.len > 0 &&
	       twin->source.len <= EVENT_NAME_BYTES_MAX && twin->id.len <= EVENT_NAME_BYTES_MAX &&
	       keep.at != NULL && later.at != NULL && moment_parse(keep, &twin->keep_ms) &&
	       moment_parse(later, &twin->void_ms);
}

static bool are_twins(const struct json *doc, uint32_t twins)
{
	uint32_t node = json_first(doc, twins);
	struct twin twin;

	while (node != JSON_NONE && read_twin(doc, node, &twin))
		node = json_next(doc, twins, node);
	return node == JSON_NONE;
}

/* What is wrong with the request; NULL: nothing. */
static const char *read_request(struct change_job *job, struct closing *closing)
{
	const struct json *doc = &job->request;
	uint32_t check = json_member(doc, 0, "check");
	struct text until = json_string(doc, json_member(doc, 0, "until"));

	closing->reason = json_string(doc, json_member(doc, 0, "reason"));
	closing->twins = json_member(doc, 0, "twins");
	if (until.at == NULL || !moment_parse_date(until, &closing->check.until_ms))
		return "period.close: \"until\" is a moment, as 2026-12 or 2026-12-01T00:00:00Z";
	if (closing->reason.len == 0)
		return "period.close: \"reason\" is missing: say why";
	if (json_type_of(doc, closing->twins) != JSON_ARRAY)
		return "period.close: \"twins\" is a list, which can be empty";
	if (!are_twins(doc, closing->twins))
		return "period.close: a twin has \"source\", \"id\", \"keep\" and \"void\"";
	closing->next = json_first(doc, closing->twins);
	closing->looked = json_type_of(doc, check) != JSON_NULL;
	if (closing->looked && !read_digest(json_string(doc, check), closing->check.digest))
		return "period.close: \"check\" is what was found of the hours, or null: then the "
		       "twins become void, and nothing is closed";
	return NULL;
}

/* What can be refused is refused before anything is void. */
static int begin(struct change_job *job)
{
	struct closing *closing = calloc(1, sizeof(*closing));
	const char *wrong;
	int r;

	job->closing = closing;
	if (closing == NULL)
		return fault_set(&job->fault, FAULT_NOMEM, "period.close: out of memory");
	wrong = read_request(job, closing);
	if (wrong != NULL)
		return refuse(job, -FAULT_INVALID, wrong);
	r = ledger_check_end(job->ledger, closing->check.until_ms, job->change.now_ms, &job->fault);
	return r == -FAULT_INVALID ? refuse_fault(job, r) : r;
}

static int void_chunk(struct change_job *job)
{
	struct closing *closing = job->closing;
	const struct json *doc = &job->request;
	int r = ledger_begin(job->ledger, &job->fault);
	int64_t told = closing->told, voided = closing->voided;
	uint32_t next = closing->next;

	for (int i = 0; r == 0 && i < CLOSE_CHUNK && next != JSON_NONE; i++) {
		struct twin twin;
		bool done = false;

		read_twin(doc, next, &twin); /* begin() saw that each can be read */
		r = ledger_void_twin(job->ledger, &twin, job->change.now_ms, &done, &job->fault);
		told++;
		voided += done;
		next = json_next(doc, closing->twins, next);
	}
	if (r == 0)
		r = ledger_commit(job->ledger, &job->fault);
	if (r < 0) {
		ledger_rollback(job->ledger);
		return r;
	}
	closing->told = told;
	closing->voided = voided;
	closing->next = next;
	return 0;
}

static bool put_done(const struct change_job *job, struct buf *out, bool ok)
{
	const struct closing *closing = job->closing;
	char moment[MOMENT_TEXT_BYTES];

	/* There was no memory to begin it. */
	if (closing == NULL)
		return false;
	buf_addf(out, "{\"ok\":%s,\"closed\":%s", ok ? "true" : "false",
	         closing->closed ? "true" : "false");
	moment_text(closing->check.until_ms, moment);
	buf_add_member(out, "until", text_of(moment));
	buf_add_member(out, "reason", closing->reason);
	buf_addf(out, ",\"twins\":%lld,\"voided\":%lld}", (long long)closing->told,
	         (long long)closing->voided);
	return closing->closed || closing->voided > 0;
}

/* With its row in `change`, which a closing is never without. */
static int close_period(struct change_job *job)
{
	struct closing *closing = job->closing;
	struct buf detail = { .at = NULL };
	int r = ledger_begin(job->ledger, &job->fault);

	if (r < 0)
		return r;
	r = ledger_close_period(job->ledger, &closing->check, job->change.now_ms, job->change.who,
	                        closing->reason, &closing->closed, &job->fault);
	put_done(job, &detail, true);
	if (r == 0 && detail.error != 0)
		r = fault_set(&job->fault, FAULT_NOMEM, "period.close: out of memory");
	if (r == 0 && (closing->closed || closing->voided > 0))
		r = ledger_change_note(job->ledger, job->change.now_ms, job->change.who,
		                       job->kind->name, buf_text(&detail), &job->fault);
	if (r == 0)
		r = ledger_commit(job->ledger, &job->fault);
	if (r < 0) {
		ledger_rollback(job->ledger);
		closing->closed = false;
	}
	buf_release(&detail);
	return r;
}

static int step(struct change_job *job, bool *more_out)
{
	struct closing *closing = job->closing;
	int r;

	if (closing->next != JSON_NONE) {
		r = void_chunk(job);
		*more_out = r == 0;
		return r;
	}
	if (!closing->looked)
		return change_finish(job);
	r = close_period(job);
	if (r == -FAULT_INVALID)
		return refuse_fault(job, r);
	if (r == 0)
		put_done(job, job->reply, true);
	return r;
}

const struct change_kind change_period_close = {
	.name = "period.close",
	.begin = begin,
	.step = step,
	.put_done = put_done,
};
