/* Rating by model, time and counts alone: what most tests ask. */
#ifndef TOLL_TESTS_SUPPORT_RATEKIT_H
#define TOLL_TESTS_SUPPORT_RATEKIT_H

#include "rate/rating.h"

static inline enum rating_verdict rate_model(const struct book *book, const char *model,
                                             int64_t at_ms, const struct usage *usage,
                                             struct charges *charges_out)
{
	const struct rating_request request = { .model = text_of(model),
		                                .at_ms = at_ms,
		                                .usage = usage };

	return rating_request(book, &request, charges_out);
}

#endif
