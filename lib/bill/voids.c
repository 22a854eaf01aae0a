#include "bill/voids.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/moment.h"

static int no_memory(struct fault *fault)
{
	return fault_set(fault, FAULT_NOMEM, "what is void here: out of memory");
}

static uint64_t id_hash(struct text id)
{
	return hash64(id.at, id.len, 0);
}

void bill_voids_clear(struct bill_voids *voids)
{
	voids->count = 0;
	voids->more = 0;
	arena_reset(&voids->arena);
	bill_index_release(&voids->index);
}

/* The request of a turn, noted just before it; NULL: it is not there. */
static struct bill_void *find_request(struct bill_voids *voids, const struct bill_void *turn,
                                      struct text request)
{
	for (size_t i = voids->count; i > 0 && voids->at[i - 1].time_ms == turn->time_ms; i--) {
		struct bill_void *was = &voids->at[i - 1];

		if (text_equal(was->id, request) && text_equal(was->source, turn->source))
			return was;
	}
	return NULL;
}

/* Where a sum is none it stays that of the request alone: it is told, and not reckoned with. */
static void add_turn(struct bill_void *to, const struct bill_void *turn)
{
	struct money sum;

	if (money_add(to->amount, turn->amount, &sum) == 0)
		to->amount = sum;
	for (int c = 0; c < COMPONENT_COUNT; c++) {
		int64_t count;

		if (!__builtin_add_overflow(to->count[c], turn->count[c], &count))
			to->count[c] = count;
	}
}

static int copy(struct bill_voids *voids, struct bill_void *to)
{
	struct text *const texts[] = { &to->source, &to->id, &to->upstream_id, &to->key,
		                       &to->model };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i]->at == NULL)
			continue;
		*texts[i] = arena_copy(&voids->arena, *texts[i]);
		if (texts[i]->at == NULL)
			return -FAULT_NOMEM;
	}
	return 0;
}

int bill_voids_add(struct bill_voids *voids, const struct bill_void *more, struct text turn_of,
                   struct fault *fault)
{
	struct bill_void *request = turn_of.at == NULL ? NULL : find_request(voids, more, turn_of);

	if (request != NULL) {
		add_turn(request, more);
		return 0;
	}
	if (voids->count == BILL_VOIDS_MAX) {
		voids->more++;
		return 0;
	}
	if (voids->count == voids->cap) {
		size_t cap = voids->cap > 0 ? 2 * voids->cap : 16;
		struct bill_void *grown = realloc(voids->at, cap * sizeof(*grown));

		if (grown == NULL)
			return no_memory(fault);
		voids->at = grown;
		voids->cap = cap;
	}
	voids->at[voids->count] = *more;
	if (copy(voids, &voids->at[voids->count]) < 0)
		return no_memory(fault);
	voids->count++;
	return 0;
}

static int make_index(struct bill_voids *voids, struct fault *fault)
{
	int r = 0;

	for (size_t i = 0; i < voids->count && r == 0; i++) {
		const struct bill_void *was = &voids->at[i];

		r = bill_index_add(&voids->index, id_hash(was->id), (int64_t)i, fault);
		if (r == 0 && was->upstream_id.at != NULL)
			r = bill_index_add(&voids->index, id_hash(was->upstream_id), (int64_t)i,
			                   fault);
	}
	return r < 0 ? r : bill_index_sort(&voids->index, fault);
}

int bill_voids_find(struct bill_voids *voids, struct text id, struct text source,
                    const struct bill_void **void_out, struct fault *fault)
{
	const struct bill_entry *run;
	size_t count = 0;
	int r = 0;

	*void_out = NULL;
	if (voids->count == 0 || id.at == NULL)
		return 0;
	if (voids->index.count == 0)
		r = make_index(voids, fault);
	if (r < 0)
		return r;
	run = bill_index_find(&voids->index, id_hash(id), &count);
	for (size_t i = 0; run != NULL && i < count; i++) {
		const struct bill_void *was = &voids->at[run[i].place];

		if ((text_equal(was->id, id) || text_equal(was->upstream_id, id)) &&
		    (source.at == NULL || text_equal(was->source, source)))
			*void_out = was;
	}
	return 0;
}

size_t bill_voids_from(const struct bill_voids *voids, int64_t time_ms)
{
	size_t low = 0, high = voids->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (voids->at[middle].time_ms < time_ms)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void bill_void_why(const struct bill_void *was, char why[BILL_VOID_BYTES])
{
	char at[MOMENT_TEXT_BYTES], amount[MONEY_TEXT_BYTES];

	moment_text(was->at_ms, at);
	money_text(was->amount, amount);
	snprintf(why, BILL_VOID_BYTES, "void here since %s%s, %s until then: %s", at,
	         was->twin ? " as a second of one id" : "", amount, was->reason);
}

void bill_voids_release(struct bill_voids *voids)
{
	free(voids->at);
	arena_release(&voids->arena);
	bill_index_release(&voids->index);
	*voids = (struct bill_voids){ .at = NULL };
}
