/*
 * Memory that is given back all at once: a chain of blocks, bump allocated.
 * The bytes stay where they are until arena_reset() or arena_release().
 * One thread at a time; handing an arena over hands over all it holds.
 */
#ifndef TOLL_BASE_ARENA_H
#define TOLL_BASE_ARENA_H

#include <stddef.h>

#include "base/text.h"

enum {
	ARENA_BLOCK_BYTES = 256 * 1024,
	ARENA_ALIGN = 16, /* what __int128, and so struct money, needs */
};

struct arena_block;

struct arena {
	struct arena_block *first; /* kept by a reset; the others are freed */
	struct arena_block *current;
	size_t used_bytes; /* handed out since the reset */
};

/* NULL when memory is short.  Aligned to ARENA_ALIGN bytes, not cleared. */
void *arena_take(struct arena *arena, size_t len);
/* A copy of t, ended by a NUL that is not counted; absent on no memory. */
struct text arena_copy(struct arena *arena, struct text t);
void arena_reset(struct arena *arena);
void arena_release(struct arena *arena);

#endif
