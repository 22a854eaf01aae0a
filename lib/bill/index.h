/*
 * The rows of a statement by something that is looked up: 16 bytes an entry, a hash and the place
 * of the row in its spool.  A hit is a candidate only: whoever looks up asks the row itself.
 *
 * Filled, sorted in place (no memory beside it but 4 bytes for each eight entries), then only
 * looked up.  The same entries give the same order, whatever order they were added in.  One thread.
 */
#ifndef TOLL_BILL_INDEX_H
#define TOLL_BILL_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

/* Beside the place of an entry, for whoever walks the rows again. */
#define BILL_TAKEN  (UINT64_C(1) << 63) /* a pair has it */
#define BILL_REPEAT (UINT64_C(1) << 62) /* it is the same as a row before it */
#define BILL_PLACE  (BILL_REPEAT - 1)

struct bill_entry {
	uint64_t hash;
	uint64_t place; /* and BILL_TAKEN, BILL_REPEAT */
};

struct bill_index {
	struct bill_entry *entries;
	size_t count, cap;
	uint32_t *directory; /* the first entry whose hash begins with these bits, or a later one */
	unsigned bits;       /* of a hash */
	uint64_t *met;       /* a bit for each of the first bits of a hash: some entry has them */
	unsigned met_bits;
};

/* -FAULT_NOMEM; -FAULT_RANGE: more than UINT32_MAX - 1.  So many entries in all. */
int bill_index_reserve(struct bill_index *index, size_t count, struct fault *fault);
/* Grows where nothing was reserved. */
int bill_index_add(struct bill_index *index, uint64_t hash, int64_t place, struct fault *fault);
/* Behind the last: by hash, then by place. */
int bill_index_sort(struct bill_index *index, struct fault *fault);
/* The same, and drops every entry whose hash no other one has. */
int bill_index_sort_repeated(struct bill_index *index, struct fault *fault);
/* Those with this hash, by place; NULL: there is none. */
struct bill_entry *bill_index_find(const struct bill_index *index, uint64_t hash,
                                   size_t *count_out);
/* The entry of a row, of all or of such a run; NULL: there is none. */
struct bill_entry *bill_index_at(const struct bill_index *index, uint64_t hash, int64_t place);
struct bill_entry *bill_run_at(struct bill_entry *run, size_t count, int64_t place);
void bill_index_release(struct bill_index *index); /* takes a zeroed one */

#endif
