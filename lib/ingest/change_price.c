#include <stdio.h>

#include "ingest/change_internal.h"

/* The side of a request; false: it is none, and the reply says so. */
static bool read_side(struct change_job *job, enum book_side *side_out)
{
	const struct json *doc = &job->request;
	uint32_t node = json_member(doc, 0, "side");
	struct text side = json_string(doc, node);
	char why[64];

	for (int i = 0; i < BOOK_SIDES; i++) {
		if (node == JSON_NONE ? i == BOOK_SELL
		                      : text_is(side, book_side_name((enum book_side)i))) {
			*side_out = (enum book_side)i;
			return true;
		}
	}
	snprintf(why, sizeof(why), "%s: \"side\" is sell or cost", job->kind->name);
	change_refuse(job->reply, -FAULT_INVALID, why);
	return false;
}

/* The book is checked here, and what it was read from is let go. */
static int prepare(struct change_job *job)
{
	const struct json *doc = &job->request;
	struct text json = json_string(doc, json_member(doc, 0, "book"));
	struct buf errors = { .at = NULL };
	int r;

	if (json.at == NULL) {
		change_refuse(job->reply, -FAULT_INVALID, "price.apply: \"book\" is missing");
		job->kind = NULL;
		return 0;
	}
	if (!read_side(job, &job->apply.side)) {
		job->kind = NULL;
		return 0;
	}
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

/* ---- rollback ---- */

struct sought {
	struct text hash;
	enum book_side side;
	bool found;   /* it was applied on that side */
	bool current; /* and is in force there */
};

static int find_applied(void *context, const struct book_log_row *row)
{
	struct sought *sought = context;

	if (row->side == sought->side && text_equal(row->hash, sought->hash)) {
		sought->found = true;
		sought->current = sought->current || row->in_force;
	}
	return 0;
}

/* Whether a book of the ledger may be put in force again; false: the reply says why not. */
static int check_rollback(struct change_job *job, const struct book *book, enum book_side side,
                          bool *allowed_out)
{
	const struct json *doc = &job->request;
	uint32_t node = json_member(doc, 0, "current");
	struct sought again = { .hash = text_of(book_hash(book)), .side = side };
	struct sought current = { .hash = json_string(doc, node), .side = side };
	char why[160];
	int r = ledger_each_book(job->ledger, find_applied, &again, &job->fault);

	if (r == 0)
		r = ledger_each_book(job->ledger, find_applied, &current, &job->fault);
	*allowed_out = r == 0 && again.found && (node == JSON_NONE || current.current);
	if (r < 0 || *allowed_out)
		return r;
	if (!again.found)
		snprintf(why, sizeof(why),
		         "price.rollback: %.12s was never applied as the %s book: toll price apply",
		         book_hash(book), book_side_name(side));
	else
		snprintf(why, sizeof(why),
		         "price.rollback: another book came in force meanwhile: ask again");
	change_refuse(job->reply, -FAULT_INVALID, why);
	return 0;
}

/* The book is in the ledger: what is left to do is to put it in force. */
static int begin_rollback(struct change_job *job)
{
	const struct json *doc = &job->request;
	struct text hash = json_string(doc, json_member(doc, 0, "hash"));
	struct applied_book named = { NULL, 0 };
	struct fault fault = { .code = FAULT_NONE };
	bool allowed = false;
	int r = 0;

	buf_add_text(&job->note, json_string(doc, json_member(doc, 0, "note")));
	if (hash.at == NULL) {
		change_refuse(job->reply, -FAULT_INVALID, "price.rollback: \"hash\" is missing");
	} else if (read_side(job, &job->apply.side)) {
		r = ledger_book_named(job->ledger, hash, &named, &fault);
		if (r == 0)
			r = check_rollback(job, named.book, job->apply.side, &allowed);
		else if (r == -FAULT_NOT_FOUND || r == -FAULT_INVALID)
			change_refuse(job->reply, r, fault.text);
		else
			job->fault = fault;
		if (r == -FAULT_NOT_FOUND || r == -FAULT_INVALID)
			r = 0;
	}
	job->book = named.book;
	if (r == 0 && allowed)
		return begin(job);
	job->kind = NULL;
	return r;
}

const struct change_kind change_price_rollback = {
	.name = "price.rollback",
	.begin = begin_rollback,
	.step = apply_prices,
};
