/*
 * Changes other than events: applying a price book, retrying suspense and quarantine,
 * making standing rules.  One function, run by whoever is the writer: by the daemon for its
 * control socket, by `toll` itself when there is no daemon.  A request and a reply are one
 * JSON object each.
 *
 *   {"change":"price.apply","book":"<the book's text>","side":"cost","note":"..."}
 *      Without side, or as "sell", it is what is sold by.
 *      -> {"ok":true,"hash":"...","versions":12,"changed":true}
 *   {"change":"price.rollback","hash":"<of a book>","side":"cost","note":"...","current":"<hash>"}
 *      Puts a book in force again that was in force on that side before: a new row of the log.
 *      With "current" only while that one is in force.
 *      -> {"ok":true,"hash":"...","versions":12,"changed":true}
 *   {"change":"suspense.retry"}
 *      -> {"ok":true,"tried":9,"priced":7,"left":2,"amount":"0.001234",
 *          "cost":{"tried":3,"priced":3,"left":0,"amount":"0.0007"}}
 *      Then the costs that had no rate; "cost" is there where one was tried.
 *   {"change":"quarantine.retry"}  or with "id":17
 *      -> {"ok":true,"tried":3,"accepted":1,"unpriced":0,"duplicate":1,"conflict":0,"left":1}
 *   {"change":"policy.set","account":"a","source":"s","policies":["zero-completion"],"note":"..."}
 *      -> {"ok":true,"policies":["zero-completion"],"account":"a","source":"s","note":"..."}
 *      Without account (source) it is for every one; "policies":null: no rule any more.
 *   {"change":"reading.settle","source":"s","reading":"xai.chat","reason":"..."}  or with "api"
 *      A standing rule, then the held lines of that source are tried under it; an empty reading:
 *      no rule any more.  Or with "id":17 just that line of quarantine.
 *      -> {"ok":true,"tried":3,"accepted":3,...,"left":0,"rule":true,"source":"s",...}
 *   {"change":"rerate","from":"2026-11-22T08:00:00Z","to":"2026-11-23","reason":"...",
 *    "book":"<hash of an applied book>","expect":"-1.23"}
 *      Books the difference between what the events of these whole hours come to under the sell
 *      book (the one in force, without "book") and what they were rated at and adjusted before: one
 *      run of adjustments, or none where there is no difference.  With "expect" only that one.
 *      What is in suspense stays there.  Refused whole where an event has no rate under that book.
 *      With "dry_run":true all but the booking: run is null.
 *      -> {"ok":true,"run":3,"from":"...","to":"...","reason":"...","book":"...","events":900,
 *          "moved":40,"waiting":0,
 *          "unsettled":0,"rows":6,"amount":"-1.23"}   run null: no difference, or
 *      a dry run
 *      events: rated again; moved: of them, at another amount; waiting: in suspense;
 *      unsettled: open or partial, left as they are.
 *      A final phase that replaces an abandoned one behind a run takes nothing of it back: what the
 *      phase before it was adjusted by stays, until the hour is rated again.
 *   {"change":"void","source":"gw-1","id":"7","time":"2026-11-22T08:00:00.123Z","reason":"..."}
 *      The event of exactly this source, id and time counts nothing any more, nor do its turns.
 *      -> {"ok":true,"correction":12,"rows":1,"source":"...","id":"...","time":"...",
 *          "reason":"...","amount":"-1.23","amount_now":"0.00","cost":"-0.70","cost_now":"0.00",
 *          "waits":false}
 *      correction: the number of its first row; rows: with its turns; amount, cost: what they add;
 *      waits: it is in suspense.  With "dry_run":true nothing is stored, and correction is null.
 *   {"change":"correct",...the same...,"set":{"output":90,"input":1000}}
 *      It has these counts, and the others as they are.  The same reply, with "set".
 *   {"change":"period.close","until":"2026-12","reason":"...","check":"<64 hexadecimal digits>",
 *    "twins":[{"source":"gw-1","id":"7","keep":"<time>","void":"<time>"}]}
 *      From whoever ran ledger_check_period(): its digest, and the twins that it told.  Each
 *      becomes void where it still is one; then all before `until` is closed, unless an hour of it
 *      has changed since.  With "check":null (there are more twins) nothing is closed.
 *      -> {"ok":true,"closed":true,"until":"...","reason":"...","twins":2,"voided":2}
 *      closed false: look again, and ask again.
 *   {"change":"archive.month","month":"2026-10","file":"2026-10.db","sha256":"...",
 *    "events":900,"bytes":4096}
 *      A file of the archive that was made of the ledger (ledger/archive.h): it is registered, and
 *      each hour in it that is still as it was then moves to it.
 *      -> {"ok":true,"month":"2026-10","file":"...","sha256":"...","hours":744,"events":900,
 *          "left":0}   left: hours to which something came meanwhile; they stay
 *   {"change":"reconcile.run","report":{...},"seal":"<64 hexadecimal digits>",
 *    "command":["toll","reconcile",...]}
 *      A reconciliation was made: its report is kept as it is, without white space, and beside it
 *      the head of the chain of seals of the ledger that it looked at (null: there was none),
 *      and the words that repeat it where it was made, paths as they were typed (may be absent).
 *      Nothing else changes.  A report has "result_sha256", of all that was found, and is no more
 *      than CHANGE_REPORT_BYTES_MAX.
 *      -> {"ok":true,"run":3,"sha256":"<of the report as it is kept>"}   run: the third of them
 * A rule holds for what comes when the reply was given; a line that is on its way meanwhile is
 * taken as before (and where it is held, quarantine.retry takes it later).
 *
 * The retries commit as they go, a step a transaction.  Where the ledger fails half way the
 * row in `change` holds what was done until then, with "ok":false, if that can be written.
 *
 *   a failure
 *      -> {"ok":false,"fault":"invalid","error":"..."[,"errors":["line 3: ...", ...]]}
 */
#ifndef TOLL_INGEST_CHANGE_H
#define TOLL_INGEST_CHANGE_H

#include "base/buf.h"
#include "ledger/books.h"

enum {
	CHANGE_BYTES_MAX = 48 * 1024 * 1024, /* a request: a book, escaped */
	CHANGE_REPORT_BYTES_MAX = 64 * 1024, /* of a reconciliation, as it is kept */
};

struct change {
	struct text request; /* JSON; it and `who` must live as long as the job */
	struct text who;     /* "uid 0": who asked */
	int64_t now_ms;
};

/*
 * A change in steps, so that events need not wait for all of it.  Between two steps other
 * transactions may run, but no other change.  The reply is always filled when it has ended;
 * a refusal that the reply tells is no failure: a negative fault means that the ledger failed.
 *
 * What takes long and needs no ledger is done before the first step, on any thread:
 *   change_prepare()   reads the request, and the price book in it
 *   change_open()      what is to be read of the ledger, and each
 *   change_step()      on the thread that has the ledger
 *   change_end()       on any thread: freeing a large book takes its time, too
 */
struct change_job;
int change_prepare(struct change_job **job_out, const struct change *change, struct buf *reply_out,
                   struct fault *fault);
/*
 * "price.apply" of a book that was loaded elsewhere; the job owns it, also after a failure.
 * change->request is its note.
 */
int change_prepare_book(struct change_job **job_out, struct book *book, enum book_side side,
                        const struct change *change, struct buf *reply_out, struct fault *fault);
/*
 * Before change_open(): the books in force in the ledger on both sides, from whoever has them, lent
 * (as `in_force` is) until the last step.  A retry or a rerate then need not read and check a large
 * one on the thread of the ledger.  One that is NULL says that none is in force there.
 */
struct terms;
void change_lend(struct change_job *job, const struct terms *in_force);
int change_open(struct change_job *job, struct ledger *ledger, struct fault *fault);
/*
 * *more_out: there is more to do.  After a failure only change_end(); but of a book that came by
 * change_prepare_book() a step that found no space or no turn (-FAULT_FULL, -FAULT_BUSY) may be
 * tried again.
 */
int change_step(struct change_job *job, bool *more_out, struct fault *fault);
/* Instead of a further step: what was done stays, and is noted; of a price book nothing does. */
void change_stop(struct change_job *job);
/* Instead of all of it, or the rest: the reply is this refusal.  Touches no ledger. */
void change_cancel(struct change_job *job, int code, const char *text);
/* Why it ended early; FAULT_NONE: it did not, or the reply alone says it. */
const struct fault *change_fault(const struct change_job *job);
/* The reply says why it will not be done; no step does anything. */
bool change_is_refused(const struct change_job *job);
/*
 * It put another book in force on that side, never on both: the caller rates by it from here on,
 * with change_take_book().
 */
bool change_moved_book(const struct change_job *job, enum book_side side);
/* The book of price.apply; NULL: there is none, or it was taken. */
const struct book *change_book(const struct change_job *job);
/* The book that it put in force, which is the caller's from here on. */
struct applied_book change_take_book(struct change_job *job);
/* It made a standing rule: the caller loads them again. */
bool change_moved_rules(const struct change_job *job);
void change_end(struct change_job *job); /* takes NULL */

/* change_prepare() and change_open() at once. */
int change_begin(struct change_job **job_out, struct ledger *ledger, const struct change *change,
                 struct buf *reply_out, struct fault *fault);

/* The reply of a change that was not even begun. */
void change_refuse(struct buf *reply_out, int code, const char *text);

/* All of it at once, for whoever has the ledger alone. */
int change_run(struct ledger *ledger, const struct change *change, struct buf *reply_out,
               bool *book_changed_out, struct fault *fault);

#endif
