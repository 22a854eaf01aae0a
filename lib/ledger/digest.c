#include "ledger/digest.h"

#include <string.h>

#include "ledger/internal.h"
#include "usage/kinds.h"

enum { DIGEST_VERSION = 1, PARTS = SHA256_BYTES / 8, NAMES = 9 };

/* Where the next byte goes: there is room for all of them (digest_bytes()). */
struct writing {
	char *at;
};

/* Each value as 8 bytes, the lowest first. */
static void add_int(struct writing *to, int64_t value)
{
	uint64_t bits = (uint64_t)value;

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	bits = __builtin_bswap64(bits);
#endif
	memcpy(to->at, &bits, sizeof(bits));
	to->at += sizeof(bits);
}

static void add_money(struct writing *to, struct money amount)
{
	add_int(to, (int64_t)(uint64_t)amount.attos);
	add_int(to, (int64_t)(amount.attos >> 64));
}

/* Its length before it, so that two texts never run together; absent is as empty. */
static void add_text(struct writing *to, struct text text)
{
	size_t len = text.at != NULL ? text.len : 0;

	add_int(to, (int64_t)len);
	if (len > 0)
		memcpy(to->at, text.at, len);
	to->at += len;
}

static void add_cstr(struct writing *to, const char *text)
{
	add_text(to, text_of(text));
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
static void add_kinds(struct writing *to, const struct usage *usage)
{
	const struct usage_kind *sorted[USAGE_KINDS_MAX];
	unsigned count = 0;

	for (unsigned i = 0; i < usage->kind_count; i++) {
		unsigned at = count++;

		for (; at > 0 && kind_order(&usage->kinds[i], sorted[at - 1]) < 0; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = &usage->kinds[i];
	}
	add_int(to, count);
	for (unsigned i = 0; i < count; i++) {
		add_cstr(to, component_info[sorted[i]->component].key);
		add_cstr(to, sorted[i]->size);
		add_cstr(to, sorted[i]->quality);
		add_cstr(to, sorted[i]->kind);
		add_int(to, sorted[i]->number);
		add_int(to, sorted[i]->n);
	}
}

static void add_counts(struct writing *to, const struct usage *usage)
{
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		if (usage->count[c] == 0)
			continue;
		add_cstr(to, component_info[c].key);
		add_int(to, usage->count[c]);
	}
	add_cstr(to, ""); /* no component has this key: their end */
}

/* More than what is written of it can be. */
static size_t digest_bytes(const struct event *event, const struct text names[], size_t count)
{
	enum {
		NUMBERS = 64,       /* of 8 bytes, and the lengths of texts */
		KEY_BYTES_MAX = 32, /* of a component: the schema keeps them so */
		COUNT_BYTES = KEY_BYTES_MAX + 16,
		KIND_BYTES = KEY_BYTES_MAX + 3 * KIND_WORD_BYTES + 6 * 8,
	};
	size_t bytes = 8 * NUMBERS + COMPONENT_COUNT * COUNT_BYTES + USAGE_KINDS_MAX * KIND_BYTES +
	               event->id.len;

	for (size_t i = 0; i < count; i++)
		bytes += names[i].at != NULL ? names[i].len : 0;
	return bytes + (event->extra.at != NULL ? event->extra.len : 0);
}

int event_row_digest(const struct event_row *row, struct buf *room,
                     unsigned char digest_out[SHA256_BYTES], struct fault *fault)
{
	const struct event *event = &row->stored.event;
	const struct text names[NAMES] = {
		event->source, event->account,      event->key,
		event->model,  event->provider,     event->api,
		event->region, event->service_tier, event->finish_reason
	};
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
	size_t room_bytes = digest_bytes(event, names, NAMES);
	struct writing to;

	buf_clear(room);
	to.at = buf_room(room, room_bytes);
	if (to.at == NULL)
		return fault_set(fault, FAULT_NOMEM, "a digest: out of memory");
	add_int(&to, DIGEST_VERSION);
	add_int(&to, event->time_ms);
	add_text(&to, event->id);
	for (size_t i = 0; i < NAMES; i++)
		add_text(&to, names[i]);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		add_int(&to, numbers[i]);
	add_money(&to, row->stored.amount);
	add_money(&to, row->stored.cost);
	add_counts(&to, &event->usage);
	add_kinds(&to, &event->usage);
	add_text(&to, event->extra);
	assert((size_t)(to.at - room->at) <= room_bytes);
	sha256(room->at, (size_t)(to.at - room->at), digest_out);
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
