#include "ledger/digest.h"

#include <string.h>

#include "ledger/internal.h"
#include "usage/kinds.h"

enum { DIGEST_VERSION = 1, PARTS = SHA256_BYTES / 8 };

/* Each value as 8 bytes, the lowest first. */
static void add_int(struct buf *room, int64_t value)
{
	uint64_t bits = (uint64_t)value;
	unsigned char bytes[8];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(bits >> (8 * i));
	buf_add(room, bytes, sizeof(bytes));
}

static void add_money(struct buf *room, struct money amount)
{
	add_int(room, (int64_t)(uint64_t)amount.attos);
	add_int(room, (int64_t)(amount.attos >> 64));
}

/* Its length before it, so that two texts never run together; absent is as empty. */
static void add_text(struct buf *room, struct text text)
{
	add_int(room, text.at != NULL ? (int64_t)text.len : 0);
	if (text.at != NULL)
		buf_add_text(room, text);
}

static void add_cstr(struct buf *room, const char *text)
{
	add_text(room, text_of(text));
}

static int kind_order(const struct usage_kind *a, const struct usage_kind *b)
{
	int order = strcmp(component_info[a->component].key, component_info[b->component].key);

	if (order == 0)
		order = strcmp(a->size, b->size);
	if (order == 0)
		order = strcmp(a->quality, b->quality);
	if (order == 0)
		order = strcmp(a->kind, b->kind);
	return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

/* They are stored in no order: here in the one of their words. */
static void add_kinds(struct buf *room, const struct usage *usage)
{
	const struct usage_kind *sorted[USAGE_KINDS_MAX];
	unsigned count = 0;

	for (unsigned i = 0; i < usage->kind_count; i++) {
		unsigned at = count++;

		for (; at > 0 && kind_order(&usage->kinds[i], sorted[at - 1]) < 0; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = &usage->kinds[i];
	}
	add_int(room, count);
	for (unsigned i = 0; i < count; i++) {
		add_cstr(room, component_info[sorted[i]->component].key);
		add_cstr(room, sorted[i]->size);
		add_cstr(room, sorted[i]->quality);
		add_cstr(room, sorted[i]->kind);
		add_int(room, sorted[i]->number);
		add_int(room, sorted[i]->n);
	}
}

static void add_counts(struct buf *room, const struct usage *usage)
{
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (usage->count[c] == 0)
			continue;
		add_cstr(room, component_info[c].key);
		add_int(room, usage->count[c]);
	}
	add_cstr(room, ""); /* no component has this key: their end */
}

int event_row_digest(const struct event_row *row, struct buf *room,
                     unsigned char digest_out[SHA256_BYTES], struct fault *fault)
{
	const struct event *event = &row->stored.event;
	const struct text names[] = { event->source, event->account,      event->key,
		                      event->model,  event->provider,     event->api,
		                      event->region, event->service_tier, event->finish_reason };
	const int64_t numbers[] = {
		event->status,
		event->latency_ms,
		event->ttft_ms,
		event->served,
		event->stream,
		row->stored.unknown,
		event->settlement,
		event->provenance,
		event->turn,
		row->stored.price_id,
		row->stored.policy,
		row->stored.cost_id,
		(int64_t)event->content_hash,
	};

	buf_clear(room);
	add_int(room, DIGEST_VERSION);
	add_int(room, event->time_ms);
	add_text(room, event->id);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		add_text(room, names[i]);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		add_int(room, numbers[i]);
	add_money(room, row->stored.amount);
	add_money(room, row->stored.cost);
	add_counts(room, &event->usage);
	add_kinds(room, &event->usage);
	add_text(room, event->extra);
	if (room->error != 0)
		return fault_set(fault, FAULT_NOMEM, "a digest: out of memory");
	sha256(room->at, room->len, digest_out);
	return 0;
}

struct digest_sum digest_sum_of(const unsigned char bytes[SHA256_BYTES])
{
	struct digest_sum sum = { { 0 } };

	for (size_t i = 0; i < SHA256_BYTES; i++)
		sum.part[i / 8] |= (uint64_t)bytes[i] << (8 * (i % 8));
	return sum;
}

void digest_sum_get(const struct digest_sum *sum, unsigned char bytes_out[SHA256_BYTES])
{
	for (size_t i = 0; i < SHA256_BYTES; i++)
		bytes_out[i] = (unsigned char)(sum->part[i / 8] >> (8 * (i % 8)));
}

void digest_sum_add(struct digest_sum *sum, const unsigned char digest[SHA256_BYTES])
{
	const struct digest_sum add = digest_sum_of(digest);
	unsigned __int128 carry = 0;

	for (int i = 0; i < PARTS; i++) {
		carry += (unsigned __int128)sum->part[i] + add.part[i];
		sum->part[i] = (uint64_t)carry;
		carry >>= 64;
	}
}

void digest_sum_take(struct digest_sum *sum, const unsigned char digest[SHA256_BYTES])
{
	const struct digest_sum take = digest_sum_of(digest);
	uint64_t borrow = 0;

	for (int i = 0; i < PARTS; i++) {
		uint64_t less = sum->part[i] - take.part[i];
		uint64_t below = sum->part[i] < take.part[i];

		sum->part[i] = less - borrow;
		borrow = below | (less < borrow);
	}
}

bool digest_sum_equal(const struct digest_sum *a, const struct digest_sum *b)
{
	return memcmp(a->part, b->part, sizeof(a->part)) == 0;
}
