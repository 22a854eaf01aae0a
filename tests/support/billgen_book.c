/* Prices: a book from a seed as JSON, and the same arithmetic without anything of lib/price. */
#include <stdio.h>
#include <string.h>

#include "base/moment.h"
#include "tests/support/billgen.h"
#include "tests/support/billgen_internal.h"

static const char *const models[GEN_MODELS] = {
	"acme/plain", "acme/think",  "acme/long",  "acme/longer",
	"acme/tiers", "acme/caches", "acme/paint", "acme/search",
};
static const char *const accounts[BILLGEN_ACCOUNTS] = { "acorn", "birch", "cedar", "dogwood",
	                                                "elm" };
const char *const billgen_tiers[GEN_TIER_COUNT] = { "standard", "priority", "flex" };
const char *const billgen_sizes[BILLGEN_KINDS] = { "1024x1024", "1024x1024", "1792x1024",
	                                           "1792x1024" };
const char *const billgen_qualities[BILLGEN_KINDS] = { "low", "hd", "low", "hd" };

enum {
	PERCENT = 100,
	PER_MILLE = 1000,
	MICROS_PER_UNIT = 1000000,
	HUNDREDTH = 10000, /* of a dollar, in micros */
};
/* A price for a million tokens, in micros, is so many attos of a token. */
#define ATTOS_OF_MICROS INT64_C(1000000)
#define MICROS_EACH     INT64_C(1000000000000)

const char *billgen_account(unsigned account)
{
	return accounts[account];
}

const char *billgen_model_name(unsigned model)
{
	return models[model];
}

/* $0.03 to $30.00 for a million, to a hundredth. */
static int64_t roll_rate(struct billgen_dice *dice, int64_t least, int64_t most)
{
	return (least + billgen_roll(dice, most - least)) * HUNDREDTH * ATTOS_OF_MICROS;
}

static int64_t times_of(int64_t dear)
{
	return dear > 0 ? dear : 1;
}

static void make_card(struct billgen_dice *dice, enum billgen_model model,
                      const struct billgen_options *options, struct billgen_card *card)
{
	wide *rate = card->rate, each = times_of(options->dear_fees) * (wide)MICROS_EACH;

	*card = (struct billgen_card){ .image = { 0 } };
	rate[COMPONENT_INPUT] = roll_rate(dice, 40, 600);
	rate[COMPONENT_CACHE_READ] = roll_rate(dice, 3, 39);
	rate[COMPONENT_OUTPUT] = roll_rate(dice, 700, 3000);
	if (model == GEN_THINK)
		rate[COMPONENT_REASONING] = roll_rate(dice, 700, 3000);
	if (model == GEN_CACHES) {
		rate[COMPONENT_CACHE_WRITE_5M] = roll_rate(dice, 601, 750);
		rate[COMPONENT_CACHE_WRITE_1H] = roll_rate(dice, 751, 999);
	}
	for (int c = 0; c < COMPONENT_COUNT; c++)
		rate[c] *= times_of(options->dear);
	if (model == GEN_SEARCH) {
		rate[COMPONENT_SEARCHES] = (5 + billgen_roll(dice, 20)) * 1000 * each;
		rate[COMPONENT_REQUESTS] = (1 + billgen_roll(dice, 9)) * 100 * each;
	}
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		/* Not all of them by the same factor. */
		if (rate[c] > 0)
			card->long_rate[c] = rate[c] / PERCENT * (150 + billgen_roll(dice, 80));
	}
	for (int k = 0; k < BILLGEN_KINDS; k++)
		card->image[k] = (20 + k * 40 + billgen_roll(dice, 30)) * 1000 * each;
}

void billgen_make_book(struct billgen *gen)
{
	struct billgen_dice dice = billgen_dice(gen->options.seed, 0, 1);
	struct billgen_book *book = &gen->book;

	for (int m = 0; m < GEN_MODELS; m++) {
		for (int v = 0; v < BILLGEN_VERSIONS; v++)
			make_card(&dice, (enum billgen_model)m, &gen->options, &book->card[m][v]);
	}
	book->second_ms = BILLGEN_FROM_MS + (10 + billgen_roll(&dice, 10)) * MS_PER_DAY;
	book->threshold = (20 + billgen_roll(&dice, 100)) * PER_MILLE;
	book->tier_percent[GEN_STANDARD] = PERCENT;
	book->tier_percent[GEN_PRIORITY] = 175;
	book->tier_percent[GEN_FLEX] = 55;
	book->account_percent[BILLGEN_ACCOUNTS - 1] = 12;
}

/* attos as "1.25": of `per` units. */
static void put_decimal(struct buf *out, wide attos)
{
	char text[MONEY_TEXT_BYTES];

	money_text((struct money){ attos }, text);
	buf_addf(out, "\"%s\"", text);
}

static bool is_long(enum billgen_model model)
{
	return model == GEN_LONG || model == GEN_LONGER;
}

static void put_rate(struct buf *out, const char *key, wide attos, bool tokens, const char *more)
{
	buf_addf(out, "%s{\"component\":\"%s\",\"%s\":", out->at[out->len - 1] == '[' ? "" : ",",
	         key, tokens ? "per_million" : "each");
	put_decimal(out, attos * (tokens ? MICROS_PER_UNIT : 1));
	buf_addf(out, "%s}", more);
}

static void put_version(const struct billgen *gen, enum billgen_model model,
                        const struct billgen_card *card, const char *from, struct buf *out)
{
	char more[160];

	buf_addf(out, "{\"effective_from\":\"%s\",", from);
	if (model == GEN_TIERS)
		buf_add_cstr(out, "\"multipliers\":["
		                  "{\"multiply\":\"1.75\",\"when\":{\"tier\":\"priority\"}},"
		                  "{\"multiply\":\"0.55\",\"when\":{\"tier\":\"flex\"}}],");
	buf_add_cstr(out, "\"rates\":[");
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		bool tokens = component_info[c].unit == UNIT_TOKEN;

		if (card->rate[c] == 0)
			continue;
		put_rate(out, component_info[c].key, card->rate[c], tokens, "");
		if (!is_long(model))
			continue;
		snprintf(more, sizeof(more), ",\"when\":{\"context\":{\"%s\":%lld}}",
		         model == GEN_LONG ? "gt" : "gte", (long long)gen->book.threshold);
		put_rate(out, component_info[c].key, card->long_rate[c], tokens, more);
	}
	for (int k = 0; model == GEN_PAINT && k < BILLGEN_KINDS; k++) {
		snprintf(more, sizeof(more), ",\"when\":{\"size\":\"%s\",\"quality\":\"%s\"}",
		         billgen_sizes[k], billgen_qualities[k]);
		put_rate(out, "images_out", card->image[k], false, more);
	}
	buf_add_cstr(out, "]}");
}

void billgen_book_json(const struct billgen *gen, struct buf *out)
{
	const char *between = "";
	char from[MOMENT_TEXT_BYTES];

	moment_text(gen->book.second_ms, from);
	buf_addf(out,
	         "{\"pricebook\":1,\"name\":\"seed %llu\",\"currency\":\"USD\",\"as\":{"
	         "\"reasoning\":\"output\"},\"models\":[",
	         (unsigned long long)gen->options.seed);
	for (int m = 0; m < GEN_MODELS; m++) {
		const struct billgen_card *card = gen->book.card[m];

		buf_addf(out, "%s{\"model\":\"%s\",\"versions\":[", m > 0 ? "," : "", models[m]);
		put_version(gen, (enum billgen_model)m, &card[0], "2026-01-01", out);
		buf_add_cstr(out, ",");
		put_version(gen, (enum billgen_model)m, &card[1], from, out);
		buf_add_cstr(out, "]}");
	}
	buf_add_cstr(out, "],\"accounts\":[");
	for (int a = 0; a < BILLGEN_ACCOUNTS; a++) {
		if (gen->book.account_percent[a] == 0)
			continue;
		buf_addf(out,
		         "%s{\"account\":\"%s\",\"effective_from\":\"2026-01-01\",\"discount_"
		         "percent\":\"%u\"}",
		         between, accounts[a], gen->book.account_percent[a]);
		between = ",";
	}
	buf_add_cstr(out, "]}");
}

static int64_t prompt_of(const int64_t *count)
{
	return count[COMPONENT_INPUT] + count[COMPONENT_CACHE_READ] +
	       count[COMPONENT_CACHE_WRITE_5M] + count[COMPONENT_CACHE_WRITE_1H];
}

static bool beyond(const struct billgen *gen, const struct billgen_event *event,
                   const struct billgen_how *how, int64_t prompt)
{
	bool gte = (event->model == GEN_LONGER) != (how->context == GEN_OTHER_TEST);

	if (!is_long(event->model) || how->context == GEN_NO_RULE)
		return false;
	return gte ? prompt >= gen->book.threshold : prompt > gen->book.threshold;
}

/* What is charged of the counts: the two policies of the first account, and how it was billed. */
static void charged_counts(const struct billgen_event *event, const struct billgen_how *how,
                           int64_t *count)
{
	bool policies = event->account == 0 && !how->no_policy;
	int64_t served = event->served;

	for (int c = 0; c < COMPONENT_COUNT; c++)
		count[c] = event->count[c];
	if (policies && event->end == GEN_BLANK)
		memset(count, 0, COMPONENT_COUNT * sizeof(*count));
	if (policies && event->end == GEN_CANCELLED) {
		/* Reasoning is streamed first. */
		if (count[COMPONENT_REASONING] > served)
			count[COMPONENT_REASONING] = served;
		served -= count[COMPONENT_REASONING];
		if (count[COMPONENT_OUTPUT] > served)
			count[COMPONENT_OUTPUT] = served;
	}
}

/* All factors as one of 10^10, so that it divides without a rest. */
static wide times(const struct billgen *gen, const struct billgen_event *event,
                  const struct billgen_how *how, int component)
{
	enum billgen_tier tier = how->other_tier ? how->tier : (enum billgen_tier)event->tier;
	wide factor = PERCENT - gen->book.account_percent[event->account];

	factor *= event->model == GEN_TIERS ? gen->book.tier_percent[tier] : PERCENT;
	factor *= how->per_mille[component] > 0 ? how->per_mille[component] : PER_MILLE;
	factor *= how->all_per_mille > 0 ? how->all_per_mille : PER_MILLE;
	return factor;
}

bool billgen_is_beyond(const struct billgen *gen, const struct billgen_event *event)
{
	const struct billgen_how plain = { .all_per_mille = 0 };
	int64_t count[COMPONENT_COUNT];

	charged_counts(event, &plain, count);
	return beyond(gen, event, &plain, prompt_of(count));
}

struct money billgen_price(const struct billgen *gen, const struct billgen_event *event,
                           const struct billgen_how *how)
{
	static const wide whole = (wide)PERCENT * PERCENT * PER_MILLE * PER_MILLE;
	bool second = event->time_ms >= gen->book.second_ms && !how->old_version;
	const struct billgen_card *card = &gen->book.card[event->model][second ? 1 : 0];
	int64_t count[COMPONENT_COUNT], prompt;
	unsigned kind = how->other_image ? (event->kind + 1U) % BILLGEN_KINDS : event->kind;
	wide sum = 0;
	bool is_beyond;

	charged_counts(event, how, count);
	prompt = prompt_of(count);
	is_beyond = beyond(gen, event, how, prompt);
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		int as = c;
		wide short_rate, rate, part;

		if (c == COMPONENT_REASONING && card->rate[c] == 0)
			as = COMPONENT_OUTPUT;
		if (c == COMPONENT_CACHE_READ && how->cache_as_input)
			as = COMPONENT_INPUT;
		short_rate = c == COMPONENT_IMAGES_OUT ? card->image[kind] : card->rate[as];
		rate = is_beyond ? card->long_rate[as] : short_rate;
		part = rate * count[c];
		/* What lies below the threshold at the rate below it; the answer dear. */
		if (is_beyond && how->context == GEN_MARGINAL && c == COMPONENT_INPUT)
			part = short_rate * (count[c] - (prompt - gen->book.threshold)) +
			       rate * (prompt - gen->book.threshold);
		if ((c == COMPONENT_REASONING && how->reasoning == GEN_NOT_AT_ALL) ||
		    (c == COMPONENT_REQUESTS && how->no_fee))
			part = 0;
		if (c == COMPONENT_REASONING && how->reasoning == GEN_TWICE)
			part += (is_beyond ? card->long_rate : card->rate)[COMPONENT_OUTPUT] *
			        (wide)count[c];
		sum += part * times(gen, event, how, as);
	}
	return (struct money){ sum / whole };
}
