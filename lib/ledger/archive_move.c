/* Files of the archive that are registered, and the hours that move to them. */
#include "ledger/archive.h"

#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "ledger/archives.h"
#include "ledger/durable.h"
#include "ledger/hours.h"

int archive_each(struct ledger *ledger, archive_file_fn *each, void *context, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_ARCHIVE_ALL);
	int r;

	while ((r = query_row(&query, fault)) > 0) {
		struct archive_file file = { .seq = column_int(&query, 0),
			                     .events = column_int(&query, 4),
			                     .bytes = column_int(&query, 5) };

		if (!text_copy(file.month, sizeof(file.month), column_text(&query, 1)) ||
		    !text_copy(file.file, sizeof(file.file), column_text(&query, 2)) ||
		    !text_copy(file.sha256, sizeof(file.sha256), column_text(&query, 3)) ||
		    !archive_name_good(column_text(&query, 2)))
			r = archives_no_name(ledger, file.seq, fault);
		else
			r = each(context, &file);
		if (r != 0) {
			query_end(&query);
			return r;
		}
	}
	return r;
}

struct archives_checking {
	struct ledger *ledger;
	struct fault *fault;
};

int archive_check_file(struct ledger *ledger, int64_t seq, struct fault *fault)
{
	struct ledger *archive;

	return archives_open(ledger, seq, &archive, fault);
}

static int check_file(void *context, const struct archive_file *file)
{
	struct archives_checking *checking = context;

	return archive_check_file(checking->ledger, file->seq, checking->fault);
}

int archive_check(struct ledger *ledger, struct fault *fault)
{
	struct archives_checking checking = { ledger, fault };

	return archive_each(ledger, check_file, &checking, fault);
}

/* What the ledger has of an hour now; a digest that is NULL or none is no digest. */
struct here {
	int64_t events, archive;
	unsigned char digest[SHA256_BYTES];
	bool has_digest;
};

static int read_here(struct ledger *ledger, int64_t hour, struct here *here_out,
                     struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_HOUR_NOW);
	int r;

	*here_out = (struct here){ .events = 0 };
	query_int(&query, hour);
	r = query_row(&query, fault);
	if (r <= 0)
		return r;
	here_out->events = column_int(&query, 0);
	here_out->archive = column_int(&query, 2);
	here_out->has_digest = column_blob(&query, 1).len == SHA256_BYTES;
	if (here_out->has_digest)
		memcpy(here_out->digest, column_blob(&query, 1).at, SHA256_BYTES);
	query_end(&query);
	return 0;
}

static bool can_move(const struct here *here, const struct hour_digest *hour)
{
	return here->archive == 0 && here->has_digest && here->events == hour->events &&
	       memcmp(here->digest, hour->digest, SHA256_BYTES) == 0;
}

struct looking {
	struct ledger *ledger;
	struct fault *fault;
	bool found;
};

static int look_at_hour(void *context, const struct hour_digest *hour)
{
	struct looking *looking = context;
	struct here here;
	int r = read_here(looking->ledger, hour->hour_ms, &here, looking->fault);

	looking->found = r == 0 && can_move(&here, hour);
	return r != 0 ? r : looking->found;
}

int archive_unfinished(struct ledger *ledger, int64_t seq, bool *unfinished_out,
                       struct fault *fault)
{
	struct looking looking = { ledger, fault, false };
	struct ledger *archive;
	int r = archives_open(ledger, seq, &archive, fault);

	if (r == 0)
		r = ledger_each_hour(archive, LEDGER_FROM_MIN, LEDGER_TO_MAX, look_at_hour,
		                     &looking, fault);
	*unfinished_out = looking.found;
	return r < 0 ? r : 0;
}

static int find_registered(struct ledger *ledger, const struct archive_file *file, int64_t *seq_out,
                           struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_ARCHIVE_FIND);
	bool same;
	int r;

	*seq_out = 0;
	query_text(&query, text_of(file->file));
	r = query_row(&query, fault);
	if (r <= 0)
		return r;
	*seq_out = column_int(&query, 0);
	same = text_is(column_text(&query, 1), file->sha256);
	query_end(&query);
	return same ? 0
	            : fault_set(fault, FAULT_INVALID,
	                        "%s: another file is registered under this name", file->file);
}

static int add_file(struct ledger *ledger, const struct archive_file *file, int64_t now_ms,
                    struct text who, struct fault *fault)
{
	struct query query = query_start(ledger, STATEMENT_ARCHIVE_ADD);

	query_text(&query, text_of(file->month));
	query_text(&query, text_of(file->file));
	query_text(&query, text_of(file->sha256));
	query_int(&query, file->events);
	query_int(&query, file->bytes);
	query_int(&query, now_ms);
	query_text(&query, who);
	return query_done(&query, fault);
}

int archive_register(struct ledger *ledger, const struct archive_file *file, int64_t now_ms,
                     struct text who, int64_t *seq_out, struct fault *fault)
{
	int64_t until_ms = ledger->archives.until_ms;
	struct ledger *archive;
	int r;

	if (!archive_name_good(text_of(file->file)))
		return fault_set(fault, FAULT_INVALID, "%s: no name of a file of the archive",
		                 file->file);
	r = find_registered(ledger, file, seq_out, fault);
	if (r < 0 || *seq_out != 0)
		return r;
	r = ledger_begin(ledger, fault);
	if (r == 0)
		r = add_file(ledger, file, now_ms, who, fault);
	if (r == 0)
		r = find_registered(ledger, file, seq_out, fault);
	/* Within the transaction: a file that is not there, or another, is not registered. */
	if (r == 0)
		r = archives_open(ledger, *seq_out, &archive, fault);
	if (r == 0)
		r = ledger_commit(ledger, fault);
	if (r < 0) {
		ledger_rollback(ledger);
		/* The file's number is another's the next time; what has moved is there still. */
		archives_release(ledger);
		ledger->archives.until_ms = until_ms;
	}
	return r;
}

struct next {
	struct hour_digest hour;
	bool found;
};

static int take_first(void *context, const struct hour_digest *hour)
{
	struct next *next = context;

	next->hour = *hour;
	next->found = true;
	return 1;
}

static int run_on_hour(struct ledger *ledger, enum statement statement, int64_t hour,
                       struct fault *fault)
{
	struct query query = query_start(ledger, statement);

	query_int(&query, hour);
	query_int(&query, hour + MS_PER_HOUR);
	return query_done(&query, fault);
}

static int move(struct ledger *ledger, int64_t seq, const struct hour_digest *hour,
                struct fault *fault)
{
	struct query query;
	int r = run_on_hour(ledger, STATEMENT_HOUR_DROP_DETAILS, hour->hour_ms, fault);

	if (r == 0)
		r = run_on_hour(ledger, STATEMENT_HOUR_DROP_EVENTS, hour->hour_ms, fault);
	if (r < 0)
		return r;
	if (sqlite3_changes64(ledger->db) != hour->events)
		return fault_set(fault, FAULT_CORRUPT,
		                 "%s: an hour has other events than its digest says; toll verify "
		                 "tells more",
		                 ledger->path);
	/* Of what is here: nothing of this hour any more. */
	query = query_start(ledger, STATEMENT_WORD_DROP);
	query_int(&query, hour->hour_ms);
	r = query_done(&query, fault);
	if (r < 0)
		return r;
	query = query_start(ledger, STATEMENT_HOUR_MARK);
	query_int(&query, seq);
	query_int(&query, hour->hour_ms);
	return query_done(&query, fault);
}

int archive_move_hour(struct ledger *ledger, int64_t seq, int64_t from_ms, int64_t *hour_out,
                      int64_t *events_out, bool *more_out, struct fault *fault)
{
	struct next next = { .found = false };
	struct ledger *archive;
	struct here here;
	int r = archives_open(ledger, seq, &archive, fault);

	*events_out = 0;
	if (r == 0)
		r = ledger_each_hour(archive, from_ms, LEDGER_TO_MAX, take_first, &next, fault);
	*more_out = next.found;
	if (r < 0 || !next.found)
		return r;
	*hour_out = next.hour.hour_ms;
	r = ledger_begin(ledger, fault);
	if (r == 0)
		r = read_here(ledger, next.hour.hour_ms, &here, fault);
	if (r == 0 && can_move(&here, &next.hour)) {
		r = move(ledger, seq, &next.hour, fault);
		*events_out = next.hour.events;
	}
	if (r == 0)
		r = ledger_commit(ledger, fault);
	if (r < 0) {
		*events_out = 0;
		ledger_rollback(ledger);
	} else if (*events_out > 0 && next.hour.hour_ms + MS_PER_HOUR > ledger->archives.until_ms) {
		ledger->archives.until_ms = next.hour.hour_ms + MS_PER_HOUR;
	}
	return r;
}
