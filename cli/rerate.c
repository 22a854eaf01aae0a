/* Books what a range comes to under another book, as adjustments. */
#include "base/moment.h"
#include "cli/command.h"
#include "cli/control.h"
#include "cli/range.h"

static const struct option options[] = {
	RANGE_OPTIONS,
	{ "reason", "TEXT", "why, for whoever reads the adjustments" },
	{ "book", "HASH", "an applied sell book; else the one in force" },
	{ "expect", "AMOUNT", "refuse unless the difference of all is exactly this" },
	{ "dry-run", NULL, "say what would be booked, and book nothing" },
	{ NULL, NULL, NULL },
};

static enum exit_code check(struct context *context)
{
	const struct options *given = &context->options;
	struct text reason = options_text(given, "reason"), expect = options_text(given, "expect");
	enum exit_code code = command_no_words(context, "rerate");
	struct money amount;
	int64_t from_ms, to_ms;

	if (code != EXIT_DONE)
		return code;
	if (options_value(given, "from") == NULL || options_value(given, "to") == NULL)
		return command_misused(context, "rerate needs --from TIME and --to TIME");
	if (reason.len == 0)
		return command_misused(context, "rerate needs --reason TEXT: it is kept for good");
	if (expect.at != NULL && money_parse(expect, &amount, NULL) < 0)
		return command_misused(context, "--expect %.*s: an amount is due, like -1.23",
		                       TEXT_ARGS(expect));
	if (range_read(context, &from_ms, &to_ms) < 0)
		return EXIT_USAGE;
	if (from_ms % MS_PER_HOUR != 0 || to_ms % MS_PER_HOUR != 0)
		return command_misused(context, "--from and --to are on the hour here: adjustments "
		                                "are of whole hours");
	return EXIT_DONE;
}

static void write_request(struct context *context, int64_t from_ms, int64_t to_ms,
                          struct buf *request)
{
	const struct options *given = &context->options;
	char moment[MOMENT_TEXT_BYTES];

	buf_add_cstr(request, "{\"change\":\"rerate\"");
	moment_text(from_ms, moment);
	buf_add_member(request, "from", text_of(moment));
	moment_text(to_ms, moment);
	buf_add_member(request, "to", text_of(moment));
	buf_add_member(request, "reason", options_text(given, "reason"));
	buf_add_member(request, "book", options_text(given, "book"));
	buf_add_member(request, "expect", options_text(given, "expect"));
	buf_addf(request, ",\"dry_run\":%s}", options_flag(given, "dry-run") ? "true" : "false");
}

static void write_people(struct context *context, const struct control_reply *reply)
{
	enum { HASH_SHOWN = 12 };
	struct text amount = json_string(&reply->doc, json_member(&reply->doc, 0, "amount"));
	struct text hash = json_string(&reply->doc, json_member(&reply->doc, 0, "book"));
	const struct printer *printer = &context->printer;
	long long rows = control_count(reply, "rows"), waiting = control_count(reply, "waiting");
	long long unsettled = control_count(reply, "unsettled");

	hash.len = hash.len < HASH_SHOWN ? hash.len : HASH_SHOWN;
	printer_wrapf(printer, 0, "%lld events rated again with %.*s, %lld at another amount.",
	              (long long)control_count(reply, "events"), TEXT_ARGS(hash),
	              (long long)control_count(reply, "moved"));
	if (waiting > 0)
		printer_wrapf(printer, 0,
		              "%lld in suspense were left there: toll suspense retry rates them.",
		              waiting);
	if (unsettled > 0)
		printer_wrapf(printer, 0,
		              "%lld open or partial were left as they are: a later phase is rated "
		              "when it comes.",
		              unsettled);
	if (rows == 0)
		printer_wrapf(printer, 0, "There is no difference: nothing was booked.");
	else if (options_flag(&context->options, "dry-run"))
		printer_wrapf(printer, 0,
		              "Nothing was booked.  It would be %.*s in %lld row%s; to book just "
		              "that: --expect %.*s",
		              TEXT_ARGS(amount), rows, rows == 1 ? "" : "s", TEXT_ARGS(amount));
	else
		printer_wrapf(printer, 0, "Booked: run %lld, %.*s in %lld row%s.",
		              (long long)control_count(reply, "run"), TEXT_ARGS(amount), rows,
		              rows == 1 ? "" : "s");
}

static enum exit_code run(struct context *context)
{
	struct control_reply reply = { .doc = { .nodes = NULL } };
	struct buf request = { .at = NULL };
	int64_t from_ms, to_ms;
	int r;

	if (range_read(context, &from_ms, &to_ms) < 0)
		return EXIT_USAGE;
	write_request(context, from_ms, to_ms, &request);
	r = control_change(context, &request, &reply);
	if (r == 0 && context->form == FORM_JSON) {
		buf_add_text(&context->out, buf_text(&reply.text));
		buf_add(&context->out, "\n", 1);
	} else if (r == 0) {
		write_people(context, &reply);
	}
	control_release(&reply);
	buf_release(&request);
	return r < 0 ? command_failed(context, r) : EXIT_DONE;
}

const struct command command_rerate = {
	.name = "rerate",
	.summary = "Book what a range comes to under another price book",
	.synopsis = "rerate --from TIME --to TIME --reason TEXT [--book HASH] [--expect AMOUNT] "
		    "[--dry-run]",
	.details =
		"Rates every stored event of the range again, and books the difference to what is "
		"stored and was adjusted before as one run of adjustments: all of it, or nothing. "
		" No event is changed.  toll price shadow shows the difference by account and "
		"model.\n"
		"Asks the daemon where one holds the ledger.  Refused where an event has no rate "
		"under that book.",
	.needs = NEEDS_LEDGER_PATH,
	.json = true,
	.options = options,
	.check = check,
	.run = run,
};
