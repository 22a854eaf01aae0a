#include "tests/support/sample_traffic.h"

#include <stdbool.h>

#include "base/fault.h"
#include "base/moment.h"

enum {
	RESEND_BLOCK = 200, /* events between two reconnects */
	FLUSH_BYTES = 64 * 1024,
};

static const char *const accounts[] = { "acorn", "birch", "cedar", "dogwood", "elm", "fir" };
enum { ACCOUNTS = sizeof(accounts) / sizeof(accounts[0]), KEYS = 3, SOURCES = 2 };
enum { BENCH_ACCOUNTS = 200 };

/* splitmix64: every index gives another value. */
static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

struct dice {
	uint64_t state;
};

static unsigned roll(struct dice *dice, unsigned sides)
{
	dice->state = mix(dice->state);
	return (unsigned)((dice->state >> 33) % sides);
}

/* Token counts lean towards the small ones. */
static unsigned roll_tokens(struct dice *dice, unsigned max)
{
	unsigned a = roll(dice, max), b = roll(dice, max);

	return 1 + (a < b ? a : b);
}

static uint64_t identity_of(const struct sample_traffic *traffic, uint64_t index)
{
	return mix(mix(traffic->seed) + index);
}

static int64_t moment_of(const struct sample_traffic *traffic, uint64_t index, unsigned jitter_ms)
{
	int64_t span = traffic->span_ms > 0 ? traffic->span_ms : MS_PER_DAY - 1000;
	uint64_t events = traffic->events > 0 ? traffic->events : 1;

	return traffic->day_ms + (int64_t)((uint64_t)span * index / events) + jitter_ms;
}

static void put_head(const struct sample_traffic *traffic, uint64_t index, struct dice *dice,
                     struct buf *out)
{
	unsigned account = roll(dice, ACCOUNTS), key = 1 + roll(dice, KEYS);
	char time[MOMENT_TEXT_BYTES];

	moment_text(moment_of(traffic, index, roll(dice, 900)), time);
	buf_addf(out,
	         "{\"id\":\"gen-%016llx\",\"source\":\"gw-%u\",\"time\":\"%s\","
	         "\"account\":\"acct_%s\",\"key\":\"key_%s_%u\"",
	         (unsigned long long)identity_of(traffic, index), 1 + roll(dice, SOURCES), time,
	         accounts[account], accounts[account], key);
}

static void put_tail(struct dice *dice, const char *finish, bool stream, struct buf *out)
{
	unsigned ttft = 40 + roll(dice, 400), latency = ttft + roll(dice, 9000);

	buf_addf(out, ",\"status\":200,\"finish_reason\":\"%s\",\"stream\":%s,\"latency_ms\":%u",
	         finish, stream ? "true" : "false", latency);
	if (stream)
		buf_addf(out, ",\"ttft_ms\":%u", ttft);
	buf_addf(out, "}\n");
}

static void put_openai_chat(struct dice *dice, const char *model, struct buf *out)
{
	unsigned prompt = roll_tokens(dice, roll(dice, 50) == 0 ? 200000 : 6000);
	unsigned cached = roll(dice, 3) == 0 ? roll(dice, prompt + 1) / 128 * 128 : 0;
	unsigned completion = roll_tokens(dice, 1500), reasoning = 0;

	if (roll(dice, 4) == 0)
		reasoning = roll(dice, completion + 1);
	buf_addf(out,
	         ",\"model\":\"%s\",\"api\":\"openai.chat\",\"usage\":{\"prompt_tokens\":%u,"
	         "\"completion_tokens\":%u,\"total_tokens\":%u,"
	         "\"prompt_tokens_details\":{\"cached_tokens\":%u,\"audio_tokens\":0},"
	         "\"completion_tokens_details\":{\"reasoning_tokens\":%u,\"audio_tokens\":0}}",
	         model, prompt, completion, prompt + completion, cached, reasoning);
	put_tail(dice, roll(dice, 10) == 0 ? "length" : "stop", roll(dice, 2) == 0, out);
}

/* A stream: what message_start said, then the totals of two message_delta. */
static void put_anthropic_stream(unsigned input, unsigned read, unsigned five, unsigned hour,
                                 unsigned output, struct buf *out)
{
	buf_addf(out,
	         "[{\"input_tokens\":%u,\"cache_read_input_tokens\":%u,"
	         "\"cache_creation_input_tokens\":%u,\"cache_creation\":{"
	         "\"ephemeral_5m_input_tokens\":%u,\"ephemeral_1h_input_tokens\":%u},"
	         "\"output_tokens\":1},{\"output_tokens\":%u},{\"output_tokens\":%u}]",
	         input, read, five + hour, five, hour, 1 + output / 2, output);
}

static void put_anthropic(struct dice *dice, struct buf *out)
{
	unsigned input = roll_tokens(dice, 4000), output = 1 + roll_tokens(dice, 1200);
	unsigned read = roll(dice, 2) == 0 ? roll(dice, 20000) : 0;
	unsigned five = roll(dice, 4) == 0 ? roll(dice, 8000) : 0;
	unsigned hour = roll(dice, 8) == 0 ? roll(dice, 8000) : 0;
	bool stream = roll(dice, 2) == 0;

	buf_addf(out, ",\"model\":\"acme/opus-mini\",\"api\":\"anthropic.messages\",\"usage\":");
	if (stream)
		put_anthropic_stream(input, read, five, hour, output, out);
	else
		buf_addf(out,
		         "{\"input_tokens\":%u,\"cache_read_input_tokens\":%u,"
		         "\"cache_creation_input_tokens\":%u,\"cache_creation\":{"
		         "\"ephemeral_5m_input_tokens\":%u,\"ephemeral_1h_input_tokens\":%u},"
		         "\"output_tokens\":%u}",
		         input, read, five + hour, five, hour, output);
	put_tail(dice, "end_turn", stream, out);
}

static void put_google_usage(unsigned prompt, unsigned cached, unsigned candidates,
                             unsigned thoughts, struct buf *out)
{
	buf_addf(out,
	         "{\"promptTokenCount\":%u,\"cachedContentTokenCount\":%u,"
	         "\"candidatesTokenCount\":%u,\"thoughtsTokenCount\":%u,\"totalTokenCount\":%u}",
	         prompt, cached, candidates, thoughts, prompt + candidates + thoughts);
}

static void put_google(struct dice *dice, struct buf *out)
{
	unsigned prompt = roll_tokens(dice, 8000), candidates = 2 + roll_tokens(dice, 900);
	unsigned cached = roll(dice, 4) == 0 ? roll(dice, prompt + 1) : 0;
	unsigned thoughts = roll(dice, 2) == 0 ? roll_tokens(dice, 2000) : 0;
	bool stream = roll(dice, 2) == 0;

	buf_addf(out, ",\"model\":\"acme/gem-flash\",\"api\":\"google.generate\",\"usage\":");
	if (stream) {
		/* Every chunk repeats the usage. */
		buf_addf(out, "[");
		put_google_usage(prompt, cached, candidates / 2, thoughts, out);
		buf_addf(out, ",");
	}
	put_google_usage(prompt, cached, candidates, thoughts, out);
	if (stream)
		buf_addf(out, "]");
	put_tail(dice, "STOP", stream, out);
}

static void put_embedding(struct dice *dice, struct buf *out)
{
	unsigned tokens = roll_tokens(dice, 3000);

	buf_addf(out,
	         ",\"model\":\"acme/embed-3\",\"api\":\"openai.embeddings\","
	         "\"usage\":{\"prompt_tokens\":%u,\"total_tokens\":%u}",
	         tokens, tokens);
	put_tail(dice, "stop", false, out);
}

static void put_images(struct dice *dice, struct buf *out)
{
	static const char *const sizes[] = { "1024x1024", "512x512", "1024x1792" };
	static const char *const qualities[] = { "standard", "hd" };

	buf_addf(out,
	         ",\"model\":\"acme/paint-2\",\"api\":\"toll\","
	         "\"images\":{\"n\":%u,\"size\":\"%s\",\"quality\":\"%s\"}",
	         1 + roll(dice, 4), sizes[roll(dice, 3)], qualities[roll(dice, 2)]);
	put_tail(dice, "stop", false, out);
}

/* Nothing was used, but the request happened. */
static void put_error(struct dice *dice, struct buf *out)
{
	static const char *const models[] = { "acme/llama-4-70b\",\"api\":\"openai.chat",
		                              "acme/opus-mini\",\"api\":\"anthropic.messages",
		                              "acme/gem-flash\",\"api\":\"google.generate" };

	buf_addf(out, ",\"model\":\"%s\",\"status\":%u,\"latency_ms\":%u}\n", models[roll(dice, 3)],
	         roll(dice, 3) == 0 ? 500u : 429u, 5 + roll(dice, 300));
}

void sample_line(const struct sample_traffic *traffic, uint64_t index, struct buf *out)
{
	struct dice dice = { identity_of(traffic, index) };
	unsigned kind;

	put_head(traffic, index, &dice, out);
	kind = roll(&dice, 100);
	if (index % SAMPLE_UNPRICED_EVERY == SAMPLE_UNPRICED_EVERY / 2)
		put_openai_chat(&dice, "acme/unlisted-1", out);
	else if (kind < 3)
		put_error(&dice, out);
	else if (kind < 46)
		put_openai_chat(&dice, "acme/llama-4-70b", out);
	else if (kind < 70)
		put_anthropic(&dice, out);
	else if (kind < 89)
		put_google(&dice, out);
	else if (kind < 96)
		put_embedding(&dice, out);
	else
		put_images(&dice, out);
}

void sample_bench_line(const struct sample_traffic *traffic, uint64_t index, struct buf *out)
{
	struct dice dice = { identity_of(traffic, index) };
	unsigned account = roll(&dice, BENCH_ACCOUNTS), key = 1 + roll(&dice, 2);
	unsigned prompt = 1000 + roll(&dice, 9000), cached = 100 + roll(&dice, 900);
	unsigned completion = 100 + roll(&dice, 900), reasoning = 10 + roll(&dice, 90);
	char time[MOMENT_TEXT_BYTES];

	moment_text(moment_of(traffic, index, 0), time);
	buf_addf(out,
	         "{\"id\":\"gen-%016llx\",\"time\":\"%s\",\"account\":\"acct_%03u\","
	         "\"key\":\"key_%03u_%u\",\"model\":\"acme/llama-4-70b\",\"api\":\"openai.chat\","
	         "\"usage\":{\"prompt_tokens\":%u,",
	         (unsigned long long)identity_of(traffic, index), time, account, account, key,
	         prompt);
	buf_addf(out,
	         "\"completion_tokens\":%u,\"total_tokens\":%u,\"prompt_tokens_details\":{"
	         "\"cached_tokens\":%u,\"audio_tokens\":0},\"completion_tokens_details\":{"
	         "\"reasoning_tokens\":%u,\"audio_tokens\":0,\"accepted_prediction_tokens\":0}},"
	         "\"status\":200,\"finish_reason\":\"stop\",\"stream\":true,\"latency_ms\":%u,"
	         "\"ttft_ms\":%u}\n",
	         completion, prompt + completion, cached, reasoning, 1000 + roll(&dice, 9000),
	         100 + roll(&dice, 900));
}

void sample_broken_line(const struct sample_traffic *traffic, uint64_t index, struct buf *out)
{
	struct dice dice = { identity_of(traffic, index) };

	put_head(traffic, index, &dice, out);
	buf_addf(out, ",\"model\":\"acme/llama-4-70b\",\"usage\":{\"prompt_tokens\":12\n");
}

int sample_day(const struct sample_traffic *traffic, unsigned resend_percent,
               int (*flush)(void *context, struct buf *out), void *context)
{
	struct buf out = { .at = NULL };
	uint64_t resent = 0;
	int r = 0;

	for (uint64_t i = 0; r == 0 && i < traffic->events; i++) {
		uint64_t done = i + 1, due = done * resend_percent / 100;

		sample_line(traffic, i, &out);
		if (i == traffic->events / 2)
			sample_broken_line(traffic, traffic->events, &out);
		if (done % RESEND_BLOCK == 0 || done == traffic->events) {
			uint64_t again = due - resent < done ? due - resent : done;

			for (uint64_t k = done - again; k < done; k++)
				sample_line(traffic, k, &out);
			resent += again;
		}
		if (out.error != 0)
			r = out.error;
		else if (out.len >= FLUSH_BYTES || done == traffic->events)
			r = flush(context, &out);
	}
	buf_release(&out);
	return r;
}
