/*
 * Requests of ours that are void: a row of theirs that is left for one of them is told with that.
 * Noted in the order of their time; of more than BILL_VOIDS_MAX the rest is only counted.  Inside
 * lib/bill.  One thread.
 */
#ifndef TOLL_BILL_VOIDS_H
#define TOLL_BILL_VOIDS_H

#include "base/arena.h"
#include "bill/index.h"
#include "bill/pair.h"

enum { BILL_VOIDS_MAX = 32768, BILL_REASON_BYTES = 80, BILL_VOID_BYTES = 256 };

struct bill_void {
	struct text source, id, upstream_id, key, model;
	int64_t time_ms, at_ms; /* of the request; when it was made void */
	bool twin;              /* its id stands at another time as well */
	struct money amount;    /* that it had until then, with its turns */
	int64_t count[COMPONENT_COUNT];
	char reason[BILL_REASON_BYTES];
};

struct bill_voids {
	struct bill_void *at;
	size_t count, cap;
	int64_t more; /* for which there was no room */
	struct arena arena;
	struct bill_index index; /* by their ids, from the first question on */
};

void bill_voids_clear(struct bill_voids *voids);
/* Copies its texts.  `turn_of`: the request whose turn it is, and to which it adds; else absent. */
int bill_voids_add(struct bill_voids *voids, const struct bill_void *more, struct text turn_of,
                   struct fault *fault);
/* The last one that has the id, as its own or its upstream's; of that source, where told. */
int bill_voids_find(struct bill_voids *voids, struct text id, struct text source,
                    const struct bill_void **void_out, struct fault *fault);
/* The first whose time is not before that. */
size_t bill_voids_from(const struct bill_voids *voids, int64_t time_ms);
/* "void here since ..." */
void bill_void_why(const struct bill_void *was, char why[BILL_VOID_BYTES]);
void bill_voids_release(struct bill_voids *voids); /* takes a zeroed one */

#endif
