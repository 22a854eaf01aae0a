/*
 * A day of made-up traffic from a seed, for the demo, the bench and the crash runs.
 * The same seed gives the same bytes, on every machine.
 *
 * Line i depends on the seed and i alone, so any line can be made again: that is how
 * a resend is the same to the byte.
 */
#ifndef TOLL_SUPPORT_SAMPLE_TRAFFIC_H
#define TOLL_SUPPORT_SAMPLE_TRAFFIC_H

#include <stdint.h>

#include "base/buf.h"

struct sample_traffic {
	uint64_t seed;
	uint64_t events; /* of the whole day */
	int64_t day_ms;  /* its first millisecond */
	int64_t span_ms; /* the events are spread over so long; 0: a day */
};

enum {
	SAMPLE_UNPRICED_EVERY = 2999, /* one event of so many asks for a model no book has */
	SAMPLE_BENCH_BYTES = 470,     /* a bench line, about */
};

/* Event `index` (0 .. events - 1) as a line with its newline. */
void sample_line(const struct sample_traffic *traffic, uint64_t index, struct buf *out);
/* The same for a bench: openai.chat only, all of one size. */
void sample_bench_line(const struct sample_traffic *traffic, uint64_t index, struct buf *out);
/* A line that ends in the middle of its JSON, with a newline. */
void sample_broken_line(const struct sample_traffic *traffic, uint64_t index, struct buf *out);

/*
 * The whole day: every event once in order, one broken line in the middle, and
 * resend_percent of the events a second time, in runs, as after a reconnect.
 * `flush` takes the bytes that have gathered, and clears the buffer; what it returns,
 * unless 0, ends the walk.
 */
int sample_day(const struct sample_traffic *traffic, unsigned resend_percent,
               int (*flush)(void *context, struct buf *out), void *context);

#endif
