/*
 * What the kinds of change share: a kind is a file with one struct change_kind in it, and a line
 * in the table of change.c.  Inside lib/ingest.
 */
#ifndef TOLL_INGEST_CHANGE_INTERNAL_H
#define TOLL_INGEST_CHANGE_INTERNAL_H

#include "base/json.h"
#include "ingest/change.h"
#include "ingest/ingest.h"
#include "ledger/read.h"

/* Of one step, which is one transaction: what it holds in memory, how long others wait. */
enum { RETRY_CHUNK = 2000, RETRY_LINES = 500, RETRY_BYTES = 4 * 1024 * 1024 };

struct change_kind {
	const char *name; /* of the request, and in the row of `change` */
	/*
	 * What needs no ledger, on any thread; then what reads it, on its own.  Each reads the
	 * request, and clears job->kind where the reply refuses it.  May be NULL.  Each of the
	 * three, 0: it went well, or it is refused; never more than 0.
	 */
	int (*prepare)(struct change_job *job);
	int (*begin)(struct change_job *job);
	int (*step)(struct change_job *job, bool *more_out);
	/*
	 * What was done so far, as the reply and the row in `change` tell it; false where it
	 * changed nothing.  NULL: it is done in one transaction (its last one), with its row in it.
	 */
	bool (*put_done)(const struct change_job *job, struct buf *out, bool ok);
};

extern const struct change_kind change_price_apply, change_price_rollback, change_suspense_retry,
	change_quarantine_retry, change_policy_set, change_reading_settle, change_rerate,
	change_void, change_correct, change_period_close, change_archive_month,
	change_reconcile_run;

/* An event in suspense, copied out of the walk that found it. */
struct waiting {
	struct event event;
	struct rated rated; /* as it is stored; the policies in force when it came stay */
};

struct chunk {
	struct waiting *rows;
	size_t count, cap;
	struct arena arena;
	struct json *doc; /* for what is kept beside an event: the job's `line` */
	int64_t last_ms;
};

struct retried {
	int64_t tried, priced;
	struct money amount;
};

/* Lines of quarantine, by their numbers. */
struct ids {
	int64_t *ids;
	size_t count, cap;
};

/* One quarantined line, copied out of the walk. */
struct held {
	struct text raw, source, event_id;
	enum reason reason;
	int64_t id, length;
	struct arena arena;
};

/* What reading.settle asks for: texts of the request. */
struct settle {
	struct text source, api, reading, reason; /* api absent: every one */
	int64_t id;                               /* 0: a standing rule */
	bool ruled;                               /* it is made */
};

/* archive.month: the file, and how far its hours have moved. */
struct archiving {
	int64_t seq, from_ms; /* seq 0: it is not registered yet */
	int64_t hours, events, left;
};

struct change_job {
	struct ledger *ledger;
	struct change change;
	struct buf *reply;
	struct json request;
	const struct change_kind *kind; /* NULL: none, and the reply says why */
	bool book_changed, rules_changed;
	/* price.apply: */
	struct book *book;
	struct buf note;
	struct book_apply apply; /* its side from the beginning, the rest from begin() */
	bool patient;            /* a step that found no space or no turn does not end it */
	struct fault fault;      /* of the step that failed */
	/* Of the retries: what was in force when they began. */
	struct terms terms;
	const struct terms *lent; /* NULL: they are our own; else the books are not ours to free */
	/* suspense.retry: */
	struct chunk chunk;
	enum book_side side; /* what is sold first, then what it cost */
	struct retried retried[BOOK_SIDES];
	int64_t from_ms;
	/* quarantine.retry, reading.settle: */
	struct ids ids;
	size_t next; /* of ids */
	struct held held;
	struct json line; /* what is read of the ledger */
	int64_t counts[INGEST_VERDICT_COUNT];
	struct settle settle;
	struct archiving archiving;
	struct rerating *rerating; /* rerate: its own; NULL: another change */
	struct closing *closing;   /* period.close: the same */
};

/* change.c: the reply of a refusal that has several errors, one a line. */
void change_refuse_all(struct buf *reply, int code, const char *text, struct text errors);
/* What is in force, into job->terms. */
int change_terms(struct change_job *job);
/* The row in `change`, in a transaction of its own. */
int change_note(struct change_job *job, const struct buf *detail, struct fault *fault);
/* All of it is done: the reply, and its row in `change`. */
int change_finish(struct change_job *job);

/* change_rerate.c; takes NULL */
void rerating_free(struct rerating *rerating);

/* change_close.c; takes NULL */
void closing_free(struct closing *closing);

/* change_quarantine.c: held lines, one after the other. */
int held_add(struct ids *list, int64_t id);
/* The line of that number into job->held.  1: it must not be tried; the reply says why. */
int held_read(struct change_job *job, int64_t id);
/* Decodes and rates it under job->terms.  False: it was cut when it was kept, and stays. */
int held_prepare(struct change_job *job, struct ingest_item *item, bool *whole_out);
/* Stores it if it is understood now; item->verdict INGEST_QUARANTINED if it is not. */
int held_store(struct change_job *job, struct ingest_item *item);
/* The next of job->ids, in a transaction; then change_finish(). */
int held_step(struct change_job *job, bool *more_out);
/* "ok" and the counts of verdicts, without the closing brace; false: nothing was released. */
bool held_put_done(const struct change_job *job, struct buf *out, bool ok);

#endif
