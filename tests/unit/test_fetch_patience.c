/* statement/fetch.h where the other side refuses, or asks for patience. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/fetchkit.h"

/* --- refusals of the other side ------------------------------------------------ */

static const struct answer_row {
	const char *api;
	struct fetch_step step;
	int code;
	const char *words;
} answer_rows[] = {
#define HIDDEN "status 400: its words have the key in them, and are not shown"
	{ "openrouter-activity",
	  { .status = 401,
	    .body = "{\"error\":{\"code\":401,\"message\":\"Missing Authentication header\"}}" },
	  -FAULT_INVALID,
	  "status 401: Missing Authentication header: due is a management key "
	  "(openrouter.ai/settings/management-keys), in OPENROUTER_API_KEY" },
	{ "openrouter-activity",
	  { .status = 403,
	    .body = "{\"error\":{\"message\":\"Only management keys can perform this "
	            "operation\"}}" },
	  -FAULT_INVALID,
	  "status 403: Only management keys can perform this operation: due is a management key" },
	{ "openai-costs",
	  { .status = 401,
	    .body = "{\"error\":{\"message\":\"Incorrect API key provided: " KEY "\"}}" },
	  -FAULT_INVALID,
	  "Incorrect API key provided: *****************: due is an admin key" },
	{ "anthropic-cost",
	  { .status = 401,
	    .body = "{\"type\":\"error\",\"error\":{\"type\":\"authentication_error\",\"message\":"
	            "\"invalid x-api-key\"}}" },
	  -FAULT_INVALID,
	  "invalid x-api-key: due is an admin key, sk-ant-admin" },
	{ "openai-costs",
	  { .status = 400, .body = "{\"error\":{\"message\":\"bad\\n  group_by\"}}" },
	  -FAULT_INVALID,
	  "status 400: bad group_by" },
	{ "litellm-spend",
	  { .status = 400, .body = "{\"error\":\"no\"}" },
	  -FAULT_INVALID,
	  "status 400: no" },
	{ "litellm-spend",
	  { .status = 422, .body = "{\"detail\":\"odd\"}" },
	  -FAULT_INVALID,
	  "status 422: odd" },
	{ "litellm-spend", { .status = 418, .body = "" }, -FAULT_INVALID, "status 418" },
	{ "litellm-spend",
	  { .status = 405, .body = "not\tthat " KEY, .type = "text/plain" },
	  -FAULT_INVALID,
	  "status 405: not that ***" },
	/* In another form: as JSON has it twice, URLs, HTML, base64 (within words, too), hex. */
	{ "litellm-spend",
	  { .status = 400, .body = "{\"detail\":\"\\u0073k-secret-of-ours\"}" },
	  -FAULT_INVALID,
	  "status 400: *****************" },
	{ "litellm-spend",
	  { .status = 400,
	    .body = "{\"detail\":\"{\\\"k\\\":\\\"\\\\u0073k-secret-of-ours\\\"\"}" },
	  -FAULT_INVALID,
	  HIDDEN },
	{ "litellm-spend",
	  { .status = 400, .body = "got \\u0073k\\u002dsecret-of-ours", .type = "text/plain" },
	  -FAULT_INVALID,
	  HIDDEN },
	{ "litellm-spend",
	  { .status = 400, .body = "{\"error\":\"\\u0073k-secret-of-ours", .type = "text/plain" },
	  -FAULT_INVALID,
	  HIDDEN },
	{ "litellm-spend",
	  { .status = 400, .body = "?key=sk%2Dsecret%2dof%2Dours", .type = "text/plain" },
	  -FAULT_INVALID,
	  HIDDEN },
	{ "litellm-spend",
	  { .status = 400, .body = "?key=sk%252Dsecret-of-ours", .type = "text/plain" },
	  -FAULT_INVALID,
	  HIDDEN },
	{ "litellm-spend",
	  { .status = 400, .body = "&#115;k&#x2d;secret-of-ours", .type = "text/plain" },
	  -FAULT_INVALID,
	  HIDDEN },
	{ "litellm-spend",
	  { .status = 400, .body = "c2stc2VjcmV0LW9mLW91cnM=", .type = "text/plain" },
	  -FAULT_INVALID,
	  HIDDEN },
	{ "litellm-spend",
	  { .status = 400, .body = "Basic dTpzay1zZWNyZXQtb2Ytb3Vycw==", .type = "text/plain" },
	  -FAULT_INVALID,
	  HIDDEN },
	{ "litellm-spend",
	  { .status = 400, .body = "Basic OnNrLXNlY3JldC1vZi1vdXJz", .type = "text/plain" },
	  -FAULT_INVALID,
	  HIDDEN },
	{ "litellm-spend",
	  { .status = 400, .body = "736B2D7365637265742D6F662D6F757273", .type = "text/plain" },
	  -FAULT_INVALID,
	  HIDDEN },
	{ "litellm-spend",
	  { .status = 400, .body = "not %zz &#; \\ &#x; \\u12 sk-secret", .type = "text/plain" },
	  -FAULT_INVALID,
	  "status 400: not %zz &#; \\ &#x; \\u12 sk-secret" },
	{ "litellm-spend",
	  { .status = 404, .body = "{\"detail\":\"Not Found\"}" },
	  -FAULT_NOT_FOUND,
	  "status 404: Not Found: there is no such thing there: is --base-url right?" },
	{ "openai-costs",
	  { .status = 404, .body = "<html>" KEY "</html>", .type = "text/html; charset=utf-8" },
	  -FAULT_NOT_FOUND,
	  "status 404: there is no such thing" },
	{ "openrouter-generation",
	  { .status = 404, .body = "{\"error\":{\"message\":\"Generation not found\"}}" },
	  -FAULT_NOT_FOUND,
	  "generation?id=gen-1: status 404: Generation not found: it does not know this request" },
	{ "openai-costs", { .status = 201, .body = "{}" }, -FAULT_INVALID, "status 201" },
	{ "openai-costs", { .status = 302, .body = "" }, -FAULT_INVALID, "status 302" },
	/* Of the network: what would be the same again is not tried again. */
	{ "openai-costs",
	  { 0, "its certificate is not trusted " KEY, .fault = FAULT_INVALID },
	  -FAULT_INVALID,
	  "is not trusted ***" },
	{ "openai-costs", { 0, "too much", .fault = FAULT_RANGE }, -FAULT_RANGE, "too much" },
};

static void test_a_refusal_is_told_with_what_to_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(answer_rows) / sizeof(answer_rows[0]); i++) {
		const struct answer_row *row = &answer_rows[i];
		struct fetch_fake fake = { .steps = &row->step, .step_count = 1 };
		bool requests = fetch_api_of_requests(fetchkit_api(row->api));

		fetchkit_fetch(&fake, (struct statement_fetch){
					      .api = fetchkit_api(row->api),
					      .base_url = BASE,
					      .ids = text_of(requests ? "gen-1" : NULL) });
		fetchkit_refused(&fake, row->words, row->code, row->words);
		assert_int_equal(fake.wait_count, 0);
		fetchkit_release(&fake);
	}
}

/* Where the words are cut inside of it, neither is its beginning. */
static void test_half_a_key_is_not_told_either(void **state)
{
	(void)state;
	for (size_t before = 180; before < 200; before++) {
		struct buf body = { .at = NULL };
		struct fetch_step step = { .status = 400, .type = "text/plain" };
		struct fetch_fake fake = { .steps = &step, .step_count = 1 };

		for (size_t i = 0; i < before; i++)
			buf_add(&body, "x", 1);
		buf_add_cstr(&body, KEY);
		step.body = body.at;
		fetchkit_fetch(&fake,
		               (struct statement_fetch){ .api = fetchkit_api("openai-costs") });
		fetchkit_refused(&fake, "cut", -FAULT_INVALID, "xxx*");
		assert_null(strstr(fake.fault.text, "xs"));
		fetchkit_release(&fake);
		buf_release(&body);
	}
}

/* --- patience -------------------------------------------------------------------- */

static void test_what_passes_is_asked_again(void **state)
{
	static const struct fetch_step steps[] = {
		{ .status = 429, .body = "{\"error\":{\"message\":\"slow down " KEY "\"}}" },
		{ .status = 408, .body = "" },
		{ .status = 500, .body = "" },
		{ .status = 502, .body = "" },
		{ 0, "cut off", .fault = FAULT_CLOSED },
		{ 0, "no connection", .fault = FAULT_IO },
		{ .status = 503, .body = "" },
		{ .status = 200, .body = COSTS },
	};
	struct fetch_fake fake = { .steps = steps, .step_count = 8 };

	(void)state;
	fetchkit_fetch(&fake,
	               (struct statement_fetch){ .api = fetchkit_api("openai-costs"), .seed = 41 });
	if (fake.r < 0)
		fail_msg("%s", fake.fault.text);
	assert_int_equal(fake.wait_count, 7);
	assert_int_equal(fake.result.pages, 1);
	/* Full jitter: each from 1 to its own limit, which doubles up to the longest. */
	for (size_t i = 0; i < 7; i++) {
		int64_t limit_ms = (int64_t)FETCH_FIRST_WAIT_MS << i;

		assert_true(fake.waits_ms[i] >= 1);
		assert_true(fake.waits_ms[i] <=
		            (limit_ms < FETCH_LONGEST_WAIT_MS ? limit_ms : FETCH_LONGEST_WAIT_MS));
	}
	assert_non_null(strstr(fake.told.at, "status 429: slow down ***"));
	assert_non_null(strstr(fake.told.at, "cut off"));
	fetchkit_release(&fake);
}

static void test_the_same_seed_waits_the_same(void **state)
{
	static const struct fetch_step steps[] = { { .status = 529, .body = "" },
		                                   { .status = 504, .body = "" },
		                                   { .status = 200, .body = COSTS } };
	struct fetch_fake fakes[3] = { { .steps = steps, .step_count = 3 },
		                       { .steps = steps, .step_count = 3 },
		                       { .steps = steps, .step_count = 3 } };
	static const uint64_t seeds[3] = { 7, 7, 8 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		fetchkit_fetch(&fakes[i],
		               (struct statement_fetch){ .api = fetchkit_api("openai-costs"),
		                                         .seed = seeds[i] });
		assert_int_equal(fakes[i].r, 0);
	}
	assert_memory_equal(fakes[0].waits_ms, fakes[1].waits_ms, 2 * sizeof(int64_t));
	assert_memory_not_equal(fakes[0].waits_ms, fakes[2].waits_ms, 2 * sizeof(int64_t));
	for (size_t i = 0; i < 3; i++)
		fetchkit_release(&fakes[i]);
}

/* Never before it; the date is half a minute behind NOW. */
static void test_retry_after_is_waited_for(void **state)
{
	static const struct fetch_step steps[] = {
		{ .status = 429, .body = "", .retry_after = "17" },
		{ .status = 503, .body = "", .retry_after = "Mon, 03 Aug 2026 05:00:30 GMT" },
		{ .status = 503, .body = "", .retry_after = "Mon, 03 Aug 2026 04:00:00 GMT" },
		{ .status = 429, .body = "", .retry_after = "whenever" },
		{ .status = 200, .body = COSTS },
	};
	struct fetch_fake fake = { .steps = steps, .step_count = 5 };

	(void)state;
	fetchkit_fetch(&fake, (struct statement_fetch){ .api = fetchkit_api("openai-costs") });
	if (fake.r < 0)
		fail_msg("%s", fake.fault.text);
	assert_int_equal(fake.waits_ms[0], 17000);
	assert_int_equal(fake.waits_ms[1], 30000);
	assert_in_range(fake.waits_ms[2], 1, 4 * FETCH_FIRST_WAIT_MS);
	assert_in_range(fake.waits_ms[3], 1, 8 * FETCH_FIRST_WAIT_MS);
	fetchkit_release(&fake);
}

static void test_patience_has_an_end(void **state)
{
	static const struct fetch_step busy = { .status = 500,
		                                .body = "{\"error\":{\"message\":\"oh\"}}" };
	struct fetch_step steps[STEPS_MAX] = {
		{ .status = 429, .body = "", .retry_after = "301" }
	};
	struct fetch_fake fake = { .steps = steps, .step_count = 1 };

	(void)state;
	fetchkit_fetch(&fake, (struct statement_fetch){ .api = fetchkit_api("openai-costs") });
	fetchkit_refused(&fake, "long", -FAULT_BUSY, "again in 301 s, and 300 s are the most");
	assert_int_equal(fake.wait_count, 0);
	fetchkit_release(&fake);

	/* Far more than any number of seconds. */
	steps[0].retry_after = "99999999999999999999";
	fake = (struct fetch_fake){ .steps = steps, .step_count = 1 };
	fetchkit_fetch(&fake, (struct statement_fetch){ .api = fetchkit_api("openai-costs") });
	fetchkit_refused(&fake, "odd", -FAULT_BUSY, "and 300 s are the most");
	fetchkit_release(&fake);

	/* In all, not each time. */
	steps[0].retry_after = "150";
	steps[1] = steps[2] = steps[0];
	fake = (struct fetch_fake){ .steps = steps, .step_count = 3 };
	fetchkit_fetch(&fake, (struct statement_fetch){ .api = fetchkit_api("openai-costs") });
	fetchkit_refused(&fake, "in all", -FAULT_BUSY, "300 s are the most");
	assert_int_equal(fake.wait_count, 2);
	fetchkit_release(&fake);

	for (size_t i = 0; i < STEPS_MAX; i++)
		steps[i] = busy;
	fake = (struct fetch_fake){ .steps = steps, .step_count = STEPS_MAX };
	fetchkit_fetch(&fake, (struct statement_fetch){ .api = fetchkit_api("openai-costs") });
	fetchkit_refused(&fake, "tries", -FAULT_BUSY, "status 500: oh; given up after 8 tries");
	assert_int_equal(fake.at, FETCH_TRIES_MAX);
	fetchkit_release(&fake);

	fake = (struct fetch_fake){ .steps = steps, .step_count = STEPS_MAX };
	fetchkit_fetch(&fake, (struct statement_fetch){ .api = fetchkit_api("openai-costs"),
	                                                .tries_max = 1 });
	fetchkit_refused(&fake, "one try", -FAULT_BUSY, "given up after 1 try");
	assert_int_equal(fake.at, 1);
	fetchkit_release(&fake);
}

/* Tries and waits are counted for each question anew. */
static void test_patience_is_new_for_each_page(void **state)
{
	static const struct fetch_step steps[] = {
		{ .status = 429, .body = "", .retry_after = "200" },
		{ .status = 200,
		  .body = "{\"data\":[" BUCKET_1 "],\"has_more\":true,\"next_page\":\"a\"}" },
		{ .status = 429, .body = "", .retry_after = "200" },
		{ .status = 200, .body = "{\"data\":[" BUCKET_2 "]," LAST_PAGE },
	};
	struct fetch_fake fake = { .steps = steps, .step_count = 4 };

	(void)state;
	fetchkit_fetch(&fake, (struct statement_fetch){ .api = fetchkit_api("openai-costs"),
	                                                .tries_max = 2 });
	if (fake.r < 0)
		fail_msg("%s", fake.fault.text);
	assert_int_equal(fake.wait_count, 2);
	fetchkit_release(&fake);
}

static void test_retry_after_in_all_its_forms(void **state)
{
	static const struct {
		const char *value;
		int64_t ms;
	} rows[] = {
		{ "0", 0 },
		{ "120", 120000 },
		{ "999999999", INT64_C(999999999000) },
		{ "1000000000", INT64_MAX / 1000 },
		{ "99999999999999999999", INT64_MAX / 1000 },
		{ "Mon, 03 Aug 2026 05:01:00 GMT", 60000 },
		{ "Mon, 03 Aug 2026 05:00:00 GMT", 0 },
		{ "Mon, 03 Aug 2026 04:59:59 GMT", 0 },
		{ "Sun, 06 Nov 1994 08:49:37 GMT", 0 },
		{ "Monday, 03-Aug-26 05:01:00 GMT", 60000 },
		{ "Saturday, 03-Aug-75 05:00:00 GMT", INT64_C(1546300800000) }, /* 2075 */
		{ "Tuesday, 03-Aug-77 05:00:00 GMT", 0 },                       /* 1977 */
		{ "Mon Aug  3 05:01:00 2026", 60000 },
		{ "Mon Aug 13 05:00:00 2026", 10 * MS_PER_DAY },
		{ "", -1 },
		{ "-1", -1 },
		{ "1.5", -1 },
		{ "1 s", -1 },
		{ " 1", -1 },
		{ "soon", -1 },
		{ "Mon, 03 Aug 2026 05:01:00", -1 },
		{ "Mon, 03 Aug 2026 05:01:00 GMT+1", -1 },
		{ "Mon, 03 Hug 2026 05:01:00 GMT", -1 },
		{ "Mon, 31 Feb 2026 05:01:00 GMT", -1 },
		{ "Mon, 03 Aug 2026 25:01:00 GMT", -1 },
		{ "Mon, 03 Aug 2026 05:01:00 GMT and much more behind it", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (fetch_retry_after_ms(text_of(rows[i].value), NOW) != rows[i].ms)
			fail_msg("\"%s\": %lld", rows[i].value,
			         (long long)fetch_retry_after_ms(text_of(rows[i].value), NOW));
	assert_int_equal(fetch_retry_after_ms(text_of(NULL), NOW), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_refusal_is_told_with_what_to_do),
		cmocka_unit_test(test_half_a_key_is_not_told_either),
		cmocka_unit_test(test_what_passes_is_asked_again),
		cmocka_unit_test(test_the_same_seed_waits_the_same),
		cmocka_unit_test(test_retry_after_is_waited_for),
		cmocka_unit_test(test_patience_has_an_end),
		cmocka_unit_test(test_patience_is_new_for_each_page),
		cmocka_unit_test(test_retry_after_in_all_its_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
