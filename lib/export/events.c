#include "export/events.h"

#include <stdio.h>

#include "base/moment.h"
#include "ledger/store.h"
#include "usage/kinds.h"

static const char *const turn_names[TURN_COUNT] = { "", "turn", "ended" };

static void put_text(struct buf *out, const char *key, struct text value)
{
	if (value.at != NULL)
		buf_add_member(out, key, value);
}

static void put_int(struct buf *out, const char *key, int64_t value)
{
	if (value != EVENT_ABSENT)
		buf_addf(out, ",\"%s\":%lld", key, (long long)value);
}

static bool is_image(enum component c)
{
	return component_info[c].unit == UNIT_IMAGE;
}

/* Images stand beside it, of their kinds.  That no request counts is said, or one would. */
static void put_usage(struct buf *out, const struct usage *usage)
{
	buf_addf(out, ",\"usage\":{\"requests\":%lld", (long long)usage->count[COMPONENT_REQUESTS]);
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (usage->count[c] != 0 && c != COMPONENT_REQUESTS && !is_image((enum component)c))
			buf_addf(out, ",\"%s\":%lld", component_info[c].key,
			         (long long)usage->count[c]);
	}
	buf_add_cstr(out, "}");
	usage_kinds_json(usage, out);
}

static void put_tags(struct buf *out, const struct json *doc, uint32_t tags)
{
	const char *comma = "";

	buf_add_cstr(out, ",\"tags\":{");
	for (uint32_t k = json_first(doc, tags); k != JSON_NONE; k = json_next(doc, tags, k)) {
		buf_add_cstr(out, comma);
		buf_add_json(out, doc->nodes[k].text);
		buf_add_cstr(out, ":");
		buf_add_json(out, json_string(doc, k + 1));
		comma = ",";
	}
	buf_add_cstr(out, "}");
}

/* What is kept beside an event, under the keys that a line has for it. */
static int put_extra(struct buf *out, const struct event *event, struct json *doc,
                     struct fault *fault)
{
	static const char *const keys[] = { "upstream_id", "upstream_cost" };
	uint32_t tags;
	int r;

	if (event->extra.at == NULL)
		return 0;
	r = json_parse(doc, event->extra, fault);
	if (r == -FAULT_NOMEM)
		return r;
	if (r < 0)
		return fault_set(fault, FAULT_CORRUPT,
		                 "event %.*s: what is kept beside it is no JSON",
		                 TEXT_ARGS(event->id));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		put_text(out, keys[i], json_string(doc, json_member(doc, 0, keys[i])));
	tags = json_member(doc, 0, "tags");
	if (tags != JSON_NONE && json_type_of(doc, tags) == JSON_OBJECT)
		put_tags(out, doc, tags);
	return 0;
}

/* "" where there is none: it waits for a price, or has no cost. */
static const char *amount_text(int64_t price_id, struct money amount, char text[MONEY_TEXT_BYTES])
{
	text[0] = '\0';
	if (price_id >= LEDGER_PRICE_NONE)
		money_text(amount, text);
	return text;
}

static void put_stored(struct buf *out, const struct stored_event *stored)
{
	char text[MONEY_TEXT_BYTES];

	buf_addf(out, ",\"stored\":{\"price_id\":%lld", (long long)stored->price_id);
	put_text(out, "api", stored->event.api);
	if (stored->event.turn != TURN_NONE)
		put_text(out, "turn", text_of(turn_names[stored->event.turn]));
	if (stored->price_id != LEDGER_PRICE_SUSPENSE)
		put_text(out, "amount",
		         text_of(amount_text(stored->price_id, stored->amount, text)));
	if (stored->cost_id >= LEDGER_PRICE_NONE)
		put_text(out, "cost", text_of(amount_text(stored->cost_id, stored->cost, text)));
	if (stored->policy != 0)
		put_int(out, "policy", stored->policy);
	buf_add_cstr(out, "}");
}

int export_event_line(struct buf *out, const struct stored_event *stored, struct json *doc,
                      struct fault *fault)
{
	const struct event *event = &stored->event;
	char moment[MOMENT_TEXT_BYTES];
	int r;

	moment_text(event->time_ms, moment);
	buf_add_cstr(out, "{\"id\":");
	buf_add_json(out, event->id);
	put_text(out, "source", event->source);
	put_text(out, "time", text_of(moment));
	put_text(out, "account", event->account);
	put_text(out, "key", event->key);
	put_text(out, "model", event->model);
	put_text(out, "provider", event->provider);
	put_text(out, "api", text_of("toll"));
	put_text(out, "service_tier", event->service_tier);
	put_text(out, "region", event->region);
	put_text(out, "finish_reason", event->finish_reason);
	put_int(out, "status", event->status);
	put_int(out, "latency_ms", event->latency_ms);
	put_int(out, "ttft_ms", event->ttft_ms);
	put_text(out, "settlement", text_of(settlement_name(event->settlement)));
	put_text(out, "provenance", text_of(provenance_name(event->provenance)));
	put_int(out, "served", event->served);
	if (event->stream)
		buf_add_cstr(out, ",\"stream\":true");
	put_usage(out, &event->usage);
	r = put_extra(out, event, doc, fault);
	put_stored(out, stored);
	buf_add_cstr(out, "}\n");
	return r;
}

void export_event_columns(struct table *table)
{
	static const struct {
		const char *key;
		enum table_type type;
	} before[] = {
		{ "time", TABLE_TIME },
		{ "source", TABLE_TEXT },
		{ "id", TABLE_TEXT },
		{ "account", TABLE_TEXT },
		{ "key", TABLE_TEXT },
		{ "model", TABLE_TEXT },
		{ "provider", TABLE_TEXT },
		{ "api", TABLE_TEXT },
		{ "service_tier", TABLE_TEXT },
		{ "region", TABLE_TEXT },
		{ "finish_reason", TABLE_TEXT },
		{ "status", TABLE_COUNT },
		{ "latency_ms", TABLE_COUNT },
		{ "ttft_ms", TABLE_COUNT },
		{ "stream", TABLE_COUNT },
		{ "settlement", TABLE_TEXT },
		{ "provenance", TABLE_TEXT },
		{ "served", TABLE_COUNT },
		{ "turn", TABLE_TEXT },
		{ "price_id", TABLE_COUNT },
		{ "amount", TABLE_AMOUNT },
		{ "cost", TABLE_AMOUNT },
		{ "policy", TABLE_COUNT },
		{ "kinds", TABLE_TEXT },
		{ "extra", TABLE_TEXT },
	};

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		table_column(table, before[i].key, before[i].key, before[i].type, false);
	/* Last: there may be more of them one day. */
	for (int c = 0; c < COMPONENT_COUNT; c++)
		table_column(table, component_info[c].key, component_info[c].key, TABLE_COUNT,
		             false);
}

/* "{"kinds":[...]}", absent where nothing is said of any. */
static struct text kinds_text(const struct usage *usage, struct buf *room)
{
	usage_kinds_json(usage, room);
	if (room->len == 0)
		return text_of(NULL);
	room->at[0] = '{'; /* in place of the comma */
	buf_add_cstr(room, "}");
	return buf_text(room);
}

void export_event_row(struct table *table, const struct stored_event *stored)
{
	const struct event *event = &stored->event;
	char moment[MOMENT_TEXT_BYTES], amount[MONEY_TEXT_BYTES], cost[MONEY_TEXT_BYTES];
	const int64_t numbers[] = { event->status, event->latency_ms, event->ttft_ms };
	struct buf kinds = { .at = NULL };
	size_t row = table_row(table), at = 0;

	moment_text(event->time_ms, moment);
	const struct text names[] = {
		text_of(moment), event->source,        event->id,
		event->account,  event->key,           event->model,
		event->provider, event->api,           event->service_tier,
		event->region,   event->finish_reason,
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		table_set(table, row, at++, names[i]);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++, at++) {
		if (numbers[i] != EVENT_ABSENT)
			table_set_count(table, row, at, numbers[i]);
	}
	table_set_count(table, row, at++, event->stream);
	table_set(table, row, at++, text_of(settlement_name(event->settlement)));
	table_set(table, row, at++, text_of(provenance_name(event->provenance)));
	if (event->served != EVENT_ABSENT)
		table_set_count(table, row, at, event->served);
	at++;
	table_set(table, row, at++, text_of(turn_names[event->turn]));
	table_set_count(table, row, at++, stored->price_id);
	table_set(table, row, at++, text_of(amount_text(stored->price_id, stored->amount, amount)));
	table_set(table, row, at++, text_of(amount_text(stored->cost_id, stored->cost, cost)));
	table_set_count(table, row, at++, stored->policy);
	table_set(table, row, at++, kinds_text(&event->usage, &kinds));
	table_set(table, row, at++, event->extra);
	for (int c = 0; c < COMPONENT_COUNT; c++)
		table_set_count(table, row, at++, event->usage.count[c]);
	if (kinds.error != 0)
		table->error = kinds.error;
	buf_release(&kinds);
}
