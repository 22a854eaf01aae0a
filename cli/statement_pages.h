/*
 * What was fetched, kept: the statement in FILE, and beside it the pages that it was made of, byte
 * for byte as they came, with an index of what was asked for each.
 *
 *   FILE              the statement
 *   FOLDER/0001.json  the first page, and so on
 *   FOLDER/index.json {"statement":"FILE","sha256":"...","pages":[{"file":"0001.json",
 *                     "method":"GET","url":"...","status":200,"sha256":"...","bytes":1,
 *                     "when":"2026-09-01T08:00:00.000Z"}, ...]}; a POST has its "body", too
 *
 * All of it is made under names of its own beside those, synced, and moved there at the end, the
 * folder first: where FILE is, its pages are.
 */
#ifndef TOLL_CLI_STATEMENT_PAGES_H
#define TOLL_CLI_STATEMENT_PAGES_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/hash.h"
#include "cli/output.h"
#include "statement/fetch.h"

struct statement_pages {
	struct output statement;
	char folder[PATH_MAX], beside[PATH_MAX]; /* beside: what it is called till the end */
	bool made, moved;                        /* the folder */
	unsigned mode;                           /* of the pages */
	int64_t count, bytes;                    /* bytes of the statement */
	struct sha256_stream hash;               /* of it */
	char sha256[SHA256_HEX_BYTES];           /* when it ended well */
	struct buf index;
};

/*
 * Nothing of either name is there yet, or it is -FAULT_INVALID: what was fetched before is
 * evidence.  `folder` NULL: FILE.pages.  -FAULT_IO, -FAULT_FULL, -FAULT_RANGE.  To be ended, also
 * after a failure.
 */
int statement_pages_start(struct statement_pages *pages, const char *file, const char *folder,
                          struct fault *fault);
int statement_pages_add(struct statement_pages *pages, const struct fetch_page *page,
                        struct fault *fault);
/* Not `good`, or a failure: nothing of it is there. */
int statement_pages_end(struct statement_pages *pages, bool good, struct fault *fault);

#endif
