/*
 * archive.month: registers a file that was made of a month (ledger/archive.h), then moves its
 * hours, one a step.  An hour is one transaction however many events it has: its rows are deleted
 * at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/change_internal.h"
#include "ledger/archive.h"

static bool take(struct change_job *job, const char *key, char *out, size_t bytes)
{
	const struct json *doc = &job->request;
	struct text text = json_string(doc, json_member(doc, 0, key));

	return text.len > 0 && text_copy(out, bytes, text);
}

/* What the table would not take is no fault of the ledger. */
static bool fit(const struct archive_file *file)
{
	return archive_name_good(text_of(file->file)) &&
	       strlen(file->month) == ARCHIVE_MONTH_BYTES - 1 &&
	       strspn(file->sha256, "0123456789abcdef") == SHA256_HEX_BYTES - 1;
}

static bool read_file(struct change_job *job, struct archive_file *file)
{
	const struct json *doc = &job->request;

	*file = (struct archive_file){ .seq = 0 };
	return take(job, "month", file->month, sizeof(file->month)) &&
	       take(job, "file", file->file, sizeof(file->file)) &&
	       take(job, "sha256", file->sha256, sizeof(file->sha256)) && fit(file) &&
	       json_integer(doc, json_member(doc, 0, "events"), &file->events) &&
	       json_integer(doc, json_member(doc, 0, "bytes"), &file->bytes) && file->events > 0 &&
	       file->bytes > 0;
}

static int prepare(struct change_job *job)
{
	struct archive_file file;

	if (read_file(job, &file))
		return 0;
	job->kind = NULL;
	change_refuse(job->reply, -FAULT_INVALID,
	              "archive.month: \"month\", \"file\", \"sha256\", \"events\" and \"bytes\" "
	              "are due, as toll archive makes them");
	return 0;
}

static bool put_done(const struct change_job *job, struct buf *out, bool ok)
{
	const struct json *doc = &job->request;
	const struct archiving *archiving = &job->archiving;

	buf_addf(out, "{\"ok\":%s", ok ? "true" : "false");
	buf_add_member(out, "month", json_string(doc, json_member(doc, 0, "month")));
	buf_add_member(out, "file", json_string(doc, json_member(doc, 0, "file")));
	buf_add_member(out, "sha256", json_string(doc, json_member(doc, 0, "sha256")));
	buf_addf(out, ",\"hours\":%lld,\"events\":%lld,\"left\":%lld}", (long long)archiving->hours,
	         (long long)archiving->events, (long long)archiving->left);
	return archiving->seq != 0;
}

/* The file is at fault, not the ledger, which was left as it was. */
static int refuse(struct change_job *job, int r)
{
	change_refuse(job->reply, r, job->fault.text);
	job->fault = (struct fault){ .code = FAULT_NONE };
	job->kind = NULL;
	return 0;
}

static int step(struct change_job *job, bool *more_out)
{
	struct archiving *archiving = &job->archiving;
	struct archive_file file;
	int64_t hour, events;
	int r;

	if (archiving->seq == 0) {
		read_file(job, &file);
		r = archive_register(job->ledger, &file, job->change.now_ms, job->change.who,
		                     &archiving->seq, &job->fault);
		*more_out = r == 0;
		return r == -FAULT_CORRUPT || r == -FAULT_INVALID || r == -FAULT_VERSION
		               ? refuse(job, r)
		               : r;
	}
	r = archive_move_hour(job->ledger, archiving->seq, archiving->from_ms, &hour, &events,
	                      more_out, &job->fault);
	if (r < 0)
		return r;
	if (!*more_out)
		return change_finish(job);
	archiving->from_ms = hour + 1;
	archiving->hours += events > 0;
	archiving->left += events == 0;
	archiving->events += events;
	return 0;
}

const struct change_kind change_archive_month = {
	.name = "archive.month",
	.prepare = prepare,
	.step = step,
	.put_done = put_done,
};
