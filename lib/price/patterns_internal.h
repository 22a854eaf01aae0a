/* Inside lib/price: the index of patterns as patterns_build.c makes it and patterns.c reads it. */
#ifndef TOLL_PRICE_PATTERNS_INTERNAL_H
#define TOLL_PRICE_PATTERNS_INTERNAL_H

#include "base/arena.h"
#include "price/patterns.h"

/*
 * A look-up in a name of L bytes takes at most (L + 1) * (PATTERNS_BYTE_STEPS +
 * passes * PATTERNS_PASS_STEPS) steps, `passes` being those of the set.  A step is a
 * comparison of two bytes, or of two places in a sorted list.
 */
enum {
	PATTERNS_BYTE_STEPS = 9 + 9 + 24, /* front, back, and the search at a beginning */
	PATTERNS_PASS_STEPS = 2 * 9,      /* each byte moves on and falls back once, at most */
};

/*
 * Tries, level by level: the roots first, the children of a node side by side and
 * sorted.  No node is a root's parent, so that 0 says that there is no child.
 */
struct pattern_trie {
	uint32_t *first;      /* children of n: first[n] to first[n + 1] - 1 */
	unsigned char *label; /* the byte that leads to a node */
	uint32_t *value;
	size_t node_count;
};

/* From this suffix on, up to the next stop, `best` is the best of the group. */
struct pattern_stop {
	uint32_t suffix, best;
};

/* A pattern that is compared by itself: P*M*N*S. */
struct pattern_loose {
	uint32_t rank;
	uint32_t at;         /* into bytes: what stands behind "P*" */
	uint16_t len;        /* of that, stars included */
	uint16_t suffix_len; /* behind the last star */
	uint16_t least_len;  /* without the stars: what a name must have behind P */
};

/* The patterns with the same text before their first star. */
struct pattern_group {
	uint32_t best;                   /* of all in it */
	uint32_t stop, stop_count;       /* those of one star; 0: none */
	uint32_t inner_root, inner_best; /* P*M*; PATTERNS_NONE: none */
	uint32_t loose, loose_count;
};

struct patterns {
	struct arena arena;           /* holds all of it */
	struct pattern_trie prefixes; /* value: a group, or PATTERNS_NONE */
	struct pattern_trie suffixes; /* of reversed texts; value: the longest suffix read */
	struct pattern_trie inners;   /* a root for each group; value: the best that ends here */
	uint32_t *fail;               /* of inners: the longest end of it that is a node, too */
	struct pattern_group *groups;
	struct pattern_stop *stops;
	struct pattern_loose *loose; /* of a group: by precedence */
	unsigned char *bytes;
	unsigned char *borders; /* of each byte: the longest border of its text up to there */
	uint32_t passes;        /* that a name can need, at most */
};

/* 0: no such child. */
static inline uint32_t pattern_child(const struct pattern_trie *trie, uint32_t node,
                                     unsigned char byte, size_t *steps)
{
	uint32_t low = trie->first[node], high = trie->first[node + 1];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		++*steps;
		if (trie->label[middle] == byte)
			return middle;
		if (trie->label[middle] < byte)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

/* patterns_find(), and what it took. */
uint32_t patterns_find_steps(const struct patterns *patterns, struct text name, size_t *steps_out);

#endif
