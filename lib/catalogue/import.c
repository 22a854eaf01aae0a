/* What importers share. */
#include "catalogue/import.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "catalogue/draft_internal.h"
#include "price/book.h"

/* What a condition of a book may be: schema/pricebook.schema.json. */
#define CONTEXT_MAX INT64_C(1000000000000)
#define NUMBER_MAX  INT64_C(1000000000)
#define PER_MILLION INT64_C(1000000)

void import_entry(struct catalogue_import *in, uint32_t node, struct text name)
{
	tally_entry(&in->tally, node, name);
	in->entry_count++;
}

void import_note(struct catalogue_import *in, const char *format, ...)
{
	char line[FAULT_TEXT_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	buf_addf(&in->notes, "%s\n", line);
}

void import_misfit(struct catalogue_import *in, uint32_t node, enum amount_fit fit, int shift,
                   struct money nearest)
{
	char text[MONEY_TEXT_BYTES];

	switch (fit) {
	case AMOUNT_EXACT:
	case AMOUNT_NO_NUMBER:
		tally_mark(&in->tally, node, TALLY_UNREPRESENTED, "no number");
		break;
	case AMOUNT_NEGATIVE:
		tally_mark(&in->tally, node, TALLY_UNREPRESENTED,
		           "negative: it says that there is no such price");
		break;
	case AMOUNT_TOO_LARGE:
		tally_mark(&in->tally, node, TALLY_UNREPRESENTED, "larger than any amount");
		break;
	case AMOUNT_TOO_FINE:
		/* Back to what the catalogue's number is of. */
		money_text(nearest, text);
		tally_markf(&in->tally, node, TALLY_UNREPRESENTED,
		            "needs more than %d decimals of a %s; the nearest price is \"%s\"",
		            MONEY_DECIMALS_MAX, shift > 0 ? "megapixel" : "unit", text);
		break;
	}
}

static struct text number_of(const struct json *doc, uint32_t node)
{
	if (json_type_of(doc, node) == JSON_NUMBER)
		return doc->nodes[node].text;
	return json_string(doc, node);
}

bool import_price(struct catalogue_import *in, uint32_t node, int shift, struct money *out)
{
	struct money price = { 0 };
	enum amount_fit fit = amount_read(number_of(&in->doc, node), shift, &price);

	if (fit == AMOUNT_EXACT)
		*out = price;
	else
		import_misfit(in, node, fit, shift, price);
	return fit == AMOUNT_EXACT;
}

static bool is_word(struct text t, size_t bytes_max)
{
	return t.at == NULL || (t.len > 0 && t.len < bytes_max && text_plain(t));
}

static bool fits(const struct draft_when *when)
{
	return is_word(when->tier, BOOK_TIER_BYTES) && is_word(when->region, BOOK_TIER_BYTES) &&
	       is_word(when->size, KIND_WORD_BYTES) && is_word(when->quality, KIND_WORD_BYTES) &&
	       is_word(when->resolution, KIND_WORD_BYTES) && is_word(when->kind, KIND_WORD_BYTES) &&
	       when->context_tokens >= 0 && when->context_tokens <= CONTEXT_MAX &&
	       when->steps >= 0 && when->steps <= NUMBER_MAX && when->ttl_seconds >= 0 &&
	       when->ttl_seconds <= NUMBER_MAX;
}

static const char lost_why[] = "another price of the same cannot be represented";
static const char factor_why[] = "a factor on it is not in the book";
static const char twice_why[] = "two prices of the same thing under the same conditions";

bool import_rate(struct catalogue_import *in, struct draft_version *version, uint32_t node,
                 const struct draft_rate *rate)
{
	char tier[BOOK_TIER_BYTES];
	struct draft_rate from = *rate;
	bool same = false;

	if (!fits(&rate->when)) {
		tally_mark(&in->tally, node, TALLY_UNREPRESENTED, "its condition is out of bounds");
		import_drop(in, version, rate->component, lost_why);
		return false;
	}
	if (rate->when.tier.at != NULL)
		from.when.tier = book_tier(rate->when.tier, tier);
	if (import_dropped(version, rate->component)) {
		tally_mark(&in->tally, node, TALLY_UNREPRESENTED, lost_why);
		return false;
	}
	from.node = node;
	if (draft_rate(&in->draft, version, &from, &same) || same) {
		tally_mark(&in->tally, node, TALLY_CONVERTED, NULL);
		return true;
	}
	tally_mark(&in->tally, node, TALLY_UNREPRESENTED, twice_why);
	import_drop(in, version, rate->component, twice_why);
	return false;
}

void import_drop(struct catalogue_import *in, struct draft_version *version,
                 enum component component, const char *why)
{
	struct draft_rate_row **at;

	if (version == NULL)
		return;
	version->blocked |= UINT64_C(1) << component;
	version->last_rate = NULL;
	for (at = &version->first_rate; *at != NULL;) {
		struct draft_rate_row *row = *at;

		if (row->rate.component == component) {
			tally_mark(&in->tally, row->rate.node, TALLY_UNREPRESENTED, why);
			*at = row->next;
			version->rate_count--;
			in->draft.rate_count--;
		} else {
			version->last_rate = row;
			at = &row->next;
		}
	}
}

void import_drop_tokens(struct catalogue_import *in, struct draft_version *version, const char *why)
{
	for (unsigned c = 0; c < COMPONENT_COUNT; c++) {
		if (component_info[c].unit == UNIT_TOKEN)
			import_drop(in, version, (enum component)c, why);
	}
}

bool import_dropped(const struct draft_version *version, enum component component)
{
	return version != NULL && (version->blocked >> component & 1) != 0;
}

void import_fact_mark(struct catalogue_import *in, uint32_t node, bool kept)
{
	tally_mark(&in->tally, node, kept ? TALLY_LISTED : TALLY_INFORMATIVE,
	           kept ? NULL : IMPORT_NO_FACT);
}

bool import_fact_text(struct catalogue_import *in, struct draft_model *model, const char *key,
                      uint32_t node)
{
	struct text value = json_string(&in->doc, node);

	if (value.at == NULL)
		return false;
	if (value.len == 0) {
		tally_mark(&in->tally, node, TALLY_INFORMATIVE, "empty: nothing is said");
		return true;
	}
	import_fact_mark(in, node, draft_fact(&in->draft, model, key, value));
	return true;
}

bool import_fact_integer(struct catalogue_import *in, struct draft_model *model, const char *key,
                         uint32_t node)
{
	int64_t value;

	if (!json_integer(&in->doc, node, &value) || value < 0)
		return false;
	import_fact_mark(in, node, draft_fact_integer(&in->draft, model, key, value));
	return true;
}

/* --- multipliers ----------------------------------------------------------- */

/* A factor without zeros at its end: each decimal takes room from the price. */
static void factor_text(struct money factor, char out[MONEY_TEXT_BYTES])
{
	size_t len;

	money_text(factor, out);
	for (len = strlen(out); len > 0 && out[len - 1] == '0'; len--)
		out[len - 1] = '\0';
	if (len > 0 && out[len - 1] == '.')
		out[len - 1] = '\0';
}

static uint64_t token_components(void)
{
	uint64_t bits = 0;

	for (unsigned c = 0; c < COMPONENT_COUNT; c++) {
		if (component_info[c].unit == UNIT_TOKEN)
			bits |= UINT64_C(1) << c;
	}
	return bits;
}

void import_multiplier(struct catalogue_import *in, struct draft_version *version, uint32_t node,
                       const struct draft_when *when)
{
	/* Of the digits of a factor, 12 may stand behind the point. */
	const wide least = 1000000;
	struct draft_multiplier multiplier = { .components = token_components(), .when = *when };
	char text[MONEY_TEXT_BYTES];
	struct money factor;

	if (!import_price(in, node, 0, &factor)) {
		import_drop_tokens(in, version, factor_why);
		return;
	}
	factor_text(factor, text);
	multiplier.multiply = text_of(text);
	if (fits(when) && factor.attos % least == 0 && factor.attos / least <= INT64_MAX &&
	    draft_multiplier(&in->draft, version, &multiplier)) {
		tally_mark(&in->tally, node, TALLY_CONVERTED, NULL);
		return;
	}
	tally_mark(&in->tally, node, TALLY_UNREPRESENTED,
	           "a factor that a book cannot hold, or a second one");
	import_drop_tokens(in, version, factor_why);
}

void import_discount(struct catalogue_import *in, struct draft_version *version, uint32_t node,
                     bool lenient)
{
	const wide least = 1000000;
	struct text digits = number_of(&in->doc, node);
	bool negative = digits.len > 0 && digits.at[0] == '-';
	char text[MONEY_TEXT_BYTES + 1] = "-";
	struct money fraction = { 0 };

	if (digits.at == NULL)
		return;
	digits = (struct text){ digits.at + negative, digits.len - negative };
	if (amount_read(digits, 0, &fraction) != AMOUNT_EXACT || fraction.attos % least != 0 ||
	    fraction.attos / least > INT64_MAX ||
	    (!lenient && !negative && fraction.attos >= ATTOS_PER_UNIT)) {
		tally_mark(&in->tally, node, TALLY_UNREPRESENTED,
		           "no fraction below 1 that a book can hold");
		return;
	}
	tally_mark(&in->tally, node, TALLY_CONVERTED, NULL);
	if (fraction.attos == 0 || (!negative && fraction.attos >= ATTOS_PER_UNIT))
		return;
	factor_text(fraction, text + negative);
	draft_discount(&in->draft, version, text_of(text));
}

static unsigned decimals_of(struct text factor)
{
	const char *point = factor.at != NULL ? memchr(factor.at, '.', factor.len) : NULL;

	return point != NULL ? (unsigned)(factor.at + factor.len - point - 1) : 0;
}

/* As the book holds it: a price of megapixels is one of pixels where that is exact. */
static bool has_room(const struct draft_rate *rate, unsigned decimals)
{
	wide attos = rate->price.attos;

	if (rate->per == DRAFT_PER_MEGAPIXEL && attos % PER_MILLION == 0)
		attos /= PER_MILLION;
	for (; decimals > 0 && attos != 0; decimals--) {
		if (attos % 10 != 0)
			return false;
		attos /= 10;
	}
	return true;
}

static void settle(struct catalogue_import *in, struct draft_version *version)
{
	for (unsigned c = 0; c < COMPONENT_COUNT; c++) {
		unsigned decimals = decimals_of(version->discount);
		bool exact = true;

		for (const struct draft_multiplier_row *row = version->first_multiplier;
		     row != NULL; row = row->next) {
			if (row->multiplier.components == 0 ||
			    (row->multiplier.components >> c & 1) != 0)
				decimals += decimals_of(row->multiplier.multiply);
		}
		for (const struct draft_rate_row *row = version->first_rate;
		     row != NULL && decimals > 0; row = row->next)
			exact = exact && ((unsigned)row->rate.component != c ||
			                  has_room(&row->rate, decimals));
		if (!exact)
			import_drop(in, version, (enum component)c,
			            "with its multipliers and discount it needs more than 18 "
			            "decimals of a unit");
	}
}

void import_settle(struct catalogue_import *in)
{
	for (struct draft_model *model = in->draft.first; model != NULL; model = model->next) {
		for (struct draft_version *version = model->first_version; version != NULL;
		     version = version->next)
			settle(in, version);
	}
}
