#include "ledger/verify.h"

#include <stdio.h>

#include "cli/command.h"
#include "cli/progress.h"

enum {
	KIND_WIDTH = 10, /* "quarantine" */
	FLUSH_BYTES = 64 * 1024,
	VERIFY_FINDINGS_SHOWN = 1000, /* in the form for people; it counts the rest */
};

struct verifying {
	struct context *context;
	struct progress progress;
	int64_t found;
};

static int on_finding(void *user, const struct verify_finding *finding)
{
	struct verifying *verifying = user;
	struct context *context = verifying->context;
	struct buf *out = &context->out;
	const struct {
		const char *key;
		struct text text;
	} members[] = {
		{ "where", finding->where },
		{ "what", finding->what },
		{ "stored", finding->stored },
		{ "derived", finding->derived },
	};

	if (context->form == FORM_JSON) {
		buf_addf(out, "%s{\"kind\":\"%s\"", verifying->found++ > 0 ? "," : "",
		         verify_kind_name(finding->kind));
		for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
			buf_addf(out, ",\"%s\":", members[i].key);
			buf_add_json(out, members[i].text);
		}
		buf_add(out, "}", 1);
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
	printer_pair(&context->printer, 14, label, text_of(text));
}

static void write_rest(struct context *context, int64_t findings)
{
	if (findings > VERIFY_FINDINGS_SHOWN)
		buf_addf(&context->out, "... and %lld more: toll verify --json names all\n",
		         (long long)(findings - VERIFY_FINDINGS_SHOWN));
}

static void write_summary(struct context *context, const struct verify_summary *summary)
{
	char events_amount[MONEY_TEXT_BYTES], rollups_amount[MONEY_TEXT_BYTES];

	money_text(summary->events_amount, events_amount);
	money_text(summary->rollups_amount, rollups_amount);
	if (context->form == FORM_JSON) {
		buf_addf(&context->out,
		         "],\"events\":%lld,\"rollups\":%lld,\"suspense\":%lld,\"findings_count\":%"
		         "lld,"
		         "\"events_amount\":\"%s\",\"rollups_amount\":\"%s\",\"ok\":%s}\n",
		         (long long)summary->events, (long long)summary->rollups,
		         (long long)summary->suspense, (long long)summary->findings, events_amount,
		         rollups_amount, summary->findings == 0 ? "true" : "false");
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
	printer_pair(&context->printer, 14, "Sum of events", text_of(events_amount));
	printer_pair(&context->printer, 14, "Sum of hours", text_of(rollups_amount));
	if (summary->findings == 0)
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
	return command_no_words(context, "verify");
}

static enum exit_code run(struct context *context)
{
	struct verifying verifying = { .context = context };
	struct verify_summary summary;
	int r;

	if (context->form == FORM_JSON)
		buf_add_cstr(&context->out, "{\"findings\":[");
	progress_start(&verifying.progress, "events verified");
	r = ledger_verify(context->ledger, on_finding, on_progress, &verifying, &summary,
	                  &context->fault);
	progress_end(&verifying.progress);
	if (r < 0)
		return fail(context, r);
	write_summary(context, &summary);
	return summary.findings > 0 ? EXIT_DIFFERENCE : EXIT_DONE;
}

const struct command command_verify = {
	.name = "verify",
	.summary = "Derive the whole ledger anew and compare",
	.synopsis = "verify",
	.details =
		"Recomputes every event's charge from its stored counts and its stored price, "
		"every "
		"hourly sum from the events, every source's totals; looks for identities counted "
		"twice and for damage of the file.\n"
		"Every difference is shown with its row (for people the first 1000); then the "
		"exit "
		"code is 1.",
	.needs = NEEDS_LEDGER,
	.json = true,
	.check = check,
	.run = run,
};
