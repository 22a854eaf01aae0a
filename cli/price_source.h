/* What the price commands that compare books and amounts share. */
#ifndef TOLL_CLI_PRICE_SOURCE_H
#define TOLL_CLI_PRICE_SOURCE_H

#include "base/table.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "ingest/impact.h"
#include "price/book.h"

enum { PRICE_HASH_SHOWN = 12, PRICE_TITLE_BYTES = 400 };

/* Actions of `toll price`, a file each. */
extern const struct command price_compare, price_diff, price_log, price_rollback, price_shadow;

/* Two books whose amounts stand in one column: -FAULT_INVALID where their currencies differ. */
int price_same_currency(struct context *context, const struct book *a, const struct book *b);
/* "candidate.json: autumn, 1a2b3c4d5e6f"; word NULL: "in force: ..." */
void price_title(const struct book *book, const char *word, char out[PRICE_TITLE_BYTES]);
/* ,"KEY":{"hash":"...","name":"...","currency":"USD"} */
void price_book_member(struct buf *out, const char *key, const struct book *book);

/* A walk with its bar. */
struct price_walk {
	struct progress progress;
	struct impact_range range; /* with `tick` and `context` set by price_walk_start() */
};
void price_walk_start(struct price_walk *walk, int64_t from_ms, int64_t to_ms, bool by_account);

/* A cell for a change in per cent; empty where there is none. */
void price_set_percent(struct table *table, size_t row, size_t column, wide from, wide to);
void price_set_amount(struct table *table, size_t row, size_t column, struct money amount);

#endif
