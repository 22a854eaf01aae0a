/*
 * The price books of a ledger.  Applied books are immutable and kept whole; an
 * event names its price by book.first_price + ordinal of the version in it.
 *
 * Two sides, each with its own book in force: what the customer is charged, and what we pay.  A
 * book may be in force on both; all are in the one currency of the ledger.
 */
#ifndef TOLL_LEDGER_BOOKS_H
#define TOLL_LEDGER_BOOKS_H

#include "ledger/ledger.h"
#include "price/book.h"

enum book_side { BOOK_SELL, BOOK_COST, BOOK_SIDES };
const char *book_side_name(enum book_side side); /* "sell", "cost" */

/* A book and the id of its first version: price_id = first_price + version->ordinal. */
struct applied_book {
	struct book *book; /* NULL: none was ever applied */
	int64_t first_price;
};

/*
 * Make a book the one in force on a side: stores it unless a book of that hash is there, and logs
 * the application (unless it is in force there already: `changed` false).
 *
 * Goes in steps, a transaction each, of which none writes more of its text than BOOK_PART_BYTES
 * (nor takes out more that is left of a book that was not stored to its end).  Between two steps
 * other transactions may run, but none that applies a book, on whichever side.  Until the last one
 * is committed the old book is in force, and nothing but its parts is there of the new one; whoever
 * ends it before needs to do nothing: the next application, or the next writer, takes them out.
 */
enum { BOOK_PART_BYTES = 64 * 1024 };
struct book_apply {
	const struct book *book; /* it and the texts must live to the last step */
	enum book_side side;
	int64_t now_ms;
	struct text who, note;
	/* Of the steps; zero before the first. */
	size_t stored_bytes;
	/* After the last: */
	int64_t first_price;
	bool changed;
};
/* *more_out: it is not in force yet.  A step that failed did nothing, and may be tried again. */
int ledger_book_apply_step(struct ledger *ledger, struct book_apply *apply, bool *more_out,
                           struct fault *fault);
/* All of it at once, for whoever lets nobody wait. */
int ledger_book_apply(struct ledger *ledger, const struct book *book, enum book_side side,
                      int64_t now_ms, struct text who, struct text note, int64_t *first_price_out,
                      bool *changed_out, struct fault *fault);

/* The book in force on a side, parsed anew: the caller frees current_out->book. */
int ledger_book_current(struct ledger *ledger, enum book_side side,
                        struct applied_book *current_out, struct fault *fault);

/* One application of a book, newest first.  Texts live for the call. */
struct book_log_row {
	int64_t seq, applied_ms;
	struct text hash, name, currency, who, note;
	int64_t first_price, versions;
	enum book_side side;
	bool in_force; /* on its side */
};
typedef int ledger_book_fn(void *context, const struct book_log_row *row);
int ledger_each_book(struct ledger *ledger, ledger_book_fn *each, void *context,
                     struct fault *fault);

/*
 * The applied book that the ledger has under this hash, or an unambiguous beginning of it, parsed
 * anew as for ledger_book_current().
 */
int ledger_book_named(struct ledger *ledger, struct text hash, struct applied_book *book_out,
                      struct fault *fault);

/* The JSON of a book by its hash or an unambiguous beginning of it (8 digits at least). */
struct buf;
int ledger_book_json(struct ledger *ledger, struct text hash, struct buf *json_out,
                     struct fault *fault);

/*
 * The version behind a price id, and the book it stands in (either may be NULL).
 * Parsed books are kept by the ledger, so many: valid until the next call or ledger_close().
 * -FAULT_CORRUPT when no book has it.
 */
int ledger_price_version(struct ledger *ledger, int64_t price_id,
                         const struct book_version **version_out, const struct book **book_out,
                         struct fault *fault);

#endif
