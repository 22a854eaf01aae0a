/* The price book that a command is asked to reckon with, and the actions that do. */
#ifndef TOLL_CLI_PRICEBOOK_H
#define TOLL_CLI_PRICEBOOK_H

#include "cli/command.h"
#include "price/book.h"

/* Actions of `toll price` that have a file each. */
extern const struct command command_price_quote, command_price_test;

/* 8 or more digits of a hash; and no file has this name, which stands before a hash. */
bool pricebook_is_digits(const char *word);
bool pricebook_is_hash(const char *word);

/*
 * `word`: a file, "-", or 8 or more digits of the hash of a book that was applied; NULL: the book
 * in force.  Only the last two open the ledger (context->ledger).  Errors of the book are told,
 * each on a line.  The caller frees *book_out.
 */
int pricebook_open(struct context *context, const char *word, struct book **book_out);
/* The same for the bytes of a book that stands in `path`. */
int pricebook_load(struct context *context, const char *path, struct text json,
                   struct book **book_out);
/* "sample 2026 (3f2a...)": its name and the beginning of its hash. */
void pricebook_name(const struct book *book, struct buf *out);

#endif
