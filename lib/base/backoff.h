/*
 * When to try again: exponential backoff with full jitter.  The n-th wait since the last
 * success is any of 1 .. min(cap, first * 2^n) ms, all alike, so that those who lost the same
 * peer do not come back together.  No clock; the seed is the caller's: the same seed gives the
 * same waits.
 */
#ifndef TOLL_BASE_BACKOFF_H
#define TOLL_BASE_BACKOFF_H

#include <stdint.h>

struct backoff {
	uint64_t state; /* of the generator */
	unsigned first_ms, cap_ms;
	unsigned tries; /* since the last success; stays where the cap is reached */
};

/* 1 <= first_ms <= cap_ms. */
void backoff_init(struct backoff *backoff, unsigned first_ms, unsigned cap_ms, uint64_t seed);
/* The next wait, never 0. */
unsigned backoff_next_ms(struct backoff *backoff);
/* It went well: the next wait is a first one again. */
void backoff_reset(struct backoff *backoff);

#endif
