/*
 * Who decided how the contradicting numbers of an event are read, from what the ledger keeps: the
 * settlement of its line when that was held, or a standing rule.  For `toll explain`.
 *
 * Ownership: texts are copied into the arena that is given.
 */
#ifndef TOLL_CLI_SETTLED_H
#define TOLL_CLI_SETTLED_H

#include "base/arena.h"
#include "base/buf.h"
#include "ledger/read.h"

enum { SETTLED_MAX = 8 };

struct decision {
	int64_t line; /* of quarantine, that was settled by itself; 0: a rule */
	int64_t at_ms;
	struct text who, reason;
	struct text api; /* a rule for this one only; absent: for all of the source */
};

/*
 * Of an event that was never held it is not kept when it was rated: these are all rules there ever
 * were that read it so.  One is sure; none: the ledger does not tell.
 */
struct settled {
	struct decision by[SETTLED_MAX];
	size_t count, more; /* more: there was no room for these */
};

/* event->reading: the one that was taken.  now_ms: to read a line again. */
int settled_read(struct ledger *ledger, const struct event *event, int64_t now_ms,
                 struct arena *arena, struct settled *settled_out, struct fault *fault);
/* "by a standing rule of its source, since ..., by uid 0: asked them" */
void settled_words(const struct decision *decision, struct buf *out);
/* ,"settled_by":[...] */
void settled_json(const struct settled *settled, struct buf *out);

#endif
