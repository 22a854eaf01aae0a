#include "report/report.h"

#include <string.h>

#include "base/moment.h"
#include "cli/command.h"
#include "cli/doubts.h"
#include "cli/range.h"
#include "export/export.h"

static const struct option options[] = {
	{ "by", "WHAT", "account, key, model, source, provider, hour, day or month" },
	RANGE_OPTIONS,
	{ "account", "NAME", "only this account" },
	{ "key", "NAME", "only this key: its name, or the credential" },
	{ "model", "NAME", "only this model, as it was sent" },
	{ "source", "NAME", "only this source" },
	{ "provider", "NAME", "only this provider" },
	{ NULL, NULL, NULL },
};

static const struct {
	const char *name;
	size_t offset;
} filters[] = {
	{ "account", offsetof(struct report_query, account) },
	{ "key", offsetof(struct report_query, key) },
	{ "model", offsetof(struct report_query, model) },
	{ "source", offsetof(struct report_query, source) },
	{ "provider", offsetof(struct report_query, provider) },
};
enum { FILTERS = sizeof(filters) / sizeof(filters[0]) };

static struct text *filter_of(struct report_query *query, size_t index)
{
	return (struct text *)((char *)query + filters[index].offset);
}

/* "2026-11-22 00:00:00" without the parts that say nothing. */
static void short_moment(int64_t ms, char out[MOMENT_TEXT_BYTES])
{
	if (ms == moment_floor(ms, MOMENT_MONTH))
		moment_text_unit(ms, MOMENT_MONTH, out);
	else if (ms == moment_floor(ms, MOMENT_DAY))
		moment_text_unit(ms, MOMENT_DAY, out);
	else if (ms == moment_floor(ms, MOMENT_HOUR))
		moment_text_unit(ms, MOMENT_HOUR, out);
	else
		moment_text(ms, out);
}

static void write_heading(struct context *context, struct report_query *query)
{
	char from[MOMENT_TEXT_BYTES] = "the beginning", to[MOMENT_TEXT_BYTES] = "the end";
	struct buf line = { .at = NULL };

	if (query->from_ms != LEDGER_FROM_MIN)
		short_moment(query->from_ms, from);
	if (query->to_ms != LEDGER_TO_MAX)
		short_moment(query->to_ms, to);
	buf_addf(&line, "Usage by %s, from %s to %s (UTC%s)", report_by_key(query->by), from, to,
	         query->to_ms != LEDGER_TO_MAX ? ", end not included" : "");
	for (size_t i = 0; i < FILTERS; i++) {
		struct text value = *filter_of(query, i);

		if (value.at != NULL)
			buf_addf(&line, ", %s %.*s", filters[i].name, TEXT_ARGS(value));
	}
	printer_wrap(&context->printer, 0, buf_text(&line));
	buf_add(&context->out, "\n", 1);
	buf_release(&line);
}

/* What is not in the amounts, one line each: below the table, or as talk beside a CSV. */
static void write_notes(struct context *context, const struct report_notes *notes,
                        const struct doubts *doubts)
{
	const struct ledger_gaps *gaps = &notes->gaps;
	const struct {
		int64_t count;
		const char *one, *many, *where;
	} lines[] = {
		{ notes->suspense, "request has no rate and is", "requests have no rate and are",
		  "not in the amount: toll suspense list" },
		{ notes->uncounted, "request has", "requests have",
		  "no count: nobody told what was used" },
		{ notes->partial, "request has", "requests have",
		  "counts of a part only: more may have been used" },
		{ notes->estimated, "request has", "requests have",
		  "estimated counts, not the provider's" },
		{ notes->adjustments, "adjustment is booked in this range and is",
		  "adjustments are booked in this range and are",
		  "in the amount, not in what the requests were rated at: toll verify" },
		{ notes->corrections, "correction is booked in this range and is",
		  "corrections are booked in this range and are",
		  "in all columns: events that are void or have other counts, toll explain ID" },
		{ notes->costs ? notes->cost_unrated : 0,
		  "request has no rate in the cost book and is",
		  "requests have no rate in the cost book and are",
		  "not in the cost, which makes the margin too high: toll suspense retry" },
		{ notes->costs ? notes->cost_without_book : 0,
		  "request came when no cost book was in force and is",
		  "requests came when no cost book was in force and are",
		  "not in the cost, which makes the margin too high" },
		{ gaps->quarantined, "line was not understood and is",
		  "lines were not understood and are", "not counted: toll quarantine list" },
		{ gaps->conflicts, "event came again with other content and is",
		  "events came again with other content and are",
		  "counted as first sent: toll quarantine conflicts" },
		{ doubts->unknown, "event of this ledger carries", "events of this ledger carry",
		  "a number that nobody counts: toll status" },
		{ doubts->warned, "event of this ledger has numbers",
		  "events of this ledger have numbers",
		  "that contradict each other, counted since every way to read them costs the "
		  "same: toll doctor formats" },
	};
	bool any = false;

	if (context->form == FORM_TABLE)
		buf_add(&context->out, "\n", 1);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *what = lines[i].count == 1 ? lines[i].one : lines[i].many;

		if (lines[i].count == 0)
			continue;
		any = true;
		if (context->form == FORM_TABLE)
			printer_wrapf(&context->printer, 0, "%lld %s %s", (long long)lines[i].count,
			              what, lines[i].where);
		else
			command_say("%lld %s %s", (long long)lines[i].count, what, lines[i].where);
	}
	if (!any && context->form == FORM_TABLE)
		buf_add_cstr(
			&context->out,
			"Nothing of this range is in suspense, in quarantine or in conflict.\n");
}

static void add_moment(struct buf *out, const char *key, int64_t ms, int64_t open)
{
	char text[MOMENT_TEXT_BYTES];

	moment_text(ms == open ? 0 : ms, text);
	buf_addf(out, ",\"%s\":", key);
	if (ms == open)
		buf_add_cstr(out, "null");
	else
		buf_add_json(out, text_of(text));
}

/* column_count: there is none */
static size_t column_of(const struct table *table, const char *key)
{
	size_t c = 0;

	while (c < table->column_count && strcmp(table->columns[c].key, key) != 0)
		c++;
	return c;
}

/*
 * Where all that could cost something has no rate, 0.00 would read as free: a program finds
 * no amount there, a person a word.  The same of what it cost us.
 */
static void name_unpriced(struct table *table, enum command_form form)
{
	size_t suspense = column_of(table, "suspense"), amount = column_of(table, "amount");
	size_t cost = column_of(table, "cost");

	for (size_t r = 0; r <= table->row_count; r++) {
		struct text *cells = r < table->row_count ? table->rows[r].cells
		                                          : table->total.cells;

		if (cells != NULL && !text_is(cells[suspense], "0") &&
		    text_is(cells[amount], "0.00"))
			cells[amount] = text_of(form == FORM_TABLE ? "unpriced" : NULL);
		if (cells != NULL && cost < table->column_count && cells[cost].at == NULL &&
		    form == FORM_TABLE)
			cells[cost] = text_of("uncosted");
	}
}

static void write_json(struct context *context, struct report_query *query,
                       const struct table *table, const struct report_notes *notes,
                       const struct doubts *doubts)
{
	struct buf *out = &context->out;

	buf_addf(out, "{\"by\":\"%s\"", report_by_key(query->by));
	add_moment(out, "from", query->from_ms, LEDGER_FROM_MIN);
	add_moment(out, "to", query->to_ms, LEDGER_TO_MAX);
	buf_add_cstr(out, ",\"filters\":{");
	for (size_t i = 0, many = 0; i < FILTERS; i++) {
		struct text value = *filter_of(query, i);

		if (value.at == NULL)
			continue;
		buf_addf(out, "%s\"%s\":", many++ > 0 ? "," : "", filters[i].name);
		buf_add_json(out, value);
	}
	buf_add_cstr(out, "},\"currency\":");
	if (notes->currency[0] != '\0')
		buf_add_json(out, text_of(notes->currency));
	else
		buf_add_cstr(out, "null");
	buf_add(out, ",", 1);
	export_json_members(out, table);
	buf_addf(out,
	         ",\"provenance\":{\"partial\":%lld,\"estimated\":%lld,\"uncounted\":%lld}"
	         ",\"not_in_amount\":{\"suspense\":%lld,\"quarantined\":%lld,\"conflicts\":%lld,"
	         "\"unknown_events\":%lld},\"contradictions\":{\"warned\":%lld,\"settled\":%lld}",
	         (long long)notes->partial, (long long)notes->estimated,
	         (long long)notes->uncounted, (long long)notes->suspense,
	         (long long)notes->gaps.quarantined, (long long)notes->gaps.conflicts,
	         (long long)doubts->unknown, (long long)doubts->warned, (long long)doubts->settled);
	if (notes->adjustments > 0)
		buf_addf(out, ",\"adjustments\":%lld", (long long)notes->adjustments);
	if (notes->corrections > 0)
		buf_addf(out, ",\"corrections\":%lld", (long long)notes->corrections);
	if (notes->costs)
		buf_addf(out, ",\"not_in_cost\":{\"no_rate\":%lld,\"no_cost_book\":%lld}",
		         (long long)notes->cost_unrated, (long long)notes->cost_without_book);
	buf_add_cstr(out, "}\n");
}

static enum exit_code read_query(struct context *context, struct report_query *query_out)
{
	struct report_query query = { .by = REPORT_BY_ACCOUNT };
	struct text by = options_text(&context->options, "by");

	if (range_read(context, &query.from_ms, &query.to_ms) < 0)
		return EXIT_USAGE;
	if (by.at != NULL)
		query.by = report_by_find(by);
	if (query.by == REPORT_BY_COUNT)
		return command_misused(context, "--by %.*s: %s is due", TEXT_ARGS(by),
		                       options[0].help);
	for (size_t i = 0; i < FILTERS; i++)
		*filter_of(&query, i) = options_text(&context->options, filters[i].name);
	*query_out = query;
	return EXIT_DONE;
}

/* A credential is asked for by the form that it is stored in; false: that cannot be told. */
static bool find_key(struct context *context, struct report_query *query,
                     char room[CREDENTIAL_FORM_BYTES])
{
	struct credentials credentials = { .keys = CREDENTIAL_DETECT, .known = true };
	struct fault fault;

	if (query->key.at == NULL || !credential_is(credentials.keys, query->key))
		return true;
	if (ledger_secret(context->ledger_path, &credentials.secret, &fault) < 0) {
		fault_set(&context->fault, fault.code,
		          "--key: a credential takes the secret of the ledger: %.300s; or give "
		          "the name that toll report --by key shows",
		          fault.text);
		return false;
	}
	query->key = credential_name(&credentials, query->key, room);
	explicit_bzero(&credentials, sizeof(credentials));
	return true;
}

static enum exit_code check(struct context *context)
{
	struct report_query query;
	enum exit_code code = command_no_words(context, "report");

	return code != EXIT_DONE ? code : read_query(context, &query);
}

static enum exit_code run(struct context *context)
{
	struct table table = { .rows = NULL };
	struct report_query query;
	struct report_notes notes;
	struct doubts doubts = { 0 };
	enum exit_code code = read_query(context, &query);
	char room[CREDENTIAL_FORM_BYTES];
	int r;

	if (code != EXIT_DONE)
		return code;
	if (!find_key(context, &query, room))
		return command_failed(context, -(int)context->fault.code);
	r = report_run(context->ledger, &query, &table, &notes, &context->fault);
	if (r == 0 && notes.gaps.unknown_events > 0)
		r = doubts_count(context->ledger, &doubts, &context->fault);
	if (r < 0)
		return command_failed(context, r);
	name_unpriced(&table, context->form);
	if (context->form == FORM_JSON) {
		write_json(context, &query, &table, &notes, &doubts);
	} else {
		if (context->form == FORM_TABLE)
			write_heading(context, &query);
		command_table(context, &table);
		write_notes(context, &notes, &doubts);
	}
	table_release(&table);
	return EXIT_DONE;
}

const struct command command_report = {
	.name = "report",
	.summary = "Sum up requests, components and amounts of a range",
	.synopsis = "report [--by WHAT] [--from TIME] [--to TIME] [--account NAME] ...",
	.details = "Times are UTC and the end is not included: --from 2026-11 --to 2026-12 is "
		   "November.\n"
		   "What is not in the amount (suspense, quarantine, conflicts) is always said "
		   "below.\n"
		   "With a cost book there are cost and margin beside the amount; adjustments and "
		   "corrections that are booked in the range are in the amount, and have a column.",
	.needs = NEEDS_LEDGER,
	.csv = true,
	.json = true,
	.options = options,
	.check = check,
	.run = run,
};
