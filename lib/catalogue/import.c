/* What importers share. */
#include "catalogue/import.h"

#include <stdarg.h>
#include <stdio.h>

#include "catalogue/draft_internal.h"

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

static const char twice_why[] = "two prices of the same thing under the same conditions";

bool import_rate(struct catalogue_import *in, struct draft_version *version, uint32_t node,
                 const struct draft_rate *rate)
{
	struct draft_rate from = *rate;
	bool same = false;

	if (import_dropped(version, rate->component)) {
		tally_mark(&in->tally, node, TALLY_UNREPRESENTED,
		           "another price of the same cannot be represented");
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

bool import_dropped(const struct draft_version *version, enum component component)
{
	return version != NULL && (version->blocked >> component & 1) != 0;
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
	draft_fact(&in->draft, model, key, value);
	tally_mark(&in->tally, node, TALLY_LISTED, NULL);
	return true;
}

bool import_fact_integer(struct catalogue_import *in, struct draft_model *model, const char *key,
                         uint32_t node)
{
	int64_t value;

	if (!json_integer(&in->doc, node, &value) || value < 0)
		return false;
	draft_fact_integer(&in->draft, model, key, value);
	tally_mark(&in->tally, node, TALLY_LISTED, NULL);
	return true;
}
