#include "ingest/change_internal.h"

/* The book is checked here, and what it was read from is let go. */
static int prepare(struct change_job *job)
{
	const struct json *doc = &job->request;
	struct text json = json_string(doc, json_member(doc, 0, "book"));
	uint32_t side_node = json_member(doc, 0, "side");
	struct text side = json_string(doc, side_node);
	bool cost = text_is(side, book_side_name(BOOK_COST));
	struct buf errors = { .at = NULL };
	int r;

	if (json.at == NULL) {
		change_refuse(job->reply, -FAULT_INVALID, "price.apply: \"book\" is missing");
		job->kind = NULL;
		return 0;
	}
	if (side_node != JSON_NONE && !cost && !text_is(side, book_side_name(BOOK_SELL))) {
		change_refuse(job->reply, -FAULT_INVALID, "price.apply: \"side\" is sell or cost");
		job->kind = NULL;
		return 0;
	}
	job->apply.side = cost ? BOOK_COST : BOOK_SELL;
	buf_add_text(&job->note, json_string(doc, json_member(doc, 0, "note")));
	r = book_load(&job->book, json, &errors, &job->fault);
	json_release(&job->request);
	if (r == -FAULT_SYNTAX || r == -FAULT_INVALID || r == -FAULT_RANGE) {
		change_refuse_all(job->reply, r, job->fault.text, buf_text(&errors));
		job->kind = NULL;
		r = 0;
	}
	buf_release(&errors);
	return r;
}

static int begin(struct change_job *job)
{
	if (job->note.error != 0)
		return fault_set(&job->fault, FAULT_NOMEM, "a change: out of memory");
	job->apply = (struct book_apply){
		.book = job->book,
		.side = job->apply.side,
		.now_ms = job->change.now_ms,
		.who = job->change.who,
		.note = buf_text(&job->note),
	};
	return 0;
}

static int apply_prices(struct change_job *job, bool *more_out)
{
	struct fault fault = { .code = FAULT_NONE };
	int r = ledger_book_apply_step(job->ledger, &job->apply, more_out, &fault);

	if (r == -FAULT_INVALID) {
		change_cancel(job, r, fault.text);
		return 0;
	}
	if (r < 0)
		job->fault = fault;
	if (r < 0 || *more_out)
		return r;
	job->book_changed = job->apply.changed;
	buf_addf(job->reply, "{\"ok\":true,\"hash\":\"%s\",\"versions\":%zu,\"changed\":%s}",
	         book_hash(job->book), book_version_count(job->book),
	         job->book_changed ? "true" : "false");
	return 0;
}

const struct change_kind change_price_apply = {
	.name = "price.apply",
	.prepare = prepare,
	.begin = begin,
	.step = apply_prices,
};
