/*
 * Price vectors: requests and the amounts they must come to, as `toll price test` reads them.  The
 * format is toll-vectors(5).
 *
 * A fault names the member that is wrong and what is due; who calls puts the place before it.
 */
#ifndef TOLL_CLI_VECTORS_H
#define TOLL_CLI_VECTORS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "cli/said.h"
#include "rate/rating.h"

/* One vector; its texts point into the document, valid as long as that. */
struct vector {
	struct text name; /* absent: it has none */
	struct rating_request request;
	struct said said;  /* request.usage, where it says counts itself */
	struct text event; /* else the event line that it stands for, in the arena */
	bool unpriced;     /* expected; else: */
	struct money expect;
};

/* Reads the object `node`; -FAULT_INVALID or -FAULT_NOMEM. */
int vector_read(struct vector *vector, const struct json *doc, uint32_t node, struct arena *arena,
                struct fault *fault);

/* What a vector came to. */
enum vector_state { VECTOR_PRICED, VECTOR_UNPRICED, VECTOR_REFUSED };

struct vector_result {
	enum vector_state state;
	struct money amount; /* VECTOR_PRICED */
	struct buf why;      /* else; the caller releases it, and may use it again */
};

/* Each request or turn that was rated; `charges` lives for the call. */
typedef void vector_fn(void *context, const struct charges *charges);

/*
 * Rates it by a book, as a line of these contents would be (without rules of a ledger).  `doc` is
 * reused from call to call.  `each` may be NULL.  -FAULT_NOMEM is the only failure.
 */
int vector_rate(const struct vector *vector, struct book *book, struct json *doc,
                struct arena *arena, vector_fn *each, void *context, struct vector_result *result);
/* It is what was expected. */
bool vector_holds(const struct vector *vector, const struct vector_result *result);

#endif
