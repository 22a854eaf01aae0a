#include "cli/rates.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "usage/kinds.h"

void rates_price(const struct book_rate *rate, struct text currency, char out[RATES_TEXT_BYTES])
{
	const char *unit = unit_name(component_info[rate->component].unit);
	bool dollars = text_is(currency, "USD"), million = rate->per_units != 1;
	char price[MONEY_TEXT_BYTES];

	if (rate->megapixels != MEGAPIXELS_NONE) {
		unit = rate->megapixels == MEGAPIXELS_UP        ? "megapixel, rounded up"
		       : rate->megapixels == MEGAPIXELS_NEAREST ? "megapixel, rounded"
		                                                : "megapixel";
		million = false;
	}
	rate_text(rate->rate, rate->per_units, price);
	snprintf(out, RATES_TEXT_BYTES, "%.*s%s%s per %s%s%s", dollars ? 0 : (int)currency.len,
	         currency.at != NULL ? currency.at : "", dollars ? "$" : " ", price,
	         million ? "1M " : "", unit, million ? "s" : "");
}

void rates_columns(struct table *table)
{
	table_column(table, "price_amount", "Price", TABLE_AMOUNT, false);
	table_column(table, "price_per", "Per", TABLE_COUNT, false);
	table->columns[table->column_count - 1].hidden = true;
	table->columns[table->column_count - 2].hidden = true;
}

void rates_set(struct table *table, size_t row, size_t column, const struct book_rate *rate)
{
	char price[MONEY_TEXT_BYTES];

	rate_text(rate->rate, rate->per_units, price);
	table_set(table, row, column, text_of(price));
	table_set_count(table, row, column + 1, rate->per_units);
}

__attribute__((format(printf, 2, 3))) static void join(char out[RATES_TEXT_BYTES],
                                                       const char *format, ...)
{
	size_t len = strlen(out);
	va_list args;

	/* What does not fit is cut: a condition may hold names of 256 bytes. */
	if (len > 0 && len + 2 < RATES_TEXT_BYTES)
		len += (size_t)snprintf(out + len, RATES_TEXT_BYTES - len, ", ");
	va_start(args, format);
	vsnprintf(out + len, RATES_TEXT_BYTES - len, format, args);
	va_end(args);
}

static void join_utc(const struct book_when *when, char out[RATES_TEXT_BYTES])
{
	static const char *const names[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
	char days[sizeof(names) / sizeof(names[0]) * 4 + 1] = "";
	size_t len = 0;

	for (size_t i = 0; when->days != WEEKDAYS_ALL && i < sizeof(names) / sizeof(names[0]);
	     i++) {
		if ((when->days & (1u << i)) != 0)
			len += (size_t)snprintf(days + len, sizeof(days) - len, " %s", names[i]);
	}
	if (when->utc_from != when->utc_to)
		join(out, "%02d:%02d-%02d:%02d UTC%s", when->utc_from / 60, when->utc_from % 60,
		     when->utc_to / 60, when->utc_to % 60, days);
	else
		join(out, "UTC%s", days);
}

void rates_when(const struct book_when *when, enum component component, char out[RATES_TEXT_BYTES])
{
	out[0] = '\0';
	if ((when->has & WHEN_CONTEXT) != 0)
		join(out, "context %s %lld", when->context_test == CONTEXT_GT ? ">" : ">=",
		     (long long)when->context_tokens);
	if ((when->has & WHEN_TIER) != 0)
		join(out, "tier %.*s", TEXT_ARGS(when->tier));
	if ((when->has & WHEN_REGION) != 0)
		join(out, "region %.*s", TEXT_ARGS(when->region));
	if ((when->has & WHEN_UTC) != 0)
		join_utc(when, out);
	if ((when->has & WHEN_SIZE) != 0)
		join(out, "%s %.*s", component == COMPONENT_SECONDS ? "resolution" : "size",
		     TEXT_ARGS(when->size));
	if ((when->has & WHEN_QUALITY) != 0)
		join(out, "quality %.*s", TEXT_ARGS(when->quality));
	if ((when->has & WHEN_KIND) != 0)
		join(out, "%.*s", TEXT_ARGS(when->kind));
	if ((when->has & WHEN_NUMBER) != 0)
		join(out, component == COMPONENT_CACHE_WRITE ? "for %lld s" : "%lld steps",
		     (long long)when->number);
}

/* Of what kind they are, where the rate does not ask. */
static void join_unasked(const struct charge *charge, char out[RATES_TEXT_BYTES])
{
	char kind[KIND_TEXT_BYTES];

	if (charge->kind == NULL || (charge->rate->when.has & ~(unsigned)WHEN_OF_REQUEST) != 0)
		return;
	kind_text(charge->kind, kind);
	if (kind[0] != '\0')
		join(out, "of %s", kind);
}

void rates_multiplier(const struct book_multiplier *multiplier, char out[RATES_TEXT_BYTES])
{
	char when[RATES_TEXT_BYTES];
	size_t len;

	out[0] = '\0';
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (multiplier->components != (1u << COMPONENT_COUNT) - 1 &&
		    (multiplier->components & (1u << c)) != 0)
			join(out, "%s", component_info[c].key);
	}
	rates_when(&multiplier->when, COMPONENT_COUNT, when);
	len = strlen(out);
	if (when[0] != '\0')
		snprintf(out + len, RATES_TEXT_BYTES - len, "%s%s", len > 0 ? "; " : "", when);
}

/* What there is no rate for. */
static void join_kind(const struct usage_kind *kind, char out[RATES_TEXT_BYTES])
{
	if (kind->size[0] != '\0')
		join(out, "%s %s", kind->component == COMPONENT_SECONDS ? "resolution" : "size",
		     kind->size);
	if (kind->quality[0] != '\0')
		join(out, "quality %s", kind->quality);
	if (kind->kind[0] != '\0')
		join(out, "%s", kind->kind);
	if (kind->number != 0)
		join(out, kind->component == COMPONENT_CACHE_WRITE ? "for %lld s" : "%lld steps",
		     (long long)kind->number);
}

/* "x 1.048576 megapixels" */
static void join_pixels(const struct charge *charge, char out[RATES_TEXT_BYTES])
{
	if (charge->rate->megapixels == MEGAPIXELS_EXACT)
		join(out, "x %lld.%06lld megapixels", (long long)(charge->pixels / 1000000),
		     (long long)(charge->pixels % 1000000));
	else if (charge->rate->megapixels != MEGAPIXELS_NONE)
		join(out, "x %lld megapixels", (long long)charge->pixels);
}

/* A discount as what it leaves: "x 0.9". */
static void join_factor(const struct book_factor *factor, const char *what,
                        char out[RATES_TEXT_BYTES])
{
	struct money left = { factor->numerator };
	char text[MONEY_TEXT_BYTES];

	for (unsigned i = factor->decimals; i < MONEY_DECIMALS_MAX; i++)
		left.attos *= 10;
	money_text(left, text);
	join(out, "x %s%s%s", text, what[0] != '\0' ? " " : "", what);
}

void rates_condition(const struct charges *charges, const struct charge *charge,
                     char out[RATES_TEXT_BYTES])
{
	static const char *const discounts[] = { "by discount", "agreed" };
	const struct book_version *version = charges->found.version;
	char when[RATES_TEXT_BYTES] = "";

	out[0] = '\0';
	if (charge->priced_as != charge->component)
		join(out, "as %s", component_info[charge->priced_as].key);
	if (charge->rate == NULL) {
		if (charge->kind != NULL)
			join_kind(charge->kind, out);
		return;
	}
	rates_when(&charge->rate->when, charge->rate->component, when);
	if (when[0] != '\0')
		join(out, "%.100s", when);
	join_unasked(charge, out);
	if (charge->agreed)
		join(out, "agreed");
	join_pixels(charge, out);
	for (size_t i = 0; charge->multipliers >> i != 0; i++) {
		if ((charge->multipliers & (1u << i)) == 0)
			continue;
		rates_when(&version->multipliers[i].when, COMPONENT_COUNT, when);
		join_factor(&version->multipliers[i].factor, when, out);
	}
	for (size_t i = 0; i < 2; i++) {
		if (charge->discount[i] != NULL)
			join_factor(charge->discount[i], discounts[i], out);
	}
}
