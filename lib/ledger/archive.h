/*
 * Archive: the events of months that are over in files of their own, which nobody writes any
 * more.  LEDGER.archive/2026-10.db has the schema of a ledger, mode 0440, and holds the events
 * of hours of that month with their details, the names and the price books that they need.  The
 * hourly sums stay in the ledger, and so does what came to an hour after it moved: whoever walks
 * events through ledger/read.h sees both as one.  A file that is missing or is not the one that
 * was registered ends a walk with a fault; nothing goes on without it.
 *
 * Each event is in exactly one place at any time.  A file is made, synced, checked and registered
 * first; then each hour moves in one transaction, if the file's digest of it is the ledger's: an
 * hour to which an event came meanwhile stays where it is.
 */
#ifndef TOLL_LEDGER_ARCHIVE_H
#define TOLL_LEDGER_ARCHIVE_H

#include <stdbool.h>

#include "base/hash.h"
#include "ledger/ledger.h"

enum {
	ARCHIVE_MODE = 0440,
	ARCHIVE_FOLDER_MODE = 0750,
	ARCHIVE_FILE_BYTES = 64, /* its name, with a NUL */
	ARCHIVE_MONTH_BYTES = 8, /* "2026-10", with a NUL */
};

struct archive_file {
	int64_t seq; /* 0: not registered */
	char month[ARCHIVE_MONTH_BYTES], file[ARCHIVE_FILE_BYTES];
	char sha256[SHA256_HEX_BYTES];
	int64_t events, bytes, hours;
};

/* What a month has to move, as a dry run tells it. */
struct archive_month {
	int64_t from_ms, to_ms;
	int64_t hours, events; /* that can move */
	int64_t waiting; /* hours with something open, partial or without a price: they stay */
};
typedef int archive_month_fn(void *context, const struct archive_month *month);
/* The whole months before before_ms of which events are in the ledger, oldest first. */
int archive_months(struct ledger *reader, int64_t before_ms, archive_month_fn *each, void *context,
                   struct fault *fault);

/*
 * Makes the file of a month, under its name, synced and read back; not yet registered.  One at a
 * time (-FAULT_BUSY).  -FAULT_CORRUPT: an hour is not what its digest says.  Without an hour that
 * can move there is no file, and file_out->events is 0.
 */
typedef void archive_progress_fn(void *context, int64_t done, int64_t total);
int archive_make(struct ledger *reader, const struct archive_month *month,
                 archive_progress_fn *progress, void *context, struct archive_file *file_out,
                 struct fault *fault);

/* The registered files, oldest first. */
typedef int archive_file_fn(void *context, const struct archive_file *file);
int archive_each(struct ledger *ledger, archive_file_fn *each, void *context, struct fault *fault);
/* Some hour of that file could move yet: it was interrupted. */
int archive_unfinished(struct ledger *ledger, int64_t seq, bool *unfinished_out,
                       struct fault *fault);
/* Every registered file is there, and is the one that was registered. */
int archive_check(struct ledger *ledger, struct fault *fault);

/* The same of one of them, by its seq; later it is read again only when the file is another one. */
int archive_check_file(struct ledger *ledger, int64_t seq, struct fault *fault);
/*
 * Of a writer: whether it can be told that an event of this source, id and time stands in the
 * archive.  *reached_out false: a file that would tell is missing, altered or cannot be read, and
 * *fault names it; any other fault, also of the ledger itself, is returned.
 */
int archive_within_reach(struct ledger *ledger, struct text source, struct text id, int64_t time_ms,
                         bool *reached_out, struct fault *fault);

/* "2026-10.db", "2026-10.2.db": a name that archive_make() gives. */
bool archive_name_good(struct text file);

/* The writer's part, each a transaction of its own. */
/* Registers the file, which it reads to its end; the same one again gives its seq again. */
int archive_register(struct ledger *ledger, const struct archive_file *file, int64_t now_ms,
                     struct text who, int64_t *seq_out, struct fault *fault);
/*
 * The next hour of that file from from_ms on.  *hour_out: it; *more_out false: there is none.
 * *events_out: so many moved; 0: it stays, an event came to it.
 */
int archive_move_hour(struct ledger *ledger, int64_t seq, int64_t from_ms, int64_t *hour_out,
                      int64_t *events_out, bool *more_out, struct fault *fault);

#endif
