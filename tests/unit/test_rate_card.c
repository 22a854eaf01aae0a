/* What a rate card can ask, multiply and agree on: by hand, to the last digit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "rate/conditions.h"
#include "rate/rating.h"
#include "tests/support/ledgerkit.h"

#define VERSION(members) "{'effective_from':'2026-01-01'," members "}"
#define BOOK(members)                                                                              \
	"{'pricebook':1,'currency':'USD','models':[{'model':'m','versions':[" VERSION(             \
		members) "]}]}"
#define RATES(list)        BOOK("'rates':[" list "]")
#define INPUT              "{'component':'input','per_million':'1'}"
#define INPUT_WHEN(when)   RATES(INPUT ",{'component':'input','per_million':'2','when':" when "}")
#define IMAGE(price, when) "{'component':'images_out'," price ",'when':" when "}"
#define ACCOUNTS(list, rest)                                                                       \
	"{'pricebook':1,'currency':'USD','accounts':[" list                                        \
	"],'models':[{'model':'m','versions':[" VERSION(                                           \
		rest) "]},"                                                                        \
		      "{'model':'other','versions':[" VERSION("'rates':[" INPUT "]") "]}]}"

struct asked_row {
	const char *label;
	const char *book;
	/* "model=m at=2026-02-01 tier=flex input=5 images_out:1024x1024/hd/50=2" */
	const char *request;
	const char *expected; /* the total, "unpriced", "range" or "nothing" */
};

/* "component:size/quality/kind/number" */
static void add_kind(struct usage *usage, struct text key, int64_t n)
{
	struct usage_kind *kind = &usage->kinds[usage->kind_count++];
	struct text component, words[4] = { 0 };
	int64_t number = 0;

	assert_true(usage->kind_count <= USAGE_KINDS_MAX);
	assert_true(text_cut(&key, ':', &component));
	for (size_t i = 0; i < 4; i++)
		text_cut(&key, '/', &words[i]);
	*kind = (struct usage_kind){ .component = component_find(component), .n = n };
	assert_true(kind->component < COMPONENT_COUNT);
	assert_true(text_copy(kind->size, sizeof(kind->size), words[0]));
	assert_true(text_copy(kind->quality, sizeof(kind->quality), words[1]));
	assert_true(text_copy(kind->kind, sizeof(kind->kind), words[2]));
	if (words[3].len > 0)
		assert_true(text_int(words[3], &number));
	kind->number = number;
	usage->count[kind->component] += n;
}

static void read_request(const char *spec, struct rating_request *request, struct usage *usage)
{
	struct text rest = text_of(spec), word;

	*request = (struct rating_request){ .model = text_of("m"), .usage = usage };
	*usage = (struct usage){ .kind_count = 0 };
	assert_true(moment_parse(text_of("2026-02-03T12:00:00Z"), &request->at_ms));
	while (text_cut(&rest, ' ', &word)) {
		struct text key;
		int64_t n;

		assert_true(text_cut(&word, '=', &key));
		if (text_is(key, "model")) {
			request->model = word;
		} else if (text_is(key, "at")) {
			assert_true(moment_parse_date(word, &request->at_ms));
		} else if (text_is(key, "tier")) {
			request->tier = word;
		} else if (text_is(key, "region")) {
			request->region = word;
		} else if (text_is(key, "account")) {
			request->account = word;
		} else {
			assert_true(text_int(word, &n));
			if (memchr(key.at, ':', key.len) != NULL) {
				add_kind(usage, key, n);
				continue;
			}
			assert_true(component_find(key) < COMPONENT_COUNT);
			usage->count[component_find(key)] += n;
		}
	}
}

static struct book *load(const char *label, const char *json)
{
	struct fault fault = { .code = FAULT_NONE };
	struct book *book = NULL;

	if (book_load(&book, text_of(kit_quotes(json)), NULL, &fault) < 0)
		fail_msg("%s: %s\n%s", label, fault.text, json);
	return book;
}

static void expect_rows(const struct asked_row *rows, size_t count)
{
	static const char *const verdicts[] = {
		[RATING_RANGE] = "range",
		[RATING_UNPRICED] = "unpriced",
		[RATING_NOTHING] = "nothing",
	};

	for (size_t i = 0; i < count; i++) {
		struct book *book = load(rows[i].label, rows[i].book);
		struct rating_request request;
		struct usage usage;
		struct charges charges;
		char amount[MONEY_TEXT_BYTES];
		const char *got = amount;
		enum rating_verdict verdict;

		read_request(rows[i].request, &request, &usage);
		verdict = rating_request(book, &request, &charges);
		money_text(charges.total, amount);
		if (verdict != RATING_PRICED)
			got = verdicts[verdict];
		if (strcmp(got, rows[i].expected) != 0)
			fail_msg("%s: %s: %s, not %s", rows[i].label, rows[i].request, got,
			         rows[i].expected);
		book_free(book);
	}
}

#define EXPECT_ROWS(rows) expect_rows(rows, sizeof(rows) / sizeof(rows[0]))

static void test_a_tier_is_billed_as_served(void **state)
{
	static const char book[] = INPUT_WHEN("{'tier':'flex'}");
	static const char standard[] = INPUT_WHEN("{'tier':'standard'}");
	static const char other[] = INPUT_WHEN("{'tier':'scale'}");
	static const struct asked_row rows[] = {
		{ "served", book, "tier=flex input=1000000", "2.00" },
		{ "in capitals", book, "tier=FLEX input=1000000", "2.00" },
		{ "Google's word", book, "tier=ON_DEMAND_FLEX input=1000000", "2.00" },
		{ "another", book, "tier=priority input=1000000", "1.00" },
		{ "none", book, "input=1000000", "1.00" },
		{ "none is standard", standard, "input=1000000", "2.00" },
		{ "default is standard", standard, "tier=default input=1000000", "2.00" },
		{ "auto is standard", standard, "tier=auto input=1000000", "2.00" },
		{ "on demand is standard", standard, "tier=ON_DEMAND input=1000000", "2.00" },
		{ "Anthropic's is standard", standard, "tier=standard_only input=1000000", "2.00" },
		{ "batch is not", standard, "tier=batch input=1000000", "1.00" },
		{ "another word", other, "tier=scale input=1000000", "2.00" },
		{ "only for batch",
		  RATES("{'component':'input','per_million':'2','when':"
		        "{'tier':'batch'}}"),
		  "input=1", "unpriced" },
	};

	(void)state;
	EXPECT_ROWS(rows);
}

static void test_a_region_is_compared_letter_by_letter(void **state)
{
	static const char book[] = INPUT_WHEN("{'region':'eu'}");
	static const struct asked_row rows[] = {
		{ "it", book, "region=eu input=1000000", "2.00" },
		{ "in capitals", book, "region=EU input=1000000", "1.00" },
		{ "longer", book, "region=eu-1 input=1000000", "1.00" },
		{ "none", book, "input=1000000", "1.00" },
	};

	(void)state;
	EXPECT_ROWS(rows);
}

/* 2026-02-02 is a Monday. */
static void test_hours_are_half_open_and_may_go_round_midnight(void **state)
{
	static const char day[] = INPUT_WHEN("{'utc':{'from':'08:00','to':'17:30'}}");
	static const char night[] = INPUT_WHEN("{'utc':{'from':'16:30','to':'00:30'}}");
	static const char monday[] = INPUT_WHEN(
		"{'utc':{'from':'22:00','to':'06:00','days':['mon']}}");
	static const char weekend[] = INPUT_WHEN("{'utc':{'days':['sat','sun']}}");
	static const char midnight[] = INPUT_WHEN("{'utc':{'from':'20:00','to':'00:00'}}");
	static const struct asked_row rows[] = {
		{ "before", day, "at=2026-02-02T07:59:59.999Z input=1000000", "1.00" },
		{ "first", day, "at=2026-02-02T08:00:00Z input=1000000", "2.00" },
		{ "last", day, "at=2026-02-02T17:29:59.999Z input=1000000", "2.00" },
		{ "behind", day, "at=2026-02-02T17:30:00Z input=1000000", "1.00" },
		{ "night, before", night, "at=2026-02-02T16:29:59.999Z input=1000000", "1.00" },
		{ "night, first", night, "at=2026-02-02T16:30:00Z input=1000000", "2.00" },
		{ "night, midnight", night, "at=2026-02-03T00:00:00Z input=1000000", "2.00" },
		{ "night, last", night, "at=2026-02-03T00:29:59.999Z input=1000000", "2.00" },
		{ "night, behind", night, "at=2026-02-03T00:30:00Z input=1000000", "1.00" },
		{ "to midnight", midnight, "at=2026-02-02T23:59:59.999Z input=1000000", "2.00" },
		{ "midnight itself", midnight, "at=2026-02-03T00:00:00Z input=1000000", "1.00" },
		/* A window belongs to the day on which it began. */
		{ "Monday night", monday, "at=2026-02-02T22:00:00Z input=1000000", "2.00" },
		{ "it ends on Tuesday", monday, "at=2026-02-03T05:59:00Z input=1000000", "2.00" },
		{ "Tuesday night", monday, "at=2026-02-03T22:00:00Z input=1000000", "1.00" },
		{ "Sunday night", monday, "at=2026-02-02T05:59:00Z input=1000000", "1.00" },
		{ "Friday", weekend, "at=2026-02-06T23:59:59.999Z input=1000000", "1.00" },
		{ "Saturday", weekend, "at=2026-02-07T00:00:00Z input=1000000", "2.00" },
		{ "Sunday", weekend, "at=2026-02-08T23:59:59.999Z input=1000000", "2.00" },
		{ "Monday", weekend, "at=2026-02-09T00:00:00Z input=1000000", "1.00" },
	};

	(void)state;
	EXPECT_ROWS(rows);
}

static void test_a_kind_is_asked_of_what_is_of_that_kind(void **state)
{
	static const char image[] = RATES("{'component':'images_out','each':'1'}," IMAGE(
		"'each':'2'",
		"{'steps':50}") "," IMAGE("'each':'4'",
	                                  "{'size':'1024x1024','quality':'hd','steps':50}"));
	static const char search[] = RATES(
		"{'component':'searches','each':'0.01'},"
		"{'component':'searches','each':'0.03','when':{'kind':'web_search'}}");
	static const char seconds[] = RATES(
		"{'component':'seconds','each':'1','when':{'kind':'audio'}},"
		"{'component':'seconds','each':'2','when':{'kind':'video'}},"
		"{'component':'seconds','each':'8','when':{'kind':'video','resolution':"
		"'1080p'}}");
	static const char cache[] = RATES(
		"{'component':'cache_write','each':'1'},"
		"{'component':'cache_write','each':'5','when':{'ttl_seconds':600}},"
		"{'component':'cache_read','each':'1','when':{'implicit':false}},"
		"{'component':'cache_read','each':'3','when':{'implicit':true}}");
	static const struct asked_row rows[] = {
		{ "no kind", image, "images_out:///=3", "3.00" },
		{ "steps", image, "images_out:512x512///50=3", "6.00" },
		{ "other steps", image, "images_out:512x512///51=3", "3.00" },
		{ "all of it", image, "images_out:1024x1024/hd//50=3", "12.00" },
		{ "each by itself", image,
		  "images_out:1024x1024/hd//50=1 images_out:///50=1 images_out:/hd//=1", "7.00" },
		{ "a search", search, "searches=2", "0.02" },
		{ "of a kind", search, "searches:///=1 searches://web_search/=2", "0.07" },
		{ "of another kind", search, "searches://maps/=2", "0.02" },
		{ "some of no kind", search, "searches=1 searches://web_search/=1", "0.04" },
		{ "audio", seconds, "seconds://audio/=5", "5.00" },
		{ "video", seconds, "seconds:720p//video/=5", "10.00" },
		{ "of a resolution", seconds, "seconds:1080p//video/=5", "40.00" },
		{ "nobody said", seconds, "seconds=5", "unpriced" },
		{ "some of them nobody said", seconds, "seconds=1 seconds://audio/=5", "unpriced" },
		{ "how long nobody said", cache, "cache_write=2", "2.00" },
		{ "so long", cache, "cache_write:///600=2", "10.00" },
		{ "longer", cache, "cache_write:///601=2", "2.00" },
		{ "kept by itself", cache, "cache_read://implicit/=2", "6.00" },
		{ "asked for", cache, "cache_read://explicit/=2", "2.00" },
		{ "neither", cache, "cache_read=2", "unpriced" },
	};

	(void)state;
	EXPECT_ROWS(rows);
}

static void test_a_megapixel_is_a_million_pixels(void **state)
{
	static const char exact[] = RATES("{'component':'images_out','per_megapixel':'0.05'}");
	static const char up[] = RATES(
		"{'component':'images_out','per_megapixel':'0.05','megapixels':'up'}");
	static const char nearest[] = RATES(
		"{'component':'images_out','per_megapixel':'0.05','megapixels':'nearest'}");
	static const char either[] = RATES("{'component':'images_out','each':'7'},"
	                                   "{'component':'images_out','per_megapixel':'1'}");
	static const struct asked_row rows[] = {
		/* 1024 x 1024 = 1 048 576; x 0.05 / 1 000 000 */
		{ "by the pixel", exact, "images_out:1024x1024///=1", "0.0524288" },
		{ "each image", exact, "images_out:1024x1024///=3", "0.1572864" },
		{ "one pixel", exact, "images_out:1x1///=1", "0.00000005" },
		{ "LiteLLM's way to write it", exact, "images_out:1024-x-1024///=1", "0.0524288" },
		{ "up", up, "images_out:1024x1024///=1", "0.10" },
		{ "up, each image", up, "images_out:1024x1024///=3", "0.30" },
		{ "a whole one", up, "images_out:1000x1000///=1", "0.05" },
		{ "less than one", up, "images_out:1x1///=1", "0.05" },
		{ "nearest", nearest, "images_out:1024x1024///=1", "0.05" },
		{ "just below the half", nearest, "images_out:1499999x1///=1", "0.05" },
		{ "the half", nearest, "images_out:1500000x1///=1", "0.10" },
		{ "near to nothing", nearest, "images_out:499999x1///=1", "0.00" },
		{ "no size", exact, "images_out:///=1", "unpriced" },
		{ "a word", exact, "images_out:large///=1", "unpriced" },
		{ "half a size", exact, "images_out:1024x///=1", "unpriced" },
		{ "no such size", exact, "images_out:0x1024///=1", "unpriced" },
		{ "more behind it", exact, "images_out:1024x1024px///=1", "unpriced" },
		{ "a size", either, "images_out:1000x1000///=1", "1.00" },
		{ "without one the other entry", either, "images_out:///=1", "7.00" },
		{ "past every amount", exact, "images_out:999999999x999999999///=1000000",
		  "range" },
	};

	(void)state;
	EXPECT_ROWS(rows);
}

static void test_all_multipliers_that_fit_multiply(void **state)
{
	static const char book[] = BOOK(
		"'rates':[" INPUT ",{'component':'output','per_million':'3'},"
		"{'component':'requests','each':'0.5'}],"
		"'multipliers':[{'multiply':'0.5','components':['input','output'],"
		"'when':{'tier':'batch'}},{'multiply':'1.1','when':{'region':'us'}},"
		"{'multiply':'2','components':['input'],'when':{'context':{'gt':100}}}]");
	static const char as[] =
		"{'pricebook':1,'currency':'USD','as':{'reasoning':'output'},'models':[{'model':'m'"
		","
		"'versions':[" VERSION(
			"'rates':[{'component':'output','per_million':'3'}],"
			"'multipliers':[{'multiply':'0.5','components':['output']}]") "]}]}";
	static const struct asked_row rows[] = {
		{ "none", book, "input=100 output=1000000 requests=1", "3.5001" },
		{ "one", book, "tier=batch input=100 output=1000000", "1.50005" },
		{ "not for the fee", book, "tier=batch requests=1", "0.50" },
		{ "for all", book, "region=us input=100 output=1000000 requests=1", "3.85011" },
		{ "both", book, "region=us tier=batch output=1000000", "1.65" },
		{ "with the whole prompt", book, "input=50 input=51", "0.000202" },
		{ "three", book, "region=us tier=batch input=1000000", "1.10" },
		{ "what is priced as another", as, "reasoning=1000000", "1.50" },
		{ "by nothing", BOOK("'rates':[" INPUT "],'multipliers':[{'multiply':'0'}]"),
		  "input=5", "0.00" },
		/* 0.000000000001 a million is one atto a token: 10 of them halved are 5. */
		{ "to the last atto",
		  BOOK("'rates':[{'component':'input','per_million':'0.00000000001'}],"
		       "'multipliers':[{'multiply':'0.5'}]"),
		  "input=1", "0.000000000000000005" },
	};

	(void)state;
	EXPECT_ROWS(rows);
}

static void test_a_discount_is_off_every_rate(void **state)
{
	static const struct asked_row rows[] = {
		{ "per cent", BOOK("'rates':[" INPUT "],'discount_percent':'12.5'"),
		  "input=1000000", "0.875" },
		{ "a markup", BOOK("'rates':[" INPUT "],'discount_percent':'-5'"), "input=1000000",
		  "1.05" },
		{ "to the user", BOOK("'rates':[" INPUT "],'discount_to_user':'0.2'"),
		  "input=1000000", "0.80" },
		{ "to the user, a markup", BOOK("'rates':[" INPUT "],'discount_to_user':'-0.25'"),
		  "input=1000000", "1.25" },
		{ "nothing off", BOOK("'rates':[" INPUT "],'discount_percent':'0'"),
		  "input=1000000", "1.00" },
		{ "with a multiplier",
		  BOOK("'rates':[" INPUT "],'discount_percent':'10','multipliers':[{'multiply':"
		       "'0.5'}]"),
		  "input=1000000", "0.45" },
		{ "the fee too",
		  BOOK("'rates':[{'component':'requests','each':'0.01'}],'discount_percent':'50'"),
		  "requests=1", "0.005" },
	};

	(void)state;
	EXPECT_ROWS(rows);
}

static void test_a_request_is_charged_the_least_charge(void **state)
{
	static const char book[] = BOOK("'rates':[" INPUT
	                                "],'discount_percent':'50','minimums':[{'charge':'0.01'},"
	                                "{'charge':'0.03','when':{'tier':'priority'}},"
	                                "{'charge':'0','when':{'region':'free'}}]");
	static const struct asked_row rows[] = {
		{ "below it", book, "input=10 requests=1", "0.01" },
		{ "nothing off it", book, "input=19999 requests=1", "0.01" },
		{ "at it", book, "input=20000 requests=1", "0.01" },
		{ "above it", book, "input=20002 requests=1", "0.010001" },
		{ "of the last that fits", book, "tier=priority input=10 requests=1", "0.03" },
		{ "which may be none", book, "region=free input=10 requests=1", "0.000005" },
		{ "a request that failed", book, "input=10", "0.000005" },
		{ "that used nothing", book, "requests=1", "0.01" },
		{ "no request at all", book, "input=0", "nothing" },
		{ "it gives no price to what has none", book, "output=10 requests=1", "unpriced" },
	};

	(void)state;
	EXPECT_ROWS(rows);
}

static void test_what_was_agreed_with_an_account(void **state)
{
	static const char price[] = ACCOUNTS(
		"{'account':'a','models':['m'],'effective_from':'2026-01-15',"
		"'effective_until':'2026-03-01','rates':[{'component':'input','per_million':'0.7'},"
		"{'component':'output','per_million':'9','when':{'tier':'flex'}}]}",
		"'rates':[" INPUT ",{'component':'output','per_million':'3'}],"
		"'discount_percent':'10','multipliers':[{'multiply':'0.5','when':{'tier':'batch'}}"
		"]");
	static const char percent[] = ACCOUNTS(
		"{'account':'a','effective_from':'2026','discount_percent':'20'},"
		"{'account':'a','models':['oth*'],'effective_from':'2026','discount_percent':'40'}",
		"'rates':[" INPUT "],'discount_percent':'10'");
	static const char both[] = ACCOUNTS(
		"{'account':'a','effective_from':'2026','discount_percent':'20',"
		"'rates':[{'component':'output','per_million':'5'}]}",
		"'rates':[" INPUT "]");
	static const struct asked_row rows[] = {
		{ "a price", price, "account=a input=1000000", "0.70" },
		{ "of somebody else", price, "account=b input=1000000", "0.90" },
		{ "of nobody", price, "input=1000000", "0.90" },
		{ "an account that begins so", price, "account=aa input=1000000", "0.90" },
		{ "multiplied", price, "account=a tier=batch input=1000000", "0.35" },
		{ "what was not agreed", price, "account=a output=1000000", "2.70" },
		{ "where it fits", price, "account=a tier=flex output=1000000", "9.00" },
		{ "another model", price, "account=a model=other input=1000000", "1.00" },
		{ "before", price, "account=a at=2026-01-14T23:59:59.999Z input=1000000", "0.90" },
		{ "first", price, "account=a at=2026-01-15 input=1000000", "0.70" },
		{ "last", price, "account=a at=2026-02-28T23:59:59.999Z input=1000000", "0.70" },
		{ "behind", price, "account=a at=2026-03-01 input=1000000", "0.90" },
		{ "per cent besides", percent, "account=a input=1000000", "0.72" },
		{ "the later entry alone", percent, "account=a model=other input=1000000", "0.60" },
		{ "both, the price", both, "account=a output=1000000", "5.00" },
		{ "both, the per cent", both, "account=a input=1000000", "0.80" },
		{ "a component that only the account has", both, "account=b output=1", "unpriced" },
	};

	(void)state;
	EXPECT_ROWS(rows);
}

/* The lines of one request say nothing of the one that the room was used for before. */
static void test_a_line_is_of_its_own_request(void **state)
{
	struct book *book = load("two accounts",
	                         ACCOUNTS("{'account':'a','effective_from':'2026','rates':[{"
	                                  "'component':'input','per_million':'1'}]}",
	                                  "'rates':[" INPUT "],'discount_percent':'0'"));
	struct rating_request request;
	struct charges charges;
	struct usage usage;

	(void)state;
	read_request("account=a input=7", &request, &usage);
	assert_int_equal(rating_request(book, &request, &charges), RATING_PRICED);
	assert_true(charges.lines[0].agreed);
	read_request("account=b input=7", &request, &usage);
	assert_int_equal(rating_request(book, &request, &charges), RATING_PRICED);
	assert_false(charges.lines[0].agreed);
	/* Nothing off is no line of the arithmetic. */
	assert_null(charges.lines[0].discount[0]);
	assert_null(charges.lines[0].discount[1]);
	book_free(book);
}

/* Whoever asks for a time before 1970 gets its day and minute, too: that one was a Wednesday. */
static void test_the_moment_before_the_epoch_has_its_weekday(void **state)
{
	const struct rating_request request = { .at_ms = -1 };
	struct asked asked = { .minute = 0 };

	(void)state;
	asked_fill(&asked, &request, WHEN_UTC);
	assert_int_equal(asked.weekday, 2);
	assert_int_equal(asked.minute, 24 * 60 - 1);
}

/* What is above a threshold, and what a sum of requests hides. */
static void test_a_sum_of_requests_is_told_from_one(void **state)
{
	static const struct {
		const char *label, *book, *request;
		int64_t smallest;
		bool differs;
	} rows[] = {
		{ "no condition", RATES(INPUT), "input=100 requests=2", 40, false },
		{ "a threshold between", INPUT_WHEN("{'context':{'gt':99}}"), "input=100", 99,
		  true },
		{ "one above both", INPUT_WHEN("{'context':{'gt':100}}"), "input=100", 99, false },
		{ "one below both", INPUT_WHEN("{'context':{'gte':99}}"), "input=100", 99, false },
		{ "of a multiplier",
		  BOOK("'rates':[" INPUT "],'multipliers':[{'multiply':'2','when':{'context':"
		       "{'gt':50}}}]"),
		  "input=100", 50, true },
		{ "of a second multiplier",
		  BOOK("'rates':[" INPUT "],'multipliers':[{'multiply':'3'},{'multiply':'2','when':"
		       "{'context':{'gt':50}}}]"),
		  "input=100", 50, true },
		{ "of a minimum",
		  BOOK("'rates':[" INPUT "],'minimums':[{'charge':'1','when':{'context':"
		       "{'gt':50}}}]"),
		  "input=100 requests=1", 50, true },
		{ "each has a minimum", BOOK("'rates':[" INPUT "],'minimums':[{'charge':'1'}]"),
		  "input=100 requests=2", 50, true },
		{ "turns of one request have one",
		  BOOK("'rates':[" INPUT "],'minimums':[{'charge':'1'}]"), "input=100 requests=1",
		  50, false },
		{ "of what was agreed",
		  ACCOUNTS("{'account':'a','effective_from':'2026','rates':[{'component':'input',"
		           "'per_million':'1','when':{'context':{'gte':60}}}]}",
		           "'rates':[" INPUT "]"),
		  "account=a input=100", 50, true },
		{ "of what was agreed with another",
		  ACCOUNTS("{'account':'a','effective_from':'2026','rates':[{'component':'input',"
		           "'per_million':'1','when':{'context':{'gte':60}}}]}",
		           "'rates':[" INPUT "]"),
		  "account=b input=100", 50, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct book *book = load(rows[i].label, rows[i].book);
		struct rating_request request;
		struct usage usage;
		struct book_found found;

		read_request(rows[i].request, &request, &usage);
		found = book_find(book, request.model, request.at_ms);
		if (rating_sum_differs(found.version, &request, rows[i].smallest) !=
		    rows[i].differs)
			fail_msg("%s", rows[i].label);
		book_free(book);
	}
	assert_false(rating_sum_differs(NULL, NULL, 0));
}

struct refused_row {
	const char *label, *book, *error;
};

static void expect_refused(const struct refused_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct fault fault = { .code = FAULT_NONE };
		struct buf errors = { .at = NULL };
		struct book *book = NULL;

		assert_int_equal(
			book_load(&book, text_of(kit_quotes(rows[i].book)), &errors, &fault),
			-FAULT_INVALID);
		if (strcmp(errors.at, kit_quotes(rows[i].error)) != 0)
			fail_msg("%s:\n%snot:\n%s", rows[i].label, errors.at,
			         kit_quotes(rows[i].error));
		buf_release(&errors);
	}
}

static void test_errors_of_a_rate_card_name_their_place(void **state)
{
#define AT "line 1: models[0].versions[0]."
	static const struct refused_row rows[] = {
		{ "a tier in another word", INPUT_WHEN("{'tier':'default'}"),
		  AT "rates[1].when.tier: this tier is written 'standard'\n" },
		{ "a tier in capitals", INPUT_WHEN("{'tier':'Flex'}"),
		  AT "rates[1].when.tier: this tier is written 'flex'\n" },
		{ "a region that is none", INPUT_WHEN("{'region':7}"),
		  AT "rates[1].when.region: a string is due\n" },
		{ "half a window", INPUT_WHEN("{'utc':{'from':'08:00'}}"),
		  AT "rates[1].when.utc: from and to are due, or days, or all three\n" },
		{ "an empty window", INPUT_WHEN("{'utc':{}}"),
		  AT "rates[1].when.utc: from and to are due, or days, or all three\n" },
		{ "a window without time", INPUT_WHEN("{'utc':{'from':'08:00','to':'08:00'}}"),
		  AT "rates[1].when.utc: from and to are the same: leave both out for the whole "
		     "day\n" },
		{ "no such hour", INPUT_WHEN("{'utc':{'from':'08:00','to':'24:00'}}"),
		  AT "rates[1].when.utc: from and to are times of the day, UTC, like '16:30' and "
		     "'00:30'\n" },
		{ "an hour in another way", INPUT_WHEN("{'utc':{'from':'8:00','to':'10:00'}}"),
		  AT "rates[1].when.utc: from and to are times of the day, UTC, like '16:30' and "
		     "'00:30'\n" },
		{ "no such day", INPUT_WHEN("{'utc':{'days':['monday']}}"),
		  AT "rates[1].when.utc.days[0]: a day is due: mon, tue, wed, thu, fri, sat or "
		     "sun\n" },
		{ "a day twice", INPUT_WHEN("{'utc':{'days':['mon','mon']}}"),
		  AT "rates[1].when.utc.days[1]: the day stands twice\n" },
		{ "steps of tokens", INPUT_WHEN("{'steps':50}"),
		  AT "rates[1].when.steps: only images_in and images_out have it\n" },
		{ "no steps", RATES(IMAGE("'each':'1'", "{'steps':0}")),
		  AT "rates[0].when.steps: a whole number from 1 on is due\n" },
		{ "a resolution of images", RATES(IMAGE("'each':'1'", "{'resolution':'720p'}")),
		  AT "rates[0].when.resolution: only seconds have it\n" },
		{ "a kind of tokens", INPUT_WHEN("{'kind':'web_search'}"),
		  AT "rates[1].when.kind: only searches and seconds have it\n" },
		{ "a cache of input", INPUT_WHEN("{'implicit':true}"),
		  AT "rates[1].when.implicit: only reads and writes of a cache have it\n" },
		{ "a cache that is a word",
		  RATES("{'component':'cache_read','each':'1','when':{'implicit':'yes'}}"),
		  AT "rates[0].when.implicit: true or false is due\n" },
		{ "a time that is a component",
		  RATES("{'component':'cache_write','each':'1','when':{'ttl_seconds':3600}}"),
		  AT "rates[0].when.ttl_seconds: 3600 seconds are the component cache_write_1h\n" },
		{ "a time of a read",
		  RATES("{'component':'cache_read','each':'1','when':{'ttl_seconds':60}}"),
		  AT "rates[0].when.ttl_seconds: only cache_write has it\n" },
		{ "tokens by the megapixel", RATES("{'component':'input','per_megapixel':'1'}"),
		  AT "rates[0].per_megapixel: only images_in and images_out have it\n" },
		{ "rounding without megapixels",
		  RATES("{'component':'images_out','each':'1','megapixels':'up'}"),
		  AT "rates[0].megapixels: it belongs to per_megapixel\n" },
		{ "another rounding",
		  RATES("{'component':'images_out','per_megapixel':'1','megapixels':'down'}"),
		  AT "rates[0].megapixels: 'exact', 'up' or 'nearest' is due\n" },
		{ "too many decimals a pixel",
		  RATES("{'component':'images_out','per_megapixel':'0.0000000000001'}"),
		  AT "rates[0].per_megapixel: '0.0000000000001' for 1000000 needs more than 18 "
		     "decimals for one unit\n" },
		{ "the same conditions, told in another order",
		  RATES("{'component':'input','each':'1','when':{'tier':'flex','region':'eu'}},"
		        "{'component':'input','each':'2','when':{'region':'eu','tier':'flex'}}"),
		  AT "rates[1]: the same component and conditions as an entry before\n" },
		{ "no multiplier", BOOK("'rates':[" INPUT "],'multipliers':[{}]"),
		  AT "multipliers[0].multiply: missing\n" },
		{ "a multiplier with an exponent",
		  BOOK("'rates':[" INPUT "],'multipliers':[{'multiply':'5e-1'}]"),
		  AT
		  "multipliers[0].multiply: a decimal number with at most 12 decimals is due\n" },
		{ "a multiplier that is a number",
		  BOOK("'rates':[" INPUT "],'multipliers':[{'multiply':0.5}]"),
		  AT "multipliers[0].multiply: a price is a string: write '0.5'\n" },
		{ "a negative multiplier",
		  BOOK("'rates':[" INPUT "],'multipliers':[{'multiply':'-1'}]"),
		  AT "multipliers[0].multiply: a multiplier is not negative\n" },
		{ "a multiplier of nothing known",
		  BOOK("'rates':[" INPUT "],'multipliers':[{'multiply':'2','components':"
		       "['thoughts']}]"),
		  AT "multipliers[0].components[0]: the name of a component is due\n" },
		{ "a component twice",
		  BOOK("'rates':[" INPUT "],'multipliers':[{'multiply':'2','components':['input',"
		       "'input']}]"),
		  AT "multipliers[0].components[1]: it stands twice\n" },
		{ "a multiplier that asks for a kind",
		  BOOK("'rates':[" INPUT "],'multipliers':[{'multiply':'2','when':{'size':'s'}}]"),
		  AT "multipliers[0].when.size: no such key here\n" },
		{ "a multiplier twice",
		  BOOK("'rates':[" INPUT "],'multipliers':[{'multiply':'2'},{'multiply':'3'}]"),
		  AT "multipliers[1]: the same components and conditions as an entry before\n" },
		{ "no room for a multiplier",
		  BOOK("'rates':[{'component':'input','per_million':'0.000000000001'}],"
		       "'multipliers':[{'multiply':'0.5'}]"),
		  AT
		  "rates: input at 0.000000000001 leaves room for 0 more decimals a unit, and its "
		  "multipliers and discounts can take 1: a charge could not be exact\n" },
		{ "no room for a discount",
		  BOOK("'rates':[{'component':'input','per_million':'0.00000000001'}],"
		       "'discount_percent':'12.5'"),
		  AT
		  "rates: input at 0.00000000001 leaves room for 1 more decimals a unit, and its "
		  "multipliers and discounts can take 3: a charge could not be exact\n" },
		{ "all of it off", BOOK("'rates':[" INPUT "],'discount_percent':'100'"),
		  AT "discount_percent: less than the whole price is due: below 100\n" },
		{ "all of it off to the user", BOOK("'rates':[" INPUT "],'discount_to_user':'1'"),
		  AT "discount_to_user: less than the whole price is due: below 1\n" },
		{ "no charge", BOOK("'rates':[" INPUT "],'minimums':[{}]"),
		  AT "minimums[0].charge: missing\n" },
		{ "a negative charge", BOOK("'rates':[" INPUT "],'minimums':[{'charge':'-1'}]"),
		  AT "minimums[0].charge: '-1' is negative\n" },
		{ "a minimum twice",
		  BOOK("'rates':[" INPUT "],'minimums':[{'charge':'1'},{'charge':'2'}]"),
		  AT "minimums[1]: the same conditions as an entry before\n" },
	};
#undef AT

	(void)state;
	expect_refused(rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_errors_of_accounts_name_their_place(void **state)
{
#define AGREED "'effective_from':'2026','discount_percent':'5'"
	static const struct refused_row rows[] = {
		{ "no account", ACCOUNTS("{" AGREED "}", "'rates':[" INPUT "]"),
		  "line 1: accounts[0].account: missing\n" },
		{ "nothing agreed",
		  ACCOUNTS("{'account':'a','effective_from':'2026'}", "'rates':[" INPUT "]"),
		  "line 1: accounts[0]: rates or discount_percent is due\n" },
		{ "no time",
		  ACCOUNTS("{'account':'a','discount_percent':'5'}", "'rates':[" INPUT "]"),
		  "line 1: accounts[0].effective_from: a time is due, like "
		  "'2026-01-01T00:00:00Z'\n" },
		{ "an end before the beginning",
		  ACCOUNTS("{'account':'a','effective_until':'2026'," AGREED "}",
		           "'rates':[" INPUT "]"),
		  "line 1: accounts[0].effective_until: not later than effective_from\n" },
		{ "a key misspelt",
		  ACCOUNTS("{'account':'a','model':['m']," AGREED "}", "'rates':[" INPUT "]"),
		  "line 1: accounts[0].model: no such key here; did you mean 'models'?\n" },
		{ "times that overlap",
		  ACCOUNTS("{'account':'a','effective_until':'2026-06'," AGREED "},"
		           "{'account':'a','effective_from':'2026-05','discount_percent':'6'}",
		           "'rates':[" INPUT "]"),
		  "line 1: accounts[1]: the times of a for these models overlap those of an entry "
		  "before (accounts[0])\n" },
		{ "no room for an agreed discount",
		  ACCOUNTS("{'account':'a','effective_from':'2026','discount_percent':'12.5'}",
		           "'rates':[{'component':'input','per_million':'0.000000000001'}]"),
		  "line 1: models[0].versions[0].rates: input at 0.000000000001 leaves room for 0 "
		  "more decimals a unit, and its multipliers and discounts can take 3: a charge "
		  "could not be exact\n" },
		{ "an agreed price without room for a multiplier",
		  ACCOUNTS("{'account':'a','effective_from':'2026','rates':[{'component':'input',"
		           "'per_million':'0.000000000001'}]}",
		           "'rates':[" INPUT "],'multipliers':[{'multiply':'0.5'}]"),
		  "line 1: accounts[0].rates: input at 0.000000000001 leaves room for 0 more "
		  "decimals a unit, and its multipliers and discounts can take 1: a charge could "
		  "not be exact\n" },
	};
#undef AGREED

	(void)state;
	expect_refused(rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_warnings_of_what_is_seldom_meant(void **state)
{
	static const struct {
		const char *label, *book, *warning;
		size_t count;
	} rows[] = {
		{ "an entry that never counts",
		  RATES("{'component':'input','each':'2','when':{'tier':'flex'}}," INPUT),
		  "m from 2026-01-01T00:00:00.000Z: an entry of input never counts: a later one "
		  "fits "
		  "whenever it does (general entries stand first)\n",
		  1 },
		{ "one with more conditions in front",
		  RATES("{'component':'input','each':'2','when':{'tier':'flex','region':'eu'}},"
		        "{'component':'input','each':'1','when':{'region':'eu'}}"),
		  "m from 2026-01-01T00:00:00.000Z: an entry of input never counts: a later one "
		  "fits "
		  "whenever it does (general entries stand first)\n",
		  1 },
		{ "other conditions",
		  RATES("{'component':'input','each':'2','when':{'tier':'flex'}},"
		        "{'component':'input','each':'1','when':{'region':'eu'}}"),
		  "", 0 },
		{ "by the megapixel where there is a size",
		  RATES("{'component':'images_out','each':'2'},"
		        "{'component':'images_out','per_megapixel':'1'}"),
		  "", 0 },
		{ "a lower threshold behind a higher one",
		  RATES("{'component':'input','per_million':'2','when':{'context':{'gt':200}}},"
		        "{'component':'input','per_million':'1','when':{'context':{'gt':100}}}"),
		  "m from 2026-01-01T00:00:00.000Z: an entry of input never counts: a later one "
		  "fits whenever it does (general entries stand first)\n",
		  1 },
		{ "the same threshold in other words",
		  RATES("{'component':'input','per_million':'2','when':{'context':{'gte':101}}},"
		        "{'component':'input','per_million':'1','when':{'context':{'gt':100}}}"),
		  "m from 2026-01-01T00:00:00.000Z: an entry of input never counts: a later one "
		  "fits whenever it does (general entries stand first)\n",
		  1 },
		{ "a higher threshold behind a lower one",
		  RATES("{'component':'input','per_million':'1','when':{'context':{'gt':100}}},"
		        "{'component':'input','per_million':'2','when':{'context':{'gte':102}}}"),
		  "", 0 },
		{ "a model that is not there",
		  ACCOUNTS("{'account':'a','models':['n','o*'],'effective_from':'2026',"
		           "'discount_percent':'5'}",
		           "'rates':[" INPUT "]"),
		  "line 1: accounts[0]: n: no model of this book is named so\n", 1 },
		{ "a key that changes no price",
		  "{'pricebook':1,'currency':'USD','owner':'ops','models':[{'model':'m','x-team':1,"
		  "'versions':[" VERSION("'rates':[" INPUT "]") "]}]}",
		  "line 1: owner: no such key here: it is passed over\n"
		  "line 1: models[0].x-team: no such key here: it is passed over\n",
		  2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct book *book = load(rows[i].label, rows[i].book);
		struct buf warnings = { .at = NULL };

		buf_add_cstr(&warnings, "");
		assert_int_equal(book_warnings(book, &warnings), rows[i].count);
		if (!text_is(buf_text(&warnings), rows[i].warning))
			fail_msg("%s:\n%.*snot:\n%s", rows[i].label, TEXT_ARGS(buf_text(&warnings)),
			         rows[i].warning);
		buf_release(&warnings);
		book_free(book);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_tier_is_billed_as_served),
		cmocka_unit_test(test_a_region_is_compared_letter_by_letter),
		cmocka_unit_test(test_hours_are_half_open_and_may_go_round_midnight),
		cmocka_unit_test(test_a_kind_is_asked_of_what_is_of_that_kind),
		cmocka_unit_test(test_a_megapixel_is_a_million_pixels),
		cmocka_unit_test(test_all_multipliers_that_fit_multiply),
		cmocka_unit_test(test_a_discount_is_off_every_rate),
		cmocka_unit_test(test_a_request_is_charged_the_least_charge),
		cmocka_unit_test(test_what_was_agreed_with_an_account),
		cmocka_unit_test(test_a_line_is_of_its_own_request),
		cmocka_unit_test(test_the_moment_before_the_epoch_has_its_weekday),
		cmocka_unit_test(test_a_sum_of_requests_is_told_from_one),
		cmocka_unit_test(test_errors_of_a_rate_card_name_their_place),
		cmocka_unit_test(test_errors_of_accounts_name_their_place),
		cmocka_unit_test(test_warnings_of_what_is_seldom_meant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
