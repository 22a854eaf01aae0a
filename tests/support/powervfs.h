/*
 * Power cuts and faults of a disk, for the real ledger: a VFS around SQLite's own that passes
 * everything through to real files and keeps a record of what was done to a ledger, its WAL and
 * its journal.  From the record follows, for each moment, what a disk may hold when the power is
 * cut then (struct power_disk).
 *
 * The model: what was synced is there.  Of the writes since then each 512-byte sector is there or
 * not, by itself, so that any order between sectors can come about; a sector is never half
 * written.  Behind the end that was synced a sector that is not there holds zeros or anything.
 * A new size is there or not.  A name that was made or taken away is so for good when the folder
 * was synced, until then it may be or not.  A sync that failed leaves writes that are dropped, or
 * are not, and that no later sync brings back (the page cache forgets that they were dirty).
 *
 * One record at a time, by one thread; others may use what is not recorded.  Every function fails
 * the running test itself.
 */
#ifndef TOLL_TESTS_POWERVFS_H
#define TOLL_TESTS_POWERVFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum power_file { POWER_LEDGER, POWER_WAL, POWER_JOURNAL, POWER_FILES };

enum power_kind {
	POWER_CREATE,
	POWER_WRITE,
	POWER_TRUNCATE, /* `offset` is the new size */
	POWER_SYNC,
	POWER_SYNC_FAILED,
	POWER_DELETE,
	POWER_FOLDER, /* the folder was synced */
	POWER_MARK,   /* the test's own: `offset` is what it means by it */
};

struct power_op {
	enum power_kind kind;
	enum power_file file;
	int64_t offset;
	size_t len;
	unsigned char *bytes;
};

struct power_bytes {
	unsigned char *at;
	size_t len, cap;
};

struct power_trace {
	struct power_bytes start[POWER_FILES]; /* what was there, and durable */
	bool there[POWER_FILES];
	struct power_op *ops;
	size_t count, cap;
};

/* The default VFS from here on; a second call does nothing. */
void power_install(void);

/* SQLite's own random numbers come from this seed. */
void power_seed(uint64_t seed);

/* What is done to the ledger of this path (canonical) from here on; what is there is durable. */
void power_record(struct power_trace *trace, const char *path);
void power_mark(int64_t mark);
/*
 * All files in that folder can be made to fail from here on, until power_stop(); nothing is
 * recorded of them, and nobody dies.
 */
void power_watch(const char *folder);
/* The end of the record; also of faults. */
void power_stop(void);
void power_trace_release(struct power_trace *trace);

/*
 * The process dies at that operation (0: now) and the machine lives: nothing reaches a file any
 * more, though it is told so.  Until power_revive(), which wants every ledger to be closed.
 */
void power_die_at(uint64_t operation);
void power_revive(void);
bool power_is_dead(void);

/* What goes wrong; see power_fail(). */
enum power_fault {
	FAULTY_WRITE_EIO,
	FAULTY_WRITE_ENOSPC,
	FAULTY_WRITE_EDQUOT,
	FAULTY_WRITE_SHORT, /* half of it, then ENOSPC */
	FAULTY_WRITE_HALF,  /* half of it, no error: the rest is asked for again */
	FAULTY_SYNC_EIO,
	FAULTY_SYNC_ENOSPC, /* room was promised, and is not there */
	FAULTY_TRUNCATE_EIO,
	FAULTY_READ_EIO,
	FAULTY_COUNT,
	/* One bit is another, and nothing is said. */
	FAULTY_WRITE_FLIP = FAULTY_COUNT
};
const char *power_fault_name(enum power_fault fault);
/*
 * The k-th operation of its kind on a recorded or watched file fails, counted from 0 and from
 * here on; sticky: and all after it.
 */
void power_fail(enum power_fault fault, uint64_t k, bool sticky);
void power_mend(void);
/* How often it came to it, since power_fail(). */
uint64_t power_failed(void);
/* The file of the first of them, as SQLite has its name. */
const char *power_failed_path(void);
/* So many operations of its kind there were, since power_record() or power_watch(). */
uint64_t power_operations(enum power_fault fault);

/* splitmix64 */
uint64_t power_random(uint64_t *state);

/* A disk on which a record is played. */
struct power_inode;
struct power_disk {
	struct power_inode *now[POWER_FILES], *durable[POWER_FILES];
	struct power_inode *all; /* to free them */
};
void power_disk_init(struct power_disk *disk, const struct power_trace *trace);
void power_disk_release(struct power_disk *disk);
void power_disk_apply(struct power_disk *disk, const struct power_op *op, uint64_t *random);
/* Something is not durable. */
bool power_disk_pending(const struct power_disk *disk);
/*
 * The power is cut: what may be there is written to the files of `path`, which are replaced (with
 * what SQLite has beside them).
 */
void power_disk_cut(const struct power_disk *disk, uint64_t *random, const char *path);

#endif
