#include "ingest/change.h"

#include <assert.h>
#include <stdlib.h>

#include "ingest/change_internal.h"

static const struct change_kind *const kinds[] = {
	&change_price_apply,      &change_price_rollback, &change_suspense_retry,
	&change_quarantine_retry, &change_policy_set,     &change_reading_settle,
	&change_rerate,           &change_void,           &change_correct,
	&change_period_close,     &change_archive_month,  &change_reconcile_run,
};
enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

void change_refuse_all(struct buf *reply, int code, const char *text, struct text errors)
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
	change_refuse_all(reply_out, code, text, text_of(""));
}

int change_terms(struct change_job *job)
{
	if (job->lent == NULL)
		return terms_load(job->ledger, &job->terms, &job->fault);
	job->terms.credentials = *ledger_credentials(job->ledger);
	job->terms.book = job->lent->book;
	job->terms.cost = job->lent->cost;
	return ledger_rules_load(job->ledger, &job->terms.rules, &job->fault);
}

int change_note(struct change_job *job, const struct buf *detail, struct fault *fault)
{
	int r = ledger_begin(job->ledger, fault);

	if (r == 0)
		r = ledger_change_note(job->ledger, job->change.now_ms, job->change.who,
		                       job->kind->name, buf_text(detail), fault);
	if (r == 0)
		r = ledger_commit(job->ledger, fault);
	if (r < 0)
		ledger_rollback(job->ledger);
	return r;
}

int change_finish(struct change_job *job)
{
	if (!job->kind->put_done(job, job->reply, true))
		return 0;
	return change_note(job, job->reply, &job->fault);
}

/* What was committed before it ended early; why it did is what the caller is told. */
static void note_unfinished(struct change_job *job)
{
	struct buf done = { .at = NULL };
	struct fault ignored;

	if (job->kind != NULL && job->kind->put_done != NULL &&
	    job->kind->put_done(job, &done, false) && done.error == 0)
		change_note(job, &done, &ignored);
	buf_release(&done);
}

static void refuse_kind(struct change_job *job)
{
	struct buf names = { .at = NULL };

	buf_add_cstr(&names, "\"change\" is one of ");
	for (size_t i = 0; i < KIND_COUNT; i++)
		buf_addf(&names, "%s%s", i > 0 ? ", " : "", kinds[i]->name);
	change_refuse(job->reply, -FAULT_INVALID, names.error == 0 ? names.at : "out of memory");
	buf_release(&names);
}

/* What is asked for; job->kind NULL: nothing, and the reply says why. */
static int read_request(struct change_job *job)
{
	int r = json_parse(&job->request, job->change.request, &job->fault);
	struct text what;

	if (r == -FAULT_SYNTAX)
		change_refuse(job->reply, r, job->fault.text);
	if (r < 0)
		return r == -FAULT_SYNTAX ? 0 : r;
	what = json_string(&job->request, json_member(&job->request, 0, "change"));
	for (size_t i = 0; i < KIND_COUNT; i++) {
		if (text_is(what, kinds[i]->name))
			job->kind = kinds[i];
	}
	if (job->kind == NULL)
		refuse_kind(job);
	return 0;
}

/* Ends it with a failure: the reply. */
static int fail(struct change_job *job, int r, struct fault *fault)
{
	if (job->fault.code == FAULT_NONE)
		fault_set(&job->fault, (enum fault_code) - r, "out of memory");
	change_refuse(job->reply, r, job->fault.text);
	if (fault != NULL)
		*fault = job->fault;
	return r;
}

static struct change_job *job_new(const struct change *change, struct buf *reply)
{
	struct change_job *job = calloc(1, sizeof(*job));

	buf_clear(reply);
	if (job == NULL) {
		change_refuse(reply, -FAULT_NOMEM, "out of memory");
		return NULL;
	}
	job->change = *change;
	job->reply = reply;
	return job;
}

int change_prepare(struct change_job **job_out, const struct change *change, struct buf *reply_out,
                   struct fault *fault)
{
	struct change_job *job = job_new(change, reply_out);
	int r;

	if (job == NULL)
		return fault_set(fault, FAULT_NOMEM, "a change: out of memory");
	r = read_request(job);
	if (r == 0 && job->kind != NULL && job->kind->prepare != NULL)
		r = job->kind->prepare(job);
	assert(r <= 0);
	if (r < 0) {
		r = fail(job, r, fault);
		change_end(job);
		return r;
	}
	*job_out = job;
	return 0;
}

int change_prepare_book(struct change_job **job_out, struct book *book, enum book_side side,
                        const struct change *change, struct buf *reply_out, struct fault *fault)
{
	struct change_job *job = job_new(change, reply_out);

	if (job == NULL) {
		book_free(book);
		return fault_set(fault, FAULT_NOMEM, "a change: out of memory");
	}
	job->kind = &change_price_apply;
	job->book = book;
	job->apply.side = side;
	job->patient = true;
	buf_add_text(&job->note, change->request);
	*job_out = job;
	return 0;
}

void change_lend(struct change_job *job, const struct terms *in_force)
{
	job->lent = in_force;
}

int change_open(struct change_job *job, struct ledger *ledger, struct fault *fault)
{
	int r = 0;

	job->ledger = ledger;
	if (job->kind != NULL && job->kind->begin != NULL)
		r = job->kind->begin(job);
	assert(r <= 0);
	return r < 0 ? fail(job, r, fault) : 0;
}

int change_begin(struct change_job **job_out, struct ledger *ledger, const struct change *change,
                 struct buf *reply_out, struct fault *fault)
{
	struct change_job *job = NULL;
	int r = change_prepare(&job, change, reply_out, fault);

	if (r == 0)
		r = change_open(job, ledger, fault);
	if (r < 0) {
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
	if (job->kind != NULL)
		r = job->kind->step(job, more_out);
	assert(r <= 0);
	if ((r == -FAULT_FULL || r == -FAULT_BUSY) && job->patient) {
		if (fault != NULL)
			*fault = job->fault;
		job->fault = (struct fault){ .code = FAULT_NONE };
		return r;
	}
	if (r == 0 && job->reply->error != 0)
		r = fault_set(&job->fault, FAULT_NOMEM, "the reply: out of memory");
	if (r == 0)
		return 0;
	/* Only a step does anything: before the first one there may be nothing to tell of. */
	note_unfinished(job);
	return fail(job, r, fault);
}

const struct fault *change_fault(const struct change_job *job)
{
	return &job->fault;
}

bool change_is_refused(const struct change_job *job)
{
	return job->kind == NULL;
}

bool change_moved_book(const struct change_job *job, enum book_side side)
{
	return job->book_changed && job->apply.side == side;
}

const struct book *change_book(const struct change_job *job)
{
	return job->book;
}

struct applied_book change_take_book(struct change_job *job)
{
	struct applied_book taken = { job->book, job->apply.first_price };

	assert(job->book_changed);
	job->book = NULL;
	return taken;
}

bool change_moved_rules(const struct change_job *job)
{
	return job->rules_changed;
}

void change_cancel(struct change_job *job, int code, const char *text)
{
	fault_set(&job->fault, (enum fault_code) - code, "%s", text);
	job->kind = NULL;
	change_refuse(job->reply, code, text);
}

void change_stop(struct change_job *job)
{
	bool keeps = job->kind != NULL && job->kind->put_done != NULL;

	note_unfinished(job);
	change_cancel(job, -FAULT_CLOSED,
	              keeps ? "the daemon stopped half way: what was done is kept, ask again for "
	                      "the rest"
	                    : "the daemon stopped before it was done: nothing has changed, ask "
	                      "again");
}

void change_end(struct change_job *job)
{
	if (job == NULL)
		return;
	json_release(&job->request);
	json_release(&job->line);
	book_free(job->book);
	buf_release(&job->note);
	if (job->lent != NULL)
		job->terms.book = job->terms.cost = (struct applied_book){ .book = NULL };
	terms_release(&job->terms);
	free(job->chunk.rows);
	arena_release(&job->chunk.arena);
	free(job->ids.ids);
	arena_release(&job->held.arena);
	rerating_free(job->rerating);
	closing_free(job->closing);
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
		*book_changed_out = change_moved_book(job, BOOK_SELL) ||
		                    change_moved_book(job, BOOK_COST);
	change_end(job);
	return r;
}
