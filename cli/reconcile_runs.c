/*
 * Runs that are kept: a report of each in the log of changes.  It holds no time of its making, no
 * path and nothing that the order of options changes: the same inputs give the same bytes.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/moment.h"
#include "base/version.h"
#include "cli/control.h"
#include "cli/range.h"
#include "cli/reconcile.h"
#include "ledger/seal.h"
#include "statement/format.h"

/* While another process is the writer, and no daemon: 5 s in all. */
enum { STORE_PAUSE_MS = 100, STORE_TRIES = 50 };

/* Options that are not of the comparison, but of where its result goes. */
static bool is_of_the_run(const char *name)
{
	static const char *const others[] = { "html", "no-store" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(name, others[i]) == 0)
			return false;
	}
	return true;
}

/* A file is named without its folder. */
static const char *value_of(const char *name, const char *value)
{
	bool file = strcmp(name, "statement") == 0 || strcmp(name, "mapping") == 0 ||
	            strcmp(name, "names") == 0;
	const char *slash = file ? strrchr(value, '/') : NULL;

	return slash != NULL && slash[1] != '\0' ? slash + 1 : value;
}

static void add_word(struct buf *out, const char *word, const char *comma)
{
	buf_add_cstr(out, comma);
	buf_add_value(out, text_of(word));
}

/*
 * Words that repeat it, in the order of the options' own list; several of one name as given.  Of a
 * report without the folders of files, which do not change what comes of it; `typed`: where they
 * were found, and which ledger was named, so that it runs again in the same place.
 */
static void add_command(struct buf *out, const struct options *given, bool typed)
{
	const char *ledger = typed ? options_value(given, "ledger") : NULL;
	char word[80];

	buf_add_cstr(out, ",\"command\":[\"toll\",\"reconcile\"");
	if (ledger != NULL) {
		add_word(out, "--ledger", ",");
		add_word(out, ledger, ",");
	}
	for (const struct option *option = reconcile_options; option->name != NULL; option++) {
		const char *value;

		if (!is_of_the_run(option->name))
			continue;
		for (size_t n = 0; (value = options_nth(given, option->name, n)) != NULL; n++) {
			snprintf(word, sizeof(word), "--%s", option->name);
			add_word(out, word, ",");
			if (option->value != NULL)
				add_word(out, typed ? value : value_of(option->name, value), ",");
		}
	}
	buf_add(out, "]", 1);
}

static void add_statements(struct buf *out, const struct reconciled *reconciled)
{
	buf_add_cstr(out, ",\"statements\":[");
	for (size_t i = 0; i < reconciled->count; i++) {
		const struct statement_summary *summary = &reconciled->summaries[i];
		const struct statement_format *format = summary->format;

		buf_addf(out, "%s{\"sha256\":\"%s\"", i > 0 ? "," : "", summary->sha256);
		buf_add_member(out, "name", text_of(reconciled->statements[i].name));
		buf_add_member(out, "format", text_of(format != NULL ? format->name : "mapping"));
		bill_json_number(out, "bytes", summary->bytes);
		bill_json_number(out, "rows", summary->rows);
		buf_add(out, "}", 1);
	}
	buf_add(out, "]", 1);
}

static void add_causes(struct buf *out, const struct bill_result *result)
{
	const char *comma = "";

	buf_add_cstr(out, ",\"causes\":[");
	for (int c = 0; c < CAUSE_COUNT; c++) {
		const struct bill_cause_sum *sum = &result->causes[c];

		if (sum->differences == 0)
			continue;
		buf_addf(out, "%s{\"cause\":\"%s\"", comma, bill_cause_name((enum bill_cause)c));
		bill_json_number(out, "differences", sum->differences);
		bill_json_money(out, "amount", sum->amount);
		buf_add(out, "}", 1);
		comma = ",";
	}
	buf_add(out, "]", 1);
}

static void add_report(struct buf *out, const struct options *given,
                       const struct reconciled *reconciled)
{
	const struct bill_result *result = &reconciled->result;
	const struct reconcile_ask *ask = reconciled->ask;
	char sha256[SHA256_HEX_BYTES];

	sha256_hex(reconciled->json.at, reconciled->json.len, sha256);
	buf_addf(out, "{\"result_sha256\":\"%s\",\"version\":\"%s\"", sha256, TOLL_VERSION);
	add_command(out, given, false);
	add_statements(out, reconciled);
	buf_add_member(out, "mapping_sha256",
	               text_of(ask->mapping_sha256[0] != '\0' ? ask->mapping_sha256 : NULL));
	buf_add_member(out, "names_sha256",
	               text_of(ask->names_sha256[0] != '\0' ? ask->names_sha256 : NULL));
	bill_json_time(out, "from", result->from_ms);
	bill_json_time(out, "to", result->to_ms);
	buf_add_member(out, "zone", text_of(zone_name(ask->bill.zone)));
	buf_add_member(out, "match", text_of(bill_match_name(result->match)));
	buf_add_member(out, "side", text_of(book_side_name(ask->bill.side)));
	buf_add_member(out, "currency", text_of(result->currency));
	buf_addf(out, ",\"ours_requests\":%lld", (long long)result->ours.requests);
	bill_json_money(out, "ours", result->ours.amount);
	bill_json_number(out, "theirs_requests", result->theirs.requests);
	bill_json_money(out, "theirs", result->theirs.amount);
	bill_json_money(out, "difference", bill_result_difference(result));
	bill_json_number(out, "differences", result->differences);
	add_causes(out, result);
	bill_json_money(out, "left", result->left);
	buf_addf(out, ",\"equal_within\":%s}", result->equal_within ? "true" : "false");
}

/* Another toll that stores its own is done within moments. */
static int store(struct context *context, const struct buf *request, struct control_reply *reply)
{
	const struct timespec pause = { .tv_nsec = STORE_PAUSE_MS * 1000000L };
	int r = control_change(context, request, reply);

	for (int i = 0; r == -FAULT_BUSY && i < STORE_TRIES; i++) {
		control_release(reply);
		nanosleep(&pause, NULL);
		r = control_change(context, request, reply);
	}
	return r;
}

int reconcile_store(struct context *context, struct reconciled *reconciled)
{
	struct control_reply reply = { .doc = { .nodes = NULL } };
	struct buf request = { .at = NULL };
	char why[FAULT_TEXT_BYTES];
	int r;

	buf_add_cstr(&request, "{\"change\":\"reconcile.run\",\"report\":");
	add_report(&request, &context->options, reconciled);
	buf_add_member(&request, "seal",
	               text_of(reconciled->seal[0] != '\0' ? reconciled->seal : NULL));
	add_command(&request, &context->options, true);
	buf_add_cstr(&request, "}");
	/* A writer of our own would wait for the reader. */
	ledger_close(context->ledger);
	context->ledger = NULL;
	r = store(context, &request, &reply);
	if (r == 0)
		reconciled->run = control_count(&reply, "run");
	control_release(&reply);
	buf_release(&request);
	if (r == 0)
		return 0;
	text_copy(why, sizeof(why), text_of(context->fault.text));
	return fault_set(&context->fault, (enum fault_code) - r,
	                 "the run was not stored (--no-store does without that): %.380s", why);
}

/* ---- list ---- */

enum { MINUTE_LEN = 16 }; /* of "2026-10-01T08:30" */

struct listing {
	struct context *context;
	struct table table;
	struct json doc;
	int64_t runs, damaged;
	/* show: the one that is looked for */
	int64_t wanted, at_ms;
	struct buf detail, who;
};

static struct text member(const struct json *doc, uint32_t object, const char *key)
{
	return json_string(doc, json_member(doc, object, key));
}

/* "october.csv, fees.csv" */
static void add_names(struct buf *out, const struct json *doc, uint32_t statements)
{
	const char *comma = "";

	for (uint32_t s = json_first(doc, statements); s != JSON_NONE;
	     s = json_next(doc, statements, s)) {
		buf_addf(out, "%s%.*s", comma, TEXT_ARGS(member(doc, s, "name")));
		comma = ", ";
	}
}

static int broken(struct listing *listing, int r)
{
	return r == -FAULT_NOMEM ? r
	                         : fault_set(&listing->context->fault, FAULT_CORRUPT,
	                                     "run %lld: what is kept of it is no JSON: toll verify",
	                                     (long long)listing->runs);
}

/* The report of a run; JSON_NONE: what is kept is none.  Outside memory nothing is a failure. */
static int find_report(struct listing *listing, struct text detail, uint32_t *report_out)
{
	const struct json *doc = &listing->doc;
	struct money difference;

	*report_out = JSON_NONE;
	if (json_parse(&listing->doc, detail, NULL) < 0)
		return doc->error == JSON_NO_MEMORY ? -FAULT_NOMEM : 0;
	*report_out = json_member(doc, 0, "report");
	if (json_type_of(doc, json_member(doc, *report_out, "statements")) != JSON_ARRAY ||
	    money_parse(member(doc, *report_out, "difference"), &difference, NULL) < 0)
		*report_out = JSON_NONE;
	return 0;
}

static int put_report(struct listing *listing, size_t at, uint32_t report)
{
	static const char *const keys[] = { "match", "from", "to", "ours", "theirs", "difference" };
	const struct json *doc = &listing->doc;
	struct table *table = &listing->table;
	struct buf names = { .at = NULL };
	bool equal = json_type_of(doc, json_member(doc, report, "equal_within")) == JSON_TRUE;
	int r;

	add_names(&names, doc, json_member(doc, report, "statements"));
	table_set(table, at, 3, buf_text(&names));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		table_set(table, at, 4 + i, member(doc, report, keys[i]));
	table_set(table, at, 10, text_of(equal ? "equal" : "DIFFERENT"));
	r = names.error;
	buf_release(&names);
	return r;
}

/* One that is damaged is no reason not to list the others. */
static int on_run(void *user, const struct change_row *row)
{
	struct listing *listing = user;
	struct table *table = &listing->table;
	char moment[MOMENT_TEXT_BYTES];
	uint32_t report = JSON_NONE;
	size_t at = table_row(table);
	int r = find_report(listing, row->detail, &report);

	moment_text(row->at_ms, moment);
	/* To the minute for people. */
	if (listing->context->form == FORM_TABLE)
		memcpy(moment + MINUTE_LEN, "Z", 2);
	table_set_count(table, at, 0, ++listing->runs);
	table_set(table, at, 1, text_of(moment));
	table_set(table, at, 2, row->who);
	if (r < 0 || report != JSON_NONE)
		return r < 0 ? r : put_report(listing, at, report);
	table_set(table, at, 10, text_of("DAMAGED"));
	listing->damaged++;
	return 0;
}

static enum exit_code check_list(struct context *context)
{
	return command_no_words(context, "reconcile list");
}

static void make_columns(struct table *table)
{
	static const struct {
		const char *key, *title;
		enum table_type type;
		bool hidden;
	} columns[] = {
		{ "run", "Run", TABLE_COUNT, false },
		{ "at", "At", TABLE_TIME, false },
		{ "who", "Who", TABLE_TEXT, true },
		{ "statements", "Of", TABLE_TEXT, false },
		{ "match", "By", TABLE_TEXT, false },
		{ "from", "From", TABLE_TIME, true },
		{ "to", "To", TABLE_TIME, true },
		{ "ours", "Ours", TABLE_AMOUNT, true },
		{ "theirs", "Theirs", TABLE_AMOUNT, true },
		{ "difference", "Difference", TABLE_AMOUNT, false },
		{ "result", "Result", TABLE_TEXT, false },
	};

	for (size_t c = 0; c < sizeof(columns) / sizeof(columns[0]); c++) {
		table_column(table, columns[c].key, columns[c].title, columns[c].type, false);
		table->columns[c].hidden = columns[c].hidden;
	}
}

static enum exit_code run_list(struct context *context)
{
	struct listing listing = { .context = context };
	int r;

	make_columns(&listing.table);
	r = ledger_each_change(context->ledger, "reconcile.run", on_run, &listing, &context->fault);
	if (r == 0 && listing.runs == 0 && context->form == FORM_TABLE)
		buf_add_cstr(&context->out, "No run is stored.\n");
	else if (r == 0)
		command_table(context, &listing.table);
	table_release(&listing.table);
	json_release(&listing.doc);
	if (r == 0 && listing.damaged > 0)
		r = fault_set(
			&context->fault, FAULT_CORRUPT,
			"%lld of the runs %s not what was stored (DAMAGED): toll verify names "
			"what else is; a backup has the run as it was, and toll reconcile "
			"with the same statement makes it again",
			(long long)listing.damaged, listing.damaged == 1 ? "is" : "are");
	return r < 0 ? command_failed(context, r) : EXIT_DONE;
}

const struct command reconcile_list = {
	.name = "list",
	.summary = "List the runs that are stored",
	.synopsis = "reconcile list",
	.needs = NEEDS_LEDGER,
	.csv = true,
	.json = true,
	.check = check_list,
	.run = run_list,
};

/* ---- show ---- */

static int find_run(void *user, const struct change_row *row)
{
	struct listing *listing = user;

	if (++listing->runs != listing->wanted)
		return 0;
	listing->at_ms = row->at_ms;
	buf_add_text(&listing->detail, row->detail);
	buf_add_text(&listing->who, row->who);
	return 1;
}

/* A word as a shell takes it. */
static void add_shell(struct buf *out, struct text word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_./:=+-@,";
	bool quotes = word.len == 0;

	for (size_t i = 0; i < word.len; i++)
		quotes = quotes || word.at[i] == '\0' || strchr(plain, word.at[i]) == NULL;
	if (!quotes) {
		buf_add_text(out, word);
		return;
	}
	buf_add(out, "'", 1);
	for (size_t i = 0; i < word.len; i++) {
		if (word.at[i] == '\'')
			buf_add_cstr(out, "'\\''");
		else
			buf_add(out, word.at + i, 1);
	}
	buf_add(out, "'", 1);
}

/* As it was typed; of a run that does not tell it, what its report has. */
static void add_repeat(struct buf *out, const struct json *doc, uint32_t report)
{
	uint32_t typed = json_member(doc, 0, "command");
	uint32_t words = typed != JSON_NONE ? typed : json_member(doc, report, "command");
	const char *blank = "";

	for (uint32_t w = json_first(doc, words); w != JSON_NONE; w = json_next(doc, words, w)) {
		buf_add_cstr(out, blank);
		add_shell(out, json_string(doc, w));
		blank = " ";
	}
}

static int write_run(struct listing *listing)
{
	struct context *context = listing->context;
	struct buf report = { .at = NULL }, repeat = { .at = NULL };
	const struct json *doc = &listing->doc;
	char moment[MOMENT_TEXT_BYTES], sha256[SHA256_HEX_BYTES];
	uint32_t node;
	int r = json_parse(&listing->doc, buf_text(&listing->detail), NULL);

	if (r < 0)
		return broken(listing, r);
	node = json_member(doc, 0, "report");
	if (node == JSON_NONE || !json_write(doc, node, JSON_DEPTH_MAX, &report))
		r = broken(listing, -FAULT_SYNTAX);
	if (r == 0 && context->form == FORM_TABLE) {
		const struct printer *printer = &context->printer;
		/* A line that is cut is no command any more. */
		const struct printer uncut = { &context->out, PRINTER_ANY_WIDTH, printer->colour };
		struct text seal = member(doc, 0, "seal");

		moment_text(listing->at_ms, moment);
		sha256_hex(report.at, report.len, sha256);
		add_repeat(&repeat, doc, node);
		printer_pairf(printer, 8, "run", "%lld, %s, by %.*s", (long long)listing->wanted,
		              moment, TEXT_ARGS(buf_text(&listing->who)));
		printer_pair(printer, 8, "seal", seal.at != NULL ? seal : text_of("none yet"));
		printer_pair(printer, 8, "sha256", text_of(sha256));
		printer_pair(&uncut, 8, "repeat", buf_text(&repeat));
		buf_add(&context->out, "\n", 1);
	}
	if (r == 0) {
		buf_add_text(&context->out, buf_text(&report));
		buf_add(&context->out, "\n", 1);
	}
	if (report.error != 0 || repeat.error != 0)
		r = -FAULT_NOMEM;
	buf_release(&report);
	buf_release(&repeat);
	return r;
}

static enum exit_code check_show(struct context *context)
{
	const struct options *given = &context->options;
	int64_t run;

	if (given->word_count != 1 || !text_int(text_of(given->words[0]), &run) || run <= 0)
		return command_misused(context, "reconcile show: the number of a run is due: toll "
		                                "reconcile list");
	return EXIT_DONE;
}

static enum exit_code run_show(struct context *context)
{
	struct listing listing = { .context = context };
	int r;

	text_int(text_of(context->options.words[0]), &listing.wanted);
	r = ledger_each_change(context->ledger, "reconcile.run", find_run, &listing,
	                       &context->fault);
	if (r == 0)
		r = fault_set(&context->fault, FAULT_NOT_FOUND,
		              "there is no run %lld; there %s %lld", (long long)listing.wanted,
		              listing.runs == 1 ? "is" : "are", (long long)listing.runs);
	if (r > 0)
		r = write_run(&listing);
	buf_release(&listing.detail);
	buf_release(&listing.who);
	json_release(&listing.doc);
	return r < 0 ? command_failed(context, r) : EXIT_DONE;
}

const struct command reconcile_show = {
	.name = "show",
	.summary = "Show the report of a run, and the command that repeats it",
	.synopsis = "reconcile show N",
	.details = "The report holds the SHA-256 of each statement and of the whole result "
		   "(--json): the same inputs give the same bytes, so that an auditor can repeat "
		   "it. With --json the report alone, as it is stored.",
	.needs = NEEDS_LEDGER,
	.json = true,
	.check = check_show,
	.run = run_show,
};
