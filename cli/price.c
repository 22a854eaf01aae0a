#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "cli/command.h"
#include "cli/control.h"
#include "cli/price_export.h"
#include "cli/price_import.h"
#include "cli/price_source.h"
#include "cli/pricebook.h"
#include "cli/rates.h"
#include "export/export.h"
#include "ledger/books.h"
#include "price/book.h"
#include "price/listing.h"

enum { HASH_SHOWN = 12 };

static const struct option apply_options[] = {
	{ "cost", NULL, "what we pay, not what is sold by" },
	{ "note", "TEXT", "why, for the list of changes" },
	{ NULL, NULL, NULL },
};

/* ---- lint ---- */

static const struct option lint_option[] = {
	{ "listing", NULL, "also what a listing on a marketplace needs and a model lacks" },
	{ NULL, NULL, NULL },
};

static void lint_json(struct context *context, const struct book *book, struct buf *errors,
                      struct buf *warnings, struct buf *lacking)
{
	const struct {
		const char *key;
		struct text lines;
	} lists[] = { { "errors", buf_text(errors) },
		      { "warnings", buf_text(warnings) },
		      { "listing", buf_text(lacking) } };
	size_t count = options_flag(&context->options, "listing") ? 3 : 2;
	struct buf *out = &context->out;

	buf_addf(out, "{\"ok\":%s", book != NULL ? "true" : "false");
	for (size_t i = 0; i < count; i++) {
		struct text rest = lists[i].lines, line;
		const char *comma = "";

		buf_addf(out, ",\"%s\":[", lists[i].key);
		while (text_cut(&rest, '\n', &line)) {
			if (line.len == 0)
				continue;
			buf_add_cstr(out, comma);
			buf_add_json(out, line);
			comma = ",";
		}
		buf_add(out, "]", 1);
	}
	if (book != NULL)
		buf_addf(out, ",\"hash\":\"%s\",\"versions\":%zu", book_hash(book),
		         book_version_count(book));
	buf_add_cstr(out, "}\n");
}

/* Never wrapped: editors and grep read them. */
static void add_lines(struct context *context, const char *path, const char *word,
                      struct text lines)
{
	struct text line;

	while (text_cut(&lines, '\n', &line)) {
		if (line.len == 0)
			continue;
		printer_text(&context->out, text_of(path));
		buf_addf(&context->out, ": %s", word);
		printer_text(&context->out, line);
		buf_add(&context->out, "\n", 1);
	}
}

static enum exit_code run_lint(struct context *context)
{
	struct buf errors = { .at = NULL }, warnings = { .at = NULL }, lacking = { .at = NULL };
	struct listing_lint found = { .missing = 0 };
	struct book *book = NULL;
	const char *path;
	int r;

	if (context->options.word_count != 1)
		return command_misused(context,
		                       "price lint takes one file, or - for standard input");
	path = context->options.words[0];
	r = book_load_file(&book, path, &errors, &context->fault);
	if (r < 0 && r != -FAULT_SYNTAX && r != -FAULT_INVALID && r != -FAULT_RANGE) {
		buf_release(&errors);
		return command_failed(context, r);
	}
	if (r < 0 && errors.len == 0)
		buf_addf(&errors, "%s\n", context->fault.text);
	if (book != NULL)
		book_warnings(book, &warnings);
	if (book != NULL && options_flag(&context->options, "listing") &&
	    listing_lint(book, &lacking, &found, &context->fault) < 0) {
		buf_release(&warnings);
		buf_release(&lacking);
		book_free(book);
		return command_failed(context, -FAULT_NOMEM);
	}
	if (context->form == FORM_JSON) {
		lint_json(context, book, &errors, &warnings, &lacking);
	} else {
		add_lines(context, path, "", buf_text(&errors));
		add_lines(context, path, "warning: ", buf_text(&warnings));
		add_lines(context, path, "", buf_text(&lacking));
		if (book != NULL)
			printer_wrapf(&context->printer, 0,
			              "%s: a price book with %zu version%s, hash %s", path,
			              book_version_count(book),
			              book_version_count(book) == 1 ? "" : "s", book_hash(book));
	}
	buf_release(&errors);
	buf_release(&warnings);
	buf_release(&lacking);
	book_free(book);
	return r < 0 || found.missing > 0 ? EXIT_DIFFERENCE : EXIT_DONE;
}

static const struct command price_lint = {
	.name = "lint",
	.summary = "Check a price book and name every error with its line and path",
	.synopsis = "price lint [--listing] FILE",
	.details = "Exit code 1 where it has errors.  Warnings are allowed, but seldom meant.\n"
		   "\n"
		   "With --listing also what OpenRouter asks for and a model lacks: exit code 1 "
		   "where that is required, not where it is advised.",
	.json = true,
	.options = lint_option,
	.run = run_lint,
};

/* ---- apply ---- */

static enum exit_code run_apply(struct context *context)
{
	struct control_reply reply = { .doc = { .nodes = NULL } };
	struct buf request = { .at = NULL };
	bool cost = options_flag(&context->options, "cost");
	int r;

	if (context->options.word_count != 1)
		return command_misused(context,
		                       "price apply takes one file, or - for standard input");
	r = control_book_request(&request, context->options.words[0], cost ? BOOK_COST : BOOK_SELL,
	                         options_text(&context->options, "note"), &context->fault);
	if (r == 0)
		r = control_change(context, &request, &reply);
	if (r == 0 && context->form == FORM_JSON) {
		buf_add_text(&context->out, buf_text(&reply.text));
		buf_add(&context->out, "\n", 1);
	} else if (r == 0) {
		struct text hash = json_string(&reply.doc, json_member(&reply.doc, 0, "hash"));
		bool changed = json_type_of(&reply.doc, json_member(&reply.doc, 0, "changed")) ==
		               JSON_TRUE;

		printer_wrapf(&context->printer, 0, "%s %.*s: %lld version%s",
		              !changed ? "In force already, nothing changed:"
		              : cost   ? "In force now as the cost book:"
		                       : "In force now:",
		              TEXT_ARGS(hash), (long long)control_count(&reply, "versions"),
		              control_count(&reply, "versions") == 1 ? "" : "s");
		if (changed)
			buf_add_cstr(&context->out,
			             "New events are rated with it; toll suspense retry "
			             "rates those that wait.\n");
		if (changed && cost)
			printer_wrapf(&context->printer, 0,
			              "What came before the first cost book has no cost, and gets "
			              "none.");
	}
	control_release(&reply);
	buf_release(&request);
	return r < 0 ? command_failed(context, r) : EXIT_DONE;
}

static const struct command price_apply = {
	.name = "apply",
	.summary = "Put a price book in force",
	.synopsis = "price apply [--cost] FILE [--note TEXT]",
	.details = "Asks the daemon where one holds the ledger.  Stored events keep the price they "
		   "were "
		   "rated with.  A book with an error is refused whole.\n"
		   "With --cost it is the cost book: reports show cost and margin beside the "
		   "amount.  Both are in one currency.",
	.needs = NEEDS_LEDGER_PATH,
	.json = true,
	.options = apply_options,
	.run = run_apply,
};

/* ---- list ---- */

enum {
	LIST_APPLIED,
	LIST_STATE,
	LIST_SIDE,
	LIST_HASH,
	LIST_NAME,
	LIST_CURRENCY,
	LIST_VERSIONS,
	LIST_WHO,
	LIST_NOTE
};

static int add_book(void *user, const struct book_log_row *book)
{
	struct table *table = user;
	size_t row = table_row(table);
	char applied[MOMENT_TEXT_BYTES];

	moment_text(book->applied_ms, applied);
	table_set(table, row, LIST_APPLIED, text_of(applied));
	table_set(table, row, LIST_STATE, text_of(book->in_force ? "in force" : "replaced"));
	table_set(table, row, LIST_SIDE, text_of(book_side_name(book->side)));
	table_set(table, row, LIST_HASH, book->hash);
	table_set(table, row, LIST_NAME, book->name.len > 0 ? book->name : text_of(NULL));
	table_set(table, row, LIST_CURRENCY, book->currency);
	table_set_count(table, row, LIST_VERSIONS, book->versions);
	table_set(table, row, LIST_WHO, book->who);
	table_set(table, row, LIST_NOTE, book->note.len > 0 ? book->note : text_of(NULL));
	return table->error;
}

/* A person needs the beginning of a hash, which price show takes too, and the minute. */
static void shorten(struct table *table)
{
	enum { MINUTES_SHOWN = 16 };

	for (size_t i = 0; i < table->row_count; i++) {
		table->rows[i].cells[LIST_APPLIED].len = MINUTES_SHOWN;
		table->rows[i].cells[LIST_HASH].len = HASH_SHOWN;
	}
	table->columns[LIST_APPLIED].title = "Applied (UTC)";
	table->columns[LIST_CURRENCY].hidden = true; /* a ledger has one currency */
}

static enum exit_code check_list(struct context *context)
{
	return command_no_words(context, "price list");
}

static enum exit_code run_list(struct context *context)
{
	struct table table = { .rows = NULL };
	int r;

	table_column(&table, "applied", "Applied", TABLE_TIME, false);
	table_column(&table, "state", "State", TABLE_TEXT, false);
	table_column(&table, "side", "Side", TABLE_TEXT, false);
	table_column(&table, "hash", "Hash", TABLE_TEXT, false);
	table_column(&table, "name", "Name", TABLE_TEXT, false);
	table_column(&table, "currency", "Cur.", TABLE_TEXT, false);
	table_column(&table, "versions", "Versions", TABLE_COUNT, false);
	table_column(&table, "who", "Who", TABLE_TEXT, true);
	table_column(&table, "note", "Note", TABLE_TEXT, true);
	r = ledger_each_book(context->ledger, add_book, &table, &context->fault);
	if (r == 0 && table.error == 0 && context->form == FORM_TABLE)
		shorten(&table);
	if (r == 0 && table.row_count == 0 && context->form == FORM_TABLE)
		buf_add_cstr(&context->out,
		             "No price book was applied yet: toll price apply FILE\n");
	else if (r == 0)
		command_table(context, &table);
	table_release(&table);
	return r < 0 ? command_failed(context, r) : EXIT_DONE;
}

static const struct command price_list = {
	.name = "list",
	.summary = "List the price books that were applied, newest first",
	.synopsis = "price list",
	.needs = NEEDS_LEDGER,
	.csv = true,
	.json = true,
	.check = check_list,
	.run = run_list,
};

/* ---- show ---- */

enum {
	AGREED_ACCOUNT,
	AGREED_MODELS,
	AGREED_FROM,
	AGREED_UNTIL,
	AGREED_COMPONENT,
	AGREED_PRICE,
	AGREED_CONDITION
};
enum { SHOW_MODEL, SHOW_FROM, SHOW_COMPONENT, SHOW_PRICE, SHOW_CONDITION };

static size_t add_rate_row(struct table *table, const struct book_version *version,
                           const char *component)
{
	size_t row = table_row(table);
	char from[MOMENT_TEXT_BYTES];

	moment_text(version->effective_from_ms, from);
	table_set(table, row, SHOW_MODEL, version->model);
	table_set(table, row, SHOW_FROM, text_of(from));
	table_set(table, row, SHOW_COMPONENT, text_of(component));
	return row;
}

static void add_card(struct table *table, const struct book *book,
                     const struct book_version *version)
{
	char text[RATES_TEXT_BYTES];

	for (size_t i = 0; i < version->card.rate_count; i++) {
		const struct book_rate *rate = &version->card.rates[i];
		size_t row = add_rate_row(table, version, component_info[rate->component].key);

		rates_price(rate, book_currency(book), text);
		table_set(table, row, SHOW_PRICE, text_of(text));
		rates_set(table, row, SHOW_CONDITION + 1, rate);
		rates_when(&rate->when, rate->component, text);
		table_set(table, row, SHOW_CONDITION, text_of(text[0] != '\0' ? text : NULL));
	}
	for (size_t c = 0; c < COMPONENT_COUNT; c++) {
		size_t row;

		/* "as" means nothing where there is an entry, or none for what it points to. */
		if (version->same_as[c] == c || book_version_has(version, (enum component)c) ||
		    !book_version_has(version, version->same_as[c]))
			continue;
		row = add_rate_row(table, version, component_info[c].key);
		snprintf(text, sizeof(text), "as %s", component_info[version->same_as[c]].key);
		table_set(table, row, SHOW_PRICE, text_of(text));
	}
}

/* What comes to the rates of a version. */
static void add_factors(struct table *table, const struct book_version *version)
{
	char text[RATES_TEXT_BYTES], price[MONEY_TEXT_BYTES];

	for (size_t i = 0; i < version->multiplier_count; i++) {
		const struct book_multiplier *multiplier = &version->multipliers[i];
		size_t row = add_rate_row(table, version, "multiplier");

		rates_multiplier(multiplier, text);
		table_set(table, row, SHOW_CONDITION, text_of(text[0] != '\0' ? text : NULL));
		snprintf(text, sizeof(text), "x %.*s", TEXT_ARGS(multiplier->factor.text));
		table_set(table, row, SHOW_PRICE, text_of(text));
	}
	for (size_t i = 0; i < version->minimum_count; i++) {
		size_t row = add_rate_row(table, version, "minimum");

		money_text(version->minimums[i].charge, price);
		snprintf(text, sizeof(text), "%s a request", price);
		table_set(table, row, SHOW_PRICE, text_of(text));
		rates_when(&version->minimums[i].when, COMPONENT_COUNT, text);
		table_set(table, row, SHOW_CONDITION, text_of(text[0] != '\0' ? text : NULL));
	}
	if (version->discount.text.at != NULL) {
		size_t row = add_rate_row(table, version, "discount");

		snprintf(text, sizeof(text), "%.*s%s", TEXT_ARGS(version->discount.text),
		         version->discount_to_user ? " to the user" : " %");
		table_set(table, row, SHOW_PRICE, text_of(text));
	}
}

static void add_version(struct table *table, const struct book *book,
                        const struct book_version *version)
{
	add_card(table, book, version);
	add_factors(table, version);
}

/* What was agreed with accounts: whose, which models, until when. */
static void add_agreed(struct table *table, const struct book *book,
                       const struct book_override *agreed)
{
	char text[RATES_TEXT_BYTES], from[MOMENT_TEXT_BYTES];
	struct buf models = { .at = NULL };

	for (size_t i = 0; i < agreed->model_count; i++)
		buf_addf(&models, "%s%.*s", i > 0 ? ", " : "", TEXT_ARGS(agreed->models[i]));
	for (size_t i = 0; i < agreed->card.rate_count + (agreed->discount.text.at != NULL); i++) {
		const struct book_rate *rate = &agreed->card.rates[i];
		size_t row = table_row(table);

		moment_text(agreed->from_ms, from);
		table_set(table, row, AGREED_ACCOUNT, agreed->account);
		table_set(table, row, AGREED_MODELS,
		          models.len > 0 ? buf_text(&models) : text_of("all"));
		table_set(table, row, AGREED_FROM, text_of(from));
		if (agreed->until_ms != INT64_MAX) {
			moment_text(agreed->until_ms, from);
			table_set(table, row, AGREED_UNTIL, text_of(from));
		}
		if (i == agreed->card.rate_count) {
			snprintf(text, sizeof(text), "%.*s %% off",
			         TEXT_ARGS(agreed->discount.text));
			table_set(table, row, AGREED_PRICE, text_of(text));
			continue;
		}
		table_set(table, row, AGREED_COMPONENT,
		          text_of(component_info[rate->component].key));
		rates_price(rate, book_currency(book), text);
		table_set(table, row, AGREED_PRICE, text_of(text));
		rates_when(&rate->when, rate->component, text);
		table_set(table, row, AGREED_CONDITION, text_of(text[0] != '\0' ? text : NULL));
	}
	if (models.error != 0)
		table->error = models.error;
	buf_release(&models);
}

static void write_agreed(struct context *context, const struct book *book)
{
	enum { DAY_SHOWN = 10 };
	struct table table = { .rows = NULL };

	if (book_override_count(book) == 0)
		return;
	table_column(&table, "account", "Account", TABLE_TEXT, false);
	table_column(&table, "models", "Models", TABLE_TEXT, true);
	table_column(&table, "from", "From", TABLE_TIME, false);
	table_column(&table, "until", "Until", TABLE_TIME, true);
	table_column(&table, "component", "Component", TABLE_TEXT, true);
	table_column(&table, "price", "Price", TABLE_TEXT, false);
	table_column(&table, "condition", "Condition", TABLE_TEXT, true);
	for (size_t i = 0; i < book_override_count(book); i++)
		add_agreed(&table, book, book_override(book, i));
	for (size_t i = 0; i < table.row_count; i++) {
		table.rows[i].cells[AGREED_FROM].len = DAY_SHOWN;
		if (table.rows[i].cells[AGREED_UNTIL].at != NULL)
			table.rows[i].cells[AGREED_UNTIL].len = DAY_SHOWN;
	}
	buf_add(&context->out, "\n", 1);
	printer_heading(&context->printer, "Agreed with accounts");
	command_table(context, &table);
	table_release(&table);
}

static void start_rates(struct table *table, bool for_people)
{
	table_column(table, "model", "Model", TABLE_TEXT, false);
	table_column(table, "effective_from", "From", TABLE_TIME, false);
	table_column(table, "component", "Component", TABLE_TEXT, false);
	table_column(table, "price", "Price", TABLE_TEXT, false);
	table_column(table, "condition", "Condition", TABLE_TEXT, true);
	rates_columns(table);
	/* Those stand above the rates of a version. */
	table->columns[SHOW_MODEL].hidden = table->columns[SHOW_FROM].hidden = for_people;
}

static void write_book(struct context *context, const struct book *book)
{
	struct table table = { .rows = NULL };
	char from[MOMENT_TEXT_BYTES];

	if (context->form != FORM_TABLE)
		start_rates(&table, false);
	else
		printer_wrapf(&context->printer, 0, "Price book %.*s%s%s",
		              TEXT_ARGS(book_name(book)), book_name(book).len > 0 ? ", " : "",
		              book_hash(book));
	for (size_t v = 0; v < book_version_count(book); v++) {
		const struct book_version *version = book_version(book, v);

		if (context->form == FORM_TABLE) {
			moment_text(version->effective_from_ms, from);
			buf_add(&context->out, "\n", 1);
			printer_wrapf(&context->printer, 0, "%.*s from %s",
			              TEXT_ARGS(version->model), from);
			start_rates(&table, true);
		}
		add_version(&table, book, version);
		if (context->form == FORM_TABLE) {
			command_table(context, &table);
			table_release(&table);
		}
	}
	if (context->form != FORM_TABLE)
		command_table(context, &table);
	else
		write_agreed(context, book);
	table_release(&table);
}

static int keep_hash(void *user, const struct book_log_row *row)
{
	if (row->side != BOOK_SELL)
		return 0;
	text_copy(user, SHA256_HEX_BYTES, row->hash);
	return 1;
}

static enum exit_code check_show(struct context *context)
{
	if (context->options.word_count > 1)
		return command_misused(context, "price show takes one hash, or none");
	return EXIT_DONE;
}

static enum exit_code run_show(struct context *context)
{
	char hash[SHA256_HEX_BYTES] = "";
	struct buf json = { .at = NULL };
	struct book *book = NULL;
	int r = 0;

	if (context->options.word_count == 1)
		text_copy(hash, sizeof(hash), text_of(context->options.words[0]));
	else
		r = ledger_each_book(context->ledger, keep_hash, hash, &context->fault);
	if (r >= 0 && hash[0] == '\0')
		r = fault_set(&context->fault, FAULT_NOT_FOUND,
		              "no price book was applied yet: toll price apply FILE");
	if (r >= 0)
		r = ledger_book_json(context->ledger, text_of(hash), &json, &context->fault);
	if (r == 0)
		r = book_load(&book, buf_text(&json), NULL, &context->fault);
	if (r == 0 && context->form == FORM_JSON)
		buf_add_text(&context->out, buf_text(&json));
	else if (r == 0)
		write_book(context, book);
	book_free(book);
	buf_release(&json);
	return r < 0 ? command_failed(context, r) : EXIT_DONE;
}

static const struct command price_show = {
	.name = "show",
	.summary = "Show the rates of a book: the one in force, or of a hash's beginning",
	.synopsis = "price show [HASH]",
	.details = "--json gives the book byte for byte as it was applied.",
	.needs = NEEDS_LEDGER,
	.csv = true,
	.json = true,
	.check = check_show,
	.run = run_show,
};

static const struct command *const actions[] = {
	&price_lint,
	&command_price_import,
	&command_price_export,
	&price_apply,
	&price_list,
	&price_show,
	&price_log,
	&price_rollback,
	&price_diff,
	&price_shadow,
	&price_compare,
	&command_price_quote,
	&command_price_test,
	NULL,
};

const struct command command_price = {
	.name = "price",
	.summary = "Check, import, publish, apply, compare and try price books",
	.actions = actions,
};
