/*
 * Inside lib/ledger only: the parts of a struct ledger and how its files talk to
 * SQLite.  Nobody outside this folder includes it.
 */
#ifndef TOLL_LEDGER_INTERNAL_H
#define TOLL_LEDGER_INTERNAL_H

#include <assert.h>
#include <sqlite3.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "ledger/books.h"
#include "ledger/correct.h"
#include "ledger/digest.h"
#include "ledger/files.h"
#include "ledger/identity.h"
#include "ledger/ledger.h"
#include "ledger/names.h"
#include "ledger/read.h"
#include "ledger/rollups.h"
#include "ledger/store.h"
#include "ledger/wal.h"

enum statement {
#define S(NAME, USER, PLAN, sql) STATEMENT_##NAME,
#include "ledger/statement.def"
#undef S
	STATEMENT_COUNT
};

enum statement_user { USER_WRITER, USER_ANY };
enum statement_plan { PLAN_SEEK, PLAN_SCAN };

struct statement_info {
	const char *name, *sql;
	enum statement_user user;
	enum statement_plan plan;
};
extern const struct statement_info statement_info[STATEMENT_COUNT];

enum {
	BOOKS_PARSED_MAX = 1024, /* books kept parsed by one handle; then it begins anew */
	UNKNOWN_PATHS_MAX =
		100, /* of one source and api; further ones are summed up under one row */
	UNKNOWN_PATH_BYTES = 256,
};

/* event.flags */
enum { EVENT_STREAM = 1, EVENT_UNKNOWN = 2, EVENT_DETAIL = 4 };

struct parsed_book {
	struct book *book;
	int64_t first_price, versions;
};

/* What a transaction adds to one source. */
struct watermark {
	int64_t source, events, first_ts, last_ts, stored_ms;
};

/* What an hour holds when this transaction is done. */
struct hour_entry {
	int64_t hour, events;
	struct digest_sum sum;
};

struct hours {
	struct hour_entry *entries; /* in the order of the hours */
	size_t count, cap;
};

/* What a transaction makes of the check word of an hour: kind is an enum word_kind. */
struct word_turn {
	int kind;
	int64_t hour;
	uint64_t by;
};

/* Of a row that is not what was stored. */
#define WORDS_ADVICE                                                                               \
	"the disk or the memory changed it; toll verify names what is wrong, a backup has what "   \
	"was right"

enum { ARCHIVES_OPEN_MAX = 4 };

/* A file of the archive that is open: ledger/archives.h. */
struct open_archive {
	int64_t seq, used;
	int walks; /* that read it now */
	struct ledger *ledger;
};

struct archives {
	char *folder; /* NULL: PATH.archive */
	struct open_archive *open;
	size_t count;
	int64_t clock;
	int64_t until_ms; /* the writer's: no hour from here on is in the archive */
	/* The last that could not be opened: it is read again when it is another one. */
	struct {
		int64_t seq, inode;
		struct timespec changed;
		char why[FAULT_TEXT_BYTES];
	} bad;
	bool away; /* archives_open(): a file is missing, altered, or cannot be read */
};

struct ledger {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENT_COUNT];
	bool writer, in_transaction;
	bool wal_is_large; /* set by the hook that SQLite calls after a commit */
	bool lost;         /* its files are not where they were: they are left alone */
	bool failed;       /* reading or writing it did: what the WAL has stays there */
	bool wordless;     /* of before: its check words are still to be made, none is asked */
	int lock_fd;       /* -1: none */
	char *path;
	/* Up to this one they are all there, as they were made. */
	int64_t corrections;
	struct names names;
	struct archives archives;
	struct parsed_book *books;
	size_t book_count;
	/* Writer only: */
	struct identity identity;
	struct files files;
	struct credentials credentials;
	int64_t page_bytes, wal_pages;      /* of the WAL: those that count now */
	int wal_fd;                         /* to read its header; -1: none */
	struct wal_mark mark;               /* what is noted of it */
	struct rollups rollups;             /* of the open transaction */
	int64_t watch_from_ms, watch_to_ms; /* ledger_watch() */
	bool touched;                       /* a rollup of those hours */
	struct hours hours;                 /* of the open transaction */
	struct watermark *watermarks;       /* of the open transaction */
	size_t watermark_count, watermark_cap;
	struct identity_entry *moved; /* where identities stood before the open transaction */
	size_t moved_count, moved_cap;
	struct word_turn *turns; /* of the open transaction */
	size_t turn_count, turn_cap;
	struct buf scratch;
	struct buf digest_room;            /* readers too: what a digest is made of */
	char unfinished[SHA256_HEX_BYTES]; /* of a book whose parts are to be taken out; "": none */
};

/* ledger.c: a file of the archive, for reading; what is asked of one is prepared, no more. */
int ledger_open_archive(struct ledger **ledger_out, const char *path, struct fault *fault);
/* An empty file that becomes one: a transaction is open, ledger_finish_new() commits it. */
int ledger_open_new(struct ledger **ledger_out, const char *path, struct fault *fault);
int ledger_finish_new(struct ledger *ledger, struct fault *fault);

/* What an error of SQLite is, by the connection that had it. */
enum fault_code ledger_fault_code(sqlite3 *db, int code);
/* Fault of the last SQLite call on this connection. */
int ledger_fault(struct ledger *ledger, int code, const char *doing, struct fault *fault);
/* What a fault says without the path of the ledger in front. */
const char *ledger_bare(const struct ledger *ledger, const struct fault *fault);

/* statement.c: binding in the order of the SQL text, 1, 2, 3 ... */
struct query {
	struct ledger *ledger;
	sqlite3_stmt *stmt;
	int next; /* parameter */
	int code; /* first failure of a bind, else SQLITE_OK */
};
struct query query_start(struct ledger *ledger, enum statement statement);
void query_int(struct query *query, int64_t value);
void query_int_or_null(struct query *query, int64_t value); /* EVENT_ABSENT: NULL */
void query_null(struct query *query);
void query_text(struct query *query, struct text value);
void query_text_or_null(struct query *query, struct text value); /* absent: NULL */
void query_blob(struct query *query, struct text value);
/* 1: a row, 0: no more rows (and reset), negative: a fault (and reset). */
int query_row(struct query *query, struct fault *fault);
/* 0: the row, which the ledger cannot be without: -FAULT_INTERNAL where it is not there. */
int query_due(struct query *query, struct fault *fault);
/* Runs it to its end; it gives no rows. */
int query_done(struct query *query, struct fault *fault);
/* Gives the statement back before its end. */
void query_end(struct query *query);
/* Runs a query that gives one integer; *out is 0 where it gives no row or NULL. */
int query_single(struct query *query, int64_t *out, struct fault *fault);
int64_t column_int(const struct query *query, int column);
bool column_is_null(const struct query *query, int column);
int64_t column_int_or_absent(const struct query *query, int column);
struct text column_text(const struct query *query, int column); /* absent for NULL */
struct text column_blob(const struct query *query, int column);
int statements_prepare(struct ledger *ledger, struct fault *fault);
/* Only those that a file of the archive is asked: it may have an older schema. */
int statements_prepare_archive(struct ledger *ledger, struct fault *fault);
void statements_release(struct ledger *ledger);

/* books.c: behind the prices of a book, whatever its columns say. */
int64_t book_price_end(int64_t first_price, int64_t versions);
/* -FAULT_CORRUPT, of a line of the log that no book is behind. */
int book_gone(struct ledger *ledger, struct fault *fault);
/* Frees the parsed books; later reads parse them again. */
void ledger_books_forget(struct ledger *ledger);
/*
 * The text of a book from its row: `json`, or where that is empty its parts, put together in
 * *room.  Lives as long as both.
 */
int ledger_book_text(struct ledger *ledger, struct text json, struct text hash, struct buf *room,
                     struct text *text_out, struct fault *fault);

/* book_apply.c: takes out what is left of books that were not stored to their end. */
int ledger_books_tidy(struct ledger *ledger, struct fault *fault);

/* rows.c: the stored form of an event. */
struct event_row {
	/* name ids */
	int64_t source, account, key, model, provider, api, tier, finish, region;
	struct stored_event stored; /* texts of the names only after event_row_names() */
	bool detail;                /* flags say that there are rows of event_detail */
	int64_t word;               /* as read: its check word; EVENT_ABSENT: of before */
};
/* There are rows of event_detail for it. */
bool event_row_has_details(const struct usage *usage);
int event_row_read(struct ledger *ledger, const struct query *query, struct event_row *row_out,
                   struct fault *fault);
int event_row_names(struct ledger *ledger, struct event_row *row, struct fault *fault);
/* 1: written; 0: the key (time, source, id) is there already, nothing was written. */
int event_row_write(struct ledger *ledger, const struct event_row *row, struct fault *fault);
/* Name ids of an event, adding the names that are new. */
int event_row_intern(struct ledger *ledger, const struct event *event, struct event_row *row_out,
                     struct fault *fault);
/* The event as a JSON object with disjoint counts, as `api` "toll" takes them. */
void event_row_json(const struct event_row *row, struct buf *out);
/* The same with "price_id" and, unless it is in suspense, "amount". */
void event_row_json_priced(const struct event_row *row, struct buf *out);
struct rollup_key event_row_key(const struct event_row *row);
/* What it adds to the sum of that key; points into the row. */
struct rollup_delta event_row_delta(const struct event_row *row);
/* ROLLUP_KEY, the first columns. */
struct rollup_key rollup_read_key(const struct query *query);
/* ROLLUP_SUMS from `column` on; -FAULT_CORRUPT where the amount is none. */
int rollup_read(const struct query *query, int column, struct rollup_sum *sum_out,
                struct fault *fault);

/* hours.c: an event comes into its hour, or goes out of it; then their rows, before a commit. */
int hours_add(struct ledger *ledger, const struct event_row *row, struct fault *fault);
int hours_take(struct ledger *ledger, int64_t time_ms, const unsigned char digest[SHA256_BYTES],
               struct fault *fault);
int hours_write(struct ledger *ledger, struct fault *fault);
void hours_clear(struct hours *hours);
void hours_release(struct hours *hours);
/* Makes the digests that an older version did not keep, an hour a transaction. */
int hours_fill(struct ledger *ledger, struct fault *fault);

/* What is known of an identity before its event is read. */
struct standing {
	int64_t ts;
	uint64_t hash; /* of its content */
	enum settlement settlement;
	enum turn turn;
};

/* store.c: the parts of adding an event that its phases need too. */
void store_bind_identity(struct query *query, int64_t ts, int64_t source, struct text id);
/* The event under this key; *found_out false when there is none. */
int store_standing(struct ledger *ledger, int64_t ts, const struct event_row *row, bool *found_out,
                   struct standing *standing_out, struct fault *fault);
/* Where an identity stands by what is kept beside it: its phases, corrections, conflicts. */
int store_kept(struct ledger *ledger, int64_t source, struct text id, int64_t *ts_out,
               bool *kept_out, struct fault *fault);
/* The sum of a key, from memory or from its row; the pointer lives until the next one. */
int store_rollup(struct ledger *ledger, const struct rollup_key *key,
                 struct rollup_entry **entry_out, struct fault *fault);
/* What its source is told to have sent: so many more events, and the times it spans. */
int store_watermark(struct ledger *ledger, const struct event_row *row, int64_t events,
                    int64_t now_ms, struct fault *fault);
/* A number that nobody counts; nothing where the event has none. */
int store_unknown(struct ledger *ledger, const struct event_row *row, struct fault *fault);
/* Before the WAL is emptied: nothing of it is noted any more. */
void store_forget_wal(struct ledger *ledger);
/* Takes an event and its details out again; `word` is the check word that it has. */
int store_drop(struct ledger *ledger, int64_t ts, const struct event_row *row, int64_t word,
               struct fault *fault);

/* phases.c: what becomes of an event whose identity is known, from `standing`. */
int phases_add(struct ledger *ledger, const struct standing *standing, const struct event_row *row,
               struct text line, int64_t now_ms, struct ledger_added *added_out,
               struct fault *fault);
/*
 * The same of an identity that is in the archive at that time, which nothing replaces any more:
 * sent again, or a second version.  *found_out false: it is not there, and nothing was done.
 */
int phases_add_archived(struct ledger *ledger, int64_t ts, const struct event_row *row,
                        struct text line, int64_t now_ms, bool *found_out,
                        enum ledger_outcome *outcome_out, struct fault *fault);
/* A row of `phase`, and the digest of all in it that never changes. */
struct phase_row {
	int64_t source, settlement, hash, ts, late, kept_ms, api, unknown;
	struct text id, stored;
};
int phase_digest(const struct phase_row *phase, unsigned char digest_out[SHA256_BYTES],
                 struct fault *fault);
/* Of a run with its rows as they are now, and the one that it was given when it was made. */
int adjust_digest(struct ledger *ledger, int64_t seq, unsigned char digest_out[SHA256_BYTES],
                  unsigned char sealed_out[SHA256_BYTES], struct fault *fault);

/* adjust.c: the hour in which a difference of that hour counts that is made now. */
int64_t adjust_booked_hour(int64_t hour_ms, int64_t closed_until_ms, int64_t now_ms);

/* corrections.c: a row of `correction`, by ids. */
struct correction_row {
	int64_t seq, at_ms;
	struct text who, reason;
	enum correction_kind kind;
	struct text id;
	int64_t ts, booked_ms, cost_id;
	struct rollup_key key;
	struct rollup_sum adds; /* each may be below 0 */
	struct text digest;     /* as it is stored */
};
/* CORRECTION_COLUMNS.  -FAULT_CORRUPT where it has no counts or no amount: the rest is filled. */
int correction_read(struct ledger *ledger, const struct query *query, struct correction_row *out,
                    struct fault *fault);
/* What an event of that row comes to. */
int correction_event_now(struct ledger *ledger, const struct event_row *row,
                         struct event_now *now_out, struct fault *fault);
/* Its counts as they are stored: {"output":-10} */
void correction_counts(const struct correction_row *row, struct buf *out);
/* Of all of it but the digest. */
int correction_digest(const struct correction_row *row, unsigned char digest_out[SHA256_BYTES],
                      struct fault *fault);
/*
 * What an event is due with these counts, under its own price of that side; *rated_out false: that
 * has no rate for them.
 */
int correction_due(struct ledger *ledger, const struct event_row *row, const struct usage *usage,
                   enum book_side side, int64_t price_id, struct money *due_out, bool *rated_out,
                   struct fault *fault);

#endif
