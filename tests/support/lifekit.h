/*
 * A ledger that has something of everything that can be in one, and the ways to use it: each
 * reading tells a callback of what it finds, each change is one request or line.  For tests in
 * which one thing after the other goes wrong.
 */
#ifndef TOLL_TESTS_LIFEKIT_H
#define TOLL_TESTS_LIFEKIT_H

#include "base/buf.h"
#include "tests/support/ledgerkit.h"

/* What was told, as text; with `stop` each callback says LIFEKIT_STOP the first time. */
enum { LIFEKIT_STOP = 77 };
struct life_told {
	struct buf text;
	int64_t rows;
	bool stop;
	void (*pause)(bool begins); /* around what the callback itself does; may be NULL */
};

/* A reading, with a reader or the writer. */
struct life_reading {
	const char *label;
	int (*read)(struct ledger *ledger, struct life_told *told, struct fault *fault);
	bool stops; /* it has a callback, and the fixture a row for it */
};
extern const struct life_reading life_readings[];
extern const size_t life_reading_count;

/* A change: by ingest/change.h, or an event as the writer stores it. */
struct life_change {
	const char *label;
	const char *text; /* with ' for " */
	bool event;
};
extern const struct life_change life_changes[];
extern const size_t life_change_count;

/* Further ones that depend on the ledger as it is filled: hashes, numbers, files. */
size_t life_make_changes(struct ledgerkit *kit, const struct life_change **made_out);

/* The fixture, in a kit that was just opened. */
void life_fill(struct ledgerkit *kit);
/* *done_out: it was carried out, or the reply refuses it. */
int life_run(struct ledgerkit *kit, const struct life_change *change, bool *done_out,
             struct buf *reply_out, struct fault *fault);
/* kit_close() with the archive. */
void life_close(struct ledgerkit *kit);

/* A ledger that is shut, byte for byte; its archive stays where it is. */
struct life_copy {
	unsigned char *bytes;
	size_t len;
};
void life_keep(const struct ledgerkit *kit, struct life_copy *copy_out);
/* The ledger as it was, and open. */
void life_lay_out(struct ledgerkit *kit, const struct life_copy *copy);
void life_copy_release(struct life_copy *copy);
/* What a ledger comes to; valid until the next call but one. */
const char *life_sums(struct ledgerkit *kit, bool verified);

/* The request that moves the first month before that moment into a file, which is made now. */
enum { LIFE_REQUEST_BYTES = 512 };
void life_archive(struct ledgerkit *kit, int64_t before_ms, char request[LIFE_REQUEST_BYTES]);

#endif
