/* statement/fetch.h: what is asked, and which pages are taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "tests/support/failmem.h"
#include "tests/support/fetchkit.h"

/* --- what is asked, and where pages end ------------------------------------- */

/* Each API with as many pages as it takes, and what it asked for. */
static const struct walk {
	const char *api, *ids;
	struct fetch_step steps[STEPS_MAX];
	const char *asked, *rows;
} walks[] = {
	{ "openrouter-activity",
	  NULL,
	  { { .status = 200,
	      .body = "{\"data\":[{\"date\":\"2026-08-01\"},{\"date\":\"2026-08-01 00:00:00\"}]}" },
	    { .status = 200, .body = "{\"data\":[]}" } },
	  BASE "/api/v1/activity?date=2026-08-01\n" BASE "/api/v1/activity?date=2026-08-02\n",
	  "{\"data\":[{\"date\":\"2026-08-01\"},{\"date\":\"2026-08-01 00:00:00\"}]}"
	  "{\"data\":[]}" },
	{ "openrouter-generation",
	  "gen-1\r\n\n  gen/2  ",
	  { { .status = 200, .body = "{\"data\":{\"id\":\"gen-1\"}}" },
	    { .status = 200, .body = "{\"data\":{\"id\":\"gen/2\"}}" } },
	  BASE "/api/v1/generation?id=gen-1\n" BASE "/api/v1/generation?id=gen%2F2\n",
	  "{\"data\":{\"id\":\"gen-1\"}}{\"data\":{\"id\":\"gen/2\"}}" },
	{ "openrouter-analytics",
	  NULL,
	  { { .status = 200,
	      .body = "{\"data\":{\"data\":[{\"date__day\":\"2026-08-01\"}],"
	              "\"metadata\":{\"truncated\":false}}}" },
	    { .status = 200,
	      .body = "{\"data\":{\"data\":[{\"created_at__day\":\"2026-08-02T00:00:00.000Z\"}],"
	              "\"metadata\":{\"truncated\":false}}}" } },
	  NULL,
	  NULL },
	{ "openai-costs",
	  NULL,
	  { { .status = 200,
	      .body = "{\"data\":[" BUCKET_1 "],\"has_more\":true,\"next_page\":\"a=/+\"}" },
	    { .status = 200, .body = "{\"data\":[" BUCKET_2 "]," LAST_PAGE } },
	  BASE "/v1/organization/costs?start_time=1785542400&end_time=1785715200&bucket_width=1d"
	       "&limit=180&group_by=project_id&group_by=line_item&group_by=api_key_id\n" BASE
	       "/v1/organization/costs?start_time=1785542400&end_time=1785715200&bucket_width=1d"
	       "&limit=180&group_by=project_id&group_by=line_item&group_by=api_key_id"
	       "&page=a%3D%2F%2B\n",
	  "{\"data\":[" BUCKET_1 "],\"has_more\":true,\"next_page\":\"a=/+\"}"
	  "{\"data\":[" BUCKET_2 "]," LAST_PAGE },
	{ "anthropic-usage",
	  NULL,
	  { { .status = 200,
	      .body = "{\"data\":[{\"starting_at\":\"2026-08-01T00:00:00Z\","
	              "\"ending_at\":\"2026-08-02T00:00:00Z\"}]," LAST_PAGE } },
	  BASE "/v1/organizations/usage_report/messages?starting_at=2026-08-01T00:00:00Z"
	       "&ending_at=2026-08-03T00:00:00Z&bucket_width=1d&limit=31"
	       "&group_by%5B%5D=api_key_id&group_by%5B%5D=workspace_id&group_by%5B%5D=model"
	       "&group_by%5B%5D=service_tier&group_by%5B%5D=context_window\n",
	  NULL },
	{ "anthropic-cost",
	  NULL,
	  { { .status = 200, .body = "{\"data\":[]," LAST_PAGE } },
	  BASE "/v1/organizations/cost_report?starting_at=2026-08-01T00:00:00Z"
	       "&ending_at=2026-08-03T00:00:00Z&bucket_width=1d&limit=31"
	       "&group_by%5B%5D=workspace_id&group_by%5B%5D=description\n",
	  "{\"data\":[]," LAST_PAGE },
	{ "litellm-spend",
	  NULL,
	  { { .status = 200,
	      .body = "[{\"request_id\":\"a\", \"startTime\":\"2026-08-01T23:59:59.999Z\", "
	              "\"spend\":1.50e-07},\n"
	              "{\"request_id\":\"b\",\"startTime\":\"2026-08-02T00:00:00Z\"}]" },
	    { .status = 200,
	      .body = "[{\"request_id\":\"b\",\"startTime\":\"2026-08-02T00:00:00+00:00\"},"
	              "{\"request_id\":\"c\",\"startTime\":\"2026-08-03T00:00:00Z\"}]" } },
	  BASE "/spend/logs?start_date=2026-08-01&end_date=2026-08-02&summarize=false\n" BASE
	       "/spend/logs?start_date=2026-08-02&end_date=2026-08-03&summarize=false\n",
	  "{\"request_id\":\"a\",\"startTime\":\"2026-08-01T23:59:59.999Z\",\"spend\":1.50e-07}\n"
	  "{\"request_id\":\"b\",\"startTime\":\"2026-08-02T00:00:00+00:00\"}\n" },
	{ "litellm-spend",
	  NULL,
	  { { .status = 200, .body = "[]" }, { .status = 200, .body = "[]" } },
	  BASE "/spend/logs?start_date=2026-08-01&end_date=2026-08-02&summarize=false\n" BASE
	       "/spend/logs?start_date=2026-08-02&end_date=2026-08-03&summarize=false\n",
	  "\n\n" },
	{ "litellm-spend-v2",
	  NULL,
	  { { .status = 200,
	      .body = "{\"data\":[{\"request_id\":\"a\",\"startTime\":\"2026-08-01T01:00:00Z\"}],"
	              "\"page\":1,\"total\":1,\"total_is_capped\":false}" },
	    { .status = 200, .body = "{\"data\":[],\"page\":1,\"total\":0}" } },
	  NULL,
	  "{\"request_id\":\"a\",\"startTime\":\"2026-08-01T01:00:00Z\"}\n\n" },
};

static size_t count_steps(const struct fetch_step *steps)
{
	size_t count = 0;

	while (count < STEPS_MAX && steps[count].body != NULL)
		count++;
	return count;
}

static void test_each_api_is_asked_page_by_page(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(walks) / sizeof(walks[0]); i++) {
		const struct walk *walk = &walks[i];
		struct fetch_fake fake = { .steps = walk->steps,
			                   .step_count = count_steps(walk->steps) };

		/* What stands at its end is not there twice. */
		fetchkit_fetch(&fake, (struct statement_fetch){ .api = fetchkit_api(walk->api),
		                                                .base_url = BASE "/",
		                                                .ids = text_of(walk->ids) });
		if (fake.r < 0)
			fail_msg("%s: %s", walk->api, fake.fault.text);
		assert_int_equal(fake.at, fake.step_count);
		assert_int_equal(fake.result.pages, fake.step_count);
		assert_int_equal(fake.wait_count, 0);
		if (walk->asked != NULL)
			assert_string_equal(fake.asked.at, walk->asked);
		if (walk->rows != NULL)
			assert_string_equal(fake.rows.at, walk->rows);
		/* Of LiteLLM only what is the next period's is left out, not what comes twice. */
		assert_int_equal(fake.result.left_out, i == 6);
		fetchkit_release(&fake);
	}
}

static void test_analytics_posts_its_question(void **state)
{
	struct fetch_fake fake = { .steps = walks[2].steps, .step_count = 2 };

	(void)state;
	fetchkit_fetch(&fake,
	               (struct statement_fetch){ .api = fetchkit_api("openrouter-analytics") });
	assert_int_equal(fake.r, 0);
	assert_non_null(strstr(fake.asked.at,
	                       "https://openrouter.ai/api/v1/analytics/query {\"metrics\":["));
	assert_non_null(strstr(fake.asked.at, "\"time_range\":{\"start\":\"2026-08-01T00:00:00Z\","
	                                      "\"end\":\"2026-08-02T00:00:00Z\"}"));
	assert_non_null(strstr(fake.asked.at, "\"start\":\"2026-08-02T00:00:00Z\",\"end\":"
	                                      "\"2026-08-03T00:00:00Z\""));
	fetchkit_release(&fake);
}

/* Several lists of pages in one statement; a page of one may be called as one of another. */
static void test_openai_usage_is_of_every_kind(void **state)
{
	static const struct fetch_step more = {
		.status = 200,
		.body = "{\"data\":[" BUCKET_1 "],\"has_more\":true,\"next_page\":\"same\"}"
	};
	static const struct fetch_step last = { .status = 200,
		                                .body = "{\"data\":[" BUCKET_2 "]," LAST_PAGE };
	static const char *const kinds[] = { "completions",      "embeddings",
		                             "moderations",      "images",
		                             "audio_speeches",   "audio_transcriptions",
		                             "web_search_calls", "file_search_calls" };
	enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };
	struct fetch_step steps[2 * KINDS];
	struct fetch_fake fake = { .steps = steps, .step_count = 2 * KINDS };

	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		steps[2 * i] = more;
		steps[2 * i + 1] = last;
	}
	fetchkit_fetch(&fake, (struct statement_fetch){ .api = fetchkit_api("openai-usage") });
	if (fake.r < 0)
		fail_msg("%s", fake.fault.text);
	for (size_t i = 0; i < KINDS; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/v1/organization/usage/%s?start_time=", kinds[i]);
		assert_non_null(strstr(fake.asked.at, path));
	}
	assert_int_equal(fake.result.pages, 2 * KINDS);
	fetchkit_release(&fake);
}

/* A page of LiteLLM from that row on, one a second from `second` on; of the caller. */
static struct buf spend_page(int page, int first, int count, int second, const char *end)
{
	struct buf body = { .at = NULL };

	buf_add_cstr(&body, "{\"data\":[");
	for (int i = 0; i < count; i++)
		buf_addf(&body,
		         "%s{\"request_id\":\"r%d\",\"startTime\":\"2026-08-01T00:%02d:%02dZ\"}",
		         i > 0 ? "," : "", first + i, (second + i) / 60, (second + i) % 60);
	buf_addf(&body, "],\"page\":%d,%s}", page, end);
	return body;
}

/* Full pages lead to the next one; the one that is not full is the last of its day. */
static void test_litellm_is_paged_until_a_page_is_not_full(void **state)
{
	static const struct {
		int first, count, second;
		const char *end, *words; /* of the second page; words NULL: it is taken */
	} rows[] = {
		{ 100, 1, 100, "\"total\":101", NULL },
		{ 100, 1, 99, "\"total\":101", NULL }, /* of the same second */
		{ 100, 0, 100, "\"total\":100", NULL },
		{ 100, 1, 100, "\"total\":90,\"total_is_capped\":true", NULL },
		{ 100, 1, 100, "\"total\":102", "there are 102 rows, and 101 came" },
		{ 99, 2, 99, "\"total\":101", "r99 is on it twice, or was on the page before" },
		{ 100, 1, 98, "\"total\":101", "not in the order" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf one = spend_page(1, 0, 100, 0, "\"total\":101");
		struct buf two = spend_page(2, rows[i].first, rows[i].count, rows[i].second,
		                            rows[i].end);
		const struct fetch_step steps[] = {
			{ .status = 200, .body = one.at },
			{ .status = 200, .body = two.at },
			{ .status = 200, .body = "{\"data\":[],\"page\":1,\"total\":0}" },
		};
		struct fetch_fake fake = { .steps = steps, .step_count = 3 };

		fetchkit_fetch(&fake,
		               (struct statement_fetch){ .api = fetchkit_api("litellm-spend-v2"),
		                                         .base_url = BASE });
		if (rows[i].words != NULL) {
			fetchkit_refused(&fake, rows[i].words, -FAULT_INVALID, rows[i].words);
		} else {
			if (fake.r < 0)
				fail_msg("%s", fake.fault.text);
			assert_int_equal(fake.result.pages, 3);
			assert_non_null(strstr(fake.rows.at, "{\"request_id\":\"r99\","));
			assert_null(strstr(fake.rows.at, "total"));
		}
		assert_non_null(strstr(fake.asked.at,
		                       BASE "/spend/logs/v2?start_date=2026-08-01+00:00:00"
		                            "&end_date=2026-08-02+00:00:00&sort_by=startTime"
		                            "&sort_order=asc&page_size=100&page=1\n"));
		assert_non_null(strstr(fake.asked.at, "&page_size=100&page=2\n"));
		fetchkit_release(&fake);
		buf_release(&one);
		buf_release(&two);
	}
}

/* Of several kinds that of which least was told; of what tells no spans, all of it. */
static void test_it_is_told_how_far_spans_go(void **state)
{
	static const struct {
		const char *api;
		const char *bodies[8];
		int64_t until_ms;
	} rows[] = {
		{ "openai-costs", { COSTS }, AUG_3 },
		{ "openai-costs", { "{\"data\":[" BUCKET_1 "]," LAST_PAGE }, AUG_1 + MS_PER_DAY },
		{ "openai-costs", { "{\"data\":[]," LAST_PAGE }, AUG_1 },
		{ "openai-usage",
		  { COSTS, COSTS, "{\"data\":[" BUCKET_1 "]," LAST_PAGE, COSTS, COSTS, COSTS, COSTS,
		    COSTS },
		  AUG_1 + MS_PER_DAY },
		{ "litellm-spend", { "[]", "[]" }, AUG_3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fetch_step steps[8];
		struct fetch_fake fake = { .steps = steps };

		for (; fake.step_count < 8 && rows[i].bodies[fake.step_count] != NULL;
		     fake.step_count++)
			steps[fake.step_count] = (struct fetch_step){
				.status = 200, .body = rows[i].bodies[fake.step_count]
			};
		fetchkit_fetch(&fake, (struct statement_fetch){ .api = fetchkit_api(rows[i].api),
		                                                .base_url = BASE });
		assert_int_equal(fake.r, 0);
		assert_int_equal(fake.result.until_ms, rows[i].until_ms);
		fetchkit_release(&fake);
	}
}

/* --- pages that are not taken ------------------------------------------------ */

static const struct refusal {
	const char *api, *body;
	int code;
	const char *words;
} refusals[] = {
	{ "openai-costs", "", -FAULT_SYNTAX, "no JSON" },
	{ "openai-costs", "<html>", -FAULT_SYNTAX, "no JSON" },
	{ "openai-costs", COSTS " x", -FAULT_SYNTAX, "no JSON" },
	{ "openai-costs", "{\"data\":[" BUCKET_1, -FAULT_SYNTAX, "no JSON" },
	{ "openai-costs", "[]", -FAULT_INVALID, "no list \"data\"" },
	{ "openai-costs", "{\"data\":{}," LAST_PAGE, -FAULT_INVALID, "no list \"data\"" },
	{ "openai-costs", "{\"data\":[]}", -FAULT_INVALID, "no \"has_more\"" },
	{ "openai-costs", "{\"data\":[],\"has_more\":null}", -FAULT_INVALID, "no \"has_more\"" },
	{ "openai-costs", "{\"data\":[],\"has_more\":true}", -FAULT_INVALID, "no \"next_page\"" },
	{ "openai-costs", "{\"data\":[],\"has_more\":true,\"next_page\":\"\"}", -FAULT_INVALID,
	  "no \"next_page\"" },
	{ "openai-costs", "{\"data\":[{}]," LAST_PAGE, -FAULT_INVALID,
	  "another period: start_time is \"absent\"" },
	{ "openai-costs",
	  "{\"data\":[{\"start_time\":1785542399,\"end_time\":1785628800}]," LAST_PAGE,
	  -FAULT_INVALID,
	  "start_time is \"1785542399\", and it was asked for 2026-08-01 to 2026-08-03" },
	{ "openai-costs",
	  "{\"data\":[{\"start_time\":1785715200,\"end_time\":1785801600}]," LAST_PAGE,
	  -FAULT_INVALID, "start_time is \"1785715200\"" },
	{ "openai-costs",
	  "{\"data\":[{\"start_time\":1785542400,\"end_time\":1785715201}]," LAST_PAGE,
	  -FAULT_INVALID, "end_time is \"1785715201\"" },
	{ "openai-costs",
	  "{\"data\":[{\"start_time\":1785542400,\"end_time\":1785542400}]," LAST_PAGE,
	  -FAULT_INVALID, "end_time is \"1785542400\"" },
	{ "openai-costs", "{\"data\":[{\"start_time\":1785542400.5}]," LAST_PAGE, -FAULT_INVALID,
	  "start_time is \"1785542400.5\"" },
	{ "openai-costs", "{\"data\":[{\"start_time\":9223372036854775807}]," LAST_PAGE,
	  -FAULT_INVALID, "start_time is \"9223372036854775807\"" },
	{ "openai-costs", "{\"data\":[" BUCKET_1 "," BUCKET_1 "]," LAST_PAGE, -FAULT_INVALID,
	  "counted twice" },
	{ "openai-costs", "{\"data\":[" BUCKET_2 "," BUCKET_1 "]," LAST_PAGE, -FAULT_INVALID,
	  "counted twice" },
	{ "openai-costs", "{\"key\":\"" KEY "\",\"data\":[]," LAST_PAGE, -FAULT_INVALID,
	  "the key itself is in it" },
	{ "anthropic-cost",
	  "{\"data\":[{\"starting_at\":\"2026-07-31T00:00:00Z\","
	  "\"ending_at\":\"2026-08-01T00:00:00Z\"}]," LAST_PAGE,
	  -FAULT_INVALID, "starting_at is \"2026-07-31T00:00:00Z\"" },
	{ "openrouter-activity", "{\"data\":[{\"date\":\"2026-08-02\"}]}", -FAULT_INVALID,
	  "date is \"2026-08-02\", and it was asked for 2026-08-01 to 2026-08-02" },
	{ "openrouter-activity", "{\"data\":[{\"date\":\"2026-08-011\"}]}", -FAULT_INVALID,
	  "date is" },
	{ "openrouter-activity", "{\"data\":[{}]}", -FAULT_INVALID, "date is" },
	{ "openrouter-activity", "{}", -FAULT_INVALID, "no list \"data\"" },
	{ "openrouter-generation", "{\"data\":{\"id\":\"gen-2\"}}", -FAULT_INVALID,
	  "data.id is \"gen-2\", and it was asked for \"gen-1\"" },
	{ "openrouter-generation", "{}", -FAULT_INVALID, "another request" },
	{ "openrouter-analytics", "{\"data\":{\"data\":[],\"metadata\":{\"truncated\":true}}}",
	  -FAULT_INVALID, "of 2026-08-01: it is cut" },
	{ "openrouter-analytics", "{\"data\":{\"data\":[],\"metadata\":{}}}", -FAULT_INVALID,
	  "does not say whether it is cut" },
	{ "openrouter-analytics", "{\"data\":[]}", -FAULT_INVALID, "no list \"data\"" },
	{ "openrouter-analytics",
	  "{\"data\":{\"data\":[{\"date__day\":\"2026-08-02\"}],"
	  "\"metadata\":{\"truncated\":false}}}",
	  -FAULT_INVALID, "the day is \"2026-08-02\"" },
	{ "litellm-spend", "{\"data\":[]}", -FAULT_INVALID, "no list of requests" },
	{ "litellm-spend", "[{\"startTime\":\"2026-08-01\",\"spend\":1}]", -FAULT_INVALID,
	  "an older LiteLLM" },
	{ "litellm-spend", "[{\"request_id\":\"a\",\"startTime\":\"2026-07-31T23:59:59Z\"}]",
	  -FAULT_INVALID, "startTime is \"2026-07-31T23:59:59Z\"" },
	{ "litellm-spend", "[{\"request_id\":\"a\",\"startTime\":\"2026-08-02T00:00:01Z\"}]",
	  -FAULT_INVALID, "startTime is" },
	{ "litellm-spend", "[{\"request_id\":\"a\"}]", -FAULT_INVALID, "startTime is" },
#define V2(rest)      "{\"data\":[" rest "}"
#define ROW(id, time) "{\"request_id\":\"" id "\",\"startTime\":\"2026-08-0" time "Z\"}"
	{ "litellm-spend-v2", "[]", -FAULT_INVALID, "no list \"data\"" },
	{ "litellm-spend-v2", V2("],\"total\":0"), -FAULT_INVALID, "another page than 1" },
	{ "litellm-spend-v2", V2("],\"total\":0,\"page\":2"), -FAULT_INVALID,
	  "another page than 1" },
	{ "litellm-spend-v2", V2("],\"page\":1"), -FAULT_INVALID, "no \"total\"" },
	{ "litellm-spend-v2", V2("],\"page\":1,\"total\":1"), -FAULT_INVALID,
	  "there are 1 rows, and 0 came" },
	{ "litellm-spend-v2", V2("],\"page\":1,\"total\":1,\"total_is_capped\":true"),
	  -FAULT_INVALID, "there are 1 rows, and 0 came" },
	{ "litellm-spend-v2",
	  V2(ROW("a", "1T01:00:00") "," ROW("b", "1T00:59:59.999") "],\"page\":1,\"total\":2"),
	  -FAULT_INVALID, "not in the order of their times" },
	{ "litellm-spend-v2",
	  V2(ROW("a", "1T01:00:00") "," ROW("b", "1T01:00:00") "," ROW(
		  "a", "1T01:00:00.000999") "],"
	                                    "\"page\":1,\"total\":3"),
	  -FAULT_INVALID, "a is on it twice" },
	{ "litellm-spend-v2", V2(ROW("a", "2T00:00:01") "],\"page\":1,\"total\":1"), -FAULT_INVALID,
	  "another period: startTime" },
};

static void test_a_page_of_something_else_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refusal *row = &refusals[i];
		const struct fetch_step step = { .status = 200, .body = row->body };
		struct fetch_fake fake = { .steps = &step, .step_count = 1 };
		bool requests = fetch_api_of_requests(fetchkit_api(row->api));

		fetchkit_fetch(&fake, (struct statement_fetch){
					      .api = fetchkit_api(row->api),
					      .base_url = BASE,
					      .ids = text_of(requests ? "gen-1" : NULL) });
		fetchkit_refused(&fake, row->body, row->code, row->words);
		assert_non_null(strstr(fake.fault.text, BASE "/"));
		/* Nothing of it was handed over. */
		assert_string_equal(fake.rows.at, "");
		fetchkit_release(&fake);
	}
}

static void test_pages_that_lead_back_end(void **state)
{
	static const struct fetch_step steps[] = {
		{ .status = 200, .body = "{\"data\":[],\"has_more\":true,\"next_page\":\"a\"}" },
		{ .status = 200, .body = "{\"data\":[],\"has_more\":true,\"next_page\":\"b\"}" },
		{ .status = 200, .body = "{\"data\":[],\"has_more\":true,\"next_page\":\"a\"}" },
	};
	struct fetch_fake fake = { .steps = steps, .step_count = 3 };

	(void)state;
	fetchkit_fetch(&fake, (struct statement_fetch){ .api = fetchkit_api("openai-costs") });
	fetchkit_refused(&fake, "a, b, a", -FAULT_INVALID, "leads back to a page");
	fetchkit_release(&fake);
}

/* A bucket of one page is not in another, either. */
static void test_a_bucket_comes_on_one_page(void **state)
{
	static const struct fetch_step steps[] = {
		{ .status = 200,
		  .body = "{\"data\":[" BUCKET_1 "],\"has_more\":true,\"next_page\":\"a\"}" },
		{ .status = 200, .body = "{\"data\":[" BUCKET_1 "]," LAST_PAGE },
	};
	struct fetch_fake fake = { .steps = steps, .step_count = 2 };

	(void)state;
	fetchkit_fetch(&fake, (struct statement_fetch){ .api = fetchkit_api("openai-costs") });
	fetchkit_refused(&fake, "twice", -FAULT_INVALID, "counted twice");
	fetchkit_release(&fake);
}

/* A new page each time. */
static int send_endless(void *context, const struct net_request *request,
                        struct net_answer *answer_out, struct fault *fault)
{
	int *count = context;

	(void)request;
	(void)fault;
	buf_clear(&answer_out->body);
	buf_addf(&answer_out->body, "{\"data\":[],\"has_more\":true,\"next_page\":\"%d\"}",
	         (*count)++);
	answer_out->status = 200;
	return 0;
}

static int take_nothing(void *context, const struct fetch_page *page, struct fault *fault)
{
	(void)context;
	(void)page;
	(void)fault;
	return 0;
}

static void test_there_are_not_more_pages_than_a_limit(void **state)
{
	int count = 0;
	const struct fetch_hooks hooks = { .send = send_endless,
		                           .now_ms = fetchkit_now_ms,
		                           .take = take_nothing,
		                           .context = &count };
	const struct statement_fetch what = {
		.api = fetchkit_api("openai-costs"), .key = KEY, .from_ms = AUG_1, .to_ms = AUG_3
	};
	struct fetch_result result = { .pages = 7 };
	struct fault fault;

	(void)state;
	assert_int_equal(statement_fetch(&what, &hooks, &result, &fault), -FAULT_RANGE);
	assert_non_null(strstr(fault.text, "more than 10000 pages"));
	assert_int_equal(count, FETCH_PAGES_MAX);
	assert_int_equal(result.pages, 7);
}

static int send_stars(void *context, const struct net_request *request,
                      struct net_answer *answer_out, struct fault *fault)
{
	(void)context;
	(void)request;
	(void)fault;
	buf_add_cstr(&answer_out->body, "{\"error\":\"** is no key\"}");
	answer_out->status = 401;
	return 0;
}

/* What hides it is what is hidden: it ends all the same. */
static void test_a_key_of_stars_is_hidden_once(void **state)
{
	const struct fetch_hooks hooks = { .send = send_stars,
		                           .now_ms = fetchkit_now_ms,
		                           .take = take_nothing };
	const struct statement_fetch what = {
		.api = fetchkit_api("openai-costs"), .key = "**", .from_ms = AUG_1, .to_ms = AUG_3
	};
	struct fetch_result result;
	struct fault fault;

	(void)state;
	assert_int_equal(statement_fetch(&what, &hooks, &result, &fault), -FAULT_INVALID);
	assert_non_null(strstr(fault.text, "status 401: ** is no key: due is an admin key"));
}

static void test_what_takes_the_pages_can_end_it(void **state)
{
	struct fetch_fake fake = { .steps = walks[3].steps, .step_count = 2, .take_fails_at = 2 };

	(void)state;
	fetchkit_fetch(&fake, (struct statement_fetch){ .api = fetchkit_api("openai-costs") });
	fetchkit_refused(&fake, "full", -FAULT_FULL, "the disk is full");
	fetchkit_release(&fake);
}

/* --- what is wanted --------------------------------------------------------------- */

static void test_what_cannot_be_is_not_asked_for(void **state)
{
	static const char long_id[FETCH_ID_BYTES_MAX + 2] = { [0 ... FETCH_ID_BYTES_MAX] = 'x' };
	const struct {
		struct statement_fetch what;
		const char *words;
	} rows[] = {
		{ { .api = fetchkit_api("openai-costs"), .from_ms = AUG_1, .to_ms = AUG_1 },
		  "is empty" },
		{ { .api = fetchkit_api("openai-costs"), .from_ms = AUG_3, .to_ms = AUG_1 },
		  "is empty" },
		{ { .api = fetchkit_api("openai-costs"),
		    .from_ms = AUG_1,
		    .to_ms = AUG_3 + MS_PER_DAY },
		  "2026-08-03 is the last that the period can end before" },
		{ { .api = fetchkit_api("openai-costs"),
		    .from_ms = AUG_3 - 367 * MS_PER_DAY,
		    .to_ms = AUG_3 },
		  "at most 366 days" },
		{ { .api = fetchkit_api("openrouter-activity"),
		    .from_ms = AUG_3 - 31 * MS_PER_DAY,
		    .to_ms = AUG_1 },
		  "the last 30 days (UTC) that are over: from 2026-07-04 on, before 2026-08-03" },
		{ { .api = fetchkit_api("litellm-spend"), .from_ms = AUG_1, .to_ms = AUG_3 },
		  "its base URL is due" },
		{ { .api = fetchkit_api("openai-costs"), .base_url = "api.openai.com" },
		  "no base URL" },
		{ { .api = fetchkit_api("openai-costs"), .base_url = "https://a?b=c" },
		  "no base URL" },
		{ { .api = fetchkit_api("openai-costs"), .base_url = "https://a#b" },
		  "no base URL" },
		{ { .api = fetchkit_api("openai-costs"), .base_url = "https://a b" },
		  "no base URL" },
		{ { .api = fetchkit_api("openai-costs"), .base_url = "ftp://a" }, "no base URL" },
		{ { .api = fetchkit_api("openrouter-generation"), .ids = { "", 0 } },
		  "there is no id" },
		{ { .api = fetchkit_api("openrouter-generation"), .ids = { "\n \n", 3 } },
		  "there is no id" },
		{ { .api = fetchkit_api("openrouter-generation"), .ids = text_of("a\nb\n a\n") },
		  "a stands twice" },
		{ { .api = fetchkit_api("openrouter-generation"), .ids = text_of("a b\n") },
		  "no id" },
		{ { .api = fetchkit_api("openrouter-generation"), .ids = text_of(long_id) },
		  "no id" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fetch_fake fake = { .step_count = 0 };

		fetchkit_fetch(&fake, rows[i].what);
		fetchkit_refused(&fake, rows[i].words, -FAULT_INVALID, rows[i].words);
		fetchkit_release(&fake);
	}
}

static void test_the_longest_period_is_asked_for(void **state)
{
	const struct statement_fetch rows[] = {
		{ .api = fetchkit_api("openai-costs"),
		  .from_ms = AUG_3 - FETCH_DAYS_MAX * MS_PER_DAY,
		  .to_ms = AUG_3 },
		{ .api = fetchkit_api("openrouter-activity"),
		  .from_ms = AUG_3 - 30 * MS_PER_DAY,
		  .to_ms = AUG_3 },
	};
	struct fault fault = { .code = FAULT_NONE };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (statement_fetch_check(&rows[i], NOW, &fault) < 0)
			fail_msg("%s", fault.text);
}

static void test_there_are_not_more_ids_than_pages(void **state)
{
	struct buf ids = { .at = NULL };
	struct statement_fetch what = { .api = fetchkit_api("openrouter-generation") };
	struct fault fault;

	(void)state;
	for (int i = 0; i < FETCH_PAGES_MAX; i++)
		buf_addf(&ids, "gen-%d\n", i);
	what.ids = buf_text(&ids);
	assert_int_equal(statement_fetch_check(&what, NOW, &fault), 0);
	buf_add_cstr(&ids, "one");
	what.ids = buf_text(&ids);
	assert_int_equal(statement_fetch_check(&what, NOW, &fault), -FAULT_RANGE);
	buf_release(&ids);
}

static void test_a_key_is_one_word(void **state)
{
	static char long_key[FETCH_KEY_BYTES_MAX + 2];
	static const struct {
		const char *text, *key;
		int code;
	} rows[] = {
		{ KEY, KEY, 0 },
		{ KEY "\n", KEY, 0 },
		{ " \t" KEY "\r\n\r\n", KEY, 0 },
		{ "", NULL, -FAULT_INVALID },
		{ "\n", NULL, -FAULT_INVALID },
		{ "sk-secret x", NULL, -FAULT_INVALID },
		{ "sk-secret\nHost: other", NULL, -FAULT_INVALID },
		{ "sk-secret\xc3\xa4", NULL, -FAULT_INVALID },
		{ "sk-secret\x7f", NULL, -FAULT_INVALID },
		{ "sk-secret\x01", NULL, -FAULT_INVALID },
	};
	char key[FETCH_KEY_BYTES_MAX + 1];
	struct fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		strcpy(key, "as it was");
		assert_int_equal(statement_fetch_key(text_of(rows[i].text), key, &fault),
		                 rows[i].code);
		assert_string_equal(key, rows[i].code == 0 ? rows[i].key : "as it was");
		if (rows[i].code < 0)
			assert_null(strstr(fault.text, "secret"));
	}
	memset(long_key, 'k', FETCH_KEY_BYTES_MAX);
	assert_int_equal(statement_fetch_key(text_of(long_key), key, &fault), 0);
	long_key[FETCH_KEY_BYTES_MAX] = 'k';
	assert_int_equal(statement_fetch_key(text_of(long_key), key, &fault), -FAULT_RANGE);
}

/* --- memory ------------------------------------------------------------------------ */

/* What the other side needs is not counted. */
static int send_for_free(void *context, const struct net_request *request,
                         struct net_answer *answer_out, struct fault *fault)
{
	const struct fetch_step **step = context;

	(void)request;
	(void)fault;
	failmem_pause(true);
	buf_clear(&answer_out->body);
	buf_add_cstr(&answer_out->body, (*step)->body);
	answer_out->status = (*step)->status;
	(*step)++;
	failmem_pause(false);
	return 0;
}

/* Each allocation in turn: it is told, and nothing is left behind (asan). */
static void test_memory_that_cannot_be_had_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(walks) / sizeof(walks[0]); i++) {
		bool failed = true;
		int count;

		for (count = 0; failed; count++) {
			const struct fetch_step *step = walks[i].steps;
			const struct fetch_hooks hooks = { .send = send_for_free,
				                           .now_ms = fetchkit_now_ms,
				                           .take = take_nothing,
				                           .context = &step };
			const struct statement_fetch what = { .api = fetchkit_api(walks[i].api),
				                              .base_url = BASE,
				                              .key = KEY,
				                              .from_ms = AUG_1,
				                              .to_ms = AUG_3,
				                              .ids = text_of(walks[i].ids) };
			struct fetch_result result;
			struct fault fault = { .code = FAULT_NONE };
			int r;

			failmem_after(count);
			r = statement_fetch(&what, &hooks, &result, &fault);
			failed = failmem_stop();
			if (r != (failed ? -FAULT_NOMEM : 0))
				fail_msg("%s, allocation %d: %s", walks[i].api, count, fault.text);
		}
		assert_true(count > 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_api_is_asked_page_by_page),
		cmocka_unit_test(test_analytics_posts_its_question),
		cmocka_unit_test(test_openai_usage_is_of_every_kind),
		cmocka_unit_test(test_litellm_is_paged_until_a_page_is_not_full),
		cmocka_unit_test(test_it_is_told_how_far_spans_go),
		cmocka_unit_test(test_a_page_of_something_else_is_refused),
		cmocka_unit_test(test_pages_that_lead_back_end),
		cmocka_unit_test(test_a_bucket_comes_on_one_page),
		cmocka_unit_test(test_there_are_not_more_pages_than_a_limit),
		cmocka_unit_test(test_a_key_of_stars_is_hidden_once),
		cmocka_unit_test(test_what_takes_the_pages_can_end_it),
		cmocka_unit_test(test_what_cannot_be_is_not_asked_for),
		cmocka_unit_test(test_the_longest_period_is_asked_for),
		cmocka_unit_test(test_there_are_not_more_ids_than_pages),
		cmocka_unit_test(test_a_key_is_one_word),
		cmocka_unit_test(test_memory_that_cannot_be_had_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
