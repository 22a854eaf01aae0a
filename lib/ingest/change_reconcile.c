/* reconcile.run: keeps the report of a reconciliation, in the log of changes. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "ingest/change_internal.h"

enum { REPORT_DEPTH_MAX = 8 };

#define REPORT_SIZE_MAX "64 KiB"
static_assert(CHANGE_REPORT_BYTES_MAX == 64 * 1024, "the words for it say another size");

static bool is_sha256(struct text t)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] == '\0' || strchr(digits, t.at[i]) == NULL)
			return false;
	}
	return t.len == SHA256_HEX_BYTES - 1;
}

/* A list of texts, or not there. */
static bool is_command(const struct json *doc, uint32_t words)
{
	if (words == JSON_NONE)
		return true;
	if (json_type_of(doc, words) != JSON_ARRAY)
		return false;
	for (uint32_t w = json_first(doc, words); w != JSON_NONE; w = json_next(doc, words, w)) {
		if (json_type_of(doc, w) != JSON_STRING && json_type_of(doc, w) != JSON_NULL)
			return false;
	}
	return true;
}

/* What is wrong with the request; NULL: nothing.  `report_out` is what is kept of it. */
static const char *read_run(const struct json *doc, struct buf *report_out)
{
	uint32_t report = json_member(doc, 0, "report"), seal = json_member(doc, 0, "seal");

	if (report == JSON_NONE || json_type_of(doc, report) != JSON_OBJECT)
		return "reconcile.run: \"report\" is missing, or is no object";
	if (!is_sha256(json_string(doc, json_member(doc, report, "result_sha256"))))
		return "reconcile.run: \"result_sha256\" of the report is what all that was found "
		       "hashes to, 64 hexadecimal digits";
	if (seal != JSON_NONE && json_type_of(doc, seal) != JSON_NULL &&
	    !is_sha256(json_string(doc, seal)))
		return "reconcile.run: \"seal\" is a link of the chain of seals, or null";
	if (!is_command(doc, json_member(doc, 0, "command")))
		return "reconcile.run: \"command\" is a list of words";
	if (!json_write(doc, report, REPORT_DEPTH_MAX, report_out))
		return "reconcile.run: the report has too many levels";
	if (report_out->len > CHANGE_REPORT_BYTES_MAX)
		return "reconcile.run: the report is larger than " REPORT_SIZE_MAX
		       ": fewer statements at once";
	return NULL;
}

static int count_run(void *context, const struct change_row *row)
{
	(void)row;
	++*(int64_t *)context;
	return 0;
}

static int keep(struct change_job *job, const struct buf *detail, int64_t *run_out)
{
	int64_t runs = 0;
	int r = ledger_begin(job->ledger, &job->fault);

	if (r == 0)
		r = ledger_change_note(job->ledger, job->change.now_ms, job->change.who,
		                       job->kind->name, buf_text(detail), &job->fault);
	if (r == 0)
		r = ledger_each_change(job->ledger, job->kind->name, count_run, &runs, &job->fault);
	if (r == 0)
		r = ledger_commit(job->ledger, &job->fault);
	if (r < 0)
		ledger_rollback(job->ledger);
	*run_out = runs;
	return r;
}

static int keep_report(struct change_job *job, const struct buf *report)
{
	const struct json *doc = &job->request;
	uint32_t command = json_member(doc, 0, "command");
	struct buf detail = { .at = NULL };
	char sha256[SHA256_HEX_BYTES];
	int64_t run = 0;
	int r;

	buf_add_cstr(&detail, "{\"report\":");
	buf_add_text(&detail, buf_text(report));
	buf_add_member(&detail, "seal", json_string(doc, json_member(doc, 0, "seal")));
	if (command != JSON_NONE) {
		buf_add_cstr(&detail, ",\"command\":");
		json_write(doc, command, REPORT_DEPTH_MAX, &detail);
	}
	buf_add_cstr(&detail, "}");
	r = report->error != 0 || detail.error != 0
	            ? fault_set(&job->fault, FAULT_NOMEM, "reconcile.run: out of memory")
	            : keep(job, &detail, &run);
	buf_release(&detail);
	if (r < 0)
		return r;
	sha256_hex(report->at, report->len, sha256);
	buf_addf(job->reply, "{\"ok\":true,\"run\":%lld,\"sha256\":\"%s\"}", (long long)run,
	         sha256);
	return 0;
}

static int step(struct change_job *job, bool *more_out)
{
	struct buf report = { .at = NULL };
	const char *wrong = read_run(&job->request, &report);
	int r = 0;

	(void)more_out;
	if (wrong != NULL) {
		change_refuse(job->reply, -FAULT_INVALID, wrong);
		job->kind = NULL;
	} else {
		r = keep_report(job, &report);
	}
	buf_release(&report);
	return r;
}

const struct change_kind change_reconcile_run = { .name = "reconcile.run", .step = step };
