/* A price book as a table, one row a rate: for a spreadsheet. */
#include <stdio.h>

#include "base/moment.h"
#include "catalogue/publish_internal.h"

enum {
	COLUMN_MODEL,
	COLUMN_FROM,
	COLUMN_ENTRY,
	COLUMN_COMPONENT,
	COLUMN_PRICE,
	COLUMN_CURRENCY,
	COLUMN_PER,
	COLUMN_UNIT,
	COLUMN_CONTEXT_FROM,
	COLUMN_TIER,
	COLUMN_REGION,
	COLUMN_UTC_FROM,
	COLUMN_UTC_TO,
	COLUMN_UTC_DAYS,
	COLUMN_SIZE,
	COLUMN_QUALITY,
	COLUMN_KIND,
	COLUMN_NUMBER,
};

static const struct table_column columns[] = {
	{ .key = "model", .title = "Model", .type = TABLE_TEXT },
	{ .key = "effective_from", .title = "From", .type = TABLE_TIME },
	{ .key = "entry", .title = "Entry", .type = TABLE_TEXT },
	{ .key = "component", .title = "Component", .type = TABLE_TEXT },
	{ .key = "price", .title = "Price", .type = TABLE_AMOUNT },
	{ .key = "currency", .title = "Currency", .type = TABLE_TEXT },
	{ .key = "per", .title = "Per", .type = TABLE_COUNT },
	{ .key = "unit", .title = "Unit", .type = TABLE_TEXT },
	{ .key = "context_from", .title = "Context from", .type = TABLE_COUNT },
	{ .key = "tier", .title = "Tier", .type = TABLE_TEXT },
	{ .key = "region", .title = "Region", .type = TABLE_TEXT },
	{ .key = "utc_from", .title = "UTC from", .type = TABLE_TEXT },
	{ .key = "utc_to", .title = "UTC to", .type = TABLE_TEXT },
	{ .key = "utc_days", .title = "Days", .type = TABLE_TEXT },
	{ .key = "size", .title = "Size or resolution", .type = TABLE_TEXT },
	{ .key = "quality", .title = "Quality", .type = TABLE_TEXT },
	{ .key = "kind", .title = "Kind", .type = TABLE_TEXT },
	{ .key = "number", .title = "Steps or TTL", .type = TABLE_COUNT },
};

static void set_clock(struct table *table, size_t row, size_t column, unsigned minutes)
{
	char text[8];

	snprintf(text, sizeof(text), "%02u:%02u", minutes / 60u % 24u, minutes % 60u);
	table_set(table, row, column, text_of(text));
}

static void set_when(struct table *table, size_t row, const struct book_when *when)
{
	const struct {
		unsigned bit;
		size_t column;
		struct text text;
	} words[] = {
		{ WHEN_TIER, COLUMN_TIER, when->tier },
		{ WHEN_REGION, COLUMN_REGION, when->region },
		{ WHEN_SIZE, COLUMN_SIZE, when->size },
		{ WHEN_QUALITY, COLUMN_QUALITY, when->quality },
		{ WHEN_KIND, COLUMN_KIND, when->kind },
	};
	struct buf days = { .at = NULL };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (when->has & words[i].bit)
			table_set(table, row, words[i].column, words[i].text);
	}
	/* Counts are whole: more than N is N + 1 and more. */
	if (when->has & WHEN_CONTEXT)
		table_set_count(table, row, COLUMN_CONTEXT_FROM,
		                when->context_tokens + (when->context_test == CONTEXT_GT));
	if (when->has & WHEN_NUMBER)
		table_set_count(table, row, COLUMN_NUMBER, when->number);
	if (!(when->has & WHEN_UTC))
		return;
	if (when->utc_from != when->utc_to) {
		set_clock(table, row, COLUMN_UTC_FROM, when->utc_from);
		set_clock(table, row, COLUMN_UTC_TO, when->utc_to);
	}
	publish_days(&days, when->days);
	if (days.error != 0)
		table->error = -FAULT_NOMEM;
	else
		table_set(table, row, COLUMN_UTC_DAYS, buf_text(&days));
	buf_release(&days);
}

static size_t add_row(struct table *table, const struct book_version *version, const char *entry,
                      const char *component)
{
	size_t row = table_row(table);
	char from[MOMENT_TEXT_BYTES];

	moment_text(version->effective_from_ms, from);
	table_set(table, row, COLUMN_MODEL, version->model);
	table_set(table, row, COLUMN_FROM, text_of(from));
	table_set(table, row, COLUMN_ENTRY, text_of(entry));
	table_set(table, row, COLUMN_COMPONENT, text_of(component));
	return row;
}

static const char *unit_of(const struct book_rate *rate)
{
	switch (rate->megapixels) {
	case MEGAPIXELS_EXACT:
		return "megapixel";
	case MEGAPIXELS_UP:
		return "megapixel up";
	case MEGAPIXELS_NEAREST:
		return "megapixel nearest";
	case MEGAPIXELS_NONE:
		break;
	}
	return unit_name(component_info[rate->component].unit);
}

static void add_rates(struct table *table, const struct book *book,
                      const struct book_version *version)
{
	for (size_t i = 0; i < version->card.rate_count; i++) {
		const struct book_rate *rate = &version->card.rates[i];
		size_t row = add_row(table, version, "rate", component_info[rate->component].key);
		char price[MONEY_TEXT_BYTES];

		rate_text(rate->rate, rate->per_units, price);
		table_set(table, row, COLUMN_PRICE, text_of(price));
		table_set(table, row, COLUMN_CURRENCY, book_currency(book));
		table_set_count(table, row, COLUMN_PER,
		                rate->megapixels == MEGAPIXELS_EXACT ? 1 : rate->per_units);
		table_set(table, row, COLUMN_UNIT, text_of(unit_of(rate)));
		set_when(table, row, &rate->when);
	}
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		enum component as = (enum component)version->same_as[c];
		size_t row;

		if (book_version_has(version, (enum component)c) || (int)as == c ||
		    !book_version_has(version, as))
			continue;
		row = add_row(table, version, "as", component_info[c].key);
		table_set(table, row, COLUMN_UNIT, text_of(component_info[as].key));
	}
}

/* One for a component also multiplies what is priced as that component: that has no row. */
static bool multiplies(const struct book_version *version, const struct book_multiplier *multiplier,
                       enum component component)
{
	enum component source = (enum component)version->same_as[component];

	if (!(multiplier->components >> component & 1))
		return false;
	return book_version_has(version, component) ||
	       (book_version_has(version, source) && !(multiplier->components >> source & 1));
}

static void add_factors(struct table *table, const struct book *book,
                        const struct book_version *version)
{
	char amount[MONEY_TEXT_BYTES];

	for (size_t i = 0; i < version->multiplier_count; i++) {
		const struct book_multiplier *multiplier = &version->multipliers[i];

		for (int c = 0; c < COMPONENT_COUNT; c++) {
			size_t row;

			if (!multiplies(version, multiplier, (enum component)c))
				continue;
			row = add_row(table, version, "multiplier", component_info[c].key);
			table_set(table, row, COLUMN_PRICE, multiplier->factor.text);
			set_when(table, row, &multiplier->when);
		}
	}
	for (size_t i = 0; i < version->minimum_count; i++) {
		size_t row = add_row(table, version, "minimum", NULL);

		money_text(version->minimums[i].charge, amount);
		table_set(table, row, COLUMN_PRICE, text_of(amount));
		table_set(table, row, COLUMN_CURRENCY, book_currency(book));
		table_set(table, row, COLUMN_UNIT, text_of("request"));
		set_when(table, row, &version->minimums[i].when);
	}
	if (version->discount.text.at != NULL) {
		struct buf off = { .at = NULL };
		size_t row = add_row(table, version, "discount_to_user", NULL);

		publish_discount(&off, &version->discount);
		if (off.error != 0)
			table->error = -FAULT_NOMEM;
		else
			table_set(table, row, COLUMN_PRICE, buf_text(&off));
		buf_release(&off);
	}
}

void publish_rates(const struct book *book, struct table *table)
{
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		table_column(table, columns[i].key, columns[i].title, columns[i].type, false);
	for (size_t i = 0; i < book_version_count(book); i++) {
		add_rates(table, book, book_version(book, i));
		add_factors(table, book, book_version(book, i));
	}
}
