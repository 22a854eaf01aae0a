#include "statement/fetch_internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/moment.h"

enum { DAY_BYTES = 10, MS_PER_S = 1000 };
static_assert((int)FETCH_PAGE_BYTES_MAX <= (int)JSON_BYTES_MAX, "a page could not be read");

/* --- asking --------------------------------------------------------------- */

void fetch_add_encoded(struct buf *out, struct text value)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (size_t i = 0; i < value.len; i++) {
		if (memchr(plain, value.at[i], sizeof(plain) - 1) != NULL)
			buf_add(out, &value.at[i], 1);
		else
			buf_addf(out, "%%%02X", (unsigned char)value.at[i]);
	}
}

static void add_page(struct buf *path, struct text page)
{
	if (page.at == NULL)
		return;
	buf_add_cstr(path, "&page=");
	fetch_add_encoded(path, page);
}

/* "2026-08-01" */
static const char *day_text(int64_t ms, char text[MOMENT_TEXT_BYTES])
{
	moment_text_unit(ms, MOMENT_DAY, text);
	return text;
}

int64_t fetch_series_from(const struct fetch_series *series)
{
	const struct fetch_shape *shape = series->what->api->shape;

	if (shape->days == 0)
		return series->what->from_ms;
	return series->what->from_ms + (int64_t)(series->index * shape->days) * MS_PER_DAY;
}

int64_t fetch_series_to(const struct fetch_series *series)
{
	const struct fetch_shape *shape = series->what->api->shape;
	int64_t to_ms = fetch_series_from(series) + (int64_t)shape->days * MS_PER_DAY;

	return shape->days == 0 || to_ms > series->what->to_ms ? series->what->to_ms : to_ms;
}

/* --- looking -------------------------------------------------------------- */

static int refuse(struct fault *fault, const char *what)
{
	return fault_set(fault, FAULT_INVALID, "%s", what);
}

static int other_period(const struct fetch_series *series, const char *member, struct text said,
                        struct fault *fault)
{
	char from[MOMENT_TEXT_BYTES], to[MOMENT_TEXT_BYTES];

	return fault_set(fault, FAULT_INVALID,
	                 "it says another period: %s is \"%.*s\", and it was asked for %s to %s",
	                 member, TEXT_ARGS(said), day_text(fetch_series_from(series), from),
	                 day_text(fetch_series_to(series), to));
}

static int find_list(const struct json *doc, uint32_t object, uint32_t *list_out,
                     struct fault *fault)
{
	*list_out = json_member(doc, object, "data");
	if (json_type_of(doc, *list_out) != JSON_ARRAY)
		return refuse(fault, "it is no page of this API: there is no list \"data\" in it");
	return 0;
}

/* "has_more" and "next_page", as OpenAI and Anthropic have them. */
static int find_next(const struct json *doc, struct text *next_out, struct fault *fault)
{
	enum json_type more = json_type_of(doc, json_member(doc, 0, "has_more"));
	struct text next = json_string(doc, json_member(doc, 0, "next_page"));

	if (more == JSON_FALSE)
		return 0;
	if (more != JSON_TRUE)
		return refuse(fault, "it does not say whether there is more: there is no "
		                     "\"has_more\" in it");
	if (next.len == 0)
		return refuse(fault, "it says that there is more, and not where: there is no "
		                     "\"next_page\" in it");
	*next_out = next;
	return 0;
}

/* A moment as a text (RFC 3339) or in seconds; *said_out: as it stands there. */
static bool read_moment(const struct json *doc, uint32_t node, int64_t *ms_out,
                        struct text *said_out)
{
	int64_t seconds;

	*said_out = node == JSON_NONE ? text_of("absent") : doc->nodes[node].text;
	if (json_type_of(doc, node) == JSON_STRING)
		return moment_parse(*said_out, ms_out);
	if (!json_integer(doc, node, &seconds) || seconds < 0 || seconds > INT64_MAX / MS_PER_S)
		return false;
	*ms_out = seconds * MS_PER_S;
	return true;
}

/* One that begins before the last one ended is charged twice. */
static int look_bucket(struct fetch_series *series, const struct json *doc, uint32_t bucket,
                       const char *const names[2], struct fault *fault)
{
	int64_t from_ms, to_ms;
	struct text said;

	if (!read_moment(doc, json_member(doc, bucket, names[0]), &from_ms, &said) ||
	    from_ms < series->what->from_ms || from_ms >= series->what->to_ms)
		return other_period(series, names[0], said, fault);
	if (from_ms < series->seen_ms)
		return fault_set(fault, FAULT_INVALID,
		                 "%s is \"%.*s\", which is not behind the span before it: it would "
		                 "be counted twice",
		                 names[0], TEXT_ARGS(said));
	if (!read_moment(doc, json_member(doc, bucket, names[1]), &to_ms, &said) ||
	    to_ms <= from_ms || to_ms > series->what->to_ms)
		return other_period(series, names[1], said, fault);
	series->seen_ms = to_ms;
	return 0;
}

static int look_buckets(struct fetch_series *series, const struct json *doc,
                        const char *const names[2], struct fetch_look *look, struct fault *fault)
{
	uint32_t list, bucket;
	int r = find_list(doc, 0, &list, fault);

	if (r < 0)
		return r;
	for (bucket = json_first(doc, list); r == 0 && bucket != JSON_NONE;
	     bucket = json_next(doc, list, bucket))
		r = look_bucket(series, doc, bucket, names, fault);
	return r < 0 ? r : find_next(doc, &look->next, fault);
}

/* "2026-08-01", also with a time behind it, is this day. */
static bool is_day(struct text said, int64_t ms)
{
	char day[MOMENT_TEXT_BYTES];

	return said.len >= DAY_BYTES && memcmp(said.at, day_text(ms, day), DAY_BYTES) == 0 &&
	       (said.len == DAY_BYTES || said.at[DAY_BYTES] == 'T' || said.at[DAY_BYTES] == ' ');
}

/* --- OpenRouter ------------------------------------------------------------ */

/*
 * GET /api/v1/activity?date=YYYY-MM-DD: one completed day, UTC, of the last 30, whole; only with a
 * management key.  openapi/openapi.yaml of OpenRouterTeam/docs@c26125a, getUserActivity.
 */
static void ask_activity(const struct fetch_series *series, struct text page,
                         struct fetch_question *question)
{
	char day[MOMENT_TEXT_BYTES];

	(void)page;
	buf_addf(&question->path, "/api/v1/activity?date=%s",
	         day_text(fetch_series_from(series), day));
}

static int look_activity(struct fetch_series *series, const struct json *doc,
                         struct fetch_look *look, struct fault *fault)
{
	uint32_t list, row;
	int r = find_list(doc, 0, &list, fault);

	(void)look;
	if (r < 0)
		return r;
	for (row = json_first(doc, list); row != JSON_NONE; row = json_next(doc, list, row)) {
		struct text said = json_string(doc, json_member(doc, row, "date"));

		if (!is_day(said, fetch_series_from(series)))
			return other_period(series, "date", said, fault);
	}
	return 0;
}

/* GET /api/v1/generation?id=: one request.  openapi.yaml as above, getGeneration. */
static void ask_generation(const struct fetch_series *series, struct text page,
                           struct fetch_question *question)
{
	(void)page;
	buf_add_cstr(&question->path, "/api/v1/generation?id=");
	fetch_add_encoded(&question->path, series->id);
}

static int look_generation(struct fetch_series *series, const struct json *doc,
                           struct fetch_look *look, struct fault *fault)
{
	struct text id = json_string(doc, json_member(doc, json_member(doc, 0, "data"), "id"));

	(void)look;
	if (text_equal(id, series->id))
		return 0;
	return fault_set(fault, FAULT_INVALID,
	                 "it is of another request: data.id is \"%.*s\", and it was asked for "
	                 "\"%.*s\"",
	                 TEXT_ARGS(id), TEXT_ARGS(series->id));
}

/*
 * POST /api/v1/analytics/query.  At most 2 dimensions and 10 000 rows; the time is in date__day or
 * created_at__day; counts are texts.  A day at a time, so that the rows are enough.  openapi.yaml
 * as above, and cookbook/administration/analytics-cost-control.mdx; the limit and the metrics from
 * the skills openrouter-analytics-query and -schema of OpenRouterTeam/skills.
 */
static void ask_analytics(const struct fetch_series *series, struct text page,
                          struct fetch_question *question)
{
	char from[MOMENT_TEXT_BYTES], to[MOMENT_TEXT_BYTES];

	(void)page;
	buf_add_cstr(&question->path, "/api/v1/analytics/query");
	buf_addf(&question->json,
	         "{\"metrics\":[\"credits_usage\",\"byok_usage\",\"usage_data\",\"usage_web\","
	         "\"request_count\",\"tokens_prompt\",\"cached_tokens\",\"tokens_completion\","
	         "\"reasoning_tokens\"],"
	         "\"dimensions\":[\"model\",\"api_key_id\"],\"granularity\":\"day\","
	         "\"time_range\":{\"start\":\"%sT00:00:00Z\",\"end\":\"%sT00:00:00Z\"},"
	         "\"limit\":10000}",
	         day_text(fetch_series_from(series), from), day_text(fetch_series_to(series), to));
}

static int look_analytics(struct fetch_series *series, const struct json *doc,
                          struct fetch_look *look, struct fault *fault)
{
	uint32_t data = json_member(doc, 0, "data"), list, row;
	enum json_type cut = json_type_of(
		doc, json_member(doc, json_member(doc, data, "metadata"), "truncated"));
	int r = find_list(doc, data, &list, fault);

	(void)look;
	if (r < 0)
		return r;
	if (cut != JSON_FALSE)
		return refuse(fault, cut == JSON_TRUE
		                             ? "it is cut (metadata.truncated): too many rows of "
		                               "models and keys for one day"
		                             : "it does not say whether it is cut: there is no "
		                               "metadata.truncated in it");
	for (row = json_first(doc, list); row != JSON_NONE; row = json_next(doc, list, row)) {
		struct text said = json_string(doc, json_member(doc, row, "date__day"));

		if (said.at == NULL)
			said = json_string(doc, json_member(doc, row, "created_at__day"));
		if (!is_day(said, fetch_series_from(series)))
			return other_period(series, "the day", said, fault);
	}
	return 0;
}

/* --- OpenAI ---------------------------------------------------------------- */

static const char *const openai_names[2] = { "start_time", "end_time" };

/*
 * GET /v1/organization/usage/KIND: start_time (in it) and end_time (not in it) in seconds,
 * bucket_width 1d, limit at most 31 buckets, group_by once for each, page; answers with has_more
 * and next_page.  openapi.yaml of openai/openai-openapi@f85dbe2, usage-*.  A series is of a kind;
 * storage and sessions of the code interpreter are no counts of requests, and not asked for.
 */
static const struct {
	const char *path, *groups;
} openai_usage[] = {
#define OF_A_MODEL "&group_by=project_id&group_by=api_key_id&group_by=model"
	{ "completions", OF_A_MODEL "&group_by=batch&group_by=service_tier" },
	{ "embeddings", OF_A_MODEL },
	{ "moderations", OF_A_MODEL },
	{ "images", OF_A_MODEL "&group_by=size&group_by=source" },
	{ "audio_speeches", OF_A_MODEL },
	{ "audio_transcriptions", OF_A_MODEL },
	{ "web_search_calls", OF_A_MODEL "&group_by=context_level" },
	{ "file_search_calls", "&group_by=project_id&group_by=api_key_id" },
#undef OF_A_MODEL
};
enum { OPENAI_USAGE_COUNT = sizeof(openai_usage) / sizeof(openai_usage[0]) };

static void ask_openai(const struct fetch_series *series, struct text page, const char *path,
                       int limit, const char *groups, struct buf *out)
{
	buf_addf(out,
	         "/v1/organization/%s?start_time=%lld&end_time=%lld&bucket_width=1d&limit=%d%s",
	         path, (long long)(series->what->from_ms / MS_PER_S),
	         (long long)(series->what->to_ms / MS_PER_S), limit, groups);
	add_page(out, page);
}

static void ask_openai_usage(const struct fetch_series *series, struct text page,
                             struct fetch_question *question)
{
	enum { LIMIT = 31, PATH_BYTES = 64 };
	char path[PATH_BYTES];

	assert(series->index < OPENAI_USAGE_COUNT);
	snprintf(path, sizeof(path), "usage/%s", openai_usage[series->index].path);
	ask_openai(series, page, path, LIMIT, openai_usage[series->index].groups, &question->path);
}

/* GET /v1/organization/costs: the same, at most 180 buckets.  As above, usage-costs. */
static void ask_openai_costs(const struct fetch_series *series, struct text page,
                             struct fetch_question *question)
{
	enum { LIMIT = 180 };

	ask_openai(series, page, "costs", LIMIT,
	           "&group_by=project_id&group_by=line_item&group_by=api_key_id", &question->path);
}

static int look_openai(struct fetch_series *series, const struct json *doc, struct fetch_look *look,
                       struct fault *fault)
{
	return look_buckets(series, doc, openai_names, look, fault);
}

/* --- Anthropic ------------------------------------------------------------- */

/*
 * GET /v1/organizations/usage_report/messages and /v1/organizations/cost_report: starting_at and
 * ending_at (RFC 3339), bucket_width 1d, limit at most 31 buckets, group_by[] once for each, page;
 * answers with has_more and next_page.  platform.claude.com/docs/en/api/admin/usage_report and
 * .../admin/cost_report.
 */
static void ask_anthropic(const struct fetch_series *series, struct text page, const char *path,
                          const char *groups, struct buf *out)
{
	char from[MOMENT_TEXT_BYTES], to[MOMENT_TEXT_BYTES];

	buf_addf(out,
	         "/v1/organizations/%s?starting_at=%sT00:00:00Z&ending_at=%sT00:00:00Z"
	         "&bucket_width=1d&limit=31%s",
	         path, day_text(series->what->from_ms, from), day_text(series->what->to_ms, to),
	         groups);
	add_page(out, page);
}

#define GROUP "&group_by%5B%5D="

static void ask_anthropic_usage(const struct fetch_series *series, struct text page,
                                struct fetch_question *question)
{
	ask_anthropic(series, page, "usage_report/messages",
	              GROUP "api_key_id" GROUP "workspace_id" GROUP "model" GROUP
	                    "service_tier" GROUP "context_window",
	              &question->path);
}

static void ask_anthropic_cost(const struct fetch_series *series, struct text page,
                               struct fetch_question *question)
{
	ask_anthropic(series, page, "cost_report", GROUP "workspace_id" GROUP "description",
	              &question->path);
}
#undef GROUP

static int look_anthropic(struct fetch_series *series, const struct json *doc,
                          struct fetch_look *look, struct fault *fault)
{
	static const char *const names[2] = { "starting_at", "ending_at" };

	return look_buckets(series, doc, names, look, fault);
}

/* --- LiteLLM --------------------------------------------------------------- */

/*
 * GET /spend/logs?start_date=&end_date=&summarize=false: the rows from the first moment of one day
 * to that of the other, which is in it, too: what ran in that very millisecond comes with both
 * days, and is left out of the first.  litellm/proxy/spend_tracking/spend_management_endpoints.py
 * of BerriAI/litellm@00bc59b, view_spend_logs.
 */
static void ask_litellm(const struct fetch_series *series, struct text page,
                        struct fetch_question *question)
{
	char from[MOMENT_TEXT_BYTES], to[MOMENT_TEXT_BYTES];

	(void)page;
	buf_addf(&question->path, "/spend/logs?start_date=%s&end_date=%s&summarize=false",
	         day_text(fetch_series_from(series), from), day_text(fetch_series_to(series), to));
}

/* A line of the statement, unless it is of the day behind; *ms_out: when it ran. */
static int look_spend(const struct fetch_series *series, const struct json *doc, uint32_t row,
                      struct fetch_look *look, int64_t *ms_out, struct fault *fault)
{
	int64_t from_ms = fetch_series_from(series), to_ms = fetch_series_to(series);
	struct text said = json_string(doc, json_member(doc, row, "startTime"));

	if (json_string(doc, json_member(doc, row, "request_id")).len == 0)
		return refuse(fault,
		              "a row has no \"request_id\": these are sums of a day, which an "
		              "older LiteLLM gives instead (summarize=false is not known to "
		              "it)");
	if (!moment_parse(said, ms_out) || *ms_out < from_ms || *ms_out > to_ms)
		return other_period(series, "startTime", said, fault);
	if (*ms_out == to_ms) {
		look->left_out += to_ms == series->what->to_ms;
		return 0;
	}
	json_write(doc, row, JSON_DEPTH_MAX, &look->rows);
	buf_add(&look->rows, "\n", 1);
	return 0;
}

/* Not the page as it is, which has no row for the statement. */
static void end_lines(struct fetch_look *look)
{
	if (look->rows.len == 0)
		buf_add(&look->rows, "\n", 1);
}

static int look_litellm(struct fetch_series *series, const struct json *doc,
                        struct fetch_look *look, struct fault *fault)
{
	int64_t ms;
	int r = 0;

	if (json_type_of(doc, 0) != JSON_ARRAY)
		return refuse(fault, "it is no list of requests");
	for (uint32_t row = json_first(doc, 0); r == 0 && row != JSON_NONE;
	     row = json_next(doc, 0, row))
		r = look_spend(series, doc, row, look, &ms, fault);
	end_lines(look);
	return r;
}

/*
 * GET /spend/logs/v2: the same rows by pages of at most 100, in the order that is asked for; of
 * `total` it counts no more than 10 000, and then says so.  As above, ui_view_spend_logs (which
 * /spend/logs of later versions tells to use instead).  A page that is not full is the last.
 */
enum { SPEND_PAGE_ROWS = 100 };

static void ask_litellm_v2(const struct fetch_series *series, struct text page,
                           struct fetch_question *question)
{
	char from[MOMENT_TEXT_BYTES], to[MOMENT_TEXT_BYTES];

	buf_addf(&question->path,
	         "/spend/logs/v2?start_date=%s+00:00:00&end_date=%s+00:00:00"
	         "&sort_by=startTime&sort_order=asc&page_size=%d&page=%.*s",
	         day_text(fetch_series_from(series), from), day_text(fetch_series_to(series), to),
	         SPEND_PAGE_ROWS, page.at != NULL ? (int)page.len : 1,
	         page.at != NULL ? page.at : "1");
}

/* Rows that moved between two pages are there twice, or not at all. */
static int look_order(struct fetch_series *series, struct text id, int64_t ms, struct fault *fault)
{
	if (ms < series->seen_ms)
		return refuse(fault,
		              "its rows are not in the order of their times: an older LiteLLM "
		              "does not know sort_order; take litellm-spend");
	if (ms > series->seen_ms)
		buf_clear(&series->last_ids);
	series->seen_ms = ms;
	series->rows++;
	if (!fetch_is_new(&series->last_ids, id))
		return fault_set(
			fault, FAULT_INVALID,
			"%.*s is on it twice, or was on the page before: rows came or went "
			"meanwhile; fetch it again",
			TEXT_ARGS(id));
	return 0;
}

/* All that there are, where that is counted. */
static int look_total(const struct fetch_series *series, const struct json *doc,
                      struct fault *fault)
{
	enum json_type capped = json_type_of(doc, json_member(doc, 0, "total_is_capped"));
	int64_t total;

	if (!json_integer(doc, json_member(doc, 0, "total"), &total))
		return refuse(fault,
		              "it does not say how many rows there are: there is no \"total\" "
		              "in it");
	if (capped == JSON_TRUE ? series->rows >= total : series->rows == total)
		return 0;
	return fault_set(
		fault, FAULT_INVALID,
		"there are %lld rows, and %lld came: rows came or went meanwhile; fetch it "
		"again",
		(long long)total, (long long)series->rows);
}

static int look_litellm_v2(struct fetch_series *series, const struct json *doc,
                           struct fetch_look *look, struct fault *fault)
{
	int64_t before = series->rows, asked = before / SPEND_PAGE_ROWS + 1, number, ms;
	uint32_t list;
	int r = find_list(doc, 0, &list, fault);

	if (r < 0)
		return r;
	if (!json_integer(doc, json_member(doc, 0, "page"), &number) || number != asked)
		return fault_set(fault, FAULT_INVALID, "it is another page than %lld",
		                 (long long)asked);
	for (uint32_t row = json_first(doc, list); r == 0 && row != JSON_NONE;
	     row = json_next(doc, list, row)) {
		r = look_spend(series, doc, row, look, &ms, fault);
		if (r == 0)
			r = look_order(series,
			               json_string(doc, json_member(doc, row, "request_id")), ms,
			               fault);
	}
	end_lines(look);
	if (r < 0 || series->rows - before < SPEND_PAGE_ROWS)
		return r < 0 ? r : look_total(series, doc, fault);
	snprintf(look->number, sizeof(look->number), "%lld", (long long)(asked + 1));
	look->next = text_of(look->number);
	return 0;
}

/* --- all of them ------------------------------------------------------------ */

#define BASE_WRONG "there is no such thing there: is --base-url right?"

const struct fetch_shape fetch_shapes[FETCH_API_COUNT] = {
	[FETCH_API_OPENROUTER_ACTIVITY] = { .days = 1,
	                                    .back_days = 30,
	                                    .ask = ask_activity,
	                                    .look = look_activity,
	                                    .not_found = BASE_WRONG },
	[FETCH_API_OPENROUTER_GENERATION] = { .of_requests = true,
	                                      .ask = ask_generation,
	                                      .look = look_generation,
	                                      .not_found =
	                                              "it does not know this request (of this "
	                                              "account, or any more): without it in "
	                                              "the list, it is told as missing there" },
	[FETCH_API_OPENROUTER_ANALYTICS] = { .days = 1,
	                                     .ask = ask_analytics,
	                                     .look = look_analytics,
	                                     .not_found = BASE_WRONG },
	[FETCH_API_OPENAI_USAGE] = { .series = OPENAI_USAGE_COUNT,
	                             .of_spans = true,
	                             .ask = ask_openai_usage,
	                             .look = look_openai,
	                             .not_found = BASE_WRONG },
	[FETCH_API_OPENAI_COSTS] = { .of_spans = true,
	                             .ask = ask_openai_costs,
	                             .look = look_openai,
	                             .not_found = BASE_WRONG },
	[FETCH_API_ANTHROPIC_USAGE] = { .of_spans = true,
	                                .ask = ask_anthropic_usage,
	                                .look = look_anthropic,
	                                .not_found = BASE_WRONG },
	[FETCH_API_ANTHROPIC_COST] = { .of_spans = true,
	                               .ask = ask_anthropic_cost,
	                               .look = look_anthropic,
	                               .not_found = BASE_WRONG },
	[FETCH_API_LITELLM_SPEND] = { .days = 1,
	                              .ask = ask_litellm,
	                              .look = look_litellm,
	                              .not_found = BASE_WRONG },
	[FETCH_API_LITELLM_SPEND_V2] = { .days = 1,
	                                 .ask = ask_litellm_v2,
	                                 .look = look_litellm_v2,
	                                 .not_found = "an older LiteLLM has no such thing: take "
	                                              "litellm-spend; or --base-url is not right" },
};
