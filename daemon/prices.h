/*
 * The price books that the daemon was started with, for each side (ledger/books.h): loading them,
 * and saying what is wrong.
 */
#ifndef TOLL_DAEMON_PRICES_H
#define TOLL_DAEMON_PRICES_H

#include "daemon/config.h"
#include "ledger/books.h"

/* The setting that names the book of a side. */
enum setting_text prices_setting(enum book_side side);

/*
 * Loads the file, logging every error of it: -FAULT_SYNTAX, -FAULT_INVALID (also for what is no
 * regular file), -FAULT_RANGE for one that is too long, -FAULT_NOT_FOUND and -FAULT_IO for one
 * that cannot be read.  -FAULT_NOMEM.  Any thread.
 */
int prices_load(struct book **book_out, const char *path, struct fault *fault);

/*
 * Before the loop runs: makes `loaded` (taken over, also on a failure) the book in force, or
 * where that is NULL takes the one the ledger has.  None at all is allowed: every event then
 * waits in suspense, or its cost is not known.  `path` is where it came from.
 */
int prices_at_start(struct ledger *ledger, enum book_side side, struct book *loaded,
                    const char *path, struct applied_book *book_out, struct fault *fault);

/*
 * While it runs: what became of a reload, into the log.  `applied` is the book that it put in
 * force, NULL where it did not.  Loop thread.
 */
struct change_job;
void prices_tell(enum book_side side, const struct change_job *job, const struct book *applied,
                 const char *path);
/* A bad book changes nothing. */
void prices_log_refused(enum book_side side, const struct fault *fault);

#endif
