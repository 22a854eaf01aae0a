#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

struct arena_block {
	struct arena_block *next;
	size_t used, cap;
	_Alignas(ARENA_ALIGN) char bytes[];
};

static struct arena_block *block_new(size_t len)
{
	size_t cap = len > ARENA_BLOCK_BYTES ? len : ARENA_BLOCK_BYTES;
	struct arena_block *block = malloc(sizeof(*block) + cap);

	if (block == NULL)
		return NULL;
	block->next = NULL;
	block->used = 0;
	block->cap = cap;
	return block;
}

void *arena_take(struct arena *arena, size_t len)
{
	struct arena_block *block = arena->current;
	void *at;

	if (len > SIZE_MAX / 2)
		return NULL;
	len = (len + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	if (block == NULL || block->cap - block->used < len) {
		block = block_new(len);
		if (block == NULL)
			return NULL;
		if (arena->current != NULL)
			arena->current->next = block;
		else
			arena->first = block;
		arena->current = block;
	}
	at = block->bytes + block->used;
	block->used += len;
	arena->used_bytes += len;
	return at;
}

struct text arena_copy(struct arena *arena, struct text t)
{
	char *at = arena_take(arena, t.len + 1);

	if (at == NULL)
		return (struct text){ NULL, 0 };
	text_copy(at, t.len + 1, t);
	return (struct text){ at, t.len };
}

static void free_chain(struct arena_block *block)
{
	while (block != NULL) {
		struct arena_block *next = block->next;

		free(block);
		block = next;
	}
}

void arena_reset(struct arena *arena)
{
	struct arena_block *first = arena->first;

	if (first == NULL)
		return;
	free_chain(first->next);
	first->next = NULL;
	first->used = 0;
	arena->current = first;
	arena->used_bytes = 0;
	/* One huge line must not hold its memory for ever. */
	if (first->cap > ARENA_BLOCK_BYTES)
		arena_release(arena);
}

void arena_release(struct arena *arena)
{
	free_chain(arena->first);
	*arena = (struct arena){ NULL, NULL, 0 };
}
