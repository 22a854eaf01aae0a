/*
 * Digests: the SHA-256 of an event as it is stored, and their sum over a set of events, which
 * does not depend on an order: numbers modulo 2^256, the first byte the lowest.  Inside lib/ledger.
 *
 * What an event's digest is of is for ever: ledgers hold it.  Names are told by their words, a
 * component by its key and only where it is not 0, so that new ones change no digest.
 */
#ifndef TOLL_LEDGER_DIGEST_H
#define TOLL_LEDGER_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/hash.h"

struct event_row;

/* The row must have its names.  `room` is for the bytes; its content does not matter. */
int event_row_digest(const struct event_row *row, struct buf *room,
                     unsigned char digest_out[SHA256_BYTES], struct fault *fault);

struct digest_sum {
	uint64_t part[SHA256_BYTES / 8]; /* the lowest first; {0}: of nothing */
};

void digest_sum_add(struct digest_sum *sum, const unsigned char digest[SHA256_BYTES]);
void digest_sum_take(struct digest_sum *sum, const unsigned char digest[SHA256_BYTES]);
bool digest_sum_equal(const struct digest_sum *a, const struct digest_sum *b);
void digest_sum_get(const struct digest_sum *sum, unsigned char bytes_out[SHA256_BYTES]);
struct digest_sum digest_sum_of(const unsigned char bytes[SHA256_BYTES]);

#endif
