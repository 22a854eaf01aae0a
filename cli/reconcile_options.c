/* What toll reconcile --statement is told by its options. */
#include <string.h>

#include "base/moment.h"
#include "cli/range.h"
#include "cli/reconcile.h"
#include "statement/format.h"

enum { MARGIN_HOURS_MAX = 24 * 366 };

const struct option reconcile_options[] = {
	{ "statement", "FILE ...",
	  "a provider's statement; may be given again, for more of one provider" },
	{ "format", "NAME", "of all of them; else told by their form (toll formats)" },
	{ "mapping", "FILE", "what the columns mean, instead of a format" },
	{ "suggest-mapping", "FILE", "propose a mapping of this file, and compare nothing" },
	{ "names", "FILE", "JSON: what they call a model, a key, an account, and we otherwise" },
	{ "match", "GRAIN", "id, facts, hour, day, month or whole; else the finest there is" },
	{ "cost", NULL, "with what we pay, not with what we charge" },
	RANGE_OPTIONS,
	{ "time-zone", "ZONE", "of days, and of times that name none: UTC, +02:00, Europe/Berlin" },
	{ "account", "NAME",
	  "only this account: of ours, and of theirs where the statement has it" },
	{ "key", "NAME", "only this key, so too" },
	{ "model", "NAME", "only this model, as it was sent, so too" },
	{ "provider", "NAME", "of ours only this provider" },
	{ "source", "NAME", "of ours only this source; with --sources too" },
	{ "tolerance", "AMOUNT", "as much may be left in all, each difference without its sign" },
	{ "row-tolerance", "AMOUNT", "a difference of no more does not matter" },
	{ "cause-tolerance", "CAUSE=AMOUNT ...",
	  "those of a cause together, of no more, neither; may be given again" },
	{ "margin", "HOURS", "around the period looked at for what the boundary moved; else 24" },
	{ "html", "FILE", "write a page of the result" },
	{ "no-store", NULL, "do not note the run in the ledger" },
	{ "internal", NULL, "what the ledger itself says in several ways" },
	{ "sources", NULL, "with the totals that the sources sent in their checkpoints" },
	{ NULL, NULL, NULL },
};

static int read_amount(const struct options *options, const char *name, struct money *out,
                       bool *given_out, struct fault *fault)
{
	struct text text = options_text(options, name);

	*given_out = text.at != NULL;
	if (text.at == NULL)
		return 0;
	if (money_parse(text, out, NULL) < 0 || out->attos < 0)
		return fault_set(fault, FAULT_INVALID, "--%s %.*s: an amount is due, like 0.01",
		                 name, TEXT_ARGS(text));
	return 0;
}

static int read_cause(struct bill_tolerances *tolerances, const char *given, struct fault *fault)
{
	struct text rest = text_of(given), name;
	struct buf names = { .at = NULL };
	enum bill_cause cause = CAUSE_COUNT;
	struct money amount;
	int r;

	if (text_cut(&rest, '=', &name))
		cause = bill_cause_find(name);
	if (cause < CAUSE_COUNT && rest.at != NULL && money_parse(rest, &amount, NULL) == 0 &&
	    amount.attos >= 0) {
		if (tolerances->has_cause[cause])
			return fault_set(fault, FAULT_INVALID, "--cause-tolerance %s: twice",
			                 bill_cause_name(cause));
		tolerances->cause[cause] = amount;
		tolerances->has_cause[cause] = true;
		return 0;
	}
	for (int c = 0; c < CAUSE_COUNT; c++)
		buf_addf(&names, "%s%s", c > 0 ? ", " : "", bill_cause_name((enum bill_cause)c));
	r = fault_set(fault, FAULT_INVALID,
	              "--cause-tolerance %.64s: CAUSE=AMOUNT is due; the causes are %s", given,
	              names.at != NULL ? names.at : "");
	buf_release(&names);
	return r;
}

static int read_tolerances(struct bill_tolerances *tolerances, const struct options *options,
                           struct fault *fault)
{
	const char *given;
	bool total;
	int r = read_amount(options, "tolerance", &tolerances->total, &total, fault);

	if (r == 0)
		r = read_amount(options, "row-tolerance", &tolerances->row, &tolerances->has_row,
		                fault);
	for (size_t i = 0; r == 0 && (given = options_nth(options, "cause-tolerance", i)) != NULL;
	     i++)
		r = read_cause(tolerances, given, fault);
	return r;
}

static int read_match(struct reconcile_ask *ask, const struct options *options, struct fault *fault)
{
	struct text match = options_text(options, "match");

	if (match.at == NULL)
		return 0;
	ask->bill.match = bill_match_find(match);
	if (ask->bill.match == MATCH_AUTO || ask->bill.match == MATCH_COUNT)
		return fault_set(fault, FAULT_INVALID,
		                 "--match %.*s: id, facts, hour, day, month or whole is due",
		                 TEXT_ARGS(match));
	return 0;
}

static int read_format(struct reconcile_ask *ask, const struct options *options,
                       struct fault *fault)
{
	struct text format = options_text(options, "format");

	if (format.at == NULL)
		return 0;
	if (options_value(options, "mapping") != NULL)
		return fault_set(fault, FAULT_INVALID, "--format and --mapping: one of them");
	ask->format = statement_format_find(format);
	if (ask->format == NULL)
		return fault_set(
			fault, FAULT_INVALID,
			"--format %.*s: there is none of this name: toll formats lists them",
			TEXT_ARGS(format));
	return 0;
}

static int check_inputs(const struct options *options, struct fault *fault)
{
	static const char *const inputs[] = { "statement", "mapping", "names" };
	const char *path = options_value(options, "html");
	int stdins = 0;

	/* There is the summary, or --json. */
	if (path != NULL && strcmp(path, "-") == 0)
		return fault_set(fault, FAULT_INVALID,
		                 "--html -: standard output has the result: the path of a file is "
		                 "due (./- is one)");
	if (options_nth(options, "statement", RECONCILE_STATEMENTS_MAX) != NULL)
		return fault_set(fault, FAULT_INVALID, "more than %d statements at once",
		                 RECONCILE_STATEMENTS_MAX);
	for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
		for (size_t n = 0; (path = options_nth(options, inputs[i], n)) != NULL; n++)
			stdins += strcmp(path, "-") == 0;
	}
	return stdins > 1 ? fault_set(fault, FAULT_INVALID,
	                              "- stands for two files: there is one standard input")
	                  : 0;
}

/* What needs no file. */
static int read_words(struct reconcile_ask *ask, const struct options *options, struct fault *fault)
{
	struct bill_options *bill = &ask->bill;
	int64_t hours = BILL_MARGIN_HOURS;
	int r = options_number(options, "margin", 0, MARGIN_HOURS_MAX, hours, &hours, fault);

	if (r == 0)
		r = check_inputs(options, fault);
	if (r == 0)
		r = read_format(ask, options, fault);
	if (r == 0)
		r = read_match(ask, options, fault);
	if (r == 0)
		r = read_tolerances(&bill->tolerances, options, fault);
	bill->margin_ms = hours * MS_PER_HOUR;
	bill->time_slack_ms = BILL_TIME_SLACK_MS;
	bill->side = options_flag(options, "cost") ? BOOK_COST : BOOK_SELL;
	bill->account = options_text(options, "account");
	bill->key = options_text(options, "key");
	bill->model = options_text(options, "model");
	bill->provider = options_text(options, "provider");
	bill->source = options_text(options, "source");
	return r;
}

int reconcile_check(const struct options *options, struct fault *fault)
{
	struct reconcile_ask ask = { .mapped = false };

	return read_words(&ask, options, fault);
}

/* Both are read once: what is noted is the hash of what was taken, and a pipe comes once. */
static int read_mapping(struct reconcile_ask *ask, const char *path, struct fault *fault)
{
	struct fault why = { .code = FAULT_NONE };
	struct buf file = { .at = NULL };
	int r = buf_read_file(&file, path, STATEMENT_MAPPING_BYTES_MAX, fault);

	if (r == 0) {
		sha256_hex(file.at, file.len, ask->mapping_sha256);
		r = statement_mapping_parse(&ask->mapping, buf_text(&file), &why);
		ask->mapped = r == 0;
		if (r < 0)
			fault_set(fault, why.code, "%s: %s", path, why.text);
	}
	buf_release(&file);
	return r;
}

static int read_names(struct reconcile_ask *ask, const char *path, struct fault *fault)
{
	struct buf file = { .at = NULL };
	int r = buf_read_file(&file, path, RENAMES_BYTES_MAX, fault);

	if (r == 0) {
		sha256_hex(file.at, file.len, ask->names_sha256);
		r = renames_parse(&ask->names, buf_text(&file), path, fault);
	}
	buf_release(&file);
	return r;
}

static int read_files(struct reconcile_ask *ask, const struct options *options, struct fault *fault)
{
	const char *mapping = options_value(options, "mapping");
	const char *names = options_value(options, "names");
	struct text zone = options_text(options, "time-zone");
	int r = 0;

	if (zone.at != NULL)
		r = zone_open(&ask->zone, zone, fault);
	if (r == 0 && mapping != NULL)
		r = read_mapping(ask, mapping, fault);
	if (r == 0 && names != NULL)
		r = read_names(ask, names, fault);
	return r;
}

int reconcile_read(struct reconcile_ask *ask_out, const struct options *options,
                   struct fault *fault)
{
	struct reconcile_ask ask = { .mapped = false };
	int r = read_words(&ask, options, fault);

	if (r == 0)
		r = read_files(&ask, options, fault);
	if (r < 0) {
		reconcile_release(&ask);
		return r;
	}
	ask.bill.zone = ask.zone != NULL ? ask.zone : ask.mapping.zone;
	*ask_out = ask;
	return 0;
}

void reconcile_release(struct reconcile_ask *ask)
{
	if (ask->mapped)
		statement_mapping_release(&ask->mapping);
	renames_release(&ask->names);
	zone_close(ask->zone);
}
