#include "ledger/verify.h"

#include <stdio.h>

#include "base/moment.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "export/export.h"
#include "ledger/checkpoints.h"
#include "usage/event.h"

enum {
	SEAL_SOON_MS = 60000,
	LABEL_WIDTH = 12, /* leaves 64 columns for a link of the chain */
	KIND_WIDTH = 10,  /* "quarantine" */
	FLUSH_BYTES = 64 * 1024,
	VERIFY_FINDINGS_SHOWN = 1000, /* in the form for people; it counts the rest */
	MEMBERS = 5,                  /* of a finding */
};

static const struct option options[] = {
	{ "chain", "HEX",
	  "this link, noted before, must be in the chain; tells what changed since" },
	{ NULL, NULL, NULL },
};

struct verifying {
	struct context *context;
	struct progress progress;
	int64_t found;
	struct text chain;      /* of the link that was noted; absent: none was told */
	struct seal_link noted; /* it, in the chain; seq 0: it is not there */
	int64_t changed;        /* hours and logs since then */
	struct seal_counts counts;
	bool just_stored; /* an event came within the last minute */
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

static void changed_json(struct buf *out, const struct seal_changed *changed, bool first)
{
	char moment[MOMENT_TEXT_BYTES];

	moment_text(changed->hour_ms, moment);
	buf_addf(out, "%s{\"%s\":\"%s\",\"then\":", first ? "" : ",",
	         changed->log != NULL ? "log" : "hour",
	         changed->log != NULL ? changed->log : moment);
	if (changed->then == SEAL_NONE)
		buf_add_cstr(out, "null");
	else
		buf_addf(out, "%lld", (long long)changed->then);
	buf_addf(out, ",\"now\":%lld}", (long long)changed->now);
}

/* An hour or a log that is not as it was at the noted link: as a finding, but for its words. */
static int on_changed(void *user, const struct seal_changed *changed)
{
	struct verifying *verifying = user;
	struct context *context = verifying->context;
	const char *unit = changed->log != NULL ? "row" : "event";
	char where[96], then[64], now[64], moment[MOMENT_TEXT_BYTES];

	moment_text_unit(changed->hour_ms, MOMENT_HOUR, moment);
	snprintf(where, sizeof(where), "%s %s", changed->log != NULL ? "log" : "hour",
	         changed->log != NULL ? changed->log : moment);
	snprintf(then, sizeof(then), "%lld %s%s", (long long)changed->then, unit,
	         changed->then == 1 ? "" : "s");
	if (changed->then == SEAL_NONE)
		snprintf(then, sizeof(then), "not sealed");
	snprintf(now, sizeof(now), "%lld %s%s%s", (long long)changed->now, unit,
	         changed->now == 1 ? "" : "s",
	         changed->now == changed->then ? ", not the same" : "");
	if (context->form == FORM_JSON) {
		changed_json(&context->out, changed, verifying->changed == 0);
	} else if (context->form == FORM_CSV) {
		add_csv(verifying, (const struct text[MEMBERS]){ text_of("changed"), text_of(where),
		                                                 text_of("since the noted link"),
		                                                 text_of(now), text_of(then) });
		verifying->found++;
	} else if (verifying->changed < VERIFY_FINDINGS_SHOWN) {
		printer_pair(&context->printer, KIND_WIDTH, "changed", text_of(where));
		printer_wrapf(&context->printer, KIND_WIDTH + 4, "at the noted link %s, now %s",
		              then, now);
	}
	verifying->changed++;
	return context->out.len >= FLUSH_BYTES ? command_flush(context) : 0;
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

static void write_rest(struct context *context, int64_t count, const char *what)
{
	if (count > VERIFY_FINDINGS_SHOWN)
		buf_addf(&context->out, "... and %lld more%s: toll verify --json names all\n",
		         (long long)(count - VERIFY_FINDINGS_SHOWN), what);
}

static bool lacks_noted(const struct verifying *verifying)
{
	return verifying->chain.at != NULL && verifying->noted.seq == 0;
}

static bool is_ok(const struct verifying *verifying, const struct verify_summary *summary)
{
	return summary->findings == 0 && verifying->changed == 0 && !lacks_noted(verifying);
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
	buf_addf(out, ",\"hours_resealed\":%lld,\"hours_never_sealed\":%lld",
	         (long long)verifying->counts.resealed, (long long)verifying->counts.never);
}

static void write_counts(struct printer *printer, const struct seal_counts *counts,
                         bool just_stored)
{
	if (counts->resealed > 0)
		printer_pairf(
			printer, LABEL_WIDTH, "Resealed",
			"%lld hour%s sealed more than once, or changed since the last seal: "
			"late events, later phases and prices found do that, another hand too",
			(long long)counts->resealed, counts->resealed == 1 ? "" : "s");
	if (counts->never > 0 && !just_stored)
		printer_pairf(printer, LABEL_WIDTH, "Not sealed",
		              "%lld hour%s long over: a daemon seals them, and so does a change",
		              (long long)counts->never, counts->never == 1 ? "" : "s");
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
	write_counts(printer, &verifying->counts, verifying->just_stored);
	if (verifying->chain.at != NULL && verifying->noted.seq > 0) {
		moment_text(verifying->noted.at_ms, moment);
		printer_pairf(printer, LABEL_WIDTH, "Noted", "seal %lld of %s is in the chain",
		              (long long)verifying->noted.seq, moment);
		if (verifying->changed > 0)
			printer_pairf(printer, LABEL_WIDTH, "Changed",
			              "%lld since that seal: late events, later phases and prices "
			              "found do that too, so somebody must be able to explain each",
			              (long long)verifying->changed);
	} else if (verifying->chain.at != NULL) {
		printer_pair(printer, LABEL_WIDTH, "Noted",
		             text_of("NOT IN THE CHAIN: this ledger is not the one that it was "
		                     "noted of, or was altered since"));
	}
	if (summary->first_hour_ms != EVENT_ABSENT) {
		moment_text_unit(summary->first_hour_ms, MOMENT_HOUR, moment);
		printer_pairf(printer, LABEL_WIDTH, "First hour",
		              "%s: the first of which a difference tells", moment);
	}
}

/* The last lines, or on standard error beside CSV: what is not as it should be. */
static void write_verdict(const struct verifying *verifying, const struct verify_summary *summary)
{
	struct buf text = { .at = NULL };
	bool csv = verifying->context->form == FORM_CSV;

	if (is_ok(verifying, summary))
		buf_add_cstr(&text, csv ? "no difference\n" : "No difference.\n");
	if (summary->findings > 0)
		buf_addf(&text, "%s: %lld\n", csv ? "differences" : "DIFFERENCES",
		         (long long)summary->findings);
	if (verifying->changed > 0)
		buf_addf(&text, "%s: %lld\n",
		         csv ? "changed since the noted link" : "CHANGED SINCE THE NOTED LINK",
		         (long long)verifying->changed);
	if (lacks_noted(verifying))
		buf_addf(&text, "%s\n",
		         csv ? "the noted link is not in the chain"
		             : "THE NOTED LINK IS NOT IN THE CHAIN");
	if (csv) {
		struct text rest = buf_text(&text), line;

		while (text_cut(&rest, '\n', &line)) {
			if (line.len > 0)
				command_say("%.*s", TEXT_ARGS(line));
		}
	} else {
		buf_add(&verifying->context->out, "\n", 1);
		buf_add_text(&verifying->context->out, buf_text(&text));
	}
	if (text.error != 0)
		verifying->context->out.error = text.error;
	buf_release(&text);
}

static void write_summary(const struct verifying *verifying, const struct verify_summary *summary)
{
	struct context *context = verifying->context;
	char events_amount[MONEY_TEXT_BYTES], rollups_amount[MONEY_TEXT_BYTES];
	char adjusted[MONEY_TEXT_BYTES], corrected[MONEY_TEXT_BYTES];

	money_text(summary->events_amount, events_amount);
	money_text(summary->rollups_amount, rollups_amount);
	money_text(summary->adjusted_amount, adjusted);
	money_text(summary->corrected_amount, corrected);
	if (context->form == FORM_JSON) {
		buf_addf(&context->out,
		         "],\"events\":%lld,\"rollups\":%lld,\"suspense\":%lld,\"findings_count\":%"
		         "lld,"
		         "\"events_amount\":\"%s\",\"rollups_amount\":\"%s\",\"adjustment_runs\":%"
		         "lld,"
		         "\"adjusted_amount\":\"%s\",\"corrections\":%lld,"
		         "\"corrected_amount\":\"%s\"",
		         (long long)summary->events, (long long)summary->rollups,
		         (long long)summary->suspense, (long long)summary->findings, events_amount,
		         rollups_amount, (long long)summary->runs, adjusted,
		         (long long)summary->corrections, corrected);
		json_seal(verifying, summary);
		buf_addf(&context->out, ",\"ok\":%s}\n",
		         is_ok(verifying, summary) ? "true" : "false");
		return;
	}
	if (context->form == FORM_CSV) {
		write_verdict(verifying, summary);
		return;
	}
	write_rest(context, verifying->changed, " that changed");
	if (summary->findings + verifying->changed > 0)
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
	if (summary->corrections > 0)
		printer_pairf(&context->printer, 14, "Corrections",
		              "%s beside these, in %lld row%s", corrected,
		              (long long)summary->corrections,
		              summary->corrections == 1 ? "" : "s");
	write_seal(verifying, summary);
	write_verdict(verifying, summary);
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

/* The newest moment at which an event was received. */
static int note_newest(void *user, const struct source_row *row)
{
	int64_t *newest_ms = user;

	if (row->stored_ms > *newest_ms)
		*newest_ms = row->stored_ms;
	return 0;
}

/* What the chain tells beside the findings, which are written. */
static int look_at_seals(struct verifying *verifying, int64_t findings)
{
	struct context *context = verifying->context;
	struct ledger *ledger = context->ledger;
	int64_t now_ms = command_now_ms(), newest_ms = 0;
	int r = ledger_seal_counts(ledger, now_ms, &verifying->counts, &context->fault);

	if (r == 0)
		r = ledger_each_source(ledger, note_newest, &newest_ms, &context->fault);
	/* Hours of which something just came are about to be sealed. */
	verifying->just_stored = now_ms - newest_ms < SEAL_SOON_MS;
	if (context->form == FORM_TABLE)
		write_rest(context, findings, "");
	if (r == 0 && verifying->chain.at != NULL)
		r = ledger_seal_find(ledger, verifying->chain, &verifying->noted, &context->fault);
	if (r < 0 || verifying->noted.seq == 0)
		return r;
	if (context->form == FORM_JSON)
		buf_add_cstr(&context->out, "],\"changed\":[");
	return ledger_each_changed(ledger, &verifying->noted, on_changed, verifying,
	                           &context->fault);
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
	if (r == 0)
		r = look_at_seals(&verifying, summary.findings);
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
		"of it, and the chain of seals against both.  --chain tells whether a link that "
		"was noted elsewhere is in the chain, and every hour and log that is not as it "
		"was sealed up to that link: late events do that, later phases and prices found "
		"too, so somebody must be able to explain each.\n"
		"Every difference is shown with its row (for people the first 1000); then, "
		"or where a noted link is not there or something changed since, the exit code is "
		"1.",
	.needs = NEEDS_LEDGER,
	.csv = true,
	.json = true,
	.options = options,
	.check = check,
	.run = run,
};
