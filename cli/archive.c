/* Moves months that are over into files of their own. */
#include "ledger/archive.h"

#include <stdlib.h>

#include "base/moment.h"
#include "cli/command.h"
#include "cli/control.h"
#include "cli/progress.h"
#include "ledger/read.h"

static const struct option options[] = {
	{ "before", "MONTH", "every whole month before this one, 2026-11" },
	{ "dry-run", NULL, "say what would move, and move nothing" },
	{ NULL, NULL, NULL },
};

enum { MONTHS_MAX = 1200 };

struct archiving {
	struct context *context;
	struct progress progress;
	struct archive_month months[MONTHS_MAX];
	size_t month_count;
	struct archive_file *unfinished;
	size_t unfinished_count;
	struct ledger *reader;
	const char *comma; /* JSON: in front of the next month */
	int64_t left;
};

static int read_before(struct context *context, int64_t *before_ms_out)
{
	struct text before = options_text(&context->options, "before");

	if (before.len != 7 || !moment_parse_date(before, before_ms_out))
		return fault_set(&context->fault, FAULT_INVALID,
		                 "archive needs --before MONTH, like 2026-11");
	if (*before_ms_out > moment_floor(command_now_ms(), MOMENT_MONTH))
		return fault_set(&context->fault, FAULT_INVALID,
		                 "--before %.*s: only months that are over move",
		                 TEXT_ARGS(before));
	return 0;
}

static enum exit_code check(struct context *context)
{
	enum exit_code code = command_no_words(context, "archive");
	int64_t before_ms;

	if (code != EXIT_DONE)
		return code;
	return read_before(context, &before_ms) < 0 ? EXIT_USAGE : EXIT_DONE;
}

static int add_month(void *user, const struct archive_month *month)
{
	struct archiving *archiving = user;

	if (archiving->month_count < MONTHS_MAX)
		archiving->months[archiving->month_count++] = *month;
	return 0;
}

/* A file whose hours have not all moved, because it was interrupted. */
static int add_file(void *user, const struct archive_file *file)
{
	struct archiving *archiving = user;
	struct archive_file *grown = realloc(archiving->unfinished,
	                                     (archiving->unfinished_count + 1) * sizeof(*grown));
	bool unfinished = false;
	int r;

	if (grown == NULL)
		return -FAULT_NOMEM;
	archiving->unfinished = grown;
	r = archive_unfinished(archiving->reader, file->seq, &unfinished,
	                       &archiving->context->fault);
	if (r == 0 && unfinished)
		grown[archiving->unfinished_count++] = *file;
	return r;
}

static void on_progress(void *user, int64_t done, int64_t total)
{
	struct archiving *archiving = user;

	progress_at(&archiving->progress, done, done, total);
}

/* One moment of the ledger for the next month: others may have changed it since the last. */
static int look_again(struct archiving *archiving)
{
	struct context *context = archiving->context;

	ledger_close(archiving->reader);
	archiving->reader = NULL;
	return ledger_open_reader(&archiving->reader, context->ledger_path, &context->fault);
}

static void write_month(struct archiving *archiving, const struct control_reply *reply,
                        const struct archive_file *file)
{
	struct context *context = archiving->context;

	archiving->left += control_count(reply, "left");
	if (context->form == FORM_JSON) {
		buf_add_cstr(&context->out, archiving->comma);
		buf_add_text(&context->out, buf_text(&reply->text));
		archiving->comma = ",";
		return;
	}
	printer_wrapf(&context->printer, 0, "%s: %lld events of %lld hours moved to %s.",
	              file->month, (long long)control_count(reply, "events"),
	              (long long)control_count(reply, "hours"), file->file);
}

/* Asks the writer to register the file and to move its hours. */
static int move(struct archiving *archiving, const struct archive_file *file)
{
	struct control_reply reply = { .doc = { .nodes = NULL } };
	struct buf request = { .at = NULL };
	int r;

	buf_add_cstr(&request, "{\"change\":\"archive.month\"");
	buf_add_member(&request, "month", text_of(file->month));
	buf_add_member(&request, "file", text_of(file->file));
	buf_add_member(&request, "sha256", text_of(file->sha256));
	buf_addf(&request, ",\"events\":%lld,\"bytes\":%lld}", (long long)file->events,
	         (long long)file->bytes);
	/* A reader of ours would keep the WAL from being emptied meanwhile. */
	ledger_close(archiving->reader);
	archiving->reader = NULL;
	r = control_change(archiving->context, &request, &reply);
	if (r == 0)
		write_month(archiving, &reply, file);
	control_release(&reply);
	buf_release(&request);
	return r;
}

static int archive_month(struct archiving *archiving, const struct archive_month *month)
{
	struct archive_file file = { .events = 0 };
	int r = look_again(archiving);

	if (r == 0 && month->hours > 0)
		r = archive_make(archiving->reader, month, on_progress, archiving, &file,
		                 &archiving->context->fault);
	progress_end(&archiving->progress);
	return r < 0 || file.events == 0 ? r : move(archiving, &file);
}

static void write_plan(struct archiving *archiving)
{
	struct context *context = archiving->context;

	for (size_t i = 0; i < archiving->month_count; i++) {
		const struct archive_month *month = &archiving->months[i];
		char moment[MOMENT_TEXT_BYTES];

		moment_text_unit(month->from_ms, MOMENT_MONTH, moment);
		if (context->form == FORM_JSON) {
			buf_addf(&context->out,
			         "%s{\"month\":\"%.7s\",\"hours\":%lld,\"events\":%lld,"
			         "\"waiting\":%lld}",
			         archiving->comma, moment, (long long)month->hours,
			         (long long)month->events, (long long)month->waiting);
			archiving->comma = ",";
		} else {
			printer_wrapf(&context->printer, 0,
			              "%.7s: %lld events of %lld hours would move.", moment,
			              (long long)month->events, (long long)month->hours);
		}
	}
}

static int64_t waiting(const struct archiving *archiving)
{
	int64_t hours = 0;

	for (size_t i = 0; i < archiving->month_count; i++)
		hours += archiving->months[i].waiting;
	return hours;
}

static int archive_all(struct archiving *archiving, int64_t before_ms)
{
	struct context *context = archiving->context;
	bool dry = options_flag(&context->options, "dry-run");
	int r = look_again(archiving);

	if (r == 0)
		r = archive_each(archiving->reader, add_file, archiving, &context->fault);
	if (!dry) {
		for (size_t i = 0; r == 0 && i < archiving->unfinished_count; i++)
			r = move(archiving, &archiving->unfinished[i]);
		if (r == 0)
			r = look_again(archiving);
	}
	if (r == 0)
		r = archive_months(archiving->reader, before_ms, add_month, archiving,
		                   &context->fault);
	if (r == 0 && dry)
		write_plan(archiving);
	for (size_t i = 0; r == 0 && !dry && i < archiving->month_count; i++)
		r = archive_month(archiving, &archiving->months[i]);
	return r;
}

static void write_end(struct archiving *archiving)
{
	struct context *context = archiving->context;

	if (context->form == FORM_JSON) {
		buf_addf(&context->out, "],\"waiting\":%lld,\"ok\":true}\n",
		         (long long)waiting(archiving));
		return;
	}
	if (archiving->month_count == 0 && archiving->unfinished_count == 0)
		printer_wrapf(&context->printer, 0, "Nothing to move.");
	if (waiting(archiving) > 0)
		printer_wrapf(&context->printer, 0,
		              "%lld hours stay: something in them is open, partial or without a "
		              "price.",
		              (long long)waiting(archiving));
	if (archiving->left > 0)
		printer_wrapf(
			&context->printer, 0,
			"%lld hours stay: an event came to them meanwhile; the next run moves "
			"them.",
			(long long)archiving->left);
}

static enum exit_code run(struct context *context)
{
	struct archiving *archiving = calloc(1, sizeof(*archiving));
	int64_t before_ms;
	int r = read_before(context, &before_ms);

	if (archiving == NULL)
		r = -FAULT_NOMEM;
	if (r < 0)
		return command_failed(context, r);
	archiving->context = context;
	archiving->comma = "";
	progress_start(&archiving->progress, "events copied");
	if (context->form == FORM_JSON)
		buf_add_cstr(&context->out, "{\"months\":[");
	r = archive_all(archiving, before_ms);
	progress_end(&archiving->progress);
	if (r == 0)
		write_end(archiving);
	else
		buf_clear(&context->out);
	ledger_close(archiving->reader);
	free(archiving->unfinished);
	free(archiving);
	return r < 0 ? command_failed(context, r) : EXIT_DONE;
}

const struct command command_archive = {
	.name = "archive",
	.summary = "Move the events of months that are over into files of their own",
	.synopsis = "archive --before MONTH [--dry-run]",
	.details =
		"The hourly sums stay in the ledger, and every command reads both.  A month "
		"becomes "
		"a file of the folder LEDGER.archive, made and checked before an event leaves the "
		"ledger, which nobody writes any more.  Keep it with the ledger: toll backup "
		"does.\n"
		"Hours with something open, partial or without a price stay.  Interrupted at any "
		"point, every event is in one place; the next run goes on.  Asks the daemon where "
		"one holds the ledger.",
	.needs = NEEDS_LEDGER_PATH,
	.json = true,
	.options = options,
	.check = check,
	.run = run,
};
