/*
 * The part of verify that looks at the phases which do not stand: each is as it was kept, is
 * earlier than the event that stands, and that event is there.  What they add to a source's
 * span and to the numbers that nobody counts goes into the sums of the events.
 * Inside lib/ledger.
 */
#ifndef TOLL_LEDGER_VERIFY_PHASES_H
#define TOLL_LEDGER_VERIFY_PHASES_H

#include "ledger/verify_sources.h"

int verify_phases(struct verify *verify, struct verify_sources *sources, struct rollups *unknown,
                  struct fault *fault);

#endif
