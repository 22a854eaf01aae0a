/*
 * A writer thread over a ledger of its own, and a loop that takes what comes back: for the tests
 * of daemon/writer.h.  Every function fails the running test itself.
 */
#ifndef TOLL_TESTS_WRITERKIT_H
#define TOLL_TESTS_WRITERKIT_H

#include "daemon/writer.h"
#include "tests/support/ledgerkit.h"

enum { WRITERKIT_BATCHES_MAX = 8, WRITERKIT_GUARD_S = 60 /* then it does not come any more */ };

struct writerkit {
	struct ledgerkit kit;
	uv_loop_t loop;
	struct writer writer;
	struct batch *pushed[WRITERKIT_BATCHES_MAX], *back[WRITERKIT_BATCHES_MAX];
	size_t pushes, backs, failures;
	int64_t stored[WRITERKIT_BATCHES_MAX]; /* events that others see when back[i] comes */
	size_t in_flight[WRITERKIT_BATCHES_MAX];
};

/* cmocka's: *state is a struct writerkit whose writer runs. */
int writerkit_setup(void **state);
int writerkit_teardown(void **state);

/*
 * Between the two nothing runs, and the ledger is the test's; what is pushed then is there when
 * the new writer begins.
 */
void writerkit_stop(struct writerkit *bench);
void writerkit_start(struct writerkit *bench);

/* A file that may not grow is a full disk; the program is to ignore SIGXFSZ. */
void writerkit_full(bool full);

/* `count` events "NAME-0" ... that no book prices, `step_ms` apart. */
struct batch *writerkit_events(struct writerkit *bench, const char *name, size_t count,
                               int64_t step_ms);
/* Its request is `what`, or the name of a book to apply, or to reload from a file. */
struct batch *writerkit_other(const struct writerkit *bench, enum batch_kind kind,
                              const char *what);
struct batch *writerkit_push(struct writerkit *bench, struct batch *batch);
/* Until so many came back; the ledger did not fail. */
void writerkit_wait(struct writerkit *bench, size_t backs);
/* Until the writer says that the ledger failed, and has ended. */
void writerkit_wait_failed(struct writerkit *bench);

void writerkit_reply(const struct batch *batch, const char *words);
/* As a reader has it: what is not committed is not there. */
struct ledger_status writerkit_status(const struct writerkit *bench);
off_t writerkit_wal_bytes(const struct writerkit *bench);

#endif
