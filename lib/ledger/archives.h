/*
 * The archive's files as a ledger handle has them open, and the walk over events that are here and
 * there (ledger/archive.h).  Inside lib/ledger.
 */
#ifndef TOLL_LEDGER_ARCHIVES_H
#define TOLL_LEDGER_ARCHIVES_H

#include <limits.h>

#include "ledger/internal.h"

/* The folder of the archive, for a ledger that lies elsewhere than its own name says. */
int archives_at(struct ledger *ledger, const char *folder, struct fault *fault);
/* "LEDGER.archive" */
int archives_folder(const struct ledger *ledger, char out[PATH_MAX], struct fault *fault);
/* "LEDGER.archive/NAME" */
int archives_path(const struct ledger *ledger, const char *file, char out[PATH_MAX],
                  struct fault *fault);
/* That the row of a file names none: nothing else in that folder or another is ever opened. */
int archives_no_name(const struct ledger *ledger, int64_t seq, struct fault *fault);
/* The writer's, when it opens: from when on nothing is in the archive. */
int archives_load(struct ledger *ledger, struct fault *fault);
void archives_release(struct ledger *ledger);
/*
 * The file of that number, open for reading; it is the ledger's, and lives as long as it.  Its
 * bytes were read and are those that were registered, or it is a fault that names the file.
 */
int archives_open(struct ledger *ledger, int64_t seq, struct ledger **archive_out,
                  struct fault *fault);
/* The one that holds the hour of this moment; NULL: that hour is here. */
int archives_of(struct ledger *ledger, int64_t ms, struct ledger **archive_out,
                struct fault *fault);
/* The event under this key in the archive, where its hour is there. */
int archives_standing(struct ledger *ledger, int64_t ts, const struct event_row *row,
                      bool *found_out, struct standing *standing_out, struct fault *fault);

/* The event under this key, here or there: 1: its row (EVENT_COLUMNS); 0: there is none. */
int archives_event(struct ledger *ledger, int64_t ts, int64_t source, struct text id,
                   struct query *query_out, struct fault *fault);

/* A run of hours that stand one behind the other in one file. */
struct walk_run {
	int64_t from_ms, to_ms, archive;
};

/*
 * A statement over events of [from, to) whose rows begin with ts, source, id, in that order; here
 * and in the archive, as one.
 */
struct walk {
	struct ledger *ledger;
	enum statement statement;
	int64_t from_ms, to_ms;
	struct text id; /* absent: the statement has none */
	struct query here, there;
	bool has_here, has_there; /* a row that was not given yet */
	struct walk_run *runs;
	size_t run_count, run_cap, next_run;
	const struct query *given;
};
/* After a failure there is nothing to end. */
int walk_start(struct walk *walk, struct ledger *ledger, enum statement statement, int64_t from_ms,
               int64_t to_ms, struct text id, struct fault *fault);
/* 1: a row, of (*row_out)->ledger, until the next call; 0: the end; negative: a fault. */
int walk_next(struct walk *walk, const struct query **row_out, struct fault *fault);
void walk_end(struct walk *walk);

#endif
