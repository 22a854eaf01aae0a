/*
 * Times as statements write them.  Of lib/statement only; pure but for the zone's file, which is
 * read already.
 */
#ifndef TOLL_STATEMENT_WHEN_H
#define TOLL_STATEMENT_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "base/zone.h"
#include "statement/format.h"

enum statement_exact { EXACT_MONTH, EXACT_DAY, EXACT_TIME };

struct statement_when {
	int64_t ms;    /* UTC: the first one that is meant */
	int64_t to_ms; /* behind the last one: the next month, day, minute, second or ms */
	enum statement_exact exact;
	/* A local time that never was, as the clock was set forward; one that was twice. */
	bool skipped, twice;
	bool local; /* a time of day without an offset: it is of the zone */
};

/*
 * CLOCK_TEXT: RFC 3339; "2026-11-22 08:00:00", also with a fraction, without seconds, and with
 * " UTC" behind it; "2026-11-22"; "2026-11".  Without an offset it is of `zone`.
 * CLOCK_SECONDS, CLOCK_MS: since 1970, also with a fraction.
 * The others as statement_clock_read() has them, in `zone`.
 */
bool statement_when(struct text t, enum statement_clock clock, const struct zone *zone,
                    struct statement_when *out);

#endif
