/* Events from a seed, and their lines. */
#include "tests/support/billgen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "tests/support/billgen_internal.h"

enum {
	ERROR_STATUS = 500,
	TRIES_PER_FAULT = 1000,
	EDGE_MS = 2 * 3600 * 1000, /* of the month, where only faults are */
	INDEX_DIGITS_AT = 3,       /* behind "ev-" */
};

const enum component billgen_components[BILLGEN_COMPONENTS] = {
	COMPONENT_INPUT,  COMPONENT_CACHE_READ, COMPONENT_CACHE_WRITE_5M, COMPONENT_CACHE_WRITE_1H,
	COMPONENT_OUTPUT, COMPONENT_REASONING,  COMPONENT_IMAGES_OUT,     COMPONENT_SEARCHES,
};

static const struct {
	const char *name;
	enum bill_cause cause, alone, among;
} faults[GEN_FAULT_COUNT] = {
	[GEN_NO_FAULT] = { "none", CAUSE_COUNT, CAUSE_COUNT, CAUSE_COUNT },
#define F(NAME, name, CAUSE, ALONE, AMONG, text)                                                   \
	[GEN_##NAME] = { name, CAUSE_##CAUSE, CAUSE_##ALONE, CAUSE_##AMONG },
#include "tests/support/billgen.def"
#undef F
};

const char *billgen_fault_name(enum billgen_fault fault)
{
	return faults[fault].name;
}

enum bill_cause billgen_fault_cause(enum billgen_fault fault)
{
	return faults[fault].cause;
}

enum bill_cause billgen_fault_sum(enum billgen_fault fault, bool alone)
{
	return alone ? faults[fault].alone : faults[fault].among;
}

/* splitmix64. */
static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

struct billgen_dice billgen_dice(uint64_t seed, uint64_t index, uint64_t what)
{
	return (struct billgen_dice){ mix(mix(mix(seed) + index) + what) };
}

int64_t billgen_roll(struct billgen_dice *dice, int64_t sides)
{
	dice->state = mix(dice->state);
	return (int64_t)((dice->state >> 16) % (uint64_t)sides);
}

void billgen_id(const struct billgen *gen, int64_t index, char out[BILLGEN_NAME_BYTES])
{
	/* Of half of the seeds the statement knows our ids, of the others the upstream's. */
	snprintf(out, BILLGEN_NAME_BYTES, "%s-%06lld", gen->options.seed % 2 == 0 ? "ev" : "up",
	         (long long)index);
}

int64_t billgen_index(struct text id)
{
	int64_t index = 0;

	if (id.len <= INDEX_DIGITS_AT || (id.at[0] != 'e' && id.at[0] != 'u') || id.at[2] != '-')
		return -1;
	for (size_t i = INDEX_DIGITS_AT; i < id.len; i++) {
		if (id.at[i] < '0' || id.at[i] > '9')
			return -1;
		index = index * 10 + (id.at[i] - '0');
	}
	return index;
}

void billgen_key(const struct billgen_event *event, char out[BILLGEN_NAME_BYTES])
{
	snprintf(out, BILLGEN_NAME_BYTES, "key-%s-%u", billgen_account(event->account),
	         event->key + 1U);
}

static int32_t roll_count(struct billgen_dice *dice, int64_t least, int64_t most)
{
	return (int32_t)(least + billgen_roll(dice, most - least));
}

static void make_counts(const struct billgen *gen, struct billgen_dice *dice,
                        struct billgen_event *event)
{
	int32_t *count = event->count;
	bool answers = event->end != GEN_BLANK;

	count[COMPONENT_INPUT] = roll_count(dice, 500, 15000);
	if (billgen_roll(dice, 3) == 0)
		count[COMPONENT_CACHE_READ] = roll_count(dice, 100, 9000);
	if (event->model == GEN_CACHES) {
		count[COMPONENT_CACHE_WRITE_5M] = roll_count(dice, 0, 5000);
		count[COMPONENT_CACHE_WRITE_1H] = roll_count(dice, 0, 5000);
	}
	if ((event->model == GEN_LONG || event->model == GEN_LONGER) && billgen_roll(dice, 2) == 0)
		count[COMPONENT_INPUT] += (int32_t)gen->book.threshold;
	if (answers)
		count[COMPONENT_OUTPUT] = roll_count(dice, 50, 6000);
	if (answers && event->model != GEN_PAINT && billgen_roll(dice, 3) == 0)
		count[COMPONENT_REASONING] = roll_count(dice, 50, 4000);
	if (answers && event->model == GEN_PAINT)
		count[COMPONENT_IMAGES_OUT] = roll_count(dice, 1, 5);
	if (event->model == GEN_SEARCH)
		count[COMPONENT_SEARCHES] = roll_count(dice, 0, 4);
}

/* How one ended: 90 of 100 as they should. */
static enum billgen_end roll_end(struct billgen_dice *dice)
{
	int64_t roll = billgen_roll(dice, 100);

	if (roll < 3)
		return GEN_ERROR;
	if (roll < 7)
		return GEN_CANCELLED;
	return roll < 10 ? GEN_BLANK : GEN_STOP;
}

static void make_event(const struct billgen *gen, int64_t index, struct billgen_event *event)
{
	struct billgen_dice dice = billgen_dice(gen->options.seed, (uint64_t)index, 2);

	*event = (struct billgen_event){
		.time_ms = BILLGEN_FROM_MS + EDGE_MS +
		           billgen_roll(&dice, BILLGEN_TO_MS - BILLGEN_FROM_MS - 2 * EDGE_MS),
		.source = (uint8_t)billgen_roll(&dice, BILLGEN_SOURCES),
		.account = (uint8_t)billgen_roll(&dice, BILLGEN_ACCOUNTS),
		.key = (uint8_t)billgen_roll(&dice, BILLGEN_KEYS),
		.model = (uint8_t)billgen_roll(&dice, GEN_MODELS),
		.kind = (uint8_t)billgen_roll(&dice, BILLGEN_KINDS),
		.chat = (uint8_t)billgen_roll(&dice, 2),
	};
	event->end = (uint8_t)roll_end(&dice);
	if (event->model == GEN_TIERS)
		event->tier = (uint8_t)billgen_roll(&dice, GEN_TIER_COUNT);
	if (event->end == GEN_ERROR) {
		event->no_row = true;
	} else {
		make_counts(gen, &dice, event);
		event->count[COMPONENT_REQUESTS] = 1;
	}
	if (event->end == GEN_CANCELLED)
		event->served = roll_count(&dice, 0, 3000);
	event->there_ms = event->time_ms;
}

static void inject(struct billgen *gen, enum billgen_fault fault)
{
	struct billgen_dice dice = billgen_dice(gen->options.seed, fault, 3);
	struct billgen_event *event = NULL;

	for (int64_t n = 0; n < gen->options.faults; n++) {
		for (int tries = 0; event == NULL && tries < TRIES_PER_FAULT; tries++) {
			event = &gen->events[billgen_roll(&dice, gen->options.events)];
			if (event->fault != GEN_NO_FAULT || event->end == GEN_ERROR)
				event = NULL;
		}
		if (event == NULL)
			return; /* none is left */
		billgen_prepare(gen, fault, &dice, event);
		event->fault = (uint8_t)fault;
		gen->injected[fault]++;
		event = NULL;
	}
}

void billgen_start(struct billgen *gen, const struct billgen_options *options)
{
	*gen = (struct billgen){ .options = *options };
	billgen_make_book(gen);
	gen->events = calloc((size_t)options->events, sizeof(*gen->events));
	if (gen->events == NULL)
		abort();
	for (int64_t i = 0; i < options->events; i++)
		make_event(gen, i, &gen->events[i]);
	for (int f = GEN_NO_FAULT + 1; f < GEN_FAULT_COUNT; f++)
		inject(gen, (enum billgen_fault)f);
}

void billgen_put_faults(const struct billgen *gen, struct buf *out)
{
	for (int64_t i = 0; i < gen->options.events; i++) {
		char amount[MONEY_TEXT_BYTES];
		struct billgen_rows rows;

		billgen_rows(gen, i, &rows);
		if (!rows.has_expected)
			continue;
		money_text(rows.expected.amount, amount);
		buf_addf(out, "%06lld %-11s %-18s %-15s %s\n", (long long)i,
		         billgen_model_name(gen->events[i].model),
		         billgen_fault_name(rows.expected.fault),
		         bill_cause_name(rows.expected.cause), amount);
	}
}

void billgen_release(struct billgen *gen)
{
	free(gen->events);
	*gen = (struct billgen){ .events = NULL };
}

int32_t billgen_wrong_output(const struct billgen_event *event)
{
	return event->count[COMPONENT_OUTPUT] / 2 + 7;
}

static void put_usage(const struct billgen_event *event, struct buf *out)
{
	const char *between = "";

	buf_add_cstr(out, ",\"api\":\"toll\",\"usage\":{");
	for (int i = 0; i < BILLGEN_COMPONENTS; i++) {
		enum component c = billgen_components[i];

		if (event->count[c] == 0 || c == COMPONENT_IMAGES_OUT)
			continue;
		buf_addf(out, "%s\"%s\":%d", between, component_info[c].key, event->count[c]);
		between = ",";
	}
	buf_add_cstr(out, "}");
	if (event->count[COMPONENT_IMAGES_OUT] > 0)
		buf_addf(out, ",\"images\":{\"n\":%d,\"size\":\"%s\",\"quality\":\"%s\"}",
		         event->count[COMPONENT_IMAGES_OUT], billgen_sizes[event->kind],
		         billgen_qualities[event->kind]);
}

static void put_chat(const struct billgen_event *event, struct buf *out)
{
	const int32_t *count = event->count;
	int32_t prompt = count[COMPONENT_INPUT] + count[COMPONENT_CACHE_READ];
	int32_t answer = count[COMPONENT_OUTPUT] + count[COMPONENT_REASONING];

	buf_addf(out,
	         ",\"api\":\"openai.chat\",\"usage\":{\"prompt_tokens\":%d,"
	         "\"completion_tokens\":%d,\"total_tokens\":%d,"
	         "\"prompt_tokens_details\":{\"cached_tokens\":%d},"
	         "\"completion_tokens_details\":{\"reasoning_tokens\":%d}}",
	         prompt, answer, prompt + answer, count[COMPONENT_CACHE_READ],
	         count[COMPONENT_REASONING]);
}

static void put_used(const struct billgen_event *event, struct buf *out)
{
	struct billgen_event sent = *event;

	if (event->fault == GEN_EVENT_CORRECTED)
		sent.count[COMPONENT_OUTPUT] = billgen_wrong_output(event);
	if (event->chat && event->model <= GEN_TIERS)
		put_chat(&sent, out);
	else
		put_usage(&sent, out);
}

static void put_line(const struct billgen_event *event, int64_t index, unsigned source,
                     struct buf *out)
{
	char time[MOMENT_TEXT_BYTES], key[BILLGEN_NAME_BYTES];

	moment_text(event->time_ms, time);
	billgen_key(event, key);
	buf_addf(out,
	         "{\"id\":\"ev-%06lld\",\"upstream_id\":\"up-%06lld\",\"source\":\"gw-%u\","
	         "\"time\":\"%s\",\"account\":\"%s\",\"key\":\"%s\",\"model\":\"%s\"",
	         (long long)index, (long long)index, source + 1, time,
	         billgen_account(event->account), key, billgen_model_name(event->model));
	if (event->model == GEN_TIERS)
		buf_addf(out, ",\"service_tier\":\"%s\"", billgen_tiers[event->tier]);
	if (event->end == GEN_STOP)
		buf_add_cstr(out, ",\"finish_reason\":\"stop\"");
	if (event->end == GEN_CANCELLED)
		buf_addf(out,
		         ",\"finish_reason\":\"cancelled\",\"settlement\":\"abandoned\","
		         "\"served\":%d",
		         event->served);
	if (event->end == GEN_ERROR)
		buf_addf(out, ",\"status\":%d", ERROR_STATUS);
	else
		put_used(event, out);
	buf_add_cstr(out, "}\n");
}

void billgen_lines(const struct billgen *gen, int64_t index, struct buf *out)
{
	const struct billgen_event *event = &gen->events[index];

	if (event->no_line)
		return;
	put_line(event, index, event->source, out);
	if (event->fault == GEN_EVENT_TWICE)
		put_line(event, index, (event->source + 1U) % BILLGEN_SOURCES, out);
}
