/*
 * What would make the two sides agree: where one cause explains a model (or all) by one consistent
 * ratio or one other rate, the line of the price book that says so.
 *
 * Every classified pair is told to it, those without a difference too: a ratio is consistent only
 * where nothing contradicts it.  Memory is bounded by SUGGEST_MODELS_MAX; what came beyond is said.
 */
#ifndef TOLL_BILL_SUGGEST_H
#define TOLL_BILL_SUGGEST_H

#include "bill/classify.h"

enum { SUGGEST_MODELS_MAX = 4096, SUGGEST_TEXT_BYTES = 400 };

struct bill_suggestions;

int bill_suggestions_start(struct bill_suggestions **out, const struct bill_terms *terms,
                           struct fault *fault);
void bill_suggestions_free(struct bill_suggestions *suggestions); /* takes NULL */
int bill_suggestions_note(struct bill_suggestions *suggestions, const struct bill_pair *pair,
                          const struct bill_parts *parts, struct fault *fault);

/*
 * A change that explains all pairs of a version, where enough of them say so; what it is, has
 * bill/suggest_internal.h.  NULL: there is none, or `suggestions` is NULL.
 */
struct bill_known;
const struct bill_known *bill_suggestions_known(const struct bill_suggestions *suggestions,
                                                const struct book_version *version);
/* Behind the last pair, once: from now on it is known.  *new_out: some pair has no such cause. */
void bill_suggestions_learn(struct bill_suggestions *suggestions, bool *new_out);

struct bill_suggestion {
	enum bill_cause cause;
	struct text model;
	int64_t pairs;                 /* that it would make agree */
	struct money amount;           /* of their differences */
	char text[SUGGEST_TEXT_BYTES]; /* "cache_read: 0.30 per million, where the book has 3.00" */
	char line[SUGGEST_TEXT_BYTES]; /* of the price book, JSON: ready to be put in; "" */
	bool starved;                  /* its line found no memory: never handed out */
};
typedef int bill_suggestion_fn(void *context, const struct bill_suggestion *suggestion);
/* The largest amount first. */
int bill_each_suggestion(struct bill_suggestions *suggestions, bill_suggestion_fn *each,
                         void *context, struct fault *fault);

#endif
