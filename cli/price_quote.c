/* What a request would cost that nobody made. */
#include <assert.h>
#include <string.h>

#include "base/moment.h"
#include "cli/charges.h"
#include "cli/pricebook.h"
#include "cli/said.h"
#include "export/export.h"
#include "usage/event.h"

enum { LABEL_WIDTH = CHARGES_LABEL_WIDTH, OPTION_NAME_BYTES = 24, REQUESTS_TOGETHER = 1000 };

/* The key of a component with '-' for '_', as options are written: a constant. */
#define LETTER(key, i)                                                                             \
	((i) >= sizeof(key)                                  ? '\0'                                \
	 : (key)[(i) < sizeof(key) ? (size_t)(i) : 0] == '_' ? '-'                                 \
	                                                     : (key)[(i) < sizeof(key) ? (i) : 0])
#define LETTERS(key, i)                                                                            \
	LETTER(key, (i)), LETTER(key, (i) + 1), LETTER(key, (i) + 2), LETTER(key, (i) + 3)
static const char option_names[COMPONENT_COUNT][OPTION_NAME_BYTES] = {
#define C(NAME, key, UNIT, ROLE, STORE)                                                            \
	[COMPONENT_##NAME] = { LETTERS(key, 0),  LETTERS(key, 4),  LETTERS(key, 8),                \
		               LETTERS(key, 12), LETTERS(key, 16), LETTERS(key, 20) },
#include "usage/component.def"
#undef C
};
#define C(NAME, key, UNIT, ROLE, STORE)                                                            \
	static_assert(sizeof(key) <= OPTION_NAME_BYTES, "an option has no room for its name");
#include "usage/component.def"
#undef C

static const struct option options[] = {
	{ "model", "NAME", "as an event would name it" },
	{ "account", "NAME", "what was agreed with it counts" },
	{ "tier", "WORD", "the tier of service that served it; else standard" },
	{ "region", "WORD", "where it was served" },
	{ "at", "TIME", "when it ran; else now" },
	{ "images", "LIST", "images that came out: N[:SIZE[:QUALITY[:STEPS]]],..." },
	{ "kind", "LIST", "units of a kind: COMPONENT:N:WORD=VALUE[:WORD=VALUE],..." },
#define C(NAME, key, UNIT, ROLE, STORE) { option_names[COMPONENT_##NAME], "N", "how many of " key },
#include "usage/component.def"
#undef C
	{ NULL, NULL, NULL },
};

struct quote {
	struct context *context;
	struct said said;
	int64_t at_ms;
	struct rating_request request;
	struct book *book;
	struct charges charges;
	enum rating_verdict verdict;
};

/* ---- what is asked ---- */

static int take_counts(struct quote *quote)
{
	struct fault *fault = &quote->context->fault;
	int r = 0;

	for (int c = 0; r == 0 && c < COMPONENT_COUNT; c++) {
		int64_t n = 0;

		if (!options_flag(&quote->context->options, option_names[c]))
			continue;
		r = options_number(&quote->context->options, option_names[c], 0, USAGE_COUNT_MAX, 0,
		                   &n, fault);
		if (r == 0)
			r = said_count(&quote->said, (enum component)c, n, fault);
	}
	return r;
}

/* The same fault with what it is about before it. */
static int at_option(struct quote *quote, const char *name, struct text item, int r)
{
	struct fault inner = quote->context->fault;

	if (r == 0)
		return 0;
	return fault_set(&quote->context->fault, inner.code, "--%s %.*s: %.400s", name,
	                 item.len > 64 ? 64 : (int)item.len, item.at, inner.text);
}

static int take_n(struct usage_kind *kind, struct text n, struct fault *fault)
{
	if (text_int(n, &kind->n) && kind->n >= 1)
		return 0;
	return fault_set(fault, FAULT_INVALID, "%.*s: a whole number from 1 on is due",
	                 n.len > 64 ? 64 : (int)n.len, n.at != NULL ? n.at : "");
}

/* "2:1024x1024:hd:50" */
static int take_image(struct quote *quote, struct text rest)
{
	static const char *const keys[] = { "size", "quality", "steps" };
	struct usage_kind kind = { .component = COMPONENT_IMAGES_OUT };
	struct fault *fault = &quote->context->fault;
	struct text part;
	int r;

	text_cut(&rest, ':', &part);
	r = take_n(&kind, part, fault);
	for (size_t i = 0; r == 0 && text_cut(&rest, ':', &part); i++) {
		if (i == sizeof(keys) / sizeof(keys[0]))
			r = fault_set(fault, FAULT_INVALID, "N:SIZE:QUALITY:STEPS is all there is");
		else if (part.len > 0) /* "1::hd": of a size that nobody said */
			r = said_word(&kind, text_of(keys[i]), part, fault);
	}
	return r < 0 ? r : said_kind(&quote->said, &kind, fault);
}

/* "searches:3:kind=web_search" */
static int take_kind(struct quote *quote, struct text rest)
{
	struct usage_kind kind = { .number = 0 };
	struct fault *fault = &quote->context->fault;
	struct text part, key;
	int r;

	text_cut(&rest, ':', &part);
	r = said_component(part, &kind.component, fault);
	if (r == 0 && !text_cut(&rest, ':', &part))
		part = text_of(NULL);
	if (r == 0)
		r = take_n(&kind, part, fault);
	while (r == 0 && text_cut(&rest, ':', &part)) {
		text_cut(&part, '=', &key);
		if (part.at == NULL)
			r = fault_set(fault, FAULT_INVALID, "%.*s: WORD=VALUE is due",
			              key.len > 64 ? 64 : (int)key.len, key.at);
		else
			r = said_word(&kind, key, part, fault);
	}
	return r < 0 ? r : said_kind(&quote->said, &kind, fault);
}

static int take_list(struct quote *quote, const char *name,
                     int (*take)(struct quote *quote, struct text item))
{
	struct text rest = options_text(&quote->context->options, name), item;
	int r = 0;

	while (r == 0 && rest.at != NULL && text_cut(&rest, ',', &item))
		r = at_option(quote, name, item, take(quote, item));
	return r;
}

static int take_at(struct quote *quote)
{
	struct text at = options_text(&quote->context->options, "at");

	quote->at_ms = command_now_ms();
	if (at.at == NULL || moment_parse_date(at, &quote->at_ms))
		return 0;
	return fault_set(&quote->context->fault, FAULT_INVALID,
	                 "--at %.*s: a time is due, like 2026-11-22 or 2026-11-22T08:00:00Z",
	                 at.len > 64 ? 64 : (int)at.len, at.at);
}

static int take_names(struct quote *quote)
{
	const struct options *given = &quote->context->options;
	struct rating_request *request = &quote->request;
	const struct {
		const char *option;
		struct text *name;
	} names[] = { { "model", &request->model },
		      { "account", &request->account },
		      { "tier", &request->tier },
		      { "region", &request->region } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct text name = options_text(given, names[i].option);

		if (name.at != NULL && (name.len == 0 || name.len > EVENT_NAME_BYTES_MAX ||
		                        !text_plain(name) || !text_utf8(name)))
			return fault_set(&quote->context->fault, FAULT_INVALID,
			                 "--%s: 1 to %d bytes without control characters",
			                 names[i].option, EVENT_NAME_BYTES_MAX);
		*names[i].name = name;
	}
	return 0;
}

static int take_request(struct quote *quote)
{
	int r = take_names(quote);

	if (r == 0)
		r = take_at(quote);
	if (r == 0)
		r = take_counts(quote);
	if (r == 0)
		r = take_list(quote, "images", take_image);
	if (r == 0)
		r = take_list(quote, "kind", take_kind);
	if (r == 0)
		r = said_end(&quote->said, &quote->context->fault);
	quote->request.at_ms = quote->at_ms;
	quote->request.usage = &quote->said.usage;
	return r;
}

/* ---- what it costs ---- */

static bool is_priced(const struct quote *quote)
{
	return quote->verdict == RATING_PRICED || quote->verdict == RATING_NOTHING;
}

static void write_request(const struct quote *quote)
{
	const struct printer *printer = &quote->context->printer;
	const struct rating_request *request = &quote->request;
	char room[BOOK_TIER_BYTES], time[MOMENT_TEXT_BYTES];
	struct text tier = book_tier(request->tier, room);

	moment_text(request->at_ms, time);
	printer_pairf(printer, LABEL_WIDTH, "Time", "%s", time);
	if (request->account.at != NULL)
		printer_pair(printer, LABEL_WIDTH, "Account", request->account);
	printer_pair(printer, LABEL_WIDTH, "Tier", tier);
	if (request->region.at != NULL)
		printer_pair(printer, LABEL_WIDTH, "Region", request->region);
}

static void write_agreed(const struct quote *quote)
{
	const struct book_override *agreed = quote->charges.override;
	char from[MOMENT_TEXT_BYTES], until[MOMENT_TEXT_BYTES] = "";

	if (agreed == NULL)
		return;
	moment_text(agreed->from_ms, from);
	if (agreed->until_ms != INT64_MAX)
		moment_text(agreed->until_ms, until);
	printer_pairf(&quote->context->printer, LABEL_WIDTH, "Agreed", "with %.*s from %s%s%s",
	              TEXT_ARGS(agreed->account), from, until[0] != '\0' ? " until " : "", until);
}

static void write_unpriced(const struct quote *quote)
{
	const struct printer *printer = &quote->context->printer;
	const struct book_found *found = &quote->charges.found;
	struct buf missing = { .at = NULL };

	charges_missing(&quote->charges, &missing);
	if (quote->verdict == RATING_RANGE)
		printer_wrap(printer, 0, text_of("NO AMOUNT: it is larger than an amount can be."));
	else if (found->match == BOOK_MATCH_NONE)
		printer_wrapf(printer, 0,
		              "UNPRICED: no model, alias or pattern of the book is %.*s.",
		              TEXT_ARGS(quote->request.model));
	else if (found->version == NULL)
		printer_wrapf(printer, 0,
		              "UNPRICED: the model has no version that is in effect at this time.");
	else
		printer_wrapf(printer, 0, "UNPRICED: no rate for %.*s that fits.",
		              TEXT_ARGS(buf_text(&missing)));
	buf_release(&missing);
}

/* What one costs has more decimals than a person can compare. */
static void write_thousand(const struct quote *quote)
{
	struct text currency = book_currency(quote->book);
	const struct rate one = { quote->charges.total.attos };
	char amount[MONEY_TEXT_BYTES];
	struct money thousand;

	if (one.attos_per_unit <= 0 || rate_times(one, REQUESTS_TOGETHER, &thousand) < 0)
		return;
	money_text(thousand, amount);
	printer_wrapf(&quote->context->printer, 0, "%d such requests cost %s %.*s.",
	              REQUESTS_TOGETHER, amount, TEXT_ARGS(currency));
}

static void write_text(const struct quote *quote, const struct table *table)
{
	struct context *context = quote->context;

	printer_wrapf(&context->printer, 0, "Quote for %.*s", TEXT_ARGS(quote->request.model));
	buf_add(&context->out, "\n", 1);
	write_request(quote);
	buf_add(&context->out, "\n", 1);
	printer_heading(&context->printer, "Price");
	charges_price(&context->printer, quote->book, &quote->charges,
	              usage_prompt_total(&quote->said.usage));
	write_agreed(quote);
	buf_add(&context->out, "\n", 1);
	if (table->row_count > 0) {
		printer_table(&context->printer, table);
		buf_add(&context->out, "\n", 1);
	}
	if (!is_priced(quote))
		write_unpriced(quote);
	else if (table->row_count == 0)
		printer_wrapf(&context->printer, 0, "Nothing of it has a price: it costs 0.00.");
	else
		write_thousand(quote);
}

static void write_json(const struct quote *quote, const struct table *table)
{
	struct buf *out = &quote->context->out;
	const struct rating_request *request = &quote->request;
	char text[MONEY_TEXT_BYTES], time[MOMENT_TEXT_BYTES], room[BOOK_TIER_BYTES];
	struct buf missing = { .at = NULL };

	charges_missing(&quote->charges, &missing);
	money_text(quote->charges.total, text);
	moment_text(request->at_ms, time);
	buf_add_cstr(out, "{\"model\":");
	buf_add_json(out, request->model);
	buf_add_member(out, "time", text_of(time));
	buf_add_member(out, "account", request->account);
	buf_add_member(out, "tier", book_tier(request->tier, room));
	buf_add_member(out, "region", request->region);
	buf_add_member(out, "state",
	               text_of(is_priced(quote)                 ? "priced"
	                       : quote->verdict == RATING_RANGE ? "no-amount"
	                                                        : "unpriced"));
	buf_add_member(out, "amount", text_of(is_priced(quote) ? text : NULL));
	buf_add_member(out, "missing", missing.len > 0 ? buf_text(&missing) : text_of(NULL));
	charges_price_json(out, quote->book, &quote->charges,
	                   usage_prompt_total(&quote->said.usage));
	buf_add_cstr(out, ",");
	export_json_members(out, table);
	buf_add_cstr(out, "}\n");
	buf_release(&missing);
}

static void write(struct quote *quote)
{
	struct context *context = quote->context;
	struct table table = { .rows = NULL };
	char total[MONEY_TEXT_BYTES];

	money_text(quote->charges.total, total);
	charges_table(&table, &quote->charges, book_currency(quote->book),
	              text_of(is_priced(quote)              ? total
	                      : context->form == FORM_TABLE ? "unpriced"
	                                                    : NULL));
	if (context->form == FORM_JSON)
		write_json(quote, &table);
	else if (context->form == FORM_CSV)
		export_csv(&context->out, &table);
	else
		write_text(quote, &table);
	if (table.error != 0)
		context->out.error = table.error;
	table_release(&table);
}

static enum exit_code check(struct context *context)
{
	if (context->options.word_count > 1)
		return command_misused(context,
		                       "price quote takes one book (a file, or a hash), or none");
	if (!options_flag(&context->options, "model"))
		return command_misused(context, "price quote: --model NAME is due");
	return EXIT_DONE;
}

static enum exit_code run(struct context *context)
{
	struct quote quote = { .context = context };
	const struct options *given = &context->options;
	int r;

	if (take_request(&quote) < 0)
		return EXIT_USAGE;
	r = pricebook_open(context, given->word_count == 1 ? given->words[0] : NULL, &quote.book);
	if (r < 0)
		return command_failed(context, r);
	quote.verdict = rating_request(quote.book, &quote.request, &quote.charges);
	write(&quote);
	book_free(quote.book);
	return is_priced(&quote) ? EXIT_DONE : EXIT_DIFFERENCE;
}

const struct command command_price_quote = {
	.name = "quote",
	.summary = "Show what a request would cost, and why",
	.synopsis = "price quote [BOOK] --model NAME [--COMPONENT N]...",
	.details = "BOOK is a file, or 8 or more digits of the hash of a book that was applied; "
		   "without it the book in force is taken.  Nothing is written anywhere.\n"
		   "Counts are those of toll-pricebook(5): input has no part of the prompt that "
		   "came from a cache.  Where --images or --kind stands beside a count, the count "
		   "is of all of them.  A request counts once without --requests.  Exit code 1 "
		   "where something has no price.\n"
		   "toll price quote book.json --model acme/paint-2 --images 2:1024x1024:hd,1",
	.needs = NEEDS_LEDGER_PATH,
	.csv = true,
	.json = true,
	.options = options,
	.check = check,
	.run = run,
};
