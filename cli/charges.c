#include "cli/charges.h"

#include <stdio.h>

#include "base/moment.h"
#include "cli/rates.h"
#include "usage/kinds.h"

/* What a request was raised to. */
static void add_minimum(struct table *table, const struct charges *charges)
{
	char amount[MONEY_TEXT_BYTES], rate[RATES_TEXT_BYTES], when[RATES_TEXT_BYTES];
	size_t row = table_row(table);

	table_set(table, row, CHARGES_COMPONENT, text_of("minimum"));
	money_text(charges->minimum->charge, amount);
	snprintf(rate, sizeof(rate), "at least %s a request", amount);
	table_set(table, row, CHARGES_RATE, text_of(rate));
	rates_when(&charges->minimum->when, COMPONENT_COUNT, when);
	table_set(table, row, CHARGES_CONDITION, text_of(when[0] != '\0' ? when : NULL));
	money_text(charges->raised, amount);
	table_set(table, row, CHARGES_PRODUCT, text_of(amount));
}

static void add_charge(struct table *table, const struct charges *charges,
                       const struct charge *charge, struct text currency)
{
	char amount[MONEY_TEXT_BYTES], rate[RATES_TEXT_BYTES], when[RATES_TEXT_BYTES];
	char kind[KIND_TEXT_BYTES] = "";
	size_t row = table_row(table);

	table_set(table, row, CHARGES_COMPONENT, text_of(component_info[charge->component].key));
	table_set_count(table, row, CHARGES_COUNT, charge->count);
	rates_condition(charges, charge, when);
	if (when[0] != '\0')
		table_set(table, row, CHARGES_CONDITION, text_of(when));
	if (charge->kind != NULL)
		kind_text(charge->kind, kind);
	if (kind[0] != '\0')
		table_set(table, row, CHARGES_KIND, text_of(kind));
	if (charge->rate == NULL) {
		table_set(table, row, CHARGES_RATE, text_of("no rate"));
		return;
	}
	rates_price(charge->rate, currency, rate);
	table_set(table, row, CHARGES_RATE, text_of(rate));
	rates_set(table, row, CHARGES_PRICE, charge->rate);
	money_text(charge->amount, amount);
	table_set(table, row, CHARGES_PRODUCT, text_of(amount));
}

void charges_table(struct table *table, const struct charges *charges, struct text currency,
                   struct text total)
{
	table_column(table, "component", "Component", TABLE_TEXT, false);
	table_column(table, "count", "Count", TABLE_COUNT, false);
	table_column(table, "rate", "Rate", TABLE_TEXT, false);
	table_column(table, "condition", "Condition", TABLE_TEXT, true);
	table_column(table, "product", "Product", TABLE_AMOUNT, false);
	rates_columns(table);
	table_column(table, "kind", "Kind", TABLE_TEXT, false);
	table->columns[CHARGES_KIND].hidden = true;
	for (size_t i = 0; i < charges->count; i++) {
		if (charge_is_due(charges, &charges->lines[i]))
			add_charge(table, charges, &charges->lines[i], currency);
	}
	if (charges->minimum != NULL)
		add_minimum(table, charges);
	table_set(table, TABLE_TOTAL, CHARGES_PRODUCT, total);
}

static bool is_missing(const struct charges *charges, size_t line)
{
	return charges->lines[line].rate == NULL && charge_is_due(charges, &charges->lines[line]);
}

void charges_missing(const struct charges *charges, struct buf *out)
{
	uint32_t told = 0;

	for (size_t i = 0; i < charges->count; i++) {
		enum component component = charges->lines[i].component;

		/* Once, of however many kinds it is. */
		if (!is_missing(charges, i) || (told & (1u << component)) != 0)
			continue;
		buf_addf(out, "%s%s", told != 0 ? ", " : "", component_info[component].key);
		told |= 1u << component;
	}
}

const char *charges_match(const struct book_found *found, char out[CHARGES_TEXT_BYTES])
{
	switch (found->match) {
	case BOOK_MATCH_EXACT:
		return "exactly by its name";
	case BOOK_MATCH_ALIAS:
		snprintf(out, CHARGES_TEXT_BYTES, "by the alias %.*s", TEXT_ARGS(found->pattern));
		return out;
	case BOOK_MATCH_PATTERN:
		snprintf(out, CHARGES_TEXT_BYTES, "by the pattern %.*s", TEXT_ARGS(found->pattern));
		return out;
	case BOOK_MATCH_NONE:
		break;
	}
	return "nothing";
}

const char *charges_match_word(const struct book_found *found)
{
	static const char *const words[] = {
		[BOOK_MATCH_NONE] = "none",
		[BOOK_MATCH_EXACT] = "exact",
		[BOOK_MATCH_ALIAS] = "alias",
		[BOOK_MATCH_PATTERN] = "pattern",
	};

	return words[found->match];
}

void charges_price(const struct printer *printer, const struct book *book,
                   const struct charges *charges, int64_t prompt)
{
	const struct book_found *found = &charges->found;
	char from[MOMENT_TEXT_BYTES], match[CHARGES_TEXT_BYTES];

	if (book_name(book).len > 0)
		printer_pair(printer, CHARGES_LABEL_WIDTH, "Book", book_name(book));
	printer_pairf(printer, CHARGES_LABEL_WIDTH, "Book hash", "%s", book_hash(book));
	printer_pairf(printer, CHARGES_LABEL_WIDTH, "Match", "%s", charges_match(found, match));
	if (found->version != NULL) {
		moment_text(found->version->effective_from_ms, from);
		printer_pairf(printer, CHARGES_LABEL_WIDTH, "Version", "%.*s from %s",
		              TEXT_ARGS(found->version->model), from);
	}
	if (prompt > 0)
		printer_pairf(printer, CHARGES_LABEL_WIDTH, "Context",
		              "%lld token%s (the whole prompt)", (long long)prompt,
		              prompt == 1 ? "" : "s");
}

void charges_price_json(struct buf *out, const struct book *book, const struct charges *charges,
                        int64_t prompt)
{
	const struct book_version *version = charges->found.version;
	char from[MOMENT_TEXT_BYTES];

	buf_addf(out, ",\"context_tokens\":%lld", (long long)prompt);
	buf_add_member(out, "book", text_of(book != NULL ? book_hash(book) : NULL));
	buf_add_member(out, "currency", book != NULL ? book_currency(book) : text_of(NULL));
	buf_add_member(out, "match", text_of(charges_match_word(&charges->found)));
	buf_add_member(out, "matched", charges->found.pattern);
	buf_add_member(out, "price_model", version != NULL ? version->model : text_of(NULL));
	if (version != NULL)
		moment_text(version->effective_from_ms, from);
	buf_add_member(out, "effective_from", text_of(version != NULL ? from : NULL));
}
