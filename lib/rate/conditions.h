/*
 * Whether the conditions of an entry of a price book hold for a request.  Inside lib/rate.
 * Pure; any thread.
 */
#ifndef TOLL_RATE_CONDITIONS_H
#define TOLL_RATE_CONDITIONS_H

#include "rate/rating.h"

/* What conditions are asked against, found out once a request. */
struct asked {
	int64_t prompt_total;
	struct text tier, region;
	unsigned minute;  /* of the day, UTC */
	unsigned weekday; /* 0: Monday */
	char room[BOOK_TIER_BYTES];
};

/* Only what these bits of WHEN_* ask for: the rest is left as it was. */
void asked_fill(struct asked *asked, const struct rating_request *request, unsigned asks);

bool context_holds(enum context_test test, int64_t tokens, int64_t prompt_total);
/* kind NULL: of no known one. */
bool when_holds(const struct book_when *when, const struct asked *asked,
                const struct usage_kind *kind);

/* Of an image: "1024x1536", "1024-x-1536"; 0: the size says none. */
int64_t size_pixels(const char *size);

#endif
