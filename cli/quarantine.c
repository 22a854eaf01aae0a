#include "base/moment.h"
#include "cli/command.h"
#include "cli/control.h"
#include "cli/range.h"
#include "ledger/read.h"

enum { LABEL_WIDTH = 12 };

/* Stored bytes as they are where they are UTF-8, else in hexadecimal under another key. */
static void add_raw_json(struct buf *out, struct text raw)
{
	if (text_utf8(raw)) {
		buf_add_cstr(out, ",\"raw\":");
		buf_add_json(out, raw);
		return;
	}
	buf_add_cstr(out, ",\"raw_hex\":\"");
	for (size_t i = 0; i < raw.len; i++)
		buf_addf(out, "%02x", (unsigned char)raw.at[i]);
	buf_add(out, "\"", 1);
}

/* ---- list ---- */

static const struct option list_options[] = {
	RANGE_OPTIONS,
	{ "reason", "NAME", "only this reason" },
	{ "limit", "N",
	  "at most so many rows; else " RANGE_LIMIT_TEXT " for people, all as CSV or JSON" },
	{ "all", NULL, "also what was ingested after all" },
	{ NULL, NULL, NULL },
};

struct listing {
	struct table table;
	struct text reason;
	int64_t limit, found;
};

static int add_row(void *user, const struct quarantine_row *held)
{
	struct listing *listing = user;
	struct table *table = &listing->table;
	char time[MOMENT_TEXT_BYTES];
	size_t row;

	if (listing->reason.at != NULL && !text_equal(listing->reason, held->reason_name))
		return 0;
	if (listing->found++ >= listing->limit)
		return 0;
	row = table_row(table);
	moment_text(held->event_ms != EVENT_ABSENT ? held->event_ms : held->first_ms, time);
	table_set_count(table, row, 0, held->id);
	table_set(table, row, 1, text_of(time));
	table_set(table, row, 2, held->source);
	/* What could not be read need not be UTF-8. */
	if (text_utf8(held->event_id))
		table_set(table, row, 3, held->event_id);
	table_set(table, row, 4, held->reason_name);
	table_set_count(table, row, 5, held->length);
	table_set_count(table, row, 6, held->times);
	table_set(table, row, 7, text_of(held->released_ms != 0 ? "ingested" : NULL));
	table_set(table, row, 8, held->detail);
	return table->error;
}

static enum exit_code check_list(struct context *context)
{
	struct text reason = options_text(&context->options, "reason");
	enum exit_code code = command_no_words(context, "quarantine list");
	int64_t from_ms, to_ms, limit;

	if (code != EXIT_DONE)
		return code;
	if (reason.at != NULL && reason_find(reason) == REASON_COUNT)
		return command_misused(context,
		                       "--reason %.*s: there is no such reason; toll-event(5) "
		                       "lists them",
		                       TEXT_ARGS(reason));
	if (range_read(context, &from_ms, &to_ms) < 0 || range_limit(context, &limit) < 0)
		return EXIT_USAGE;
	return EXIT_DONE;
}

static enum exit_code run_list(struct context *context)
{
	struct listing listing = { .reason = options_text(&context->options, "reason") };
	struct table *table = &listing.table;
	int64_t from_ms, to_ms;
	int r;

	if (range_read(context, &from_ms, &to_ms) < 0 || range_limit(context, &listing.limit) < 0)
		return EXIT_USAGE;
	table_column(table, "line", "Line", TABLE_COUNT, false);
	table_column(table, "time", "Time", TABLE_TIME, false);
	table_column(table, "source", "Source", TABLE_TEXT, true);
	table_column(table, "event_id", "Event id", TABLE_TEXT, true);
	table_column(table, "reason", "Reason", TABLE_TEXT, false);
	table_column(table, "length", "Bytes", TABLE_COUNT, false);
	table_column(table, "times", "Times", TABLE_COUNT, false);
	table_column(table, "state", "State", TABLE_TEXT, true);
	table_column(table, "detail", "Detail", TABLE_TEXT, false);
	/* A person finds them in `show`; here the reason and the detail need the room. */
	table->columns[1].hidden = table->columns[5].hidden = true;
	r = ledger_each_quarantine(context->ledger, from_ms, to_ms,
	                           options_flag(&context->options, "all"), add_row, &listing,
	                           &context->fault);
	if (r == 0 && table->row_count == 0 && context->form == FORM_TABLE)
		buf_add_cstr(&context->out, "Nothing is in quarantine.\n");
	else if (r == 0)
		command_table(context, table);
	if (r == 0 && table->row_count > 0 && context->form == FORM_TABLE)
		buf_add_cstr(&context->out,
		             "\ntoll quarantine show LINE shows one and says what to do.\n");
	if (r == 0)
		range_say_rest(listing.found, listing.limit);
	table_release(table);
	return r < 0 ? command_failed(context, r) : EXIT_DONE;
}

static const struct command quarantine_list = {
	.name = "list",
	.summary = "List the lines that could not be understood",
	.synopsis = "quarantine list [--reason NAME] [--from TIME] [--to TIME] [--limit N] [--all]",
	.needs = NEEDS_LEDGER,
	.csv = true,
	.json = true,
	.options = list_options,
	.check = check_list,
	.run = run_list,
};

/* ---- show ---- */

static const struct option show_options[] = {
	{ "raw", NULL, "only the line, byte for byte as it was kept" },
	{ NULL, NULL, NULL },
};

static void show_json(struct context *context, const struct quarantine_row *row)
{
	struct buf *out = &context->out;
	char first[MOMENT_TEXT_BYTES], last[MOMENT_TEXT_BYTES];

	moment_text(row->first_ms, first);
	moment_text(row->last_ms, last);
	buf_addf(out, "{\"line\":%lld,\"source\":", (long long)row->id);
	if (row->source.at != NULL)
		buf_add_json(out, row->source);
	else
		buf_add_cstr(out, "null");
	buf_add_cstr(out, ",\"reason\":");
	buf_add_json(out, row->reason_name);
	buf_add_cstr(out, ",\"detail\":");
	buf_add_json(out, row->detail);
	buf_addf(out,
	         ",\"first_received\":\"%s\",\"last_received\":\"%s\",\"times\":%lld,\"length\":%"
	         "lld,"
	         "\"ingested\":%s",
	         first, last, (long long)row->times, (long long)row->length,
	         row->released_ms != 0 ? "true" : "false");
	add_raw_json(out, row->raw);
	buf_add_cstr(out, "}\n");
}

static void show_text(struct context *context, const struct quarantine_row *row)
{
	char first[MOMENT_TEXT_BYTES], last[MOMENT_TEXT_BYTES], time[MOMENT_TEXT_BYTES];

	moment_text(row->first_ms, first);
	moment_text(row->last_ms, last);
	printer_pairf(&context->printer, LABEL_WIDTH, "Line", "%lld", (long long)row->id);
	if (row->source.at != NULL)
		printer_pair(&context->printer, LABEL_WIDTH, "Source", row->source);
	if (row->event_id.at != NULL)
		printer_pair(&context->printer, LABEL_WIDTH, "Event id", row->event_id);
	if (row->event_ms != EVENT_ABSENT) {
		moment_text(row->event_ms, time);
		printer_pairf(&context->printer, LABEL_WIDTH, "Event time", "%s", time);
	}
	if (row->times > 1)
		printer_pairf(&context->printer, LABEL_WIDTH, "Received", "%lld times, %s to %s",
		              (long long)row->times, first, last);
	else
		printer_pairf(&context->printer, LABEL_WIDTH, "Received", "%s", first);
	printer_pairf(&context->printer, LABEL_WIDTH, "Length", "%lld byte%s%s",
	              (long long)row->length, row->length == 1 ? "" : "s",
	              row->length > (int64_t)row->raw.len ? ", cut where it was kept" : "");
	if (row->released_ms != 0) {
		moment_text(row->released_ms, time);
		printer_pairf(&context->printer, LABEL_WIDTH, "Ingested", "%s, after all", time);
	}
	printer_pair(&context->printer, LABEL_WIDTH, "Reason", row->reason_name);
	printer_pair(&context->printer, LABEL_WIDTH, "Detail", row->detail);
	if (row->reason < REASON_COUNT)
		printer_pair(&context->printer, LABEL_WIDTH, "What to do",
		             text_of(reason_advice(row->reason)));
	buf_add(&context->out, "\n", 1);
	printer_text(&context->out, row->raw);
	buf_add(&context->out, "\n", 1);
}

static int show_row(void *user, const struct quarantine_row *row)
{
	struct context *context = user;

	if (options_flag(&context->options, "raw"))
		buf_add_text(&context->out, row->raw);
	else if (context->form == FORM_JSON)
		show_json(context, row);
	else
		show_text(context, row);
	return 0;
}

/* The number of a line; false: it is none. */
static bool read_id(const struct context *context, int64_t *id_out)
{
	return text_int(text_of(context->options.words[0]), id_out) && *id_out > 0;
}

static enum exit_code check_show(struct context *context)
{
	int64_t id;

	if (context->options.word_count != 1 || !read_id(context, &id))
		return command_misused(
			context, "quarantine show takes the number of one line, as list has it");
	return EXIT_DONE;
}

static enum exit_code run_show(struct context *context)
{
	int64_t id = 0;
	int r;

	read_id(context, &id);
	r = ledger_quarantine_get(context->ledger, id, show_row, context, &context->fault);
	return r < 0 ? command_failed(context, r) : EXIT_DONE;
}

static const struct command quarantine_show = {
	.name = "show",
	.summary = "Show one line as it was sent, why it was not understood, and what to do",
	.synopsis = "quarantine show LINE [--raw]",
	.needs = NEEDS_LEDGER,
	.json = true,
	.options = show_options,
	.check = check_show,
	.run = run_show,
};

/* ---- retry ---- */

static enum exit_code run_retry(struct context *context)
{
	static const char *const keys[] = { "accepted", "unpriced", "duplicate", "conflict",
		                            "left" };
	static const char *const titles[] = { "Accepted", "Unpriced", "Duplicate", "Conflict",
		                              "Still held" };
	struct control_reply reply = { .doc = { .nodes = NULL } };
	struct buf request = { .at = NULL };
	int64_t id = 0;
	int r;

	if (context->options.word_count > 1 ||
	    (context->options.word_count == 1 && !read_id(context, &id)))
		return command_misused(context,
		                       "quarantine retry takes the number of one line, or none");
	buf_add_cstr(&request, "{\"change\":\"quarantine.retry\"");
	if (id > 0)
		buf_addf(&request, ",\"id\":%lld", (long long)id);
	buf_add(&request, "}", 1);
	r = control_change(context, &request, &reply);
	if (r == 0 && context->form == FORM_JSON) {
		buf_add_text(&context->out, buf_text(&reply.text));
		buf_add(&context->out, "\n", 1);
	} else if (r == 0) {
		printer_pairf(&context->printer, LABEL_WIDTH, "Tried", "%lld",
		              (long long)control_count(&reply, "tried"));
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
			if (control_count(&reply, keys[i]) > 0)
				printer_pairf(&context->printer, LABEL_WIDTH, titles[i], "%lld",
				              (long long)control_count(&reply, keys[i]));
		}
	}
	control_release(&reply);
	buf_release(&request);
	return r < 0 ? command_failed(context, r) : EXIT_DONE;
}

static const struct command quarantine_retry = {
	.name = "retry",
	.summary = "Read held lines again: after an upgrade, all of them or one",
	.synopsis = "quarantine retry [LINE]",
	.details = "Asks the daemon where one holds the ledger.  A line that is understood now is "
		   "stored like any other; it stays listed with --all.",
	.needs = NEEDS_LEDGER_PATH,
	.json = true,
	.run = run_retry,
};

/* ---- conflicts ---- */

struct conflicts {
	struct context *context;
	struct text id; /* absent: all of them, as a table */
	struct table table;
	int64_t found;
};

static void show_conflict(struct conflicts *conflicts, const struct conflict_row *row)
{
	struct context *context = conflicts->context;
	char first[MOMENT_TEXT_BYTES];

	moment_text(row->first_ms, first);
	if (conflicts->found > 1)
		buf_add(&context->out, "\n", 1);
	printer_pair(&context->printer, LABEL_WIDTH, "Event id", row->id);
	printer_pair(&context->printer, LABEL_WIDTH, "Source", row->source);
	printer_pairf(&context->printer, LABEL_WIDTH, "Other seen", "%s, %lld time%s", first,
	              (long long)row->times, row->times == 1 ? "" : "s");
	buf_add_cstr(&context->out, "\nStored, and counted:\n");
	printer_text(&context->out, row->stored);
	buf_add_cstr(&context->out, "\nKept aside, as it was sent:\n");
	printer_text(&context->out, row->raw);
	buf_add(&context->out, "\n", 1);
}

static int add_conflict(void *user, const struct conflict_row *row)
{
	struct conflicts *conflicts = user;
	struct table *table = &conflicts->table;
	char time[MOMENT_TEXT_BYTES];
	size_t at;

	if (conflicts->id.at != NULL && !text_equal(conflicts->id, row->id))
		return 0;
	conflicts->found++;
	if (conflicts->id.at != NULL && conflicts->context->form == FORM_TABLE) {
		show_conflict(conflicts, row);
		return 0;
	}
	at = table_row(table);
	table_set(table, at, 0, row->id);
	table_set(table, at, 1, row->source);
	moment_text(row->stored_ms, time);
	table_set(table, at, 2, text_of(time));
	moment_text(row->first_ms, time);
	table_set(table, at, 3, text_of(time));
	table_set_count(table, at, 4, row->times);
	if (conflicts->context->form != FORM_TABLE) {
		table_set(table, at, 5, row->stored);
		/* Only what is UTF-8 is ever compared: it was read as an event. */
		table_set(table, at, 6, row->raw);
	}
	return table->error;
}

static enum exit_code check_conflicts(struct context *context)
{
	int64_t from_ms, to_ms;

	if (context->options.word_count > 1)
		return command_misused(context, "quarantine conflicts takes one event id, or none");
	return range_read(context, &from_ms, &to_ms) < 0 ? EXIT_USAGE : EXIT_DONE;
}

static enum exit_code run_conflicts(struct context *context)
{
	struct conflicts conflicts = { .context = context };
	struct table *table = &conflicts.table;
	int64_t from_ms, to_ms;
	int r;

	if (context->options.word_count == 1)
		conflicts.id = text_of(context->options.words[0]);
	if (range_read(context, &from_ms, &to_ms) < 0)
		return EXIT_USAGE;
	table_column(table, "id", "Event id", TABLE_TEXT, false);
	table_column(table, "source", "Source", TABLE_TEXT, false);
	table_column(table, "time", "Time of the stored one", TABLE_TIME, false);
	table_column(table, "first_received", "Other one received", TABLE_TIME, false);
	table_column(table, "times", "Times", TABLE_COUNT, false);
	table_column(table, "stored", "Stored", TABLE_TEXT, true);
	table_column(table, "raw", "Other", TABLE_TEXT, true);
	r = ledger_each_conflict(context->ledger, from_ms, to_ms, add_conflict, &conflicts,
	                         &context->fault);
	if (r == 0 && context->form != FORM_TABLE)
		command_table(context, table);
	else if (r == 0 && conflicts.found == 0)
		buf_add_cstr(&context->out, "Nothing is in conflict.\n");
	else if (r == 0 && conflicts.id.at == NULL)
		command_table(context, table);
	if (r == 0 && conflicts.found > 0 && conflicts.id.at == NULL && context->form == FORM_TABLE)
		buf_add_cstr(&context->out,
		             "\ntoll quarantine conflicts ID shows both versions.\n");
	table_release(table);
	return r < 0 ? command_failed(context, r) : EXIT_DONE;
}

static const struct option conflict_options[] = {
	RANGE_OPTIONS,
	{ NULL, NULL, NULL },
};

static const struct command quarantine_conflicts = {
	.name = "conflicts",
	.summary = "List events that came again with other content, or show both versions of one",
	.synopsis = "quarantine conflicts [ID] [--from TIME] [--to TIME]",
	.details =
		"The version that came first is stored and counted; the other one is kept aside.",
	.needs = NEEDS_LEDGER,
	.csv = true,
	.json = true,
	.options = conflict_options,
	.check = check_conflicts,
	.run = run_conflicts,
};

static const struct command *const actions[] = { &quarantine_list, &quarantine_show,
	                                         &quarantine_retry, &quarantine_conflicts, NULL };

const struct command command_quarantine = {
	.name = "quarantine",
	.summary = "List, show and retry lines that could not be understood",
	.actions = actions,
};
