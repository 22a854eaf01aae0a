/* The arithmetic of one request, from what is stored, and whether it comes out the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "cli/charges.h"
#include "cli/command.h"
#include "cli/doubts.h"
#include "cli/explain_corrections.h"
#include "cli/explain_cost.h"
#include "cli/phases.h"
#include "cli/settled.h"
#include "export/export.h"
#include "ingest/terms.h"
#include "ledger/books.h"
#include "ledger/read.h"
#include "ledger/store.h"
#include "rate/policy.h"
#include "rate/rating.h"

enum { LABEL_WIDTH = CHARGES_LABEL_WIDTH, SOURCES_MAX = 32 };

static const struct option options[] = {
	{ "source", "NAME", "the source, where several have this id" },
	{ "time", "TIME", "the time of the request, where it stands at several" },
	{ NULL, NULL, NULL },
};

/* The stored event, copied out of the walk. */
struct explained {
	struct context *context;
	struct text id;
	struct stored_event row;
	struct arena arena;
	size_t found;
	struct text sources[SOURCES_MAX];
	int64_t times_ms[SOURCES_MAX];
	int64_t time_ms;         /* asked for; EVENT_ABSENT: any */
	const struct book *book; /* of its price, or the one in force where it has none */
	struct applied_book current;
	const struct usage *usage; /* what is charged of it: its own, or `charged` */
	struct usage charged;
	unsigned effect; /* policies that took something away */
	struct charges charges;
	enum rating_verdict verdict;
	struct buf problem; /* why what is stored does not follow; empty: it does */
	int64_t conflicts;
	struct phases phases; /* and parts */
	struct json extra;    /* event->extra: what has no column */
	struct event_doubts doubts;
	struct explained_cost cost;
	struct explain_corrections corrections;
	struct settled settled; /* where somebody decided how it is read */
};

static int keep_event(void *user, const struct stored_event *row)
{
	struct explained *x = user;
	struct event *event = &x->row.event;

	if (x->time_ms != EVENT_ABSENT && row->event.time_ms != x->time_ms)
		return 0;
	if (!text_equal(row->event.id, x->id))
		return phases_is_part(row->event.id, x->id)
		               ? phases_add_part(&x->phases, row, &x->context->fault)
		               : 0;
	if (x->found < SOURCES_MAX) {
		x->sources[x->found] = arena_copy(&x->arena, row->event.source);
		x->times_ms[x->found] = row->event.time_ms;
	}
	if (x->found++ > 0)
		return 0;
	x->row = *row;
	struct text *const texts[] = {
		&event->id,     &event->source,   &event->account,      &event->key,
		&event->model,  &event->provider, &event->service_tier, &event->finish_reason,
		&event->region, &event->api,      &event->extra
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i]->at == NULL)
			continue;
		*texts[i] = arena_copy(&x->arena, *texts[i]);
		if (texts[i]->at == NULL)
			return fault_set(&x->context->fault, FAULT_NOMEM, "explain: out of memory");
	}
	return 0;
}

static int find_quarantined(void *user, const struct quarantine_row *row)
{
	struct explained *x = user;

	if (!text_equal(row->event_id, x->id) || row->event_id.at == NULL)
		return 0;
	command_say("%.*s is held in quarantine (%.*s: %.*s): toll quarantine show %lld",
	            TEXT_ARGS(x->id), TEXT_ARGS(row->reason_name), TEXT_ARGS(row->detail),
	            (long long)row->id);
	return 1;
}

static int count_conflict(void *user, const struct conflict_row *row)
{
	struct explained *x = user;

	x->conflicts += text_equal(row->id, x->id) && text_equal(row->source, x->row.event.source);
	return 0;
}

/* Rates the stored counts with the stored price, and says what does not follow. */
static int derive(struct explained *x)
{
	struct fault *fault = &x->context->fault;
	const struct event *event = &x->row.event;
	const struct book_version *version = NULL;
	struct rating_request request;
	char stored[MONEY_TEXT_BYTES], derived[MONEY_TEXT_BYTES];
	int r;

	x->usage = policy_charged(x->row.policy, event, &x->charged);
	request = rating_of(event, x->usage);
	x->effect = policy_effect(x->row.policy, event);
	if (x->row.price_id > 0) {
		r = ledger_price_version(x->context->ledger, x->row.price_id, &version, &x->book,
		                         fault);
		if (r < 0)
			return r;
		x->verdict = rating_under(version, &request, &x->charges);
		x->charges.found = book_find(x->book, event->model, event->time_ms);
		if (x->charges.found.version != version)
			buf_addf(&x->problem,
			         "its price is not the one its book has for this model and time");
		x->charges.found.version = version;
		if (x->verdict != RATING_PRICED)
			buf_addf(&x->problem, "%sits price has no rate for all that was used",
			         x->problem.len > 0 ? "; " : "");
	} else {
		r = ledger_book_current(x->context->ledger, BOOK_SELL, &x->current, fault);
		if (r < 0)
			return r;
		x->book = x->current.book;
		x->verdict = rating_request(x->book, &request, &x->charges);
		if (x->row.price_id == LEDGER_PRICE_NONE && x->verdict != RATING_NOTHING)
			buf_addf(&x->problem,
			         "it is stored as having used nothing, but has counts");
		if (x->row.price_id == LEDGER_PRICE_SUSPENSE)
			x->charges.total = (struct money){ 0 }; /* until the retry */
	}
	if (money_compare(x->charges.total, x->row.amount) != 0) {
		money_text(x->row.amount, stored);
		money_text(x->charges.total, derived);
		buf_addf(&x->problem, "%sthe stored amount is %s, the derived one %s",
		         x->problem.len > 0 ? "; " : "", stored, derived);
	}
	return 0;
}

/* "abandoned, with estimated counts; 4 tokens of the answer were served" */
static void write_settlement(struct context *context, const struct event *event)
{
	static const char *const counts[PROVENANCE_COUNT] = {
		[PROVENANCE_REPORTED] = "with counts as reported",
		[PROVENANCE_PARTIAL] = "with counts of a part: more may have been used",
		[PROVENANCE_ESTIMATED] = "with estimated counts",
		[PROVENANCE_NONE] = "without a count",
	};
	char served[64] = "";

	if (event->served != EVENT_ABSENT)
		snprintf(served, sizeof(served), "; %lld token%s of the answer %s served",
		         (long long)event->served, event->served == 1 ? "" : "s",
		         event->served == 1 ? "was" : "were");
	printer_pairf(&context->printer, LABEL_WIDTH, "Phase", "%s, %s%s",
	              settlement_name(event->settlement), counts[event->provenance], served);
	if (event->turn != TURN_NONE)
		printer_pairf(&context->printer, LABEL_WIDTH, "Turn", "%s",
		              event->turn == TURN_OF
		                      ? "of a request, and none by itself"
		                      : "a later phase of its request has it no more: it counts "
		                        "nothing");
}

/* Which policies held, what they took away, and so what is not in the table. */
static void write_policies(struct explained *x)
{
	struct context *context = x->context;
	struct buf less = { .at = NULL };

	for (int p = 0; p < POLICY_COUNT; p++) {
		bool applied = (x->effect & POLICY_BIT(p)) != 0;

		if ((x->row.policy & POLICY_BIT(p)) != 0)
			printer_pairf(&context->printer, LABEL_WIDTH, "Policy", "%s: %s",
			              policy_name((enum policy)p),
			              applied ? policy_summary((enum policy)p)
			                      : "changes nothing here");
	}
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		int64_t used = x->row.event.usage.count[c], charged = x->usage->count[c];

		if (used == charged)
			continue;
		buf_addf(&less, "%s%s %lld", less.len > 0 ? ", " : "", component_info[c].key,
		         (long long)(used - charged));
		if (charged != 0)
			buf_addf(&less, " of %lld", (long long)used);
	}
	if (less.len > 0)
		printer_pair(&context->printer, LABEL_WIDTH, "Uncharged", buf_text(&less));
	buf_release(&less);
}

/* Some of what can be meant was settled by somebody. */
static bool was_settled(const struct explained *x)
{
	bool settled = false;

	for (size_t i = 0; i < x->doubts.count; i++)
		settled = settled || terms_doubt(x->doubts.words[i]).settled;
	return settled;
}

/* Which reading was taken, and who said so. */
static void write_reading(struct explained *x)
{
	struct context *context = x->context;
	const struct settled *settled = &x->settled;
	const struct text reading = x->row.event.reading;
	struct buf words = { .at = NULL };

	if (reading.at == NULL)
		return;
	if (settled->count == 1)
		settled_words(&settled->by[0], &words);
	else if (settled->count > 1)
		buf_add_cstr(&words, "by one of these rules:");
	else
		buf_add_cstr(&words, was_settled(x) ? "and the ledger does not tell who settled it"
		                                    : "the only one");
	printer_pairf(&context->printer, LABEL_WIDTH, "Reading", "%.*s, %.*s", TEXT_ARGS(reading),
	              TEXT_ARGS(buf_text(&words)));
	for (size_t i = 0; i < settled->count && settled->count > 1; i++) {
		buf_clear(&words);
		settled_words(&settled->by[i], &words);
		printer_pair(&context->printer, LABEL_WIDTH, "", buf_text(&words));
	}
	if (settled->more > 0)
		printer_pairf(&context->printer, LABEL_WIDTH, "", "and %zu more", settled->more);
	if (words.error != 0)
		context->out.error = words.error;
	buf_release(&words);
}

static void write_event(struct explained *x)
{
	struct context *context = x->context;
	const struct event *event = &x->row.event;
	char time[MOMENT_TEXT_BYTES];
	const struct {
		const char *label;
		struct text value;
	} names[] = {
		{ "Source", event->source },
		{ "Account", event->account },
		{ "Key", event->key },
		{ "Model", event->model },
		{ "Provider", event->provider },
		{ "API", event->api },
		{ "Tier", event->service_tier },
		{ "Region", event->region },
		{ "Finish", event->finish_reason },
	};

	moment_text(event->time_ms, time);
	printer_pairf(&context->printer, LABEL_WIDTH, "Time", "%s", time);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].value.at != NULL)
			printer_pair(&context->printer, LABEL_WIDTH, names[i].label,
			             names[i].value);
	}
	if (event->status != EVENT_ABSENT)
		printer_pairf(&context->printer, LABEL_WIDTH, "Status", "%lld%s",
		              (long long)event->status,
		              event->status >= 400 ? " (an error: no request fee)" : "");
	write_settlement(context, event);
	write_reading(x);
	if (event->latency_ms != EVENT_ABSENT)
		printer_pairf(&context->printer, LABEL_WIDTH, "Latency", "%lld ms",
		              (long long)event->latency_ms);
	if (event->extra.at != NULL)
		printer_pair(&context->printer, LABEL_WIDTH, "Also kept", event->extra);
	write_policies(x);
}

static void write_price(struct explained *x)
{
	struct context *context = x->context;

	if (x->row.price_id == LEDGER_PRICE_NONE)
		return;
	buf_add(&context->out, "\n", 1);
	printer_heading(&context->printer, x->row.price_id > 0 ? "Price" : "Book in force");
	if (x->book == NULL)
		printer_pairf(&context->printer, LABEL_WIDTH, "Book", "none was ever applied");
	else
		charges_price(&context->printer, x->book, &x->charges,
		              usage_prompt_total(&x->row.event.usage));
}

static void make_table(struct explained *x, struct table *table)
{
	struct text currency = x->book != NULL ? book_currency(x->book) : text_of("");
	char amount[MONEY_TEXT_BYTES];

	money_text(x->charges.total, amount);
	/* 0.00 would read as free of charge: a person finds a word there, a program nothing. */
	charges_table(table, &x->charges, currency,
	              text_of(x->row.price_id != LEDGER_PRICE_SUSPENSE ? amount
	                      : x->context->form == FORM_TABLE         ? "unpriced"
	                                                               : NULL));
}

/* A sum of several requests, which the book in force prices each by itself. */
static bool moves_price(struct explained *x, struct event_sum *sum_out)
{
	const struct terms terms = { .book = x->current };
	struct json doc = { .nodes = NULL };
	struct event event = x->row.event;
	bool moves = terms_recall_sum(&event, &doc) == 0 && terms_sum_moves_price(&terms, &event);

	json_release(&doc);
	*sum_out = event.sum;
	return moves;
}

static void write_missing(struct explained *x)
{
	struct context *context = x->context;
	struct buf missing = { .at = NULL };
	struct event_sum sum;

	charges_missing(&x->charges, &missing);
	buf_add(&context->out, "\n", 1);
	if (x->verdict == RATING_PRICED && moves_price(x, &sum))
		printer_wrapf(&context->printer, 0,
		              "UNPRICED: it adds up %zu requests, the smallest with a prompt of "
		              "%lld, and a threshold of the price lies between that and their sum: "
		              "as one it has no price, and no retry gives it one. Send each by "
		              "itself, with an id of its own.",
		              sum.of, (long long)sum.smallest_prompt);
	else if (x->verdict == RATING_PRICED)
		printer_wrapf(
			&context->printer, 0,
			"UNPRICED: stored before the book in force had a rate for it; now it has: "
			"toll suspense retry");
	else if (x->book == NULL)
		printer_wrapf(&context->printer, 0,
		              "UNPRICED: the ledger has no price book: toll price apply FILE, then "
		              "toll suspense retry.");
	else if (x->charges.found.match == BOOK_MATCH_NONE)
		printer_wrapf(
			&context->printer, 0,
			"UNPRICED: no model, alias or pattern of the book is %.*s.  Add it, then "
			"toll price apply and toll suspense retry.",
			TEXT_ARGS(x->row.event.model));
	else if (x->charges.found.version == NULL)
		printer_wrapf(
			&context->printer, 0,
			"UNPRICED: the model has no version that is in effect at this time.  Add "
			"one with an earlier effective_from, then toll price apply and "
			"toll suspense retry.");
	else
		printer_wrapf(
			&context->printer, 0,
			"UNPRICED: no rate for %.*s that fits.  Add one (or say what it is priced "
			"\"as\"), then toll price apply and toll suspense retry.",
			TEXT_ARGS(buf_text(&missing)));
	buf_release(&missing);
}

/* What is known of it is told; where several things can be meant, each of them. */
static void write_doubts(struct explained *x)
{
	struct context *context = x->context;
	const struct event_doubts *doubts = &x->doubts;
	struct buf words = { .at = NULL };

	if (!x->row.unknown)
		return;
	if (doubts->count != 1 || doubts->more > 0)
		printer_wrapf(&context->printer, 0, "It was counted in doubt%s",
		              doubts->count > 0 ? "; one of these is why:"
		                                : ": toll doctor formats has the paths.");
	for (size_t i = 0; i < doubts->count; i++) {
		buf_clear(&words);
		doubts_words(doubts->words[i], &words);
		printer_wrapf(&context->printer, 0, "Warning: %.*s (toll doctor formats).",
		              TEXT_ARGS(buf_text(&words)));
	}
	if (doubts->more > 0)
		printer_wrapf(&context->printer, 0, "And %zu more: toll doctor formats.",
		              doubts->more);
	if (words.error != 0)
		context->out.error = words.error;
	buf_release(&words);
}

static void write_text(struct explained *x, const struct table *table)
{
	struct context *context = x->context;

	printer_wrapf(&context->printer, 0, "Request %.*s", TEXT_ARGS(x->row.event.id));
	buf_add(&context->out, "\n", 1);
	write_event(x);
	write_price(x);
	buf_add(&context->out, "\n", 1);
	if (table->row_count > 0)
		printer_table(&context->printer, table);
	if (x->row.price_id == LEDGER_PRICE_SUSPENSE)
		write_missing(x);
	else if (x->row.price_id == LEDGER_PRICE_NONE && x->effect != 0 && x->problem.len == 0)
		printer_wrapf(&context->printer, 0,
		              "Its policies leave nothing to charge: the amount is 0.00.");
	else if (x->row.price_id == LEDGER_PRICE_NONE && x->problem.len == 0)
		printer_wrapf(&context->printer, 0, "Nothing was used: the amount is 0.00.");
	else if (x->problem.len == 0)
		buf_add_cstr(&context->out, "\nEqual to what is stored.\n");
	if (x->problem.len > 0) {
		buf_add(&context->out, "\n", 1);
		printer_wrapf(&context->printer, 0, "DIFFERENCE: %.*s.",
		              TEXT_ARGS(buf_text(&x->problem)));
	}
	explain_cost_text(&x->cost, context, &x->row);
	explain_corrections_text(&x->corrections, context, &x->row);
	phases_write_text(&x->phases, context, &x->row);
	write_doubts(x);
	if (x->conflicts > 0)
		printer_wrapf(
			&context->printer, 0,
			"%lld other version%s of this request, with other content, %s kept aside: "
			"toll quarantine conflicts",
			(long long)x->conflicts, x->conflicts == 1 ? "" : "s",
			x->conflicts == 1 ? "is" : "are");
}

/* Nothing, where an unpriced request has none: 0.00 would read as free of charge. */
static void add_amount(struct explained *x, const char *key, struct money amount)
{
	bool none = x->row.price_id == LEDGER_PRICE_SUSPENSE && amount.attos == 0;
	char text[MONEY_TEXT_BYTES];

	money_text(amount, text);
	buf_add_member(&x->context->out, key, text_of(none ? NULL : text));
}

static void add_policies(const struct explained *x, struct buf *out)
{
	const char *comma = "";

	buf_add_cstr(out, ",\"policies\":");
	policy_json(x->row.policy, out);
	buf_add_cstr(out, ",\"policies_applied\":");
	policy_json(x->effect, out);
	buf_add_cstr(out, ",\"not_charged\":{");
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		int64_t less = x->row.event.usage.count[c] - x->usage->count[c];

		if (less == 0)
			continue;
		buf_addf(out, "%s\"%s\":%lld", comma, component_info[c].key, (long long)less);
		comma = ",";
	}
	buf_add_cstr(out, "}");
}

static void add_number(struct buf *out, const char *key, int64_t number)
{
	if (number != EVENT_ABSENT)
		buf_addf(out, ",\"%s\":%lld", key, (long long)number);
	else
		buf_addf(out, ",\"%s\":null", key);
}

/* What is kept beside the columns of an event, each by its name. */
static void add_extra(const struct explained *x, struct buf *out)
{
	static const char *const texts[] = { "speed", "upstream_id", "upstream_cost", "reading" };
	const struct json *extra = &x->extra;
	uint32_t tags = json_member(extra, 0, "tags");
	const char *comma = "";

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		buf_add_member(out, texts[i], json_string(extra, json_member(extra, 0, texts[i])));
	buf_add_cstr(out, ",\"tags\":{");
	for (uint32_t k = json_first(extra, tags); k != JSON_NONE; k = json_next(extra, tags, k)) {
		buf_add_cstr(out, comma);
		buf_add_json(out, extra->nodes[k].text);
		buf_add_cstr(out, ":");
		buf_add_json(out, json_string(extra, k + 1));
		comma = ",";
	}
	buf_add_cstr(out, "}");
}

static void add_doubts(const struct explained *x, struct buf *out)
{
	buf_add_cstr(out, ",\"warnings\":[");
	for (size_t i = 0; i < x->doubts.count; i++) {
		const struct text words = x->doubts.words[i];
		const struct terms_doubt doubt = terms_doubt(words);

		buf_addf(out, "%s{\"contradiction\":%s", i > 0 ? "," : "",
		         doubt.settled  ? "\"settled\""
		         : doubt.warned ? "\"warned\""
		                        : "null");
		buf_add_member(out, "path", doubt.path);
		buf_add_member(out, "told", words);
		buf_add_cstr(out, "}");
	}
	buf_addf(out, "],\"in_doubt\":%s", x->row.unknown ? "true" : "false");
}

/* The event itself, as it is stored. */
static void add_event(const struct explained *x, struct buf *out)
{
	static const char *const turns[TURN_COUNT] = { NULL, "part", "ended" };
	const struct event *event = &x->row.event;
	char text[MOMENT_TEXT_BYTES];

	buf_add_cstr(out, "{\"id\":");
	buf_add_json(out, event->id);
	buf_add_member(out, "source", event->source);
	moment_text(event->time_ms, text);
	buf_add_member(out, "time", text_of(text));
	buf_add_member(out, "account", event->account);
	buf_add_member(out, "key", event->key);
	buf_add_member(out, "model", event->model);
	buf_add_member(out, "provider", event->provider);
	buf_add_member(out, "api", event->api);
	buf_add_member(out, "service_tier", event->service_tier);
	buf_add_member(out, "finish_reason", event->finish_reason);
	buf_addf(out, ",\"stream\":%s", event->stream ? "true" : "false");
	add_number(out, "status", event->status);
	add_number(out, "latency_ms", event->latency_ms);
	add_number(out, "ttft_ms", event->ttft_ms);
	buf_add_member(out, "region", event->region);
	add_extra(x, out);
	buf_add_member(out, "turn", text_of(turns[event->turn]));
	buf_add_member(out, "settlement", text_of(settlement_name(event->settlement)));
	buf_add_member(out, "provenance", text_of(provenance_name(event->provenance)));
	add_number(out, "served", event->served);
	add_doubts(x, out);
	settled_json(&x->settled, out);
}

static void write_json(struct explained *x, const struct table *table)
{
	struct buf *out = &x->context->out;
	const struct event *event = &x->row.event;

	add_event(x, out);
	buf_add_member(out, "state",
	               text_of(x->row.price_id > 0                        ? "priced"
	                       : x->row.price_id == LEDGER_PRICE_SUSPENSE ? "suspense"
	                       : x->effect != 0                           ? "nothing-charged"
	                                                                  : "nothing-used"));
	add_policies(x, out);
	add_amount(x, "stored_amount", x->row.amount);
	add_amount(x, "derived_amount", x->charges.total);
	buf_addf(out, ",\"equal\":%s", x->problem.len == 0 ? "true" : "false");
	buf_add_member(out, "difference",
	               x->problem.len > 0 ? buf_text(&x->problem) : text_of(NULL));
	charges_price_json(out, x->book, &x->charges, usage_prompt_total(&event->usage));
	explain_cost_json(&x->cost, out, &x->row);
	explain_corrections_json(&x->corrections, out, &x->row);
	phases_write_json(&x->phases, out);
	buf_addf(out, ",\"conflicts\":%lld,", (long long)x->conflicts);
	export_json_members(out, table);
	buf_add_cstr(out, "}\n");
}

static enum exit_code ask_for_source(struct explained *x)
{
	struct context *context = x->context;

	command_say("%zu events have the id %.*s:", x->found, TEXT_ARGS(x->id));
	for (size_t i = 0; i < x->found && i < SOURCES_MAX; i++) {
		char time[MOMENT_TEXT_BYTES];

		moment_text(x->times_ms[i], time);
		command_say("  --source %.*s --time %s", TEXT_ARGS(x->sources[i]), time);
	}
	return command_misused(context, "say which source or which time is meant");
}

static enum exit_code explain(struct explained *x)
{
	struct context *context = x->context;
	struct table table = { .rows = NULL };
	int r;

	r = ledger_find_request(context->ledger, x->id, options_text(&context->options, "source"),
	                        keep_event, x, &context->fault);
	if (r < 0)
		return command_failed(context, r);
	if (x->found == 0) {
		ledger_each_quarantine(context->ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX, false,
		                       find_quarantined, x, NULL);
		return command_failed(context,
		                      fault_set(&context->fault, FAULT_NOT_FOUND,
		                                "no event has the id %.*s", TEXT_ARGS(x->id)));
	}
	if (x->found > 1)
		return ask_for_source(x);
	/* First: books that are told of are only there until the next one. */
	r = explain_cost_derive(&x->cost, context->ledger, &x->row, &context->fault);
	if (r == 0)
		r = explain_corrections_read(&x->corrections, context->ledger, &x->row,
		                             &context->fault);
	if (r == 0)
		r = derive(x);
	if (r == 0)
		r = json_parse(&x->extra,
		               x->row.event.extra.at != NULL ? x->row.event.extra : text_of("{}"),
		               &context->fault);
	if (r == 0)
		r = phases_read(&x->phases, context->ledger, &x->row, &context->fault);
	if (r == 0)
		r = ledger_each_conflict(context->ledger, LEDGER_FROM_MIN, LEDGER_TO_MAX,
		                         count_conflict, x, &context->fault);
	if (r == 0)
		x->row.event.reading = json_string(&x->extra, json_member(&x->extra, 0, "reading"));
	if (r == 0 && x->row.unknown)
		r = doubts_of(context->ledger, &x->row.event, x->phases.phases == NULL, &x->arena,
		              &x->doubts, &context->fault);
	if (r == 0 && x->row.event.reading.at != NULL && was_settled(x))
		r = settled_read(context->ledger, &x->row.event, command_now_ms(), &x->arena,
		                 &x->settled, &context->fault);
	if (r < 0)
		return command_failed(context, r);
	make_table(x, &table);
	if (context->form == FORM_JSON)
		write_json(x, &table);
	else if (context->form == FORM_CSV)
		export_csv(&context->out, &table);
	else
		write_text(x, &table);
	table_release(&table);
	return x->problem.len > 0 || x->cost.problem.len > 0 ? EXIT_DIFFERENCE : EXIT_DONE;
}

static enum exit_code check(struct context *context)
{
	struct text time = options_text(&context->options, "time");
	int64_t ms;

	if (context->options.word_count != 1)
		return command_misused(context, "explain takes one id");
	if (time.at != NULL && !moment_parse(time, &ms))
		return command_misused(context,
		                       "--time %.*s: a time is due, like "
		                       "2026-11-22T08:00:00.123Z",
		                       TEXT_ARGS(time));
	return EXIT_DONE;
}

static enum exit_code run(struct context *context)
{
	struct explained *x;
	enum exit_code code;

	x = calloc(1, sizeof(*x));
	if (x == NULL)
		return command_failed(context, -FAULT_NOMEM);
	x->context = context;
	x->usage = &x->row.event.usage;
	x->id = text_of(context->options.words[0]);
	if (!moment_parse(options_text(&context->options, "time"), &x->time_ms))
		x->time_ms = EVENT_ABSENT;
	code = explain(x);
	arena_release(&x->arena);
	book_free(x->current.book);
	buf_release(&x->problem);
	explain_cost_release(&x->cost);
	explain_corrections_release(&x->corrections);
	phases_release(&x->phases);
	json_release(&x->extra);
	free(x);
	return code;
}

const struct command command_explain = {
	.name = "explain",
	.summary = "Show the arithmetic of one request",
	.synopsis = "explain ID [--source NAME] [--time TIME]",
	.details =
		"Derives the amount anew from the stored counts and the stored price, and "
		"compares: "
		"exit code 1 where it is not what is stored.\n"
		"Of an unpriced request it says what is missing.  Beside it stand the phases that "
		"it replaced or that came late, and its parts.  Finding an id reads the whole "
		"ledger.",
	.needs = NEEDS_LEDGER,
	.csv = true,
	.json = true,
	.options = options,
	.check = check,
	.run = run,
};
