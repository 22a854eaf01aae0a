/*
 * What must hold of envelope_open() whatever the bytes: the oracle of the mutation test and
 * of the fuzz target.
 */
#ifndef TOLL_TESTS_SUPPORT_ENVELOPE_INVARIANTS_H
#define TOLL_TESTS_SUPPORT_ENVELOPE_INVARIANTS_H

#include "base/buf.h"
#include "tests/support/event_invariants.h"
#include "usage/envelope.h"

struct envelope_bench {
	struct json doc;
	struct arena arena;
	struct event_bench event;
	struct buf first;             /* the lines of the first time */
	bool known;                   /* the last text was a record of an envelope */
	size_t events, good, refused; /* of the last record: lines, those that decode, and not */
};

/* Opens the text twice and decodes each line.  NULL, or what is wrong (static). */
const char *envelope_invariants_check(struct envelope_bench *bench, struct text text);
void envelope_invariants_release(struct envelope_bench *bench);

#endif
