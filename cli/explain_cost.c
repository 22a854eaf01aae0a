#include "cli/explain_cost.h"

#include <stdio.h>

#include "base/moment.h"
#include "cli/charges.h"
#include "export/export.h"
#include "ingest/terms.h"
#include "ledger/adjust.h"
#include "ledger/books.h"
#include "ledger/store.h"
#include "rate/rating.h"
#include "report/report.h"

enum { LABEL_WIDTH = 9 };

static void keep_book(struct explained_cost *cost, const struct book *book,
                      const struct book_version *version)
{
	if (book == NULL)
		return;
	text_copy(cost->book, sizeof(cost->book), text_of(book_hash(book)));
	text_copy(cost->currency, sizeof(cost->currency), book_currency(book));
	if (version == NULL)
		return;
	text_copy(cost->model, sizeof(cost->model), version->model);
	moment_text(version->effective_from_ms, cost->from);
}

/* With the version it is stored with. */
static int derive_costed(struct explained_cost *cost, struct ledger *ledger,
                         const struct stored_event *row, struct charges *charges,
                         struct fault *fault)
{
	const struct rating_request request = rating_of(&row->event, &row->event.usage);
	const struct book_version *version = NULL;
	const struct book *book = NULL;
	int r = ledger_price_version(ledger, row->cost_id, &version, &book, fault);

	if (r < 0)
		return r;
	keep_book(cost, book, version);
	if (rating_under(version, &request, charges) != RATING_PRICED)
		buf_add_cstr(&cost->problem,
		             "the price of its cost has no rate for all that was used");
	else if (book_find(book, row->event.model, row->event.time_ms).version != version)
		buf_add_cstr(&cost->problem,
		             "the price of its cost is not the one its book has for this model and "
		             "time");
	cost->derived = charges->total;
	charges_table(&cost->table, charges, text_of(cost->currency), text_of(NULL));
	return 0;
}

/* By the cost book that is in force, which may know more than the one of its time. */
static int derive_uncosted(struct explained_cost *cost, const struct applied_book *current,
                           const struct stored_event *row, struct charges *charges,
                           struct fault *fault)
{
	const struct rating_request request = rating_of(&row->event, &row->event.usage);
	const struct terms terms = { .cost = *current };
	struct json doc = { .nodes = NULL };
	struct event event = row->event;
	enum rating_verdict verdict = rating_request(current->book, &request, charges);
	int r = terms_recall_sum(&event, &doc);

	keep_book(cost, current->book, charges->found.version);
	cost->parted = terms_sum_moves_cost(&terms, &event);
	cost->has_rate = !cost->parted && verdict == RATING_PRICED;
	charges_table(&cost->table, charges, text_of(cost->currency), text_of(NULL));
	json_release(&doc);
	return r < 0 ? fault_set(fault, FAULT_NOMEM, "explain: out of memory") : 0;
}

static int derive(struct explained_cost *cost, struct ledger *ledger,
                  const struct stored_event *row, struct fault *fault)
{
	struct applied_book current = { NULL, 0 };
	struct charges charges = { .count = 0 };
	int r = ledger_book_current(ledger, BOOK_COST, &current, fault);

	if (r < 0)
		return r;
	cost->stored = row->cost;
	cost->told = row->cost_id != LEDGER_COST_NO_BOOK || current.book != NULL;
	if (row->cost_id > 0) {
		cost->state = "costed";
		r = derive_costed(cost, ledger, row, &charges, fault);
	} else if (row->cost_id == LEDGER_PRICE_SUSPENSE) {
		cost->state = "uncosted";
		r = derive_uncosted(cost, &current, row, &charges, fault);
	} else {
		cost->state = row->cost_id == LEDGER_PRICE_NONE ? "nothing-used" : "no-cost-book";
		if (row->cost_id == LEDGER_PRICE_NONE && !usage_is_empty(&row->event.usage))
			buf_add_cstr(&cost->problem,
			             "its cost is stored as that of nothing, but it has counts");
	}
	book_free(current.book);
	return r;
}

struct run_note {
	int64_t run;
	char kept[512];
};

static int find_run(void *user, const struct adjustment_run *run)
{
	struct run_note *note = user;

	if (run->seq != note->run)
		return 0;
	snprintf(note->kept, sizeof(note->kept), "%.*s: %.*s", TEXT_ARGS(run->who),
	         TEXT_ARGS(run->reason));
	return 1;
}

struct adjustments {
	struct explained_cost *cost;
	struct ledger *ledger;
	const struct event *event;
	struct fault *fault;
};

static bool same(struct text a, struct text b)
{
	return (a.at == NULL) == (b.at == NULL) && text_equal(a, b);
}

static int add_adjustment(void *user, const struct adjustment *row)
{
	struct adjustments *adjustments = user;
	struct explained_cost *cost = adjustments->cost;
	const struct event *event = adjustments->event;
	struct run_note note = { .run = row->run };
	char amount[MONEY_TEXT_BYTES], booked[MOMENT_TEXT_BYTES];
	int r;

	if (!same(row->account, event->account) || !same(row->key, event->key) ||
	    !same(row->model, event->model) || !same(row->source, event->source) ||
	    !same(row->provider, event->provider) || !same(row->service_tier, event->service_tier))
		return 0;
	r = ledger_each_run(adjustments->ledger, find_run, &note, adjustments->fault);
	if (r < 0)
		return r;
	money_text(row->amount, amount);
	moment_text_unit(row->booked_ms, MOMENT_HOUR, booked);
	buf_addf(&cost->adjusted,
	         "Its hour, with the same names, was adjusted by %s in run %lld (%s), booked in "
	         "%s.\n",
	         amount, (long long)row->run, note.kept, booked);
	buf_addf(&cost->adjusted_json, "%s{\"run\":%lld", cost->adjusted_json.len > 0 ? "," : "",
	         (long long)row->run);
	buf_add_member(&cost->adjusted_json, "amount", text_of(amount));
	buf_add_member(&cost->adjusted_json, "booked_hour", text_of(booked));
	buf_add_member(&cost->adjusted_json, "by", text_of(note.kept));
	buf_add_cstr(&cost->adjusted_json, "}");
	return 0;
}

int explain_cost_derive(struct explained_cost *cost, struct ledger *ledger,
                        const struct stored_event *row, struct fault *fault)
{
	char stored[MONEY_TEXT_BYTES], derived[MONEY_TEXT_BYTES];
	struct adjustments adjustments = { cost, ledger, &row->event, fault };
	int64_t hour = moment_floor(row->event.time_ms, MOMENT_HOUR);
	int r = derive(cost, ledger, row, fault);

	if (r < 0)
		return r;
	money_text(cost->derived, derived);
	if (money_compare(cost->stored, cost->derived) != 0) {
		money_text(cost->stored, stored);
		buf_addf(&cost->problem, "%sthe stored cost is %s, the derived one %s",
		         cost->problem.len > 0 ? "; " : "", stored, derived);
	}
	if (cost->table.row_count > 0 && row->cost_id > 0)
		table_set(&cost->table, TABLE_TOTAL, CHARGES_PRODUCT, text_of(derived));
	r = ledger_each_adjustment(ledger, ADJUSTMENT_TRAFFIC, hour, hour + 1, add_adjustment,
	                           &adjustments, fault);
	if (r == 0 && (cost->table.error != 0 || cost->problem.error != 0 ||
	               cost->adjusted.error != 0 || cost->adjusted_json.error != 0))
		r = fault_set(fault, FAULT_NOMEM, "explain: out of memory");
	return r;
}

void explain_cost_release(struct explained_cost *cost)
{
	table_release(&cost->table);
	buf_release(&cost->problem);
	buf_release(&cost->adjusted);
	buf_release(&cost->adjusted_json);
}

/* What is left of the amount; false: one of both is not known. */
static bool margin_of(const struct stored_event *row, char margin[MONEY_TEXT_BYTES],
                      char percent[REPORT_PERCENT_BYTES])
{
	struct money left;
	int64_t points = 0;

	percent[0] = '\0';
	if (row->price_id == LEDGER_PRICE_SUSPENSE || row->cost_id < LEDGER_PRICE_NONE ||
	    money_sub(row->amount, row->cost, &left) < 0)
		return false;
	money_text(left, margin);
	if (row->amount.attos > 0 &&
	    report_basis_points(left.attos, row->amount.attos, &points) == 0)
		report_percent(points, percent);
	return true;
}

static void write_missing(const struct explained_cost *cost, struct context *context)
{
	if (cost->parted)
		printer_wrapf(&context->printer, 0,
		              "UNCOSTED: it adds up several requests, and a threshold of the cost "
		              "lies between them and their sum: as one it has no cost.");
	else if (cost->has_rate)
		printer_wrapf(&context->printer, 0,
		              "UNCOSTED: stored before the cost book in force had a rate for it; "
		              "now it has: toll suspense retry");
	else
		printer_wrapf(&context->printer, 0,
		              "UNCOSTED: the cost book has no rate for all of it.  Add one, then "
		              "toll price apply --cost and toll suspense retry.");
}

static void write_cost(struct explained_cost *cost, struct context *context,
                       const struct stored_event *row)
{
	char margin[MONEY_TEXT_BYTES], percent[REPORT_PERCENT_BYTES];

	buf_add(&context->out, "\n", 1);
	printer_heading(&context->printer, "Cost: what we pay, whatever the policies are");
	if (cost->book[0] != '\0')
		printer_pairf(&context->printer, LABEL_WIDTH, "Book hash", "%s", cost->book);
	if (cost->model[0] != '\0')
		printer_pairf(&context->printer, LABEL_WIDTH, "Version", "%s from %s", cost->model,
		              cost->from);
	if (cost->table.row_count > 0) {
		buf_add(&context->out, "\n", 1);
		printer_table(&context->printer, &cost->table);
	}
	if (row->cost_id == LEDGER_PRICE_SUSPENSE || cost->table.row_count > 0)
		buf_add(&context->out, "\n", 1);
	if (row->cost_id == LEDGER_PRICE_SUSPENSE)
		write_missing(cost, context);
	else if (row->cost_id == LEDGER_COST_NO_BOOK)
		printer_wrapf(&context->printer, 0,
		              "It came when no cost book was in force: no cost is known of it.");
	else if (row->cost_id == LEDGER_PRICE_NONE && cost->problem.len == 0)
		printer_wrapf(&context->printer, 0, "Nothing was used: the cost is 0.00.");
	if (margin_of(row, margin, percent) && cost->problem.len == 0)
		printer_wrapf(&context->printer, 0, "The margin is %s%s%s%s.", margin,
		              percent[0] != '\0' ? ", " : "", percent,
		              percent[0] != '\0' ? " % of the amount" : "");
	if (cost->problem.len > 0)
		printer_wrapf(&context->printer, 0, "DIFFERENCE: %.*s.",
		              TEXT_ARGS(buf_text(&cost->problem)));
}

void explain_cost_text(struct explained_cost *cost, struct context *context,
                       const struct stored_event *row)
{
	struct text rest = buf_text(&cost->adjusted), line;

	if (cost->told)
		write_cost(cost, context, row);
	if (cost->adjusted.len > 0)
		buf_add(&context->out, "\n", 1);
	while (text_cut(&rest, '\n', &line)) {
		if (line.len > 0)
			printer_wrapf(&context->printer, 0, "%.*s", TEXT_ARGS(line));
	}
}

void explain_cost_json(struct explained_cost *cost, struct buf *out, const struct stored_event *row)
{
	bool known = row->cost_id >= LEDGER_PRICE_NONE;
	char stored[MONEY_TEXT_BYTES], derived[MONEY_TEXT_BYTES], margin[MONEY_TEXT_BYTES];
	char percent[REPORT_PERCENT_BYTES];
	bool has_margin = margin_of(row, margin, percent);

	money_text(cost->stored, stored);
	money_text(cost->derived, derived);
	buf_addf(out, ",\"cost\":{\"state\":\"%s\"", cost->state);
	buf_add_member(out, "stored", text_of(known ? stored : NULL));
	buf_add_member(out, "derived", text_of(known ? derived : NULL));
	buf_addf(out, ",\"equal\":%s", cost->problem.len == 0 ? "true" : "false");
	buf_add_member(out, "difference",
	               cost->problem.len > 0 ? buf_text(&cost->problem) : text_of(NULL));
	buf_add_member(out, "book", text_of(cost->book[0] != '\0' ? cost->book : NULL));
	buf_add_member(out, "price_model", text_of(cost->model[0] != '\0' ? cost->model : NULL));
	buf_add_member(out, "effective_from", text_of(cost->from[0] != '\0' ? cost->from : NULL));
	buf_add_member(out, "margin", text_of(has_margin ? margin : NULL));
	buf_add_member(out, "margin_percent", text_of(percent[0] != '\0' ? percent : NULL));
	buf_add_cstr(out, ",");
	export_json_members(out, &cost->table);
	buf_add_cstr(out, "},\"adjustments\":[");
	buf_add_text(out, buf_text(&cost->adjusted_json));
	buf_add_cstr(out, "]");
}
