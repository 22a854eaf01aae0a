/* Between the files of billgen. */
#ifndef TOLL_SUPPORT_BILLGEN_INTERNAL_H
#define TOLL_SUPPORT_BILLGEN_INTERNAL_H

#include "tests/support/billgen.h"

extern const char *const billgen_tiers[GEN_TIER_COUNT];
extern const char *const billgen_sizes[BILLGEN_KINDS];
extern const char *const billgen_qualities[BILLGEN_KINDS];

/* Which components events have: what the statement tells of each of its rows. */
enum { BILLGEN_COMPONENTS = 8 };
extern const enum component billgen_components[BILLGEN_COMPONENTS];

void billgen_make_book(struct billgen *gen);
/* Makes the event one that this can be injected into. */
void billgen_prepare(const struct billgen *gen, enum billgen_fault fault, struct billgen_dice *dice,
                     struct billgen_event *event);

#endif
