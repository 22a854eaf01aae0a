#include "bill/index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	ENTRIES_MIN = 1024,
	FEW = 24,       /* so many are put in order, or looked at, one by one */
	PER_BUCKET = 8, /* entries of one line of the directory, about */
	BYTES = 16,     /* of an entry, as it is sorted by them */
	HASH_BYTES = 8,
	MET_PER_ENTRY = 8, /* bits: most of what is not there is seen by one look */
	MET_BITS_MAX = 27, /* 16 MiB of them */
};

static int no_memory(size_t count, struct fault *fault)
{
	return fault_set(fault, FAULT_NOMEM,
	                 "no memory to look up %zu rows of the statement (%zu MiB)", count,
	                 count * sizeof(struct bill_entry) >> 20);
}

int bill_index_reserve(struct bill_index *index, size_t count, struct fault *fault)
{
	struct bill_entry *grown;

	if (count <= index->cap)
		return 0;
	if (count >= UINT32_MAX)
		return fault_set(fault, FAULT_RANGE,
		                 "the statement has too many rows to look them up: %zu", count);
	grown = realloc(index->entries, count * sizeof(*grown));
	if (grown == NULL)
		return no_memory(count, fault);
	index->entries = grown;
	index->cap = count;
	return 0;
}

int bill_index_add(struct bill_index *index, uint64_t hash, int64_t place, struct fault *fault)
{
	assert(place >= 0 && (uint64_t)place <= BILL_PLACE && index->directory == NULL);
	if (index->count == index->cap) {
		size_t cap = index->cap + index->cap / 4;
		int r = bill_index_reserve(index, cap > ENTRIES_MIN ? cap : ENTRIES_MIN, fault);

		if (r < 0)
			return r;
	}
	index->entries[index->count++] = (struct bill_entry){ hash, (uint64_t)place };
	return 0;
}

static bool before(const struct bill_entry *a, const struct bill_entry *b)
{
	return a->hash != b->hash ? a->hash < b->hash : a->place < b->place;
}

/* Whatever is marked beside its place. */
static bool comes_before(const struct bill_entry *entry, uint64_t hash, uint64_t place)
{
	return entry->hash != hash ? entry->hash < hash : (entry->place & BILL_PLACE) < place;
}

static void sort_few(struct bill_entry *entries, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct bill_entry entry = entries[i];
		size_t to = i;

		for (; to > 0 && before(&entry, &entries[to - 1]); to--)
			entries[to] = entries[to - 1];
		entries[to] = entry;
	}
}

static unsigned byte_of(const struct bill_entry *entry, unsigned byte)
{
	uint64_t word = byte < HASH_BYTES ? entry->hash : entry->place;

	return (unsigned)(word >> (8 * (HASH_BYTES - 1 - byte % HASH_BYTES))) & 0xff;
}

/*
 * American flag sort (McIlroy, Bostic, McIlroy: Engineering Radix Sort, 1993): each entry is put
 * into the part of its byte, then each part is sorted by the next byte.
 */
static void sort(struct bill_entry *entries, size_t count, unsigned byte)
{
	size_t next[256], end[256], sum = 0;

	if (count <= FEW || byte == BYTES) {
		sort_few(entries, count);
		return;
	}
	memset(end, 0, sizeof(end));
	for (size_t i = 0; i < count; i++)
		end[byte_of(&entries[i], byte)]++;
	for (unsigned b = 0; b < 256; b++) {
		next[b] = sum;
		sum += end[b];
		end[b] = sum;
	}
	for (unsigned b = 0; b < 256; b++) {
		while (next[b] < end[b]) {
			struct bill_entry entry = entries[next[b]];
			unsigned to;

			while ((to = byte_of(&entry, byte)) != b) {
				struct bill_entry other = entries[next[to]];

				entries[next[to]++] = entry;
				entry = other;
			}
			entries[next[b]++] = entry;
		}
	}
	for (unsigned b = 0; b < 256; b++) {
		size_t from = b > 0 ? end[b - 1] : 0;

		if (end[b] - from > 1)
			sort(entries + from, end[b] - from, byte + 1);
	}
}

static size_t bucket(const struct bill_index *index, uint64_t hash)
{
	return index->bits == 0 ? 0 : (size_t)(hash >> (64 - index->bits));
}

static uint64_t met_bit(const struct bill_index *index, uint64_t hash)
{
	return hash >> (64 - index->met_bits);
}

static int make_directory(struct bill_index *index, struct fault *fault)
{
	size_t b = 0;

	while (((size_t)PER_BUCKET << index->bits) < index->count)
		index->bits++;
	index->met_bits = 6;
	while (index->met_bits < MET_BITS_MAX &&
	       ((size_t)1 << index->met_bits) < index->count * MET_PER_ENTRY)
		index->met_bits++;
	index->directory = calloc(((size_t)1 << index->bits) + 1, sizeof(*index->directory));
	index->met = calloc((size_t)1 << (index->met_bits - 6), sizeof(*index->met));
	if (index->directory == NULL || index->met == NULL)
		return no_memory(index->count, fault);
	for (size_t i = 0; i < index->count; i++) {
		uint64_t met = met_bit(index, index->entries[i].hash);

		while (b <= bucket(index, index->entries[i].hash))
			index->directory[b++] = (uint32_t)i;
		index->met[met >> 6] |= UINT64_C(1) << (met & 63);
	}
	while (b <= (size_t)1 << index->bits)
		index->directory[b++] = (uint32_t)index->count;
	return 0;
}

int bill_index_sort(struct bill_index *index, struct fault *fault)
{
	assert(index->directory == NULL);
	if (index->count > 0)
		sort(index->entries, index->count, 0);
	return make_directory(index, fault);
}

int bill_index_sort_repeated(struct bill_index *index, struct fault *fault)
{
	struct bill_entry *entries = index->entries;
	size_t kept = 0;

	assert(index->directory == NULL);
	if (index->count > 0)
		sort(entries, index->count, 0);
	for (size_t from = 0, to; from < index->count; from = to) {
		for (to = from + 1; to < index->count && entries[to].hash == entries[from].hash;)
			to++;
		if (to - from == 1)
			continue;
		memmove(&entries[kept], &entries[from], (to - from) * sizeof(*entries));
		kept += to - from;
	}
	index->count = index->cap = kept;
	if (kept == 0) {
		free(entries);
		index->entries = NULL;
	} else {
		entries = realloc(entries, kept * sizeof(*entries));
		/* What was not made smaller is as good. */
		index->entries = entries != NULL ? entries : index->entries;
	}
	return make_directory(index, fault);
}

/* Of a part in its order, the first that does not come before this place of this hash. */
static size_t first_from(const struct bill_entry *entries, size_t at, size_t end, uint64_t hash,
                         uint64_t place)
{
	/* A bucket is short, unless many rows share an id: "n/a" in all of them. */
	while (end - at > FEW) {
		size_t middle = at + (end - at) / 2;

		if (comes_before(&entries[middle], hash, place))
			at = middle + 1;
		else
			end = middle;
	}
	while (at < end && comes_before(&entries[at], hash, place))
		at++;
	return at;
}

struct bill_entry *bill_index_find(const struct bill_index *index, uint64_t hash, size_t *count_out)
{
	uint64_t met = met_bit(index, hash);
	size_t at, end;

	*count_out = 0;
	if ((index->met[met >> 6] >> (met & 63) & 1) == 0)
		return NULL;
	end = index->directory[bucket(index, hash) + 1];
	at = first_from(index->entries, index->directory[bucket(index, hash)], end, hash, 0);
	*count_out = first_from(index->entries, at, end, hash, UINT64_MAX) - at;
	return *count_out > 0 ? &index->entries[at] : NULL;
}

struct bill_entry *bill_run_at(struct bill_entry *run, size_t count, int64_t place)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if ((run[middle].place & BILL_PLACE) < (uint64_t)place)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && (run[low].place & BILL_PLACE) == (uint64_t)place ? &run[low] : NULL;
}

struct bill_entry *bill_index_at(const struct bill_index *index, uint64_t hash, int64_t place)
{
	uint64_t line = bucket(index, hash);
	size_t end = index->directory[line + 1];
	size_t at = first_from(index->entries, index->directory[line], end, hash, (uint64_t)place);

	if (at == end || index->entries[at].hash != hash ||
	    (index->entries[at].place & BILL_PLACE) != (uint64_t)place)
		return NULL;
	return &index->entries[at];
}

void bill_index_release(struct bill_index *index)
{
	free(index->entries);
	free(index->directory);
	free(index->met);
	*index = (struct bill_index){ .entries = NULL };
}
