#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "cli/command.h"
#include "cli/control.h"
#include "cli/range.h"
#include "ledger/books.h"
#include "ledger/read.h"
#include "rate/rating.h"

enum { MISSING_BYTES = 256 };

/* ---- list ---- */

static const struct option list_options[] = {
	RANGE_OPTIONS,
	{ "limit", "N",
	  "at most so many rows; else " RANGE_LIMIT_TEXT " for people, all as CSV or JSON" },
	{ NULL, NULL, NULL },
};

struct listing {
	struct table table;
	struct applied_book book; /* in force: what would a retry find? */
	struct charges *charges;
	int64_t limit, found;
};

/* What the book in force lacks for this event. */
static void missing_text(struct listing *listing, const struct event *event,
                         char out[MISSING_BYTES])
{
	enum rating_verdict verdict = rating_request(
		listing->book.book, event->model, event->time_ms, &event->usage, listing->charges);
	const struct charges *charges = listing->charges;
	size_t len;

	if (listing->book.book == NULL) {
		text_copy(out, MISSING_BYTES, text_of("a price book"));
	} else if (charges->found.match == BOOK_MATCH_NONE) {
		text_copy(out, MISSING_BYTES, text_of("the model"));
	} else if (charges->found.version == NULL) {
		text_copy(out, MISSING_BYTES, text_of("a version so early"));
	} else if (verdict != RATING_UNPRICED) {
		text_copy(out, MISSING_BYTES, text_of("nothing now: retry"));
	} else {
		text_copy(out, MISSING_BYTES, text_of("a rate for"));
		len = strlen(out);
		for (size_t i = 0; i < charges->count && len < MISSING_BYTES; i++) {
			if (charges->lines[i].rate == NULL &&
			    charge_is_due(charges, &charges->lines[i]))
				len += (size_t)snprintf(
					out + len, MISSING_BYTES - len, " %s",
					component_info[charges->lines[i].component].key);
		}
	}
}

static int add_row(void *user, const struct stored_event *stored)
{
	struct listing *listing = user;
	struct table *table = &listing->table;
	const struct event *event = &stored->event;
	char time[MOMENT_TEXT_BYTES], missing[MISSING_BYTES];
	size_t row;

	if (listing->found++ >= listing->limit)
		return 0;
	row = table_row(table);
	moment_text(event->time_ms, time);
	table_set(table, row, 0, text_of(time));
	table_set(table, row, 1, event->source);
	table_set(table, row, 2, event->id);
	table_set(table, row, 3, event->account);
	table_set(table, row, 4, event->model);
	missing_text(listing, event, missing);
	table_set(table, row, 5, text_of(missing));
	return table->error;
}

static enum exit_code check_list(struct context *context)
{
	enum exit_code code = command_no_words(context, "suspense list");
	int64_t from_ms, to_ms, limit;

	if (code == EXIT_DONE &&
	    (range_read(context, &from_ms, &to_ms) < 0 || range_limit(context, &limit) < 0))
		code = EXIT_USAGE;
	return code;
}

static enum exit_code run_list(struct context *context)
{
	struct listing listing = { .found = 0 };
	struct table *table = &listing.table;
	int64_t from_ms, to_ms;
	int r;

	if (range_read(context, &from_ms, &to_ms) < 0 || range_limit(context, &listing.limit) < 0)
		return EXIT_USAGE;
	table_column(table, "time", "Time", TABLE_TIME, false);
	table_column(table, "source", "Source", TABLE_TEXT, false);
	table_column(table, "id", "Event id", TABLE_TEXT, false);
	table_column(table, "account", "Account", TABLE_TEXT, false);
	table_column(table, "model", "Model", TABLE_TEXT, false);
	table_column(table, "missing", "Missing", TABLE_TEXT, false);
	listing.charges = malloc(sizeof(*listing.charges));
	r = listing.charges != NULL ? 0 : -FAULT_NOMEM;
	if (r == 0)
		r = ledger_book_current(context->ledger, &listing.book, &context->fault);
	if (r == 0)
		r = ledger_each_suspense(context->ledger, from_ms, to_ms, add_row, &listing,
		                         &context->fault);
	if (r == 0 && table->row_count == 0 && context->form == FORM_TABLE)
		buf_add_cstr(&context->out, "Nothing is in suspense.\n");
	else if (r == 0)
		command_table(context, table);
	if (r == 0)
		range_say_rest(listing.found, listing.limit);
	table_release(table);
	book_free(listing.book.book);
	free(listing.charges);
	return r < 0 ? command_failed(context, r) : EXIT_DONE;
}

static const struct command suspense_list = {
	.name = "list",
	.summary = "List unpriced events and what the book in force lacks for them",
	.synopsis = "suspense list [--from TIME] [--to TIME] [--limit N]",
	.needs = NEEDS_LEDGER,
	.csv = true,
	.json = true,
	.options = list_options,
	.check = check_list,
	.run = run_list,
};

/* ---- retry ---- */

static enum exit_code run_retry(struct context *context)
{
	struct control_reply reply = { .doc = { .nodes = NULL } };
	struct buf request = { .at = NULL };
	int r;

	if (context->options.word_count > 0)
		return command_misused(context, "suspense retry takes no words: %s",
		                       context->options.words[0]);
	buf_add_cstr(&request, "{\"change\":\"suspense.retry\"}");
	r = control_change(context, &request, &reply);
	if (r == 0 && context->form == FORM_JSON) {
		buf_add_text(&context->out, buf_text(&reply.text));
		buf_add(&context->out, "\n", 1);
	} else if (r == 0) {
		struct text amount = json_string(&reply.doc, json_member(&reply.doc, 0, "amount"));

		printer_wrapf(&context->printer, 0,
		              "%lld tried, %lld priced (together %.*s), %lld still in suspense",
		              (long long)control_count(&reply, "tried"),
		              (long long)control_count(&reply, "priced"), TEXT_ARGS(amount),
		              (long long)control_count(&reply, "left"));
	}
	control_release(&reply);
	buf_release(&request);
	return r < 0 ? command_failed(context, r) : EXIT_DONE;
}

static const struct command suspense_retry = {
	.name = "retry",
	.summary = "Rate unpriced events with the price that was in force when they ran",
	.synopsis = "suspense retry",
	.details = "Takes the version of the book in force that is in effect at the time of each "
		   "event.  "
		   "Asks the daemon where one holds the ledger.",
	.needs = NEEDS_LEDGER_PATH,
	.json = true,
	.run = run_retry,
};

static const struct command *const actions[] = { &suspense_list, &suspense_retry, NULL };

const struct command command_suspense = {
	.name = "suspense",
	.summary = "List and retry events that have no price yet",
	.actions = actions,
};
