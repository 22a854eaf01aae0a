/*
 * Differences by the sums they belong to: the hour and the names of a rollup, without its price.
 * What a run of adjustments is made of, collected in memory.  Inside lib/ingest.
 */
#ifndef TOLL_INGEST_DIFFERENCES_H
#define TOLL_INGEST_DIFFERENCES_H

#include "base/arena.h"
#include "ledger/adjust.h"

enum { DIFFERENCES_MAX = 1 << 18 }; /* sums of one run, some 200 bytes each */

struct differences {
	struct adjustment *rows; /* hour, names, events and amount; its texts are in the arena */
	size_t count, cap;
	uint32_t *slots; /* index + 1 into rows; 0: empty; slot_count a power of two */
	size_t slot_count;
	struct arena arena;
};

/*
 * Adds the events and the amount of `add` to the sum of its hour and its names.  -FAULT_RANGE, with
 * what to do: there are more sums than DIFFERENCES_MAX, or the amount is none.
 */
int differences_add(struct differences *differences, const struct adjustment *add,
                    struct fault *fault);
/* Takes out the sums that came to nothing: the last of all, but a clear. */
void differences_drop_zeros(struct differences *differences);
void differences_clear(struct differences *differences);
void differences_release(struct differences *differences);

#endif
