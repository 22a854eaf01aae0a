#include "cli/command.h"
#include "cli/control.h"
#include "cli/lines.h"
#include "cli/progress.h"
#include "cli/verdicts.h"
#include "ingest/ingest.h"
#include "ledger/ledger.h"
#include "ledger/seal.h"
#include "wire/wire.h"

enum {
	IMPORT_BATCH_LINES = 5000,            /* one transaction */
	IMPORT_ARENA_BYTES = 4 * 1024 * 1024, /* given back when a batch has taken so much */
};

static const struct option options[] = {
	{ "keys", "WHICH", "stored as a hash: detect (credentials), all, or plain" },
	{ "prices", "BOOK", "apply this price book first" },
	{ "source", "NAME", "the source of lines that name none" },
	{ "strict", NULL, "exit 1 when a line was quarantined or in conflict" },
	{ NULL, NULL, NULL },
};

struct import {
	struct context *context;
	struct ledger *ledger;
	enum credential_keys keys;
	struct terms terms;
	struct lines lines;
	struct json doc;
	struct arena arena;
	int64_t counts[INGEST_VERDICT_COUNT], open_counts[INGEST_VERDICT_COUNT];
	int64_t open_lines, now_ms; /* of the open transaction */
	struct progress progress;
};

static int commit(struct import *import)
{
	int r;

	if (import->open_lines == 0)
		return 0;
	r = ledger_commit(import->ledger, &import->context->fault);
	if (r < 0)
		return r;
	for (int v = 0; v < INGEST_VERDICT_COUNT; v++) {
		import->counts[v] += import->open_counts[v];
		import->open_counts[v] = 0;
	}
	import->open_lines = 0;
	arena_reset(&import->arena);
	return ledger_wal_checkpoint(import->ledger, false, NULL, &import->context->fault);
}

static int take_line(void *user, const struct wire_line *line, bool whole)
{
	struct import *import = user;
	struct fault *fault = &import->context->fault;
	enum ingest_line how = whole ? INGEST_LINE_WHOLE : INGEST_LINE_CUT_OFF;
	struct event_defaults defaults;
	struct ingest_item item;
	int r = 0;

	if (line->too_long)
		how = INGEST_LINE_TOO_LONG;
	if (import->open_lines == 0) {
		r = ledger_begin(import->ledger, fault);
		import->now_ms = command_now_ms();
	}
	if (r < 0)
		return r;
	defaults = (struct event_defaults){ import->lines.source_now, import->now_ms };
	r = ingest_prepare(&item, line->text, how, (int64_t)line->length, &defaults, &import->terms,
	                   &import->doc, &import->arena);
	if (r == -FAULT_NOMEM)
		fault_set(fault, FAULT_NOMEM, "import: out of memory");
	if (r == 0)
		r = ingest_store(import->ledger, &item, fault);
	if (r < 0)
		return r;
	import->open_counts[item.verdict]++;
	if (++import->open_lines >= IMPORT_BATCH_LINES ||
	    import->arena.used_bytes > IMPORT_ARENA_BYTES)
		r = commit(import);
	progress_at(&import->progress, import->lines.count, import->lines.bytes_done,
	            import->lines.bytes_total);
	return r;
}

static const char *prices_of(const struct import *import)
{
	return options_value(&import->context->options, "prices");
}

/* What could be wrong is found before a ledger is made. */
static int look_at_inputs(struct import *import, struct buf *request)
{
	struct fault *fault = &import->context->fault;
	int r = lines_look(&import->lines, fault);

	if (r == 0 && prices_of(import) != NULL)
		r = control_book_request(request, prices_of(import), BOOK_SELL,
		                         text_of("toll import --prices"), fault);
	return r;
}

static int apply_prices(struct import *import, const struct buf *request)
{
	struct control_reply reply = { .doc = { .nodes = NULL } };
	int r;

	if (prices_of(import) == NULL)
		return 0;
	r = control_change_own(import->context, import->ledger, request, &reply);
	if (r < 0)
		command_say("%s: the price book was not applied, nothing was imported",
		            prices_of(import));
	control_release(&reply);
	return r;
}

static int open_ledger(struct import *import)
{
	struct context *context = import->context;
	struct fault *fault = &context->fault;
	const struct ledger_options how = { .keys = import->keys };
	int r = ledger_open_writer(&import->ledger, context->ledger_path, &how, fault);

	if (r == -FAULT_BUSY) {
		char why[FAULT_TEXT_BYTES];

		text_copy(why, sizeof(why), text_of(fault->text));
		fault_set(fault, FAULT_BUSY, "%.300s; send the events to it: toll send FILE", why);
	}
	return r;
}

static int import_all(struct import *import)
{
	struct fault *fault = &import->context->fault;
	int r = terms_load(import->ledger, &import->terms, fault);

	progress_start(&import->progress, "lines imported");
	if (r == 0)
		r = lines_each(&import->lines, take_line, import, fault);
	if (r == 0)
		r = commit(import);
	progress_end(&import->progress);
	if (r < 0)
		ledger_rollback(import->ledger);
	if (r == 0 && lines_interrupted())
		r = fault_set(
			fault, FAULT_CLOSED,
			"interrupted; what is counted is stored, import the same again to go on");
	return r;
}

static enum exit_code import_run(struct import *import)
{
	struct context *context = import->context;
	struct buf request = { .at = NULL };
	int r = look_at_inputs(import, &request);

	if (r == 0)
		r = open_ledger(import);
	if (r == 0)
		r = apply_prices(import, &request);
	buf_release(&request);
	if (r < 0)
		return command_failed(context, r);
	lines_catch_signals();
	r = import_all(import);
	if (r == 0)
		r = ledger_seal_all(import->ledger, command_now_ms(), &context->fault);
	verdicts_write(context, import->counts, NULL);
	if (import->terms.book.book == NULL && r == 0)
		command_say("the ledger has no price book: everything is in suspense until toll "
		            "price apply "
		            "and toll suspense retry");
	if (r < 0)
		return command_failed(context, r);
	if (options_flag(&context->options, "strict") &&
	    import->counts[INGEST_QUARANTINED] + import->counts[INGEST_CONFLICT] > 0)
		return EXIT_DIFFERENCE;
	return EXIT_DONE;
}

static enum exit_code run(struct context *context)
{
	struct text source = options_text(&context->options, "source");
	struct text keys = options_text(&context->options, "keys");
	struct import import = {
		.context = context,
		.lines = { .files = &context->options,
		           .source = source,
		           .line_bytes_max = EVENT_BYTES_MAX },
	};
	enum exit_code code;

	if (context->options.word_count == 0)
		return command_misused(context, "import: name the files, or - for standard input");
	if (source.at != NULL && (source.len == 0 || source.len > EVENT_NAME_BYTES_MAX ||
	                          !text_plain(source) || !text_utf8(source)))
		return command_misused(context,
		                       "--source: 1 to %d bytes without control characters",
		                       EVENT_NAME_BYTES_MAX);
	if (keys.at != NULL) {
		import.keys = credential_keys_find(keys);
		if (import.keys == CREDENTIAL_KEYS_COUNT)
			return command_misused(context, "--keys: detect, all or plain");
	}
	code = import_run(&import);
	terms_release(&import.terms);
	lines_release(&import.lines);
	json_release(&import.doc);
	arena_release(&import.arena);
	ledger_close(import.ledger);
	return code;
}

const struct command command_import = {
	.name = "import",
	.summary = "Read event lines into a ledger that no daemon holds",
	.synopsis = "import [--keys WHICH] [--prices BOOK] [--source NAME] [--strict] FILE...",
	.details = "The same lines, checks and verdicts as over the daemon's socket.  Importing a "
		   "file "
		   "again changes nothing: what is stored counts as duplicate.\n"
		   "Where a daemon holds the ledger, use toll send.",
	.needs = NEEDS_LEDGER_PATH,
	.json = true,
	.options = options,
	.run = run,
};
