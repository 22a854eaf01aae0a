/*
 * Everything that makes, reads or moves a copy of a ledger: backup, restore, a month for the
 * archive, its move there, a period that closes, and who reads the archive.  For tests in which
 * one thing after the other goes wrong; each use begins from the same files, and is judged by what
 * lies in the folder afterwards.
 *
 * Every function fails the running test itself when something is not as it must be.
 */
#ifndef TOLL_TESTS_COPYKIT_H
#define TOLL_TESTS_COPYKIT_H

#include "base/buf.h"
#include "tests/support/ledgerkit.h"

enum { COPY_FILES_MAX = 32 };

struct copy_file {
	char name[64]; /* from the kit's folder on */
	unsigned mode;
	struct buf bytes;
};

struct copykit {
	struct ledgerkit kit; /* a ledger of lifekit.h, and an event whose price is in parts */
	struct ledger *reader;
	struct copy_file files[COPY_FILES_MAX];
	size_t file_count;
	char request[1024];         /* that moves July */
	char closing[1024];         /* that closes it */
	void (*pause)(bool begins); /* around what the test itself allocates; may be NULL */
};

struct copy_use {
	const char *label;
	/* What it tells is the same each time. */
	int (*run)(struct copykit *kit, struct buf *told, struct fault *fault);
	const char *without; /* these are not there: names that end in a blank */
	const char *reads;   /* is open, as kit.reader; NULL: nothing is */
	bool writes;         /* the ledger is open for writing meanwhile */
	bool moves;          /* in steps: some may be done, and the rest is when it is run again */
};
extern const struct copy_use copy_uses[];
extern const size_t copy_use_count;

void copy_setup(struct copykit *kit);
void copy_teardown(struct copykit *kit);

/* The files as they were made, and the ledger open where the use wants it. */
void copy_lay_out(struct copykit *kit, const struct copy_use *use);
/*
 * What lies there now: the files, and, ever deeper, what each ledger among them that is another
 * answers, and that verify finds nothing in it.  Until the next call but three; closes the ledger.
 */
enum copy_depth { COPY_NAMES, COPY_ANSWERS, COPY_VERIFIED };
const char *copy_found(struct copykit *kit, enum copy_depth depth);
/* Opens what was open for the use, behind copy_found(). */
void copy_open(struct copykit *kit, const struct copy_use *use);

#endif
