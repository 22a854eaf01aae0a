/* The cross-check of two sources: what two books price differently at one moment. */
#include <stdio.h>
#include <stdlib.h>

#include "base/moment.h"
#include "cli/price_source.h"
#include "cli/price_words.h"
#include "cli/pricebook.h"
#include "export/export.h"
#include "money/percent.h"
#include "price/compare.h"
#include "price/match.h"

static const struct option options[] = {
	{ "at", "TIME", "the prices of this moment; else now" },
	{ "all", NULL,
	  "list the models that only one of them has, and the components that it prices as "
	  "another and the other book does not have" },
	{ "strip-provider", NULL, "match openai/gpt-4o with gpt-4o too" },
	{ NULL, NULL, NULL },
};

/* A difference and where it stands: the largest change in per cent first. */
struct finding {
	struct compared difference;
	uint32_t a, b; /* models */
	int64_t size;  /* of the change, in hundredths; -1: only one has it */
};

struct comparison {
	struct context *context;
	const char **words;
	struct book *books[2];
	int64_t at_ms;
	struct match match;
	struct finding *findings;
	size_t count, cap;
	size_t only[2];           /* models that one has alone */
	size_t later;             /* pairs of which one has no price yet at at_ms */
	size_t differ, one_sided; /* of the findings */
	size_t assumed;           /* components as another that are no finding: is_assumed() */
	const struct book_version *versions[2]; /* at hand */
	size_t models;                          /* pairs with a finding */
	uint32_t a, b;                          /* at hand */
};

/* ---- finding ---- */

/*
 * One has the component as another ("input_video as input") and the other book does not have it at
 * all: of two sources that is what one of them takes for granted, and no other price.
 */
static bool is_assumed(const struct comparison *c, const struct compared *difference)
{
	size_t without = difference->how == COMPARE_ADDED ? 0 : 1;

	return difference->what == COMPARE_AS && difference->how != COMPARE_CHANGED &&
	       !book_version_has(c->versions[without], difference->component);
}

static int add_finding(void *context, const struct compared *difference)
{
	struct comparison *c = context;
	struct finding *finding;
	struct price_words words;

	if (!options_flag(&c->context->options, "all") && is_assumed(c, difference)) {
		c->assumed++;
		return 0;
	}
	if (c->count == c->cap) {
		size_t cap = c->cap > 0 ? c->cap * 2 : 64;
		struct finding *findings = realloc(c->findings, cap * sizeof(*findings));

		if (findings == NULL)
			return -FAULT_NOMEM;
		c->findings = findings;
		c->cap = cap;
	}
	finding = &c->findings[c->count++];
	*finding = (struct finding){ *difference, c->a, c->b, -1 };
	c->one_sided += difference->how != COMPARE_CHANGED;
	c->differ += difference->how == COMPARE_CHANGED;
	if (difference->how != COMPARE_CHANGED)
		return 0;
	price_words(difference, book_currency(c->books[0]), &words);
	/* What is free in one of them is further away than any per cent can say. */
	if (!words.priced)
		finding->size = 0;
	else if (!percent_hundredths(words.from, words.to, &finding->size))
		finding->size = INT64_MAX;
	if (finding->size < 0)
		finding->size = -finding->size;
	return 0;
}

/* Each model's entries stay in their order. */
static int by_size(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? 1 : -1;
	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	return (x->difference.component > y->difference.component) -
	       (x->difference.component < y->difference.component);
}

/* Versions ascend.  Not by book_find(): a name may be a pattern, which finds others. */
static const struct book_version *version_at(const struct book *book, uint32_t index, int64_t at_ms)
{
	const struct book_model *model = book_model(book, index);
	const struct book_version *found = NULL;

	for (size_t i = 0; i < model->version_count; i++) {
		const struct book_version *version = book_version(book, model->first_version + i);

		if (version->effective_from_ms > at_ms)
			break;
		found = version;
	}
	return found;
}

static int find_differences(struct comparison *c)
{
	int r = match_models(c->books[0], c->books[1],
	                     options_flag(&c->context->options, "strip-provider"), &c->match);

	for (uint32_t a = 0; r == 0 && a < book_model_count(c->books[0]); a++) {
		const struct book_version **versions = c->versions;
		size_t before = c->count + c->assumed;

		if (c->match.of[0][a] == MATCH_NONE)
			continue;
		c->a = a;
		c->b = c->match.of[0][a];
		versions[0] = version_at(c->books[0], a, c->at_ms);
		versions[1] = version_at(c->books[1], c->b, c->at_ms);
		c->later += versions[0] == NULL || versions[1] == NULL;
		if (versions[0] != NULL && versions[1] != NULL)
			r = compare_versions(versions[0], versions[1], add_finding, c);
		c->models += c->count + c->assumed > before;
	}
	for (size_t i = 0; r == 0 && i < 2; i++)
		c->only[i] = book_model_count(c->books[i]) - c->match.count;
	if (r == 0 && c->count > 0)
		qsort(c->findings, c->count, sizeof(*c->findings), by_size);
	return r;
}

/* ---- writing ---- */

enum { NAMES_WIDTH_MAX = 70 }; /* of two names on one line */
enum { COL_MODEL, COL_OTHER, COL_KIND, COL_WHAT, COL_A, COL_B, COL_PERCENT, COL_PER, COL_WHEN };

static void start_table(struct table *table, bool people)
{
	table_column(table, "model", "Model", TABLE_TEXT, false);
	table_column(table, "model_b", "Model of B", TABLE_TEXT, false);
	table_column(table, "kind", "Kind", TABLE_TEXT, false);
	table_column(table, "what", "What", TABLE_TEXT, false);
	table_column(table, "a", "A", TABLE_TEXT, false);
	table_column(table, "b", "B", TABLE_TEXT, false);
	table_column(table, "percent", "%", TABLE_AMOUNT, true);
	if (people)
		table_column(table, "per", "Per", TABLE_TEXT, true);
	table_column(table, "condition", "Condition", TABLE_TEXT, true);
	table->columns[COL_OTHER].hidden = table->columns[COL_KIND].hidden = people;
}

static void add_row(struct comparison *c, struct table *table, const struct finding *finding)
{
	struct text a = book_model(c->books[0], finding->a)->name;
	struct text b = book_model(c->books[1], finding->b)->name;
	bool people = c->context->form == FORM_TABLE;
	struct buf both = { .at = NULL };
	size_t row = table_row(table);
	struct price_words words;
	char per[RATES_TEXT_BYTES];

	price_words(&finding->difference, book_currency(c->books[0]), &words);
	if (people) {
		price_words_unit(&words, per);
		table_set(table, row, COL_PER, text_of(per[0] != '\0' ? per : NULL));
	}
	buf_addf(&both, "%.*s", TEXT_ARGS(a));
	/* The other name where it is another one and there is room; else only programs have it. */
	if (people && !text_equal(a, b) && printer_width(a) + printer_width(b) <= NAMES_WIDTH_MAX)
		buf_addf(&both, " = %.*s", TEXT_ARGS(b));
	table_set(table, row, COL_MODEL, buf_text(&both));
	if (both.error != 0)
		table->error = both.error;
	buf_release(&both);
	table_set(table, row, COL_OTHER, b);
	table_set(table, row, COL_KIND, text_of(words.kind));
	table_set(table, row, COL_WHAT, text_of(words.what));
	table_set(table, row, COL_A, text_of(words.was[0] != '\0' ? words.was : NULL));
	table_set(table, row, COL_B, text_of(words.is[0] != '\0' ? words.is : NULL));
	if (words.priced)
		price_set_percent(table, row, COL_PERCENT, words.from, words.to);
	table_set(table, row, people ? COL_WHEN : COL_PER,
	          text_of(words.when[0] != '\0' ? words.when : NULL));
}

/* Models that one of them has alone, for programs: as rows of kind "model". */
static void add_only(struct comparison *c, struct table *table)
{
	for (size_t i = 0; i < 2; i++) {
		for (size_t m = 0; m < book_model_count(c->books[i]); m++) {
			size_t row;

			if (c->match.of[i][m] != MATCH_NONE)
				continue;
			row = table_row(table);
			table_set(table, row, i == 0 ? COL_MODEL : COL_OTHER,
			          book_model(c->books[i], m)->name);
			table_set(table, row, COL_KIND, text_of("model"));
			table_set(table, row, COL_WHAT, text_of("model"));
			table_set(table, row, i == 0 ? COL_A : COL_B, text_of("priced"));
		}
	}
}

static int write_only(struct comparison *c, size_t side)
{
	struct context *context = c->context;
	struct buf names = { .at = NULL };
	int r;

	if (c->only[side] == 0)
		return 0;
	for (size_t m = 0; m < book_model_count(c->books[side]); m++) {
		if (c->match.of[side][m] == MATCH_NONE)
			buf_addf(&names, "%s%.*s", names.len > 0 ? ", " : "",
			         TEXT_ARGS(book_model(c->books[side], m)->name));
	}
	buf_add(&context->out, "\n", 1);
	printer_wrapf(&context->printer, 0, "Only in %s: %.*s", side == 0 ? "A" : "B",
	              TEXT_ARGS(buf_text(&names)));
	r = names.error;
	buf_release(&names);
	return r;
}

/* Those with a price on both sides, or the others: findings [from, to). */
static int write_findings(struct comparison *c, size_t from, size_t to)
{
	struct table table = { .rows = NULL };
	int r;

	if (from == to)
		return 0;
	start_table(&table, true);
	for (size_t i = from; i < to; i++)
		add_row(c, &table, &c->findings[i]);
	r = table.error;
	buf_add(&c->context->out, "\n", 1);
	if (r == 0)
		command_table(c->context, &table);
	table_release(&table);
	return r;
}

static int write_people(struct comparison *c)
{
	const struct printer *printer = &c->context->printer;
	char title[PRICE_TITLE_BYTES], at[MOMENT_TEXT_BYTES];
	int r = 0;

	for (size_t i = 0; i < 2; i++) {
		price_title(c->books[i], c->words[i], title);
		printer_wrapf(printer, 0, "%s: %s", i == 0 ? "A" : "B", title);
	}
	/* What one has alone is at the end, and has conditions that the others have not. */
	r = write_findings(c, 0, c->differ);
	if (r == 0)
		r = write_findings(c, c->differ, c->count);
	for (size_t i = 0; r == 0 && i < 2 && options_flag(&c->context->options, "all"); i++)
		r = write_only(c, i);
	moment_text_unit(c->at_ms, MOMENT_DAY, at);
	buf_add(&c->context->out, "\n", 1);
	printer_wrapf(printer, 0,
	              "%zu models in both on %s: %zu with differences, %zu prices differ, %zu are "
	              "in one alone%s.  %zu models only in A, %zu only in B.",
	              c->match.count, at, c->models, c->differ, c->one_sided,
	              c->differ > 0 ? " (per cent of A, half away from zero)" : "", c->only[0],
	              c->only[1]);
	if (c->assumed > 0)
		printer_wrapf(printer, 0,
		              "%zu component%s that one prices as another, and the other book does "
		              "not have: --all lists them.",
		              c->assumed, text_plural((int64_t)c->assumed));
	if (c->later > 0)
		printer_wrapf(printer, 0, "%zu of them have no price yet then in one of the books.",
		              c->later);
	return r;
}

static void write_json(struct comparison *c, const struct table *table)
{
	struct buf *out = &c->context->out;
	char at[MOMENT_TEXT_BYTES];

	moment_text(c->at_ms, at);
	buf_addf(out, "{\"equal\":%s,\"at\":\"%s\"", c->count + c->assumed == 0 ? "true" : "false",
	         at);
	price_book_member(out, "a", c->books[0]);
	price_book_member(out, "b", c->books[1]);
	buf_addf(out,
	         ",\"models\":%zu,\"models_differ\":%zu,\"prices_differ\":%zu,\"one_sided\":%zu,"
	         "\"only_a\":%zu,\"only_b\":%zu,\"not_yet\":%zu,\"assumed\":%zu,",
	         c->match.count, c->models, c->differ, c->one_sided, c->only[0], c->only[1],
	         c->later, c->assumed);
	export_json_members(out, table);
	buf_add_cstr(out, "}\n");
}

static int write(struct comparison *c)
{
	struct table table = { .rows = NULL };
	int r;

	if (c->context->form == FORM_TABLE)
		return write_people(c);
	start_table(&table, false);
	for (size_t i = 0; i < c->count; i++)
		add_row(c, &table, &c->findings[i]);
	if (options_flag(&c->context->options, "all"))
		add_only(c, &table);
	r = table.error;
	if (r == 0 && c->context->form == FORM_JSON)
		write_json(c, &table);
	else if (r == 0)
		command_table(c->context, &table);
	table_release(&table);
	return r;
}

/* ---- the command ---- */

static bool read_at(struct context *context, int64_t *at_out)
{
	struct text at = options_text(&context->options, "at");

	*at_out = command_now_ms();
	return at.at == NULL || moment_parse_date(at, at_out);
}

static enum exit_code check(struct context *context)
{
	int64_t at_ms;

	if (context->options.word_count != 2)
		return command_misused(context, "price compare takes two books: files, or hashes");
	if (!read_at(context, &at_ms))
		return command_misused(context, "--at: a time is due, like 2026-11-22 or "
		                                "2026-11-22T08:00:00Z");
	return EXIT_DONE;
}

static enum exit_code run(struct context *context)
{
	struct comparison c = { .context = context, .words = context->options.words };
	int r = 0;

	read_at(context, &c.at_ms);
	for (size_t i = 0; r == 0 && i < 2; i++)
		r = pricebook_open(context, c.words[i], &c.books[i]);
	if (r == 0)
		r = price_same_currency(context, c.books[0], c.books[1]);
	if (r == 0)
		r = find_differences(&c);
	if (r == 0)
		r = write(&c);
	match_release(&c.match);
	free(c.findings);
	book_free(c.books[0]);
	book_free(c.books[1]);
	if (r < 0)
		return command_failed(context, r);
	return c.count + c.assumed > 0 ? EXIT_DIFFERENCE : EXIT_DONE;
}

const struct command price_compare = {
	.name = "compare",
	.summary = "Where two sources price the same models differently",
	.synopsis = "price compare A B [--at TIME] [--strip-provider] [--all]",
	.details =
		"A and B are files, or hashes of applied books.  Models are the same where a name "
		"or alias of one is a name or alias of the other, each model once, equal names "
		"first; with --strip-provider, after those, also where what stands behind the last "
		"/ is the same.  The largest difference stands first, what only one has a price "
		"for last.  Components that one prices as another and the other book does not have "
		"are counted; --all lists them.  Exit code 1 where prices differ.",
	.needs = NEEDS_LEDGER_PATH,
	.csv = true,
	.json = true,
	.options = options,
	.check = check,
	.run = run,
};
