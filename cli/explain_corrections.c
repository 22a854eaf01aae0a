#include "cli/explain_corrections.h"

#include "base/moment.h"
#include "ledger/store.h"

/* "output -10, input +5" */
static void add_counts(struct buf *out, const struct rollup_row *adds)
{
	const char *comma = "";

	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (adds->count[c] == 0)
			continue;
		buf_addf(out, "%s%s %+lld", comma, component_info[c].key,
		         (long long)adds->count[c]);
		comma = ", ";
	}
}

static void add_counts_json(struct buf *out, const int64_t count[COMPONENT_COUNT])
{
	const char *comma = "";

	buf_add_cstr(out, "{");
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (count[c] == 0)
			continue;
		buf_addf(out, "%s\"%s\":%lld", comma, component_info[c].key, (long long)count[c]);
		comma = ",";
	}
	buf_add_cstr(out, "}");
}

static void add_line(struct buf *out, const struct correction *correction, const char *at,
                     const char *booked, const char *amount)
{
	const struct rollup_row *adds = &correction->adds;

	buf_addf(out, "%lld. %s at %s by %.*s: ", (long long)correction->seq,
	         correction_kind_name(correction->kind), at, TEXT_ARGS(correction->who));
	/* A reason may have lines: it stays one. */
	for (size_t i = 0; i < correction->reason.len; i++) {
		char c = correction->reason.at[i];

		buf_add(out, c == '\n' ? " " : &c, 1);
	}
	buf_add_cstr(out, ". ");
	add_counts(out, adds);
	buf_addf(out, "%samount %s, booked in %s\n",
	         correction->kind == CORRECTION_RATED ? "" : "; ", amount, booked);
}

static int take(void *user, const struct correction *correction)
{
	struct explain_corrections *corrections = user;
	char at[MOMENT_TEXT_BYTES], booked[MOMENT_TEXT_BYTES];
	char amount[MONEY_TEXT_BYTES], cost[MONEY_TEXT_BYTES];
	struct buf *json = &corrections->json;

	moment_text(correction->at_ms, at);
	moment_text_unit(correction->booked_ms, MOMENT_HOUR, booked);
	money_text(correction->adds.amount, amount);
	money_text(correction->adds.cost, cost);
	add_line(&corrections->lines, correction, at, booked, amount);
	buf_addf(json, "%s{\"correction\":%lld", json->len > 0 ? "," : "",
	         (long long)correction->seq);
	buf_add_member(json, "kind", text_of(correction_kind_name(correction->kind)));
	buf_add_member(json, "at", text_of(at));
	buf_add_member(json, "who", correction->who);
	buf_add_member(json, "reason", correction->reason);
	buf_add_member(json, "booked_hour", text_of(booked));
	buf_add_cstr(json, ",\"counts\":");
	add_counts_json(json, correction->adds.count);
	buf_add_member(json, "amount", text_of(amount));
	buf_add_member(json, "cost", text_of(cost));
	buf_add_cstr(json, "}");
	return 0;
}

int explain_corrections_read(struct explain_corrections *corrections, struct ledger *ledger,
                             const struct stored_event *row, struct fault *fault)
{
	int r = ledger_event_now(ledger, row, &corrections->now, fault);

	if (r == 0 && corrections->now.corrections > 0)
		r = ledger_corrections_of(ledger, row->event.source, row->event.id,
		                          row->event.time_ms, take, corrections, fault);
	if (r == 0 && (corrections->lines.error != 0 || corrections->json.error != 0))
		r = fault_set(fault, FAULT_NOMEM, "explain: out of memory");
	return r;
}

void explain_corrections_release(struct explain_corrections *corrections)
{
	buf_release(&corrections->lines);
	buf_release(&corrections->json);
}

void explain_corrections_text(const struct explain_corrections *corrections,
                              struct context *context, const struct stored_event *row)
{
	const struct event_now *now = &corrections->now;
	struct text rest = buf_text(&corrections->lines), line;
	char amount[MONEY_TEXT_BYTES];
	struct buf counts = { .at = NULL };

	if (now->corrections == 0)
		return;
	buf_add(&context->out, "\n", 1);
	printer_heading(&context->printer,
	                "Corrections: what it counts less or more than it came with");
	while (text_cut(&rest, '\n', &line)) {
		if (line.len > 0)
			printer_wrapf(&context->printer, 0, "%.*s", TEXT_ARGS(line));
	}
	money_text(now->amount, amount);
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (now->usage.count[c] != 0)
			buf_addf(&counts, "%s %lld, ", component_info[c].key,
			         (long long)now->usage.count[c]);
	}
	if (now->voided)
		printer_wrapf(&context->printer, 0, "VOID: it counts nothing any more.");
	else if (row->price_id == LEDGER_PRICE_SUSPENSE)
		printer_wrapf(&context->printer, 0, "It comes to: %.*sunpriced.",
		              TEXT_ARGS(buf_text(&counts)));
	else
		printer_wrapf(&context->printer, 0, "It comes to: %.*samount %s.",
		              TEXT_ARGS(buf_text(&counts)), amount);
	if (counts.error != 0)
		context->out.error = counts.error;
	buf_release(&counts);
}

void explain_corrections_json(const struct explain_corrections *corrections, struct buf *out,
                              const struct stored_event *row)
{
	const struct event_now *now = &corrections->now;
	bool waits = row->price_id == LEDGER_PRICE_SUSPENSE && !now->voided;
	char amount[MONEY_TEXT_BYTES], cost[MONEY_TEXT_BYTES];

	money_text(now->amount, amount);
	money_text(now->cost, cost);
	buf_add_cstr(out, ",\"corrections\":[");
	buf_add_text(out, buf_text(&corrections->json));
	buf_addf(out, "],\"now\":{\"void\":%s,\"counts\":", now->voided ? "true" : "false");
	add_counts_json(out, now->usage.count);
	buf_add_member(out, "amount", text_of(waits ? NULL : amount));
	buf_add_member(out, "cost",
	               text_of(row->cost_id >= LEDGER_PRICE_NONE || now->voided ? cost : NULL));
	buf_add_cstr(out, "}");
}
