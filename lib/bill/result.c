#include "bill/result.h"

#include <string.h>

#include "base/moment.h"
#include "bill/result_internal.h"
#include "statement/format.h"

static const struct {
	const char *key;
	enum table_type type;
} columns[] = {
	{ "difference", TABLE_COUNT }, { "cause", TABLE_TEXT },
	{ "effect", TABLE_TEXT },      { "component", TABLE_TEXT },
	{ "amount", TABLE_AMOUNT },    { "tolerated", TABLE_COUNT },
	{ "ours", TABLE_AMOUNT },      { "theirs", TABLE_AMOUNT },
	{ "ours_count", TABLE_COUNT }, { "theirs_count", TABLE_COUNT },
	{ "ours_time", TABLE_TIME },   { "theirs_time", TABLE_TIME },
	{ "source", TABLE_TEXT },      { "id", TABLE_TEXT },
	{ "their_id", TABLE_TEXT },    { "account", TABLE_TEXT },
	{ "key", TABLE_TEXT },         { "model", TABLE_TEXT },
	{ "record", TABLE_COUNT },     { "of_record", TABLE_COUNT },
	{ "why", TABLE_TEXT },
};

/* ---- what others share ---- */

struct money bill_result_difference(const struct bill_result *result)
{
	return (struct money){ result->theirs.amount.attos - result->ours.amount.attos };
}

int result_adds_up(const struct bill_result *result, struct fault *fault)
{
	struct money sum = result->ours.amount;
	int r = 0;

	for (int c = 0; c < CAUSE_COUNT && r == 0; c++)
		r = money_total_add(sum, result->causes[c].amount, &sum);
	if (r == 0 && money_compare(sum, result->theirs.amount) == 0)
		return 0;
	return bill_at_fault("the causes do not add up to the difference of the totals", fault);
}

void result_add_signed(struct buf *out, struct money amount)
{
	char text[MONEY_TEXT_BYTES];

	money_text(amount, text);
	buf_addf(out, "%s%s", amount.attos > 0 ? "+" : "", text);
}

void result_add_moment(struct buf *out, int64_t ms)
{
	char text[MOMENT_TEXT_BYTES];

	if (ms % MS_PER_HOUR == 0)
		moment_text_unit(ms, MOMENT_HOUR, text);
	else
		moment_text(ms, text);
	buf_add_cstr(out, text);
}

/* "NAME: " before each line of `lines`. */
static void add_lines(struct buf *out, const char *name, const struct buf *lines)
{
	struct text rest = buf_text(lines), line;

	while (text_cut(&rest, '\n', &line)) {
		if (line.len > 0)
			buf_addf(out, "%s%s%.*s\n", name, name[0] != '\0' ? ": " : "",
			         TEXT_ARGS(line));
	}
}

void bill_result_warnings(const struct bill_result *result,
                          const struct bill_statement_name *statements, size_t count,
                          struct buf *out)
{
	if (result->ours_suspense > 0)
		buf_addf(out,
		         "%lld event%s of ours without a price: a hole in our total: toll "
		         "suspense list\n",
		         (long long)result->ours_suspense, text_plural(result->ours_suspense));
	if (result->priced_here)
		buf_add_cstr(out, "the statement has no amounts: theirs is its counts at our "
		                  "prices\n");
	if (result->outside > 0)
		buf_addf(out,
		         "%lld row%s of the statement outside the period, and not in its total "
		         "here\n",
		         (long long)result->outside, text_plural(result->outside));
	for (size_t i = 0; i < count; i++) {
		const struct statement_summary *summary = statements[i].summary;

		add_lines(out, statements[i].name, &summary->notes);
	}
	add_lines(out, "", &result->notes);
}

/* All statements' total in this currency; false: it does not fit. */
static bool add_currency(const struct bill_statement_name *statements, size_t count,
                         const char *currency, int64_t *rows_out, struct money *amount_out)
{
	*rows_out = 0;
	*amount_out = (struct money){ 0 };
	for (size_t s = 0; s < count; s++) {
		const struct statement_summary *summary = statements[s].summary;

		for (size_t t = 0; t < summary->total_count; t++) {
			if (strcmp(summary->totals[t].currency, currency) != 0)
				continue;
			*rows_out += summary->totals[t].rows;
			if (money_add(*amount_out, summary->totals[t].amount, amount_out) < 0)
				return false;
		}
	}
	return true;
}

/* Some statement before this one has it, too: it was told with that one. */
static bool is_told(const struct bill_statement_name *statements, size_t before,
                    const char *currency)
{
	for (size_t s = 0; s < before; s++) {
		for (size_t t = 0; t < statements[s].summary->total_count; t++) {
			if (strcmp(statements[s].summary->totals[t].currency, currency) == 0)
				return true;
		}
	}
	return false;
}

void bill_result_other_currencies(const struct bill_result *result,
                                  const struct bill_statement_name *statements, size_t count,
                                  struct buf *out)
{
	const char *comma = "";

	for (size_t s = 0; s < count; s++) {
		const struct statement_summary *summary = statements[s].summary;

		for (size_t t = 0; t < summary->total_count; t++) {
			const char *currency = summary->totals[t].currency;
			char text[MONEY_TEXT_BYTES] = "more than can be told";
			struct money amount;
			int64_t rows;

			if (currency[0] == '\0' || strcmp(currency, result->currency) == 0 ||
			    is_told(statements, s, currency))
				continue;
			if (add_currency(statements, count, currency, &rows, &amount))
				money_text(amount, text);
			buf_addf(out, "%s%s %s in %lld row%s", comma, text, currency,
			         (long long)rows, text_plural(rows));
			comma = ", ";
		}
	}
}

/* ---- CSV ---- */

void bill_difference_columns(struct table *table)
{
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		table_column(table, columns[i].key, columns[i].key, columns[i].type, false);
}

static void set_money(struct table *table, size_t row, size_t column, struct money amount)
{
	char text[MONEY_TEXT_BYTES];

	money_text(amount, text);
	table_set(table, row, column, text_of(text));
}

static void set_count(struct table *table, size_t row, size_t column, int64_t count)
{
	if (count != BILL_COUNT_UNTOLD)
		table_set_count(table, row, column, count);
}

static void set_record(struct table *table, size_t row, size_t column, int64_t record)
{
	if (record != 0)
		table_set_count(table, row, column, record);
}

static void set_moment(struct table *table, size_t row, size_t column, int64_t ms)
{
	char text[MOMENT_TEXT_BYTES];

	if (ms == EVENT_ABSENT)
		return;
	moment_text(ms, text);
	table_set(table, row, column, text_of(text));
}

/* `sides`: the amounts of the pair too. */
static void set_difference(struct table *table, const struct bill_difference *difference,
                           bool sides)
{
	const struct text names[] = { difference->source,  difference->id,  difference->their_id,
		                      difference->account, difference->key, difference->model };
	size_t row = table_row(table), at = 0;

	table_set_count(table, row, at++, difference->ordinal);
	table_set(table, row, at++, text_of(bill_cause_name(difference->cause)));
	if (difference->effect != EFFECT_NONE)
		table_set(table, row, at, text_of(bill_effect_name(difference->effect)));
	at++;
	if (difference->component < COMPONENT_COUNT)
		table_set(table, row, at, text_of(component_info[difference->component].key));
	at++;
	set_money(table, row, at++, difference->amount);
	table_set_count(table, row, at++, difference->tolerated);
	if (sides) {
		set_money(table, row, at, difference->ours);
		set_money(table, row, at + 1, difference->theirs);
	}
	at += 2;
	set_count(table, row, at++, difference->ours_count);
	set_count(table, row, at++, difference->theirs_count);
	set_moment(table, row, at++, difference->ours_ms);
	set_moment(table, row, at++, difference->theirs_ms);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		table_set(table, row, at++, names[i]);
	set_record(table, row, at++, difference->record);
	set_record(table, row, at++, difference->of_record);
	table_set(table, row, at++, difference->why);
}

void bill_difference_row(struct table *table, const struct bill_difference *difference)
{
	set_difference(table, difference, difference->whole);
}

/* ---- JSON ---- */

static void add_string(struct buf *out, const char *key, const char *value)
{
	buf_add_member(out, key, text_of(value));
}

void bill_json_number(struct buf *out, const char *key, int64_t value)
{
	if (value == STATEMENT_UNTOLD)
		buf_addf(out, ",\"%s\":null", key);
	else
		buf_addf(out, ",\"%s\":%lld", key, (long long)value);
}

void bill_json_money(struct buf *out, const char *key, struct money amount)
{
	char text[MONEY_TEXT_BYTES];

	money_text(amount, text);
	buf_addf(out, ",\"%s\":\"%s\"", key, text);
}

static void add_bool(struct buf *out, const char *key, bool value)
{
	buf_addf(out, ",\"%s\":%s", key, value ? "true" : "false");
}

void bill_json_time(struct buf *out, const char *key, int64_t ms)
{
	char text[MOMENT_TEXT_BYTES];

	moment_text(ms, text);
	buf_add_member(out, key, text_of(text));
}

static void add_list(struct buf *out, const char *key, const struct buf *lines)
{
	struct text rest = buf_text(lines), line;
	const char *comma = "";

	buf_addf(out, ",\"%s\":[", key);
	while (text_cut(&rest, '\n', &line)) {
		if (line.len == 0)
			continue;
		buf_add_cstr(out, comma);
		buf_add_value(out, line);
		comma = ",";
	}
	buf_add(out, "]", 1);
}

static void add_statement(struct buf *out, const struct bill_statement_name *statement)
{
	const struct statement_summary *summary = statement->summary;

	buf_add_cstr(out, "{\"sha256\":");
	buf_add_json(out, text_of(summary->sha256));
	add_string(out, "name", statement->name);
	add_string(out, "format", summary->format != NULL ? summary->format->name : "mapping");
	add_string(out, "grain", statement_grain_name(summary->grain));
	bill_json_number(out, "bytes", summary->bytes);
	bill_json_number(out, "records", summary->records);
	bill_json_number(out, "rows", summary->rows);
	/* Rows that are known by their ids alone have none. */
	if (summary->first_ms < summary->last_ms) {
		bill_json_time(out, "from", summary->first_ms);
		bill_json_time(out, "to", summary->last_ms);
	}
	buf_add_cstr(out, ",\"totals\":[");
	for (size_t i = 0; i < summary->total_count; i++) {
		buf_addf(out, "%s{\"currency\":", i > 0 ? "," : "");
		if (summary->totals[i].currency[0] != '\0')
			buf_add_json(out, text_of(summary->totals[i].currency));
		else
			buf_add_cstr(out, "null");
		bill_json_number(out, "rows", summary->totals[i].rows);
		bill_json_money(out, "amount", summary->totals[i].amount);
		buf_add(out, "}", 1);
	}
	buf_add(out, "]", 1);
	add_bool(out, "states_total", summary->states_total);
	bill_json_number(out, "cut", summary->cut);
	add_list(out, "notes", &summary->notes);
	buf_add(out, "}", 1);
}

static void add_sides(struct buf *out, const struct bill_result *result)
{
	char text[MONEY_TEXT_BYTES];

	money_text(result->ours.amount, text);
	/* Below zero where more is taken back than came: -1 is a number here. */
	buf_addf(out, ",\"ours\":{\"amount\":\"%s\",\"requests\":%lld", text,
	         (long long)result->ours.requests);
	bill_json_number(out, "rows", result->ours.rows);
	bill_json_money(out, "events", result->ours_events);
	bill_json_money(out, "adjustments", result->ours_adjustments);
	bill_json_money(out, "corrections", result->ours_corrections);
	bill_json_number(out, "suspense", result->ours_suspense);
	money_text(result->theirs.amount, text);
	buf_addf(out, "},\"theirs\":{\"amount\":\"%s\"", text);
	bill_json_number(out, "requests", result->theirs.requests);
	bill_json_number(out, "rows", result->theirs.rows);
	add_bool(out, "priced_here", result->priced_here);
	bill_json_number(out, "outside", result->outside);
	buf_add(out, "}", 1);
	bill_json_money(out, "difference", bill_result_difference(result));
}

/* Every cause that something has. */
static void add_causes(struct buf *out, const struct bill_result *result)
{
	const char *comma = "";

	buf_add_cstr(out, ",\"causes\":[");
	for (int c = 0; c < CAUSE_COUNT; c++) {
		const struct bill_cause_sum *sum = &result->causes[c];
		enum bill_cause cause = (enum bill_cause)c;

		if (sum->differences == 0)
			continue;
		buf_addf(out, "%s{\"cause\":\"%s\"", comma, bill_cause_name(cause));
		bill_json_number(out, "differences", sum->differences);
		bill_json_money(out, "amount", sum->amount);
		bill_json_money(out, "absolute", sum->absolute);
		bill_json_number(out, "within", sum->within);
		bill_json_money(out, "within_amount", sum->within_amount);
		add_bool(out, "tolerated", sum->tolerated);
		add_string(out, "meaning", bill_cause_text(cause));
		add_string(out, "advice", bill_cause_advice(cause));
		buf_add(out, "}", 1);
		comma = ",";
	}
	buf_add(out, "]", 1);
}

struct suggesting {
	struct buf *out;
	const char *comma;
};

static int add_suggestion(void *context, const struct bill_suggestion *suggestion)
{
	struct suggesting *suggesting = context;
	struct buf *out = suggesting->out;

	buf_addf(out, "%s{\"cause\":\"%s\"", suggesting->comma, bill_cause_name(suggestion->cause));
	buf_add_member(out, "model", suggestion->model);
	bill_json_number(out, "pairs", suggestion->pairs);
	bill_json_money(out, "amount", suggestion->amount);
	add_string(out, "text", suggestion->text);
	add_string(out, "line", suggestion->line[0] != '\0' ? suggestion->line : NULL);
	buf_add(out, "}", 1);
	suggesting->comma = ",";
	return 0;
}

static void add_cells(struct buf *out, const struct table *table, const struct table_row *row)
{
	for (size_t c = 0; c < table->column_count; c++) {
		struct text cell = row->cells[c];

		buf_addf(out, "%s\"%s\":", c > 0 ? "," : "", table->columns[c].key);
		if (cell.at != NULL && table->columns[c].type == TABLE_COUNT)
			buf_add_text(out, cell);
		else
			buf_add_value(out, cell);
	}
}

static void add_worst(struct buf *out, const struct bill_result *result)
{
	struct table table = { .rows = NULL };

	bill_difference_columns(&table);
	for (size_t i = 0; i < result->worst_count; i++)
		set_difference(&table, &result->worst[i], true);
	buf_add_cstr(out, ",\"worst\":[");
	for (size_t i = 0; i < table.row_count; i++) {
		buf_add_cstr(out, i > 0 ? ",{" : "{");
		add_cells(out, &table, &table.rows[i]);
		buf_add_member(out, "ours_made", result->worst[i].ours_made);
		buf_add_member(out, "theirs_made", result->worst[i].theirs_made);
		buf_add(out, "}", 1);
	}
	buf_add(out, "]", 1);
	if (table.error != 0)
		out->error = table.error;
	table_release(&table);
}

int bill_result_json(const struct bill_result *result, const struct bill_statement_name *statements,
                     size_t count, struct buf *out, struct fault *fault)
{
	struct suggesting suggesting = { out, "" };
	int r = result_adds_up(result, fault);

	if (r < 0)
		return r;
	buf_addf(out, "{\"reconciliation\":%d", BILL_RESULT_FORM);
	add_string(out, "match", bill_match_name(result->match));
	bill_json_time(out, "from", result->from_ms);
	bill_json_time(out, "to", result->to_ms);
	add_string(out, "currency", result->currency);
	buf_add_cstr(out, ",\"statements\":[");
	for (size_t i = 0; i < count; i++) {
		buf_add_cstr(out, i > 0 ? "," : "");
		add_statement(out, &statements[i]);
	}
	buf_add(out, "]", 1);
	add_sides(out, result);
	bill_json_number(out, "pairs", result->pairs);
	bill_json_number(out, "equal", result->equal);
	bill_json_number(out, "differences", result->differences);
	add_causes(out, result);
	bill_json_money(out, "left", result->left);
	bill_json_number(out, "left_differences", result->left_count);
	add_bool(out, "equal_within", result->equal_within);
	buf_add_cstr(out, ",\"suggestions\":[");
	if (result->suggestions != NULL)
		r = bill_each_suggestion(result->suggestions, add_suggestion, &suggesting, fault);
	buf_add(out, "]", 1);
	add_worst(out, result);
	add_list(out, "notes", &result->notes);
	buf_add_cstr(out, "}\n");
	if (r == 0 && out->error != 0)
		r = fault_set(fault, FAULT_NOMEM, "the result: out of memory");
	return r;
}
