/*
 * How many events of a ledger were counted in doubt, told apart: a number that no format knows is
 * not in their counts, numbers that contradict each other are.
 */
#ifndef TOLL_CLI_DOUBTS_H
#define TOLL_CLI_DOUBTS_H

#include "ledger/read.h"

/* Events; one that has both a contradiction and an unknown number is in two of them. */
struct doubts {
	int64_t unknown, warned, settled;
};

int doubts_count(struct ledger *ledger, struct doubts *doubts_out, struct fault *fault);

#endif
