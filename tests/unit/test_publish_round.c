/*
 * There and back: a book that is published and read again by the importer of the same form
 * charges the same, to the last digit, for every model that the form can hold.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/moment.h"
#include "catalogue/catalogue.h"
#include "catalogue/publish.h"
#include "price/listing.h"
#include "rate/rating.h"
#include "tests/support/fixture.h"
#include "tests/support/sample_traffic.h"
#include "usage/event.h"

#define RICH "tests/support/publish_book.json"
#define FLAT "tests/support/publish_flat_book.json"

enum { SAMPLES = 1500, RANDOM = 3000, LONG_PROMPT = 150000 };

static const struct {
	const char *form, *catalogue, *book;
	size_t models; /* names that come back */
} rows[] = {
	{ "openrouter-v2.4", "openrouter-v2.4", RICH, 8 },
	{ "openrouter-legacy", "openrouter", FLAT, 4 },
	{ "litellm", "litellm", RICH, 6 },
};

struct round {
	const char *form;
	struct book *book, *back;
	int64_t at_ms; /* the day */
	size_t priced, unpriced;
};

static void make_round(struct round *round, size_t row)
{
	const struct catalogue_options options = { .zero_is_free = true };
	const struct catalogue *catalogue = catalogue_find(text_of(rows[row].catalogue));
	const struct publish_form *form = publish_form_find(text_of(rows[row].form));
	struct publish_report report = { .models = 0 };
	struct catalogue_import in = { .catalogue = NULL };
	struct fault fault = { .code = FAULT_NONE };
	struct buf text = { .at = NULL };
	struct publish_ask ask;

	*round = (struct round){ .form = rows[row].form };
	assert_non_null(catalogue);
	assert_non_null(form);
	assert_true(moment_parse_date(text_of("2026-11-30"), &round->at_ms));
	if (book_load_file(&round->book, rows[row].book, NULL, &fault) < 0)
		fail_msg("%s", fault.text);
	ask = (struct publish_ask){ .book = round->book, .at_ms = round->at_ms };
	if (form->write(&ask, &text, &report, &fault) < 0 ||
	    catalogue_import(&in, catalogue, buf_text(&text), &options, &fault) < 0 ||
	    book_load(&round->back, buf_text(&in.book), NULL, &fault) < 0)
		fail_msg("%s: %s", round->form, fault.text);
	assert_int_equal(book_model_count(round->back), rows[row].models);
	assert_true(catalogue_import_complete(&in));
	catalogue_import_release(&in);
	publish_report_release(&report);
	buf_release(&text);
}

static void end_round(struct round *round)
{
	/* Both kinds were seen, so that the test says something. */
	assert_true(round->priced > 1000);
	assert_true(round->unpriced > 100);
	book_free(round->book);
	book_free(round->back);
}

static void fail_differing(const struct round *round, const struct rating_request *request,
                           const struct charges *ours, const struct charges *theirs,
                           enum rating_verdict verdict, enum rating_verdict back)
{
	char amount[MONEY_TEXT_BYTES], other[MONEY_TEXT_BYTES];
	struct buf lines = { .at = NULL };

	for (size_t i = 0; i < ours->count; i++)
		buf_addf(&lines, "%s=%lld ", component_info[ours->lines[i].component].key,
		         (long long)ours->lines[i].count);
	money_text(ours->total, amount);
	money_text(theirs->total, other);
	fail_msg("%s: %.*s, tier %.*s: %s (%d), and back %s (%d): %s", round->form,
	         TEXT_ARGS(request->model), TEXT_ARGS(request->tier), amount, verdict, other, back,
	         lines.at);
}

/* One request under every model that came back, at that time of the day. */
static void compare(struct round *round, struct text tier, int64_t time_ms,
                    const struct usage *usage)
{
	for (size_t m = 0; m < book_model_count(round->back); m++) {
		struct rating_request request = {
			.model = book_model(round->back, m)->name,
			.at_ms = round->at_ms + time_ms % MS_PER_DAY,
			.tier = tier,
			.usage = usage,
		};
		struct charges ours, theirs;
		enum rating_verdict verdict = rating_request(round->book, &request, &ours);
		enum rating_verdict back = rating_request(round->back, &request, &theirs);

		if (verdict != back || money_compare(ours.total, theirs.total) != 0)
			fail_differing(round, &request, &ours, &theirs, verdict, back);
		round->priced += verdict == RATING_PRICED;
		round->unpriced += verdict == RATING_UNPRICED;
	}
}

static const char *const tiers[] = { NULL, "default", "priority", "flex", "batch", "turbo" };
enum { TIERS = sizeof(tiers) / sizeof(tiers[0]) };

/* Whether a cache was asked for nobody said: the form 2.4 knows only the two kinds. */
static void say_cache(struct usage *usage, uint64_t *random)
{
	for (int c = 0; c < COMPONENT_COUNT && usage->kind_count < USAGE_KINDS_MAX; c++) {
		struct usage_kind *kind = &usage->kinds[usage->kind_count];

		if (strncmp(component_info[c].key, "cache_", 6) != 0 || usage->count[c] == 0)
			continue;
		*kind = (struct usage_kind){ .component = (enum component)c, .n = usage->count[c] };
		text_copy(kind->kind, sizeof(kind->kind),
		          text_of(fixture_below(random, 2) ? KIND_IMPLICIT : KIND_EXPLICIT));
		if (c == COMPONENT_CACHE_WRITE && fixture_below(random, 2))
			kind->number = 86400;
		usage->kind_count++;
	}
}

static void compare_event(struct round *round, const struct event *event, uint64_t *random)
{
	struct usage usage = event->usage;

	/* Numbers that nobody could read are not rated. */
	if (event->reading_count > 0)
		return;
	say_cache(&usage, random);
	compare(round, event->service_tier, event->time_ms, &usage);
	usage.count[COMPONENT_INPUT] += LONG_PROMPT;
	compare(round, text_of(tiers[fixture_below(random, TIERS)]), event->time_ms, &usage);
}

static size_t compare_lines(struct round *round, struct text lines, uint64_t *random)
{
	const struct event_defaults defaults = { .source = text_of("test"),
		                                 .now_ms = INT64_C(1796000000000) };
	struct json doc = { .nodes = NULL };
	struct arena arena = { .first = NULL };
	size_t events = 0;
	struct text line;

	while (fixture_line(&lines, &line)) {
		struct event_refusal refusal;
		struct event event;

		arena_reset(&arena);
		assert_int_equal(event_decode(line, &defaults, &doc, &arena, &event, &refusal), 0);
		if (refusal.reason != REASON_NONE)
			continue;
		compare_event(round, &event, random);
		events++;
	}
	json_release(&doc);
	arena_release(&arena);
	return events;
}

static void test_sample_traffic_costs_the_same_after_a_round(void **state)
{
	struct sample_traffic traffic = { .seed = 7, .events = SAMPLES };
	struct buf lines = { .at = NULL };

	(void)state;
	assert_true(moment_parse_date(text_of("2026-11-30"), &traffic.day_ms));
	for (uint64_t i = 0; i < SAMPLES; i++)
		sample_line(&traffic, i, &lines);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t random = 1;
		struct round round;

		make_round(&round, i);
		assert_true(compare_lines(&round, buf_text(&lines), &random) > SAMPLES / 2);
		end_round(&round);
	}
	buf_release(&lines);
}

static void test_recorded_traffic_costs_the_same_after_a_round(void **state)
{
	struct buf lines = { .at = NULL };

	(void)state;
	fixture_need("events-real.ndjson", &lines);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t random = 1;
		struct round round;

		make_round(&round, i);
		assert_true(compare_lines(&round, buf_text(&lines), &random) > 200);
		end_round(&round);
	}
	buf_release(&lines);
}

static const char *pick(uint64_t *random, const char *const *words, size_t count)
{
	return words[fixture_below(random, count)];
}

/* Counts of a few components, and kinds of what has some. */
static void make_usage(struct usage *usage, uint64_t *random)
{
	static const char *const sizes[] = { "1024x1024", "1792x1024", "", "512x512" };
	static const char *const qualities[] = { "", "hd", "low" };
	static const char *const heights[] = { "", "720p", "1080p" };

	*usage = (struct usage){ .kind_count = 0 };
	for (size_t n = fixture_below(random, 4) + 1; n > 0; n--)
		usage->count[fixture_below(random, COMPONENT_COUNT)] = (int64_t)fixture_below(
									       random, 300000) +
		                                                       1;
	if (fixture_below(random, 2)) {
		int64_t at = 127999 + (int64_t)fixture_below(random, 4);

		memset(usage->count, 0, sizeof(usage->count));
		usage->count[COMPONENT_INPUT] = at;
		usage->count[COMPONENT_OUTPUT] = 1;
	}
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		bool image = component_info[c].unit == UNIT_IMAGE;
		struct usage_kind *kind = &usage->kinds[usage->kind_count];

		if (usage->count[c] == 0 || (!image && c != COMPONENT_SECONDS))
			continue;
		usage->count[c] = usage->count[c] % 9 + 1;
		*kind = (struct usage_kind){ .component = (enum component)c, .n = usage->count[c] };
		text_copy(kind->size, sizeof(kind->size),
		          text_of(image ? pick(random, sizes, 4) : pick(random, heights, 3)));
		if (image)
			text_copy(kind->quality, sizeof(kind->quality),
			          text_of(pick(random, qualities, 3)));
		usage->kind_count++;
	}
	say_cache(usage, random);
}

static void test_any_usage_costs_the_same_after_a_round(void **state)
{
	uint64_t seed = fixture_seed("publish_round", 20261130);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t random = seed;
		struct round round;

		make_round(&round, i);
		for (int n = 0; n < RANDOM; n++) {
			int64_t time_ms = (int64_t)fixture_below(&random, MS_PER_DAY);
			struct usage usage;

			make_usage(&usage, &random);
			compare(&round, text_of(pick(&random, tiers, TIERS)), time_ms, &usage);
		}
		end_round(&round);
	}
}

static void expect_fact(const struct listing *ours, const struct listing *theirs,
                        enum listing_fact fact)
{
	struct buf is = { .at = NULL }, due = { .at = NULL };

	assert_true(listing_node(ours, fact) != JSON_NONE);
	assert_true(json_write(&ours->doc, listing_node(ours, fact), JSON_DEPTH_MAX, &due));
	if (listing_node(theirs, fact) == JSON_NONE)
		fail_msg("%s did not come back", listing_fact_info[fact].key);
	assert_true(json_write(&theirs->doc, listing_node(theirs, fact), JSON_DEPTH_MAX, &is));
	assert_string_equal(is.at, due.at);
	buf_release(&is);
	buf_release(&due);
}

/* Those that the form 2.4 holds as they stand. */
static void test_the_facts_come_back(void **state)
{
	static const enum listing_fact facts[] = {
		LISTING_NAME,
		LISTING_HUGGING_FACE_ID,
		LISTING_CREATED,
		LISTING_QUANTIZATION,
		LISTING_CONTEXT_LENGTH,
		LISTING_MAX_OUTPUT,
		LISTING_INPUT_MODALITIES,
		LISTING_OUTPUT_MODALITIES,
		LISTING_DESCRIPTION,
		LISTING_DATACENTERS,
		LISTING_COMPLIANCE,
		LISTING_TOKENIZER,
		LISTING_SLUG,
		LISTING_DEPRECATION_DATE,
		LISTING_IS_READY,
		LISTING_IS_FREE,
	};
	struct listing ours, theirs;
	struct round round;

	(void)state;
	make_round(&round, 0);
	assert_true(text_is(book_model(round.book, 0)->name, "acme/chat"));
	for (size_t m = 0; m < book_model_count(round.back); m++) {
		if (!text_is(book_model(round.back, m)->name, "acme/chat"))
			continue;
		assert_int_equal(listing_open(&ours, book_model(round.book, 0)->listing, NULL), 0);
		assert_int_equal(listing_open(&theirs, book_model(round.back, m)->listing, NULL),
		                 0);
		for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
			expect_fact(&ours, &theirs, facts[i]);
		listing_release(&ours);
		listing_release(&theirs);
		book_free(round.book);
		book_free(round.back);
		return;
	}
	fail_msg("acme/chat did not come back");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sample_traffic_costs_the_same_after_a_round),
		cmocka_unit_test(test_recorded_traffic_costs_the_same_after_a_round),
		cmocka_unit_test(test_any_usage_costs_the_same_after_a_round),
		cmocka_unit_test(test_the_facts_come_back),
	};

	return cmocka_run_group_tests_name("publish_round", tests, NULL, NULL);
}
