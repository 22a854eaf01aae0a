/*
 * The second half of explain: what a request cost us, from what is stored, what is left of its
 * amount, and the adjustments of the sum that it is in.
 */
#ifndef TOLL_CLI_EXPLAIN_COST_H
#define TOLL_CLI_EXPLAIN_COST_H

#include "base/buf.h"
#include "base/hash.h"
#include "base/table.h"
#include "cli/command.h"
#include "ledger/read.h"

struct explained_cost {
	bool told;         /* it has a cost, or could have one: the ledger has a cost book */
	const char *state; /* "costed", "uncosted", "nothing-used", "no-cost-book" */
	struct money stored, derived;
	char book[SHA256_HEX_BYTES], currency[8]; /* of its price, or in force; "": none */
	char model[256], from[64];                /* of the version; "": none */
	bool has_rate;                            /* uncosted: the cost book in force has one now */
	bool parted;        /* uncosted: a sum with a threshold of the cost between its parts */
	struct table table; /* the arithmetic, with a total */
	struct buf problem; /* why what is stored does not follow */
	struct buf adjusted, adjusted_json; /* a line each; the members of an array */
};

/* Derives it anew; `row` is copied out of its walk.  Released by explain_cost_release(). */
int explain_cost_derive(struct explained_cost *cost, struct ledger *ledger,
                        const struct stored_event *row, struct fault *fault);
void explain_cost_release(struct explained_cost *cost);
void explain_cost_text(struct explained_cost *cost, struct context *context,
                       const struct stored_event *row);
/* ,"cost":...,"adjustments":[...] */
void explain_cost_json(struct explained_cost *cost, struct buf *out,
                       const struct stored_event *row);

#endif
