#include "ingest/change_internal.h"

static int apply_prices(struct change_job *job, bool *more_out)
{
	const struct json *doc = &job->request;
	struct text json = json_string(doc, json_member(doc, 0, "book"));
	struct text note = json_string(doc, json_member(doc, 0, "note"));
	uint32_t side_node = json_member(doc, 0, "side");
	struct text side = json_string(doc, side_node);
	bool cost = text_is(side, book_side_name(BOOK_COST));
	enum book_side which = cost ? BOOK_COST : BOOK_SELL;
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
	if (side_node != JSON_NONE && !cost && !text_is(side, book_side_name(BOOK_SELL))) {
		change_refuse(job->reply, -FAULT_INVALID, "price.apply: \"side\" is sell or cost");
		return 0;
	}
	r = book_load(&book, json, &errors, &fault);
	if (r == 0)
		r = ledger_book_apply(job->ledger, book, which, job->change.now_ms, job->change.who,
		                      note, &first_price, &changed, &fault);
	if (r == -FAULT_SYNTAX || r == -FAULT_INVALID || r == -FAULT_RANGE) {
		change_refuse_all(job->reply, r, fault.text, buf_text(&errors));
		r = 0;
	} else if (r == 0) {
		job->book_changed[which] = changed;
		buf_addf(job->reply,
		         "{\"ok\":true,\"hash\":\"%s\",\"versions\":%zu,\"changed\":%s}",
		         book_hash(book), book_version_count(book), changed ? "true" : "false");
	} else {
		job->fault = fault;
	}
	book_free(book);
	buf_release(&errors);
	return r;
}

const struct change_kind change_price_apply = { .name = "price.apply", .step = apply_prices };
