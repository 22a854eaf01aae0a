#include "tests/support/matchkit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "ingest/change.h"
#include "report/report.h"

static const char book[] =
	"{'pricebook':1,'name':'b','currency':'USD','models':[{'model':'m','aliases':['vendor/m'],"
	"'versions':[{'effective_from':'2026','rates':[{'component':'input','each':'1'},"
	"{'component':'output','each':'2'}]}]},{'model':'n','versions':[{'effective_from':'2026',"
	"'rates':[{'component':'input','each':'3'},{'component':'output','each':'4'}]}]}]}";

static void start_spool(struct matchkit *kit)
{
	assert_int_equal(statement_spool_open(&kit->spool, kit->ledger.folder, NULL), 0);
	kit->rows = 0;
	kit->ended = false;
}

int match_setup(void **state)
{
	struct matchkit *kit = calloc(1, sizeof(*kit));

	assert_non_null(kit);
	kit_open(&kit->ledger);
	kit_price(&kit->ledger, kit_quotes(book));
	start_spool(kit);
	kit->summary.decimals = MONEY_DECIMALS_MAX;
	kit->options = (struct bill_options){ .to_ms = LEDGER_TO_MAX,
		                              .margin_ms = BILL_MARGIN_HOURS * MS_PER_HOUR,
		                              .time_slack_ms = BILL_TIME_SLACK_MS };
	*state = kit;
	return 0;
}

int match_teardown(void **state)
{
	struct matchkit *kit = *state;

	statement_spool_close(kit->spool);
	bill_result_release(&kit->result);
	buf_release(&kit->found);
	kit_close(&kit->ledger);
	free(kit);
	return 0;
}

void match_event(struct matchkit *kit, const char *id, const char *time, int64_t input,
                 int64_t output, const char *more)
{
	char line[1024];
	enum ingest_verdict verdict;

	snprintf(line, sizeof(line),
	         "{'id':'%s','time':'%s','api':'toll','usage':{'input':%lld,'output':%lld}%s%s%s%s%"
	         "s}",
	         id, time, (long long)input, (long long)output, more,
	         strstr(more, "'source'") == NULL ? ",'source':'gw-1'" : "",
	         strstr(more, "'account'") == NULL ? ",'account':'a'" : "",
	         strstr(more, "'key'") == NULL ? ",'key':'k'" : "",
	         strstr(more, "'model'") == NULL ? ",'model':'m'" : "");
	verdict = kit_send(&kit->ledger, kit_quotes(line));
	if (verdict != INGEST_ACCEPTED && verdict != INGEST_UNPRICED)
		fail_msg("%s: %s", line, ingest_verdict_name(verdict));
}

/* ---- rows ---- */

static bool set_text(struct statement_row *row, struct text word, struct text value)
{
	const struct {
		const char *word;
		struct text *to;
	} texts[] = {
		{ "id", &row->id },
		{ "upstream_id", &row->upstream_id },
		{ "account", &row->account },
		{ "request_id", &row->request_id },
		{ "key", &row->key },
		{ "model", &row->model },
		{ "provider", &row->provider },
		{ "source", &row->source },
		{ "description", &row->description },
		{ "service_tier", &row->service_tier },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (text_is(word, texts[i].word)) {
			*texts[i].to = value;
			return true;
		}
	}
	return false;
}

static bool set_time(struct statement_row *row, struct text word, struct text value)
{
	bool request = text_is(word, "time");

	if (!request && !text_is(word, "from") && !text_is(word, "to"))
		return false;
	if (!moment_parse_date(value, text_is(word, "to") ? &row->to_ms : &row->from_ms))
		fail_msg("no time: %.*s", TEXT_ARGS(value));
	row->request = request;
	if (request) {
		row->to_ms = row->from_ms + 1;
		row->requests = 1;
	}
	return true;
}

static bool set_number(struct statement_row *row, struct text word, struct text value)
{
	static const char *const monies[STATEMENT_MONEY_COUNT] = {
#define M(NAME, name, text) [STATEMENT_MONEY_##NAME] = name,
#include "statement/money.def"
#undef M
	};
	enum component component = component_find(word);

	for (int m = 0; m < STATEMENT_MONEY_COUNT; m++) {
		if (text_is(word, monies[m])) {
			row->has_money |= 1U << m;
			return money_parse(value, &row->money[m], NULL) == 0;
		}
	}
	if (component != COMPONENT_COUNT) {
		row->told |= 1U << component;
		return text_int(value, &row->count[component]);
	}
	if (text_is(word, "requests_made"))
		return text_int(value, &row->requests);
	return text_is(word, "prompt_total") && text_int(value, &row->prompt_total);
}

static bool set_word(struct statement_row *row, struct text word, struct text value)
{
	if (text_is(word, "currency"))
		return text_copy(row->currency, sizeof(row->currency), value);
	if (text_is(word, "of")) {
		row->of = component_find(value);
		return row->of != COMPONENT_COUNT;
	}
	if (!text_is(word, "charge"))
		return false;
	while (row->charge < STATEMENT_CHARGE_COUNT &&
	       !text_is(value, statement_charge_name(row->charge)))
		row->charge++;
	return row->charge < STATEMENT_CHARGE_COUNT;
}

void match_row(struct matchkit *kit, const char *text)
{
	struct statement_row row;
	struct text rest = text_of(text), part, word;

	statement_row_init(&row);
	row.record = ++kit->rows;
	row.from_ms = row.to_ms = STATEMENT_UNTOLD;
	row.request = true;
	while (text_cut(&rest, ' ', &part)) {
		struct text value = part;

		if (part.len == 0)
			continue;
		if (!text_cut(&value, '=', &word) || value.at == NULL ||
		    !(set_text(&row, word, value) || set_time(&row, word, value) ||
		      set_number(&row, word, value) || set_word(&row, word, value)))
			fail_msg("row %s: %.*s", text, TEXT_ARGS(part));
	}
	assert_int_equal(statement_spool_add(kit->spool, &row, NULL, NULL), 0);
}

void match_change(struct matchkit *kit, const char *request)
{
	struct change change = { text_of(kit_quotes(request)), text_of("uid 7"), KIT_NOW_MS };
	struct fault fault = { .code = FAULT_NONE };
	struct buf reply = { .at = NULL };
	bool changed;

	if (change_run(kit->ledger.ledger, &change, &reply, &changed, &fault) < 0)
		fail_msg("%s: %s", request, fault.text);
	buf_release(&reply);
}

void match_no_rows(struct matchkit *kit)
{
	statement_spool_close(kit->spool);
	kit->spool = NULL;
	start_spool(kit);
}

/* ---- runs ---- */

static const char *amount_text(struct money amount)
{
	static char kept[4][MONEY_TEXT_BYTES];
	static unsigned turn;
	char *text = kept[turn++ % 4];

	money_text(amount, text);
	return text;
}

static int put(void *context, const struct bill_difference *difference, struct fault *fault)
{
	struct matchkit *kit = context;

	(void)fault;
	buf_addf(&kit->found, "%s %s %.*s", bill_cause_name(difference->cause),
	         amount_text(difference->amount),
	         difference->id.at != NULL ? (int)difference->id.len : 1,
	         difference->id.at != NULL ? difference->id.at : "-");
	if (difference->record > 0)
		buf_addf(&kit->found, " %lld", (long long)difference->record);
	else
		buf_add_cstr(&kit->found, " -");
	if (difference->of_record > 0)
		buf_addf(&kit->found, " of %lld", (long long)difference->of_record);
	buf_add_cstr(&kit->found, "\n");
	return 0;
}

int match_try(struct matchkit *kit, struct fault *fault)
{
	bill_result_release(&kit->result);
	buf_clear(&kit->found);
	if (!kit->ended && statement_spool_end(kit->spool, fault) < 0)
		fail_msg("the spool does not end");
	kit->ended = true;
	return bill_reconcile(kit->ledger.ledger, kit->spool, &kit->summary, 1, &kit->options, put,
	                      kit, &kit->result, fault);
}

/* Ours is what `toll report` has in its last row. */
static void check_report(const struct matchkit *kit)
{
	const struct bill_options *options = &kit->options;
	const struct bill_result *result = &kit->result;
	const struct report_query query = { .by = REPORT_BY_MODEL,
		                            .from_ms = result->from_ms,
		                            .to_ms = result->to_ms,
		                            .account = options->account,
		                            .model = options->model,
		                            .source = options->source,
		                            .key = options->key,
		                            .provider = options->provider };
	const char *column = options->side == BOOK_COST ? "cost" : "amount";
	struct report_notes notes;
	struct table table;
	struct money total;
	size_t c = 0;

	assert_int_equal(report_run(kit->ledger.ledger, &query, &table, &notes, NULL), 0);
	while (c < table.column_count && strcmp(table.columns[c].key, column) != 0)
		c++;
	assert_true(c < table.column_count);
	/* Where nothing has a cost none is told. */
	total.attos = 0;
	if (table.total.cells[c].at != NULL)
		assert_int_equal(money_parse(table.total.cells[c], &total, NULL), 0);
	if (money_compare(total, result->ours.amount) != 0)
		fail_msg("ours is %s, and the report tells %s", amount_text(result->ours.amount),
		         amount_text(total));
	assert_int_equal(notes.events, result->ours.requests);
	if (options->side == BOOK_SELL)
		assert_int_equal(notes.suspense, result->ours_suspense);
	table_release(&table);
}

static void check_sums(const struct matchkit *kit)
{
	const struct bill_result *result = &kit->result;
	struct money causes = { 0 };
	int64_t count = 0;

	for (int c = 0; c < CAUSE_COUNT; c++) {
		assert_int_equal(money_total_add(causes, result->causes[c].amount, &causes), 0);
		count += result->causes[c].differences;
	}
	assert_int_equal(count, result->differences);
	assert_true(causes.attos == result->theirs.amount.attos - result->ours.amount.attos);
	assert_true(result->ours.amount.attos == result->ours_events.attos +
	                                                 result->ours_adjustments.attos +
	                                                 result->ours_corrections.attos);
}

const char *match_run(struct matchkit *kit)
{
	struct fault fault = { .code = FAULT_NONE };

	if (match_try(kit, &fault) < 0) {
		buf_clear(&kit->found);
		buf_addf(&kit->found, "fault: %s\n", fault.text);
		return kit->found.at;
	}
	check_report(kit);
	check_sums(kit);
	buf_addf(&kit->found, "ours %s theirs %s\n", amount_text(kit->result.ours.amount),
	         amount_text(kit->result.theirs.amount));
	return kit->found.at;
}

void match_finds(struct matchkit *kit, const char *lines)
{
	assert_string_equal(match_run(kit), lines);
}
