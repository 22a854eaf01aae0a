/*
 * What others call an account, a key or a model, and what the ledger calls it:
 *
 *   {"model":{"their name":"our name",...},"key":{...},"account":{...}}
 *
 * Read strictly: nothing else may be in it, and no name is empty.  A name that is not in it stays
 * as it is; one that is put in its place is not looked up again.
 */
#ifndef TOLL_CLI_RENAMES_H
#define TOLL_CLI_RENAMES_H

#include "base/buf.h"
#include "base/fault.h"
#include "base/json.h"
#include "statement/row.h"

enum { RENAMES_BYTES_MAX = 1024 * 1024, RENAMES_KINDS = 3 };

struct name_pair {
	struct text theirs, ours;
};

struct renames {
	struct buf file;
	struct json doc;
	struct {
		struct name_pair *pairs; /* in the order of theirs */
		size_t count;
	} kinds[RENAMES_KINDS];
};

/* `path` is what faults name; the text is copied.  -FAULT_SYNTAX, -FAULT_INVALID, -FAULT_NOMEM. */
int renames_parse(struct renames *names_out, struct text json, const char *path,
                  struct fault *fault);
void renames_release(struct renames *names); /* takes a zeroed one */

bool renames_any(const struct renames *names);
/* The row by our names; its texts are then those of `names`. */
void renames_apply(const struct renames *names, struct statement_row *row);

#endif
