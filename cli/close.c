/* A period is over: what is put right of it by hand counts later. */
#include <stdio.h>

#include "base/moment.h"
#include "cli/command.h"
#include "cli/control.h"
#include "cli/progress.h"
#include "ledger/read.h"
#include "ledger/twins.h"

enum {
	CLOSE_TRIES = 5,           /* to find its hours as they were */
	CLOSE_TWINS_MAX = 10000,   /* asked for at once; of more it takes several rounds */
	CLOSE_ROUNDS_MAX = 100000, /* of those */
};

static const struct option options[] = {
	{ "before", "TIME", "first moment that stays open, UTC: 2026-12 or 2026-12-01" },
	{ "reason", "TEXT", "why, kept with the closing" },
	{ "with-open", NULL, "also where requests are open or partial" },
	{ "with-suspense", NULL, "also where events have no rate" },
	{ "dry-run", NULL, "look, and say what stands in the way; close nothing" },
	{ NULL, NULL, NULL },
};

/* What was found in one snapshot. */
struct look {
	struct context *context;
	struct progress progress;
	int64_t until_ms;
	struct period_waits waits;
	struct period_check check;
	int64_t twins;   /* all there are */
	struct buf list; /* of the first CLOSE_TWINS_MAX, as members of an array */
};

static enum exit_code check(struct context *context)
{
	struct text before = options_text(&context->options, "before");
	enum exit_code code = command_no_words(context, "close");
	int64_t until_ms;

	if (code != EXIT_DONE)
		return code;
	if (before.at == NULL)
		return command_misused(context, "close needs --before TIME, as 2026-12");
	if (!moment_parse_date(before, &until_ms) || until_ms % MS_PER_HOUR != 0)
		return command_misused(context,
		                       "--before %.*s: a moment on the hour is due, as "
		                       "2026-12 or 2026-12-01",
		                       TEXT_ARGS(before));
	if (options_text(&context->options, "reason").len == 0)
		return command_misused(context, "close needs --reason TEXT: it is kept for good");
	return EXIT_DONE;
}

static void on_progress(void *user, int64_t done, int64_t total)
{
	struct look *look = user;

	progress_at(&look->progress, done, done, total);
}

static int take_twin(void *user, const struct twin *twin)
{
	struct look *look = user;
	char keep[MOMENT_TEXT_BYTES], later[MOMENT_TEXT_BYTES];

	if (look->twins++ >= CLOSE_TWINS_MAX)
		return 0;
	moment_text(twin->keep_ms, keep);
	moment_text(twin->void_ms, later);
	buf_addf(&look->list, "%s{\"keep\":\"%s\",\"void\":\"%s\"", look->twins > 1 ? "," : "",
	         keep, later);
	buf_add_member(&look->list, "source", twin->source);
	buf_add_member(&look->list, "id", twin->id);
	buf_add_cstr(&look->list, "}");
	return look->list.error;
}

static int look_at(struct look *look)
{
	struct context *context = look->context;
	struct twin_search search = { .until_ms = look->until_ms,
		                      .progress = on_progress,
		                      .context = look };
	struct ledger *ledger = NULL;
	struct ledger_status status;
	int r = ledger_open_reader(&ledger, context->ledger_path, &context->fault);

	look->twins = 0;
	buf_clear(&look->list);
	if (r == 0)
		r = ledger_check_end(ledger, look->until_ms, command_now_ms(), &context->fault);
	if (r == 0)
		r = ledger_status(ledger, &status, &context->fault);
	if (r == 0)
		r = ledger_period_waits(ledger, look->until_ms, &look->waits, &context->fault);
	progress_start(&look->progress, "events looked at");
	if (r == 0) {
		search.events = status.events;
		r = ledger_check_period(ledger, &search, take_twin, look, &look->check,
		                        &context->fault);
	}
	progress_end(&look->progress);
	ledger_close(ledger);
	if (look->list.error != 0)
		r = fault_set(&context->fault, FAULT_NOMEM, "close: out of memory");
	return r;
}

/* What stands in the way, and was not waved through. */
static int refuse_waits(struct look *look)
{
	struct context *context = look->context;
	const struct period_waits *waits = &look->waits;
	struct text before = options_text(&context->options, "before");

	if (waits->open + waits->partial > 0 && !options_flag(&context->options, "with-open"))
		return fault_set(&context->fault, FAULT_INVALID,
		                 "before %.*s %lld requests are open and %lld partial: a later "
		                 "phase of them may come.  Wait for it, or close --with-open",
		                 TEXT_ARGS(before), (long long)waits->open,
		                 (long long)waits->partial);
	if (waits->suspense > 0 && !options_flag(&context->options, "with-suspense"))
		return fault_set(&context->fault, FAULT_INVALID,
		                 "before %.*s %lld events have no rate and no amount: toll "
		                 "suspense list.  Give them one, or close --with-suspense",
		                 TEXT_ARGS(before), (long long)waits->suspense);
	return 0;
}

static void write_request(struct look *look, struct buf *request)
{
	char moment[MOMENT_TEXT_BYTES];

	moment_text(look->until_ms, moment);
	buf_add_cstr(request, "{\"change\":\"period.close\"");
	buf_add_member(request, "until", text_of(moment));
	buf_add_member(request, "reason", options_text(&look->context->options, "reason"));
	buf_add_cstr(request, ",\"check\":");
	if (look->twins > CLOSE_TWINS_MAX) {
		buf_add_cstr(request, "null");
	} else {
		buf_add_cstr(request, "\"");
		for (size_t i = 0; i < SHA256_BYTES; i++)
			buf_addf(request, "%02x", look->check.digest[i]);
		buf_add_cstr(request, "\"");
	}
	buf_add_cstr(request, ",\"twins\":[");
	buf_add_text(request, buf_text(&look->list));
	buf_add_cstr(request, "]}");
}

/* One look and one request; *closed_out false: again. */
static int try_once(struct look *look, int64_t *voided, bool *closed_out)
{
	struct context *context = look->context;
	struct control_reply reply = { .doc = { .nodes = NULL } };
	struct buf request = { .at = NULL };
	int r;

	write_request(look, &request);
	r = control_change(context, &request, &reply);
	if (r == 0) {
		*voided += control_count(&reply, "voided");
		*closed_out = json_type_of(&reply.doc, json_member(&reply.doc, 0, "closed")) ==
		              JSON_TRUE;
	}
	control_release(&reply);
	buf_release(&request);
	return r;
}

static int close_period(struct look *look, int64_t *voided)
{
	bool closed = false;
	int tries = 0, r = 0;

	for (int round = 0; !closed && round < CLOSE_ROUNDS_MAX; round++) {
		if (round > 0)
			r = look_at(look);
		if (r == 0)
			r = refuse_waits(look);
		if (r == 0 && look->twins <= CLOSE_TWINS_MAX && tries++ == CLOSE_TRIES)
			r = fault_set(&look->context->fault, FAULT_BUSY,
			              "close: events of this period keep coming: ask again later");
		if (r == 0)
			r = try_once(look, voided, &closed);
		if (r < 0)
			return r;
	}
	return 0;
}

static void write_result(struct look *look, bool dry_run, int64_t voided)
{
	struct context *context = look->context;
	const struct period_waits *waits = &look->waits;
	char moment[MOMENT_TEXT_BYTES];

	moment_text(look->until_ms, moment);
	if (context->form == FORM_JSON) {
		buf_addf(&context->out,
		         "{\"closed\":%s,\"until\":\"%s\",\"twins\":%lld,\"voided\":%lld,"
		         "\"open\":%lld,\"partial\":%lld,\"suspense\":%lld}\n",
		         dry_run ? "false" : "true", moment, (long long)look->twins,
		         (long long)voided, (long long)waits->open, (long long)waits->partial,
		         (long long)waits->suspense);
		return;
	}
	if (dry_run)
		printer_wrapf(
			&context->printer, 0,
			"Nothing was closed.  Before %s %lld event%s stand%s twice: the later "
			"copy would become void.",
			moment, (long long)look->twins, look->twins == 1 ? "" : "s",
			look->twins == 1 ? "s" : "");
	else
		printer_wrapf(&context->printer, 0,
		              "Closed: all before %s.  %lld later cop%s of an event became void.",
		              moment, (long long)voided, voided == 1 ? "y" : "ies");
	if (waits->open + waits->partial + waits->suspense > 0)
		printer_wrapf(
			&context->printer, 0,
			"%lld requests of it are open, %lld partial; %lld events have no rate.",
			(long long)waits->open, (long long)waits->partial,
			(long long)waits->suspense);
}

static enum exit_code run(struct context *context)
{
	struct look look = { .context = context };
	bool dry_run = options_flag(&context->options, "dry-run");
	int64_t voided = 0;
	int r;

	moment_parse_date(options_text(&context->options, "before"), &look.until_ms);
	r = look_at(&look);
	if (r == 0 && !dry_run)
		r = close_period(&look, &voided);
	if (r == 0)
		write_result(&look, dry_run, voided);
	buf_release(&look.list);
	return r < 0 ? command_failed(context, r) : EXIT_DONE;
}

const struct command command_close = {
	.name = "close",
	.summary = "Close a period: what is put right in it counts later",
	.synopsis = "close --before TIME --reason TEXT [--with-open] [--with-suspense] [--dry-run]",
	.details =
		"First looks for events whose source and id stand at two times, before that "
		"moment: "
		"the one of the later time becomes void, unless it is of a later phase.  Then all "
		"before it is closed: corrections and adjustments of it are booked in the hour in "
		"which they are made.  An event or a phase that comes later still counts in its "
		"own hour.  It begins again where an event came meanwhile.\n"
		"Refused where requests are open or partial, or events in suspense, unless that is "
		"said to be meant.  Asks the daemon where one holds the ledger.",
	.needs = NEEDS_LEDGER_PATH,
	.json = true,
	.options = options,
	.check = check,
	.run = run,
};
