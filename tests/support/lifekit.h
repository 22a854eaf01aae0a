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
	bool whole; /* it reads all there is, which takes longer */
	bool again; /* who asks again for what was half done makes another row of it */
};
extern const struct life_reading life_readings[];
extern const size_t life_reading_count;

/* By ingest/change.h, an event as the writer stores it, or what the daemon does by itself. */
enum life_kind { LIFE_REQUEST, LIFE_EVENT, LIFE_SEAL };
struct life_change {
	const char *label;
	const char *text; /* with ' for "; NULL: what prepare() makes */
	enum life_kind kind;
	bool steps; /* it commits as it goes */
	/* In the fixture, before it: what it needs; may be NULL. */
	void (*prepare)(struct ledgerkit *kit, char *text_out, size_t cap);
	int64_t identity_hours; /* as struct ledger_options */
};
extern const struct life_change life_changes[];
extern const size_t life_change_count;

/* Kits lie on a file system in memory from here on, where there is one. */
void life_shared_memory(void);
/* The fixture, in a kit that was just opened. */
void life_fill(struct ledgerkit *kit);
/* Keeps the ledger's file, so that it can be laid out anew; its archive does not change. */
void life_keep(struct ledgerkit *kit);
/* As it was kept, with what the change needs; NULL: of none. */
void life_lay_out(struct ledgerkit *kit, const struct life_change *change);
/* Closes it and opens it. */
void life_reopen(struct ledgerkit *kit, const struct life_change *change);
/* *done_out: it was carried out, or the reply refuses it. */
int life_run(struct ledgerkit *kit, const struct life_change *change, bool *done_out,
             struct buf *reply_out, struct fault *fault);
/*
 * What the readings find, but those that read the whole ledger unless `verified`, and those of
 * which there is one more where something is asked for again.  free() it.
 */
char *life_state(struct ledgerkit *kit, bool verified);
/* What a ledger comes to, in a line; valid until the next call but one. */
const char *life_sums(struct ledgerkit *kit);
/* Fails the test and shows where they part. */
void life_expect(const char *state, const char *expected, const char *label, const char *when);
/* The request that moves the first month before that moment into a file, which is made now. */
enum { LIFE_REQUEST_BYTES = 512 };
void life_archive(struct ledgerkit *kit, int64_t before_ms, char request[LIFE_REQUEST_BYTES]);
/* kit_close() with the archive. */
void life_close(struct ledgerkit *kit);

#endif
