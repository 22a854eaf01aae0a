/*
 * What LiteLLM's own tests say of its prices, each twice: under a book written by hand, which
 * must come out to the digit, and under the one that the importer makes of the same prices as an
 * entry of LiteLLM's map, where what differs has its row.  The data is not ours: see README.md
 * beside it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/moment.h"
#include "catalogue/amount.h"
#include "catalogue/catalogue.h"
#include "rate/rating.h"
#include "tests/support/exceptions.h"
#include "tests/support/fixture.h"
#include "tests/support/ledgerkit.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { VECTORS = 28, FORMULAS = 2, PRICES_MAX = 64 };

/*
 * Under the importer's book: what LiteLLM makes up where an entry has no price is in suspense here
 * instead of charged.
 */
static const struct exception by_importer[] = {
	{ "tp-150", "unpriced", NULL,
	  "a tier without a price of cache reads: 10000 x 1e-6 = 0.01 is the price of input" },
	{ "tp-158", "unpriced", NULL,
	  "no price of images made: (600 + 1120) x 2e-6 = 0.00344 is the price of text" },
	{ "tp-160", "unpriced", NULL,
	  "no price of film made: (600 + 1120) x 2e-6 = 0.00344 is the price of text" },
	{ "tp-165", "unpriced", NULL,
	  "windows of an off-peak block alone: there is no price in them" },
	{ "tp-168", "unpriced", NULL,
	  "windows of an off-peak block alone: there is no price in them" },
	{ "tp-170", "unpriced", NULL,
	  "windows of an off-peak block alone: there is no price in them" },
	{ "tp-172", "unpriced", NULL,
	  "windows of an off-peak block alone: there is no price in them" },
	{ "tp-174", "unpriced", NULL,
	  "windows of an off-peak block alone: there is no price in them" },
	{ "tp-175", "unpriced", NULL,
	  "windows of an off-peak block alone: there is no price in them" },
	{ "tp-190", "unpriced", NULL,
	  "input at 1e-6 and from 0 tokens on at 4.6e-7: which holds is not known" },
	{ "tp-192", "unpriced", NULL,
	  "the same entry; 100 x 2e-6 = 0.0002 by the price beside the ranges" },
	{ "tp-194", "unpriced", NULL,
	  "ranges without the cache: (20000 + 5000 + 15000) x 7e-7 = 0.028 is the price of input" },
	{ "tp-195", "unpriced", NULL,
	  "a range without writes of an hour: 200 x 7e-7 + 800 x 8.75e-7 = 0.00084, all as one" },
};

/* One price of a vector, and when it holds. */
struct price {
	enum component component;
	struct text number;         /* USD a unit */
	struct text above, tier;    /* tokens of the prompt as digits; absent: whatever */
	struct text from, to, days; /* the off-peak window; `days` as JSON */
	int rank;                   /* the later one wins */
};

struct card {
	struct price prices[PRICES_MAX];
	size_t count;
	char digits[PRICES_MAX][16], words[PRICES_MAX][64];
	size_t words_used;
};

static const struct {
	const char *key, *litellm;
	enum component component;
} keys[] = {
	{ "input", "input_cost_per_token", COMPONENT_INPUT },
	{ "output", "output_cost_per_token", COMPONENT_OUTPUT },
	{ "cache_read", "cache_read_input_token_cost", COMPONENT_CACHE_READ },
	{ "cache_write", "cache_creation_input_token_cost", COMPONENT_CACHE_WRITE_5M },
	{ "cache_write_1h", "cache_creation_input_token_cost_above_1hr", COMPONENT_CACHE_WRITE_1H },
	{ "output_image_token", "output_cost_per_image_token", COMPONENT_OUTPUT_IMAGE },
	{ "output_video_token", "output_cost_per_video_token", COMPONENT_OUTPUT_VIDEO },
};

/* The row of keys[], and what stands behind it: "", "_above_128k", "_above_200k_priority". */
static size_t find_key(struct text key, struct text *rest_out)
{
	for (size_t i = 0; i < COUNT(keys); i++) {
		size_t len = strlen(keys[i].key);
		struct text rest = { key.at + len, key.len - len };

		if (key.len < len || memcmp(key.at, keys[i].key, len) != 0 ||
		    (rest.len > 0 && !text_match(text_of("_above_*k*"), rest)))
			continue;
		*rest_out = rest;
		return i;
	}
	fail_msg("an unknown price, %.*s", TEXT_ARGS(key));
	return 0;
}

/* ---- the book by hand ---- */

static struct price *add_price(struct card *card, enum component component, struct text number)
{
	struct price *price = &card->prices[card->count++];

	assert_true(card->count <= PRICES_MAX);
	*price = (struct price){ .component = component, .number = number };
	return price;
}

static void add_flat(struct card *card, struct text key, struct text number)
{
	struct text rest, above = { NULL, 0 };
	size_t row = find_key(key, &rest);
	struct price *price = add_price(card, keys[row].component, number);

	if (rest.len == 0)
		return;
	rest = (struct text){ rest.at + strlen("_above_"), rest.len - strlen("_above_") };
	assert_true(text_cut(&rest, 'k', &above));
	snprintf(card->digits[card->count - 1], sizeof(card->digits[0]), "%.*s000",
	         TEXT_ARGS(above));
	price->above = text_of(card->digits[card->count - 1]);
	price->rank = 2 * atoi(price->above.at);
	if (rest.len > 1) {
		price->tier = (struct text){ rest.at + 1, rest.len - 1 };
		price->rank++;
	}
}

static struct text number_of(const struct json *doc, uint32_t object, const char *key)
{
	return json_string(doc, json_member(doc, object, key));
}

/* A range takes the place of all flat prices; what it leaves out costs what its whole does. */
static void add_range(struct card *card, const struct json *doc, uint32_t range)
{
	struct text start = doc->nodes[json_first(doc, json_member(doc, range, "range"))].text;
	struct text input = number_of(doc, range, "input");
	struct text write = number_of(doc, range, "cache_write");
	struct text read = number_of(doc, range, "cache_read");
	struct text output = number_of(doc, range, "output");
	size_t first = card->count;

	add_price(card, COMPONENT_INPUT, input);
	add_price(card, COMPONENT_CACHE_READ, read.at != NULL ? read : input);
	add_price(card, COMPONENT_CACHE_WRITE_5M, write.at != NULL ? write : input);
	add_price(card, COMPONENT_CACHE_WRITE_1H, write.at != NULL ? write : input);
	if (output.at != NULL)
		add_price(card, COMPONENT_OUTPUT, output);
	for (size_t i = first; i < card->count; i++) {
		assert_true(text_copy(card->digits[i], sizeof(card->digits[i]), start));
		card->prices[i].above = text_of(card->digits[i]);
		card->prices[i].rank = 1 + 2 * atoi(card->digits[i]);
	}
}

/* [1, 2] as ["mon", "tue"]. */
static struct text days_of(struct card *card, const struct json *doc, uint32_t list)
{
	static const char *const names[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
	char *word = card->words[card->words_used++];
	size_t len = 0;

	assert_true(card->words_used <= PRICES_MAX);
	for (uint32_t d = json_first(doc, list); d != JSON_NONE; d = json_next(doc, list, d)) {
		int64_t day = 0;

		assert_true(json_integer(doc, d, &day) && day >= 1 && day <= 7);
		len += (size_t)snprintf(word + len, sizeof(card->words[0]) - len, "%s\"%s\"",
		                        len > 0 ? "," : "", names[day - 1]);
	}
	return text_of(word);
}

/* The prices of the block in one window; 1 a million where it says none (2 else). */
static void add_window(struct card *card, const struct json *doc, uint32_t block, struct text hours,
                       struct text days)
{
	size_t first = card->count;
	struct text from = { NULL, 0 };

	for (uint32_t k = json_first(doc, block); k != JSON_NONE; k = json_next(doc, block, k)) {
		if (!text_is(doc->nodes[k].text, "hours_utc") &&
		    !text_is(doc->nodes[k].text, "windows"))
			add_flat(card, doc->nodes[k].text, json_string(doc, k + 1));
	}
	if (card->count == first)
		add_price(card, COMPONENT_INPUT, text_of("1e-6"));
	assert_true(text_cut(&hours, '-', &from));
	for (size_t i = first; i < card->count; i++) {
		card->prices[i].rank = INT32_MAX;
		card->prices[i].days = days;
		if (!text_equal(from, hours)) {
			card->prices[i].from = from;
			card->prices[i].to = hours;
		}
	}
}

static void add_off_peak(struct card *card, const struct json *doc, uint32_t block)
{
	const struct text none = { NULL, 0 };
	uint32_t windows = json_member(doc, block, "windows");

	if (windows == JSON_NONE) {
		add_window(card, doc, block, number_of(doc, block, "hours_utc"), none);
		return;
	}
	for (uint32_t w = json_first(doc, windows); w != JSON_NONE;
	     w = json_next(doc, windows, w)) {
		struct text days = days_of(card, doc, json_member(doc, w, "weekdays"));
		uint32_t hours = json_member(doc, w, "hours_utc");

		if (json_type_of(doc, hours) == JSON_STRING)
			add_window(card, doc, block, json_string(doc, hours), days);
		for (uint32_t h = json_type_of(doc, hours) == JSON_ARRAY ? json_first(doc, hours)
		                                                         : JSON_NONE;
		     h != JSON_NONE; h = json_next(doc, hours, h))
			add_window(card, doc, block, json_string(doc, h), days);
	}
}

static int by_rank(const void *a, const void *b)
{
	const struct price *left = a, *right = b;

	return (left->rank > right->rank) - (left->rank < right->rank);
}

static void put_member(struct buf *out, const char *key, struct text value, const char *quote)
{
	char last = out->at[out->len - 1];

	if (value.at != NULL)
		buf_addf(out, "%s\"%s\":%s%.*s%s", last == '{' ? "" : ",", key, quote,
		         TEXT_ARGS(value), quote);
}

static void put_price(struct buf *out, const struct price *price)
{
	char number[MONEY_TEXT_BYTES];
	struct money million;

	assert_int_equal(amount_read(price->number, 6, &million), AMOUNT_EXACT);
	money_text(million, number);
	buf_addf(out, "%s{\"component\":\"%s\",\"per_million\":\"%s\"",
	         out->at[out->len - 1] == '[' ? "" : ",", component_info[price->component].key,
	         number);
	if (price->above.at != NULL || price->tier.at != NULL || price->rank == INT32_MAX) {
		buf_add_cstr(out, ",\"when\":{");
		if (price->above.at != NULL)
			buf_addf(out, "\"context\":{\"gt\":%.*s}", TEXT_ARGS(price->above));
		put_member(out, "tier", price->tier, "\"");
		if (price->rank == INT32_MAX) {
			buf_add_cstr(out, "\"utc\":{");
			put_member(out, "from", price->from, "\"");
			put_member(out, "to", price->to, "\"");
			if (price->days.at != NULL)
				buf_addf(out, "%s\"days\":[%.*s]",
				         price->from.at != NULL ? "," : "", TEXT_ARGS(price->days));
			buf_add_cstr(out, "}");
		}
		buf_add_cstr(out, "}");
	}
	buf_add_cstr(out, "}");
}

static struct book *book_by_hand(const struct json *doc, uint32_t prices)
{
	struct card *card = calloc(1, sizeof(*card));
	struct buf json = { .at = NULL };
	struct fault fault = { .code = FAULT_NONE };
	struct book *book = NULL;
	bool priced[COMPONENT_COUNT] = { false };

	assert_non_null(card);
	for (uint32_t k = json_first(doc, prices); k != JSON_NONE; k = json_next(doc, prices, k)) {
		if (text_is(doc->nodes[k].text, "off_peak"))
			add_off_peak(card, doc, k + 1);
		else if (text_is(doc->nodes[k].text, "tiered"))
			for (uint32_t r = json_first(doc, k + 1); r != JSON_NONE;
			     r = json_next(doc, k + 1, r))
				add_range(card, doc, r);
		else
			add_flat(card, doc->nodes[k].text, json_string(doc, k + 1));
	}
	for (size_t i = 0; i < card->count; i++)
		priced[card->prices[i].component] = priced[card->prices[i].component] ||
		                                    card->prices[i].rank < INT32_MAX;
	if (!priced[COMPONENT_INPUT])
		add_price(card, COMPONENT_INPUT, text_of("2e-6"));
	qsort(card->prices, card->count, sizeof(card->prices[0]), by_rank);
	buf_add_cstr(&json, "{\"pricebook\":1,\"currency\":\"USD\",\"models\":[{\"model\":\"m\","
	                    "\"as\":{\"cache_write\":\"cache_write_5m\"");
	if (!priced[COMPONENT_OUTPUT_IMAGE])
		buf_add_cstr(&json, ",\"output_image\":\"output\"");
	if (!priced[COMPONENT_OUTPUT_VIDEO])
		buf_add_cstr(&json, ",\"output_video\":\"output\"");
	buf_add_cstr(&json, "},\"versions\":[{\"effective_from\":\"2015\",\"rates\":[");
	for (size_t i = 0; i < card->count; i++)
		put_price(&json, &card->prices[i]);
	buf_add_cstr(&json, "]}]}]}");
	if (book_load(&book, buf_text(&json), NULL, &fault) < 0)
		fail_msg("%s\n%.*s", fault.text, TEXT_ARGS(buf_text(&json)));
	buf_release(&json);
	free(card);
	return book;
}

/* ---- the importer's book ---- */

static void put_entry(struct buf *out, const struct json *doc, uint32_t prices)
{
	for (uint32_t k = json_first(doc, prices); k != JSON_NONE; k = json_next(doc, prices, k)) {
		struct text rest, above, key = doc->nodes[k].text;

		if (text_is(key, "off_peak")) {
			size_t at = out->len + strlen(",\"off_peak_pricing\":");

			buf_add_cstr(out, ",\"off_peak_pricing\":");
			put_entry(out, doc, k + 1);
			out->at[at] = '{';
			buf_add_cstr(out, "}");
			continue;
		}
		if (text_is(key, "range") || text_is(key, "hours_utc") || text_is(key, "windows")) {
			buf_addf(out, ",\"%.*s\":", TEXT_ARGS(key));
			json_write(doc, k + 1, JSON_DEPTH_MAX, out);
			continue;
		}
		if (text_is(key, "tiered")) {
			const char *comma = "";

			buf_add_cstr(out, ",\"tiered_pricing\":[");
			for (uint32_t r = json_first(doc, k + 1); r != JSON_NONE;
			     r = json_next(doc, k + 1, r)) {
				size_t at = out->len + strlen(comma);

				buf_add_cstr(out, comma);
				put_entry(out, doc, r);
				out->at[at] = '{';
				buf_add_cstr(out, "}");
				comma = ",";
			}
			buf_add_cstr(out, "]");
			continue;
		}
		buf_addf(out, ",\"%s", keys[find_key(key, &rest)].litellm);
		if (text_cut(&rest, 'k', &above))
			buf_addf(out, "%.*s%s%.*s", TEXT_ARGS(above),
			         above.len > 0 ? "k_tokens" : "", TEXT_ARGS(rest));
		buf_addf(out, "\":%.*s", TEXT_ARGS(json_string(doc, k + 1)));
	}
}

static struct book *book_of_entry(struct text entry)
{
	struct catalogue_options options = { .zero_is_free = false };
	struct catalogue_import in = { .model_count = 0 };
	struct fault fault = { .code = FAULT_NONE };
	struct book *book = NULL;

	if (catalogue_import(&in, catalogue_find(text_of("litellm")), entry, &options, &fault) <
	            0 ||
	    book_load(&book, buf_text(&in.book), NULL, &fault) < 0)
		printf("  no book: %s\n", fault.text);
	catalogue_import_release(&in);
	return book;
}

static struct book *book_by_import(const struct json *doc, uint32_t prices)
{
	struct buf json = { .at = NULL };
	struct book *book;

	buf_add_cstr(&json, "{\"m\":{\"mode\":\"chat\"");
	put_entry(&json, doc, prices);
	buf_add_cstr(&json, "}}");
	book = book_of_entry(buf_text(&json));
	buf_release(&json);
	return book;
}

/* ---- usage and what is due ---- */

static int64_t count_of(const struct json *doc, uint32_t usage, const char *key)
{
	int64_t value = 0;

	json_integer(doc, json_member(doc, usage, key), &value);
	return value;
}

static struct usage usage_of(const struct json *doc, uint32_t node)
{
	struct usage usage = { .kind_count = 0 };
	uint32_t details = json_member(doc, node, "prompt_tokens_details");
	int64_t *count = usage.count, prompt = count_of(doc, node, "prompt_tokens");

	count[COMPONENT_CACHE_READ] = count_of(doc, node, "cached_tokens") +
	                              count_of(doc, node, "cache_read_tokens") +
	                              count_of(doc, details, "cached_tokens");
	count[COMPONENT_CACHE_WRITE_5M] = count_of(doc, node, "ephemeral_5m_input_tokens");
	count[COMPONENT_CACHE_WRITE_1H] = count_of(doc, node, "ephemeral_1h_input_tokens");
	count[COMPONENT_CACHE_WRITE] = count_of(doc, node, "cache_creation_tokens") +
	                               count_of(doc, details, "cache_write_tokens") -
	                               count[COMPONENT_CACHE_WRITE_5M] -
	                               count[COMPONENT_CACHE_WRITE_1H];
	if (prompt > 0)
		count[COMPONENT_INPUT] = prompt - usage_prompt_total(&usage);
	count[COMPONENT_OUTPUT_IMAGE] = count_of(doc, node, "image_tokens");
	count[COMPONENT_OUTPUT_VIDEO] = count_of(doc, node, "video_tokens");
	count[COMPONENT_OUTPUT] = count_of(doc, node, "completion_tokens") -
	                          count[COMPONENT_OUTPUT_IMAGE] - count[COMPONENT_OUTPUT_VIDEO];
	return usage;
}

struct vector {
	const struct json *doc, *map;
	struct text id;
	uint32_t inputs, expected;
};

static struct money sum_of(const struct charges *charges, enum component_role role)
{
	struct money sum = { 0 };

	for (size_t i = 0; i < charges->count; i++) {
		if (component_info[charges->lines[i].component].role == role)
			assert_int_equal(money_add(sum, charges->lines[i].amount, &sum), 0);
	}
	return sum;
}

/* "1000*KEY + 99000*KEY", the keys being those of the entry. */
static struct money formula_of(const struct vector *v, struct text formula)
{
	uint32_t entry = json_member(v->map, 0, "gpt-5.6");
	struct money sum = { 0 }, each;
	struct text part, number;

	while (text_cut(&formula, '+', &part)) {
		int64_t factor;
		char key[96];

		while (part.len > 0 && part.at[0] == ' ')
			part = (struct text){ part.at + 1, part.len - 1 };
		while (part.len > 0 && part.at[part.len - 1] == ' ')
			part.len--;
		assert_true(text_cut(&part, '*', &number) && text_int(number, &factor) &&
		            text_copy(key, sizeof(key), part));
		assert_int_equal(
			amount_read(v->map->nodes[json_member(v->map, entry, key)].text, 0, &each),
			AMOUNT_EXACT);
		sum.attos += each.attos * factor;
	}
	return sum;
}

/* The amount that is due of what `key` names, and the one that was charged. */
static void compare(const struct vector *v, const struct charges *charges, struct text key,
                    uint32_t value, struct money *due, struct money *charged)
{
	const struct json *doc = v->doc;
	struct text rest;

	*charged = charges->total;
	if (text_is(key, "off_peak")) {
		due->attos = json_type_of(doc, value) == JSON_TRUE ? INT64_C(1000000000000)
		                                                   : INT64_C(2000000000000);
	} else if (text_match(text_of("rate.*"), key)) {
		size_t row = find_key((struct text){ key.at + 5, key.len - 5 }, &rest);

		assert_int_equal(amount_read(json_string(doc, value), 0, due), AMOUNT_EXACT);
		charged->attos = 0;
		for (size_t i = 0; i < charges->count; i++) {
			if (charges->lines[i].component != keys[row].component)
				continue;
			charged->attos = charges->lines[i].amount.attos;
			due->attos *= charges->lines[i].count;
		}
	} else if (text_is(key, "prompt_cost_formula")) {
		*due = formula_of(v, json_string(doc, value));
	} else {
		assert_int_equal(amount_read(json_string(doc, value), 0, due), AMOUNT_EXACT);
	}
	if (text_match(text_of("prompt_cost*"), key))
		*charged = sum_of(charges, ROLE_PROMPT);
	else if (text_is(key, "completion_cost"))
		*charged = sum_of(charges, ROLE_ANSWER);
}

/* "same", "unpriced" or "different"; in `detail` what was charged. */
static const char *outcome(const struct vector *v, const struct book *book,
                           char detail[MONEY_TEXT_BYTES])
{
	const struct json *doc = v->doc;
	struct usage usage = usage_of(doc, json_member(doc, v->inputs, "usage"));
	struct rating_request request = { .model = text_of("m"),
		                          .at_ms = KIT_NOW_MS,
		                          .usage = &usage };
	struct text at = number_of(doc, v->inputs, "at");
	struct charges charges;
	enum rating_verdict verdict;

	/* A rate is seen where a token is counted: of the prompt's own. */
	if (json_member(doc, v->expected, "rate.cache_read") != JSON_NONE) {
		usage.count[COMPONENT_INPUT]--;
		usage.count[COMPONENT_CACHE_READ]++;
	}
	if (json_member(doc, v->expected, "off_peak") != JSON_NONE)
		usage.count[COMPONENT_INPUT] = 1;
	request.tier = number_of(doc, v->inputs, "service_tier");
	if (at.at != NULL)
		assert_true(moment_parse(at, &request.at_ms));
	verdict = rating_request(book, &request, &charges);
	money_text(charges.total, detail);
	if (verdict == RATING_UNPRICED)
		return "unpriced";
	for (uint32_t k = json_first(doc, v->expected); k != JSON_NONE;
	     k = json_next(doc, v->expected, k)) {
		struct money due, charged;

		compare(v, &charges, doc->nodes[k].text, k + 1, &due, &charged);
		if (due.attos != charged.attos)
			return "different";
	}
	return "same";
}

/* The entry of the map that the vector names, as an entry of the one model m. */
static struct book *book_of_map(const struct json *map)
{
	struct buf json = { .at = NULL };
	struct book *book;

	buf_add_cstr(&json, "{\"m\":");
	json_write(map, json_member(map, 0, "gpt-5.6"), JSON_DEPTH_MAX, &json);
	buf_add_cstr(&json, "}");
	book = book_of_entry(buf_text(&json));
	buf_release(&json);
	return book;
}

struct passed {
	int by_hand, by_map, by_import;
};

static void run_vector(const struct vector *v, struct exceptions *e, struct passed *passed)
{
	uint32_t prices = json_member(v->doc, v->inputs, "prices_per_token");
	bool named = json_type_of(v->doc, prices) == JSON_STRING;
	struct book *book = named ? book_of_map(v->map) : book_by_hand(v->doc, prices);
	char detail[MONEY_TEXT_BYTES];
	const char *what = outcome(v, book, detail);

	if (strcmp(what, "same") != 0)
		fail_msg("%.*s: %s, %s", TEXT_ARGS(v->id), what, detail);
	book_free(book);
	if (named) {
		passed->by_map++;
		return;
	}
	passed->by_hand++;
	book = book_by_import(v->doc, prices);
	what = outcome(v, book, detail);
	book_free(book);
	if (strcmp(what, "same") == 0)
		passed->by_import++;
	else
		exception_happened(e, v->id, what, detail);
}

static void test_litellms_vectors_come_out_to_the_digit(void **state)
{
	struct exceptions e = EXCEPTIONS("by LiteLLM's importer", by_importer);
	struct buf cases = { .at = NULL }, text = { .at = NULL };
	struct passed passed = { 0, 0, 0 };
	struct json doc = { .nodes = NULL }, map = { .nodes = NULL };
	uint32_t list;

	(void)state;
	fixture_need("token_price_vectors_dev.json", &cases);
	fixture_need("prices/litellm_model_prices_2026-08-01.json", &text);
	assert_int_equal(json_parse(&doc, buf_text(&cases), NULL), 0);
	assert_int_equal(json_parse(&map, buf_text(&text), NULL), 0);
	list = json_member(&doc, 0, "vectors");
	for (uint32_t n = json_first(&doc, list); n != JSON_NONE; n = json_next(&doc, list, n)) {
		struct vector v = { .doc = &doc,
			            .map = &map,
			            .id = number_of(&doc, n, "id"),
			            .inputs = json_member(&doc, n, "inputs"),
			            .expected = json_member(&doc, n, "expected") };

		if (text_is(number_of(&doc, n, "group"), "litellm"))
			run_vector(&v, &e, &passed);
	}
	print_message("%d by hand, %d of LiteLLM's map, %d the same by the importer\n",
	              passed.by_hand, passed.by_map, passed.by_import);
	assert_int_equal(passed.by_hand, VECTORS - FORMULAS);
	assert_int_equal(passed.by_map, FORMULAS);
	exceptions_end(&e);
	assert_int_equal((size_t)passed.by_import + COUNT(by_importer), VECTORS - FORMULAS);
	json_release(&doc);
	json_release(&map);
	buf_release(&cases);
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_litellms_vectors_come_out_to_the_digit),
	};

	return cmocka_run_group_tests_name("rating_vectors_litellm", tests, NULL, NULL);
}
