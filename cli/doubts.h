/*
 * How many events of a ledger were counted in doubt, told apart: a number that no format knows is
 * not in their counts, numbers that contradict each other are.
 */
#ifndef TOLL_CLI_DOUBTS_H
#define TOLL_CLI_DOUBTS_H

#include "base/arena.h"
#include "base/buf.h"
#include "ledger/read.h"

/* Events; one that has both a contradiction and an unknown number is in two of them. */
struct doubts {
	int64_t unknown, warned, settled;
};

int doubts_count(struct ledger *ledger, struct doubts *doubts_out, struct fault *fault);

/*
 * What was told of one event.  The ledger keeps the words by source and api, and of each the first
 * event only: these are all that can be meant, so one is sure and none means that it is lost.
 */
enum { DOUBT_WORDS_MAX = 16 };
struct event_doubts {
	struct text words[DOUBT_WORDS_MAX]; /* for terms_doubt(); in the arena */
	size_t count, more;                 /* more: there was no room for these */
};
/* event->reading: as it was kept.  `alone`: it is the only phase of its request. */
int doubts_of(struct ledger *ledger, const struct event *event, bool alone, struct arena *arena,
              struct event_doubts *doubts_out, struct fault *fault);
/* A sentence about one of them, without its point. */
void doubts_words(struct text words, struct buf *out);

#endif
