/*
 * Recorded exchanges of real providers (../shared/data, not part of the project): the body or
 * the text of the stream of each, as it came, through event_decode().
 *
 * Nothing is passed over: what is refused, held with several readings, warned of or left
 * unfinished must stand in a table below with its reason, and a row that no longer happens
 * fails the test just the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/exceptions.h"
#include "tests/support/recording.h"

/* The wire, and what it is. */
static const struct exception of_no_shape[] = {
	{ "ex-672d2fb57086", "count-tokens", NULL, "it counts and generates nothing" },
	{ "ex-dd97f34306ae", "other", NULL, "ApplyGuardrail: no model, policy units alone" },
};

static const struct exception refused[] = {
	{ "ex-f68d666b6bd0", "missing", "it holds no usage",
	  "the body of an error whose status was not recorded: it is no answer, nor known as "
	  "failed" },
	{ "ex-2b2dbaaf236f", "missing", "promptTokenCount is missing",
	  "candidates 23, thoughts 67 and no prompt: a part of what is billed is not known" },
	{ "ex-52e08c9b46e4", "identity", "of more than one response in one event",
	  "two responses recorded as one stream: 158 tokens were written in the first, 41 in the "
	  "second, and the last numbers would bill 41" },
	/* Storage of a cache: a total, not split, and no request to a model. */
	{ "ex-21f0c170899c", "identity", "totalTokenCount is 9609", "creation of a cache" },
	{ "ex-b11da527d16e", "identity", "totalTokenCount is 9602", "creation of a cache" },
	{ "ex-8ba3988a20db", "identity", "totalTokenCount is 1090", "creation of a cache" },
};

/* The path that is told. */
static const struct exception warned[] = {
	/* 0.0001764 of tokens and 0.015885 of another model, which nothing counts. */
	{ "ex-95aecf5d9fdd", "tool_calls_executed", NULL, "an advisor's call, billed beside" },
	/* AWS bills policy units apart, and no component counts them. */
	{ "ex-f3e8a51b4a15", "(a guardrail's units)", NULL, "8 units of policies, 1 of them free" },
	{ "ex-de18f086dd65", "(a guardrail's units)", NULL, "8 units of policies, 1 of them free" },
	{ "ex-42786d364bc7", "(a cost that is no exact amount)", NULL, "19 decimals" },
	/* Google bills them by the answer or by the search, as the model is: it does not say. */
	{ "ex-6c2115bbddd8", "(searches of a grounding)", NULL,
	  "webSearchQueries beside the usage" },
	{ "ex-a80df334e62d", "(searches of a grounding)", NULL,
	  "webSearchQueries beside the usage" },
	{ "ex-375a7d49a864", "(searches of a grounding)", NULL,
	  "webSearchQueries beside the usage" },
	{ "ex-f08738f9552a", "(searches of a grounding)", NULL,
	  "webSearchQueries beside the usage" },
	{ "ex-2aa98881b1e0", "(searches of a grounding)", NULL,
	  "webSearchQueries beside the usage" },
	{ "ex-3a0d618566ea", "num_server_side_tools_used", NULL,
	  "a code interpreter of xAI's: billed by call, and no component is made of it" },
	{ "ex-dd98c61dd0c2", "cache_read_input_tokens (taken back to 0)", NULL,
	  "message_start told the compaction's 55096, message_delta its own 0: the part has them" },
};

/* Settlement and provenance. */
static const struct exception unfinished[] = {
	/* Nothing was used, and the provider says so. */
	{ "ex-2eab35939ad9", "reported, and nothing counted", NULL, "Voyage says total_tokens 0" },
	/* Asked for before its end. */
	{ "ex-c2840c14bc19", "partial, partial", NULL, "a batch being validated" },
	{ "ex-d3a2f8457bb6", "partial, partial", NULL, "a batch in progress, 1 of 2" },
	{ "ex-399f2227da2f", "partial, partial", NULL, "a batch being validated" },
	/* The whole answer, and no include_usage. */
	{ "ex-9a7dba43af09", "partial, none", NULL, "ends in [DONE], without usage" },
	{ "ex-d22cb5fbf8de", "partial, none", NULL, "ends in [DONE], without usage" },
	{ "ex-351c9ba0008f", "partial, none", NULL, "ends in [DONE], without usage" },
	{ "ex-e21b66396466", "partial, none", NULL, "ends in [DONE], without usage" },
	{ "ex-fbf9f33f63cc", "partial, none", NULL, "ends in [DONE], without usage" },
	{ "ex-e8790b4ea1e9", "partial, none", NULL, "ends in [DONE], without usage" },
	{ "ex-df0658d4094a", "partial, none", NULL, "ends in [DONE], without usage" },
	/* Broken off. */
	{ "ex-5ba12cb6a659", "abandoned, none", NULL,
	  "Writer's completions end without a word: it cannot be told from one cut off" },
	{ "ex-29df39450773", "abandoned, none", NULL,
	  "the last event is response.failed, with usage null" },
};

/*
 * The reading that stands first, and all of them with their counts.  The first is the one of
 * FIELD.md 4.4; where that has no row for it, the reason is here.
 */
static const struct exception held[] = {
	{ "ex-c32f0affba4c", "cached-beside",
	  "| cached-beside: input=7 cache_read=161 output=1; cached-is-all: cache_read=7 output=1",
	  "4.4, Grok of another cloud: prompt 7 = text 7, total 8 = 7 + 1" },
	{ "ex-318c31fbc027", "cached-beside",
	  "| cached-beside: input=7 cache_read=161 output=8; cached-is-all: cache_read=7 output=8",
	  "4.4, Grok of another cloud: prompt 7 = text 7, total 15 = 7 + 8" },
	{ "ex-82dd6f9ae330", "cached-beside",
	  "| cached-beside: input=29 cache_read=157 output=6; "
	  "cached-is-all: cache_read=29 output=6",
	  "4.4, Grok of another cloud: prompt 29 = text 29, total 35 = 29 + 6" },
	{ "ex-c7a6b671717f", "cached-beside",
	  "| cached-beside: input=31 cache_read=161 output=9; "
	  "cached-is-all: cache_read=31 output=9",
	  "4.4, Grok of another cloud: prompt 31 = text 31, total 40 = 31 + 9" },
	{ "ex-c955279da9c4", "cached-beside",
	  "| cached-beside: input=9 input_image=256 cache_read=170 output=208; "
	  "cached-is-all: input_image=256 cache_read=9 output=208; "
	  "cached-has-images: input_image=95 cache_read=170 output=208",
	  "4.4, Grok of another cloud: prompt 265 = text 9 + image 256, total 473 = 265 + 208" },
	{ "ex-11079bb73360", "cached-beside",
	  "| cached-beside: input=2975 cache_read=3968 output=209; "
	  "cached-is-all: cache_read=2975 output=209",
	  "the same of xAI itself, after three tools: prompt 2975 = text 2975, "
	  "total 3184 = 2975 + 209, cached 3968" },
	{ "ex-0fe3460563d1", "reasoning-is-all",
	  "| reasoning-is-all: input=43 reasoning=10; reasoning-is-none: input=43 output=10",
	  "4.4, reasoning 11 of completion 10: the whole, 10, is authoritative; both readings have "
	  "it" },
	{ "ex-92fdf40616eb", "declared",
	  "| declared: input=1150 reasoning=28 output_audio=85; "
	  "thoughts-none: input=1150 output_audio=85",
	  "Google Live: thoughts are billed beside the answer, 1150 + 85 + 28 = 1263, but the "
	  "total "
	  "is 1235 = 1150 + 85" },
	{ "ex-144c5d8e0100", "declared",
	  "| declared: input=392 output=133; as-metered: input=392 output=97",
	  "Claude in Bedrock: its message_delta says 133, the metrics of the invocation 97" },
};

/* There is one reading that has the total. */
static const struct exception confirmed[] = {
	{ "ex-3554b2e3cfc8", "reasoning-beside",
	  "| reasoning-beside: input=10 cache_read=2 output=2 reasoning=320",
	  "P + C + R = total: 12 + 2 + 320 = 334, and its ticks bear it out: "
	  "10 x 3e-7 + 2 x 7.5e-8 + 322 x 5e-7 = 0.00016415" },
};

/* Why usage objects that were taken out of the body say less than it. */
static const struct exception taken_out[] = {
	{ "ex-15c9f23fd067", "none", "searches=1 / input=851",
	  "a search is an item of the output" },
	{ "ex-f78a003210f4", "none", "searches=1 / input=8530",
	  "a search is an item of the output" },
	{ "ex-3faf71f584e6", "none", "searches=1 / input=1143",
	  "a search is an item of the output" },
	{ "ex-09472dd7546a", "none", "searches=1 / input=4158",
	  "a search is an item of the output" },
	{ "ex-75768f99f0f1", "none", "searches=1 / input=8234",
	  "a search is an item of the output" },
	{ "ex-05d2c3db8b69", "identity", "input=39 output=9 / ",
	  "two responses of a batch: 20 + 19 and 5 + 4; the objects do not say whose they are" },
	{ "ex-3eddb900470d", "none", "input=54 output=5 / input=27 output=3",
	  "two responses of a batch, 27 + 27 and 2 + 3; the objects look like one stream" },
	{ "ex-2dd75e575a50", "identity", "fell from 5296 to 2285",
	  "Groq: the sum, 5296, and behind it its split by model, 138 + 495 + 2378 + 2285, which "
	  "look like a stream" },
};

/* Tokens counted beside the provider's total. */
static const struct exception totals[] = {
	/* Held: the readings do not agree with the total, see above. */
	{ "ex-c32f0affba4c", "stated 8, counted 169", NULL, "161 cached are beside the total" },
	{ "ex-318c31fbc027", "stated 15, counted 176", NULL, "161 cached are beside the total" },
	{ "ex-82dd6f9ae330", "stated 35, counted 192", NULL, "157 cached are beside the total" },
	{ "ex-c7a6b671717f", "stated 40, counted 201", NULL, "161 cached are beside the total" },
	{ "ex-c955279da9c4", "stated 473, counted 643", NULL, "170 cached are beside the total" },
	{ "ex-11079bb73360", "stated 3184, counted 7152", NULL,
	  "3968 cached are beside the total" },
	{ "ex-92fdf40616eb", "stated 1235, counted 1263", NULL,
	  "28 thoughts are beside the total" },
	/* Turns that Anthropic's totals leave out. */
	{ "ex-2f2f2eb0bc39", "stated 2550, counted 5117", NULL, "the advisor: 2529 + 38 = 2567" },
	{ "ex-de7983d58b4e", "stated 234, counted 55561", NULL,
	  "the compaction: 100 + 55096 + 131 = 55327" },
	{ "ex-2842521a3df1", "stated 173, counted 99449", NULL,
	  "the compaction: 99195 + 81 = 99276" },
	/* The total of the last object is the last part's. */
	{ "ex-2dd75e575a50", "stated 2507, counted 5683", NULL,
	  "Groq's split: 142 + 601 + 2433 + 2507 = 5683, the sum in its first object" },
};

enum { WORDS_BYTES = 160 };

static bool is_taken(const struct recorded *e)
{
	return e->api != NULL && e->body.refusal.reason == REASON_NONE;
}

static bool has_failed(const struct recorded *e)
{
	return is_taken(e) && e->body.event.status >= 400;
}

static void test_every_exchange_is_of_a_shape_that_is_read(void **state)
{
	struct recording *recording = recording_of(state);
	struct exceptions none = EXCEPTIONS("of no shape", of_no_shape);
	unsigned with_usage = 0;

	for (size_t i = 0; i < recording->count; i++) {
		const struct recorded *e = &recording->rows[i];
		char wire[WORDS_BYTES];

		snprintf(wire, sizeof(wire), "%.*s", TEXT_ARGS(e->wire));
		if (e->api == NULL)
			exception_happened(&none, e->id, wire, "");
		with_usage += e->usage_objects > 0;
	}
	printf("  %zu exchanges, %u of them with usage objects\n", recording->count, with_usage);
	assert_true(with_usage > 0);
	exceptions_end(&none);
}

static void test_every_exchange_is_taken_or_refused_for_a_stated_reason(void **state)
{
	struct recording *recording = recording_of(state);
	struct exceptions no = EXCEPTIONS("refused", refused);
	unsigned taken = 0;

	for (size_t i = 0; i < recording->count; i++) {
		const struct recorded *e = &recording->rows[i];

		if (e->api != NULL && !is_taken(e))
			exception_happened(&no, e->id, reason_name(e->body.refusal.reason),
			                   e->body.refusal.detail);
		taken += is_taken(e);
	}
	printf("  %u taken\n", taken);
	assert_true(taken > 0);
	exceptions_end(&no);
}

/* What the format does not know, and what it does not believe. */
static void test_every_warning_has_its_reason(void **state)
{
	struct recording *recording = recording_of(state);
	struct exceptions warnings = EXCEPTIONS("warnings", warned);

	for (size_t i = 0; i < recording->count; i++) {
		const struct recorded *e = &recording->rows[i];
		char path[WORDS_BYTES];

		if (!is_taken(e) || e->body.event.unknown_path.at == NULL ||
		    e->body.event.reading_count > 0)
			continue;
		snprintf(path, sizeof(path), "%.*s", TEXT_ARGS(e->body.event.unknown_path));
		exception_happened(&warnings, e->id, path, "");
	}
	exceptions_end(&warnings);
}

/* A count needs a word of the provider: where it is missing, no number is made up. */
static void test_every_response_without_its_end_says_so(void **state)
{
	struct recording *recording = recording_of(state);
	struct exceptions open = EXCEPTIONS("without an end", unfinished);

	for (size_t i = 0; i < recording->count; i++) {
		const struct recorded *e = &recording->rows[i];
		const struct event *event = &e->body.event;
		char words[WORDS_BYTES];

		if (!is_taken(e) || has_failed(e))
			continue;
		if (event->settlement == SETTLEMENT_FINAL &&
		    event->provenance == PROVENANCE_REPORTED) {
			if (e->body.counts[0] == '\0' && e->usage_objects > 0)
				exception_happened(&open, e->id, "reported, and nothing counted",
				                   "");
			continue;
		}
		snprintf(words, sizeof(words), "%s, %s", settlement_name(event->settlement),
		         provenance_name(event->provenance));
		exception_happened(&open, e->id, words, e->body.counts);
		if (event->provenance == PROVENANCE_NONE)
			assert_true(usage_is_empty(&event->usage));
	}
	exceptions_end(&open);
}

static void test_a_failed_request_is_taken_and_counts_nothing(void **state)
{
	struct recording *recording = recording_of(state);
	unsigned failed = 0;

	for (size_t i = 0; i < recording->count; i++) {
		const struct recorded *e = &recording->rows[i];

		if (!has_failed(e))
			continue;
		failed++;
		if (e->body.counts[0] != '\0' || e->objects.counts[0] != '\0' ||
		    e->body.event.usage.count[COMPONENT_REQUESTS] != 0 ||
		    e->body.event.provenance != PROVENANCE_NONE)
			fail_msg("%.*s has status %lld and counts", TEXT_ARGS(e->id),
			         (long long)e->body.event.status);
	}
	printf("  %u failed requests\n", failed);
	assert_true(failed > 0);
}

/* The reading that the row names stands first, so that it is the one in `usage`. */
static void test_every_contradiction_has_its_readings(void **state)
{
	struct recording *recording = recording_of(state);
	struct exceptions readings = EXCEPTIONS("held", held);
	struct exceptions alone = EXCEPTIONS("confirmed by the total", confirmed);

	for (size_t i = 0; i < recording->count; i++) {
		const struct recorded *e = &recording->rows[i];
		const struct event *event = &e->body.event;

		if (!is_taken(e) || event->reading_count == 0)
			continue;
		assert_memory_equal(&event->usage, &event->readings[0].usage, sizeof(event->usage));
		assert_non_null(event->contradiction.at);
		exception_happened(event->reading_count > 1 ? &readings : &alone, e->id,
		                   event->readings[0].name, e->body.counts);
	}
	exceptions_end(&readings);
	exceptions_end(&alone);
}

static void test_a_body_counts_what_its_usage_objects_count(void **state)
{
	struct recording *recording = recording_of(state);
	struct exceptions other = EXCEPTIONS("body and usage objects differ", taken_out);
	unsigned compared = 0;

	for (size_t i = 0; i < recording->count; i++) {
		const struct recorded *e = &recording->rows[i];
		struct buf both = { .at = NULL };

		if (!is_taken(e))
			continue;
		compared++;
		if (e->objects.refusal.reason == REASON_NONE &&
		    strcmp(e->body.counts, e->objects.counts) == 0)
			continue;
		buf_addf(&both, "%s / %s", e->body.counts,
		         e->objects.refusal.reason == REASON_NONE ? e->objects.counts
		                                                  : e->objects.refusal.detail);
		exception_happened(&other, e->id, reason_name(e->objects.refusal.reason), both.at);
		buf_release(&both);
	}
	printf("  %u bodies\n", compared);
	assert_true(compared > 0);
	exceptions_end(&other);
}

/* What the provider itself calls the total, of one usage object; -1 where it has none. */
static int64_t stated_total(const struct json *doc, uint32_t usage, const char *api)
{
	static const char *const keys[] = { "total_tokens", "totalTokenCount", "totalTokens" };
	static const char *const additive[] = { "input_tokens", "output_tokens",
		                                "cache_read_input_tokens",
		                                "cache_creation_input_tokens" };
	int64_t total, sum = 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (json_integer(doc, json_member(doc, usage, keys[i]), &total))
			return total;
	}
	if (strcmp(api, "anthropic.messages") != 0)
		return -1;
	for (size_t i = 0; i < sizeof(additive) / sizeof(additive[0]); i++) {
		if (json_integer(doc, json_member(doc, usage, additive[i]), &total))
			sum += total;
	}
	return sum;
}

/* Of sessions and of batches the totals add up, of a stream the last one counts. */
static int64_t total_of_objects(struct recording *recording, const struct recorded *e)
{
	const struct json *doc = &recording->doc;
	bool adds = recorded_adds(e);
	uint32_t objects;
	int64_t sum = -1;

	assert_int_equal(json_parse(&recording->doc, e->row, NULL), 0);
	objects = json_member(doc, 0, "usage_events");
	for (uint32_t u = json_first(doc, objects); u != JSON_NONE;
	     u = json_next(doc, objects, u)) {
		int64_t total = stated_total(doc, u, e->api);

		if (total < 0)
			continue;
		sum = adds && sum > 0 ? sum + total : total;
	}
	/* The objects of a stream of Anthropic complete each other: none has all. */
	return strcmp(e->api, "anthropic.messages") == 0 && e->usage_objects > 1 && !adds ? -1
	                                                                                  : sum;
}

static void test_components_add_up_to_the_total_the_provider_states(void **state)
{
	struct recording *recording = recording_of(state);
	struct exceptions other = EXCEPTIONS("totals differ", totals);
	unsigned compared = 0;

	for (size_t i = 0; i < recording->count; i++) {
		const struct recorded *e = &recording->rows[i];
		char numbers[WORDS_BYTES];
		int64_t total, sum;

		if (!is_taken(e) || has_failed(e))
			continue;
		total = total_of_objects(recording, e);
		sum = recorded_tokens(&e->body.event.usage);
		if (total < 0)
			continue;
		for (size_t p = 0; p < e->body.event.part_count; p++)
			sum += recorded_tokens(&e->body.event.parts[p].usage);
		compared++;
		snprintf(numbers, sizeof(numbers), "stated %lld, counted %lld", (long long)total,
		         (long long)sum);
		if (sum != total)
			exception_happened(&other, e->id, numbers, "");
	}
	printf("  %u totals\n", compared);
	assert_true(compared > 0);
	exceptions_end(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_exchange_is_of_a_shape_that_is_read),
		cmocka_unit_test(test_every_exchange_is_taken_or_refused_for_a_stated_reason),
		cmocka_unit_test(test_every_warning_has_its_reason),
		cmocka_unit_test(test_every_response_without_its_end_says_so),
		cmocka_unit_test(test_a_failed_request_is_taken_and_counts_nothing),
		cmocka_unit_test(test_every_contradiction_has_its_readings),
		cmocka_unit_test(test_a_body_counts_what_its_usage_objects_count),
		cmocka_unit_test(test_components_add_up_to_the_total_the_provider_states),
	};

	return cmocka_run_group_tests_name("recorded exchanges", tests, recording_setup,
	                                   recording_teardown);
}
