/*
 * The ledger: one SQLite file in WAL mode with synchronous=FULL.
 *
 * ONE WRITER.  The process that holds the lock file (PATH.lock, flock) has the
 * one connection that writes and checkpoints; every other connection is opened
 * read-only, query_only, and never checkpoints, not even on close: SQLite before
 * 3.51.3 can corrupt a database when a second connection checkpoints
 * (sqlite.org/wal.html, "the WAL-reset bug").
 *
 * Threads: a struct ledger belongs to one thread at a time.
 * Times are given by the caller; nothing here reads the clock.
 */
#ifndef TOLL_LEDGER_LEDGER_H
#define TOLL_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/text.h"
#include "usage/credential.h"

enum {
	LEDGER_MAGIC_BYTES = 16,
	LEDGER_MODE = 0640, /* of a new file: the owner writes, the group reads */
	/* Identities kept in memory, by default (ledger/identity.h): */
	LEDGER_IDENTITY_HOURS = 48,
	LEDGER_IDENTITY_BYTES = 256 * 1024 * 1024,
	LEDGER_WAL_PAGES_MAX = 4000, /* the writer checkpoints (PASSIVE) beyond this */
	LEDGER_BUSY_MS = 5000,       /* readers, and a writer that opens, wait so long */
	LEDGER_BEGIN_BUSY_MS = 500,  /* a transaction: who mends the WAL's index is done by then */
};

/* Who may do what, for whoever may not. */
#define LEDGER_READERS "to read it, be in the group toll, or root"
#define LEDGER_WRITERS "changes take root or the daemon's user"

struct ledger;

struct ledger_options {
	int64_t identity_hours;    /* of event time; 0: LEDGER_IDENTITY_HOURS */
	size_t identity_bytes;     /* at most; 0: LEDGER_IDENTITY_BYTES */
	const char *lock_note;     /* goes behind the pid in the lock file; may be NULL */
	enum credential_keys keys; /* what is a credential in the lines that it takes */
};

/*
 * Become the writer: takes the lock, creates or migrates the file, reads back
 * every setting and refuses to start where one did not hold.
 * The secret of its credentials is read from PATH.secret, or made there (ledger/secret.h): where it
 * is no good the ledger is not opened.
 * -FAULT_BUSY: another process is the writer (the fault names its pid);
 * -FAULT_VERSION: the file is newer than the program, or not a ledger at all.
 */
int ledger_open_writer(struct ledger **ledger_out, const char *path,
                       const struct ledger_options *options, struct fault *fault);

/*
 * Read a ledger, with its writer up or down: everything read through this handle is
 * one snapshot.  -FAULT_NOT_FOUND when there is no file: reading never creates one.
 * -FAULT_IO when it may not be read.
 */
int ledger_open_reader(struct ledger **ledger_out, const char *path, struct fault *fault);

/* How credentials are stored in it: for a writer's as long as it is open, else without a secret. */
const struct credentials *ledger_credentials(const struct ledger *ledger);
/*
 * The secret of the ledger at `path`, for whoever asks for a credential; the caller wipes it.
 * -FAULT_NOT_FOUND: there is none; -FAULT_IO: it may not be read; -FAULT_INVALID: it is none.
 */
int ledger_secret(const char *path, struct hmac_sha256_key *secret_out, struct fault *fault);

/* Rolls back what was not committed.  A writer truncates the WAL.  Takes NULL. */
void ledger_close(struct ledger *ledger);

/*
 * Who holds the lock of the ledger at `path`: fills *pid_out and the note that the
 * writer left.  -FAULT_NOT_FOUND when nobody does.
 */
enum { LEDGER_NOTE_BYTES = 256 };
int ledger_holder(const char *path, int64_t *pid_out, char note_out[LEDGER_NOTE_BYTES],
                  struct fault *fault);

/*
 * A setting of SQLite: of the file and so of every connection, of the connection at hand, or of
 * the writer's connection alone, which no other can see: `value` is then absent.
 */
enum setting_of { SETTING_FILE, SETTING_CONNECTION, SETTING_WRITER };
struct ledger_setting {
	const char *name;     /* "journal_mode" */
	struct text value;    /* read back */
	const char *expected; /* NULL: anything */
	enum setting_of of;
};
typedef int ledger_setting_fn(void *context, const struct ledger_setting *setting);
int ledger_each_setting(struct ledger *ledger, ledger_setting_fn *each, void *context,
                        struct fault *fault);

/*
 * Whether these are the first bytes of a database of SQLite: a ledger, maybe.  They are
 * LEDGER_MAGIC_BYTES, with a NUL: sqlite.org/fileformat.html.
 */
bool ledger_is_database(struct text first);
const char *ledger_sqlite_version(void); /* "3.40.1" */
const char *ledger_sqlite_source(void);  /* its check-in */
int ledger_sqlite_number(void);          /* 3040001 */
/* Whether that version has the fix of the WAL-reset bug: 3.44.6, 3.50.7, 3.51.3 and later. */
bool ledger_wal_reset_fixed(int number);

/* Totals are those of the events with their corrections. */
struct ledger_status {
	int64_t schema_version;
	int64_t corrections;                   /* rows */
	int64_t events, suspense, errors;      /* of them */
	int64_t open, under_way;               /* of them: settlement open, partial */
	int64_t partial, estimated, uncounted; /* of them, by ledger_provenance() */
	int64_t first_ms, last_ms;             /* of the events; 0 when there are none */
	int64_t quarantined, conflicts, unknown_events;
	int64_t sources, accounts;
	int64_t file_bytes, wal_bytes;
	char sqlite_version[32];
};
int ledger_status(struct ledger *ledger, struct ledger_status *status_out, struct fault *fault);

#endif
