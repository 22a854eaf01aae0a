/* What the sources say that they sent, against what is stored. */
#include <stdio.h>
#include <string.h>

#include "base/moment.h"
#include "cli/command.h"
#include "cli/range.h"
#include "cli/reconcile.h"
#include "export/export.h"
#include "report/sources.h"

static const struct {
	const char *key, *title;
	enum table_type type;
	bool quiet;
} columns[] = {
	{ "source", "Source", TABLE_TEXT, false },
	{ "hour", "Hour (UTC)", TABLE_TEXT, false },
	{ "what", "What", TABLE_TEXT, false },
	{ "sent", "Sent", TABLE_COUNT, false },
	{ "stored", "Stored", TABLE_COUNT, false },
	{ "difference", "Differs by", TABLE_COUNT, false },
	{ "held", "Held", TABLE_COUNT, true },
	{ "conflicts", "Conflicts", TABLE_COUNT, true },
	{ "state", "State", TABLE_TEXT, false },
	{ "told", "Told", TABLE_TIME, false },
};
enum {
	COLUMN_SOURCE,
	COLUMN_HOUR,
	COLUMN_WHAT,
	COLUMN_SENT,
	COLUMN_STORED,
	COLUMN_DIFFERENCE,
	COLUMN_HELD,
	COLUMN_CONFLICTS,
	COLUMN_STATE,
	COLUMN_TOLD
};

static void set_row(struct table *table, const struct sources_row *row)
{
	bool events = row->total == CHECKPOINT_EVENTS;
	char text[MOMENT_TEXT_BYTES] = "all";
	size_t r = table_row(table);

	if (row->hour_ms != EVENT_ABSENT)
		moment_text_unit(row->hour_ms, MOMENT_HOUR, text);
	table_set(table, r, COLUMN_SOURCE, row->source);
	table_set(table, r, COLUMN_HOUR, text_of(text));
	table_set(table, r, COLUMN_WHAT, text_of(checkpoint_total_key(row->total)));
	if (row->sent != EVENT_ABSENT) {
		table_set_count(table, r, COLUMN_SENT, row->sent);
		table_set_count(table, r, COLUMN_DIFFERENCE, row->stored - row->sent);
	}
	table_set_count(table, r, COLUMN_STORED, row->stored);
	if (events) {
		table_set_count(table, r, COLUMN_HELD, row->held);
		table_set_count(table, r, COLUMN_CONFLICTS, row->conflicts);
	}
	table_set(table, r, COLUMN_STATE, text_of(sources_state_name(row->state)));
	if (row->told_ms != EVENT_ABSENT) {
		moment_text(row->told_ms, text);
		table_set(table, r, COLUMN_TOLD, text_of(text));
	}
}

/* For people: of a component only where it differs; what is in no checkpoint is summed up below. */
static bool is_shown(const struct context *context, const struct sources_row *row)
{
	if (context->form != FORM_TABLE)
		return true;
	if (row->total == CHECKPOINT_EVENTS)
		return row->state != SOURCES_UNTOLD || row->told_ms != EVENT_ABSENT;
	return row->state != SOURCES_EQUAL;
}

static void make_table(const struct context *context, const struct sources *sources,
                       struct table *table)
{
	for (size_t c = 0; c < sizeof(columns) / sizeof(columns[0]); c++)
		table_column(table, columns[c].key, columns[c].title, columns[c].type,
		             columns[c].quiet);
	table->columns[COLUMN_CONFLICTS].hidden = table->columns[COLUMN_TOLD].hidden = true;
	for (size_t i = 0; i < sources->row_count; i++) {
		if (is_shown(context, &sources->rows[i]))
			set_row(table, &sources->rows[i]);
	}
}

/* What of one source is in no checkpoint, hour by hour; rows are by source. */
struct untold {
	struct text source;
	int64_t hours, requests, held, first_ms, last_ms;
};

/* From *at on; false: there is nothing more. */
static bool next_untold(const struct sources *sources, size_t *at, struct untold *untold_out)
{
	struct untold untold = { .hours = 0 };

	for (; *at < sources->row_count; (*at)++) {
		const struct sources_row *row = &sources->rows[*at];

		if (row->state != SOURCES_UNTOLD || row->total != CHECKPOINT_EVENTS ||
		    row->told_ms != EVENT_ABSENT)
			continue;
		if (untold.hours > 0 && !text_equal(untold.source, row->source))
			break;
		if (untold.hours++ == 0)
			untold.first_ms = row->hour_ms;
		untold.source = row->source;
		untold.last_ms = row->hour_ms;
		untold.requests += row->stored;
		untold.held += row->held;
	}
	*untold_out = untold;
	return untold.hours > 0;
}

static void write_untold(struct context *context, const struct untold *untold)
{
	char first[MOMENT_TEXT_BYTES], last[MOMENT_TEXT_BYTES];

	moment_text_unit(untold->first_ms, MOMENT_HOUR, first);
	moment_text_unit(untold->last_ms, MOMENT_HOUR, last);
	printer_wrapf(&context->printer, 0,
	              "Not covered: %.*s: %lld request%s of %lld hour%s (%s%s%s) %s in no "
	              "checkpoint",
	              TEXT_ARGS(untold->source), (long long)untold->requests,
	              untold->requests == 1 ? "" : "s", (long long)untold->hours,
	              untold->hours == 1 ? "" : "s", first, untold->hours > 1 ? " to " : "",
	              untold->hours > 1 ? last : "", untold->requests == 1 ? "is" : "are");
}

static const char *moment_or_nothing(int64_t ms, char out[MOMENT_TEXT_BYTES])
{
	if (ms == EVENT_ABSENT)
		return "";
	moment_text(ms, out);
	return out;
}

static void write_gap(struct context *context, const struct sources_finding *finding,
                      const char *epoch)
{
	char at[MOMENT_TEXT_BYTES], before[MOMENT_TEXT_BYTES];
	long long first = finding->before == EVENT_ABSENT ? 0 : (long long)finding->before + 1;
	long long last = (long long)finding->seq - 1;

	moment_or_nothing(finding->at_ms, at);
	if (finding->before == EVENT_ABSENT)
		printer_wrapf(&context->printer, 0,
		              "GAP: %.*s%s begins at seq %lld (%s): those before it never came",
		              TEXT_ARGS(finding->source), epoch, last + 1, at);
	else if (first == last)
		printer_wrapf(&context->printer, 0,
		              "GAP: %.*s%s: seq %lld never came, between %lld (%s) and %lld (%s)",
		              TEXT_ARGS(finding->source), epoch, first, first - 1,
		              moment_or_nothing(finding->before_ms, before), last + 1, at);
	else
		printer_wrapf(
			&context->printer, 0,
			"GAP: %.*s%s: seq %lld to %lld never came, between %lld (%s) and %lld (%s)",
			TEXT_ARGS(finding->source), epoch, first, last, first - 1,
			moment_or_nothing(finding->before_ms, before), last + 1, at);
}

static void write_finding(struct context *context, const struct sources_finding *finding)
{
	struct printer *printer = &context->printer;
	char at[MOMENT_TEXT_BYTES], epoch[48] = "";

	if (finding->epoch > 0)
		snprintf(epoch, sizeof(epoch), " epoch %lld", (long long)finding->epoch);
	moment_or_nothing(finding->at_ms, at);
	switch (finding->kind) {
	case SOURCES_FINDING_GAP:
		write_gap(context, finding, epoch);
		break;
	case SOURCES_FINDING_FELL:
		printer_wrapf(printer, 0,
		              "FELL: %.*s%s: seq %lld (%s): %.*s; counted as begun anew, which "
		              "a higher epoch would tell",
		              TEXT_ARGS(finding->source), epoch, (long long)finding->seq, at,
		              TEXT_ARGS(finding->detail));
		break;
	case SOURCES_FINDING_REFUSED:
		printer_wrapf(printer, 0, "REFUSED: %.*s: a checkpoint is in quarantine (%s): %.*s",
		              TEXT_ARGS(finding->source), at, TEXT_ARGS(finding->detail));
		break;
	case SOURCES_FINDING_UNREAD:
		if (finding->seq == EVENT_ABSENT)
			printer_wrapf(printer, 0, "UNREAD: %.*s%s (%s): %.*s",
			              TEXT_ARGS(finding->source), epoch, at,
			              TEXT_ARGS(finding->detail));
		else
			printer_wrapf(printer, 0, "UNREAD: %.*s%s: seq %lld (%s): %.*s",
			              TEXT_ARGS(finding->source), epoch, (long long)finding->seq,
			              at, TEXT_ARGS(finding->detail));
		break;
	case SOURCES_FINDING_UNKNOWN:
		printer_wrapf(printer, 0,
		              "Not compared: %.*s%s: seq %lld tells %.*s, which is no component",
		              TEXT_ARGS(finding->source), epoch, (long long)finding->seq,
		              TEXT_ARGS(finding->detail));
		break;
	case SOURCES_FINDING_COUNT:
		break;
	}
}

/* Each state that there is, once, with what it means. */
static void write_states(struct context *context, const struct sources *sources)
{
	bool seen[SOURCES_STATE_COUNT] = { false };

	for (size_t i = 0; i < sources->row_count; i++)
		seen[sources->rows[i].state] = true;
	for (int s = 0; s < SOURCES_STATE_COUNT; s++) {
		enum sources_state state = (enum sources_state)s;

		if (seen[s] && state != SOURCES_EQUAL && state != SOURCES_UNTOLD)
			printer_wrapf(&context->printer, 0, "%s: %s.", sources_state_name(state),
			              sources_state_text(state));
	}
}

static void write_text(struct context *context, const struct sources *sources)
{
	struct untold untold;
	int64_t conflicts = 0;
	bool any = false;

	buf_add(&context->out, "\n", 1);
	write_states(context, sources);
	for (size_t i = 0; i < sources->finding_count; i++)
		write_finding(context, &sources->findings[i]);
	for (size_t at = 0; next_untold(sources, &at, &untold);)
		write_untold(context, &untold);
	for (size_t i = 0; i < sources->row_count; i++) {
		const struct sources_row *row = &sources->rows[i];

		any = any || row->sent != EVENT_ABSENT;
		if (row->state == SOURCES_CONFLICT)
			conflicts++;
	}
	if (conflicts > 0)
		printer_wrapf(
			&context->printer, 0,
			"What came twice, the first of it counted: toll quarantine conflicts");
	if (sources->whole_skipped)
		printer_wrapf(&context->printer, 0,
		              "Not compared: totals without an hour, which a range cannot be held "
		              "against: leave out --from and --to.");
	if (sources->nameless > 0)
		printer_wrapf(&context->printer, 0,
		              "%lld line%s in quarantine name%s no source: toll quarantine list",
		              (long long)sources->nameless, sources->nameless == 1 ? "" : "s",
		              sources->nameless == 1 ? "s" : "");
	if (sources->differs)
		buf_add_cstr(&context->out, "DIFFERENCES.\n");
	else
		buf_add_cstr(&context->out, any ? "No difference in what the checkpoints cover.\n"
		                                : "No checkpoint to compare with.\n");
}

static void add_number(struct buf *out, const char *key, int64_t value)
{
	if (value == EVENT_ABSENT)
		buf_addf(out, ",\"%s\":null", key);
	else
		buf_addf(out, ",\"%s\":%lld", key, (long long)value);
}

static void add_moment(struct buf *out, const char *key, int64_t ms)
{
	char text[MOMENT_TEXT_BYTES];

	if (ms != EVENT_ABSENT)
		moment_text(ms, text);
	buf_addf(out, ms == EVENT_ABSENT ? ",\"%s\":null" : ",\"%s\":\"%s\"", key, text);
}

static void write_json(struct context *context, const struct sources *sources,
                       const struct table *table)
{
	struct buf *out = &context->out;

	buf_add(out, "{", 1);
	export_json_members(out, table);
	buf_add_cstr(out, ",\"findings\":[");
	for (size_t i = 0; i < sources->finding_count; i++) {
		const struct sources_finding *finding = &sources->findings[i];

		buf_addf(out, "%s{\"kind\":\"%s\",\"source\":", i > 0 ? "," : "",
		         sources_finding_name(finding->kind));
		buf_add_json(out, finding->source);
		add_number(out, "epoch", finding->epoch);
		add_number(out, "seq_before", finding->before);
		add_number(out, "seq", finding->seq);
		add_moment(out, "received_before", finding->before_ms);
		add_moment(out, "received", finding->at_ms);
		buf_add_cstr(out, ",\"detail\":");
		if (finding->detail.at != NULL)
			buf_add_json(out, finding->detail);
		else
			buf_add_cstr(out, "null");
		buf_add(out, "}", 1);
	}
	buf_addf(out,
	         "],\"quarantined_without_source\":%lld,\"totals_without_hour_skipped\":%s"
	         ",\"ok\":%s}\n",
	         (long long)sources->nameless, sources->whole_skipped ? "true" : "false",
	         sources->differs ? "false" : "true");
}

static bool is_empty(const struct sources *sources)
{
	return sources->row_count == 0 && sources->finding_count == 0;
}

/* A name of which nothing came, at any time, is a mistake rather than without a difference. */
static int check_source(struct context *context, struct text source)
{
	const struct sources_query query = { LEDGER_FROM_MIN, LEDGER_TO_MAX, source };
	struct sources sources;
	int r = sources_reconcile(context->ledger, &query, &sources, &context->fault);

	if (r < 0)
		return r;
	if (is_empty(&sources))
		r = fault_set(&context->fault, FAULT_NOT_FOUND,
		              "--source %.*s: the ledger has nothing of this source: toll report "
		              "--by source lists those that it knows",
		              TEXT_ARGS(source));
	sources_release(&sources);
	return r;
}

enum exit_code reconcile_sources(struct context *context)
{
	struct sources_query query = { .source = options_text(&context->options, "source") };
	struct table table = { .rows = NULL };
	struct sources sources;
	enum exit_code code;
	int r = range_read(context, &query.from_ms, &query.to_ms);

	if (r == 0)
		r = sources_reconcile(context->ledger, &query, &sources, &context->fault);
	if (r == -FAULT_INVALID)
		return EXIT_USAGE;
	if (r == 0 && query.source.at != NULL && is_empty(&sources)) {
		r = check_source(context, query.source);
		if (r < 0)
			sources_release(&sources);
	}
	if (r < 0)
		return command_failed(context, r);
	make_table(context, &sources, &table);
	if (context->form == FORM_JSON)
		write_json(context, &sources, &table);
	else if (table.row_count > 0 || context->form == FORM_CSV)
		command_table(context, &table);
	if (context->form == FORM_TABLE)
		write_text(context, &sources);
	if (table.error != 0)
		context->out.error = table.error;
	code = sources.differs ? EXIT_DIFFERENCE : EXIT_DONE;
	if (context->form == FORM_CSV && sources.finding_count > 0)
		command_say("findings: %zu, which --json tells", sources.finding_count);
	table_release(&table);
	sources_release(&sources);
	return code;
}
