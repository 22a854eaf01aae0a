/*
 * What reads a statement asks of lib/ledger, for a fuzz target, which includes this once: bytes are
 * read there, and no ledger, so that SQLite need not be linked.
 */
#ifndef TOLL_FUZZ_NO_LEDGER_H
#define TOLL_FUZZ_NO_LEDGER_H

#include <stdlib.h>
#include <string.h>

#include "ledger/adjust.h"
#include "ledger/correct.h"
#include "ledger/ledger.h"

/* What looks like one is refused. */
int ledger_open_reader(struct ledger **ledger_out, const char *path, struct fault *fault)
{
	(void)ledger_out;
	return fault_set(fault, FAULT_INVALID, "%s: a ledger, which is not read here", path);
}

int ledger_each_event_now(struct ledger *ledger, int64_t from_ms, int64_t to_ms,
                          ledger_event_fn *each, void *context, struct fault *fault)
{
	(void)ledger, (void)from_ms, (void)to_ms, (void)each, (void)context, (void)fault;
	abort();
}

int ledger_each_adjustment(struct ledger *ledger, enum adjustment_hour hour, int64_t from_ms,
                           int64_t to_ms, ledger_adjustment_fn *each, void *context,
                           struct fault *fault)
{
	(void)ledger, (void)hour, (void)from_ms, (void)to_ms, (void)each, (void)context,
		(void)fault;
	abort();
}

bool ledger_is_database(struct text first)
{
	return first.len >= LEDGER_MAGIC_BYTES &&
	       memcmp(first.at, "SQLite format 3", LEDGER_MAGIC_BYTES) == 0;
}

void ledger_close(struct ledger *ledger)
{
	(void)ledger;
}

#endif
