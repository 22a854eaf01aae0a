/* The range and the filters that report, quarantine and suspense share. */
#ifndef TOLL_CLI_RANGE_H
#define TOLL_CLI_RANGE_H

#include "cli/command.h"

#define RANGE_OPTIONS                                                                              \
	{ "from", "TIME", "first moment, UTC: 2026-11-22, 2026-11 or 2026-11-22T08:00:00Z" },      \
	{                                                                                          \
		"to", "TIME", "first moment that is not in it any more"                            \
	}

/*
 * --from and --to, half-open; without them everything.  Fills context->fault and returns
 * -FAULT_INVALID where one is no time or the range is empty.
 */
int range_read(struct context *context, int64_t *from_ms_out, int64_t *to_ms_out);
/* The same; both or neither of them, and without them the last whole month (UTC). */
int range_read_month(struct context *context, int64_t *from_ms_out, int64_t *to_ms_out);
/* "2026-10-01T00:00Z to 2026-11-01T00:00Z"; to the millisecond where that is needed. */
enum { RANGE_TEXT_BYTES = 160 };
void range_text(int64_t from_ms, int64_t to_ms, char out[RANGE_TEXT_BYTES]);

/* --limit: how many rows a list has.  Programs get all of them where it is not given. */
#define RANGE_LIMIT_TEXT "1000"
enum { RANGE_LIMIT = 1000 };
int range_limit(struct context *context, int64_t *limit_out);
/* Says that there are more rows than were shown. */
void range_say_rest(int64_t found, int64_t limit);

#endif
