#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "cli/command.h"
#include "cli/control.h"
#include "cli/range.h"
#include "ingest/ingest.h"
#include "ingest/terms.h"
#include "ledger/books.h"
#include "ledger/read.h"
#include "rate/policy.h"
#include "rate/rating.h"

enum { MISSING_BYTES = 256, LABEL_WIDTH = 9 };

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
	struct json doc;
	int64_t limit, found;
};

/* What the book in force lacks for this event. */
static void missing_text(struct listing *listing, const struct event *event, unsigned policy,
                         char out[MISSING_BYTES])
{
	struct usage room;
	struct rating_request request = rating_of(event, policy_charged(policy, event, &room));
	enum rating_verdict verdict = rating_request(listing->book.book, &request,
	                                             listing->charges);
	const struct charges *charges = listing->charges;
	size_t len;

	if (verdict == RATING_NOTHING) {
		text_copy(out, MISSING_BYTES, text_of("nothing: retry"));
	} else if (listing->book.book == NULL) {
		text_copy(out, MISSING_BYTES, text_of("a price book"));
	} else if (charges->found.match == BOOK_MATCH_NONE) {
		text_copy(out, MISSING_BYTES, text_of("the model"));
	} else if (charges->found.version == NULL) {
		text_copy(out, MISSING_BYTES, text_of("a version so early"));
	} else if (verdict != RATING_UNPRICED && event->sum.of > 1 &&
	           terms_sum_moves_price(&(struct terms){ .book = listing->book }, event)) {
		text_copy(out, MISSING_BYTES, text_of("each request: see explain"));
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
	struct event copy = stored->event, *event = &copy;
	char time[MOMENT_TEXT_BYTES], missing[MISSING_BYTES];
	size_t row;
	int r;

	if (listing->found++ >= listing->limit)
		return 0;
	r = terms_recall_sum(event, &listing->doc);
	if (r < 0)
		return r;
	row = table_row(table);
	moment_text(event->time_ms, time);
	table_set(table, row, 0, text_of(time));
	table_set(table, row, 1, event->source);
	table_set(table, row, 2, event->id);
	table_set(table, row, 3, event->account);
	table_set(table, row, 4, event->model);
	missing_text(listing, event, stored->policy, missing);
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
		r = ledger_book_current(context->ledger, BOOK_SELL, &listing.book, &context->fault);
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
	json_release(&listing.doc);
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

/* "3 without a cost tried, ...": where there were any. */
static void write_costs(struct context *context, const struct control_reply *reply)
{
	const struct json *doc = &reply->doc;
	uint32_t cost = json_member(doc, 0, "cost");
	struct text amount = json_string(doc, json_member(doc, cost, "amount"));
	int64_t tried = 0, priced = 0, left = 0;

	if (!json_integer(doc, json_member(doc, cost, "tried"), &tried) ||
	    !json_integer(doc, json_member(doc, cost, "priced"), &priced) ||
	    !json_integer(doc, json_member(doc, cost, "left"), &left))
		return;
	printer_wrapf(&context->printer, 0,
	              "%lld without a cost tried, %lld costed (together %.*s), %lld still without",
	              (long long)tried, (long long)priced, TEXT_ARGS(amount), (long long)left);
}

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
		write_costs(context, &reply);
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
		   "Asks the daemon where one holds the ledger.\n"
		   "Events whose cost had no rate get it in the same way from the cost book.",
	.needs = NEEDS_LEDGER_PATH,
	.json = true,
	.run = run_retry,
};

/* ---- show ---- */

static const struct option show_options[] = {
	{ "source", "NAME", "only lines of this source" },
	{ "limit", "N",
	  "at most so many lines; else " RANGE_LIMIT_TEXT " for people, all as JSON" },
	{ NULL, NULL, NULL },
};

struct showing {
	struct context *context;
	struct terms terms; /* in force: what would each reading cost? */
	struct text source; /* absent: all */
	struct json doc;
	struct arena arena;
	const struct ingest_event *read; /* of the line at hand, in the arena */
	int64_t limit, found;
};

/* "input 10, output 5" */
static void add_counts(const struct usage *usage, struct buf *out)
{
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (usage->count[c] != 0)
			buf_addf(out, "%s%s %lld", out->len > 0 ? ", " : "", component_info[c].key,
			         (long long)usage->count[c]);
	}
}

/* The amount, or a word where there is none. */
static void amount_text(const struct showing *showing, size_t reading, bool *none_out,
                        char out[MONEY_TEXT_BYTES])
{
	struct money total;
	enum rating_verdict verdict = terms_rate_reading(&showing->terms, &showing->read->event,
	                                                 reading, &total);

	*none_out = verdict == RATING_UNPRICED || verdict == RATING_RANGE;
	money_text(total, out);
	if (*none_out)
		text_copy(out, MONEY_TEXT_BYTES,
		          text_of(verdict == RATING_RANGE ? "no amount" : "unpriced"));
}

static int readings_table(struct showing *showing)
{
	const struct event *event = &showing->read->event;
	struct table table = { .rows = NULL };
	char amount[MONEY_TEXT_BYTES];
	bool none;
	int r;

	table_column(&table, "reading", "Reading", TABLE_TEXT, false);
	table_column(&table, "amount", "Amount", TABLE_AMOUNT, false);
	table_column(&table, "counts", "Counts", TABLE_TEXT, false);
	table_column(&table, "why", "Why", TABLE_TEXT, true);
	for (size_t i = 0; i < event->reading_count; i++) {
		const struct event_reading *reading = &event->readings[i];
		struct buf counts = { .at = NULL };
		size_t row = table_row(&table);

		add_counts(&reading->usage, &counts);
		amount_text(showing, i, &none, amount);
		table_set(&table, row, 0, text_of(reading->name));
		table_set(&table, row, 1, text_of(amount));
		table_set(&table, row, 2, buf_text(&counts));
		table_set(&table, row, 3, text_of(reading->why));
		buf_release(&counts);
	}
	r = table.error;
	if (r == 0)
		printer_table(&showing->context->printer, &table);
	table_release(&table);
	return r;
}

static int show_text(struct showing *showing, const struct quarantine_row *row)
{
	const struct event *event = &showing->read->event;
	struct context *context = showing->context;
	bool readable = showing->read->refusal.reason == REASON_NONE;
	char time[MOMENT_TEXT_BYTES];
	int r = 0;

	if (showing->found > 1)
		buf_add(&context->out, "\n", 1);
	printer_pairf(&context->printer, LABEL_WIDTH, "Line", "%lld", (long long)row->id);
	printer_pair(&context->printer, LABEL_WIDTH, "Source", row->source);
	if (row->event_id.at != NULL)
		printer_pair(&context->printer, LABEL_WIDTH, "Event id", row->event_id);
	if (row->event_ms != EVENT_ABSENT) {
		moment_text(row->event_ms, time);
		printer_pairf(&context->printer, LABEL_WIDTH, "Time", "%s", time);
	}
	if (readable) {
		printer_pair(&context->printer, LABEL_WIDTH, "Account", event->account);
		printer_pair(&context->printer, LABEL_WIDTH, "Model", event->model);
		if (event->api.at != NULL)
			printer_pair(&context->printer, LABEL_WIDTH, "API", event->api);
	}
	printer_pair(&context->printer, LABEL_WIDTH, "Held for", row->detail);
	buf_add(&context->out, "\n", 1);
	if (readable && event->reading_count >= 2)
		r = readings_table(showing);
	else if (readable)
		printer_wrapf(&context->printer, 0,
		              "It can be read in one way now: toll quarantine retry %lld",
		              (long long)row->id);
	else
		printer_wrapf(&context->printer, 0, "It cannot be read any more: %s",
		              showing->read->refusal.detail);
	return r;
}

static void add_reading_json(struct showing *showing, size_t index)
{
	const struct event_reading *reading = &showing->read->event.readings[index];
	struct buf *out = &showing->context->out;
	char amount[MONEY_TEXT_BYTES];
	const char *comma = "";
	bool none;

	amount_text(showing, index, &none, amount);
	buf_addf(out, "%s{\"reading\":\"%s\"", index > 0 ? "," : "", reading->name);
	buf_add_member(out, "amount", text_of(none ? NULL : amount));
	buf_add_cstr(out, ",\"counts\":{");
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (reading->usage.count[c] == 0)
			continue;
		buf_addf(out, "%s\"%s\":%lld", comma, component_info[c].key,
		         (long long)reading->usage.count[c]);
		comma = ",";
	}
	buf_add_cstr(out, "}");
	buf_add_member(out, "why", text_of(reading->why));
	buf_add_cstr(out, "}");
}

static void show_json(struct showing *showing, const struct quarantine_row *row)
{
	const struct event *event = &showing->read->event;
	struct buf *out = &showing->context->out;
	bool readable = showing->read->refusal.reason == REASON_NONE;
	char time[MOMENT_TEXT_BYTES];

	moment_text(row->event_ms, time);
	buf_addf(out, "%s{\"line\":%lld", showing->found > 1 ? "," : "", (long long)row->id);
	buf_add_member(out, "source", row->source);
	buf_add_member(out, "event_id", row->event_id);
	buf_add_member(out, "time", text_of(row->event_ms != EVENT_ABSENT ? time : NULL));
	buf_add_member(out, "account", readable ? event->account : text_of(NULL));
	buf_add_member(out, "model", readable ? event->model : text_of(NULL));
	buf_add_member(out, "api", readable ? event->api : text_of(NULL));
	buf_add_member(out, "detail", row->detail);
	buf_add_cstr(out, ",\"readings\":[");
	for (size_t i = 0; readable && i < event->reading_count; i++)
		add_reading_json(showing, i);
	buf_add_cstr(out, "]}");
}

/* The readings are not kept: the line is read again. */
static int show_row(void *user, const struct quarantine_row *row)
{
	struct showing *showing = user;
	struct event_defaults defaults = { row->source, command_now_ms() };
	struct ingest_event *events;
	size_t count;
	int r;

	if (row->reason != REASON_READINGS || row->released_ms != 0)
		return 0;
	if (showing->source.at != NULL && !text_equal(showing->source, row->source))
		return 0;
	if (showing->found++ >= showing->limit)
		return 0;
	arena_reset(&showing->arena);
	r = ingest_events(row->raw, &defaults, &showing->doc, &showing->arena, &events, &count);
	if (r < 0)
		return r;
	showing->read = ingest_event_named(events, count, row->event_id);
	if (showing->context->form == FORM_TABLE)
		return show_text(showing, row);
	show_json(showing, row);
	return 0;
}

/* What was decided for good. */
static void show_rules(struct showing *showing)
{
	struct context *context = showing->context;
	const struct reading_rule *rule;
	char time[MOMENT_TEXT_BYTES];
	bool any = false;

	for (size_t i = 0; (rule = rules_reading_at(showing->terms.rules, i)) != NULL; i++) {
		if (showing->source.at != NULL && !text_equal(showing->source, rule->source))
			continue;
		moment_text(rule->at_ms, time);
		if (context->form == FORM_JSON) {
			buf_addf(&context->out, "%s{\"since\":\"%s\"", any ? "," : "", time);
			buf_add_member(&context->out, "source", rule->source);
			buf_add_member(&context->out, "api", rule->api);
			buf_add_member(&context->out, "reading", rule->reading);
			buf_add_member(&context->out, "who", rule->who);
			buf_add_member(&context->out, "reason", rule->note);
			buf_add_cstr(&context->out, "}");
		} else {
			if (!any)
				buf_add(&context->out, "\n", 1);
			printer_wrapf(&context->printer, 0,
			              "Rule: source %.*s, api %.*s is read as %.*s, since %s, by "
			              "%.*s: %.*s",
			              TEXT_ARGS(rule->source),
			              TEXT_ARGS(rule->api.at != NULL ? rule->api
			                                             : text_of("(every one)")),
			              TEXT_ARGS(rule->reading), time, TEXT_ARGS(rule->who),
			              TEXT_ARGS(rule->note));
		}
		any = true;
	}
}

static bool read_line(const struct context *context, int64_t *line_out)
{
	*line_out = 0;
	return context->options.word_count == 0 ||
	       (context->options.word_count == 1 &&
	        text_int(text_of(context->options.words[0]), line_out) && *line_out > 0);
}

static enum exit_code check_show(struct context *context)
{
	int64_t line, limit;

	if (!read_line(context, &line))
		return command_misused(context,
		                       "suspense show takes the number of one line, or none");
	return range_limit(context, &limit) < 0 ? EXIT_USAGE : EXIT_DONE;
}

static int show_all(struct showing *showing)
{
	struct context *context = showing->context;
	struct fault *fault = &context->fault;
	int64_t line;
	int r = terms_load(context->ledger, &showing->terms, fault);

	read_line(context, &line);
	if (context->form == FORM_JSON)
		buf_add_cstr(&context->out, "{\"lines\":[");
	if (r == 0 && line > 0)
		r = ledger_quarantine_get(context->ledger, line, show_row, showing, fault);
	else if (r == 0)
		r = ledger_each_quarantine(context->ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, false,
		                           show_row, showing, fault);
	if (r == 0 && line > 0 && showing->found == 0)
		r = fault_set(fault, FAULT_NOT_FOUND,
		              "line %lld is not held for its readings: toll quarantine show %lld",
		              (long long)line, (long long)line);
	if (r < 0)
		return r;
	if (context->form == FORM_JSON)
		buf_add_cstr(&context->out, "],\"rules\":[");
	else if (showing->found == 0)
		buf_add_cstr(&context->out, "No line is held for its readings.\n");
	else
		buf_add_cstr(&context->out,
		             "\ntoll suspense settle --source NAME --reading NAME --reason TEXT "
		             "LINE\ndecides for one; without LINE for all of its source, also to "
		             "come.\n");
	show_rules(showing);
	if (context->form == FORM_JSON)
		buf_add_cstr(&context->out, "]}\n");
	return 0;
}

static enum exit_code run_show(struct context *context)
{
	struct showing showing = { .context = context,
		                   .source = options_text(&context->options, "source") };
	int r;

	if (range_limit(context, &showing.limit) < 0)
		return EXIT_USAGE;
	r = show_all(&showing);
	if (r == 0)
		range_say_rest(showing.found, showing.limit);
	else
		buf_clear(&context->out); /* half of it is no result */
	terms_release(&showing.terms);
	json_release(&showing.doc);
	arena_release(&showing.arena);
	return r < 0 ? command_failed(context, r) : EXIT_DONE;
}

static const struct command suspense_show = {
	.name = "show",
	.summary = "Show held lines whose numbers contradict each other, and each way to read them",
	.synopsis = "suspense show [LINE] [--source NAME] [--limit N]",
	.details = "Of each reading: its counts, what it would cost under the book and the "
		   "policies in force, and what speaks for or against it.",
	.needs = NEEDS_LEDGER,
	.json = true,
	.options = show_options,
	.check = check_show,
	.run = run_show,
};

/* ---- settle ---- */

static const struct option settle_options[] = {
	{ "source", "NAME", "whose lines they are" },
	{ "reading", "NAME", "how to read them, as show has it" },
	{ "reason", "TEXT", "why, kept with the change" },
	{ "api", "NAME", "a rule for this api only" },
	{ "forget", NULL, "take the rule back instead" },
	{ NULL, NULL, NULL },
};

static enum exit_code check_settle(struct context *context)
{
	static const char *const needed[] = { "source", "reason" };
	const struct options *options = &context->options;
	bool forget = options_flag(options, "forget");
	int64_t line;

	if (!read_line(context, &line))
		return command_misused(context,
		                       "suspense settle takes the number of one line, or none");
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (options_text(options, needed[i]).len == 0)
			return command_misused(context, "suspense settle: --%s is missing",
			                       needed[i]);
	}
	if (forget ? options_value(options, "reading") != NULL || line > 0
	           : options_text(options, "reading").len == 0)
		return command_misused(context,
		                       forget ? "--forget takes back a rule: without --reading "
		                                "and without a line"
		                              : "suspense settle: --reading is missing");
	if (line > 0 && options_value(options, "api") != NULL)
		return command_misused(context, "--api is for a rule: without a line");
	return EXIT_DONE;
}

static void settle_request(const struct context *context, struct buf *request)
{
	static const char *const keys[] = { "source", "api", "reading", "reason" };
	int64_t line;

	buf_add_cstr(request, "{\"change\":\"reading.settle\"");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct text value = options_text(&context->options, keys[i]);

		if (value.at != NULL)
			buf_add_member(request, keys[i], value);
	}
	if (options_flag(&context->options, "forget"))
		buf_add_member(request, "reading", text_of(""));
	if (read_line(context, &line) && line > 0)
		buf_addf(request, ",\"id\":%lld", (long long)line);
	buf_add_cstr(request, "}");
}

static enum exit_code run_settle(struct context *context)
{
	struct control_reply reply = { .doc = { .nodes = NULL } };
	struct buf request = { .at = NULL };
	int r;

	settle_request(context, &request);
	r = control_change(context, &request, &reply);
	if (r == 0 && context->form == FORM_JSON) {
		buf_add_text(&context->out, buf_text(&reply.text));
		buf_add(&context->out, "\n", 1);
	} else if (r == 0) {
		int64_t tried = control_count(&reply, "tried"),
			left = control_count(&reply, "left");

		if (options_flag(&context->options, "forget"))
			buf_add_cstr(&context->out, "The rule is taken back.\n");
		else
			printer_wrapf(&context->printer, 0,
			              "%s%lld held line%s tried, %lld settled, %lld still held",
			              context->options.word_count == 0 ? "The rule stands; " : "",
			              (long long)tried, tried == 1 ? "" : "s",
			              (long long)(tried - left), (long long)left);
	}
	control_release(&reply);
	buf_release(&request);
	return r < 0 ? command_failed(context, r) : EXIT_DONE;
}

static const struct command suspense_settle = {
	.name = "settle",
	.summary = "Decide how contradicting numbers are read: of one line, or of a source",
	.synopsis = "suspense settle --source NAME --reading NAME --reason TEXT [--api NAME] "
		    "[--forget] [LINE]",
	.details = "With LINE, that held line is stored as it is read so.  Without, it is a "
		   "standing rule of the source: its held lines are tried under it, and what "
		   "comes from now on is read so.\n"
		   "Asks the daemon where one holds the ledger.",
	.needs = NEEDS_LEDGER_PATH,
	.json = true,
	.options = settle_options,
	.check = check_settle,
	.run = run_settle,
};

static const struct command *const actions[] = { &suspense_list, &suspense_retry, &suspense_show,
	                                         &suspense_settle, NULL };

const struct command command_suspense = {
	.name = "suspense",
	.summary = "List and retry what has no price yet, settle what has two",
	.actions = actions,
};
