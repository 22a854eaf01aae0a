#include "ledger/verify.h"

#include <stdio.h>

#include "base/moment.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "export/export.h"
#include "usage/event.h"

enum {
	LABEL_WIDTH = 12, /* leaves 64 columns for a link of the chain */
	KIND_WIDTH = 10,  /* "quarantine" */
	FLUSH_BYTES = 64 * 1024,
	VERIFY_FINDINGS_SHOWN = 1000, /* in the form for people; it counts the rest */
	MEMBERS = 5,                  /* of a finding */
};

static const struct option options[] = {
	{ "chain", "HEX", "this link, noted before, must be in the chain of seals" },
	{ NULL, NULL, NULL },
};

struct verifying {
	struct context *context;
	struct progress progress;
	int64_t found;
	struct text chain;      /* of the link that was noted; absent: none was told */
	struct seal_link noted; /* it, in the chain; seq 0: it is not there */
};

static const char *const member_keys[MEMBERS] = { "kind", "where", "what", "stored", "derived" };

/* The header, with the first finding or without any. */
static void add_csv(struct verifying *verifying, const struct text members[MEMBERS])
{
	struct buf *out = &verifying->context->out;
	struct table table = { .rows = NULL };
	size_t row;

	for (size_t i = 0; i < MEMBERS; i++)
		table_column(&table, member_keys[i], member_keys[i], TABLE_TEXT, false);
	row = members != NULL ? table_row(&table) : SIZE_MAX;
	for (size_t i = 0; members != NULL && i < MEMBERS; i++)
		table_set(&table, row, i, members[i]);
	if (verifying->found == 0)
		export_csv(out, &table);
	else
		export_csv_rows(out, &table);
	if (table.error != 0)
		out->error = table.error;
	table_release(&table);
}

static int on_finding(void *user, const struct verify_finding *finding)
{
	struct verifying *verifying = user;
	struct context *context = verifying->context;
	struct buf *out = &context->out;
	const struct text members[MEMBERS] = {
		text_of(verify_kind_name(finding->kind)),
		finding->where,
		finding->what,
		finding->stored,
		finding->derived,
	};

	if (context->form == FORM_JSON) {
		buf_add_cstr(out, verifying->found++ > 0 ? ",{" : "{");
		for (size_t i = 0; i < MEMBERS; i++) {
			buf_addf(out, "%s\"%s\":", i > 0 ? "," : "", member_keys[i]);
			buf_add_json(out, members[i]);
		}
		buf_add(out, "}", 1);
	} else if (context->form == FORM_CSV) {
		add_csv(verifying, members);
		verifying->found++;
	} else {
		if (verifying->found++ >= VERIFY_FINDINGS_SHOWN)
			return 0;
		progress_end(&verifying->progress);
		printer_pair(&context->printer, KIND_WIDTH, verify_kind_name(finding->kind),
		             finding->where);
		printer_wrapf(&context->printer, KIND_WIDTH + 4, "%.*s: stored %.*s, derived %.*s",
		              TEXT_ARGS(finding->what), TEXT_ARGS(finding->stored),
		              TEXT_ARGS(finding->derived));
	}
	return out->len >= FLUSH_BYTES ? command_flush(context) : 0;
}

static void on_progress(void *user, int64_t done, int64_t total)
{
	struct verifying *verifying = user;

	progress_at(&verifying->progress, done, done, total);
}

static void pair_count(struct context *context, const char *label, int64_t count, const char *note)
{
	char text[128];

	snprintf(text, sizeof(text), "%lld%s%s", (long long)count, note[0] != '\0' ? "  " : "",
	         note);
	printer_pair(&context->printer, LABEL_WIDTH, label, text_of(text));
}

static void write_rest(struct context *context, int64_t findings)
{
	if (findings > VERIFY_FINDINGS_SHOWN)
		buf_addf(&context->out, "... and %lld more: toll verify --json names all\n",
		         (long long)(findings - VERIFY_FINDINGS_SHOWN));
}

static bool is_ok(const struct verifying *verifying, const struct verify_summary *summary)
{
	return summary->findings == 0 && (verifying->chain.at == NULL || verifying->noted.seq > 0);
}

static void json_link(struct buf *out, const char *key, const struct seal_link *link)
{
	char moment[MOMENT_TEXT_BYTES];

	if (link->seq == 0) {
		buf_addf(out, ",\"%s\":null", key);
		return;
	}
	moment_text(link->at_ms, moment);
	buf_addf(out, ",\"%s\":{\"seq\":%lld,\"at\":\"%s\",\"chain\":\"%s\"}", key,
	         (long long)link->seq, moment, link->chain);
}

static void json_seal(const struct verifying *verifying, const struct verify_summary *summary)
{
	struct buf *out = &verifying->context->out;
	char moment[MOMENT_TEXT_BYTES];

	json_link(out, "seal", &summary->seal);
	if (verifying->chain.at != NULL)
		json_link(out, "noted", &verifying->noted);
	moment_text(summary->first_hour_ms, moment);
	if (summary->first_hour_ms != EVENT_ABSENT)
		buf_addf(out, ",\"first_hour\":\"%s\"", moment);
	else
		buf_add_cstr(out, ",\"first_hour\":null");
}

/* The chain, and where the first hand was in it. */
static void write_seal(const struct verifying *verifying, const struct verify_summary *summary)
{
	struct printer *printer = &verifying->context->printer;
	char moment[MOMENT_TEXT_BYTES];

	if (summary->seal.seq > 0) {
		moment_text(summary->seal.at_ms, moment);
		printer_pairf(printer, LABEL_WIDTH, "Seals", "%lld, the last at %s",
		              (long long)summary->seal.seq, moment);
		printer_pair(printer, LABEL_WIDTH, "Chain", text_of(summary->seal.chain));
	}
	if (verifying->chain.at != NULL && verifying->noted.seq > 0) {
		moment_text(verifying->noted.at_ms, moment);
		printer_pairf(printer, LABEL_WIDTH, "Noted", "seal %lld of %s is in the chain",
		              (long long)verifying->noted.seq, moment);
	} else if (verifying->chain.at != NULL) {
		printer_pair(printer, LABEL_WIDTH, "Noted",
		             text_of("NOT IN THE CHAIN: this ledger is not the one that it was "
		                     "noted of, or was altered since"));
	}
	if (summary->first_hour_ms != EVENT_ABSENT) {
		moment_text_unit(summary->first_hour_ms, MOMENT_HOUR, moment);
		printer_pairf(printer, LABEL_WIDTH, "First hour",
		              "%s: the first that is not as it was left", moment);
	}
}

static void write_summary(const struct verifying *verifying, const struct verify_summary *summary)
{
	struct context *context = verifying->context;
	char events_amount[MONEY_TEXT_BYTES], rollups_amount[MONEY_TEXT_BYTES];
	char adjusted[MONEY_TEXT_BYTES];

	money_text(summary->events_amount, events_amount);
	money_text(summary->rollups_amount, rollups_amount);
	money_text(summary->adjusted_amount, adjusted);
	if (context->form == FORM_JSON) {
		buf_addf(&context->out,
		         "],\"events\":%lld,\"rollups\":%lld,\"suspense\":%lld,\"findings_count\":%"
		         "lld,"
		         "\"events_amount\":\"%s\",\"rollups_amount\":\"%s\",\"adjustment_runs\":%"
		         "lld,"
		         "\"adjusted_amount\":\"%s\"",
		         (long long)summary->events, (long long)summary->rollups,
		         (long long)summary->suspense, (long long)summary->findings, events_amount,
		         rollups_amount, (long long)summary->runs, adjusted);
		json_seal(verifying, summary);
		buf_addf(&context->out, ",\"ok\":%s}\n",
		         is_ok(verifying, summary) ? "true" : "false");
		return;
	}
	if (context->form == FORM_CSV) {
		if (is_ok(verifying, summary))
			command_say("no difference");
		else
			command_say("differences: %lld", (long long)summary->findings);
		return;
	}
	write_rest(context, summary->findings);
	if (summary->findings > 0)
		buf_add(&context->out, "\n", 1);
	pair_count(context, "Events", summary->events,
	           "each charge derived anew from its counts and price");
	pair_count(context, "Hourly sums", summary->rollups, "each added up anew from its events");
	if (summary->suspense > 0)
		pair_count(context, "Unpriced", summary->suspense,
		           "of the events: toll suspense list");
	printer_pair(&context->printer, LABEL_WIDTH, "Events sum", text_of(events_amount));
	printer_pair(&context->printer, LABEL_WIDTH, "Hours sum", text_of(rollups_amount));
	if (summary->runs > 0)
		printer_pairf(&context->printer, LABEL_WIDTH, "Adjustments",
		              "%s beside these, in %lld run%s", adjusted, (long long)summary->runs,
		              summary->runs == 1 ? "" : "s");
	write_seal(verifying, summary);
	if (is_ok(verifying, summary))
		buf_add_cstr(&context->out, "\nNo difference.\n");
	else
		buf_addf(&context->out, "\nDIFFERENCES: %lld\n", (long long)summary->findings);
}

/* Findings may have been written already: what follows makes the whole of it JSON. */
static enum exit_code fail(struct context *context, int r)
{
	enum exit_code code = command_failed(context, r);

	if (context->form == FORM_JSON) {
		buf_add_cstr(&context->out, "],\"error\":");
		buf_add_json(&context->out, text_of(context->fault.text));
		buf_add_cstr(&context->out, ",\"ok\":false}\n");
	}
	return code;
}

static enum exit_code check(struct context *context)
{
	struct text chain = options_text(&context->options, "chain");

	if (chain.at != NULL && chain.len != 2 * SHA256_BYTES)
		return command_misused(context,
		                       "--chain: %d hexadecimal digits, as toll verify shows",
		                       2 * SHA256_BYTES);
	return command_no_words(context, "verify");
}

static enum exit_code run(struct context *context)
{
	struct verifying verifying = { .context = context,
		                       .chain = options_text(&context->options, "chain") };
	struct verify_summary summary;
	int r;

	if (context->form == FORM_JSON)
		buf_add_cstr(&context->out, "{\"findings\":[");
	progress_start(&verifying.progress, "events verified");
	r = ledger_verify(context->ledger, on_finding, on_progress, &verifying, &summary,
	                  &context->fault);
	progress_end(&verifying.progress);
	if (r == 0 && verifying.chain.at != NULL)
		r = ledger_seal_find(context->ledger, verifying.chain, &verifying.noted,
		                     &context->fault);
	if (context->form == FORM_CSV && verifying.found == 0)
		add_csv(&verifying, NULL);
	if (r < 0)
		return fail(context, r);
	write_summary(&verifying, &summary);
	return is_ok(&verifying, &summary) ? EXIT_DONE : EXIT_DIFFERENCE;
}

const struct command command_verify = {
	.name = "verify",
	.summary = "Derive the whole ledger anew and compare",
	.synopsis = "verify [--chain HEX]",
	.details =
		"Recomputes every event's charge from its stored counts and its stored price, "
		"every "
		"hourly sum from the events, every source's totals; looks for identities counted "
		"twice and for damage of the file; holds every hour against the digest that was "
		"kept "
		"of it, and the chain of seals against both.\n"
		"Every difference is shown with its row (for people the first 1000); then the "
		"exit "
		"code is 1.",
	.needs = NEEDS_LEDGER,
	.csv = true,
	.json = true,
	.options = options,
	.check = check,
	.run = run,
};
