#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/moment.h"
#include "bill/suggest_internal.h"

enum { MILLION_DECIMALS = 6 };

static wide power_of_10(unsigned exponent)
{
	wide power = 1;

	while (exponent-- > 0)
		power *= 10;
	return power;
}

static bool is_token(enum component component)
{
	return component_info[component].unit == UNIT_TOKEN;
}

/* ---- values ---- */

/* The only rate that a component priced as another has; NULL: it has several, or none. */
static const struct book_rate *rate_as(const struct bill_change *change,
                                       const struct book_version *version)
{
	enum component as = (enum component)version->same_as[change->component];
	size_t first = version->card.first[as];

	return version->card.first[as + 1] == first + 1 ? &version->card.rates[first] : NULL;
}

wide bill_change_is(const struct bill_change *change, const struct book_version *version)
{
	const struct book_rate *rate;

	switch (change->kind) {
	case CHANGE_ENTRY:
		return change->rate->rate.attos_per_unit;
	case CHANGE_AS:
		rate = rate_as(change, version);
		return rate != NULL ? rate->rate.attos_per_unit : 0;
	case CHANGE_MULTIPLIER:
		return version->multipliers[change->multiplier].factor.numerator *
		       power_of_10(BILL_FACTOR_DECIMALS);
	case CHANGE_ALL:
		return power_of_10(BILL_FACTOR_DECIMALS);
	case CHANGE_NEW:
		break;
	}
	return 0;
}

bool bill_change_value(const struct bill_change *change, const struct book_version *version,
                       const struct bill_range *range, bool sure, wide *value_out)
{
	bool token = change->kind <= CHANGE_NEW && is_token(change->component);
	wide is = bill_change_is(change, version), one = power_of_10(MONEY_DECIMALS_MAX);
	const struct book_factor *factor;

	switch (change->kind) {
	case CHANGE_ENTRY:
	case CHANGE_AS:
		break;
	case CHANGE_NEW:
		/* The range is of the rate itself. */
		is = 1;
		break;
	case CHANGE_MULTIPLIER:
		factor = &version->multipliers[change->multiplier].factor;
		return bill_range_pick(range, sure, is,
		                       power_of_10(factor->decimals + BILL_FACTOR_DECIMALS),
		                       BILL_FACTOR_DECIMALS, value_out);
	case CHANGE_ALL:
		return bill_range_pick(range, sure, is, is, BILL_FACTOR_DECIMALS, value_out);
	}
	return is != 0 &&
	       bill_range_pick(range, sure, is, token ? one / power_of_10(MILLION_DECIMALS) : one,
	                       token ? BILL_TOKEN_DECIMALS : BILL_OTHER_DECIMALS, value_out);
}

/* ---- conditions, as the book has them ---- */

static void put_time(struct buf *out, const char *key, unsigned minute)
{
	buf_addf(out, "\"%s\":\"%02u:%02u\",", key, minute / 60, minute % 60);
}

static void put_utc(struct buf *out, const struct book_when *when)
{
	static const char *const days[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

	buf_add_cstr(out, "\"utc\":{");
	if (when->utc_from != when->utc_to) {
		put_time(out, "from", when->utc_from);
		put_time(out, "to", when->utc_to);
	}
	buf_add_cstr(out, "\"days\":[");
	for (unsigned d = 0; d < sizeof(days) / sizeof(days[0]); d++) {
		if ((when->days >> d & 1) != 0)
			buf_addf(out, "%s\"%s\"", (when->days & ((1u << d) - 1)) != 0 ? "," : "",
			         days[d]);
	}
	buf_add_cstr(out, "]},");
}

static void put_word(struct buf *out, const char *key, struct text word)
{
	buf_addf(out, "\"%s\":", key);
	buf_add_json(out, word);
	buf_add_cstr(out, ",");
}

static void put_context(struct buf *out, enum context_test test, int64_t tokens)
{
	buf_addf(out, "\"context\":{\"%s\":%" PRId64 "},", test == CONTEXT_GT ? "gt" : "gte",
	         tokens);
}

/* ,"when":{...}; false: it has conditions of a kind that are not written here. */
static bool put_when(struct buf *out, const struct book_when *when)
{
	if ((when->has & (WHEN_KIND | WHEN_NUMBER)) != 0)
		return false;
	if (when->has == 0)
		return true;
	buf_add_cstr(out, ",\"when\":{");
	if ((when->has & WHEN_CONTEXT) != 0)
		put_context(out, when->context_test, when->context_tokens);
	if ((when->has & WHEN_TIER) != 0)
		put_word(out, "tier", when->tier);
	if ((when->has & WHEN_REGION) != 0)
		put_word(out, "region", when->region);
	if ((when->has & WHEN_UTC) != 0)
		put_utc(out, when);
	if ((when->has & WHEN_SIZE) != 0)
		put_word(out, "size", when->size);
	if ((when->has & WHEN_QUALITY) != 0)
		put_word(out, "quality", when->quality);
	if (out->error == 0) {
		/* The comma behind the last. */
		out->len--;
		buf_add_cstr(out, "}");
	}
	return true;
}

/* ,"components":[...] unless it is all of them, which is meant without. */
static void put_components(struct buf *out, uint32_t components)
{
	const char *between = "";

	if (components == (1u << COMPONENT_COUNT) - 1)
		return;
	buf_add_cstr(out, ",\"components\":[");
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if ((components >> c & 1) == 0)
			continue;
		buf_addf(out, "%s\"%s\"", between, component_info[c].key);
		between = ",";
	}
	buf_add_cstr(out, "]");
}

static void keep_line(struct buf *out, bool whole, struct bill_suggestion *suggestion)
{
	struct text line = buf_text(out);

	suggestion->starved = out->error == -FAULT_NOMEM;
	if (!whole || out->error != 0 || line.len >= sizeof(suggestion->line))
		suggestion->line[0] = '\0';
	else
		text_copy(suggestion->line, sizeof(suggestion->line), line);
	buf_release(out);
}

/* ---- what is said ---- */

/* "0.30": of a million tokens, or of one of anything else. */
static void price_text(enum component component, wide value, char out[MONEY_TEXT_BYTES])
{
	money_text((struct money){ is_token(component) ? value * power_of_10(MILLION_DECIMALS)
	                                               : value },
	           out);
}

/* A factor of so many decimals. */
static void factor_text(wide value, unsigned decimals, char out[MONEY_TEXT_BYTES])
{
	if (decimals > MONEY_DECIMALS_MAX)
		value /= power_of_10(decimals - MONEY_DECIMALS_MAX);
	else
		value *= power_of_10(MONEY_DECIMALS_MAX - decimals);
	money_text((struct money){ value }, out);
}

static const struct book_when *when_of(const struct bill_change *change,
                                       const struct book_version *version)
{
	static const struct book_when always = { .has = 0 };

	if (change->kind == CHANGE_ENTRY)
		return &change->rate->when;
	if (change->kind == CHANGE_MULTIPLIER)
		return &version->multipliers[change->multiplier].when;
	return &always;
}

/* " above 200000 tokens of prompt, by the tier flex": what tells the entry from others. */
static size_t say_when(char *out, size_t room, const struct book_when *when)
{
	size_t len = 0;

	out[0] = '\0';
	if ((when->has & WHEN_CONTEXT) != 0)
		len += (size_t)snprintf(out + len, room - len, " %s %" PRId64 " tokens of prompt",
		                        when->context_test == CONTEXT_GT ? "above" : "from",
		                        when->context_tokens);
	if ((when->has & WHEN_TIER) != 0 && len < room)
		len += (size_t)snprintf(out + len, room - len, " by the tier %.*s",
		                        TEXT_ARGS(when->tier));
	if ((when->has & ~(unsigned)(WHEN_CONTEXT | WHEN_TIER)) != 0 && len < room)
		len += (size_t)snprintf(out + len, room - len, " under its conditions");
	return len < room ? len : room - 1;
}

/* One change in words, and the line of the book that makes it; false: no line can be written. */
static bool say_change(const struct bill_group *group, const struct bill_change *change, wide value,
                       char *text, size_t room, struct buf *line)
{
	const struct book_version *version = group != NULL ? group->version : NULL;
	const struct book_when *when = when_of(change, version);
	const char *key = "";
	char is[MONEY_TEXT_BYTES], to[MONEY_TEXT_BYTES], under[160];
	unsigned decimals = 0;

	say_when(under, sizeof(under), when);
	switch (change->kind) {
	case CHANGE_ENTRY:
	case CHANGE_AS:
	case CHANGE_NEW:
		key = component_info[change->component].key;
		price_text(change->component, value, to);
		price_text(change->component, bill_change_is(change, version), is);
		snprintf(text, room, "%s%s: %s %s, where the book has %s", key, under, to,
		         is_token(change->component) ? "per million" : "each",
		         change->kind == CHANGE_NEW ? "none" : is);
		buf_addf(line, "{\"component\":\"%s\",\"%s\":\"%s\"", key,
		         is_token(change->component) ? "per_million" : "each", to);
		break;
	case CHANGE_MULTIPLIER:
		decimals = version->multipliers[change->multiplier].factor.decimals;
		factor_text(bill_change_is(change, version), decimals + BILL_FACTOR_DECIMALS, is);
		factor_text(value, decimals + BILL_FACTOR_DECIMALS, to);
		snprintf(text, room, "multiplier%s: %s, where the book has %s", under, to, is);
		buf_addf(line, "{\"multiply\":\"%s\"", to);
		put_components(line, version->multipliers[change->multiplier].components);
		break;
	case CHANGE_ALL:
		factor_text(value, BILL_FACTOR_DECIMALS, to);
		snprintf(text, room, "all rates%s times %s: as a multiplier",
		         group != NULL ? "" : " of all models", to);
		buf_addf(line, "{\"multiply\":\"%s\"", to);
		break;
	}
	if (!put_when(line, when))
		return false;
	buf_add_cstr(line, "}");
	return true;
}

enum bill_cause bill_change_cause(const struct bill_change *change)
{
	if (change->kind == CHANGE_MULTIPLIER)
		return CAUSE_TIER;
	if (change->kind > CHANGE_NEW)
		return CAUSE_PRICE;
	if (change->component == COMPONENT_REASONING)
		return CAUSE_REASONING;
	return component_info[change->component].role == ROLE_FEE ? CAUSE_FEE : CAUSE_PRICE;
}

/* Which version: behind what is said of it. */
static void say_version(const struct bill_group *group, struct bill_suggestion *out)
{
	char from[MOMENT_TEXT_BYTES];
	size_t len = strlen(out->text);

	if (group == NULL)
		return;
	moment_text_unit(group->version->effective_from_ms, MOMENT_DAY, from);
	snprintf(out->text + len, sizeof(out->text) - len, " (version from %s on)", from);
}

void bill_change_text(const struct bill_group *group, const struct bill_change *change, wide value,
                      char *text, size_t room)
{
	struct buf line = { .at = NULL };

	say_change(group, change, value, text, room, &line);
	buf_release(&line);
}

void bill_suggest_change(const struct bill_group *group, const struct bill_change *change,
                         wide value, struct bill_suggestion *out)
{
	struct buf line = { .at = NULL };
	bool whole = say_change(group, change, value, out->text, sizeof(out->text), &line);

	out->cause = bill_change_cause(change);
	say_version(group, out);
	keep_line(&line, whole, out);
}

void bill_suggest_two(const struct bill_group *group, const struct bill_change *first,
                      wide first_value, const struct bill_change *second, wide second_value,
                      struct bill_suggestion *out)
{
	struct buf line = { .at = NULL };
	char text[SUGGEST_TEXT_BYTES / 2];
	bool whole = say_change(group, first, first_value, out->text, sizeof(out->text) / 2, &line);
	size_t len = strlen(out->text);

	buf_add_cstr(&line, ",");
	whole = say_change(group, second, second_value, text, sizeof(text), &line) && whole;
	snprintf(out->text + len, sizeof(out->text) - len, "; and %s", text);
	say_version(group, out);
	keep_line(&line, whole, out);
}

/* The first threshold there is. */
static bool first_context(void *context, enum component component, const struct book_when *when)
{
	struct book_when *found = context;

	(void)component;
	if ((when->has & WHEN_CONTEXT) != 0)
		*found = *when;
	return (when->has & WHEN_CONTEXT) == 0;
}

static struct book_when context_of(const struct bill_group *group)
{
	const struct bill_rating rating = { .version = group->version };
	struct book_when when = { .has = 0 };

	bill_each_when(&rating, first_context, &when);
	return when;
}

void bill_suggest_flip(const struct bill_group *group, struct bill_suggestion *out)
{
	struct book_when when = context_of(group);
	bool gt = when.context_test == CONTEXT_GT;
	struct buf line = { .at = NULL };

	out->cause = CAUSE_LONG_CONTEXT;
	snprintf(out->text, sizeof(out->text),
	         "the threshold of %" PRId64 " tokens: %s, where the book has %s",
	         when.context_tokens, gt ? "gte" : "gt", gt ? "gt" : "gte");
	say_version(group, out);
	buf_addf(&line, "\"context\":{\"%s\":%" PRId64 "}", gt ? "gte" : "gt", when.context_tokens);
	keep_line(&line, true, out);
}

void bill_suggest_none(const struct bill_group *group, struct bill_suggestion *out)
{
	out->cause = CAUSE_LONG_CONTEXT;
	snprintf(out->text, sizeof(out->text),
	         "no dearer rate above %" PRId64
	         " tokens: without the entries that ask for the context",
	         context_of(group).context_tokens);
	say_version(group, out);
}

/* ,{"component":...}: an entry of a tier, for all. */
static bool put_for_all(struct buf *line, const struct book_rate *rate)
{
	struct book_when when = rate->when;
	char price[MONEY_TEXT_BYTES];

	when.has &= ~(unsigned)WHEN_TIER;
	price_text(rate->component, rate->rate.attos_per_unit, price);
	buf_addf(line, "%s{\"component\":\"%s\",\"%s\":\"%s\"", line->len > 0 ? "," : "",
	         component_info[rate->component].key,
	         is_token(rate->component) ? "per_million" : "each", price);
	if (rate->megapixels != MEGAPIXELS_NONE || !put_when(line, &when))
		return false;
	buf_add_cstr(line, "}");
	return true;
}

static bool put_factor_for_all(struct buf *line, const struct book_multiplier *multiplier)
{
	struct book_when when = multiplier->when;
	char factor[MONEY_TEXT_BYTES];

	when.has &= ~(unsigned)WHEN_TIER;
	factor_text(multiplier->factor.numerator, multiplier->factor.decimals, factor);
	buf_addf(line, "%s{\"multiply\":\"%s\"", line->len > 0 ? "," : "", factor);
	put_components(line, multiplier->components);
	if (!put_when(line, &when))
		return false;
	buf_add_cstr(line, "}");
	return true;
}

static bool is_of_tier(const struct book_when *when, struct text tier)
{
	return (when->has & WHEN_TIER) != 0 && text_equal(when->tier, tier);
}

void bill_suggest_tier(const struct bill_group *group, struct text tier,
                       struct bill_suggestion *out)
{
	const struct book_version *version = group->version;
	struct buf line = { .at = NULL };
	bool whole = true;

	for (size_t i = 0; i < version->card.rate_count; i++) {
		if (is_of_tier(&version->card.rates[i].when, tier))
			whole = put_for_all(&line, &version->card.rates[i]) && whole;
	}
	for (size_t i = 0; i < version->multiplier_count; i++) {
		if (is_of_tier(&version->multipliers[i].when, tier))
			whole = put_factor_for_all(&line, &version->multipliers[i]) && whole;
	}
	out->cause = CAUSE_TIER;
	snprintf(out->text, sizeof(out->text),
	         line.len > 0 ? "all of it by the tier %.*s: its entries without that condition, "
	                        "or service_tier as it was served"
	                      : "all of it by the tier %.*s: no other tier's entries, or "
	                        "service_tier as it was served",
	         TEXT_ARGS(tier));
	say_version(group, out);
	keep_line(&line, whole, out);
}

void bill_suggest_version(const struct bill_group *group, const struct book_version *version,
                          struct bill_suggestion *out)
{
	char there[MOMENT_TEXT_BYTES];

	moment_text_unit(version->effective_from_ms, MOMENT_DAY, there);
	snprintf(out->text, sizeof(out->text),
	         "the prices of the version from %s on hold there: its successor begins later, or "
	         "this one earlier",
	         there);
	say_version(group, out);
}

void bill_suggest_beyond(int64_t pairs, struct bill_suggestion *out)
{
	*out = (struct bill_suggestion){ .cause = CAUSE_PRICE, .pairs = pairs };
	snprintf(out->text, sizeof(out->text),
	         "more than %d versions of models differ or may: these are of others, and nothing "
	         "is "
	         "suggested for them; --model looks at one",
	         SUGGEST_MODELS_MAX);
}
