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

static void put_applied(struct change_job *job, const struct book *book, enum book_side side,
                        bool changed)
{
	job->book_changed[side] = changed;
	buf_addf(job->reply, "{\"ok\":true,\"hash\":\"%s\",\"versions\":%zu,\"changed\":%s}",
	         book_hash(book), book_version_count(book), changed ? "true" : "false");
}

static int apply_prices(struct change_job *job, bool *more_out)
{
	const struct json *doc = &job->request;
	struct text json = json_string(doc, json_member(doc, 0, "book"));
	struct text note = json_string(doc, json_member(doc, 0, "note"));
	enum book_side which;
	struct buf errors = { .at = NULL };
	struct fault fault = { .code = FAULT_NONE };
	struct book *book = NULL;
	int64_t first_price;
	bool changed = false;
	int r;

	(void)more_out;
	if (json.at == NULL) {
		change_refuse(job->reply, -FAULT_INVALID, "price.apply: \"book\" is missing");
		return 0;
	}
	if (!read_side(job, &which))
		return 0;
	r = book_load(&book, json, &errors, &fault);
	if (r == 0)
		r = ledger_book_apply(job->ledger, book, which, job->change.now_ms, job->change.who,
		                      note, &first_price, &changed, &fault);
	if (r == -FAULT_SYNTAX || r == -FAULT_INVALID || r == -FAULT_RANGE) {
		change_refuse_all(job->reply, r, fault.text, buf_text(&errors));
		r = 0;
	} else if (r == 0) {
		put_applied(job, book, which, changed);
	} else {
		job->fault = fault;
	}
	book_free(book);
	buf_release(&errors);
	return r;
}

const struct change_kind change_price_apply = { .name = "price.apply", .step = apply_prices };

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

static int roll_back(struct change_job *job, bool *more_out)
{
	const struct json *doc = &job->request;
	struct text hash = json_string(doc, json_member(doc, 0, "hash"));
	struct text note = json_string(doc, json_member(doc, 0, "note"));
	struct applied_book named = { NULL, 0 };
	struct fault fault = { .code = FAULT_NONE };
	enum book_side side;
	int64_t first_price;
	bool allowed = false, changed = false;
	int r;

	(void)more_out;
	if (hash.at == NULL) {
		change_refuse(job->reply, -FAULT_INVALID, "price.rollback: \"hash\" is missing");
		return 0;
	}
	if (!read_side(job, &side))
		return 0;
	r = ledger_book_named(job->ledger, hash, &named, &fault);
	if (r == -FAULT_NOT_FOUND || r == -FAULT_INVALID) {
		change_refuse(job->reply, r, fault.text);
		return 0;
	}
	if (r < 0)
		job->fault = fault;
	else
		r = check_rollback(job, named.book, side, &allowed);
	if (r == 0 && allowed)
		r = ledger_book_apply(job->ledger, named.book, side, job->change.now_ms,
		                      job->change.who, note, &first_price, &changed, &job->fault);
	if (r == 0 && allowed)
		put_applied(job, named.book, side, changed);
	book_free(named.book);
	return r;
}

const struct change_kind change_price_rollback = { .name = "price.rollback", .step = roll_back };
