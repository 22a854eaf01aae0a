/*
 * What lines are rated under: the price books in force and the standing rules of the ledger;
 * and the deciding half of rating, which takes an event to its price, its amount and the
 * policies that held, and to its cost.
 *
 * What is sold decides whether an event is taken and how it is read.  Beside that its cost is what
 * the cost book asks for all that was used: no policy lessens it, since the provider has no such
 * rule.  A cost without a rate holds nothing back, it is only not known.
 *
 * A struct terms is immutable while it is used: threads may share it.  Pure functions, but for
 * terms_load().
 */
#ifndef TOLL_INGEST_TERMS_H
#define TOLL_INGEST_TERMS_H

#include "base/arena.h"
#include "base/json.h"
#include "ledger/books.h"
#include "ledger/rules.h"
#include "ledger/store.h"
#include "money/money.h"
#include "rate/rating.h"
#include "usage/event.h"

struct terms {
	struct applied_book book, cost; /* what is sold by, and what we pay by */
	struct rules *rules;            /* NULL: none */
	struct credentials credentials; /* those of the ledger that it is stored in */
	struct text reading; /* taken where an event has it, whatever the rules say; else absent */
};

/* Those in force in the ledger, for terms_release(); untouched on a failure. */
int terms_load(struct ledger *ledger, struct terms *terms_out, struct fault *fault);
void terms_release(struct terms *terms);
struct applied_book *terms_book(struct terms *terms, enum book_side side);

/*
 * Rates an event.  Where its numbers can be read in more than one way (event->readings):
 *   a rule names one of them      it is taken: event->usage, event->reading, and "reading" in
 *                                 event->extra; event->unknown_path tells so
 *   there is only one             it is taken as by a rule, and event->unknown_path tells so
 *   all of them cost the same     the first is taken, and event->unknown_path tells so
 *   else                          refused, REASON_READINGS, with each reading and its amount
 * All of this is decided by what is sold, whatever the readings cost us.  An amount or a cost that
 * is none is refused too, REASON_AMOUNT.  On a refusal refusal->reason is set.  New texts are in
 * the arena.  -FAULT_NOMEM is the only failure.
 */
int terms_rate(const struct terms *terms, struct event *event, struct arena *arena,
               struct rated *rated_out, struct event_refusal *refusal);

/*
 * A threshold of its price lies between the smallest prompt and the sum of what event->usage adds
 * up: terms_rate() refuses it, REASON_UNSUPPORTED.
 */
bool terms_sum_moves_price(const struct terms *terms, const struct event *event);

/* The same under any book, which may be NULL. */
bool terms_sum_moves(const struct book *book, const struct event *event);
/* The same of its cost: terms_rate() leaves that without a price. */
bool terms_sum_moves_cost(const struct terms *terms, const struct event *event);

/*
 * What the cost book asks for what an event used, without the reasons of terms_rate() to refuse
 * it: fills rated->cost_id and rated->cost.
 */
enum rating_verdict terms_rate_cost(const struct terms *terms, const struct event *event,
                                    struct rated *rated);

/* Fills event->sum, without turns, from what terms_rate() put into event->extra. */
int terms_recall_sum(struct event *event, struct json *doc);

/* What an event->unknown_path tells, once it went through terms_rate(). */
struct terms_doubt {
	bool warned;  /* its numbers contradict each other: one reading, or all at one price */
	bool settled; /* they do, and a rule or a settlement of the line said how to read them */
	struct text path; /* of a number that nobody counts, inside it; absent: there is none */
};
struct terms_doubt terms_doubt(struct text unknown_path);

/* One reading of the event as terms_rate() would rate it: what `toll suspense show` tells. */
enum rating_verdict terms_rate_reading(const struct terms *terms, const struct event *event,
                                       size_t index, struct money *total_out);

#endif
