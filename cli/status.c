#include <stdio.h>
#include <string.h>

#include "base/moment.h"
#include "cli/command.h"
#include "cli/doubts.h"
#include "cli/status_feeds.h"
#include "ingest/terms.h"
#include "ledger/books.h"
#include "ledger/ledger.h"
#include "ledger/read.h"
#include "report/sources.h"

enum { LABEL_WIDTH = 14, HASH_SHOWN = 12 };

struct shown_book {
	bool any;
	char hash[SHA256_HEX_BYTES], name[EVENT_NAME_BYTES_MAX + 1], currency[8];
	int64_t applied_ms, versions;
};

static int keep_book(void *user, const struct book_log_row *row)
{
	struct shown_book *book = (struct shown_book *)user + row->side;

	if (book->any)
		return 0;
	book->any = true;
	text_copy(book->hash, sizeof(book->hash), row->hash);
	text_copy(book->name, sizeof(book->name), row->name);
	text_copy(book->currency, sizeof(book->currency), row->currency);
	book->applied_ms = row->applied_ms;
	book->versions = row->versions;
	return 0;
}

/* Who writes the ledger; `pid` 0: nobody, unless it could not be found out. */
struct holder {
	bool known;
	int64_t pid;
	char note[LEDGER_NOTE_BYTES];
};

/* "12.3 MiB": a tenth is near enough for a size. */
static const char *size_text(int64_t bytes, char out[32])
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	int64_t tenths = bytes * 10 / 1024;
	size_t unit = 0;

	while (tenths >= 10240 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		tenths /= 1024;
		unit++;
	}
	snprintf(out, 32, "%lld.%lld %s", (long long)(tenths / 10), (long long)(tenths % 10),
	         units[unit]);
	return out;
}

static int pair_unknown(void *user, const struct unknown_row *row)
{
	const struct text path = terms_doubt(row->path).path;
	struct context *context = user;

	if (path.at == NULL)
		return 0;
	printer_pairf(&context->printer, LABEL_WIDTH, "",
	              "%.*s in %lld event%s of %.*s (%.*s), first in %.*s", TEXT_ARGS(path),
	              (long long)row->events, row->events == 1 ? "" : "s", TEXT_ARGS(row->source),
	              TEXT_ARGS(row->api), TEXT_ARGS(row->first_id));
	return 0;
}

static void pair_gap(struct context *context, const char *label, int64_t count, const char *where)
{
	printer_pairf(&context->printer, LABEL_WIDTH, label, "%lld%s%s", (long long)count,
	              count > 0 ? ": " : "", count > 0 ? where : "");
}

static void pair_book(struct context *context, const char *label, const struct shown_book *book)
{
	char applied[MOMENT_TEXT_BYTES];

	moment_text(book->applied_ms, applied);
	printer_pairf(&context->printer, LABEL_WIDTH, label,
	              "%s %.*s (%s, %lld version%s), in force since %s",
	              book->name[0] != '\0' ? book->name : "without a name", HASH_SHOWN, book->hash,
	              book->currency, (long long)book->versions, book->versions == 1 ? "" : "s",
	              applied);
}

struct told_walk {
	struct context *context;
	const char *label, *comma;
};

/* Whether it ties is a matter of one sum: toll reconcile looks at all of it. */
static const char *tie_of(const struct sources_last *last)
{
	if (last->sent == EVENT_ABSENT)
		return "unread";
	if (last->sent == last->stored)
		return "equal";
	return last->sent > last->stored ? "missing" : "beyond";
}

static int pair_told(void *user, const struct sources_last *last)
{
	struct told_walk *walk = user;
	char received[MOMENT_TEXT_BYTES], hour[MOMENT_TEXT_BYTES] = "", sent[160];

	moment_text(last->received_ms, received);
	if (last->hour_ms != EVENT_ABSENT)
		moment_text_unit(last->hour_ms, MOMENT_HOUR, hour);
	if (last->sent == EVENT_ABSENT)
		snprintf(sent, sizeof(sent), "tells no events");
	else
		snprintf(sent, sizeof(sent), "%lld sent%s%s, %lld stored%s", (long long)last->sent,
		         hour[0] != '\0' ? " in " : "", hour, (long long)last->stored,
		         last->sent > last->stored ? ", see toll reconcile --sources" : "");
	printer_pairf(&walk->context->printer, LABEL_WIDTH, walk->label, "%.*s, seq %lld of %s: %s",
	              TEXT_ARGS(last->source), (long long)last->seq, received, sent);
	walk->label = "";
	return 0;
}

static int write_text(struct context *context, const struct ledger_status *status,
                      const struct doubts *doubts, const struct shown_book books[BOOK_SIDES],
                      const struct holder *holder, const struct status_feeds *feeds)
{
	char first[MOMENT_TEXT_BYTES], last[MOMENT_TEXT_BYTES], file[32], wal[32], decided[96];
	struct told_walk told = { context, "Checkpoints", "" };
	int r = 0;

	printer_pairf(&context->printer, LABEL_WIDTH, "Ledger", "%s", context->ledger_path);
	printer_pairf(&context->printer, LABEL_WIDTH, "Size",
	              "%s, and %s not yet copied into it (WAL)",
	              size_text(status->file_bytes, file), size_text(status->wal_bytes, wal));
	printer_pairf(&context->printer, LABEL_WIDTH, "Schema", "%lld (SQLite %s)",
	              (long long)status->schema_version, status->sqlite_version);
	if (holder->pid > 0)
		printer_pairf(&context->printer, LABEL_WIDTH, "Writer", "process %lld%s%s",
		              (long long)holder->pid, holder->note[0] != '\0' ? ", " : "",
		              holder->note);
	else if (holder->known)
		printer_pairf(&context->printer, LABEL_WIDTH, "Writer", "none: no daemon holds it");
	else
		printer_pairf(&context->printer, LABEL_WIDTH, "Writer", "not known: %s",
		              context->fault.text);
	if (books[BOOK_SELL].any)
		pair_book(context, "Price book", &books[BOOK_SELL]);
	else
		printer_pairf(&context->printer, LABEL_WIDTH, "Price book",
		              "none: everything goes to suspense until toll price apply");
	if (books[BOOK_COST].any)
		pair_book(context, "Cost book", &books[BOOK_COST]);
	printer_pairf(&context->printer, LABEL_WIDTH, "Events",
	              "%lld, of them %lld with an error status", (long long)status->events,
	              (long long)status->errors);
	moment_text(status->first_ms, first);
	moment_text(status->last_ms, last);
	if (status->events > 0)
		printer_pairf(&context->printer, LABEL_WIDTH, "Range", "%s to %s", first, last);
	printer_pairf(&context->printer, LABEL_WIDTH, "Sources", "%lld",
	              (long long)status->sources);
	printer_pairf(&context->printer, LABEL_WIDTH, "Accounts", "%lld",
	              (long long)status->accounts);
	if (status->corrections > 0)
		printer_pairf(
			&context->printer, LABEL_WIDTH, "Corrections",
			"%lld, in all numbers here: events that are void or have other counts",
			(long long)status->corrections);
	if (status->open + status->under_way > 0)
		printer_pairf(&context->printer, LABEL_WIDTH, "Unsettled",
		              "%lld open and %lld partial, until a later phase of them comes",
		              (long long)status->open, (long long)status->under_way);
	if (status->uncounted + status->partial + status->estimated > 0)
		printer_pairf(&context->printer, LABEL_WIDTH, "Provenance",
		              "%lld without a count, %lld with counts of a part, %lld with "
		              "estimated ones; the others as reported",
		              (long long)status->uncounted, (long long)status->partial,
		              (long long)status->estimated);
	pair_gap(context, "Suspense", status->suspense, "no rate, see toll suspense list");
	pair_gap(context, "Quarantine", status->quarantined,
	         "not understood, see toll quarantine list");
	pair_gap(context, "Conflicts", status->conflicts,
	         "same id with other content, see toll quarantine conflicts");
	snprintf(decided, sizeof(decided),
	         "%lld at one price, %lld as settled, see toll doctor formats",
	         (long long)doubts->warned, (long long)doubts->settled);
	pair_gap(context, "Contradictions", doubts->warned + doubts->settled, decided);
	pair_gap(context, "Unknown usage", doubts->unknown,
	         "events with a number under usage that nobody counts:");
	if (doubts->unknown > 0)
		r = ledger_each_unknown(context->ledger, pair_unknown, context, &context->fault);
	if (r == 0)
		r = sources_each_last(context->ledger, pair_told, &told, &context->fault);
	return r == 0 ? status_feeds_text(context, feeds, LABEL_WIDTH) : r;
}

struct unknown_json {
	struct buf *out;
	const char *comma;
};

static int add_unknown(void *user, const struct unknown_row *row)
{
	const struct text path = terms_doubt(row->path).path;
	struct unknown_json *json = user;

	if (path.at == NULL)
		return 0;
	buf_addf(json->out, "%s{\"source\":", json->comma);
	buf_add_json(json->out, row->source);
	buf_add_cstr(json->out, ",\"api\":");
	buf_add_json(json->out, row->api);
	buf_add_cstr(json->out, ",\"path\":");
	buf_add_json(json->out, path);
	buf_addf(json->out, ",\"events\":%lld,\"first_id\":", (long long)row->events);
	buf_add_json(json->out, row->first_id);
	buf_add_cstr(json->out, "}");
	json->comma = ",";
	return 0;
}

static void add_moment(struct buf *out, const char *key, bool there, int64_t ms)
{
	char text[MOMENT_TEXT_BYTES];

	moment_text(ms, text);
	buf_addf(out, ",\"%s\":%s%s%s", key, there ? "\"" : "", there ? text : "null",
	         there ? "\"" : "");
}

static void add_book(struct buf *out, const char *key, const struct shown_book *book)
{
	buf_addf(out, ",\"%s\":", key);
	if (!book->any) {
		buf_add_cstr(out, "null");
		return;
	}
	buf_addf(out, "{\"hash\":\"%s\",\"name\":", book->hash);
	buf_add_json(out, text_of(book->name));
	buf_addf(out, ",\"currency\":\"%s\",\"versions\":%lld", book->currency,
	         (long long)book->versions);
	add_moment(out, "applied", true, book->applied_ms);
	buf_add_cstr(out, "}");
}

static int add_told(void *user, const struct sources_last *last)
{
	struct told_walk *walk = user;
	struct buf *out = &walk->context->out;

	buf_addf(out, "%s{\"source\":", walk->comma);
	buf_add_json(out, last->source);
	buf_addf(out, ",\"epoch\":%lld,\"seq\":%lld", (long long)last->epoch, (long long)last->seq);
	add_moment(out, "received", true, last->received_ms);
	add_moment(out, "hour", last->hour_ms != EVENT_ABSENT, last->hour_ms);
	if (last->sent == EVENT_ABSENT)
		buf_add_cstr(out, ",\"sent\":null");
	else
		buf_addf(out, ",\"sent\":%lld", (long long)last->sent);
	buf_addf(out, ",\"stored\":%lld,\"state\":\"%s\"}", (long long)last->stored, tie_of(last));
	walk->comma = ",";
	return 0;
}

static int write_json(struct context *context, const struct ledger_status *status,
                      const struct doubts *doubts, const struct shown_book books[BOOK_SIDES],
                      const struct holder *holder, const struct status_feeds *feeds)
{
	struct buf *out = &context->out;
	struct unknown_json unknown = { out, "" };
	struct told_walk told = { context, "", "" };
	int r;

	buf_add_cstr(out, "{\"ledger\":");
	buf_add_json(out, text_of(context->ledger_path));
	buf_addf(out,
	         ",\"schema\":%lld,\"sqlite\":\"%s\",\"file_bytes\":%lld,\"wal_bytes\":%lld,"
	         "\"events\":%lld,\"errors\":%lld,\"sources\":%lld,\"accounts\":%lld,"
	         "\"open\":%lld,\"under_way\":%lld,\"partial\":%lld,\"estimated\":%lld,"
	         "\"uncounted\":%lld,\"suspense\":%lld,\"quarantined\":%lld,\"conflicts\":%lld,"
	         "\"unknown_events\":%lld,\"contradictions\":{\"warned\":%lld,\"settled\":%lld}",
	         (long long)status->schema_version, status->sqlite_version,
	         (long long)status->file_bytes, (long long)status->wal_bytes,
	         (long long)status->events, (long long)status->errors, (long long)status->sources,
	         (long long)status->accounts, (long long)status->open, (long long)status->under_way,
	         (long long)status->partial, (long long)status->estimated,
	         (long long)status->uncounted, (long long)status->suspense,
	         (long long)status->quarantined, (long long)status->conflicts,
	         (long long)doubts->unknown, (long long)doubts->warned, (long long)doubts->settled);
	buf_addf(out, ",\"corrections\":%lld", (long long)status->corrections);
	add_moment(out, "first", status->events > 0, status->first_ms);
	add_moment(out, "last", status->events > 0, status->last_ms);
	buf_addf(out, ",\"writer_known\":%s", holder->known ? "true" : "false");
	if (holder->pid > 0)
		buf_addf(out, ",\"writer_pid\":%lld,\"writer_note\":", (long long)holder->pid);
	else
		buf_add_cstr(out, ",\"writer_pid\":null,\"writer_note\":");
	buf_add_json(out, text_of(holder->note));
	add_book(out, "book", &books[BOOK_SELL]);
	if (books[BOOK_COST].any)
		add_book(out, "cost_book", &books[BOOK_COST]);
	buf_add_cstr(out, ",\"unknown_usage\":[");
	r = ledger_each_unknown(context->ledger, add_unknown, &unknown, &context->fault);
	buf_add_cstr(out, "],\"checkpoints\":[");
	if (r == 0)
		r = sources_each_last(context->ledger, add_told, &told, &context->fault);
	buf_add_cstr(out, "],");
	if (r == 0)
		r = status_feeds_json(context, feeds, out);
	buf_add_cstr(out, "}\n");
	return r;
}

static enum exit_code check(struct context *context)
{
	return command_no_words(context, "status");
}

static enum exit_code run(struct context *context)
{
	struct shown_book books[BOOK_SIDES] = { { .any = false }, { .any = false } };
	struct holder holder = { .known = true };
	struct status_feeds feeds = { .asked = false };
	struct ledger_status status;
	struct doubts doubts = { 0 };
	int r;

	r = ledger_status(context->ledger, &status, &context->fault);
	if (r == 0 && status.unknown_events > 0)
		r = doubts_count(context->ledger, &doubts, &context->fault);
	if (r == 0)
		r = ledger_each_book(context->ledger, keep_book, books, &context->fault);
	if (r >= 0) {
		/* Who may read a ledger need not be allowed to read its lock. */
		r = ledger_holder(context->ledger_path, &holder.pid, holder.note, &context->fault);
		holder.known = r == 0 || r == -FAULT_NOT_FOUND;
		r = 0;
	}
	if (r == 0) {
		status_feeds_ask(context, !holder.known || holder.pid > 0, &feeds);
		r = context->form == FORM_JSON
		            ? write_json(context, &status, &doubts, books, &holder, &feeds)
		            : write_text(context, &status, &doubts, books, &holder, &feeds);
	}
	status_feeds_release(&feeds);
	if (r < 0) {
		if (context->form == FORM_JSON)
			buf_clear(&context->out); /* half of it is no JSON */
		return command_failed(context, r);
	}
	context->fault.code = FAULT_NONE;
	return EXIT_DONE;
}

const struct command command_status = {
	.name = "status",
	.summary = "Say what the ledger holds, under which prices, and who writes it",
	.synopsis = "status",
	.needs = NEEDS_LEDGER,
	.json = true,
	.check = check,
	.run = run,
};
