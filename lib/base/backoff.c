#include "base/backoff.h"

#include <assert.h>

void backoff_init(struct backoff *backoff, unsigned first_ms, unsigned cap_ms, uint64_t seed)
{
	assert(first_ms > 0 && first_ms <= cap_ms);
	*backoff = (struct backoff){ .state = seed, .first_ms = first_ms, .cap_ms = cap_ms };
}

/* splitmix64 */
static uint64_t random_next(struct backoff *backoff)
{
	uint64_t z = (backoff->state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

unsigned backoff_next_ms(struct backoff *backoff)
{
	uint64_t limit = (uint64_t)backoff->first_ms << backoff->tries;

	if (limit < backoff->cap_ms)
		backoff->tries++;
	else
		limit = backoff->cap_ms;
	return 1 + (unsigned)(random_next(backoff) % limit);
}

void backoff_reset(struct backoff *backoff)
{
	backoff->tries = 0;
}
