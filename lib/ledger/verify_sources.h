/*
 * The part of verify that proves what each source is said to have sent: how many events,
 * and the first and last time of all that it sent, phases that do not stand included.
 * Inside lib/ledger.
 */
#ifndef TOLL_LEDGER_VERIFY_SOURCES_H
#define TOLL_LEDGER_VERIFY_SOURCES_H

#include "ledger/rollups.h"
#include "ledger/verify_internal.h"

struct span {
	int64_t first_ms, last_ms;
};

struct verify_sources {
	struct rollups counts; /* of events, by source */
	struct span *spans;    /* beside counts.entries */
	size_t span_cap;
};

/* So many events more of a source, at that time; 0: only a phase.  -FAULT_NOMEM. */
int verify_sources_add(struct verify_sources *sources, int64_t source, int64_t ts, int64_t events,
                       struct fault *fault);
void verify_sources_release(struct verify_sources *sources);
/* Compares them with the watermarks. */
int verify_watermarks(struct verify *verify, struct verify_sources *sources, struct fault *fault);

#endif
